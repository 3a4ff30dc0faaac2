//! The one way to the file system. Every operation asks a hook first, so that a test can let it fail, or
//! let everything fail from there on as if the process had ended.
//!
//! Names are looked up in an open directory and never through a link, but for `Files::follow`.

use std::ffi::{OsStr, OsString};
use std::fmt;
use std::fs::File;
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::FileExt as _;
use std::path::Path;

use rustix::fs::{
    AtFlags, Dir, FileType, FlockOperation, Gid, Mode, OFlags, RenameFlags, SeekFrom, Stat,
    Timespec, Timestamps, Uid,
};
use rustix::io::Errno;

const DIRECTORY: OFlags = OFlags::RDONLY
    .union(OFlags::DIRECTORY)
    .union(OFlags::CLOEXEC);

/// Opening a pipe would wait without `NONBLOCK`.
const PLAIN: OFlags = OFlags::NOFOLLOW
    .union(OFlags::NONBLOCK)
    .union(OFlags::NOCTTY)
    .union(OFlags::CLOEXEC);

/// Why an operation shall fail.
#[derive(Debug)]
pub struct Fault {
    /// What the operation answers.
    pub error: io::Error,
    /// Whether a write puts half of its bytes down before.
    pub torn: bool,
}

/// Asked before every operation, with its name and what it works on.
pub type Hook = dyn Fn(&'static str, &OsStr) -> Result<(), Fault>;

/// Operations on files.
#[derive(Default)]
pub struct Files {
    hook: Option<Box<Hook>>,
}

impl fmt::Debug for Files {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Files(hook: {})", self.hook.is_some())
    }
}

impl Files {
    /// Operations that ask `hook` first.
    #[must_use]
    pub fn with_hook(hook: Box<Hook>) -> Self {
        Self { hook: Some(hook) }
    }

    fn ask(&self, what: &'static str, name: &OsStr) -> Result<(), Fault> {
        self.hook.as_ref().map_or(Ok(()), |hook| hook(what, name))
    }

    fn step(&self, what: &'static str, name: &OsStr) -> io::Result<()> {
        self.ask(what, name).map_err(|fault| fault.error)
    }

    pub(super) fn open_dir(&self, path: &Path) -> io::Result<OwnedFd> {
        self.step("open", path.as_os_str())?;
        Ok(rustix::fs::open(path, DIRECTORY, Mode::empty())?)
    }

    /// A directory inside of `dir`, not through a link.
    pub(super) fn enter(&self, dir: &OwnedFd, name: &OsStr) -> io::Result<OwnedFd> {
        self.step("open", name)?;
        let flags = DIRECTORY.union(OFlags::NOFOLLOW);
        Ok(rustix::fs::openat(dir, name, flags, Mode::empty())?)
    }

    /// A directory that `name` leads to, a link or not.
    pub(super) fn follow(&self, dir: &OwnedFd, name: &OsStr) -> io::Result<OwnedFd> {
        self.step("open", name)?;
        Ok(rustix::fs::openat(dir, name, DIRECTORY, Mode::empty())?)
    }

    /// The names in a directory, sorted, and what they are; at most `limit` of them, else `None`.
    pub(super) fn list(
        &self,
        dir: &OwnedFd,
        limit: usize,
    ) -> io::Result<Option<Vec<(OsString, FileType)>>> {
        self.step("list", OsStr::new("."))?;
        let mut found = Vec::new();
        for entry in Dir::read_from(dir)? {
            let entry = entry?;
            let name = entry.file_name();
            if [c".", c".."].contains(&name) {
                continue;
            }
            if found.len() >= limit {
                return Ok(None);
            }
            let stat = rustix::fs::statat(dir, name, AtFlags::SYMLINK_NOFOLLOW)?;
            found.push((
                OsStr::from_bytes(name.to_bytes()).to_owned(),
                FileType::from_raw_mode(stat.st_mode),
            ));
        }
        found.sort_by(|one, other| one.0.cmp(&other.0));
        Ok(Some(found))
    }

