//! What an instruction does to the general registers and SP: the one transfer function of all who follow values, forward
//! or against the flow.
//!
//! Calls keep what the procedure call standard (AAPCS64) says they keep.

use disarm64::Insn as Definition;
use disarm64_defn::{InsnClass as Class, InsnOperandKind as Kind};

use super::fields::{RD, RM, RN, bit, bits, register, signed};
use super::memory::{self, Access, Address, Direction};
use super::registers::{Register, Registers};
use super::{Instruction, What, hint};

/// The low half of a register.
const LOW: u64 = 0xffff_ffff;
/// Number of XZR, where a field does not mean SP.
const ZERO: Register = 31;

/// What becomes of a register. Registers that a value is made of are read before the instruction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Write {
    /// It keeps its value.
    Kept,
    /// It gets a number.
    Value(u64),
    /// It gets another one (or itself, or SP) with a number added, of which these bits are kept.
    Sum {
        /// The other one.
        from: Register,
        /// The number.
        by: u64,
        /// The bits.
        keep: u64,
    },
    /// It gets the sum or the difference of two, of 64 bits.
    Plus {
        /// The first.
        from: Register,
        /// The second.
        register: Register,
        /// Whether the second is taken away.
        less: bool,
    },
    /// It gets another one with some bits cleared and some set.
    Bits {
        /// The other one.
        from: Register,
        /// Bits that are kept.
        keep: u64,
        /// Bits that are set.
        or: u64,
    },
    /// It gets two others mixed by exclusive or, of 64 bits.
    Mixed(Register, Register),
    /// It gets the low half of a register, extended with its sign.
    Extended(Register),
    /// It gets one of two things.
    Either(One, One),
    /// It gets `len` bytes of memory, 4 or 8; of 4, what the upper half gets is not told.
    Load {
        /// The base register, or SP.
        base: Register,
        /// Distance from what the base holds, bytes.
        offset: i64,
        /// Bytes.
        len: i64,
    },
    /// It gets a word of memory, from where is not told.
    Loaded,
    /// It gets something else.
    Lost,
}

/// One of two things that a conditional select puts into a register.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum One {
    /// A number.
    Value(u64),
    /// As [`Write::Sum`].
    Sum {
        /// The other register.
        from: Register,
        /// The number added.
        by: u64,
        /// The bits kept.
        keep: u64,
    },
    /// Something else.
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

impl Instruction {
    /// The general registers that it may change, and SP. Of a call: all that the called function may change.
    #[must_use]
    pub fn writes(&self) -> Registers {
        match self.what {
            What::Defined(_) if self.flow().is_call() => Registers::CALL,
            What::Defined(definition) => written(definition, self.word),
            What::Newer(newer) => newer.writes(),
            What::Unknown => Registers::ALL,
        }
    }

    /// What becomes of a register at an instruction at `pc`.
    #[must_use]
    pub fn write(&self, pc: u64, to: Register) -> Write {
        if !self.writes().contains(to) {
            return Write::Kept;
        }
        match self.what {
            What::Defined(definition) if !self.flow().is_call() => {
                value(definition, self.word, pc, to)
            }
            _ => Write::Lost,
        }
    }

    /// The register it sets and what that gets, if it is only one.
    #[must_use]
    pub fn sets(&self, pc: u64) -> Option<(Register, Write)> {
        let to = self.writes().only()?;
        Some((to, self.write(pc, to)))
    }

    /// The page whose address it makes at `pc` (ADRP), and the register that gets it.
    #[must_use]
    pub fn page(&self, pc: u64) -> Option<(u64, Register)> {
        let (register, write) = self.sets(pc)?;
        match write {
            Write::Value(page) if self.mnemonic() == Some("adrp") => Some((page, register)),
            _ => None,
        }
    }

    /// The address it makes at `pc` by itself (ADR).
    #[must_use]
    pub fn address(&self, pc: u64) -> Option<u64> {
        match self.sets(pc)? {
            (_, Write::Value(address)) if self.mnemonic() == Some("adr") => Some(address),
            _ => None,
        }
    }

    /// Whether it compares two registers of 64 bits, or subtracts and keeps nothing but the flags.
    #[must_use]
    pub fn compares(&self) -> bool {
        let wide = bit(self.word, 31) && register(self.word, RD) == ZERO;
        self.class() == Some(Class::ADDSUB_SHIFT) && wide && self.mnemonic() == Some("subs")
    }

    /// The sixteen bits that MOVZ or MOVK puts into a register: which, how far up, and which register.
    #[must_use]
    pub fn moved(&self) -> Option<Moved> {
        let kept = match self.mnemonic()? {
            "movz" => false,
            "movk" => true,
            _ => return None,
        };
        Some(Moved {
            to: register(self.word, RD),
            bits: u64::from(bits(self.word, 5, 16)),
            shift: bits(self.word, 21, 2).wrapping_mul(16),
            kept,
        })
    }

