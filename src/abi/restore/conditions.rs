//! What a restore asks for that no version shows: options a kernel is built with, and the state of the machine.

use crate::abi::ask::Ask;
use crate::rule_id::RuleId;
use crate::units::Version;

/// Something that must hold on the target and that neither a kernel's nor a CRIU's version shows.
#[derive(Debug)]
pub struct Condition {
    /// What in the image calls for it.
    pub ask: Ask,
    /// What must hold: the end of a sentence that begins with "the target needs".
    pub needs: &'static str,
    /// What happens otherwise, in one sentence.
    pub says: &'static str,
    /// First kernel on which it need not hold.
    pub until: Option<Version>,
    /// The rule that says so.
    pub rule: RuleId,
}

/// The rule for options a kernel is built with.
pub const OPTION_RULE: RuleId = RuleId::Sys012;

/// The conditions.
pub static CONDITIONS: &[Condition] = &[
    Condition {
        ask: Ask::Mergeable,
        needs: "a kernel built with CONFIG_KSM",
        says: "without it madvise answers EINVAL, and CRIU ends with \"madvise(…, 12) failed with -22\"",
        until: None,
        rule: OPTION_RULE,
    },
    Condition {
        ask: Ask::HugePageAdvice,
        needs: "a kernel built with CONFIG_TRANSPARENT_HUGEPAGE",
        says: "without it madvise answers EINVAL, and CRIU ends with \"madvise(…, 14) failed with -22\"",
        until: None,
        rule: OPTION_RULE,
    },
    Condition {
        ask: Ask::NoHugePageAdvice,
        needs: "a kernel built with CONFIG_TRANSPARENT_HUGEPAGE, or 6.16 and later",
        says: "without it madvise answers EINVAL, and CRIU ends with \"madvise(…, 15) failed with -22\"",
        until: Some(Version::new(6, 16, 0)),
        rule: OPTION_RULE,
    },
    Condition {
        ask: Ask::HugeTlb,
        needs: "free pages in its pool of huge pages (vm.nr_hugepages)",
        says: "without them mmap answers ENOMEM, and the restore fails",
        until: None,
        rule: RuleId::Sys009,
    },
    Condition {
        ask: Ask::AioRing,
        needs: "at most a quarter as many possible CPUs as the ring has requests",
        says: "with more the kernel makes a larger ring, and CRIU ends with \"wrong aio\"",
        until: None,
        rule: RuleId::Sys010,
    },
    Condition {
        ask: Ask::Low,
        needs: "a vm.mmap_min_addr that is no higher",
        says: "else prctl answers EINVAL, and CRIU ends with \"prctl failed @N with -22\"",
        until: None,
        rule: RuleId::Sys011,
    },
    Condition {
        ask: Ask::High,
        needs: "a CRIU that looks above 2^48, which no release up to 4.2 does",
        says: "CRIU neither saves nor restores private memory there",
        until: None,
        rule: RuleId::Sys011,
    },
];
