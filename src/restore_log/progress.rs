//! How far CRIU had come, as the lines of its log show it.
//!
//! CRIU's first process works alone until it forks the first task: it tries out the kernel, reads the
//! image and only then makes tasks. An error that stops it in one of these stages stops it before the
//! next one, so a later stage refutes it. From the first task on several processes write at once, and
//! only a task's own progress says something of that task's errors.

use std::collections::{BTreeMap, BTreeSet};

use super::line::{Level, Line};
use super::row::{Role, Row};
use super::rows;

/// Most tasks whose progress is kept.
const MAX_TASKS: usize = 65_536;

/// How far CRIU had come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Stage {
    /// It reads its options and tries out what the kernel can do (`kerndat_init`).
    Starting,
    /// It collects the tasks of a dump.
    Dumping,
    /// It reads the image.
    Reading,
    /// It makes the tasks.
    Forking,
    /// Its restorer runs in the tasks.
    Restoring,
}

/// CRIU source files whose messages, without a task in front and before the image is read, come from
/// nothing but the trials of `kerndat_init` (CRIU 3.12 to 4.2).
const PROBES: &[&str] = &["kerndat.c", "tun.c", "libnetlink.c", "sockets.c"];

/// Those of them that write nothing else before the tasks of a dump are looked for.
const DUMP_PROBES: &[&str] = &["kerndat.c"];

/// CRIU source files with functions that run before the image is read or the first task seized: those
/// that `main`, `setup_opts_from_req` and `kerndat_init` call (CRIU 3.12 to 4.2). An error from any
/// other file shows that CRIU had left its start behind.
const START: &[&str] = &[
    "kerndat.c",
    "tun.c",
    "libnetlink.c",
    "sockets.c",
    "net.c",
    "netfilter.c",
    "sk-unix.c",
    "vdso.c",
    "vdso-compat.c",
    "util-vdso.c",
    "pie-util-vdso.c",
    "crtools.c",
    "config.c",
    "cr-check.c",
    "cr-service.c",
    "cr-errno.c",
    "image.c",
    "log.c",
    "lsm.c",
    "util.c",
    "uffd.c",
    "proc_parse.c",
    "namespaces.c",
    "servicefd.c",
    "fdstore.c",
    "pidfd-store.c",
    "plugin.c",
    "external.c",
    "action-scripts.c",
    "infect.c",
    "infect-util.c",
    "ptrace.c",
    "parasite-syscall.c",
    "mount.c",
    "timens.c",
    "string.c",
    "xmalloc.h",
];

/// CRIU source files that run in dumps only, and `criu check`, which ends there.
const DUMP: &[&str] = &["cr-dump.c", "seize.c", "parasite.c"];

/// What later lines say of an error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Later {
    /// Nothing: it may have stopped CRIU.
    Allows,
    /// It hardly stopped CRIU.
    Doubts,
    /// It did not stop CRIU.
    Refutes,
}

/// What a run's lines show of its progress.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Progress {
    /// The first line that shows each stage; errors do not count.
    first: BTreeMap<Stage, u64>,
    /// The last line that only a CRIU past its start writes, errors included.
    past_start: Option<u64>,
    /// The last line of each task's restorer.
    restorers: BTreeMap<u32, u64>,
    /// Tasks that lines were written for.
    tasks: BTreeSet<u32>,
    /// Whether a line is of a dump.
    dump: bool,
}

