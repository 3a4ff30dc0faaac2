//! Whether code reads a register that programs can read without the kernel: every word of what is mapped executable
//! against the encodings of `MRS`.
//!
//! Words that are data there may look like one, which errs on the safe side. Code that somebody made at run time, or
//! that is not at hand, may read anything.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::object::{LARGEST_PAGE, Object, Objects};

use super::{Reason, Suspect};
use crate::a64::{self, SystemRegister};

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

    fn register(self) -> SystemRegister {
        match self {
            Self::CounterFrequency => SystemRegister::COUNTER_FREQUENCY,
            Self::CacheType => SystemRegister::CACHE_TYPE,
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
            let Some(read) = a64::system_read(u32::from_le_bytes(*word)) else {
                continue;
            };
            for register in Register::ALL {
                if read == register.register() {
                    found.entry(register).or_insert(offset);
                }
            }
        }
    }
    Ok(found)
}

/// Bytes gone over in one file. Only a few browsers have more code than half of it.
const MOST_BYTES: u64 = 256 << 20;

/// What of each file reads registers, looked for once.
#[derive(Debug)]
pub(super) struct Readers<'a> {
    objects: &'a Objects<'a>,
    found: BTreeMap<u32, Result<Reads, Reason>>,
}

impl<'a> Readers<'a> {
    pub(super) fn new(objects: &'a Objects<'a>) -> Self {
        Self {
            objects,
            found: BTreeMap::new(),
        }
    }

    /// Whether any of these files reads a register.
    pub(super) fn together(&mut self, ids: &BTreeSet<u32>, register: Register) -> ReadAudit {
        for (id, entry) in ids
            .iter()
            .filter_map(|id| Some((id, self.objects.look_up(*id)?)))
        {
            let found = self.found.entry(*id).or_insert_with(|| {
                let object = entry.object.as_ref().map_err(Reason::from);
                object.and_then(reads)
            });
            let suspect = match found {
                Ok(reads) => reads
                    .get(&register)
                    .map(|at| (Some(*at), Reason::Reads(register.name()))),
                Err(reason) => Some((None, reason.clone())),
            };
            if let Some((at, reason)) = suspect {
                return ReadAudit::May(Suspect {
                    file: Arc::clone(&entry.name),
                    at,
                    reason,
                });
            }
        }
        ReadAudit::Never { files: ids.len() }
    }
}
