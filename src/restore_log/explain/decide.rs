//! Which message is the cause.
//!
//! CRIU stops at the first thing that goes wrong and then writes what follows from it, from several
//! processes at once. So the first error that is neither a consequence nor harmless, and that CRIU's own
//! progress does not refute, is the cause; where no row knows it, nothing behind it is certain.

use super::join::{CRIU, Image, Relation};
use super::{Outcome, Part, Said, outcome_of};
use crate::restore_log::collect::{Entry, Log, Run};
use crate::restore_log::line::Level;
use crate::restore_log::progress::Later;
use crate::restore_log::row::{Fate, Role};
use crate::restore_log::rows;

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
        let mut criu: Vec<Said<'a>> = Vec::new();
        for (log, run) in &runs {
            let mut own: Vec<Said<'a>> =
                run.entries.iter().map(|entry| said(*log, entry)).collect();
            survived(run, &mut own);
            criu.extend(own);
        }
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
        let ended = Ended::of_all(&runs);
        let (outcome, causes) = match ended {
            Ended::Dumped => (Outcome::Dump, Vec::new()),
            Ended::Restored => after(&others),
            Ended::Failed | Ended::DumpFailed | Ended::Open | Ended::OpenDump => {
                during(ended, &criu, &others, &runs)
            }
        };
        let mut decision = Self {
            outcome,
            said: criu.into_iter().chain(others).collect(),
            causes,
        };
        decision.sort_out(ended);
        decision
    }

    /// Takes a message for the cause that was found later.
    pub(super) fn take_as_cause(&mut self, cause: Option<Said<'a>>) {
        let Some(cause) = cause else { return };
        for said in &mut self.said {
            if std::ptr::eq(said.entry, cause.entry) {
                said.part = Part::Cause;
            }
        }
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
                _ if matches!(said.part, Part::Unrelated | Part::Survived | Part::Perhaps) => {
                    said.part
                }
                Some(Role::Restored | Role::Failed | Role::Dump | Role::DumpFailed) => Part::End,
                Some(Role::Harmless) if explained(said.entry) => Part::Survived,
                Some(Role::Harmless | Role::Context | Role::Reached(_)) => Part::Aside,
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

/// Whether the row of a message says why.
fn explained(entry: &Entry) -> bool {
    entry.row.is_some_and(|row| !row.explanation.is_empty())
}

/// Marks the errors of a run that did not stop CRIU, as its own progress shows.
fn survived(run: &Run, own: &mut [Said<'_>]) {
    let dumped = Ended::of(run) == Ended::Dumped;
    for said in own.iter_mut() {
        let entry = said.entry;
        let file = entry.at.as_ref().map(|(file, _)| file.as_str());
        let later = run
            .progress
            .later(entry.last_line, entry.pid, file, entry.row.is_some());
        if counts(entry) {
            said.part = match later {
                _ if dumped => Part::Survived,
                Later::Refutes => Part::Survived,
                Later::Doubts => Part::Perhaps,
                Later::Allows => said.part,
            };
        }
    }
    if run.progress.left_start() {
        return;
    }
    // CRIU ended while it tried out the kernel, at the last error before it says so: it went past the
    // others.
    let unknown =
        |said: &Said<'_>| said.entry.row.map(|row| row.id) == Some(rows::FEATURES_UNKNOWN);
    let Some(end) = own.iter().rposition(unknown) else {
        return;
    };
    let reason = |said: &Said<'_>| is_reason(said.entry);
    let last = own.iter().take(end).rposition(reason);
    for said in own.iter_mut().take(last.unwrap_or(0)) {
        if is_reason(said.entry) {
            said.part = Part::Survived;
        }
    }
}

/// Whether CRIU's progress has a say in what a message is worth.
fn counts(entry: &Entry) -> bool {
    let weighed = matches!(
        entry.role(),
        None | Some(Role::Cause(_) | Role::Symptom(_) | Role::Hint | Role::Consequence)
    );
    weighed && entry.level == Some(Level::Error)
}

/// Whether a message could be the cause: it names a reason, or is an error that no row knows.
fn is_reason(entry: &Entry) -> bool {
    fate(entry).is_some() || (entry.row.is_none() && entry.level == Some(Level::Error))
}

/// How a run ended, by what CRIU itself says of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Ended {
    Restored,
    Failed,
    Dumped,
    DumpFailed,
    /// It does not say.
    Open,
    /// It does not say, and it is a dump.
    OpenDump,
}

impl Ended {
    fn of(run: &Run) -> Self {
        let any = |role| run.entries.iter().any(|entry| entry.role() == Some(role));
        if any(Role::Failed) {
            Self::Failed
        } else if any(Role::Restored) {
            Self::Restored
        } else if any(Role::DumpFailed) {
            Self::DumpFailed
        } else if any(Role::Dump) {
            Self::Dumped
        } else if run.progress.is_dump() {
            Self::OpenDump
        } else {
            Self::Open
        }
    }

    /// Of several logs: that of the restore, where there is one.
    fn of_all(runs: &[(usize, &Run)]) -> Self {
        let all: Vec<Self> = runs.iter().map(|(_, run)| Self::of(run)).collect();
        [
            Self::Failed,
            Self::Restored,
            Self::Open,
            Self::DumpFailed,
            Self::Dumped,
            Self::OpenDump,
        ]
        .into_iter()
        .find(|ended| all.contains(ended))
        .unwrap_or(Self::Open)
    }
}

/// What went wrong while CRIU restored, or dumped.
fn during<'a>(
    ended: Ended,
    criu: &[Said<'a>],
    others: &[Said<'a>],
    runs: &[(usize, &'a Run)],
) -> (Outcome, Vec<Said<'a>>) {
    let mut causes = first_errors(criu);
    let nothing_yet = causes.is_empty();
    // Where CRIU waits forever, no line says that it ends.
    let hangs = criu
        .iter()
        .any(|said| said.part != Part::Survived && fate(said.entry) == Some(Fate::Hangs));
    let told = if hangs {
        Some(Fate::Hangs)
    } else {
        causes.iter().find_map(|said| fate(said.entry))
    };
    let told = told.filter(|_| ended == Ended::Open);
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
        .chain(others)
        .any(|said| said.part != Part::Survived && said.entry.role() == Some(Role::Consequence));
    if nothing_yet && (matches!(ended, Ended::Failed | Ended::DumpFailed) || failing) {
        // Nothing names a reason: what was looked for last and was not there.
        causes.extend(hints(criu));
    }
    let wrong = !nothing_yet || failing || !causes.is_empty();
    let in_restorer = runs.iter().any(|(_, run)| run.progress.in_restorer());
    let outcome = match (ended, told) {
        (Ended::Failed, _) => Outcome::Failed,
        (Ended::DumpFailed, _) => Outcome::DumpFailed,
        (Ended::OpenDump, _) if wrong => Outcome::DumpFailed,
        (_, Some(told)) => outcome_of(told),
        _ if !nothing_yet || failing => Outcome::Failed,
        // An engine's own words, without a line of CRIU's.
        _ if causes.first().is_some_and(of_dump) => Outcome::DumpFailed,
        _ if !causes.is_empty() => causes
            .iter()
            .find_map(|said| fate(said.entry))
            .map_or(Outcome::Failed, outcome_of),
        _ if runs.is_empty() => Outcome::Unknown,
        (Ended::Open, _) if in_restorer => Outcome::Hangs,
        _ => Outcome::Unfinished,
    };
    (outcome, causes)
}

/// Whether a message is written about dumps only.
fn of_dump(said: &Said<'_>) -> bool {
    said.entry.row.is_some_and(|row| row.dump)
}

/// What a message says of the restore or the task.
fn fate(entry: &Entry) -> Option<Fate> {
    match entry.role() {
        Some(Role::Cause(fate) | Role::Symptom(fate)) => Some(fate),
        _ => None,
    }
}

/// The first error that is neither a consequence nor harmless nor refuted, and where no row knows it,
/// the first that one does.
fn first_errors<'a>(criu: &[Said<'a>]) -> Vec<Said<'a>> {
    let mut open = criu
        .iter()
        .filter(|said| said.part == Part::Aside && is_reason(said.entry));
    match open.next() {
        Some(first) if first.entry.row.is_none() => {
            let known = open.find(|said| fate(said.entry).is_some());
            std::iter::once(*first).chain(known.copied()).collect()
        }
        Some(first) => vec![*first],
        None => Vec::new(),
    }
}

/// The last hint, else the first error that CRIU hardly stopped at.
fn hints<'a>(criu: &[Said<'a>]) -> impl Iterator<Item = Said<'a>> {
    let hint = |said: &&Said<'_>| said.part == Part::Aside && said.entry.role() == Some(Role::Hint);
    let doubtful = |said: &&Said<'_>| said.part == Part::Perhaps;
    criu.iter()
        .rfind(hint)
        .or_else(|| criu.iter().find(doubtful))
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
