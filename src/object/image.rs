//! Objects of which only the image has bytes: the vDSO, and files that nobody found.

use std::collections::HashMap;

use goblin::elf::header::ELFMAG;
use goblin::elf::program_header::{PF_X, PT_LOAD, ProgramHeader};

use super::Object;
use crate::elf::tables::{Tables, code_at};
use crate::memory::{Content, Gap, GapKind, Mapping, Memory, Missing};
use crate::units::{Addr, AddrRange};

/// Mappings looked at below one with code for the header of its file: a file has one for each of its segments.
const MAX_SEGMENTS: usize = 8;

/// Bytes read of a header that lies in the image; program headers stand right behind it.
const HEADER_BYTES: u64 = 4096;

/// Piece by which an object is copied, so that a gap leaves what lies before it: the smallest page.
const PIECE: u64 = 4096;

/// A copy of the bytes from `base` to the end of its mapping or to the first gap, `most` at most: the vDSO, to be read as
/// an [`Object`] like any other.
///
/// # Errors
/// There are none: what lies at `base` instead.
pub fn copy(memory: &dyn Memory, base: Addr, most: u64) -> Result<Vec<u8>, Gap> {
    let unmapped = Gap {
        addr: base,
        why: GapKind::Missing(Missing::Unmapped),
    };
    let mapping = memory.mapping_at(base).ok_or(unmapped)?;
    let whole = AddrRange::new(base, mapping.range.end).len().min(most);
    let mut bytes = Vec::new();
    let mut done = 0_u64;
    while done < whole {
        let take = whole.saturating_sub(done).min(PIECE);
        let mut piece = vec![0; usize::try_from(take).unwrap_or(0)];
        let read = base
            .checked_add(done)
            .ok_or(unmapped)
            .and_then(|addr| memory.read(addr, &mut piece));
        match read {
            Ok(()) => bytes.append(&mut piece),
            Err(gap) if done == 0 => return Err(gap),
            Err(_) => break,
        }
        done = done.saturating_add(take);
    }
    Ok(bytes)
}

/// An object whose header and unwind tables lie in the image.
#[derive(Debug)]
pub struct InImage<'m> {
    segments: Vec<ProgramHeader>,
    tables: Tables<'m>,
    /// What the task adds to an address the object was linked at.
    bias: u64,
}

impl<'m> InImage<'m> {
    fn read(memory: &'m dyn Memory, start: Addr) -> Option<Self> {
        let header = bytes(memory, start, HEADER_BYTES)?;
        let segments = Object::parse(header).ok()?.into_headers().segments;
        let first = segments
            .iter()
            .find(|segment| segment.p_type == PT_LOAD && segment.p_offset == 0)?;
        let bias = start.0.wrapping_sub(first.p_vaddr);
        let at = |addr: u64, len: u64| bytes(memory, Addr(addr.wrapping_add(bias)), len);
        let tables = Tables::sorted(&segments, &at)?;
        Some(Self {
            segments,
            tables,
            bias,
        })
    }

    /// Its unwind tables.
    #[must_use]
    pub fn tables(&self) -> &Tables<'m> {
        &self.tables
    }

    /// The address that the instruction at `pc` was linked at, if it is the object's: at this `offset` of its file, where
    /// a file is mapped there.
    #[must_use]
    pub fn linked(&self, pc: Addr, offset: Option<u64>) -> Option<u64> {
        let linked = pc.0.wrapping_sub(self.bias);
        let inside = match offset {
            Some(offset) => code_at(&self.segments, offset) == Some(linked),
            None => self.segments.iter().any(|segment| {
                segment.p_type == PT_LOAD
                    && segment.p_flags & PF_X != 0
                    && segment.p_vaddr <= linked
                    && linked < segment.p_vaddr.saturating_add(segment.p_filesz)
            }),
        };
        inside.then_some(linked)
    }
}

/// Those of one task that were met.
pub struct Images<'m> {
    memory: &'m dyn Memory,
    /// By the start of the mapping that holds the header.
    met: HashMap<Addr, Option<InImage<'m>>>,
}

impl<'m> Images<'m> {
    /// For a task with this memory.
    #[must_use]
    pub fn new(memory: &'m dyn Memory) -> Self {
        Self {
            memory,
            met: HashMap::new(),
        }
    }

    /// The object whose code a mapping shows: of this `file`, or the one that has its header there.
    pub fn of(&mut self, mapping: &Mapping, file: Option<u32>) -> Option<&InImage<'m>> {
        let memory = self.memory;
        let start = match file {
            Some(id) => header(memory, mapping.range.start, id)?,
            None => mapping.range.start,
        };
        let object = self.met.entry(start);
        object
            .or_insert_with(|| InImage::read(memory, start))
            .as_ref()
    }
}

/// The start of the nearest mapping of the file, from the one at `start` downwards, that begins with an ELF header in
/// the image.
fn header(memory: &dyn Memory, start: Addr, file: u32) -> Option<Addr> {
    let mappings = memory.mappings();
    let above = mappings.partition_point(|mapping| mapping.range.start <= start);
    let from = above.saturating_sub(MAX_SEGMENTS);
    mappings
        .get(from..above)?
        .iter()
        .rev()
        .filter(|mapping| !mapping.write)
        .map(|mapping| mapping.range.start)
        .filter(|start| memory.file_at(*start) == Some((file, 0)))
        .find(|start| bytes(memory, *start, 4).is_some_and(|bytes| bytes == ELFMAG))
}

/// At most `len` bytes of the image that follow each other at `addr`.
fn bytes(memory: &dyn Memory, addr: Addr, len: u64) -> Option<&[u8]> {
    match memory.run_at(addr, addr.checked_add(len.max(1))?).content {
        Content::Bytes { bytes, .. } => Some(bytes),
        _ => None,
    }
}
