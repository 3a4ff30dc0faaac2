//! Lines of text that fit a width.
//!
//! A [`Page`] breaks lines between words and only there: an address or a path longer than the width
//! stays whole. Whatever could steer a terminal is shown as an escape, since names of tasks and files
//! come out of the image.

use std::io::{self, Write};

use anstyle::Style;
use unicode_width::UnicodeWidthChar;

use super::style::PLAIN;

/// A piece of text in one style.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Span {
    style: Style,
    text: String,
}

/// Text in a style.
#[must_use]
pub fn styled(style: Style, text: impl Into<String>) -> Span {
    Span {
        style,
        text: text.into(),
    }
}

/// Text without a style.
#[must_use]
pub fn plain(text: impl Into<String>) -> Span {
    styled(PLAIN, text)
}

/// Columns the span takes, escapes included.
#[must_use]
pub fn columns(spans: &[Span]) -> usize {
    spans
        .iter()
        .map(|span| width_of(&visible(&span.text)))
        .sum()
}

/// Holds two words together: shown as a blank, but no line breaks there.
pub const GLUE: char = '\u{a0}';

/// Narrowest column that [`Page::table`] wraps text into; below it cells follow each other instead.
const MIN_WRAP_COLUMN: usize = 24;

/// Blank columns between the cells of a table.
const GUTTER: usize = 2;

/// A writer that wraps.
pub struct Page<'w> {
    out: &'w mut dyn Write,
    width: usize,
}

/// A word, or the blanks between two words.
enum Token {
    Blank(usize),
    Word {
        width: usize,
        pieces: Vec<(Style, String)>,
    },
}

impl<'w> Page<'w> {
    /// A page of `width` columns.
    pub fn new(out: &'w mut dyn Write, width: usize) -> Self {
        Self { out, width }
    }

    /// An empty line.
    ///
    /// # Errors
    /// What the writer says.
    pub fn blank(&mut self) -> io::Result<()> {
        writeln!(self.out)
    }

    /// A paragraph whose first line starts at column `indent` and whose further lines at `hang`.
    ///
    /// # Errors
    /// What the writer says.
    pub fn line(&mut self, indent: usize, hang: usize, spans: &[Span]) -> io::Result<()> {
        // A narrow terminal must not be used up by the indentation.
        let hang = hang.min(self.width / 2);
        let mut column = indent;
        let mut fresh = true;
        let mut blanks = 0;
        write!(self.out, "{:indent$}", "")?;
        for token in tokens(spans) {
            match token {
                Token::Blank(count) => blanks += count,
                Token::Word { width, pieces } => {
                    if !fresh && column.saturating_add(blanks).saturating_add(width) > self.width {
                        write!(self.out, "\n{:hang$}", "")?;
                        column = hang;
                    } else {
                        write!(self.out, "{:blanks$}", "")?;
                        column += blanks;
                    }
                    for (style, text) in pieces {
                        write!(self.out, "{style}{text}{style:#}")?;
                    }
                    column += width;
                    blanks = 0;
                    fresh = false;
                }
            }
        }
        writeln!(self.out)
    }

    /// `label   text`, with the text beginning at column `indent + label_columns`.
    ///
    /// # Errors
    /// What the writer says.
    pub fn labelled(
        &mut self,
        indent: usize,
        label_columns: usize,
        label: Span,
        text: &[Span],
    ) -> io::Result<()> {
        let taken = columns(std::slice::from_ref(&label));
        let gap = label_columns.saturating_sub(taken).max(1);
        let mut spans = vec![label, plain(" ".repeat(gap))];
        spans.extend_from_slice(text);
        self.line(indent, indent + label_columns, &spans)
    }

    /// Rows of cells in columns. The last column wraps; where even that does not fit, the cells of a
    /// row follow each other in a paragraph.
    ///
    /// # Errors
    /// What the writer says.
    pub fn table(&mut self, indent: usize, rows: &[Vec<Span>]) -> io::Result<()> {
        let count = rows.iter().map(Vec::len).max().unwrap_or(0);
        let widths: Vec<usize> = (0..count)
            .map(|at| {
                rows.iter()
                    .filter_map(|row| row.get(at))
                    .map(|cell| columns(std::slice::from_ref(cell)))
                    .max()
            })
            .map(|width| width.unwrap_or(0))
            .collect();
        let (last, fixed) = match widths.split_last() {
            Some((last, fixed)) => (*last, fixed),
            None => return Ok(()),
        };
        let start = fixed
            .iter()
            .fold(indent, |sum, width| sum.saturating_add(width + GUTTER));
        let fits = start.saturating_add(last.min(MIN_WRAP_COLUMN)) <= self.width;
        for row in rows {
            let mut spans = Vec::new();
            for (at, cell) in row.iter().enumerate() {
                if at > 0 {
                    let before = row
                        .get(at - 1)
                        .map_or(0, |cell| columns(std::slice::from_ref(cell)));
                    let wanted = fixed.get(at - 1).copied().unwrap_or(0);
                    let pad = if fits {
                        wanted.saturating_sub(before)
                    } else {
                        0
                    };
                    spans.push(plain(" ".repeat(pad + GUTTER)));
                }
                spans.push(cell.clone());
            }
            self.line(
                indent,
                if fits { start } else { indent + 2 * GUTTER },
                &spans,
            )?;
        }
        Ok(())
    }
}

