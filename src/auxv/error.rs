//! Why something could not be found in a task's memory.

use std::fmt;

use crate::memory::Gap;
use crate::units::{Addr, Place};

/// Why the copy of the vector on the initial stack, or the vDSO, could not be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// A word of the initial stack is not there.
    #[error(
        "the initial stack breaks off while reading {what}: {gap}; check that the image has all pages of the \
         stack, and its parent images and lazy pages"
    )]
    StackUnreadable {
        /// What was being read.
        what: &'static str,
        /// Where it stopped, and why.
        gap: Gap,
    },
    /// The start of the initial stack is not a multiple of 16, as the kernel aligns it.
    #[error("mm_start_stack {addr} is not a multiple of 16; the mm entry of the image is damaged")]
    StackUnaligned {
        /// The address the image gives.
        addr: Addr,
    },
    /// `argc` is more than the kernel lets through.
    #[error(
        "argc at {at} is {argc}, more than the {max} pointers a program can be started with; the task has overwritten it, or mm_start_stack is wrong"
    )]
    TooManyArguments {
        /// Where it was read.
        at: Site,
        /// What was read.
        argc: u64,
        /// The limit.
        max: u64,
    },
    /// The word after the argument pointers is not NULL.
    #[error(
        "the word at {at} after {argc} argument pointers is {word:#x} instead of NULL; the task has overwritten its initial stack, or mm_start_stack is wrong"
    )]
    ArgvNotTerminated {
        /// Where it was read.
        at: Site,
        /// How many pointers precede it.
        argc: u64,
        /// What was read.
        word: u64,
    },
    /// The environment pointers have no end.
    #[error(
        "no end of the environment pointers within {max} words up to {at}; the task has overwritten its initial stack, or mm_start_stack is wrong"
    )]
    EnvpNotTerminated {
        /// Where the search stopped.
        at: Site,
        /// How many words were looked at.
        max: u64,
    },
    /// What follows the environment is not a vector.
    #[error(
        "the words at {at} behind the environment are no auxiliary vector ({why}); the task has overwritten its initial stack"
    )]
    NotAVector {
        /// Where they begin.
        at: Site,
        /// What is missing.
        why: &'static str,
    },
    /// There is no vDSO to read.
    #[error(
        "the image has no vDSO: no mapping is marked as one, and no mapping covers AT_SYSINFO_EHDR {ehdr}"
    )]
    NoVdso {
        /// AT_SYSINFO_EHDR, as far as it is known.
        ehdr: MaybeAddr,
    },
    /// The first bytes of the vDSO are not there.
    #[error("the vDSO at {base} cannot be read: {gap}; check that the image has its pages")]
    VdsoUnreadable {
        /// Where it should begin.
        base: Addr,
        /// Where it stopped, and why.
        gap: Gap,
    },
    /// The vDSO does not begin with an ELF header for arm64.
    #[error(
        "the vDSO at {at} is no 64-bit little-endian arm64 ELF file: {why}; the image is damaged or its vDSO mapping is something else"
    )]
    VdsoNotElf {
        /// Where its bytes were read.
        at: Site,
        /// What is wrong with them.
        why: String,
    },
}

/// An address of a task and the image bytes behind it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Site {
    /// The address.
    pub addr: Addr,
    /// The file and offset, where an image file holds the byte.
    pub place: Option<Place>,
}

impl fmt::Display for Site {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.place {
            Some(place) => write!(f, "{} ({place})", self.addr),
            None => write!(f, "{}", self.addr),
        }
    }
}

/// An address that may be unknown, for messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MaybeAddr(pub Option<Addr>);

impl fmt::Display for MaybeAddr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Some(addr) => write!(f, "{addr}"),
            None => f.write_str("(absent)"),
        }
    }
}
