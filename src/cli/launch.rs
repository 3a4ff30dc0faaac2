//! `hwcr launch`.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::Args;

use super::input::{self, Reading};
use super::{Exit, Failure, Output};
use crate::launch::{self, Choice, Error};
use crate::report::layout::plain;

/// Run a command with the vector lengths an image's signal frames need
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  hwcr launch --for dump/ -- criu restore -D dump/ -d
  hwcr launch --for dump/ --dry-run -- criu restore -D dump/

Exit codes:
  2  the command was not run: the image cannot be read, its frames disagree,
     or this machine does not have the lengths
  otherwise those of the command; 0 for a dry run")]
pub(super) struct Launch {
    /// Directory that `criu dump` wrote, or what `hwcr check` takes
    #[arg(long = "for", required = true, value_name = "IMAGE")]
    image: PathBuf,

    /// Say what would be done, on any machine, and do nothing
    #[arg(long)]
    dry_run: bool,

    /// Search all private writable memory for signal frames, however much there is
    #[arg(long)]
    deep: bool,

    #[command(flatten)]
    reading: Reading,

    /// The command with its arguments, behind `--`
    #[arg(last = true, required = true, num_args = 1.., value_name = "COMMAND")]
    command: Vec<OsString>,
}

impl Launch {
    pub(super) fn run(&self, output: &Output) -> Result<Exit, Failure> {
        let options = self.reading.options(super::search(self.deep), output);
        let image = input::open(&self.image, &options)?;
        let choices = launch::plan(image.facts().facts()).map_err(|error| failure(&error))?;
        if self.dry_run {
            self.show(output, &choices)?;
            return Ok(Exit::Success);
        }
        output.leave();
        // Only a failure comes back.
        Err(failure(&launch::run(&choices, &self.command)))
    }

    fn show(&self, output: &Output, choices: &[Choice]) -> Result<(), Failure> {
        let command: Vec<_> = self
            .command
            .iter()
            .map(|word| word.to_string_lossy())
            .collect();
        output.text(|page| {
            for choice in choices {
                page.line(
                    0,
                    2,
                    &[plain(format!(
                        "would choose {} vector length {} bytes ({}, inherited): {} shown by {}, first at {} of task {}",
                        choice.vectors.name(),
                        choice.vl,
                        choice.vectors.operation(),
                        if choice.frames == 1 { "it is" } else { "all are" },
                        if choice.frames == 1 {
                            "1 frame".to_owned()
                        } else {
                            format!("{} frames", choice.frames)
                        },
                        choice.shown.frame,
                        choice.shown.pid,
                    ))],
                )?;
            }
            if choices.is_empty() {
                page.line(
                    0,
                    2,
                    &[plain("no signal frame shows a vector length: would choose none")],
                )?;
            }
            page.line(0, 2, &[plain(format!("would run {}", command.join(" ")))])
        })
    }
}

fn failure(error: &Error) -> Failure {
    let failure = Failure::new(error.to_string());
    match error {
        Error::Disagree { .. } => failure
            .help("restore the tasks apart, each with its own length, or dump them outside of signal handlers"),
        Error::OtherMachine { .. } => failure.help("see with --dry-run what would be done there"),
        Error::Refused { .. } | Error::NotSupported { .. } => failure
            .help("`hwcr check` names machines the image will run on; nothing was changed or run"),
        Error::NoCommand | Error::Exec { .. } => failure,
    }
}
