use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use proptest::prelude::*;

use super::{Graph, LengthAudit, Lengths, Reason, own_calls};
use crate::object::{Object, Objects};

/// Where the code of [`file`] is linked at and lies in the file.
const CODE: u64 = 0x1000;

const SVC: u32 = 0xd400_0001;
const RET: u32 = 0xd65f_03c0;
const NOP: u32 = 0xd503_201f;
/// `bti c`
const LANDING: u32 = 0xd503_245f;
const PRCTL: u32 = 167;

/// `mov xN, #number`
fn movz(register: u32, number: u32) -> u32 {
    0xd280_0000 | number << 5 | register
}

/// `mov xTO, xFROM`
fn mov(to: u32, from: u32) -> u32 {
    0xaa00_03e0 | from << 16 | to
}

/// `b` by so many instructions
fn b(by: i32) -> u32 {
    0x1400_0000 | by.cast_unsigned() & 0x03ff_ffff
}

/// `bl` by so many instructions
fn bl(by: i32) -> u32 {
    0x9400_0000 | by.cast_unsigned() & 0x03ff_ffff
}

/// `cbz x9` by so many instructions
fn cbz(by: i32) -> u32 {
    0xb400_0000 | (by.cast_unsigned() & 0x7ffff) << 5 | 9
}

/// A statically linked file: a segment of this code, and one of data that can be written.
fn file(code: &[u32], data: &[u64]) -> Vec<u8> {
    let code: Vec<u8> = code.iter().flat_map(|word| word.to_le_bytes()).collect();
    let data: Vec<u8> = data.iter().flat_map(|word| word.to_le_bytes()).collect();
    let mut bytes = b"\x7fELF\x02\x01\x01\0\0\0\0\0\0\0\0\0".to_vec();
    let mut word = |words: &[u64]| {
        words
            .iter()
            .for_each(|word| bytes.extend(word.to_le_bytes()))
    };
    // ET_DYN, EM_AARCH64, version; entry; tables of segments and sections; flags and sizes; counts.
    word(&[3 | 183 << 16 | 1 << 32, 0, 64, 0, 64 << 32 | 56 << 48, 2]);
    let (code_len, data_len) = (code.len() as u64, data.len() as u64);
    let behind = (CODE + code_len).next_multiple_of(0x1000);
    for (flags, at, len) in [(5, CODE, code_len), (6, behind, data_len)] {
        word(&[1 | flags << 32, at, at, at, len, len, 0x1000]);
    }
    bytes.resize(usize::try_from(CODE).unwrap(), 0);
    bytes.extend(code);
    bytes.resize(usize::try_from(behind).unwrap(), 0);
    bytes.extend(data);
    bytes
}

/// What is said of a process that maps these files.
fn together(files: &[(&str, &[u8])]) -> LengthAudit {
    let files = (0..).zip(files);
    let objects = Objects::of(files.map(|(id, (name, bytes))| (id, Arc::from(*name), *bytes)));
    let mut lengths = Lengths::new(&objects);
    let ids: BTreeSet<u32> = objects.iter().map(|(id, _)| id).collect();
    lengths.together(&ids)
}

/// Why this code may be the call, or nothing.
fn why(code: &[u32]) -> Option<Reason> {
    why_with(code, &[])
}

fn why_with(code: &[u32], data: &[u64]) -> Option<Reason> {
    match together(&[("code", &file(code, data))]) {
        LengthAudit::Never { files: 1 } => None,
        LengthAudit::Never { .. } => unreachable!(),
        LengthAudit::May(suspect) => Some(suspect.reason),
    }
}

#[test]
fn numbers_in_front_of_a_call_settle_it() {
    let call = |number, argument| why(&[movz(0, argument), movz(8, number), SVC, RET]);
    assert_eq!(call(PRCTL, 50), Some(Reason::Sets));
    assert_eq!(call(PRCTL, 15), None);
    assert_eq!(call(98, 50), None);
    // The kernel does not read the number in the instruction.
    let odd = SVC | 0x80 << 5;
    assert_eq!(why(&[movz(0, 50), movz(8, PRCTL), odd]), Some(Reason::Sets));
}

