//! A directory of an archive as a source of images.

use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::io;
use std::sync::{Arc, Mutex, PoisonError};

use super::fault::Fault;
use super::member::{Archive, Content, Kind, Member, slashed};
use super::sparse::Sparse;
use super::spool::Spool;
use crate::input::dir::{check, link_text};
use crate::input::{Blob, Listed, MAX_FILES, PARENT_LINK, Parent, Source, SourceError};

/// What the directories of an archive share.
#[derive(Debug)]
pub(super) struct Opened {
    /// As the user named it.
    pub(super) name: String,
    /// What messages about members begin with, where the archive lies in another one.
    pub(super) label: String,
    pub(super) archive: Archive,
    /// For files with holes.
    spool_limit: Option<u64>,
    /// Files with holes that have been filled, by path.
    filled: Mutex<BTreeMap<String, Arc<Blob>>>,
}

impl Opened {
    pub(super) fn new(
        name: String,
        label: String,
        archive: Archive,
        spool_limit: Option<u64>,
    ) -> Self {
        Self {
            name,
            label,
            archive,
            spool_limit,
            filled: Mutex::default(),
        }
    }
}

/// A directory of an archive.
#[derive(Debug)]
pub(super) struct ArchiveDir {
    opened: Arc<Opened>,
    /// Path of the directory; empty for the top.
    path: String,
    label: String,
}

impl ArchiveDir {
    pub(super) fn new(opened: Arc<Opened>, path: String) -> Self {
        let label = format!("{}{}", opened.label, slashed(&path));
        Self {
            opened,
            path,
            label,
        }
    }

    /// The file of this name; `None` when there is none.
    fn file(&self, name: &str) -> Result<Option<&Member>, SourceError> {
        check(name)?;
        let path = self.member(name);
        let Some(member) = self.opened.archive.get(&path) else {
            return if self.opened.archive.is_directory(&path) {
                Err(SourceError::NotRegular {
                    file: name.to_owned(),
                })
            } else {
                Ok(None)
            };
        };
        if let Some(first) = member.twice {
            return Err(self.fault(
                member,
                Fault::Twice {
                    member: path,
                    first,
                },
            ));
        }
        match member.kind {
            Kind::File => Ok(Some(member)),
            Kind::Symlink(_) => Err(SourceError::Link {
                file: name.to_owned(),
            }),
            _ => Err(SourceError::NotRegular {
                file: name.to_owned(),
            }),
        }
    }

    fn member(&self, name: &str) -> String {
        format!("{}{name}", slashed(&self.path))
    }

    fn fault(&self, member: &Member, fault: Fault) -> SourceError {
        SourceError::Archive {
            file: format!("{}{}", self.opened.name, colon(&self.opened.label)),
            offset: member.header,
            fault: Box::new(fault),
        }
    }

    fn passed(&self, name: &str, member: &Member) -> SourceError {
        self.fault(
            member,
            Fault::Passed {
                member: self.member(name),
            },
        )
    }

    /// A file with its holes, in a spool file of its own: what is zero takes no room there.
    fn fill(
        &self,
        name: &str,
        member: &Member,
        stored: &Blob,
        sparse: &Sparse,
    ) -> Result<Arc<Blob>, SourceError> {
        let path = self.member(name);
        let mut filled = self
            .opened
            .filled
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if let Some(blob) = filled.get(&path) {
            return Ok(Arc::clone(blob));
        }
        let mut spool = Spool::new(self.opened.spool_limit);
        let held = u64::try_from(stored.len()).unwrap_or(u64::MAX);
        let slot = spool
            .slot(&path, sparse.size, held)
            .map_err(|fault| self.fault(member, fault))?;
        let failed = |error| self.fault(member, spool.failed(error));
        for (offset, bytes) in sparse.stored(stored) {
            slot.write(offset, bytes).map_err(failed)?;
        }
        let blob = slot.file.part(slot.start, sparse.size).map_err(failed)?;
        let blob = Arc::new(blob);
        filled.insert(path, Arc::clone(&blob));
        Ok(blob)
    }

    fn directory(&self, path: String) -> Option<Arc<dyn Source>> {
        let archive = &self.opened.archive;
        (archive.is_directory(&path) && archive.check_directory(&path).is_ok())
            .then(|| Arc::new(Self::new(Arc::clone(&self.opened), path)) as Arc<dyn Source>)
    }
}

/// A label as the tail of the name of what it lies in.
fn colon(label: &str) -> String {
    label
        .strip_suffix(':')
        .map(|label| format!(": {label}"))
        .unwrap_or_default()
}

impl Source for ArchiveDir {
    fn name(&self) -> &str {
        &self.opened.name
    }

    fn label(&self) -> &str {
        &self.label
    }

