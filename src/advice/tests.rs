#![allow(clippy::indexing_slicing, clippy::arithmetic_side_effects)]

use std::collections::BTreeSet;
use std::path::Path;

use crate::auxv::hwcap::{BITS, HwcapBit, Hwcaps};
use crate::criu_image;
use crate::criu_image::model::VmaStatus;
use crate::facts::runtime::{Runtime, Seen, runtimes};
use crate::facts::{self, Facts};
use crate::memory::Memory;
use crate::profile::model::{Profile, Source};
use crate::profile::{baseline, resolve};
use crate::rule::{Accept, Case, judge};
use crate::units::Pid;

use super::rows::{PARAMETERS, ROWS};
use super::{Advice, advise};

fn advice(facts: &Facts<'_>, target: &Profile, seen: &[Seen]) -> Vec<Advice> {
    let case = Case {
        facts,
        target,
        source: None,
    };
    advise(&case, &judge(&case, &[]).findings, seen)
}

fn with_facts(image: &str, test: impl FnOnce(&Facts<'_>)) {
    let path = Path::new("tests/fixtures/images").join(image);
    let checkpoint = criu_image::load(&path).unwrap();
    test(&facts::collect(&checkpoint, facts::Search::Auto));
}

fn seen(runtime: Runtime) -> Seen {
    Seen {
        runtime,
        pid: Pid(7),
        sign: "maps it".to_owned(),
    }
}

fn of<'a>(all: &'a [Advice], subject: &str) -> Vec<&'a Advice> {
    all.iter()
        .filter(|advice| advice.subject == subject)
        .collect()
}

#[test]
fn rows_name_features_that_exist() {
    for row in ROWS {
        assert!(
            HwcapBit::by_cpuinfo_name(row.feature).is_some(),
            "{}",
            row.feature
        );
    }
    for start in PARAMETERS.iter().flat_map(|parameter| parameter.hides) {
        assert!(
            BITS.iter().any(|bit| bit.cpuinfo.starts_with(start)),
            "{start}"
        );
    }
}

#[test]
fn a_target_that_has_everything_needs_no_advice() {
    with_facts("dyn@neoverse-v1@new", |facts| {
        let all = advice(
            facts,
            &resolve("neoverse-v1").unwrap(),
            &runtimes(facts.checkpoint),
        );
        // No frame shows the vector length.
        assert_eq!(all.len(), 1, "{all:?}");
        assert_eq!(
            all[0].setting.as_deref(),
            Some("prctl(PR_SVE_SET_VL, 32 | PR_SVE_VL_INHERIT)")
        );
    });
    with_facts("idle@cortex-a57@new", |facts| {
        assert_eq!(advice(facts, &resolve("max").unwrap(), &[]), []);
    });
}

#[test]
fn the_kernel_hides_what_it_can_and_the_rest_is_said() {
    with_facts("dyn@neoverse-v1@new", |facts| {
        let all = advice(facts, &resolve("neoverse-n1").unwrap(), &[]);
        let kernel = of(&all, "kernel");
        assert_eq!(
            kernel[0].setting.as_deref(),
            Some("arm64.nosve arm64.nopauth")
        );
        assert_eq!(
            kernel[0].features,
            ["sve", "svei8mm", "svebf16", "paca", "pacg"]
        );
        let rest = of(&all, "rest");
        assert!(
            rest[0].setting.is_none() && rest[0].features.contains(&"sha512"),
            "{rest:?}"
        );
        assert!(!rest[0].features.contains(&"dgh"), "a hint harms nobody");
        // Together they name what is missing.
        let missing = facts.tasks[0]
            .told
            .missing_from(&resolve("neoverse-n1").unwrap().hwcaps);
        let named: usize = all.iter().map(|advice| advice.features.len()).sum();
        assert_eq!(named, missing.bits.len() - 1);
    });
}

#[test]
fn nothing_is_said_of_what_is_accepted() {
    with_facts("dyn@neoverse-v1@new", |facts| {
        let target = resolve("neoverse-n1").unwrap();
        let case = Case {
            facts,
            target: &target,
            source: None,
        };
        let accepts = [Accept::parse("HWCR-HWC-001").unwrap()];
        let all = advise(
            &case,
            &judge(&case, &accepts).findings,
            &[seen(Runtime::OpenSsl)],
        );
        // The keys are a blocker, which nobody can accept.
        assert_eq!(all.len(), 1, "{all:?}");
        assert_eq!(all[0].features, ["paca", "pacg"]);
    });
}

#[test]
fn keys_are_not_hidden_from_machines_that_have_them() {
    let machines = ["neoverse-n1", "neoverse-v1"].map(|name| resolve(name).unwrap());
    let fleet = baseline("fleet", &machines, &Source::BuiltIn).unwrap();
    with_facts("dyn@neoverse-v1@new", |facts| {
        let all = advice(facts, &fleet, &[]);
        let kernel = of(&all, "kernel");
        assert_eq!(kernel.len(), 2, "{kernel:?}");
        assert!(kernel[0].setting.is_none());
        assert_eq!(kernel[0].features, ["paca", "pacg"]);
        assert_eq!(kernel[1].setting.as_deref(), Some("arm64.nosve"));
        assert!(
            of(&all, "vector-length").is_empty(),
            "the members have no default in common"
        );
    });
}

