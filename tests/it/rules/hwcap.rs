//! Cases of the rules about capability words.

use hwcr::finding::Severity;
use hwcr::rule_id::RuleId;
use hwcr::units::Addr;

use super::scene::{QUIET, Row, Scene};

pub(super) fn cases() -> Vec<Row> {
    use Severity::{Note, Unproven};
    let mut cases = Vec::new();
    let mut case = |rule, expected, scene| cases.push((rule, expected, scene));

    case(
        RuleId::Hwc001,
        Some(Unproven),
        Scene {
            image: "idle@max@new",
            ..QUIET
        },
    );
    case(RuleId::Hwc001, None, QUIET);
    case(
        RuleId::Hwc002,
        Some(Unproven),
        Scene {
            facts_edit: |facts| facts.tasks[0].told.words[0] = Some(1 << 55),
            ..QUIET
        },
    );
    case(RuleId::Hwc002, None, QUIET);
    case(
        RuleId::Hwc003,
        Some(Note),
        Scene {
            image_edit: |image| {
                let auxv = &mut image.tasks[0].mm.as_mut().unwrap().saved_auxv;
                let at = auxv.chunks(2).position(|pair| pair[0] == 16).unwrap();
                auxv[2 * at + 1] &= !0x80;
            },
            ..QUIET
        },
    );
    case(RuleId::Hwc003, None, QUIET);
    case(
        RuleId::Hwc004,
        Some(Unproven),
        Scene {
            facts_edit: |facts| facts.tasks[0].told.words[0] = None,
            ..QUIET
        },
    );
    case(
        RuleId::Hwc004,
        Some(Unproven),
        Scene {
            image_edit: |image| image.tasks[0].mm.as_mut().unwrap().start_stack = Addr(8),
            ..QUIET
        },
    );
    case(RuleId::Hwc004, None, QUIET);
    case(
        RuleId::Hwc005,
        Some(Unproven),
        Scene {
            target: "a64fx",
            ..QUIET
        },
    );
    case(RuleId::Hwc005, None, QUIET);
    case(
        RuleId::Hwc006,
        Some(Note),
        // evtstrm tells of the kernel.
        Scene {
            target_edit: |target| {
                target.hwcaps.words[0] = target.hwcaps.words[0].map(|word| word & !4)
            },
            ..QUIET
        },
    );
    case(RuleId::Hwc006, None, QUIET);
    cases
}
