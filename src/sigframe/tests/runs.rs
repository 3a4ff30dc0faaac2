//! Programs that run: functions with and without frame pointers, tables of every instruction or right at calls only,
//! signals anywhere, handlers left by returning and by jumps, contexts that wait on memory of their own or inside of a
//! function's local variables. Wherever they are stopped, what they will return through is not stale where tables lead
//! to an end, and unwinding does not lead through what they will not return through.

use std::collections::BTreeMap;

use super::build::{ARENA, ARENA_END, Plan, RETURN, STACK, STACK_END};
use super::fake::{Fake, objects};
use crate::elf::tests::build::{self, CODE, Function, LINKED};
use crate::sigframe::cfi::Code;
use crate::sigframe::model::{Liveness, Sign};
use crate::sigframe::search::{Scope, find};
use crate::sigframe::unwind::ThreadView;
use crate::units::{Addr, AddrRange, Tid};

/// SP where the process began.
const BEGAN: u64 = STACK_END - 0x100;
/// The alternate signal stack, and where the stacks of contexts begin.
const ALTSTACK: (u64, u64) = (ARENA, ARENA + 0x8000);
/// Bytes of a stack in the arena.
const OWN: u64 = 0x8000;
/// Bytes of a wide function's part of the stack, and where its local variables begin.
const WIDE: u64 = 0x2000;
const LOCALS: u64 = 0x200;
/// A frame and its record.
const FRAME: u64 = 4688 + 16;
/// Bytes between functions.
const SPACE: u64 = 0x40;

/// Numbers from a seed (splitmix64).
struct Dice(u64);

impl Dice {
    fn throw(&mut self, sides: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ self.0 >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ mixed >> 31) % sides
    }
}

#[derive(Clone, Copy, PartialEq)]
enum Op {
    Down(u64),
    Up(u64),
    /// x30, or x29 and x30, at this offset from SP.
    Save(u64, bool),
    Load(u64, bool),
    /// x29 = SP and an offset.
    Base(u64),
    Nop,
    Call,
    Return,
}

impl Op {
    fn word(self) -> u32 {
        let scaled = |offset: u64| offset as u32 / 8;
        match self {
            Self::Down(WIDE) => 0xd140_0bff,
            Self::Up(WIDE) => 0x9140_0bff,
            Self::Down(bytes) => 0xd100_03ff | (bytes as u32) << 10,
            Self::Up(bytes) => 0x9100_03ff | (bytes as u32) << 10,
            Self::Save(offset, false) => 0xf900_03fe | scaled(offset) << 10,
            Self::Load(offset, false) => 0xf940_03fe | scaled(offset) << 10,
            Self::Save(offset, true) => 0xa900_7bfd | scaled(offset) << 15,
            Self::Load(offset, true) => 0xa940_7bfd | scaled(offset) << 15,
            Self::Base(offset) => 0x9100_03fd | (offset as u32) << 10,
            Self::Nop => 0xd503_201f,
            Self::Call => 0x9400_0000,
            Self::Return => 0xd65f_03c0,
        }
    }
}

/// A function: its code, its table, bytes of its stack.
struct Made {
    ops: Vec<Op>,
    program: Vec<u8>,
    size: u64,
}

fn uleb(mut value: u64) -> Vec<u8> {
    let mut bytes = Vec::new();
    while value > 0x7f {
        bytes.push(value as u8 | 0x80);
        value >>= 7;
    }
    bytes.push(value as u8);
    bytes
}

