//! Whether the code of a function does to the stack what its unwind table says.
//!
//! A table need only be right at calls, where exceptions come from; compilers may leave out what happens in between,
//! above all the way out of a function. Where a thread stands, or a signal interrupted it, any instruction can be
//! next. There a table is believed only if each instruction of the function leads from its own row to the next one's.

use super::row::{Base, Cfa, Rule};
use crate::a64::{FP, Flow, Instruction, Register, SP, Target, Write};

/// One row, as far as it counts here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Stage {
    /// How many instructions from the function's first one it ends.
    pub(super) end: usize,
    /// Where the function's stack ended.
    pub(super) cfa: Cfa,
    /// Where the caller's x29 is.
    pub(super) fp: Rule,
    /// Where the return address is.
    pub(super) lr: Rule,
}

/// Whether `code`, all instructions of a function, does what `stages`, ascending, say.
pub(super) fn agrees(stages: &[Stage], code: &[u32]) -> bool {
    let mut way = Way {
        below: None,
        body: Body::Unseen,
        number: None,
    };
    let mut flows = false;
    let mut rest = stages;
    for (index, word) in code.iter().enumerate() {
        while rest.first().is_some_and(|stage| stage.end <= index) {
            rest = rest.get(1..).unwrap_or_default();
        }
        let Some(here) = rest.first() else {
            return false;
        };
        way.enter(here.cfa, flows);
        let next = index.saturating_add(1);
        let next = if next < here.end {
            Some(here)
        } else {
            rest.get(1)
        };
        let it = Instruction::decode(*word);
        let flow = it.flow();
        let led_to = |offset: i64| {
            let target = i64::try_from(index).ok()?.checked_add(offset / 4)?;
            at(stages, usize::try_from(target).ok()?)
        };
        flows = match flow {
            Flow::Return(_) => {
                let left = here.cfa == Cfa::ENTRY && !matches!(here.lr, Rule::At(_));
                if !left {
                    return false;
                }
                false
            }
            Flow::Unknown => return false,
            Flow::Jump(Target::Register(_)) | Flow::Trap => false,
            Flow::Jump(Target::Offset(offset)) | Flow::Branch(offset) => {
                if led_to(offset).is_some_and(|target| target.cfa != here.cfa) {
                    return false;
                }
                matches!(flow, Flow::Branch(_))
            }
            // Where the next row says otherwise, the call does not come back.
            Flow::Call(_) => next.is_some_and(|next| next.cfa == here.cfa),
            Flow::On => true,
        };
        // What a caller needs must be saved before it is lost.
        let lost = |next: &Stage| {
            if flow.is_call() {
                return next.lr == Rule::Same;
            }
            let restored = matches!(
                it.write(0, FP),
                Write::Kept | Write::Load { .. } | Write::Loaded
            );
            next.fp == Rule::Same && !restored
        };
        if flows && next.is_some_and(|next| lost(next) || !way.goes(here.cfa, next.cfa, &it)) {
            return false;
        }
        way.number = Number::behind(&it, way.number).filter(|_| flows && !flow.is_call());
    }
    true
}

fn at(stages: &[Stage], index: usize) -> Option<&Stage> {
    stages.get(stages.partition_point(|stage| stage.end <= index))
}

/// What is known of SP where rows go by x29.
struct Way {
    /// Bytes from SP up to the end of the function's stack.
    below: Option<i64>,
    /// The same wherever rows went by x29 so far.
    body: Body,
    /// A register with a number in it.
    number: Option<Number>,
}

enum Body {
    Unseen,
    Always(i64),
    Differs,
}

impl Way {
    /// Comes to an instruction, from the one before it if code `flows` there.
    fn enter(&mut self, cfa: Cfa, flows: bool) {
        if cfa.base == Base::Sp {
            self.below = Some(cfa.offset);
            return;
        }
        if !flows {
            self.below = match self.body {
                Body::Always(below) => Some(below),
                Body::Unseen | Body::Differs => None,
            };
        }
        self.body = match (&self.body, self.below) {
            (Body::Unseen, Some(below)) => Body::Always(below),
            (Body::Always(always), Some(below)) if *always == below => return,
            _ => Body::Differs,
        };
    }

    /// Whether an instruction leads from its row to the next one's.
    fn goes(&mut self, here: Cfa, next: Cfa, it: &Instruction) -> bool {
        let before = self.below;
        let up = |bytes: u64| before.and_then(|below| below.checked_sub(bytes.cast_signed()));
        self.below = match it.write(0, SP) {
            Write::Kept => before,
            Write::Sum {
                from: SP,
                by,
                keep: u64::MAX,
            } => up(by),
            Write::Plus {
                from: SP,
                register,
                less,
            } => {
                let number = self.number.filter(|number| number.register == register);
                let bytes = number.and_then(|number| i64::try_from(number.value).ok());
                before.zip(bytes).and_then(|(below, bytes)| {
                    if less {
                        below.checked_add(bytes)
                    } else {
                        below.checked_sub(bytes)
                    }
                })
            }
            Write::Sum {
                from: FP,
                by,
                keep: u64::MAX,
            } if here.base == Base::Fp => here.offset.checked_sub(by.cast_signed()),
            _ => None,
        };
        let fp = it.write(0, FP);
        match (here.base, next.base) {
            (_, Base::Sp) => self.below == Some(next.offset),
            (Base::Sp, Base::Fp) => match fp {
                Write::Sum {
                    from: SP,
                    by,
                    keep: u64::MAX,
                } => up(by) == Some(next.offset),
                _ => false,
            },
            (Base::Fp, Base::Fp) => here.offset == next.offset && fp == Write::Kept,
        }
    }
}

/// A number that code has put into a register. Large stacks are made in two steps: no addition takes their size.
#[derive(Clone, Copy)]
struct Number {
    register: Register,
    value: u64,
}

impl Number {
    /// What is known behind an instruction, of what was `known` before it.
    fn behind(it: &Instruction, known: Option<Self>) -> Option<Self> {
        let Some(moved) = it.moved() else {
            return known.filter(|known| !it.writes().contains(known.register));
        };
        let register = moved.to;
        let old = if moved.kept {
            known.filter(|known| known.register == register)?.value
        } else {
            0
        };
        Some(Self {
            register,
            value: old & !moved.mask() | moved.value(),
        })
    }
}
