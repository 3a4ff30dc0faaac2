//! The formats of a check, and how each is written.

use std::io::{self, Write};

use anstream::adapter::strip_bytes;
use clap::ValueEnum;

use crate::report::from_judgement;
use crate::report::layout::Page;
use crate::report::v1::{CheckResult, Report, ResultLine, Tool};
use crate::report::{fleet_text, github, json, junit, markdown, sarif, text};
use crate::rule;

/// How the report of a check is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Format {
    /// For people
    Text,
    /// For programs; `hwcr schema` describes it
    Json,
    /// One JSON document a line for each image and target, each as soon as it is known; `hwcr schema result`
    JsonLines,
    /// SARIF 2.1.0, for code scanning
    Sarif,
    /// JUnit XML: a suite for each image, a case for each target
    Junit,
    /// Annotations of GitHub Actions, and the summary of the job
    Github,
    /// A table and what was found, as Markdown
    Markdown,
}

impl Format {
    /// The name on the command line.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Json => "json",
            Self::JsonLines => "json-lines",
            Self::Sarif => "sarif",
            Self::Junit => "junit",
            Self::Github => "github",
            Self::Markdown => "markdown",
        }
    }
}

/// Width of text in a file, columns.
const FILE_WIDTH: usize = 80;

/// What the text leaves out.
#[derive(Clone, Copy, Debug)]
pub(super) enum View {
    /// Nothing.
    Full,
    /// All but the headlines.
    Brief,
    /// All but the table of a fleet.
    Fleet,
}

/// The report as text.
pub(super) fn text(page: &mut Page<'_>, report: &Report, view: View) -> io::Result<()> {
    match view {
        View::Full => text::check(page, report, false),
        View::Brief => text::check(page, report, true),
        View::Fleet => fleet_text::fleet(page, report),
    }
}

/// The report in a format, for a file or a pipe.
pub(super) fn document(
    out: &mut dyn Write,
    report: &Report,
    format: Format,
    view: View,
) -> io::Result<()> {
    match format {
        Format::Text => {
            let mut coloured = Vec::new();
            text(&mut Page::new(&mut coloured, FILE_WIDTH), report, view)?;
            out.write_all(&strip_bytes(&coloured).into_vec())
        }
        Format::Json => json::write(out, report),
        Format::JsonLines => report.results.iter().try_for_each(|result| {
            json::line(
                out,
                &line(report.source.clone(), report.deep, result.clone()),
            )
        }),
        Format::Sarif => {
            let rules = from_judgement::rules(rule::all().map(|rule| &rule.meta));
            sarif::log(out, report, &rules)
        }
        Format::Junit => junit::suites(out, report),
        Format::Github => github::commands(out, report),
        Format::Markdown => markdown::page(out, report, None),
    }
}

/// A result as a line that needs no other.
pub(super) fn line(source: Option<String>, deep: bool, result: CheckResult) -> ResultLine {
    ResultLine {
        schema: ResultLine::SCHEMA,
        tool: Tool::this(),
        source,
        deep,
        result,
    }
}
