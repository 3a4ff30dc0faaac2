//! `profile diff` for people.

use std::collections::BTreeMap;
use std::io;

use super::layout::{Page, plain, styled};
use super::style::{FAINT, STRONG};
use super::v1::profile::{FeatureDifference, ProfileDiff, Which};

/// Indentation of what differs.
const ITEM: usize = 2;
/// Indentation of what that means.
const DETAIL: usize = 4;
/// Columns of the labels of meanings.
const LABEL_COLUMNS: usize = 10;

/// Everything in the report. A and B stand for the two profiles.
///
/// # Errors
/// What the writer says.
pub fn diff(page: &mut Page<'_>, report: &ProfileDiff) -> io::Result<()> {
    for (letter, side) in [("A", &report.a), ("B", &report.b)] {
        let mut head = vec![styled(STRONG, letter), plain(format!("  {}", side.name))];
        if side.name != side.profile {
            head.push(styled(FAINT, format!("  ({})", side.profile)));
        }
        page.line(0, 2, &head)?;
    }
    if report.features.is_empty() && report.values.is_empty() && report.sigreturn.is_empty() {
        page.blank()?;
        return page.line(0, 2, &[plain("nothing differs that matters to a process")]);
    }
    for (which, name) in [(Which::A, "only A has"), (Which::B, "only B has")] {
        features(page, report, which, name)?;
    }
    if !report.values.is_empty() {
        heading(page, "values")?;
    }
    for value in &report.values {
        page.line(
            ITEM,
            DETAIL,
            &[
                styled(STRONG, &value.key),
                plain(format!("  {} on A, {} on B", value.a, value.b)),
            ],
        )?;
        meanings(page, value.a_to_b.as_deref(), value.b_to_a.as_deref())?;
    }
    if !report.sigreturn.is_empty() {
        heading(page, "rt_sigreturn")?;
    }
    for record in &report.sigreturn {
        page.line(ITEM, DETAIL, &[styled(STRONG, &record.record)])?;
        for (letter, answer, why) in [
            ("A", record.a, &record.why_a),
            ("B", record.b, &record.why_b),
        ] {
            let text = format!("{}: {why}", answer.word());
            page.labelled(DETAIL, LABEL_COLUMNS, styled(FAINT, letter), &[plain(text)])?;
        }
    }
    Ok(())
}

fn heading(page: &mut Page<'_>, name: &str) -> io::Result<()> {
    page.blank()?;
    page.line(0, 2, &[styled(STRONG, name)])
}

fn meanings(page: &mut Page<'_>, there: Option<&str>, back: Option<&str>) -> io::Result<()> {
    let lines = match (there, back) {
        (Some(there), Some(back)) if there == back => vec![("both ways", there)],
        _ => [("A to B", there), ("B to A", back)]
            .into_iter()
            .filter_map(|(label, text)| Some((label, text?)))
            .collect(),
    };
    for (label, text) in lines {
        page.labelled(DETAIL, LABEL_COLUMNS, styled(FAINT, label), &[plain(text)])?;
    }
    Ok(())
}

/// The features of one side; those that mean the same stand together, in the order of the first of each.
fn features(page: &mut Page<'_>, report: &ProfileDiff, which: Which, name: &str) -> io::Result<()> {
    let mut groups: Vec<(&FeatureDifference, Vec<&str>)> = Vec::new();
    let mut by_meaning: BTreeMap<(&str, &str), usize> = BTreeMap::new();
    for feature in report
        .features
        .iter()
        .filter(|feature| feature.only_in == which)
    {
        let meaning = (feature.a_to_b.as_str(), feature.b_to_a.as_str());
        let at = *by_meaning.entry(meaning).or_insert(groups.len());
        match groups.get_mut(at) {
            Some((_, names)) => names.push(&feature.name),
            None => groups.push((feature, vec![&feature.name])),
        }
    }
    if !groups.is_empty() {
        heading(page, name)?;
    }
    for (first, names) in groups {
        page.line(ITEM, DETAIL, &[styled(STRONG, names.join(", "))])?;
        meanings(page, Some(&first.a_to_b), Some(&first.b_to_a))?;
    }
    Ok(())
}
