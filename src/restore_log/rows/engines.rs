//! What container engines say when CRIU failed, and where they put its log. Their words are all that is
//! left once the log is gone.

use crate::restore_log::row::{ERROR, Fate, Form, Role, Row};

/// An engine says that it failed, not why.
const FAILED: Row = Row {
    form: Form::Tool,
    role: Role::Symptom(Fate::Fails),
    after: &["path"],
    ..ERROR
};

/// An engine says why it did not even start CRIU.
const REFUSED: Row = Row {
    form: Form::Tool,
    ..ERROR
};

pub(super) static ROWS: &[Row] = &[
    Row {
        id: "tool-crun-criu-not-started",
        patterns: &[
            "CRIU restoring failed -1.{rest}",
            "CRIU restoring failed: -1",
            "CRIU restoring failed: -1 {rest}",
            "CRIU restoring failed -111{rest}",
            "CRIU restoring failed: -111{rest}",
            "CRIU checkpointing failed -111{rest}",
            "CRIU checkpointing failed: -111{rest}",
        ],
        summary: "crun could not start CRIU.",
        explanation: "libcriu returns -1 or -111 (ECONNREFUSED) if it cannot make a socket or a process for CRIU. \
            There is no log of CRIU.",
        help: "Check that `criu check` runs as the user that crun runs as, and look for limits on processes.",
        sources: &[
            "crun 0.14 to 1.29, src/libcrun/criu.c",
            "CRIU 3.0 to 4.2, lib/c/criu.c swrk_connect, criu_local_restore_child, send_req_and_recv_resp",
        ],
        ..FAILED
    },
    Row {
        id: "tool-crun-criu-gone",
        patterns: &[
            "CRIU restoring failed -70.  Please check CRIU logfile `{path:file}`{rest}",
            "CRIU restoring failed -70.  Please check CRIU logfile {path:file}{rest}",
            "CRIU restoring failed -70{rest}",
            "CRIU restoring failed: -70{rest}",
            "CRIU checkpointing failed -70.  Please check CRIU logfile {path:file}{rest}",
            "CRIU checkpointing failed -70{rest}",
            "CRIU checkpointing failed: -70{rest}",
        ],
        summary: "CRIU ended without an answer to crun.",
        explanation: "-70 is libcriu's ECOMM: CRIU is not installed, crashed, or was killed (out of memory, a \
            signal) before it could answer. Its log, if there is one, breaks off: {path|restore.log}.",
        help: "Run `criu check`, look at the kernel's log (`dmesg`), then run `hwcr explain-log {path|restore.log}`.",
        sources: &[
            "crun 0.14 to 1.29, src/libcrun/criu.c",
            "CRIU 3.0 to 4.2, lib/c/criu.c send_req_and_recv_resp_sk, lib/c/criu.h",
        ],
        ..FAILED
    },
    Row {
        id: "tool-crun-criu-protocol",
        patterns: &[
            "CRIU restoring failed -22.  Please check CRIU logfile `{path:file}`{rest}",
            "CRIU restoring failed -22.  Please check CRIU logfile {path:file}{rest}",
            "CRIU restoring failed -22{rest}",
            "CRIU restoring failed: -22{rest}",
            "CRIU restoring failed -74.  Please check CRIU logfile `{path:file}`{rest}",
            "CRIU restoring failed -74.  Please check CRIU logfile {path:file}{rest}",
            "CRIU restoring failed -74{rest}",
            "CRIU restoring failed: -74{rest}",
            "CRIU checkpointing failed -22{rest}",
            "CRIU checkpointing failed: -22{rest}",
            "CRIU checkpointing failed -74{rest}",
            "CRIU checkpointing failed: -74{rest}",
        ],
        summary: "CRIU did not understand what libcriu asked it for.",
        explanation: "-22 (EINVAL) and -74 (EBADMSG) are libcriu's: the criu program is older than the libcriu that \
            crun was built with, or another one comes first in PATH.",
        help: "Compare `criu --version` with the version of the libcriu package and update criu.",
        sources: &[
            "crun 0.14 to 1.29, src/libcrun/criu.c",
            "CRIU 3.0 to 4.2, lib/c/criu.c send_req_and_recv_resp_sk, lib/c/criu.h",
        ],
        ..FAILED
    },
    Row {
        id: "tool-crun-criu-failed",
        patterns: &[
            "CRIU restoring failed {code}.  Please check CRIU logfile `{path:file}`{rest}",
            "CRIU restoring failed {code}.  Please check CRIU logfile {path:file}{rest}",
            "CRIU restoring failed {code}{rest}",
            "CRIU restoring failed: {code}{rest}",
        ],
        summary: "crun says that CRIU could not restore the container.",
        explanation: "The code is libcriu's: -52 (EBADE) means that CRIU ran and reported a failure. It does not say \
            why. CRIU's log does: {path|restore.log in crun's --work-path or, without one, in the image directory}. \
            Podman from 4.0 on shows its path: `podman inspect NAME | grep RestoreLog`.",
        help: "Run `hwcr explain-log {path|restore.log}`. If Podman removed it with the container, add the line \
            `log-file /tmp/criu.log` to /etc/criu/crun.conf and restore again.",
        sources: &[
            "crun 0.14 to 1.29, src/libcrun/criu.c libcrun_container_restore_linux_criu",
            "CRIU 3.0 to 4.2, lib/c/criu.c criu_local_restore_child, lib/c/criu.h",
            "checkpoint-restore/criu 2366",
        ],
        ..FAILED
    },
    Row {
        id: "tool-crun-checkpoint-failed",
        dump: true,
        patterns: &[
            "CRIU checkpointing failed {code}.  Please check CRIU logfile {path:file}{rest}",
            "CRIU checkpointing failed {code}{rest}",
            "CRIU checkpointing failed: {code}{rest}",
            "CRIU pre-dump failed {code}.  Please check CRIU logfile {path:file}{rest}",
            "CRIU pre-dump failed: {code}{rest}",
        ],
        summary: "crun says that CRIU could not checkpoint the container.",
        explanation: "The code is libcriu's: -52 (EBADE) means that CRIU ran and reported a failure. It does not say \
            why. CRIU's log does: {path|dump.log in crun's --work-path or, without one, in the image directory}.",
        help: "Run `hwcr explain-log {path|dump.log}`. If the engine removed it, add the line `log-file \
            /tmp/criu.log` to /etc/criu/crun.conf and checkpoint again.",
        sources: &[
            "crun 0.14 to 1.29, src/libcrun/criu.c libcrun_container_checkpoint_linux_criu",
            "CRIU 3.0 to 4.2, lib/c/criu.c dump, lib/c/criu.h",
        ],
        ..FAILED
    },
    Row {
        id: "tool-containerd-checkpoint-failed",
        dump: true,
        patterns: &[
            "criu failed: type {kind:word} errno {code} path= {path:file}{rest}",
            "criu failed: {end:text} path= {path:file}{rest}",
        ],
        summary: "containerd says that CRIU could not checkpoint the container.",
        explanation: "It does not say why. The copy of CRIU's log that containerd makes does: {path}.",
        help: "Run `hwcr explain-log {path}` before the container is deleted; the file goes with it.",
        sources: &["containerd 2.3, cmd/containerd-shim-runc-v2/process/init.go checkpoint"],
        ..FAILED
    },
    Row {
        id: "tool-containerd-restore-failed",
        patterns: &["OCI runtime restore failed: {rest}"],
        summary: "containerd's runtime could not restore the container.",
        explanation: "It does not say why. CRIU's log is restore.log in the container's working directory, \
            /var/lib/containerd/io.containerd.runtime.v2.task/NAMESPACE/ID (Docker's namespace is moby, Kubernetes' \
            k8s.io), or in the work path that was given. It goes with the container.",
        help: "Run `hwcr explain-log {path|restore.log}` on it. If it is gone, add the line `log-file /tmp/criu.log` to \
            /etc/criu/runc.conf, restore again, and run `hwcr explain-log /tmp/criu.log`.",
        sources: &[
            "containerd 2.3, cmd/containerd-shim-runc-v2/process/init_state.go, process/init.go runtimeError, \
             runc/container.go",
        ],
        ..FAILED
    },
    Row {
        id: "tool-criu-failed",
        patterns: &[
            "criu failed: type {kind:word} errno {code}{rest}",
            "criu failed: exit status {code}{rest}",
            "criu failed: signal: {signal:word}{rest}",
            "CRIU restore failed {code}{rest}",
        ],
        summary: "runc says that CRIU failed.",
        explanation: "It does not say why. errno is the only hint: 0 is none, 17 (EEXIST) a process id that is taken, \
            3 (ESRCH) a task that is gone, 56 (EBADRQC) an option that CRIU refuses. CRIU's log says it: \
            {path|restore.log or dump.log in runc's --work-path or, without one, in the image directory}.",
        help: "Run `hwcr explain-log {path|restore.log}`. runc from 1.2 on prints its errors as warnings: give hwcr \
            all that runc printed. If the engine removed the log, add the line `log-file /tmp/criu.log` to \
            /etc/criu/runc.conf and try again.",
        sources: &[
            "runc 1.0 to 1.1, libcontainer/container_linux.go criuSwrk",
            "runc 1.2 to 1.5, libcontainer/criu_linux.go criuSwrk, logCriuErrors",
            "CRIU 3.0 to 4.2, criu/include/cr-errno.h, criu/cr-service.c set_resp_err",
            "checkpoint-restore/criu 2366",
        ],
        ..FAILED
    },
    Row {
        id: "tool-criu-request-failed",
        patterns: &["operation failed (msg:{rest}"],
        summary: "A program that drives CRIU by go-criu says that CRIU failed.",
        explanation: "msg is the first error in CRIU's log, if CRIU kept one; err 0 is no number, 17 (EEXIST) a process \
            id that is taken.",
        help: "Run `hwcr explain-log {path|restore.log}` on CRIU's log.",
        sources: &[
            "go-criu 7, main.go doSwrk",
            "CRIU 3.0 to 4.2, criu/log.c log_note_err",
        ],
        ..FAILED
    },
    Row {
        id: "tool-criu-too-old",
        patterns: &[
            "CRIU version {have:number} must be {need:number} or higher{rest}",
            "checkpoint/restore requires at least CRIU {need:number}, current version is {have:number}{rest}",
            "shared {kind:word} namespace restore is supported in CRIU >= {need:word}{rest}",
            "{option:word} requires at least CRIU {need:word}{rest}",
            "must have criu {need:word} or greater to checkpoint/restore{rest}",
            "libcriu RPC config files supported in CRIU >= {need:word}{rest}",
            "libcriu is too old{rest}",
        ],
        summary: "The engine refuses this CRIU: it is too old.",
        explanation: "It needs CRIU {need|of a later version}, and found {have|an older one}. As a number, 31600 is 3.16.",
        help: "Install a later CRIU where the engine looks for it, and check with `criu --version`.",
        sources: &[
            "runc 1.0 to 1.5, libcontainer/criu_linux.go compareCriuVersion, Restore",
            "Podman 5.8, pkg/criu/criu_linux.go CheckForCriu",
            "containerd 2.3, internal/cri/server/container_checkpoint_linux.go",
            "crun 1.8 to 1.29, src/libcrun/criu.c",
            "LXC 2.0 to 6.0, src/lxc/criu.c criu_version_ok",
        ],
        ..REFUSED
    },
    Row {
        id: "tool-criu-not-run",
        patterns: &[
            "could not load `libcriu.so.2`{rest}",
            "exec: \"criu\": executable file not found in $PATH{rest}",
            "criu binary not found in shim path or system PATH{rest}",
            "CRIU version check failed: {rest}",
            "failed to check for criu version: {rest}",
            "failed to retrieve criu version: {rest}",
            "getting criu version: {rest}",
            "CRIU is required for live migration but its binary couldn't be found on the {where:word} server{rest}",
            "Unable to perform container live migration. CRIU isn't installed{rest}",
            "Couldn't find criu binary{rest}",
            "execing criu failed, is it installed?{rest}",
        ],
        summary: "The engine could not run CRIU.",
        explanation: "criu, or for crun libcriu.so.2, is not installed where the engine looks for it, or `criu swrk` ends \
            at once. There is no log of CRIU.",
        help: "Install CRIU (and libcriu for crun), and run `criu check` as root.",
        sources: &[
            "runc 1.0 to 1.5, libcontainer/criu_linux.go checkCriuVersion",
            "crun 1.4 to 1.29, src/libcrun/criu.c load_wrapper",
            "Podman 5.8, pkg/criu/criu_linux.go CheckForCriu",
            "containerd 2.3, internal/cri/server/container_checkpoint_linux.go doCheckCriu",
            "LXC 2.0 to 6.0, src/lxc/criu.c; LXD 2.0 to 3.0, lxd/container_lxc.go Migrate",
        ],
        ..REFUSED
    },
    Row {
        id: "tool-no-checkpoint-support",
        patterns: &[
            "configured runtime does not support checkpoint/restore{rest}",
            "checkpoint/restore support not available{rest}",
            "criu support is disabled by configuration{rest}",
            "method CheckpointContainer not implemented{rest}",
            "checkpointing not implemented for runtimeVM{rest}",
        ],
        summary: "The engine or its runtime cannot checkpoint and restore as it is set up.",
        explanation: "CRI-O needs it enabled ([crio.checkpoint_restore], before that enable_criu_support), containerd \
            enable_criu, and both a runtime that has it: runc does, crun only if it was built with CRIU (`crun \
            --version` says +CRIU).",
        help: "Enable it in the engine's configuration, or choose another runtime.",
        sources: &[
            "Podman 5.8, libpod/container_internal_common.go checkpointRestoreSupported",
            "CRI-O, internal/oci/runtime_oci.go, internal/oci/runtime_vm.go, server/container_checkpoint.go",
            "containerd 2.3, internal/cri/server/container_checkpoint_linux.go doCheckCriu",
        ],
        ..REFUSED
    },
    Row {
        id: "tool-checkpoint-incomplete",
        patterns: &[
            "a complete checkpoint for this container cannot be found, cannot restore{rest}",
        ],
        summary: "The checkpoint has no inventory.img.",
        explanation: "Podman and CRI-O look for that file before they start CRIU. The checkpoint failed, was removed \
            after an earlier restore (without --keep), or the archive is not that of a checkpoint.",
        help: "Look into the archive or the checkpoint directory with `hwcr inspect`, and checkpoint again.",
        sources: &[
            "Podman 3.0 to 5.8, libpod restore",
            "CRI-O, internal/oci/runtime_oci.go RestoreContainer",
        ],
        ..REFUSED
    },
    Row {
        id: "tool-checkpoint-archive",
        patterns: &[
            "failed to open checkpoint archive {path:text} for import: {errno}",
            "failed to open pre-checkpoint archive for import: {errno}",
            "unpacking of checkpoint archive {path:text} failed: {errno}",
            "unpacking of pre-checkpoint archive {path:text} failed: {errno}",
        ],
        summary: "The checkpoint's archive cannot be unpacked: {path|the one before it}.",
        explanation: "The engine answered: {errno}. It is not there, was cut while it was copied, is not a tar, or the \
            disk is full.",
        help: "Compare its size and checksum with the original, and read it with `hwcr inspect`.",
        sources: &[
            "Podman 4.0 to 5.8, pkg/checkpoint/crutils/checkpoint_restore_utils.go",
            "CRI-O, server/container_restore.go",
        ],
        ..REFUSED
    },
    Row {
        id: "tool-crio-restore-failed",
        patterns: &[
            "Container restore error: {rest}",
            "container restore failed: {rest}",
            "failed to restore container {id:word}: {rest}",
        ],
        summary: "CRI-O could not restore the container.",
        explanation: "It does not say why. CRIU's log is restore.log in the container's bundle, \
            /run/containers/storage/overlay-containers/ID/userdata, and goes with the container that could not be \
            started.",
        help: "Run `hwcr explain-log {path|restore.log}` on it, on the node. If it is gone, add the line `log-file \
            /tmp/criu.log` to /etc/criu/runc.conf (crun: /etc/criu/crun.conf), let the pod start again, and run \
            `hwcr explain-log /tmp/criu.log`.",
        sources: &[
            "CRI-O, internal/oci/runtime_oci.go CreateContainer, RestoreContainer, internal/lib/restore.go",
        ],
        ..FAILED
    },
    Row {
        id: "tool-checkpoint-failed",
        dump: true,
        patterns: &[
            "failed to checkpoint container {id:word}: {rest}",
            "checkpointing container {id:word} failed: {rest}",
            "Cannot checkpoint container {id:word}: {rest}",
            "checkpointing of {id:word} failed ({rest}",
        ],
        summary: "The engine could not checkpoint the container {id}.",
        explanation: "It does not say why. CRIU's log is dump.log: CRI-O keeps it in \
            /var/lib/containers/storage/overlay-containers/ID/userdata, containerd's shim copies it to criu-dump.log \
            in the bundle, Docker puts it into criu.work beside the checkpoint. The kubelet's own archives, of \
            checkpoints that succeeded, are in /var/lib/kubelet/checkpoints.",
        help: "Run `hwcr explain-log {path|dump.log}` on it, on the node. If it is gone, add the line `log-file /tmp/criu.log` to \
            /etc/criu/runc.conf (crun: /etc/criu/crun.conf) and checkpoint again.",
        sources: &[
            "CRI-O, internal/lib/checkpoint.go; containerd 2.3, internal/cri/server/container_checkpoint_linux.go",
            "Docker 1.13 to 29, daemon/checkpoint.go; Kubernetes 1.25 to 1.34, pkg/kubelet/server/server.go checkpoint",
        ],
        ..FAILED
    },
    Row {
        id: "tool-lxc-criu-failed",
        patterns: &["criu process exited {status}, output:{rest}"],
        summary: "LXC says that CRIU failed.",
        explanation: "Behind it stands what CRIU printed before it opened its log. The log is restore.log in the \
            directory of the images; LXD and Incus copy it to migration_restore_TIME.log in the instance's log \
            directory.",
        help: "Run `hwcr explain-log {path|restore.log}` on it.",
        sources: &[
            "LXC 2.0 to 6.0, src/lxc/criu.c exec_criu, do_restore",
            "LXD 2.0 to 3.0, lxd/container_lxc.go collectCRIULogFile",
        ],
        ..FAILED
    },
    Row {
        id: super::LOG_FILE,
        patterns: &[
            "--- Quoting \"{path:text}\"",
            "--- excerpt from CRIU log `{path:text}`",
            "Please check CRIU logfile `{path:file}`{rest}",
            "Please check CRIU logfile {path:file}{rest}",
            "log file: {path:file}{rest}",
        ],
        role: Role::Context,
        summary: "The file that CRIU's log is in: {path}.",
        sources: &[
            "runc 1.0 to 1.5, libcontainer/criu_linux.go criuSwrk, logCriuErrors",
            "crun 0.14 to 1.29, src/libcrun/criu.c show_criu_log",
        ],
        ..REFUSED
    },
];
