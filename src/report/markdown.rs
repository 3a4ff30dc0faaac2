//! `check` as Markdown (GitHub's flavour), for summaries of runs, comments and wikis.

use std::io::{self, Write};

use super::escape::{code, fence, html};
use super::grouped::{because, counts, summary};
use super::layout::visible;
use super::text;
use super::v1::{CheckResult, Report, Verdict};

/// A table with a row for each image and target, and below it what is found, folded.
///
/// Where `limit` bytes do not suffice, parts from the end are left out, and the last line says how many.
///
/// # Errors
/// What the writer says.
pub fn page(out: &mut dyn Write, report: &Report, limit: Option<usize>) -> io::Result<()> {
    let mut page = Bounded {
        out,
        left: limit.map(|limit| limit.saturating_sub(CLOSING)),
    };
    let head = format!(
        "## hwcr: {}\n\n| image | target | verdict | because of |\n|---|---|---|---|\n",
        summary(&report.results)
    );
    page.write(&head)?;
    let rows = page.all(report.results.iter().map(row))?;
    let told = report.results.iter().filter(|result| has_more(result));
    let details = page.all(told.map(details))?;
    closing(page.out, rows, details)
}

/// Bytes kept free for what [`closing`] writes.
const CLOSING: usize = 256;

/// A writer that takes whole parts as long as there is room.
struct Bounded<'w> {
    out: &'w mut dyn Write,
    left: Option<usize>,
}

impl Bounded<'_> {
    /// Whether there was room.
    fn write(&mut self, part: &str) -> io::Result<bool> {
        if let Some(left) = self.left {
            match left.checked_sub(part.len()) {
                Some(rest) => self.left = Some(rest),
                // A smaller part further on must not take this one's place.
                None => {
                    self.left = Some(0);
                    return Ok(false);
                }
            }
        }
        self.out.write_all(part.as_bytes())?;
        Ok(true)
    }

    /// How many of the parts were left out.
    fn all(&mut self, parts: impl Iterator<Item = String>) -> io::Result<usize> {
        let mut out = 0;
        for part in parts {
            if !self.write(&part)? {
                out += 1;
            }
        }
        Ok(out)
    }
}

/// What was left out.
fn closing(out: &mut dyn Write, rows: usize, details: usize) -> io::Result<()> {
    if rows > 0 {
        writeln!(out, "\n{rows} more rows have no room here.")?;
    }
    if details > 0 {
        writeln!(
            out,
            "\nWhat is found for {details} more images and targets has no room here."
        )?;
    }
    Ok(())
}

fn row(result: &CheckResult) -> String {
    let because = match &result.error {
        Some(_) => "the error below".to_owned(),
        None => because(result),
    };
    format!(
        "| {} | {} | {} | {because} |\n",
        code(&result.image),
        code(&result.target),
        verdict(result)
    )
}

fn verdict(result: &CheckResult) -> String {
    match result.verdict {
        Some(Verdict::Compatible) => "compatible".to_owned(),
        Some(other) => format!("**{}**", other.word()),
        None => "**no answer**".to_owned(),
    }
}

fn has_more(result: &CheckResult) -> bool {
    let found = result.findings.iter().flatten().next();
    found.is_some() || result.error.is_some() || result.advice.is_some()
}

fn details(result: &CheckResult) -> String {
    let word = result.verdict.map_or("no answer", Verdict::word);
    let counts = counts(result.counts.unwrap_or_default())
        .map(|counts| format!(" ({counts})"))
        .unwrap_or_default();
    let text = match &result.error {
        Some(error) => format!("{}\n", visible(error)),
        None => text::quoted(result),
    };
    let fence = fence(&text);
    format!(
        "\n<details><summary><code>{}</code> on <code>{}</code>: {word}{counts}</summary>\n\n{fence}text\n{text}{fence}\n\n</details>\n",
        html(&result.image),
        html(&result.target),
    )
}
