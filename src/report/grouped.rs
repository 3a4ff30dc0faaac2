//! Findings put together, and their places in words: what every report for people needs.

use std::collections::HashMap;

use super::layout::{counted, short_digests};
use super::v1::{CheckResult, Counts, Finding, Hex, Severity, Verdict};

/// Findings that differ in nothing but their place, in the order of the first of each.
pub(super) fn groups(findings: &[Finding]) -> Vec<Vec<&Finding>> {
    let mut groups: Vec<Vec<&Finding>> = Vec::new();
    // An image of many tasks has many findings: only those with the same message are compared.
    let mut by_message: HashMap<(&str, &str), Vec<usize>> = HashMap::new();
    for finding in findings {
        let near = by_message
            .entry((&finding.rule, &finding.message))
            .or_default();
        let same = near.iter().copied().find(|&at| {
            let first = groups.get(at).and_then(|group| group.first());
            first.is_some_and(|first| says_the_same(first, finding))
        });
        match same.and_then(|at| groups.get_mut(at)) {
            Some(group) => group.push(finding),
            None => {
                near.push(groups.len());
                groups.push(vec![finding]);
            }
        }
    }
    groups
}

fn says_the_same(a: &Finding, b: &Finding) -> bool {
    let without_place = |finding: &Finding| Finding {
        pid: None,
        tid: None,
        address: None,
        file: None,
        offset: None,
        length: None,
        ..finding.clone()
    };
    without_place(a) == without_place(b)
}

/// `3 blockers, 1 unproven, 2 notes`, without what there is none of.
pub(super) fn counts(counts: Counts) -> Option<String> {
    let parts: Vec<String> = [
        (counts.blocker, "blocker", "blockers"),
        (counts.unproven, "unproven", "unproven"),
        (counts.note, "note", "notes"),
    ]
    .into_iter()
    .filter(|(count, ..)| *count > 0)
    .map(|(count, one, many)| counted(count, one, many))
    .collect();
    let accepted = (counts.accepted > 0).then(|| format!("{} of them accepted", counts.accepted));
    let parts: Vec<String> = parts.into_iter().chain(accepted).collect();
    (!parts.is_empty()).then(|| parts.join(", "))
}

/// `pid 12 tid 14 at 0x…`
pub(super) fn location(finding: &Finding) -> Option<String> {
    let mut parts = Vec::new();
    parts.extend(finding.pid.map(|pid| format!("pid {pid}")));
    // The leader's id is the task's: once is enough.
    parts.extend(
        finding
            .tid
            .filter(|tid| finding.pid != Some(*tid))
            .map(|tid| format!("tid {tid}")),
    );
    // Most messages about a frame begin with its address.
    let said = |address: &Hex| finding.message.contains(&address.to_string());
    parts.extend(
        finding
            .address
            .filter(|address| !said(address))
            .map(|address| format!("at {address}")),
    );
    (!parts.is_empty()).then(|| parts.join(" "))
}

/// `pages-1.img offset 0x1000`
pub(super) fn place(finding: &Finding) -> Option<String> {
    let file = short_digests(finding.file.as_deref()?);
    Some(match finding.offset {
        Some(offset) => format!("{file} offset {offset:#x}"),
        None => file,
    })
}

/// The rules that make the verdict, each once; nothing where none speaks against it, or where there is none.
pub(super) fn because(result: &CheckResult) -> String {
    let decisive = match result.verdict {
        Some(Verdict::Incompatible) => Severity::Blocker,
        Some(Verdict::Indeterminate) => Severity::Unproven,
        Some(Verdict::Compatible) => {
            // Whoever reads the table must see that it is by leave.
            let accepted = result.counts.unwrap_or_default().accepted;
            return match accepted {
                0 => String::new(),
                _ => counted(accepted, "accepted finding", "accepted findings"),
            };
        }
        None => return String::new(),
    };
    let mut rules: Vec<&str> = Vec::new();
    for finding in result.findings.iter().flatten() {
        if finding.severity == decisive && !rules.contains(&finding.rule.as_str()) {
            rules.push(&finding.rule);
        }
    }
    rules.join(", ")
}

/// `4 results: 2 compatible, 1 incompatible, 1 without an answer`
pub(super) fn summary(results: &[CheckResult]) -> String {
    let parts: Vec<String> = [
        (Some(Verdict::Compatible), "compatible"),
        (Some(Verdict::Indeterminate), "indeterminate"),
        (Some(Verdict::Incompatible), "incompatible"),
        (None, "without an answer"),
    ]
    .into_iter()
    .filter_map(|(verdict, word)| {
        let of = |result: &&CheckResult| result.verdict == verdict;
        match results.iter().filter(of).count() {
            0 => None,
            count => Some(format!("{count} {word}")),
        }
    })
    .collect();
    format!(
        "{}: {}",
        counted(results.len(), "result", "results"),
        parts.join(", ")
    )
}
