//! `hwcr.toml`, the environment, and what outranks what; the program as it is called.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;
use tempfile::TempDir;

/// An image that a PAC-less machine cannot take.
const IMAGE: &str = "sig-sve@neoverse-v1@new";

/// A project: a directory that ends every search.
struct Project {
    dir: TempDir,
}

impl Project {
    fn new(config: &str) -> Self {
        let dir = tempfile::tempdir().unwrap();
        fs::create_dir(dir.path().join(".git")).unwrap();
        fs::create_dir_all(dir.path().join("a/b")).unwrap();
        fs::write(dir.path().join("hwcr.toml"), config).unwrap();
        Self { dir }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    fn hwcr(&self, args: &[&str]) -> Command {
        self.hwcr_in("a/b", args)
    }

    fn hwcr_in(&self, directory: &str, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_hwcr"));
        command
            .args(args)
            .env_clear()
            .current_dir(self.path(directory));
        command
    }
}

fn image(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/images");
    path.join(name).to_str().unwrap().to_owned()
}

fn ran(command: &mut Command) -> Output {
    command.output().unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

/// Text without its line breaks, which fall where the length of a path wants them.
fn words(bytes: &[u8]) -> String {
    text(bytes).split_whitespace().collect::<Vec<_>>().join(" ")
}

fn json(output: &Output) -> Value {
    let parsed = serde_json::from_slice(&output.stdout);
    assert!(parsed.is_ok(), "{output:?}");
    parsed.unwrap()
}

/// The targets of a check.
fn targets(output: &Output) -> Vec<String> {
    let report = json(output);
    let results = report["results"].as_array().unwrap().clone();
    results
        .iter()
        .map(|result| result["target"].as_str().unwrap().to_owned())
        .collect()
}

#[test]
fn a_flag_outranks_the_environment_and_that_the_file() {
    let project = Project::new("target = [\"a64fx\", \"neoverse-v1\"]\nformat = \"json\"\n");
    let image = image(IMAGE);
    let check = ["check", image.as_str()];
    assert_eq!(
        targets(&ran(&mut project.hwcr(&check))),
        ["a64fx", "neoverse-v1"]
    );
    let by_environment = ran(project.hwcr(&check).env("HWCR_TARGET", "max, neoverse-n1"));
    assert_eq!(targets(&by_environment), ["max", "neoverse-n1"]);
    let by_flag = ran(project
        .hwcr(&[&check[..], &["--target", "cortex-a57"]].concat())
        .env("HWCR_TARGET", "max"));
    assert_eq!(targets(&by_flag), ["cortex-a57"]);
    let no_file = ran(&mut project.hwcr(&[&check[..], &["--no-config"]].concat()));
    assert_eq!(no_file.status.code(), Some(2));
    assert!(
        text(&no_file.stderr).contains("--target"),
        "{}",
        text(&no_file.stderr)
    );
    let text_again = ran(&mut project.hwcr(&[&check[..], &["--format", "text"]].concat()));
    assert!(words(&text_again.stdout).contains(" on a64fx: "));
}

#[test]
fn who_names_machines_leaves_none_over_from_below() {
    let project = Project::new("target = \"a64fx\"\nformat = \"json\"\n");
    let fleet = project.path("fleet");
    fs::create_dir(&fleet).unwrap();
    let max = ran(&mut project.hwcr(&["profile", "baseline", "max"]));
    fs::write(fleet.join("max.json"), &max.stdout).unwrap();
    let image = image(IMAGE);
    let by_folder =
        ran(&mut project.hwcr(&["check", &image, "--targets", fleet.to_str().unwrap()]));
    assert_eq!(
        targets(&by_folder).len(),
        1,
        "the file's target is left out"
    );
    let by_variable = ran(project.hwcr(&["check", &image]).env("HWCR_TARGETS", &fleet));
    assert_eq!(targets(&by_variable).len(), 1);
}

#[test]
fn paths_are_relative_to_the_file() {
    let project = Project::new("target = \"machines/max.json\"\nformat = \"json\"\n");
    fs::create_dir(project.path("machines")).unwrap();
    let max = ran(&mut project.hwcr(&["profile", "baseline", "max"]));
    fs::write(project.path("machines/max.json"), &max.stdout).unwrap();
    let image = image(IMAGE);
    for directory in [".", "a", "a/b"] {
        let output = ran(&mut project.hwcr_in(directory, &["check", &image]));
        let found = targets(&output);
        assert_eq!(found.len(), 1, "{directory}");
        assert!(found[0].ends_with("machines/max.json"), "{found:?}");
    }
}

#[test]
fn switches_can_be_turned_off_again() {
    let project = Project::new("target = \"a64fx\"\nbrief = true\nquiet = true\n");
    let image = image(IMAGE);
    let lines = |args: &[&str]| {
        let output = ran(&mut project.hwcr(&[&["check", image.as_str()], args].concat()));
        assert_eq!(output.status.code(), Some(1), "{}", text(&output.stderr));
        text(&output.stdout).lines().count()
    };
    assert_eq!(lines(&[]), 0);
    let brief = lines(&["--no-quiet"]);
    assert!((1..=3).contains(&brief), "{brief}");
    assert!(lines(&["--no-quiet", "--no-brief"]) > 3);
    let loud = ran(project.hwcr(&["check", &image]).env("HWCR_QUIET", "off"));
    assert!(!loud.stdout.is_empty());
    let deep = ran(project
        .hwcr(&["check", &image, "--no-quiet", "--format", "json"])
        .env("HWCR_DEEP", "1"));
    assert_eq!(json(&deep)["deep"], true);
}

#[test]
fn settings_do_not_get_in_the_way_of_other_verbs() {
    let project = Project::new(
        "target = \"neoverse-n1\"\nsource = \"neoverse-v1\"\nformat = \"json\"\ndeep = true\n",
    );
    let log = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/logs/frame-refused.log");
    let explained = ran(&mut project.hwcr(&["explain-log", log.to_str().unwrap()]));
    assert!(explained.stderr.is_empty(), "{}", text(&explained.stderr));
    let inspected = ran(&mut project.hwcr(&["inspect", &image(IMAGE)]));
    assert_eq!(inspected.status.code(), Some(0));
    assert!(!text(&inspected.stdout).starts_with('{'));
    // One machine in the file is enough for rewriting; undoing takes none.
    let dry_run = ["rewrite", &image(IMAGE), "--dry-run", "--format", "json"];
    assert_eq!(
        json(&ran(&mut project.hwcr(&dry_run)))["target"],
        "neoverse-n1"
    );
    let undone = ran(&mut project.hwcr(&["rewrite", "--undo", "no/such/image"]));
    assert!(
        text(&undone.stderr).contains("no/such/image"),
        "{}",
        text(&undone.stderr)
    );
    let several = Project::new("target = [\"neoverse-n1\", \"max\"]\n");
    let refused = ran(&mut several.hwcr(&["rewrite", &image(IMAGE), "--dry-run"]));
    assert_eq!(refused.status.code(), Some(2));
    assert!(
        text(&refused.stderr).contains("--target"),
        "{}",
        text(&refused.stderr)
    );
}

#[test]
fn what_is_wrong_in_file_or_environment_is_said_with_its_place() {
    let image = image(IMAGE);
    let cases = [
        (
            "tagret = \"max\"\n",
            "hwcr.toml:1:1: there is no key `tagret` here\nhelp: did you mean target",
        ),
        (
            "target = \"neoverse-n9\"\n",
            "hwcr.toml:1:10: no built-in profile",
        ),
        (
            "deep = true\ncolor = \"sometimes\"\n",
            "hwcr.toml:2:9: invalid value 'sometimes' for '--color",
        ),
        (
            "spool-limit = \"much\"\n",
            "hwcr.toml:1:15: invalid value 'much'",
        ),
        (
            "target = \"max\"\n[[allow]]\nrule = \"HWCR-HWC-01\"\nreason = \"r\"\n",
            "hwcr.toml:3:8: there is no rule HWCR-HWC-01\nhelp: did you mean HWCR-HWC-001",
        ),
        (
            "accept = \"HWCR-HWC-001\"\n",
            "hwcr.toml:1:1: `accept` has no place in a file\nhelp: write an [[allow]]",
        ),
        ("target = \n", "hwcr.toml:1:"),
    ];
    for (config, said) in cases {
        let project = Project::new(config);
        let output = ran(&mut project.hwcr_in(".", &["check", &image]));
        assert_eq!(output.status.code(), Some(2), "{config}");
        let complaint = text(&output.stderr);
        assert!(
            complaint.starts_with(&format!("error: {said}")),
            "{config}{complaint}"
        );
        // What needs no settings works all the same.
        assert_eq!(
            ran(&mut project.hwcr_in(".", &["man"])).status.code(),
            Some(0)
        );
        assert_eq!(
            ran(&mut project.hwcr_in(".", &["--help"])).status.code(),
            Some(0)
        );
    }
    let project = Project::new("");
    for (name, value, said) in [
        (
            "HWCR_DEEP",
            "perhaps",
            "HWCR_DEEP: `perhaps` is neither true nor false",
        ),
        ("HWCR_FORMAT", "jsno", "HWCR_FORMAT: invalid value 'jsno'"),
        (
            "HWCR_CONFIG",
            "no/such.toml",
            "no/such.toml: cannot be read",
        ),
    ] {
        let output = ran(project
            .hwcr(&["check", &image, "-t", "max"])
            .env(name, value));
        assert_eq!(output.status.code(), Some(2), "{name}");
        let complaint = text(&output.stderr);
        assert!(
            complaint.starts_with(&format!("error: {said}")),
            "{complaint}"
        );
    }
}

#[test]
fn a_named_file_is_read_instead() {
    let project = Project::new("target = \"a64fx\"\nformat = \"json\"\n");
    fs::write(
        project.path("other.toml"),
        "target = \"max\"\nformat = \"json\"\n",
    )
    .unwrap();
    let other = project.path("other.toml");
    let image = image(IMAGE);
    let by_flag = ran(&mut project.hwcr(&["check", &image, "--config", other.to_str().unwrap()]));
    assert_eq!(targets(&by_flag), ["max"]);
    let by_variable = ran(project.hwcr(&["check", &image]).env("HWCR_CONFIG", &other));
    assert_eq!(targets(&by_variable), ["max"]);
    let neither = ran(project
        .hwcr(&["check", &image, "-t", "max", "--no-config"])
        .env("HWCR_CONFIG", "no/such.toml"));
    assert_eq!(
        neither.status.code(),
        ran(&mut project.hwcr(&["check", &image, "-t", "max"]))
            .status
            .code()
    );
}

#[test]
fn a_file_that_came_with_an_image_is_not_read() {
    let project = Project::new("target = \"max\"\nformat = \"json\"\n");
    let copy = project.path("a/b/dump");
    fs::create_dir(&copy).unwrap();
    for entry in fs::read_dir(image(IMAGE)).unwrap() {
        let entry = entry.unwrap();
        fs::copy(entry.path(), copy.join(entry.file_name())).unwrap();
    }
    fs::write(
        copy.join("hwcr.toml"),
        "target = \"a64fx\"\nformat = \"json\"\n",
    )
    .unwrap();
    assert_eq!(
        targets(&ran(&mut project.hwcr_in("a/b/dump", &["check", "."]))),
        ["max"]
    );
}

/// The rules of the unproven findings of an image on a target.
fn unproven(project: &Project, image: &str, target: &str) -> Vec<String> {
    let report = json(&ran(&mut project.hwcr(&[
        "check",
        image,
        "-t",
        target,
        "--no-config",
        "--format",
        "json",
    ])));
    let findings = report["results"][0]["findings"].as_array().unwrap().clone();
    let mut rules: Vec<String> = findings
        .iter()
        .filter(|finding| finding["severity"] == "unproven")
        .map(|finding| finding["rule"].as_str().unwrap().to_owned())
        .collect();
    rules.dedup();
    rules
}

fn entry(rule: &str, more: &str) -> String {
    format!("[[allow]]\nrule = \"{rule}\"\nreason = \"Looked at.\"\n{more}\n")
}

/// An image and a target whose answer is open.
const OPEN: (&str, &str) = ("idle@a64fx@new", "neoverse-n1");

fn open_case() -> (String, &'static str) {
    (image(OPEN.0), OPEN.1)
}

#[test]
fn entries_make_notes_of_unproven_findings_and_show_the_reason() {
    let (image, target) = open_case();
    let rules = unproven(&Project::new(""), &image, target);
    assert!(!rules.is_empty());
    let all: String = rules.iter().map(|rule| entry(rule, "")).collect();
    let project = Project::new(&all);
    let check = ["check", &image, "-t", target];
    let output = ran(&mut project.hwcr(&check));
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stdout));
    assert!(output.stderr.is_empty(), "{}", text(&output.stderr));
    let printed = words(&output.stdout);
    assert!(printed.contains("allowed: Looked at."), "{printed}");
    assert!(printed.contains("of them accepted"), "{printed}");

