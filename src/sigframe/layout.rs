//! Offsets and sizes of an arm64 `rt_sigframe`.
//!
//! From `arch/arm64/include/uapi/asm/sigcontext.h`, `arch/arm64/include/asm/ucontext.h` and
//! `struct rt_sigframe` of `arch/arm64/kernel/signal.c`; the same from Linux 5.10 to 7.3.

use crate::abi::record::RecordKind;

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

/// First word of an FPSIMD record as it lies in memory: magic and size in one.
pub const FPSIMD_HEAD: u64 = head_word(RecordKind::Fpsimd);

/// Magic and size of a record as the kernel writes it, as they lie in memory.
const fn head_word(kind: RecordKind) -> u64 {
    (kind.written() as u64) << u32::BITS | kind.magic() as u64
}
