//! The files that a restore opens by their path: which, what for, where they lie, and what is there on the restoring
//! side.
//!
//! CRIU opens them as `criu/files-reg.c` (`open_path`) does and refuses one of another size, type, permission bits or
//! build id. Everything else about them is taken as given, by CRIU as well as here.
#![deny(
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss
)]

mod build_id;
mod look;
mod needs;
mod place;

#[cfg(test)]
#[allow(clippy::indexing_slicing, clippy::arithmetic_side_effects)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use crate::units::{Pid, Place};

pub use look::{MAX_LOOKED_FOR, TargetRoot};
pub use needs::needed;

/// What a restore needs of the file system, and whether it was looked for.
#[derive(Clone, Debug, Default)]
pub struct FileFacts {
    /// Every file, executables and libraries first.
    pub needed: Vec<NeededFile>,
    /// The directory that stands for the restoring side's `/`; `None` where none was named.
    pub looked_in: Option<LookedIn>,
}

/// A directory that was looked in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LookedIn {
    /// As the user named it.
    pub name: String,
    /// Whether it is `/` of the machine hwcr runs on: what is not there then is nowhere.
    pub is_system: bool,
}

/// A file that the restore opens by its path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NeededFile {
    /// CRIU's file id.
    pub id: u32,
    /// Its path as the image has it.
    pub name: String,
    /// What for, and by which tasks; by none where nothing in the image shows it.
    pub uses: BTreeMap<Use, BTreeSet<Pid>>,
    /// Where it lies on the restoring side.
    pub lies: Lies,
    /// What the image says of it.
    pub saved: Saved,
    /// What was found; `None` where nothing was looked for.
    pub found: Option<Found>,
    /// Where its entry lies.
    pub place: Place,
}

/// What a task uses a file for, most important first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Use {
    /// The program it runs.
    Executable,
    /// It has mapped code of it.
    Code,
    /// It has mapped it, shared and to write to.
    MappedToWrite,
    /// It has mapped it.
    Mapped,
    /// It has it open.
    Open,
    /// It has it open to write to.
    OpenToWrite,
    /// The directory it works in.
    WorkingDirectory,
    /// Its root directory.
    RootDirectory,
    /// A unix socket is bound in it.
    SocketDirectory,
}

impl Use {
    /// All of them.
    pub const ALL: [Self; 9] = [
        Self::Executable,
        Self::Code,
        Self::MappedToWrite,
        Self::Mapped,
        Self::Open,
        Self::OpenToWrite,
        Self::WorkingDirectory,
        Self::RootDirectory,
        Self::SocketDirectory,
    ];

    /// The words for people and for programs.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Executable => "executable",
            Self::Code => "mapped code",
            Self::MappedToWrite => "mapped to write",
            Self::Mapped => "mapped",
            Self::Open => "open",
            Self::OpenToWrite => "open to write",
            Self::WorkingDirectory => "working directory",
            Self::RootDirectory => "root directory",
            Self::SocketDirectory => "directory of a socket",
        }
    }

    /// Whether the kernel refuses it on a file system that is read-only.
    fn writes(self) -> bool {
        matches!(self, Self::MappedToWrite | Self::OpenToWrite)
    }
}

/// Where a file lies on the restoring side.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Lies {
    /// In the root file system, at this path.
    Below(String),
    /// In the root file system, as a hard link that the dump left at this path (`link_remap.N`).
    Linked(String),
    /// In `/dev`, which a root file system has only where it is in use.
    Device(String),
    /// In the image: a deleted file, or one on a tmpfs.
    Image,
    /// In a file system that the kernel fills (`/proc`, `/sys`, `/dev/pts`), or a terminal.
    Kernel,
    /// Where the engine says at the restore: on an external mount, or handed over.
    Engine,
    /// On another file system, mounted here.
    Mount(String),
}

impl Lies {
    /// The path below the root directory, where it has one.
    #[must_use]
    pub fn path(&self) -> Option<&str> {
        match self {
            Self::Below(path) | Self::Linked(path) | Self::Device(path) => Some(path),
            Self::Image | Self::Kernel | Self::Engine | Self::Mount(_) => None,
        }
    }

    /// The word for programs.
    #[must_use]
    pub fn word(&self) -> &'static str {
        match self {
            Self::Below(_) => "root",
            Self::Linked(_) => "link",
            Self::Device(_) => "device",
            Self::Image => "image",
            Self::Kernel => "kernel",
            Self::Engine => "engine",
            Self::Mount(_) => "mount",
        }
    }
}

/// What CRIU compares.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Saved {
    /// Size in bytes: of regular files, but of none that is only appended to.
    pub size: Option<u64>,
    /// Type and permission bits.
    pub mode: Option<u32>,
    /// GNU build id; empty where the file had none, or CRIU did not look (before 3.15).
    pub build_id: Vec<u8>,
    /// Whether a link of that name is opened itself (`O_NOFOLLOW`).
    pub no_follow: bool,
}

/// What is on the restoring side.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Found {
    /// It was not looked for, or that failed.
    NotSeen(String),
    /// Nothing of that name.
    Nothing,
    /// Something.
    Something {
        /// Its size in bytes.
        size: u64,
        /// Its type and permission bits.
        mode: u32,
        /// Its build id as CRIU would read it.
        build_id: FoundId,
        /// Whether its file system is mounted read-only.
        read_only: bool,
    },
}

