//! `hwcr profile show`.

use clap::Args;

use crate::cli::check::{Format, profile};
use crate::cli::{Exit, Failure, Output};
use crate::report::{from_profile, profile_show_text};

/// Explain a profile: every fact, what it means to a process, and what is unknown
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  hwcr profile show neoverse-v1
  hwcr profile show cpu.json --format json")]
pub(super) struct Show {
    /// Name of a built-in profile, or path of a cpu.json
    #[arg(value_name = "NAME|FILE")]
    profile: String,

    /// How to write it
    #[arg(long, value_name = "FORMAT", value_enum, default_value_t = Format::Text)]
    format: Format,
}

impl Show {
    pub(super) fn run(&self, output: &Output) -> Result<Exit, Failure> {
        let report = from_profile::show(&self.profile, &profile(&self.profile)?);
        match self.format {
            Format::Text => output.text(|page| profile_show_text::show(page, &report))?,
            Format::Json => output.json(&report)?,
        }
        Ok(Exit::Success)
    }
}
