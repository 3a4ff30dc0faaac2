//! Lines of an input nobody vouches for, in bounded memory.

use std::io::{self, BufRead};

/// Longest line that is kept, bytes. CRIU's own buffer has 8192 (`LOG_BUF_LEN`, CRIU 4.2
/// `criu/log.c`), the kernel's lines at most 1024; what is longer is cut and read past.
pub const MAX_LINE: usize = 8192;

/// Most bytes read of one log: a restore of a thousand tasks at `-v4` writes some ten megabytes. What
/// lies behind is not looked at, and the explanation says so.
pub const MAX_BYTES: u64 = 4 << 30;

/// Reads a log line by line.
pub(super) struct Lines<R> {
    input: R,
    /// Bytes taken from the input.
    pub(super) bytes: u64,
    /// Lines taken, a last one without an end counted.
    pub(super) lines: u64,
    /// Lines that were longer than [`MAX_LINE`].
    pub(super) cut_lines: u64,
    /// Whether reading ended at the limit.
    pub(super) cut: bool,
    limit: u64,
    buffer: Vec<u8>,
}

/// Where a line lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Spot {
    /// Counted from 1.
    pub(super) line: u64,
    /// Its first byte.
    pub(super) offset: u64,
}

impl<R: BufRead> Lines<R> {
    pub(super) fn new(input: R, limit: u64) -> Self {
        Self {
            input,
            bytes: 0,
            lines: 0,
            cut_lines: 0,
            cut: false,
            limit,
            buffer: Vec::new(),
        }
    }

    /// The next line without its end, its bytes that are no text replaced; `None` at the end.
    pub(super) fn next(&mut self) -> io::Result<Option<(Spot, String)>> {
        self.buffer.clear();
        let offset = self.bytes;
        let mut any = false;
        let mut dropped = false;
        loop {
            if self.bytes >= self.limit {
                self.cut = !self.input.fill_buf()?.is_empty();
                break;
            }
            let chunk = self.input.fill_buf()?;
            if chunk.is_empty() {
                break;
            }
            any = true;
            let left = usize::try_from(self.limit.saturating_sub(self.bytes)).unwrap_or(usize::MAX);
            let chunk = chunk.get(..left).unwrap_or(chunk);
            let end = memchr::memchr(b'\n', chunk);
            let text = chunk.get(..end.unwrap_or(chunk.len())).unwrap_or(chunk);
            let room = MAX_LINE.saturating_sub(self.buffer.len());
            dropped |= text.len() > room;
            self.buffer
                .extend_from_slice(text.get(..room).unwrap_or(text));
            let taken = text.len().saturating_add(usize::from(end.is_some()));
            self.input.consume(taken);
            self.bytes = self
                .bytes
                .saturating_add(u64::try_from(taken).unwrap_or(u64::MAX));
            if end.is_some() {
                break;
            }
        }
        if !any {
            return Ok(None);
        }
        self.lines = self.lines.saturating_add(1);
        self.cut_lines = self.cut_lines.saturating_add(u64::from(dropped));
        let spot = Spot {
            line: self.lines,
            offset,
        };
        Ok(Some((spot, text(&self.buffer))))
    }
}

/// The bytes as text: without the end of the line that DOS puts there, and without the sequences that
/// colour a terminal (`dmesg --color=always`).
fn text(bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(bytes);
    let text = text.trim_end_matches(['\r', '\0']);
    if text.contains('\u{1b}') {
        anstream::adapter::strip_str(text).to_string()
    } else {
        text.to_owned()
    }
}
