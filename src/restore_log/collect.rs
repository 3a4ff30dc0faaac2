//! From a log to the lines of it that say something.

use std::collections::{BTreeMap, HashMap};
use std::io::{self, BufRead};

use super::bounded::{MAX_BYTES, Spot};
use super::envelope::Messages;
use super::kernel::{self, NEAR};
use super::line::{Level, Line, Writer};
use super::progress::Progress;
use super::recognise::{self, Match};
use super::row::{Form, Role, Row, When};
use super::rows;
use crate::abi::restore;
use crate::criu_image::ask::Ask;
use crate::units::Version;

/// Most different messages that are kept of one run, and of what is not CRIU's. Equal ones count as
/// one; what is more is counted.
pub const MAX_ENTRIES: usize = 2048;

/// Most values of lines of context that are kept, over all tasks.
const MAX_CONTEXT: usize = 65_536;

/// The bits of `mmap`'s flags that hold a mapping's type, and the type of memory the kernel may drop
/// (kernel 6.11, include/uapi/linux/mman.h).
const MAP_TYPE: u64 = 0xf;
const MAP_DROPPABLE: u64 = 0x8;

/// Whether a kernel has it; one that is not known may not.
fn has_droppable(kernel: Option<Version>) -> bool {
    let floor = restore::row(Ask::Droppable).and_then(|row| row.kernel.as_ref());
    kernel.is_some_and(|kernel| floor.is_some_and(|floor| floor.met_by(kernel)))
}

/// Most pairs of real and saved process ids that are kept: more tasks than any checkpoint of a container.
const MAX_PIDS: usize = 65_536;

/// Lines behind an engine's message in which it names what belongs to it: a record of the journal has many.
const BEHIND: u64 = 40;

/// A log, read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Log {
    /// Its name, as the user gave it.
    pub name: String,
    /// Lines.
    pub lines: u64,
    /// Bytes read.
    pub bytes: u64,
    /// Whether it is longer than what was read.
    pub cut: bool,
    /// Lines that were too long to be kept whole.
    pub cut_lines: u64,
    /// The last run of CRIU in it; `None` where no line is CRIU's.
    pub run: Option<Run>,
    /// Runs before that one.
    pub earlier_runs: u64,
    /// What the kernel and other programs wrote.
    pub others: Vec<Entry>,
    /// Messages past [`MAX_ENTRIES`] that were not kept.
    pub dropped: u64,
}

/// One run of CRIU.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Run {
    /// CRIU's version, as it writes it.
    pub criu: Option<String>,
    /// The kernel's release, and the architecture, where the line about them is in the log.
    pub kernel: Option<String>,
    /// As `uname -m` has it.
    pub arch: Option<String>,
    /// Saved process ids by the ones the host gave.
    pub pids: BTreeMap<u32, u32>,
    /// Messages in the order of their first line.
    pub entries: Vec<Entry>,
    /// The last line, for logs that break off.
    pub last: Option<Entry>,
    /// The line before the first that tells of a failure.
    pub before_failure: Option<Entry>,
    /// How far CRIU had come, line by line.
    pub progress: Progress,
}

impl Run {
    /// CRIU's version as a number.
    #[must_use]
    pub fn criu_version(&self) -> Option<Version> {
        Version::parse(self.criu.as_deref()?.trim_start_matches('v'))
    }

    /// The kernel's version as a number.
    #[must_use]
    pub fn kernel_version(&self) -> Option<Version> {
        Version::parse(self.kernel.as_deref()?)
    }
}

