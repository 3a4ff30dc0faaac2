//! Magic words and names of image files (CRIU 4.2 `criu/include/magic.h`, `criu/image-desc.c`).

use super::model::ImageKind;

/// First word of every image but the inventory since image version 2 (`IMG_COMMON_MAGIC`).
pub const COMMON: u32 = 0x5456_4319;

/// First word of files that are not part of the checkpoint proper (`IMG_SERVICE_MAGIC`).
pub const SERVICE: u32 = 0x5510_5940;

/// A kind of image.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Magic {
    /// The word that names the kind.
    pub word: u32,
    /// CRIU's name of it, without `_MAGIC`.
    pub name: &'static str,
}

/// Every kind with a word of its own, those no longer written among them. `PAGEMAP` is also the word of
/// shared-memory pagemaps and of the pages files before `pages-N`, `SIGNAL` that of both signal queues.
pub const KINDS: &[Magic] = &[
    Magic {
        word: 0x5831_3116,
        name: "INVENTORY",
    },
    Magic {
        word: 0x5027_3030,
        name: "PSTREE",
    },
    Magic {
        word: 0x5505_3847,
        name: "CORE",
    },
    Magic {
        word: 0x5443_2030,
        name: "IDS",
    },
    Magic {
        word: 0x5749_2820,
        name: "MM",
    },
    Magic {
        word: 0x5608_4025,
        name: "PAGEMAP",
    },
    Magic {
        word: 0x5140_3912,
        name: "FS",
    },
    Magic {
        word: 0x5621_3732,
        name: "FDINFO",
    },
    Magic {
        word: 0x6441_3049,
        name: "SECCOMP",
    },
    Magic {
        word: 0x6140_4013,
        name: "CPUINFO",
    },
    Magic {
        word: 0x4311_4433,
        name: "TIMENS",
    },
    Magic {
        word: 0x5630_3138,
        name: "FILES",
    },
    Magic {
        word: 0x5036_3636,
        name: "REG_FILES",
    },
    Magic {
        word: 0x5925_5641,
        name: "EXT_FILES",
    },
    Magic {
        word: 0x6139_4011,
        name: "NS_FILES",
    },
    Magic {
        word: 0x4452_3722,
        name: "EVENTFD_FILE",
    },
    Magic {
        word: 0x4502_3858,
        name: "EVENTPOLL_FILE",
    },
    Magic {
        word: 0x4443_3746,
        name: "EVENTPOLL_TFD",
    },
    Magic {
        word: 0x5732_3820,
        name: "SIGNALFD",
    },
    Magic {
        word: 0x5049_3712,
        name: "TIMERFD",
    },
    Magic {
        word: 0x4842_4431,
        name: "INOTIFY_FILE",
    },
    Magic {
        word: 0x5456_2009,
        name: "INOTIFY_WD",
    },
    Magic {
        word: 0x5509_6122,
        name: "FANOTIFY_FILE",
    },
    Magic {
        word: 0x5650_6035,
        name: "FANOTIFY_MARK",
    },
    Magic {
        word: 0x5443_5556,
        name: "PIDFD",
    },
    Magic {
        word: 0x4845_3499,
        name: "MEMFD_INODE",
    },
    Magic {
        word: 0x5258_3605,
        name: "GHOST_FILE",
    },
    Magic {
        word: 0x5913_3954,
        name: "REMAP_FPATH",
    },
    Magic {
        word: 0x5651_3555,
        name: "PIPES",
    },
    Magic {
        word: 0x5836_4939,
        name: "FIFO",
    },
    Magic {
        word: 0x5645_3709,
        name: "PIPES_DATA",
    },
    Magic {
        word: 0x5933_3054,
        name: "FIFO_DATA",
    },
    Magic {
        word: 0x5626_4026,
        name: "SK_QUEUES",
    },
    Magic {
        word: 0x5437_3943,
        name: "UNIXSK",
    },
    Magic {
        word: 0x5644_3851,
        name: "INETSK",
    },
    Magic {
        word: 0x6045_4618,
        name: "PACKETSK",
    },
    Magic {
        word: 0x5800_5614,
        name: "NETLINK_SK",
    },
    Magic {
        word: 0x5714_3751,
        name: "TUNFILE",
    },
    Magic {
        word: 0x5146_5506,
        name: "TCP_STREAM",
    },
    Magic {
        word: 0x5943_3025,
        name: "TTY_FILES",
    },
    Magic {
        word: 0x5945_3036,
        name: "TTY_INFO",
    },
    Magic {
        word: 0x5941_3026,
        name: "TTY_DATA",
    },
    Magic {
        word: 0x5432_3616,
        name: "FILE_LOCKS",
    },
    Magic {
        word: 0x5750_6142,
        name: "BPFMAP_FILE",
    },
    Magic {
        word: 0x6432_4033,
        name: "BPFMAP_DATA",
    },
    Magic {
        word: 0x5556_3928,
        name: "MNTS",
    },
    Magic {
        word: 0x5447_3203,
        name: "UTSNS",
    },
    Magic {
        word: 0x5547_4906,
        name: "USERNS",
    },
    Magic {
        word: 0x6115_7326,
        name: "PIDNS",
    },
    Magic {
        word: 0x5938_3330,
        name: "CGROUP",
    },
    Magic {
        word: 0x5942_3047,
        name: "APPARMOR",
    },
    Magic {
        word: 0x5593_3752,
        name: "NETNS",
    },
    Magic {
        word: 0x5737_3951,
        name: "NETDEV",
    },
    Magic {
        word: 0x5311_5007,
        name: "IPC_VAR",
    },
    Magic {
        word: 0x4628_3044,
        name: "IPCNS_SHM",
    },
    Magic {
        word: 0x5545_3737,
        name: "IPCNS_MSG",
    },
    Magic {
        word: 0x5957_3019,
        name: "IPCNS_SEM",
    },
    Magic {
        word: 0x4935_3943,
        name: "AUTOFS",
    },
    Magic {
        word: 0x6734_3323,
        name: "BINFMT_MISC",
    },
    Magic {
        word: 0x5534_4201,
        name: "SIGACT",
    },
    Magic {
        word: 0x5412_3737,
        name: "VMAS",
    },
    Magic {
        word: 0x5402_3547,
        name: "CREDS",
    },
    Magic {
        word: 0x5711_3925,
        name: "RLIMIT",
    },
    Magic {
        word: 0x5746_4056,
        name: "ITIMERS",
    },
    Magic {
        word: 0x5260_3957,
        name: "POSIX_TIMERS",
    },
    Magic {
        word: 0x5925_5647,
        name: "SIGNAL",
    },
    Magic {
        word: 0x5709_3306,
        name: "STATS",
    },
    Magic {
        word: 0x5700_4059,
        name: "IRMAP_CACHE",
    },
    Magic {
        word: 0x5702_3458,
        name: "KDAT",
    },
];

