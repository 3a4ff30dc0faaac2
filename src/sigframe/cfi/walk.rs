//! Following a thread by unwind tables.

use std::collections::HashSet;

use super::module::Modules;
use super::registers::{Back, Failure, Registers};
use crate::a64::{BYTES as INSTRUCTION, Instruction};
use crate::memory::Memory;
use crate::memory::files::WithFiles;
use crate::object::Objects;
use crate::sigframe::candidates::Frames;
use crate::sigframe::model::{Frame, Sign};
use crate::sigframe::scan::Trampolines;
use crate::sigframe::unwind::{Dangling, Proof, ThreadView, strip};
use crate::units::{Addr, AddrRange, Tid};

/// Functions followed per thread. Recursion deeper than that is not followed to its end.
const MAX_FUNCTIONS: usize = 1 << 16;
/// The same for all threads of a task together.
const MAX_TASK_FUNCTIONS: usize = 1 << 20;
/// Bytes of tables and code gone over for a task: some 100 for each place that is met for the first time, and where a
/// thread stands or was interrupted the whole function.
const MAX_TABLE_BYTES: usize = 1 << 26;
/// Functions followed from a context to see whose stack it ran on.
const MAX_KIN: usize = 1024;
/// Thread libraries keep a thread's own data right above its stack.
const TOP_OF_STACK: u64 = 64 * 1024;
/// Alignment of SP wherever it is used (`SCTLR_EL1.SA0`).
const STACK_ALIGN: u64 = 16;

/// What is known of the code that threads run, beside what their memory in the image says.
#[derive(Clone, Copy)]
pub struct Code<'o> {
    /// Mapped files.
    pub objects: &'o Objects<'o>,
    /// SP when the process began (`mm_start_stack`).
    pub start: Option<Addr>,
}

impl Code<'_> {
    /// Nothing.
    pub const NONE: Self = Self {
        objects: &Objects::none(),
        start: None,
    };
}

/// How far a thread was unwound.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unwound {
    /// The thread.
    pub tid: Tid,
    /// Why it ends.
    pub end: UnwindEnd,
    /// The instruction, or return address, it ends at.
    pub at: Addr,
    /// The return addresses in memory, innermost first.
    pub returns: Vec<ReturnWord>,
    /// Signal frames the thread will return through, innermost first.
    pub frames: Vec<Addr>,
    /// The functions that must return before each of these frames is returned through.
    pub handlers: Vec<Handling>,
    /// The stack of each function, innermost first: from its SP to what SP was when it was entered.
    pub stacks: Vec<AddrRange>,
    /// SP in the outermost function, when that was reached.
    pub outermost: Option<Addr>,
}

impl Unwound {
    /// Whether the thread was followed to a function that has no caller.
    #[must_use]
    pub fn complete(&self) -> bool {
        matches!(self.end, UnwindEnd::Start(_))
    }

    /// Whether that function was the first on the stack the thread was started on. A thread that runs on another
    /// stack (a coroutine) has more to return to.
    #[must_use]
    pub fn to_its_start(&self) -> bool {
        matches!(self.end, UnwindEnd::Start(Start::Process | Start::Thread))
    }
}

/// A word that holds a return address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReturnWord {
    /// Where it lies.
    pub at: Addr,
    /// The address as stored, perhaps signed.
    pub raw: u64,
    /// The address of code in it.
    pub code: Addr,
}

/// What runs in a handler.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Handling {
    /// The base of its frame.
    pub frame: Addr,
    /// The functions on its stack, innermost first; the last returns to the trampoline.
    pub functions: Vec<Active>,
}

/// A function that was entered and has not returned yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Active {
    /// Where it goes on.
    pub pc: Addr,
    /// Its first instruction, as its table says.
    pub start: Option<Addr>,
    /// Whether exceptions may go on in it; so is taken what has no table.
    pub catches: bool,
}

/// Why unwinding ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum UnwindEnd {
    /// At a function that has no caller.
    Start(Start),
    /// At code without a table: the file is not at hand, keeps none, or the code was made at run time.
    NoTable,
    /// Between calls, in a function whose code and table are not seen to agree.
    Disagrees,
    /// At a table that asks for what is not known, or makes no sense here.
    Unusable,
    /// The stack does not grow up from one function to its caller.
    NotAscending,
    /// A return address is no address of code behind a call.
    NotCalled,
    /// What a table points to is not in the image.
    Unreadable,
    /// A return to the trampoline behind which no signal frame could be read.
    NoFrame,
    /// A signal frame was met a second time.
    Loop,
    /// More functions, or larger tables, than are followed.
    TooLong,
}

/// What kind of stack a function without a caller is on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Start {
    /// The main stack, where the process began.
    Process,
    /// The stack of a thread, with its data (TPIDR_EL0) right above.
    Thread,
    /// Another one.
    Other,
}

