//! The messages that are known: one row each. The texts are CRIU's and the kernel's, read in their
//! sources as each row says; what is said about them is ours.

mod dump_machine;
mod dump_tasks;
mod ends;
mod engines;
mod files;
mod image;
pub(super) mod inferred;
mod jvm;
mod kernel;
mod probe;
mod processor;
mod system;
mod tasks;

use super::row::Row;

/// The row of CRIU's first line.
pub const VERSION: &str = "criu-version";
/// The row of the line that names kernel and architecture.
pub const MACHINE: &str = "criu-machine";
/// The row of the line that ties a host's process id to the saved one.
pub const PIDS: &str = "criu-pid-map";

/// The row of an engine's line that names the file CRIU's log is in.
pub const LOG_FILE: &str = "tool-criu-log";
/// The row of a line that says how a task ended.
pub const TASK_ENDED: &str = "criu-task-ended";
/// The row of the lines with which CRIU ends because it could not find out what the kernel can do.
pub const FEATURES_UNKNOWN: &str = "criu-features-unknown";
/// The rows of image files that CRIU looked for: it reads the image.
pub const LOOKED_FOR: &[&str] = &["criu-image-needed", "criu-image-absent"];

/// The tables. Of several rows that know a message the first counts.
pub static TABLES: &[(&str, &[Row])] = &[
    ("Machine, kernel and CRIU version", processor::ROWS),
    ("What CRIU tries out when it starts", probe::ROWS),
    ("Image files", image::ROWS),
    ("Files of the tasks", files::ROWS),
    ("Tasks, terminals and rights", tasks::ROWS),
    ("Cgroups, namespaces, mounts, network", system::ROWS),
    (
        "Dumps: machine, kernel and CRIU version",
        dump_machine::ROWS,
    ),
    (
        "Dumps: files, sockets, mounts, namespaces",
        dump_tasks::ROWS,
    ),
    ("The kernel", kernel::ROWS),
    ("Container engines", engines::ROWS),
    ("The JVM", jvm::ROWS),
    ("What symptoms and versions come to", inferred::ROWS),
    (
        "Beginnings, ends and what follows from the rest",
        ends::ROWS,
    ),
];

/// Every row, in the order of the tables.
pub fn all() -> impl Iterator<Item = &'static Row> {
    TABLES.iter().flat_map(|(_, rows)| rows.iter())
}

/// A row by its id.
pub fn find(id: &str) -> Option<&'static Row> {
    all().find(|row| row.id == id)
}
