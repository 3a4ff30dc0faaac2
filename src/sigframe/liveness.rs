//! Whether a thread will still return through a frame.
//!
//! A frame is *live* when a thread's registers, x29 chain or unwind tables lead to it. All others are judged by where
//! they lie. A frame is called *stale* only where that can be shown; whatever could still be returned
//! to stays *unknown*:
//!
//! * To return through a frame, code needs the trampoline's address: in a register, or in memory
//!   below the frame. A word there that holds it and was not stored as part of a frame record linked
//!   to some signal frame may belong to a handler that keeps no frame records, which a chain does not show.
//! * A context that is suspended (a coroutine) is on no thread's chain, but the record its handler
//!   stored lies below its frame.

mod elsewhere;
mod functions;

use std::collections::{BTreeSet, HashMap, HashSet};
use std::ops::Range;

use crate::memory::{Mapping, Memory};
use crate::units::{Addr, AddrRange};

use super::candidates::{Frames, pair};
use super::cfi::{Unwound, Walker};
use super::model::{Frame, Liveness, Sign};
use super::scan::{Notes, Trampolines};
use super::unwind::{ChainWalk, KEPT_NODES, Proof, ThreadView};

use functions::Functions;

/// Records followed from a dead frame's interrupted x29 to see whose stack it is on.
const MAX_KIN: usize = 1024;
/// The same for all frames of a task.
const MAX_TASK_KIN: usize = 1 << 20;
/// Thread libraries keep a thread's own data above its stack; an outermost record nearer than this to
/// the end of the mapping is taken for that of a stack which ends with the mapping.
const TOP_OF_STACK: u64 = 64 * 1024;

/// What was searched and found, common to all frames of a task.
pub(super) struct Evidence<'a> {
    /// The task's memory.
    pub(super) memory: &'a dyn Memory,
    /// Its threads.
    pub(super) threads: &'a [ThreadView],
    /// Their chains, in the same order.
    pub(super) walks: &'a [ChainWalk],
    /// How far unwind tables led, likewise.
    pub(super) unwound: &'a [Unwound],
    /// Its trampolines.
    pub(super) trampolines: &'a Trampolines,
    /// What the pass over memory noted.
    pub(super) notes: &'a Notes,
    /// SP when the process began.
    pub(super) start: Option<Addr>,
    /// What it went over, ascending.
    pub(super) searched: &'a [AddrRange],
}

/// A place from which a stack is in use upwards: a thread's SP, or that of code a live frame interrupted.
#[derive(Clone, Copy)]
struct Point {
    thread: usize,
    sp: Addr,
    /// The mapping, or the alternate signal stack inside it.
    stack: AddrRange,
    alternate: bool,
}

/// What is said about one frame.
struct Opinion {
    thread: Option<usize>,
    liveness: Liveness,
    signs: Vec<Sign>,
}

impl Opinion {
    fn new(thread: Option<usize>, stale: bool, signs: &[Sign]) -> Self {
        let liveness = if stale {
            Liveness::Stale
        } else {
            Liveness::Unknown
        };
        Self {
            thread,
            liveness,
            signs: signs.to_vec(),
        }
    }
}

/// Judges the frames of one task.
pub(super) struct Judge<'a, 'm, 'o> {
    on: Evidence<'a>,
    walker: &'a mut Walker<'m, 'o>,
    functions: Functions,
    /// Ascending by SP.
    points: Vec<Point>,
    /// Whether it shows that the thread runs on a stack that is not its own.
    elsewhere: Vec<bool>,
    /// Whether a register of the thread, or of code it interrupted, holds a trampoline's address that
    /// is not accounted for.
    holds: Vec<bool>,
    /// For each return word, how many lone ones lie before it; one more entry at the end.
    lone: Vec<usize>,
    /// Link and address of the return words that are linked to a known frame's record.
    linked: BTreeSet<(u64, Addr)>,
    /// SP of interrupted code that holds a trampoline's address in a register: a handler that did not save it yet, or
    /// never will. Ascending, with the frame that says so.
    handlers: Vec<(Addr, Addr)>,
    kin: usize,
}

