//! What the lines of logs come to: which is the cause, which only follow, and what the image shows of it.

mod decide;
mod infer;
mod join;

use crate::facts::Facts;
use crate::finding::{Finding, Severity};
use crate::sigframe::model::Liveness;
use crate::units::{Addr, Pid, Tid};

use super::collect::{Entry, Log};
use super::row::{Fate, Role, Row};
use decide::Decision;
use join::Image;

/// What is known of the image that was restored.
#[derive(Clone, Copy, Debug, Default)]
pub struct Evidence<'a> {
    /// What was read from it; `None` where it could not be read.
    pub facts: Option<&'a Facts<'a>>,
    /// Why it could not be read.
    pub error: Option<&'a str>,
    /// What the rules say of it and the machine, worst first.
    pub findings: &'a [Finding],
    /// Whether that machine is one the user named. If not, only what the log says of it is known.
    pub target_named: bool,
    /// What else to know of image and machine, as sentences.
    pub remarks: &'a [String],
}

/// What logs come to.
#[derive(Clone, Debug)]
pub struct Explanation<'a> {
    /// What became of the restore.
    pub outcome: Outcome,
    /// How sure the first cause is.
    pub certainty: Certainty,
    /// The causes, likeliest first.
    pub causes: Vec<Cause<'a>>,
    /// All messages, in the order of the logs and their lines.
    pub said: Vec<Said<'a>>,
    /// What else a reader must know, as sentences.
    pub remarks: Vec<String>,
}

/// What became of a restore.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// CRIU gave up.
    Failed,
    /// CRIU waits forever.
    Hangs,
    /// It succeeded, and then a task died; or only the kernel's log is there and shows a death.
    Died,
    /// It succeeded, and nothing shows that a task died.
    Restored,
    /// The log breaks off without an end and without an error.
    Unfinished,
    /// The log is that of a dump that succeeded.
    Dump,
    /// The log is that of a dump that failed.
    DumpFailed,
    /// Nothing in the logs is known.
    Unknown,
}

/// How sure a cause is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Certainty {
    /// The first message that is no consequence of another one is known and names its reason, or the
    /// image holds what kills.
    Certain,
    /// A message before it is not known, or it names no reason of its own.
    Uncertain,
    /// No cause was found.
    None,
}

/// A cause.
#[derive(Clone, Debug)]
pub struct Cause<'a> {
    /// Where it comes from.
    pub kind: CauseKind,
    /// What is known of it; `None` for an error that no row knows and for what only the image shows.
    pub row: Option<&'static Row>,
    /// How likely it is.
    pub likelihood: Likelihood,
    /// The message; `None` where only the image shows it.
    pub said: Option<Said<'a>>,
    /// Findings on the image that explain it, worst first.
    pub findings: Vec<&'a Finding>,
    /// The signal frame whose return the registers of the dead task show.
    pub frame: Option<FrameMatch>,
    /// Why the image could not be read, where that explains it.
    pub image_error: Option<&'a str>,
}

/// How likely a cause is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Likelihood {
    /// It names its reason, or the image shows it.
    Certain,
    /// Everything that is known speaks for it.
    Probable,
    /// It would explain what happened, and so would others.
    Possible,
}

/// Where a cause comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CauseKind {
    /// A message that a row knows.
    Message,
    /// An error that no row knows, and that came first.
    UnknownError,
    /// What the image holds.
    Image,
}

/// A message and what it is worth in this log.
#[derive(Clone, Copy, Debug)]
pub struct Said<'a> {
    /// Index of its log.
    pub log: usize,
    /// The message.
    pub entry: &'a Entry,
    /// What it is worth.
    pub part: Part,
}

/// What a message is worth among the others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// It is the cause, or one of them.
    Cause,
    /// It follows from the cause.
    Consequence,
    /// An error that no row knows.
    Unknown,
    /// The restore succeeded in spite of it.
    Survived,
    /// It may have to do with it: CRIU survives it at times.
    Perhaps,
    /// CRIU writes it in good restores too, or it says nothing here.
    Aside,
    /// It is about a process that is not one of the restored tasks.
    Unrelated,
    /// How the run ended.
    End,
}

/// A signal frame whose interrupted PC and SP are those of the dead task.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FrameMatch {
    /// The task.
    pub pid: Pid,
    /// The thread that owns it, where one does.
    pub tid: Option<Tid>,
    /// Its address.
    pub base: Addr,
    /// Whether a thread was to return through it.
    pub liveness: Liveness,
}

