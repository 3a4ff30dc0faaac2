//! From a path to an answer: the one way from what a user names to facts, a judgement, a plan and a rewritten image.
//!
//! [`Image::open`] reads an image and, always, the journal of an earlier rewrite: what it remembers of the time before is
//! part of the facts, and an image judged without it could be called compatible wrongly. Whoever puts the rooms below
//! together by hand must do the same; `cli` does not, and goes through here.

mod error;
mod journal;
mod options;
mod rewriting;

use std::path::{Path, PathBuf};

pub use error::Error;
pub use options::Options;
pub use rewriting::{Destination, Rewriting, recover, undo};

use crate::criu_image::{self, model::Checkpoint};
use crate::export::{self, Export};
use crate::facts::{self, Facts, Rewritten};
use crate::input::{self, Form, Opened};
use crate::object::find::Binaries;
use crate::profile::model::Profile;
use crate::rule::{self, Accept, Case, Judgement};

/// What a user named, opened and not yet read.
#[doc(hidden)]
#[derive(Debug)]
pub struct Input {
    path: PathBuf,
    options: Options,
    opened: Opened,
}

impl Input {
    /// Opens a directory or an archive; `-` is an archive on the standard input.
    ///
    /// # Errors
    /// When it cannot be opened as either.
    pub fn open(path: &Path, options: &Options) -> Result<Self, Error> {
        Ok(Self {
            path: path.to_owned(),
            opened: input::open(path, &options.of_input()).map_err(Error::Input)?,
            options: options.clone(),
        })
    }

    /// Reads it, with its journal.
    ///
    /// # Errors
    /// As [`Image::open`].
    pub fn read(self) -> Result<Image, Error> {
        let checkpoint = criu_image::load_from(&self.opened.images)?;
        let journal = journal::read(&*self.opened.images)?;
        Ok(self.with(checkpoint, journal))
    }

    /// Reads it; what its journal will say is known.
    fn read_remembering(self, journal: Rewritten) -> Result<Image, Error> {
        let checkpoint = criu_image::load_from(&self.opened.images)?;
        Ok(self.with(checkpoint, Some(journal)))
    }

    fn with(self, checkpoint: Checkpoint, journal: Option<Rewritten>) -> Image {
        Image {
            export: export::read(&self.opened),
            input: self,
            checkpoint,
            journal,
        }
    }
}

/// A checkpoint that was read, with all that is said of it.
///
/// Its pages are mapped or read when they are asked for: while it lives, its files should not change.
#[derive(Debug)]
pub struct Image {
    input: Input,
    checkpoint: Checkpoint,
    journal: Option<Rewritten>,
    export: Option<Export>,
}

impl Image {
    /// Reads the checkpoint at `path`: a directory that `criu dump` wrote, what a container engine exported (tar, tar.gz,
    /// tar.zst, or unpacked), or an OCI image layout; `-` is an archive on the standard input.
    ///
    /// # Errors
    /// [`Error::Input`] and [`Error::Image`] where it cannot be read or is no checkpoint; [`Error::Journal`] and
    /// [`Error::Interrupted`] where it was rewritten and nobody knows what it was before.
    pub fn open(path: impl AsRef<Path>, options: &Options) -> Result<Self, Error> {
        Input::open(path.as_ref(), options)?.read()
    }

    /// What it holds: the messages of CRIU's images, and the memory by address.
    #[doc(hidden)]
    #[must_use]
    pub fn checkpoint(&self) -> &Checkpoint {
        &self.checkpoint
    }

    /// Where in what the user named the image lies; empty where it is that itself.
    #[must_use]
    pub fn directory(&self) -> &str {
        let label = self.input.opened.images.label();
        label.trim_end_matches(['/', ':'])
    }

    /// What the user named.
    #[doc(hidden)]
    #[must_use]
    pub fn form(&self) -> Form {
        self.input.opened.packing.form
    }

    /// Everything that the readers find: in the image, in its journal, in what an engine says beside it, and in the root
    /// directories that the options name. It takes as long as a search of the tasks' stacks; ask once for many targets.
    #[must_use]
    pub fn facts(&self) -> ImageFacts<'_> {
        let options = &self.input.options;
        let binaries = match &options.rootfs {
            Some(root) => Binaries::find(&self.checkpoint, root),
            None => Binaries::default(),
        };
        let search = options.search;
        let facts = facts::collect_watched(&self.checkpoint, search, &binaries, &options.progress)
            .with_journal(self.journal.clone())
            .with_export(self.export.clone());
        ImageFacts {
            facts: match &options.target_rootfs {
                Some(root) => facts.with_target_root(root),
                None => facts,
            },
        }
    }
}

/// What is asked of an image.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Question<'a> {
    /// The machine to restore on; of a profile with members every one of them is meant, and the worst decides.
    pub target: &'a Profile,
    /// The machine the image was dumped on, where that is known.
    pub source: Option<&'a Profile>,
    /// Which unproven findings become notes. What blocks is never among them.
    pub accepts: &'a [Accept],
}

impl<'a> Question<'a> {
    /// Whether the image will run on `target`.
    #[must_use]
    pub fn about(target: &'a Profile) -> Self {
        Self {
            target,
            source: None,
            accepts: &[],
        }
    }

    /// The same, of an image that was dumped on `source`.
    #[must_use]
    pub fn dumped_on(mut self, source: &'a Profile) -> Self {
        self.source = Some(source);
        self
    }

    /// The same, with unproven findings that the user accepts.
    #[must_use]
    pub fn accepting(mut self, accepts: &'a [Accept]) -> Self {
        self.accepts = accepts;
        self
    }
}

/// The facts of an image.
#[derive(Debug)]
pub struct ImageFacts<'a> {
    facts: Facts<'a>,
}

impl<'a> ImageFacts<'a> {
    /// Judges the image.
    #[must_use]
    pub fn check(&self, question: &Question<'_>) -> Judgement {
        rule::judge(&self.case(question), question.accepts)
    }

    /// The facts themselves.
    #[doc(hidden)]
    #[must_use]
    pub fn facts(&self) -> &Facts<'a> {
        &self.facts
    }

    /// What a rule sees.
    #[doc(hidden)]
    #[must_use]
    pub fn case<'c>(&'c self, question: &Question<'c>) -> Case<'c>
    where
        'a: 'c,
    {
        Case {
            facts: &self.facts,
            target: question.target,
            source: question.source,
        }
    }
}
