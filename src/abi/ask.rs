//! What an image can ask of whoever restores it: the state for which CRIU makes a call that not every kernel
//! has, or for which not every CRIU has the code.
//!
//! What each of them needs is a row of [`super::restore`], which has exactly one per name.

macro_rules! asks {
    ($($(#[doc = $doc:literal])+ $variant:ident = $name:literal;)*) => {
        /// Something that an image asks for.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Ask { $($(#[doc = $doc])+ $variant,)* }

        impl Ask {
            /// All of them, in the order of the list.
            pub const ALL: &[Self] = &[$(Self::$variant,)*];

            /// Its stable name.
            #[must_use]
            pub fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }
        }
    };
}

asks! {
    // The image format.
    /// Flags of page runs.
    PageFlags = "page-flags";
    /// Page counts in a 64-bit field.
    WidePages = "wide-page-counts";
    /// The field for disabled huge pages of a process, whatever it says.
    HugePagesField = "huge-pages-field";
    /// Build ids of mapped files.
    BuildId = "build-id";
    /// The field for restartable sequences of a thread, also where it registered none.
    RseqField = "rseq-field";
    /// The run id of the dump.
    RunId = "run-id";
    /// The names of the plugins used.
    Plugins = "plugins";
    /// Leave to restore tasks under uprobes.
    AllowUprobes = "allow-uprobes";

    // Memory and the state of the CPU: abi::restore::memory.
    /// A saved auxv of more than 40 words.
    AuxvOver40 = "auxv-over-40-words";
    /// A saved auxv of more than 46 words.
    AuxvOver46 = "auxv-over-46-words";
    /// A saved auxv of more than 50 words.
    AuxvOver50 = "auxv-over-50-words";
    /// Empty program data: `start_data` is `end_data`.
    EmptyData = "empty-data";
    /// A heap below the end of the program's data.
    BrkBelowData = "brk-below-data";
    /// A program, heap, stack or argument below 65536.
    Low = "program-below-64k";
    /// Huge pages disabled for the process.
    HugePagesDisabled = "huge-pages-disabled";
    /// A droppable mapping.
    Droppable = "droppable-mapping";
    /// A mapping that children find empty.
    WipeOnFork = "wipe-on-fork";
    /// A mapping for kernel samepage merging.
    Mergeable = "mergeable";
    /// A mapping for huge pages.
    HugePageAdvice = "huge-page-advice";
    /// A mapping without huge pages.
    NoHugePageAdvice = "no-huge-page-advice";
    /// A mapping of huge pages (hugetlb).
    HugeTlb = "hugetlb-mapping";
    /// A memfd of huge pages.
    HugeTlbMemfd = "hugetlb-memfd";
    /// A mapping that a plugin restores.
    PluginMapping = "plugin-mapping";
    /// An AIO ring.
    AioRing = "aio-ring";
    /// A mapping above 2^48.
    High = "mapping-above-48-bits";
    /// The vDSO.
    Vdso = "vdso";
    /// A vDSO with a GNU hash table only.
    VdsoGnuHash = "vdso-gnu-hash";
    /// A vDSO whose ELF header says Linux.
    VdsoOsAbi = "vdso-os-abi";
    /// A registration for restartable sequences.
    Rseq = "rseq";
    /// A registration for restartable sequences of another size than 32 bytes.
    RseqSize = "rseq-size";
    /// A membarrier registration.
    Membarrier = "membarrier";
    /// A statement on pointer-authentication keys, without keys.
    PacBlock = "pac-block";
    /// Pointer-authentication keys.
    PacKeys = "pac-keys";
    /// Guard regions inside of mappings.
    Guards = "guard-regions";
    /// Guard regions in mappings that are not private anonymous memory.
    GuardsInFiles = "guard-regions-in-files";
    /// A mapping made by the kernel for uprobes.
    Uprobes = "uprobes-mapping";
    /// A guarded control stack.
    Gcs = "gcs";

    // Files, namespaces, credentials and everything else: abi::restore::objects.
    /// Memfd files and their memory.
    Memfd = "memfd";
    /// A memfd of huge pages that can be sealed.
    MemfdHugetlbSeals = "memfd-hugetlb-seals";
    /// A memfd sealed against future writes.
    MemfdFutureWrite = "memfd-future-write";
    /// A memfd whose executable bits are sealed.
    MemfdExecSeal = "memfd-exec-seal";
    /// A memfd with other permissions than it is made with.
    MemfdMode = "memfd-mode";
    /// BPF maps.
    BpfMap = "bpf-map";
    /// The content of BPF maps.
    BpfData = "bpf-map-data";
    /// A BPF map that nobody may write to any more.
    BpfFrozen = "bpf-map-frozen";
    /// A BPF map that programs may only read, or only write.
    BpfAccess = "bpf-map-access";
    /// A BPF map that can be mapped into memory.
    BpfMmapable = "bpf-map-mmapable";
    /// Process file descriptors.
    PidFd = "pidfd";
    /// A process file descriptor that does not block.
    PidFdNonblock = "pidfd-nonblock";
    /// A fanotify group that reports threads.
    FanotifyTid = "fanotify-tid";
    /// A fanotify group that reports file handles.
    FanotifyFid = "fanotify-fid";
    /// A fanotify group that reports directories or names.
    FanotifyDirFid = "fanotify-dir-fid";
    /// A fanotify group that reports process file descriptors.
    FanotifyPidfd = "fanotify-pidfd";
    /// A fanotify group that reports handles of the files in a directory.
    FanotifyTargetFid = "fanotify-target-fid";
    /// A fanotify group that reports files it could not open.
    FanotifyFdError = "fanotify-fd-error";
    /// A fanotify mark for files that are opened to be executed.
    FanotifyOpenExec = "fanotify-open-exec";
    /// A fanotify mark for renames.
    FanotifyRename = "fanotify-rename";
    /// A fanotify mark that does not keep its inode in memory.
    FanotifyEvictable = "fanotify-evictable";
    /// A fanotify mark that ignores events as `FAN_MARK_IGNORE` does.
    FanotifyIgnore = "fanotify-ignore";

    /// Whether sockets have buffers of a fixed size.
    SocketBufLock = "socket-buf-lock";
    /// An IPv6 socket that may bind to any address.
    Ipv6Freebind = "ipv6-freebind";
    /// A socket that may broadcast.
    SocketBroadcast = "socket-broadcast";
    /// A socket that keeps its connection alive.
    SocketKeepalive = "socket-keepalive";
    /// A socket with urgent data among the rest.
    SocketOobinline = "socket-oobinline";
    /// A socket that lingers on close.
    SocketLinger = "socket-linger";
    /// A socket that is told where packets came in.
    SocketPktinfo = "socket-pktinfo";
    /// A socket with a type of service.
    SocketTos = "socket-tos";
    /// TCP options of sockets in every state.
    TcpOptions = "tcp-options";
    /// Rules of nftables in a network namespace.
    Nftables = "nftables";

    /// The network lock of the dump.
    NetworkLock = "network-lock";

    /// A tmpfs mounted by a kernel that says how wide its inode numbers are.
    TmpfsInode = "tmpfs-inode";
    /// A tmpfs that is not swapped out.
    TmpfsNoswap = "tmpfs-noswap";
    /// A tmpfs with quotas.
    TmpfsQuota = "tmpfs-quota";
    /// A proc file system that hides tasks or files.
    ProcHiding = "proc-hiding";
    /// A mounted cgroup2 file system.
    Cgroup2Mount = "cgroup2-mount";
    /// A mounted cgroup2 file system with `nsdelegate`.
    Cgroup2Nsdelegate = "cgroup2-nsdelegate";
    /// A mounted cgroup2 file system with `memory_localevents`.
    Cgroup2LocalEvents = "cgroup2-memory-localevents";
    /// A mounted cgroup2 file system with `memory_recursiveprot`.
    Cgroup2RecursiveProt = "cgroup2-memory-recursiveprot";
    /// A mounted cgroup2 file system with `favordynmods`.
    Cgroup2FavorDynmods = "cgroup2-favordynmods";
    /// A mounted cgroup2 file system with `memory_hugetlb_accounting`.
    Cgroup2HugetlbAccounting = "cgroup2-memory-hugetlb-accounting";
    /// A mounted cgroup2 file system with `pids_localevents`.
    Cgroup2PidsLocalEvents = "cgroup2-pids-localevents";

    /// Tasks in cgroups of the unified hierarchy.
    Cgroup2 = "cgroup2";
    /// A cgroup namespace.
    CgroupNamespace = "cgroup-namespace";
    /// Cgroups of single threads.
    ThreadCgroups = "thread-cgroups";
    /// A time namespace.
    TimeNamespace = "time-namespace";
    /// The clocks at the dump.
    Clocks = "clocks";
    /// A PID namespace that is given from outside.
    ExternalPidNamespace = "external-pid-namespace";

    /// A seccomp filter whose actions are logged.
    SeccompLog = "seccomp-log";
    /// A seccomp filter that answers with `SECCOMP_RET_LOG`.
    SeccompRetLog = "seccomp-ret-log";
    /// A seccomp filter that asks a supervisor.
    SeccompNotify = "seccomp-notify";
    /// Securebits for the execution of scripts.
    SecbitsExec = "securebits-exec";
    /// No new privileges.
    NoNewPrivs = "no-new-privs";
    /// Ambient capabilities.
    AmbientCaps = "ambient-capabilities";
    /// Namespaces of AppArmor with their profiles.
    ApparmorNamespaces = "apparmor-namespaces";

    /// A task that adopts orphans.
    ChildSubreaper = "child-subreaper";
    /// A timer that signals a thread.
    TimerThread = "timer-thread";
    /// The signal that stopped a task.
    StopSignal = "stop-signal";
    /// Timer slack of threads.
    TimerSlack = "timer-slack";
    /// A membarrier registration for private expedited barriers.
    MembarrierPrivate = "membarrier-private";
    /// A membarrier registration for global expedited barriers.
    MembarrierGlobal = "membarrier-global";
    /// A membarrier registration for core-serialising barriers.
    MembarrierSyncCore = "membarrier-sync-core";
    /// A membarrier registration for barriers of restartable sequences.
    MembarrierRseq = "membarrier-rseq";
}
