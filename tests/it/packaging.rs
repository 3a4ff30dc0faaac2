//! What packages, workflows and the action are made of holds together.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use saphyr::{LoadableYamlNode as _, Yaml};
use tempfile::TempDir;

const WORKFLOWS: [&str; 2] = [".github/workflows/ci.yml", ".github/workflows/release.yml"];

fn read(file: &str) -> String {
    fs::read_to_string(file).unwrap()
}

fn toml() -> toml::Table {
    read("Cargo.toml").parse().unwrap()
}

/// Packaging scripts run on a copy of themselves, so that nothing is left in the sources.
fn prepared() -> (TempDir, PathBuf) {
    let dir = tempfile::tempdir().unwrap();
    let out = dir.path().join("files");
    let output = Command::new("bash")
        .args(["packaging/prepare", env!("CARGO_BIN_EXE_hwcr")])
        .arg(&out)
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
    (dir, out)
}

#[test]
fn packages_hold_pages_completions_and_the_link() {
    let (_dir, out) = prepared();
    for file in [
        "man1/hwcr.1.gz",
        "man1/hwcr-check.1.gz",
        "man1/hwcr-profile-capture.1.gz",
        "completions/hwcr",
        "completions/_hwcr",
        "completions/hwcr.fish",
        "completions/hwcr.elv",
        "completions/_hwcr.ps1",
    ] {
        assert!(fs::metadata(out.join(file)).unwrap().len() > 100, "{file}");
    }
    let link = fs::read_link(out.join("checkpointctl-hwcr")).unwrap();
    assert_eq!(link, Path::new("hwcr"));

    // Every file the Debian package wants is in the sources, or made.
    let manifest = toml();
    let deb = &manifest["package"]["metadata"]["deb"];
    let assets = deb["assets"].as_array().unwrap();
    for asset in assets {
        let from = asset[0].as_str().unwrap();
        let there = match from.strip_prefix("target/package-files/") {
            Some(made) => out.join(made),
            None if from == "target/release/hwcr" => continue,
            None => PathBuf::from(from),
        };
        let found = glob::glob(there.to_str().unwrap()).unwrap().count();
        let is_link = fs::symlink_metadata(&there).is_ok();
        assert!(found > 0 || is_link, "{from}");
    }
}

/// Packages are built with the profile that is theirs; cargo-deb reads `target/release` as that of the profile it is given.
#[test]
fn packages_are_built_with_their_own_profile() {
    let manifest = toml();
    let dist = &manifest["profile"]["dist"];
    assert_eq!(dist["inherits"].as_str(), Some("release"));
    assert_eq!(dist["lto"].as_str(), Some("thin"));
    for file in [
        "Containerfile",
        ".github/workflows/release.yml",
        "docs/packaging.md",
    ] {
        let text = read(file);
        for line in text.lines() {
            let builds = line.contains("cargo build") || line.contains("cargo deb");
            assert!(!builds || line.contains("--profile dist"), "{file}: {line}");
            assert!(!line.contains("release/hwcr"), "{file}: {line}");
        }
        assert!(text.contains("dist/hwcr"), "{file}");
    }
}

#[test]
fn archives_are_named_as_binstall_looks_for_them() {
    let manifest = toml();
    let package = &manifest["package"];
    let version = package["version"].as_str().unwrap();
    let release = read(".github/workflows/release.yml");
    let binstall = &package["metadata"]["binstall"];
    let url = |text: &str, target: &str| {
        let text = text.replace("{ repo }", "REPO").replace("{ name }", "hwcr");
        let text = text
            .replace("{ version }", version)
            .replace("{ target }", target);
        text.replace("{ archive-suffix }", ".tar.gz")
    };
    for arch in ["x86_64", "aarch64"] {
        let musl = format!("{arch}-unknown-linux-musl");
        assert!(
            release.contains(&format!("target: {musl}\n")),
            "{musl} is not released"
        );
        let expected = format!("REPO/releases/download/v{version}/hwcr-{version}-{musl}.tar.gz");
        assert_eq!(url(binstall["pkg-url"].as_str().unwrap(), &musl), expected);
        let gnu = &binstall["overrides"][&format!("{arch}-unknown-linux-gnu")];
        assert_eq!(url(gnu["pkg-url"].as_str().unwrap(), "unused"), expected);
    }
}

