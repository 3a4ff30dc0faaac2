//! The objects of a checkpoint by CRIU's file id, shared by all its tasks.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::find::{Binaries, Unused};
use super::{Foreign, Object};
use crate::memory::files::Files;

/// The files of one checkpoint, each parsed at most once.
#[derive(Debug, Default)]
pub struct Objects<'a>(BTreeMap<u32, FileObject<'a>>);

/// One of them.
#[derive(Debug)]
pub struct FileObject<'a> {
    /// Its path, as the image has it.
    pub name: Arc<str>,
    /// What it is, or why it is not known.
    pub object: Result<Object<'a>, Absent<'a>>,
}

/// Why a file is not known.
#[derive(Debug)]
pub enum Absent<'a> {
    /// It was not found, or is not the one that was mapped.
    Unused(&'a Unused),
    /// Its bytes are no arm64 ELF file.
    Foreign(Foreign),
}

impl<'a> Objects<'a> {
    /// None at all.
    #[must_use]
    pub const fn none() -> Self {
        Self(BTreeMap::new())
    }

    /// Those that were looked for.
    #[must_use]
    pub fn new(binaries: &'a Binaries) -> Self {
        let known = |(id, binary): (u32, &'a super::find::Binary)| {
            let object = binary.file.as_ref().map(|file| file.object());
            let name = Arc::clone(&binary.name);
            let object = object.map_err(Absent::Unused);
            (id, FileObject { name, object })
        };
        Self(binaries.iter().map(known).collect())
    }

    /// These files, by id, name and bytes, whatever the image says of them.
    #[must_use]
    pub fn of(files: impl IntoIterator<Item = (u32, Arc<str>, &'a [u8])>) -> Self {
        let known = |(id, name, bytes): (u32, Arc<str>, &'a [u8])| {
            let object = Object::parse(bytes).map_err(Absent::Foreign);
            (id, FileObject { name, object })
        };
        Self(files.into_iter().map(known).collect())
    }

    /// Every file, by its id.
    pub fn iter(&self) -> impl Iterator<Item = (u32, &FileObject<'a>)> {
        self.0.iter().map(|(id, entry)| (*id, entry))
    }

    /// What is known of a file.
    #[must_use]
    pub fn look_up(&self, id: u32) -> Option<&FileObject<'a>> {
        self.0.get(&id)
    }

    /// A file that is known.
    #[must_use]
    pub fn get(&self, id: u32) -> Option<&Object<'a>> {
        self.look_up(id)?.object.as_ref().ok()
    }
}

impl Files for Objects<'_> {
    fn file(&self, id: u32) -> Option<(&Arc<str>, &[u8])> {
        let known = self.look_up(id)?;
        Some((&known.name, known.object.as_ref().ok()?.bytes()))
    }
}
