//! Protobuf at the level of its bytes: which field lies where, and whether a message keeps to its
//! definition. Reading by type (prost) drops what it does not know and does not enforce `required`;
//! both matter here, and edits splice bytes by the spans found here.
#![deny(
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss
)]

pub mod edit;
mod error;
mod scan;
pub mod schema;

#[cfg(test)]
#[allow(
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::cast_possible_truncation
)]
mod tests;

pub use error::{WireError, WireErrorKind};
pub use scan::{Field, Fields, Span, Value, WireType, fields, find};
