//! `hwcr profile import`, with texts that real kernels and programs printed on each emulated machine.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "helpers of tests may fail by panicking"
)]

use crate::program;

use std::collections::BTreeMap;
use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use hwcr::facts;
use hwcr::finding::Verdict;
use hwcr::profile::import::{Input, Kind, import};
use hwcr::profile::model::{Basis, Profile};
use hwcr::profile::{self, builtin};
use hwcr::rule::{self, Case};

/// What the recipe collected on a machine.
fn collected(machine: &str) -> String {
    fs::read_to_string(format!("tests/fixtures/imports/machines/{machine}.txt")).unwrap()
}

fn imported(text: &str, kind: Option<Kind>) -> Profile {
    let input = Input {
        file: "text",
        bytes: text.as_bytes(),
        kind,
    };
    import(&[input], "imported")
        .unwrap_or_else(|error| panic!("{error}\n{text}"))
        .profile
}

/// One section of what the recipe collected.
fn section<'a>(collected: &'a str, name: &str) -> &'a str {
    let (_, after) = collected.split_once(&format!("== {name}\n")).unwrap();
    after.split("== ").next().unwrap()
}

/// The emulated machines, with what can be imported of each.
fn machines() -> BTreeMap<&'static str, (Profile, Vec<Profile>)> {
    let machine = |name: &'static str| {
        let full = profile::resolve(name).unwrap();
        if full.basis != Some(Basis::Emulated) {
            return None;
        }
        let collected = collected(name);
        let cpuinfo = section(&collected, "cpuinfo");
        let features = cpuinfo.lines().find(|line| line.starts_with("Features"));
        let texts = vec![
            imported(&collected, None),
            imported(cpuinfo, None),
            imported(section(&collected, "auxv"), None),
            imported(section(&collected, "auxv-bytes"), None),
            imported(&format!("{}\n", features.unwrap()), Some(Kind::Features)),
        ];
        Some((name, (full, texts)))
    };
    builtin::names().filter_map(machine).collect()
}

/// Everything that an imported profile states is what was measured on that machine.
#[test]
fn what_is_imported_agrees_with_what_was_measured() {
    let machines = machines();
    assert_eq!(machines.len(), 30);
    for (name, (full, texts)) in &machines {
        for (index, poor) in texts.iter().enumerate() {
            let stated = |key: &str, equal: Option<bool>| {
                assert!(equal != Some(false), "{name}, text {index}: {key} differs");
                equal.is_some()
            };
            for (poor, full) in poor.hwcaps.words.iter().zip(full.hwcaps.words) {
                stated("hwcap", poor.map(|word| Some(word) == full));
            }
            let page = stated(
                "page_size",
                poor.page_size.map(|_| poor.page_size == full.page_size),
            );
            let size = poor.minsigstksz;
            let size = stated("minsigstksz", size.map(|_| size == full.minsigstksz));
            // Debian has updated its 6.12 since the profiles were measured.
            let series = |profile: &Profile| profile.kernel.map(|v| (v.major, v.minor));
            let kernel = stated("kernel", series(poor).map(|_| series(poor) == series(full)));
            let criu = stated("criu", poor.criu.map(|_| poor.criu == full.criu));
            let midr = poor.registers.get("MIDR_EL1");
            let midr = stated(
                "MIDR_EL1",
                midr.map(|_| midr == full.registers.get("MIDR_EL1")),
            );
            let sve = stated(
                "sve",
                poor.sve.as_ref().map(|sve| Some(sve) == full.sve.as_ref()),
            );
            let sme = stated(
                "sme",
                poor.sme.as_ref().map(|sme| Some(sme) == full.sme.as_ref()),
            );
            let pauth = poor.pauth.address;
            let pauth = stated("pauth", pauth.map(|_| poor.pauth == full.pauth));
            assert_eq!((poor.va_bits, poor.auxv_bytes), (None, None));
            assert_eq!(poor.basis, Some(Basis::Imported));
            let words = poor.hwcaps.words.map(|word| word.is_some());
            let what = (words, [page, size, kernel, criu, midr]);
            let expected = match index {
                0 => ([true; 4], [true; 5]),
                1 => (
                    [true, true, true, false],
                    [false, false, false, false, true],
                ),
                2 | 3 => ([true; 4], [true, true, false, false, false]),
                _ => ([true, true, true, false], [false; 5]),
            };
            assert_eq!(what, expected, "{name}, text {index}");
            // What the features rule out is known; of what they have, only what the texts prove.
            let none = |vectors: &Option<profile::model::VectorLengths>| {
                vectors
                    .as_ref()
                    .is_some_and(|known| known.lengths.is_empty())
            };
            let proven = index == 0 && !matches!(*name, _ if name.starts_with("max"));
            assert!(sve == none(&full.sve) || proven && sve, "{name} {index}");
            assert_eq!(sme, none(&full.sme), "{name} {index}");
            assert_eq!(
                pauth,
                full.pauth.address == Some(profile::model::PacAlgorithm::None),
                "{name} {index}"
            );
        }
    }
}

