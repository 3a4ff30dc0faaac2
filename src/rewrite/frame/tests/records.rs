//! Records that are left out or changed.

use proptest::prelude::*;

use super::build::{
    BASE, Flat, allowed, end, esr, fpmr, fpsimd, frame, gcs, lay, lay_at, plan_frames, plan_one,
    poe, sve, target, tpidr2, za,
};
use crate::finding::EditClass;
use crate::memory::Content;
use crate::profile::model::Profile;
use crate::rule_id::RuleId;
use crate::sigframe::model::Liveness;
use crate::sigreturn::{Answer, answer};

const RESERVED: u64 = BASE + 0x250;

/// The records' bytes, and zeros up to the place where the last terminator was.
fn expect(memory: &Flat, after: &Flat, records: &[Vec<u8>], old: u64) {
    let mut bytes = records.concat();
    bytes.resize(old as usize, 0);
    assert_eq!(after.get(RESERVED, bytes.len()), bytes);
    // The terminator that was, and everything else, is as before.
    let until = (RESERVED - super::build::START) as usize;
    assert_eq!(after.bytes[..until], memory.bytes[..until]);
    let behind = until + bytes.len();
    assert_eq!(after.bytes[behind..], memory.bytes[behind..]);
}

#[test]
fn records_without_state_go_and_the_rest_closes_up() {
    let main = [
        fpsimd(),
        esr(),
        sve(32, 0, 16),
        tpidr2(0),
        za(32, 16),
        fpmr(0),
    ];
    let memory = lay(&main, None);
    let plan = plan_one(&memory, &target("cortex-a57"), &[]);
    assert_eq!(plan.refusals, []);
    let [edit] = &plan.edits[..] else {
        panic!("{plan:?}");
    };
    assert_eq!(
        (edit.rule, edit.class),
        (RuleId::Sve001, EditClass::Lossless)
    );
    assert_eq!(
        edit.what,
        format!(
            "frame {BASE:#x}: drop SVE record (header only), drop TPIDR2 record (0), drop ZA record (header only), \
             drop FPMR record (0)"
        )
    );
    expect(&memory, &memory.apply(&plan), &[fpsimd(), esr()], 528 + 80);
}

#[test]
fn kept_records_behind_a_gap_move_up() {
    let memory = lay(&[fpsimd(), gcs(0), sve(64, 0, 16), poe(7), esr()], None);
    let plan = plan_one(&memory, &target("a64fx"), &[]);
    expect(
        &memory,
        &memory.apply(&plan),
        &[fpsimd(), sve(64, 0, 16), esr()],
        528 + 32 + 48,
    );
}

#[test]
fn a_target_that_takes_the_frame_changes_nothing() {
    let memory = lay(
        &[fpsimd(), sve(64, 0, 16), tpidr2(0), za(32, 16), fpmr(0)],
        None,
    );
    assert_eq!(plan_one(&memory, &target("max"), &[]), Default::default());
}

#[test]
fn a_header_gets_the_length_of_the_target() {
    let memory = lay(&[fpsimd(), sve(64, 0, 16), za(64, 16)], None);
    let plan = plan_one(&memory, &target("max"), &[]);
    // SVE fits; the streaming length of a restored task is 32.
    expect(
        &memory,
        &memory.apply(&plan),
        &[fpsimd(), sve(64, 0, 16), za(32, 16)],
        528 + 32,
    );
    assert_eq!(
        plan.edits[0].what,
        format!("frame {BASE:#x}: set vl 32 in ZA record (header only)")
    );
    let memory = lay(&[fpsimd(), sve(64, 0, 16)], None);
    let plan = plan_one(&memory, &target("neoverse-v1"), &[]);
    expect(
        &memory,
        &memory.apply(&plan),
        &[fpsimd(), sve(32, 0, 16)],
        528 + 16,
    );
}

#[test]
fn an_empty_payload_shrinks_to_a_header() {
    // 16 + 546 * 4 rounded up to 16; the low half of Z3 is in FPSIMD too, which wins.
    let mut record = sve(64, 0, 2208);
    record[16 + 3 * 64] = 5;
    let memory = lay(&[fpsimd(), record.clone(), esr()], None);
    let plan = plan_one(&memory, &target("neoverse-v1"), &[]);
    assert_eq!(plan.edits[0].class, EditClass::Lossless);
    expect(
        &memory,
        &memory.apply(&plan),
        &[fpsimd(), sve(32, 0, 16), esr()],
        528 + 2208 + 16,
    );
    // One bit above the low half, or of a predicate, or of FFR, is state.
    for at in [16 + 3 * 64 + 16, 16 + 32 * 64, 16 + 32 * 64 + 16 * 8] {
        let mut record = record.clone();
        record[at] = 1;
        let memory = lay(&[fpsimd(), record, esr()], None);
        let plan = plan_one(&memory, &target("neoverse-v1"), &[]);
        assert_eq!(plan.edits, []);
        assert_eq!(plan.refusals[0].allow, Some("drop-sve-state"));
        let plan = plan_one(&memory, &target("neoverse-v1"), &["drop-sve-state"]);
        assert_eq!(plan.edits[0].class, EditClass::Lossy("drop-sve-state"));
        expect(
            &memory,
            &memory.apply(&plan),
            &[fpsimd(), sve(32, 0, 16), esr()],
            528 + 2208 + 16,
        );
    }
}

