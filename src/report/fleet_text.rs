//! `check --targets` for people: which machines of a fleet can take a checkpoint.

use std::io;

use super::grouped::because;
use super::layout::{Page, Span, counted, plain, styled};
use super::style::{self, FAINT, PLAIN, STRONG};
use super::v1::{CheckResult, Report, Verdict};

/// For each image a row for each target, and how many can take it; at last how many can take them all.
///
/// # Errors
/// What the writer says.
pub fn fleet(page: &mut Page<'_>, report: &Report) -> io::Result<()> {
    let images = by_image(&report.results);
    for results in &images {
        let Some(first) = results.first() else {
            continue;
        };
        page.line(0, 2, &[styled(STRONG, &first.image)])?;
        page.blank()?;
        table(page, results)?;
        page.blank()?;
        page.line(2, 4, &[plain(summary(results))])?;
        page.blank()?;
    }
    if images.len() > 1 {
        page.line(0, 2, &[plain(of_all(&images))])?;
    }
    page.line(
        0,
        2,
        &[styled(
            FAINT,
            "the findings: hwcr check IMAGE --target TARGET, or --format json for all",
        )],
    )
}

/// Results in groups of one image.
fn by_image(results: &[CheckResult]) -> Vec<&[CheckResult]> {
    results
        .chunk_by(|one, other| one.image == other.image)
        .collect()
}

fn table(page: &mut Page<'_>, results: &[CheckResult]) -> io::Result<()> {
    let head = ["target", "verdict", "because of"];
    let mut rows: Vec<Vec<Span>> = vec![head.into_iter().map(|cell| styled(FAINT, cell)).collect()];
    rows.extend(results.iter().map(|result| {
        vec![
            styled(PLAIN, &result.target),
            styled(
                style::of_verdict(result.verdict),
                result.verdict.map_or("no answer", Verdict::word),
            ),
            plain(reason(result)),
        ]
    }));
    page.table(2, &rows)
}

/// The rules that make the verdict, each once; or why there is none.
fn reason(result: &CheckResult) -> String {
    if let Some(error) = &result.error {
        // The target stands beside it.
        let place = error.strip_prefix(&result.target);
        return place
            .and_then(|place| place.strip_prefix(':'))
            .unwrap_or(error)
            .to_owned();
    }
    because(result)
}

/// `12 of 40 machines can take it, 3 may (indeterminate), of 1 there is no answer`
fn summary(results: &[CheckResult]) -> String {
    let count = |verdict| {
        results
            .iter()
            .filter(|result| result.verdict == verdict)
            .count()
    };
    let mut parts = vec![format!(
        "{} of {} can take it",
        count(Some(Verdict::Compatible)),
        counted(results.len(), "machine", "machines")
    )];
    match count(Some(Verdict::Indeterminate)) {
        0 => {}
        open => parts.push(format!("{open} may (indeterminate)")),
    }
    match count(None) {
        0 => {}
        silent => parts.push(format!("of {silent} there is no answer")),
    }
    parts.join(", ")
}

/// `8 of 40 machines can take all 3 images`
fn of_all(images: &[&[CheckResult]]) -> String {
    let targets = images.first().map_or(0, |results| results.len());
    let able = (0..targets)
        .filter(|at| {
            images.iter().all(|results| {
                results
                    .get(*at)
                    .is_some_and(|result| result.verdict == Some(Verdict::Compatible))
            })
        })
        .count();
    format!(
        "{able} of {} can take all {} images",
        counted(targets, "machine", "machines"),
        images.len()
    )
}
