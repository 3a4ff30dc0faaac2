//! `inspect` for people.

use std::io;

use super::layout::{GLUE, Page, Span, bytes, columns, counted, plain, short_digests, styled};
use super::style::{ASIDE, BAD, FAINT, OPEN, STRONG};
use super::v1::Hex;
use super::v1::inspect::{Export, File, FileUse, Images, Inspect, Origin};
use super::v1::task::Task;

mod frames;
mod task;

/// Indentation of a task's sections.
const SECTION: usize = 2;
/// Indentation of what is in a section.
const ITEM: usize = 4;
/// Indentation of what belongs to an item.
const DETAIL: usize = 6;
/// Columns of the labels of items.
const LABEL_COLUMNS: usize = 12;

/// Everything in the report; what was not selected is not there.
///
/// # Errors
/// What the writer says.
pub fn inspect(page: &mut Page<'_>, report: &Inspect, verbose: bool) -> io::Result<()> {
    headline(page, report)?;
    if let Some(part) = &report.export {
        export(page, part)?;
    }
    if let Some(part) = &report.origin {
        origin(page, part)?;
    }
    for part in &report.tasks {
        page.blank()?;
        task::task(page, part, verbose)?;
    }
    if let Some(part) = &report.files {
        files(page, part)?;
    }
    if let Some(part) = &report.images {
        images(page, part, verbose)?;
    }
    Ok(())
}

/// One line: what there is of what was selected.
///
/// # Errors
/// What the writer says.
pub fn brief(page: &mut Page<'_>, report: &Inspect) -> io::Result<()> {
    headline(page, report)
}

fn headline(page: &mut Page<'_>, report: &Inspect) -> io::Result<()> {
    let mut parts = vec![
        report.arch.clone(),
        counted(report.tasks.len(), "task", "tasks"),
    ];
    let sum =
        |of: fn(&Task) -> Option<usize>| report.tasks.iter().filter_map(of).reduce(|a, b| a + b);
    if let Some(threads) = sum(|task| task.threads.as_ref().map(Vec::len)) {
        parts.push(counted(threads, "thread", "threads"));
    }
    if let Some(frames) = sum(|task| task.frames.as_ref().map(Vec::len)) {
        parts.push(counted(frames, "signal frame", "signal frames"));
    }
    page.line(
        0,
        2,
        &[
            styled(STRONG, &report.image),
            plain(format!(": {}", parts.join(", "))),
        ],
    )
}

fn heading(page: &mut Page<'_>, indent: usize, name: &str, remark: &str) -> io::Result<()> {
    let mut spans = vec![styled(STRONG, name)];
    if !remark.is_empty() {
        spans.push(plain(format!("  {remark}")));
    }
    page.line(indent, indent + 2, &spans)
}

/// A label and its value; further lines begin below the value.
fn item(
    page: &mut Page<'_>,
    indent: usize,
    label: &str,
    text: impl Into<String>,
) -> io::Result<()> {
    page.labelled(indent, LABEL_COLUMNS, styled(FAINT, label), &[plain(text)])
}

/// `name value` pairs that follow each other on a line.
pub(super) fn pairs(values: &[(&str, Option<Hex>)]) -> String {
    let shown = values
        .iter()
        .filter_map(|(name, value)| value.map(|value| format!("{name}{GLUE}{value}")));
    shown.collect::<Vec<_>>().join("  ")
}

fn export(page: &mut Page<'_>, export: &Export) -> io::Result<()> {
    page.blank()?;
    let form = match export.form.as_str() {
        "tar" => "tar archive",
        "layout" => "OCI image layout",
        "layout-tar" => "OCI image layout in a tar archive",
        other => other,
    };
    let packed = export.compression.iter().map(|kind| format!(", {kind}"));
    let within = export.blob.iter().chain(&export.directory);
    let within: Vec<String> = within.map(|path| short_digests(path)).collect();
    let mut remark = form.to_owned();
    remark.extend(packed);
    if !within.is_empty() {
        remark.push_str("; the image is in ");
        remark.push_str(&within.join(":"));
    }
    heading(page, 0, "export", &remark)?;
    let names: Vec<Span> = export
        .statements
        .iter()
        .map(|said| styled(FAINT, &said.what))
        .collect();
    let label = widest(&names) + 2;
    for (name, said) in names.into_iter().zip(&export.statements) {
        let ground = format!(" ({}, {})", short_digests(&said.file), said.key);
        let ground = styled(FAINT, ground);
        page.labelled(SECTION, label, name, &[plain(&said.value), ground])?;
    }
    for why in &export.unread {
        page.line(
            SECTION,
            ITEM,
            &[styled(BAD, "not read"), plain(format!(": {why}"))],
        )?;
    }
    Ok(())
}

fn origin(page: &mut Page<'_>, origin: &Origin) -> io::Result<()> {
    page.blank()?;
    heading(page, 0, "origin", "")?;
    if let Some(journal) = &origin.rewritten {
        let text = format!("rewritten for {} by {}", journal.target, journal.tool);
        page.line(SECTION, ITEM, &[styled(OPEN, text)])?;
        for edit in &journal.edits {
            page.line(
                ITEM,
                DETAIL,
                &[styled(FAINT, &edit.rule), plain(format!(" {}", edit.what))],
            )?;
        }
    }
    if origin.inferences.is_empty() {
        return page.line(
            SECTION,
            SECTION,
            &[styled(FAINT, "nothing in the image tells of it")],
        );
    }
    let names: Vec<Span> = origin
        .inferences
        .iter()
        .map(|known| styled(FAINT, &known.what))
        .collect();
    let label = widest(&names) + 2;
    for (name, known) in names.into_iter().zip(&origin.inferences) {
        let ground = styled(FAINT, format!(" ({})", known.ground));
        page.labelled(SECTION, label, name, &[plain(&known.value), ground])?;
    }
    Ok(())
}

