//! One pass over memory that notes two things: where an FPSIMD record could begin, and where an
//! address of the sigreturn trampoline is kept.
//!
//! Both are recognised by one aligned 64-bit word, so the pass runs at the speed of reading. Runs
//! begin and end on pages, so no such word is cut.

use crate::memory::{Content, Memory};
use crate::progress::Progress;
use crate::units::{Addr, AddrRange};

use super::bytes::u64_at;
use super::layout;

/// Hits kept of either kind. A task with a million signal frames does not exist; memory filled with
/// the word must not fill ours.
const MAX_HITS: usize = 1 << 20;

/// Address bits that pointer authentication may fill: 54 to 48 at most (Linux keeps bit 55 and the
/// top byte out of it; with 52-bit addresses only 54 to 52).
pub const PAC_BITS: u64 = 0x7f << 48;

/// The return trampolines of a task, sorted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Trampolines(Vec<u64>);

impl Trampolines {
    /// The trampolines at `addrs`; 0 is none.
    #[must_use]
    pub fn new(addrs: &[Addr]) -> Self {
        let mut words: Vec<u64> = addrs
            .iter()
            .map(|addr| addr.0)
            .filter(|addr| *addr != 0)
            .collect();
        words.sort_unstable();
        words.dedup();
        Self(words)
    }

    /// Whether none is known, so that a return through one cannot be recognised.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether `word` is a trampoline's address, plain or signed.
    #[must_use]
    pub fn returns(&self, word: u64) -> bool {
        self.0
            .iter()
            .any(|trampoline| (word ^ trampoline) & !PAC_BITS == 0)
    }

    /// Whether `pc` stands on a trampoline: before `mov x8, #139` or before `svc #0`.
    #[must_use]
    pub fn stands_on(&self, pc: Addr) -> bool {
        self.0
            .iter()
            .any(|trampoline| pc.0.wrapping_sub(*trampoline) <= 4)
    }
}

/// A word that holds a trampoline's address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct ReturnWord {
    /// Where it lies.
    pub(super) addr: Addr,
    /// The word before it: the link, where a frame record `{fp, lr}` was stored.
    pub(super) link: Option<u64>,
}

/// What the pass noted, in ascending order of addresses.
#[derive(Debug, Default)]
pub(super) struct Notes {
    /// Addresses where an FPSIMD record could begin.
    pub(super) heads: Vec<Addr>,
    /// Words that hold a trampoline's address.
    pub(super) returns: Vec<ReturnWord>,
    /// Parts of the searched ranges whose bytes are not in the image.
    pub(super) gaps: Vec<AddrRange>,
    /// Bytes in them.
    pub(super) gap_bytes: u64,
    /// There were more hits or gaps than are kept.
    pub(super) truncated: bool,
}

/// Bytes after which progress is counted; whole blocks, so that no word is cut.
const STRETCH: usize = 1 << 20;

/// Goes over `ranges`, which must be ascending and not overlap.
pub(super) fn scan(
    memory: &dyn Memory,
    ranges: &[AddrRange],
    trampolines: &Trampolines,
    progress: &Progress,
) -> Notes {
    let mut notes = Notes::default();
    for range in ranges {
        let mut at = range.start;
        while at < range.end {
            let run = memory.run_at(at, range.end);
            match run.content {
                Content::Bytes { bytes, .. } => {
                    let mut start = run.range.start;
                    for stretch in bytes.chunks(STRETCH) {
                        words(memory, start, stretch, trampolines, &mut notes);
                        let len = u64::try_from(stretch.len()).unwrap_or(u64::MAX);
                        start = Addr(start.0.wrapping_add(len));
                        progress.advance(len);
                    }
                }
                Content::Missing(_) => gap(run.range, &mut notes),
                Content::Zero | Content::File { .. } => {}
            }
            if run.range.end <= at {
                break;
            }
            at = run.range.end;
        }
    }
    notes
}

/// Notes a stretch without bytes, joined to the one before where they touch.
fn gap(range: AddrRange, notes: &mut Notes) {
    notes.gap_bytes = notes.gap_bytes.saturating_add(range.len());
    match notes.gaps.last_mut() {
        Some(last) if last.end == range.start => last.end = range.end,
        _ => push(&mut notes.gaps, range, &mut notes.truncated),
    }
}

/// Words looked at together; most blocks hold nothing and are passed with one branch.
const BLOCK: usize = 8;
/// Bytes in a block.
const BLOCK_BYTES: usize = 64;

/// Goes over the bytes of one run.
fn words(
    memory: &dyn Memory,
    start: Addr,
    bytes: &[u8],
    trampolines: &Trampolines,
    notes: &mut Notes,
) {
    let skip = usize::try_from(start.0.wrapping_neg() & 7).unwrap_or_default();
    let Some(bytes) = bytes.get(skip..) else {
        return;
    };
    let mut at = Addr(start.0.wrapping_add(skip as u64));
    let mut blocks = bytes.chunks_exact(BLOCK_BYTES);
    for block in blocks.by_ref() {
        let mut lane = [0; BLOCK];
        for (word, bytes) in lane.iter_mut().zip(block.as_chunks::<8>().0) {
            *word = u64::from_le_bytes(*bytes);
        }
        let mut hit = false;
        for word in lane {
            hit |= word == layout::FPSIMD_HEAD;
        }
        for trampoline in &trampolines.0 {
            for word in lane {
                hit |= (word ^ trampoline) & !PAC_BITS == 0;
            }
        }
        if hit {
            examine(memory, at, block, trampolines, notes);
        }
        at = Addr(at.0.wrapping_add(BLOCK_BYTES as u64));
    }
    examine(memory, at, blocks.remainder(), trampolines, notes);
}

/// Notes the hits among the aligned words of `bytes`, which lie at `start`.
fn examine(
    memory: &dyn Memory,
    start: Addr,
    bytes: &[u8],
    trampolines: &Trampolines,
    notes: &mut Notes,
) {
    let mut at = start;
    for word in bytes.as_chunks::<8>().0 {
        let word = u64::from_le_bytes(*word);
        if word == layout::FPSIMD_HEAD && at.is_aligned(layout::ALIGN) {
            push(&mut notes.heads, at, &mut notes.truncated);
        } else if trampolines.returns(word) {
            let link = at.checked_sub(8).and_then(|link| {
                let mut bytes = [0; 8];
                memory
                    .read(link, &mut bytes)
                    .ok()
                    .and_then(|()| u64_at(&bytes, 0))
            });
            push(
                &mut notes.returns,
                ReturnWord { addr: at, link },
                &mut notes.truncated,
            );
        }
        at = Addr(at.0.wrapping_add(8));
    }
}

/// Keeps `item` unless there are too many already.
fn push<T>(list: &mut Vec<T>, item: T, truncated: &mut bool) {
    if list.len() < MAX_HITS {
        list.push(item);
    } else {
        *truncated = true;
    }
}
