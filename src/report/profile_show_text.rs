//! `profile show` for people.

use std::io;

use super::layout::{Page, Span, plain, styled};
use super::style::{BAD, FAINT, GOOD, OPEN, PLAIN, STRONG};
use super::v1::profile::{Answer, Cores, Feature, Pauth, ProfileShow, Register, Vectors};

/// Indentation of facts.
const ITEM: usize = 2;
/// Columns of their labels.
const LABEL_COLUMNS: usize = 13;
/// What a feature's absence means where nothing else is said of it.
const USUAL: &str = "code chosen for it dies of SIGILL";

/// Everything in the report.
///
/// # Errors
/// What the writer says.
pub fn show(page: &mut Page<'_>, report: &ProfileShow) -> io::Result<()> {
    let mut head = vec![styled(STRONG, &report.name)];
    if report.name != report.profile {
        head.push(styled(FAINT, format!("  ({})", report.profile)));
    }
    page.line(0, 2, &head)?;
    facts(page, report)?;
    features(page, report)?;
    frames(page, report)?;
    registers(page, &report.registers)?;
    cores(page, &report.cores)?;
    if !report.origins.is_empty() {
        heading(page, "origins")?;
        for (key, said) in &report.origins {
            page.labelled(ITEM, 2 * LABEL_COLUMNS, styled(PLAIN, key), &[plain(said)])?;
        }
    }
    members(page, report)?;
    unknown(page, report)
}

fn heading(page: &mut Page<'_>, name: &str) -> io::Result<()> {
    page.blank()?;
    page.line(0, 2, &[styled(STRONG, name)])
}

fn item(page: &mut Page<'_>, label: &str, text: &[Span]) -> io::Result<()> {
    page.labelled(ITEM, LABEL_COLUMNS, styled(FAINT, label), text)
}

/// A fact, or that it is not known.
fn fact(page: &mut Page<'_>, label: &str, text: Option<String>) -> io::Result<()> {
    match text {
        Some(text) => item(page, label, &[plain(text)]),
        None => item(page, label, &[styled(OPEN, "unknown")]),
    }
}

fn facts(page: &mut Page<'_>, report: &ProfileShow) -> io::Result<()> {
    if let Some(origin) = &report.origin {
        item(page, "origin", &[plain(origin)])?;
    }
    if let Some(basis) = &report.basis {
        item(page, "basis", &[plain(basis)])?;
    }
    fact(page, "kernel", report.kernel.clone())?;
    fact(page, "CRIU", report.criu.clone())?;
    let bytes = |bytes: u64| format!("{bytes} bytes");
    fact(page, "page size", report.page_size.map(bytes))?;
    fact(
        page,
        "addresses",
        report.va_bits.map(|bits| format!("{bits} bits")),
    )?;
    fact(page, "MINSIGSTKSZ", report.minsigstksz.map(bytes))?;
    fact(
        page,
        "saved auxv",
        report
            .auxv
            .as_ref()
            .map(|auxv| format!("at most {} bytes (from `{}`)", auxv.bytes, auxv.from)),
    )?;
    fact(page, "SVE", report.sve.as_ref().map(vectors))?;
    fact(page, "SME", report.sme.as_ref().map(vectors))?;
    fact(page, "PAC", pauth(&report.pauth))?;
    let zva = match (report.zva.bytes, report.zva.prohibited) {
        (Some(bytes), _) => Some(format!("{bytes} bytes ({})", report.zva.from)),
        (None, true) => Some(format!("prohibited ({})", report.zva.from)),
        (None, false) => None,
    };
    match zva {
        Some(zva) => item(page, "DC ZVA", &[plain(zva)]),
        None => {
            let why = plain(format!(" ({})", report.zva.from));
            item(page, "DC ZVA", &[styled(OPEN, "unknown"), why])
        }
    }
}

fn vectors(offered: &Vectors) -> String {
    if offered.lengths.is_empty() {
        return "none".to_owned();
    }
    let lengths: Vec<String> = offered.lengths.iter().map(ToString::to_string).collect();
    let default = offered
        .default
        .map_or("unknown".to_owned(), |default| default.to_string());
    format!(
        "vector lengths {} bytes, default {default}",
        lengths.join(", ")
    )
}

fn pauth(pauth: &Pauth) -> Option<String> {
    let unknown = || "unknown".to_owned();
    if pauth.address.is_none() && pauth.generic.is_none() && pauth.level.is_none() {
        return None;
    }
    if pauth.address.as_deref() == Some("none") && pauth.generic.as_deref() == Some("none") {
        return Some("none".to_owned());
    }
    let level = match (&pauth.level, &pauth.level_name) {
        (Some(level), Some(name)) => format!("{level} ({name})"),
        (Some(level), None) => level.to_string(),
        (None, _) => unknown(),
    };
    Some(format!(
        "addresses {}, PACGA {}, level {level}",
        pauth.address.clone().unwrap_or_else(unknown),
        pauth.generic.clone().unwrap_or_else(unknown),
    ))
}

