//! Reading spans and comparing files.

use std::fs::File;
use std::io;

use sha2::{Digest as _, Sha256};

use super::error::Error;
use super::files::Files;
use super::lower::Span;
use super::name::io_error;

/// Bytes handled at once: few system calls, little memory.
pub(super) const CHUNK: usize = 1 << 20;

const CHUNK_LEN: u64 = 1 << 20;

/// `len` bytes at `offset`; an error where the file ends before.
pub(super) fn read_exact(
    files: &Files,
    file: &File,
    label: &str,
    offset: u64,
    len: usize,
) -> Result<Vec<u8>, Error> {
    let mut bytes = vec![0; len];
    let have = files
        .read_at(file, &mut bytes, offset)
        .map_err(io_error("read", label))?;
    if have < len {
        return Err(io_error("read", label)(io::ErrorKind::UnexpectedEof.into()));
    }
    Ok(bytes)
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

/// Fails unless `changed` is `original` with `spans` as planned. What is a hole in both is not read.
pub(super) fn compare(
    files: &Files,
    original: &File,
    changed: &File,
    label: &str,
    spans: &[Span],
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
    let mut at = 0u64;
    while at < len {
        let planned = behind(spans, at)
            .first()
            .map_or(len, |span| span.offset.max(at));
        at = seek(original, at)?.min(seek(changed, at)?).min(planned);
        let end = at.saturating_add(CHUNK_LEN).min(len);
        let count = usize::try_from(end.saturating_sub(at)).unwrap_or(CHUNK);
        if count == 0 {
            break;
        }
        let mut wanted = read_exact(files, original, label, at, count)?;
        let found = read_exact(files, changed, label, at, count)?;
        overlay(&mut wanted, at, spans, |span| Some(&span.new));
        if let Some(wrong) = wanted.iter().zip(&found).position(|(a, b)| a != b) {
            return Err(Error::Verify {
                file: label.to_owned(),
                offset: at.saturating_add(u64::try_from(wrong).unwrap_or(0)),
                why: "another byte than planned".to_owned(),
            });
        }
        at = end;
    }
    Ok(())
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
