//! `hwcr profile diff`.

use clap::Args;

use crate::cli::check::{Format, profile};
use crate::cli::{Exit, Failure, Output};
use crate::report::{from_profile, profile_diff_text};

/// Say how two profiles differ, and what that means to a process that moves
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  hwcr profile diff neoverse-v1 neoverse-n1
  hwcr profile diff old.json new.json --format json

Exit codes:
  0  both were read, whether they differ or not
  2  one cannot be read")]
pub(super) struct Diff {
    /// Name of a built-in profile, or path of a cpu.json
    a: String,

    /// Another
    b: String,

    /// How to write it
    #[arg(long, value_name = "FORMAT", value_enum, default_value_t = Format::Text)]
    format: Format,
}

impl Diff {
    pub(super) fn run(&self, output: &Output) -> Result<Exit, Failure> {
        let (a, b) = (profile(&self.a)?, profile(&self.b)?);
        let report = from_profile::diff([&self.a, &self.b], [&a, &b]);
        match self.format {
            Format::Text => output.text(|page| profile_diff_text::diff(page, &report))?,
            Format::Json => output.json(&report)?,
        }
        Ok(Exit::Success)
    }
}
