//! Loads and stores of general and vector registers whose address and size an instruction tells.

use disarm64::Insn as Definition;
use disarm64_defn::{InsnClass as Class, InsnOperandKind as Kind};

use super::fields::{RA, RD, RM, RN, bit, bits, register, signed};
use super::registers::{Register, Registers, SP};

/// One of them.
#[derive(Clone, Copy, Debug)]
pub(super) struct Access {
    pub(super) what: Direction,
    /// The register whose value the address is made of, or SP.
    pub(super) base: Register,
    pub(super) address: Address,
    /// Bytes added to the base, before or after the access.
    pub(super) moves_base: Option<i64>,
    /// Bytes of each register's part of memory.
    pub(super) len: i64,
    /// Numbers of the general registers, where 31 is XZR; none for vectors.
    pub(super) registers: [Option<Register>; 2],
    /// How many registers: one or two.
    pub(super) count: i64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Direction {
    Load,
    Store,
    /// Neither.
    Prefetch,
}

/// Where an access begins, from what the base holds before the instruction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Address {
    At(i64),
    /// By the value of this register.
    By(Register),
}

/// Whether an instruction is in the group of loads and stores: bits 28 to 25 are x1x0.
pub(super) fn is_memory(word: u32) -> bool {
    bits(word, 25, 4) & 0b0101 == 0b0100
}

impl Access {
    /// What an instruction loads or stores; `None` of exclusive, atomic and all others that are not simply one or two
    /// registers and a place.
    pub(super) fn of(definition: &Definition, word: u32) -> Option<Self> {
        match definition.class {
            Class::LDST_POS | Class::LDST_UNSCALED | Class::LDST_UNPRIV | Class::LDST_IMM9 => {
                Self::single(definition, word)
            }
            Class::LDST_REGOFF => Some(Self {
                address: Address::By(register(word, RM)),
                ..Self::single(definition, word)?
            }),
            Class::LDSTPAIR_OFF | Class::LDSTPAIR_INDEXED | Class::LDSTNAPAIR_OFFS => {
                Self::pair(definition, word)
            }
            _ => None,
        }
    }

    fn single(definition: &Definition, word: u32) -> Option<Self> {
        // Tags go by granules.
        if has(definition, Kind::ADDR_SIMM13) {
            return None;
        }
        let vector = bit(word, 26);
        let size = bits(word, 30, 2);
        // Q registers use a bit of the next field for their size.
        let scale = if vector && bit(word, 23) { 4 } else { size };
        let address = match definition.class {
            Class::LDST_POS => i64::from(bits(word, 10, 12)).wrapping_shl(scale),
            _ => signed(word, 12, 9),
        };
        // Of the indexed forms bit 11 tells those that move the base before.
        let moves_base = (definition.class == Class::LDST_IMM9).then_some(address);
        let before = moves_base.is_none() || bit(word, 11);
        Some(Self {
            what: Direction::of(definition)?,
            base: register(word, RN),
            address: Address::At(if before { address } else { 0 }),
            moves_base,
            len: 1_i64.wrapping_shl(scale),
            registers: [(!vector).then_some(register(word, RD)), None],
            count: 1,
        })
    }

    fn pair(definition: &Definition, word: u32) -> Option<Self> {
        // STGP writes two registers and their tags: its offset is in granules.
        let tagged = has(definition, Kind::ADDR_SIMM11);
        if !tagged && !has(definition, Kind::ADDR_SIMM7) {
            return None;
        }
        let vector = bit(word, 26);
        let size = bits(word, 30, 2);
        let len = match (vector, size) {
            (true, size) => 4_i64.wrapping_shl(size),
            (false, 0 | 1) if !tagged => 4,
            (false, _) => 8,
        };
        let scale = if tagged { 16 } else { len };
        let offset = signed(word, 15, 7).wrapping_mul(scale);
        // Bits 24 to 23: no index, after, with an offset, before.
        let moves_base = (definition.class == Class::LDSTPAIR_INDEXED).then_some(offset);
        let before = moves_base.is_none() || bit(word, 24);
        let general = |shift| (!vector).then_some(register(word, shift));
        Some(Self {
            what: Direction::of(definition)?,
            base: register(word, RN),
            address: Address::At(if before { offset } else { 0 }),
            moves_base,
            len,
            registers: [general(RD), general(RA)],
            count: 2,
        })
    }

