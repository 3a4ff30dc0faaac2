//! What an A64 instruction writes to memory.

use super::fields::{bits, field, signed};
use super::origin::Origin;

/// What an instruction writes to memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stored {
    /// Nothing.
    Nothing,
    /// One or two registers, side by side.
    At(Store),
    /// It may write anywhere.
    Somewhere,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Store {
    /// The base register.
    pub(super) base: u8,
    /// Distance of the first byte from what the base holds before the instruction.
    offset: i64,
    /// Bytes of each register.
    len: i64,
    /// Numbers of the general registers; none for vectors.
    registers: [Option<u8>; 2],
    count: i64,
}

impl Store {
    /// Where the 32-bit word at `offset` comes from, if the store writes any of its bytes.
    pub(super) fn covers(&self, offset: i64) -> Option<Origin> {
        let inside = offset.wrapping_sub(self.offset);
        if inside <= -4 || inside >= self.len.wrapping_mul(self.count) {
            return None;
        }
        let at = |index: i64| inside == self.len.wrapping_mul(index) && self.len >= 4;
        let register = match self.registers {
            [Some(first), _] if at(0) => first,
            [_, Some(second)] if at(1) => second,
            _ => return Some(Origin::Unknown),
        };
        Some(match register {
            31 => Origin::Known(0),
            register => Origin::low(register),
        })
    }
}

/// What the instruction `word` writes.
pub(super) fn stored(word: u32) -> Stored {
    if !matches!(bits(word, 25, 4), 0b0100 | 0b0110 | 0b1100 | 0b1110) {
        // SVE and SME have stores of their own.
        return if bits(word, 25, 4) <= 0b0011 {
            Stored::Somewhere
        } else {
            Stored::Nothing
        };
    }
    let base = field(word, 5);
    let vector = word & (1 << 26) != 0;
    let size = word >> 30;
    let kind = bits(word, 22, 2);
    let general = |shift| (!vector).then_some(field(word, shift));
    let single = |offset| {
        // Q registers use a bit of the kind for their size.
        let len = if vector && kind & 2 != 0 {
            16
        } else {
            1_i64.wrapping_shl(size)
        };
        let load = kind & 1 != 0 || !vector && kind != 0;
        if load {
            return Stored::Nothing;
        }
        Stored::At(Store {
            base,
            offset,
            len,
            registers: [general(0), None],
            count: 1,
        })
    };
    match word & 0x3b00_0000 {
        0x1800_0000 => Stored::Nothing,
        0x3900_0000 => {
            let scale = if vector && kind & 2 != 0 { 4 } else { size };
            single(i64::from(bits(word, 10, 12)).wrapping_shl(scale))
        }
        0x3800_0000 if word & (1 << 21) == 0 => match bits(word, 10, 2) {
            0b01 => single(0),
            _ => single(signed(word, 12, 9)),
        },
        0x3800_0000 if bits(word, 10, 2) == 0b10 => match single(0) {
            Stored::Nothing => Stored::Nothing,
            _ => Stored::Somewhere,
        },
        0x2800_0000 | 0x2900_0000 => {
            if word & (1 << 22) != 0 {
                return Stored::Nothing;
            }
            // STGP has the number of a load of words: its offset is in granules.
            if !vector && size == 1 {
                return Stored::Somewhere;
            }
            let len = match (vector, size) {
                (true, size) => 4_i64.wrapping_shl(size),
                (false, 0) => 4,
                (false, _) => 8,
            };
            let offset = match bits(word, 23, 2) {
                0b01 => 0,
                _ => signed(word, 15, 7).wrapping_mul(len),
            };
            Stored::At(Store {
                base,
                offset,
                len,
                registers: [general(0), general(10)],
                count: 2,
            })
        }
        _ => Stored::Somewhere,
    }
}
