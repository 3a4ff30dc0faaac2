//! Verdicts against restores across page sizes: `pages/cells.tsv` has a row for each restore of checkpoints
//! taken under 16 KiB pages, there and under 4 KiB, and of some taken under 4 KiB under 16 KiB.

use crate::held;

use std::path::{Path, PathBuf};

use hwcr::finding::Verdict;

const PAGES: &str = "tests/fixtures/pages";

fn image(name: &str) -> PathBuf {
    let here = PathBuf::from(format!("{PAGES}/images/{name}.tar.gz"));
    if here.exists() {
        here
    } else {
        Path::new("tests/fixtures/images").join(name)
    }
}

#[test]
fn no_verdict_across_page_sizes_contradicts_what_happened() {
    let held = held::hold(
        held::rows(&format!("{PAGES}/cells.tsv")),
        image,
        held::machines(PAGES),
    );
    println!("{}", held.summary());
    held.assert_nothing_wrong();
    assert_eq!(held.rows(), 33, "rows of cells.tsv");
    // 15 for the size of their pages, 6 for pointer-authentication keys.
    assert_eq!(held.count("CRIU-FAILED", Verdict::Incompatible), 21);
}
