//! `hwcr init`.

use std::io::{ErrorKind, Write as _};
use std::path::PathBuf;

use clap::Args;

use super::output::create;
use super::{Exit, Failure, Output};
use crate::config::{FILE_NAME, template};
use crate::report::layout::plain;

/// Write a hwcr.toml with every setting, commented out
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  hwcr init
  hwcr init ci/hwcr.toml

Exit codes:
  0  written
  2  the file exists, or cannot be written")]
pub(super) struct Init {
    /// The file; one in the working directory is found without being named
    #[arg(value_name = "FILE", default_value = FILE_NAME)]
    file: PathBuf,

    /// Overwrite it
    #[arg(long)]
    force: bool,
}

impl Init {
    pub(super) fn run(&self, output: &Output) -> Result<Exit, Failure> {
        let shown = self.file.display();
        create(&self.file, self.force)
            .and_then(|mut file| file.write_all(template().as_bytes()))
            .map_err(|error| match error.kind() {
                ErrorKind::AlreadyExists => Failure::new(format!("{shown} exists already"))
                    .help("change it by hand, or overwrite it with --force"),
                _ => Failure::new(format!("cannot write {shown}: {error}")),
            })?;
        output.text(|page| page.line(0, 2, &[plain(format!("wrote {shown}"))]))?;
        Ok(Exit::Success)
    }
}
