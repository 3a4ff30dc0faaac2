//! Code and tables that agree, and tables that leave out what compilers leave out. The comments are what an assembler
//! takes; the words are what it makes of it.

use super::build::{self, CODE, Function, LINKED, Plan};
use crate::elf::Headers;
use crate::elf::row::Rows;
use crate::elf::tables::Tables;

const SUB_32: u32 = 0xd100_83ff; // sub sp, sp, #32
const ADD_32: u32 = 0x9100_83ff; // add sp, sp, #32
const STORE: u32 = 0xa901_7bfd; // stp x29, x30, [sp, #16]
const LOAD: u32 = 0xa941_7bfd; // ldp x29, x30, [sp, #16]
const PUSH: u32 = 0xa9be_7bfd; // stp x29, x30, [sp, #-32]!
const POP: u32 = 0xa8c2_7bfd; // ldp x29, x30, [sp], #32
const FP_HERE: u32 = 0x9100_03fd; // mov x29, sp
const FP_16: u32 = 0x9100_43fd; // add x29, sp, #16
const SP_FP: u32 = 0x9100_03bf; // mov sp, x29
const ALLOCA: u32 = 0xcb20_63ff; // sub sp, sp, x0
const NOP: u32 = 0xd503_201f;
const RET: u32 = 0xd65f_03c0;
const CALL: u32 = 0x9400_0010; // bl .+64
const MOVED_FP: u32 = 0xaa00_03fd; // mov x29, x0

/// DW_CFA_advance_loc by instructions.
const fn on(count: u8) -> u8 {
    0x40 | count
}

/// CFA = SP + 32, x29 at CFA - 16, x30 at CFA - 8.
const UP: [u8; 4] = [0x0e, 32, 0x9d, 2];
const SAVED: [u8; 2] = [0x9e, 1];
/// CFA = SP, x29 and x30 in themselves.
const DOWN: [u8; 4] = [0x0e, 0, 0xdd, 0xde];

fn agree(code: &[u32], program: &[u8]) -> bool {
    let bytes = code.iter().flat_map(|word| word.to_le_bytes());
    let bytes: Vec<u8> = bytes.collect();
    let function = Function {
        at: 0,
        len: bytes.len() as u64,
        program,
    };
    let file = build::file(&[function], &Plan::default());
    let headers = Headers::parse(&file).unwrap();
    let tables = Tables::of_file(&file, &headers, &mut 0).unwrap();
    let mut rows = Rows::default();
    let bounds = rows.function(&tables, LINKED + CODE);
    assert_eq!(
        bounds,
        Some((LINKED + CODE, LINKED + CODE + bytes.len() as u64))
    );
    rows.agree(&tables, LINKED + CODE, &bytes)
}

#[test]
fn tables_of_every_instruction_agree() {
    let plain = [SUB_32, STORE, CALL, LOAD, ADD_32, RET];
    let program = [&[on(1)][..], &UP, &SAVED, &[on(4)], &DOWN].concat();
    assert!(agree(&plain, &program));
    // Frame pointers, set at once or later, and stacks that grow meanwhile.
    let pushed = [PUSH, FP_HERE, CALL, POP, RET];
    let by_fp = [
        &[on(1)][..],
        &UP,
        &SAVED,
        &[on(1), 0x0d, 29, on(2), 0x0c, 31, 0, 0xdd, 0xde],
    ]
    .concat();
    assert!(agree(&pushed, &by_fp));
    let grown = [PUSH, FP_HERE, ALLOCA, CALL, SP_FP, POP, RET];
    let by_fp = [
        &[on(1)][..],
        &UP,
        &SAVED,
        &[on(1), 0x0d, 29, on(4), 0x0c, 31, 0, 0xdd, 0xde],
    ]
    .concat();
    assert!(agree(&grown, &by_fp));
    // A stack too large for one addition: mov x12, #4640; sub sp, sp, x12; …; add sp, sp, x12.
    let large = [0xd282_440c, 0xcb2c_63ff, NOP, 0xd282_440c, 0x8b2c_63ff, RET];
    assert!(agree(&large, &[on(2), 0x0e, 0xa0, 0x24, on(3), 0x0e, 0]));
    // Two ways out: cbz x0, to the last return.
    let ways = [0xb400_0080, SUB_32, ADD_32, RET, RET];
    assert!(agree(&ways, &[on(2), 0x0e, 32, on(1), 0x0e, 0]));
    // A call that does not come back, and behind it the way out of another branch.
    let lost = [0xb400_0060, SUB_32, CALL, RET];
    assert!(agree(&lost, &[on(2), 0x0e, 32, on(1), 0x0e, 0]));
}

