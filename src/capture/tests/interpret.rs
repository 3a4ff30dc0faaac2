//! Profiles out of answers.

use std::collections::BTreeMap;
use std::path::PathBuf;

use crate::capture::criu::Answer;
use crate::capture::interpret::{profile, reread};
use crate::capture::probe::AuxvAnswer;
use crate::capture::raw::{Core, Probe, Raw, Vectors};
use crate::capture::{Captured, vectors};
use crate::profile::model::{Basis, PacAlgorithm};
use crate::units::{Version, Vl};

/// A machine with SVE, SME and pointer authentication, and all its answers.
fn machine() -> Raw {
    let word = |tag: u64, value: u64| [tag, value];
    let registers = [
        ("ID_AA64ISAR1_EL1", 0x0000_0000_0100_0050),
        ("ID_AA64ISAR2_EL1", 0),
        ("MIDR_EL1", 0x410f_d400),
        ("DCZID_EL0", 4),
    ];
    let registers = registers
        .map(|(name, value)| (name.to_owned(), value))
        .into_iter()
        .collect();
    Raw {
        // SVE, CPUID, PACA, PACG; SME in the second word; the fourth is absent.
        auxv: [
            word(16, 1 << 22 | 1 << 11 | 1 << 30 | 1 << 31),
            word(26, 1 << 23),
            word(29, 0x3),
            word(6, 4096),
            word(51, 10016),
            word(0, 0),
        ]
        .concat(),
        release: "7.3.4+deb13-cloud-arm64".to_owned(),
        node: "rack-7".to_owned(),
        registers,
        refused: Vec::new(),
        cores: vec![Core::default()],
        sve: Vectors {
            set: vec![(256, 32), (16, 16)],
            own: Some(32),
            default: Some("32\n".to_owned()),
        },
        sme: Vectors {
            set: vec![(256, 64), (48, 64)],
            own: Some(64),
            default: Some("64\n".to_owned()),
        },
        va: vec![(47, Some(true)), (48, Some(true)), (52, Some(false))],
        criu: Answer::Said {
            path: PathBuf::from("/usr/sbin/criu"),
            text: "Version: 4.2.1\n".to_owned(),
        },
        probe: None,
    }
}

/// The text of a note with these words.
fn note<'a>(captured: &'a Captured, words: &str) -> &'a str {
    captured
        .notes
        .iter()
        .map(|note| note.message.as_str())
        .find(|message| message.contains(words))
        .unwrap_or_else(|| panic!("no note has {words:?}: {:?}", captured.notes))
}

#[test]
fn every_answer_finds_its_place() {
    let captured = profile(&machine(), None);
    assert_eq!(captured.notes, []);
    let profile = captured.profile;
    assert_eq!(profile.name, "rack-7");
    assert_eq!(profile.basis, Some(Basis::Captured));
    // A word the kernel does not write has no bits.
    assert_eq!(
        profile.hwcaps.words,
        [Some(0xc040_0800), Some(0x80_0000), Some(3), Some(0)]
    );
    let lengths = profile.sve.as_ref().unwrap();
    assert_eq!(
        (lengths.lengths.as_slice(), lengths.default),
        (&[Vl(16), Vl(32)][..], Some(Vl(32)))
    );
    let lengths = profile.sme.as_ref().unwrap();
    assert_eq!(
        (lengths.lengths.as_slice(), lengths.default),
        (&[Vl(64)][..], Some(Vl(64)))
    );
    assert_eq!(
        (profile.page_size, profile.va_bits, profile.minsigstksz),
        (Some(4096), Some(48), Some(10016))
    );
    assert_eq!(profile.kernel, Some(Version::new(7, 3, 4)));
    assert_eq!(profile.criu, Some(Version::new(4, 2, 1)));
    assert_eq!(profile.pauth.address, Some(PacAlgorithm::Qarma5));
    assert_eq!(profile.pauth.level, Some(5));
    assert_eq!(profile.registers["DCZID_EL0"], 4);
    assert!(profile.sigreturn.is_empty() && profile.auxv_bytes.is_none());
    for (key, words) in [
        ("hwcap.hwcap4", "writes no AT_HWCAP4"),
        ("sve.default", "/proc/sys/abi/sve_default_vector_length"),
        ("pauth", "ID_AA64ISAR1_EL1"),
        ("kernel", "7.3.4+deb13-cloud-arm64"),
        ("criu", "/usr/sbin/criu --version"),
    ] {
        assert!(profile.origins[key].contains(words), "{key}");
    }
    // It reads back as it is, so every origin names a value that is there.
    assert_eq!(reread(&profile, "cpu.json").unwrap(), profile);
}

#[test]
fn a_name_may_be_given_and_a_machine_without_one_gets_one() {
    assert_eq!(profile(&machine(), Some("box")).profile.name, "box");
    for node in ["", "(none)"] {
        let raw = Raw {
            node: node.to_owned(),
            ..machine()
        };
        assert_eq!(profile(&raw, None).profile.name, "captured");
    }
}

