//! The programs and libraries that tasks map: found below a root directory, and taken only where they are the ones
//! that were mapped.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::Arc;

use crate::criu_image::model::{Checkpoint, RegFile, Vma, VmaStatus};
use crate::elf::{Foreign, Headers};
use crate::input::{Blob, Root, SourceError};

use super::Object;

/// Files looked for. A process maps some hundreds at most; one mapping of ours is made for each.
pub const MAX_FILES: usize = 4096;

/// The files of one checkpoint that hold code, by CRIU's file id.
#[derive(Debug, Default)]
pub struct Binaries(pub(super) BTreeMap<u32, Binary>);

/// One of them.
#[derive(Debug)]
pub struct Binary {
    /// Its path, as the image has it.
    pub name: Arc<str>,
    /// The file, or why it is not used.
    pub file: Result<MappedFile, Unused>,
}

/// A file that is the one that was mapped.
#[derive(Debug)]
pub struct MappedFile {
    bytes: Arc<Blob>,
    headers: Headers,
}

impl MappedFile {
    /// It as an object, nothing of which was read yet but its headers.
    #[must_use]
    pub fn object(&self) -> Object<'_> {
        Object::with(&self.bytes, self.headers.clone())
    }
}

/// Why a file is not used.
#[derive(Debug, thiserror::Error)]
pub enum Unused {
    /// There is none of that name.
    #[error("not found")]
    NotFound,
    /// It cannot be opened or mapped, or is no regular file.
    #[error(transparent)]
    Source(SourceError),
    /// It is no arm64 ELF file.
    #[error("no 64-bit little-endian arm64 ELF file: {0}")]
    Foreign(Foreign),
    /// It has another size.
    #[error("has {found} bytes where the mapped one had {saved}")]
    Size {
        /// Bytes it has.
        found: u64,
        /// Bytes the image says.
        saved: u64,
    },
    /// The image does not say which file it was (CRIU before 3.15, or a file without a build id).
    #[error("the image has no build id and size of it")]
    NotSaved,
    /// It has another build id, or none.
    #[error("has {} where the mapped one had {}", Id(.found), Id(.saved))]
    BuildId {
        /// What it has; empty for none.
        found: Vec<u8>,
        /// What the image says.
        saved: Vec<u8>,
    },
    /// There are more than [`MAX_FILES`].
    #[error("not looked for: there are more than {MAX_FILES}")]
    TooMany,
}

/// A build id for people.
struct Id<'a>(&'a [u8]);

impl fmt::Display for Id<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_empty() {
            return f.write_str("no build id");
        }
        f.write_str("build id ")?;
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl Binaries {
    /// Looks below `root` for every file of which a task maps code.
    #[must_use]
    pub fn find(checkpoint: &Checkpoint, root: &Root) -> Self {
        let mapped: BTreeSet<u32> = checkpoint
            .tasks
            .iter()
            .filter_map(|task| task.mm.as_ref())
            .flat_map(|mm| &mm.vmas)
            .filter_map(code)
            .collect();
        let found = mapped
            .into_iter()
            .filter_map(|id| checkpoint.file(id))
            .enumerate()
            .map(|(index, file)| {
                let found = if index < MAX_FILES {
                    open(root, file)
                } else {
                    Err(Unused::TooMany)
                };
                let name = Arc::from(file.name.as_str());
                (file.id, Binary { name, file: found })
            });
        Self(found.collect())
    }

    /// Every file looked for, by id.
    pub fn iter(&self) -> impl Iterator<Item = (u32, &Binary)> {
        self.0.iter().map(|(id, binary)| (*id, binary))
    }
}

/// The id of the file whose code a mapping shows.
fn code(vma: &Vma) -> Option<u32> {
    let of_file = VmaStatus::FILE_PRIVATE | VmaStatus::FILE_SHARED;
    if vma.mapping.exec && vma.status.intersects(of_file) {
        u32::try_from(vma.shmid).ok()
    } else {
        None
    }
}

fn open(root: &Root, file: &RegFile) -> Result<MappedFile, Unused> {
    // CRIU saves a size with every build id. Files of debugging information alone have the same id.
    let saved = file.size.filter(|_| !file.build_id.is_empty());
    let saved = saved.ok_or(Unused::NotSaved)?;
    let bytes = root
        .map(&file.name)
        .map_err(Unused::Source)?
        .ok_or(Unused::NotFound)?;
    let found = bytes.len() as u64;
    if saved != found {
        return Err(Unused::Size { found, saved });
    }
    let object = Object::parse(&bytes).map_err(Unused::Foreign)?;
    let found = object.build_id().unwrap_or_default();
    if found != file.build_id {
        return Err(Unused::BuildId {
            found: found.to_vec(),
            saved: file.build_id.clone(),
        });
    }
    let headers = object.into_headers();
    Ok(MappedFile { bytes, headers })
}