impl<'a, 'm, 'o> Judge<'a, 'm, 'o> {
    /// Gathers what is common to all frames.
    pub(super) fn new(
        on: Evidence<'a>,
        frames: &Frames<'_>,
        walker: &'a mut Walker<'m, 'o>,
    ) -> Self {
        let records: HashSet<u64> = frames.records().map(|record| record.0).collect();
        let mut linked = BTreeSet::new();
        let mut lone = vec![0];
        let mut count: usize = 0;
        for word in &on.notes.returns {
            match word.link.filter(|link| records.contains(link)) {
                Some(link) => {
                    linked.insert((link, word.addr));
                }
                None => count = count.saturating_add(1),
            }
            lone.push(count);
        }
        let mut points = Vec::new();
        let mut holds = Vec::new();
        for (index, thread) in on.threads.iter().enumerate() {
            let own = (&thread.x, thread.sp);
            let by_chain = on.walks.get(index).map(|walk| &walk.frames);
            let by_tables = on.unwound.get(index).map(|unwound| &unwound.frames);
            let bases: BTreeSet<Addr> = by_chain
                .into_iter()
                .chain(by_tables)
                .flatten()
                .copied()
                .collect();
            let interrupted = bases.iter().filter_map(|base| frames.get(*base));
            let contexts = interrupted.map(|frame| (&frame.regs, Addr(frame.sp)));
            let mut held = false;
            for (regs, sp) in std::iter::once(own).chain(contexts) {
                points.extend(point(on.memory, index, thread, sp));
                held |= holds_trampoline(on.trampolines, frames, regs, sp);
            }
            holds.push(held);
        }
        points.sort_by_key(|point| point.sp);
        let mut handlers: Vec<(Addr, Addr)> = frames
            .iter()
            .filter(|frame| frame.regs.iter().any(|reg| on.trampolines.returns(*reg)))
            .map(|frame| (Addr(frame.sp), frame.base))
            .collect();
        handlers.sort_unstable();
        let functions = Functions::new(on.unwound);
        let elsewhere = elsewhere::elsewhere(&on);
        Self {
            on,
            walker,
            functions,
            points,
            elsewhere,
            holds,
            lone,
            linked,
            handlers,
            kin: 0,
        }
    }

    /// Judges all frames: those with a proof are live, the others by where they lie.
    pub(super) fn judge(mut self, proofs: &[(usize, Proof)], frames: &mut Frames<'_>) {
        let mut live: HashMap<Addr, Opinion> = HashMap::new();
        for (thread, proof) in proofs {
            let new = || Opinion {
                thread: Some(*thread),
                liveness: Liveness::Live,
                signs: Vec::new(),
            };
            live.entry(proof.base)
                .or_insert_with(new)
                .signs
                .extend_from_slice(&proof.signs);
        }
        for frame in frames.iter_mut() {
            let opinion = match live.remove(&frame.base) {
                Some(mut opinion) => {
                    let at = self.points.partition_point(|point| point.sp <= frame.base);
                    let point = at.checked_sub(1).and_then(|at| self.points.get(at));
                    let above = point.is_some_and(|point| point.stack.contains(frame.base));
                    opinion.signs.extend(above.then_some(Sign::AboveSp));
                    opinion
                }
                None => self.opinion(frame),
            };
            self.apply(frame, opinion);
        }
    }

    /// Writes an opinion into its frame, with the signs that hold whatever it says.
    fn apply(&self, frame: &mut Frame, opinion: Opinion) {
        let thread = opinion.thread.and_then(|index| self.on.threads.get(index));
        frame.tid = thread.map(|thread| thread.tid);
        frame.liveness = opinion.liveness;
        frame.signs = opinion.signs;
        let [fp, lr] = [29, 30].map(|reg: usize| frame.regs.get(reg).copied());
        let record = frame
            .base
            .checked_add(frame.size)
            .and_then(|at| pair(self.on.memory, at));
        if record.is_none_or(|record| (Some(record.0), Some(record.1)) != (fp, lr)) {
            frame.signs.push(Sign::RecordMismatch);
        }
        if thread.is_some_and(|thread| frame.uc_sigmask & !thread.blocked == 0) {
            frame.signs.push(Sign::MaskFits);
        }
        let mut seen = HashSet::new();
        frame.signs.retain(|sign| seen.insert(*sign));
    }

