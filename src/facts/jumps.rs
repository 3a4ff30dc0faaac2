//! Jump buffers: where `siglongjmp` could take a thread that is in a signal handler, so that it never returns through
//! the frame.
//!
//! Both libraries keep x19 to x28, x29, x30, a word of no use, SP and d8 to d15 in this order.
//! * glibc (2.17 to 2.40, `sysdeps/aarch64/setjmp.S`, `jmpbuf-offsets.h`, `dl-osinfo.h` `_dl_setup_pointer_guard`) mixes
//!   x30 and SP with a guard: the second 8 of the 16 bytes that AT_RANDOM points to. They are in the image, and no
//!   other word becomes an address in a stack by them but by chance.
//! * musl (1.1.12 to 1.2.5, `src/setjmp/aarch64/setjmp.s`, `src/signal/aarch64/sigsetjmp.s`) keeps both as they are. A
//!   buffer that also keeps the signal mask, as those do that handlers jump to, has its own address in the place of x19.
#![deny(
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss
)]

use std::collections::{BTreeMap, BTreeSet, HashSet};

use crate::memory::{Content, Memory};
use crate::units::{Addr, AddrRange, Place};

/// Offset of x30 in a buffer.
const LR: u64 = 11 * 8;
/// Offset of SP.
const SP: u64 = 13 * 8;
/// Offset of the pointer to the buffer of an outer cleanup in glibc's `struct pthread_unwind_buf`: behind 22 words of
/// registers and the padded `mask_was_saved`.
const OUTER_CLEANUP: u64 = 23 * 8;
/// Bytes below TPIDR_EL0 that hold glibc's `struct pthread`; 2.40 has some 2 KiB.
const THREAD_DESCRIPTOR: u64 = 4096;
/// Buffers of cleanups followed per thread.
const MAX_CLEANUPS: usize = 64;
/// Buffers looked at per task.
const MAX_BUFFERS: usize = 4096;
/// Alignment of SP.
const STACK_ALIGN: u64 = 16;

/// A buffer that `setjmp` or `sigsetjmp` filled.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JumpBuffer {
    /// Its address.
    pub at: Addr,
    /// Where it lies in the image.
    pub place: Option<Place>,
    /// Where a jump goes on.
    pub pc: Addr,
    /// SP there.
    pub sp: Addr,
}

/// Stacks by their lowest SP of interest: from there up to the end of the mapping.
#[derive(Debug, Default)]
pub(super) struct Stacks(BTreeMap<Addr, Addr>);

impl Stacks {
    /// The stretches of stack that the contexts with these SP, and their callers, lie on.
    pub(super) fn above(memory: &dyn Memory, contexts: impl Iterator<Item = Addr>) -> Self {
        let mut lowest: BTreeMap<Addr, Addr> = BTreeMap::new();
        for sp in contexts {
            if let Some(mapping) = memory.mapping_at(sp) {
                let known = lowest.entry(mapping.range.end).or_insert(sp);
                *known = sp.min(*known);
            }
        }
        Self(
            lowest
                .into_iter()
                .map(|(end, start)| (start, end))
                .collect(),
        )
    }

    /// The lowest address, and how many bytes it is from there to the end of the highest.
    fn hull(&self) -> (u64, u64) {
        let first = self.0.keys().next().map_or(0, |start| start.0);
        let last = self.0.values().next_back().map_or(0, |end| end.0);
        (first, last.saturating_sub(first))
    }

    fn hold(&self, sp: Addr) -> bool {
        sp.is_aligned(STACK_ALIGN)
            && self
                .0
                .range(..=sp)
                .next_back()
                .is_some_and(|(_, end)| sp < *end)
    }
}

/// The buffers in `ranges` whose SP is on one of the `stacks`, without those that only end a thread (`pthread_exit`
/// and cancellation jump to them). `random` is where AT_RANDOM points to, `threads` are TPIDR_EL0 of those whose stacks
/// they are.
pub(super) fn find(
    memory: &dyn Memory,
    ranges: &[AddrRange],
    stacks: &Stacks,
    random: Option<Addr>,
    threads: &BTreeSet<Addr>,
) -> Vec<JumpBuffer> {
    let guard = random
        .and_then(|random| random.checked_add(8))
        .and_then(|at| memory.read_u64(at).ok());
    let (lowest, span) = stacks.hull();
    let near = |sp: u64| sp.wrapping_sub(lowest) < span;
    let mut found = Vec::new();
    for range in ranges {
        let mut at = range.start;
        while at < range.end && found.len() < MAX_BUFFERS {
            let run = memory.run_at(at, range.end);
            if let Content::Bytes { bytes, .. } = run.content {
                let mut at = run.range.start;
                for word in bytes.as_chunks::<8>().0 {
                    let word = u64::from_le_bytes(*word);
                    // Most words are far from any stack, with the guard or without.
                    let mixed = word ^ guard.unwrap_or_default();
                    if near(word) || near(mixed) {
                        for guard in [guard, Some(0)].into_iter().flatten() {
                            let sp = Addr(word ^ guard);
                            if stacks.hold(sp) {
                                found.extend(buffer(memory, at, sp, guard));
                            }
                        }
                    }
                    at = Addr(at.0.wrapping_add(8));
                }
            }
            if run.range.end <= at {
                break;
            }
            at = run.range.end;
        }
    }
    if !found.is_empty() {
        let ends = cleanups(memory, threads);
        found.retain(|buffer| !ends.contains(&buffer.at));
    }
    found
}

/// The buffer whose word for SP lies at `at`.
fn buffer(memory: &dyn Memory, at: Addr, sp: Addr, guard: u64) -> Option<JumpBuffer> {
    let at = at.checked_sub(SP)?;
    let pc = Addr(memory.read_u64(at.checked_add(LR)?).ok()? ^ guard);
    let code = pc.is_aligned(4) && memory.mapping_at(pc).is_some_and(|mapping| mapping.exec);
    let shown = guard != 0 || memory.read_u64(at).ok()? == at.0;
    (code && shown).then(|| JumpBuffer {
        at,
        place: memory.place(at),
        pc,
        sp,
    })
}

/// The buffers of glibc's that end threads: `struct pthread` points to the innermost, which points to the next.
fn cleanups(memory: &dyn Memory, threads: &BTreeSet<Addr>) -> HashSet<Addr> {
    let mut ends = HashSet::new();
    for thread in threads {
        let descriptor = (8..=THREAD_DESCRIPTOR)
            .step_by(8)
            .map_while(|below| memory.read_u64(thread.checked_sub(below)?).ok());
        for word in descriptor {
            let mut next = Addr(word);
            for _ in 0..MAX_CLEANUPS {
                if next.0 == 0 || !ends.insert(next) {
                    break;
                }
                let outer = next.checked_add(OUTER_CLEANUP);
                let outer = outer.and_then(|at| memory.read_u64(at).ok());
                next = Addr(outer.unwrap_or_default());
            }
        }
    }
    ends
}
