//! `files.img` (or `reg-files.img` before CRIU 3.4) and `memfd.img`.

use std::collections::HashMap;

use super::ask::Ask;
use super::core::text;
use super::envelope::Entry;
use super::error::Error;
use super::model::RegFile;
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
