//! `FRM`, `SVE`, `SME`, `FPM`, `POE`, `GCS`: signal frames against what the target's `rt_sigreturn` takes.
//!
//! A frame is judged when some thread will, or may, still return through it. The registers are loaded
//! before the records are parsed, so a refused frame looks like a crash at the interrupted PC, after a
//! restore that looked successful.

use crate::abi::kernel;
use crate::abi::sigreturn::{Answer, Reason, answer};
use crate::auxv::hwcap;
use crate::facts::TaskFacts;
use crate::finding::{EditClass, Finding, Proof, Severity};
use crate::profile::model::Profile;
use crate::sigframe::model::{Body, Frame, FrameAnomalyKind, Liveness, Record, SVE_SIG_FLAG_SM};

use super::{Case, Rule, RuleMeta};

/// Names the edit that lets a program notice that its SVE state is gone.
pub(super) const DROP_SVE_STATE: EditClass = EditClass::Lossy("drop-sve-state");
/// Names the edit that drops a pending lazy ZA save.
pub(super) const DROP_TPIDR2: EditClass = EditClass::Lossy("drop-tpidr2");
/// Names the edit that drops an FP8 mode.
pub(super) const DROP_FPMR: EditClass = EditClass::Lossy("drop-fpmr");

const SIGRETURN: &str = "kernel 5.10 to 7.3, arch/arm64/kernel/signal.c parse_user_sigframe";

