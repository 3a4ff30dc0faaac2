use super::{Handler, WayOut, find};
use crate::sigframe::tests::fake::Fake;
use crate::units::{Addr, AddrRange};

const CODE: u64 = 0x40_0000;
const DATA: u64 = 0x50_0000;
const THREAD: u64 = 0x52_0000;
const STACK: u64 = 0x7f_0000_0000;
const STACK_END: u64 = STACK + 0x10_0000;
/// Of what the handler interrupted.
const SP: u64 = STACK + 0x8_0000;
const GUARD: u64 = 0x5bd1_e995_0f3c_a2d7;
const RANDOM: Addr = Addr(STACK_END - 0x100);

fn memory() -> Fake {
    let mut memory = Fake::default();
    memory.map(CODE, CODE + 0x1_0000, "r-x");
    memory.map(DATA, DATA + 0x4_0000, "rw-");
    memory.map(STACK, STACK_END, "rw-s");
    memory.words(RANDOM.0, &[0x1122_3344_5566_7788, GUARD]);
    memory
}

/// What setjmp keeps.
fn buffer(first: u64, pc: u64, sp: u64) -> [u64; 22] {
    let mut words = [0; 22];
    words[0] = first;
    words[10] = SP + 0x20;
    words[11] = pc;
    words[13] = sp;
    words
}

fn of_glibc(pc: u64, sp: u64) -> [u64; 22] {
    buffer(7, pc ^ GUARD, sp ^ GUARD)
}

/// Where the buffer lies by which the one handler may be left.
fn way_out(memory: &Fake) -> Option<u64> {
    let handler = Handler {
        frame: Addr(SP - 0x2000),
        interrupted: Addr(SP),
        thread: Some(Addr(THREAD)),
    };
    let searched = [AddrRange::new(Addr(STACK), Addr(STACK_END))];
    let found = find(memory, &[handler], &searched, Some(RANDOM));
    found.get(&handler.frame).map(|way| match way {
        WayOut::Jump(buffer) => buffer.at.0,
        WayOut::NoReturn(why) => panic!("{why:?}"),
    })
}

#[test]
fn nothing_leads_out_of_a_handler_where_there_is_no_buffer() {
    assert_eq!(way_out(&memory()), None);
}

#[test]
fn buffers_of_glibc_are_known_by_their_guard() {
    for at in [DATA + 0x108, SP + 0x400] {
        let mut memory = memory();
        memory.words(at, &of_glibc(CODE + 0x40, SP));
        assert_eq!(way_out(&memory), Some(at));
    }
    let mut memory = memory();
    memory.words(DATA, &buffer(7, CODE + 0x40, SP));
    assert_eq!(way_out(&memory), None, "without the guard");
}

#[test]
fn buffers_of_musl_are_known_by_their_own_address() {
    let mut memory = memory();
    memory.words(DATA + 8, &buffer(DATA + 8, CODE + 0x40, SP + 0x30));
    assert_eq!(way_out(&memory), Some(DATA + 8));
    memory.words(DATA + 8, &[DATA + 16]);
    assert_eq!(way_out(&memory), None);
}

#[test]
fn a_buffer_must_lead_to_code_on_the_interrupted_stack_or_its_callers() {
    let no_code = of_glibc(DATA + 0x40, SP);
    let unaligned_code = of_glibc(CODE + 2, SP);
    let younger = of_glibc(CODE + 0x40, SP - 0x10);
    let unaligned = of_glibc(CODE + 0x40, SP + 8);
    let elsewhere = of_glibc(CODE + 0x40, DATA + 0x2_0000);
    for words in [no_code, unaligned_code, younger, unaligned, elsewhere] {
        let mut memory = memory();
        memory.words(DATA, &words);
        assert_eq!(way_out(&memory), None);
    }
}

#[test]
fn what_earlier_calls_left_on_the_stack_is_no_buffer() {
    let mut memory = memory();
    memory.words(SP - 0x8000, &of_glibc(CODE + 0x40, SP));
    assert_eq!(way_out(&memory), None);
}

#[test]
fn buffers_that_end_the_thread_are_none() {
    let inner = SP + 0x400;
    let outer = SP + 0x1000;
    let mut memory = memory();
    memory.words(inner, &of_glibc(CODE + 0x40, SP));
    memory.words(outer, &of_glibc(CODE + 0x80, SP + 0x800));
    assert_eq!(way_out(&memory), Some(inner));
    memory.words(THREAD - 0x600, &[inner]);
    assert_eq!(way_out(&memory), Some(outer), "its own, not the thread's");
    memory.words(inner + 23 * 8, &[outer]);
    assert_eq!(
        way_out(&memory),
        None,
        "the thread's inner one points to it"
    );
}

#[test]
fn cleanups_that_point_in_circles_end() {
    let mut memory = memory();
    memory.words(DATA, &of_glibc(CODE + 0x40, SP));
    memory.words(DATA + 23 * 8, &[DATA]);
    memory.words(THREAD - 8, &[DATA]);
    assert_eq!(way_out(&memory), None);
}

#[test]
fn buffers_across_pages_and_beside_gaps_are_read() {
    let mut memory = memory();
    let at = DATA + 0x1000 - 12 * 8;
    memory.words(at, &of_glibc(CODE + 0x40, SP));
    assert_eq!(way_out(&memory), Some(at));
    memory.lose(DATA);
    assert_eq!(way_out(&memory), None);
}