    let report = json(&ran(
        &mut project.hwcr(&[&check[..], &["--format", "json"]].concat())
    ));
    let result = &report["results"][0];
    assert_eq!(result["verdict"], "compatible");
    assert!(result["counts"]["accepted"].as_u64().unwrap() >= 1);
    let accepted: Vec<&Value> = result["findings"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|finding| finding["accepted"] == true)
        .collect();
    assert_eq!(
        accepted.len() as u64,
        result["counts"]["accepted"].as_u64().unwrap()
    );
    assert!(
        accepted
            .iter()
            .all(|finding| finding["reason"] == "Looked at." && finding["severity"] == "note")
    );
    assert!(
        report["accepts"]
            .as_array()
            .unwrap()
            .iter()
            .all(|accept| accept["used"] == true)
    );
}

#[test]
fn entries_are_narrowed_by_image_target_and_task() {
    let (image, target) = open_case();
    let rules = unproven(&Project::new(""), &image, target);
    let told = rules
        .iter()
        .find(|rule| rule.starts_with("HWCR-HWC-"))
        .unwrap();
    let used = |more: &str| {
        let project = Project::new(&entry(told, more));
        let output = ran(&mut project.hwcr(&["check", &image, "-t", target, "--format", "json"]));
        let report = json(&output);
        (report["accepts"][0]["used"].clone(), text(&output.stderr))
    };
    for more in [
        "",
        "image = \"*/idle@*\"",
        "target = \"neoverse-n1*\"",
        "task = \"[0-9]*\"",
        "expires = \"9999-12-31\"",
    ] {
        let (used, said) = used(more);
        assert_eq!(used, true, "{more}: {said}");
    }
    for more in [
        "image = \"other\"",
        "target = \"a64fx\"",
        "task = \"no-such-task\"",
    ] {
        let (used, said) = used(more);
        assert_eq!(used, false, "{more}");
        assert!(said.contains("hwcr.toml:1:1: the entry for"), "{said}");
        assert!(said.contains("was not needed"), "{said}");
    }
    let (used, said) = used("expires = 2001-12-31");
    assert_eq!(used, false);
    assert!(
        said.contains("expired on 2001-12-31 and no longer applies"),
        "{said}"
    );
}

