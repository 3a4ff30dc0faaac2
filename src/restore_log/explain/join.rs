//! What the image shows of a message: tasks by process id and name, findings, signal frames.

use std::collections::BTreeSet;

use super::{Cause, CauseKind, Certainty, Evidence, FrameMatch, Likelihood, Outcome, Part, Said};
use crate::facts::Facts;
use crate::finding::{Finding, Phase, Severity};
use crate::restore_log::collect::{Entry, Log};
use crate::restore_log::row::{Fate, Form, Role, Row};
use crate::sigframe::model::Liveness;
use crate::units::{Pid, Tid};

/// What the kernel calls a task until CRIU has given it its own name back.
pub(super) const CRIU: &str = "criu";

/// The image and the process ids that logs name.
pub(super) struct Image<'a> {
    evidence: Option<Evidence<'a>>,
    /// Process ids that CRIU's log names.
    pids: BTreeSet<u32>,
    /// Host's and saved process ids.
    saved: Vec<(u32, u32)>,
    /// Whether a log of CRIU is there.
    criu: bool,
}

/// How a message of the kernel relates to the restored tasks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Relation {
    /// It is about one of them, or about CRIU.
    Ours,
    /// Nothing tells.
    Perhaps,
    /// It is about another process.
    Other,
}

impl<'a> Image<'a> {
    pub(super) fn new(logs: &'a [Log], evidence: Option<Evidence<'a>>) -> Self {
        let runs = || logs.iter().filter_map(|log| log.run.as_ref());
        let saved: Vec<(u32, u32)> = runs()
            .flat_map(|run| run.pids.iter().map(|(real, saved)| (*real, *saved)))
            .collect();
        let named = runs()
            .flat_map(|run| &run.entries)
            .filter_map(Entry::about)
            .chain(saved.iter().map(|(real, _)| *real));
        Self {
            evidence,
            pids: named.collect(),
            saved,
            criu: runs().next().is_some(),
        }
    }

    fn facts(&self) -> Option<&'a Facts<'a>> {
        self.evidence.and_then(|evidence| evidence.facts)
    }

