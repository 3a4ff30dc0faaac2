//! `hwcr profile baseline`.

use std::ffi::OsStr;

use clap::Args;

use super::save::Save;
use crate::cli::check::profile;
use crate::cli::{Exit, Failure, Output};
use crate::profile::baseline;
use crate::profile::model::Source;

/// Write the profile of what several machines have in common
#[derive(Debug, Args)]
#[command(after_help = "\
An image is compatible with the baseline where it is compatible with every
member: each is listed in full, and checked as it is.

Examples:
  hwcr profile baseline rack-*.json -o fleet.json
  hwcr profile baseline fleet.json neoverse-v1 --name fleet-2
  hwcr check dump/ --target fleet.json

Exit codes:
  0  written
  2  a profile cannot be read, two machines have one name, or OUT exists")]
pub(super) struct Baseline {
    /// Names of built-in profiles, or paths of profiles; those of a baseline count as its members
    #[arg(required = true, value_name = "NAME|FILE")]
    profiles: Vec<String>,

    #[command(flatten)]
    save: Save,
}

impl Baseline {
    pub(super) fn run(&self, output: &Output) -> Result<Exit, Failure> {
        let machines = self
            .profiles
            .iter()
            .map(|name| profile(name))
            .collect::<Result<Vec<_>, _>>()?;
        let name = self.save.name(Some(OsStr::new("baseline")));
        let common = baseline(&name, &machines, &Source::BuiltIn)
            .map_err(|error| Failure::new(error.to_string()))?;
        self.save.write(output, &common)?;
        Ok(Exit::Success)
    }
}