/// Holds logs against each other and against what is known of the image.
#[must_use]
pub fn explain<'a>(logs: &'a [Log], evidence: Option<&Evidence<'a>>) -> Explanation<'a> {
    let image = Image::new(logs, evidence.copied());
    let mut decision = Decision::of(logs, &image);
    let mut causes: Vec<Cause<'a>> = decision
        .causes
        .iter()
        .map(|said| image.cause(*said))
        .collect();
    if causes.is_empty() {
        causes.extend(infer::cause(logs, &decision, &image));
        decision.take_as_cause(causes.first().and_then(|cause| cause.said));
    }
    let mut certainty = match causes.first() {
        None => Certainty::None,
        Some(cause) if cause.said.is_some_and(|said| !image.tied(said.entry)) => {
            Certainty::Uncertain
        }
        Some(cause) => certainty(cause),
    };
    if let Some(found) = image.only_image(decision.outcome, certainty, &causes) {
        if certainty == Certainty::None {
            certainty = if blocks(&found) {
                Certainty::Certain
            } else {
                Certainty::Uncertain
            };
        }
        causes.push(found);
    }
    let incomplete = logs.iter().any(|log| log.cut || log.dropped > 0);
    if incomplete && certainty == Certainty::Certain {
        certainty = Certainty::Uncertain;
    }
    if let Some(first) = causes.first_mut()
        && certainty == Certainty::Certain
    {
        first.likelihood = Likelihood::Certain;
    }
    Explanation {
        outcome: decision.outcome,
        certainty,
        remarks: remarks(logs, &image, &decision, &causes),
        causes,
        said: decision.said,
    }
}

/// How sure a cause is by itself and by what the image shows.
fn certainty(cause: &Cause<'_>) -> Certainty {
    let role = cause.row.map(|row| row.role);
    let shown = cause.image_error.is_some() || blocks(cause);
    match role {
        Some(Role::Cause(_)) => Certainty::Certain,
        Some(Role::Symptom(_) | Role::Hint) if shown => Certainty::Certain,
        _ => Certainty::Uncertain,
    }
}

/// Whether the image holds for certain what the machine cannot take.
fn blocks(cause: &Cause<'_>) -> bool {
    cause
        .findings
        .iter()
        .any(|finding| finding.severity == Severity::Blocker)
}

fn remarks(
    logs: &[Log],
    image: &Image<'_>,
    decision: &Decision<'_>,
    causes: &[Cause<'_>],
) -> Vec<String> {
    let outcome = decision.outcome;
    let mut remarks = Vec::new();
    for log in logs {
        if log.earlier_runs > 0 {
            remarks.push(format!(
                "{}: the last of {} runs of CRIU is explained",
                log.name,
                log.earlier_runs.saturating_add(1)
            ));
        }
        if log.cut {
            remarks.push(format!(
                "{}: only the first {} bytes were read",
                log.name, log.bytes
            ));
        }
        if log.dropped > 0 {
            remarks.push(format!(
                "{}: {} further messages were left out",
                log.name, log.dropped
            ));
        }
        let arch = log.run.as_ref().and_then(|run| run.arch.as_deref());
        if let Some(arch) = arch.filter(|arch| *arch != "aarch64") {
            remarks.push(format!(
                "{}: written on {arch}; hwcr judges arm64 images only",
                log.name
            ));
        }
    }
    let kernel_spoke = logs.iter().any(|log| !log.others.is_empty());
    if outcome == Outcome::Restored && !kernel_spoke {
        remarks.push(
            "no kernel log was given; where a task died after the restore, `sysctl debug.exception-trace=1` \
             makes the kernel say how, in dmesg"
                .to_owned(),
        );
    }
    if outcome == Outcome::Hangs {
        remarks.extend(infer::what_to_end(logs));
    }
    if outcome == Outcome::Dump {
        remarks
            .push("this dump is complete; for a failed restore give the restore's log".to_owned());
    }
    let error_told = causes.iter().any(|cause| cause.image_error.is_some());
    remarks.extend(image.remarks(error_told));
    remarks
}

/// What a fate makes of a restore.
fn outcome_of(fate: Fate) -> Outcome {
    match fate {
        Fate::Fails => Outcome::Failed,
        Fate::Hangs => Outcome::Hangs,
        Fate::Dies => Outcome::Died,
    }
}
