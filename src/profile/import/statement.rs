//! What the readers find: statements, each with its place.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;

use super::error::Error;
use crate::auxv::hwcap::{HwcapBit, HwcapWord, Hwcaps};
use crate::units::{Version, Vl};

/// Where something stands in an input.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Spot {
    /// The input as the user named it.
    pub file: Arc<str>,
    /// Where in it.
    pub position: Position,
}

/// Where in an input.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Position {
    /// All of it.
    Whole,
    /// A line, from 1.
    Line(usize),
    /// A byte.
    Offset(usize),
}

impl fmt::Display for Spot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.position {
            Position::Whole => write!(f, "{}", self.file),
            Position::Line(line) => write!(f, "{}:{line}", self.file),
            Position::Offset(offset) => write!(f, "{} offset {offset:#x}", self.file),
        }
    }
}

/// One thing that an input says of the machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Statement {
    pub(super) fact: Fact,
    pub(super) spot: Spot,
    /// What says it, in the words of the field: `AT_HWCAP`, `Features`.
    pub(super) what: &'static str,
}

/// What can be said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Fact {
    /// The value of a capability word.
    Word(HwcapWord, u64),
    /// All features of the machine, by name.
    Features(Names),
    /// Some of the features of AT_HWCAP by name; the list need not be complete.
    SomeFeatures(Names),
    /// Bytes.
    PageSize(u64),
    /// AT_MINSIGSTKSZ, bytes.
    MinSigStkSz(u64),
    /// Version of the kernel.
    Kernel(Version),
    /// Version of CRIU.
    Criu(Version),
    /// The vector length a new task gets.
    Default(Vectors, Vl),
    /// `MIDR_EL1` of one processor, or of all.
    Midr(Option<u32>, u64),
}

/// Which vectors.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Vectors {
    Sve,
    Sme,
}

/// Features by name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Names {
    /// The words that have names, with the bits named.
    pub(super) words: Hwcaps,
    /// Names that are not in the table.
    pub(super) strange: BTreeSet<String>,
}

impl Names {
    /// Looks names up.
    pub(super) fn of<'a>(names: impl IntoIterator<Item = &'a str>) -> Self {
        let mut words = Hwcaps::default();
        for word in HwcapWord::ALL.into_iter().filter(|word| word.known() != 0) {
            words.set_word(word, Some(0));
        }
        let mut strange = BTreeSet::new();
        for name in names {
            if let Some(bit) = HwcapBit::by_cpuinfo_name(name) {
                let value = words.word(bit.word).unwrap_or(0) | bit.mask();
                words.set_word(bit.word, Some(value));
            } else if !strange.contains(name) {
                strange.insert(name.to_owned());
            }
        }
        Self { words, strange }
    }

    /// What both have.
    pub(super) fn intersect(&mut self, other: &Self) {
        self.combine(other, |one, two| one & two);
        self.strange.retain(|name| other.strange.contains(name));
    }

    /// The names that one of the two has and the other has not.
    pub(super) fn difference(&self, other: &Self) -> BTreeSet<String> {
        let mut apart = self.clone();
        apart.combine(other, |one, two| one ^ two);
        let known = apart.words.set_bits().map(|bit| bit.cpuinfo.to_owned());
        let strange = self.strange.symmetric_difference(&other.strange);
        known.chain(strange.cloned()).collect()
    }

    fn combine(&mut self, other: &Self, how: fn(u64, u64) -> u64) {
        for word in HwcapWord::ALL {
            if let (Some(one), Some(two)) = (self.words.word(word), other.words.word(word)) {
                self.words.set_word(word, Some(how(one, two)));
            }
        }
    }
}

/// Names in a message: all of a few, the first of many.
pub(super) fn few(names: &BTreeSet<String>) -> String {
    const MOST: usize = 12;
    let mut list: Vec<&str> = names.iter().take(MOST).map(String::as_str).collect();
    if names.len() > MOST {
        list.push("…");
    }
    list.join(", ")
}

/// What the readers have found so far.
#[derive(Debug, Default)]
pub(super) struct Found {
    pub(super) statements: Vec<Statement>,
    /// What the user should know, one sentence each.
    pub(super) remarks: Vec<String>,
}

impl Found {
    pub(super) fn say(&mut self, what: &'static str, spot: Spot, fact: Fact) {
        self.statements.push(Statement { fact, spot, what });
    }
}

/// A text, or a part of one.
#[derive(Clone, Debug)]
pub(super) struct Text<'a> {
    pub(super) file: Arc<str>,
    /// Number of its first line in the file, from 1.
    pub(super) first_line: usize,
    pub(super) text: &'a str,
}

impl<'a> Text<'a> {
    /// The lines with their numbers, without the blanks around them.
    pub(super) fn lines(&self) -> impl Iterator<Item = (usize, &'a str)> + use<'a> {
        (self.first_line..).zip(self.text.lines().map(str::trim))
    }

    /// The lines with something on them.
    pub(super) fn filled(&self) -> impl Iterator<Item = (usize, &'a str)> + use<'a> {
        self.lines().filter(|(_, line)| !line.is_empty())
    }

    /// Refuses a text whose last line has no end: the line may have lost features or digits.
    pub(super) fn must_end(&self) -> Result<(), Error> {
        match self.lines().last() {
            Some((line, _)) if !self.text.ends_with('\n') => Err(Error::Malformed {
                spot: self.line(line),
                problem: "the line has no end, and may be cut".to_owned(),
                advice: "copy all of the text; where it is complete, add a line break",
            }),
            _ => Ok(()),
        }
    }

    pub(super) fn line(&self, line: usize) -> Spot {
        Spot {
            file: Arc::clone(&self.file),
            position: Position::Line(line),
        }
    }
}

/// A user's text for a message: one line, not too long, in quotes.
pub(super) fn shown(text: &str) -> String {
    crate::profile::schema::section::shown(text)
}
