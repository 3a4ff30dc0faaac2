//! Files laid out by hand, and the programs of the fixtures.

#![allow(clippy::cast_possible_truncation, clippy::cast_possible_wrap)]

mod agree;
pub(crate) mod build;

use proptest::prelude::{any, prop, prop_assert, proptest};

use super::note::build_id;
use super::row::{Base, Cfa, Row, Rows, Rule};
use super::tables::{Tables, code_at};
use super::{Foreign, Headers};
use build::{CODE, CODE_LEN, Function, LINKED, Plan};

/// `sub sp, sp, #32; stp x29, x30, [sp]; …` as tables say it: after 4 bytes CFA = SP + 32, x29 at CFA - 32, x30 at
/// CFA - 24, and from 8 bytes on x30 is signed.
const FRAME: &[u8] = &[0x41, 0x0e, 32, 0x9d, 4, 0x9e, 3, 0x41, 0x2d];
/// x30 is undefined.
const FIRST: &[u8] = &[0x07, 30];

fn functions() -> [Function<'static>; 3] {
    [
        Function {
            at: 0x40,
            len: 0x40,
            program: FRAME,
        },
        Function {
            at: 0,
            len: 0x10,
            program: FIRST,
        },
        Function {
            at: 0x100,
            len: 0x20,
            program: &[0x2f],
        },
    ]
}

fn rows_of(bytes: &[u8], addresses: impl Iterator<Item = u64>) -> Vec<Option<String>> {
    let headers = Headers::parse(bytes).unwrap();
    let tables = Tables::of_file(bytes, &headers, &mut 0).unwrap();
    let mut rows = Rows::default();
    let row = |address| rows.get(&tables, address).map(|row| format!("{row:?}"));
    addresses.map(row).collect()
}

fn row(bytes: &[u8], address: u64) -> Option<Row> {
    let headers = Headers::parse(bytes).unwrap();
    let tables = Tables::of_file(bytes, &headers, &mut 0).unwrap();
    Rows::default().get(&tables, address)
}

#[test]
fn rows_say_where_the_callers_registers_are() {
    for unsorted in [false, true] {
        let bytes = build::file(
            &functions(),
            &Plan {
                unsorted,
                ..Plan::default()
            },
        );
        let code = LINKED + CODE;
        let entered = row(&bytes, code + 0x40).unwrap();
        let as_called = Row {
            cfa: Cfa::ENTRY,
            fp: Rule::Same,
            lr: Rule::Same,
            signed: false,
            signal: false,
        };
        assert_eq!(entered, as_called);
        let moved = row(&bytes, code + 0x44).unwrap();
        let expected = Row {
            cfa: Cfa {
                base: Base::Sp,
                offset: 32,
            },
            fp: Rule::At(-32),
            lr: Rule::At(-24),
            ..as_called
        };
        assert_eq!(moved, expected);
        assert!(row(&bytes, code + 0x7c).unwrap().signed);
        assert_eq!(row(&bytes, code).unwrap().lr, Rule::Undefined);
        // Between functions, before and behind them; and an instruction nobody knows.
        for outside in [0x10, 0x3c, 0x80, 0x120, CODE_LEN] {
            assert_eq!(row(&bytes, code + outside), None, "{outside:#x}");
        }
        assert_eq!(row(&bytes, code + 0x100), None);
    }
}

#[test]
fn signal_trampolines_are_marked() {
    let plan = Plan {
        augmentation: Some(b"zRS"),
        ..Plan::default()
    };
    let bytes = build::file(&functions(), &plan);
    assert!(row(&bytes, LINKED + CODE).unwrap().signal);
}

#[test]
fn a_sorted_table_and_one_made_here_say_the_same() {
    let path = "tests/fixtures/unframed/rootfs/opt/lab/unframed";
    let sorted = std::fs::read(path).unwrap();
    let mut unsorted = sorted.clone();
    // The third program header is PT_GNU_EH_FRAME; without it the section's name is left.
    let headers = Headers::parse(&sorted).unwrap();
    let index = headers
        .segments
        .iter()
        .position(|segment| segment.p_type == 0x6474_e550);
    unsorted[64 + 56 * index.unwrap()..][..4].fill(0);
    let code = 0x40_01c0..0x40_1700;
    let [one, other] = [&sorted, &unsorted].map(|bytes| rows_of(bytes, code.clone().step_by(4)));
    assert_eq!(one, other);
    assert!(one.iter().flatten().count() > 1000);
}

