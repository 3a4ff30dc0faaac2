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
        name: "vdso-os-abi",
        what: "some toolchains write Linux into the vDSO's ELF header (EI_OSABI 3)",
        kernel: Version::new(6, 12, 0),
        criu: Version::new(4, 2, 0),
        older: Below::Differs,
        says: "on such a kernel CRIU stops at start-up with \"ELF header magic mismatch\"; taken as given that this is \
               none, as no distribution's is known to be",
        verified: true,
        sources: &[
            "CRIU 4.2, commit 2d2168fc9, criu/pie/util-vdso.c has_elf_identity",
            "checkpoint-restore/criu#2751: a kernel 6.12 of an embedded system",
        ],
    },
];
