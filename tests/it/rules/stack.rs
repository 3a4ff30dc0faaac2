//! Cases of the rules about signal stacks.

use hwcr::criu_image::model::{AltStack, Checkpoint};
use hwcr::finding::Severity;
use hwcr::rule_id::RuleId;
use hwcr::units::{Addr, Vl};

use super::scene::{QUIET, Row, Scene};

pub(super) fn cases() -> Vec<Row> {
    use Severity::{Note, Unproven};
    let mut cases = Vec::new();
    let mut case = |rule, expected, scene| cases.push((rule, expected, scene));

    let small = |image: &mut Checkpoint| {
        image.tasks[0].threads[0].altstack = Some(AltStack {
            sp: Addr(0x1000),
            size: 5120,
            flags: 0,
        });
    };
    case(
        RuleId::Stk001,
        Some(Unproven),
        Scene {
            image_edit: small,
            target: "max-np-nosme",
            target_edit: |target| target.sve.as_mut().unwrap().default = Some(Vl(256)),
            ..QUIET
        },
    );
    case(
        RuleId::Stk001,
        Some(Unproven),
        Scene {
            image_edit: small,
            target_edit: |target| {
                target.sve = None;
                target.minsigstksz = None;
            },
            ..QUIET
        },
    );
    case(
        RuleId::Stk001,
        None,
        Scene {
            image_edit: small,
            ..QUIET
        },
    );
    case(
        RuleId::Stk001,
        None,
        Scene {
            image_edit: small,
            target: "max-nopauth",
            ..QUIET
        },
    );
    case(
        RuleId::Stk002,
        Some(Note),
        Scene {
            target: "max-nopauth",
            ..QUIET
        },
    );
    case(RuleId::Stk002, None, QUIET);
    cases
}
