//! From a directory to a [`Checkpoint`].

use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;

use super::ask::Ask;
use super::chain::Chain;
use super::core::{self, Core};
use super::error::Error;
use super::mm::Spaces;
use super::model::{
    AnomalyKind, Arch, Checkpoint, Fd, FilePlaces, ImageFile, ImageKind, Mm, Task, TaskState,
};
use super::pstree::{self, Node};
use super::reader::{Dir, Notes};
use super::{confinement, files, inventory, magic, mounts, network, paths, special};
use crate::input::{DirSource, PARENT_LINK, Source};
use crate::units::{Pid, Place, Tid};
use crate::wire::schema::TASK_KOBJ_IDS_ENTRY;

/// Reads the image directory `dir`.
///
/// # Errors
/// What makes it no checkpoint, or one that cannot be read: see [`Error`]. Missing or odd pages are no
/// error but [`Checkpoint::anomalies`].
pub fn load(dir: &Path) -> Result<Checkpoint, Error> {
    let source: Arc<dyn Source> = Arc::new(DirSource::open(dir)?);
    load_from(&source)
}

/// Files that may be read, by name, and how those begin of which there may be many.
const READ: &[&str] = &[
    inventory::FILE,
    pstree::FILE,
    "files.img",
    "reg-files.img",
    "memfd.img",
    confinement::SECCOMP,
    confinement::CGROUP,
    special::BPF_DATA,
    paths::REMAPS,
    // Where a copy lost the link, a file has its text.
    PARENT_LINK,
];
const READ_MANY: &[&str] = &[
    "core-",
    "fdinfo-",
    "fs-",
    "ids-",
    "mm-",
    "pagemap-",
    "pages-",
    network::RULES,
    mounts::FILES,
];

/// Whether [`load_from`] may read the content of a file of this name. Of all others it takes no more than
/// the first eight bytes.
#[must_use]
pub fn is_read(name: &str) -> bool {
    let one_of_many = || READ_MANY.iter().any(|front| name.starts_with(front));
    READ.contains(&name) || name.ends_with(".img") && one_of_many()
}

/// Reads image files wherever they come from.
///
/// # Errors
/// As [`load`].
pub fn load_from(source: &Arc<dyn Source>) -> Result<Checkpoint, Error> {
    let mut notes = Notes::default();
    let (inventory, dir) = inventory::read(source, &mut notes)?;
    let images = images(&dir, &mut notes)?;
    let files = files::read(&dir, &mut notes)?;
    special::see_bpf_data(&dir, &images, &mut notes)?;
    network::read(&dir, &images, &mut notes)?;
    confinement::read_seccomp(&dir, &mut notes)?;
    confinement::read_cgroups(&dir, &mut notes)?;
    let places = FilePlaces {
        mounts: mounts::read(&dir, &images, &mut notes)?,
        remaps: paths::remaps(&dir, &mut notes)?,
        ..files.places
    };
    let nodes = pstree::read(&dir, &mut notes)?;
    let (chain, parents) = Chain::open(dir.clone(), &mut notes)?;
    let spaces = Spaces {
        chain: &chain,
        memfd: &files.memfd,
        objects: HashMap::new(),
        notes: &mut notes,
    };
    let mut tasks = Tasks {
        dir: &dir,
        spaces,
        arch: None,
        owners: HashMap::new(),
        tables: paths::Tables::default(),
    };
    let list = nodes
        .iter()
        .map(|node| tasks.read(node))
        .collect::<Result<Vec<_>, _>>()?;
    let arch = tasks.arch.unwrap_or(Arch::Other(0, "UNKNOWN"));
    let host = notes.host();
    Ok(Checkpoint {
        name: source.name().to_owned(),
        inventory,
        arch,
        tasks: list,
        files: files.regular,
        places,
        images,
        unknown_fields: notes.unknown_fields(),
        anomalies: notes.anomalies(),
        host,
        asks: notes.asks.into_list(),
        parents,
    })
}

/// What the mere presence of an image asks for: beginning of its name. The first match counts.
///
/// Number 0 of `timens` holds the clocks of a machine whose tasks are in no time namespace of their own
/// (`criu/cr-dump.c`, `dump_time_ns`).
const BY_NAME: &[(&str, Ask)] = &[
    ("timens-0.img", Ask::Clocks),
    ("timens-", Ask::TimeNamespace),
    ("pidns-", Ask::ExternalPidNamespace),
    ("apparmor.img", Ask::ApparmorNamespaces),
];

/// What every file of the directory is. Compressed pages end the reading.
fn images(dir: &Dir, notes: &mut Notes) -> Result<Vec<ImageFile>, Error> {
    let mut images = Vec::new();
    for listed in dir.source.list()? {
        // What cannot be read may be none of our business (a log); an image that is will say so again.
        let kind = if listed.regular {
            let head = dir.source.head(&listed.name, 8).unwrap_or_default();
            magic::classify(&listed.name, &head)
        } else {
            ImageKind::Other
        };
        if kind == ImageKind::Raw(magic::PAGES_COMPRESSED) {
            let what = "a file that forks of CRIU write".to_owned();
            return Err(Error::Compressed {
                file: dir.label(&listed.name),
                offset: 0,
                what,
            });
        }
        let by_name = BY_NAME
            .iter()
            .find(|(name, _)| listed.size != 0 && listed.name.starts_with(name));
        if let Some((_, feature)) = by_name {
            notes.asks.see(*feature, || {
                Place::new(dir.label(&listed.name), 0, listed.size)
            });
        }
        images.push(ImageFile {
            name: listed.name,
            size: listed.size,
            kind,
        });
    }
    Ok(images)
}

