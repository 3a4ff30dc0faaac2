//! The one file that members of streams are kept in. It has no name, so that nothing is left behind and
//! nobody else finds the memory of tasks in it.

use std::env;
use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt as _;
use std::path::PathBuf;
use std::sync::{Arc, OnceLock};

use super::fault::Fault;
use crate::input::Blob;

/// What has been spooled, for reading.
#[derive(Debug)]
pub(super) struct Spooled {
    file: File,
    map: OnceLock<Blob>,
}

impl Spooled {
    /// `len` bytes from `start` on. Nothing may be written any more.
    pub(super) fn part(&self, start: u64, len: u64) -> io::Result<Blob> {
        let map = match self.map.get() {
            Some(map) => map,
            None => {
                let map = Blob::map(&self.file)?;
                self.map.get_or_init(|| map)
            }
        };
        map.part(start, len)
            .ok_or_else(|| io::ErrorKind::UnexpectedEof.into())
    }
}

/// The file while it is written.
#[derive(Debug)]
pub(super) struct Spool {
    dir: PathBuf,
    limit: Option<u64>,
    file: Option<Arc<Spooled>>,
    /// Bytes that may still be written.
    left: u64,
    /// Where the next member begins.
    end: u64,
}

/// A place for a member.
pub(super) struct Slot {
    pub(super) file: Arc<Spooled>,
    pub(super) start: u64,
}

impl Slot {
    /// Writes a piece of the member.
    pub(super) fn write(&self, offset: u64, bytes: &[u8]) -> io::Result<()> {
        self.file
            .file
            .write_all_at(bytes, self.start.saturating_add(offset))
    }
}

impl Spool {
    /// A file in the directory for temporary files, of at most `limit` bytes. It is made when it is needed.
    pub(super) fn new(limit: Option<u64>) -> Self {
        Self {
            dir: env::temp_dir(),
            limit,
            file: None,
            left: 0,
            end: 0,
        }
    }

    /// A place for a member of `size` bytes, of which `stored` will be written.
    pub(super) fn slot(&mut self, member: &str, size: u64, stored: u64) -> Result<Slot, Fault> {
        let file = self.open()?;
        if stored > self.left {
            return Err(Fault::Room {
                member: member.to_owned(),
                need: stored,
                left: self.left,
                dir: self.dir.display().to_string(),
            });
        }
        let start = self.end;
        let end = start.saturating_add(size);
        // With all of its holes, so that it can be mapped.
        file.file.set_len(end).map_err(|error| self.failed(error))?;
        self.left = self.left.saturating_sub(stored);
        self.end = end;
        Ok(Slot { file, start })
    }

    fn open(&mut self) -> Result<Arc<Spooled>, Fault> {
        if let Some(file) = &self.file {
            return Ok(Arc::clone(file));
        }
        let file = tempfile::tempfile_in(&self.dir).map_err(|error| self.failed(error))?;
        self.left = match self.limit {
            Some(limit) => limit,
            None => {
                let room =
                    rustix::fs::fstatvfs(&file).map_err(|error| self.failed(error.into()))?;
                let free = room.f_bavail.saturating_mul(room.f_frsize);
                free.saturating_sub(free / 10)
            }
        };
        let file = Arc::new(Spooled {
            file,
            map: OnceLock::new(),
        });
        self.file = Some(Arc::clone(&file));
        Ok(file)
    }

    pub(super) fn failed(&self, error: io::Error) -> Fault {
        Fault::Spool {
            dir: self.dir.display().to_string(),
            error,
        }
    }
}
