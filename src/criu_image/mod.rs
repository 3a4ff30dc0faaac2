//! Image directories: from files to tasks, threads, mappings and memory by address.
//!
//! [`load()`] reads a directory, [`load_from`] any [`crate::input::Source`]. What comes out is
//! [`model`]; what stops the reading is an [`Error`]. Everything else that is damaged or odd is an
//! [`model::Anomaly`].
#![deny(
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss
)]

pub mod ask;
mod chain;
mod confinement;
mod core;
mod envelope;
mod error;
mod files;
mod inventory;
mod layer;
mod load;
pub mod magic;
mod mm;
pub mod model;
mod mounts;
mod network;
mod pagemap;
mod paths;
mod proto;
mod pstree;
mod reader;
mod sockets;
pub mod space;
mod special;
mod vma;

#[cfg(test)]
#[allow(
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::cast_possible_truncation
)]
mod tests;

pub use envelope::{Entries, Entry, Image};
pub use error::Error;
pub use load::{is_read, load, load_from};
