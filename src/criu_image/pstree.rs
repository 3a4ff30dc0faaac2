//! `pstree.img`: which tasks and threads there are.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::error::Error;
use super::model::AnomalyKind;
use super::proto;
use super::reader::{Dir, Notes};
use crate::units::{Pid, Place, Tid};
use crate::wire::schema::PSTREE_ENTRY;

/// Its name.
pub(super) const FILE: &str = "pstree.img";

/// Most ids a tree can have: `PID_MAX_LIMIT` of `include/linux/threads.h` on 64-bit kernels.
const MAX_IDS: usize = 1 << 22;

/// A task and its threads, by id.
#[derive(Clone, Debug)]
pub(super) struct Node {
    /// Process id.
    pub(super) pid: Pid,
    /// Parent's process id.
    pub(super) ppid: Pid,
    /// Threads besides the leader, in the image's order.
    pub(super) others: Vec<Tid>,
    /// Where the entry lies.
    pub(super) place: Place,
}

/// The tasks in the image's order. Every id is there once, so that the work below is bounded by files.
pub(super) fn read(dir: &Dir, notes: &mut Notes) -> Result<Vec<Node>, Error> {
    let image = dir.needed(FILE, "PSTREE", || "every checkpoint has one".to_owned())?;
    let mut nodes = Vec::new();
    let mut seen = BTreeSet::new();
    for entry in image.entries() {
        let entry = entry?;
        let message: proto::PstreeEntry = notes.decode(PSTREE_ENTRY, &entry)?;
        let pid = Pid(message.pid);
        let others: Vec<Tid> = message
            .threads
            .iter()
            .copied()
            .filter(|&tid| tid != message.pid)
            .map(Tid)
            .collect();
        let repeats = message.threads.len().saturating_sub(others.len()) > 1;
        let twice = [message.pid]
            .into_iter()
            .chain(others.iter().map(|tid| tid.0))
            .find(|&id| !seen.insert(id));
        if let Some(id) = twice.or(repeats.then_some(message.pid)) {
            return Err(Error::Duplicate {
                file: Arc::clone(&entry.file),
                offset: entry.offset,
                id,
            });
        }
        if seen.len() > MAX_IDS {
            return Err(Error::Count {
                file: Arc::clone(&entry.file),
                offset: entry.offset,
                what: "tasks and threads",
                found: seen.len() as u64,
                want: "at most 4194304",
            });
        }
        if !message.threads.is_empty() && others.len() == message.threads.len() {
            let detail = format!("task {pid} is not among its own threads");
            notes.anomaly(AnomalyKind::Contradiction, Some(pid), entry.place(), detail);
        }
        nodes.push(Node {
            pid,
            ppid: Pid(message.ppid),
            others,
            place: entry.place(),
        });
    }
    if nodes.is_empty() {
        return Err(Error::Empty {
            file: Arc::clone(image.file()),
            offset: 0,
            message: PSTREE_ENTRY.name(),
        });
    }
    Ok(nodes)
}