    /// The general registers it loads or stores.
    pub(super) fn moved(&self) -> Registers {
        let named = self.registers.into_iter().flatten();
        named.map(Registers::or_zero).collect()
    }

    /// The registers that make its address.
    pub(super) fn addressed(&self) -> Registers {
        let base = Registers::or_sp(self.base);
        match self.address {
            Address::By(register) => base.and(Registers::or_zero(register)),
            Address::At(_) => base,
        }
    }
}

impl Direction {
    fn of(definition: &Definition) -> Option<Self> {
        let name = definition.mnemonic;
        [
            ("ld", Self::Load),
            ("st", Self::Store),
            ("prf", Self::Prefetch),
        ]
        .into_iter()
        .find_map(|(begin, direction)| name.starts_with(begin).then_some(direction))
    }
}

fn has(definition: &Definition, kind: Kind) -> bool {
    definition
        .operands
        .iter()
        .any(|operand| operand.kind == kind)
}

/// Every general register that a field of a load or store may name, and the next of it: some change a pair by the number of
/// the first.
pub(super) fn any(word: u32) -> Registers {
    let named = [RD, RA, RM].map(|shift| pair(register(word, shift)));
    let named: Registers = named.into_iter().collect();
    named.and(Registers::or_sp(register(word, RN)))
}

/// A register and the next one, of a pair that is named by the first.
fn pair(first: Register) -> Registers {
    Registers::or_zero(first).and(Registers::or_zero(first | 1))
}

/// What an instruction changes that is no simple access: exclusive and atomic ones, tags, copies of memory.
pub(super) fn changed(definition: &Definition, word: u32) -> Registers {
    let at = |shift| Registers::or_zero(register(word, shift));
    let base = Registers::or_sp(register(word, RN));
    let name = definition.mnemonic;
    let loads = name.starts_with("ld");
    let vector = bit(word, 26);
    match definition.class {
        Class::LOADLIT if vector || name == "prfm" => Registers::NONE,
        Class::LOADLIT => at(RD),
        // Authenticated loads, which may move the base.
        Class::LDST_IMM10 => base.and(at(RD)),
        Class::ASISDLSE | Class::ASISDLSO => Registers::NONE,
        Class::ASISDLSEP | Class::ASISDLSOP => base,
        Class::LDSTEXCL if loads && name.ends_with('p') => at(RD).and(at(RA)),
        Class::LDSTEXCL if loads => at(RD),
        // Whether it was stored; plain releases have 31 there.
        Class::LDSTEXCL => at(RM),
        Class::LDSTPAIR_OFF if loads => at(RD).and(at(RM)),
        Class::LDSTPAIR_OFF | Class::GCS => Registers::NONE,
        Class::LSE_ATOMIC | Class::LSE128_ATOMIC if vector => Registers::NONE,
        // Eight registers.
        Class::LSE_ATOMIC if name == "ld64b" => Registers::ALL.without(Registers::or_sp(SP)),
        Class::LSE_ATOMIC if name == "st64b" => Registers::NONE,
        Class::LSE_ATOMIC if name.starts_with("casp") => pair(register(word, RM)),
        Class::LSE_ATOMIC if name.starts_with("cas") || name.starts_with("st64") => at(RM),
        Class::LSE_ATOMIC => at(RD),
        Class::LSE128_ATOMIC => at(RD).and(at(RM)),
        _ => any(word),
    }
}
