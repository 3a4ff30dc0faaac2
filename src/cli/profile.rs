//! `hwcr profile`: one file for each thing it does.

use clap::{Args, Subcommand};

use super::{Exit, Failure, Output};

mod baseline;
mod capture;
mod diff;
mod from_image;
mod import;
mod list;
mod save;
mod show;
mod validate;

/// Look at target profiles, and make new ones
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  hwcr profile capture > cpu.json
  hwcr profile list
  hwcr profile diff neoverse-v1 neoverse-n1")]
pub(super) struct ProfileVerb {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    Capture(capture::Capture),
    List(list::List),
    Show(show::Show),
    Diff(diff::Diff),
    Validate(validate::Validate),
    Baseline(baseline::Baseline),
    Import(import::Import),
    FromImage(from_image::FromImage),
}

impl ProfileVerb {
    pub(super) fn run(&self, output: &Output) -> Result<Exit, Failure> {
        match &self.what {
            What::Capture(what) => what.run(output),
            What::List(what) => what.run(output),
            What::Show(what) => what.run(output),
            What::Diff(what) => what.run(output),
            What::Validate(what) => what.run(output),
            What::Baseline(what) => what.run(output),
            What::Import(what) => what.run(output),
            What::FromImage(what) => what.run(output),
        }
    }
}
