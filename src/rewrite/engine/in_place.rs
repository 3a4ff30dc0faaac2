//! A rewrite of the image itself, behind a journal that holds every old byte before the first one changes.
//!
//! The journal's `complete` is the switch: while it is false, [`recover`] puts the old bytes back; a crash
//! before the journal has its name, or after it was removed, finds the old image.

use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::os::fd::OwnedFd;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

use super::Recheck;
use super::apply::Applied;
use super::bytes::{digest_outside, read_exact, read_whole, size};
use super::copy::names;
use super::error::Error;
use super::files::Files;
use super::journal::{self, JOURNAL, Journal, JournalHead, Undo, digest};
use super::lower::{MAX_MESSAGES, Span, What, Work, lower};
use super::name::{EDIT_TEMP, FileName, JOURNAL_TEMP, directory, gone, io_error};
use crate::rewrite::edit::Plan;

/// What [`recover`] found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Recovered {
    /// No rewrite was interrupted.
    Clean,
    /// One was; the old bytes are back.
    RolledBack,
}

/// Does `plan` to the image directory `image` itself. `recheck` sees it with a journal that is not
/// [`complete`](Journal::complete) yet.
///
/// Pages are changed where they lie, files of messages are replaced. A file with several hard links and
/// a parent image elsewhere are refused, as others may use them.
///
/// # Errors
/// When the plan does not fit, the image cannot be written or the result does not stand. The old bytes
/// are back then, unless the error is [`Error::NotRolledBack`].
pub fn apply_in_place(
    image: &Path,
    plan: &Plan,
    journal: JournalHead,
    recheck: Recheck<'_>,
) -> Result<Applied, Error> {
    apply_in_place_with(&Files::default(), image, plan, journal, recheck)
}

/// [`apply_in_place`] with other operations.
///
/// # Errors
/// As there.
pub fn apply_in_place_with(
    files: &Files,
    image: &Path,
    plan: &Plan,
    journal: JournalHead,
    recheck: Recheck<'_>,
) -> Result<Applied, Error> {
    let shown = image.display().to_string();
    let dir = open_locked(files, image)?;
    let before = journal::read_in(files, &dir)?;
    if before.as_ref().is_some_and(|(_, before)| !before.complete) {
        return Err(Error::Unfinished { dir: shown });
    }
    let work = lower(files, &dir, plan, false)?;
    let guarded = work
        .iter()
        .map(|work| Guarded::new(files, &dir, work))
        .collect::<Result<Vec<_>, _>>()?;
    let listed = names(files, &dir, "", 0)?;
    let mut journal = Journal::new(journal, plan, &work, before, false)?;
    let like = files
        .stat(&dir, OsStr::new("inventory.img"))
        .map_err(io_error("stat", &shown))?;

    let done = journal::write_in(files, &dir, &journal, like.as_ref())
        .and_then(|()| guarded.iter().try_for_each(|guarded| guarded.change(files)))
        .and_then(|()| guarded.iter().try_for_each(|guarded| guarded.verify(files)))
        .and_then(|()| {
            if names(files, &dir, "", 0)? == listed {
                return Ok(());
            }
            Err(Error::Verify {
                file: shown.clone(),
                offset: 0,
                why: "other files".to_owned(),
            })
        })
        .and_then(|()| recheck(image).map_err(|why| Error::Recheck { why }))
        .and_then(|()| {
            journal.complete = true;
            journal::write_in(files, &dir, &journal, like.as_ref())
        });
    if let Err(error) = done {
        // Whether the last journal got its name is unknown where it failed: the files tell.
        journal.complete = false;
        return Err(match give_up(files, &dir, &journal) {
            Ok(()) => error,
            Err(again) => Error::NotRolledBack {
                error: Box::new(error),
                again: Box::new(again),
            },
        });
    }
    Ok(Applied {
        image: image.to_path_buf(),
        changed: work.iter().map(|work| work.file.to_string()).collect(),
        copied: 0,
        shared: 0,
    })
}

/// Ends what a crash interrupted: after it, the image is as before the rewrite, or as after it if that was
/// finished.
///
/// # Errors
/// When the journal is none, bytes are neither the old nor the new ones, or files cannot be written.
pub fn recover(image: &Path) -> Result<Recovered, Error> {
    recover_with(&Files::default(), image)
}

/// [`recover`] with other operations.
///
/// # Errors
/// As there.
pub fn recover_with(files: &Files, image: &Path) -> Result<Recovered, Error> {
    let dir = open_locked(files, image)?;
    match journal::read_in(files, &dir)? {
        Some((_, journal)) if !journal.complete => {
            roll_back(files, &dir, &journal)?;
            Ok(Recovered::RolledBack)
        }
        _ => {
            sweep(files, &dir, JOURNAL_TEMP)?;
            Ok(Recovered::Clean)
        }
    }
}

