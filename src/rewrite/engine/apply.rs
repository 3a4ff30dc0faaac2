//! A rewrite to a copy: all of it, or nothing.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::{OsStr, OsString};
use std::hash::{BuildHasher as _, RandomState};
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};

use super::Recheck;
use super::bytes::read_exact;
use super::copy::{Copy, Finish, Pair, remove_tree, walk};
use super::error::Error;
use super::files::Files;
use super::journal::{self, JOURNAL, Journal, JournalHead};
use super::lower::{What, Work, lower};
use super::name::{directory, gone, io_error};
use super::verify::Compare;
use crate::rewrite::edit::Plan;

/// What was done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Applied {
    /// The rewritten image.
    pub image: PathBuf,
    /// The files that changed, `parent/` in front for each step up the chain.
    pub changed: Vec<String>,
    /// Regular files copied; 0 in place.
    pub copied: usize,
    /// Those of them that share their bytes with the original, where the file system can.
    pub shared: usize,
}

/// Where the output will be.
pub(super) struct Out<'a> {
    pub(super) path: &'a Path,
    name: &'a OsStr,
    pub(super) dir: OwnedFd,
    pub(super) dir_path: PathBuf,
    /// Where `dir` really is.
    real: PathBuf,
}

/// Does `plan` to a copy of the image directory `image` at `out`, which must not exist. The copy is made
/// and changed under another name beside `out` and gets its own when all of it was compared with the
/// image, `recheck` had nothing against it and it is on the disk. Links stay links; a parent image is
/// copied only where something in it changes. Owners are kept where that is allowed.
///
/// A process that is killed leaves at most a directory named `.OUT.hwcr-…` beside `out`.
///
/// # Errors
/// When `out` exists or cannot be made, the plan does not fit the image, or the result does not stand.
/// Nothing is left of the output then.
pub fn apply_to_copy(
    image: &Path,
    out: &Path,
    plan: &Plan,
    journal: JournalHead,
    recheck: Recheck<'_>,
) -> Result<Applied, Error> {
    apply_to_copy_with(&Files::default(), image, out, plan, journal, recheck)
}

/// [`apply_to_copy`] with other operations.
///
/// # Errors
/// As there.
pub fn apply_to_copy_with(
    files: &Files,
    image: &Path,
    out: &Path,
    plan: &Plan,
    journal: JournalHead,
    recheck: Recheck<'_>,
) -> Result<Applied, Error> {
    let out = Out::open(files, out)?;
    let shown = image.display().to_string();
    let root = files.open_dir(image).map_err(io_error("open", &shown))?;
    let real = std::fs::canonicalize(image).map_err(io_error("open", &shown))?;
    if out.real.starts_with(&real) {
        return Err(Error::Inside {
            out: out.path.display().to_string(),
            image: shown,
        });
    }
    let before = journal::read_in(files, &root)?;
    if before.as_ref().is_some_and(|(_, before)| !before.complete) {
        return Err(Error::Unfinished { dir: shown });
    }
    let work = lower(files, &root, plan, true)?;
    let journal = Journal::new(journal, plan, &work, before, true)?;

    let temp = out.temp_name();
    files
        .make_dir(&out.dir, &temp)
        .map_err(io_error("create", &out.path.display().to_string()))?;
    let made = fill(files, &out, &temp, (root, real), &work, &journal, recheck);
    made.map_err(|error| match remove_tree(files, &out.dir, &temp) {
        Ok(()) => error,
        Err(why) => Error::LeftBehind {
            error: Box::new(error),
            left: out.dir_path.join(&temp).display().to_string(),
            why,
        },
    })
}

impl<'a> Out<'a> {
    pub(super) fn open(files: &Files, path: &'a Path) -> Result<Self, Error> {
        let shown = path.display().to_string();
        // `/`, `.` and `..` have no name, and exist.
        let exists = || Error::Exists { out: shown.clone() };
        let name = path.file_name().ok_or_else(exists)?;
        let dir_path = match path.parent() {
            Some(dir) if dir != Path::new("") => dir.to_path_buf(),
            _ => PathBuf::from("."),
        };
        let dir_shown = dir_path.display().to_string();
        let dir = files
            .open_dir(&dir_path)
            .map_err(io_error("open", &dir_shown))?;
        let there = files.stat(&dir, name).map_err(io_error("create", &shown))?;
        if there.is_some() {
            return Err(exists());
        }
        let real = std::fs::canonicalize(&dir_path).map_err(io_error("open", &dir_shown))?;
        Ok(Self {
            path,
            name,
            dir,
            dir_path,
            real,
        })
    }

