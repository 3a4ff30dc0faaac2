//! Image files held in memory.

use std::collections::BTreeMap;
use std::io;
use std::sync::Arc;

use super::{Blob, Listed, Parent, Source, SourceError};

/// Files by name. Cloning shares their bytes.
#[derive(Clone, Debug, Default)]
pub struct MemorySource {
    name: String,
    files: BTreeMap<String, Arc<[u8]>>,
    parent: Option<Parent>,
}

impl MemorySource {
    /// An empty directory, called `name` in messages.
    #[must_use]
    pub fn new(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            ..Self::default()
        }
    }

    /// Everything of `source` but its parent.
    ///
    /// # Errors
    /// As [`Source::list`] and [`Source::map`]. What is no regular file is left out.
    pub fn copy_of(source: &dyn Source) -> Result<Self, SourceError> {
        let mut copy = Self::new(source.name());
        for listed in source.list()?.into_iter().filter(|listed| listed.regular) {
            if let Some(blob) = source.map(&listed.name)? {
                copy.files.insert(listed.name, Arc::from(&**blob));
            }
        }
        Ok(copy)
    }

    /// Puts a file there, in place of one of the same name.
    pub fn insert(&mut self, name: impl Into<String>, bytes: impl Into<Arc<[u8]>>) {
        self.files.insert(name.into(), bytes.into());
    }

    /// Takes a file away.
    pub fn remove(&mut self, name: &str) {
        self.files.remove(name);
    }

    /// The bytes of a file.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&[u8]> {
        self.files.get(name).map(|bytes| &**bytes)
    }

    /// Sets where `parent` leads.
    pub fn set_parent(&mut self, parent: Option<Parent>) {
        self.parent = parent;
    }
}

impl Source for MemorySource {
    fn name(&self) -> &str {
        &self.name
    }

    fn list(&self) -> Result<Vec<Listed>, SourceError> {
        let listed = |(name, bytes): (&String, &Arc<[u8]>)| Listed {
            name: name.clone(),
            size: u64::try_from(bytes.len()).unwrap_or(u64::MAX),
            regular: true,
        };
        Ok(self.files.iter().map(listed).collect())
    }

    fn head(&self, name: &str, len: usize) -> Result<Vec<u8>, SourceError> {
        let bytes = self.get(name).ok_or_else(|| SourceError::Read {
            file: name.to_owned(),
            offset: 0,
            error: io::ErrorKind::NotFound.into(),
        })?;
        Ok(bytes.get(..len).unwrap_or(bytes).to_vec())
    }

    fn read(&self, name: &str, cap: u64) -> Result<Option<Vec<u8>>, SourceError> {
        let Some(bytes) = self.get(name) else {
            return Ok(None);
        };
        let size = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
        if size > cap {
            return Err(SourceError::TooLarge {
                file: name.to_owned(),
                size,
                limit: cap,
            });
        }
        Ok(Some(bytes.to_vec()))
    }

    fn map(&self, name: &str) -> Result<Option<Arc<Blob>>, SourceError> {
        Ok(self
            .files
            .get(name)
            .map(|bytes| Arc::new(Blob::from(Arc::clone(bytes)))))
    }

    fn parent(&self) -> Result<Option<Parent>, SourceError> {
        Ok(self.parent.clone())
    }

    fn identity(&self) -> Option<(u64, u64)> {
        None
    }
}
