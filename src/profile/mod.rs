//! Target profiles: what a machine offers, as `cpu.json` says it (`docs/profile.md`).
#![deny(
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss
)]

mod agree;
mod baseline;
pub mod builtin;
mod conclude;
pub mod cost;
mod derive;
mod design;
mod error;
pub mod from_image;
pub mod import;
mod json;
pub mod load;
pub mod mistakes;
pub mod model;
mod near;
pub mod promise;
mod provenance;
mod section;
mod shown;
#[cfg(test)]
mod tests;
mod vendor;
mod write;
mod zva;

pub use baseline::{NoBaseline, baseline};
pub use builtin::{examine, from_file, resolve};
pub use derive::{Field, PAUTH_FIELDS};
pub use design::design_name;
pub use error::{At, Error};
pub use shown::{CacheType, hertz};
pub use write::to_json;
pub use zva::Zva;
