//! By which ways a handler may be left without a return through its frame, as far as memory shows them.

#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

use crate::memory::Memory;
use crate::units::{Addr, AddrRange};

use super::jumps::{self, JumpBuffer, Stacks};
use super::no_return::NoReturn;

/// Bytes of private writable memory beyond the stacks that are searched for jump buffers: a program's own data and
/// the start of its heap come first.
const BUDGET: u64 = 8 << 20;

/// A way out of a handler that leaves its frame behind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum WayOut {
    /// `siglongjmp` can take the thread to a context that is older than the frame.
    Jump(JumpBuffer),
    /// The code that runs in the handler does not come back to it.
    NoReturn(NoReturn),
}

/// A handler that a thread is in.
#[derive(Clone, Copy, Debug)]
pub(super) struct Handler {
    /// Base of its frame.
    pub frame: Addr,
    /// SP of what it interrupted.
    pub interrupted: Addr,
    /// TPIDR_EL0 of the thread.
    pub thread: Option<Addr>,
}

/// A way out of each of the `handlers` that has one, by the frames' bases. `searched` is what was searched for frames,
/// `random` where AT_RANDOM points to.
pub(super) fn find(
    memory: &dyn Memory,
    handlers: &[Handler],
    searched: &[AddrRange],
    random: Option<Addr>,
) -> BTreeMap<Addr, WayOut> {
    if handlers.is_empty() {
        return BTreeMap::new();
    }
    let stacks = Stacks::above(memory, handlers.iter().map(|handler| handler.interrupted));
    let threads: BTreeSet<Addr> = handlers
        .iter()
        .filter_map(|handler| handler.thread)
        .collect();
    let buffers = jumps::find(memory, &data(memory, searched), &stacks, random, &threads);
    handlers
        .iter()
        .filter_map(|handler| {
            let mut buffers = buffers.iter();
            let buffer = buffers.find(|buffer| leads_out(memory, handler, buffer))?;
            Some((handler.frame, WayOut::Jump(buffer.clone())))
        })
        .collect()
}

/// Whether a jump goes from the handler to the interrupted context or one of its callers. What lies on the stack below
/// that context is left over from earlier calls, or holds contexts younger than the frame.
fn leads_out(memory: &dyn Memory, handler: &Handler, buffer: &JumpBuffer) -> bool {
    let interrupted = handler.interrupted;
    memory.mapping_at(interrupted).is_some_and(|stack| {
        let below = AddrRange::new(stack.range.start, interrupted);
        interrupted <= buffer.sp && stack.range.contains(buffer.sp) && !below.contains(buffer.at)
    })
}

/// What was searched for frames, and other private writable memory up to the budget.
fn data(memory: &dyn Memory, searched: &[AddrRange]) -> Vec<AddrRange> {
    let mut left = BUDGET;
    let mut ranges = searched.to_vec();
    for mapping in memory.mappings() {
        let known = searched
            .iter()
            .any(|range| range.contains(mapping.range.start));
        if !mapping.private || !mapping.write || known {
            continue;
        }
        let start = mapping.range.start;
        let end = Addr(start.0.saturating_add(left)).min(mapping.range.end);
        left = left.saturating_sub(mapping.range.len());
        ranges.push(AddrRange::new(start, end));
    }
    ranges
}