    fn findings(&self) -> &'a [Finding] {
        self.evidence.map_or(&[], |evidence| evidence.findings)
    }

    /// Whether a message of the kernel is about one of the restored tasks.
    pub(super) fn relation(&self, entry: &Entry) -> Relation {
        let comm = entry.value("comm");
        let pid = entry.about();
        if entry
            .row
            .is_none_or(|row| row.form == Form::Tool && pid.is_none())
        {
            return Relation::Perhaps;
        }
        if comm == Some(CRIU) || pid.is_some_and(|pid| self.pids.contains(&pid)) {
            return Relation::Ours;
        }
        match self.facts() {
            Some(facts) => {
                let known = self.task(facts, entry).is_some();
                match (comm.is_some() || pid.is_some(), known) {
                    (false, _) => Relation::Perhaps,
                    (true, true) => Relation::Ours,
                    (true, false) => Relation::Other,
                }
            }
            None if self.criu => Relation::Perhaps,
            None => Relation::Ours,
        }
    }

    /// Whether a message is of CRIU, or shown to be about one of the restored tasks.
    pub(super) fn tied(&self, entry: &Entry) -> bool {
        let of_criu = |form| matches!(form, Form::Error | Form::Info | Form::Jvm);
        entry.row.is_none_or(|row| of_criu(row.form)) || self.relation(entry) == Relation::Ours
    }

    /// The task of the image that a message is about: by the id CRIU gave it, by its own, or by its name.
    fn task(&self, facts: &Facts<'_>, entry: &Entry) -> Option<Pid> {
        let about = entry.about();
        let by_id = |wanted: u32| {
            facts.tasks.iter().map(|task| task.task).find(|task| {
                task.pid == Pid(wanted)
                    || task.threads.iter().any(|thread| thread.tid == Tid(wanted))
            })
        };
        let saved = about.and_then(|about| {
            let pair = self.saved.iter().find(|(real, _)| *real == about);
            by_id(pair.map_or(about, |(_, saved)| *saved))
        });
        let comm = entry.value("comm");
        let by_name = || {
            facts.tasks.iter().map(|task| task.task).find(|task| {
                comm.is_some_and(|comm| {
                    task.comm == comm
                        || task
                            .threads
                            .iter()
                            .any(|thread| thread.comm.as_deref() == Some(comm))
                })
            })
        };
        saved.or_else(by_name).map(|task| task.pid)
    }

    /// A message as a cause, with what the image shows of it.
    pub(super) fn cause(&self, said: Said<'a>) -> Cause<'a> {
        let entry = said.entry;
        let Some(row) = entry.row else {
            return Cause {
                kind: CauseKind::UnknownError,
                row: None,
                said: Some(said),
                findings: Vec::new(),
                frame: None,
                image_error: None,
                likelihood: Likelihood::Possible,
            };
        };
        let task = self.facts().and_then(|facts| self.task(facts, entry));
        let frame = self
            .facts()
            .filter(|_| row.role == Role::Cause(Fate::Dies))
            .and_then(|facts| frame(facts, task, entry));
        let found = self.explaining(row, task);
        Cause {
            kind: CauseKind::Message,
            row: Some(row),
            likelihood: match row.role {
                Role::Cause(_) => Likelihood::Probable,
                _ => Likelihood::Possible,
            },
            said: Some(Said {
                part: Part::Cause,
                ..said
            }),
            findings: match frame {
                Some(matched) => of_frame(found, matched),
                None => found,
            },
            frame,
            image_error: self.image_error(row),
        }
    }

    /// What a symptom and the versions in the log come to, with the findings of the row's rules, which judge
    /// the same from the image.
    pub(super) fn inferred(
        &self,
        row: &'static Row,
        said: Option<Said<'a>>,
        likelihood: Likelihood,
    ) -> Cause<'a> {
        Cause {
            kind: CauseKind::Message,
            row: Some(row),
            said,
            findings: self
                .findings()
                .iter()
                .filter(|finding| finding.severity != Severity::Note)
                .filter(|finding| row.rules.contains(&finding.rule.id))
                .collect(),
            frame: None,
            image_error: self.image_error(row),
            likelihood,
        }
    }

    fn image_error(&self, row: &Row) -> Option<&'a str> {
        self.evidence
            .filter(|_| row.unreadable)
            .and_then(|evidence| evidence.error)
    }

    /// The findings of the rules a row names, on this task or on no task.
    fn explaining(&self, row: &Row, task: Option<Pid>) -> Vec<&'a Finding> {
        self.findings()
            .iter()
            .filter(|finding| row.rules.contains(&finding.rule.id))
            .filter(|finding| finding.severity != Severity::Note)
            .filter(|finding| task.is_none() || finding.pid().is_none() || finding.pid() == task)
            .collect()
    }

    /// What only the image shows: what kills after a restore that succeeded, what the machine cannot
    /// restore where no message says why it failed, or that it cannot be read. `None` where it shows
    /// nothing that the causes so far do not show.
    pub(super) fn only_image(
        &self,
        outcome: Outcome,
        certainty: Certainty,
        causes: &[Cause<'a>],
    ) -> Option<Cause<'a>> {
        let evidence = self.evidence?;
        let nothing = Cause {
            kind: CauseKind::Image,
            row: None,
            said: None,
            findings: Vec::new(),
            frame: None,
            image_error: None,
            likelihood: Likelihood::Possible,
        };
        let shown = |finding: &&Finding| {
            causes
                .iter()
                .flat_map(|cause| &cause.findings)
                .any(|known| std::ptr::eq(*known, *finding))
        };
        let found = match outcome {
            Outcome::Restored if evidence.target_named => Cause {
                findings: evidence
                    .findings
                    .iter()
                    .filter(|finding| finding.severity != Severity::Note)
                    .filter(|finding| finding.rule.phase == Phase::Run)
                    .collect(),
                ..nothing
            },
            Outcome::Failed | Outcome::Unfinished | Outcome::Hangs
                if certainty != Certainty::Certain =>
            {
                Cause {
                    findings: evidence
                        .findings
                        .iter()
                        .filter(|finding| finding.severity == Severity::Blocker)
                        .filter(|finding| during(finding) && !shown(finding))
                        .collect(),
                    image_error: evidence.error,
                    ..nothing
                }
            }
            _ => nothing,
        };
        (!found.findings.is_empty() || found.image_error.is_some()).then_some(found)
    }

    /// What the reader must know of the image, without why it cannot be read where a cause says so.
    pub(super) fn remarks(&self, error_told: bool) -> Vec<String> {
        let mut remarks = Vec::new();
        if let Some(evidence) = self.evidence {
            remarks.extend_from_slice(evidence.remarks);
            if let Some(error) = evidence.error {
                if !error_told {
                    remarks.push(format!("the image could not be read: {error}"));
                }
            } else if !evidence.target_named {
                remarks.push(
                    "no --target was given: of the machine only what the log says of it is known"
                        .to_owned(),
                );
            }
        }
        remarks
    }
}

/// Whether a finding shows while CRIU restores.
fn during(finding: &Finding) -> bool {
    finding.rule.phase == Phase::Restore
}

/// The frame that the dead task was returning through: its interrupted PC and SP are the registers the
/// kernel printed. Of several the one a thread owns.
fn frame(facts: &Facts<'_>, task: Option<Pid>, entry: &Entry) -> Option<FrameMatch> {
    let (pc, sp) = (entry.registers.pc?, entry.registers.sp?);
    facts
        .tasks
        .iter()
        .filter(|found| task.is_none() || task == Some(found.task.pid))
        .flat_map(|found| found.frames.iter().map(|frame| (found.task.pid, frame)))
        .filter(|(_, frame)| frame.pc == pc && frame.sp == sp)
        .min_by_key(|(_, frame)| frame.liveness)
        .filter(|(_, frame)| frame.liveness != Liveness::Stale)
        .map(|(pid, frame)| FrameMatch {
            pid,
            tid: frame.tid,
            base: frame.base,
            liveness: frame.liveness,
        })
}

/// Of the findings those that lie in the frame, where some do.
fn of_frame(found: Vec<&Finding>, matched: FrameMatch) -> Vec<&Finding> {
    let inside = |finding: &&&Finding| {
        let spot = finding.subject.spot();
        spot.is_some_and(|spot| spot.pid == matched.pid && spot.frame_base() == Some(matched.base))
    };
    let within: Vec<&Finding> = found.iter().filter(inside).copied().collect();
    if within.is_empty() { found } else { within }
}