/// The rules of this file.
pub(super) static RULES: &[Rule] = &[
    Rule {
        meta: RuleMeta {
            id: "HWCR-FRM-001",
            name: "frame-malformed",
            summary: "A signal frame's records do not parse, so rt_sigreturn refuses it on any machine.",
            explanation: "The kernel walks the records of a frame from 0x250 on. A record that is not 16-aligned, too \
                small or too large, a second record of a kind, a missing FPSIMD record, a terminator that is missing \
                or has a size, and EXTRA space that is not where it must be all make it refuse the frame: the task \
                gets SIGSEGV when its handler returns.",
            sources: &[
                SIGRETURN,
                "kernel 5.10 to 7.3, arch/arm64/kernel/signal.c restore_sigframe",
            ],
            since: "0.1.0",
            edits: &[],
        },
        check: malformed,
    },
    Rule {
        meta: RuleMeta {
            id: "HWCR-FRM-002",
            name: "frame-unknown-record",
            summary: "A signal frame holds a record that no known kernel writes.",
            explanation: "A kernel refuses a frame with a record whose magic it has no case for. Where the target's \
                kernel is newer than the ones hwcr knows, it may know the record; then nothing is proven.",
            sources: &[SIGRETURN],
            since: "0.1.0",
            edits: &[],
        },
        check: unknown_record,
    },
    Rule {
        meta: RuleMeta {
            id: "HWCR-FRM-003",
            name: "frame-not-found",
            summary: "A thread returns to the sigreturn trampoline, but no signal frame could be read there.",
            explanation: "The x29 chain of the thread passes through a function that returns to the trampoline, so a \
                frame must lie at that place. Its bytes are damaged, missing, or laid out in a way hwcr does not know, \
                so nothing can be said about what rt_sigreturn will do.",
            sources: &["kernel 7.3, arch/arm64/kernel/signal.c setup_return"],
            since: "0.1.0",
            edits: &[],
        },
        check: dangling,
    },
    Rule {
        meta: RuleMeta {
            id: "HWCR-FRM-004",
            name: "frame-bytes-missing",
            summary: "Bytes of a signal frame are not in the image.",
            explanation: "The frame reaches into pages that were left to a lazy-pages server, lie in a parent image \
                that is not there, or are past the end of the pages file. What they hold decides.",
            sources: &["CRIU 4.2, criu/pagemap.c"],
            since: "0.1.0",
            edits: &[],
        },
        check: unreadable,
    },
    Rule {
        meta: RuleMeta {
            id: "HWCR-FRM-005",
            name: "memory-not-searched",
            summary: "Private writable memory outside the stacks was not searched for signal frames.",
            explanation: "A frame can lie on a coroutine stack in the heap while another coroutine runs. Images with \
                little memory are searched whole; for larger ones only the stacks that threads use are, unless --deep \
                is given.",
            sources: &["hwcr, docs/limits.md"],
            since: "0.1.0",
            edits: &[],
        },
        check: unsearched,
    },
    Rule {
        meta: RuleMeta {
            id: "HWCR-FRM-006",
            name: "frame-pstate-refused",
            summary: "The PSTATE saved in a signal frame is one rt_sigreturn refuses.",
            explanation: "The kernel refuses a frame whose PSTATE masks exceptions, selects AArch32 or is not EL0t.",
            sources: &["kernel 5.10 to 7.3, arch/arm64/kernel/ptrace.c valid_native_regs"],
            since: "0.1.0",
            edits: &[],
        },
        check: pstate,
    },
    Rule {
        meta: RuleMeta {
            id: "HWCR-SVE-001",
            name: "sve-record-without-sve",
            summary: "A signal frame holds an SVE record and the target has no SVE.",
            explanation: "A kernel on an SVE machine writes an SVE record into every frame, used or not. Where the \
                target has neither SVE nor SME (or a kernel without them) rt_sigreturn refuses the frame, and the task \
                gets SIGSEGV when the handler returns, after a restore that looked successful.",
            sources: &[
                SIGRETURN,
                "observed on 5.10, 6.1, 6.12, 6.16, 6.18, 7.3",
                "FEAT_SVE",
            ],
            since: "0.1.0",
            edits: &[EditClass::Lossless, DROP_SVE_STATE],
        },
        check: sve_missing,
    },
    Rule {
        meta: RuleMeta {
            id: "HWCR-SVE-002",
            name: "sve-vector-length",
            summary: "A signal frame's SVE vector length is not the one a restored task has on the target.",
            explanation: "rt_sigreturn compares the record's vl with the task's own, before it looks at anything else, \
                also when the record has no payload. CRIU does not save vector lengths, so a restored task has the \
                target's default. A frame with another vl is refused even where the CPU could do that length.",
            sources: &[
                "kernel 5.10 to 7.3, arch/arm64/kernel/signal.c restore_sve_fpsimd_context",
                "CRIU 4.2: no PR_SVE_SET_VL anywhere in the tree",
                "observed on 5.10 to 7.3",
            ],
            since: "0.1.0",
            edits: &[EditClass::Lossless, DROP_SVE_STATE],
        },
        check: sve_length,
    },
    Rule {
        meta: RuleMeta {
            id: "HWCR-SVE-003",
            name: "sve-streaming-record",
            summary: "A signal frame was taken in streaming mode and the target cannot return to it.",
            explanation: "An SVE record with the streaming flag needs SME on the target, and its vl is compared with \
                the task's streaming vector length, which after a restore is the target's default. Streaming state \
                cannot be dropped: the interrupted code is in the middle of it.",
            sources: &[
                "kernel 5.19 to 7.3, arch/arm64/kernel/signal.c restore_sve_fpsimd_context",
                "FEAT_SME",
            ],
            since: "0.1.0",
            edits: &[],
        },
        check: sve_streaming,
    },
    Rule {
        meta: RuleMeta {
            id: "HWCR-SME-001",
            name: "tpidr2-record-without-sme",
            summary: "A signal frame holds a TPIDR2 record and the target has no SME.",
            explanation: "A kernel on an SME machine writes a TPIDR2 record into every frame. A target without SME, or \
                with a kernel older than 6.3, refuses the frame. Several stable kernels have SME compiled out: a machine \
                with SME under one of them is a machine without it.",
            sources: &[SIGRETURN, "FEAT_SME"],
            since: "0.1.0",
            edits: &[EditClass::Lossless, DROP_TPIDR2],
        },
        check: tpidr2,
    },
    Rule {
        meta: RuleMeta {
            id: "HWCR-SME-002",
            name: "za-record-without-sme",
            summary: "A signal frame holds a ZA record and the target has no SME.",
            explanation: "A kernel on an SME machine writes a ZA record into every frame; it has a payload only while ZA \
                is live. A target without SME refuses the frame either way. A live ZA cannot be dropped.",
            sources: &[
                "kernel 5.19 to 7.3, arch/arm64/kernel/signal.c restore_za_context",
                "FEAT_SME",
            ],
            since: "0.1.0",
            edits: &[EditClass::Lossless],
        },
        check: za_missing,
    },
    Rule {
        meta: RuleMeta {
            id: "HWCR-SME-003",
            name: "za-vector-length",
            summary: "A ZA record's vector length is not the streaming length a restored task has on the target.",
            explanation: "rt_sigreturn compares the record's vl with the task's streaming vector length, also for a \
                record without payload. CRIU does not save it, so a restored task has the target's default.",
            sources: &[
                "kernel 5.19 to 7.3, arch/arm64/kernel/signal.c restore_za_context",
                "observed on 6.16, 6.18, 7.3",
            ],
            since: "0.1.0",
            edits: &[EditClass::Lossless],
        },
        check: za_length,
    },
    Rule {
        meta: RuleMeta {
            id: "HWCR-SME-004",
            name: "zt-record-without-sme2",
            summary: "A signal frame holds a ZT record and the target has no SME2.",
            explanation: "ZT0 is saved while ZA is live on a machine with SME2. A target without SME2 refuses the frame, \
                and the state cannot be dropped.",
            sources: &[
                "kernel 6.3 to 7.3, arch/arm64/kernel/signal.c restore_zt_context",
                "FEAT_SME2",
            ],
            since: "0.1.0",
            edits: &[],
        },
        check: zt,
    },
    Rule {
        meta: RuleMeta {
            id: "HWCR-FPM-001",
            name: "fpmr-record-without-fpmr",
            summary: "A signal frame holds an FPMR record and the target has no FPMR.",
            explanation: "A kernel on a machine with FPMR writes the record into every frame. A target without FPMR, or \
                with a kernel older than 6.9, refuses the frame.",
            sources: &[
                "kernel 6.9 to 7.3, arch/arm64/kernel/signal.c restore_fpmr_context",
                "FEAT_FPMR",
            ],
            since: "0.1.0",
            edits: &[EditClass::Lossless, DROP_FPMR],
        },
        check: fpmr,
    },
    Rule {
        meta: RuleMeta {
            id: "HWCR-POE-001",
            name: "poe-record-without-poe",
            summary: "A signal frame holds a POE record and the target has no permission overlays.",
            explanation: "A kernel on a machine with FEAT_S1POE writes POR_EL0 into every frame. A target without it, or \
                with a kernel older than 6.12, refuses the frame.",
            sources: &[
                "kernel 6.12 to 7.3, arch/arm64/kernel/signal.c restore_poe_context",
                "FEAT_S1POE",
            ],
            since: "0.1.0",
            edits: &[EditClass::Lossless],
        },
        check: poe,
    },
    Rule {
        meta: RuleMeta {
            id: "HWCR-POE-002",
            name: "poe-register-uninitialised",
            summary: "The target's kernel sets POR_EL0 to garbage when a frame has no POE record.",
            explanation: "On a machine with permission overlays, kernels from 6.12 up to 7.0 write POR_EL0 from an \
                uninitialised variable when rt_sigreturn meets a frame without a POE record. The frame CRIU itself \
                restores with has none, so a restored task may lose access to its memory. Read in the source, not \
                observed: no such machine was at hand.",
            sources: &[
                "kernel 6.12, 6.14, 6.17, arch/arm64/kernel/signal.c restore_sigframe; fixed in 7.0",
                "FEAT_S1POE",
            ],
            since: "0.1.0",
            edits: &[],
        },
        check: poe_uninitialised,
    },
    Rule {
        meta: RuleMeta {
            id: "HWCR-GCS-001",
            name: "gcs-record",
            summary: "A signal frame holds a GCS record the target's rt_sigreturn refuses.",
            explanation: "A GCS record needs a target with guarded control stacks and a kernel from 6.13 on. A record \
                that asks for features the restored thread does not have is refused there too: rt_sigreturn cannot \
                switch a shadow stack on.",
            sources: &[
                "kernel 6.13 to 7.3, arch/arm64/kernel/signal.c restore_gcs_context",
                "FEAT_GCS",
            ],
            since: "0.1.0",
            edits: &[EditClass::Lossless],
        },
        check: gcs,
    },
];

