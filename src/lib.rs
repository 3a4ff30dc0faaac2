//! hwcr reads a CRIU checkpoint of arm64 tasks and says whether it will really run on a given machine.
//!
//! The way of the data, one direction only:
//!
//! * [`input`] opens the files of an image directory, in an archive or not; [`wire`] finds protobuf fields in bytes;
//! * [`criu_image`] turns them into tasks, threads, mappings and memory by address ([`memory`]);
//! * [`export`] reads what an engine says of the checkpoint beside it;
//! * [`object`] parses each ELF file that tasks have, once ([`elf`]), and says where they have it;
//! * [`auxv`] and [`sigframe`] turn memory into HWCAPs and signal frames; [`code`] says what tasks' code can do;
//! * [`facts`] puts all of it side by side; [`abi`], a leaf, holds what kernels and CRIU versions do;
//! * [`profile`] describes a target machine; [`sigreturn`] says what its `rt_sigreturn` answers to a record; [`rule`] holds facts against it and gives findings and a verdict;
//! * [`divergence`] says what follows from profiles alone;
//! * [`capture`] asks the machine it runs on for its profile;
//! * [`config`] reads what a project settles for its checks; [`report`] renders; [`cli`] alone prints and chooses exit codes.
//!
//! Five words: a *checkpoint* is what `criu dump` wrote; a *task* is a process in it; a *frame* is an
//! `rt_sigframe` in its memory; a *profile* is what a machine offers; a *finding* is a rule's answer.

pub mod a64;
pub mod abi;
pub mod advice;
pub mod auxv;
pub mod capture;
pub mod cli;
pub mod config;
pub mod criu_image;
pub mod divergence;
pub mod elf;
pub mod evidence;
pub mod export;
pub mod facts;
pub mod files;
pub mod finding;
pub mod flow;
pub mod input;
pub mod launch;
pub mod memory;
pub mod object;
pub mod profile;
pub mod progress;
pub mod report;
pub mod restore_log;
pub mod rewrite;
pub mod rule;
pub mod sigframe;
pub mod sigreturn;
pub mod units;
pub mod wire;
