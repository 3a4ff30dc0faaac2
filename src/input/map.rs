//! Bytes of a file without reading them: the one place with `unsafe`.
#![allow(unsafe_code)]

use std::fmt;
use std::fs::File;
use std::io;
use std::ops::{Deref, Range};
use std::sync::Arc;

use memmap2::Mmap;

/// The bytes of a file, or of a member of an archive. Cloning shares them.
#[derive(Clone)]
pub struct Blob(Bytes);

#[derive(Clone)]
enum Bytes {
    Mapped(Arc<Mmap>, Range<usize>),
    Held(Arc<[u8]>, Range<usize>),
}

impl Blob {
    /// Maps a regular file, read-only and private.
    ///
    /// # Errors
    /// What `mmap` says; an empty file is no error.
    pub(super) fn map(file: &File) -> io::Result<Self> {
        if file.metadata()?.len() == 0 {
            return Ok(Self::from(Vec::new()));
        }
        // SAFETY: the mapping is read-only and private, lives as long as the slices borrowed from it, and is
        // of a regular file (the callers check). What no caller can rule out is that another process
        // writes to the file meanwhile, or cuts it short: then bytes change under a `&[u8]`, or reading
        // past the new end raises SIGBUS and ends this process. A finished dump is not written to, nothing
        // here keeps a `str` or other validated type inside the mapping, and every value is copied out
        // before it is checked, so that a change can make an answer stale but cannot corrupt memory.
        let map = unsafe { Mmap::map(file) }?;
        let all = 0..map.len();
        Ok(Self(Bytes::Mapped(Arc::new(map), all)))
    }

    /// `len` of the bytes from `start` on; `None` when there are fewer.
    pub(super) fn part(&self, start: u64, len: u64) -> Option<Self> {
        let (start, len) = (usize::try_from(start).ok()?, usize::try_from(len).ok()?);
        let within = |range: &Range<usize>| {
            let start = range.start.checked_add(start)?;
            let end = start.checked_add(len)?;
            (end <= range.end).then_some(start..end)
        };
        Some(Self(match &self.0 {
            Bytes::Mapped(map, range) => Bytes::Mapped(Arc::clone(map), within(range)?),
            Bytes::Held(held, range) => Bytes::Held(Arc::clone(held), within(range)?),
        }))
    }
}

impl Deref for Blob {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        // No range leads out of its bytes.
        match &self.0 {
            Bytes::Mapped(map, range) => map.get(range.clone()).unwrap_or_default(),
            Bytes::Held(held, range) => held.get(range.clone()).unwrap_or_default(),
        }
    }
}

impl From<Vec<u8>> for Blob {
    fn from(bytes: Vec<u8>) -> Self {
        Self::from(Arc::<[u8]>::from(bytes))
    }
}

impl From<Arc<[u8]>> for Blob {
    fn from(bytes: Arc<[u8]>) -> Self {
        let all = 0..bytes.len();
        Self(Bytes::Held(bytes, all))
    }
}

impl fmt::Debug for Blob {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Blob({} bytes)", self.len())
    }
}
