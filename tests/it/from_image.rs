//! `hwcr profile from-image`: what a checkpoint tells of the machine it was made on, against what was measured
//! there.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "helpers of tests may fail by panicking"
)]

use crate::program;

use std::fs;
use std::path::{Path, PathBuf};

use hwcr::auxv::hwcap;
use hwcr::criu_image::model::{AddressKeys, Checkpoint, PacState};
use hwcr::facts::{self, Facts, Rewritten, Told};
use hwcr::finding::Verdict;
use hwcr::profile::infer::from_image::{Inferred, from_image};
use hwcr::profile::model::{Basis, PacAlgorithm, Profile};
use hwcr::profile::{self, builtin};
use hwcr::rule::{self, Case};
use hwcr::units::Place;

use program::run;

const IMAGES: &str = "tests/fixtures/images";

fn load(image: &str) -> Checkpoint {
    hwcr::criu_image::load(&Path::new(IMAGES).join(image)).unwrap()
}

fn collect(checkpoint: &Checkpoint) -> Facts<'_> {
    facts::collect(checkpoint, facts::Search::Auto)
}

fn infer(facts: &Facts<'_>) -> Inferred {
    from_image(facts, "dump", "source").unwrap_or_else(|error| panic!("{error}"))
}

/// The images of arm64 machines, with the profile of the machine each was made on.
fn images() -> Vec<(String, Profile)> {
    let mut images = Vec::new();
    for entry in fs::read_dir(IMAGES).unwrap() {
        let image = entry.unwrap().file_name().into_string().unwrap();
        let mut parts = image.split('@').skip(1);
        if let (Some(cpu), Some(kernel)) = (parts.next(), parts.next()) {
            let machine = match kernel {
                "new" => cpu.to_owned(),
                kernel => format!("{cpu}@{kernel}"),
            };
            let machine = profile::resolve(&machine).unwrap();
            images.push((image, machine));
        }
    }
    images.sort_by(|one, other| one.0.cmp(&other.0));
    assert_eq!(images.len(), 39);
    images
}

#[test]
fn what_an_image_tells_agrees_with_what_was_measured() {
    let mut settled_bits = 0;
    for (image, machine) in images() {
        let checkpoint = load(&image);
        let Inferred { profile, remarks } = infer(&collect(&checkpoint));
        assert_eq!(remarks, Vec::<String>::new(), "{image}");
        assert_eq!(profile.basis, Some(Basis::Inferred));
        assert_eq!(
            profile.hwcaps.words[..2],
            machine.hwcaps.words[..2],
            "{image}"
        );
        for (told, measured) in profile.hwcaps.words.iter().zip(machine.hwcaps.words) {
            assert!(told.is_none() || *told == measured, "{image}");
        }
        assert_eq!(profile.page_size, machine.page_size, "{image}");
        assert_eq!(profile.minsigstksz, machine.minsigstksz, "{image}");
        // Debian's 6.1 calls itself 6.1.0 in uname, and by its true number in the vDSO.
        let series = |profile: &Profile| profile.kernel.map(|kernel| (kernel.major, kernel.minor));
        assert_eq!(series(&profile), series(&machine), "{image}");
        assert!(
            profile.criu.is_some() && profile.criu <= machine.criu,
            "{image}"
        );
        assert!(
            profile.va_bits.is_none() || profile.va_bits == machine.va_bits,
            "{image}"
        );
        settled_bits += usize::from(profile.va_bits.is_some());
        // What needs every length, and how pointers are signed, no image tells.
        let offers = |bit| machine.hwcaps.has(bit) == Some(true);
        assert_eq!(profile.sve.is_some(), !offers(hwcap::SVE), "{image}");
        assert_eq!(profile.sme.is_some(), !offers(hwcap::SME), "{image}");
        let unsigned = (!offers(hwcap::PACA)).then_some(PacAlgorithm::None);
        assert_eq!(profile.pauth.address, unsigned, "{image}");
        assert!(profile.registers.is_empty() && profile.auxv_bytes.is_none());
        assert!(
            profile.origins["hwcap.hwcap"].contains("mm-")
                && profile.origins["hwcap.hwcap"].contains(" offset 0x"),
            "{image}: {:?}",
            profile.origins
        );
    }
    assert!(settled_bits > 0, "some image settles the address bits");
}

/// Concluded from the image itself, such a profile cannot contradict it; and it proves nothing that the
/// image alone does not.
#[test]
fn an_inferred_profile_proves_nothing_new() {
    let targets: Vec<Profile> = builtin::names()
        .map(|name| profile::resolve(name).unwrap())
        .collect();
    for (image, machine) in images() {
        let checkpoint = load(&image);
        let facts = collect(&checkpoint);
        let inferred = infer(&facts).profile;
        for target in &targets {
            let judge = |source| {
                rule::judge(
                    &Case {
                        facts: &facts,
                        target,
                        source,
                    },
                    &[],
                )
            };
            let with = judge(Some(&inferred));
            let ids: Vec<&str> = with
                .findings
                .iter()
                .map(|found| found.rule.id.as_str())
                .collect();
            assert!(!ids.contains(&"HWCR-PRF-002"), "{image} on {}", target.name);
            assert_eq!(
                with.verdict,
                judge(None).verdict,
                "{image} on {}",
                target.name
            );
            assert!(
                with.verdict != Verdict::Compatible
                    || judge(Some(&machine)).verdict == Verdict::Compatible
            );
        }
        let judged = rule::judge(
            &Case {
                facts: &facts,
                target: &inferred,
                source: Some(&machine),
            },
            &[],
        );
        assert_ne!(
            judged.verdict,
            Verdict::Compatible,
            "{image} on what it tells"
        );
    }
}

