//! Explanations of logs as report structures.

use crate::finding::Severity;
use crate::restore_log::{
    self, Cause, Entry, Explanation, FrameMatch, Log, Outcome, Part, Registers, Said,
};
use crate::sigframe::model;

use super::from_judgement::finding_of;
use super::v1::log::{
    CauseKind, Certainty, DeadFrame, DeadRegisters, LastLine, Likelihood, LogCause, LogOutcome,
    LogRead, LogReport, Message, MessagePart,
};
use super::v1::{Liveness, Tool};
use super::words::{self, owned};

/// What was asked about, as the report shows it.
#[derive(Clone, Copy, Debug, Default)]
pub struct Asked<'a> {
    /// The image.
    pub image: Option<&'a str>,
    /// The target.
    pub target: Option<&'a str>,
    /// The machine of the dump.
    pub source: Option<&'a str>,
}

/// The report on logs.
#[must_use]
pub fn report(asked: Asked<'_>, logs: &[Log], explanation: &Explanation<'_>) -> LogReport {
    LogReport {
        schema: LogReport::SCHEMA,
        tool: Tool::this(),
        logs: logs.iter().map(|log| read(log, explanation)).collect(),
        image: asked.image.map(str::to_owned),
        target: asked.target.map(str::to_owned),
        source: asked.source.map(str::to_owned),
        outcome: explanation.outcome.into(),
        certainty: explanation.certainty.into(),
        causes: explanation
            .causes
            .iter()
            .map(|found| cause(found, explanation))
            .collect(),
        messages: explanation.said.iter().map(message).collect(),
        remarks: explanation.remarks.clone(),
    }
}

fn read(log: &Log, explanation: &Explanation<'_>) -> LogRead {
    let run = log.run.as_ref();
    let open = matches!(explanation.outcome, Outcome::Hangs | Outcome::Unfinished);
    let doubtful = explanation.certainty != restore_log::Certainty::Certain
        && matches!(explanation.outcome, Outcome::Failed | Outcome::DumpFailed);
    LogRead {
        name: log.name.clone(),
        lines: log.lines,
        bytes: log.bytes,
        cut: log.cut,
        cut_lines: log.cut_lines,
        criu: run.and_then(|run| run.criu.clone()),
        kernel: run.and_then(|run| run.kernel.clone()),
        arch: run.and_then(|run| run.arch.clone()),
        last: run
            .and_then(|run| run.last.as_ref())
            .filter(|_| open)
            .map(last_line),
        before_failure: run
            .and_then(|run| run.before_failure.as_ref())
            .filter(|_| doubtful)
            .map(last_line),
    }
}

fn last_line(entry: &Entry) -> LastLine {
    LastLine {
        line: entry.line,
        text: entry.text.clone(),
    }
}

fn cause(cause: &Cause<'_>, explanation: &Explanation<'_>) -> LogCause {
    let row = cause.row;
    let said = &explanation.said;
    let filled = |sentence: &str| {
        let values = cause.said.map_or(&[][..], |said| &said.entry.values);
        Some(restore_log::fill(sentence, values)).filter(|text| !text.is_empty())
    };
    let blocked = cause
        .findings
        .iter()
        .any(|finding| finding.severity == Severity::Blocker);
    let unknown = match cause.kind {
        restore_log::CauseKind::Image if cause.image_error.is_some() => "The image cannot be read.",
        restore_log::CauseKind::Image if explanation.outcome != Outcome::Restored => {
            "The image holds what this machine, its kernel or its CRIU cannot restore."
        }
        restore_log::CauseKind::Image if blocked => {
            "The image holds what this machine cannot take; it shows only after the restore."
        }
        restore_log::CauseKind::Image => {
            "The image may hold what this machine cannot take; none of it is proven."
        }
        _ => "hwcr does not know the first error that CRIU did not survive.",
    };
    LogCause {
        kind: cause.kind.into(),
        id: row.map(|row| row.id.to_owned()),
        likelihood: cause.likelihood.into(),
        message: cause.said.and_then(|cause| {
            said.iter()
                .position(|said| std::ptr::eq(said.entry, cause.entry))
        }),
        summary: row
            .and_then(|row| filled(row.summary))
            .unwrap_or_else(|| unknown.to_owned()),
        explanation: row.and_then(|row| filled(row.explanation)),
        help: row.and_then(|row| filled(row.help)),
        rules: row.map_or_else(Vec::new, |row| words::ids(row.rules)),
        findings: cause
            .findings
            .iter()
            .map(|found| finding_of(found))
            .collect(),
        frame: cause.frame.as_ref().map(frame),
        image_error: cause.image_error.map(str::to_owned),
        sources: row.map_or_else(Vec::new, |row| owned(row.sources)),
    }
}

