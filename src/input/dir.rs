//! A directory of the file system.

use std::fs::File;
use std::io::{self, Read as _};
use std::os::fd::OwnedFd;
use std::path::Path;
use std::sync::Arc;

use rustix::fs::{AtFlags, Dir, FileType, Mode, OFlags};
use rustix::io::Errno;

use super::{Blob, Listed, MAX_FILES, MAX_LINK, PARENT_LINK, Parent, Source, SourceError};

/// Without `NONBLOCK`, opening a pipe would wait for a writer; without `NOFOLLOW`, a link could lead
/// anywhere.
const FILE: OFlags = OFlags::RDONLY
    .union(OFlags::NOFOLLOW)
    .union(OFlags::NONBLOCK)
    .union(OFlags::NOCTTY)
    .union(OFlags::CLOEXEC);

const DIRECTORY: OFlags = OFlags::RDONLY
    .union(OFlags::DIRECTORY)
    .union(OFlags::CLOEXEC);

/// An image directory, held open: whoever renames it meanwhile changes nothing.
#[derive(Debug)]
pub struct DirSource {
    name: String,
    /// Where it lies in what the user named; see [`Source::label`].
    label: String,
    fd: OwnedFd,
}

impl DirSource {
    /// Opens the directory at `path`.
    ///
    /// # Errors
    /// When there is no such directory, or none that may be read.
    pub fn open(path: &Path) -> Result<Self, SourceError> {
        let name = path.display().to_string();
        match rustix::fs::open(path, DIRECTORY, Mode::empty()) {
            Ok(fd) => Ok(Self {
                name,
                label: String::new(),
                fd,
            }),
            Err(error) => Err(SourceError::Directory {
                dir: name,
                error: error.into(),
            }),
        }
    }

    /// A directory in this one; `None` where there is none of that name, or a link or a file has it.
    pub(super) fn within(&self, name: &str) -> Result<Option<Self>, SourceError> {
        check(name)?;
        let flags = DIRECTORY.union(OFlags::NOFOLLOW);
        match rustix::fs::openat(&self.fd, name, flags, Mode::empty()) {
            Ok(fd) => Ok(Some(Self {
                name: self.name.clone(),
                label: format!("{}{name}/", self.label),
                fd,
            })),
            Err(Errno::NOENT | Errno::NOTDIR | Errno::LOOP) => Ok(None),
            Err(error) => Err(read_error(name, error.into())),
        }
    }

    /// The directory at `path` in this one, which is this one where `path` is empty; `None` as for
    /// [`DirSource::within`].
    pub(super) fn below(&self, path: &str) -> Result<Option<Self>, SourceError> {
        let mut directory = self.again()?;
        for part in path.split('/').filter(|part| !part.is_empty()) {
            match directory.within(part)? {
                Some(below) => directory = below,
                None => return Ok(None),
            }
        }
        Ok(Some(directory))
    }

    /// The names of the directories in this one, sorted; `parent` is among them where it is one.
    pub(super) fn directories(&self) -> Result<Vec<String>, SourceError> {
        let mut found: Vec<String> = self
            .list()?
            .into_iter()
            .filter(|one| !one.regular)
            .map(|one| one.name)
            .collect();
        found.push(PARENT_LINK.to_owned());
        // Links, pipes and what has gone are no directories.
        found.retain(|name| {
            let stat = rustix::fs::statat(&self.fd, name.as_str(), AtFlags::SYMLINK_NOFOLLOW);
            stat.is_ok_and(|stat| FileType::from_raw_mode(stat.st_mode) == FileType::Directory)
        });
        found.sort();
        Ok(found)
    }

    /// The same directory once more.
    pub(super) fn again(&self) -> Result<Self, SourceError> {
        let fd = self.fd.try_clone();
        Ok(Self {
            name: self.name.clone(),
            label: self.label.clone(),
            fd: fd.map_err(|error| read_error(&self.name, error))?,
        })
    }

    /// The file of this name, which is a regular one; `None` when there is none.
    pub(super) fn file(&self, name: &str) -> Result<Option<(File, u64)>, SourceError> {
        check(name)?;
        let file = match rustix::fs::openat(&self.fd, name, FILE, Mode::empty()) {
            Ok(fd) => File::from(fd),
            Err(Errno::NOENT) => return Ok(None),
            Err(Errno::LOOP) => {
                return Err(SourceError::Link {
                    file: name.to_owned(),
                });
            }
            // What opening a socket, or a device without a driver, says.
            Err(Errno::NXIO | Errno::NODEV) => {
                return Err(SourceError::NotRegular {
                    file: name.to_owned(),
                });
            }
            Err(error) => return Err(read_error(name, error.into())),
        };
        let meta = file.metadata().map_err(|error| read_error(name, error))?;
        if !meta.is_file() {
            return Err(SourceError::NotRegular {
                file: name.to_owned(),
            });
        }
        Ok(Some((file, meta.len())))
    }
}

impl Source for DirSource {
    fn name(&self) -> &str {
        &self.name
    }

    fn label(&self) -> &str {
        &self.label
    }

