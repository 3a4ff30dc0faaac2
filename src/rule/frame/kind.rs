//! What differs from kind to kind of record for rules and edits: its words, whose finding it is, and what its state is
//! worth. No arm here catches kinds that it does not name.

use crate::abi::record::POR_INIT;
use crate::finding::EditClass;
use crate::rule_id::RuleId;
use crate::sigframe::model::{Body, Record, SVE_SIG_FLAG_SM, SvePayload};
use crate::sigreturn::Reason;

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