/// Puts the old bytes back, in an image that was rewritten in place or in a rewritten copy, and removes the
/// journal, or puts back the one of the rewrite before. Also ends an interrupted rewrite.
///
/// # Errors
/// [`Error::NotRewritten`] without a journal; [`Error::Changed`] when a file was changed since, in
/// which case nothing is; else as [`recover`].
pub fn undo(image: &Path) -> Result<(), Error> {
    undo_with(&Files::default(), image)
}

/// [`undo`] with other operations.
///
/// # Errors
/// As there.
pub fn undo_with(files: &Files, image: &Path) -> Result<(), Error> {
    let dir = open_locked(files, image)?;
    let Some((_, mut journal)) = journal::read_in(files, &dir)? else {
        return Err(Error::NotRewritten {
            dir: image.display().to_string(),
        });
    };
    if journal.complete {
        for (name, undo) in &journal.undo_work()? {
            Target::open(files, &dir, name)?.check(files, undo, true)?;
        }
        journal.complete = false;
        let like = files
            .stat(&dir, OsStr::new(JOURNAL))
            .map_err(io_error("stat", JOURNAL))?;
        journal::write_in(files, &dir, &journal, like.as_ref())?;
    }
    roll_back(files, &dir, &journal)
}

fn open_locked(files: &Files, image: &Path) -> Result<OwnedFd, Error> {
    let shown = image.display().to_string();
    let dir = files.open_dir(image).map_err(io_error("open", &shown))?;
    if !files.lock(&dir).map_err(io_error("lock", &shown))? {
        return Err(Error::Busy { dir: shown });
    }
    Ok(dir)
}

/// Removes the remains of a write that was cut short.
fn sweep(files: &Files, dir: &OwnedFd, name: &str) -> Result<(), Error> {
    let failed = || io_error("remove", name);
    let name = OsStr::new(name);
    // Asked first, as a directory that cannot be written to is no failure where nothing is left.
    if files.stat(dir, name).map_err(failed())?.is_some() {
        files.unlink(dir, name).map_err(failed())?;
    }
    Ok(())
}

/// After a failure: nothing was changed unless the journal got its name.
fn give_up(files: &Files, dir: &OwnedFd, journal: &Journal) -> Result<(), Error> {
    if let Some((_, mut found)) = journal::read_in(files, dir)? {
        let complete = std::mem::replace(&mut found.complete, false);
        if found == *journal {
            if complete {
                // Otherwise a crash while rolling back would leave a mixture that looks finished.
                let like = files.stat(dir, OsStr::new(JOURNAL));
                let like = like.map_err(io_error("stat", JOURNAL))?;
                journal::write_in(files, dir, journal, like.as_ref())?;
            }
            return roll_back(files, dir, journal);
        }
    }
    sweep(files, dir, JOURNAL_TEMP)
}

/// Puts all old bytes back and then removes the journal. Checks all before it changes any.
fn roll_back(files: &Files, dir: &OwnedFd, journal: &Journal) -> Result<(), Error> {
    let mut targets = Vec::new();
    for (name, undo) in journal.undo_work()? {
        let target = Target::open(files, dir, &name)?;
        target.check(files, &undo, false)?;
        targets.push((target, undo));
    }
    for (target, undo) in &targets {
        target.restore(files, undo)?;
    }
    if let Some(before) = &journal.before_bytes {
        let like = files
            .stat(dir, OsStr::new(JOURNAL))
            .map_err(io_error("stat", JOURNAL))?;
        return journal::write_bytes(files, dir, &before.0, like.as_ref());
    }
    sweep(files, dir, JOURNAL_TEMP)?;
    let failed = || io_error("remove", JOURNAL);
    files.unlink(dir, OsStr::new(JOURNAL)).map_err(failed())?;
    files.sync(dir).map_err(failed())
}

/// A file that is changed where it lies.
struct Target {
    label: String,
    dir: OwnedFd,
    name: OsString,
}

impl Target {
    fn open(files: &Files, root: &OwnedFd, name: &FileName) -> Result<Self, Error> {
        Ok(Self {
            label: name.to_string(),
            dir: directory(files, root, name, false)?,
            name: name.os().to_owned(),
        })
    }

    fn read(&self, files: &Files) -> Result<File, Error> {
        let failed = || io_error("open", &self.label);
        let file = files.open(&self.dir, &self.name).map_err(failed())?;
        file.ok_or_else(|| failed()(std::io::ErrorKind::NotFound.into()))
    }

    fn write(&self, files: &Files) -> Result<File, Error> {
        let failed = || io_error("change", &self.label);
        let file = files.open_write(&self.dir, &self.name).map_err(failed())?;
        file.ok_or_else(|| failed()(std::io::ErrorKind::NotFound.into()))
    }

