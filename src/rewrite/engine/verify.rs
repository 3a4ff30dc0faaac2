//! Holding the copy against the image: every planned byte changed, every other one the same.
//!
//! Where the file system let the copy share the image's bytes (`FICLONE`), it vouches for what was not
//! written to since, and only the surroundings of edits are read: the cost then goes with the edits and not
//! with the image.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::os::fd::OwnedFd;

use super::bytes::{Extent, compare, read_whole};
use super::copy::{Pair, Visit, names};
use super::error::Error;
use super::files::Files;
use super::lower::{MAX_MESSAGES, What};
use super::name::io_error;

/// Compares; changes nothing.
pub(super) struct Compare<'a> {
    pub(super) files: &'a Files,
    /// By label.
    pub(super) work: BTreeMap<String, &'a What>,
    /// Labels of files that share their bytes with the image.
    pub(super) shared: &'a BTreeSet<String>,
    /// How many of `work` were met.
    pub(super) met: usize,
}

fn differs(label: String, why: &str) -> Error {
    Error::Verify {
        file: label,
        offset: 0,
        why: why.to_owned(),
    }
}

impl Compare<'_> {
    fn open(&self, dir: &OwnedFd, name: &OsStr, label: &str) -> Result<File, Error> {
        self.files
            .open(dir, name)
            .map_err(io_error("open", label))?
            .ok_or_else(|| differs(label.to_owned(), "no such file"))
    }
}

impl Visit for Compare<'_> {
    fn file(&mut self, at: &Pair, name: &OsStr) -> Result<(), Error> {
        let label = at.label(name);
        let from = self.open(&at.from, name, &label)?;
        let to = self.open(&at.to, name, &label)?;
        let work = self.work.get(&label).copied();
        self.met = self.met.saturating_add(usize::from(work.is_some()));
        let extent = match self.shared.contains(&label) {
            true => Extent::AroundSpans,
            false => Extent::All,
        };
        match work {
            None => compare(self.files, &from, &to, &label, &[], extent),
            Some(What::Spans { spans, .. }) => {
                compare(self.files, &from, &to, &label, spans, extent)
            }
            Some(What::Whole { old, new }) => {
                if read_whole(self.files, &from, &label, MAX_MESSAGES)? != *old {
                    return Err(differs(label, "the original has other bytes"));
                }
                if read_whole(self.files, &to, &label, MAX_MESSAGES)? != *new {
                    return Err(differs(label, "other bytes than planned"));
                }
                Ok(())
            }
        }
    }

    fn link(&mut self, at: &Pair, name: &OsStr, text: &OsStr) -> Result<(), Error> {
        let label = at.label(name);
        let found = self.files.read_link(&at.to, name);
        if found.map_err(io_error("read", &label))? != text {
            return Err(differs(label, "another link"));
        }
        Ok(())
    }

    fn enter(&mut self, _: &Pair, _: &OsStr) -> Result<(), Error> {
        Ok(())
    }

    fn leave(&mut self, at: &Pair, expected: &[OsString]) -> Result<(), Error> {
        let found = names(self.files, &at.to, &at.label, at.level)?;
        if !found.iter().map(|(name, _)| name).eq(expected) {
            return Err(differs(at.label(OsStr::new(".")), "other files"));
        }
        Ok(())
    }
}
