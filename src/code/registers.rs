//! Whether code reads a register that programs can read without the kernel: every word of what is mapped executable
//! against the encodings of `MRS`.
//!
//! Words that are data there may look like one, which errs on the safe side. Code that somebody made at run time, or
//! that is not at hand, may read anything.

use std::collections::BTreeMap;

use crate::object::Object;

use super::prctl::{Reason, Suspect};

use goblin::elf::program_header::{PF_X, PT_LOAD};

/// A register that programs read without the kernel.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Register {
    /// CNTFRQ_EL0: the frequency of the counter.
    CounterFrequency,
    /// CTR_EL0: cache lines.
    CacheType,
}

impl Register {
    /// Every register that is looked for.
    pub const ALL: [Self; 2] = [Self::CounterFrequency, Self::CacheType];

    /// `MRS x0, …` (Arm ARM, MRS: op0, op1, CRn, CRm and op2 in bits 20:5).
    fn mrs(self) -> u32 {
        match self {
            // S3_3_C14_C0_0
            Self::CounterFrequency => 0xd53b_e000,
            // S3_3_C0_C0_1
            Self::CacheType => 0xd53b_0020,
        }
    }

    /// Its name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::CounterFrequency => "CNTFRQ_EL0",
            Self::CacheType => "CTR_EL0",
        }
    }
}

/// Whether the code a task maps reads a register.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ReadAudit {
    /// None of it does.
    Never {
        /// Files it maps code of.
        files: usize,
    },
    /// Some of it may.
    May(Suspect),
}

/// The register an instruction is in, in bits 4:0.
const DESTINATION: u32 = 0x1f;

/// For each register the offset of the first instruction that reads it; none where nothing does.
pub type Reads = BTreeMap<Register, u64>;

/// What of a file reads the registers.
///
/// # Errors
/// It has more code than is gone over.
pub fn reads(object: &Object<'_>) -> Result<Reads, Reason> {
    let bytes = object.bytes();
    let mut found = Reads::new();
    let mut left = MOST_BYTES;
    for segment in object.segments() {
        if segment.p_type != PT_LOAD || segment.p_flags & PF_X == 0 {
            continue;
        }
        // Mappings cover whole pages: what lies before and behind a segment in its pages is executable too.
        let start = segment.p_offset & !(LARGEST_PAGE - 1);
        let end = segment.p_offset.saturating_add(segment.p_filesz);
        let end = end
            .checked_next_multiple_of(LARGEST_PAGE)
            .unwrap_or(u64::MAX);
        left = left
            .checked_sub(end.saturating_sub(start))
            .ok_or(Reason::TooLarge)?;
        let at = |offset: u64| {
            usize::try_from(offset)
                .unwrap_or(usize::MAX)
                .min(bytes.len())
        };
        let words = bytes.get(at(start)..at(end)).unwrap_or_default();
        for (offset, word) in (start..).step_by(4).zip(words.as_chunks::<4>().0) {
            let word = u32::from_le_bytes(*word) & !DESTINATION;
            for register in Register::ALL {
                if word == register.mrs() {
                    found.entry(register).or_insert(offset);
                }
            }
        }
    }
    Ok(found)
}

/// Bytes gone over in one file. Only a few browsers have more code than half of it.
const MOST_BYTES: u64 = 256 << 20;
/// Bytes of the largest page.
const LARGEST_PAGE: u64 = 1 << 16;

#[cfg(test)]
#[allow(clippy::indexing_slicing, clippy::arithmetic_side_effects)]
mod tests {
    use super::*;

    #[test]
    fn encodings_are_those_an_assembler_makes() {
        // `mrs x0, cntfrq_el0`, `mrs x9, ctr_el0` as GNU as writes them.
        assert_eq!(0xd53b_e000 & !DESTINATION, Register::CounterFrequency.mrs());
        assert_eq!(0xd53b_0029 & !DESTINATION, Register::CacheType.mrs());
        // `mrs x0, cntvct_el0` and `mrs x0, dczid_el0` are others.
        for other in [0xd53b_e040_u32, 0xd53b_00e0] {
            assert!(
                Register::ALL
                    .iter()
                    .all(|one| one.mrs() != other & !DESTINATION)
            );
        }
    }
}
