//! Frames and memory with offsets written down here.

use std::path::Path;

use crate::auxv::hwcap::Hwcaps;
use crate::criu_image;
use crate::criu_image::model::{Task, TaskState};
use crate::facts::{self, MemoryTotals, Search, TaskFacts};
use crate::memory::{Content, Mapping, Memory, Missing, Run};
use crate::profile::model::Profile;
use crate::rewrite::by_spot::FindingsBySpot;
use crate::rewrite::edit::{Allowed, Change, Plan};
use crate::rewrite::frame::Planner;
use crate::rewrite::overwrite::Taken;
use crate::rule::{self, Case};
use crate::sigframe::chain::read_frame;
use crate::sigframe::model::{Frame, Liveness};
use crate::units::{Addr, AddrRange, Pid, Place};

/// Where the memory of these tests begins.
pub(super) const START: u64 = 0xffff_f000_0000;

/// Bytes from [`START`] on, in a file of which each page lies somewhere else.
#[derive(Clone)]
pub(super) struct Flat {
    pub(super) bytes: Vec<u8>,
    /// Pages (by index) that no file holds: zero, or missing.
    pub(super) gone: Vec<(u64, Content<'static>)>,
    maps: Vec<Mapping>,
}

/// Offset of page `index` in the file.
fn file_offset(index: u64) -> u64 {
    index * 0x1_0000
}

impl Flat {
    pub(super) fn new(len: usize) -> Self {
        Self {
            bytes: vec![0; len],
            gone: Vec::new(),
            maps: vec![Mapping {
                range: AddrRange::new(Addr(START), Addr(START + len as u64)),
                read: true,
                write: true,
                exec: false,
                private: true,
                stack: true,
                vdso: false,
            }],
        }
    }

    pub(super) fn put(&mut self, addr: u64, bytes: &[u8]) {
        let at = (addr - START) as usize;
        self.bytes[at..at + bytes.len()].copy_from_slice(bytes);
    }

    pub(super) fn get(&self, addr: u64, len: usize) -> &[u8] {
        let at = (addr - START) as usize;
        &self.bytes[at..at + len]
    }

    /// The memory after the changes; each must find what it says.
    pub(super) fn apply(&self, plan: &Plan) -> Self {
        let mut after = self.clone();
        for change in plan.edits.iter().flat_map(|edit| &edit.changes) {
            let Change::Bytes {
                file,
                offset,
                old,
                new,
            } = change
            else {
                panic!("frames have no fields");
            };
            assert_eq!(file, "pages-1.img");
            assert_eq!(old.len(), new.len());
            let at = (offset / 0x1_0000 * 4096 + offset % 0x1_0000) as usize;
            assert!(offset % 0x1_0000 + new.len() as u64 <= 4096);
            assert_eq!(&self.bytes[at..at + old.len()], &old[..]);
            after.bytes[at..at + new.len()].copy_from_slice(new);
        }
        after
    }
}

impl Memory for Flat {
    fn mappings(&self) -> &[Mapping] {
        &self.maps
    }

    fn run_at(&self, addr: Addr, limit: Addr) -> Run<'_> {
        let all = self.maps[0].range;
        if !all.contains(addr) {
            return Run {
                range: AddrRange::new(addr, limit),
                content: Content::Missing(Missing::Unmapped),
            };
        }
        let at = addr.0 - START;
        let (page, inside) = (at / 4096, at % 4096);
        let end = limit.0.min(addr.0 - inside + 4096).min(all.end.0);
        let content = match self.gone.iter().find(|(index, _)| *index == page) {
            Some((_, content)) => content.clone(),
            None => Content::Bytes {
                bytes: &self.bytes[at as usize..(end - START) as usize],
                place: Place::new("pages-1.img", file_offset(page) + inside, end - addr.0),
            },
        };
        Run {
            range: AddrRange::new(addr, Addr(end)),
            content,
        }
    }
}

/// A record of `size` bytes: head, then `body`, then zeros.
pub(super) fn record(magic: u32, size: u32, body: &[u8]) -> Vec<u8> {
    let mut bytes = [magic.to_le_bytes(), size.to_le_bytes()].concat();
    bytes.extend_from_slice(body);
    bytes.resize(size as usize, 0);
    bytes
}

pub(super) fn word(magic: u32, value: u64) -> Vec<u8> {
    record(magic, 16, &value.to_le_bytes())
}

pub(super) fn fpsimd() -> Vec<u8> {
    let mut bytes = record(0x4650_8001, 528, &[]);
    for (index, byte) in bytes.iter_mut().enumerate().skip(8) {
        *byte = index as u8;
    }
    bytes
}

pub(super) fn sve(vl: u16, flags: u16, size: u32) -> Vec<u8> {
    let body = [vl.to_le_bytes(), flags.to_le_bytes()].concat();
    record(0x5356_4501, size, &body)
}

pub(super) fn za(vl: u16, size: u32) -> Vec<u8> {
    record(0x5436_6345, size, &vl.to_le_bytes())
}

