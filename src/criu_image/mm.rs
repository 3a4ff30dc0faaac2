//! `mm-PID.img`: the address space, and the memory put together from it and the pagemaps.

use std::collections::HashMap;
use std::sync::Arc;

use super::ask::Ask;
use super::chain::Chain;
use super::envelope::{Entry, Image};
use super::error::Error;
use super::layer::PAGE_SIZES;
use super::model::{AnomalyKind, Mm, PageSize, Vma, VmaStatus};
use super::proto;
use super::reader::Notes;
use super::space::{Backed, Backing, PageMap, TaskMemory};
use super::vma::{self, Vmas};
use crate::memory::Missing;
use crate::units::{Addr, AddrRange, Pid, Place};
use crate::wire;
use crate::wire::schema::MM_ENTRY;

/// `AT_NULL` and `AT_PAGESZ` of `uapi/linux/auxvec.h`.
const AT_NULL: u64 = 0;
const AT_PAGESZ: u64 = 6;

/// `mm_entry.mm_saved_auxv`.
const SAVED_AUXV: u32 = 13;

/// Words of a saved vector that are kept. Linux has never had more than about fifty; CRIU's own
/// buffer is as long.
const MAX_AUXV: usize = 4096;

const MAP_ANONYMOUS: u32 = 0x20;

/// Status bits of memory that all who map it share, so that a task's own pagemap has nothing of it.
const SHARED: VmaStatus = VmaStatus::FILE_SHARED
    .union(VmaStatus::ANON_SHARED)
    .union(VmaStatus::SYSVIPC);

/// Status bits of mappings whose content is the kernel's or a plugin's, and never dumped.
const KERNEL: VmaStatus = VmaStatus::VVAR
    .union(VmaStatus::VSYSCALL)
    .union(VmaStatus::UPROBES)
    .union(VmaStatus::SOCKET)
    .union(VmaStatus::EXT_PLUGIN);

/// Shared-memory objects, read once however many tasks map them; `None` for those not in the image.
type Objects = HashMap<(u64, u64), Option<Arc<PageMap>>>;

/// What address spaces are put together from.
pub(super) struct Spaces<'a> {
    pub(super) chain: &'a Chain,
    /// Shared-memory id of each memfd, by file id.
    pub(super) memfd: &'a HashMap<u32, u32>,
    pub(super) objects: Objects,
    pub(super) notes: &'a mut Notes,
}

