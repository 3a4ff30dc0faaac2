//! The one system call of this room. `rustix` has it for SVE only, so that it is made here.
#![allow(unsafe_code, reason = "prctl(2) has no safe interface for SME")]

use std::io;

use crate::units::Vl;

use super::Vectors;

/// `PR_SVE_SET_VL` and `PR_SME_SET_VL` of `include/uapi/linux/prctl.h`.
const SET_VL: [(Vectors, i32); 2] = [(Vectors::Sve, 50), (Vectors::Sme, 63)];
/// `PR_SVE_VL_INHERIT`, the same for SME: the length outlives every later exec.
const INHERIT: u32 = 1 << 17;
/// `PR_SVE_SET_VL_ONEXEC`, the same for SME: the length changes with the next exec, not at once.
const ON_EXEC: u32 = 1 << 18;
/// `PR_SVE_VL_LEN_MASK`, the same for SME.
const LEN_MASK: u16 = 0xffff;

/// Asks for a length from the next exec on, and for good. The answer is the one the kernel chose: the
/// longest the machine has that is not longer.
///
/// # Errors
/// The kernel's: EINVAL without such vectors, or for a length that is none.
pub(super) fn choose(vectors: Vectors, vl: Vl) -> io::Result<Vl> {
    let option = SET_VL
        .iter()
        .find(|(of, _)| *of == vectors)
        .map_or(0, |(_, option)| *option);
    let answer = prctl(option, u32::from(vl.0) | INHERIT | ON_EXEC)?;
    let low = u16::try_from(answer & i32::from(LEN_MASK)).unwrap_or(0);
    Ok(Vl(low))
}

#[cfg(target_os = "linux")]
fn prctl(option: i32, argument: u32) -> io::Result<i32> {
    // SAFETY: both operations take a number and no pointer, and with ON_EXEC the kernel only notes it: no
    // register of this process changes before it is replaced. Where the kernel does not know an operation it
    // answers EINVAL.
    let answer = unsafe { libc::prctl(option, libc::c_ulong::from(argument), 0, 0, 0) };
    if answer < 0 {
        Err(io::Error::last_os_error())
    } else {
        Ok(answer)
    }
}

#[cfg(not(target_os = "linux"))]
fn prctl(_: i32, _: u32) -> io::Result<i32> {
    Err(io::ErrorKind::Unsupported.into())
}
