//! Unwinding by tables: where it ends, what it believes, and what it makes of frames. Code and tables are laid out in
//! `elf::tests::build`, every instruction of it a call.

use proptest::prelude::{any, prop, prop_assert, proptest};

use super::build::{ARENA, ARENA_END, Plan, RETURN, STACK, STACK_END};
use super::fake::{Fake, objects};
use crate::elf::tests::build::{self, CODE, Function, LINKED};
use crate::sigframe::cfi::{Code, Start, UnwindEnd, Unwound};
use crate::sigframe::model::{Liveness, Sign};
use crate::sigframe::search::{Found, Scope, find};
use crate::sigframe::unwind::ThreadView;
use crate::units::{Addr, AddrRange, Tid};

/// CFA = SP + 32, x29 at CFA - 32, x30 at CFA - 24.
const PLAIN: &[u8] = &[0x0e, 32, 0x9d, 4, 0x9e, 3];
/// The same, x30 signed.
const SIGNED: &[u8] = &[0x0e, 32, 0x9d, 4, 0x9e, 3, 0x2d];
/// x30 is undefined.
const FIRST: &[u8] = &[0x07, 30];
/// CFA = SP, x30 in itself.
const LEAF: &[u8] = &[];
/// CFA = x29 + 0.
const BY_X29: &[u8] = &[0x0c, 29, 0, 0x9e, 3];
/// CFA = x19 + 0, which not every function keeps.
const BY_X19: &[u8] = &[0x0c, 19, 0, 0x9e, 3];
/// CFA = VG, which is not known.
const BY_VG: &[u8] = &[0x0f, 3, 0x92, 46, 0];
/// CFA by an expression that never ends.
const ENDLESS: &[u8] = &[0x0f, 3, 0x2f, 0xfd, 0xff];
/// CFA = SP + 32, x30 where an expression says: CFA - 24.
const COMPUTED: &[u8] = &[0x0e, 32, 0x10, 30, 2, 0x48, 0x1c];
/// CFA = SP + 32, x30 at its very end.
const AT_END: &[u8] = &[0x0e, 32, 0x9e, 1];
/// CFA = SP + 32, x30 below SP.
const BELOW: &[u8] = &[0x0e, 32, 0x9e, 5];
/// CFA = SP + 32, x30 in the caller's part of the stack.
const BEYOND: &[u8] = &[0x0e, 32, 0x11, 30, 0x7f];

const PROGRAMS: [&[u8]; 12] = [
    PLAIN, SIGNED, FIRST, LEAF, BY_X29, BY_VG, ENDLESS, COMPUTED, AT_END, BY_X19, BELOW, BEYOND,
];
/// Bytes of each function.
const SPACE: u64 = 0x100;

/// An address inside of the function with this program.
fn inside(program: &[u8]) -> u64 {
    let index = PROGRAMS.iter().position(|other| *other == program);
    LINKED + CODE + SPACE * index.unwrap() as u64 + 0x40
}

fn file() -> Vec<u8> {
    let functions: Vec<Function<'_>> = (0..)
        .zip(PROGRAMS)
        .map(|(index, program)| Function {
            at: SPACE * index,
            len: SPACE,
            program,
        })
        .collect();
    let mut bytes = build::file(&functions, &build::Plan::default());
    // What calls nobody has no calls.
    let leaf = (inside(LEAF) - 0x40 - LINKED) as usize;
    for word in bytes[leaf..leaf + SPACE as usize].as_chunks_mut::<4>().0 {
        *word = 0xd503_201f_u32.to_le_bytes();
    }
    bytes
}

/// The program, a main stack, a trampoline, and code of a file that is not at hand.
fn memory() -> Fake {
    let mut memory = Fake::default();
    memory.map_file(LINKED, LINKED + 0x4000, "rx", 7);
    memory.map_file(LINKED + 0x10_0000, LINKED + 0x10_1000, "rx", 8);
    memory.map(ARENA, ARENA_END, "rw");
    memory.map(STACK, STACK_END, "rws");
    memory.map(RETURN & !4095, (RETURN & !4095) + 4096, "rx");
    memory
}

/// Where the process began.
const BEGAN: u64 = STACK_END - 0x100;

fn thread(pc: u64, sp: u64) -> ThreadView {
    ThreadView {
        tid: Tid(1),
        x: [0x55; 31],
        sp: Addr(sp),
        pc: Addr(pc),
        tls: Addr(0),
        blocked: 0,
        altstack: None,
    }
}

