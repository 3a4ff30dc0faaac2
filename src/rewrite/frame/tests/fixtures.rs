//! Frames of real checkpoints: planned, changed in a copy, read again.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::build::{allowed, target};
use crate::criu_image::load_from;
use crate::criu_image::model::{Arch, Checkpoint};
use crate::facts::{self, Facts, Search};
use crate::finding::Spot;
use crate::input::{DirSource, MemorySource, Source};
use crate::profile::model::Profile;
use crate::rewrite::by_spot::FindingsBySpot;
use crate::rewrite::edit::{Change, Plan};
use crate::rewrite::frame;
use crate::rule::{self, Case};
use crate::rule_id::RuleId;
use crate::sigframe::model::Liveness;

const EVERYTHING: &[&str] = &["drop-sve-state", "drop-tpidr2", "drop-fpmr"];

fn images() -> Vec<PathBuf> {
    let all = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/images");
    let mut images: Vec<PathBuf> = fs::read_dir(all)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    images.sort();
    images
}

fn image(name: &str) -> MemorySource {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/fixtures/images")
        .join(name);
    MemorySource::copy_of(&DirSource::open(&path).unwrap()).unwrap()
}

fn load(source: &MemorySource) -> Checkpoint {
    let source: Arc<dyn Source> = Arc::new(source.clone());
    load_from(&source).unwrap()
}

fn planned(facts: &Facts<'_>, target: &Profile, names: &[&str]) -> Plan {
    let mut plan = Plan::default();
    let case = Case {
        facts,
        target,
        source: None,
    };
    let judgement = rule::judge(&case, &[]);
    let found = FindingsBySpot::new(&judgement.findings);
    frame::plan(&case, &found, &allowed(names), &mut plan);
    plan
}

fn applied(source: &MemorySource, plan: &Plan) -> MemorySource {
    let mut copy = source.clone();
    for change in plan.edits.iter().flat_map(|edit| &edit.changes) {
        let Change::Bytes {
            file,
            offset,
            old,
            new,
        } = change
        else {
            panic!("frames have no fields");
        };
        assert_eq!(old.len(), new.len());
        let mut bytes = copy.get(file).unwrap().to_vec();
        let at = usize::try_from(*offset).unwrap();
        assert_eq!(&bytes[at..at + old.len()], &old[..]);
        bytes[at..at + new.len()].copy_from_slice(new);
        copy.insert(file.clone(), bytes);
    }
    copy
}

/// Findings as text, for comparing before and after.
fn findings(facts: &Facts<'_>, target: &Profile) -> BTreeSet<String> {
    let case = Case {
        facts,
        target,
        source: None,
    };
    rule::judge(&case, &[])
        .findings
        .iter()
        .map(|f| {
            format!(
                "{} {:?} {:?} {:?} {}",
                f.rule.id,
                f.pid(),
                f.tid(),
                f.address(),
                f.message
            )
        })
        .collect()
}

/// Rules that take records for evidence of what a thread had: an edited frame shows less of it, or the
/// target's vector length in place of the source's. Only what the image held before the edits tells.
const EVIDENCE: &[RuleId] = &[RuleId::Und004, RuleId::Und007];

/// Rules for what is in a frame.
fn of_records(finding: &str) -> bool {
    ["SVE", "SME", "FPM", "GCS"]
        .iter()
        .any(|family| finding.starts_with(&format!("HWCR-{family}")))
        || finding.starts_with(RuleId::Poe001.as_str())
        || finding.starts_with(RuleId::Frm002.as_str())
}

