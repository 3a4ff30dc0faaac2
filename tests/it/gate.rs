//! `examples/gate.rs`, the library's example: a program of its own that gates a directory of checkpoints.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::Command;

/// The example's program. `cargo test` has built it; running this test alone builds it here.
fn gate() -> Command {
    let mut build = Command::new(env!("CARGO"));
    build.args([
        "build",
        "--quiet",
        "--offline",
        "--locked",
        "--example",
        "gate",
    ]);
    if !cfg!(debug_assertions) {
        build.arg("--release");
    }
    assert!(build.status().unwrap().success());
    let programs = Path::new(env!("CARGO_BIN_EXE_hwcr")).parent().unwrap();
    Command::new(programs.join("examples/gate"))
}

/// Its exit code for these images on a machine, and what it prints.
fn gated(images: &[&str], target: &str) -> (Option<i32>, String) {
    let folder = tempfile::tempdir().unwrap();
    for image in images {
        let there = fs::canonicalize(Path::new("tests/fixtures/images").join(image)).unwrap();
        symlink(there, folder.path().join(image)).unwrap();
    }
    let output = gate().arg(folder.path()).arg(target).output().unwrap();
    let text = [output.stdout, output.stderr].concat();
    let text = String::from_utf8(text).unwrap();
    let text = text.replace(folder.path().to_str().unwrap(), "DIR");
    (output.status.code(), text)
}

#[test]
fn the_worst_verdict_decides() {
    let said = |image: &str, verdict: &str| format!("DIR/{image}: {verdict}\n");
    let (good, open, bad) = (
        "idle@cortex-a57@new",
        "idle@a64fx@new",
        "sig-sve@neoverse-v1@new",
    );
    let (code, text) = gated(&[good], "neoverse-n1");
    assert_eq!((code, text), (Some(0), said(good, "compatible")));
    let (code, text) = gated(&[good, open], "neoverse-n1");
    assert_eq!(code, Some(3), "{text}");
    assert!(text.contains(&said(good, "compatible")), "{text}");
    assert!(text.contains(&said(open, "indeterminate")), "{text}");
    let (code, text) = gated(&[good, open, bad], "neoverse-n1");
    assert_eq!(code, Some(1), "{text}");
    assert!(text.contains(&said(bad, "incompatible")), "{text}");
}

#[test]
fn without_an_answer_it_gates() {
    let (code, text) = gated(&[], "neoverse-n1");
    assert_eq!(
        (code, text.as_str()),
        (Some(2), "gate: DIR: no checkpoint\n")
    );
    let (code, text) = gated(&["idle@cortex-a57@new"], "no-such-machine");
    assert_eq!(code, Some(2));
    assert!(
        text.starts_with("gate: no built-in profile is called `no-such-machine`"),
        "{text}"
    );
}

#[test]
fn it_is_short() {
    let text = fs::read_to_string("examples/gate.rs").unwrap();
    assert!(text.lines().count() <= 40);
}