#[test]
fn runtimes_get_one_setting_for_all_that_is_missing() {
    let n1 = resolve("neoverse-n1").unwrap();
    with_facts("dyn@neoverse-v1@new", |facts| {
        let on = |runtime| advice(facts, &n1, &[seen(runtime)]);
        let openssl = on(Runtime::OpenSsl);
        let openssl = of(&openssl, "openssl");
        // What OpenSSL finds by itself on a Neoverse N1.
        assert_eq!(openssl[0].setting.as_deref(), Some("OPENSSL_armcap=0xbd"));
        assert_eq!(
            openssl[0].features,
            ["sha512", "sm3", "sm4", "sha3", "sve", "svei8mm", "svebf16"]
        );
        assert_eq!(
            openssl[0].verified.as_deref(),
            Some(
                "OpenSSL 3.6.5 (Debian): went on after a restore on a CPU without sha512, sm3, sm4, sha3; ran no \
                 instruction of sve, svei8mm, svebf16"
            )
        );
        let go = on(Runtime::Go);
        let go = of(&go, "go");
        assert_eq!(go[0].setting.as_deref(), Some("GODEBUG=cpu.sha512=off"));
        assert_eq!(
            (go[1].setting.as_deref(), go[1].features.as_slice()),
            (None, &["dit"][..])
        );
        let java = on(Runtime::OpenJdk);
        assert_eq!(
            of(&java, "openjdk")[0].setting.as_deref(),
            Some("-XX:UseSVE=0 -XX:-UseSHA -XX:-UseSuperWord -XX:-UseCryptoPmullForCRC32")
        );
        for runtime in [&openssl, &go, &of(&java, "openjdk")] {
            assert!(runtime.iter().all(|advice| advice.pids == [Pid(7)]));
        }
    });
}

/// OpenSSL takes the word as it is: what only the target has would kill it where it starts.
#[test]
fn openssl_is_told_of_nothing_that_it_does_not_have() {
    with_facts("idle@cortex-a57@new", |facts| {
        let mut target = resolve("neoverse-v1").unwrap();
        target.hwcaps = Hwcaps::from_features(["asimd", "sha1", "sha512"]).unwrap();
        let all = advice(facts, &target, &[seen(Runtime::OpenSsl)]);
        assert_eq!(
            of(&all, "openssl")[0].setting.as_deref(),
            Some("OPENSSL_armcap=0x9")
        );
    });
}

#[test]
fn settings_of_java_are_said_once() {
    with_facts("dyn@neoverse-v1@new", |facts| {
        let mut target = resolve("neoverse-v1").unwrap();
        target.hwcaps = Hwcaps::from_features(["fp", "asimd"]).unwrap();
        let all = advice(facts, &target, &[seen(Runtime::OpenJdk)]);
        let setting = of(&all, "openjdk")[0].setting.clone().unwrap();
        let words: Vec<&str> = setting.split(' ').collect();
        let once: BTreeSet<&str> = words.iter().copied().collect();
        assert_eq!(words.len(), once.len(), "{setting}");
        // It must come before what it unlocks.
        let unlock = words.iter().position(|word| word.contains("Unlock"));
        let ghash = words.iter().position(|word| word.contains("GHASH"));
        assert!(unlock < ghash && unlock.is_some(), "{setting}");
    });
}

#[test]
fn glibc_is_promised_nothing() {
    with_facts("dyn@neoverse-v1@new", |facts| {
        let seen = runtimes(facts.checkpoint);
        assert_eq!(seen[0].runtime, Runtime::Glibc);
        assert!(seen[0].sign.contains("libc.so.6"), "{seen:?}");
        let all = advice(facts, &resolve("cortex-a57").unwrap(), &seen);
        let glibc = of(&all, "glibc");
        assert!(glibc.iter().all(|advice| advice.setting.is_none()));
        let features: Vec<_> = glibc.iter().flat_map(|advice| &advice.features).collect();
        assert_eq!(features, [&"sve", &"atomics"]);
    });
}

/// A real image whose program's data are made to begin like those of Go programs.
#[test]
fn a_go_program_is_known_by_its_build_information() {
    let folder = tempfile::tempdir().unwrap();
    let from = Path::new("tests/fixtures/images/dyn@neoverse-v1@new");
    for entry in std::fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        std::fs::copy(&path, folder.path().join(path.file_name().unwrap())).unwrap();
    }
    let (at, place) = {
        let checkpoint = criu_image::load(folder.path()).unwrap();
        assert!(
            runtimes(&checkpoint)
                .iter()
                .all(|seen| seen.runtime != Runtime::Go)
        );
        let mm = checkpoint.tasks[0].mm.as_ref().unwrap();
        let data = mm.vmas.iter().find(|vma| {
            vma.status.contains(VmaStatus::FILE_PRIVATE)
                && vma.shmid == u64::from(mm.exe_file_id)
                && vma.mapping.write
        });
        let at = data.unwrap().mapping.range.start.checked_add(48).unwrap();
        (at, mm.memory.place(at).unwrap())
    };
    let pages = folder.path().join(&*place.file);
    let mut bytes = std::fs::read(&pages).unwrap();
    let offset = usize::try_from(place.offset).unwrap();
    let magic = b"\xff Go buildinf:";
    bytes[offset..offset + magic.len()].copy_from_slice(magic);
    std::fs::write(&pages, bytes).unwrap();
    let checkpoint = criu_image::load(folder.path()).unwrap();
    let seen = runtimes(&checkpoint);
    let go = seen
        .iter()
        .find(|seen| seen.runtime == Runtime::Go)
        .unwrap();
    assert_eq!(go.sign, format!("holds Go's build information at {at}"));
}
