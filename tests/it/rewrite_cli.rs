//! `hwcr rewrite` as it is called, and what it prints of a plan.

use crate::json_schema::Schema;
use crate::program;

use std::fs;
use std::process::Output;

use hwcr::facts::{self, Rewritten, Told};
use hwcr::finding::{EditClass, Finding, FindingId, Proof, Severity, Spot, Verdict, numbered};
use hwcr::report::from_judgement::Pair;
use hwcr::report::from_plan::{self, Asked};
use hwcr::report::layout::Page;
use hwcr::report::v1::rewrite::Rewrite;
use hwcr::report::{rewrite_text, schema};
use hwcr::rewrite::allow;
use hwcr::rewrite::edit::{Allowed, Change, Edit, FieldValue, Operation, Plan, Refusal};
use hwcr::rewrite::outcome;
use hwcr::rule_id::RuleId;
use hwcr::units::{Addr, Pid, Tid, Vl};

use program::text;

const IMAGES: &str = "tests/fixtures/images";

fn run(args: &[&str]) -> Output {
    program::hwcr(&["rewrite"]).args(args).output().unwrap()
}

#[test]
fn wrong_usage_is_2() {
    let cases: [&[&str]; 11] = [
        &[],
        &["dump"],
        &["dump", "-o", "out"],
        &["dump", "--target", "neoverse-n1"],
        &["--target", "neoverse-n1", "-o", "out"],
        &["dump", "--target", "neoverse-n1", "-o", "out", "--in-place"],
        &["dump", "other", "--target", "neoverse-n1", "--dry-run"],
        &["dump", "--undo", "dump"],
        &["--undo", "dump", "--target", "neoverse-n1"],
        &["--undo", "dump", "--dry-run"],
        &["--undo", "dump", "--allow", "strip-pac"],
    ];
    for args in cases {
        let output = run(args);
        assert_eq!(output.status.code(), Some(2), "{args:?}");
        assert!(
            output.stdout.is_empty() && text(&output.stderr).contains("Usage: hwcr rewrite"),
            "{args:?}: {}",
            text(&output.stderr)
        );
    }
}

#[test]
fn a_name_that_permits_nothing_is_2() {
    let complaint = |name: &str| {
        let output = run(&["dump", "-t", "neoverse-n1", "--dry-run", "--allow", name]);
        assert_eq!(output.status.code(), Some(2));
        text(&output.stderr)
    };
    assert_eq!(
        complaint("drop-sve-stat"),
        "error: there is no edit named drop-sve-stat to allow\nhelp: did you mean drop-sve-state?\n"
    );
    let names: Vec<&str> = allow::NAMES.iter().map(|row| row.name).collect();
    assert_eq!(
        complaint("everything"),
        format!(
            "error: there is no edit named everything to allow\nhelp: the names are {}\n",
            names.join(", ")
        )
    );
}

#[test]
fn help_and_the_documentation_know_every_name() {
    let help = text(&run(&["--help"]).stdout);
    let page = fs::read_to_string("docs/rewrite.md").unwrap();
    for row in allow::NAMES {
        assert!(help.contains(row.name), "{}", row.name);
        assert!(
            page.contains(&format!(
                "| `{}` | {} | {} |",
                row.name, row.does, row.noticed
            )),
            "docs/rewrite.md lacks or contradicts {}",
            row.name
        );
    }
}

#[test]
fn an_output_that_exists_is_2_and_untouched() {
    let out = tempfile::tempdir().unwrap();
    let image = format!("{IMAGES}/idle@cortex-a57@new");
    let output = run(&[
        &image,
        "-t",
        "cortex-a72",
        "-o",
        out.path().to_str().unwrap(),
    ]);
    assert_eq!(output.status.code(), Some(2));
    assert!(text(&output.stderr).contains(" exists already\nhelp: "));
    assert_eq!(fs::read_dir(out.path()).unwrap().count(), 0);
}

#[test]
fn undoing_what_was_not_rewritten_is_2() {
    let output = run(&["--undo", &format!("{IMAGES}/idle@cortex-a57@new")]);
    assert_eq!(output.status.code(), Some(2));
    assert!(output.stdout.is_empty() && text(&output.stderr).starts_with("error: "));
}

