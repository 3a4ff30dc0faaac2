//! Where a new profile goes: a file that does not exist yet, or standard output.

use std::ffi::OsStr;
use std::io::{ErrorKind, Write};
use std::path::PathBuf;

use clap::Args;
use clap::builder::NonEmptyStringValueParser;

use crate::cli::output::create;
use crate::cli::{Failure, Output};
use crate::profile::model::Profile;
use crate::profile::to_json;

/// What every verb takes that makes a profile.
#[derive(Debug, Args)]
pub(super) struct Save {
    /// Name of the machine in the profile
    #[arg(long, value_name = "NAME", value_parser = NonEmptyStringValueParser::new())]
    name: Option<String>,

    /// Write the profile to OUT, which must not exist, instead of to standard output
    #[arg(short, long, value_name = "OUT")]
    output: Option<PathBuf>,

    /// Overwrite OUT
    #[arg(long, requires = "output")]
    force: bool,
}

impl Save {
    /// The name the user gives, else that of the file to write, else `otherwise`.
    pub(super) fn name(&self, otherwise: Option<&OsStr>) -> String {
        self.given()
            .or_else(|| Some(otherwise?.to_string_lossy().into_owned()))
            .unwrap_or_else(|| "machine".to_owned())
    }

    /// The name the user gives, else that of the file to write, if there is one.
    pub(super) fn given(&self) -> Option<String> {
        let stem = || self.output.as_deref()?.file_stem();
        self.name
            .clone()
            .or_else(|| Some(stem()?.to_string_lossy().into_owned()))
    }

    /// Where the profile goes, for messages.
    pub(super) fn place(&self) -> String {
        match &self.output {
            Some(path) => path.display().to_string(),
            None => "standard output".to_owned(),
        }
    }

    /// Writes the profile.
    pub(super) fn write(&self, output: &Output, profile: &Profile) -> Result<(), Failure> {
        let text = to_json(profile);
        let Some(path) = &self.output else {
            return output.raw(|out| out.write_all(text.as_bytes()));
        };
        let written = create(path, self.force).and_then(|mut file| file.write_all(text.as_bytes()));
        written.map_err(|error| {
            let failure = Failure::new(format!("cannot write {}: {error}", path.display()));
            match error.kind() {
                ErrorKind::AlreadyExists => {
                    failure.help("name another file, or overwrite it with --force")
                }
                _ => failure,
            }
        })
    }
}
