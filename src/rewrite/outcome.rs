//! What a plan leaves: which findings its edits mend, which remain and why, and whether the findings on
//! the rewritten image are those that were foreseen. Pure: findings and a plan in, an answer out.

use std::collections::BTreeMap;

use crate::facts::Facts;
use crate::finding::{EditClass, Finding, Proof, Severity, Verdict};
use crate::rule;
use crate::units::{Addr, AddrRange, Pid, Tid};

use super::edit::{Allowed, Edit, Plan};

/// At most this many unforeseen findings are named; the first says enough.
const MOST_NAMED: usize = 3;

/// Where signal frames lie, by task. Records move within their frame when one in front of them is dropped,
/// so that a finding about a record is known by its frame.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Frames {
    ranges: Vec<(Pid, AddrRange)>,
}

impl Frames {
    /// The frames of all tasks.
    #[must_use]
    pub fn of(facts: &Facts<'_>) -> Self {
        let ranges = facts.tasks.iter().flat_map(|task| {
            task.frames.iter().filter_map(|frame| {
                let end = frame.base.checked_add(frame.size)?;
                Some((task.task.pid, AddrRange::new(frame.base, end)))
            })
        });
        Self {
            ranges: ranges.collect(),
        }
    }

    /// Frames at these addresses.
    #[must_use]
    pub fn at(ranges: Vec<(Pid, AddrRange)>) -> Self {
        Self { ranges }
    }

    /// The base of the frame `address` lies in, or the address itself.
    fn anchor(&self, pid: Option<Pid>, address: Option<Addr>) -> Option<Addr> {
        let address = address?;
        let frame = self
            .ranges
            .iter()
            .find(|(of, range)| Some(*of) == pid && range.contains(address));
        Some(frame.map_or(address, |(_, range)| range.start))
    }
}

/// What a plan leaves.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Outcome {
    /// For each finding, in the order given, whether it is mended or why it remains.
    pub fates: Vec<Fate>,
    /// The verdict that the remaining findings make.
    pub verdict: Verdict,
}

/// What becomes of a finding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fate {
    /// Its edits mend it.
    Mended,
    /// It stays.
    Remains {
        /// Why, where something can be said.
        why: Option<String>,
        /// The names that would permit an edit.
        allow: Vec<&'static str>,
    },
}

impl Outcome {
    /// Whether a blocker remains: then nothing may be written.
    #[must_use]
    pub fn blocked(&self) -> bool {
        self.verdict == Verdict::Incompatible
    }
}

/// Holds a plan against the findings it was made for.
///
/// A finding is mended where an edit concerns it and no refusal does. It concerns it when rule and task are
/// the same and thread and address do not contradict; an address that hits a finding exactly speaks of
/// that one alone, and else any address in the same frame will do.
#[must_use]
pub fn foresee(plan: &Plan, findings: &[Finding], frames: &Frames, allowed: &Allowed) -> Outcome {
    let mut edited = vec![false; findings.len()];
    let rules = |edit: &Edit| {
        std::iter::once(edit.rule)
            .chain(edit.also.clone())
            .collect::<Vec<_>>()
    };
    for (edit, rule) in plan
        .edits
        .iter()
        .flat_map(|edit| rules(edit).into_iter().map(move |rule| (edit, rule)))
    {
        let part = Part {
            rule,
            pid: edit.pid,
            tid: edit.tid,
            address: edit.address,
        };
        for at in part.concerns(findings, frames) {
            if let Some(edited) = edited.get_mut(at) {
                *edited = true;
            }
        }
    }
    let mut refused: Vec<Vec<usize>> = vec![Vec::new(); findings.len()];
    for (number, refusal) in plan.refusals.iter().enumerate() {
        let part = Part {
            rule: refusal.rule,
            pid: refusal.pid,
            tid: refusal.tid,
            address: refusal.address,
        };
        for at in part.concerns(findings, frames) {
            if let Some(refused) = refused.get_mut(at) {
                refused.push(number);
            }
        }
    }
    let fates: Vec<Fate> = findings
        .iter()
        .zip(edited)
        .zip(refused)
        .map(|((finding, edited), refused)| {
            if edited && refused.is_empty() && !stays(finding) {
                return Fate::Mended;
            }
            let refusals = || refused.iter().filter_map(|&at| plan.refusals.get(at));
            let mut reasons: Vec<&str> = Vec::new();
            for refusal in refusals() {
                if !reasons.contains(&refusal.why.as_str()) {
                    reasons.push(&refusal.why);
                }
            }
            let mut allow: Vec<&'static str> = Vec::new();
            for name in refusals().filter_map(|refusal| refusal.allow) {
                if !allow.contains(&name) && !allowed.permits(EditClass::Lossy(name)) {
                    allow.push(name);
                }
            }
            let why = if !reasons.is_empty() {
                Some(reasons.join("; "))
            } else if edited {
                Some("what the process was told cannot be taken back".to_owned())
            } else if finding.edits.is_empty() {
                None
            } else {
                Some("no edit was planned for it".to_owned())
            };
            Fate::Remains { why, allow }
        })
        .collect();
    let verdict = Verdict::of_severities(
        findings
            .iter()
            .zip(&fates)
            .filter(|(_, fate)| **fate != Fate::Mended)
            .map(|(finding, _)| finding.severity),
    );
    Outcome { fates, verdict }
}

