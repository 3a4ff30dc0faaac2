//! Structures of `hwcr-profile-show/1` and `hwcr-profile-diff/1`: what a profile says, and how two differ.

use std::collections::BTreeMap;

#[cfg(test)]
use schemars::JsonSchema;
use serde::Serialize;

use super::{Hex, Tool, words};

words! {
    /// What `rt_sigreturn` does with a frame that has a record.
    Answer {
        /// It takes the frame.
        Accepted = "accepted",
        /// The task gets SIGSEGV.
        Rejected = "rejected",
        /// The profile or the tables of hwcr do not say.
        Unsure = "unsure",
    }
}

/// What `hwcr profile show --format json` prints. What is unknown is left out and listed in `unknown`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
#[cfg_attr(test, schemars(title = "hwcr-profile-show/1"))]
pub struct ProfileShow {
    /// Name and version of this format.
    #[cfg_attr(test, schemars(extend("const" = ProfileShow::SCHEMA)))]
    pub schema: &'static str,
    /// The program that wrote it.
    pub tool: Tool,
    /// The profile, as given on the command line.
    pub profile: String,
    /// The name it gives itself.
    pub name: String,
    /// Where its facts come from.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub origin: Option<String>,
    /// How they were found.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub basis: Option<String>,
    /// The capability words that are known, by their names in the auxiliary vector.
    pub words: BTreeMap<String, Hex>,
    /// Every bit that is set and has a name, in the order of /proc/cpuinfo.
    pub features: Vec<Feature>,
    /// The bits that are clear, by the names of /proc/cpuinfo.
    pub clear: Vec<String>,
    /// Bits that are set and have no name, as `AT_HWCAP3:12`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[cfg_attr(test, schemars(default))]
    pub nameless: Vec<String>,
    /// SVE vector lengths.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sve: Option<Vectors>,
    /// SME vector lengths.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sme: Option<Vectors>,
    /// Bytes of a page.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub page_size: Option<u64>,
    /// Bits of a user address.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub va_bits: Option<u8>,
    /// AT_MINSIGSTKSZ, bytes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub minsigstksz: Option<u64>,
    /// Pointer authentication.
    pub pauth: Pauth,
    /// The kernel's version.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kernel: Option<String>,
    /// CRIU's version.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub criu: Option<String>,
    /// The longest saved auxiliary vector.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub auxv: Option<Auxv>,
    /// What `DC ZVA` does.
    pub zva: Zva,
    /// The registers, and what hwcr draws from them.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[cfg_attr(test, schemars(default))]
    pub registers: Vec<Register>,
    /// What `rt_sigreturn` does with each kind of record. For a profile with members left out: each of
    /// them has answers of its own.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[cfg_attr(test, schemars(default))]
    pub sigreturn: Vec<Record>,
    /// Groups of cores that are not alike.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[cfg_attr(test, schemars(default))]
    pub cores: Vec<Cores>,
    /// How single values were found, by the paths of their keys.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    #[cfg_attr(test, schemars(default))]
    pub origins: BTreeMap<String, String>,
    /// The machines the profile stands for; left out for a single one.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[cfg_attr(test, schemars(default))]
    pub members: Vec<Member>,
    /// What is unknown, and what that costs. Empty for a profile with members, who have their own.
    pub unknown: Vec<Unknown>,
}

impl ProfileShow {
    /// The value of `schema`.
    pub const SCHEMA: &'static str = "hwcr-profile-show/1";
}

/// A capability bit that is set.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
pub struct Feature {
    /// Its name in /proc/cpuinfo.
    pub name: String,
    /// Its macro in the kernel's header, e.g. `HWCAP_SVE`.
    pub hwcap: String,
    /// The Arm feature; left out for what only the kernel does.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub arm: Option<String>,
    /// Field of an ID register and the least value the kernel asks for; or what the bit stands for.
    pub field: String,
    /// The first mainline kernel that sets it.
    pub since: String,
    /// What happens to a process that was told of it, on a machine without it.
    pub lost: String,
    /// Rules that look for it.
    pub rules: Vec<String>,
}

/// Vector lengths, bytes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
pub struct Vectors {
    /// All that are offered, ascending; empty where there are none.
    pub lengths: Vec<u16>,
    /// That of a new task; left out where it is unknown or there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub default: Option<u16>,
}

