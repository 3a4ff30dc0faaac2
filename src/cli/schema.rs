//! `hwcr schema`.

use clap::Args;
use clap::builder::PossibleValuesParser;

use super::{Exit, Failure, Output};
use crate::report::schema;

/// Print the JSON schema of a format
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  hwcr schema profile > hwcr-profile-1.json")]
pub(super) struct SchemaVerb {
    /// What `check`, `inspect`, `rewrite`, `rules`, `explain-log`, `profile show` or `profile diff` print with --format json, or a target profile (cpu.json)
    #[arg(default_value = "report", value_parser = PossibleValuesParser::new(schema::DOCUMENTS.map(|document| document.name)))]
    name: String,
}

impl SchemaVerb {
    pub(super) fn run(&self, output: &Output) -> Result<Exit, Failure> {
        let Some(document) = schema::find(&self.name) else {
            return Err(Failure::new(format!("there is no schema {}", self.name)));
        };
        output.raw(|out| out.write_all(document.text.as_bytes()))?;
        Ok(Exit::Success)
    }
}
