//! A task: its threads, its auxiliary vector, its frames, its memory.

use std::io;

use super::frames::frames;
use super::{DETAIL, ITEM, SECTION, heading, item, pairs, right};
use crate::report::layout::{GLUE, Page, Span, bytes, counted, plain, styled};
use crate::report::style::{FAINT, OPEN, STRONG};
use crate::report::v1::Hex;
use crate::report::v1::task::{
    Auxv, AuxvEntry, Hwcaps, Memory, Pac, PacSaved, Task, Thread, UnwindEnd, Unwinding, Where,
};

/// A task with its sections.
pub(super) fn task(page: &mut Page<'_>, task: &Task, verbose: bool) -> io::Result<()> {
    let mut about = vec![task.state.clone()];
    about.extend(task.exit_code.map(|code| format!("exit code {code:#x}")));
    if task.ppid != 0 {
        about.push(format!("child of {}", task.ppid));
    }
    about.extend(
        task.shares_mm_with
            .map(|pid| format!("shares the memory of {pid}")),
    );
    let name = format!("task {} {}", task.pid, task.comm);
    page.line(
        0,
        2,
        &[
            styled(STRONG, name),
            plain(format!(": {}", about.join(", "))),
        ],
    )?;
    if task.state == "dead" {
        // Nothing but the exit code is left of it.
        return Ok(());
    }
    if let Some(exe) = &task.exe {
        item(page, SECTION, "program", exe)?;
    }
    if let Some(size) = task.page_size {
        let ground = if size.stated {
            "AT_PAGESZ"
        } else {
            "assumed: the image does not state it"
        };
        item(
            page,
            SECTION,
            "page size",
            format!("{} bytes ({ground})", size.bytes),
        )?;
    }
    if let Some(vdso) = &task.vdso {
        let mut text = format!("{}-{}", vdso.start, vdso.end);
        text.extend(
            vdso.kernel
                .iter()
                .map(|kernel| format!(", kernel {kernel}")),
        );
        match vdso.sigreturn {
            Some(at) => text.push_str(&format!(", rt_sigreturn at {at} ({})", vdso.how)),
            None => text.push_str(", rt_sigreturn not found"),
        }
        text.extend(vdso.build_id.iter().map(|id| format!(", build id {id}")));
        item(page, SECTION, "vdso", text)?;
    }
    if !task.trampolines.is_empty() {
        let list: Vec<String> = task.trampolines.iter().map(Hex::to_string).collect();
        item(page, SECTION, "trampolines", list.join(", "))?;
    }
    if let Some(threads) = &task.threads {
        section(page, "threads", "")?;
        for part in threads {
            thread(page, part)?;
        }
    }
    if let Some(detail) = &task.auxv_detail {
        auxv(page, detail, task.hwcaps.as_ref(), verbose)?;
    }
    if let Some(found) = &task.frames {
        frames(page, found, task, verbose)?;
    }
    if let Some(part) = &task.memory {
        memory(page, part)?;
    }
    match &task.pac {
        Some(part) => pac(page, part),
        None => Ok(()),
    }
}

pub(super) fn section(page: &mut Page<'_>, name: &str, remark: &str) -> io::Result<()> {
    page.blank()?;
    heading(page, SECTION, name, remark)
}

/// How far tables led; nothing where there was none to begin with.
fn unwinding(of: &Unwinding) -> Option<String> {
    let why = match of.end {
        UnwindEnd::ProcessStart => "to where the process began",
        UnwindEnd::ThreadStart => "to where the thread began",
        UnwindEnd::OtherStart => "to the beginning of a stack that is not the thread's own",
        UnwindEnd::NoTable if of.functions == 0 => return None,
        UnwindEnd::NoTable => "there is no unwind table",
        UnwindEnd::Disagrees => "the code and its unwind table do not agree",
        UnwindEnd::Unusable => "the unwind table asks for what is not known",
        UnwindEnd::NotAscending => "the stack does not grow up",
        UnwindEnd::NotCalled => "the return address is not behind a call",
        UnwindEnd::Unreadable => "the stack is not in the image",
        UnwindEnd::NoFrame => "there is no signal frame to return through",
        UnwindEnd::Loop => "a signal frame comes a second time",
        UnwindEnd::TooLong => "more is not followed",
    };
    let functions = counted(of.functions, "function", "functions");
    let complete = matches!(
        of.end,
        UnwindEnd::ProcessStart | UnwindEnd::ThreadStart | UnwindEnd::OtherStart
    );
    Some(if complete {
        format!("through {functions}, {why}")
    } else {
        format!("through {functions}, up to {}: {why}", of.at)
    })
}