/// The result of following one thread.
pub(in crate::sigframe) struct Followed {
    pub(in crate::sigframe) unwound: Unwound,
    pub(in crate::sigframe) proofs: Vec<Proof>,
    pub(in crate::sigframe) dangling: Option<Dangling>,
}

/// One function on the way.
#[derive(Clone, Copy)]
struct Context {
    registers: Registers,
    pc: Addr,
    /// Whether `pc` is the next instruction, as in a thread or in interrupted code, and not a return address.
    exact: bool,
}

impl Context {
    fn interrupted(x: &[u64; 31], sp: Addr, pc: Addr) -> Self {
        Self {
            registers: Registers::new(x, sp),
            pc,
            exact: true,
        }
    }

    /// An instruction of the function. A return address may lie behind its end, when that is a call that does not
    /// come back.
    fn instruction(&self) -> Option<Addr> {
        if self.exact {
            Some(self.pc)
        } else {
            self.pc.checked_sub(INSTRUCTION)
        }
    }
}

/// What one step leads to.
enum Step {
    /// There is no caller; SP in the function that has none.
    Start(Addr),
    /// The context is a signal trampoline: SP is the frame's base.
    Signal,
    /// The caller, and where the address to return to is kept.
    Caller(Context, Option<ReturnWord>),
}

/// Follows threads of one task.
pub(in crate::sigframe) struct Walker<'a, 'o> {
    memory: WithFiles<'a>,
    modules: Modules<'a, 'o>,
    trampolines: &'a Trampolines,
    start: Option<Addr>,
    left: usize,
}

impl<'a, 'o> Walker<'a, 'o> {
    pub(in crate::sigframe) fn new(
        memory: &'a dyn Memory,
        trampolines: &'a Trampolines,
        code: Code<'o>,
    ) -> Self
    where
        'o: 'a,
    {
        Self {
            memory: WithFiles::new(memory, code.objects),
            modules: Modules::new(memory, code.objects),
            trampolines,
            start: code.start,
            left: MAX_TASK_FUNCTIONS,
        }
    }

    /// Follows one thread.
    pub(in crate::sigframe) fn follow(
        &mut self,
        thread: &ThreadView,
        frames: &mut Frames<'_>,
    ) -> Followed {
        let mut context = Context::interrupted(&thread.x, thread.sp, thread.pc);
        let mut unwound = Unwound {
            tid: thread.tid,
            end: UnwindEnd::TooLong,
            at: thread.pc,
            returns: Vec::new(),
            frames: Vec::new(),
            handlers: Vec::new(),
            stacks: Vec::new(),
            outermost: None,
        };
        let mut proofs = Vec::new();
        let mut dangling = None;
        let mut visited = HashSet::new();
        let mut functions = Vec::new();
        for _ in 0..MAX_FUNCTIONS {
            unwound.at = context.pc;
            let sp = context.registers.sp;
            match self.step(&context) {
                Err(end) => {
                    unwound.end = end;
                    break;
                }
                Ok(Step::Start(outermost)) => {
                    if sp < outermost {
                        unwound.stacks.push(AddrRange::new(sp, outermost));
                    }
                    unwound.end = UnwindEnd::Start(self.kind_of_start(thread, outermost));
                    unwound.outermost = Some(outermost);
                    break;
                }
                Ok(Step::Signal) => {
                    let Some(frame) = frames.adopt_at(sp).then(|| frames.get(sp)).flatten() else {
                        unwound.end = UnwindEnd::NoFrame;
                        dangling = Some(Dangling {
                            tid: thread.tid,
                            addr: sp,
                        });
                        break;
                    };
                    if !visited.insert(sp) {
                        unwound.end = UnwindEnd::Loop;
                        break;
                    }
                    unwound.frames.push(sp);
                    unwound.handlers.push(Handling {
                        frame: sp,
                        functions: functions.drain(..).map(|it| self.active(&it)).collect(),
                    });
                    let mut signs = vec![Sign::Unwound];
                    signs.extend(context.exact.then_some(Sign::PcAtTrampoline));
                    proofs.push(Proof { base: sp, signs });
                    context = Context::interrupted(&frame.regs, Addr(frame.sp), Addr(frame.pc));
                }
                Ok(Step::Caller(caller, word)) => {
                    unwound.stacks.push(AddrRange::new(sp, caller.registers.sp));
                    unwound.returns.extend(word);
                    functions.push(context);
                    context = caller;
                }
            }
        }
        Followed {
            unwound,
            proofs,
            dangling,
        }
    }

    fn active(&mut self, context: &Context) -> Active {
        let function = context
            .instruction()
            .and_then(|pc| self.modules.function(pc));
        Active {
            pc: context.pc,
            start: function.map(|(start, _)| start),
            catches: function.is_none_or(|(_, catches)| catches),
        }
    }

