//! What a plan leaves, and what the rewritten image may show.

use super::{Expectation, Fate, Frames, foresee};
use crate::finding::{EditClass, Finding, Proof, Severity, Verdict};
use crate::rewrite::allow;
use crate::rewrite::edit::{Allowed, Edit, Plan, Refusal};
use crate::rule;
use crate::rule_id::RuleId;
use crate::units::{Addr, AddrRange, Pid, Tid};

const PID: Pid = Pid(12);

fn finding(id: RuleId, severity: Severity, address: Option<u64>) -> Finding {
    let meta = &rule::find(id.as_str()).unwrap().meta;
    let mut finding = Finding::new(meta, severity, Proof::State, "as the test says").in_task(PID);
    finding.address = address.map(Addr);
    finding.edits = meta.edits.to_vec();
    finding
}

fn edit(rule: RuleId, address: Option<u64>) -> Edit {
    Edit {
        rule,
        also: Vec::new(),
        class: EditClass::Lossless,
        what: "mend".to_owned(),
        pid: PID,
        tid: None,
        address: address.map(Addr),
        changes: Vec::new(),
    }
}

fn refusal(rule: RuleId, address: Option<u64>, allow: Option<&'static str>) -> Refusal {
    Refusal {
        rule,
        pid: PID,
        tid: None,
        address: address.map(Addr),
        why: "it holds state".to_owned(),
        allow,
    }
}

/// Two frames, at 0x1000 and 0x3000.
fn frames() -> Frames {
    let frame = |base: u64| (PID, AddrRange::new(Addr(base), Addr(base + 0x1250)));
    Frames::at(vec![frame(0x1000), frame(0x3000)])
}

fn fates(plan: &Plan, findings: &[Finding]) -> (Vec<bool>, Verdict) {
    let outcome = foresee(plan, findings, &frames(), &Allowed::default());
    let mended = outcome.fates.iter().map(|fate| *fate == Fate::Mended);
    (mended.collect(), outcome.verdict)
}

#[test]
fn an_edit_mends_what_it_is_about() {
    let findings = [
        finding(RuleId::Sve001, Severity::Blocker, Some(0x1400)),
        finding(RuleId::Sve001, Severity::Blocker, Some(0x3400)),
        finding(RuleId::Pac001, Severity::Blocker, None),
    ];
    type Given = (RuleId, Option<u64>);
    let table: [(&[Given], [bool; 3]); 6] = [
        (&[], [false, false, false]),
        (&[(RuleId::Sve001, Some(0x1400))], [true, false, false]),
        // The base of a frame stands for what lies in it.
        (&[(RuleId::Sve001, Some(0x3000))], [false, true, false]),
        (&[(RuleId::Sve001, None)], [true, true, false]),
        (&[(RuleId::Pac001, Some(0x9000))], [false, false, true]),
        (&[(RuleId::Sve002, Some(0x1400))], [false, false, false]),
    ];
    for (edits, expected) in table {
        let plan = Plan {
            edits: edits.iter().map(|&(rule, at)| edit(rule, at)).collect(),
            refusals: Vec::new(),
        };
        assert_eq!(fates(&plan, &findings).0, expected, "{edits:?}");
    }
    let others = Edit {
        pid: Pid(13),
        ..edit(RuleId::Sve001, None)
    };
    let plan = Plan {
        edits: vec![others],
        refusals: Vec::new(),
    };
    assert_eq!(fates(&plan, &findings).0, [false; 3], "another task");
    let mut threaded = findings[..1].to_vec();
    threaded[0].tid = Some(Tid(14));
    let plan = Plan {
        edits: vec![Edit {
            tid: Some(Tid(15)),
            ..edit(RuleId::Sve001, None)
        }],
        refusals: Vec::new(),
    };
    assert_eq!(fates(&plan, &threaded).0, [false], "another thread");
}

#[test]
fn the_verdict_is_that_of_what_remains() {
    let findings = [
        finding(RuleId::Sve001, Severity::Blocker, Some(0x1400)),
        finding(RuleId::Img008, Severity::Unproven, None),
    ];
    let mended = Plan {
        edits: vec![edit(RuleId::Sve001, Some(0x1400))],
        refusals: Vec::new(),
    };
    assert_eq!(
        fates(&mended, &findings),
        (vec![true, false], Verdict::Indeterminate)
    );
    assert_eq!(
        fates(&mended, &findings[..1]),
        (vec![true], Verdict::Compatible)
    );
    assert_eq!(
        fates(&Plan::default(), &findings),
        (vec![false, false], Verdict::Incompatible)
    );
}

