//! Cases of the rules about signal frames.

use hwcr::finding::Severity;
use hwcr::rule_id::RuleId;
use hwcr::sigframe::model::{Body, FrameAnomalyKind, Liveness};
use hwcr::sigframe::unwind::Dangling;
use hwcr::units::{Addr, Tid, Version};

use super::scene::{HANDLER, Row, Scene, frame_anomaly, put_record};

pub(super) fn cases() -> Vec<Row> {
    use Severity::{Blocker, Note, Unproven};
    let mut cases = Vec::new();
    let mut case = |rule, expected, scene| cases.push((rule, expected, scene));

    case(
        RuleId::Frm001,
        Some(Blocker),
        Scene {
            facts_edit: |facts| frame_anomaly(facts, FrameAnomalyKind::NoTerminator),
            ..HANDLER
        },
    );
    case(
        RuleId::Frm001,
        Some(Unproven),
        Scene {
            facts_edit: |facts| {
                frame_anomaly(facts, FrameAnomalyKind::NoTerminator);
                facts.tasks[0].frames[0].liveness = Liveness::Unknown;
            },
            ..HANDLER
        },
    );
    case(
        RuleId::Frm001,
        None,
        Scene {
            facts_edit: |facts| {
                frame_anomaly(facts, FrameAnomalyKind::NoTerminator);
                facts.tasks[0].frames[0].liveness = Liveness::Stale;
            },
            ..HANDLER
        },
    );
    case(RuleId::Frm001, None, HANDLER);
    case(
        RuleId::Frm002,
        Some(Blocker),
        Scene {
            facts_edit: |facts| put_record(facts, 0x1234, 16, Body::Unknown),
            ..HANDLER
        },
    );
    case(
        RuleId::Frm002,
        Some(Unproven),
        Scene {
            facts_edit: |facts| put_record(facts, 0x1234, 16, Body::Unknown),
            target_edit: |target| target.kernel = Some(Version::new(9, 0, 0)),
            ..HANDLER
        },
    );
    case(RuleId::Frm002, None, HANDLER);
    case(
        RuleId::Frm003,
        Some(Unproven),
        Scene {
            facts_edit: |facts| {
                facts.tasks[0].dangling.push(Dangling {
                    tid: Tid(1),
                    addr: Addr(64),
                })
            },
            ..HANDLER
        },
    );
    case(RuleId::Frm003, None, HANDLER);
    case(
        RuleId::Frm004,
        Some(Unproven),
        Scene {
            facts_edit: |facts| frame_anomaly(facts, FrameAnomalyKind::Unreadable),
            ..HANDLER
        },
    );
    case(RuleId::Frm004, None, HANDLER);
    case(
        RuleId::Frm005,
        Some(Note),
        Scene {
            facts_edit: |facts| facts.tasks[0].unsearched = 1 << 30,
            ..HANDLER
        },
    );
    case(
        RuleId::Frm005,
        Some(Unproven),
        Scene {
            facts_edit: |facts| facts.tasks[0].search_cut = true,
            ..HANDLER
        },
    );
    case(RuleId::Frm005, None, HANDLER);
    case(
        RuleId::Frm006,
        Some(Blocker),
        Scene {
            facts_edit: |facts| frame_anomaly(facts, FrameAnomalyKind::PstateInvalid),
            ..HANDLER
        },
    );
    case(RuleId::Frm006, None, HANDLER);
    cases
}
