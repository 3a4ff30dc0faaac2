//! Rust types of the messages in `proto/`, for reading only.
#![allow(missing_docs, unreachable_pub, clippy::all, clippy::pedantic)]

include!("../../proto/generated/criu.rs");
