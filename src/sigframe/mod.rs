//! Signal frames.

pub mod model;
