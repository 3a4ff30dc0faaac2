//! Where a file calls what it takes by name.

use std::collections::BTreeSet;

use crate::a64::{BYTES, Flow, Hint, Register, Target, Write};

use super::Graph;
use super::origin::keeps;

/// A call through a word that is bound to a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Use {
    /// The instruction that calls or jumps.
    pub pc: u64,
    /// The stub it ends, if it is one.
    pub stub: Option<u64>,
}

/// Why the uses of a name are not known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unfollowed {
    /// Here its address is used in another way than to call it.
    Taken(u64),
    /// There is more to look at than is looked at.
    TooMany,
}

impl Graph<'_> {
    /// Where code of this file calls what another file (or this one) names: the calls through the words that are bound
    /// to the name.
    ///
    /// # Errors
    /// The name's address is used in another way.
    pub fn uses(&self, name: &[u8]) -> Result<Vec<Use>, Unfollowed> {
        let mut slots = BTreeSet::new();
        for relocation in self.dynamic().relocations_of(name) {
            if !relocation.kind.is_slot() {
                return Err(Unfollowed::Taken(relocation.at));
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
            for from in self.pages(first, *slot) {
                self.users(
                    from,
                    |page, register, write| match write {
                        Write::Load {
                            base,
                            offset,
                            len: 8,
                        } => base == register && page.wrapping_add_signed(offset) == *slot,
                        _ => false,
                    },
                    &mut loads,
                );
            }
        }
        if !self.budget().lasted() {
            return Err(Unfollowed::TooMany);
        }
        loads.into_iter().map(|pc| self.called(pc)).collect()
    }

    /// Where the address that the instruction at `pc` loads is called.
    fn called(&self, pc: u64) -> Result<Use, Unfollowed> {
        /// Instructions between the load and the call: arguments are made ready there.
        const NEAR: u64 = 64;
        let taken = Unfollowed::Taken;
        let load = self.at(pc);
        let register = load.and_then(|load| load.writes().only());
        let register = register.ok_or_else(|| taken(pc))?;
        for index in 1..=NEAR {
            let at = pc.wrapping_add(index.wrapping_mul(BYTES));
            let it = self.at(at).ok_or_else(|| taken(pc))?;
            if let Flow::Jump(target) | Flow::Call(target) = it.flow()
                && target == Target::Register(register)
            {
                return Ok(Use {
                    pc: at,
                    stub: self.stub(pc),
                });
            }
            // A stub may sign or check what it loaded.
            let read = it.hint().is_none() && it.reads().contains(register);
            if it.flow() != Flow::On || read || !keeps(&it, register) {
                return Err(taken(at));
            }
        }
        Err(taken(pc))
    }

    /// Where the stub of the procedure linkage table begins that loads an address at `pc`.
    fn stub(&self, pc: u64) -> Option<u64> {
        /// The registers that stubs use.
        const PAGE: Register = 16;
        const ADDRESS: Register = 17;
        let page = pc.checked_sub(BYTES)?;
        let made = self.at(page)?.page(page)?;
        let load = self.at(pc)?.write(pc, ADDRESS);
        let loads = matches!(load, Write::Load { base: PAGE, .. });
        if made.1 != PAGE || !loads {
            return None;
        }
        let front = page.checked_sub(BYTES)?;
        let landing = self.at(front).and_then(|it| it.hint());
        Some(match landing {
            Some(Hint::Landing { calls: true }) => front,
            _ => page,
        })
    }
}
