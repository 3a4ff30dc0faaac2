//! Which CPU features an instruction needs, by the names under which Linux reports them (`/proc/cpuinfo`, one for each HWCAP bit).
//! The table of HWCAP bits has the field of the ID register behind each name.

use crate::abi::hwcap::HwcapBit;

/// What an instruction needs of the CPU that executes it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Need {
    /// Nothing beyond Armv8.0-A, which every arm64 Linux has. This includes the HINT space: its instructions do nothing
    /// on a CPU that does not know them.
    Base,
    /// All features of one of these sets, by their names in `/proc/cpuinfo`.
    Any(&'static [&'static [&'static str]]),
    /// A feature that Linux does not report by a HWCAP bit.
    Unreported(Unreported),
    /// More rights than programs have: it ends in SIGILL or SIGSEGV on every CPU.
    Privileged,
    /// No table has the encoding: data, or an instruction newer than the tables.
    Unknown,
}

/// Stands in a set for streaming mode, which code is in between `smstart` and `smstop`. No CPU has it by itself.
pub const STREAMING: &str = "streaming";

/// A feature without a HWCAP bit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unreported {
    /// Arm's name of it.
    pub feature: &'static str,
    /// The field of the ID register that tells it.
    pub field: &'static str,
}

impl Unreported {
    pub(super) const fn need(feature: &'static str, field: &'static str) -> Need {
        Need::Unreported(Self { feature, field })
    }

    /// Signing with the place of the signature.
    pub(super) const PAUTH_LR: Self = Self {
        feature: "FEAT_PAuth_LR",
        field: "ID_AA64ISAR1_EL1.APA",
    };
}

impl Need {
    /// The HWCAP bits of the features it names, with the ID registers that tell them.
    pub fn bits(&self) -> impl Iterator<Item = &'static HwcapBit> {
        let sets = match self {
            Self::Any(sets) => *sets,
            _ => &[],
        };
        let names = sets.iter().copied().flatten();
        names.filter_map(|name| HwcapBit::by_cpuinfo_name(name))
    }

    /// Whether a CPU with these features, by their names in `/proc/cpuinfo`, executes the instruction; `None` where
    /// HWCAP bits do not say.
    #[must_use]
    pub fn met_by(&self, has: impl Fn(&str) -> bool) -> Option<bool> {
        match self {
            Self::Base => Some(true),
            Self::Any(sets) => Some(sets.iter().any(|set| set.iter().all(|name| has(name)))),
            Self::Privileged => Some(false),
            Self::Unreported(_) | Self::Unknown => None,
        }
    }
}

/// Shorthand for rows: `any!(sve2p1 | sme2 streaming)`, `any!(sme f8fma)`.
macro_rules! any {
    ($($($name:ident)+)|+) => { $crate::a64::need::Need::Any(&[$(&[$(stringify!($name)),+]),+]) };
}
pub(super) use any;
