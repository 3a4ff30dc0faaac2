//! What an A64 instruction does to one general register.
//!
//! Encodings are those of the Arm Architecture Reference Manual (DDI 0487). What is not known by its encoding is taken
//! to change a register as soon as a field of it could name that register. Calls keep what the procedure call standard
//! (AAPCS64) says they keep.

use crate::elf::code::{Flow, flow};

use super::fields::{bits, field, is_svc, signed};
use super::origin::LOW;

/// Registers that calls change are those up to this one, and x30.
const LAST_SCRATCH: u8 = 18;

/// What an instruction does to one register.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Write {
    /// Nothing.
    Kept,
    /// It sets it to a number.
    Value(u64),
    /// It sets it to another one (or itself) with a number added, and keeps only these bits of the sum.
    Sum { from: u8, by: u64, keep: u64 },
    /// Of a register it clears some bits and sets some.
    Bits { from: u8, keep: u64, or: u64 },
    /// It extends the low half of a register with its sign.
    Extended(u8),
    /// One of two things.
    Either(One, One),
    /// It loads the word there, and perhaps more behind it.
    Load { base: u8, offset: i64 },
    /// Something else.
    Lost,
}

/// One of two things that a conditional select puts into a register.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum One {
    Value(u64),
    Sum { from: u8, by: u64, keep: u64 },
    Lost,
}

impl From<One> for Write {
    fn from(one: One) -> Self {
        match one {
            One::Value(value) => Self::Value(value),
            One::Sum { from, by, keep } => Self::Sum { from, by, keep },
            One::Lost => Self::Lost,
        }
    }
}

/// What an instruction does to one of x0 to x30.
pub(super) fn write(word: u32, pc: u64, register: u8) -> Write {
    let lost = |is: bool| if is { Write::Lost } else { Write::Kept };
    if matches!(flow(word), Flow::Call) {
        return lost(register <= LAST_SCRATCH || register == 30);
    }
    let destination = field(word, 0) == register;
    match bits(word, 25, 4) {
        0b1000 | 0b1001 if destination => immediate(word, pc),
        0b0101 | 0b1101 if destination => registers(word),
        0b1010 | 0b1011 => lost(system(word, register)),
        0b0100 | 0b0110 | 0b1100 | 0b1110 => memory(word, register),
        0b0111 | 0b1111 => {
            lost(destination && TO_GENERAL.iter().any(|(mask, value)| word & mask == *value))
        }
        0b0000..=0b0011 => lost(destination),
        _ => Write::Kept,
    }
}

/// Conversions and moves from vectors to general registers.
const TO_GENERAL: [(u32, u32); 3] = [
    (0x5f20_fc00, 0x1e20_0000),
    (0x5f20_0000, 0x1e00_0000),
    (0xbfe0_ec00, 0x0e00_2c00),
];

/// Data processing with an immediate.
fn immediate(word: u32, pc: u64) -> Write {
    let wide = word & (1 << 31) != 0;
    let keep = if wide { u64::MAX } else { LOW };
    let from = field(word, 5);
    match bits(word, 23, 3) {
        // ADR, ADRP
        0b000 | 0b001 => {
            let distance = signed(word, 5, 19)
                .wrapping_mul(4)
                .wrapping_add(i64::from(bits(word, 29, 2)));
            Write::Value(if wide {
                (pc & !0xfff).wrapping_add_signed(distance.wrapping_mul(4096))
            } else {
                pc.wrapping_add_signed(distance)
            })
        }
        // ADD, SUB
        0b010 => {
            let number = u64::from(bits(word, 10, 12));
            let number = if word & (1 << 22) == 0 {
                number
            } else {
                number.wrapping_shl(12)
            };
            let by = if word & (1 << 30) == 0 {
                number
            } else {
                number.wrapping_neg()
            };
            Write::Sum { from, by, keep }
        }
        // AND, ORR
        0b100 => {
            let Some(mask) = mask(word) else {
                return Write::Lost;
            };
            match (bits(word, 29, 2), from) {
                (0b00, 31) => Write::Value(0),
                (0b00, _) => Write::Bits {
                    from,
                    keep: mask,
                    or: 0,
                },
                (0b01, 31) => Write::Value(mask),
                (0b01, _) => Write::Bits {
                    from,
                    keep: keep & !mask,
                    or: mask,
                },
                _ => Write::Lost,
            }
        }
        // MOVN, MOVZ, MOVK
        0b101 => {
            let shift = bits(word, 21, 2).wrapping_mul(16);
            let number = u64::from(bits(word, 5, 16)).wrapping_shl(shift);
            match bits(word, 29, 2) {
                0b00 => Write::Value(!number & keep),
                0b10 => Write::Value(number),
                0b11 => Write::Bits {
                    from: field(word, 0),
                    keep: keep & !0xffff_u64.wrapping_shl(shift),
                    or: number,
                },
                _ => Write::Lost,
            }
        }
        // SXTW; UXTB, UXTH and the like
        0b110 => match (bits(word, 29, 2), bits(word, 16, 6), bits(word, 10, 6)) {
            _ if from == 31 => Write::Lost,
            (0b00, 0, 31) if wide => Write::Extended(from),
            (0b10, 0, last) => Write::Bits {
                from,
                keep: keep & u64::MAX.wrapping_shr(63_u32.saturating_sub(last)),
                or: 0,
            },
            _ => Write::Lost,
        },
        _ => Write::Lost,
    }
}