/// Frames of a task that some thread will, or may, still return through.
fn pending<'a>(case: &Case<'a>) -> impl Iterator<Item = (&'a TaskFacts<'a>, &'a Frame)> + use<'a> {
    let facts = case.facts;
    facts.tasks.iter().flat_map(|task| {
        task.frames
            .iter()
            .filter(|frame| frame.liveness != Liveness::Stale)
            .map(move |frame| (task, frame))
    })
}

/// A certain answer weighs as a blocker only when the frame is certainly used.
fn weight(frame: &Frame, certain: bool) -> Severity {
    if certain && frame.liveness == Liveness::Live {
        Severity::Blocker
    } else {
        Severity::Unproven
    }
}

fn frame_finding(
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
        Liveness::Live | Liveness::Stale => message,
    };
    Finding::new(meta, severity, proof, message)
        .in_task(task.task.pid)
        .in_thread(frame.tid)
        .at(frame.base)
        .read_at(frame.place.clone())
}

fn malformed(meta: &'static RuleMeta, case: &Case<'_>, out: &mut Vec<Finding>) {
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
                    weight(frame, certain),
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
fn wrong_size_refused(frame: &Frame, at: crate::units::Addr, target: &Profile) -> bool {
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

fn unreadable(meta: &'static RuleMeta, case: &Case<'_>, out: &mut Vec<Finding>) {
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

fn pstate(meta: &'static RuleMeta, case: &Case<'_>, out: &mut Vec<Finding>) {
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
                weight(frame, true),
                Proof::State,
                message,
            ));
        }
    }
}

