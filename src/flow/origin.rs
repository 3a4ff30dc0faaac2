//! Numbers in registers, followed against the flow of the code: what must have held a value before an instruction for
//! a register to hold it behind.

use crate::a64::{Instruction, Register, SP, Store, Stored, Write};

/// The low half of a register, all that system calls read of their number and prctl of its first argument.
const LOW: u64 = 0xffff_ffff;

/// Where a value comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Origin {
    /// It is this number.
    Known(u64),
    /// A register holds it, in part.
    Register(Part),
    /// It is the 32-bit word of memory at this distance from what a register (or SP) holds.
    Word {
        /// The register's number.
        base: Register,
        /// Bytes.
        offset: i64,
    },
    /// It is a word of memory that a pointer in memory leads to.
    Far,
    /// Not shown.
    Unknown,
}

/// A value made of a register: `((register + add) & keep) | or`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Part {
    /// Number of the register.
    pub register: Register,
    add: u64,
    keep: u64,
    or: u64,
}

impl Origin {
    /// The low half of a register.
    pub fn low(register: Register) -> Self {
        Self::Register(Part {
            register,
            add: 0,
            keep: LOW,
            or: 0,
        })
    }

    /// Whether nothing in front can show more of it.
    pub fn settled(self) -> bool {
        matches!(self, Self::Known(_) | Self::Far | Self::Unknown)
    }

    /// Whether it may be this number.
    pub fn could_be(self, number: u64) -> bool {
        match self {
            Self::Known(known) => known == number,
            Self::Register(part) => (part.or ^ number) & !part.keep == 0,
            Self::Word { .. } | Self::Far | Self::Unknown => true,
        }
    }

    /// The same where `pointer` is SP and a number of bytes.
    pub fn based(self, pointer: Register, by: i64) -> Self {
        match self {
            Self::Word { base, offset } if base == pointer => Self::Word {
                base: SP,
                offset: offset.wrapping_add(by),
            },
            other => other,
        }
    }

    /// The same where it depends on nothing in front any more.
    fn normal(part: Part) -> Self {
        if part.keep == 0 {
            Self::Known(part.or)
        } else {
            Self::Register(part)
        }
    }
}

/// What of memory stays as it is where it is not shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Memory {
    /// Nothing: any store may have changed the word.
    Any,
    /// What a pointer leads to.
    Behind,
}

/// Where a value that is in `origin` behind the instruction `it` at `pc` is before it: one place, or one of two.
#[must_use]
pub fn before(it: &Instruction, pc: u64, origin: Origin, memory: Memory) -> [Option<Origin>; 2] {
    let one = |origin| [Some(origin), None];
    match origin {
        Origin::Register(part) => match it.write(pc, part.register) {
            Write::Either(a, b) => [
                Some(register(part, a.into())),
                Some(register(part, b.into())),
            ],
            other => one(register(part, other)),
        },
        Origin::Word { base: SP, offset } => one(slot(it, pc, offset)),
        Origin::Word { base, offset } => one(pointed(it, pc, base, offset, memory)),
        settled => one(settled),
    }
}

/// Whether the instruction `it` at `pc` leaves a register as it is.
#[must_use]
pub fn keeps(it: &Instruction, register: Register) -> bool {
    !it.writes().contains(register)
}

fn register(part: Part, write: Write) -> Origin {
    let whole = part.add == 0;
    // What is added, or kept, of the low half alone does not need the other one.
    let low = part.keep & !LOW == 0;
    match write {
        Write::Kept => Origin::Register(part),
        Write::Value(value) => Origin::Known((value.wrapping_add(part.add) & part.keep) | part.or),
        Write::Sum { from, by, keep } if keep == u64::MAX || whole || low && keep == LOW => {
            if from == SP {
                return Origin::Unknown;
            }
            Origin::normal(Part {
                register: from,
                add: part.add.wrapping_add(by),
                keep: part.keep & keep,
                or: part.or,
            })
        }
        Write::Bits { from, keep, or } if whole && from != SP => Origin::normal(Part {
            register: from,
            add: 0,
            keep: part.keep & keep,
            or: part.or | or & part.keep,
        }),
        Write::Extended(from) if low => Origin::Register(Part {
            register: from,
            ..part
        }),
        Write::Load { base, offset, .. } if whole && part.keep == LOW && part.or == 0 => {
            Origin::Word { base, offset }
        }
        _ => Origin::Unknown,
    }
}

/// A word that a pointer leads to.
fn pointed(it: &Instruction, pc: u64, base: Register, offset: i64, memory: Memory) -> Origin {
    let moved = match it.write(pc, base) {
        Write::Kept => Some((base, 0)),
        Write::Sum {
            from,
            by,
            keep: u64::MAX,
        } => Some((from, by.cast_signed())),
        Write::Load { .. } if memory == Memory::Behind => return Origin::Far,
        _ => None,
    };
    let Some((before, by)) = moved else {
        return Origin::Unknown;
    };
    let touched = match it.stored() {
        Stored::Nothing => it.flow().is_call() || it.is_system_call(),
        // The place is told from what the base holds before the store, which it may move.
        Stored::At(store) if store.base == base && before == base => {
            match covers(&store, offset.wrapping_add(by)) {
                Some(origin) => return origin,
                None => false,
            }
        }
        _ => true,
    };
    if touched && memory == Memory::Any {
        return Origin::Unknown;
    }
    Origin::Word {
        base: before,
        offset: offset.wrapping_add(by),
    }
}

/// A word of the stack.
fn slot(it: &Instruction, pc: u64, offset: i64) -> Origin {
    if it.flow().is_call() || it.is_system_call() {
        return Origin::Unknown;
    }
    let offset = match it.write(pc, SP) {
        Write::Kept => offset,
        Write::Sum {
            from: SP,
            by,
            keep: u64::MAX,
        } => offset.wrapping_add_unsigned(by),
        _ => return Origin::Unknown,
    };
    match it.stored() {
        Stored::Nothing => Origin::Word { base: SP, offset },
        Stored::At(store) if store.base == SP => {
            covers(&store, offset).unwrap_or(Origin::Word { base: SP, offset })
        }
        _ => Origin::Unknown,
    }
}

/// Where the 32-bit word at `offset` comes from, if the store writes any of its bytes.
fn covers(store: &Store, offset: i64) -> Option<Origin> {
    let inside = offset.wrapping_sub(store.offset);
    if inside <= -4 || inside >= store.len.wrapping_mul(store.count) {
        return None;
    }
    let at = |index: i64| inside == store.len.wrapping_mul(index) && store.len >= 4;
    let register = match store.registers {
        [Some(first), _] if at(0) => first,
        [_, Some(second)] if at(1) => second,
        _ => return Some(Origin::Unknown),
    };
    Some(match register {
        // XZR
        31 => Origin::Known(0),
        register => Origin::low(register),
    })
}
