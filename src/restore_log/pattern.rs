//! Messages as they stand in a table: literal text with `{name}` or `{name:kind}` where a value is.

use regex::Regex;

/// What a value looks like, by the kind a pattern names or, without one, by the value's name.
pub(super) const KINDS: &[(&str, &str)] = &[
    ("number", "-?[0-9]+"),
    ("pid", "[0-9]+"),
    ("tid", "[0-9]+"),
    ("signal", "[0-9]+"),
    ("status", "[0-9]+"),
    ("code", "-?[0-9]+"),
    ("address", "(?:0x)?[0-9a-f]+"),
    ("pc", "(?:0x)?[0-9a-f]+"),
    ("sp", "(?:0x)?[0-9a-f]+"),
    ("octal", "[0-7]+"),
    // What the system says of an errno ends the line.
    ("errno", ".+"),
    // A kernel's name of a task: at most 15 bytes, blanks among them.
    ("comm", r"[^\[ ].{0,14}?"),
    ("file", r#"/[^`": \t\\]+"#),
    ("image", r"[A-Za-z0-9._/-]*[A-Za-z0-9._-]"),
    (
        "needed",
        r"(?:(?:core|mm|fs|ids|pagemap)-[0-9]+|files|pstree|inventory)\.img",
    ),
    ("word", "[^ ]+"),
    ("text", ".+?"),
    ("rest", ".*"),
];

/// What stands for a value that a message does not name, in a sentence: `{path|restore.log}`.
const OTHERWISE: char = '|';

/// A value's name in a sentence, and what stands for one that is not known.
pub(super) fn named(name: &str) -> (&str, &str) {
    name.split_once(OTHERWISE).unwrap_or((name, "(not named)"))
}

/// A part of a pattern.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Part<'a> {
    /// Text as it is.
    Literal(&'a str),
    /// A value: its name and the expression it must match.
    Value(&'a str, &'static str),
}

/// The parts of a pattern, in order.
pub(super) fn parts(pattern: &str) -> Vec<Part<'_>> {
    let mut parts = Vec::new();
    let mut rest = pattern;
    while let Some((literal, (value, after))) = rest
        .split_once('{')
        .and_then(|(literal, after)| Some((literal, after.split_once('}')?)))
    {
        if !literal.is_empty() {
            parts.push(Part::Literal(literal));
        }
        let (name, kind) = value.split_once(':').unwrap_or((value, value));
        parts.push(Part::Value(name, expression(kind)));
        rest = after;
    }
    if !rest.is_empty() {
        parts.push(Part::Literal(rest));
    }
    parts
}

fn expression(kind: &str) -> &'static str {
    let any = ".+?";
    KINDS
        .iter()
        .find(|(name, _)| *name == kind)
        .map_or(any, |(_, expression)| expression)
}

/// The expression for a whole message. `lead`, an expression, is what may stand before it.
pub(super) fn source(pattern: &str, lead: &str) -> String {
    let body: String = parts(pattern)
        .into_iter()
        .map(|part| match part {
            Part::Literal(text) => regex::escape(text),
            Part::Value(name, expression) => format!("(?P<{name}>{expression})"),
        })
        .collect();
    format!("^{lead}{body}$")
}

/// The names of the values of a pattern.
pub(super) fn names(pattern: &str) -> impl Iterator<Item = &str> {
    parts(pattern).into_iter().filter_map(|part| match part {
        Part::Value(name, _) => Some(name),
        Part::Literal(_) => None,
    })
}

/// A compiled pattern; `None` for one that is no expression, which a test refuses.
pub(super) fn compile(pattern: &str, lead: &str) -> Option<Regex> {
    Regex::new(&source(pattern, lead)).ok()
}