fn thread(page: &mut Page<'_>, thread: &Thread) -> io::Result<()> {
    let standing = &thread.standing;
    let mut text = match (standing.state, standing.number, &standing.name) {
        (Where::Syscall, Some(number), Some(name)) => {
            format!("in the system call {name} ({number})")
        }
        (Where::Syscall, Some(number), None) => format!("in system call {number}"),
        (Where::Syscall, None, _) => "in a system call".to_owned(),
        (Where::User, ..) => "in user code".to_owned(),
        (Where::NoRegisters, ..) => "without registers in the image".to_owned(),
    };
    text.extend(standing.ground.iter().map(|ground| match ground.as_str() {
        "instruction" => ", as the instruction shows".to_owned(),
        "registers" => ", as the registers suggest".to_owned(),
        other => format!(", ground: {other}"),
    }));
    if thread.handler_depth > 0 {
        text.push_str(&format!(
            "; {} below",
            counted(thread.handler_depth, "live frame", "live frames")
        ));
    }
    let name = thread
        .comm
        .as_ref()
        .map(|comm| format!(" {comm}"))
        .unwrap_or_default();
    page.line(
        ITEM,
        DETAIL,
        &[
            styled(STRONG, format!("tid {}{name}", thread.tid)),
            plain(format!(": {text}")),
        ],
    )?;
    let registers = pairs(&[
        ("pc", thread.pc),
        ("sp", thread.sp),
        ("pstate", thread.pstate),
        ("tls", thread.tls),
    ]);
    if !registers.is_empty() {
        item(page, DETAIL, "registers", registers)?;
    }
    if let Some(regs) = &thread.regs {
        registers_table(page, DETAIL, 'x', 16, regs)?;
    }
    if !thread.chain_complete && standing.state != Where::NoRegisters {
        item(
            page,
            DETAIL,
            "x29 chain",
            "could not be followed to its end",
        )?;
    }
    if let Some(text) = thread.unwinding.as_ref().and_then(unwinding) {
        item(page, DETAIL, "unwound", text)?;
    }
    if thread.tagged_registers > 0 {
        item(
            page,
            DETAIL,
            "tags",
            counted(thread.tagged_registers, "register holds", "registers hold")
                + " a tagged address",
        )?;
    }
    if let Some(stack) = thread.altstack {
        item(
            page,
            DETAIL,
            "altstack",
            format!("{}, {} bytes, flags {}", stack.sp, stack.size, stack.flags),
        )?;
    }
    if thread.blocked.0 != 0 || thread.pending > 0 {
        item(
            page,
            DETAIL,
            "signals",
            format!("blocked {}, {} pending", thread.blocked, thread.pending),
        )?;
    }
    match thread.gcs {
        Some(gcs) => item(
            page,
            DETAIL,
            "gcs",
            format!("gcspr {}, features {}", gcs.gcspr, gcs.features_enabled),
        ),
        None => Ok(()),
    }
}

/// Registers by number, all of the same width so that they stand below each other.
pub(super) fn registers_table(
    page: &mut Page<'_>,
    indent: usize,
    letter: char,
    digits: usize,
    values: &[Hex],
) -> io::Result<()> {
    let mut cells = Vec::new();
    for (number, value) in values.iter().enumerate() {
        let glue = if number < 10 {
            format!("{GLUE}{GLUE}")
        } else {
            GLUE.to_string()
        };
        cells.push(format!("{letter}{number}{glue}0x{:0digits$x}", value.0));
    }
    page.line(indent, indent, &[plain(cells.join("  "))])
}

