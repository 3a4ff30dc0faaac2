//! A file's build id as CRIU reads it.
//!
//! Not as `crate::object` does, which parses ELF files for everything else: CRIU looks at the first MiB alone, at both classes, at any machine, and at a note's type
//! but not at its owner (CRIU 3.15 to 4.2, `criu/files-reg.c`, `get_build_id`).

use goblin::container::{Container, Ctx, Endian};
use goblin::elf::Elf;
use goblin::elf::header::{EI_CLASS, EI_DATA, ELFCLASS32, ELFCLASS64, ELFDATA2LSB, ELFMAG};
use goblin::elf::program_header::{PT_NOTE, ProgramHeader};

/// Bytes of the file that CRIU maps (`BUILD_ID_MAP_SIZE`).
const LOOKED_AT: usize = 1 << 20;

/// `NT_GNU_BUILD_ID`.
const BUILD_ID: u32 = 3;

/// Longest description it takes.
const LONGEST: usize = 512;

/// The build id of a file's bytes; `None` where CRIU finds none. Padded to words, as the image has it.
pub(super) fn of(bytes: &[u8]) -> Option<Vec<u8>> {
    let bytes = bytes.get(..LOOKED_AT).unwrap_or(bytes);
    if !bytes.starts_with(ELFMAG) {
        return None;
    }
    let container = match bytes.get(EI_CLASS) {
        Some(&ELFCLASS32) => Container::Little,
        Some(&ELFCLASS64) => Container::Big,
        _ => return None,
    };
    if bytes.get(EI_DATA) != Some(&ELFDATA2LSB) {
        return None;
    }
    let header = Elf::parse_header(bytes).ok()?;
    let start = usize::try_from(header.e_phoff).ok()?;
    let context = Ctx {
        container,
        le: Endian::Little,
    };
    let segments = ProgramHeader::parse(bytes, start, usize::from(header.e_phnum), context).ok()?;
    let id = segments
        .iter()
        .filter(|segment| segment.p_type == PT_NOTE)
        .filter_map(|segment| {
            let range = segment.file_range();
            bytes.get(range.start..range.end.min(bytes.len()))
        })
        .find_map(|notes| crate::elf::note::of_kind(notes, BUILD_ID))?;
    if id.is_empty() || id.len() > LONGEST {
        return None;
    }
    let mut words = id.to_vec();
    words.resize(id.len().checked_next_multiple_of(4)?, 0);
    Some(words)
}
