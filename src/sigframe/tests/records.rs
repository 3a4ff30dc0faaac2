//! Each kind of record, whole and damaged.

use super::build::{Plan, STACK, end, esr, fpsimd, memory, record, sve};
use super::fake::Fake;
use crate::memory::Memory;
use crate::sigframe::chain::read_frame;
use crate::sigframe::layout::{sve_size, za_size, zt_size};
use crate::sigframe::model::{Body, Frame, FrameAnomalyKind as Kind, SVE_SIG_FLAG_SM};
use crate::units::{Addr, Vl};

const BASE: u64 = STACK + 0x1000;

/// Lays a frame with these records and reads it.
pub(super) fn read(records: &[Vec<u8>]) -> (Fake, Frame) {
    let mut memory = memory();
    Plan::new(BASE, STACK + 0x8000)
        .with(records)
        .lay(&mut memory);
    let frame = read_frame(&memory, Addr(BASE)).unwrap();
    (memory, frame)
}

fn kinds(frame: &Frame) -> Vec<Kind> {
    frame.anomalies.iter().map(|anomaly| anomaly.kind).collect()
}

/// The body and the anomalies of one record behind FPSIMD.
fn one(bytes: Vec<u8>) -> (Body, Vec<Kind>) {
    let (_, frame) = read(&[fpsimd(), bytes, end()]);
    (frame.records[1].body.clone(), kinds(&frame))
}

fn word(value: u64) -> Vec<u8> {
    value.to_le_bytes().to_vec()
}

#[test]
fn the_fixed_part_is_read_field_by_field() {
    let mut memory = memory();
    let mut plan = Plan::new(BASE, STACK + 0x8000);
    plan.mask = 0x2000;
    plan.lay(&mut memory);
    memory.put(BASE, &[10, 0, 0, 0, 0, 0, 0, 0, 0xfa, 0xff, 0xff, 0xff]);
    memory.words(BASE + 0x80, &[3, 4, 0x1234_5000, 1, 0x2000]);
    memory.words(BASE + 0x130, &[0xbad_add0]);
    let frame = read_frame(&memory, Addr(BASE)).unwrap();
    assert_eq!((frame.signo, frame.si_code), (10, -6));
    assert_eq!(
        (frame.uc_flags, frame.uc_link, frame.uc_sigmask),
        (3, 4, 0x2000)
    );
    assert_eq!(frame.uc_stack, (0x1234_5000, 1, 0x2000));
    assert_eq!(frame.fault_address, 0xbad_add0);
    assert_eq!(
        (frame.regs[0], frame.regs[29], frame.regs[30]),
        (0x77, STACK + 0x8000, 0x40_0b90)
    );
    assert_eq!(
        (frame.sp, frame.pc, frame.pstate),
        (BASE + 4704, 0x40_0b94, 0x6000_1000)
    );
    assert_eq!(
        (frame.size, frame.place.clone().map(|place| place.offset)),
        (4688, Some(BASE))
    );
    assert_eq!(frame.records[0].addr, Addr(BASE + 592));
    let Body::Fpsimd { fpsr, fpcr, vregs } = &frame.records[0].body else {
        panic!()
    };
    assert_eq!((*fpsr, *fpcr, vregs[0], vregs[31]), (1, 2, 7, 0));
    assert_eq!(kinds(&frame), []);
}

#[test]
fn records_of_one_word_and_gcs() {
    let plain = |magic| one(record(magic, 16, &word(0x1122_3344_5566_7788)));
    let value = 0x1122_3344_5566_7788;
    assert_eq!(plain(0x4553_5201), (Body::Esr { esr: value }, vec![]));
    assert_eq!(plain(0x5450_4902), (Body::Tpidr2 { tpidr2: value }, vec![]));
    assert_eq!(plain(0x4650_4d52), (Body::Fpmr { fpmr: value }, vec![]));
    assert_eq!(plain(0x504f_4530), (Body::Poe { por_el0: value }, vec![]));
    let gcs = |reserved| {
        one(record(
            0x4743_5300,
            32,
            &[word(8), word(5), word(reserved)].concat(),
        ))
    };
    assert_eq!(
        gcs(0),
        (
            Body::Gcs {
                gcspr: 8,
                features_enabled: 5,
                reserved: 0
            },
            vec![]
        )
    );
    assert_eq!(
        gcs(9),
        (
            Body::Gcs {
                gcspr: 8,
                features_enabled: 5,
                reserved: 9
            },
            vec![Kind::ReservedNotZero]
        )
    );
    assert_eq!(
        one(record(0x4743_5300, 16, &word(8))),
        (Body::Unknown, vec![Kind::WrongSize])
    );
    assert_eq!(
        one(record(0x5450_4902, 32, &word(1))),
        (Body::Tpidr2 { tpidr2: 1 }, vec![Kind::WrongSize])
    );
}

#[test]
fn an_unknown_magic_is_kept_and_an_esr_record_may_have_any_size() {
    let (body, anomalies) = one(record(0x1234_5678, 64, &[]));
    assert_eq!((body, anomalies), (Body::Unknown, vec![]));
    assert_eq!(
        one(record(0x4553_5201, 1024, &word(1))),
        (Body::Esr { esr: 1 }, vec![])
    );
    let (_, frame) = read(&[esr(), esr(), fpsimd(), esr(), end()]);
    assert_eq!((frame.records.len(), kinds(&frame)), (5, vec![]));
}

