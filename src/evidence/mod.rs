//! What the code of tasks shows of what they need.
//!
//! * an [`Auditor`] looks at the files whose code tasks map (`mapped`), each once;
//! * [`vector_length`] says whether code can set a vector length;
//! * [`registers`] says whether it reads registers that machines differ in;
//! * a [`Suspect`] is where that cannot be ruled out, with its [`Reason`].
#![deny(
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss
)]

mod auditor;
mod mapped;
pub mod registers;
mod suspect;
pub mod vector_length;

pub use auditor::Auditor;
pub use suspect::{Reason, Suspect};
