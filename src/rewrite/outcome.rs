//! What a plan leaves: which findings its edits mend, which remain and why, and whether the findings on
//! the rewritten image are those that were foreseen. Pure: findings and a plan in, an answer out.

use std::collections::{BTreeMap, BTreeSet};

use crate::finding::{EditClass, Finding, FindingId, Severity, Subject, Verdict, numbered};
use crate::rule;
use crate::rule_id::RuleId;

use super::edit::{Allowed, Plan, Refusal};

/// At most this many unforeseen findings are named; the first says enough.
const MOST_NAMED: usize = 3;

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

/// Says what becomes of the findings a plan was made for.
///
/// A finding is mended where an edit fixes it and no refusal names it.
#[must_use]
pub fn foresee(plan: &Plan, findings: &[Finding], allowed: &Allowed) -> Outcome {
    let mut fixed: BTreeSet<FindingId> = BTreeSet::new();
    let mut left: BTreeSet<FindingId> = BTreeSet::new();
    for edit in &plan.edits {
        fixed.extend(&edit.fixes);
        left.extend(&edit.leaves);
    }
    let mut refused: BTreeMap<FindingId, Vec<&Refusal>> = BTreeMap::new();
    for refusal in &plan.refusals {
        for id in &refusal.findings {
            refused.entry(*id).or_default().push(refusal);
        }
    }
    let fates: Vec<Fate> = numbered(findings)
        .map(|(id, finding)| {
            let refusals = refused.get(&id).map_or(&[][..], Vec::as_slice);
            if fixed.contains(&id) && refusals.is_empty() {
                return Fate::Mended;
            }
            let mut reasons: Vec<&str> = Vec::new();
            for refusal in refusals {
                if !reasons.contains(&refusal.why.as_str()) {
                    reasons.push(&refusal.why);
                }
            }
            let mut allow: Vec<&'static str> = Vec::new();
            for name in refusals.iter().filter_map(|refusal| refusal.allow) {
                if !allow.contains(&name) && !allowed.permits(EditClass::Lossy(name)) {
                    allow.push(name);
                }
            }
            let why = if !reasons.is_empty() {
                Some(reasons.join("; "))
            } else if left.contains(&id) {
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

/// What tells findings apart before and after.
///
/// Findings of two judgements have no ids in common. A record stands for its frame, in which it may move.
type Key = (RuleId, Subject);

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
    pub fn new(findings: &[Finding], outcome: &Outcome) -> Self {
        let left = findings
            .iter()
            .zip(&outcome.fates)
            .filter(|(_, fate)| **fate != Fate::Mended)
            .map(|(finding, _)| finding);
        Self {
            before: counted(findings),
            left: counted(left),
        }
    }

    /// Holds the findings on the rewritten image against it. Fewer findings, and weaker ones, are fine.
    ///
    /// # Errors
    /// One sentence naming findings that were to be mended and are not, that are new, or that weigh more
    /// than before.
    pub fn met_by(&self, findings: &[Finding]) -> Result<(), String> {
        // What an answer takes as given follows from the answer.
        let own = |finding: &&Finding| !follows(finding) && !rule::is_given(finding.rule);
        let after = counted(findings.iter().filter(own));
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
fn name((rule, subject): &Key) -> String {
    let parts: Vec<String> = [
        subject.pid().map(|pid| format!("pid {pid}")),
        subject.tid().map(|tid| format!("tid {tid}")),
        subject.address().map(|address| format!("at {address}")),
    ]
    .into_iter()
    .flatten()
    .collect();
    if parts.is_empty() {
        rule.to_string()
    } else {
        format!("{rule} ({})", parts.join(" "))
    }
}

fn counted<'a>(findings: impl IntoIterator<Item = &'a Finding>) -> BTreeMap<Key, Counts> {
    let mut all: BTreeMap<Key, Counts> = BTreeMap::new();
    for finding in findings {
        let subject = finding.subject.clone().in_its_frame();
        let [blockers, open, every] = all.entry((finding.rule.id, subject)).or_default();
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
