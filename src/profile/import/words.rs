//! Capability words and names of features: two spellings of one thing, joined.

use std::collections::BTreeMap;

use super::error::Error;
use super::merge::{agreed, contradiction, origin};
use super::statement::{Fact, Names, Statement, few, shown};
use crate::auxv::hwcap::{BITS, HwcapBit, HwcapWord, Hwcaps, LIBC_BITS};
use crate::profile::schema::{load, near};

/// A capability word that some statement gives.
struct Word<'a> {
    word: HwcapWord,
    value: u64,
    said: &'a Statement,
}

/// A statement that names features.
struct List<'a> {
    names: &'a Names,
    /// Whether it names all there are.
    whole: bool,
    said: &'a Statement,
}

/// The words of the machine; `origins` gets where each comes from. `files` is for messages.
pub(super) fn join(
    statements: &[Statement],
    origins: &mut BTreeMap<String, String>,
    files: &str,
) -> Result<Hwcaps, Error> {
    let words = words(statements)?;
    let lists: Vec<List<'_>> = statements.iter().filter_map(list).collect();
    let mut caps = Hwcaps::default();
    for word in &words {
        caps.set_word(word.word, Some(word.value));
        origins.insert(load::word_path(word.word), origin(word.said));
    }
    for list in &lists {
        for word in &words {
            agree(word, list)?;
        }
        keep_strange(&caps, list)?;
    }
    let mut whole = lists.iter().filter(|list| list.whole);
    let first = whole.next();
    if let Some(first) = first {
        whole.try_for_each(|other| same(first, other))?;
        // The words that no vector states follow from the names.
        for word in HwcapWord::ALL {
            if let (None, Some(value)) = (caps.word(word), first.names.words.word(word)) {
                caps.set_word(word, Some(value));
                origins.insert(load::word_path(word), origin(first.said));
            }
        }
    }
    let by_word = words
        .iter()
        .find(|word| word.word == HwcapWord::Hwcap)
        .map(|word| word.said);
    let said = by_word.or(first.map(|list| list.said));
    let (Some(said), Some(value)) = (said, caps.word(HwcapWord::Hwcap)) else {
        return Err(Error::NoFeatures {
            files: files.to_owned(),
        });
    };
    match not_arm64(value, &caps) {
        Some(found) => Err(Error::Foreign {
            spot: said.spot.clone(),
            found,
        }),
        None => Ok(caps),
    }
}

fn words(statements: &[Statement]) -> Result<Vec<Word<'_>>, Error> {
    let mut words = Vec::new();
    for word in HwcapWord::ALL {
        let of = |fact: &Fact| match fact {
            Fact::Word(of, value) if *of == word => Some(*value),
            _ => None,
        };
        if let Some((value, said)) = agreed(statements, &load::word_path(word), of, |value| {
            format!("{value:#x}")
        })? {
            words.push(Word { word, value, said });
        }
    }
    Ok(words)
}

fn list(said: &Statement) -> Option<List<'_>> {
    let (names, whole) = match &said.fact {
        Fact::Features(names) => (names, true),
        Fact::SomeFeatures(names) => (names, false),
        _ => return None,
    };
    Some(List { names, whole, said })
}

/// Holds names against a word: every name is a bit of it, and every bit that has a name is in a whole list.
fn agree(word: &Word<'_>, list: &List<'_>) -> Result<(), Error> {
    let Some(named) = list.names.words.word(word.word) else {
        return Ok(());
    };
    let unset = named & !word.value;
    let unnamed = word.value & word.word.known() & !named;
    let in_words = |bits| {
        let mut only = Hwcaps::default();
        only.set_word(word.word, Some(bits));
        only.features_line()
    };
    let (one, other) = if unset != 0 {
        let bits = in_words(unset);
        (format!("without {bits}"), format!("a list with {bits}"))
    } else if list.whole && unnamed != 0 {
        let bits = in_words(unnamed);
        (format!("with {bits}"), format!("a list without {bits}"))
    } else {
        return Ok(());
    };
    Err(contradiction(
        &load::word_path(word.word),
        (format!("{:#x} ({one})", word.value), &word.said.spot),
        (other, &list.said.spot),
    ))
}

/// A name that is in no table must be one of the bits without a name, or it would be lost; `words` are those
/// that a vector states.
fn keep_strange(words: &Hwcaps, list: &List<'_>) -> Result<(), Error> {
    let strange = &list.names.strange;
    let Some(name) = strange.first() else {
        return Ok(());
    };
    let mut nobodys = *words;
    let first = words.word(HwcapWord::Hwcap).map(|value| value & !LIBC_BITS);
    nobodys.set_word(HwcapWord::Hwcap, first);
    let stated = HwcapWord::ALL
        .into_iter()
        .all(|word| word.known() == 0 || words.word(word).is_some());
    if stated && strange.len() <= nobodys.unknown_bits().len() {
        return Ok(());
    }
    Err(Error::UnknownFeature {
        spot: list.said.spot.clone(),
        name: shown(name),
        near: near::nearest(name, BITS.iter().map(|bit| bit.cpuinfo)),
    })
}

/// Two whole lists of one machine are the same.
fn same(one: &List<'_>, other: &List<'_>) -> Result<(), Error> {
    let apart = one.names.difference(other.names);
    if apart.is_empty() {
        return Ok(());
    }
    let count = |list: &List<'_>| {
        let known = list.names.words.set_bits().count();
        known.saturating_add(list.names.strange.len())
    };
    Err(contradiction(
        "features",
        (format!("a list of {}", count(one)), &one.said.spot),
        (
            format!("one of {} (they differ in {})", count(other), few(&apart)),
            &other.said.spot,
        ),
    ))
}

/// What shows that AT_HWCAP is not that of a 64-bit program on arm64. Every libc needs FP and ASIMD, and the
/// architecture has half precision in both of them or in neither (ID_AA64PFR0_EL1.FP and AdvSIMD are equal).
fn not_arm64(value: u64, caps: &Hwcaps) -> Option<String> {
    let has = |name| HwcapBit::by_cpuinfo_name(name).and_then(|bit| caps.has(bit)) == Some(true);
    let problem = if !has("fp") || !has("asimd") {
        "has not both fp and asimd, which all arm64 machines have"
    } else if has("fphp") != has("asimdhp") {
        "has one of fphp and asimdhp, and no arm64 machine has one alone"
    } else {
        return None;
    };
    Some(format!("AT_HWCAP {value:#x} {problem}"))
}
