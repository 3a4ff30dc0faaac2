//! Builds a frame out of one that the kernel wrote.

use crate::abi::record::RecordKind;
use crate::memory::{Content, Mapping, Memory, Missing, Run};
use crate::sigframe::layout;
use crate::units::{Addr, AddrRange, Place};

use super::Trial;

/// Bytes of an FPSIMD record.
const FPSIMD_SIZE: usize = RecordKind::Fpsimd.written() as usize;
/// Bytes of an EXTRA record.
const EXTRA_SIZE: u32 = RecordKind::Extra.written();
/// PSTATE.BTYPE: what kind of branch led to the next instruction. The frame's PC is no branch target.
const PSTATE_BTYPE: u64 = 0b11 << 10;

/// Where a process goes that returns through a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Goal {
    /// PC.
    pub pc: u64,
    /// X0: shows that the frame's registers were loaded.
    pub x0: u64,
}

/// Why the kernel's own frame cannot be the start of another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "the signal frame that this kernel wrote does not begin with an FPSIMD record of 528 bytes"
)]
pub struct Strange;

/// The frame of `trial`, to lie at `base`. `own` is a frame that the kernel wrote: its first 1120 bytes
/// (everything before the records, and FPSIMD) or more.
///
/// # Errors
/// [`Strange`] where `own` is no such frame.
pub fn build(own: &[u8], trial: &Trial, base: Addr, goal: Goal) -> Result<Vec<u8>, Strange> {
    let fixed = own.get(..layout::RESERVED).ok_or(Strange)?;
    let fpsimd = own
        .get(layout::RESERVED..)
        .and_then(|records| records.get(..FPSIMD_SIZE))
        .filter(|record| record.starts_with(&layout::FPSIMD_HEAD.to_le_bytes()))
        .ok_or(Strange)?;
    let mut frame = fixed.to_vec();
    let pstate = word(fixed, layout::PSTATE).ok_or(Strange)? & !PSTATE_BTYPE;
    for (offset, value) in [
        (layout::REGS, goal.x0),
        (layout::SP, base.0),
        (layout::PC, goal.pc),
        (layout::PSTATE, pstate),
    ] {
        put(&mut frame, offset, value).ok_or(Strange)?;
    }
    frame.extend_from_slice(fpsimd);

    let split = trial.extra_from.or_else(|| overflow(&trial.records));
    let (near, far) = trial.records.split_at(
        split
            .unwrap_or(trial.records.len())
            .min(trial.records.len()),
    );
    frame.extend(near.concat());
    if split.is_some() {
        let far = far.concat();
        let space = far.len().saturating_add(terminator().len());
        let behind = u64::from(EXTRA_SIZE).saturating_add(layout::TERMINATOR_SIZE);
        let datap = base
            .0
            .saturating_add(length(frame.len()))
            .saturating_add(behind);
        frame.extend(RecordKind::Extra.magic().to_le_bytes());
        frame.extend(EXTRA_SIZE.to_le_bytes());
        frame.extend(datap.to_le_bytes());
        frame.extend(u32::try_from(space).unwrap_or(u32::MAX).to_le_bytes());
        frame.extend([0; 12]);
        frame.extend(terminator());
        frame.extend(far);
    }
    frame.extend(terminator());
    let least = usize::try_from(layout::FRAME_SIZE).unwrap_or(0);
    frame.resize(frame.len().max(least), 0);
    Ok(frame)
}

/// The first record that does not fit into `__reserved` with what must follow, if there is one.
fn overflow(records: &[Vec<u8>]) -> Option<usize> {
    let end = layout::TERMINATOR_SIZE;
    let with_extra = end.saturating_add(u64::from(EXTRA_SIZE));
    let used = |count: usize| {
        let sizes = records
            .iter()
            .take(count)
            .map(|record| length(record.len()));
        length(FPSIMD_SIZE).saturating_add(sizes.sum())
    };
    if used(records.len()).saturating_add(end) <= layout::RESERVED_SIZE {
        return None;
    }
    (0..records.len()).find(|index| {
        used(index.saturating_add(1)).saturating_add(with_extra) > layout::RESERVED_SIZE
    })
}

fn terminator() -> [u8; 16] {
    [0; 16]
}

fn length(bytes: usize) -> u64 {
    u64::try_from(bytes).unwrap_or(u64::MAX)
}

fn word(bytes: &[u8], offset: usize) -> Option<u64> {
    let (word, _) = bytes.get(offset..)?.split_first_chunk()?;
    Some(u64::from_le_bytes(*word))
}

fn put(bytes: &mut [u8], offset: usize, value: u64) -> Option<()> {
    let (word, _) = bytes.get_mut(offset..)?.split_first_chunk_mut()?;
    *word = value.to_le_bytes();
    Some(())
}

/// A frame as memory, for the reader of frames.
#[derive(Clone, Debug)]
pub struct Held<'a> {
    mapping: [Mapping; 1],
    bytes: &'a [u8],
}

impl<'a> Held<'a> {
    /// Memory with nothing but `bytes` at `base`.
    #[must_use]
    pub fn new(base: Addr, bytes: &'a [u8]) -> Self {
        let end = Addr(base.0.saturating_add(length(bytes.len())));
        let mapping = Mapping {
            range: AddrRange::new(base, end),
            read: true,
            write: true,
            exec: false,
            private: true,
            stack: false,
            vdso: false,
        };
        Self {
            mapping: [mapping],
            bytes,
        }
    }
}

impl Memory for Held<'_> {
    fn mappings(&self) -> &[Mapping] {
        &self.mapping
    }

    fn run_at(&self, addr: Addr, limit: Addr) -> Run<'_> {
        let range = AddrRange::new(addr, limit);
        let held = self.mapping_at(addr).and_then(|mapping| {
            let range = range.intersect(&mapping.range)?;
            let from = usize::try_from(addr.offset_from(mapping.range.start)?).ok()?;
            let len = usize::try_from(range.len()).ok()?;
            let bytes = self.bytes.get(from..)?.get(..len)?;
            let place = Place::new("frame", addr.0, range.len());
            Some(Run {
                range,
                content: Content::Bytes { bytes, place },
            })
        });
        held.unwrap_or(Run {
            range,
            content: Content::Missing(Missing::Unmapped),
        })
    }
}
