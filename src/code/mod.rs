//! What the code of a task can do from where it stands: bytes by address in, facts about its flow out. Nothing here
//! judges.
//!
//! * [`text`] reads instructions; `flow` says what one does to the few values that matter, and where it goes on;
//! * [`stub`] knows the stubs by which linkers reach other files;
//! * [`prctl`] follows system calls to their numbers, to see whether code can set a vector length;
//! * [`registers`] looks for reads of registers that machines differ in;
//! * [`returns`] follows code along all its ways, to see whether it can come back to its caller.
//!
//! Code may be anybody's: every walk is bounded, and what is not understood counts as able to do anything.
#![deny(
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss
)]

mod flow;
pub mod prctl;
pub mod registers;
pub mod returns;
pub mod stub;
pub mod text;

#[cfg(test)]
#[allow(clippy::indexing_slicing, clippy::arithmetic_side_effects)]
mod tests;
