//! Verdicts against restores that ask something of a kernel, a CRIU or a machine: `floors/cells.tsv` has a row for each
//! restore of the images of `lab/src/floors.c` on the machines that `lab/floors.list` names.

use crate::held;

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use hwcr::finding::Finding;
use hwcr::input::{self, Options};
use hwcr::rule::{self, Case};
use hwcr::rule_id::RuleId;
use hwcr::{criu_image, facts};

const FLOORS: &str = "tests/fixtures/floors";

/// Rows of cells.tsv.
const ROWS: usize = 160;

/// What neither image nor code shows. Reports say in a note that it is taken as given: what a parent outside of the image
/// set, and without `--source` what the source's counter counts.
const GIVEN_OF_PARENT: &str = "fl-vl-inherited@";
const GIVEN_OF_SOURCE: &str = "fl-cntfrq@";

/// What the lab shows: a scenario, the kernel that it was dumped under, one that has what it asks for and one that has not,
/// and the words of the failure.
const SHOWN: &[(&str, &str, &str, &str)] = &[
    (
        "fl-droppable@neoverse-n1@6.12",
        "neoverse-n1@6.12",
        "neoverse-n1@6.1",
        "mapping with 0xffffffffffffffea",
    ),
    (
        "fl-guard@neoverse-n1@new",
        "neoverse-n1",
        "neoverse-n1@6.12",
        "MADV_GUARD_INSTALL) failed with -22",
    ),
    (
        "fl-memfd-noexec@neoverse-n1@6.12",
        "neoverse-n1@6.12",
        "neoverse-n1@6.1",
        "Cannot apply seals on memfd",
    ),
    (
        "fl-rseq-64@neoverse-n1@6.12",
        "neoverse-n1@6.12",
        "neoverse-n1@6.1",
        "failed sys_rseq",
    ),
    (
        "fl-cntfrq@neoverse-n1@new",
        "neoverse-n1",
        "neoverse-n1-1ghz",
        "FAIL cntfrq",
    ),
    (
        "fl-vdso-at-324@neoverse-n1@new",
        "neoverse-n1",
        "neoverse-n1@6.12",
        "unhandled exception",
    ),
];

fn rows() -> Vec<held::Row> {
    held::rows(&format!("{FLOORS}/cells.tsv"))
}

fn image(name: &str) -> PathBuf {
    PathBuf::from(format!("{FLOORS}/images/{name}.tar.gz"))
}

/// Whether a contradiction (image, target, complaint) is a restore that failed for what a note says.
fn is_given((image, _, complaint): &(String, String, String), given: &[&str]) -> bool {
    complaint.starts_with("called compatible") && given.iter().any(|start| image.starts_with(start))
}

#[test]
fn no_verdict_contradicts_what_restores_asked_for() {
    let mut held = held::hold(rows(), image, held::machines(FLOORS));
    held.wrong
        .retain(|wrong| !is_given(wrong, &[GIVEN_OF_SOURCE]));
    println!("{}", held.summary());
    held.assert_nothing_wrong();
    assert_eq!(held.rows(), ROWS, "rows of cells.tsv");
}

#[test]
fn naming_the_source_contradicts_nothing_either() {
    let profile = held::machines(FLOORS);
    let held = held::hold_with_source(rows(), image, held::machines(FLOORS), |image| {
        Some(profile(&held::source_of(image)))
    });
    println!("{}", held.summary());
    held.assert_nothing_wrong();
    assert_eq!(held.rows(), ROWS, "rows of cells.tsv");
}

#[test]
fn code_shows_nothing_that_happened_otherwise() {
    let root = held::root_with(FLOORS, "opt/lab/floors");
    let mut held = held::hold_with_root(rows(), image, held::machines(FLOORS), root.path());
    held.wrong
        .retain(|wrong| !is_given(wrong, &[GIVEN_OF_PARENT, GIVEN_OF_SOURCE]));
    println!("{}", held.summary());
    held.assert_nothing_wrong();
    assert_eq!(held.rows(), ROWS, "rows of cells.tsv");
}

#[test]
fn each_floor_is_shown_from_both_sides() {
    let seen: BTreeMap<(String, String), held::Row> = rows()
        .into_iter()
        .map(|row| ((row.image.clone(), row.target.clone()), row))
        .collect();
    for (image, above, below, words) in SHOWN {
        let row = |target: &str| &seen[&((*image).to_owned(), target.to_owned())];
        assert_eq!(row(above).outcome, "PASS", "{image} on {above}");
        assert_ne!(row(below).outcome, "PASS", "{image} on {below}");
        let said = &row(below).seen;
        assert!(said.contains(words), "{image} on {below}: {said}");
    }
}

#[test]
fn what_no_image_shows_fails_on_the_machine_of_the_dump() {
    for row in held::rows(&format!("{FLOORS}/lost.tsv")) {
        assert_eq!(row.outcome, "FAIL", "{}", row.image);
        let source = held::source_of(&row.image);
        assert_eq!(row.target.trim_end_matches("-criu3"), source);
        let lost = PathBuf::from(format!("{FLOORS}/lost/{}.tar.gz", row.image));
        let opened = input::open(&lost, &Options::default()).unwrap();
        let checkpoint = criu_image::load_from(&opened.images).unwrap();
        let facts = facts::collect(&checkpoint, facts::Search::Auto);
        let machine = held::machines(FLOORS)(&row.target);
        let case = Case {
            facts: &facts,
            target: &machine,
            source: Some(&machine),
        };
        let given = |finding: &Finding| finding.rule.id == RuleId::Giv011;
        let findings = rule::judge(&case, &[]).findings;
        assert!(findings.iter().any(given), "{}", row.image);
    }
}

#[test]
fn every_image_is_in_the_table() {
    let packed: BTreeSet<String> = std::fs::read_dir(format!("{FLOORS}/images"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .map(|name| name.trim_end_matches(".tar.gz").to_owned())
        .collect();
    let restored: BTreeSet<String> = rows().into_iter().map(|row| row.image).collect();
    assert_eq!(packed, restored);
}