#[test]
fn small_state_goes_by_name_only() {
    for (record, name) in [(tpidr2(8), "drop-tpidr2"), (fpmr(1), "drop-fpmr")] {
        let memory = lay(&[fpsimd(), record], None);
        let refused = plan_one(&memory, &target("cortex-a57"), &["mask-hwcap"]);
        assert_eq!(refused.edits, []);
        assert_eq!(refused.refusals[0].allow, Some(name));
        let plan = plan_one(&memory, &target("cortex-a57"), &[name]);
        assert_eq!(plan.edits[0].class, EditClass::Lossy(name));
        expect(&memory, &memory.apply(&plan), &[fpsimd()], 528 + 16);
    }
}

fn extra_record(datap: u64, size: u32) -> Vec<u8> {
    let body = [datap.to_le_bytes().as_slice(), &size.to_le_bytes()].concat();
    super::build::record(0x4558_5401, 32, &body)
}

#[test]
fn extra_space_moves_up_and_ends_where_it_ended() {
    let big = sve(256, 0, 8752);
    let memory = lay(
        &[fpsimd(), tpidr2(0), fpmr(0)],
        Some((&[big.clone(), za(32, 16), poe(7)], 64)),
    );
    let mut own = target("a64fx");
    // A machine with vectors of 256 bytes and nothing else of it all.
    own.sve = Some(crate::profile::model::VectorLengths {
        lengths: vec![crate::units::Vl(256)],
        default: Some(crate::units::Vl(256)),
    });
    let plan = plan_one(&memory, &own, &[]);
    assert_eq!(plan.refusals, []);
    let after = memory.apply(&plan);
    let datap = RESERVED + 528 + 48;
    let old_size = 8752 + 16 + 16 + 16 + 64;
    expect(
        &memory,
        &after,
        &[fpsimd(), extra_record(datap, old_size + 32), end(), big],
        528 + 32 + 48 + 8752 + 32,
    );
    let (before, after) = (
        frame(&memory, BASE, Liveness::Live),
        frame(&after, BASE, Liveness::Live),
    );
    assert_eq!(after.anomalies, []);
    assert_eq!(before.size, after.size);
}

#[test]
fn extra_space_may_become_empty() {
    let memory = lay(&[fpsimd(), za(32, 16)], Some((&[sve(256, 0, 8752)], 0)));
    let plan = plan_one(&memory, &target("cortex-a57"), &[]);
    assert_eq!(plan.refusals, []);
    let after = memory.apply(&plan);
    let datap = RESERVED + 528 + 48;
    expect(
        &memory,
        &after,
        &[fpsimd(), extra_record(datap, 8752 + 16 + 16), end()],
        528 + 16 + 48 + 8752,
    );
    let read = frame(&after, BASE, Liveness::Live);
    assert_eq!(read.anomalies, []);
    assert_eq!(read.size, frame(&memory, BASE, Liveness::Live).size);
}

#[test]
fn a_page_of_zeros_is_no_obstacle_where_it_stays_zero() {
    // The payload reaches over the whole third page, which was not dumped.
    let mut memory = lay(&[fpsimd()], Some((&[sve(256, 0, 8752)], 0)));
    memory.bytes[0x2000..0x3000].fill(0);
    let whole = memory.clone();
    memory.gone.push((2, Content::Zero));
    let plan = plan_one(&memory, &target("cortex-a57"), &[]);
    assert_eq!(plan.refusals, []);
    assert_eq!(plan, plan_one(&whole, &target("cortex-a57"), &[]));
}

#[test]
fn shared_frames_are_planned_once() {
    let memory = lay(&[fpsimd(), sve(32, 0, 16)], None);
    let twice = vec![
        frame(&memory, BASE, Liveness::Live),
        frame(&memory, BASE, Liveness::Live),
    ];
    let plan = plan_frames(&memory, twice, &target("cortex-a57"), &allowed(&[]));
    assert_eq!((plan.edits.len(), plan.refusals.len()), (1, 0));
}

