//! The code of one file as a graph: its instructions by the addresses they were linked at, and which of them lead where.

use std::cell::{OnceCell, RefCell};
use std::collections::BTreeMap;

use goblin::elf::section_header::SHF_ALLOC;

use crate::a64::{self, Flow, Instruction, Register, Write};
use crate::elf::imports::{Dynamic, Unreadable};
use crate::object::Object;
use crate::object::executable::{Executable, Unloadable};
use crate::units::Addr;

use super::references::Page;
use super::returns::{CanReturn, Returns};
use super::{Budget, Code};

/// Words looked at for one file, counting those that are looked at again. Of 520 real files the one that took most, a Go
/// program of 39 MiB, took 31 million.
const MAX_WORK: u64 = 1 << 28;
/// Instructions of padding between functions: one page.
const MAX_PADDING: usize = 1024;
/// `exit`, `exit_group`, `rt_sigreturn` (kernel 7.3, `include/uapi/asm-generic/unistd.h`).
const EXITS: [u64; 3] = [93, 94, 139];
/// The register that holds a system call's number.
const NUMBER: Register = 8;

/// Why there is no graph of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoGraph {
    /// Its dynamic tables cannot be read.
    #[error(transparent)]
    Dynamic(#[from] Unreadable),
    /// Its code is not looked at.
    #[error(transparent)]
    Code(#[from] Unloadable),
}

/// The code of one file.
#[derive(Debug)]
pub struct Graph<'a> {
    object: &'a Object<'a>,
    dynamic: &'a Dynamic<'a>,
    code: &'a Executable<'a>,
    /// Direct branches and calls: where to, where from, in instructions from the lowest; ascending.
    edges: OnceCell<Vec<(u32, u32)>>,
    /// Whether functions come back to their callers, as far as it was asked.
    returning: RefCell<Returns>,
    /// Pages that code makes addresses of, ascending.
    pub(super) pages: OnceCell<Vec<Page>>,
    /// What is found of functions whose address something may hold.
    pub(super) taken: RefCell<BTreeMap<u64, bool>>,
    budget: Budget,
}

impl<'a> Graph<'a> {
    /// The code of a file.
    ///
    /// # Errors
    /// It cannot be loaded, or holds more than is looked at.
    pub fn new(object: &'a Object<'a>) -> Result<Self, NoGraph> {
        Ok(Self {
            object,
            dynamic: object.dynamic()?,
            code: object.executable()?,
            edges: OnceCell::new(),
            returning: RefCell::default(),
            pages: OnceCell::new(),
            taken: RefCell::default(),
            budget: Budget::new(MAX_WORK),
        })
    }

    /// The file.
    #[must_use]
    pub fn object(&self) -> &'a Object<'a> {
        self.object
    }

    /// Its dynamic symbols and relocations.
    #[must_use]
    pub fn dynamic(&self) -> &'a Dynamic<'a> {
        self.dynamic
    }

    /// What of it is mapped executable.
    #[must_use]
    pub fn code(&self) -> &'a Executable<'a> {
        self.code
    }

    /// What may still be looked at.
    #[must_use]
    pub fn budget(&self) -> &Budget {
        &self.budget
    }

    /// Words to go over where all code and data is looked through.
    pub(super) fn size(&self) -> u64 {
        u64::try_from(self.object.bytes().len()).unwrap_or(u64::MAX) / 8
    }

    /// The system calls in its code.
    pub fn system_calls(&self) -> impl Iterator<Item = u64> {
        let calls = self.words().filter(|(_, word)| a64::is_system_call(*word));
        calls.map(|(pc, _)| pc)
    }

    /// A system call in what is mapped as code but that no section holds. What other sections hold there is data.
    #[must_use]
    pub fn hidden_call(&self) -> Option<u64> {
        let sections = self.object.sections();
        let held = |pc: u64| {
            sections.iter().any(|section| {
                let at = pc.checked_sub(section.sh_addr);
                let kept = section.sh_flags & u64::from(SHF_ALLOC) != 0;
                kept && at.is_some_and(|at| at < section.sh_size)
            })
        };
        let cost = u64::try_from(sections.len()).unwrap_or(u64::MAX);
        let words = self.code.mapped_words();
        words
            .filter(|(pc, word)| a64::is_system_call(*word) && self.word(*pc).is_none())
            .map(|(pc, _)| pc)
            .find(|pc| !self.budget.spend(cost) || !held(*pc))
    }

    /// The instruction at `pc`.
    #[must_use]
    pub fn at(&self, pc: u64) -> Option<Instruction> {
        self.word(pc).map(Instruction::decode)
    }

    /// Its word.
    fn word(&self, pc: u64) -> Option<u32> {
        self.code.word(pc)
    }

    /// Every instruction with its address.
    pub fn words(&self) -> impl Iterator<Item = (u64, u32)> {
        self.code.words()
    }

    /// Whether a process, or a thread of control from outside, begins at `pc`.
    #[must_use]
    pub fn begins(&self, pc: u64) -> bool {
        self.object.entry() == pc
    }

    fn edges(&self) -> &[(u32, u32)] {
        self.edges.get_or_init(|| {
            let edge = |(pc, word)| {
                Some((
                    self.number(a64::branch_target(word, pc)?)?,
                    self.number(pc)?,
                ))
            };
            let mut edges: Vec<(u32, u32)> = self.words().filter_map(edge).collect();
            edges.sort_unstable();
            edges
        })
    }

