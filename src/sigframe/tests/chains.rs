//! The chain of records: every rule the kernel enforces, kept and broken.

use super::build::{Plan, STACK, end, esr, fpsimd, memory, record, sve};
use super::records::read;
use crate::sigframe::chain::{MAX_RECORDS, read_frame};
use crate::sigframe::model::{Body, Frame, FrameAnomalyKind as Kind};
use crate::units::Addr;

const BASE: u64 = STACK + 0x1000;

fn kinds(frame: &Frame) -> Vec<Kind> {
    frame.anomalies.iter().map(|anomaly| anomaly.kind).collect()
}

fn anomalies(records: &[Vec<u8>]) -> Vec<Kind> {
    kinds(&read(records).1)
}

/// Lays a frame with EXTRA space, lets `spoil` at the bytes from `__reserved` on, and reads it.
/// EXTRA lies at 528, its terminator at 560, the space at 576.
fn extra(spoil: impl FnOnce(&mut Vec<u8>)) -> Frame {
    let mut memory = memory();
    let mut plan =
        Plan::new(BASE, STACK + 0x10000).with_extra(&[fpsimd()], &[sve(256, 0, 8752), end()]);
    spoil(&mut plan.records);
    plan.lay(&mut memory);
    read_frame(&memory, Addr(BASE)).unwrap()
}

#[test]
fn sizes_that_lose_the_next_record() {
    assert_eq!(
        anomalies(&[fpsimd(), record(0x5356_4501, 4, &[]), end()]),
        [Kind::WrongSize, Kind::SizeTooSmall]
    );
    assert_eq!(
        anomalies(&[fpsimd(), record(0x1234_5678, 24, &[]), end()]),
        [Kind::SizeUnaligned]
    );
    let mut large = esr();
    large[4..8].copy_from_slice(&4096_u32.to_le_bytes());
    assert_eq!(anomalies(&[fpsimd(), large]), [Kind::SizeTooLarge]);
    assert_eq!(
        anomalies(&[fpsimd(), vec![0, 0, 0, 0, 8, 0, 0, 0]]),
        [Kind::TerminatorSize]
    );
    let (_, frame) = read(&[
        fpsimd(),
        [0x78, 0x56, 0x34, 0x12, 0xff, 0xff, 0xff, 0xff].to_vec(),
    ]);
    assert_eq!(
        (frame.records.len(), kinds(&frame)),
        (2, vec![Kind::SizeTooLarge])
    );
}

#[test]
fn a_chain_that_fills_the_area_has_no_terminator() {
    // 528 + 3568 = 4096.
    assert_eq!(
        anomalies(&[fpsimd(), record(0x4553_5201, 3568, &[])]),
        [Kind::NoTerminator]
    );
    // 16 bytes less leave room for it.
    assert_eq!(
        anomalies(&[fpsimd(), record(0x4553_5201, 3552, &[]), end()]),
        []
    );
}

#[test]
fn records_that_may_occur_once() {
    assert_eq!(anomalies(&[fpsimd(), fpsimd(), end()]), [Kind::Duplicate]);
    assert_eq!(
        anomalies(&[fpsimd(), sve(64, 0, 16), sve(64, 0, 16), end()]),
        [Kind::Duplicate]
    );
    assert_eq!(anomalies(&[esr(), end()]), [Kind::NoFpsimd]);
}

#[test]
fn pstate_must_be_that_of_native_user_code() {
    for (pstate, refused) in [
        (0x8000_0000_u64, false),
        (0x20, false),
        (4, true),
        (0x10, true),
        (0x80, true),
        (0x200, true),
    ] {
        let mut memory = memory();
        let mut plan = Plan::new(BASE, STACK + 0x8000);
        plan.pstate = pstate;
        plan.lay(&mut memory);
        let frame = read_frame(&memory, Addr(BASE)).unwrap();
        assert_eq!(
            kinds(&frame) == [Kind::PstateInvalid],
            refused,
            "{pstate:#x}"
        );
    }
}

