//! Compressed bytes: recognised by their first ones, decompressed within bounds.

use std::cell::Cell;
use std::io::{self, BufReader, Read};
use std::rc::Rc;

use super::fault::Fault;
use crate::input::Limits;

/// How an archive is compressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Compression {
    /// RFC 1952.
    Gzip,
    /// RFC 8878.
    Zstd,
}

impl Compression {
    /// The word used in every output.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Gzip => "gzip",
            Self::Zstd => "zstd",
        }
    }
}

/// Largest window a zstd frame may ask for, as a power of two: what `zstd` itself takes without being asked.
const ZSTD_WINDOW_LOG: u32 = 27;

/// Files that are often given by mistake, by their first bytes.
const FOREIGN: &[(&[u8], Foreign)] = &[
    (b"\xfd7zXZ\0", Foreign::Packed("xz", "xz -dc")),
    (b"BZh", Foreign::Packed("bzip2", "bzip2 -dc")),
    (b"\x04\x22\x4d\x18", Foreign::Packed("lz4", "lz4 -dc")),
    (b"\x1f\x9d", Foreign::Packed("compress", "zcat")),
    (b"LRZI", Foreign::Packed("lrzip", "lrzcat")),
    (b"PK\x03\x04", Foreign::Other("a zip file")),
    (b"7z\xbc\xaf\x27\x1c", Foreign::Other("a 7z file")),
    (b"\x7fELF", Foreign::Other("an ELF file")),
    // IMG_COMMON_MAGIC, IMG_SERVICE_MAGIC and INVENTORY_MAGIC, CRIU 4.2 `criu/include/magic.h`.
    (b"\x19\x43\x56\x54", ONE_IMAGE),
    (b"\x40\x59\x10\x55", ONE_IMAGE),
    (b"\x16\x31\x31\x58", ONE_IMAGE),
];

const ONE_IMAGE: Foreign = Foreign::Other("a single image file of CRIU's");

#[derive(Clone, Copy)]
enum Foreign {
    Packed(&'static str, &'static str),
    Other(&'static str),
}

/// Bytes that recognising takes.
pub(super) const SNIFF: usize = 8;

/// The compression that begins like this.
pub(super) fn compression(head: &[u8]) -> Option<Compression> {
    match head {
        [0x1f, 0x8b, 8, ..] => Some(Compression::Gzip),
        [0x28, 0xb5, 0x2f, 0xfd, ..] | [0x50..=0x5f, 0x2a, 0x4d, 0x18, ..] => {
            Some(Compression::Zstd)
        }
        _ => None,
    }
}

/// First bytes that [`is_archive`] wants.
pub const ARCHIVE_HEAD: usize = 262;

/// Whether a file that begins like this is an archive: compressed in a way that is read, or with a tar header
/// of POSIX or GNU (`ustar` at offset 257), as every engine writes it.
#[must_use]
pub fn is_archive(head: &[u8]) -> bool {
    compression(head).is_some() || head.get(257..ARCHIVE_HEAD) == Some(b"ustar".as_slice())
}

/// What is said of a file that is neither compressed in a way that is read nor a tar archive.
pub(super) fn foreign(head: &[u8]) -> Fault {
    let known = FOREIGN.iter().find(|(magic, _)| head.starts_with(magic));
    match known.map(|(_, what)| *what) {
        Some(Foreign::Packed(name, unpack)) => Fault::Compression { name, unpack },
        Some(Foreign::Other(what)) => Fault::Kind { what },
        None if head.is_empty() => Fault::Kind {
            what: "an empty file",
        },
        None => Fault::Kind {
            what: "no archive that is known",
        },
    }
}

/// Compressed bytes taken and bytes they became, of one input and everything inside of it.
#[derive(Clone, Debug)]
pub(super) struct Budget(Rc<Spent>);

#[derive(Debug)]
struct Spent {
    taken: Cell<u64>,
    made: Cell<u64>,
    limits: Limits,
}

impl Budget {
    pub(super) fn new(limits: Limits) -> Self {
        Self(Rc::new(Spent {
            taken: Cell::new(0),
            made: Cell::new(0),
            limits,
        }))
    }

    fn made(&self, len: usize) -> io::Result<()> {
        let made = add(&self.0.made, len);
        let allowed = self.0.taken.get().saturating_mul(self.0.limits.ratio);
        if made > allowed.max(self.0.limits.unpacked) {
            return Err(io::Error::other(Unpack::Bomb(self.0.limits.ratio)));
        }
        Ok(())
    }
}

fn add(cell: &Cell<u64>, len: usize) -> u64 {
    let sum = cell
        .get()
        .saturating_add(u64::try_from(len).unwrap_or(u64::MAX));
    cell.set(sum);
    sum
}

/// Decompresses `reader`. `nested` input was itself decompressed, so that its bytes are not counted again.
pub(super) fn decompress<'a>(
    compression: Compression,
    reader: Box<dyn Read + 'a>,
    budget: &Budget,
    nested: bool,
) -> io::Result<Box<dyn Read + 'a>> {
    let counted = BufReader::new(Counted {
        reader,
        budget: budget.clone(),
        nested,
    });
    let decoder: Box<dyn Read + 'a> = match compression {
        Compression::Gzip => Box::new(flate2::bufread::MultiGzDecoder::new(counted)),
        Compression::Zstd => {
            let mut decoder = zstd::Decoder::with_buffer(counted)?;
            decoder.window_log_max(ZSTD_WINDOW_LOG)?;
            Box::new(decoder)
        }
    };
    Ok(Box::new(Guarded {
        decoder,
        budget: budget.clone(),
    }))
}

/// The bytes of an archive in a file, decompressed; see [`decompress`].
pub(super) fn unpacked(
    file: std::fs::File,
    compression: Option<Compression>,
    limits: Limits,
) -> io::Result<Box<dyn Read>> {
    match compression {
        None => Ok(Box::new(file)),
        Some(kind) => decompress(kind, Box::new(file), &Budget::new(limits), false),
    }
}

/// What went wrong where, carried through the decoders.
#[derive(Debug, thiserror::Error)]
enum Unpack {
    #[error(transparent)]
    Read(io::Error),
    #[error(transparent)]
    Decode(io::Error),
    #[error("more than {0} times as much")]
    Bomb(u64),
}

/// The fault behind an error that came out of a stream.
pub(super) fn fault_of(error: io::Error) -> Fault {
    match error.downcast::<Unpack>() {
        Ok(Unpack::Decode(error)) => Fault::Decompress { error },
        Ok(Unpack::Bomb(ratio)) => Fault::Bomb { ratio },
        // The stream may itself lie in a compressed one.
        Ok(Unpack::Read(error)) => fault_of(error),
        Err(error) => Fault::Read { error },
    }
}

struct Counted<R> {
    reader: R,
    budget: Budget,
    nested: bool,
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        match self.reader.read(buf) {
            Ok(len) => {
                if !self.nested {
                    add(&self.budget.0.taken, len);
                }
                Ok(len)
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => Err(error),
            Err(error) => Err(io::Error::other(Unpack::Read(error))),
        }
    }
}

struct Guarded<R> {
    decoder: R,
    budget: Budget,
}

impl<R: Read> Read for Guarded<R> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        match self.decoder.read(buf) {
            Ok(len) => {
                self.budget.made(len)?;
                Ok(len)
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => Err(error),
            // What was wrong before the decoder, or with another one inside of it, comes through as it is.
            Err(error) => Err(match error.downcast::<Unpack>() {
                Ok(known) => io::Error::other(known),
                Err(error) => io::Error::other(Unpack::Decode(error)),
            }),
        }
    }
}
