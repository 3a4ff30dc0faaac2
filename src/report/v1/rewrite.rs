//! Structures of `hwcr-rewrite/1`: what `hwcr rewrite` plans, refuses and did.

#[cfg(test)]
use schemars::JsonSchema;
use serde::Serialize;

use super::{Finding, Hex, Tool, Verdict, words};

words! {
    /// How far a rewriting went.
    Stage {
        /// Nothing needs an edit; nothing was written.
        Nothing = "nothing-to-change",
        /// A blocker would remain; nothing was written.
        CannotMend = "cannot-mend",
        /// A plan; nothing is written yet.
        Planned = "planned",
        /// The edits are made and verified.
        Written = "written",
    }
}

/// What `hwcr rewrite --format json` prints and `--plan` writes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
#[cfg_attr(test, schemars(title = "hwcr-rewrite/1"))]
pub struct Rewrite {
    /// Name and version of this format.
    #[cfg_attr(test, schemars(extend("const" = Rewrite::SCHEMA)))]
    pub schema: &'static str,
    /// The program that wrote it.
    pub tool: Tool,
    /// The image, as given on the command line.
    pub image: String,
    /// The target, as given on the command line.
    pub target: String,
    /// The name the target's profile gives itself.
    pub profile: String,
    /// Profile of the machine the image was dumped on, as given with `--source`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
    /// Whether `--deep` was given: all private writable memory was searched for signal frames.
    pub deep: bool,
    /// The names given with `--allow`.
    pub allowed: Vec<String>,
    /// How far it went.
    pub stage: Stage,
    /// The rewritten image, as given on the command line; the image itself with `--in-place`. Absent
    /// where nothing was written.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub output: Option<String>,
    /// The verdict on the image as it was.
    pub before: Verdict,
    /// The verdict on the rewritten image: found where it was written, foreseen else.
    pub after: Verdict,
    /// The planned edits, in the order they are made.
    pub edits: Vec<Edit>,
    /// What is not edited, and why.
    pub refusals: Vec<Refusal>,
    /// The findings that no edit mends, notes left out.
    pub remaining: Vec<Remaining>,
}

impl Rewrite {
    /// The value of `schema`.
    pub const SCHEMA: &'static str = "hwcr-rewrite/1";
}

/// A planned change.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
pub struct Edit {
    /// Id of the rule whose finding it is made for.
    pub rule: String,
    /// `lossless`, or `lossy:NAME`.
    pub class: String,
    /// What it does, for people.
    pub what: String,
    /// The task.
    pub pid: u32,
    /// The thread.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tid: Option<u32>,
    /// Address in the task.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub address: Option<Hex>,
    /// What the program can notice, of a lossy edit; for people.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub noticed: Option<String>,
    /// What changes in the files.
    pub changes: Vec<Change>,
}

/// A change of one file. Values of fields in `core-*.img` are never shown: keys are among them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
pub struct Change {
    /// The file.
    pub file: String,
    /// `bytes`, `replace`, `delete`, `insert` or `append`; more may come.
    pub operation: String,
    /// First byte, of `bytes`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub offset: Option<u64>,
    /// The entry in the file, from 0, of fields.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub entry: Option<usize>,
    /// The field, of fields: numbers from the entry down, with the occurrence (from 0) in brackets where
    /// it is one of those that stand there (`3[0].24[1]`), and the place among all fields where it is
    /// inserted (`3[0].24@7`).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub field: Option<String>,
    /// What lies there: hexadecimal digits of `bytes`, `0x…` of a number.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub old: Option<String>,
    /// What will lie there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub new: Option<String>,
}

/// Something that is not edited.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
pub struct Refusal {
    /// Id of the rule whose finding stays.
    pub rule: String,
    /// The task.
    pub pid: u32,
    /// The thread.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tid: Option<u32>,
    /// Address in the task.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub address: Option<Hex>,
    /// Why, for people.
    pub why: String,
    /// What would permit an edit.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub allow: Option<Permit>,
    /// Whether a finding among those that remain says it too: text does not say it twice.
    #[serde(skip)]
    pub said_with_finding: bool,
}

/// A name for `--allow`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
pub struct Permit {
    /// The name.
    pub name: String,
    /// What the program can notice of the edit; for people.
    pub noticed: String,
}

/// A finding that stays.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
pub struct Remaining {
    /// The finding, as `hwcr check` reports it.
    pub finding: Finding,
    /// Why it stays, for people, where more can be said than that no edit mends it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
    /// What would permit an edit.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub allow: Vec<Permit>,
}