/// A record the kernel could have written, with what it says.
fn any_record() -> impl Strategy<Value = Vec<u8>> {
    let vl = prop_oneof![Just(16u16), Just(32), Just(64), Just(256)];
    let payload = (vl.clone(), any::<bool>(), any::<u8>()).prop_map(|(vl, flags, fill)| {
        let vq = u32::from(vl) / 16;
        let mut record = sve(vl, u16::from(flags), (16 + 546 * vq).next_multiple_of(16));
        record[16..].fill(fill % 3);
        record
    });
    prop_oneof![
        vl.clone().prop_map(|vl| sve(vl, 0, 16)),
        payload,
        vl.clone().prop_map(|vl| za(vl, 16)),
        vl.prop_map(|vl| za(vl, 16 + u32::from(vl) * u32::from(vl))),
        (0u64..2).prop_map(tpidr2),
        (0u64..2).prop_map(fpmr),
        (6u64..8).prop_map(poe),
        (0u64..2).prop_map(gcs),
        Just(esr()),
    ]
}

fn once_each(records: Vec<Vec<u8>>) -> Vec<Vec<u8>> {
    let mut seen: Vec<[u8; 4]> = Vec::new();
    records
        .into_iter()
        .filter(|record| {
            let magic: [u8; 4] = record[..4].try_into().unwrap();
            let new = !seen.contains(&magic);
            seen.push(magic);
            new
        })
        .collect()
}

fn any_target() -> impl Strategy<Value = Profile> {
    prop_oneof![
        Just("cortex-a57"),
        Just("a64fx"),
        Just("neoverse-v1"),
        Just("max"),
        Just("max-smeonly"),
        Just("max-nosve"),
        Just("max-vq1"),
        Just("max@6.1"),
    ]
    .prop_map(target)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 192, ..ProptestConfig::default() })]

    #[test]
    fn edited_frames_are_taken_and_keep_every_other_record(
        records in proptest::collection::vec(any_record(), 0..8),
        split in 0usize..8,
        spare in (0u64..4).prop_map(|spare| spare * 16),
        with_extra in any::<bool>(),
        shift in 0u64..256,
        target in any_target(),
        allow in any::<bool>(),
    ) {
        let records = once_each(records);
        let (main, extra) = records.split_at(split.min(records.len()));
        let main: Vec<Vec<u8>> = std::iter::once(fpsimd()).chain(main.iter().cloned()).collect();
        prop_assume!(main.concat().len() <= 4000);
        let base = BASE + shift * 16;
        let (memory, main) = if with_extra {
            (lay_at(base, &main, Some((extra, spare))), main)
        } else {
            (lay_at(base, &main, None), main)
        };
        let before = frame(&memory, base, Liveness::Live);
        prop_assert_eq!(&before.anomalies, &[]);
        let names: &[&str] = if allow { &["drop-sve-state", "drop-tpidr2", "drop-fpmr"] } else { &[] };
        let plan = plan_frames(&memory, vec![before.clone()], &target, &allowed(names));
        let after_memory = memory.apply(&plan);
        let after = frame(&after_memory, base, Liveness::Live);
        let refused = before.records.iter().any(|record| answer(record, &target) != Answer::Accepted);
        prop_assert_eq!(plan.edits.is_empty() && plan.refusals.is_empty(), !refused);
        prop_assert!(plan.edits.is_empty() || plan.refusals.is_empty());
        if plan.edits.is_empty() {
            prop_assert_eq!(&after_memory.bytes, &memory.bytes);
            return Ok(());
        }
        prop_assert_eq!(&after.anomalies, &[]);
        prop_assert_eq!(after.size, before.size);
        for record in &after.records {
            prop_assert_eq!(answer(record, &target), Answer::Accepted);
        }
        // Every record the target took is there still, in its order and area, byte for byte.
        let raw = |memory: &Flat, frame: &crate::sigframe::model::Frame, keep: &dyn Fn(u32) -> bool| {
            frame
                .records
                .iter()
                .filter(|record| record.magic != 0 && record.magic != 0x4558_5401 && keep(record.magic))
                .map(|record| (record.in_extra, memory.get(record.addr.0, record.size as usize).to_vec()))
                .collect::<Vec<_>>()
        };
        let took: Vec<u32> = before
            .records
            .iter()
            .filter(|record| answer(record, &target) == Answer::Accepted)
            .map(|record| record.magic)
            .collect();
        let keep = |magic: u32| took.contains(&magic);
        prop_assert_eq!(raw(&memory, &before, &keep), raw(&after_memory, &after, &keep));
        // Nothing outside of the records changed.
        let first = (base + 0x250 - super::build::START) as usize;
        let last = (before.records.last().unwrap().addr.0 - super::build::START) as usize;
        prop_assert_eq!(&after_memory.bytes[..first], &memory.bytes[..first]);
        prop_assert_eq!(&after_memory.bytes[last..], &memory.bytes[last..]);
        let _ = main;
    }
}
