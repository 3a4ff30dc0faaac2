//! The units of the field as types of their own, so that an address is never taken for a length.

use std::fmt;

/// A virtual address of a task.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Addr(pub u64);

impl Addr {
    /// The address `bytes` further up, or `None` past the end of the address space.
    #[must_use]
    pub fn checked_add(self, bytes: u64) -> Option<Self> {
        self.0.checked_add(bytes).map(Self)
    }

    /// The address `bytes` further down, or `None` below zero.
    #[must_use]
    pub fn checked_sub(self, bytes: u64) -> Option<Self> {
        self.0.checked_sub(bytes).map(Self)
    }

    /// Whether the address is a multiple of `align`, which must be a power of two.
    #[must_use]
    pub fn is_aligned(self, align: u64) -> bool {
        self.0 & align.wrapping_sub(1) == 0
    }

    /// Bytes from `other` up to this address, or `None` when this one lies below.
    #[must_use]
    pub fn offset_from(self, other: Self) -> Option<u64> {
        self.0.checked_sub(other.0)
    }
}

impl fmt::Display for Addr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:#x}", self.0)
    }
}

impl fmt::Debug for Addr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// A half-open range of addresses, `start..end`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct AddrRange {
    /// First address inside.
    pub start: Addr,
    /// First address outside.
    pub end: Addr,
}

impl AddrRange {
    /// The range `start..end`; empty when `end` does not lie above `start`.
    #[must_use]
    pub fn new(start: Addr, end: Addr) -> Self {
        Self { start, end }
    }

    /// Whether `addr` lies inside.
    #[must_use]
    pub fn contains(&self, addr: Addr) -> bool {
        self.start <= addr && addr < self.end
    }

    /// Bytes inside; 0 for an empty or inverted range.
    #[must_use]
    pub fn len(&self) -> u64 {
        self.end.0.saturating_sub(self.start.0)
    }

    /// Whether nothing lies inside.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The part shared with `other`, if any.
    #[must_use]
    pub fn intersect(&self, other: &Self) -> Option<Self> {
        let part = Self::new(self.start.max(other.start), self.end.min(other.end));
        (!part.is_empty()).then_some(part)
    }
}

impl fmt::Display for AddrRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:#x}-{:#x}", self.start.0, self.end.0)
    }
}

/// A task's process id, as CRIU saved it (the id inside the task's own pid namespace).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Pid(pub u32);

/// A thread's id, likewise.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Tid(pub u32);

impl fmt::Display for Pid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Display for Tid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A vector length in bytes. 0 is legal: an SME-only machine writes it into SVE records.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Vl(pub u16);

impl Vl {
    /// The length in quadwords (16-byte units), if the length is a whole number of them from 1 to 16.
    ///
    /// The architecture ends at 2048 bits (`SVE_VQ_MAX_ARCH` is 512 in the kernel's header, but no
    /// register layout above 16 quadwords exists).
    #[must_use]
    pub fn vq(self) -> Option<u16> {
        (self.0 != 0 && self.0.is_multiple_of(16) && self.0 <= 256).then_some(self.0 / 16)
    }
}

impl fmt::Display for Vl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A kernel or CRIU version; missing parts count as 0.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Version {
    /// First number.
    pub major: u16,
    /// Second number.
    pub minor: u16,
    /// Third number.
    pub patch: u16,
}

impl Version {
    /// The version `major.minor.patch`.
    #[must_use]
    pub const fn new(major: u16, minor: u16, patch: u16) -> Self {
        Self {
            major,
            minor,
            patch,
        }
    }

    /// Reads `6.12`, `6.12.107`, `7.3.4+deb13-cloud-arm64`: up to three dotted numbers; what follows
    /// them (after `-`, `+`, `~` or a space) is a distribution's own and is ignored.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let core = text.split(['-', '+', '~', ' ']).next()?;
        let mut parts = core.split('.').map(|part| part.parse::<u16>().ok());
        let major = parts.next()??;
        let minor = parts.next().unwrap_or(Some(0))?;
        let patch = parts.next().unwrap_or(Some(0))?;
        Some(Self::new(major, minor, patch))
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.patch == 0 {
            write!(f, "{}.{}", self.major, self.minor)
        } else {
            write!(f, "{}.{}.{}", self.major, self.minor, self.patch)
        }
    }
}

/// Where bytes were read: an image file and a byte range of it.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Place {
    /// The file's name inside the image directory (`parent/` in front for each step up the chain).
    pub file: std::sync::Arc<str>,
    /// First byte.
    pub offset: u64,
    /// Number of bytes; 0 where only the start is known.
    pub len: u64,
}

impl Place {
    /// A place of `len` bytes at `offset` of `file`.
    #[must_use]
    pub fn new(file: impl Into<std::sync::Arc<str>>, offset: u64, len: u64) -> Self {
        Self {
            file: file.into(),
            offset,
            len,
        }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} offset {:#x}", self.file, self.offset)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_ignore_what_a_distribution_appends() {
        assert_eq!(
            Version::parse("7.3.4+deb13-cloud-arm64"),
            Some(Version::new(7, 3, 4))
        );
        assert_eq!(Version::parse("6.1"), Some(Version::new(6, 1, 0)));
        assert_eq!(Version::parse("6"), Some(Version::new(6, 0, 0)));
        assert_eq!(Version::parse("six"), None);
        assert_eq!(Version::parse("6.x"), None);
        assert_eq!(Version::parse(""), None);
        assert!(Version::new(6, 12, 107) < Version::new(6, 13, 0));
    }

    #[test]
    fn a_vector_length_is_whole_quadwords_up_to_2048_bits() {
        assert_eq!(Vl(0).vq(), None);
        assert_eq!(Vl(16).vq(), Some(1));
        assert_eq!(Vl(256).vq(), Some(16));
        assert_eq!(Vl(272).vq(), None);
        assert_eq!(Vl(24).vq(), None);
    }

    #[test]
    fn ranges_are_half_open() {
        let range = AddrRange::new(Addr(16), Addr(32));
        assert!(range.contains(Addr(16)) && !range.contains(Addr(32)));
        assert_eq!(AddrRange::new(Addr(32), Addr(16)).len(), 0);
        assert_eq!(range.intersect(&AddrRange::new(Addr(32), Addr(48))), None);
    }
}
