//! What can go wrong between a name and its bytes.

use std::io;

/// A file or directory that cannot be read. None of them concerns a byte inside, so that none has an offset
/// but [`SourceError::Read`].
#[derive(Debug, thiserror::Error)]
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
            | Self::TooManyFiles { dir: file, .. }
            | Self::Name { file }
            | Self::Link { file }
            | Self::NotRegular { file }
            | Self::TooLarge { file, .. }
            | Self::Read { file, .. } => file,
        }
    }

    /// The same of a file that lies in the directory `prefix`, which ends in a slash or is empty.
    #[must_use]
    pub fn under(mut self, prefix: &str) -> Self {
        match &mut self {
            Self::Directory { dir: file, .. }
            | Self::TooManyFiles { dir: file, .. }
            | Self::Name { file }
            | Self::Link { file }
            | Self::NotRegular { file }
            | Self::TooLarge { file, .. }
            | Self::Read { file, .. } => file.insert_str(0, prefix),
        }
        self
    }
}
