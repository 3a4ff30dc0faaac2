//! Words of a task that hold signed return addresses: those its stacks are unwound through, and those
//! that only look so.

use std::collections::{BTreeMap, BTreeSet};

use crate::criu_image::space::TaskMemory;
use crate::facts::{TaskFacts, ThreadFacts};
use crate::memory::{Content, Mapping, Memory, Missing};
use crate::sigframe::model::{Frame, Liveness};
use crate::sigframe::scan::PAC_BITS;
use crate::units::{Addr, AddrRange, Place, Tid};

/// Address bits no dumped mapping may use, for then signature and address bits could not be told apart.
const ABOVE_48_BITS: u64 = !0 << 48;
/// A64 instructions, and so return addresses, are aligned to this many bytes.
const INSTRUCTION: u64 = 4;
/// Go keeps its frame record one word below SP; nobody keeps one further down (AAPCS64 has no red zone).
const BELOW_SP: u64 = 16;
/// `uc_mcontext.regs[30]` from a frame's base (`arch/arm64/include/uapi/asm/sigcontext.h`).
const FRAME_X30: u64 = 0x228;
/// Number of the link register.
const LR: usize = 30;

/// A word in memory that loses its signature.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Word {
    /// Where in the task.
    pub(super) addr: Addr,
    /// Where in the image.
    pub(super) place: Place,
    /// Its value.
    pub(super) old: u64,
    /// The address of code in it.
    pub(super) new: u64,
}

/// A general register that does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Register {
    /// Its thread.
    pub(super) tid: Tid,
    /// Its number, 0 to 30.
    pub(super) number: usize,
    /// Its value.
    pub(super) old: u64,
    /// The address of code in it.
    pub(super) new: u64,
}

/// What was found of one task.
#[derive(Debug, Default)]
pub(super) struct Signed {
    /// Words on stacks in use that the unwinder reached: return addresses and nothing else.
    pub(super) reached: Vec<Word>,
    /// Words on stacks in use that look like signed addresses of code.
    pub(super) alike: Vec<Word>,
    /// Registers: the link registers of threads.
    pub(super) links: Vec<Register>,
    /// Registers: others that look so.
    pub(super) others: Vec<Register>,
    /// Words that look so in private writable memory that is no stack in use: stacks of coroutines
    /// that wait, or leavings.
    pub(super) elsewhere: Vec<Word>,
    /// Whether all callers of every thread were followed.
    pub(super) complete: bool,
    /// An address on a stack in use whose bytes are not in the image.
    pub(super) unseen: Option<Addr>,
}

/// The highest mapping, where it lies too high for signatures to be told from addresses.
pub(super) fn too_high(mappings: &[Mapping]) -> Option<AddrRange> {
    mappings
        .last()
        .map(|mapping| mapping.range)
        .filter(|range| range.end.0.saturating_sub(1) & ABOVE_48_BITS != 0)
}

/// `word` without the signature, when it looks like a signed address of code. The kernel leaves bit 55
/// and the top byte out of signatures (`TCR_EL1.TBI0` is set, `TBID0` is not).
fn signed_code(memory: &TaskMemory, word: u64) -> Option<u64> {
    let stripped = word & !PAC_BITS;
    (word != stripped
        && stripped & ABOVE_48_BITS == 0
        && stripped.is_multiple_of(INSTRUCTION)
        && memory
            .mapping_at(Addr(stripped))
            .is_some_and(|mapping| mapping.exec))
    .then_some(stripped)
}

/// The frames a thread of this task will return through; `frames` are those of the task that owns the
/// memory.
fn live<'a>(
    task: &'a TaskFacts<'_>,
    frames: &'a [Frame],
) -> impl Iterator<Item = &'a Frame> + use<'a> {
    frames.iter().filter(move |frame| {
        frame.liveness == Liveness::Live && frame.tid.is_some_and(|tid| task.thread(tid).is_some())
    })
}

/// The stacks in use: from SP, or the SP a signal interrupted, to the end of the alternate stack or of
/// the mapping; ascending and joined.
fn stacks(memory: &TaskMemory, task: &TaskFacts<'_>, frames: &[Frame]) -> Vec<AddrRange> {
    let mut ranges = Vec::new();
    for thread in &task.threads {
        let own = thread.thread.state.as_ref().map(|state| state.sp);
        let interrupted = live(task, frames)
            .filter(|frame| frame.tid == Some(thread.thread.tid))
            .map(|frame| frame.sp);
        let altstack = thread.thread.altstack.and_then(|stack| stack.range());
        for sp in own.into_iter().chain(interrupted).map(Addr) {
            let Some(mapping) = memory.mapping_at(sp) else {
                continue;
            };
            let stack = altstack
                .filter(|stack| stack.contains(sp))
                .unwrap_or(mapping.range);
            let low = Addr(sp.0.saturating_sub(BELOW_SP)).max(stack.start);
            ranges.push(AddrRange::new(low, stack.end.min(mapping.range.end)));
        }
    }
    ranges.sort_by_key(|range| range.start);
    ranges.dedup_by(|next, range| {
        let joins = next.start <= range.end;
        if joins {
            range.end = range.end.max(next.end);
        }
        joins
    });
    ranges
}

