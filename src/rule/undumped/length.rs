//! The vector length tasks ran with, against the one they will have.

use crate::auxv::hwcap;
use crate::evidence::vector_length::LengthAudit;
use crate::facts::TaskFacts;
use crate::finding::{Finding, Proof, Severity};
use crate::profile::model::{Profile, VectorLengths};
use crate::rule::{Case, RuleMeta, counted, give_key};
use crate::units::Vl;

use super::live_frames;

/// Tasks that may have been told of SVE. On a target without SVE there is no length to compare: HWCR-HWC-001 says that
/// it is missing.
fn tasks<'a>(case: &Case<'a>) -> impl Iterator<Item = &'a TaskFacts<'a>> + use<'a> {
    let offered = case.target.hwcaps.has(hwcap::SVE) != Some(false);
    let facts = case.facts;
    facts
        .tasks
        .iter()
        .filter(move |task| offered && task.may_know(hwcap::SVE) && !task.threads.is_empty())
}

fn finding(
    meta: &'static RuleMeta,
    task: &TaskFacts<'_>,
    severity: Severity,
    proof: Proof,
    message: String,
) -> Finding {
    Finding::new(meta, severity, proof, message)
        .in_task(task.task.pid)
        .read_at(task.task.mm.as_ref().map(|mm| mm.auxv_place.clone()))
        .because_of(["sve"])
}

fn lengths(profile: &Profile) -> Option<&VectorLengths> {
    profile.sve.as_ref()
}

fn default(profile: &Profile) -> Option<Vl> {
    lengths(profile).and_then(|lengths| lengths.default)
}

/// Threads whose length no live frame of their own shows.
fn open(task: &TaskFacts<'_>) -> usize {
    let shown = |thread: &&_| {
        live_frames(task, thread).any(|frame| frame.vector_lengths().next().is_some())
    };
    task.threads.iter().filter(|thread| !shown(thread)).count()
}

pub(super) fn not_shown(meta: &'static RuleMeta, case: &Case<'_>, out: &mut Vec<Finding>) {
    for task in tasks(case) {
        let finding =
            |severity, proof, message: String| finding(meta, task, severity, proof, message);
        let Some(target) = default(case.target) else {
            let message = format!(
                "the profile of {} does not say `sve.default`",
                case.target.name
            );
            out.push(
                finding(Severity::Unproven, Proof::Unknown, message).help(give_key("sve.default")),
            );
            continue;
        };
        let source = case.source.and_then(default);
        let shown = task.shown_vector_lengths();
        let open = open(task);
        let have = format!("vl {target}");
        let name_it = "Name the profile of the machine the image was dumped on with --source.";
        let answer = match (shown.as_slice(), source) {
            ([only], _) if *only == target && (open == 0 || source == Some(target)) => {
                let message = format!("signal frames show vl {only}, the target's default");
                finding(Severity::Note, Proof::State, message).need_have(format!("vl {only}"), have)
            }
            // Each thread has a length of its own: a frame shows that of the thread that returns through it.
            ([only], _) if *only == target => {
                let message = format!(
                    "signal frames show vl {only}, the target's default, but none shows that of {}",
                    counted(open, "thread")
                );
                finding(Severity::Unproven, Proof::Unknown, message)
                    .need_have("the source's vl", have)
                    .help(name_it)
            }
            ([], Some(source)) if source == target => {
                let message = format!("the source's default vl is {source}, as the target's");
                finding(Severity::Note, Proof::Told, message)
                    .need_have(format!("vl {source}"), have)
            }
            ([], Some(source)) => {
                let message =
                    format!("the tasks ran with vl {source} by default and will have {target}");
                finding(Severity::Unproven, Proof::Told, message)
                    .need_have(format!("vl {source}"), have)
                    .help(with_length(source, case.target))
            }
            ([], None) => {
                let message = format!(
                    "nothing shows which vector length the tasks ran with; they will have {target}"
                );
                finding(Severity::Unproven, Proof::Unknown, message)
                    .need_have("the source's vl", have)
                    .help(name_it)
            }
            (several, _) => {
                let list: Vec<String> = several.iter().map(ToString::to_string).collect();
                let list = list.join(", ");
                let message = format!("signal frames show vl {list}; the tasks will have {target}");
                let finding = finding(Severity::Unproven, Proof::State, message)
                    .need_have(format!("vl {list}"), have);
                match several {
                    [only] => finding.help(with_length(*only, case.target)),
                    // No restore has several: a default is one, and `hwcr launch` sets one.
                    _ => finding,
                }
            }
        };
        out.push(answer);
    }
}