/// Tasks that are named as users of a file.
const MAX_PIDS: usize = 4;

fn files(page: &mut Page<'_>, files: &[File]) -> io::Result<()> {
    page.blank()?;
    heading(page, 0, "files", "")?;
    let rows: Vec<Vec<Span>> = files
        .iter()
        .map(|file| {
            let mut about: Vec<String> = file.size.map(bytes).into_iter().collect();
            about.extend(uses(&file.uses));
            about.extend(file.lies.as_deref().and_then(lies).map(str::to_owned));
            about.extend(
                file.target
                    .iter()
                    .map(|target| match &target.differences[..] {
                        [] if target.content_is_given => "there, content not compared".to_owned(),
                        [] => "there".to_owned(),
                        differences => differences.join("; "),
                    }),
            );
            about.extend(file.rootfs.iter().map(|found| match found.as_str() {
                "used" => "used".to_owned(),
                why => format!("not used: {why}"),
            }));
            // The longest word comes last: nothing may follow it on its line.
            about.extend(file.build_id.iter().map(|id| format!("build id {id}")));
            vec![
                styled(FAINT, file.id.to_string()),
                plain(&file.name),
                plain(about.join(", ")),
            ]
        })
        .collect();
    page.table(SECTION, &rows)
}

/// What a file is used for and by whom, most important first.
fn uses(uses: &[FileUse]) -> Option<String> {
    // Who maps the code of a file maps the rest of it as well.
    let code = uses.iter().any(|used| used.what == "mapped code");
    let said: Vec<String> = uses
        .iter()
        .filter(|used| !(code && used.what == "mapped"))
        .map(|used| {
            let pids: Vec<String> = used
                .pids
                .iter()
                .take(MAX_PIDS)
                .map(u32::to_string)
                .collect();
            let more = if used.pids.len() > MAX_PIDS {
                ", …"
            } else {
                ""
            };
            format!("{} ({}{more})", used.what, pids.join(", "))
        })
        .collect();
    (!said.is_empty()).then(|| said.join(" and "))
}

/// Where a file lies, unless that is its own path.
fn lies(word: &str) -> Option<&'static str> {
    const WHERE: &[(&str, &str)] = &[
        ("link", "as link_remap"),
        ("image", "in the image"),
        ("kernel", "from the kernel"),
        ("engine", "from the engine"),
        ("mount", "on another mount"),
    ];
    let known = WHERE.iter().find(|(known, _)| *known == word);
    known.map(|(_, said)| *said)
}

fn images(page: &mut Page<'_>, images: &Images, verbose: bool) -> io::Result<()> {
    page.blank()?;
    heading(
        page,
        0,
        "images",
        &format!("img_version {}", images.img_version),
    )?;
    if let Some(id) = &images.criu_run_id {
        item(page, SECTION, "run id", id)?;
    }
    if !images.plugins.is_empty() {
        item(page, SECTION, "plugins", images.plugins.join(", "))?;
    }
    let rows: Vec<Vec<Span>> = images
        .entries
        .iter()
        .map(|image| {
            let size = if verbose {
                image.size.to_string()
            } else {
                bytes(image.size)
            };
            let what = image.what.clone().unwrap_or_default();
            vec![
                plain(&image.name),
                right(&size, 11),
                styled(FAINT, format!("{} {what}", image.kind).trim()),
            ]
        })
        .collect();
    page.table(SECTION, &rows)?;
    for feature in &images.format_features {
        let text = format!(
            ": {} (CRIU {}; an older one {} it)",
            feature.what, feature.since, feature.older
        );
        page.line(
            SECTION,
            ITEM,
            &[
                styled(ASIDE, format!("feature {}", feature.name)),
                plain(text),
            ],
        )?;
    }
    for field in &images.unknown_fields {
        let at = format!("{} offset {:#x}", field.at.file, field.at.offset);
        let text = format!(": met {}, first at {at}", counted_times(field.count));
        let name = format!("unknown field {} of {}", field.number, field.message);
        page.line(SECTION, ITEM, &[styled(OPEN, name), plain(text)])?;
    }
    for anomaly in &images.anomalies {
        let at = format!("{} offset {:#x}", anomaly.at.file, anomaly.at.offset);
        let task = anomaly
            .pid
            .map(|pid| format!(", task {pid}"))
            .unwrap_or_default();
        let text = format!(": {} ({at}{task})", anomaly.detail);
        page.line(
            SECTION,
            ITEM,
            &[styled(BAD, anomaly.kind.replace('-', " ")), plain(text)],
        )?;
    }
    Ok(())
}

fn counted_times(count: u64) -> String {
    if count == 1 {
        "once".to_owned()
    } else {
        format!("{count} times")
    }
}

/// Columns of the widest of the spans.
fn widest(spans: &[Span]) -> usize {
    spans
        .iter()
        .map(|span| columns(std::slice::from_ref(span)))
        .max()
        .unwrap_or(0)
}

/// The text at the right edge of so many columns.
fn right(text: &str, width: usize) -> Span {
    plain(format!("{text:>width$}"))
}
