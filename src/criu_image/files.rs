//! `files.img` (or `reg-files.img` before CRIU 3.4) and `memfd.img`.

use std::collections::HashMap;

use super::ask::Ask;
use super::core::text;
use super::envelope::Entry;
use super::error::Error;
use super::model::{BoundSocket, FilePlaces, RegFile};
use super::proto;
use super::reader::{Dir, Notes};
use super::{sockets, special};
use crate::wire::schema::{FILE_ENTRY, MEMFD_INODE_ENTRY, REG_FILE_ENTRY};

/// Files the tasks have open or mapped.
#[derive(Debug, Default)]
pub(super) struct Files {
    /// Regular files, by id.
    pub(super) regular: Vec<RegFile>,
    /// Shared-memory id of each memfd, by file id. CRIU goes the same way (`criu/memfd.c`).
    pub(super) memfd: HashMap<u32, u32>,
    /// Those that have a path by way of another file.
    pub(super) places: FilePlaces,
}

/// Reads what there is; none of the images need be there.
pub(super) fn read(dir: &Dir, notes: &mut Notes) -> Result<Files, Error> {
    let mut shmid_of_inode = HashMap::new();
    if let Some(image) = dir.image("memfd.img", "MEMFD_INODE")? {
        for entry in image.entries() {
            let entry = entry?;
            let inode: proto::MemfdInodeEntry = notes.decode(MEMFD_INODE_ENTRY, &entry)?;
            special::see_memfd(&inode, &entry, notes);
            shmid_of_inode.insert(inode.inode_id, inode.shmid);
        }
    }
    let mut files = Files::default();
    if let Some(image) = dir.image("files.img", "FILES")? {
        for entry in image.entries() {
            let entry = entry?;
            let file: proto::FileEntry = notes.decode(FILE_ENTRY, &entry)?;
            sockets::see(&file, &entry, notes);
            special::see(&file, &entry, notes);
            if let Some(reg) = &file.reg {
                files.regular.push(regular(reg, &entry, &[3, 11], notes));
            }
            places(&file, &entry, &mut files.places);
            let shmid = file
                .memfd
                .and_then(|memfd| shmid_of_inode.get(&u64::from(memfd.inode_id)));
            if let Some(&shmid) = shmid {
                files.memfd.insert(file.id, shmid);
            }
        }
    }
    if let Some(image) = dir.image("reg-files.img", "REG_FILES")? {
        for entry in image.entries() {
            let entry = entry?;
            let reg: proto::RegFileEntry = notes.decode(REG_FILE_ENTRY, &entry)?;
            files.regular.push(regular(&reg, &entry, &[11], notes));
        }
    }
    files.regular.sort_by_key(|file| file.id);
    Ok(files)
}

/// What has its path by way of another file, or has one that is not a regular file's.
fn places(file: &proto::FileEntry, entry: &Entry<'_>, places: &mut FilePlaces) {
    if let Some(fifo) = &file.fifo {
        places
            .fifos
            .push((file.id, fifo.regf_id.unwrap_or(file.id)));
    }
    if let Some(tty) = &file.tty {
        let named = tty.regf_id.unwrap_or(file.id);
        places.terminals.push((file.id, named));
    }
    // What begins with a NUL is no path (unix(7)); what was bound to a path ends with one.
    if let Some(socket) = &file.usk
        && socket.name.first().is_some_and(|first| *first != 0)
    {
        let name = socket.name.strip_suffix(&[0]).unwrap_or(&socket.name);
        places.sockets.push(BoundSocket {
            id: file.id,
            name: text(name),
            directory: socket.name_dir.as_deref().map(text),
            deleted: socket.deleted == Some(true),
            mount: mount(socket.mnt_id),
            place: entry.place(),
        });
    }
}

/// The number of a mount. -1, which stands for none, is also what is meant where nothing is said.
fn mount(id: Option<i32>) -> Option<u32> {
    id.and_then(|id| u32::try_from(id).ok())
}

fn regular(
    reg: &proto::RegFileEntry,
    entry: &Entry<'_>,
    build_id: &[u32],
    notes: &mut Notes,
) -> RegFile {
    if !reg.build_id.is_empty() {
        notes.asks.see(Ask::BuildId, || entry.field(build_id));
    }
    RegFile {
        id: reg.id,
        name: text(&reg.name),
        flags: reg.flags,
        mode: reg.mode,
        mount: mount(reg.mnt_id),
        external: reg.ext == Some(true),
        size: reg.size,
        // CRIU keeps the note's bytes as words of the dumping machine, which was little-endian.
        build_id: reg
            .build_id
            .iter()
            .flat_map(|word| word.to_le_bytes())
            .collect(),
        place: entry.place(),
    }
}
