//! What an image directory says, as facts with their places. Nothing here judges.

use std::sync::Arc;

use crate::memory::Mapping;
use crate::units::{Addr, AddrRange, Pid, Place, Tid};

use super::ask::Asked;
use super::space::TaskMemory;

/// A whole image directory, read.
#[derive(Debug)]
pub struct Checkpoint {
    /// The directory as the user named it.
    pub name: String,
    /// `inventory.img`.
    pub inventory: Inventory,
    /// Architecture of the tasks (`core_entry.mtype`, the same for all).
    pub arch: Arch,
    /// Every task of `pstree.img`, in its order (parents before children).
    pub tasks: Vec<Task>,
    /// Files with a path that the tasks map or hold open, by CRIU's file id.
    pub files: Vec<RegFile>,
    /// What is known of their places.
    pub places: FilePlaces,
    /// Every file of the directory, sorted by name.
    pub images: Vec<ImageFile>,
    /// Fields no message definition here knows, one entry per message and number.
    pub unknown_fields: Vec<UnknownField>,
    /// What is damaged or odd without stopping the reading.
    pub anomalies: Vec<Anomaly>,
    /// What it asks of whoever restores it.
    pub asks: Vec<Asked>,
    /// How the restoring machine has to be set up, which no version shows.
    pub host: Host,
    /// The previous dumps that `parent` links lead to, nearest first.
    pub parents: Vec<ParentDump>,
}

/// A `parent` link: one step up the chain of dumps.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParentDump {
    /// The link's text; empty where `parent` is a directory itself.
    pub target: String,
    /// Whether that is an absolute path. CRIU follows it with a warning; it seldom survives a move.
    pub absolute: bool,
    /// Whether a directory is there and was followed.
    pub followed: bool,
}

/// `inventory_entry`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Inventory {
    /// 1 or 2 (3 is refused).
    pub img_version: u32,
    /// Run id of the dump (CRIU 4.1 and later).
    pub dump_criu_run_id: Option<String>,
    /// Names of the CRIU plugins the dump used.
    pub plugins: Vec<String>,
    /// Where the entry lies.
    pub place: Place,
}

/// `core_entry.mtype`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Arch {
    /// 3.
    Aarch64,
    /// Any other value, with CRIU's name for it (`UNKNOWN`, `X86_64`, …) where it has one.
    Other(i32, &'static str),
}

/// How the restoring machine has to be set up.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Host {
    /// The profile of a security module that the first confined thread runs under.
    pub lsm: Option<LsmProfile>,
    /// Hierarchies of cgroups that CRIU mounts to move tasks: the names of their controllers, and an empty one
    /// for the unified hierarchy.
    pub hierarchies: Vec<String>,
    /// Where they lie.
    pub cgroups: Option<Place>,
}

/// `creds_entry.lsm_profile` with `inventory_entry.lsmtype`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LsmProfile {
    /// `SELinux`, `AppArmor`, or CRIU's number of another module.
    pub module: String,
    /// The profile or context.
    pub profile: String,
    /// Where it lies.
    pub place: Place,
}

/// One task: a process with its threads.
#[derive(Debug)]
pub struct Task {
    /// Process id.
    pub pid: Pid,
    /// Parent's process id; 0 for the root task.
    pub ppid: Pid,
    /// Command name of the leader.
    pub comm: String,
    /// Whether it runs, is stopped, or is a zombie.
    pub state: TaskState,
    /// Exit code, meaningful for zombies.
    pub exit_code: u32,
    /// Leader first; empty for a zombie.
    pub threads: Vec<Thread>,
    /// Signal actions by signal number (1 to 64, without 9 and 19).
    pub sigactions: Vec<SigAction>,
    /// Its address space; `None` for a zombie.
    pub mm: Option<Mm>,
    /// Its open file descriptors, which tasks may share.
    pub fds: Arc<[Fd]>,
    /// The directories it stands in, where the image says them.
    pub stands_in: Option<StandsIn>,
    /// The task whose `mm` this one shares (`CLONE_VM`), when the image holds it only once.
    pub shares_mm_with: Option<Pid>,
    /// Where the leader's core entry lies.
    pub place: Place,
}

/// `task_core_entry.task_state`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TaskState {
    /// 1.
    Alive,
    /// 2 or 6: only the exit code is left.
    Dead,
    /// 3: stopped by a signal, and all there like one that runs.
    Stopped,
    /// A value without a name here.
    Other(u32),
}

