//! `hwcr rules`.

use clap::{Args, ValueEnum};

use super::{Exit, Failure, Output};
use crate::report::{from_judgement, rules_text};
use crate::rule;

/// List all rules
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  hwcr rules
  hwcr rules --format json | jq -r '.rules[].id'")]
pub(super) struct RulesVerb {
    /// How to write them
    #[arg(long, value_name = "FORMAT", value_enum, default_value_t = Format::Text)]
    format: Format,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    /// Id, summary and short name
    Text,
    /// `hwcr-rules/1`
    Json,
    /// A page with everything that is known of each
    Markdown,
}

impl RulesVerb {
    pub(super) fn run(&self, output: &Output) -> Result<Exit, Failure> {
        let rules = from_judgement::rules(rule::all().map(|rule| &rule.meta));
        match self.format {
            Format::Text => output.text(|page| rules_text::list(page, &rules))?,
            Format::Json => output.json(&rules)?,
            Format::Markdown => output.raw(|out| rules_text::markdown(out, &rules))?,
        }
        Ok(Exit::Success)
    }
}
