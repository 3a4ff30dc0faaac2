//! The machine a checkpoint was made on, as far as the checkpoint shows it.
//!
//! What the image settles, [`crate::facts`] has concluded; here it becomes a profile. The capability words
//! are those the tasks were told of, with what a journal remembers.

use crate::auxv::hwcap::{self, HwcapWord, Hwcaps};
use crate::criu_image::model::Arch;
use crate::facts::{Facts, Inference, Settled};

use super::conclude;
use crate::profile::model::{Basis, Profile, Source};
use crate::profile::schema::load;

/// Why an image makes no profile.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// Its tasks are not arm64's.
    #[error("the image holds tasks of {0}; hwcr makes profiles of aarch64 machines")]
    Foreign(String),
    /// No task has an AT_HWCAP that all agree on.
    #[error("{0}; so the image does not say which features its machine had")]
    NotTold(String),
    /// What the image settles contradicts itself.
    #[error("what the image shows makes no profile: {0}")]
    Invalid(#[from] crate::profile::Error),
}

/// A profile and what the user should know of it.
#[derive(Clone, Debug)]
pub struct Inferred {
    /// The profile, basis `inferred`.
    pub profile: Profile,
    /// One sentence each.
    pub remarks: Vec<String>,
}

/// Makes a profile called `name` of the machine that made the image called `image`.
///
/// # Errors
/// The tasks are not aarch64's, no AT_HWCAP is in the image or the tasks were told different ones, or
/// values contradict each other.
pub fn from_image(facts: &Facts<'_>, image: &str, name: &str) -> Result<Inferred, Error> {
    if let Arch::Other(number, name) = facts.checkpoint.arch {
        return Err(Error::Foreign(format!("{name} (architecture {number})")));
    }
    let mut profile = Profile::unknown(name, Source::File(image.to_owned()));
    profile.basis = Some(Basis::Inferred);
    profile.origin = Some(format!(
        "the checkpoint {image}: what its tasks were told and left behind"
    ));
    let mut remarks = Vec::new();
    profile.hwcaps = told(facts, &mut profile, &mut remarks)?;
    for inference in &facts.origin.inferences {
        if let Some(settled) = inference.settles {
            state(settled, inference, facts, &mut profile, &mut remarks);
        }
    }
    Ok(Inferred {
        profile: conclude::conclude(&profile)?,
        remarks,
    })
}

/// The capability words that all tasks agree on.
fn told(
    facts: &Facts<'_>,
    profile: &mut Profile,
    remarks: &mut Vec<String>,
) -> Result<Hwcaps, Error> {
    let mut caps = Hwcaps::default();
    for word in HwcapWord::ALL {
        let key = load::word_path(word);
        let mut tasks = facts
            .tasks
            .iter()
            .filter_map(|task| Some((task, task.told.word(word)?)));
        let Some((first, value)) = tasks.next() else {
            continue;
        };
        if let Some((other, differs)) = tasks.find(|(_, other)| *other != value) {
            let differ = format!(
                "{} is {value:#x} for task {} and {differs:#x} for task {}: they were started on different machines or \
                 kernels",
                word.name(),
                first.task.pid,
                other.task.pid
            );
            if word == HwcapWord::Hwcap {
                return Err(Error::NotTold(differ));
            }
            remarks.push(format!("{differ}, and `{key}` stays unknown"));
            continue;
        }
        let place = first.task.mm.as_ref().map(|mm| &mm.auxv_place);
        let place = place.map_or_else(String::new, |place| format!("{place}: "));
        let journal = match &facts.rewritten {
            Some(_) => ", with what the journal remembers",
            None => "",
        };
        let how = format!("{place}{} of task {}{journal}", word.name(), first.task.pid);
        profile.origins.insert(key, how);
        caps.set_word(word, Some(value));
    }
    match caps.word(HwcapWord::Hwcap) {
        Some(_) => Ok(caps),
        None => Err(Error::NotTold(
            "no task has an AT_HWCAP in its saved auxv or on its stack".to_owned(),
        )),
    }
}

/// Puts a settled value into the profile, unless no profile could hold it.
fn state(
    settled: Settled,
    inference: &Inference,
    facts: &Facts<'_>,
    profile: &mut Profile,
    remarks: &mut Vec<String>,
) {
    let mut how = match &inference.place {
        Some(place) => format!("{place}: {}", inference.ground),
        None => inference.ground.clone(),
    };
    let key = match settled {
        Settled::Kernel(version) => {
            profile.kernel = Some(version);
            "kernel"
        }
        Settled::CriuAtLeast(version) => {
            // Whatever an older CRIU can do, a newer one can.
            profile.criu = profile.criu.max(Some(version));
            how.insert_str(0, "at least: ");
            "criu"
        }
        Settled::PageSize(bytes) if load::PAGE_SIZES.contains(&bytes) => {
            profile.page_size = Some(bytes);
            "page_size"
        }
        Settled::MinSigStkSz(bytes) if load::is_minsigstksz(bytes) => {
            profile.minsigstksz = Some(bytes);
            "minsigstksz"
        }
        Settled::PageSize(_) | Settled::MinSigStkSz(_) => {
            remarks.push(format!(
                "{how}: no arm64 kernel says {}, so it stays unknown",
                inference.value
            ));
            return;
        }
        Settled::AddressBits(bits) => {
            profile.va_bits = Some(bits);
            "va_bits"
        }
        // A rewriting may have put keys into the image that no machine made.
        Settled::Pauth { .. } if facts.rewritten.is_some() => return,
        Settled::Pauth { generic } => {
            let bits = hwcap::PACA.mask() | if generic { hwcap::PACG.mask() } else { 0 };
            let told = profile.hwcaps.word(HwcapWord::Hwcap).unwrap_or(0);
            if told & bits == bits {
                return;
            }
            remarks.push(format!(
                "{how}: no task was told of pointer authentication, but their keys were saved, so the machine had it"
            ));
            profile.hwcaps.set_word(HwcapWord::Hwcap, Some(told | bits));
            return;
        }
    };
    profile.origins.insert(key.to_owned(), how);
}
