//! Structures of `hwcr-inspect/1`: everything that was read from one image.
//!
//! A section that was not asked for (`--only`) is absent; one that was asked for and is empty is `[]`.

#[cfg(test)]
use schemars::JsonSchema;
use serde::Serialize;

use super::Tool;
use super::task::Task;

/// What `hwcr inspect --format json` prints.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
#[cfg_attr(test, schemars(title = "hwcr-inspect/1"))]
pub struct Inspect {
    /// Name and version of this format.
    #[cfg_attr(test, schemars(extend("const" = Inspect::SCHEMA)))]
    pub schema: &'static str,
    /// The program that wrote it.
    pub tool: Tool,
    /// The image, as given on the command line.
    pub image: String,
    /// `aarch64`, or what CRIU calls another architecture.
    pub arch: String,
    /// Whether `--deep` was given: all private writable memory was searched for signal frames.
    pub deep: bool,
    /// What the machine and software that made the image must have been.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub origin: Option<Origin>,
    /// How the image was packed, and what is said of it beside it; absent for a bare image directory.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub export: Option<Export>,
    /// The tasks, parents before children.
    pub tasks: Vec<Task>,
    /// Regular files the tasks map or hold open.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub files: Option<Vec<File>>,
    /// The image directory.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub images: Option<Images>,
}

impl Inspect {
    /// The value of `schema`.
    pub const SCHEMA: &'static str = "hwcr-inspect/1";
}

/// How an image was packed, and what an engine or an image layout says of it. hwcr does not vouch for that.
#[derive(Clone, Debug, PartialEq, Eq, Default, Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
pub struct Export {
    /// `directory`, `tar`, `layout` (an OCI image layout) or `layout-tar`; more may come.
    pub form: String,
    /// `gzip` or `zstd`, where the archive, or the layout's layer, is compressed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub compression: Option<String>,
    /// The layout's blob that holds the image.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub blob: Option<String>,
    /// The directory that holds the image.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub directory: Option<String>,
    /// What is said. Where two places differ, both are there.
    pub statements: Vec<Statement>,
    /// Files that should say something and could not be read, each with the reason.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub unread: Vec<String>,
}

/// What an engine or an image layout says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
pub struct Statement {
    /// What it is about: `engine`, `engine version`, `container`, `criu`, `host kernel`, …; more may come.
    pub what: String,
    /// What is said.
    pub value: String,
    /// The file that says so.
    pub file: String,
    /// The key in it.
    pub key: String,
}

/// What an image tells of its origin.
#[derive(Clone, Debug, PartialEq, Eq, Default, Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
pub struct Origin {
    /// Kernel version in the vDSO's note.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kernel: Option<String>,
    /// Oldest CRIU that can have written the image.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub criu_at_least: Option<String>,
    /// The image was written by a CRIU older than this.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub criu_below: Option<String>,
    /// Statements, each with its ground.
    pub inferences: Vec<Inference>,
    /// What the journal says, where the image was rewritten.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rewritten: Option<Rewritten>,
}

/// What the journal of a rewritten image says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
pub struct Rewritten {
    /// Name and version of the program that rewrote it.
    pub tool: String,
    /// The target it was rewritten for.
    pub target: String,
    /// The edits, oldest first.
    pub edits: Vec<RewrittenEdit>,
}

/// An edit that was made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
pub struct RewrittenEdit {
    /// Id of the rule it was made for.
    pub rule: String,
    /// What it did, for people.
    pub what: String,
}

/// One inferred statement.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
pub struct Inference {
    /// What is inferred.
    pub what: String,
    /// The value, for people.
    pub value: String,
    /// Why.
    pub ground: String,
}

/// A place in the image directory.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
pub struct At {
    /// File name (`parent/` in front for each step up the chain of parent images).
    pub file: String,
    /// First byte.
    pub offset: u64,
}

/// A file with a path that a task maps, holds open or stands in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
pub struct File {
    /// CRIU's file id.
    pub id: u32,
    /// Path in the task's mount namespace.
    pub name: String,
    /// Size in bytes at the dump, where saved.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub size: Option<u64>,
    /// GNU build id, hexadecimal digits, where saved.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub build_id: Option<String>,
    /// `used`, or why what was found by that name below `--rootfs` is not; absent where nothing was looked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rootfs: Option<String>,
    /// What tasks use it for: `executable`, `mapped code`, `open`, …; more may come. None for a file that no task is shown
    /// to use.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub uses: Vec<FileUse>,
    /// Where the restore finds it: `root` (the root file system), `link` (there, as `link_remap.N`), `device` (`/dev`),
    /// `image`, `kernel` (`/proc`, a terminal, …), `engine` (an external mount) or `mount`; more may come.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lies: Option<String>,
    /// Type and permission bits at the dump, octal, where saved.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mode: Option<String>,
    /// What was found of it below `--target-rootfs`; absent where nothing was looked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub target: Option<TargetFile>,
}

/// What tasks use a file for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
pub struct FileUse {
    /// What for.
    pub what: String,
    /// The tasks.
    pub pids: Vec<u32>,
}

/// A file on the restoring side, compared as CRIU compares it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
pub struct TargetFile {
    /// Whether CRIU would accept it: nothing that it compares differs.
    pub same: bool,
    /// In what it differs, for people.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub differences: Vec<String>,
    /// Whether the image has nothing to compare its content by but the size.
    pub content_is_given: bool,
}

/// The image directory.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
pub struct Images {
    /// `img_version` of the inventory.
    pub img_version: u32,
    /// Run id of the dump.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub criu_run_id: Option<String>,
    /// CRIU plugins the dump used.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub plugins: Vec<String>,
    /// Every file of the directory, by name.
    pub entries: Vec<Image>,
    /// Features of the image format that were met.
    pub format_features: Vec<FormatFeature>,
    /// Fields that no message definition here knows.
    pub unknown_fields: Vec<UnknownField>,
    /// What is damaged or odd.
    pub anomalies: Vec<Anomaly>,
}

/// One file of the image directory.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
pub struct Image {
    /// File name.
    pub name: String,
    /// Bytes.
    pub size: u64,
    /// `image`, `raw`, `other`, or `unknown` (an image with a magic word that has no name here).
    pub kind: String,
    /// CRIU's name of an image (`CORE`), a raw file's name, or the unknown magic word.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub what: Option<String>,
}

/// A feature of the image format.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
pub struct FormatFeature {
    /// Short name.
    pub name: String,
    /// What it is, for people.
    pub what: String,
    /// First CRIU release that knows it.
    pub since: String,
    /// What an older CRIU does with it: `breaks`, `loses` or `ignores`.
    pub older: String,
    /// Where it was met first.
    #[serde(flatten)]
    pub at: At,
}

/// A field without a definition.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
pub struct UnknownField {
    /// Message name.
    pub message: String,
    /// Field number.
    pub number: u32,
    /// How often it was met.
    pub count: u64,
    /// Where it was met first.
    #[serde(flatten)]
    pub at: At,
}

/// Something damaged or odd.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
pub struct Anomaly {
    /// What kind; more may come.
    pub kind: String,
    /// Task it belongs to, if one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pid: Option<u32>,
    /// Where it shows.
    #[serde(flatten)]
    pub at: At,
    /// What was found, for people.
    pub detail: String,
}
