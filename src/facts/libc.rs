//! The C library a task maps: which one, and its version where a file's name or content says it.

use memchr::memmem;

use crate::criu_image::model::{Checkpoint, Mm, VmaStatus};
use crate::object::Objects;
use crate::units::{Place, Version};

/// A mapped C library.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Libc {
    /// Whose it is.
    pub kind: LibcKind,
    /// Its version: from the file's name (glibc before 2.34), else from the file below `--rootfs`.
    pub version: Option<Version>,
    /// The file.
    pub name: String,
    /// Where the image names it.
    pub place: Place,
}

/// Whose a C library is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LibcKind {
    /// GNU.
    Glibc,
    /// musl.
    Musl,
}

impl Libc {
    /// Whether it registers restartable sequences for every thread: glibc from 2.35 on does, musl does not.
    /// `None` where the version decides and is not known.
    #[must_use]
    pub fn registers_rseq(&self) -> Option<bool> {
        match self.kind {
            LibcKind::Musl => Some(false),
            LibcKind::Glibc => self.version.map(|version| version >= REGISTERS_RSEQ),
        }
    }
}

/// glibc 2.35, `sysdeps/unix/sysv/linux/rseq-internal.h`.
const REGISTERS_RSEQ: Version = Version::new(2, 35, 0);

/// What stands in front of the version in glibc (`csu/version.c`).
const BANNER: &[u8] = b"GNU C Library ";
const RELEASE: &[u8] = b" release version ";
/// From the banner to the version, bytes: distributions put their package's name between.
const BANNER_BYTES: usize = 256;

/// The first library of a kind that is known, by the names of the mapped files.
pub(super) fn of(checkpoint: &Checkpoint, mm: &Mm, objects: &Objects<'_>) -> Option<Libc> {
    let of_file = VmaStatus::FILE_PRIVATE | VmaStatus::FILE_SHARED;
    let mapped = mm.vmas.iter().filter(|vma| vma.status.intersects(of_file));
    mapped
        .filter_map(|vma| checkpoint.file(u32::try_from(vma.shmid).ok()?))
        .find_map(|file| {
            let base = file.name.rsplit('/').next()?;
            let (kind, version) = by_name(base)?;
            let said = || {
                objects
                    .get(file.id)
                    .and_then(|object| banner(object.bytes()))
            };
            Some(Libc {
                kind,
                version: version.or_else(said),
                name: file.name.clone(),
                place: file.place.clone(),
            })
        })
}

/// `libc.so.6`, `libc-2.31.so` (the file's name up to 2.33), `ld-musl-aarch64.so.1`.
fn by_name(base: &str) -> Option<(LibcKind, Option<Version>)> {
    if base == "libc.so.6" {
        return Some((LibcKind::Glibc, None));
    }
    if base.starts_with("ld-musl-") || base.starts_with("libc.musl-") {
        return Some((LibcKind::Musl, None));
    }
    let version = base.strip_prefix("libc-")?.strip_suffix(".so")?;
    Some((LibcKind::Glibc, Some(Version::parse(version)?)))
}

/// The version in glibc's banner.
fn banner(bytes: &[u8]) -> Option<Version> {
    let start = memmem::find(bytes, BANNER)?;
    let line = bytes.get(start..)?;
    let line = line.get(..line.len().min(BANNER_BYTES))?;
    let at = memmem::find(line, RELEASE)?.checked_add(RELEASE.len())?;
    let text: String = line
        .get(at..)?
        .iter()
        .map(|byte| char::from(*byte))
        .take_while(|c| c.is_ascii_digit() || *c == '.')
        .collect();
    Version::parse(text.trim_end_matches('.'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn libraries_are_known_by_name() {
        let version = |minor| Some(Version::new(2, minor, 0));
        for (name, expected) in [
            ("libc.so.6", Some((LibcKind::Glibc, None))),
            ("libc-2.31.so", Some((LibcKind::Glibc, version(31)))),
            ("ld-musl-aarch64.so.1", Some((LibcKind::Musl, None))),
            ("libcrypt.so.1", None),
            ("libc-client.so", None),
        ] {
            assert_eq!(by_name(name), expected, "{name}");
        }
    }

    #[test]
    fn the_banner_says_the_version() {
        let ubuntu =
            b"\0GNU C Library (Ubuntu GLIBC 2.35-0ubuntu3.8) stable release version 2.35.\nCopy";
        assert_eq!(banner(ubuntu), Some(Version::new(2, 35, 0)));
        assert_eq!(banner(b"GNU C Library"), None);
    }

    #[test]
    fn glibc_registers_from_its_release_on() {
        let libc = |kind, version| Libc {
            kind,
            version,
            name: String::new(),
            place: Place::new("files.img", 0, 0),
        };
        let glibc = |minor| libc(LibcKind::Glibc, Some(Version::new(2, minor, 0)));
        assert_eq!(glibc(34).registers_rseq(), Some(false));
        assert_eq!(glibc(35).registers_rseq(), Some(true));
        assert_eq!(libc(LibcKind::Glibc, None).registers_rseq(), None);
        assert_eq!(libc(LibcKind::Musl, None).registers_rseq(), Some(false));
    }
}
