//! What a rule answers, and how answers make a verdict.

mod subject;

use std::fmt;

use crate::rule_id::RuleId;
use crate::units::{Addr, Pid, Place, Tid};

pub use subject::{Part, Spot, Subject};

/// How much a finding weighs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// The restore fails or hangs, or a task is certain to die or to compute wrongly.
    Blocker,
    /// It may die or lose state; neither could be shown.
    Unproven,
    /// Worth knowing; changes nothing.
    Note,
}

impl Severity {
    /// The word used in every output.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Blocker => "blocker",
            Self::Unproven => "unproven",
            Self::Note => "note",
        }
    }
}

/// What a finding rests on, strongest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Proof {
    /// State lies in the image that the target cannot take.
    State,
    /// A decision taken from a CPU feature lies in the image.
    Chosen,
    /// Follows from a kernel's or CRIU's version.
    Version,
    /// The process was told of a feature, and nothing more is known.
    Told,
    /// What would decide is in neither the image nor the profile.
    Unknown,
    /// All that could need the feature was looked at, and nothing does.
    Absent,
}

impl Proof {
    /// The word used in every output.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::State => "state",
            Self::Chosen => "chosen",
            Self::Version => "version",
            Self::Told => "told",
            Self::Unknown => "unknown",
            Self::Absent => "absent",
        }
    }
}

/// A kind of edit that would mend a finding.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum EditClass {
    /// Nothing the program can notice is lost.
    Lossless,
    /// Something is, under this name.
    Lossy(&'static str),
}

impl fmt::Display for EditClass {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Lossless => f.write_str("lossless"),
            Self::Lossy(name) => write!(f, "lossy:{name}"),
        }
    }
}

/// When a rule's findings strike.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Phase {
    /// During the restore: it stops, or hangs.
    Restore,
    /// After a restore that looked successful: tasks die, or compute wrongly.
    Run,
    /// Never by themselves: they speak of a profile, of a journal or of what an answer takes as given.
    None,
}

/// What is known of a rule without running it.
#[derive(Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct RuleMeta {
    /// `HWCR-FAMILY-NNN`; a row in the table of ids.
    pub id: RuleId,
    /// Short name in words joined by `-`.
    pub name: &'static str,
    /// One line.
    pub summary: &'static str,
    /// Why it is so and what happens, in a few sentences.
    pub explanation: &'static str,
    /// Where the facts come from: kernel version and function, CRIU version and file, Arm feature.
    pub sources: &'static [&'static str],
    /// Restores that show it, as `IMAGE on TARGET: OUTCOME` in the lab's tables (`docs/lab.md`); none where no machine
    /// or checkpoint of the lab can.
    pub seen: &'static [&'static str],
    /// When its findings strike.
    pub phase: Phase,
    /// hwcr version that brought the rule.
    pub since: &'static str,
    /// Edits that can mend what it finds.
    pub edits: &'static [EditClass],
}

/// A rule's answer for one demand and one target.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Finding {
    /// The rule.
    pub rule: &'static RuleMeta,
    /// How much it weighs.
    pub severity: Severity,
    /// What it rests on.
    pub proof: Proof,
    /// What it is about.
    pub subject: Subject,
    /// Where it was read.
    pub place: Option<Place>,
    /// Responsible features, as /proc/cpuinfo spells them.
    pub features: Vec<String>,
    /// What the target has.
    pub have: Option<String>,
    /// What the image needs.
    pub need: Option<String>,
    /// One sentence for people.
    pub message: String,
    /// What to do next.
    pub help: Option<String>,
    /// Edits that would mend it.
    pub edits: Vec<EditClass>,
    /// Set when the user accepted an unproven finding, which made it a note.
    pub accepted: bool,
    /// Why, where the user said so.
    pub reason: Option<String>,
    /// Names of the target's members it is about; empty where the target is a single machine.
    pub members: Vec<String>,
}

impl Finding {
    /// A finding without place or help; the builder methods add them.
    #[must_use]
    pub fn new(
        rule: &'static RuleMeta,
        severity: Severity,
        proof: Proof,
        message: impl Into<String>,
    ) -> Self {
        Self {
            rule,
            severity,
            proof,
            subject: Subject::Whole,
            place: None,
            features: Vec::new(),
            have: None,
            need: None,
            message: message.into(),
            help: None,
            edits: Vec::new(),
            accepted: false,
            reason: None,
            members: Vec::new(),
        }
    }

    /// About this.
    #[must_use]
    pub fn about(mut self, subject: impl Into<Subject>) -> Self {
        self.subject = subject.into();
        self
    }

    /// About a whole task.
    #[must_use]
    pub fn in_task(self, pid: Pid) -> Self {
        self.about(Spot::task(pid))
    }

    /// The task, if one.
    #[must_use]
    pub fn pid(&self) -> Option<Pid> {
        self.subject.pid()
    }

    /// The thread, if one.
    #[must_use]
    pub fn tid(&self) -> Option<Tid> {
        self.subject.tid()
    }

    /// Address in the task, if one.
    #[must_use]
    pub fn address(&self) -> Option<Addr> {
        self.subject.address()
    }

    /// Read here.
    #[must_use]
    pub fn read_at(mut self, place: impl Into<Option<Place>>) -> Self {
        self.place = place.into();
        self
    }

    /// Because of these features.
    #[must_use]
    pub fn because_of<S: Into<String>>(mut self, features: impl IntoIterator<Item = S>) -> Self {
        self.features = features.into_iter().map(Into::into).collect();
        self
    }

    /// What the image needs and what the target has.
    #[must_use]
    pub fn need_have(mut self, need: impl Into<String>, have: impl Into<String>) -> Self {
        self.need = Some(need.into());
        self.have = Some(have.into());
        self
    }

    /// What to do next.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// An edit that would mend it.
    #[must_use]
    pub fn mended_by(mut self, edit: EditClass) -> Self {
        self.edits.push(edit);
        self
    }
}

/// A finding of one judgement: its place in the judgement's list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FindingId(usize);

impl FindingId {
    /// Its index in the list.
    #[must_use]
    pub fn index(self) -> usize {
        self.0
    }
}

/// The findings of one judgement with their ids.
pub fn numbered(findings: &[Finding]) -> impl Iterator<Item = (FindingId, &Finding)> + Clone {
    findings
        .iter()
        .enumerate()
        .map(|(index, finding)| (FindingId(index), finding))
}

/// The answer for one image and one target.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Verdict {
    /// Nothing found that speaks against it.
    Compatible,
    /// Something is unproven.
    Indeterminate,
    /// Something blocks.
    Incompatible,
}

impl Verdict {
    /// The verdict that findings make: the worst of them decides.
    #[must_use]
    pub fn of(findings: &[Finding]) -> Self {
        Self::of_severities(findings.iter().map(|finding| finding.severity))
    }

    /// As [`Verdict::of`].
    #[must_use]
    pub fn of_severities(severities: impl IntoIterator<Item = Severity>) -> Self {
        match severities.into_iter().min() {
            Some(Severity::Blocker) => Self::Incompatible,
            Some(Severity::Unproven) => Self::Indeterminate,
            Some(Severity::Note) | None => Self::Compatible,
        }
    }

    /// The word used in every output.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Compatible => "compatible",
            Self::Indeterminate => "indeterminate",
            Self::Incompatible => "incompatible",
        }
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}
