//! The container format: magic words, then entries, each a length and a message
//! (CRIU 4.2 `criu/image.c`, `criu/protobuf.c`).

use std::sync::Arc;

use super::error::Error;
use super::magic;
use crate::units::Place;

/// How a file begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Header {
    /// The kind's word alone: the inventory, and everything of image version 1.
    Bare,
    /// The common word and the kind's: image version 2.
    Common,
}

/// An image of messages, read whole, its magic words checked.
#[derive(Clone, Debug)]
pub struct Image {
    file: Arc<str>,
    bytes: Vec<u8>,
    body: usize,
}

/// One entry of an image.
#[derive(Clone, Debug)]
pub struct Entry<'a> {
    /// The file's name.
    pub file: Arc<str>,
    /// Where the message begins in the file; the four bytes before are its length.
    pub offset: u64,
    /// The message.
    pub bytes: &'a [u8],
}

impl Image {
    /// Checks the magic words in front of `bytes` against those of the kind called `name`.
    pub(super) fn open(
        file: Arc<str>,
        bytes: Vec<u8>,
        name: &'static str,
        header: Header,
    ) -> Result<Self, Error> {
        let words: &[(u32, &'static str)] = match header {
            Header::Bare => &[(magic::word(name), name)],
            Header::Common => &[(magic::COMMON, "CRIU"), (magic::word(name), name)],
        };
        let mut rest = bytes.as_slice();
        for &(want, name) in words {
            let offset = distance(&bytes, rest);
            let Some((word, tail)) = rest.split_first_chunk::<4>() else {
                return Err(Error::Truncated {
                    file,
                    offset,
                    need: 4,
                    have: len(rest),
                });
            };
            let found = u32::from_le_bytes(*word);
            if found != want {
                return Err(Error::Magic {
                    file,
                    offset,
                    found,
                    want,
                    name,
                });
            }
            rest = tail;
        }
        let body = bytes.len().saturating_sub(rest.len());
        Ok(Self { file, bytes, body })
    }

    /// The file's name.
    #[must_use]
    pub fn file(&self) -> &Arc<str> {
        &self.file
    }

    /// The entries. Not for kinds that have raw bytes between them.
    #[must_use]
    pub fn entries(&self) -> Entries<'_> {
        Entries {
            image: self,
            rest: self.bytes.get(self.body..).unwrap_or(&[]),
        }
    }

    /// The first entry; an image of one message has no other, and CRIU does not look for one.
    pub(super) fn single(&self, message: &'static str) -> Result<Entry<'_>, Error> {
        let empty = || Error::Empty {
            file: Arc::clone(&self.file),
            offset: self.body as u64,
            message,
        };
        self.entries().next().ok_or_else(empty)?
    }
}

/// Iterator over an image's entries; ends after the first error.
#[derive(Clone, Debug)]
pub struct Entries<'a> {
    image: &'a Image,
    rest: &'a [u8],
}

impl Entries<'_> {
    /// Passes over bytes behind an entry that are none.
    pub(super) fn pass_over(&mut self, len: u64) {
        self.rest = usize::try_from(len)
            .ok()
            .and_then(|len| self.rest.get(len..))
            .unwrap_or(&[]);
    }
}

impl<'a> Iterator for Entries<'a> {
    type Item = Result<Entry<'a>, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.rest.is_empty() {
            return None;
        }
        let file = Arc::clone(&self.image.file);
        let offset = distance(&self.image.bytes, self.rest);
        let rest = std::mem::take(&mut self.rest);
        let Some((size, payload)) = rest.split_first_chunk::<4>() else {
            return Some(Err(Error::Truncated {
                file,
                offset,
                need: 4,
                have: len(rest),
            }));
        };
        let size = u32::from_le_bytes(*size);
        let offset = offset.saturating_add(4);
        let found = usize::try_from(size)
            .ok()
            .and_then(|size| payload.split_at_checked(size));
        let Some((bytes, rest)) = found else {
            return Some(Err(Error::Truncated {
                file,
                offset,
                need: u64::from(size),
                have: len(payload),
            }));
        };
        self.rest = rest;
        Some(Ok(Entry {
            file,
            offset,
            bytes,
        }))
    }
}

impl Entry<'_> {
    /// The place of the whole message.
    #[must_use]
    pub fn place(&self) -> Place {
        Place::new(Arc::clone(&self.file), self.offset, len(self.bytes))
    }

    /// The place of `bytes` from `start` to `end` of the message.
    pub(super) fn part(&self, start: usize, end: usize) -> Place {
        let offset = self.offset.saturating_add(start as u64);
        Place::new(
            Arc::clone(&self.file),
            offset,
            end.saturating_sub(start) as u64,
        )
    }

    /// The place of the value of the first field that `path` leads to, or else of the whole message.
    pub(super) fn field(&self, path: &[u32]) -> Place {
        crate::wire::find(self.bytes, path)
            .map_or_else(|| self.place(), |span| self.part(span.payload, span.end))
    }
}

fn len(bytes: &[u8]) -> u64 {
    bytes.len() as u64
}

/// Offset of `rest` in `bytes`, whose tail it is.
fn distance(bytes: &[u8], rest: &[u8]) -> u64 {
    bytes.len().saturating_sub(rest.len()) as u64
}
