//! Cases of the rules about pointer authentication.

use hwcr::criu_image::model::PacState;
use hwcr::finding::Severity;
use hwcr::rule_id::RuleId;
use hwcr::units::Version;

use super::scene::{QUIET, Row, SIGNED, Scene, keys, leader_pac};

pub(super) fn cases() -> Vec<Row> {
    use Severity::{Blocker, Unproven};
    let mut cases = Vec::new();
    let mut case = |rule, expected, scene| cases.push((rule, expected, scene));

    case(
        RuleId::Pac001,
        Some(Blocker),
        Scene {
            target: "cortex-a57",
            source: None,
            ..SIGNED
        },
    );
    case(RuleId::Pac001, None, SIGNED);
    case(
        RuleId::Pac002,
        Some(Unproven),
        Scene {
            image_edit: |image| leader_pac(image, PacState::NotSaved),
            ..SIGNED
        },
    );
    case(
        RuleId::Pac002,
        Some(Unproven),
        Scene {
            target_edit: |target| target.criu = Some(Version::new(4, 0, 0)),
            ..SIGNED
        },
    );
    case(RuleId::Pac002, None, SIGNED);
    case(
        RuleId::Pac003,
        Some(Unproven),
        Scene {
            target: "neoverse-v1",
            ..QUIET
        },
    );
    case(
        RuleId::Pac003,
        None,
        // Keys with nothing enabled: the restored task runs without pointer authentication.
        Scene {
            target: "neoverse-v1",
            image_edit: |image| leader_pac(image, keys(0)),
            ..QUIET
        },
    );
    case(RuleId::Pac003, None, QUIET);
    case(
        RuleId::Pac004,
        Some(Unproven),
        Scene {
            source: None,
            ..SIGNED
        },
    );
    case(
        RuleId::Pac004,
        Some(Unproven),
        Scene {
            target: "max-qarma5",
            ..SIGNED
        },
    );
    case(
        RuleId::Pac004,
        Some(Unproven),
        Scene {
            target_edit: |target| target.va_bits = Some(48),
            ..SIGNED
        },
    );
    case(
        RuleId::Pac004,
        Some(Unproven),
        Scene {
            target_edit: |target| target.pauth.level = None,
            ..SIGNED
        },
    );
    case(
        RuleId::Pac004,
        Some(Unproven),
        // The maker's own algorithm on another CPU design.
        Scene {
            target_edit: |target| {
                target.registers.insert("MIDR_EL1".to_owned(), 0x410f_d4f0);
            },
            ..SIGNED
        },
    );
    case(RuleId::Pac004, None, SIGNED);
    case(
        RuleId::Pac004,
        None,
        Scene {
            target: "max-qarma5",
            image_edit: |image| leader_pac(image, keys(0)),
            ..SIGNED
        },
    );
    cases
}
