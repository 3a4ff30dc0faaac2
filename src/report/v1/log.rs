//! `hwcr explain-log --format json`.

use std::collections::BTreeMap;

#[cfg(test)]
use schemars::JsonSchema;
use serde::Serialize;

use super::{Finding, Hex, Liveness, Tool, words};

/// What `hwcr explain-log --format json` prints.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
#[cfg_attr(test, schemars(title = "hwcr-log/1"))]
pub struct LogReport {
    /// Name and version of this format.
    #[cfg_attr(test, schemars(extend("const" = LogReport::SCHEMA)))]
    pub schema: &'static str,
    /// The program that wrote it.
    pub tool: Tool,
    /// The logs, in the order given.
    pub logs: Vec<LogRead>,
    /// The image, as given on the command line.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub image: Option<String>,
    /// The target, as given with `--target`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub target: Option<String>,
    /// The machine of the dump, as given with `--source`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
    /// What became of the restore.
    pub outcome: LogOutcome,
    /// How sure the first cause is.
    pub certainty: Certainty,
    /// The causes, likeliest first; empty where none was found.
    pub causes: Vec<LogCause>,
    /// Every message that says something, and every error that is not known, in the order of the logs
    /// and their lines.
    pub messages: Vec<Message>,
    /// What else to know, as sentences for people.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub remarks: Vec<String>,
}

impl LogReport {
    /// The value of `schema`.
    pub const SCHEMA: &'static str = "hwcr-log/1";
}

words! {
    /// What became of the restore or the dump.
    LogOutcome {
        /// CRIU gave up.
        Failed = "failed",
        /// CRIU waits forever.
        Hangs = "hangs",
        /// A task died, after a restore that succeeded or with no log of it.
        Died = "died",
        /// The restore succeeded, and nothing shows that a task died.
        Restored = "restored",
        /// The log breaks off without an end and without an error.
        Unfinished = "unfinished",
        /// The log is that of a dump that succeeded.
        Dump = "dump",
        /// The log is that of a dump that failed.
        DumpFailed = "dump-failed",
        /// Nothing in the logs is known.
        Unknown = "unknown",
    }
}

words! {
    /// How sure the first cause is.
    Certainty {
        /// It names its reason and nothing unknown came before it, or the image shows it.
        Certain = "certain",
        /// An error that is not known came before it, it names no reason of its own, or not all was read.
        Uncertain = "uncertain",
        /// There is none.
        None = "none",
    }
}

words! {
    /// How likely a cause is.
    Likelihood {
        /// It names its reason, or the image shows it.
        Certain = "certain",
        /// Everything that is known speaks for it.
        Probable = "probable",
        /// It would explain what happened, and so would others.
        Possible = "possible",
    }
}

words! {
    /// Where a cause comes from.
    CauseKind {
        /// A message that is known.
        Message = "message",
        /// An error that is not known, the first that CRIU did not survive.
        UnknownError = "unknown-error",
        /// What the image holds.
        Image = "image",
    }
}

words! {
    /// What a message is worth among the others.
    MessagePart {
        /// It is the cause, or one of them.
        Cause = "cause",
        /// It follows from the cause.
        Consequence = "consequence",
        /// An error that is not known.
        Unknown = "unknown",
        /// CRIU went past it.
        Survived = "survived",
        /// It may have to do with it: CRIU goes on after it at times.
        Perhaps = "perhaps",
        /// It says nothing here.
        Aside = "aside",
        /// It is about another process.
        Unrelated = "unrelated",
        /// How the run ended.
        End = "end",
    }
}

/// A log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
pub struct LogRead {
    /// As given on the command line; `-` is standard input.
    pub name: String,
    /// Lines.
    pub lines: u64,
    /// Bytes read.
    pub bytes: u64,
    /// Set where it is longer than what was read.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    #[cfg_attr(test, schemars(default))]
    pub cut: bool,
    /// Lines that were too long to be read whole.
    #[serde(skip_serializing_if = "is_zero")]
    #[cfg_attr(test, schemars(default))]
    pub cut_lines: u64,
    /// Version of the CRIU that wrote it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub criu: Option<String>,
    /// Release of the kernel CRIU ran on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kernel: Option<String>,
    /// Architecture CRIU ran on, as `uname -m` has it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub arch: Option<String>,
    /// The last line of CRIU, where its log has no end.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last: Option<LastLine>,
    /// The line before the first that tells of a failure, where no cause is certain.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub before_failure: Option<LastLine>,
}

#[allow(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde hands over a reference"
)]
fn is_zero(number: &u64) -> bool {
    *number == 0
}

/// A line that is shown though nothing knows it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
pub struct LastLine {
    /// Counted from 1.
    pub line: u64,
    /// Without its prefix.
    pub text: String,
}

/// A cause.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
pub struct LogCause {
    /// Where it comes from.
    pub kind: CauseKind,
    /// The row of the table that knows it. A symptom that versions explain has the explanation's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// How likely it is.
    pub likelihood: Likelihood,
    /// Index into `messages`; absent where only the image shows it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message: Option<usize>,
    /// What happened, for people.
    pub summary: String,
    /// Why, for people.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub explanation: Option<String>,
    /// What to do next, for people.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub help: Option<String>,
    /// Rules whose findings on an image would explain it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub rules: Vec<String>,
    /// The findings on this image that do.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub findings: Vec<Finding>,
    /// The signal frame that the dead task was returning through.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub frame: Option<DeadFrame>,
    /// Why the image could not be read, where that explains it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub image_error: Option<String>,
    /// Where the text of the message was read: version, file, function.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub sources: Vec<String>,
}

/// A signal frame whose interrupted PC and SP are those of the dead task.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
pub struct DeadFrame {
    /// The task in the image.
    pub pid: u32,
    /// The thread that owns the frame.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tid: Option<u32>,
    /// Its address.
    pub address: Hex,
    /// Whether a thread was to return through it.
    pub liveness: Liveness,
}

/// A message.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
pub struct Message {
    /// Index into `logs`.
    pub log: usize,
    /// Its line, counted from 1.
    pub line: u64,
    /// That line's first byte.
    pub offset: u64,
    /// Microseconds since CRIU began or the machine started.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub time: Option<u64>,
    /// The row of the table that knows it; absent for an error that is not known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// What it is worth here.
    pub part: MessagePart,
    /// The task it is about, as the log numbers it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pid: Option<u32>,
    /// CRIU source file and line it names.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
    /// The message without its prefix.
    pub text: String,
    /// What it means, for people; for those that did not stop CRIU or may not have.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub meaning: Option<String>,
    /// What it named.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub values: BTreeMap<String, String>,
    /// Registers the kernel printed behind it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub registers: Option<DeadRegisters>,
    /// How often it was written.
    pub count: u64,
}

/// Registers of a dead task.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
pub struct DeadRegisters {
    /// Program counter.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pc: Option<Hex>,
    /// Stack pointer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sp: Option<Hex>,
    /// Link register.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lr: Option<Hex>,
}
