//! Cases of the rules about SVE records.

use hwcr::facts::{JumpBuffer, NoReturn, WayOut};
use hwcr::finding::Severity;
use hwcr::profile::model::Observed;
use hwcr::rule_id::RuleId;
use hwcr::sigframe::model::Liveness;
use hwcr::units::{Addr, Vl};

use super::scene::{HANDLER, QUIET, Row, Scene};

pub(super) fn cases() -> Vec<Row> {
    use Severity::{Blocker, Unproven};
    let mut cases = Vec::new();
    let mut case = |rule, expected, scene| cases.push((rule, expected, scene));

    case(
        RuleId::Sve001,
        Some(Blocker),
        Scene {
            target: "cortex-a57",
            ..HANDLER
        },
    );
    case(
        RuleId::Sve001,
        Some(Unproven),
        Scene {
            target: "cortex-a57",
            facts_edit: |facts| facts.tasks[0].frames[0].liveness = Liveness::Unknown,
            ..HANDLER
        },
    );
    // A jump buffer beyond it: whether the handler returns is the program's affair.
    case(
        RuleId::Sve001,
        Some(Unproven),
        Scene {
            target: "cortex-a57",
            facts_edit: |facts| {
                let task = &mut facts.tasks[0];
                let buffer = JumpBuffer {
                    at: Addr(0x4a_20b8),
                    place: None,
                    pc: Addr(task.frames[0].pc),
                    sp: Addr(task.frames[0].sp),
                };
                let way = WayOut::Jump(buffer);
                task.ways_out.insert(task.frames[0].base, way);
            },
            ..HANDLER
        },
    );
    // Code that does not come back to it: nothing is certain but that it was not seen to.
    case(
        RuleId::Sve001,
        Some(Unproven),
        Scene {
            target: "cortex-a57",
            facts_edit: |facts| {
                let task = &mut facts.tasks[0];
                let way = WayOut::NoReturn(NoReturn {
                    pc: Addr(0x40_0f98),
                    function: None,
                    file: None,
                    leaves: true,
                });
                task.ways_out.insert(task.frames[0].base, way);
            },
            ..HANDLER
        },
    );
    case(
        RuleId::Sve001,
        Some(Blocker),
        Scene {
            target_edit: |target| {
                target
                    .sigreturn
                    .insert("SVE".to_owned(), Observed::Rejected);
            },
            ..HANDLER
        },
    );
    case(RuleId::Sve001, None, HANDLER);
    case(
        RuleId::Sve002,
        Some(Blocker),
        Scene {
            target: "max-np-vq2",
            ..HANDLER
        },
    );
    case(
        RuleId::Sve002,
        Some(Blocker),
        Scene {
            target: "max-np-smeonly",
            ..HANDLER
        },
    );
    case(RuleId::Sve002, None, HANDLER);
    case(
        RuleId::Sve003,
        Some(Blocker),
        Scene {
            image: "sig-sm@max@new",
            target: "max-nosme",
            ..QUIET
        },
    );
    case(
        RuleId::Sve003,
        Some(Blocker),
        Scene {
            image: "sig-sm@max@new",
            target: "max",
            target_edit: |target| target.sme.as_mut().unwrap().default = Some(Vl(64)),
            ..QUIET
        },
    );
    case(
        RuleId::Sve003,
        None,
        Scene {
            image: "sig-sm@max@new",
            target: "max-smeonly",
            ..QUIET
        },
    );
    cases
}
