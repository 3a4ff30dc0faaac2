use std::sync::Arc;

use proptest::prelude::{any, prop, prop_assert_eq, prop_oneof, proptest};
use proptest::strategy::{Just, Strategy as _};

use super::{
    BLR, BR_LR, BRK, CODE, CanReturn, DATA, EXIT, EXIT_GROUP, RET, Returns, SVC, answer, b, bl,
    cbz, memory,
};
use crate::flow::Text;
use crate::memory::files::{Files, WithFiles};
use crate::sigframe::tests::fake::Fake;
use crate::units::Addr;

const ENDS: CanReturn = CanReturn::Never { leaves: false };
const LEAVES: CanReturn = CanReturn::Never { leaves: true };

/// `mov x8, #139`: rt_sigreturn.
const SIGRETURN: u32 = 0xd280_1168;
/// `stp x29, x30, [sp, #-16]!`.
const PUSH: u32 = 0xa9bf_7bfd;
/// `mov x29, sp`.
const KEEP_SP: u32 = 0x9100_03fd;
/// `ldp x29, x30, [sp], #16`.
const POP: u32 = 0xa8c1_7bfd;
/// `ldp x29, x30, [x0, #80]`.
const LOAD_LINK: u32 = 0xa945_781d;
/// `ldr x2, [x0, #104]`.
const LOAD_SP: u32 = 0xf940_3402;
/// `mov sp, x2`.
const SWITCH: u32 = 0x9100_005f;

#[test]
fn code_that_ends_traps_or_loops_does_not_come_back() {
    let cases: [(&str, &[u32], CanReturn); 22] = [
        ("a return", &[RET], CanReturn::May),
        ("exit_group", &[EXIT_GROUP, SVC, RET], ENDS),
        ("exit, in a 32-bit register", &[0x5280_0ba8, SVC, RET], ENDS),
        ("a number not known", &[SVC, RET], CanReturn::May),
        (
            "mov x10, #94; mov x8, x10",
            &[0xd280_0bca, 0xaa0a_03e8, SVC, RET],
            ENDS,
        ),
        (
            "str x8, [sp, #64]: it keeps its number",
            &[EXIT, 0xf900_23e8, SVC, RET],
            ENDS,
        ),
        (
            "ldr x8, [sp]: it does not",
            &[EXIT, 0xf940_03e8, SVC, RET],
            CanReturn::May,
        ),
        (
            "two numbers meet",
            &[cbz(3), EXIT, b(2), EXIT_GROUP, SVC, RET],
            CanReturn::May,
        ),
        (
            "one number on both ways",
            &[cbz(3), EXIT, b(2), EXIT, SVC, RET],
            ENDS,
        ),
        (
            "a call may change it",
            &[EXIT, bl(3), SVC, RET, RET],
            CanReturn::May,
        ),
        (
            "rt_sigreturn, through this frame perhaps",
            &[SIGRETURN, SVC, BRK],
            CanReturn::May,
        ),
        ("brk", &[BRK, RET], ENDS),
        ("udf", &[0, RET], ENDS),
        ("a loop", &[0xd503_201f, b(u32::MAX)], ENDS),
        (
            "a loop with a way out",
            &[cbz(2), b(u32::MAX), RET],
            CanReturn::May,
        ),
        ("a tail call", &[b(2), RET, EXIT, SVC], ENDS),
        ("a call", &[bl(2), RET, EXIT, SVC], ENDS),
        ("a call that returns", &[bl(3), EXIT, SVC, RET], ENDS),
        ("recursion", &[bl(0), RET], CanReturn::May),
        ("recursion without end", &[bl(0), BRK], ENDS),
        ("blr", &[BLR, RET], CanReturn::May),
        ("br", &[0xd61f_0000, BRK], CanReturn::May),
    ];
    for (what, words, expected) in cases {
        assert_eq!(answer(words), expected, "{what}");
    }
}

