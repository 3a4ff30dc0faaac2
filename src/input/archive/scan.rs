//! Reads an archive once, from its first header to its end mark.

use std::fs::File;
use std::io::{Cursor, Read};
use std::os::unix::fs::FileExt as _;
use std::sync::Arc;

use super::fault::Fault;
use super::feed::{Feed, InPlace, Stream, fill};
use super::keep::Keeper;
use super::member::{Archive, Content, Kind};
use super::unpack::{Budget, SNIFF, compression, decompress, fault_of, foreign};
use super::walk::{BLOCK, Entry, Found, Walker};
use crate::input::{Blob, Options, SourceError};
use crate::progress::{Counting, Progress};

/// Bytes behind the end mark of an uncompressed stream that are taken, so that its writer can end: `tar` fills up to
/// 10 KiB, or to what it was told.
const AFTER_END: u64 = 16 << 20;

/// Where an archive lies.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Depth {
    /// It is what the user named.
    Outer,
    /// It lies in another one. Archives inside of it are of no interest.
    Inner {
        /// The other one is compressed, so that its bytes are counted there.
        counted: bool,
    },
}

/// Reads an archive and, where that is not possible later, those inside of it.
pub(super) struct Scan {
    members: usize,
    limit_members: usize,
    names: u64,
    limit_names: u64,
    budget: Budget,
    keeper: Keeper,
    progress: Arc<Progress>,
}

impl Scan {
    pub(super) fn new(options: &Options) -> Self {
        Self {
            members: 0,
            limit_members: options.limits.members,
            names: 0,
            limit_names: options.limits.names,
            budget: Budget::new(options.limits),
            keeper: Keeper::new(options),
            progress: Arc::clone(&options.progress),
        }
    }

    /// An archive in a file. What is compressed is read through and never mapped, so that it takes no memory.
    pub(super) fn file(
        &mut self,
        name: &str,
        file: File,
        depth: Depth,
    ) -> Result<Archive, SourceError> {
        let failed = |error| said(name, whole(fault_of(error)), &[]);
        let mut head = [0; SNIFF];
        let len = file.read_at(&mut head, 0).map_err(failed)?;
        if compression(head.get(..len).unwrap_or_default()).is_some() {
            self.progress
                .expect(file.metadata().map_or(0, |meta| meta.len()));
            let mut counted = Counting::new(file, &self.progress);
            return self.through(name, &mut counted, depth);
        }
        self.lying(name, Blob::map(&file).map_err(failed)?, depth)
    }

    /// An archive that lies there; `name` is what messages call it.
    pub(super) fn lying(
        &mut self,
        name: &str,
        blob: Blob,
        depth: Depth,
    ) -> Result<Archive, SourceError> {
        let head = blob.get(..SNIFF.min(blob.len())).unwrap_or_default();
        if compression(head).is_some() {
            self.progress
                .expect(u64::try_from(blob.len()).unwrap_or(u64::MAX));
            let mut counted = Counting::new(Cursor::new(&*blob), &self.progress);
            return self.through(name, &mut counted, depth);
        }
        let head = head.to_vec();
        self.in_place(blob)
            .map_err(|found| said(name, found, &head))
    }

    /// An archive that comes once.
    pub(super) fn stream(
        &mut self,
        name: &str,
        reader: &mut dyn Read,
        depth: Depth,
    ) -> Result<Archive, SourceError> {
        self.progress.expect_a_stream();
        let mut counted = Counting::new(reader, &self.progress);
        self.through(name, &mut counted, depth)
    }

    fn through(
        &mut self,
        name: &str,
        reader: &mut dyn Read,
        depth: Depth,
    ) -> Result<Archive, SourceError> {
        self.layered(reader, depth)
            .map_err(|(found, head)| said(name, found, &head))
    }

    /// Takes off the compression, if any. With an error come the bytes that should have been a header.
    fn layered(
        &mut self,
        reader: &mut dyn Read,
        depth: Depth,
    ) -> Result<Archive, (Found, Vec<u8>)> {
        let failed = |error| (whole(fault_of(error)), Vec::new());
        let head = head(reader).map_err(failed)?;
        let Some(kind) = compression(&head) else {
            let mut joined = Cursor::new(head.clone()).chain(reader);
            return self
                .tar(&mut joined, false, depth)
                .map_err(|found| (found, head));
        };
        let joined = Box::new(Cursor::new(head).chain(reader));
        let counted = depth == Depth::Inner { counted: true };
        let mut unpacked = decompress(kind, joined, &self.budget, counted).map_err(failed)?;
        let head = self::head(&mut *unpacked).map_err(failed)?;
        if compression(&head).is_some() {
            let what = "compressed twice";
            return Err((whole(Fault::Kind { what }), Vec::new()));
        }
        let mut joined = Cursor::new(head.clone()).chain(unpacked);
        let mut archive = self
            .tar(&mut joined, true, depth)
            .map_err(|found| (found, head))?;
        archive.compression = Some(kind);
        Ok(archive)
    }

