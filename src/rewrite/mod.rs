//! Rewriting an image for a target: planned, applied to a copy, verified, undoable.
//!
//! * [`edit`] says what an edit is; planners ([`frame`], [`auxv`], [`pac`]) turn facts, a target and the
//!   findings of its judgement ([`by_spot`]) into edits, or into the reason why there is none. Both name the findings;
//! * [`allow`] names the edits a program can notice, [`outcome`] decides what a plan leaves;
//! * the [`engine`] knows files and bytes and nothing of meanings.

pub mod allow;
#[doc(hidden)]
pub mod auxv;
#[doc(hidden)]
pub mod by_spot;
pub mod edit;
#[doc(hidden)]
pub mod engine;
#[doc(hidden)]
pub mod frame;
#[doc(hidden)]
pub mod outcome;
#[doc(hidden)]
pub mod pac;

mod overwrite;