impl Progress {
    /// Takes a line of CRIU into account.
    pub(super) fn note(
        &mut self,
        at: u64,
        line: &Line<'_>,
        level: Level,
        file: Option<&str>,
        row: Option<&Row>,
    ) {
        let role = row.map(|row| row.role);
        if let Some(Role::Reached(stage)) = role {
            self.reached(stage, at);
        }
        if row.is_some_and(|row| rows::LOOKED_FOR.contains(&row.id)) {
            self.reached(Stage::Reading, at);
        }
        self.dump |= row.is_some_and(|row| row.dump)
            || matches!(role, Some(Role::Dump | Role::DumpFailed))
            || role == Some(Role::Reached(Stage::Dumping))
            || file.is_some_and(|file| is_one_of(file, DUMP));
        if let Some(pid) = line.pid {
            if self.tasks.len() < MAX_TASKS {
                self.tasks.insert(pid);
            }
            let stage = if line.restorer {
                Stage::Restoring
            } else {
                Stage::Forking
            };
            self.reached(stage, at);
            if line.restorer
                && (self.restorers.len() < MAX_TASKS || self.restorers.contains_key(&pid))
            {
                self.restorers.insert(pid, at);
            }
        }
        let ended = matches!(
            role,
            Some(Role::Failed | Role::Restored | Role::Dump | Role::DumpFailed)
        );
        if ended || (level != Level::Info && file.is_some_and(|file| !is_one_of(file, START))) {
            self.past_start = Some(at);
        }
    }

    fn reached(&mut self, stage: Stage, at: u64) {
        self.first.entry(stage).or_insert(at);
    }

    /// Whether the log is that of a dump.
    #[must_use]
    pub fn is_dump(&self) -> bool {
        self.dump
    }

    /// Whether CRIU got past its start.
    #[must_use]
    pub fn left_start(&self) -> bool {
        self.past_start.is_some() || !self.first.is_empty()
    }

    /// Whether CRIU's restorer ran in a task.
    #[must_use]
    pub fn in_restorer(&self) -> bool {
        !self.dump && self.first.contains_key(&Stage::Restoring)
    }

    /// Tasks that CRIU wrote lines for.
    pub fn tasks(&self) -> impl Iterator<Item = u32> {
        self.tasks.iter().copied()
    }

    /// Whether the log holds more than errors (`-vv` and up): the image was read, and a line says so.
    fn talkative(&self) -> bool {
        self.first.contains_key(&Stage::Reading)
    }

    /// How far CRIU had come when a line was written.
    #[must_use]
    pub fn at(&self, line: u64) -> Stage {
        self.first
            .iter()
            .filter(|(_, first)| **first <= line)
            .map(|(stage, _)| *stage)
            .max()
            .unwrap_or(Stage::Starting)
    }

    /// What later lines say of an error that was written last at `line`, by the task `pid` or by CRIU's
    /// first process, from a source file. `named` says whether a row knows it: against a reason that is
    /// known, a task's line alone says nothing, for in a log of errors the first of them may come late.
    #[must_use]
    pub fn later(&self, line: u64, pid: Option<u32>, file: Option<&str>, named: bool) -> Later {
        if let Some(pid) = pid {
            // A task that failed does not reach its restorer.
            let restorer = self.dump || file.is_some_and(|file| file.contains("pie/"));
            let reached = self.restorers.get(&pid).is_some_and(|last| *last > line);
            return if reached && !restorer {
                Later::Refutes
            } else {
                Later::Allows
            };
        }
        let at = self.at(line);
        let probes = if self.dump { DUMP_PROBES } else { PROBES };
        let probe = at == Stage::Starting && file.is_some_and(|file| is_one_of(file, probes));
        if probe && self.past_start.is_some_and(|later| later > line) {
            return Later::Refutes;
        }
        let reached = |stage: Stage| {
            self.first.get(&stage).is_some_and(|first| *first > line)
                && stage > at
                && self.dump == (stage == Stage::Dumping)
        };
        let sure = reached(Stage::Dumping) || reached(Stage::Reading);
        let tasks = reached(Stage::Forking) || reached(Stage::Restoring);
        if at >= Stage::Forking {
            Later::Allows
        } else if sure || (tasks && (probe || self.talkative())) {
            Later::Refutes
        } else if tasks && !named {
            Later::Doubts
        } else {
            Later::Allows
        }
    }
}

fn is_one_of(file: &str, names: &[&str]) -> bool {
    let name = file.rsplit('/').next().unwrap_or(file);
    names.contains(&name)
}