#[test]
fn what_blocks_cannot_be_allowed() {
    let project = Project::new(&entry("HWCR-PAC-001", ""));
    let image = image(IMAGE);
    let output = ran(&mut project.hwcr(&["check", &image, "-t", "neoverse-n1"]));
    assert_eq!(output.status.code(), Some(1));
    assert!(words(&output.stdout).contains("blocker HWCR-PAC-001"));
    let said = text(&output.stderr);
    assert!(
        said.contains("blocks here, and that cannot be accepted"),
        "{said}"
    );
}

#[test]
fn init_writes_a_file_that_settles_nothing_and_overwrites_none() {
    let project = Project::new("target = \"max\"\n");
    let refused = ran(&mut project.hwcr_in(".", &["init"]));
    assert_eq!(refused.status.code(), Some(2));
    assert!(text(&refused.stderr).contains("--force"));
    assert_eq!(
        fs::read_to_string(project.path("hwcr.toml")).unwrap(),
        "target = \"max\"\n"
    );
    assert_eq!(
        ran(&mut project.hwcr_in(".", &["init", "--force"]))
            .status
            .code(),
        Some(0)
    );
    let written = fs::read_to_string(project.path("hwcr.toml")).unwrap();
    assert!(written.contains("# [[allow]]"));
    let output = ran(&mut project.hwcr(&["check", &image(IMAGE)]));
    assert_eq!(
        output.status.code(),
        Some(2),
        "it names no target: {}",
        text(&output.stderr)
    );
    assert_eq!(
        ran(&mut project.hwcr(&["init"])).status.code(),
        Some(0),
        "beside, not above"
    );
    assert!(project.path("a/b/hwcr.toml").is_file());
}
