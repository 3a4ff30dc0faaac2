//! `check` for people.

use std::io;

use super::grouped::{counts, groups, location, place};
use super::layout::{Page, Span, plain, short_digests, styled};
use super::style::{self, FAINT, OPEN, PLAIN, STRONG};
use super::v1::{Advice, CheckResult, Finding, Member, Report, Verdict};

/// Column at which the text behind `need`, `have`, … begins, counted from its indentation.
const LABEL_COLUMNS: usize = 8;

/// Indentation of what belongs to a finding.
const DETAIL_INDENT: usize = 4;

/// Columns of the verdicts on members.
const VERDICT_COLUMNS: usize = 15;

/// Columns of a block in another report.
const QUOTED_WIDTH: usize = 100;

/// Equal findings share one entry; this many of their places are listed.
const PLACES_SHOWN: usize = 4;

/// One block for each image and target, and a table of all where there are several.
///
/// With `brief`, the headlines only.
///
/// # Errors
/// What the writer says.
pub fn check(page: &mut Page<'_>, report: &Report, brief: bool) -> io::Result<()> {
    for (at, result) in report.results.iter().enumerate() {
        if at > 0 && !brief {
            page.blank()?;
        }
        headline(page, result)?;
        if !brief {
            body(page, result)?;
        }
    }
    if report.results.len() > 1 && !brief {
        page.blank()?;
        table(page, &report.results)?;
    }
    if !brief {
        idle_accepts(page, report)?;
    }
    Ok(())
}

/// What stands below the headline: the verdicts on members, then each finding after an empty line, then advice.
fn body(page: &mut Page<'_>, result: &CheckResult) -> io::Result<()> {
    members(page, &result.members)?;
    for group in groups(result.findings.as_deref().unwrap_or(&[])) {
        page.blank()?;
        finding(page, &group, result.members.len())?;
    }
    advice(page, result)
}

/// The block of one image and target without its headline and without colours, for reports that quote it: lines
/// that end in a newline, or nothing.
pub(super) fn quoted(result: &CheckResult) -> String {
    let mut text = Vec::new();
    // Writing to memory does not fail.
    let _ = body(&mut Page::new(&mut text, QUOTED_WIDTH), result);
    let text = String::from_utf8_lossy(&text);
    let text = anstream::adapter::strip_str(&text).to_string();
    text.trim_start_matches('\n').to_owned()
}

/// Findings on one machine alone, equal ones together.
pub(super) fn findings(page: &mut Page<'_>, findings: &[Finding]) -> io::Result<()> {
    groups(findings)
        .iter()
        .try_for_each(|group| finding(page, group, 1))
}

/// How the workload must be started to fit the target.
fn advice(page: &mut Page<'_>, result: &CheckResult) -> io::Result<()> {
    let Some(advice) = &result.advice else {
        return Ok(());
    };
    page.blank()?;
    let head = if !advice.is_empty() {
        "advice: start the workload so, and dump it again. What the kernel hides, the image says then. What a runtime \
         was told, it does not: where you know that nothing else uses these features, accept HWCR-HWC-001"
    } else if result.verdict == Some(Verdict::Compatible) {
        "advice: none is needed"
    } else {
        "advice: none; the findings are not about features or vector lengths that a start decides"
    };
    page.line(2, DETAIL_INDENT, &[styled(FAINT, head)])?;
    for part in advice {
        page.blank()?;
        piece(page, part)?;
    }
    Ok(())
}

fn piece(page: &mut Page<'_>, advice: &Advice) -> io::Result<()> {
    let mut head = vec![styled(STRONG, &advice.subject)];
    match &advice.setting {
        Some(setting) => head.push(plain(format!("  {setting}"))),
        None => head.push(styled(OPEN, "  no setting")),
    }
    page.line(2, DETAIL_INDENT, &head)?;
    page.line(DETAIL_INDENT, DETAIL_INDENT, &[plain(&advice.what)])?;
    detail(page, "for", joined(&advice.features).as_deref())?;
    let pids: Vec<String> = advice.pids.iter().map(ToString::to_string).collect();
    let tasks = joined(&pids).map(|pids| match &advice.sign {
        Some(sign) => format!("pid {pids} ({sign})"),
        None => format!("pid {pids}"),
    });
    detail(page, "in", tasks.as_deref())?;
    detail(page, "checked", advice.verified.as_deref())
}

/// `--accept` options that changed nothing.
fn idle_accepts(page: &mut Page<'_>, report: &Report) -> io::Result<()> {
    let idle: Vec<String> = report
        .accepts
        .iter()
        .filter(|accept| !accept.used)
        .map(|accept| {
            let feature = accept.feature.as_ref();
            let feature = feature.map_or_else(String::new, |feature| format!(":{feature}"));
            let expired = if accept.expired { " (expired)" } else { "" };
            format!("{}{feature}{expired}", accept.rule)
        })
        .collect();
    if idle.is_empty() {
        return Ok(());
    }
    page.blank()?;
    page.line(
        0,
        2,
        &[
            styled(FAINT, "accepted without need: "),
            plain(idle.join(", ")),
        ],
    )
}

