//! The table of messages that `explain-log` knows, as the part of `docs/explain-log.md` that is made
//! from it.

use std::io::{self, Write};

use crate::restore_log::rows;
use crate::restore_log::{Role, Row, unfilled};

/// The tables, one under each title.
///
/// # Errors
/// What the writer says.
pub fn markdown(out: &mut dyn Write) -> io::Result<()> {
    for (title, rows) in rows::TABLES {
        writeln!(out, "### {title}\n")?;
        writeln!(
            out,
            "| message | what it means, and what to do | rules | read in |"
        )?;
        writeln!(out, "|---|---|---|---|")?;
        for row in *rows {
            self::row(out, row)?;
        }
        writeln!(out)?;
    }
    Ok(())
}

fn row(out: &mut dyn Write, row: &Row) -> io::Result<()> {
    let texts: Vec<String> = row
        .patterns
        .iter()
        .map(|pattern| format!("`{}`", shown(pattern)))
        .collect();
    let mut meaning = vec![cell(&unfilled(row.summary))];
    meaning.extend(
        [row.explanation, row.help]
            .into_iter()
            .filter(|text| !text.is_empty())
            .map(|text| cell(&unfilled(text))),
    );
    let role = match row.role {
        Role::Cause(_) => "**cause**",
        role => role.word(),
    };
    writeln!(
        out,
        "| `{}`, {role}, {}<br>{} | {} | {} | {} |",
        row.id,
        row.form.word(),
        texts.join("<br>"),
        meaning.join("<br>"),
        super::words::ids(row.rules).join(", "),
        cell(&row.sources.join("; "))
    )
}

/// A pattern with its values' names alone.
fn shown(pattern: &str) -> String {
    let mut shown = String::with_capacity(pattern.len());
    let mut inside = false;
    let mut kind = false;
    for c in pattern.chars() {
        match c {
            '{' => (inside, kind) = (true, false),
            '}' => inside = false,
            ':' if inside => kind = true,
            _ => {}
        }
        if !(inside && kind) {
            shown.push(c);
        }
    }
    // A backquote would end the code, and a bar the cell.
    shown.replace('`', "'").replace('|', "\\|")
}

fn cell(text: &str) -> String {
    text.replace('|', "\\|")
}
