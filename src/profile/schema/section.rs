//! Typed access to the values of a profile's text, with errors that point at them.

use std::sync::Arc;

use super::error::{At, Error};
use super::json::{Key, Node, Syntax, Value};
use super::near;
use crate::profile::model::Source;

/// The text a profile is read from.
pub(super) struct Text<'a> {
    pub(super) file: Arc<str>,
    pub(super) source: Source,
    pub(super) text: &'a str,
}

impl Text<'_> {
    /// Line and column of a byte offset.
    pub(super) fn at(&self, offset: usize) -> At {
        let before = self.text.get(..offset).unwrap_or(self.text);
        let line = before.matches('\n').count().saturating_add(1);
        let last = before.rsplit('\n').next().unwrap_or("");
        let column = last.chars().count().saturating_add(1);
        At {
            file: Arc::clone(&self.file),
            offset,
            line,
            column,
        }
    }

    pub(super) fn syntax(&self, error: Syntax) -> Error {
        Error::Syntax {
            at: self.at(error.at),
            problem: error.problem,
        }
    }

    pub(super) fn bad(
        &self,
        node: &Node,
        key: &str,
        found: impl Into<String>,
        advice: impl Into<String>,
    ) -> Error {
        Error::BadValue {
            at: self.at(node.at),
            key: key.to_owned(),
            found: found.into(),
            advice: advice.into(),
        }
    }

    pub(super) fn wrong(&self, node: &Node, key: &str, expected: &str) -> Error {
        let found = match &node.value {
            Value::Null => "null",
            Value::Bool => "true or false",
            Value::Number(_) => "a number",
            Value::Text(_) => "a string",
            Value::List(_) => "a list",
            Value::Object(_) => "an object",
        };
        let advice = match &node.value {
            Value::Null => format!("{expected}, or leave the key out: what is absent is unknown"),
            _ => expected.to_owned(),
        };
        Error::WrongType {
            at: self.at(node.at),
            key: key.to_owned(),
            found,
            expected: advice,
        }
    }

    /// A string that is not empty.
    pub(super) fn string<'n>(&self, node: &'n Node, key: &str) -> Result<&'n str, Error> {
        match &node.value {
            Value::Text(text) if text.is_empty() => {
                Err(self.bad(node, key, "empty", "write some text"))
            }
            Value::Text(text) => Ok(text),
            _ => Err(self.wrong(node, key, "text in double quotes")),
        }
    }

    /// A string out of a table.
    pub(super) fn choice<T: Copy>(
        &self,
        node: &Node,
        key: &str,
        table: &[(&str, T)],
    ) -> Result<T, Error> {
        let text = self.string(node, key)?;
        table
            .iter()
            .find(|(name, _)| *name == text)
            .map(|(_, value)| *value)
            .ok_or_else(|| {
                let names: Vec<_> = table
                    .iter()
                    .map(|(name, _)| format!("\"{name}\""))
                    .collect();
                self.bad(
                    node,
                    key,
                    shown(text),
                    format!("write one of {}", names.join(", ")),
                )
            })
    }

    /// A whole number, not negative, as a JSON number.
    pub(super) fn number(&self, node: &Node, key: &str) -> Result<u64, Error> {
        match &node.value {
            Value::Number(text) => {
                let advice = "write a whole number from 0 to 18446744073709551615";
                text.parse()
                    .map_err(|_| self.bad(node, key, shown(text), advice))
            }
            _ => Err(self.wrong(node, key, "a whole number without quotes")),
        }
    }

    /// 64 bits: a JSON number, or a string of `0x` and up to 16 hexadecimal digits.
    pub(super) fn mask(&self, node: &Node, key: &str) -> Result<u64, Error> {
        match &node.value {
            Value::Number(_) => self.number(node, key),
            Value::Text(text) => {
                let digits = text
                    .strip_prefix("0x")
                    .filter(|digits| digits.bytes().all(|b| b.is_ascii_hexdigit()));
                digits
                    .and_then(|digits| u64::from_str_radix(digits, 16).ok())
                    .ok_or_else(|| {
                        let advice = "write 64 bits as \"0x\" and 1 to 16 hexadecimal digits";
                        self.bad(node, key, shown(text), advice)
                    })
            }
            _ => Err(self.wrong(node, key, "a hexadecimal number in quotes, such as \"0x3\"")),
        }
    }

    /// A list.
    pub(super) fn list<'n>(
        &self,
        node: &'n Node,
        key: &str,
        of: &str,
    ) -> Result<&'n [Node], Error> {
        match &node.value {
            Value::List(items) => Ok(items),
            _ => Err(self.wrong(node, key, &format!("a list of {of} in square brackets"))),
        }
    }
}

/// An object with known keys.
pub(super) struct Section<'a> {
    /// Its own key, empty for the profile itself.
    name: &'a str,
    /// Byte offset of its brace.
    pub(super) at: usize,
    fields: &'a [(Key, Node)],
}

impl<'a> Section<'a> {
    /// Opens an object and checks that it has only keys of the table, each once.
    pub(super) fn open(
        text: &Text<'_>,
        node: &'a Node,
        name: &'a str,
        keys: &[&str],
    ) -> Result<Self, Error> {
        let Value::Object(fields) = &node.value else {
            let own = if name.is_empty() { "the profile" } else { name };
            return Err(text.wrong(node, own, "an object in braces"));
        };
        let section = Self {
            name,
            at: node.at,
            fields,
        };
        for (index, (key, _)) in fields.iter().enumerate() {
            if !keys.contains(&key.text.as_str()) {
                let near = near::did_you_mean(&near::nearest(&key.text, keys.iter().copied()));
                let all = keys.join(", ");
                return Err(Error::UnknownKey {
                    at: text.at(key.at),
                    key: section.path(&short(&key.text)),
                    advice: format!("{near}known here: {all}"),
                });
            }
            // A key of the table can be repeated before this one no more often than the table is long.
            if let Some((first, _)) = fields
                .iter()
                .take(index)
                .find(|(other, _)| other.text == key.text)
            {
                return Err(Error::DuplicateKey {
                    at: text.at(key.at),
                    key: section.path(&key.text),
                    first_line: text.at(first.at).line,
                });
            }
        }
        Ok(section)
    }

    /// The value of a key, if it is there.
    pub(super) fn get(&self, key: &str) -> Option<&'a Node> {
        self.fields
            .iter()
            .find(|(known, _)| known.text == key)
            .map(|(_, node)| node)
    }

    /// All keys and values.
    pub(super) fn fields(&self) -> impl Iterator<Item = (&'a str, &'a Node)> {
        self.fields
            .iter()
            .map(|(key, node)| (key.text.as_str(), node))
    }

    /// The key with the section it lies in.
    pub(super) fn path(&self, key: &str) -> String {
        if self.name.is_empty() {
            key.to_owned()
        } else {
            format!("{}.{key}", self.name)
        }
    }

    /// The value of a key that must be there.
    pub(super) fn need(&self, text: &Text<'_>, key: &str, advice: &str) -> Result<&'a Node, Error> {
        self.get(key).ok_or_else(|| Error::MissingKey {
            at: text.at(self.at),
            key: self.path(key),
            advice: advice.to_owned(),
        })
    }
}

/// A user's text for a message: one line, not too long, in quotes.
pub(in crate::profile) fn shown(text: &str) -> String {
    format!("\"{}\"", short(text))
}

fn short(text: &str) -> String {
    let mut cut: String = text.escape_debug().take(60).collect();
    if text.escape_debug().nth(60).is_some() {
        cut.push('…');
    }
    cut
}
