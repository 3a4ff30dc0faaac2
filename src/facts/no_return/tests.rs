#![allow(clippy::indexing_slicing, clippy::arithmetic_side_effects)]

use std::collections::{BTreeMap, BTreeSet};

use super::{NoReturn, find};
use crate::memory::files::NoFiles;
use crate::sigframe::cfi::{Active, Handling, UnwindEnd, Unwound};
use crate::sigframe::tests::fake::Fake;
use crate::units::{Addr, Tid};

/// `ret`.
const RETURNS: u64 = 0x1_0000;
/// `b` to itself.
const LOOPS: u64 = RETURNS + 0x100;
/// `longjmp`: its context comes from memory.
const JUMPS: u64 = RETURNS + 0x200;
/// `cbz x0` to a `ret`, else a loop behind it.
const MAY: u64 = RETURNS + 0x300;
/// `bl` to what jumps, and a `ret` in front of that.
const CALLS: u64 = RETURNS + 0x400;

fn memory() -> Fake {
    let mut memory = Fake::default();
    memory.map(RETURNS, RETURNS + 0x1000, "r-x");
    let code: [(u64, &[u32]); 5] = [
        (RETURNS, &[0xd65f_03c0]),
        (LOOPS, &[0x1400_0000]),
        (JUMPS, &[0xa945_781d, 0xf940_3402, 0x9100_005f, 0xd65f_03c0]),
        (MAY, &[0xb400_0060, 0xd503_201f, 0x1400_0000, 0xd65f_03c0]),
        (CALLS, &[0xb400_0060, 0x97ff_ff7f, 0xd420_0000, 0xd65f_03c0]),
    ];
    for (at, words) in code {
        let bytes: Vec<u8> = words.iter().flat_map(|word| word.to_le_bytes()).collect();
        memory.put(at, &bytes);
    }
    memory
}

/// A function that goes on at `pc` and began at `start`.
fn active(pc: u64, start: u64) -> Active {
    Active {
        pc: Addr(pc),
        start: Some(Addr(start)),
        catches: false,
    }
}

fn catching(pc: u64) -> Active {
    Active {
        catches: true,
        ..active(pc, pc)
    }
}

/// What is found of a thread in these handlers, innermost first, with frames 1, 2, ….
fn found(handlers: &[&[Active]]) -> BTreeMap<u64, NoReturn> {
    let handlers = handlers.iter().zip(1..).map(|(functions, frame)| Handling {
        frame: Addr(frame),
        functions: functions.to_vec(),
    });
    let thread = Unwound {
        tid: Tid(1),
        end: UnwindEnd::NoTable,
        at: Addr(0),
        returns: Vec::new(),
        frames: Vec::new(),
        handlers: handlers.collect(),
        stacks: Vec::new(),
        outermost: None,
    };
    let registered: BTreeSet<Addr> = [RETURNS, LOOPS, JUMPS, MAY, CALLS].map(Addr).into();
    find(&memory(), &NoFiles, &[thread], &registered)
        .map(|(frame, why)| (frame.0, why))
        .collect()
}

fn frames(handlers: &[&[Active]]) -> Vec<u64> {
    found(handlers).into_keys().collect()
}

#[test]
fn a_handler_returns_unless_one_of_its_functions_does_not() {
    let (returns, loops) = (active(RETURNS, RETURNS), active(LOOPS, LOOPS));
    assert!(found(&[&[returns]]).is_empty());
    assert!(found(&[&[]]).is_empty());
    assert!(found(&[&[active(MAY, MAY), returns]]).is_empty());
    let expected = NoReturn {
        pc: Addr(LOOPS),
        function: Some(Addr(LOOPS)),
        file: None,
        leaves: false,
    };
    assert_eq!(found(&[&[returns, loops, returns]])[&1], expected);
    // From where it stands a handler may have no way back that it had before.
    assert_eq!(frames(&[&[active(MAY + 8, MAY)]]), [1]);
}

#[test]
fn an_exception_goes_on_where_it_is_caught() {
    let loops = active(LOOPS, LOOPS);
    assert!(found(&[&[loops, catching(RETURNS)]]).is_empty());
    assert!(found(&[&[catching(LOOPS)]]).is_empty());
    assert_eq!(frames(&[&[catching(RETURNS), loops]]), [1]);
}

#[test]
fn a_jump_may_lead_into_the_handler_itself() {
    let jumps = active(JUMPS, JUMPS);
    // The handler that stands at the call of it returns where it goes another way.
    assert!(found(&[&[active(CALLS + 4, CALLS)]]).is_empty());
    // From amid a function its own switch may be one that comes back; called, it is none.
    assert!(found(&[&[jumps]]).is_empty());
    let mut memory_of_call = active(CALLS + 4, JUMPS);
    assert!(found(&[&[memory_of_call]])[&1].leaves);
    // A handler that nobody registered began elsewhere.
    memory_of_call.start = Some(Addr(JUMPS + 4));
    assert!(found(&[&[memory_of_call]]).is_empty());
    memory_of_call.start = None;
    assert!(found(&[&[memory_of_call]]).is_empty());
}

#[test]
fn an_interrupted_handler_may_be_jumped_into() {
    let (returns, loops) = (active(RETURNS, RETURNS), active(LOOPS, LOOPS));
    // All of the outer one must be without a way back, not only what it stands at.
    assert!(found(&[&[returns], &[active(MAY + 8, MAY)]]).is_empty());
    assert_eq!(frames(&[&[returns], &[loops]]), [2]);
    // A thread that ends in the inner one comes to no other; one that jumps may.
    assert_eq!(frames(&[&[loops], &[returns], &[returns]]), [1, 2, 3]);
    assert_eq!(frames(&[&[active(CALLS + 4, JUMPS)], &[returns]]), [1]);
}
