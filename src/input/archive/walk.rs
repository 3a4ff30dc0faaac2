//! The members of a tar archive, one after the other.
//!
//! The `tar` crate knows the layout of headers. Going from one to the next is done here, for its iterator reads
//! extended headers of any size into memory, cuts pax records by line, knows no pax sparse files and
//! does not say where a member's bytes lie.

use std::borrow::Cow;
use std::io;

use tar::Header;

use super::fault::Fault;
use super::feed::Feed;
use super::member::{Change, Kind, normal};
use super::number::number;
use super::pax::{self, Extended};
use super::sparse::Sparse;
use super::unpack::fault_of;
use crate::input::Blob;

/// Bytes of a header, and what contents are rounded up to.
pub(super) const BLOCK: u64 = 512;

/// The bytes of a header.
pub(super) const BLOCK_BYTES: usize = 512;

/// Longest extended header. Go's `archive/tar`, which the engines pack and unpack with, has the same limit.
const MAX_EXTENDED: u64 = 1 << 20;

/// Longest name: `PATH_MAX` of Linux.
const MAX_NAME: usize = 4096;

/// Headers there may be for each member: its own, and those that extend it.
const HEADERS_PER_MEMBER: usize = 4;

/// A fault and the offset in the archive (as unpacked) at which it shows.
#[derive(Debug)]
pub(super) struct Found {
    pub(super) offset: u64,
    pub(super) fault: Fault,
}

/// A member as its headers describe it.
#[derive(Debug)]
pub(super) struct Entry {
    /// Without `./`, doubled or trailing slashes; empty for the top itself.
    pub(super) path: String,
    pub(super) kind: Kind,
    /// Where its header lies.
    pub(super) header: u64,
    /// Where its content lies.
    pub(super) content: u64,
    pub(super) change: Change,
    /// Its size as a file.
    pub(super) size: u64,
    /// Which of its bytes the archive holds, where it has holes.
    pub(super) sparse: Option<Sparse>,
}

/// Goes through an archive.
pub(super) struct Walker<F> {
    pub(super) feed: F,
    /// Bytes of the member at hand that are still to come.
    left: u64,
    /// Bytes that fill its last block.
    padding: u64,
    /// What it is called, for the case that the archive ends in it.
    pub(super) inside: String,
    headers: usize,
    most: usize,
    /// Where the end mark lies, once it was met.
    end: u64,
}

/// What extends the next header.
#[derive(Default)]
struct Extensions {
    path: Option<Vec<u8>>,
    link: Option<Vec<u8>>,
    pax: Option<Extended>,
}

impl<F: Feed> Walker<F> {
    /// An archive of at most `members` members.
    pub(super) fn new(feed: F, members: usize) -> Self {
        Self {
            feed,
            left: 0,
            padding: 0,
            inside: String::new(),
            headers: 0,
            most: members.saturating_mul(HEADERS_PER_MEMBER),
            end: 0,
        }
    }

    fn found(&self, fault: Fault) -> Found {
        Found {
            offset: self.feed.position(),
            fault,
        }
    }

    pub(super) fn header_fault(&self, what: impl Into<String>) -> Found {
        self.found(Fault::Header { what: what.into() })
    }

    pub(super) fn io(&self, error: io::Error) -> Found {
        self.found(fault_of(error))
    }

    pub(super) fn cut(&self, inside: &str) -> Found {
        self.found(Fault::Cut {
            inside: inside.to_owned(),
        })
    }

    /// The next member; `None` at the end of the archive. What is left of the one before is passed over.
    pub(super) fn next(&mut self) -> Result<Option<Entry>, Found> {
        let mut extensions = Extensions::default();
        loop {
            let at = self.pass()?;
            let Some(block) = self.block()? else {
                return if extensions.is_empty() {
                    Ok(None)
                } else {
                    Err(self.header_fault("an extended header extends nothing"))
                };
            };
            self.headers = self.headers.saturating_add(1);
            if self.headers > self.most {
                let limit = self.most / HEADERS_PER_MEMBER;
                return Err(self.found(Fault::Members { limit }));
            }
            let header = Header::from_byte_slice(&block);
            let stored = self.number(&header.as_old().size, header, "size")?;
            self.begin(stored, "an extended header");
            match header.entry_type().as_byte() {
                b'x' | b'X' => {
                    let records = self.whole()?;
                    let read = pax::read(&records).map_err(|what| self.header_fault(what))?;
                    if extensions.pax.replace(read).is_some() {
                        return Err(self.header_fault("a member has two extended headers"));
                    }
                }
                b'g' => {
                    let records = self.whole()?;
                    match pax::concerns_files(&records) {
                        Ok(false) => {}
                        Ok(true) => {
                            return Err(self.header_fault(
                                "a global extended header gives names or sizes to members",
                            ));
                        }
                        Err(what) => return Err(self.header_fault(what)),
                    }
                }
                b'L' | b'K' => {
                    let mut name = self.whole()?;
                    name.truncate(
                        name.iter()
                            .position(|byte| *byte == 0)
                            .unwrap_or(name.len()),
                    );
                    let long = if header.entry_type().is_gnu_longname() {
                        &mut extensions.path
                    } else {
                        &mut extensions.link
                    };
                    if long.replace(name).is_some() {
                        return Err(self.header_fault("a member has two long names"));
                    }
                }
                // A volume's label.
                b'V' => {}
                b'M' => {
                    return Err(self.header_fault("the archive goes on from another volume"));
                }
                _ => return self.member(at, header, stored, extensions).map(Some),
            }
        }
    }

