//! The code of one file: its instructions by address, and which of them lead where.

use std::cell::{Cell, OnceCell, RefCell};
use std::collections::{BTreeMap, HashSet};

use goblin::elf::program_header::{PF_W, PT_LOAD};
use goblin::elf::section_header::SHF_ALLOC;
use memchr::memmem;

use crate::elf::code::{Flow, INSTRUCTION, flow};
use crate::elf::imports::Dynamic;
use crate::object::Object;
use crate::object::executable::Executable;

use super::Reason;
use super::fields::is_svc;

/// Words looked at for one file, counting those that are looked at again. Of 520 real files the one that took most, a Go
/// program of 39 MiB, took 31 million.
const MAX_WORK: u64 = 1 << 28;
/// `svc #0`.
const SVC: u32 = 0xd400_0001;
/// Instructions of padding between functions: one page.
const MAX_PADDING: usize = 1024;
/// `NOP`, which fills up between functions.
const NOP: u32 = 0xd503_201f;
/// What functions begin with where branches and return addresses are protected: `paciasp`, `pacibsp`, `bti c`, `bti jc`.
const BEGINNINGS: [u32; 4] = [0xd503_233f, 0xd503_237f, 0xd503_245f, 0xd503_24df];
/// `mov w8, #…`, without the number.
const MOVE_X8: u32 = 0x5280_0008;
/// `exit`, `exit_group`, `rt_sigreturn` (kernel 7.3, `include/uapi/asm-generic/unistd.h`).
const EXITS: [u32; 3] = [93, 94, 139];
/// Instructions of a function that are looked at to see whether it comes back.
const MAX_FUNCTION: usize = 2048;
/// Functions that call each other, for the same.
const MAX_DEPTH: usize = 4;

