//! Offsets, sizes and magic words of an arm64 `rt_sigframe`.
//!
//! From `arch/arm64/include/uapi/asm/sigcontext.h`, `arch/arm64/include/asm/ucontext.h` and
//! `struct rt_sigframe` of `arch/arm64/kernel/signal.c`; the same from Linux 5.10 to 7.3.

use crate::units::Version;

/// `siginfo.si_signo` (i32), from the frame's base; `siginfo` is 128 bytes.
pub const SI_SIGNO: usize = 0x000;
/// `siginfo.si_code` (i32).
pub const SI_CODE: usize = 0x008;
/// `uc.uc_flags` (u64).
pub const UC_FLAGS: usize = 0x080;
/// `uc.uc_link` (u64).
pub const UC_LINK: usize = 0x088;
/// `uc.uc_stack.ss_sp` (u64).
pub const SS_SP: usize = 0x090;
/// `uc.uc_stack.ss_flags` (u32).
pub const SS_FLAGS: usize = 0x098;
/// `uc.uc_stack.ss_size` (u64).
pub const SS_SIZE: usize = 0x0a0;
/// `uc.uc_sigmask` (u64 of the 128 bytes set aside).
pub const UC_SIGMASK: usize = 0x0a8;
/// `uc.uc_mcontext.fault_address` (u64).
pub const FAULT_ADDRESS: usize = 0x130;
/// `uc.uc_mcontext.regs[0]` (u64); 31 of them.
pub const REGS: usize = 0x138;
/// `uc.uc_mcontext.regs[29]`; `regs[30]` follows.
pub const REGS_29: usize = 0x220;
/// `uc.uc_mcontext.sp` (u64).
pub const SP: usize = 0x230;
/// `uc.uc_mcontext.pc` (u64).
pub const PC: usize = 0x238;
/// `uc.uc_mcontext.pstate` (u64).
pub const PSTATE: usize = 0x240;
/// `uc.uc_mcontext.__reserved[0]`: the first record.
pub const RESERVED: usize = 0x250;
/// Bytes in `__reserved`.
pub const RESERVED_SIZE: u64 = 4096;
/// `sizeof(struct rt_sigframe)`: bytes up to the frame record when there is no EXTRA space.
pub const FRAME_SIZE: u64 = 4688;
/// Alignment of the frame, of every record and of the EXTRA space.
pub const ALIGN: u64 = 16;
/// `SIGFRAME_MAXSZ`: a frame with its EXTRA space is not longer (64 KiB before Linux 6.1).
pub const SIGFRAME_MAXSZ: u64 = 256 * 1024;
/// Bytes of `struct _aarch64_ctx`: magic and size.
pub const HEAD_SIZE: u64 = 8;
/// `TERMINATOR_SIZE`: what a terminator takes up.
pub const TERMINATOR_SIZE: u64 = 16;

/// PSTATE bits that `valid_native_regs` (`arch/arm64/kernel/ptrace.c`) wants clear: M\[4:0\] (EL0t,
/// AArch64) and D, A, I, F. Bit 5 is reserved and cleared for the caller.
pub const PSTATE_REFUSED: u64 = 0x3df;

/// Bytes before Z0 in an SVE record, and before the matrix in a ZA record.
pub const VECTOR_HEAD: u32 = 16;
/// Size of an SVE or ZA record without payload.
pub const HEADER_ONLY: u32 = 16;
/// Bytes of one ZT register.
pub const ZT_REG_BYTES: u32 = 64;

/// Size an SVE record with payload has at `vq` quadwords a vector: Z0 to Z31 (16 bytes a quadword),
/// P0 to P15 and FFR (2 bytes a quadword), rounded up to 16 (`SVE_SIG_CONTEXT_SIZE`).
#[must_use]
pub fn sve_size(vq: u16) -> u32 {
    let payload = u32::from(vq).saturating_mul(546);
    VECTOR_HEAD.saturating_add(payload).next_multiple_of(16)
}

/// Offset of Z0 from the record (`SVE_SIG_ZREGS_OFFSET`).
#[must_use]
pub fn sve_z_offset() -> u32 {
    VECTOR_HEAD
}

/// Offset of P0 from the record (`SVE_SIG_PREGS_OFFSET`).
#[must_use]
pub fn sve_p_offset(vq: u16) -> u32 {
    VECTOR_HEAD.saturating_add(u32::from(vq).saturating_mul(32 * 16))
}

/// Offset of FFR from the record (`SVE_SIG_FFR_OFFSET`).
#[must_use]
pub fn sve_ffr_offset(vq: u16) -> u32 {
    sve_p_offset(vq).saturating_add(u32::from(vq).saturating_mul(16 * 2))
}