fn run(memory: &Fake, thread: ThreadView) -> Found {
    let file = file();
    let objects = objects(&file);
    let code = Code {
        objects: &objects,
        start: Some(Addr(BEGAN)),
    };
    find(memory, &[thread], &[Addr(RETURN)], Scope::Deep, code)
}

fn unwound(memory: &Fake, thread: ThreadView) -> Unwound {
    run(memory, thread).unwound.remove(0)
}

/// Lays the return addresses of functions with frames of 32 bytes; the first function's SP, and so the last one's end.
fn frames(memory: &mut Fake, end: u64, returns: &[u64]) -> u64 {
    let sp = end - 32 * returns.len() as u64;
    for (at, word) in (sp..).step_by(32).zip(returns) {
        memory.words(at, &[0x1919, *word]);
    }
    sp
}

#[test]
fn a_thread_is_followed_to_where_its_process_began() {
    let mut memory = memory();
    let returns = [inside(PLAIN), inside(PLAIN), inside(FIRST)];
    let sp = frames(&mut memory, BEGAN, &returns);
    let found = unwound(&memory, thread(inside(PLAIN), sp));
    assert_eq!(found.end, UnwindEnd::Start(Start::Process));
    assert_eq!(
        (found.at, found.outermost),
        (Addr(inside(FIRST)), Some(Addr(BEGAN)))
    );
    let words: Vec<_> = found
        .returns
        .iter()
        .map(|word| (word.at.0, word.raw))
        .collect();
    assert_eq!(
        words,
        [
            (sp + 8, returns[0]),
            (sp + 40, returns[1]),
            (sp + 72, returns[2])
        ]
    );
    assert_eq!(
        found.stacks[1],
        AddrRange::new(Addr(sp + 32), Addr(sp + 64))
    );
    // The innermost function may have its return address in x30, and no stack at all.
    let mut leaf = thread(inside(LEAF), sp);
    leaf.x[30] = inside(PLAIN);
    let found = unwound(&memory, leaf);
    assert_eq!(
        (found.end, found.returns.len()),
        (UnwindEnd::Start(Start::Process), 3)
    );
}

#[test]
fn a_stack_belongs_to_a_thread_whose_data_lies_above() {
    let mut memory = memory();
    let top = ARENA + 0x8000;
    let sp = frames(&mut memory, top, &[inside(FIRST)]);
    for (tls, start) in [
        (top, Start::Thread),
        (top + 0xff00, Start::Thread),
        (top + 0x1_0100, Start::Other),
        (top - 8, Start::Other),
        (STACK + 8, Start::Other),
    ] {
        let mut thread = thread(inside(PLAIN), sp);
        thread.tls = Addr(tls);
        assert_eq!(
            unwound(&memory, thread).end,
            UnwindEnd::Start(start),
            "{tls:#x}"
        );
    }
    // A return address of 0 ends a stack as well.
    let sp = frames(&mut memory, BEGAN, &[0]);
    let found = unwound(&memory, thread(inside(PLAIN), sp));
    assert_eq!(found.end, UnwindEnd::Start(Start::Process));
    assert_eq!(found.stacks, [AddrRange::new(Addr(sp), Addr(BEGAN))]);
}

#[test]
fn signed_return_addresses_are_stripped_where_the_table_says_that_they_are() {
    let pac = 0x2a << 48;
    let mut memory = memory();
    let sp = frames(
        &mut memory,
        BEGAN,
        &[inside(SIGNED) | pac, inside(FIRST) | pac],
    );
    let found = unwound(&memory, thread(inside(SIGNED), sp));
    assert_eq!(found.end, UnwindEnd::Start(Start::Process));
    let word = found.returns[0];
    assert_eq!(
        (word.raw, word.code),
        (inside(SIGNED) | pac, Addr(inside(SIGNED)))
    );
    // A machine without pointer authentication does not sign.
    let sp = frames(&mut memory, BEGAN, &[inside(FIRST)]);
    assert!(unwound(&memory, thread(inside(SIGNED), sp)).complete());
    let sp = frames(&mut memory, BEGAN, &[inside(FIRST) | pac]);
    assert_eq!(
        unwound(&memory, thread(inside(PLAIN), sp)).end,
        UnwindEnd::NotCalled
    );
}