/// What [`RAW`] calls pages files that forks of CRIU compress.
pub const PAGES_COMPRESSED: &str = "PAGES_COMPRESSED";

/// Files without a magic word: beginning and end of the name, and what they are. The first match counts.
pub const RAW: &[(&str, &str, &str)] = &[
    ("pages-", ".comp.img", PAGES_COMPRESSED),
    ("pages-", ".img", "PAGES"),
    ("tmpfs-dev-", ".tar.gz.img", "TMPFS_DEV"),
    ("tmpfs-", ".tar.gz.img", "TMPFS_IMG"),
    ("ifaddr-", ".img", "IFADDR"),
    ("route-", ".img", "ROUTE"),
    ("route6-", ".img", "ROUTE6"),
    ("rule-", ".img", "RULE"),
    ("iptables-", ".img", "IPTABLES"),
    ("ip6tables-", ".img", "IP6TABLES"),
    ("nftables-", ".img", "NFTABLES"),
    ("netns-ct-", ".img", "NETNF_CT"),
    ("netns-exp-", ".img", "NETNF_EXP"),
];

/// The kind with this word.
#[must_use]
pub fn kind(word: u32) -> Option<&'static Magic> {
    KINDS.iter().find(|kind| kind.word == word)
}

/// The word of the kind CRIU calls `name`; 0, which is CRIU's word for raw files, if there is none.
#[must_use]
pub const fn word(name: &str) -> u32 {
    let mut rest = KINDS;
    while let [first, tail @ ..] = rest {
        if same(first.name.as_bytes(), name.as_bytes()) {
            return first.word;
        }
        rest = tail;
    }
    0
}

const fn same(mut one: &[u8], mut other: &[u8]) -> bool {
    while let ([a, one_tail @ ..], [b, other_tail @ ..]) = (one, other) {
        if *a != *b {
            return false;
        }
        (one, other) = (one_tail, other_tail);
    }
    one.is_empty() && other.is_empty()
}

/// What the file called `name` is, by its first eight bytes (fewer if it has fewer).
#[must_use]
pub fn classify(name: &str, head: &[u8]) -> ImageKind {
    if let Some((_, _, raw)) = RAW
        .iter()
        .find(|(front, back, _)| name.starts_with(front) && name.ends_with(back))
    {
        return ImageKind::Raw(raw);
    }
    let first = head
        .first_chunk::<4>()
        .map(|word| u32::from_le_bytes(*word));
    let second = head
        .last_chunk::<4>()
        .filter(|_| head.len() == 8)
        .map(|word| u32::from_le_bytes(*word));
    let (word, wrapped) = match (first, second) {
        (Some(COMMON | SERVICE), Some(second)) => (second, true),
        (Some(first), _) => (first, false),
        (None, _) => return ImageKind::Other,
    };
    match kind(word) {
        Some(kind) => ImageKind::Known(kind.name),
        None if wrapped => ImageKind::UnknownMagic(word),
        None => ImageKind::Other,
    }
}