/// The bits of a logical immediate.
fn mask(word: u32) -> Option<u64> {
    let wide = word & (1 << 31) != 0;
    let (n, rotate, ones) = (bits(word, 22, 1), bits(word, 16, 6), bits(word, 10, 6));
    // The element's size is told by the highest bit of N and the inverted third field.
    let size = (n << 6 | !ones & 0x3f).checked_ilog2()?;
    if size == 0 || size == 6 && !wide {
        return None;
    }
    let len = 1_u32.wrapping_shl(size);
    let (count, rotate) = (
        (ones & len.wrapping_sub(1)).wrapping_add(1),
        rotate & len.wrapping_sub(1),
    );
    if count == len {
        return None;
    }
    let element = 1_u64.wrapping_shl(count).wrapping_sub(1);
    let all = u64::MAX.wrapping_shr(64_u32.wrapping_sub(len));
    let turned = if rotate == 0 {
        element
    } else {
        (element.wrapping_shr(rotate) | element.wrapping_shl(len.wrapping_sub(rotate))) & all
    };
    let mut mask = turned;
    let mut have = len;
    while have < 64 {
        mask |= mask.wrapping_shl(have);
        have = have.wrapping_mul(2);
    }
    Some(if wide { mask } else { mask & LOW })
}

/// Data processing with registers.
fn registers(word: u32) -> Write {
    let keep = if word & (1 << 31) != 0 { u64::MAX } else { LOW };
    let copy = |from, by| match from {
        31 => One::Value(by),
        from => One::Sum { from, by, keep },
    };
    // ORR with XZR and nothing shifted: MOV.
    if word & 0x7fe0_ffe0 == 0x2a00_03e0 {
        return copy(field(word, 16), 0).into();
    }
    // CSEL, CSINC, CSINV, CSNEG
    if word & 0x3fe0_0800 == 0x1a80_0000 {
        let second = field(word, 16);
        let second = match (word & (1 << 30) != 0, word & (1 << 10) != 0) {
            (false, more) => copy(second, u64::from(more)),
            (true, false) if second == 31 => One::Value(keep),
            (true, true) if second == 31 => One::Value(0),
            _ => One::Lost,
        };
        return Write::Either(copy(field(word, 5), 0), second);
    }
    // CCMN, CCMP: what looks like a destination are flags.
    if word & 0x3fe0_0410 == 0x3a40_0000 {
        return Write::Kept;
    }
    Write::Lost
}

/// Whether a branch, exception or system instruction changes a register.
fn system(word: u32, register: u8) -> bool {
    // SVC returns in x0. HVC, SMC: what the other side likes.
    if is_svc(word) {
        return register == 0;
    }
    if word & 0xffe0_001c == 0xd400_0000 {
        return register <= LAST_SCRATCH;
    }
    // Hints: pointer authentication and the like work on fixed registers.
    if word & 0xffff_f01f == 0xd503_201f {
        return matches!(register, 16 | 17 | 30);
    }
    // MRS, SYSL; what works on pairs (MRRS, MSRR, SYSP) has the number of the first.
    let target = field(word, 0);
    match (word & 0xffe0_0000, word & 0xffc0_0000) {
        (0xd520_0000, _) => target == register,
        (_, 0xd540_0000) => target == register || target | 1 == register,
        _ => false,
    }
}

/// Loads and stores.
fn memory(word: u32, register: u8) -> Write {
    let [target, base, second, third] = [0, 5, 10, 16].map(|shift| field(word, shift));
    let vector = word & (1 << 26) != 0;
    let lost = |is: bool| if is { Write::Lost } else { Write::Kept };
    let size = word >> 30;
    let kind = bits(word, 22, 2);
    let one = |offset| match (size, kind) {
        _ if vector || kind == 0 || target != register => Write::Kept,
        // PRFM
        (3, 2) => Write::Kept,
        (2, 1 | 2) | (3, 1) => Write::Load { base, offset },
        _ => Write::Lost,
    };
    match word & 0x3b00_0000 {
        // From beside the code.
        0x1800_0000 => lost(!vector && target == register),
        // With a number as the offset.
        0x3900_0000 => one(i64::from(bits(word, 10, 12)).wrapping_shl(size)),
        0x3800_0000 => match (word & (1 << 21) != 0, bits(word, 10, 2)) {
            (false, 0b00) => one(signed(word, 12, 9)),
            (false, 0b10) => lost(one(0) != Write::Kept),
            (false, _) => lost(base == register || one(0) != Write::Kept),
            (true, 0b10) => lost(one(0) != Write::Kept),
            // LD64B and its stores: eight registers.
            (true, 0b00) if size == 3 && matches!(bits(word, 12, 4), 0b1001..=0b1011 | 0b1101) => {
                Write::Lost
            }
            (true, _) => lost([target, base, third].contains(&register)),
        },
        // A pair.
        0x2800_0000 | 0x2900_0000 => {
            let mode = bits(word, 23, 2);
            if mode & 1 != 0 && base == register {
                return Write::Lost;
            }
            let load = !vector && word & (1 << 22) != 0;
            if !load || ![target, second].contains(&register) {
                return Write::Kept;
            }
            let len: i64 = if size == 2 { 8 } else { 4 };
            let index = i64::from(second == register);
            if mode != 0b10 || target == second || size == 3 {
                return Write::Lost;
            }
            let offset = signed(word, 15, 7).wrapping_add(index).wrapping_mul(len);
            Write::Load { base, offset }
        }
        // Vectors, several at once.
        _ if word & 0xbe00_0000 == 0x0c00_0000 => lost(base == register),
        // Exclusive ones, compare and swap; tags; copies of memory. Some change a pair of registers by the number of
        // the first.
        _ => lost(
            [target, base, second, third]
                .iter()
                .any(|field| *field == register || *field | 1 == register),
        ),
    }
}