    fn class(&self) -> Option<Class> {
        match self.what {
            What::Defined(definition) => Some(definition.class),
            What::Newer(_) | What::Unknown => None,
        }
    }
}

/// What MOVZ or MOVK moves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Moved {
    /// Number of the register; 31 is XZR.
    pub to: Register,
    /// The sixteen bits.
    pub bits: u64,
    /// How far up they go.
    pub shift: u32,
    /// Whether the register keeps its others (MOVK).
    pub kept: bool,
}

impl Moved {
    /// The sixteen bits where they go.
    #[must_use]
    pub fn value(self) -> u64 {
        self.bits.wrapping_shl(self.shift)
    }

    /// The bits of the register that they take.
    #[must_use]
    pub fn mask(self) -> u64 {
        0xffff_u64.wrapping_shl(self.shift)
    }
}

fn written(definition: &Definition, word: u32) -> Registers {
    if memory::is_memory(word) {
        return loaded(definition, word);
    }
    let destination = register(word, RD);
    match (definition.class, definition.mnemonic) {
        (Class::EXCEPTION, "svc") => Registers::or_zero(0),
        // What the other side likes.
        (Class::EXCEPTION, "hvc" | "smc") => Registers::CALL,
        (Class::IC_SYSTEM, _) if hint::is_hint(word) => hint::registers(word),
        (Class::IC_SYSTEM, "mrs" | "sysl") | (Class::GCS, "gcspopm" | "gcsss2") => {
            Registers::or_zero(destination)
        }
        (Class::IC_SYSTEM, "mrrs") => {
            Registers::or_zero(destination).and(Registers::or_zero(destination | 1))
        }
        (Class::IC_SYSTEM | Class::BRANCH_REG, _) => Registers::NONE,
        _ => match definition.operands.first().map(|operand| operand.kind) {
            Some(Kind::Rd) => Registers::or_zero(destination),
            // MOVT out of ZT0.
            Some(Kind::Rt) if definition.class == Class::SME_MISC => {
                Registers::or_zero(destination)
            }
            Some(Kind::Rd_SP) => Registers::or_sp(destination),
            _ => Registers::NONE,
        },
    }
}

/// What loads and stores may change: what they load into, and a base that they move.
fn loaded(definition: &Definition, word: u32) -> Registers {
    let Some(access) = Access::of(definition, word) else {
        return memory::changed(definition, word);
    };
    let moved = match access.moves_base {
        Some(_) => Registers::or_sp(access.base),
        None => Registers::NONE,
    };
    match access.what {
        Direction::Load => moved.and(access.moved()),
        Direction::Store | Direction::Prefetch => moved,
    }
}

/// What a register gets that the instruction changes.
fn value(definition: &Definition, word: u32, pc: u64, to: Register) -> Write {
    if memory::is_memory(word) {
        return of_memory(definition, word, to);
    }
    let wide = bit(word, 31);
    let keep = if wide { u64::MAX } else { LOW };
    match definition.class {
        Class::PCRELADDR => Write::Value(relative(word, pc)),
        Class::ADDSUB_IMM => add(definition, word, keep),
        Class::LOG_IMM => logical(word, keep),
        Class::MOVEWIDE => wide_move(word, keep),
        Class::BITFIELD => bitfield(word, keep),
        Class::CONDSEL => select(word, keep),
        // ORR with XZR: MOV.
        Class::LOG_SHIFT if definition.mnemonic == "orr" && unshifted(word) => {
            match register(word, RN) {
                ZERO => copy(register(word, RM), 0, keep).into(),
                _ => Write::Lost,
            }
        }
        Class::LOG_SHIFT if definition.mnemonic == "eor" && wide && unshifted(word) => {
            match (register(word, RN), register(word, RM)) {
                (ZERO, _) | (_, ZERO) => Write::Lost,
                (one, other) => Write::Mixed(one, other),
            }
        }
        Class::ADDSUB_SHIFT if wide && unshifted(word) => plus(definition, word),
        // Extended as 64 bits, not shifted: only this form can name SP.
        Class::ADDSUB_EXT if wide && bits(word, 10, 6) == 0b01_1000 => plus(definition, word),
        _ => Write::Lost,
    }
}

/// Whether the second register of an operation is taken as it is.
fn unshifted(word: u32) -> bool {
    bits(word, 10, 6) == 0
}

fn plus(definition: &Definition, word: u32) -> Write {
    let (from, second) = (register(word, RN), register(word, RM));
    // Of the shifted form 31 is XZR.
    if second == ZERO || from == ZERO && definition.class == Class::ADDSUB_SHIFT {
        return Write::Lost;
    }
    Write::Plus {
        from,
        register: second,
        less: bit(word, 30),
    }
}

