//! Whether tasks can have chosen a vector length: what their code and that of those they descend from can do.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::auxv::hwcap;
use crate::criu_image::model::Checkpoint;
use crate::evidence::vector_length::LengthAudit;
use crate::evidence::{Auditor, Reason, Suspect};
use crate::units::Pid;

use super::TaskFacts;
use super::collect::memory_of;

/// Looks at the code of every task that was told of SVE.
pub(super) fn audit(
    checkpoint: &Checkpoint,
    tasks: &mut [TaskFacts<'_>],
    auditor: &mut Auditor<'_>,
) {
    for task in tasks.iter_mut() {
        let told = task.may_know(hwcap::SVE);
        let memory = memory_of(checkpoint, task.task).filter(|_| told);
        task.length_audit = memory.map(|mm| auditor.lengths(mm));
    }
    inherit(tasks);
}

/// A length can be set to be inherited, by whatever a child executes then.
fn inherit(tasks: &mut [TaskFacts<'_>]) {
    let parents: BTreeMap<Pid, Pid> = tasks
        .iter()
        .map(|task| (task.task.pid, task.task.ppid))
        .collect();
    let setting: BTreeSet<Pid> = tasks
        .iter()
        .filter(|task| !matches!(task.length_audit, Some(LengthAudit::Never { .. })))
        .map(|task| task.task.pid)
        .collect();
    for task in tasks {
        if !matches!(task.length_audit, Some(LengthAudit::Never { .. })) {
            continue;
        }
        let mut at = task.task.ppid;
        // A broken image may have tasks that descend from themselves.
        for _ in 0..parents.len() {
            if setting.contains(&at) {
                task.length_audit = Some(LengthAudit::May(Suspect {
                    file: Arc::from(""),
                    at: None,
                    reason: Reason::Inherited(at),
                }));
                break;
            }
            let Some(parent) = parents.get(&at) else {
                break;
            };
            at = *parent;
        }
    }
}
