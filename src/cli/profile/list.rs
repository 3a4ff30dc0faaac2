//! `hwcr profile list`.

use clap::Args;

use crate::cli::{Exit, Failure, Output};
use crate::profile;
use crate::report::profiles_text;

/// List the built-in profiles with their kernel, vector lengths and origin
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  hwcr profile list
  hwcr check dump/ --target graviton3")]
pub(super) struct List {}

impl List {
    pub(super) fn run(&self, output: &Output) -> Result<Exit, Failure> {
        let mut profiles = Vec::new();
        for name in profile::builtin::names() {
            let profile = profile::resolve(name);
            profiles.push(profile.map_err(|error| Failure::new(error.to_string()))?);
        }
        output.text(|page| profiles_text::list(page, &profiles))?;
        Ok(Exit::Success)
    }
}
