//! What of a file is mapped executable, and what of that is code.

use goblin::elf::program_header::{PF_W, PF_X, PT_LOAD};
use goblin::elf::section_header::{SHF_ALLOC, SHF_EXECINSTR};

use super::Object;
use crate::a64::BYTES as INSTRUCTION;

/// Bytes of code of one file, and of addresses between the first and the last. Only a few browsers have more.
const MAX_CODE: u64 = 128 << 20;
/// Segments with code. Linkers make one, or a few.
const MAX_SEGMENTS: usize = 8;
/// Sections with code. Linkers make about five.
const MAX_SECTIONS: usize = 64;

/// Why the code of a file is not looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unloadable {
    /// It has too much code, too many segments of it, or it is too far apart.
    #[error("has more code than is looked at")]
    TooLarge,
    /// A segment of code can be written to, or is more than the file has of it.
    #[error("has code that is writable")]
    Writable,
    /// Its segments leave it, or are not aligned.
    #[error("its segments of code are not in it")]
    Outside,
}

/// The code of one file.
#[derive(Debug)]
pub struct Executable<'a> {
    /// All that is mapped executable.
    segments: Vec<Stretch<'a>>,
    /// What of it is code.
    code: Vec<Stretch<'a>>,
    first: u64,
}

/// Code as it lies in the file, and where it was linked at.
#[derive(Clone, Copy, Debug)]
struct Stretch<'a> {
    addr: u64,
    words: &'a [[u8; 4]],
    /// Offset in the file.
    offset: u64,
}

impl<'a> Executable<'a> {
    pub(super) fn of(object: &Object<'a>) -> Result<Self, Unloadable> {
        let mut segments = Vec::new();
        let mut total = 0_u64;
        for segment in object.segments() {
            if segment.p_type != PT_LOAD || segment.p_flags & PF_X == 0 || segment.p_filesz == 0 {
                continue;
            }
            total = total.saturating_add(segment.p_filesz);
            if total > MAX_CODE || segments.len() == MAX_SEGMENTS {
                return Err(Unloadable::TooLarge);
            }
            if segment.p_flags & PF_W != 0 || segment.p_memsz != segment.p_filesz {
                return Err(Unloadable::Writable);
            }
            let (addr, offset) = (segment.p_vaddr, segment.p_offset);
            let stretch = Stretch::new(object.bytes(), addr, offset, segment.p_filesz);
            segments.push(stretch.ok_or(Unloadable::Outside)?);
        }
        let code = sections(object, &segments).unwrap_or_else(|| segments.clone());
        let ends = code
            .iter()
            .map(|stretch| stretch.addr.saturating_add(stretch.len()));
        let last = ends.max().unwrap_or_default();
        let first = code
            .iter()
            .map(|stretch| stretch.addr)
            .min()
            .unwrap_or_default();
        if last.saturating_sub(first) > MAX_CODE {
            return Err(Unloadable::TooLarge);
        }
        Ok(Self {
            segments,
            code,
            first,
        })
    }

    /// Lowest address of code.
    #[must_use]
    pub fn first(&self) -> u64 {
        self.first
    }

    /// The instruction at `pc`.
    #[must_use]
    pub fn word(&self, pc: u64) -> Option<u32> {
        self.code.iter().find_map(|stretch| {
            let index = pc
                .checked_sub(stretch.addr)?
                .checked_div(INSTRUCTION)
                .and_then(|index| usize::try_from(index).ok())?;
            stretch
                .words
                .get(index)
                .map(|word| u32::from_le_bytes(*word))
        })
    }

    /// Every instruction with its address.
    pub fn words(&self) -> impl Iterator<Item = (u64, u32)> {
        self.code.iter().flat_map(Stretch::each)
    }

    /// Every word that is mapped executable, code or not, with its address.
    pub fn mapped_words(&self) -> impl Iterator<Item = (u64, u32)> {
        self.segments.iter().flat_map(Stretch::each)
    }

    /// Offset in the file of the instruction at `pc`.
    #[must_use]
    pub fn offset(&self, pc: u64) -> Option<u64> {
        self.code.iter().find_map(|stretch| {
            let inside = pc.checked_sub(stretch.addr)?;
            (inside < stretch.len()).then_some(stretch.offset.wrapping_add(inside))
        })
    }

    /// Whether these bytes of the file, as they are mapped, lie in its segments of code and their last pages.
    #[must_use]
    pub fn holds(&self, offset: u64, len: u64, page: u64) -> bool {
        let end = offset.saturating_add(len);
        let mut at = offset;
        // Segments of code may follow each other.
        for _ in 0..=self.segments.len() {
            let next = self.segments.iter().find_map(|stretch| {
                let bytes = stretch.len().saturating_add(3);
                let from = stretch.offset & !page.wrapping_sub(1);
                let to = stretch
                    .offset
                    .saturating_add(bytes)
                    .checked_next_multiple_of(page)?;
                (from <= at && at < to).then_some(to)
            });
            match next {
                Some(to) if to >= end => return true,
                Some(to) => at = to,
                None => return false,
            }
        }
        false
    }
}

impl<'a> Stretch<'a> {
    /// None where it leaves the file, or is not aligned.
    fn new(bytes: &'a [u8], addr: u64, offset: u64, len: u64) -> Option<Self> {
        let start = usize::try_from(offset).ok()?;
        let end = start.checked_add(usize::try_from(len).ok()?)?;
        addr.checked_add(len)?;
        let aligned = (addr | offset) & INSTRUCTION.wrapping_sub(1) == 0;
        aligned.then_some(Self {
            addr,
            words: bytes.get(start..end)?.as_chunks::<4>().0,
            offset,
        })
    }

    fn each(&self) -> impl Iterator<Item = (u64, u32)> {
        self.words.iter().zip(0_u64..).map(|(word, index)| {
            let pc = self.addr.wrapping_add(index.wrapping_mul(INSTRUCTION));
            (pc, u32::from_le_bytes(*word))
        })
    }

    fn len(&self) -> u64 {
        let words = u64::try_from(self.words.len()).unwrap_or(u64::MAX);
        words.saturating_mul(INSTRUCTION)
    }
}

/// The sections that hold code: linkers put data into the same segments, and data looks like any instruction. None where
/// the file has no sections, or they are not those of its segments.
fn sections<'a>(object: &Object<'a>, segments: &[Stretch<'a>]) -> Option<Vec<Stretch<'a>>> {
    let code = u64::from(SHF_ALLOC | SHF_EXECINSTR);
    let found: Option<Vec<_>> = object
        .sections()
        .iter()
        .filter(|section| section.sh_flags & code == code && section.sh_size != 0)
        .take(MAX_SECTIONS.saturating_add(1))
        .map(|section| {
            let (addr, offset) = (section.sh_addr, section.sh_offset);
            let stretch = Stretch::new(object.bytes(), addr, offset, section.sh_size)?;
            let inside = segments.iter().any(|segment| {
                addr.wrapping_sub(segment.addr) == offset.wrapping_sub(segment.offset)
                    && addr >= segment.addr
                    && addr.saturating_add(section.sh_size)
                        <= segment.addr.saturating_add(segment.len()).saturating_add(3)
            });
            inside.then_some(stretch)
        })
        .collect();
    found.filter(|found| (1..=MAX_SECTIONS).contains(&found.len()))
}
