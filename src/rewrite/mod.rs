//! Rewriting an image for a target: planned, applied to a copy, verified, undoable.
//!
//! * [`edit`] says what an edit is; planners (`frame`, `auxv`, `pac`) turn facts and a target into edits
//!   or into the reason why there is none;
//! * the engine (`apply`, `verify`, `journal`) knows files and bytes and nothing of meanings.

pub mod edit;
pub mod engine;