/// Looks through `range` word by word. The answer is the first address whose bytes should be in the
/// image and are not; a guard region ends a stack.
fn scan(memory: &TaskMemory, range: AddrRange, mut see: impl FnMut(Word)) -> Option<Addr> {
    for run in memory.runs(range) {
        match run.content {
            Content::Bytes { bytes, place } => {
                let skip = run.range.start.0.wrapping_neg() % 8;
                let words = usize::try_from(skip)
                    .ok()
                    .and_then(|skip| bytes.get(skip..));
                let words = words.unwrap_or(&[]).chunks_exact(8);
                for (word, offset) in words.zip((skip..).step_by(8)) {
                    let Ok(old) = <[u8; 8]>::try_from(word).map(u64::from_le_bytes) else {
                        continue;
                    };
                    if let Some(new) = signed_code(memory, old) {
                        see(Word {
                            addr: Addr(run.range.start.0.saturating_add(offset)),
                            place: Place::new(
                                std::sync::Arc::clone(&place.file),
                                place.offset.saturating_add(offset),
                                8,
                            ),
                            old,
                            new,
                        });
                    }
                }
            }
            Content::Missing(Missing::Unmapped | Missing::Kernel) => return None,
            Content::Missing(Missing::Lazy | Missing::Parent | Missing::Truncated) => {
                return Some(run.range.start);
            }
            Content::Zero | Content::File { .. } => {}
        }
    }
    None
}

/// Addresses of words that hold a return address because the unwinder says so.
fn reached(task: &TaskFacts<'_>, frames: &[Frame]) -> BTreeSet<Addr> {
    let links = task
        .threads
        .iter()
        .flat_map(|thread| &thread.returns)
        .map(|address| address.at);
    let interrupted = live(task, frames).filter_map(|frame| frame.base.checked_add(FRAME_X30));
    links.chain(interrupted).collect()
}

/// Everything in `task` that looks signed; `frames` are those of the task that owns `memory`.
pub(super) fn find(memory: &TaskMemory, task: &TaskFacts<'_>, frames: &[Frame]) -> Signed {
    let certain = reached(task, frames);
    let stacks = stacks(memory, task, frames);
    let mut found = Signed {
        complete: task.threads.iter().all(ThreadFacts::followed),
        ..Signed::default()
    };
    // By address: what the unwinder reached may also lie on a stack's range.
    let mut words = BTreeMap::new();
    for range in &stacks {
        let unseen = scan(memory, *range, |word| {
            words.insert(word.addr, word);
        });
        found.unseen = found.unseen.or(unseen);
    }
    for addr in &certain {
        if let Some(end) = addr.checked_add(8) {
            let _ = scan(memory, AddrRange::new(*addr, end), |word| {
                words.insert(word.addr, word);
            });
        }
    }
    for (addr, word) in words {
        if certain.contains(&addr) {
            found.reached.push(word);
        } else {
            found.alike.push(word);
        }
    }
    let in_use = |addr: Addr| stacks.iter().any(|stack| stack.contains(addr));
    let on_stack = |range: AddrRange| stacks.iter().any(|stack| stack.intersect(&range).is_some());
    for mapping in memory.mappings() {
        // What lies below SP is nobody's.
        if mapping.write && mapping.private && !on_stack(mapping.range) {
            let _ = scan(memory, mapping.range, |word| {
                if !in_use(word.addr) && !certain.contains(&word.addr) {
                    found.elsewhere.push(word);
                }
            });
        }
    }
    for thread in &task.threads {
        let Some(state) = &thread.thread.state else {
            found.complete = false;
            continue;
        };
        for (number, &old) in state.x.iter().enumerate() {
            let Some(new) = signed_code(memory, old) else {
                continue;
            };
            let register = Register {
                tid: thread.thread.tid,
                number,
                old,
                new,
            };
            if number == LR {
                found.links.push(register);
            } else {
                found.others.push(register);
            }
        }
    }
    found
}