#[test]
fn unwinding_ends_where_it_cannot_go_on() {
    let end = |returns: &[u64], edit: fn(&mut Fake)| {
        let mut memory = memory();
        let sp = frames(&mut memory, BEGAN, returns);
        edit(&mut memory);
        unwound(&memory, thread(inside(PLAIN), sp)).end
    };
    let nothing: fn(&mut Fake) = |_| {};
    for (target, expected) in [
        // Files that are not at hand, behind the file's end, data, odd addresses.
        (LINKED + 0x10_0040, UnwindEnd::NoTable),
        (LINKED + 0x3800, UnwindEnd::NoTable),
        (ARENA + 8, UnwindEnd::NotCalled),
        (inside(PLAIN) + 2, UnwindEnd::NotCalled),
        (u64::MAX, UnwindEnd::NotCalled),
        (inside(BY_VG), UnwindEnd::NoTable),
        (inside(ENDLESS), UnwindEnd::NoTable),
        (inside(BY_X19), UnwindEnd::NoTable),
        (inside(COMPUTED), UnwindEnd::Unusable),
        (inside(BELOW), UnwindEnd::Unusable),
        (inside(BEYOND), UnwindEnd::Unusable),
        (inside(LEAF), UnwindEnd::NotCalled),
    ] {
        assert_eq!(end(&[target], nothing), expected, "{target:#x}");
    }
    // x29 was kept by the first function: 0x1919 is no stack.
    assert_eq!(end(&[inside(BY_X29)], nothing), UnwindEnd::Unusable);
    assert_eq!(end(&[RETURN], nothing), UnwindEnd::NoFrame);
    let lost: fn(&mut Fake) = |memory| memory.lose(BEGAN & !4095);
    assert_eq!(end(&[inside(FIRST)], lost), UnwindEnd::Unreadable);
    let back: fn(&mut Fake) = |memory| memory.words(BEGAN - 64, &[BEGAN - 128]);
    assert_eq!(end(&[inside(BY_X29), 0], back), UnwindEnd::Unusable);
    // The last function's frame would reach beyond the mapping.
    let mut high = memory();
    let sp = STACK_END - 16;
    high.words(sp, &[0x1919, inside(FIRST)]);
    assert_eq!(
        unwound(&high, thread(inside(PLAIN), sp)).end,
        UnwindEnd::NotAscending
    );
    assert_eq!(
        unwound(&high, thread(inside(AT_END), sp)).end,
        UnwindEnd::Unreadable
    );
}

#[test]
fn what_a_task_made_of_its_code_has_no_table() {
    let mut memory = memory();
    let sp = frames(&mut memory, BEGAN, &[inside(FIRST)]);
    let original = file();
    let page = (inside(PLAIN) & !4095) - LINKED;
    memory.put(LINKED + page, &original[page as usize..][..4096]);
    assert!(unwound(&memory, thread(inside(PLAIN), sp)).complete());
    memory.put(inside(PLAIN) + 0x60, &[0x1f]);
    assert_eq!(
        unwound(&memory, thread(inside(PLAIN), sp)).end,
        UnwindEnd::NoTable
    );
}

#[test]
fn an_image_may_hold_the_tables_itself() {
    let mut memory = Fake::default();
    let base = 0x70_0000;
    let bytes = file();
    let len = (bytes.len() as u64).next_multiple_of(4096);
    memory.map(base, base + len, "rx");
    memory.map(STACK, STACK_END, "rws");
    let moved = base - LINKED;
    let sp = frames(&mut memory, BEGAN, &[inside(FIRST) + moved]);
    let thread = thread(inside(PLAIN) + moved, sp);
    assert_eq!(unwound(&memory, thread.clone()).end, UnwindEnd::NoTable);
    memory.put(base, &bytes);
    assert!(unwound(&memory, thread.clone()).complete());
    // Code of the same file next to it, with its own header elsewhere, is not that file's.
    let mut writable = thread;
    writable.pc = Addr(base + len + 0x40);
    memory.map(base + len, base + len + 4096, "rx");
    memory.put(base + len, &[0; 4096]);
    assert_eq!(unwound(&memory, writable).end, UnwindEnd::NoTable);
}

