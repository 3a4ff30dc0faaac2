//! How much may be looked at: code may be anybody's, so every walk over it is bounded.

use std::cell::Cell;

/// Instructions, or words of data, that may still be looked at.
#[derive(Debug)]
pub struct Budget(Cell<u64>);

impl Budget {
    /// So many.
    #[must_use]
    pub fn new(words: u64) -> Self {
        Self(Cell::new(words))
    }

    /// Takes so many words, and says whether there were as many. Once there were not, none are left.
    pub fn spend(&self, words: u64) -> bool {
        let left = self.0.get().checked_sub(words);
        self.0.set(left.unwrap_or_default());
        left.is_some()
    }

    /// Takes all of it: something was not looked at to its end.
    pub fn give_up(&self) {
        self.0.set(0);
    }

    /// Whether there was enough so far.
    #[must_use]
    pub fn lasted(&self) -> bool {
        self.0.get() != 0
    }
}