    fn list(&self) -> Result<Vec<Listed>, SourceError> {
        let mut found: Vec<Listed> = Vec::new();
        for (path, member) in self.opened.archive.inside(&self.path) {
            let (name, deeper) = match path.split_once('/') {
                Some((name, _)) => (name, true),
                None => (path, false),
            };
            let seen = found.last().is_some_and(|last| last.name == name);
            if name == PARENT_LINK || seen {
                continue;
            }
            if found.len() >= MAX_FILES {
                return Err(SourceError::TooManyFiles {
                    dir: self.opened.name.clone(),
                    limit: MAX_FILES,
                });
            }
            let regular = member.kind == Kind::File && !deeper;
            found.push(Listed {
                name: name.to_owned(),
                size: if regular { member.size } else { 0 },
                regular,
            });
        }
        found.sort_by(|one, other| one.name.cmp(&other.name));
        found.dedup_by(|one, other| one.name == other.name);
        Ok(found)
    }

    fn head(&self, name: &str, len: usize) -> Result<Vec<u8>, SourceError> {
        let Some(member) = self.file(name)? else {
            return Err(SourceError::Read {
                file: name.to_owned(),
                offset: 0,
                error: io::ErrorKind::NotFound.into(),
            });
        };
        let up_to = |bytes: &[u8]| bytes.get(..len).unwrap_or(bytes).to_vec();
        Ok(match &member.content {
            Content::Passed(head) => up_to(head),
            Content::Here(blob) => up_to(blob),
            Content::Holes(stored, sparse) => match sparse.pieces.first() {
                Some((0, first)) => {
                    let first = usize::try_from(*first).unwrap_or(usize::MAX);
                    up_to(stored.get(..first).unwrap_or_default())
                }
                _ => vec![0; len.min(usize::try_from(sparse.size).unwrap_or(len))],
            },
            Content::Spooled(..) => match self.map(name)? {
                Some(blob) => up_to(&blob),
                None => Vec::new(),
            },
        })
    }

    fn read(&self, name: &str, cap: u64) -> Result<Option<Vec<u8>>, SourceError> {
        let Some(member) = self.file(name)? else {
            return Ok(None);
        };
        if member.size > cap {
            return Err(SourceError::TooLarge {
                file: name.to_owned(),
                size: member.size,
                limit: cap,
            });
        }
        if let Content::Holes(stored, sparse) = &member.content {
            return Ok(Some(sparse.filled(stored)));
        }
        Ok(self.map(name)?.map(|blob| blob.to_vec()))
    }

    fn map(&self, name: &str) -> Result<Option<Arc<Blob>>, SourceError> {
        let Some(member) = self.file(name)? else {
            return Ok(None);
        };
        match &member.content {
            Content::Here(blob) => Ok(Some(Arc::new(blob.clone()))),
            Content::Holes(stored, sparse) => self.fill(name, member, stored, sparse).map(Some),
            Content::Spooled(spooled, start) => spooled
                .part(*start, member.size)
                .map(|blob| Some(Arc::new(blob)))
                .map_err(|error| SourceError::Read {
                    file: name.to_owned(),
                    offset: 0,
                    error,
                }),
            Content::Passed(head) if u64::try_from(head.len()) == Ok(member.size) => {
                Ok(Some(Arc::new(Blob::from(Arc::clone(head)))))
            }
            Content::Passed(_) => Err(self.passed(name, member)),
        }
    }

    fn parent(&self) -> Result<Option<Parent>, SourceError> {
        let path = self.member(PARENT_LINK);
        let follow = |link: &str| self.opened.archive.follow(&self.path, link);
        let (target, leads, is_text) = match self.opened.archive.get(&path) {
            Some(member) => match &member.kind {
                _ if member.twice.is_some() => {
                    // Which of the two counts is not known.
                    return self.file(PARENT_LINK).map(|_| None);
                }
                Kind::Symlink(target) => (target.clone(), follow(target), false),
                Kind::Directory => (String::new(), Some(path), false),
                Kind::File => match link_text(self) {
                    Some(text) => {
                        let leads = follow(&text);
                        (text, leads, true)
                    }
                    None => (String::new(), None, false),
                },
                _ => (String::new(), None, false),
            },
            None if self.opened.archive.is_directory(&path) => (String::new(), Some(path), false),
            None => return Ok(None),
        };
        Ok(Some(Parent {
            absolute: target.starts_with('/'),
            target,
            source: leads.and_then(|path| self.directory(path)),
            is_text,
        }))
    }

    /// The path's hash serves as the directory's number: all directories of a chain lie in one archive.
    fn identity(&self) -> Option<(u64, u64)> {
        let mut hasher = DefaultHasher::new();
        self.path.hash(&mut hasher);
        Some((0, hasher.finish()))
    }
}
