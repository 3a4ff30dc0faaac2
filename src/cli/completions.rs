//! `hwcr completions`, and the answers to the shells it sets up.
//!
//! A script knows nothing of the command line: it asks the hwcr that is installed, through [`VARIABLE`]. So a
//! script never lags behind, and paths, profiles and rules complete alike in every shell.

use std::env;
use std::ffi::{OsStr, OsString};

use clap::builder::PossibleValuesParser;
use clap::{Arg, Args, Command};
use clap_complete::engine::ValueCompleter as _;
use clap_complete::engine::{ArgValueCompleter, CompletionCandidate, PathCompleter};
use clap_complete::env::{EnvCompleter, Shells};

use super::{Exit, Failure, Output};
use crate::profile::builtin;
use crate::rewrite::allow;
use crate::rule;

/// Set by the scripts to the shell's name.
const VARIABLE: &str = "HWCR_COMPLETE";

/// Shells there are scripts for.
pub(super) const SHELLS: [&str; 5] = ["bash", "elvish", "fish", "powershell", "zsh"];

/// Print what makes a shell complete hwcr's verbs, options, profiles and rules
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  hwcr completions bash > ~/.local/share/bash-completion/completions/hwcr
  hwcr completions fish > ~/.config/fish/completions/hwcr.fish
  hwcr completions zsh > ~/.zfunc/_hwcr

The script asks the hwcr on the PATH. Print it again after an update.")]
pub(super) struct Completions {
    /// The shell
    #[arg(value_parser = PossibleValuesParser::new(SHELLS))]
    shell: String,
}

impl Completions {
    pub(super) fn run(&self, output: &Output) -> Result<Exit, Failure> {
        let shells = Shells::builtins();
        let Some(shell) = shells.completer(&self.shell) else {
            return Err(Failure::new(format!("no script for {}", self.shell)));
        };
        output.raw(|out| {
            let mut script = Vec::new();
            shell.write_registration(VARIABLE, "hwcr", "hwcr", "hwcr", &mut script)?;
            out.write_all(&script)
        })?;
        Ok(Exit::Success)
    }
}

/// Answers a shell that asks how to go on; `None` where none asks.
pub(super) fn answer(command: Command, args: &[OsString], output: &Output) -> Option<Exit> {
    let shell = env::var_os(VARIABLE).filter(|shell| !shell.is_empty())?;
    let shells = Shells::builtins();
    let known = shell.to_str().and_then(|shell| shells.completer(shell));
    let answered = match known {
        Some(shell) => write(shell, command, args, output),
        None => Err(Failure::new(format!(
            "{VARIABLE} is {}, which is no shell that can be answered",
            shell.display()
        ))
        .help(format!("unset it, or use one of {}", SHELLS.join(", ")))),
    };
    Some(match answered {
        Ok(()) => Exit::Success,
        Err(failure) => {
            output.complain(&failure);
            Exit::NoAnswer
        }
    })
}

fn write(
    shell: &dyn EnvCompleter,
    command: Command,
    args: &[OsString],
    output: &Output,
) -> Result<(), Failure> {
    // What stands before `--` is the program itself.
    let start = args.iter().position(|arg| arg == "--");
    let words = start
        .and_then(|at| args.get(at.saturating_add(1)..))
        .unwrap_or_default()
        .to_vec();
    let mut command = with_values(command);
    let mut text = Vec::new();
    shell
        .write_complete(
            &mut command,
            words,
            env::current_dir().ok().as_deref(),
            &mut text,
        )
        // A shell shows nothing where nothing fits.
        .unwrap_or_default();
    output.raw(|out| out.write_all(&text))
}

/// Says how a word may go on.
type Complete = fn(&OsStr) -> Vec<CompletionCandidate>;

/// What the values of an option stand for, by the name help gives them.
const VALUES: &[(&str, Complete)] = &[
    ("TARGET", profile_or_path),
    ("PROFILE", profile_or_path),
    ("NAME|FILE", profile_or_path),
    ("RULE", rules),
    ("RULE[:FEATURE]", rules),
    ("NAME", edits),
    ("IMAGE", path_or_stdin),
    ("LOG|IMAGE", path_or_stdin),
    ("FILE", path_or_stdin),
    ("OUT", path),
    ("DIR", directory),
];

fn with_values(command: Command) -> Command {
    command
        .mut_args(|arg| match completer(&arg) {
            Some(complete) => arg.add(ArgValueCompleter::new(complete)),
            None => arg,
        })
        .mut_subcommands(with_values)
}

fn completer(arg: &Arg) -> Option<Complete> {
    // A name that the user makes up has no candidates.
    if arg.get_long() == Some("name") {
        return None;
    }
    let named = match arg.get_value_names() {
        Some([name]) => name.to_string(),
        _ => arg.get_id().as_str().to_uppercase(),
    };
    // Both operands of `profile diff`.
    let named = if named == "A" || named == "B" {
        "TARGET"
    } else {
        named.as_str()
    };
    VALUES
        .iter()
        .find(|(name, _)| *name == named)
        .map(|(_, complete)| *complete)
}

fn starting<'a>(
    current: &OsStr,
    words: impl IntoIterator<Item = (&'a str, &'a str)>,
) -> Vec<CompletionCandidate> {
    let current = current.to_string_lossy().to_lowercase();
    words
        .into_iter()
        .filter(|(word, _)| word.to_lowercase().starts_with(&current))
        .map(|(word, help)| {
            CompletionCandidate::new(word).help((!help.is_empty()).then(|| help.to_owned().into()))
        })
        .collect()
}

fn profile_or_path(current: &OsStr) -> Vec<CompletionCandidate> {
    let mut found = starting(
        current,
        builtin::names().map(|name| (name, "built-in profile")),
    );
    found.extend(path(current));
    found
}

fn rules(current: &OsStr) -> Vec<CompletionCandidate> {
    starting(
        current,
        rule::all().map(|rule| (rule.meta.id.as_str(), rule.meta.summary)),
    )
}

fn edits(current: &OsStr) -> Vec<CompletionCandidate> {
    starting(current, allow::NAMES.iter().map(|row| (row.name, row.does)))
}

fn path(current: &OsStr) -> Vec<CompletionCandidate> {
    PathCompleter::any().complete(current)
}

fn path_or_stdin(current: &OsStr) -> Vec<CompletionCandidate> {
    PathCompleter::any().stdio().complete(current)
}

fn directory(current: &OsStr) -> Vec<CompletionCandidate> {
    PathCompleter::dir().complete(current)
}
