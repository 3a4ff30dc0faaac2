//! Target profiles: what a machine offers, as `cpu.json` says it (`docs/profile.md`).
//!
//! * [`model`]: the values, and what single values mean;
//! * [`schema`]: the text, read and written;
//! * [`infer`]: values that follow from others or from a checkpoint;
//! * [`combine`]: what several machines have in common;
//! * [`import`]: profiles made of what other programs print;
//! * [`builtin`]: the profiles hwcr carries.
#![deny(
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss
)]

pub mod builtin;
pub mod combine;
pub mod import;
pub mod infer;
pub mod model;
pub mod schema;
#[cfg(test)]
mod tests;

pub use builtin::{examine, from_file, resolve};
pub use combine::{NoBaseline, baseline};
pub use infer::design::design_name;
pub use model::pauth::{Field, PAUTH_FIELDS};
pub use model::shown::{CacheType, hertz};
pub use model::zva::Zva;
pub use schema::{At, Error, to_json};
