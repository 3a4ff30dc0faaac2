//! All mistakes of a profile's text, not only the first.
//!
//! The reader stops at the first one. So what it complains about is taken out of the tree and the rest
//! read again, until nothing is left to complain about or nothing can be taken out.

use super::error::Error;
use super::json::{Key, Node, Value};
use super::load::{self, SCHEMA};
use crate::profile::model::{Profile, Source};

#[cfg(test)]
mod tests;

/// At most so many are found; nobody mends more at once.
const MOST: usize = 50;

/// Keys whose inner values are taken out one by one, since no other needs them.
const LOOSE: [&str; 5] = ["hwcap", "pauth", "registers", "sigreturn", "origins"];

/// Keys without which nothing is read, and a value that stands for theirs.
const ESSENTIAL: [(&str, &str); 3] = [("schema", SCHEMA), ("name", "?"), ("arch", "aarch64")];

/// Reads a profile, as [`load::parse`] does, or finds its mistakes in the order in which the reader meets
/// them. What only follows from another mistake is left out as far as that can be told.
///
/// # Errors
/// The mistakes, at least one.
pub fn parse_all(bytes: &[u8], file: &str, source: Source) -> Result<Profile, Vec<Error>> {
    let mut mistakes: Vec<Error> = Vec::new();
    let (text, mut tree) = load::open(bytes, file, source).map_err(|error| vec![error])?;
    while mistakes.len() < MOST {
        let error = match load::read(&text, &tree) {
            Ok(profile) if mistakes.is_empty() => return Ok(profile),
            Ok(_) => break,
            Err(error) => error,
        };
        let goes_on = match (&error, error.at()) {
            (Error::MissingKey { key, .. }, Some(at)) if at.offset == tree.at => {
                let missing = put_essential(&mut tree, key);
                // Without it, because it was taken out.
                if !missing && !mistakes.is_empty() {
                    break;
                }
                missing
            }
            (_, Some(at)) => take_out(&mut tree, at.offset),
            (_, None) => false,
        };
        mistakes.push(error);
        if !goes_on {
            break;
        }
    }
    Err(mistakes)
}

/// Adds an essential key that is missing.
fn put_essential(tree: &mut Node, missing: &str) -> bool {
    let at = tree.at;
    let (Value::Object(fields), Some((key, value))) = (
        &mut tree.value,
        ESSENTIAL.iter().find(|(key, _)| *key == missing),
    ) else {
        return false;
    };
    let key = Key {
        at,
        text: (*key).to_owned(),
    };
    let value = Node {
        at,
        value: Value::Text((*value).to_owned()),
    };
    // Fields stand in the order of their offsets.
    fields.insert(0, (key, value));
    true
}

/// Takes out what lies at this offset, and what `origins` says of it.
fn take_out(tree: &mut Node, offset: usize) -> bool {
    let Value::Object(fields) = &mut tree.value else {
        return false;
    };
    let Some(at) = last_before(fields.iter().map(|(key, _)| key.at), offset) else {
        return false;
    };
    let Some((key, node)) = fields.get_mut(at) else {
        return false;
    };
    let mut path = key.text.clone();
    let is_key = key.at == offset;
    let essential = ESSENTIAL.iter().find(|(known, _)| *known == key.text);
    let inner = match &mut node.value {
        _ if is_key => false,
        value => match (essential, value) {
            (Some((_, good)), value) => {
                *value = Value::Text((*good).to_owned());
                return true;
            }
            (None, Value::Object(inner)) if LOOSE.contains(&key.text.as_str()) => {
                let at = last_before(inner.iter().map(|(key, _)| key.at), offset);
                if let Some(at) = at {
                    let (gone, _) = inner.remove(at);
                    path = format!("{path}.{}", gone.text);
                }
                at.is_some()
            }
            (None, Value::List(items)) => {
                let at = last_before(items.iter().map(|item| item.at), offset);
                if let Some(at) = at {
                    items.remove(at);
                }
                at.is_some()
            }
            (None, _) => false,
        },
    };
    if !inner {
        fields.remove(at);
    }
    let below = format!("{path}.");
    for (key, node) in fields {
        if let (true, Value::Object(origins)) = (key.text == "origins", &mut node.value) {
            origins.retain(|(key, _)| key.text != path && !key.text.starts_with(&below));
        }
    }
    true
}

/// The index of the last of ascending offsets that does not lie behind `offset`.
fn last_before(offsets: impl Iterator<Item = usize>, offset: usize) -> Option<usize> {
    offsets
        .take_while(|at| *at <= offset)
        .count()
        .checked_sub(1)
}