fn frame(frame: &FrameMatch) -> DeadFrame {
    DeadFrame {
        pid: frame.pid.0,
        tid: frame.tid.map(|tid| tid.0),
        address: frame.base.into(),
        liveness: match frame.liveness {
            model::Liveness::Live => Liveness::Live,
            model::Liveness::Unknown => Liveness::Unknown,
            model::Liveness::Stale => Liveness::Stale,
        },
    }
}

fn message(said: &Said<'_>) -> Message {
    let entry = said.entry;
    Message {
        log: said.log,
        line: entry.line,
        offset: entry.offset,
        time: entry.time,
        id: entry.row.map(|row| row.id.to_owned()),
        part: said.part.into(),
        pid: entry.about(),
        source: entry
            .at
            .as_ref()
            .map(|(file, line)| format!("{file}:{line}")),
        text: entry.text.clone(),
        meaning: meaning(said),
        values: entry
            .values
            .iter()
            .map(|(name, value)| ((*name).to_owned(), value.clone()))
            .collect(),
        registers: registers(&entry.registers),
        count: entry.count,
    }
}

/// What a message that is no cause means: shown where a reader would take it for one.
fn meaning(said: &Said<'_>) -> Option<String> {
    let row = said.entry.row?;
    matches!(said.part, Part::Survived | Part::Perhaps)
        .then(|| restore_log::fill(row.summary, &said.entry.values))
}

fn registers(registers: &Registers) -> Option<DeadRegisters> {
    (*registers != Registers::default()).then(|| DeadRegisters {
        pc: registers.pc.map(Into::into),
        sp: registers.sp.map(Into::into),
        lr: registers.lr.map(Into::into),
    })
}

impl From<Outcome> for LogOutcome {
    fn from(outcome: Outcome) -> Self {
        match outcome {
            Outcome::Failed => Self::Failed,
            Outcome::Hangs => Self::Hangs,
            Outcome::Died => Self::Died,
            Outcome::Restored => Self::Restored,
            Outcome::Unfinished => Self::Unfinished,
            Outcome::Dump => Self::Dump,
            Outcome::DumpFailed => Self::DumpFailed,
            Outcome::Unknown => Self::Unknown,
        }
    }
}

impl From<restore_log::Certainty> for Certainty {
    fn from(certainty: restore_log::Certainty) -> Self {
        match certainty {
            restore_log::Certainty::Certain => Self::Certain,
            restore_log::Certainty::Uncertain => Self::Uncertain,
            restore_log::Certainty::None => Self::None,
        }
    }
}

impl From<restore_log::Likelihood> for Likelihood {
    fn from(likelihood: restore_log::Likelihood) -> Self {
        match likelihood {
            restore_log::Likelihood::Certain => Self::Certain,
            restore_log::Likelihood::Probable => Self::Probable,
            restore_log::Likelihood::Possible => Self::Possible,
        }
    }
}

impl From<restore_log::CauseKind> for CauseKind {
    fn from(kind: restore_log::CauseKind) -> Self {
        match kind {
            restore_log::CauseKind::Message => Self::Message,
            restore_log::CauseKind::UnknownError => Self::UnknownError,
            restore_log::CauseKind::Image => Self::Image,
        }
    }
}

impl From<Part> for MessagePart {
    fn from(part: Part) -> Self {
        match part {
            Part::Cause => Self::Cause,
            Part::Consequence => Self::Consequence,
            Part::Unknown => Self::Unknown,
            Part::Survived => Self::Survived,
            Part::Perhaps => Self::Perhaps,
            Part::Aside => Self::Aside,
            Part::Unrelated => Self::Unrelated,
            Part::End => Self::End,
        }
    }
}
