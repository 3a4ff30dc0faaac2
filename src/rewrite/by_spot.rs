//! The findings of a judgement by what they are about, as planners ask for them.

use std::collections::BTreeMap;

use crate::finding::{Finding, FindingId, Spot, numbered};
use crate::rule_id::RuleId;

/// The findings that planners look for edits for.
#[derive(Clone, Debug)]
pub struct FindingsBySpot<'a> {
    findings: &'a [Finding],
    by_spot: BTreeMap<Spot, Vec<(FindingId, &'a Finding)>>,
}

impl<'a> FindingsBySpot<'a> {
    /// The findings of one judgement.
    #[must_use]
    pub fn new(findings: &'a [Finding]) -> Self {
        let mut by_spot: BTreeMap<Spot, Vec<(FindingId, &Finding)>> = BTreeMap::new();
        for (id, finding) in numbered(findings) {
            if let Some(spot) = finding.subject.spot() {
                by_spot.entry(spot).or_default().push((id, finding));
            }
        }
        Self { findings, by_spot }
    }

    /// The findings of a rule, in the order of the judgement.
    pub fn of_rule(&self, rule: RuleId) -> impl Iterator<Item = (FindingId, &'a Finding)> {
        numbered(self.findings).filter(move |(_, finding)| finding.rule.id == rule)
    }

    /// The findings about a spot, in the order of the judgement.
    #[must_use]
    pub fn at(&self, spot: Spot) -> &[(FindingId, &'a Finding)] {
        self.by_spot.get(&spot).map_or(&[], Vec::as_slice)
    }

    /// The ids of a rule's findings about a spot.
    #[must_use]
    pub fn ids(&self, rule: RuleId, spot: Spot) -> Vec<FindingId> {
        let of_rule = |(_, finding): &&(FindingId, &Finding)| finding.rule.id == rule;
        self.at(spot)
            .iter()
            .filter(of_rule)
            .map(|(id, _)| *id)
            .collect()
    }
}