    /// How many instructions from the lowest address of code.
    fn number(&self, pc: u64) -> Option<u32> {
        let inside = pc.checked_sub(self.code.first())?;
        u32::try_from(inside.checked_div(a64::BYTES)?).ok()
    }

    /// The instructions that lead to `pc` by naming it.
    pub fn sources(&self, pc: u64) -> impl Iterator<Item = u64> {
        let edges = self.edges();
        let named = self.number(pc);
        let first = edges.partition_point(|(to, _)| Some(*to) < named);
        edges
            .get(first..)
            .unwrap_or_default()
            .iter()
            .take_while(move |(to, _)| Some(*to) == named)
            .map(|(_, from)| {
                let inside = u64::from(*from).wrapping_mul(a64::BYTES);
                self.code.first().wrapping_add(inside)
            })
    }

    /// Whether a function begins at `pc`, as the unwind tables or a symbol say.
    #[must_use]
    pub fn is_function(&self, pc: u64) -> bool {
        self.beginning(pc) == Some(pc) || self.dynamic.names_of(pc).next().is_some()
    }

    /// Where the function around `pc` begins, as the unwind tables say.
    #[must_use]
    pub fn beginning(&self, pc: u64) -> Option<u64> {
        self.object.tables()?.beginning(pc)
    }

    /// Whether the instruction `it` at `pc` is a system call that never comes back, its number right in front.
    fn is_exit(&self, pc: u64, it: &Instruction) -> bool {
        let number = || {
            let before = pc.checked_sub(a64::BYTES)?;
            match self.at(before)?.write(before, NUMBER) {
                Write::Value(number) => Some(number),
                _ => None,
            }
        };
        it.is_system_call() && number().is_some_and(|number| EXITS.contains(&number))
    }

    /// Whether the call in front of `pc` is the last of a function, and another begins here: behind a call nothing is
    /// signed or landed on.
    fn is_next_function(&self, pc: u64) -> bool {
        let begins = |it: Instruction| it.begins_functions();
        self.at(pc).is_some_and(begins) || self.is_function(pc)
    }

    /// Whether the function that the call `it` at `pc` names may come back.
    fn comes_back(&self, pc: u64, it: &Instruction) -> bool {
        let entry = it.flow().named(pc).map(Addr);
        entry.is_none_or(|entry| {
            let mut returning = self.returning.borrow_mut();
            returning.function(&mut Linked(self), entry) == CanReturn::May
        })
    }

    /// The instruction in front of `pc`, if the code goes on from there. Padding that nothing leads to is passed over.
    #[must_use]
    pub fn in_front(&self, pc: u64) -> Option<u64> {
        let before = pc.checked_sub(a64::BYTES)?;
        // Of a call of what is not there, the last one of a function, linkers make a NOP.
        if self.at(before)?.is_nop() && self.is_function(pc) {
            return None;
        }
        let mut at = before;
        for _ in 0..MAX_PADDING {
            let it = self.at(at).filter(|_| self.budget.spend(1))?;
            match it.flow() {
                Flow::Jump(_) | Flow::Return(_) | Flow::Trap => return None,
                Flow::On if self.is_exit(at, &it) => return None,
                Flow::Call(_) if self.is_next_function(pc) => return None,
                Flow::Call(_) if !self.comes_back(at, &it) => return None,
                _ => {}
            }
            if !it.is_nop() || self.sources(at).next().is_some() || self.is_function(at) {
                return Some(before);
            }
            at = at.checked_sub(a64::BYTES)?;
        }
        Some(before)
    }

    /// What comes before the instruction at `pc`.
    #[must_use]
    pub fn before(&self, pc: u64) -> Before {
        let front = self.in_front(pc);
        let source = |at: u64| Source {
            at,
            is_call: self.at(at).is_some_and(|it| it.flow().is_call()),
        };
        let sources: Vec<Source> = self.sources(pc).map(source).collect();
        let called = sources.iter().any(|source| source.is_call);
        // Of the inside of a function nothing takes the address.
        let inside = || self.beginning(pc).is_some_and(|beginning| beginning != pc);
        let begins =
            called || self.is_function(pc) || front.is_none() && (sources.is_empty() || !inside());
        Before {
            front,
            sources,
            begins,
        }
    }
}

/// What comes before an instruction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Before {
    /// The instruction in front of it, if the code goes on from there.
    pub front: Option<u64>,
    /// The instructions that lead to it by naming it.
    pub sources: Vec<Source>,
    /// Whether a function may begin at it.
    pub begins: bool,
}

/// A direct branch or call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Source {
    /// Where it is.
    pub at: u64,
    /// Whether it is a call.
    pub is_call: bool,
}

/// A file's code by the addresses it was linked at.
struct Linked<'p, 'a>(&'p Graph<'a>);

impl Code for Linked<'_, '_> {
    fn at(&mut self, pc: Addr) -> Option<Instruction> {
        self.0.at(pc.0)
    }

    fn constant(&self, _: Addr) -> Option<u64> {
        None
    }

    fn present(&self, _: Addr) -> Option<u64> {
        None
    }

    fn is_next_function(&mut self, pc: Addr) -> bool {
        self.0.is_next_function(pc.0)
    }

    fn is_function(&mut self, pc: Addr) -> bool {
        self.0.is_function(pc.0)
    }

    fn budget(&self) -> &Budget {
        &self.0.budget
    }
}