#[test]
fn what_is_no_arm64_file_is_named() {
    let bytes = build::file(&functions(), &Plan::default());
    let change = |at: usize, byte: u8| {
        let mut bytes = bytes.clone();
        bytes[at] = byte;
        Headers::parse(&bytes).unwrap_err()
    };
    assert!(matches!(
        change(0, b'!'),
        Foreign::Magic | Foreign::Header(_)
    ));
    assert_eq!(change(18, 62), Foreign::Machine(62));
    assert_eq!(change(4, 1), Foreign::Machine(183));
    assert!(Headers::parse(&bytes[..40]).is_err());
}

#[test]
fn code_and_build_id() {
    let plan = Plan {
        build_id: &[7; 20],
        ..Plan::default()
    };
    let bytes = build::file(&functions(), &plan);
    let headers = Headers::parse(&bytes).unwrap();
    assert_eq!(
        build_id(&bytes, &headers.segments),
        Some([7; 20].as_slice())
    );
    assert_eq!(
        code_at(&headers.segments, CODE + 8),
        Some(LINKED + CODE + 8)
    );
    assert_eq!(code_at(&headers.segments, 1 << 40), None);
    assert!(headers.section(&bytes, b".eh_frame").is_some());
    assert!(headers.section(&bytes, b".eh_fram").is_none());
}

/// Asks for rows all over the code; the tables may be anything.
fn ask(bytes: &[u8]) -> usize {
    let Ok(headers) = Headers::parse(bytes) else {
        return 0;
    };
    let mut rows = Rows::default();
    let Some(tables) = Tables::of_file(bytes, &headers, &mut rows.spent) else {
        return 0;
    };
    for address in (0..CODE_LEN).step_by(0x20) {
        let _ = rows.get(&tables, LINKED + CODE + address);
    }
    rows.spent
}

proptest! {
    #[test]
    fn any_bytes_are_tables_of_some_kind(noise in prop::collection::vec(any::<u8>(), 0..400), unsorted: bool) {
        let (_, offsets) = build::tables(&functions(), b"zR");
        let whole = build::file(&functions(), &Plan::default());
        let sorted = whole[0x2000..][..12 + 8 * offsets.len()].to_vec();
        ask(&build::with_tables(&sorted, &noise, &Plan { unsorted, ..Plan::default() }));
        ask(&build::with_tables(&noise, &whole[build::TABLES..], &Plan::default()));
    }

    #[test]
    fn damaged_files_are_read_as_far_as_they_go(
        changes in prop::collection::vec((0_usize..0x3200, any::<u8>()), 1..40),
        unsorted: bool,
    ) {
        let mut bytes = build::file(&functions(), &Plan { unsorted, ..Plan::default() });
        for (at, byte) in changes {
            // Headers, note, and both tables; the code between them holds nothing.
            let at = if at < 0x300 { at } else { 0x2000 + at % 0x1100 };
            if let Some(old) = bytes.get_mut(at) {
                *old = byte;
            }
        }
        prop_assert!(ask(&bytes) < 1 << 20);
        let cut = bytes.len() / 2;
        ask(&bytes[..cut]);
    }

    #[test]
    fn any_program_ends(program in prop::collection::vec(any::<u8>(), 0..300)) {
        let function = Function { at: 0, len: CODE_LEN, program: &program };
        ask(&build::file(&[function], &Plan::default()));
    }
}

#[test]
fn hostile_counts_and_references_are_bounded() {
    // Thousands of FDEs that all refer to one CIE of almost 64 KiB, which is legal all the same.
    let mut cie = vec![0, 0, 0, 0, 1];
    cie.resize(0xfff0 - 4, b'S');
    cie.extend([0, 4, 0x78, 30]);
    let tables = |count: usize| {
        let mut tables = (cie.len() as u32).to_le_bytes().to_vec();
        tables.extend(&cie);
        for index in 0..count as u64 {
            let back = tables.len() as u32 + 4;
            tables.extend([20_u32, back].map(u32::to_le_bytes).concat());
            tables.extend(
                [LINKED + CODE + 8 * index, 8]
                    .map(u64::to_le_bytes)
                    .concat(),
            );
        }
        tables
    };
    for (count, indexed) in [(3, true), (5000, false)] {
        let plan = Plan {
            unsorted: true,
            ..Plan::default()
        };
        let bytes = build::with_tables(&[], &tables(count), &plan);
        let headers = Headers::parse(&bytes).unwrap();
        assert_eq!(
            Tables::of_file(&bytes, &headers, &mut 0).is_some(),
            indexed,
            "{count}"
        );
    }
    // A count of pairs that the table does not have.
    let mut sorted = vec![1, 0x1b, 0x03, 0x3b, 0, 0, 0, 0];
    sorted.extend(u32::MAX.to_le_bytes());
    let bytes = build::with_tables(&sorted, &[0; 64], &Plan::default());
    let headers = Headers::parse(&bytes).unwrap();
    assert!(Tables::sorted(&headers.segments, &|_, _| Some(&sorted)).is_none());
}