/// Size a ZA record with payload has at `vq` quadwords a streaming vector (`ZA_SIG_CONTEXT_SIZE`).
#[must_use]
pub fn za_size(vq: u16) -> u32 {
    let row = u32::from(vq).saturating_mul(16);
    VECTOR_HEAD.saturating_add(row.saturating_mul(row))
}

/// Size a ZT record has with `nregs` registers (`ZT_SIG_CONTEXT_SIZE`).
#[must_use]
pub fn zt_size(nregs: u16) -> u32 {
    VECTOR_HEAD.saturating_add(u32::from(nregs).saturating_mul(ZT_REG_BYTES))
}

/// Magic of the terminator.
pub const END_MAGIC: u32 = 0;
/// `FPSIMD_MAGIC`.
pub const FPSIMD_MAGIC: u32 = 0x4650_8001;
/// `ESR_MAGIC`.
pub const ESR_MAGIC: u32 = 0x4553_5201;
/// `POE_MAGIC`.
pub const POE_MAGIC: u32 = 0x504f_4530;
/// `EXTRA_MAGIC`.
pub const EXTRA_MAGIC: u32 = 0x4558_5401;
/// `SVE_MAGIC`.
pub const SVE_MAGIC: u32 = 0x5356_4501;
/// `TPIDR2_MAGIC`.
pub const TPIDR2_MAGIC: u32 = 0x5450_4902;
/// `FPMR_MAGIC`.
pub const FPMR_MAGIC: u32 = 0x4650_4d52;
/// `ZA_MAGIC`.
pub const ZA_MAGIC: u32 = 0x5436_6345;
/// `ZT_MAGIC`.
pub const ZT_MAGIC: u32 = 0x5a54_4e01;
/// `GCS_MAGIC`.
pub const GCS_MAGIC: u32 = 0x4743_5300;

/// Which sizes a record may have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SizeRule {
    /// This one.
    Fixed(u32),
    /// This one or larger; the kernel writes this one.
    AtLeast(u32),
    /// Any that the chain allows: the kernel does not look. It writes this one.
    Ignored(u32),
    /// [`HEADER_ONLY`], or at least [`sve_size`] of the record's `vl`.
    Sve,
    /// [`HEADER_ONLY`], or at least [`za_size`] of the record's `vl`.
    Za,
    /// [`zt_size`] of the record's `nregs`.
    Zt,
}

/// What is known about one kind of record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Magic {
    /// The magic word.
    pub magic: u32,
    /// Name, as the header spells it without `_MAGIC`.
    pub name: &'static str,
    /// Legal sizes.
    pub size: SizeRule,
    /// First mainline kernel whose `parse_user_sigframe` knows it. For ESR an upper bound: it is older.
    pub since: Version,
    /// Whether a second one in a frame makes the kernel refuse it.
    pub once: bool,
}

const fn row(
    magic: u32,
    name: &'static str,
    size: SizeRule,
    since: (u16, u16),
    once: bool,
) -> Magic {
    Magic {
        magic,
        name,
        size,
        since: Version::new(since.0, since.1, 0),
        once,
    }
}

/// Every kind of record, in the order Linux 7.3 writes them (`setup_sigframe_layout`), EXTRA and the
/// terminator last.
pub const MAGICS: [Magic; 11] = [
    row(FPSIMD_MAGIC, "FPSIMD", SizeRule::Fixed(528), (3, 7), true),
    row(ESR_MAGIC, "ESR", SizeRule::Ignored(16), (4, 15), false),
    row(GCS_MAGIC, "GCS", SizeRule::Fixed(32), (6, 13), true),
    row(SVE_MAGIC, "SVE", SizeRule::Sve, (4, 15), true),
    row(TPIDR2_MAGIC, "TPIDR2", SizeRule::Fixed(16), (6, 3), true),
    row(ZA_MAGIC, "ZA", SizeRule::Za, (5, 19), true),
    row(ZT_MAGIC, "ZT", SizeRule::Zt, (6, 3), true),
    row(FPMR_MAGIC, "FPMR", SizeRule::Fixed(16), (6, 9), true),
    row(POE_MAGIC, "POE", SizeRule::Fixed(16), (6, 12), true),
    row(EXTRA_MAGIC, "EXTRA", SizeRule::AtLeast(32), (4, 13), true),
    row(END_MAGIC, "END", SizeRule::Fixed(0), (3, 7), true),
];

/// The row of a magic word, if it has one.
#[must_use]
pub fn magic(word: u32) -> Option<&'static Magic> {
    MAGICS.iter().find(|row| row.magic == word)
}

/// First word of an FPSIMD record as it lies in memory: magic and size in one.
pub const FPSIMD_HEAD: u64 = 0x0000_0210_4650_8001;
