//! What stands before a line: stamps of loggers, numbers of lines, marks of quotations.

use std::sync::LazyLock;

use regex::Regex;

use super::begin;

/// A prefix, and what must follow for it to be one.
struct Prefix {
    expression: &'static str,
    before: fn(&str) -> bool,
    /// Whether syslog wrote it, which writes control characters as `#012`.
    syslog: bool,
}

const fn always(expression: &'static str) -> Prefix {
    Prefix {
        expression,
        before: anything,
        syslog: false,
    }
}

const fn before_message(expression: &'static str) -> Prefix {
    Prefix {
        expression,
        before: a_message,
        syslog: false,
    }
}

const fn syslog(expression: &'static str) -> Prefix {
    Prefix {
        expression,
        before: anything,
        syslog: true,
    }
}

/// The first that fits is taken off.
const PREFIXES: &[Prefix] = &[
    always("^[\u{feff}\u{200b}]+"),
    // Markdown and mail quote a line with `>`.
    always(r"^(?:[ \t]*>)+ ?"),
    always(r"^[ \t]+"),
    // The journal's export format, and its verbose one.
    always(r"^_?MESSAGE="),
    // RFC 3164, and `journalctl`.
    syslog(
        r#"^(?:<[0-9]{1,3}>)?[A-Z][a-z]{2} [ 0-9][0-9] [0-9]{2}:[0-9]{2}:[0-9]{2}(?:[.,][0-9]+)? [^ :()\[\]{}"']+ [^ :()\[\]{}"']+(?:\[[0-9]+\])?: "#,
    ),
    // `journalctl -o short-iso`, and rsyslog since it writes times in full. Without a process id it may be any
    // text behind a time.
    syslog(
        r#"^(?:<[0-9]{1,3}>)?[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:.,]+(?:Z|[+-][0-9]{2}:?[0-9]{2}) [^ :()\[\]{}"']+ [^ :()\[\]{}"']+\[[0-9]+\]: "#,
    ),
    // RFC 5424.
    syslog(r"^<[0-9]{1,3}>1 [^ ]+ [^ ]+ [^ ]+ [^ ]+ [^ ]+ (?:-|(?:\[(?:[^\]\\]|\\.)*\])+) ?"),
    // `docker logs -t`, `kubectl logs --timestamps`, crun on a terminal.
    always(
        r"^\[?[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}:[0-9]{2}(?:[.,][0-9]+)?(?: ?(?:Z|UTC|[+-][0-9]{2}:?[0-9]{2}))?\]?:?[ \t]+",
    ),
    // klog: `E0102 15:04:05.000000    1 file.go:12] `.
    always(r"^[IWEF][0-9]{4} [0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]+)? +[0-9]+ [^ \]]+:[0-9]+\] ?"),
    // `docker compose logs`.
    always(r"^[A-Za-z0-9_.-]+ *\| +"),
    // runc numbers the lines it quotes; so does `grep -n`.
    Prefix {
        expression: r"^[0-9]{1,9}:",
        before: no_time,
        syslog: false,
    },
    before_message(r"^[0-9]{1,9}-"),
    Prefix {
        expression: r#"^[^ \t:"'{}\[\]()=]*[./][^ \t:"'{}\[\]()=]*:[0-9]{1,9}:"#,
        before: no_time,
        syslog: false,
    },
    before_message(r#"^[^ \t:"'{}\[\]()=]+[:-][0-9]{1,9}[:-]"#),
    before_message(r#"^[^ \t:"'{}\[\]()=]+:"#),
    // Items of lists.
    before_message(r"^(?:[-*+]|[0-9]{1,4}[.)]) +"),
];

static EXPRESSIONS: LazyLock<Vec<(Regex, &'static Prefix)>> = LazyLock::new(|| {
    PREFIXES
        .iter()
        .filter_map(|prefix| Some((Regex::new(prefix.expression).ok()?, prefix)))
        .collect()
});

/// A line without the prefix it begins with.
pub(super) fn off(text: &str) -> Option<String> {
    EXPRESSIONS.iter().find_map(|(expression, prefix)| {
        let end = expression.find(text)?.end();
        let rest = text.get(end..)?;
        if !(prefix.before)(rest) {
            return None;
        }
        Some(if prefix.syslog {
            controls(rest)
        } else {
            rest.to_owned()
        })
    })
}

fn anything(_: &str) -> bool {
    true
}

fn a_message(rest: &str) -> bool {
    begin::criu(rest)
        || begin::kernel(rest)
        || rest.starts_with(['{', '"'])
        || rest.starts_with("time=")
}

/// Not the minutes and seconds of a time of day.
fn no_time(rest: &str) -> bool {
    let digits = |pair: &[u8]| pair.iter().all(u8::is_ascii_digit);
    !matches!(rest.as_bytes(), [a, b, b':', c, d, ..] if digits(&[*a, *b, *c, *d]))
}

/// Control characters that syslog daemons write as `#` and three octal digits.
fn controls(text: &str) -> String {
    [
        ("#012", "\n"),
        ("#011", "\t"),
        ("#015", "\r"),
        ("#033", "\u{1b}"),
    ]
    .iter()
    .fold(text.to_owned(), |text, (escaped, control)| {
        if text.contains(escaped) {
            text.replace(escaped, control)
        } else {
            text
        }
    })
}
