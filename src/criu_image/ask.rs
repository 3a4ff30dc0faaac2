//! What an image asks of whoever restores it: the state for which CRIU makes a call that not every kernel
//! has, or for which not every CRIU has the code.
//!
//! A reader notes what it sees with [`Asks::see`]. What each of them needs is a row of
//! [`crate::abi::restore`], which has exactly one per name.

use std::collections::BTreeMap;

use crate::units::{Pid, Place, Tid};

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
    /// Build ids of mapped files.
    BuildId = "build-id";
    /// The run id of the dump.
    RunId = "run-id";
    /// The names of the plugins used.
    Plugins = "plugins";
    /// Leave to restore tasks under uprobes.
    AllowUprobes = "allow-uprobes";

    // Memory and the state of the CPU: abi::restore::memory.
    /// A registration for restartable sequences.
    Rseq = "rseq";
    /// A membarrier registration.
    Membarrier = "membarrier";
    /// A statement on pointer-authentication keys, without keys.
    PacBlock = "pac-block";
    /// Pointer-authentication keys.
    PacKeys = "pac-keys";
    /// Guard regions inside of mappings.
    Guards = "guard-regions";
    /// A mapping made by the kernel for uprobes.
    Uprobes = "uprobes-mapping";
    /// A guarded control stack.
    Gcs = "gcs";

    // Files, namespaces, credentials and everything else: abi::restore::objects.
    /// Memfd files and their memory.
    Memfd = "memfd";
    /// BPF maps.
    BpfMap = "bpf-map";
    /// Process file descriptors.
    PidFd = "pidfd";
    /// A time namespace.
    TimeNamespace = "time-namespace";
    /// The signal that stopped a task.
    StopSignal = "stop-signal";
    /// Cgroups of single threads.
    ThreadCgroups = "thread-cgroups";
    /// Timer slack of threads.
    TimerSlack = "timer-slack";
}

/// Something an image asks for, and where it does so first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asked {
    /// What.
    pub ask: Ask,
    /// The task that asks first, where a task does.
    pub pid: Option<Pid>,
    /// The thread that asks first, where a thread does.
    pub tid: Option<Tid>,
    /// Where it was met first.
    pub place: Place,
    /// How often it was met.
    pub times: u64,
}

/// What has been asked for so far.
#[derive(Debug, Default)]
pub(super) struct Asks {
    met: BTreeMap<Ask, Asked>,
    pid: Option<Pid>,
    tid: Option<Tid>,
}

impl Asks {
    /// From here on `pid` asks, or nobody in particular.
    pub(super) fn of_task(&mut self, pid: Option<Pid>) {
        (self.pid, self.tid) = (pid, None);
    }

    /// From here on this thread of the task asks, or none in particular.
    pub(super) fn of_thread(&mut self, tid: Option<Tid>) {
        self.tid = tid;
    }

    /// Notes something asked for; the first place counts.
    pub(super) fn see(&mut self, ask: Ask, place: impl FnOnce() -> Place) {
        let (pid, tid) = (self.pid, self.tid);
        let asked = self.met.entry(ask).or_insert_with(|| Asked {
            ask,
            pid,
            tid,
            place: place(),
            times: 0,
        });
        asked.times = asked.times.saturating_add(1);
    }

    /// Everything that was asked for, in the order of [`Ask`].
    pub(super) fn into_list(self) -> Vec<Asked> {
        self.met.into_values().collect()
    }
}
