//! JSON in which nothing steers a terminal: names of tasks and files and the lines of logs come from
//! machines nobody vouches for, and JSON leaves most of Unicode as it is.

use std::io::{self, Write};

use serde::Serialize;

use super::layout::steers;

/// Writes a document, indented, with characters that move a cursor or hide letters as `\uXXXX`.
///
/// # Errors
/// What the writer says.
pub fn write(out: &mut dyn Write, document: &impl Serialize) -> io::Result<()> {
    serde_json::to_writer_pretty(Escaping(out), document)?;
    writeln!(out)
}

/// The same on one line.
///
/// # Errors
/// What the writer says.
pub fn line(out: &mut dyn Write, document: &impl Serialize) -> io::Result<()> {
    serde_json::to_writer(Escaping(out), document)?;
    writeln!(out)
}

/// serde_json hands over whole strings or pieces of them between two escapes, never a part of a character.
struct Escaping<'w>(&'w mut dyn Write);

impl Write for Escaping<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let harmless = |c: char| c == '\n' || !steers(c);
        match std::str::from_utf8(bytes) {
            Ok(text) if !text.chars().all(harmless) => {
                for c in text.chars() {
                    if harmless(c) {
                        write!(self.0, "{c}")?;
                    } else {
                        for unit in c.encode_utf16(&mut [0; 2]) {
                            write!(self.0, "\\u{unit:04x}")?;
                        }
                    }
                }
            }
            _ => self.0.write_all(bytes)?,
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::write;

    #[test]
    fn what_steers_a_terminal_is_escaped_and_reads_the_same() {
        let text = "a\u{1b}[2J\u{9b}31m\u{202e}\u{7f}\u{e0041}\n\tä";
        let mut out = Vec::new();
        write(&mut out, &[text]).unwrap();
        let written = String::from_utf8(out).unwrap();
        assert_eq!(
            written,
            "[\n  \"a\\u001b[2J\\u009b31m\\u202e\\u007f\\udb40\\udc41\\n\\tä\"\n]\n"
        );
        let read: Vec<String> = serde_json::from_str(&written).unwrap();
        assert_eq!(read, [text]);
    }
}
