//! Where the functions of an object begin and end: by its unwind tables, its symbols, and the table that Go's linker
//! makes for the run time.

use std::cmp::Reverse;

use goblin::elf::dynamic::{
    DT_GNU_HASH, DT_HASH, DT_JMPREL, DT_RELA, DT_STRTAB, DT_SYMTAB, DT_VERDEF, DT_VERNEED,
    DT_VERSYM,
};
use goblin::elf::program_header::{PF_X, PT_LOAD};
use goblin::elf::section_header::{SHT_SYMTAB, SectionHeader};
use goblin::elf::sym::{STB_GLOBAL, STB_WEAK, STT_FUNC, STT_GNU_IFUNC, st_bind, st_type};

use super::Object;
use super::go::Go;
use crate::elf::imports::{self, Dynamic};
use crate::elf::tables::Tables;

/// Bytes of a symbol.
const SYMBOL: usize = 24;
/// Tables that may follow the dynamic symbols, of which a file does not say how many there are.
const TABLES: [u64; 8] = [
    DT_STRTAB,
    DT_HASH,
    DT_GNU_HASH,
    DT_VERSYM,
    DT_VERNEED,
    DT_VERDEF,
    DT_RELA,
    DT_JMPREL,
];
/// Symbols that are read of the table of all symbols. The largest programs with one have some hundred thousand.
const MAX_SYMBOLS: usize = 1 << 21;
/// Bytes of a name. Those that compilers make of templates have some thousand.
const MAX_NAME: usize = 1 << 16;
/// Functions that begin below an address and are looked at to see whether they reach up to it: those that lie inside of
/// others are few.
const MAX_BACK: usize = 64;

/// Where a function begins and ends, as linked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bounds<'a> {
    /// Its first instruction.
    pub start: u64,
    /// Behind its last one; after Go's table, with the padding that follows.
    pub end: u64,
    /// Its name, where a symbol or Go's table has one.
    pub name: Option<&'a str>,
    /// What says so.
    pub from: Source,
}

/// What says where a function begins and ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Source {
    /// An entry of the unwind tables. Compilers make two of a function that they split in two; linkers make one of a whole
    /// procedure linkage table.
    Unwind,
    /// A symbol of a function, with its size.
    Symbol,
    /// Go's table of functions.
    Go,
}

/// What of an object names functions, beside its unwind tables.
#[derive(Debug)]
pub(super) struct Functions<'a> {
    /// By address; of those at the same one, the one that counts most is last.
    symbols: Vec<Symbol<'a>>,
    go: Option<Go<'a>>,
}

#[derive(Debug)]
struct Symbol<'a> {
    start: u64,
    end: u64,
    /// Whether it counts more than another of the same address: global, weak, local.
    rank: u8,
    name: Name<'a>,
}

