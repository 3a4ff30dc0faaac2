//! Which machines of a fleet can take a checkpoint: folders of profiles, and baselines.

use crate::program;

use std::fs;
use std::path::Path;
use std::process::Output;

use hwcr::profile::model::Source;
use hwcr::profile::{baseline, builtin, to_json};
use serde_json::Value;

use program::{run, text};

const IMAGES: &str = "tests/fixtures/images";

fn image(name: &str) -> String {
    format!("{IMAGES}/{name}")
}

/// Standard output, standard error and exit code as one text, without the folder's path.
fn told(output: &Output, folder: &Path) -> String {
    format!(
        "exit code: {}\n-- stdout\n{}-- stderr\n{}",
        output.status.code().unwrap(),
        text(&output.stdout),
        text(&output.stderr)
    )
    .replace(folder.to_str().unwrap(), "FOLDER")
}

/// A folder with a profile for each of these built-in machines.
fn folder(names: &[&str]) -> tempfile::TempDir {
    // A short path, so that the tables of all machines are alike.
    let folder = tempfile::Builder::new()
        .prefix("f")
        .rand_bytes(5)
        .tempdir_in("/tmp")
        .unwrap();
    for name in names {
        let path = folder.path().join(format!("{name}.json"));
        fs::write(path, builtin::text(name).unwrap()).unwrap();
    }
    folder
}

/// The text of a profile of all these machines.
fn baseline_of(names: &[&str]) -> String {
    let machines: Vec<_> = names
        .iter()
        .map(|name| hwcr::profile::resolve(name).unwrap())
        .collect();
    to_json(&baseline("fleet", &machines, &Source::BuiltIn).unwrap())
}

#[test]
fn a_folder_of_profiles_is_answered_by_a_table() {
    let folder = folder(&["neoverse-n1", "a64fx", "neoverse-v1", "cortex-a72"]);
    fs::write(folder.path().join("notes.txt"), "no profile").unwrap();
    let dir = folder.path().to_str().unwrap();
    let output = run(&["check", &image("idle@cortex-a57@new"), "--targets", dir]);
    insta::assert_snapshot!("fleet_table", told(&output, folder.path()));
}

#[test]
fn a_broken_profile_has_no_answer_and_the_others_have() {
    let folder = folder(&["cortex-a72", "max"]);
    fs::write(folder.path().join("broken.json"), "{\n \"schema\": 1 }").unwrap();
    let dir = folder.path().to_str().unwrap();
    let images = [image("idle@cortex-a57@new"), image("sig-sve@a64fx@new")];
    let arguments = ["check", &images[0], &images[1], "--targets", dir];
    let output = run(&arguments);
    assert_eq!(output.status.code(), Some(2));
    insta::assert_snapshot!("fleet_broken", told(&output, folder.path()));

    let json = run(&[&arguments[..], &["--format", "json"]].concat());
    assert_eq!(json.status.code(), Some(2));
    let report: Value = serde_json::from_slice(&json.stdout).unwrap();
    let results = report["results"].as_array().unwrap();
    assert_eq!(results.len(), 6);
    for result in results {
        let broken = result["profile"] == "broken";
        assert_eq!(result["error"].is_string(), broken);
        assert_eq!(result["verdict"].is_string(), !broken);
    }
}

#[test]
fn one_profile_of_a_folder_is_told_in_full() {
    let folder = folder(&["neoverse-n1"]);
    let dir = folder.path().to_str().unwrap();
    let path = format!("{dir}/neoverse-n1.json");
    let image = image("pac-sig@max@new");
    assert_eq!(
        run(&["check", &image, "--targets", dir]).stdout,
        run(&["check", &image, "--target", &path]).stdout
    );
}

#[test]
fn folders_join_targets_that_are_named() {
    let folder = folder(&["cortex-a72"]);
    let dir = folder.path().to_str().unwrap();
    let image = image("idle@cortex-a57@new");
    let output = run(&["check", &image, "-t", "max", "--targets", dir, "--brief"]);
    insta::assert_snapshot!("fleet_brief", told(&output, folder.path()));
}

#[test]
fn a_folder_without_profiles_is_wrong_usage() {
    let folder = folder(&[]);
    let dir = folder.path().to_str().unwrap();
    let image = image("idle@cortex-a57@new");
    let empty = run(&["check", &image, "--targets", dir]);
    assert_eq!(empty.status.code(), Some(2));
    assert!(text(&empty.stderr).contains("there is no profile (*.json) in the folder"));
    let missing = run(&["check", &image, "--targets", "no/such/folder"]);
    assert_eq!(missing.status.code(), Some(2));
    assert!(text(&missing.stderr).contains("cannot read the folder no/such/folder: "));
}

#[test]
fn a_baseline_is_answered_for_every_member() {
    let folder = folder(&[]);
    let path = folder.path().join("fleet.json");
    fs::write(&path, baseline_of(&["neoverse-n1", "neoverse-v1", "a64fx"])).unwrap();
    let path = path.to_str().unwrap();
    let image = image("sig-sve@neoverse-v1@new");
    let arguments = ["check", &image, "--target", path];
    insta::assert_snapshot!("fleet_baseline", told(&run(&arguments), folder.path()));

    let json = run(&[&arguments[..], &["--format", "json"]].concat());
    let report: Value = serde_json::from_slice(&json.stdout).unwrap();
    let result = &report["results"][0];
    for member in result["members"].as_array().unwrap() {
        let name = member["name"].as_str().unwrap();
        let alone = run(&["check", &image, "--target", name, "--format", "json"]);
        let alone: Value = serde_json::from_slice(&alone.stdout).unwrap();
        assert_eq!(member["verdict"], alone["results"][0]["verdict"], "{name}");
    }
    let members = |finding: &Value| finding["members"].as_array().unwrap().len();
    let findings = result["findings"].as_array().unwrap();
    assert!(findings.iter().any(|finding| members(finding) == 1));
    assert!(findings.iter().any(|finding| members(finding) == 2));
}

