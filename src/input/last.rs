//! Which of several dumps is the last: the same rule for directories and for archives.
//!
//! Pre-dumps lie beside the dump that needs them, which leads to them by `parent` (LXD's `state/000` … `state/final`,
//! P.Haul, `criu dump --prev-images-dir`). What another dump leads to is no image of its own.

use std::collections::BTreeSet;

use super::{Source, SourceError};

/// Directories that are named where there are several.
const NAMED: usize = 4;

/// Device and inode of a directory, or what serves as such; see [`Source::identity`].
type Identity = (u64, u64);

/// A directory with an image, as far as its place among others goes.
#[derive(Debug)]
pub(super) struct Dump {
    path: String,
    this: Option<Identity>,
    parent: Option<Identity>,
}

impl Dump {
    /// The dump at `path`, which `source` reads. A file with the text of a link counts as one: it says what belongs
    /// together, though nothing follows it. A `parent` link that cannot be read leads nowhere; reading the image
    /// says so again.
    pub(super) fn new(path: &str, source: &dyn Source) -> Self {
        let parent = source.parent().ok().flatten();
        Self {
            path: path.to_owned(),
            this: source.identity(),
            parent: parent
                .and_then(|parent| parent.source)
                .and_then(|source| source.identity()),
        }
    }
}

/// The only one of `dumps` that no other has for its parent.
///
/// # Errors
/// There are several, or none: `name` is what holds them.
pub(super) fn last_dump<'d>(name: &str, dumps: &'d [Dump]) -> Result<&'d str, SourceError> {
    // One that leads to itself is damaged, and still the last.
    let parents: BTreeSet<Identity> = dumps
        .iter()
        .filter(|dump| dump.parent != dump.this)
        .filter_map(|dump| dump.parent)
        .collect();
    let is_parent = |dump: &&Dump| dump.this.is_some_and(|this| parents.contains(&this));
    let last: Vec<&str> = dumps
        .iter()
        .filter(|dump| !is_parent(dump))
        .map(|dump| dump.path.as_str())
        .collect();
    match *last {
        [one] => Ok(one),
        [] if !dumps.is_empty() => {
            let paths: Vec<&str> = dumps.iter().map(|dump| dump.path.as_str()).collect();
            Err(SourceError::ParentLoop {
                name: name.to_owned(),
                count: paths.len(),
                shown: shown(&paths),
            })
        }
        _ => Err(none_of(name, &last)),
    }
}

/// The complaint about what holds no image, or several and not one alone.
pub(super) fn none_of(name: &str, found: &[&str]) -> SourceError {
    SourceError::NoImage {
        name: name.to_owned(),
        count: found.len(),
        shown: shown(found),
    }
}

fn shown(found: &[&str]) -> String {
    let mut shown = found.get(..NAMED).unwrap_or(found).join(", ");
    if found.len() > NAMED {
        shown.push_str(", …");
    }
    shown
}
