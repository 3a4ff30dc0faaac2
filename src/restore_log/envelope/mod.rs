//! What others wrap around the lines of a log, taken off.
//!
//! CRIU's messages reach people through engines, log drivers, collectors and chats: quoted, escaped, put
//! into JSON, several on one line. [`Messages`] reads an input and gives back the messages themselves,
//! each with the place of the line it came from. One layer is taken off at a time ([`layer`]), up to
//! [`MAX_LAYERS`]; a line that nothing is wrapped around comes out as it went in.

mod begin;
mod cri;
mod entity;
mod escape;
mod joined;
mod json;
mod keys;
mod layer;
mod logfmt;
mod prefix;
mod restorer;

use std::collections::{BTreeMap, VecDeque};
use std::io::{self, BufRead};

use super::bounded::{Lines, MAX_LINE, Spot};
use cri::Partial;
use layer::Layer;
use restorer::Chunks;

/// Most layers that are taken off one line: an engine's message in a runtime's, in a log driver's, in a
/// collector's, quoted in a chat.
const MAX_LAYERS: usize = 10;

/// A message and the line it was in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Message {
    /// The line.
    pub(super) spot: Spot,
    /// The message, with the prefixes of its writer.
    pub(super) text: String,
}

/// Reads a log message by message.
pub(super) struct Messages<R> {
    lines: Lines<R>,
    layers: Layers,
    chunks: Chunks,
    ready: VecDeque<Message>,
    /// Lines of which something was left out.
    cut_lines: u64,
    /// The last of them.
    last_cut: u64,
    ended: bool,
}

impl<R: BufRead> Messages<R> {
    pub(super) fn new(input: R, limit: u64) -> Self {
        Self {
            lines: Lines::new(input, limit),
            layers: Layers::default(),
            chunks: Chunks::default(),
            ready: VecDeque::new(),
            cut_lines: 0,
            last_cut: 0,
            ended: false,
        }
    }

    /// The next message; `None` at the end.
    pub(super) fn next(&mut self) -> io::Result<Option<Message>> {
        loop {
            if let Some(message) = self.ready.pop_front() {
                return Ok(Some(message));
            }
            if self.ended {
                return Ok(None);
            }
            match self.lines.next()? {
                Some(line) => {
                    if line.cut {
                        self.cut(line.spot);
                    }
                    self.layers.take_off(line.spot, line.text);
                }
                None => {
                    self.ended = true;
                    self.layers.end();
                }
            }
            for message in std::mem::take(&mut self.layers.found) {
                let message = self.bounded(message);
                self.chunks.add(message, &mut self.ready);
            }
            if self.ended {
                self.chunks.end(&mut self.ready);
            }
        }
    }

    /// What was read so far.
    pub(super) fn lines(&self) -> &Lines<R> {
        &self.lines
    }

    /// Lines of which something was left out.
    pub(super) fn cut_lines(&self) -> u64 {
        self.cut_lines
    }

    fn cut(&mut self, spot: Spot) {
        if self.last_cut != spot.line {
            self.last_cut = spot.line;
            self.cut_lines = self.cut_lines.saturating_add(1);
        }
    }

    fn bounded(&mut self, mut message: Message) -> Message {
        if message.text.len() > MAX_LINE {
            let end = (0..=MAX_LINE)
                .rev()
                .find(|at| message.text.is_char_boundary(*at));
            message.text.truncate(end.unwrap_or(0));
            self.cut(message.spot);
        }
        message
    }
}

/// Takes layers off lines.
#[derive(Default)]
struct Layers {
    /// Lines that a log driver broke, as far as they were read, by the layers around its records.
    partial: BTreeMap<usize, Partial>,
    found: Vec<Message>,
}

impl Layers {
    fn take_off(&mut self, spot: Spot, text: String) {
        self.peel(spot, text, 0);
    }

    fn end(&mut self) {
        while let Some((depth, partial)) = self.partial.pop_first() {
            for (spot, text) in partial.end() {
                self.peel(spot, text, depth.saturating_add(1));
            }
        }
    }

    fn peel(&mut self, spot: Spot, text: String, depth: usize) {
        let layer = if depth < MAX_LAYERS {
            layer::outermost(&text, depth)
        } else {
            Layer::None
        };
        match layer {
            Layer::None => {
                if !text.trim().is_empty() {
                    self.found.push(Message { spot, text });
                }
            }
            Layer::Inner(inner) => {
                for text in inner {
                    self.peel(spot, text, depth.saturating_add(1));
                }
            }
            Layer::Messages(messages) => {
                self.found
                    .extend(messages.into_iter().map(|text| Message { spot, text }));
            }
            Layer::Cri { stream, more, text } => {
                let partial = self.partial.entry(depth).or_default();
                if let Some((spot, text)) = partial.add(spot, stream, more, text) {
                    self.peel(spot, text, depth.saturating_add(1));
                }
            }
        }
    }
}

/// The messages of one line, for tests.
#[cfg(test)]
pub(super) fn of_line(text: &str) -> Vec<String> {
    let mut messages = Messages::new(text.as_bytes(), u64::MAX);
    std::iter::from_fn(|| messages.next().unwrap())
        .map(|message| message.text)
        .collect()
}
