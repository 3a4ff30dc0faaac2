//! How much is read of an input that may be made to exhaust the reader.

use std::sync::Arc;

use crate::progress::Progress;

/// Bounds on what an archive may ask for. Everything beyond is refused with an error that says so.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Most members of one archive, and of all archives inside of it together.
    pub members: usize,
    /// Most bytes that their names may have together.
    pub names: u64,
    /// Bytes of members of a stream that are kept in memory; what comes after goes to the spool file.
    pub memory: u64,
    /// Most bytes that go to the spool file; `None` for nine tenths of what is free where it lies.
    pub spool: Option<u64>,
    /// Bytes that any compressed input may unpack to.
    pub unpacked: u64,
    /// How many times its compressed size an input may unpack to, beyond [`Limits::unpacked`].
    pub ratio: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            // A checkpoint has some ten files a task and one a thread, an export a handful more.
            members: 1 << 20,
            names: 64 << 20,
            memory: 64 << 20,
            spool: None,
            unpacked: 1 << 30,
            // What deflate reaches at best is 1032. Dumped pages are never that empty: CRIU leaves pages of
            // zeros out.
            ratio: 1000,
        }
    }
}

/// How a source is opened.
#[derive(Clone, Debug)]
pub struct Options {
    /// Bounds.
    pub limits: Limits,
    /// Whether a file of this name will be read. Of a stream nothing else can be read later: the rest of its
    /// members is passed over, but for their first bytes.
    pub wanted: fn(&str) -> bool,
    /// Counts the bytes of archives that are read through.
    pub progress: Arc<Progress>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            limits: Limits::default(),
            wanted: |_| true,
            progress: Arc::default(),
        }
    }
}
