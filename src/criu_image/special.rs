//! What the files in `files.img` ask for that are neither paths nor sockets: memfds, BPF maps, process file
//! descriptors, fanotify groups.

use super::ask::Ask;
use super::envelope::Entry;
use super::error::Error;
use super::model::ImageFile;
use super::proto;
use super::reader::{Dir, Notes};
use crate::units::Place;
use crate::wire::schema::BPFMAP_DATA_ENTRY;

/// `F_SEAL_SEAL` of `uapi/linux/fcntl.h`. A memfd made without sealing has it and no other.
const F_SEAL_SEAL: u32 = 1;

/// Seals that not every kernel has (`uapi/linux/fcntl.h`): `F_SEAL_FUTURE_WRITE`, `F_SEAL_EXEC`.
const SEALS: &[(u32, Ask)] = &[(0x10, Ask::MemfdFutureWrite), (0x20, Ask::MemfdExecSeal)];

/// Permissions that `memfd_create` gives, of the bits that a mode has for them.
const MEMFD_MODE: (u32, u32) = (0o777, 0o7777);

/// Flags of maps (`uapi/linux/bpf.h`): `BPF_F_RDONLY_PROG` and `BPF_F_WRONLY_PROG`, `BPF_F_MMAPABLE`.
const MAP_FLAGS: &[(u32, Ask)] = &[(0x180, Ask::BpfAccess), (0x400, Ask::BpfMmapable)];

/// Flags of `pidfd_open`: `PIDFD_NONBLOCK`.
const PIDFD_FLAGS: &[(u32, Ask)] = &[(0x800, Ask::PidFdNonblock)];

/// Flags of `fanotify_init` (`uapi/linux/fanotify.h`), as far as they came after 4.4.
const FANOTIFY_FLAGS: &[(u32, Ask)] = &[
    (0x80, Ask::FanotifyPidfd),
    (0x100, Ask::FanotifyTid),
    (0x200, Ask::FanotifyFid),
    (0xc00, Ask::FanotifyDirFid),
    (0x1000, Ask::FanotifyTargetFid),
    (0x2000, Ask::FanotifyFdError),
];

/// Events of `fanotify_mark` that need no flag above: `FAN_OPEN_EXEC` with `FAN_OPEN_EXEC_PERM`, `FAN_RENAME`.
const FANOTIFY_EVENTS: &[(u32, Ask)] = &[
    (0x4_1000, Ask::FanotifyOpenExec),
    (0x1000_0000, Ask::FanotifyRename),
];

/// Flags of `fanotify_mark`.
const FANOTIFY_MARK_FLAGS: &[(u32, Ask)] = &[
    (0x200, Ask::FanotifyEvictable),
    (0x400, Ask::FanotifyIgnore),
];

/// Notes what the memory behind a memfd asks for.
pub(super) fn see_memfd(inode: &proto::MemfdInodeEntry, entry: &Entry<'_>, notes: &mut Notes) {
    notes.asks.see(Ask::Memfd, || entry.place());
    notes
        .asks
        .see_bits(inode.seals, SEALS, || entry.field(&[6]));
    if inode.hugetlb_flag.is_some() {
        notes.asks.see(Ask::HugeTlbMemfd, || entry.field(&[8]));
        if inode.seals != F_SEAL_SEAL {
            notes.asks.see(Ask::MemfdHugetlbSeals, || entry.field(&[6]));
        }
    }
    let (made_with, bits) = MEMFD_MODE;
    if inode.mode.is_some_and(|mode| mode & bits != made_with) {
        notes.asks.see(Ask::MemfdMode, || entry.field(&[9]));
    }
}

/// Notes what a file of another kind asks for.
pub(super) fn see(file: &proto::FileEntry, entry: &Entry<'_>, notes: &mut Notes) {
    if let Some(map) = &file.bpf {
        notes.asks.see(Ask::BpfMap, || entry.field(&[21]));
        notes
            .asks
            .see_bits(map.map_flags, MAP_FLAGS, || entry.field(&[21, 10]));
        if map.frozen {
            notes.asks.see(Ask::BpfFrozen, || entry.field(&[21, 12]));
        }
    }
    if let Some(pidfd) = &file.pidfd {
        notes.asks.see(Ask::PidFd, || entry.field(&[22]));
        notes
            .asks
            .see_bits(pidfd.flags, PIDFD_FLAGS, || entry.field(&[22, 3]));
    }
    if let Some(group) = &file.ffy {
        notes
            .asks
            .see_bits(group.faflags, FANOTIFY_FLAGS, || entry.field(&[14, 4]));
        for mark in &group.mark {
            let events = mark.mask | mark.ignored_mask;
            notes
                .asks
                .see_bits(events, FANOTIFY_EVENTS, || entry.field(&[14, 6]));
            notes
                .asks
                .see_bits(mark.mflags, FANOTIFY_MARK_FLAGS, || entry.field(&[14, 6]));
        }
    }
}

/// The image with the content of BPF maps.
pub(super) const BPF_DATA: &str = "bpfmap-data.img";

/// A file longer than this has content, whatever its entries say: they have a few bytes each.
const MOST_ENTRIES: u64 = 1 << 20;

/// Notes whether a BPF map has content to be put back.
pub(super) fn see_bpf_data(
    dir: &Dir,
    images: &[ImageFile],
    notes: &mut Notes,
) -> Result<(), Error> {
    let Some(file) = images.iter().find(|file| file.name == BPF_DATA) else {
        return Ok(());
    };
    if file.size > MOST_ENTRIES {
        notes.asks.see(Ask::BpfData, || {
            Place::new(dir.label(BPF_DATA), 0, file.size)
        });
        return Ok(());
    }
    let Some(image) = dir.image(BPF_DATA, "BPFMAP_DATA")? else {
        return Ok(());
    };
    let mut entries = image.entries();
    while let Some(entry) = entries.next() {
        let entry = entry?;
        let data: proto::BpfmapDataEntry = notes.decode(BPFMAP_DATA_ENTRY, &entry)?;
        if data.count != 0 {
            notes.asks.see(Ask::BpfData, || entry.place());
        }
        entries.pass_over(u64::from(data.keys_bytes).saturating_add(u64::from(data.values_bytes)));
    }
    Ok(())
}
