//! The outermost of the layers around a message.

use super::cri::{self, Stream};
use super::{begin, entity, escape, joined, json, logfmt, prefix};

/// What is wrapped around a text, and what is inside.
pub(super) enum Layer {
    /// Nothing: the text is a message.
    None,
    /// Texts that may be wrapped themselves.
    Inner(Vec<String>),
    /// Messages.
    Messages(Vec<String>),
    /// A record that may be a part of a line.
    Cri {
        stream: Stream,
        more: bool,
        text: String,
    },
}

/// A way of wrapping: what is inside of a text that is wrapped so.
type Wrapping = fn(&str) -> Option<Vec<String>>;

/// The first that fits is taken off.
const WRAPPINGS: &[Wrapping] = &[
    |text| prefix::off(text).map(|rest| vec![rest]),
    logfmt::terminal,
    json::read,
    json::member,
    logfmt::read,
    |text| within_a_string(text).map(|text| vec![text]),
    quoted,
    // Behind what has quotes of its own: these delimit texts in which others are written so.
    |text| entity::undo(text).map(|text| vec![text]),
    joined::escaped,
];

/// Looks for the outermost layer of a text that lies in `depth` others.
pub(super) fn outermost(text: &str, depth: usize) -> Layer {
    if text.contains(['\n', '\r']) {
        let lines = text.split(['\n', '\r']).map(str::to_owned);
        return Layer::Inner(lines.collect());
    }
    if depth > 0 && text.contains('\u{1b}') {
        return Layer::Inner(vec![
            anstream::adapter::strip_str(text)
                .to_string()
                .replace('\u{1b}', ""),
        ]);
    }
    if begin::criu(text) {
        return bare(text, joined::messages);
    }
    if begin::kernel(text) && !begin::within(text) {
        return bare(text, joined::of_kernel);
    }
    if let Some((stream, more, text)) = cri::record(text) {
        let text = text.to_owned();
        return Layer::Cri { stream, more, text };
    }
    WRAPPINGS
        .iter()
        .find_map(|wrapping| wrapping(text))
        .map_or_else(|| parted(text, joined::messages), Layer::Inner)
}

/// A text that begins with a message: only what was done to its characters and ends of lines is undone.
fn bare(text: &str, parts: fn(&str) -> Vec<String>) -> Layer {
    entity::undo(text)
        .map(|text| vec![text])
        .or_else(|| joined::escaped(text))
        .map_or_else(|| parted(text, parts), Layer::Inner)
}

fn parted(text: &str, parts: fn(&str) -> Vec<String>) -> Layer {
    let parts = parts(text);
    match parts.as_slice() {
        [only] if only == text => Layer::None,
        _ => Layer::Messages(parts),
    }
}

/// The text of a line that was copied out of a string: all of its quotes are escaped.
fn within_a_string(text: &str) -> Option<String> {
    let (before, _) = text.split_once('"')?;
    let opening = before.trim_end_matches('\\');
    let opens = opening.is_empty() || opening.ends_with([' ', '\t', '=', ':', '{', ',', '[', '(']);
    (opening != before && opens).then(|| escape::undo(text))
}

/// Strings in a text that hold messages of CRIU, or more than one line, and what stands around them.
fn quoted(text: &str) -> Option<Vec<String>> {
    let first = text.find('"')?;
    if begin::first(text).is_some_and(|at| at < first) {
        return None;
    }
    let wraps = |inside: &str| begin::within(inside) || inside.contains("\\n");
    let mut parts = Vec::new();
    let mut around = String::new();
    let mut rest = text;
    let mut any = false;
    while let Some((before, behind)) = rest.split_once('"') {
        let (inside, behind) = escape::string(behind);
        around.push_str(before);
        if wraps(inside) {
            any = true;
            parts.push(std::mem::take(&mut around));
            parts.push(escape::undo(inside));
        } else {
            around.push('"');
            around.push_str(inside);
            around.push('"');
        }
        rest = behind;
    }
    around.push_str(rest);
    parts.push(around);
    any.then_some(parts)
}
