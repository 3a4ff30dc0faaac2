//! Everything the readers found in one checkpoint, side by side: what the rules and `inspect` look at.

mod asks;
mod collect;
mod journal;
mod jumps;
mod lengths;
mod libc;
mod no_return;
mod origin;
mod reads;
pub mod runtime;
mod standing;
mod ways_out;

use std::collections::{BTreeMap, BTreeSet};

pub use collect::{AUTO_BUDGET, Search, collect, collect_watched};
pub use journal::{Rewritten, RewrittenEdit, Told};
pub use jumps::JumpBuffer;
pub use libc::{Libc, LibcKind};
pub use no_return::NoReturn;
pub use ways_out::WayOut;

use crate::auxv;
use crate::auxv::VectorLengthBound;
use crate::auxv::hwcap::{HwcapBit, HwcapWord, Hwcaps};
use crate::auxv::vector::AuxvAnomaly;
use crate::criu_image::ask::Asked;
use crate::criu_image::model::{Checkpoint, Task, Thread};
use crate::evidence::registers::{ReadAudit, Register};
use crate::evidence::vector_length::LengthAudit;
use crate::export::Export;
use crate::files::{FileFacts, TargetRoot};
use crate::sigframe::cfi::{Start, UnwindEnd};
use crate::sigframe::model::Frame;
use crate::sigframe::unwind::Dangling;
use crate::units::{Addr, AddrRange, Place, Tid, Version, Vl};

/// The facts of one checkpoint.
#[derive(Debug)]
#[non_exhaustive]
pub struct Facts<'a> {
    /// The image directory.
    pub checkpoint: &'a Checkpoint,
    /// One entry per task, in the checkpoint's order.
    pub tasks: Vec<TaskFacts<'a>>,
    /// What the machine and software that made the image must have been.
    pub origin: Origin,
    /// The files with code that were looked for in the root file system, by id; none where no root was named.
    pub binaries: Vec<BinaryFacts>,
    /// What the image asks of whoever restores it: what its messages do, and what its memory does.
    pub asks: Vec<Asked>,
    /// The files that the restore opens by their path; see [`Facts::with_target_root`].
    pub files: FileFacts,
    /// What its journal says, where the image was rewritten; see [`Facts::with_journal`].
    pub rewritten: Option<Rewritten>,
    /// What is said of it beside the image; see [`Facts::with_export`].
    pub export: Option<Export>,
}

/// A program or library that tasks map.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BinaryFacts {
    /// CRIU's file id.
    pub id: u32,
    /// Its path.
    pub name: String,
    /// Why the file found by that name is not used; `None` where it is.
    pub unused: Option<String>,
}

/// What an image tells of its origin, each with the ground for it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Origin {
    /// Statements in the order of their weight: (what, value, ground).
    pub inferences: Vec<Inference>,
    /// Kernel version in the vDSO's note.
    pub kernel: Option<Version>,
    /// Oldest CRIU that can have written the image.
    pub criu_at_least: Option<Version>,
    /// Newest CRIU that can have written it, where the image shows an older habit.
    pub criu_below: Option<Version>,
}

/// One inferred statement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Inference {
    /// What is inferred (`kernel`, `criu`, `pauth`, `sve vl`, …).
    pub what: &'static str,
    /// The value, for people.
    pub value: String,
    /// Why.
    pub ground: String,
    /// Where in the image the ground stands, where that is one place.
    pub place: Option<Place>,
    /// What it settles of the source machine; `None` where the tasks differ or only a bound is known.
    pub settles: Option<Settled>,
}

/// A value of the source machine that the image settles, in the terms of a profile.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Settled {
    /// Version of the kernel.
    Kernel(Version),
    /// The oldest CRIU it can have been.
    CriuAtLeast(Version),
    /// Bytes of a page.
    PageSize(u64),
    /// AT_MINSIGSTKSZ, bytes.
    MinSigStkSz(u64),
    /// Bits of a user address.
    AddressBits(u8),
    /// The kernel offered pointer authentication of addresses; whether also PACGA.
    Pauth {
        /// Keys for PACGA were saved.
        generic: bool,
    },
}