fn make(dice: &mut Dice, wide: bool) -> Made {
    let size = if wide { WIDE } else { 16 * (1 + dice.throw(5)) };
    let based = dice.throw(2) == 0;
    let slot = 16 * dice.throw(size.min(96) / 16);
    let exact = dice.throw(3) != 0;
    let cfa = |size: u64| [vec![0x0e], uleb(size)].concat();
    let saved = |reg: u8, at: u64| [vec![0x80 | reg], uleb((size - at) / 8)].concat();
    let link = if based { slot + 8 } else { slot };
    let fp = if based { saved(29, slot) } else { vec![] };
    let set = [vec![0x0c, 29], uleb(size - slot)].concat();
    let back = [vec![0x0c, 31], uleb(size)].concat();
    let mut ops = vec![Op::Down(size), Op::Save(slot, based)];
    ops.extend(based.then_some(Op::Base(slot)));
    let before = ops.len() as u8;
    ops.extend([Op::Nop, Op::Call, Op::Nop, Op::Call, Op::Nop]);
    ops.extend([Op::Load(slot, based), Op::Up(size), Op::Return]);
    let parts = if exact {
        let restored = if based { vec![0xde, 0xdd] } else { vec![0xde] };
        let mut parts = vec![vec![0x41], cfa(size), vec![0x41], saved(30, link), fp];
        parts.extend(based.then(|| [vec![0x41], set].concat()));
        parts.push(vec![0x46]);
        parts.extend(based.then_some(back));
        parts.extend([restored, vec![0x41], cfa(0)]);
        parts
    } else {
        let at_once = if based { set } else { cfa(size) };
        vec![vec![0x40 | before], at_once, saved(30, link), fp]
    };
    Made {
        ops,
        program: parts.concat(),
        size,
    }
}

/// The first function of a stack: it has no caller, and its calls come back.
fn first() -> Made {
    let mut ops = vec![Op::Call; 8];
    ops.resize(15, Op::Nop);
    Made {
        ops,
        program: vec![0x07, 30],
        size: 0,
    }
}

fn file(made: &[Made]) -> Vec<u8> {
    let functions: Vec<Function<'_>> = (0..)
        .zip(made)
        .map(|(index, made)| Function {
            at: SPACE * index,
            len: 4 * made.ops.len() as u64,
            program: &made.program,
        })
        .collect();
    let mut bytes = build::file(&functions, &build::Plan::default());
    for (function, made) in functions.iter().zip(made) {
        for (index, op) in made.ops.iter().enumerate() {
            let at = (CODE + function.at) as usize + 4 * index;
            bytes[at..at + 4].copy_from_slice(&op.word().to_le_bytes());
        }
    }
    bytes
}

#[derive(Clone, Copy)]
struct Registers {
    sp: u64,
    fp: u64,
    lr: u64,
    pc: u64,
}

/// What a context will return through, outermost first.
#[derive(Clone, Copy)]
enum Entered {
    /// A function, at this SP when it was entered.
    Function(u64),
    Handler(u64, Registers),
}

/// A stack in use and where it is. `inside` is the SP at the entry of the function whose local variables it is in.
struct Context {
    registers: Registers,
    entered: Vec<Entered>,
    lowest: u64,
    inside: Option<u64>,
    jump: Option<(Registers, usize)>,
}

struct Machine {
    made: Vec<Made>,
    memory: Fake,
    contexts: Vec<Context>,
    /// The one that runs.
    now: usize,
    altstack: bool,
    /// Frames that were laid.
    frames: Vec<u64>,
    arena: u64,
}

impl Machine {
    fn new(dice: &mut Dice) -> Self {
        let mut made = vec![first()];
        made.extend((0..6).map(|index| make(dice, index == 0)));
        let mut memory = Fake::default();
        memory.map_file(LINKED, LINKED + 0x4000, "rx", 7);
        memory.map(ARENA, ARENA_END, "rw");
        memory.map(STACK, STACK_END, "rws");
        memory.map(RETURN & !4095, (RETURN & !4095) + 4096, "rx");
        let mut machine = Self {
            made,
            memory,
            contexts: Vec::new(),
            now: 0,
            altstack: dice.throw(2) == 0,
            frames: Vec::new(),
            arena: ALTSTACK.1,
        };
        machine.begin(BEGAN, STACK + 0x8000, None);
        machine
    }

