//! What a row of the table of messages says.

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
    /// What the registers printed behind it must say.
    pub when: When,
    /// A value that this message does not name and the last line of context or hint before it did.
    pub after: Option<&'static str>,
    /// Rules whose findings on the image would explain it.
    pub rules: &'static [&'static str],
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
    /// CRIU writes it in restores that succeed as well.
    Harmless,
    /// It says where and by what the log was written.
    Context,
    /// The restore succeeded.
    Restored,
    /// The restore failed.
    Failed,
    /// The log is that of a dump.
    Dump,
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
            Self::Context => "context",
            Self::Restored | Self::Failed | Self::Dump => "end",
        }
    }
}

/// What becomes of the restore or the task.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// CRIU gives up.
    Fails,
    /// CRIU waits for ever.
    Hangs,
    /// A task dies.
    Dies,
}

/// What the registers that the kernel prints behind a message must say for a row to be its.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum When {
    /// Nothing.
    Always,
    /// PC has bits set above a user address: a signed pointer, or one whose signature was refused, was
    /// jumped to.
    PcSigned,
}

/// A CRIU error that names a reason for giving up; the tables change what differs.
pub(super) const ERROR: Row = Row {
    id: "",
    form: Form::Error,
    files: &[],
    patterns: &[],
    role: Role::Cause(Fate::Fails),
    when: When::Always,
    after: None,
    rules: &[],
    unreadable: false,
    summary: "",
    explanation: "",
    help: "",
    sources: &[],
};
