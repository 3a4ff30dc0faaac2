//! What an arm64 kernel of a given version knows and takes.

use crate::units::Version;

/// The newest mainline kernel whose signal code these tables were checked against.
///
/// A newer kernel may know records and take vectors that these tables do not have, so an answer
/// that rests on "unknown to the kernel" is not given for one.
pub const NEWEST_KNOWN: Version = Version::new(7, 3, u16::MAX);

/// The longest saved auxv a kernel takes in `PR_SET_MM_MAP` or `PR_SET_MM_AUXV`, bytes.
///
/// `sizeof(mm->saved_auxv)` = 2 * (2 + `AT_VECTOR_SIZE_BASE` + 1) words; the base is 20 up to 6.2, 22
/// from 6.3, 24 from 7.0 (`include/linux/auxvec.h`). Measured on 5.10, 6.1, 6.12, 6.16, 6.18 and 7.3
/// by asking with growing lengths.
static AUXV_LIMITS: &[(Version, u64)] = &[
    (Version::new(0, 0, 0), 368),
    (Version::new(6, 3, 0), 400),
    (Version::new(7, 0, 0), 432),
];

/// The longest saved auxv this kernel takes, bytes.
#[must_use]
pub fn auxv_limit(kernel: Version) -> u64 {
    AUXV_LIMITS
        .iter()
        .rev()
        .find(|(since, _)| kernel >= *since)
        .map_or(368, |(_, limit)| *limit)
}

/// The shortest of all limits: a vector up to this length is taken by every kernel.
#[must_use]
pub fn auxv_limit_everywhere() -> u64 {
    AUXV_LIMITS
        .iter()
        .map(|(_, limit)| *limit)
        .min()
        .unwrap_or(0)
}

/// Kernels whose `rt_sigreturn` writes POR_EL0 from an uninitialised variable when a frame has no
/// POE record: 6.12 and later, before 7.0 (`restore_sigframe`, read in 6.12, 6.14 and 6.17; 7.0 and
/// 7.3 initialise it; 6.18 and 6.19 were not read). Mainline of an older number has no permission overlays; a
/// kernel of an older number that offers them has the code of 6.12 or later.
#[must_use]
pub fn por_uninitialised(kernel: Version) -> bool {
    kernel >= Version::new(6, 12, 0) && kernel < Version::new(7, 0, 0)
}

/// A streaming SVE record without payload: from 6.17 on it is refused (fix of May 2025; some older
/// stable kernels have it too), before that it may be taken.
#[must_use]
pub fn refuses_streaming_header(kernel: Version) -> Option<bool> {
    if kernel >= Version::new(6, 17, 0) {
        Some(true)
    } else if kernel < Version::new(6, 6, 0) {
        Some(false)
    } else {
        None
    }
}

/// Whether an FPSIMD record larger than 528 bytes beside an SVE record is refused (6.16 and later;
/// observed: 5.10, 6.1 and 6.12 take 544 bytes, 6.16, 6.18 and 7.3 do not).
#[must_use]
pub fn refuses_large_fpsimd(kernel: Version) -> Option<bool> {
    if kernel >= Version::new(6, 16, 0) {
        Some(true)
    } else if kernel <= Version::new(6, 12, u16::MAX) {
        Some(false)
    } else {
        None
    }
}

/// First arm64 kernel with `rseq` (commit 409d5db49867; 4.18 has it on other architectures).
pub const HAS_RSEQ: Version = Version::new(4, 19, 0);

/// First kernel with `PTRACE_GET_RSEQ_CONFIGURATION`.
pub const TELLS_RSEQ: Version = Version::new(5, 13, 0);

/// Bytes of the area for restartable sequences as 4.18 defined it (`ORIG_RSEQ_SIZE` of `kernel/rseq.c`).
pub const ORIGINAL_RSEQ_SIZE: u32 = 32;

/// Whether a kernel takes no other size than [`ORIGINAL_RSEQ_SIZE`]: up to 6.2 (`kernel/rseq.c` `sys_rseq`).
/// From 6.3 on a program registers what AT_RSEQ_FEATURE_SIZE tells it.
#[must_use]
pub fn rseq_size_fixed(kernel: Version) -> bool {
    kernel < Version::new(6, 3, 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn auxv_limits_follow_what_was_measured() {
        for (kernel, limit) in [
            ("5.10.223", 368),
            ("6.1.176", 368),
            ("6.12.107", 400),
            ("6.16.12", 400),
            ("6.18.15", 400),
            ("7.3.4", 432),
        ] {
            assert_eq!(
                auxv_limit(Version::parse(kernel).unwrap()),
                limit,
                "{kernel}"
            );
        }
    }
}
