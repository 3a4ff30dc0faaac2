//! An auxiliary vector, read from words.

use super::at;
use super::bound::{self, VectorLengthBound};
use super::hwcap::{HwcapWord, Hwcaps};
use crate::units::Addr;

/// One entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Index of the tag's word in the vector; the value's is one more.
    pub index: usize,
    /// The tag, known or not.
    pub tag: u64,
    /// The value.
    pub value: u64,
}

/// A vector with everything that was in its words.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Auxv {
    /// The entries before AT_NULL, in order.
    pub entries: Vec<Entry>,
    /// Number of words it was read from.
    pub words: usize,
    /// What is odd about it.
    pub anomalies: Vec<AuxvAnomaly>,
}

/// Ways in which words are not a vector as the kernel writes it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AuxvAnomaly {
    /// There is no AT_NULL.
    NoTerminator,
    /// The number of words is odd: the last one has no partner.
    OddWord {
        /// Its index.
        index: usize,
        /// The word.
        word: u64,
    },
    /// A tag that an earlier entry has already.
    Duplicate {
        /// The tag.
        tag: u64,
        /// Index of the later entry's tag.
        index: usize,
        /// The later entry's value.
        value: u64,
    },
    /// Words that are not 0 follow AT_NULL and its value.
    AfterNull {
        /// Index of the first of them.
        index: usize,
        /// The first of them.
        word: u64,
    },
}

impl std::fmt::Display for AuxvAnomaly {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::NoTerminator => f.write_str("there is no AT_NULL"),
            Self::OddWord { index, word } => write!(f, "word {index} ({word:#x}) has no partner"),
            Self::Duplicate { tag, index, value } => {
                write!(
                    f,
                    "a second {} at word {index}, value {value:#x}",
                    at::name(*tag)
                )
            }
            Self::AfterNull { index, word } => {
                write!(f, "word {index} ({word:#x}) follows AT_NULL")
            }
        }
    }
}

/// Entries a vector is searched through for duplicates: four times what any kernel writes (24 pairs,
/// `AT_VECTOR_SIZE` at most 54 words), so that a hostile vector costs no quadratic time.
const MAX_CHECKED: usize = 96;

impl Auxv {
    /// Reads words as pairs up to AT_NULL.
    #[must_use]
    pub fn from_words(words: &[u64]) -> Self {
        let mut auxv = Self {
            words: words.len(),
            ..Self::default()
        };
        let (pairs, odd) = words.as_chunks::<2>();
        let end = pairs.iter().position(|[tag, _]| *tag == at::AT_NULL);
        for (index, [tag, value]) in (0..).step_by(2).zip(pairs).take(end.unwrap_or(pairs.len())) {
            auxv.push(Entry {
                index,
                tag: *tag,
                value: *value,
            });
        }
        match end {
            None => auxv.anomalies.push(AuxvAnomaly::NoTerminator),
            Some(end) => {
                let behind = end.saturating_add(1).saturating_mul(2);
                let left = (0..).zip(words).skip(behind).find(|(_, word)| **word != 0);
                auxv.anomalies.extend(
                    left.map(|(index, word)| AuxvAnomaly::AfterNull { index, word: *word }),
                );
            }
        }
        if let [word] = *odd {
            auxv.anomalies.push(AuxvAnomaly::OddWord {
                index: words.len().saturating_sub(1),
                word,
            });
        }
        auxv
    }

    fn push(&mut self, entry: Entry) {
        let seen = self.entries.len() < MAX_CHECKED && self.entry(entry.tag).is_some();
        if seen {
            let Entry { index, tag, value } = entry;
            self.anomalies
                .push(AuxvAnomaly::Duplicate { tag, index, value });
        }
        self.entries.push(entry);
    }

    /// The first entry with a tag. (Of several, libc's `getauxval` takes the first or the last,
    /// depending on its version; see [`AuxvAnomaly::Duplicate`].)
    #[must_use]
    pub fn entry(&self, tag: u64) -> Option<&Entry> {
        self.entries.iter().find(|entry| entry.tag == tag)
    }

    /// The value of the first entry with a tag.
    #[must_use]
    pub fn get(&self, tag: u64) -> Option<u64> {
        self.entry(tag).map(|entry| entry.value)
    }

    /// The capability words; absent entries are `None`.
    #[must_use]
    pub fn hwcaps(&self) -> Hwcaps {
        Hwcaps {
            words: HwcapWord::ALL.map(|word| self.get(word.tag())),
        }
    }

    /// AT_PAGESZ, bytes.
    #[must_use]
    pub fn page_size(&self) -> Option<u64> {
        self.get(at::AT_PAGESZ)
    }

    /// AT_MINSIGSTKSZ, bytes; kernels before 4.18 do not write it.
    #[must_use]
    pub fn minsigstksz(&self) -> Option<u64> {
        self.get(at::AT_MINSIGSTKSZ)
    }

    /// AT_RANDOM: where 16 random bytes lie.
    #[must_use]
    pub fn random(&self) -> Option<Addr> {
        self.get(at::AT_RANDOM).map(Addr)
    }

    /// AT_SYSINFO_EHDR: where the vDSO's ELF header lies.
    #[must_use]
    pub fn sysinfo_ehdr(&self) -> Option<Addr> {
        self.get(at::AT_SYSINFO_EHDR).map(Addr)
    }

    /// What AT_MINSIGSTKSZ says about the longest vector of the machine the task was started on;
    /// `None` without that entry.
    #[must_use]
    pub fn vector_length_bound(&self) -> Option<VectorLengthBound> {
        self.minsigstksz().map(bound::from_minsigstksz)
    }
}
