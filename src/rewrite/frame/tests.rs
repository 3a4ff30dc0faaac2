//! Frames built byte by byte, and the frames of real checkpoints.
#![allow(
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss
)]

mod build;
mod fixtures;
mod records;
mod refused;