/// A message that says something: one that a row knows, or an error that none does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Its line, counted from 1.
    pub line: u64,
    /// The last line that says the same.
    pub last_line: u64,
    /// The first byte of its line.
    pub offset: u64,
    /// Microseconds since CRIU began or the machine started.
    pub time: Option<u64>,
    /// The task it was written for.
    pub pid: Option<u32>,
    /// CRIU's level; `None` for what is not CRIU's.
    pub level: Option<Level>,
    /// CRIU source file and line it names.
    pub at: Option<(String, u32)>,
    /// The message without its prefix.
    pub text: String,
    /// The row that knows it.
    pub row: Option<&'static Row>,
    /// What it named, by the row's names.
    pub values: Vec<(&'static str, String)>,
    /// Registers the kernel printed behind it.
    pub registers: Registers,
    /// How often it was written.
    pub count: u64,
}

/// Registers of a task that died.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Registers {
    /// Program counter.
    pub pc: Option<u64>,
    /// Stack pointer.
    pub sp: Option<u64>,
    /// Link register.
    pub lr: Option<u64>,
}

impl Entry {
    /// A value the message named.
    #[must_use]
    pub fn value(&self, name: &str) -> Option<&str> {
        self.values
            .iter()
            .find(|(known, _)| *known == name)
            .map(|(_, value)| value.as_str())
    }

    /// The role of its row.
    #[must_use]
    pub fn role(&self) -> Option<Role> {
        self.row.map(|row| row.role)
    }

    /// The task it is about: the one the message names, else the one it was written for.
    #[must_use]
    pub fn about(&self) -> Option<u32> {
        self.value("pid")
            .and_then(|pid| pid.parse().ok())
            .or(self.pid)
    }
}

/// Reads a log to its end, or as far as [`MAX_BYTES`].
///
/// # Errors
/// What the input says.
pub fn collect(name: &str, input: impl BufRead) -> io::Result<Log> {
    collect_up_to(name, input, MAX_BYTES)
}

pub(super) fn collect_up_to(name: &str, input: impl BufRead, limit: u64) -> io::Result<Log> {
    let mut messages = Messages::new(input, limit);
    let mut collector = Collector::default();
    while let Some(message) = messages.next()? {
        collector.line(message.spot, &message.text);
    }
    let mut log = collector.log;
    if let Some(run) = &mut log.run {
        by_count(&mut run.entries);
    }
    name.clone_into(&mut log.name);
    let lines = messages.lines();
    (log.lines, log.bytes) = (lines.lines, lines.bytes);
    (log.cut, log.cut_lines) = (lines.cut, messages.cut_lines());
    Ok(log)
}

