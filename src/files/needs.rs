//! Which files a restore opens by their path, and what for.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use super::place::Mounts;
use super::{Lies, NeededFile, Saved, Use};
use crate::criu_image::model::{BoundSocket, Checkpoint, RegFile, Remapped, Task, Vma, VmaStatus};
use crate::units::Pid;

/// `O_*` of arm64 (kernel 6.1, `arch/arm64/include/uapi/asm/fcntl.h`).
const O_ACCMODE: u32 = 0o3;
const O_NOFOLLOW: u32 = 0o100_000;

/// Files whose pages are mapped, but not from a path.
const OTHERWISE: VmaStatus = VmaStatus::MEMFD
    .union(VmaStatus::EXT_PLUGIN)
    .union(VmaStatus::SOCKET);
const OF_FILE: VmaStatus = VmaStatus::FILE_PRIVATE.union(VmaStatus::FILE_SHARED);

/// What each file is used for.
type Uses = HashMap<u32, BTreeMap<Use, BTreeSet<Pid>>>;

/// Every file with a path, executables and libraries first.
#[must_use]
pub fn needed(checkpoint: &Checkpoint) -> Vec<NeededFile> {
    let places = &checkpoint.places;
    let mounts = Mounts::new(checkpoint);
    let mut uses = uses(checkpoint);
    let terminals: HashSet<u32> = places.terminals.iter().map(|(_, file)| *file).collect();
    let remaps: HashMap<u32, Remapped> = places
        .remaps
        .iter()
        .map(|remap| (remap.file, remap.to))
        .collect();
    let links: HashSet<u32> = remaps
        .values()
        .filter_map(|to| match to {
            Remapped::Linked(link) => Some(*link),
            _ => None,
        })
        .collect();
    let by_id: HashMap<u32, &RegFile> = checkpoint
        .files
        .iter()
        .map(|file| (file.id, file))
        .collect();
    let mut files = Vec::new();
    for file in &checkpoint.files {
        let uses = uses.remove(&file.id).unwrap_or_default();
        // The link that stands for another file is opened as that file.
        if links.contains(&file.id) && uses.is_empty() {
            continue;
        }
        let lies = if terminals.contains(&file.id) {
            Lies::Kernel
        } else {
            match remaps.get(&file.id) {
                Some(Remapped::Ghost) => Lies::Image,
                Some(Remapped::Process) => Lies::Kernel,
                Some(Remapped::Linked(link)) => linked(&mounts, file, by_id.get(link).copied()),
                Some(Remapped::Other(_)) => Lies::Engine,
                None if file.external => Lies::Engine,
                None => mounts.lies(&file.name, file.mount),
            }
        };
        files.push(NeededFile {
            id: file.id,
            name: file.name.clone(),
            uses,
            lies,
            saved: Saved {
                size: file.size,
                mode: file.mode,
                build_id: file.build_id.clone(),
                no_follow: file.flags & O_NOFOLLOW != 0,
            },
            found: None,
            place: file.place.clone(),
        });
    }
    let tasks = tasks_of(checkpoint);
    files.extend(
        places
            .sockets
            .iter()
            .filter(|socket| !socket.deleted)
            .filter_map(|socket| directory_of(&mounts, socket, tasks.get(&socket.id)?)),
    );
    // The most important use is the first of each.
    files.sort_by_cached_key(|file| {
        (
            file.uses.keys().next().copied().map_or(u8::MAX, order),
            file.id,
        )
    });
    files
}

fn order(what: Use) -> u8 {
    let at = Use::ALL.iter().position(|one| *one == what);
    at.and_then(|at| u8::try_from(at).ok()).unwrap_or(u8::MAX)
}

/// CRIU gives the link the mount of the file that it stands for (`collect_remap_linked`).
fn linked(mounts: &Mounts<'_>, file: &RegFile, link: Option<&RegFile>) -> Lies {
    let Some(link) = link else {
        // An image that names a link it does not describe: CRIU refuses it, and so does HWCR-IMG-008's reader.
        return Lies::Engine;
    };
    match mounts.lies(&link.name, file.mount) {
        Lies::Below(path) | Lies::Device(path) => Lies::Linked(path),
        other => other,
    }
}

/// The directory that a socket is bound in. CRIU removes what has the socket's name and binds it again.
fn directory_of(
    mounts: &Mounts<'_>,
    socket: &BoundSocket,
    tasks: &BTreeSet<Pid>,
) -> Option<NeededFile> {
    let name = if socket.name.starts_with('/') {
        socket.name.clone()
    } else {
        format!("{}/{}", socket.directory.as_deref()?, socket.name)
    };
    let (directory, _) = name.rsplit_once('/')?;
    let directory = if directory.is_empty() { "/" } else { directory };
    Some(NeededFile {
        id: socket.id,
        name: directory.to_owned(),
        uses: [(Use::SocketDirectory, tasks.clone())].into(),
        lies: mounts.lies(directory, socket.mount),
        saved: Saved::default(),
        found: None,
        place: socket.place.clone(),
    })
}

/// The tasks that have each open file.
fn tasks_of(checkpoint: &Checkpoint) -> HashMap<u32, BTreeSet<Pid>> {
    let mut tasks: HashMap<u32, BTreeSet<Pid>> = HashMap::new();
    for task in &checkpoint.tasks {
        for fd in task.fds.iter() {
            tasks.entry(fd.file).or_default().insert(task.pid);
        }
    }
    tasks
}

fn uses(checkpoint: &Checkpoint) -> Uses {
    let mut uses = Uses::new();
    // What is open as a pipe or a terminal has its path in another entry.
    let places = &checkpoint.places;
    let named: HashMap<u32, u32> = places
        .fifos
        .iter()
        .chain(&places.terminals)
        .copied()
        .collect();
    let to_write: HashSet<u32> = checkpoint
        .files
        .iter()
        .filter(|file| file.flags & O_ACCMODE != 0)
        .map(|file| file.id)
        .collect();
    for task in &checkpoint.tasks {
        let mut met = |file: u32, what: Use| {
            let of_file = uses.entry(file).or_default();
            of_file.entry(what).or_default().insert(task.pid);
        };
        if let Some(mm) = &task.mm {
            met(mm.exe_file_id, Use::Executable);
            for (file, what) in mm.vmas.iter().filter_map(mapped) {
                met(file, what);
            }
        }
        for fd in task.fds.iter() {
            let file = named.get(&fd.file).copied().unwrap_or(fd.file);
            let what = if to_write.contains(&file) {
                Use::OpenToWrite
            } else {
                Use::Open
            };
            met(file, what);
        }
        directories(task, &mut met);
    }
    uses
}

fn directories(task: &Task, met: &mut impl FnMut(u32, Use)) {
    if let Some(stands_in) = &task.stands_in {
        met(stands_in.cwd, Use::WorkingDirectory);
        met(stands_in.root, Use::RootDirectory);
    }
}

/// The file that a mapping shows, and what for.
fn mapped(vma: &Vma) -> Option<(u32, Use)> {
    if !vma.status.intersects(OF_FILE) || vma.status.intersects(OTHERWISE) {
        return None;
    }
    let what = if vma.mapping.exec {
        Use::Code
    } else if vma.mapping.write && vma.status.contains(VmaStatus::FILE_SHARED) {
        Use::MappedToWrite
    } else {
        Use::Mapped
    };
    Some((u32::try_from(vma.shmid).ok()?, what))
}