    /// Passes over what is left of the member at hand; the offset after it.
    fn pass(&mut self) -> Result<u64, Found> {
        let rest = self.left.saturating_add(self.padding);
        let done = self.feed.skip(rest).map_err(|error| self.io(error))?;
        if done != rest {
            return Err(self.cut(&self.inside));
        }
        (self.left, self.padding) = (0, 0);
        Ok(self.feed.position())
    }

    /// The next header's block; `None` at the end mark.
    fn block(&mut self) -> Result<Option<[u8; BLOCK_BYTES]>, Found> {
        let Some(block) = self.any_block()? else {
            return Err(self.found(Fault::NoEnd));
        };
        if block.iter().any(|byte| *byte != 0) {
            let header = Header::from_byte_slice(&block);
            let (before, after) = (block.get(..148), block.get(156..));
            let sum: u64 = before
                .into_iter()
                .chain(after)
                .flatten()
                .map(|byte| u64::from(*byte))
                .sum();
            // The sum counts its own eight bytes as blanks.
            let sum = sum.saturating_add(8 * 32);
            return if number(&header.as_old().cksum) == Some(sum) {
                Ok(Some(block))
            } else {
                Err(Found {
                    offset: self.feed.position().saturating_sub(BLOCK),
                    fault: Fault::Checksum,
                })
            };
        }
        self.end = self.feed.position().saturating_sub(BLOCK);
        // The mark is two empty blocks; some writers leave the second one out.
        match self.any_block()? {
            Some(second) if second.iter().any(|byte| *byte != 0) => {
                Err(self.header_fault("members follow an empty block"))
            }
            _ => Ok(None),
        }
    }

    fn any_block(&mut self) -> Result<Option<[u8; BLOCK_BYTES]>, Found> {
        let mut block = [0; BLOCK_BYTES];
        match self.feed.fill(&mut block) {
            Ok(0) => Ok(None),
            Ok(got) if got == block.len() => Ok(Some(block)),
            Ok(_) => Err(self.cut("a header")),
            Err(error) => Err(self.io(error)),
        }
    }

    /// `stored` bytes follow.
    fn begin(&mut self, stored: u64, inside: &str) {
        self.left = stored;
        self.padding = stored.wrapping_neg() & (BLOCK - 1);
        inside.clone_into(&mut self.inside);
    }

    /// All that follows, of a header that extends another.
    fn whole(&mut self) -> Result<Vec<u8>, Found> {
        if self.left > MAX_EXTENDED {
            return Err(self.header_fault(format!(
                "an extended header of {} bytes, of which there can be {MAX_EXTENDED}",
                self.left
            )));
        }
        let mut bytes = vec![0; usize::try_from(self.left).unwrap_or(0)];
        self.exact(&mut bytes)?;
        Ok(bytes)
    }

    /// Fills `bytes` with what follows.
    pub(super) fn exact(&mut self, bytes: &mut [u8]) -> Result<(), Found> {
        let want = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
        let got = if want <= self.left {
            self.feed.fill(bytes).map_err(|error| self.io(error))?
        } else {
            0
        };
        if got != bytes.len() {
            return Err(self.cut(&self.inside));
        }
        self.left = self.left.saturating_sub(want);
        Ok(())
    }

    /// Where the end mark lies, once there was no next member.
    pub(super) fn end(&self) -> u64 {
        self.end
    }

    /// Bytes of the member at hand that are still to come.
    pub(super) fn left(&self) -> u64 {
        self.left
    }

    /// What is left of the member at hand where it lies. `None` where that cannot be had.
    pub(super) fn in_place(&self) -> Option<Blob> {
        self.feed.peek(self.left)
    }