/// Pointer authentication.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
pub struct Pauth {
    /// Algorithm for addresses: `none`, `qarma5`, `qarma3` or `impdef`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
    /// Algorithm for PACGA.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub generic: Option<String>,
    /// Value of the ID field.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub level: Option<u8>,
    /// Its name, e.g. `PAuth2`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub level_name: Option<String>,
}

/// The longest saved auxiliary vector a kernel takes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
pub struct Auxv {
    /// Bytes.
    pub bytes: u64,
    /// The key it comes from: `auxv_bytes` or `kernel`.
    pub from: String,
}

/// What `DC ZVA` does.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
pub struct Zva {
    /// Bytes it zeroes; left out where it is prohibited or unknown.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bytes: Option<u64>,
    /// Whether it is prohibited.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    #[cfg_attr(test, schemars(default))]
    pub prohibited: bool,
    /// Where that comes from.
    pub from: String,
}

/// A register.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
pub struct Register {
    /// Its name.
    pub name: String,
    /// Its value.
    pub value: Hex,
    /// What hwcr draws from it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub decoded: Option<String>,
}

/// What `rt_sigreturn` does with a kind of record.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
pub struct Record {
    /// The record, as profiles name it.
    pub record: String,
    /// What distinguishes it from others of its kind.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
    /// The answer.
    pub answer: Answer,
    /// Why, for people.
    pub why: String,
}

/// Cores that show the same registers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
pub struct Cores {
    /// Their numbers as Linux lists them.
    pub cpus: String,
    /// Registers in which they differ from other cores.
    pub registers: Vec<Register>,
}

/// A machine the profile stands for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
pub struct Member {
    /// Its name.
    pub name: String,
    /// Where its facts come from.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub origin: Option<String>,
    /// What is unknown of it, as paths of keys.
    pub unknown: Vec<String>,
}

/// A value that is unknown.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
pub struct Unknown {
    /// The path of its key.
    pub key: String,
    /// What stays open for checkpoints that depend on it.
    pub costs: String,
}

/// What `hwcr profile diff --format json` prints: what differs between two profiles, and nothing else.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
#[cfg_attr(test, schemars(title = "hwcr-profile-diff/1"))]
pub struct ProfileDiff {
    /// Name and version of this format.
    #[cfg_attr(test, schemars(extend("const" = ProfileDiff::SCHEMA)))]
    pub schema: &'static str,
    /// The program that wrote it.
    pub tool: Tool,
    /// The first profile.
    pub a: Side,
    /// The second profile.
    pub b: Side,
    /// Features that one has and the other has not.
    pub features: Vec<FeatureDifference>,
    /// Other values.
    pub values: Vec<ValueDifference>,
    /// Signal-frame records to which the two give different answers, for other reasons than a feature.
    pub sigreturn: Vec<RecordDifference>,
}

impl ProfileDiff {
    /// The value of `schema`.
    pub const SCHEMA: &'static str = "hwcr-profile-diff/1";
}

/// One of two profiles.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
pub struct Side {
    /// As given on the command line.
    pub profile: String,
    /// The name it gives itself.
    pub name: String,
}

words! {
    /// One of two profiles.
    Which {
        /// The first.
        A = "a",
        /// The second.
        B = "b",
    }
}

/// A feature that one profile has and the other has not.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
pub struct FeatureDifference {
    /// Its name in /proc/cpuinfo.
    pub name: String,
    /// Its macro in the kernel's header.
    pub hwcap: String,
    /// The profile that has it.
    pub only_in: Which,
    /// What it means to a process that moves from A to B.
    pub a_to_b: String,
    /// What it means to a process that moves from B to A.
    pub b_to_a: String,
    /// Rules that look for it.
    pub rules: Vec<String>,
}

/// A value that differs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
pub struct ValueDifference {
    /// The path of its key.
    pub key: String,
    /// On A, for people; `unknown` where the profile does not say.
    pub a: String,
    /// On B, likewise.
    pub b: String,
    /// What it means to a process that moves from A to B; left out where nothing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub a_to_b: Option<String>,
    /// What it means to a process that moves from B to A; left out where nothing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub b_to_a: Option<String>,
}

/// A record to which the two give different answers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
pub struct RecordDifference {
    /// The record, with what distinguishes it from others of its kind.
    pub record: String,
    /// The answer of A.
    pub a: Answer,
    /// The answer of B.
    pub b: Answer,
    /// Why A answers so.
    pub why_a: String,
    /// Why B answers so.
    pub why_b: String,
}
