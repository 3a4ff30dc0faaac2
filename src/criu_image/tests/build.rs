//! Image files by their bytes, with layouts of their own.

use std::sync::Arc;

use crate::criu_image::model::{AnomalyKind, Checkpoint};
use crate::criu_image::{Error, load_from};
use crate::input::{MemorySource, Parent, Source};

pub(super) const PAGE: u64 = 4096;

/// A number, seven bits a byte.
pub(super) fn leb(mut word: u64) -> Vec<u8> {
    let mut out = Vec::new();
    while word > 0x7f {
        out.push(word as u8 | 0x80);
        word >>= 7;
    }
    out.push(word as u8);
    out
}

/// A message under construction.
#[derive(Clone, Default)]
pub(super) struct Msg(pub(super) Vec<u8>);

impl Msg {
    pub(super) fn new() -> Self {
        Self::default()
    }

    pub(super) fn num(mut self, number: u32, word: u64) -> Self {
        self.0.extend(leb(u64::from(number) << 3));
        self.0.extend(leb(word));
        self
    }

    pub(super) fn nums(self, numbers: std::ops::RangeInclusive<u32>, word: u64) -> Self {
        numbers.fold(self, |msg, number| msg.num(number, word))
    }

    pub(super) fn raw(mut self, number: u32, bytes: &[u8]) -> Self {
        self.0.extend(leb(u64::from(number) << 3 | 2));
        self.0.extend(leb(bytes.len() as u64));
        self.0.extend(bytes);
        self
    }

    pub(super) fn msg(self, number: u32, inner: &Msg) -> Self {
        self.raw(number, &inner.0)
    }
}

/// An image of version 2: common word, the kind's word, entries.
pub(super) fn image(word: u32, entries: &[Msg]) -> Vec<u8> {
    let mut out = 0x5456_4319u32.to_le_bytes().to_vec();
    out.extend(bare(word, entries));
    out
}

/// An image of version 1, or an inventory.
pub(super) fn bare(word: u32, entries: &[Msg]) -> Vec<u8> {
    let mut out = word.to_le_bytes().to_vec();
    for entry in entries {
        out.extend((entry.0.len() as u32).to_le_bytes());
        out.extend(&entry.0);
    }
    out
}

pub(super) const PSTREE: u32 = 0x5027_3030;
pub(super) const CORE: u32 = 0x5505_3847;
pub(super) const MM: u32 = 0x5749_2820;
pub(super) const PAGEMAP: u32 = 0x5608_4025;
pub(super) const FILES: u32 = 0x5630_3138;
pub(super) const MEMFD: u32 = 0x4845_3499;
pub(super) const INVENTORY: u32 = 0x5831_3116;

pub(super) fn inventory(version: u64) -> Vec<u8> {
    bare(INVENTORY, &[Msg::new().num(1, version).num(2, 1)])
}

pub(super) fn pstree_entry(pid: u64, ppid: u64, threads: &[u64]) -> Msg {
    let head = Msg::new().num(1, pid).num(2, ppid).num(3, pid).num(4, pid);
    threads.iter().fold(head, |msg, &tid| msg.num(5, tid))
}

/// `task_core_entry`, alive is state 1.
pub(super) fn tc(state: u64) -> Msg {
    Msg::new()
        .num(1, state)
        .nums(2..=4, 0)
        .num(5, 0x204)
        .raw(6, b"name")
}

pub(super) fn thread_core() -> Msg {
    Msg::new().num(1, 0).num(2, 0).num(6, 0x30)
}

pub(super) fn registers(regs: u64, vregs: u64) -> Msg {
    let gp = (0..regs)
        .fold(Msg::new(), |msg, at| msg.num(1, 0x1000 + at))
        .num(2, 0x7000)
        .num(3, 0x8000)
        .num(4, 0);
    let fp = (0..vregs)
        .fold(Msg::new(), |msg, at| msg.num(1, at))
        .num(2, 1)
        .num(3, 2);
    Msg::new().num(1, 0).num(2, 0x77).msg(3, &gp).msg(4, &fp)
}

