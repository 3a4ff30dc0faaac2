//! ELF files as tasks have them: each file is parsed once, whoever asks and for how many tasks.
//!
//! * [`find`] looks below a root directory for the files that tasks map; [`Objects`] holds them by CRIU's file id;
//! * [`Object`] is one file of which all bytes are known; what is dear to read is read when it is first asked for;
//! * [`executable`] says what of a file is mapped executable and what of that is code, [`functions`] where functions
//!   begin and end;
//! * [`placed`] says where a task has its objects, [`changed`] which of their pages it changed, [`slots`] what the
//!   relocations of an object left in the task's memory;
//! * [`image`] reads objects whose bytes only the image has: the vDSO, and files that nobody found.
//!
//! Addresses inside an object are those it was linked at. What a task adds to them is the load's bias.
#![deny(
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss
)]

pub mod changed;
pub mod executable;
pub mod find;
pub mod functions;
mod go;
pub mod image;
pub mod placed;
pub mod slots;
mod store;

#[cfg(test)]
#[allow(clippy::indexing_slicing, clippy::arithmetic_side_effects)]
mod tests;

use std::cell::OnceCell;

use goblin::elf::program_header::ProgramHeader;
use goblin::elf::section_header::SectionHeader;

use crate::elf::imports::{Dynamic, Unreadable};
use crate::elf::note::{self, Note};
use crate::elf::tables::{Tables, code_at, offset_of};
use crate::elf::{Headers, contents, part};

use executable::{Executable, Unloadable};
use functions::{Bounds, Functions};

pub use crate::elf::Foreign;
pub use store::{Absent, FileObject, Objects};

/// Bytes of the largest page: by which linkers align segments at most, and which smaller pages divide.
pub const LARGEST_PAGE: u64 = 1 << 16;

/// One ELF file of which all bytes are known.
#[derive(Debug)]
pub struct Object<'a> {
    bytes: &'a [u8],
    headers: Headers,
    sections: OnceCell<Vec<SectionHeader>>,
    dynamic: OnceCell<Result<Dynamic<'a>, Unreadable>>,
    tables: OnceCell<Unwinding<'a>>,
    executable: OnceCell<Result<Executable<'a>, Unloadable>>,
    functions: OnceCell<Functions<'a>>,
}

/// Unwind tables, and the bytes gone over to make their index.
#[derive(Debug)]
struct Unwinding<'a> {
    tables: Option<Tables<'a>>,
    spent: usize,
}

impl<'a> Object<'a> {
    /// Reads the headers of a 64-bit little-endian arm64 file.
    ///
    /// # Errors
    /// It is no such file.
    pub fn parse(bytes: &'a [u8]) -> Result<Self, Foreign> {
        Ok(Self::with(bytes, Headers::parse(bytes)?))
    }

    /// A file whose headers were read before.
    fn with(bytes: &'a [u8], headers: Headers) -> Self {
        Self {
            bytes,
            headers,
            sections: OnceCell::new(),
            dynamic: OnceCell::new(),
            tables: OnceCell::new(),
            executable: OnceCell::new(),
            functions: OnceCell::new(),
        }
    }

    /// All bytes of the file.
    #[must_use]
    pub fn bytes(&self) -> &'a [u8] {
        self.bytes
    }

    /// Its program headers.
    #[must_use]
    pub fn segments(&self) -> &[ProgramHeader] {
        &self.headers.segments
    }

    /// Its section headers; many files that run have none.
    #[must_use]
    pub fn sections(&self) -> &[SectionHeader] {
        self.sections
            .get_or_init(|| self.headers.sections(self.bytes).unwrap_or_default())
    }

    /// The section with this name.
    #[must_use]
    pub fn section(&self, name: &[u8]) -> Option<&SectionHeader> {
        self.headers.named(self.bytes, self.sections(), name)
    }

    /// The bytes of a section, if the file has them.
    #[must_use]
    pub fn contents(&self, section: &SectionHeader) -> Option<&'a [u8]> {
        contents(self.bytes, section)
    }

    /// Where a process begins in it, as linked.
    #[must_use]
    pub fn entry(&self) -> u64 {
        self.headers.entry
    }

    /// Whether it runs only where it was linked at.
    #[must_use]
    pub fn is_fixed(&self) -> bool {
        self.headers.fixed
    }

    /// Its notes.
    pub fn notes(&self) -> impl Iterator<Item = Note<'a>> {
        note::notes(self.bytes, &self.headers.segments)
    }

    /// Its GNU build id.
    #[must_use]
    pub fn build_id(&self) -> Option<&'a [u8]> {
        note::build_id(self.bytes, &self.headers.segments)
    }

    /// Its dynamic symbols and relocations.
    ///
    /// # Errors
    /// They cannot be read.
    pub fn dynamic(&self) -> Result<&Dynamic<'a>, Unreadable> {
        let dynamic = self
            .dynamic
            .get_or_init(|| Dynamic::parse(self.bytes, &self.headers));
        dynamic.as_ref().map_err(|error| *error)
    }

    /// Its unwind tables.
    #[must_use]
    pub fn tables(&self) -> Option<&Tables<'a>> {
        self.unwinding().tables.as_ref()
    }

    /// Bytes gone over to make the index of its unwind tables; none where the file has one. Whoever bounds what is spent on
    /// a task counts them for every task, so that no answer depends on who asked first.
    #[must_use]
    pub fn tables_cost(&self) -> usize {
        self.unwinding().spent
    }

    fn unwinding(&self) -> &Unwinding<'a> {
        self.tables.get_or_init(|| {
            let mut spent = 0;
            let tables = Tables::of_file(self.bytes, &self.headers, &mut spent);
            Unwinding { tables, spent }
        })
    }

    /// What of it is mapped executable.
    ///
    /// # Errors
    /// It is not such that it could be looked through.
    pub fn executable(&self) -> Result<&Executable<'a>, Unloadable> {
        let executable = self.executable.get_or_init(|| Executable::of(self));
        executable.as_ref().map_err(|error| *error)
    }

    /// The function that the instruction at `address` belongs to.
    #[must_use]
    pub fn function_at(&self, address: u64) -> Option<Bounds<'a>> {
        self.functions
            .get_or_init(|| Functions::of(self))
            .at(self.tables(), address)
    }

    /// The address that code at `offset` of the file was linked at.
    #[must_use]
    pub fn code_at(&self, offset: u64) -> Option<u64> {
        code_at(&self.headers.segments, offset)
    }

    /// The offset in the file of what is loaded at `address`.
    #[must_use]
    pub fn offset_of(&self, address: u64) -> Option<u64> {
        let segments = self.headers.segments.iter();
        segments
            .filter_map(|segment| offset_of(segment, address))
            .next()
    }

    /// `len` bytes of the file that are loaded at `address`.
    #[must_use]
    pub fn loaded(&self, address: u64, len: u64) -> Option<&'a [u8]> {
        part(self.bytes, self.offset_of(address)?, len)
    }

    /// Its headers alone.
    fn into_headers(self) -> Headers {
        self.headers
    }
}
