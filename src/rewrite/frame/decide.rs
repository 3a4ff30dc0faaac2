//! What becomes of one record that the target's `rt_sigreturn` does not surely take.
//!
//! What each record holds, and what is lost without it: `arch/arm64/kernel/signal.c` from 5.10 to 7.3
//! (`restore_sigframe` and the functions below it). The low 128 bits of every vector are in the FPSIMD
//! record, which the kernel lets win, so that nothing has to be copied out of an SVE record.

use crate::abi::record::Without;
use crate::finding::EditClass;
use crate::profile::model::Profile;
use crate::rewrite::edit::Allowed;
use crate::rule::frame::kind::{State, state};
use crate::sigframe::layout;
use crate::sigframe::model::Record;
use crate::sigreturn::{Answer, Reason, answer};
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
        None if refusals.len() < target.machines().len() && !dispensable(record) => {
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

/// Whether a kernel that knows the record does without it what it would do with an empty one. For SVE
/// `restore_sigframe` then takes the vectors from the FPSIMD record and discards the rest. Other registers
/// stay as they are where their record is missing.
fn dispensable(record: &Record) -> bool {
    record
        .body
        .kind()
        .is_some_and(|kind| kind.row().without == Without::LikeEmpty)
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
    let body = record.body.header_with(*default)?;
    let changed = Record {
        body,
        ..record.clone()
    };
    accepted(&changed, target).then_some(*default)
}
