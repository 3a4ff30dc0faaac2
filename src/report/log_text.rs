//! `explain-log` for people.

use std::io;

use super::layout::{Page, counted, plain, styled};
use super::style::{ASIDE, BAD, FAINT, GOOD, OPEN, PLAIN, STRONG};
use super::text;
use super::v1::Severity;
use super::v1::log::{
    CauseKind, Certainty, Likelihood, LogCause, LogOutcome, LogRead, LogReport, Message,
    MessagePart,
};

/// Column at which the text behind `why`, `next`, … begins, counted from its indentation.
const LABEL_COLUMNS: usize = 8;

/// Indentation of what belongs to a cause.
const DETAIL_INDENT: usize = 4;

/// Messages of one part that are listed.
const SHOWN: usize = 12;

/// Longest message that is shown whole, characters.
const MESSAGE_COLUMNS: usize = 400;

/// The outcome, the causes, and what follows from them.
///
/// # Errors
/// What the writer says.
pub fn log(page: &mut Page<'_>, report: &LogReport) -> io::Result<()> {
    headline(page, report)?;
    for log in &report.logs {
        about(page, log)?;
    }
    for (at, cause) in report.causes.iter().enumerate() {
        page.blank()?;
        self::cause(page, report, cause, at)?;
    }
    let parts = [
        (MessagePart::Consequence, "follows from it"),
        (MessagePart::Perhaps, "may have to do with it"),
        (MessagePart::Unknown, "not known to hwcr"),
        (MessagePart::Survived, "did not stop CRIU"),
        (MessagePart::Unrelated, "about other processes"),
    ];
    for (part, title) in parts {
        list(page, report, part, title)?;
    }
    for log in &report.logs {
        for (label, line) in [
            ("last line", &log.last),
            ("line before", &log.before_failure),
        ] {
            if let Some(line) = line {
                page.blank()?;
                page.line(
                    2,
                    DETAIL_INDENT,
                    &[
                        styled(FAINT, format!("{label} ")),
                        plain(format!("{} line {}: ", log.name, line.line)),
                        plain(shortened(&line.text)),
                    ],
                )?;
            }
        }
    }
    if !report.remarks.is_empty() {
        page.blank()?;
    }
    for remark in &report.remarks {
        page.line(2, DETAIL_INDENT, &[styled(ASIDE, "note "), plain(remark)])?;
    }
    Ok(())
}

/// The outcome, and a line for each cause.
///
/// # Errors
/// What the writer says.
pub fn brief(page: &mut Page<'_>, report: &LogReport) -> io::Result<()> {
    headline(page, report)?;
    for (at, cause) in report.causes.iter().enumerate() {
        cause_line(page, cause, at)?;
    }
    Ok(())
}

/// `restore.log: the restore hangs`
fn headline(page: &mut Page<'_>, report: &LogReport) -> io::Result<()> {
    let names: Vec<&str> = report.logs.iter().map(|log| log.name.as_str()).collect();
    let criu = report.logs.iter().any(|log| log.criu.is_some())
        || report
            .messages
            .iter()
            .any(|message| message.source.is_some());
    let (style, words) = match report.outcome {
        LogOutcome::Failed => (BAD, "the restore failed"),
        LogOutcome::Hangs => (BAD, "the restore hangs"),
        LogOutcome::Died if criu => (BAD, "the restore succeeded, and then a task died"),
        LogOutcome::Died => (BAD, "a task died"),
        LogOutcome::Restored => match report.certainty {
            Certainty::Certain => (
                BAD,
                "the restore succeeded, but the image holds what kills its tasks afterwards",
            ),
            Certainty::Uncertain => (
                OPEN,
                "the restore succeeded; the image may hold what kills its tasks afterwards",
            ),
            Certainty::None => (GOOD, "the restore succeeded; no log shows that a task died"),
        },
        LogOutcome::Unfinished => (OPEN, "the log breaks off"),
        LogOutcome::Dump => (GOOD, "this is the log of a dump, which succeeded"),
        LogOutcome::DumpFailed => (BAD, "the dump failed"),
        LogOutcome::Unknown => (OPEN, "nothing in it is known"),
    };
    let sure = match report.certainty {
        Certainty::Uncertain if report.outcome != LogOutcome::Restored => {
            " (its cause is not certain)"
        }
        Certainty::None
            if matches!(report.outcome, LogOutcome::Failed | LogOutcome::DumpFailed) =>
        {
            " (no cause was recognised)"
        }
        _ => "",
    };
    page.line(
        0,
        2,
        &[
            styled(STRONG, names.join(", ")),
            plain(": "),
            styled(style, words),
            plain(sure),
        ],
    )
}

/// `  restore.log: CRIU 4.2.1 on Linux 6.1.0 aarch64, 368 lines`
fn about(page: &mut Page<'_>, log: &LogRead) -> io::Result<()> {
    let mut words = Vec::new();
    words.extend(log.criu.as_ref().map(|criu| format!("CRIU {criu}")));
    words.extend(log.kernel.as_ref().map(|kernel| {
        let arch = log.arch.as_deref().unwrap_or_default();
        format!("Linux {kernel} {arch}").trim_end().to_owned()
    }));
    let lines = usize::try_from(log.lines).unwrap_or(usize::MAX);
    words.push(counted(lines, "line", "lines"));
    page.line(
        2,
        DETAIL_INDENT,
        &[styled(FAINT, format!("{}: {}", log.name, words.join(", ")))],
    )
}

