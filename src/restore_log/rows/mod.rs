//! The messages that are known: one row each. The texts are CRIU's and the kernel's, read in their
//! sources as each row says; what is said about them is ours.

mod ends;
mod engines;
mod files;
mod image;
mod kernel;
mod machine;
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

/// The tables. Of several rows that know a message the first counts.
pub static TABLES: &[(&str, &[Row])] = &[
    ("Machine, kernel and CRIU version", machine::ROWS),
    ("Image files", image::ROWS),
    ("Files of the tasks", files::ROWS),
    ("Tasks, terminals and rights", tasks::ROWS),
    ("Cgroups, namespaces, mounts, network", system::ROWS),
    ("The kernel", kernel::ROWS),
    ("Container engines", engines::ROWS),
    (
        "Beginnings, ends and what follows from the rest",
        ends::ROWS,
    ),
];

/// Every row, in the order of the tables.
pub fn all() -> impl Iterator<Item = &'static Row> {
    TABLES.iter().flat_map(|(_, rows)| rows.iter())
}