    /// What the place of a frame that no thread is known to return through says.
    fn opinion(&mut self, frame: &Frame) -> Opinion {
        let memory = self.on.memory;
        let Some(mapping) = memory.mapping_at(frame.base) else {
            return Opinion::new(None, false, &[Sign::NoStack]);
        };
        if let Some(owner) = self.in_a_function(frame) {
            let signs = [Sign::AboveSp, Sign::UnwindingSkips];
            return Opinion::new(Some(owner), true, &signs);
        }
        if let Some(opinion) = self.on_altstack(frame) {
            return opinion;
        }
        let covering = |point: &Point| !point.alternate && point.stack.contains(frame.base);
        if let Some(opinion) = self.above(frame, mapping.range.start, &covering) {
            return opinion;
        }
        let from = self.points.partition_point(|point| point.sp <= frame.base);
        let nearest = self
            .points
            .get(from..)
            .unwrap_or_default()
            .iter()
            .find(|point| covering(point))
            .copied();
        match nearest {
            Some(point) => self.below(frame, mapping, &point),
            None => self.off_stacks(frame, mapping),
        }
    }

    /// A frame on a registered alternate stack. Nobody runs there unless an SP says so; an alternate
    /// stack inside another thread's mapping is not part of that thread's stack.
    fn on_altstack(&mut self, frame: &Frame) -> Option<Opinion> {
        let threads = self.on.threads.iter().enumerate();
        let owners: Vec<(usize, AddrRange)> = threads
            .filter_map(|(index, thread)| {
                let stack = thread.altstack.filter(|stack| stack.contains(frame.base))?;
                Some((index, stack))
            })
            .collect();
        let mut found: Option<Opinion> = None;
        for (index, stack) in owners {
            let inside = |point: &Point| stack.contains(point.sp);
            let complete = self.on.walks.get(index).is_some_and(|walk| walk.complete);
            let opinion = if let Some(above) = self.above(frame, stack.start, &inside) {
                above
            } else if self.points.iter().any(inside) {
                Opinion::new(Some(index), true, &[Sign::BelowSp])
            } else if complete && self.interrupted_its_stack(frame, index) {
                Opinion::new(Some(index), true, &[Sign::AltStackLeft, Sign::ChainSkips])
            } else if self.interrupted_own_stack(frame, index) {
                let signs = [Sign::AltStackLeft, Sign::UnwindingSkips];
                Opinion::new(Some(index), true, &signs)
            } else {
                let chain = if complete {
                    Sign::ChainSkips
                } else {
                    Sign::ChainBroken
                };
                Opinion::new(Some(index), false, &[Sign::AltStackLeft, chain])
            };
            if found
                .as_ref()
                .is_none_or(|found| opinion.liveness < found.liveness)
            {
                found = Some(opinion);
            }
        }
        found
    }

    /// Whether the code that a frame on an alternate stack interrupted has callers that the thread will return to: then
    /// the thread is no longer in the handler. What ran elsewhere is a context of its own, which may be resumed inside
    /// of the handler; so may a handler on the same alternate stack that was interrupted in turn.
    fn interrupted_its_stack(&mut self, frame: &Frame, thread: usize) -> bool {
        let Some(walk) = self.on.walks.get(thread) else {
            return false;
        };
        if self.kin >= MAX_TASK_KIN {
            return false;
        }
        self.kin = self.kin.saturating_add(walk.nodes.len());
        let own = walk.nodes.iter().filter(|node| node.frame.is_none());
        let own: HashSet<Addr> = own.map(|node| node.addr).collect();
        let mut at = Addr(frame.regs.get(29).copied().unwrap_or_default());
        for _ in 0..MAX_KIN {
            if own.contains(&at) {
                return true;
            }
            self.kin = self.kin.saturating_add(1);
            let next = pair(self.on.memory, at).map(|(fp, _)| Addr(fp));
            match next.filter(|next| *next > at && self.kin < MAX_TASK_KIN) {
                Some(next) => at = next,
                None => return false,
            }
        }
        false
    }

