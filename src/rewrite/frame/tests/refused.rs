//! What is not edited, and why.

use super::build::{
    BASE, allowed, fpmr, fpsimd, frame, gcs, lay, lay_at, plan_frames, plan_one, poe, sve, target,
    tpidr2, za, zt,
};
use crate::memory::{Content, Missing};
use crate::rule_id::RuleId;
use crate::sigframe::model::Liveness;

const EVERYTHING: &[&str] = &["drop-sve-state", "drop-tpidr2", "drop-fpmr", "mask-hwcap"];

#[test]
fn state_that_is_never_given_up_keeps_the_whole_frame() {
    // Live ZA, ZT, streaming, an enabled shadow stack, protection keys; and SVE headers beside them.
    let records = [
        fpsimd(),
        gcs(1),
        sve(32, 1, 1120),
        tpidr2(0),
        za(32, 1040),
        zt(),
        fpmr(0),
        poe(3),
    ];
    let memory = lay(&records, None);
    let plan = plan_one(&memory, &target("cortex-a57"), EVERYTHING);
    assert_eq!(plan.edits, []);
    let rules: Vec<_> = plan.refusals.iter().map(|r| (r.rule, r.allow)).collect();
    assert_eq!(
        rules,
        [
            (RuleId::Gcs001, None),
            (RuleId::Sve003, None),
            (RuleId::Sme002, None),
            (RuleId::Sme004, None),
            (RuleId::Poe001, None),
        ]
    );
    assert_eq!(
        plan.refusals[2].why,
        format!("frame {BASE:#x}: ZA record (vl 32): ZA is live; cortex-a57 has no sme")
    );
}

#[test]
fn an_enabled_shadow_stack_stays_on_a_target_that_has_them() {
    let memory = lay(&[fpsimd(), gcs(1)], None);
    let plan = plan_one(&memory, &target("max"), EVERYTHING);
    assert_eq!(plan.edits, []);
    assert_eq!(plan.refusals[0].rule, RuleId::Gcs001);
}

#[test]
fn a_matrix_of_zeros_is_live() {
    let memory = lay(&[fpsimd(), za(16, 272)], None);
    let plan = plan_one(&memory, &target("neoverse-v1"), EVERYTHING);
    assert_eq!((plan.edits.len(), plan.refusals.len()), (0, 1));
}

#[test]
fn nothing_is_lost_on_a_guess() {
    let memory = lay(&[fpsimd(), fpmr(1)], None);
    let unknown = vec![frame(&memory, BASE, Liveness::Unknown)];
    let cortex = target("cortex-a57");
    let plan = plan_frames(&memory, unknown, &cortex, &allowed(EVERYTHING));
    assert_eq!(plan.edits, []);
    assert!(
        plan.refusals[0].why.contains("could not be shown"),
        "{plan:?}"
    );
    // Nor where it is not known what the target does.
    let mut silent =
        crate::profile::model::Profile::unknown("silent", crate::profile::model::Source::BuiltIn);
    let plan = plan_one(&memory, &silent, EVERYTHING);
    assert_eq!(plan.edits, []);
    assert!(plan.refusals[0].why.contains("`hwcap2`"), "{plan:?}");
    // What holds nothing goes in both cases.
    let memory = lay(&[fpsimd(), fpmr(0)], None);
    let unknown = vec![frame(&memory, BASE, Liveness::Unknown)];
    let plan = plan_frames(&memory, unknown, &cortex, &allowed(&[]));
    assert_eq!((plan.edits.len(), plan.refusals.len()), (1, 0));
    let plan = plan_one(&memory, &silent, &[]);
    assert_eq!((plan.edits.len(), plan.refusals.len()), (1, 0));
    silent.hwcaps = target("max").hwcaps;
    assert_eq!(plan_one(&memory, &silent, &[]), Default::default());
}

#[test]
fn bytes_that_are_not_in_the_image_are_not_changed() {
    // The records begin on the first page; SVE lies on the second.
    let base = super::build::START + 4096 - 0x250 - 528;
    let mut memory = lay_at(base, &[fpsimd(), sve(32, 0, 16), fpmr(9)], None);
    let frames = vec![frame(&memory, base, Liveness::Live)];
    memory.gone.push((1, Content::Missing(Missing::Lazy)));
    let cortex = target("cortex-a57");
    let plan = plan_frames(&memory, frames, &cortex, &allowed(EVERYTHING));
    assert_eq!((plan.edits.len(), plan.refusals.len()), (0, 1), "{plan:?}");

    // A byte of the third page would have to move to the second, which is a page of zeros.
    let mut payload = sve(256, 0, 8752);
    let at = (super::build::START + 0x2000 - (BASE + 0x250 + 528 + 16 + 48)) as usize;
    payload[at] = 1;
    let mut memory = lay(&[fpsimd(), tpidr2(0)], Some((&[payload], 0)));
    let mut own = target("a64fx");
    own.sve = Some(crate::profile::model::VectorLengths {
        lengths: vec![crate::units::Vl(256)],
        default: Some(crate::units::Vl(256)),
    });
    assert_eq!(plan_one(&memory, &own, &[]).edits.len(), 1);
    assert!(memory.bytes[0x1000..0x2000].iter().all(|byte| *byte == 0));
    memory.gone.push((1, Content::Zero));
    let plan = plan_one(&memory, &own, &[]);
    assert_eq!(plan.edits, []);
    assert!(plan.refusals[0].why.contains("0xfffff0001ff0"), "{plan:?}");
}

#[test]
fn damaged_frames_are_left_alone() {
    let mut bad = fpmr(0);
    bad[4] = 32;
    bad.extend([0; 16]);
    for records in [
        vec![fpsimd(), sve(32, 0, 16), sve(32, 0, 16)],
        vec![sve(32, 0, 16)],
        vec![fpsimd(), bad],
        // Taken beside an SVE record by kernels before 6.16, refused alone.
        vec![super::build::record(0x4650_8001, 544, &[]), sve(32, 0, 16)],
    ] {
        let memory = lay(&records, None);
        let plan = plan_one(&memory, &target("cortex-a57@6.1"), EVERYTHING);
        assert_eq!(plan.edits, [], "{records:?}");
        assert!(!plan.refusals.is_empty());
    }
}

#[test]
fn what_lies_in_a_frame_that_is_used_is_not_taken_for_one() {
    // A frame in the payload of another, which the target takes.
    let mut payload = sve(256, 0, 8752);
    let inner = lay(&[fpsimd(), fpmr(0)], None);
    let len = 0x250 + 528 + 32;
    payload[16..16 + len].copy_from_slice(inner.get(BASE, len));
    let memory = lay(&[fpsimd()], Some((&[payload], 0)));
    let at = BASE + 0x250 + 528 + 48 + 16;
    let mut own = target("a64fx");
    own.sve = Some(crate::profile::model::VectorLengths {
        lengths: vec![crate::units::Vl(256)],
        default: Some(crate::units::Vl(256)),
    });
    let frames = vec![
        frame(&memory, BASE, Liveness::Live),
        frame(&memory, at, Liveness::Unknown),
    ];
    assert_eq!(frames[1].anomalies, []);
    let plan = plan_frames(&memory, frames, &own, &allowed(&[]));
    assert_eq!(plan.edits, []);
    assert_eq!(plan.refusals.len(), 1);
    assert!(
        plan.refusals[0].why.contains("lie in the frame"),
        "{plan:?}"
    );
}
