//! What is followed: instructions by address, and what of data they may rely on.

use crate::a64::Instruction;
use crate::units::Addr;

use super::Budget;

/// Code of a task, by its addresses, or of a file, by those it was linked at.
pub trait Code {
    /// The instruction at `pc`; `None` where there is none, or where something else may lie when it runs.
    fn at(&mut self, pc: Addr) -> Option<Instruction>;

    /// A word of memory that no code can change.
    fn constant(&self, at: Addr) -> Option<u64>;

    /// A word of memory as it is now.
    fn present(&self, at: Addr) -> Option<u64>;

    /// Whether the call in front of `pc` is the last instruction of a function, and another function begins here.
    fn is_next_function(&mut self, pc: Addr) -> bool;

    /// Whether a function begins at `pc`, as tables or symbols say.
    fn is_function(&mut self, pc: Addr) -> bool;

    /// What may still be looked at.
    fn budget(&self) -> &Budget;
}
