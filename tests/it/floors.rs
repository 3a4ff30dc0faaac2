//! What a restore asks of kernels and of CRIU: for every row of the table an image that asks for it, a target
//! just below the floor and one at it.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "helpers of tests may fail by panicking"
)]

#[path = "support/asking.rs"]
mod asking;
#[path = "support/asking_memory.rs"]
mod asking_memory;
#[path = "support/asking_objects.rs"]
mod asking_objects;

use std::collections::BTreeSet;
use std::path::Path;

use hwcr::abi::ask::Ask;
use hwcr::abi::restore::{self, Below, CONDITIONS, Evidence, PAIRS, Row};
use hwcr::criu_image::model::Checkpoint;
use hwcr::facts;
use hwcr::finding::{Finding, Severity, Verdict};
use hwcr::profile::model::Profile;
use hwcr::rule::{self, Case};
use hwcr::rule_id::{Family, RuleId};
use hwcr::units::Version;

use asking::Image;

/// An ask, and the edit that makes an image ask for it.
type Asking = (Ask, fn(&mut Image));

/// Every ask with an image that has it.
fn askings() -> impl Iterator<Item = &'static Asking> {
    asking_memory::ASKING.iter().chain(asking_objects::ASKING)
}

fn image(ask: Ask) -> Checkpoint {
    let (_, edit) = askings()
        .find(|(of, _)| *of == ask)
        .unwrap_or_else(|| panic!("no image asks for {}", ask.name()));
    let mut image = Image::quiet();
    edit(&mut image);
    image.load()
}

/// The version before: no release of any series lies between.
fn below(version: Version) -> Version {
    match (version.minor.checked_sub(1), version.patch.checked_sub(1)) {
        (_, Some(patch)) => Version::new(version.major, version.minor, patch),
        (Some(minor), None) => Version::new(version.major, minor, u16::MAX),
        (None, None) => Version::new(version.major - 1, u16::MAX, u16::MAX),
    }
}

/// A target that takes everything the quiet image asks for.
fn target() -> Profile {
    let mut target = hwcr::profile::resolve("cortex-a57").unwrap();
    target.criu = Some(Version::new(4, 3, 0));
    // It shows nothing by which its kernel could be told from mainline's of any number.
    target.hwcaps.words = [Some(0b11), Some(0), Some(0), Some(0)];
    target.sigreturn.clear();
    target.auxv_bytes = None;
    target
}

fn judge(checkpoint: &Checkpoint, target: &Profile) -> Vec<Finding> {
    let facts = facts::collect(checkpoint, facts::Search::Auto);
    let case = Case {
        facts: &facts,
        target,
        source: None,
    };
    rule::judge(&case, &[]).findings
}

/// What a rule says of a row: where the table's own rules judge it, what names it; else all.
fn of<'a>(findings: &'a [Finding], rule: RuleId, row: &Row) -> Vec<&'a Finding> {
    let own = [restore::KERNEL_RULE, restore::CRIU_RULE].contains(&rule);
    findings
        .iter()
        .filter(|finding| finding.rule.id == rule)
        .filter(|finding| !own || finding.message.contains(row.what))
        .collect()
}

fn weight(below: Below, proven: bool) -> Option<Severity> {
    match below {
        Below::Breaks if proven => Some(Severity::Blocker),
        Below::Breaks | Below::Loses => Some(Severity::Unproven),
        Below::Differs => Some(Severity::Note),
        Below::Ignores => None,
    }
}

/// Whether a finding of this weight keeps an image from being called compatible.
fn doubts(severity: Option<Severity>) -> bool {
    matches!(severity, Some(Severity::Blocker | Severity::Unproven))
}

#[test]
fn every_ask_has_one_row_and_one_image() {
    for ask in Ask::ALL {
        let rows = restore::rows().filter(|row| row.ask == *ask).count();
        assert_eq!(rows, 1, "rows of {}", ask.name());
        let images = askings().filter(|(of, _)| of == ask).count();
        assert_eq!(images, 1, "images that ask for {}", ask.name());
    }
    let whats: BTreeSet<&str> = restore::rows().map(|row| row.what).collect();
    assert_eq!(whats.len(), Ask::ALL.len(), "two rows have the same words");
    let names: BTreeSet<&str> = Ask::ALL.iter().map(|ask| ask.name()).collect();
    assert_eq!(names.len(), Ask::ALL.len(), "two asks have the same name");
}