/// The leader's core; `vm` is the number of its address space.
pub(super) fn leader(state: u64, vm: u64) -> Msg {
    let ids = Msg::new().num(1, vm).nums(2..=4, 9);
    Msg::new()
        .num(1, 3)
        .msg(3, &tc(state))
        .msg(4, &ids)
        .msg(5, &thread_core())
        .msg(8, &registers(31, 64))
}

/// `vma_entry`.
pub(super) struct V {
    pub(super) start: u64,
    pub(super) end: u64,
    pub(super) pgoff: u64,
    pub(super) shmid: u64,
    pub(super) flags: u64,
    pub(super) status: u64,
}

impl V {
    pub(super) fn anon(start: u64, end: u64) -> Self {
        Self {
            start,
            end,
            pgoff: 0,
            shmid: 0,
            flags: 0x22,
            status: 1 | 1 << 9,
        }
    }

    fn msg(&self) -> Msg {
        let head = Msg::new()
            .num(1, self.start)
            .num(2, self.end)
            .num(3, self.pgoff)
            .num(4, self.shmid);
        head.num(5, 3)
            .num(6, self.flags)
            .num(7, self.status)
            .num(8, 1)
    }
}

pub(super) fn mm(auxv: &[u64], vmas: &[V]) -> Vec<u8> {
    let head = Msg::new().nums(1..=12, 5);
    let head = auxv.iter().fold(head, |msg, &word| msg.num(13, word));
    image(
        MM,
        &[vmas.iter().fold(head, |msg, vma| msg.msg(14, &vma.msg()))],
    )
}

/// `pagemap_entry` as CRIU 4.2 writes it.
pub(super) fn run(vaddr: u64, pages: u64, flags: u64) -> Msg {
    Msg::new()
        .num(1, vaddr)
        .num(2, 0)
        .num(4, flags)
        .num(5, pages)
}

pub(super) fn pagemap(pages_id: u64, runs: &[Msg]) -> Vec<u8> {
    let mut entries = vec![Msg::new().num(1, pages_id)];
    entries.extend_from_slice(runs);
    image(PAGEMAP, &entries)
}

/// Pages filled with one byte each.
pub(super) fn pages(fill: &[u8]) -> Vec<u8> {
    fill.iter()
        .flat_map(|&byte| [byte; PAGE as usize])
        .collect()
}

/// One task with one thread, `vmas` and the pages of pages-1.img.
pub(super) fn task(vmas: &[V], runs: &[Msg], fill: &[u8]) -> MemorySource {
    let mut dir = MemorySource::new("made");
    dir.insert("inventory.img", inventory(2));
    dir.insert("pstree.img", image(PSTREE, &[pstree_entry(1, 0, &[1])]));
    dir.insert("core-1.img", image(CORE, &[leader(1, 4)]));
    dir.insert("mm-1.img", mm(&[6, PAGE, 16, 0xff, 0, 0], vmas));
    dir.insert("pagemap-1.img", pagemap(1, runs));
    dir.insert("pages-1.img", pages(fill));
    dir
}

pub(super) fn read(dir: &MemorySource) -> Result<Checkpoint, Error> {
    let source: Arc<dyn Source> = Arc::new(dir.clone());
    load_from(&source)
}

/// `dir` with `parent` leading to `to`.
pub(super) fn with_parent(mut dir: MemorySource, to: Option<MemorySource>) -> MemorySource {
    dir.set_parent(Some(Parent {
        target: "../before".to_owned(),
        absolute: false,
        source: to.map(|to| Arc::new(to) as Arc<dyn Source>),
        is_text: false,
    }));
    dir
}

pub(super) fn kinds(checkpoint: &Checkpoint) -> Vec<AnomalyKind> {
    checkpoint
        .anomalies
        .iter()
        .map(|anomaly| anomaly.kind)
        .collect()
}
