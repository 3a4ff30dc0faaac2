//! Unproven findings that the user takes as notes. What blocks is never among them.

use glob::Pattern;

use super::find;
use crate::facts::Facts;
use crate::finding::{Finding, Severity};
use crate::rule_id::RuleId;

/// A chosen rule, with or without a feature and a task, whose unproven findings the user accepts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Accept {
    /// Rule id.
    pub rule: RuleId,
    /// Only findings for which this and no other feature is responsible.
    pub feature: Option<String>,
    /// Only findings in tasks of such a name, or with this pid.
    pub task: Option<Pattern>,
    /// Why, where it was said.
    pub reason: Option<String>,
}

impl Accept {
    /// Reads `RULE` or `RULE:FEATURE`; the rule must exist.
    ///
    /// # Errors
    /// The rule's name, when there is no such rule.
    pub fn parse(text: &str) -> Result<Self, String> {
        let (rule, feature) = match text.split_once(':') {
            Some((rule, feature)) => (rule, Some(feature)),
            None => (text, None),
        };
        let known = find(rule).ok_or_else(|| rule.to_owned())?;
        Ok(Self {
            rule: known.meta.id,
            feature: feature.map(str::to_owned),
            task: None,
            reason: None,
        })
    }

    /// Whether it is about a finding, whatever that weighs.
    #[must_use]
    pub fn is_about(&self, finding: &Finding, facts: &Facts<'_>) -> bool {
        self.rule == finding.rule.id
            && self.feature.as_ref().is_none_or(|feature| {
                !finding.features.is_empty()
                    && finding
                        .features
                        .iter()
                        .all(|of| of.eq_ignore_ascii_case(feature))
            })
            && self.is_in_task(finding, facts)
    }

    fn is_in_task(&self, finding: &Finding, facts: &Facts<'_>) -> bool {
        let Some(task) = &self.task else {
            return true;
        };
        let Some(pid) = finding.pid() else {
            return false;
        };
        let named = facts.checkpoint.tasks.iter().find(|task| task.pid == pid);
        task.matches(&pid.to_string()) || named.is_some_and(|named| task.matches(&named.comm))
    }
}

/// Makes notes of the unproven findings that are accepted; says which acceptances did.
pub(super) fn apply(accepts: &[Accept], facts: &Facts<'_>, findings: &mut [Finding]) -> Vec<bool> {
    let mut used = vec![false; accepts.len()];
    let unproven = findings
        .iter_mut()
        .filter(|finding| finding.severity == Severity::Unproven);
    for finding in unproven {
        for (accept, used) in accepts.iter().zip(&mut used) {
            if accept.is_about(finding, facts) {
                finding.severity = Severity::Note;
                finding.accepted = true;
                // Of several reasons the first is told.
                finding.reason = finding.reason.take().or_else(|| accept.reason.clone());
                *used = true;
            }
        }
    }
    used
}
