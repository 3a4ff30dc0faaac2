//! Images that ask for what `abi::restore::objects` has rows for.

use hwcr::abi::ask::Ask;
use hwcr::wire::edit::FieldValue;

use super::Asking;
use super::asking::{Image, message, varint};

/// Nothing to do: every checkpoint of CRIU 4.2 has it.
const THERE: fn(&mut Image) = |_| {};

/// Required numbers `1..=last` that say nothing, with some that do.
fn numbers(last: u32, others: &[(u32, u64)]) -> Vec<(u32, FieldValue)> {
    (1..=last)
        .map(|number| {
            let set = others.iter().find(|(of, _)| *of == number);
            (number, set.map_or(0, |(_, value)| *value))
        })
        .chain(others.iter().filter(|(of, _)| *of > last).copied())
        .map(|(number, value)| (number, varint(value)))
        .collect()
}

fn text(text: &str) -> FieldValue {
    FieldValue::Bytes(text.as_bytes().to_vec())
}

fn fown() -> FieldValue {
    message(&numbers(5, &[]))
}

/// A `memfd_inode_entry`.
fn memfd(image: &mut Image, others: &[(u32, u64)]) {
    let mut fields = numbers(7, others);
    fields[0] = (1, text("made"));
    image.file("memfd.img", "MEMFD_INODE", &[message(&fields)]);
}

/// A `bpfmap_file_entry`; only the number of its type tells files apart, which nobody asks for here.
fn bpf(image: &mut Image, others: &[(u32, u64)]) {
    let mut fields = numbers(14, others);
    fields[3] = (4, fown());
    fields[12] = (13, text("made"));
    image.add("files.img", &[], 21, message(&fields));
}

fn pidfd(image: &mut Image, flags: u64) {
    let mut fields = numbers(4, &[(3, flags)]);
    fields.push((5, fown()));
    image.add("files.img", &[], 22, message(&fields));
}

/// A group with the flags of `fanotify_init`, and a mark with `mflags` and `mask`.
fn fanotify(image: &mut Image, flags: u64, mflags: u64, mask: u64) {
    let mark = message(&numbers(6, &[(2, 1), (3, mflags), (4, mask)]));
    let mut fields = numbers(5, &[(4, flags)]);
    fields[2] = (3, fown());
    fields.push((6, mark));
    image.add("files.img", &[], 14, message(&fields));
}

fn socket_options(others: &[(u32, u64)]) -> FieldValue {
    message(&numbers(6, others))
}

fn unix(image: &mut Image, options: &[(u32, u64)]) {
    let mut fields = numbers(8, &[]);
    fields.extend([(9, fown()), (10, socket_options(options)), (11, text(""))]);
    image.add("files.img", &[], 16, message(&fields));
}

/// An IPv6 socket with one message more.
fn inet(image: &mut Image, number: u32, more: FieldValue) {
    let mut fields = numbers(10, &[(3, 10)]);
    fields.extend([(13, fown()), (14, socket_options(&[])), (number, more)]);
    image.add("files.img", &[], 4, message(&fields));
}

fn ip_options(image: &mut Image, number: u32, value: u64) {
    inet(image, 16, message(&[(number, varint(value))]));
}

/// A mount that CRIU makes anew.
pub(crate) fn mount(image: &mut Image, fstype: u64, options: &str) {
    let mut fields = numbers(5, &[(1, fstype), (3, 40)]);
    fields.extend([
        (6, text("/")),
        (7, text("/made")),
        (8, text("made")),
        (9, text(options)),
    ]);
    image.file("mountpoints-12.img", "MNTS", &[message(&fields)]);
}

/// Cgroups: a set with one member, and one hierarchy.
fn cgroups(image: &mut Image, hierarchy: &str, prefix: u64) {
    let member = message(&[
        (1, text(hierarchy)),
        (2, text("/made")),
        (3, varint(prefix)),
    ]);
    let set = message(&[(1, varint(2)), (2, member)]);
    let controller = message(&[(1, text(hierarchy))]);
    let entry = message(&[(1, set), (2, controller)]);
    image.file("cgroup.img", "CGROUP", &[entry]);
}

/// A filter of one instruction that returns this.
fn seccomp(image: &mut Image, answer: u32, flags: u64) {
    let mut instruction = vec![6, 0, 0, 0];
    instruction.extend(answer.to_le_bytes());
    let filter = message(&[(1, FieldValue::Bytes(instruction)), (3, varint(flags))]);
    image.file("seccomp.img", "SECCOMP", &[message(&[(1, filter)])]);
}

