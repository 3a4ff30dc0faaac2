//! Names of files in an image directory or one of its parents, and the way there.

use std::ffi::OsStr;
use std::fmt;
use std::io;
use std::os::fd::OwnedFd;

use rustix::fs::FileType;

use super::error::Error;
use super::files::Files;
use super::journal::JOURNAL;
use crate::input::{MAX_PARENTS, PARENT_LINK};

/// Where a journal is written before it gets its name.
pub(super) const JOURNAL_TEMP: &str = ".hwcr-journal.tmp";

/// Where the new content of a file is written before it gets the file's name.
pub(super) const EDIT_TEMP: &str = ".hwcr-edit.tmp";

/// A file that may be changed: some steps up the chain of parents, and a plain name.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct FileName {
    /// Number of `parent/` in front.
    pub(super) parents: usize,
    /// The name in that directory.
    pub(super) name: String,
}

impl FileName {
    /// `None` for a name that leads elsewhere or is one of the engine's own.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let mut name = text;
        let mut parents = 0usize;
        while let Some(rest) = name
            .strip_prefix(PARENT_LINK)
            .and_then(|rest| rest.strip_prefix('/'))
        {
            name = rest;
            parents = parents.saturating_add(1);
        }
        let own = [PARENT_LINK, JOURNAL, JOURNAL_TEMP, EDIT_TEMP, ".", "..", ""].contains(&name);
        (!own && !name.contains(['/', '\0']) && parents <= MAX_PARENTS).then(|| Self {
            parents,
            name: name.to_owned(),
        })
    }

    pub(super) fn os(&self) -> &OsStr {
        OsStr::new(&self.name)
    }
}

impl fmt::Display for FileName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for _ in 0..self.parents {
            write!(f, "{PARENT_LINK}/")?;
        }
        f.write_str(&self.name)
    }
}

/// Turns what the system said into an [`Error`].
pub(super) fn io_error(doing: &'static str, file: &str) -> impl FnOnce(io::Error) -> Error + use<> {
    let file = file.to_owned();
    move |error| Error::Io { file, doing, error }
}

/// The file is gone.
pub(super) fn gone(file: &FileName) -> Error {
    io_error("open", &file.to_string())(io::ErrorKind::NotFound.into())
}

/// The directory of `file`. Links called `parent` are followed only where only reading will follow.
pub(super) fn directory(
    files: &Files,
    root: &OwnedFd,
    file: &FileName,
    follow: bool,
) -> Result<OwnedFd, Error> {
    let label = file.to_string();
    let parent = OsStr::new(PARENT_LINK);
    let mut dir = root.try_clone().map_err(io_error("open", &label))?;
    for _ in 0..file.parents {
        if follow {
            dir = files
                .follow(&dir, parent)
                .map_err(io_error("open the directory of", &label))?;
            continue;
        }
        let found = files
            .stat(&dir, parent)
            .map_err(io_error("open the directory of", &label))?;
        if found.is_some_and(|stat| FileType::from_raw_mode(stat.st_mode) == FileType::Symlink) {
            return Err(Error::Elsewhere { file: label });
        }
        dir = files
            .enter(&dir, parent)
            .map_err(io_error("open the directory of", &label))?;
    }
    Ok(dir)
}
