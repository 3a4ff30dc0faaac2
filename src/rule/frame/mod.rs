//! `FRM`, `SVE`, `SME`, `FPM`, `POE`, `GCS`: signal frames against what the target's `rt_sigreturn` takes.
//!
//! A frame is judged when some thread will, or may, still return through it. The registers are loaded
//! before the records are parsed, so a refused frame looks like a crash at the interrupted PC, after a
//! restore that looked successful.
//!
//! This file is the table; [`structure`] judges how a frame is built, [`record`] what is in it.

pub mod kind;
mod record;
mod structure;

use crate::finding::EditClass;
use crate::finding::Phase;
use crate::rule_id::RuleId;
use crate::sigframe::model::Record;

use super::{Case, Rule, RuleMeta};

/// Names the edit that lets a program notice that its SVE state is gone.
pub(super) const DROP_SVE_STATE: EditClass = EditClass::Lossy("drop-sve-state");
/// Names the edit that drops a pending lazy ZA save.
pub(super) const DROP_TPIDR2: EditClass = EditClass::Lossy("drop-tpidr2");
/// Names the edit that drops an FP8 mode.
pub(super) const DROP_FPMR: EditClass = EditClass::Lossy("drop-fpmr");

/// The records of frames that some thread will, or may, still return through.
pub(super) fn pending_records<'a>(case: &Case<'a>) -> impl Iterator<Item = &'a Record> + use<'a> {
    structure::pending(case).flat_map(|(_, frame)| &frame.records)
}

const SIGRETURN: &str = "kernel 5.10 to 7.3, arch/arm64/kernel/signal.c parse_user_sigframe";

