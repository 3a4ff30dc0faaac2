//! The instructions and system calls of arm64 Linux that no safe interface has.
#![expect(
    unsafe_code,
    reason = "MRS, rt_sigreturn and these operations of prctl and mmap have no safe interface"
)]

use std::arch::{asm, naked_asm};
use std::io;
use std::os::fd::{AsRawFd, BorrowedFd};
use std::sync::atomic::{AtomicI32, AtomicUsize, Ordering};

use crate::capture::probe::auxv::MmFields;
use crate::launch::Vectors as Kind;

macro_rules! registers {
    ($($name:literal = $code:literal),* $(,)?) => {
        /// Reads a register; `None` for one that `MRS` in a program cannot name. Ends the process with
        /// SIGILL where the kernel emulates none.
        pub(super) fn read(name: &str) -> Option<u64> {
            let value: u64;
            match name {
                $($name => {
                    // SAFETY: `MRS` of an identification register reads it into a general register and does
                    // nothing else; where it is not allowed, a signal ends the process.
                    unsafe {
                        asm!(concat!("mrs {}, ", $code), out(reg) value, options(nomem, nostack, preserves_flags));
                    }
                })*
                _ => return None,
            }
            Some(value)
        }
    };
}

// Encodings of the Arm Architecture Reference Manual, since assemblers do not know the names of all:
// S<op0>_<op1>_C<CRn>_C<CRm>_<op2>.
registers! {
    "MIDR_EL1" = "S3_0_C0_C0_0",
    "MPIDR_EL1" = "S3_0_C0_C0_5",
    "ID_AA64PFR0_EL1" = "S3_0_C0_C4_0",
    "ID_AA64PFR1_EL1" = "S3_0_C0_C4_1",
    "ID_AA64PFR2_EL1" = "S3_0_C0_C4_2",
    "ID_AA64ZFR0_EL1" = "S3_0_C0_C4_4",
    "ID_AA64SMFR0_EL1" = "S3_0_C0_C4_5",
    "ID_AA64FPFR0_EL1" = "S3_0_C0_C4_7",
    "ID_AA64DFR0_EL1" = "S3_0_C0_C5_0",
    "ID_AA64DFR1_EL1" = "S3_0_C0_C5_1",
    "ID_AA64DFR2_EL1" = "S3_0_C0_C5_2",
    "ID_AA64AFR0_EL1" = "S3_0_C0_C5_4",
    "ID_AA64AFR1_EL1" = "S3_0_C0_C5_5",
    "ID_AA64ISAR0_EL1" = "S3_0_C0_C6_0",
    "ID_AA64ISAR1_EL1" = "S3_0_C0_C6_1",
    "ID_AA64ISAR2_EL1" = "S3_0_C0_C6_2",
    "ID_AA64ISAR3_EL1" = "S3_0_C0_C6_3",
    "ID_AA64MMFR0_EL1" = "S3_0_C0_C7_0",
    "ID_AA64MMFR1_EL1" = "S3_0_C0_C7_1",
    "ID_AA64MMFR2_EL1" = "S3_0_C0_C7_2",
    "ID_AA64MMFR3_EL1" = "S3_0_C0_C7_3",
    "ID_AA64MMFR4_EL1" = "S3_0_C0_C7_4",
    "CTR_EL0" = "S3_3_C0_C0_1",
    "DCZID_EL0" = "S3_3_C0_C0_7",
    "CNTFRQ_EL0" = "S3_3_C14_C0_0",
}

/// `PR_SVE_SET_VL` and `PR_SVE_GET_VL` of `include/uapi/linux/prctl.h`.
const SVE: [i32; 2] = [50, 51];
/// `PR_SME_SET_VL` and `PR_SME_GET_VL`.
const SME: [i32; 2] = [63, 64];
/// `PR_SVE_VL_LEN_MASK`, the same for SME.
const LENGTH_MASK: i32 = 0xffff;
/// `PR_SET_MM` and `PR_SET_MM_MAP`.
const SET_MM_MAP: [i32; 2] = [35, 14];
/// The largest page there is, bytes.
const LARGEST_PAGE: usize = 65536;

