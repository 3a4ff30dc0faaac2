//! `mountpoints-N.img`: the mounts of the namespaces, and what the file systems ask for that CRIU mounts anew.
//!
//! CRIU hands the options that the dumping kernel showed to `mount` again (`criu/mount.c`, `do_new_mount`),
//! and a kernel that does not know one refuses the mount. A file system of which one mount is the root of the
//! namespace, or is given from outside, is bound and not mounted, so that its options are handed to nobody.

use std::collections::BTreeMap;

use super::ask::Ask;
use super::core::text;
use super::error::Error;
use super::model::{ImageFile, ImageKind, Mount};
use super::paths::room;
use super::proto;
use super::reader::{Dir, Notes};
use crate::units::Place;
use crate::wire::schema::MNT_ENTRY;

/// Beginning of the names.
pub(super) const FILES: &str = "mountpoints-";

/// `fstype` of `images/mnt.proto`.
const PROC: u32 = 1;
const DEVTMPFS: u32 = 3;
const TMPFS: u32 = 5;
const CGROUP2: u32 = 23;

/// Options that not every kernel has: file systems, the option as the kernel shows it (up to a `=` that ends
/// it), what it asks for.
const OPTIONS: &[(&[u32], &[&str], Ask)] = &[
    (&[TMPFS, DEVTMPFS], &["inode32", "inode64"], Ask::TmpfsInode),
    (&[TMPFS, DEVTMPFS], &["noswap"], Ask::TmpfsNoswap),
    (
        &[TMPFS, DEVTMPFS],
        &[
            "quota",
            "usrquota",
            "grpquota",
            "usrquota_block_hardlimit=",
            "usrquota_inode_hardlimit=",
            "grpquota_block_hardlimit=",
            "grpquota_inode_hardlimit=",
        ],
        Ask::TmpfsQuota,
    ),
    (
        &[PROC],
        &[
            "hidepid=off",
            "hidepid=noaccess",
            "hidepid=invisible",
            "hidepid=ptraceable",
            "subset=pid",
        ],
        Ask::ProcHiding,
    ),
    (&[CGROUP2], &["nsdelegate"], Ask::Cgroup2Nsdelegate),
    (&[CGROUP2], &["memory_localevents"], Ask::Cgroup2LocalEvents),
    (
        &[CGROUP2],
        &["memory_recursiveprot"],
        Ask::Cgroup2RecursiveProt,
    ),
    (&[CGROUP2], &["favordynmods"], Ask::Cgroup2FavorDynmods),
    (
        &[CGROUP2],
        &["memory_hugetlb_accounting"],
        Ask::Cgroup2HugetlbAccounting,
    ),
    (
        &[CGROUP2],
        &["pids_localevents"],
        Ask::Cgroup2PidsLocalEvents,
    ),
];

/// What the mounts of one file system say.
#[derive(Default)]
struct FileSystem {
    /// Whether it is there before CRIU mounts anything.
    given: bool,
    asks: BTreeMap<Ask, Place>,
}

/// Most mounts of all namespaces: `fs.mount-max` allows 100000 in each.
const MAX_MOUNTS: usize = 1 << 18;

/// Reads the mounts of every namespace.
pub(super) fn read(
    dir: &Dir,
    images: &[ImageFile],
    notes: &mut Notes,
) -> Result<Vec<Mount>, Error> {
    let mut mounts = Vec::new();
    let mut systems: BTreeMap<u32, FileSystem> = BTreeMap::new();
    let ours = |file: &&ImageFile| {
        file.kind != ImageKind::Other && file.name.starts_with(FILES) && file.name.ends_with(".img")
    };
    for file in images.iter().filter(ours) {
        let Some(image) = dir.image(&file.name, "MNTS")? else {
            continue;
        };
        let namespace = file
            .name
            .strip_prefix(FILES)
            .and_then(|rest| rest.strip_suffix(".img"))
            .and_then(|id| id.parse::<u32>().ok());
        for entry in image.entries() {
            let entry = entry?;
            room(&mounts, MAX_MOUNTS, &image, "mounts", "at most 262144")?;
            let mount: proto::MntEntry = notes.decode(MNT_ENTRY, &entry)?;
            if let Some(namespace) = namespace {
                mounts.push(Mount {
                    namespace,
                    id: mount.mnt_id,
                    kind: mount.fstype,
                    device: mount.root_dev,
                    root: text(&mount.root),
                    point: text(&mount.mountpoint),
                    external: mount.ext_mount == Some(true) || mount.ext_key.is_some(),
                    plugin: mount.with_plugin == Some(true),
                });
            }
            let system = systems.entry(mount.root_dev).or_default();
            system.given |= is_given(&mount);
            let mut see = |ask, number| {
                system
                    .asks
                    .entry(ask)
                    .or_insert_with(|| entry.field(&[number]));
            };
            if mount.fstype == CGROUP2 {
                see(Ask::Cgroup2Mount, 1);
            }
            for option in mount.options.split(|byte| *byte == b',') {
                if let Some(ask) = asked_by(mount.fstype, option) {
                    see(ask, 9);
                }
            }
        }
    }
    for (_, system) in systems.into_iter().filter(|(_, system)| !system.given) {
        for (ask, place) in system.asks {
            notes.asks.see(ask, || place);
        }
    }
    Ok(mounts)
}

/// Whether CRIU binds this mount from something that is there.
fn is_given(mount: &proto::MntEntry) -> bool {
    mount.with_plugin == Some(true)
        || mount.ext_mount == Some(true)
        || mount.ext_key.is_some()
        || mount.mountpoint == b"/"
}

fn asked_by(fstype: u32, option: &[u8]) -> Option<Ask> {
    let is = |name: &&'static str| {
        option == name.as_bytes() || name.ends_with('=') && option.starts_with(name.as_bytes())
    };
    OPTIONS
        .iter()
        .find(|(types, names, _)| types.contains(&fstype) && names.iter().any(is))
        .map(|(_, _, ask)| *ask)
}
