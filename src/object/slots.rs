//! The words of an object that the dynamic linker writes addresses to, and what a task has in them.

use super::Object;
use super::placed::{Load, Loads, Spot};
use crate::elf::imports::{Kind, Unreadable};
use crate::memory::{Gap, Memory};
use crate::units::Addr;

/// A word that a relocation writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Slot<'a> {
    /// Its address, as linked.
    pub at: u64,
    /// What is written.
    pub kind: Kind,
    /// The symbol whose address it is; none where it is one of the object itself.
    pub symbol: Option<&'a [u8]>,
    /// What is added to the symbol's address; without a symbol, the address as linked.
    pub addend: i64,
}

/// A slot in a task's memory.
#[derive(Clone, Copy, Debug)]
pub struct Filled<'o> {
    /// The slot.
    pub slot: Slot<'o>,
    /// Its address.
    pub at: Addr,
    /// What it holds. In memory of an image alone a slot that the task never wrote to has no value: the page is the
    /// file's.
    pub value: Result<u64, Gap>,
    /// What the value points to, where that is an object of the task.
    pub to: Option<Spot<'o>>,
}

impl<'a> Object<'a> {
    /// Its slots, in the order of the file. Relative ones that are packed (`DT_RELR`) are not among them.
    ///
    /// # Errors
    /// Its relocations cannot be read.
    pub fn slots(&self) -> Result<impl Iterator<Item = Slot<'a>>, Unreadable> {
        let dynamic = self.dynamic()?;
        Ok(dynamic.relocations().iter().map(|relocation| {
            let symbol = dynamic.symbols().get(relocation.symbol);
            Slot {
                at: relocation.at,
                kind: relocation.kind,
                symbol: symbol
                    .filter(|_| relocation.symbol != 0)
                    .map(|symbol| symbol.name),
                addend: relocation.addend,
            }
        }))
    }
}

impl<'o> Loads<'o> {
    /// The slots of one object of the task with this memory, with what they hold.
    ///
    /// # Errors
    /// The object's relocations cannot be read.
    pub fn slots(
        &self,
        load: Load<'o>,
        memory: &dyn Memory,
    ) -> Result<impl Iterator<Item = Filled<'o>>, Unreadable> {
        let slots = load.object.slots()?;
        Ok(slots.map(move |slot| {
            let at = load.address(slot.at);
            let value = memory.read_u64(at);
            Filled {
                slot,
                at,
                value,
                to: value.ok().and_then(|value| self.at(Addr(value))),
            }
        }))
    }
}
