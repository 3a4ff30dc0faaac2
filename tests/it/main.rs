//! All tests of the library and the program, as one program: it is linked once, and its tests share the machine's cores.
//!
//! `cargo test --test it NAME::` runs those of one module.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "helpers of tests may fail by panicking"
)]

#[path = "support/held.rs"]
mod held;
#[path = "support/json_schema.rs"]
mod json_schema;
#[path = "support/large.rs"]
mod large;
mod pack;
#[path = "support/program.rs"]
mod program;
#[path = "support/xsd.rs"]
mod xsd;

mod baseline;
mod captured;
mod checkpointctl;
mod cli;
mod comfort;
mod config;
mod cross;
mod docs;
mod end_to_end;
mod explain_log;
mod files;
mod fleet;
mod floors;
mod floors_shown;
mod from_image;
mod gate;
mod generated;
mod hostile_archives;
mod hostile_images;
mod import;
mod inputs;
mod launch;
mod lazy;
mod library;
mod matrix;
mod packaging;
mod pages;
mod podman;
mod profile_cli;
mod profiles;
mod reports;
mod rewrite_archive;
mod rewrite_cli;
mod rewrite_engine;
mod rewritten;
mod rooms;
mod rule_ids;
mod rules;
mod scale;
mod seen;
mod setters;
mod targets;
mod truth;
mod unwinding;
