//! Lines of an input nobody vouches for, in bounded memory.

use std::io::{self, BufRead};

/// Longest message that is kept, bytes. CRIU's own buffer has 8192 (`LOG_BUF_LEN`, CRIU 4.2
/// `criu/log.c`), the kernel's lines at most 1024; what is longer is cut and read past.
pub const MAX_LINE: usize = 8192;

/// Longest line of which messages are looked for: others put several messages on one line, and write
/// every quote in them with backslashes.
pub(super) const MAX_WRAPPED: usize = 256 * 1024;

/// Most bytes read of one log: a restore of a thousand tasks at `-v4` writes some ten megabytes. What
/// lies behind is not looked at, and the explanation says so.
pub const MAX_BYTES: u64 = 4 << 30;

/// Bytes of a length in the journal's export format.
const EXPORT_LENGTH: usize = 8;

/// Reads a log line by line.
pub(super) struct Lines<R> {
    input: R,
    /// Bytes taken from the input.
    pub(super) bytes: u64,
    /// Lines taken, a last one without an end counted.
    pub(super) lines: u64,
    /// Whether reading ended at the limit.
    pub(super) cut: bool,
    limit: u64,
    buffer: Vec<u8>,
    /// Bytes that were looked at beforehand.
    ahead: Vec<u8>,
    /// `None` before the first line.
    encoding: Option<Encoding>,
    /// Whether it is a journal, exported: fields that are no text have their length on a line of its own.
    export: bool,
}

/// How characters are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Encoding {
    /// One byte or more, as nearly every log; also where it is none.
    Utf8,
    /// Two bytes, the low one first: what `PowerShell` writes into files.
    Utf16Le,
    Utf16Be,
}

impl Encoding {
    fn of(head: &[u8]) -> Self {
        match head {
            [0xff, 0xfe, ..] => Self::Utf16Le,
            [0xfe, 0xff, ..] => Self::Utf16Be,
            [1..=255, 0, 1..=255, 0, ..] => Self::Utf16Le,
            [0, 1..=255, 0, 1..=255, ..] => Self::Utf16Be,
            _ => Self::Utf8,
        }
    }
}

/// Where a line lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Spot {
    /// Counted from 1.
    pub(super) line: u64,
    /// Its first byte.
    pub(super) offset: u64,
}

/// A line without its end.
pub(super) struct RawLine {
    pub(super) spot: Spot,
    /// Its bytes that are no text replaced.
    pub(super) text: String,
    /// Whether it was longer than [`MAX_WRAPPED`].
    pub(super) cut: bool,
}

impl<R: BufRead> Lines<R> {
    pub(super) fn new(input: R, limit: u64) -> Self {
        Self {
            input,
            bytes: 0,
            lines: 0,
            cut: false,
            limit,
            buffer: Vec::new(),
            ahead: Vec::new(),
            encoding: None,
            export: false,
        }
    }

    /// The next line; `None` at the end.
    pub(super) fn next(&mut self) -> io::Result<Option<RawLine>> {
        let encoding = match self.encoding {
            Some(encoding) => encoding,
            None => {
                self.look_ahead(4)?;
                *self.encoding.insert(Encoding::of(&self.ahead))
            }
        };
        self.skip_length()?;
        self.buffer.clear();
        let offset = self.bytes;
        let mut any = false;
        let mut cut = false;
        let mut unit = None;
        loop {
            let chunk = if self.ahead.is_empty() {
                self.input.fill_buf()?
            } else {
                &self.ahead
            };
            if self.bytes >= self.limit {
                self.cut = !chunk.is_empty();
                break;
            }
            if chunk.is_empty() {
                break;
            }
            any = true;
            let left = usize::try_from(self.limit.saturating_sub(self.bytes)).unwrap_or(usize::MAX);
            let chunk = chunk.get(..left).unwrap_or(chunk);
            let end = end_of_line(chunk, encoding, &mut unit);
            let taken = end.unwrap_or(chunk.len());
            let text = chunk.get(..taken).unwrap_or(chunk);
            let room = MAX_WRAPPED.saturating_sub(self.buffer.len());
            cut |= text.len() > room;
            self.buffer
                .extend_from_slice(text.get(..room).unwrap_or(text));
            self.consume(taken);
            if end.is_some() {
                break;
            }
        }
        if !any {
            return Ok(None);
        }
        self.lines = self.lines.saturating_add(1);
        let text = text(&self.buffer, encoding);
        self.export |= text.starts_with("__CURSOR=") || text.starts_with("__REALTIME_TIMESTAMP=");
        let spot = Spot {
            line: self.lines,
            offset,
        };
        Ok(Some(RawLine { spot, text, cut }))
    }

