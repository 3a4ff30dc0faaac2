//! Where a file calls what it takes by name.

use std::collections::BTreeSet;

use crate::elf::code::{Flow, INSTRUCTION, flow};

use super::Reason;
use super::fields::{field, reads};
use super::origin::keeps;
use super::walk::{Stop, Walker};

/// A call through a word that is bound to a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Use {
    /// The instruction that calls or jumps.
    pub(super) pc: u64,
    /// The stub it ends, if it is one.
    pub(super) stub: Option<u64>,
}

impl Walker<'_, '_> {
    /// Where code of this file calls what another file (or this one) names: the calls through the words that are bound
    /// to the name.
    ///
    /// # Errors
    /// The name's address is used in another way.
    pub(super) fn uses(&self, name: &[u8]) -> Result<Vec<Use>, Stop> {
        let mut slots = BTreeSet::new();
        for relocation in self.program.dynamic.relocations_of(name) {
            if !relocation.kind.is_slot() {
                return Err(Stop {
                    at: Some(relocation.at),
                    reason: Reason::AddressTaken,
                });
            }
            slots.insert(relocation.at);
        }
        if slots.is_empty() {
            return Ok(Vec::new());
        }
        let mut loads = BTreeSet::new();
        for slot in &slots {
            // As far as the offset of a load reaches.
            let first = (slot & !0xfff).saturating_sub(7 << 12);
            for from in self.program.pages(first, *slot) {
                self.users(
                    from,
                    |page, word| {
                        let offset = u64::from((word >> 10) & 0xfff).wrapping_mul(8);
                        is_load(word) && page.wrapping_add(offset) == *slot
                    },
                    &mut loads,
                );
            }
        }
        if !self.program.was_followed() {
            return Err(Stop::whole(Reason::TooMany));
        }
        loads
            .into_iter()
            .map(|pc| self.called(pc, self.program.word(pc).unwrap_or_default()))
            .collect()
    }

    /// Where the address that the instruction at `pc` loads is called.
    fn called(&self, pc: u64, load: u32) -> Result<Use, Stop> {
        /// Instructions between the load and the call: arguments are made ready there.
        const NEAR: u64 = 64;
        let register = load & 0x1f;
        let taken = |at| Stop {
            at: Some(at),
            reason: Reason::AddressTaken,
        };
        for index in 1..=NEAR {
            let at = pc.wrapping_add(index.wrapping_mul(INSTRUCTION));
            let word = self.program.word(at).ok_or_else(|| taken(pc))?;
            // BR, BLR, and those that check a signature.
            let branch = [0xd61f_0000, 0xd63f_0000].contains(&(word & 0xffff_fc1f))
                || word & 0xfedf_f800 == 0xd61f_0800;
            if branch && (word >> 5) & 0x1f == register {
                return Ok(Use {
                    pc: at,
                    stub: self.stub(pc, load),
                });
            }
            if !matches!(flow(word), Flow::On)
                || reads(word, register)
                || !keeps(word, at, field(load, 0))
            {
                return Err(taken(at));
            }
        }
        Err(taken(pc))
    }

    /// Where the stub of the procedure linkage table begins that loads an address at `pc`.
    fn stub(&self, pc: u64, load: u32) -> Option<u64> {
        /// `ldr x17, [x16, …]`, without the offset.
        const LOAD: u32 = 0xf940_0211;
        /// `bti c`
        const LANDING: u32 = 0xd503_245f;
        let page = pc.checked_sub(INSTRUCTION)?;
        let is_page = self.program.word(page)? & 0x9f00_001f == 0x9000_0010;
        if load & 0xffc0_03ff != LOAD || !is_page {
            return None;
        }
        let front = page.checked_sub(INSTRUCTION)?;
        Some(match self.program.word(front) {
            Some(LANDING) => front,
            _ => page,
        })
    }
}

/// `LDR` of 64 bits with a number as the offset.
fn is_load(word: u32) -> bool {
    word & 0xffc0_0000 == 0xf940_0000
}
