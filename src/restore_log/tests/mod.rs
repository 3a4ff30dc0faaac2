//! The table, the reader, and the decision.

mod deciding;
mod envelopes;
mod reading;
mod table;

use super::{Entry, Log, collect};

/// A log by its text.
fn log(text: &str) -> Log {
    collect("test.log", text.as_bytes()).unwrap()
}

/// All messages of a log.
fn messages(log: &Log) -> impl Iterator<Item = &Entry> {
    let run = log.run.iter().flat_map(|run| &run.entries);
    run.chain(&log.others)
}

/// Ids of the rows that knew its messages.
fn ids(log: &Log) -> Vec<&'static str> {
    messages(log)
        .filter_map(|entry| Some(entry.row?.id))
        .collect()
}
