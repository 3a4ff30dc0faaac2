//! The HINT space: instructions that do nothing on a CPU that does not know them.

use super::Instruction;
use super::fields::bits;
use super::registers::{LR, Registers};

/// A hint that code or its readers rely on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hint {
    /// NOP.
    Nop,
    /// Touches no register.
    Idle,
    /// A landing pad of branch target identification; whether calls may land there.
    Landing {
        /// BTI C or JC.
        calls: bool,
    },
    /// Signs the return address, with SP: functions begin with it.
    SignLink,
    /// Checks the return address, with SP.
    CheckLink,
    /// Takes the signature off the return address.
    StripLink,
    /// Signs or checks x17 (with x16).
    Scratch,
    /// Any other: CHKFEAT changes x16, those to come may change what is meant for that.
    Other,
}

/// By CRm and op2 (Arm ARM DDI 0487, "Hint instructions").
const HINTS: [(u32, Hint); 32] = [
    (0, Hint::Nop),
    (1, Hint::Idle), // YIELD
    (2, Hint::Idle), // WFE
    (3, Hint::Idle), // WFI
    (4, Hint::Idle), // SEV
    (5, Hint::Idle), // SEVL
    (6, Hint::Idle), // DGH
    (7, Hint::StripLink),
    (8, Hint::Scratch),
    (10, Hint::Scratch),
    (12, Hint::Scratch),
    (14, Hint::Scratch),
    (16, Hint::Idle),     // ESB
    (17, Hint::Idle),     // PSB CSYNC
    (18, Hint::Idle),     // TSB CSYNC
    (19, Hint::Idle),     // GCSB DSYNC
    (20, Hint::Idle),     // CSDB
    (22, Hint::Idle),     // CLRBHB
    (24, Hint::SignLink), // with zero
    (25, Hint::SignLink),
    (26, Hint::SignLink), // with zero
    (27, Hint::SignLink),
    (28, Hint::CheckLink),
    (29, Hint::CheckLink),
    (30, Hint::CheckLink),
    (31, Hint::CheckLink),
    (32, Hint::Landing { calls: false }),
    (34, Hint::Landing { calls: true }),
    (36, Hint::Landing { calls: false }),
    (38, Hint::Landing { calls: true }),
    (48, Hint::Idle), // STSHH KEEP
    (49, Hint::Idle), // STSHH STRM
];

impl Instruction {
    /// The hint that it is.
    #[must_use]
    pub fn hint(&self) -> Option<Hint> {
        hint(self.word)
    }

    /// Whether it is NOP, which fills up between functions.
    #[must_use]
    pub fn is_nop(&self) -> bool {
        self.hint() == Some(Hint::Nop)
    }

    /// Whether functions begin with it where return addresses or branches are protected, and nothing else does.
    #[must_use]
    pub fn begins_functions(&self) -> bool {
        matches!(
            self.hint(),
            Some(Hint::SignLink | Hint::Landing { calls: true })
        )
    }
}

/// Whether a word is in the HINT space, under whatever name.
pub(super) fn is_hint(word: u32) -> bool {
    word & 0xffff_f01f == 0xd503_201f
}

/// The registers that a hint may change, and reads beside SP.
pub(super) fn registers(word: u32) -> Registers {
    let all = |registers: &[u8]| registers.iter().map(|it| Registers::or_zero(*it)).collect();
    match hint(word) {
        Some(Hint::Nop | Hint::Idle | Hint::Landing { .. }) => Registers::NONE,
        Some(Hint::SignLink | Hint::CheckLink | Hint::StripLink) => all(&[LR]),
        Some(Hint::Scratch) => all(&[16, 17]),
        Some(Hint::Other) | None => all(&[16, 17, LR]),
    }
}

fn hint(word: u32) -> Option<Hint> {
    if !is_hint(word) {
        return None;
    }
    let number = bits(word, 5, 7);
    let row = HINTS.iter().find(|(known, _)| *known == number);
    Some(row.map_or(Hint::Other, |(_, hint)| *hint))
}
