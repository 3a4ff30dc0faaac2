//! Images that ask for what `abi::restore::objects` has rows for.

use hwcr::criu_image::ask::Ask;

use super::Asking;
use super::asking::{message, varint};

pub(crate) static ASKING: &[Asking] = &[
    (Ask::Memfd, |image| {
        let inode = message(&[
            (1, message(&[])),
            (2, varint(0)),
            (3, varint(0)),
            (4, varint(0)),
            (5, varint(7)),
            (6, varint(0)),
            (7, varint(1)),
        ]);
        image.file("memfd.img", "MEMFD_INODE", &[inode]);
    }),
    (Ask::BpfMap, |image| {
        image.file("bpfmap-file.img", "BPFMAP_FILE", &[])
    }),
    (Ask::PidFd, |image| image.file("pidfd.img", "PIDFD", &[])),
    (Ask::TimeNamespace, |_| {}),
    (Ask::StopSignal, |image| image.core(&[3], 21, varint(20))),
    (Ask::ThreadCgroups, |image| image.core(&[5], 16, varint(2))),
    (Ask::TimerSlack, |image| {
        image.core(&[5], 17, varint(50_000))
    }),
];