    /// A name beside the output that nobody can foresee.
    pub(super) fn temp_name(&self) -> OsString {
        let mut name = OsString::from(".");
        name.push(self.name);
        // The keys of a new state come from the system's source of randomness.
        name.push(format!(".hwcr-{:016x}", RandomState::new().hash_one(0u8)));
        name
    }

    /// Gives what was made as `temp` its name, on the disk too.
    pub(super) fn name_it(&self, files: &Files, temp: &OsStr) -> Result<(), Error> {
        let shown = self.path.display().to_string();
        files
            .rename_new(&self.dir, temp, self.name)
            .map_err(|error| match error.kind() {
                std::io::ErrorKind::AlreadyExists => Error::Exists { out: shown.clone() },
                _ => io_error("create", &shown)(error),
            })?;
        if let Err(error) = files.sync(&self.dir) {
            // Without its name on the disk it does not count; what removes the copy knows its old name.
            let _ = files.rename(&self.dir, self.name, temp);
            return Err(io_error("write", &shown)(error));
        }
        Ok(())
    }
}

fn fill(
    files: &Files,
    out: &Out<'_>,
    temp: &OsStr,
    (from, real): (OwnedFd, PathBuf),
    work: &[Work],
    journal: &Journal,
    recheck: Recheck<'_>,
) -> Result<Applied, Error> {
    let shown = out.path.display().to_string();
    let to = files
        .enter(&out.dir, temp)
        .map_err(io_error("create", &shown))?;
    let pair = Pair {
        from,
        to,
        root: real.clone(),
        from_path: real,
        to_path: out.real.join(out.name),
        label: String::new(),
        parents: work.iter().map(|work| work.file.parents).max().unwrap_or(0),
        level: 0,
    };
    let mut copy = Copy {
        files,
        count: 0,
        shared: BTreeSet::new(),
    };
    walk(files, &pair, &mut copy)?;
    for work in work {
        change(files, &pair.to, work)?;
    }
    let like = files
        .stat(&pair.from, OsStr::new("inventory.img"))
        .map_err(io_error("stat", "inventory.img"))?;
    journal::write_in(files, &pair.to, journal, like.as_ref())?;

    let mut compare = Compare {
        files,
        work: work
            .iter()
            .map(|work| (work.file.to_string(), &work.what))
            .collect::<BTreeMap<_, _>>(),
        shared: &copy.shared,
        met: 0,
    };
    walk(files, &pair, &mut compare)?;
    if compare.met != work.len()
        || journal::read_in(files, &pair.to)?.is_none_or(|(_, found)| found != *journal)
    {
        return Err(Error::Verify {
            file: JOURNAL.to_owned(),
            offset: 0,
            why: "other changes than the journal says".to_owned(),
        });
    }
    recheck(&out.dir_path.join(temp)).map_err(|why| Error::Recheck { why })?;

    let changed: Vec<_> = work.iter().map(|work| work.file.to_string()).collect();
    let mut finish = Finish {
        files,
        changed: changed.iter().cloned().collect(),
    };
    walk(files, &pair, &mut finish)?;
    out.name_it(files, temp)?;
    Ok(Applied {
        image: out.path.to_path_buf(),
        changed,
        copied: copy.count,
        shared: copy.shared.len(),
    })
}

/// Changes a file of the copy.
fn change(files: &Files, root: &OwnedFd, work: &Work) -> Result<(), Error> {
    let label = work.file.to_string();
    let failed = || io_error("change", &label);
    let dir = directory(files, root, &work.file, false)?;
    let file = files
        .open_write(&dir, work.file.os())
        .map_err(failed())?
        .ok_or_else(|| gone(&work.file))?;
    match &work.what {
        What::Whole { new, .. } => {
            files.set_len(&file, 0).map_err(failed())?;
            files.write_at(&file, new, 0).map_err(failed())
        }
        What::Spans { spans, .. } => {
            for span in spans {
                if read_exact(files, &file, &label, span.offset, span.old.len())? != span.old {
                    return Err(Error::Verify {
                        file: label,
                        offset: span.offset,
                        why: "other bytes than planned for".to_owned(),
                    });
                }
                files
                    .write_at(&file, &span.new, span.offset)
                    .map_err(failed())?;
            }
            Ok(())
        }
    }
}