/// Splits spans into words and blanks; a word may run over several spans.
fn tokens(spans: &[Span]) -> Vec<Token> {
    let mut tokens: Vec<Token> = Vec::new();
    for span in spans {
        for part in split_keeping_blanks(&span.text) {
            if part.starts_with(' ') {
                tokens.push(Token::Blank(part.len()));
                continue;
            }
            let text = visible(part);
            let columns = width_of(&text);
            if let Some(Token::Word { width, pieces }) = tokens.last_mut() {
                *width += columns;
                pieces.push((span.style, text));
            } else {
                tokens.push(Token::Word {
                    width: columns,
                    pieces: vec![(span.style, text)],
                });
            }
        }
    }
    tokens
}

/// Maximal runs of blanks and of everything else.
fn split_keeping_blanks(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = text;
    std::iter::from_fn(move || {
        let blank = rest.starts_with(' ');
        let end = rest.find(|c| (c == ' ') != blank).unwrap_or(rest.len());
        let (part, after) = rest.split_at(end);
        rest = after;
        (!part.is_empty()).then_some(part)
    })
}

/// Hexadecimal digits that are left of a digest.
const DIGEST_SHOWN: usize = 12;

/// The text with digests cut short, as registries show them.
#[must_use]
pub fn short_digests(text: &str) -> String {
    let is_digit = |c: char| c.is_ascii_digit() || ('a'..='f').contains(&c);
    let mut shown = String::new();
    let mut rest = text;
    while let Some(start) = rest.find(is_digit) {
        let (before, from) = rest.split_at(start);
        let len = from.find(|c| !is_digit(c)).unwrap_or(from.len());
        let (digits, after) = from.split_at(len);
        shown.push_str(before);
        match digits.get(..DIGEST_SHOWN).filter(|_| len == 64) {
            Some(front) => {
                shown.push_str(front);
                shown.push('…');
            }
            None => shown.push_str(digits),
        }
        rest = after;
    }
    shown + rest
}

/// The text with everything that moves a cursor or hides letters written as an escape.
pub(super) fn visible(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for c in text.chars() {
        if c == GLUE {
            shown.push(' ');
        } else if steers(c) {
            shown.extend(c.escape_unicode());
        } else {
            shown.push(c);
        }
    }
    shown
}

/// Whether a character moves a cursor or hides letters.
#[must_use]
pub fn steers(c: char) -> bool {
    c.is_control() || is_invisible(c)
}

/// Characters of Unicode's category Cf and separators that change how the letters around them look:
/// zero-width characters, directional marks, embeddings and isolates, line and paragraph separators,
/// the byte order mark, and tag characters.
fn is_invisible(c: char) -> bool {
    matches!(c, '\u{ad}' | '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
        | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

fn width_of(text: &str) -> usize {
    text.chars().map(|c| c.width().unwrap_or(0)).sum()
}

/// A number of bytes for people: exact below a KiB, else with one decimal place of the largest unit.
#[must_use]
pub fn bytes(count: u64) -> String {
    const UNITS: [&str; 6] = ["KiB", "MiB", "GiB", "TiB", "PiB", "EiB"];
    if count < 1024 {
        return format!("{count} B");
    }
    let unit = (count.ilog2() / 10).clamp(1, 6);
    let shift = unit * 10;
    let whole = count >> shift;
    let tenth = ((count >> (shift - 10)) & 1023) * 10 / 1024;
    let name = UNITS.get(unit as usize - 1).copied().unwrap_or("EiB");
    if tenth == 0 {
        format!("{whole} {name}")
    } else {
        format!("{whole}.{tenth} {name}")
    }
}

/// `1 note`, `2 notes`.
#[must_use]
pub fn counted(count: usize, one: &str, many: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { many })
}
