//! JSON, whole or cut off: records of loggers, log drivers and the journal.

use std::sync::LazyLock;

use regex::Regex;

use super::{begin, escape, keys};

/// Deepest nesting that is followed.
const MAX_DEPTH: usize = 32;

/// How an object with a member begins.
static OBJECT: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r#"\{[ \t]*"(?:[^"\\]|\\.){1,128}"[ \t]*:"#).ok());

/// A line with one member: records printed on several lines.
static MEMBER: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r#"^[ \t]*"((?:[^"\\]|\\.){1,128})"[ \t]*:[ \t]*""#).ok());

/// The messages in a text that holds objects, and what stands around these.
pub(super) fn read(text: &str) -> Option<Vec<String>> {
    let first = OBJECT.as_ref()?.find(text)?;
    let before = text.get(..first.start())?;
    if begin::first(before).is_some() && !before.ends_with('\t') {
        // The message itself has something like an object in it.
        return None;
    }
    let alone = before.trim_start_matches(['[', ' ', '\t']).is_empty();
    let mut around = Vec::new();
    let mut fields = Vec::new();
    let mut rest = text;
    while let Some(found) = OBJECT.as_ref()?.find(rest) {
        let (before, object) = rest.split_at_checked(found.start())?;
        around.push(before);
        let mut reader = Reader {
            rest: object,
            fields: Vec::new(),
        };
        reader.value("", 0)?;
        fields.append(&mut reader.fields);
        rest = reader.rest;
    }
    around.push(rest);
    let says = |(key, value): &(String, String)| keys::says(key) || begin::within(value);
    let any = fields.iter().any(says);
    if !any && !alone {
        return None;
    }
    let mut messages: Vec<String> = around
        .into_iter()
        .filter(|text| text.contains(char::is_alphanumeric))
        .map(str::to_owned)
        .collect();
    for field in fields {
        if (!any || says(&field)) && !messages.contains(&field.1) {
            messages.push(field.1);
        }
    }
    Some(messages)
}

/// The message of a line with one member of an object printed on several lines.
pub(super) fn member(text: &str) -> Option<Vec<String>> {
    let found = MEMBER.as_ref()?.captures(text)?;
    let (value, _) = escape::string(text.get(found.get(0)?.end()..)?);
    let value = escape::undo(value);
    (keys::says(found.get(1)?.as_str()) || begin::within(&value)).then(|| vec![value])
}

/// Reads a value and keeps the strings in it with the name of their member.
struct Reader<'a> {
    rest: &'a str,
    fields: Vec<(String, String)>,
}

impl Reader<'_> {
    /// `None` for what is not JSON. What is cut off ends there.
    fn value(&mut self, key: &str, depth: usize) -> Option<()> {
        if depth > MAX_DEPTH {
            return None;
        }
        self.blank();
        if self.take('"') {
            let value = self.string();
            self.fields.push((key.to_owned(), value));
            Some(())
        } else if self.take('{') {
            self.object(depth)
        } else if self.take('[') {
            self.array(key, depth)
        } else {
            self.plain().map(|_| ())
        }
    }

    fn object(&mut self, depth: usize) -> Option<()> {
        loop {
            self.blank();
            if self.rest.is_empty() || self.take('}') {
                return Some(());
            }
            if !self.take('"') {
                return None;
            }
            let key = self.string();
            self.blank();
            if self.rest.is_empty() {
                return Some(());
            }
            if !self.take(':') {
                return None;
            }
            self.value(&key, depth.saturating_add(1))?;
            self.blank();
            if !self.take(',') && !self.rest.is_empty() && !self.rest.starts_with('}') {
                return None;
            }
        }
    }

    /// An array; the journal writes a message that is no text as the numbers of its bytes.
    fn array(&mut self, key: &str, depth: usize) -> Option<()> {
        let mut bytes = Vec::new();
        loop {
            self.blank();
            if self.rest.is_empty() || self.take(']') {
                break;
            }
            if self.rest.starts_with(|c: char| c.is_ascii_digit()) {
                bytes.extend(self.plain()?.parse::<u8>());
            } else {
                self.value(key, depth.saturating_add(1))?;
            }
            self.blank();
            if !self.take(',') && !self.rest.is_empty() && !self.rest.starts_with(']') {
                return None;
            }
        }
        if !bytes.is_empty() && keys::says(key) {
            let text = String::from_utf8_lossy(&bytes).into_owned();
            self.fields.push((key.to_owned(), text));
        }
        Some(())
    }

    /// A string behind its opening quote.
    fn string(&mut self) -> String {
        let (inside, rest) = escape::string(self.rest);
        self.rest = rest;
        escape::undo(inside)
    }

    /// A number, `true`, `false` or `null`.
    fn plain(&mut self) -> Option<&str> {
        let of_it = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '+' | '.');
        let end = self
            .rest
            .find(|c: char| !of_it(c))
            .unwrap_or(self.rest.len());
        let (word, rest) = self.rest.split_at_checked(end)?;
        if word.is_empty() && !rest.is_empty() {
            return None;
        }
        self.rest = rest;
        Some(word)
    }

    fn blank(&mut self) {
        self.rest = self.rest.trim_start();
    }

    fn take(&mut self, wanted: char) -> bool {
        match self.rest.strip_prefix(wanted) {
            Some(rest) => {
                self.rest = rest;
                true
            }
            None => false,
        }
    }
}