fn dangling(meta: &'static RuleMeta, case: &Case<'_>, out: &mut Vec<Finding>) {
    for task in &case.facts.tasks {
        for dangling in &task.dangling {
            out.push(
                Finding::new(
                    meta,
                    Severity::Unproven,
                    Proof::Unknown,
                    format!("the thread returns through a signal frame at {}, but none could be read there", dangling.addr),
                )
                .in_task(task.task.pid)
                .in_thread(Some(dangling.tid))
                .at(dangling.addr)
                .help("Look at the memory around that address with `hwcr inspect --only frames -v`."),
            );
        }
    }
}

fn unsearched(meta: &'static RuleMeta, case: &Case<'_>, out: &mut Vec<Finding>) {
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

/// What the records of pending frames meet on the target.
fn answers<'a>(
    case: &Case<'a>,
) -> impl Iterator<Item = (&'a TaskFacts<'a>, &'a Frame, &'a Record, Answer)> + use<'a> {
    let target = case.target;
    pending(case).flat_map(move |(task, frame)| {
        frame
            .records
            .iter()
            .filter_map(move |record| match answer(record, target) {
                Answer::Accepted => None,
                refused => Some((task, frame, record, refused)),
            })
    })
}

/// Emits the findings of one record rule: `wanted` picks the records and reasons that are its own.
fn records(
    meta: &'static RuleMeta,
    case: &Case<'_>,
    out: &mut Vec<Finding>,
    kind: &str,
    wanted: impl Fn(&Record, &Reason) -> bool,
) {
    for (task, frame, record, answer) in answers(case) {
        let (reason, certain) = match &answer {
            Answer::Rejected(reason) => (reason, true),
            Answer::Unsure(reason) => (reason, false),
            Answer::Accepted => continue,
        };
        if !wanted(record, reason) {
            continue;
        }
        let what = describe(record, kind);
        let (why, proof) = explain(reason, case.target);
        let mut finding = frame_finding(
            meta,
            task,
            frame,
            weight(frame, certain),
            if certain { Proof::State } else { proof },
            format!("frame {} holds {what}; {why}", frame.base),
        )
        .at(record.addr)
        .read_at(record.place.clone())
        .need_have(what, have(reason, case.target));
        finding.features = reason.feature().into_iter().map(str::to_owned).collect();
        finding.edits = edits(record);
        finding.help = help(reason, record, case.target);
        out.push(finding);
    }
}

/// A record in words.
fn describe(record: &Record, kind: &str) -> String {
    match &record.body {
        Body::Sve { vl, flags, payload } => {
            let mode = if flags & SVE_SIG_FLAG_SM != 0 {
                "a streaming"
            } else {
                "an"
            };
            let state = if payload.is_some() {
                "with register state"
            } else {
                "header only"
            };
            format!("{mode} SVE record, vl {vl}, {state}")
        }
        Body::Za { vl, payload, .. } => {
            format!(
                "a ZA record, vl {vl}, {}",
                if *payload {
                    "with live ZA"
                } else {
                    "header only"
                }
            )
        }
        Body::Tpidr2 { tpidr2 } => format!("a TPIDR2 record, value {tpidr2:#x}"),
        Body::Fpmr { fpmr } => format!("an FPMR record, value {fpmr:#x}"),
        Body::Poe { por_el0 } => format!("a POE record, POR_EL0 {por_el0:#x}"),
        Body::Gcs {
            features_enabled, ..
        } => format!("a GCS record, features {features_enabled:#x}"),
        Body::Unknown => format!(
            "a record with magic {:#010x} and size {}",
            record.magic, record.size
        ),
        _ => format!("a {kind} record"),
    }
}

