//! A thread's callers by the unwind tables of the code it runs: what a chain of frame records shows only where code
//! keeps them, these show of every compiled function.
//!
//! * `module` finds the tables of the code at an address, in mapped files or in the image itself;
//! * `registers` turns the registers of one function into those of its caller;
//! * `walk` follows a thread, through signal frames into the code they interrupted.
//!
//! Tables are believed only as far as they hold: every return address must lie behind a call, the stack must only
//! grow up, and where code was stopped between calls it must do what its table says. Where that fails, or there is
//! no table, unwinding ends and says so. It never guesses.

mod module;
mod registers;
mod walk;

pub(super) use walk::Walker;
pub use walk::{Active, Code, Handling, ReturnWord, Start, UnwindEnd, Unwound};
