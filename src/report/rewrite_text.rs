//! `rewrite` for people.

use std::io;

use super::layout::{Page, Span, counted, plain, styled};
use super::style::{self, ASIDE, BAD, FAINT, GOOD, OPEN, STRONG};
use super::v1::Hex;
use super::v1::rewrite::{Edit, Permit, Refusal, Remaining, Rewrite, Stage};

/// Indentation of an edit, a refusal, a finding.
const ITEM: usize = 2;
/// Indentation of what belongs to one.
const DETAIL: usize = 4;
/// Columns of the labels of details.
const LABEL_COLUMNS: usize = 9;

/// The plan and how far it went.
///
/// # Errors
/// What the writer says.
pub fn rewrite(page: &mut Page<'_>, report: &Rewrite) -> io::Result<()> {
    headline(page, report)?;
    if !report.edits.is_empty() {
        page.blank()?;
        // Of a plan that is not carried out one must not think that it was.
        if report.stage == Stage::CannotMend {
            page.line(
                ITEM,
                DETAIL,
                &[styled(
                    FAINT,
                    "what could be done, and is not, for it does not suffice:",
                )],
            )?;
        }
        for part in &report.edits {
            edit(page, part)?;
        }
        losses(page, &report.edits)?;
    }
    let stay: Vec<&Refusal> = report
        .refusals
        .iter()
        .filter(|refusal| !refusal.said_with_finding)
        .collect();
    if !stay.is_empty() {
        page.blank()?;
        for part in stay {
            refused(page, part)?;
        }
    }
    for part in &report.remaining {
        page.blank()?;
        remaining(page, part)?;
    }
    page.blank()?;
    end(page, report)
}

/// Two lines: how many edits, and what they come to.
///
/// # Errors
/// What the writer says.
pub fn brief(page: &mut Page<'_>, report: &Rewrite) -> io::Result<()> {
    headline(page, report)?;
    end(page, report)
}

/// `IMAGE for TARGET: 3 edits planned, 1 of them lossy`
fn headline(page: &mut Page<'_>, report: &Rewrite) -> io::Result<()> {
    let edits = counted(report.edits.len(), "edit", "edits");
    let lossy = report
        .edits
        .iter()
        .filter(|edit| edit.noticed.is_some())
        .count();
    let mut spans = vec![
        styled(STRONG, &report.image),
        plain(" for "),
        styled(STRONG, &report.target),
        plain(": "),
        match report.stage {
            Stage::Nothing => styled(GOOD, "nothing to change"),
            Stage::CannotMend => styled(BAD, "cannot be mended"),
            Stage::Planned => styled(STRONG, format!("{edits} planned")),
            Stage::Written => styled(STRONG, format!("{edits} made")),
        },
    ];
    if lossy > 0 && report.stage != Stage::CannotMend {
        spans.push(plain(format!(", {lossy} of them lossy")));
    }
    page.line(0, 2, &spans)
}

/// `lossless HWCR-SVE-001 pid 12 tid 14 at 0x…: drop SVE record (header only)`
fn edit(page: &mut Page<'_>, edit: &Edit) -> io::Result<()> {
    let class = if edit.noticed.is_some() { OPEN } else { GOOD };
    let place = location(edit.pid, edit.tid, edit.address);
    page.line(
        ITEM,
        DETAIL,
        &[
            styled(class, &edit.class),
            plain(" "),
            styled(STRONG, &edit.rule),
            plain(format!(" {place}: {}", edit.what)),
        ],
    )
}

/// What the program can notice of the lossy edits, once for each class.
fn losses(page: &mut Page<'_>, edits: &[Edit]) -> io::Result<()> {
    let mut said: Vec<&str> = Vec::new();
    for edit in edits {
        let Some(noticed) = &edit.noticed else {
            continue;
        };
        if said.contains(&edit.class.as_str()) {
            continue;
        }
        said.push(&edit.class);
        page.blank()?;
        page.line(
            ITEM,
            DETAIL,
            &[styled(OPEN, &edit.class), plain(format!(": {noticed}"))],
        )?;
    }
    Ok(())
}

fn refused(page: &mut Page<'_>, refusal: &Refusal) -> io::Result<()> {
    let place = location(refusal.pid, refusal.tid, refusal.address);
    page.line(
        ITEM,
        DETAIL,
        &[
            styled(ASIDE, "left"),
            plain(" "),
            styled(STRONG, &refusal.rule),
            plain(format!(" {place}: {}", refusal.why)),
        ],
    )?;
    match &refusal.allow {
        Some(permit) => allow(page, permit),
        None => Ok(()),
    }
}

fn remaining(page: &mut Page<'_>, part: &Remaining) -> io::Result<()> {
    let finding = &part.finding;
    let place = finding
        .pid
        .map(|pid| format!(" {}", location(pid, finding.tid, finding.address)));
    page.line(
        ITEM,
        DETAIL,
        &[
            styled(
                style::of_severity(finding.severity),
                finding.severity.word(),
            ),
            plain(" "),
            styled(STRONG, &finding.rule),
            plain(format!(
                "{}: {}",
                place.unwrap_or_default(),
                finding.message
            )),
        ],
    )?;
    if !finding.members.is_empty() {
        detail(page, "on", &finding.members.join(", "))?;
    }
    let why = part.why.as_deref().unwrap_or("no edit mends it");
    detail(page, "stays", why)?;
    for permit in &part.allow {
        allow(page, permit)?;
    }
    match &finding.help {
        Some(help) => detail(page, "help", help),
        None => Ok(()),
    }
}

fn allow(page: &mut Page<'_>, permit: &Permit) -> io::Result<()> {
    let text = format!("--allow {}: {}", permit.name, permit.noticed);
    detail(page, "permit", &text)
}

fn end(page: &mut Page<'_>, report: &Rewrite) -> io::Result<()> {
    let verdict = |verdict: super::v1::Verdict| -> Span {
        styled(style::of_verdict(Some(verdict)), verdict.word())
    };
    let spans = match (report.stage, &report.output) {
        (Stage::Written, Some(output)) => vec![
            plain("written and verified: "),
            styled(STRONG, output),
            plain(" is "),
            verdict(report.after),
            plain(format!(" on {}, the image was ", report.target)),
            verdict(report.before),
        ],
        (Stage::Planned, _) => vec![
            plain("nothing is written; the result would be "),
            verdict(report.after),
            plain(", the image is "),
            verdict(report.before),
        ],
        _ => vec![
            plain("nothing is written; the image is "),
            verdict(report.before),
        ],
    };
    page.line(0, 2, &spans)
}

/// `pid 12 tid 14 at 0x…`
fn location(pid: u32, tid: Option<u32>, address: Option<Hex>) -> String {
    let mut text = format!("pid {pid}");
    // The leader's id is the task's: once is enough.
    if let Some(tid) = tid.filter(|tid| *tid != pid) {
        text.push_str(&format!(" tid {tid}"));
    }
    if let Some(address) = address {
        text.push_str(&format!(" at {address}"));
    }
    text
}

fn detail(page: &mut Page<'_>, label: &str, text: &str) -> io::Result<()> {
    page.labelled(DETAIL, LABEL_COLUMNS, styled(FAINT, label), &[plain(text)])
}