#[test]
fn sve_without_payload_takes_any_length() {
    let bare = |vl| {
        (
            Body::Sve {
                vl: Vl(vl),
                flags: 0,
                payload: None,
            },
            vec![],
        )
    };
    assert_eq!(one(sve(64, 0, 16)), bare(64));
    assert_eq!(
        one(sve(0, 0, 16)),
        bare(0),
        "an SME machine without SVE writes vl 0"
    );
    assert_eq!(one(sve(0, 0, 576)), (bare(0).0, vec![Kind::WrongSize]));
    assert_eq!(one(sve(24, 0, 576)), (bare(24).0, vec![Kind::WrongSize]));
    assert_eq!(
        one(sve(32, 0, 1104)),
        (bare(32).0, vec![Kind::WrongSize]),
        "one unit short of 1120"
    );
}

#[test]
fn sve_payloads_have_the_published_sizes() {
    for (vl, size) in [(16_u16, 576_u32), (32, 1120), (64, 2208)] {
        let (body, anomalies) = one(sve(vl, 1, size));
        assert_eq!(anomalies, []);
        let Body::Sve {
            vl: read,
            flags,
            payload: Some(payload),
        } = body
        else {
            panic!("{vl}")
        };
        assert_eq!(
            (read, flags & SVE_SIG_FLAG_SM, payload.vq),
            (Vl(vl), 1, vl / 16)
        );
        assert_eq!(
            (payload.z_offset, payload.p_offset),
            (16, 16 + 32 * u32::from(vl))
        );
        assert_eq!(payload.ffr_offset, payload.p_offset + 2 * u32::from(vl));
        assert!(payload.upper_zero && payload.predicates_zero && payload.ffr_zero);
    }
    let sizes = [16, 32, 64, 128, 256].map(|vl: u16| sve_size(vl / 16));
    assert_eq!(sizes, [576, 1120, 2208, 4384, 8752]);
}

#[test]
fn what_of_an_sve_payload_is_zero() {
    // At 32 bytes: Z at 16, P at 1040, FFR at 1104, end at 1108.
    let zero = |at: usize| {
        let mut bytes = sve(32, 0, 1120);
        bytes[at] = 1;
        let Body::Sve {
            payload: Some(payload),
            ..
        } = one(bytes).0
        else {
            panic!()
        };
        (
            payload.upper_zero,
            payload.predicates_zero,
            payload.ffr_zero,
        )
    };
    assert_eq!(zero(16), (true, true, true), "the low half is FPSIMD's");
    assert_eq!(zero(16 + 15), (true, true, true));
    assert_eq!(zero(16 + 16), (false, true, true));
    assert_eq!(zero(16 + 32 * 31 + 31), (false, true, true));
    assert_eq!(zero(1040), (true, false, true));
    assert_eq!(zero(1103), (true, false, true));
    assert_eq!(zero(1104), (true, true, false));
    assert_eq!(zero(1107), (true, true, false));
    assert_eq!(zero(1108), (true, true, true), "padding");
}

#[test]
fn za_and_zt() {
    let za = |vl: u16, size| record(0x5436_6345, size, &vl.to_le_bytes());
    let zt = |nregs: u16, size| record(0x5a54_4e01, size, &nregs.to_le_bytes());
    let bare = Body::Za {
        vl: Vl(32),
        payload: false,
        zero: true,
    };
    assert_eq!(one(za(32, 16)), (bare.clone(), vec![]));
    assert_eq!(one(za(32, 1024)), (bare, vec![Kind::WrongSize]));
    assert_eq!(
        one(za(32, 1040)),
        (
            Body::Za {
                vl: Vl(32),
                payload: true,
                zero: true
            },
            vec![]
        )
    );
    let mut full = za(32, 1040);
    full[1039] = 1;
    assert_eq!(
        one(full),
        (
            Body::Za {
                vl: Vl(32),
                payload: true,
                zero: false
            },
            vec![]
        )
    );
    let (_, frame) = read(&[fpsimd(), za(32, 1040), zt(1, 80), end()]);
    assert_eq!(
        frame.records[2].body,
        Body::Zt {
            nregs: 1,
            payload: true
        }
    );
    assert_eq!(kinds(&frame), []);
    let (_, frame) = read(&[fpsimd(), za(32, 16), zt(1, 80), end()]);
    assert_eq!(kinds(&frame), [Kind::ZtWithoutZa]);
    let (_, frame) = read(&[fpsimd(), za(32, 1040), zt(2, 80), end()]);
    assert_eq!(kinds(&frame), [Kind::WrongSize]);
    assert_eq!((za_size(1), za_size(16), zt_size(1)), (272, 65552, 80));
}

#[test]
fn reserved_fields_are_read() {
    let mut bytes = sve(64, 0, 16);
    bytes[12] = 1;
    assert_eq!(one(bytes).1, [Kind::ReservedNotZero]);
    let mut bytes = record(0x5436_6345, 16, &32_u16.to_le_bytes());
    bytes[15] = 1;
    assert_eq!(one(bytes).1, [Kind::ReservedNotZero]);
}

#[test]
fn a_zero_page_has_no_place() {
    let mut memory = memory();
    let plan = Plan::new(STACK + 0x0f00, STACK + 0x8000);
    plan.lay(&mut memory);
    memory.lose(STACK);
    assert!(read_frame(&memory, Addr(plan.base)).is_err());
    let mut memory = super::build::memory();
    memory.words(STACK + 0x1000, &[1]);
    let frame = read_frame(&memory, Addr(STACK)).unwrap();
    assert_eq!(frame.place, None);
    assert!(memory.place(Addr(STACK + 0x1000)).is_some());
}
