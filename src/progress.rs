//! How far reading has come: readers count, whoever wants looks on. Nothing here prints.

use std::io::{self, Read};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

/// Bytes gone through, and bytes there are to go through, as far as that is known.
#[derive(Debug, Default)]
pub struct Progress {
    done: AtomicU64,
    expected: AtomicU64,
    open_ended: AtomicBool,
}

impl Progress {
    /// `bytes` more lie ahead.
    pub fn expect(&self, bytes: u64) {
        self.expected.fetch_add(bytes, Ordering::Relaxed);
    }

    /// Nobody knows how much lies ahead: a stream.
    pub fn expect_a_stream(&self) {
        self.open_ended.store(true, Ordering::Relaxed);
    }

    /// `bytes` more are done.
    pub fn advance(&self, bytes: u64) {
        self.done.fetch_add(bytes, Ordering::Relaxed);
    }

    /// Bytes done.
    #[must_use]
    pub fn done(&self) -> u64 {
        self.done.load(Ordering::Relaxed)
    }

    /// Bytes that there are, done or not; `None` where nobody knows.
    #[must_use]
    pub fn total(&self) -> Option<u64> {
        let expected = self.expected.load(Ordering::Relaxed);
        let known = !self.open_ended.load(Ordering::Relaxed);
        (known && expected > 0).then_some(expected.max(self.done()))
    }
}

/// Counts what is read through it.
#[derive(Debug)]
pub struct Counting<R> {
    reader: R,
    progress: Arc<Progress>,
}

impl<R> Counting<R> {
    /// Counts what is read of `reader`.
    pub fn new(reader: R, progress: &Arc<Progress>) -> Self {
        Self {
            reader,
            progress: Arc::clone(progress),
        }
    }
}

impl<R: Read> Read for Counting<R> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let len = self.reader.read(buf)?;
        self.progress
            .advance(u64::try_from(len).unwrap_or(u64::MAX));
        Ok(len)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_read_is_counted() {
        let progress = Arc::new(Progress::default());
        assert_eq!((progress.done(), progress.total()), (0, None));
        progress.expect(100);
        let mut reader = Counting::new([7u8; 60].as_slice(), &progress);
        io::copy(&mut reader, &mut io::sink()).unwrap();
        assert_eq!((progress.done(), progress.total()), (60, Some(100)));
        progress.advance(50);
        assert_eq!(progress.total(), Some(110), "never less than was done");
        progress.expect_a_stream();
        assert_eq!(progress.total(), None);
    }
}
