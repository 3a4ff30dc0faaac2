//! The auxiliary vector.

pub mod hwcap;
