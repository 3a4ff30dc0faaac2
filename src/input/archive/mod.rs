//! Archives and image layouts: read once, never unpacked.
//!
//! * `walk` goes from header to header over a `feed` (bytes in place, or as they come); `pax` and `holes` read what
//!   extends a header, `unpack` takes compression off;
//! * `scan` makes an index of members (`member`) and keeps what cannot be read again (`keep`, `spool`);
//! * `view` is a directory of such an index as a [`super::Source`].

mod fault;
mod feed;
mod holes;
mod keep;
mod member;
mod number;
mod pax;
mod raw;
mod scan;
mod sparse;
mod spool;
mod unpack;
mod view;
mod walk;

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Read;
use std::path::Path;
use std::sync::Arc;

pub use fault::Fault;
pub use member::Change;
pub use raw::{RawArchive, Spot};
pub use unpack::{ARCHIVE_HEAD, Compression, is_archive};

use super::{Blob, Limits, Options, Source, SourceError};
use member::{Archive, Kind, Member, slashed};
pub(super) use scan::MAX_DOCUMENT;
use scan::{Depth, Scan};
use view::{ArchiveDir, Opened};

/// An archive that has been read, and what reading others with it takes.
pub(super) struct Reader {
    scan: Scan,
    limits: Limits,
}

impl Reader {
    pub(super) fn new(options: &Options) -> Self {
        Self {
            scan: Scan::new(options),
            limits: options.limits,
        }
    }

    /// An archive in a file, called `name` by the user.
    pub(super) fn file(&mut self, name: &str, file: File) -> Result<Members, SourceError> {
        let archive = self.scan.file(name, file, Depth::Outer)?;
        Ok(self.members(name, String::new(), archive))
    }

    /// An archive that comes once.
    pub(super) fn stream(
        &mut self,
        name: &str,
        reader: &mut dyn Read,
    ) -> Result<Members, SourceError> {
        let archive = self.scan.stream(name, reader, Depth::Outer)?;
        Ok(self.members(name, String::new(), archive))
    }

    /// A layer in a file, at `path` of what the user called `name`.
    pub(super) fn layer(
        &mut self,
        name: &str,
        path: &str,
        file: File,
    ) -> Result<Members, SourceError> {
        let depth = Depth::Inner { counted: false };
        let archive = self.scan.file(&format!("{name}: {path}"), file, depth)?;
        Ok(self.members(name, format!("{path}:"), archive))
    }

    /// A layer in another archive; `None` when there is no such member.
    pub(super) fn layer_of(
        &mut self,
        outer: &mut Members,
        path: &str,
    ) -> Result<Option<Members>, SourceError> {
        if let Some(archive) = outer.nested.remove(path) {
            let name = outer.top.name.clone();
            return Ok(Some(self.members(&name, format!("{path}:"), archive)));
        }
        let Some(blob) = outer.file(path)? else {
            return Ok(None);
        };
        let name = outer.top.name.as_str();
        let depth = Depth::Inner { counted: false };
        let archive = self.scan.lying(&format!("{name}: {path}"), blob, depth)?;
        Ok(Some(self.members(name, format!("{path}:"), archive)))
    }

    fn members(&self, name: &str, label: String, mut archive: Archive) -> Members {
        let nested = std::mem::take(&mut archive.nested);
        let compression = archive.compression;
        Members {
            limits: self.limits,
            top: Arc::new(Opened::new(
                name.to_owned(),
                label,
                archive,
                self.limits.spool,
            )),
            nested,
            compression,
        }
    }
}

/// The members of an archive.
pub(super) struct Members {
    top: Arc<Opened>,
    nested: BTreeMap<String, Archive>,
    pub(super) compression: Option<Compression>,
    limits: Limits,
}

impl Members {
    /// A directory of it, for reading files.
    pub(super) fn directory(&self, path: &str) -> Arc<dyn Source> {
        Arc::new(ArchiveDir::new(Arc::clone(&self.top), path.to_owned()))
    }

    /// The archive in the file at `path`, with an image in `directory`, as bytes.
    pub(super) fn raw(&self, path: &Path, directory: &str) -> RawArchive {
        RawArchive::new(
            path.to_owned(),
            Arc::clone(&self.top),
            directory.to_owned(),
            self.limits,
        )
    }

    /// Whether a file lies there.
    pub(super) fn has(&self, path: &str) -> bool {
        let member = self.top.archive.get(path);
        member.is_some_and(|member| member.kind == Kind::File)
    }

    /// Whether this, as a layer of an image, puts files into a directory or takes something of it away (`.wh.`, image-spec
    /// `layer.md`).
    pub(super) fn touches(&self, directory: &str) -> bool {
        let archive = &self.top.archive;
        let is_file = |member: &Member| member.kind != Kind::Directory;
        let into = archive
            .inside(directory)
            .any(|(path, member)| is_file(member) && !path.contains('/'));
        let mut above = directory.split('/').scan(String::new(), |path, part| {
            let before = slashed(path);
            *path = format!("{before}{part}");
            Some((path.clone(), format!("{before}.wh.{part}"), before))
        });
        into || above.any(|(path, whiteout, before)| {
            archive.get(&path).is_some_and(is_file)
                || archive.get(&whiteout).is_some()
                || archive.get(&format!("{before}.wh..wh..opq")).is_some()
        })
    }

    /// The size of the file that lies there.
    pub(super) fn size(&self, path: &str) -> Option<u64> {
        let member = self.top.archive.get(path);
        member
            .filter(|member| member.kind == Kind::File)
            .map(|member| member.size)
    }

    /// A document of an image layout; `None` when there is none.
    pub(super) fn document(&self, path: &str) -> Result<Option<Vec<u8>>, SourceError> {
        let (directory, name) = path.rsplit_once('/').unwrap_or(("", path));
        self.directory(directory).read(name, MAX_DOCUMENT)
    }

    fn file(&self, path: &str) -> Result<Option<Blob>, SourceError> {
        let (directory, name) = path.rsplit_once('/').unwrap_or(("", path));
        let found = self.directory(directory).map(name)?;
        Ok(found.map(|blob| Blob::clone(&blob)))
    }

    /// Directories with a file called `name`.
    pub(super) fn directories_with(&self, name: &str) -> Vec<&str> {
        let files = self
            .top
            .archive
            .iter()
            .filter(|(_, member)| member.kind == Kind::File);
        files
            .filter_map(|(path, _)| match path.rsplit_once('/') {
                Some((directory, file)) => (file == name).then_some(directory),
                None => (path == name).then_some(""),
            })
            .collect()
    }

    /// Refuses a directory that whoever unpacks could put elsewhere.
    pub(super) fn check_directory(&self, path: &str) -> Result<(), SourceError> {
        self.top
            .archive
            .check_directory(path)
            .map_err(|found| SourceError::Archive {
                file: self.top.name.clone(),
                offset: found.offset,
                fault: Box::new(found.fault),
            })
    }
}