    fn begin(&mut self, sp: u64, lowest: u64, inside: Option<u64>) {
        self.contexts.push(Context {
            registers: Registers {
                sp,
                fp: 0,
                lr: 0x30,
                pc: LINKED + CODE,
            },
            entered: Vec::new(),
            lowest,
            inside,
            jump: None,
        });
    }

    fn place(&self, pc: u64) -> (usize, usize) {
        let offset = pc - LINKED - CODE;
        ((offset / SPACE) as usize, (offset % SPACE) as usize / 4)
    }

    fn op(&self) -> Op {
        let (function, index) = self.place(self.contexts[self.now].registers.pc);
        self.made[function].ops[index]
    }

    /// Whether so many bytes are left on the stack in use.
    fn room(&self, bytes: u64) -> bool {
        let context = &self.contexts[self.now];
        let sp = context.registers.sp;
        let on_alt = (ALTSTACK.0..=ALTSTACK.1).contains(&sp);
        let lowest = if on_alt { ALTSTACK.0 } else { context.lowest };
        sp - lowest > bytes + 0x100
    }

    fn step(&mut self, dice: &mut Dice) {
        let op = self.op();
        let room = self.room(WIDE);
        let narrow = self.room(0x100);
        let context = &mut self.contexts[self.now];
        let was = context.registers;
        let registers = &mut context.registers;
        registers.pc += 4;
        match op {
            Op::Down(bytes) => registers.sp -= bytes,
            Op::Up(bytes) => registers.sp += bytes,
            Op::Save(at, false) => self.memory.words(was.sp + at, &[was.lr]),
            Op::Save(at, true) => self.memory.words(was.sp + at, &[was.fp, was.lr]),
            Op::Load(at, both) => {
                let word = |at| crate::memory::Memory::read_u64(&self.memory, Addr(at)).unwrap();
                registers.lr = word(was.sp + at + if both { 8 } else { 0 });
                if both {
                    registers.fp = word(was.sp + at);
                }
            }
            Op::Base(at) => registers.fp = was.sp + at,
            Op::Nop => {}
            Op::Call => {
                registers.lr = was.pc + 4;
                let function = dice.throw(self.made.len() as u64);
                let size = self.made[function as usize].size;
                if function != 0 && narrow && (room || size < WIDE) {
                    registers.pc = LINKED + CODE + SPACE * function;
                    context.entered.push(Entered::Function(was.sp));
                }
            }
            Op::Return => {
                match context.entered.pop() {
                    Some(Entered::Handler(_, interrupted)) => *registers = interrupted,
                    _ => registers.pc = was.lr,
                }
                self.forget();
            }
        }
        // The first function waits at its end.
        if self.place(self.contexts[self.now].registers.pc) == (0, 14) {
            self.contexts[self.now].registers.pc = LINKED + CODE;
        }
    }

    /// Ends the contexts on the local variables of functions that are no more.
    fn forget(&mut self) {
        loop {
            let there = |at: u64| {
                let all = self.contexts.iter().flat_map(|context| &context.entered);
                all.into_iter()
                    .any(|entered| matches!(entered, Entered::Function(sp) if *sp == at))
            };
            let lost = self
                .contexts
                .iter()
                .position(|context| context.inside.is_some_and(|inside| !there(inside)));
            let Some(lost) = lost.filter(|lost| *lost != self.now) else {
                return;
            };
            self.contexts.remove(lost);
            self.now -= usize::from(self.now > lost);
        }
    }

