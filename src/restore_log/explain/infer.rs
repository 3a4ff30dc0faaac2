//! What symptoms come to where no line names a reason: the way a task ended, the versions in the log, and
//! a log that stops.

use std::fmt::Write as _;

use super::decide::Decision;
use super::join::Image;
use super::{Cause, Likelihood, Outcome, Part, Said};
use crate::abi::{criu, kernel};
use crate::restore_log::collect::{Log, Run};
use crate::restore_log::rows::{self, inferred};

/// How a task ends whose area for restartable sequences was unmapped: SIGSEGV, which some releases of
/// CRIU print as 127.
const SIGNALS: &[&str] = &["11", "127"];

/// Most process ids that are named.
const NAMED: usize = 16;

/// The cause that a symptom and versions suggest, where no message names one.
pub(super) fn cause<'a>(
    logs: &'a [Log],
    decision: &Decision<'a>,
    image: &Image<'a>,
) -> Option<Cause<'a>> {
    match decision.outcome {
        Outcome::Failed => killed(logs, decision).and_then(|(said, id, likelihood)| {
            Some(image.inferred(rows::find(id)?, Some(said), likelihood))
        }),
        Outcome::Hangs => {
            let row = rows::find(inferred::STOPS_IN_RESTORER)?;
            Some(image.inferred(row, None, Likelihood::Probable))
        }
        _ => None,
    }
}

/// A task that was killed as one is whose area for restartable sequences CRIU unmapped.
fn killed<'a>(
    logs: &'a [Log],
    decision: &Decision<'a>,
) -> Option<(Said<'a>, &'static str, Likelihood)> {
    let ended = decision.said.iter().find(|said| {
        let signal = said.entry.value("signal");
        said.part != Part::Survived
            && said.entry.row.is_some_and(|row| row.id == rows::TASK_ENDED)
            && signal.is_some_and(|signal| SIGNALS.contains(&signal))
    })?;
    let run = logs.get(ended.log)?.run.as_ref()?;
    if run
        .kernel_version()
        .is_some_and(|version| version < kernel::HAS_RSEQ)
    {
        return None;
    }
    let in_restorer = run.progress.in_restorer();
    let (id, likelihood) = match run.criu_version() {
        Some(version) if version < criu::UNREGISTERS_LIBC_RSEQ && in_restorer => {
            (inferred::LIBC_RSEQ, Likelihood::Probable)
        }
        Some(version) if version < criu::UNREGISTERS_LIBC_RSEQ => {
            (inferred::LIBC_RSEQ, Likelihood::Possible)
        }
        Some(version) if version < criu::ASKS_KERNEL_FOR_LIBC_RSEQ => {
            (inferred::LIBC_RSEQ_BUILT, Likelihood::Possible)
        }
        Some(_) => return None,
        None => (inferred::LIBC_RSEQ, Likelihood::Possible),
    };
    Some((*ended, id, likelihood))
}

/// What to end by hand where CRIU waits forever, as a sentence.
pub(super) fn what_to_end(logs: &[Log]) -> Option<String> {
    let run: &Run = logs
        .iter()
        .filter_map(|log| log.run.as_ref())
        .find(|run| run.progress.in_restorer() || run.progress.tasks().next().is_some())
        .or_else(|| logs.iter().find_map(|log| log.run.as_ref()))?;
    // The host's ids where the log has them: in a pid namespace the others are not valid outside.
    let real: Vec<u32> = run.pids.keys().copied().collect();
    let saved: Vec<u32> = run.progress.tasks().collect();
    let (ids, whose) = if real.is_empty() {
        (
            saved,
            "as the log numbers them; in a container these are the ids inside it",
        )
    } else {
        (real, "by the host's ids")
    };
    let mut sentence = "to end it: kill CRIU (`pgrep -ax criu` lists it)".to_owned();
    if !ids.is_empty() {
        let shown: Vec<String> = ids.iter().take(NAMED).map(u32::to_string).collect();
        let _ = write!(
            sentence,
            " and then the half-restored tasks, `kill -9 {}` ({whose})",
            shown.join(" ")
        );
        let more = ids.len().saturating_sub(NAMED);
        if more > 0 {
            let _ = write!(sentence, ", and {more} more tasks");
        }
    }
    sentence.push_str("; ptrace may hold the tasks stopped, so that only SIGKILL reaches them");
    Some(sentence)
}
