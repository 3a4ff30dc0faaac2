//! What a profile tells without an image: what its features mean to a process that moves, what its
//! `rt_sigreturn` takes, how two machines differ, and what about a profile is doubtful.
//!
//! Nothing here judges a checkpoint; that is what `rule` does. Sentences are for people.
#![deny(
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss
)]

pub mod difference;
pub mod doubt;
pub mod effect;
pub mod frames;
pub mod registers;
#[cfg(test)]
mod tests;
