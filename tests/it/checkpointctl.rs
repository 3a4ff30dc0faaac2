//! hwcr as checkpointctl finds and runs it.

use crate::program;

use std::os::unix::fs::symlink;
use std::os::unix::process::CommandExt as _;
use std::path::PathBuf;
use std::process::{Command, Output};
use std::time::{Duration, Instant};

use tempfile::TempDir;

use program::text;

const IMAGE: &str = "tests/fixtures/images/sig-sve@neoverse-v1@new";

/// A directory of the PATH with the plugin in it.
fn installed() -> (TempDir, PathBuf) {
    let dir = tempfile::tempdir().unwrap();
    let plugin = dir.path().join("checkpointctl-hwcr");
    symlink(env!("CARGO_BIN_EXE_hwcr"), &plugin).unwrap();
    (dir, plugin)
}

/// As checkpointctl executes a plugin: by its whole path, which is also its name.
fn run(plugin: &PathBuf, args: &[&str]) -> Output {
    Command::new(plugin)
        .arg0(plugin)
        .args(args)
        .env_clear()
        .env("NO_COLOR", "1")
        .output()
        .unwrap()
}

#[test]
fn it_describes_itself_in_a_line_and_in_time() {
    let (_dir, plugin) = installed();
    // checkpointctl waits half a second. A machine may be busy once, not always.
    let mut waited = Vec::new();
    for _ in 0..5 {
        let start = Instant::now();
        run(&plugin, &["--plugin-description"]);
        waited.push(start.elapsed());
    }
    assert!(
        waited.iter().any(|time| *time < Duration::from_millis(500)),
        "{waited:?}"
    );
    let output = run(&plugin, &["--plugin-description"]);
    assert_eq!(output.status.code(), Some(42));
    assert_eq!(
        text(&output.stdout),
        "Say whether a checkpoint will really run on a given arm64 machine\n"
    );
    assert!(output.stderr.is_empty());
    // By its own name that is no option.
    let plainly = program::run(&["--plugin-description"]);
    assert_eq!(plainly.status.code(), Some(2));
}

#[test]
fn a_verb_says_and_ends_as_hwcr_does() {
    let (_dir, plugin) = installed();
    for args in [
        &["check", IMAGE, "--target", "neoverse-n1"][..],
        &["check", IMAGE, "--target", "max", "--format", "json"],
        &["inspect", IMAGE],
        &["explain", "HWCR-SVE-001"],
        &["check", "no/such/image", "--target", "max"],
    ] {
        let by_plugin = run(&plugin, args);
        let by_name = program::run(args);
        assert_eq!(by_plugin, by_name, "{args:?}");
    }
}

#[test]
fn help_shows_what_the_user_types() {
    let (_dir, plugin) = installed();
    let check = text(&run(&plugin, &["check", "--help"]).stdout);
    assert!(
        check.contains("Usage: checkpointctl hwcr check "),
        "{check}"
    );
    assert!(
        check.contains("\n  checkpointctl hwcr check dump/ --target neoverse-n1\n"),
        "{check}"
    );
    let wrong = run(&plugin, &["chekc"]);
    assert_eq!(wrong.status.code(), Some(2));
    assert!(
        text(&wrong.stderr).contains("Usage: checkpointctl hwcr "),
        "{}",
        text(&wrong.stderr)
    );
}
