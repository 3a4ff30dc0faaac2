//! What glibc prints of the auxiliary vector when LD_SHOW_AUXV is set.
//!
//! `AT_PAGESZ:            4096`, one entry a line. glibc 2.43 writes `0x` before the capability words,
//! 2.36 and 2.31 do not; tags that a release does not know it writes as `AT_??? (0x1d): 0x0`.

use std::collections::BTreeSet;

use super::error::Error;
use super::statement::{Fact, Found, Names, Text, shown};
use super::vector::{self, Entry};
use crate::auxv::at::{self, ValueKind};
use crate::auxv::hwcap::HwcapWord;

/// Entries that every kernel writes, from the first to the last of the vector: a text that has them all
/// has not lost lines to a filter, so that a word it has not is one that the kernel does not write.
const EVERY_KERNEL: [&str; 7] = [
    "AT_PAGESZ",
    "AT_PHDR",
    "AT_ENTRY",
    "AT_UID",
    "AT_SECURE",
    "AT_RANDOM",
    "AT_EXECFN",
];

const ADVICE: &str = "copy the lines as they were printed";

/// Reads the text.
pub(super) fn read(text: &Text<'_>, found: &mut Found) -> Result<(), Error> {
    text.must_end()?;
    let mut entries: Vec<Entry> = Vec::new();
    let mut seen: BTreeSet<u64> = BTreeSet::new();
    for (line, content) in text.filled() {
        let malformed = |problem: String| Error::Malformed {
            spot: text.line(line),
            problem,
            advice: ADVICE,
        };
        let (name, value) = content
            .split_once(':')
            .filter(|(name, _)| name.starts_with("AT_"))
            .ok_or_else(|| malformed(format!("{} is no entry of a vector", shown(content))))?;
        let (name, value) = (name.trim(), value.trim());
        if name == "AT_PLATFORM" && !value.is_empty() && value != "aarch64" {
            return Err(Error::Foreign {
                spot: text.line(line),
                found: format!("AT_PLATFORM is {}", shown(value)),
            });
        }
        // An entry without a name here says nothing that is looked for.
        let Some(tag) = tag(name) else { continue };
        if !seen.insert(tag) {
            return Err(malformed(format!("a second {name}")));
        }
        let word = HwcapWord::ALL.into_iter().find(|word| word.tag() == tag);
        match (word, number(value, word.is_some())) {
            (_, Some(value)) => entries.push(Entry {
                tag,
                value,
                spot: text.line(line),
            }),
            (Some(word), None) if word == HwcapWord::Hwcap && is_names(value) => {
                let names = Names::of(value.split_ascii_whitespace());
                found.say(word.name(), text.line(line), Fact::SomeFeatures(names));
            }
            (None, None) if at::by_tag(tag).is_some_and(|row| row.kind == ValueKind::Text) => {}
            (_, None) => return Err(malformed(format!("{name} is {}", shown(value)))),
        }
    }
    let complete = EVERY_KERNEL
        .iter()
        .all(|name| tag(name).is_some_and(|tag| seen.contains(&tag)));
    // Names alone tell nothing of the words behind them.
    let named = seen.contains(&HwcapWord::Hwcap.tag())
        && entries
            .iter()
            .all(|entry| entry.tag != HwcapWord::Hwcap.tag());
    vector::take(&entries, complete && !named, found)
}

/// The tag of `AT_PAGESZ` or `AT_??? (0x1d)`.
fn tag(name: &str) -> Option<u64> {
    match name.split_once('(') {
        Some((_, tag)) => number(tag.trim_end_matches(')'), true),
        None => at::TAGS
            .iter()
            .find(|row| row.name == name)
            .map(|row| row.tag),
    }
}

/// A number in decimal, or in hexadecimal after `0x` or where that is the custom.
fn number(text: &str, hexadecimal: bool) -> Option<u64> {
    let (digits, radix) = match text.strip_prefix("0x") {
        Some(digits) => (digits, 16),
        None => (text, if hexadecimal { 16 } else { 10 }),
    };
    let plain = digits.bytes().all(|digit| digit.is_ascii_hexdigit());
    plain.then(|| u64::from_str_radix(digits, radix).ok())?
}

/// Names of features rather than a damaged number.
fn is_names(value: &str) -> bool {
    let known = Names::of(value.split_ascii_whitespace()).words;
    known.set_bits().next().is_some()
}
