//! Every image that failed on a target, rewritten for it, against what happened when the result was restored there.
//!
//! `rewritten.tsv` has a row for each restore of `truth.tsv` that did not pass, rewritten without options. `allowed.tsv` has
//! one for each that did not pass then either, rewritten with `--source` of the machine it was dumped on and each `--allow`
//! without which it cannot be mended. A row says the stage (`planned`, `cannot-mend`, `nothing-to-change`), the verdict on the
//! result, the kinds of edits, the rules of the findings that remain, and what real CRIU under a real kernel did with it
//! (`-` where nothing was written). `docs/lab.md` says how the tables were made.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "helpers of tests may fail by panicking, and the counts are printed"
)]

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::Value;

#[derive(Debug, PartialEq)]
struct Row {
    image: String,
    target: String,
    options: String,
    before: String,
    said: Said,
    outcome: String,
}

/// What hwcr says of a rewrite, in the words of the tables.
#[derive(Debug, PartialEq)]
struct Said {
    stage: String,
    verdict: String,
    edits: String,
    remains: String,
}

type Counts = BTreeMap<(String, String, String), usize>;

fn rows(table: &str) -> Vec<Row> {
    let text = fs::read_to_string(Path::new("tests/fixtures").join(table)).unwrap();
    text.lines()
        .skip(1)
        .map(|line| {
            let mut cells = line.split('\t').map(ToOwned::to_owned);
            let mut cell = || cells.next().unwrap_or_else(|| panic!("{table}: {line}"));
            Row {
                image: cell(),
                target: cell(),
                options: cell(),
                before: cell(),
                said: Said {
                    stage: cell(),
                    verdict: cell(),
                    edits: cell(),
                    remains: cell(),
                },
                outcome: cell(),
            }
        })
        .collect()
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

/// `2 × HWCR-SVE-001 lossless; HWCR-PAC-001 lossless`, in the order of the plan.
fn edits(report: &Value) -> String {
    let mut kinds: Vec<(String, usize)> = Vec::new();
    for edit in report["edits"].as_array().unwrap() {
        let kind = format!("{} {}", text(&edit["rule"]), text(&edit["class"]));
        match kinds.iter_mut().find(|(seen, _)| *seen == kind) {
            Some((_, count)) => *count += 1,
            None => kinds.push((kind, 1)),
        }
    }
    let cells = kinds.into_iter().map(|(kind, count)| match count {
        1 => kind,
        _ => format!("{count} × {kind}"),
    });
    cell(&cells.collect::<Vec<_>>())
}

/// `HWCR-PAC-001 blocker; HWCR-HWC-001 unproven`: blockers first, without notes.
fn remains(report: &Value) -> String {
    let mut kinds: Vec<(bool, String)> = report["remaining"]
        .as_array()
        .unwrap()
        .iter()
        .map(|remains| &remains["finding"])
        .filter(|finding| finding["severity"] != "note")
        .map(|finding| {
            let kind = format!("{} {}", text(&finding["rule"]), text(&finding["severity"]));
            (finding["severity"] != "blocker", kind)
        })
        .collect();
    kinds.sort();
    kinds.dedup();
    let kinds: Vec<String> = kinds.into_iter().map(|(_, kind)| kind).collect();
    cell(&kinds)
}

fn cell(kinds: &[String]) -> String {
    if kinds.is_empty() {
        "-".to_owned()
    } else {
        kinds.join("; ")
    }
}

/// Rewrites as the row says, and holds it against what the row says.
fn complaint(row: &Row, out: &Path) -> Option<String> {
    let from = Path::new("tests/fixtures/images").join(&row.image);
    let output = Command::new(env!("CARGO_BIN_EXE_hwcr"))
        .arg("rewrite")
        .arg(from)
        .args(["--target", &row.target, "--format", "json", "-o"])
        .arg(out)
        .args(row.options.split(' ').filter(|option| *option != "-"))
        .output()
        .unwrap();
    let what = format!("{} for {} ({})", row.image, row.target, row.options);
    let Ok(report) = serde_json::from_slice::<Value>(&output.stdout) else {
        let error = String::from_utf8_lossy(&output.stderr);
        return Some(format!("{what}: {error}"));
    };
    let said = Said {
        stage: match text(&report["stage"]).as_str() {
            "written" => "planned".to_owned(),
            other => other.to_owned(),
        },
        verdict: text(&report["after"]),
        edits: edits(&report),
        remains: remains(&report),
    };
    let code = match said.verdict.as_str() {
        "compatible" => 0,
        "indeterminate" => 3,
        _ => 1,
    };
    if said != row.said {
        return Some(format!("{what}: {said:?}, not {:?}", row.said));
    }
    if output.status.code() != Some(code) {
        return Some(format!("{what}: ended with {:?}", output.status.code()));
    }
    if out.exists() != (row.said.stage == "planned") || out.exists() != (row.outcome != "-") {
        return Some(format!("{what}: written or not, against the table"));
    }
    let died = !["PASS", "-"].contains(&row.outcome.as_str());
    (died && row.said.verdict == "compatible")
        .then(|| format!("{what}: called compatible, but {}", row.outcome))
}

fn hold_against(table: &str) -> (Vec<Row>, Counts) {
    let rows = rows(table);
    let dir = tempfile::tempdir().unwrap();
    let out = dir.path().join("out");
    let mut counts = Counts::new();
    let mut wrong = Vec::new();
    for row in &rows {
        let key = (
            row.said.stage.clone(),
            row.said.verdict.clone(),
            row.outcome.clone(),
        );
        *counts.entry(key).or_default() += 1;
        wrong.extend(complaint(row, &out));
        if out.exists() {
            fs::remove_dir_all(&out).unwrap();
        }
    }
    println!("stage              verdict        outcome        rows");
    for ((stage, verdict, outcome), count) in &counts {
        println!("{stage:18} {verdict:14} {outcome:14} {count:4}");
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    (rows, counts)
}

/// Rows of `truth.tsv` that did not pass: image, profile of the machine, outcome.
fn failed() -> Vec<(String, String, String)> {
    let text = fs::read_to_string("tests/fixtures/truth.tsv").unwrap();
    text.lines()
        .skip(1)
        .map(|line| line.split('\t').collect::<Vec<_>>())
        .filter(|cells| cells[4] != "PASS")
        .map(|cells| {
            let target = match cells[2] {
                "new" => cells[1].to_owned(),
                kernel => format!("{}@{kernel}", cells[1]),
            };
            (cells[0].to_owned(), target, cells[4].to_owned())
        })
        .collect()
}

fn key(row: &Row) -> (String, String, String) {
    (row.image.clone(), row.target.clone(), row.before.clone())
}

#[test]
fn what_is_written_is_what_was_restored() {
    let (rows, _) = hold_against("rewritten.tsv");
    let here: Vec<_> = rows.iter().map(key).collect();
    assert_eq!(here, failed(), "the rows are those that did not pass");
}

#[test]
fn what_is_written_with_permission_is_what_was_restored() {
    let (rows, _) = hold_against("allowed.tsv");
    let here: Vec<_> = rows.iter().map(key).collect();
    let left: Vec<_> = self::rows("rewritten.tsv")
        .iter()
        .filter(|row| row.outcome != "PASS")
        .map(key)
        .collect();
    assert_eq!(here, left, "the rows are those that did not pass rewritten");
}
