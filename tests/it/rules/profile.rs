//! Cases of the rules about profiles.

use hwcr::finding::Severity;
use hwcr::profile::model::{Basis, PacAlgorithm, Profile};
use hwcr::rule_id::RuleId;

use super::scene::{QUIET, Row, SIGNED, Scene};

pub(super) fn cases() -> Vec<Row> {
    use Severity::{Note, Unproven};
    let mut cases = Vec::new();
    let mut case = |rule, expected, scene| cases.push((rule, expected, scene));

    for edit in [
        (|target| target.hwcaps.words[0] = None) as fn(&mut Profile),
        |target| target.page_size = None,
        |target| target.va_bits = None,
        |target| target.kernel = None,
        |target| target.criu = None,
    ] {
        case(
            RuleId::Prf001,
            Some(Unproven),
            Scene {
                target_edit: edit,
                ..QUIET
            },
        );
    }
    // A known limit of the auxv says nothing of what else a kernel must be able to do.
    case(
        RuleId::Prf001,
        Some(Unproven),
        Scene {
            image_edit: |image| image.tasks[0].threads[0].rseq_size = Some(33),
            target_edit: |target| {
                target.kernel = None;
                target.auxv_bytes = Some(432);
            },
            ..QUIET
        },
    );
    case(
        RuleId::Prf001,
        None,
        Scene {
            target_edit: |target| target.pauth.address = Some(PacAlgorithm::None),
            ..QUIET
        },
    );
    case(RuleId::Prf001, None, QUIET);
    case(
        RuleId::Prf002,
        Some(Unproven),
        Scene {
            source: Some("max@6.1"),
            ..SIGNED
        },
    );
    case(RuleId::Prf002, None, SIGNED);
    let published: fn(&mut Profile) = |target| target.basis = Some(Basis::Published);
    let hidden: [fn(&mut Profile); 2] = [
        // Its cores are not known, or known to be able to sign: another kernel may offer it.
        |target| {
            target.basis = Some(Basis::Published);
            target.registers.clear();
        },
        |target| {
            target.basis = Some(Basis::Published);
            target.registers.insert("MIDR_EL1".to_owned(), 0x411f_d401);
        },
    ];
    let inferred: fn(&mut Profile) = |target| target.basis = Some(Basis::Inferred);
    for (expected, edit) in [
        (Note, published), // a Cortex-A57 signs under no kernel
        (Unproven, hidden[0]),
        (Unproven, hidden[1]),
        (Unproven, inferred),
    ] {
        case(
            RuleId::Prf003,
            Some(expected),
            Scene {
                target_edit: edit,
                ..QUIET
            },
        );
    }
    // What is offered is judged by the rules for it.
    case(
        RuleId::Prf003,
        Some(Note),
        Scene {
            target: "neoverse-v1",
            target_edit: published,
            ..QUIET
        },
    );
    case(
        RuleId::Prf003,
        None,
        Scene {
            target_edit: |target| target.basis = Some(Basis::Captured),
            ..QUIET
        },
    );
    case(RuleId::Prf003, None, QUIET);
    cases
}
