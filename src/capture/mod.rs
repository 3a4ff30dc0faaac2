//! A profile of the machine this program runs on: `hwcr profile capture`.
//!
//! `machine`, for arm64 Linux only, asks the machine and its kernel without privileges; the `unsafe` code lies
//! there and in `child`. What it brings home is a [`raw::Raw`], plain data. Everything else is the same on every
//! machine: [`interpret`] makes a profile of it, [`cores`] tells unlike cores apart, [`vectors`]
//! reads vector lengths, [`probe`] builds the signal frames that are tried and weighs what became of them.
#![deny(
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss
)]

// Only the capture itself starts children; that they are told apart is tested everywhere.
#[cfg(all(target_os = "linux", any(target_arch = "aarch64", test)))]
mod child;
pub mod cores;
pub mod criu;
#[cfg(all(target_os = "linux", target_arch = "aarch64"))]
mod host;
pub mod interpret;
pub mod probe;
pub mod raw;
pub mod registers;
pub mod vectors;

#[cfg(test)]
mod tests;

use thiserror::Error;

use crate::profile::model::Profile;

/// What to capture.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Options {
    /// The profile's name; without one, the machine's own.
    pub name: Option<String>,
    /// Whether to try what `rt_sigreturn` and `PR_SET_MM_MAP` take.
    pub probe: bool,
}

/// A profile, and what is to be said about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Captured {
    /// The profile.
    pub profile: Profile,
    /// What was left unknown, and what its reader should know.
    pub notes: Vec<Note>,
}

/// Something to be said beside a profile.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Note {
    /// What was found.
    pub message: String,
    /// What to do about it.
    pub help: Option<String>,
}

impl Note {
    fn new(message: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            help: None,
        }
    }

    fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }
}

/// Why there is no profile.
#[derive(Debug, Error)]
pub enum Error {
    /// Only an arm64 Linux machine can be asked.
    #[error("only a machine of arm64 Linux can be captured, and this is {arch} {os}")]
    OtherMachine {
        /// Its architecture.
        arch: &'static str,
        /// Its system.
        os: &'static str,
    },
    /// No child process can be started, or what becomes of one is not told.
    #[error("cannot start and watch a child process: {source}")]
    Children {
        /// The system's answer.
        source: std::io::Error,
    },
    /// A file without which there is nothing to say.
    #[error("cannot read {path}: {source}")]
    Unreadable {
        /// Its path.
        path: &'static str,
        /// The system's answer.
        source: std::io::Error,
    },
}

/// Asks this machine.
///
/// Children are started, each of which ends at once; the calling process stays as it is.
///
/// # Errors
/// [`Error::Unreadable`] without /proc; [`Error::Children`] where processes cannot be started, or where
/// SIGCHLD is ignored.
#[cfg(all(target_os = "linux", target_arch = "aarch64"))]
pub fn capture(options: &Options) -> Result<Captured, Error> {
    let raw = host::gather(options.probe)?;
    Ok(interpret::profile(&raw, options.name.as_deref()))
}

/// Refuses: this is not arm64 Linux.
///
/// # Errors
/// [`Error::OtherMachine`], always.
#[cfg(not(all(target_os = "linux", target_arch = "aarch64")))]
pub fn capture(_: &Options) -> Result<Captured, Error> {
    Err(Error::OtherMachine {
        arch: std::env::consts::ARCH,
        os: std::env::consts::OS,
    })
}
