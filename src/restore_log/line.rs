//! Whose line it is: CRIU's prefixes, and those of the kernel, the journal and syslog.

use std::sync::LazyLock;

use regex::Regex;

/// A line and what its prefix says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Line<'a> {
    /// Who wrote it.
    pub writer: Writer<'a>,
    /// Microseconds since the writer began (CRIU) or the machine started (kernel).
    pub time: Option<u64>,
    /// The task CRIU wrote it for.
    pub pid: Option<u32>,
    /// Whether code of CRIU inside the task wrote it (`pie`): the restorer, or the parasite of a dump.
    pub restorer: bool,
    /// The message behind the prefix.
    pub text: &'a str,
}

/// Who wrote a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Writer<'a> {
    /// CRIU.
    Criu {
        /// How serious it is.
        level: Level,
        /// Source file it names, as it stands in the line.
        file: Option<&'a str>,
        /// Line in that file.
        line: Option<u32>,
    },
    /// The kernel, or whoever writes without a prefix of CRIU's.
    Other,
}

/// CRIU's levels, as far as a line shows them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Level {
    /// `Error (…)`.
    Error,
    /// `Warn  (…)`.
    Warn,
    /// Anything else.
    Info,
}

/// A message with its level and its source (`pr_err`, `pr_warn`; CRIU 3.0 to 4.2 `criu/include/log.h`).
/// It may stand anywhere: CRIU's first messages do not end their lines.
static LEVELLED: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r"(Error|Warn) +\(([A-Za-z0-9_./-]+\.[ch]):([0-9]+)\): ?(.*)$").ok()
});

/// What CRIU puts before a message: the time (`print_ts`, `criu/log.c`; from verbosity 3 on), `pie` for
/// its restorer (`compel/plugins/std/log.c`), and the task.
static PREFIX: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r"(?:\(([0-9]+)\.([0-9]{1,6})\) ?)?(?:(pie): )? *(?:([0-9]+): )?$").ok()
});

/// The same before a message without a level, where time or `pie` must stand for it to be CRIU's.
static PLAIN: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(
        r"^(?:\(([0-9]+)\.([0-9]{1,6})\) ?(?:(pie): )? *(?:([0-9]+): )?|(pie): (?:([0-9]+): )?)(.*)$",
    )
    .ok()
});

/// What stands before a kernel's message: a priority, the times `dmesg` and `dmesg -T` print, the
/// stamps of syslog and the journal with host and `kernel:`.
static KERNEL: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(concat!(
        r"^(?:<[0-9]+>)?",
        r"(?:(?:[A-Z][a-z]{2} +[0-9]{1,2} [0-9:]{8}|[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:.,+Z-]+) +[^ ]+ kernel: )?",
        r"(?:\[ *([0-9]+)\.([0-9]{6})\] ?|\[[A-Z][a-z]{2} [A-Z][a-z]{2} +[0-9]{1,2} [0-9:]{8} [0-9]{4}\] ?)?",
        r"(?:[^ ]+ kernel: )?",
    ))
    .ok()
});

impl<'a> Line<'a> {
    /// Takes a line apart. One without a prefix of CRIU's is [`Writer::Other`], with the prefixes of
    /// kernel and journal taken off.
    #[must_use]
    pub fn parse(line: &'a str) -> Self {
        levelled(line)
            .or_else(|| unlevelled(line))
            .unwrap_or_else(|| other(line))
    }
}

fn levelled(line: &str) -> Option<Line<'_>> {
    let found = LEVELLED.as_ref()?.captures(line)?;
    let before = line.get(..found.get(0)?.start())?;
    let prefix = PREFIX.as_ref()?.captures(before)?;
    let part = |at: usize| prefix.get(at).map(|part| part.as_str());
    Some(Line {
        writer: Writer::Criu {
            level: match found.get(1)?.as_str() {
                "Error" => Level::Error,
                _ => Level::Warn,
            },
            file: found.get(2).map(|file| file.as_str()),
            line: found.get(3).and_then(|line| line.as_str().parse().ok()),
        },
        time: micros(part(1), part(2)),
        pid: part(4).and_then(|pid| pid.parse().ok()),
        restorer: part(3).is_some(),
        text: found.get(4)?.as_str().trim_end(),
    })
}

fn unlevelled(line: &str) -> Option<Line<'_>> {
    let found = PLAIN.as_ref()?.captures(line)?;
    let part = |at: usize| found.get(at).map(|part| part.as_str());
    Some(Line {
        writer: Writer::Criu {
            level: Level::Info,
            file: None,
            line: None,
        },
        time: micros(part(1), part(2)),
        pid: part(4).or(part(6)).and_then(|pid| pid.parse().ok()),
        restorer: part(3).or(part(5)).is_some(),
        text: part(7)?.trim(),
    })
}

fn other(line: &str) -> Line<'_> {
    let found = KERNEL.as_ref().and_then(|kernel| kernel.captures(line));
    let end = found
        .as_ref()
        .and_then(|found| found.get(0))
        .map_or(0, |all| all.end());
    let part = |at: usize| {
        found
            .as_ref()
            .and_then(|found| found.get(at))
            .map(|part| part.as_str())
    };
    Line {
        writer: Writer::Other,
        time: micros(part(1), part(2)),
        pid: None,
        restorer: false,
        text: line.get(end..).unwrap_or(line).trim_end(),
    }
}

/// Seconds and their six decimals; CRIU cuts digits off the end once the seconds have three.
fn micros(seconds: Option<&str>, fraction: Option<&str>) -> Option<u64> {
    let seconds: u64 = seconds?.parse().ok()?;
    let fraction = fraction?;
    let digits = u32::try_from(fraction.len()).ok()?;
    let scale = 10_u64.checked_pow(6_u32.checked_sub(digits)?)?;
    let fraction = fraction.parse::<u64>().ok()?.checked_mul(scale)?;
    seconds.checked_mul(1_000_000)?.checked_add(fraction)
}