/// The build id of a file that was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FoundId {
    /// The image has none to compare it with, or the file is of another type or size.
    NotRead,
    /// It could not be read.
    Unreadable(String),
    /// It has none where CRIU looks.
    None,
    /// These bytes.
    Some(Vec<u8>),
}

/// In what a file on the restoring side differs from the one that was dumped.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Difference {
    /// It is not there.
    Missing,
    /// It has another type.
    Type {
        /// What the image says.
        saved: u32,
        /// What it is.
        found: u32,
    },
    /// It has other permission bits.
    Permissions {
        /// What the image says.
        saved: u32,
        /// What they are.
        found: u32,
    },
    /// It has another size.
    Size {
        /// What the image says.
        saved: u64,
        /// What it has.
        found: u64,
    },
    /// It has another build id; `None` for none.
    BuildId {
        /// What the image says.
        saved: Vec<u8>,
        /// What it has.
        found: Option<Vec<u8>>,
    },
    /// A task writes to it, and its file system is mounted read-only.
    ReadOnly,
    /// Nothing is known of it, and why.
    NotSeen(String),
}

impl NeededFile {
    /// Whether the restoring side's root file system must have it.
    #[must_use]
    pub fn is_in_root(&self) -> bool {
        self.lies.path().is_some()
    }

    /// Whether the image shows a task that uses it. CRIU opens no other.
    #[must_use]
    pub fn is_used(&self) -> bool {
        !self.uses.is_empty()
    }

    /// In what the file that was found differs, what CRIU looks at first coming first; none where nothing was looked
    /// for.
    #[must_use]
    pub fn differences(&self) -> Vec<Difference> {
        let (size, mode, build_id, read_only) = match &self.found {
            None => return Vec::new(),
            Some(Found::NotSeen(why)) => return vec![Difference::NotSeen(why.clone())],
            Some(Found::Nothing) => return vec![Difference::Missing],
            Some(Found::Something {
                size,
                mode,
                build_id,
                read_only,
            }) => (*size, *mode, build_id, *read_only),
        };
        let mut differ = Vec::new();
        let saved = &self.saved;
        if let Some(saved) = saved.mode.filter(|saved| kind(*saved) != kind(mode)) {
            // Sizes of what is of another type say nothing.
            return vec![Difference::Type { saved, found: mode }];
        }
        if let Some(saved) = saved.size.filter(|saved| *saved != size) {
            differ.push(Difference::Size { saved, found: size });
        }
        let other_id = |found: Option<&Vec<u8>>| Difference::BuildId {
            saved: saved.build_id.clone(),
            found: found.cloned(),
        };
        // Of another size it is another file anyway.
        if differ.is_empty() && !saved.build_id.is_empty() {
            match build_id {
                FoundId::Some(found) if *found != saved.build_id => {
                    differ.push(other_id(Some(found)));
                }
                // What is not a regular file is not read, and has none.
                FoundId::None | FoundId::NotRead => differ.push(other_id(None)),
                FoundId::Unreadable(why) => differ.push(Difference::NotSeen(why.clone())),
                FoundId::Some(_) => {}
            }
        }
        if let Some(saved) = saved.mode.filter(|saved| *saved != mode) {
            differ.push(Difference::Permissions { saved, found: mode });
        }
        if read_only && self.uses.keys().any(|what| what.writes()) {
            differ.push(Difference::ReadOnly);
        }
        differ
    }

    /// Whether it is there, and nothing but its size, or not even that, shows that its content is the same.
    #[must_use]
    pub fn content_is_given(&self) -> bool {
        const REGULAR: u32 = 0o100_000;
        let regular = match &self.found {
            Some(Found::Something { mode, .. }) => kind(*mode) == REGULAR,
            _ => false,
        };
        regular && self.saved.build_id.is_empty() && self.differences().is_empty()
    }
}

/// The type in `st_mode`.
fn kind(mode: u32) -> u32 {
    mode & 0o170_000
}

/// What `st_mode` says a file is.
#[must_use]
pub fn type_name(mode: u32) -> &'static str {
    match kind(mode) {
        0o010_000 => "a named pipe",
        0o020_000 => "a character device",
        0o040_000 => "a directory",
        0o060_000 => "a block device",
        0o100_000 => "a regular file",
        0o120_000 => "a symbolic link",
        0o140_000 => "a socket",
        _ => "of an unknown type",
    }
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing => f.write_str("not there"),
            Self::Type { saved, found } => {
                write!(f, "{}, was {}", type_name(*found), type_name(*saved))
            }
            Self::Permissions { saved, found } => {
                write!(f, "mode {:04o}, was {:04o}", found & 0o7777, saved & 0o7777)
            }
            Self::Size { saved, found } => write!(f, "{found} bytes, was {saved}"),
            Self::BuildId { saved, found } => match found {
                Some(found) => write!(f, "build id {}, was {}", Hex(found), Hex(saved)),
                None => write!(f, "no build id, was {}", Hex(saved)),
            },
            Self::ReadOnly => f.write_str("on a read-only file system, a task writes to it"),
            Self::NotSeen(why) => f.write_str(why),
        }
    }
}

/// Bytes as hexadecimal digits.
struct Hex<'a>(&'a [u8]);

impl fmt::Display for Hex<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}
