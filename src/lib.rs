//! hwcr reads a CRIU checkpoint of arm64 tasks and says whether it will really run on a given machine: compatible,
//! incompatible or indeterminate, with the proof.
//!
//! The way is [`Image::open`] → [`Image::facts`] → [`ImageFacts::check`] → [`ImageFacts::plan`] → [`Image::apply`]. The program
//! goes the same way. This is `examples/gate.rs`, which gates a directory of checkpoints:
//!
//! ```no_run
#![doc = include_str!("../examples/gate.rs")]
//! ```
//!
//! Addresses are those of the task, offsets are bytes from the start of the file that a [`Place`](units::Place) names, sizes
//! and vector lengths are bytes ([`units`]). What is not known is `None` or has a value of its own; it is never taken for
//! *no*. Where the facts about kernels, CRIU and processors come from, [`RuleMeta::sources`](finding::RuleMeta::sources) says
//! for each rule. Errors name the file and the byte; reading damaged or hostile images is bounded in memory and time, and
//! never panics.
//!
//! Five words: a *checkpoint* is what `criu dump` wrote; a *task* is a process in it; a *frame* is an
//! `rt_sigframe` in its memory; a *profile* is what a machine offers; a *finding* is a rule's answer.
//!
//! Modules that this page does not list are those of the program (`docs/architecture.md`): they are public for its tests, and
//! change without notice.

#[doc(hidden)]
pub mod a64;
#[doc(hidden)]
pub mod abi;
#[doc(hidden)]
pub mod advice;
#[doc(hidden)]
pub mod auxv;
#[doc(hidden)]
pub mod capture;
#[doc(hidden)]
pub mod cli;
#[doc(hidden)]
pub mod config;
#[doc(hidden)]
pub mod criu_image;
#[doc(hidden)]
pub mod divergence;
#[doc(hidden)]
pub mod elf;
#[doc(hidden)]
pub mod evidence;
#[doc(hidden)]
pub mod export;
#[doc(hidden)]
pub mod facts;
#[doc(hidden)]
pub mod files;
pub mod finding;
#[doc(hidden)]
pub mod flow;
pub mod image;
#[doc(hidden)]
pub mod input;
#[doc(hidden)]
pub mod launch;
#[doc(hidden)]
pub mod memory;
#[doc(hidden)]
pub mod object;
pub mod profile;
#[doc(hidden)]
pub mod progress;
#[doc(hidden)]
pub mod report;
#[doc(hidden)]
pub mod restore_log;
pub mod rewrite;
pub mod rule;
#[doc(hidden)]
pub mod sigframe;
pub mod units;
#[doc(hidden)]
pub mod wire;

pub use finding::{Finding, Severity, Verdict};
pub use image::{Destination, Error, Image, ImageFacts, Options, Question, Rewriting};
pub use profile::model::Profile;
pub use rewrite::edit::Allowed;
pub use rule::{Accept, Judgement};