fn kernel_name(target: &Profile) -> String {
    target
        .kernel
        .map_or_else(|| "unknown".to_owned(), |kernel| kernel.to_string())
}

fn explain(reason: &Reason, target: &Profile) -> (String, Proof) {
    match reason {
        Reason::NoFeature(feature) => (format!("{} has no {feature}", target.name), Proof::State),
        Reason::KernelTooOld(name) => (
            format!(
                "kernel {} does not know {name} records",
                kernel_name(target)
            ),
            Proof::Version,
        ),
        Reason::Observed => (
            format!("{} was observed to refuse it", target.name),
            Proof::State,
        ),
        Reason::VectorLength { default, .. } => (
            format!("a task restored on {} has vl {default}", target.name),
            Proof::State,
        ),
        Reason::StreamingHeader => (
            format!("kernel {} refuses or may refuse it", kernel_name(target)),
            Proof::Version,
        ),
        Reason::PayloadWithoutSve => (format!("{} has SME but no SVE", target.name), Proof::State),
        Reason::GcsState => (
            "a restored thread has no shadow stack to match it".to_owned(),
            Proof::State,
        ),
        Reason::UnknownRecord => (
            "no kernel known to hwcr writes such a record".to_owned(),
            Proof::Unknown,
        ),
        Reason::ProfileLacks(key) => (
            format!("profile {} does not say `{key}`", target.name),
            Proof::Unknown,
        ),
    }
}

fn have(reason: &Reason, target: &Profile) -> String {
    match reason {
        Reason::NoFeature(feature) => format!("no {feature}"),
        Reason::KernelTooOld(_) | Reason::StreamingHeader | Reason::UnknownRecord => {
            format!("kernel {}", kernel_name(target))
        }
        Reason::Observed => "refused when probed".to_owned(),
        Reason::VectorLength { default, .. } => format!("vl {default}"),
        Reason::PayloadWithoutSve => "SME without SVE".to_owned(),
        Reason::GcsState => "shadow stack off".to_owned(),
        Reason::ProfileLacks(key) => format!("`{key}` unknown"),
    }
}

fn help(reason: &Reason, record: &Record, target: &Profile) -> Option<String> {
    match reason {
        Reason::VectorLength {
            record: vl,
            supported: true,
            ..
        } => {
            let streaming = matches!(record.body, Body::Za { .. })
                || matches!(record.body, Body::Sve { flags, .. } if flags & SVE_SIG_FLAG_SM != 0);
            let knob = if streaming {
                "sme_default_vector_length"
            } else {
                "sve_default_vector_length"
            };
            Some(format!(
                "{} can do vl {vl}: restore with /proc/sys/abi/{knob} set to {vl} there, and say so in its profile.",
                target.name
            ))
        }
        Reason::ProfileLacks(key) => Some(format!("Add `{key}` to the profile and check again.")),
        _ => Some(
            "Dump again outside of the handler, or restore on a machine that takes the frame."
                .to_owned(),
        ),
    }
}

/// What kind of edit could let the frame pass.
fn edits(record: &Record) -> Vec<EditClass> {
    match &record.body {
        Body::Sve { flags, .. } if flags & SVE_SIG_FLAG_SM != 0 => vec![],
        Body::Sve { payload: None, .. } => vec![EditClass::Lossless],
        Body::Sve {
            payload: Some(state),
            ..
        } => {
            let empty = state.upper_zero && state.predicates_zero && state.ffr_zero;
            vec![if empty {
                EditClass::Lossless
            } else {
                DROP_SVE_STATE
            }]
        }
        Body::Tpidr2 { tpidr2 } => vec![if *tpidr2 == 0 {
            EditClass::Lossless
        } else {
            DROP_TPIDR2
        }],
        Body::Fpmr { fpmr } => vec![if *fpmr == 0 {
            EditClass::Lossless
        } else {
            DROP_FPMR
        }],
        Body::Za { payload: false, .. } => vec![EditClass::Lossless],
        // POR_EL0 as every task starts with it: key 0 may do everything, the others nothing
        // (arch/arm64/include/asm/por.h POR_EL0_INIT).
        Body::Poe { por_el0: 7 } => vec![EditClass::Lossless],
        Body::Gcs {
            features_enabled: 0,
            ..
        } => vec![EditClass::Lossless],
        _ => vec![],
    }
}

