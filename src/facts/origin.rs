//! What the source machine must have been, each statement with its ground.

use std::collections::BTreeSet;

use crate::abi::restore;
use crate::auxv::{VectorLengthBound, hwcap};
use crate::criu_image::model::{Checkpoint, PacState};
use crate::export::Export;
use crate::units::{Place, Version, Vl};

use super::{Facts, Inference, Origin, Settled, TaskFacts};

/// Infers the origin from everything found.
#[must_use]
pub(super) fn infer(checkpoint: &Checkpoint, tasks: &[TaskFacts<'_>]) -> Origin {
    let mut origin = Origin::default();
    kernel(tasks, &mut origin);
    criu(checkpoint, &mut origin);
    page_size(tasks, &mut origin);
    cpu(tasks, &mut origin);
    pauth(tasks, &mut origin);
    vector_lengths(tasks, &mut origin);
    origin
}

impl Facts<'_> {
    /// Adds what is said beside the image. A version of CRIU that the image bears out is taken for its origin;
    /// nothing else follows from what others claim.
    #[must_use]
    pub fn with_export(mut self, export: Option<Export>) -> Self {
        if let Some((version, statement)) = export.as_ref().and_then(Export::criu) {
            let origin = &mut self.origin;
            let fits = origin.criu_at_least.is_none_or(|least| least <= version)
                && origin.criu_below.is_none_or(|below| version < below);
            let (value, ground) = if fits {
                (
                    version.to_string(),
                    "nothing in the image speaks against it",
                )
            } else {
                (format!("not {version}"), "the image shows otherwise")
            };
            let ground = format!("{} says {version}; {ground}", statement.file);
            say(origin, "criu", value, ground);
        }
        self.export = export;
        self
    }
}

fn say(
    origin: &mut Origin,
    what: &'static str,
    value: impl Into<String>,
    ground: impl Into<String>,
) {
    origin.inferences.push(said(what, value, ground));
}

/// A statement without a place, which settles nothing.
fn said(what: &'static str, value: impl Into<String>, ground: impl Into<String>) -> Inference {
    Inference {
        what,
        value: value.into(),
        ground: ground.into(),
        place: None,
        settles: None,
    }
}

impl Inference {
    fn at(self, place: Option<&Place>) -> Self {
        Self {
            place: place.cloned(),
            ..self
        }
    }

    fn settles(self, settles: Option<Settled>) -> Self {
        Self { settles, ..self }
    }
}

/// The value that all tasks agree on; `None` where they differ or none has one.
fn agreed<T: PartialEq>(values: impl IntoIterator<Item = T>) -> Option<T> {
    let mut values = values.into_iter();
    let first = values.next()?;
    values.all(|value| value == first).then_some(first)
}

/// Where a task's saved auxv lies.
fn auxv_place<'a>(task: &TaskFacts<'a>) -> Option<&'a Place> {
    task.task.mm.as_ref().map(|mm| &mm.auxv_place)
}

