//! Profiles of machines where hwcr cannot run, from what other programs printed there.
//!
//! One reader for each kind of text turns an input into statements with their place; `merge` joins
//! those of all inputs to a profile and refuses what contradicts itself. Nothing is guessed: what the texts
//! do not say stays unknown.

mod cpuinfo;
mod error;
mod features;
mod kind;
mod lscpu;
mod merge;
mod recipe;
mod show_auxv;
mod statement;
#[cfg(test)]
mod tests;
mod vector;
mod words;

use std::sync::Arc;

pub use error::{Contradiction, Error};
pub use kind::Kind;
pub use statement::{Position, Spot};

use super::model::Profile;
use statement::Found;

/// Bytes of an input at most: /proc/cpuinfo of a machine with 8192 processors has two million.
pub const MAX_BYTES: usize = 4 * 1024 * 1024;

/// A text, or the bytes of an auxiliary vector.
#[derive(Clone, Copy, Debug)]
pub struct Input<'a> {
    /// The name messages give to it.
    pub file: &'a str,
    /// All of it.
    pub bytes: &'a [u8],
    /// What it is, where the user says so.
    pub kind: Option<Kind>,
}

/// A profile and what the user should know of it.
#[derive(Clone, Debug)]
pub struct Imported {
    /// The profile, basis `imported`.
    pub profile: Profile,
    /// One sentence each.
    pub remarks: Vec<String>,
}

/// Makes a profile called `name` of texts of one machine.
///
/// # Errors
/// An input is too large, is not recognised, does not read as its kind does or is of another
/// architecture; two places contradict each other; a feature has neither a known name nor a bit; or no
/// input names the machine's features. The error names the input and the line or byte.
pub fn import(inputs: &[Input<'_>], name: &str) -> Result<Imported, Error> {
    let mut found = Found::default();
    for input in inputs {
        if input.bytes.len() > MAX_BYTES {
            return Err(Error::TooLarge {
                file: input.file.to_owned(),
                limit: MAX_BYTES,
            });
        }
        let file: Arc<str> = Arc::from(input.file);
        let kind = match input.kind {
            Some(kind) => kind,
            None => kind::recognise(&file, input.bytes)?,
        };
        kind::read(kind, &file, input.bytes, &mut found)?;
    }
    let files: Vec<&str> = inputs.iter().map(|input| input.file).collect();
    merge::merge(found, name, &files)
}
