//! `hwcr launch` as it is called.

use crate::program;

use std::process::Output;

fn launch(image: &str, more: &[&str]) -> Output {
    let image = format!("tests/fixtures/images/{image}");
    let mut command = program::hwcr(&["launch", "--for", &image]);
    command.args(more).output().unwrap()
}

fn text(bytes: &[u8]) -> String {
    // Lines are wrapped.
    let text = String::from_utf8(bytes.to_vec()).unwrap();
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[test]
fn a_dry_run_says_what_would_be_done_anywhere() {
    let output = launch(
        "sig-sve@neoverse-v1@new",
        &["--dry-run", "--", "criu", "restore", "-D", "dump"],
    );
    assert_eq!(output.status.code(), Some(0));
    let text = text(&output.stdout);
    assert!(
        text.contains("SVE vector length 32 bytes (PR_SVE_SET_VL"),
        "{text}"
    );
    assert!(text.contains("would run criu restore -D dump"), "{text}");
    assert!(!text.contains("PR_SME_SET_VL"), "{text}");
    let output = launch("idle@max@new", &["--dry-run", "--", "true"]);
    assert!(self::text(&output.stdout).contains("would choose none"));
}

#[cfg(not(target_arch = "aarch64"))]
#[test]
fn on_another_machine_the_command_is_not_run() {
    let output = launch("sig-sve@neoverse-v1@new", &["--", "echo", "run"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(output.stdout.is_empty());
    let text = text(&output.stderr);
    assert!(text.contains("arm64 Linux only"), "{text}");
    assert!(text.contains("--dry-run"), "{text}");
}

#[test]
fn a_command_is_needed_and_an_image_too() {
    assert_eq!(launch("idle@max@new", &[]).status.code(), Some(2));
    let output = launch("no-such-image", &["--", "true"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(text(&output.stderr).contains("no-such-image"));
}