#[test]
fn a_handler_without_frame_records_is_live() {
    let mut memory = memory();
    let mut plan = Plan::new(STACK + 0x10000, 0x1234);
    plan.sp = BEGAN - 32;
    plan.lay(&mut memory);
    // The interrupted code: PC in the frame, its caller on the main stack.
    memory.words(plan.base + 0x238, &[inside(PLAIN)]);
    frames(&mut memory, BEGAN, &[inside(FIRST)]);
    let sp = frames(&mut memory, plan.base, &[inside(PLAIN), RETURN]);
    let found = run(&memory, thread(inside(PLAIN), sp));
    let frame = &found.frames[0];
    assert_eq!(frame.liveness, Liveness::Live);
    assert!(
        frame.signs.starts_with(&[Sign::Unwound, Sign::AboveSp]),
        "{:?}",
        frame.signs
    );
    let way = &found.unwound[0];
    assert_eq!(
        (way.end, &way.frames),
        (UnwindEnd::Start(Start::Process), &vec![Addr(plan.base)])
    );
    // What must return first: where the thread stands, and what called that.
    let handling = &way.handlers[0];
    assert_eq!((way.handlers.len(), handling.frame), (1, Addr(plan.base)));
    let places: Vec<_> = handling
        .functions
        .iter()
        .map(|it| (it.pc, it.catches))
        .collect();
    assert_eq!(
        places,
        [(Addr(inside(PLAIN)), false), (Addr(inside(PLAIN)), false)]
    );
    // A frame that returns to itself is noticed.
    memory.words(plan.base + 0x230, &[sp]);
    let again = run(&memory, thread(inside(PLAIN), sp));
    assert_eq!(again.unwound[0].end, UnwindEnd::Loop);
    assert_eq!(again.frames[0].liveness, Liveness::Live);
}

/// A frame left over, which interrupted `pc` with this SP, and the return to the trampoline that its handler stored.
fn left_over(memory: &mut Fake, pc: u64, sp: u64) -> Plan {
    let mut plan = Plan::new(STACK + 0x10000, 0x1234);
    plan.sp = sp;
    plan.lay(memory);
    memory.words(plan.base + 0x238, &[pc]);
    memory.words(plan.base - 0x18, &[0, RETURN]);
    plan
}

#[test]
fn a_frame_in_a_functions_part_of_the_stack_is_stale_only_if_its_code_ran_on_that_stack() {
    // A function that waits has its part of the stack from below the frame up to `end`, as x29 tells. Its caller is
    // the last but one.
    let end = STACK + 0x14000;
    let waiting = {
        let mut thread = thread(inside(BY_X29), STACK + 0x8000);
        thread.x[29] = end;
        thread
    };
    let verdict = |interrupted: (&[u8], u64), stack: &[(u64, u64)]| {
        let mut memory = memory();
        frames(&mut memory, end + 32, &[inside(FIRST)]);
        memory.words(end - 24, &[inside(PLAIN)]);
        for (at, word) in stack {
            memory.words(*at, &[*word]);
        }
        left_over(&mut memory, inside(interrupted.0), interrupted.1);
        let found = run(&memory, waiting.clone());
        assert!(found.unwound[0].complete(), "{:?}", found.unwound);
        let [frame] = found.frames.as_slice() else {
            panic!("{found:?}");
        };
        (frame.liveness, frame.signs.clone())
    };
    // The interrupted code had the same caller.
    let (liveness, signs) = verdict((PLAIN, end - 32), &[]);
    assert_eq!(liveness, Liveness::Stale);
    assert!(
        signs.starts_with(&[Sign::AboveSp, Sign::UnwindingSkips]),
        "{signs:?}"
    );
    // It ran on a stack that ends inside, or together with the function's part: a context that may be resumed.
    for (first, sp, word) in [
        (PLAIN, end - 0x100, end - 0xf8),
        (AT_END, end - 32, end - 8),
    ] {
        let (liveness, signs) = verdict((first, sp), &[(word, inside(FIRST))]);
        assert_eq!(
            (liveness, &signs[..1]),
            (Liveness::Unknown, [Sign::AboveSp].as_slice())
        );
    }
    // What it returned to has been overwritten.
    assert_eq!(verdict((PLAIN, end - 0x100), &[]).0, Liveness::Unknown);
}

