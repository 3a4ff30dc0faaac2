//! Every verdict against what really happened: `truth.tsv` has a row for each restore of each image on each
//! machine, done by real CRIU under a real kernel.

use crate::held;

use std::path::Path;

use hwcr::finding::Verdict;

#[test]
fn no_verdict_contradicts_what_happened() {
    let held = held::hold(
        held::rows("tests/fixtures/truth.tsv"),
        |image| Path::new("tests/fixtures/images").join(image),
        |name| hwcr::profile::resolve(name).unwrap(),
    );
    println!("{}", held.summary());
    held.assert_nothing_wrong();
    assert_eq!(held.rows(), 782, "rows of truth.tsv");
    // What is proven today stays proven.
    assert!(held.count("PASS", Verdict::Compatible) >= 46);
    assert_eq!(
        held.count("CRIU-FAILED", Verdict::Incompatible),
        149,
        "what CRIU refuses is known beforehand"
    );
}

/// Of machines whose registers are known, with the source named.
#[test]
fn registers_that_differ_leave_few_moves_unproven() {
    let profile = held::machines_with_registers("tests/fixtures");
    let held = held::hold_with_source(
        held::rows("tests/fixtures/truth.tsv"),
        |image| Path::new("tests/fixtures/images").join(image),
        held::machines_with_registers("tests/fixtures"),
        |image| Some(profile(&held::source_of(image))),
    );
    println!("{}", held.summary());
    held.assert_nothing_wrong();
    assert!(held.count("PASS", Verdict::Compatible) >= 44);
}

#[test]
fn naming_the_source_proves_more_and_nothing_wrong() {
    let profile = |name: &str| hwcr::profile::resolve(name).unwrap();
    let held = held::hold_with_source(
        held::rows("tests/fixtures/truth.tsv"),
        |image| Path::new("tests/fixtures/images").join(image),
        profile,
        |image| Some(profile(&held::source_of(image))),
    );
    println!("{}", held.summary());
    held.assert_nothing_wrong();
    assert!(held.count("PASS", Verdict::Compatible) >= 68);
}