/// One thread.
#[derive(Debug)]
pub struct Thread {
    /// Thread id.
    pub tid: Tid,
    /// Thread name, where the image has one.
    pub comm: Option<String>,
    /// Registers and keys; `None` when the core entry has no `ti_aarch64`.
    pub state: Option<Arm64State>,
    /// `thread_core_entry.sas`.
    pub altstack: Option<AltStack>,
    /// Blocked signals, bit 0 = signal 1.
    pub blocked: u64,
    /// Signals waiting in the thread's own queue.
    pub pending: usize,
    /// Size of the area it registered for restartable sequences, bytes; `None` where it registered none.
    pub rseq_size: Option<u32>,
    /// Where the core entry lies.
    pub place: Place,
}

/// `thread_info_aarch64`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Arm64State {
    /// x0 to x30.
    pub x: [u64; 31],
    /// Stack pointer.
    pub sp: u64,
    /// Program counter.
    pub pc: u64,
    /// PSTATE.
    pub pstate: u64,
    /// TPIDR_EL0.
    pub tls: u64,
    /// V0 to V31 as (low, high) pairs in order: 64 words.
    pub vregs: Vec<u64>,
    /// FPSR.
    pub fpsr: u32,
    /// FPCR.
    pub fpcr: u32,
    /// Pointer-authentication state.
    pub pac: PacState,
    /// Guarded control stack (CRIU 4.3 and later).
    pub gcs: Option<Gcs>,
    /// Where the message lies.
    pub place: Place,
}

/// What the image says about pointer authentication.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PacState {
    /// No `pac_keys` field: dumped by CRIU 4.0 or older, which does not save keys.
    NotSaved,
    /// The field is there and empty: CRIU 4.1 or later on a machine without PAC.
    Absent,
    /// Keys of a machine with PAC.
    Saved {
        /// `pac_address_keys`.
        address: Option<AddressKeys>,
        /// `pac_generic_keys`: APGA, low and high.
        generic: Option<[u64; 2]>,
        /// Where `pac_keys` lies.
        place: Place,
    },
}

/// `pac_address_keys`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AddressKeys {
    /// APIA, APIB, APDA, APDB, each low and high.
    pub keys: [[u64; 2]; 4],
    /// `pac_enabled_key`: the mask of `PR_PAC_SET_ENABLED_KEYS`.
    pub enabled: u64,
}

/// `user_aarch64_gcs_entry`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Gcs {
    /// Shadow stack pointer.
    pub gcspr_el0: u64,
    /// Enabled features, `PR_SHADOW_STACK_*`.
    pub features_enabled: u64,
}

/// `thread_sas_entry`. `flags` never says `SS_ONSTACK`: CRIU reads it on a stack of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AltStack {
    /// `ss_sp`.
    pub sp: Addr,
    /// `ss_size`, bytes.
    pub size: u64,
    /// `ss_flags`: 2 is `SS_DISABLE`, bit 31 `SS_AUTODISARM`.
    pub flags: u32,
}

impl AltStack {
    /// `SS_DISABLE` of `uapi/linux/signal.h`.
    pub const SS_DISABLE: u32 = 2;

    /// The addresses, unless the stack is disabled or empty.
    #[must_use]
    pub fn range(&self) -> Option<AddrRange> {
        let end = self.sp.checked_add(self.size)?;
        (self.flags & Self::SS_DISABLE == 0 && self.size != 0)
            .then_some(AddrRange::new(self.sp, end))
    }
}

/// One entry of `task_core_entry.sigactions`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SigAction {
    /// Signal number.
    pub signo: u8,
    /// Handler: 0 is `SIG_DFL`, 1 is `SIG_IGN`.
    pub handler: u64,
    /// `SA_*` flags.
    pub flags: u64,
    /// Restorer, meaningful with `SA_RESTORER`.
    pub restorer: u64,
    /// Signals blocked while the handler runs.
    pub mask: u64,
}

impl SigAction {
    /// `SA_RESTORER` of `arch/arm64/include/uapi/asm/signal.h`.
    pub const SA_RESTORER: u64 = 0x0400_0000;
}