#[test]
fn tasks_of_different_machines_leave_what_they_differ_in_unknown() {
    let (one, other) = (load("idle@max@new"), load("sig-fpsimd@max@6.1"));
    let mut facts = collect(&one);
    facts.tasks.extend(collect(&other).tasks);
    let error = from_image(&facts, "dump", "source")
        .unwrap_err()
        .to_string();
    assert!(
        error.contains("AT_HWCAP is 0xb01fffffffff for task")
            && error.contains("different machines"),
        "{error}"
    );
    for task in &mut facts.tasks {
        task.told.words[0] = Some(0xc000_08ff);
    }
    let Inferred { profile, remarks } = infer(&facts);
    assert_eq!(profile.hwcaps.words[..2], [Some(0xc000_08ff), None]);
    assert!(remarks[0].starts_with("AT_HWCAP2 is "), "{remarks:?}");

    facts.tasks.clear();
    let error = from_image(&facts, "dump", "source")
        .unwrap_err()
        .to_string();
    assert!(error.starts_with("no task has an AT_HWCAP"), "{error}");
}

#[test]
fn a_journal_outranks_what_a_rewriting_left() {
    let checkpoint = load("idle@max@new");
    let told = Told {
        pid: checkpoint.tasks[0].pid,
        words: [Some(1 << 50), None, None, Some(1)],
        vector_lengths: Vec::new(),
    };
    let journal = Rewritten {
        told: vec![told],
        ..Rewritten::default()
    };
    let profile = infer(&collect(&checkpoint).with_journal(Some(journal))).profile;
    assert_eq!(profile.hwcaps.words[0], Some(0xb01f_ffff_ffff | 1 << 50));
    assert_eq!(profile.hwcaps.words[3], Some(1));
    assert!(
        profile.origins["hwcap.hwcap"].ends_with(", with what the journal remembers"),
        "{:?}",
        profile.origins
    );
}

fn signed_without_being_told(checkpoint: &mut Checkpoint) {
    checkpoint.tasks[0].threads[0].state.as_mut().unwrap().pac = PacState::Saved {
        address: Some(AddressKeys {
            keys: [[1, 2]; 4],
            enabled: 15,
        }),
        generic: None,
        place: Place::new("core-1.img", 0, 0),
    };
}

#[test]
fn saved_keys_show_pointer_authentication_unless_a_rewriting_made_them() {
    let mut checkpoint = load("idle@cortex-a57@new");
    signed_without_being_told(&mut checkpoint);
    let Inferred { profile, remarks } = infer(&collect(&checkpoint));
    assert_eq!(profile.hwcaps.has(hwcap::PACA), Some(true));
    assert_eq!(profile.hwcaps.has(hwcap::PACG), Some(false));
    assert_eq!(profile.pauth.address, None);
    assert!(
        remarks[0].starts_with("core-1.img offset 0x0: "),
        "{remarks:?}"
    );

    let facts = collect(&checkpoint).with_journal(Some(Rewritten::default()));
    let Inferred { profile, remarks } = infer(&facts);
    assert_eq!(profile.hwcaps.has(hwcap::PACA), Some(false));
    assert_eq!(remarks, Vec::<String>::new());
}

#[test]
fn values_that_no_machine_has_stay_unknown() {
    let mut checkpoint = load("idle@cortex-a57@new");
    let mm = checkpoint.tasks[0].mm.as_mut().unwrap();
    let at = mm.saved_auxv.iter().position(|word| *word == 51).unwrap();
    mm.saved_auxv[at + 1] = 7;
    mm.page_size.bytes = 8192;
    let Inferred { profile, remarks } = infer(&collect(&checkpoint));
    assert_eq!((profile.page_size, profile.minsigstksz), (None, None));
    assert_eq!(remarks.len(), 2, "{remarks:?}");
    assert!(remarks[0].ends_with("no arm64 kernel says 8192 bytes, so it stays unknown"));
}

#[test]
fn a_profile_comes_out_of_an_image() {
    let image = format!("{IMAGES}/pac-sig@neoverse-v1@new");
    let output = run(&["profile", "from-image", &image]);
    assert_eq!(output.status.code(), Some(0));
    insta::assert_snapshot!(
        "from_image_profile",
        String::from_utf8(output.stdout).unwrap()
    );
    insta::assert_snapshot!(
        "from_image_unknown",
        String::from_utf8(output.stderr).unwrap()
    );
    for (image, words) in [
        ("handler@x86_64", "the image holds tasks of X86_64"),
        ("no-such-image", "give the directory"),
    ] {
        let output = run(&["profile", "from-image", &format!("{IMAGES}/{image}")]);
        assert_eq!(output.status.code(), Some(2));
        let complaint = String::from_utf8(output.stderr).unwrap();
        assert!(
            output.stdout.is_empty() && complaint.contains(words),
            "{complaint}"
        );
    }
}

/// A rewritten image still tells what its tasks were told before.
#[test]
fn a_rewritten_image_tells_of_its_first_machine() {
    let folder = tempfile::tempdir().unwrap();
    let out: PathBuf = folder.path().join("out");
    let image = format!("{IMAGES}/altstack@max@new");
    let target = "max@6.1";
    let rewritten = run(&[
        "rewrite",
        &image,
        "--target",
        target,
        "-o",
        out.to_str().unwrap(),
    ]);
    assert_ne!(rewritten.status.code(), Some(2));
    let words = |image: &str| {
        let output = run(&["profile", "from-image", image, "--name", "source"]);
        let text = String::from_utf8(output.stdout).unwrap();
        let profile: serde_json::Value = serde_json::from_str(&text).unwrap();
        profile["hwcap"].clone()
    };
    assert_eq!(words(&image), words(out.to_str().unwrap()));
}
