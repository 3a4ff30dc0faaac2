//! What `rt_sigreturn` on a target would say to a record.
//!
//! From `arch/arm64/kernel/signal.c` (`parse_user_sigframe`, `restore_sve_fpsimd_context`,
//! `restore_za_context`, `restore_zt_context`, `restore_gcs_context`), read in 5.10, 6.1, 6.12, 7.2 and
//! 7.3 and observed on 5.10, 6.1, 6.12, 6.16, 6.18 and 7.3. What was observed on the target itself
//! (`sigreturn` in the profile) outranks all of it, because distributions backport and switch off. For the same reason
//! a capability bit outranks the kernel's number: who tells programs of a feature has the code that came with it.

mod kind;

use crate::abi::kernel;
use crate::abi::record::{RecordKind, RecordRow};
use crate::auxv::hwcap::{HwcapBit, HwcapWord};
use crate::profile::model::{Basis, Observed, Profile, VectorLengths};
use crate::sigframe::model::{Body, Record};
use crate::units::Vl;

use kind::by_body;
pub use kind::samples;

/// The kernel's answer to one record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// Taken, or passed over without harm.
    Accepted,
    /// The frame is refused: SIGSEGV at the interrupted PC.
    Rejected(Reason),
    /// The profile or these tables do not say.
    Unsure(Reason),
}

