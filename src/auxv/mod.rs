//! The auxiliary vector: what the kernel told a program about the machine.
//!
//! There are two copies, the kernel's own (which CRIU saves) and the one on the initial stack (which
//! the program reads); [`vector`] reads words of either, [`stack_copy`] finds the second one.
#![deny(
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss
)]

pub mod at;
mod bound;
mod error;
pub mod stack_copy;
#[cfg(test)]
mod tests;
pub mod vdso;
pub mod vector;

pub use crate::abi::hwcap;
pub use bound::VectorLengthBound;
pub use error::{Error, MaybeAddr, Site};
