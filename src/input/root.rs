//! A directory that stands for `/`: the root file system of a container or of the machine.

use std::fs::File;
use std::os::fd::{AsFd as _, OwnedFd};
use std::path::Path;
use std::sync::Arc;

use rustix::fs::{FileType, Mode, OFlags, ResolveFlags, StatVfsMountFlags};
use rustix::io::Errno;

use super::{Blob, MAX_BINARY, SourceError};

/// Links and `..` lead to where they would lead if the directory were `/`, and never out of it.
const INSIDE: ResolveFlags = ResolveFlags::IN_ROOT.union(ResolveFlags::NO_MAGICLINKS);

/// The directory, held open.
#[derive(Debug)]
pub struct Root {
    fd: OwnedFd,
}

/// What is known of a file without opening it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Status {
    /// Bytes.
    pub size: u64,
    /// `st_mode`.
    pub mode: u32,
    /// Whether it is a regular file.
    pub regular: bool,
    /// Whether its file system is mounted read-only.
    pub read_only: bool,
}

impl Root {
    /// Opens the directory at `path`.
    ///
    /// # Errors
    /// When there is no such directory, or none that may be read.
    pub fn open(path: &Path) -> Result<Self, SourceError> {
        let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
        match rustix::fs::open(path, flags, Mode::empty()) {
            Ok(fd) => Ok(Self { fd }),
            Err(error) => Err(SourceError::Root {
                dir: path.display().to_string(),
                error: error.into(),
            }),
        }
    }

    /// What lies at `path`, without opening it; `None` when there is nothing. A link of that name is followed, inside of
    /// the directory, unless `no_follow` says that it is meant itself.
    ///
    /// # Errors
    /// When the system does not say. The kernel must know `openat2` (Linux 5.6).
    pub fn status(&self, path: &str, no_follow: bool) -> Result<Option<Status>, SourceError> {
        let failed = |error: Errno| SourceError::Read {
            file: path.to_owned(),
            offset: 0,
            error: error.into(),
        };
        let mut flags = OFlags::PATH | OFlags::CLOEXEC;
        flags.set(OFlags::NOFOLLOW, no_follow);
        let file = match rustix::fs::openat2(self.fd.as_fd(), path, flags, Mode::empty(), INSIDE) {
            Ok(file) => file,
            Err(Errno::NOENT | Errno::NOTDIR) => return Ok(None),
            Err(error) => return Err(failed(error)),
        };
        let stat = rustix::fs::fstat(&file).map_err(failed)?;
        let system = rustix::fs::fstatvfs(&file).map_err(failed)?;
        Ok(Some(Status {
            size: u64::try_from(stat.st_size).unwrap_or(0),
            mode: stat.st_mode,
            regular: FileType::from_raw_mode(stat.st_mode) == FileType::RegularFile,
            read_only: system.f_flag.contains(StatVfsMountFlags::RDONLY),
        }))
    }

    /// Maps the regular file at `path`, which is absolute or relative to the directory; `None` when there is none.
    ///
    /// # Errors
    /// When it is no regular file, is larger than [`MAX_BINARY`], or cannot be opened or mapped. The kernel must
    /// know `openat2` (Linux 5.6).
    pub fn map(&self, path: &str) -> Result<Option<Arc<Blob>>, SourceError> {
        let failed = |error: std::io::Error| SourceError::Read {
            file: path.to_owned(),
            offset: 0,
            error,
        };
        let open = |flags| {
            rustix::fs::openat2(
                self.fd.as_fd(),
                path,
                flags | OFlags::CLOEXEC,
                Mode::empty(),
                INSIDE,
            )
        };
        let other = |why: String| SourceError::NotBinary {
            file: path.to_owned(),
            why,
        };
        // Opening a device can do things, so it is looked at first.
        let found = match open(OFlags::PATH) {
            Ok(found) => found,
            Err(Errno::NOENT | Errno::NOTDIR) => return Ok(None),
            Err(error) => return Err(failed(error.into())),
        };
        let stat = rustix::fs::fstat(&found).map_err(|error| failed(error.into()))?;
        if FileType::from_raw_mode(stat.st_mode) != FileType::RegularFile {
            return Err(other("not a regular file".to_owned()));
        }
        let file = open(OFlags::RDONLY | OFlags::NONBLOCK | OFlags::NOCTTY)
            .map(File::from)
            .map_err(|error| failed(error.into()))?;
        let meta = file.metadata().map_err(failed)?;
        if !meta.is_file() {
            return Err(other("not a regular file".to_owned()));
        }
        if meta.len() > MAX_BINARY {
            return Err(other(format!(
                "{} bytes, more than the {MAX_BINARY} that are looked into",
                meta.len()
            )));
        }
        Ok(Some(Arc::new(Blob::map(&file).map_err(failed)?)))
    }
}
