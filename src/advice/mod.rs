//! How a workload must be started so that its checkpoints fit a target: for features that it was told of and the
//! target does not have, and for its vector length.
//!
//! An image cannot be changed back to code that was not chosen. But some runtimes can be told beforehand, and
//! the kernel can hide features from all programs. What is said here was seen to work; where nothing does, that
//! is said. Advice changes no verdict.
#![deny(
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss
)]

mod of_runtime;
mod rows;
#[cfg(test)]
mod tests;

use std::collections::BTreeSet;

use crate::auxv::hwcap::{self, BITS, BitUse, HwcapBit};
use crate::facts::runtime::{Runtime, Seen};
use crate::finding::{Finding, Severity};
use crate::profile::model::Profile;
use crate::rule::{Case, OF_VECTOR_LENGTHS};
use crate::units::{Pid, Vl};

use rows::PARAMETERS;

/// One piece of advice.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Advice {
    /// What is to be set: `kernel`, `vector-length`, or a runtime.
    pub subject: &'static str,
    /// The tasks it is for; empty where it is for all.
    pub pids: Vec<Pid>,
    /// What shows the runtime in the first of them.
    pub sign: Option<String>,
    /// The setting, ready to be used; `None` where there is none.
    pub setting: Option<String>,
    /// The features it keeps the tasks from; without a setting, those nothing keeps them from.
    pub features: Vec<&'static str>,
    /// In a sentence.
    pub what: String,
    /// How it was checked; `None` where nothing had to be.
    pub verified: Option<String>,
}

/// Advice for one image and one target, the most general first, where `findings` (of the same case) leave open whether
/// the features of tasks or their vector lengths fit.
#[must_use]
pub fn advise(case: &Case<'_>, findings: &[Finding], seen: &[Seen]) -> Vec<Advice> {
    let open: Vec<&Finding> = findings
        .iter()
        .filter(|finding| finding.severity != Severity::Note)
        .collect();
    let lost = lost(case, &open);
    let mut all = Vec::new();
    kernel(case.target, &lost, &mut all);
    if open
        .iter()
        .any(|finding| OF_VECTOR_LENGTHS.contains(&finding.rule.id))
    {
        all.extend(vector_length(case));
    }
    for runtime in [
        Runtime::OpenSsl,
        Runtime::Go,
        Runtime::OpenJdk,
        Runtime::Glibc,
    ] {
        of_runtime::add(case, runtime, seen, &lost, &mut all);
    }
    let rest = rest(&lost, &all);
    all.extend(rest);
    all
}

type Lost = Vec<&'static HwcapBit>;

/// Features that open findings name, a task was told of, and a machine of the target is known not to have.
fn lost(case: &Case<'_>, open: &[&Finding]) -> Lost {
    let named: BTreeSet<&str> = open
        .iter()
        .flat_map(|finding| &finding.features)
        .map(String::as_str)
        .collect();
    BITS.iter()
        .filter(|bit| {
            bit.use_ == BitUse::Code
                && named.contains(bit.cpuinfo)
                && lacked(case.target, bit)
                && case
                    .facts
                    .tasks
                    .iter()
                    .any(|task| task.told.has(bit) == Some(true))
        })
        .collect()
}

fn lacked(target: &Profile, bit: &HwcapBit) -> bool {
    let mut machines = target.machines().iter();
    machines.any(|machine| machine.hwcaps.has(bit) == Some(false))
}

/// The names of those that a test picks.
fn names(lost: &[&'static HwcapBit], pick: impl Fn(&str) -> bool) -> Vec<&'static str> {
    lost.iter()
        .map(|bit| bit.cpuinfo)
        .filter(|name| pick(name))
        .collect()
}

/// What the kernel of the machine on which the workload starts can hide, and what it must not.
fn kernel(target: &Profile, lost: &Lost, all: &mut Vec<Advice>) {
    let mut parameters = Vec::new();
    let mut features = Vec::new();
    for parameter in PARAMETERS {
        let hidden = names(lost, |name| {
            parameter.hides.iter().any(|start| name.starts_with(start))
        });
        if hidden.is_empty() {
            continue;
        }
        // What starts without the feature must not meet it.
        let met = target
            .machines()
            .iter()
            .any(|machine| machine.hwcaps.has(hwcap::PACA) != Some(false));
        if parameter.one_way && met {
            all.push(Advice {
                setting: None,
                features: hidden,
                what: format!(
                    "{} would hide them, but what starts under it is lost on those machines of the target that have \
                     them",
                    parameter.name
                ),
                verified: None,
                ..of_kernel()
            });
        } else {
            parameters.push(parameter.name);
            features.extend(hidden);
        }
    }
    if !parameters.is_empty() {
        all.push(Advice {
            setting: Some(parameters.join(" ")),
            features,
            ..of_kernel()
        });
    }
}

fn of_kernel() -> Advice {
    Advice {
        subject: "kernel",
        pids: Vec::new(),
        sign: None,
        setting: None,
        features: Vec::new(),
        what: "boot the machine on which the workload starts, and is dumped, with these parameters: no program there \
               is told of the features"
            .to_owned(),
        verified: Some(rows::PARAMETERS_VERIFIED.to_owned()),
    }
}

/// For tasks that know SVE and are not shown to run with the one default length that all machines of the target have.
fn vector_length(case: &Case<'_>) -> Option<Advice> {
    let mut defaults: BTreeSet<Option<Vl>> = BTreeSet::new();
    for machine in case.target.machines() {
        defaults.insert(machine.sve.as_ref().and_then(|sve| sve.default));
    }
    let (Some(Some(default)), 1) = (defaults.first(), defaults.len()) else {
        return None;
    };
    let pids: Vec<Pid> = case
        .facts
        .tasks
        .iter()
        .filter(|task| {
            task.told.has(hwcap::SVE) == Some(true) && task.shown_vector_lengths() != [*default]
        })
        .map(|task| task.task.pid)
        .collect();
    (!pids.is_empty()).then(|| Advice {
        subject: "vector-length",
        pids,
        sign: None,
        setting: Some(format!("prctl(PR_SVE_SET_VL, {default} | PR_SVE_VL_INHERIT)")),
        features: Vec::new(),
        what: format!(
            "start the workload from a process that chose vl {default}, the target's default, on a machine that has \
             it: CRIU saves no vector length"
        ),
        verified: Some(rows::LENGTH_VERIFIED.to_owned()),
    })
}

/// Features that the kernel cannot hide: settings of runtimes bind nothing but these runtimes.
fn rest(lost: &Lost, all: &[Advice]) -> Option<Advice> {
    let of_kernel = || all.iter().filter(|advice| advice.subject == "kernel");
    let features = names(lost, |name| {
        of_kernel().all(|advice| !advice.features.contains(&name))
    });
    (!features.is_empty()).then(|| Advice {
        subject: "rest",
        pids: Vec::new(),
        sign: None,
        setting: None,
        features,
        what: "no kernel parameter hides these: whatever else in the tasks looks for them may use them, whatever is \
               set above. Only a start on a machine that does not have them is sure"
            .to_owned(),
        verified: None,
    })
}
