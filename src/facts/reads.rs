//! Whether tasks read registers that machines differ in: what their code can do.

use crate::criu_image::model::Checkpoint;
use crate::evidence::Auditor;

use super::TaskFacts;
use super::collect::memory_of;

/// Looks at the code of every task.
pub(super) fn audit(
    checkpoint: &Checkpoint,
    tasks: &mut [TaskFacts<'_>],
    auditor: &mut Auditor<'_>,
) {
    for task in tasks.iter_mut() {
        if let Some(mm) = memory_of(checkpoint, task.task) {
            task.register_reads = auditor.reads(mm);
        }
    }
}
