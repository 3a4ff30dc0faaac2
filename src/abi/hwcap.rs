//! HWCAP words and bits.
#![deny(
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss
)]

use std::fmt;

pub use super::hwcap_table::BITS;
use crate::units::Version;

/// One of the four auxv words that carry capability bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum HwcapWord {
    /// AT_HWCAP.
    Hwcap,
    /// AT_HWCAP2.
    Hwcap2,
    /// AT_HWCAP3.
    Hwcap3,
    /// AT_HWCAP4.
    Hwcap4,
}

impl HwcapWord {
    /// The four words in the order of [`Hwcaps::words`].
    pub const ALL: [Self; 4] = [Self::Hwcap, Self::Hwcap2, Self::Hwcap3, Self::Hwcap4];

    /// Its tag in the auxiliary vector (`uapi/linux/auxvec.h`): 16, 26, 29 or 30.
    #[must_use]
    pub const fn tag(self) -> u64 {
        match self {
            Self::Hwcap => 16,
            Self::Hwcap2 => 26,
            Self::Hwcap3 => 29,
            Self::Hwcap4 => 30,
        }
    }

    /// Its name in the auxiliary vector, `AT_HWCAP` to `AT_HWCAP4`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Hwcap => "AT_HWCAP",
            Self::Hwcap2 => "AT_HWCAP2",
            Self::Hwcap3 => "AT_HWCAP3",
            Self::Hwcap4 => "AT_HWCAP4",
        }
    }

    /// Every bit that the table names, as a mask; 0 for a word without any.
    #[must_use]
    pub fn known(self) -> u64 {
        BITS.iter()
            .filter(|bit| bit.word == self)
            .fold(0, |mask, bit| mask | bit.mask())
    }
}

impl fmt::Display for HwcapWord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Bits of AT_HWCAP that the kernel leaves to libc and always writes as 0
/// (`Documentation/arch/arm64/elf_hwcaps.rst`, section 4).
pub const LIBC_BITS: u64 = 0b11 << 62;

/// One capability bit, one row of the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HwcapBit {
    /// The word.
    pub word: HwcapWord,
    /// Bit number, 0 to 63.
    pub bit: u8,
    /// Macro of `arch/arm64/include/uapi/asm/hwcap.h`, e.g. `HWCAP2_SVE2`.
    pub name: &'static str,
    /// Name in the `Features` line of /proc/cpuinfo.
    pub cpuinfo: &'static str,
    /// What the kernel sets the bit by.
    pub shown_by: ShownBy,
    /// Arm's feature name, `-` for bits that describe the kernel.
    pub feature: &'static str,
    /// First mainline kernel that reports it.
    pub since: Version,
    /// What depends on it.
    pub use_: BitUse,
}

/// What the kernel sets a capability bit by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ShownBy {
    /// A field of an ID register.
    Field(IdField),
    /// The same, where the kernel offers this extension at all.
    With(IdField, &'static str),
    /// One of several fields.
    Any(&'static [IdField]),
    /// Something that the kernel does.
    Kernel(&'static str),
}

/// A field of an ID register, and the value from which it counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct IdField {
    /// The register.
    pub register: &'static str,
    /// The field's name.
    pub name: &'static str,
    /// Its highest bit.
    pub high: u32,
    /// Its lowest bit.
    pub low: u32,
    /// The least value.
    pub least: u64,
}

impl fmt::Display for IdField {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.register, Bits(self))
    }
}

/// A field without its register: `SVE[35:32]`, `F8CVT[31]`.
struct Bits<'a>(&'a IdField);

impl fmt::Display for Bits<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let IdField {
            name, high, low, ..
        } = self.0;
        if high == low {
            write!(f, "{name}[{high}]")
        } else {
            write!(f, "{name}[{high}:{low}]")
        }
    }
}

impl IdField {
    /// The least value, with all digits of the field.
    fn condition(&self) -> String {
        let digits = self.high.saturating_sub(self.low).saturating_add(1);
        let width = usize::try_from(digits).unwrap_or_default();
        format!(">= 0b{:0width$b}", self.least)
    }
}

