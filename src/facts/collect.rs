//! Runs the readers over a checkpoint and puts their facts side by side.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use crate::auxv::at;
use crate::auxv::hwcap::Hwcaps;
use crate::auxv::stack_copy;
use crate::auxv::vdso;
use crate::auxv::vector::Auxv;
use crate::criu_image::model::{Arch, Checkpoint, Mm, SigAction, Task};
use crate::criu_image::space::Totals;
use crate::evidence::Auditor;
use crate::files::{self, FileFacts};
use crate::memory::Memory;
use crate::memory::files::WithFiles;
use crate::object::Objects;
use crate::object::find::{Binaries, Binary};
use crate::progress::Progress;
use crate::sigframe::cfi::{Code, Unwound};
use crate::sigframe::model::Liveness;
use crate::sigframe::search::{self, Found, Scope};
use crate::sigframe::unwind::{ChainWalk, ThreadView};
use crate::units::{Addr, AddrRange, Tid};

use super::ways_out::Handler;
use super::{
    AuxvDifference, AuxvEntry, AuxvFacts, BinaryFacts, Facts, MemoryTotals, ReturnAddress,
    StackAuxv, Standing, TaskFacts, ThreadFacts, Unwinding, VdsoFacts, WayOut, asks, lengths, libc,
    no_return, origin, reads, standing, ways_out,
};

/// How much memory is searched for signal frames.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Search {
    /// The stacks, and all private writable memory while there is little of it ([`AUTO_BUDGET`]).
    #[default]
    Auto,
    /// All private writable memory.
    Deep,
}

/// Private writable bytes up to which all of it is searched without being asked: a few milliseconds.
pub const AUTO_BUDGET: u64 = 16 << 20;

/// Return addresses kept of a thread's x29 chain: deeper ones say nothing new about signatures.
const MAX_RETURNS: usize = 1024;

/// Everything the readers find in `checkpoint`, and nothing of its journal: for tests. [`crate::image`] adds the rest.
#[doc(hidden)]
#[must_use]
pub fn collect(checkpoint: &Checkpoint, search: Search) -> Facts<'_> {
    collect_watched(
        checkpoint,
        search,
        &Binaries::default(),
        &Progress::default(),
    )
}

/// The same, with the programs and libraries that the tasks map; `progress` counts the bytes that are searched.
#[doc(hidden)]
#[must_use]
pub fn collect_watched<'a>(
    checkpoint: &'a Checkpoint,
    search: Search,
    binaries: &Binaries,
    progress: &Progress,
) -> Facts<'a> {
    // Words and bytes mean what they mean on arm64 only there.
    let native = checkpoint.arch == Arch::Aarch64;
    let objects = Objects::new(binaries);
    let mut tasks: Vec<TaskFacts<'_>> = checkpoint
        .tasks
        .iter()
        .map(|task| one_task(checkpoint, task, search, &objects, native, progress))
        .collect();
    if native && binaries.iter().next().is_some() {
        let mut auditor = Auditor::new(&objects);
        lengths::audit(checkpoint, &mut tasks, &mut auditor);
        reads::audit(checkpoint, &mut tasks, &mut auditor);
    }
    let origin = origin::infer(checkpoint, &tasks);
    Facts {
        checkpoint,
        asks: asks::all(checkpoint, &tasks),
        tasks,
        origin,
        binaries: binaries.iter().map(binary).collect(),
        files: FileFacts {
            needed: files::needed(checkpoint),
            looked_in: None,
        },
        rewritten: None,
        export: None,
    }
}

fn binary((id, binary): (u32, &Binary)) -> BinaryFacts {
    BinaryFacts {
        id,
        name: binary.name.to_string(),
        unused: binary.file.as_ref().err().map(ToString::to_string),
    }
}

/// The memory a task runs in: its own, or that of the task it shares with.
pub(super) fn memory_of<'a>(checkpoint: &'a Checkpoint, task: &'a Task) -> Option<&'a Mm> {
    task.mm
        .as_ref()
        .or_else(|| checkpoint.task(task.shares_mm_with?)?.mm.as_ref())
}

/// Tasks that run in this task's memory: itself and those that share it.
fn sharers<'a>(checkpoint: &'a Checkpoint, owner: &'a Task) -> impl Iterator<Item = &'a Task> {
    checkpoint
        .tasks
        .iter()
        .filter(|task| task.pid == owner.pid || task.shares_mm_with == Some(owner.pid))
}

