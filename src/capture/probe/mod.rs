//! What a kernel takes, found by trying.
//!
//! [`trials`] lists signal frames, [`frame`] builds them, and [`weigh`] says what follows from what became
//! of them; [`auxv`] is about the length of a saved auxiliary vector. Only the trying itself needs the
//! machine.

pub mod auxv;
pub mod frame;
pub mod trials;
pub mod weigh;

pub use auxv::Answer as AuxvAnswer;
pub use trials::{Subject, Trial};

/// A trial and what became of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tried {
    /// What was tried.
    pub trial: Trial,
    /// What became of it.
    pub outcome: Outcome,
}

/// What became of a process that returned through a frame.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It went on where the frame said, with the registers of the frame.
    Taken,
    /// It got SIGSEGV.
    Refused,
    /// Something else, in words: neither can be concluded.
    Other(String),
}
