//! Which language runtimes and libraries with code for CPU features lie in a task's memory.

use std::collections::HashMap;

use crate::criu_image::model::{Checkpoint, Mm, RegFile, VmaStatus};
use crate::memory::{Content, Memory};
use crate::units::{Addr, AddrRange, Pid};

/// Something that chooses code by CPU features when it starts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Runtime {
    /// libc.so.6 of glibc.
    Glibc,
    /// libcrypto of OpenSSL, as a library of its own.
    OpenSsl,
    /// HotSpot of OpenJDK.
    OpenJdk,
    /// A program built by the Go compiler.
    Go,
}

/// A runtime in a task, and what shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seen {
    /// The runtime.
    pub runtime: Runtime,
    /// The task.
    pub pid: Pid,
    /// What shows it, for people.
    pub sign: String,
}

/// Files that a runtime is known by: their names begin so.
const FILES: [(&str, Runtime); 3] = [
    ("libc.so.6", Runtime::Glibc),
    ("libcrypto.so", Runtime::OpenSsl),
    ("libjvm.so", Runtime::OpenJdk),
];

/// What the section `.go.buildinfo` begins with, 16-byte aligned (Go 1.13 and later, `debug/buildinfo`). It
/// lies in the writable data of a program, beside what the runtime sets at its start, so that CRIU saves its page.
const GO_BUILD_INFO: &[u8] = b"\xff Go buildinf:";
const GO_ALIGN: usize = 16;

/// Bytes of a task's writable data that are searched for [`GO_BUILD_INFO`]; the data of large Go programs has a
/// few MiB.
const MOST_SEARCHED: u64 = 64 << 20;

/// The runtimes of every task, by task. What is linked into a program without a file of its own is not seen,
/// but for Go.
#[must_use]
pub fn runtimes(checkpoint: &Checkpoint) -> Vec<Seen> {
    let files = known_files(&checkpoint.files);
    checkpoint
        .tasks
        .iter()
        .filter_map(|task| Some((task.pid, task.mm.as_ref()?)))
        .flat_map(|(pid, mm)| of_task(&files, pid, mm))
        .collect()
}

/// The files that show a runtime, by id. Found once: an image may hold many files and many mappings.
fn known_files(files: &[RegFile]) -> HashMap<u64, (Runtime, &str)> {
    let mut known = HashMap::new();
    for file in files {
        let name = file.name.rsplit('/').next().unwrap_or(&file.name);
        if let Some((_, runtime)) = FILES.iter().find(|(start, _)| name.starts_with(start)) {
            known
                .entry(u64::from(file.id))
                .or_insert((*runtime, file.name.as_str()));
        }
    }
    known
}

fn of_task(files: &HashMap<u64, (Runtime, &str)>, pid: Pid, mm: &Mm) -> Vec<Seen> {
    let mut seen: Vec<Seen> = Vec::new();
    let mut add = |runtime, sign: &dyn Fn() -> String| {
        if seen.iter().all(|seen| seen.runtime != runtime) {
            seen.push(Seen {
                runtime,
                pid,
                sign: sign(),
            });
        }
    };
    let mapped = mm.vmas.iter().filter(|vma| {
        vma.status
            .intersects(VmaStatus::FILE_PRIVATE | VmaStatus::FILE_SHARED)
    });
    for (runtime, name) in mapped.filter_map(|vma| files.get(&vma.shmid)) {
        add(*runtime, &|| format!("maps {name}"));
    }
    if let Some(at) = go_build_info(mm) {
        add(Runtime::Go, &|| {
            format!("holds Go's build information at {at}")
        });
    }
    seen
}

/// Where the build information of a Go program lies: in its own writable data.
fn go_build_info(mm: &Mm) -> Option<Addr> {
    let exe = u64::from(mm.exe_file_id);
    let data = mm.vmas.iter().filter(|vma| {
        vma.status.contains(VmaStatus::FILE_PRIVATE) && vma.shmid == exe && vma.mapping.write
    });
    let mut budget = MOST_SEARCHED;
    for vma in data {
        let range = vma.mapping.range;
        let end = Addr(range.end.0.min(range.start.0.saturating_add(budget)));
        budget = budget.saturating_sub(range.len());
        if let Some(found) = find(&mm.memory, AddrRange::new(range.start, end)) {
            return Some(found);
        }
    }
    None
}

/// The first aligned place in `range` whose bytes are in the image and begin with [`GO_BUILD_INFO`].
fn find(memory: &impl Memory, range: AddrRange) -> Option<Addr> {
    let mut at = range.start;
    while at < range.end {
        let run = memory.run_at(at, range.end);
        if let Content::Bytes { bytes, .. } = run.content {
            // Runs begin at pages, so that what is aligned in them is aligned in memory.
            let found = bytes
                .chunks(GO_ALIGN)
                .position(|chunk| chunk.starts_with(GO_BUILD_INFO));
            if let Some(chunk) = found {
                let offset = u64::try_from(chunk.saturating_mul(GO_ALIGN)).ok()?;
                return run.range.start.checked_add(offset);
            }
        }
        if run.range.end <= at {
            return None;
        }
        at = run.range.end;
    }
    None
}
