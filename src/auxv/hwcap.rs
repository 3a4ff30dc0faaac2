//! HWCAP words and bits.

use crate::units::Version;

/// One of the four auxv words that carry capability bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum HwcapWord {
    /// AT_HWCAP.
    Hwcap,
    /// AT_HWCAP2.
    Hwcap2,
    /// AT_HWCAP3.
    Hwcap3,
    /// AT_HWCAP4.
    Hwcap4,
}

/// One capability bit, one row of the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HwcapBit {
    /// The word.
    pub word: HwcapWord,
    /// Bit number, 0 to 63.
    pub bit: u8,
    /// Macro of `arch/arm64/include/uapi/asm/hwcap.h`, e.g. `HWCAP2_SVE2`.
    pub name: &'static str,
    /// Name in the `Features` line of /proc/cpuinfo.
    pub cpuinfo: &'static str,
    /// ID register field and the value from which the kernel sets the bit.
    pub field: &'static str,
    /// Arm's feature name, `-` for bits that describe the kernel.
    pub feature: &'static str,
    /// First mainline kernel that reports it.
    pub since: Version,
    /// What depends on it.
    pub use_: BitUse,
}

/// What a program that was told of a bit can do with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BitUse {
    /// Executes instructions, or relies on behaviour, that a machine without it does not have.
    Code,
    /// Only instructions of the HINT space, or prefetches: they do nothing on a machine without it.
    Hint,
    /// Tells of the kernel, not the CPU.
    Kernel,
}

/// The four words; `None` where a word is not known (or, in a saved auxv, not present).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Hwcaps {
    /// AT_HWCAP, AT_HWCAP2, AT_HWCAP3, AT_HWCAP4.
    pub words: [Option<u64>; 4],
}