/// `mm_entry` and the memory behind it.
#[derive(Debug)]
pub struct Mm {
    /// `mm_saved_auxv`, word by word.
    pub saved_auxv: Vec<u64>,
    /// Where the vector lies, from the tag byte of its first word to the end of its last field, or the entry
    /// when there is none.
    pub auxv_place: Place,
    /// `mm_start_stack`: the address of `argc`.
    pub start_stack: Addr,
    /// `mm_arg_start` to `mm_arg_end`.
    pub args: AddrRange,
    /// `mm_env_start` to `mm_env_end`.
    pub env: AddrRange,
    /// CRIU's file id of the executable.
    pub exe_file_id: u32,
    /// Requests that each AIO ring was made for (`aio_ring_entry.nr_req`).
    pub aio_requests: Vec<u32>,
    /// The mappings, ascending, without empty or inverted ones.
    pub vmas: Vec<Vma>,
    /// Guard regions (CRIU 4.2): markers over parts of the mappings, ascending. No mappings themselves.
    pub guards: Vec<Vma>,
    /// The bytes by address; implements [`crate::memory::Memory`].
    pub memory: TaskMemory,
    /// Page size in bytes and how it was found.
    pub page_size: PageSize,
    /// Where the entry lies.
    pub place: Place,
}

/// A page size and its ground.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PageSize {
    /// Bytes: 4096, 16384 or 65536 on arm64.
    pub bytes: u64,
    /// From AT_PAGESZ of the saved auxv (the only statement an image makes), or assumed for want of it.
    pub stated: bool,
}

/// `vma_entry`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Vma {
    /// The addresses and rights, as readers of memory need them.
    pub mapping: Mapping,
    /// `pgoff`, bytes.
    pub pgoff: u64,
    /// File id for file mappings, shared-memory id for shared memory.
    pub shmid: u64,
    /// `PROT_*`, raw.
    pub prot: u32,
    /// `MAP_*`, raw.
    pub flags: u32,
    /// `VMA_*` status.
    pub status: VmaStatus,
    /// Where the message lies.
    pub place: Place,
}

bitflags::bitflags! {
    /// `vma_entry.status` (CRIU 4.2 `criu/include/image.h`).
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub struct VmaStatus: u32 {
        /// Restorable mapping.
        const REGULAR = 1 << 0;
        /// The main stack.
        const STACK = 1 << 1;
        /// x86 vsyscall.
        const VSYSCALL = 1 << 2;
        /// The vDSO.
        const VDSO = 1 << 3;
        /// The heap (brk).
        const HEAP = 1 << 5;
        /// Private file mapping.
        const FILE_PRIVATE = 1 << 6;
        /// Shared file mapping.
        const FILE_SHARED = 1 << 7;
        /// Shared anonymous memory.
        const ANON_SHARED = 1 << 8;
        /// Private anonymous memory.
        const ANON_PRIVATE = 1 << 9;
        /// SysV shared memory.
        const SYSVIPC = 1 << 10;
        /// Packet-socket ring.
        const SOCKET = 1 << 11;
        /// vvar.
        const VVAR = 1 << 12;
        /// AIO ring.
        const AIORING = 1 << 13;
        /// memfd (CRIU 3.14).
        const MEMFD = 1 << 14;
        /// Shadow stack (CRIU 4.0, x86; GCS later).
        const SHSTK = 1 << 15;
        /// Guard region (CRIU 4.2).
        const GUARD = 1 << 16;
        /// uprobes (CRIU 4.2).
        const UPROBES = 1 << 17;
        /// Handled by a plugin (CRIU 3.17).
        const EXT_PLUGIN = 1 << 27;
        /// Set at run time only.
        const CLOSE = 1 << 28;
        /// `madvise` guard (CRIU 3.2).
        const NO_PROT_WRITE = 1 << 29;
        /// Set at run time only.
        const PREMMAPED = 1 << 30;
        /// Never in an image.
        const UNSUPP = 1 << 31;
        // Bits without a name are kept.
        const _ = !0;
    }
}

/// `reg_file_entry`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RegFile {
    /// CRIU's file id.
    pub id: u32,
    /// Path in the task's mount namespace.
    pub name: String,
    /// `O_*` it was opened with, without those that only opening heeds.
    pub flags: u32,
    /// `st_mode`: its type and permission bits, where saved (CRIU 2.4).
    pub mode: Option<u32>,
    /// The mount it lies on; `None` where the tasks have no mount namespace of their own.
    pub mount: Option<u32>,
    /// Whether whoever restores hands it over (`--external file[…]`).
    pub external: bool,
    /// Size in bytes, where saved.
    pub size: Option<u64>,
    /// GNU build id, empty where not saved.
    pub build_id: Vec<u8>,
    /// Where the entry lies.
    pub place: Place,
}

/// What an image says of the places of files, beside their paths.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FilePlaces {
    /// The mounts of all mount namespaces; none where the tasks have none of their own.
    pub mounts: Vec<Mount>,
    /// The files that are not opened by the name they had.
    pub remaps: Vec<Remap>,
    /// Named pipes: the file that is open, and the one with the path.
    pub fifos: Vec<(u32, u32)>,
    /// Terminals: the file that is open, and the one with the path.
    pub terminals: Vec<(u32, u32)>,
    /// Unix sockets with a path.
    pub sockets: Vec<BoundSocket>,
}

