//! Memory that means harm: loops, overlaps, addresses at the end of the world, noise.

use proptest::prelude::{any, prop, proptest};

use super::build::{ARENA, ARENA_END, CALLER, Plan, RETURN, STACK, link, memory, run, thread};
use super::fake::Fake;
use crate::sigframe::cfi::Code;
use crate::sigframe::chain::read_frame;
use crate::sigframe::scan::Trampolines;
use crate::sigframe::search::{Scope, find};
use crate::sigframe::unwind::{ChainEnd, MAX_NODES, ThreadView, strip};
use crate::units::{Addr, AddrRange, Tid};

#[test]
fn chains_that_run_in_circles_end() {
    let mut memory = memory();
    memory.words(STACK + 0x1000, &[STACK + 0x1000, CALLER]);
    memory.words(STACK + 0x2000, &[STACK + 0x3000, CALLER]);
    memory.words(STACK + 0x3000, &[STACK + 0x2000, CALLER]);
    for x29 in [STACK + 0x1000, STACK + 0x2000] {
        let found = run(&memory, &[thread(1, STACK + 0x1000, x29, CALLER)]);
        assert_eq!(
            (found.chains[0].complete, found.chains[0].end),
            (false, ChainEnd::NotAscending)
        );
    }
    // A frame that interrupted its own handler.
    let plan = Plan::new(STACK + 0x10000, STACK + 0xff00);
    plan.lay(&mut memory);
    memory.words(STACK + 0xff00, &[plan.record(), RETURN]);
    let found = run(
        &memory,
        &[thread(1, STACK + 0xff00, STACK + 0xff00, CALLER)],
    );
    assert_eq!(
        (found.chains[0].end, found.chains[0].depth()),
        (ChainEnd::Loop, 1)
    );
    // Returns through the trampoline to records that are no frames'.
    memory.words(STACK + 0x5000, &[STACK + 0x6000, RETURN]);
    memory.words(STACK + 0x6000, &[STACK + 0x5000, RETURN]);
    let found = run(
        &memory,
        &[thread(1, STACK + 0x5000, STACK + 0x5000, CALLER)],
    );
    assert_eq!(
        (found.chains[0].complete, found.dangling.len() < 5),
        (false, true)
    );
}

#[test]
fn a_long_chain_is_cut() {
    let mut memory = Fake::default();
    let count = MAX_NODES as u64 + 10;
    memory.map(ARENA, ARENA + 0x200_0000, "rw");
    let words = (0..count).flat_map(|node| [ARENA + (node + 1) * 16, CALLER]);
    let mut bytes: Vec<u8> = words.flat_map(u64::to_le_bytes).collect();
    bytes.resize(bytes.len().next_multiple_of(4096), 0);
    memory.pages(ARENA, bytes);
    let found = run(&memory, &[thread(1, ARENA, ARENA, CALLER)]);
    assert_eq!(found.chains[0].end, ChainEnd::TooLong);
    assert!(found.chains[0].nodes.len() < MAX_NODES);
}

#[test]
fn addresses_at_the_end_of_the_world() {
    let mut memory = memory();
    memory.map(u64::MAX - 0xffff, u64::MAX, "rw");
    memory.put(u64::MAX - 0x200f, &[0; 16]);
    for addr in [
        u64::MAX,
        u64::MAX - 7,
        u64::MAX - 15,
        u64::MAX - 0x100f,
        0,
        8,
    ] {
        let mut odd = thread(1, addr, addr, RETURN);
        odd.altstack = Some(AddrRange::new(Addr(addr), Addr(u64::MAX)));
        let found = run(&memory, std::slice::from_ref(&odd));
        assert_eq!(found.frames, []);
        odd.pc = Addr(RETURN);
        assert!(!run(&memory, &[odd]).chains[0].complete);
        assert!(read_frame(&memory, Addr(addr)).map_or(true, |frame| !frame.anomalies.is_empty()));
    }
}