/// Why a record is refused or not judged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reason {
    /// The target does not have the feature; the /proc/cpuinfo name.
    NoFeature(&'static str),
    /// The target's profile does not list the feature, and is no proof that it is missing; the /proc/cpuinfo name.
    NotListed(&'static str),
    /// The target's kernel has no case for the record.
    KernelTooOld(&'static str),
    /// Mainline of the target's number has no case for the record, but the target's kernel is not mainline.
    KernelNotMainline(&'static str),
    /// The record was observed to be refused on the target.
    Observed,
    /// `vl` differs from what a restored task gets: the record's, the target's default, and whether the
    /// target could do the record's length if it were asked.
    VectorLength {
        /// In the record.
        record: Vl,
        /// What a restored task starts with.
        default: Vl,
        /// The target supports the record's length.
        supported: bool,
    },
    /// Likewise, where the profile says what is usual on such a machine: the default of the user's may be the
    /// record's.
    UsualLength {
        /// In the record.
        record: Vl,
        /// What the profile gives as the default.
        default: Vl,
    },
    /// A streaming record without payload.
    StreamingHeader,
    /// A payload that is not streaming on a machine without SVE proper.
    PayloadWithoutSve,
    /// GCS asks for what the thread does not have.
    GcsState,
    /// A magic word without a name in any known kernel.
    UnknownRecord,
    /// The profile lacks this key.
    ProfileLacks(&'static str),
}

impl Reason {
    /// The feature that is responsible, as /proc/cpuinfo spells it, for a record of this kind.
    #[must_use]
    pub fn feature(&self) -> Option<&'static str> {
        match self {
            Self::NoFeature(feature) | Self::NotListed(feature) => Some(feature),
            Self::PayloadWithoutSve => Some("sve"),
            _ => None,
        }
    }

    /// Why `target` does not surely take the record, in a few words.
    #[must_use]
    pub fn because(&self, target: &Profile) -> String {
        let name = &target.name;
        match self {
            Self::NoFeature(feature) => format!("{name} has no {feature}"),
            Self::NotListed(feature) => not_listed(feature, target),
            Self::KernelTooOld(record) => format!("the kernel of {name} does not know {record}"),
            Self::KernelNotMainline(record) => not_mainline(record, target),
            Self::Observed => format!("{name} was observed to refuse it"),
            Self::VectorLength {
                default,
                supported: true,
                ..
            } => {
                format!(
                    "a task restored on {name} has vl {default} unless it is started with another"
                )
            }
            Self::VectorLength { default, .. } => {
                format!("a task restored on {name} has vl {default}")
            }
            Self::UsualLength { default, .. } => {
                format!("such machines have vl {default} by default, and {name} may have another")
            }
            Self::StreamingHeader => format!("the kernel of {name} refuses or may refuse it"),
            Self::PayloadWithoutSve => format!("{name} has SME but no SVE"),
            Self::GcsState => "a restored thread has none to match it".to_owned(),
            Self::UnknownRecord => "no kernel known to hwcr writes such a record".to_owned(),
            Self::ProfileLacks(key) => format!("profile {name} does not say `{key}`"),
        }
    }
}

/// That a profile does not list a feature which its cores may have, in a sentence without its end.
#[must_use]
pub fn not_listed(feature: &str, target: &Profile) -> String {
    let basis = target.basis.map_or("made", Basis::name);
    format!(
        "the {basis} profile of {} does not list {feature}, but its cores may have it",
        target.name
    )
}

/// That the number of a kernel does not tell whether it knows a record.
#[must_use]
pub fn not_mainline(record: &str, target: &Profile) -> String {
    let (kernel, sign) = (target.kernel, target.vendor_sign());
    format!(
        "mainline {} does not know {record} records, but the kernel of {} is not mainline: it {}",
        kernel.map_or_else(String::new, |kernel| kernel.to_string()),
        target.name,
        sign.unwrap_or_default()
    )
}

fn lacks_word(bit: &HwcapBit) -> Reason {
    Reason::ProfileLacks(if bit.word == HwcapWord::Hwcap {
        "hwcap"
    } else {
        "hwcap2"
    })
}

fn needs(target: &Profile, bit: &HwcapBit) -> Answer {
    match target.hwcaps.has(bit) {
        Some(true) => Answer::Accepted,
        Some(false) if target.may_hide(bit) => Answer::Unsure(Reason::NotListed(bit.cpuinfo)),
        Some(false) => Answer::Rejected(Reason::NoFeature(bit.cpuinfo)),
        None => Answer::Unsure(lacks_word(bit)),
    }
}

/// Holds a record's vector length against what a restored task starts with: CRIU saves no vector
/// length, so that is the target's default.
fn vector_length(
    record: Vl,
    target: &Profile,
    offered: Option<&VectorLengths>,
    key: &'static str,
) -> Answer {
    let Some(offered) = offered else {
        return Answer::Unsure(Reason::ProfileLacks(key));
    };
    let default = match offered.default {
        Some(default) => default,
        None if offered.lengths.is_empty() => Vl(0),
        None => return Answer::Unsure(Reason::ProfileLacks(key)),
    };
    if record == default {
        Answer::Accepted
    } else if target.is_hearsay() && !target.cores_exclude_length(record) {
        Answer::Unsure(Reason::UsualLength { record, default })
    } else {
        let supported = offered.lengths.contains(&record);
        Answer::Rejected(Reason::VectorLength {
            record,
            default,
            supported,
        })
    }
}

fn then(first: Answer, second: impl FnOnce() -> Answer) -> Answer {
    if first == Answer::Accepted {
        second()
    } else {
        first
    }
}

/// What the kernel of `target` would say to this record. Structure (sizes, order, duplicates) is judged
/// apart, from the frame's anomalies.
#[must_use]
pub fn answer(record: &Record, target: &Profile) -> Answer {
    let Some(known) = RecordKind::of_magic(record.magic).map(RecordKind::row) else {
        return match record.body {
            Body::End => Answer::Accepted,
            // Who backports features may backport one that is newer than these tables.
            _ if target.is_vendor_kernel()
                || target
                    .kernel
                    .is_none_or(|kernel| kernel > kernel::NEWEST_KNOWN) =>
            {
                Answer::Unsure(Reason::UnknownRecord)
            }
            _ => Answer::Rejected(Reason::UnknownRecord),
        };
    };
    let told = by_version(known, target, || by_body(record, known.name, target));
    match (target.sigreturn.get(known.name), told) {
        (None, told) => told,
        (Some(Observed::Accepted), _) => by_body(record, known.name, target),
        // What the machine lacks tells more than that a record was refused there. A length would not: what
        // was refused had the right one.
        (
            Some(Observed::Rejected),
            told @ Answer::Rejected(Reason::NoFeature(_) | Reason::KernelTooOld(_)),
        ) => told,
        (Some(Observed::Rejected), _) => Answer::Rejected(Reason::Observed),
    }
}

/// `known` is the answer of a kernel that knows the record; here a kernel whose number says that it does not gives
/// its own, unless its capability bits say that it does.
fn by_version(record: &RecordRow, target: &Profile, known: impl FnOnce() -> Answer) -> Answer {
    let bits = || record.of.iter().copied();
    let advertised = || bits().any(|bit| target.hwcaps.has(bit) == Some(true));
    if target.kernel.is_none_or(|kernel| kernel >= record.since)
        || record.came_with_bit && advertised()
    {
        return known();
    }
    if target.is_vendor_kernel() {
        return match known() {
            // Refused by a kernel that knows the record, and by one that does not.
            refused @ Answer::Rejected(_) => refused,
            Answer::Accepted | Answer::Unsure(_) => {
                Answer::Unsure(Reason::KernelNotMainline(record.name))
            }
        };
    }
    // Nothing shows that it is not mainline, but nothing can where the bit's word is not known.
    if let Some(bit) = bits().find(|bit| target.hwcaps.has(bit).is_none()) {
        return Answer::Unsure(lacks_word(bit));
    }
    match bits().find(|bit| target.may_hide(bit)) {
        Some(bit) => Answer::Unsure(Reason::NotListed(bit.cpuinfo)),
        None => Answer::Rejected(Reason::KernelTooOld(record.name)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::auxv::hwcap;
    use crate::profile;
    use crate::sigframe::layout;
    use crate::units::Addr;

    fn header_only(vl: u16) -> Record {
        Record {
            addr: Addr(0x1000),
            place: None,
            magic: RecordKind::Sve.magic(),
            size: layout::HEADER_ONLY,
            in_extra: false,
            body: Body::Sve {
                vl: Vl(vl),
                flags: 0,
                payload: None,
            },
            raw: Vec::new(),
        }
    }

    fn observed(target: &str, seen: Observed) -> Profile {
        let mut target = profile::resolve(target).unwrap();
        target.sigreturn.insert("SVE".to_owned(), seen);
        target
    }

    #[test]
    fn a_refusal_that_was_observed_is_explained_by_what_the_machine_lacks() {
        let without = observed("cortex-a57", Observed::Rejected);
        assert_eq!(
            answer(&header_only(16), &without),
            Answer::Rejected(Reason::NoFeature("sve"))
        );
        // The machine has SVE: neither the feature nor the length explains that it refuses such records.
        let with = observed("neoverse-v1", Observed::Rejected);
        for vl in [32, 16] {
            assert_eq!(
                answer(&header_only(vl), &with),
                Answer::Rejected(Reason::Observed)
            );
        }
    }

    #[test]
    fn a_record_that_was_accepted_once_still_needs_its_length() {
        let with = observed("neoverse-v1", Observed::Accepted);
        assert_eq!(answer(&header_only(32), &with), Answer::Accepted);
        assert!(matches!(
            answer(&header_only(16), &with),
            Answer::Rejected(Reason::VectorLength { .. })
        ));
    }

    fn record_of(kind: RecordKind, body: Body) -> Record {
        Record {
            magic: kind.magic(),
            body,
            ..header_only(16)
        }
    }

    /// Every record that belongs to a feature, under a kernel too old for it: with the feature's bit, without it, and
    /// with a word that nobody knows.
    #[test]
    fn a_capability_bit_outranks_the_number_of_the_kernel() {
        let bodies = [
            (
                RecordKind::Za,
                Body::Za {
                    vl: Vl(32),
                    payload: false,
                    zero: true,
                },
            ),
            (
                RecordKind::Zt,
                Body::Zt {
                    nregs: 1,
                    payload: true,
                },
            ),
            (RecordKind::Fpmr, Body::Fpmr { fpmr: 0 }),
            (RecordKind::Poe, Body::Poe { por_el0: 7 }),
            (
                RecordKind::Gcs,
                Body::Gcs {
                    gcspr: 0,
                    features_enabled: 0,
                    reserved: 0,
                },
            ),
        ];
        for (kind, body) in bodies {
            let record = record_of(kind, body);
            let known = kind.row();
            let name = known.name;
            let bit = known.of[0];
            let word = usize::from(bit.word == HwcapWord::Hwcap2);
            let mut target = profile::resolve("max-np-nosme").unwrap();
            target.sme = Some(VectorLengths {
                lengths: vec![Vl(32)],
                default: Some(Vl(32)),
            });
            target.kernel = Some(crate::units::Version::new(4, 19, 0));
            target.hwcaps.words[word] = target.hwcaps.words[word].map(|bits| bits | bit.mask());
            assert_eq!(answer(&record, &target), Answer::Accepted, "{name}");
            // Mainline of this number tells programs of none of what the machine has.
            target.hwcaps.words = [Some(0); 4];
            assert_eq!(
                answer(&record, &target),
                Answer::Rejected(Reason::KernelTooOld(known.name)),
                "{name}"
            );
            target.hwcaps.words[word] = None;
            assert_eq!(
                answer(&record, &target),
                Answer::Unsure(lacks_word(bit)),
                "{name}"
            );
        }
    }

    #[test]
    fn sme_does_not_show_that_a_kernel_knows_tpidr2() {
        let record = record_of(RecordKind::Tpidr2, Body::Tpidr2 { tpidr2: 0 });
        let mut target = profile::resolve("max@6.1").unwrap();
        // 5.19 to 6.2 know SME without the record.
        target.hwcaps.words[1] = Some(hwcap::SME.mask());
        assert_eq!(
            answer(&record, &target),
            Answer::Rejected(Reason::KernelTooOld("TPIDR2"))
        );
        for newer in [hwcap::SME2, hwcap::FPMR] {
            target.hwcaps.words[1] = Some(hwcap::SME.mask() | newer.mask());
            assert_eq!(
                answer(&record, &target),
                Answer::Unsure(Reason::KernelNotMainline("TPIDR2"))
            );
        }
        // Refused whoever made the kernel: there is no SME.
        target.hwcaps.words[1] = Some(hwcap::FPMR.mask());
        assert_eq!(
            answer(&record, &target),
            Answer::Rejected(Reason::NoFeature("sme"))
        );
    }

    #[test]
    fn what_a_published_profile_does_not_list_its_cores_may_have() {
        // The cores of Graviton3 under a kernel that offers no SVE.
        let mut published = profile::resolve("graviton3").unwrap();
        published.hwcaps.words[0] = published.hwcaps.words[0].map(|word| word & !hwcap::SVE.mask());
        published.sve = Some(VectorLengths {
            lengths: Vec::new(),
            default: None,
        });
        let record = header_only(32);
        assert_eq!(
            answer(&record, &published),
            Answer::Unsure(Reason::NotListed("sve"))
        );
        // Cores that have none under any kernel.
        for name in ["graviton2", "raspberry-pi-4"] {
            let published = profile::resolve(name).unwrap();
            assert_eq!(
                answer(&record, &published),
                Answer::Rejected(Reason::NoFeature("sve")),
                "{name}"
            );
        }
        // Neoverse V2 has one length, whoever says so.
        let published = profile::resolve("graviton4").unwrap();
        assert!(matches!(
            answer(&record, &published),
            Answer::Rejected(Reason::VectorLength { .. })
        ));
    }
}
