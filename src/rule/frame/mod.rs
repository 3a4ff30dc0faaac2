//! `FRM`, `SVE`, `SME`, `FPM`, `POE`, `GCS`: signal frames against what the target's `rt_sigreturn` takes.
//!
//! A frame is judged when some thread will, or may, still return through it. The registers are loaded
//! before the records are parsed, so a refused frame looks like a crash at the interrupted PC, after a
//! restore that looked successful.
//!
//! This file has the rules of how a frame is built, which `structure` judges; those of what is in it are in [`kind`], and
//! `record` judges by them.

pub mod kind;
mod record;
mod structure;

use crate::finding::Phase;
use crate::rule_id::RuleId;
use crate::sigframe::model::Record;

use super::{Case, Rule, RuleMeta};

/// The records of frames that some thread will, or may, still return through.
pub(super) fn pending_records<'a>(case: &Case<'a>) -> impl Iterator<Item = &'a Record> + use<'a> {
    structure::pending(case).flat_map(|(_, frame)| &frame.records)
}

/// Where the kernel parses a frame.
pub(super) const SIGRETURN: &str =
    "kernel 5.10 to 7.3, arch/arm64/kernel/signal.c parse_user_sigframe";

/// The rules of how frames are built.
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
];
