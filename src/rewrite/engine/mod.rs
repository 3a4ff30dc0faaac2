//! The engine: does a plan's changes to files, and knows nothing of what they mean.
//!
//! * `lower` turns a plan into work for each file and checks every old byte;
//! * [`apply_to_copy`] changes a complete copy that gets its name only when all is verified;
//! * [`apply_to_archive`] writes another tar archive, a splice of the first one's bytes;
//! * [`apply_in_place`] changes the image itself behind an undo journal; [`recover`] ends what a crash
//!   interrupted, [`undo`] brings the old bytes back;
//! * [`files::Files`] is the one way to the file system, so that tests can stop it at every step.
#![deny(
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss
)]

mod apply;
mod archive;
mod bytes;
mod copy;
mod error;
pub mod files;
mod in_place;
pub mod journal;
mod lower;
mod name;
mod splice;
mod verify;

pub use apply::{Applied, apply_to_copy, apply_to_copy_with};
pub use archive::apply_to_archive;
pub use error::Error;
pub use in_place::{
    Recovered, apply_in_place, apply_in_place_with, recover, recover_with, undo, undo_with,
};
pub use journal::{
    JOURNAL, Journal, JournalEdit, JournalHead, Shown, Told, digest, journal_of, read_journal,
};

/// Judges the rewritten image, lying at the path given; an error says why it must not stand.
pub type Recheck<'a> = &'a dyn Fn(&std::path::Path) -> Result<(), String>;
