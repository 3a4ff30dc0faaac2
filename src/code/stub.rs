//! Stubs by which code reaches functions of other files (procedure linkage tables).
//!
//! `adrp x16, page; ldr x17, [x16, #offset]; add x16, x16, #offset; br x17` (ELF for the Arm 64-bit Architecture,
//! `IHI 0056`): the slot is a word of the global offset table.

use crate::units::Addr;

/// Instructions of a stub, without what may stand before and behind them (BTI, NOP).
pub const WORDS: usize = 4;

/// Bytes from its first instruction to its branch.
pub const TO_BRANCH: u64 = 12;

/// The slot that holds the address a stub at `pc` leads to, if `words` are such a stub.
#[must_use]
pub fn slot(words: [u32; WORDS], pc: Addr) -> Option<Addr> {
    let [page, load, add, branch] = words;
    let fits = page & 0x9f00_001f == 0x9000_0010
        && load & 0xffc0_03ff == 0xf940_0211
        && add & 0xffc0_03ff == 0x9100_0210
        && (branch == 0xd61f_0220 || branch == 0xd71f_0a30);
    let offset = u64::from((load >> 10) & 0xfff).checked_mul(8)?;
    let low = u64::from((add >> 10) & 0xfff);
    (fits && offset == low)
        .then(|| page_of(page, pc))?
        .checked_add(offset)
}

/// What `ADRP` at `pc` makes.
#[must_use]
pub fn page_of(word: u32, pc: Addr) -> Addr {
    let pages = number(word);
    Addr((pc.0 & !0xfff).wrapping_add_signed(pages.wrapping_shl(12)))
}

/// The 21 bits of `ADR` and `ADRP`, with their sign.
pub(super) fn number(word: u32) -> i64 {
    let high = (word >> 5) & 0x7_ffff;
    let low = (word >> 29) & 3;
    let bits = high.wrapping_shl(2) | low;
    i64::from(bits.wrapping_shl(11).cast_signed().wrapping_shr(11))
}