/// Knowing less never makes an answer better: for each image, on each machine, with each of its texts,
/// as a target and as a source.
#[test]
fn what_is_imported_is_never_more_optimistic() {
    let machines = machines();
    let mut wrong = Vec::new();
    let mut counts: BTreeMap<(Verdict, Verdict), usize> = BTreeMap::new();
    for entry in fs::read_dir("tests/fixtures/images").unwrap() {
        let path = entry.unwrap().path();
        let image = path.file_name().unwrap().to_string_lossy().into_owned();
        let checkpoint = hwcr::criu_image::load(&path).unwrap();
        let facts = facts::collect(&checkpoint, facts::Search::Auto);
        let judge = |target: &Profile, source: Option<&Profile>| {
            let case = Case {
                facts: &facts,
                target,
                source,
            };
            rule::judge(&case, &[]).verdict
        };
        let dumped_on = image.split('@').nth(1).unwrap_or("");
        for (name, (full, texts)) in &machines {
            let expected = judge(full, None);
            for (index, poor) in texts.iter().enumerate() {
                let got = judge(poor, None);
                *counts.entry((expected, got)).or_default() += 1;
                // The poorer profile answers the same, or not at all.
                if got != expected && got != Verdict::Indeterminate {
                    wrong.push(format!(
                        "{image} on {name}, text {index}: {expected} became {got}"
                    ));
                }
            }
            let Some((source, texts)) = machines.get(dumped_on) else {
                continue;
            };
            let expected = judge(full, Some(source));
            for poor in texts {
                let got = judge(full, Some(poor));
                if got == Verdict::Compatible && expected != got {
                    wrong.push(format!("{image} on {name}, source {dumped_on}: {got}"));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    let count = |pair| counts.get(&pair).copied().unwrap_or(0);
    // It is not caution alone: what is refused for certain is mostly refused by the poorer profile too.
    assert!(
        count((Verdict::Incompatible, Verdict::Incompatible)) > 2000,
        "{counts:?}"
    );
    assert!(
        count((Verdict::Compatible, Verdict::Indeterminate)) > 0,
        "{counts:?}"
    );
}

fn hwcr(arguments: &[&str], stdin: &[u8], folder: &Path) -> Output {
    let mut child = program::hwcr(arguments)
        .current_dir(folder)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // A run that reads nothing closes the pipe.
    let _ = child.stdin.take().unwrap().write_all(stdin);
    child.wait_with_output().unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

#[test]
fn a_profile_comes_out_and_what_is_unknown_is_said() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("max.txt"), collected("max")).unwrap();
    let output = hwcr(&["profile", "import", "max.txt"], b"", folder.path());
    assert_eq!(output.status.code(), Some(0));
    insta::assert_snapshot!("import_profile", text(&output.stdout));
    insta::assert_snapshot!("import_unknown", text(&output.stderr));

    let output = hwcr(
        &["profile", "import", "--name", "rack-7", "-"],
        collected("cortex-a57").as_bytes(),
        folder.path(),
    );
    let json: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(json["name"], "rack-7");
    assert_eq!(json["origins"]["kernel"], "standard input:70: uname -r");
}

#[test]
fn a_file_is_written_once_and_over_only_by_force() {
    let folder = tempfile::tempdir().unwrap();
    let run = |more: &[&str], machine: &str| {
        let arguments = [&["profile", "import", "-o", "box.json"], more].concat();
        hwcr(&arguments, collected(machine).as_bytes(), folder.path())
    };
    let read = || profile::from_file(folder.path().join("box.json").to_str().unwrap()).unwrap();
    let output = run(&[], "max");
    assert_eq!((output.status.code(), output.stdout.len()), (Some(0), 0));
    assert_eq!(
        (read().name.as_str(), read().minsigstksz),
        ("box", Some(10144))
    );

    let output = run(&[], "cortex-a57");
    assert_eq!(output.status.code(), Some(2));
    let complaint = text(&output.stderr);
    assert!(
        complaint.starts_with("error: cannot write box.json: ") && complaint.contains("--force"),
        "{complaint}"
    );
    assert_eq!(read().minsigstksz, Some(10144));
    assert_eq!(run(&["--force"], "cortex-a57").status.code(), Some(0));
    assert_eq!(read().minsigstksz, Some(4720));
    let output = hwcr(&["profile", "import", "--force"], b"", folder.path());
    assert_eq!(output.status.code(), Some(2), "nothing to force");
}

#[test]
fn what_cannot_be_imported_is_2_and_leaves_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let cases: [(&[&str], &[u8], &str); 4] = [
        (
            &["-o", "x.json"],
            b"hello",
            "error: standard input: hwcr does not know",
        ),
        (&["no/such/file"], b"", "error: cannot read no/such/file: "),
        (
            &["-o", "x.json"],
            b"flags\t: fpu vme\n",
            "error: standard input:1: `flags` is a line of x86",
        ),
        (
            &["--as", "cpuinfo", "-o", "x.json"],
            b"fp asimd\n",
            "error: standard input:1: ",
        ),
    ];
    for (arguments, stdin, words) in cases {
        let arguments = [&["profile", "import"], arguments].concat();
        let output = hwcr(&arguments, stdin, folder.path());
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        assert!(output.stdout.is_empty());
        assert!(
            text(&output.stderr).starts_with(words),
            "{}",
            text(&output.stderr)
        );
    }
    assert!(!folder.path().join("x.json").exists());
}

/// The recipe of the README is a shell's, and what it writes is read: here, and wherever this test runs.
#[test]
fn the_recipe_of_the_readme_works() {
    let readme = fs::read_to_string("README.md").unwrap();
    let mut blocks = readme
        .split("```")
        .filter_map(|block| block.strip_prefix("sh\n"));
    let recipe = blocks.find(|block| block.contains("machine.txt")).unwrap();
    assert_eq!(recipe.lines().count(), 3, "{recipe}");
    let folder = tempfile::tempdir().unwrap();
    let status = Command::new("sh")
        .args(["-eu", "-c", recipe])
        .current_dir(folder.path())
        .status();
    assert!(status.unwrap().success());
    let written = fs::read_to_string(folder.path().join("machine.txt")).unwrap();
    let sections = |text: &str| {
        let names = text.lines().filter(|line| line.starts_with("== "));
        names.map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(sections(&written), sections(&collected("max")));

    let output = hwcr(&["profile", "import", "machine.txt"], b"", folder.path());
    let code = if cfg!(target_arch = "aarch64") { 0 } else { 2 };
    assert_eq!(output.status.code(), Some(code), "{}", text(&output.stderr));
    if code == 2 {
        assert!(
            text(&output.stderr).contains("give it the texts of an arm64 machine"),
            "{}",
            text(&output.stderr)
        );
    }
}
