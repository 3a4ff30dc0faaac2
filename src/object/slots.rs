//! The words of an object that the dynamic linker writes addresses to, and what a task has in them.

use super::Object;
use super::placed::{Load, Loads, Spot};
use crate::elf::imports::{RelocationKind, Unreadable};
use crate::memory::{Gap, Memory};
use crate::units::Addr;

/// Tags of the table of packed relative relocations, and of its bytes.
const DT_RELR: u64 = 36;
const DT_RELRSZ: u64 = 35;
/// Bytes of a word.
const WORD: u64 = 8;
/// Relative relocations that are read where they are packed. The largest programs have some hundred thousand.
const MAX_PACKED: usize = 1 << 22;

/// A word that a relocation writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Slot<'a> {
    /// Its address, as linked.
    pub at: u64,
    /// What is written.
    pub kind: RelocationKind,
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
    /// Its slots: in the order of the file, and behind them those whose relative relocations are packed.
    ///
    /// # Errors
    /// Its relocations cannot be read.
    pub fn slots(&self) -> Result<impl Iterator<Item = Slot<'a>>, Unreadable> {
        let dynamic = self.dynamic()?;
        let packed = self.packed()?.into_iter().map(|at| Slot {
            at,
            kind: RelocationKind::Relative,
            symbol: None,
            // What is added lies in the word itself.
            addend: self
                .loaded(at, WORD)
                .and_then(|bytes| bytes.first_chunk())
                .map_or(0, |word| i64::from_le_bytes(*word)),
        });
        let plain = dynamic.relocations().iter().map(|relocation| {
            let symbol = dynamic.symbols().get(relocation.symbol);
            Slot {
                at: relocation.at,
                kind: relocation.kind,
                symbol: symbol
                    .filter(|_| relocation.symbol != 0)
                    .map(|symbol| symbol.name),
                addend: relocation.addend,
            }
        });
        Ok(plain.chain(packed))
    }

    /// The words that packed relative relocations add the bias to (`DT_RELR`: an address, then words of 63 bits for the
    /// words behind it).
    fn packed(&self) -> Result<Vec<u64>, Unreadable> {
        let dynamic = self.dynamic()?;
        let (Some(table), Some(len)) = (dynamic.entry(DT_RELR), dynamic.entry(DT_RELRSZ)) else {
            return Ok(Vec::new());
        };
        let outside = Unreadable::Outside("packed relocations");
        let (entries, _) = self.loaded(table, len).ok_or(outside)?.as_chunks::<8>();
        let (mut found, mut next) = (Vec::new(), 0_u64);
        for entry in entries.iter().map(|entry| u64::from_le_bytes(*entry)) {
            if entry & 1 == 0 {
                found.push(entry);
                next = entry.wrapping_add(WORD);
            } else {
                let set = (0..63).filter(|bit| (entry >> 1) & (1 << bit) != 0);
                found.extend(set.map(|bit| next.wrapping_add(WORD.wrapping_mul(bit))));
                next = next.wrapping_add(WORD.wrapping_mul(63));
            }
            if found.len() > MAX_PACKED {
                return Err(Unreadable::TooMany("packed relocations"));
            }
        }
        Ok(found)
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