    fn list(&self) -> Result<Vec<Listed>, SourceError> {
        let failed = |error: Errno| SourceError::Directory {
            dir: self.name.clone(),
            error: error.into(),
        };
        let mut found = Vec::new();
        for entry in Dir::read_from(&self.fd).map_err(failed)? {
            let entry = entry.map_err(failed)?;
            let name = entry.file_name();
            if [c".", c".."].contains(&name) || name.to_bytes() == PARENT_LINK.as_bytes() {
                continue;
            }
            if found.len() >= MAX_FILES {
                return Err(SourceError::TooManyFiles {
                    dir: self.name.clone(),
                    limit: MAX_FILES,
                });
            }
            // A file that has gone since it was named is listed without a size.
            let stat = rustix::fs::statat(&self.fd, name, AtFlags::SYMLINK_NOFOLLOW).ok();
            let regular =
                stat.filter(|stat| FileType::from_raw_mode(stat.st_mode) == FileType::RegularFile);
            found.push(Listed {
                name: name.to_string_lossy().into_owned(),
                size: regular
                    .and_then(|stat| u64::try_from(stat.st_size).ok())
                    .unwrap_or(0),
                regular: regular.is_some(),
            });
        }
        found.sort_by(|one, other| one.name.cmp(&other.name));
        Ok(found)
    }

    fn head(&self, name: &str, len: usize) -> Result<Vec<u8>, SourceError> {
        let Some((file, _)) = self.file(name)? else {
            return Err(read_error(name, io::ErrorKind::NotFound.into()));
        };
        take(file, name, u64::try_from(len).unwrap_or(u64::MAX))
    }

    fn read(&self, name: &str, cap: u64) -> Result<Option<Vec<u8>>, SourceError> {
        let Some((file, size)) = self.file(name)? else {
            return Ok(None);
        };
        let too_large = |size| SourceError::TooLarge {
            file: name.to_owned(),
            size,
            limit: cap,
        };
        if size > cap {
            return Err(too_large(size));
        }
        // The file may have grown since.
        let bytes = take(file, name, cap.saturating_add(1))?;
        match u64::try_from(bytes.len()) {
            Ok(read) if read <= cap => Ok(Some(bytes)),
            read => Err(too_large(read.unwrap_or(u64::MAX))),
        }
    }

    fn map(&self, name: &str) -> Result<Option<Arc<Blob>>, SourceError> {
        let Some((file, _)) = self.file(name)? else {
            return Ok(None);
        };
        let blob = Blob::map(&file).map_err(|error| read_error(name, error))?;
        Ok(Some(Arc::new(blob)))
    }

    fn parent(&self) -> Result<Option<Parent>, SourceError> {
        let (target, is_text) = match rustix::fs::readlinkat(&self.fd, PARENT_LINK, Vec::new()) {
            Ok(target) => (target.to_string_lossy().into_owned(), false),
            Err(Errno::NOENT) => return Ok(None),
            // Not a link. An engine may have unpacked the previous dump in its place; a copy may have lost links.
            Err(Errno::INVAL) => match link_text(self) {
                Some(text) => (text, true),
                None => (String::new(), false),
            },
            Err(error) => return Err(read_error(PARENT_LINK, error.into())),
        };
        let leads = if is_text {
            target.as_str()
        } else {
            PARENT_LINK
        };
        let source: Option<Arc<dyn Source>> =
            rustix::fs::openat(&self.fd, leads, DIRECTORY, Mode::empty())
                .ok()
                .map(|fd| {
                    Arc::new(Self {
                        name: format!("{}/{PARENT_LINK}", self.name),
                        label: format!("{}{PARENT_LINK}/", self.label),
                        fd,
                    }) as Arc<dyn Source>
                });
        Ok(Some(Parent {
            absolute: target.starts_with('/'),
            target,
            source,
            is_text,
        }))
    }

    fn identity(&self) -> Option<(u64, u64)> {
        rustix::fs::fstat(&self.fd)
            .ok()
            .map(|stat| (stat.st_dev, stat.st_ino))
    }
}

/// The text of a link in a file called `parent`.
pub(super) fn link_text(source: &dyn Source) -> Option<String> {
    let bytes = source.read(PARENT_LINK, MAX_LINK).ok().flatten()?;
    let text = std::str::from_utf8(&bytes)
        .ok()?
        .trim_end_matches(['\n', '\r']);
    let plain = !text.is_empty() && !text.contains(char::is_control);
    plain.then(|| text.to_owned())
}

/// Refuses a name that leads out of a directory.
pub(super) fn check(name: &str) -> Result<(), SourceError> {
    if name.is_empty() || name == "." || name == ".." || name.contains(['/', '\0']) {
        return Err(SourceError::Name {
            file: name.to_owned(),
        });
    }
    Ok(())
}

fn read_error(name: &str, error: io::Error) -> SourceError {
    SourceError::Read {
        file: name.to_owned(),
        offset: 0,
        error,
    }
}

fn take(file: File, name: &str, most: u64) -> Result<Vec<u8>, SourceError> {
    let mut bytes = Vec::new();
    file.take(most)
        .read_to_end(&mut bytes)
        .map_err(|error| read_error(name, error))?;
    Ok(bytes)
}
