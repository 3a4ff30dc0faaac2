use proptest::prelude::*;

use crate::auxv::VectorLengthBound::{AtMost, Longest, Unknown};
use crate::auxv::at::{self, TAGS, ValueKind};
use crate::auxv::vector::{Auxv, AuxvAnomaly, Entry};
use crate::units::{Addr, Vl};

#[test]
fn the_tags_ascend_and_cover_what_arm64_kernels_write() {
    assert!(TAGS.is_sorted_by(|a, b| a.tag < b.tag));
    let ours: Vec<_> = TAGS
        .iter()
        .filter(|row| row.on_arm64)
        .map(|row| row.tag)
        .collect();
    assert_eq!(
        ours,
        [
            0, 2, 3, 4, 5, 6, 7, 8, 9, 11, 12, 13, 14, 15, 16, 17, 23, 25, 26, 27, 28, 29, 31, 33,
            51
        ]
    );
    assert_eq!(at::name(33), "AT_SYSINFO_EHDR");
    assert_eq!(at::name(1000), "AT_1000");
    assert_eq!(at::by_tag(31).map(|row| row.kind), Some(ValueKind::Text));
}

#[test]
fn entries_are_read_up_to_the_terminator() {
    let auxv = Auxv::from_words(&[33, 0x7000, 51, 4720, 16, 0x8ff, 26, 0, 6, 4096, 99, 7, 0, 0]);
    assert_eq!(auxv.anomalies, []);
    assert_eq!(auxv.entries.len(), 6);
    assert_eq!(
        auxv.entry(99),
        Some(&Entry {
            index: 10,
            tag: 99,
            value: 7
        })
    );
    assert_eq!(auxv.hwcaps().words, [Some(0x8ff), Some(0), None, None]);
    assert_eq!(auxv.page_size(), Some(4096));
    assert_eq!(auxv.minsigstksz(), Some(4720));
    assert_eq!(auxv.sysinfo_ehdr(), Some(Addr(0x7000)));
}

#[test]
fn what_is_odd_is_kept() {
    assert_eq!(Auxv::from_words(&[]).anomalies, [AuxvAnomaly::NoTerminator]);
    assert_eq!(
        Auxv::from_words(&[6, 4096, 16]).anomalies,
        [
            AuxvAnomaly::NoTerminator,
            AuxvAnomaly::OddWord { index: 2, word: 16 }
        ]
    );
    assert_eq!(
        Auxv::from_words(&[6, 4096, 6, 65536, 0, 0, 0, 0, 5]).anomalies,
        [
            AuxvAnomaly::Duplicate {
                tag: 6,
                index: 2,
                value: 65536
            },
            AuxvAnomaly::AfterNull { index: 8, word: 5 },
            AuxvAnomaly::OddWord { index: 8, word: 5 },
        ]
    );
    assert_eq!(Auxv::from_words(&[6, 4096, 0, 0, 0, 0]).anomalies, []);
}

/// AT_MINSIGSTKSZ as kernels reported it, with the longest vector of those machines in bytes.
#[test]
fn the_measured_signal_stack_minimums_give_the_measured_lengths() {
    let bound = |value| {
        Auxv::from_words(&[51, value, 0, 0])
            .vector_length_bound()
            .unwrap()
    };
    // No vectors (Cortex-A57), 16 (Neoverse N2), 32 (Neoverse V1), 64 (A64FX).
    assert_eq!(bound(4720), AtMost(Vl(96)));
    assert_eq!(bound(5616), Longest(Vl(128)));
    // SVE 256: alone, with FPMR, with SME, with FPMR and GCS, with all of them.
    for value in [9984, 10000, 10016, 10032, 10144] {
        assert_eq!(bound(value), Longest(Vl(256)), "{value}");
    }
    assert_eq!(bound(5000), AtMost(Vl(96)));
    assert_eq!(bound(5616 + 300), AtMost(Vl(128)));
    assert_eq!(bound(4719), Unknown);
    assert_eq!(bound(0), Unknown);
    assert_eq!(bound(u64::MAX), Unknown);
    assert_eq!(Auxv::from_words(&[0, 0]).vector_length_bound(), None);
}

proptest! {
    #[test]
    fn any_words_are_read(words in proptest::collection::vec(0_u64..60, 0..200)) {
        let auxv = Auxv::from_words(&words);
        for entry in &auxv.entries {
            prop_assert_eq!(words[entry.index], entry.tag);
            prop_assert_eq!(words[entry.index + 1], entry.value);
        }
        prop_assert_eq!(auxv.words, words.len());
        let _ = auxv.vector_length_bound();
    }
}
