use std::collections::HashSet;

use crate::auxv::hwcap::{self, BITS, BitUse, HwcapBit, HwcapWord, Hwcaps, ShownBy};

/// What 30 machines printed and reported: name, kernel, three words, `Features` line.
const MACHINES: &str = include_str!("features.tsv");

fn hex(text: &str) -> u64 {
    u64::from_str_radix(text.strip_prefix("0x").unwrap(), 16).unwrap()
}

#[test]
fn the_features_lines_of_real_kernels_give_the_words_those_kernels_report() {
    let rows: Vec<_> = MACHINES
        .lines()
        .filter(|line| !line.starts_with('#'))
        .collect();
    assert_eq!(rows.len(), 30);
    for row in rows {
        let [name, _kernel, first, second, third, line] = *row.split('\t').collect::<Vec<_>>()
        else {
            panic!("{row}");
        };
        let caps = Hwcaps::from_features(line.split(' ')).unwrap();
        assert_eq!(
            caps.words,
            [Some(hex(first)), Some(hex(second)), Some(hex(third)), None],
            "{name}"
        );
        assert_eq!(caps.features_line(), line, "{name}");
        assert!(caps.unknown_bits().is_empty(), "{name}");
    }
}

#[test]
fn the_words_of_the_largest_machine_are_the_ones_measured() {
    let row = MACHINES
        .lines()
        .find(|line| line.starts_with("max\t"))
        .unwrap();
    let caps = Hwcaps::from_features(row.rsplit('\t').next().unwrap().split(' ')).unwrap();
    assert_eq!(
        caps.words,
        [
            Some(0xb01f_ffff_ffff),
            Some(0x7fff_bff7_ffbb_ffff),
            Some(3),
            None
        ]
    );
}

#[test]
fn the_table_is_complete_ordered_and_without_doubles() {
    assert_eq!(BITS.len(), 124);
    assert!(BITS.is_sorted_by_key(|row| (row.word, row.bit)));
    let distinct =
        |key: fn(&HwcapBit) -> String| BITS.iter().map(key).collect::<HashSet<_>>().len();
    assert_eq!(distinct(|row| row.name.to_owned()), 124);
    assert_eq!(distinct(|row| row.cpuinfo.to_owned()), 124);
    assert_eq!(distinct(|row| format!("{}:{}", row.word, row.bit)), 124);
    assert_eq!(
        HwcapWord::ALL.map(HwcapWord::known),
        [0xffff_ffff_ffff, u64::MAX, 0xfff, 0]
    );
    assert_eq!(HwcapWord::Hwcap.known() & hwcap::LIBC_BITS, 0);
    for row in BITS {
        let prefix = ["HWCAP_", "HWCAP2_", "HWCAP3_", "HWCAP4_"][row.word as usize];
        assert!(row.name.starts_with(prefix), "{}", row.name);
        assert!(
            row.feature == "-" || row.feature.starts_with("FEAT_"),
            "{}",
            row.name
        );
        assert!(
            matches!(row.shown_by, ShownBy::Kernel(_)) == (row.use_ == BitUse::Kernel),
            "{}",
            row.name
        );
    }
}

#[test]
fn the_named_constants_are_the_bits_of_the_header() {
    let expected: [(&HwcapBit, &str, HwcapWord, u8); 13] = [
        (hwcap::CPUID, "HWCAP_CPUID", HwcapWord::Hwcap, 11),
        (hwcap::SVE, "HWCAP_SVE", HwcapWord::Hwcap, 22),
        (hwcap::PACA, "HWCAP_PACA", HwcapWord::Hwcap, 30),
        (hwcap::PACG, "HWCAP_PACG", HwcapWord::Hwcap, 31),
        (hwcap::GCS, "HWCAP_GCS", HwcapWord::Hwcap, 32),
        (hwcap::SVE2, "HWCAP2_SVE2", HwcapWord::Hwcap2, 1),
        (hwcap::BTI, "HWCAP2_BTI", HwcapWord::Hwcap2, 17),
        (hwcap::MTE, "HWCAP2_MTE", HwcapWord::Hwcap2, 18),
        (hwcap::MTE3, "HWCAP2_MTE3", HwcapWord::Hwcap2, 22),
        (hwcap::SME, "HWCAP2_SME", HwcapWord::Hwcap2, 23),
        (hwcap::SME2, "HWCAP2_SME2", HwcapWord::Hwcap2, 37),
        (hwcap::FPMR, "HWCAP2_FPMR", HwcapWord::Hwcap2, 48),
        (hwcap::POE, "HWCAP2_POE", HwcapWord::Hwcap2, 63),
    ];
    for (constant, name, word, bit) in expected {
        assert_eq!(
            (constant.name, constant.word, constant.bit),
            (name, word, bit)
        );
        assert_eq!(HwcapBit::named(name), Some(constant));
        assert_eq!(HwcapBit::by_bit(word, bit), Some(constant));
        assert_eq!(HwcapBit::by_cpuinfo_name(constant.cpuinfo), Some(constant));
    }
}

#[test]
fn only_hints_and_the_kernels_own_bits_need_no_code() {
    let not_code: Vec<_> = BITS
        .iter()
        .filter(|row| row.use_ != BitUse::Code)
        .map(|row| row.cpuinfo)
        .collect();
    assert_eq!(not_code, ["evtstrm", "cpuid", "dgh"]);
}

#[test]
fn a_bit_of_a_word_nobody_knows_is_neither_there_nor_missing() {
    let have = Hwcaps {
        words: [Some(1 << 22 | 1), None, Some(1 << 40 | 1), Some(1)],
    };
    let target = Hwcaps {
        words: [Some(1), Some(u64::MAX), Some(0), None],
    };
    assert_eq!(have.has(hwcap::SME), None);
    let missing = have.missing_from(&target);
    assert_eq!(
        missing
            .bits
            .iter()
            .map(|bit| bit.cpuinfo)
            .collect::<Vec<_>>(),
        ["sve", "mtefar"]
    );
    assert_eq!(missing.unknown_bits, [(HwcapWord::Hwcap3, 40)]);
    assert_eq!(missing.undecidable, [HwcapWord::Hwcap4]);
    assert!(!missing.is_empty());
    // A word of zeros asks for nothing, whoever knows it.
    let zero = Hwcaps {
        words: [Some(0), Some(0), Some(0), Some(0)],
    };
    assert!(zero.missing_from(&Hwcaps::default()).is_empty());
}

#[test]
fn bits_without_a_name_are_shown_by_number() {
    let caps = Hwcaps {
        words: [Some(1 << 63 | 1), None, Some(1 << 12), None],
    };
    assert_eq!(caps.features_line(), "fp AT_HWCAP:63 AT_HWCAP3:12");
    assert_eq!(Hwcaps::from_features(["fp", "sve9"]), Err((1, "sve9")));
}