/// Sets the vector length of this thread and answers the one that was set, bytes. For children: whatever
/// vector state the thread has is lost.
///
/// # Errors
/// The kernel has no such vectors.
pub(super) fn set_length(kind: Kind, length: u16) -> io::Result<u16> {
    let [set, _] = operations(kind);
    // SAFETY: takes a number and no pointer. It changes only vector state beyond what the procedure call
    // standard keeps over a call.
    let answer = unsafe { libc::prctl(set, libc::c_ulong::from(length), 0, 0, 0) };
    checked(answer).map(|answer| u16::try_from(answer & LENGTH_MASK).unwrap_or(0))
}

/// The vector length of this thread, with flags.
///
/// # Errors
/// The kernel has no such vectors.
pub(super) fn length(kind: Kind) -> io::Result<u32> {
    let [_, get] = operations(kind);
    // SAFETY: takes no pointer and changes nothing.
    let answer = unsafe { libc::prctl(get, 0, 0, 0, 0) };
    checked(answer).map(i32::cast_unsigned)
}

fn operations(kind: Kind) -> [i32; 2] {
    match kind {
        Kind::Sve => SVE,
        Kind::Sme => SME,
    }
}

fn checked(answer: i32) -> io::Result<i32> {
    if answer < 0 {
        Err(io::Error::last_os_error())
    } else {
        Ok(answer)
    }
}

/// Whether a page shortly below 2^`bits` can be mapped, or is; `None` where the kernel refuses for another
/// reason than the address.
pub(super) fn can_map_below(bits: u8) -> Option<bool> {
    let top = 1_usize.checked_shl(u32::from(bits))?;
    let below = top.saturating_sub(LARGEST_PAGE.saturating_mul(2));
    let wanted = std::ptr::without_provenance_mut(below);
    let flags =
        libc::MAP_PRIVATE | libc::MAP_ANONYMOUS | libc::MAP_NORESERVE | libc::MAP_FIXED_NOREPLACE;
    // SAFETY: a new mapping without rights, which with MAP_FIXED_NOREPLACE never takes the place of
    // another; kernels that do not know the flag take the address as a wish. Nothing is read or written in
    // it, and it is unmapped at once.
    let got = unsafe { libc::mmap(wanted, LARGEST_PAGE, libc::PROT_NONE, flags, -1, 0) };
    if got == libc::MAP_FAILED {
        return match io::Error::last_os_error().raw_os_error() {
            Some(libc::EEXIST) => Some(true),
            Some(libc::ENOMEM) => Some(false),
            _ => None,
        };
    }
    // SAFETY: the mapping just made, of which nothing is kept.
    unsafe { libc::munmap(got, LARGEST_PAGE) };
    Some(got == wanted)
}

/// `struct prctl_mm_map` of `include/uapi/linux/prctl.h`.
#[repr(C)]
struct MmMap {
    fields: MmFields,
    auxv: *const u64,
    auxv_size: u32,
    exe_fd: u32,
}

/// Gives this process `size` bytes of `auxv` as its saved auxiliary vector; answers the error number, 0 for
/// none. For children: /proc then tells other things of the process than are so.
pub(super) fn set_auxv(fields: MmFields, auxv: &[u64], size: u32) -> i32 {
    let held = u32::try_from(size_of_val(auxv)).unwrap_or(u32::MAX);
    let map = MmMap {
        fields,
        auxv: auxv.as_ptr(),
        auxv_size: size.min(held),
        exe_fd: u32::MAX,
    };
    let [set_mm, set_map] = SET_MM_MAP;
    // SAFETY: `map` is the structure this operation reads, of the size given, and `auxv` holds at least
    // the bytes it names; the kernel writes to neither. The bounds it notes are for /proc and for brk(2),
    // which a child that makes system calls only does not use.
    let answer = unsafe { libc::prctl(set_mm, set_map, &raw const map, size_of::<MmMap>(), 0) };
    match checked(answer) {
        Ok(_) => 0,
        Err(error) => error.raw_os_error().unwrap_or(-1),
    }
}

