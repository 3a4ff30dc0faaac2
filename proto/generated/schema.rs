// Made by `cargo run --locked --manifest-path tools/proto/Cargo.toml`; not to be edited.
// sources: sha256 e104bf87487f67885965961ce49766ad29d945c29b07aacb40528e57f15392a1
// text: sha256 a222f3698fa4c5999ead7dca5ba9430ed51ef93c510363891b8144a06d02a204
/// `aio_ring_entry`.
pub const AIO_RING_ENTRY: MessageId = MessageId(0);
/// `bpfmap_data_entry`.
pub const BPFMAP_DATA_ENTRY: MessageId = MessageId(1);
/// `bpfmap_file_entry`.
pub const BPFMAP_FILE_ENTRY: MessageId = MessageId(2);
/// `cg_controller_entry`.
pub const CG_CONTROLLER_ENTRY: MessageId = MessageId(3);
/// `cg_member_entry`.
pub const CG_MEMBER_ENTRY: MessageId = MessageId(4);
/// `cg_set_entry`.
pub const CG_SET_ENTRY: MessageId = MessageId(5);
/// `cgroup_entry`.
pub const CGROUP_ENTRY: MessageId = MessageId(6);
/// `core_entry`.
pub const CORE_ENTRY: MessageId = MessageId(7);
/// `creds_entry`.
pub const CREDS_ENTRY: MessageId = MessageId(8);
/// `fanotify_file_entry`.
pub const FANOTIFY_FILE_ENTRY: MessageId = MessageId(9);
/// `fanotify_mark_entry`.
pub const FANOTIFY_MARK_ENTRY: MessageId = MessageId(10);
/// `fdinfo_entry`.
pub const FDINFO_ENTRY: MessageId = MessageId(11);
/// `fifo_entry`.
pub const FIFO_ENTRY: MessageId = MessageId(12);
/// `file_entry`.
pub const FILE_ENTRY: MessageId = MessageId(13);
/// `file_perms_entry`.
pub const FILE_PERMS_ENTRY: MessageId = MessageId(14);
/// `fown_entry`.
pub const FOWN_ENTRY: MessageId = MessageId(15);
/// `fs_entry`.
pub const FS_ENTRY: MessageId = MessageId(16);
/// `inet_sk_entry`.
pub const INET_SK_ENTRY: MessageId = MessageId(17);
/// `inventory_entry`.
pub const INVENTORY_ENTRY: MessageId = MessageId(18);
/// `ip_opts_entry`.
pub const IP_OPTS_ENTRY: MessageId = MessageId(19);
/// `ip_opts_raw_entry`.
pub const IP_OPTS_RAW_ENTRY: MessageId = MessageId(20);
/// `memfd_file_entry`.
pub const MEMFD_FILE_ENTRY: MessageId = MessageId(21);
/// `memfd_inode_entry`.
pub const MEMFD_INODE_ENTRY: MessageId = MessageId(22);
/// `mm_entry`.
pub const MM_ENTRY: MessageId = MessageId(23);
/// `mnt_entry`.
pub const MNT_ENTRY: MessageId = MessageId(24);
/// `netlink_sk_entry`.
pub const NETLINK_SK_ENTRY: MessageId = MessageId(25);
/// `pac_address_keys`.
pub const PAC_ADDRESS_KEYS: MessageId = MessageId(26);
/// `pac_generic_keys`.
pub const PAC_GENERIC_KEYS: MessageId = MessageId(27);
/// `pac_keys`.
pub const PAC_KEYS: MessageId = MessageId(28);
/// `packet_sock_entry`.
pub const PACKET_SOCK_ENTRY: MessageId = MessageId(29);
/// `pagemap_entry`.
pub const PAGEMAP_ENTRY: MessageId = MessageId(30);
/// `pagemap_head`.
pub const PAGEMAP_HEAD: MessageId = MessageId(31);
/// `pidfd_entry`.
pub const PIDFD_ENTRY: MessageId = MessageId(32);
/// `plugins_entry`.
pub const PLUGINS_ENTRY: MessageId = MessageId(33);
/// `posix_timer_entry`.
pub const POSIX_TIMER_ENTRY: MessageId = MessageId(34);
/// `pstree_entry`.
pub const PSTREE_ENTRY: MessageId = MessageId(35);
/// `reg_file_entry`.
pub const REG_FILE_ENTRY: MessageId = MessageId(36);
/// `remap_file_path_entry`.
pub const REMAP_FILE_PATH_ENTRY: MessageId = MessageId(37);
/// `rseq_entry`.
pub const RSEQ_ENTRY: MessageId = MessageId(38);
/// `sa_entry`.
pub const SA_ENTRY: MessageId = MessageId(39);
/// `seccomp_entry`.
pub const SECCOMP_ENTRY: MessageId = MessageId(40);
/// `seccomp_filter`.
pub const SECCOMP_FILTER: MessageId = MessageId(41);
/// `siginfo_entry`.
pub const SIGINFO_ENTRY: MessageId = MessageId(42);
/// `signal_queue_entry`.
pub const SIGNAL_QUEUE_ENTRY: MessageId = MessageId(43);
/// `sk_opts_entry`.
pub const SK_OPTS_ENTRY: MessageId = MessageId(44);
/// `task_core_entry`.
pub const TASK_CORE_ENTRY: MessageId = MessageId(45);
/// `task_kobj_ids_entry`.
pub const TASK_KOBJ_IDS_ENTRY: MessageId = MessageId(46);
/// `task_timers_entry`.
pub const TASK_TIMERS_ENTRY: MessageId = MessageId(47);
/// `tcp_opts_entry`.
pub const TCP_OPTS_ENTRY: MessageId = MessageId(48);
/// `thread_core_entry`.
pub const THREAD_CORE_ENTRY: MessageId = MessageId(49);
/// `thread_info_aarch64`.
pub const THREAD_INFO_AARCH64: MessageId = MessageId(50);
/// `thread_sas_entry`.
pub const THREAD_SAS_ENTRY: MessageId = MessageId(51);
/// `tty_file_entry`.
pub const TTY_FILE_ENTRY: MessageId = MessageId(52);
/// `unix_sk_entry`.
pub const UNIX_SK_ENTRY: MessageId = MessageId(53);
/// `user_aarch64_fpsimd_context_entry`.
pub const USER_AARCH64_FPSIMD_CONTEXT_ENTRY: MessageId = MessageId(54);
/// `user_aarch64_gcs_entry`.
pub const USER_AARCH64_GCS_ENTRY: MessageId = MessageId(55);
/// `user_aarch64_regs_entry`.
pub const USER_AARCH64_REGS_ENTRY: MessageId = MessageId(56);
/// `vma_entry`.
pub const VMA_ENTRY: MessageId = MessageId(57);
static MESSAGES: &[MessageDef] = &[
    MessageDef { name: "aio_ring_entry", fields: &[
        FieldDef { number: 1, name: "id", label: Label::Required, wire: WireType::Varint, message: None },
        FieldDef { number: 2, name: "nr_req", label: Label::Required, wire: WireType::Varint, message: None },
        FieldDef { number: 3, name: "ring_len", label: Label::Required, wire: WireType::Varint, message: None },
    ] },
    MessageDef { name: "bpfmap_data_entry", fields: &[
        FieldDef { number: 1, name: "map_id", label: Label::Required, wire: WireType::Varint, message: None },
        FieldDef { number: 2, name: "keys_bytes", label: Label::Required, wire: WireType::Varint, message: None },
        FieldDef { number: 3, name: "values_bytes", label: Label::Required, wire: WireType::Varint, message: None },
        FieldDef { number: 4, name: "count", label: Label::Required, wire: WireType::Varint, message: None },
    ] },
    MessageDef { name: "bpfmap_file_entry", fields: &[
        FieldDef { number: 1, name: "id", label: Label::Required, wire: WireType::Varint, message: None },
        FieldDef { number: 2, name: "flags", label: Label::Required, wire: WireType::Varint, message: None },
        FieldDef { number: 3, name: "pos", label: Label::Required, wire: WireType::Varint, message: None },
        FieldDef { number: 4, name: "fown", label: Label::Required, wire: WireType::Len, message: Some(MessageId(15)) },
        FieldDef { number: 5, name: "map_type", label: Label::Required, wire: WireType::Varint, message: None },
        FieldDef { number: 6, name: "key_size", label: Label::Required, wire: WireType::Varint, message: None },
        FieldDef { number: 7, name: "value_size", label: Label::Required, wire: WireType::Varint, message: None },
        FieldDef { number: 8, name: "map_id", label: Label::Required, wire: WireType::Varint, message: None },
        FieldDef { number: 9, name: "max_entries", label: Label::Required, wire: WireType::Varint, message: None },
        FieldDef { number: 10, name: "map_flags", label: Label::Required, wire: WireType::Varint, message: None },
        FieldDef { number: 11, name: "memlock", label: Label::Required, wire: WireType::Varint, message: None },
        FieldDef { number: 12, name: "frozen", label: Label::Required, wire: WireType::Varint, message: None },
        FieldDef { number: 13, name: "map_name", label: Label::Required, wire: WireType::Len, message: None },
        FieldDef { number: 14, name: "ifindex", label: Label::Required, wire: WireType::Varint, message: None },
        FieldDef { number: 15, name: "mnt_id", label: Label::Optional, wire: WireType::Varint, message: None },
        FieldDef { number: 16, name: "map_extra", label: Label::Optional, wire: WireType::Varint, message: None },
    ] },
    MessageDef { name: "cg_controller_entry", fields: &[
        FieldDef { number: 1, name: "cnames", label: Label::Repeated, wire: WireType::Len, message: None },
        FieldDef { number: 2, name: "dirs", label: Label::Repeated, wire: WireType::Len, message: None },
        FieldDef { number: 3, name: "is_threaded", label: Label::Optional, wire: WireType::Varint, message: None },
    ] },
    MessageDef { name: "cg_member_entry", fields: &[
        FieldDef { number: 1, name: "name", label: Label::Required, wire: WireType::Len, message: None },
        FieldDef { number: 2, name: "path", label: Label::Required, wire: WireType::Len, message: None },
        FieldDef { number: 3, name: "cgns_prefix", label: Label::Optional, wire: WireType::Varint, message: None },
    ] },
    MessageDef { name: "cg_set_entry", fields: &[
        FieldDef { number: 1, name: "id", label: Label::Required, wire: WireType::Varint, message: None },
        FieldDef { number: 2, name: "ctls", label: Label::Repeated, wire: WireType::Len, message: Some(MessageId(4)) },
    ] },
    MessageDef { name: "cgroup_entry", fields: &[
        FieldDef { number: 1, name: "sets", label: Label::Repeated, wire: WireType::Len, message: Some(MessageId(5)) },
        FieldDef { number: 2, name: "controllers", label: Label::Repeated, wire: WireType::Len, message: Some(MessageId(3)) },
    ] },
    MessageDef { name: "core_entry", fields: &[
        FieldDef { number: 1, name: "mtype", label: Label::Required, wire: WireType::Varint, message: None },
        FieldDef { number: 2, name: "thread_info", label: Label::Optional, wire: WireType::Len, message: None },
        FieldDef { number: 3, name: "tc", label: Label::Optional, wire: WireType::Len, message: Some(MessageId(45)) },
        FieldDef { number: 4, name: "ids", label: Label::Optional, wire: WireType::Len, message: Some(MessageId(46)) },
        FieldDef { number: 5, name: "thread_core", label: Label::Optional, wire: WireType::Len, message: Some(MessageId(49)) },
        FieldDef { number: 6, name: "ti_arm", label: Label::Optional, wire: WireType::Len, message: None },
        FieldDef { number: 8, name: "ti_aarch64", label: Label::Optional, wire: WireType::Len, message: Some(MessageId(50)) },
        FieldDef { number: 9, name: "ti_ppc64", label: Label::Optional, wire: WireType::Len, message: None },
        FieldDef { number: 10, name: "ti_s390", label: Label::Optional, wire: WireType::Len, message: None },
        FieldDef { number: 11, name: "ti_mips", label: Label::Optional, wire: WireType::Len, message: None },
        FieldDef { number: 12, name: "ti_loongarch64", label: Label::Optional, wire: WireType::Len, message: None },
        FieldDef { number: 13, name: "ti_riscv64", label: Label::Optional, wire: WireType::Len, message: None },
    ] },
    MessageDef { name: "creds_entry", fields: &[
        FieldDef { number: 1, name: "uid", label: Label::Required, wire: WireType::Varint, message: None },
        FieldDef { number: 2, name: "gid", label: Label::Required, wire: WireType::Varint, message: None },
        FieldDef { number: 3, name: "euid", label: Label::Required, wire: WireType::Varint, message: None },
        FieldDef { number: 4, name: "egid", label: Label::Required, wire: WireType::Varint, message: None },
        FieldDef { number: 5, name: "suid", label: Label::Required, wire: WireType::Varint, message: None },
        FieldDef { number: 6, name: "sgid", label: Label::Required, wire: WireType::Varint, message: None },
        FieldDef { number: 7, name: "fsuid", label: Label::Required, wire: WireType::Varint, message: None },
        FieldDef { number: 8, name: "fsgid", label: Label::Required, wire: WireType::Varint, message: None },
        FieldDef { number: 9, name: "cap_inh", label: Label::Repeated, wire: WireType::Varint, message: None },
        FieldDef { number: 10, name: "cap_prm", label: Label::Repeated, wire: WireType::Varint, message: None },
        FieldDef { number: 11, name: "cap_eff", label: Label::Repeated, wire: WireType::Varint, message: None },
        FieldDef { number: 12, name: "cap_bnd", label: Label::Repeated, wire: WireType::Varint, message: None },
        FieldDef { number: 13, name: "secbits", label: Label::Required, wire: WireType::Varint, message: None },
        FieldDef { number: 14, name: "groups", label: Label::Repeated, wire: WireType::Varint, message: None },
        FieldDef { number: 15, name: "lsm_profile", label: Label::Optional, wire: WireType::Len, message: None },
        FieldDef { number: 16, name: "lsm_sockcreate", label: Label::Optional, wire: WireType::Len, message: None },
        FieldDef { number: 17, name: "apparmor_data", label: Label::Optional, wire: WireType::Len, message: None },
        FieldDef { number: 18, name: "no_new_privs", label: Label::Optional, wire: WireType::Varint, message: None },
        FieldDef { number: 19, name: "cap_amb", label: Label::Repeated, wire: WireType::Varint, message: None },
    ] },
    MessageDef { name: "fanotify_file_entry", fields: &[
        FieldDef { number: 1, name: "id", label: Label::Required, wire: WireType::Varint, message: None },
        FieldDef { number: 2, name: "flags", label: Label::Required, wire: WireType::Varint, message: None },
        FieldDef { number: 3, name: "fown", label: Label::Required, wire: WireType::Len, message: Some(MessageId(15)) },
        FieldDef { number: 4, name: "faflags", label: Label::Required, wire: WireType::Varint, message: None },
        FieldDef { number: 5, name: "evflags", label: Label::Required, wire: WireType::Varint, message: None },
        FieldDef { number: 6, name: "mark", label: Label::Repeated, wire: WireType::Len, message: Some(MessageId(10)) },
    ] },
    MessageDef { name: "fanotify_mark_entry", fields: &[
        FieldDef { number: 1, name: "id", label: Label::Required, wire: WireType::Varint, message: None },
        FieldDef { number: 2, name: "type", label: Label::Required, wire: WireType::Varint, message: None },
        FieldDef { number: 3, name: "mflags", label: Label::Required, wire: WireType::Varint, message: None },
        FieldDef { number: 4, name: "mask", label: Label::Required, wire: WireType::Varint, message: None },
        FieldDef { number: 5, name: "ignored_mask", label: Label::Required, wire: WireType::Varint, message: None },
        FieldDef { number: 6, name: "s_dev", label: Label::Required, wire: WireType::Varint, message: None },
        FieldDef { number: 7, name: "ie", label: Label::Optional, wire: WireType::Len, message: None },
        FieldDef { number: 8, name: "me", label: Label::Optional, wire: WireType::Len, message: None },
    ] },
    MessageDef { name: "fdinfo_entry", fields: &[
        FieldDef { number: 1, name: "id", label: Label::Required, wire: WireType::Varint, message: None },
        FieldDef { number: 2, name: "flags", label: Label::Required, wire: WireType::Varint, message: None },
        FieldDef { number: 3, name: "type", label: Label::Required, wire: WireType::Varint, message: None },
        FieldDef { number: 4, name: "fd", label: Label::Required, wire: WireType::Varint, message: None },
        FieldDef { number: 5, name: "xattr_security_selinux", label: Label::Optional, wire: WireType::Len, message: None },
    ] },
    MessageDef { name: "fifo_entry", fields: &[
        FieldDef { number: 1, name: "id", label: Label::Required, wire: WireType::Varint, message: None },
        FieldDef { number: 2, name: "pipe_id", label: Label::Required, wire: WireType::Varint, message: None },
        FieldDef { number: 3, name: "regf_id", label: Label::Optional, wire: WireType::Varint, message: None },
    ] },
    MessageDef { name: "file_entry", fields: &[
        FieldDef { number: 1, name: "type", label: Label::Required, wire: WireType::Varint, message: None },
        FieldDef { number: 2, name: "id", label: Label::Required, wire: WireType::Varint, message: None },
        FieldDef { number: 3, name: "reg", label: Label::Optional, wire: WireType::Len, message: Some(MessageId(36)) },
        FieldDef { number: 4, name: "isk", label: Label::Optional, wire: WireType::Len, message: Some(MessageId(17)) },
        FieldDef { number: 5, name: "nsf", label: Label::Optional, wire: WireType::Len, message: None },
        FieldDef { number: 6, name: "psk", label: Label::Optional, wire: WireType::Len, message: Some(MessageId(29)) },
        FieldDef { number: 7, name: "nlsk", label: Label::Optional, wire: WireType::Len, message: Some(MessageId(25)) },
        FieldDef { number: 8, name: "efd", label: Label::Optional, wire: WireType::Len, message: None },
        FieldDef { number: 9, name: "epfd", label: Label::Optional, wire: WireType::Len, message: None },
        FieldDef { number: 10, name: "sgfd", label: Label::Optional, wire: WireType::Len, message: None },
        FieldDef { number: 11, name: "tunf", label: Label::Optional, wire: WireType::Len, message: None },
        FieldDef { number: 12, name: "tfd", label: Label::Optional, wire: WireType::Len, message: None },
        FieldDef { number: 13, name: "ify", label: Label::Optional, wire: WireType::Len, message: None },
        FieldDef { number: 14, name: "ffy", label: Label::Optional, wire: WireType::Len, message: Some(MessageId(9)) },
        FieldDef { number: 15, name: "ext", label: Label::Optional, wire: WireType::Len, message: None },
        FieldDef { number: 16, name: "usk", label: Label::Optional, wire: WireType::Len, message: Some(MessageId(53)) },
        FieldDef { number: 17, name: "fifo", label: Label::Optional, wire: WireType::Len, message: Some(MessageId(12)) },
        FieldDef { number: 18, name: "pipe", label: Label::Optional, wire: WireType::Len, message: None },
        FieldDef { number: 19, name: "tty", label: Label::Optional, wire: WireType::Len, message: Some(MessageId(52)) },
        FieldDef { number: 20, name: "memfd", label: Label::Optional, wire: WireType::Len, message: Some(MessageId(21)) },
        FieldDef { number: 21, name: "bpf", label: Label::Optional, wire: WireType::Len, message: Some(MessageId(2)) },
        FieldDef { number: 22, name: "pidfd", label: Label::Optional, wire: WireType::Len, message: Some(MessageId(32)) },
    ] },
    MessageDef { name: "file_perms_entry", fields: &[
        FieldDef { number: 1, name: "mode", label: Label::Required, wire: WireType::Varint, message: None },
        FieldDef { number: 2, name: "uid", label: Label::Required, wire: WireType::Varint, message: None },
        FieldDef { number: 3, name: "gid", label: Label::Required, wire: WireType::Varint, message: None },
    ] },
    MessageDef { name: "fown_entry", fields: &[
        FieldDef { number: 1, name: "uid", label: Label::Required, wire: WireType::Varint, message: None },
        FieldDef { number: 2, name: "euid", label: Label::Required, wire: WireType::Varint, message: None },
        FieldDef { number: 3, name: "signum", label: Label::Required, wire: WireType::Varint, message: None },
        FieldDef { number: 4, name: "pid_type", label: Label::Required, wire: WireType::Varint, message: None },
        FieldDef { number: 5, name: "pid", label: Label::Required, wire: WireType::Varint, message: None },
    ] },
    MessageDef { name: "fs_entry", fields: &[
        FieldDef { number: 1, name: "cwd_id", label: Label::Required, wire: WireType::Varint, message: None },
        FieldDef { number: 2, name: "root_id", label: Label::Required, wire: WireType::Varint, message: None },
        FieldDef { number: 3, name: "umask", label: Label::Optional, wire: WireType::Varint, message: None },
    ] },
    MessageDef { name: "inet_sk_entry", fields: &[
        FieldDef { number: 1, name: "id", label: Label::Required, wire: WireType::Varint, message: None },
        FieldDef { number: 2, name: "ino", label: Label::Required, wire: WireType::Varint, message: None },
        FieldDef { number: 3, name: "family", label: Label::Required, wire: WireType::Varint, message: None },
        FieldDef { number: 4, name: "type", label: Label::Required, wire: WireType::Varint, message: None },
        FieldDef { number: 5, name: "proto", label: Label::Required, wire: WireType::Varint, message: None },
        FieldDef { number: 6, name: "state", label: Label::Required, wire: WireType::Varint, message: None },
        FieldDef { number: 7, name: "src_port", label: Label::Required, wire: WireType::Varint, message: None },
        FieldDef { number: 8, name: "dst_port", label: Label::Required, wire: WireType::Varint, message: None },
        FieldDef { number: 9, name: "flags", label: Label::Required, wire: WireType::Varint, message: None },
        FieldDef { number: 10, name: "backlog", label: Label::Required, wire: WireType::Varint, message: None },
        FieldDef { number: 11, name: "src_addr", label: Label::Repeated, wire: WireType::Varint, message: None },
        FieldDef { number: 12, name: "dst_addr", label: Label::Repeated, wire: WireType::Varint, message: None },
        FieldDef { number: 13, name: "fown", label: Label::Required, wire: WireType::Len, message: Some(MessageId(15)) },
        FieldDef { number: 14, name: "opts", label: Label::Required, wire: WireType::Len, message: Some(MessageId(44)) },
        FieldDef { number: 15, name: "v6only", label: Label::Optional, wire: WireType::Varint, message: None },
        FieldDef { number: 16, name: "ip_opts", label: Label::Optional, wire: WireType::Len, message: Some(MessageId(19)) },
        FieldDef { number: 17, name: "ifname", label: Label::Optional, wire: WireType::Len, message: None },
        FieldDef { number: 18, name: "ns_id", label: Label::Optional, wire: WireType::Varint, message: None },
        FieldDef { number: 19, name: "shutdown", label: Label::Optional, wire: WireType::Varint, message: None },
        FieldDef { number: 20, name: "tcp_opts", label: Label::Optional, wire: WireType::Len, message: Some(MessageId(48)) },
    ] },
    MessageDef { name: "inventory_entry", fields: &[
        FieldDef { number: 1, name: "img_version", label: Label::Required, wire: WireType::Varint, message: None },
        FieldDef { number: 2, name: "fdinfo_per_id", label: Label::Optional, wire: WireType::Varint, message: None },
        FieldDef { number: 3, name: "root_ids", label: Label::Optional, wire: WireType::Len, message: Some(MessageId(46)) },
        FieldDef { number: 4, name: "ns_per_id", label: Label::Optional, wire: WireType::Varint, message: None },
        FieldDef { number: 5, name: "root_cg_set", label: Label::Optional, wire: WireType::Varint, message: None },
        FieldDef { number: 6, name: "lsmtype", label: Label::Optional, wire: WireType::Varint, message: None },
        FieldDef { number: 8, name: "dump_uptime", label: Label::Optional, wire: WireType::Varint, message: None },
        FieldDef { number: 9, name: "pre_dump_mode", label: Label::Optional, wire: WireType::Varint, message: None },
        FieldDef { number: 10, name: "tcp_close", label: Label::Optional, wire: WireType::Varint, message: None },
        FieldDef { number: 11, name: "network_lock_method", label: Label::Optional, wire: WireType::Varint, message: None },
        FieldDef { number: 12, name: "plugins_entry", label: Label::Optional, wire: WireType::Len, message: Some(MessageId(33)) },
        FieldDef { number: 13, name: "dump_criu_run_id", label: Label::Optional, wire: WireType::Len, message: None },
        FieldDef { number: 14, name: "allow_uprobes", label: Label::Optional, wire: WireType::Varint, message: None },
    ] },
    MessageDef { name: "ip_opts_entry", fields: &[
        FieldDef { number: 1, name: "freebind", label: Label::Optional, wire: WireType::Varint, message: None },
        FieldDef { number: 4, name: "raw", label: Label::Optional, wire: WireType::Len, message: Some(MessageId(20)) },
        FieldDef { number: 5, name: "pktinfo", label: Label::Optional, wire: WireType::Varint, message: None },
        FieldDef { number: 6, name: "tos", label: Label::Optional, wire: WireType::Varint, message: None },
        FieldDef { number: 7, name: "ttl", label: Label::Optional, wire: WireType::Varint, message: None },
    ] },
    MessageDef { name: "ip_opts_raw_entry", fields: &[
        FieldDef { number: 1, name: "hdrincl", label: Label::Optional, wire: WireType::Varint, message: None },
        FieldDef { number: 2, name: "nodefrag", label: Label::Optional, wire: WireType::Varint, message: None },
        FieldDef { number: 3, name: "checksum", label: Label::Optional, wire: WireType::Varint, message: None },
        FieldDef { number: 4, name: "icmpv_filter", label: Label::Repeated, wire: WireType::Varint, message: None },
    ] },
    MessageDef { name: "memfd_file_entry", fields: &[
        FieldDef { number: 1, name: "id", label: Label::Required, wire: WireType::Varint, message: None },
        FieldDef { number: 2, name: "flags", label: Label::Required, wire: WireType::Varint, message: None },
        FieldDef { number: 3, name: "pos", label: Label::Required, wire: WireType::Varint, message: None },
        FieldDef { number: 4, name: "fown", label: Label::Required, wire: WireType::Len, message: Some(MessageId(15)) },
        FieldDef { number: 5, name: "inode_id", label: Label::Required, wire: WireType::Varint, message: None },
    ] },
    MessageDef { name: "memfd_inode_entry", fields: &[
        FieldDef { number: 1, name: "name", label: Label::Required, wire: WireType::Len, message: None },
        FieldDef { number: 2, name: "uid", label: Label::Required, wire: WireType::Varint, message: None },
        FieldDef { number: 3, name: "gid", label: Label::Required, wire: WireType::Varint, message: None },
        FieldDef { number: 4, name: "size", label: Label::Required, wire: WireType::Varint, message: None },
        FieldDef { number: 5, name: "shmid", label: Label::Required, wire: WireType::Varint, message: None },
        FieldDef { number: 6, name: "seals", label: Label::Required, wire: WireType::Varint, message: None },
        FieldDef { number: 7, name: "inode_id", label: Label::Required, wire: WireType::Varint, message: None },
        FieldDef { number: 8, name: "hugetlb_flag", label: Label::Optional, wire: WireType::Varint, message: None },
        FieldDef { number: 9, name: "mode", label: Label::Optional, wire: WireType::Varint, message: None },
    ] },
    MessageDef { name: "mm_entry", fields: &[
        FieldDef { number: 1, name: "mm_start_code", label: Label::Required, wire: WireType::Varint, message: None },
        FieldDef { number: 2, name: "mm_end_code", label: Label::Required, wire: WireType::Varint, message: None },
        FieldDef { number: 3, name: "mm_start_data", label: Label::Required, wire: WireType::Varint, message: None },
        FieldDef { number: 4, name: "mm_end_data", label: Label::Required, wire: WireType::Varint, message: None },
        FieldDef { number: 5, name: "mm_start_stack", label: Label::Required, wire: WireType::Varint, message: None },
        FieldDef { number: 6, name: "mm_start_brk", label: Label::Required, wire: WireType::Varint, message: None },
        FieldDef { number: 7, name: "mm_brk", label: Label::Required, wire: WireType::Varint, message: None },
        FieldDef { number: 8, name: "mm_arg_start", label: Label::Required, wire: WireType::Varint, message: None },
        FieldDef { number: 9, name: "mm_arg_end", label: Label::Required, wire: WireType::Varint, message: None },
        FieldDef { number: 10, name: "mm_env_start", label: Label::Required, wire: WireType::Varint, message: None },
        FieldDef { number: 11, name: "mm_env_end", label: Label::Required, wire: WireType::Varint, message: None },
        FieldDef { number: 12, name: "exe_file_id", label: Label::Required, wire: WireType::Varint, message: None },
        FieldDef { number: 13, name: "mm_saved_auxv", label: Label::Repeated, wire: WireType::Varint, message: None },
        FieldDef { number: 14, name: "vmas", label: Label::Repeated, wire: WireType::Len, message: Some(MessageId(57)) },
        FieldDef { number: 15, name: "dumpable", label: Label::Optional, wire: WireType::Varint, message: None },
        FieldDef { number: 16, name: "aios", label: Label::Repeated, wire: WireType::Len, message: Some(MessageId(0)) },
        FieldDef { number: 17, name: "thp_disabled", label: Label::Optional, wire: WireType::Varint, message: None },
    ] },
    MessageDef { name: "mnt_entry", fields: &[
        FieldDef { number: 1, name: "fstype", label: Label::Required, wire: WireType::Varint, message: None },
        FieldDef { number: 2, name: "mnt_id", label: Label::Required, wire: WireType::Varint, message: None },
        FieldDef { number: 3, name: "root_dev", label: Label::Required, wire: WireType::Varint, message: None },
        FieldDef { number: 4, name: "parent_mnt_id", label: Label::Required, wire: WireType::Varint, message: None },
        FieldDef { number: 5, name: "flags", label: Label::Required, wire: WireType::Varint, message: None },
        FieldDef { number: 6, name: "root", label: Label::Required, wire: WireType::Len, message: None },
        FieldDef { number: 7, name: "mountpoint", label: Label::Required, wire: WireType::Len, message: None },
        FieldDef { number: 8, name: "source", label: Label::Required, wire: WireType::Len, message: None },
        FieldDef { number: 9, name: "options", label: Label::Required, wire: WireType::Len, message: None },
        FieldDef { number: 10, name: "shared_id", label: Label::Optional, wire: WireType::Varint, message: None },
        FieldDef { number: 11, name: "master_id", label: Label::Optional, wire: WireType::Varint, message: None },
        FieldDef { number: 12, name: "with_plugin", label: Label::Optional, wire: WireType::Varint, message: None },
        FieldDef { number: 13, name: "ext_mount", label: Label::Optional, wire: WireType::Varint, message: None },
        FieldDef { number: 14, name: "fsname", label: Label::Optional, wire: WireType::Len, message: None },
        FieldDef { number: 15, name: "internal_sharing", label: Label::Optional, wire: WireType::Varint, message: None },
        FieldDef { number: 16, name: "deleted", label: Label::Optional, wire: WireType::Varint, message: None },
        FieldDef { number: 17, name: "sb_flags", label: Label::Optional, wire: WireType::Varint, message: None },
        FieldDef { number: 18, name: "ext_key", label: Label::Optional, wire: WireType::Len, message: None },
    ] },
    MessageDef { name: "netlink_sk_entry", fields: &[
        FieldDef { number: 1, name: "id", label: Label::Required, wire: WireType::Varint, message: None },
        FieldDef { number: 2, name: "ino", label: Label::Required, wire: WireType::Varint, message: None },
        FieldDef { number: 3, name: "protocol", label: Label::Required, wire: WireType::Varint, message: None },
        FieldDef { number: 4, name: "state", label: Label::Required, wire: WireType::Varint, message: None },
        FieldDef { number: 6, name: "flags", label: Label::Required, wire: WireType::Varint, message: None },
        FieldDef { number: 7, name: "portid", label: Label::Required, wire: WireType::Varint, message: None },
        FieldDef { number: 8, name: "groups", label: Label::Repeated, wire: WireType::Varint, message: None },
        FieldDef { number: 9, name: "dst_portid", label: Label::Required, wire: WireType::Varint, message: None },
        FieldDef { number: 10, name: "dst_group", label: Label::Required, wire: WireType::Varint, message: None },
        FieldDef { number: 11, name: "fown", label: Label::Required, wire: WireType::Len, message: Some(MessageId(15)) },
        FieldDef { number: 12, name: "opts", label: Label::Required, wire: WireType::Len, message: Some(MessageId(44)) },
        FieldDef { number: 13, name: "ns_id", label: Label::Optional, wire: WireType::Varint, message: None },
    ] },
    MessageDef { name: "pac_address_keys", fields: &[
        FieldDef { number: 1, name: "apiakey_lo", label: Label::Required, wire: WireType::Varint, message: None },
        FieldDef { number: 2, name: "apiakey_hi", label: Label::Required, wire: WireType::Varint, message: None },
        FieldDef { number: 3, name: "apibkey_lo", label: Label::Required, wire: WireType::Varint, message: None },
        FieldDef { number: 4, name: "apibkey_hi", label: Label::Required, wire: WireType::Varint, message: None },
        FieldDef { number: 5, name: "apdakey_lo", label: Label::Required, wire: WireType::Varint, message: None },
        FieldDef { number: 6, name: "apdakey_hi", label: Label::Required, wire: WireType::Varint, message: None },
        FieldDef { number: 7, name: "apdbkey_lo", label: Label::Required, wire: WireType::Varint, message: None },
        FieldDef { number: 8, name: "apdbkey_hi", label: Label::Required, wire: WireType::Varint, message: None },
        FieldDef { number: 9, name: "pac_enabled_key", label: Label::Required, wire: WireType::Varint, message: None },
    ] },
    MessageDef { name: "pac_generic_keys", fields: &[
        FieldDef { number: 1, name: "apgakey_lo", label: Label::Required, wire: WireType::Varint, message: None },
        FieldDef { number: 2, name: "apgakey_hi", label: Label::Required, wire: WireType::Varint, message: None },
    ] },
    MessageDef { name: "pac_keys", fields: &[
        FieldDef { number: 6, name: "pac_address_keys", label: Label::Optional, wire: WireType::Len, message: Some(MessageId(26)) },
        FieldDef { number: 7, name: "pac_generic_keys", label: Label::Optional, wire: WireType::Len, message: Some(MessageId(27)) },
    ] },
    MessageDef { name: "packet_sock_entry", fields: &[
        FieldDef { number: 1, name: "id", label: Label::Required, wire: WireType::Varint, message: None },
        FieldDef { number: 2, name: "type", label: Label::Required, wire: WireType::Varint, message: None },
        FieldDef { number: 3, name: "protocol", label: Label::Required, wire: WireType::Varint, message: None },
        FieldDef { number: 4, name: "flags", label: Label::Required, wire: WireType::Varint, message: None },
        FieldDef { number: 5, name: "ifindex", label: Label::Required, wire: WireType::Varint, message: None },
        FieldDef { number: 6, name: "fown", label: Label::Required, wire: WireType::Len, message: Some(MessageId(15)) },
        FieldDef { number: 7, name: "opts", label: Label::Required, wire: WireType::Len, message: Some(MessageId(44)) },
        FieldDef { number: 8, name: "version", label: Label::Required, wire: WireType::Varint, message: None },
        FieldDef { number: 9, name: "reserve", label: Label::Required, wire: WireType::Varint, message: None },
        FieldDef { number: 10, name: "aux_data", label: Label::Required, wire: WireType::Varint, message: None },
        FieldDef { number: 11, name: "orig_dev", label: Label::Required, wire: WireType::Varint, message: None },
        FieldDef { number: 12, name: "vnet_hdr", label: Label::Required, wire: WireType::Varint, message: None },
        FieldDef { number: 13, name: "loss", label: Label::Required, wire: WireType::Varint, message: None },
        FieldDef { number: 14, name: "timestamp", label: Label::Required, wire: WireType::Varint, message: None },
        FieldDef { number: 15, name: "copy_thresh", label: Label::Required, wire: WireType::Varint, message: None },
        FieldDef { number: 16, name: "mclist", label: Label::Repeated, wire: WireType::Len, message: None },
        FieldDef { number: 17, name: "fanout", label: Label::Optional, wire: WireType::Varint, message: None },
        FieldDef { number: 18, name: "rx_ring", label: Label::Optional, wire: WireType::Len, message: None },
        FieldDef { number: 19, name: "tx_ring", label: Label::Optional, wire: WireType::Len, message: None },
        FieldDef { number: 20, name: "ns_id", label: Label::Optional, wire: WireType::Varint, message: None },
    ] },
    MessageDef { name: "pagemap_entry", fields: &[
        FieldDef { number: 1, name: "vaddr", label: Label::Required, wire: WireType::Varint, message: None },
        FieldDef { number: 2, name: "compat_nr_pages", label: Label::Required, wire: WireType::Varint, message: None },
        FieldDef { number: 3, name: "in_parent", label: Label::Optional, wire: WireType::Varint, message: None },
        FieldDef { number: 4, name: "flags", label: Label::Optional, wire: WireType::Varint, message: None },
        FieldDef { number: 5, name: "nr_pages", label: Label::Optional, wire: WireType::Varint, message: None },
    ] },
    MessageDef { name: "pagemap_head", fields: &[
        FieldDef { number: 1, name: "pages_id", label: Label::Required, wire: WireType::Varint, message: None },
    ] },
    MessageDef { name: "pidfd_entry", fields: &[
        FieldDef { number: 1, name: "id", label: Label::Required, wire: WireType::Varint, message: None },
        FieldDef { number: 2, name: "ino", label: Label::Required, wire: WireType::Varint, message: None },
        FieldDef { number: 3, name: "flags", label: Label::Required, wire: WireType::Varint, message: None },
        FieldDef { number: 4, name: "nspid", label: Label::Required, wire: WireType::Varint, message: None },
        FieldDef { number: 5, name: "fown", label: Label::Required, wire: WireType::Len, message: Some(MessageId(15)) },
    ] },
    MessageDef { name: "plugins_entry", fields: &[
        FieldDef { number: 12, name: "plugins", label: Label::Repeated, wire: WireType::Len, message: None },
    ] },
    MessageDef { name: "posix_timer_entry", fields: &[
        FieldDef { number: 1, name: "it_id", label: Label::Required, wire: WireType::Varint, message: None },
        FieldDef { number: 2, name: "clock_id", label: Label::Required, wire: WireType::Varint, message: None },
        FieldDef { number: 3, name: "si_signo", label: Label::Required, wire: WireType::Varint, message: None },
        FieldDef { number: 4, name: "it_sigev_notify", label: Label::Required, wire: WireType::Varint, message: None },
        FieldDef { number: 5, name: "sival_ptr", label: Label::Required, wire: WireType::Varint, message: None },
        FieldDef { number: 6, name: "overrun", label: Label::Required, wire: WireType::Varint, message: None },
        FieldDef { number: 7, name: "isec", label: Label::Required, wire: WireType::Varint, message: None },
        FieldDef { number: 8, name: "insec", label: Label::Required, wire: WireType::Varint, message: None },
        FieldDef { number: 9, name: "vsec", label: Label::Required, wire: WireType::Varint, message: None },
        FieldDef { number: 10, name: "vnsec", label: Label::Required, wire: WireType::Varint, message: None },
        FieldDef { number: 11, name: "notify_thread_id", label: Label::Optional, wire: WireType::Varint, message: None },
    ] },
    MessageDef { name: "pstree_entry", fields: &[
        FieldDef { number: 1, name: "pid", label: Label::Required, wire: WireType::Varint, message: None },
        FieldDef { number: 2, name: "ppid", label: Label::Required, wire: WireType::Varint, message: None },
        FieldDef { number: 3, name: "pgid", label: Label::Required, wire: WireType::Varint, message: None },
        FieldDef { number: 4, name: "sid", label: Label::Required, wire: WireType::Varint, message: None },
        FieldDef { number: 5, name: "threads", label: Label::Repeated, wire: WireType::Varint, message: None },
    ] },
    MessageDef { name: "reg_file_entry", fields: &[
        FieldDef { number: 1, name: "id", label: Label::Required, wire: WireType::Varint, message: None },
        FieldDef { number: 2, name: "flags", label: Label::Required, wire: WireType::Varint, message: None },
        FieldDef { number: 3, name: "pos", label: Label::Required, wire: WireType::Varint, message: None },
        FieldDef { number: 5, name: "fown", label: Label::Required, wire: WireType::Len, message: Some(MessageId(15)) },
        FieldDef { number: 6, name: "name", label: Label::Required, wire: WireType::Len, message: None },
        FieldDef { number: 7, name: "mnt_id", label: Label::Optional, wire: WireType::Varint, message: None },
        FieldDef { number: 8, name: "size", label: Label::Optional, wire: WireType::Varint, message: None },
        FieldDef { number: 9, name: "ext", label: Label::Optional, wire: WireType::Varint, message: None },
        FieldDef { number: 10, name: "mode", label: Label::Optional, wire: WireType::Varint, message: None },
        FieldDef { number: 11, name: "build_id", label: Label::Repeated, wire: WireType::Varint, message: None },
        FieldDef { number: 12, name: "checksum", label: Label::Optional, wire: WireType::Varint, message: None },
        FieldDef { number: 13, name: "checksum_config", label: Label::Optional, wire: WireType::Varint, message: None },
        FieldDef { number: 14, name: "checksum_parameter", label: Label::Optional, wire: WireType::Varint, message: None },
    ] },
    MessageDef { name: "remap_file_path_entry", fields: &[
        FieldDef { number: 1, name: "orig_id", label: Label::Required, wire: WireType::Varint, message: None },
        FieldDef { number: 2, name: "remap_id", label: Label::Required, wire: WireType::Varint, message: None },
        FieldDef { number: 3, name: "remap_type", label: Label::Optional, wire: WireType::Varint, message: None },
    ] },
    MessageDef { name: "rseq_entry", fields: &[
        FieldDef { number: 1, name: "rseq_abi_pointer", label: Label::Required, wire: WireType::Varint, message: None },
        FieldDef { number: 2, name: "rseq_abi_size", label: Label::Required, wire: WireType::Varint, message: None },
        FieldDef { number: 3, name: "signature", label: Label::Required, wire: WireType::Varint, message: None },
        FieldDef { number: 4, name: "rseq_cs_pointer", label: Label::Optional, wire: WireType::Varint, message: None },
    ] },
    MessageDef { name: "sa_entry", fields: &[
        FieldDef { number: 1, name: "sigaction", label: Label::Required, wire: WireType::Varint, message: None },
        FieldDef { number: 2, name: "flags", label: Label::Required, wire: WireType::Varint, message: None },
        FieldDef { number: 3, name: "restorer", label: Label::Required, wire: WireType::Varint, message: None },
        FieldDef { number: 4, name: "mask", label: Label::Required, wire: WireType::Varint, message: None },
        FieldDef { number: 5, name: "compat_sigaction", label: Label::Optional, wire: WireType::Varint, message: None },
        FieldDef { number: 6, name: "mask_extended", label: Label::Optional, wire: WireType::Varint, message: None },
    ] },
    MessageDef { name: "seccomp_entry", fields: &[
        FieldDef { number: 1, name: "seccomp_filters", label: Label::Repeated, wire: WireType::Len, message: Some(MessageId(41)) },
    ] },
    MessageDef { name: "seccomp_filter", fields: &[
        FieldDef { number: 1, name: "filter", label: Label::Required, wire: WireType::Len, message: None },
        FieldDef { number: 2, name: "prev", label: Label::Optional, wire: WireType::Varint, message: None },
        FieldDef { number: 3, name: "flags", label: Label::Optional, wire: WireType::Varint, message: None },
    ] },
    MessageDef { name: "siginfo_entry", fields: &[
        FieldDef { number: 1, name: "siginfo", label: Label::Required, wire: WireType::Len, message: None },
    ] },
    MessageDef { name: "signal_queue_entry", fields: &[
        FieldDef { number: 1, name: "signals", label: Label::Repeated, wire: WireType::Len, message: Some(MessageId(42)) },
    ] },
    MessageDef { name: "sk_opts_entry", fields: &[
        FieldDef { number: 1, name: "so_sndbuf", label: Label::Required, wire: WireType::Varint, message: None },
        FieldDef { number: 2, name: "so_rcvbuf", label: Label::Required, wire: WireType::Varint, message: None },
        FieldDef { number: 3, name: "so_snd_tmo_sec", label: Label::Required, wire: WireType::Varint, message: None },
        FieldDef { number: 4, name: "so_snd_tmo_usec", label: Label::Required, wire: WireType::Varint, message: None },
        FieldDef { number: 5, name: "so_rcv_tmo_sec", label: Label::Required, wire: WireType::Varint, message: None },
        FieldDef { number: 6, name: "so_rcv_tmo_usec", label: Label::Required, wire: WireType::Varint, message: None },
        FieldDef { number: 7, name: "reuseaddr", label: Label::Optional, wire: WireType::Varint, message: None },
        FieldDef { number: 8, name: "so_priority", label: Label::Optional, wire: WireType::Varint, message: None },
        FieldDef { number: 9, name: "so_rcvlowat", label: Label::Optional, wire: WireType::Varint, message: None },
        FieldDef { number: 10, name: "so_mark", label: Label::Optional, wire: WireType::Varint, message: None },
        FieldDef { number: 11, name: "so_passcred", label: Label::Optional, wire: WireType::Varint, message: None },
        FieldDef { number: 12, name: "so_passsec", label: Label::Optional, wire: WireType::Varint, message: None },
        FieldDef { number: 13, name: "so_dontroute", label: Label::Optional, wire: WireType::Varint, message: None },
        FieldDef { number: 14, name: "so_no_check", label: Label::Optional, wire: WireType::Varint, message: None },
        FieldDef { number: 15, name: "so_bound_dev", label: Label::Optional, wire: WireType::Len, message: None },
        FieldDef { number: 16, name: "so_filter", label: Label::Repeated, wire: WireType::Fixed64, message: None },
        FieldDef { number: 17, name: "so_reuseport", label: Label::Optional, wire: WireType::Varint, message: None },
        FieldDef { number: 18, name: "so_broadcast", label: Label::Optional, wire: WireType::Varint, message: None },
        FieldDef { number: 19, name: "so_keepalive", label: Label::Optional, wire: WireType::Varint, message: None },
        FieldDef { number: 20, name: "tcp_keepcnt", label: Label::Optional, wire: WireType::Varint, message: None },
        FieldDef { number: 21, name: "tcp_keepidle", label: Label::Optional, wire: WireType::Varint, message: None },
        FieldDef { number: 22, name: "tcp_keepintvl", label: Label::Optional, wire: WireType::Varint, message: None },
        FieldDef { number: 23, name: "so_oobinline", label: Label::Optional, wire: WireType::Varint, message: None },
        FieldDef { number: 24, name: "so_linger", label: Label::Optional, wire: WireType::Varint, message: None },
        FieldDef { number: 25, name: "so_buf_lock", label: Label::Optional, wire: WireType::Varint, message: None },
    ] },
    MessageDef { name: "task_core_entry", fields: &[
        FieldDef { number: 1, name: "task_state", label: Label::Required, wire: WireType::Varint, message: None },
        FieldDef { number: 2, name: "exit_code", label: Label::Required, wire: WireType::Varint, message: None },
        FieldDef { number: 3, name: "personality", label: Label::Required, wire: WireType::Varint, message: None },
        FieldDef { number: 4, name: "flags", label: Label::Required, wire: WireType::Varint, message: None },
        FieldDef { number: 5, name: "blk_sigset", label: Label::Required, wire: WireType::Varint, message: None },
        FieldDef { number: 6, name: "comm", label: Label::Required, wire: WireType::Len, message: None },
        FieldDef { number: 7, name: "timers", label: Label::Optional, wire: WireType::Len, message: Some(MessageId(47)) },
        FieldDef { number: 8, name: "rlimits", label: Label::Optional, wire: WireType::Len, message: None },
        FieldDef { number: 9, name: "cg_set", label: Label::Optional, wire: WireType::Varint, message: None },
        FieldDef { number: 10, name: "signals_s", label: Label::Optional, wire: WireType::Len, message: Some(MessageId(43)) },
        FieldDef { number: 11, name: "old_seccomp_mode", label: Label::Optional, wire: WireType::Varint, message: None },
        FieldDef { number: 12, name: "old_seccomp_filter", label: Label::Optional, wire: WireType::Varint, message: None },
        FieldDef { number: 13, name: "loginuid", label: Label::Optional, wire: WireType::Varint, message: None },
        FieldDef { number: 14, name: "oom_score_adj", label: Label::Optional, wire: WireType::Varint, message: None },
        FieldDef { number: 15, name: "sigactions", label: Label::Repeated, wire: WireType::Len, message: Some(MessageId(39)) },
        FieldDef { number: 18, name: "child_subreaper", label: Label::Optional, wire: WireType::Varint, message: None },
        FieldDef { number: 20, name: "blk_sigset_extended", label: Label::Optional, wire: WireType::Varint, message: None },
        FieldDef { number: 21, name: "stop_signo", label: Label::Optional, wire: WireType::Varint, message: None },
        FieldDef { number: 22, name: "membarrier_registration_mask", label: Label::Optional, wire: WireType::Varint, message: None },
    ] },
    MessageDef { name: "task_kobj_ids_entry", fields: &[
        FieldDef { number: 1, name: "vm_id", label: Label::Required, wire: WireType::Varint, message: None },
        FieldDef { number: 2, name: "files_id", label: Label::Required, wire: WireType::Varint, message: None },
        FieldDef { number: 3, name: "fs_id", label: Label::Required, wire: WireType::Varint, message: None },
        FieldDef { number: 4, name: "sighand_id", label: Label::Required, wire: WireType::Varint, message: None },
        FieldDef { number: 5, name: "pid_ns_id", label: Label::Optional, wire: WireType::Varint, message: None },
        FieldDef { number: 6, name: "net_ns_id", label: Label::Optional, wire: WireType::Varint, message: None },
        FieldDef { number: 7, name: "ipc_ns_id", label: Label::Optional, wire: WireType::Varint, message: None },
        FieldDef { number: 8, name: "uts_ns_id", label: Label::Optional, wire: WireType::Varint, message: None },
        FieldDef { number: 9, name: "mnt_ns_id", label: Label::Optional, wire: WireType::Varint, message: None },
        FieldDef { number: 10, name: "user_ns_id", label: Label::Optional, wire: WireType::Varint, message: None },
        FieldDef { number: 11, name: "cgroup_ns_id", label: Label::Optional, wire: WireType::Varint, message: None },
        FieldDef { number: 12, name: "time_ns_id", label: Label::Optional, wire: WireType::Varint, message: None },
    ] },
    MessageDef { name: "task_timers_entry", fields: &[
        FieldDef { number: 1, name: "real", label: Label::Required, wire: WireType::Len, message: None },
        FieldDef { number: 2, name: "virt", label: Label::Required, wire: WireType::Len, message: None },
        FieldDef { number: 3, name: "prof", label: Label::Required, wire: WireType::Len, message: None },
        FieldDef { number: 4, name: "posix", label: Label::Repeated, wire: WireType::Len, message: Some(MessageId(34)) },
    ] },
    MessageDef { name: "tcp_opts_entry", fields: &[
        FieldDef { number: 1, name: "cork", label: Label::Optional, wire: WireType::Varint, message: None },
        FieldDef { number: 2, name: "nodelay", label: Label::Optional, wire: WireType::Varint, message: None },
        FieldDef { number: 3, name: "keepcnt", label: Label::Optional, wire: WireType::Varint, message: None },
        FieldDef { number: 4, name: "keepidle", label: Label::Optional, wire: WireType::Varint, message: None },
        FieldDef { number: 5, name: "keepintvl", label: Label::Optional, wire: WireType::Varint, message: None },
    ] },
    MessageDef { name: "thread_core_entry", fields: &[
        FieldDef { number: 1, name: "futex_rla", label: Label::Required, wire: WireType::Varint, message: None },
        FieldDef { number: 2, name: "futex_rla_len", label: Label::Required, wire: WireType::Varint, message: None },
        FieldDef { number: 3, name: "sched_nice", label: Label::Optional, wire: WireType::Varint, message: None },
        FieldDef { number: 4, name: "sched_policy", label: Label::Optional, wire: WireType::Varint, message: None },
        FieldDef { number: 5, name: "sched_prio", label: Label::Optional, wire: WireType::Varint, message: None },
        FieldDef { number: 6, name: "blk_sigset", label: Label::Optional, wire: WireType::Varint, message: None },
        FieldDef { number: 7, name: "sas", label: Label::Optional, wire: WireType::Len, message: Some(MessageId(51)) },
        FieldDef { number: 8, name: "pdeath_sig", label: Label::Optional, wire: WireType::Varint, message: None },
        FieldDef { number: 9, name: "signals_p", label: Label::Optional, wire: WireType::Len, message: Some(MessageId(43)) },
        FieldDef { number: 10, name: "creds", label: Label::Optional, wire: WireType::Len, message: Some(MessageId(8)) },
        FieldDef { number: 11, name: "seccomp_mode", label: Label::Optional, wire: WireType::Varint, message: None },
        FieldDef { number: 12, name: "seccomp_filter", label: Label::Optional, wire: WireType::Varint, message: None },
        FieldDef { number: 13, name: "comm", label: Label::Optional, wire: WireType::Len, message: None },
        FieldDef { number: 14, name: "blk_sigset_extended", label: Label::Optional, wire: WireType::Varint, message: None },
        FieldDef { number: 15, name: "rseq_entry", label: Label::Optional, wire: WireType::Len, message: Some(MessageId(38)) },
        FieldDef { number: 16, name: "cg_set", label: Label::Optional, wire: WireType::Varint, message: None },
        FieldDef { number: 17, name: "timerslack_ns", label: Label::Optional, wire: WireType::Varint, message: None },
    ] },
    MessageDef { name: "thread_info_aarch64", fields: &[
        FieldDef { number: 1, name: "clear_tid_addr", label: Label::Required, wire: WireType::Varint, message: None },
        FieldDef { number: 2, name: "tls", label: Label::Required, wire: WireType::Varint, message: None },
        FieldDef { number: 3, name: "gpregs", label: Label::Required, wire: WireType::Len, message: Some(MessageId(56)) },
        FieldDef { number: 4, name: "fpsimd", label: Label::Required, wire: WireType::Len, message: Some(MessageId(54)) },
        FieldDef { number: 5, name: "pac_keys", label: Label::Optional, wire: WireType::Len, message: Some(MessageId(28)) },
        FieldDef { number: 6, name: "gcs", label: Label::Optional, wire: WireType::Len, message: Some(MessageId(55)) },
    ] },
    MessageDef { name: "thread_sas_entry", fields: &[
        FieldDef { number: 1, name: "ss_sp", label: Label::Required, wire: WireType::Varint, message: None },
        FieldDef { number: 2, name: "ss_size", label: Label::Required, wire: WireType::Varint, message: None },
        FieldDef { number: 3, name: "ss_flags", label: Label::Required, wire: WireType::Varint, message: None },
    ] },
    MessageDef { name: "tty_file_entry", fields: &[
        FieldDef { number: 1, name: "id", label: Label::Required, wire: WireType::Varint, message: None },
        FieldDef { number: 2, name: "tty_info_id", label: Label::Required, wire: WireType::Varint, message: None },
        FieldDef { number: 3, name: "flags", label: Label::Required, wire: WireType::Varint, message: None },
        FieldDef { number: 4, name: "fown", label: Label::Required, wire: WireType::Len, message: Some(MessageId(15)) },
        FieldDef { number: 6, name: "regf_id", label: Label::Optional, wire: WireType::Varint, message: None },
    ] },
    MessageDef { name: "unix_sk_entry", fields: &[
        FieldDef { number: 1, name: "id", label: Label::Required, wire: WireType::Varint, message: None },
        FieldDef { number: 2, name: "ino", label: Label::Required, wire: WireType::Varint, message: None },
        FieldDef { number: 3, name: "type", label: Label::Required, wire: WireType::Varint, message: None },
        FieldDef { number: 4, name: "state", label: Label::Required, wire: WireType::Varint, message: None },
        FieldDef { number: 5, name: "flags", label: Label::Required, wire: WireType::Varint, message: None },
        FieldDef { number: 6, name: "uflags", label: Label::Required, wire: WireType::Varint, message: None },
        FieldDef { number: 7, name: "backlog", label: Label::Required, wire: WireType::Varint, message: None },
        FieldDef { number: 8, name: "peer", label: Label::Required, wire: WireType::Varint, message: None },
        FieldDef { number: 9, name: "fown", label: Label::Required, wire: WireType::Len, message: Some(MessageId(15)) },
        FieldDef { number: 10, name: "opts", label: Label::Required, wire: WireType::Len, message: Some(MessageId(44)) },
        FieldDef { number: 11, name: "name", label: Label::Required, wire: WireType::Len, message: None },
        FieldDef { number: 12, name: "shutdown", label: Label::Optional, wire: WireType::Varint, message: None },
        FieldDef { number: 13, name: "file_perms", label: Label::Optional, wire: WireType::Len, message: Some(MessageId(14)) },
        FieldDef { number: 14, name: "name_dir", label: Label::Optional, wire: WireType::Len, message: None },
        FieldDef { number: 15, name: "deleted", label: Label::Optional, wire: WireType::Varint, message: None },
        FieldDef { number: 16, name: "ns_id", label: Label::Optional, wire: WireType::Varint, message: None },
        FieldDef { number: 17, name: "mnt_id", label: Label::Optional, wire: WireType::Varint, message: None },
    ] },
    MessageDef { name: "user_aarch64_fpsimd_context_entry", fields: &[
        FieldDef { number: 1, name: "vregs", label: Label::Repeated, wire: WireType::Varint, message: None },
        FieldDef { number: 2, name: "fpsr", label: Label::Required, wire: WireType::Varint, message: None },
        FieldDef { number: 3, name: "fpcr", label: Label::Required, wire: WireType::Varint, message: None },
    ] },
    MessageDef { name: "user_aarch64_gcs_entry", fields: &[
        FieldDef { number: 1, name: "gcspr_el0", label: Label::Required, wire: WireType::Varint, message: None },
        FieldDef { number: 2, name: "features_enabled", label: Label::Required, wire: WireType::Varint, message: None },
    ] },
    MessageDef { name: "user_aarch64_regs_entry", fields: &[
        FieldDef { number: 1, name: "regs", label: Label::Repeated, wire: WireType::Varint, message: None },
        FieldDef { number: 2, name: "sp", label: Label::Required, wire: WireType::Varint, message: None },
        FieldDef { number: 3, name: "pc", label: Label::Required, wire: WireType::Varint, message: None },
        FieldDef { number: 4, name: "pstate", label: Label::Required, wire: WireType::Varint, message: None },
    ] },
    MessageDef { name: "vma_entry", fields: &[
        FieldDef { number: 1, name: "start", label: Label::Required, wire: WireType::Varint, message: None },
        FieldDef { number: 2, name: "end", label: Label::Required, wire: WireType::Varint, message: None },
        FieldDef { number: 3, name: "pgoff", label: Label::Required, wire: WireType::Varint, message: None },
        FieldDef { number: 4, name: "shmid", label: Label::Required, wire: WireType::Varint, message: None },
        FieldDef { number: 5, name: "prot", label: Label::Required, wire: WireType::Varint, message: None },
        FieldDef { number: 6, name: "flags", label: Label::Required, wire: WireType::Varint, message: None },
        FieldDef { number: 7, name: "status", label: Label::Required, wire: WireType::Varint, message: None },
        FieldDef { number: 8, name: "fd", label: Label::Required, wire: WireType::Varint, message: None },
        FieldDef { number: 9, name: "madv", label: Label::Optional, wire: WireType::Varint, message: None },
        FieldDef { number: 10, name: "fdflags", label: Label::Optional, wire: WireType::Varint, message: None },
    ] },
];