#[test]
fn every_row_says_what_was_read() {
    for row in restore::rows() {
        let name = row.ask.name();
        assert!(!row.sources.is_empty(), "{name} cites nothing");
        assert!(
            !row.what.is_empty() && !row.call.is_empty() && !row.site.is_empty(),
            "{name}"
        );
        let floors = [
            row.kernel.as_ref().map(|floor| (floor.rule, floor.says)),
            row.criu.as_ref().map(|floor| (floor.rule, floor.says)),
        ];
        for (rule, says) in floors.into_iter().flatten() {
            assert!(
                !says.is_empty(),
                "{name} does not say what happens by {rule}"
            );
        }
    }
}

#[test]
fn images_show_what_they_ask_for() {
    for ask in Ask::ALL {
        let image = image(*ask);
        let facts = facts::collect(&image, facts::Search::Auto);
        let asks: Vec<Ask> = facts.asks.iter().map(|asked| asked.ask).collect();
        assert!(
            asks.contains(ask),
            "{} was not found, but {asks:?}",
            ask.name()
        );
    }
    // Where a row has no rule to itself, a quiet image must be without it.
    let quiet = Image::quiet().load();
    let findings = judge(&quiet, &target());
    assert!(
        findings
            .iter()
            .all(|finding| finding.rule.id.family() != Family::Sys),
        "{findings:?}"
    );
}

#[test]
fn a_kernel_below_its_floor_is_found_and_one_at_it_is_not() {
    for row in restore::rows() {
        let Some(floor) = &row.kernel else { continue };
        let name = row.ask.name();
        let image = image(row.ask);
        let mut target = target();
        match floor.evidence {
            Evidence::AuxvBytes => target.auxv_bytes = None,
            Evidence::Record(record) => drop(target.sigreturn.remove(record)),
            Evidence::None | Evidence::Hwcap(_) => {}
        }
        let mut at = |kernel| {
            target.kernel = Some(kernel);
            judge(&image, &target)
        };
        let expected = weight(floor.below, floor.verified && floor.vendors.is_empty());
        // Where the series before has it as well, from a stable release on, the one before that.
        let newest_below = below(floor.since);
        let same_series = |stable: &&Version| {
            (stable.major, stable.minor) == (newest_below.major, newest_below.minor)
        };
        let stable = floor.stable.iter().find(same_series);
        let findings = at(stable.map_or(newest_below, |stable| below(*stable)));
        let found = of(&findings, floor.rule, row);
        assert_eq!(
            found.first().map(|finding| finding.severity),
            expected,
            "{name} below kernel {}: {found:?}",
            floor.since
        );
        for version in floor.stable.iter().chain([&floor.since]) {
            let findings = at(*version);
            let found = of(&findings, floor.rule, row);
            assert!(found.is_empty(), "{name} at kernel {version}: {found:?}");
        }
        for version in floor.stable {
            let findings = at(below(*version));
            let found = of(&findings, floor.rule, row);
            assert_eq!(
                !found.is_empty(),
                expected.is_some(),
                "{name} below {version}"
            );
        }
        // A profile that does not know its kernel leaves it open.
        if doubts(expected) && floor.since > restore::OLDEST_ASKED {
            target.kernel = None;
            assert!(
                judge(&image, &target).iter().any(|finding| {
                    finding.severity == Severity::Unproven
                        && finding.rule.id == RuleId::Prf001
                        && finding.need.as_deref() == Some("`kernel`")
                }),
                "{name}: no kernel, and nobody asks"
            );
        }
    }
}

#[test]
fn evidence_outranks_a_version() {
    for row in restore::rows() {
        let Some(floor) = &row.kernel else { continue };
        let image = image(row.ask);
        let mut target = target();
        target.kernel = Some(below(floor.since));
        match floor.evidence {
            Evidence::None => continue,
            Evidence::Hwcap(bit) => {
                let index = usize::from(bit.word.tag() != 16);
                let word = target.hwcaps.words[index].unwrap_or(0) | bit.mask();
                target.hwcaps.words[index] = Some(word);
            }
            Evidence::Record(record) => {
                let accepted = hwcr::profile::model::Observed::Accepted;
                target.sigreturn.insert(record.to_owned(), accepted);
            }
            Evidence::AuxvBytes => target.auxv_bytes = Some(4096),
        }
        let findings = judge(&image, &target);
        let found = of(&findings, floor.rule, row);
        assert!(found.is_empty(), "{}: {found:?}", row.ask.name());
    }
}

