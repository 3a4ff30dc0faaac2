//! The table of rules, and one rule, for people.

use std::io::{self, Write};

use super::layout::{Page, Span, columns, plain, styled};
use super::style::{FAINT, STRONG};
use super::v1::{Rule, Rules};

const LABEL_COLUMNS: usize = 9;

/// A rule with everything that is known of it.
///
/// # Errors
/// What the writer says.
pub fn explain(page: &mut Page<'_>, rule: &Rule) -> io::Result<()> {
    page.line(
        0,
        2,
        &[styled(STRONG, &rule.id), plain(format!(" {}", rule.name))],
    )?;
    page.line(0, 0, &[plain(&rule.summary)])?;
    for paragraph in rule
        .explanation
        .split("\n\n")
        .filter(|paragraph| !paragraph.trim().is_empty())
    {
        page.blank()?;
        page.line(
            0,
            0,
            &[plain(
                paragraph.split_whitespace().collect::<Vec<_>>().join(" "),
            )],
        )?;
    }
    page.blank()?;
    for (at, source) in rule.sources.iter().enumerate() {
        let label = if at == 0 { "sources" } else { "" };
        page.labelled(0, LABEL_COLUMNS, styled(FAINT, label), &[plain(source)])?;
    }
    for (at, seen) in rule.seen.iter().enumerate() {
        let label = if at == 0 { "seen" } else { "" };
        page.labelled(0, LABEL_COLUMNS, styled(FAINT, label), &[plain(seen)])?;
    }
    let edits = if rule.edits.is_empty() {
        "none".to_owned()
    } else {
        rule.edits.join(", ")
    };
    page.labelled(0, LABEL_COLUMNS, styled(FAINT, "edits"), &[plain(edits)])?;
    page.labelled(
        0,
        LABEL_COLUMNS,
        styled(FAINT, "since"),
        &[plain(format!("hwcr {}", rule.since))],
    )
}

/// Id, summary and short name of every rule.
///
/// # Errors
/// What the writer says.
pub fn list(page: &mut Page<'_>, rules: &Rules) -> io::Result<()> {
    let ids: Vec<Span> = rules
        .rules
        .iter()
        .map(|rule| styled(STRONG, &rule.id))
        .collect();
    let label = ids
        .iter()
        .map(|id| columns(std::slice::from_ref(id)))
        .max()
        .unwrap_or(0)
        + 2;
    for (id, rule) in ids.into_iter().zip(&rules.rules) {
        let name = styled(FAINT, format!(" ({})", rule.name));
        page.labelled(0, label, id, &[plain(&rule.summary), name])?;
    }
    Ok(())
}

/// The page `docs/rules.md`.
///
/// # Errors
/// What the writer says.
pub fn markdown(out: &mut dyn Write, rules: &Rules) -> io::Result<()> {
    writeln!(out, "# Rules\n")?;
    writeln!(out, "Written by `hwcr rules --format markdown`.\n")?;
    writeln!(out, "| rule | name | summary |")?;
    writeln!(out, "|---|---|---|")?;
    for rule in &rules.rules {
        let anchor = rule.id.to_lowercase();
        let summary = rule.summary.replace('|', "\\|");
        writeln!(
            out,
            "| [{}](#{anchor}) | {} | {summary} |",
            rule.id, rule.name
        )?;
    }
    for rule in &rules.rules {
        writeln!(
            out,
            "\n## {}\n\n`{}`, since {}. {}\n",
            rule.id, rule.name, rule.since, rule.summary
        )?;
        writeln!(out, "{}", rule.explanation.trim())?;
        if !rule.sources.is_empty() {
            writeln!(out, "\nSources:\n")?;
        }
        for source in &rule.sources {
            writeln!(out, "- {source}")?;
        }
        if rule.seen.is_empty() {
            writeln!(out, "\nNo restore in the [lab](lab.md)'s tables shows it.")?;
        } else {
            writeln!(out, "\nSeen in the [lab](lab.md):\n")?;
        }
        for seen in &rule.seen {
            writeln!(out, "- `{seen}`")?;
        }
        if !rule.edits.is_empty() {
            let edits: Vec<String> = rule.edits.iter().map(|edit| format!("`{edit}`")).collect();
            writeln!(out, "\nEdits that can mend it: {}.", edits.join(", "))?;
        }
    }
    Ok(())
}
