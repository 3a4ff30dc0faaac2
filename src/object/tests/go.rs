use proptest::prelude::{any, prop, proptest};

use crate::object::Object;
use crate::object::functions::{Bounds, Source};

/// Where code and data are linked at; their offsets in the file are the same without [`LINKED`].
const LINKED: u64 = 0x40_0000;
const CODE: u64 = 0x1000;
const DATA: u64 = 0x2000;
/// Where the module's description lies.
const MODULE: u64 = 0x3000;
/// Where Go's code begins: not where the segment does.
const TEXT: u64 = LINKED + CODE + 0x40;

const NAMES: &[u8] = b"runtime.start\0main.main\0main.(*T).run\0";
/// For each function, its distance from [`TEXT`] and the offset of its name; then the end.
const FUNCTIONS: [(u32, u32); 3] = [(0, 0), (0x20, 14), (0x60, 24)];
const END: u32 = 0x100;

/// How a format lays its table out.
#[derive(Clone, Copy)]
enum Kind {
    /// Addresses; names are counted from the table's beginning.
    Old(u32),
    /// Addresses, a header of seven words.
    Middle(u32),
    /// Distances, a header of eight words.
    New(u32),
}

fn words(words: &[u64]) -> Vec<u8> {
    words.iter().flat_map(|word| word.to_le_bytes()).collect()
}

/// A table; `text` is what its header says of the beginning of code.
fn table(kind: Kind, text: u64) -> Vec<u8> {
    let (magic, new, header) = match kind {
        Kind::Old(magic) => (magic, false, 8 + 8),
        Kind::Middle(magic) => (magic, false, 8 + 7 * 8),
        Kind::New(magic) => (magic, true, 8 + 8 * 8),
    };
    let old = matches!(kind, Kind::Old(_));
    // Header, functions, their descriptions, names.
    let functions = header as u64;
    let pairs: u64 = if new { 3 * 8 + 4 } else { 3 * 16 + 8 };
    let descriptions = (functions + pairs).next_multiple_of(8);
    let each = 16;
    let names = descriptions + 3 * each;
    let from = if old { 0 } else { functions };
    let mut bytes = magic.to_le_bytes().to_vec();
    bytes.extend([0, 0, 4, 8]);
    bytes.extend(match kind {
        Kind::Old(_) => words(&[3]),
        Kind::Middle(_) => words(&[3, 1, names, 0, 0, 0, functions]),
        Kind::New(_) => words(&[3, 1, text, names, 0, 0, 0, functions]),
    });
    assert_eq!(bytes.len(), header);
    for (index, (inside, _)) in FUNCTIONS.iter().enumerate() {
        let description = descriptions + each * index as u64 - from;
        if new {
            bytes.extend(inside.to_le_bytes());
            bytes.extend((description as u32).to_le_bytes());
        } else {
            bytes.extend(words(&[TEXT + u64::from(*inside), description]));
        }
    }
    if new {
        bytes.extend(END.to_le_bytes());
    } else {
        bytes.extend(words(&[TEXT + u64::from(END)]));
    }
    bytes.resize(descriptions as usize, 0);
    for (inside, name) in FUNCTIONS {
        let name = if old { names as u32 + name } else { name };
        let end = bytes.len() + each as usize;
        if new {
            bytes.extend(inside.to_le_bytes());
        } else {
            bytes.extend(words(&[TEXT + u64::from(inside)]));
        }
        bytes.extend(name.to_le_bytes());
        bytes.resize(end, 0);
    }
    bytes.extend(NAMES);
    bytes
}

/// A file of code, and data with this table and these words of a module's description.
fn file(table: &[u8], module: &[u64]) -> Vec<u8> {
    let mut bytes = b"\x7fELF\x02\x01\x01\0\0\0\0\0\0\0\0\0".to_vec();
    // ET_EXEC, EM_AARCH64, version; entry; tables of segments and sections; flags and sizes; counts.
    bytes.extend(words(&[2 | 183 << 16 | 1 << 32, TEXT, 64, 0]));
    bytes.extend(words(&[64 << 32 | 56 << 48, 2]));
    for (flags, at) in [(5, CODE), (6, DATA)] {
        let len = if at == CODE { 0x1000 } else { 0x2000 };
        let addr = LINKED + at;
        bytes.extend(words(&[1 | flags << 32, at, addr, addr, len, len, 0x1000]));
    }
    for (at, part) in [(DATA, table), (MODULE, &words(module))] {
        bytes.resize(at as usize, 0);
        bytes.extend(part);
    }
    bytes.resize(0x4000, 0);
    bytes
}

