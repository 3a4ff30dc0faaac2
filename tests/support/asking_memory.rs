//! Images that ask for what `abi::restore::memory` and `abi::restore::format` have rows for.

use hwcr::criu_image::ask::Ask;

use super::Asking;
use super::asking::{message, varint};

/// Nothing to do: every checkpoint of CRIU 4.2 has it.
const THERE: fn(&mut super::Image) = |_| {};

pub(crate) static ASKING: &[Asking] = &[
    (Ask::PageFlags, THERE),
    (Ask::WidePages, THERE),
    (Ask::RunId, THERE),
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
