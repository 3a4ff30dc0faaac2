//! JSON schemas (draft 2020-12) of what hwcr writes and reads.
//!
//! Those of the reports are generated from [`super::v1`] and committed under `schema/`; a test holds
//! the two together. The profile's is written by hand, as its reader is.

/// A schema and what it describes.
#[derive(Clone, Copy, Debug)]
pub struct Document {
    /// Name on the command line.
    pub name: &'static str,
    /// File under `schema/`.
    pub file: &'static str,
    /// The text.
    pub text: &'static str,
}

/// All schemas.
pub const DOCUMENTS: [Document; 9] = [
    Document {
        name: "report",
        file: "hwcr-report-1.json",
        text: include_str!("../../schema/hwcr-report-1.json"),
    },
    Document {
        name: "result",
        file: "hwcr-result-1.json",
        text: include_str!("../../schema/hwcr-result-1.json"),
    },
    Document {
        name: "inspect",
        file: "hwcr-inspect-1.json",
        text: include_str!("../../schema/hwcr-inspect-1.json"),
    },
    Document {
        name: "rules",
        file: "hwcr-rules-1.json",
        text: include_str!("../../schema/hwcr-rules-1.json"),
    },
    Document {
        name: "rewrite",
        file: "hwcr-rewrite-1.json",
        text: include_str!("../../schema/hwcr-rewrite-1.json"),
    },
    Document {
        name: "log",
        file: "hwcr-log-1.json",
        text: include_str!("../../schema/hwcr-log-1.json"),
    },
    Document {
        name: "profile-show",
        file: "hwcr-profile-show-1.json",
        text: include_str!("../../schema/hwcr-profile-show-1.json"),
    },
    Document {
        name: "profile-diff",
        file: "hwcr-profile-diff-1.json",
        text: include_str!("../../schema/hwcr-profile-diff-1.json"),
    },
    Document {
        name: "profile",
        file: "hwcr-profile-1.json",
        text: include_str!("../../schema/hwcr-profile-1.json"),
    },
];

/// The schema of that name.
#[must_use]
pub fn find(name: &str) -> Option<&'static Document> {
    DOCUMENTS.iter().find(|document| document.name == name)
}
