//! Walking an image and its copy side by side: copying, and finishing the copy.

use std::collections::BTreeSet;
use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::os::fd::OwnedFd;
use std::path::{Component, Path, PathBuf};

use rustix::fs::FileType;

use super::bytes::{CHUNK, read_into, size};
use super::error::Error;
use super::files::Files;
use super::journal::JOURNAL;
use super::name::{EDIT_TEMP, JOURNAL_TEMP, io_error};
use crate::input::{MAX_FILES, MAX_PARENTS, PARENT_LINK};

/// Directories inside of each other that are followed; CRIU makes none, engines may add some, and each
/// parent that is copied is one.
const MAX_LEVELS: usize = MAX_PARENTS + 16;

/// A directory of the image and its counterpart.
pub(super) struct Pair {
    pub(super) from: OwnedFd,
    pub(super) to: OwnedFd,
    /// Where `from` really lies.
    pub(super) from_path: PathBuf,
    /// Where `to` will really lie.
    pub(super) to_path: PathBuf,
    /// Where the tree begins that `from` is copied as a part of.
    pub(super) root: PathBuf,
    /// What to put in front of names: empty, or ending in a slash.
    pub(super) label: String,
    /// How many parents up something is changed, so that they are copied and not linked to.
    pub(super) parents: usize,
    /// Levels below the top.
    pub(super) level: usize,
}

impl Pair {
    /// The name as it is shown, and compared with names of changed files.
    pub(super) fn label(&self, name: &OsStr) -> String {
        format!("{}{}", self.label, name.to_string_lossy())
    }
}

/// What is done on the way.
pub(super) trait Visit {
    /// A regular file.
    fn file(&mut self, at: &Pair, name: &OsStr) -> Result<(), Error>;
    /// A link, and the text its counterpart has.
    fn link(&mut self, at: &Pair, name: &OsStr, text: &OsStr) -> Result<(), Error>;
    /// A directory that is about to be entered.
    fn enter(&mut self, at: &Pair, name: &OsStr) -> Result<(), Error>;
    /// A directory of which all else is done; `names` are those it has in the image.
    fn leave(&mut self, at: &Pair, names: &[OsString]) -> Result<(), Error>;
}

/// The names of a directory that belong to the image.
pub(super) fn names(
    files: &Files,
    dir: &OwnedFd,
    label: &str,
    level: usize,
) -> Result<Vec<(OsString, FileType)>, Error> {
    let shown = if label.is_empty() { "." } else { label };
    let list = files
        .list(dir, MAX_FILES)
        .map_err(io_error("list", shown))?;
    let mut list = list.ok_or_else(|| Error::TooMany {
        file: shown.to_owned(),
        what: "files",
        limit: MAX_FILES,
    })?;
    list.retain(|(name, _)| {
        let own = name == JOURNAL_TEMP || name == EDIT_TEMP || (level == 0 && name == JOURNAL);
        !own
    });
    Ok(list)
}

/// Walks all of `pair`, names in order, what lies inside of a directory before its end.
pub(super) fn walk(files: &Files, pair: &Pair, visit: &mut dyn Visit) -> Result<(), Error> {
    if pair.level > MAX_LEVELS {
        return Err(Error::TooMany {
            file: pair.label.clone(),
            what: "directories inside of each other",
            limit: MAX_LEVELS,
        });
    }
    let list = names(files, &pair.from, &pair.label, pair.level)?;
    for (name, kind) in &list {
        let label = pair.label(name);
        let parent = name == PARENT_LINK;
        match kind {
            FileType::RegularFile => visit.file(pair, name)?,
            FileType::Directory => {
                let from = files
                    .enter(&pair.from, name)
                    .map_err(io_error("open", &label))?;
                let path = pair.from_path.join(name);
                descend(files, pair, name, (from, path, pair.root.clone()), visit)?;
            }
            FileType::Symlink if parent && pair.parents > 0 => {
                let from = files
                    .follow(&pair.from, name)
                    .map_err(io_error("open", &label))?;
                let path = std::fs::canonicalize(pair.from_path.join(name))
                    .map_err(io_error("open", &label))?;
                descend(files, pair, name, (from, path.clone(), path), visit)?;
            }
            FileType::Symlink => {
                let text = files
                    .read_link(&pair.from, name)
                    .map_err(io_error("read", &label))?;
                let text = if parent { relink(pair, &text) } else { text };
                visit.link(pair, name, &text)?;
            }
            _ => return Err(Error::Special { file: label }),
        }
    }
    let list: Vec<_> = list.into_iter().map(|(name, _)| name).collect();
    visit.leave(pair, &list)
}