/// The rules of this file.
pub(super) static RULES: &[Rule] = &[
    Rule {
        meta: RuleMeta {
            id: RuleId::Frm001,
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
            seen: &[],
            phase: Phase::Run,
            since: "0.1.0",
            edits: &[],
        },
        check: structure::malformed,
    },
    Rule {
        meta: RuleMeta {
            id: RuleId::Frm002,
            name: "frame-unknown-record",
            summary: "A signal frame holds a record that no known kernel writes.",
            explanation: "A kernel refuses a frame with a record whose magic it has no case for. Where the target's \
                kernel is newer than the ones hwcr knows, it may know the record; then nothing is proven.",
            sources: &[SIGRETURN],
            seen: &[],
            phase: Phase::Run,
            since: "0.1.0",
            edits: &[],
        },
        check: record::refused,
    },
    Rule {
        meta: RuleMeta {
            id: RuleId::Frm003,
            name: "frame-not-found",
            summary: "A thread returns to the sigreturn trampoline, but no signal frame could be read there.",
            explanation: "The x29 chain of the thread passes through a function that returns to the trampoline, so a \
                frame must lie at that place. Its bytes are damaged, missing, or laid out in a way hwcr does not know, \
                so nothing can be said about what rt_sigreturn will do.",
            sources: &["kernel 7.3, arch/arm64/kernel/signal.c setup_return"],
            seen: &[],
            phase: Phase::Run,
            since: "0.1.0",
            edits: &[],
        },
        check: structure::dangling,
    },
    Rule {
        meta: RuleMeta {
            id: RuleId::Frm004,
            name: "frame-bytes-missing",
            summary: "Bytes of a signal frame are not in the image.",
            explanation: "The frame reaches into pages that were left to a lazy-pages server, lie in a parent image \
                that is not there, or are past the end of the pages file. What they hold decides.",
            sources: &["CRIU 4.2, criu/pagemap.c"],
            seen: &[],
            phase: Phase::Run,
            since: "0.1.0",
            edits: &[],
        },
        check: structure::unreadable,
    },
    Rule {
        meta: RuleMeta {
            id: RuleId::Frm005,
            name: "memory-not-searched",
            summary: "Private writable memory outside the stacks was not searched for signal frames.",
            explanation: "A frame can lie on a coroutine stack in the heap while another coroutine runs. Images with \
                little memory are searched whole; for larger ones only the stacks that threads use are, unless --deep \
                is given.",
            sources: &["hwcr, docs/limits.md"],
            seen: &[],
            phase: Phase::Run,
            since: "0.1.0",
            edits: &[],
        },
        check: structure::unsearched,
    },
    Rule {
        meta: RuleMeta {
            id: RuleId::Frm006,
            name: "frame-pstate-refused",
            summary: "The PSTATE saved in a signal frame is one rt_sigreturn refuses.",
            explanation: "The kernel refuses a frame whose PSTATE masks exceptions, selects AArch32 or is not EL0t.",
            sources: &["kernel 5.10 to 7.3, arch/arm64/kernel/ptrace.c valid_native_regs"],
            seen: &[],
            phase: Phase::Run,
            since: "0.1.0",
            edits: &[],
        },
        check: structure::pstate,
    },
    Rule {
        meta: RuleMeta {
            id: RuleId::Sve001,
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
            seen: &[
                "altstack@max-nopauth@6.1 on neoverse-n1: KILLED-SIGSEGV",
                "mid-jump-out@max-nopauth@6.1 on cortex-a57@6.1: PASS",
            ],
            phase: Phase::Run,
            since: "0.1.0",
            edits: &[EditClass::Lossless, DROP_SVE_STATE],
        },
        check: record::refused,
    },
    Rule {
        meta: RuleMeta {
            id: RuleId::Sve002,
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
            seen: &["altstack@max@new on max-vq2: KILLED-SIGSEGV"],
            phase: Phase::Run,
            since: "0.1.0",
            edits: &[EditClass::Lossless, DROP_SVE_STATE],
        },
        check: record::refused,
    },
    Rule {
        meta: RuleMeta {
            id: RuleId::Sve003,
            name: "sve-streaming-record",
            summary: "A signal frame was taken in streaming mode and the target cannot return to it.",
            explanation: "An SVE record with the streaming flag needs SME on the target, and its vl is compared with \
                the task's streaming vector length, which after a restore is the target's default. Streaming state \
                cannot be dropped: the interrupted code is in the middle of it.",
            sources: &[
                "kernel 5.19 to 7.3, arch/arm64/kernel/signal.c restore_sve_fpsimd_context",
                "FEAT_SME",
            ],
            seen: &["sig-sm@max@new on max-sme16: KILLED-SIGSEGV"],
            phase: Phase::Run,
            since: "0.1.0",
            edits: &[],
        },
        check: record::refused,
    },
    Rule {
        meta: RuleMeta {
            id: RuleId::Sme001,
            name: "tpidr2-record-without-sme",
            summary: "A signal frame holds a TPIDR2 record and the target has no SME.",
            explanation: "A kernel on an SME machine writes a TPIDR2 record into every frame. A target without SME, or \
                with a kernel older than 6.3, refuses the frame. Several stable kernels have SME compiled out: a machine \
                with SME under one of them is a machine without it.",
            sources: &[SIGRETURN, "FEAT_SME"],
            seen: &["altstack@max-nopauth@new on max-np-nosme: KILLED-SIGSEGV"],
            phase: Phase::Run,
            since: "0.1.0",
            edits: &[EditClass::Lossless, DROP_TPIDR2],
        },
        check: record::refused,
    },
    Rule {
        meta: RuleMeta {
            id: RuleId::Sme002,
            name: "za-record-without-sme",
            summary: "A signal frame holds a ZA record and the target has no SME.",
            explanation: "A kernel on an SME machine writes a ZA record into every frame; it has a payload only while ZA \
                is live. A target without SME refuses the frame either way. A live ZA cannot be dropped.",
            sources: &[
                "kernel 5.19 to 7.3, arch/arm64/kernel/signal.c restore_za_context",
                "FEAT_SME",
            ],
            seen: &["altstack@max-nopauth@new on max-np-nosme: KILLED-SIGSEGV"],
            phase: Phase::Run,
            since: "0.1.0",
            edits: &[EditClass::Lossless],
        },
        check: record::refused,
    },
    Rule {
        meta: RuleMeta {
            id: RuleId::Sme003,
            name: "za-vector-length",
            summary: "A ZA record's vector length is not the streaming length a restored task has on the target.",
            explanation: "rt_sigreturn compares the record's vl with the task's streaming vector length, also for a \
                record without payload. CRIU does not save it, so a restored task has the target's default.",
            sources: &[
                "kernel 5.19 to 7.3, arch/arm64/kernel/signal.c restore_za_context",
                "observed on 6.16, 6.18, 7.3",
            ],
            seen: &["altstack@max@new on max-sme16: KILLED-SIGSEGV"],
            phase: Phase::Run,
            since: "0.1.0",
            edits: &[EditClass::Lossless],
        },
        check: record::refused,
    },
    Rule {
        meta: RuleMeta {
            id: RuleId::Sme004,
            name: "zt-record-without-sme2",
            summary: "A signal frame holds a ZT record and the target has no SME2.",
            explanation: "ZT0 is saved while ZA is live on a machine with SME2. A target without SME2 refuses the frame, \
                and the state cannot be dropped.",
            sources: &[
                "kernel 6.3 to 7.3, arch/arm64/kernel/signal.c restore_zt_context",
                "FEAT_SME2",
            ],
            seen: &["sig-za@max-nopauth@new on max-np-nosme: KILLED-SIGSEGV"],
            phase: Phase::Run,
            since: "0.1.0",
            edits: &[],
        },
        check: record::refused,
    },
    Rule {
        meta: RuleMeta {
            id: RuleId::Fpm001,
            name: "fpmr-record-without-fpmr",
            summary: "A signal frame holds an FPMR record and the target has no FPMR.",
            explanation: "A kernel on a machine with FPMR writes the record into every frame. A target without FPMR, or \
                with a kernel older than 6.9, refuses the frame.",
            sources: &[
                "kernel 6.9 to 7.3, arch/arm64/kernel/signal.c restore_fpmr_context",
                "FEAT_FPMR",
            ],
            seen: &["altstack@max-nopauth@new on a64fx: KILLED-SIGSEGV"],
            phase: Phase::Run,
            since: "0.1.0",
            edits: &[EditClass::Lossless, DROP_FPMR],
        },
        check: record::refused,
    },
    Rule {
        meta: RuleMeta {
            id: RuleId::Poe001,
            name: "poe-record-without-poe",
            summary: "A signal frame holds a POE record and the target has no permission overlays.",
            explanation: "A kernel on a machine with FEAT_S1POE writes POR_EL0 into every frame. A target without it, or \
                with a kernel older than 6.12, refuses the frame.",
            sources: &[
                "kernel 6.12 to 7.3, arch/arm64/kernel/signal.c restore_poe_context",
                "FEAT_S1POE",
            ],
            seen: &[],
            phase: Phase::Run,
            since: "0.1.0",
            edits: &[EditClass::Lossless],
        },
        check: record::refused,
    },
    Rule {
        meta: RuleMeta {
            id: RuleId::Poe002,
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
            seen: &[],
            phase: Phase::Run,
            since: "0.1.0",
            edits: &[],
        },
        check: record::poe_uninitialised,
    },
    Rule {
        meta: RuleMeta {
            id: RuleId::Gcs001,
            name: "gcs-record",
            summary: "A signal frame holds a GCS record the target's rt_sigreturn refuses.",
            explanation: "A GCS record needs a target with guarded control stacks and a kernel from 6.13 on. A record \
                that asks for features the restored thread does not have is refused there too: rt_sigreturn cannot \
                switch a shadow stack on.",
            sources: &[
                "kernel 6.13 to 7.3, arch/arm64/kernel/signal.c restore_gcs_context",
                "FEAT_GCS",
            ],
            seen: &[],
            phase: Phase::Run,
            since: "0.1.0",
            edits: &[EditClass::Lossless],
        },
        check: record::refused,
    },
];
