//! Several messages on one line: pastes that lost their ends of lines.

use std::sync::LazyLock;

use regex::Regex;

use super::{begin, escape};

/// An end of line that was escaped and never put back.
static ESCAPED_END: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(r"(?:\\+r)?\\+n").ok());

/// What belongs to the message that follows: a number or a stamp of its line.
static BEFORE_NEXT: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(concat!(
        r"(?:(?:[ \t]|\\+n)(?:",
        r"[0-9]{1,9}[:-]",
        r"|(?:TRAC|DEBU|INFO|WARN|ERRO|FATA|PANI)[A-Z]{0,3}\[[^\]]{0,40}\]",
        r"|[A-Z][a-z]{2} [ 0-9][0-9] [0-9:]{8} [^ ]+ [^ ]+:",
        r"|[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:.,]+(?:Z|[+-][0-9:]{4,5})(?: (?:stdout|stderr) [FP]| [^ ]+ [^ ]+:)?",
        r")|[ \t,;|]|\\+[nr])+$",
    ))
    .ok()
});

/// A kernel's time behind a blank.
static KERNEL_TIME: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r"[ \t]\[ *[0-9]+\.[0-9]{6}\] ").ok());

/// A number of a line at the end of what stands before a message.
static NUMBER: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(r"[0-9]{1,9}:$").ok());

/// Quotes that do not escape what is in them.
const QUOTES: &[(char, char)] = &[
    ('`', '`'),
    ('\'', '\''),
    ('\u{201c}', '\u{201d}'),
    ('\u{2018}', '\u{2019}'),
    ('\u{ab}', '\u{bb}'),
];

/// Parts between escaped ends of lines; `None` where there are none before a message or the end.
pub(super) fn escaped(text: &str) -> Option<Vec<String>> {
    if !text.contains('\\') {
        return None;
    }
    let mut parts = Vec::new();
    let mut begun = 0;
    for found in ESCAPED_END.as_ref()?.find_iter(text) {
        if text.get(found.end()..).is_some_and(next) {
            parts.push(text.get(begun..found.start())?.to_owned());
            begun = found.end();
        }
    }
    if parts.is_empty() {
        return None;
    }
    parts.push(text.get(begun..)?.to_owned());
    Some(parts)
}

/// Whether a text begins as a line of a log does.
fn next(text: &str) -> bool {
    const BEGINNINGS: &[&str] = &[
        "time=",
        "{\"",
        "log file: ",
        "Please check CRIU logfile ",
        "---",
    ];
    let text = text.trim_start();
    let unnumbered = text.trim_start_matches(|c: char| c.is_ascii_digit());
    text.is_empty()
        || begin::criu(text)
        || begin::kernel(text)
        || unnumbered.strip_prefix([':', '-']).is_some_and(begin::criu)
        || BEGINNINGS.iter().any(|begun| text.starts_with(begun))
}

/// The messages of CRIU in a text, and what stands before the first; one part where there is nothing to
/// take apart.
pub(super) fn messages(text: &str) -> Vec<String> {
    // What it begins with is no second one.
    let behind = text.strip_prefix('(').unwrap_or(text);
    if !begin::possible(behind) {
        return vec![text.to_owned()];
    }
    let found = begin::INSIDE.as_ref().map(|inside| inside.find_iter(text));
    let starts: Vec<usize> = found
        .into_iter()
        .flatten()
        .map(|found| found.start())
        .collect();
    let Some(before) = starts.first().and_then(|first| text.get(..*first)) else {
        return vec![text.to_owned()];
    };
    let mut parts = Vec::new();
    if !before.trim().is_empty() {
        parts.push(before.to_owned());
    }
    let mut ends = starts.iter().skip(1).copied();
    let mut opener = before;
    for start in starts.iter().copied() {
        let end = ends.next();
        let Some(part) = text.get(start..end.unwrap_or(text.len())) else {
            continue;
        };
        let whole = match end {
            Some(_) => without_next(part),
            None => part,
        };
        parts.push(unquoted(opener, without_record(whole)));
        opener = part;
    }
    parts
}

/// The messages of a kernel in a text that begins with one.
pub(super) fn of_kernel(text: &str) -> Vec<String> {
    let Some(time) = KERNEL_TIME.as_ref() else {
        return vec![text.to_owned()];
    };
    let mut parts = Vec::new();
    let mut begun = 0;
    for found in time.find_iter(text) {
        parts.extend(text.get(begun..found.start()).map(str::to_owned));
        begun = found.start().saturating_add(1);
    }
    parts.extend(text.get(begun..).map(str::to_owned));
    parts
}

/// A message without what belongs to the one behind it.
fn without_next(part: &str) -> &str {
    BEFORE_NEXT
        .as_ref()
        .and_then(|before| part.get(..before.find(part)?.start()))
        .unwrap_or(part)
}

/// A message without the object that a logger put behind it, set off by a tab.
fn without_record(part: &str) -> &str {
    match part.split_once("\t{") {
        Some((message, _)) if part.trim_end().ends_with('}') => message,
        _ => part,
    }
}

/// A message without the quote that closes the one it stands in. `before` is what stands before it.
fn unquoted(before: &str, part: &str) -> String {
    let number = NUMBER.as_ref().and_then(|number| number.find(before));
    let before = match number {
        Some(number) => before.get(..number.start()).unwrap_or(before),
        None => before,
    };
    if before.ends_with('"') {
        let (inside, _) = escape::string(part);
        return inside.to_owned();
    }
    let end = part.trim_end_matches([' ', '.', ',', ';', ')', ']']);
    QUOTES
        .iter()
        .find(|(open, _)| before.ends_with(*open))
        .and_then(|(_, close)| end.strip_suffix(*close))
        .unwrap_or(part)
        .to_owned()
}
