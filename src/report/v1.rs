//! Structures of the reports, schema 1. Programs read them: keys may be added, none renamed or
//! removed, and a key never changes its meaning. Parts without a value are left out.
//!
//! Addresses, masks and register values are strings (`"0x…"`), for JSON numbers end at 53 bits in many
//! readers; sizes, offsets and ids are numbers. Nothing depends on the place of the run, and nothing but the expiry of
//! `[[allow]]` entries on its time.

#[cfg(test)]
use std::borrow::Cow;
use std::fmt;

#[cfg(test)]
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Serialize, Serializer};

pub mod frame;
pub mod inspect;
pub mod log;
pub mod profile;
pub mod rewrite;
pub mod task;

/// A number that is written as `0x…`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Hex(pub u128);

impl From<u64> for Hex {
    fn from(value: u64) -> Self {
        Self(value.into())
    }
}

impl From<u32> for Hex {
    fn from(value: u32) -> Self {
        Self(value.into())
    }
}

impl From<crate::units::Addr> for Hex {
    fn from(value: crate::units::Addr) -> Self {
        value.0.into()
    }
}

impl fmt::Display for Hex {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:#x}", self.0)
    }
}

impl Serialize for Hex {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

#[cfg(test)]
impl JsonSchema for Hex {
    fn schema_name() -> Cow<'static, str> {
        "Hex".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "An address, a mask or the value of a register, in hexadecimal.",
            "type": "string",
            "pattern": "^0x[0-9a-f]+$"
        })
    }
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde passes a reference"
)]
fn is_zero(count: &usize) -> bool {
    *count == 0
}

