//! The frames found so far, by base and by the frame record behind them, and the test that tells a
//! frame from other bytes.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use crate::memory::Memory;
use crate::units::Addr;

use super::bytes::u64_at;
use super::chain::{Header, header, read_frame, skeleton};
use super::layout;
use super::model::{Body, Frame};
use super::scan::Notes;

/// Frames kept. Linux allows 4 million threads, but no task has this many signal frames.
pub(super) const MAX_FRAMES: usize = 1 << 16;

/// Steps spent on telling frames from other bytes: some 400,000 candidates. Reached only by memory
/// made to look like frames everywhere.
const MAX_STEPS: usize = 1 << 22;

/// The frames of a task.
pub(super) struct Frames<'a> {
    memory: &'a dyn Memory,
    heads: &'a [Addr],
    by_base: BTreeMap<Addr, Frame>,
    /// Pairs of frame record and base.
    by_record: BTreeSet<(Addr, Addr)>,
    resolved: HashMap<Addr, Option<Addr>>,
    steps: usize,
    /// A limit was reached: there may be more frames.
    pub(super) truncated: bool,
}

impl<'a> Frames<'a> {
    /// The frames that show themselves: a chain the kernel would take, `uc_flags` and `uc_link` zero,
    /// a PSTATE of EL0, and behind it the frame record with the interrupted x29 and x30, or a word
    /// elsewhere that links to that record and returns to the trampoline.
    ///
    /// A copy of a `ucontext_t`, as `getcontext` makes it, has the first three and neither of the last.
    pub(super) fn collect(memory: &'a dyn Memory, notes: &'a Notes) -> Self {
        let mut frames = Self {
            memory,
            heads: &notes.heads,
            by_base: BTreeMap::new(),
            by_record: BTreeSet::new(),
            resolved: HashMap::new(),
            steps: 0,
            truncated: notes.truncated,
        };
        let links: HashSet<u64> = notes.returns.iter().filter_map(|word| word.link).collect();
        for head in &notes.heads {
            let Some(base) = head.checked_sub(layout::RESERVED as u64) else {
                continue;
            };
            let Some(fixed) = frames.plausible(base) else {
                continue;
            };
            let Some(size) = frames.sound(base) else {
                continue;
            };
            let Some(record) = base.checked_add(size) else {
                continue;
            };
            if frames.record_matches(&fixed, record) || links.contains(&record.0) {
                frames.adopt(base, size);
            }
        }
        frames
    }

    /// The fixed part of what lies at `base`, if its fields could be a frame's.
    fn plausible(&mut self, base: Addr) -> Option<Header> {
        self.spend(1)?;
        let fixed = header(self.memory, base).ok()?;
        let zero = |offset| u64_at(&fixed, offset) == Some(0);
        let pstate = u64_at(&fixed, layout::PSTATE)?;
        let fits =
            zero(layout::UC_FLAGS) && zero(layout::UC_LINK) && pstate & layout::PSTATE_REFUSED == 0;
        fits.then_some(fixed)
    }

    /// The size of the frame at `base`, if the kernel would take its chain.
    fn sound(&mut self, base: Addr) -> Option<u64> {
        self.spend(1)?;
        let skeleton = skeleton(self.memory, base);
        self.steps = self.steps.saturating_add(skeleton.steps);
        skeleton.sound.then_some(skeleton.size)
    }

    /// Counts work; `None` once there was too much of it.
    fn spend(&mut self, steps: usize) -> Option<()> {
        self.steps = self.steps.saturating_add(steps);
        if self.steps > MAX_STEPS {
            self.truncated = true;
            return None;
        }
        Some(())
    }

    /// Whether the frame record holds the interrupted x29 and x30. Two zeros prove nothing: empty
    /// memory matches them.
    fn record_matches(&self, fixed: &Header, record: Addr) -> bool {
        let regs = (
            u64_at(fixed, layout::REGS_29),
            u64_at(fixed, layout::REGS_29.saturating_add(8)),
        );
        let (Some(fp), Some(lr)) = regs else {
            return false;
        };
        (fp, lr) != (0, 0) && pair(self.memory, record) == Some((fp, lr))
    }

