//! On which mount a file lies, and what that means for the restoring side.

use std::collections::HashMap;

use super::Lies;
use crate::criu_image::model::{Checkpoint, Mount};

/// What CRIU does with a mount of a kind of file system (CRIU 4.2 `criu/filesystems.c`, numbers of
/// `images/mnt.proto`).
enum Filled {
    /// The kernel fills it.
    Kernel,
    /// Its content is in the image (`tmpfs-DEV.tar.gz.img`).
    Image,
    /// It has a content of its own, which the restoring side must have.
    Disk,
}

/// The kinds whose content is not on a disk; see `enum fstype`.
const TMPFS: u32 = 5;
const KERNEL: &[u32] = &[
    1,  // proc
    2,  // sysfs
    3,  // devtmpfs
    4,  // binfmt_misc
    6,  // devpts
    8,  // pstore
    9,  // securityfs
    10, // fusectl
    11, // debugfs
    12, // cgroup
    14, // mqueue
    18, // autofs
    19, // tracefs
    23, // cgroup2
];

/// Directories of every machine that lie in no root file system.
const OF_KERNEL: &[&str] = &["/proc", "/sys", "/dev/pts"];

/// The one that a root file system may have, in use or not.
const DEVICES: &str = "/dev";

/// The mounts of an image, by number.
pub(super) struct Mounts<'a> {
    by_id: HashMap<u32, &'a Mount>,
    /// The root mount of each namespace.
    roots: HashMap<u32, &'a Mount>,
    /// That of the first.
    root: Option<&'a Mount>,
}

impl<'a> Mounts<'a> {
    pub(super) fn new(checkpoint: &'a Checkpoint) -> Self {
        let mounts = &checkpoint.places.mounts;
        let mut roots = HashMap::new();
        for mount in mounts.iter().filter(|mount| mount.point == "/") {
            // What is mounted over another root comes later.
            roots.insert(mount.namespace, mount);
        }
        let first = mounts.iter().map(|mount| mount.namespace).min();
        Self {
            by_id: mounts.iter().map(|mount| (mount.id, mount)).collect(),
            root: first.and_then(|first| roots.get(&first).copied()),
            roots,
        }
    }

    /// Where the file called `name` lies, which is on the mount of that number.
    pub(super) fn lies(&self, name: &str, mount: Option<u32>) -> Lies {
        // Without a description of the mounts the number of one says nothing.
        let Some(mount) = mount.filter(|_| !self.by_id.is_empty()) else {
            return on_machine(name);
        };
        let Some(mount) = self.by_id.get(&mount) else {
            return Lies::Mount(format!("mount {mount}, which the image does not describe"));
        };
        let root = self.roots.get(&mount.namespace).copied();
        // The root is given to CRIU (`--root`) whatever it lies on; every other mount is made as its kind asks.
        let is_root = root.is_some_and(|root| root.id == mount.id);
        match filled(mount) {
            _ if is_root => {}
            _ if mount.external => return Lies::Engine,
            Filled::Kernel => return Lies::Kernel,
            Filled::Image => return Lies::Image,
            Filled::Disk => {}
        }
        let other = || Lies::Mount(mount.point.clone());
        // The directory given stands for the first namespace's root; that of another one may be another.
        let (Some(root), Some(first)) = (root, self.root) else {
            return other();
        };
        if mount.plugin || root.device != first.device || root.root != first.root {
            return other();
        }
        if is_root {
            return Lies::Below(name.to_owned());
        }
        // A bind mount of another directory of the same file system.
        if mount.device != root.device {
            return other();
        }
        let inside = below(name, &mount.point)
            .map(|rest| format!("{}{rest}", mount.root.trim_end_matches('/')));
        match inside.as_deref().and_then(|path| below(path, &root.root)) {
            Some(rest) => Lies::Below(rest.to_owned()),
            None => other(),
        }
    }
}

/// Where a file of tasks without a mount namespace of their own lies.
fn on_machine(name: &str) -> Lies {
    if OF_KERNEL.iter().any(|directory| is_below(name, directory)) {
        Lies::Kernel
    } else if is_below(name, DEVICES) {
        Lies::Device(name.to_owned())
    } else {
        Lies::Below(name.to_owned())
    }
}

fn filled(mount: &Mount) -> Filled {
    match mount.kind {
        TMPFS => Filled::Image,
        kind if KERNEL.contains(&kind) => Filled::Kernel,
        _ => Filled::Disk,
    }
}

fn is_below(path: &str, directory: &str) -> bool {
    below(path, directory).is_some()
}

/// What follows a directory in a path, with its slash; empty for the directory itself.
fn below<'p>(path: &'p str, directory: &str) -> Option<&'p str> {
    let rest = path.strip_prefix(directory.trim_end_matches('/'))?;
    (rest.is_empty() || rest.starts_with('/')).then_some(rest)
}
