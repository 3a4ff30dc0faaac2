//! What a plan leaves, and what the rewritten image may show.

use super::{Expectation, Fate, foresee};
use crate::finding::{EditClass, Finding, FindingId, Proof, Severity, Spot, Verdict, numbered};
use crate::rewrite::allow;
use crate::rewrite::edit::{Allowed, Edit, Plan, Refusal};
use crate::rule;
use crate::rule_id::RuleId;
use crate::units::{Addr, Pid};

const PID: Pid = Pid(12);

/// A finding about the whole task.
fn finding(id: RuleId, severity: Severity) -> Finding {
    let meta = &rule::find(id.as_str()).unwrap().meta;
    let mut finding = Finding::new(meta, severity, Proof::State, "as the test says").in_task(PID);
    finding.edits = meta.edits.to_vec();
    finding
}

/// A finding about a record of the frame at `base`.
fn of_record(id: RuleId, severity: Severity, base: u64, record: u64) -> Finding {
    finding(id, severity).about(Spot::record(PID, None, Addr(base), Addr(record)))
}

/// The ids of these findings of the list.
fn ids(findings: &[Finding], at: &[usize]) -> Vec<FindingId> {
    let all: Vec<FindingId> = numbered(findings).map(|(id, _)| id).collect();
    at.iter().map(|index| all[*index]).collect()
}

fn edit(fixes: Vec<FindingId>) -> Edit {
    Edit {
        rule: RuleId::Sve001,
        fixes,
        leaves: Vec::new(),
        class: EditClass::Lossless,
        what: "edit".to_owned(),
        spot: Spot::task(PID),
        changes: Vec::new(),
    }
}

fn refusal(findings: Vec<FindingId>, allow: Option<&'static str>) -> Refusal {
    Refusal {
        rule: RuleId::Sve001,
        findings,
        spot: Spot::task(PID),
        why: "it holds state".to_owned(),
        allow,
    }
}

fn fates(plan: &Plan, findings: &[Finding]) -> (Vec<bool>, Verdict) {
    let outcome = foresee(plan, findings, &Allowed::default());
    let mended = outcome.fates.iter().map(|fate| *fate == Fate::Mended);
    (mended.collect(), outcome.verdict)
}

#[test]
fn an_edit_fixes_the_findings_it_names_and_no_others() {
    let findings = [
        of_record(RuleId::Sve001, Severity::Blocker, 0x1000, 0x1400),
        of_record(RuleId::Sve001, Severity::Blocker, 0x1000, 0x1400),
        finding(RuleId::Pac001, Severity::Blocker),
    ];
    let table: [(&[&[usize]], [bool; 3]); 5] = [
        (&[], [false, false, false]),
        (&[&[]], [false, false, false]),
        (&[&[1]], [false, true, false]),
        (&[&[0, 2]], [true, false, true]),
        (&[&[2], &[1]], [false, true, true]),
    ];
    for (edits, expected) in table {
        let plan = Plan {
            edits: edits.iter().map(|at| edit(ids(&findings, at))).collect(),
            refusals: Vec::new(),
        };
        assert_eq!(fates(&plan, &findings).0, expected, "{edits:?}");
    }
}

#[test]
fn the_verdict_is_that_of_what_remains() {
    let findings = [
        of_record(RuleId::Sve001, Severity::Blocker, 0x1000, 0x1400),
        finding(RuleId::Img008, Severity::Unproven),
    ];
    let plan = Plan {
        edits: vec![edit(ids(&findings, &[0]))],
        refusals: Vec::new(),
    };
    assert_eq!(
        fates(&plan, &findings),
        (vec![true, false], Verdict::Indeterminate)
    );
    assert_eq!(
        fates(&plan, &findings[..1]),
        (vec![true], Verdict::Compatible)
    );
    assert_eq!(
        fates(&Plan::default(), &findings),
        (vec![false, false], Verdict::Incompatible)
    );
}

