//! Answers for those who go over all words of a file: most words are told by a mask, and only the others are decoded.

use super::registers::Register;
use super::system::SystemRegister;
use super::write::Moved;
use super::{Instruction, fields};

/// Whether a word is a supervisor call (`svc`, with any number).
#[must_use]
pub fn is_system_call(word: u32) -> bool {
    word & 0xffe0_001f == 0xd400_0001
}

/// The address that the direct branch or call `word` at `pc` names.
#[must_use]
pub fn branch_target(word: u32, pc: u64) -> Option<u64> {
    // All of them are in one group of encodings; most instructions are not.
    if fields::bits(word, 26, 3) != 0b101 {
        return None;
    }
    Instruction::decode(word).flow().named(pc)
}

/// The system register that a word reads, if it is `mrs`.
#[must_use]
pub fn system_read(word: u32) -> Option<SystemRegister> {
    (word & 0xfff0_0000 == 0xd530_0000).then(|| SystemRegister::of(word))
}

/// The page whose address the word makes at `pc` (ADRP), and the register that gets it.
#[must_use]
pub fn page(word: u32, pc: u64) -> Option<(u64, Register)> {
    if word & 0x9f00_0000 != 0x9000_0000 {
        return None;
    }
    Instruction::decode(word).page(pc)
}

/// The address that the word makes at `pc` by itself (ADR).
#[must_use]
pub fn address(word: u32, pc: u64) -> Option<u64> {
    if word & 0x9f00_0000 != 0x1000_0000 {
        return None;
    }
    Instruction::decode(word).address(pc)
}

/// What the word moves into a register, if it is MOVZ or MOVK.
#[must_use]
pub fn moved(word: u32) -> Option<Moved> {
    if word & 0x1f80_0000 != 0x1280_0000 {
        return None;
    }
    Instruction::decode(word).moved()
}
