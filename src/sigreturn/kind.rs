//! What differs from kind to kind in the answer to a record: what it needs on the target, and which records of the kind
//! get different answers.

use crate::abi::kernel;
use crate::abi::record::{POR_INIT, RecordKind};
use crate::auxv::hwcap;
use crate::profile::model::{Profile, VectorLengths};
use crate::sigframe::model::{Body, Record, SVE_SIG_FLAG_SM, SvePayload};
use crate::units::Vl;

use super::{Answer, Reason, needs, then, vector_length};

/// A length for records of a machine of which none is known: every machine with vectors has it.
const SOME_LENGTH: Vl = Vl(16);

/// The answer of a kernel that knows the record, which profiles call `name`.
pub(super) fn by_body(record: &Record, name: &str, target: &Profile) -> Answer {
    match &record.body {
        Body::Fpsimd { .. } | Body::Esr { .. } | Body::Extra { .. } | Body::End => Answer::Accepted,
        Body::Sve { vl, flags, payload } => sve(*vl, *flags, payload.is_some(), target),
        // The kernels from 5.19 to 6.2 know SME, but not this record.
        Body::Tpidr2 { .. } => then(needs(target, hwcap::SME), || {
            let observed = target.sigreturn.contains_key(name);
            if target.kernel.is_none() && !observed {
                Answer::Unsure(Reason::ProfileLacks("kernel"))
            } else {
                Answer::Accepted
            }
        }),
        Body::Za { vl, .. } => then(needs(target, hwcap::SME), || {
            vector_length(*vl, target, target.sme.as_ref(), "sme.default")
        }),
        Body::Zt { .. } => needs(target, hwcap::SME2),
        Body::Fpmr { .. } => needs(target, hwcap::FPMR),
        Body::Poe { .. } => needs(target, hwcap::POE),
        Body::Gcs {
            features_enabled, ..
        } => then(needs(target, hwcap::GCS), || {
            // A thread restored without its shadow stack has GCS off; a record that turns it on is refused.
            if *features_enabled == 0 {
                Answer::Accepted
            } else {
                Answer::Rejected(Reason::GcsState)
            }
        }),
        // A known magic whose fields could not be read: the frame's anomalies say why.
        Body::Unknown => Answer::Unsure(Reason::UnknownRecord),
    }
}

fn sve(vl: Vl, flags: u16, payload: bool, target: &Profile) -> Answer {
    let (has_sve, has_sme) = (target.hwcaps.has(hwcap::SVE), target.hwcaps.has(hwcap::SME));
    if flags & SVE_SIG_FLAG_SM != 0 {
        // The streaming bit asks for SME, and `vl` is the streaming length.
        return then(needs(target, hwcap::SME), || {
            then(
                vector_length(vl, target, target.sme.as_ref(), "sme.default"),
                || match payload {
                    true => Answer::Accepted,
                    false => match target.kernel.and_then(kernel::refuses_streaming_header) {
                        Some(true) => Answer::Rejected(Reason::StreamingHeader),
                        // Who backports features may backport the fix.
                        Some(false) if !target.is_vendor_kernel() => Answer::Accepted,
                        _ => Answer::Unsure(Reason::StreamingHeader),
                    },
                },
            )
        });
    }
    match (has_sve, has_sme) {
        (Some(true), _) => vector_length(vl, target, target.sve.as_ref(), "sve.default"),
        // SME without SVE: a task's non-streaming length is 0, and no payload can go with it.
        (Some(false), Some(true)) if target.may_hide(hwcap::SVE) => {
            Answer::Unsure(Reason::NotListed("sve"))
        }
        (Some(false), Some(true)) => {
            if vl != Vl(0) {
                Answer::Rejected(Reason::VectorLength {
                    record: vl,
                    default: Vl(0),
                    supported: false,
                })
            } else if payload {
                Answer::Rejected(Reason::PayloadWithoutSve)
            } else {
                Answer::Accepted
            }
        }
        // A kernel with SME alone refuses the record for its length.
        (Some(false), Some(false)) if target.may_hide(hwcap::SVE) => {
            Answer::Unsure(Reason::NotListed("sve"))
        }
        (Some(false), Some(false)) => Answer::Rejected(Reason::NoFeature("sve")),
        (Some(false), None) => Answer::Unsure(Reason::ProfileLacks("hwcap2")),
        (None, _) => Answer::Unsure(Reason::ProfileLacks("hwcap")),
    }
}

/// Records of one kind that get different answers, each with what distinguishes it from the others.
#[must_use]
pub fn samples(kind: RecordKind, machine: &Profile) -> Vec<(String, Body)> {
    match kind {
        RecordKind::Fpsimd => vec![plain(Body::Fpsimd {
            fpsr: 0,
            fpcr: 0,
            vregs: Box::new([0; 32]),
        })],
        RecordKind::Esr => vec![plain(Body::Esr { esr: 0 })],
        RecordKind::Extra => vec![plain(Body::Extra { datap: 0, size: 0 })],
        RecordKind::Sve => sve_samples(machine),
        RecordKind::Za => lengths(machine.sme.as_ref())
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
        RecordKind::Tpidr2 => vec![plain(Body::Tpidr2 { tpidr2: 0 })],
        RecordKind::Zt => vec![plain(Body::Zt {
            nregs: 1,
            payload: true,
        })],
        RecordKind::Fpmr => vec![plain(Body::Fpmr { fpmr: 0 })],
        RecordKind::Poe => vec![plain(Body::Poe { por_el0: POR_INIT })],
        RecordKind::Gcs => [(0, "shadow stack off"), (1, "shadow stack on")]
            .map(|(features_enabled, detail)| {
                let body = Body::Gcs {
                    gcspr: 0,
                    features_enabled,
                    reserved: 0,
                };
                (detail.to_owned(), body)
            })
            .to_vec(),
    }
}

fn plain(body: Body) -> (String, Body) {
    (String::new(), body)
}

fn sve_samples(machine: &Profile) -> Vec<(String, Body)> {
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
