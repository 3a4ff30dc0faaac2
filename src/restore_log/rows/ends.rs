//! How runs begin and end, and lines that only follow from another one.

use crate::restore_log::progress::Stage;
use crate::restore_log::row::{ERROR, Form, Role, Row};

use super::{FEATURES_UNKNOWN, MACHINE, PIDS, TASK_ENDED, VERSION};

const INFO: Row = Row {
    form: Form::Info,
    role: Role::Context,
    ..ERROR
};

const FOLLOWS: Row = Row {
    role: Role::Consequence,
    ..ERROR
};

pub(super) static ROWS: &[Row] = &[
    Row {
        id: VERSION,
        patterns: &["Version: {version:word} (gitid {git:rest})"],
        summary: "CRIU's version; a run begins.",
        sources: &["CRIU 3.0 to 4.2, criu/log.c print_versions"],
        ..INFO
    },
    Row {
        id: MACHINE,
        patterns: &["Running on {host:text} Linux {kernel:word} {build:text} {arch:word}"],
        summary: "Kernel and architecture.",
        sources: &["CRIU 3.10 to 4.2, criu/log.c print_versions"],
        ..INFO
    },
    Row {
        id: PIDS,
        patterns: &["PID: real {real:number} virt {saved:number}"],
        summary: "The id a task has on the host, and the saved one.",
        sources: &["CRIU 3.0 to 4.2, criu/cr-restore.c fork_with_pid"],
        ..INFO
    },
    Row {
        id: "criu-dumping",
        patterns: &["Dumping processes (pid: {root:rest}"],
        role: Role::Reached(Stage::Dumping),
        summary: "CRIU has started and begins a dump.",
        sources: &["CRIU 3.0 to 4.2, criu/cr-dump.c cr_dump_tasks"],
        ..INFO
    },
    Row {
        id: "criu-reading",
        patterns: &[
            "Reading image tree",
            "Will restore in {flags:address} namespaces",
        ],
        role: Role::Reached(Stage::Reading),
        summary: "CRIU has started and reads the image.",
        sources: &["CRIU 3.0 to 4.2, criu/pstree.c read_pstree_image, prepare_pstree_kobj_ids"],
        ..INFO
    },
    Row {
        id: "criu-forking",
        patterns: &["Forking task with {pid} pid (flags {flags:address})"],
        role: Role::Reached(Stage::Forking),
        summary: "CRIU has read the image and makes the tasks.",
        sources: &["CRIU 3.0 to 4.2, criu/cr-restore.c fork_with_pid"],
        ..INFO
    },
    Row {
        id: "criu-restored",
        patterns: &[
            "Restore finished successfully. Tasks resumed.",
            "Restore finished successfully. Resuming tasks.",
        ],
        role: Role::Restored,
        summary: "CRIU is done. What happens from here on is the kernel's and the tasks'.",
        sources: &[
            "CRIU 3.0 to 4.2, criu/cr-restore.c restore_root_task",
            "observed: CRIU 4.2.1",
        ],
        ..INFO
    },
    Row {
        id: "criu-restore-failed",
        files: &["cr-restore.c"],
        patterns: &["Restoring FAILED."],
        role: Role::Failed,
        summary: "CRIU gave up.",
        sources: &[
            "CRIU 3.0 to 4.2, criu/cr-restore.c restore_root_task",
            "observed: CRIU 4.2.1",
        ],
        ..ERROR
    },
    Row {
        id: "criu-dumped",
        patterns: &[
            "Dumping finished successfully",
            "Pre-dumping finished successfully",
        ],
        role: Role::Dump,
        summary: "The log of a dump that succeeded.",
        sources: &["CRIU 3.0 to 4.2, criu/cr-dump.c cr_dump_finish"],
        ..INFO
    },
    Row {
        id: "criu-dump-failed",
        files: &["cr-dump.c"],
        patterns: &["Dumping FAILED.", "Pre-dumping FAILED."],
        role: Role::DumpFailed,
        summary: "The log of a dump that failed.",
        sources: &[
            "CRIU 3.0 to 4.2, criu/cr-dump.c cr_dump_finish",
            "observed: CRIU 4.2.1",
        ],
        ..ERROR
    },
    Row {
        id: TASK_ENDED,
        files: &["cr-restore.c"],
        patterns: &[
            "{pid} exited, status={status}",
            "{pid} killed by signal {signal}: {rest}",
            "{pid} killed by signal {signal}",
            "{pid} stopped by signal {signal}: {rest}",
            "{pid} unexpectedly continued",
        ],
        summary: "A task ended while it was made. CRIU kills them all with signal 9 when one fails.",
        sources: &[
            "CRIU 3.0 to 4.2, criu/cr-restore.c sigchld_process",
            "observed: CRIU 4.2.1",
        ],
        ..FOLLOWS
    },
    Row {
        id: "criu-restorer-failed",
        files: &["restorer.c"],
        patterns: &[
            "Restorer fail {pid}",
            "Restorer abnormal termination for {pid}",
        ],
        summary: "CRIU's code in a task gave up; the lines before say why.",
        sources: &[
            "CRIU 3.0 to 4.2, criu/pie/restorer.c __export_restore_task, sigchld_handler",
            "observed: CRIU 4.2.1",
        ],
        ..FOLLOWS
    },
    Row {
        id: "criu-mapping-not-opened",
        files: &["mem.c"],
        patterns: &["`- Can't open vma", "Can't open vma"],
        summary: "The file of a mapping was not opened; the line before says which.",
        sources: &[
            "CRIU 3.0 to 4.2, criu/mem.c open_vmas",
            "observed: CRIU 4.2.1",
        ],
        ..FOLLOWS
    },
    Row {
        id: "criu-descriptor-not-opened",
        files: &["files.c"],
        patterns: &[
            "Unable to open fd={fd:number} id={id:address}",
            "Can't open cwd",
            "Can't open root",
        ],
        summary: "A file of a task was not opened; the line before says which.",
        sources: &[
            "CRIU 3.0 to 4.2, criu/files.c open_fdinfos, restore_fs",
            "observed: CRIU 4.2.1",
        ],
        ..FOLLOWS
    },
    Row {
        id: "criu-killing",
        files: &["cr-restore.c"],
        patterns: &[
            "Killing processes because of failure on restore.",
            "Can't catch all tasks",
            "Can't stop all tasks on rt_sigreturn",
            "Unable to restore rseq_cs state",
            "Failed to unmap restorer from {pid}",
            "Unable to detach {pid}: {errno}",
            "Can't interrupt the {pid} task: {errno}",
            "waitpid({pid}) failed: {errno}",
            "Failed to wait on helpers and zombies",
            "Child {pid} died too early",
        ],
        summary: "CRIU ends the tasks it had made.",
        sources: &[
            "CRIU 3.0 to 4.2, criu/cr-restore.c restore_root_task, attach_to_tasks, wait_exiting_children",
        ],
        ..FOLLOWS
    },
    Row {
        id: "criu-helper-ended",
        files: &["restorer.c"],
        patterns: &[
            "{pid} exited with non-zero code ({status},{signal})",
            "Wait on {pid} zombie failed: {code}",
        ],
        summary: "A helper of CRIU ended.",
        sources: &["CRIU 3.0 to 4.2, criu/pie/restorer.c wait_helpers, wait_zombies"],
        ..FOLLOWS
    },
    Row {
        id: "criu-pidfile-not-written",
        files: &["cr-restore.c"],
        patterns: &["Can't write pidfile: {errno}"],
        summary: "The line before says why.",
        sources: &[
            "CRIU 3.0 to 4.2, criu/cr-restore.c write_restored_pid",
            "observed: CRIU 4.2.1",
        ],
        ..FOLLOWS
    },
    Row {
        id: "criu-directory-not-opened",
        files: &["crtools.c"],
        patterns: &["Couldn't open image dir {path:text}"],
        summary: "The line before says why.",
        sources: &[
            "CRIU 3.16 to 4.2, criu/crtools.c main",
            "observed: CRIU 4.2.1",
        ],
        ..FOLLOWS
    },
    Row {
        id: "criu-image-too-old",
        files: &["pstree.c"],
        patterns: &["Images corrupted or too old criu was used for dump."],
        summary: "The line before says what is missing.",
        sources: &[
            "CRIU 3.17 to 4.2, criu/pstree.c prepare_pstree_kobj_ids",
            "observed: CRIU 4.2.1",
        ],
        ..FOLLOWS
    },
    Row {
        id: FEATURES_UNKNOWN,
        files: &["kerndat.c", "crtools.c", "vdso.c"],
        patterns: &[
            "{what:word} failed when initializing kerndat.",
            "{what:word} has failed when initializing kerndat.",
            "Could not initialize kernel features detection.",
            "Failed to fill self vdso symtable",
            "Failed to fill compat vdso symtable",
        ],
        summary: "CRIU could not find out what the kernel can do; the lines before say why.",
        sources: &[
            "CRIU 3.15 to 4.2, criu/kerndat.c kerndat_init, criu/crtools.c main",
            "observed: CRIU 3.17.1, 4.2.1",
        ],
        ..FOLLOWS
    },
    Row {
        id: "criu-clean-up",
        files: &["mount.c", "cgroup.c", "util.c"],
        patterns: &[
            "Can't remove the directory {path:text}: {errno}",
            "Unable to remove {path:text}: {errno}",
            "Unable to umount {path:text}: {errno}",
            "Can't wait or bad status: errno={code}, status={status}",
        ],
        summary: "CRIU could not clear away what it had made, or a helper of it ended; the lines before say why.",
        sources: &[
            "CRIU 3.0 to 4.2, criu/mount.c cleanup_mnt_ns, criu/cgroup.c fini_cgroup, criu/util.c call_in_child_process",
            "checkpoint-restore/criu 462, 1777",
        ],
        ..FOLLOWS
    },
    Row {
        id: "criu-not-critical",
        files: &["cr-restore.c"],
        patterns: &[
            "Restore original /proc/self/loginuid failed",
            "Write {value:text} to /proc/self/oom_score_adj failed: {errno}",
            "Pre-resume script ret code {code}",
            "Post-resume script ret code {code}",
        ],
        role: Role::Harmless,
        summary: "Something failed that CRIU can do without.",
        sources: &[
            "CRIU 3.0 to 4.2, criu/cr-restore.c restore_origin_ns_hook, prepare_oom_score_adj, restore_root_task",
        ],
        ..FOLLOWS
    },
    Row {
        id: "criu-tool-ended",
        files: &["util.c"],
        patterns: &["exited, status={status}"],
        role: Role::Harmless,
        summary: "A program that CRIU ran to try something ended with {status}. CRIU tries iptables and nft in every run.",
        sources: &[
            "CRIU 3.0 to 4.2, criu/util.c cr_system_userns",
            "observed: CRIU 3.17.1, in restores that succeed",
        ],
        ..FOLLOWS
    },
    Row {
        id: "criu-probe",
        files: &[
            "libnetlink.c",
            "net.c",
            "kerndat.c",
            "sockets.c",
            "sk-unix.c",
        ],
        patterns: &[
            "Can't send request message: {errno}",
            "{code} reported by netlink: {errno}",
        ],
        role: Role::Harmless,
        summary: "CRIU asked the kernel for something it does not have, to find out.",
        sources: &["CRIU 3.0 to 4.2, criu/libnetlink.c do_rtnl_req"],
        ..FOLLOWS
    },
    Row {
        id: "criu-cgroupd-ended",
        files: &["cgroup.c"],
        patterns: &["cgroupd: recv req error: {errno}"],
        summary: "CRIU's helper for threads in cgroups lost the restore it works for; the lines before say why.",
        sources: &["CRIU 3.19 to 4.2, criu/cgroup.c cgroupd"],
        ..FOLLOWS
    },
];