#[test]
fn tables_that_are_right_at_calls_only_do_not() {
    let plain = [SUB_32, STORE, CALL, LOAD, ADD_32, RET];
    // Nothing of the way out; the way in all at once; a wrong size; x30 said to be in memory at the end.
    for program in [
        [&[on(1)][..], &UP, &SAVED].concat(),
        [&[on(2)][..], &UP, &SAVED, &[on(3)], &DOWN].concat(),
        [&[on(1), 0x0e, 48][..], &SAVED, &[on(4)], &DOWN].concat(),
        [&[on(1)][..], &UP, &SAVED, &[on(4), 0x0e, 0]].concat(),
        vec![],
    ] {
        assert!(!agree(&plain, &program), "{program:x?}");
    }
    // x29 said to be the base before it is, after it was loaded, and with another offset.
    let by_fp = [SUB_32, STORE, FP_16, CALL, LOAD, ADD_32, RET];
    let right = [
        &[on(1)][..],
        &UP,
        &SAVED,
        &[on(2), 0x0c, 29, 16, on(2), 0x0c, 31, 32, on(1)],
        &DOWN,
    ];
    assert!(agree(&by_fp, &right.concat()));
    for (set, offset, kept) in [(1, 16, 2), (2, 32, 2), (2, 16, 3)] {
        let program = [
            &[on(1)][..],
            &UP,
            &SAVED,
            &[on(set), 0x0c, 29, offset, on(kept), 0x0c, 31, 32, on(1)],
            &DOWN,
        ];
        assert!(!agree(&by_fp, &program.concat()), "{set} {offset} {kept}");
    }
    // x29 changed, SP moved nobody knows how far, stacks switched, a branch between stacks of two sizes.
    let pushed = [PUSH, FP_HERE, MOVED_FP, CALL, POP, RET];
    let program = [
        &[on(1)][..],
        &UP,
        &SAVED,
        &[on(1), 0x0d, 29, on(3), 0x0c, 31, 0, 0xdd, 0xde],
    ]
    .concat();
    assert!(!agree(&pushed, &program));
    assert!(!agree(&[PUSH, FP_HERE, ALLOCA, CALL, POP, RET], &program));
    assert!(!agree(&[ALLOCA, RET], &[]));
    assert!(!agree(&[0x9100_013f, RET], &[])); // mov sp, x9
    assert!(!agree(
        &[0xb400_0060, SUB_32, ADD_32, RET],
        &[on(2), 0x0e, 32]
    ));
    // A number that a call, or another instruction, may have changed.
    for between in [CALL, 0xaa00_03ec] {
        let large = [0xd282_440c, between, 0xcb2c_63ff, 0xd420_0000];
        assert!(!agree(&large, &[on(3), 0x0e, 0xa0, 0x24]));
    }
    // What the caller needs is lost: x30 by a call, x29 by the first function that uses it.
    assert!(!agree(&[CALL, RET], &[]));
    assert!(agree(&[CALL, RET], &[0x07, 30]));
    assert!(!agree(&[MOVED_FP, RET], &[]));
    // Bytes that are not all of the function.
    let rows = |code: &[u8]| {
        let function = Function {
            at: 0,
            len: 8,
            program: &[],
        };
        let file = build::file(&[function], &Plan::default());
        let headers = Headers::parse(&file).unwrap();
        let tables = Tables::of_file(&file, &headers, &mut 0).unwrap();
        Rows::default().agree(&tables, LINKED + CODE, code)
    };
    assert!(rows(&NOP.to_le_bytes().repeat(2)));
    assert!(!rows(&NOP.to_le_bytes().repeat(3)) && !rows(&[0x1f, 0x20, 0x03]));
}
