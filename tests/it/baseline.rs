//! The algebra of profiles: what several machines have in common, and what follows for images.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "helpers of tests may fail by panicking"
)]

use std::collections::hash_map::DefaultHasher;
use std::hash::{Hash, Hasher};
use std::path::Path;

use hwcr::auxv::hwcap::{self, BITS, HwcapWord};
use hwcr::criu_image;
use hwcr::facts::{self, Facts};
use hwcr::finding::{Finding, Severity, Verdict};
use hwcr::profile::model::{Basis, Observed, PacAlgorithm, Pauth, Profile, Source, VectorLengths};
use hwcr::profile::schema::{load, promise};
use hwcr::profile::{NoBaseline, baseline, builtin, to_json};
use hwcr::rule::{self, Case};
use hwcr::rule_id::{Family, RuleId};
use hwcr::units::{Version, Vl};
use proptest::prelude::*;

const SOURCE: Source = Source::BuiltIn;

fn builtin(name: &str) -> Profile {
    hwcr::profile::resolve(name).unwrap()
}

fn base(profiles: &[Profile]) -> Profile {
    baseline("fleet", profiles, &SOURCE).unwrap()
}

fn read_again(profile: &Profile) -> Profile {
    let text = to_json(profile);
    load::parse(text.as_bytes(), "x.json", SOURCE).unwrap_or_else(|error| panic!("{error}\n{text}"))
}

/// A machine like one of those that hwcr carries, with less of it, and less known of it.
fn machine() -> impl Strategy<Value = Profile> {
    let word = || {
        prop_oneof![
            6 => Just(Some(u64::MAX)),
            3 => any::<u64>().prop_map(|mask| Some(mask | 0x3)),
            1 => Just(None),
        ]
    };
    let names: Vec<&'static str> = builtin::names().collect();
    let version = |versions: &'static [(u16, u16)]| {
        prop_oneof![
            2 => Just(None),
            6 => proptest::sample::select(versions).prop_map(Some),
        ]
    };
    let sometimes = || prop_oneof![5 => Just(true), 1 => Just(false)];
    (
        proptest::sample::select(names),
        [word(), word(), word()],
        (
            version(&[(5, 10), (6, 1), (6, 12), (6, 17), (7, 3), (8, 0)]),
            version(&[(3, 17), (4, 0), (4, 1), (4, 2)]),
        ),
        [
            sometimes(),
            sometimes(),
            sometimes(),
            sometimes(),
            sometimes(),
        ],
        (any::<bool>(), any::<bool>(), any::<bool>()),
        proptest::option::of(proptest::sample::select(&[368_u64, 400, 432][..])),
        proptest::collection::btree_map(
            proptest::sample::select(&["SVE", "ZA", "FPMR"][..]).prop_map(str::to_owned),
            prop_oneof![Just(Observed::Accepted), Just(Observed::Rejected)],
            0..2,
        ),
    )
        .prop_map(
            |(name, masks, (kernel, criu), keep, (shift, page, va), auxv, sigreturn)| {
                let mut machine = builtin(name);
                for (word, mask) in HwcapWord::ALL.into_iter().zip(masks) {
                    let value = machine.hwcaps.word(word).zip(mask);
                    machine
                        .hwcaps
                        .set_word(word, value.map(|(value, mask)| value & mask));
                }
                if machine.hwcaps.words.iter().all(Option::is_none) {
                    // A profile must know one.
                    machine.hwcaps.set_word(HwcapWord::Hwcap, Some(0x3));
                }
                let none = Some(VectorLengths {
                    lengths: Vec::new(),
                    default: None,
                });
                for (bit, vectors) in [
                    (hwcap::SVE, &mut machine.sve),
                    (hwcap::SME, &mut machine.sme),
                ] {
                    if machine.hwcaps.has(bit) == Some(false) {
                        vectors.clone_from(&none);
                    }
                }
                if shift && let Some(sve) = machine.sve.as_mut() {
                    sve.default = sve.lengths.last().copied();
                }
                if machine.hwcaps.has(hwcap::PACA) == Some(false) {
                    machine.pauth.address = Some(PacAlgorithm::None);
                    machine.pauth.level = Some(0);
                }
                if machine.hwcaps.has(hwcap::PACG) == Some(false) {
                    machine.pauth.generic = Some(PacAlgorithm::None);
                }
                let whole = masks.iter().all(|mask| *mask == Some(u64::MAX));
                if !whole || !keep[0] {
                    machine.registers.clear();
                }
                if !keep[1] {
                    machine.sve = None;
                    machine.sme = None;
                }
                if !keep[2] {
                    machine.pauth = Pauth::default();
                    machine.registers.clear();
                }
                machine.minsigstksz = machine.minsigstksz.filter(|_| keep[3]);
                machine.page_size = Some(if page { 4096 } else { 65536 }).filter(|_| keep[4]);
                machine.va_bits = Some(if va { 48 } else { 52 }).filter(|_| keep[3]);
                machine.kernel = kernel.map(|(major, minor)| Version::new(major, minor, 0));
                machine.criu = criu.map(|(major, minor)| Version::new(major, minor, 0));
                machine.auxv_bytes = auxv;
                machine.sigreturn = sigreturn;
                machine.origin = None;
                // They name values that may be gone.
                machine.origins.clear();
                // A name means one machine.
                let mut hasher = DefaultHasher::new();
                to_json(&machine).hash(&mut hasher);
                machine.name = format!("{name}-{:x}", hasher.finish());
                read_again(&machine)
            },
        )
}