#[test]
fn a_baseline_is_no_machine_an_image_was_dumped_on() {
    let folder = folder(&[]);
    let path = folder.path().join("fleet.json");
    fs::write(&path, baseline_of(&["max", "neoverse-v1"])).unwrap();
    let path = path.to_str().unwrap();
    let image = image("idle@max@new");
    for verb in [&["check"][..], &["rewrite", "--dry-run"]] {
        let output = run(&[verb, &[&image, "--target", "max", "--source", path]].concat());
        assert_eq!(output.status.code(), Some(2));
        assert!(output.stdout.is_empty());
        let complaint = text(&output.stderr);
        assert!(
            complaint.contains(
                "stands for 2 machines (max, neoverse-v1), and an image was dumped on one"
            ),
            "{complaint}"
        );
    }
}

#[test]
fn advice_says_how_a_workload_must_be_started() {
    let folder = folder(&[]);
    let image = image("dyn@neoverse-v1@new");
    let arguments = ["check", &image, "--target", "neoverse-n1", "--advise"];
    insta::assert_snapshot!("fleet_advice", told(&run(&arguments), folder.path()));
    let json = run(&[&arguments[..], &["--format", "json"]].concat());
    let report: Value = serde_json::from_slice(&json.stdout).unwrap();
    let advice = report["results"][0]["advice"].as_array().unwrap();
    assert_eq!(advice[0]["setting"], "arm64.nosve arm64.nopauth");
    let without = run(&[
        "check",
        &image,
        "--target",
        "neoverse-n1",
        "--format",
        "json",
    ]);
    let without: Value = serde_json::from_slice(&without.stdout).unwrap();
    assert!(without["results"][0].get("advice").is_none());
}

/// The verdict in a report of `check` on each machine, in the machines' order.
fn verdicts(image: &str, machines: &[&str]) -> Vec<String> {
    let mut arguments = vec!["check", image, "--format", "json"];
    for machine in machines {
        arguments.extend(["--target", machine]);
    }
    let report: Value = serde_json::from_slice(&run(&arguments).stdout).unwrap();
    let results = report["results"].as_array().unwrap().iter();
    results
        .map(|result| result["verdict"].as_str().unwrap().to_owned())
        .collect()
}

/// The worst of verdicts, for their words are in the order of the alphabet but for one.
fn worst(verdicts: &[String]) -> &str {
    for word in ["incompatible", "indeterminate"] {
        if verdicts.iter().any(|verdict| verdict == word) {
            return word;
        }
    }
    "compatible"
}

/// Nothing is called better after a rewriting than the worst of the machines would have it, whether it is
/// written or only planned.
#[test]
fn what_is_rewritten_for_a_baseline_is_judged_by_every_member() {
    let fleets: [&[&str]; 5] = [
        &["neoverse-n1", "cortex-a72"],
        &["neoverse-n1", "neoverse-v1"],
        &["max-nopauth", "max-np-vq1", "a64fx"],
        &["max", "max-qarma5"],
        &["max@6.1", "max@6.12", "max"],
    ];
    let images = [
        "sig-sve@neoverse-v1@new",
        "sig-plain@max-nopauth@new",
        "sig-za@max-nopauth@new",
        "pac-sig@max@new",
        "pac-idle@max@new",
        "idle@cortex-a57@new",
        "threads-sve@max-nopauth@new",
    ];
    let folder = folder(&[]);
    let mut seen = std::collections::BTreeMap::new();
    for (number, members) in fleets.iter().enumerate() {
        let path = folder.path().join(format!("fleet-{number}.json"));
        fs::write(&path, baseline_of(members)).unwrap();
        let target = path.to_str().unwrap();
        for name in images {
            let from = image(name);
            let allowed = [
                "--allow",
                "strip-pac",
                "--allow",
                "drop-sve-state",
                "--allow",
                "drop-tpidr2",
                "--format",
                "json",
            ];
            let report = |more: &[&str]| {
                let output =
                    run(&[&["rewrite", &from, "--target", target], more, &allowed].concat());
                assert!(
                    output.stderr.is_empty(),
                    "{name} for {members:?}: {}",
                    text(&output.stderr)
                );
                serde_json::from_slice::<Value>(&output.stdout).unwrap()
            };
            let planned = report(&["--dry-run"]);
            let out = folder.path().join(format!("{name}-{number}"));
            let written = report(&["-o", out.to_str().unwrap()]);
            let stage = written["stage"].as_str().unwrap().to_owned();
            assert_eq!(planned["after"], written["after"], "{name} for {members:?}");
            if stage == "written" {
                let on_members = verdicts(out.to_str().unwrap(), members);
                assert_eq!(
                    written["after"],
                    worst(&on_members),
                    "{name} for {members:?}"
                );
            } else {
                assert_eq!(
                    written["before"],
                    worst(&verdicts(&from, members)),
                    "{name} for {members:?}"
                );
            }
            *seen.entry(stage).or_insert(0) += 1;
        }
    }
    // The test would prove nothing if no image could be mended, or every one.
    assert!(seen["written"] >= 5 && seen["cannot-mend"] >= 5, "{seen:?}");
}
