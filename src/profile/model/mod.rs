//! What a target machine offers. A missing value is unknown, never "no".

pub mod cost;
pub(in crate::profile) mod pauth;
pub(in crate::profile) mod shown;
mod vendor;
pub(in crate::profile) mod zva;

use std::collections::BTreeMap;
use std::fmt;

use crate::abi::kernel;
use crate::auxv::hwcap::Hwcaps;
use crate::units::{Version, Vl};

/// A machine as `cpu.json` describes it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Profile {
    /// Its name.
    pub name: String,
    /// Where the profile itself was read.
    pub source: Source,
    /// Where the facts come from, for people.
    pub origin: Option<String>,
    /// How the facts were found.
    pub basis: Option<Basis>,
    /// HWCAP words (from `hwcap`, or from `features`: then words and bits not named are 0).
    pub hwcaps: Hwcaps,
    /// SVE vector lengths; `None` unknown, an empty list none.
    pub sve: Option<VectorLengths>,
    /// SME vector lengths, likewise.
    pub sme: Option<VectorLengths>,
    /// Bytes.
    pub page_size: Option<u64>,
    /// Bits of a user address: 36 to 52.
    pub va_bits: Option<u8>,
    /// AT_MINSIGSTKSZ, bytes.
    pub minsigstksz: Option<u64>,
    /// Pointer authentication.
    pub pauth: Pauth,
    /// Longest saved auxv the kernel takes, bytes.
    pub auxv_bytes: Option<u64>,
    /// Kernel version.
    pub kernel: Option<Version>,
    /// CRIU version.
    pub criu: Option<Version>,
    /// Registers a program may read, by name as Linux spells them (`ID_AA64ISAR1_EL1`).
    pub registers: BTreeMap<String, u64>,
    /// What `rt_sigreturn` was observed to do with a record, by record name (`SVE`, `TPIDR2`, …).
    pub sigreturn: BTreeMap<String, Observed>,
    /// Groups of cores, on a machine whose cores are not alike; empty where they are, or nobody looked.
    pub cores: Vec<Cores>,
    /// How single values were found, by the path of their key (`sve.default`), for people.
    pub origins: BTreeMap<String, String>,
    /// The machines this profile stands for; empty for a single machine. None of them has members.
    pub members: Vec<Profile>,
}

impl Profile {
    /// A machine of which nothing is known but a name.
    #[must_use]
    pub fn unknown(name: impl Into<String>, source: Source) -> Self {
        Self {
            name: name.into(),
            source,
            origin: None,
            basis: None,
            hwcaps: Hwcaps::default(),
            sve: None,
            sme: None,
            page_size: None,
            va_bits: None,
            minsigstksz: None,
            pauth: Pauth::default(),
            auxv_bytes: None,
            kernel: None,
            criu: None,
            registers: BTreeMap::new(),
            sigreturn: BTreeMap::new(),
            cores: Vec::new(),
            origins: BTreeMap::new(),
            members: Vec::new(),
        }
    }

    /// The machines the profile stands for: its members, or itself where it is a single one.
    #[must_use]
    pub fn machines(&self) -> &[Self] {
        if self.members.is_empty() {
            std::slice::from_ref(self)
        } else {
            &self.members
        }
    }

    /// The longest saved auxv the kernel takes, bytes: as said, else by the kernel's version.
    #[must_use]
    pub fn auxv_limit(&self) -> Option<u64> {
        self.auxv_bytes
            .or_else(|| self.kernel.map(kernel::auxv_limit))
    }

    /// Whether a register reads the same on all cores, as far as is known.
    #[must_use]
    pub fn cores_agree_in(&self, register: &str) -> bool {
        self.cores
            .iter()
            .all(|group| !group.registers.contains_key(register))
    }
}

/// How the facts of a profile were found, strongest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Basis {
    /// Asked of the machine itself.
    Captured,
    /// Measured on an emulated machine.
    Emulated,
    /// Taken from what another program printed on the machine.
    Imported,
    /// What somebody published of such a machine.
    Published,
    /// Concluded from a checkpoint that was made on the machine.
    Inferred,
    /// What every one of several machines offers.
    Baseline,
}

impl Basis {
    /// Every basis, as a profile spells it.
    pub const ALL: [(&'static str, Self); 6] = [
        ("captured", Self::Captured),
        ("emulated", Self::Emulated),
        ("imported", Self::Imported),
        ("published", Self::Published),
        ("inferred", Self::Inferred),
        ("baseline", Self::Baseline),
    ];

    /// Its name in a profile.
    #[must_use]
    pub fn name(self) -> &'static str {
        Self::ALL
            .iter()
            .find(|(_, basis)| *basis == self)
            .map_or("", |(name, _)| name)
    }
}

/// Cores that show the same registers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cores {
    /// Their numbers as Linux lists them: `0-3,8`.
    pub cpus: String,
    /// Registers in which they differ from other cores, by name.
    pub registers: BTreeMap<String, u64>,
}

/// Where a profile was read.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Source {
    /// One of the profiles hwcr carries.
    BuiltIn,
    /// A file, by the path the user gave.
    File(String),
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::BuiltIn => f.write_str("built-in"),
            Self::File(path) => f.write_str(path),
        }
    }
}

/// The vector lengths of a machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VectorLengths {
    /// All supported lengths, ascending; empty when the machine has none.
    pub lengths: Vec<Vl>,
    /// The length a new task gets; `None` when unknown or when there is none.
    pub default: Option<Vl>,
}

/// Pointer authentication of a machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Pauth {
    /// Algorithm for addresses.
    pub address: Option<PacAlgorithm>,
    /// Algorithm for PACGA.
    pub generic: Option<PacAlgorithm>,
    /// Value of the ID field: 1 PAuth, 2 EPAC, 3 PAuth2, 4 FPAC, 5 FPACCOMBINE, 6 PAuth_LR; 0 none.
    pub level: Option<u8>,
}

/// How a machine computes pointer-authentication codes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PacAlgorithm {
    /// No pointer authentication.
    None,
    /// ID_AA64ISAR1_EL1.APA / GPA.
    Qarma5,
    /// ID_AA64ISAR2_EL1.APA3 / GPA3.
    Qarma3,
    /// ID_AA64ISAR1_EL1.API / GPI: whatever the maker chose.
    Impdef,
}

impl PacAlgorithm {
    /// Every algorithm, as a profile spells it.
    pub const ALL: [(&'static str, Self); 4] = [
        ("none", Self::None),
        ("qarma5", Self::Qarma5),
        ("qarma3", Self::Qarma3),
        ("impdef", Self::Impdef),
    ];

    /// Its name in a profile.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Qarma5 => "qarma5",
            Self::Qarma3 => "qarma3",
            Self::Impdef => "impdef",
        }
    }
}

impl fmt::Display for PacAlgorithm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// What a record met at `rt_sigreturn`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Observed {
    /// The frame was taken.
    Accepted,
    /// The task got SIGSEGV.
    Rejected,
}
