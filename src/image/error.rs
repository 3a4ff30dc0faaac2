//! Why there is no answer.

use std::path::PathBuf;

use crate::input::SourceError;
use crate::{criu_image, rewrite};

/// Why an image could not be read or rewritten. Nothing was changed then, unless the text of an [`Error::Engine`] says so.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The directory or archive cannot be opened or read.
    #[error(transparent)]
    Input(SourceError),
    /// It is no checkpoint, or one with damaged files.
    #[error(transparent)]
    Image(#[from] criu_image::Error),
    /// The journal of an earlier rewrite cannot be read.
    #[error(transparent)]
    Journal(rewrite::engine::Error),
    /// An earlier rewrite was not finished: then nobody knows what the image was, and it must not be judged.
    #[error(
        "{0}: a rewrite was interrupted, so its files are partly old and partly new; take it back with \
         `hwcr rewrite --undo {0}`"
    )]
    Interrupted(String),
    /// An image packed like this cannot be written, or not as asked.
    #[error("{}: {why}; {instead}", image.display())]
    Packing {
        /// The image.
        image: PathBuf,
        /// Why.
        why: &'static str,
        /// What to do instead.
        instead: String,
    },
    /// A plan that leaves a blocker, or changes nothing, is not applied.
    #[error("{}: the plan {why}, and nothing is written", image.display())]
    Plan {
        /// The image.
        image: PathBuf,
        /// What of it.
        why: &'static str,
    },
    /// The target's profile, whose digest the journal keeps, cannot be read again.
    #[error("{path}: {error}")]
    Profile {
        /// Its path.
        path: String,
        /// What the system said.
        error: std::io::Error,
    },
    /// The plan could not be done, or its result did not stand.
    #[error(transparent)]
    Engine(rewrite::engine::Error),
    /// The rewritten image was not judged, which is a mistake in hwcr.
    #[error("{} was written without being judged", .0.display())]
    Unjudged(PathBuf),
}

impl Error {
    /// Whether there was no room for a temporary file; there may be when nothing else is read.
    #[must_use]
    pub fn is_want_of_room(&self) -> bool {
        matches!(self, Self::Input(error) if error.is_want_of_room())
    }
}
