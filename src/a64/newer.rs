//! Encodings that the crate's tables do not have.
//!
//! Signing with the place of the signature (FEAT_PAuth_LR, Arm ARM DDI 0487 from issue K.a on).

use super::Need;
use super::fields::{RN, register};
use super::flow::Flow;
use super::need::Unreported;
use super::registers::{LR, Registers};

/// One of these, as it stands in the code.
#[derive(Clone, Copy, Debug)]
pub(super) struct Newer {
    row: &'static Row,
    word: u32,
}

#[derive(Debug)]
struct Row {
    mask: u32,
    value: u32,
    mnemonic: &'static str,
    kind: Kind,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// Works on x30, with the address of a signing instruction near this one.
    Link,
    /// The same, with that address in a register.
    LinkBy,
    /// Works on x17, with x15 and x16.
    Scratch,
    /// Checks x30 and returns.
    Return,
    /// The same, with the address of the signing instruction in bits 4 to 0's register.
    ReturnBy,
}

const fn row(mask: u32, value: u32, mnemonic: &'static str, kind: Kind) -> Row {
    Row {
        mask,
        value,
        mnemonic,
        kind,
    }
}

/// RETAA and RETAB have the encoding of the forms with a register, and 31 there; the tables have them.
static ROWS: [Row; 16] = [
    row(0xffe0_001f, 0x5500_001f, "retaasppc", Kind::Return),
    row(0xffe0_001f, 0x5520_001f, "retabsppc", Kind::Return),
    row(0xffff_ffe0, 0xd65f_0be0, "retaasppcr", Kind::ReturnBy),
    row(0xffff_ffe0, 0xd65f_0fe0, "retabsppcr", Kind::ReturnBy),
    row(0xffe0_001f, 0xf380_001f, "autiasppc", Kind::Link),
    row(0xffe0_001f, 0xf3a0_001f, "autibsppc", Kind::Link),
    row(0xffff_fc1f, 0xdac1_901e, "autiasppcr", Kind::LinkBy),
    row(0xffff_fc1f, 0xdac1_941e, "autibsppcr", Kind::LinkBy),
    row(0xffff_ffff, 0xdac1_83fe, "pacnbiasppc", Kind::Link),
    row(0xffff_ffff, 0xdac1_87fe, "pacnbibsppc", Kind::Link),
    row(0xffff_ffff, 0xdac1_a3fe, "paciasppc", Kind::Link),
    row(0xffff_ffff, 0xdac1_a7fe, "pacibsppc", Kind::Link),
    row(0xffff_ffff, 0xdac1_8bfe, "pacia171615", Kind::Scratch),
    row(0xffff_ffff, 0xdac1_8ffe, "pacib171615", Kind::Scratch),
    row(0xffff_ffff, 0xdac1_bbfe, "autia171615", Kind::Scratch),
    row(0xffff_ffff, 0xdac1_bffe, "autib171615", Kind::Scratch),
];

/// Which of them a word is.
pub(super) fn find(word: u32) -> Option<Newer> {
    let row = ROWS.iter().find(|row| word & row.mask == row.value)?;
    Some(Newer { row, word })
}

impl Newer {
    pub(super) fn mnemonic(&self) -> &'static str {
        self.row.mnemonic
    }

    /// Linux up to 7.3 has no HWCAP bit for it.
    pub(super) fn need(&self) -> Need {
        Need::Unreported(Unreported::PAUTH_LR)
    }

    pub(super) fn flow(&self) -> Flow {
        match self.row.kind {
            Kind::Return | Kind::ReturnBy => Flow::Return(LR),
            Kind::Link | Kind::LinkBy | Kind::Scratch => Flow::On,
        }
    }

    pub(super) fn writes(&self) -> Registers {
        match self.row.kind {
            Kind::Scratch => Registers::or_zero(17),
            _ => Registers::or_zero(LR),
        }
    }

    pub(super) fn reads(&self) -> Registers {
        let own = match self.row.kind {
            Kind::Scratch => [15, 16, 17].map(Registers::or_zero).into_iter().collect(),
            Kind::LinkBy => Registers::or_zero(register(self.word, RN)),
            Kind::ReturnBy => Registers::or_zero(register(self.word, 0)),
            Kind::Link | Kind::Return => Registers::NONE,
        };
        own.and(Registers::or_zero(LR))
            .and(Registers::or_sp(super::SP))
    }
}