    fn in_place(&mut self, blob: Blob) -> Result<Archive, Found> {
        let mut walker = Walker::new(InPlace::new(blob), self.limit_members);
        let mut archive = Archive::default();
        while let Some(mut entry) = walker.next()? {
            self.count(&entry)?;
            let content = if entry.kind == Kind::File {
                let Some(stored) = walker.in_place() else {
                    return Err(Found {
                        offset: entry.header,
                        fault: Fault::Cut {
                            inside: format!("{:?}", entry.path),
                        },
                    });
                };
                match entry.sparse.take() {
                    Some(sparse) => Content::Holes(stored, sparse.into()),
                    None => Content::Here(stored),
                }
            } else {
                Content::none()
            };
            archive.add(entry, content)?;
        }
        archive.end = walker.end();
        not_empty(archive)
    }

    fn tar(
        &mut self,
        reader: &mut dyn Read,
        compressed: bool,
        depth: Depth,
    ) -> Result<Archive, Found> {
        let mut walker = Walker::new(Stream::new(reader), self.limit_members);
        let mut archive = Archive::default();
        while let Some(entry) = walker.next()? {
            self.count(&entry)?;
            let content = match entry.kind {
                Kind::File if depth == Depth::Outer && is_blob(&entry.path) => {
                    let depth = Depth::Inner {
                        counted: compressed,
                    };
                    self.inner(&entry, &mut walker, depth, &mut archive)?
                }
                Kind::File => self.keeper.keep(&entry, &mut walker)?,
                _ => Content::none(),
            };
            archive.add(entry, content)?;
        }
        archive.end = walker.end();
        // The checksum of compressed bytes lies at their end.
        walker.drain(if compressed { u64::MAX } else { AFTER_END })?;
        not_empty(archive)
    }

    /// A blob of an image layout that passes: a document is kept, an archive read along the way.
    fn inner<F: Feed>(
        &mut self,
        entry: &Entry,
        walker: &mut Walker<F>,
        depth: Depth,
        archive: &mut Archive,
    ) -> Result<Content, Found> {
        let head = Keeper::head(entry, walker)?;
        let Content::Passed(first) = &head else {
            return Ok(head);
        };
        let document = first.first() == Some(&b'{') && entry.size <= MAX_DOCUMENT;
        if document && self.keeper.has_room(entry.size) {
            let rest = usize::try_from(walker.left()).unwrap_or(0);
            let mut document = first.to_vec();
            let known = document.len();
            document.resize(known.saturating_add(rest), 0);
            walker.exact(document.get_mut(known..).unwrap_or_default())?;
            return Ok(Content::Here(Blob::from(document)));
        }
        let mut joined = Cursor::new(first.to_vec()).chain(walker.content());
        match self.layered(&mut joined, depth) {
            Ok(nested) => {
                archive.nested.insert(entry.path.clone(), nested);
            }
            // Blobs may be anything.
            Err((found, _)) if is_foreign(&found) => {}
            Err((found, _)) => {
                return Err(Found {
                    offset: entry.header,
                    fault: Fault::Inside {
                        member: entry.path.clone(),
                        offset: found.offset,
                        fault: Box::new(found.fault),
                    },
                });
            }
        }
        Ok(head)
    }

    fn count(&mut self, entry: &Entry) -> Result<(), Found> {
        self.members = self.members.saturating_add(1);
        let link = match &entry.kind {
            Kind::Symlink(target) | Kind::HardLink(target) => target.len(),
            _ => 0,
        };
        let len = entry.path.len().saturating_add(link);
        let len = u64::try_from(len).unwrap_or(u64::MAX);
        self.names = self.names.saturating_add(len);
        let fault = if self.members > self.limit_members {
            Fault::Members {
                limit: self.limit_members,
            }
        } else if self.names > self.limit_names {
            Fault::Names {
                limit: self.limit_names,
            }
        } else {
            return Ok(());
        };
        Err(Found {
            offset: entry.header,
            fault,
        })
    }
}

/// Largest document of an image layout. Registries take 4 MiB.
pub(in crate::input) const MAX_DOCUMENT: u64 = 4 << 20;

/// Whether this is where an image layout, or `docker save`, puts a blob that may be a layer.
fn is_blob(path: &str) -> bool {
    let hex = |text: &str| text.len() == 64 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    path.starts_with("blobs/")
        || path.strip_suffix(".tar").is_some_and(hex)
        || path.strip_suffix("/layer.tar").is_some_and(hex)
}

fn not_empty(archive: Archive) -> Result<Archive, Found> {
    if archive.iter().next().is_none() {
        return Err(whole(Fault::Empty));
    }
    Ok(archive)
}

fn head(reader: &mut dyn Read) -> std::io::Result<Vec<u8>> {
    let mut head = vec![0; SNIFF];
    let len = fill(reader, &mut head)?;
    head.truncate(len);
    Ok(head)
}

/// A fault of the whole archive.
fn whole(fault: Fault) -> Found {
    Found { offset: 0, fault }
}

/// Whether the very first header is none.
fn is_foreign(found: &Found) -> bool {
    match found.fault {
        Fault::Checksum | Fault::NoEnd => found.offset == 0,
        Fault::Cut { .. } => found.offset < BLOCK,
        Fault::Kind { .. } => true,
        _ => false,
    }
}

/// The fault of an archive called `name` that begins with `head`.
fn said(name: &str, found: Found, head: &[u8]) -> SourceError {
    let found = match found.fault {
        Fault::Kind { .. } => found,
        _ if is_foreign(&found) => whole(foreign(head)),
        _ => found,
    };
    SourceError::Archive {
        file: name.to_owned(),
        offset: found.offset,
        fault: Box::new(found.fault),
    }
}