/// A name, as far as it was read.
#[derive(Debug)]
enum Name<'a> {
    Read(&'a [u8]),
    /// What the table of names has from the name on.
    Table(&'a [u8]),
}

impl<'a> Functions<'a> {
    pub(super) fn of(object: &Object<'a>) -> Self {
        let mut symbols = all_symbols(object).unwrap_or_default();
        if let Ok(dynamic) = object.dynamic() {
            let named = symbols_of(dynamic).filter(|symbol| symbol.defined);
            symbols.extend(named.filter_map(|symbol| {
                let name = Name::Read(symbol.name);
                Symbol::new(symbol.kind, symbol.binding, symbol.value, symbol.size, name)
            }));
        }
        // What is read behind the last real symbol may look like anything, but seldom like a function in code.
        symbols.retain(|symbol| {
            object.segments().iter().any(|segment| {
                let end = segment.p_vaddr.saturating_add(segment.p_filesz);
                let code = segment.p_type == PT_LOAD && segment.p_flags & PF_X != 0;
                code && segment.p_vaddr <= symbol.start && symbol.end <= end
            })
        });
        // The sort is stable: of equals the first in the file is then the last.
        symbols.reverse();
        symbols.sort_by_key(|symbol| (symbol.start, symbol.rank, Reverse(symbol.end)));
        let go = Go::find(object);
        Self { symbols, go }
    }

    /// The function that the instruction at `address` belongs to.
    pub(super) fn at(&self, tables: Option<&Tables<'a>>, address: u64) -> Option<Bounds<'a>> {
        if let Some((start, end)) = tables.and_then(|tables| tables.bounds(address)) {
            let symbol = self.symbol(start).filter(|symbol| symbol.start == start);
            let name = symbol.and_then(Symbol::name);
            return Some(Bounds {
                start,
                end,
                name,
                from: Source::Unwind,
            });
        }
        if let Some(symbol) = self.symbol(address) {
            return Some(Bounds {
                start: symbol.start,
                end: symbol.end,
                name: symbol.name(),
                from: Source::Symbol,
            });
        }
        let (start, end, name) = self.go.as_ref()?.at(address)?;
        Some(Bounds {
            start,
            end,
            name,
            from: Source::Go,
        })
    }

    /// The symbol of the innermost function around an address.
    fn symbol(&self, address: u64) -> Option<&Symbol<'a>> {
        let above = self
            .symbols
            .partition_point(|symbol| symbol.start <= address);
        let below = self.symbols.get(..above).unwrap_or_default();
        let mut near = below.iter().rev().take(MAX_BACK);
        near.find(|symbol| address < symbol.end)
    }
}

impl<'a> Symbol<'a> {
    /// None of what is no function, or has no size.
    fn new(kind: u8, binding: u8, start: u64, size: u64, name: Name<'a>) -> Option<Self> {
        let function = [STT_FUNC, STT_GNU_IFUNC].contains(&kind);
        let end = start.checked_add(size)?;
        let rank = match binding {
            STB_GLOBAL => 2,
            STB_WEAK => 1,
            _ => 0,
        };
        (function && size != 0).then_some(Self {
            start,
            end,
            rank,
            name,
        })
    }

    fn name(&self) -> Option<&'a str> {
        match self.name {
            Name::Read(name) => std::str::from_utf8(name).ok(),
            Name::Table(rest) => text(rest),
        }
        .filter(|name| !name.is_empty())
    }
}

/// The text up to the first NUL.
pub(super) fn text(bytes: &[u8]) -> Option<&str> {
    let near = bytes.get(..MAX_NAME).unwrap_or(bytes);
    let name = near.get(..memchr::memchr(0, near)?)?;
    std::str::from_utf8(name).ok()
}

/// The dynamic symbols, up to the next table.
fn symbols_of<'d, 'a>(dynamic: &'d Dynamic<'a>) -> impl Iterator<Item = &'d imports::Symbol<'a>> {
    let first = dynamic.entry(DT_SYMTAB).unwrap_or_default();
    let behind = TABLES
        .iter()
        .filter_map(|tag| dynamic.entry(*tag))
        .filter_map(|addr| usize::try_from(addr.checked_sub(first)?).ok())
        .filter(|bytes| *bytes != 0)
        .min();
    let most = behind.map_or(usize::MAX, |bytes| bytes / SYMBOL);
    dynamic.symbols().iter().take(most)
}

/// The functions in the table of all symbols, which strippers take away.
fn all_symbols<'a>(object: &Object<'a>) -> Option<Vec<Symbol<'a>>> {
    let sections = object.sections();
    let of_symbols = |section: &&SectionHeader| section.sh_type == SHT_SYMTAB;
    let table = sections.iter().find(of_symbols)?;
    let names = sections.get(usize::try_from(table.sh_link).ok()?)?;
    let names = object.contents(names)?;
    let (symbols, _) = object.contents(table)?.as_chunks::<SYMBOL>();
    let found = symbols.iter().take(MAX_SYMBOLS).filter_map(|symbol| {
        let [n0, n1, n2, n3, info, _, s0, s1, rest @ ..] = *symbol;
        let [a, b, c, d, e, f, g, h, size @ ..] = rest;
        let name = usize::try_from(u32::from_le_bytes([n0, n1, n2, n3])).ok()?;
        let name = Name::Table(names.get(name..).unwrap_or_default());
        let start = u64::from_le_bytes([a, b, c, d, e, f, g, h]);
        let defined = [s0, s1] != [0, 0];
        let size = u64::from_le_bytes(size);
        Symbol::new(st_type(info), st_bind(info), start, size, name).filter(|_| defined)
    });
    Some(found.collect())
}
