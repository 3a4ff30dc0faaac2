//! Signal frames: one line for each record.

use std::io;

use super::task::{registers_table, section};
use super::{DETAIL, ITEM, item, pairs, widest};
use crate::report::layout::{Page, Span, bytes, plain, styled};
use crate::report::style::{BAD, FAINT, OPEN, STRONG, of_liveness};
use crate::report::v1::frame::{Frame, Record, RecordBody, WayOut};
use crate::report::v1::task::Task;

/// The frames of a task and what is known of the search for them.
pub(super) fn frames(
    page: &mut Page<'_>,
    frames: &[Frame],
    task: &Task,
    verbose: bool,
) -> io::Result<()> {
    let remark = if frames.is_empty() { "none found" } else { "" };
    section(page, "signal frames", remark)?;
    for part in frames {
        frame(page, part, verbose)?;
    }
    for address in &task.dangling {
        let text = format!(
            ": the record at {address} returns to a trampoline, but no frame could be read there"
        );
        page.line(ITEM, DETAIL, &[styled(OPEN, "no frame"), plain(text)])?;
    }
    match task.unsearched {
        Some(size) if size > 0 => {
            let text = format!(
                "{} of writable memory were not searched (--deep does)",
                bytes(size)
            );
            page.line(ITEM, ITEM, &[styled(FAINT, text)])
        }
        _ => Ok(()),
    }
}

fn frame(page: &mut Page<'_>, frame: &Frame, verbose: bool) -> io::Result<()> {
    let owner = frame
        .tid
        .map_or_else(|| "of no thread".to_owned(), |tid| format!("tid {tid}"));
    page.line(
        ITEM,
        DETAIL,
        &[
            styled(STRONG, frame.address.to_string()),
            plain(" "),
            styled(of_liveness(frame.liveness), frame.liveness.word()),
            plain(format!(
                ", {owner}, signal {}, {} bytes",
                frame.signo, frame.size
            )),
        ],
    )?;
    if !frame.signs.is_empty() {
        let signs: Vec<String> = frame
            .signs
            .iter()
            .map(|sign| sign.replace('-', " "))
            .collect();
        item(page, DETAIL, "shown by", signs.join(", "))?;
    }
    if let Some(way) = &frame.way_out {
        let (label, text) = way_out(way);
        item(page, DETAIL, label, text)?;
    }
    let registers = [("pc", frame.pc), ("sp", frame.sp), ("pstate", frame.pstate)];
    item(
        page,
        DETAIL,
        "interrupted",
        pairs(&registers.map(|(name, value)| (name, Some(value)))),
    )?;
    if verbose {
        raw(page, frame)?;
    }
    records(page, &frame.records, verbose)?;
    for anomaly in &frame.anomalies {
        let text = format!(" at {}: {}", anomaly.address, anomaly.detail);
        page.line(
            DETAIL,
            DETAIL + 2,
            &[styled(BAD, anomaly.kind.replace('-', " ")), plain(text)],
        )?;
    }
    Ok(())
}

fn way_out(way: &WayOut) -> (&'static str, String) {
    match way {
        WayOut::JumpBuffer { address, pc, sp } => (
            "may be left",
            format!("by siglongjmp, jump buffer {address} to pc {pc}, sp {sp}"),
        ),
        WayOut::NoReturn {
            pc,
            function,
            file,
            jumps,
        } => {
            let mut text = format!("from {pc} on");
            if let Some(function) = function {
                text += &format!(" in the function {function}");
            }
            if let Some(file) = file {
                text += &format!(" of {file}");
            }
            text += if *jumps {
                ": jumps, ends or loops"
            } else {
                ": ends or loops"
            };
            ("no way back", text)
        }
    }
}

/// Name, address, size and fields, each below those of the record before.
fn records(page: &mut Page<'_>, records: &[Record], verbose: bool) -> io::Result<()> {
    let names: Vec<Span> = records
        .iter()
        .map(|record| plain(record.body.name()))
        .collect();
    let label = widest(&names) + 2;
    let digits = records
        .iter()
        .map(|record| record.size.to_string().len())
        .max()
        .unwrap_or(0);
    for record in records {
        let mut text = vec![plain(format!(
            "{}  {:>digits$} bytes",
            record.address, record.size
        ))];
        let fields = record.body.fields();
        if !fields.is_empty() {
            text.push(plain(format!("  {fields}")));
        }
        if record.in_extra {
            text.push(styled(FAINT, "  in EXTRA space"));
        }
        page.labelled(DETAIL, label, styled(STRONG, record.body.name()), &text)?;
        if verbose {
            let place = record
                .file
                .iter()
                .zip(record.offset)
                .map(|(file, at)| format!(", {file} offset {at:#x}"));
            let raw = format!("magic {}{}", record.magic, place.collect::<String>());
            page.line(DETAIL + label, DETAIL + label, &[styled(FAINT, raw)])?;
            // The registers of an FPSIMD record are listed below.
            if !matches!(record.body, RecordBody::Fpsimd { .. }) {
                hex_lines(page, DETAIL + label, record)?;
            }
        }
        if let RecordBody::Fpsimd {
            vregs: Some(vregs), ..
        } = &record.body
        {
            registers_table(page, DETAIL + label, 'v', 32, vregs)?;
        }
    }
    Ok(())
}

/// The first bytes of a record, 16 to a line behind their offset.
fn hex_lines(page: &mut Page<'_>, indent: usize, record: &Record) -> io::Result<()> {
    const DIGITS_PER_LINE: usize = 32;
    let digits = record.bytes.as_deref().unwrap_or_default();
    for (line, at) in (0..digits.len()).step_by(DIGITS_PER_LINE).enumerate() {
        let part = digits
            .get(at..digits.len().min(at + DIGITS_PER_LINE))
            .unwrap_or_default();
        page.line(
            indent,
            indent,
            &[styled(FAINT, format!("+{:#05x} {part}", line * 16))],
        )?;
    }
    Ok(())
}

/// The fields of the ucontext that seldom matter.
fn raw(page: &mut Page<'_>, frame: &Frame) -> io::Result<()> {
    let context = [
        ("flags", Some(frame.uc_flags)),
        ("link", Some(frame.uc_link)),
        ("sigmask", Some(frame.uc_sigmask)),
        ("fault address", Some(frame.fault_address)),
    ];
    item(page, DETAIL, "ucontext", pairs(&context))?;
    let stack = frame.uc_stack;
    item(
        page,
        DETAIL,
        "uc_stack",
        format!("{}, {} bytes, flags {}", stack.sp, stack.size, stack.flags),
    )?;
    item(page, DETAIL, "si_code", frame.si_code.to_string())?;
    if let (Some(file), Some(offset)) = (&frame.file, frame.offset) {
        item(page, DETAIL, "place", format!("{file} offset {offset:#x}"))?;
    }
    match &frame.regs {
        Some(regs) => registers_table(page, DETAIL, 'x', 16, regs),
        None => Ok(()),
    }
}
