//! Where tasks stand in the file system and what they hold open: `fs-PID.img`, `fdinfo-N.img`, `remap-fpath.img`.

use std::collections::HashMap;
use std::sync::Arc;

use super::envelope::Image;
use super::error::Error;
use super::model::{Fd, Remap, Remapped, StandsIn};
use super::proto;
use super::reader::{Dir, Notes};
use crate::units::Pid;
use crate::wire::schema::{FDINFO_ENTRY, FS_ENTRY, REMAP_FILE_PATH_ENTRY};

/// The image of remaps.
pub(super) const REMAPS: &str = "remap-fpath.img";

/// Most descriptors of one table: what `fs.nr_open` allows unless raised (`include/linux/fs.h`, kernel 6.1).
const MAX_FDS: usize = 1 << 20;

/// Most remaps: one a file, as many as descriptors.
const MAX_REMAPS: usize = 1 << 20;

/// `remap_type` before it had a field of its own: this bit of `remap_id` (CRIU 4.2 `criu/files-reg.c`,
/// `REMAP_GHOST`).
const GHOST_BIT: u32 = 1 << 31;

/// Reads the directories of a task; `None` where the image does not say them.
pub(super) fn stands_in(dir: &Dir, pid: Pid, notes: &mut Notes) -> Result<Option<StandsIn>, Error> {
    let Some(image) = dir.image(&format!("fs-{pid}.img"), "FS")? else {
        return Ok(None);
    };
    let fs: proto::FsEntry = notes.decode(FS_ENTRY, &image.single(FS_ENTRY.name())?)?;
    Ok(Some(StandsIn {
        cwd: fs.cwd_id,
        root: fs.root_id,
    }))
}

/// Tables of descriptors, by `files_id`: tasks may share one.
#[derive(Default)]
pub(super) struct Tables(HashMap<u32, Arc<[Fd]>>);

impl Tables {
    pub(super) fn read(
        &mut self,
        dir: &Dir,
        files_id: u32,
        notes: &mut Notes,
    ) -> Result<Arc<[Fd]>, Error> {
        if let Some(known) = self.0.get(&files_id) {
            return Ok(Arc::clone(known));
        }
        let mut fds = Vec::new();
        if let Some(image) = dir.image(&format!("fdinfo-{files_id}.img"), "FDINFO")? {
            for entry in image.entries() {
                let entry = entry?;
                room(&fds, MAX_FDS, &image, "descriptors", "at most 1048576")?;
                let fd: proto::FdinfoEntry = notes.decode(FDINFO_ENTRY, &entry)?;
                fds.push(Fd {
                    number: fd.fd,
                    file: fd.id,
                    kind: fd.r#type,
                });
            }
        }
        let fds: Arc<[Fd]> = fds.into();
        self.0.insert(files_id, Arc::clone(&fds));
        Ok(fds)
    }
}

/// The files that are not opened by the name they had.
pub(super) fn remaps(dir: &Dir, notes: &mut Notes) -> Result<Vec<Remap>, Error> {
    let mut remaps = Vec::new();
    let Some(image) = dir.image(REMAPS, "REMAP_FPATH")? else {
        return Ok(remaps);
    };
    for entry in image.entries() {
        let entry = entry?;
        room(
            &remaps,
            MAX_REMAPS,
            &image,
            "remapped files",
            "at most 1048576",
        )?;
        let remap: proto::RemapFilePathEntry = notes.decode(REMAP_FILE_PATH_ENTRY, &entry)?;
        let to = match remap.remap_type {
            Some(0) => Remapped::Linked(remap.remap_id),
            Some(1) => Remapped::Ghost,
            Some(2) => Remapped::Process,
            Some(other) => Remapped::Other(other),
            None if remap.remap_id & GHOST_BIT != 0 => Remapped::Ghost,
            None => Remapped::Linked(remap.remap_id),
        };
        remaps.push(Remap {
            file: remap.orig_id,
            to,
        });
    }
    Ok(remaps)
}

/// Refuses one more than there may be.
pub(super) fn room<T>(
    list: &[T],
    most: usize,
    image: &Image,
    what: &'static str,
    want: &'static str,
) -> Result<(), Error> {
    if list.len() < most {
        return Ok(());
    }
    Err(Error::Count {
        file: Arc::clone(image.file()),
        offset: 0,
        what,
        found: (list.len() as u64).saturating_add(1),
        want,
    })
}