fn auxv(
    page: &mut Page<'_>,
    auxv: &Auxv,
    hwcaps: Option<&Hwcaps>,
    verbose: bool,
) -> io::Result<()> {
    section(
        page,
        "auxv",
        &format!("{} saved", counted(auxv.entries.len(), "entry", "entries")),
    )?;
    let rows: Vec<Vec<Span>> = auxv
        .entries
        .iter()
        .map(|entry| entry_row(entry, verbose))
        .collect();
    page.table(ITEM, &rows)?;
    for oddity in &auxv.oddities {
        page.line(
            ITEM,
            DETAIL,
            &[styled(OPEN, "odd"), plain(format!(": {oddity}"))],
        )?;
    }
    match (&auxv.stack, &auxv.stack_missing) {
        (Some(copy), _) => {
            let differ = match auxv.differences.len() {
                0 => "as saved".to_owned(),
                count => format!(
                    "{} from what is saved",
                    counted(count, "entry differs", "entries differ")
                ),
            };
            item(
                page,
                ITEM,
                "on stack",
                format!("{}, {differ}", copy.address),
            )?;
        }
        (None, why) => {
            let why = why.as_deref().unwrap_or("no reason given");
            item(page, ITEM, "on stack", format!("not found: {why}"))?;
        }
    }
    for differs in &auxv.differences {
        let word = |value: Option<Hex>| {
            value.map_or_else(|| "absent".to_owned(), |value| value.to_string())
        };
        let name = differs
            .name
            .clone()
            .unwrap_or_else(|| format!("AT_{}", differs.tag));
        let text = format!(
            ": saved {}, on the stack {}",
            word(differs.saved),
            word(differs.stack)
        );
        page.line(DETAIL, DETAIL + 2, &[styled(OPEN, name), plain(text)])?;
    }
    if let Some(hwcaps) = hwcaps {
        let features = if hwcaps.features.is_empty() {
            "none".to_owned()
        } else {
            hwcaps.features.join(" ")
        };
        item(page, ITEM, "told of", features)?;
        if !hwcaps.unknown_bits.is_empty() {
            item(page, ITEM, "unnamed", hwcaps.unknown_bits.join(" "))?;
        }
    }
    Ok(())
}

/// Entries whose value is a count or an id.
const COUNTS: [&str; 12] = [
    "AT_PHENT",
    "AT_PHNUM",
    "AT_PAGESZ",
    "AT_UID",
    "AT_EUID",
    "AT_GID",
    "AT_EGID",
    "AT_CLKTCK",
    "AT_SECURE",
    "AT_RSEQ_FEATURE_SIZE",
    "AT_RSEQ_ALIGN",
    "AT_MINSIGSTKSZ",
];

fn entry_row(entry: &AuxvEntry, verbose: bool) -> Vec<Span> {
    let name = entry
        .name
        .clone()
        .unwrap_or_else(|| format!("AT_{}", entry.tag));
    let is_count = COUNTS.contains(&name.as_str());
    let decimal = entry.value.0.to_string();
    let raw = entry.value.to_string();
    if verbose {
        let tag = styled(FAINT, format!("{:>2}", entry.tag));
        let mut row = vec![tag, plain(name), plain(raw)];
        row.extend(is_count.then(|| styled(FAINT, format!("= {decimal}"))));
        row
    } else {
        vec![plain(name), plain(if is_count { decimal } else { raw })]
    }
}

fn memory(page: &mut Page<'_>, memory: &Memory) -> io::Result<()> {
    section(page, "memory", "")?;
    let kinds = [
        ("present", memory.present, "in this image"),
        ("zero", memory.zero, "anonymous, without a page"),
        ("file", memory.file, "from mapped files at the restore"),
        ("lazy", memory.lazy, "left to a lazy-pages server"),
        ("parent", memory.parent, "in a parent image"),
        ("missing", memory.missing, "not to be had"),
    ];
    let rows: Vec<Vec<Span>> = kinds
        .into_iter()
        .filter(|(name, size, _)| *size > 0 || *name == "present")
        .map(|(name, size, what)| vec![styled(FAINT, name), right(&bytes(size), 11), plain(what)])
        .collect();
    page.table(ITEM, &rows)?;
    match memory.top {
        Some(top) => item(
            page,
            ITEM,
            "top",
            format!("{top} is the end of the highest mapping"),
        ),
        None => Ok(()),
    }
}

fn pac(page: &mut Page<'_>, pac: &[Pac]) -> io::Result<()> {
    section(page, "pointer authentication", "(keys are never shown)")?;
    for of in pac {
        let state = match of.state {
            None => "no registers in the image".to_owned(),
            Some(PacSaved::NotSaved) => {
                "no keys: the CRIU that dumped does not save them".to_owned()
            }
            Some(PacSaved::Absent) => {
                "no keys: the machine had no pointer authentication".to_owned()
            }
            Some(PacSaved::Saved) => match (of.address_keys, of.generic_key) {
                (true, true) => "address keys and generic key saved".to_owned(),
                (true, false) => "address keys saved".to_owned(),
                (false, true) => "generic key saved".to_owned(),
                (false, false) => "saved, but no key is there".to_owned(),
            },
        };
        let mut text = state;
        text.extend(of.enabled.map(|mask| format!(", enabled {mask}")));
        if of.returns > 0 {
            text.push_str(&format!(
                "; {} of {} return addresses signed",
                of.signed_returns, of.returns
            ));
        }
        item(page, ITEM, &format!("tid {}", of.tid), text)?;
    }
    Ok(())
}
