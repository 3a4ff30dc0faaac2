//! What a target machine offers. A missing value is unknown, never "no".

use std::collections::BTreeMap;

use crate::auxv::hwcap::Hwcaps;
use crate::units::{Version, Vl};

/// A machine as `cpu.json` describes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Profile {
    /// Its name.
    pub name: String,
    /// Where the facts come from, for people.
    pub origin: Option<String>,
    /// HWCAP words (from `hwcap`, or from `features`: then words and bits not named are 0).
    pub hwcaps: Hwcaps,
    /// SVE vector lengths; `None` unknown, an empty list none.
    pub sve: Option<VectorLengths>,
    /// SME vector lengths, likewise.
    pub sme: Option<VectorLengths>,
    /// Bytes.
    pub page_size: Option<u64>,
    /// Bits of a user address: 39 to 52.
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

/// What a record met at `rt_sigreturn`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Observed {
    /// The frame was taken.
    Accepted,
    /// The task got SIGSEGV.
    Rejected,
}
