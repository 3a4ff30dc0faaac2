//! `hwcr.toml`: what a project settles once for all its checks. Read, never judged by.
//!
//! * `keys` is the table of settings, from which files, environment, help and documentation follow;
//! * `find` looks for the file; `read` turns its text into settings and entries, each with its place.

use std::fmt;

use glob::Pattern;
use jiff::civil::Date;

mod find;
pub mod keys;
mod read;
mod template;
#[cfg(test)]
mod tests;

pub use find::{FILE_NAME, Search, search};
pub use read::{MAX_BYTES, Mistake, Unknown, parse};
pub use template::{markdown, template};

use crate::rule::Accept;
use keys::Key;

/// What a file says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Config {
    /// Its settings, in the order of the file.
    pub values: Vec<Value>,
    /// Its `[[allow]]` entries, in the order of the file.
    pub allow: Vec<Entry>,
}

/// A setting.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Value {
    /// Which.
    pub key: &'static Key,
    /// Its words: one, or several of a list; `true` or `false` of a switch.
    pub words: Vec<String>,
    /// Where it stands.
    pub at: At,
}

/// An `[[allow]]` entry: unproven findings that somebody looked at and takes as notes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The findings, and why.
    pub accept: Accept,
    /// Only in images of such a name.
    pub image: Option<Pattern>,
    /// Only on targets of such a name, or whose profile has one.
    pub target: Option<Pattern>,
    /// The last day (UTC) on which it applies.
    pub expires: Option<Date>,
    /// Where it begins.
    pub at: At,
}

impl Entry {
    /// Whether it no longer applies on a day.
    #[must_use]
    pub fn expired(&self, today: Date) -> bool {
        self.expires.is_some_and(|last| last < today)
    }

    /// Whether it is about an image and a target, which have the names given.
    #[must_use]
    pub fn concerns(&self, image: &str, target: [&str; 2]) -> bool {
        let fits = |pattern: &Option<Pattern>, names: &[&str]| {
            pattern
                .as_ref()
                .is_none_or(|pattern| names.iter().any(|name| pattern.matches(name)))
        };
        // A slash at the end of a directory's name says nothing.
        fits(&self.image, &[image, image.trim_end_matches('/')]) && fits(&self.target, &target)
    }
}

/// A place in a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct At {
    /// The file, as messages call it.
    pub file: String,
    /// Line, from 1.
    pub line: usize,
    /// Column in characters, from 1.
    pub column: usize,
}

impl fmt::Display for At {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}", self.file, self.line, self.column)
    }
}