impl Spaces<'_> {
    /// Reads the address space of `pid`.
    pub(super) fn read(&mut self, image: &Image, pid: Pid) -> Result<Mm, Error> {
        let entry = image.single(MM_ENTRY.name())?;
        vma::check_count(&entry)?;
        let message: proto::MmEntry = self.notes.decode(MM_ENTRY, &entry)?;
        let auxv_place = auxv_place(&entry);
        if message.mm_saved_auxv.len() > MAX_AUXV {
            return Err(Error::Count {
                file: entry.file,
                offset: auxv_place.offset,
                what: "words of auxiliary vector",
                found: message.mm_saved_auxv.len() as u64,
                want: "at most 4096",
            });
        }
        see(&message, &entry, &auxv_place, self.notes);
        let vmas = vma::read(&message, &entry, pid, self.notes);
        let page_size = self.page_size(&message.mm_saved_auxv, &vmas, pid, &auxv_place);
        let memory = self.memory(&vmas, page_size.bytes, pid)?;
        let range = |start, end| AddrRange::new(Addr(start), Addr(end));
        Ok(Mm {
            args: range(message.mm_arg_start, message.mm_arg_end),
            env: range(message.mm_env_start, message.mm_env_end),
            saved_auxv: message.mm_saved_auxv,
            auxv_place,
            start_stack: Addr(message.mm_start_stack),
            exe_file_id: message.exe_file_id,
            aio_requests: message.aios.iter().map(|ring| ring.nr_req).collect(),
            vmas: vmas.mappings,
            guards: vmas.guards,
            memory,
            page_size,
            place: entry.place(),
        })
    }

    /// What the vector states, if a kernel can have stated it; every VMA must be aligned to it.
    fn page_size(&mut self, auxv: &[u64], vmas: &Vmas, pid: Pid, place: &Place) -> PageSize {
        let mut pairs = auxv.chunks_exact(2).map_while(|pair| match pair {
            [AT_NULL, _] => None,
            [kind, value] => Some((*kind, *value)),
            _ => None,
        });
        let stated = pairs
            .find(|(kind, _)| *kind == AT_PAGESZ)
            .map(|(_, value)| value);
        let known = stated.filter(|size| PAGE_SIZES.contains(size));
        if let (Some(size), None) = (stated, known) {
            let detail = format!("AT_PAGESZ is {size}, which no kernel has; 4096 is assumed");
            self.notes.anomaly(
                AnomalyKind::PageSizeDoubtful,
                Some(pid),
                place.clone(),
                detail,
            );
        }
        let bytes = known.unwrap_or(4096);
        let aligned = |vma: &&Vma| {
            vma.mapping.range.start.is_aligned(bytes) && vma.mapping.range.end.is_aligned(bytes)
        };
        if let Some(vma) = vmas
            .mappings
            .iter()
            .chain(&vmas.guards)
            .find(|vma| !aligned(vma))
        {
            let detail = format!(
                "the mapping {} is not aligned to pages of {bytes} bytes",
                vma.mapping.range
            );
            self.notes.anomaly(
                AnomalyKind::PageSizeDoubtful,
                Some(pid),
                vma.place.clone(),
                detail,
            );
        }
        PageSize {
            bytes,
            stated: known.is_some(),
        }
    }

    fn memory(&mut self, vmas: &Vmas, page_size: u64, pid: Pid) -> Result<TaskMemory, Error> {
        let name = format!("pagemap-{pid}.img");
        let pages = self
            .chain
            .resolve(&name, page_size, Some(pid), self.notes)?;
        let mut backed = Vec::with_capacity(vmas.mappings.len());
        for (vma, range) in vmas.mappings.iter().zip(vma::disjoint(&vmas.mappings)) {
            if !range.is_empty() {
                backed.push(self.back(vma, range, page_size, pid)?);
            }
        }
        match &pages {
            None if backed.iter().any(|one| one.own) => {
                let detail = "not there, so that nobody knows which pages the task had";
                self.notes.anomaly(
                    AnomalyKind::PagemapMissing,
                    Some(pid),
                    Place::new(name, 0, 0),
                    detail,
                );
            }
            Some(pages) => self.note_outside(&name, pages, &backed, pid),
            None => {}
        }
        let guards = vma::disjoint(&vmas.guards)
            .filter(|range| !range.is_empty())
            .collect();
        Ok(TaskMemory::new(backed, guards, pages))
    }

    /// What stands behind a mapping, `range` being the part of it that nothing before covers.
    fn back(
        &mut self,
        vma: &Vma,
        range: AddrRange,
        page_size: u64,
        pid: Pid,
    ) -> Result<Backed, Error> {
        let skipped = range.start.0.saturating_sub(vma.mapping.range.start.0);
        let offset = vma.pgoff.saturating_add(skipped);
        let status = vma.status;
        // The vDSO is dumped whole; what is not there, only the kernel has.
        let backing = if status.intersects(KERNEL | VmaStatus::VDSO) {
            Backing::Missing(Missing::Kernel)
        } else if status.contains(VmaStatus::MEMFD) {
            self.memfd(vma, offset, page_size, pid)?
        } else if status.intersects(VmaStatus::ANON_SHARED | VmaStatus::SYSVIPC) {
            self.object(vma.shmid, vma, offset, page_size, pid)?
        } else if status.intersects(VmaStatus::ANON_PRIVATE | VmaStatus::AIORING) {
            Backing::Zero
        } else if status.intersects(VmaStatus::FILE_PRIVATE | VmaStatus::FILE_SHARED) {
            self.file(vma, offset, pid)
        } else if vma.flags & MAP_ANONYMOUS != 0 {
            Backing::Zero
        } else {
            self.file(vma, offset, pid)
        };
        let mut mapping = vma.mapping.clone();
        mapping.range = range;
        Ok(Backed {
            mapping,
            own: !status.intersects(KERNEL | SHARED),
            backing,
        })
    }

    fn file(&mut self, vma: &Vma, offset: u64, pid: Pid) -> Backing {
        if let Ok(id) = u32::try_from(vma.shmid) {
            return Backing::File { id, offset };
        }
        let detail = format!(
            "the mapping {} is of file {}, and file ids have 32 bits",
            vma.mapping.range, vma.shmid
        );
        self.notes.anomaly(
            AnomalyKind::Contradiction,
            Some(pid),
            vma.place.clone(),
            detail,
        );
        Backing::Missing(Missing::Truncated)
    }

    fn memfd(
        &mut self,
        vma: &Vma,
        offset: u64,
        page_size: u64,
        pid: Pid,
    ) -> Result<Backing, Error> {
        let shmid = u32::try_from(vma.shmid)
            .ok()
            .and_then(|id| self.memfd.get(&id).copied());
        if let Some(shmid) = shmid {
            return self.object(u64::from(shmid), vma, offset, page_size, pid);
        }
        let detail = format!(
            "the mapping {} is of memfd file {}, which no image describes",
            vma.mapping.range, vma.shmid
        );
        self.notes.anomaly(
            AnomalyKind::Contradiction,
            Some(pid),
            vma.place.clone(),
            detail,
        );
        Ok(Backing::Missing(Missing::Truncated))
    }

    fn object(
        &mut self,
        shmid: u64,
        vma: &Vma,
        offset: u64,
        page_size: u64,
        pid: Pid,
    ) -> Result<Backing, Error> {
        let key = (shmid, page_size);
        if !self.objects.contains_key(&key) {
            let name = format!("pagemap-shmem-{shmid}.img");
            let pages = self
                .chain
                .resolve(&name, page_size, None, self.notes)?
                .map(Arc::new);
            // SysV segments may also lie raw in ipcns-shm images, which are not read here.
            if pages.is_none() && !vma.status.contains(VmaStatus::SYSVIPC) {
                let detail = format!(
                    "not there, though the mapping {} shows it",
                    vma.mapping.range
                );
                self.notes.anomaly(
                    AnomalyKind::PagemapMissing,
                    Some(pid),
                    Place::new(name, 0, 0),
                    detail,
                );
            }
            self.objects.insert(key, pages);
        }
        Ok(match self.objects.get(&key) {
            Some(Some(pages)) => Backing::Object {
                pages: Arc::clone(pages),
                offset,
            },
            _ => Backing::Missing(Missing::Truncated),
        })
    }

    /// Notes pages that no mapping takes.
    fn note_outside(&mut self, name: &str, pages: &PageMap, backed: &[Backed], pid: Pid) {
        let mut rest = backed.iter().map(|one| one.mapping.range).peekable();
        let mut first = None;
        let mut bytes = 0u64;
        for seg in pages.segs() {
            let mut at = Addr(seg.start);
            let end = Addr(seg.end);
            while at < end {
                while rest.next_if(|range| range.end <= at).is_some() {}
                let next = rest.peek().copied();
                let inside = next.filter(|range| range.contains(at));
                let until = match inside {
                    Some(range) => range.end.min(end),
                    None => next.map_or(end, |range| range.start.min(end)),
                };
                if inside.is_none() {
                    first.get_or_insert(at);
                    bytes = bytes.saturating_add(until.0.saturating_sub(at.0));
                }
                at = until;
            }
        }
        if let Some(first) = first {
            let detail = format!("{bytes} bytes of pages, the first at {first}, lie in no mapping");
            self.notes.anomaly(
                AnomalyKind::PageOutsideVma,
                Some(pid),
                Place::new(name, 0, 0),
                detail,
            );
        }
    }
}

