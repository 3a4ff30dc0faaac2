//! A64 instructions: the one place that knows their encodings.
//!
//! [`Instruction::decode`] finds the definition of a word; what an instruction does is asked of it:
//!
//! * [`Instruction::flow`]: where control goes;
//! * [`Instruction::write`], [`Instruction::writes`], [`Instruction::reads`]: general registers and SP;
//! * [`Instruction::stored`]: what it writes to memory;
//! * [`Instruction::need`]: which CPU features it needs;
//! * [`Instruction::system_access`]: the system register, cache operation or hint it is.
//!
//! Definitions, masks and feature sets are those of the crate `disarm64`, which are made from the tables of GNU binutils
//! (`opcodes/aarch64-tbl.h`); operands are laid out as in the Arm Architecture Reference Manual (DDI 0487). What no table
//! has counts as able to do anything.
#![deny(
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss
)]

mod feature_set;
mod fields;
mod flow;
mod hint;
mod memory;
mod need;
mod newer;
mod quick;
mod read;
mod registers;
mod store;
mod system;
#[cfg(test)]
#[allow(clippy::indexing_slicing, clippy::arithmetic_side_effects)]
mod tests;
mod write;

use disarm64::{Insn as Definition, InsnOpcode as _};

pub use flow::{Flow, Target};
pub use hint::Hint;
pub use need::{Need, STREAMING, Unreported};
pub use quick::{address, branch_target, is_system_call, moved, page, system_read};
pub use registers::{FP, LR, Register, Registers, SP};
pub use store::{Store, Stored};
pub use system::{Operation, SystemAccess, SystemRegister};
pub use write::{Moved, One, Write};

/// Bytes of an instruction.
pub const BYTES: u64 = 4;

/// One instruction.
#[derive(Clone, Copy, Debug)]
pub struct Instruction {
    word: u32,
    what: What,
}

/// What a word is.
#[derive(Clone, Copy, Debug)]
enum What {
    /// One of the tables' instructions.
    Defined(&'static Definition),
    /// One that is newer than the tables.
    Newer(newer::Newer),
    /// Nothing that is known: data, or an instruction newer still.
    Unknown,
}

impl Instruction {
    /// The instruction that a word is.
    #[must_use]
    pub fn decode(word: u32) -> Self {
        let what = match disarm64::decoder::decode(word) {
            Some(opcode) => What::Defined(opcode.definition()),
            None => newer::find(word).map_or(What::Unknown, What::Newer),
        };
        Self { word, what }
    }

    /// Its mnemonic, in small letters; `None` where it is not known.
    #[must_use]
    pub fn mnemonic(&self) -> Option<&'static str> {
        match self.what {
            What::Defined(definition) => Some(definition.mnemonic),
            What::Newer(newer) => Some(newer.mnemonic()),
            What::Unknown => None,
        }
    }

    /// The features it needs.
    #[must_use]
    pub fn need(&self) -> Need {
        match self.what {
            What::Defined(definition) => feature_set::of(definition, self.word),
            What::Newer(newer) => newer.need(),
            What::Unknown => Need::Unknown,
        }
    }

    /// Whether it is a supervisor call, with any number: the kernel looks at x8 alone.
    #[must_use]
    pub fn is_system_call(&self) -> bool {
        is_system_call(self.word)
    }
}