fn one_task<'a, 'o>(
    checkpoint: &'a Checkpoint,
    task: &'a Task,
    search: Search,
    objects: &'o Objects<'o>,
    native: bool,
    progress: &Progress,
) -> TaskFacts<'a> {
    let own = task.mm.as_ref().filter(|_| native);
    let auxv = own.map(auxv_facts);
    let told = auxv.as_ref().map_or_else(Hwcaps::default, told);
    let vdso = own.and_then(vdso_facts);
    let trampolines = trampolines(checkpoint, task, vdso.as_ref());

    // Frames are searched once per address space, by its owner, for the threads of all who share it.
    let found = own.map(|mm| {
        let threads: Vec<ThreadView> = sharers(checkpoint, task)
            .flat_map(|task| &task.threads)
            .filter_map(view)
            .collect();
        let scope = match search {
            Search::Auto => Scope::Auto {
                budget_bytes: AUTO_BUDGET,
            },
            Search::Deep => Scope::Deep,
        };
        let code = Code {
            objects,
            start: Some(mm.start_stack),
        };
        search::find_watched(&mm.memory, &threads, &trampolines, scope, code, progress)
    });
    let memory = memory_of(checkpoint, task)
        .filter(|_| native)
        .map(|mm| WithFiles::new(&mm.memory, objects));
    let memory = memory.as_ref().map(|memory| memory as &dyn Memory);
    let threads = task
        .threads
        .iter()
        .map(|thread| {
            let state = thread.state.as_ref();
            let chain = found
                .as_ref()
                .and_then(|found| found.chains.iter().find(|chain| chain.tid == thread.tid));
            let unwound = found
                .as_ref()
                .and_then(|found| found.unwound.iter().find(|by| by.tid == thread.tid));
            let standing = match (memory, state) {
                (Some(memory), Some(state)) => standing::standing(memory, state),
                _ => Standing::NoRegisters,
            };
            ThreadFacts {
                thread,
                standing,
                handler_depth: depth(chain, unwound),
                chain_complete: chain.is_some_and(|chain| chain.complete),
                unwinding: unwound.map(|unwound| Unwinding {
                    end: unwound.end,
                    at: unwound.at,
                    functions: unwound.stacks.len(),
                }),
                returns: returns(chain, unwound),
                tagged_registers: match (memory, state) {
                    (Some(memory), Some(state)) => standing::tagged_registers(memory, state),
                    _ => 0,
                },
            }
        })
        .collect();
    let search_cut = found.as_ref().is_some_and(|found| found.truncated);
    let ways_out = match (own, &found) {
        (Some(mm), Some(found)) => ways_out_of_handlers(mm, found, task, checkpoint, objects),
        _ => BTreeMap::new(),
    };
    let (frames, dangling, unsearched) = found.map_or_else(Default::default, |found| {
        (found.frames, found.dangling, found.unsearched_bytes)
    });
    TaskFacts {
        task,
        auxv,
        told,
        remembered_vector_lengths: Vec::new(),
        length_audit: None,
        libc: own.and_then(|mm| libc::of(checkpoint, mm, objects)),
        register_reads: BTreeMap::new(),
        vdso,
        trampolines,
        frames,
        ways_out,
        dangling,
        unsearched,
        search_cut,
        threads,
        memory: own.map_or_else(MemoryTotals::default, |mm| totals(mm.memory.totals())),
        top: own.and_then(|mm| mm.vmas.iter().map(|vma| vma.mapping.range.end).max()),
    }
}

fn ways_out_of_handlers(
    mm: &Mm,
    found: &Found,
    owner: &Task,
    checkpoint: &Checkpoint,
    objects: &Objects<'_>,
) -> BTreeMap<Addr, WayOut> {
    let threads: HashMap<Tid, Addr> = sharers(checkpoint, owner)
        .flat_map(|task| &task.threads)
        .filter_map(|thread| Some((thread.tid, Addr(thread.state.as_ref()?.tls))))
        .collect();
    let handlers: Vec<Handler> = found
        .frames
        .iter()
        .filter(|frame| frame.liveness == Liveness::Live)
        .map(|frame| Handler {
            frame: frame.base,
            interrupted: Addr(frame.sp),
            thread: frame.tid.and_then(|tid| threads.get(&tid).copied()),
        })
        .collect();
    let random = Auxv::from_words(&mm.saved_auxv).random();
    let mut ways = ways_out::find(&mm.memory, &handlers, &found.searched, random);
    // What the code cannot do says more than what a buffer would allow.
    let registered: BTreeSet<Addr> = sharers(checkpoint, owner)
        .flat_map(|task| &task.sigactions)
        .map(|action| Addr(action.handler))
        .collect();
    let without = no_return::find(&mm.memory, objects, &found.unwound, &registered);
    ways.extend(without.map(|(frame, why)| (frame, WayOut::NoReturn(why))));
    ways
}

fn entries(vector: &Auxv) -> Vec<AuxvEntry> {
    vector
        .entries
        .iter()
        .map(|entry| AuxvEntry {
            tag: entry.tag,
            name: at::by_tag(entry.tag).map(|tag| tag.name),
            value: entry.value,
        })
        .collect()
}

fn auxv_facts(mm: &Mm) -> AuxvFacts {
    let saved = Auxv::from_words(&mm.saved_auxv);
    let copy = stack_copy::find(&mm.memory, mm.start_stack);
    let differences = match &copy {
        Ok(copy) => stack_copy::compare(&saved, &copy.auxv())
            .into_iter()
            .map(|difference| AuxvDifference {
                tag: difference.tag,
                name: at::by_tag(difference.tag).map(|tag| tag.name),
                saved: difference.saved,
                stack: difference.stack,
            })
            .collect(),
        Err(_) => Vec::new(),
    };
    AuxvFacts {
        saved: entries(&saved),
        saved_words: mm.saved_auxv.len(),
        stack: copy.map(|copy| StackAuxv {
            address: copy.addr,
            entries: entries(&copy.auxv()),
        }),
        differences,
        oddities: saved.anomalies.clone(),
        page_size: saved.page_size(),
        minsigstksz: saved.minsigstksz(),
        length_bound: saved.vector_length_bound(),
    }
}