impl fmt::Display for ShownBy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Field(field) => write!(f, "{field} {}", field.condition()),
            Self::With(field, with) => write!(f, "{field} {} (with {with})", field.condition()),
            Self::Any(fields) => {
                let mut register = "";
                for (index, field) in fields.iter().enumerate() {
                    let or = if index == 0 { "" } else { " or " };
                    if field.register == register {
                        write!(f, "{or}.{}", Bits(field))?;
                    } else {
                        write!(f, "{or}{field}")?;
                    }
                    register = field.register;
                }
                match fields.first() {
                    Some(first) => write!(f, " {}", first.condition()),
                    None => Ok(()),
                }
            }
            Self::Kernel(does) => f.write_str(does),
        }
    }
}

impl HwcapBit {
    /// The field that the bit follows from, where that is one.
    #[must_use]
    pub fn field(&self) -> Option<IdField> {
        match self.shown_by {
            ShownBy::Field(field) | ShownBy::With(field, _) => Some(field),
            ShownBy::Any(_) | ShownBy::Kernel(_) => None,
        }
    }

    /// The bit as a mask of its word.
    #[must_use]
    pub const fn mask(&self) -> u64 {
        match 1_u64.checked_shl(self.bit as u32) {
            Some(mask) => mask,
            None => 0,
        }
    }

    /// The bit that /proc/cpuinfo calls `name`.
    #[must_use]
    pub fn by_cpuinfo_name(name: &str) -> Option<&'static Self> {
        BITS.iter().find(|row| row.cpuinfo == name)
    }

    /// The bit whose macro is `name`, e.g. `HWCAP2_SVE2`.
    #[must_use]
    pub fn named(name: &str) -> Option<&'static Self> {
        BITS.iter().find(|row| row.name == name)
    }

    /// Bit number `bit` of `word`, if it has a name.
    #[must_use]
    pub fn by_bit(word: HwcapWord, bit: u8) -> Option<&'static Self> {
        BITS.iter().find(|row| row.word == word && row.bit == bit)
    }
}

/// A row of the table, for the constants below.
#[expect(
    clippy::indexing_slicing,
    reason = "evaluated at compile time only, where a bad index is an error"
)]
const fn row(index: usize) -> &'static HwcapBit {
    &BITS[index]
}

/// First row of AT_HWCAP2: AT_HWCAP has names for bits 0 to 47, without a gap.
const HWCAP2_ROW: usize = 48;

/// The kernel answers MRS of ID registers.
pub const CPUID: &HwcapBit = row(11);
/// SVE: the kernel saves vector state, so frames carry an SVE record.
pub const SVE: &HwcapBit = row(22);
/// Pointer authentication of addresses.
pub const PACA: &HwcapBit = row(30);
/// Pointer authentication of data: PACGA.
pub const PACG: &HwcapBit = row(31);
/// Guarded control stacks.
pub const GCS: &HwcapBit = row(32);
/// SVE2.
pub const SVE2: &HwcapBit = row(HWCAP2_ROW + 1);
/// Branch target identification.
pub const BTI: &HwcapBit = row(HWCAP2_ROW + 17);
/// Memory tagging.
pub const MTE: &HwcapBit = row(HWCAP2_ROW + 18);
/// Memory tagging with asymmetric checks.
pub const MTE3: &HwcapBit = row(HWCAP2_ROW + 22);
/// SME: frames carry TPIDR2 and ZA records.
pub const SME: &HwcapBit = row(HWCAP2_ROW + 23);
/// SME2: frames with ZA carry a ZT record.
pub const SME2: &HwcapBit = row(HWCAP2_ROW + 37);
/// FPMR: frames carry an FPMR record.
pub const FPMR: &HwcapBit = row(HWCAP2_ROW + 48);
/// Permission overlays: frames carry a POE record.
pub const POE: &HwcapBit = row(HWCAP2_ROW + 63);

/// What a program that was told of a bit can do with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BitUse {
    /// Executes instructions, or relies on behaviour, that a machine without it does not have.
    Code,
    /// Only instructions of the HINT space, or prefetches: they do nothing on a machine without it.
    Hint,
    /// Tells of the kernel, not the CPU.
    Kernel,
}

/// The bits that either value of a word has; a value that is not known adds none.
#[must_use]
pub fn join(one: Option<u64>, other: Option<u64>) -> Option<u64> {
    match (one, other) {
        (Some(one), Some(other)) => Some(one | other),
        (one, other) => one.or(other),
    }
}

/// The four words; `None` where a word is not known (or, in a saved auxv, not present).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Hwcaps {
    /// AT_HWCAP, AT_HWCAP2, AT_HWCAP3, AT_HWCAP4.
    pub words: [Option<u64>; 4],
}

