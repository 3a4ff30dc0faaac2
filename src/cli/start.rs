//! From the words of a command line to how the run ended.

use std::ffi::OsString;
use std::process::ExitCode;

use clap::{CommandFactory as _, FromArgMatches as _};
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::Offset;

use super::plugin::{self, Called};
use super::settings::{Settled, settle};
use super::{Cli, Color, Exit, Output, Surroundings, completions, run};

/// Runs a command line, the program's own name first, and says how the process shall end.
#[must_use]
pub fn start(args: impl IntoIterator<Item = OsString>) -> ExitCode {
    start_on(args, Offset::UTC.to_datetime(Timestamp::now()).date())
}

/// As [`start`], on a given day (UTC): it decides which entries of a `hwcr.toml` have expired.
#[must_use]
pub fn start_on(args: impl IntoIterator<Item = OsString>, today: Date) -> ExitCode {
    let args: Vec<OsString> = args.into_iter().collect();
    let output = Output::new(Color::Auto, true);
    let command = match plugin::called(&args) {
        Called::Plainly => Cli::command(),
        Called::Plugin => plugin::renamed(Cli::command()),
        Called::Describe => {
            // Who asked reads nothing else.
            let _ = output.raw(|out| writeln!(out, "{}", plugin::DESCRIPTION));
            return ExitCode::from(plugin::UNDERSTOOD);
        }
    };
    if let Some(exit) = completions::answer(command.clone(), &args, &output) {
        return exit.into();
    }
    let Settled {
        command,
        config,
        warnings,
    } = match settle(command, &args) {
        Ok(settled) => settled,
        Err(failure) => {
            output.complain(&failure);
            return Exit::NoAnswer.into();
        }
    };
    let parsed = command
        .try_get_matches_from(args)
        .and_then(|matches| Cli::from_arg_matches(&matches));
    match parsed {
        Ok(cli) => run(
            &cli,
            &Surroundings {
                config,
                today,
                warnings,
            },
        )
        .into(),
        Err(said) => {
            // Help goes to standard output; a reader that has seen enough of it is no error.
            let _ = said.print();
            ExitCode::from(u8::try_from(said.exit_code()).unwrap_or(2))
        }
    }
}
