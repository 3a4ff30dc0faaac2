//! `check` as workflow commands of GitHub Actions: annotations beside a run.

use std::io::{self, Write};

use super::escape::{command_data, command_property};
use super::grouped::{groups, location, place, summary};
use super::layout::visible;
use super::v1::{CheckResult, Finding, Report, Severity};

/// An error for each blocker and each result without an answer, a warning for each unproven finding, and one notice
/// that counts the results. Notes are no annotations; equal findings share one.
///
/// # Errors
/// What the writer says.
pub fn commands(out: &mut dyn Write, report: &Report) -> io::Result<()> {
    for result in &report.results {
        if let Some(error) = &result.error {
            let lines = [format!("no answer for {}", pair(result)), error.clone()];
            command(out, "error", "no answer", Some(&result.image), &lines)?;
        }
        for group in groups(result.findings.as_deref().unwrap_or(&[])) {
            annotation(out, result, &group)?;
        }
    }
    let lines = [summary(&report.results)];
    command(out, "notice", "hwcr", None, &lines)
}

fn annotation(out: &mut dyn Write, result: &CheckResult, group: &[&Finding]) -> io::Result<()> {
    let Some(first) = group.first() else {
        return Ok(());
    };
    let level = match first.severity {
        Severity::Blocker => "error",
        Severity::Unproven => "warning",
        Severity::Note => return Ok(()),
    };
    let mut head = pair(result);
    match group {
        [only] => head.extend(location(only).map(|location| format!(", {location}"))),
        _ => head.push_str(&format!(", {} times", group.len())),
    }
    let mut lines = vec![format!("{head}: {}", first.message)];
    let mut line = |label: &str, text: Option<String>| {
        lines.extend(text.map(|text| format!("{label}: {text}")));
    };
    line("need", first.need.clone());
    line("have", first.have.clone());
    line("at", place(first));
    line("help", first.help.clone());
    let title = format!("{} {}", first.rule, first.name);
    command(out, level, &title, Some(&file(result, first)), &lines)
}

/// `IMAGE on TARGET`
fn pair(result: &CheckResult) -> String {
    format!("{} on {}", result.image, result.target)
}

/// The file of a finding: what the user named where that is no directory.
fn file(result: &CheckResult, finding: &Finding) -> String {
    match (&result.form, &finding.file) {
        (None, Some(file)) => format!("{}/{file}", result.image.trim_end_matches('/')),
        _ => result.image.clone(),
    }
}

/// `::LEVEL title=…,file=…::LINE%0ALINE`
fn command(
    out: &mut dyn Write,
    level: &str,
    title: &str,
    file: Option<&str>,
    lines: &[String],
) -> io::Result<()> {
    let lines: Vec<String> = lines.iter().map(|line| visible(line)).collect();
    write!(out, "::{level} title={}", command_property(title))?;
    if let Some(file) = file {
        write!(out, ",file={}", command_property(file))?;
    }
    writeln!(out, "::{}", command_data(&lines.join("\n")))
}
