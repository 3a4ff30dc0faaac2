//! What an arm64 kernel of a given version knows and takes.

use crate::auxv::hwcap::{self, HwcapBit};
use crate::units::Version;

/// The newest mainline kernel whose signal code these tables were checked against.
///
/// A newer kernel may know records and take vectors that these tables do not have, so an answer
/// that rests on "unknown to the kernel" is not given for one.
pub const NEWEST_KNOWN: Version = Version::new(7, 3, u16::MAX);

/// A record and the kernel that brought it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RecordSince {
    /// Record name, as profiles spell it (`sigreturn` key).
    pub name: &'static str,
    /// Magic word (`arch/arm64/include/uapi/asm/sigcontext.h`).
    pub magic: u32,
    /// First mainline kernel whose `parse_user_sigframe` has a case for it.
    pub since: Version,
    /// Features, any of which the record belongs to; empty where it belongs to none.
    pub of: &'static [&'static HwcapBit],
    /// Whether the series that brought the features' bits brought the record too: then a kernel that sets one of the
    /// bits knows the record, whatever its number.
    pub came_with_bit: bool,
}

/// The records of `arch/arm64/include/uapi/asm/sigcontext.h` (7.3), with the version of mainline that
/// brought each. Brackets were checked in kernel headers: 6.2 no and 6.5 yes for TPIDR2 and ZT, 6.8 no
/// and 6.11 yes for FPMR, 6.11 no for POE, 6.12 no and 6.14 yes for GCS.
///
/// Series that brought a bit together with its record: SVE (4.15, "ARM Scalable Vector Extension"), SME (5.19, ZA and
/// the streaming flag), SME2 (6.3, ZT), FPMR (6.9, "2023 dpISA extensions"), POE (6.12, "Permission Overlay Extension"),
/// GCS (6.13). TPIDR2 came in 6.3 in a series of its own, after SME and beside SME2: no bit shows it. EXTRA (4.13) was
/// made for SVE, before it.
pub static RECORDS: &[RecordSince] = &[
    RecordSince {
        name: "FPSIMD",
        magic: 0x4650_8001,
        since: Version::new(3, 7, 0),
        of: &[],
        came_with_bit: false,
    },
    RecordSince {
        name: "ESR",
        magic: 0x4553_5201,
        since: Version::new(3, 16, 0),
        of: &[],
        came_with_bit: false,
    },
    RecordSince {
        name: "EXTRA",
        magic: 0x4558_5401,
        since: Version::new(4, 13, 0),
        of: &[hwcap::SVE],
        came_with_bit: true,
    },
    RecordSince {
        name: "SVE",
        magic: 0x5356_4501,
        since: Version::new(4, 15, 0),
        of: &[hwcap::SVE, hwcap::SME],
        came_with_bit: true,
    },
    RecordSince {
        name: "ZA",
        magic: 0x5436_6345,
        since: Version::new(5, 19, 0),
        of: &[hwcap::SME],
        came_with_bit: true,
    },
    RecordSince {
        name: "TPIDR2",
        magic: 0x5450_4902,
        since: Version::new(6, 3, 0),
        of: &[hwcap::SME],
        came_with_bit: false,
    },
    RecordSince {
        name: "ZT",
        magic: 0x5a54_4e01,
        since: Version::new(6, 3, 0),
        of: &[hwcap::SME2],
        came_with_bit: true,
    },
    RecordSince {
        name: "FPMR",
        magic: 0x4650_4d52,
        since: Version::new(6, 9, 0),
        of: &[hwcap::FPMR],
        came_with_bit: true,
    },
    RecordSince {
        name: "POE",
        magic: 0x504f_4530,
        since: Version::new(6, 12, 0),
        of: &[hwcap::POE],
        came_with_bit: true,
    },
    RecordSince {
        name: "GCS",
        magic: 0x4743_5300,
        since: Version::new(6, 13, 0),
        of: &[hwcap::GCS],
        came_with_bit: true,
    },
];

/// The record with this magic word.
#[must_use]
pub fn record(magic: u32) -> Option<&'static RecordSince> {
    RECORDS.iter().find(|record| record.magic == magic)
}

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

    #[test]
    fn records_are_told_apart_by_magic() {
        let mut magics: Vec<u32> = RECORDS.iter().map(|record| record.magic).collect();
        magics.sort_unstable();
        magics.dedup();
        assert_eq!(magics.len(), RECORDS.len());
    }
}
