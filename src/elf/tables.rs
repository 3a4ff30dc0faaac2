//! Unwind tables (`.eh_frame`): where a file keeps them, and which entry covers an address.
//!
//! All addresses are those the file was linked at. Linkers put a sorted table in front
//! (`.eh_frame_hdr`, PT_GNU_EH_FRAME); statically linked programs often have none, and then one is made.

use gimli::{BaseAddresses, EhFrame, EhFrameOffset, EndianSlice, LittleEndian, UnwindSection as _};
use goblin::elf::program_header::{PF_X, PT_GNU_EH_FRAME, PT_LOAD, ProgramHeader};

use super::{Headers, contents, part};

/// Bytes of an entry (CIE or FDE), its length field included. The largest functions of real programs need some
/// thousands.
const MAX_ENTRY: usize = 1 << 16;

/// Entries of an index made here. Statically linked programs have some thousands.
const MAX_INDEX: usize = 1 << 20;

/// Bytes of entries looked at to make one, an entry counted as often as others refer to it.
const MAX_INDEX_BYTES: usize = 1 << 26;

/// Version, and the three encodings every linker uses: a 32-bit pointer relative to its own place, a 32-bit
/// count, and pairs of 32-bit offsets from the table's beginning.
const SORTED: [u8; 4] = [1, 0x1b, 0x03, 0x3b];

/// Bytes of a pair.
const PAIR: usize = 8;

/// gimli's view of the section.
pub(super) type Section<'a> = EhFrame<EndianSlice<'a, LittleEndian>>;

/// gimli's view of one function's entry.
pub(super) type Fde<'a> = gimli::FrameDescriptionEntry<EndianSlice<'a, LittleEndian>>;

/// The unwind tables of one file.
#[derive(Debug)]
pub struct Tables<'a> {
    /// `.eh_frame`, possibly with something behind it.
    pub(super) bytes: &'a [u8],
    pub(super) section: Section<'a>,
    pub(super) bases: BaseAddresses,
    index: Index<'a>,
}

#[derive(Debug)]
enum Index<'a> {
    /// Pairs of a function's address and its entry's, as offsets from `base`.
    Sorted {
        pairs: &'a [[u8; PAIR]],
        base: u64,
        frame: u64,
    },
    /// First address of a function and offset of its entry; ascending.
    Made(Vec<(u64, usize)>),
}

impl<'a> Tables<'a> {
    /// The tables of a file of which `bytes` is all. Bytes gone over to make an index are added to `spent`.
    #[must_use]
    pub fn of_file(bytes: &'a [u8], headers: &Headers, spent: &mut usize) -> Option<Self> {
        let segments = &headers.segments;
        let at = |addr: u64, len: u64| {
            let offset = segments
                .iter()
                .find_map(|segment| offset_of(segment, addr))?;
            part(bytes, offset, len)
        };
        Self::sorted(segments, &at).or_else(|| {
            let section = headers.section(bytes, b".eh_frame")?;
            let loaded = at(section.sh_addr, section.sh_size)?;
            // The addresses in it are right only where the section lies as the segments say.
            let bytes = contents(bytes, &section).filter(|bytes| std::ptr::eq(*bytes, loaded))?;
            Self::made(bytes, section.sh_addr, spent)
        })
    }

    /// The tables that the segments name, read by `at` from wherever the segments lie: at most `len` bytes at an
    /// address, or as many as there are.
    #[must_use]
    pub fn sorted(
        segments: &[ProgramHeader],
        at: &dyn Fn(u64, u64) -> Option<&'a [u8]>,
    ) -> Option<Self> {
        let named = segments
            .iter()
            .find(|segment| segment.p_type == PT_GNU_EH_FRAME)?;
        let base = named.p_vaddr;
        let header = at(base, named.p_filesz)?;
        let (encodings, rest) = header.split_first_chunk::<4>()?;
        let (pointer, rest) = rest.split_first_chunk::<4>()?;
        let (count, rest) = rest.split_first_chunk::<4>()?;
        if *encodings != SORTED {
            return None;
        }
        let frame = base
            .checked_add(4)?
            .checked_add_signed(i64::from(i32::from_le_bytes(*pointer)))?;
        let count = usize::try_from(u32::from_le_bytes(*count)).ok()?;
        let pairs = rest.as_chunks::<PAIR>().0.get(..count)?;
        let holder = segments.iter().find(|segment| {
            segment.p_type == PT_LOAD
                && segment.p_vaddr <= frame
                && frame < segment.p_vaddr.saturating_add(segment.p_filesz)
        })?;
        let end = holder.p_vaddr.checked_add(holder.p_filesz)?;
        let bytes = at(frame, end.checked_sub(frame)?)?;
        Some(Self::new(
            bytes,
            frame,
            Index::Sorted { pairs, base, frame },
        ))
    }

