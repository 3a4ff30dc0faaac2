//! What unwind tables say of one instruction: where its caller's registers are.

use std::fmt;

use gimli::{AArch64, CfaRule, Register, RegisterRule, UnwindContext};

use super::agree::{Stage, agrees};
use super::tables::{Fde, Tables};
use crate::a64;

/// Bytes of code of a function that is held against its table. The largest of real programs, interpreters, have some
/// hundreds of thousands.
const MAX_FUNCTION: u64 = 1 << 20;

/// One row of the tables, for the addresses of one or a few instructions.
///
/// Compilers find a caller's stack by SP or x29 alone. A row that asks for anything else (the vector length, a register
/// that not every calling convention keeps) is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Row {
    /// The canonical frame address: SP when the function was entered.
    pub cfa: Cfa,
    /// Where the caller's x29 is.
    pub fp: Rule,
    /// Where the return address is.
    pub lr: Rule,
    /// The return address is signed (`DW_CFA_AARCH64_negate_ra_state`).
    pub signed: bool,
    /// The function is a signal trampoline (augmentation `S`).
    pub signal: bool,
}

/// A register's value and an offset, bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cfa {
    /// The register.
    pub base: Base,
    /// The offset.
    pub offset: i64,
}

/// A register that stacks are found by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Base {
    /// SP.
    Sp,
    /// x29.
    Fp,
}

impl Cfa {
    /// Where a function begins and ends.
    pub const ENTRY: Self = Self {
        base: Base::Sp,
        offset: 0,
    };
}

/// How a register of the caller is found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rule {
    /// Not at all; of the return address: there is no caller.
    Undefined,
    /// It is unchanged.
    Same,
    /// In memory, at this offset from the canonical frame address.
    At(i64),
    /// In another way, which is not followed.
    Otherwise,
}

/// Reads rows; what it allocates is kept from one to the next.
#[derive(Default)]
pub struct Rows {
    context: Box<UnwindContext<usize>>,
    /// Bytes of entries and of code gone over so far.
    pub spent: usize,
}

impl fmt::Debug for Rows {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Rows({} bytes)", self.spent)
    }
}

impl Rows {
    /// The row for the instruction at `address`, as linked; `None` where the tables do not cover it or say
    /// something that is not understood.
    #[must_use]
    pub fn get(&mut self, tables: &Tables<'_>, address: u64) -> Option<Row> {
        let fde = self.entry(tables, address)?;
        let row = fde
            .unwind_info_for_address(&tables.section, &tables.bases, &mut self.context, address)
            .ok()?;
        read(row, &fde)
    }

    /// The addresses, as linked, of the function that the instruction at `address` belongs to.
    #[must_use]
    pub fn function(&mut self, tables: &Tables<'_>, address: u64) -> Option<(u64, u64)> {
        let fde = self.entry(tables, address)?;
        let whole = fde.contains(address) && fde.len() <= MAX_FUNCTION;
        whole.then(|| (fde.initial_address(), fde.end_address()))
    }

    /// Whether the function that the instruction at `address` belongs to has places where exceptions go on.
    #[must_use]
    pub fn catches(&mut self, tables: &Tables<'_>, address: u64) -> bool {
        let entry = self.entry(tables, address);
        entry.is_some_and(|fde| fde.lsda().is_some())
    }

    /// Whether each instruction in `code`, all bytes of the function at `start`, does to the stack what the
    /// function's rows say.
    #[must_use]
    pub fn agree(&mut self, tables: &Tables<'_>, start: u64, code: &[u8]) -> bool {
        self.spent = self.spent.saturating_add(code.len());
        let stages = self.stages(tables, start);
        let (words, rest) = code.as_chunks::<4>();
        let words: Vec<u32> = words.iter().map(|word| u32::from_le_bytes(*word)).collect();
        rest.is_empty() && stages.is_some_and(|stages| agrees(&stages, &words))
    }

    fn stages(&mut self, tables: &Tables<'_>, start: u64) -> Option<Vec<Stage>> {
        let fde = self.entry(tables, start)?;
        if fde.initial_address() != start || fde.len() > MAX_FUNCTION {
            return None;
        }
        let mut rows = fde
            .rows(&tables.section, &tables.bases, &mut self.context)
            .ok()?;
        let mut stages = Vec::new();
        while let Some(row) = rows.next_row().ok()? {
            let Row { cfa, fp, lr, .. } = read(row, &fde)?;
            let bytes = row.end_address().checked_sub(start)?;
            let end = usize::try_from(bytes.checked_div(a64::BYTES)?).ok()?;
            stages.push(Stage { end, cfa, fp, lr });
        }
        Some(stages)
    }

    fn entry<'a>(&mut self, tables: &Tables<'a>, address: u64) -> Option<Fde<'a>> {
        let offset = tables.nearest(address)?;
        self.spent = self.spent.saturating_add(tables.entry_bytes(offset)?);
        tables.entry_at(offset)
    }
}

fn read(row: &gimli::UnwindTableRow<usize>, fde: &Fde<'_>) -> Option<Row> {
    let CfaRule::RegisterAndOffset { register, offset } = *row.cfa() else {
        return None;
    };
    let base = match register {
        AArch64::SP => Base::Sp,
        AArch64::X29 => Base::Fp,
        _ => return None,
    };
    if fde.cie().return_address_register() != AArch64::X30 {
        return None;
    }
    let mut found = Row {
        cfa: Cfa { base, offset },
        fp: Rule::Same,
        lr: Rule::Same,
        signed: false,
        signal: fde.is_signal_trampoline(),
    };
    for (register, rule) in row.registers() {
        match (*register, rule) {
            (AArch64::RA_SIGN_STATE, RegisterRule::Constant(state)) => {
                found.signed = state & 1 != 0;
            }
            // SP is the canonical frame address, whether that is said or not.
            (AArch64::SP, RegisterRule::ValOffset(0)) => {}
            (AArch64::RA_SIGN_STATE | AArch64::SP, _) => return None,
            (AArch64::X29, rule) => found.fp = how(rule, AArch64::X29),
            (AArch64::X30, rule) => found.lr = how(rule, AArch64::X30),
            _ => {}
        }
    }
    Some(found)
}

fn how(rule: &RegisterRule<usize>, own: Register) -> Rule {
    match rule {
        RegisterRule::Undefined => Rule::Undefined,
        RegisterRule::SameValue => Rule::Same,
        RegisterRule::Register(other) if *other == own => Rule::Same,
        RegisterRule::Offset(offset) => Rule::At(*offset),
        _ => Rule::Otherwise,
    }
}
