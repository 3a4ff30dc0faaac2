//! What CRIU says of cgroups, namespaces, mounts, sockets, scripts.

use crate::restore_log::row::{ERROR, Role, Row};

pub(super) static ROWS: &[Row] = &[
    Row {
        id: "criu-cgroup-exists",
        files: &["cgroup.c"],
        patterns: &["Abort restore of existing cgroups"],
        summary: "A cgroup of the tasks exists already.",
        explanation: "With --manage-cgroups=strict CRIU makes all of them itself.",
        help: "Remove the cgroup, or restore with --manage-cgroups=soft.",
        sources: &[
            "CRIU 3.0 to 4.2, criu/cgroup.c prepare_cgroup_dirs",
            "observed: CRIU 4.2.1",
        ],
        ..ERROR
    },
    Row {
        id: "criu-cgroup-move",
        files: &["cgroup.c"],
        patterns: &[
            "Can't move {task:word} into {path:text} ({err:number}/{fd:number}): {errno}",
            "Can't move into {path:text} ({err:number}/{fd:number}): {errno}",
            "cgroupd: Can't move thread {tid} into {controller:text}/{path:text}",
        ],
        summary: "A task could not be moved into the cgroup {path}.",
        explanation: "The system answered: {errno}. \"No space left on device\" is a cpuset without cpus or mems, \
            \"Bad file descriptor\" or \"No such file\" a cgroup that is not there (with --manage-cgroups=ignore it is \
            never made).",
        help: "Restore with --manage-cgroups=soft or under another --cgroup-root; fill cpuset.cpus and cpuset.mems.",
        sources: &[
            "CRIU 3.0 to 4.2, criu/cgroup.c userns_move, move_in_cgroup, cgroupd",
            "checkpoint-restore/criu 1407, 1793, 1894",
        ],
        ..ERROR
    },
    Row {
        id: "criu-cgroup-make",
        files: &["cgroup.c"],
        patterns: &[
            "Can't make cgroup dir {path:text}: {errno}",
            "Failed accessing cgroup dir {path:text}: {errno}",
            "Cgroup dir {path:text} doesn't exist",
            "Can't make controller dir {path:text}: {errno}",
            "Can't mount controller dir {path:text}: {errno}",
            "bad cgroup path: {path:text}: {errno}",
        ],
        summary: "A cgroup could not be made as it was: {path}.",
        explanation: "The machine has other controllers (cgroup v1 and v2 do not mix), or the restore may not write there.",
        help: "Restore with --manage-cgroups=ignore inside a cgroup that is ready, or on a machine with the same \
            cgroup version.",
        sources: &[
            "CRIU 3.0 to 4.2, criu/cgroup.c prepare_cgroup_dirs, prepare_cgroup_sfd, restore_cgroup_prop",
        ],
        ..ERROR
    },
    Row {
        id: "criu-cgroup-property",
        files: &["cgroup.c"],
        patterns: &[
            "Failed writing {value:text} to {path:text}: {errno}",
            "Failed closing {path:text}: {errno}",
        ],
        role: Role::Hint,
        summary: "A property of a cgroup could not be set: {path}.",
        explanation: "The system answered: {errno}. Some properties CRIU can do without, with others it gives up.",
        help: "Restore with --manage-cgroups=ignore inside a cgroup that is ready, or leave the property out with \
            --cgroup-props.",
        sources: &[
            "CRIU 3.0 to 4.2, criu/cgroup.c restore_cgroup_prop",
            "checkpoint-restore/criu 24",
        ],
        ..ERROR
    },
    Row {
        id: "criu-owner-change",
        files: &["util.c"],
        patterns: &[
            "Unable to change [{fd:number}]/{path:rest} ownership to ({uid:number}, {gid:number}): {errno}",
        ],
        summary: "The owner of a directory of cgroups could not be set.",
        explanation: "The system answered: {errno}. Containers often see cgroups read-only.",
        help: "Make /sys/fs/cgroup writable for the restore, or use --manage-cgroups=ignore.",
        sources: &[
            "CRIU 3.19 to 4.2, criu/util.c cr_fchpermat",
            "observed: CRIU 4.2.1, cgroups mounted read-only",
        ],
        ..ERROR
    },
    Row {
        id: "criu-mount-mapping",
        files: &["mount.c"],
        patterns: &["No mapping for {mount:number}:{path:text} mountpoint"],
        summary: "The external mount {path} was not said for the restore.",
        explanation: "The dump left it out by a name (--external mnt[…]:NAME); the restore must say what that name is here.",
        help: "Give --external 'mnt[NAME]:{path}', or restore by the engine that dumped, with the same volumes.",
        sources: &["CRIU 3.17 to 4.2, criu/mount.c get_mp_root"],
        ..ERROR
    },
    Row {
        id: "criu-mount-auto",
        files: &["mount.c"],
        patterns: &[
            "Mount {mount:number}:{path:text} is autodetected external mount. Try \"--ext-mount-map auto\" to allow them.",
        ],
        summary: "The dump took {path} for an external mount by itself, and the restore was not told to.",
        explanation: "Both need the same option.",
        help: "Give --external 'mnt[]' to the restore as well.",
        sources: &["CRIU 3.17 to 4.2, criu/mount.c get_mp_root"],
        ..ERROR
    },
    Row {
        id: "criu-mount-failed",
        files: &["mount.c", "mount-v2.c", "util.c"],
        patterns: &[
            "Can't mount at {path:text}: {errno}",
            "Can't bind-mount at {path:text}: {errno}",
            "Unable to mount {path:text}: {errno}",
            "Failed to open_tree {path:text}: {errno}",
            "Failed to move_mount from {from:text} to {path:text}: {errno}",
            "Can't stat mountpoint {path:text}: {errno}",
            "Unable to statfs {path:text}: {errno}",
            "Unable to open {path:text}: {errno}",
        ],
        summary: "A mount of the tasks could not be made again: {path}.",
        explanation: "The system answered: {errno}. Its source or its mount point is not here, or the file system is unknown.",
        help: "Bring the source of the mount here; for a container, restore with the same volumes and the same image.",
        sources: &[
            "CRIU 3.0 to 4.2, criu/mount.c do_new_mount, do_bind_mount, criu/mount-v2.c, criu/util.c make_yard",
        ],
        ..ERROR
    },
    Row {
        id: "criu-mount-root",
        files: &["mount.c", "mount-v2.c"],
        patterns: &["The --root option is required to restore a mount namespace"],
        summary: "A mount namespace needs a root directory, and none was given.",
        explanation: "The tasks ran in a mount namespace of their own.",
        help: "Give --root DIR, a mount point that holds their root file system; engines do so themselves.",
        sources: &["CRIU 3.12 to 4.2, criu/mount.c do_mount_one, criu/mount-v2.c do_mount_one_v2"],
        ..ERROR
    },
    Row {
        id: "criu-file-watch",
        files: &["fsnotify.c"],
        patterns: &["Unable to open {path:text}: {errno}"],
        summary: "A task watches {path}, which is not here.",
        explanation: "inotify and fanotify watches are made again on the same file.",
        help: "Bring the file or directory here under the same name.",
        sources: &[
            "CRIU 3.0 to 4.2, criu/fsnotify.c get_mark_path",
            "checkpoint-restore/criu 764",
        ],
        ..ERROR
    },
    Row {
        id: "criu-address-taken",
        files: &["sk-inet.c"],
        patterns: &["Can't bind inet socket (id {id:number}): Address already in use"],
        summary: "A port of the tasks is taken here.",
        explanation: "Something listens there, often the original of the same tasks.",
        help: "End what holds the port (`ss -tulpn`), or restore in a network namespace of its own.",
        sources: &[
            "CRIU 3.0 to 4.2, criu/sk-inet.c inet_bind",
            "observed: CRIU 4.2.1",
        ],
        ..ERROR
    },
    Row {
        id: "criu-address-absent",
        files: &["sk-inet.c"],
        patterns: &["Can't bind inet socket (id {id:number}): {errno}"],
        summary: "A socket of the tasks cannot be bound.",
        explanation: "The system answered: {errno}. \"Cannot assign requested address\" means that this machine does \
            not have the IP address the tasks used.",
        help: "Give this machine or network namespace the address, or dump with --tcp-close.",
        sources: &["CRIU 3.0 to 4.2, criu/sk-inet.c inet_bind"],
        ..ERROR
    },
    Row {
        id: "criu-tcp-connected",
        files: &["sk-inet.c"],
        patterns: &["Connected TCP socket in image"],
        summary: "The image holds established TCP connections.",
        explanation: "CRIU restores them only when told to, for it needs the same address and the firewall's help.",
        help: "Give --tcp-established (same IP address) or --tcp-close to the restore.",
        sources: &["CRIU 3.0 to 4.2, criu/sk-inet.c open_inet_sk"],
        ..ERROR
    },
    Row {
        id: "criu-unix-peer",
        files: &["sk-unix.c"],
        patterns: &[
            "FATAL: Peer {peer:number} unresolved for {socket:number}",
            "External socket found in image. Consider using the --ext-unix-sk option to allow restoring it.",
            "Can't connect {socket:number} socket: {errno}",
        ],
        summary: "The other end of a Unix socket is not here.",
        explanation: "It belonged to a process outside of the dump (a log daemon, a message bus).",
        help: "Give --ext-unix-sk to dump and restore and start the service first, or dump with it.",
        sources: &[
            "CRIU 3.0 to 4.2, criu/sk-unix.c fixup_unix_peer, open_unixsk_standalone, post_open_standalone",
            "observed: CRIU 4.2.1",
        ],
        ..ERROR
    },
    Row {
        id: "criu-network-namespace",
        files: &["net.c"],
        patterns: &[
            "Unable to create a new netns: {errno}",
            "Unable to find an external netns: {name:text}",
            "IP tool failed on {command:text}",
            "Can't restore link: {code}",
            "Unable to restore network links",
            "Can't restore iptables dump - no legacy version present",
            "Can't restore ip6tables dump - no legacy version present",
            "Unable to restore nftables. CRIU was built without libnftables support",
        ],
        summary: "The network namespace of the tasks could not be made again.",
        explanation: "Devices, addresses or firewall rules need `ip`, `iptables` or nftables and the kernel's modules for them.",
        help: "Install the tool the message names and load its modules (veth, nf_tables, ip_tables), or let the engine \
            make the namespace.",
        sources: &[
            "CRIU 3.0 to 4.2, criu/net.c run_ip_tool, restore_iptables, restore_nftables, net_set_ext, do_create_net_ns",
        ],
        ..ERROR
    },
    Row {
        id: "criu-network-lock",
        files: &["net.c"],
        patterns: &["Locking network failed: iptables-restore returned {code}. {rest}"],
        summary: "The firewall rules that keep packets away while CRIU works could not be set.",
        explanation: "iptables-restore ended with {code}. CRIU locks the network of a container with rules that match \
            its own packets by a mark; that needs CONFIG_NETFILTER_XT_MARK (the module xt_mark) and iptables.",
        help: "Look whether `modprobe xt_mark` works and iptables-restore is installed; kernels of single-board computers \
            often lack the module. `--network-lock nftables` (CRIU 3.16 or later) needs neither.",
        sources: &[
            "CRIU 3.6 to 4.2, criu/net.c network_lock_internal",
            "checkpoint-restore/criu 2574",
        ],
        ..ERROR
    },
    Row {
        id: "criu-connection-lock",
        files: &["netfilter.c", "net.c"],
        patterns: &[
            "Iptables configuration failed",
            "Locking network failed using nftables",
            "Locking connection failed using nftables",
            "CRIU was built without libnftables support",
        ],
        summary: "The firewall rule that keeps packets of a TCP connection away while CRIU works could not be set.",
        explanation: "With --tcp-established CRIU blocks each connection with iptables, or with nftables where told to. The \
            program is not installed, or the kernel lacks its modules (ip_tables, xt_mark, nf_tables).",
        help: "Install iptables and load its modules, or give `--network-lock nftables` (CRIU 3.16 or later, built with \
            libnftables) to dump and restore.",
        sources: &[
            "CRIU 3.0 to 4.2, criu/netfilter.c iptables_connection_switch_raw; 3.16 to 4.2, nftables_lock_network, nftables_lock_connection",
            "observed: CRIU 4.2.1 without iptables",
        ],
        ..ERROR
    },
    Row {
        id: "criu-connection-not-locked",
        files: &["sk-tcp.c"],
        patterns: &[
            "Failed to lock TCP connection {socket:address}",
            "Failed to unlock TCP connection {socket:address}",
        ],
        role: Role::Consequence,
        summary: "A TCP connection could not be blocked or released; the line before says why.",
        sources: &[
            "CRIU 3.16 to 4.2, criu/sk-tcp.c tcp_repair_established, tcp_unlock_one",
            "observed: CRIU 4.2.1 without iptables",
        ],
        ..ERROR
    },
    Row {
        id: "criu-tool-missing",
        files: &["util.c"],
        patterns: &["execvp(\"{tool:word}\", ...) failed: {errno}"],
        role: Role::Hint,
        summary: "CRIU could not run {tool}.",
        explanation: "The system answered: {errno}. CRIU tries some programs only to find out whether they are there.",
        help: "Install {tool} here.",
        sources: &[
            "CRIU 3.0 to 4.2, criu/util.c cr_system_userns",
            "observed: CRIU 4.2.1",
        ],
        ..ERROR
    },
    Row {
        id: "criu-time-namespace",
        files: &["timens.c"],
        patterns: &[
            "Unable to create a new time namespace: {errno}",
            "Unable to set a monotonic clock offset: {errno}",
            "Unable to set a boottime clock offset: {errno}",
        ],
        summary: "The clocks of the tasks could not be set.",
        explanation: "The system answered: {errno}. Time namespaces came with kernel 5.6.",
        help: "Restore on kernel 5.6 or later with CONFIG_TIME_NS.",
        sources: &["CRIU 3.14 to 4.2, criu/timens.c prepare_timens"],
        ..ERROR
    },
    Row {
        id: "criu-user-mapping",
        files: &["namespaces.c"],
        patterns: &[
            "Unable to write into {path:text}: {errno}",
            "Failed to setns when join-ns {kind:word}:{path:text}: {errno}",
        ],
        summary: "A namespace of the tasks could not be entered or set up.",
        explanation: "The system answered: {errno}.",
        help: "Run the restore as root outside of a user namespace; look at the engine's id mapping.",
        sources: &["CRIU 3.0 to 4.2, criu/namespaces.c write_id_map, switch_join_ns"],
        ..ERROR
    },
    Row {
        id: "criu-script-failed",
        files: &["cr-restore.c"],
        patterns: &[
            "Aborting restore due to pre-restore script ret code {code}",
            "Aborting restore due to post-restore script ret code {code}",
        ],
        summary: "A script that runs along with the restore failed.",
        explanation: "It ended with {code}. Container engines hang their own work in here: volumes, networks, hooks.",
        help: "Look into the engine's log, or run the action script by hand.",
        sources: &["CRIU 3.0 to 4.2, criu/cr-restore.c restore_root_task"],
        ..ERROR
    },
    Row {
        id: "criu-freezer",
        files: &["cr-restore.c"],
        patterns: &["Unable to restore freezer state"],
        role: Role::Hint,
        summary: "The freezer of the tasks' cgroup could not be set.",
        explanation: "The cgroup named with --freeze-cgroup is not here or not writable.",
        help: "Restore without --freeze-cgroup, or make the cgroup first.",
        sources: &["CRIU 3.0 to 4.2, criu/cr-restore.c restore_root_task"],
        ..ERROR
    },
];
