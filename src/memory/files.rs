//! Mapped files whose bytes are at hand though the image does not hold them.

use std::sync::Arc;

use super::{Content, Mapping, Memory, Run};
use crate::units::{Addr, AddrRange, Place};

/// Files by CRIU's file id.
pub trait Files {
    /// Path and bytes of a file; the bytes are those the tasks have mapped.
    fn file(&self, id: u32) -> Option<(&Arc<str>, &[u8])>;
}

/// None at all.
#[derive(Clone, Copy, Debug)]
pub struct NoFiles;

impl Files for NoFiles {
    fn file(&self, _: u32) -> Option<(&Arc<str>, &[u8])> {
        None
    }
}

/// A task's memory in which mapped files have bytes. Their places name the file, not an image.
#[derive(Clone, Copy)]
pub struct WithFiles<'a> {
    memory: &'a dyn Memory,
    files: &'a dyn Files,
}

impl<'a> WithFiles<'a> {
    /// `memory`, with the bytes of `files` where it has none.
    #[must_use]
    pub fn new(memory: &'a dyn Memory, files: &'a dyn Files) -> Self {
        Self { memory, files }
    }
}

impl Memory for WithFiles<'_> {
    fn mappings(&self) -> &[Mapping] {
        self.memory.mappings()
    }

    fn file_at(&self, addr: Addr) -> Option<(u32, u64)> {
        self.memory.file_at(addr)
    }

    fn run_at(&self, addr: Addr, limit: Addr) -> Run<'_> {
        let run = self.memory.run_at(addr, limit);
        let Content::File { id, offset } = run.content else {
            return run;
        };
        let Some((name, bytes)) = self.files.file(id) else {
            return run;
        };
        // What lies behind the end of the file stays as it is.
        let rest = usize::try_from(offset)
            .ok()
            .and_then(|start| bytes.get(start..))
            .unwrap_or_default();
        let len = usize::try_from(run.range.len())
            .unwrap_or(usize::MAX)
            .min(rest.len());
        match rest.get(..len) {
            Some(bytes) if len != 0 => {
                let end = Addr(addr.0.saturating_add(len as u64));
                Run {
                    range: AddrRange::new(addr, end),
                    content: Content::Bytes {
                        bytes,
                        place: Place::new(Arc::clone(name), offset, len as u64),
                    },
                }
            }
            _ => run,
        }
    }
}