/// What one set of words has and another has not.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Missing {
    /// Named bits that are set here and clear there.
    pub bits: Vec<&'static HwcapBit>,
    /// Likewise for bits without a name, as word and bit number.
    pub unknown_bits: Vec<(HwcapWord, u8)>,
    /// Words with a bit set here that are not known there.
    pub undecidable: Vec<HwcapWord>,
}

impl Missing {
    /// Whether everything set here is known to be set there.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.bits.is_empty() && self.unknown_bits.is_empty() && self.undecidable.is_empty()
    }
}

impl Hwcaps {
    /// The words with the bits of `names`, names as in the `Features` line of /proc/cpuinfo; words
    /// the table has no bits for stay unknown.
    ///
    /// # Errors
    /// The position in `names` and the name of the first one that is not in the table.
    pub fn from_features<'a>(
        names: impl IntoIterator<Item = &'a str>,
    ) -> Result<Self, (usize, &'a str)> {
        let mut caps = Self::default();
        for word in HwcapWord::ALL.into_iter().filter(|word| word.known() != 0) {
            caps.set_word(word, Some(0));
        }
        for (index, name) in names.into_iter().enumerate() {
            let bit = HwcapBit::by_cpuinfo_name(name).ok_or((index, name))?;
            caps.set_word(
                bit.word,
                caps.word(bit.word).map(|value| value | bit.mask()),
            );
        }
        Ok(caps)
    }

    /// The value of a word, `None` where it is not known.
    #[must_use]
    pub fn word(&self, word: HwcapWord) -> Option<u64> {
        let [first, second, third, fourth] = self.words;
        match word {
            HwcapWord::Hwcap => first,
            HwcapWord::Hwcap2 => second,
            HwcapWord::Hwcap3 => third,
            HwcapWord::Hwcap4 => fourth,
        }
    }

    /// Sets or forgets a word.
    pub fn set_word(&mut self, word: HwcapWord, value: Option<u64>) {
        let [first, second, third, fourth] = &mut self.words;
        *match word {
            HwcapWord::Hwcap => first,
            HwcapWord::Hwcap2 => second,
            HwcapWord::Hwcap3 => third,
            HwcapWord::Hwcap4 => fourth,
        } = value;
    }

    /// Whether a bit is set; `None` where its word is not known.
    #[must_use]
    pub fn has(&self, bit: &HwcapBit) -> Option<bool> {
        self.word(bit.word).map(|value| value & bit.mask() != 0)
    }

    /// The named bits that are set, in the order of the table.
    pub fn set_bits(&self) -> impl Iterator<Item = &'static HwcapBit> + use<> {
        let caps = *self;
        BITS.iter().filter(move |bit| caps.has(bit) == Some(true))
    }

    /// The bits that are set and have no name, as word and bit number; bits 62 and 63 of AT_HWCAP
    /// ([`LIBC_BITS`]) are among them.
    #[must_use]
    pub fn unknown_bits(&self) -> Vec<(HwcapWord, u8)> {
        let mut found = Vec::new();
        for word in HwcapWord::ALL {
            let strange = self.word(word).unwrap_or(0) & !word.known();
            found.extend(
                (0..64_u8)
                    .filter(|bit| strange.checked_shr(u32::from(*bit)).unwrap_or(0) & 1 != 0)
                    .map(|bit| (word, bit)),
            );
        }
        found
    }

    /// What is set here and not in `target`. A word that is absent here asks for nothing.
    #[must_use]
    pub fn missing_from(&self, target: &Self) -> Missing {
        let mut only_here = Self::default();
        let mut undecidable = Vec::new();
        for word in HwcapWord::ALL {
            match (self.word(word), target.word(word)) {
                (Some(here), Some(there)) => only_here.set_word(word, Some(here & !there)),
                (Some(here), None) if here != 0 => undecidable.push(word),
                _ => {}
            }
        }
        Missing {
            bits: only_here.set_bits().collect(),
            unknown_bits: only_here.unknown_bits(),
            undecidable,
        }
    }

    /// The set bits as /proc/cpuinfo would print them after `Features`, followed by those without a
    /// name as `AT_HWCAP3:12` (word and bit number).
    #[must_use]
    pub fn features_line(&self) -> String {
        let named = self.set_bits().map(|bit| bit.cpuinfo.to_owned());
        let strange = self
            .unknown_bits()
            .into_iter()
            .map(|(word, bit)| format!("{word}:{bit}"));
        named.chain(strange).collect::<Vec<_>>().join(" ")
    }
}
