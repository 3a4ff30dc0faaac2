//! What becomes of one record that the target's `rt_sigreturn` does not surely take.
//!
//! What each record holds, and what is lost without it: `arch/arm64/kernel/signal.c` from 5.10 to 7.3
//! (`restore_sigframe` and the functions below it). The low 128 bits of every vector are in the FPSIMD
//! record, which the kernel lets win, so that nothing has to be copied out of an SVE record.

use crate::abi::sigreturn::{Answer, Reason, answer};
use crate::finding::EditClass;
use crate::profile::model::Profile;
use crate::rewrite::edit::Allowed;
use crate::sigframe::layout;
use crate::sigframe::model::{Body, Record, SVE_SIG_FLAG_SM, SvePayload};
use crate::units::Vl;

/// What is done to a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Action {
    /// It is left out.
    Drop,
    /// It becomes a header without payload, with this vector length.
    Header(Vl),
}

/// A record's edit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Step {
    /// What it costs.
    pub(super) class: EditClass,
    /// In a few words.
    pub(super) what: String,
    /// What is done.
    pub(super) action: Action,
}

/// Why a record is left as it is although the target does not surely take it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Stays {
    /// For people.
    pub(super) why: String,
    /// What the user may allow.
    pub(super) allow: Option<&'static str>,
}

/// What a record's state is worth.
enum State {
    /// None that could be lost. First, here and below, the record in words.
    Empty(String),
    /// It can be given up under this name.
    Lossy(String, &'static str),
    /// It is never given up, for this reason.
    Kept(String, &'static str),
}

/// What becomes of `record`; `None` where it stays as it is, because the target takes it. Of a target with members every one must take it.
///
/// State is given up only where the target is known to refuse the record and the frame is known to be
/// used (`live`): not on a guess.
pub(super) fn decide(
    record: &Record,
    live: bool,
    target: &Profile,
    allowed: &Allowed,
) -> Option<Result<Step, Stays>> {
    let refusals = refusals(record, target);
    let Refused {
        machine,
        reason,
        certain,
    } = refusals.first()?;
    let stays = |why: String, allow| {
        Some(Err(Stays {
            why: format!("{why}; {}", reason.because(machine)),
            allow,
        }))
    };
    let (name, class) = match state(record) {
        State::Kept(name, why) => return stays(format!("{name}: {why}"), None),
        State::Empty(name) => (name, EditClass::Lossless),
        State::Lossy(name, _) if !live => {
            let why = format!(
                "{name}: it could not be shown whether a thread still returns through the frame, and its state \
                 is not given up on a guess"
            );
            return stays(why, None);
        }
        State::Lossy(name, _) if !*certain => {
            return stays(
                format!("{name}: its state is not given up on a guess"),
                None,
            );
        }
        State::Lossy(name, lossy) => {
            let class = EditClass::Lossy(lossy);
            if !allowed.permits(class) {
                return stays(format!("{name}: its state would be lost"), Some(lossy));
            }
            (name, class)
        }
    };
    let (what, action) = match retargeted(record, reason, target) {
        Some(vl) if record.size == layout::HEADER_ONLY => {
            (format!("set vl {vl} in {name}"), Action::Header(vl))
        }
        Some(vl) => (
            format!("shrink {name} to a header with vl {vl}"),
            Action::Header(vl),
        ),
        None if refusals.len() < target.machines().len() && !replaced_by_fpsimd(record) => {
            let why = "some machines of the target take it, and without it would go on with what the handler left in \
                       the register";
            return stays(format!("{name}: {why}"), None);
        }
        None => (format!("drop {name}"), Action::Drop),
    };
    Some(Ok(Step {
        class,
        what,
        action,
    }))
}

/// Whether a kernel that knows the record does without it what it would do with an empty one:
/// `restore_sigframe` then takes the vectors from the FPSIMD record and discards the rest. Other registers
/// stay as they are where their record is missing.
fn replaced_by_fpsimd(record: &Record) -> bool {
    matches!(record.body, Body::Sve { .. })
}

/// A machine that does not surely take a record.
struct Refused<'a> {
    machine: &'a Profile,
    reason: Reason,
    certain: bool,
}

/// The machines of the target that do not surely take `record`, those that surely do not first.
fn refusals<'a>(record: &Record, target: &'a Profile) -> Vec<Refused<'a>> {
    let refused = target.machines().iter().filter_map(|machine| {
        let (reason, certain) = match answer(record, machine) {
            Answer::Accepted => return None,
            Answer::Rejected(reason) => (reason, true),
            Answer::Unsure(reason) => (reason, false),
        };
        Some(Refused {
            machine,
            reason,
            certain,
        })
    });
    let mut refused: Vec<_> = refused.collect();
    refused.sort_by_key(|refused| !refused.certain);
    refused
}

/// Whether every machine of the target takes `record`.
pub(super) fn accepted(record: &Record, target: &Profile) -> bool {
    target
        .machines()
        .iter()
        .all(|machine| answer(record, machine) == Answer::Accepted)
}

/// The length a record gets where its length alone is wrong. Leaving the record out would do as well, but
/// a handler, or whoever reads the frame later, then finds the records a kernel of that machine writes.
fn retargeted(record: &Record, reason: &Reason, target: &Profile) -> Option<Vl> {
    let (Reason::VectorLength { default, .. } | Reason::UsualLength { default, .. }) = reason
    else {
        return None;
    };
    let body = match &record.body {
        Body::Sve { flags, .. } => Body::Sve {
            vl: *default,
            flags: *flags,
            payload: None,
        },
        Body::Za { .. } => Body::Za {
            vl: *default,
            payload: false,
            zero: true,
        },
        _ => return None,
    };
    let changed = Record {
        body,
        ..record.clone()
    };
    accepted(&changed, target).then_some(*default)
}

fn state(record: &Record) -> State {
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
        // POR_EL0_INIT of arch/arm64/include/asm/por.h: what every task starts with.
        Body::Poe { por_el0: 7 } => State::Empty("POE record (default)".to_owned()),
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
        _ => State::Kept(
            format!("record with magic {:#010x}", record.magic),
            "it is not known what it holds",
        ),
    }
}
