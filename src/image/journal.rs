//! Between the journal that the engine keeps and what the facts remember.

use std::fs;

use super::Error;
use crate::auxv::hwcap::{self, HwcapWord};
use crate::facts::{Facts, Rewritten, RewrittenEdit, Told};
use crate::input;
use crate::profile::builtin;
use crate::profile::model::{Profile, Source};
use crate::rewrite::edit::Plan;
use crate::rewrite::engine::{self, JournalHead, Shown};
use crate::units::{Pid, Vl};

/// What the image's journal says; `None` where the image was not rewritten.
///
/// # Errors
/// A journal that cannot be read, or whose rewriting was not finished.
pub(super) fn read(image: &dyn input::Source) -> Result<Option<Rewritten>, Error> {
    let Some(journal) = engine::journal_of(image).map_err(Error::Journal)? else {
        return Ok(None);
    };
    if !journal.complete {
        return Err(Error::Interrupted(image.name().to_owned()));
    }
    let mut history: Vec<_> = journal.history().collect();
    history.reverse();
    let edits = history.iter().flat_map(|journal| &journal.edits);
    let mut told: Vec<Told> = Vec::new();
    for journal in &history {
        for entry in &journal.told {
            let word = HwcapWord::ALL
                .into_iter()
                .position(|word| word.tag() == entry.at);
            if let Some(slot) = word.and_then(|word| of(&mut told, entry.pid).words.get_mut(word)) {
                *slot = hwcap::join(*slot, entry.value);
            }
        }
        for entry in &journal.shown {
            of(&mut told, entry.pid)
                .vector_lengths
                .extend(entry.vector_lengths.iter().copied().map(Vl));
        }
    }
    Ok(Some(Rewritten {
        tool: journal.tool.clone(),
        target: journal.target.clone(),
        edits: edits
            .map(|edit| RewrittenEdit {
                rule: edit.rule.clone(),
                what: edit.what.clone(),
            })
            .collect(),
        told,
    }))
}

/// The entry of a task, made where there is none.
fn of(told: &mut Vec<Told>, pid: u32) -> &mut Told {
    let pid = Pid(pid);
    let at = match told.iter().position(|entry| entry.pid == pid) {
        Some(at) => at,
        None => {
            told.push(Told {
                pid,
                words: [None; 4],
                vector_lengths: Vec::new(),
            });
            told.len() - 1
        }
    };
    &mut told[at]
}

/// What the journal of the result remembers: this rewriting, and those before it.
pub(super) fn after(facts: &Facts<'_>, plan: &Plan, target: &Profile) -> Rewritten {
    let earlier = facts.rewritten.iter().flat_map(|journal| &journal.edits);
    let now = plan.edits.iter().map(|edit| RewrittenEdit {
        rule: edit.rule.to_string(),
        what: edit.what.clone(),
    });
    Rewritten {
        tool: concat!(env!("CARGO_PKG_NAME"), " ", env!("CARGO_PKG_VERSION")).to_owned(),
        target: target.name.clone(),
        edits: earlier.cloned().chain(now).collect(),
        told: facts.to_remember(),
    }
}

/// What the engine shall write: the target and its digest, and what the tasks were told and showed.
///
/// # Errors
/// A profile that cannot be read again.
pub(super) fn head(remembered: &Rewritten, target: &Profile) -> Result<JournalHead, Error> {
    let profile = match &target.source {
        Source::BuiltIn => builtin::text(&target.name)
            .unwrap_or_default()
            .as_bytes()
            .to_vec(),
        Source::File(path) => fs::read(path).map_err(|error| Error::Profile {
            path: path.clone(),
            error,
        })?,
    };
    let told = remembered.told.iter().flat_map(|told| {
        let words = HwcapWord::ALL.into_iter().zip(told.words);
        words.filter_map(|(word, value)| {
            let value = Some(value?);
            Some(engine::Told {
                pid: told.pid.0,
                at: word.tag(),
                value,
            })
        })
    });
    let shown = remembered
        .told
        .iter()
        .filter(|told| !told.vector_lengths.is_empty())
        .map(|told| Shown {
            pid: told.pid.0,
            vector_lengths: told.vector_lengths.iter().map(|vl| vl.0).collect(),
        });
    Ok(JournalHead {
        target: target.name.clone(),
        sha256: engine::digest(&profile),
        told: told.collect(),
        shown: shown.collect(),
    })
}
