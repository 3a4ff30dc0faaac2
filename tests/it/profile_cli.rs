//! `hwcr profile show`, `diff`, `baseline` and `validate`, as they are called.

use crate::program;

use std::fs;
use std::path::Path;
use std::process::Output;

use serde_json::Value;

use program::text;

/// Runs hwcr in a folder.
fn run(folder: &Path, args: &[&str]) -> Output {
    program::hwcr(args).current_dir(folder).output().unwrap()
}

/// Standard output, standard error and exit code as one text.
fn told(output: &Output) -> String {
    format!(
        "exit code: {}\n-- stdout\n{}-- stderr\n{}",
        output.status.code().unwrap(),
        text(&output.stdout),
        text(&output.stderr)
    )
    .replace(
        concat!("\"version\": \"", env!("CARGO_PKG_VERSION"), "\""),
        "\"version\": \"VERSION\"",
    )
}

/// A profile as people write it: little is known, and of some of that where it comes from.
const RACK: &str = r#"{
  "schema": "hwcr-profile/1",
  "name": "rack-7",
  "arch": "aarch64",
  "basis": "imported",
  "hwcap": { "hwcap": "0x1004000000efffff", "hwcap2": "0x800000" },
  "kernel": "6.1",
  "sigreturn": { "TPIDR2": "accepted" },
  "registers": { "DCZID_EL0": 4 },
  "cores": [ { "cpus": "0-3", "registers": { "MIDR_EL1": "0x410fd034" } } ],
  "origins": { "kernel": "uname" }
}
"#;

fn folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("rack.json"), RACK).unwrap();
    folder
}

#[test]
fn help_of_everything_about_profiles() {
    for verb in ["show", "diff", "baseline", "validate"] {
        let output = run(Path::new("."), &["profile", verb, "--help"]);
        assert_eq!(output.status.code(), Some(0));
        insta::assert_snapshot!(format!("help_profile_{verb}"), text(&output.stdout));
    }
}

#[test]
fn a_profile_is_explained() {
    let folder = folder();
    for (name, profile) in [("machine", "a64fx"), ("unknown", "rack.json")] {
        let arguments = ["profile", "show", profile];
        insta::assert_snapshot!(
            format!("show_{name}"),
            told(&run(folder.path(), &arguments))
        );
    }
    let json = ["profile", "show", "rack.json", "--format", "json"];
    insta::assert_snapshot!("show_json", told(&run(folder.path(), &json)));
}

#[test]
fn two_profiles_are_compared() {
    let folder = folder();
    let cases = [
        ("machines", ["neoverse-n1", "max@6.1"]),
        ("unknown", ["a64fx", "rack.json"]),
        ("same", ["max", "max"]),
    ];
    for (name, [a, b]) in cases {
        let output = run(folder.path(), &["profile", "diff", a, b]);
        insta::assert_snapshot!(format!("diff_{name}"), told(&output));
    }
    let json = ["profile", "diff", "max@6.1", "max", "--format", "json"];
    insta::assert_snapshot!("diff_json", told(&run(folder.path(), &json)));
}

#[test]
fn a_baseline_is_written_once_and_read_again() {
    let folder = folder();
    let path = folder.path();
    let made = run(
        path,
        &[
            "profile",
            "baseline",
            "a64fx",
            "neoverse-v1",
            "-o",
            "fleet.json",
        ],
    );
    assert_eq!(told(&made), "exit code: 0\n-- stdout\n-- stderr\n");
    let fleet = fs::read_to_string(path.join("fleet.json")).unwrap();
    let json: Value = serde_json::from_str(&fleet).unwrap();
    assert_eq!(
        (&json["name"], &json["basis"]),
        (&"fleet".into(), &"baseline".into())
    );

    insta::assert_snapshot!(
        "show_baseline",
        told(&run(path, &["profile", "show", "fleet.json"]))
    );

    // Members of a baseline are machines; what is in it already adds nothing.
    let again = run(
        path,
        &[
            "profile",
            "baseline",
            "neoverse-v1",
            "fleet.json",
            "--name",
            "fleet",
        ],
    );
    assert_eq!(text(&again.stdout), fleet);

    let exists = run(path, &["profile", "baseline", "max", "-o", "fleet.json"]);
    assert_eq!(exists.status.code(), Some(2));
    assert!(text(&exists.stderr).contains("cannot write fleet.json: "));
    assert_eq!(fs::read_to_string(path.join("fleet.json")).unwrap(), fleet);
}

#[test]
fn machines_of_a_baseline_need_names_of_their_own() {
    let folder = folder();
    let other = RACK.replace("\"6.1\"", "\"6.2\"");
    fs::write(folder.path().join("other.json"), other).unwrap();
    let output = run(
        folder.path(),
        &["profile", "baseline", "rack.json", "other.json"],
    );
    assert_eq!(output.status.code(), Some(2));
    assert!(output.stdout.is_empty());
    assert!(text(&output.stderr).contains("two different machines are called `rack-7`"));
}

#[test]
fn profiles_are_examined() {
    let folder = folder();
    let broken = RACK
        .replace("\"kernel\"", "\"kernal\"")
        .replace("\"0x800000\"", "\"sme\"")
        .replace("\"0-3\"", "\"3-0\"");
    fs::write(folder.path().join("broken.json"), broken).unwrap();
    let all = run(
        folder.path(),
        &[
            "profile",
            "validate",
            "rack.json",
            "broken.json",
            "none.json",
            "neoverse-n1",
        ],
    );
    insta::assert_snapshot!("validate", told(&all));
    let doubtful = run(folder.path(), &["profile", "validate", "rack.json"]);
    assert_eq!(doubtful.status.code(), Some(0));
}