/// Beginning and end, counted from [`TEXT`], and name.
fn found(bytes: &[u8], inside: u64) -> Option<(u64, u64, Option<String>)> {
    let object = Object::parse(bytes).unwrap();
    let Bounds {
        start,
        end,
        name,
        from,
    } = object.function_at(TEXT.wrapping_add(inside))?;
    assert_eq!(from, Source::Go);
    Some((start - TEXT, end - TEXT, name.map(str::to_owned)))
}

/// Asks for each function, and what is none.
fn check(bytes: &[u8]) {
    let names = ["runtime.start", "main.main", "main.(*T).run"];
    for ((inside, name), (start, end)) in
        [(0, 0), (0x3c, 1), (0xfc, 2)]
            .into_iter()
            .zip([(0, 0x20), (0x20, 0x60), (0x60, 0x100)])
    {
        let expected = (start, end, Some(names[name].to_owned()));
        assert_eq!(found(bytes, inside), Some(expected), "{inside:#x}");
    }
    for nothing in [0x100, 4_u64.wrapping_neg()] {
        assert_eq!(found(bytes, nothing), None, "{nothing:#x}");
    }
}

const ALL: [Kind; 4] = [
    Kind::Old(0xffff_fffb),
    Kind::Middle(0xffff_fffa),
    Kind::New(0xffff_fff0),
    Kind::New(0xffff_fff1),
];

#[test]
fn every_format_tells_functions_and_their_names() {
    for kind in ALL {
        check(&file(&table(kind, TEXT), &[]));
    }
}

/// What describes a module with the table at [`DATA`] whose functions are at this offset in it.
fn module(functions: u64, text: u64) -> Vec<u64> {
    let mut words = vec![0; 24];
    words[0] = LINKED + DATA;
    words[16] = LINKED + DATA + functions;
    words[22] = text;
    words
}

#[test]
fn where_the_header_does_not_say_where_code_begins_the_module_does() {
    let table = table(Kind::New(0xffff_fff1), 0);
    check(&file(&table, &module(72, TEXT)));
    // One of another table, or none.
    assert_eq!(found(&file(&table, &module(80, TEXT)), 0), None);
    assert_eq!(found(&file(&table, &module(72, 0)), 0), None);
    assert_eq!(found(&file(&table, &[]), 0), None);
}

#[test]
fn what_is_not_code_is_no_function() {
    let new = Kind::New(0xffff_fff1);
    assert_eq!(found(&file(&table(new, LINKED), &[]), 0), None);
    let mut other = table(new, TEXT);
    // Instructions of one byte: not arm64.
    other[6] = 1;
    assert_eq!(found(&file(&other, &[]), 0), None);
    // More functions than there are bytes.
    let mut many = table(new, TEXT);
    many[8..16].fill(0xff);
    assert_eq!(found(&file(&many, &[]), 0), None);
}

proptest! {
    #[test]
    fn damaged_tables_get_an_answer(
        kind in 0_usize..4,
        edits in prop::collection::vec((0_usize..0x100, any::<u8>()), 0..20),
        text in prop::sample::select(vec![0, TEXT]),
        inside in 0_u64..0x200,
    ) {
        let mut table = table(ALL[kind], text);
        for (at, byte) in edits {
            if let Some(old) = table.get_mut(at) {
                *old = byte;
            }
        }
        let bytes = file(&table, &module(72, TEXT));
        let object = Object::parse(&bytes).unwrap();
        if let Some(bounds) = object.function_at(TEXT + inside) {
            assert!((bounds.start..bounds.end).contains(&(TEXT + inside)));
        }
    }
}
