//! What kernels and CRIU versions do, as tables: the part of the rules that is version arithmetic.

pub mod criu;
pub mod kernel;
pub mod restore;
pub mod sigreturn;
pub mod syscall;
