//! Rows of everything that is neither memory nor the state of the CPU: files, namespaces, credentials,
//! timers, cgroups.

use super::{Below, Row, criu, kernel, written};
use crate::criu_image::ask::Ask;

/// The rows.
pub(super) static ROWS: &[Row] = &[
    Row {
        ask: Ask::Memfd,
        what: "memfd files and their memory (memfd.img)",
        call: "memfd_create",
        site: "criu/memfd.c memfd_open_inode_nocache",
        kernel: Some(kernel(3, 17, "memfd_create answers ENOSYS")),
        criu: Some(criu(
            3,
            14,
            Below::Breaks,
            "older releases do not know the type of the file",
        )),
        written_by: written(3, 14),
        sources: &["kernel 3.17, memfd_create", "CRIU 3.14, criu/memfd.c"],
    },
    Row {
        ask: Ask::BpfMap,
        what: "BPF maps (bpfmap-file.img)",
        call: "bpf BPF_MAP_CREATE",
        site: "criu/bpfmap.c bpfmap_open",
        kernel: None,
        criu: Some(criu(
            3,
            15,
            Below::Breaks,
            "older releases do not know the type of the file",
        )),
        written_by: written(3, 15),
        sources: &["CRIU 3.15, criu/bpfmap.c"],
    },
    Row {
        ask: Ask::PidFd,
        what: "process file descriptors (pidfd.img)",
        call: "pidfd_open",
        site: "criu/pidfd.c open_one_pidfd",
        kernel: Some(kernel(5, 3, "pidfd_open answers ENOSYS")),
        criu: Some(criu(
            4,
            1,
            Below::Breaks,
            "older releases do not know the type of the file",
        )),
        written_by: written(4, 1),
        sources: &["kernel 5.3, pidfd_open", "CRIU 4.1, criu/pidfd.c"],
    },
    Row {
        ask: Ask::TimeNamespace,
        what: "a time namespace (timens-N.img)",
        call: "unshare CLONE_NEWTIME",
        site: "criu/timens.c prepare_timens",
        kernel: None,
        criu: Some(criu(
            3,
            14,
            Below::Loses,
            "older releases restore the tasks without it",
        )),
        written_by: written(3, 14),
        sources: &["CRIU 3.14, criu/timens.c"],
    },
    Row {
        ask: Ask::StopSignal,
        what: "the signal that stopped a task",
        call: "kill",
        site: "criu/cr-restore.c finalize_restore_detach",
        kernel: None,
        criu: Some(criu(
            3,
            18,
            Below::Loses,
            "older releases stop the task with SIGSTOP",
        )),
        written_by: written(3, 18),
        sources: &["CRIU 3.18, images/core.proto"],
    },
    Row {
        ask: Ask::ThreadCgroups,
        what: "cgroups of single threads",
        call: "a write to cgroup.threads",
        site: "criu/cgroup.c restore_thread_cgroup",
        kernel: None,
        criu: Some(criu(
            3,
            18,
            Below::Loses,
            "older releases put all threads into the cgroup of the leader",
        )),
        written_by: written(3, 18),
        sources: &["CRIU 3.18, images/core.proto"],
    },
    Row {
        ask: Ask::TimerSlack,
        what: "timer slack of threads",
        call: "prctl PR_SET_TIMERSLACK",
        site: "criu/pie/restorer.c",
        kernel: None,
        criu: Some(criu(
            4,
            3,
            Below::Loses,
            "older releases leave the default timer slack",
        )),
        written_by: written(4, 3),
        sources: &["CRIU criu-dev, images/core.proto"],
    },
];
