//! How a frame is built, and whether it could be found and read.

use crate::abi::kernel;
use crate::facts::{JumpBuffer, NoReturn, TaskFacts, WayOut};
use crate::finding::{Finding, Proof, Severity, Spot};
use crate::profile::model::Profile;
use crate::rule::{Case, RuleMeta};
use crate::sigframe::model::{Body, Frame, FrameAnomalyKind, Liveness};
use crate::units::Addr;

/// Frames of a task that some thread will, or may, still return through.
pub(super) fn pending<'a>(
    case: &Case<'a>,
) -> impl Iterator<Item = (&'a TaskFacts<'a>, &'a Frame)> + use<'a> {
    let facts = case.facts;
    facts.tasks.iter().flat_map(|task| {
        task.frames
            .iter()
            .filter(|frame| frame.liveness != Liveness::Stale)
            .map(move |frame| (task, frame))
    })
}

/// A certain answer weighs as a blocker only when the frame is certainly used. A handler is taken to return unless
/// something shows another way out of it.
pub(super) fn weight(task: &TaskFacts<'_>, frame: &Frame, certain: bool) -> Severity {
    if certain && frame.liveness == Liveness::Live && !task.ways_out.contains_key(&frame.base) {
        Severity::Blocker
    } else {
        Severity::Unproven
    }
}

pub(super) fn frame_finding(
    meta: &'static RuleMeta,
    task: &TaskFacts<'_>,
    frame: &Frame,
    severity: Severity,
    proof: Proof,
    message: String,
) -> Finding {
    let message = match frame.liveness {
        Liveness::Unknown => {
            format!("{message}; it could not be shown whether a thread still returns through it")
        }
        Liveness::Live => match task.ways_out.get(&frame.base) {
            Some(way) => format!("{message}; {}", leaving(way)),
            None => message,
        },
        Liveness::Stale => message,
    };
    Finding::new(meta, severity, proof, message)
        .about(Spot::frame(task.task.pid, frame.tid, frame.base))
        .read_at(frame.place.clone())
}

fn leaving(way: &WayOut) -> String {
    match way {
        WayOut::Jump(JumpBuffer { at, pc, .. }) => format!(
            "the handler may leave it behind by siglongjmp: a jump buffer at {at} leads to {pc}, beyond the frame"
        ),
        WayOut::NoReturn(NoReturn {
            pc,
            function,
            file,
            leaves,
        }) => {
            let name = match function {
                Some(start) => format!("the function at {start}"),
                None => "a function".to_owned(),
            };
            let place = file
                .as_ref()
                .map_or_else(String::new, |file| format!(" in {file}"));
            let instead = if *leaves {
                "jumps to an older context, ends the thread or loops"
            } else {
                "ends the thread or loops"
            };
            format!(
                "the code of its handler has no way back to it: {name}{place}, from {pc} on, {instead}"
            )
        }
    }
}

pub(super) fn malformed(meta: &'static RuleMeta, case: &Case<'_>, out: &mut Vec<Finding>) {
    for (task, frame) in pending(case) {
        for anomaly in &frame.anomalies {
            let certain = match anomaly.kind {
                FrameAnomalyKind::NoTerminator
                | FrameAnomalyKind::TerminatorSize
                | FrameAnomalyKind::SizeTooSmall
                | FrameAnomalyKind::SizeUnaligned
                | FrameAnomalyKind::SizeTooLarge
                | FrameAnomalyKind::Duplicate
                | FrameAnomalyKind::NoFpsimd
                | FrameAnomalyKind::ExtraPlacement
                | FrameAnomalyKind::ExtraSize
                | FrameAnomalyKind::ExtraNested
                | FrameAnomalyKind::ZtWithoutZa => true,
                FrameAnomalyKind::WrongSize => wrong_size_refused(frame, anomaly.addr, case.target),
                // Reported by rules of their own, or without consequence.
                FrameAnomalyKind::Unreadable
                | FrameAnomalyKind::PstateInvalid
                | FrameAnomalyKind::ReservedNotZero => continue,
            };
            let place = frame
                .records
                .iter()
                .find(|record| record.addr == anomaly.addr)
                .and_then(|r| r.place.clone());
            out.push(
                frame_finding(
                    meta,
                    task,
                    frame,
                    weight(task, frame, certain),
                    Proof::State,
                    format!(
                        "frame {} at {}: {}",
                        frame.base, anomaly.addr, anomaly.detail
                    ),
                )
                .read_at(place.or_else(|| frame.place.clone()))
                .help("The frame is refused on every machine: dump again outside of the handler."),
            );
        }
    }
}

/// The one size rule that depends on the kernel: a larger FPSIMD record beside an SVE record.
fn wrong_size_refused(frame: &Frame, at: Addr, target: &Profile) -> bool {
    let fpsimd = frame
        .records
        .iter()
        .any(|r| r.addr == at && matches!(r.body, Body::Fpsimd { .. }) && r.size > 528);
    let beside_sve = frame
        .records
        .iter()
        .any(|record| matches!(record.body, Body::Sve { .. }));
    !(fpsimd && beside_sve) || target.kernel.and_then(kernel::refuses_large_fpsimd) == Some(true)
}

pub(super) fn unreadable(meta: &'static RuleMeta, case: &Case<'_>, out: &mut Vec<Finding>) {
    for (task, frame) in pending(case) {
        if let Some(anomaly) = frame
            .anomalies
            .iter()
            .find(|anomaly| anomaly.kind == FrameAnomalyKind::Unreadable)
        {
            let message = format!("frame {}: {}", frame.base, anomaly.detail);
            out.push(frame_finding(meta, task, frame, Severity::Unproven, Proof::Unknown, message).help(
                "Complete the image (fetch lazy pages, put the parent image in its place) and check again.",
            ));
        }
    }
}

pub(super) fn pstate(meta: &'static RuleMeta, case: &Case<'_>, out: &mut Vec<Finding>) {
    for (task, frame) in pending(case) {
        if frame
            .anomalies
            .iter()
            .any(|anomaly| anomaly.kind == FrameAnomalyKind::PstateInvalid)
        {
            let message = format!(
                "frame {}: PSTATE {:#x} is refused",
                frame.base, frame.pstate
            );
            out.push(frame_finding(
                meta,
                task,
                frame,
                weight(task, frame, true),
                Proof::State,
                message,
            ));
        }
    }
}

pub(super) fn dangling(meta: &'static RuleMeta, case: &Case<'_>, out: &mut Vec<Finding>) {
    for task in &case.facts.tasks {
        for dangling in &task.dangling {
            out.push(
                Finding::new(
                    meta,
                    Severity::Unproven,
                    Proof::Unknown,
                    format!("the thread returns through a signal frame at {}, but none could be read there", dangling.addr),
                )
                .about(Spot::frame(task.task.pid, Some(dangling.tid), dangling.addr))
                .help("Look at the memory around that address with `hwcr inspect --only frames -v`."),
            );
        }
    }
}

pub(super) fn unsearched(meta: &'static RuleMeta, case: &Case<'_>, out: &mut Vec<Finding>) {
    for task in case.facts.tasks.iter().filter(|task| task.search_cut) {
        out.push(
            Finding::new(
                meta,
                Severity::Unproven,
                Proof::Unknown,
                "there is so much that looks like signal frames that the search stopped at its limit",
            )
            .in_task(task.task.pid)
            .help("Look at the frames found with `hwcr inspect --only frames`; the memory may be made to mislead."),
        );
    }
    for task in case.facts.tasks.iter().filter(|task| task.unsearched > 0) {
        let mib = task.unsearched.div_ceil(1 << 20);
        out.push(
            Finding::new(
                meta,
                Severity::Note,
                Proof::Unknown,
                format!("{mib} MiB of private writable memory outside the threads' stacks was not searched for frames"),
            )
            .in_task(task.task.pid)
            .help("Add --deep when the program switches stacks itself (coroutines, green threads)."),
        );
    }
}
