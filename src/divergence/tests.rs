#![allow(clippy::indexing_slicing, clippy::arithmetic_side_effects)]

use crate::abi::record::RecordKind;
use crate::auxv::hwcap::{BITS, BitUse, HwcapBit, HwcapWord};
use crate::profile::model::{Basis, Observed, Profile};
use crate::profile::{builtin, resolve};
use crate::sigreturn::{Answer, Reason};
use crate::units::Version;

use super::doubt;
use super::{difference, effect, frames, registers};

fn machine(name: &str) -> Profile {
    resolve(name).unwrap()
}

fn bit(name: &str) -> &'static HwcapBit {
    HwcapBit::by_cpuinfo_name(name).unwrap()
}

#[test]
fn effects_name_features_that_exist() {
    for effect in effect::EFFECTS {
        bit(effect.feature);
    }
    for row in BITS.iter().filter(|row| row.use_ == BitUse::Kernel) {
        assert!(effect::special(row).is_some(), "{}", row.name);
    }
}

/// The fields that doubts are drawn from are read out of the table: a form that is not understood would
/// silently be none.
#[test]
fn every_bit_that_follows_from_one_field_has_it() {
    let unread: Vec<&str> = BITS
        .iter()
        .filter(|row| row.field().is_none())
        .map(|row| row.cpuinfo)
        .collect();
    assert_eq!(unread, ["evtstrm", "cpuid", "paca", "pacg"]);
}

#[test]
fn machines_that_were_measured_leave_no_doubt_but_what_is_unknown() {
    for name in builtin::names() {
        let machine = machine(name);
        if machine.basis != Some(Basis::Emulated) {
            continue;
        }
        let doubts: Vec<_> = doubt::about(&machine)
            .into_iter()
            .filter(|doubt| !doubt.what.starts_with("unknown: "))
            .collect();
        assert!(doubts.is_empty(), "{name}: {doubts:?}");
    }
}

#[test]
fn what_does_not_fit_together_is_doubtful() {
    type Case = (fn(&mut Profile), &'static str, &'static str);
    let cases: [Case; 9] = [
        (
            |p| p.kernel = Some(Version::new(5, 4, 0)),
            "kernel",
            "mainline 5.4 does not tell programs of svei8mm",
        ),
        (
            |p| {
                p.registers.insert("ID_AA64ZFR0_EL1".to_owned(), 0);
            },
            "registers",
            "do not show svei8mm, svebf16",
        ),
        (
            |p| p.basis = Some(Basis::Captured),
            "basis",
            "it says captured, and `origin` begins with emulated",
        ),
        (
            |p| {
                p.kernel = Some(Version::new(6, 1, 0));
                p.sigreturn.insert("POE".to_owned(), Observed::Accepted);
            },
            "sigreturn.POE",
            "mainline 6.1 does not know it (since 6.12)",
        ),
        (
            |p| {
                p.sigreturn.insert("FPSIMD".to_owned(), Observed::Rejected);
            },
            "sigreturn.FPSIMD",
            "no signal handler can return",
        ),
        (
            |p| p.kernel = Some(Version::new(9, 0, 0)),
            "kernel",
            "9.0 is newer than the tables of hwcr, which end with 7.3",
        ),
        (
            |p| p.auxv_bytes = Some(368),
            "auxv_bytes",
            "it says 368, and mainline 7.3.4 takes 432",
        ),
        (
            |p| p.criu = Some(Version::new(4, 0, 0)),
            "criu",
            "CRIU 4.0 cannot restore on kernel 7.3.4: from 6.11 on the arm64 vDSO has a GNU hash table only",
        ),
        (|p| p.va_bits = None, "va_bits", "unknown: whether"),
    ];
    for (change, key, words) in cases {
        let mut machine = machine("neoverse-v1");
        change(&mut machine);
        let doubts = doubt::about(&machine);
        assert!(
            doubts
                .iter()
                .any(|doubt| doubt.key == key && doubt.what.contains(words)),
            "{key} {words}: {doubts:?}"
        );
    }
}

#[test]
fn doubts_about_members_name_them() {
    let mut one = machine("neoverse-v1");
    one.va_bits = None;
    let mut fleet = machine("neoverse-n1");
    fleet.members = vec![machine("neoverse-n1"), one];
    let doubts = doubt::about(&fleet);
    assert!(
        doubts.iter().any(|doubt| doubt.key == "members[1].va_bits"
            && doubt.what.starts_with("neoverse-v1: unknown: ")),
        "{doubts:?}"
    );
}

#[test]
fn there_is_an_answer_to_every_record() {
    for name in builtin::names() {
        let machine = machine(name);
        if machine.basis != Some(Basis::Emulated) {
            continue; // not all is known of it
        }
        let told = frames::answers(&machine);
        for kind in RecordKind::ALL {
            let record = kind.name();
            assert!(told.iter().any(|told| told.record == record), "{name}");
        }
        let has = |feature| machine.hwcaps.has(bit(feature)) == Some(true);
        let of = |record: &str| {
            let told = told.iter().find(|told| told.record == record).unwrap();
            told.answer == Answer::Accepted
        };
        assert!(of("FPSIMD") && of("ESR") && of("EXTRA"), "{name}");
        // The first sample of a kind with lengths is that of the default.
        assert_eq!(of("SVE"), has("sve"), "{name}");
        let knows =
            |version: (u16, u16)| machine.kernel >= Some(Version::new(version.0, version.1, 0));
        assert_eq!(of("ZA"), has("sme"), "{name}");
        assert_eq!(of("TPIDR2"), has("sme") && knows((6, 3)), "{name}");
        assert_eq!(of("ZT"), has("sme2") && knows((6, 3)), "{name}");
        assert_eq!(of("FPMR"), has("fpmr"), "{name}");
    }
}

