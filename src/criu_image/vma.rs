//! `vma_entry`: mappings, and what stands behind each.

use std::sync::Arc;

use super::ask::Ask;
use super::envelope::Entry;
use super::error::Error;
use super::model::{AnomalyKind, Vma, VmaStatus};
use super::proto;
use super::reader::Notes;
use crate::memory::Mapping;
use crate::units::{Addr, AddrRange, Pid, Place};
use crate::wire;

/// `mm_entry.vmas`.
const VMAS: u32 = 14;

/// Most mappings a task can have here. The kernel's limit, `vm.max_map_count`, is 65530 unless raised, and
/// distributions that raise it go up to this.
const MAX_VMAS: usize = 1 << 20;

const PROT_READ: u32 = 1;
const PROT_WRITE: u32 = 2;
const PROT_EXEC: u32 = 4;
/// `MAP_SHARED` 1, `MAP_PRIVATE` 2, and 3 for `MAP_SHARED_VALIDATE`.
const MAP_TYPE: u32 = 3;
const MAP_PRIVATE: u32 = 2;

/// The mappings of an address space, and apart from them its guard regions.
#[derive(Debug, Default)]
pub(super) struct Vmas {
    pub(super) mappings: Vec<Vma>,
    pub(super) guards: Vec<Vma>,
}

/// Refuses more than [`MAX_VMAS`], before they take the memory.
pub(super) fn check_count(entry: &Entry<'_>) -> Result<(), Error> {
    let fields = wire::fields(entry.bytes).map_while(Result::ok);
    let found = fields.filter(|field| field.number == VMAS).count();
    if found <= MAX_VMAS {
        return Ok(());
    }
    Err(Error::Count {
        file: Arc::clone(&entry.file),
        offset: entry.offset,
        what: "mappings",
        found: found as u64,
        want: "at most 1048576",
    })
}

/// Sorts the entries out; empty, inverted and unsorted ones are noted.
pub(super) fn read(
    message: &proto::MmEntry,
    entry: &Entry<'_>,
    pid: Pid,
    notes: &mut Notes,
) -> Vmas {
    let spans = wire::fields(entry.bytes)
        .map_while(Result::ok)
        .filter(|field| field.number == VMAS);
    let mut vmas = Vmas::default();
    let mut inverted = Odd::default();
    for (vma, field) in message.vmas.iter().zip(spans) {
        let vma = one(vma, entry.part(field.span.payload, field.span.end));
        if vma.mapping.range.is_empty() {
            inverted.meet(&vma);
        } else if vma.status.contains(VmaStatus::GUARD) {
            notes.asks.see(Ask::Guards, || vma.place.clone());
            vmas.guards.push(vma);
        } else {
            if vma.status.contains(VmaStatus::UPROBES) {
                notes.asks.see(Ask::Uprobes, || vma.place.clone());
            }
            vmas.mappings.push(vma);
        }
    }
    inverted.note(pid, "end where they begin or before", notes);
    for list in [&mut vmas.mappings, &mut vmas.guards] {
        let mut disorder = Odd::default();
        for (vma, next) in list.iter().zip(list.iter().skip(1)) {
            if next.mapping.range.start < vma.mapping.range.end {
                disorder.meet(next);
            }
        }
        disorder.note(pid, "begin before the end of the one listed before", notes);
        list.sort_by_key(|vma| vma.mapping.range);
    }
    vmas
}

/// Something that may be wrong with many VMAs: the first of them, and how many.
#[derive(Default)]
struct Odd {
    first: Option<(AddrRange, Place)>,
    count: usize,
}

impl Odd {
    fn meet(&mut self, vma: &Vma) {
        self.first
            .get_or_insert_with(|| (vma.mapping.range, vma.place.clone()));
        self.count = self.count.saturating_add(1);
    }

    fn note(self, pid: Pid, what: &str, notes: &mut Notes) {
        if let Some((range, place)) = self.first {
            let detail = format!("{} mappings, the first {range}, {what}", self.count);
            notes.anomaly(AnomalyKind::VmaDisorder, Some(pid), place, detail);
        }
    }
}

fn one(vma: &proto::VmaEntry, place: Place) -> Vma {
    let status = VmaStatus::from_bits_retain(vma.status);
    Vma {
        mapping: Mapping {
            range: AddrRange::new(Addr(vma.start), Addr(vma.end)),
            read: vma.prot & PROT_READ != 0,
            write: vma.prot & PROT_WRITE != 0,
            exec: vma.prot & PROT_EXEC != 0,
            private: vma.flags & MAP_TYPE == MAP_PRIVATE,
            stack: status.contains(VmaStatus::STACK),
            vdso: status.contains(VmaStatus::VDSO),
        },
        pgoff: vma.pgoff,
        shmid: vma.shmid,
        prot: vma.prot,
        flags: vma.flags,
        status,
        place,
    }
}

/// The ranges of `vmas`, which are ascending, each without what the ones before cover. An empty one
/// stands for a VMA that is covered whole.
pub(super) fn disjoint(vmas: &[Vma]) -> impl Iterator<Item = AddrRange> {
    let mut from = Addr(0);
    vmas.iter().map(move |vma| {
        let range = AddrRange::new(vma.mapping.range.start.max(from), vma.mapping.range.end);
        from = from.max(range.end);
        range
    })
}