/// A mount.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mount {
    /// The namespace, by CRIU's number.
    pub namespace: u32,
    /// Its number.
    pub id: u32,
    /// CRIU's number of the kind of file system (`images/mnt.proto`, `fstype`).
    pub kind: u32,
    /// The file system's device number.
    pub device: u32,
    /// The directory of the file system that it shows.
    pub root: String,
    /// Where it is mounted.
    pub point: String,
    /// Whether whoever restores hands it over.
    pub external: bool,
    /// Whether a plugin mounts it.
    pub plugin: bool,
}

/// A file that is not opened by the name it had.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Remap {
    /// The file.
    pub file: u32,
    /// What stands for it.
    pub to: Remapped,
}

/// What stands for a file that had no name of its own any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Remapped {
    /// The file with this id, a hard link that the dump left behind.
    Linked(u32),
    /// A copy in the image.
    Ghost,
    /// A directory of a process that has ended.
    Process,
    /// A type without a name here.
    Other(i32),
}

/// A unix socket with a path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BoundSocket {
    /// CRIU's file id.
    pub id: u32,
    /// Its path as it was bound, which may be relative.
    pub name: String,
    /// The directory a relative path begins in.
    pub directory: Option<String>,
    /// Whether its name had been removed.
    pub deleted: bool,
    /// The mount it lies on.
    pub mount: Option<u32>,
    /// Where the entry lies.
    pub place: Place,
}

/// An open file descriptor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fd {
    /// Its number.
    pub number: u32,
    /// CRIU's id of the file.
    pub file: u32,
    /// CRIU's number of the file's type (`fd_types`).
    pub kind: i32,
}

/// The directories a task stands in, by CRIU's file ids.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StandsIn {
    /// Working directory.
    pub cwd: u32,
    /// Root directory.
    pub root: u32,
}

/// One file of the image directory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImageFile {
    /// File name.
    pub name: String,
    /// Bytes.
    pub size: u64,
    /// What it is.
    pub kind: ImageKind,
}

/// What a file of the directory is, by its magic words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ImageKind {
    /// An image with a known magic; the name is CRIU's (`CORE`, `MM`, …).
    Known(&'static str),
    /// A raw image (`pages-*`, tarballs, dumps of tools), by its name.
    Raw(&'static str),
    /// A log or another file that is not an image.
    Other,
    /// Looks like an image (common magic word) but the type word has no name here.
    UnknownMagic(u32),
}

/// A field without a definition here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownField {
    /// Message name, as CRIU spells it.
    pub message: &'static str,
    /// Field number.
    pub number: u32,
    /// How often it was met.
    pub count: u64,
    /// Where it was met first.
    pub place: Place,
}

/// Something damaged or odd.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Anomaly {
    /// What kind.
    pub kind: AnomalyKind,
    /// Task it belongs to, if one.
    pub pid: Option<Pid>,
    /// Where it shows.
    pub place: Place,
    /// What was found, for people.
    pub detail: String,
}

/// Kinds of [`Anomaly`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum AnomalyKind {
    /// A `pages-N.img` that a pagemap names is not there.
    PagesMissing,
    /// A pages file ends before its last page.
    PagesTruncated,
    /// A pages file is longer than its pagemap accounts for.
    PagesOversized,
    /// A pagemap entry lies outside of every VMA.
    PageOutsideVma,
    /// Pages were left to a lazy-pages server.
    PagesLazy,
    /// The `parent` link or a page in it is missing.
    ParentMissing,
    /// The pagemap of a task is missing although it has memory that needs one.
    PagemapMissing,
    /// A VMA or page is not aligned to the page size the task states.
    PageSizeDoubtful,
    /// Two statements of the image contradict each other.
    Contradiction,
    /// The file of a thread's registers has no `ti_aarch64`.
    RegistersMissing,
    /// VMAs overlap, are inverted or unsorted.
    VmaDisorder,
}

impl Checkpoint {
    /// The task with this id.
    #[must_use]
    pub fn task(&self, pid: Pid) -> Option<&Task> {
        self.tasks.iter().find(|task| task.pid == pid)
    }

    /// The regular file with CRIU's id `id`.
    #[must_use]
    pub fn file(&self, id: u32) -> Option<&RegFile> {
        self.files.iter().find(|file| file.id == id)
    }
}
