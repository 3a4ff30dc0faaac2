//! The text of a profile: reading it, refusing what cannot be true in it, and writing it.

mod agree;
mod error;
pub(in crate::profile) mod json;
pub mod load;
pub mod mistakes;
pub(in crate::profile) mod near;
pub mod promise;
mod provenance;
pub(in crate::profile) mod section;
mod write;

pub use error::{At, Error};
pub use write::to_json;
