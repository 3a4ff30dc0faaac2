//! Whether the flat values of a profile promise more than one of its members keeps.
//!
//! Rewriting plans against the flat values, so that they must hold on every member. To promise less than
//! the members have in common is allowed.

use super::load;
use crate::auxv::hwcap::{HwcapWord, Hwcaps};
use crate::profile::model::{Observed, PacAlgorithm, Profile, VectorLengths};

/// A value that a member does not keep.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Excess {
    /// The path of its key.
    pub key: String,
    /// What the profile says.
    pub promised: String,
    /// What the member says.
    pub kept: String,
}

const UNKNOWN: &str = "nothing";

/// Every value of `flat` that promises more than `member` offers, in the order of `docs/profile.md`.
#[must_use]
pub fn excesses(flat: &Profile, member: &Profile) -> Vec<Excess> {
    let mut found = Found(Vec::new());
    for word in HwcapWord::ALL {
        found.word(word, flat.hwcaps, member.hwcaps);
    }
    found.vectors("sve", flat.sve.as_ref(), member.sve.as_ref());
    found.vectors("sme", flat.sme.as_ref(), member.sme.as_ref());
    found.unless(
        "page_size",
        flat.page_size,
        member.page_size,
        |flat, member| flat == member,
    );
    found.unless("va_bits", flat.va_bits, member.va_bits, |flat, member| {
        flat <= member
    });
    found.unless(
        "minsigstksz",
        flat.minsigstksz,
        member.minsigstksz,
        |flat, member| flat >= member,
    );
    let some = |algorithm: &PacAlgorithm| *algorithm != PacAlgorithm::None;
    for (key, flat, member) in [
        ("pauth.address", flat.pauth.address, member.pauth.address),
        ("pauth.generic", flat.pauth.generic, member.pauth.generic),
    ] {
        found.unless(key, flat.filter(some), member, |flat, member| {
            flat == member
        });
    }
    let level = flat.pauth.level.filter(|level| *level != 0);
    found.unless("pauth.level", level, member.pauth.level, |flat, member| {
        flat == member
    });
    let limit = (flat.auxv_limit(), member.auxv_limit());
    let key = if flat.auxv_bytes.is_some() {
        "auxv_bytes"
    } else {
        "kernel"
    };
    found.unless(key, limit.0, limit.1, |flat, member| flat <= member);
    found.unless("kernel", flat.kernel, member.kernel, |flat, member| {
        flat <= member
    });
    found.unless("criu", flat.criu, member.criu, |flat, member| {
        flat <= member
    });
    for (name, value) in &flat.registers {
        let kept = member
            .registers
            .get(name)
            .filter(|_| member.cores_agree_in(name));
        let shown = |value: &u64| format!("{value:#x}");
        found.unless(
            &format!("registers.{name}"),
            Some(shown(value)),
            kept.map(shown),
            |flat, member| flat == member,
        );
    }
    for (record, observed) in &flat.sigreturn {
        if *observed == Observed::Accepted
            && member.sigreturn.get(record) != Some(&Observed::Accepted)
        {
            let kept = member.sigreturn.get(record).map_or(UNKNOWN, |_| "rejected");
            found.add(&format!("sigreturn.{record}"), "accepted", kept);
        }
    }
    found.0
}

struct Found(Vec<Excess>);

impl Found {
    fn add(&mut self, key: &str, promised: impl Into<String>, kept: impl Into<String>) {
        self.0.push(Excess {
            key: key.to_owned(),
            promised: promised.into(),
            kept: kept.into(),
        });
    }

    /// A value that is said must be said of the member too, and fit.
    fn unless<T: PartialOrd + ToString>(
        &mut self,
        key: &str,
        flat: Option<T>,
        member: Option<T>,
        fits: impl Fn(&T, &T) -> bool,
    ) {
        let Some(flat) = flat else { return };
        match member {
            Some(member) if fits(&flat, &member) => {}
            Some(member) => self.add(key, flat.to_string(), member.to_string()),
            None => self.add(key, flat.to_string(), UNKNOWN),
        }
    }

    fn word(&mut self, word: HwcapWord, flat: Hwcaps, member: Hwcaps) {
        let Some(promised) = flat.word(word) else {
            return;
        };
        let line = |bits: u64| {
            let mut only = Hwcaps::default();
            only.set_word(word, Some(bits));
            only.features_line()
        };
        let key = load::word_path(word);
        match member.word(word) {
            Some(kept) if promised & !kept == 0 => {}
            Some(kept) => {
                let more = line(promised & !kept);
                self.add(
                    &key,
                    format!("{promised:#x}, with {more}"),
                    format!("{kept:#x}"),
                );
            }
            None if promised == 0 => {}
            None => self.add(&key, format!("{promised:#x}"), UNKNOWN),
        }
    }

    fn vectors(&mut self, key: &str, flat: Option<&VectorLengths>, member: Option<&VectorLengths>) {
        let Some(flat) = flat.filter(|flat| !flat.lengths.is_empty()) else {
            return;
        };
        let list = |offered: &VectorLengths| {
            let lengths: Vec<String> = offered.lengths.iter().map(ToString::to_string).collect();
            format!("[{}]", lengths.join(", "))
        };
        let lengths = format!("{key}.vector_lengths");
        let kept =
            |offered: &VectorLengths| flat.lengths.iter().all(|vl| offered.lengths.contains(vl));
        match member {
            Some(member) if kept(member) => {}
            Some(member) => self.add(&lengths, list(flat), list(member)),
            None => self.add(&lengths, list(flat), UNKNOWN),
        }
        self.unless(
            &format!("{key}.default"),
            flat.default,
            member.and_then(|member| member.default),
            |flat, member| flat == member,
        );
    }
}
