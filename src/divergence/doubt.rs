//! What about a profile is doubtful, though it contradicts nothing that the format forbids.
//!
//! Distributions backport features and switch them off, so that none of this is an error.

use crate::abi::kernel;
use crate::abi::record::RecordKind;
use crate::abi::restore::{Below, PAIRS};
use crate::auxv::hwcap::{HwcapBit, IdField};
use crate::profile::model::cost;
use crate::profile::model::{Basis, Observed, Profile};
use crate::units::Version;

/// A value that deserves a second look.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Doubt {
    /// The path of its key.
    pub key: String,
    /// What is doubtful about it, for people.
    pub what: String,
}

/// Everything doubtful about a machine, and everything unknown. Of a profile with members they are asked: what
/// they have in common decides nothing.
#[must_use]
pub fn about(profile: &Profile) -> Vec<Doubt> {
    if profile.members.is_empty() {
        return about_machine(profile);
    }
    let of_members = profile.members.iter().enumerate().flat_map(|(at, member)| {
        about_machine(member).into_iter().map(move |doubt| Doubt {
            key: format!("members[{at}].{}", doubt.key),
            what: format!("{}: {}", member.name, doubt.what),
        })
    });
    of_members.collect()
}

fn about_machine(machine: &Profile) -> Vec<Doubt> {
    let mut doubts = Doubts(Vec::new());
    doubts.features(machine);
    doubts.registers(machine);
    doubts.basis(machine);
    doubts.sigreturn(machine);
    doubts.versions(machine);
    for cost in cost::unknown(machine) {
        doubts.add(cost.key, format!("unknown: {}", cost.costs));
    }
    doubts.0
}

struct Doubts(Vec<Doubt>);

impl Doubts {
    fn add(&mut self, key: &str, what: String) {
        self.0.push(Doubt {
            key: key.to_owned(),
            what,
        });
    }

    /// Features that are newer than the kernel, and those of a machine's that the registers do not show.
    fn features(&mut self, profile: &Profile) {
        let newer: Vec<&HwcapBit> = profile.backports();
        if let (Some(kernel), Some(newest)) =
            (profile.kernel, newer.iter().max_by_key(|bit| bit.since))
        {
            self.add(
                "kernel",
                format!(
                    "mainline {kernel} does not tell programs of {} (since {}): backported, or one of the two is not \
                     this machine's",
                    names(&newer),
                    newest.since
                ),
            );
        }
        if !profile.hwcaps.unknown_bits().is_empty() {
            self.add(
                "hwcap",
                "there are bits without a name: newer than hwcr, or a typing error".to_owned(),
            );
        }
    }

    fn registers(&mut self, profile: &Profile) {
        let missing: Vec<&HwcapBit> = profile
            .hwcaps
            .set_bits()
            .filter(|bit| {
                let shown = bit.field().and_then(|field| shows(field, profile));
                shown == Some(false)
            })
            .collect();
        if !missing.is_empty() {
            self.add(
                "registers",
                format!(
                    "the ID registers do not show {}, which the HWCAPs have: they are not of one machine",
                    names(&missing)
                ),
            );
        }
    }

    /// The words of `origin` against `basis`.
    fn basis(&mut self, profile: &Profile) {
        let (Some(basis), Some(origin)) = (profile.basis, &profile.origin) else {
            return;
        };
        let first: String = origin
            .chars()
            .take_while(char::is_ascii_alphabetic)
            .collect();
        let other = Basis::ALL
            .iter()
            .find(|(name, other)| first.eq_ignore_ascii_case(name) && *other != basis);
        if let Some((name, _)) = other {
            self.add(
                "basis",
                format!("it says {}, and `origin` begins with {name}", basis.name()),
            );
        }
    }

    /// What was observed against what the kernel's version makes expect.
    fn sigreturn(&mut self, profile: &Profile) {
        let Some(version) = profile.kernel else {
            return;
        };
        for kind in RecordKind::by_age() {
            let (name, since) = (kind.name(), kind.since());
            let what = match profile.sigreturn.get(name) {
                Some(Observed::Accepted) if version < since => format!(
                    "{name} was seen to be taken, and mainline {version} does not know it (since {since})"
                ),
                Some(Observed::Rejected) if kind == RecordKind::Fpsimd => {
                    "no signal handler can return on a machine that refuses FPSIMD".to_owned()
                }
                _ => continue,
            };
            self.add(&format!("sigreturn.{name}"), what);
        }
    }

    fn versions(&mut self, profile: &Profile) {
        if let Some(version) = profile.kernel {
            if version > kernel::NEWEST_KNOWN {
                self.add(
                    "kernel",
                    format!(
                        "{version} is newer than the tables of hwcr, which end with {}.{}",
                        kernel::NEWEST_KNOWN.major,
                        kernel::NEWEST_KNOWN.minor
                    ),
                );
            }
            let limit = kernel::auxv_limit(version);
            if let Some(said) = profile.auxv_bytes.filter(|said| *said != limit) {
                self.add(
                    "auxv_bytes",
                    format!("it says {said}, and mainline {version} takes {limit}"),
                );
            }
        }
        if let (Some(criu), Some(kernel)) = (profile.criu, profile.kernel)
            && let Some(pair) = PAIRS
                .iter()
                .find(|pair| pair.older == Below::Breaks && pair.concerns(kernel, criu))
        {
            self.add(
                "criu",
                format!(
                    "CRIU {criu} cannot restore on kernel {kernel}: from {} on {}",
                    pair.kernel, pair.what
                ),
            );
        }
        if profile.criu.is_some_and(|criu| criu > NEWEST_CRIU) {
            self.add("criu", "it is newer than the tables of hwcr".to_owned());
        }
    }
}

/// The newest CRIU whose restore was read.
const NEWEST_CRIU: Version = Version::new(4, 3, u16::MAX);

/// At most so many names are listed.
const MOST_NAMED: usize = 6;

fn names(bits: &[&HwcapBit]) -> String {
    let mut names: Vec<String> = bits
        .iter()
        .take(MOST_NAMED)
        .map(|bit| bit.cpuinfo.to_owned())
        .collect();
    if let Some(more @ 1..) = bits.len().checked_sub(MOST_NAMED) {
        names.push(format!("{more} more"));
    }
    names.join(", ")
}

/// Whether the machine's register has a field's value; `None` where the register is not known.
fn shows(field: IdField, profile: &Profile) -> Option<bool> {
    let register = profile.registers.get(field.register)?;
    let width = field.high.checked_sub(field.low)?.checked_add(1)?;
    let mask = 1_u64.checked_shl(width)?.checked_sub(1)?;
    let value = register.checked_shr(field.low)? & mask;
    // All ones stand for "not implemented" there.
    let signed = ["FP", "AdvSIMD"].contains(&field.name);
    Some(value >= field.least && !(signed && value == mask))
}