#[test]
fn a_compatible_image_needs_nothing_and_nothing_is_written() {
    let dir = tempfile::tempdir().unwrap();
    let out = dir.path().join("out");
    let plan = dir.path().join("plan.json");
    let image = format!("{IMAGES}/idle@cortex-a57@new");
    let output = run(&[
        &image,
        "-t",
        "cortex-a72",
        "-o",
        out.to_str().unwrap(),
        "--plan",
        plan.to_str().unwrap(),
    ]);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    assert_eq!(
        text(&output.stdout),
        format!(
            "{image} for cortex-a72: nothing to change\n\nnothing is written; the image is compatible\n"
        )
    );
    assert!(!out.exists());
    let written: serde_json::Value =
        serde_json::from_str(&fs::read_to_string(plan).unwrap()).unwrap();
    assert_eq!(written["stage"], "nothing-to-change");
    assert_valid(&written);
}

#[test]
fn what_cannot_be_mended_is_1_and_nothing_is_written() {
    let dir = tempfile::tempdir().unwrap();
    let out = dir.path().join("out");
    let image = format!("{IMAGES}/handler@x86_64");
    let arguments = [&image, "-t", "neoverse-n1", "-o", out.to_str().unwrap()];
    let output = run(&arguments);
    assert_eq!(output.status.code(), Some(1));
    let told = text(&output.stdout);
    assert!(
        told.starts_with(&format!("{image} for neoverse-n1: cannot be mended\n"))
            && told.contains("blocker HWCR-IMG-001: ")
            && told.contains("no edit mends it"),
        "{told}"
    );
    assert!(!out.exists());
    let json: Vec<&str> = arguments.into_iter().chain(["--format", "json"]).collect();
    let document: serde_json::Value = serde_json::from_slice(&run(&json).stdout).unwrap();
    assert_eq!(document["stage"], "cannot-mend");
    assert_eq!(document["after"], "incompatible");
    assert_valid(&document);
}

