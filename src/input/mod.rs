//! Where image files come from. A source opens files by name, follows no link but `parent`, waits for
//! nobody and never writes.
#![deny(
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss
)]

mod archive;
mod below;
mod dir;
mod error;
mod last;
mod layout;
mod limits;
mod map;
mod memory;
mod open;
mod root;

#[cfg(test)]
#[allow(clippy::indexing_slicing, clippy::arithmetic_side_effects)]
mod tests;

use std::fmt::Debug;
use std::sync::Arc;

pub use archive::{ARCHIVE_HEAD, Change, Compression, Fault, RawArchive, Spot, is_archive};
pub use dir::DirSource;
pub use error::SourceError;
pub use limits::{Limits, Options};
pub use map::Blob;
pub use memory::MemorySource;
pub use open::{Annotation, Form, Opened, Packing, open};
pub use root::{Root, Status};

/// Largest image that is read as a whole. Images of messages are small; the largest are pagemaps, at
/// some 15 bytes a run of pages, so that this has room for 17 million runs. Pages are never read whole.
pub const MAX_IMAGE: u64 = 256 << 20;

/// Most files of a directory that are looked at: 4 million threads, the kernel's own limit, would need
/// as many, and anything near that is no checkpoint.
pub const MAX_FILES: usize = 1 << 22;

/// Longest chain of `parent` links that is followed. Each is one pre-dump of the same container; CRIU
/// itself would run out of file descriptors at about a thousand.
pub const MAX_PARENTS: usize = 256;

/// Largest program or library that is looked into. The largest real ones, with their debugging information, have
/// some hundreds of megabytes. They are mapped, not read.
pub const MAX_BINARY: u64 = 4 << 30;

/// Longest text of a link that is read of a file in its place (`PATH_MAX`).
const MAX_LINK: u64 = 4096;

/// CRIU's name for the link to the previous dump (`CR_PARENT_LINK`, CRIU 4.2 `criu/include/image.h`).
pub const PARENT_LINK: &str = "parent";

/// A directory of image files.
pub trait Source: Debug + Send + Sync {
    /// The directory, or what it lies in, as the user named it.
    fn name(&self) -> &str;

    /// What goes in front of a file's name in places and messages: where the directory lies in what the user
    /// named, with a slash (`checkpoint/`). Empty where the user named the directory itself.
    fn label(&self) -> &str {
        ""
    }

    /// What lies in the directory, sorted by name, without `parent`.
    ///
    /// # Errors
    /// When the directory cannot be read or holds more than [`MAX_FILES`] names.
    fn list(&self) -> Result<Vec<Listed>, SourceError>;

    /// At most `len` bytes from the front of a file.
    ///
    /// # Errors
    /// When the file is not there, is no regular file, or cannot be read.
    fn head(&self, name: &str, len: usize) -> Result<Vec<u8>, SourceError>;

    /// A whole file of at most `cap` bytes; `None` when there is none of that name.
    ///
    /// # Errors
    /// When it is no regular file, is larger than `cap` bytes, or cannot be read.
    fn read(&self, name: &str, cap: u64) -> Result<Option<Vec<u8>>, SourceError>;

    /// A file of any size, for reading here and there; `None` when there is none of that name.
    ///
    /// # Errors
    /// When it is no regular file or cannot be mapped.
    fn map(&self, name: &str) -> Result<Option<Arc<Blob>>, SourceError>;

    /// The previous dump that `parent` leads to; `None` when there is no such link.
    ///
    /// # Errors
    /// When the link itself cannot be read. A link that leads nowhere is an answer.
    fn parent(&self) -> Result<Option<Parent>, SourceError>;

    /// Device and inode of the directory, or numbers that serve as such, for noticing a chain of parents that bites
    /// its tail.
    fn identity(&self) -> Option<(u64, u64)>;
}

/// A name in the directory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    /// The name; bytes that are not UTF-8 are replaced.
    pub name: String,
    /// Size in bytes; 0 for what is no regular file.
    pub size: u64,
    /// A regular file, as opposed to a link, directory, pipe, socket or device.
    pub regular: bool,
}

/// Where `parent` leads.
#[derive(Clone, Debug)]
pub struct Parent {
    /// The link's text; empty where `parent` is a directory itself.
    pub target: String,
    /// Whether the text is an absolute path. CRIU warns and follows it.
    pub absolute: bool,
    /// The directory, unless the link leads nowhere or to something else.
    pub source: Option<Arc<dyn Source>>,
    /// Whether it is no link but a file with the text of one, as a copy to where there are no links leaves it. CRIU does
    /// not follow that.
    pub is_text: bool,
}