    /// Reads the frame at `base` and keeps it.
    fn adopt(&mut self, base: Addr, size: u64) -> bool {
        if self.by_base.contains_key(&base) {
            return true;
        }
        if self.by_base.len() >= MAX_FRAMES {
            self.truncated = true;
            return false;
        }
        let (Ok(mut frame), Some(record)) = (read_frame(self.memory, base), base.checked_add(size))
        else {
            return false;
        };
        frame.size = size;
        self.by_record.insert((record, base));
        self.by_base.insert(base, frame);
        true
    }

    /// Takes what lies at `base` for a frame because a thread is about to return through it.
    pub(super) fn adopt_at(&mut self, base: Addr) -> bool {
        if self.by_base.contains_key(&base) {
            return true;
        }
        let skeleton = skeleton(self.memory, base);
        let readable = read_frame(self.memory, base).is_ok_and(|frame| recognisable(&frame));
        base.is_aligned(layout::ALIGN) && readable && self.adopt(base, skeleton.size)
    }

    /// The base of a known frame whose record lies at `record`.
    pub(super) fn known(&self, record: Addr) -> Option<Addr> {
        let from = (record, Addr(0));
        self.by_record
            .range(from..)
            .next()
            .filter(|(at, _)| *at == record)
            .map(|(_, base)| *base)
    }

    /// The base of the frame whose record lies at `record`, to which a thread returns through the
    /// trampoline: a known one, or one that did not show itself.
    pub(super) fn resolve(&mut self, record: Addr) -> Option<Addr> {
        if let Some(base) = self.known(record) {
            return Some(base);
        }
        if let Some(known) = self.resolved.get(&record) {
            return *known;
        }
        let found = self.behind(record).or_else(|| {
            let base = record.checked_sub(layout::FRAME_SIZE)?;
            let frame = read_frame(self.memory, base).ok()?;
            let fits = base.is_aligned(layout::ALIGN) && recognisable(&frame);
            (fits && self.adopt(base, layout::FRAME_SIZE)).then_some(base)
        });
        self.resolved.insert(record, found);
        found
    }

    /// Looks among the heads below `record` for a frame that ends there: one whose chain says so, or
    /// one whose interrupted x29 and x30 the record repeats (its EXTRA record may have been
    /// overwritten, so that its chain no longer tells its size).
    fn behind(&mut self, record: Addr) -> Option<Addr> {
        let heads = self.heads;
        let lowest = Addr(record.0.saturating_sub(layout::SIGFRAME_MAXSZ));
        let from = heads.partition_point(|head| *head < lowest);
        let to = heads.partition_point(|head| *head < record);
        for head in heads.get(from..to)?.iter().rev() {
            let base = head.checked_sub(layout::RESERVED as u64)?;
            let size = record.offset_from(base)?;
            if size < layout::FRAME_SIZE {
                continue;
            }
            self.spend(1)?;
            let Some(fixed) = header(self.memory, base).ok() else {
                continue;
            };
            let own = skeleton(self.memory, base);
            self.spend(own.steps)?;
            let ends = own.fpsimd && own.size == size;
            if (ends || self.record_matches(&fixed, record)) && self.adopt(base, size) {
                return Some(base);
            }
        }
        None
    }

    /// The frame at `base`.
    pub(super) fn get(&self, base: Addr) -> Option<&Frame> {
        self.by_base.get(&base)
    }

    /// All frames, ascending by base.
    pub(super) fn iter(&self) -> impl Iterator<Item = &Frame> {
        self.by_base.values()
    }

    /// All frames, to be judged.
    pub(super) fn iter_mut(&mut self) -> impl Iterator<Item = &mut Frame> {
        self.by_base.values_mut()
    }

    /// All frame records.
    pub(super) fn records(&self) -> impl Iterator<Item = Addr> {
        self.by_record.iter().map(|(record, _)| *record)
    }

    /// All frames, ascending by base.
    pub(super) fn into_frames(self) -> Vec<Frame> {
        self.by_base.into_values().collect()
    }
}

/// Whether a frame that a thread's return address points to has anything of a frame in it.
fn recognisable(frame: &Frame) -> bool {
    let named = |body: &Body| !matches!(body, Body::Unknown | Body::End);
    frame.records.iter().any(|record| named(&record.body))
}

/// The two words of a frame record `{fp, lr}`.
pub(super) fn pair(memory: &dyn Memory, at: Addr) -> Option<(u64, u64)> {
    let mut bytes = [0; 16];
    memory.read(at, &mut bytes).ok()?;
    Some((u64_at(&bytes, 0)?, u64_at(&bytes, 8)?))
}