pub(super) fn zt() -> Vec<u8> {
    record(0x5a54_4e01, 80, &1u16.to_le_bytes())
}

pub(super) fn tpidr2(value: u64) -> Vec<u8> {
    word(0x5450_4902, value)
}

pub(super) fn fpmr(value: u64) -> Vec<u8> {
    word(0x4650_4d52, value)
}

pub(super) fn poe(value: u64) -> Vec<u8> {
    word(0x504f_4530, value)
}

pub(super) fn gcs(features: u64) -> Vec<u8> {
    let body = [7u64.to_le_bytes(), features.to_le_bytes()].concat();
    record(0x4743_5300, 32, &body)
}

pub(super) fn esr() -> Vec<u8> {
    word(0x4553_5201, 0x9200_0046)
}

/// The kernel writes eight bytes of a terminator; what was there before follows.
pub(super) fn end() -> Vec<u8> {
    [[0; 8], [0xee; 8]].concat()
}

/// Where [`lay`] puts the frame.
pub(super) const BASE: u64 = START + 0x3e0;

/// Lays a frame over memory full of leftovers. `extra` is the content of EXTRA space, of which `spare`
/// bytes behind its terminator belong to it.
pub(super) fn lay(main: &[Vec<u8>], extra: Option<(&[Vec<u8>], u64)>) -> Flat {
    lay_at(BASE, main, extra)
}

pub(super) fn lay_at(base: u64, main: &[Vec<u8>], extra: Option<(&[Vec<u8>], u64)>) -> Flat {
    let mut memory = Flat::new(0x2_0000);
    memory.bytes.fill(0xdd);
    memory.put(base, &[0; 0x250]);
    memory.put(base + 0x240, &0x6000_1000u64.to_le_bytes());
    let mut bytes = main.concat();
    if let Some((extra, spare)) = extra {
        let extra = [extra.concat(), end()].concat();
        let datap = base + 0x250 + bytes.len() as u64 + 48;
        let size = extra.len() as u32 + spare as u32;
        let body = [datap.to_le_bytes().as_slice(), &size.to_le_bytes()].concat();
        bytes.extend(record(0x4558_5401, 32, &body));
        bytes.extend(end());
        bytes.extend(extra);
    } else {
        bytes.extend(end());
    }
    memory.put(base + 0x250, &bytes);
    memory
}

pub(super) fn frame(memory: &Flat, base: u64, liveness: Liveness) -> Frame {
    let mut frame = read_frame(memory, Addr(base)).unwrap();
    frame.liveness = liveness;
    frame
}

pub(super) fn allowed(names: &[&str]) -> Allowed {
    Allowed {
        names: names.iter().map(|name| (*name).to_owned()).collect(),
    }
}

pub(super) fn target(name: &str) -> Profile {
    crate::profile::resolve(name).unwrap()
}

/// Plans these frames of one task, in this order.
pub(super) fn plan_frames(
    memory: &Flat,
    frames: Vec<Frame>,
    target: &Profile,
    allowed: &Allowed,
) -> Plan {
    let task = Task {
        pid: Pid(7),
        ppid: Pid(0),
        comm: String::new(),
        state: TaskState::Alive,
        exit_code: 0,
        threads: Vec::new(),
        sigactions: Vec::new(),
        mm: None,
        shares_mm_with: None,
        fds: Default::default(),
        stands_in: None,
        place: Place::new("core-7.img", 0, 0),
    };
    let of_task = TaskFacts {
        task: &task,
        auxv: None,
        told: Hwcaps::default(),
        vdso: None,
        trampolines: Vec::new(),
        frames,
        ways_out: Default::default(),
        dangling: Vec::new(),
        unsearched: 0,
        remembered_vector_lengths: Default::default(),
        length_audit: None,
        libc: None,
        register_reads: std::collections::BTreeMap::new(),
        search_cut: false,
        threads: Vec::new(),
        memory: MemoryTotals::default(),
        top: None,
    };
    // A checkpoint for the rules to look at, with this task in place of its own.
    let image =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/images/idle@cortex-a57@new");
    let checkpoint = criu_image::load(&image).unwrap();
    let mut facts = facts::collect(&checkpoint, Search::Auto);
    facts.tasks = vec![of_task];
    let case = Case {
        facts: &facts,
        target,
        source: None,
    };
    let judgement = rule::judge(&case, &[]);
    let planner = Planner {
        task: &facts.tasks[0],
        found: &FindingsBySpot::new(&judgement.findings),
        memory,
        target,
        allowed,
    };
    let mut plan = Plan::default();
    let mut taken = Taken::default();
    for frame in &facts.tasks[0].frames {
        planner.one(frame, &mut taken, &mut plan);
    }
    plan
}

/// Plans the frame of [`lay`] as a live one.
pub(super) fn plan_one(memory: &Flat, target: &Profile, allow: &[&str]) -> Plan {
    let frames = vec![frame(memory, BASE, Liveness::Live)];
    plan_frames(memory, frames, target, &allowed(allow))
}
