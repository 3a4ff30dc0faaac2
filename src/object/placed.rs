//! Where a task has its objects: from its addresses to those that objects were linked at, and back.

use std::collections::{BTreeMap, BTreeSet};

use goblin::elf::program_header::{PF_X, PT_LOAD, ProgramHeader};

use super::changed::Shown;
use super::functions::Bounds;
use super::{LARGEST_PAGE, Object, Objects};
use crate::memory::{Mapping, Memory};
use crate::units::{Addr, AddrRange};

/// The objects of one task.
#[derive(Debug, Default)]
pub struct Loads<'o> {
    /// Ascending by address, not overlapping.
    parts: Vec<LoadPart<'o>>,
}

/// A part of an object, as one mapping has it.
#[derive(Clone, Copy, Debug)]
pub struct LoadPart<'o> {
    /// The addresses.
    pub range: AddrRange,
    /// The first one's offset in the object's file.
    pub offset: u64,
    /// The load it belongs to.
    pub load: Load<'o>,
}

/// An object at a place. A task may have one at several.
#[derive(Clone, Copy, Debug)]
pub struct Load<'o> {
    /// CRIU's number of the file; none of an object that is no file.
    pub file: Option<u32>,
    /// The object.
    pub object: &'o Object<'o>,
    /// What the task adds to an address the object was linked at.
    pub bias: u64,
}

/// An address inside an object.
#[derive(Clone, Copy, Debug)]
pub struct Spot<'o> {
    /// The object, and where it lies.
    pub load: Load<'o>,
    /// The address it was linked at.
    pub linked: u64,
}

impl<'o> Loads<'o> {
    /// Where the task with this memory has objects of files.
    #[must_use]
    pub fn new(memory: &dyn Memory, objects: &'o Objects<'o>) -> Self {
        let mut parts: Vec<LoadPart<'o>> = Vec::new();
        let mut before: BTreeMap<u32, u64> = BTreeMap::new();
        for mapping in memory.mappings() {
            let Some((id, offset)) = memory.file_at(mapping.range.start) else {
                continue;
            };
            let Some(object) = objects.get(id) else {
                continue;
            };
            // The mappings of one load follow each other, with one bias.
            if let Some(bias) = bias(object, mapping, offset, before.get(&id).copied()) {
                before.insert(id, bias);
                let load = Load {
                    file: Some(id),
                    object,
                    bias,
                };
                let range = mapping.range;
                parts.push(LoadPart {
                    range,
                    offset,
                    load,
                });
            }
        }
        Self { parts }
    }

    /// Adds an object that is no file: the vDSO, which begins with its header.
    pub fn add(&mut self, object: &'o Object<'o>, range: AddrRange) {
        let first = object.segments().iter().find(|segment| loads(segment, 0));
        let Some(first) = first else { return };
        let load = Load {
            file: None,
            object,
            bias: range.start.0.wrapping_sub(first.p_vaddr),
        };
        let at = self
            .parts
            .partition_point(|part| part.range.start < range.start);
        let part = LoadPart {
            range,
            offset: 0,
            load,
        };
        self.parts.insert(at, part);
    }

    /// The parts, ascending.
    #[must_use]
    pub fn parts(&self) -> &[LoadPart<'o>] {
        &self.parts
    }

    /// Every object at every place, each once.
    pub fn loads(&self) -> impl Iterator<Item = Load<'o>> {
        let mut seen = BTreeSet::new();
        self.parts
            .iter()
            .map(|part| part.load)
            .filter(move |load| seen.insert((load.file, load.bias)))
    }

    /// What an address of the task lies in.
    #[must_use]
    pub fn at(&self, addr: Addr) -> Option<Spot<'o>> {
        let after = self.parts.partition_point(|part| part.range.start <= addr);
        let part = self.parts.get(after.checked_sub(1)?)?;
        part.range.contains(addr).then_some(Spot {
            load: part.load,
            linked: addr.0.wrapping_sub(part.load.bias),
        })
    }
}

impl<'o> LoadPart<'o> {
    /// What of the object's bytes the task should see here.
    #[must_use]
    pub fn shown(&self) -> Shown<'o> {
        Shown {
            range: self.range,
            offset: self.offset,
            file: self.load.object.bytes(),
        }
    }
}

impl Load<'_> {
    /// Where the task has what was linked at an address.
    #[must_use]
    pub fn address(&self, linked: u64) -> Addr {
        Addr(linked.wrapping_add(self.bias))
    }
}

impl<'o> Spot<'o> {
    /// The function it is in, in addresses as linked.
    #[must_use]
    pub fn function(&self) -> Option<Bounds<'o>> {
        self.load.object.function_at(self.linked)
    }
}

/// Whether a segment's pages are those of the file with this offset.
fn loads(segment: &ProgramHeader, offset: u64) -> bool {
    let page = segment.p_align.clamp(1, LARGEST_PAGE);
    let from = segment
        .p_offset
        .saturating_sub(segment.p_offset.checked_rem(page).unwrap_or(0));
    let end = segment.p_offset.saturating_add(segment.p_filesz);
    segment.p_type == PT_LOAD && segment.p_filesz != 0 && from <= offset && offset < end
}

/// What was added to the addresses of the object of which a mapping shows what lies at `offset`. Segments share pages of
/// the file, so that several may fit: then that with the bias of the mapping `before`, or that which is as executable as
/// the mapping.
fn bias(object: &Object<'_>, mapping: &Mapping, offset: u64, before: Option<u64>) -> Option<u64> {
    let fitting = || object.segments().iter().filter(|one| loads(one, offset));
    let of = |segment: &ProgramHeader| {
        let linked = segment
            .p_vaddr
            .wrapping_sub(segment.p_offset)
            .wrapping_add(offset);
        mapping.range.start.0.wrapping_sub(linked)
    };
    let known = fitting().map(of).find(|bias| Some(*bias) == before);
    let alike = || fitting().find(|one| (one.p_flags & PF_X != 0) == mapping.exec);
    known
        .or_else(|| alike().map(of))
        .or_else(|| fitting().next().map(of))
}