#[test]
fn an_archive_holds_the_program_where_binstall_expects_it_and_is_the_same_twice() {
    let (dir, out) = prepared();
    // The script works in the sources it lies in.
    let sources = dir.path().join("sources");
    fs::create_dir_all(sources.join("packaging")).unwrap();
    fs::create_dir_all(sources.join("target")).unwrap();
    for file in [
        "packaging/archive",
        "README.md",
        "CHANGELOG.md",
        "LICENSE-MIT",
        "LICENSE-APACHE",
    ] {
        fs::copy(file, sources.join(file)).unwrap();
    }
    fs::rename(&out, sources.join("target/package-files")).unwrap();
    let make = || {
        let output = Command::new("bash")
            .arg(sources.join("packaging/archive"))
            .args([
                env!("CARGO_BIN_EXE_hwcr"),
                "aarch64-unknown-linux-musl",
                "1.2.3",
            ])
            .arg(dir.path())
            .output()
            .unwrap();
        assert!(output.status.success(), "{output:?}");
        fs::read(
            dir.path()
                .join("hwcr-1.2.3-aarch64-unknown-linux-musl.tar.gz"),
        )
        .unwrap()
    };
    let first = make();
    assert!(first == make(), "the same files gave another archive");
    let mut archive = tar::Archive::new(flate2::read::GzDecoder::new(first.as_slice()));
    let names: BTreeSet<String> = archive
        .entries()
        .unwrap()
        .map(|entry| entry.unwrap().path().unwrap().display().to_string())
        .collect();
    let top = "hwcr-1.2.3-aarch64-unknown-linux-musl";
    for name in [
        "hwcr",
        "checkpointctl-hwcr",
        "man1/hwcr.1.gz",
        "completions/_hwcr",
        "LICENSE-MIT",
    ] {
        assert!(
            names.contains(&format!("{top}/{name}")),
            "{name} is not among {names:?}"
        );
    }
}

fn yaml(text: &str) -> Yaml<'_> {
    let mut documents = Yaml::load_from_str(text).unwrap();
    assert_eq!(documents.len(), 1);
    documents.remove(0)
}

fn text<'a>(node: &'a Yaml<'_>, key: &str) -> Option<&'a str> {
    node.as_mapping_get(key)?.as_str()
}

fn keys(node: &Yaml<'_>) -> BTreeSet<String> {
    let mapping = node.as_mapping().unwrap();
    mapping
        .iter()
        .map(|(key, _)| key.as_str().unwrap().to_owned())
        .collect()
}

#[test]
fn workflows_are_yaml_whose_jobs_have_steps_and_whose_scripts_are_shell() {
    for file in WORKFLOWS {
        let source = read(file);
        let workflow = yaml(&source);
        let jobs = workflow.as_mapping_get("jobs").unwrap();
        for name in keys(jobs) {
            let job = jobs.as_mapping_get(&name).unwrap();
            assert!(text(job, "runs-on").is_some(), "{file}: {name}");
            let steps = job.as_mapping_get("steps").unwrap().as_sequence().unwrap();
            assert!(!steps.is_empty(), "{file}: {name}");
            for step in steps {
                let (uses, run) = (text(step, "uses"), text(step, "run"));
                assert!(uses.is_some() != run.is_some(), "{file}: {name}: {step:?}");
                if let Some(run) = run {
                    is_shell(run);
                    // What comes from outside reaches a script by its environment only.
                    assert!(!run.contains("${{"), "{file}: {name}: {run}");
                }
            }
        }
        for script in ["packaging/prepare", "packaging/archive"] {
            assert!(Path::new(script).is_file());
        }
    }
}

fn is_shell(script: &str) {
    let output = Command::new("bash")
        .args(["-n", "-c", script])
        .output()
        .unwrap();
    assert!(output.status.success(), "{script}: {output:?}");
}

