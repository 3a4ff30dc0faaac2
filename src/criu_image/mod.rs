//! Image directories.

pub mod model;
pub mod space;
