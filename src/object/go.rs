//! Go's table of functions (`runtime.pclntab`), which also stripped programs have: the run time needs it.
//!
//! Formats of Go 1.2, 1.16, 1.18 and 1.20 (`src/debug/gosym/pclntab.go`, `src/runtime/symtab.go`). From 1.18 on functions
//! are told by their distance from the beginning of Go's code, which the table itself says up to 1.25; later ones leave
//! 0 there, and the module's own description (`runtime.moduledata`) has it.

use goblin::elf::program_header::{PF_W, PF_X, PT_LOAD};
use memchr::memmem;

use super::Object;
use super::functions::text;
use crate::elf::imports::Dynamic;
use crate::elf::part;

/// Sections that linkers put the table in: of programs at a fixed address, and of others.
const SECTIONS: [&[u8]; 2] = [b".gopclntab", b".data.rel.ro.gopclntab"];

/// Bytes 4 to 8: zeros, bytes of an instruction, bytes of an address.
const ARM64: [u8; 4] = [0, 0, 4, 8];

/// Places with a table's first bytes that are looked at where no section names it.
const MAX_PLACES: usize = 8;
/// The same for the module's description.
const MAX_MODULES: usize = 8;

/// Words of `runtime.moduledata` (Go 1.16 to 1.26): the table, the functions in it, and the beginning of code.
const MODULE_FUNCTIONS: u64 = 16;
const MODULE_TEXT: u64 = 22;
/// Bytes of a word.
const WORD: u64 = 8;

/// What changed from one format to the next.
#[derive(Clone, Copy, Debug)]
struct Format {
    magic: u32,
    /// Index of the header's words: the count of functions is the first one.
    text: Option<u64>,
    names: Option<u64>,
    functions: Option<u64>,
}

const FORMATS: [Format; 4] = [
    Format {
        magic: 0xffff_fffb,
        text: None,
        names: None,
        functions: None,
    },
    Format {
        magic: 0xffff_fffa,
        text: None,
        names: Some(2),
        functions: Some(6),
    },
    Format {
        magic: 0xffff_fff0,
        text: Some(2),
        names: Some(3),
        functions: Some(7),
    },
    Format {
        magic: 0xffff_fff1,
        text: Some(2),
        names: Some(3),
        functions: Some(7),
    },
];

/// The functions of Go in one object.
#[derive(Debug)]
pub(super) struct Go<'a> {
    /// From the table's first byte on.
    table: &'a [u8],
    /// From its first function on.
    functions: &'a [u8],
    names: &'a [u8],
    count: usize,
    /// What functions are counted from; none where they are addresses.
    text: Option<u64>,
}

impl<'a> Go<'a> {
    pub(super) fn find(object: &Object<'a>) -> Option<Self> {
        let named = SECTIONS.iter().find_map(|name| object.section(name));
        if let Some(section) = named {
            let table = object.contents(section)?;
            return Self::read(object, table, section.sh_addr);
        }
        // Programs that are stripped keep their sections, unless somebody takes these away too.
        if !object.sections().is_empty() {
            return None;
        }
        object
            .segments()
            .iter()
            .filter(|segment| segment.p_type == PT_LOAD && segment.p_flags & PF_X == 0)
            .filter_map(|segment| {
                let bytes = part(object.bytes(), segment.p_offset, segment.p_filesz)?;
                Some((bytes, segment.p_vaddr))
            })
            .flat_map(|(bytes, addr)| {
                memmem::find_iter(bytes, &ARM64).filter_map(move |at| {
                    let at = at.checked_sub(ARM64.len())?;
                    let addr = addr.checked_add(u64::try_from(at).ok()?)?;
                    let table = bytes.get(at..)?;
                    format(table).map(|_| (table, addr))
                })
            })
            .take(MAX_PLACES)
            .find_map(|(table, addr)| Self::read(object, table, addr))
    }

    /// The table at `addr`, where all it refers to is there and its functions are code.
    fn read(object: &Object<'a>, table: &'a [u8], addr: u64) -> Option<Self> {
        let format = format(table)?;
        let count = usize::try_from(word(table, 0)?).ok()?;
        let offset = |index: Option<u64>| match index {
            Some(index) => word(table, index),
            None => Some(0),
        };
        let functions = match format.functions {
            Some(index) => word(table, index)?,
            // Right behind the count.
            None => WORD.checked_mul(2)?,
        };
        let text = match format.text {
            None => None,
            Some(index) => Some(beginning(
                object,
                addr,
                index,
                word(table, index)?,
                functions,
            )?),
        };
        let from = |offset: u64| table.get(usize::try_from(offset).ok()?..);
        let go = Self {
            table: match format.functions {
                Some(_) => from(functions)?,
                None => table,
            },
            functions: from(functions)?,
            names: from(offset(format.names)?)?,
            count,
            text,
        };
        let (first, last) = (go.entry(0)?, go.entry(count)?);
        let code = object.segments().iter().any(|segment| {
            let end = segment.p_vaddr.saturating_add(segment.p_filesz);
            segment.p_flags & PF_X != 0 && segment.p_vaddr <= first && last <= end
        });
        (first < last && code).then_some(go)
    }

