//! What a file names for others and takes from them: its dynamic symbols and relocations.

use goblin::elf::dynamic::{
    DT_JMPREL, DT_NULL, DT_PLTREL, DT_PLTRELSZ, DT_REL, DT_RELA, DT_RELASZ, DT_STRSZ, DT_STRTAB,
    DT_SYMTAB,
};
use goblin::elf::program_header::{PT_DYNAMIC, PT_LOAD};
use goblin::elf::reloc::{
    R_AARCH64_ABS64, R_AARCH64_GLOB_DAT, R_AARCH64_IRELATIVE, R_AARCH64_JUMP_SLOT,
    R_AARCH64_RELATIVE, R_AARCH64_TLSDESC, RelocSection,
};
use goblin::elf::section_header::SHN_UNDEF;
use goblin::elf::sym::{Symtab, st_bind, st_type};

use super::tables::offset_of;
use super::{CTX, Headers, part};

/// Bytes of an entry of the dynamic table: a tag and a value.
const ENTRY: usize = 16;
/// Bytes of a symbol.
const SYMBOL: u64 = 24;
/// Entries of the dynamic table that are read. Real ones have some forty.
const MAX_ENTRIES: usize = 1024;
/// Symbols that are read. The largest libraries have some hundred thousand.
const MAX_SYMBOLS: u64 = 1 << 21;
/// Bytes of a name. Those that compilers make of templates have some thousand.
const MAX_NAME: usize = 1 << 16;
/// Relocations that are read of each table. The largest programs have some hundred thousand.
const MAX_RELOCATIONS: u64 = 1 << 22;
/// Relocation tables in forms that are not read here (`DT_ANDROID_REL`, `DT_ANDROID_RELA`).
const PACKED: [u64; 2] = [0x6000_000f, 0x6000_0011];

/// The dynamic symbols and relocations of one file; a statically linked one has none.
#[derive(Debug, Default)]
pub struct Dynamic<'a> {
    /// Tags and values of the dynamic table.
    entries: Vec<(u64, u64)>,
    symbols: Vec<Symbol<'a>>,
    /// Addresses of those that are defined and have a name, with their numbers; ascending.
    defined: Vec<(u64, usize)>,
    relocations: Vec<Relocation>,
    names: Option<(u64, u64)>,
}

/// One dynamic symbol.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Symbol<'a> {
    /// Its name.
    pub name: &'a [u8],
    /// Its address as linked; meaningless where it is not defined.
    pub value: u64,
    /// Whether the file defines it.
    pub defined: bool,
    /// What it is (`STT_…`).
    pub kind: u8,
    /// Whose it is, and which of several counts (`STB_…`).
    pub binding: u8,
    /// Its bytes; 0 where that is not known.
    pub size: u64,
}

/// One relocation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Relocation {
    /// The address it writes to, as linked.
    pub at: u64,
    /// What it writes.
    pub kind: RelocationKind,
    /// Number of its symbol; 0 for none.
    pub symbol: usize,
    /// What is added.
    pub addend: i64,
}

/// What a relocation writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RelocationKind {
    /// The address of a symbol, into the table that code loads it from (`GLOB_DAT`).
    GlobalData,
    /// The address of a function, into the table that stubs load it from (`JUMP_SLOT`).
    JumpSlot,
    /// The address of a symbol, somewhere in data (`ABS64`).
    Absolute,
    /// An address of the file itself (`RELATIVE`).
    Relative,
    /// What a function of the file itself, called by the dynamic linker, chooses (`IRELATIVE`).
    Resolved,
    /// A function, and what it is to be given, that finds a thread's own variable (`TLSDESC`).
    ThreadLocal,
    /// Something else, by its number.
    Other(u32),
}

/// Numbers of kinds (ELF for the Arm 64-bit Architecture, `IHI 0056`).
const KINDS: [(u32, RelocationKind); 6] = [
    (R_AARCH64_GLOB_DAT, RelocationKind::GlobalData),
    (R_AARCH64_JUMP_SLOT, RelocationKind::JumpSlot),
    (R_AARCH64_ABS64, RelocationKind::Absolute),
    (R_AARCH64_RELATIVE, RelocationKind::Relative),
    (R_AARCH64_IRELATIVE, RelocationKind::Resolved),
    (R_AARCH64_TLSDESC, RelocationKind::ThreadLocal),
];

impl RelocationKind {
    fn of(number: u32) -> Self {
        let row = KINDS.iter().find(|(known, _)| *known == number);
        row.map_or(Self::Other(number), |(_, kind)| *kind)
    }

