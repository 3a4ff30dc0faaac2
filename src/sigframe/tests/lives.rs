//! Which frames are live: handlers of every shape, leftovers, copies, suspended contexts.

use super::build::{
    ARENA, CALLER, Plan, RETURN, STACK, STACK_END, end, fpsimd, link, memory, run, sve, thread,
};
use super::fake::Fake;
use crate::sigframe::cfi::Code;
use crate::sigframe::model::{Frame, Liveness, Sign};
use crate::sigframe::search::{Found, Scope, find};
use crate::sigframe::unwind::ChainEnd;
use crate::units::{Addr, AddrRange, Tid};

/// Outer callers' records on the main stack.
const OUTER: [u64; 2] = [STACK + 0x20000, STACK + 0x3fd00];

fn at(found: &Found, base: u64) -> &Frame {
    found
        .frames
        .iter()
        .find(|frame| frame.base.0 == base)
        .unwrap_or_else(|| panic!("{found:#x?}"))
}

/// A main stack whose frame at 0x10000 has a handler that keeps a record at 0xff00.
fn handled() -> (Fake, Plan) {
    let mut memory = memory();
    let plan = Plan::new(STACK + 0x10000, OUTER[0]);
    plan.lay(&mut memory);
    memory.words(STACK + 0xff00, &[plan.record(), RETURN]);
    link(&mut memory, &OUTER);
    (memory, plan)
}

fn verdict(found: &Found, base: u64) -> (Liveness, &[Sign]) {
    let frame = at(found, base);
    (frame.liveness, &frame.signs)
}

#[test]
fn a_handler_that_keeps_a_record() {
    let (memory, plan) = handled();
    let found = run(
        &memory,
        &[thread(1, STACK + 0xff00, STACK + 0xff00, CALLER)],
    );
    let signs = [
        Sign::OnChain,
        Sign::ReturnsToTrampoline,
        Sign::AboveSp,
        Sign::MaskFits,
    ];
    assert_eq!(
        verdict(&found, plan.base),
        (Liveness::Live, signs.as_slice())
    );
    let chain = &found.chains[0];
    assert_eq!(
        (chain.complete, chain.end, chain.stopped_at),
        (true, ChainEnd::Outermost, None)
    );
    let nodes: Vec<_> = chain
        .nodes
        .iter()
        .map(|node| (node.addr.0, node.frame.map(|frame| frame.0)))
        .collect();
    let wanted = [
        (STACK + 0xff00, None),
        (plan.record(), Some(plan.base)),
        (OUTER[0], None),
        (OUTER[1], None),
    ];
    assert_eq!(nodes, wanted);
}

#[test]
fn a_signed_return_address_returns_all_the_same() {
    for pac in [0x23 << 48, 0x70 << 48] {
        let (mut memory, plan) = handled();
        memory.words(STACK + 0xff08, &[RETURN | pac]);
        let found = run(
            &memory,
            &[thread(1, STACK + 0xff00, STACK + 0xff00, CALLER)],
        );
        assert_eq!(at(&found, plan.base).liveness, Liveness::Live);
        assert_eq!(found.chains[0].nodes[0].lr, Addr(RETURN));
    }
}

#[test]
fn handlers_without_a_record_of_their_own() {
    let (memory, plan) = handled();
    let base = plan.base;
    // Just entered; a leaf with locals; x30 saved somewhere; a callee with a record of its own.
    let entered = run(&memory, &[thread(1, base, plan.record(), RETURN)]);
    assert_eq!(at(&entered, base).liveness, Liveness::Live);
    assert!(
        at(&entered, base)
            .signs
            .starts_with(&[Sign::SpAtBase, Sign::OnChain])
    );
    let leaf = run(&memory, &[thread(1, base - 64, plan.record(), RETURN)]);
    assert!(
        at(&leaf, base)
            .signs
            .starts_with(&[Sign::OnChain, Sign::ReturnsToTrampoline])
    );
    let saved = run(&memory, &[thread(1, base - 64, plan.record(), CALLER)]);
    assert_eq!(
        verdict(&saved, base),
        (
            Liveness::Live,
            [Sign::OnChain, Sign::AboveSp, Sign::MaskFits].as_slice()
        )
    );
    let (mut memory, plan) = handled();
    memory.words(STACK + 0xfe00, &[plan.record(), CALLER]);
    let callee = run(
        &memory,
        &[thread(1, STACK + 0xfe00, STACK + 0xfe00, CALLER)],
    );
    assert_eq!(at(&callee, base).liveness, Liveness::Live);
    for found in [entered, leaf, saved, callee] {
        assert!(found.chains[0].complete);
    }
}

