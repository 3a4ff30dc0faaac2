//! Images that ask for what `abi::restore::memory` and `abi::restore::format` have rows for.

use hwcr::abi::ask::Ask;

use super::Asking;
use super::asking::{PID, message, varint};

/// `mm_end_data` of the quiet image.
const END_DATA: u64 = 0x4a_20a0;

/// Nothing to do: every checkpoint of CRIU 4.2 has it.
const THERE: fn(&mut super::Image) = |_| {};

pub(crate) static ASKING: &[Asking] = &[
    (Ask::PageFlags, THERE),
    (Ask::WidePages, THERE),
    (Ask::RunId, THERE),
    (Ask::RseqField, THERE),
    (Ask::BuildId, |image| {
        // reg_file_entry.build_id of the first file.
        image.put("files.img", &[3], 11, varint(0x1234));
    }),
    (Ask::Plugins, |image| {
        let plugins = message(&[(12, hwcr::wire::edit::FieldValue::Bytes(b"cuda".to_vec()))]);
        image.put("inventory.img", &[], 12, plugins);
    }),
    (Ask::AllowUprobes, |image| {
        image.put("inventory.img", &[], 14, varint(1));
    }),
    (Ask::HugePagesField, THERE),
    (Ask::HugePagesDisabled, |image| image.mm(17, varint(1))),
    (Ask::AuxvOver40, THERE),
    (Ask::AuxvOver46, THERE),
    (Ask::AuxvOver50, |image| {
        // The last pair is AT_NULL; what lies behind it counts as well.
        for _ in 0..4 {
            image.add(&format!("mm-{PID}.img"), &[], 13, varint(0));
        }
    }),
    (Ask::EmptyData, |image| image.mm(3, varint(END_DATA))),
    (Ask::BrkBelowData, |image| {
        image.mm(6, varint(END_DATA));
        image.mm(7, varint(END_DATA));
    }),
    (Ask::Low, |image| image.mm(1, varint(0x8000))),
    (Ask::Droppable, |image| {
        image.mapping(&[(6, 0x28), (9, 1 << 16 | 1 << 18)]);
    }),
    (Ask::WipeOnFork, |image| image.mapping(&[(9, 1 << 18)])),
    (Ask::Mergeable, |image| image.mapping(&[(9, 1 << 12)])),
    (Ask::HugePageAdvice, |image| image.mapping(&[(9, 1 << 14)])),
    (Ask::NoHugePageAdvice, |image| {
        image.mapping(&[(9, 1 << 15)])
    }),
    (Ask::HugeTlb, |image| {
        let (start, end) = (0x60_0000, 0xa0_0000);
        image.mapping(&[(1, start), (2, end), (6, 0x4_0022 | 21 << 26)]);
    }),
    (Ask::HugeTlbMemfd, |image| {
        let fields = (1..=8).map(|number| {
            let value = if number == 1 { message(&[]) } else { varint(4) };
            (number, value)
        });
        let inode = message(&fields.collect::<Vec<_>>());
        image.file("memfd.img", "MEMFD_INODE", &[inode]);
    }),
    (Ask::PluginMapping, |image| {
        image.mapping(&[(7, 1 | 1 << 27)])
    }),
    (Ask::AioRing, |image| {
        image.mapping(&[(7, 0x201 | 1 << 13)]);
        let ring = message(&[(1, varint(0x4d_0000)), (2, varint(62)), (3, varint(4096))]);
        image.add(&format!("mm-{PID}.img"), &[], 16, ring);
    }),
    (Ask::High, |image| {
        let start = 1 << 50;
        image.mapping(&[(1, start), (2, start + 0x1000)]);
    }),
    (Ask::Vdso, THERE),
    (Ask::VdsoGnuHash, THERE),
    (Ask::VdsoOsAbi, |image| {
        let pages = image.bytes("pages-1.img");
        let vdso = pages
            .chunks(4096)
            .position(|page| page.starts_with(b"\x7fELF") && page[16] == 3)
            .unwrap();
        let mut pages = pages.to_vec();
        pages[vdso * 4096 + 7] = 3;
        image.raw("pages-1.img", &pages);
    }),
    (Ask::RseqSize, |image| {
        let rseq = message(&[
            (1, varint(0x4a_a0e0)),
            (2, varint(33)),
            (3, varint(0xd428_bc00)),
        ]);
        image.core(&[5], 15, rseq);
    }),
    (Ask::GuardsInFiles, |image| {
        image.mapping(&[(1, 0x40_1000), (2, 0x40_2000), (7, 1 << 16)]);
    }),
    (Ask::Rseq, |image| {
        let rseq = message(&[
            (1, varint(0x4a_a0e0)),
            (2, varint(32)),
            (3, varint(0xd428_bc00)),
        ]);
        image.core(&[5], 15, rseq);
    }),
    (Ask::Membarrier, |image| {
        image.core(&[3], 22, varint(1 << 4))
    }),
    (Ask::PacBlock, THERE),
    (Ask::PacKeys, |image| {
        let address: Vec<_> = (1..=9)
            .map(|number| (number, varint(u64::from(number))))
            .collect();
        let keys = message(&[(6, message(&address))]);
        image.core(&[8], 5, keys);
    }),
    (Ask::Guards, |image| image.mapping(&[(7, 1 << 16)])),
    (Ask::Uprobes, |image| image.mapping(&[(7, 1 | 1 << 17)])),
    (Ask::Gcs, |image| {
        let gcs = message(&[(1, varint(0xffff_0000)), (2, varint(1))]);
        image.core(&[8], 6, gcs);
    }),
];