#[test]
fn a_criu_below_its_floor_is_found_and_one_at_it_is_not() {
    for row in restore::rows() {
        let Some(floor) = &row.criu else { continue };
        let name = row.ask.name();
        let image = image(row.ask);
        let mut target = target();
        let mut at = |criu| {
            target.criu = criu;
            judge(&image, &target)
        };
        let findings = at(Some(below(floor.since)));
        let found = of(&findings, floor.rule, row);
        let expected = weight(floor.older, floor.verified);
        if floor.rule == restore::CRIU_RULE {
            assert_eq!(
                found.first().map(|finding| finding.severity),
                expected,
                "{name} below CRIU {}: {found:?}",
                floor.since
            );
        } else {
            assert!(!found.is_empty(), "{name} below CRIU {}", floor.since);
        }
        let findings = at(Some(floor.since));
        let found = of(&findings, floor.rule, row);
        assert!(
            found.is_empty(),
            "{name} at CRIU {}: {found:?}",
            floor.since
        );
        if doubts(expected) {
            let findings = at(None);
            assert!(
                findings.iter().any(|finding| {
                    finding.severity == Severity::Unproven
                        && finding.need.as_deref() == Some("`criu`")
                }),
                "{name}: no CRIU, and nobody asks: {findings:?}"
            );
        }
    }
}

/// Checks an image of `tests/fixtures/floors` for a profile beside it.
fn verdict(case: &str, profile: &str) -> (Verdict, Vec<Finding>) {
    let dir = Path::new("tests/fixtures/floors").join(case);
    let checkpoint = hwcr::criu_image::load(&dir.join("image")).unwrap();
    let facts = facts::collect(&checkpoint, facts::Search::Auto);
    let target = hwcr::profile::resolve(dir.join(profile).to_str().unwrap()).unwrap();
    let case = Case {
        facts: &facts,
        target: &target,
        source: None,
    };
    let judged = rule::judge(&case, &[]);
    (judged.verdict, judged.findings)
}

/// Every restore of Ubuntu 22.04's CRIU 3.16.1, which runs with glibc 2.35, dies with SIGSEGV.
#[test]
fn a_criu_older_than_its_libc_is_not_called_compatible() {
    let (verdict, findings) = verdict("jammy-criu-3.16", "jammy.json");
    assert_eq!(verdict, Verdict::Indeterminate);
    let unproven: Vec<(RuleId, &str)> = findings
        .iter()
        .filter(|finding| finding.severity == Severity::Unproven)
        .map(|finding| (finding.rule.id, finding.message.as_str()))
        .collect();
    let [(RuleId::Sys007, message)] = unproven.as_slice() else {
        panic!("{unproven:?}")
    };
    assert!(
        message.contains("every restore by CRIU 3.16.1 dies with SIGSEGV"),
        "{message}"
    );
}

/// A droppable mapping fails on 6.8 and on 6.1, as a real restore showed.
#[test]
fn a_droppable_mapping_blocks_kernels_before_it() {
    for (profile, kernel) in [("ubuntu-24.04.json", "6.8"), ("kernel-6.1.json", "6.1")] {
        let (verdict, findings) = verdict("droppable-mapping", profile);
        assert_eq!(verdict, Verdict::Incompatible, "{profile}");
        let found = findings
            .iter()
            .find(|finding| finding.rule.id == RuleId::Sys005)
            .unwrap();
        assert_eq!(found.severity, Severity::Blocker);
        assert_eq!(found.need.as_deref(), Some("kernel 6.11"));
        assert!(
            found
                .have
                .as_deref()
                .unwrap()
                .starts_with(&format!("kernel {kernel}")),
            "{:?}",
            found.have
        );
        assert_eq!(
            found.help.as_deref(),
            Some("Use kernel 6.11 or later on the target.")
        );
        assert_eq!(found.place.as_ref().unwrap().file.as_ref(), "mm-3021.img");
    }
}

/// A kernel that advertises what mainline of its number does not may have more.
#[test]
fn the_number_of_a_vendors_kernel_proves_nothing() {
    let checkpoint = image(Ask::Droppable);
    let mut target = target();
    target.kernel = Some(Version::new(6, 6, 0));
    let weigh = |target: &Profile| {
        let row = restore::row(Ask::Droppable).unwrap();
        let findings = judge(&checkpoint, target);
        of(&findings, restore::KERNEL_RULE, row)
            .first()
            .map(|finding| finding.severity)
    };
    assert_eq!(weigh(&target), Some(Severity::Blocker));
    target
        .sigreturn
        .insert("FPMR".to_owned(), hwcr::profile::model::Observed::Accepted);
    assert_eq!(weigh(&target), Some(Severity::Unproven));
    // Nor that it is older than what an old CRIU cannot read.
    target.criu = Some(Version::new(4, 0, 0));
    let findings = judge(&checkpoint, &target);
    let pair = findings
        .iter()
        .find(|finding| finding.rule.id == RuleId::Sys004)
        .unwrap();
    assert_eq!(pair.severity, Severity::Unproven);
}

