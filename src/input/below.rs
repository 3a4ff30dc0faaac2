//! Images in the directories below the one that the user named, as deep as in an archive of it.

use super::last::Dump;
use super::{DirSource, Source as _, SourceError};

/// Most directories that are looked into. A directory of checkpoints has some dozens.
pub(super) const MAX_DIRECTORIES: usize = 4096;

/// How deep. Docker's own path to a checkpoint, from `/` on, has seven levels.
const MAX_DEPTH: usize = 16;

/// The directories below `top` with a file called `inventory`. No link is followed.
///
/// # Errors
/// There are more directories than [`MAX_DIRECTORIES`], so that none can be called the only one. An image right below
/// `top` is, as long as no other was met.
pub(super) fn images(top: &DirSource, inventory: &str) -> Result<Vec<Dump>, SourceError> {
    let mut found = Vec::new();
    let mut near = 0usize;
    let mut level = vec![String::new()];
    let mut seen = 0usize;
    for depth in 0..MAX_DEPTH {
        let mut next = Vec::new();
        for path in &level {
            // What may not be read holds no image for us.
            let Ok(Some(directory)) = top.below(path) else {
                continue;
            };
            for name in directory.directories().unwrap_or_default() {
                seen = seen.saturating_add(1);
                if seen > MAX_DIRECTORIES {
                    return cut(top, found, near);
                }
                let Ok(Some(below)) = directory.within(&name) else {
                    continue;
                };
                let path = if path.is_empty() {
                    name
                } else {
                    format!("{path}/{name}")
                };
                if below.head(inventory, 0).is_ok() {
                    found.push(Dump::new(&path, &below));
                    near = near.saturating_add(usize::from(depth == 0));
                }
                next.push(path);
            }
        }
        if next.is_empty() {
            break;
        }
        level = next;
    }
    Ok(found)
}

/// What was found before the bound, as far as that is an answer.
fn cut(top: &DirSource, found: Vec<Dump>, near: usize) -> Result<Vec<Dump>, SourceError> {
    if near > 0 && near == found.len() {
        return Ok(found);
    }
    Err(SourceError::TooManyDirectories {
        name: top.name().to_owned(),
        limit: MAX_DIRECTORIES,
    })
}
