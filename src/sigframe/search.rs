//! Finding a task's signal frames: where to look, the search, and the verdict on each frame.

use std::collections::HashSet;

use crate::memory::{Content, Mapping, Memory};
use crate::progress::Progress;
use crate::units::{Addr, AddrRange};

use super::candidates::Frames;
use super::cfi::{Code, Unwound, Walker};
use super::liveness::{Evidence, Judge};
use super::model::Frame;
use super::scan::{Notes, Trampolines, scan};
use super::unwind::{
    ChainWalk, Dangling, Followed, MAX_TASK_NODES, Proof, ThreadView, Unwinder, lead,
};

/// Times the search is widened to stacks that only a found frame leads to. Each handler nested on yet
/// another stack without frame records needs one.
const MAX_ROUNDS: usize = 4;

/// How far to look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// The mappings that hold an SP, an alternate stack, or a part of an x29 chain.
    Stacks,
    /// Those and every private writable mapping.
    Deep,
    /// As `Deep` while the private writable bytes in the image are at most this many, else as `Stacks`.
    Auto {
        /// Bytes.
        budget_bytes: u64,
    },
}

/// What was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// The frames, ascending by base.
    pub frames: Vec<Frame>,
    /// The threads' x29 chains, in the order of the threads.
    pub chains: Vec<ChainWalk>,
    /// How far unwind tables led, in the order of the threads.
    pub unwound: Vec<Unwound>,
    /// Returns through the trampoline behind which no frame could be read.
    pub dangling: Vec<Dangling>,
    /// What was searched, ascending and not overlapping.
    pub searched: Vec<AddrRange>,
    /// Bytes of private writable mappings that exist and were not searched.
    pub unsearched_bytes: u64,
    /// Bytes of the searched ranges that should be in the image and are not.
    pub missing_bytes: u64,
    /// A limit was reached: there may be more frames than `frames` holds.
    pub truncated: bool,
}

/// Finds the signal frames of a task and decides which of them are live.
///
/// `threads` are all threads of the task; `trampolines` the addresses of the vDSO's
/// `__kernel_rt_sigreturn` and of the restorers of its signal actions; `code` what is known of the code they run.
/// The time is linear in the bytes searched; damaged memory makes the answer poorer, never an error.
#[must_use]
pub fn find(
    memory: &dyn Memory,
    threads: &[ThreadView],
    trampolines: &[Addr],
    scope: Scope,
    code: Code<'_>,
) -> Found {
    find_watched(
        memory,
        threads,
        trampolines,
        scope,
        code,
        &Progress::default(),
    )
}

/// As [`find`]; `progress` counts the bytes gone through.
#[must_use]
pub fn find_watched(
    memory: &dyn Memory,
    threads: &[ThreadView],
    trampolines: &[Addr],
    scope: Scope,
    code: Code<'_>,
    progress: &Progress,
) -> Found {
    let trampolines = Trampolines::new(trampolines);
    let mut wanted = stacks(memory, threads);
    if deep(memory, scope) {
        wanted.extend(
            memory
                .mappings()
                .iter()
                .filter(|mapping| holds_data(mapping))
                .map(|mapping| mapping.range),
        );
    }
    let search = |wanted: &[AddrRange]| {
        Round::search(
            memory,
            threads,
            &trampolines,
            wanted.to_vec(),
            progress,
            code,
        )
    };
    let mut round = search(&wanted);
    for _ in 1..MAX_ROUNDS {
        let more: Vec<AddrRange> = round
            .led_to
            .iter()
            .filter(|range| !round.covers(range))
            .copied()
            .collect();
        if more.is_empty() {
            break;
        }
        wanted.extend(more);
        round = search(&wanted);
    }
    round.finish(memory)
}

/// One search of a set of ranges.
struct Round {
    searched: Vec<AddrRange>,
    found: Found,
    led_to: Vec<AddrRange>,
    gap_bytes: u64,
}