#[test]
fn pc_on_the_trampoline() {
    let (memory, plan) = handled();
    for offset in [0, 4] {
        let mut thread = thread(1, plan.base, 0x1234, CALLER);
        thread.pc = Addr(RETURN + offset);
        let found = run(&memory, &[thread]);
        assert!(
            at(&found, plan.base)
                .signs
                .starts_with(&[Sign::PcAtTrampoline, Sign::SpAtBase])
        );
        assert_eq!(
            (at(&found, plan.base).liveness, found.chains[0].complete),
            (Liveness::Live, true)
        );
    }
    let mut lost = thread(1, STACK + 0x4000, 0, CALLER);
    lost.pc = Addr(RETURN);
    assert_eq!(run(&memory, &[lost]).dangling[0].addr, Addr(STACK + 0x4000));
}

#[test]
fn nested_and_on_the_altstack() {
    let (mut memory, outer) = handled();
    let mut inner = Plan::new(ARENA + 0x8000, STACK + 0xff00);
    inner.sp = STACK + 0xff00;
    inner.lay(&mut memory);
    memory.words(ARENA + 0x7f00, &[inner.record(), RETURN]);
    let mut thread = thread(1, ARENA + 0x7f00, ARENA + 0x7f00, CALLER);
    thread.altstack = Some(AddrRange::new(Addr(ARENA + 0x4000), Addr(ARENA + 0xc000)));
    let found = run(&memory, std::slice::from_ref(&thread));
    assert_eq!(found.chains[0].frames, [Addr(inner.base), Addr(outer.base)]);
    assert!(
        found
            .frames
            .iter()
            .all(|frame| frame.liveness == Liveness::Live && frame.tid == Some(Tid(1)))
    );
    assert_eq!(
        find(
            &memory,
            &[thread],
            &[Addr(RETURN)],
            Scope::Stacks,
            Code::NONE
        )
        .frames,
        found.frames
    );
}

#[test]
fn below_sp_is_dead_on_the_main_stack() {
    let (memory, plan) = handled();
    let found = run(&memory, &[thread(7, OUTER[0], OUTER[0], CALLER)]);
    assert_eq!(
        verdict(&found, plan.base),
        (Liveness::Stale, [Sign::BelowSp, Sign::MaskFits].as_slice())
    );
    assert_eq!(at(&found, plan.base).tid, Some(Tid(7)));
}

#[test]
fn a_frame_left_by_siglongjmp_above_sp() {
    // A function with large locals now covers the frame; its record is below it.
    let (mut memory, plan) = handled();
    link(&mut memory, &[STACK + 0x8000, OUTER[0], OUTER[1]]);
    let now = thread(1, STACK + 0x8000, STACK + 0x8000, CALLER);
    let found = run(&memory, std::slice::from_ref(&now));
    let signs = [Sign::AboveSp, Sign::ChainSkips, Sign::MaskFits];
    assert_eq!(
        verdict(&found, plan.base),
        (Liveness::Stale, signs.as_slice())
    );
    // A return address that belongs to no record may be that of a handler without records.
    memory.words(STACK + 0x9000, &[0x77, RETURN]);
    let found = run(&memory, std::slice::from_ref(&now));
    assert_eq!(at(&found, plan.base).liveness, Liveness::Unknown);
    // So may one in a register, or in memory that is not there.
    let (mut memory, plan) = handled();
    link(&mut memory, &[STACK + 0x8000, OUTER[0], OUTER[1]]);
    let mut held = now.clone();
    held.x[19] = RETURN;
    assert_eq!(
        at(&run(&memory, &[held]), plan.base).liveness,
        Liveness::Unknown
    );
    memory.lose(STACK + 0xa000);
    let found = run(&memory, &[now]);
    assert_eq!(
        (at(&found, plan.base).liveness, found.missing_bytes),
        (Liveness::Unknown, 4096)
    );
}

#[test]
fn a_broken_chain_proves_nothing() {
    for x29 in [0, 0x1234, STACK + 0x7000, STACK + 0x8000, ARENA + 0x100] {
        let (mut memory, plan) = handled();
        memory.words(STACK + 0x8000, &[STACK + 0x7000, CALLER]);
        let found = run(&memory, &[thread(1, STACK + 0x8000, x29, CALLER)]);
        assert!(!found.chains[0].complete, "{x29:#x}");
        assert_eq!(
            at(&found, plan.base).liveness,
            Liveness::Unknown,
            "{x29:#x}"
        );
        assert!(at(&found, plan.base).signs.contains(&Sign::ChainBroken));
    }
}

