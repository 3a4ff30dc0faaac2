//! What the code of tasks shows of what they need.
//!
//! * [`vector_length`] says whether code can set a vector length;
//! * [`registers`] says whether it reads registers that machines differ in.
#![deny(
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss
)]

pub mod registers;
pub mod vector_length;
