//! Values followed with the flow of the code: numbers put into registers, where SP comes from, and what becomes of the
//! return address.

use crate::a64::{Flow, Hint, Instruction, LR, One, Register, SP, Stored, Target, Write};
use crate::units::Addr;

use super::Code;
use super::stub;

/// Low half of a register.
const LOW: u64 = 0xffff_ffff;

/// What is known of a register.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Value {
    /// Nothing.
    Any,
    /// It holds this.
    Number(u64),
    /// An address in the function's own stack.
    Stack,
    /// It came from memory beside the stack, or was computed from such a word.
    Loaded,
}

/// What became of the address the function was entered with in x30.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Link {
    /// x30 holds it.
    Held,
    /// It may be kept in memory.
    Kept,
    /// It is gone, but perhaps for a copy in a register.
    Lost,
}

/// What is known where an instruction begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct State {
    /// x0 to x30, and SP.
    registers: [Value; 32],
    link: Link,
}

/// Where an instruction leads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Next {
    /// To the next one.
    On,
    /// There.
    Jump(Addr),
    /// There or to the next one.
    Branch(Addr),
    /// Into this function, or one that is not known, and then to the next one.
    Call(Option<Addr>),
    /// Nowhere: the thread ends, or is stopped by a trap.
    End,
    /// To another stack, from which the function's caller is not known any more.
    Leave,
    /// To the caller, or to somewhere that is not known.
    Back,
}

/// Numbers of system calls that do not come back: `exit`, `exit_group` (kernel 7.3,
/// `include/uapi/asm-generic/unistd.h`).
const ENDS: [u64; 2] = [93, 94];
/// `rt_sigreturn`.
const SIGRETURN: u64 = 139;
/// The register that holds a system call's number.
const NUMBER: Register = 8;

impl State {
    /// At the first instruction of a function.
    pub(super) fn entry() -> Self {
        Self {
            link: Link::Held,
            ..Self::amid()
        }
    }

    /// Anywhere in a function.
    pub(super) fn amid() -> Self {
        let mut state = Self {
            registers: [Value::Any; 32],
            link: Link::Kept,
        };
        state.set(SP, Value::Stack);
        state
    }

    /// What is known where this way and another meet.
    pub(super) fn join(&self, other: &Self) -> Self {
        let mut joined = *self;
        for (own, other) in joined.registers.iter_mut().zip(&other.registers) {
            *own = met(*own, *other);
        }
        if self.link != other.link {
            joined.link = Link::Kept;
        }
        joined
    }

    /// Executes the instruction at `pc`. After a call the state is that behind it.
    pub(super) fn step(&mut self, it: &Instruction, pc: Addr, code: &mut impl Code) -> Next {
        let there = |offset: i64| Addr(pc.0.wrapping_add_signed(offset));
        match it.flow() {
            Flow::Jump(Target::Offset(offset)) => Next::Jump(there(offset)),
            Flow::Jump(Target::Register(register)) => self.away(register, pc, code),
            Flow::Branch(offset) => Next::Branch(there(offset)),
            Flow::Call(target) => {
                let target = match target {
                    Target::Offset(offset) => Some(there(offset)),
                    Target::Register(register) => self.number(register).map(Addr),
                };
                self.called(it);
                Next::Call(target)
            }
            Flow::Return(register) if self.leaves(register) => Next::Leave,
            Flow::Return(_) | Flow::Unknown => Next::Back,
            Flow::Trap => Next::End,
            Flow::On if it.is_system_call() => self.system_call(),
            Flow::On => {
                self.compute(it, pc, code);
                Next::On
            }
        }
    }

    /// A call: the callee may change every register but SP. A return address still in x30 is lost.
    fn called(&mut self, call: &Instruction) {
        debug_assert!(!call.writes().contains(SP), "no call changes SP");
        let sp = self.get(SP);
        self.registers = [Value::Any; 32];
        self.set(SP, sp);
        if self.link == Link::Held {
            self.link = Link::Lost;
        }
    }

    fn away(&self, register: Register, pc: Addr, code: &mut impl Code) -> Next {
        let known = self.number(register).or_else(|| {
            let slot = stub::slot_of_branch(code, pc)?;
            code.present(slot)
        });
        match known {
            Some(target) => Next::Jump(Addr(target)),
            None if self.leaves(register) => Next::Leave,
            None => Next::Back,
        }
    }

    fn system_call(&mut self) -> Next {
        match self.number(NUMBER) {
            Some(number) if ENDS.contains(&number) => Next::End,
            // It may return through this very frame.
            Some(SIGRETURN) => Next::Back,
            _ => {
                self.set(0, Value::Any);
                Next::On
            }
        }
    }