    /// What a name stands for, `None` where there is none.
    pub(super) fn stat(&self, dir: &OwnedFd, name: &OsStr) -> io::Result<Option<Stat>> {
        self.step("stat", name)?;
        match rustix::fs::statat(dir, name, AtFlags::SYMLINK_NOFOLLOW) {
            Ok(stat) => Ok(Some(stat)),
            Err(Errno::NOENT) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    pub(super) fn fstat(&self, fd: impl AsFd) -> io::Result<Stat> {
        self.step("stat", OsStr::new("."))?;
        Ok(rustix::fs::fstat(fd)?)
    }

    /// A regular file for reading, `None` where the name stands for nothing.
    pub(super) fn open(&self, dir: &OwnedFd, name: &OsStr) -> io::Result<Option<File>> {
        self.regular(dir, name, OFlags::RDONLY)
    }

    /// A regular file for reading and writing.
    pub(super) fn open_write(&self, dir: &OwnedFd, name: &OsStr) -> io::Result<Option<File>> {
        self.regular(dir, name, OFlags::RDWR)
    }

    fn regular(&self, dir: &OwnedFd, name: &OsStr, access: OFlags) -> io::Result<Option<File>> {
        self.step("open", name)?;
        let file = match rustix::fs::openat(dir, name, access.union(PLAIN), Mode::empty()) {
            Ok(fd) => File::from(fd),
            Err(Errno::NOENT) => return Ok(None),
            Err(error) => return Err(error.into()),
        };
        if !file.metadata()?.is_file() {
            return Err(io::Error::new(
                io::ErrorKind::InvalidInput,
                "not a regular file",
            ));
        }
        Ok(Some(file))
    }

    /// A new file that nobody else may read yet.
    pub(super) fn create(&self, dir: &OwnedFd, name: &OsStr) -> io::Result<File> {
        self.step("create", name)?;
        let flags = OFlags::RDWR
            .union(OFlags::CREATE)
            .union(OFlags::EXCL)
            .union(PLAIN);
        Ok(rustix::fs::openat(dir, name, flags, Mode::RUSR.union(Mode::WUSR))?.into())
    }

    pub(super) fn make_dir(&self, dir: &OwnedFd, name: &OsStr) -> io::Result<()> {
        self.step("mkdir", name)?;
        Ok(rustix::fs::mkdirat(dir, name, Mode::RWXU)?)
    }

    pub(super) fn read_link(&self, dir: &OwnedFd, name: &OsStr) -> io::Result<OsString> {
        self.step("readlink", name)?;
        let text = rustix::fs::readlinkat(dir, name, Vec::new())?;
        Ok(OsStr::from_bytes(text.to_bytes()).to_owned())
    }

    pub(super) fn link(&self, text: &OsStr, dir: &OwnedFd, name: &OsStr) -> io::Result<()> {
        self.step("symlink", name)?;
        Ok(rustix::fs::symlinkat(text, dir, name)?)
    }

    /// Reads until `bytes` is full or the file ends; how many there were.
    pub(super) fn read_at(&self, file: &File, bytes: &mut [u8], offset: u64) -> io::Result<usize> {
        self.step("read", OsStr::new(""))?;
        let mut have = 0usize;
        while let Some(rest) = bytes.get_mut(have..).filter(|rest| !rest.is_empty()) {
            let at = u64::try_from(have).unwrap_or(u64::MAX);
            match file.read_at(rest, offset.saturating_add(at)) {
                Ok(0) => break,
                Ok(count) => have = have.saturating_add(count),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(have)
    }

    pub(super) fn write_at(&self, file: &File, bytes: &[u8], offset: u64) -> io::Result<()> {
        match self.ask("write", OsStr::new("")) {
            Ok(()) => file.write_all_at(bytes, offset),
            Err(Fault { error, torn }) => {
                if torn {
                    let half = bytes.get(..bytes.len() / 2).unwrap_or_default();
                    file.write_all_at(half, offset)?;
                }
                Err(error)
            }
        }
    }

    /// Lets `to` share the bytes of `from`; `false` where the file system cannot.
    pub(super) fn share(&self, to: &File, from: &File) -> io::Result<bool> {
        self.step("reflink", OsStr::new(""))?;
        match rustix::fs::ioctl_ficlone(to, from) {
            Ok(()) => Ok(true),
            Err(Errno::NOSPC) => Err(Errno::NOSPC.into()),
            Err(_) => Ok(false),
        }
    }

    pub(super) fn set_len(&self, file: &File, len: u64) -> io::Result<()> {
        self.step("set the length of", OsStr::new(""))?;
        file.set_len(len)
    }

    /// Where the next data begins at or behind `offset`; `len` where there is none.
    pub(super) fn next_data(&self, file: &File, offset: u64, len: u64) -> io::Result<u64> {
        self.step("seek", OsStr::new(""))?;
        match rustix::fs::seek(file, SeekFrom::Data(offset)) {
            Ok(at) => Ok(at.min(len)),
            Err(Errno::NXIO) => Ok(len),
            // A file system without holes.
            Err(Errno::INVAL | Errno::OPNOTSUPP) => Ok(offset.min(len)),
            Err(error) => Err(error.into()),
        }
    }

    /// Where the next hole begins at or behind `offset`; `len` where there is none.
    pub(super) fn next_hole(&self, file: &File, offset: u64, len: u64) -> io::Result<u64> {
        self.step("seek", OsStr::new(""))?;
        match rustix::fs::seek(file, SeekFrom::Hole(offset)) {
            Ok(at) => Ok(at.min(len)),
            Err(Errno::INVAL | Errno::OPNOTSUPP | Errno::NXIO) => Ok(len),
            Err(error) => Err(error.into()),
        }
    }

    pub(super) fn sync(&self, fd: impl AsFd) -> io::Result<()> {
        self.step("fsync", OsStr::new(""))?;
        Ok(rustix::fs::fsync(fd)?)
    }

    /// Gives a file or directory the owner (where that is allowed), the mode and, if wanted, the times
    /// of another.
    pub(super) fn dress(&self, fd: impl AsFd, like: &Stat, times: bool) -> io::Result<()> {
        self.step("set the mode of", OsStr::new(""))?;
        let fd = fd.as_fd();
        let (owner, group) = (Uid::from_raw(like.st_uid), Gid::from_raw(like.st_gid));
        if rustix::fs::fchown(fd, Some(owner), Some(group)).is_err() {
            // Only root gives files away; a group one belongs to may be set alone.
            let _ = rustix::fs::fchown(fd, None, Some(group));
        }
        rustix::fs::fchmod(fd, Mode::from_raw_mode(like.st_mode & 0o7777))?;
        if times {
            let time = |sec, nsec| Timespec {
                tv_sec: sec,
                tv_nsec: i64::try_from(nsec).unwrap_or(0),
            };
            rustix::fs::futimens(
                fd,
                &Timestamps {
                    last_access: time(like.st_atime, like.st_atime_nsec),
                    last_modification: time(like.st_mtime, like.st_mtime_nsec),
                },
            )?;
        }
        Ok(())
    }

    /// Lets the owner of a directory change it.
    pub(super) fn open_up(&self, dir: &OwnedFd) -> io::Result<()> {
        self.step("set the mode of", OsStr::new("."))?;
        Ok(rustix::fs::fchmod(dir, Mode::RWXU)?)
    }

    pub(super) fn rename(&self, dir: &OwnedFd, from: &OsStr, to: &OsStr) -> io::Result<()> {
        self.step("rename", to)?;
        Ok(rustix::fs::renameat(dir, from, dir, to)?)
    }

    /// Renames unless `to` exists.
    pub(super) fn rename_new(&self, dir: &OwnedFd, from: &OsStr, to: &OsStr) -> io::Result<()> {
        self.step("rename", to)?;
        match rustix::fs::renameat_with(dir, from, dir, to, RenameFlags::NOREPLACE) {
            // Some network file systems cannot tell; renaming a directory still replaces no more than an
            // empty directory that appears between the two calls.
            Err(Errno::INVAL | Errno::NOSYS | Errno::OPNOTSUPP) => {
                match rustix::fs::statat(dir, to, AtFlags::SYMLINK_NOFOLLOW) {
                    Err(Errno::NOENT) => Ok(rustix::fs::renameat(dir, from, dir, to)?),
                    Err(error) => Err(error.into()),
                    Ok(_) => Err(Errno::EXIST.into()),
                }
            }
            done => Ok(done?),
        }
    }

    /// Removes a name that is no directory; whether there was one.
    pub(super) fn unlink(&self, dir: &OwnedFd, name: &OsStr) -> io::Result<bool> {
        self.step("unlink", name)?;
        match rustix::fs::unlinkat(dir, name, AtFlags::empty()) {
            Ok(()) => Ok(true),
            Err(Errno::NOENT) => Ok(false),
            Err(error) => Err(error.into()),
        }
    }

    pub(super) fn remove_dir(&self, dir: &OwnedFd, name: &OsStr) -> io::Result<()> {
        self.step("rmdir", name)?;
        Ok(rustix::fs::unlinkat(dir, name, AtFlags::REMOVEDIR)?)
    }

    /// Takes the lock of a directory; `false` where another process has it.
    pub(super) fn lock(&self, dir: &OwnedFd) -> io::Result<bool> {
        self.step("lock", OsStr::new("."))?;
        match rustix::fs::flock(dir, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => Ok(true),
            Err(Errno::WOULDBLOCK) => Ok(false),
            // Where there are no locks, doing without is no worse.
            Err(Errno::NOLCK | Errno::OPNOTSUPP | Errno::INVAL | Errno::BADF) => Ok(true),
            Err(error) => Err(error.into()),
        }
    }
}
