use super::library;
use crate::elf::tests::build::{self, CODE, Function, LINKED, Plan};
use crate::object::Object;
use crate::object::functions::{Bounds, Source};

#[test]
fn unwind_tables_come_first_and_symbols_name_them() {
    let bytes = library("sets");
    let object = Object::parse(&bytes).unwrap();
    let run = Bounds {
        start: 0x260,
        end: 0x26c,
        name: Some("run"),
        from: Source::Unwind,
    };
    for address in [0x260, 0x268] {
        assert_eq!(object.function_at(address), Some(run), "{address:#x}");
    }
    assert_eq!(object.function_at(0x26c), None);
}

#[test]
fn without_tables_symbols_with_a_size_tell_functions() {
    let mut bytes = library("sets");
    let object = Object::parse(&bytes).unwrap();
    let kinds = object.segments().iter();
    let index = kinds
        .clone()
        .position(|it| it.p_type == 0x6474_e550)
        .unwrap();
    let (addr, offset) = (object.section(b".eh_frame").unwrap().sh_addr, index * 56);
    assert_eq!(addr, 0x280);
    // No table in front, and no section of that name.
    bytes[64 + offset..][..4].fill(0);
    let name = bytes
        .windows(10)
        .position(|it| it == b".eh_frame\0")
        .unwrap();
    bytes[name] = b'!';
    let object = Object::parse(&bytes).unwrap();
    assert!(object.tables().is_none());
    let run = Bounds {
        start: 0x260,
        end: 0x26c,
        name: Some("run"),
        from: Source::Symbol,
    };
    assert_eq!(object.function_at(0x268), Some(run));
    assert_eq!(object.function_at(0x25c), None);
    assert_eq!(object.function_at(0x26c), None);
}

#[test]
fn dynamic_symbols_end_where_the_next_table_begins() {
    let mut bytes = library("sets");
    let object = Object::parse(&bytes).unwrap();
    assert_eq!(object.function_at(0x260).unwrap().name, Some("run"));
    let symbols = object.section(b".dynsym").unwrap().sh_addr;
    let dynamic = object.section(b".dynamic").unwrap();
    let mut entries = (dynamic.sh_offset as usize..).step_by(16);
    // DT_GNU_HASH, as if the table lay behind the second of three symbols.
    let tag = 0x6fff_fef5_u64.to_le_bytes();
    let entry = entries.find(|at| bytes[*at..*at + 8] == tag).unwrap();
    bytes[entry + 8..entry + 16].copy_from_slice(&(symbols + 48).to_le_bytes());
    let object = Object::parse(&bytes).unwrap();
    assert_eq!(object.function_at(0x260).unwrap().name, None);
}

/// A symbol: name, type and binding, section, address, bytes.
type Row = (u32, u8, u16, u64, u64);

/// A file with one function in its unwind tables and these symbols.
fn with_symbols(rows: &[Row], names: &[u8]) -> Vec<u8> {
    let functions = [Function {
        at: 0,
        len: 0x20,
        program: &[],
    }];
    let mut bytes = build::file(&functions, &Plan::default());
    let table: Vec<u8> = rows
        .iter()
        .flat_map(|(name, info, section, addr, len)| {
            let front = [name.to_le_bytes().as_slice(), &[*info, 0]].concat();
            let rest = [addr.to_le_bytes(), len.to_le_bytes()].concat();
            [front, section.to_le_bytes().to_vec(), rest].concat()
        })
        .collect();
    let at = bytes.len() as u64;
    bytes.extend(&table);
    let names_at = bytes.len() as u64;
    bytes.extend(names);
    bytes.resize(bytes.len().next_multiple_of(8), 0);
    let sections = bytes.len() as u64;
    let mut word = |value: u64| bytes.extend(value.to_le_bytes());
    // None; SYMTAB with its names; STRTAB.
    (0..8).for_each(|_| word(0));
    for section in [
        [2 << 32, 0, 0, at, table.len() as u64, 2, 8, 24],
        [3 << 32, 0, 0, names_at, names.len() as u64, 0, 1, 0],
    ] {
        section.into_iter().for_each(&mut word);
    }
    // Where the sections are, and how many.
    bytes[40..48].copy_from_slice(&sections.to_le_bytes());
    bytes[60..62].copy_from_slice(&3_u16.to_le_bytes());
    bytes
}

#[test]
fn the_table_of_all_symbols_names_functions() {
    let code = LINKED + CODE;
    let names = b"\0local\0weak\0global\0inner\0nowhere\0data\0\xff\0";
    let at = |name: &[u8]| {
        let at = names.windows(name.len()).position(|it| it == name);
        at.unwrap() as u32
    };
    // STT_FUNC is 2, STT_OBJECT 1; STB_GLOBAL is 1, STB_WEAK 2.
    let rows = [
        (at(b"local\0"), 0x02, 1, code, 0x20),
        (at(b"local\0"), 0x02, 1, code + 0x100, 0x40),
        (at(b"global\0"), 0x12, 1, code + 0x100, 0x40),
        (at(b"weak\0"), 0x22, 1, code + 0x100, 0x40),
        (at(b"inner\0"), 0x02, 1, code + 0x110, 0x10),
        (at(b"nowhere\0"), 0x12, 0, code + 0x200, 0x10),
        (at(b"data\0"), 0x11, 1, code + 0x300, 0x10),
        (at(b"\xff\0"), 0x12, 1, code + 0x400, 0x10),
        (at(b"weak\0"), 0x12, 1, code + 0x500, 0),
        (1 << 30, 0x12, 1, code + 0x600, 0x10),
        (at(b"global\0"), 0x12, 1, 8 * code, 0x10),
    ];
    let bytes = with_symbols(&rows, names);
    let object = Object::parse(&bytes).unwrap();
    let found = |inside: u64| {
        let found = object.function_at(code + inside)?;
        Some((found.start - code, found.end - code, found.name, found.from))
    };
    let unwind = (0, 0x20, Some("local"), Source::Unwind);
    assert_eq!(found(0x1c), Some(unwind));
    let global = (0x100, 0x140, Some("global"), Source::Symbol);
    assert_eq!(found(0x100), Some(global));
    assert_eq!(found(0x13c), Some(global));
    let inner = (0x110, 0x120, Some("inner"), Source::Symbol);
    assert_eq!(found(0x118), Some(inner));
    for nothing in [0x20, 0x140, 0x200, 0x300, 0x500, 7 * code] {
        assert_eq!(found(nothing), None, "{nothing:#x}");
    }
    // Names that are no text, or not there.
    for nameless in [0x400, 0x600] {
        let bounds = (nameless, nameless + 0x10, None, Source::Symbol);
        assert_eq!(found(nameless), Some(bounds));
    }
}