#[test]
fn extra_space_is_followed() {
    let frame = extra(|_| ());
    assert_eq!(kinds(&frame), []);
    // 592 + 528 + 32 + 16 + 8752 + 16 = 9936.
    assert_eq!(frame.size, 9936);
    let seen: Vec<_> = frame
        .records
        .iter()
        .map(|record| (record.magic, record.in_extra))
        .collect();
    let wanted = [
        (0x4650_8001, false),
        (0x4558_5401, false),
        (0, false),
        (0x5356_4501, true),
        (0, true),
    ];
    assert_eq!(seen, wanted);
    let Body::Sve {
        payload: Some(payload),
        ..
    } = &frame.records[3].body
    else {
        panic!()
    };
    assert_eq!(
        (payload.vq, payload.p_offset, payload.ffr_offset),
        (16, 8208, 8720)
    );
}

#[test]
fn extra_space_in_the_wrong_place_is_not_followed() {
    let size = |value: u32| {
        move |bytes: &mut Vec<u8>| bytes[544..548].copy_from_slice(&value.to_le_bytes())
    };
    let datap = |value: u64| {
        move |bytes: &mut Vec<u8>| bytes[536..544].copy_from_slice(&value.to_le_bytes())
    };
    assert_eq!(
        kinds(&extra(datap(BASE + 0x250))),
        [Kind::ExtraPlacement],
        "itself"
    );
    assert_eq!(kinds(&extra(datap(u64::MAX))), [Kind::ExtraPlacement]);
    assert_eq!(kinds(&extra(size(8760))), [Kind::ExtraSize]);
    assert_eq!(kinds(&extra(size(0xffff_fff0))), [Kind::ExtraSize]);
    // 256 KiB less the 1168 bytes before the space is the most there may be.
    assert_eq!(kinds(&extra(size(262_144 - 1168))), []);
    assert_eq!(kinds(&extra(size(262_144 - 1152))), [Kind::ExtraSize]);
    assert_eq!(
        kinds(&extra(size(8752))),
        [Kind::NoTerminator],
        "no room for the terminator"
    );
    assert_eq!(
        kinds(&extra(|bytes| bytes[560] = 1)).first(),
        Some(&Kind::ExtraPlacement)
    );
    assert_eq!(
        kinds(&extra(|bytes| bytes[548] = 1)),
        [Kind::ReservedNotZero]
    );
    assert_eq!(extra(datap(u64::MAX)).size, 4688);
}

#[test]
fn extra_inside_extra_and_twice() {
    let nested = Plan::new(BASE, STACK + 0x10000).with_extra(
        &[fpsimd()],
        &[record(0x4558_5401, 32, &[]), sve(256, 0, 8752), end()],
    );
    let mut memory = memory();
    nested.lay(&mut memory);
    let frame = read_frame(&memory, Addr(BASE)).unwrap();
    assert_eq!(kinds(&frame), [Kind::ExtraNested]);
    assert_eq!(frame.records.len(), 6);
    assert_eq!(
        anomalies(&[fpsimd(), record(0x4558_5401, 16, &[]), end()]),
        [Kind::WrongSize]
    );
}

#[test]
fn a_chain_of_tiny_records_is_cut() {
    let many: Vec<Vec<u8>> = (0..16_000).map(|_| esr()).chain([end()]).collect();
    let mut memory = super::fake::Fake::default();
    memory.map(STACK, STACK + 0x80000, "rw");
    Plan::new(BASE, STACK + 0x70000)
        .with_extra(&[fpsimd()], &many)
        .lay(&mut memory);
    let frame = read_frame(&memory, Addr(BASE)).unwrap();
    assert!(frame.records.len() <= MAX_RECORDS + 1);
    assert_eq!(kinds(&frame), [Kind::NoTerminator]);
}

#[test]
fn missing_pages_are_noted_where_they_begin() {
    let mut memory = memory();
    Plan::new(BASE + 0xd00, STACK + 0x8000).lay(&mut memory);
    memory.lose(BASE + 0x1000);
    // The FPSIMD record begins at BASE + 0xf50 and runs into the missing page.
    let frame = read_frame(&memory, Addr(BASE + 0xd00)).unwrap();
    assert_eq!(kinds(&frame)[0], Kind::Unreadable);
    assert_eq!(frame.anomalies[0].addr, Addr(BASE + 0x1000));
    assert_eq!(frame.records[0].body, Body::Unknown);
}
