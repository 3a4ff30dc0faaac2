//! Why a profile could not be read.

use std::fmt;
use std::sync::Arc;

use super::near::did_you_mean;

/// A position in a profile's text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct At {
    /// The file as the user named it, `built-in:NAME` for a built-in profile.
    pub file: Arc<str>,
    /// Byte offset.
    pub offset: usize,
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

/// Why a profile could not be read, and what to write instead.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The file cannot be opened or read.
    #[error(
        "cannot read the profile {path}: {source}; name a readable file, or a built-in profile (`hwcr profile list`)"
    )]
    Unreadable {
        /// The path as given.
        path: String,
        /// What the system said.
        source: std::io::Error,
    },
    /// The file is longer than any profile.
    #[error(
        "{path} is longer than {limit} bytes, so it is no profile; name a file in the format of docs/profile.md"
    )]
    TooLarge {
        /// The path as given.
        path: String,
        /// The limit.
        limit: u64,
    },
    /// There is no such built-in profile.
    #[error(
        "no built-in profile is called `{name}`; {}list them with `hwcr profile list`, or name a file that ends in .json",
        did_you_mean(near)
    )]
    UnknownName {
        /// The name as given.
        name: String,
        /// Names close to it.
        near: Vec<String>,
    },
    /// The bytes are not UTF-8.
    #[error("{at}: the text is not UTF-8 from byte {} on; save it as UTF-8", at.offset)]
    NotUtf8 {
        /// Where.
        at: At,
    },
    /// The text is not JSON.
    #[error("{at}: {problem}")]
    Syntax {
        /// Where.
        at: At,
        /// What is there, and what should be.
        problem: String,
    },
    /// A key that the format does not have.
    #[error("{at}: unknown key `{key}`; {advice}")]
    UnknownKey {
        /// Where.
        at: At,
        /// The key with those it lies under.
        key: String,
        /// What to write instead.
        advice: String,
    },
    /// A key that occurs twice.
    #[error("{at}: `{key}` is already given in line {first_line}; keep one of the two")]
    DuplicateKey {
        /// Where the second one is.
        at: At,
        /// The key with those it lies under.
        key: String,
        /// Line of the first one.
        first_line: usize,
    },
    /// A value of the wrong JSON type.
    #[error("{at}: `{key}` is {found}; write {expected}")]
    WrongType {
        /// Where.
        at: At,
        /// The key with those it lies under.
        key: String,
        /// What is there.
        found: &'static str,
        /// What to write instead.
        expected: String,
    },
    /// A key without which a profile cannot be used.
    #[error("{at}: `{key}` is missing; {advice}")]
    MissingKey {
        /// Where the object begins that should have it.
        at: At,
        /// The key with those it lies under.
        key: String,
        /// What to write.
        advice: String,
    },
    /// A value of the right type that cannot be.
    #[error("{at}: `{key}` is {found}; {advice}")]
    BadValue {
        /// Where.
        at: At,
        /// The key with those it lies under.
        key: String,
        /// What is there.
        found: String,
        /// What to write instead.
        advice: String,
    },
    /// Two statements that cannot both be true.
    #[error("{at}: `{key}` contradicts the rest: {problem}; {advice}")]
    Contradiction {
        /// Where the later or more easily mended one is.
        at: At,
        /// Its key with those it lies under.
        key: String,
        /// What contradicts what.
        problem: String,
        /// What to do.
        advice: String,
    },
}

impl Error {
    /// The position in the profile's text, for errors that have one.
    #[must_use]
    pub fn at(&self) -> Option<&At> {
        match self {
            Self::Unreadable { .. } | Self::TooLarge { .. } | Self::UnknownName { .. } => None,
            Self::NotUtf8 { at }
            | Self::Syntax { at, .. }
            | Self::UnknownKey { at, .. }
            | Self::DuplicateKey { at, .. }
            | Self::WrongType { at, .. }
            | Self::MissingKey { at, .. }
            | Self::BadValue { at, .. }
            | Self::Contradiction { at, .. } => Some(at),
        }
    }
}
