//! Every verdict against the full cross: `cross/cells.tsv` has a row for each restore of each checkpoint of
//! `cross/images` on the machines that `lab/cross.list` names.

use crate::held;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use hwcr::finding::Verdict;

const CROSS: &str = "tests/fixtures/cross";
/// Rows of cells.tsv.
const ROWS: usize = 2895;

/// Programs whose handlers are left by the end of the process. What their frames hold never reaches the kernel, which no
/// image shows: docs/limits.md. They may be called incompatible and pass.
const NOT_RETURNED_FROM: &[&str] = &["mid-exit-out", "mid-exit-out-sve"];

fn image(name: &str) -> PathBuf {
    Path::new(CROSS).join(format!("images/{name}.tar.gz"))
}

/// What the program was in the middle of.
fn scenario_of(image: &str) -> &str {
    image.split('@').next().unwrap()
}

/// Drops the complaints about frames that no handler returns through, which no image shows.
fn forgive(held: &mut held::Held) {
    held.wrong.retain(|(image, _, complaint)| {
        !(NOT_RETURNED_FROM.contains(&scenario_of(image))
            && complaint.starts_with("called incompatible"))
    });
}

/// With the one program whose handlers do what images do not show.
#[test]
fn no_verdict_of_the_cross_contradicts_what_happened() {
    let root = root_of_midst();
    let held = held::hold_with_root(
        held::rows(&format!("{CROSS}/cells.tsv")),
        image,
        held::machines(CROSS),
        root.path(),
    );
    println!("{}", held.summary());
    held.assert_nothing_wrong();
    assert_eq!(held.rows(), ROWS, "rows of cells.tsv");
    assert_eq!(held.count("PASS", Verdict::Incompatible), 0);
    // What is proven today stays proven.
    assert!(held.count("PASS", Verdict::Compatible) >= 211);
    assert_eq!(held.count("CRIU-FAILED", Verdict::Incompatible), 170);
}

#[test]
fn images_alone_hide_no_more_than_handlers_that_end_the_process() {
    let mut held = held::hold(
        held::rows(&format!("{CROSS}/cells.tsv")),
        image,
        held::machines(CROSS),
    );
    let total = held.wrong.len();
    forgive(&mut held);
    println!(
        "passed without returning from a handler whose frame would be refused: {}",
        total - held.wrong.len()
    );
    println!("{}", held.summary());
    held.assert_nothing_wrong();
    assert_eq!(held.rows(), ROWS, "rows of cells.tsv");
    // What is proven today stays proven.
    assert!(held.count("PASS", Verdict::Compatible) >= 211);
    assert_eq!(held.count("CRIU-FAILED", Verdict::Incompatible), 170);
}

#[test]
fn naming_the_source_proves_more_and_nothing_wrong() {
    let profile = held::machines(CROSS);
    let mut held = held::hold_with_source(
        held::rows(&format!("{CROSS}/cells.tsv")),
        image,
        held::machines(CROSS),
        |image| Some(profile(&held::source_of(image))),
    );
    forgive(&mut held);
    println!("{}", held.summary());
    held.assert_nothing_wrong();
    assert_eq!(held.rows(), ROWS, "rows of cells.tsv");
    assert!(held.count("PASS", Verdict::Compatible) >= 254);
}

/// With all registers known, moves between machines whose counters or caches differ are left unproven: the programs of
/// the lab keep neither, which only their code shows.
#[test]
fn registers_that_differ_leave_few_moves_unproven() {
    let profile = held::machines_with_registers(CROSS);
    let mut held = held::hold_with_source(
        held::rows(&format!("{CROSS}/cells.tsv")),
        image,
        held::machines_with_registers(CROSS),
        |image| Some(profile(&held::source_of(image))),
    );
    forgive(&mut held);
    println!("{}", held.summary());
    held.assert_nothing_wrong();
    assert_eq!(held.rows(), ROWS, "rows of cells.tsv");
    assert!(held.count("PASS", Verdict::Compatible) >= 254);
}

/// Rows of the images of `lab/src/midst.c`.
fn rows_of_midst() -> Vec<held::Row> {
    let mut rows = held::rows(&format!("{CROSS}/cells.tsv"));
    rows.retain(|row| row.image.starts_with("mid-"));
    rows
}

/// A root directory with that program in it.
fn root_of_midst() -> tempfile::TempDir {
    held::root_with(CROSS, "opt/lab/midst")
}

#[test]
fn code_shows_which_handlers_do_not_return() {
    let root = root_of_midst();
    let profile = held::machines(CROSS);
    let hold = |root: Option<&Path>, wanted: &dyn Fn(&str) -> bool| {
        let mut rows = rows_of_midst();
        rows.retain(|row| wanted(scenario_of(&row.image)));
        match root {
            Some(root) => held::hold_with_root(rows, image, &profile, root),
            None => held::hold(rows, image, &profile),
        }
    };
    let out = |scenario: &str| scenario.contains("-out");
    // The two ways out: nothing contradicts what happened any more.
    let (before, after) = (hold(None, &out), hold(Some(root.path()), &out));
    println!("{}\nwith its code:\n{}", before.summary(), after.summary());
    assert!(before.wrong.len() >= 27, "called incompatible, but passed");
    after.assert_nothing_wrong();
    assert!(
        after.count("PASS", Verdict::Indeterminate) > before.count("PASS", Verdict::Indeterminate)
    );
    // All other handlers return, or are not followed. What is incompatible stays so.
    let returned = |scenario: &str| !out(scenario);
    let (before, after) = (hold(None, &returned), hold(Some(root.path()), &returned));
    println!("{}\nwith its code:\n{}", before.summary(), after.summary());
    after.assert_nothing_wrong();
    assert!(before.incompatible() >= 296);
    assert_eq!(after.incompatible(), before.incompatible());
}

#[test]
fn the_cross_covers_what_it_says() {
    let mut models: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    let mut scenarios: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for row in held::rows(&format!("{CROSS}/cells.tsv")) {
        let (model, kernel) = row.target.split_once('@').unwrap_or((&row.target, "new"));
        let kernel = kernel.to_owned();
        models
            .entry(kernel.clone())
            .or_default()
            .insert(model.to_owned());
        scenarios
            .entry(kernel)
            .or_default()
            .insert(scenario_of(&row.image).to_owned());
    }
    for kernel in ["new", "6.12", "6.1"] {
        assert!(models[kernel].len() >= 12, "models under {kernel}");
        assert!(scenarios[kernel].len() >= 40, "scenarios under {kernel}");
    }
}
