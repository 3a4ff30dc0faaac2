//! Profiles that `hwcr profile capture` wrote on emulated machines, against what is known of these machines from
//! elsewhere: the built-in profiles, whose facts a C program found, and what really happened to images there.
//!
//! `docs/capture.md` says how they were captured. `NAME.probe.json` is with `--probe`.

use crate::program;

use std::collections::{BTreeMap, BTreeSet};

use hwcr::abi::kernel;
use hwcr::abi::record::RecordKind;
use hwcr::auxv::hwcap::{self, HwcapBit};
use hwcr::facts;
use hwcr::finding::Proof;
use hwcr::profile::model::{Basis, Observed, Profile};
use hwcr::profile::{self, schema::load};
use hwcr::rule::{self, Case};
use hwcr::rule_id::RuleId;
use hwcr::units::Version;

use program::run;

const FOLDER: &str = "tests/fixtures/captured";

struct Captured {
    profile: Profile,
    /// The same machine as a built-in profile.
    known: Profile,
    probed: bool,
}

fn captured() -> Vec<Captured> {
    let mut files: Vec<_> = std::fs::read_dir(FOLDER)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    files.sort();
    let all: Vec<Captured> = files
        .iter()
        .map(|path| {
            let file = path.file_name().unwrap().to_str().unwrap();
            let name = file.strip_suffix(".json").unwrap();
            let machine = name.strip_suffix(".probe");
            Captured {
                profile: profile::from_file(path.to_str().unwrap()).unwrap(),
                known: profile::resolve(machine.unwrap_or(name)).unwrap(),
                probed: machine.is_some(),
            }
        })
        .collect();
    let plain = all.iter().filter(|captured| !captured.probed).count();
    assert!(
        plain >= 12 && all.len() == 2 * plain,
        "{plain} of {}",
        all.len()
    );
    all
}

/// A profile without what only people read and what only one of both ways to it finds.
fn facts_of(profile: &Profile, like: &Profile) -> Profile {
    let mut bare = profile.clone();
    bare.source = like.source.clone();
    bare.origin = None;
    bare.basis = None;
    bare.origins = BTreeMap::new();
    bare.sigreturn = BTreeMap::new();
    bare.auxv_bytes = None;
    // A distribution's next build of the same kernel has another third number.
    bare.kernel = bare.kernel.map(|kernel| Version { patch: 0, ..kernel });
    bare.registers
        .retain(|name, _| like.registers.contains_key(name));
    bare
}

#[test]
fn a_captured_profile_says_what_is_known_of_the_machine() {
    for captured in captured() {
        let (profile, known) = (&captured.profile, &captured.known);
        assert_eq!(facts_of(profile, known), facts_of(known, known));
        assert_eq!(profile.basis, Some(Basis::Captured), "{}", known.name);
        // All registers there are, and one kind of core. Kernels before 6.17 do not show AIDR_EL1, and those
        // without SME do not show SMIDR_EL1.
        for name in load::REGISTERS {
            let shown = match *name {
                "AIDR_EL1" => known.kernel >= Some(Version::new(6, 17, 0)),
                "SMIDR_EL1" => known.hwcaps.has(hwcap::SME) == Some(true),
                _ => true,
            };
            assert_eq!(
                profile.registers.contains_key(*name),
                shown,
                "{} {name}",
                known.name
            );
        }
        assert!(profile.cores.is_empty());
        // Every value has an origin.
        for key in [
            "hwcap.hwcap",
            "sve.vector_lengths",
            "page_size",
            "va_bits",
            "kernel",
            "criu",
            "registers",
        ] {
            assert!(profile.origins.contains_key(key), "{} {key}", known.name);
        }
    }
}