struct Tasks<'a> {
    dir: &'a Dir,
    spaces: Spaces<'a>,
    /// The first task's.
    arch: Option<Arch>,
    /// The task that brought each address space, by its number.
    owners: HashMap<u32, Pid>,
    tables: paths::Tables,
}

impl Tasks<'_> {
    fn read(&mut self, node: &Node) -> Result<Task, Error> {
        let pid = node.pid;
        self.spaces.notes.asks.of_task(Some(pid));
        let leader = Core::read(self.dir, Tid(pid.0), &node.place.file, self.spaces.notes)?;
        self.arch(&leader, pid)?;
        let task = leader.task()?;
        let entry = leader.entry()?;
        core::see_task(task, &entry, self.spaces.notes);
        let state = core::task_state(task.task_state);
        let mut threads = Vec::new();
        let (mut mm, mut shares_mm_with) = (None, None);
        let (mut fds, mut stands_in) = (Arc::default(), None);
        // Nothing but the exit code is left of a zombie, whatever else an image may say of it.
        if state != TaskState::Dead {
            threads.push(leader.thread(Tid(pid.0), self.spaces.notes)?);
            for &tid in &node.others {
                let core = Core::read(self.dir, tid, &node.place.file, self.spaces.notes)?;
                self.arch(&core, pid)?;
                threads.push(core.thread(tid, self.spaces.notes)?);
            }
            (mm, shares_mm_with) = self.mm(&leader, pid)?;
            fds = self.fds(&leader, pid)?;
            stands_in = paths::stands_in(self.dir, pid, self.spaces.notes)?;
        }
        for thread in threads
            .iter()
            .filter(|thread| thread.state.is_none() && self.arch == Some(Arch::Aarch64))
        {
            let detail = format!("no registers of thread {}", thread.tid);
            self.spaces.notes.anomaly(
                AnomalyKind::RegistersMissing,
                Some(pid),
                thread.place.clone(),
                detail,
            );
        }
        Ok(Task {
            pid,
            ppid: node.ppid,
            comm: core::text(&task.comm),
            state,
            exit_code: task.exit_code,
            threads,
            sigactions: core::sigactions(task, &entry)?,
            mm,
            fds,
            stands_in,
            shares_mm_with,
            place: entry.place(),
        })
    }

    /// Notes a thread of another architecture than the first.
    fn arch(&mut self, core: &Core, pid: Pid) -> Result<(), Error> {
        let (arch, first) = (core.arch(), *self.arch.get_or_insert_with(|| core.arch()));
        if arch != first {
            let detail =
                format!("architecture {arch:?}, and {first:?} elsewhere in the checkpoint");
            self.spaces.notes.anomaly(
                AnomalyKind::Contradiction,
                Some(pid),
                core.entry()?.place(),
                detail,
            );
        }
        Ok(())
    }

    /// The task's address space, or the task it shares one with.
    fn mm(&mut self, leader: &Core, pid: Pid) -> Result<(Option<Mm>, Option<Pid>), Error> {
        let vm_id = match leader.vm_id() {
            Some(id) => Some(id),
            None => self.ids(pid)?.map(|ids| ids.vm_id),
        };
        let name = format!("mm-{pid}.img");
        let Some(image) = self.dir.image(&name, "MM")? else {
            let owner = vm_id.and_then(|id| self.owners.get(&id).copied());
            let missing = || Error::MissingImage {
                file: self.dir.label(&name),
                why: format!("task {pid} lives, and shares no other task's memory"),
            };
            return Ok((None, Some(owner.ok_or_else(missing)?)));
        };
        if let Some(id) = vm_id {
            self.owners.entry(id).or_insert(pid);
        }
        Ok((Some(self.spaces.read(&image, pid)?), None))
    }

    /// The task's open files.
    fn fds(&mut self, leader: &Core, pid: Pid) -> Result<Arc<[Fd]>, Error> {
        let files_id = match leader.files_id() {
            Some(id) => Some(id),
            None => self.ids(pid)?.map(|ids| ids.files_id),
        };
        files_id.map_or_else(
            || Ok(Arc::default()),
            |id| self.tables.read(self.dir, id, self.spaces.notes),
        )
    }

    /// The numbers of what tasks can share, by `ids-PID.img`; older images have them nowhere.
    fn ids(&mut self, pid: Pid) -> Result<Option<super::proto::TaskKobjIdsEntry>, Error> {
        let Some(image) = self.dir.image(&format!("ids-{pid}.img"), "IDS")? else {
            return Ok(None);
        };
        let entry = image.single(TASK_KOBJ_IDS_ENTRY.name())?;
        let ids: super::proto::TaskKobjIdsEntry =
            self.spaces.notes.decode(TASK_KOBJ_IDS_ENTRY, &entry)?;
        Ok(Some(ids))
    }
}