    /// A frame at or above the SP of threads: stale only if every one of their chains is complete and
    /// nothing is left that could return to the trampoline without showing on a chain.
    fn above(
        &self,
        frame: &Frame,
        floor: Addr,
        covering: &dyn Fn(&Point) -> bool,
    ) -> Option<Opinion> {
        let to = self.points.partition_point(|point| point.sp <= frame.base);
        let below = self.points.get(..to)?.iter().rev();
        let mut seen = HashSet::new();
        let mut nearest = None;
        for point in below
            .take_while(|point| point.sp >= floor)
            .filter(|point| covering(point))
        {
            let owner = *nearest.get_or_insert(point.thread);
            if !seen.insert(point.thread) {
                continue;
            }
            let complete = self
                .on
                .walks
                .get(point.thread)
                .is_some_and(|walk| walk.complete);
            let chain = if complete {
                Sign::ChainSkips
            } else {
                Sign::ChainBroken
            };
            let held = self.holds.get(point.thread).copied().unwrap_or(true);
            let lone = self.lone_words(point.sp, frame.base);
            if !complete
                || held
                || self.elsewhere.get(point.thread).copied().unwrap_or(true)
                || lone != Some(0)
            {
                return Some(Opinion::new(Some(owner), false, &[Sign::AboveSp, chain]));
            }
        }
        nearest.map(|owner| Opinion::new(Some(owner), true, &[Sign::AboveSp, Sign::ChainSkips]))
    }

    /// A frame below every SP of its mapping: stale if it is on the same stack as the nearest one, for
    /// a mapping may hold several stacks, and one of them may be suspended. A thread on a stack that is not its own
    /// may have it in the local variables of a function that waits further down.
    fn below(&mut self, frame: &Frame, mapping: &Mapping, point: &Point) -> Opinion {
        let owner = Some(point.thread);
        let elsewhere = self.elsewhere.get(point.thread).copied().unwrap_or(true);
        let same = mapping.stack
            || self.fills(mapping, point)
            || self.same_stack(frame, mapping, point)
            || self.unwinds_to(frame, mapping.range, point.sp);
        if same && !elsewhere {
            return Opinion::new(owner, true, &[Sign::BelowSp]);
        }
        if self.nothing_returns(frame, mapping) {
            return Opinion::new(owner, true, &[Sign::BelowSp]);
        }
        let mut opinion = Opinion::new(owner, false, &[Sign::BelowSp]);
        opinion.signs.extend(
            self.handler_record(frame, mapping)
                .then_some(Sign::HandlerRecordBelow),
        );
        opinion
    }

    /// A frame on no thread's stack: a copy, unless something below it says that a suspended context may still
    /// return through it.
    fn off_stacks(&self, frame: &Frame, mapping: &Mapping) -> Opinion {
        let stale = self.nothing_returns(frame, mapping);
        let record = self.handler_record(frame, mapping);
        let mut opinion = Opinion::new(None, stale, &[Sign::NoStack]);
        opinion
            .signs
            .extend(record.then_some(Sign::HandlerRecordBelow));
        opinion
    }

    /// Whether no context that is suspended below a frame can return through it. Linked return words count too: a
    /// handler that saves x30 alone leaves what was in the word before, and that may be the record of another frame.
    fn nothing_returns(&self, frame: &Frame, mapping: &Mapping) -> bool {
        let words = self.return_words(mapping.range.start, frame.base);
        words.is_some_and(|words| words.is_empty()) && !self.interrupted_handler(frame, mapping)
    }

    /// Whether a pair of the frame's record and the trampoline lies below it in its mapping.
    fn handler_record(&self, frame: &Frame, mapping: &Mapping) -> bool {
        let Some(record) = frame.base.checked_add(frame.size) else {
            return false;
        };
        self.linked
            .range((record.0, mapping.range.start)..(record.0, frame.base))
            .next()
            .is_some()
    }

    /// Whether another frame, wherever it lies, interrupted code below this one that holds a trampoline's address in
    /// a register: a handler interrupted before it stored it, by a signal on an alternate stack.
    fn interrupted_handler(&self, frame: &Frame, mapping: &Mapping) -> bool {
        let from = self
            .handlers
            .partition_point(|(sp, _)| *sp < mapping.range.start);
        let below = self.handlers.get(from..).unwrap_or_default();
        below
            .iter()
            .take_while(|(sp, _)| *sp <= frame.base)
            .take(2)
            .any(|(_, base)| *base != frame.base)
    }

