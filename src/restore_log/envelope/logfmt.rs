//! `key="value"`: logrus, slog, klog.

use std::sync::LazyLock;

use regex::Regex;

use super::{begin, escape, keys};

/// A field with a quoted value.
static FIELD: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r#"(?:^|[ \t,;({\[])([A-Za-z_@][A-Za-z0-9_.@-]*)=""#).ok());

/// Logrus on a terminal: the level, the message itself, and the fields behind it
/// (logrus 1.9 `text_formatter.go` printColored).
static TERMINAL: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r"^(?:TRAC|DEBU|INFO|WARN|ERRO|FATA|PANI)[A-Z]{0,3}\[[^\]]{0,40}\] ?").ok()
});

/// Fields at the end of a line, set off from the message.
static FIELDS: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(concat!(
        r#" [ \t]+[A-Za-z_][A-Za-z0-9_.-]*=(?:"(?:[^"\\]|\\.)*"|[^ \t"]*)"#,
        r#"(?:[ \t]+[A-Za-z_][A-Za-z0-9_.-]*=(?:"(?:[^"\\]|\\.)*"|[^ \t"]*))*[ \t]*$"#,
    ))
    .ok()
});

/// The messages among the fields of a line, and what stands before and behind these.
pub(super) fn read(text: &str) -> Option<Vec<String>> {
    let first = FIELD.as_ref()?.find(text)?;
    let before = text.get(..first.start())?;
    if begin::first(before).is_some() {
        // The message itself has something like a field in it.
        return None;
    }
    let mut values: Vec<String> = Vec::new();
    let mut rest = text;
    while let Some(found) = FIELD.as_ref()?.captures(rest) {
        let key = found.get(1)?.as_str();
        let (value, behind) = escape::string(rest.get(found.get(0)?.end()..)?);
        let value = escape::undo(value);
        if (keys::says(key) || begin::within(&value)) && !values.contains(&value) {
            values.push(value);
        }
        rest = behind;
    }
    if values.is_empty() {
        return None;
    }
    let mut messages = vec![before.to_owned()];
    messages.append(&mut values);
    messages.push(rest.to_owned());
    Some(messages)
}

/// The message of a line as logrus prints it on a terminal, and its fields.
pub(super) fn terminal(text: &str) -> Option<Vec<String>> {
    let level = TERMINAL.as_ref()?.find(text)?;
    let rest = text.get(level.end()..)?;
    let end = FIELDS
        .as_ref()?
        .find(rest)
        .map_or(rest.len(), |fields| fields.start());
    let (message, fields) = rest.split_at_checked(end)?;
    Some(vec![message.to_owned(), fields.trim_start().to_owned()])
}
