//! What CRIU says when a dump fails on what the tasks use: files, sockets, terminals, mounts, namespaces.

use crate::restore_log::row::{ERROR, Role, Row};

const DUMP: Row = Row {
    dump: true,
    ..ERROR
};

pub(super) static ROWS: &[Row] = &[
    Row {
        id: "criu-dump-io-uring",
        files: &["files-ext.c"],
        patterns: &[
            "Can't dump file {fd:number} of that type [{mode:octal}] (anon anon_inode:[io_uring])",
            "Can't dump file {fd:number} of that type [{mode:octal}] (anon [io_uring])",
        ],
        summary: "A task uses io_uring, which CRIU cannot save.",
        explanation: "Descriptor {fd} is a ring of io_uring. No release of CRIU up to 4.2 supports them.",
        help: "Start the workload without io_uring (Node.js: UV_USE_IO_URING=0; others: an option, or the sysctl \
            kernel.io_uring_disabled=2) and dump again.",
        sources: &["CRIU 3.0 to 4.2, criu/files.c dump_one_file, criu/files-ext.c dump_unsupp_fd"],
        ..DUMP
    },
    Row {
        id: "criu-dump-serial-port",
        files: &["files-ext.c"],
        patterns: &[
            "Can't dump file {fd:number} of that type [{mode:octal}] (chr 204:{minor:number})",
            "Can't dump file {fd:number} of that type [{mode:octal}] (chr 4:{minor:number})",
        ],
        summary: "A task holds a serial port as descriptor {fd}.",
        explanation: "Device 204:64 is ttyAMA0, the console of most arm64 boards. CRIU saves pseudo terminals and virtual \
            consoles, not the lines of a serial port: the tasks were started on that console.",
        help: "Start the workload away from the console: `setsid PROGRAM </dev/null >log 2>&1 &`, or over ssh with \
            --shell-job.",
        sources: &[
            "CRIU 3.0 to 4.2, criu/files.c dump_chrdev, criu/files-ext.c dump_unsupp_fd; kernel Documentation/admin-guide/devices.txt",
            "checkpoint-restore/criu 150",
        ],
        ..DUMP
    },
    Row {
        id: "criu-dump-file-type",
        files: &["files-ext.c"],
        patterns: &[
            "Can't dump file {fd:number} of that type [{mode:octal}] ({kind:word} {what:rest})",
        ],
        summary: "A task holds a file that CRIU cannot save: descriptor {fd}, {kind} {what}.",
        explanation: "`chr` with two numbers is a device (195: NVIDIA, 226: a GPU, 10: miscellaneous), `anon` a kernel object \
            without a file, `unknown` a type that this CRIU does not know.",
        help: "Close it before the dump, name it with --external file[…] where it is the same at the restore, or load the \
            device's CRIU plugin.",
        sources: &[
            "CRIU 3.0 to 4.2, criu/files-ext.c dump_unsupp_fd",
            "checkpoint-restore/criu 1873, 1468",
        ],
        ..DUMP
    },
    Row {
        id: "criu-dump-unix-socket",
        files: &["sk-unix.c"],
        patterns: &[
            "External socket is used. Consider using --ext-unix-sk option.",
            "Can't dump half of stream unix connection. name: {name:text}; peer name: {peer:rest}",
            "Can't dump half of stream unix connection.",
            "Can't dump name-less external socket.",
            "Unix socket {socket:number} without peer {peer:number}",
            "Unix socket {socket:number} with unreachable peer {peer:number} ({name:rest})",
        ],
        summary: "A task is connected to a process outside of the dump by a Unix socket.",
        explanation: "A log daemon, a message bus, an X server, a shell's pipe. CRIU cannot save the other end; of stream \
            sockets it cannot save half a connection at all.",
        help: "Dump that process too, close the connection first, or give --ext-unix-sk to dump and restore (datagram \
            sockets with a name only).",
        sources: &[
            "CRIU 3.0 to 4.2, criu/sk-unix.c dump_external_sockets, dump_one_unix_fd, unix_resolve",
        ],
        ..DUMP
    },
    Row {
        id: "criu-dump-tcp-connected",
        files: &["sk-inet.c"],
        patterns: &["Connected TCP socket, consider using --{option:word} option."],
        summary: "The tasks have established TCP connections.",
        explanation: "CRIU saves them only when told to.",
        help: "Dump and restore with --tcp-established (the restored tasks need the same IP address) or --tcp-close \
            (podman: --tcp-established; runc: --tcp-established).",
        sources: &["CRIU 3.0 to 4.2, criu/sk-inet.c can_dump_inet_sk"],
        ..DUMP
    },
    Row {
        id: "criu-dump-in-flight",
        files: &["sk-inet.c", "sk-unix.c"],
        patterns: &[
            "In-flight connection (l) for {socket:address}",
            "In-flight connections can be ignored with the {option:rest}",
            "In-flight connection on {socket:rest}",
        ],
        summary: "A connection was being made at the moment of the dump.",
        explanation: "A client has connected and the task has not accepted it yet.",
        help: "Dump again, or with --skip-in-flight (the client sees its connection reset).",
        sources: &[
            "CRIU 3.0 to 4.2, criu/sk-inet.c can_dump_inet_sk, criu/sk-unix.c dump_one_unix_fd",
        ],
        ..DUMP
    },
    Row {
        id: "criu-dump-protocol",
        files: &["sk-inet.c"],
        patterns: &["Unsupported proto {protocol:number} for socket {socket:address}"],
        summary: "A task has a socket of protocol {protocol}, which CRIU does not know.",
        explanation: "262 is multipath TCP, which Go programs use for listening sockets from Go 1.24 on; 1 is ICMP (ping), \
            132 SCTP.",
        help: "For 262 start the program with GODEBUG=multipathtcp=0; close other such sockets before the dump.",
        sources: &["CRIU 3.0 to 4.2, criu/sk-inet.c can_dump_ipproto"],
        ..DUMP
    },
    Row {
        id: "criu-dump-netlink",
        files: &["sk-netlink.c"],
        patterns: &["The socket has data to read"],
        summary: "A netlink socket of a task holds messages that were not read.",
        explanation: "CRIU does not save them.",
        help: "Dump again at another moment.",
        sources: &[
            "CRIU 3.0 to 4.2, criu/sk-netlink.c dump_one_netlink_fd",
            "checkpoint-restore/criu 508",
        ],
        ..DUMP
    },
    Row {
        id: "criu-dump-mount-root",
        files: &["mount.c"],
        patterns: &["{mount:number}:{path:text} doesn't have a proper root mount"],
        summary: "The mount {path} comes from outside of the tasks' mount namespace.",
        explanation: "A volume or a file that the container engine mounted in (/etc/hosts, /etc/resolv.conf, a cgroup), and \
            CRIU was not told that it is external.",
        help: "Dump the container by its engine, not its process by `criu dump`; with CRIU alone name it: --external \
            'mnt[{path}]:NAME', or all of them: --external 'mnt[]'.",
        sources: &[
            "CRIU 3.0 to 4.2, criu/mount.c validate_mounts",
            "checkpoint-restore/criu 477, 1511",
        ],
        ..DUMP
    },
    Row {
        id: "criu-dump-mount-sharing",
        files: &["mount.c", "mount-v2.c"],
        patterns: &[
            "Mount {mount:number} {path:text} (master_id: {master:number} shared_id: {shared:number}) has unreachable sharing. Try --enable-external-masters.",
        ],
        summary: "The mount {path} is a slave of a mount outside of the tasks' mount namespace.",
        explanation: "It belongs to a sharing group whose other members CRIU cannot see, a console or volume that the engine \
            mounted with propagation.",
        help: "Dump and restore with --enable-external-masters (runc and podman: `enable-external-masters` in \
            /etc/criu/runc.conf or crun.conf), or mount it private.",
        sources: &[
            "CRIU 3.0 to 4.2, criu/mount.c resolve_shared_mounts, criu/mount-v2.c",
            "opencontainers/runc 4142; checkpoint-restore/criu 2011",
        ],
        ..DUMP
    },
    Row {
        id: "criu-dump-mount-kind",
        files: &["mount.c", "files-reg.c"],
        patterns: &[
            "FS mnt {path:text} dev {device:address} root {root:text} unsupported id {id:address}",
            "Can't lookup mount={mount:number} for fd={fd:number} path={path:rest}",
            "Unable to dump a file system for {mount:number}:{path:text}",
        ],
        summary: "CRIU does not know the file system that {path} is on.",
        explanation: "A file of another mount namespace (a terminal or file passed in from the host), or a type of file \
            system without support (--enable-fs names further ones).",
        help: "Dump the container by its engine; redirect the file from one of the container's own mounts; for a terminal \
            give --shell-job.",
        sources: &[
            "CRIU 3.0 to 4.2, criu/mount.c validate_mounts, criu/files-reg.c dump_one_reg_file",
            "opencontainers/runc 2111",
        ],
        ..DUMP
    },
    Row {
        id: "criu-dump-ghost-size",
        files: &["files-reg.c"],
        patterns: &["Can't dump ghost file {path:text} of {size:number} size, increase limit"],
        summary: "A task holds the deleted file {path}, which is larger than CRIU copies into an image.",
        explanation: "It has {size} bytes; the limit is 1 MiB unless raised.",
        help: "Dump with --ghost-limit SIZE (a little above {size}).",
        sources: &["CRIU 3.0 to 4.2, criu/files-reg.c dump_ghost_remap"],
        ..DUMP
    },
    Row {
        id: "criu-dump-link-remap",
        files: &["files-reg.c"],
        patterns: &[
            "Can't create link remap for {path:text}. Use {option:word} option.",
            "Can't link remap to {path:text}: {errno}",
        ],
        summary: "A task holds {path}, a name that was deleted while the file has others.",
        explanation: "CRIU must give the file a name for the restore and was not allowed to, or could not.",
        help: "Dump with --link-remap, on a file system that can be written to.",
        sources: &["CRIU 3.0 to 4.2, criu/files-reg.c dump_linked_remap, create_link_remap"],
        ..DUMP
    },
    Row {
        id: "criu-dump-path-covered",
        files: &["files-reg.c"],
        patterns: &["Unaccessible path opened {a:number}:{b:number}, need {c:number}:{d:number}"],
        summary: "A file of a task is no longer what its path names.",
        explanation: "It was replaced (an update, a log rotation), or another mount covers it; overlay file systems of old \
            kernels report other device numbers.",
        help: "Restart the program after the update and dump again; on overlayfs use a newer kernel.",
        sources: &["CRIU 3.0 to 4.2, criu/files-reg.c check_path_remap"],
        ..DUMP
    },
    Row {
        id: "criu-dump-file-lock",
        files: &["file-lock.c"],
        patterns: &["Some file locks are hold by dumping tasks!{rest}"],
        summary: "The tasks hold file locks.",
        explanation: "CRIU saves them only when told to, for somebody else may take them before the restore.",
        help: "Dump and restore with --file-locks (podman: --file-locks; runc: --file-locks).",
        sources: &[
            "CRIU 3.0 to 4.2, criu/file-lock.c collect_file_locks, correct_file_leases_type",
        ],
        ..DUMP
    },
    Row {
        id: "criu-dump-watch",
        files: &["fsnotify.c"],
        patterns: &[
            "Can't find suitable path for handle (dev {device:address} ino {inode:address}): {code}",
            "Unable to lookup a mount by dev {device:address}",
            "Can't dump that handle",
        ],
        summary: "A task watches a file with inotify or fanotify whose path CRIU cannot find.",
        explanation: "The kernel tells the file's number only. CRIU searches some directories for it; file systems without \
            file handles (overlayfs of old kernels) have none.",
        help: "Give the directory to search with --irmap-scan-path DIR, or --force-irmap; end the watch before the dump.",
        sources: &[
            "CRIU 3.0 to 4.2, criu/fsnotify.c check_open_handle",
            "checkpoint-restore/criu 2368",
        ],
        ..DUMP
    },
    Row {
        id: "criu-dump-terminal",
        files: &["tty.c"],
        patterns: &[
            "Found dangling tty with sid {session:number} pgid {group:number} ({name:text}) on peer fd {fd:number}.",
            "Unable to find a master for {path:rest}",
            "The master for {path:text} isn't from the root mntns",
        ],
        summary: "The tasks use a terminal whose other end is not in the dump.",
        explanation: "They were started from a shell, or the container got a terminal of the host's.",
        help: "Dump and restore with --shell-job, or start the workload with `setsid` and without a terminal.",
        sources: &[
            "CRIU 3.0 to 4.2, criu/tty.c tty_verify_ctty, open_external_tty",
            "checkpoint-restore/criu 552",
        ],
        ..DUMP
    },
    Row {
        id: "criu-dump-link",
        files: &["net.c"],
        patterns: &[
            "Unsupported link {index:number} (type {kind:number} kind {name:word})",
            "No kind for eth link {index:number}",
            "Unable to dump a socket from an external network namespace",
        ],
        summary: "The network namespace has a device that CRIU cannot save.",
        explanation: "CRIU saves loopback, veth, bridges, TUN/TAP, macvlan, venet and a few tunnels.",
        help: "Let the engine make the namespace (--external net[…] or --empty-ns net), or remove the device before the dump.",
        sources: &["CRIU 3.0 to 4.2, criu/net.c dump_one_link, dump_one_ethernet"],
        ..DUMP
    },
    Row {
        id: "criu-dump-nested-namespace",
        files: &["namespaces.c", "mount.c"],
        patterns: &[
            "Can't dump nested {kind:word} namespace for {pid}",
            "Nested mount namespaces are not supported without mnt_id in fdinfo",
        ],
        summary: "A task below the first one lives in a namespace of its own, which CRIU cannot save.",
        explanation: "CRIU saves one user, network, pid, IPC, UTS and time namespace; nested mount and network namespaces \
            in part. Containers within containers, sandboxes of browsers and systemd services make such namespaces.",
        help: "Dump the inner container by itself, or start the program without its sandbox (systemd: PrivateUsers=, \
            PrivateNetwork=, ProtectSystem=).",
        sources: &[
            "CRIU 3.0 to 4.2, criu/namespaces.c generate_ns_id, dump_task_ns_ids; time: 3.14 to 4.2",
        ],
        ..DUMP
    },
    Row {
        id: "criu-dump-session",
        files: &["cr-dump.c", "namespaces.c"],
        patterns: &[
            "A session leader of {pid}({id:number}) is outside of its pid namespace",
            "A session leader of zombie process {pid}({id:number}) is outside of its pid namespace",
            "Can't dump a pid namespace without the process init",
        ],
        summary: "The tree of tasks is only a part of its pid namespace or session.",
        explanation: "CRIU cannot make the leader of the session, or the first process of the namespace, again.",
        help: "Dump from the first process of the container (--tree with its id), or start the workload with `setsid`.",
        sources: &[
            "CRIU 3.0 to 4.2, criu/cr-dump.c dump_one_task, criu/namespaces.c dump_user_ns, get_ns_id",
        ],
        ..DUMP
    },
    Row {
        id: "criu-dump-zombie",
        files: &["seize.c", "cr-dump.c"],
        patterns: &[
            "Zombies with threads are not supported",
            "Zombie thread not supported",
            "Individually stopped threads not supported",
            "zombie {pid} (comm {name:text}) found while seizing",
            "A root task is dead",
        ],
        summary: "A task or thread has ended, or is stopped by itself, in a way that CRIU cannot save.",
        explanation: "The first thread of a program ended while others run, or the program was ending during the dump.",
        help: "Dump again at another moment.",
        sources: &["CRIU 3.0 to 4.2, criu/seize.c collect_threads, collect_task"],
        ..DUMP
    },
    Row {
        id: "criu-dump-sysv-shm",
        files: &["cr-dump.c", "shmem.c"],
        patterns: &[
            "Task {pid} with SysVIPC shmem map @{address} doesn't live in IPC ns",
            "Can't find sysv shmem for {address}",
        ],
        summary: "A task has System V shared memory and no IPC namespace of its own.",
        explanation: "The segment belongs to the whole host; CRIU saves it only with its namespace. Databases use such memory.",
        help: "Run the workload in an IPC namespace (a container, `unshare --ipc`), and dump again.",
        sources: &["CRIU 3.0 to 4.2, criu/cr-dump.c dump_task_mm, check_sysvipc_map_dump"],
        ..DUMP
    },
    Row {
        id: "criu-dump-unwritable",
        files: &["protobuf.c", "image.c", "page-xfer.c", "bfd.c"],
        patterns: &[
            "Can't write {size:number} bytes: {errno}",
            "Can't write img file: {errno}",
            "Unable to spice data: {errno}",
        ],
        summary: "The image could not be written.",
        explanation: "The system answered: {errno}.",
        help: "Make room for the memory of all tasks where the image goes (-D), or choose another place.",
        sources: &["CRIU 3.0 to 4.2, criu/protobuf.c do_pb_write_one, criu/image.c write_img_buf"],
        ..DUMP
    },
    Row {
        id: "criu-dump-script",
        files: &["cr-dump.c"],
        patterns: &["Pre dump script failed with {code}!"],
        summary: "A script that runs along with the dump failed.",
        explanation: "It ended with {code}. Container engines hang their own work in here.",
        help: "Look into the engine's log, or run the action script by hand.",
        sources: &["CRIU 3.0 to 4.2, criu/cr-dump.c cr_dump_tasks"],
        ..DUMP
    },
    Row {
        id: "criu-dump-remark",
        files: &["sk-inet.c", "sk-unix.c"],
        patterns: &[
            "For Go programs, consider using \"GODEBUG=multipathtcp=0\" to disable MPTCP",
            "Non-empty write queue on an in-flight socket {socket:address}",
        ],
        role: Role::Consequence,
        summary: "A remark on the line before.",
        sources: &["CRIU 4.2, criu/sk-inet.c can_dump_ipproto, criu/sk-unix.c"],
        ..DUMP
    },
];