fn machines(most: usize) -> impl Strategy<Value = Vec<Profile>> {
    proptest::collection::vec(machine(), 1..=most)
}

fn promises_no_more(flat: &Profile, member: &Profile) {
    let excesses = promise::excesses(flat, member);
    assert!(
        excesses.is_empty(),
        "{excesses:?}\n{}{}",
        to_json(flat),
        to_json(member)
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn order_grouping_and_repetition_do_not_matter(
        one in machines(3),
        other in machines(3),
        third in machines(3),
    ) {
        let all: Vec<Profile> = [&one[..], &other, &third].concat();
        let whole = to_json(&base(&all));
        let mut backwards = all.clone();
        backwards.reverse();
        prop_assert_eq!(&to_json(&base(&backwards)), &whole, "commutative");
        let left = base(&[base(&[base(&one), base(&other)]), base(&third)]);
        let right = base(&[base(&one), base(&[base(&other), base(&third)])]);
        prop_assert_eq!(&to_json(&left), &whole, "associative");
        prop_assert_eq!(&to_json(&right), &whole, "associative");
        let again = base(&[left.clone(), left, right]);
        prop_assert_eq!(&to_json(&again), &whole, "idempotent");
    }

    #[test]
    fn a_baseline_promises_no_more_than_any_member_and_reads_again(all in machines(4), more in machines(2)) {
        let whole = base(&all);
        for member in &all {
            promises_no_more(&whole, member);
        }
        prop_assert_eq!(read_again(&whole), whole.clone());
        // With more machines it promises no more than with fewer.
        promises_no_more(&base(&[whole.clone(), base(&more)]), &whole);
    }

    #[test]
    fn a_single_machine_keeps_its_values(machine in machine()) {
        let whole = base(std::slice::from_ref(&machine));
        promises_no_more(&machine, &whole);
    }
}

/// What a rule says of one machine, without the words that name it.
fn said(findings: &[Finding], member: Option<&str>) -> Vec<String> {
    let mut said: Vec<String> = findings
        .iter()
        .filter(|finding| {
            member.is_none_or(|member| finding.members.iter().any(|name| name == member))
        })
        .map(|finding| {
            format!(
                "{} {:?} {:?} {:?} {:?} {:?} {:?} {:?} {:?}",
                finding.rule.id,
                finding.severity,
                finding.pid(),
                finding.tid(),
                finding.address(),
                finding.place,
                finding.features,
                finding.need,
                finding.have
            )
        })
        .collect();
    said.sort();
    said
}

fn images() -> Vec<String> {
    let mut names: Vec<String> = std::fs::read_dir("tests/fixtures/images")
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

fn with_facts(image: &str, test: impl FnOnce(&Facts<'_>)) {
    let path = Path::new("tests/fixtures/images").join(image);
    let checkpoint = criu_image::load(&path).unwrap();
    test(&facts::collect(&checkpoint, facts::Search::Auto));
}

fn judge(facts: &Facts<'_>, target: &Profile, source: Option<&Profile>) -> rule::Judgement {
    rule::judge(
        &Case {
            facts,
            target,
            source,
        },
        &[],
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    /// So what is compatible with a baseline is compatible with each member, and the other way round.
    #[test]
    fn the_verdict_on_a_baseline_is_the_worst_of_its_members(
        image in proptest::sample::select(images()),
        all in machines(4),
        source in proptest::option::of(machine()),
    ) {
        let whole = base(&all);
        with_facts(&image, |facts| {
            let joined = judge(facts, &whole, source.as_ref());
            let mut worst = Verdict::Compatible;
            for (member, judged) in whole.members.iter().zip(&joined.members) {
                let alone = judge(facts, member, source.as_ref());
                assert_eq!(judged.name, member.name);
                assert_eq!(judged.verdict, alone.verdict);
                assert_eq!(said(&joined.findings, Some(&member.name)), said(&alone.findings, None));
                worst = worst.max(alone.verdict);
            }
            assert_eq!(joined.members.len(), whole.members.len());
            assert_eq!(joined.verdict, worst);
        });
    }

    /// HWCR-HWC-005 is no feature's: it guesses the block size of DC ZVA by what a machine looks like.
    #[test]
    fn a_feature_more_adds_no_finding_about_features(
        image in proptest::sample::select(images()),
        machine in machine(),
        bit in proptest::sample::select(BITS),
    ) {
        let mut more = machine.clone();
        let word = machine.hwcaps.word(bit.word);
        more.hwcaps.set_word(bit.word, word.map(|word| word | bit.mask()));
        with_facts(&image, |facts| {
            let told = |target: &Profile| -> Vec<(&'static str, Severity, Vec<String>)> {
                judge(facts, target, None)
                    .findings
                    .into_iter()
                    .filter(|finding| finding.rule.id.family() == Family::Hwc)
                    .filter(|finding| finding.rule.id != RuleId::Hwc005)
                    .map(|finding| (finding.rule.id.as_str(), finding.severity, finding.features))
                    .collect()
            };
            let before = told(&machine);
            for (rule, severity, features) in told(&more) {
                assert!(
                    before.iter().any(|(id, weight, of)| {
                        *id == rule && *weight == severity && features.iter().all(|f| of.contains(f))
                    }),
                    "{} adds {rule} {severity:?} {features:?}",
                    bit.name
                );
            }
        });
    }
}

#[test]
fn of_features_and_lengths_those_that_all_have_remain() {
    let common = base(&[builtin("a64fx"), builtin("neoverse-v1"), builtin("max")]);
    assert_eq!(common.basis, Some(Basis::Baseline));
    let a64fx = builtin("a64fx").hwcaps.word(HwcapWord::Hwcap).unwrap();
    let v1 = builtin("neoverse-v1")
        .hwcaps
        .word(HwcapWord::Hwcap)
        .unwrap();
    let max = builtin("max").hwcaps.word(HwcapWord::Hwcap).unwrap();
    assert_eq!(common.hwcaps.word(HwcapWord::Hwcap), Some(a64fx & v1 & max));
    assert_eq!(common.sve.unwrap().lengths, [Vl(16), Vl(32)]);
    assert_eq!(common.pauth.address, Some(PacAlgorithm::None));
    assert!(common.sme.unwrap().lengths.is_empty());
    let names: Vec<&str> = common
        .members
        .iter()
        .map(|member| member.name.as_str())
        .collect();
    assert_eq!(names, ["a64fx", "max", "neoverse-v1"]);
}

#[test]
fn what_differs_is_unknown_and_limits_are_the_lowest() {
    let mut one = builtin("neoverse-v1");
    let mut other = builtin("max-qarma3");
    assert_ne!(one.pauth.address, other.pauth.address);
    one.kernel = Some(Version::new(6, 12, 0));
    one.minsigstksz = Some(10_000);
    other.criu = Some(Version::new(4, 1, 0));
    other.page_size = Some(65536);
    let common = base(&[one, other]);
    assert_eq!(common.pauth.address, None);
    assert_eq!(common.kernel, Some(Version::new(6, 12, 0)));
    assert_eq!(common.criu, Some(Version::new(4, 1, 0)));
    assert_eq!(common.va_bits, Some(48));
    assert_eq!((common.page_size, common.auxv_bytes), (None, None));
    assert!(common.minsigstksz >= Some(10_000));
    assert!(!common.registers.contains_key("MIDR_EL1"));
}

#[test]
fn unknown_absorbs_unless_there_is_nothing_on_another_machine() {
    let mut blank = Profile::unknown("blank", SOURCE);
    blank.hwcaps.set_word(HwcapWord::Hwcap, Some(0x3));
    blank.hwcaps.set_word(HwcapWord::Hwcap2, None);
    let blank = read_again(&blank);
    let common = base(&[builtin("neoverse-v1"), blank]);
    assert_eq!(common.hwcaps.word(HwcapWord::Hwcap), Some(0x3));
    assert_eq!(common.hwcaps.word(HwcapWord::Hwcap2), None);
    // AT_HWCAP3 of the Neoverse is 0: there is nothing in common, whatever the other has.
    assert_eq!(common.hwcaps.word(HwcapWord::Hwcap3), Some(0));
    assert!(common.sve.unwrap().lengths.is_empty());
    assert!(common.sme.unwrap().lengths.is_empty());
    assert_eq!((common.kernel, common.va_bits), (None, None));
}

#[test]
fn machines_with_no_word_known_of_both_have_a_baseline() {
    let mut one = builtin("max");
    one.hwcaps.words = [Some(0x3), None, None, None];
    let mut other = builtin("neoverse-v1");
    other.hwcaps.words = [None, Some(0x2000), None, None];
    for machine in [&mut one, &mut other] {
        machine.registers.clear();
        machine.pauth = Pauth::default();
        (machine.sve, machine.sme) = (None, None);
    }
    let common = base(&[read_again(&one), read_again(&other)]);
    assert_eq!(common.hwcaps.words, [None; 4]);
    assert_eq!(read_again(&common), common);
}

#[test]
fn a_limit_that_was_measured_outranks_the_kernels() {
    let mut measured = builtin("neoverse-v1");
    measured.auxv_bytes = Some(368);
    let common = base(&[builtin("max"), measured]);
    assert_eq!(
        (common.auxv_limit(), common.auxv_bytes),
        (Some(368), Some(368))
    );
}

#[test]
fn a_name_means_one_machine() {
    let mut twin = builtin("max");
    twin.va_bits = Some(48);
    assert_eq!(
        baseline("x", &[builtin("max"), twin], &SOURCE),
        Err(NoBaseline::SameName("max".to_owned()))
    );
    assert_eq!(baseline("x", &[], &SOURCE), Err(NoBaseline::Empty));
}

#[test]
fn a_file_that_promises_more_than_a_member_keeps_is_refused() {
    let common = base(&[builtin("neoverse-n1"), builtin("neoverse-v1")]);
    let changed = |change: fn(&mut Profile)| {
        let mut common = common.clone();
        change(&mut common);
        let text = to_json(&common);
        load::parse(text.as_bytes(), "x.json", SOURCE).map_err(|error| error.to_string())
    };
    assert!(changed(|_| {}).is_ok());
    // To promise less is allowed.
    assert!(changed(|p| p.hwcaps.set_word(HwcapWord::Hwcap, Some(0))).is_ok());
    assert!(changed(|p| p.kernel = None).is_ok());
    type Lie = (fn(&mut Profile), &'static str);
    let lies: [Lie; 8] = [
        (
            |p| p.hwcaps.set_word(HwcapWord::Hwcap2, Some(1 << 13)),
            "`hwcap.hwcap2` contradicts the rest: it says 0x2000, with i8mm, but the member \"neoverse-n1\" says 0x0",
        ),
        (
            |p| p.kernel = Some(Version::new(8, 0, 0)),
            "`kernel` contradicts the rest: it says 8.0, but the member \"neoverse-n1\" says 7.3.4",
        ),
        (
            |p| p.criu = Some(Version::new(9, 0, 0)),
            "`criu` contradicts",
        ),
        (
            |p| p.auxv_bytes = Some(4096),
            "`auxv_bytes` contradicts the rest: it says 4096, but the member \"neoverse-n1\" says 432",
        ),
        (|p| p.va_bits = Some(52), "`va_bits` contradicts"),
        (|p| p.page_size = Some(65536), "`page_size` contradicts"),
        (
            |p| {
                p.sigreturn.insert("SVE".to_owned(), Observed::Accepted);
            },
            "`sigreturn.SVE` contradicts the rest: it says accepted, but the member \"neoverse-n1\" says nothing",
        ),
        (
            |p| {
                p.registers.insert("MIDR_EL1".to_owned(), 1);
            },
            "`registers.MIDR_EL1` contradicts",
        ),
    ];
    for (change, words) in lies {
        let message = changed(change).unwrap_err();
        assert!(message.contains(words), "{message}\nlacks {words}");
        // The place is that of the value.
        assert!(!message.starts_with("x.json:1:1:"), "{message}");
    }
    let no_members = changed(|p| p.members.clear()).unwrap_err();
    assert!(no_members.contains("`members` is missing"), "{no_members}");
    let twins = changed(|p| p.members[1].name = "neoverse-n1".to_owned()).unwrap_err();
    assert!(twins.contains("a second \"neoverse-n1\""), "{twins}");
}