#[test]
fn numbers_are_made_in_many_ways() {
    let ways: &[(&[u32], u64)] = &[
        // movz w0; mov w0, w3
        (&[0x5280_0640, NOP], 50),
        (&[movz(3, 50), 0x2a03_03e0], 50),
        // mov x0, #0x560000; movk x0, #50 / movk x0, #0x12, lsl #16
        (&[0xd2a0_0ac0, 0xf280_0640], 0x56_0032),
        (&[movz(0, 50), 0xf2a0_0240], 0x12_0032),
        // movk x0, #1, lsl #32: the kernel reads the lower half.
        (&[movz(0, 50), 0xf2c0_0020], 50),
        // movn w0, #~50 (its inverse is 50 in the lower 16 bits): 0xffff0032
        (&[0x1280_0000 | 0x0032 << 5, NOP], 0xffff_ffcd),
        // orr w0, wzr, #0x30; orr w0, w0, #2
        (&[0x321c_07e0, 0x321f_0000], 0x32),
        // mov w1, #0x132; and w0, w1, #0xff
        (&[0x5280_2641, 0x1200_1c20], 0x32),
        // mov w1, #40; add w0, w1, #10 / mov w1, #60; sub w0, w1, #10
        (&[0x5280_0501, 0x1100_2820], 50),
        (&[0x5280_0781, 0x5100_2820], 50),
        // mov w1, #0x132; uxtb w0, w1
        (&[0x5280_2641, 0x5300_1c20], 50),
        // mov x1, #50; sxtw x0, w1
        (&[movz(1, 50), 0x9340_7c20], 50),
        // stp x1, x2, [x0, #-16]!
        (&[movz(0, 66), 0xa9bf_0801], 50),
        (&[movz(0, 50), 0xa9bf_0801], 34),
    ];
    for (way, number) in ways {
        let code = [way, [movz(8, PRCTL), SVC].as_slice()].concat();
        let expected = (*number == 50).then_some(Reason::Sets);
        assert_eq!(why(&code), expected, "{way:x?}");
    }
    // csel x0, x1, x2 and csinc x0, x1, x2: either.
    for (select, first, second, sets) in [
        (0x9a82_0020, 50, 15, true),
        (0x9a82_0020, 15, 50, true),
        (0x9a82_0020, 15, 22, false),
        (0x9a82_0420, 15, 49, true),
        (0x9a82_0420, 15, 50, false),
    ] {
        let code = [movz(1, first), movz(2, second), select, movz(8, PRCTL), SVC];
        assert_eq!(
            why(&code),
            sets.then_some(Reason::Sets),
            "{select:x} {first} {second}"
        );
    }
}

#[test]
fn what_may_change_a_register_hides_it() {
    for (hiding, what) in [
        (0xf940_0020, "ldr x0, [x1]"),
        (0x8b02_0020, "add x0, x1, x2"),
        (0xa940_0023, "ldp x3, x0, [x1]"),
        (0xf840_8400, "ldr x0, [x0], #8"),
        (0xd53b_d040, "mrs x0, tpidr_el0"),
        (0x9e66_0000, "fmov x0, d0"),
        (0x0e01_3c00, "umov w0, v0.b[0]"),
        (0xc85f_7c20, "ldxr x0, [x1]"),
        (0xf821_0040, "ldadd x1, x0, [x2]"),
        (0xc8a0_7c41, "cas x0, x1, [x2]"),
        (0x04e0_e3e0, "cntd x0"),
        (bl(4), "bl"),
        (0xd63f_0020, "blr x1"),
        (SVC, "svc"),
    ] {
        let code = [
            movz(8, 98),
            movz(0, 15),
            hiding,
            movz(8, PRCTL),
            SVC,
            RET,
            NOP,
        ];
        let why = why(&code);
        // What is loaded could still be known where it was stored: there nothing leads to.
        let hidden = [Some(Reason::Argument), Some(Reason::NotReached)];
        assert!(hidden.contains(&why), "{what}: {why:?}");
    }
    for (keeping, what) in [
        (0xf940_0001, "ldr x1, [x0]"),
        (0xf900_0020, "str x0, [x1]"),
        (0xa900_0820, "stp x0, x2, [x1]"),
        (0xf100_c81f, "cmp x0, #50"),
        (0xfa40_0820, "ccmp x1, #0, #0, eq"),
        (0x4f00_0400, "movi v0.4s, #0"),
        (0xfd40_0020, "ldr d0, [x1]"),
        (0xd503_3bbf, "dmb ish"),
        (0xd503_233f, "paciasp"),
        (0xd51b_d040, "msr tpidr_el0, x0"),
    ] {
        let code = [movz(0, 15), keeping, movz(8, PRCTL), SVC];
        assert_eq!(why(&code), None, "{what}");
    }
    // Of what calls must keep it is taken that they do.
    let kept = |register| {
        why(&[
            movz(register, 15),
            bl(5),
            mov(0, register),
            movz(8, PRCTL),
            SVC,
            RET,
            NOP,
        ])
    };
    assert_eq!(kept(19), None);
    assert_eq!(kept(18), Some(Reason::Argument));
}

