//! IMAGE on the command line: how it is read, and the complaint where it cannot be.

use std::path::Path;
use std::sync::Arc;

use clap::Args;

use super::{Failure, Output};
use crate::facts::Search;
use crate::image::{Error, Image, Options};
use crate::input::Form;
use crate::report::words;

/// How an archive is read.
#[derive(Clone, Copy, Debug, Args)]
pub(super) struct Reading {
    /// Most bytes of a compressed archive, or of one on standard input, to keep in a temporary file, as a number with K, M, G or T [default: nine tenths of what is free in TMPDIR]
    #[arg(long, value_name = "SIZE", value_parser = size)]
    spool_limit: Option<u64>,
}

impl Reading {
    /// Options without root directories, which the verbs add that take them.
    pub(super) fn options(self, search: Search, output: &Output) -> Options {
        Options {
            spool_limit: self.spool_limit,
            search,
            progress: Arc::clone(output.progress()),
            ..Options::default()
        }
    }
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

/// Reads the image a user named.
pub(super) fn open(image: &Path, options: &Options) -> Result<Image, Failure> {
    Image::open(image, options).map_err(|error| failure(image, error))
}

/// The word for what the user named, where that is no plain directory.
pub(super) fn form(image: &Image) -> Option<String> {
    let form = image.form();
    (form != Form::Directory).then(|| words::form(form).to_owned())
}

/// The complaint about an error of the library.
pub(super) fn failure(image: &Path, error: Error) -> Failure {
    match error {
        Error::Input(_) | Error::Image(_) => Failure {
            for_want_of_room: error.is_want_of_room(),
            ..unreadable(image, &error.into())
        },
        Error::Packing {
            image,
            why,
            instead,
        } => Failure::new(format!("{}: {why}", image.display())).help(instead),
        Error::Unjudged(_) => {
            Failure::new(error.to_string()).help("judge it with `hwcr check` before you use it")
        }
        _ => Failure::new(error.to_string()),
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