fn descend(
    files: &Files,
    pair: &Pair,
    name: &OsStr,
    (from, from_path, root): (OwnedFd, PathBuf, PathBuf),
    visit: &mut dyn Visit,
) -> Result<(), Error> {
    let label = pair.label(name);
    if pair
        .to_path
        .parent()
        .is_some_and(|to| to.starts_with(&from_path))
    {
        return Err(Error::Inside {
            out: pair.to_path.display().to_string(),
            image: from_path.display().to_string(),
        });
    }
    visit.enter(pair, name)?;
    let to = files
        .enter(&pair.to, name)
        .map_err(io_error("open", &label))?;
    let inside = Pair {
        from,
        to,
        from_path,
        to_path: pair.to_path.join(name),
        root,
        label: format!("{label}/"),
        parents: if name == PARENT_LINK {
            pair.parents.saturating_sub(1)
        } else {
            0
        },
        level: pair.level.saturating_add(1),
    };
    walk(files, &inside, visit)
}

/// The text that lets a `parent` link lead to the same place from the copy: the same wherever that will do.
fn relink(pair: &Pair, text: &OsStr) -> OsString {
    let same = text.to_owned();
    let Ok(place) = std::fs::canonicalize(pair.from_path.join(text)) else {
        return same;
    };
    if Path::new(text).is_absolute()
        || place.starts_with(&pair.root)
        || plain(&pair.to_path.join(text)) == place
    {
        return same;
    }
    let shared = place
        .components()
        .zip(pair.to_path.components())
        .take_while(|(one, other)| one == other)
        .count();
    let up = pair.to_path.components().skip(shared).map(|_| "..");
    let mut out: PathBuf = up.collect();
    out.extend(place.components().skip(shared));
    out.into_os_string()
}

/// The path without `.` and `..`, taking no directory on it for a link.
fn plain(path: &Path) -> PathBuf {
    let mut out = PathBuf::new();
    for part in path.components() {
        match part {
            Component::ParentDir => {
                out.pop();
            }
            Component::CurDir => {}
            other => out.push(other),
        }
    }
    out
}

/// Makes the copy.
pub(super) struct Copy<'a> {
    pub(super) files: &'a Files,
    /// Regular files copied.
    pub(super) count: usize,
    /// Labels of those that share their bytes with the image.
    pub(super) shared: BTreeSet<String>,
}

impl Visit for Copy<'_> {
    fn file(&mut self, at: &Pair, name: &OsStr) -> Result<(), Error> {
        let label = at.label(name);
        let from = self
            .files
            .open(&at.from, name)
            .map_err(io_error("open", &label))?
            .ok_or_else(|| io_error("open", &label)(std::io::ErrorKind::NotFound.into()))?;
        let to = self
            .files
            .create(&at.to, name)
            .map_err(io_error("create", &label))?;
        self.count = self.count.saturating_add(1);
        if self
            .files
            .share(&to, &from)
            .map_err(io_error("copy", &label))?
        {
            self.shared.insert(label);
            return Ok(());
        }
        copy_bytes(self.files, &from, &to, &label)
    }

    fn link(&mut self, at: &Pair, name: &OsStr, text: &OsStr) -> Result<(), Error> {
        self.files
            .link(text, &at.to, name)
            .map_err(io_error("create", &at.label(name)))
    }

    fn enter(&mut self, at: &Pair, name: &OsStr) -> Result<(), Error> {
        self.files
            .make_dir(&at.to, name)
            .map_err(io_error("create", &at.label(name)))
    }

    fn leave(&mut self, _: &Pair, _: &[OsString]) -> Result<(), Error> {
        Ok(())
    }
}

