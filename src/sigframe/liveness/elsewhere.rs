//! Whether a thread runs on a stack that is not its own, perhaps one inside of another function's local variables: what lies
//! beside its SP then belongs to contexts that wait.

use crate::memory::Memory;
use crate::sigframe::candidates::pair;
use crate::sigframe::unwind::strip;
use crate::units::Addr;

use super::Evidence;

/// Bytes of a frame record, and its alignment.
const RECORD: u64 = 16;
/// Places looked at beyond the outermost records of a task's chains; those of a stack's own start are some dozens.
const MAX_BEYOND: usize = 1 << 20;
/// Bytes below TPIDR_EL0 that libraries keep data of a thread in.
const THREAD_DESCRIPTOR: u64 = 4096;

/// For each thread whether it shows: tables lead to a start that is not the process's or a thread's, or records of callers
/// lie beyond the end of its chain.
pub(super) fn elsewhere(on: &Evidence<'_>) -> Vec<bool> {
    let mut left = MAX_BEYOND;
    (0..on.threads.len())
        .map(|thread| match on.unwound.get(thread) {
            Some(unwound) if unwound.complete() => !unwound.to_its_start(),
            _ => callers_beyond(on, thread, &mut left),
        })
        .collect()
}

/// Whether records of callers lie between the outermost record of a thread's chain and the start of its stack.
fn callers_beyond(on: &Evidence<'_>, thread: usize, left: &mut usize) -> bool {
    let walk = on.walks.get(thread).filter(|walk| walk.complete);
    let Some(outermost) = walk.and_then(|walk| walk.nodes.last()) else {
        return false;
    };
    let Some(mapping) = on.memory.mapping_at(outermost.addr) else {
        return false;
    };
    let tls = on.threads.get(thread).map(|thread| thread.tls);
    let descriptor = tls.and_then(|tls| tls.checked_sub(THREAD_DESCRIPTOR));
    let end = [on.start, descriptor]
        .into_iter()
        .flatten()
        .find(|start| *start > outermost.addr && mapping.range.contains(*start))
        .unwrap_or(mapping.range.end);
    let mut at = outermost.addr;
    loop {
        at = Addr(at.0.saturating_add(RECORD));
        if at >= end {
            return false;
        }
        if *left == 0 || is_caller(on.memory, at, end) {
            return true;
        }
        *left = left.saturating_sub(1);
    }
}

/// Whether a record of a caller lies at `at`, linked to another one below `end` or to none.
fn is_caller(memory: &dyn Memory, at: Addr, end: Addr) -> bool {
    let code = |lr: u64| {
        let mapping = memory.mapping_at(strip(memory, lr));
        mapping.is_some_and(|mapping| mapping.exec)
    };
    pair(memory, at).is_some_and(|(fp, lr)| (fp == 0 || fp > at.0 && fp < end.0) && code(lr))
}