/// Whether the finding speaks of what a process was told, which no edit takes back: masking a word changes
/// what is read from now on, and the journal remembers it.
fn stays(finding: &Finding) -> bool {
    finding.proof == Proof::Told && finding.edits.is_empty() && finding.rule.edits.is_empty()
}

/// What an edit or a refusal is about.
struct Part {
    rule: &'static str,
    pid: Pid,
    tid: Option<Tid>,
    address: Option<Addr>,
}

impl Part {
    /// The indices of the findings it is about.
    fn concerns(&self, findings: &[Finding], frames: &Frames) -> Vec<usize> {
        let near: Vec<(usize, &Finding)> = findings
            .iter()
            .enumerate()
            .filter(|(_, finding)| {
                finding.rule.id == self.rule
                    && agrees(finding.pid, Some(self.pid))
                    && agrees(finding.tid, self.tid)
            })
            .collect();
        let exact: Vec<usize> = near
            .iter()
            .filter(|(_, finding)| self.address.is_some() && finding.address == self.address)
            .map(|(at, _)| *at)
            .collect();
        if !exact.is_empty() {
            return exact;
        }
        let anchor = frames.anchor(Some(self.pid), self.address);
        near.into_iter()
            .filter(|(_, finding)| agrees(frames.anchor(Some(self.pid), finding.address), anchor))
            .map(|(at, _)| at)
            .collect()
    }
}

/// Whether two statements do not contradict: one that is missing agrees with all.
fn agrees<T: PartialEq>(one: Option<T>, other: Option<T>) -> bool {
    match (one, other) {
        (Some(one), Some(other)) => one == other,
        _ => true,
    }
}

/// What tells findings apart before and after.
type Key = (&'static str, Option<Pid>, Option<Tid>, Option<Addr>);

/// Findings of a key: blockers, blockers and unproven ones, all.
type Counts = [usize; 3];

/// The findings that may stand on the rewritten image, to be held against those that do.
#[derive(Clone, Debug)]
pub struct Expectation {
    before: BTreeMap<Key, Counts>,
    left: BTreeMap<Key, Counts>,
}

impl Expectation {
    /// What the outcome foresees of the findings it was made for.
    #[must_use]
    pub fn new(findings: &[Finding], outcome: &Outcome, frames: &Frames) -> Self {
        let left = findings
            .iter()
            .zip(&outcome.fates)
            .filter(|(_, fate)| **fate != Fate::Mended)
            .map(|(finding, _)| finding);
        Self {
            before: counted(findings, frames),
            left: counted(left, frames),
        }
    }

    /// Holds the findings on the rewritten image against it. Fewer findings, and weaker ones, are fine.
    ///
    /// # Errors
    /// One sentence naming findings that were to be mended and are not, that are new, or that weigh more
    /// than before.
    pub fn met_by(&self, findings: &[Finding], frames: &Frames) -> Result<(), String> {
        // What an answer takes as given follows from the answer.
        let own = |finding: &&Finding| !follows(finding) && !rule::is_given(finding.rule);
        let after = counted(findings.iter().filter(own), frames);
        let wrong: Vec<String> = after
            .iter()
            .filter_map(|(key, counts)| {
                let left = self.left.get(key).copied().unwrap_or_default();
                let more = counts.iter().zip(left).any(|(now, left)| *now > left);
                more.then(|| {
                    let how = match self.before.get(key) {
                        None => "is new",
                        Some(before) if *before != left => "is still there",
                        Some(_) => "is there more often, or weighs more than before",
                    };
                    format!("{} {how}", name(key))
                })
            })
            .collect();
        if wrong.is_empty() {
            return Ok(());
        }
        let mut text = wrong
            .iter()
            .take(MOST_NAMED)
            .cloned()
            .collect::<Vec<_>>()
            .join(", ");
        if let Some(more @ 1..) = wrong.len().checked_sub(MOST_NAMED) {
            text.push_str(&format!(" and {more} more"));
        }
        Err(format!(
            "the rewritten image is not judged as foreseen: {text}"
        ))
    }
}

/// `HWCR-SVE-001 (pid 12 tid 14 at 0x…)`
fn name((rule, pid, tid, address): &Key) -> String {
    let parts: Vec<String> = [
        pid.map(|pid| format!("pid {pid}")),
        tid.map(|tid| format!("tid {tid}")),
        address.map(|address| format!("at {address}")),
    ]
    .into_iter()
    .flatten()
    .collect();
    if parts.is_empty() {
        (*rule).to_owned()
    } else {
        format!("{rule} ({})", parts.join(" "))
    }
}

fn counted<'a>(
    findings: impl IntoIterator<Item = &'a Finding>,
    frames: &Frames,
) -> BTreeMap<Key, Counts> {
    let mut all: BTreeMap<Key, Counts> = BTreeMap::new();
    for finding in findings {
        let anchor = frames.anchor(finding.pid, finding.address);
        let [blockers, open, every] = all
            .entry((finding.rule.id, finding.pid, finding.tid, anchor))
            .or_default();
        *blockers += usize::from(finding.severity == Severity::Blocker);
        *open += usize::from(finding.severity <= Severity::Unproven);
        *every += 1;
    }
    all
}

#[cfg(test)]
mod tests;

/// Notes that follow from having edited: that the image was rewritten, and that the saved auxv, once it was
/// shortened, is no longer the copy on the stack.
fn follows(finding: &Finding) -> bool {
    finding.severity == Severity::Note
        && [rule::REWRITTEN, rule::AUXV_COPIES].contains(&finding.rule.id)
}