    /// Whether the mapping holds one stack only, that of `point`: nothing can be reached below it, one
    /// thread alone runs in it, and its outermost record is at the mapping's end.
    fn fills(&self, mapping: &Mapping, point: &Point) -> bool {
        let guarded = mapping
            .range
            .start
            .checked_sub(1)
            .and_then(|addr| self.on.memory.mapping_at(addr));
        let guarded = guarded.is_some_and(|guard| !guard.read && !guard.write && !guard.exec);
        if !guarded {
            return false;
        }
        let alone = self
            .points
            .iter()
            .all(|other| other.thread == point.thread || !mapping.range.contains(other.sp));
        let chain = self.on.walks.get(point.thread);
        let top = chain
            .filter(|walk| walk.complete && walk.nodes.len() < KEPT_NODES)
            .and_then(|walk| walk.nodes.last())
            .map(|node| node.addr);
        let unwound = self.on.unwound.get(point.thread);
        let start = unwound
            .filter(|unwound| unwound.to_its_start())
            .and_then(|unwound| unwound.outermost);
        let at_end = |top: &Addr| {
            mapping.range.start <= *top
                && mapping
                    .range
                    .end
                    .offset_from(*top)
                    .is_some_and(|bytes| bytes <= TOP_OF_STACK)
        };
        alone && [top, start].iter().flatten().any(at_end)
    }

    /// Whether the code a frame interrupted ran on the stack of `point`: its SP lay above, or its
    /// frame records lead there.
    fn same_stack(&mut self, frame: &Frame, mapping: &Mapping, point: &Point) -> bool {
        if Addr(frame.sp) >= point.sp && mapping.range.contains(Addr(frame.sp)) {
            return true;
        }
        let mut at = Addr(frame.regs.get(29).copied().unwrap_or_default());
        let mut last = frame.base;
        for _ in 0..MAX_KIN {
            if at <= last || !mapping.range.contains(at) || self.kin >= MAX_TASK_KIN {
                return false;
            }
            if at >= point.sp {
                return true;
            }
            self.kin = self.kin.saturating_add(1);
            let Some((fp, _)) = pair(self.on.memory, at) else {
                return false;
            };
            (last, at) = (at, Addr(fp));
        }
        false
    }

    /// How many lone return words lie from `from` up to `to`; `None` where that is not known.
    fn lone_words(&self, from: Addr, to: Addr) -> Option<usize> {
        let words = self.return_words(from, to)?;
        let [low, high] = [words.start, words.end].map(|at| self.lone.get(at).copied());
        high?.checked_sub(low?)
    }

    /// The return words that lie from `from` up to `to`, by their places among all; `None` where not all of it was
    /// searched and readable, or no trampoline is known to search for.
    fn return_words(&self, from: Addr, to: Addr) -> Option<Range<usize>> {
        let part = AddrRange::new(from, to);
        let notes = self.on.notes;
        let last = self
            .on
            .searched
            .partition_point(|range| range.start <= from)
            .checked_sub(1)?;
        let searched = self
            .on
            .searched
            .get(last)
            .is_some_and(|range| to <= range.end);
        let gap = notes
            .gaps
            .get(notes.gaps.partition_point(|gap| gap.end <= from)..)?
            .first();
        let doubtful = gap.is_some_and(|gap| gap.intersect(&part).is_some());
        if notes.truncated || self.on.trampolines.is_empty() || doubtful || !searched {
            return None;
        }
        let [low, high] =
            [from, to].map(|addr| notes.returns.partition_point(|word| word.addr < addr));
        Some(low..high)
    }
}

/// The point at `sp`, if a mapping is there.
fn point(memory: &dyn Memory, index: usize, thread: &ThreadView, sp: Addr) -> Option<Point> {
    let altstack = thread.altstack.filter(|stack| stack.contains(sp));
    let stack = match altstack {
        Some(stack) => stack,
        None => memory.mapping_at(sp)?.range,
    };
    Some(Point {
        thread: index,
        sp,
        stack,
        alternate: altstack.is_some(),
    })
}

/// Whether a register holds a trampoline's address, other than x30 of a handler that is about to
/// return through a known frame.
fn holds_trampoline(
    trampolines: &Trampolines,
    frames: &Frames<'_>,
    regs: &[u64; 31],
    sp: Addr,
) -> bool {
    let [.., fp, lr] = *regs;
    let known = frames.known(Addr(fp)).is_some() || frames.get(sp).is_some();
    let others = regs.iter().take(30).any(|reg| trampolines.returns(*reg));
    others || trampolines.returns(lr) && !known
}
