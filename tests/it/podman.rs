//! Exports that Podman made of real containers: what hwcr says of them, and what became of them when Podman restored them.
use crate::program;

use std::collections::BTreeMap;
use std::fs;
use std::io::{Cursor, Read as _};
use std::path::{Path, PathBuf};

use program::{run, text};

const EXPORTS: &str = "tests/fixtures/podman";

fn exports() -> Vec<PathBuf> {
    let entries = fs::read_dir(EXPORTS).unwrap();
    let mut paths: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    paths
}

/// Unpacks an export, or the layer of its image, as `tar` would.
fn unpack(path: &Path, into: &Path) {
    let bytes = fs::read(path).unwrap();
    let name = path.to_str().unwrap();
    let reader: Box<dyn std::io::Read> = if name.ends_with(".oci.tar") {
        let mut layer = Vec::new();
        for entry in tar::Archive::new(Cursor::new(bytes)).entries().unwrap() {
            let mut entry = entry.unwrap();
            let mut content = Vec::new();
            entry.read_to_end(&mut content).unwrap();
            if content.starts_with(&[0x1f, 0x8b]) {
                layer = content;
            }
        }
        Box::new(flate2::read::GzDecoder::new(Cursor::new(layer)))
    } else if name.ends_with(".gz") {
        Box::new(flate2::read::GzDecoder::new(Cursor::new(bytes)))
    } else if name.ends_with(".zst") {
        Box::new(zstd::Decoder::new(Cursor::new(bytes)).unwrap())
    } else {
        Box::new(Cursor::new(bytes))
    };
    tar::Archive::new(reader).unpack(into).unwrap();
}

/// Exit code and findings of a check on a target, without where the image lies.
fn check(image: &Path, target: &str) -> (Option<i32>, Vec<serde_json::Value>) {
    let name = image.to_str().unwrap();
    let output = run(&["check", name, "--target", target, "--format", "json"]);
    assert_eq!(text(&output.stderr), "");
    let mut report: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let result = report["results"].as_array_mut().unwrap().remove(0);
    let label = result["directory"].as_str().unwrap_or_default().to_owned();
    let mut findings = result["findings"].to_string();
    if !label.is_empty() {
        findings = findings.replace(&format!("{label}/"), "");
    }
    let findings: serde_json::Value = serde_json::from_str(&findings).unwrap();
    (output.status.code(), findings.as_array().unwrap().clone())
}

#[test]
fn an_export_gets_the_answer_of_its_directory() {
    for path in exports() {
        let dir = tempfile::tempdir().unwrap();
        unpack(&path, dir.path());
        let bare = dir.path().join("checkpoint");
        assert!(bare.join("inventory.img").exists());
        for target in ["neoverse-v1", "neoverse-n1", "cortex-a57@6.1", "max"] {
            let want = check(&bare, target);
            assert_eq!(check(&path, target), want, "{} {target}", path.display());
            assert_eq!(check(dir.path(), target), want);
        }
    }
}

/// Three checkpoints of one container that went on between them.
#[test]
fn all_kinds_of_export_of_a_container_get_one_answer() {
    let kinds: Vec<_> = exports()
        .into_iter()
        .filter(|path| path.to_str().unwrap().contains("sig-sve@"))
        .collect();
    assert_eq!(kinds.len(), 3);
    for (target, code) in [("neoverse-v1", 3), ("max", 1), ("cortex-a57", 1)] {
        let [one, others @ ..] = kinds.as_slice() else {
            unreachable!()
        };
        let want = check(one, target);
        assert_eq!(want.0, Some(code), "{target}");
        for other in others {
            assert_eq!(check(other, target), want, "{target}");
        }
    }
}

#[test]
fn what_podman_says_of_an_export_is_shown() {
    for path in exports() {
        let name = path.file_name().unwrap().to_str().unwrap();
        // The same container in another compression.
        if name.contains("sig-sve") && name.ends_with(".zst") {
            continue;
        }
        let shown = run(&["inspect", path.to_str().unwrap(), "--only", "export"]);
        assert_eq!(text(&shown.stderr), "");
        insta::assert_snapshot!(format!("podman_{name}"), text(&shown.stdout));
        let origin = text(&run(&["inspect", path.to_str().unwrap(), "--only", "origin"]).stdout);
        let said = if name.ends_with(".oci.tar") {
            "4.2.1"
        } else {
            "4.2 or later"
        };
        assert!(origin.contains(said), "{origin}");
    }
}