fn unknown_record(meta: &'static RuleMeta, case: &Case<'_>, out: &mut Vec<Finding>) {
    records(meta, case, out, "unknown", |_, reason| {
        *reason == Reason::UnknownRecord
    });
}

fn is_streaming(record: &Record) -> bool {
    matches!(record.body, Body::Sve { flags, .. } if flags & SVE_SIG_FLAG_SM != 0)
}

fn sve_missing(meta: &'static RuleMeta, case: &Case<'_>, out: &mut Vec<Finding>) {
    records(meta, case, out, "SVE", |record, reason| {
        matches!(record.body, Body::Sve { .. })
            && !is_streaming(record)
            && !matches!(reason, Reason::VectorLength { .. } | Reason::UnknownRecord)
    });
}

fn sve_length(meta: &'static RuleMeta, case: &Case<'_>, out: &mut Vec<Finding>) {
    records(meta, case, out, "SVE", |record, reason| {
        matches!(record.body, Body::Sve { .. })
            && !is_streaming(record)
            && matches!(reason, Reason::VectorLength { .. })
    });
}

fn sve_streaming(meta: &'static RuleMeta, case: &Case<'_>, out: &mut Vec<Finding>) {
    records(meta, case, out, "SVE", |record, reason| {
        is_streaming(record) && *reason != Reason::UnknownRecord
    });
}

fn tpidr2(meta: &'static RuleMeta, case: &Case<'_>, out: &mut Vec<Finding>) {
    records(meta, case, out, "TPIDR2", |record, _| {
        matches!(record.body, Body::Tpidr2 { .. })
    });
}

fn za_missing(meta: &'static RuleMeta, case: &Case<'_>, out: &mut Vec<Finding>) {
    records(meta, case, out, "ZA", |record, reason| {
        matches!(record.body, Body::Za { .. }) && !matches!(reason, Reason::VectorLength { .. })
    });
}

fn za_length(meta: &'static RuleMeta, case: &Case<'_>, out: &mut Vec<Finding>) {
    records(meta, case, out, "ZA", |record, reason| {
        matches!(record.body, Body::Za { .. }) && matches!(reason, Reason::VectorLength { .. })
    });
}

fn zt(meta: &'static RuleMeta, case: &Case<'_>, out: &mut Vec<Finding>) {
    records(meta, case, out, "ZT", |record, _| {
        matches!(record.body, Body::Zt { .. })
    });
}

fn fpmr(meta: &'static RuleMeta, case: &Case<'_>, out: &mut Vec<Finding>) {
    records(meta, case, out, "FPMR", |record, _| {
        matches!(record.body, Body::Fpmr { .. })
    });
}

fn poe(meta: &'static RuleMeta, case: &Case<'_>, out: &mut Vec<Finding>) {
    records(meta, case, out, "POE", |record, _| {
        matches!(record.body, Body::Poe { .. })
    });
}

fn gcs(meta: &'static RuleMeta, case: &Case<'_>, out: &mut Vec<Finding>) {
    records(meta, case, out, "GCS", |record, _| {
        matches!(record.body, Body::Gcs { .. })
    });
}

fn poe_uninitialised(meta: &'static RuleMeta, case: &Case<'_>, out: &mut Vec<Finding>) {
    let Some(kernel) = case
        .target
        .kernel
        .filter(|kernel| kernel::por_uninitialised(*kernel))
    else {
        return;
    };
    if case.target.hwcaps.has(hwcap::POE) == Some(true) {
        out.push(
            Finding::new(
                meta,
                Severity::Unproven,
                Proof::Version,
                format!("kernel {kernel} may give a restored task a wrong POR_EL0 on a machine with permission overlays"),
            )
            .because_of(["poe"])
            .need_have("POR_EL0 0x7 after the restore", format!("kernel {kernel}"))
            .help("Use kernel 7.0 or later on the target, or boot it with permission overlays off."),
        );
    }
}