    /// In an exported journal, the length behind a line that is a field's name: eight bytes, any of them
    /// an end of line.
    fn skip_length(&mut self) -> io::Result<()> {
        let name = self.buffer.strip_suffix(b"\n").unwrap_or_default();
        let of_name =
            |byte: &u8| byte.is_ascii_uppercase() || byte.is_ascii_digit() || *byte == b'_';
        if !self.export || name.is_empty() || !name.iter().all(of_name) {
            return Ok(());
        }
        self.look_ahead(EXPORT_LENGTH)?;
        // A gigabyte or more is no length.
        if let Some([low @ .., 0, 0, 0, 0, 0]) = self.ahead.get(..EXPORT_LENGTH)
            && low.iter().any(|byte| *byte != 0)
        {
            self.consume(EXPORT_LENGTH);
        }
        Ok(())
    }

    /// Has so many bytes ready, or all that are left.
    fn look_ahead(&mut self, wanted: usize) -> io::Result<()> {
        while self.ahead.len() < wanted {
            let chunk = self.input.fill_buf()?;
            if chunk.is_empty() {
                break;
            }
            let missing = wanted.saturating_sub(self.ahead.len()).min(chunk.len());
            self.ahead
                .extend_from_slice(chunk.get(..missing).unwrap_or(chunk));
            self.input.consume(missing);
        }
        Ok(())
    }

    fn consume(&mut self, bytes: usize) {
        if self.ahead.is_empty() {
            self.input.consume(bytes);
        } else {
            self.ahead.drain(..bytes.min(self.ahead.len()));
        }
        let bytes = u64::try_from(bytes).unwrap_or(u64::MAX);
        self.bytes = self.bytes.saturating_add(bytes);
    }
}

/// Bytes up to and with the end of the line. `unit` holds the first byte of a character that the chunk
/// before broke.
fn end_of_line(chunk: &[u8], encoding: Encoding, unit: &mut Option<u8>) -> Option<usize> {
    let end = match encoding {
        Encoding::Utf8 => memchr::memchr(b'\n', chunk),
        Encoding::Utf16Le | Encoding::Utf16Be => chunk.iter().position(|byte| match unit.take() {
            None => {
                *unit = Some(*byte);
                false
            }
            Some(first) => character(encoding, first, *byte) == u16::from(b'\n'),
        }),
    };
    Some(end?.saturating_add(1))
}

fn character(encoding: Encoding, first: u8, second: u8) -> u16 {
    match encoding {
        Encoding::Utf16Be => u16::from_be_bytes([first, second]),
        _ => u16::from_le_bytes([first, second]),
    }
}

/// The bytes as text: without the end of the line, and without the sequences that colour a terminal
/// (`dmesg --color=always`).
fn text(bytes: &[u8], encoding: Encoding) -> String {
    let text = if encoding == Encoding::Utf8 {
        String::from_utf8_lossy(bytes).into_owned()
    } else {
        let characters = bytes.chunks_exact(2).map(|pair| match pair {
            [first, second] => character(encoding, *first, *second),
            _ => 0,
        });
        char::decode_utf16(characters)
            .map(|character| character.unwrap_or(char::REPLACEMENT_CHARACTER))
            .collect()
    };
    let text = text.trim_start_matches('\u{feff}');
    let text = text.strip_suffix('\n').unwrap_or(text);
    let text = text.trim_end_matches(['\r', '\0']);
    if text.contains('\u{1b}') {
        anstream::adapter::strip_str(text).to_string()
    } else {
        text.to_owned()
    }
}