impl Round {
    fn search(
        memory: &dyn Memory,
        threads: &[ThreadView],
        trampolines: &Trampolines,
        wanted: Vec<AddrRange>,
        progress: &Progress,
        code: Code<'_>,
    ) -> Self {
        let searched = merge(wanted);
        for range in &searched {
            progress.expect(in_image(memory, *range));
        }
        let notes: Notes = scan(memory, &searched, trampolines, progress);
        let mut frames = Frames::collect(memory, &notes);
        let mut unwinder = Unwinder::new(memory, trampolines);
        let mut walker = Walker::new(memory, trampolines, code);
        let mut chains = Vec::new();
        let mut unwound = Vec::new();
        let mut dangling = Vec::new();
        let mut proofs: Vec<(usize, Proof)> = Vec::new();
        for (index, thread) in threads.iter().enumerate() {
            let Followed {
                mut walk,
                proofs: own,
                dangling: lost,
            } = unwinder.follow(thread, &mut frames);
            let by_tables = walker.follow(thread, &mut frames);
            if by_tables.unwound.complete() {
                let words = by_tables.unwound.returns.iter();
                let returns: HashSet<Addr> = words.map(|word| word.at).collect();
                walk.doubt(|at| returns.contains(&at));
            }
            chains.push(walk);
            // What unwinding says of a whole thread outweighs an x29 that may hold anything.
            if lost.is_empty() {
                dangling.extend(by_tables.dangling);
            } else if !by_tables.unwound.complete() {
                dangling.extend(lost);
            }
            let all = own.into_iter().chain(by_tables.proofs);
            proofs.extend(all.map(|proof| (index, proof)));
            unwound.push(by_tables.unwound);
        }
        let mut led_to = Vec::new();
        for frame in proofs
            .iter()
            .filter_map(|(_, proof)| frames.get(proof.base))
        {
            let ends = [frame.base, Addr(frame.sp)];
            led_to.extend(
                ends.iter()
                    .filter_map(|addr| memory.mapping_at(*addr))
                    .map(|mapping| mapping.range),
            );
        }
        let evidence = Evidence {
            memory,
            threads,
            walks: &chains,
            unwound: &unwound,
            trampolines,
            notes: &notes,
            searched: &searched,
            start: code.start,
        };
        Judge::new(evidence, &frames, &mut walker).judge(&proofs, &mut frames);
        let truncated = frames.truncated;
        let gap_bytes = notes.gap_bytes;
        let frames = frames.into_frames();
        let found = Found {
            frames,
            chains,
            unwound,
            dangling,
            searched: searched.clone(),
            unsearched_bytes: 0,
            missing_bytes: 0,
            truncated,
        };
        Self {
            searched,
            found,
            led_to,
            gap_bytes,
        }
    }

    fn covers(&self, range: &AddrRange) -> bool {
        self.searched
            .iter()
            .any(|searched| searched.start <= range.start && range.end <= searched.end)
    }

    /// Adds up what was left out.
    fn finish(self, memory: &dyn Memory) -> Found {
        let left_out: u64 = memory
            .mappings()
            .iter()
            .filter(|mapping| holds_data(mapping) && !self.covers(&mapping.range))
            .map(|mapping| existing(memory, mapping.range))
            .fold(0, u64::saturating_add);
        let mut found = self.found;
        found.unsearched_bytes = left_out;
        found.missing_bytes = self.gap_bytes;
        found
    }
}

/// The mappings that hold the threads' stacks, as far as registers and chains tell.
fn stacks(memory: &dyn Memory, threads: &[ThreadView]) -> Vec<AddrRange> {
    let mut ranges = Vec::new();
    let mut left = MAX_TASK_NODES;
    for thread in threads {
        let starts = [Some(thread.sp), thread.altstack.map(|stack| stack.start)];
        let mappings = starts
            .iter()
            .flatten()
            .filter_map(|addr| memory.mapping_at(*addr));
        ranges.extend(mappings.map(|mapping| mapping.range));
        ranges.extend(lead(memory, thread, &mut left));
    }
    ranges
}

/// Whether a scope asks for all private writable memory.
fn deep(memory: &dyn Memory, scope: Scope) -> bool {
    let budget = match scope {
        Scope::Stacks => return false,
        Scope::Deep => return true,
        Scope::Auto { budget_bytes } => budget_bytes,
    };
    let mut sum: u64 = 0;
    for mapping in memory
        .mappings()
        .iter()
        .filter(|mapping| holds_data(mapping))
    {
        sum = sum.saturating_add(existing(memory, mapping.range));
        if sum > budget {
            return false;
        }
    }
    true
}

/// Whether a stack could be there.
fn holds_data(mapping: &Mapping) -> bool {
    mapping.private && mapping.write
}

/// Bytes of a range that exist: in the image, or missing from it.
fn existing(memory: &dyn Memory, range: AddrRange) -> u64 {
    sum_of(memory, range, |content| {
        matches!(content, Content::Bytes { .. } | Content::Missing(_))
    })
}

/// Bytes of a range that lie in the image.
fn in_image(memory: &dyn Memory, range: AddrRange) -> u64 {
    sum_of(memory, range, |content| {
        matches!(content, Content::Bytes { .. })
    })
}

/// Bytes of a range whose content `counts`.
fn sum_of(memory: &dyn Memory, range: AddrRange, counts: fn(&Content<'_>) -> bool) -> u64 {
    let mut sum: u64 = 0;
    let mut at = range.start;
    while at < range.end {
        let run = memory.run_at(at, range.end);
        if counts(&run.content) {
            sum = sum.saturating_add(run.range.len());
        }
        if run.range.end <= at {
            break;
        }
        at = run.range.end;
    }
    sum
}

/// Sorts ranges and joins those that overlap or are the same. Neighbours stay apart: they are
/// different mappings.
fn merge(mut ranges: Vec<AddrRange>) -> Vec<AddrRange> {
    ranges.retain(|range| !range.is_empty());
    ranges.sort_unstable();
    let mut merged: Vec<AddrRange> = Vec::new();
    for range in ranges {
        match merged.last_mut() {
            Some(last) if range.start < last.end => last.end = last.end.max(range.end),
            _ => merged.push(range),
        }
    }
    merged
}
