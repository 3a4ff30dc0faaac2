//! Following code: where it goes, and what becomes of values on the way. Bytes by address in, facts about their flow out.
//!
//! * [`Code`] is what is followed; [`Text`] is that of a task; a [`Budget`] bounds every walk;
//! * `state` follows values with the flow of the code, [`origin`] against it, both with the one transfer function of
//!   [`crate::a64`];
//! * [`Graph`] is the code of one file: what leads where, who holds an address (`references`), who calls what it takes by name
//!   (`uses`);
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
mod graph;
pub mod origin;
mod references;
pub mod returns;
mod state;
pub mod stub;
mod text;
mod uses;

#[cfg(test)]
#[allow(clippy::indexing_slicing, clippy::arithmetic_side_effects)]
mod tests;

pub use budget::Budget;
pub use code::Code;
pub use graph::{Before, Graph, NoGraph, Source};
pub use references::Page;
pub use text::Text;
pub use uses::{Unfollowed, Use};
