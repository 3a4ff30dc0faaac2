//! ELF files of arm64 programs and libraries, as bytes: their segments, sections, notes, unwind tables, and what
//! their code does to the stack.
//!
//! The bytes may come from anybody: counts and offsets are held against them before anything is read.
#![deny(
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss
)]

mod agree;
pub mod imports;
pub mod note;
pub mod row;
pub mod tables;

#[cfg(test)]
#[allow(clippy::indexing_slicing, clippy::arithmetic_side_effects)]
pub(crate) mod tests;

use goblin::container::{Container, Ctx, Endian};
use goblin::elf::program_header::ProgramHeader;
use goblin::elf::section_header::{SHT_NOBITS, SectionHeader};
use goblin::elf::{Elf, header};

/// How goblin is to read: 64-bit, little-endian.
pub const CTX: Ctx = Ctx {
    container: Container::Big,
    le: Endian::Little,
};

/// Bytes per section header.
const SECTION_BYTES: usize = 64;

/// Why bytes are no file to be used here.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Foreign {
    /// Too short, or no header.
    #[error("{0}")]
    Header(String),
    /// Another magic.
    #[error("it does not begin with the ELF magic")]
    Magic,
    /// Another machine, class or byte order.
    #[error("its machine is {0} with another class or byte order")]
    Machine(u16),
}

/// The headers of an ELF file.
#[derive(Clone, Debug)]
pub struct Headers {
    /// Program headers; none where their table leaves the bytes.
    pub segments: Vec<ProgramHeader>,
    /// Where a process begins in it, as linked (`e_entry`).
    pub entry: u64,
    /// Whether it runs only where it was linked at (`ET_EXEC`): addresses in it need no relocation.
    pub fixed: bool,
    sections: usize,
    section_count: usize,
    section_names: usize,
}

impl Headers {
    /// Reads the headers of a 64-bit little-endian arm64 file. `crate::object` alone calls it: a file is parsed once.
    ///
    /// # Errors
    /// It is no such file. A table of program headers that does not fit the bytes is an empty one.
    pub(crate) fn parse(bytes: &[u8]) -> Result<Self, Foreign> {
        let elf = Elf::parse_header(bytes).map_err(|error| Foreign::Header(error.to_string()))?;
        let expected = [header::ELFCLASS64, header::ELFDATA2LSB];
        if !elf.e_ident.starts_with(header::ELFMAG) {
            return Err(Foreign::Magic);
        }
        if elf.e_ident.get(header::EI_CLASS..=header::EI_DATA) != Some(&expected)
            || elf.e_machine != header::EM_AARCH64
        {
            return Err(Foreign::Machine(elf.e_machine));
        }
        let segments = usize::try_from(elf.e_phoff)
            .ok()
            .and_then(|start| {
                ProgramHeader::parse(bytes, start, usize::from(elf.e_phnum), CTX).ok()
            })
            .unwrap_or_default();
        Ok(Self {
            segments,
            entry: elf.e_entry,
            fixed: elf.e_type == header::ET_EXEC,
            sections: usize::try_from(elf.e_shoff).unwrap_or(usize::MAX),
            section_count: usize::from(elf.e_shnum),
            section_names: usize::from(elf.e_shstrndx),
        })
    }

    /// The section header with this name; files without section headers have none.
    #[must_use]
    pub fn section(&self, bytes: &[u8], name: &[u8]) -> Option<SectionHeader> {
        let sections = self.sections(bytes)?;
        self.named(bytes, &sections, name).cloned()
    }

    /// The one of the file's `sections` with this name.
    pub(crate) fn named<'s>(
        &self,
        bytes: &[u8],
        sections: &'s [SectionHeader],
        name: &[u8],
    ) -> Option<&'s SectionHeader> {
        let names = contents(bytes, sections.get(self.section_names)?)?;
        sections.iter().find(|section| {
            names
                .get(section.sh_name..)
                .and_then(|rest| rest.strip_prefix(name))
                .is_some_and(|rest| rest.first() == Some(&0))
        })
    }

    /// All section headers, if the file has any.
    #[must_use]
    pub fn sections(&self, bytes: &[u8]) -> Option<Vec<SectionHeader>> {
        let len = self.section_count.checked_mul(SECTION_BYTES)?;
        let end = self.sections.checked_add(len)?;
        let table = bytes.get(self.sections..end).filter(|_| len != 0)?;
        SectionHeader::parse_from(table, 0, self.section_count, CTX).ok()
    }
}

/// The bytes of a section, if the file has them (a file of debugging information alone does not).
#[must_use]
pub fn contents<'a>(bytes: &'a [u8], section: &SectionHeader) -> Option<&'a [u8]> {
    let there = section.sh_type != SHT_NOBITS;
    part(bytes, section.sh_offset, section.sh_size).filter(|_| there)
}

/// `len` bytes at `offset` of a file.
pub(crate) fn part(bytes: &[u8], offset: u64, len: u64) -> Option<&[u8]> {
    let start = usize::try_from(offset).ok()?;
    let end = start.checked_add(usize::try_from(len).ok()?)?;
    bytes.get(start..end)
}
