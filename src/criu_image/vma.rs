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

/// `MAP_DROPPABLE` of `uapi/linux/mman.h`: a type of its own, in the bits of `MAP_SHARED` and `MAP_PRIVATE`.
const MAP_DROPPABLE: u32 = 8;
const MAP_HUGETLB: u32 = 0x40000;

/// Flags of a mapping that not every kernel has.
const FLAGS: &[(u32, Ask)] = &[(MAP_DROPPABLE, Ask::Droppable), (MAP_HUGETLB, Ask::HugeTlb)];

/// Bits of `vma_entry.madv` that not every kernel has: `1 << MADV_*`, from the `VmFlags` of smaps
/// (CRIU 4.2 `criu/proc_parse.c`).
const ADVICE: &[(u64, Ask)] = &[
    (1 << 12, Ask::Mergeable),
    (1 << 14, Ask::HugePageAdvice),
    (1 << 15, Ask::NoHugePageAdvice),
    (1 << 18, Ask::WipeOnFork),
];

/// Kinds of mappings that need something.
const STATUS: &[(VmaStatus, Ask)] = &[
    (VmaStatus::VDSO, Ask::Vdso),
    (VmaStatus::AIORING, Ask::AioRing),
    (VmaStatus::UPROBES, Ask::Uprobes),
    (VmaStatus::EXT_PLUGIN, Ask::PluginMapping),
];

/// CRIU looks for mappings no higher (`compel/arch/aarch64/src/lib/infect.c`, `TASK_SIZE_MAX`).
const HIGHEST: u64 = 1 << 48;

/// Notes what a mapping asks for.
fn see(vma: &Vma, advice: u64, notes: &mut Notes) {
    let flags = FLAGS.iter().filter(|(bit, _)| vma.flags & bit != 0);
    let advice = ADVICE.iter().filter(|(bit, _)| advice & bit != 0);
    let status = STATUS.iter().filter(|(bit, _)| vma.status.contains(*bit));
    let high = (vma.mapping.range.end.0 > HIGHEST).then_some(Ask::High);
    let asks = flags
        .map(|(_, ask)| *ask)
        .chain(advice.map(|(_, ask)| *ask))
        .chain(status.map(|(_, ask)| *ask))
        .chain(high);
    for ask in asks {
        notes.asks.see(ask, || vma.place.clone());
    }
}

/// Notes guard regions over anything but private anonymous memory.
fn see_guards(vmas: &Vmas, notes: &mut Notes) {
    for guard in &vmas.guards {
        let at = vmas
            .mappings
            .partition_point(|vma| vma.mapping.range.end <= guard.mapping.range.start);
        let over = vmas.mappings.get(at);
        if over.is_some_and(|vma| !vma.status.contains(VmaStatus::ANON_PRIVATE)) {
            notes.asks.see(Ask::GuardsInFiles, || guard.place.clone());
        }
    }
}

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
        let advice = vma.madv.unwrap_or(0);
        let vma = one(vma, entry.part(field.span.payload, field.span.end));
        if vma.mapping.range.is_empty() {
            inverted.meet(&vma);
        } else if vma.status.contains(VmaStatus::GUARD) {
            notes.asks.see(Ask::Guards, || vma.place.clone());
            vmas.guards.push(vma);
        } else {
            see(&vma, advice, notes);
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
    see_guards(&vmas, notes);
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
            // What is droppable is private as well: only its pages may go.
            private: vma.flags & MAP_TYPE == MAP_PRIVATE || vma.flags & MAP_DROPPABLE != 0,
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
