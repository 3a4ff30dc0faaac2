//! Numbers in registers, followed against the flow of the code: what must have held a value before an instruction for
//! a register to hold it behind.

use crate::elf::code::{Change, Flow, effect, flow};

use super::fields::is_svc;
use super::store::{Stored, stored};
use super::write::{Write, write};

/// Number of SP, where a register is a base of memory.
pub(super) const SP: u8 = 31;
/// The low half of a register, all that system calls read of their number and prctl of its first argument.
pub(super) const LOW: u64 = 0xffff_ffff;

/// Where a value comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Origin {
    /// It is this number.
    Known(u64),
    /// A register holds it, in part.
    Register(Part),
    /// It is the 32-bit word of memory at this distance from what a register (or SP) holds.
    Word {
        /// The register's number.
        base: u8,
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
pub(super) struct Part {
    /// Number of the register.
    pub(super) register: u8,
    add: u64,
    keep: u64,
    or: u64,
}

impl Origin {
    /// The low half of a register.
    pub(super) fn low(register: u8) -> Self {
        Self::Register(Part {
            register,
            add: 0,
            keep: LOW,
            or: 0,
        })
    }

    /// Whether nothing in front can show more of it.
    pub(super) fn settled(self) -> bool {
        matches!(self, Self::Known(_) | Self::Far | Self::Unknown)
    }

    /// Whether it may be this number.
    pub(super) fn could_be(self, number: u64) -> bool {
        match self {
            Self::Known(known) => known == number,
            Self::Register(part) => (part.or ^ number) & !part.keep == 0,
            Self::Word { .. } | Self::Far | Self::Unknown => true,
        }
    }

    /// The same where `pointer` is SP and a number of bytes.
    pub(super) fn based(self, pointer: u8, by: i64) -> Self {
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
pub(super) enum Memory {
    /// Nothing: any store may have changed the word.
    Any,
    /// What a pointer leads to.
    Behind,
}

/// Where a value that is in `origin` behind the instruction `word` at `pc` is before it: one place, or one of two.
pub(super) fn before(word: u32, pc: u64, origin: Origin, memory: Memory) -> [Option<Origin>; 2] {
    let one = |origin| [Some(origin), None];
    match origin {
        Origin::Register(part) => match write(word, pc, part.register) {
            Write::Either(a, b) => [
                Some(register(part, a.into())),
                Some(register(part, b.into())),
            ],
            other => one(register(part, other)),
        },
        Origin::Word { base: SP, offset } => one(slot(word, offset)),
        Origin::Word { base, offset } => one(pointed(word, pc, base, offset, memory)),
        settled => one(settled),
    }
}

/// Whether the instruction `word` at `pc` leaves a register as it is.
pub(super) fn keeps(word: u32, pc: u64, register: u8) -> bool {
    write(word, pc, register) == Write::Kept
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
        Write::Bits { from, keep, or } if whole => Origin::normal(Part {
            register: from,
            add: 0,
            keep: part.keep & keep,
            or: part.or | or & part.keep,
        }),
        Write::Extended(from) if low => Origin::Register(Part {
            register: from,
            ..part
        }),
        Write::Load { base, offset } if whole && part.keep == LOW && part.or == 0 => {
            Origin::Word { base, offset }
        }
        _ => Origin::Unknown,
    }
}

/// A word that a pointer leads to.
fn pointed(word: u32, pc: u64, base: u8, offset: i64, memory: Memory) -> Origin {
    let wide = u64::MAX;
    let moved = match write(word, pc, base) {
        Write::Kept => Some((base, 0)),
        Write::Sum { from, by, keep } if keep == wide => Some((from, by.cast_signed())),
        Write::Load { .. } if memory == Memory::Behind => return Origin::Far,
        _ => None,
    };
    let Some((before, by)) = moved else {
        return Origin::Unknown;
    };
    let touched = match stored(word) {
        Stored::Nothing => matches!(flow(word), Flow::Call) || is_svc(word),
        Stored::At(store) if store.base == base => match store.covers(offset) {
            Some(origin) => return origin,
            None => false,
        },
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
fn slot(word: u32, offset: i64) -> Origin {
    if matches!(flow(word), Flow::Call) || is_svc(word) {
        return Origin::Unknown;
    }
    let offset = match effect(word).sp {
        Change::Kept => offset,
        Change::By(by) => offset.wrapping_add(by),
        _ => return Origin::Unknown,
    };
    match stored(word) {
        Stored::Nothing => Origin::Word { base: SP, offset },
        Stored::At(store) if store.base == SP => store
            .covers(offset)
            .unwrap_or(Origin::Word { base: SP, offset }),
        _ => Origin::Unknown,
    }
}