#[test]
fn a_refusal_outweighs_an_edit_and_names_what_would_permit_one() {
    let findings = [finding(RuleId::Sve001, Severity::Blocker, Some(0x1400))];
    let plan = Plan {
        edits: vec![edit(RuleId::Sve001, Some(0x1400))],
        refusals: vec![refusal(
            RuleId::Sve001,
            Some(0x1400),
            Some("drop-sve-state"),
        )],
    };
    let outcome = foresee(&plan, &findings, &frames(), &Allowed::default());
    assert!(outcome.blocked());
    assert_eq!(
        outcome.fates,
        [Fate::Remains {
            why: Some("it holds state".to_owned()),
            allow: vec!["drop-sve-state"]
        }]
    );
    let allowed = Allowed {
        names: vec!["drop-sve-state".to_owned()],
    };
    let outcome = foresee(&plan, &findings, &frames(), &allowed);
    assert!(
        matches!(&outcome.fates[..], [Fate::Remains { allow, .. }] if allow.is_empty()),
        "what is permitted already is not offered: {:?}",
        outcome.fates
    );
    // A refusal for one frame says nothing of another.
    let plan = Plan {
        edits: vec![edit(RuleId::Sve001, Some(0x1400))],
        refusals: vec![refusal(RuleId::Sve001, Some(0x3400), None)],
    };
    assert_eq!(fates(&plan, &findings).0, [true]);
}

#[test]
fn what_a_process_was_told_stays() {
    let mut told = finding(RuleId::Hwc001, Severity::Unproven, None);
    told.proof = Proof::Told;
    let plan = Plan {
        edits: vec![edit(RuleId::Hwc001, None)],
        refusals: Vec::new(),
    };
    assert_eq!(fates(&plan, &[told]), (vec![false], Verdict::Indeterminate));
}

/// The expectation for one mended blocker in the first frame and an unproven finding beside it.
fn expectation() -> Expectation {
    let findings = [
        finding(RuleId::Sve001, Severity::Blocker, Some(0x1400)),
        finding(RuleId::Poe001, Severity::Unproven, Some(0x1500)),
    ];
    let plan = Plan {
        edits: vec![edit(RuleId::Sve001, Some(0x1400))],
        refusals: Vec::new(),
    };
    let outcome = foresee(&plan, &findings, &frames(), &Allowed::default());
    Expectation::new(&findings, &outcome, &frames())
}

#[test]
fn a_result_as_foreseen_stands() {
    let after = |findings: &[Finding]| expectation().met_by(findings, &frames());
    assert_eq!(after(&[]), Ok(()));
    assert_eq!(
        after(&[finding(RuleId::Poe001, Severity::Unproven, Some(0x1500))]),
        Ok(())
    );
    // The record moved up in its frame, weighs less now, and the journal is seen.
    assert_eq!(
        after(&[
            finding(RuleId::Poe001, Severity::Note, Some(0x1300)),
            finding(RuleId::Img010, Severity::Note, None),
        ]),
        Ok(())
    );
}

#[test]
fn a_result_that_was_not_foreseen_does_not_stand() {
    let cases = [
        (
            vec![finding(RuleId::Sve001, Severity::Blocker, Some(0x1400))],
            "HWCR-SVE-001 (pid 12 at 0x1000) is still there",
        ),
        (
            vec![finding(RuleId::Sve001, Severity::Note, Some(0x1400))],
            "HWCR-SVE-001 (pid 12 at 0x1000) is still there",
        ),
        (
            vec![finding(RuleId::Sve001, Severity::Blocker, Some(0x3400))],
            "HWCR-SVE-001 (pid 12 at 0x3000) is new",
        ),
        (
            vec![finding(RuleId::Frm001, Severity::Note, None)],
            "HWCR-FRM-001 (pid 12) is new",
        ),
        (
            vec![finding(RuleId::Poe001, Severity::Blocker, Some(0x1500))],
            "HWCR-POE-001 (pid 12 at 0x1000) is there more often, or weighs more than before",
        ),
        (
            vec![finding(RuleId::Poe001, Severity::Unproven, Some(0x1500)); 2],
            "HWCR-POE-001 (pid 12 at 0x1000) is there more often, or weighs more than before",
        ),
    ];
    for (after, expected) in cases {
        let why = expectation().met_by(&after, &frames()).unwrap_err();
        assert_eq!(
            why,
            format!("the rewritten image is not judged as foreseen: {expected}")
        );
    }
}

#[test]
fn every_lossy_edit_of_a_rule_has_its_name_in_the_table() {
    let named = rule::all()
        .flat_map(|rule| rule.meta.edits)
        .filter_map(|class| match class {
            EditClass::Lossy(name) => Some(*name),
            EditClass::Lossless => None,
        });
    let mut count = 0;
    for name in named {
        assert!(allow::find(name).is_some(), "{name}");
        count += 1;
    }
    assert!(count > 0);
}
