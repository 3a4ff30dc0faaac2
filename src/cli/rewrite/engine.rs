//! The seam between the command line and the rooms that plan and apply: nothing else of `cli` calls them.

use std::path::Path;
use std::sync::Arc;

use crate::auxv::hwcap::{self, HwcapWord};
use crate::facts::{Rewritten, RewrittenEdit, Told};
use crate::finding::Finding;
use crate::input::{self, RawArchive};
use crate::profile::builtin;
use crate::profile::model::{Profile, Source};
use crate::rewrite::edit::{Allowed, Plan};
use crate::rewrite::engine::{self, JournalHead, Recheck, Recovered, Shown};
use crate::rewrite::found::Found;
use crate::rewrite::{auxv, frame, pac};
use crate::rule::Case;
use crate::units::{Pid, Vl};

/// All edits that fix findings for the target, and which stay.
pub(super) fn plan(case: &Case<'_>, findings: &[Finding], allowed: &Allowed) -> Plan {
    let found = Found::new(findings);
    let mut plan = Plan::default();
    frame::plan(case, &found, allowed, &mut plan);
    auxv::plan(case, &found, allowed, &mut plan);
    pac::plan(case, &found, allowed, &mut plan);
    plan
}

/// What the journal shall say: the target and its digest, and what the tasks were told and showed.
///
/// # Errors
/// A profile that cannot be read again.
pub(super) fn journal(head: &Rewritten, target: &Profile) -> Result<JournalHead, String> {
    let profile = match &target.source {
        Source::BuiltIn => builtin::text(&target.name)
            .unwrap_or_default()
            .as_bytes()
            .to_vec(),
        Source::File(path) => std::fs::read(path).map_err(|error| format!("{path}: {error}"))?,
    };
    let told = head.told.iter().flat_map(|told| {
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
    let shown = head
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

/// Writes the rewritten image to `out`, whole and verified, or not at all.
pub(super) fn apply_to_copy(
    image: &Path,
    out: &Path,
    plan: &Plan,
    journal: JournalHead,
    recheck: Recheck<'_>,
) -> Result<(), String> {
    engine::apply_to_copy(image, out, plan, journal, recheck)
        .map(drop)
        .map_err(|error| error.to_string())
}

/// Writes another archive with the rewritten image to `out`, whole and verified, or not at all.
pub(super) fn apply_to_archive(
    archive: &RawArchive,
    images: &Arc<dyn input::Source>,
    out: &Path,
    plan: &Plan,
    journal: JournalHead,
    recheck: Recheck<'_>,
) -> Result<(), String> {
    engine::apply_to_archive(archive, images, out, plan, journal, recheck)
        .map(drop)
        .map_err(|error| error.to_string())
}

/// Rewrites the image itself behind an undo journal.
pub(super) fn apply_in_place(
    image: &Path,
    plan: &Plan,
    journal: JournalHead,
    recheck: Recheck<'_>,
) -> Result<(), String> {
    engine::apply_in_place(image, plan, journal, recheck)
        .map(drop)
        .map_err(|error| error.to_string())
}

/// Ends what an earlier run left half done in `image`; says what that was.
pub(super) fn recover(image: &Path) -> Result<Option<String>, String> {
    match engine::recover(image).map_err(|error| error.to_string())? {
        Recovered::Clean => Ok(None),
        Recovered::RolledBack => Ok(Some(format!(
            "{}: an interrupted rewrite was taken back",
            image.display()
        ))),
    }
}

/// Takes the last rewrite back; says what was done.
pub(super) fn undo(dir: &Path) -> Result<String, String> {
    if let Some(done) = recover(dir)? {
        return Ok(done);
    }
    engine::undo(dir).map_err(|error| error.to_string())?;
    Ok(format!(
        "{}: the rewrite was taken back, byte for byte",
        dir.display()
    ))
}

/// What the image's journal says; `None` where the image was not rewritten.
///
/// # Errors
/// A journal that cannot be read, or whose rewriting was not finished: then nobody knows what the image
/// was, and it must not be judged.
pub(in crate::cli) fn read_journal(image: &dyn input::Source) -> Result<Option<Rewritten>, String> {
    let Some(journal) = engine::journal_of(image).map_err(|error| error.to_string())? else {
        return Ok(None);
    };
    if !journal.complete {
        return Err(format!(
            "{0}: a rewrite was interrupted, so its files are partly old and partly new; take it back with \
             `hwcr rewrite --undo {0}`",
            image.name()
        ));
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