/// Copies data and leaves holes holes.
fn copy_bytes(files: &Files, from: &File, to: &File, label: &str) -> Result<(), Error> {
    let len = size(from, label)?;
    files.set_len(to, len).map_err(io_error("copy", label))?;
    let mut bytes = Vec::new();
    let mut at = 0u64;
    while at < len {
        at = files
            .next_data(from, at, len)
            .map_err(io_error("copy", label))?;
        if at >= len {
            break;
        }
        let end = files
            .next_hole(from, at, len)
            .map_err(io_error("copy", label))?;
        while at < end {
            let count = usize::try_from(end.saturating_sub(at)).map_or(CHUNK, |n| n.min(CHUNK));
            read_into(files, from, label, at, count, &mut bytes)?;
            files
                .write_at(to, &bytes, at)
                .map_err(io_error("copy", label))?;
            at = at.saturating_add(u64::try_from(count).unwrap_or(u64::MAX));
        }
    }
    Ok(())
}

/// Gives the copy modes, owners and times, and puts it on the disk.
pub(super) struct Finish<'a> {
    pub(super) files: &'a Files,
    /// Labels of changed files, whose times are their own.
    pub(super) changed: BTreeSet<String>,
}

impl Finish<'_> {
    fn dress(&self, at: &Pair, name: &OsStr, times: bool) -> Result<(), Error> {
        let failed = || io_error("set the mode of", &at.label(name));
        let missing = || std::io::Error::from(std::io::ErrorKind::NotFound);
        let like = self.files.stat(&at.from, name).map_err(failed())?;
        let like = like.ok_or_else(missing).map_err(failed())?;
        let to = self.files.open(&at.to, name).map_err(failed())?;
        let to = to.ok_or_else(missing).map_err(failed())?;
        self.files.dress(&to, &like, times).map_err(failed())?;
        self.files
            .sync(&to)
            .map_err(io_error("write", &at.label(name)))
    }
}

impl Visit for Finish<'_> {
    fn file(&mut self, at: &Pair, name: &OsStr) -> Result<(), Error> {
        let changed = self.changed.contains(&at.label(name));
        self.dress(at, name, !changed)
    }

    fn link(&mut self, _: &Pair, _: &OsStr, _: &OsStr) -> Result<(), Error> {
        Ok(())
    }

    fn enter(&mut self, _: &Pair, _: &OsStr) -> Result<(), Error> {
        Ok(())
    }

    fn leave(&mut self, at: &Pair, _: &[OsString]) -> Result<(), Error> {
        let label = at.label(OsStr::new("."));
        let like = self
            .files
            .fstat(&at.from)
            .map_err(io_error("stat", &label))?;
        self.files
            .dress(&at.to, &like, true)
            .and_then(|()| self.files.sync(&at.to))
            .map_err(io_error("set the mode of", &label))
    }
}

/// Removes `name` in `dir` with all inside: a copy that this process made and nobody else knows.
pub(super) fn remove_tree(files: &Files, dir: &OwnedFd, name: &OsStr) -> std::io::Result<()> {
    let inside = files.enter(dir, name)?;
    files.open_up(&inside)?;
    for (child, kind) in files.list(&inside, usize::MAX)?.unwrap_or_default() {
        if kind == FileType::Directory {
            remove_tree(files, &inside, &child)?;
        } else {
            files.unlink(&inside, &child)?;
        }
    }
    files.remove_dir(dir, name)
}
