//! Who holds an address: which code makes it, which data holds it, and what is done with it.

use std::collections::{BTreeSet, HashSet};

use goblin::elf::program_header::{PF_W, PT_LOAD};
use memchr::memmem;

use crate::a64::{self, BYTES, Flow, Register, Registers, Target, Write};

use super::Graph;
use super::origin::keeps;

/// Instructions that the address of a page is followed through.
const MAX_STEPS: usize = 1 << 16;

/// The address of a page that an instruction makes (ADRP).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Page {
    /// The page.
    pub page: u64,
    /// The instruction.
    pub at: u64,
    /// The register that gets it.
    pub register: Register,
}

impl Graph<'_> {
    /// The instructions that make the address of a page (ADRP) from `first` to `last`: page, instruction, register.
    pub fn pages(&self, first: u64, last: u64) -> impl Iterator<Item = Page> {
        let pages = self.pages.get_or_init(|| {
            let page = |(pc, word): (u64, u32)| {
                let (page, register) = a64::page(word, pc)?;
                Some(Page {
                    page,
                    at: pc,
                    register,
                })
            };
            let mut pages: Vec<_> = self.words().filter_map(page).collect();
            pages.sort_unstable();
            pages
        });
        let start = pages.partition_point(|made| made.page < first);
        let named = pages.get(start..).unwrap_or_default();
        named
            .iter()
            .take_while(move |made| made.page <= last)
            .copied()
    }

    /// Whether the file's data holds this address of an instruction, as it is or after it was loaded.
    pub fn points_to(&self, address: u64) -> bool {
        self.dynamic().addends().any(|addend| addend == address) || self.in_data(address)
    }

    fn in_data(&self, address: u64) -> bool {
        let needle = address.to_le_bytes();
        self.object().segments().iter().any(|segment| {
            // Data that is not written needs no address, but where the file lies where it was linked.
            let counts = segment.p_type == PT_LOAD
                && (self.object().is_fixed() || segment.p_flags & PF_W != 0);
            let bytes = self.object().bytes().get(segment.file_range());
            let bytes = bytes.unwrap_or_default();
            counts && memmem::find(bytes, &needle).is_some()
        })
    }

    /// Whether code makes the address in one step, or of two halves, wherever these are.
    pub fn makes(&self, address: u64) -> bool {
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
            if self.object().is_fixed() && !moved.kept && moved.shift == 0 && moved.bits == half(0)
            {
                lower = lower.and(Registers::or_sp(moved.to));
            }
            if moved.kept && moved.shift == 16 && moved.bits == half(16) && moved.bits != 0 {
                upper = upper.and(Registers::or_sp(moved.to));
            }
        }
        lower.iter().any(|register| upper.contains(register))
    }

    /// Whether what is loaded of the file holds this name, but for the names of its symbols.
    pub fn has_string(&self, name: &[u8]) -> bool {
        let needle = [name, b"\0"].concat();
        let (start, len) = self.dynamic().strings().unwrap_or_default();
        let end = start.saturating_add(len);
        self.object()
            .segments()
            .iter()
            .filter(|segment| segment.p_type == PT_LOAD)
            .any(|segment| {
                let bytes = self.object().bytes().get(segment.file_range());
                let bytes = bytes.unwrap_or_default();
                memmem::find_iter(bytes, &needle).any(|at| {
                    let at = u64::try_from(at).unwrap_or(u64::MAX);
                    let addr = segment.p_vaddr.saturating_add(at);
                    addr < start || addr >= end
                })
            })
    }

    /// The instructions through which `found` is true of the address of a page: `register` holds it behind the
    /// instruction at `pc`. They are looked for on every way on, up to where the register changes.
    pub fn users(
        &self,
        Page { page, at, register }: Page,
        found: impl Fn(u64, Register, Write) -> bool,
        into: &mut BTreeSet<u64>,
    ) {
        let mut seen = HashSet::new();
        let mut open = vec![(at.wrapping_add(BYTES), register)];
        while let Some((pc, register)) = open.pop() {
            let Some(it) = self.at(pc) else {
                continue;
            };
            if !seen.insert((pc, register)) {
                continue;
            }
            if seen.len() > MAX_STEPS || !self.budget().spend(1) {
                // Then nothing is said of the file.
                self.budget().give_up();
                return;
            }
            let next = pc.wrapping_add(BYTES);
            if let Some((to, write)) = it.sets(pc) {
                if found(page, register, write) {
                    into.insert(pc);
                }
                // MOV to another register.
                if write == copy(register) {
                    open.push((next, to));
                }
            }
            if !keeps(&it, register) {
                continue;
            }
            let flow = it.flow();
            open.extend(
                flow.named(pc)
                    .filter(|_| !flow.is_call())
                    .map(|to| (to, register)),
            );
            if matches!(
                flow,
                Flow::On | Flow::Call(_) | Flow::Branch(_) | Flow::Unknown
            ) {
                open.push((next, register));
            }
        }
    }

    /// Whether something in the file holds the address of the instruction at `pc`, or makes it.
    pub fn is_taken(&self, pc: u64) -> bool {
        let known = self.taken.borrow().get(&pc).copied();
        let taken = known.unwrap_or_else(|| self.takes(pc));
        self.taken.borrow_mut().insert(pc, taken);
        taken
    }

    /// Whether something in the file holds the address of the instruction at `pc`, or makes it.
    fn takes(&self, pc: u64) -> bool {
        !self.budget().spend(self.size())
            || self.points_to(pc)
            || self.makes(pc)
            || self.makers(pc).iter().any(|add| !self.only_compared(*add))
    }

    /// Whether the address that the instruction at `add` makes is compared with another, and used for nothing else: so
    /// does musl see where a signal came in.
    fn only_compared(&self, add: u64) -> bool {
        let made = self.at(add).and_then(|it| it.writes().only());
        let Some(register) = made else {
            return false;
        };
        let mut seen = HashSet::new();
        let mut open = vec![add.wrapping_add(BYTES)];
        while let Some(pc) = open.pop() {
            if !seen.insert(pc) {
                continue;
            }
            let within = self.budget().spend(1) && seen.len() <= MAX_STEPS;
            let Some(it) = self.at(pc).filter(|_| within) else {
                return false;
            };
            let next = pc.wrapping_add(BYTES);
            match it.flow() {
                Flow::On if it.compares() || !it.reads().contains(register) => {
                    if keeps(&it, register) {
                        open.push(next);
                    }
                }
                Flow::Jump(Target::Offset(by)) => open.push(pc.wrapping_add_signed(by)),
                Flow::Branch(by) => open.extend([pc.wrapping_add_signed(by), next]),
                // It may be an argument or a result.
                Flow::On
                | Flow::Jump(_)
                | Flow::Call(_)
                | Flow::Return(_)
                | Flow::Trap
                | Flow::Unknown => {
                    return false;
                }
            }
        }
        true
    }

    /// The instructions that make the address `pc` of that of its page.
    pub fn makers(&self, pc: u64) -> BTreeSet<u64> {
        let page = pc & !0xfff;
        let mut adds = BTreeSet::new();
        for from in self.pages(page, page) {
            self.users(
                from,
                |page, register, write| match write {
                    Write::Sum {
                        from,
                        by,
                        keep: u64::MAX,
                    } => from == register && page.wrapping_add(by) == pc,
                    _ => false,
                },
                &mut adds,
            );
        }
        adds
    }
}

/// What a register gets that is set to another one.
fn copy(from: Register) -> Write {
    Write::Sum {
        from,
        by: 0,
        keep: u64::MAX,
    }
}
