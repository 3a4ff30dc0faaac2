//! What stops the reading of an image directory.

use std::sync::Arc;

use crate::input::SourceError;
use crate::wire::WireErrorKind;

/// Why a directory could not be read as a checkpoint. Offsets are bytes from the start of the file.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A file could not be opened or read.
    #[error(transparent)]
    Source(#[from] SourceError),

    /// There is no `inventory.img`.
    #[error(
        "{dir}: no inventory.img, so this is no CRIU image directory; give the directory `criu dump -D` wrote \
         (inside an engine's archive it is called `checkpoint`)"
    )]
    NotACheckpoint {
        /// The directory as the user named it.
        dir: String,
    },

    /// The magic words are not those of this kind of image.
    #[error(
        "{file} offset {offset:#x}: magic word {found:#010x}, but a {name} image has {want:#010x}; the file is damaged or is another one"
    )]
    Magic {
        /// The file.
        file: Arc<str>,
        /// Where the word lies.
        offset: u64,
        /// The word found.
        found: u32,
        /// The word that belongs there.
        want: u32,
        /// CRIU's name of the kind of image.
        name: &'static str,
    },

    /// The file ends inside a magic word, an entry's length or an entry.
    #[error(
        "{file} offset {offset:#x}: {need} bytes should follow and {have} do; the image is cut short, so copy it again"
    )]
    Truncated {
        /// The file.
        file: Arc<str>,
        /// Where the bytes should begin.
        offset: u64,
        /// How many there should be.
        need: u64,
        /// How many there are.
        have: u64,
    },

    /// An image without the entry that makes it up.
    #[error(
        "{file} offset {offset:#x}: no {message} here; the image is empty, so dump again or copy it again"
    )]
    Empty {
        /// The file.
        file: Arc<str>,
        /// Where the entry should begin.
        offset: u64,
        /// The message that should be there.
        message: &'static str,
    },

    /// Bytes that are no protobuf message.
    #[error(
        "{file} offset {offset:#x}: not a {message}: {kind}; the image is damaged, so copy it again"
    )]
    Wire {
        /// The file.
        file: Arc<str>,
        /// Where the damaged field begins.
        offset: u64,
        /// The message that should be there.
        message: &'static str,
        /// What is wrong.
        kind: WireErrorKind,
    },

    /// A required field is not there. CRIU refuses such a message too.
    #[error(
        "{file} offset {offset:#x}: {message} has no {field} (field {number}), which CRIU requires; the image is damaged or was rewritten by a tool that lost it"
    )]
    MissingField {
        /// The file.
        file: Arc<str>,
        /// Where the message begins.
        offset: u64,
        /// The message.
        message: &'static str,
        /// The field's name.
        field: &'static str,
        /// The field's number.
        number: u32,
    },

    /// A field has another encoding than its definition.
    #[error(
        "{file} offset {offset:#x}: {message}.{field} (field {number}) is not encoded as its type; the image is damaged or from a CRIU that redefined the field"
    )]
    FieldType {
        /// The file.
        file: Arc<str>,
        /// Where the field begins.
        offset: u64,
        /// The message.
        message: &'static str,
        /// The field's name.
        field: &'static str,
        /// The field's number.
        number: u32,
    },

    /// The protobuf library refuses what passed the checks above.
    #[error(
        "{file} offset {offset:#x}: not a {message}: {error}; the image is damaged, so copy it again"
    )]
    Decode {
        /// The file.
        file: Arc<str>,
        /// Where the message begins.
        offset: u64,
        /// The message.
        message: &'static str,
        /// What the library says.
        error: prost::DecodeError,
    },

    /// An image version that cannot be read.
    #[error("{file} offset {offset:#x}: image version {found}, and 1 and 2 can be read{}; dump without `--compress`, or use a newer hwcr", if *found == 3 { " (3 has compressed pages)" } else { "" })]
    Version {
        /// The file.
        file: Arc<str>,
        /// Where the inventory entry begins.
        offset: u64,
        /// The version found.
        found: u32,
    },

    /// Pages that are compressed, in a form no CRIU release has fixed.
    #[error(
        "{file} offset {offset:#x}: compressed pages ({what}), whose form no CRIU release has fixed; dump without compression"
    )]
    Compressed {
        /// The file.
        file: Arc<str>,
        /// Where it shows.
        offset: u64,
        /// What shows it.
        what: String,
    },

    /// `fdinfo_per_id` is absent or false.
    #[error(
        "{file} offset {offset:#x}: the inventory does not say fdinfo_per_id; CRIU refuses images that old, so dump again with a current CRIU"
    )]
    TooOld {
        /// The file.
        file: Arc<str>,
        /// Where the inventory entry begins.
        offset: u64,
    },

    /// An image that another one names is not there.
    #[error(
        "{file} offset 0x0: not there, but {why}; copy the whole directory again, or dump again"
    )]
    MissingImage {
        /// The file that should be there.
        file: Arc<str>,
        /// What asks for it.
        why: String,
    },

    /// A list has another length than CRIU gives it.
    #[error(
        "{file} offset {offset:#x}: {found} {what}, and {want} can be right; the image is damaged, so copy it again"
    )]
    Count {
        /// The file.
        file: Arc<str>,
        /// Where the message with the list begins.
        offset: u64,
        /// What is counted.
        what: &'static str,
        /// How many there are.
        found: u64,
        /// How many there should be.
        want: &'static str,
    },

    /// The same task or thread twice.
    #[error(
        "{file} offset {offset:#x}: id {id} is there twice; the image is damaged, so copy it again"
    )]
    Duplicate {
        /// The file.
        file: Arc<str>,
        /// Where the second one lies.
        offset: u64,
        /// The id.
        id: u32,
    },

    /// A run of pages that no address space has room for.
    #[error(
        "{file} offset {offset:#x}: {pages} pages at {vaddr:#x} do not fit an address space or a file; the image is damaged, so copy it again"
    )]
    PageRange {
        /// The file.
        file: Arc<str>,
        /// Where the entry begins.
        offset: u64,
        /// First address.
        vaddr: u64,
        /// Number of pages.
        pages: u64,
    },

    /// A run of pages with a flag that may change where its bytes lie.
    #[error(
        "{file} offset {offset:#x}: page flags {flags:#x}, of which only 0x7 is known, so that later offsets cannot be trusted; use a newer hwcr"
    )]
    PageFlags {
        /// The file.
        file: Arc<str>,
        /// Where the entry begins.
        offset: u64,
        /// The flags.
        flags: u32,
    },
}
