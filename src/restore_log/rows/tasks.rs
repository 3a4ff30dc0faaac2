//! What CRIU says of process ids, terminals, memory limits and rights.

use crate::restore_log::row::{ERROR, Form, Role, Row};

pub(super) static ROWS: &[Row] = &[
    Row {
        id: "criu-pid-taken",
        files: &["cr-restore.c"],
        patterns: &[
            "Can't fork for {pid}: File exists",
            "Pid {have:number} do not match expected {pid}",
        ],
        summary: "Process id {pid} is taken here.",
        explanation: "CRIU gives tasks the ids they had. Often it is a copy of the same tasks: the original still \
            runs, or an earlier attempt left tasks behind.",
        help: "End the process that has the id (`ps -p {pid}`), or restore in a pid namespace of its own: \
            `criu-ns restore`, or a container.",
        sources: &[
            "CRIU 3.0 to 4.2, criu/cr-restore.c fork_with_pid, __restore_task_with_children",
            "observed: CRIU 4.2.1",
        ],
        ..ERROR
    },
    Row {
        id: "criu-fork-limit",
        files: &["cr-restore.c"],
        patterns: &[
            "Can't fork for {pid}: Resource temporarily unavailable",
            "Can't fork for {pid}: Cannot allocate memory",
        ],
        summary: "A limit keeps task {pid} from being made.",
        explanation: "pids.max of the cgroup, ulimit -u, kernel.threads-max, or memory.",
        help: "Raise the limit of the cgroup or user that the restore runs in.",
        sources: &[
            "CRIU 3.0 to 4.2, criu/cr-restore.c fork_with_pid",
            "kernel 6.1, kernel/fork.c copy_process",
        ],
        ..ERROR
    },
    Row {
        id: "criu-fork-failed",
        files: &["cr-restore.c"],
        patterns: &["Can't fork for {pid}: {errno}"],
        summary: "Task {pid} could not be made.",
        explanation: "The system answered: {errno}. \"Operation not permitted\": choosing an id needs \
            CAP_CHECKPOINT_RESTORE or CAP_SYS_ADMIN in the pid namespace, and seccomp filters of containers forbid \
            clone3. \"Invalid argument\": the id is above kernel.pid_max.",
        help: "Run the restore as root and without a seccomp filter around it; look at kernel.pid_max.",
        sources: &[
            "CRIU 3.0 to 4.2, criu/cr-restore.c fork_with_pid",
            "kernel 6.1, kernel/pid.c alloc_pid",
        ],
        ..ERROR
    },
    Row {
        id: "criu-set-pid-denied",
        files: &["cr-restore.c"],
        patterns: &[
            "Failed to write {number} to /proc/{path:text}: {errno}",
            "Setting PID failed",
        ],
        summary: "CRIU may not choose the id of the next process.",
        explanation: "Kernels before 5.5 take it by a file under /proc, which must be writable.",
        help: "Run the restore as root with /proc/sys writable, or on a kernel from 5.5 on.",
        sources: &["CRIU 3.15 to 4.2, criu/cr-restore.c set_next_pid, fork_with_pid"],
        ..ERROR
    },
    Row {
        id: "criu-thread-id-taken",
        files: &["restorer.c"],
        patterns: &[
            "Thread pid mismatch {have:number}/{need:number}",
            "Unable to create a thread: {code}",
        ],
        summary: "A thread did not get the id it had.",
        explanation: "Without clone3 (kernels before 5.5) another process may take the id in between; with it, the \
            id is taken (-17) or a limit is reached (-11).",
        help: "Try again, or restore in a pid namespace of its own.",
        sources: &[
            "CRIU 3.0 to 4.2, criu/pie/restorer.c __export_restore_thread, __export_restore_task",
            "checkpoint-restore/criu 1431",
        ],
        ..ERROR
    },
    Row {
        id: "criu-pid-max",
        files: &["pstree.c"],
        patterns: &["Can't set kernel pid_max={number}: {errno}"],
        summary: "The tasks' process ids are above what this kernel allows.",
        explanation: "kernel.pid_max is too small, and CRIU may not raise it.",
        help: "Raise the sysctl kernel.pid_max above {number}.",
        sources: &["CRIU 3.0 to 4.2, criu/pstree.c prepare_pstree"],
        ..ERROR
    },
    Row {
        id: "criu-needs-pid-namespace",
        files: &["cr-restore.c"],
        patterns: &[
            "This process tree can only be restored in a new pid namespace.",
            "Can't restore pid namespace without the process init",
        ],
        summary: "The image is that of a pid namespace and this restore makes none, or the other way about.",
        explanation: "The first task has id 1, which is taken outside of a new namespace; or the first task of the \
            namespace is not in the image.",
        help: "Restore by the engine that dumped, or with `criu-ns restore`.",
        sources: &["CRIU 3.0 to 4.2, criu/cr-restore.c restore_root_task"],
        ..ERROR
    },
    Row {
        id: "criu-shell-job",
        files: &["tty.c", "pstree.c"],
        patterns: &[
            "Found slave peer index {number} without correspond master peer",
            "Don't have tty to inherit session from, aborting",
            "No task found with sid {number}",
            "The root process {pid} is not a session leader. Consider using --shell-job option",
        ],
        summary: "The tasks use a terminal that belongs to nobody in the image.",
        explanation: "They were started from a shell. Its terminal is not part of the dump.",
        help: "Dump and restore with --shell-job from a terminal, or start the workload with `setsid` and without one.",
        sources: &[
            "CRIU 3.0 to 4.2, criu/tty.c tty_verify_active_pairs, pty_open_unpaired_slave, tty_find_restoring_task",
            "checkpoint-restore/criu 2144",
            "observed: CRIU 4.2.1",
        ],
        ..ERROR
    },
    Row {
        id: "criu-shell-job-collision",
        files: &["pstree.c"],
        patterns: &[
            "Current {what:word} {number} intersects with pid ({other:number}) in images",
            "Current {what:word} {number} intersects with {kind:word} of ({other:number}) in images",
        ],
        summary: "The session of this shell has an id that a task in the image has.",
        explanation: "With --shell-job the tasks join the session of the shell CRIU is called from.",
        help: "Restore from another shell, or in a pid namespace of its own.",
        sources: &["CRIU 3.16 to 4.2, criu/pstree.c prepare_pstree_for_shell_job"],
        ..ERROR
    },
    Row {
        id: "criu-attach-denied",
        files: &["cr-restore.c"],
        patterns: &[
            "Can't attach to {pid}: {errno}",
            "Can't attach to init: {errno}",
        ],
        summary: "CRIU may not trace the task it has just made.",
        explanation: "The system answered: {errno}. A security module (SELinux, Yama with ptrace_scope 2 or 3), a \
            debugger, or missing capabilities stand in the way; the task may also have died.",
        help: "Look at the audit log and at kernel.yama.ptrace_scope; run the restore as root.",
        sources: &[
            "CRIU 3.0 to 4.2, criu/cr-restore.c attach_to_tasks",
            "checkpoint-restore/criu 2724",
        ],
        ..ERROR
    },
    Row {
        id: "criu-not-root",
        files: &["util.c"],
        patterns: &["You need to be root to run this command"],
        summary: "CRIU was not run as root.",
        explanation: "It needs rights that only root has, or CAP_CHECKPOINT_RESTORE with --unprivileged.",
        help: "Run the restore as root.",
        sources: &["CRIU 3.0 to 4.2, criu/util.c is_root_user"],
        ..ERROR
    },
    Row {
        id: "criu-capability-missing",
        form: Form::Info,
        patterns: &[
            "CRIU needs to have the CAP_SYS_ADMIN or the CAP_CHECKPOINT_RESTORE capability:",
        ],
        summary: "CRIU lacks the capabilities it cannot do without.",
        explanation: "It needs CAP_SYS_ADMIN, or CAP_CHECKPOINT_RESTORE with --unprivileged.",
        help: "Run the restore as root, or give the binary the capability: setcap cap_checkpoint_restore+eip.",
        sources: &[
            "CRIU 3.18 to 4.2, criu/cr-check.c check_caps",
            "observed: CRIU 4.2.1",
        ],
        ..ERROR
    },
    Row {
        id: "criu-credentials",
        files: &["restorer.c"],
        patterns: &[
            "Can't setgroups([{count:number} gids]): {code}",
            "Unable to set real, effective and saved user ID: {code}",
            "Unable to set real, effective and saved group ID: {code}",
            "Unable to set PR_SET_SECUREBITS: {code}",
            "Unable to set SECURE_NO_SETUID_FIXUP: {code}",
            "Unable to drop capability {number}: {code}",
            "Unable to restore capabilities: {code}",
            "Unable to raise ambient capability {number}: {code}",
        ],
        summary: "A task could not be given the user, groups or capabilities it had.",
        explanation: "The kernel answered {code}: -1 without the rights for it, -22 for an id that the user namespace \
            does not map.",
        help: "Run the restore as root; in a user namespace, map all ids the tasks use.",
        sources: &["CRIU 3.0 to 4.2, criu/pie/restorer.c restore_creds"],
        ..ERROR
    },
    Row {
        id: "criu-loginuid",
        files: &["cr-restore.c"],
        patterns: &[
            "Setting loginuid for {pid} task failed",
            "Setting loginuid for CT init task failed, CAP_AUDIT_CONTROL?",
        ],
        summary: "The login id of a task could not be set.",
        explanation: "A kernel with immutable login ids (auditctl --loginuid-immutable) or without CAP_AUDIT_CONTROL refuses.",
        help: "Give CAP_AUDIT_CONTROL, or restore where login ids may be changed.",
        sources: &["CRIU 3.0 to 4.2, criu/cr-restore.c prepare_proc_misc"],
        ..ERROR
    },
    Row {
        id: "criu-seccomp",
        files: &["restorer.c"],
        patterns: &[
            "seccomp: SECCOMP_SET_MODE_FILTER returned {code} on tid {tid}",
            "seccomp: PR_SET_SECCOMP returned {code} on tid {tid}",
            "seccomp: SECCOMP_MODE_STRICT returned {code} on tid {tid}",
        ],
        summary: "A task's seccomp filter could not be set.",
        explanation: "The kernel answered {code}: -22 for a kernel without filters or a filter it does not take, -1 \
            without CAP_SYS_ADMIN.",
        help: "Restore on a kernel with CONFIG_SECCOMP_FILTER, as root.",
        sources: &["CRIU 3.10 to 4.2, criu/pie/restorer.c restore_seccomp_filter, restore_seccomp"],
        ..ERROR
    },
    Row {
        id: "criu-seccomp-suspend",
        files: &["cr-restore.c"],
        patterns: &["failed to suspend seccomp, restore will probably fail..."],
        role: Role::Hint,
        summary: "CRIU could not switch a task's seccomp filter off for the time of the restore.",
        explanation: "PTRACE_O_SUSPEND_SECCOMP needs CAP_SYS_ADMIN and that CRIU itself runs without a filter.",
        help: "Run the restore without a seccomp filter around CRIU.",
        sources: &[
            "CRIU 3.0 to 4.2, criu/cr-restore.c attach_to_tasks",
            "kernel 6.1, kernel/ptrace.c check_ptrace_options",
        ],
        ..ERROR
    },
    Row {
        id: "criu-security-module",
        files: &["lsm.c", "restorer.c", "apparmor.c"],
        patterns: &[
            "apparmor LSM specified but apparmor not supported by kernel",
            "selinux LSM specified but selinux not supported by kernel",
            "can't write lsm profile {code}",
            "mismatched lsm types and lsm profile specified",
            "apparmor parsing failed {code}",
            "failed to write policy in AA namespace {name:text}",
        ],
        summary: "The tasks ran under a security module's profile that cannot be had here.",
        explanation: "The image says SELinux or AppArmor, and this kernel has another one, none, or not that profile.",
        help: "Load the profile here, or name another with --lsm-profile.",
        sources: &[
            "CRIU 3.0 to 4.2, criu/lsm.c lsm_check_opts, criu/pie/restorer.c lsm_set_label; CRIU 3.16 to 4.2, criu/apparmor.c",
        ],
        ..ERROR
    },
    Row {
        id: "criu-memory",
        files: &["mem.c"],
        patterns: &[
            "Unable to reserve memory ({size:number} bytes): {errno}",
            "Unable to map ANON_VMA: {errno}",
            "Unable to remap a private vma: {errno}",
        ],
        summary: "There is not enough memory for the tasks.",
        explanation: "The system answered: {errno}. CRIU reserves all private memory of a task at once.",
        help: "Raise the memory limit, or set vm.overcommit_memory to 1 for the time of the restore.",
        sources: &["CRIU 3.0 to 4.2, criu/mem.c prepare_mappings, premap_private_vma"],
        ..ERROR
    },
    Row {
        id: "criu-timers",
        files: &["restorer.c"],
        patterns: &[
            "Can't create posix timer - {number}: {code}",
            "Can't create posix timer - {number}",
            "Can't create timers, kernel don't give them consequently",
            "Unexpected timer id {number} (expected {need:number})",
            "Can't restore ticks/time for timerfd - {number}",
        ],
        summary: "A timer of a task could not be made again.",
        explanation: "The kernel did not give it the id it had, or does not know its clock.",
        help: "Restore on a kernel at least as new as the one the tasks ran on.",
        sources: &["CRIU 3.0 to 4.2, criu/pie/restorer.c create_posix_timers, timerfd_arm"],
        ..ERROR
    },
    Row {
        id: "criu-aio",
        files: &["restorer.c"],
        patterns: &["Ring setup failed with {code}"],
        summary: "A ring for asynchronous input and output could not be made again.",
        explanation: "The kernel answered {code}: -11 when fs.aio-max-nr is reached.",
        help: "Raise the sysctl fs.aio-max-nr.",
        sources: &["CRIU 3.0 to 4.2, criu/pie/restorer.c restore_aio_ring"],
        ..ERROR
    },
];