#[test]
fn another_length_than_the_default_is_refused() {
    let told = frames::answers(&machine("neoverse-v1"));
    let other = told
        .iter()
        .find(|told| told.detail == "vl 16, or any other")
        .unwrap();
    assert!(matches!(
        other.answer,
        Answer::Rejected(Reason::VectorLength { .. })
    ));
    assert_eq!(
        other.why,
        "a task restored on neoverse-v1 has vl 32 unless it is started with another"
    );
}

#[test]
fn a_feature_does_not_show_that_the_kernel_knows_the_record() {
    let mut machine = machine("max");
    machine.kernel = None;
    let tpidr2 = |machine: &Profile| {
        let told = frames::answers(machine);
        told.into_iter()
            .find(|told| told.record == "TPIDR2")
            .unwrap()
            .answer
    };
    assert_eq!(
        tpidr2(&machine),
        Answer::Unsure(Reason::ProfileLacks("kernel"))
    );
    machine
        .sigreturn
        .insert("TPIDR2".to_owned(), Observed::Accepted);
    assert_eq!(tpidr2(&machine), Answer::Accepted);
}

#[test]
fn a_machine_does_not_differ_from_itself() {
    for name in builtin::names() {
        assert_eq!(
            difference::between(&machine(name), &machine(name)),
            difference::Difference::default(),
            "{name}"
        );
    }
}

#[test]
fn the_way_back_is_the_difference_the_other_way_round() {
    for (one, other) in [
        ("neoverse-n1", "neoverse-v1"),
        ("max", "a64fx"),
        ("max@6.1", "max"),
        ("max-qarma3", "max-qarma5"),
    ] {
        let (one, other) = (machine(one), machine(other));
        let there = difference::between(&one, &other);
        let back = difference::between(&other, &one);
        assert_eq!(there.features.len(), back.features.len());
        for (a, b) in there.features.iter().zip(&back.features) {
            assert_eq!((a.bit, a.there(), a.back()), (b.bit, b.back(), b.there()));
        }
        assert_eq!(there.values.len(), back.values.len());
        for (a, b) in there.values.iter().zip(&back.values) {
            assert_eq!((&a.key, &a.there, &a.back), (&b.key, &b.back, &b.there));
            assert_eq!((&a.first, &a.second), (&b.second, &b.first));
        }
        for (a, b) in there.frames.iter().zip(&back.frames) {
            assert_eq!(a.answers[0], b.answers[1]);
        }
    }
}

#[test]
fn differences_say_what_they_mean() {
    let value = |one: &Profile, other: &Profile, key: &str| {
        let difference = difference::between(one, other);
        difference
            .values
            .into_iter()
            .find(|value| value.key == key)
            .unwrap_or_else(|| panic!("{key} does not differ"))
    };
    let (v1, a64fx) = (machine("neoverse-v1"), machine("a64fx"));
    let lengths = value(&v1, &a64fx, "sve.vector_lengths");
    assert_eq!(
        (lengths.first.as_str(), lengths.second.as_str()),
        ("16, 32", "16, 32, 64")
    );
    assert_eq!(
        (lengths.there.as_str(), lengths.back.as_str()),
        ("", "no task can run with 64 there")
    );
    let zva = value(&v1, &a64fx, "registers.DCZID_EL0");
    assert_eq!(zva.second, "DC ZVA: 256 bytes");
    let kernel = value(&machine("max"), &machine("max@6.1"), "kernel");
    assert!(
        kernel.there.contains("MADV_GUARD_INSTALL") && kernel.there.contains("rseq"),
        "{}",
        kernel.there
    );
    let mut unsaid = v1.clone();
    unsaid.page_size = None;
    let page = value(&v1, &unsaid, "page_size");
    assert_eq!(
        (page.second.as_str(), page.there.as_str()),
        ("unknown", "open: whether the mappings can be restored")
    );
    let mut nameless = v1.clone();
    nameless.hwcaps.set_word(HwcapWord::Hwcap4, Some(2));
    let word = value(&nameless, &v1, "hwcap.hwcap4");
    assert_eq!(word.there, "bits without a name are missing: 0x2");
    assert_eq!(word.back, "");
}

#[test]
fn registers_are_read_where_they_are_used() {
    let v1 = machine("neoverse-v1");
    let decoded = |name: &str| registers::decoded(name, v1.registers[name]);
    assert_eq!(
        decoded("MIDR_EL1").as_deref(),
        Some("implementer 0x41 (Arm), part 0xd40 (Neoverse-V1), r1p2")
    );
    assert_eq!(
        decoded("ID_AA64ISAR1_EL1").as_deref(),
        Some("API 3 (impdef), GPI 1 (impdef)")
    );
    assert_eq!(
        decoded("ID_AA64ISAR2_EL1").as_deref(),
        Some("APA3, GPA3 are 0")
    );
    assert_eq!(decoded("ID_AA64PFR0_EL1"), None);
}
