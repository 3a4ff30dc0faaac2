//! Where an instruction goes on.

use disarm64::Insn as Definition;
use disarm64_defn::{InsnClass as Class, InsnOperandKind as Kind};

use super::fields::{RN, register, signed};
use super::registers::{LR, Register};
use super::{Instruction, What};

/// Where an instruction goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flow {
    /// At the next one.
    On,
    /// In another function, and then at the next one, if that comes back.
    Call(Target),
    /// There.
    Jump(Target),
    /// So many bytes from here, or at the next one.
    Branch(i64),
    /// In the caller: where this register says.
    Return(Register),
    /// Nowhere: the kernel gets the thread by a trap (BRK, UDF).
    Trap,
    /// Anywhere: a branch that is not known.
    Unknown,
}

/// Where a jump or a call leads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Target {
    /// So many bytes from the instruction.
    Offset(i64),
    /// To the address in this register, perhaps after its signature was checked.
    Register(Register),
}

impl Target {
    /// The address it leads to from an instruction at `pc`, where the instruction tells it.
    #[must_use]
    pub fn address(self, pc: u64) -> Option<u64> {
        match self {
            Self::Offset(offset) => Some(pc.wrapping_add_signed(offset)),
            Self::Register(_) => None,
        }
    }
}

impl Flow {
    /// The address that the instruction at `pc` names: of a branch, jump or call.
    #[must_use]
    pub fn named(self, pc: u64) -> Option<u64> {
        match self {
            Self::Call(target) | Self::Jump(target) => target.address(pc),
            Self::Branch(offset) => Some(pc.wrapping_add_signed(offset)),
            Self::On | Self::Return(_) | Self::Trap | Self::Unknown => None,
        }
    }

    /// Whether it is a call.
    #[must_use]
    pub fn is_call(self) -> bool {
        matches!(self, Self::Call(_))
    }
}

impl Instruction {
    /// Where it goes on.
    #[must_use]
    pub fn flow(&self) -> Flow {
        match self.what {
            What::Defined(definition) => of(definition, self.word),
            What::Newer(newer) => newer.flow(),
            // Bits 28 to 26: branches, exceptions and system instructions.
            What::Unknown if (self.word >> 26) & 7 == 0b101 => Flow::Unknown,
            What::Unknown => Flow::On,
        }
    }
}

/// Where an instruction of the tables goes on.
pub(super) fn of(definition: &Definition, word: u32) -> Flow {
    let offset = || {
        let kinds = definition.operands.iter().map(|operand| operand.kind);
        kinds.filter_map(|kind| offset(kind, word)).next()
    };
    match definition.class {
        Class::BRANCH_IMM => match offset() {
            Some(offset) if definition.mnemonic == "bl" => Flow::Call(Target::Offset(offset)),
            Some(offset) => Flow::Jump(Target::Offset(offset)),
            None => Flow::Unknown,
        },
        Class::CONDBRANCH | Class::COMPBRANCH | Class::TESTBRANCH => {
            offset().map_or(Flow::Unknown, Flow::Branch)
        }
        Class::BRANCH_REG => by_register(definition.mnemonic, register(word, RN)),
        Class::EXCEPTION if TRAPS.contains(&definition.mnemonic) => Flow::Trap,
        Class::AARCH64_MISC if ELSEWHERE.contains(&definition.mnemonic) => Flow::Unknown,
        _ => Flow::On,
    }
}

/// Instructions that stop a thread by a signal. HLT, HVC and SMC do so as well at EL0, but a debugger or hypervisor may
/// have other ideas.
const TRAPS: [&str; 2] = ["brk", "udf"];

/// Instructions that go on where an earlier one or the system says: the end of a transaction that fails (FEAT_TME), ways
/// into and out of an inner exception vector (FEAT_TEV).
const ELSEWHERE: [&str; 3] = ["tcancel", "tenter", "texit"];

/// Branches to where a register says. ERET and DRPS are not for programs.
fn by_register(mnemonic: &str, register: Register) -> Flow {
    match mnemonic {
        "br" | "braa" | "braaz" | "brab" | "brabz" => Flow::Jump(Target::Register(register)),
        "blr" | "blraa" | "blraaz" | "blrab" | "blrabz" => Flow::Call(Target::Register(register)),
        "ret" => Flow::Return(register),
        "retaa" | "retab" => Flow::Return(LR),
        _ => Flow::Unknown,
    }
}

/// The distance that an operand names, in bytes.
fn offset(kind: Kind, word: u32) -> Option<i64> {
    let (shift, count) = match kind {
        Kind::ADDR_PCREL26 => (0, 26),
        Kind::ADDR_PCREL19 => (5, 19),
        Kind::ADDR_PCREL14 => (5, 14),
        Kind::ADDR_PCREL9 => (5, 9),
        _ => return None,
    };
    Some(signed(word, shift, count).wrapping_mul(4))
}
