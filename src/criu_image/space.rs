//! Address space of a task: mappings, and below them the pages of the images.

use std::sync::Arc;

use crate::input::Blob;
use crate::memory::{Content, Mapping, Memory, Missing, Run};
use crate::units::{Addr, AddrRange, Place};

/// A pages file, held open as long as memory refers to it.
#[derive(Clone, Debug)]
pub(super) struct PagesFile {
    pub(super) file: Arc<str>,
    /// `None` when it is not there.
    pub(super) blob: Option<Arc<Blob>>,
    /// Whether it belongs to a parent dump.
    pub(super) parent: bool,
}

/// What a [`Seg`] holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum SegContent {
    /// Bytes of a pages file (by index), from this offset on. The file has all of them.
    Bytes(usize, u64),
    /// No bytes.
    Missing(Missing),
}

/// Addresses (or offsets in a shared object) with one kind of content.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Seg {
    pub(super) start: u64,
    pub(super) end: u64,
    pub(super) content: SegContent,
}

/// The pages of one pagemap, with those of its parents filled in.
#[derive(Debug, Default)]
pub(super) struct PageMap {
    segs: Vec<Seg>,
    files: Vec<PagesFile>,
}

impl PageMap {
    /// Adds a pages file; the answer is its index.
    pub(super) fn add_file(&mut self, file: PagesFile) -> usize {
        self.files.push(file);
        self.files.len().saturating_sub(1)
    }

    /// Adds a segment; [`PageMap::finish`] puts all of them in order.
    pub(super) fn add(&mut self, seg: Seg) {
        if seg.start < seg.end {
            self.segs.push(seg);
        }
    }

    /// Adds bytes of a file, and as missing what the file is too short for.
    pub(super) fn add_bytes(&mut self, start: u64, end: u64, file: usize, offset: u64) {
        let blob = self.files.get(file).and_then(|file| file.blob.as_ref());
        let have = blob
            .map_or(0, |blob| blob.len() as u64)
            .saturating_sub(offset);
        let cut = start.saturating_add(have).min(end);
        self.add(Seg {
            start,
            end: cut,
            content: SegContent::Bytes(file, offset),
        });
        self.add(Seg {
            start: cut,
            end,
            content: SegContent::Missing(Missing::Truncated),
        });
    }

    /// Sorts the segments, which must not overlap, and joins those that continue each other.
    pub(super) fn finish(&mut self) {
        self.segs.sort_by_key(|seg| seg.start);
        self.segs.dedup_by(|next, seg| {
            let len = seg.end.saturating_sub(seg.start);
            let continued = match seg.content {
                SegContent::Bytes(file, offset) => {
                    SegContent::Bytes(file, offset.saturating_add(len))
                }
                missing @ SegContent::Missing(_) => missing,
            };
            let join = seg.end == next.start && continued == next.content;
            if join {
                seg.end = next.end;
            }
            join
        });
        self.segs.shrink_to_fit();
    }

    /// The segments, ascending.
    pub(super) fn segs(&self) -> &[Seg] {
        &self.segs
    }

    /// The segment that covers `at`, or else where the next one begins.
    fn at(&self, at: u64) -> Result<&Seg, u64> {
        let after = self.segs.partition_point(|seg| seg.start <= at);
        match after
            .checked_sub(1)
            .and_then(|before| self.segs.get(before))
        {
            Some(seg) if at < seg.end => Ok(seg),
            _ => Err(self.segs.get(after).map_or(u64::MAX, |seg| seg.start)),
        }
    }

    /// What `seg` holds from `at` up to `end`.
    fn content(&self, seg: &Seg, at: u64, end: u64) -> Content<'_> {
        let (file, offset) = match seg.content {
            SegContent::Bytes(file, offset) => {
                (file, offset.saturating_add(at.saturating_sub(seg.start)))
            }
            SegContent::Missing(why) => return Content::Missing(why),
        };
        let len = end.saturating_sub(at);
        let bytes = self.files.get(file).and_then(|file| {
            let start = usize::try_from(offset).ok()?;
            let end = start.checked_add(usize::try_from(len).ok()?)?;
            Some((file, file.blob.as_deref()?.get(start..end)?))
        });
        match bytes {
            Some((file, bytes)) => Content::Bytes {
                bytes,
                place: Place::new(Arc::clone(&file.file), offset, len),
            },
            None => Content::Missing(Missing::Truncated),
        }
    }

    fn in_parent(&self, seg: &Seg) -> bool {
        matches!(seg.content, SegContent::Bytes(file, _) if self.files.get(file).is_some_and(|file| file.parent))
    }
}