struct Row {
    image: String,
    target: String,
    rewritten: bool,
    outcome: String,
}

fn rows() -> Vec<Row> {
    let table = fs::read_to_string("tests/fixtures/podman.tsv").unwrap();
    let rows = table.lines().skip(1).map(|line| {
        let cells: Vec<&str> = line.split('\t').collect();
        Row {
            image: cells[0].to_owned(),
            target: match cells[2] {
                "new" => cells[1].to_owned(),
                kernel => format!("{}@{kernel}", cells[1]),
            },
            rewritten: cells[3] == "yes",
            outcome: cells[5].to_owned(),
        }
    });
    rows.collect()
}

/// What is called compatible was restored by Podman, and what is called incompatible was not; so for what hwcr rewrote.
#[test]
fn no_verdict_contradicts_what_podman_did() {
    let mut seen: BTreeMap<(bool, i32, bool), usize> = BTreeMap::new();
    let mut mended = 0;
    let mut failed = Vec::new();
    for row in rows() {
        let path = Path::new(EXPORTS).join(&row.image);
        let dir = tempfile::tempdir().unwrap();
        let passed = row.outcome == "PASS";
        let image = if row.rewritten {
            let out = dir.path().join(&row.image);
            let names = [path.to_str().unwrap(), out.to_str().unwrap()];
            run(&["rewrite", names[0], "--target", &row.target, "-o", names[1]]);
            assert!(
                out.exists(),
                "{} for {} is rewritten no more",
                row.image,
                row.target
            );
            out
        } else {
            path
        };
        let code = check(&image, &row.target).0.unwrap();
        let what = format!(
            "{} on {}: exit {code}, {}",
            row.image, row.target, row.outcome
        );
        assert!(matches!(code, 0 | 1 | 3), "{what}");
        assert!(code != 0 || passed, "{what}");
        assert!(code != 1 || !passed, "{what}");
        *seen.entry((row.rewritten, code, passed)).or_default() += 1;
        if !row.rewritten && !passed {
            failed.push((row.image, row.target));
        } else if row.rewritten && passed && failed.contains(&(row.image, row.target)) {
            mended += 1;
        }
    }
    println!("(rewritten, exit code, passed): {seen:?}");
    assert!(
        mended >= 2,
        "archives that hwcr mended for Podman: {mended}"
    );
    for kind in [(false, 0, true), (false, 1, false), (true, 0, true)] {
        assert!(seen.contains_key(&kind), "{seen:?}");
    }
}

/// The tmpfs and cgroup2 mounts of a real container, which CRIU makes anew with the options of the kernel it was
/// dumped on.
#[test]
fn mounts_of_a_container_need_a_kernel_that_knows_their_options() {
    let image = Path::new(EXPORTS).join("idle@cortex-a57@new.tar");
    let dir = tempfile::tempdir().unwrap();
    let asked = |kernel: &str| {
        let bytes = fs::read("src/profile/builtin/cortex-a57.json").unwrap();
        let mut profile: serde_json::Value = serde_json::from_slice(&bytes).unwrap();
        profile["kernel"] = kernel.into();
        profile["criu"] = "4.2".into();
        let path = dir.path().join(format!("{kernel}.json"));
        fs::write(&path, profile.to_string()).unwrap();
        let (_, findings) = check(&image, path.to_str().unwrap());
        let words = ["inode64", "mounted cgroup2", "clocks of the source"];
        words.map(|words| {
            let of =
                |finding: &&serde_json::Value| finding["message"].as_str().unwrap().contains(words);
            findings.iter().any(|finding| of(&finding))
        })
    };
    assert_eq!(asked("4.4.0"), [true, true, true]);
    assert_eq!(asked("5.8.0"), [true, false, true]);
    assert_eq!(asked("5.9.0"), [false, false, false]);
}