#[test]
fn every_way_to_a_call_counts() {
    let joined = |one, other| {
        why(&[
            movz(0, one),
            cbz(2),
            movz(0, other),
            movz(8, PRCTL),
            SVC,
            RET,
        ])
    };
    assert_eq!(joined(15, 22), None);
    assert_eq!(joined(15, 50), Some(Reason::Sets));
    assert_eq!(joined(50, 15), Some(Reason::Sets));
    // Around a loop, in which the call's result is the next one's argument.
    assert_eq!(
        why(&[movz(8, PRCTL), movz(0, 15), SVC, cbz(-1), RET]),
        Some(Reason::Argument)
    );
    assert_eq!(why(&[movz(8, PRCTL), movz(0, 15), SVC, cbz(-2), RET]), None);
    // Nothing leads there.
    assert_eq!(why(&[RET, SVC]), Some(Reason::NotReached));
    // What does not come back leads on to nothing: a function that ends the process, and the call that does.
    let behind = |last| why(&[movz(8, 98), movz(0, 15), b(2), bl(3), SVC, RET, last]);
    assert_eq!(behind(0xd420_0000), None);
    assert_eq!(behind(RET), Some(Reason::Number));
    let behind = |number| why(&[movz(0, 15), b(3), movz(8, number), SVC, movz(8, PRCTL), SVC]);
    assert_eq!(behind(93), None);
    assert_eq!(behind(95), Some(Reason::Argument));
    // A number that is made behind another function's end is not this one's.
    assert_eq!(why(&[movz(8, 98), RET, NOP, SVC]), Some(Reason::NotReached));
}

/// `wrapper: bti c; mov x8, #167; svc; ret`, called twice.
fn wrapped(first: u32, second: u32) -> [u32; 9] {
    [
        LANDING,
        movz(8, PRCTL),
        SVC,
        RET,
        movz(0, first),
        bl(-5),
        movz(0, second),
        bl(-7),
        RET,
    ]
}

#[test]
fn callers_of_a_wrapper_are_followed() {
    assert_eq!(why(&wrapped(15, 22)), None);
    assert_eq!(why(&wrapped(15, 50)), Some(Reason::Sets));
    assert_eq!(why(&wrapped(50, 15)), Some(Reason::Sets));
    // A wrapper of the wrapper, as a tail call.
    let code = |argument| {
        [
            movz(8, PRCTL),
            SVC,
            RET,
            mov(0, 1),
            b(-4),
            movz(1, argument),
            bl(-3),
            RET,
        ]
    };
    assert_eq!(why(&code(15)), None);
    assert_eq!(why(&code(50)), Some(Reason::Sets));
    // The number is the caller's as well: one call has the one, another the other.
    let code = |second, third| {
        [
            mov(8, 0),
            mov(0, 1),
            SVC,
            RET,
            movz(0, 98),
            movz(1, 50),
            bl(-6),
            movz(0, second),
            movz(1, third),
            bl(-9),
            RET,
        ]
    };
    assert_eq!(why(&code(PRCTL, 15)), None);
    assert_eq!(why(&code(PRCTL, 50)), Some(Reason::Sets));
    assert_eq!(why(&code(98, 50)), None);
    // From one that is called by nobody, or with what nobody shows.
    let mut unknown = wrapped(15, 22);
    unknown[6] = 0xf940_0020;
    assert_eq!(why(&unknown), Some(Reason::Argument));
}

