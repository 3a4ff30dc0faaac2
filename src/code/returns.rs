//! Whether code can come back to its caller.
//!
//! All ways are followed from an instruction on: both sides of every branch, tail calls, and over calls unless the
//! callee itself is shown not to come back. A way ends in a return, in the end of the thread or process (`exit`,
//! `exit_group`, a trap), or by going over to a stack whose address lay in memory (`longjmp`). Loops without a way out
//! have no return. Whatever is not understood or not at hand counts as a return; so code may be called returning that is
//! not, and is called not returning only where all its ways were seen.

use std::collections::{BTreeSet, HashMap};

use crate::elf::code::INSTRUCTION;
use crate::memory::Memory;
use crate::units::Addr;

use super::flow::{Next, State};
use super::text::Text;

/// Instructions followed for one task. All code of glibc has some 300,000.
const MAX_STEPS: usize = 1 << 20;
/// Calls followed into each other; deeper ones are taken to come back.
const MAX_DEPTH: usize = 32;
/// Places where ways meet or wait to be followed, within one function.
const MAX_WAYS: usize = 1 << 12;

/// Whether code comes back to its caller.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// It may.
    May,
    /// None of its ways does.
    Never {
        /// Some of them go over to another stack: to something that called before, and perhaps on from there.
        leaves: bool,
    },
}

/// Follows the code of one task.
pub struct Returns<'a> {
    text: Text<'a>,
    functions: HashMap<Addr, Answer>,
    places: HashMap<Addr, Answer>,
    open: BTreeSet<Addr>,
    left: usize,
}

impl<'a> Returns<'a> {
    /// For the code in `memory`, which is `image` with the bytes of mapped files.
    #[must_use]
    pub fn new(memory: &'a dyn Memory, image: &'a dyn Memory) -> Self {
        Self {
            text: Text::new(memory, image),
            functions: HashMap::new(),
            places: HashMap::new(),
            open: BTreeSet::new(),
            left: MAX_STEPS,
        }
    }

    /// Whether the function that begins at `start` can return.
    pub fn function(&mut self, start: Addr) -> Answer {
        if let Some(known) = self.functions.get(&start) {
            return *known;
        }
        // Where functions call each other in a circle, the inner call is taken to come back.
        if self.open.len() >= MAX_DEPTH || !self.open.insert(start) {
            return Answer::May;
        }
        let answer = self.explore(start, State::entry());
        self.open.remove(&start);
        self.functions.insert(start, answer);
        answer
    }

    /// Whether the function that `pc` is anywhere in can return from there on.
    pub fn onward(&mut self, pc: Addr) -> Answer {
        if let Some(known) = self.places.get(&pc) {
            return *known;
        }
        let answer = self.explore(pc, State::amid());
        self.places.insert(pc, answer);
        answer
    }

    fn explore(&mut self, start: Addr, state: State) -> Answer {
        let mut met: HashMap<Addr, State> = HashMap::new();
        let mut ways = vec![(start, state)];
        let mut leaves = false;
        while let Some((start, state)) = ways.pop() {
            let known = met.get(&start);
            let mut state = known.map_or(state, |known| known.join(&state));
            if known == Some(&state) {
                continue;
            }
            met.insert(start, state);
            if met.len().saturating_add(ways.len()) > MAX_WAYS {
                return Answer::May;
            }
            let mut pc = start;
            loop {
                let Some(word) = self.next_word(pc) else {
                    return Answer::May;
                };
                match state.step(word, pc, &mut self.text) {
                    Next::On => {}
                    Next::Jump(there) => {
                        ways.push((there, state));
                        break;
                    }
                    Next::Branch(there) => ways.push((there, state)),
                    Next::Call(callee) => {
                        match callee.map_or(Answer::May, |callee| self.function(callee)) {
                            Answer::May => {}
                            Answer::Never { leaves: too } => {
                                leaves |= too;
                                break;
                            }
                        }
                    }
                    Next::End => break,
                    Next::Leave => {
                        leaves = true;
                        break;
                    }
                    Next::Back => return Answer::May,
                }
                let Some(next) = pc.checked_add(INSTRUCTION) else {
                    return Answer::May;
                };
                pc = next;
                if met.contains_key(&pc) {
                    ways.push((pc, state));
                    break;
                }
            }
        }
        Answer::Never { leaves }
    }

    fn next_word(&mut self, pc: Addr) -> Option<u32> {
        self.left = self.left.checked_sub(1)?;
        self.text.word(pc)
    }
}
