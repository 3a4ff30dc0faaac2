//! A dump with `--lazy-pages`, that CRIU made while the source kept most pages: what lies in them stays unknown.
use std::path::Path;

use hwcr::finding::{Severity, Verdict};
use hwcr::rule::{self, Case};
use hwcr::rule_id::RuleId;
use hwcr::{criu_image, facts, profile};

/// `sig-sve`: in a signal handler, with an SVE record in the frame.
const IMAGE: &str = "tests/fixtures/lazy/sig-sve@neoverse-v1@new";

#[test]
fn pages_left_at_the_source_are_never_taken_for_harmless() {
    let checkpoint = criu_image::load(Path::new(IMAGE)).unwrap();
    let source = profile::resolve("neoverse-v1").unwrap();
    let mut verdicts = Vec::new();
    for search in [facts::Search::Auto, facts::Search::Deep] {
        let facts = facts::collect(&checkpoint, search);
        for target in profile::builtin::names() {
            let target = profile::resolve(target).unwrap();
            let case = Case {
                facts: &facts,
                target: &target,
                source: Some(&source),
            };
            let judgement = rule::judge(&case, &[]);
            assert_ne!(judgement.verdict, Verdict::Compatible, "{}", target.name);
            let lazy = judgement
                .findings
                .iter()
                .find(|one| one.rule.id == RuleId::Img006)
                .unwrap();
            assert_eq!(lazy.severity, Severity::Unproven);
            verdicts.push(judgement.verdict);
        }
    }
    // What the image does hold still counts: its keys.
    assert!(verdicts.contains(&Verdict::Incompatible));
    assert!(verdicts.contains(&Verdict::Indeterminate));
}
