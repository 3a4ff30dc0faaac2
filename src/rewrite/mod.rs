//! Rewriting an image for a target: planned, applied to a copy, verified, undoable.
//!
//! * [`edit`] says what an edit is; planners ([`frame`], [`auxv`]) turn facts and a target into edits
//!   or into the reason why there is none;
//! * the [`engine`] knows files and bytes and nothing of meanings.

pub mod auxv;
pub mod edit;
pub mod engine;
pub mod frame;

mod overwrite;