#[test]
fn a_refusal_outweighs_an_edit_and_names_what_would_permit_one() {
    let findings = [
        of_record(RuleId::Sve001, Severity::Blocker, 0x1000, 0x1400),
        of_record(RuleId::Sve001, Severity::Blocker, 0x3000, 0x3400),
    ];
    let plan = Plan {
        edits: vec![edit(ids(&findings, &[0, 1]))],
        refusals: vec![refusal(ids(&findings, &[0]), Some("drop-sve-state"))],
    };
    let outcome = foresee(&plan, &findings, &Allowed::default());
    assert!(outcome.blocked());
    assert_eq!(
        outcome.fates,
        [
            Fate::Remains {
                why: Some("it holds state".to_owned()),
                allow: vec!["drop-sve-state"]
            },
            // A refusal for one frame says nothing of another.
            Fate::Mended
        ]
    );
    let allowed = Allowed {
        names: vec!["drop-sve-state".to_owned()],
    };
    let outcome = foresee(&plan, &findings, &allowed);
    assert!(
        matches!(&outcome.fates[..], [Fate::Remains { allow, .. }, _] if allow.is_empty()),
        "what is permitted already is not offered: {:?}",
        outcome.fates
    );
}

#[test]
fn what_a_process_was_told_stays() {
    let findings = [finding(RuleId::Hwc001, Severity::Unproven)];
    let mask = Edit {
        leaves: ids(&findings, &[0]),
        ..edit(Vec::new())
    };
    let plan = Plan {
        edits: vec![mask],
        refusals: Vec::new(),
    };
    let outcome = foresee(&plan, &findings, &Allowed::default());
    assert_eq!(outcome.verdict, Verdict::Indeterminate);
    assert_eq!(
        outcome.fates,
        [Fate::Remains {
            why: Some("what the process was told cannot be taken back".to_owned()),
            allow: vec![]
        }]
    );
}

/// The expectation for one fixed blocker in the first frame and an unproven finding beside it.
fn expectation() -> Expectation {
    let findings = [
        of_record(RuleId::Sve001, Severity::Blocker, 0x1000, 0x1400),
        of_record(RuleId::Poe001, Severity::Unproven, 0x1000, 0x1500),
    ];
    let plan = Plan {
        edits: vec![edit(ids(&findings, &[0]))],
        refusals: Vec::new(),
    };
    let outcome = foresee(&plan, &findings, &Allowed::default());
    Expectation::new(&findings, &outcome)
}

#[test]
fn a_result_as_foreseen_stands() {
    let after = |findings: &[Finding]| expectation().met_by(findings);
    assert_eq!(after(&[]), Ok(()));
    assert_eq!(
        after(&[of_record(
            RuleId::Poe001,
            Severity::Unproven,
            0x1000,
            0x1500
        )]),
        Ok(())
    );
    // The record moved up in its frame, weighs less now, and the journal is seen.
    assert_eq!(
        after(&[
            of_record(RuleId::Poe001, Severity::Note, 0x1000, 0x1300),
            finding(RuleId::Img010, Severity::Note),
        ]),
        Ok(())
    );
}

#[test]
fn a_result_that_was_not_foreseen_does_not_stand() {
    let cases = [
        (
            vec![of_record(RuleId::Sve001, Severity::Blocker, 0x1000, 0x1400)],
            "HWCR-SVE-001 (pid 12 at 0x1000) is still there",
        ),
        (
            vec![of_record(RuleId::Sve001, Severity::Note, 0x1000, 0x1400)],
            "HWCR-SVE-001 (pid 12 at 0x1000) is still there",
        ),
        (
            vec![of_record(RuleId::Sve001, Severity::Blocker, 0x3000, 0x3400)],
            "HWCR-SVE-001 (pid 12 at 0x3000) is new",
        ),
        (
            vec![finding(RuleId::Frm001, Severity::Note)],
            "HWCR-FRM-001 (pid 12) is new",
        ),
        (
            vec![of_record(RuleId::Poe001, Severity::Blocker, 0x1000, 0x1500)],
            "HWCR-POE-001 (pid 12 at 0x1000) is there more often, or weighs more than before",
        ),
        (
            vec![of_record(RuleId::Poe001, Severity::Unproven, 0x1000, 0x1500); 2],
            "HWCR-POE-001 (pid 12 at 0x1000) is there more often, or weighs more than before",
        ),
    ];
    for (after, expected) in cases {
        let why = expectation().met_by(&after).unwrap_err();
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
