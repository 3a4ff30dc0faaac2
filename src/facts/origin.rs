//! What the source machine must have been, each statement with its ground.

use std::collections::BTreeSet;

use crate::auxv::{VectorLengthBound, hwcap};
use crate::criu_image::model::{Checkpoint, PacState};
use crate::units::{Version, Vl};

use super::{Inference, Origin, TaskFacts};

/// Infers the origin from everything found.
#[must_use]
pub(super) fn infer(checkpoint: &Checkpoint, tasks: &[TaskFacts<'_>]) -> Origin {
    let mut origin = Origin::default();
    kernel(tasks, &mut origin);
    criu(checkpoint, &mut origin);
    page_size(checkpoint, &mut origin);
    cpu(tasks, &mut origin);
    pauth(tasks, &mut origin);
    vector_lengths(tasks, &mut origin);
    origin
}

fn say(
    origin: &mut Origin,
    what: &'static str,
    value: impl Into<String>,
    ground: impl Into<String>,
) {
    origin.inferences.push(Inference {
        what,
        value: value.into(),
        ground: ground.into(),
    });
}

fn kernel(tasks: &[TaskFacts<'_>], origin: &mut Origin) {
    let Some((version, pid)) = tasks
        .iter()
        .find_map(|task| Some((task.vdso.as_ref()?.kernel?, task.task.pid)))
    else {
        return;
    };
    origin.kernel = Some(version);
    say(
        origin,
        "kernel",
        version.to_string(),
        format!(
            "the version note in the vDSO of task {pid} (an earlier migration keeps the older vDSO)"
        ),
    );
}

fn criu(checkpoint: &Checkpoint, origin: &mut Origin) {
    if let Some(newest) = checkpoint
        .features
        .iter()
        .max_by_key(|feature| feature.since)
    {
        origin.criu_at_least = Some(newest.since);
        say(
            origin,
            "criu",
            format!("{} or later", newest.since),
            format!("the image has {}", newest.what),
        );
    }
    let keys_field = |state: &PacState| !matches!(state, PacState::NotSaved);
    let states = || {
        checkpoint
            .tasks
            .iter()
            .flat_map(|task| &task.threads)
            .filter_map(|thread| thread.state.as_ref())
            .map(|state| &state.pac)
    };
    if states().next().is_some() && !states().any(keys_field) {
        origin.criu_below = Some(Version::new(4, 1, 0));
        say(
            origin,
            "criu",
            "older than 4.1",
            "no thread has a pac_keys field, not even an empty one",
        );
    } else if states().any(keys_field)
        && origin
            .criu_at_least
            .is_none_or(|least| least < Version::new(4, 1, 0))
    {
        origin.criu_at_least = Some(Version::new(4, 1, 0));
        say(
            origin,
            "criu",
            "4.1 or later",
            "threads have a pac_keys field",
        );
    }
}

fn page_size(checkpoint: &Checkpoint, origin: &mut Origin) {
    if let Some(size) = checkpoint
        .tasks
        .iter()
        .find_map(|task| task.mm.as_ref())
        .map(|mm| mm.page_size)
    {
        let ground = if size.stated {
            "AT_PAGESZ of the saved auxv"
        } else {
            "assumed: the saved auxv has no AT_PAGESZ"
        };
        say(origin, "page size", format!("{} bytes", size.bytes), ground);
    }
}

fn cpu(tasks: &[TaskFacts<'_>], origin: &mut Origin) {
    let Some(task) = tasks.iter().find(|task| task.auxv.is_some()) else {
        return;
    };
    let features = task.told.features_line();
    if !features.is_empty() {
        say(
            origin,
            "cpu features",
            features,
            format!("AT_HWCAP* of task {}", task.task.pid),
        );
    }
}

fn pauth(tasks: &[TaskFacts<'_>], origin: &mut Origin) {
    let states = || {
        tasks
            .iter()
            .flat_map(|task| &task.threads)
            .filter_map(|thread| thread.thread.state.as_ref())
            .map(|state| &state.pac)
    };
    if states().any(|state| {
        matches!(
            state,
            PacState::Saved {
                address: Some(_),
                ..
            }
        )
    }) {
        say(origin, "pauth", "yes", "the image holds address keys");
    } else if states().any(|state| matches!(state, PacState::Absent)) {
        say(origin, "pauth", "no", "CRIU 4.1 or later saved no keys");
    } else if let Some(task) = tasks
        .iter()
        .find(|task| task.told.has(hwcap::PACA).is_some())
    {
        let yes = task.told.has(hwcap::PACA) == Some(true);
        say(
            origin,
            "pauth",
            if yes { "yes" } else { "no" },
            "AT_HWCAP; the CRIU that dumped does not save keys",
        );
    }
    // With 52-bit user addresses bits 51:48 of a signed address below 2^48 stay 0.
    let below_52 = tasks
        .iter()
        .flat_map(|task| &task.threads)
        .flat_map(|thread| &thread.returns)
        .any(|address| {
            address.is_signed() && address.stripped >> 48 == 0 && address.raw >> 48 & 0xf != 0
        });
    if below_52 {
        say(
            origin,
            "user address bits",
            "48 or fewer",
            "signatures of return addresses reach below bit 52",
        );
    }
}

fn vector_lengths(tasks: &[TaskFacts<'_>], origin: &mut Origin) {
    let lengths: BTreeSet<Vl> = tasks
        .iter()
        .flat_map(TaskFacts::shown_vector_lengths)
        .collect();
    if !lengths.is_empty() {
        let list: Vec<String> = lengths.iter().map(ToString::to_string).collect();
        say(
            origin,
            "sve vector length",
            format!("{} bytes", list.join(", ")),
            "SVE records of signal frames",
        );
    } else if tasks
        .iter()
        .any(|task| task.told.has(hwcap::SVE) == Some(true))
    {
        say(
            origin,
            "sve vector length",
            "unknown",
            "no signal frame shows it",
        );
    }
    let Some(auxv) = tasks.iter().find_map(|task| task.auxv.as_ref()) else {
        return;
    };
    if let Some(size) = auxv.minsigstksz {
        say(
            origin,
            "largest signal frame",
            format!("{size} bytes"),
            "AT_MINSIGSTKSZ",
        );
    }
    let bound = match auxv.length_bound {
        Some(VectorLengthBound::AtMost(vl)) => format!("at most {vl} bytes"),
        Some(VectorLengthBound::Longest(vl)) => format!("{vl} bytes"),
        Some(VectorLengthBound::Unknown) | None => return,
    };
    say(
        origin,
        "longest vectors",
        bound,
        "AT_MINSIGSTKSZ counts the longest the machine supports",
    );
}