/// What makes two messages the same: the row or its text, and the task.
type Key = (Option<&'static str>, Option<u32>, String);

#[derive(Default)]
struct Collector {
    log: Log,
    /// Index of each message of the present run.
    seen: HashMap<Key, usize>,
    /// The same of what is not CRIU's.
    seen_others: HashMap<Key, usize>,
    /// What lines of context and hints named last, by task and name.
    context: HashMap<(Option<u32>, &'static str), String>,
    /// The message whose registers may follow, and the last line they may stand in.
    dying: Option<(usize, u64)>,
}

impl Collector {
    fn line(&mut self, spot: Spot, text: &str) {
        let line = Line::parse(text);
        match line.writer {
            Writer::Criu { level, file, .. } => self.criu(spot, &line, level, file),
            Writer::Other => self.other(spot, &line),
        }
    }

    fn criu(&mut self, spot: Spot, line: &Line<'_>, level: Level, file: Option<&str>) {
        let found = match level {
            Level::Error => recognise::error(line.text, file, |when| self.holds(when, line.pid)),
            Level::Warn => None,
            Level::Info => recognise::info(line.text),
        };
        if found
            .as_ref()
            .is_some_and(|found| found.row.id == rows::VERSION)
        {
            self.new_run();
        }
        let run = self.log.run.get_or_insert_default();
        let row = found.as_ref().map(|found| found.row);
        run.progress.note(spot.line, line, level, file, row);
        let failed = level == Level::Error
            || found
                .as_ref()
                .is_some_and(|found| matches!(found.row.role, Role::Failed | Role::DumpFailed));
        if failed && run.before_failure.is_none() {
            run.before_failure.clone_from(&run.last);
        }
        let entry = entry(spot, line, found);
        match entry.role() {
            // Most lines of a log: nothing but the last of them is of use.
            None if level != Level::Error => run.last = Some(entry),
            role => {
                run.last = Some(entry.clone());
                if matches!(role, Some(Role::Context | Role::Hint)) {
                    self.remember(&entry);
                }
                match role {
                    Some(Role::Context) => self.context(&entry),
                    Some(Role::Reached(_)) => {}
                    _ => self.keep(entry),
                }
            }
        }
    }

    fn keep(&mut self, entry: Entry) {
        let entry = self.with_context(entry);
        let run = self.log.run.get_or_insert_default();
        let kept = keep(&mut run.entries, &mut self.seen, entry);
        self.log.dropped = self.log.dropped.saturating_add(u64::from(kept.is_none()));
    }

    /// Forgets the run before: what is asked for is the last one.
    fn new_run(&mut self) {
        let under_way = self.log.run.as_ref().is_some_and(|run| run.criu.is_some());
        if under_way {
            self.log.run = None;
            self.seen.clear();
            self.context.clear();
            self.log.earlier_runs = self.log.earlier_runs.saturating_add(1);
        }
    }

    fn context(&mut self, entry: &Entry) {
        let run = self.log.run.get_or_insert_default();
        let value = |name: &str| entry.value(name).map(str::to_owned);
        match entry.row.map(|row| row.id) {
            Some(rows::VERSION) => run.criu = value("version"),
            Some(rows::MACHINE) => (run.kernel, run.arch) = (value("kernel"), value("arch")),
            Some(rows::PIDS) if run.pids.len() < MAX_PIDS => {
                let number = |name: &str| entry.value(name).and_then(|pid| pid.parse().ok());
                if let (Some(real), Some(saved)) = (number("real"), number("saved")) {
                    run.pids.insert(real, saved);
                }
            }
            _ => {}
        }
    }

    /// Keeps what a line names for the messages behind it.
    fn remember(&mut self, entry: &Entry) {
        for (name, value) in &entry.values {
            let key = (entry.pid, *name);
            if self.context.len() < MAX_CONTEXT || self.context.contains_key(&key) {
                self.context.insert(key, value.clone());
            }
        }
    }

    /// What an earlier line of the task, else of CRIU's first process, named.
    fn remembered(&self, pid: Option<u32>, name: &'static str) -> Option<&String> {
        self.context
            .get(&(pid, name))
            .or_else(|| self.context.get(&(None, name)))
    }

    /// Adds what an earlier line named and this one does not.
    fn with_context(&self, mut entry: Entry) -> Entry {
        for name in entry.row.map_or(&[][..], |row| row.after) {
            if entry.value(name).is_none()
                && let Some(value) = self.remembered(entry.pid, name)
            {
                entry.values.push((name, value.clone()));
            }
        }
        entry
    }

    /// Whether the log says what a row asks for besides its message.
    fn holds(&self, when: When, pid: Option<u32>) -> bool {
        match when {
            When::Always => true,
            When::PcSigned => false,
            When::Droppable => {
                let kernel = self.log.run.as_ref().and_then(Run::kernel_version);
                let flags = self
                    .remembered(pid, "flags")
                    .and_then(|flags| u64::from_str_radix(flags.trim_start_matches("0x"), 16).ok());
                flags.is_some_and(|flags| flags & MAP_TYPE == MAP_DROPPABLE)
                    && !has_droppable(kernel)
            }
        }
    }

    fn other(&mut self, spot: Spot, line: &Line<'_>) {
        let Some(found) = recognise::other(line.text, &Registers::default()) else {
            self.registers(spot, line.text);
            return;
        };
        if found.row.form == Form::Info {
            // CRIU on its terminal, or with time stamps switched off.
            self.criu(spot, line, Level::Info, None);
            return;
        }
        let dies = found.row.form == Form::Kernel;
        let entry = entry(spot, line, Some(found));
        if entry.role() == Some(Role::Context) {
            self.remember(&entry);
            self.complete(&entry);
        }
        let entry = self.with_context(entry);
        match keep(&mut self.log.others, &mut self.seen_others, entry) {
            Some(at) if dies => self.dying = Some((at, spot.line.saturating_add(NEAR))),
            Some(_) => {}
            None => self.log.dropped = self.log.dropped.saturating_add(1),
        }
    }

    /// Adds what a line names to the messages just before it, whose writers put it on a line of its own.
    fn complete(&mut self, context: &Entry) {
        let near = |message: &&mut Entry| message.line.saturating_add(BEHIND) >= context.line;
        for message in self.log.others.iter_mut().rev().take_while(near) {
            for name in message.row.map_or(&[][..], |row| row.after) {
                if message.value(name).is_none()
                    && let Some(value) = context.value(name)
                {
                    message.values.push((name, value.to_owned()));
                }
            }
        }
    }

    fn registers(&mut self, spot: Spot, text: &str) {
        let Some(entry) = self
            .dying
            .filter(|(_, last)| spot.line <= *last)
            .and_then(|(at, _)| self.log.others.get_mut(at))
        else {
            return;
        };
        let before = entry.registers;
        kernel::read(text, &mut entry.registers);
        if entry.registers.pc != before.pc
            && let Some(found) = recognise::other(&entry.text, &entry.registers)
        {
            (entry.row, entry.values) = (Some(found.row), found.values);
        }
    }
}

fn entry(spot: Spot, line: &Line<'_>, found: Option<Match>) -> Entry {
    let (level, at) = match line.writer {
        Writer::Criu { level, file, line } => (Some(level), file.map(str::to_owned).zip(line)),
        Writer::Other => (None, None),
    };
    let (row, values) = match found {
        Some(found) => (Some(found.row), found.values),
        None => (None, Vec::new()),
    };
    let mut entry = Entry {
        line: spot.line,
        last_line: spot.line,
        offset: spot.offset,
        time: line.time,
        pid: line.pid,
        level,
        at,
        text: line.text.to_owned(),
        row,
        values,
        registers: Registers::default(),
        count: 1,
    };
    let register = |name: &str| {
        let digits = entry.value(name)?.trim_start_matches("0x");
        u64::from_str_radix(digits, 16).ok()
    };
    let (pc, sp) = (register("pc"), register("sp"));
    (entry.registers.pc, entry.registers.sp) = (pc, sp);
    entry
}

/// Adds a message to a list, or counts it where the list has it. The place in the list; `None` where
/// it is full.
fn keep(list: &mut Vec<Entry>, seen: &mut HashMap<Key, usize>, entry: Entry) -> Option<usize> {
    let key = (entry.row.map(|row| row.id), entry.pid, entry.text.clone());
    if let Some(at) = seen.get(&key).copied() {
        if let Some(known) = list.get_mut(at) {
            known.count = known.count.saturating_add(1);
            known.last_line = entry.line;
        }
        return Some(at);
    }
    if list.len() >= MAX_ENTRIES {
        return None;
    }
    let at = list.len();
    seen.insert(key, at);
    list.push(entry);
    Some(at)
}

/// Gives messages that one task wrote often the row they then belong to.
fn by_count(entries: &mut [Entry]) {
    let mut counts: HashMap<(&'static str, Option<u32>), u64> = HashMap::new();
    for entry in entries.iter() {
        if let Some(row) = entry.row {
            let count = counts.entry((row.id, entry.pid)).or_default();
            *count = count.saturating_add(entry.count);
        }
    }
    for entry in entries {
        let Some(row) = entry.row else { continue };
        let count = counts.get(&(row.id, entry.pid)).copied().unwrap_or(0);
        if let Some((many, other)) = row.many
            && count >= many
        {
            entry.row = rows::find(other).or(Some(row));
        }
    }
}