#[test]
fn the_action_uses_the_inputs_it_declares() {
    let source = read("action.yml");
    let action = yaml(&source);
    let inputs = keys(action.as_mapping_get("inputs").unwrap());
    for input in &inputs {
        assert!(
            source.contains(&format!("inputs.{input}")),
            "{input} is not used"
        );
    }
    for (at, _) in source.match_indices("inputs.") {
        let name: String = source[at + "inputs.".len()..]
            .chars()
            .take_while(|c| c.is_ascii_alphanumeric() || *c == '-')
            .collect();
        assert!(inputs.contains(&name), "{name} is no input");
    }
    let runs = action.as_mapping_get("runs").unwrap();
    assert_eq!(text(runs, "using"), Some("composite"));
    for step in runs.as_mapping_get("steps").unwrap().as_sequence().unwrap() {
        assert_eq!(text(step, "shell"), Some("bash"));
        is_shell(text(step, "run").unwrap());
    }
}

#[test]
fn the_pipelines_in_the_readme_are_yaml_and_give_the_action_its_inputs() {
    let readme = read("README.md");
    let blocks: Vec<&str> = readme
        .split("```yaml\n")
        .skip(1)
        .map(|rest| rest.split("```").next().unwrap())
        .collect();
    let [github, gitlab] = blocks.as_slice() else {
        unreachable!("{blocks:?}")
    };
    let workflow = yaml(github);
    let job = workflow
        .as_mapping_get("jobs")
        .unwrap()
        .as_mapping_get("checkpoints")
        .unwrap();
    let steps = job.as_mapping_get("steps").unwrap().as_sequence().unwrap();
    let step = steps.last().unwrap();
    assert_eq!(text(step, "uses"), Some("./.hwcr"));
    let source = read("action.yml");
    let action = yaml(&source);
    let inputs = keys(action.as_mapping_get("inputs").unwrap());
    let given = keys(step.as_mapping_get("with").unwrap());
    assert!(given.is_subset(&inputs), "{given:?}");
    let version = toml()["package"]["version"].as_str().unwrap().to_owned();
    for block in [github, gitlab] {
        assert!(block.contains(&format!("v{version}")), "{block}");
    }
    let pipeline = yaml(gitlab);
    let job = pipeline.as_mapping_get("checkpoints").unwrap();
    assert!(
        job.as_mapping_get("script")
            .unwrap()
            .as_sequence()
            .unwrap()
            .len()
            > 1
    );
}

/// The action's step, with what GitHub would give it.
fn action(image: &str, targets: &str, allow: &str) -> (Output, String, String) {
    let dir = tempfile::tempdir().unwrap();
    let (report, outputs) = (dir.path().join("report.json"), dir.path().join("outputs"));
    let output = Command::new("bash")
        .arg("packaging/action-check")
        .env("PROGRAM", env!("CARGO_BIN_EXE_hwcr"))
        .env("IMAGES", format!("tests/fixtures/images/{image}\n"))
        .env("TARGETS", targets)
        .env("ALLOW_INDETERMINATE", allow)
        .env("REPORT", &report)
        .env("GITHUB_OUTPUT", &outputs)
        .output()
        .unwrap();
    (
        output,
        fs::read_to_string(report).unwrap(),
        fs::read_to_string(outputs).unwrap(),
    )
}

#[test]
fn the_action_fails_the_job_as_its_inputs_say() {
    let open = "idle@a64fx@new";
    let blocked = "sig-sve@neoverse-v1@new";
    for (image, targets, allow, code, exit) in [
        (open, "neoverse-n1", "false", 3, 3),
        (open, "neoverse-n1", "true", 3, 0),
        (open, "neoverse-n1\n\ncortex-a57\n", "true", 3, 0),
        (blocked, "neoverse-n1", "true", 1, 1),
        ("no-such-image", "neoverse-n1", "true", 2, 2),
    ] {
        let (output, report, outputs) = action(image, targets, allow);
        assert_eq!(
            output.status.code(),
            Some(exit),
            "{image} {targets}: {output:?}"
        );
        assert!(
            outputs.starts_with(&format!("exit-code={code}\nreport=")),
            "{outputs}"
        );
        let report: serde_json::Value = serde_json::from_str(&report).unwrap();
        let count = targets.split_whitespace().count();
        assert_eq!(report["results"].as_array().unwrap().len(), count);
        let said = String::from_utf8(output.stdout).unwrap();
        assert_eq!(said.contains("::error::"), exit != 0, "{said}");
    }
}