    /// Puts another content in the file's place. Whoever opens the name finds the old or the new one.
    fn replace(&self, files: &Files, content: &[u8]) -> Result<(), Error> {
        let failed = || io_error("change", &self.label);
        let temp = OsStr::new(EDIT_TEMP);
        let like = files.fstat(self.read(files)?).map_err(failed())?;
        sweep(files, &self.dir, EDIT_TEMP)?;
        let file = files.create(&self.dir, temp).map_err(failed())?;
        files.write_at(&file, content, 0).map_err(failed())?;
        files.dress(&file, &like, false).map_err(failed())?;
        files.sync(&file).map_err(failed())?;
        files
            .rename(&self.dir, temp, &self.name)
            .map_err(failed())?;
        files.sync(&self.dir).map_err(failed())
    }

    /// Fails unless the file holds old or new bytes; in one span they may be mixed unless `strict`, as a
    /// crash can cut a write anywhere.
    fn check(&self, files: &Files, undo: &Undo, strict: bool) -> Result<(), Error> {
        let changed = |offset| {
            Err(Error::Changed {
                file: self.label.clone(),
                offset,
            })
        };
        let file = self.read(files)?;
        match undo {
            Undo::Whole(old, new) => {
                // The digest of a file that is too large is neither's.
                if size(&file, &self.label)? > MAX_MESSAGES {
                    return changed(0);
                }
                let found = read_whole(files, &file, &self.label, MAX_MESSAGES)?;
                if found != *old && digest(&found) != *new {
                    return changed(0);
                }
            }
            Undo::Spans(len, spans) => {
                if size(&file, &self.label)? != *len {
                    return changed(*len);
                }
                for span in spans {
                    let found = read_exact(files, &file, &self.label, span.offset, span.old.len())?;
                    let mixed = || {
                        let pairs = found.iter().zip(span.old.iter().zip(&span.new));
                        pairs
                            .into_iter()
                            .all(|(found, (old, new))| found == old || found == new)
                    };
                    if found != span.old && found != span.new && (strict || !mixed()) {
                        return changed(span.offset);
                    }
                }
            }
        }
        Ok(())
    }

    fn restore(&self, files: &Files, undo: &Undo) -> Result<(), Error> {
        sweep(files, &self.dir, EDIT_TEMP)?;
        match undo {
            Undo::Whole(old, _) => {
                let file = self.read(files)?;
                if read_whole(files, &file, &self.label, MAX_MESSAGES)? != *old {
                    self.replace(files, old)?;
                }
                Ok(())
            }
            Undo::Spans(_, spans) => self.put(files, spans, |span| &span.old),
        }
    }

    /// Writes one side of `spans`, where it is not there already: a hole that was not filled needs no room.
    fn put(
        &self,
        files: &Files,
        spans: &[Span],
        side: impl Fn(&Span) -> &Vec<u8>,
    ) -> Result<(), Error> {
        let failed = || io_error("change", &self.label);
        let file = self.write(files)?;
        for span in spans {
            let wanted = side(span);
            if read_exact(files, &file, &self.label, span.offset, wanted.len())? != *wanted {
                files
                    .write_at(&file, wanted, span.offset)
                    .map_err(failed())?;
            }
        }
        files.sync(&file).map_err(failed())
    }
}

/// A file to be changed, and what must not change in it.
struct Guarded<'a> {
    target: Target,
    what: &'a What,
    outside: Option<[u8; 32]>,
}

impl<'a> Guarded<'a> {
    fn new(files: &Files, root: &OwnedFd, work: &'a Work) -> Result<Self, Error> {
        let target = Target::open(files, root, &work.file)?;
        let mut outside = None;
        if let What::Spans { spans, .. } = &work.what {
            let failed = || io_error("change", &target.label);
            let file = files
                .open_write(&target.dir, &target.name)
                .map_err(failed())?
                .ok_or_else(|| gone(&work.file))?;
            let links = file.metadata().map_err(failed())?.nlink();
            if links > 1 {
                return Err(Error::Shared {
                    file: target.label,
                    links,
                });
            }
            outside = Some(digest_outside(files, &file, &target.label, spans)?);
        }
        Ok(Self {
            target,
            what: &work.what,
            outside,
        })
    }

    fn change(&self, files: &Files) -> Result<(), Error> {
        match self.what {
            What::Whole { new, .. } => self.target.replace(files, new),
            What::Spans { spans, .. } => self.target.put(files, spans, |span| &span.new),
        }
    }

    fn verify(&self, files: &Files) -> Result<(), Error> {
        let label = &self.target.label;
        let wrong = |offset, why: &str| {
            Err(Error::Verify {
                file: label.clone(),
                offset,
                why: why.to_owned(),
            })
        };
        let file = self.target.read(files)?;
        match self.what {
            What::Whole { new, .. } => {
                if read_whole(files, &file, label, MAX_MESSAGES)? != *new {
                    return wrong(0, "other bytes than planned");
                }
            }
            What::Spans { spans, .. } => {
                for span in spans {
                    if read_exact(files, &file, label, span.offset, span.new.len())? != span.new {
                        return wrong(span.offset, "other bytes than planned");
                    }
                }
                if Some(digest_outside(files, &file, label, spans)?) != self.outside {
                    return wrong(0, "another byte than the planned ones changed");
                }
            }
        }
        Ok(())
    }
}