#[test]
fn a_frame_on_the_altstack_is_stale_only_if_its_thread_runs_what_it_interrupted() {
    let altstack = AddrRange::new(Addr(ARENA), Addr(ARENA + 0x8000));
    let verdict = |interrupted: u64, start: u64| {
        let mut memory = memory();
        let sp = frames(&mut memory, start, &[inside(PLAIN), inside(FIRST)]);
        let mut plan = Plan::new(ARENA + 0x6000, 0x1234);
        plan.sp = interrupted;
        plan.lay(&mut memory);
        let mut thread = thread(inside(PLAIN), sp);
        thread.altstack = Some(altstack);
        let found = run(&memory, thread);
        assert!(found.unwound[0].complete());
        found.frames[0].liveness
    };
    // A function that is still there; one further down that has returned.
    assert_eq!(verdict(BEGAN - 32, BEGAN), Liveness::Stale);
    assert_eq!(verdict(STACK + 0x1000, BEGAN), Liveness::Stale);
    // In the middle of a function's part; on memory that is no stack of the thread.
    assert_eq!(verdict(BEGAN - 16, BEGAN), Liveness::Unknown);
    assert_eq!(verdict(ARENA + 0x2_0000, BEGAN), Liveness::Unknown);
    // The thread itself runs on another stack than its own.
    assert_eq!(
        verdict(ARENA + 0x1_0000 - 32, ARENA + 0x1_0000),
        Liveness::Unknown
    );
}

#[test]
fn a_chain_that_unwinding_contradicts_is_not_complete() {
    let mut memory = memory();
    let sp = frames(&mut memory, BEGAN, &[inside(PLAIN), inside(FIRST)]);
    // x29 on words that look like an outermost record.
    memory.words(BEGAN - 16, &[0, inside(FIRST)]);
    let mut thread = thread(inside(PLAIN), sp);
    thread.x[29] = BEGAN - 16;
    let found = run(&memory, thread.clone());
    assert!(found.unwound[0].complete() && !found.chains[0].complete);
    assert_eq!(found.chains[0].stopped_at, Some(Addr(BEGAN - 16)));
    // Without tables nothing contradicts it.
    let alone = find(&memory, &[thread], &[Addr(RETURN)], Scope::Deep, Code::NONE);
    assert!(alone.chains[0].complete);
}

#[test]
fn recursion_without_end_is_left() {
    let mut memory = Fake::default();
    memory.map_file(LINKED, LINKED + 0x4000, "rx", 7);
    let (start, end) = (0x8000_0000, 0x8040_0000);
    memory.map(start, end, "rw");
    let words: Vec<u8> = [inside(PLAIN); 2].map(u64::to_le_bytes).concat();
    memory.pages(start, words.repeat(0x40_0000 / 16));
    let found = unwound(&memory, thread(inside(PLAIN), start));
    assert_eq!(
        (found.end, found.stacks.len()),
        (UnwindEnd::TooLong, 1 << 16)
    );
}

proptest! {
    #[test]
    fn any_stack_gets_an_answer(
        picks in prop::collection::vec((0_u64..0x80, 0_usize..15), 0..40),
        noise in prop::collection::vec(any::<u64>(), 0..20),
        x in any::<[u64; 4]>(),
        start in 0_usize..12,
        depth in 0_u64..0x60,
    ) {
        let mut memory = memory();
        Plan::new(STACK + 0x10000, 0).lay(&mut memory);
        let sp = STACK + 0x10000 - 16 * depth;
        for (at, pick) in picks {
            let word = PROGRAMS.get(pick).map_or(RETURN, |program| inside(program));
            memory.words(sp + 8 * at, &[word]);
        }
        for (index, word) in noise.iter().enumerate() {
            memory.words(sp + 0x18 * index as u64, &[*word]);
        }
        let mut thread = thread(inside(PROGRAMS[start]), sp);
        thread.x[19..23].copy_from_slice(&x);
        (thread.x[29], thread.x[30]) = (sp + (x[0] & 0x1f8), inside(PLAIN));
        let found = run(&memory, thread);
        let unwound = &found.unwound[0];
        prop_assert!(unwound.returns.len() <= unwound.stacks.len() && unwound.frames.len() <= 2);
    }

    #[test]
    fn any_program_gets_an_answer(program in prop::collection::vec(any::<u8>(), 0..60), words in any::<[u64; 8]>()) {
        let function = Function { at: 0, len: 0x1000, program: &program };
        let file = build::file(&[function], &build::Plan::default());
        let objects = objects(&file);
        let mut memory = memory();
        let sp = BEGAN - 0x200;
        memory.words(sp, &words);
        memory.words(sp + 0x40, &[LINKED + CODE + 0x80; 8]);
        let mut thread = thread(LINKED + CODE + 0x40, sp);
        thread.x = [sp + 0x100; 31];
        let code = Code { objects: &objects, start: None };
        let found = find(&memory, &[thread], &[Addr(RETURN)], Scope::Stacks, code);
        prop_assert!(found.unwound[0].stacks.len() <= 1 << 16);
    }
}
