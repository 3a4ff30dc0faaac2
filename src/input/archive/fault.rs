//! What can be wrong with an archive.

use std::io;

/// Why an archive cannot be read, or not all of it.
#[derive(Debug, thiserror::Error)]
pub enum Fault {
    /// Another kind of file.
    #[error(
        "{what}; what can be read is the directory that `criu dump -D` wrote, an OCI image layout, or a tar archive \
         of either, plain or compressed with gzip or zstd"
    )]
    Kind {
        /// What it seems to be.
        what: &'static str,
    },
    /// A compression that is not read.
    #[error(
        "compressed with {name}, which is not read; unpack it first: `{unpack} FILE | hwcr … -`"
    )]
    Compression {
        /// Its name.
        name: &'static str,
        /// The command that unpacks it.
        unpack: &'static str,
    },
    /// What the decompressor says.
    #[error(
        "cannot be decompressed ({error}); the archive is damaged or cut short, so copy it again"
    )]
    Decompress {
        /// Why.
        error: io::Error,
    },
    /// It unpacks to far more than its size.
    #[error(
        "unpacks to more than {ratio} times its compressed size, which no checkpoint does; if it is to be trusted, \
         decompress it first"
    )]
    Bomb {
        /// [`super::super::Limits::ratio`].
        ratio: u64,
    },
    /// What the user named cannot be opened.
    #[error(
        "cannot be opened ({error}); give the directory that `criu dump -D` wrote, an archive with it, or `-` for an \
         archive on standard input"
    )]
    Open {
        /// Why.
        error: io::Error,
    },
    /// What the system says.
    #[error("cannot be read ({error})")]
    Read {
        /// Why.
        error: io::Error,
    },
    /// A block that should be a header is none.
    #[error("no tar header (its checksum is wrong); the archive is damaged, so copy it again")]
    Checksum,
    /// A number that cannot be one.
    #[error("the {field} of {member:?} is no number; the archive is damaged, so copy it again")]
    Number {
        /// The member.
        member: String,
        /// Which number.
        field: &'static str,
    },
    /// An extended header that cannot be read, or contradicts another.
    #[error("{what}; programs would read this archive differently, so pack it again")]
    Header {
        /// What is wrong.
        what: String,
    },
    /// The archive ends inside something.
    #[error("the archive ends inside {inside}; it is cut short, so copy it again")]
    Cut {
        /// What it ends in.
        inside: String,
    },
    /// The two empty blocks at the end are not there.
    #[error("the archive ends without its end mark; it is cut short, so copy it again")]
    NoEnd,
    /// Nothing in it.
    #[error("an empty archive; nothing was packed into it, so pack the checkpoint again")]
    Empty,
    /// A name that leads out.
    #[error(
        "member {member:?} leads out of the directory an archive is unpacked into; no engine packs that, so do not \
         unpack it, and pack the checkpoint again"
    )]
    Escape {
        /// The name.
        member: String,
    },
    /// Too many members.
    #[error("more than {limit} members; no checkpoint has that many, so pack the checkpoint alone")]
    Members {
        /// [`super::super::Limits::members`].
        limit: usize,
    },
    /// Names too long, alone or together.
    #[error("names of members have more than {limit} bytes; pack the checkpoint alone")]
    Names {
        /// The limit.
        limit: u64,
    },
    /// No room to keep what must be kept.
    #[error(
        "{member} has {need} bytes, and {left} bytes may still be spooled to {dir}; set TMPDIR to a file system with \
         room, raise --spool-limit, or give the archive decompressed and as a file, of which nothing is spooled"
    )]
    Room {
        /// What is to be kept.
        member: String,
        /// Its size.
        need: u64,
        /// What is left.
        left: u64,
        /// Where the spool file lies.
        dir: String,
    },
    /// The spool file cannot be written.
    #[error("cannot be spooled to {dir} ({error}); set TMPDIR to a directory with room")]
    Spool {
        /// Where it lies.
        dir: String,
        /// Why.
        error: io::Error,
    },
    /// A member that is there twice.
    #[error(
        "member {member:?} is there twice, here and at offset {first:#x}; which one counts depends on who unpacks, \
         so pack the checkpoint again"
    )]
    Twice {
        /// Its name.
        member: String,
        /// Where the first one's header lies.
        first: u64,
    },
    /// A hard link to nothing.
    #[error(
        "member {member:?} is a hard link to {target:?}, which no file before it is; pack the checkpoint again"
    )]
    Link {
        /// Its name.
        member: String,
        /// Where it leads.
        target: String,
    },
    /// A directory of the image is something else.
    #[error("member {member:?} is {what}, but other members lie in it; pack the checkpoint again")]
    NoDirectory {
        /// Its name.
        member: String,
        /// What it is.
        what: &'static str,
    },
    /// A fault of an archive inside of the archive.
    #[error("member {member:?}, offset {offset:#x} in it: {fault}")]
    Inside {
        /// The member.
        member: String,
        /// Where in it, as unpacked.
        offset: u64,
        /// What is wrong there.
        fault: Box<Fault>,
    },
    /// A member of a stream that was passed over.
    #[error("member {member:?} was passed over; give the archive decompressed and as a file")]
    Passed {
        /// Its name.
        member: String,
    },
}

impl Fault {
    /// Whether there was no room for a temporary file.
    pub(in crate::input) fn is_want_of_room(&self) -> bool {
        use io::ErrorKind::{QuotaExceeded, StorageFull};
        match self {
            Self::Room { .. } => true,
            Self::Spool { error, .. } => matches!(error.kind(), StorageFull | QuotaExceeded),
            Self::Inside { fault, .. } => fault.is_want_of_room(),
            _ => false,
        }
    }
}