#[test]
fn a_wrapper_whose_address_is_taken_is_called_by_anybody() {
    assert_eq!(why_with(&wrapped(15, 22), &[CODE + 4, 7]), None);
    assert_eq!(
        why_with(&wrapped(15, 22), &[7, CODE]),
        Some(Reason::AddressTaken)
    );
    let with = |more: &[u32]| why(&[&wrapped(15, 22), more].concat());
    // adr x1, wrapper
    assert_eq!(with(&[0x10ff_fee1]), Some(Reason::AddressTaken));
    // adrp x1, page; …; add x2, x1, #0
    assert_eq!(
        with(&[0x9000_0001, NOP, 0x9100_0022]),
        Some(Reason::AddressTaken)
    );
    assert_eq!(with(&[0x9000_0001, NOP, 0x9100_4022]), None);
    assert_eq!(with(&[0x9000_0001, movz(1, 0), 0x9100_0022]), None);
    // … cmp x3, x2; mov x2, #0: it is compared and forgotten. Handed on it is not.
    let compared = [0x9000_0001, 0x9100_0022, 0xeb02_007f];
    let with_compared = |last| with(&[compared.as_slice(), &[last, RET]].concat());
    assert_eq!(with_compared(movz(2, 0)), None);
    assert_eq!(with_compared(0xf900_0062), Some(Reason::AddressTaken));
    assert_eq!(with_compared(mov(4, 2)), Some(Reason::AddressTaken));
    assert_eq!(with_compared(NOP), Some(Reason::AddressTaken));
}

/// The library of `tests/fixtures/setters`.
fn setter(name: &str) -> Vec<u8> {
    std::fs::read(format!(
        "{}/tests/fixtures/setters/{name}.so",
        env!("CARGO_MANIFEST_DIR")
    ))
    .unwrap()
}

#[test]
fn libraries_are_followed_by_the_names_they_give_each_other() {
    let lookup = Reason::Lookup("prctl".to_owned());
    let cases: &[(&[&str], Option<Reason>)] = &[
        (&[], None),
        (&["names"], None),
        (&["names-without-plt"], None),
        (&["numbers"], None),
        (&["names", "numbers", "names-without-plt"], None),
        (&["sets"], Some(Reason::Sets)),
        (&["sets-without-plt"], Some(Reason::Sets)),
        (&["sets-by-number"], Some(Reason::Sets)),
        (&["sets-sometimes"], Some(Reason::Sets)),
        (&["passes"], None),
        (&["passes", "harmless-caller"], None),
        (&["passes", "setting-caller"], Some(Reason::Sets)),
        (&["setting-caller"], None),
        (&["points"], Some(Reason::AddressTaken)),
        (&["loads"], Some(Reason::AddressTaken)),
        (&["looks-up"], Some(lookup)),
        (&["in-a-loop"], Some(Reason::TooMany)),
    ];
    let mut seen = BTreeMap::new();
    for (names, expected) in cases {
        let mut files = vec![("wrappers", setter("wrappers"))];
        files.extend(names.iter().map(|name| (*name, setter(name))));
        let files: Vec<(&str, &[u8])> = files
            .iter()
            .map(|(name, bytes)| (*name, bytes.as_slice()))
            .collect();
        let found = match together(&files) {
            LengthAudit::Never { .. } => None,
            LengthAudit::May(suspect) => Some(suspect.reason),
        };
        assert_eq!(&found, expected, "{names:?}");
        *seen.entry(found.is_none()).or_insert(0) += 1;
    }
    assert_eq!(seen, BTreeMap::from([(false, 9), (true, 8)]));
}

