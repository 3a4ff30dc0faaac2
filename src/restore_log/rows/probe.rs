//! What CRIU tries out when it starts, and what its errors there mean.
//!
//! Whether such an error ended the restore is not a matter of the row: CRIU's progress shows it
//! (`progress.rs`). The rows name what is missing.

use crate::restore_log::row::{ERROR, Role, Row};

const SURVIVED: Row = Row {
    role: Role::Harmless,
    ..ERROR
};

pub(super) static ROWS: &[Row] = &[
    Row {
        id: "criu-probe-tun",
        files: &["tun.c"],
        patterns: &[
            "Unable to create tun: {errno}",
            "Can't check tun support: {errno}",
        ],
        summary: "/dev/net/tun cannot be opened; harmless unless the tasks have TUN devices.",
        explanation: "CRIU tries it in every start that has no cache of the kernel's features, and ignores the result.",
        sources: &[
            "CRIU 3.10 to 4.2, criu/tun.c check_tun_netns_cr; criu/kerndat.c kerndat_tun_netns",
            "checkpoint-restore/criu 1226, 1423",
        ],
        ..SURVIVED
    },
    Row {
        id: "criu-probe-veth",
        files: &["net.c"],
        patterns: &["Unable to create a veth pair: {code}"],
        summary: "The kernel cannot make veth devices; harmless unless the tasks have a network namespace with one.",
        explanation: "CRIU tries it in a child of its own to learn whether links name their namespace. It answered {code}; \
            -95 is a kernel without CONFIG_VETH.",
        sources: &["CRIU 3.8 to 4.2, criu/net.c kerndat_link_nsid"],
        ..SURVIVED
    },
    Row {
        id: "criu-probe-repair-off",
        files: &["sk-inet.h"],
        patterns: &[
            "Failed to turn off repair mode on socket {fd:number}: {errno}",
            "Failed to turn off repair mode on socket: {errno}",
        ],
        summary: "TCP repair mode of a socket could not be switched off; harmless for sockets that were closed.",
        explanation: "It answered: {errno}. CRIU ignores the result. With --tcp-close the socket is not in repair mode at all.",
        sources: &[
            "CRIU 3.0 to 4.2, criu/include/sk-inet.h tcp_repair_off, criu/pie/restorer.c rst_tcp_repair_off",
        ],
        ..SURVIVED
    },
    Row {
        id: "criu-probe-module-output",
        files: &["netfilter.c", "kerndat.c"],
        patterns: &[
            "failed to open /dev/null, using log fd for net module preload: {errno}",
            "failed to open /dev/null, using log fd for xtlocks check: {errno}",
        ],
        summary: "/dev/null cannot be opened; harmless, the output of a program CRIU tries goes to the log.",
        explanation: "The system answered: {errno}.",
        sources: &[
            "CRIU 3.15 to 4.2, criu/netfilter.c preload_netfilter_modules, criu/kerndat.c kerndat_iptables_has_xtlocks",
        ],
        ..SURVIVED
    },
    Row {
        id: "criu-probe-mounts",
        files: &["kerndat.c"],
        patterns: &[
            "Fail to make dir {path:text}: {errno}",
            "Fail to mount tmfps to {path:text}: {errno}",
            "Fail to make {path:text} private: {errno}",
            "Fail to make bind-mount {path:text}: {errno}",
            "Fail to MOVE_MOUNT_SET_GROUP: {errno}",
        ],
        summary: "CRIU may not mount here, and gives up before it has looked at the image.",
        explanation: "At its start it mounts a file system of its own under /tmp to try a system call. The system \
            answered: {errno}. A container without CAP_SYS_ADMIN, a seccomp filter, AppArmor or a /tmp that cannot be \
            written to stand in the way.",
        help: "Run CRIU as root outside of the container, or give the container CAP_SYS_ADMIN and a writable /tmp.",
        sources: &["CRIU 3.17 to 4.2, criu/kerndat.c kerndat_has_move_mount_set_group"],
        ..ERROR
    },
    Row {
        id: "criu-probe-namespace",
        files: &["kerndat.c"],
        patterns: &["Unable create a network namespace: {errno}"],
        summary: "CRIU may not make a network namespace, and gives up before it has looked at the image.",
        explanation: "At its start it tries features of the network in a namespace of its own. The system answered: \
            {errno}: missing CAP_SYS_ADMIN, a seccomp filter, or a kernel without CONFIG_NET_NS.",
        help: "Run CRIU as root and without a seccomp filter around it; look at CONFIG_NET_NS.",
        sources: &["CRIU 3.16 to 4.2, criu/kerndat.c __has_nftables_concat"],
        ..ERROR
    },
    Row {
        id: "criu-probe-pagemap",
        files: &["kerndat.c"],
        patterns: &[
            "Can't read pagemap: {errno}",
            "PAGEMAP_SCAN failed with unexpected errno: {errno}",
            "Can't stat self map_files {code}: {errno}",
        ],
        summary: "CRIU cannot read its own page maps, and gives up before it has looked at the image.",
        explanation: "The system answered: {errno}. /proc must be that of the kernel, unmasked, and the kernel built with \
            CONFIG_CHECKPOINT_RESTORE and CONFIG_PROC_PAGE_MONITOR.",
        help: "Run CRIU as root with a full /proc; emulators of the kernel (gVisor, WSL 1) do not have what it needs.",
        sources: &["CRIU 3.0 to 4.2, criu/kerndat.c check_pagemap, parse_self_maps"],
        ..ERROR
    },
];
