//! What a rewritten image remembers of the time before.

use crate::auxv::hwcap;
use crate::units::{Pid, Vl};

use super::Facts;

/// What the journal of a rewritten image says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rewritten {
    /// Who rewrote it: name and version of the program.
    pub tool: String,
    /// Name of the target it was rewritten for last.
    pub target: String,
    /// The edits, oldest first.
    pub edits: Vec<RewrittenEdit>,
    /// What edits may have hidden, by task.
    pub told: Vec<Told>,
}

/// An edit that was made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RewrittenEdit {
    /// Id of the rule it was made for.
    pub rule: String,
    /// What it did, in a few words.
    pub what: String,
}

/// What a task was told and showed before the image was rewritten.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Told {
    /// The task.
    pub pid: Pid,
    /// AT_HWCAP, AT_HWCAP2, AT_HWCAP3, AT_HWCAP4; `None` for a word that was not there.
    pub words: [Option<u64>; 4],
    /// The non-streaming vector lengths its signal frames showed.
    pub vector_lengths: Vec<Vl>,
}

impl Facts<'_> {
    /// Adds what the image's journal remembers. A journal only ever adds to what a task was told and
    /// showed: one that was tampered with can make an image look more demanding, never less.
    #[must_use]
    pub fn with_journal(mut self, journal: Option<Rewritten>) -> Self {
        for told in journal.iter().flat_map(|journal| &journal.told) {
            for task in self
                .tasks
                .iter_mut()
                .filter(|task| task.task.pid == told.pid)
            {
                join(&mut task.told.words, told.words);
                task.remembered_vector_lengths.extend(&told.vector_lengths);
            }
        }
        self.rewritten = journal;
        self
    }

    /// What a journal has to remember of the tasks as they stand.
    #[must_use]
    pub fn to_remember(&self) -> Vec<Told> {
        self.tasks
            .iter()
            .filter(|task| task.auxv.is_some())
            .map(|task| Told {
                pid: task.task.pid,
                words: task.told.words,
                vector_lengths: task.shown_vector_lengths(),
            })
            .collect()
    }
}

/// The bits of both; a word that only one of them has is that one's.
pub(super) fn join(words: &mut [Option<u64>; 4], others: [Option<u64>; 4]) {
    for (word, other) in words.iter_mut().zip(others) {
        *word = hwcap::join(*word, other);
    }
}
