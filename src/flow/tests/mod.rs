//! Code assembled by hand.

mod returns;

use crate::flow::Text;
use crate::flow::returns::{CanReturn, Returns};
use crate::sigframe::tests::fake::Fake;
use crate::units::Addr;

/// Where code is put.
const CODE: u64 = 0x1_0000;
/// Where data is put: one page further.
const DATA: u64 = CODE + 0x1000;

const RET: u32 = 0xd65f_03c0;
const SVC: u32 = 0xd400_0001;
const BRK: u32 = 0xd420_0000;
/// `mov x8, #94`: exit_group.
const EXIT_GROUP: u32 = 0xd280_0bc8;
/// `mov x8, #93`: exit.
const EXIT: u32 = 0xd280_0ba8;
/// `blr x0`.
const BLR: u32 = 0xd63f_0000;
/// `br x30`.
const BR_LR: u32 = 0xd61f_03c0;

/// `b` over so many instructions.
const fn b(words: u32) -> u32 {
    0x1400_0000 | words & 0x3ff_ffff
}

/// `bl` over so many instructions.
const fn bl(words: u32) -> u32 {
    0x9400_0000 | words & 0x3ff_ffff
}

/// `cbz x0` over so many instructions.
const fn cbz(words: u32) -> u32 {
    0xb400_0000 | (words & 0x7_ffff) << 5
}

/// Memory with `words` as code, and `data` in a mapping with these rights.
fn memory(words: &[u32], data: &[u64], rights: &str) -> Fake {
    let mut memory = Fake::default();
    memory.map(CODE, CODE + 0x1000, "r-x");
    memory.map(DATA, DATA + 0x1000, rights);
    let bytes: Vec<u8> = words.iter().flat_map(|word| word.to_le_bytes()).collect();
    memory.put(CODE, &bytes);
    memory.words(DATA, data);
    memory
}

/// Whether the function that `words` are returns.
fn answer(words: &[u32]) -> CanReturn {
    let memory = memory(words, &[0], "rw-");
    Returns::default().function(&mut Text::new(&memory, &memory), Addr(CODE))
}
mod real;
