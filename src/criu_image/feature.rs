//! Features of the image format by the CRIU release that brought them (read off the `.proto` files and
//! `criu/include/image.h` of the release tags 3.0 to 4.2, and the pull requests for 4.3).

use std::collections::BTreeMap;

use super::model::{FormatFeature, OlderCriu};
use crate::units::{Place, Version};

macro_rules! features {
    ($($variant:ident: $name:literal, $what:literal, ($major:literal, $minor:literal), $older:ident;)*) => {
        /// A row of the table.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        pub(super) enum Feature { $(#[doc = $what] $variant,)* }

        impl Feature {
            fn row(self) -> (&'static str, &'static str, Version, OlderCriu) {
                match self {
                    $(Self::$variant => ($name, $what, Version::new($major, $minor, 0), OlderCriu::$older),)*
                }
            }
        }
    };
}

features! {
    PageFlags: "page-flags", "flags of page runs", (3, 5), Ignores;
    TimeNamespace: "time-namespace", "a time namespace (timens-N.img)", (3, 14), Loses;
    Memfd: "memfd", "memfd files and their memory (memfd.img)", (3, 14), Breaks;
    BpfMap: "bpf-map", "BPF maps (bpfmap-file.img)", (3, 15), Breaks;
    BuildId: "build-id", "build ids of mapped files", (3, 15), Ignores;
    Rseq: "rseq", "restartable-sequences registrations", (3, 17), Loses;
    StopSignal: "stop-signal", "the signal that stopped a task", (3, 18), Loses;
    ThreadCgroups: "thread-cgroups", "cgroups of single threads", (3, 18), Loses;
    Membarrier: "membarrier", "membarrier registrations", (3, 19), Loses;
    PacBlock: "pac-block", "a statement on pointer-authentication keys, without keys", (4, 1), Ignores;
    PacKeys: "pac-keys", "pointer-authentication keys", (4, 1), Loses;
    PidFd: "pidfd", "process file descriptors (pidfd.img)", (4, 1), Breaks;
    RunId: "run-id", "the run id of the dump", (4, 1), Ignores;
    Plugins: "plugins", "the names of the plugins used", (4, 1), Ignores;
    WidePages: "wide-page-counts", "page counts in a 64-bit field; older releases read 0 pages everywhere", (4, 2), Breaks;
    Guards: "guard-regions", "guard regions inside of mappings", (4, 2), Loses;
    Uprobes: "uprobes-mapping", "a mapping made by the kernel for uprobes", (4, 2), Breaks;
    AllowUprobes: "allow-uprobes", "leave to restore tasks under uprobes", (4, 2), Ignores;
    Gcs: "gcs", "a guarded control stack", (4, 3), Loses;
    TimerSlack: "timer-slack", "timer slack of threads", (4, 3), Loses;
}

/// The features met so far.
#[derive(Debug, Default)]
pub(super) struct Features(BTreeMap<Feature, Place>);

impl Features {
    /// Notes a feature; the first place counts.
    pub(super) fn see(&mut self, feature: Feature, place: impl FnOnce() -> Place) {
        self.0.entry(feature).or_insert_with(place);
    }

    /// All of them, in the table's order.
    pub(super) fn into_list(self) -> Vec<FormatFeature> {
        let row = |(feature, place): (Feature, Place)| {
            let (name, what, since, older) = feature.row();
            FormatFeature {
                name,
                what,
                since,
                older,
                place,
            }
        };
        self.0.into_iter().map(row).collect()
    }
}
