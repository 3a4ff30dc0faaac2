//! Target profiles.

pub mod model;