#[test]
fn an_image_that_cannot_be_read_is_2() {
    let output = run(&["no/such/image", "-t", "neoverse-n1", "--dry-run"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(text(&output.stderr).starts_with("error: no/such/image: "));
}

fn finding(id: &str, severity: Severity, message: &str) -> Finding {
    let meta = &hwcr::rule::find(id).unwrap().meta;
    let mut finding = Finding::new(meta, severity, Proof::State, message).in_task(Pid(12));
    finding.edits = meta.edits.to_vec();
    finding
}

/// A plan with an edit of each kind and a refusal, and the findings it was made for.
fn sample() -> (Plan, Vec<Finding>) {
    const FRAME: Addr = Addr(0xffff_e1c0_2470);
    let findings = vec![
        finding("HWCR-SVE-001", Severity::Blocker, "no sve").about(Spot::frame(
            Pid(12),
            Some(Tid(14)),
            FRAME,
        )),
        finding("HWCR-PAC-003", Severity::Blocker, "unsigned"),
        finding("HWCR-SYS-001", Severity::Blocker, "too long"),
        finding("HWCR-SME-001", Severity::Unproven, "a TPIDR2 record"),
    ];
    let ids: Vec<FindingId> = numbered(&findings).map(|(id, _)| id).collect();
    let frame = Edit {
        rule: RuleId::Sve001,
        fixes: vec![ids[0]],
        leaves: Vec::new(),
        class: EditClass::Lossy("drop-sve-state"),
        what: "drop SVE record (vl 32, with register state)".to_owned(),
        spot: Spot::frame(Pid(12), Some(Tid(14)), FRAME),
        changes: vec![Change::Bytes {
            file: "pages-1.img".to_owned(),
            offset: 0x470,
            old: vec![1, 0, 0x56, 0x53],
            new: vec![0; 4],
        }],
    };
    let field = |file: &str, operation| Change::Field {
        file: file.to_owned(),
        entry: 0,
        path: vec![(3, 0)],
        operation,
    };
    let keys = Edit {
        rule: RuleId::Pac003,
        fixes: vec![ids[1]],
        leaves: Vec::new(),
        class: EditClass::Lossless,
        what: "add keys with nothing enabled".to_owned(),
        spot: Spot::task(Pid(12)),
        changes: vec![
            field(
                "core-12.img",
                Operation::Replace {
                    number: 1,
                    occurrence: 0,
                    old: FieldValue::Varint(0x5ec1_e75e_c1e7),
                    new: FieldValue::Varint(0x5ec1_e75e_c1e8),
                },
            ),
            field(
                "parent/core-12.img",
                Operation::Append {
                    number: 9,
                    value: FieldValue::Varint(0x5ec1_e75e_c1e7),
                },
            ),
        ],
    };
    let auxv = Edit {
        rule: RuleId::Sys001,
        fixes: vec![ids[2]],
        leaves: Vec::new(),
        class: EditClass::Lossless,
        what: "auxv: leave out AT_HWCAP3".to_owned(),
        spot: Spot::task(Pid(12)),
        changes: vec![
            field(
                "mm-12.img",
                Operation::Delete {
                    number: 13,
                    occurrence: 40,
                },
            ),
            field(
                "mm-12.img",
                Operation::Insert {
                    at: 7,
                    number: 13,
                    value: FieldValue::Varint(0x10),
                },
            ),
        ],
    };
    let refusal = Refusal {
        rule: RuleId::Sme001,
        findings: vec![ids[3]],
        spot: Spot::task(Pid(12)),
        why: "TPIDR2 has a value".to_owned(),
        allow: Some("drop-tpidr2"),
    };
    let plan = Plan {
        edits: vec![frame, keys, auxv],
        refusals: vec![refusal],
    };
    (plan, findings)
}

fn report(plan: &Plan, findings: &[Finding]) -> Rewrite {
    let allowed = Allowed {
        names: vec!["drop-sve-state".to_owned()],
    };
    let outcome = outcome::foresee(plan, findings, &allowed);
    let asked = Asked {
        pair: Pair {
            image: "dump",
            target: "n1.json",
            profile: "neoverse-n1",
        },
        source: None,
        deep: false,
        allowed: &allowed.names,
    };
    from_plan::rewrite(asked, plan, findings, &outcome)
}

fn rendered(report: &Rewrite) -> String {
    let mut out = Vec::new();
    rewrite_text::rewrite(&mut Page::new(&mut out, 80), report).unwrap();
    anstream::adapter::strip_str(&text(&out)).to_string()
}

fn assert_valid(document: &serde_json::Value) {
    let schema: serde_json::Value =
        serde_json::from_str(schema::find("rewrite").unwrap().text).unwrap();
    let validator = Schema::new(&schema);
    let complaints = validator.complaints(document);
    assert!(complaints.is_empty(), "{complaints:#?}");
}

#[test]
fn a_plan_as_text() {
    let (plan, findings) = sample();
    let planned = report(&plan, &findings);
    let mut written = planned.clone();
    from_plan::written(&mut written, "out", Verdict::Indeterminate);
    let mut blocked = findings;
    blocked[3].severity = Severity::Blocker;
    for (name, report) in [
        ("planned", planned),
        ("written", written),
        ("cannot_mend", report(&plan, &blocked)),
    ] {
        insta::assert_snapshot!(format!("rewrite_{name}"), rendered(&report));
    }
}

#[test]
fn a_plan_as_json() {
    let (plan, findings) = sample();
    let document = serde_json::to_value(report(&plan, &findings)).unwrap();
    assert_valid(&document);
    let printed = serde_json::to_string_pretty(&document).unwrap();
    assert!(
        !printed.contains("5ec1"),
        "values of a core image are shown"
    );
    let version = concat!("\"version\": \"", env!("CARGO_PKG_VERSION"), "\"");
    insta::assert_snapshot!(
        "rewrite_plan_json",
        printed.replace(version, "\"version\": \"VERSION\"")
    );
}

/// What a journal remembers is added to what the image says; nothing is taken away.
#[test]
fn a_journal_only_adds() {
    let load = |name: &str| hwcr::criu_image::load(&std::path::Path::new(IMAGES).join(name));
    let checkpoint = load("sig-sve@a64fx@new").unwrap();
    let collect = || facts::collect(&checkpoint, facts::Search::Auto);
    let before = collect();
    let (pid, words) = (before.tasks[0].task.pid, before.tasks[0].told.words);
    let shown = before.tasks[0].shown_vector_lengths();
    assert!(words[0].is_some() && !shown.is_empty() && !shown.contains(&Vl(208)));
    let told = |pid, words, vector_lengths| Told {
        pid,
        words,
        vector_lengths,
    };
    assert_eq!(before.to_remember()[0], told(pid, words, shown.clone()));

    let journal = Rewritten {
        told: vec![
            told(pid, [Some(1 << 60), None, None, Some(2)], vec![Vl(208)]),
            told(Pid(1), [Some(u64::MAX); 4], Vec::new()),
        ],
        ..Rewritten::default()
    };
    let after = collect().with_journal(Some(journal));
    assert_eq!(
        after.tasks[0].told.words,
        [
            words[0].map(|word| word | 1 << 60),
            words[1],
            words[2],
            Some(words[3].unwrap_or(0) | 2)
        ]
    );
    assert!(after.tasks[0].shown_vector_lengths().contains(&Vl(208)));
    assert!(
        shown
            .iter()
            .all(|vl| after.tasks[0].shown_vector_lengths().contains(vl))
    );
    assert_eq!(collect().with_journal(None).tasks[0].told.words, words);
}