/// What ADR or ADRP make.
fn relative(word: u32, pc: u64) -> u64 {
    let distance = signed(word, 5, 19)
        .wrapping_mul(4)
        .wrapping_add(i64::from(bits(word, 29, 2)));
    if bit(word, 31) {
        (pc & !0xfff).wrapping_add_signed(distance.wrapping_mul(4096))
    } else {
        pc.wrapping_add_signed(distance)
    }
}

/// ADD, SUB with a number.
fn add(definition: &Definition, word: u32, keep: u64) -> Write {
    // ADDG and SUBG change tags; what else has this bit is not defined.
    if bit(word, 23) || !matches!(definition.mnemonic, "add" | "sub" | "adds" | "subs") {
        return Write::Lost;
    }
    let number = u64::from(bits(word, 10, 12));
    let number = if bit(word, 22) {
        number.wrapping_shl(12)
    } else {
        number
    };
    let by = if bit(word, 30) {
        number.wrapping_neg()
    } else {
        number
    };
    Write::Sum {
        from: register(word, RN),
        by,
        keep,
    }
}

/// AND, ORR with a number.
fn logical(word: u32, keep: u64) -> Write {
    let (Some(mask), from) = (mask(word), register(word, RN)) else {
        return Write::Lost;
    };
    match (bits(word, 29, 2), from) {
        (0b00 | 0b11, ZERO) => Write::Value(0),
        (0b00 | 0b11, _) => Write::Bits {
            from,
            keep: mask,
            or: 0,
        },
        (0b01, ZERO) => Write::Value(mask),
        (0b01, _) => Write::Bits {
            from,
            keep: keep & !mask,
            or: mask,
        },
        _ => Write::Lost,
    }
}

/// MOVN, MOVZ, MOVK.
fn wide_move(word: u32, keep: u64) -> Write {
    let shift = bits(word, 21, 2).wrapping_mul(16);
    let number = u64::from(bits(word, 5, 16)).wrapping_shl(shift);
    match bits(word, 29, 2) {
        0b00 => Write::Value(!number & keep),
        0b10 => Write::Value(number),
        0b11 => Write::Bits {
            from: register(word, RD),
            keep: keep & !0xffff_u64.wrapping_shl(shift),
            or: number,
        },
        _ => Write::Lost,
    }
}

/// SXTW; UXTB, UXTH and the like.
fn bitfield(word: u32, keep: u64) -> Write {
    let from = register(word, RN);
    match (bits(word, 29, 2), bits(word, 16, 6), bits(word, 10, 6)) {
        _ if from == ZERO => Write::Lost,
        (0b00, 0, 31) if bit(word, 31) => Write::Extended(from),
        (0b10, 0, last) => Write::Bits {
            from,
            keep: keep & u64::MAX.wrapping_shr(63_u32.saturating_sub(last)),
            or: 0,
        },
        _ => Write::Lost,
    }
}

/// CSEL, CSINC, CSINV, CSNEG.
fn select(word: u32, keep: u64) -> Write {
    let second = register(word, RM);
    let second = match (bit(word, 30), bit(word, 10)) {
        (false, more) => copy(second, u64::from(more), keep),
        (true, false) if second == ZERO => One::Value(keep),
        (true, true) if second == ZERO => One::Value(0),
        _ => One::Lost,
    };
    Write::Either(copy(register(word, RN), 0, keep), second)
}

fn copy(from: Register, by: u64, keep: u64) -> One {
    match from {
        ZERO => One::Value(by),
        from => One::Sum { from, by, keep },
    }
}

/// The bits of a logical immediate.
fn mask(word: u32) -> Option<u64> {
    let wide = bit(word, 31);
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

/// What a load puts into a register, or a load or store into its base.
fn of_memory(definition: &Definition, word: u32, to: Register) -> Write {
    let Some(access) = Access::of(definition, word) else {
        return match definition.class {
            Class::LOADLIT => Write::Loaded,
            Class::LSE_ATOMIC | Class::LSE128_ATOMIC | Class::LDSTEXCL
                if to == register(word, RD) =>
            {
                Write::Loaded
            }
            _ => Write::Lost,
        };
    };
    let loads = |index: usize| {
        let named = access.registers.get(index).copied().flatten();
        access.what == Direction::Load && named == Some(to) && to != ZERO
    };
    let index = match (loads(0), loads(1)) {
        (true, true) => return Write::Lost,
        (true, false) => 0_i64,
        (false, true) => 1,
        (false, false) => {
            return match access.moves_base {
                Some(by) => Write::Sum {
                    from: to,
                    by: by.cast_unsigned(),
                    keep: u64::MAX,
                },
                None => Write::Lost,
            };
        }
    };
    if access.moves_base.is_some() && access.base == to {
        return Write::Lost;
    }
    match access.address {
        Address::At(first) if access.len >= 4 => Write::Load {
            base: access.base,
            offset: first.wrapping_add(access.len.wrapping_mul(index)),
            len: access.len,
        },
        _ => Write::Loaded,
    }
}
