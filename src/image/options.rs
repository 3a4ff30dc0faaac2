//! How an image is read.

use std::path::Path;
use std::sync::Arc;

use super::Error;
use crate::criu_image;
use crate::export;
use crate::facts::Search;
use crate::files::TargetRoot;
use crate::input::{self, Limits, Root};
use crate::progress::Progress;
use crate::rewrite::engine::JOURNAL;

/// How an image is read, and what is looked at beside it. The default looks at nothing beside it.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Options {
    #[doc(hidden)]
    pub spool_limit: Option<u64>,
    #[doc(hidden)]
    pub search: Search,
    #[doc(hidden)]
    pub rootfs: Option<Arc<Root>>,
    #[doc(hidden)]
    pub target_rootfs: Option<Arc<TargetRoot>>,
    #[doc(hidden)]
    pub progress: Arc<Progress>,
}

impl Options {
    /// Most bytes of a compressed archive, or of one on the standard input, that go to a temporary file; without it nine
    /// tenths of what is free in TMPDIR.
    #[must_use]
    pub fn spool_limit(mut self, bytes: u64) -> Self {
        self.spool_limit = Some(bytes);
        self
    }

    /// Searches all private writable memory for signal frames, not only the stacks where there is more than 16 MiB of it.
    #[must_use]
    pub fn deep(mut self) -> Self {
        self.search = Search::Deep;
        self
    }

    /// The root directory of the file system that the tasks ran in. Of its programs and libraries those are used whose
    /// size and build id are the ones in the image.
    ///
    /// # Errors
    /// When there is no such directory, or none that may be read.
    pub fn rootfs(mut self, dir: impl AsRef<Path>) -> Result<Self, Error> {
        let root = Root::open(dir.as_ref()).map_err(Error::Input)?;
        self.rootfs = Some(Arc::new(root));
        Ok(self)
    }

    /// The root directory of the restore, in which every file is looked for that the restore opens by its path: `/` where
    /// that is this machine, or that of the container on the restoring side.
    ///
    /// # Errors
    /// When there is no such directory, or none that may be read.
    pub fn target_rootfs(mut self, dir: impl AsRef<Path>) -> Result<Self, Error> {
        let root = TargetRoot::open(dir.as_ref()).map_err(Error::Input)?;
        self.target_rootfs = Some(Arc::new(root));
        Ok(self)
    }

    /// What opening an archive needs of it.
    pub(super) fn of_input(&self) -> input::Options {
        input::Options {
            limits: Limits {
                spool: self.spool_limit,
                ..Limits::default()
            },
            wanted,
            progress: Arc::clone(&self.progress),
        }
    }
}

/// Files of an archive that are read.
fn wanted(name: &str) -> bool {
    criu_image::is_read(name) || name == JOURNAL || export::FILES.contains(&name)
}
