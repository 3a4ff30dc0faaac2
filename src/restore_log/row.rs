//! What a row of the table of messages says.

use super::progress::Stage;
use crate::rule_id::RuleId;

/// A message that CRIU, the kernel or a container engine is known to write.
#[derive(Debug, PartialEq, Eq)]
pub struct Row {
    /// Words joined by `-`, beginning with who writes it; never reused.
    pub id: &'static str,
    /// Whose line it is.
    pub form: Form,
    /// Names of the CRIU source files the line must name; any where there are none.
    pub files: &'static [&'static str],
    /// The message in each of its wordings. `{name}` or `{name:kind}` stands for what it names, as
    /// the module `pattern` says.
    pub patterns: &'static [&'static str],
    /// What it is worth for an explanation.
    pub role: Role,
    /// What else the log must say.
    pub when: When,
    /// Values that this message does not name and the last lines of context or hints of the same task
    /// before it did.
    pub after: &'static [&'static str],
    /// The row that it is instead where one task wrote it at least so many times.
    pub many: Option<(u64, &'static str)>,
    /// Whether nothing but a dump writes it.
    pub dump: bool,
    /// Rules whose findings on the image would explain it.
    pub rules: &'static [RuleId],
    /// Whether an image that hwcr cannot read would explain it.
    pub unreadable: bool,
    /// What happened, in one line.
    pub summary: &'static str,
    /// Why it happens, in a few sentences. `{name}` stands for what the message named.
    pub explanation: &'static str,
    /// What to do next, likewise.
    pub help: &'static str,
    /// Where the text was read: version, file, function.
    pub sources: &'static [&'static str],
}

/// Whose line a message is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// CRIU, `Error (file:line): …`.
    Error,
    /// CRIU, without a level in front; also what it prints on its terminal.
    Info,
    /// The kernel.
    Kernel,
    /// A container engine or the system's journal.
    Tool,
    /// A Java virtual machine.
    Jvm,
    /// Nobody's: what symptoms and versions come to.
    Inferred,
}

impl Form {
    /// The word used in every output.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Error => "CRIU error",
            Self::Info => "CRIU message",
            Self::Kernel => "kernel",
            Self::Tool => "other program",
            Self::Jvm => "JVM",
            Self::Inferred => "conclusion",
        }
    }
}

/// What a message is worth for an explanation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// It names the reason.
    Cause(Fate),
    /// It says what went wrong, not why.
    Symptom(Fate),
    /// It explains a failure that nothing else explains.
    Hint,
    /// It follows from something else that went wrong.
    Consequence,
    /// CRIU writes it in restores that succeed as well. With an explanation it is shown among what did
    /// not stop CRIU, else left out.
    Harmless,
    /// It says where and by what the log was written.
    Context,
    /// It shows how far CRIU had come.
    Reached(Stage),
    /// The restore succeeded.
    Restored,
    /// The restore failed.
    Failed,
    /// The dump succeeded.
    Dump,
    /// The dump failed.
    DumpFailed,
}

impl Role {
    /// The word used in every output.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Cause(_) => "cause",
            Self::Symptom(_) => "symptom",
            Self::Hint => "hint",
            Self::Consequence => "consequence",
            Self::Harmless => "harmless",
            Self::Context | Self::Reached(_) => "context",
            Self::Restored | Self::Failed | Self::Dump | Self::DumpFailed => "end",
        }
    }
}

/// What becomes of the restore or the task.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// CRIU gives up.
    Fails,
    /// CRIU waits forever.
    Hangs,
    /// A task dies.
    Dies,
}

/// What else the log must say for a row to be a message's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum When {
    /// Nothing.
    Always,
    /// The registers the kernel prints behind it: PC has bits set above a user address. A signed pointer,
    /// or one whose signature was refused, was jumped to.
    PcSigned,
    /// The task's `mmap` line before it has the type `MAP_DROPPABLE`, and the log does not name a kernel
    /// that has it.
    Droppable,
}

/// A CRIU error that names a reason for giving up; the tables change what differs.
pub(super) const ERROR: Row = Row {
    id: "",
    form: Form::Error,
    files: &[],
    patterns: &[],
    role: Role::Cause(Fate::Fails),
    when: When::Always,
    after: &[],
    many: None,
    dump: false,
    rules: &[],
    unreadable: false,
    summary: "",
    explanation: "",
    help: "",
    sources: &[],
};