#[test]
fn what_was_not_answered_is_unknown_and_said() {
    let raw = Raw {
        auxv: vec![16, 1 << 22, 6, 1024, 0, 0],
        release: "weird".to_owned(),
        registers: BTreeMap::new(),
        va: Vec::new(),
        sve: Vectors::default(),
        criu: Answer::Absent,
        refused: vec!["CTR_EL0".to_owned()],
        ..machine()
    };
    let captured = profile(&raw, None);
    let profile = &captured.profile;
    assert_eq!(
        (profile.page_size, profile.minsigstksz, profile.va_bits),
        (None, None, None)
    );
    assert_eq!(
        (profile.kernel, profile.criu, profile.sve.is_none()),
        (None, None, true)
    );
    for words in [
        "AT_PAGESZ is 1024",
        "no AT_MINSIGSTKSZ",
        "`va_bits` is left unknown",
        "calls itself \"weird\"",
        "no criu in PATH",
        "SVE vector lengths",
        "HWCAP_CPUID is not set",
        "MRS of CTR_EL0",
    ] {
        note(&captured, words);
    }
    // SME is not said to be there, whatever prctl answered.
    assert_eq!(profile.sme.as_ref().unwrap().lengths, []);
    assert_eq!(reread(profile, "cpu.json").unwrap(), *profile);
}

#[test]
fn the_default_length_is_the_machines_and_not_this_process_s() {
    // An inherited length, with PR_SVE_VL_INHERIT.
    let mut raw = machine();
    raw.sve.own = Some(1 << 17 | 16);
    let captured = profile(&raw, None);
    assert_eq!(captured.profile.sve.as_ref().unwrap().default, Some(Vl(32)));
    assert!(note(&captured, "SVE vectors of 16 bytes").contains("default of 32"));
    // Without the file nobody knows the default: this process may have inherited its length.
    for text in [None, Some("48\n"), Some("x")] {
        raw.sve.default = text.map(str::to_owned);
        let captured = profile(&raw, None);
        assert_eq!(captured.profile.sve.as_ref().unwrap().default, None);
        assert!(!captured.profile.origins.contains_key("sve.default"));
        note(&captured, "`sve.default` is left unknown");
        assert!(reread(&captured.profile, "cpu.json").is_ok());
    }
}

#[test]
fn addresses_end_where_nothing_beyond_can_be_mapped() {
    let bits = |answers: &[Option<bool>]| {
        let raw = Raw {
            va: (47..).zip(answers.iter().copied()).collect(),
            ..machine()
        };
        profile(&raw, None).profile.va_bits
    };
    let (yes, no) = (Some(true), Some(false));
    assert_eq!(bits(&[yes, yes, no, no]), Some(48));
    assert_eq!(bits(&[yes, yes, yes]), Some(49));
    // Nothing at all; a hole; something else in the way, which could hide that more bits are there.
    for answers in [
        &[][..],
        &[no, no],
        &[no, yes],
        &[yes, no, yes],
        &[yes, yes, None],
        &[None, no],
    ] {
        assert_eq!(bits(answers), None, "{answers:?}");
    }
}

#[test]
fn lengths_are_asked_for_downwards() {
    // As Linux answers: the longest that is not longer; of SME the shortest, where all are longer.
    let ask = |have: &[u16]| {
        let mut set = Vec::new();
        let mut asked = Some(vectors::LONGEST);
        while let Some(length) = asked {
            let fitting = have.iter().copied().filter(|vl| *vl <= length).max();
            let got = fitting.unwrap_or_else(|| *have.iter().min().unwrap());
            set.push((length, got));
            asked = vectors::next(length, got);
        }
        assert!(set.len() <= 17, "{set:?}");
        vectors::lengths(&set).unwrap()
    };
    for have in [
        &[16][..],
        &[16, 32],
        &[16, 32, 64, 256],
        &[64],
        &[32, 128],
        &[256],
    ] {
        let expected: Vec<Vl> = have.iter().map(|vl| Vl(*vl)).collect();
        assert_eq!(ask(have), expected);
    }
    assert_eq!(vectors::lengths(&[]), None);
    assert_eq!(vectors::lengths(&[(256, 0)]), None);
    assert_eq!(vectors::lengths(&[(256, 24)]), None);
}

#[test]
fn an_answer_that_contradicts_another_is_kept_for_its_reader() {
    let mut raw = machine();
    // Two algorithms at once.
    raw.registers.insert("ID_AA64ISAR2_EL1".to_owned(), 0x5000);
    let captured = profile(&raw, None);
    let error = reread(&captured.profile, "cpu.json")
        .unwrap_err()
        .to_string();
    assert!(
        error.starts_with("cpu.json:") && error.contains("both set"),
        "{error}"
    );
}

#[test]
fn a_probe_that_failed_leaves_its_facts_unknown() {
    let mut raw = machine();
    raw.probe = Some(Probe {
        frames: Err("no signal came".to_owned()),
        auxv: AuxvAnswer::Failed("no file".to_owned()),
    });
    let captured = profile(&raw, None);
    note(&captured, "no file: `auxv_bytes` is left unknown");
    note(&captured, "no signal came: `sigreturn` is left unknown");
    raw.probe = Some(Probe {
        frames: Ok(Vec::new()),
        auxv: AuxvAnswer::Tried(vec![(16, 0), (32, 0), (48, 22)]),
    });
    let captured = profile(&raw, None);
    note(&captured, "no frame was tried whose answer is known");
    assert_eq!(captured.profile.auxv_bytes, Some(32));
    assert!(captured.profile.origins.contains_key("auxv_bytes"));
}
