//! Address space of a task.

/// Placeholder until the reader is laid.
#[derive(Debug)]
pub struct TaskMemory;