#[test]
fn a_left_altstack() {
    let (mut memory, _) = handled();
    let mut left = Plan::new(ARENA + 0x8000, OUTER[0]);
    left.sp = STACK + 0x1ff00;
    left.lay(&mut memory);
    memory.words(ARENA + 0x7f00, &[left.record(), RETURN]);
    let mut idle = thread(1, OUTER[0], OUTER[0], CALLER);
    idle.altstack = Some(AddrRange::new(Addr(ARENA + 0x4000), Addr(ARENA + 0xc000)));
    let found = run(&memory, std::slice::from_ref(&idle));
    let signs = [Sign::AltStackLeft, Sign::ChainSkips, Sign::MaskFits];
    assert_eq!(
        verdict(&found, left.base),
        (Liveness::Stale, signs.as_slice())
    );
    // Another thread's stack in the same mapping, with a broken chain, does not own it.
    let other = thread(2, ARENA + 0x1000, 0, CALLER);
    assert_eq!(
        at(&run(&memory, &[idle.clone(), other]), left.base).liveness,
        Liveness::Stale
    );
    idle.x[29] = 0;
    assert_eq!(
        at(&run(&memory, std::slice::from_ref(&idle)), left.base).liveness,
        Liveness::Unknown
    );
    // A later handler on the same stack, with SP above the leftover.
    let mut live = Plan::new(ARENA + 0xa000, OUTER[0]);
    live.sp = STACK + 0x1ff00;
    live.lay(&mut memory);
    idle.x[29] = live.record();
    (idle.sp, idle.x[30]) = (Addr(live.base), RETURN);
    let found = run(&memory, &[idle]);
    assert_eq!(
        verdict(&found, left.base),
        (Liveness::Stale, [Sign::BelowSp, Sign::MaskFits].as_slice())
    );
    assert_eq!(at(&found, live.base).liveness, Liveness::Live);
}

#[test]
fn a_suspended_context_and_a_copy() {
    let idle = thread(1, OUTER[0], OUTER[0], CALLER);
    let (mut memory, _) = handled();
    let plan = Plan::new(ARENA + 0x8000, ARENA + 0xa000);
    plan.lay(&mut memory);
    let found = run(&memory, std::slice::from_ref(&idle));
    assert_eq!(
        verdict(&found, plan.base),
        (Liveness::Stale, [Sign::NoStack].as_slice())
    );
    assert_eq!(at(&found, plan.base).tid, None);
    memory.words(ARENA + 0x7f00, &[plan.record(), RETURN]);
    let found = run(&memory, std::slice::from_ref(&idle));
    let signs = [Sign::NoStack, Sign::HandlerRecordBelow];
    assert_eq!(
        verdict(&found, plan.base),
        (Liveness::Unknown, signs.as_slice())
    );
    memory.words(ARENA + 0x7f00, &[0x77, RETURN]);
    let found = run(&memory, std::slice::from_ref(&idle));
    assert_eq!(
        verdict(&found, plan.base),
        (Liveness::Unknown, [Sign::NoStack].as_slice())
    );
    let blind = find(&memory, &[idle], &[], Scope::Deep, Code::NONE);
    assert_eq!(
        at(&blind, plan.base).liveness,
        Liveness::Unknown,
        "no trampoline is known"
    );
}

#[test]
fn a_suspended_coroutine_below_the_running_one() {
    // Both stacks are parts of one mapping; the lower one is suspended inside a handler.
    let mut memory = memory();
    let suspended = Plan::new(ARENA + 0x8000, ARENA + 0xa000);
    suspended.lay(&mut memory);
    memory.words(ARENA + 0x7f00, &[suspended.record(), RETURN]);
    link(&mut memory, &[ARENA + 0xa000, ARENA + 0xb000]);
    link(&mut memory, &[ARENA + 0x20000, ARENA + 0x3fe00]);
    let running = thread(1, ARENA + 0x20000, ARENA + 0x20000, CALLER);
    let found = run(&memory, std::slice::from_ref(&running));
    assert_eq!(at(&found, suspended.base).liveness, Liveness::Unknown);
    // A leftover of the same stack leads into what is still in use.
    memory.words(ARENA + 0xa000, &[ARENA + 0x20000, CALLER]);
    let found = run(&memory, &[running]);
    assert_eq!(at(&found, suspended.base).liveness, Liveness::Stale);
}

#[test]
fn threads_that_share_a_mapping() {
    let mut memory = memory();
    let low = Plan::new(ARENA + 0x8000, ARENA + 0xa000);
    low.lay(&mut memory);
    memory.words(ARENA + 0x7f00, &[low.record(), RETURN]);
    link(&mut memory, &[ARENA + 0xa000, ARENA + 0xb000]);
    link(&mut memory, &[ARENA + 0x20000, ARENA + 0x21000]);
    let high = thread(1, ARENA + 0x20000, ARENA + 0x20000, CALLER);
    let owner = thread(2, ARENA + 0x7f00, ARENA + 0x7f00, CALLER);
    let found = run(&memory, &[high.clone(), owner.clone()]);
    assert_eq!(
        (at(&found, low.base).liveness, at(&found, low.base).tid),
        (Liveness::Live, Some(Tid(2)))
    );
    let mut broken = owner;
    broken.x[29] = 0;
    let found = run(&memory, &[high, broken]);
    assert_eq!(
        (at(&found, low.base).liveness, at(&found, low.base).tid),
        (Liveness::Unknown, Some(Tid(2)))
    );
}

