//! Whether a page of a mapping is still the file's.
//!
//! A private mapping shows its file until the task writes to a page, which is then the task's own. Such a page may hold
//! what the file holds: dumping itself makes a task have some pages of code of its own, because CRIU makes it run system
//! calls there and puts back what was there. So bytes are compared wherever the image has them.

use std::iter;

use crate::memory::{Content, Memory, Missing};
use crate::units::{Addr, AddrRange};

/// What became of a file's bytes in a task's memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kept {
    /// The task sees those of the file.
    File,
    /// It sees others.
    Changed,
    /// It has pages of its own that the image does not hold.
    Missing(Missing),
}

/// Bytes of a file as a task's mapping shows them.
#[derive(Clone, Copy, Debug)]
pub struct Shown<'f> {
    /// Where the task has them.
    pub range: AddrRange,
    /// The first one's offset in the file.
    pub offset: u64,
    /// All bytes of the file.
    pub file: &'f [u8],
}

/// A part of what is shown, with one answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeptRange {
    /// Its addresses.
    pub range: AddrRange,
    /// The first one's offset in the file.
    pub offset: u64,
    /// What became of it.
    pub kept: Kept,
}

/// What `content` is of the bytes that `file` has at `offset`. What a mapping shows behind the file's end is zero.
#[must_use]
pub fn kept(content: &Content<'_>, file: &[u8], offset: u64) -> Kept {
    match content {
        Content::File { .. } => Kept::File,
        Content::Bytes { bytes, .. } if same(file, offset, bytes) => Kept::File,
        Content::Bytes { .. } | Content::Zero => Kept::Changed,
        Content::Missing(why) => Kept::Missing(*why),
    }
}

/// What became of each stretch of the image that holds a part of what is shown; ascending, without gaps. A stretch may be
/// of many pages, of which one was changed: [`changed_pages`] tells which.
pub fn parts<'m>(memory: &'m dyn Memory, shown: Shown<'m>) -> impl Iterator<Item = KeptRange> + 'm {
    let mut at = shown.range.start;
    iter::from_fn(move || {
        let run = (at < shown.range.end).then(|| memory.run_at(at, shown.range.end))?;
        let offset = shown
            .offset
            .saturating_add(at.offset_from(shown.range.start)?);
        let range = AddrRange::new(at, run.range.end.max(at.checked_add(1)?));
        at = range.end;
        let kept = kept(&run.content, shown.file, offset);
        Some(KeptRange {
            range,
            offset,
            kept,
        })
    })
}

/// The pages, of `page` bytes, that the task changed; those that follow each other are one range. Pages that the image
/// does not hold are none of them.
#[must_use]
pub fn changed_pages(memory: &dyn Memory, shown: Shown<'_>, page: u64) -> Vec<AddrRange> {
    let mut changed: Vec<AddrRange> = Vec::new();
    let mut add = |range: AddrRange| match changed.last_mut() {
        Some(last) if last.end == range.start => last.end = range.end,
        _ => changed.push(range),
    };
    let mut at = shown.range.start;
    while at < shown.range.end {
        let run = memory.run_at(at, shown.range.end);
        let behind = run.range.end.max(Addr(at.0.saturating_add(1)));
        match run.content {
            Content::Zero => add(AddrRange::new(at, behind)),
            Content::Bytes { mut bytes, .. } => {
                while !bytes.is_empty() {
                    let end = at.0.saturating_add(1).checked_next_multiple_of(page);
                    let len = end.unwrap_or(u64::MAX).saturating_sub(at.0);
                    let len = usize::try_from(len).unwrap_or(usize::MAX).min(bytes.len());
                    let (own, rest) = bytes.split_at(len);
                    let end = Addr(at.0.saturating_add(own.len() as u64));
                    let inside = at.0.saturating_sub(shown.range.start.0);
                    if !same(shown.file, shown.offset.saturating_add(inside), own) {
                        add(AddrRange::new(at, end));
                    }
                    (at, bytes) = (end, rest);
                }
            }
            Content::File { .. } | Content::Missing(_) => {}
        }
        at = behind;
    }
    changed
}

/// Whether the task's own bytes are those of the file; what lies behind its end reads as zero.
fn same(file: &[u8], offset: u64, own: &[u8]) -> bool {
    let start = usize::try_from(offset).unwrap_or(usize::MAX);
    let rest = file.get(start..).unwrap_or_default();
    let len = own.len().min(rest.len());
    own.get(..len) == rest.get(..len)
        && own
            .get(len..)
            .unwrap_or_default()
            .iter()
            .all(|byte| *byte == 0)
}
