//! The seam between the command line and the rooms that plan and apply: nothing else of `cli` calls them.

use std::path::Path;

use crate::facts::Rewritten;
use crate::rewrite::edit::{Allowed, Plan};
use crate::rule::Case;

/// Judges the rewritten image before it gets its name; an error says why it must not stand.
pub(super) type Recheck<'a> = &'a dyn Fn(&Path) -> Result<(), String>;

/// All edits for the target, and what cannot be mended.
pub(super) fn plan(_case: &Case<'_>, _allowed: &Allowed) -> Plan {
    Plan::default()
}

/// Writes the rewritten image to `out`, whole and verified, or not at all.
pub(super) fn apply_to_copy(
    _image: &Path,
    _out: &Path,
    _plan: &Plan,
    _head: &Rewritten,
    _recheck: Recheck<'_>,
) -> Result<(), String> {
    Err("this build cannot apply edits".to_owned())
}

/// Rewrites the image itself behind an undo journal.
pub(super) fn apply_in_place(
    _image: &Path,
    _plan: &Plan,
    _head: &Rewritten,
    _recheck: Recheck<'_>,
) -> Result<(), String> {
    Err("this build cannot apply edits".to_owned())
}

/// Ends what an earlier run left half done in `image`; says what that was.
pub(super) fn recover(_image: &Path) -> Result<Option<String>, String> {
    Ok(None)
}

/// Takes all edits back; says what was done.
pub(super) fn undo(dir: &Path) -> Result<String, String> {
    Err(format!(
        "{} has no journal: it was not rewritten",
        dir.display()
    ))
}

/// What the image's journal says; `None` where the image was not rewritten.
///
/// # Errors
/// A journal that cannot be read, or whose rewriting was not finished: then nobody knows what the image
/// was, and it must not be judged.
pub(in crate::cli) fn read_journal(_image: &Path) -> Result<Option<Rewritten>, String> {
    Ok(None)
}