/// Declares an enumeration and the word each value has in every output.
macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($(#[$variant_doc:meta])* $variant:ident = $word:literal),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
        #[cfg_attr(test, derive(schemars::JsonSchema))]
        pub enum $name {
            $($(#[$variant_doc])* #[serde(rename = $word)] $variant),+
        }

        impl $name {
            /// The word used in every output.
            #[must_use]
            pub fn word(self) -> &'static str {
                match self {
                    $(Self::$variant => $word),+
                }
            }
        }
    };
}
use words;

words! {
    /// The answer for one image and one target.
    Verdict {
        /// Nothing found that speaks against it.
        Compatible = "compatible",
        /// Something is unproven, nothing blocks.
        Indeterminate = "indeterminate",
        /// Something blocks.
        Incompatible = "incompatible",
    }
}

words! {
    /// How much a finding weighs.
    Severity {
        /// The restore fails or hangs, or a task is certain to die or to compute wrongly.
        Blocker = "blocker",
        /// It may die or lose state; neither could be shown.
        Unproven = "unproven",
        /// Worth knowing; changes nothing.
        Note = "note",
    }
}

words! {
    /// Whether a thread will still return through a frame.
    Liveness {
        /// Some thread will.
        Live = "live",
        /// Neither could be shown.
        Unknown = "unknown",
        /// No thread will: the bytes are left over.
        Stale = "stale",
    }
}

/// The program that wrote a report.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
pub struct Tool {
    /// `hwcr`.
    pub name: &'static str,
    /// Its version.
    pub version: &'static str,
}

impl Tool {
    /// This build.
    #[must_use]
    pub fn this() -> Self {
        Self {
            name: env!("CARGO_PKG_NAME"),
            version: env!("CARGO_PKG_VERSION"),
        }
    }
}

/// What `hwcr check --format json` prints.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
#[cfg_attr(test, schemars(title = "hwcr-report/1"))]
pub struct Report {
    /// Name and version of this format.
    #[cfg_attr(test, schemars(extend("const" = Report::SCHEMA)))]
    pub schema: &'static str,
    /// The program that wrote it.
    pub tool: Tool,
    /// Profile of the machine the images were dumped on, as given with `--source`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
    /// Whether `--deep` was given: all private writable memory was searched for signal frames.
    pub deep: bool,
    /// One entry for each image and target: all targets of the first image, then of the second, ….
    pub results: Vec<CheckResult>,
    /// The `--accept` options in their order, then the `[[allow]]` entries in theirs; empty when there were none.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub accepts: Vec<AcceptUse>,
}

impl Report {
    /// The value of `schema`.
    pub const SCHEMA: &'static str = "hwcr-report/1";
}

/// A line of what `hwcr check --format json-lines` prints.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
#[cfg_attr(test, schemars(title = "hwcr-result/1"))]
pub struct ResultLine {
    /// Name and version of this format.
    #[cfg_attr(test, schemars(extend("const" = ResultLine::SCHEMA)))]
    pub schema: &'static str,
    /// The program that wrote it.
    pub tool: Tool,
    /// Profile of the machine the image was dumped on, as given with `--source`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
    /// Whether `--deep` was given.
    pub deep: bool,
    /// The answer.
    #[serde(flatten)]
    pub result: CheckResult,
}

impl ResultLine {
    /// The value of `schema`.
    pub const SCHEMA: &'static str = "hwcr-result/1";
}

/// The answer for one image and one target: either `verdict`, `counts` and `findings`, or `error`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
#[cfg_attr(test, schemars(extend("oneOf" = [{"required": ["verdict", "counts", "findings"]}, {"required": ["error"]}])))]
pub struct CheckResult {
    /// The image, as given on the command line.
    pub image: String,
    /// Where in it the checkpoint lies, where it is not that itself: a directory, or a layer of an image layout and the
    /// directory in that.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub directory: Option<String>,
    /// What the image is where it is no plain directory: `tar`, `layout`, `layout-tar`; more may come. The files that
    /// findings name lie in it then.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub form: Option<String>,
    /// The target, as given on the command line; a profile of a folder by its path.
    pub target: String,
    /// The name the target's profile gives itself; its file's, where it cannot be read.
    pub profile: String,
    /// The verdict.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub verdict: Option<Verdict>,
    /// The verdict on each machine of a target that stands for several; left out for a single one.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[cfg_attr(test, schemars(default))]
    pub members: Vec<Member>,
    /// How many findings there are of each severity.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub counts: Option<Counts>,
    /// The findings: blockers first, then unproven ones, then notes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub findings: Option<Vec<Finding>>,
    /// How the workload must be started to fit the target; left out without `--advise`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub advice: Option<Vec<Advice>>,
    /// Why the image or the target's profile could not be read; there is no answer then.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}

/// How a workload must be started so that its checkpoints fit a target, or what nothing helps against.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
pub struct Advice {
    /// What is to be set: `kernel`, `vector-length`, a runtime (`openssl`, `go`, `openjdk`, `glibc`), or `rest`;
    /// more may come.
    pub subject: String,
    /// The tasks it is for; left out where it is for all.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[cfg_attr(test, schemars(default))]
    pub pids: Vec<u32>,
    /// What shows the runtime in the first of them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sign: Option<String>,
    /// The setting, ready to be used; left out where none is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub setting: Option<String>,
    /// The features it keeps the tasks from; without a setting, those nothing keeps them from.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[cfg_attr(test, schemars(default))]
    pub features: Vec<String>,
    /// In a sentence, for people.
    pub what: String,
    /// How it was checked, for people.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub verified: Option<String>,
}

/// A machine that the target stands for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
pub struct Member {
    /// Its name in the target's profile.
    pub name: String,
    /// The verdict on it alone.
    pub verdict: Verdict,
}

/// Findings by severity.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
pub struct Counts {
    /// Blockers.
    pub blocker: usize,
    /// Unproven findings.
    pub unproven: usize,
    /// Notes, accepted findings among them.
    pub note: usize,
    /// How many of the notes are unproven findings that were accepted; left out where none is.
    #[serde(skip_serializing_if = "is_zero")]
    #[cfg_attr(test, schemars(default))]
    pub accepted: usize,
}

/// What a rule says of one demand.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
pub struct Finding {
    /// The rule's id, `HWCR-FAMILY-NNN`.
    pub rule: String,
    /// The rule's short name.
    pub name: String,
    /// How much it weighs.
    pub severity: Severity,
    /// What it rests on: `state`, `chosen`, `version`, `told`, `unknown`, `absent`; more may come.
    pub proof: String,
    /// Set where `--accept`, or an entry in `hwcr.toml`, made a note of an unproven finding.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    #[cfg_attr(test, schemars(default))]
    pub accepted: bool,
    /// The reason that the entry gives.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Names of the target's members it is about; left out where the target is a single machine.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[cfg_attr(test, schemars(default))]
    pub members: Vec<String>,
    /// The task.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pid: Option<u32>,
    /// The thread.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tid: Option<u32>,
    /// Address in the task.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub address: Option<Hex>,
    /// Image file in which it was read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub file: Option<String>,
    /// First byte in that file.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub offset: Option<u64>,
    /// Number of bytes, where known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub length: Option<u64>,
    /// Responsible features, as /proc/cpuinfo spells them.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub features: Vec<String>,
    /// What the target has.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub have: Option<String>,
    /// What the image needs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub need: Option<String>,
    /// One sentence for people; its wording may change.
    pub message: String,
    /// What to do next, for people.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub help: Option<String>,
    /// Edits that would mend it: `lossless`, or `lossy:NAME`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub edits: Vec<String>,
}

/// An `--accept` option, or an `[[allow]]` entry of `hwcr.toml`, and whether it changed anything.
#[derive(Clone, Debug, PartialEq, Eq, Default, Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
pub struct AcceptUse {
    /// The rule's id.
    pub rule: String,
    /// The feature, where one was given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub feature: Option<String>,
    /// Pattern of the images it is for, where an entry has one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub image: Option<String>,
    /// Pattern of the targets it is for, where an entry has one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub target: Option<String>,
    /// Pattern of the tasks it is for, where an entry has one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub task: Option<String>,
    /// The reason that an entry gives.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// The last day on which an entry applies, `YYYY-MM-DD`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expires: Option<String>,
    /// Set where that day was past: the entry changed nothing.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    #[cfg_attr(test, schemars(default))]
    pub expired: bool,
    /// Whether it made a note of at least one finding in any of the results.
    pub used: bool,
}

/// What `hwcr rules --format json` prints.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
#[cfg_attr(test, schemars(title = "hwcr-rules/1"))]
pub struct Rules {
    /// Name and version of this format.
    #[cfg_attr(test, schemars(extend("const" = Rules::SCHEMA)))]
    pub schema: &'static str,
    /// The program that wrote it.
    pub tool: Tool,
    /// Every rule, in the order of the table.
    pub rules: Vec<Rule>,
}

impl Rules {
    /// The value of `schema`.
    pub const SCHEMA: &'static str = "hwcr-rules/1";
}

/// What is known of a rule without running it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
pub struct Rule {
    /// `HWCR-FAMILY-NNN`; never reused.
    pub id: String,
    /// Short name.
    pub name: String,
    /// One line.
    pub summary: String,
    /// Why it is so and what happens.
    pub explanation: String,
    /// Where its facts come from.
    pub sources: Vec<String>,
    /// Restores that show it: image, target and what became of it, as the tables of `docs/lab.md` name them.
    pub seen: Vec<String>,
    /// hwcr version that brought it.
    pub since: String,
    /// Edits that can mend what it finds.
    pub edits: Vec<String>,
}
