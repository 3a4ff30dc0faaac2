//! Every verdict against what really happened: `truth.tsv` has a row for each restore of each image on each
//! machine, done by real CRIU under a real kernel.

#![allow(clippy::unwrap_used, reason = "helpers of tests may fail by panicking")]

use std::collections::BTreeMap;
use std::path::Path;

use hwcr::facts;
use hwcr::finding::{Severity, Verdict};
use hwcr::rule::{self, Case};

struct Row {
    image: String,
    target: String,
    outcome: String,
    seen: String,
}

/// Rules that may honestly leave a restore that succeeded unproven: the image does not hold what decides.
const HONEST: &[&str] = &[
    "HWCR-HWC-001", // told of a feature; whether it is used lies in the code
    "HWCR-HWC-005", // DC ZVA block size; likewise
    "HWCR-PAC-003", // whether a function on the stack was built with branch protection lies in the code
    "HWCR-PAC-004", // an image does not say how its source signs
    "HWCR-UND-001", // whether vector state was live in user code
    "HWCR-UND-003", // whether SME state was live in a system call
    "HWCR-UND-004", // whether FPMR was set
    "HWCR-UND-007", // which vector length the tasks ran with
];

fn rows() -> Vec<Row> {
    let text = std::fs::read_to_string("tests/fixtures/truth.tsv").unwrap();
    text.lines()
        .skip(1)
        .map(|line| {
            let cells: Vec<&str> = line.split('\t').collect();
            let target = match cells[2] {
                "new" => cells[1].to_owned(),
                kernel => format!("{}@{kernel}", cells[1]),
            };
            Row {
                image: cells[0].to_owned(),
                target,
                outcome: cells[4].to_owned(),
                seen: cells[5].to_owned(),
            }
        })
        .collect()
}

#[test]
fn no_verdict_contradicts_what_happened() {
    let mut by_image: BTreeMap<String, Vec<Row>> = BTreeMap::new();
    for row in rows() {
        by_image.entry(row.image.clone()).or_default().push(row);
    }
    let mut counts: BTreeMap<(String, Verdict), usize> = BTreeMap::new();
    let mut reasons: BTreeMap<(bool, &str), usize> = BTreeMap::new();
    let mut wrong = Vec::new();
    for (image, rows) in &by_image {
        let checkpoint =
            hwcr::criu_image::load(&Path::new("tests/fixtures/images").join(image)).unwrap();
        let facts = facts::collect(&checkpoint, facts::Search::Auto);
        for row in rows {
            let target = hwcr::profile::resolve(&row.target).unwrap();
            let case = Case {
                facts: &facts,
                target: &target,
                source: None,
            };
            let judged = rule::judge(&case, &[]);
            *counts
                .entry((row.outcome.clone(), judged.verdict))
                .or_default() += 1;
            let passed = row.outcome == "PASS";
            let mut unproven: Vec<&str> = judged
                .findings
                .iter()
                .filter(|finding| finding.severity == Severity::Unproven)
                .map(|finding| finding.rule.id)
                .collect();
            unproven.dedup();
            if judged.verdict == Verdict::Indeterminate {
                for id in &unproven {
                    *reasons.entry((passed, id)).or_default() += 1;
                }
            }
            let complaint = match (passed, judged.verdict) {
                (false, Verdict::Compatible) => Some("called compatible, but it failed".to_owned()),
                (true, Verdict::Incompatible) => {
                    let blocking: Vec<&str> = judged
                        .findings
                        .iter()
                        .filter(|finding| finding.severity == Severity::Blocker)
                        .map(|finding| finding.rule.id)
                        .collect();
                    Some(format!(
                        "called incompatible for {blocking:?}, but it passed"
                    ))
                }
                (true, Verdict::Indeterminate) => {
                    let dishonest: Vec<_> =
                        unproven.iter().filter(|id| !HONEST.contains(id)).collect();
                    (!dishonest.is_empty())
                        .then(|| format!("passed, but left unproven for {dishonest:?}"))
                }
                _ => None,
            };
            if let Some(complaint) = complaint {
                wrong.push(format!(
                    "{} on {}: {complaint} ({}: {})",
                    row.image, row.target, row.outcome, row.seen
                ));
            }
        }
    }
    println!("outcome            verdict        rows");
    for ((outcome, verdict), count) in &counts {
        println!(
            "{outcome:18} {verdict:14} {count:4}",
            verdict = verdict.word()
        );
    }
    println!("left unproven by:");
    for ((passed, rule), count) in &reasons {
        println!(
            "  {} {rule} {count}",
            if *passed { "passed" } else { "failed" }
        );
    }
    assert!(
        wrong.is_empty(),
        "{} verdicts contradict what happened:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
    assert_eq!(counts.values().sum::<usize>(), 782, "rows of truth.tsv");
    // What is proven today stays proven.
    let count = |outcome: &str, verdict| {
        counts
            .get(&(outcome.to_owned(), verdict))
            .copied()
            .unwrap_or(0)
    };
    assert!(count("PASS", Verdict::Compatible) >= 46);
    assert_eq!(
        count("CRIU-FAILED", Verdict::Incompatible),
        149,
        "what CRIU refuses is known beforehand"
    );
}
