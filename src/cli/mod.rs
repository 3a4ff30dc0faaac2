//! The command line: the only place that prints and that chooses an exit code.
//!
//! One file for each verb.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand, ValueEnum};
use jiff::civil::Date;

use crate::config::Config;
use crate::facts::Search;
use crate::report::v1::Verdict;

mod allow;
mod check;
mod completions;
mod explain;
mod explain_log;
mod failure;
mod init;
mod input;
mod inspect;
mod launch;
mod man;
mod meter;
mod output;
mod plugin;
mod profile;
mod rewrite;
mod rootfs;
mod rules;
mod schema;
mod settings;
mod start;
mod suggest;
mod targets;

#[cfg(test)]
mod tests;

use failure::Failure;
use output::Output;
pub use start::{start, start_on};

const EXIT_CODES: &str = "\
Exit codes:
  0  every image is compatible with every target
  1  at least one image is incompatible with a target
  2  no answer: wrong usage, or an image or a profile that cannot be read
  3  none is incompatible, but at least one answer is indeterminate";

const EXAMPLES: &str = "\
Examples:
  hwcr check dump/ --target neoverse-n1
  hwcr check dump/ --target old.json --target new.json --format json
  hwcr inspect dump/ --only frames
  hwcr rewrite dump/ --target neoverse-n1 --dry-run
  hwcr explain HWCR-SVE-001
  hwcr explain-log restore.log dump/ --target neoverse-n1";

/// Says whether a CRIU checkpoint will really run on a given arm64 machine, with the proof.
#[derive(Debug, Parser)]
#[command(name = "hwcr", version, after_help = format!("{EXAMPLES}\n\n{EXIT_CODES}"))]
#[command(propagate_version = false, max_term_width = 80)]
pub struct Cli {
    #[command(subcommand)]
    verb: Verb,

    #[command(flatten)]
    global: Global,
}

/// What every verb takes.
#[derive(Clone, Debug, Args)]
struct Global {
    /// When to use colour; auto looks for a terminal, NO_COLOR and CLICOLOR
    #[arg(long, global = true, display_order = 100, value_name = "WHEN", value_enum, default_value_t = Color::Auto)]
    color: Color,

    /// Print no report and no progress, only errors and warnings; the exit code tells
    #[arg(short, long, global = true, display_order = 101)]
    quiet: bool,

    /// Read settings from FILE instead of the next hwcr.toml above; HWCR_CONFIG names one too
    #[arg(long, global = true, display_order = 102, value_name = "FILE")]
    config: Option<PathBuf>,

    /// Read no file with settings
    #[arg(long, global = true, display_order = 103, conflicts_with = "config")]
    no_config: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Color {
    Auto,
    Always,
    Never,
}

#[derive(Debug, Subcommand)]
enum Verb {
    Check(check::Check),
    Inspect(inspect::Inspect),
    Rewrite(rewrite::Rewrite),
    Launch(launch::Launch),
    Explain(explain::Explain),
    ExplainLog(explain_log::ExplainLog),
    Rules(rules::RulesVerb),
    Profile(profile::ProfileVerb),
    Schema(schema::SchemaVerb),
    Init(init::Init),
    Completions(completions::Completions),
    Man(man::ManVerb),
}

/// How a run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// 0: done; for `check`, every image is compatible with every target.
    Success,
    /// 1: at least one image is incompatible with a target.
    Incompatible,
    /// 2: no answer, or not all of it.
    NoAnswer,
    /// 3: none is incompatible, at least one answer is indeterminate.
    Indeterminate,
}

impl Exit {
    /// The number.
    #[must_use]
    pub fn code(self) -> u8 {
        match self {
            Self::Success => 0,
            Self::Incompatible => 1,
            Self::NoAnswer => 2,
            Self::Indeterminate => 3,
        }
    }

    /// What the verdicts of a check make; `None` is a result without one. An image without an answer outweighs everything: a pipeline
    /// that asked about it must not take the others' answer for its.
    #[must_use]
    fn of(verdicts: &[Option<Verdict>]) -> Self {
        let any = |verdict| verdicts.contains(&verdict);
        if verdicts.is_empty() || any(None) {
            Self::NoAnswer
        } else if any(Some(Verdict::Incompatible)) {
            Self::Incompatible
        } else if any(Some(Verdict::Indeterminate)) {
            Self::Indeterminate
        } else {
            Self::Success
        }
    }

    /// What one verdict makes.
    #[must_use]
    fn of_verdict(verdict: Verdict) -> Self {
        match verdict {
            Verdict::Compatible => Self::Success,
            Verdict::Indeterminate => Self::Indeterminate,
            Verdict::Incompatible => Self::Incompatible,
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit.code())
    }
}

/// What a run goes by beside its command line.
#[derive(Debug)]
pub struct Surroundings {
    /// The file of settings; its entries are of use to `check`.
    config: Config,
    /// The day (UTC), which decides what has expired.
    today: Date,
    /// What to tell the user before anything else.
    warnings: Vec<Failure>,
}

impl Surroundings {
    /// No file, on a day.
    #[must_use]
    pub fn on(today: Date) -> Self {
        Self {
            config: Config::default(),
            today,
            warnings: Vec::new(),
        }
    }
}

/// Runs a parsed command line. Answers go to standard output, complaints to standard error.
#[must_use]
pub fn run(cli: &Cli, surroundings: &Surroundings) -> Exit {
    let output = Output::new(cli.global.color, cli.global.quiet);
    for warning in &surroundings.warnings {
        output.warn(warning);
    }
    let result = match &cli.verb {
        Verb::Check(verb) => verb.run(&output, surroundings),
        Verb::Inspect(verb) => verb.run(&output),
        Verb::Rewrite(verb) => verb.run(&output),
        Verb::Launch(verb) => verb.run(&output),
        Verb::Explain(verb) => verb.run(&output),
        Verb::ExplainLog(verb) => verb.run(&output),
        Verb::Rules(verb) => verb.run(&output),
        Verb::Profile(verb) => verb.run(&output),
        Verb::Schema(verb) => verb.run(&output),
        Verb::Init(verb) => verb.run(&output),
        Verb::Completions(verb) => verb.run(&output),
        Verb::Man(verb) => verb.run(&output),
    };
    result.unwrap_or_else(|failure| {
        output.complain(&failure);
        Exit::NoAnswer
    })
}

/// How much memory is searched for signal frames.
fn search(deep: bool) -> Search {
    if deep { Search::Deep } else { Search::Auto }
}
