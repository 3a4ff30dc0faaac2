//! The bytes of a frame's records, put together anew.
//!
//! Kept records stay in their area and in their order, byte for byte, and move down over the gaps. What
//! that frees at the end becomes zero, up to the old last terminator: a reader that walks on too far finds
//! an end there and no stale header. Bytes behind the old terminator are not touched.
//!
//! EXTRA space stays EXTRA space, even where all of it would fit into `__reserved` by now, and its end
//! stays where it was: `size` grows by what `datap` goes down. The kernel takes a size larger than needed
//! (observed on 6.12, 6.18 and 7.3) and an area that ends at once (`parse_user_sigframe`, 5.10 to 7.3).
//! That way the place of the frame record `{fp, lr}` behind the frame, which did not move, still follows
//! from the records, and unwinders that compute it come out right.

use crate::memory::{Content, Mapping, Memory, Run};
use crate::sigframe::layout;
use crate::sigframe::model::{Body, Frame, Record};
use crate::units::{Addr, AddrRange, Place};

use super::decide::Action;

/// New bytes for a stretch of a frame.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Area {
    /// The first record.
    pub(super) start: Addr,
    /// The bytes from there to the head of the last terminator.
    pub(super) bytes: Vec<u8>,
}

/// Offset of `vl` in an SVE or ZA record, and of `size` in any.
const VL: usize = 8;
const SIZE: usize = 4;
/// Offsets of `datap` and `size` in an EXTRA record.
const DATAP: usize = 8;
const EXTRA_SIZE: usize = 16;

/// The records of `frame` with `actions` (by index of the record) applied. `None` where the frame is not
/// built as the kernel builds one, or its bytes cannot be read.
pub(super) fn rebuild(
    memory: &dyn Memory,
    frame: &Frame,
    actions: &[(usize, Action)],
) -> Option<Area> {
    let start = frame.base.checked_add(layout::RESERVED as u64)?;
    let last = frame
        .records
        .last()
        .filter(|record| record.body == Body::End)?;
    let len = usize::try_from(last.addr.offset_from(start)?).ok()?;
    let mut bytes = Vec::with_capacity(len);
    let mut moved_extra = None;
    let before_last = frame.records.split_last()?.1;
    for (index, record) in before_last.iter().enumerate() {
        let action = actions
            .iter()
            .find(|(at, _)| *at == index)
            .map(|(_, action)| *action);
        let size = match record.body {
            // The one between EXTRA and its space.
            Body::End => layout::TERMINATOR_SIZE,
            _ => u64::from(record.size),
        };
        let mut old = vec![0; usize::try_from(size).ok()?];
        memory.read(record.addr, &mut old).ok()?;
        match action {
            Some(Action::Drop) => continue,
            Some(Action::Header(vl)) => {
                old.truncate(usize::try_from(layout::HEADER_ONLY).ok()?);
                put(&mut old, SIZE, &layout::HEADER_ONLY.to_le_bytes())?;
                put(&mut old, VL, &vl.0.to_le_bytes())?;
            }
            None => {}
        }
        if let Body::Extra { datap, size } = record.body {
            moved_extra = Some((bytes.len(), record, datap, size));
        }
        bytes.extend_from_slice(&old);
    }
    if let Some((at, record, datap, size)) = moved_extra {
        let down = record
            .addr
            .offset_from(start)?
            .checked_sub(u64::try_from(at).ok()?)?;
        let datap = datap.checked_sub(down)?;
        let size = size.checked_add(u32::try_from(down).ok()?)?;
        put(&mut bytes, at.checked_add(DATAP)?, &datap.to_le_bytes())?;
        put(&mut bytes, at.checked_add(EXTRA_SIZE)?, &size.to_le_bytes())?;
    }
    if bytes.len() > len {
        return None;
    }
    bytes.resize(len, 0);
    Some(Area { start, bytes })
}

fn put(bytes: &mut [u8], at: usize, new: &[u8]) -> Option<()> {
    let end = at.checked_add(new.len())?;
    bytes.get_mut(at..end)?.copy_from_slice(new);
    Some(())
}

/// Memory with an area changed.
pub(super) struct Changed<'a> {
    /// As it was.
    pub(super) memory: &'a dyn Memory,
    /// What is different.
    pub(super) area: &'a Area,
}

impl Memory for Changed<'_> {
    fn mappings(&self) -> &[Mapping] {
        self.memory.mappings()
    }

    fn run_at(&self, addr: Addr, limit: Addr) -> Run<'_> {
        let start = self.area.start;
        if addr < start {
            return self.memory.run_at(addr, limit.min(start));
        }
        let inside = addr
            .offset_from(start)
            .and_then(|offset| self.area.bytes.get(usize::try_from(offset).ok()?..))
            .filter(|bytes| !bytes.is_empty());
        let Some(bytes) = inside else {
            return self.memory.run_at(addr, limit);
        };
        let want = limit
            .offset_from(addr)
            .and_then(|len| usize::try_from(len).ok())
            .unwrap_or(usize::MAX);
        let bytes = bytes.get(..want).unwrap_or(bytes);
        let len = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
        Run {
            range: AddrRange::new(addr, Addr(addr.0.saturating_add(len))),
            content: Content::Bytes {
                bytes,
                place: Place::new("", 0, len),
            },
        }
    }
}

/// The addresses from the first record to the last terminator.
pub(super) fn span(frame: &Frame) -> AddrRange {
    let start = Addr(frame.base.0.saturating_add(layout::RESERVED as u64));
    let end = frame.records.last().map_or(start, |last: &Record| {
        Addr(last.addr.0.saturating_add(layout::TERMINATOR_SIZE))
    });
    AddrRange::new(start, end)
}
