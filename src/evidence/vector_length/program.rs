//! The code of one file: its instructions by address, and which of them lead where.

use std::cell::{OnceCell, RefCell};

use goblin::elf::program_header::{PF_W, PT_LOAD};
use goblin::elf::section_header::SHF_ALLOC;
use memchr::memmem;

use crate::a64::{self, Flow, Instruction, Register, Registers, Write};
use crate::elf::imports::Dynamic;
use crate::object::Object;
use crate::object::executable::Executable;

use crate::flow::returns::{Answer, Returns};
use crate::flow::{Budget, Code};
use crate::units::Addr;

use super::Reason;

/// Words looked at for one file, counting those that are looked at again. Of 520 real files the one that took most, a Go
/// program of 39 MiB, took 31 million.
const MAX_WORK: u64 = 1 << 28;
/// Instructions of padding between functions: one page.
const MAX_PADDING: usize = 1024;
/// `exit`, `exit_group`, `rt_sigreturn` (kernel 7.3, `include/uapi/asm-generic/unistd.h`).
const EXITS: [u64; 3] = [93, 94, 139];
/// The register that holds a system call's number.
const NUMBER: Register = 8;

/// The code of one file.
#[derive(Debug)]
pub(super) struct Program<'a> {
    object: &'a Object<'a>,
    pub(super) dynamic: &'a Dynamic<'a>,
    pub(super) code: &'a Executable<'a>,
    /// Direct branches and calls: where to, where from, in instructions from the lowest; ascending.
    edges: OnceCell<Vec<(u32, u32)>>,
    /// Whether functions come back to their callers, as far as it was asked.
    returning: RefCell<Returns>,
    /// Pages that code makes addresses of: page, instruction, register; ascending.
    pages: OnceCell<Vec<(u64, u64, Register)>>,
    /// What may still be looked at.
    pub(super) budget: Budget,
}

impl<'a> Program<'a> {
    /// Reads what is needed of all files.
    pub(super) fn new(object: &'a Object<'a>) -> Result<Self, Reason> {
        let dynamic = object
            .dynamic()
            .map_err(|error| Reason::Unreadable(error.to_string()))?;
        Ok(Self {
            object,
            dynamic,
            code: object.executable()?,
            edges: OnceCell::new(),
            returning: RefCell::default(),
            pages: OnceCell::new(),
            budget: Budget::new(MAX_WORK),
        })
    }

    /// Words to go over where all code and data is looked through.
    pub(super) fn size(&self) -> u64 {
        u64::try_from(self.object.bytes().len()).unwrap_or(u64::MAX) / 8
    }

    /// A system call in what is mapped as code but that no section holds. What other sections hold there is data.
    pub(super) fn hidden_call(&self) -> Option<u64> {
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
    pub(super) fn at(&self, pc: u64) -> Option<Instruction> {
        self.word(pc).map(Instruction::decode)
    }

    /// Its word.
    fn word(&self, pc: u64) -> Option<u32> {
        self.code.word(pc)
    }

    /// Every instruction with its address.
    pub(super) fn words(&self) -> impl Iterator<Item = (u64, u32)> {
        self.code.words()
    }

    /// Offset in the file of the instruction at `pc`.
    pub(super) fn offset(&self, pc: u64) -> u64 {
        self.code.offset(pc).unwrap_or(pc)
    }

    /// Whether a process, or a thread of control from outside, begins at `pc`.
    pub(super) fn begins(&self, pc: u64) -> bool {
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
    pub(super) fn sources(&self, pc: u64) -> impl Iterator<Item = u64> {
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
    pub(super) fn is_function(&self, pc: u64) -> bool {
        self.beginning(pc) == Some(pc) || self.dynamic.names_of(pc).next().is_some()
    }

    /// Where the function around `pc` begins, as the unwind tables say.
    pub(super) fn beginning(&self, pc: u64) -> Option<u64> {
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
            returning.function(&mut Linked(self), entry) == Answer::May
        })
    }

    /// The instructions that make the address of a page (ADRP) from `first` to `last`: page, instruction, register.
    pub(super) fn pages(
        &self,
        first: u64,
        last: u64,
    ) -> impl Iterator<Item = (u64, u64, Register)> {
        let pages = self.pages.get_or_init(|| {
            let page = |(pc, word): (u64, u32)| {
                let (page, register) = a64::page(word, pc)?;
                Some((page, pc, register))
            };
            let mut pages: Vec<_> = self.words().filter_map(page).collect();
            pages.sort_unstable();
            pages
        });
        let start = pages.partition_point(|(page, ..)| *page < first);
        let named = pages.get(start..).unwrap_or_default();
        named
            .iter()
            .take_while(move |(page, ..)| *page <= last)
            .copied()
    }

    /// The instruction in front of `pc`, if the code goes on from there. Padding that nothing leads to is passed over.
    pub(super) fn in_front(&self, pc: u64) -> Option<u64> {
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

    /// Whether the file's data holds this address of an instruction, as it is or after it was loaded.
    pub(super) fn points_to(&self, address: u64) -> bool {
        self.dynamic.addends().any(|addend| addend == address) || self.in_data(address)
    }

    fn in_data(&self, address: u64) -> bool {
        let needle = address.to_le_bytes();
        self.object.segments().iter().any(|segment| {
            // Data that is not written needs no address, but where the file lies where it was linked.
            let counts = segment.p_type == PT_LOAD
                && (self.object.is_fixed() || segment.p_flags & PF_W != 0);
            let bytes = self.object.bytes().get(segment.file_range());
            let bytes = bytes.unwrap_or_default();
            counts && memmem::find(bytes, &needle).is_some()
        })
    }

    /// Whether code makes the address in one step, or of two halves, wherever these are.
    pub(super) fn makes(&self, address: u64) -> bool {
        let half = |shift: u32| address.wrapping_shr(shift) & 0xffff;
        let (mut lower, mut upper) = (Registers::NONE, Registers::NONE);
        for (pc, word) in self.words() {
            if a64::address(word, pc) == Some(address) {
                return true;
            }
            let Some(moved) = a64::moved(word) else {
                continue;
            };
            // MOVZ of the lowest, MOVK of the next sixteen bits.
            if self.object.is_fixed() && !moved.kept && moved.shift == 0 && moved.bits == half(0) {
                lower = lower.and(Registers::or_sp(moved.to));
            }
            if moved.kept && moved.shift == 16 && moved.bits == half(16) && moved.bits != 0 {
                upper = upper.and(Registers::or_sp(moved.to));
            }
        }
        lower.iter().any(|register| upper.contains(register))
    }

    /// Whether what is loaded of the file holds this name, but for the names of its symbols.
    pub(super) fn has_string(&self, name: &[u8]) -> bool {
        let needle = [name, b"\0"].concat();
        let (start, len) = self.dynamic.strings().unwrap_or_default();
        let end = start.saturating_add(len);
        self.object
            .segments()
            .iter()
            .filter(|segment| segment.p_type == PT_LOAD)
            .any(|segment| {
                let bytes = self.object.bytes().get(segment.file_range());
                let bytes = bytes.unwrap_or_default();
                memmem::find_iter(bytes, &needle).any(|at| {
                    let at = u64::try_from(at).unwrap_or(u64::MAX);
                    let addr = segment.p_vaddr.saturating_add(at);
                    addr < start || addr >= end
                })
            })
    }
}

/// A file's code by the addresses it was linked at.
struct Linked<'p, 'a>(&'p Program<'a>);

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