    /// A member's content as a reader of its own; an error of the archive comes out as one of the system.
    pub(super) fn content(&mut self) -> Content<'_, F> {
        Content(self)
    }

    /// Passes over what lies behind the end mark.
    pub(super) fn drain(&mut self, most: u64) -> Result<(), Found> {
        self.feed
            .skip(most)
            .map(drop)
            .map_err(|error| self.io(error))
    }

    pub(super) fn number(
        &self,
        field: &[u8],
        header: &Header,
        name: &'static str,
    ) -> Result<u64, Found> {
        number(field).ok_or_else(|| {
            self.found(Fault::Number {
                member: String::from_utf8_lossy(&header.path_bytes()).into_owned(),
                field: name,
            })
        })
    }

    fn member(
        &mut self,
        at: u64,
        header: &Header,
        stored: u64,
        extensions: Extensions,
    ) -> Result<Entry, Found> {
        let pax = extensions.pax.unwrap_or_default();
        let raw = pax
            .path
            .or(extensions.path)
            .unwrap_or_else(|| header.path_bytes().into_owned());
        let path = self.name(&raw)?;
        let link = pax
            .link
            .or(extensions.link)
            .or_else(|| header.link_name_bytes().map(Cow::into_owned))
            .unwrap_or_default();
        if link.len() > MAX_NAME {
            return Err(self.too_long());
        }
        let by_header = pax.size.is_none();
        let stored = pax.size.unwrap_or(stored);
        let kind = match header.entry_type().as_byte() {
            // How the first archives had directories.
            0 | b'0' if raw.ends_with(b"/") => Kind::Directory,
            b'1' => Kind::HardLink(self.name(&link)?),
            b'2' => Kind::Symlink(String::from_utf8_lossy(&link).into_owned()),
            b'3' | b'4' => Kind::Other("a device"),
            b'5' | b'D' => Kind::Directory,
            b'6' => Kind::Other("a pipe"),
            // What POSIX says of types that it does not know.
            _ => Kind::File,
        };
        // A dump directory of GNU's has content; a hard link may state the size of its file.
        let stored = match &kind {
            Kind::HardLink(_) => 0,
            Kind::File => stored,
            _ if stored == 0 || header.entry_type().as_byte() == b'D' => stored,
            _ => {
                return Err(self.header_fault(format!("{path:?} is no file and has content")));
            }
        };
        self.begin(stored, &format!("{path:?}"));
        let sparse = match &kind {
            Kind::File if header.entry_type().is_gnu_sparse() => Some(self.gnu_sparse(header)?),
            Kind::File if pax.sparse.any() => Some(self.pax_sparse(&pax.sparse)?),
            _ => None,
        };
        Ok(Entry {
            size: match &kind {
                Kind::File => sparse.as_ref().map_or(stored, |sparse| sparse.size),
                _ => 0,
            },
            path,
            kind,
            header: at,
            content: self.feed.position(),
            change: match sparse {
                Some(_) => Change::None,
                None if by_header => Change::Anew,
                None => Change::Bytes,
            },
            sparse,
        })
    }

    fn too_long(&self) -> Found {
        let limit = u64::try_from(MAX_NAME).unwrap_or(u64::MAX);
        self.found(Fault::Names { limit })
    }

    fn name(&self, raw: &[u8]) -> Result<String, Found> {
        if raw.len() > MAX_NAME {
            return Err(self.too_long());
        }
        if raw.contains(&0) {
            return Err(self.header_fault("a member's name holds a NUL"));
        }
        let text = String::from_utf8_lossy(raw);
        normal(&text).ok_or_else(|| {
            self.found(Fault::Escape {
                member: text.into_owned(),
            })
        })
    }
}

impl Extensions {
    fn is_empty(&self) -> bool {
        self.path.is_none() && self.link.is_none() && self.pax.is_none()
    }
}

/// See [`Walker::content`].
pub(super) struct Content<'w, F>(&'w mut Walker<F>);

impl<F: Feed> io::Read for Content<'_, F> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let len = usize::try_from(self.0.left)
            .unwrap_or(usize::MAX)
            .min(buf.len());
        let buf = buf.get_mut(..len).unwrap_or_default();
        match self.0.feed.fill(buf)? {
            0 if len != 0 => Err(io::ErrorKind::UnexpectedEof.into()),
            got => {
                let taken = u64::try_from(got).unwrap_or(u64::MAX);
                self.0.left = self.0.left.saturating_sub(taken);
                Ok(got)
            }
        }
    }
}