/// What `rt_sigreturn` was seen to do, against the feature and the first kernel of each record.
#[test]
fn what_was_probed_is_what_features_and_versions_say() {
    let records: [(&str, &[&HwcapBit]); 10] = [
        ("FPSIMD", &[]),
        ("ESR", &[]),
        ("EXTRA", &[]),
        ("SVE", &[hwcap::SVE, hwcap::SME]),
        ("TPIDR2", &[hwcap::SME]),
        ("ZA", &[hwcap::SME]),
        ("ZT", &[hwcap::SME2]),
        ("FPMR", &[hwcap::FPMR]),
        ("POE", &[hwcap::POE]),
        ("GCS", &[hwcap::GCS]),
    ];
    let mut seen: BTreeSet<(&str, bool)> = BTreeSet::new();
    for Captured {
        profile, probed, ..
    } in captured()
    {
        if !probed {
            assert!(profile.sigreturn.is_empty() && profile.auxv_bytes.is_none());
            continue;
        }
        let version = profile.kernel.unwrap();
        assert_eq!(
            profile.auxv_bytes,
            Some(kernel::auxv_limit(version)),
            "{}",
            profile.name
        );
        assert_eq!(profile.sigreturn.len(), records.len(), "{}", profile.name);
        for (name, bits) in records {
            let since = RecordKind::ALL
                .iter()
                .find(|kind| kind.name() == name)
                .unwrap()
                .since();
            let feature =
                bits.is_empty() || bits.iter().any(|bit| profile.hwcaps.has(bit) == Some(true));
            let taken = profile.sigreturn[name] == Observed::Accepted;
            assert_eq!(
                taken,
                feature && version >= since,
                "{} {name}",
                profile.name
            );
            seen.insert((name, taken));
        }
    }
    // Both answers were seen for every record that has both, but for POE: no emulated machine has it.
    assert_eq!(seen.len(), 3 + 2 * 6 + 1, "{seen:?}");
}

/// Findings word for word, on every image: with a captured profile, with what was probed, and with the built-in one.
#[test]
fn images_are_judged_alike_with_a_captured_profile() {
    let all = captured();
    let mut images = 0;
    for entry in std::fs::read_dir("tests/fixtures/images").unwrap() {
        let path = entry.unwrap().path();
        let checkpoint = hwcr::criu_image::load(&path).unwrap();
        let facts = facts::collect(&checkpoint, facts::Search::Auto);
        let judge = |target: &Profile, probed: bool| {
            let case = Case {
                facts: &facts,
                target,
                source: None,
            };
            let judged = rule::judge(&case, &[]);
            let mut findings = judged.findings;
            // The built-in profiles lack the registers that programs read.
            findings.retain(|finding| finding.rule.id != RuleId::Giv001);
            if probed {
                // Here a finding may rest on what was observed, and says so.
                for finding in &mut findings {
                    finding.proof = Proof::State;
                    finding.message = String::new();
                }
            }
            (judged.verdict, format!("{findings:?}"))
        };
        for captured in &all {
            let (profile, known, probed) = (&captured.profile, &captured.known, captured.probed);
            assert!(
                judge(profile, probed) == judge(known, probed),
                "{} on {} is not judged alike ({probed})",
                path.display(),
                known.name
            );
        }
        images += 1;
    }
    assert!(images >= 40, "{images}");
}

#[test]
fn help_of_capture() {
    let output = run(&["profile", "capture", "--help"]);
    assert_eq!(output.status.code(), Some(0));
    insta::assert_snapshot!(
        "help_profile_capture",
        String::from_utf8(output.stdout).unwrap()
    );
}

#[cfg(not(all(target_os = "linux", target_arch = "aarch64")))]
#[test]
fn another_machine_is_not_captured_and_nothing_is_written() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("cpu.json");
    for args in [
        &["profile", "capture"][..],
        &["profile", "capture", "--probe", "-o", out.to_str().unwrap()],
    ] {
        let output = run(args);
        assert_eq!(output.status.code(), Some(2));
        assert!(output.stdout.is_empty() && !out.exists());
        let complaint = String::from_utf8(output.stderr).unwrap();
        assert!(
            complaint.starts_with("error: only a machine of arm64 Linux can be captured")
                && complaint.contains(std::env::consts::ARCH)
                && complaint.contains("hwcr profile import"),
            "{complaint}"
        );
    }
    assert_eq!(
        run(&["profile", "capture", "--name", ""]).status.code(),
        Some(2)
    );
}

/// On the machine itself: what is written can be read, and says what the system says.
#[cfg(all(target_os = "linux", target_arch = "aarch64"))]
#[test]
fn this_machine_is_captured() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("cpu.json");
    let output = run(&[
        "profile",
        "capture",
        "--probe",
        "--name",
        "here",
        "-o",
        out.to_str().unwrap(),
    ]);
    assert_eq!(
        output.status.code(),
        Some(0),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let profile = profile::from_file(out.to_str().unwrap()).unwrap();
    let release = std::fs::read_to_string("/proc/sys/kernel/osrelease").unwrap();
    assert_eq!(
        (profile.name.as_str(), profile.kernel),
        ("here", Version::parse(release.trim()))
    );
    assert_eq!(
        profile.hwcaps.has(HwcapBit::named("HWCAP_FP").unwrap()),
        Some(true)
    );
}
