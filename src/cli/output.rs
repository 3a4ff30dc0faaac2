//! Standard output and standard error.

use std::fs::File;
use std::io::{self, BufWriter, IsTerminal, Write};
use std::path::Path;
use std::sync::Arc;

use anstream::{AutoStream, ColorChoice};
use anstyle::Style;
use serde::Serialize;

use super::meter::Meter;
use super::{Color, Failure};
use crate::progress::Progress;
use crate::report::json;
use crate::report::layout::{Page, plain, styled};
use crate::report::style::{ASIDE, BAD, OPEN};

/// Width of text that does not go to a terminal, columns.
const PIPED_WIDTH: usize = 80;

/// The two streams, and the bar that shares a terminal with them.
#[derive(Debug)]
pub(super) struct Output {
    color: Color,
    quiet: bool,
    meter: Meter,
}

impl Output {
    /// With `quiet` no report is printed and no bar shown.
    pub(super) fn new(color: Color, quiet: bool) -> Self {
        Self {
            color,
            quiet,
            meter: Meter::new(!quiet),
        }
    }

    /// What readers count into.
    pub(super) fn progress(&self) -> &Arc<Progress> {
        self.meter.progress()
    }

    /// Takes the bar away for good: the terminal is about to be another program's.
    pub(super) fn leave(&self) {
        self.meter.end();
    }

    /// Writes a report as text, wrapped at the terminal's width; nothing where the user wants quiet.
    pub(super) fn text(
        &self,
        write: impl FnOnce(&mut Page<'_>) -> io::Result<()>,
    ) -> Result<(), Failure> {
        if self.quiet {
            return Ok(());
        }
        self.meter.aside(|| self.wrapped(write))
    }

    fn wrapped(&self, write: impl FnOnce(&mut Page<'_>) -> io::Result<()>) -> Result<(), Failure> {
        let stdout = io::stdout();
        let width = if stdout.is_terminal() {
            terminal_width(&stdout)
        } else {
            PIPED_WIDTH
        };
        let choice = self.choice(AutoStream::choice(&stdout));
        let mut out = BufWriter::new(AutoStream::new(stdout.lock(), choice));
        let written = write(&mut Page::new(&mut out, width)).and_then(|()| out.flush());
        settle(written)
    }

    /// Writes what is made to be kept, as it is: also where the user wants quiet.
    pub(super) fn raw(
        &self,
        write: impl FnOnce(&mut dyn Write) -> io::Result<()>,
    ) -> Result<(), Failure> {
        self.meter.aside(|| {
            let mut out = BufWriter::new(io::stdout().lock());
            settle(write(&mut out).and_then(|()| out.flush()))
        })
    }

    /// Writes a report of any format as it is; nothing where the user wants quiet.
    pub(super) fn document(
        &self,
        write: impl FnOnce(&mut dyn Write) -> io::Result<()>,
    ) -> Result<(), Failure> {
        if self.quiet {
            return Ok(());
        }
        self.raw(write)
    }

    /// Writes a report as JSON; nothing where the user wants quiet.
    pub(super) fn json(&self, document: &impl Serialize) -> Result<(), Failure> {
        self.document(|out| json::write(out, document))
    }

    /// `error: …` and `help: …` on standard error.
    pub(super) fn complain(&self, failure: &Failure) {
        self.on_stderr(BAD, "error", failure);
    }

    /// `warning: …` and `help: …` on standard error.
    pub(super) fn warn(&self, failure: &Failure) {
        self.on_stderr(OPEN, "warning", failure);
    }

    fn on_stderr(&self, style: Style, label: &'static str, failure: &Failure) {
        self.beside(|page| {
            page.line(
                0,
                2,
                &[
                    styled(style, label),
                    plain(format!(": {}", failure.message)),
                ],
            )?;
            failure.help.iter().try_for_each(|help| {
                page.line(0, 2, &[styled(ASIDE, "help"), plain(format!(": {help}"))])
            })
        });
    }

    /// Writes text to standard error: what belongs beside an answer and not into it. Nothing where the user
    /// wants quiet.
    pub(super) fn aside(&self, write: impl FnOnce(&mut Page<'_>) -> io::Result<()>) {
        if !self.quiet {
            self.beside(write);
        }
    }

    fn beside(&self, write: impl FnOnce(&mut Page<'_>) -> io::Result<()>) {
        self.meter.aside(|| self.on_terminal(write));
    }

    fn on_terminal(&self, write: impl FnOnce(&mut Page<'_>) -> io::Result<()>) {
        let stderr = io::stderr();
        // Whoever greps a log wants a message on one line.
        let width = if stderr.is_terminal() {
            terminal_width(&stderr)
        } else {
            usize::MAX
        };
        let choice = self.choice(AutoStream::choice(&stderr));
        let mut out = BufWriter::new(AutoStream::new(stderr.lock(), choice));
        // Nobody is left to be told when standard error is gone.
        let _ = write(&mut Page::new(&mut out, width)).and_then(|()| out.flush());
    }

    fn choice(&self, auto: ColorChoice) -> ColorChoice {
        match self.color {
            Color::Auto => auto,
            Color::Always => ColorChoice::Always,
            Color::Never => ColorChoice::Never,
        }
    }
}

/// Opens a file to write; one that exists only with `force`.
pub(super) fn create(file: &Path, force: bool) -> io::Result<File> {
    let mut options = File::options();
    options.write(true);
    if force {
        options.create(true).truncate(true);
    } else {
        options.create_new(true);
    }
    options.open(file)
}

fn terminal_width(stream: &impl std::os::fd::AsFd) -> usize {
    terminal_size::terminal_size_of(stream).map_or(PIPED_WIDTH, |(width, _)| usize::from(width.0))
}

/// A reader that has seen enough (`| head`) is no error and changes no exit code.
fn settle(written: io::Result<()>) -> Result<(), Failure> {
    match written {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(Failure::new(format!(
            "cannot write to standard output: {error}"
        ))),
        _ => Ok(()),
    }
}
