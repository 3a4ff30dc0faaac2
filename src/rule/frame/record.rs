//! What lies in a frame, record by record, against the target's `rt_sigreturn`.

use crate::abi::kernel;
use crate::abi::sigreturn::{self, Answer, Reason, answer};
use crate::auxv::hwcap;
use crate::facts::TaskFacts;
use crate::finding::{EditClass, Finding, Proof, Severity, Spot};
use crate::profile::model::Profile;
use crate::rule::{CAPTURE, Case, PROBE, RuleMeta, give_key};
use crate::sigframe::model::{Body, Frame, Record, SVE_SIG_FLAG_SM};

use super::structure::{frame_finding, pending, weight};
use super::{DROP_FPMR, DROP_SVE_STATE, DROP_TPIDR2};

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
            weight(task, frame, certain),
            if certain { Proof::State } else { proof },
            format!("frame {} holds {what}; {why}", frame.base),
        )
        .about(Spot::record(
            task.task.pid,
            frame.tid,
            frame.base,
            record.addr,
        ))
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
        Reason::NotListed(feature) => (sigreturn::not_listed(feature, target), Proof::Unknown),
        Reason::KernelNotMainline(name) => (
            format!(
                "{}; whether it knows them is not shown",
                sigreturn::not_mainline(name, target)
            ),
            Proof::Unknown,
        ),
        Reason::UsualLength { default, .. } => (
            format!(
                "a task restored on such a machine has vl {default} by default, but {} may have another default",
                target.name
            ),
            Proof::Unknown,
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
            format!("the profile of {} does not say `{key}`", target.name),
            Proof::Unknown,
        ),
    }
}

fn have(reason: &Reason, target: &Profile) -> String {
    match reason {
        Reason::NoFeature(feature) => format!("no {feature}"),
        Reason::NotListed(feature) => format!("{feature} not listed"),
        Reason::KernelTooOld(_)
        | Reason::KernelNotMainline(_)
        | Reason::StreamingHeader
        | Reason::UnknownRecord => {
            format!("kernel {}", kernel_name(target))
        }
        Reason::Observed => "refused when probed".to_owned(),
        Reason::VectorLength { default, .. } => format!("vl {default}"),
        Reason::UsualLength { default, .. } => format!("vl {default}, usually"),
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
        Reason::ProfileLacks(key) => Some(give_key(key)),
        Reason::NotListed(_) | Reason::UsualLength { .. } => Some(CAPTURE.to_owned()),
        Reason::KernelNotMainline(_) => Some(PROBE.to_owned()),
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

pub(super) fn unknown_record(meta: &'static RuleMeta, case: &Case<'_>, out: &mut Vec<Finding>) {
    records(meta, case, out, "unknown", |_, reason| {
        *reason == Reason::UnknownRecord
    });
}

fn of_length(reason: &Reason) -> bool {
    matches!(
        reason,
        Reason::VectorLength { .. } | Reason::UsualLength { .. }
    )
}

fn is_streaming(record: &Record) -> bool {
    matches!(record.body, Body::Sve { flags, .. } if flags & SVE_SIG_FLAG_SM != 0)
}

pub(super) fn sve_missing(meta: &'static RuleMeta, case: &Case<'_>, out: &mut Vec<Finding>) {
    records(meta, case, out, "SVE", |record, reason| {
        matches!(record.body, Body::Sve { .. })
            && !is_streaming(record)
            && !of_length(reason)
            && *reason != Reason::UnknownRecord
    });
}

pub(super) fn sve_length(meta: &'static RuleMeta, case: &Case<'_>, out: &mut Vec<Finding>) {
    records(meta, case, out, "SVE", |record, reason| {
        matches!(record.body, Body::Sve { .. }) && !is_streaming(record) && of_length(reason)
    });
}

pub(super) fn sve_streaming(meta: &'static RuleMeta, case: &Case<'_>, out: &mut Vec<Finding>) {
    records(meta, case, out, "SVE", |record, reason| {
        is_streaming(record) && *reason != Reason::UnknownRecord
    });
}

pub(super) fn tpidr2(meta: &'static RuleMeta, case: &Case<'_>, out: &mut Vec<Finding>) {
    records(meta, case, out, "TPIDR2", |record, _| {
        matches!(record.body, Body::Tpidr2 { .. })
    });
}

pub(super) fn za_missing(meta: &'static RuleMeta, case: &Case<'_>, out: &mut Vec<Finding>) {
    records(meta, case, out, "ZA", |record, reason| {
        matches!(record.body, Body::Za { .. }) && !of_length(reason)
    });
}

pub(super) fn za_length(meta: &'static RuleMeta, case: &Case<'_>, out: &mut Vec<Finding>) {
    records(meta, case, out, "ZA", |record, reason| {
        matches!(record.body, Body::Za { .. }) && of_length(reason)
    });
}

pub(super) fn zt(meta: &'static RuleMeta, case: &Case<'_>, out: &mut Vec<Finding>) {
    records(meta, case, out, "ZT", |record, _| {
        matches!(record.body, Body::Zt { .. })
    });
}

pub(super) fn fpmr(meta: &'static RuleMeta, case: &Case<'_>, out: &mut Vec<Finding>) {
    records(meta, case, out, "FPMR", |record, _| {
        matches!(record.body, Body::Fpmr { .. })
    });
}

pub(super) fn poe(meta: &'static RuleMeta, case: &Case<'_>, out: &mut Vec<Finding>) {
    records(meta, case, out, "POE", |record, _| {
        matches!(record.body, Body::Poe { .. })
    });
}

pub(super) fn gcs(meta: &'static RuleMeta, case: &Case<'_>, out: &mut Vec<Finding>) {
    records(meta, case, out, "GCS", |record, _| {
        matches!(record.body, Body::Gcs { .. })
    });
}

pub(super) fn poe_uninitialised(meta: &'static RuleMeta, case: &Case<'_>, out: &mut Vec<Finding>) {
    // A kernel of a number below 6.12 that offers overlays has the code of 6.12 or later.
    let first = kernel::RECORDS.iter().find(|record| record.name == "POE");
    let Some(kernel) = case.target.kernel.filter(|kernel| {
        kernel::por_uninitialised(*kernel) || first.is_some_and(|first| *kernel < first.since)
    }) else {
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
            .help("Use kernel 7.0 or later on the target."),
        );
    }
}
