//! What one instruction does to the values that decide where code goes: numbers put into registers, where SP comes from,
//! and what becomes of the return address.
//!
//! Encodings are those of the Arm Architecture Reference Manual (DDI 0487). Whatever is not known by its encoding is
//! taken to change every register.

use crate::elf::code::{self, Change, Flow, INSTRUCTION};
use crate::units::Addr;

use super::stub;
use super::text::Text;

/// Number of SP where a field means it, and of XZR where not.
const SP: u32 = 31;
/// Number of the link register.
const LR: u32 = 30;
/// Number of the frame pointer.
const FP: u32 = 29;

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
    x: [Value; 31],
    sp: Value,
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

/// Numbers of system calls that do not come back: `exit`, `exit_group`.
const ENDS: [u64; 2] = [93, 94];
/// `rt_sigreturn`.
const SIGRETURN: u64 = 139;

/// Instructions by what they write and read: mask, value, and the first bits of the fields that name a register
/// written or read. The first row that fits counts; what fits none counts as [`EVERY`].
const CLASSES: [(u32, u32, &[u32], &[u32]); 20] = [
    // Pairs: loads, stores, vectors.
    (0x3e40_0000, 0x2840_0000, &[0, 10], &[5]),
    (0x3e40_0000, 0x2800_0000, &[], &[0, 5, 10]),
    (0x3e00_0000, 0x2c00_0000, &[], &[5]),
    // One register, a number as the offset: stores, loads, vectors.
    (0x3fc0_0000, 0x3900_0000, &[], &[0, 5]),
    (0x3f00_0000, 0x3900_0000, &[0], &[5]),
    (0x3f00_0000, 0x3d00_0000, &[], &[5]),
    // Relative to PC.
    (0x3f00_0000, 0x1800_0000, &[0], &[]),
    (0x3f00_0000, 0x1c00_0000, &[], &[]),
    // One register, other offsets: stores, eight loads at once, loads and atomic operations, vectors.
    (0x3fe0_0000, 0x3800_0000, &[], &[0, 5]),
    (0x3fe0_0c00, 0x3820_0800, &[], &[0, 5, 16]),
    (0xffff_fc00, 0xf83f_d000, &[], EVERY),
    (0x3f00_0000, 0x3800_0000, &[0, 16], &[0, 5, 16]),
    (0x3f00_0000, 0x3c00_0000, &[], &[5, 16]),
    // Arithmetic with numbers, with registers, with vectors.
    (0x1c00_0000, 0x1000_0000, &[0], &[5]),
    (0x0e00_0000, 0x0a00_0000, &[0], &[5, 10, 16]),
    (0x0e00_0000, 0x0e00_0000, &[0], &[5]),
    // System registers and hints, written and read.
    (0xffe0_0000, 0xd500_0000, &[], &[0]),
    (0xffe0_0000, 0xd520_0000, &[0], &[]),
    (0xffc0_0000, 0xd540_0000, &[], EVERY),
    // Exceptions.
    (0x1c00_0000, 0x1400_0000, &[], &[]),
];