    /// The tables in `bytes`, which lie at `addr`, with an index made by going over all of them.
    fn made(bytes: &'a [u8], addr: u64, spent: &mut usize) -> Option<Self> {
        let mut tables = Self::new(bytes, addr, Index::Made(Vec::new()));
        let mut found = Vec::new();
        let (mut at, mut looked_at) = (0_usize, 0_usize);
        while let Some(entry) = Entry::at(bytes, at).filter(|entry| entry.len > 4) {
            if entry.cie.is_some() {
                let entry = tables.entry_bytes(at)?;
                looked_at = looked_at.checked_add(entry)?;
                *spent = spent.saturating_add(entry);
                if looked_at > MAX_INDEX_BYTES || found.len() >= MAX_INDEX {
                    return None;
                }
                let fde = tables.entry_at(at)?;
                found.push((fde.initial_address(), at));
            }
            at = at.checked_add(entry.len)?;
        }
        found.sort_unstable();
        tables.index = Index::Made(found);
        Some(tables)
    }

    fn new(bytes: &'a [u8], addr: u64, index: Index<'a>) -> Self {
        let mut section = EhFrame::new(bytes, LittleEndian);
        section.set_address_size(8);
        section.set_vendor(gimli::Vendor::AArch64);
        Self {
            bytes,
            section,
            bases: BaseAddresses::default().set_eh_frame(addr),
            index,
        }
    }

    /// Where the function that the instruction at `address` belongs to begins.
    #[must_use]
    pub fn beginning(&self, address: u64) -> Option<u64> {
        self.bounds(address).map(|(start, _)| start)
    }

    /// The addresses of the function that the instruction at `address` belongs to: its first and the one behind it.
    #[must_use]
    pub fn bounds(&self, address: u64) -> Option<(u64, u64)> {
        let offset = self.nearest(address)?;
        self.entry_bytes(offset)?;
        let entry = self.entry_at(offset)?;
        entry
            .contains(address)
            .then(|| (entry.initial_address(), entry.end_address()))
    }

    /// Offset of the entry for the function that begins nearest below `address`.
    pub(super) fn nearest(&self, address: u64) -> Option<usize> {
        match &self.index {
            Index::Sorted { pairs, base, frame } => {
                let start = |pair: &[u8; PAIR]| {
                    let [a, b, c, d, ..] = *pair;
                    base.wrapping_add_signed(i64::from(i32::from_le_bytes([a, b, c, d])))
                };
                let after = pairs.partition_point(|pair| start(pair) <= address);
                let [.., a, b, c, d] = *pairs.get(after.checked_sub(1)?)?;
                let entry = base.wrapping_add_signed(i64::from(i32::from_le_bytes([a, b, c, d])));
                usize::try_from(entry.checked_sub(*frame)?).ok()
            }
            Index::Made(made) => {
                let after = made.partition_point(|(start, _)| *start <= address);
                Some(made.get(after.checked_sub(1)?)?.1)
            }
        }
    }

    /// Bytes of the FDE at this offset and of its CIE, if both are of a sane size.
    pub(super) fn entry_bytes(&self, offset: usize) -> Option<usize> {
        let fde = Entry::at(self.bytes, offset)?;
        let cie = Entry::at(self.bytes, fde.cie?)?;
        fde.len.checked_add(cie.len)
    }

    /// The FDE at this offset.
    pub(super) fn entry_at(&self, offset: usize) -> Option<Fde<'a>> {
        self.section
            .fde_from_offset(&self.bases, EhFrameOffset(offset), Section::cie_from_offset)
            .ok()
    }
}

/// Length and kind of an entry, read before it is parsed.
struct Entry {
    /// Bytes, the length field included.
    len: usize,
    /// Offset of the CIE an FDE refers to; `None` for a CIE.
    cie: Option<usize>,
}

impl Entry {
    /// The entry at this offset of the section, if it lies inside and is of a sane size. What ends the section
    /// has a length of 4.
    fn at(bytes: &[u8], offset: usize) -> Option<Self> {
        let rest = bytes.get(offset..)?;
        let (len, rest) = rest.split_first_chunk::<4>()?;
        // 64-bit lengths (0xffffffff in front) are for files of more than 4 GiB.
        let len = usize::try_from(u32::from_le_bytes(*len)).ok()?;
        rest.get(..len)?;
        let len = len.checked_add(4).filter(|len| *len <= MAX_ENTRY)?;
        let back = rest
            .first_chunk::<4>()
            .map_or(0, |id| u32::from_le_bytes(*id));
        let cie = if len == 4 || back == 0 {
            None
        } else {
            let field = offset.checked_add(4)?;
            Some(field.checked_sub(usize::try_from(back).ok()?)?)
        };
        Some(Self { len, cie })
    }
}

/// The offset in the file of what is loaded at `addr`.
pub(crate) fn offset_of(segment: &ProgramHeader, addr: u64) -> Option<u64> {
    let inside = addr.checked_sub(segment.p_vaddr)?;
    (segment.p_type == PT_LOAD && inside < segment.p_filesz)
        .then_some(segment.p_offset.checked_add(inside)?)
}

/// The address that code at `offset` of the file was linked at.
#[must_use]
pub fn code_at(segments: &[ProgramHeader], offset: u64) -> Option<u64> {
    segments
        .iter()
        .filter(|segment| segment.p_type == PT_LOAD && segment.p_flags & PF_X != 0)
        .find_map(|segment| {
            let inside = offset.checked_sub(segment.p_offset)?;
            (inside < segment.p_filesz).then_some(segment.p_vaddr.checked_add(inside)?)
        })
}
