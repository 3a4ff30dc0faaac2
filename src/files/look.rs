//! What lies below the restoring side's root directory.

use std::os::unix::fs::MetadataExt as _;
use std::path::Path;
use std::{fs, io};

use super::{FileFacts, Found, FoundId, LookedIn, NeededFile, build_id};
use crate::input::{Root, SourceError, Status};

/// Files that are looked for. Real checkpoints need some hundreds, of which one is opened at a time.
pub const MAX_LOOKED_FOR: usize = 1 << 16;

/// Longest path that Linux opens, its end included (`PATH_MAX`, `include/uapi/linux/limits.h`).
const PATH_MAX: usize = 4096;

/// The directory that stands for the restoring side's `/`.
#[derive(Debug)]
pub struct TargetRoot {
    root: Root,
    looked_in: LookedIn,
}

impl TargetRoot {
    /// Opens the directory at `path`.
    ///
    /// # Errors
    /// When there is no such directory, or none that may be read.
    pub fn open(path: &Path) -> Result<Self, SourceError> {
        let same = |one: fs::Metadata, other: fs::Metadata| {
            (one.dev(), one.ino()) == (other.dev(), other.ino())
        };
        let is_system = fs::metadata(path)
            .and_then(|one| Ok(same(one, fs::metadata("/")?)))
            .unwrap_or(false);
        Ok(Self {
            root: Root::open(path)?,
            looked_in: LookedIn {
                name: path.display().to_string(),
                is_system,
            },
        })
    }

    /// Looks for every file that a root file system must have.
    pub fn look_for(&self, files: &mut FileFacts) {
        let wanted = files.needed.iter_mut().filter(|file| file.is_in_root());
        for (at, file) in wanted.enumerate() {
            file.found = Some(if at < MAX_LOOKED_FOR {
                self.look(file)
            } else {
                Found::NotSeen(format!(
                    "not looked for: there are more than {MAX_LOOKED_FOR}"
                ))
            });
        }
        files.looked_in = Some(self.looked_in.clone());
    }

    fn look(&self, file: &NeededFile) -> Found {
        let path = file.lies.path().unwrap_or_default();
        if path.len() >= PATH_MAX || path.contains('\0') {
            return Found::NotSeen("no path that can be opened".to_owned());
        }
        // Names are bytes to Linux. One that was not UTF-8 is not known here any more.
        if path.contains(char::REPLACEMENT_CHARACTER) {
            return Found::NotSeen("its path is not UTF-8".to_owned());
        }
        // A file that the tasks have open by way of the root has this path.
        let path = if path.is_empty() { "/" } else { path };
        match self.root.status(path, file.saved.no_follow) {
            Ok(None) => Found::Nothing,
            Ok(Some(status)) => self.something(path, file, status),
            Err(error) => Found::NotSeen(why(&error)),
        }
    }

    fn something(&self, path: &str, file: &NeededFile, status: Status) -> Found {
        let comparable = status.regular && !file.saved.build_id.is_empty();
        let build_id = if comparable && file.saved.size.is_none_or(|size| size == status.size) {
            match self.root.map(path) {
                Ok(Some(bytes)) => build_id::of(&bytes).map_or(FoundId::None, FoundId::Some),
                Ok(None) => FoundId::Unreadable("it went away while hwcr looked".to_owned()),
                Err(error) => FoundId::Unreadable(why(&error)),
            }
        } else {
            FoundId::NotRead
        };
        Found::Something {
            size: status.size,
            mode: status.mode,
            build_id,
            read_only: status.read_only,
        }
    }
}

/// The reason in an error, without the path, which is said anyway.
fn why(error: &SourceError) -> String {
    let read = |error: &io::Error| format!("it cannot be read ({error})");
    match error {
        SourceError::Read { error, .. } => read(error),
        SourceError::NotBinary { why, .. } => why.clone(),
        other => other.to_string(),
    }
}
