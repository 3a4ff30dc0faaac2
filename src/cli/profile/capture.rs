//! `hwcr profile capture`.

use clap::Args;

use super::save::Save;
use crate::capture::{self, Error, Options};
use crate::cli::{Exit, Failure, Output};
use crate::report::profiles_text;

/// Make the profile of this machine (arm64 Linux; needs no privileges)
#[derive(Debug, Args)]
#[command(after_help = "\
Without --name and -o the profile is called as the host. Standard error says
what stays unknown and what that costs.

Examples:
  hwcr profile capture > cpu.json
  hwcr profile capture --probe --name rack-7 -o rack-7.json

Exit codes:
  0  the profile was written
  2  this machine cannot be captured, what it says contradicts itself, or wrong
     usage")]
pub(super) struct Capture {
    /// Also find out by trying, in child processes, which signal frames this
    /// kernel takes and how long an auxiliary vector; outranks version tables
    #[arg(long)]
    probe: bool,

    #[command(flatten)]
    save: Save,
}

impl Capture {
    pub(super) fn run(&self, output: &Output) -> Result<Exit, Failure> {
        let options = Options {
            name: self.save.given(),
            probe: self.probe,
        };
        let captured = capture::capture(&options).map_err(|error| failure(&error))?;
        self.save.write(output, &captured.profile)?;
        for note in captured.notes {
            output.warn(&Failure {
                message: note.message,
                help: note.help.into_iter().collect(),
                ..Failure::default()
            });
        }
        output.aside(|page| profiles_text::unknown(page, &captured.profile));
        // Whoever reads the profile meets the same.
        match capture::interpret::reread(&captured.profile, &self.save.place()) {
            Ok(_) => Ok(Exit::Success),
            Err(error) => Err(Failure::new(format!(
                "what this machine says contradicts itself; the profile was written for you to mend: {error}"
            ))),
        }
    }
}

fn failure(error: &Error) -> Failure {
    let failure = Failure::new(error.to_string());
    match error {
        Error::OtherMachine { .. } => failure
            .help("run it on the machine that is to be described, or take the profile from what other programs print there: `hwcr profile import`"),
        Error::Children { .. } => {
            failure.help("run it where processes may be started, and not with SIGCHLD ignored")
        }
        Error::Unreadable { .. } => failure.help("mount /proc"),
    }
}