/// How a restore gets this length on the target, by what its profile lists.
fn with_length(vl: Vl, target: &Profile) -> String {
    let listed = lengths(target).map(|offered| &offered.lengths);
    match listed {
        Some(listed) if listed.contains(&vl) => format!(
            "{} can do vl {vl}: restore with /proc/sys/abi/sve_default_vector_length set to {vl} on it, and say so in \
             its profile.",
            target.name
        ),
        Some(listed) => {
            let listed: Vec<String> = listed.iter().map(ToString::to_string).collect();
            format!(
                "{} has no vl {vl} (its profile lists {}). Restore on a machine that has it, or start the workload with a \
                 length of both machines before the dump.",
                target.name,
                listed.join(", ")
            )
        }
        None => give_key("sve.vector_lengths"),
    }
}

/// Where the defaults differ, or are not known, HWCR-UND-007 has said what there is to say.
pub(super) fn chosen(meta: &'static RuleMeta, case: &Case<'_>, out: &mut Vec<Finding>) {
    let Some(source) = case.source.and_then(lengths) else {
        return;
    };
    let Some(same) = source
        .default
        .filter(|vl| default(case.target) == Some(*vl))
    else {
        return;
    };
    if source.lengths == [same] {
        return;
    }
    for task in tasks(case) {
        let open = open(task);
        if open == 0 || task.shown_vector_lengths().iter().any(|vl| *vl != same) {
            continue;
        }
        out.push(kept(meta, task, same, open));
    }
}

/// Whether a finding takes the length as kept because code shows that the task cannot set another.
pub(in crate::rule) fn is_length_kept_by_code(finding: &Finding) -> bool {
    finding.rule.id == "HWCR-UND-008" && finding.proof == Proof::Absent
}

/// Whether tasks are taken to have had the target's default length because the source's profile says so.
pub(in crate::rule) fn length_rests_on_source(case: &Case<'_>) -> bool {
    let source = case.source.and_then(default);
    source.is_some() && source == default(case.target) && tasks(case).any(|task| open(task) > 0)
}

/// Of a task of which `open` threads have no frame: whether they kept the default length.
fn kept(meta: &'static RuleMeta, task: &TaskFacts<'_>, same: Vl, open: usize) -> Finding {
    let (need, have) = ("the threads' vl", format!("vl {same}"));
    if let Some(LengthAudit::Never { files }) = &task.length_audit {
        let message = format!(
            "no call in the code of the {} the task maps sets another vl than the default, {same}; one that a parent \
             outside of the image set for it to inherit would be lost",
            counted(*files, "file")
        );
        return finding(meta, task, Severity::Note, Proof::Absent, message).need_have(need, have);
    }
    let why = match &task.length_audit {
        Some(LengthAudit::May(suspect)) => format!(": {suspect}"),
        _ => String::new(),
    };
    let message = format!(
        "nothing shows that {} kept the default vl {same}: another one, chosen by prctl, is lost{why}",
        counted(open, "thread")
    );
    let help = "Accept the rule for workloads that do not set their vector length.";
    let help = match &task.length_audit {
        Some(_) => help.to_owned(),
        None => format!("{help} With --rootfs the code of a task may show that it cannot."),
    };
    finding(meta, task, Severity::Unproven, Proof::Unknown, message)
        .need_have(need, have)
        .help(help)
}
