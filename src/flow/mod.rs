//! Following code: where it goes, and what becomes of values on the way. Bytes by address in, facts about their flow out.
//!
//! * [`code`] is what is followed; [`text`] is that of a task; [`budget`] bounds every walk;
//! * `state` follows values with the flow of the code, [`origin`] against it, both with the one transfer function of
//!   [`crate::a64`];
//! * [`stub`] knows the stubs by which linkers reach other files;
//! * [`returns`] follows code along all its ways, to see whether it can come back to its caller.
//!
//! Code may be anybody's: every walk is bounded, and what is not understood counts as able to do anything.
#![deny(
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss
)]

mod budget;
mod code;
pub mod origin;
pub mod returns;
mod state;
pub mod stub;
mod text;

#[cfg(test)]
#[allow(clippy::indexing_slicing, clippy::arithmetic_side_effects)]
mod tests;

pub use budget::Budget;
pub use code::Code;
pub use text::Text;
