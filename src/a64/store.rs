//! What an instruction writes to memory.

use disarm64_defn::InsnClass as Class;

use super::fields::bits;
use super::memory::{self, Access, Address, Direction};
use super::registers::Register;
use super::{Instruction, What};

/// What an instruction writes to memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stored {
    /// Nothing.
    Nothing,
    /// One or two registers, side by side.
    At(Store),
    /// It may write anywhere.
    Somewhere,
}

/// One or two registers that are stored side by side.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Store {
    /// The base register, or SP.
    pub base: Register,
    /// Distance of the first byte from what the base holds before the instruction.
    pub offset: i64,
    /// Bytes of each register.
    pub len: i64,
    /// Numbers of the general registers, where 31 is XZR; none for vectors.
    pub registers: [Option<Register>; 2],
    /// How many registers.
    pub count: i64,
}

impl Instruction {
    /// What it writes to memory.
    #[must_use]
    pub fn stored(&self) -> Stored {
        let What::Defined(definition) = self.what else {
            return match self.what {
                What::Newer(_) => Stored::Nothing,
                _ => Stored::Somewhere,
            };
        };
        if !memory::is_memory(self.word) {
            // SVE and SME have stores of their own; SYS has cache operations that write zeros.
            let scalable = bits(self.word, 25, 4) <= 0b0011;
            let system = definition.mnemonic == "sys" || definition.mnemonic == "sysp";
            return if scalable || system {
                Stored::Somewhere
            } else {
                Stored::Nothing
            };
        }
        match Access::of(definition, self.word) {
            Some(access) if access.what != Direction::Store => Stored::Nothing,
            Some(Access {
                base,
                address: Address::At(offset),
                len,
                registers,
                count,
                ..
            }) => Stored::At(Store {
                base,
                offset,
                len,
                registers,
                count,
            }),
            None if definition.class == Class::LOADLIT => Stored::Nothing,
            _ => Stored::Somewhere,
        }
    }
}
