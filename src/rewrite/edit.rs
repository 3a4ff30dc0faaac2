//! What an edit is: a meaning for people and the bytes it changes.

use crate::finding::{EditClass, FindingId, Spot};
use crate::rule_id::RuleId;
pub use crate::wire::edit::{FieldValue, Operation};

/// Edits for one image and one target, and what cannot be mended.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Plan {
    /// In the order they were planned; no two change the same byte or field.
    pub edits: Vec<Edit>,
    /// What would have to be mended and is not, each with its reason.
    pub refusals: Vec<Refusal>,
}

/// One planned change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Edit {
    /// The rule it is for; of several that of the first finding it fixes.
    pub rule: RuleId,
    /// The findings it fixes. A finding that several edits name needs all of them.
    pub fixes: Vec<FindingId>,
    /// Findings it is about that stay: what the process was told cannot be taken back.
    pub leaves: Vec<FindingId>,
    /// Whether the program can notice it.
    pub class: EditClass,
    /// What it does, in a few words: `drop SVE record (header only)`, `hwcap: −sve −sve2`.
    pub what: String,
    /// What it changes.
    pub spot: Spot,
    /// The bytes: one edit may need several changes, which stand or fall together.
    pub changes: Vec<Change>,
}

/// Bytes that change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// Bytes of a raw image (`pages-N.img`, perhaps with `parent/` in front): replaced in place, the same
    /// number of bytes.
    Bytes {
        /// File, as in [`crate::units::Place`].
        file: String,
        /// First byte.
        offset: u64,
        /// What lies there; applying stops where something else does.
        old: Vec<u8>,
        /// What shall lie there; as long as `old`.
        new: Vec<u8>,
    },
    /// A field of a protobuf entry. Lengths of the messages around it and the entry's size word follow.
    Field {
        /// File.
        file: String,
        /// Index of the entry in the file, from 0.
        entry: usize,
        /// The message the operation works in: (field number, occurrence from 0) from the entry down;
        /// empty for the entry's own message.
        path: Vec<(u32, usize)>,
        /// What is done there.
        operation: Operation,
    },
}

/// Something that is not mended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// The rule whose findings stay.
    pub rule: RuleId,
    /// The findings that stay.
    pub findings: Vec<FindingId>,
    /// What is left as it is.
    pub spot: Spot,
    /// Why there is no edit.
    pub why: String,
    /// The `--allow` name that would permit one, where one would.
    pub allow: Option<&'static str>,
}

/// The lossy edits a user permits, by name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Allowed {
    /// Names as in [`EditClass::Lossy`].
    pub names: Vec<String>,
}

impl Allowed {
    /// Whether an edit of this class may be planned.
    #[must_use]
    pub fn permits(&self, class: EditClass) -> bool {
        match class {
            EditClass::Lossless => true,
            EditClass::Lossy(name) => self.names.iter().any(|allowed| allowed == name),
        }
    }
}
