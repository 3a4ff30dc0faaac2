//! Stubs by which code reaches functions of other files (procedure linkage tables).
//!
//! `adrp x16, page; ldr x17, [x16, #offset]; add x16, x16, #offset; br x17` (ELF for the Arm 64-bit Architecture,
//! `IHI 0056`): the slot is a word of the global offset table.

use crate::a64::{BYTES, Flow, Instruction, Target, Write};
use crate::units::Addr;

use super::Code;

/// x16 and x17, which stubs may change.
const SCRATCH: [u8; 2] = [16, 17];

/// Instructions of a stub, without what may stand before and behind them (BTI, NOP).
const WORDS: usize = 4;

/// Bytes from its first instruction to its branch.
const TO_BRANCH: u64 = 12;

/// The slot that holds the address a stub at `pc` leads to, if `stub` is one.
fn slot(stub: &[Instruction; WORDS], pc: Addr) -> Option<Addr> {
    let [first, second] = SCRATCH;
    let [page, load, add, branch] = stub;
    let (page, to) = page.page(pc.0)?;
    let loaded = load.write(pc.0, second);
    let Write::Load {
        base,
        offset,
        len: 8,
    } = loaded
    else {
        return None;
    };
    let added = Write::Sum {
        from: first,
        by: offset.cast_unsigned(),
        keep: u64::MAX,
    };
    let fits = (to, base) == (first, first)
        && add.write(pc.0, first) == added
        && branch.flow() == Flow::Jump(Target::Register(second));
    let offset = u64::try_from(offset).ok()?;
    fits.then(|| Addr(page).checked_add(offset))?
}

/// The slot of the stub whose branch is at `pc`.
pub fn slot_of_branch(code: &mut impl Code, pc: Addr) -> Option<Addr> {
    let start = pc.checked_sub(TO_BRANCH)?;
    let mut stub = Vec::with_capacity(WORDS);
    let mut at = start;
    for _ in 0..WORDS {
        stub.push(code.at(at)?);
        at = at.checked_add(BYTES)?;
    }
    slot(stub.first_chunk()?, start)
}
