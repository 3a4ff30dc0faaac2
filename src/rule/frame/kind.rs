//! What differs from kind to kind of record for rules and edits: its rules, its words, whose finding it is, and what its
//! state is worth. No arm here catches kinds that it does not name.

use crate::abi::record::POR_INIT;
use crate::finding::{EditClass, Phase};
use crate::rule::{Rule, RuleMeta};
use crate::rule_id::RuleId;
use crate::sigframe::model::{Body, Record, SVE_SIG_FLAG_SM, SvePayload};
use crate::sigreturn::Reason;

use super::{SIGRETURN, record};

/// Names the edit that lets a program notice that its SVE state is gone.
const DROP_SVE_STATE: EditClass = EditClass::Lossy("drop-sve-state");
/// Names the edit that drops a pending lazy ZA save.
const DROP_TPIDR2: EditClass = EditClass::Lossy("drop-tpidr2");
/// Names the edit that drops an FP8 mode.
const DROP_FPMR: EditClass = EditClass::Lossy("drop-fpmr");

/// The rules of records, in the order of the kinds.
pub(in crate::rule) static RULES: &[Rule] = &[
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

/// A record in words, for findings.
pub(super) fn describe(record: &Record) -> String {
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
            let state = if *payload {
                "with live ZA"
            } else {
                "header only"
            };
            format!("a ZA record, vl {vl}, {state}")
        }
        Body::Zt { .. } => "a ZT record".to_owned(),
        Body::Tpidr2 { tpidr2 } => format!("a TPIDR2 record, value {tpidr2:#x}"),
        Body::Fpmr { fpmr } => format!("an FPMR record, value {fpmr:#x}"),
        Body::Poe { por_el0 } => format!("a POE record, POR_EL0 {por_el0:#x}"),
        Body::Gcs {
            features_enabled, ..
        } => format!("a GCS record, features {features_enabled:#x}"),
        Body::Fpsimd { .. } => "an FPSIMD record".to_owned(),
        Body::Esr { .. } => "an ESR record".to_owned(),
        Body::Extra { .. } => "an EXTRA record".to_owned(),
        Body::End => "a terminator".to_owned(),
        Body::Unknown => format!(
            "a record with magic {:#010x} and size {}",
            record.magic, record.size
        ),
    }
}

/// The rule that finds a record that is refused for this reason. Records the kernel passes over or always
/// takes have none.
pub(super) fn rule_of(record: &Record, reason: &Reason) -> Option<RuleId> {
    let length = matches!(
        reason,
        Reason::VectorLength { .. } | Reason::UsualLength { .. }
    );
    Some(match &record.body {
        _ if *reason == Reason::UnknownRecord => RuleId::Frm002,
        Body::Sve { flags, .. } if flags & SVE_SIG_FLAG_SM != 0 => RuleId::Sve003,
        Body::Sve { .. } if length => RuleId::Sve002,
        Body::Sve { .. } => RuleId::Sve001,
        Body::Tpidr2 { .. } => RuleId::Sme001,
        Body::Za { .. } if length => RuleId::Sme003,
        Body::Za { .. } => RuleId::Sme002,
        Body::Zt { .. } => RuleId::Sme004,
        Body::Fpmr { .. } => RuleId::Fpm001,
        Body::Poe { .. } => RuleId::Poe001,
        Body::Gcs { .. } => RuleId::Gcs001,
        Body::Fpsimd { .. } | Body::Esr { .. } | Body::Extra { .. } | Body::End | Body::Unknown => {
            return None;
        }
    })
}

/// What a record's state is worth.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum State {
    /// None that could be lost. First, here and below, the record in words.
    Empty(String),
    /// It can be given up under this name.
    Lossy(String, &'static str),
    /// It is never given up, for this reason.
    Kept(String, &'static str),
}

impl State {
    /// The edits that could let a frame with such a record pass.
    #[must_use]
    pub fn edits(&self) -> Vec<EditClass> {
        match self {
            Self::Empty(_) => vec![EditClass::Lossless],
            Self::Lossy(_, name) => vec![EditClass::Lossy(name)],
            Self::Kept(..) => vec![],
        }
    }
}

/// What the state in a record is worth.
#[must_use]
pub fn state(record: &Record) -> State {
    let named = |name: &str, value: u64| format!("{name} record ({value:#x})");
    match &record.body {
        Body::Sve { vl, flags, .. } if flags & SVE_SIG_FLAG_SM != 0 => State::Kept(
            format!("streaming SVE record (vl {vl})"),
            "the interrupted code is in streaming mode",
        ),
        Body::Sve { payload: None, .. } => State::Empty("SVE record (header only)".to_owned()),
        Body::Sve {
            payload:
                Some(SvePayload {
                    upper_zero: true,
                    predicates_zero: true,
                    ffr_zero: true,
                    ..
                }),
            ..
        } => State::Empty("SVE record (nothing above 128 bits)".to_owned()),
        Body::Sve { vl, .. } => State::Lossy(
            format!("SVE record with register state (vl {vl})"),
            "drop-sve-state",
        ),
        Body::Za { payload: false, .. } => State::Empty("ZA record (header only)".to_owned()),
        // A matrix of zeros is live all the same: PSTATE.ZA is on.
        Body::Za { vl, .. } => State::Kept(format!("ZA record (vl {vl})"), "ZA is live"),
        Body::Zt { .. } => State::Kept("ZT record".to_owned(), "ZT0 is live"),
        Body::Tpidr2 { tpidr2: 0 } => State::Empty("TPIDR2 record (0)".to_owned()),
        Body::Tpidr2 { tpidr2 } => State::Lossy(named("TPIDR2", *tpidr2), "drop-tpidr2"),
        Body::Fpmr { fpmr: 0 } => State::Empty("FPMR record (0)".to_owned()),
        Body::Fpmr { fpmr } => State::Lossy(named("FPMR", *fpmr), "drop-fpmr"),
        Body::Poe { por_el0: POR_INIT } => State::Empty("POE record (default)".to_owned()),
        Body::Poe { por_el0 } => State::Kept(
            named("POE", *por_el0),
            "the task uses protection keys, and they would be lost",
        ),
        Body::Gcs {
            features_enabled: 0,
            ..
        } => State::Empty("GCS record (no features)".to_owned()),
        Body::Gcs {
            features_enabled, ..
        } => State::Kept(
            named("GCS", *features_enabled),
            "the thread's shadow stack is on",
        ),
        Body::Fpsimd { .. } | Body::Esr { .. } | Body::Extra { .. } | Body::End | Body::Unknown => {
            State::Kept(
                format!("record with magic {:#010x}", record.magic),
                "it is not known what it holds",
            )
        }
    }
}
