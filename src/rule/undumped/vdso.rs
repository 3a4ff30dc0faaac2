//! Threads that stand in the vDSO, or return into it.

use crate::criu_image::model::VmaStatus;
use crate::facts::TaskFacts;
use crate::finding::{Finding, Proof, RuleMeta, Severity, Spot};
use crate::rule::Case;
use crate::sigframe::model::Liveness;
use crate::units::{Addr, AddrRange, Tid};

/// A place in the vDSO to which a thread will go on.
struct Inside {
    tid: Option<Tid>,
    address: Addr,
    how: &'static str,
}

/// The range of the task's vDSO, also where its bytes are not in the image.
fn range(task: &TaskFacts<'_>) -> Option<AddrRange> {
    let marked = || {
        let vmas = &task.task.mm.as_ref()?.vmas;
        let vdso = vmas.iter().find(|vma| vma.status.contains(VmaStatus::VDSO));
        vdso.map(|vma| vma.mapping.range)
    };
    task.vdso.as_ref().map(|vdso| vdso.range).or_else(marked)
}

/// Bytes of the jump that CRIU writes over the start of a function it redirects
/// (`criu/arch/aarch64/intraprocedure.S`).
const JUMP_BYTES: u64 = 16;

/// Where threads of the task are inside of the vDSO. The first instruction of a function that CRIU knows is
/// left out, and with it the return address of signal handlers: there the same function begins on every kernel.
fn inside(task: &TaskFacts<'_>, range: AddrRange) -> Vec<Inside> {
    let vdso = task.vdso.as_ref();
    let trampoline = vdso.and_then(|vdso| vdso.sigreturn);
    let starts = vdso
        .map(|vdso| vdso.redirected.as_slice())
        .unwrap_or_default();
    let counts = |address: Addr| {
        range.contains(address) && Some(address) != trampoline && !starts.contains(&address)
    };
    let mut all = Vec::new();
    for thread in &task.threads {
        let mut add = |address: Addr, how| {
            if counts(address) {
                all.push(Inside {
                    tid: Some(thread.thread.tid),
                    address,
                    how,
                });
            }
        };
        if let Some(state) = &thread.thread.state {
            add(Addr(state.pc), "stands");
        }
        for address in &thread.returns {
            add(Addr(address.stripped), "returns");
        }
    }
    let frames = task.frames.iter();
    for frame in frames.filter(|frame| frame.liveness != Liveness::Stale) {
        if counts(Addr(frame.pc)) {
            all.push(Inside {
                tid: frame.tid,
                address: Addr(frame.pc),
                how: "was interrupted",
            });
        }
    }
    all
}

/// The rule.
pub(super) fn check(meta: &'static RuleMeta, case: &Case<'_>, out: &mut Vec<Finding>) {
    let target = case.target;
    // No profile holds the bytes of a vDSO. Where the user names one machine as both, they are the same.
    let same = case.source.is_some_and(|source| {
        source.name == target.name && source.kernel.is_some() && source.kernel == target.kernel
    });
    for task in &case.facts.tasks {
        let Some(range) = range(task) else { continue };
        let version = |version: Option<crate::units::Version>| {
            version.map_or_else(|| "an unknown kernel".to_owned(), |v| format!("kernel {v}"))
        };
        let dumped = version(task.vdso.as_ref().and_then(|vdso| vdso.kernel));
        let now = version(target.kernel);
        for Inside { tid, address, how } in inside(task, range) {
            let starts = task.vdso.as_ref().map(|vdso| vdso.redirected.as_slice());
            let in_jump = starts.unwrap_or_default().iter().any(|start| {
                let into = address.0.wrapping_sub(start.0);
                0 < into && into < JUMP_BYTES
            });
            let (severity, why) = if same {
                (Severity::Note, "which is that of the target")
            } else if in_jump {
                (
                    Severity::Unproven,
                    "where CRIU writes a jump unless the target's vDSO has the same layout: then the thread dies with SIGSEGV \
                     or SIGILL",
                )
            } else {
                (
                    Severity::Unproven,
                    "and the code there may be other code on the target",
                )
            };
            let place = "in the vDSO";
            out.push(
                Finding::new(
                    meta,
                    severity,
                    Proof::State,
                    format!("the thread {how} at {address} {place} of {dumped}, {why}"),
                )
                .about(Spot::memory(task.task.pid, tid, address))
                .read_at(task.task.place.clone())
                .need_have(format!("the vDSO of {dumped}"), format!("that of {now}"))
                .help("Dump again: a thread is seldom in the vDSO. If source and target run the same kernel build, accept it."),
            );
        }
    }
}
