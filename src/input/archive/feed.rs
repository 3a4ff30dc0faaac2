//! The bytes of an archive in their order: in place, or as they come.

use std::io::{self, Read};

use crate::input::Blob;

/// Where an archive's bytes come from.
pub(super) trait Feed {
    /// Bytes taken so far.
    fn position(&self) -> u64;

    /// Fills `buf` with what comes next; less only at the end.
    fn fill(&mut self, buf: &mut [u8]) -> io::Result<usize>;

    /// Passes over `len` bytes; says how many there were.
    fn skip(&mut self, len: u64) -> io::Result<u64>;

    /// The next `len` bytes where they lie, without taking them; `None` where they cannot be had so.
    fn peek(&self, len: u64) -> Option<Blob>;
}

/// An archive whose bytes all lie there.
pub(super) struct InPlace {
    blob: Blob,
    at: u64,
}

impl InPlace {
    pub(super) fn new(blob: Blob) -> Self {
        Self { blob, at: 0 }
    }

    fn left(&self) -> u64 {
        u64::try_from(self.blob.len())
            .unwrap_or(u64::MAX)
            .saturating_sub(self.at)
    }
}

impl Feed for InPlace {
    fn position(&self) -> u64 {
        self.at
    }

    fn fill(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let rest = usize::try_from(self.at)
            .ok()
            .and_then(|at| self.blob.get(at..))
            .unwrap_or_default();
        let len = rest.len().min(buf.len());
        if let (Some(to), Some(from)) = (buf.get_mut(..len), rest.get(..len)) {
            to.copy_from_slice(from);
        }
        self.skip(u64::try_from(len).unwrap_or(u64::MAX))?;
        Ok(len)
    }

    fn skip(&mut self, len: u64) -> io::Result<u64> {
        let len = len.min(self.left());
        self.at = self.at.saturating_add(len);
        Ok(len)
    }

    fn peek(&self, len: u64) -> Option<Blob> {
        self.blob.part(self.at, len)
    }
}

/// An archive that comes once.
pub(super) struct Stream<'a> {
    reader: &'a mut dyn Read,
    at: u64,
}

/// Bytes read at a time when they are passed over.
const CHUNK: usize = 64 << 10;

impl<'a> Stream<'a> {
    pub(super) fn new(reader: &'a mut dyn Read) -> Self {
        Self { reader, at: 0 }
    }
}

impl Feed for Stream<'_> {
    fn position(&self) -> u64 {
        self.at
    }

    fn fill(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let len = fill(self.reader, buf)?;
        self.at = self
            .at
            .saturating_add(u64::try_from(len).unwrap_or(u64::MAX));
        Ok(len)
    }

    fn skip(&mut self, len: u64) -> io::Result<u64> {
        let mut buf = vec![0; CHUNK];
        let mut left = len;
        while left > 0 {
            let want = usize::try_from(left).unwrap_or(CHUNK).min(CHUNK);
            let got = self.fill(buf.get_mut(..want).unwrap_or_default())?;
            if got == 0 {
                break;
            }
            left = left.saturating_sub(u64::try_from(got).unwrap_or(u64::MAX));
        }
        Ok(len.saturating_sub(left))
    }

    fn peek(&self, _: u64) -> Option<Blob> {
        None
    }
}

/// Fills `buf` from `reader`; less only at its end.
pub(super) fn fill(reader: &mut dyn Read, buf: &mut [u8]) -> io::Result<usize> {
    let mut done = 0usize;
    while let Some(rest) = buf.get_mut(done..).filter(|rest| !rest.is_empty()) {
        match reader.read(rest) {
            Ok(0) => break,
            Ok(got) => done = done.saturating_add(got),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(done)
}
