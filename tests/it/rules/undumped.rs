//! Cases of the rules about state that CRIU does not dump.

use hwcr::criu_image::model::{Checkpoint, Gcs};
use hwcr::evidence::vector_length::LengthAudit;
use hwcr::evidence::{Reason, Suspect};
use hwcr::facts::{Facts, Ground, Standing};
use hwcr::finding::Severity;
use hwcr::rule_id::RuleId;

use super::scene::{Edit, HANDLER, QUIET, Row, Scene, stand};

pub(super) fn cases() -> Vec<Row> {
    use Severity::{Blocker, Note, Unproven};
    let mut cases = Vec::new();
    let mut case = |rule, expected, scene| cases.push((rule, expected, scene));

    let in_user_code = |facts: &mut Facts<'_>| {
        facts.tasks[0].threads[0].standing = Standing::User {
            ground: Ground::Registers,
        };
    };
    case(
        RuleId::Und001,
        Some(Unproven),
        Scene {
            image: "live-sve@max@new",
            target: "max",
            ..QUIET
        },
    );
    case(
        RuleId::Und001,
        None,
        Scene {
            facts_edit: in_user_code,
            ..QUIET
        },
    );
    case(RuleId::Und001, None, HANDLER);
    case(RuleId::Und002, Some(Note), HANDLER);
    case(RuleId::Und002, None, QUIET);
    case(
        RuleId::Und003,
        Some(Unproven),
        Scene {
            facts_edit: |facts| facts.tasks[0].threads[0].handler_depth = 0,
            ..HANDLER
        },
    );
    case(RuleId::Und003, None, HANDLER);
    case(
        RuleId::Und004,
        Some(Unproven),
        Scene {
            facts_edit: |facts| facts.tasks[0].frames.clear(),
            ..HANDLER
        },
    );
    case(RuleId::Und004, None, HANDLER);
    case(
        RuleId::Und005,
        Some(Unproven),
        Scene {
            facts_edit: |facts| {
                facts.tasks[0].told.words[1] = Some(1 << 18);
                facts.tasks[0].threads[0].tagged_registers = 1;
            },
            ..QUIET
        },
    );
    case(
        RuleId::Und005,
        Some(Note),
        Scene {
            facts_edit: |facts| facts.tasks[0].told.words[1] = Some(1 << 18),
            ..QUIET
        },
    );
    // HWAddressSanitizer tags addresses without any feature of the CPU but that loads ignore the top byte.
    case(
        RuleId::Und005,
        Some(Unproven),
        Scene {
            image_edit: |image| {
                let state = image.tasks[0].threads[0].state.as_mut().unwrap();
                state.x[5] = state.sp | 0xab << 56;
            },
            ..QUIET
        },
    );
    case(RuleId::Und005, None, QUIET);
    let shadow = |image: &mut Checkpoint| {
        image.tasks[0].threads[0].state.as_mut().unwrap().gcs = Some(Gcs {
            gcspr_el0: 0x1000,
            features_enabled: 1,
        });
    };
    case(
        RuleId::Und006,
        Some(Blocker),
        Scene {
            image_edit: shadow,
            ..QUIET
        },
    );
    case(RuleId::Und006, None, QUIET);
    case(
        RuleId::Und007,
        Some(Unproven),
        Scene {
            image: "idle@a64fx@new",
            target: "a64fx",
            ..QUIET
        },
    );
    case(
        RuleId::Und007,
        Some(Unproven),
        Scene {
            image: "idle@a64fx@new",
            target: "max-np-vq2",
            source: Some("a64fx"),
            ..QUIET
        },
    );
    case(
        RuleId::Und007,
        Some(Note),
        Scene {
            image: "idle@a64fx@new",
            target: "a64fx",
            source: Some("a64fx"),
            ..QUIET
        },
    );
    case(RuleId::Und007, Some(Note), HANDLER);
    // Frames show the lengths of the threads in handlers, not that of the one that waits for them.
    case(
        RuleId::Und007,
        Some(Unproven),
        Scene {
            image: "threads-sve@max-nopauth@new",
            ..HANDLER
        },
    );
    case(
        RuleId::Und007,
        Some(Note),
        Scene {
            image: "threads-sve@max-nopauth@new",
            source: Some("max-nopauth"),
            ..HANDLER
        },
    );
    case(RuleId::Und007, None, QUIET);
    // A64FX has three lengths to choose from.
    case(
        RuleId::Und008,
        Some(Unproven),
        Scene {
            image: "idle@a64fx@new",
            target: "a64fx",
            source: Some("a64fx"),
            ..QUIET
        },
    );
    case(
        RuleId::Und008,
        Some(Unproven),
        Scene {
            image: "threads-sve@max-nopauth@new",
            source: Some("max-nopauth"),
            ..HANDLER
        },
    );
    // Its code shows that it cannot have chosen one, or that it may.
    case(
        RuleId::Und008,
        Some(Note),
        Scene {
            image: "idle@a64fx@new",
            target: "a64fx",
            source: Some("a64fx"),
            facts_edit: |facts| {
                facts.tasks[0].length_audit = Some(LengthAudit::Never { files: 3 });
            },
            ..QUIET
        },
    );
    case(
        RuleId::Und008,
        Some(Unproven),
        Scene {
            image: "idle@a64fx@new",
            target: "a64fx",
            source: Some("a64fx"),
            facts_edit: |facts| {
                facts.tasks[0].length_audit = Some(LengthAudit::May(Suspect {
                    file: "/bin/test".into(),
                    at: Some(0x100),
                    reason: Reason::Number,
                }));
            },
            ..QUIET
        },
    );
    // One length alone leaves no choice.
    case(
        RuleId::Und008,
        None,
        Scene {
            image: "idle@a64fx@new",
            target: "max-np-vq1",
            source: Some("max-np-vq1"),
            ..QUIET
        },
    );
    // A frame of the one thread there is shows its length.
    case(
        RuleId::Und008,
        None,
        Scene {
            source: Some("max-nopauth"),
            ..HANDLER
        },
    );
    // HWCR-UND-007 says it.
    case(
        RuleId::Und008,
        None,
        Scene {
            image: "idle@a64fx@new",
            target: "max-np-vq2",
            source: Some("a64fx"),
            ..QUIET
        },
    );

    let in_vdso: [(Option<Severity>, Edit<Checkpoint>); 5] = [
        // __kernel_clock_gettime of 7.3.4 begins at 0x320.
        (None, |image| stand(image, 0x320)),
        (Some(Unproven), |image| stand(image, 0x324)),
        (Some(Unproven), |image| stand(image, 0x300)),
        // Behind it.
        (None, |image| stand(image, 0x2000)),
        // Before it, in the data.
        (None, |image| stand(image, -8)),
    ];
    for (expected, edit) in in_vdso {
        case(
            RuleId::Und009,
            expected,
            Scene {
                image_edit: edit,
                ..QUIET
            },
        );
    }
    case(
        RuleId::Und009,
        Some(Note),
        Scene {
            image_edit: |image| stand(image, 0x300),
            source: Some("cortex-a57"),
            ..QUIET
        },
    );
    // A handler returns to the first instruction of the trampoline.
    case(RuleId::Und009, None, HANDLER);
    case(
        RuleId::Und009,
        None,
        Scene {
            facts_edit: |facts| {
                let vdso = facts.tasks[0].vdso.as_ref().unwrap();
                facts.tasks[0].frames[0].pc = vdso.sigreturn.unwrap().0;
            },
            ..HANDLER
        },
    );
    case(
        RuleId::Und009,
        Some(Unproven),
        Scene {
            facts_edit: |facts| {
                let vdso = facts.tasks[0].vdso.as_ref().unwrap();
                facts.tasks[0].frames[0].pc = vdso.range.start.0 + 0x400;
            },
            ..HANDLER
        },
    );
    cases
}
