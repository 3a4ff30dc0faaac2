//! What a restore asks of the target's kernel and of its CRIU: one row for everything an image can ask
//! for, and one for each kernel that an old CRIU cannot work on whatever the image holds.
//!
//! `HWCR-SYS-003` reads the CRIU floors, `HWCR-SYS-004` the pairs, `HWCR-SYS-005` the kernel floors, except
//! where a row names another rule. `docs/floors.md` is made from the rows, and `tests/it/floors.rs` runs an
//! image, a target below and a target at the floor for each.

mod conditions;
mod format;
mod memory;
mod objects;
mod pairs;

pub use conditions::{CONDITIONS, Condition, OPTION_RULE};
pub use pairs::{PAIRS, Pair};

use crate::abi::ask::Ask;
use crate::abi::hwcap::HwcapBit;
use crate::rule_id::RuleId;
use crate::units::Version;

/// What one thing that an image asks for needs.
#[derive(Debug)]
pub struct Row {
    /// What in the image calls for it.
    pub ask: Ask,
    /// The same for people: the end of a sentence that begins with "the image has".
    pub what: &'static str,
    /// What CRIU does then: call and flags. "nothing" where it only reads.
    pub call: &'static str,
    /// Where CRIU does it: file and function.
    pub site: &'static str,
    /// The kernel it needs; `None` where every kernel that CRIU runs on has it.
    pub kernel: Option<KernelFloor>,
    /// The CRIU it needs; `None` where every release from 3.12 on does it.
    pub criu: Option<CriuFloor>,
    /// First release that writes it, where its presence shows the release that dumped.
    pub written_by: Option<Version>,
    /// What was read: kernel version and function, CRIU version and file.
    pub sources: &'static [&'static str],
}

/// A kernel floor.
#[derive(Debug)]
pub struct KernelFloor {
    /// First mainline kernel that has it on arm64.
    pub since: Version,
    /// What becomes of the restore below it.
    pub below: Below,
    /// What happens there, in one sentence: the answer of the kernel, and CRIU's message where it prints one.
    pub says: &'static str,
    /// Releases of stable series below the floor from which on that series has it.
    pub stable: &'static [Version],
    /// Vendors' kernels below the floor that have it, for people; then the version proves nothing. Empty
    /// where none is known.
    pub vendors: &'static str,
    /// What a profile may hold that outranks the version.
    pub evidence: Evidence,
    /// The rule that judges it.
    pub rule: RuleId,
    /// Whether floor and effect were read in source or seen; else the finding is unproven.
    pub verified: bool,
}

impl KernelFloor {
    /// Whether mainline or stable releases of this version have it.
    #[must_use]
    pub fn met_by(&self, kernel: Version) -> bool {
        let same_series =
            |from: &&Version| (from.major, from.minor) == (kernel.major, kernel.minor);
        kernel >= self.since
            || self
                .stable
                .iter()
                .find(same_series)
                .is_some_and(|from| kernel >= *from)
    }
}

/// A CRIU floor.
#[derive(Debug)]
pub struct CriuFloor {
    /// First release that restores it.
    pub since: Version,
    /// What older releases do.
    pub older: Below,
    /// What happens there, in one sentence.
    pub says: &'static str,
    /// The rule that judges it.
    pub rule: RuleId,
    /// Whether floor and effect were read in source or seen; else the finding is unproven.
    pub verified: bool,
}

/// What becomes of a restore by something older than a floor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Below {
    /// It fails, hangs, or restores wrong memory.
    Breaks,
    /// It passes, and the state is lost or different without a word.
    Loses,
    /// It passes, and something is different that no program is known to die of.
    Differs,
    /// It passes without harm.
    Ignores,
}

/// What a profile may hold that proves a feature of the kernel whatever its version says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Evidence {
    /// Nothing that a profile can hold.
    None,
    /// A capability that the kernel advertises.
    Hwcap(&'static HwcapBit),
    /// A signal record that `rt_sigreturn` was seen to accept.
    Record(&'static str),
    /// The longest auxv that was seen to be accepted (`auxv_bytes`).
    AuxvBytes,
}

/// The rules that judge floors where a row names no other.
pub const KERNEL_RULE: RuleId = RuleId::Sys005;
/// As [`KERNEL_RULE`].
pub const CRIU_RULE: RuleId = RuleId::Sys003;

/// A profile that does not name its kernel is taken to have at least this one, so that it is not asked for
/// what every arm64 kernel of today has: the vDSO can be moved in it, and it has MADV_WIPEONFORK. What is
/// younger is asked for.
pub const OLDEST_ASKED: Version = Version::new(4, 14, 0);

/// The tables with their titles, in the order of the documentation.
pub static TABLES: &[(&str, &[Row])] = &[
    ("Memory and the CPU", memory::ROWS),
    ("Files, namespaces, credentials and timers", objects::ROWS),
    ("The image format", format::ROWS),
];

/// Every row, in the order of the documentation.
pub fn rows() -> impl Iterator<Item = &'static Row> {
    TABLES.iter().flat_map(|(_, rows)| rows.iter())
}

/// The row of something asked for. Each has exactly one (`tests/it/floors.rs`).
#[must_use]
pub fn row(ask: Ask) -> Option<&'static Row> {
    rows().find(|row| row.ask == ask)
}

/// Kernel floor of mainline, found in source; below it the restore fails and `HWCR-SYS-005` says so.
const fn kernel(major: u16, minor: u16, says: &'static str) -> KernelFloor {
    KernelFloor {
        since: Version::new(major, minor, 0),
        below: Below::Breaks,
        says,
        stable: &[],
        vendors: "",
        evidence: Evidence::None,
        rule: KERNEL_RULE,
        verified: true,
    }
}

/// CRIU floor, found in source; `HWCR-SYS-003` judges it.
const fn criu(major: u16, minor: u16, older: Below, says: &'static str) -> CriuFloor {
    CriuFloor {
        since: Version::new(major, minor, 0),
        older,
        says,
        rule: CRIU_RULE,
        verified: true,
    }
}

/// The release `major.minor`, which writes it first.
const fn written(major: u16, minor: u16) -> Option<Version> {
    Some(Version::new(major, minor, 0))
}