    /// Whether a return or jump goes where memory says, on a stack that memory says, and nothing is left that could
    /// lead back to the caller: a switch to another context that can be undone keeps its own.
    fn leaves(&self, register: Register) -> bool {
        self.link == Link::Lost
            && [self.get(SP), self.get(register)] == [Value::Loaded, Value::Loaded]
    }

    fn number(&self, register: Register) -> Option<u64> {
        match self.get(register) {
            Value::Number(number) => Some(number),
            _ => None,
        }
    }

    fn get(&self, register: Register) -> Value {
        let known = self.registers.get(usize::from(register));
        known.copied().unwrap_or(Value::Any)
    }

    fn set(&mut self, register: Register, value: Value) {
        if let Some(slot) = self.registers.get_mut(usize::from(register)) {
            *slot = value;
        }
    }

    fn compute(&mut self, it: &Instruction, pc: Addr, code: &impl Code) {
        let before = *self;
        let writes = it.writes();
        // Signed or not, it is the same return address.
        let in_place = matches!(
            it.hint(),
            Some(Hint::SignLink | Hint::CheckLink | Hint::StripLink)
        );
        // A copy of the return address in another register is lost with x30; any other use of it may keep it.
        let held = self.link == Link::Held && !in_place;
        if held && it.reads().contains(LR) && !is_copy(it, pc) {
            self.link = Link::Kept;
        }
        if held && self.link == Link::Held && writes.contains(LR) {
            self.link = Link::Lost;
        }
        for register in writes.iter() {
            self.set(
                register,
                before.result(it.write(pc.0, register), register, code),
            );
        }
    }

    /// What a register gets.
    fn result(&self, write: Write, to: Register, code: &impl Code) -> Value {
        match write {
            Write::Kept => self.get(to),
            Write::Value(number) => Value::Number(number),
            Write::Sum { from, by, keep } => match self.get(from) {
                Value::Number(number) => Value::Number(number.wrapping_add(by) & keep),
                value if keep == u64::MAX => value,
                _ => Value::Any,
            },
            // What unwinders of exceptions add leads to another function's stack.
            Write::Plus {
                from: SP,
                register,
                less,
            } if to == SP && (less || self.number(register).is_some()) => self.get(SP),
            Write::Bits { from, keep, or } => match self.get(from) {
                Value::Number(number) => Value::Number(number & keep | or),
                // AND with a number aligns.
                Value::Stack if or == 0 => Value::Stack,
                _ => Value::Any,
            },
            // Pointers in jump buffers are mixed with a guard.
            Write::Mixed(one, other) => match (self.get(one), self.get(other)) {
                (Value::Loaded, Value::Loaded | Value::Number(_))
                | (Value::Number(_), Value::Loaded) => Value::Loaded,
                _ => Value::Any,
            },
            Write::Extended(from) => match self.number(from) {
                Some(number) => Value::Number(extended(number)),
                None => Value::Any,
            },
            Write::Either(one, other) => {
                let [one, other] = [one, other].map(|one| self.one(one));
                met(one, other)
            }
            Write::Load {
                base,
                offset,
                len: 8,
            } => match self.get(base) {
                Value::Number(base) => code
                    .constant(Addr(base.wrapping_add_signed(offset)))
                    .map_or(Value::Loaded, Value::Number),
                Value::Stack => Value::Any,
                Value::Any | Value::Loaded => Value::Loaded,
            },
            Write::Plus { .. } | Write::Load { .. } | Write::Loaded | Write::Lost => Value::Any,
        }
    }

    fn one(&self, one: One) -> Value {
        match one {
            One::Value(number) => Value::Number(number),
            One::Sum { from, by, keep } => match self.get(from) {
                Value::Number(number) => Value::Number(number.wrapping_add(by) & keep),
                value if keep == u64::MAX && by == 0 => value,
                _ => Value::Any,
            },
            One::Lost => Value::Any,
        }
    }
}

fn met(one: Value, other: Value) -> Value {
    if one == other { one } else { Value::Any }
}

/// The low half of a register with its sign.
fn extended(number: u64) -> u64 {
    let low = u32::try_from(number & LOW).unwrap_or_default();
    i64::from(low.cast_signed()).cast_unsigned()
}

/// Whether all that an instruction does with x30 is to copy it to another register.
fn is_copy(it: &Instruction, pc: Addr) -> bool {
    let copy = matches!(
        it.sets(pc.0),
        Some((
            _,
            Write::Sum {
                from: LR,
                by: 0,
                ..
            }
        ))
    );
    // A store may move its base by nothing, and store it.
    copy && it.stored() == Stored::Nothing
}
