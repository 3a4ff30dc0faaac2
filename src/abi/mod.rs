//! What arm64 kernels and CRIU versions know and do, as tables: capability bits, records of signal frames, floors, limits.
//!
//! A leaf: it knows versions and numbers, and nothing of images, profiles or findings.

pub mod ask;
pub mod criu;
pub mod hwcap;
mod hwcap_table;
pub mod kernel;
pub mod record;
pub mod restore;
pub mod syscall;
