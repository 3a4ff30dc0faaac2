//! `hwcr explain`.

use clap::Args;

use super::{Exit, Failure, Output, suggest};
use crate::report::{from_judgement, rules_text};
use crate::rule;

/// Explain a rule: why it is so, what happens, where it comes from
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  hwcr explain HWCR-SVE-001")]
pub(super) struct Explain {
    /// Id or short name of the rule, in any letter case
    rule: String,
}

impl Explain {
    pub(super) fn run(&self, output: &Output) -> Result<Exit, Failure> {
        let Some(rule) = rule::find(&self.rule) else {
            return Err(no_such_rule(&self.rule));
        };
        let rule = from_judgement::rule(&rule.meta);
        output.text(|page| rules_text::explain(page, &rule))?;
        Ok(Exit::Success)
    }
}

/// The complaint about a rule that does not exist, with the ones that were perhaps meant.
pub(super) fn no_such_rule(name: &str) -> Failure {
    let known = rule::all().flat_map(|rule| [rule.meta.id.as_str(), rule.meta.name]);
    let failure = Failure::new(format!("there is no rule {name}"));
    match suggest::question(&suggest::nearest(name, known)) {
        Some(question) => failure.help(question),
        None => failure.help("`hwcr rules` lists all rules"),
    }
}
