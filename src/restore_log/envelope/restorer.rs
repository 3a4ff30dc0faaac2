//! Messages that CRIU's restorer and parasite break: their buffer is 79 bytes up to CRIU 3.8 and 256 since
//! (`STD_LOG_SIMPLE_CHUNK`, CRIU 3.0 to 4.2 `compel/plugins/std/log.c`). A full one ends in `>`, and the
//! message goes on behind the same prefix on a line of its own.

use std::collections::VecDeque;
use std::sync::LazyLock;

use regex::Regex;

use super::super::bounded::MAX_LINE;
use super::Message;

/// Lengths of a line that was broken, without its end.
const BROKEN: &[usize] = &[78, 255];

/// Lines that may lie between the parts: threads write at the same time.
const NEAR: u64 = 32;

/// Broken messages that are kept.
const MAX_HELD: usize = 8;

static PREFIX: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r"^(?:\([0-9]+\.[0-9]+\) ?)?pie: [0-9]+: ").ok());

/// Puts broken messages together.
#[derive(Default)]
pub(super) struct Chunks {
    held: VecDeque<(Message, String)>,
}

impl Chunks {
    pub(super) fn add(&mut self, mut message: Message, ready: &mut VecDeque<Message>) {
        self.release(message.spot.line, ready);
        let prefix = PREFIX
            .as_ref()
            .and_then(|prefix| prefix.find(&message.text))
            .map(|prefix| prefix.as_str().to_owned());
        let Some(prefix) = prefix else {
            ready.push_back(message);
            return;
        };
        let broken = message.text.ends_with('>') && BROKEN.contains(&message.text.len());
        let before = self.held.iter().position(|(_, known)| *known == prefix);
        if let Some((mut whole, _)) = before.and_then(|at| self.held.remove(at)) {
            whole.text.pop();
            let rest = message.text.get(prefix.len()..).unwrap_or_default();
            if whole.text.len().saturating_add(rest.len()) <= MAX_LINE {
                whole.text.push_str(rest);
            }
            message = whole;
        }
        if !broken {
            ready.push_back(message);
            return;
        }
        if self.held.len() >= MAX_HELD {
            ready.extend(self.held.pop_front().map(|(message, _)| message));
        }
        self.held.push_back((message, prefix));
    }

    /// Gives up those whose rest did not come.
    fn release(&mut self, line: u64, ready: &mut VecDeque<Message>) {
        let old = |message: &Message| message.spot.line.saturating_add(NEAR) < line;
        while self.held.front().is_some_and(|(message, _)| old(message)) {
            ready.extend(self.held.pop_front().map(|(message, _)| message));
        }
    }

    pub(super) fn end(&mut self, ready: &mut VecDeque<Message>) {
        ready.extend(self.held.drain(..).map(|(message, _)| message));
    }
}
