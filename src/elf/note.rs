//! Notes (PT_NOTE): owner, type and bytes.

use goblin::elf::program_header::{PT_NOTE, ProgramHeader};

/// `NT_GNU_BUILD_ID`, owner `GNU`.
const GNU_BUILD_ID: u32 = 3;

/// Segments of notes that are read. Several headers may name the same bytes; more than a few exist only in
/// hostile files.
const MAX_SEGMENTS: usize = 4;

/// One note.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Note<'a> {
    /// Who defines its type, with the NUL behind the name.
    pub owner: &'a [u8],
    /// Its type.
    pub kind: u32,
    /// Its bytes.
    pub value: &'a [u8],
}

/// The notes of all PT_NOTE segments; in each up to the first that leaves its segment.
pub fn notes<'a>(bytes: &'a [u8], segments: &[ProgramHeader]) -> impl Iterator<Item = Note<'a>> {
    segments
        .iter()
        .filter(|segment| segment.p_type == PT_NOTE)
        .take(MAX_SEGMENTS)
        .filter_map(|segment| bytes.get(segment.file_range()))
        .flat_map(|mut rest| {
            std::iter::from_fn(move || {
                let (note, after) = split(rest)?;
                rest = after;
                Some(note)
            })
        })
}

/// The bytes of the first note of a type, whoever its owner is, among the bytes of one segment.
#[must_use]
pub fn of_kind(mut bytes: &[u8], kind: u32) -> Option<&[u8]> {
    while let Some((note, after)) = split(bytes) {
        if note.kind == kind {
            return Some(note.value);
        }
        bytes = after;
    }
    None
}

/// The GNU build id.
#[must_use]
pub fn build_id<'a>(bytes: &'a [u8], segments: &[ProgramHeader]) -> Option<&'a [u8]> {
    notes(bytes, segments)
        .find(|note| note.owner == b"GNU\0" && note.kind == GNU_BUILD_ID)
        .map(|note| note.value)
}

/// Splits the first note off. What is left is always shorter than what was given.
fn split(bytes: &[u8]) -> Option<(Note<'_>, &[u8])> {
    let (owner_len, rest) = word(bytes)?;
    let (value_len, rest) = word(rest)?;
    let (kind, rest) = word(rest)?;
    let (owner, rest) = padded(rest, owner_len)?;
    let (value, rest) = padded(rest, value_len)?;
    Some((Note { owner, kind, value }, rest))
}

fn word(bytes: &[u8]) -> Option<(u32, &[u8])> {
    let (word, rest) = bytes.split_first_chunk::<4>()?;
    Some((u32::from_le_bytes(*word), rest))
}

/// The first `len` bytes and what follows after padding to 4.
fn padded(bytes: &[u8], len: u32) -> Option<(&[u8], &[u8])> {
    let len = usize::try_from(len).ok()?;
    let whole = len.checked_next_multiple_of(4)?.min(bytes.len());
    Some((bytes.get(..len)?, bytes.get(whole..)?))
}