fn features(page: &mut Page<'_>, report: &ProfileShow) -> io::Result<()> {
    let words: Vec<String> = report
        .words
        .iter()
        .map(|(word, value)| format!("{word} {value}"))
        .collect();
    page.blank()?;
    page.line(
        0,
        2,
        &[
            styled(STRONG, "features"),
            plain(format!("  {}", words.join(", "))),
        ],
    )?;
    for feature in &report.features {
        item_of_feature(page, feature)?;
    }
    if !report.nameless.is_empty() {
        item(page, "no name", &[plain(report.nameless.join(", "))])?;
    }
    if !report.clear.is_empty() {
        item(page, "not set", &[plain(report.clear.join(", "))])?;
    }
    if report.features.iter().any(|feature| feature.lost == USUAL) {
        let remark = format!(
            "where nothing is said of a process that was told of a feature and moves to a machine without it: {USUAL}"
        );
        page.line(ITEM, ITEM, &[styled(FAINT, remark)])?;
    }
    Ok(())
}

/// `sve   FEAT_SVE, HWCAP_SVE, since kernel 4.15: ID_AA64PFR0_EL1.SVE[35:32] >= 0b0001`
fn item_of_feature(page: &mut Page<'_>, feature: &Feature) -> io::Result<()> {
    let arm = feature
        .arm
        .as_ref()
        .map_or(String::new(), |arm| format!("{arm}, "));
    let text = format!(
        "{arm}{}, since kernel {}: {}",
        feature.hwcap, feature.since, feature.field
    );
    page.labelled(
        ITEM,
        LABEL_COLUMNS,
        styled(STRONG, &feature.name),
        &[plain(text)],
    )?;
    if feature.lost == USUAL {
        return Ok(());
    }
    let rules = feature.rules.join(", ");
    page.labelled(
        ITEM + LABEL_COLUMNS,
        LABEL_COLUMNS,
        styled(FAINT, "without it"),
        &[plain(format!("{} ({rules})", feature.lost))],
    )
}

fn frames(page: &mut Page<'_>, report: &ProfileShow) -> io::Result<()> {
    if report.sigreturn.is_empty() {
        return Ok(());
    }
    heading(page, "rt_sigreturn")?;
    let rows: Vec<Vec<Span>> = report
        .sigreturn
        .iter()
        .map(|record| {
            let kind = match &record.detail {
                Some(detail) => format!("{}, {detail}", record.record),
                None => record.record.clone(),
            };
            let style = match record.answer {
                Answer::Accepted => GOOD,
                Answer::Rejected => BAD,
                Answer::Unsure => OPEN,
            };
            vec![
                styled(PLAIN, kind),
                styled(style, record.answer.word()),
                plain(&record.why),
            ]
        })
        .collect();
    page.table(ITEM, &rows)
}

fn registers(page: &mut Page<'_>, registers: &[Register]) -> io::Result<()> {
    if registers.is_empty() {
        return Ok(());
    }
    heading(page, "registers")?;
    page.table(ITEM, &rows(registers))
}

fn rows(registers: &[Register]) -> Vec<Vec<Span>> {
    registers
        .iter()
        .map(|register| {
            let mut row = vec![
                styled(PLAIN, &register.name),
                plain(register.value.to_string()),
            ];
            row.extend(register.decoded.as_ref().map(plain));
            row
        })
        .collect()
}

fn cores(page: &mut Page<'_>, groups: &[Cores]) -> io::Result<()> {
    for group in groups {
        heading(page, &format!("cores {}", group.cpus))?;
        page.table(ITEM, &rows(&group.registers))?;
    }
    Ok(())
}

fn members(page: &mut Page<'_>, report: &ProfileShow) -> io::Result<()> {
    if report.members.is_empty() {
        return Ok(());
    }
    heading(page, "members")?;
    for member in &report.members {
        let mut parts: Vec<String> = member.origin.iter().cloned().collect();
        if !member.unknown.is_empty() {
            parts.push(format!("unknown: {}", member.unknown.join(", ")));
        }
        page.labelled(
            ITEM,
            2 * LABEL_COLUMNS,
            styled(PLAIN, &member.name),
            &[plain(parts.join("; "))],
        )?;
    }
    page.line(
        ITEM,
        ITEM,
        &[styled(
            FAINT,
            "checkpoints are judged by every member as it is; what stands above is what all have in common",
        )],
    )
}

fn unknown(page: &mut Page<'_>, report: &ProfileShow) -> io::Result<()> {
    if report.unknown.is_empty() {
        return Ok(());
    }
    heading(page, "unknown, and what that leaves open")?;
    for unknown in &report.unknown {
        page.labelled(
            ITEM,
            2 * LABEL_COLUMNS,
            styled(OPEN, &unknown.key),
            &[plain(&unknown.costs)],
        )?;
    }
    Ok(())
}
