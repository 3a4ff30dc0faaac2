//! Reading spans and comparing files.

use std::fs::File;
use std::io;

use sha2::{Digest as _, Sha256};

use super::error::Error;
use super::files::Files;
use super::lower::Span;
use super::name::io_error;

/// Bytes handled at once: few system calls, and two of them fit into a core's cache.
pub(super) const CHUNK: usize = 1 << 18;

const CHUNK_LEN: u64 = 1 << 18;

/// `len` bytes at `offset`; an error where the file ends before.
pub(super) fn read_exact(
    files: &Files,
    file: &File,
    label: &str,
    offset: u64,
    len: usize,
) -> Result<Vec<u8>, Error> {
    let mut bytes = Vec::new();
    read_into(files, file, label, offset, len, &mut bytes)?;
    Ok(bytes)
}

/// [`read_exact`] into memory that is used again.
pub(super) fn read_into(
    files: &Files,
    file: &File,
    label: &str,
    offset: u64,
    len: usize,
    bytes: &mut Vec<u8>,
) -> Result<(), Error> {
    bytes.resize(len, 0);
    let have = files
        .read_at(file, bytes, offset)
        .map_err(io_error("read", label))?;
    if have < len {
        return Err(io_error("read", label)(io::ErrorKind::UnexpectedEof.into()));
    }
    Ok(())
}

/// The whole file, of at most `limit` bytes.
pub(super) fn read_whole(
    files: &Files,
    file: &File,
    label: &str,
    limit: u64,
) -> Result<Vec<u8>, Error> {
    let size = size(file, label)?;
    match usize::try_from(size) {
        Ok(len) if size <= limit => read_exact(files, file, label, 0, len),
        _ => Err(Error::TooLarge {
            file: label.to_owned(),
            size,
            limit,
        }),
    }
}

pub(super) fn size(file: &File, label: &str) -> Result<u64, Error> {
    Ok(file.metadata().map_err(io_error("stat", label))?.len())
}

/// How much of two files is compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Extent {
    /// All of it. What is a hole in both is not read.
    All,
    /// The chunks in which something was planned, and one on either side.
    AroundSpans,
}

/// Fails unless `changed` is `original` with `spans` as planned.
pub(super) fn compare(
    files: &Files,
    original: &File,
    changed: &File,
    label: &str,
    spans: &[Span],
    extent: Extent,
) -> Result<(), Error> {
    let len = size(original, label)?;
    if size(changed, label)? != len {
        return Err(Error::Verify {
            file: label.to_owned(),
            offset: len,
            why: "another size".to_owned(),
        });
    }
    let seek = |file, at| {
        files
            .next_data(file, at, len)
            .map_err(io_error("seek in", label))
    };
    let (mut wanted, mut found) = (Vec::new(), Vec::new());
    let mut at = 0u64;
    while at < len {
        let planned = behind(spans, at)
            .first()
            .map_or(len, |span| span.offset.max(at));
        at = match extent {
            Extent::All => seek(original, at)?.min(seek(changed, at)?).min(planned),
            Extent::AroundSpans => around(spans, at).unwrap_or(len),
        };
        let end = at.saturating_add(CHUNK_LEN).min(len);
        let count = usize::try_from(end.saturating_sub(at)).unwrap_or(CHUNK);
        if count == 0 {
            break;
        }
        read_into(files, original, label, at, count, &mut wanted)?;
        read_into(files, changed, label, at, count, &mut found)?;
        overlay(&mut wanted, at, spans, |span| Some(&span.new));
        if wanted != found {
            let wrong = wanted.iter().zip(&found).position(|(a, b)| a != b);
            return Err(Error::Verify {
                file: label.to_owned(),
                offset: at.saturating_add(u64::try_from(wrong.unwrap_or(0)).unwrap_or(0)),
                why: "another byte than planned".to_owned(),
            });
        }
        at = end;
    }
    Ok(())
}

/// The first place at or behind `at` that lies within a chunk's length of a span.
fn around(spans: &[Span], at: u64) -> Option<u64> {
    let span = behind(spans, at.saturating_sub(CHUNK_LEN)).first()?;
    Some(span.offset.saturating_sub(CHUNK_LEN).max(at))
}

