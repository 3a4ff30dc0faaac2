//! What can keep a plan from being done. Whatever it is, the image is as it was.

use std::io;

use crate::wire::edit::EditError;

/// A rewrite that did not happen, or an undo.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The output exists.
    #[error("{out}: exists already; name an output that does not exist, hwcr never overwrites one")]
    Exists {
        /// The output.
        out: String,
    },
    /// The output would lie inside of what is copied.
    #[error("{out}: lies inside of {image}, which is to be copied; name an output beside it")]
    Inside {
        /// The output.
        out: String,
        /// The image, or one of its parents.
        image: String,
    },
    /// A change that cannot be done as planned: a name, overlapping bytes, a length.
    #[error("{file} offset {offset:#x}: {why}; plan anew from this image")]
    Plan {
        /// File.
        file: String,
        /// First byte concerned.
        offset: u64,
        /// What is wrong.
        why: String,
    },
    /// A change of a field that does not fit.
    #[error("{file} entry {entry}, {error}; plan anew from this image")]
    Field {
        /// File.
        file: String,
        /// Index of the entry, from 0.
        entry: usize,
        /// What is wrong, with its offset in the entry.
        error: EditError,
    },
    /// A file of messages that is too large for being edited.
    #[error(
        "{file}: {size} bytes, and files of messages are edited up to {limit}; dump less at once"
    )]
    TooLarge {
        /// File.
        file: String,
        /// Its size in bytes.
        size: u64,
        /// The limit in bytes.
        limit: u64,
    },
    /// A pipe, socket or device among the files.
    #[error("{file}: a pipe, socket or device, which no image holds; remove it from the directory")]
    Special {
        /// File.
        file: String,
    },
    /// More files, or deeper directories, than an image can need.
    #[error("{file}: more than {limit} {what}; give the image directory itself")]
    TooMany {
        /// The directory.
        file: String,
        /// Files or levels of directories.
        what: &'static str,
        /// How many are followed.
        limit: usize,
    },
    /// A file with several names cannot be changed in place without changing what the others name.
    #[error("{file}: has {links} names, and another image may be using them; rewrite to a copy")]
    Shared {
        /// File.
        file: String,
        /// Its number of hard links.
        links: u64,
    },
    /// The parent image of an incremental dump lies elsewhere.
    #[error(
        "{file}: the parent image lies in another directory, where others may need it as it is; rewrite to a copy"
    )]
    Elsewhere {
        /// The file to be changed.
        file: String,
    },
    /// A file of an archive that cannot be changed there.
    #[error("{file}: {why}")]
    Archive {
        /// File.
        file: String,
        /// Why.
        why: String,
    },
    /// What the system said.
    #[error("{file}: cannot {doing} ({error})")]
    Io {
        /// File or directory.
        file: String,
        /// The operation.
        doing: &'static str,
        /// What the system said.
        error: io::Error,
    },
    /// The result differs from what it should be.
    #[error(
        "{file} offset {offset:#x}: {why} after the rewrite; was the image written to meanwhile? try again"
    )]
    Verify {
        /// File.
        file: String,
        /// First wrong byte.
        offset: u64,
        /// What is wrong.
        why: String,
    },
    /// The result was judged unfit.
    #[error("the rewritten image does not stand: {why}")]
    Recheck {
        /// As the judge put it.
        why: String,
    },
    /// The journal is not one.
    #[error(
        "{file} offset {offset:#x}: {why}; dump again, or restore the directory from where it was copied"
    )]
    Journal {
        /// The journal.
        file: String,
        /// Where it is wrong, as far as that is known.
        offset: u64,
        /// What is wrong.
        why: String,
    },
    /// A journal of an interrupted rewrite.
    #[error(
        "{dir}: a rewrite in place was interrupted; `hwcr rewrite --undo {dir}` brings the image back first"
    )]
    Unfinished {
        /// The image.
        dir: String,
    },
    /// Nothing to undo.
    #[error(
        "{dir}: no {}, so that nothing was rewritten here; give the directory that was",
        super::JOURNAL
    )]
    NotRewritten {
        /// The directory.
        dir: String,
    },
    /// Bytes that are neither what the rewrite found nor what it wrote.
    #[error(
        "{file} offset {offset:#x}: changed since the rewrite, so that undoing would lose that; nothing was undone"
    )]
    Changed {
        /// File.
        file: String,
        /// First byte of the span concerned.
        offset: u64,
    },
    /// Another process rewrites the image.
    #[error("{dir}: being rewritten by another process; wait for it")]
    Busy {
        /// The image.
        dir: String,
    },
    /// A failure whose remains could not be removed.
    #[error("{error}; {left} could not be removed ({why}), remove it")]
    LeftBehind {
        /// The failure.
        error: Box<Error>,
        /// What lies there still.
        left: String,
        /// Why.
        why: io::Error,
    },
    /// A failure in place after which the old bytes could not be put back.
    #[error(
        "{error}; the old bytes could not be put back ({again}): run `hwcr rewrite --undo` on it"
    )]
    NotRolledBack {
        /// The failure.
        error: Box<Error>,
        /// Why it could not.
        again: Box<Error>,
    },
}
