//! A target that stands for several machines: every one is judged as it is, and what they answer is joined.
//!
//! Less hardware is not less danger: keys of a PAC machine hang a restore on one without, another default
//! vector length or a newer kernel refuses frames. So what the machines have in common is not judged at all.

use std::collections::HashMap;

use crate::finding::{Finding, Severity, Subject, Verdict};
use crate::profile::model::Profile;
use crate::rule_id::RuleId;

use super::{Case, MemberVerdict, of_machine};

/// What findings must share to be compared in full.
type Key = (RuleId, Subject, String);

/// What the rules say of every member. Findings that say the same of several are one, with their names.
pub(super) fn joined(case: &Case<'_>) -> Vec<Finding> {
    let mut all: Vec<Finding> = Vec::new();
    let mut known: HashMap<Key, Vec<usize>> = HashMap::new();
    // Messages name the target. Under one name equal ones are equal.
    let name = format!("a member of {}", case.target.name);
    for member in &case.target.members {
        let called = Profile {
            name: name.clone(),
            ..member.clone()
        };
        let case = Case {
            target: &called,
            ..*case
        };
        for mut finding in of_machine(&case) {
            let key = (
                finding.rule.id,
                finding.subject.clone(),
                finding.message.clone(),
            );
            let near = known.entry(key).or_default();
            // What a rule says twice of one machine stays two findings.
            let same = near.iter().copied().find(|&at| {
                all.get(at).is_some_and(|other| {
                    other.members.last() != Some(&member.name) && agree(other, &finding)
                })
            });
            if let Some(other) = same.and_then(|at| all.get_mut(at)) {
                other.members.push(member.name.clone());
            } else {
                finding.members = vec![member.name.clone()];
                near.push(all.len());
                all.push(finding);
            }
        }
    }
    for finding in &mut all {
        call_by_name(finding, &name);
    }
    all
}

/// Lets a finding about one member call it by its name instead of `name`.
fn call_by_name(finding: &mut Finding, name: &str) {
    let [member] = finding.members.as_slice() else {
        return;
    };
    let texts = [finding.help.as_mut(), finding.have.as_mut()];
    for text in texts.into_iter().flatten().chain([&mut finding.message]) {
        *text = text.replace(name, member);
    }
}

/// Whether two findings differ in nothing but the machines they are about.
fn agree(one: &Finding, other: &Finding) -> bool {
    let without = |finding: &Finding| Finding {
        members: Vec::new(),
        ..finding.clone()
    };
    without(one) == without(other)
}

/// The verdict on each member; none for a single machine.
pub(super) fn verdicts(target: &Profile, findings: &[Finding]) -> Vec<MemberVerdict> {
    let mut worst: HashMap<&str, Severity> = HashMap::new();
    for finding in findings {
        for member in &finding.members {
            let worst = worst.entry(member).or_insert(finding.severity);
            *worst = finding.severity.min(*worst);
        }
    }
    let of = |member: &Profile| MemberVerdict {
        name: member.name.clone(),
        verdict: Verdict::of_severities(worst.get(member.name.as_str()).copied()),
    };
    target.members.iter().map(of).collect()
}