#[test]
fn a_guarded_thread_stack_holds_one_stack() {
    const OWN: u64 = 0xffff_d000_0000;
    let mut memory = memory();
    memory.map(OWN - 0x10000, OWN, "");
    memory.map(OWN, OWN + 0x40000, "rw");
    let plan = Plan::new(OWN + 0x8000, OWN + 0x9990);
    plan.lay(&mut memory);
    memory.words(OWN + 0x7f00, &[plan.record(), RETURN]);
    link(&mut memory, &[OWN + 0x3e000, OWN + 0x3f000]);
    let found = run(&memory, &[thread(1, OWN + 0x3e000, OWN + 0x3e000, CALLER)]);
    assert_eq!(at(&found, plan.base).liveness, Liveness::Stale);
}

#[test]
fn extra_space_moves_the_frame_record() {
    let mut memory = memory();
    let plan =
        Plan::new(STACK + 0x10000, OUTER[0]).with_extra(&[fpsimd()], &[sve(256, 0, 8752), end()]);
    plan.lay(&mut memory);
    memory.words(STACK + 0xff00, &[plan.record(), RETURN]);
    link(&mut memory, &OUTER);
    let handler = thread(1, STACK + 0xff00, STACK + 0xff00, CALLER);
    let found = run(&memory, std::slice::from_ref(&handler));
    assert_eq!(
        (at(&found, plan.base).liveness, at(&found, plan.base).size),
        (Liveness::Live, 9936)
    );
    // EXTRA made an ESR record: the chain no longer tells where the record lies, the thread does.
    memory.words(plan.base + 0x250 + 528, &[0x0000_0020_4553_5201, 0, 0]);
    let found = run(&memory, &[handler]);
    assert_eq!(
        (at(&found, plan.base).liveness, at(&found, plan.base).size),
        (Liveness::Live, 9936)
    );
    assert_eq!((found.frames.len(), found.dangling.len()), (1, 0));
}

#[test]
fn a_frame_the_handler_changed_is_still_found() {
    let (mut memory, plan) = handled();
    memory.words(plan.base + 0x220, &[0x111, 0x222]);
    let handler = thread(1, STACK + 0xff00, STACK + 0xff00, CALLER);
    let found = run(&memory, std::slice::from_ref(&handler));
    assert_eq!(at(&found, plan.base).liveness, Liveness::Live);
    assert!(at(&found, plan.base).signs.contains(&Sign::RecordMismatch));
    // FPSIMD behind ESR: no head at the usual place, so only the thread leads there.
    let (mut memory, plan) = handled();
    plan.with(&[super::build::esr(), fpsimd(), end()])
        .lay(&mut memory);
    let found = run(&memory, std::slice::from_ref(&handler));
    assert_eq!(found.frames[0].liveness, Liveness::Live);
    // Nothing of a frame left.
    memory.put(STACK + 0x10250, &[0; 600]);
    let found = run(&memory, &[handler]);
    assert_eq!(
        (found.frames.len(), found.dangling[0].addr),
        (0, Addr(STACK + 0x10000 + 4688))
    );
    assert!(!found.chains[0].complete);
}

#[test]
fn copies_of_a_ucontext_are_not_frames() {
    let mut memory = memory();
    for (base, x29, x30) in [(ARENA + 0x1000, OUTER[0], CALLER), (ARENA + 0x4000, 0, 0)] {
        let mut plan = Plan::new(base, x29);
        plan.x30 = x30;
        plan.link = Some((0, 0));
        plan.lay(&mut memory);
    }
    link(&mut memory, &OUTER);
    assert_eq!(
        run(&memory, &[thread(1, OUTER[0], OUTER[0], CALLER)]).frames,
        []
    );
}

#[test]
fn a_frame_may_lie_across_runs_and_end_with_the_stack() {
    let mut memory = memory();
    // The head is in the last 16 bytes of a page, the frame record in the last ones of the stack.
    for base in [STACK + 0x10000 - 0x260, STACK_END - 4688 - 16] {
        Plan::new(base, OUTER[0]).lay(&mut memory);
    }
    link(&mut memory, &[OUTER[0], OUTER[1]]);
    let found = run(&memory, &[thread(1, OUTER[0], OUTER[0], CALLER)]);
    assert_eq!(found.frames.len(), 2);
}
