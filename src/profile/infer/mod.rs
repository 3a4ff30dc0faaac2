//! What of a machine follows from other facts: from the design of its cores, and from a checkpoint made on it.

pub(in crate::profile) mod conclude;
pub(in crate::profile) mod design;
pub mod from_image;
