//! Runs a command, such as `criu restore`, with the vector lengths an image's signal frames were written
//! with.
//!
//! `rt_sigreturn` refuses an SVE or ZA record whose length is not the task's own, and CRIU does not restore
//! that length: a restored task has the one of the process that forked it, which is the machine's default
//! unless somebody chose another. `docs/launch.md` says who inherits it and what was proven.
#![deny(
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss
)]

mod prctl;

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]
mod tests;

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::io;
use std::process::Command;

use thiserror::Error;

use crate::facts::Facts;
use crate::sigframe::model::{Frame, Length, Liveness};
use crate::units::{Addr, Pid, Vl};

/// Which vectors a length is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Vectors {
    /// SVE outside of streaming mode.
    Sve,
    /// Streaming SVE and ZA.
    Sme,
}

impl Vectors {
    /// Both kinds, in the order they are set.
    pub const ALL: [Self; 2] = [Self::Sve, Self::Sme];

    /// For people.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Sve => "SVE",
            Self::Sme => "SME (streaming)",
        }
    }

    /// The feature as `/proc/cpuinfo` spells it.
    #[must_use]
    pub fn feature(self) -> &'static str {
        match self {
            Self::Sve => "sve",
            Self::Sme => "sme",
        }
    }

    /// The operation of prctl(2) that chooses the length, and its name.
    #[must_use]
    pub fn operation(self) -> &'static str {
        match self {
            Self::Sve => "PR_SVE_SET_VL",
            Self::Sme => "PR_SME_SET_VL",
        }
    }
}

/// A frame that shows a length.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shown {
    /// The length, bytes; never 0.
    pub vl: Vl,
    /// The task.
    pub pid: Pid,
    /// The frame's base.
    pub frame: Addr,
}

/// One length to choose.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Choice {
    /// For which vectors.
    pub vectors: Vectors,
    /// The length, bytes.
    pub vl: Vl,
    /// The first frame that shows it.
    pub shown: Shown,
    /// How many frames show it.
    pub frames: usize,
}

/// Why a command is not run.
#[derive(Debug, Error)]
pub enum Error {
    /// Frames were written with different lengths; one process has one.
    #[error("the image's signal frames disagree on the {} vector length: {}", vectors.name(), list(frames))]
    Disagree {
        /// Which length.
        vectors: Vectors,
        /// One frame for each length.
        frames: Vec<Shown>,
    },
    /// Lengths can be chosen on arm64 Linux only.
    #[error("vector lengths can be chosen on arm64 Linux only, and this is {arch} {os}")]
    OtherMachine {
        /// Its architecture.
        arch: &'static str,
        /// Its system.
        os: &'static str,
    },
    /// The kernel refused.
    #[error("{}({vl}) failed: {source}; does this machine have {}?", vectors.operation(), vectors.feature())]
    Refused {
        /// Which length.
        vectors: Vectors,
        /// The length, bytes.
        vl: Vl,
        /// The kernel's answer.
        source: io::Error,
    },
    /// The kernel chose a shorter length because the machine does not have this one.
    #[error("this machine has no {} vector length of {vl} bytes; it would take {got}", vectors.name())]
    NotSupported {
        /// Which length.
        vectors: Vectors,
        /// The length asked for, bytes.
        vl: Vl,
        /// The one it would take, bytes.
        got: Vl,
    },
    /// There is no program to run.
    #[error("no command to run was given")]
    NoCommand,
    /// The program could not be started.
    #[error("cannot run {program}: {source}")]
    Exec {
        /// Its name as given.
        program: String,
        /// The system's answer.
        source: io::Error,
    },
}

fn list(frames: &[Shown]) -> String {
    let one = |shown: &Shown| {
        format!(
            "{} bytes in the frame at {} of task {}",
            shown.vl, shown.frame, shown.pid
        )
    };
    frames.iter().map(one).collect::<Vec<_>>().join(", ")
}

/// The lengths a frame's records were written with. The length 0, which an SME machine without SVE writes
/// into SVE records, cannot be chosen and need not be.
fn lengths(frame: &Frame) -> impl Iterator<Item = (Vectors, Vl)> + '_ {
    frame
        .records
        .iter()
        .filter_map(|record| match record.body.length()? {
            Length::Vectors(vl) => Some((Vectors::Sve, vl)),
            Length::Streaming(vl) => Some((Vectors::Sme, vl)),
        })
        .filter(|(_, vl)| *vl != Vl(0))
}

/// The lengths to choose so that every frame a task returns through is accepted: those of frames known to
/// be live, or, where none of them shows one, of those that may be. Left-over frames do not count.
///
/// # Errors
/// [`Error::Disagree`] when frames show several lengths of one kind.
pub fn plan(facts: &Facts<'_>) -> Result<Vec<Choice>, Error> {
    let mut choices = Vec::new();
    for vectors in Vectors::ALL {
        for liveness in [Liveness::Live, Liveness::Unknown] {
            let mut by_length: BTreeMap<Vl, (Shown, usize)> = BTreeMap::new();
            for task in &facts.tasks {
                for frame in task
                    .frames
                    .iter()
                    .filter(|frame| frame.liveness == liveness)
                {
                    // The SVE and ZA records of one frame may both show the streaming length.
                    let mut own: Vec<Vl> = lengths(frame)
                        .filter(|(of, _)| *of == vectors)
                        .map(|(_, vl)| vl)
                        .collect();
                    own.dedup();
                    for vl in own {
                        let shown = Shown {
                            vl,
                            pid: task.task.pid,
                            frame: frame.base,
                        };
                        let (_, count) = by_length.entry(vl).or_insert((shown, 0));
                        *count = count.saturating_add(1);
                    }
                }
            }
            let mut lengths = by_length.into_values();
            let Some((shown, frames)) = lengths.next() else {
                continue;
            };
            let others: Vec<Shown> = lengths.map(|(shown, _)| shown).collect();
            if !others.is_empty() {
                return Err(Error::Disagree {
                    vectors,
                    frames: std::iter::once(shown).chain(others).collect(),
                });
            }
            choices.push(Choice {
                vectors,
                vl: shown.vl,
                shown,
                frames,
            });
            break;
        }
    }
    Ok(choices)
}

/// Asks the kernel for the lengths and becomes `command`; returns only when that failed. They take effect
/// with the command, not before, and are kept by all it forks and executes.
#[must_use]
pub fn run(choices: &[Choice], command: &[OsString]) -> Error {
    let Some((program, arguments)) = command.split_first() else {
        return Error::NoCommand;
    };
    if !cfg!(all(target_os = "linux", target_arch = "aarch64")) {
        return Error::OtherMachine {
            arch: std::env::consts::ARCH,
            os: std::env::consts::OS,
        };
    }
    for choice in choices {
        let (vectors, vl) = (choice.vectors, choice.vl);
        match prctl::choose(vectors, vl) {
            Ok(got) if got == vl => {}
            Ok(got) => return Error::NotSupported { vectors, vl, got },
            Err(source) => {
                return Error::Refused {
                    vectors,
                    vl,
                    source,
                };
            }
        }
    }
    Error::Exec {
        program: program.to_string_lossy().into_owned(),
        source: exec(Command::new(program).args(arguments)),
    }
}

#[cfg(unix)]
fn exec(command: &mut Command) -> io::Error {
    std::os::unix::process::CommandExt::exec(command)
}

#[cfg(not(unix))]
fn exec(_: &mut Command) -> io::Error {
    io::ErrorKind::Unsupported.into()
}
