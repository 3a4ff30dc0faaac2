//! Programs without frame pointers (`lab/src/unframed.c`), with and without their files: which signal frames are live,
//! held against what the programs printed of themselves, and which return addresses a rewrite strips without asking.

use crate::program;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

use program::run;

const FIXTURES: &str = "tests/fixtures/unframed";
const ROOTFS: &str = "tests/fixtures/unframed/rootfs";

fn inspect(image: &str, rootfs: Option<&str>) -> Value {
    let mut arguments = vec!["inspect", image, "--format", "json"];
    arguments.extend(rootfs.iter().flat_map(|dir| ["--rootfs", dir]));
    let output = run(&arguments);
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    serde_json::from_slice(&output.stdout).unwrap()
}

fn image(name: &str) -> String {
    format!("{FIXTURES}/images/{name}")
}

fn images() -> Vec<String> {
    let mut names: Vec<String> = fs::read_dir(format!("{FIXTURES}/images"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

/// Address and truth of each frame of an image, as its program printed them.
fn truth(name: &str) -> Vec<(String, bool)> {
    let lines = fs::read_to_string(format!("{FIXTURES}/frames/{name}.jsonl")).unwrap();
    lines
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap())
        .map(|line| {
            (
                line["frame"].as_str().unwrap().to_owned(),
                line["live"].as_bool().unwrap(),
            )
        })
        .collect()
}

fn each<'a>(report: &'a Value, list: &'a str) -> impl Iterator<Item = &'a Value> {
    let tasks = report["tasks"].as_array().unwrap();
    tasks
        .iter()
        .flat_map(move |task| task[list].as_array().unwrap())
}

/// How often each true state (live or not) meets each answer, and the images with an unknown frame.
fn answers(rootfs: Option<&str>) -> (BTreeMap<(bool, String), usize>, Vec<String>) {
    let mut counts = BTreeMap::new();
    let mut unknown = Vec::new();
    for name in images() {
        let report = inspect(&image(&name), rootfs);
        for (address, live) in truth(&name) {
            let frame = each(&report, "frames").find(|frame| frame["address"] == address.as_str());
            assert!(frame.is_some(), "{name}: no frame at {address}");
            let said = frame.unwrap()["liveness"].as_str().unwrap();
            let wrong = if live { "stale" } else { "live" };
            assert_ne!(said, wrong, "{name} at {address}: {frame:#?}");
            *counts.entry((live, said.to_owned())).or_default() += 1;
            if said == "unknown" && unknown.last() != Some(&name) {
                unknown.push(name.clone());
            }
        }
    }
    (counts, unknown)
}

#[test]
fn frames_of_code_without_frame_pointers_are_unknown_without_its_tables() {
    let (counts, unknown) = answers(None);
    let all: usize = counts.values().sum();
    let undecided: usize = counts
        .iter()
        .filter(|((_, said), _)| said == "unknown")
        .map(|(_, count)| count)
        .sum();
    assert_eq!(
        (undecided, unknown.len()),
        (all, images().len()),
        "{counts:?}"
    );
}

#[test]
fn tables_decide_every_frame_but_those_of_contexts_that_wait() {
    let (counts, unknown) = answers(Some(ROOTFS));
    let waiting: Vec<String> = images()
        .into_iter()
        .filter(|name| name.contains("parked") || name.contains("away"))
        .collect();
    assert_eq!(unknown, waiting);
    assert_eq!(counts[&(true, "unknown".to_owned())], waiting.len());
    assert!(
        !counts.contains_key(&(false, "unknown".to_owned())),
        "{counts:?}"
    );
}

#[test]
fn threads_are_unwound_to_where_they_began() {
    for name in images() {
        let report = inspect(&image(&name), Some(ROOTFS));
        for (index, thread) in each(&report, "threads").enumerate() {
            let expected = match (name.starts_with("uf-away"), index) {
                (true, _) => "other-start",
                (false, 0) => "process-start",
                (false, _) => "thread-start",
            };
            assert_eq!(thread["unwinding"]["end"], expected, "{name}: {thread:#}");
            assert_eq!(thread["standing"]["ground"], "instruction", "{name}");
        }
        let used = report["files"]
            .as_array()
            .unwrap()
            .iter()
            .filter(|file| file["rootfs"] == "used");
        assert_eq!(used.count(), 1, "{name}");
    }
}

/// What a rewrite for a machine without pointer authentication says, as a plan.
fn plan(name: &str, rootfs: Option<&str>) -> Value {
    let image = image(name);
    let mut arguments = vec![
        "rewrite",
        &image,
        "--target",
        "cortex-a57",
        "--dry-run",
        "--format",
        "json",
    ];
    arguments.extend(rootfs.iter().flat_map(|dir| ["--rootfs", dir]));
    serde_json::from_slice(&run(&arguments).stdout).unwrap()
}

#[test]
fn return_addresses_that_tables_lead_to_are_stripped_without_asking() {
    for name in ["ufp-sig@max@new", "ufp-alt@max@new", "ufp-threads@max@new"] {
        let of_pac = |plan: &Value, list: &str| -> Vec<Value> {
            let entries = plan[list].as_array().cloned().unwrap_or_default();
            entries
                .into_iter()
                .filter(|entry| entry["rule"].as_str().unwrap().starts_with("HWCR-PAC"))
                .collect()
        };
        let blind = plan(name, None);
        assert_eq!(of_pac(&blind, "edits").len(), 0, "{name}");
        assert_eq!(
            of_pac(&blind, "refusals")[0]["allow"]["name"],
            "strip-pac",
            "{name}"
        );
        let seeing = plan(name, Some(ROOTFS));
        assert_eq!(of_pac(&seeing, "refusals"), Vec::<Value>::new(), "{name}");
        let edits = of_pac(&seeing, "edits");
        assert!(
            edits.len() > 10 && edits.iter().all(|edit| edit["class"] == "lossless"),
            "{name}"
        );
    }
    // Words that a handler has left behind look the same and are none.
    let left = plan("ufp-left-main@max@new", Some(ROOTFS));
    assert_eq!(left["refusals"][0]["allow"]["name"], "strip-pac");
}

#[test]
fn a_rewritten_image_is_checked_with_the_same_files() {
    let out = tempfile::tempdir().unwrap();
    let place = out.path().join("image");
    let from = image("ufp-threads@max@new");
    let place = place.to_str().unwrap();
    let arguments = ["--target", "cortex-a57", "--rootfs", ROOTFS];
    let written = run(&[&["rewrite", &from, "-o", place], &arguments[..]].concat());
    assert_eq!(
        written.status.code(),
        Some(3),
        "{}",
        String::from_utf8_lossy(&written.stdout)
    );
    let severities = |image: &str| -> Vec<(String, String)> {
        let checked = run(&[&["check", image, "--format", "json"], &arguments[..]].concat());
        let report: Value = serde_json::from_slice(&checked.stdout).unwrap();
        let findings = report["results"][0]["findings"].as_array().unwrap().clone();
        let text = |finding: &Value, key: &str| finding[key].as_str().unwrap().to_owned();
        findings
            .iter()
            .map(|finding| (text(finding, "rule"), text(finding, "severity")))
            .filter(|(_, severity)| severity != "note")
            .collect()
    };
    assert!(
        severities(&from)
            .iter()
            .any(|(rule, severity)| rule.starts_with("HWCR-SVE") && severity == "blocker")
    );
    // What is left is what the process was told.
    assert!(
        severities(place)
            .iter()
            .all(|(rule, _)| rule.starts_with("HWCR-HWC")),
        "{:?}",
        severities(place)
    );
}

#[test]
fn files_that_are_not_the_ones_are_named() {
    let dir = tempfile::tempdir().unwrap();
    let program: PathBuf = dir.path().join("opt/lab");
    fs::create_dir_all(&program).unwrap();
    let other = Path::new(ROOTFS).join("opt/lab/unframed-pac");
    fs::copy(other, program.join("unframed")).unwrap();
    let (image, dir) = (
        image("uf-sig@neoverse-n1@new"),
        dir.path().to_str().unwrap(),
    );
    let output = run(&["check", &image, "--target", "neoverse-n1", "--rootfs", dir]);
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(
        said.contains("1 of the 1 files with code") && said.contains("has build id"),
        "{said}"
    );
    let report = inspect(&image, Some(dir));
    assert_eq!(
        each(&report, "frames").next().unwrap()["liveness"],
        "unknown"
    );
    let files = report["files"].as_array().unwrap();
    assert!(
        files[0]["rootfs"]
            .as_str()
            .unwrap()
            .starts_with("has build id"),
        "{files:#?}"
    );

    let wrong = run(&[
        "check",
        &image,
        "--target",
        "neoverse-n1",
        "--rootfs",
        "/nowhere",
    ]);
    assert_eq!(wrong.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&wrong.stderr).contains("give the root directory"));
}
