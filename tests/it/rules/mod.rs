//! Every rule has a case in which it finds something and one in which it does not.
//!
//! A case starts from a real checkpoint and a real profile and changes what it is about. A file holds the cases of a family.

mod files;
mod frame;
mod given;
mod hwcap;
mod image;
mod pac;
mod profile;
mod records;
mod scene;
mod stack;
mod sve;
mod system;
mod undumped;

use std::path::Path;

use hwcr::facts;
use hwcr::finding::Severity;
use hwcr::rule::{self, Accept, Case};
use hwcr::rule_id::RuleId;

use scene::{QUIET, Row, found};

/// The cases of all families.
fn cases() -> Vec<Row> {
    let families: [fn() -> Vec<Row>; 12] = [
        image::cases,
        hwcap::cases,
        frame::cases,
        sve::cases,
        records::cases,
        pac::cases,
        stack::cases,
        undumped::cases,
        system::cases,
        files::cases,
        profile::cases,
        given::cases,
    ];
    families.iter().flat_map(|cases| cases()).collect()
}

#[test]
fn every_rule_finds_and_keeps_silent_as_it_should() {
    let mut wrong = Vec::new();
    for (index, (rule, expected, scene)) in cases().iter().enumerate() {
        let actual = found(scene).get(rule).copied();
        if actual != *expected {
            wrong.push(format!(
                "case {index}: {rule} on {} for {}: expected {expected:?}, found {actual:?}",
                scene.image, scene.target
            ));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_rule_has_both_cases() {
    let cases = cases();
    for rule in rule::all() {
        let id = rule.meta.id;
        assert!(
            cases
                .iter()
                .any(|(rule, expected, _)| *rule == id && expected.is_some()),
            "{id}: no case that finds"
        );
        assert!(
            cases
                .iter()
                .any(|(rule, expected, _)| *rule == id && expected.is_none()),
            "{id}: no silent case"
        );
    }
}

#[test]
fn the_quiet_scene_is_compatible() {
    let found = found(&QUIET);
    assert!(
        found.values().all(|severity| *severity == Severity::Note),
        "{found:?}"
    );
}

#[test]
fn rules_are_described_and_unique() {
    let mut seen = std::collections::BTreeSet::new();
    let mut ids = std::collections::BTreeSet::new();
    for rule in rule::all() {
        let meta = &rule.meta;
        assert!(ids.insert(meta.id), "{} stands twice", meta.id);
        assert!(seen.insert(meta.name), "{} stands twice", meta.name);
        assert!(!meta.sources.is_empty(), "{} cites no source", meta.id);
        assert!(
            meta.summary.ends_with('.') && meta.explanation.ends_with('.'),
            "{}: whole sentences",
            meta.id
        );
    }
    for id in RuleId::ALL {
        assert!(ids.contains(id), "{id} has no rule");
    }
}

#[test]
fn an_accepted_finding_becomes_a_note_and_says_so() {
    let checkpoint =
        hwcr::criu_image::load(Path::new("tests/fixtures/images/idle@cortex-a57@new")).unwrap();
    let facts = facts::collect(&checkpoint, facts::Search::Auto);
    let target = hwcr::profile::resolve("neoverse-v1").unwrap();
    let case = Case {
        facts: &facts,
        target: &target,
        source: None,
    };
    let accepts = [
        Accept::parse("HWCR-PAC-003:paca").unwrap(),
        Accept::parse("hwcr-pac-003:sve").unwrap(),
        Accept::parse("sve-vector-length").unwrap(),
    ];
    let judged = rule::judge(&case, &accepts);
    assert_eq!(judged.accept_used, [true, false, false]);
    let accepted: Vec<_> = judged
        .findings
        .iter()
        .filter(|finding| finding.accepted)
        .collect();
    assert_eq!(accepted.len(), 1);
    assert_eq!(accepted[0].severity, Severity::Note);
    assert_eq!(judged.verdict, hwcr::finding::Verdict::Compatible);
    assert!(Accept::parse("HWCR-XXX-001").is_err());
}

#[test]
fn a_blocker_cannot_be_accepted() {
    let checkpoint =
        hwcr::criu_image::load(Path::new("tests/fixtures/images/idle@max@new")).unwrap();
    let facts = facts::collect(&checkpoint, facts::Search::Auto);
    let target = hwcr::profile::resolve("cortex-a57").unwrap();
    let case = Case {
        facts: &facts,
        target: &target,
        source: None,
    };
    let judged = rule::judge(&case, &[Accept::parse("HWCR-PAC-001").unwrap()]);
    assert_eq!(judged.verdict, hwcr::finding::Verdict::Incompatible);
    assert_eq!(judged.accept_used, [false]);
}
