//! How messages begin.

use std::sync::LazyLock;

use regex::Regex;

/// The mark of a level: `Error (criu/mem.c:12): `.
const MARK: &str = r"(?:Error|Warn) +\([A-Za-z0-9_./-]+\.[ch]:[0-9]+\): ?";

/// CRIU's time, as `print_ts` of `criu/log.c` and `sbuf_log_init` of `compel/plugins/std/log.c` write it:
/// nine characters between the parentheses, the restorer's all six decimals.
const TIME: &str = r"\((?:[0-9]{2}\.[0-9]{6}|[0-9]{3}\.[0-9]{5,6}|[0-9]{4,}\.[0-9]{3,6})\)";

/// The same with fewer digits, as people shorten it.
const ANY_TIME: &str = r"\([0-9]{2,}\.[0-9]{1,6}\)";

static CRIU: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(&format!(
        r"^(?:{ANY_TIME}|pie: [0-9]+: |(?: *[0-9]+: )?{MARK})"
    ))
    .ok()
});

static KERNEL: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r"^(?:<[0-9]{1,3}>)?\[ *[0-9]+\.[0-9]{6}\] ").ok());

static LEVELLED: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(MARK).ok());

/// Where a message of CRIU begins inside of a text.
pub(super) static INSIDE: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(&format!(
        r"(?:{ANY_TIME} ?)?(?:pie: )? *(?:[0-9]+: )?{MARK}|{TIME} ?"
    ))
    .ok()
});

/// Whether a text begins as a line of CRIU does: nothing is wrapped around it.
pub(super) fn criu(text: &str) -> bool {
    matches(&CRIU, text)
}

/// Whether a text begins with the time of a kernel's message.
pub(super) fn kernel(text: &str) -> bool {
    matches(&KERNEL, text)
}

/// Where the first message of CRIU begins, if there is one.
pub(super) fn first(text: &str) -> Option<usize> {
    possible(text).then_some(())?;
    Some(INSIDE.as_ref()?.find(text)?.start())
}

/// Whether a message of CRIU may begin in a text, at a glance: nearly every line of a log has none but the
/// one it begins with, and is long.
pub(super) fn possible(text: &str) -> bool {
    memchr::memchr_iter(b'(', text.as_bytes()).any(|at| {
        let (before, behind) = text.split_at_checked(at).unwrap_or_default();
        let before = before.trim_end_matches(' ');
        before.ends_with("Error") || before.ends_with("Warn") || time(behind)
    })
}

/// Whether a text begins with a parenthesis and two digits.
fn time(text: &str) -> bool {
    matches!(text.as_bytes(), [_, first, second, ..] if first.is_ascii_digit() && second.is_ascii_digit())
}

/// Whether a message of CRIU with a level, or with a time, is anywhere in it.
pub(super) fn within(text: &str) -> bool {
    possible(text) && (criu(text) || matches(&LEVELLED, text) || first(text).is_some()) || pie(text)
}

/// A message of the restorer without a time and a level.
fn pie(text: &str) -> bool {
    text.starts_with("pie: ") && criu(text)
}

fn matches(expression: &LazyLock<Option<Regex>>, text: &str) -> bool {
    expression
        .as_ref()
        .is_some_and(|expression| expression.is_match(text))
}