/// A digest of all bytes outside of `spans`. Blocks of zeros do not count, be they holes or not.
pub(super) fn digest_outside(
    files: &Files,
    file: &File,
    label: &str,
    spans: &[Span],
) -> Result<[u8; 32], Error> {
    let len = size(file, label)?;
    let mut digest = Sha256::new();
    digest.update(len.to_le_bytes());
    let mut at = 0u64;
    while at < len {
        let data = files
            .next_data(file, at, len)
            .map_err(io_error("seek in", label))?;
        // Blocks begin at multiples of their size, whatever is a hole.
        at = data & !CHUNK_LEN.saturating_sub(1);
        let end = at.saturating_add(CHUNK_LEN).min(len);
        let count = usize::try_from(end.saturating_sub(at)).unwrap_or(CHUNK);
        if data >= len || count == 0 {
            break;
        }
        let mut block = read_exact(files, file, label, at, count)?;
        overlay(&mut block, at, spans, |_| None);
        if block.iter().any(|byte| *byte != 0) {
            digest.update(at.to_le_bytes());
            digest.update(&block);
        }
        at = end;
    }
    Ok(digest.finalize().into())
}

/// Those of `spans`, which ascend and are apart, that end behind `at`.
fn behind(spans: &[Span], at: u64) -> &[Span] {
    let first = spans.partition_point(|span| span.end() <= at);
    spans.get(first..).unwrap_or_default()
}

/// Puts what `with` gives (zeros for `None`) over the parts of `block`, which lies at `at`, that `spans` cover.
fn overlay<'a>(
    block: &mut [u8],
    at: u64,
    spans: &'a [Span],
    with: impl Fn(&'a Span) -> Option<&'a Vec<u8>>,
) {
    let end = at.saturating_add(u64::try_from(block.len()).unwrap_or(u64::MAX));
    for span in behind(spans, at) {
        if span.offset >= end {
            break;
        }
        let (from, to) = (span.offset.max(at), span.end().min(end));
        let index = |place: u64, base| usize::try_from(place.saturating_sub(base)).unwrap_or(0);
        let Some(target) = block.get_mut(index(from, at)..index(to, at)) else {
            continue;
        };
        let new =
            with(span).and_then(|new| new.get(index(from, span.offset)..index(to, span.offset)));
        match new {
            Some(new) => target.copy_from_slice(new),
            None => target.fill(0),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;

    fn file(bytes: &[u8]) -> File {
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(bytes).unwrap();
        file
    }

    /// A span in the middle of eight chunks, and what comparing says of a copy that is wrong at `wrong`.
    fn compared(wrong: Option<usize>, extent: Extent) -> Result<(), u64> {
        let original: Vec<u8> = (0..=250).cycle().take(8 * CHUNK).collect();
        let at = 4 * CHUNK - 3;
        let span = Span {
            offset: at as u64,
            old: original[at..at + 8].to_vec(),
            new: vec![0xee; 8],
        };
        let mut changed = original.clone();
        changed[at..at + 8].fill(0xee);
        if let Some(wrong) = wrong {
            changed[wrong] ^= 1;
        }
        let files = Files::default();
        let (original, changed) = (file(&original), file(&changed));
        match compare(&files, &original, &changed, "x", &[span], extent) {
            Ok(()) => Ok(()),
            Err(Error::Verify { offset, .. }) => Err(offset),
            Err(other) => panic!("{other}"),
        }
    }

    #[test]
    fn a_byte_that_was_not_planned_is_found_wherever_that_is_looked_for() {
        let around = [
            3 * CHUNK,
            4 * CHUNK - 4,
            4 * CHUNK,
            4 * CHUNK + 5,
            5 * CHUNK - 1,
        ];
        let elsewhere = [0, 2 * CHUNK, 7 * CHUNK, 8 * CHUNK - 1];
        for extent in [Extent::All, Extent::AroundSpans] {
            assert_eq!(compared(None, extent), Ok(()));
            for wrong in around {
                assert_eq!(compared(Some(wrong), extent), Err(wrong as u64));
            }
        }
        for wrong in elsewhere {
            assert_eq!(compared(Some(wrong), Extent::All), Err(wrong as u64));
            assert_eq!(compared(Some(wrong), Extent::AroundSpans), Ok(()));
        }
    }
}
