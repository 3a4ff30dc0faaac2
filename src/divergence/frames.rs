//! What `rt_sigreturn` on a machine says to each kind of record, by the same answer that rules and
//! rewriting use.

use crate::abi::kernel::{self, RecordSince};
use crate::abi::sigreturn::{Answer, answer};
use crate::profile::model::{Observed, Profile, VectorLengths};
use crate::sigframe::model::{Body, Record, SVE_SIG_FLAG_SM, SvePayload};
use crate::units::{Addr, Vl};

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

/// A length for records of a machine of which none is known: every machine with vectors has it.
const SOME_LENGTH: Vl = Vl(16);

/// The answers of one machine to every kind of record, in the order in which kernels brought them.
#[must_use]
pub fn answers(machine: &Profile) -> Vec<Told> {
    kernel::RECORDS
        .iter()
        .flat_map(|known| {
            samples(known.name, machine)
                .into_iter()
                .map(|(detail, body)| told(known, detail, body, machine))
        })
        .collect()
}

fn told(known: &'static RecordSince, detail: String, body: Body, machine: &Profile) -> Told {
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

fn accepted_because(known: &RecordSince, machine: &Profile) -> String {
    match (machine.sigreturn.get(known.name), machine.kernel) {
        (Some(Observed::Accepted), _) => "it was seen to take one".to_owned(),
        (_, Some(kernel)) => format!("kernel {kernel}; kernels know it since {}", known.since),
        (_, None) => format!("kernels know it since {}", known.since),
    }
}

/// Records of one kind that get different answers.
fn samples(name: &str, machine: &Profile) -> Vec<(String, Body)> {
    match name {
        "FPSIMD" => vec![plain(Body::Fpsimd {
            fpsr: 0,
            fpcr: 0,
            vregs: Box::new([0; 32]),
        })],
        "ESR" => vec![plain(Body::Esr { esr: 0 })],
        "EXTRA" => vec![plain(Body::Extra { datap: 0, size: 0 })],
        "SVE" => sve(machine),
        "ZA" => lengths(machine.sme.as_ref())
            .into_iter()
            .map(|(vl, word)| {
                let body = Body::Za {
                    vl,
                    payload: true,
                    zero: false,
                };
                (format!("vl {vl}{word}"), body)
            })
            .collect(),
        "TPIDR2" => vec![plain(Body::Tpidr2 { tpidr2: 0 })],
        "ZT" => vec![plain(Body::Zt {
            nregs: 1,
            payload: true,
        })],
        "FPMR" => vec![plain(Body::Fpmr { fpmr: 0 })],
        "POE" => vec![plain(Body::Poe { por_el0: 7 })],
        "GCS" => [(0, "shadow stack off"), (1, "shadow stack on")]
            .map(|(features_enabled, detail)| {
                let body = Body::Gcs {
                    gcspr: 0,
                    features_enabled,
                    reserved: 0,
                };
                (detail.to_owned(), body)
            })
            .to_vec(),
        _ => Vec::new(),
    }
}

fn plain(body: Body) -> (String, Body) {
    (String::new(), body)
}

fn sve(machine: &Profile) -> Vec<(String, Body)> {
    let body = |vl, flags, payload: Option<SvePayload>| Body::Sve { vl, flags, payload };
    let mut samples: Vec<(String, Body)> = lengths(machine.sve.as_ref())
        .into_iter()
        .map(|(vl, word)| (format!("vl {vl}{word}"), body(vl, 0, None)))
        .collect();
    if machine
        .sve
        .as_ref()
        .is_some_and(|sve| sve.lengths.is_empty())
    {
        samples.push(("vl 0, header only".to_owned(), body(Vl(0), 0, None)));
    }
    let streaming = lengths(machine.sme.as_ref())
        .first()
        .map_or(SOME_LENGTH, |(vl, _)| *vl);
    samples.push((
        format!("streaming, vl {streaming}"),
        body(streaming, SVE_SIG_FLAG_SM, Some(payload())),
    ));
    samples.push((
        format!("streaming, vl {streaming}, header only"),
        body(streaming, SVE_SIG_FLAG_SM, None),
    ));
    samples
}

/// The default length and one other, each with a word on which it is.
fn lengths(offered: Option<&VectorLengths>) -> Vec<(Vl, &'static str)> {
    let Some(default) = offered.and_then(|offered| offered.default) else {
        return vec![(SOME_LENGTH, "")];
    };
    let other = offered
        .iter()
        .flat_map(|offered| &offered.lengths)
        .copied()
        .chain([Vl(16), Vl(32)])
        .find(|vl| *vl != default);
    [(default, ", the default")]
        .into_iter()
        .chain(other.map(|other| (other, ", or any other")))
        .collect()
}

/// A payload; the answer hangs on whether there is one, not on what is in it.
fn payload() -> SvePayload {
    SvePayload {
        vq: 1,
        z_offset: 16,
        p_offset: 0,
        ffr_offset: 0,
        upper_zero: true,
        predicates_zero: true,
        ffr_zero: true,
    }
}
