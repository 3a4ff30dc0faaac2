//! What a restore and the kernel wrote: lines of logs, known messages, and what they come to.
//!
//! A reader ([`collect()`]) turns a log into facts: lines with their place, the row of the table
//! ([`rows`]) that knows the message, and what the message named. [`explain()`] holds them against each
//! other and against what an image holds, and says which line is the cause and which only follow.
//!
//! A log comes from anywhere. It is read line by line in bounded memory; whatever is not recognised is
//! kept and counted.
#![deny(
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss
)]

mod bounded;
mod collect;
mod envelope;
mod explain;
mod kernel;
mod line;
mod pattern;
mod progress;
mod recognise;
mod row;
pub mod rows;
mod target;

#[cfg(test)]
#[allow(clippy::indexing_slicing, clippy::arithmetic_side_effects)]
mod tests;

pub use bounded::{MAX_BYTES, MAX_LINE};
pub use collect::{Entry, Log, MAX_ENTRIES, Registers, Run, collect};
pub use explain::{
    Cause, CauseKind, Certainty, Evidence, Explanation, FrameMatch, Likelihood, Outcome, Part,
    Said, explain,
};
pub use line::{Level, Line, Writer};
pub use progress::{Later, Progress, Stage};
pub use recognise::{fill, unfilled};
pub use row::{Fate, Form, Role, Row, When};
pub use target::machine;
