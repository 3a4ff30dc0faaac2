//! The tables of what a restore asks of kernels and of CRIU, as the part of `docs/floors.md` that is made
//! from them.

use std::io::{self, Write};

use crate::abi::restore::{
    Below, CONDITIONS, CriuFloor, Evidence, KernelFloor, PAIRS, Row, TABLES,
};

/// The tables, one under each title.
///
/// # Errors
/// What the writer says.
pub fn markdown(out: &mut dyn Write) -> io::Result<()> {
    for (title, rows) in TABLES {
        writeln!(out, "### {title}\n")?;
        writeln!(
            out,
            "| what the image has | what CRIU does then | kernel | CRIU | read in |"
        )?;
        writeln!(out, "|---|---|---|---|---|")?;
        for row in *rows {
            self::row(out, row)?;
        }
        writeln!(out)?;
    }
    conditions(out)?;
    writeln!(out, "### Kernels and CRIU releases\n")?;
    writeln!(
        out,
        "| from this kernel on | it needs CRIU | older releases | read in |"
    )?;
    writeln!(out, "|---|---|---|---|")?;
    for pair in PAIRS {
        writeln!(
            out,
            "| {}: {} | {} | {}{}: {} | {} |",
            pair.kernel,
            cell(pair.what),
            pair.criu,
            effect(pair.older),
            doubt(pair.verified),
            cell(pair.says),
            cell(&pair.sources.join("; "))
        )?;
    }
    writeln!(out)
}

/// What no version shows.
fn conditions(out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "### What no version shows\n")?;
    writeln!(
        out,
        "| what the image has | what the target needs | otherwise | rule |"
    )?;
    writeln!(out, "|---|---|---|---|")?;
    for condition in CONDITIONS {
        writeln!(
            out,
            "| `{}` | {} | {} | {} |",
            condition.ask.name(),
            cell(condition.needs),
            cell(condition.says),
            condition.rule
        )?;
    }
    writeln!(out)
}

fn row(out: &mut dyn Write, row: &Row) -> io::Result<()> {
    writeln!(
        out,
        "| `{}`: {} | {} (`{}`) | {} | {} | {} |",
        row.ask.name(),
        cell(row.what),
        cell(row.call),
        cell(row.site),
        row.kernel.as_ref().map_or("any".to_owned(), kernel),
        row.criu.as_ref().map_or("any".to_owned(), criu),
        cell(&row.sources.join("; "))
    )
}

fn kernel(floor: &KernelFloor) -> String {
    let mut text = format!("**{}**", floor.since);
    for stable in floor.stable {
        text.push_str(&format!(", {stable}"));
    }
    text.push_str(&format!(
        "; older: {}{}: {}",
        effect(floor.below),
        doubt(floor.verified),
        cell(floor.says)
    ));
    if !floor.vendors.is_empty() {
        text.push_str(&format!("<br>{} have it earlier", cell(floor.vendors)));
    }
    let evidence = match floor.evidence {
        Evidence::None => String::new(),
        Evidence::Hwcap(bit) => format!("HWCAP `{}`", bit.cpuinfo),
        Evidence::Record(name) => format!("`sigreturn.{name}` accepted"),
        Evidence::AuxvBytes => "`auxv_bytes`".to_owned(),
    };
    if !evidence.is_empty() {
        text.push_str(&format!("<br>outranked by {evidence}"));
    }
    text.push_str(&format!("<br>{}", floor.rule));
    text
}

fn criu(floor: &CriuFloor) -> String {
    format!(
        "**{}**; older: {}{}: {}<br>{}",
        floor.since,
        effect(floor.older),
        doubt(floor.verified),
        cell(floor.says),
        floor.rule
    )
}

fn effect(below: Below) -> &'static str {
    match below {
        Below::Breaks => "fails",
        Below::Loses => "loses it",
        Below::Differs => "differs",
        Below::Ignores => "no harm",
    }
}

fn doubt(verified: bool) -> &'static str {
    if verified { "" } else { " (not verified)" }
}

fn cell(text: &str) -> String {
    text.replace('|', "\\|")
}