/// `IMAGE (DIRECTORY) on TARGET: incompatible (3 blockers, 1 unproven)`
fn headline(page: &mut Page<'_>, result: &CheckResult) -> io::Result<()> {
    let mut spans = vec![styled(STRONG, &result.image)];
    if let Some(directory) = &result.directory {
        spans.push(plain(format!(" ({})", short_digests(directory))));
    }
    spans.extend([
        plain(" on "),
        styled(STRONG, &result.target),
        plain(": "),
        verdict(result),
    ]);
    if let Some(counts) = counts(result.counts.unwrap_or_default()) {
        spans.push(plain(format!(" ({counts})")));
    }
    page.line(0, 2, &spans)
}

/// The verdicts on the machines a target stands for, one line a verdict, the best first.
fn members(page: &mut Page<'_>, members: &[Member]) -> io::Result<()> {
    for verdict in [
        Verdict::Compatible,
        Verdict::Indeterminate,
        Verdict::Incompatible,
    ] {
        let names: Vec<&str> = members
            .iter()
            .filter(|member| member.verdict == verdict)
            .map(|member| member.name.as_str())
            .collect();
        if !names.is_empty() {
            page.labelled(
                2,
                VERDICT_COLUMNS,
                styled(style::of_verdict(Some(verdict)), verdict.word()),
                &[plain(names.join(", "))],
            )?;
        }
    }
    Ok(())
}

fn verdict(result: &CheckResult) -> Span {
    styled(
        style::of_verdict(result.verdict),
        result.verdict.map_or("no answer", Verdict::word),
    )
}

/// `of` is the number of machines the target stands for.
fn finding(page: &mut Page<'_>, group: &[&Finding], of: usize) -> io::Result<()> {
    let Some(first) = group.first() else {
        return Ok(());
    };
    let mut head = vec![
        styled(style::of_severity(first.severity), first.severity.word()),
        plain(" "),
        styled(STRONG, &first.rule),
    ];
    if let [only] = group {
        head.extend(location(only).map(|location| plain(format!(" {location}"))));
    } else {
        head.push(plain(format!(" {} times", group.len())));
    }
    head.push(plain(format!(": {}", first.message)));
    page.line(2, DETAIL_INDENT, &head)?;

    detail(page, "on", on(&first.members, of).as_deref())?;
    detail(page, "need", first.need.as_deref())?;
    detail(page, "have", first.have.as_deref())?;
    detail(page, "due to", joined(&first.features).as_deref())?;
    detail(page, "proof", Some(&proof(first)))?;
    places(page, group)?;
    detail(page, "help", first.help.as_deref())?;
    detail(page, "edits", joined(&first.edits).as_deref())
}

fn joined(words: &[String]) -> Option<String> {
    (!words.is_empty()).then(|| words.join(", "))
}

/// The members a finding is about.
fn on(members: &[String], of: usize) -> Option<String> {
    match (members, of) {
        ([], _) => None,
        ([only], 1) => Some(only.clone()),
        (all, _) if all.len() == of => Some(format!("all {of} members")),
        (some, _) => Some(format!(
            "{} ({} of {of} members)",
            some.join(", "),
            some.len()
        )),
    }
}

/// The proof, and whether the user accepted that there is no better one.
fn proof(finding: &Finding) -> String {
    let accepted = match &finding.reason {
        Some(reason) => format!(", allowed: {reason}"),
        None if finding.accepted => ", accepted with --accept".to_owned(),
        None => String::new(),
    };
    format!("{}{accepted}", finding.proof)
}

fn detail(page: &mut Page<'_>, label: &str, text: Option<&str>) -> io::Result<()> {
    match text {
        Some(text) => page.labelled(
            DETAIL_INDENT,
            LABEL_COLUMNS,
            styled(FAINT, label),
            &[plain(text)],
        ),
        None => Ok(()),
    }
}

/// Where the findings of a group were read.
fn places(page: &mut Page<'_>, group: &[&Finding]) -> io::Result<()> {
    if let [only] = group {
        return detail(page, "at", place(only).as_deref());
    }
    for (at, finding) in group.iter().take(PLACES_SHOWN).enumerate() {
        let text: Vec<String> = location(finding)
            .into_iter()
            .chain(place(finding))
            .collect();
        let label = if at == 0 { "at" } else { "" };
        detail(
            page,
            label,
            Some(text.join(", ").as_str()).filter(|text| !text.is_empty()),
        )?;
    }
    match group.len().checked_sub(PLACES_SHOWN) {
        None | Some(0) => Ok(()),
        Some(more) => detail(
            page,
            "",
            Some(&format!("and {more} more; --format json lists all")),
        ),
    }
}

fn table(page: &mut Page<'_>, results: &[CheckResult]) -> io::Result<()> {
    let head = ["image", "target", "verdict", "findings"];
    let mut rows = vec![head.into_iter().map(|cell| styled(FAINT, cell)).collect()];
    rows.extend(results.iter().map(|result| {
        vec![
            styled(PLAIN, &result.image),
            styled(PLAIN, &result.target),
            verdict(result),
            plain(counts(result.counts.unwrap_or_default()).unwrap_or_default()),
        ]
    }));
    page.table(0, &rows)
}
