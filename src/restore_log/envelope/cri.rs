//! Lines that Kubernetes' runtimes write: a time, the stream, and whether the line ends there.

use std::sync::LazyLock;

use regex::Regex;

use super::super::bounded::{MAX_LINE, Spot};

/// `2026-11-14T12:00:00.123456789Z stdout F text` (containerd 2.3 `internal/cri/io/logger.go`, CRI-O's
/// conmon; `P` for a line that goes on in the next record of its stream).
static RECORD: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(
        r"^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:.,]+(?:Z|[+-][0-9]{2}:?[0-9]{2}) (stdout|stderr) ([FP])(?::[^ ]*)?(?: (.*))?$",
    )
    .ok()
});

/// A stream of a container.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stream {
    Out,
    Err,
}

/// The stream of a record, whether the line goes on, and its text.
pub(super) fn record(text: &str) -> Option<(Stream, bool, &str)> {
    let found = RECORD.as_ref()?.captures(text)?;
    let stream = match found.get(1)?.as_str() {
        "stdout" => Stream::Out,
        _ => Stream::Err,
    };
    let more = found.get(2)?.as_str() == "P";
    Some((stream, more, found.get(3).map_or("", |text| text.as_str())))
}

/// Lines of which only a part was read, one a stream.
#[derive(Default)]
pub(super) struct Partial {
    out: Option<(Spot, String)>,
    err: Option<(Spot, String)>,
}

impl Partial {
    /// Adds a record; the line once it is whole, at the place of its first record.
    pub(super) fn add(
        &mut self,
        spot: Spot,
        stream: Stream,
        more: bool,
        text: String,
    ) -> Option<(Spot, String)> {
        let held = match stream {
            Stream::Out => &mut self.out,
            Stream::Err => &mut self.err,
        };
        let (spot, text) = match held.take() {
            Some((first, mut line)) => {
                // A runtime breaks lines at 16 KiB: more than two of them are no message.
                if line.len() <= MAX_LINE.saturating_mul(4) {
                    line.push_str(&text);
                }
                (first, line)
            }
            None => (spot, text),
        };
        if more {
            *held = Some((spot, text));
            return None;
        }
        Some((spot, text))
    }

    /// What is left where the log ends within a line.
    pub(super) fn end(self) -> impl Iterator<Item = (Spot, String)> {
        [self.out, self.err].into_iter().flatten()
    }
}
