//! What `rt_sigreturn` on a machine says to each kind of record, by the same answer that rules and
//! rewriting use.

use crate::abi::record::{RecordKind, RecordRow};
use crate::profile::model::{Observed, Profile};
use crate::sigframe::model::{Body, Record};
use crate::sigreturn::{Answer, answer, samples};
use crate::units::Addr;

/// A kind of record and the answer to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Told {
    /// The record, as profiles name it (`sigreturn`).
    pub record: &'static str,
    /// What distinguishes it from others of its kind: `vl 32`, `streaming, vl 16`; empty where nothing does.
    pub detail: String,
    /// The kernel's answer.
    pub answer: Answer,
    /// Why, in a few words.
    pub why: String,
}

/// The answers of one machine to every kind of record, in the order in which kernels brought them.
#[must_use]
pub fn answers(machine: &Profile) -> Vec<Told> {
    RecordKind::by_age()
        .into_iter()
        .flat_map(|kind| {
            samples(kind, machine)
                .into_iter()
                .map(move |(detail, body)| told(kind.row(), detail, body, machine))
        })
        .collect()
}

fn told(known: &'static RecordRow, detail: String, body: Body, machine: &Profile) -> Told {
    let record = Record {
        addr: Addr(0),
        place: None,
        magic: known.magic,
        size: 0,
        in_extra: false,
        body,
        raw: Vec::new(),
    };
    let answer = answer(&record, machine);
    let why = match &answer {
        Answer::Rejected(reason) | Answer::Unsure(reason) => reason.because(machine),
        Answer::Accepted => accepted_because(known, machine),
    };
    Told {
        record: known.name,
        detail,
        answer,
        why,
    }
}

fn accepted_because(known: &RecordRow, machine: &Profile) -> String {
    match (machine.sigreturn.get(known.name), machine.kernel) {
        (Some(Observed::Accepted), _) => "it was seen to take one".to_owned(),
        (_, Some(kernel)) => format!("kernel {kernel}; kernels know it since {}", known.since),
        (_, None) => format!("kernels know it since {}", known.since),
    }
}