    fn signal(&mut self, dice: &mut Dice) {
        let on_alt = |sp: u64| (ALTSTACK.0..=ALTSTACK.1).contains(&sp);
        let sp = self.contexts[self.now].registers.sp;
        // Only one context at a time can be on the alternate stack.
        let alone = self.contexts.iter().all(|context| {
            let interrupted = context
                .entered
                .iter()
                .any(|entered| matches!(entered, Entered::Handler(base, _) if on_alt(*base)));
            !interrupted && !on_alt(context.registers.sp)
        });
        let switch = self.altstack && !on_alt(sp) && alone && dice.throw(2) == 0;
        if !switch && !self.room(FRAME) || on_alt(sp) && !switch && !self.room(2 * FRAME) {
            return;
        }
        let context = &mut self.contexts[self.now];
        let interrupted = context.registers;
        let top = if switch { ALTSTACK.1 } else { sp };
        let base = (top - FRAME) & !15;
        let mut plan = Plan::new(base, interrupted.fp);
        (plan.x30, plan.sp) = (interrupted.lr, interrupted.sp);
        plan.lay(&mut self.memory);
        self.memory.words(base + 0x238, &[interrupted.pc]);
        // Not a wide one: the alternate stack is small.
        let handler = 2 + dice.throw(self.made.len() as u64 - 2);
        context.entered.push(Entered::Handler(base, interrupted));
        context.registers = Registers {
            sp: base,
            fp: base + 4688,
            lr: RETURN,
            pc: LINKED + CODE + SPACE * handler,
        };
        self.frames.push(base);
    }

    /// Leaves everything entered since a point that was kept, or keeps this one.
    fn jump(&mut self, dice: &mut Dice) {
        let context = &mut self.contexts[self.now];
        match context.jump {
            Some((registers, depth)) if context.entered.len() > depth && dice.throw(2) == 0 => {
                context.registers = registers;
                context.entered.truncate(depth);
                context.jump = None;
                self.forget();
            }
            _ => context.jump = Some((context.registers, context.entered.len())),
        }
    }

    /// Goes on in another context, a new one or one that waits.
    fn switch(&mut self, dice: &mut Dice) {
        let registers = self.contexts[self.now].registers;
        if dice.throw(3) == 0 && self.contexts.len() < 4 {
            let wide = self.contexts[self.now].entered.last().copied();
            let (function, _) = self.place(registers.pc);
            match wide {
                Some(Entered::Function(entry))
                    if self.made[function].size == WIDE
                        && self
                            .contexts
                            .iter()
                            .all(|other| other.inside != Some(entry)) =>
                {
                    self.begin(entry - 16, registers.sp + LOCALS, Some(entry));
                }
                _ if self.arena + 2 * OWN <= ARENA_END => {
                    self.arena += OWN;
                    self.begin(self.arena - 0x100, self.arena - OWN, None);
                }
                _ => return,
            }
        }
        // The registers of what waits are in memory: a call to switch leaves what it returns to in x30.
        let Registers { sp, fp, pc, .. } = registers;
        self.memory
            .words(ARENA_END - 0x1000 + 0x40 * self.now as u64, &[sp, fp, pc]);
        self.now = dice.throw(self.contexts.len() as u64) as usize;
    }

    fn run(&mut self, dice: &mut Dice, steps: u64) {
        for _ in 0..steps {
            // A point that was kept in a function that has returned leads nowhere.
            let context = &mut self.contexts[self.now];
            let depth = context.entered.len();
            context.jump = context.jump.filter(|(_, kept)| *kept <= depth);
            let (function, index) = self.place(self.contexts[self.now].registers.pc);
            let in_body = self.op() == Op::Nop && function != 0 && index > 1;
            match dice.throw(40) {
                0 | 1 => self.signal(dice),
                2 | 3 if in_body => self.jump(dice),
                4 | 5 if in_body => self.switch(dice),
                _ => self.step(dice),
            }
        }
    }

    /// Whether each frame that was laid will be returned through.
    fn truth(&self) -> BTreeMap<Addr, bool> {
        let mut truth: BTreeMap<Addr, bool> = self
            .frames
            .iter()
            .map(|base| (Addr(*base), false))
            .collect();
        for entered in self.contexts.iter().flat_map(|context| &context.entered) {
            if let Entered::Handler(base, _) = entered {
                truth.insert(Addr(*base), true);
            }
        }
        truth
    }

