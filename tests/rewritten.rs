//! Every image that failed on a target, rewritten for it, against what happened when the result was restored there.
//!
//! `rewritten.tsv` has a row for each restore of `truth.tsv` that did not pass: what `hwcr rewrite` says (`planned`,
//! `cannot-mend`, `nothing-to-change`), its verdict on the result, and what real CRIU under a real kernel did with
//! it (`-` where nothing was written). `docs/lab.md` says how the restores were made.

#![allow(clippy::unwrap_used, reason = "helpers of tests may fail by panicking")]

use std::collections::BTreeMap;
use std::fs;
use std::process::Command;

struct Row<'a> {
    image: &'a str,
    target: &'a str,
    stage: &'a str,
    verdict: &'a str,
    outcome: &'a str,
}

#[test]
fn what_is_written_is_what_was_restored() {
    let table = fs::read_to_string("tests/fixtures/rewritten.tsv").unwrap();
    let dir = tempfile::tempdir().unwrap();
    let mut counts: BTreeMap<(&str, &str, &str), usize> = BTreeMap::new();
    let mut wrong = Vec::new();
    for (at, line) in table.lines().skip(1).enumerate() {
        let cells: Vec<&str> = line.split('\t').collect();
        let [image, target, _, stage, verdict, outcome] = cells[..] else {
            panic!("line {at}: {line}");
        };
        let row = Row {
            image,
            target,
            stage,
            verdict,
            outcome,
        };
        *counts
            .entry((row.stage, row.verdict, row.outcome))
            .or_default() += 1;
        let out = dir.path().join(at.to_string());
        let from = format!("tests/fixtures/images/{}", row.image);
        let output = Command::new(env!("CARGO_BIN_EXE_hwcr"))
            .args([
                "rewrite", &from, "--target", row.target, "--format", "json", "-o",
            ])
            .arg(&out)
            .output()
            .unwrap();
        let said: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap_or_default();
        let stage = if row.stage == "planned" {
            "written"
        } else {
            row.stage
        };
        let code = match row.verdict {
            "compatible" => 0,
            "indeterminate" => 3,
            _ => 1,
        };
        if said["stage"] != stage
            || said["after"] != row.verdict
            || output.status.code() != Some(code)
        {
            let error = String::from_utf8_lossy(&output.stderr);
            wrong.push(format!(
                "{} for {}: {} {} {error}",
                row.image, row.target, said["stage"], said["after"]
            ));
        }
        assert_eq!(
            out.exists(),
            row.stage == "planned",
            "{} for {}: output",
            row.image,
            row.target
        );
        if out.exists() {
            fs::remove_dir_all(out).unwrap();
        }
        let died = row.outcome != "PASS" && row.outcome != "-";
        assert!(
            !(died && row.verdict == "compatible"),
            "{}: called compatible, but it failed",
            row.image
        );
    }
    println!("stage              verdict        outcome        rows");
    for ((stage, verdict, outcome), count) in &counts {
        println!("{stage:18} {verdict:14} {outcome:14} {count:4}");
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert_eq!(
        counts.values().sum::<usize>(),
        451,
        "rows of truth.tsv that did not pass"
    );
}
