//! The code of a task.

use crate::a64::{BYTES, Instruction};
use crate::memory::{Content, Memory};
use crate::units::Addr;

use super::{Budget, Code};

/// Instructions followed for one task. All code of glibc has some 300,000.
const MAX_STEPS: u64 = 1 << 20;
/// Bytes looked up at once.
const WINDOW: u64 = 4096;

/// The code of a task. Only mappings that are executable and not writable count: others may hold something else when
/// they run.
pub struct Text<'a> {
    memory: &'a dyn Memory,
    image: &'a dyn Memory,
    /// The last bytes met.
    start: Addr,
    bytes: &'a [u8],
    budget: Budget,
}

impl<'a> Text<'a> {
    /// That in `memory`, which is `image` with the bytes of mapped files.
    #[must_use]
    pub fn new(memory: &'a dyn Memory, image: &'a dyn Memory) -> Self {
        Self {
            memory,
            image,
            start: Addr(0),
            bytes: &[],
            budget: Budget::new(MAX_STEPS),
        }
    }

    fn known(&self, pc: Addr) -> Option<u32> {
        let offset = usize::try_from(pc.offset_from(self.start)?).ok()?;
        let word = self.bytes.get(offset..)?.first_chunk::<4>()?;
        Some(u32::from_le_bytes(*word))
    }
}

impl Code for Text<'_> {
    fn at(&mut self, pc: Addr) -> Option<Instruction> {
        if !pc.is_aligned(BYTES) {
            return None;
        }
        if let Some(word) = self.known(pc) {
            return Some(Instruction::decode(word));
        }
        let mapping = self.memory.mapping_at(pc)?;
        if !mapping.exec || mapping.write {
            return None;
        }
        let limit = pc.checked_add(WINDOW)?.min(mapping.range.end);
        let Content::Bytes { bytes, .. } = self.memory.run_at(pc, limit).content else {
            return None;
        };
        (self.start, self.bytes) = (pc, bytes);
        self.known(pc).map(Instruction::decode)
    }

    /// One in a mapping that is not writable.
    fn constant(&self, at: Addr) -> Option<u64> {
        let mapping = self.memory.mapping_at(at)?;
        let value = self.memory.read_u64(at).ok()?;
        (!mapping.write && mapping.private).then_some(value)
    }

    /// What a file holds there before it is relocated says nothing.
    fn present(&self, at: Addr) -> Option<u64> {
        self.image.read_u64(at).ok()
    }

    fn is_next_function(&mut self, _: Addr) -> bool {
        false
    }

    fn is_function(&mut self, _: Addr) -> bool {
        false
    }

    fn budget(&self) -> &Budget {
        &self.budget
    }
}
