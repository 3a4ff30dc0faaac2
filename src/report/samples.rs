//! Reports made by hand, for the tests of the renderers and of the schemas.

use super::v1::{
    AcceptUse, CheckResult, Counts, Finding, Hex, Report, Rule, Severity, Tool, Verdict,
};

mod inspect;

pub(super) use inspect::{inspect, inspect_brief};

pub(super) fn hex(value: u64) -> Hex {
    value.into()
}

/// A version of its own, so that snapshots outlive releases.
fn tool() -> Tool {
    Tool {
        name: "hwcr",
        version: "0.0.0",
    }
}

pub(super) fn finding(rule: &str, severity: Severity, message: &str) -> Finding {
    Finding {
        rule: rule.to_owned(),
        name: "sample-rule".to_owned(),
        severity,
        proof: "state".to_owned(),
        accepted: false,
        reason: None,
        members: Vec::new(),
        pid: None,
        tid: None,
        address: None,
        file: None,
        offset: None,
        length: None,
        features: Vec::new(),
        have: None,
        need: None,
        message: message.to_owned(),
        help: None,
        edits: Vec::new(),
    }
}

pub(super) fn result(
    image: &str,
    target: &str,
    verdict: Verdict,
    findings: Vec<Finding>,
) -> CheckResult {
    CheckResult {
        image: image.to_owned(),
        directory: None,
        form: None,
        target: target.to_owned(),
        profile: target.to_owned(),
        verdict: Some(verdict),
        members: Vec::new(),
        counts: Some(super::from_judgement::count(&findings)),
        findings: Some(findings),
        advice: None,
        error: None,
    }
}

pub(super) fn unread(image: &str, target: &str) -> CheckResult {
    CheckResult {
        verdict: None,
        members: Vec::new(),
        counts: None,
        findings: None,
        advice: None,
        error: Some("inventory.img: not found".to_owned()),
        ..result(image, target, Verdict::Compatible, Vec::new())
    }
}

pub(super) fn report(results: Vec<CheckResult>) -> Report {
    Report {
        schema: Report::SCHEMA,
        tool: tool(),
        source: None,
        deep: false,
        results,
        accepts: Vec::new(),
    }
}

/// One finding of each severity, and one that was met six times.
pub(super) fn incompatible() -> CheckResult {
    let frame = Finding {
        pid: Some(12),
        tid: Some(14),
        address: Some(hex(0xffff_e1c0_2000)),
        file: Some("pages-1.img".to_owned()),
        offset: Some(0x2a000),
        length: Some(16),
        features: vec!["sve".to_owned()],
        need: Some("SVE with a vector length of 32 bytes".to_owned()),
        have: Some("no SVE".to_owned()),
        help: Some(
            "Restore on a machine with SVE whose default vector length is 32 bytes, or dump while no handler runs."
                .to_owned(),
        ),
        edits: vec!["lossless".to_owned(), "lossy:drop-sve-state".to_owned()],
        ..finding(
            "HWCR-SVE-001",
            Severity::Blocker,
            "the frame holds an SVE record that rt_sigreturn refuses: the task gets SIGSEGV after the restore",
        )
    };
    let keys = |tid: u32| Finding {
        pid: Some(12),
        tid: Some(tid),
        file: Some(format!("core-{tid}.img")),
        offset: Some(0x4f0),
        features: vec!["paca".to_owned()],
        ..finding(
            "HWCR-PAC-001",
            Severity::Blocker,
            "CRIU hangs on the address keys in the image",
        )
    };
    let told = Finding {
        pid: Some(12),
        proof: "told".to_owned(),
        features: vec!["lrcpc".to_owned(), "sve".to_owned(), "sve2".to_owned()],
        ..finding(
            "HWCR-HWC-001",
            Severity::Unproven,
            "the task was told of features that the target does not have",
        )
    };
    let accepted = Finding {
        proof: "unknown".to_owned(),
        accepted: true,
        ..finding(
            "HWCR-UND-007",
            Severity::Note,
            "the vector length the tasks ran with is in no frame",
        )
    };
    let mut findings = vec![frame];
    findings.extend((12..18).map(keys));
    findings.extend([told, accepted]);
    result(
        "dumps/worker",
        "neoverse-n1",
        Verdict::Incompatible,
        findings,
    )
}

/// Several images and targets, one of them unreadable.
pub(super) fn matrix() -> Report {
    let open = finding(
        "HWCR-HWC-001",
        Severity::Unproven,
        "the task was told of sve2",
    );
    Report {
        source: Some("neoverse-v1".to_owned()),
        accepts: vec![
            AcceptUse {
                rule: "HWCR-UND-007".to_owned(),
                used: true,
                ..AcceptUse::default()
            },
            AcceptUse {
                rule: "HWCR-HWC-001".to_owned(),
                feature: Some("paca".to_owned()),
                ..AcceptUse::default()
            },
            AcceptUse {
                rule: "HWCR-UND-003".to_owned(),
                image: Some("dumps/*".to_owned()),
                reason: Some("ZA is never used.".to_owned()),
                expires: Some("2025-12-31".to_owned()),
                expired: true,
                ..AcceptUse::default()
            },
        ],
        ..report(vec![
            incompatible(),
            result("dumps/worker", "max", Verdict::Compatible, Vec::new()),
            result(
                "dumps/idle",
                "neoverse-n1",
                Verdict::Indeterminate,
                vec![open],
            ),
            unread("dumps/torn", "neoverse-n1"),
        ])
    }
}

pub(super) fn counts() -> Counts {
    Counts {
        blocker: 7,
        unproven: 1,
        note: 1,
        accepted: 1,
    }
}

pub(super) fn rule() -> Rule {
    Rule {
        id: "HWCR-XYZ-001".to_owned(),
        name: "sample-rule".to_owned(),
        summary: "A sample of a rule | with a bar.".to_owned(),
        explanation: "The first paragraph is long enough to need a second line at eighty columns, and it does.\n\n\
            The second is short."
            .to_owned(),
        sources: vec![
            "kernel 6.12 to 7.3, arch/arm64/kernel/signal.c restore_sigframe, and a few words more".to_owned(),
            "FEAT_SAMPLE".to_owned(),
        ],
        seen: vec!["sample@max@new on neoverse-n1: KILLED-SIGSEGV".to_owned()],
        since: "0.1.0".to_owned(),
        edits: vec!["lossless".to_owned()],
    }
}
