//! What can go wrong between a name and its bytes.

use std::io;

use super::Fault;

/// A file or directory that cannot be read. None of them concerns a byte inside, so that none has an offset
/// but [`SourceError::Read`].
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SourceError {
    /// The directory cannot be opened.
    #[error(
        "{dir}: cannot be opened as a directory ({error}); give the directory that `criu dump -D` wrote"
    )]
    Directory {
        /// As the user named it.
        dir: String,
        /// What the system said.
        error: io::Error,
    },
    /// The directory that stands for `/` cannot be opened.
    #[error(
        "{dir}: cannot be opened as a directory ({error}); give the root directory of a file system"
    )]
    Root {
        /// As the user named it.
        dir: String,
        /// What the system said.
        error: io::Error,
    },
    /// Something that is no program or library to be looked into, in place of one.
    #[error("{file}: {why}")]
    NotBinary {
        /// Its path below the root.
        file: String,
        /// What it is instead.
        why: String,
    },
    /// The directory has more names than a checkpoint can need.
    #[error("{dir}: more than {limit} files; give the image directory itself")]
    TooManyFiles {
        /// As the user named it.
        dir: String,
        /// [`super::MAX_FILES`].
        limit: usize,
    },
    /// A name that leads out of the directory.
    #[error("{file:?} is not a plain file name; image files lie directly in the image directory")]
    Name {
        /// The name.
        file: String,
    },
    /// A symbolic link in place of an image.
    #[error("{file}: a symbolic link; CRIU writes none but `parent`, so copy the file itself here")]
    Link {
        /// The name.
        file: String,
    },
    /// A directory, pipe, socket or device in place of an image.
    #[error("{file}: not a regular file; CRIU writes nothing else, so copy the image here again")]
    NotRegular {
        /// The name.
        file: String,
    },
    /// A file to be read whole that is too large for it.
    #[error(
        "{file}: {size} bytes, and no image of this kind has more than {limit}; check that this is the file CRIU wrote"
    )]
    TooLarge {
        /// The name.
        file: String,
        /// Its size in bytes.
        size: u64,
        /// The limit in bytes.
        limit: u64,
    },
    /// An archive that cannot be read, or not all of it.
    #[error("{file}{}: {fault}", if *offset == 0 { String::new() } else { format!(" offset {offset:#x}") })]
    Archive {
        /// As the user named it, and what of it where it lies in another one.
        file: String,
        /// Bytes from its beginning, as unpacked; 0 where it concerns all of it.
        offset: u64,
        /// What is wrong.
        fault: Box<Fault>,
    },
    /// An image layout that does not lead to an image.
    #[error("{name}: {document} {why}")]
    Layout {
        /// As the user named it.
        name: String,
        /// The document or blob.
        document: String,
        /// What is wrong with it.
        why: String,
    },
    /// No image, or more than one, in what is no image directory itself.
    #[error(
        "{name}: {}; an image is where inventory.img is: at the top, in `checkpoint/`, or in the only directory that has one",
        match *count {
            0 => "holds no image".to_owned(),
            count => format!("holds {count} images and not one alone ({shown})"),
        }
    )]
    NoImage {
        /// As the user named it.
        name: String,
        /// How many there are.
        count: usize,
        /// Some of them.
        shown: String,
    },
    /// Every image is the parent of another one.
    #[error(
        "{name}: holds {count} images, and each is the parent of another ({shown}): their `parent` links lead in a \
         circle, so that none of them is the last dump. Correct the links: the first dump has none"
    )]
    ParentLoop {
        /// As the user named it.
        name: String,
        /// How many there are.
        count: usize,
        /// Some of them.
        shown: String,
    },
    /// A directory with too many others in it for its images to be looked for.
    #[error("{name}: holds more than {limit} directories; give the directory that has the image")]
    TooManyDirectories {
        /// As the user named it.
        name: String,
        /// How many are looked into.
        limit: usize,
    },
    /// Anything else the system said.
    #[error("{file} offset {offset:#x}: cannot be read ({error})")]
    Read {
        /// The name.
        file: String,
        /// Where reading began.
        offset: u64,
        /// What the system said.
        error: io::Error,
    },
}

impl SourceError {
    /// The file's name, or the directory's.
    #[must_use]
    pub fn file(&self) -> &str {
        match self {
            Self::Directory { dir: file, .. }
            | Self::Root { dir: file, .. }
            | Self::TooManyFiles { dir: file, .. }
            | Self::Name { file }
            | Self::Link { file }
            | Self::NotRegular { file }
            | Self::NotBinary { file, .. }
            | Self::TooLarge { file, .. }
            | Self::Archive { file, .. }
            | Self::Layout { name: file, .. }
            | Self::NoImage { name: file, .. }
            | Self::ParentLoop { name: file, .. }
            | Self::TooManyDirectories { name: file, .. }
            | Self::Read { file, .. } => file,
        }
    }

    /// Whether there was no room for a temporary file: room comes and goes.
    #[must_use]
    pub fn is_want_of_room(&self) -> bool {
        match self {
            Self::Archive { fault, .. } => fault.is_want_of_room(),
            _ => false,
        }
    }

    /// The same of a file that lies in the directory `prefix`, which ends in a slash or is empty.
    #[must_use]
    pub fn under(mut self, prefix: &str) -> Self {
        match &mut self {
            Self::Directory { dir: file, .. }
            | Self::Root { dir: file, .. }
            | Self::TooManyFiles { dir: file, .. }
            | Self::Name { file }
            | Self::Link { file }
            | Self::NotRegular { file }
            | Self::NotBinary { file, .. }
            | Self::TooLarge { file, .. }
            | Self::Read { file, .. } => file.insert_str(0, prefix),
            // These name what the user named.
            Self::Archive { .. }
            | Self::Layout { .. }
            | Self::NoImage { .. }
            | Self::ParentLoop { .. }
            | Self::TooManyDirectories { .. } => {}
        }
        self
    }
}