/// Lengths of the saved auxv, words, beyond which not every kernel or CRIU takes it.
const AUXV: [(usize, Ask); 3] = [
    (40, Ask::AuxvOver40),
    (46, Ask::AuxvOver46),
    (50, Ask::AuxvOver50),
];

/// The usual `vm.mmap_min_addr`, below which `PR_SET_MM_MAP` allows nothing.
const LOW: u64 = 1 << 16;

/// Notes what the address space as a whole asks for. The orders of `start_data`, `end_data` and `brk` are
/// those that kernels have checked in `PR_SET_MM_MAP` (`kernel/sys.c`, `validate_prctl_map`).
fn see(message: &proto::MmEntry, entry: &Entry<'_>, auxv: &Place, notes: &mut Notes) {
    let words = message.mm_saved_auxv.len();
    for (_, ask) in AUXV.iter().filter(|(most, _)| words > *most) {
        notes.asks.see(*ask, || auxv.clone());
    }
    if message.mm_start_data == message.mm_end_data {
        notes.asks.see(Ask::EmptyData, || entry.field(&[4]));
    }
    if message.mm_start_brk.min(message.mm_brk) <= message.mm_end_data {
        notes.asks.see(Ask::BrkBelowData, || entry.field(&[6]));
    }
    let addresses = [
        message.mm_start_code,
        message.mm_start_data,
        message.mm_start_brk,
        message.mm_start_stack,
        message.mm_arg_start,
        message.mm_env_start,
    ];
    if addresses.iter().any(|address| *address < LOW) {
        notes.asks.see(Ask::Low, || entry.place());
    }
    if let Some(disabled) = message.thp_disabled {
        let place = || entry.field(&[17]);
        notes.asks.see(Ask::HugePagesField, place);
        if disabled {
            notes.asks.see(Ask::HugePagesDisabled, place);
        }
    }
}

/// From the first field of the vector to the last, of which each usually holds one word.
fn auxv_place(entry: &Entry<'_>) -> Place {
    let mut spans = wire::fields(entry.bytes)
        .map_while(Result::ok)
        .filter(|field| field.number == SAVED_AUXV)
        .map(|field| field.span);
    let Some(first) = spans.next() else {
        return entry.place();
    };
    let last = spans.last().unwrap_or(first);
    entry.part(first.start, last.end)
}
