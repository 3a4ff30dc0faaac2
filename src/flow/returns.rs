//! Whether code can come back to its caller.
//!
//! All ways are followed from an instruction on: both sides of every branch, tail calls, and over calls unless the
//! callee itself is shown not to come back. A way ends in a return, in the end of the thread or process (`exit`,
//! `exit_group`, a trap), or by going over to a stack whose address lay in memory (`longjmp`). Loops without a way out
//! have no return. Whatever is not understood or not at hand counts as a return; so code may be called returning that is
//! not, and is called not returning only where all its ways were seen.

use std::collections::{BTreeSet, HashMap};

use crate::a64::{BYTES, Instruction};
use crate::units::Addr;

use super::Code;
use super::state::{Next, State};

/// Calls followed into each other; deeper ones are taken to come back.
const MAX_DEPTH: usize = 32;
/// Places where ways meet or wait to be followed, within one function.
const MAX_WAYS: usize = 1 << 12;

/// Whether code comes back to its caller.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CanReturn {
    /// It may.
    May,
    /// None of its ways does.
    Never {
        /// Some of them go over to another stack: to something that called before, and perhaps on from there.
        leaves: bool,
    },
}

/// What was found of the functions of one task, or one file.
#[derive(Debug, Default)]
pub struct Returns {
    functions: HashMap<Addr, CanReturn>,
    places: HashMap<Addr, CanReturn>,
    open: BTreeSet<Addr>,
}

impl Returns {
    /// Whether the function that begins at `start` can return.
    pub fn function(&mut self, code: &mut impl Code, start: Addr) -> CanReturn {
        if let Some(known) = self.functions.get(&start) {
            return *known;
        }
        // Where functions call each other in a circle, the inner call is taken to come back.
        if self.open.len() >= MAX_DEPTH || !self.open.insert(start) {
            return CanReturn::May;
        }
        let answer = self.explore(code, start, State::entry());
        self.open.remove(&start);
        self.functions.insert(start, answer);
        answer
    }

    /// Whether the function that `pc` is anywhere in can return from there on.
    pub fn onward(&mut self, code: &mut impl Code, pc: Addr) -> CanReturn {
        if let Some(known) = self.places.get(&pc) {
            return *known;
        }
        let answer = self.explore(code, pc, State::amid());
        self.places.insert(pc, answer);
        answer
    }

    fn explore(&mut self, code: &mut impl Code, start: Addr, state: State) -> CanReturn {
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
                return CanReturn::May;
            }
            let mut pc = start;
            loop {
                let Some(it) = next(code, pc) else {
                    return CanReturn::May;
                };
                let behind = pc.checked_add(BYTES);
                match state.step(&it, pc, code) {
                    // A call of what is not there, which linkers make a NOP, is the last of a function as well.
                    Next::On
                        if it.is_nop() && behind.is_some_and(|behind| code.is_function(behind)) =>
                    {
                        break;
                    }
                    Next::On => {}
                    Next::Jump(there) => {
                        ways.push((there, state));
                        break;
                    }
                    Next::Branch(there) => ways.push((there, state)),
                    Next::Call(callee) => {
                        match callee.map_or(CanReturn::May, |callee| self.function(code, callee)) {
                            CanReturn::May
                                if behind.is_some_and(|behind| code.is_next_function(behind)) =>
                            {
                                break;
                            }
                            CanReturn::May => {}
                            CanReturn::Never { leaves: too } => {
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
                    Next::Back => return CanReturn::May,
                }
                let Some(behind) = behind else {
                    return CanReturn::May;
                };
                pc = behind;
                if met.contains_key(&pc) {
                    ways.push((pc, state));
                    break;
                }
            }
        }
        CanReturn::Never { leaves }
    }
}

fn next(code: &mut impl Code, pc: Addr) -> Option<Instruction> {
    code.budget().spend(1).then(|| code.at(pc))?
}