    /// First instruction of a function, or the end of the last one.
    fn entry(&self, index: usize) -> Option<u64> {
        match self.text {
            Some(text) => {
                let pairs = self.functions.as_chunks::<8>().0;
                // The end stands alone.
                let inside = match pairs.get(index) {
                    Some([a, b, c, d, ..]) => [*a, *b, *c, *d],
                    None => *self.functions.get(index.checked_mul(8)?..)?.first_chunk()?,
                };
                text.checked_add(u64::from(u32::from_le_bytes(inside)))
            }
            None => {
                let bytes = self.functions.get(index.checked_mul(16)?..)?;
                Some(u64::from_le_bytes(*bytes.first_chunk()?))
            }
        }
    }

    /// Beginning, end and name of the function that the instruction at `address` belongs to.
    pub(super) fn at(&self, address: u64) -> Option<(u64, u64, Option<&'a str>)> {
        let (mut below, mut above) = (0, self.count);
        while below < above {
            let middle = below.midpoint(above);
            if self.entry(middle)? <= address {
                below = middle.checked_add(1)?;
            } else {
                above = middle;
            }
        }
        let index = below.checked_sub(1)?;
        let (start, end) = (self.entry(index)?, self.entry(below)?);
        let inside = start <= address && address < end;
        inside.then(|| (start, end, self.name(index)))
    }

    fn name(&self, index: usize) -> Option<&'a str> {
        // The offset of the function's description follows its address, that of its name the address in there.
        let (stride, address) = match self.text {
            Some(_) => (8_usize, 4_usize),
            None => (16, 8),
        };
        let at = index.checked_mul(stride)?.checked_add(address)?;
        let offset = self.functions.get(at..)?;
        let offset = match self.text {
            Some(_) => u64::from(u32::from_le_bytes(*offset.first_chunk()?)),
            None => u64::from_le_bytes(*offset.first_chunk()?),
        };
        let at = usize::try_from(offset).ok()?.checked_add(address)?;
        let name = u32::from_le_bytes(*self.table.get(at..)?.first_chunk()?);
        text(self.names.get(usize::try_from(name).ok()?..)?)
    }
}

/// The format of what begins like a table.
fn format(table: &[u8]) -> Option<Format> {
    let (magic, rest) = table.split_first_chunk::<4>()?;
    let magic = u32::from_le_bytes(*magic);
    let format = FORMATS.iter().find(|format| format.magic == magic)?;
    rest.starts_with(&ARM64).then_some(*format)
}

/// A word of the table's header.
fn word(table: &[u8], index: u64) -> Option<u64> {
    let at = index.checked_mul(WORD)?.checked_add(WORD)?;
    let bytes = table.get(usize::try_from(at).ok()?..)?;
    Some(u64::from_le_bytes(*bytes.first_chunk()?))
}

/// Where Go's code begins: as the word `said` of the header of the table at `table` says, what is relocated into it, or
/// what the description of the module that has this table and its functions says.
fn beginning(
    object: &Object<'_>,
    table: u64,
    index: u64,
    said: u64,
    functions: u64,
) -> Option<u64> {
    if said != 0 {
        return Some(said);
    }
    let field = table.checked_add(index.checked_mul(WORD)?.checked_add(WORD)?)?;
    let functions = table.checked_add(functions)?;
    let of_module = |module: u64| {
        let field = |index: u64| loaded(object, module.checked_add(index.checked_mul(WORD)?)?);
        let its = field(0) == Some(table) && field(MODULE_FUNCTIONS) == Some(functions);
        field(MODULE_TEXT).filter(|text| its && *text != 0)
    };
    relocated(object, field)
        .or_else(|| places(object, table).find_map(of_module))
        .filter(|text| *text != 0)
}

/// The word that is loaded at `addr`: what is relocated into it, else what the file has there.
fn loaded(object: &Object<'_>, addr: u64) -> Option<u64> {
    relocated(object, addr).or_else(|| {
        let bytes = object.loaded(addr, WORD)?;
        Some(u64::from_le_bytes(*bytes.first_chunk()?))
    })
}

/// The address of the object itself that is relocated into a word.
fn relocated(object: &Object<'_>, addr: u64) -> Option<u64> {
    let relocations = object.dynamic().ok()?.relocations();
    let relocation = relocations
        .iter()
        .find(|relocation| relocation.at == addr)?;
    (relocation.symbol == 0).then(|| relocation.addend.cast_unsigned())
}

/// Words of data that can be written that hold an address, as they are or once they are relocated.
fn places<'o>(object: &'o Object<'_>, address: u64) -> impl Iterator<Item = u64> + 'o {
    let relocations = object.dynamic().map(Dynamic::relocations);
    let relocated = relocations.unwrap_or_default().iter();
    let relocated = relocated
        .filter(move |one| one.symbol == 0 && one.addend.cast_unsigned() == address)
        .map(|one| one.at);
    let needle = memmem::Finder::new(&address.to_le_bytes()).into_owned();
    let written = object
        .segments()
        .iter()
        .filter(|segment| segment.p_type == PT_LOAD && segment.p_flags & PF_W != 0)
        .filter_map(|segment| {
            let bytes = part(object.bytes(), segment.p_offset, segment.p_filesz)?;
            Some((bytes, segment.p_vaddr))
        })
        .flat_map(move |(bytes, addr)| {
            let found: Vec<usize> = needle.find_iter(bytes).take(MAX_MODULES).collect();
            let at = |at: usize| addr.checked_add(u64::try_from(at).ok()?);
            found.into_iter().filter_map(at).collect::<Vec<_>>()
        });
    relocated.chain(written).take(MAX_MODULES)
}
