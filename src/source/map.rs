//! Bytes of a file without reading them: the one place with `unsafe`.
#![allow(unsafe_code)]

use std::fmt;
use std::fs::File;
use std::io;
use std::ops::Deref;
use std::sync::Arc;

use memmap2::Mmap;

/// The bytes of a file.
pub struct Blob(Bytes);

enum Bytes {
    Mapped(Mmap),
    Held(Arc<[u8]>),
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
        Ok(Self(Bytes::Mapped(map)))
    }
}

impl Deref for Blob {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        match &self.0 {
            Bytes::Mapped(map) => map,
            Bytes::Held(held) => held,
        }
    }
}

impl From<Vec<u8>> for Blob {
    fn from(bytes: Vec<u8>) -> Self {
        Self(Bytes::Held(bytes.into()))
    }
}

impl From<Arc<[u8]>> for Blob {
    fn from(bytes: Arc<[u8]>) -> Self {
        Self(Bytes::Held(bytes))
    }
}

impl fmt::Debug for Blob {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Blob({} bytes)", self.len())
    }
}