/// What a mapping shows where the task has no page of its own.
#[derive(Clone, Debug)]
pub(super) enum Backing {
    /// Zeros.
    Zero,
    /// A file, from this offset on.
    File { id: u32, offset: u64 },
    /// A shared-memory object, from this offset on; where it has no page, it is zero.
    Object { pages: Arc<PageMap>, offset: u64 },
    /// Nothing.
    Missing(Missing),
}

/// A mapping as [`TaskMemory`] takes it.
#[derive(Clone, Debug)]
pub(super) struct Backed {
    pub(super) mapping: Mapping,
    /// Whether the task can have pages of its own here (private mappings, the vDSO, AIO rings).
    pub(super) own: bool,
    pub(super) backing: Backing,
}

/// A task's memory.
///
/// A guard region reads as [`Missing::Unmapped`]: touching it raises SIGSEGV as if nothing were there,
/// and the kernel has thrown its pages away.
#[derive(Debug, Default)]
pub struct TaskMemory {
    mappings: Vec<Mapping>,
    /// For each mapping.
    backing: Vec<(bool, Backing)>,
    /// Ascending, without overlap.
    guards: Vec<AddrRange>,
    /// `None` when the pagemap is not there: then nobody knows which pages the task had.
    pages: Option<PageMap>,
}

/// Bytes of a task's mappings by where they come from. The sum is the size of the address space.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Totals {
    /// In the dump's own pages files.
    pub present: u64,
    /// In the pages files of parent dumps.
    pub parent: u64,
    /// Zero for want of a page.
    pub zero: u64,
    /// In mapped files.
    pub file: u64,
    /// Left to a lazy-pages server.
    pub lazy: u64,
    /// Provided by the kernel.
    pub kernel: u64,
    /// Guard regions.
    pub guard: u64,
    /// Should be in an image and are not.
    pub missing: u64,
}

impl TaskMemory {
    /// `backed` ascending and without overlap, as `guards`.
    pub(super) fn new(backed: Vec<Backed>, guards: Vec<AddrRange>, pages: Option<PageMap>) -> Self {
        let (mappings, backing) = backed
            .into_iter()
            .map(|one| (one.mapping, (one.own, one.backing)))
            .unzip();
        Self {
            mappings,
            backing,
            guards,
            pages,
        }
    }

    /// The bytes of images that lie in `range`, ascending, with their addresses and places. Whatever
    /// is zero, in a mapped file or missing is passed over in one step.
    pub fn present_runs(&self, range: AddrRange) -> impl Iterator<Item = (Addr, &[u8], Place)> {
        self.runs(range).filter_map(|run| match run.content {
            Content::Bytes { bytes, place } => Some((run.range.start, bytes, place)),
            _ => None,
        })
    }

