//! Which message is the cause.
//!
//! CRIU stops at the first thing that goes wrong and then writes what follows from it, from several
//! processes at once. So the first error that is neither a consequence nor harmless is the cause; where
//! no row knows it, nothing behind it is certain.

use super::join::{CRIU, Image, Relation};
use super::{Outcome, Part, Said, outcome_of};
use crate::restore_log::collect::{Entry, Log, Run};
use crate::restore_log::line::Level;
use crate::restore_log::row::{Fate, Role};

/// The outcome, the messages, and which of them are causes.
pub(super) struct Decision<'a> {
    pub(super) outcome: Outcome,
    pub(super) said: Vec<Said<'a>>,
    /// Likeliest first.
    pub(super) causes: Vec<Said<'a>>,
}

impl<'a> Decision<'a> {
    pub(super) fn of(logs: &'a [Log], image: &Image<'a>) -> Self {
        let runs: Vec<(usize, &Run)> = logs
            .iter()
            .enumerate()
            .filter_map(|(log, read)| Some((log, read.run.as_ref()?)))
            .collect();
        let criu: Vec<Said<'a>> = runs
            .iter()
            .flat_map(|(log, run)| run.entries.iter().map(|entry| said(*log, entry)))
            .collect();
        let mut others: Vec<Said<'a>> = logs
            .iter()
            .enumerate()
            .flat_map(|(log, read)| read.others.iter().map(move |entry| said(log, entry)))
            .collect();
        for said in &mut others {
            if image.relation(said.entry) == Relation::Other {
                said.part = Part::Unrelated;
            }
        }
        let ended = Ended::of(&criu);
        let (outcome, causes) = match ended {
            Ended::Dump => (Outcome::Dump, Vec::new()),
            Ended::Restored => after(&others),
            Ended::Failed | Ended::Open => during(ended, &criu, &others, &runs),
        };
        let mut decision = Self {
            outcome,
            said: criu.into_iter().chain(others).collect(),
            causes,
        };
        decision.sort_out(ended);
        decision
    }

    /// Gives every message its part.
    fn sort_out(&mut self, ended: Ended) {
        for said in &mut self.said {
            let cause = self
                .causes
                .iter()
                .any(|cause| std::ptr::eq(cause.entry, said.entry));
            said.part = match said.entry.role() {
                _ if cause => Part::Cause,
                _ if said.part == Part::Unrelated => Part::Unrelated,
                Some(Role::Restored | Role::Failed | Role::Dump) => Part::End,
                Some(Role::Harmless | Role::Context) => Part::Aside,
                Some(Role::Hint) if said.entry.level != Some(Level::Error) => Part::Aside,
                _ if ended == Ended::Restored && said.entry.level.is_some() => Part::Survived,
                Some(Role::Hint) => Part::Perhaps,
                None => Part::Unknown,
                Some(Role::Cause(_) | Role::Symptom(_) | Role::Consequence) => Part::Consequence,
            };
        }
        for cause in &mut self.causes {
            cause.part = Part::Cause;
        }
        self.said
            .sort_by_key(|said| (said.log, said.entry.line, said.entry.offset));
    }
}

fn said(log: usize, entry: &Entry) -> Said<'_> {
    Said {
        log,
        entry,
        part: Part::Aside,
    }
}

/// How a run ended, by what CRIU itself says of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Ended {
    Restored,
    Failed,
    Dump,
    /// It does not say.
    Open,
}

impl Ended {
    fn of(criu: &[Said<'_>]) -> Self {
        let any = |role| criu.iter().any(|said| said.entry.role() == Some(role));
        if any(Role::Failed) {
            Self::Failed
        } else if any(Role::Restored) {
            Self::Restored
        } else if any(Role::Dump) {
            Self::Dump
        } else {
            Self::Open
        }
    }
}

/// What went wrong while CRIU restored.
fn during<'a>(
    ended: Ended,
    criu: &[Said<'a>],
    others: &[Said<'a>],
    runs: &[(usize, &'a Run)],
) -> (Outcome, Vec<Said<'a>>) {
    let mut causes = first_errors(criu);
    let fate = causes
        .iter()
        .find_map(|said| fate(said.entry))
        .filter(|_| ended == Ended::Open);
    let nothing_yet = causes.is_empty();
    // The kernel may know more of it than CRIU does: memory, limits. What CRIU has an error for is not of a
    // task's own doing, though: it did not run yet.
    let reason = |said: &&Said<'_>| match said.entry.role() {
        Some(Role::Cause(Fate::Dies)) => nothing_yet || said.entry.value("comm") == Some(CRIU),
        Some(Role::Cause(_)) => true,
        _ => false,
    };
    let symptom = |said: &&Said<'_>| matches!(said.entry.role(), Some(Role::Symptom(_)));
    let ours = || others.iter().filter(|said| said.part != Part::Unrelated);
    causes.extend(ours().find(reason));
    if causes.is_empty() {
        causes.extend(ours().find(symptom));
    }
    let failing = criu
        .iter()
        .any(|said| said.entry.role() == Some(Role::Consequence));
    if nothing_yet && (ended == Ended::Failed || failing) {
        // Nothing names a reason: what was looked for last and was not there.
        causes.extend(hints(criu));
    }
    let outcome = match (ended, fate) {
        (Ended::Failed, _) => Outcome::Failed,
        (_, Some(fate)) => outcome_of(fate),
        _ if !nothing_yet || failing => Outcome::Failed,
        _ if !causes.is_empty() => causes
            .iter()
            .find_map(|said| self::fate(said.entry))
            .map_or(Outcome::Failed, outcome_of),
        _ if runs.is_empty() => Outcome::Unknown,
        _ => Outcome::Unfinished,
    };
    (outcome, causes)
}

/// What a message says of the restore or the task.
fn fate(entry: &Entry) -> Option<Fate> {
    match entry.role() {
        Some(Role::Cause(fate) | Role::Symptom(fate)) => Some(fate),
        _ => None,
    }
}

/// The first error that is neither a consequence nor harmless, and where no row knows it, the first
/// that one does.
fn first_errors<'a>(criu: &[Said<'a>]) -> Vec<Said<'a>> {
    let known = |said: &&Said<'_>| fate(said.entry).is_some();
    let unknown =
        |said: &&Said<'_>| said.entry.row.is_none() && said.entry.level == Some(Level::Error);
    match criu.iter().find(|said| known(said) || unknown(said)) {
        Some(first) if unknown(&first) => std::iter::once(*first)
            .chain(criu.iter().find(known).copied())
            .collect(),
        Some(first) => vec![*first],
        None => Vec::new(),
    }
}

fn hints<'a>(criu: &[Said<'a>]) -> impl Iterator<Item = Said<'a>> {
    criu.iter()
        .rev()
        .find(|said| said.entry.role() == Some(Role::Hint))
        .copied()
        .into_iter()
}

/// What happened after a restore that succeeded.
fn after<'a>(others: &[Said<'a>]) -> (Outcome, Vec<Said<'a>>) {
    let ours: Vec<&Said<'a>> = others
        .iter()
        .filter(|said| said.part != Part::Unrelated)
        .collect();
    let of = |wanted: Role| {
        ours.iter()
            .find(|said| said.entry.role() == Some(wanted))
            .map(|said| **said)
    };
    let first = of(Role::Cause(Fate::Dies)).or_else(|| of(Role::Symptom(Fate::Dies)));
    match first {
        Some(first) => (Outcome::Died, vec![first]),
        None => (Outcome::Restored, Vec::new()),
    }
}
