//! Builds frames and stacks byte by byte, with offsets written down here.

use super::fake::Fake;
use crate::sigframe::cfi::Code;
use crate::sigframe::search::{Found, Scope, find};
use crate::sigframe::unwind::ThreadView;
use crate::units::{Addr, Tid};

/// The trampoline all these tests use.
pub(super) const RETURN: u64 = 0xffff_f7ff_e828;
/// A return address in code.
pub(super) const CALLER: u64 = 0x40_0b90;

/// A record of `size` bytes: head, then `body`, then zeros.
pub(super) fn record(magic: u32, size: u32, body: &[u8]) -> Vec<u8> {
    let mut bytes = [magic.to_le_bytes(), size.to_le_bytes()].concat();
    bytes.extend_from_slice(body);
    bytes.resize(bytes.len().max(size as usize), 0);
    bytes
}

pub(super) fn fpsimd() -> Vec<u8> {
    let mut bytes = record(0x4650_8001, 528, &[]);
    bytes[8..16].copy_from_slice(&[1, 0, 0, 0, 2, 0, 0, 0]);
    bytes[16] = 7;
    bytes
}

/// An SVE record; `size` 16 has no payload.
pub(super) fn sve(vl: u16, flags: u16, size: u32) -> Vec<u8> {
    record(
        0x5356_4501,
        size,
        &[vl.to_le_bytes(), flags.to_le_bytes()].concat(),
    )
}

pub(super) fn esr() -> Vec<u8> {
    record(0x4553_5201, 16, &0x9200_0046_u64.to_le_bytes())
}

pub(super) fn end() -> Vec<u8> {
    vec![0; 16]
}

/// A frame to be laid into memory.
#[derive(Clone)]
pub(super) struct Plan {
    pub(super) base: u64,
    pub(super) x29: u64,
    pub(super) x30: u64,
    pub(super) sp: u64,
    pub(super) pstate: u64,
    pub(super) mask: u64,
    /// Bytes of `__reserved` and what follows it.
    pub(super) records: Vec<u8>,
    /// Bytes from the base to the frame record.
    pub(super) size: u64,
    /// The frame record; as the registers unless said otherwise.
    pub(super) link: Option<(u64, u64)>,
}

impl Plan {
    /// A frame at `base` that interrupted code with this x29, with SP right above the frame.
    pub(super) fn new(base: u64, x29: u64) -> Self {
        let records = [fpsimd(), end()].concat();
        Self {
            base,
            x29,
            x30: CALLER,
            sp: base + 4688 + 16,
            pstate: 0x6000_1000,
            mask: 0,
            records,
            size: 4688,
            link: None,
        }
    }

    /// The same with other records, each put behind the other.
    pub(super) fn with(mut self, records: &[Vec<u8>]) -> Self {
        self.records = records.concat();
        self
    }

    /// Where the frame record is.
    pub(super) fn record(&self) -> u64 {
        self.base + self.size
    }

    pub(super) fn lay(&self, memory: &mut Fake) {
        let base = self.base;
        // The kernel writes uc_flags and uc_link, whatever was there.
        memory.words(base + 0x80, &[0, 0]);
        memory.words(base + 0xa8, &[self.mask]);
        memory.words(base + 0x138, &[0x77; 29]);
        memory.words(
            base + 0x220,
            &[self.x29, self.x30, self.sp, CALLER + 4, self.pstate],
        );
        memory.put(base + 0x250, &self.records);
        let link = self.link.unwrap_or((self.x29, self.x30));
        memory.words(self.record(), &[link.0, link.1]);
    }

    /// The frame with EXTRA space that begins right behind the terminator after `before`, holds
    /// `extra`, and sets the frame record behind it.
    pub(super) fn with_extra(mut self, before: &[Vec<u8>], extra: &[Vec<u8>]) -> Self {
        let (mut bytes, extra) = (before.concat(), extra.concat());
        let datap = self.base + 0x250 + bytes.len() as u64 + 48;
        let body = [
            datap.to_le_bytes().as_slice(),
            &(extra.len() as u32).to_le_bytes(),
        ]
        .concat();
        bytes.extend(record(0x4558_5401, 32, &body));
        bytes.extend(end());
        self.size = (datap + extra.len() as u64 - self.base)
            .max(4688)
            .next_multiple_of(16);
        self.sp = self.base + self.size + 16;
        bytes.extend(extra);
        self.records = bytes;
        self
    }
}

/// Start of the stack that [`memory`] maps.
pub(super) const STACK: u64 = 0xffff_f000_0000;
/// Its end.
pub(super) const STACK_END: u64 = STACK + 0x40000;
/// A mapping that is no thread's stack: 256 KiB.
pub(super) const ARENA: u64 = 0xffff_e000_0000;
/// Its end.
pub(super) const ARENA_END: u64 = ARENA + 0x40000;

/// Code, an arena, a main stack.
pub(super) fn memory() -> Fake {
    let mut memory = Fake::default();
    memory.map(0x40_0000, 0x48_0000, "rx");
    memory.map(ARENA, ARENA_END, "rw");
    memory.map(STACK, STACK_END, "rws");
    memory.map(RETURN & !4095, (RETURN & !4095) + 4096, "rx");
    memory
}

/// A thread with these registers.
pub(super) fn thread(tid: u32, sp: u64, x29: u64, x30: u64) -> ThreadView {
    let mut x = [0x55; 31];
    (x[29], x[30]) = (x29, x30);
    ThreadView {
        tid: Tid(tid),
        x,
        sp: Addr(sp),
        pc: Addr(CALLER),
        tls: Addr(0),
        blocked: 0x200,
        altstack: None,
    }
}

/// Lays frame records one linked to the next; the last one ends the chain.
pub(super) fn link(memory: &mut Fake, at: &[u64]) {
    for (index, addr) in at.iter().enumerate() {
        memory.words(*addr, &[at.get(index + 1).copied().unwrap_or(0), CALLER]);
    }
}

pub(super) fn run(memory: &Fake, threads: &[ThreadView]) -> Found {
    find(memory, threads, &[Addr(RETURN)], Scope::Deep, Code::NONE)
}