#[test]
fn real_frames_are_mended_for_every_kind_of_machine() {
    let targets = [
        "cortex-a57",
        "cortex-a57@6.1",
        "a64fx",
        "neoverse-v1",
        "neoverse-n2",
        "max",
        "max@6.1",
        "max-nosme",
        "max-smeonly",
        "max-vq1",
    ]
    .map(target);
    let (mut edited, mut refused) = (0, 0);
    for path in images() {
        let source = MemorySource::copy_of(&DirSource::open(&path).unwrap()).unwrap();
        let checkpoint = load(&source);
        if checkpoint.arch != Arch::Aarch64 {
            continue;
        }
        let before = facts::collect(&checkpoint, Search::Auto);
        for (target, names) in targets.iter().flat_map(|t| [(t, &[][..]), (t, EVERYTHING)]) {
            let plan = planned(&before, target, names);
            let found = findings(&before, target);
            let title = format!("{} on {}, {names:?}", path.display(), target.name);
            refused += usize::from(!plan.refusals.is_empty());
            if plan.edits.is_empty() {
                let of_records: Vec<_> = found.iter().filter(|f| of_records(f)).collect();
                assert_eq!(plan.refusals.is_empty(), of_records.is_empty(), "{title}");
                continue;
            }
            edited += 1;
            let copy = applied(&source, &plan);
            let changed = load(&copy);
            let after = facts::collect(&changed, Search::Auto);
            let now = findings(&after, target);
            // Findings of records are left only in frames of which one record has to stay.
            let kept: Vec<&str> = plan
                .refusals
                .iter()
                .map(|refusal| refusal.why.split(':').next().unwrap())
                .collect();
            for left in now.iter().filter(|finding| of_records(finding)) {
                let frame = left.split("frame ").nth(1).unwrap();
                let frame = format!("frame {}", frame.split(' ').next().unwrap());
                assert!(kept.contains(&frame.as_str()), "{title}: {left}");
            }
            assert!(now.iter().filter(|f| of_records(f)).count() >= kept.len());
            let new: Vec<_> = now
                .difference(&found)
                .filter(|finding| {
                    !EVIDENCE
                        .iter()
                        .any(|rule| finding.starts_with(rule.as_str()))
                })
                // What an answer takes as given follows from the answer.
                .filter(|finding| !finding.starts_with("HWCR-GIV-"))
                .collect();
            assert!(new.is_empty(), "{title}: {new:#?}");
            frames_agree(&before, &after, &plan, &title);
            assert_eq!(planned(&after, target, names).edits, [], "{title}");
        }
    }
    assert!(edited > 50 && refused > 20, "{edited} {refused}");
}

/// Frames lie where they lay and are as live; those without an edit are the same to the last byte read.
fn frames_agree(before: &Facts<'_>, after: &Facts<'_>, plan: &Plan, title: &str) {
    for (before, after) in before.tasks.iter().zip(&after.tasks) {
        assert_eq!(before.frames.len(), after.frames.len(), "{title}");
        for (old, new) in before.frames.iter().zip(&after.frames) {
            assert_eq!(
                (old.base, old.size, old.liveness, old.tid, &old.signs),
                (new.base, new.size, new.liveness, new.tid, &new.signs),
                "{title}"
            );
            assert_eq!((old.pc, old.sp, old.regs), (new.pc, new.sp, new.regs));
            assert_eq!(old.anomalies, new.anomalies, "{title}");
            let edited = plan
                .edits
                .iter()
                .any(|edit| edit.spot == Spot::frame(before.task.pid, old.tid, old.base));
            assert!(!edited || old.liveness != Liveness::Stale, "{title}");
            assert!(edited || old == new, "{title}");
        }
    }
}

#[test]
fn leftovers_are_left_alone() {
    for name in ["stale-ret@max@new", "stale-jmp@max@new"] {
        let checkpoint = load(&image(name));
        let facts = facts::collect(&checkpoint, Search::Deep);
        let frames = facts.tasks.iter().flat_map(|task| &task.frames);
        assert!(frames.clone().count() > 0);
        assert!(
            frames
                .clone()
                .all(|frame| frame.liveness == Liveness::Stale)
        );
        for machine in ["cortex-a57", "neoverse-v1"] {
            let plan = planned(&facts, &target(machine), EVERYTHING);
            assert_eq!(plan, Plan::default(), "{name} {machine}");
        }
    }
}

#[test]
fn state_in_real_frames_is_kept() {
    for (name, machine, names, rule, allow) in [
        (
            "sig-sm@max@new",
            "neoverse-v1",
            EVERYTHING,
            RuleId::Sve003,
            None,
        ),
        (
            "sig-za@max@new",
            "neoverse-v1",
            EVERYTHING,
            RuleId::Sme002,
            None,
        ),
        (
            "sig-sve@max@new",
            "cortex-a57",
            &[][..],
            RuleId::Sve001,
            Some("drop-sve-state"),
        ),
        (
            "sig-sve@max@new",
            "neoverse-v1",
            &[],
            RuleId::Sve002,
            Some("drop-sve-state"),
        ),
        (
            "sig-tpidr2@max@new",
            "neoverse-n2",
            &[],
            RuleId::Sme001,
            Some("drop-tpidr2"),
        ),
    ] {
        let checkpoint = load(&image(name));
        let facts = facts::collect(&checkpoint, Search::Auto);
        let plan = planned(&facts, &target(machine), names);
        assert_eq!(plan.edits, [], "{name} {machine}");
        assert!(
            plan.refusals
                .iter()
                .any(|refusal| (refusal.rule, refusal.allow) == (rule, allow)),
            "{name} {machine}: {:#?}",
            plan.refusals
        );
    }
}