/// The code of one file.
#[derive(Debug)]
pub(super) struct Program<'a> {
    object: &'a Object<'a>,
    pub(super) dynamic: &'a Dynamic<'a>,
    pub(super) code: &'a Executable<'a>,
    /// Direct branches and calls: where to, where from, in instructions from the lowest; ascending.
    edges: OnceCell<Vec<(u32, u32)>>,
    /// Whether functions come back to their callers, as far as it was asked.
    returning: RefCell<BTreeMap<u64, bool>>,
    /// Pages that code makes addresses of: page, instruction, register; ascending.
    pages: OnceCell<Vec<(u64, u64, u8)>>,
    /// What may still be looked at.
    left: Cell<u64>,
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
            left: Cell::new(MAX_WORK),
        })
    }

    /// Takes so many words from what may be looked at in all, and says whether there were as many.
    pub(super) fn spend(&self, words: u64) -> bool {
        let left = self.left.get().checked_sub(words);
        self.left.set(left.unwrap_or_default());
        left.is_some()
    }

    /// Takes all of it: something was not looked at to its end.
    pub(super) fn give_up(&self) {
        self.left.set(0);
    }

    /// Whether what was found of the file is all there is to find.
    pub(super) fn was_followed(&self) -> bool {
        self.left.get() != 0
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
            .filter(|(pc, word)| *word == SVC && self.word(*pc).is_none())
            .map(|(pc, _)| pc)
            .find(|pc| !self.spend(cost) || !held(*pc))
    }

    /// The instruction at `pc`.
    pub(super) fn word(&self, pc: u64) -> Option<u32> {
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
            let edge = |(pc, word)| Some((self.number(target(pc, word)?)?, self.number(pc)?));
            let mut edges: Vec<(u32, u32)> = self.words().filter_map(edge).collect();
            edges.sort_unstable();
            edges
        })
    }

    /// How many instructions from the lowest address of code.
    fn number(&self, pc: u64) -> Option<u32> {
        let inside = pc.checked_sub(self.code.first())?;
        u32::try_from(inside.checked_div(INSTRUCTION)?).ok()
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
                let inside = u64::from(*from).wrapping_mul(INSTRUCTION);
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

    /// Whether the instruction `word` at `pc` is a system call that never comes back, its number right in front.
    fn is_exit(&self, pc: u64, word: u32) -> bool {
        let number = |before| self.word(before).map(|word| word & !(1 << 31));
        let before = pc.checked_sub(INSTRUCTION).and_then(number);
        is_svc(word) && EXITS.iter().any(|exit| before == Some(MOVE_X8 | exit << 5))
    }

    /// Whether the call in front of `pc` is the last of a function, and another begins here: behind a call nothing is
    /// signed or landed on.
    fn is_next_function(&self, pc: u64) -> bool {
        self.word(pc).is_some_and(|word| BEGINNINGS.contains(&word)) || self.is_function(pc)
    }

    /// Whether the function that the call `word` at `pc` names may come back.
    fn comes_back(&self, pc: u64, word: u32, depth: usize) -> bool {
        let Some(entry) = target(pc, word) else {
            return true;
        };
        if let Some(known) = self.returning.borrow().get(&entry) {
            return *known;
        }
        let Some(depth) = depth.checked_sub(1) else {
            return true;
        };
        // Until it is known; of functions that call each other.
        self.returning.borrow_mut().insert(entry, true);
        let comes_back = self.ends(entry, depth);
        self.returning.borrow_mut().insert(entry, comes_back);
        comes_back
    }

    /// Whether code from `entry` on returns, or leads to where that is not seen.
    fn ends(&self, entry: u64, depth: usize) -> bool {
        let mut seen = HashSet::new();
        let mut open = vec![entry];
        while let Some(pc) = open.pop() {
            if !seen.insert(pc) {
                continue;
            }
            let within = self.spend(1) && seen.len() <= MAX_FUNCTION;
            let Some(word) = self.word(pc).filter(|_| within) else {
                return true;
            };
            let next = pc.wrapping_add(INSTRUCTION);
            match flow(word) {
                // The call of what is not there.
                Flow::On if word == NOP && self.is_function(next) => {}
                Flow::On => open.push(next),
                Flow::Call if self.is_next_function(next) => {}
                Flow::Call if !self.comes_back(pc, word, depth) => {}
                Flow::Call => open.push(next),
                Flow::Jump(by) => open.push(pc.wrapping_add_signed(by)),
                Flow::Branch(by) => open.extend([pc.wrapping_add_signed(by), next]),
                Flow::Return => return true,
                // BRK and UDF end it; a jump to an address that is not told is none.
                Flow::Away if word & 0xffe0_001f == 0xd420_0000 || word >> 16 == 0 => {}
                Flow::Away => return true,
            }
        }
        false
    }

    /// The instructions that make the address of a page (ADRP) from `first` to `last`: page, instruction, register.
    pub(super) fn pages(&self, first: u64, last: u64) -> impl Iterator<Item = (u64, u64, u8)> {
        let pages = self.pages.get_or_init(|| {
            let page = |(pc, word): (u64, u32)| {
                let register = u8::try_from(word & 0x1f).ok()?;
                (word & 0x9f00_0000 == 0x9000_0000).then_some((relative(pc, word), pc, register))
            };
            let mut pages: Vec<(u64, u64, u8)> = self.words().filter_map(page).collect();
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
        let before = pc.checked_sub(INSTRUCTION)?;
        // Of a call of what is not there, the last one of a function, linkers make a NOP.
        if self.word(before) == Some(NOP) && self.is_function(pc) {
            return None;
        }
        let mut at = before;
        for _ in 0..MAX_PADDING {
            let word = self.word(at).filter(|_| self.spend(1))?;
            match flow(word) {
                Flow::Jump(_) | Flow::Return | Flow::Away => return None,
                Flow::On if self.is_exit(at, word) => return None,
                Flow::Call if self.is_next_function(pc) => return None,
                Flow::Call if !self.comes_back(at, word, MAX_DEPTH) => return None,
                _ => {}
            }
            if word != NOP || self.sources(at).next().is_some() || self.is_function(at) {
                return Some(before);
            }
            at = at.checked_sub(INSTRUCTION)?;
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
        let (mut lower, mut upper) = (0_u32, 0_u32);
        for (pc, word) in self.words() {
            if word & 0x9f00_0000 == 0x1000_0000 && relative(pc, word) == address {
                return true;
            }
            let moved = u64::from((word >> 5) & 0xffff);
            let register = 1_u32.wrapping_shl(word & 0x1f);
            // MOVZ of the lowest, MOVK of the next sixteen bits.
            if self.object.is_fixed() && word & 0x7fe0_0000 == 0x5280_0000 && moved == half(0) {
                lower |= register;
            }
            if word & 0x7fe0_0000 == 0x72a0_0000 && moved == half(16) && moved != 0 {
                upper |= register;
            }
        }
        lower & upper != 0
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

/// Where a direct branch or call leads.
fn target(pc: u64, word: u32) -> Option<u64> {
    // All of them are in one group of encodings; most instructions are not.
    if (word >> 26) & 7 != 0b101 {
        return None;
    }
    match flow(word) {
        Flow::Jump(by) | Flow::Branch(by) => Some(pc.wrapping_add_signed(by)),
        Flow::Call if word >> 26 == 0b10_0101 => {
            let by = i64::from(word.wrapping_shl(6).cast_signed() >> 6);
            Some(pc.wrapping_add_signed(by.wrapping_mul(4)))
        }
        _ => None,
    }
}

/// What ADR or ADRP make.
fn relative(pc: u64, word: u32) -> u64 {
    let high = i64::from(word.wrapping_shl(8).cast_signed() >> 13);
    let by = high
        .wrapping_mul(4)
        .wrapping_add(i64::from((word >> 29) & 3));
    if word & (1 << 31) == 0 {
        pc.wrapping_add_signed(by)
    } else {
        (pc & !0xfff).wrapping_add_signed(by.wrapping_mul(4096))
    }
}
