//! A task's memory as the readers above it see it: bytes by address, with the place of every byte.
//!
//! `criu_image` implements it over the pagemaps; tests implement it over arrays.

use crate::units::{Addr, AddrRange, Place};

pub mod files;

/// What lies at an address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Content<'a> {
    /// Bytes of an image file.
    Bytes {
        /// The bytes.
        bytes: &'a [u8],
        /// Where the first of them lies.
        place: Place,
    },
    /// Private anonymous memory without a page: reads as zero after the restore.
    Zero,
    /// Not in the image: a private or shared mapping takes it from this file at the restore.
    File {
        /// CRIU's id of the file (`files.img`).
        id: u32,
        /// Byte offset in that file.
        offset: u64,
    },
    /// The bytes exist but not here, for this reason.
    Missing(Missing),
}

/// Why bytes that belong to a task cannot be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Missing {
    /// No VMA covers the address.
    Unmapped,
    /// The page was left to a lazy-pages server (`PE_LAZY` without `PE_PRESENT`).
    Lazy,
    /// The pagemap refers to a parent image that is not there or does not have the page.
    Parent,
    /// The pages file is absent or ends before the page.
    Truncated,
    /// The kernel provides it (vvar); never dumped.
    Kernel,
}

/// A stretch of addresses with one kind of content.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Run<'a> {
    /// The addresses.
    pub range: AddrRange,
    /// What lies there; `Bytes` holds exactly `range.len()` bytes.
    pub content: Content<'a>,
}

/// What a mapping is, as far as readers need it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mapping {
    /// The addresses.
    pub range: AddrRange,
    /// `PROT_READ`.
    pub read: bool,
    /// `PROT_WRITE`.
    pub write: bool,
    /// `PROT_EXEC`.
    pub exec: bool,
    /// Private (copy on write) rather than shared.
    pub private: bool,
    /// The main stack, as CRIU marked it.
    pub stack: bool,
    /// The vDSO.
    pub vdso: bool,
}

/// Bytes by address.
pub trait Memory {
    /// All mappings, ascending, not overlapping.
    fn mappings(&self) -> &[Mapping];

    /// The stretch that begins at `addr`: never empty, never longer than up to `limit`, and in one
    /// kind of content. `addr` must lie below `limit`.
    fn run_at(&self, addr: Addr, limit: Addr) -> Run<'_>;

    /// The mapping that covers `addr`.
    fn mapping_at(&self, addr: Addr) -> Option<&Mapping> {
        let mappings = self.mappings();
        let after = mappings.partition_point(|mapping| mapping.range.start <= addr);
        mappings
            .get(after.checked_sub(1)?)
            .filter(|mapping| mapping.range.contains(addr))
    }

    /// The file that is mapped at `addr` and the offset in it, also where the task has a page of its own there, which
    /// may differ from the file.
    fn file_at(&self, addr: Addr) -> Option<(u32, u64)> {
        match self.run_at(addr, addr.checked_add(1)?).content {
            Content::File { id, offset } => Some((id, offset)),
            _ => None,
        }
    }

    /// Fills `buf` from `addr` on. Zero pages read as zeros; anything else that is not in the image
    /// is an answer of its own.
    ///
    /// # Errors
    /// The first address that could not be read, and what lies there.
    fn read(&self, addr: Addr, buf: &mut [u8]) -> Result<(), Gap> {
        let mut at = addr;
        let mut rest = buf;
        while !rest.is_empty() {
            let limit = Addr(at.0.saturating_add(rest.len() as u64));
            if limit <= at {
                return Err(Gap {
                    addr: at,
                    why: GapKind::Missing(Missing::Unmapped),
                });
            }
            let run = self.run_at(at, limit);
            let take = usize::try_from(run.range.len())
                .unwrap_or(usize::MAX)
                .min(rest.len());
            let (head, tail) = rest.split_at_mut(take);
            match run.content {
                Content::Bytes { bytes, .. } => match bytes.get(..take) {
                    Some(bytes) => head.copy_from_slice(bytes),
                    None => {
                        return Err(Gap {
                            addr: at,
                            why: GapKind::Missing(Missing::Truncated),
                        });
                    }
                },
                Content::Zero => head.fill(0),
                Content::File { .. } => {
                    return Err(Gap {
                        addr: at,
                        why: GapKind::File,
                    });
                }
                Content::Missing(why) => {
                    return Err(Gap {
                        addr: at,
                        why: GapKind::Missing(why),
                    });
                }
            }
            if take == 0 {
                return Err(Gap {
                    addr: at,
                    why: GapKind::Missing(Missing::Unmapped),
                });
            }
            at = limit.min(Addr(at.0.saturating_add(take as u64)));
            rest = tail;
        }
        Ok(())
    }

    /// A little-endian 64-bit word.
    ///
    /// # Errors
    /// As [`Memory::read`].
    fn read_u64(&self, addr: Addr) -> Result<u64, Gap> {
        let mut word = [0; 8];
        self.read(addr, &mut word)?;
        Ok(u64::from_le_bytes(word))
    }

    /// The place of the byte at `addr`, when an image file holds it.
    fn place(&self, addr: Addr) -> Option<Place> {
        match self.run_at(addr, addr.checked_add(1)?).content {
            Content::Bytes { place, .. } => Some(place),
            _ => None,
        }
    }
}

/// Where a read stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Gap {
    /// First address that has no bytes.
    pub addr: Addr,
    /// What lies there instead.
    pub why: GapKind,
}

/// What a read met instead of bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GapKind {
    /// A mapped file that is not part of the image.
    File,
    /// Nothing that can be read.
    Missing(Missing),
}

impl std::fmt::Display for Missing {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Unmapped => "not mapped",
            Self::Lazy => "left to a lazy-pages server",
            Self::Parent => "not found in the parent image",
            Self::Truncated => "past the end of the pages file",
            Self::Kernel => "provided by the kernel",
        })
    }
}

impl std::fmt::Display for Gap {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.why {
            GapKind::File => write!(f, "{}: in a mapped file, not in the image", self.addr),
            GapKind::Missing(why) => write!(f, "{}: {why}", self.addr),
        }
    }
}