/// What was found in one task.
#[derive(Debug)]
#[non_exhaustive]
pub struct TaskFacts<'a> {
    /// The task.
    pub task: &'a Task,
    /// Its auxiliary vector; `None` for a zombie, or where another task owns the `mm`.
    pub auxv: Option<AuxvFacts>,
    /// The capability bits the process was told of: those of the saved auxv and of the stack copy together,
    /// and those a journal remembers.
    pub told: Hwcaps,
    /// Vector lengths that signal frames showed before the image was rewritten, as the journal remembers.
    pub remembered_vector_lengths: Vec<Vl>,
    /// Whether its code can set a vector length; `None` where no files were given, or it was not told of SVE.
    pub length_audit: Option<LengthAudit>,
    /// The C library it maps; `None` where no file looks like one.
    pub libc: Option<Libc>,
    /// Whether its code reads registers that machines differ in; empty where no files were given.
    pub register_reads: BTreeMap<Register, ReadAudit>,
    /// The vDSO, where its pages are in the image.
    pub vdso: Option<VdsoFacts>,
    /// Addresses a signal handler may return to: the vDSO's `__kernel_rt_sigreturn` and restorers.
    pub trampolines: Vec<Addr>,
    /// Every signal frame found, by address.
    pub frames: Vec<Frame>,
    /// By the bases of live frames: a way by which their handlers may be left without a return through them.
    pub ways_out: BTreeMap<Addr, WayOut>,
    /// Returns through a trampoline behind which no frame could be read.
    pub dangling: Vec<Dangling>,
    /// Private writable memory that was not searched for frames, bytes.
    pub unsearched: u64,
    /// A limit of the search was reached: there may be more frames.
    pub search_cut: bool,
    /// Its threads.
    pub threads: Vec<ThreadFacts<'a>>,
    /// Memory by what the image holds of it; all 0 for a task without an `mm` of its own.
    pub memory: MemoryTotals,
    /// Highest address any VMA reaches.
    pub top: Option<Addr>,
}

/// The saved auxv and the copy on the stack.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuxvFacts {
    /// Pairs of the saved auxv, in order, AT_NULL included where present.
    pub saved: Vec<AuxvEntry>,
    /// Words of the saved auxv (two a pair).
    pub saved_words: usize,
    /// The copy on the initial stack, or why it was not found.
    pub stack: Result<StackAuxv, auxv::Error>,
    /// Entries in which the two differ.
    pub differences: Vec<AuxvDifference>,
    /// Oddities of the vector itself (no terminator, odd length, …).
    pub oddities: Vec<AuxvAnomaly>,
    /// The page size stated, bytes.
    pub page_size: Option<u64>,
    /// AT_MINSIGSTKSZ, bytes.
    pub minsigstksz: Option<u64>,
    /// What that says of the machine's longest vectors.
    pub length_bound: Option<VectorLengthBound>,
}

/// One pair.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AuxvEntry {
    /// The type word.
    pub tag: u64,
    /// Its `AT_*` name, where it has one.
    pub name: Option<&'static str>,
    /// The value.
    pub value: u64,
}

/// The copy on the initial stack.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StackAuxv {
    /// Address of its first pair.
    pub address: Addr,
    /// Its pairs, AT_NULL included.
    pub entries: Vec<AuxvEntry>,
}

/// An entry in which the saved auxv and the stack copy differ.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AuxvDifference {
    /// The type word.
    pub tag: u64,
    /// Its `AT_*` name.
    pub name: Option<&'static str>,
    /// Value in `mm_saved_auxv`, if the entry is there.
    pub saved: Option<u64>,
    /// Value on the stack, if the entry is there.
    pub stack: Option<u64>,
}

/// The vDSO of the source machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VdsoFacts {
    /// Its addresses.
    pub range: AddrRange,
    /// `__kernel_rt_sigreturn`.
    pub sigreturn: Option<Addr>,
    /// How that was found.
    pub how: &'static str,
    /// Version of the kernel that provided it (ELF note `Linux`).
    pub kernel: Option<Version>,
    /// GNU build id.
    pub build_id: Vec<u8>,
    /// Whether its symbols can only be found by a GNU hash table.
    pub gnu_hash_only: bool,
    /// Addresses of the functions that CRIU overwrites by jumps where it keeps this vDSO.
    pub redirected: Vec<Addr>,
    /// `EI_OSABI` of its ELF header.
    pub os_abi: u8,
    /// Where its first byte lies in the image.
    pub place: Option<Place>,
}

