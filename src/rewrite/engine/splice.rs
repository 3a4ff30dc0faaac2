//! A stream of bytes with some of them replaced.

use std::io::{self, Read};

/// A replacement. What is replaced must be what it is said to be.
pub(super) struct Patch {
    /// Where, in the stream as it was.
    pub(super) offset: u64,
    pub(super) old: Old,
    pub(super) new: New,
}

/// What is taken out.
pub(super) enum Old {
    /// These bytes.
    These(Vec<u8>),
    /// So many, whatever they are.
    Any(usize),
}

/// What is put in.
pub(super) enum New {
    These(Vec<u8>),
    /// The header that was taken out, with another size of its content.
    Resized(u64),
}

impl Old {
    fn len(&self) -> usize {
        match self {
            Self::These(bytes) => bytes.len(),
            Self::Any(len) => *len,
        }
    }
}

/// The stream.
pub(super) struct Splice<'p, R> {
    inner: R,
    at: u64,
    /// Ascending, without overlap.
    patches: std::slice::Iter<'p, Patch>,
    /// Bytes put in that are still to come.
    pending: io::Cursor<Vec<u8>>,
}

impl<'p, R: Read> Splice<'p, R> {
    /// `patches` must be in the order of their offsets.
    pub(super) fn new(inner: R, patches: &'p [Patch]) -> Self {
        Self {
            inner,
            at: 0,
            patches: patches.iter(),
            pending: io::Cursor::default(),
        }
    }

    /// Takes out and puts in what the patch says, which begins here.
    fn apply(&mut self, patch: &Patch) -> io::Result<()> {
        let mut found = vec![0; patch.old.len()];
        self.inner.read_exact(&mut found)?;
        let other = || {
            let what = format!("other bytes at {:#x} than were planned for", self.at);
            io::Error::new(io::ErrorKind::InvalidData, what)
        };
        if let Old::These(old) = &patch.old
            && *old != found
        {
            return Err(other());
        }
        let new = match &patch.new {
            New::These(new) => new.clone(),
            New::Resized(size) => resized(&found, *size).ok_or_else(other)?,
        };
        self.at = self
            .at
            .saturating_add(u64::try_from(found.len()).unwrap_or(u64::MAX));
        self.pending = io::Cursor::new(new);
        Ok(())
    }
}

impl<R: Read> Read for Splice<'_, R> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        if buf.is_empty() {
            return Ok(0);
        }
        loop {
            let put_in = self.pending.read(buf)?;
            if put_in > 0 {
                return Ok(put_in);
            }
            let Some(patch) = self.patches.as_slice().first() else {
                return self.inner.read(buf);
            };
            let Some(before) = patch.offset.checked_sub(self.at) else {
                let what = "replacements that overlap";
                return Err(io::Error::new(io::ErrorKind::InvalidInput, what));
            };
            if before == 0 {
                self.patches.next();
                self.apply(patch)?;
                continue;
            }
            let len = usize::try_from(before).unwrap_or(usize::MAX).min(buf.len());
            let got = self.inner.read(buf.get_mut(..len).unwrap_or_default())?;
            if got == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            self.at = self
                .at
                .saturating_add(u64::try_from(got).unwrap_or(u64::MAX));
            return Ok(got);
        }
    }
}

/// A tar header that says another size; `None` for what is no header, or a size that takes more than eleven octal
/// digits.
fn resized(header: &[u8], size: u64) -> Option<Vec<u8>> {
    const SIZE: std::ops::Range<usize> = 124..136;
    const CHECKSUM: std::ops::Range<usize> = 148..156;
    let mut header = header.to_vec();
    let digits = format!("{size:011o}\0");
    let field = header.get_mut(SIZE)?;
    if digits.len() != field.len() {
        return None;
    }
    field.copy_from_slice(digits.as_bytes());
    // The sum is of the header with blanks in the place of the sum.
    header.get_mut(CHECKSUM)?.fill(b' ');
    let sum: u32 = header.iter().map(|byte| u32::from(*byte)).sum();
    let digits = format!("{sum:06o}\0 ");
    header.get_mut(CHECKSUM)?.copy_from_slice(digits.as_bytes());
    Some(header)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn patch(offset: u64, old: &[u8], new: &[u8]) -> Patch {
        Patch {
            offset,
            old: Old::These(old.to_vec()),
            new: New::These(new.to_vec()),
        }
    }

    fn spliced(patches: &[Patch]) -> io::Result<Vec<u8>> {
        let mut out = Vec::new();
        Splice::new(&b"0123456789"[..], patches).read_to_end(&mut out)?;
        Ok(out)
    }

    #[test]
    fn bytes_are_replaced_where_they_are_what_they_should_be() {
        assert_eq!(spliced(&[]).unwrap(), b"0123456789");
        let patches = [
            patch(0, b"01", b"ab"),
            patch(2, b"", b"-"),
            patch(5, b"567", b""),
            patch(10, b"", b"end"),
        ];
        assert_eq!(spliced(&patches).unwrap(), b"ab-23489end");
        assert!(spliced(&[patch(3, b"x", b"y")]).is_err());
        assert!(spliced(&[patch(11, b"", b"y")]).is_err());
        assert!(spliced(&[patch(3, b"345", b"y"), patch(4, b"4", b"z")]).is_err());
    }

    #[test]
    fn a_resized_header_is_one() {
        let mut header = tar::Header::new_gnu();
        header.set_path("a").unwrap();
        header.set_size(7);
        header.set_cksum();
        let new = resized(header.as_bytes(), 4097).unwrap();
        let read = tar::Header::from_byte_slice(&new);
        header.set_size(4097);
        header.set_cksum();
        assert_eq!(read.entry_size().unwrap(), 4097);
        // The sum is written with six digits, a NUL and a blank, as GNU tar and Go do; others write seven.
        assert_eq!(read.cksum().unwrap(), header.cksum().unwrap());
        assert_eq!(
            &new[148..156],
            format!("{:06o}\0 ", header.cksum().unwrap()).as_bytes()
        );
        assert_eq!(new[..148], header.as_bytes()[..148]);
        assert_eq!(new[156..], header.as_bytes()[156..]);
        assert!(resized(header.as_bytes(), 1 << 33).is_none());
        assert!(resized(b"short", 1).is_none());
    }
}