#[test]
fn files_without_the_tables_they_need_are_refused() {
    assert!(matches!(
        together(&[("text", b"#!/bin/sh\n")]),
        LengthAudit::May(suspect) if matches!(suspect.reason, Reason::Unreadable(_))
    ));
    // Code that is written to.
    let mut bytes = file(&[NOP], &[]);
    bytes[68] = 7;
    assert!(matches!(
        together(&[("writable", &bytes)]),
        LengthAudit::May(suspect) if suspect.reason == Reason::Writable
    ));
}

/// A section: flags, and instructions of the code from one to another.
fn with_sections(mut bytes: Vec<u8>, sections: &[(u64, u64, u64)]) -> Vec<u8> {
    let at = bytes.len() as u64;
    bytes.extend([0; 64]);
    for (flags, from, to) in sections {
        let (start, len) = (CODE + 4 * from, 4 * (to - from));
        for word in [1 << 32, *flags, start, start, len, 0, 4, 0] {
            bytes.extend(u64::to_le_bytes(word));
        }
    }
    bytes[40..48].copy_from_slice(&at.to_le_bytes());
    bytes[58..60].copy_from_slice(&64_u16.to_le_bytes());
    bytes[60] = u8::try_from(1 + sections.len()).unwrap();
    bytes
}

#[test]
fn what_sections_hold_is_data_and_what_none_holds_is_not() {
    let (code, data) = (2 | 4, 2);
    let bytes = file(&[movz(8, 1), SVC, RET, NOP, SVC, RET], &[]);
    let say = |sections: &[(u64, u64, u64)]| match together(&[(
        "code",
        &with_sections(bytes.clone(), sections),
    )]) {
        LengthAudit::Never { .. } => None,
        LengthAudit::May(suspect) => Some((suspect.reason, suspect.at)),
    };
    assert_eq!(say(&[(code, 0, 4), (data, 4, 6)]), None);
    let hidden = Some((Reason::Number, Some(CODE + 16)));
    assert_eq!(say(&[(code, 0, 4)]), hidden);
    assert_eq!(say(&[(code, 0, 4), (data, 5, 6)]), hidden);
    // A section that is not loaded holds none of it.
    assert_eq!(say(&[(code, 0, 4), (0, 4, 6)]), hidden);
}

#[test]
fn what_was_not_followed_to_its_end_may_be_the_call() {
    let bytes = file(&[movz(8, 1), SVC, RET], &[]);
    let object = Object::parse(&bytes).unwrap();
    let graph = Graph::new(&object).unwrap();
    assert!(own_calls(&graph).is_ok());
    graph.budget().give_up();
    let stop = own_calls(&graph).unwrap_err();
    assert_eq!(stop.reason, Reason::TooMany);
}

proptest! {
    #[test]
    fn any_code_gets_an_answer(words in prop::collection::vec(any::<u32>(), 0..200), calls in 0..4_usize) {
        let mut words = words;
        for index in 0..calls.min(words.len()) {
            let at = index * words.len() / calls;
            words[at] = SVC;
        }
        why_with(&words, &[CODE, CODE + 8]);
    }

    #[test]
    fn a_call_in_any_straight_code_is_found(words in prop::collection::vec(any::<u32>(), 0..50)) {
        let code = [words.as_slice(), &[movz(0, 50), movz(8, PRCTL), SVC]].concat();
        prop_assert!(why(&code).is_some());
    }

    #[test]
    fn broken_files_get_an_answer(
        name in prop::sample::select(vec!["wrappers", "names", "passes", "looks-up", "in-a-loop"]),
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..12),
        near in any::<bool>(),
        cut in any::<prop::sample::Index>(),
    ) {
        let mut bytes = setter(name);
        let len = bytes.len();
        for (at, byte) in changes {
            // Headers and tables more often than code.
            let at = at.index(if near { 0x200 } else { len });
            bytes[at] = byte;
        }
        together(&[("wrappers", &setter("wrappers")), ("broken", &bytes)]);
        together(&[("broken", &bytes[..cut.index(len)])]);
    }
}
