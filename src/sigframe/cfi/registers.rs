//! From the registers of a function to those of its caller.

use crate::elf::row::{Base, Row, Rule};
use crate::memory::Memory;
use crate::units::Addr;

/// Bytes of a register in memory.
const WORD: u64 = 8;

/// Registers of one function, as far as they are known and lead on. Compilers find stacks by SP and x29 alone; the
/// others come back whole from a signal frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Registers {
    /// Stack pointer.
    pub(super) sp: Addr,
    /// x29.
    pub(super) fp: Option<u64>,
    /// x30, while it holds what the function was entered with: a call overwrites it.
    pub(super) lr: Option<u64>,
}

/// What one row makes of them.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Caller {
    /// The caller's registers behind the call; its SP is the canonical frame address.
    pub(super) registers: Registers,
    /// Where it goes on.
    pub(super) back: Back,
}

/// Where a function returns to.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Back {
    /// Nowhere.
    Never,
    /// To this address, perhaps signed.
    To {
        address: u64,
        /// Where in memory it is kept; `None` while it is in a register.
        slot: Option<Addr>,
    },
}

/// Why a row cannot be followed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Failure {
    /// It asks for something that is not known, or makes no sense.
    Unusable,
    /// What it points to is not in the image.
    Unreadable,
}

impl Registers {
    pub(super) fn new(x: &[u64; 31], sp: Addr) -> Self {
        let [.., fp, lr] = *x;
        Self {
            sp,
            fp: Some(fp),
            lr: Some(lr),
        }
    }

    /// The registers of the function that called this one.
    pub(super) fn caller(&self, memory: &dyn Memory, row: &Row) -> Result<Caller, Failure> {
        let base = match row.cfa.base {
            Base::Sp => Some(self.sp.0),
            Base::Fp => self.fp,
        };
        let cfa = base
            .and_then(|base| base.checked_add_signed(row.cfa.offset))
            .ok_or(Failure::Unusable)?;
        let read = |offset: i64| {
            let at = cfa.checked_add_signed(offset).ok_or(Failure::Unusable)?;
            // What a function saved lies in its own part of the stack. Below SP it may be gone.
            let inside = at >= self.sp.0 && at.checked_add(WORD).is_some_and(|end| end <= cfa);
            if !inside || at % WORD != 0 {
                return Err(Failure::Unusable);
            }
            match memory.read_u64(Addr(at)) {
                Ok(word) => Ok((word, Addr(at))),
                Err(_) => Err(Failure::Unreadable),
            }
        };
        let fp = match row.fp {
            Rule::Same => self.fp,
            Rule::At(offset) => Some(read(offset)?.0),
            Rule::Undefined | Rule::Otherwise => None,
        };
        let back = match row.lr {
            Rule::Undefined => Back::Never,
            Rule::Same => Back::To {
                address: self.lr.ok_or(Failure::Unusable)?,
                slot: None,
            },
            Rule::At(offset) => {
                let (address, slot) = read(offset)?;
                Back::To {
                    address,
                    slot: Some(slot),
                }
            }
            Rule::Otherwise => return Err(Failure::Unusable),
        };
        Ok(Caller {
            registers: Self {
                sp: Addr(cfa),
                fp,
                lr: None,
            },
            back,
        })
    }
}
