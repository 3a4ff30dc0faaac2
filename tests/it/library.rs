//! The library as its users go through it: open, facts, check, plan, apply.

use std::fs;
use std::path::Path;

use hwcr::image::{recover, undo};
use hwcr::rewrite::engine::Recovered;
use hwcr::rule_id::RuleId;
use hwcr::{Allowed, Destination, Error, Image, Options, Question, Verdict, profile};

/// A copy of a fixture image that may be written to.
fn copy(image: &str) -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    for entry in fs::read_dir(Path::new("tests/fixtures/images").join(image)).unwrap() {
        let entry = entry.unwrap();
        fs::copy(entry.path(), dir.path().join(entry.file_name())).unwrap();
    }
    dir
}

fn open(path: &Path) -> Image {
    Image::open(path, &Options::default()).unwrap()
}

fn allowed(names: &[&str]) -> Allowed {
    let mut allowed = Allowed::default();
    allowed
        .names
        .extend(names.iter().map(|name| (*name).to_owned()));
    allowed
}

/// Masked words no longer say what the tasks were told; the journal does, and an image is never judged without it.
#[test]
fn what_an_edit_hides_is_remembered() {
    let dir = copy("idle@a64fx@new");
    let target = profile::resolve("neoverse-n1").unwrap();
    let question = Question::about(&target);
    let image = open(dir.path());
    let before = image.facts().check(&question);
    assert_eq!(before.verdict, Verdict::Indeterminate);

    let rewriting = image.facts().plan(&question, &allowed(&["mask-hwcap"]));
    assert!(!rewriting.plan.edits.is_empty());
    assert_eq!(rewriting.before.findings, before.findings);
    let verdict = image.apply(&rewriting, Destination::InPlace).unwrap();
    assert_eq!(verdict, Verdict::Indeterminate);
    assert_eq!(verdict, rewriting.outcome.verdict);

    let after = open(dir.path()).facts().check(&question);
    assert_eq!(after.verdict, Verdict::Indeterminate);
    let told = |findings: &[hwcr::Finding]| {
        let told = findings
            .iter()
            .find(|finding| finding.rule.id == RuleId::Hwc001);
        told.map(|finding| finding.features.clone())
    };
    assert!(told(&before.findings).is_some());
    assert_eq!(told(&after.findings), told(&before.findings));

    assert_eq!(recover(dir.path()).unwrap(), Recovered::Clean);
    undo(dir.path()).unwrap();
    assert_eq!(
        open(dir.path()).facts().check(&question).findings,
        before.findings
    );
}

#[test]
fn what_leaves_a_blocker_or_changes_nothing_is_not_applied() {
    let source = Path::new("tests/fixtures/images");
    let out = tempfile::tempdir().unwrap();
    let out = out.path().join("out");
    let target = profile::resolve("neoverse-n1").unwrap();
    let refused = |name: &str| {
        let image = open(&source.join(name));
        let rewriting = image
            .facts()
            .plan(&Question::about(&target), &Allowed::default());
        let refused = image.apply(&rewriting, Destination::Copy(&out));
        assert!(!out.exists());
        match refused {
            Err(Error::Plan { why, .. }) => why,
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(refused("sig-sve@neoverse-v1@new"), "leaves what blocks");
    assert_eq!(refused("idle@cortex-a57@new"), "has no edits");
}

#[test]
fn errors_say_what_kind_they_are() {
    let options = Options::default();
    let missing = Image::open("tests/fixtures/nothing", &options).unwrap_err();
    assert!(matches!(missing, Error::Input(_)), "{missing:?}");
    let empty = tempfile::tempdir().unwrap();
    let none = Image::open(empty.path(), &options).unwrap_err();
    assert!(matches!(none, Error::Image(_)), "{none:?}");
    let root = options.rootfs(empty.path().join("nothing")).unwrap_err();
    assert!(matches!(root, Error::Input(_)), "{root:?}");

    let dir = copy("idle@cortex-a57@new");
    fs::write(dir.path().join("hwcr-journal.json"), "{").unwrap();
    let damaged = Image::open(dir.path(), &Options::default()).unwrap_err();
    assert!(matches!(damaged, Error::Journal(_)), "{damaged:?}");
}
