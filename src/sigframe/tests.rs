//! Frames built by hand with numbers of their own, and frames of real checkpoints.

#![allow(
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss
)]

mod build;
mod cfi;
mod chains;
pub(crate) mod fake;
mod fixtures;
mod hostile;
mod lives;
mod records;
mod runs;
