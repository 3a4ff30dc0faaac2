//! Kernels that an older CRIU cannot restore on, whatever the image holds.

use super::Below;
use crate::units::Version;

/// A kernel and the first CRIU that works on it.
#[derive(Debug)]
pub struct Pair {
    /// Stable name.
    pub name: &'static str,
    /// What changed: the end of a sentence that begins with "from this kernel on".
    pub what: &'static str,
    /// First mainline kernel that has it.
    pub kernel: Version,
    /// First CRIU release that knows it.
    pub criu: Version,
    /// What becomes of a restore by an older release.
    pub older: Below,
    /// What happens there, in one sentence.
    pub says: &'static str,
    /// Whether both were read in source or seen.
    pub verified: bool,
    /// What was read.
    pub sources: &'static [&'static str],
}

impl Pair {
    /// Whether this release is too old for this kernel.
    #[must_use]
    pub fn concerns(&self, kernel: Version, criu: Version) -> bool {
        kernel >= self.kernel && criu < self.criu
    }
}

/// The pairs.
pub static PAIRS: &[Pair] = &[
    Pair {
        name: "gnu-hash-vdso",
        what: "the arm64 vDSO has a GNU hash table only",
        kernel: Version::new(6, 11, 0),
        criu: Version::new(4, 1, 0),
        older: Below::Breaks,
        says: "CRIU stops at start-up with \"Not all dynamic entries are present\"",
        verified: true,
        sources: &[
            "kernel 6.11, arch/arm64/kernel/vdso",
            "CRIU 4.0 and 4.1, criu/pie/util-vdso.c",
        ],
    },
    Pair {
        name: "split-vvar",
        what: "the data of the vDSO is in two mappings, vvar and vvar_vclock",
        kernel: Version::new(6, 13, 0),
        criu: Version::new(4, 1, 0),
        older: Below::Breaks,
        says: "CRIU moves the vDSO without a part of its data",
        verified: true,
        sources: &[
            "CRIU 4.1, commit 8ee2eba47, criu/pie/parasite-vdso.c park_at, which names the kernel's commit",
        ],
    },
];