#[test]
fn memory_full_of_heads_is_searched_in_bounded_time() {
    let mut memory = Fake::default();
    memory.map(ARENA, ARENA_END * 2, "rw");
    let bytes = [[0_u8; 16], *b"\x01\x80\x50\x46\x10\x02\0\0\0\0\0\0\0\0\0\0"]
        .concat()
        .repeat(1 << 15);
    memory.pages(ARENA, bytes);
    let found = run(&memory, &[thread(1, ARENA + 64, 0, CALLER)]);
    assert_eq!(found.frames, []);
}

#[test]
fn trampolines_are_told_with_and_without_their_signature() {
    let known = Trampolines::new(&[Addr(0), Addr(RETURN), Addr(RETURN)]);
    assert!(known.returns(RETURN) && known.returns(RETURN | 0x7f << 48));
    assert!(!known.returns(0) && !known.returns(RETURN | 1 << 55) && !known.returns(RETURN + 4));
    assert!(known.stands_on(Addr(RETURN + 4)) && !known.stands_on(Addr(RETURN + 8)));
    assert!(!known.stands_on(Addr(RETURN - 4)) && Trampolines::new(&[Addr(0)]).is_empty());
    let mut memory = memory();
    memory.map(0xf_ffff_0000_0000, 0xf_ffff_0001_0000, "rx");
    assert_eq!(strip(&memory, CALLER | 0x55 << 48), Addr(CALLER));
    assert_eq!(
        strip(&memory, 0x5f_ffff_0000_1000),
        Addr(0xf_ffff_0000_1000),
        "52-bit addresses"
    );
    assert_eq!(strip(&memory, 0x1_2345), Addr(0x1_2345));
}

/// A word that is likely to matter.
fn word() -> impl prop::strategy::Strategy<Value = u64> {
    use prop::strategy::Strategy;
    let near = (0..0x3000_u64).prop_map(|offset| STACK + 0x10000 + (offset & !7));
    proptest::prop_oneof![
        2 => proptest::strategy::Just(0),
        2 => near,
        1 => proptest::strategy::Just(RETURN),
        1 => proptest::strategy::Just(0x0000_0210_4650_8001),
        1 => proptest::strategy::Just(0x0000_0020_4558_5401),
        1 => proptest::strategy::Just(0x0000_0010_4553_5201),
        1 => any::<u64>(),
    ]
}

proptest! {
    #[test]
    fn any_memory_gets_an_answer(
        words in prop::collection::vec(word(), 1..1024),
        x in prop::collection::vec(word(), 32),
        sp in word(),
        altstack in word(),
    ) {
        let mut memory = memory();
        memory.words(STACK + 0x10000, &words);
        let mut regs = [0; 31];
        regs.copy_from_slice(&x[..31]);
        let altstack = Some(AddrRange::new(Addr(altstack), Addr(altstack.saturating_add(0x2000))));
        let threads = [ThreadView { tid: Tid(1), x: regs, sp: Addr(sp), pc: Addr(x[31]), tls: Addr(0), blocked: 0, altstack }];
        for scope in [Scope::Stacks, Scope::Deep, Scope::Auto { budget_bytes: 4096 }] {
            let found = find(&memory, &threads, &[Addr(RETURN)], scope, Code::NONE);
            proptest::prop_assert_eq!(found.chains.len(), 1);
        }
    }

    #[test]
    fn a_damaged_frame_gets_an_answer(
        edits in prop::collection::vec((0..0x1400_u64, any::<u8>()), 0..12),
        offset in 0..0x40_u64,
    ) {
        let mut memory = memory();
        let plan = Plan::new(STACK + 0x10000, STACK + 0x20000).with_extra(
            &[super::build::fpsimd()],
            &[super::build::sve(256, 0, 8752), super::build::end()],
        );
        plan.lay(&mut memory);
        memory.words(STACK + 0xff00, &[plan.record(), RETURN]);
        link(&mut memory, &[STACK + 0x20000, STACK + 0x3f000]);
        for (at, byte) in edits {
            memory.put(plan.base + at, &[byte]);
        }
        let found = run(&memory, &[thread(1, STACK + 0xff00, STACK + 0xff00, CALLER)]);
        // Whatever was damaged, a thread about to return through the frame is not overlooked.
        proptest::prop_assert!(!found.frames.is_empty() || !found.dangling.is_empty());
        let _ = read_frame(&memory, Addr(plan.base + offset));
    }
}
