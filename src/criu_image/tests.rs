//! Real checkpoints, and synthetic ones whose bytes are put together here by hand.

mod build;
mod fixtures;
mod memory;
mod paths;
mod refusals;
mod tasks;
