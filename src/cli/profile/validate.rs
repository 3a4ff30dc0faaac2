//! `hwcr profile validate`.

use clap::Args;

use crate::cli::{Exit, Failure, Output};
use crate::divergence::doubt;
use crate::profile::{self, Error};
use crate::report::validate_text::{self, Examined};

/// Find the mistakes of profiles, and what about them is doubtful
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  hwcr profile validate cpu.json
  hwcr profile validate fleet/*.json

Exit codes:
  0  every profile is valid, doubtful or not
  2  at least one is not, or cannot be read")]
pub(super) struct Validate {
    /// Paths of profiles, or names of built-in ones
    #[arg(required = true, value_name = "FILE")]
    files: Vec<String>,
}

impl Validate {
    pub(super) fn run(&self, output: &Output) -> Result<Exit, Failure> {
        let examined: Vec<Examined> = self.files.iter().map(|file| examine(file)).collect();
        output.text(|page| validate_text::examined(page, &examined))?;
        let valid = examined.iter().all(|examined| examined.errors.is_empty());
        Ok(if valid { Exit::Success } else { Exit::NoAnswer })
    }
}

fn examine(file: &str) -> Examined {
    let (errors, doubts) = match profile::examine(file) {
        Ok(profile) => (Vec::new(), doubt::about(&profile)),
        Err(errors) => (errors.iter().map(Error::to_string).collect(), Vec::new()),
    };
    Examined {
        file: file.to_owned(),
        errors,
        doubts,
    }
}