/// The bits of the saved auxv and of the stack copy together: the process read the latter, and whoever
/// masked either of them did not undo what it had decided.
fn told(auxv: &AuxvFacts) -> Hwcaps {
    let words = |entries: &[AuxvEntry]| {
        let words: Vec<u64> = entries
            .iter()
            .flat_map(|entry| [entry.tag, entry.value])
            .collect();
        Auxv::from_words(&words).hwcaps().words
    };
    let mut told = words(&auxv.saved);
    if let Ok(stack) = &auxv.stack {
        super::journal::join(&mut told, words(&stack.entries));
    }
    Hwcaps { words: told }
}

fn vdso_facts(mm: &Mm) -> Option<VdsoFacts> {
    let told = Auxv::from_words(&mm.saved_auxv).sysinfo_ehdr();
    let facts = vdso::find(&mm.memory, told).ok()?;
    let range = mm
        .memory
        .mapping_at(facts.base)
        .map_or(AddrRange::new(facts.base, facts.base), |mapping| {
            mapping.range
        });
    Some(VdsoFacts {
        range,
        sigreturn: facts.sigreturn,
        how: facts.how.map_or("not found", |how| match how {
            vdso::Found::Symbol => "symbol __kernel_rt_sigreturn",
            vdso::Found::Instructions => "its instructions",
        }),
        kernel: facts.kernel,
        build_id: facts.build_id.unwrap_or_default(),
        gnu_hash_only: facts.gnu_hash_only,
        redirected: facts.redirected,
        os_abi: facts.os_abi,
        place: facts.place,
    })
}

/// The vDSO's trampoline and the restorers of every task that runs in this memory.
fn trampolines(checkpoint: &Checkpoint, owner: &Task, vdso: Option<&VdsoFacts>) -> Vec<Addr> {
    let restorers = sharers(checkpoint, owner)
        .flat_map(|task| &task.sigactions)
        .filter(|action| action.flags & SigAction::SA_RESTORER != 0 && action.restorer != 0)
        .map(|action| Addr(action.restorer));
    let all: BTreeSet<Addr> = vdso
        .and_then(|vdso| vdso.sigreturn)
        .into_iter()
        .chain(restorers)
        .collect();
    all.into_iter().collect()
}

fn view(thread: &crate::criu_image::model::Thread) -> Option<ThreadView> {
    let state = thread.state.as_ref()?;
    Some(ThreadView {
        tid: thread.tid,
        x: state.x,
        sp: Addr(state.sp),
        pc: Addr(state.pc),
        tls: Addr(state.tls),
        blocked: thread.blocked,
        altstack: thread.altstack.and_then(|stack| stack.range()),
    })
}

/// How many handlers a thread is in, as far as its chain or its code's tables show.
fn depth(chain: Option<&ChainWalk>, unwound: Option<&Unwound>) -> usize {
    let by_chain = chain.map(|chain| &chain.frames);
    let by_tables = unwound.map(|unwound| &unwound.frames);
    let frames: BTreeSet<&Addr> = by_chain.into_iter().chain(by_tables).flatten().collect();
    frames.len()
}

/// The return addresses that tables led to, innermost first, and those of the chain that are not among them. Where
/// tables led to the end, what else the chain met is no return address, but for the copies in the kernel's records
/// behind signal frames.
fn returns(chain: Option<&ChainWalk>, unwound: Option<&Unwound>) -> Vec<ReturnAddress> {
    let words = unwound.map(|unwound| unwound.returns.as_slice());
    let mut all: Vec<ReturnAddress> = words
        .unwrap_or_default()
        .iter()
        .map(|word| ReturnAddress {
            at: word.at,
            raw: word.raw,
            stripped: word.code.0,
        })
        .collect();
    let known: BTreeSet<Addr> = all.iter().map(|address| address.at).collect();
    let nodes = chain.map(|chain| chain.nodes.as_slice());
    let linked = nodes.unwrap_or_default().iter().take(MAX_RETURNS);
    let complete = unwound.is_some_and(Unwound::complete);
    all.extend(
        linked
            .filter(|node| !complete || node.frame.is_some())
            .filter_map(|node| {
                Some(ReturnAddress {
                    at: node.addr.checked_add(8)?,
                    raw: node.lr_raw,
                    stripped: node.lr.0,
                })
            })
            .filter(|address| !known.contains(&address.at)),
    );
    all
}

fn totals(totals: Totals) -> MemoryTotals {
    MemoryTotals {
        present: totals.present,
        zero: totals.zero,
        file: totals.file,
        lazy: totals.lazy,
        parent: totals.parent,
        missing: totals.missing,
    }
}
