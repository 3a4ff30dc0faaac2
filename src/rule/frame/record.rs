//! What lies in a frame, record by record, against the target's `rt_sigreturn`.

use crate::abi::kernel;
use crate::abi::record::RecordKind;
use crate::auxv::hwcap;
use crate::facts::TaskFacts;
use crate::finding::{Finding, Proof, Severity, Spot};
use crate::profile::model::Profile;
use crate::rule::{CAPTURE, Case, PROBE, RuleMeta, give_key};
use crate::sigframe::model::{Frame, Length, Record};
use crate::sigreturn::{self, Answer, Reason, answer};

use super::kind;
use super::structure::{frame_finding, pending, weight};

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

/// The findings of one record rule: of the records that [`kind::rule_of`] gives to it.
pub(super) fn refused(meta: &'static RuleMeta, case: &Case<'_>, out: &mut Vec<Finding>) {
    for (task, frame, record, answer) in answers(case) {
        let (reason, certain) = match &answer {
            Answer::Rejected(reason) => (reason, true),
            Answer::Unsure(reason) => (reason, false),
            Answer::Accepted => continue,
        };
        if kind::rule_of(record, reason) != Some(meta.id) {
            continue;
        }
        let what = kind::describe(record);
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
        finding.edits = kind::state(record).edits();
        finding.help = help(reason, record, case.target);
        out.push(finding);
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
            let knob = match record.body.length() {
                Some(Length::Streaming(_)) => "sme_default_vector_length",
                Some(Length::Vectors(_)) | None => "sve_default_vector_length",
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

pub(super) fn poe_uninitialised(meta: &'static RuleMeta, case: &Case<'_>, out: &mut Vec<Finding>) {
    // A kernel of a number below 6.12 that offers overlays has the code of 6.12 or later.
    let Some(kernel) = case
        .target
        .kernel
        .filter(|kernel| kernel::por_uninitialised(*kernel) || *kernel < RecordKind::Poe.since())
    else {
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
