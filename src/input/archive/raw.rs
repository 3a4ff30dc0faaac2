//! An archive as bytes, for whoever writes another one that differs from it in few.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::member::{Change, Kind, Member, slashed};
use super::unpack::{Compression, unpacked};
use super::view::Opened;
use crate::input::{Limits, PARENT_LINK};

/// A tar archive in a file, with an image in one of its directories.
#[derive(Clone, Debug)]
pub struct RawArchive {
    path: PathBuf,
    opened: Arc<Opened>,
    directory: String,
    limits: Limits,
}

/// Where a file lies in an archive. Offsets are bytes from its beginning, as unpacked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Spot {
    /// The member.
    pub member: String,
    /// Where its header lies, of 512 bytes.
    pub header: u64,
    /// Where its content lies.
    pub content: u64,
    /// Length of the content.
    pub size: u64,
    /// How it may change.
    pub change: Change,
}

impl RawArchive {
    pub(super) fn new(
        path: PathBuf,
        opened: Arc<Opened>,
        directory: String,
        limits: Limits,
    ) -> Self {
        Self {
            path,
            opened,
            directory,
            limits,
        }
    }

    /// The archive's file.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// How it is compressed.
    #[must_use]
    pub fn compression(&self) -> Option<Compression> {
        self.opened.archive.compression
    }

    /// Where its end mark lies.
    #[must_use]
    pub fn end(&self) -> u64 {
        self.opened.archive.end
    }

    /// The path that a file of the image has, or would have, in the archive.
    #[must_use]
    pub fn member(&self, name: &str) -> String {
        format!("{}{name}", slashed(&self.directory))
    }

    /// Where a file of the image lies, some `parent` links up the chain; `None` where there is none.
    #[must_use]
    pub fn spot(&self, parents: usize, name: &str) -> Option<Spot> {
        let archive = &self.opened.archive;
        let mut directory = self.directory.clone();
        for _ in 0..parents {
            let link = format!("{}{PARENT_LINK}", slashed(&directory));
            directory = match archive.get(&link) {
                Some(Member {
                    kind: Kind::Symlink(target),
                    ..
                }) => archive.follow(&directory, target)?,
                _ => link,
            };
        }
        let path = format!("{}{name}", slashed(&directory));
        let member = archive
            .get(&path)
            .filter(|member| member.kind == Kind::File && member.twice.is_none())?;
        Some(Spot {
            header: member.header,
            content: member.offset,
            size: member.size,
            change: member.change,
            member: path,
        })
    }

    /// Its bytes once more, decompressed.
    ///
    /// # Errors
    /// When the file cannot be opened; reading may fail later.
    pub fn unpacked(&self) -> io::Result<Box<dyn Read>> {
        self.unpack(File::open(&self.path)?)
    }

    /// The bytes of another archive of the same compression.
    ///
    /// # Errors
    /// As [`RawArchive::unpacked`].
    pub fn unpack(&self, file: File) -> io::Result<Box<dyn Read>> {
        unpacked(file, self.compression(), self.limits)
    }
}