    fn thread(&self) -> ThreadView {
        let Registers { sp, fp, lr, pc } = self.contexts[self.now].registers;
        let mut x = [0x55; 31];
        (x[29], x[30]) = (fp, lr);
        ThreadView {
            tid: Tid(1),
            x,
            sp: Addr(sp),
            pc: Addr(pc),
            tls: Addr(0),
            blocked: 0,
            altstack: self
                .altstack
                .then(|| AddrRange::new(Addr(ALTSTACK.0), Addr(ALTSTACK.1))),
        }
    }
}

#[test]
fn nothing_that_will_be_returned_through_is_stale() {
    let mut counts: BTreeMap<(bool, Liveness), usize> = BTreeMap::new();
    for seed in 0..1500 {
        let mut dice = Dice(seed);
        let mut machine = Machine::new(&mut dice);
        let steps = 20 + dice.throw(600);
        machine.run(&mut dice, steps);
        let file = file(&machine.made);
        let objects = objects(&file);
        let code = Code {
            objects: &objects,
            start: Some(Addr(BEGAN)),
        };
        let found = find(
            &machine.memory,
            &[machine.thread()],
            &[Addr(RETURN)],
            Scope::Deep,
            code,
        );
        let truth = machine.truth();
        for (base, _) in truth.iter().filter(|(_, live)| **live) {
            // Two contexts that came to be on the alternate stack overwrite each other.
            let laid = machine.frames.iter().rposition(|laid| *laid == base.0);
            let later = &machine.frames[laid.unwrap() + 1..];
            if later.iter().any(|other| other.abs_diff(base.0) < FRAME) {
                continue;
            }
            let there = found.frames.iter().any(|frame| frame.base == *base);
            assert!(
                there,
                "seed {seed}: {base:?} will be returned through and was not found"
            );
        }
        for frame in &found.frames {
            let Some(live) = truth.get(&frame.base) else {
                continue;
            };
            // Where tables do not lead to an end other signs decide; a frame on nobody's stack is never taken for stale
            // while it is in use.
            let held = found.unwound[0].complete() || frame.signs.contains(&Sign::NoStack);
            let wrong = match *live {
                true if held => Liveness::Stale,
                false if frame.signs.contains(&Sign::Unwound) => Liveness::Live,
                _ => continue,
            };
            assert_ne!(
                frame.liveness,
                wrong,
                "seed {seed}: {:?} {:?} {:?}, chain {:?}, unwound {:?}",
                frame.base,
                frame.signs,
                machine.thread(),
                found.chains[0].end,
                found.unwound[0].end
            );
            *counts.entry((*live, frame.liveness)).or_default() += 1;
        }
    }
    let live = counts.get(&(true, Liveness::Live)).copied();
    assert!(live > Some(500), "{counts:?}");
}

/// Without tables a thread's chain must do. Code that keeps no records leaves it open whose stack a thread is on
/// (docs/limits.md); what is known of that is held here.
#[test]
fn without_tables_little_that_will_be_returned_through_is_stale() {
    let (mut live, mut wrong, mut broken) = (0, 0, 0);
    for seed in 0..1500 {
        let mut dice = Dice(seed);
        let mut machine = Machine::new(&mut dice);
        let steps = 20 + dice.throw(600);
        machine.run(&mut dice, steps);
        let code = Code {
            start: Some(Addr(BEGAN)),
            ..Code::NONE
        };
        let threads = [machine.thread()];
        let found = find(
            &machine.memory,
            &threads,
            &[Addr(RETURN)],
            Scope::Deep,
            code,
        );
        let truth = machine.truth();
        for frame in &found.frames {
            if truth.get(&frame.base) == Some(&true) {
                live += 1;
                let stale = frame.liveness == Liveness::Stale;
                wrong += usize::from(stale && found.chains[0].complete);
                broken += usize::from(stale && !found.chains[0].complete);
            }
        }
    }
    println!(
        "{live} live, taken for stale: {wrong} with a whole chain, {broken} with a broken one"
    );
    assert!(
        live > 1000 && wrong <= 4 && broken <= 44,
        "{live} {wrong} {broken}"
    );
}
