//! Cases of the rules about the image itself.

use hwcr::criu_image::model::{AnomalyKind, Arch, UnknownField};
use hwcr::facts::Rewritten;
use hwcr::finding::Severity;
use hwcr::rule_id::RuleId;

use super::scene::{QUIET, Row, Scene, anomaly, place};

pub(super) fn cases() -> Vec<Row> {
    use Severity::{Blocker, Note, Unproven};
    let mut cases = Vec::new();
    let mut case = |rule, expected, scene| cases.push((rule, expected, scene));

    case(
        RuleId::Img001,
        Some(Blocker),
        Scene {
            image: "handler@x86_64",
            ..QUIET
        },
    );
    case(
        RuleId::Img001,
        Some(Blocker),
        Scene {
            image_edit: |image| image.arch = Arch::Other(8, "RISCV64"),
            ..QUIET
        },
    );
    case(RuleId::Img001, None, QUIET);
    case(
        RuleId::Img002,
        Some(Blocker),
        Scene {
            target_edit: |target| target.page_size = Some(65536),
            ..QUIET
        },
    );
    case(RuleId::Img002, None, QUIET);
    case(
        RuleId::Img003,
        Some(Blocker),
        Scene {
            target_edit: |target| target.va_bits = Some(39),
            ..QUIET
        },
    );
    case(RuleId::Img003, None, QUIET);
    case(
        RuleId::Img004,
        Some(Blocker),
        Scene {
            image_edit: |image| anomaly(image, AnomalyKind::PagesMissing),
            ..QUIET
        },
    );
    case(RuleId::Img004, None, QUIET);
    case(
        RuleId::Img005,
        Some(Blocker),
        Scene {
            image_edit: |image| anomaly(image, AnomalyKind::ParentMissing),
            ..QUIET
        },
    );
    case(RuleId::Img005, None, QUIET);
    case(
        RuleId::Img006,
        Some(Unproven),
        Scene {
            image_edit: |image| anomaly(image, AnomalyKind::PagesLazy),
            ..QUIET
        },
    );
    case(RuleId::Img006, None, QUIET);
    case(
        RuleId::Img007,
        Some(Unproven),
        Scene {
            image_edit: |image| {
                image.unknown_fields.push(UnknownField {
                    message: "core_entry",
                    number: 77,
                    count: 1,
                    place: place(),
                });
            },
            ..QUIET
        },
    );
    case(RuleId::Img007, None, QUIET);
    case(
        RuleId::Img008,
        Some(Unproven),
        Scene {
            image_edit: |image| anomaly(image, AnomalyKind::PageOutsideVma),
            ..QUIET
        },
    );
    case(RuleId::Img008, None, QUIET);
    case(
        RuleId::Img009,
        Some(Unproven),
        Scene {
            image_edit: |image| image.tasks[0].threads[0].state.as_mut().unwrap().pstate |= 0x10,
            ..QUIET
        },
    );
    case(RuleId::Img009, None, QUIET);
    case(
        RuleId::Img010,
        Some(Note),
        Scene {
            facts_edit: |facts| facts.rewritten = Some(Rewritten::default()),
            ..QUIET
        },
    );
    case(RuleId::Img010, None, QUIET);
    cases
}
