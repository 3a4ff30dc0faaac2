//! Signal frames: the records of one frame, where frames lie in a task's memory, and which of them
//! a thread will still return through.
//!
//! * [`layout`] holds the offsets; [`record`] decodes one record, with a file for each kind; [`chain`] walks the
//!   records of a frame as the kernel's `parse_user_sigframe` does;
//! * [`scan`] goes once over memory and notes what could be a frame or a return to the trampoline;
//!   [`unwind`] follows a thread's x29 chain, [`cfi`] the unwind tables of its code; [`liveness`] weighs
//!   all of it;
//! * [`search`] puts them together: [`search::find`] is the way in.

#![deny(
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss
)]

pub mod cfi;
pub mod chain;
pub mod layout;
pub mod liveness;
pub mod model;
pub mod record;
pub mod scan;
pub mod search;
pub mod unwind;

mod bytes;
mod candidates;

#[cfg(test)]
pub(crate) mod tests;