#[test]
fn code_that_goes_over_to_a_context_in_memory_leaves() {
    // The guard of glibc: ldp x29, x4, [x0, #80]; ldr x3, [x1]; eor x30, x4, x3; ldr x4, [x0, #104]; eor x5, x4, x3;
    // mov sp, x5.
    let guarded = [
        0xa945_101d,
        0xf940_0023,
        0xca03_009e,
        0xf940_3404,
        0xca03_0085,
        0x9100_00bf,
        BR_LR,
    ];
    // mov x13, x30; bl; mov x30, x13 in front.
    let around_a_call = [
        0xaa1e_03ed,
        bl(6),
        0xaa0d_03fe,
        LOAD_LINK,
        LOAD_SP,
        SWITCH,
        BR_LR,
        RET,
    ];
    let cases: [(&str, &[u32], CanReturn); 12] = [
        ("longjmp", &[LOAD_LINK, LOAD_SP, SWITCH, BR_LR], LEAVES),
        ("with ret", &[LOAD_LINK, LOAD_SP, SWITCH, RET], LEAVES),
        ("with a guard", &guarded, LEAVES),
        ("with a call in front", &around_a_call, LEAVES),
        (
            "called",
            &[bl(2), RET, LOAD_LINK, LOAD_SP, SWITCH, RET],
            LEAVES,
        ),
        (
            "str x30, [x1]: it may come back",
            &[0xf900_003e, LOAD_LINK, LOAD_SP, SWITCH, RET],
            CanReturn::May,
        ),
        ("its own x30", &[LOAD_SP, SWITCH, RET], CanReturn::May),
        (
            "mov sp, x0: a stack that it was given",
            &[LOAD_LINK, 0x9100_001f, RET],
            CanReturn::May,
        ),
        ("its own stack", &[LOAD_LINK, RET], CanReturn::May),
        (
            "a call on another stack: blr x2; mov sp, x29",
            &[
                PUSH,
                KEEP_SP,
                LOAD_SP,
                SWITCH,
                0xd63f_0040,
                0x9100_03bf,
                POP,
                RET,
            ],
            CanReturn::May,
        ),
        (
            "str x30, [x0], #0: its return address is kept",
            &[0xf800_041e, LOAD_LINK, LOAD_SP, SWITCH, RET],
            CanReturn::May,
        ),
        (
            "an unwinder of exceptions: add sp, sp, x5; br x6",
            &[LOAD_LINK, 0x8b25_63ff, 0xd61f_00c0],
            CanReturn::May,
        ),
    ];
    for (what, words, expected) in cases {
        assert_eq!(answer(words), expected, "{what}");
    }
}

#[test]
fn stubs_are_followed_to_what_their_slots_hold() {
    // adrp x16, DATA; ldr x17, [x16, #16]; add x16, x16, #16; br x17
    let stub = [0xb000_0010, 0xf940_0a11, 0x9100_4210, 0xd61f_0220];
    let words = [&stub[..], &[RET, EXIT, SVC, RET]].concat();
    let leads_to = |slot: u64| {
        let memory = memory(&words, &[0, 0, slot], "rw-");
        Returns::default().function(&mut Text::new(&memory, &memory), Addr(CODE))
    };
    assert_eq!(leads_to(CODE + 16), CanReturn::May);
    assert_eq!(leads_to(CODE + 20), ENDS);
    assert_eq!(leads_to(0), CanReturn::May, "not resolved yet");
    assert_eq!(leads_to(DATA), CanReturn::May, "no code");
    // What the file has there is not relocated.
    let mut image = memory(&words, &[], "rw-");
    image.map_file(DATA + 0x1000, DATA + 0x2000, "rw-", 1);
    let far = [&[0xd000_0010], &words[1..]].concat();
    let bytes: Vec<u8> = far
        .iter()
        .flat_map(|word: &u32| word.to_le_bytes())
        .collect();
    image.put(CODE, &bytes);
    let file = Slots(Arc::from("/lib/x"), (CODE + 20).to_le_bytes().repeat(512));
    let with_files = WithFiles::new(&image, &file);
    assert_eq!(
        Returns::default().function(&mut Text::new(&with_files, &image), Addr(CODE)),
        CanReturn::May
    );
    assert_eq!(
        Returns::default().function(&mut Text::new(&with_files, &with_files), Addr(CODE)),
        ENDS
    );
}

