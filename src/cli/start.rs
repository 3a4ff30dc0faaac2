//! From the words of a command line to how the run ended.

use std::ffi::OsString;
use std::process::ExitCode;

use clap::{CommandFactory as _, FromArgMatches as _};

use super::{Cli, Color, Output, completions, run};

/// Runs a command line, the program's own name first, and says how the process shall end.
#[must_use]
pub fn start(args: impl IntoIterator<Item = OsString>) -> ExitCode {
    let args: Vec<OsString> = args.into_iter().collect();
    let output = Output::new(Color::Auto, true);
    if let Some(exit) = completions::answer(Cli::command(), &args, &output) {
        return exit.into();
    }
    let parsed = Cli::command()
        .try_get_matches_from(args)
        .and_then(|matches| Cli::from_arg_matches(&matches));
    match parsed {
        Ok(cli) => run(&cli).into(),
        Err(said) => {
            // Help goes to standard output; a reader that has seen enough of it is no error.
            let _ = said.print();
            ExitCode::from(u8::try_from(said.exit_code()).unwrap_or(2))
        }
    }
}