    /// Whether the word is a slot of the table that code takes addresses of symbols from.
    #[must_use]
    pub fn is_slot(self) -> bool {
        matches!(self, Self::GlobalData | Self::JumpSlot)
    }
}

/// A dynamic table that cannot be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unreadable {
    /// The table, or one that it names, leaves the file.
    #[error("its table of {0} leaves the file")]
    Outside(&'static str),
    /// Relocations are in a form that is not read.
    #[error("its relocations are packed")]
    Packed,
    /// More than any real file has.
    #[error("it has too many {0}")]
    TooMany(&'static str),
}

impl<'a> Dynamic<'a> {
    /// Reads the tables that the file's dynamic segment names.
    ///
    /// A file does not say how many symbols it has: everything up to the next table, or the end of the segment, is read
    /// as symbols. There may be more of them than real ones, never fewer.
    ///
    /// # Errors
    /// A table leaves the file, is larger than real ones, or is of a form that is not known.
    pub fn parse(bytes: &'a [u8], headers: &Headers) -> Result<Self, Unreadable> {
        let segments = &headers.segments;
        let Some(dynamic) = segments
            .iter()
            .find(|segment| segment.p_type == PT_DYNAMIC && segment.p_filesz != 0)
        else {
            return Ok(Self::default());
        };
        let entries = part(bytes, dynamic.p_offset, dynamic.p_filesz)
            .ok_or(Unreadable::Outside("dynamic entries"))?;
        let entries: Vec<(u64, u64)> = entries
            .as_chunks::<ENTRY>()
            .0
            .iter()
            .map(split)
            .take_while(|(tag, _)| *tag != DT_NULL)
            .take(MAX_ENTRIES.saturating_add(1))
            .collect();
        if entries.len() > MAX_ENTRIES {
            return Err(Unreadable::TooMany("dynamic entries"));
        }
        let value = |wanted| {
            let entry = entries.iter().find(|(tag, _)| *tag == wanted);
            entry.map(|(_, value)| *value)
        };
        let packed = |(tag, _): &(u64, u64)| PACKED.contains(tag) || *tag == DT_REL;
        if entries.iter().any(packed) || value(DT_PLTREL).is_some_and(|kind| kind != DT_RELA) {
            return Err(Unreadable::Packed);
        }
        let offset = |addr| {
            segments
                .iter()
                .find_map(|segment| offset_of(segment, addr))
                .and_then(|offset| usize::try_from(offset).ok())
        };

        let mut relocations = Vec::new();
        for (table, size) in [(DT_RELA, DT_RELASZ), (DT_JMPREL, DT_PLTRELSZ)] {
            let (Some(addr), Some(size)) = (value(table), value(size)) else {
                continue;
            };
            read_relocations(bytes, offset(addr), size, &mut relocations)?;
        }

        let (Some(symbols), Some(names)) = (value(DT_SYMTAB), value(DT_STRTAB)) else {
            return Ok(Self {
                entries,
                relocations,
                ..Self::default()
            });
        };
        let len = value(DT_STRSZ).unwrap_or_default();
        let outside = Unreadable::Outside("symbols");
        let strings = segments
            .iter()
            .find_map(|segment| offset_of(segment, names))
            .and_then(|offset| part(bytes, offset, len))
            .ok_or(outside)?;
        let holder = segments
            .iter()
            .find(|segment| segment.p_type == PT_LOAD && offset_of(segment, symbols).is_some())
            .ok_or(outside)?;
        let end = holder.p_vaddr.saturating_add(holder.p_filesz);
        let end = if names > symbols { end.min(names) } else { end };
        let count = end
            .saturating_sub(symbols)
            .checked_div(SYMBOL)
            .unwrap_or_default();
        if count > MAX_SYMBOLS {
            return Err(Unreadable::TooMany("symbols"));
        }
        let table = offset(symbols)
            .zip(usize::try_from(count).ok())
            .and_then(|(start, count)| Symtab::parse(bytes, start, count, CTX).ok())
            .ok_or(outside)?;
        let symbols: Result<Vec<_>, _> = table
            .iter()
            .map(|symbol| {
                Ok(Symbol {
                    name: name(strings, symbol.st_name)?,
                    value: symbol.st_value,
                    defined: symbol.st_shndx != SHN_UNDEF as usize,
                    kind: st_type(symbol.st_info),
                    binding: st_bind(symbol.st_info),
                    size: symbol.st_size,
                })
            })
            .collect();
        let symbols = symbols?;
        let mut defined: Vec<(u64, usize)> = symbols
            .iter()
            .enumerate()
            .filter(|(_, symbol)| symbol.defined && !symbol.name.is_empty())
            .map(|(number, symbol)| (symbol.value, number))
            .collect();
        defined.sort_unstable();
        Ok(Self {
            entries,
            symbols,
            defined,
            relocations,
            names: Some((names, len)),
        })
    }

    /// The value of the first entry of the dynamic table with this tag.
    #[must_use]
    pub fn entry(&self, tag: u64) -> Option<u64> {
        let entry = self.entries.iter().find(|(known, _)| *known == tag);
        entry.map(|(_, value)| *value)
    }

    /// All symbols, by their numbers. There may be more of them than real ones.
    #[must_use]
    pub fn symbols(&self) -> &[Symbol<'a>] {
        &self.symbols
    }

    /// All relocations, in the order of the file.
    #[must_use]
    pub fn relocations(&self) -> &[Relocation] {
        &self.relocations
    }

    /// The names under which other files find what lies at `addr`.
    pub fn names_of(&self, addr: u64) -> impl Iterator<Item = &'a [u8]> {
        let first = self.defined.partition_point(|(value, _)| *value < addr);
        self.defined
            .get(first..)
            .unwrap_or_default()
            .iter()
            .take_while(move |(value, _)| *value == addr)
            .filter_map(|(_, number)| self.symbols.get(*number))
            .map(|symbol| symbol.name)
    }

    /// Whether it names anything at all. A symbol of no name comes first.
    #[must_use]
    pub fn has_symbols(&self) -> bool {
        self.symbols.len() > 1
    }

    /// Whether the file takes a symbol of this name from another.
    #[must_use]
    pub fn imports(&self, name: &[u8]) -> bool {
        self.symbols
            .iter()
            .any(|symbol| !symbol.defined && symbol.name == name)
    }

    /// Whether the file defines a symbol of this name.
    #[must_use]
    pub fn defines(&self, name: &[u8]) -> bool {
        self.symbols
            .iter()
            .any(|symbol| symbol.defined && symbol.name == name)
    }

    /// The relocations for a symbol of this name, its own or another file's.
    pub fn relocations_of(&self, name: &[u8]) -> impl Iterator<Item = &Relocation> {
        self.relocations.iter().filter(move |relocation| {
            let symbol = self.symbols.get(relocation.symbol);
            relocation.symbol != 0 && symbol.is_some_and(|symbol| symbol.name == name)
        })
    }

    /// The addresses, as linked, that relocations write somewhere without a symbol.
    pub fn addends(&self) -> impl Iterator<Item = u64> {
        self.relocations
            .iter()
            .filter(|relocation| relocation.symbol == 0)
            .map(|relocation| relocation.addend.cast_unsigned())
    }

    /// The symbols' names: their address and length.
    #[must_use]
    pub fn strings(&self) -> Option<(u64, u64)> {
        self.names
    }
}