/// What was found of one thread.
#[derive(Debug)]
pub struct ThreadFacts<'a> {
    /// The thread.
    pub thread: &'a Thread,
    /// Where it stands.
    pub standing: Standing,
    /// Live signal frames below it: 0 outside of handlers.
    pub handler_depth: usize,
    /// Whether its x29 chain was followed to its end.
    pub chain_complete: bool,
    /// How far the unwind tables of its code led; `None` where the image has no registers of it.
    pub unwinding: Option<Unwinding>,
    /// Return addresses in memory: those its code's tables lead to and those on its x29 chain, each innermost
    /// first (bounded).
    pub returns: Vec<ReturnAddress>,
    /// Registers that hold an address with a tag in bits 59:56 over a mapped address.
    pub tagged_registers: usize,
}

/// How far a thread was unwound by the tables of its code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unwinding {
    /// Why it ends.
    pub end: UnwindEnd,
    /// The instruction, or return address, it ends at.
    pub at: Addr,
    /// Functions it passed.
    pub functions: usize,
}

/// A return address on a thread's stack.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReturnAddress {
    /// Where it lies.
    pub at: Addr,
    /// As stored.
    pub raw: u64,
    /// Without pointer-authentication bits.
    pub stripped: u64,
}

impl ReturnAddress {
    /// Whether pointer-authentication bits are set.
    #[must_use]
    pub fn is_signed(&self) -> bool {
        self.raw != self.stripped
    }
}

/// Where a thread stood when it was dumped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// In, or at the restart of, a system call.
    Syscall {
        /// x8.
        number: u64,
        /// Name of the call, where known.
        name: Option<&'static str>,
        /// What shows it.
        ground: Ground,
    },
    /// In user code.
    User {
        /// What shows it.
        ground: Ground,
    },
    /// The image has no registers of it.
    NoRegisters,
}

/// What shows where a thread stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ground {
    /// The instruction at PC, or the one before it, is in the image or in a file it names.
    Instruction,
    /// Only the registers: x8 and the arguments.
    Registers,
}

/// Bytes of a task's memory by what the image holds of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct MemoryTotals {
    /// In a pages file of this image.
    pub present: u64,
    /// Private anonymous memory without a page.
    pub zero: u64,
    /// From mapped files, at the restore.
    pub file: u64,
    /// Left to a lazy-pages server.
    pub lazy: u64,
    /// In a parent image.
    pub parent: u64,
    /// Not to be had.
    pub missing: u64,
}

impl ThreadFacts<'_> {
    /// Whether all its callers were followed, by its x29 chain or by the tables of its code. Where these show that
    /// it runs on a stack it was not started on, it has callers elsewhere.
    #[must_use]
    pub fn followed(&self) -> bool {
        match self.unwinding.map(|unwinding| unwinding.end) {
            Some(UnwindEnd::Start(start)) => start != Start::Other,
            _ => self.chain_complete,
        }
    }
}

impl Facts<'_> {
    /// Looks for the files that the restore opens below the restoring side's root directory.
    #[must_use]
    pub fn with_target_root(mut self, root: &TargetRoot) -> Self {
        root.look_for(&mut self.files);
        self
    }
}

impl TaskFacts<'_> {
    /// Whether the process may know of this capability: it was told, or what AT_HWCAP told it is not in
    /// the image. (The other words are absent where the source's kernel had none of their bits to tell.)
    #[must_use]
    pub fn may_know(&self, bit: &HwcapBit) -> bool {
        self.told.has(bit).unwrap_or(bit.word == HwcapWord::Hwcap)
    }

    /// The non-streaming vector lengths in the SVE records of its signal frames, also of those left over and
    /// of those a journal remembers; ascending, each once.
    #[must_use]
    pub fn shown_vector_lengths(&self) -> Vec<Vl> {
        let lengths: BTreeSet<Vl> = self
            .frames
            .iter()
            .flat_map(Frame::vector_lengths)
            .chain(self.remembered_vector_lengths.iter().copied())
            .collect();
        lengths.into_iter().collect()
    }

    /// The task's thread with this id.
    #[must_use]
    pub fn thread(&self, tid: Tid) -> Option<&ThreadFacts<'_>> {
        self.threads.iter().find(|thread| thread.thread.tid == tid)
    }
}