/// A file of words.
struct Slots(Arc<str>, Vec<u8>);

impl Files for Slots {
    fn file(&self, id: u32) -> Option<(&Arc<str>, &[u8])> {
        (id == 1).then_some((&self.0, &self.1[..]))
    }
}

#[test]
fn pointers_are_followed_where_nothing_can_change_them() {
    // adrp x0, DATA; ldr x0, [x0, #16]; blr x0
    let words = [0xb000_0000, 0xf940_0800, BLR, RET, EXIT, SVC];
    for (rights, expected) in [("r--", ENDS), ("rw-", CanReturn::May)] {
        let memory = memory(&words, &[0, 0, CODE + 16], rights);
        assert_eq!(
            Returns::default().function(&mut Text::new(&memory, &memory), Addr(CODE)),
            expected
        );
    }
}

#[test]
fn from_amid_a_function_its_return_address_is_kept() {
    let words = [LOAD_LINK, LOAD_SP, SWITCH, RET];
    let memory = memory(&words, &[], "rw-");
    let mut text = Text::new(&memory, &memory);
    let mut returns = Returns::default();
    assert_eq!(returns.function(&mut text, Addr(CODE)), LEAVES);
    assert_eq!(returns.onward(&mut text, Addr(CODE)), CanReturn::May);
}

#[test]
fn what_is_not_code_may_do_anything() {
    let memory = memory(&[b(0x400), RET], &[], "rwx");
    let mut text = Text::new(&memory, &memory);
    let mut returns = Returns::default();
    assert_eq!(
        returns.function(&mut text, Addr(CODE)),
        CanReturn::May,
        "writable"
    );
    assert_eq!(
        returns.function(&mut text, Addr(CODE + 2)),
        CanReturn::May,
        "not aligned"
    );
    assert_eq!(
        returns.function(&mut text, Addr(0)),
        CanReturn::May,
        "not mapped"
    );
    assert_eq!(
        returns.function(&mut text, Addr(u64::MAX - 3)),
        CanReturn::May,
        "the end"
    );
    assert_eq!(
        answer(&[0xd503_201f; 1024]),
        CanReturn::May,
        "off its mapping"
    );
}

#[test]
fn every_walk_is_bounded() {
    // Functions that call the next one; the last one ends.
    let chain = |length: usize| {
        let mut words = [bl(2), RET].repeat(length);
        words.extend([EXIT, SVC]);
        answer(&words)
    };
    assert_eq!(chain(20), ENDS);
    assert_eq!(chain(200), CanReturn::May);
    // A branch at every instruction, over all of a large mapping.
    let mut memory = Fake::default();
    memory.map(CODE, CODE + 0x10_0000, "r-x");
    let words = [cbz(0x100), cbz(3)].repeat(0x2_0000);
    let bytes: Vec<u8> = words.iter().flat_map(|word| word.to_le_bytes()).collect();
    memory.pages(CODE, bytes);
    assert_eq!(
        Returns::default().function(&mut Text::new(&memory, &memory), Addr(CODE)),
        CanReturn::May
    );
}

proptest! {
    #[test]
    fn any_words_give_an_answer(
        words in prop::collection::vec(
            prop_oneof![
                any::<u32>(),
                (0_u32..64).prop_map(b),
                (0_u32..64).prop_map(bl),
                (0_u32..64).prop_map(cbz),
                prop_oneof![Just(EXIT), Just(SVC), Just(LOAD_LINK), Just(LOAD_SP), Just(SWITCH), Just(RET)],
            ],
            0..64,
        ),
    ) {
        let _ = answer(&words);
        // A way that returns makes all of it return, whatever the others do.
        let behind_a_return = [&[cbz(2), RET], &words[..]].concat();
        prop_assert_eq!(answer(&behind_a_return), CanReturn::May);
        // A way that ends adds nothing.
        let behind_an_end = [&[cbz(3), EXIT, SVC], &words[..]].concat();
        prop_assert_eq!(answer(&behind_an_end), answer(&[&[0xd503_201f; 3], &words[..]].concat()));
    }
}