fn cause_line(page: &mut Page<'_>, cause: &LogCause, at: usize) -> io::Result<()> {
    let (style, word) = match (cause.kind, cause.likelihood) {
        _ if at > 0 => (OPEN, "also"),
        (CauseKind::UnknownError, _) => (OPEN, "first error"),
        (_, Likelihood::Certain) => (BAD, "cause"),
        (_, Likelihood::Probable) => (OPEN, "probable cause"),
        (_, Likelihood::Possible) => (OPEN, "possible cause"),
    };
    page.line(
        2,
        DETAIL_INDENT,
        &[
            styled(style, word),
            plain(": "),
            styled(STRONG, &cause.summary),
        ],
    )
}

fn cause(page: &mut Page<'_>, report: &LogReport, cause: &LogCause, at: usize) -> io::Result<()> {
    cause_line(page, cause, at)?;
    if let Some(message) = cause.message.and_then(|at| report.messages.get(at)) {
        detail(page, "line", &place(report, message))?;
        detail(page, "says", &shortened(&message.text))?;
        registers(page, message)?;
    }
    if let Some(explanation) = &cause.explanation {
        detail(page, "why", explanation)?;
    }
    if let Some(help) = &cause.help {
        detail(page, "next", help)?;
    }
    if let Some(frame) = &cause.frame {
        let tid = frame
            .tid
            .filter(|tid| *tid != frame.pid)
            .map_or_else(String::new, |tid| format!(" tid {tid}"));
        detail(
            page,
            "frame",
            &format!(
                "pid {}{tid}: it was returning through the {} frame {}, whose interrupted PC and SP these are",
                frame.pid,
                frame.liveness.word(),
                frame.address
            ),
        )?;
    }
    if let Some(error) = &cause.image_error {
        detail(page, "image", &format!("cannot be read: {error}"))?;
    }
    if !cause.findings.is_empty() {
        page.blank()?;
        let blocked = cause
            .findings
            .iter()
            .any(|finding| finding.severity == Severity::Blocker);
        let title = match cause.kind {
            CauseKind::Image => "the image holds",
            _ if blocked => "and the image shows why",
            _ => "and the image shows what may be why",
        };
        page.line(2, 2, &[styled(FAINT, title)])?;
        text::findings(page, &cause.findings)?;
    } else if report.target.is_some() && cause.image_error.is_none() && !cause.rules.is_empty() {
        detail(page, "image", "shows nothing that would explain it")?;
    } else if !cause.rules.is_empty() {
        detail(page, "rules", &cause.rules.join(", "))?;
    }
    Ok(())
}

/// `pc 0x…, sp 0x…, lr 0x…`
fn registers(page: &mut Page<'_>, message: &Message) -> io::Result<()> {
    let Some(registers) = &message.registers else {
        return Ok(());
    };
    let shown: Vec<String> = [
        ("pc", registers.pc),
        ("sp", registers.sp),
        ("lr", registers.lr),
    ]
    .into_iter()
    .filter_map(|(name, value)| Some(format!("{name} {}", value?)))
    .collect();
    detail(page, "at", &shown.join(", "))
}

fn detail(page: &mut Page<'_>, label: &str, text: &str) -> io::Result<()> {
    page.labelled(
        DETAIL_INDENT,
        LABEL_COLUMNS,
        styled(FAINT, label),
        &[plain(text)],
    )
}

/// Messages of one part under a title.
fn list(page: &mut Page<'_>, report: &LogReport, part: MessagePart, title: &str) -> io::Result<()> {
    let messages: Vec<&Message> = report
        .messages
        .iter()
        .filter(|message| message.part == part)
        .collect();
    if messages.is_empty() {
        return Ok(());
    }
    page.blank()?;
    page.line(2, 2, &[styled(FAINT, title)])?;
    for message in messages.iter().take(SHOWN) {
        let style = match part {
            MessagePart::Unknown => OPEN,
            _ => PLAIN,
        };
        page.line(
            DETAIL_INDENT,
            DETAIL_INDENT + 2,
            &[
                styled(FAINT, format!("{}: ", place(report, message))),
                styled(style, shortened(&message.text)),
            ],
        )?;
        if let Some(meaning) = &message.meaning {
            page.line(
                DETAIL_INDENT + 2,
                DETAIL_INDENT + 2,
                &[styled(ASIDE, meaning)],
            )?;
        }
    }
    match messages.len().checked_sub(SHOWN) {
        None | Some(0) => Ok(()),
        Some(more) => page.line(
            DETAIL_INDENT,
            DETAIL_INDENT,
            &[plain(format!("and {more} more; --format json lists all"))],
        ),
    }
}

/// `restore.log line 257, pid 3321, criu/mem.c:1313, 4 times`
fn place(report: &LogReport, message: &Message) -> String {
    let name = match report.logs.as_slice() {
        [_] => "",
        logs => logs.get(message.log).map_or("", |log| log.name.as_str()),
    };
    let mut words = vec![
        format!("{name} line {}", message.line)
            .trim_start()
            .to_owned(),
    ];
    words.extend(message.pid.map(|pid| format!("pid {pid}")));
    words.extend(message.source.clone());
    if message.count > 1 {
        words.push(format!("{} times", message.count));
    }
    words.join(", ")
}

/// Long messages end in a mark.
fn shortened(text: &str) -> String {
    match text.char_indices().nth(MESSAGE_COLUMNS) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
        None => text.to_owned(),
    }
}
