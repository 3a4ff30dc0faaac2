//! Small ELF files, laid out by hand: one executable segment from the beginning of the file, code, unwind tables.

/// Where the file is linked at.
pub(crate) const LINKED: u64 = 0x40_0000;
/// Offset of its code.
pub(crate) const CODE: u64 = 0x1000;
/// Bytes of code: NOPs, with a call wherever a function may return to.
pub(crate) const CODE_LEN: u64 = 0x1000;
/// Offset of the table in front of the tables.
const SORTED: usize = 0x2000;
/// Offset of the tables.
pub(crate) const TABLES: usize = 0x3000;
/// `bl .`
const CALL: u32 = 0x9400_0000;

/// One function: offset of its first byte from the code's, bytes, call-frame instructions.
pub(crate) struct Function<'a> {
    pub(crate) at: u64,
    pub(crate) len: u64,
    pub(crate) program: &'a [u8],
}

/// What is put into the file.
#[derive(Default)]
pub(crate) struct Plan<'a> {
    /// Augmentation string of the functions' CIE; `zR` unless said otherwise.
    pub(crate) augmentation: Option<&'a [u8]>,
    /// Leaves the sorted table out and names the section instead.
    pub(crate) unsorted: bool,
    /// A build id.
    pub(crate) build_id: &'a [u8],
}

/// An entry: length, its first word, the rest padded with NOPs to 8.
fn entry(first: u32, rest: &[u8]) -> Vec<u8> {
    let len = (4 + rest.len()).next_multiple_of(8) + 4;
    let mut bytes = (len as u32).to_le_bytes().to_vec();
    bytes.extend(first.to_le_bytes());
    bytes.extend(rest);
    bytes.resize(4 + len, 0);
    bytes
}

/// The tables alone: a CIE (code alignment 4, data alignment -8, x30, CFA = SP) and an FDE for each function. With the
/// offsets of the FDEs.
pub(crate) fn tables(functions: &[Function<'_>], augmentation: &[u8]) -> (Vec<u8>, Vec<usize>) {
    let cie = [
        &[1],
        augmentation,
        // NUL, code and data alignment, return address, augmentation data (pcrel sdata4), DW_CFA_def_cfa SP + 0.
        &[0, 4, 0x78, 30, 1, 0x1b, 0x0c, 31, 0],
    ]
    .concat();
    let mut bytes = entry(0, &cie);
    let mut offsets = Vec::new();
    for function in functions {
        let offset = bytes.len();
        offsets.push(offset);
        let field = (TABLES + offset + 8) as i64;
        let start = (CODE + function.at) as i64 - field;
        let rest = [
            (start as i32).to_le_bytes().as_slice(),
            &(function.len as u32).to_le_bytes(),
            &[0],
            function.program,
        ]
        .concat();
        bytes.extend(entry((offset + 4) as u32, &rest));
    }
    bytes.extend([0; 4]);
    (bytes, offsets)
}

fn words(bytes: &mut Vec<u8>, words: &[u64]) {
    words
        .iter()
        .for_each(|word| bytes.extend(word.to_le_bytes()));
}

/// The sorted table in front: for each function where it begins, and where its entry does.
fn sorted(functions: &[Function<'_>], offsets: &[usize]) -> Vec<u8> {
    let mut bytes = vec![1, 0x1b, 0x03, 0x3b];
    let from_table = |offset: usize| (offset as i64 - SORTED as i64) as i32;
    bytes.extend(((TABLES - SORTED - 4) as i32).to_le_bytes());
    bytes.extend((functions.len() as u32).to_le_bytes());
    let mut pairs: Vec<(i32, i32)> = functions
        .iter()
        .zip(offsets)
        .map(|(function, offset)| {
            let code = (CODE + function.at) as usize;
            (from_table(code), from_table(TABLES + offset))
        })
        .collect();
    pairs.sort_unstable();
    for (code, entry) in pairs {
        bytes.extend(code.to_le_bytes());
        bytes.extend(entry.to_le_bytes());
    }
    bytes
}

/// A whole file.
pub(crate) fn file(functions: &[Function<'_>], plan: &Plan<'_>) -> Vec<u8> {
    let (tables, offsets) = tables(functions, plan.augmentation.unwrap_or(b"zR"));
    let sorted = sorted(functions, &offsets);
    with_tables(&sorted, &tables, plan)
}

/// A whole file with these bytes for tables.
pub(crate) fn with_tables(sorted: &[u8], tables: &[u8], plan: &Plan<'_>) -> Vec<u8> {
    let end = (TABLES + tables.len()).next_multiple_of(8);
    let mut note = [4_u32, plan.build_id.len() as u32, 3]
        .map(u32::to_le_bytes)
        .concat();
    note.extend(b"GNU\0");
    note.extend(plan.build_id);
    let segments = [
        // PT_LOAD, readable and executable, all of it.
        (1_u64 | 5 << 32, 0, LINKED, end as u64),
        // PT_GNU_EH_FRAME, or PT_NULL.
        (
            if plan.unsorted { 0 } else { 0x6474_e550 },
            SORTED as u64,
            LINKED + SORTED as u64,
            sorted.len() as u64,
        ),
        // PT_NOTE.
        (4, 0x200, LINKED + 0x200, note.len() as u64),
    ];
    let sections = end + 0x20;
    let mut bytes = b"\x7fELF\x02\x01\x01\0\0\0\0\0\0\0\0\0".to_vec();
    // ET_EXEC, EM_AARCH64, version; entry; tables of segments and sections; flags and sizes; counts.
    words(&mut bytes, &[2 | 183 << 16 | 1 << 32, LINKED + CODE, 64]);
    words(&mut bytes, &[sections as u64, 64 << 32 | 56 << 48]);
    words(&mut bytes, &[3 | 64 << 16 | 3 << 32 | 2 << 48]);
    for (kind, offset, addr, len) in segments {
        words(&mut bytes, &[kind, offset, addr, addr, len, len, 8]);
    }
    bytes.resize(0x200, 0);
    bytes.extend(note);
    bytes.resize(CODE as usize, 0);
    bytes.extend(CALL.to_le_bytes().repeat(CODE_LEN as usize / 4));
    bytes.resize(SORTED, 0);
    bytes.extend(sorted);
    bytes.resize(TABLES, 0);
    bytes.extend(tables);
    bytes.resize(end, 0);
    bytes.extend(b"\0.eh_frame\0.names\0");
    bytes.resize(sections, 0);
    // None; .eh_frame, PROGBITS; names, STRTAB.
    words(&mut bytes, &[0; 8]);
    let (at, len) = (TABLES as u64, tables.len() as u64);
    words(&mut bytes, &[1 | 1 << 32, 2, LINKED + at, at, len, 0, 8, 0]);
    words(&mut bytes, &[11 | 3 << 32, 0, 0, end as u64, 18, 0, 1, 0]);
    bytes
}