/// What no version shows has a rule that says so where an image asks for it.
#[test]
fn every_condition_is_said() {
    for condition in CONDITIONS {
        let mut target = target();
        target.kernel = condition.until.map(below).or(target.kernel);
        let findings = judge(&image(condition.ask), &target);
        assert!(
            findings
                .iter()
                .any(|finding| finding.rule.id == condition.rule),
            "{}: {} says nothing",
            condition.ask.name(),
            condition.rule
        );
    }
}

#[test]
fn a_criu_too_old_for_its_kernel_is_found() {
    let image = Image::quiet().load();
    for pair in PAIRS {
        let said = |kernel, criu| {
            let mut target = target();
            (target.kernel, target.criu) = (Some(kernel), Some(criu));
            let findings = judge(&image, &target);
            findings
                .iter()
                .find(|finding| finding.message.contains(pair.what))
                .map(|finding| finding.severity)
        };
        let expected = weight(pair.older, pair.verified);
        assert_eq!(
            said(pair.kernel, below(pair.criu)),
            expected,
            "{}",
            pair.name
        );
        assert_eq!(said(pair.kernel, pair.criu), None, "{}", pair.name);
        assert_eq!(
            said(below(pair.kernel), below(pair.criu)),
            None,
            "{}",
            pair.name
        );
    }
}

/// CRIU up to 3.16 passes over the state of SO_BUF_LOCK, and later ones set it whatever it is.
#[test]
fn a_criu_that_does_not_make_the_call_needs_no_kernel_for_it() {
    let image = image(Ask::SocketBufLock);
    let with = |criu| {
        let mut target = target();
        (target.kernel, target.criu) = (Some(Version::new(5, 14, 0)), criu);
        let findings = judge(&image, &target);
        findings
            .iter()
            .find(|finding| finding.message.contains("SO_BUF_LOCK"))
            .map(|finding| finding.severity)
    };
    assert_eq!(with(Some(Version::new(3, 16, 0))), None);
    assert_eq!(with(Some(Version::new(3, 17, 0))), Some(Severity::Blocker));
    assert_eq!(with(None), Some(Severity::Unproven));
}

/// What is bound from outside, or is the root, gets no options: nothing is asked of the kernel for it.
#[test]
fn file_systems_that_are_given_are_not_mounted_anew() {
    for given in [13, 18, 12] {
        let mut made = Image::quiet();
        asking_objects::mount(&mut made, 5, "inode64");
        let value = if given == 18 {
            asking::message(&[])
        } else {
            asking::varint(1)
        };
        made.put("mountpoints-12.img", &[], given, value);
        let asks = made.load().asks;
        assert!(
            asks.iter().all(|asked| asked.ask != Ask::TmpfsInode),
            "field {given}"
        );
    }
}

#[test]
fn maps_with_content_are_found_behind_those_without() {
    use hwcr::wire::edit::FieldValue;
    // Two maps: one with a key of 4 and a value of 8 bytes, and one without content before it.
    let entry = |count: u64, keys: u64, values: u64| {
        let fields = [(1, 7), (2, keys), (3, values), (4, count)];
        let fields: Vec<(u32, FieldValue)> = fields
            .into_iter()
            .map(|(number, value)| (number, asking::varint(value)))
            .collect();
        let FieldValue::Bytes(bytes) = asking::message(&fields) else {
            unreachable!()
        };
        bytes
    };
    let file = |entries: &[(Vec<u8>, usize)]| {
        let mut bytes = 0x5456_4319u32.to_le_bytes().to_vec();
        bytes.extend(0x6432_4033u32.to_le_bytes());
        for (entry, behind) in entries {
            bytes.extend((entry.len() as u32).to_le_bytes());
            bytes.extend(entry);
            bytes.extend(vec![0xff; *behind]);
        }
        let mut made = Image::quiet();
        made.raw("bpfmap-data.img", &bytes);
        let asks = made.load().asks;
        asks.iter()
            .find(|asked| asked.ask == Ask::BpfData)
            .map(|asked| asked.times)
    };
    assert_eq!(file(&[(entry(0, 0, 0), 0)]), None);
    assert_eq!(file(&[(entry(0, 0, 0), 0), (entry(1, 4, 8), 12)]), Some(1));
    assert_eq!(file(&[(entry(1, 4, 8), 12), (entry(1, 4, 8), 12)]), Some(2));
}
