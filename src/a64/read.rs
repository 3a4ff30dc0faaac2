//! The general registers that an instruction reads.

use disarm64::Insn as Definition;
use disarm64_defn::{InsnClass as Class, InsnOperandClass as Operand, InsnOperandKind as Kind};

use super::fields::{RA, RD, RM, RN, register};
use super::memory::{self, Access, Direction};
use super::registers::{Registers, SP};
use super::{Flow, Instruction, Target, What, flow, hint};

impl Instruction {
    /// The general registers that it may read, and SP.
    #[must_use]
    pub fn reads(&self) -> Registers {
        match self.what {
            What::Defined(definition) => of(definition, self.word),
            What::Newer(newer) => newer.reads(),
            What::Unknown => Registers::ALL,
        }
    }
}

fn of(definition: &Definition, word: u32) -> Registers {
    let at = |shift| Registers::or_zero(register(word, shift));
    let or_sp = |shift| Registers::or_sp(register(word, shift));
    if memory::is_memory(word) {
        return of_memory(definition, word);
    }
    match definition.class {
        Class::PCRELADDR | Class::BRANCH_IMM | Class::CONDBRANCH => Registers::NONE,
        Class::MOVEWIDE if definition.mnemonic == "movk" => at(RD),
        Class::MOVEWIDE => Registers::NONE,
        Class::ADDSUB_IMM => or_sp(RN),
        Class::ADDSUB_EXT => or_sp(RN).and(at(RM)),
        Class::LOG_IMM => at(RN),
        Class::BITFIELD if definition.mnemonic == "bfm" => at(RD).and(at(RN)),
        Class::BITFIELD => at(RN),
        Class::DP_1SRC => at(RD).and(or_sp(RN)),
        Class::COMPBRANCH | Class::TESTBRANCH => at(RD).and(at(RM)),
        Class::BRANCH_REG => match flow::of(definition, word) {
            Flow::Jump(Target::Register(to)) | Flow::Call(Target::Register(to)) => {
                Registers::or_zero(to).and(or_sp(RD))
            }
            Flow::Return(to) => Registers::or_zero(to).and(Registers::or_sp(SP)),
            _ => Registers::ALL,
        },
        Class::EXCEPTION => match definition.mnemonic {
            "svc" => Registers::SYSTEM_CALL,
            "hvc" | "smc" => Registers::CALL,
            _ => Registers::NONE,
        },
        Class::IC_SYSTEM if hint::is_hint(word) => hint::registers(word).and(Registers::or_sp(SP)),
        Class::IC_SYSTEM => match definition.mnemonic {
            "msrr" | "sysp" => at(RD).and(Registers::or_zero(register(word, RD) | 1)),
            _ => at(RD).and(at(RN)),
        },
        // What is left of integers, with registers in all fields or fewer; and vectors, where a field that an operand
        // takes as a general register is one.
        _ => definition
            .operands
            .iter()
            .filter(|operand| !matches!(operand.class, Operand::SIMD_REG | Operand::FP_REG))
            .map(|operand| match operand.kind {
                Kind::Rn | Kind::Rn_SP | Kind::En => or_sp(RN),
                Kind::Rm | Kind::Rm_SP | Kind::Rm_SFT | Kind::Rm_EXT | Kind::Rm_LSL => or_sp(RM),
                Kind::Ra => at(RA),
                _ => Registers::NONE,
            })
            .chain(scalable(definition, word))
            .collect(),
    }
}

/// What SVE and SME may read: their operands name general registers in several ways.
fn scalable(definition: &Definition, word: u32) -> Option<Registers> {
    let name: &str = definition.class.into();
    let scalable = name.starts_with("SVE") || name.starts_with("SME");
    scalable.then(|| {
        [RD, RN, RM]
            .map(|shift| Registers::or_sp(register(word, shift)))
            .into_iter()
            // Slices of ZA are chosen by w8 to w15.
            .chain((8..=15).map(Registers::or_zero))
            .collect()
    })
}

fn of_memory(definition: &Definition, word: u32) -> Registers {
    let Some(access) = Access::of(definition, word) else {
        return match definition.class {
            Class::LOADLIT => Registers::NONE,
            // Vectors, several at once.
            Class::ASISDLSE | Class::ASISDLSEP | Class::ASISDLSO | Class::ASISDLSOP => {
                let base = Registers::or_sp(register(word, RN));
                base.and(Registers::or_zero(register(word, RM)))
            }
            _ => memory::any(word),
        };
    };
    match access.what {
        Direction::Store => access.addressed().and(access.moved()),
        Direction::Load | Direction::Prefetch => access.addressed(),
    }
}