    /// Whether unwinding from the code that `frame` interrupted leads up its stack to `limit`, to a function that has
    /// a caller beyond. (The first function on a stack that ends there has none.)
    pub(in crate::sigframe) fn leads_to(&mut self, frame: &Frame, limit: Addr) -> bool {
        let mut context = Context::interrupted(&frame.regs, Addr(frame.sp), Addr(frame.pc));
        for _ in 0..MAX_KIN {
            let beyond = context.registers.sp >= limit;
            match self.step(&context) {
                Ok(Step::Caller(..)) if beyond => return true,
                Ok(Step::Caller(caller, _)) => context = caller,
                _ => return false,
            }
        }
        false
    }

    /// Goes from one function to its caller.
    fn step(&mut self, context: &Context) -> Result<Step, UnwindEnd> {
        if self.left == 0 || self.modules.spent() > MAX_TABLE_BYTES {
            return Err(UnwindEnd::TooLong);
        }
        self.left = self.left.saturating_sub(1);
        let Context {
            registers,
            pc,
            exact,
        } = context;
        if self.at_trampoline(*pc, *exact) {
            return Ok(Step::Signal);
        }
        let instruction = context.instruction().ok_or(UnwindEnd::NoTable)?;
        let row = self.modules.row(instruction).ok_or(UnwindEnd::NoTable)?;
        if row.signal {
            return Ok(Step::Signal);
        }
        // At a call a table must be right for exceptions to work; anywhere else only the code shows that it is.
        if *exact && !self.modules.agree(instruction) {
            return Err(UnwindEnd::Disagrees);
        }
        let caller = registers
            .caller(&self.memory, &row)
            .map_err(|failure| match failure {
                Failure::Unusable => UnwindEnd::Unusable,
                Failure::Unreadable => UnwindEnd::Unreadable,
            })?;
        let Back::To { address: raw, slot } = caller.back else {
            return Ok(Step::Start(registers.sp));
        };
        let registers = caller.registers;
        self.ascends(context, registers.sp)?;
        // The kernel starts a process with 0 there. Elsewhere a 0 proves nothing: stacks are full of them.
        if raw == 0 && self.start == Some(registers.sp) {
            return Ok(Step::Start(registers.sp));
        }
        let code = if row.signed {
            strip(&self.memory, raw)
        } else {
            Addr(raw)
        };
        self.returnable(code)?;
        let word = slot.map(|at| ReturnWord { at, raw, code });
        let caller = Context {
            registers,
            pc: code,
            exact: false,
        };
        Ok(Step::Caller(caller, word))
    }

    fn at_trampoline(&self, pc: Addr, exact: bool) -> bool {
        if exact {
            self.trampolines.stands_on(pc)
        } else {
            self.trampolines.returns(pc.0)
        }
    }

    /// Whether a function's stack can end at `cfa`: on the same mapping, and above the function's SP unless that
    /// may not have called anybody.
    fn ascends(&self, context: &Context, cfa: Addr) -> Result<(), UnwindEnd> {
        let sp = context.registers.sp;
        let grown = if context.exact { cfa >= sp } else { cfa > sp };
        let stack = self
            .memory
            .mapping_at(sp)
            .filter(|mapping| mapping.write)
            .map(|mapping| mapping.range);
        let inside = stack.is_some_and(|stack| cfa <= stack.end);
        if grown && inside && cfa.is_aligned(STACK_ALIGN) {
            Ok(())
        } else {
            Err(UnwindEnd::NotAscending)
        }
    }

    /// Whether code can be returned to at this address: the trampoline, or what follows a call.
    fn returnable(&self, code: Addr) -> Result<(), UnwindEnd> {
        if self.trampolines.returns(code.0) {
            return Ok(());
        }
        let executable = self
            .memory
            .mapping_at(code)
            .is_some_and(|mapping| mapping.exec);
        if !executable || !code.is_aligned(INSTRUCTION) {
            return Err(UnwindEnd::NotCalled);
        }
        let mut word = [0; 4];
        code.checked_sub(INSTRUCTION)
            .and_then(|at| self.memory.read(at, &mut word).ok())
            .ok_or(UnwindEnd::NoTable)?;
        if Instruction::decode(u32::from_le_bytes(word))
            .flow()
            .is_call()
        {
            Ok(())
        } else {
            Err(UnwindEnd::NotCalled)
        }
    }

    fn kind_of_start(&self, thread: &ThreadView, outermost: Addr) -> Start {
        if self.start == Some(outermost) {
            return Start::Process;
        }
        let above = thread.tls.offset_from(outermost);
        let same = self
            .memory
            .mapping_at(Addr(outermost.0.saturating_sub(1)))
            .is_some_and(|mapping| mapping.range.contains(thread.tls));
        if same && above.is_some_and(|bytes| bytes <= TOP_OF_STACK) {
            Start::Thread
        } else {
            Start::Other
        }
    }
}
