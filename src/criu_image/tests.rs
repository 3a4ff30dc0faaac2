//! Real checkpoints, and synthetic ones whose bytes are put together here by hand.

mod fixtures;