    /// Everything that lies in `range`, ascending and without gaps.
    pub fn runs(&self, range: AddrRange) -> impl Iterator<Item = Run<'_>> {
        let mut at = range.start;
        std::iter::from_fn(move || {
            let run = (at < range.end).then(|| self.run_at(at, range.end))?;
            at = run.range.end.max(at.checked_add(1)?);
            Some(run)
        })
    }

    /// How much there is of everything.
    #[must_use]
    pub fn totals(&self) -> Totals {
        let mut totals = Totals::default();
        for (index, mapping) in self.mappings.iter().enumerate() {
            let mut at = mapping.range.start;
            while at < mapping.range.end {
                let (end, found) = self.step(index, mapping, at, mapping.range.end);
                let slot = match &found {
                    Found::Guard => &mut totals.guard,
                    Found::Seg(map, seg, _) if map.in_parent(seg) => &mut totals.parent,
                    Found::Seg(
                        _,
                        Seg {
                            content: SegContent::Bytes(..),
                            ..
                        },
                        _,
                    ) => &mut totals.present,
                    Found::Seg(
                        _,
                        Seg {
                            content: SegContent::Missing(why),
                            ..
                        },
                        _,
                    )
                    | Found::Missing(why) => match why {
                        Missing::Lazy => &mut totals.lazy,
                        Missing::Kernel => &mut totals.kernel,
                        Missing::Unmapped | Missing::Parent | Missing::Truncated => {
                            &mut totals.missing
                        }
                    },
                    Found::Zero => &mut totals.zero,
                    Found::File { .. } => &mut totals.file,
                };
                *slot = slot.saturating_add(end.0.saturating_sub(at.0));
                at = end;
            }
        }
        totals
    }

    /// What lies at `at` in the mapping of this index, and up to where; `at` lies inside of it and below
    /// `limit`, and the answer ends above `at`.
    fn step(&self, index: usize, mapping: &Mapping, at: Addr, limit: Addr) -> (Addr, Found<'_>) {
        let mut end = limit.min(mapping.range.end);
        let after = self.guards.partition_point(|guard| guard.start <= at);
        match after
            .checked_sub(1)
            .and_then(|before| self.guards.get(before))
        {
            Some(guard) if guard.contains(at) => return (end.min(guard.end), Found::Guard),
            _ => {
                end = self
                    .guards
                    .get(after)
                    .map_or(end, |guard| end.min(guard.start));
            }
        }
        let Some((own, backing)) = self.backing.get(index) else {
            return (end, Found::Missing(Missing::Truncated));
        };
        if *own {
            let Some(pages) = &self.pages else {
                return (end, Found::Missing(Missing::Truncated));
            };
            match pages.at(at.0) {
                Ok(seg) => return (end.min(Addr(seg.end)), Found::Seg(pages, seg, at.0)),
                Err(next) => end = end.min(Addr(next)),
            }
        }
        let delta = at.0.saturating_sub(mapping.range.start.0);
        let found = match backing {
            Backing::Zero => Found::Zero,
            Backing::File { id, offset } => Found::File {
                id: *id,
                offset: offset.saturating_add(delta),
            },
            Backing::Missing(why) => Found::Missing(*why),
            Backing::Object { pages, offset } => {
                let inside = offset.saturating_add(delta);
                let (until, found) = match pages.at(inside) {
                    Ok(seg) => (seg.end, Found::Seg(pages, seg, inside)),
                    Err(next) => (next, Found::Zero),
                };
                end = end.min(Addr(at.0.saturating_add(until.saturating_sub(inside))));
                found
            }
        };
        // An object's offset may run up to the end of the number range; an answer is never empty.
        (end.max(Addr(at.0.saturating_add(1))), found)
    }
}

enum Found<'a> {
    Guard,
    Zero,
    File {
        id: u32,
        offset: u64,
    },
    Missing(Missing),
    /// A segment, and the address or offset in it.
    Seg(&'a PageMap, &'a Seg, u64),
}

impl Memory for TaskMemory {
    fn mappings(&self) -> &[Mapping] {
        &self.mappings
    }

    fn file_at(&self, addr: Addr) -> Option<(u32, u64)> {
        let after = self
            .mappings
            .partition_point(|mapping| mapping.range.start <= addr);
        let index = after.checked_sub(1)?;
        let mapping = self.mappings.get(index)?;
        match self.backing.get(index)? {
            (_, Backing::File { id, offset }) if mapping.range.contains(addr) => {
                let inside = addr.offset_from(mapping.range.start)?;
                Some((*id, offset.checked_add(inside)?))
            }
            _ => None,
        }
    }

    fn run_at(&self, addr: Addr, limit: Addr) -> Run<'_> {
        let limit = limit.max(Addr(addr.0.saturating_add(1)));
        let after = self
            .mappings
            .partition_point(|mapping| mapping.range.start <= addr);
        let covering = after
            .checked_sub(1)
            .and_then(|index| Some((index, self.mappings.get(index)?)));
        let Some((index, mapping)) = covering.filter(|(_, mapping)| mapping.range.contains(addr))
        else {
            let next = self
                .mappings
                .get(after)
                .map_or(limit, |mapping| limit.min(mapping.range.start));
            return Run {
                range: AddrRange::new(addr, next),
                content: Content::Missing(Missing::Unmapped),
            };
        };
        let (end, found) = self.step(index, mapping, addr, limit);
        let content = match found {
            Found::Guard => Content::Missing(Missing::Unmapped),
            Found::Zero => Content::Zero,
            Found::File { id, offset } => Content::File { id, offset },
            Found::Missing(why) => Content::Missing(why),
            Found::Seg(map, seg, at) => {
                map.content(seg, at, at.saturating_add(end.0.saturating_sub(addr.0)))
            }
        };
        Run {
            range: AddrRange::new(addr, end),
            content,
        }
    }
}