fn kernel(tasks: &[TaskFacts<'_>], origin: &mut Origin) {
    let notes = || {
        tasks
            .iter()
            .filter_map(|task| Some((task.vdso.as_ref()?.kernel?, task.task.pid)))
    };
    let Some((first, pid)) = notes().next() else {
        return;
    };
    let Some(version) = agreed(notes().map(|(version, _)| version)) else {
        let versions: BTreeSet<Version> = notes().map(|(version, _)| version).collect();
        let list: Vec<String> = versions.iter().map(ToString::to_string).collect();
        say(
            origin,
            "kernel",
            list.join(", "),
            "the version notes in the vDSOs of tasks that were started under different kernels",
        );
        origin.kernel = Some(first);
        return;
    };
    origin.kernel = Some(version);
    let ground = format!(
        "the version note in the vDSO of task {pid} (an earlier migration keeps the older vDSO)"
    );
    origin
        .inferences
        .push(said("kernel", version.to_string(), ground).settles(Some(Settled::Kernel(version))));
}

fn criu(checkpoint: &Checkpoint, origin: &mut Origin) {
    let written = checkpoint.asks.iter().filter_map(|asked| {
        let row = restore::row(asked.ask)?;
        Some((row.written_by?, row.what, &asked.place))
    });
    if let Some((since, what, place)) = written.max_by_key(|(since, ..)| *since) {
        origin.criu_at_least = Some(since);
        origin.inferences.push(
            said(
                "criu",
                format!("{since} or later"),
                format!("the image has {what}"),
            )
            .at(Some(place))
            .settles(Some(Settled::CriuAtLeast(since))),
        );
    }
    let keys_field = |state: &PacState| !matches!(state, PacState::NotSaved);
    let states = || {
        checkpoint
            .tasks
            .iter()
            .flat_map(|task| &task.threads)
            .filter_map(|thread| thread.state.as_ref())
            .map(|state| &state.pac)
    };
    if states().next().is_some() && !states().any(keys_field) {
        origin.criu_below = Some(Version::new(4, 1, 0));
        say(
            origin,
            "criu",
            "older than 4.1",
            "no thread has a pac_keys field, not even an empty one",
        );
    } else if states().any(keys_field)
        && origin
            .criu_at_least
            .is_none_or(|least| least < Version::new(4, 1, 0))
    {
        origin.criu_at_least = Some(Version::new(4, 1, 0));
        origin.inferences.push(
            said("criu", "4.1 or later", "threads have a pac_keys field")
                .settles(Some(Settled::CriuAtLeast(Version::new(4, 1, 0)))),
        );
    }
}

fn page_size(tasks: &[TaskFacts<'_>], origin: &mut Origin) {
    let sizes = || {
        tasks
            .iter()
            .filter_map(|task| Some((task, task.task.mm.as_ref()?.page_size)))
    };
    let Some((task, size)) = sizes().next() else {
        return;
    };
    let ground = if size.stated {
        "AT_PAGESZ of the saved auxv"
    } else {
        "assumed: the saved auxv has no AT_PAGESZ"
    };
    let stated = sizes().filter(|(_, size)| size.stated);
    let settled = agreed(stated.map(|(_, size)| size.bytes)).map(Settled::PageSize);
    origin.inferences.push(
        said("page size", format!("{} bytes", size.bytes), ground)
            .at(auxv_place(task))
            .settles(settled),
    );
}

fn cpu(tasks: &[TaskFacts<'_>], origin: &mut Origin) {
    let Some(task) = tasks.iter().find(|task| task.auxv.is_some()) else {
        return;
    };
    let features = task.told.features_line();
    if !features.is_empty() {
        say(
            origin,
            "cpu features",
            features,
            format!("AT_HWCAP* of task {}", task.task.pid),
        );
    }
}

fn pauth(tasks: &[TaskFacts<'_>], origin: &mut Origin) {
    let states = || {
        tasks
            .iter()
            .flat_map(|task| &task.threads)
            .filter_map(|thread| thread.thread.state.as_ref())
            .map(|state| &state.pac)
    };
    let keys = states().find_map(|state| match state {
        PacState::Saved {
            address: Some(_),
            generic,
            place,
        } => Some((generic.is_some(), place)),
        _ => None,
    });
    if let Some((generic, place)) = keys {
        origin.inferences.push(
            said("pauth", "yes", "the image holds address keys")
                .at(Some(place))
                .settles(Some(Settled::Pauth { generic })),
        );
    } else if states().any(|state| matches!(state, PacState::Absent)) {
        say(origin, "pauth", "no", "CRIU 4.1 or later saved no keys");
    } else if let Some(task) = tasks
        .iter()
        .find(|task| task.told.has(hwcap::PACA).is_some())
    {
        let yes = task.told.has(hwcap::PACA) == Some(true);
        say(
            origin,
            "pauth",
            if yes { "yes" } else { "no" },
            "AT_HWCAP; the CRIU that dumped does not save keys",
        );
    }
    address_bits(tasks, origin);
}

/// Kernels have user addresses of 52 bits, of 48, or of fewer.
fn address_bits(tasks: &[TaskFacts<'_>], origin: &mut Origin) {
    let what = "user address bits";
    let reaches = |bits: u32| {
        tasks
            .iter()
            .find(|task| task.top.is_some_and(|top| top.0 > 1 << bits))
    };
    if let Some(task) = reaches(48) {
        let place = task.task.mm.as_ref().map(|mm| &mm.place);
        origin.inferences.push(
            said(what, "52", "a mapping lies above 2^48")
                .at(place)
                .settles(Some(Settled::AddressBits(52))),
        );
        return;
    }
    // With 52-bit user addresses bits 51:48 of a signed address below 2^48 stay 0.
    let signed = tasks.iter().flat_map(|task| &task.threads).find(|thread| {
        thread.returns.iter().any(|address| {
            address.is_signed() && address.stripped >> 48 == 0 && address.raw >> 48 & 0xf != 0
        })
    });
    let Some(thread) = signed else { return };
    let ground = "signatures of return addresses reach below bit 52";
    let (value, ground, settled) = match reaches(47) {
        Some(_) => (
            "48",
            format!("{ground}, and a mapping lies above 2^47"),
            Some(Settled::AddressBits(48)),
        ),
        None => ("48 or fewer", ground.to_owned(), None),
    };
    origin.inferences.push(
        said(what, value, ground)
            .at(Some(&thread.thread.place))
            .settles(settled),
    );
}

fn vector_lengths(tasks: &[TaskFacts<'_>], origin: &mut Origin) {
    let lengths: BTreeSet<Vl> = tasks
        .iter()
        .flat_map(TaskFacts::shown_vector_lengths)
        .collect();
    if !lengths.is_empty() {
        let list: Vec<String> = lengths.iter().map(ToString::to_string).collect();
        say(
            origin,
            "sve vector length",
            format!("{} bytes", list.join(", ")),
            "SVE records of signal frames",
        );
    } else if tasks
        .iter()
        .any(|task| task.told.has(hwcap::SVE) == Some(true))
    {
        say(
            origin,
            "sve vector length",
            "unknown",
            "no signal frame shows it",
        );
    }
    let told = || {
        tasks
            .iter()
            .filter_map(|task| Some((task, task.auxv.as_ref()?)))
    };
    let Some((task, auxv)) = told().next() else {
        return;
    };
    if let Some(size) = auxv.minsigstksz {
        let settled = agreed(told().filter_map(|(_, auxv)| auxv.minsigstksz));
        origin.inferences.push(
            said(
                "largest signal frame",
                format!("{size} bytes"),
                "AT_MINSIGSTKSZ",
            )
            .at(auxv_place(task))
            .settles(settled.map(Settled::MinSigStkSz)),
        );
    }
    let bound = match auxv.length_bound {
        Some(VectorLengthBound::AtMost(vl)) => format!("at most {vl} bytes"),
        Some(VectorLengthBound::Longest(vl)) => format!("{vl} bytes"),
        Some(VectorLengthBound::Unknown) | None => return,
    };
    say(
        origin,
        "longest vectors",
        bound,
        "AT_MINSIGSTKSZ counts the longest the machine supports",
    );
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::facts::{Search, collect};
    use crate::units::Addr;

    #[test]
    fn address_bits_are_settled_by_what_lies_high() {
        let bits = |image: &str, top: u64| {
            let path = Path::new("tests/fixtures/images").join(image);
            let checkpoint = crate::criu_image::load(&path).unwrap();
            let mut facts = collect(&checkpoint, Search::Auto);
            facts.tasks[0].top = Some(Addr(top));
            let origin = infer(&checkpoint, &facts.tasks);
            let said = origin.inferences.into_iter();
            said.filter(|said| said.what == "user address bits")
                .map(|said| (said.value, said.settles))
                .next()
        };
        let settled = |bits: u8| Some((bits.to_string(), Some(Settled::AddressBits(bits))));
        let signed = "pac-sig@neoverse-v1@new";
        assert_eq!(bits(signed, (1 << 48) + 1), settled(52));
        assert_eq!(bits(signed, (1 << 47) + 1), settled(48));
        assert_eq!(
            bits(signed, 1 << 47),
            Some(("48 or fewer".to_owned(), None))
        );
        assert_eq!(bits("idle@cortex-a57@new", (1 << 47) + 1), None);
        assert_eq!(bits("idle@cortex-a57@new", (1 << 48) + 1), settled(52));
    }

    #[test]
    fn tasks_that_differ_settle_nothing() {
        let load = |image: &str| {
            crate::criu_image::load(&Path::new("tests/fixtures/images").join(image)).unwrap()
        };
        let (one, other) = (load("dyn@max@new"), load("sig-fpsimd@max@6.1"));
        let mut tasks = collect(&one, Search::Auto).tasks;
        tasks.extend(collect(&other, Search::Auto).tasks);
        let origin = infer(&one, &tasks);
        let of = |what| {
            origin
                .inferences
                .iter()
                .find(|said| said.what == what)
                .unwrap()
        };
        assert_eq!(of("largest signal frame").settles, None);
        assert_eq!(of("page size").settles, Some(Settled::PageSize(4096)));
        let kernel = of("kernel");
        assert_eq!(
            (kernel.value.as_str(), kernel.settles),
            ("6.1.176, 7.3.4", None)
        );
    }
}