fn split(entry: &[u8; ENTRY]) -> (u64, u64) {
    let [a, b, c, d, e, f, g, h, value @ ..] = *entry;
    (
        u64::from_le_bytes([a, b, c, d, e, f, g, h]),
        u64::from_le_bytes(value),
    )
}

/// The name at this offset; none where that leaves the table.
fn name(strings: &[u8], offset: usize) -> Result<&[u8], Unreadable> {
    let rest = strings.get(offset..).unwrap_or_default();
    let near = rest.get(..MAX_NAME).unwrap_or(rest);
    match memchr::memchr(0, near) {
        Some(end) => Ok(near.get(..end).unwrap_or_default()),
        None if near.len() == MAX_NAME => Err(Unreadable::TooMany("bytes in a name")),
        None => Ok(near),
    }
}

fn read_relocations(
    bytes: &[u8],
    start: Option<usize>,
    len: u64,
    into: &mut Vec<Relocation>,
) -> Result<(), Unreadable> {
    if len > MAX_RELOCATIONS.saturating_mul(SYMBOL) {
        return Err(Unreadable::TooMany("relocations"));
    }
    let table = start
        .zip(usize::try_from(len).ok())
        .and_then(|(start, len)| RelocSection::parse(bytes, start, len, true, CTX).ok())
        .ok_or(Unreadable::Outside("relocations"))?;
    into.extend(table.iter().map(|relocation| Relocation {
        at: relocation.r_offset,
        kind: RelocationKind::of(relocation.r_type),
        symbol: relocation.r_sym,
        addend: relocation.r_addend.unwrap_or_default(),
    }));
    Ok(())
}