/// Of instructions that may read and write any register.
const EVERY: &[u32] = &[0, 5, 10, 16];

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
        Self {
            x: [Value::Any; 31],
            sp: Value::Stack,
            link: Link::Kept,
        }
    }

    /// What is known where this way and another meet.
    pub(super) fn join(&self, other: &Self) -> Self {
        let mut joined = *self;
        for (own, other) in joined.x.iter_mut().zip(&other.x) {
            *own = met(*own, *other);
        }
        joined.sp = met(self.sp, other.sp);
        if self.link != other.link {
            joined.link = Link::Kept;
        }
        joined
    }

    /// Executes the instruction `word` at `pc`. After a call the state is that behind it.
    pub(super) fn step(&mut self, word: u32, pc: Addr, text: &mut Text<'_>) -> Next {
        let there = |offset: i64| Addr(pc.0.wrapping_add_signed(offset));
        match code::effect(word).flow {
            Flow::Jump(offset) => Next::Jump(there(offset)),
            Flow::Branch(offset) => Next::Branch(there(offset)),
            Flow::Call => {
                let target = self.call_target(word, pc);
                self.called();
                Next::Call(target)
            }
            Flow::Return if self.leaves(word) => Next::Leave,
            Flow::Return => Next::Back,
            Flow::Away => self.away(word, pc, text),
            Flow::On if word & 0xffe0_001f == 0xd400_0001 => self.system_call(),
            // Branches of extensions that are not known here.
            Flow::On if word & 0x1c00_0000 == 0x1400_0000 && !is_system(word) => Next::Back,
            Flow::On => {
                self.compute(word, pc, text);
                Next::On
            }
        }
    }

    fn call_target(&self, word: u32, pc: Addr) -> Option<Addr> {
        if word & 0xfc00_0000 == 0x9400_0000 {
            let offset = i64::from(word.wrapping_shl(6).cast_signed().wrapping_shr(6));
            return Some(Addr(pc.0.wrapping_add_signed(offset.wrapping_mul(4))));
        }
        self.number(field(word, 5)).map(Addr)
    }

    /// A call: the callee may change every register but SP. A return address still in x30 is lost.
    fn called(&mut self) {
        self.x = [Value::Any; 31];
        if self.link == Link::Held {
            self.link = Link::Lost;
        }
    }

    /// An instruction that may write, and keep, anything.
    fn forget(&mut self) {
        self.x = [Value::Any; 31];
        if self.link == Link::Held {
            self.link = Link::Kept;
        }
    }

    fn away(&self, word: u32, pc: Addr, text: &mut Text<'_>) -> Next {
        if word & 0xffe0_001f == 0xd420_0000 || word & 0xffff_0000 == 0 {
            return Next::End; // BRK, UDF
        }
        let known = self.number(field(word, 5)).or_else(|| {
            let slot = stub_at(text, pc)?;
            text.present(slot)
        });
        match known {
            Some(target) => Next::Jump(Addr(target)),
            None if self.leaves(word) => Next::Leave,
            None => Next::Back,
        }
    }

    fn system_call(&mut self) -> Next {
        match self.number(8) {
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
    fn leaves(&self, word: u32) -> bool {
        self.link == Link::Lost
            && [self.sp, self.get(field(word, 5))] == [Value::Loaded, Value::Loaded]
    }

    fn number(&self, register: u32) -> Option<u64> {
        match self.get(register) {
            Value::Number(number) => Some(number),
            _ => None,
        }
    }

    fn get(&self, register: u32) -> Value {
        let index = usize::try_from(register).unwrap_or(usize::MAX);
        self.x.get(index).copied().unwrap_or(Value::Number(0))
    }

    /// The register or, for 31, SP.
    fn base(&self, register: u32) -> Value {
        if register == SP {
            self.sp
        } else {
            self.get(register)
        }
    }

    fn set(&mut self, register: u32, value: Value) {
        let index = usize::try_from(register).unwrap_or(usize::MAX);
        if let Some(slot) = self.x.get_mut(index) {
            *slot = value;
        }
        if register == LR && self.link == Link::Held {
            self.link = Link::Lost;
        }
    }

    fn compute(&mut self, word: u32, pc: Addr, text: &mut Text<'_>) {
        let row = CLASSES
            .iter()
            .find(|(mask, value, ..)| word & mask == *value);
        let (written, read) = row.map_or((&[][..], EVERY), |(.., written, read)| (*written, *read));
        let reads = |shift: &u32| field(word, *shift) == LR;
        if self.link == Link::Held && !is_move(word) && read.iter().any(reads) {
            self.link = Link::Kept;
        }
        let sp = self.stack_pointer(word);
        let values = self.results(word, pc, text);
        if read == EVERY {
            self.forget();
        }
        // A base that is moved is no known number any more.
        if moves_base(word) && self.number(field(word, 5)).is_some() {
            self.set(field(word, 5), Value::Any);
        }
        for (shift, value) in written.iter().zip(values) {
            self.set(field(word, *shift), value);
        }
        self.sp = sp;
    }

    /// What the first and the second register get that an instruction writes.
    fn results(&self, word: u32, pc: Addr, text: &Text<'_>) -> [Value; 2] {
        let low = u64::from((word >> 5) & 0xffff);
        let shift = ((word >> 21) & 3).wrapping_mul(16);
        let part = low.wrapping_shl(shift);
        let first = match word {
            // MOVZ, MOVK
            _ if word & 0x7f80_0000 == 0x5280_0000 => Value::Number(part),
            _ if word & 0x7f80_0000 == 0x7280_0000 => match self.get(field(word, 0)) {
                Value::Number(old) => {
                    let new = old & !0xffff_u64.wrapping_shl(shift) | part;
                    Value::Number(narrowed(new, word))
                }
                _ => Value::Any,
            },
            _ if is_move(word) => match self.get(field(word, 16)) {
                Value::Number(number) => Value::Number(narrowed(number, word)),
                value if word >> 31 == 1 => value,
                _ => Value::Any,
            },
            // EOR: pointers in jump buffers are mixed with a guard.
            _ if word & 0xff20_0000 == 0xca00_0000 => {
                match (self.get(field(word, 5)), self.get(field(word, 16))) {
                    (Value::Loaded, Value::Loaded | Value::Number(_))
                    | (Value::Number(_), Value::Loaded) => Value::Loaded,
                    _ => Value::Any,
                }
            }
            // ADR, ADRP
            _ if word & 0x9f00_0000 == 0x1000_0000 => {
                Value::Number(pc.0.wrapping_add_signed(stub::number(word)))
            }
            _ if word & 0x9f00_0000 == 0x9000_0000 => Value::Number(stub::page_of(word, pc).0),
            _ if addition(word).is_some() => self.sum(word),
            // LDR of 64 bits
            _ if word & 0xffc0_0000 == 0xf940_0000 => {
                let offset = u64::from((word >> 10) & 0xfff).wrapping_mul(8);
                match self.base(field(word, 5)) {
                    Value::Number(base) => text
                        .constant(Addr(base.wrapping_add(offset)))
                        .map_or(Value::Loaded, Value::Number),
                    base => loaded_by(base),
                }
            }
            // LDP of 64 bits
            _ if word & 0xfe40_0000 == 0xa840_0000 => loaded_by(self.base(field(word, 5))),
            _ => Value::Any,
        };
        let pair = word & 0xfe40_0000 == 0xa840_0000;
        [first, if pair { first } else { Value::Any }]
    }

    /// The result of `ADD` or `SUB` with a number.
    fn sum(&self, word: u32) -> Value {
        match (self.base(field(word, 5)), addition(word)) {
            (Value::Number(number), Some(by)) => Value::Number(number.wrapping_add_signed(by)),
            (value, _) => value,
        }
    }

    fn stack_pointer(&self, word: u32) -> Value {
        match code::effect(word).sp {
            Change::Kept | Change::By(_) => self.sp,
            Change::ByRegister { register, less } => {
                // What unwinders of exceptions add leads to another function's stack.
                if less || self.number(register).is_some() {
                    self.sp
                } else {
                    Value::Any
                }
            }
            Change::FromOther(_) => self.get(FP),
            Change::Unknown if addition(word).is_some() => self.sum(word),
            // AND with a number aligns.
            Change::Unknown if word & 0xff80_0000 == 0x9200_0000 => {
                match self.get(field(word, 5)) {
                    Value::Stack => Value::Stack,
                    _ => Value::Any,
                }
            }
            Change::Loaded | Change::Unknown => Value::Any,
        }
    }
}

fn met(one: Value, other: Value) -> Value {
    if one == other { one } else { Value::Any }
}

fn loaded_by(base: Value) -> Value {
    match base {
        Value::Stack => Value::Any,
        Value::Any | Value::Loaded | Value::Number(_) => Value::Loaded,
    }
}

/// `MOV` from one register to another: `ORR` with XZR.
fn is_move(word: u32) -> bool {
    word & 0x7fe0_ffe0 == 0x2a00_03e0
}

/// What `ADD` or `SUB` of 64 bits adds, if it is one with a number.
fn addition(word: u32) -> Option<i64> {
    let number = i64::from((word >> 10) & 0xfff);
    let number = if word & (1 << 22) == 0 {
        number
    } else {
        number.wrapping_shl(12)
    };
    match word & 0xff80_0000 {
        0x9100_0000 => Some(number),
        0xd100_0000 => Some(number.wrapping_neg()),
        _ => None,
    }
}

/// Of a 32-bit operation the upper half is 0.
fn narrowed(number: u64, word: u32) -> u64 {
    if word >> 31 == 1 {
        number
    } else {
        number & 0xffff_ffff
    }
}

/// Whether a load or store writes its base register back: of one register, of a pair, with authentication.
fn moves_base(word: u32) -> bool {
    word & 0x3b20_0400 == 0x3800_0400
        || word & 0x3a80_0000 == 0x2880_0000
        || word & 0xff20_0400 == 0xf820_0400
}

/// Hints, barriers, system registers, exceptions.
fn is_system(word: u32) -> bool {
    word & 0xff00_0000 == 0xd500_0000 || word & 0xff00_0000 == 0xd400_0000
}

/// The slot of the stub whose branch is at `pc`.
fn stub_at(text: &mut Text<'_>, pc: Addr) -> Option<Addr> {
    let start = pc.checked_sub(stub::TO_BRANCH)?;
    let mut words = [0; stub::WORDS];
    let mut at = start;
    for word in &mut words {
        *word = text.word(at)?;
        at = at.checked_add(INSTRUCTION)?;
    }
    stub::slot(words, start)
}

/// A register's number, from bit `shift` on.
fn field(word: u32, shift: u32) -> u32 {
    word.wrapping_shr(shift) & 0x1f
}
