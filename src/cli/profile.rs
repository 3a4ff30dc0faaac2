//! `hwcr profile`.

use clap::{Args, Subcommand};

use super::{Exit, Failure, Output};
use crate::profile;
use crate::report::profiles_text;

/// Look at target profiles
#[derive(Debug, Args)]
pub(super) struct ProfileVerb {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// List the built-in profiles with their kernel, vector lengths and origin
    List,
}

impl ProfileVerb {
    pub(super) fn run(&self, output: &Output) -> Result<Exit, Failure> {
        match self.what {
            What::List => {
                let mut profiles = Vec::new();
                for name in profile::builtin::names() {
                    let profile = profile::resolve(name);
                    profiles.push(profile.map_err(|error| Failure::new(error.to_string()))?);
                }
                output.text(|page| profiles_text::list(page, &profiles))?;
                Ok(Exit::Success)
            }
        }
    }
}
