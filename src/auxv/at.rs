//! The tags of the auxiliary vector.

/// What the value beside a tag is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ValueKind {
    /// A count, a size, an id or a flag.
    Number,
    /// Bits.
    Mask,
    /// An address of the task, of something other than text.
    Address,
    /// An address of the task where a string that ends in NUL begins.
    Text,
    /// Nothing: the value is ignored.
    Nothing,
}

/// One row of the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AtTag {
    /// The tag's number.
    pub tag: u64,
    /// Its macro, e.g. `AT_PAGESZ`.
    pub name: &'static str,
    /// What the value is.
    pub kind: ValueKind,
    /// What it says, with its unit.
    pub meaning: &'static str,
    /// Whether an arm64 kernel of version 7.3 or older can write it (`create_elf_tables` of
    /// `fs/binfmt_elf.c`, `ARCH_DLINFO` of `arch/arm64/include/asm/elf.h`).
    pub on_arm64: bool,
}

/// End of the vector.
pub const AT_NULL: u64 = 0;
/// Page size, bytes.
pub const AT_PAGESZ: u64 = 6;
/// Address of 16 random bytes.
pub const AT_RANDOM: u64 = 25;
/// Address of the vDSO.
pub const AT_SYSINFO_EHDR: u64 = 33;
/// Smallest signal stack, bytes.
pub const AT_MINSIGSTKSZ: u64 = 51;

const fn at(
    tag: u64,
    name: &'static str,
    kind: ValueKind,
    on_arm64: bool,
    meaning: &'static str,
) -> AtTag {
    AtTag {
        tag,
        name,
        kind,
        meaning,
        on_arm64,
    }
}

use ValueKind::{Address, Mask, Nothing, Number, Text};

/// Tags by number: `uapi/linux/auxvec.h` and `arch/arm64/include/uapi/asm/auxvec.h`, and from glibc's
/// `elf.h` those of other architectures up to 51, so that a foreign or damaged vector can be named.
#[rustfmt::skip] // one row, one line
pub static TAGS: &[AtTag] = &[
    at(0, "AT_NULL", Nothing, true, "end of the vector"),
    at(1, "AT_IGNORE", Nothing, false, "an entry to skip"),
    at(2, "AT_EXECFD", Number, true, "file descriptor of the program, under binfmt_misc"),
    at(3, "AT_PHDR", Address, true, "the program's ELF program headers"),
    at(4, "AT_PHENT", Number, true, "bytes per program header"),
    at(5, "AT_PHNUM", Number, true, "number of program headers"),
    at(6, "AT_PAGESZ", Number, true, "page size, bytes"),
    at(7, "AT_BASE", Address, true, "where the dynamic loader begins, 0 without one"),
    at(8, "AT_FLAGS", Mask, true, "flags of the interpreter call"),
    at(9, "AT_ENTRY", Address, true, "the program's entry point"),
    at(10, "AT_NOTELF", Number, false, "the program is not ELF"),
    at(11, "AT_UID", Number, true, "real user id"),
    at(12, "AT_EUID", Number, true, "effective user id"),
    at(13, "AT_GID", Number, true, "real group id"),
    at(14, "AT_EGID", Number, true, "effective group id"),
    at(15, "AT_PLATFORM", Text, true, "byte order: aarch64 or aarch64_be, the same on every CPU"),
    at(16, "AT_HWCAP", Mask, true, "capabilities, first word"),
    at(17, "AT_CLKTCK", Number, true, "ticks per second of times(), 100"),
    at(18, "AT_FPUCW", Number, false, "FPU control word"),
    at(19, "AT_DCACHEBSIZE", Number, false, "data cache block, bytes"),
    at(20, "AT_ICACHEBSIZE", Number, false, "instruction cache block, bytes"),
    at(21, "AT_UCACHEBSIZE", Number, false, "unified cache block, bytes"),
    at(22, "AT_IGNOREPPC", Nothing, false, "an entry to skip"),
    at(23, "AT_SECURE", Number, true, "1 when libc must distrust the environment"),
    at(24, "AT_BASE_PLATFORM", Text, false, "the CPU behind the platform"),
    at(25, "AT_RANDOM", Address, true, "16 random bytes"),
    at(26, "AT_HWCAP2", Mask, true, "capabilities, second word"),
    at(27, "AT_RSEQ_FEATURE_SIZE", Number, true, "bytes of struct rseq in use, since 6.3"),
    at(28, "AT_RSEQ_ALIGN", Number, true, "alignment of struct rseq, bytes, since 6.3"),
    at(29, "AT_HWCAP3", Mask, true, "capabilities, third word, since 6.13 or 6.14"),
    at(30, "AT_HWCAP4", Mask, false, "capabilities, fourth word"),
    at(31, "AT_EXECFN", Text, true, "file name of the program"),
    at(32, "AT_SYSINFO", Address, false, "entry for system calls"),
    at(33, "AT_SYSINFO_EHDR", Address, true, "the vDSO"),
    at(34, "AT_L1I_CACHESHAPE", Number, false, "level 1 instruction cache"),
    at(35, "AT_L1D_CACHESHAPE", Number, false, "level 1 data cache"),
    at(36, "AT_L2_CACHESHAPE", Number, false, "level 2 cache"),
    at(37, "AT_L3_CACHESHAPE", Number, false, "level 3 cache"),
    at(40, "AT_L1I_CACHESIZE", Number, false, "level 1 instruction cache, bytes"),
    at(41, "AT_L1I_CACHEGEOMETRY", Number, false, "level 1 instruction cache, ways and line size"),
    at(42, "AT_L1D_CACHESIZE", Number, false, "level 1 data cache, bytes"),
    at(43, "AT_L1D_CACHEGEOMETRY", Number, false, "level 1 data cache, ways and line size"),
    at(44, "AT_L2_CACHESIZE", Number, false, "level 2 cache, bytes"),
    at(45, "AT_L2_CACHEGEOMETRY", Number, false, "level 2 cache, ways and line size"),
    at(46, "AT_L3_CACHESIZE", Number, false, "level 3 cache, bytes"),
    at(47, "AT_L3_CACHEGEOMETRY", Number, false, "level 3 cache, ways and line size"),
    at(51, "AT_MINSIGSTKSZ", Number, true, "smallest signal stack, bytes, since 4.18"),
];

/// The row of a tag, if it has one.
#[must_use]
pub fn by_tag(tag: u64) -> Option<&'static AtTag> {
    TAGS.iter().find(|row| row.tag == tag)
}

/// The tag's macro, or `AT_` and its number where it has no name here.
#[must_use]
pub fn name(tag: u64) -> String {
    by_tag(tag).map_or_else(|| format!("AT_{tag}"), |row| row.name.to_owned())
}