/// The descriptor that the handler writes to.
static OUT: AtomicI32 = AtomicI32::new(-1);
/// The address up to which it writes.
static END: AtomicUsize = AtomicUsize::new(0);

/// Raises a signal, writes the frame that the kernel makes for its handler (and what lies behind it up to
/// this function's own locals) to `out`, and returns through it. For children: the handler stays.
///
/// # Errors
/// The handler could not be set, or the signal not raised.
#[inline(never)]
pub(super) fn write_own_frame(out: BorrowedFd<'_>) -> io::Result<()> {
    let local = 0_u8;
    OUT.store(out.as_raw_fd(), Ordering::Relaxed);
    END.store((&raw const local).addr(), Ordering::Relaxed);
    let handler: extern "C" fn(i32, *mut libc::siginfo_t, *mut libc::c_void) = on_signal;
    // SAFETY: all zeros is a `sigaction` without handler, mask and flags.
    let mut action: libc::sigaction = unsafe { std::mem::zeroed() };
    action.sa_sigaction = handler as usize;
    action.sa_flags = libc::SA_SIGINFO;
    // SAFETY: `action` is complete, and its handler has the type that SA_SIGINFO asks for and makes
    // async-signal-safe calls only.
    checked(unsafe { libc::sigaction(libc::SIGUSR1, &raw const action, std::ptr::null_mut()) })?;
    // SAFETY: takes a number; the handler returns here.
    checked(unsafe { libc::raise(libc::SIGUSR1) })?;
    std::hint::black_box(&local);
    Ok(())
}

/// Writes the frame it was called with. `write` is async-signal-safe, and nothing else is called.
extern "C" fn on_signal(_: i32, info: *mut libc::siginfo_t, _: *mut libc::c_void) {
    let (out, end) = (OUT.load(Ordering::Relaxed), END.load(Ordering::Relaxed));
    let mut at = info.cast::<libc::c_void>().cast_const();
    while let Some(left) = end.checked_sub(at.addr()).filter(|left| *left > 0) {
        // SAFETY: the frame begins with its siginfo, and all up to the locals of the function that raised
        // the signal is stack of this thread, which exists. Only the kernel reads it.
        let written = unsafe { libc::write(out, at, left) };
        match usize::try_from(written) {
            Ok(written) if written > 0 => at = at.wrapping_byte_add(written),
            _ => return,
        }
    }
}

/// Returns through the frame at `frame`, which must be 16-aligned memory that stays. For children: the
/// process goes on where the frame says, or gets SIGSEGV.
pub(super) fn sigreturn(frame: *const u8) -> ! {
    // SAFETY: nothing of the caller is used afterwards: the kernel replaces every register, or ends the
    // process. The stack pointer is moved first, and no code runs on that stack.
    unsafe {
        asm!(
            "mov sp, {frame}",
            "mov x8, #139", // rt_sigreturn
            "svc #0",
            "udf #0",
            frame = in(reg) frame,
            options(noreturn),
        )
    }
}

/// Where a process goes on that came through a frame: ends with X0 as exit status, using no memory.
///
/// # Safety
/// Nothing is asked of the caller; it is called by no code, but entered by the kernel.
#[unsafe(naked)]
unsafe extern "C" fn arrived() -> ! {
    naked_asm!(
        "mov x8, #94", // exit_group
        "svc #0",
        "udf #0",
    )
}

/// The address of the code that ends a process with X0 as its exit status.
pub(super) fn arrival() -> u64 {
    let function: unsafe extern "C" fn() -> ! = arrived;
    function as usize as u64
}
