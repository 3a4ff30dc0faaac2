//! An auxiliary vector: what all its spellings say of the machine, and the bytes of /proc/self/auxv.

use std::sync::Arc;

use super::error::Error;
use super::statement::{Fact, Found, Position, Spot, Text, shown};
use crate::auxv::at;
use crate::auxv::hwcap::HwcapWord;
use crate::auxv::vector::{Auxv, AuxvAnomaly};

/// Bytes of an entry: two little-endian numbers of 8.
pub(super) const PAIR: usize = 16;
const WORD: usize = 8;

/// One entry of a vector.
#[derive(Clone, Debug)]
pub(super) struct Entry {
    pub(super) tag: u64,
    pub(super) value: u64,
    pub(super) spot: Spot,
}

/// Takes the statements out of a vector. Where it is `complete`, a capability word that is not in it is
/// one that the kernel does not write: 0.
pub(super) fn take(entries: &[Entry], complete: bool, found: &mut Found) -> Result<(), Error> {
    for entry in entries {
        let spot = || entry.spot.clone();
        if let Some(foreign) = at::by_tag(entry.tag).filter(|row| is_foreign(row)) {
            return Err(Error::Foreign {
                spot: spot(),
                found: format!("{} is an entry that no arm64 kernel writes", foreign.name),
            });
        }
        if let Some(word) = HwcapWord::ALL
            .into_iter()
            .find(|word| word.tag() == entry.tag)
        {
            found.say(word.name(), spot(), Fact::Word(word, entry.value));
        }
        match entry.tag {
            at::AT_PAGESZ => found.say("AT_PAGESZ", spot(), Fact::PageSize(entry.value)),
            at::AT_MINSIGSTKSZ => {
                found.say("AT_MINSIGSTKSZ", spot(), Fact::MinSigStkSz(entry.value));
            }
            _ => {}
        }
    }
    if let (true, Some(first)) = (complete, entries.first()) {
        let absent = HwcapWord::ALL
            .into_iter()
            .filter(|word| entries.iter().all(|entry| entry.tag != word.tag()));
        for word in absent {
            let spot = Spot {
                position: Position::Whole,
                ..first.spot.clone()
            };
            found.say("the vector has no such entry", spot, Fact::Word(word, 0));
        }
    }
    Ok(())
}

/// Tags of other architectures. AT_IGNORE and AT_HWCAP4 are nobody's and anybody's.
fn is_foreign(row: &at::AtTag) -> bool {
    !row.on_arm64 && ![1, HwcapWord::Hwcap4.tag()].contains(&row.tag)
}

/// Reads the bytes of /proc/self/auxv.
pub(super) fn bytes(file: &Arc<str>, bytes: &[u8], found: &mut Found) -> Result<(), Error> {
    let spot = |offset| Spot {
        file: Arc::clone(file),
        position: Position::Offset(offset),
    };
    words(bytes, spot, found)
}

/// Reads the same bytes written as hexadecimal numbers.
pub(super) fn hex(text: &Text<'_>, found: &mut Found) -> Result<(), Error> {
    let mut bytes = Vec::new();
    // Line of every byte's number.
    let mut lines = Vec::new();
    for (line, content) in text.filled() {
        for token in without_address(content) {
            let byte = hex_byte(token).ok_or_else(|| Error::Malformed {
                spot: text.line(line),
                problem: format!("{} is no byte of two hexadecimal digits", shown(token)),
                advice: "write /proc/self/auxv with `od -An -v -tx1`",
            })?;
            bytes.push(byte);
            lines.push(line);
        }
    }
    let last = lines.last().copied().unwrap_or(text.first_line);
    words(
        &bytes,
        |offset| text.line(lines.get(offset).copied().unwrap_or(last)),
        found,
    )
}

/// Whether a text is made of bytes in hexadecimal digits.
pub(super) fn is_hex(text: &Text<'_>) -> bool {
    text.filled()
        .all(|(_, line)| without_address(line).all(|token| hex_byte(token).is_some()))
}

/// The numbers of a line of `od`, without the address in front of them.
fn without_address(line: &str) -> impl Iterator<Item = &str> {
    let is_address =
        |token: &str| token.len() >= 6 && token.bytes().all(|digit| digit.is_ascii_hexdigit());
    line.split_ascii_whitespace()
        .enumerate()
        .filter(move |(index, token)| *index > 0 || !is_address(token))
        .map(|(_, token)| token)
}

fn hex_byte(token: &str) -> Option<u8> {
    let digits = token.len() == 2 && token.bytes().all(|digit| digit.is_ascii_hexdigit());
    digits.then(|| u8::from_str_radix(token, 16).ok())?
}

fn words(bytes: &[u8], spot: impl Fn(usize) -> Spot, found: &mut Found) -> Result<(), Error> {
    const ADVICE: &str = "copy all of /proc/self/auxv again, of a 64-bit program";
    let malformed = |offset, problem: String| Error::Malformed {
        spot: spot(offset),
        problem,
        advice: ADVICE,
    };
    let (chunks, rest) = bytes.as_chunks::<WORD>();
    let words: Vec<u64> = chunks
        .iter()
        .map(|word| u64::from_le_bytes(*word))
        .collect();
    if is_32_bit(bytes, &words) {
        return Err(Error::Foreign {
            spot: spot(0),
            found: "these are pairs of 4-byte numbers, the vector of a 32-bit program".to_owned(),
        });
    }
    if !rest.is_empty() {
        let at = bytes.len().saturating_sub(rest.len());
        let problem = format!(
            "{} bytes are left behind the last 8-byte number",
            rest.len()
        );
        return Err(malformed(at, problem));
    }
    let auxv = Auxv::from_words(&words);
    let offset = |index: usize| index.saturating_mul(WORD);
    if let Some(anomaly) = auxv.anomalies.first() {
        let at = match anomaly {
            AuxvAnomaly::NoTerminator => bytes.len().saturating_sub(1),
            AuxvAnomaly::OddWord { index, .. }
            | AuxvAnomaly::Duplicate { index, .. }
            | AuxvAnomaly::AfterNull { index, .. } => offset(*index),
        };
        return Err(malformed(
            at,
            format!("this is no complete vector: {anomaly}"),
        ));
    }
    let entries: Vec<Entry> = auxv
        .entries
        .iter()
        .map(|entry| Entry {
            tag: entry.tag,
            value: entry.value,
            spot: spot(offset(entry.index)),
        })
        .collect();
    if entries.is_empty() {
        return Err(malformed(0, "the vector has no entry".to_owned()));
    }
    take(&entries, true, found)
}

/// Tags are small numbers: where the 8-byte numbers have none and the 4-byte ones do, those are meant.
fn is_32_bit(bytes: &[u8], words: &[u64]) -> bool {
    const LARGEST_TAG: u64 = 255;
    let (narrow, _) = bytes.as_chunks::<4>();
    let narrow_tags = narrow.iter().step_by(2).map(|tag| u32::from_le_bytes(*tag));
    let mut narrow_tags = narrow_tags.take_while(|tag| *tag != 0);
    let first_wide = words.first().copied().unwrap_or(0);
    first_wide > LARGEST_TAG && narrow_tags.all(|tag| u64::from(tag) <= LARGEST_TAG)
}
