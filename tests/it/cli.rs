//! The program as it is called: help, exit codes, streams.

use std::io::Read;
use std::process::{Command, Output, Stdio};

fn hwcr(args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_hwcr"));
    command
        .args(args)
        .env_remove("COLUMNS")
        .env_remove("NO_COLOR")
        .env_remove("CLICOLOR_FORCE")
        .env_remove("CLICOLOR");
    command
}

fn run(args: &[&str]) -> Output {
    hwcr(args).output().unwrap()
}

fn stdout(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

fn stderr(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

#[test]
fn help_of_every_verb() {
    for verb in [
        "",
        "check",
        "inspect",
        "rewrite",
        "explain",
        "explain-log",
        "rules",
        "profile",
        "schema",
    ] {
        let args: Vec<&str> = [verb, "--help"]
            .into_iter()
            .filter(|arg| !arg.is_empty())
            .collect();
        let output = run(&args);
        assert_eq!(output.status.code(), Some(0));
        insta::assert_snapshot!(
            format!("help_{}", if verb.is_empty() { "hwcr" } else { verb }),
            stdout(&output)
        );
    }
}

#[test]
fn wrong_usage_is_2_and_says_so_on_stderr() {
    let cases: [&[&str]; 9] = [
        &[],
        &["chekc"],
        &["check"],
        &["check", "--target", "neoverse-n1"],
        &["check", "dump"],
        &[
            "check",
            "dump",
            "--target",
            "neoverse-n1",
            "--format",
            "yaml",
        ],
        &["inspect"],
        &["inspect", "dump", "--only", "everything"],
        &["schema", "cpu"],
    ];
    for args in cases {
        let output = run(args);
        assert_eq!(output.status.code(), Some(2), "{args:?}");
        assert!(
            output.stdout.is_empty() && !output.stderr.is_empty(),
            "{args:?}"
        );
    }
}

#[test]
fn a_rule_that_does_not_exist_is_2() {
    for args in [
        &["explain", "HWCR-NO-999"][..],
        &[
            "check",
            "dump",
            "--target",
            "neoverse-n1",
            "--accept",
            "HWCR-NO-999",
        ],
    ] {
        let output = run(args);
        assert_eq!(output.status.code(), Some(2), "{args:?}");
        assert!(
            stderr(&output).starts_with("error: there is no rule HWCR-NO-999\nhelp: "),
            "{}",
            stderr(&output)
        );
    }
}

#[test]
fn a_profile_that_does_not_exist_is_2() {
    let output = run(&["check", "dump", "--target", "no-such-machine"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(output.stdout.is_empty());
    let complaint = stderr(&output);
    assert!(
        complaint.starts_with("error: ") && complaint.contains("no-such-machine"),
        "{complaint}"
    );
    assert!(complaint.contains("\nhelp: "), "{complaint}");
}

#[test]
fn an_image_that_does_not_exist_is_2() {
    let output = run(&["inspect", "no/such/image"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(output.stdout.is_empty());
    let complaint = stderr(&output);
    assert!(
        complaint.starts_with("error: no/such/image: ") && complaint.contains("give the directory"),
        "{complaint}"
    );
    assert!(
        !complaint.contains('\u{1b}'),
        "colour in a pipe: {complaint:?}"
    );
}

#[test]
fn colour_can_be_forced_and_forbidden() {
    let forced = run(&["--color", "always", "inspect", "no/such/image"]);
    assert!(
        stderr(&forced).contains("\u{1b}[1m\u{1b}[31merror"),
        "{:?}",
        stderr(&forced)
    );
    let forbidden = run(&["inspect", "no/such/image", "--color", "never"]);
    assert!(!stderr(&forbidden).contains('\u{1b}'));
}

#[test]
fn schemas_are_json() {
    for name in [
        "report",
        "result",
        "inspect",
        "rules",
        "rewrite",
        "log",
        "profile",
        "profile-show",
        "profile-diff",
    ] {
        let output = run(&["schema", name]);
        assert_eq!(output.status.code(), Some(0));
        let schema: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
        assert_eq!(schema["title"], format!("hwcr-{name}/1"));
    }
    assert_eq!(run(&["schema"]).stdout, run(&["schema", "report"]).stdout);
}

#[test]
fn built_in_profiles_are_listed() {
    let output = run(&["profile", "list"]);
    assert_eq!(output.status.code(), Some(0));
    insta::assert_snapshot!("profile_list", stdout(&output));
}

#[test]
fn rules_in_every_format() {
    let json: serde_json::Value =
        serde_json::from_slice(&run(&["rules", "--format", "json"]).stdout).unwrap();
    assert_eq!(json["schema"], "hwcr-rules/1");
    assert!(stdout(&run(&["rules", "--format", "markdown"])).starts_with("# Rules\n"));
    assert_eq!(run(&["rules"]).status.code(), Some(0));
}

#[test]
fn a_reader_that_has_seen_enough_is_no_error() {
    // More than a pipe holds is needed to be sure that the writer notices.
    let mut child = hwcr(&["schema", "inspect"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let mut complaint = String::new();
    child
        .stderr
        .take()
        .unwrap()
        .read_to_string(&mut complaint)
        .unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(0));
    assert_eq!(complaint, "");
}