pub(crate) static ASKING: &[Asking] = &[
    (Ask::Memfd, |image| memfd(image, &[])),
    (Ask::MemfdHugetlbSeals, |image| {
        memfd(image, &[(6, 0), (8, 0x5400_0004)]);
    }),
    (Ask::MemfdFutureWrite, |image| memfd(image, &[(6, 0x10)])),
    (Ask::MemfdExecSeal, |image| memfd(image, &[(6, 0x20)])),
    (Ask::MemfdMode, |image| memfd(image, &[(9, 0o100_600)])),
    (Ask::BpfMap, |image| bpf(image, &[])),
    (Ask::BpfData, |image| {
        let entry = message(&numbers(4, &[(4, 1)]));
        image.file("bpfmap-data.img", "BPFMAP_DATA", &[entry]);
    }),
    (Ask::BpfFrozen, |image| bpf(image, &[(12, 1)])),
    (Ask::BpfAccess, |image| bpf(image, &[(10, 0x80)])),
    (Ask::BpfMmapable, |image| bpf(image, &[(10, 0x400)])),
    (Ask::PidFd, |image| pidfd(image, 0)),
    (Ask::PidFdNonblock, |image| pidfd(image, 0x800)),
    (Ask::FanotifyTid, |image| fanotify(image, 0x100, 0, 0)),
    (Ask::FanotifyFid, |image| fanotify(image, 0x200, 0, 0)),
    (Ask::FanotifyDirFid, |image| fanotify(image, 0x800, 0, 0)),
    (Ask::FanotifyPidfd, |image| fanotify(image, 0x80, 0, 0)),
    (Ask::FanotifyTargetFid, |image| {
        fanotify(image, 0x1000, 0, 0);
    }),
    (Ask::FanotifyFdError, |image| fanotify(image, 0x2000, 0, 0)),
    (Ask::FanotifyOpenExec, |image| {
        fanotify(image, 0, 0, 0x1000);
    }),
    (Ask::FanotifyRename, |image| {
        fanotify(image, 0, 0, 0x1000_0000);
    }),
    (Ask::FanotifyEvictable, |image| {
        fanotify(image, 0, 0x200, 1);
    }),
    (Ask::FanotifyIgnore, |image| fanotify(image, 0, 0x400, 1)),
    (Ask::SocketBufLock, |image| unix(image, &[(25, 0)])),
    (Ask::Ipv6Freebind, |image| ip_options(image, 1, 1)),
    (Ask::SocketBroadcast, |image| unix(image, &[(18, 1)])),
    (Ask::SocketKeepalive, |image| unix(image, &[(19, 1)])),
    (Ask::SocketOobinline, |image| unix(image, &[(23, 1)])),
    (Ask::SocketLinger, |image| unix(image, &[(24, 0)])),
    (Ask::SocketPktinfo, |image| ip_options(image, 5, 1)),
    (Ask::SocketTos, |image| ip_options(image, 6, 0x10)),
    (Ask::TcpOptions, |image| {
        inet(image, 20, message(&[(2, varint(1))]));
    }),
    (Ask::Nftables, |image| {
        image.raw("nftables-10.img", b"table ip made {\n}\n");
    }),
    (Ask::NetworkLock, |image| {
        let rules = b"table inet CRIU-c3920b8d-987c-421a-80 {\n}\n";
        image.raw("nftables-10.img", rules);
    }),
    (Ask::TmpfsInode, |image| {
        mount(image, 5, "size=65536k,mode=755,inode64");
    }),
    (Ask::TmpfsNoswap, |image| mount(image, 5, "noswap")),
    (Ask::TmpfsQuota, |image| {
        mount(image, 5, "usrquota_inode_hardlimit=5");
    }),
    (Ask::ProcHiding, |image| {
        mount(image, 1, "gid=5,hidepid=invisible");
    }),
    (Ask::Cgroup2Mount, |image| mount(image, 23, "")),
    (Ask::Cgroup2Nsdelegate, |image| {
        mount(image, 23, "nsdelegate");
    }),
    (Ask::Cgroup2LocalEvents, |image| {
        mount(image, 23, "nsdelegate,memory_localevents");
    }),
    (Ask::Cgroup2RecursiveProt, |image| {
        mount(image, 23, "nsdelegate,memory_recursiveprot");
    }),
    (Ask::Cgroup2FavorDynmods, |image| {
        mount(image, 23, "favordynmods");
    }),
    (Ask::Cgroup2HugetlbAccounting, |image| {
        mount(image, 23, "memory_hugetlb_accounting");
    }),
    (Ask::Cgroup2PidsLocalEvents, |image| {
        mount(image, 23, "pids_localevents");
    }),
    (Ask::Cgroup2, |image| cgroups(image, "", 0)),
    (Ask::CgroupNamespace, |image| cgroups(image, "memory", 5)),
    (Ask::ThreadCgroups, |image| image.core(&[5], 16, varint(2))),
    (Ask::TimeNamespace, |image| {
        image.file("timens-13.img", "TIMENS", &[]);
    }),
    (Ask::Clocks, THERE),
    (Ask::ExternalPidNamespace, |image| {
        let entry = message(&[(1, text("made"))]);
        image.file("pidns-11.img", "PIDNS", &[entry]);
    }),
    (Ask::SeccompLog, |image| seccomp(image, 0x7fff_0000, 2)),
    (Ask::SeccompRetLog, |image| seccomp(image, 0x7ffc_0000, 0)),
    (Ask::SeccompNotify, |image| seccomp(image, 0x7fc0_0000, 0)),
    (Ask::SecbitsExec, |image| {
        image.core(&[5, 10], 13, varint(0x100));
    }),
    (Ask::NoNewPrivs, |image| {
        image.core(&[5, 10], 18, varint(1));
    }),
    (Ask::AmbientCaps, |image| {
        image.core(&[5, 10], 19, varint(1 << 10));
    }),
    (Ask::ApparmorNamespaces, |image| {
        image.file("apparmor.img", "APPARMOR", &[]);
    }),
    (Ask::ChildSubreaper, |image| image.core(&[3], 18, varint(1))),
    (Ask::TimerThread, |image| {
        let timer = message(&numbers(11, &[(4, 4), (11, 3021)]));
        image.add("core-3021.img", &[3, 7], 4, timer);
    }),
    (Ask::StopSignal, |image| image.core(&[3], 21, varint(20))),
    (Ask::TimerSlack, |image| {
        image.core(&[5], 17, varint(50_000));
    }),
    (Ask::MembarrierPrivate, |image| {
        image.core(&[3], 22, varint(1 << 4));
    }),
    (Ask::MembarrierGlobal, |image| {
        image.core(&[3], 22, varint(1 << 2));
    }),
    (Ask::MembarrierSyncCore, |image| {
        image.core(&[3], 22, varint(1 << 6));
    }),
    (Ask::MembarrierRseq, |image| {
        image.core(&[3], 22, varint(1 << 8));
    }),
];
