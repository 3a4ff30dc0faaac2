//! What is kept of a stream: files that will be read, in memory while they are few and small, else in the spool file.

use std::sync::Arc;

use super::feed::Feed;
use super::member::Content;
use super::scan::MAX_DOCUMENT;
use super::spool::Spool;
use super::walk::{Entry, Found, Walker};
use crate::input::{Blob, Options, layout};

/// Largest file that is kept in memory.
const SMALL: u64 = 8 << 20;

/// First bytes that are kept of every file: what it takes to tell kinds of images apart.
const HEAD: usize = 16;

/// Bytes copied at a time.
const CHUNK: u64 = 256 << 10;

/// Keeps files of a stream.
pub(super) struct Keeper {
    wanted: fn(&str) -> bool,
    /// Bytes that may still be kept in memory.
    memory: u64,
    spool: Spool,
}

impl Keeper {
    pub(super) fn new(options: &Options) -> Self {
        Self {
            wanted: options.wanted,
            memory: options.limits.memory,
            spool: Spool::new(options.limits.spool),
        }
    }

    /// Takes a file's content, or passes over it.
    pub(super) fn keep<F: Feed>(
        &mut self,
        entry: &Entry,
        walker: &mut Walker<F>,
    ) -> Result<Content, Found> {
        let name = entry.path.rsplit('/').next().unwrap_or_default();
        // Where a layout begins; both may come after what they lead to.
        let document = [layout::INDEX, layout::SAVED].contains(&entry.path.as_str());
        let document = document && entry.size <= MAX_DOCUMENT;
        if !document && !(self.wanted)(name) {
            return Self::head(entry, walker);
        }
        if entry.size <= SMALL && self.has_room(entry.size) {
            return self.hold(entry, walker);
        }
        let slot = self
            .spool
            .slot(&entry.path, entry.size, walker.left())
            .map_err(|fault| Found {
                offset: entry.header,
                fault,
            })?;
        self.copy(entry, walker, |at, bytes| slot.write(at, bytes))?;
        Ok(Content::Spooled(slot.file, slot.start))
    }

    /// Whether so many bytes may be kept in memory; if so, they count from now on.
    pub(super) fn has_room(&mut self, size: u64) -> bool {
        let left = self.memory.checked_sub(size);
        self.memory = left.unwrap_or(self.memory);
        left.is_some()
    }

    /// Takes all of a file into memory.
    fn hold<F: Feed>(&self, entry: &Entry, walker: &mut Walker<F>) -> Result<Content, Found> {
        let mut held = vec![0; usize::try_from(entry.size).unwrap_or(0)];
        self.copy(entry, walker, |at, bytes| {
            let start = usize::try_from(at).unwrap_or(usize::MAX);
            let to = held.get_mut(start..start.saturating_add(bytes.len()));
            to.ok_or(std::io::ErrorKind::InvalidData)?
                .copy_from_slice(bytes);
            Ok(())
        })?;
        Ok(Content::Here(Blob::from(held)))
    }

    /// Hands over the pieces of a file as they come.
    fn copy<F: Feed>(
        &self,
        entry: &Entry,
        walker: &mut Walker<F>,
        mut to: impl FnMut(u64, &[u8]) -> std::io::Result<()>,
    ) -> Result<(), Found> {
        let whole = [(0, walker.left())];
        let pieces = entry
            .sparse
            .as_ref()
            .map_or(&whole[..], |sparse| &sparse.pieces);
        let mut buf = vec![0; usize::try_from(CHUNK).unwrap_or(0)];
        for &(offset, len) in pieces {
            let mut done = 0u64;
            while done < len {
                let take = len.saturating_sub(done).min(CHUNK);
                let chunk = usize::try_from(take)
                    .ok()
                    .and_then(|take| buf.get_mut(..take))
                    .unwrap_or_default();
                walker.exact(chunk)?;
                to(offset.saturating_add(done), chunk).map_err(|error| Found {
                    offset: entry.header,
                    fault: self.spool.failed(error),
                })?;
                done = done.saturating_add(take);
            }
        }
        Ok(())
    }

    /// The first bytes of a file; the rest will be passed over.
    pub(super) fn head<F: Feed>(entry: &Entry, walker: &mut Walker<F>) -> Result<Content, Found> {
        // What a file with holes begins with is not what the archive has first.
        if entry.sparse.is_some() {
            return Ok(Content::none());
        }
        let len = usize::try_from(walker.left()).unwrap_or(HEAD).min(HEAD);
        let mut head = vec![0; len];
        walker.exact(&mut head)?;
        Ok(Content::Passed(Arc::from(head)))
    }
}
