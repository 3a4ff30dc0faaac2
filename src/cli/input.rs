//! From what the user named as IMAGE to facts: the same for all verbs that read one.

use std::path::Path;
use std::sync::Arc;

use clap::Args;

use super::rewrite::engine;
use super::{Failure, Output};
use crate::criu_image::{self, model::Checkpoint};
use crate::export::{self, Export};
use crate::facts::{self, Facts, Rewritten, Search};
use crate::input::{self, Form, Limits, Options};
use crate::object::find::Binaries;
use crate::progress::Progress;
use crate::report::words;
use crate::rewrite::engine::JOURNAL;

/// How an archive is read.
#[derive(Clone, Copy, Debug, Args)]
pub(super) struct Reading {
    /// Most bytes of a compressed archive, or of one on standard input, to keep in a temporary file, as a number with K, M, G or T [default: nine tenths of what is free in TMPDIR]
    #[arg(long, value_name = "SIZE", value_parser = size)]
    spool_limit: Option<u64>,
}

impl Reading {
    pub(super) fn options(self, output: &Output) -> Options {
        Options {
            limits: Limits {
                spool: self.spool_limit,
                ..Limits::default()
            },
            wanted,
            progress: Arc::clone(output.progress()),
        }
    }
}

/// Files of an archive that are read.
fn wanted(name: &str) -> bool {
    criu_image::is_read(name) || name == JOURNAL || export::FILES.contains(&name)
}

/// A number of bytes.
fn size(text: &str) -> Result<u64, String> {
    let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let unit = text.strip_prefix(digits).unwrap_or_default();
    let shift = ["", "K", "M", "G", "T"]
        .into_iter()
        .zip([0, 10, 20, 30, 40])
        .find(|(name, _)| unit.eq_ignore_ascii_case(name))
        .map(|(_, shift)| shift);
    let number = digits.parse::<u64>().ok();
    number
        .zip(shift)
        .and_then(|(number, shift)| number.checked_mul(1 << shift))
        .ok_or_else(|| "not a number of bytes, like 500M or 40G".to_owned())
}

/// What an image holds, and what is said of it.
pub(super) struct Input {
    pub(super) checkpoint: Checkpoint,
    /// Where in what the user named the image lies; empty where it is that itself.
    pub(super) directory: String,
    form: Form,
    journal: Option<Rewritten>,
    export: Option<Export>,
    progress: Arc<Progress>,
}

impl Input {
    pub(super) fn open(image: &Path, reading: Reading, output: &Output) -> Result<Self, Failure> {
        let opened = input::open(image, &reading.options(output)).map_err(|error| Failure {
            for_want_of_room: error.is_want_of_room(),
            ..unreadable(image, &error.into())
        })?;
        let checkpoint = criu_image::load_from(&opened.images)
            .map_err(|error| unreadable(image, &error.into()))?;
        let journal = engine::read_journal(&*opened.images).map_err(Failure::new)?;
        let label = opened.images.label();
        Ok(Self {
            checkpoint,
            directory: label.trim_end_matches(['/', ':']).to_owned(),
            form: opened.packing.form,
            journal,
            export: export::read(&opened),
            progress: Arc::clone(output.progress()),
        })
    }

    /// The word for what the user named, where that is no plain directory.
    pub(super) fn form(&self) -> Option<String> {
        (self.form != Form::Directory).then(|| words::form(self.form).to_owned())
    }

    pub(super) fn facts(&self, search: Search) -> Facts<'_> {
        self.facts_with(search, &Binaries::default())
    }

    /// The same, with the programs and libraries that the tasks map.
    pub(super) fn facts_with(&self, search: Search, binaries: &Binaries) -> Facts<'_> {
        facts::collect_watched(&self.checkpoint, search, binaries, &self.progress)
            .with_journal(self.journal.clone())
            .with_export(self.export.clone())
    }
}

/// The complaint about an image that cannot be read.
pub(super) fn unreadable(image: &Path, error: &anyhow::Error) -> Failure {
    // Some errors begin with what was named themselves.
    let (image, text) = (image.display().to_string(), format!("{error:#}"));
    Failure::new(if text.starts_with(&image) || image == "-" {
        text
    } else {
        format!("{image}: {text}")
    })
}

#[cfg(test)]
mod tests {
    use super::size;

    #[test]
    fn sizes_have_a_unit_or_none() {
        assert_eq!(size("0"), Ok(0));
        assert_eq!(size("500m"), Ok(500 << 20));
        assert_eq!(size("40G"), Ok(40 << 30));
        for odd in ["", "G", "-1", "1.5G", "1GB", "99999999999T"] {
            assert!(size(odd).is_err(), "{odd}");
        }
    }
}
