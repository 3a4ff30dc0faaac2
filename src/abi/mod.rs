//! What kernels and CRIU versions do, as tables: the part of the rules that is version arithmetic.

pub mod criu;
pub mod kernel;
pub mod record;
pub mod restore;
pub mod syscall;
