//! What makes the program pleasant: completions, pages, suggestions, brief and quiet reports, the bar on a terminal.

use crate::program;

use std::fs::File;
use std::io::{Read as _, Write as _};
use std::process::{Command, Stdio};
use std::thread;
use std::time::Duration;

use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};

use program::{hwcr, run, text};

const IMAGE: &str = "tests/fixtures/images/sig-sve@neoverse-v1@new";

/// What bash is offered for the last of `words`.
fn offered(words: &[&str]) -> Vec<String> {
    let output = hwcr(&[&["--"], words].concat())
        .env("HWCR_COMPLETE", "bash")
        .env("_CLAP_COMPLETE_INDEX", (words.len() - 1).to_string())
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(0), "{words:?}");
    text(&output.stdout).lines().map(str::to_owned).collect()
}

#[test]
fn every_shell_has_a_script_that_asks_hwcr() {
    for shell in ["bash", "elvish", "fish", "powershell", "zsh"] {
        let output = run(&["completions", shell]);
        assert_eq!(output.status.code(), Some(0), "{shell}");
        let script = text(&output.stdout);
        assert!(script.contains("HWCR_COMPLETE"), "{shell}: {script}");
        assert!(script.contains("hwcr"), "{shell}: {script}");
        // What the script asks is answered, in the shell's own way.
        let answer = hwcr(&["--", "hwcr", "explain-"])
            .env("HWCR_COMPLETE", shell)
            .env("_CLAP_COMPLETE_INDEX", "1")
            .output()
            .unwrap();
        assert!(text(&answer.stdout).contains("explain-log"), "{shell}");
    }
    assert_eq!(run(&["completions", "tcsh"]).status.code(), Some(2));
}

#[test]
fn shells_that_are_here_take_their_script() {
    for (shell, check) in [("bash", "-n"), ("zsh", "-n"), ("fish", "--no-execute")] {
        let Ok(mut child) = Command::new(shell)
            .arg(check)
            .stdin(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
        else {
            continue;
        };
        let script = run(&["completions", shell]).stdout;
        child.stdin.take().unwrap().write_all(&script).unwrap();
        let output = child.wait_with_output().unwrap();
        assert!(output.status.success(), "{shell}: {}", text(&output.stderr));
    }
}

#[test]
fn verbs_options_profiles_rules_and_files_complete() {
    assert!(offered(&["hwcr", "ins"]).contains(&"inspect".to_owned()));
    assert!(offered(&["hwcr", "check", "--ac"]).contains(&"--accept".to_owned()));
    let targets = offered(&["hwcr", "check", "dump", "--target", "neoverse-n"]);
    assert!(targets.contains(&"neoverse-n1".to_owned()), "{targets:?}");
    assert!(
        targets.iter().all(|name| name.starts_with("neoverse-n")),
        "{targets:?}"
    );
    let files = offered(&["hwcr", "check", "dump", "--target", "Cargo.t"]);
    assert_eq!(files, ["Cargo.toml"]);
    assert_eq!(offered(&["hwcr", "profile", "show", "grac"]), ["grace"]);
    assert!(offered(&["hwcr", "explain", "HWCR-SVE-"]).contains(&"HWCR-SVE-001".to_owned()));
    assert!(
        offered(&["hwcr", "rewrite", "--allow", "drop-sv"]).contains(&"drop-sve-state".to_owned())
    );
    assert!(offered(&["hwcr", "check", "--format", "js"]).contains(&"json".to_owned()));
}

#[test]
fn a_page_is_printed_or_refused_with_the_nearest_verb() {
    let page = run(&["man", "profile", "show"]);
    assert_eq!(page.status.code(), Some(0));
    assert!(text(&page.stdout).contains(".TH HWCR-PROFILE-SHOW 1"));
    let wrong = run(&["man", "chekc"]);
    assert_eq!(wrong.status.code(), Some(2));
    assert_eq!(
        text(&wrong.stderr),
        "error: hwcr has no verb chekc\nhelp: did you mean check?\n"
    );
}

#[test]
fn what_is_mistyped_is_answered_with_what_was_perhaps_meant() {
    let cases: [(&[&str], &str); 9] = [
        (&["chekc"], "'check'"),
        (&["check", "x", "--targte", "max"], "'--target'"),
        (&["check", "x", "-t", "max", "--format", "jsno"], "'json'"),
        (&["check", IMAGE, "-t", "neoverse-n9"], "`neoverse-n1`"),
        (
            &["check", IMAGE, "-t", "max", "--source", "gravitn2"],
            "`graviton2`",
        ),
        (
            &["check", IMAGE, "-t", "max", "--accept", "HWCR-HWC-01"],
            "HWCR-HWC-001",
        ),
        (&["explain", "hwcr-sve-01"], "HWCR-SVE-001"),
        (
            &[
                "rewrite",
                IMAGE,
                "-t",
                "max",
                "--dry-run",
                "--allow",
                "strip-pack",
            ],
            "strip-pac",
        ),
        (&["schema", "reprot"], "'report'"),
    ];
    for (args, meant) in cases {
        let output = run(args);
        assert_eq!(output.status.code(), Some(2), "{args:?}");
        let said = text(&output.stderr);
        assert!(said.contains(meant), "{args:?}: {said}");
    }
}

#[test]
fn brief_reports_are_a_line_or_two_with_the_same_exit_code() {
    let log = "tests/fixtures/logs/frame-refused.log";
    let cases: [(&[&str], usize); 4] = [
        (&["check", IMAGE, "--target", "neoverse-n1"], 1),
        (&["inspect", IMAGE], 1),
        (
            &["rewrite", IMAGE, "--target", "neoverse-n1", "--dry-run"],
            2,
        ),
        (&["explain-log", log], 2),
    ];
    for (args, lines) in cases {
        let brief = run(&[args, &["--brief"]].concat());
        let whole = run(args);
        assert_eq!(brief.status.code(), whole.status.code(), "{args:?}");
        let printed = text(&brief.stdout);
        // Lines are wrapped; what is wrapped is indented.
        let count = printed
            .lines()
            .filter(|line| !line.starts_with("  "))
            .count();
        assert!((1..=lines).contains(&count), "{args:?}: {printed}");
        assert!(printed.len() < whole.stdout.len(), "{args:?}");
    }
}

#[test]
fn quiet_prints_no_report_and_keeps_exit_code_and_complaints() {
    for args in [
        &["check", IMAGE, "--target", "neoverse-n1"][..],
        &[
            "check",
            IMAGE,
            "--target",
            "neoverse-n1",
            "--format",
            "json",
        ],
        &["inspect", IMAGE],
        &["rewrite", IMAGE, "--target", "neoverse-n1", "--dry-run"],
        &["explain-log", "tests/fixtures/logs/frame-refused.log"],
        &["profile", "validate", "grace"],
    ] {
        let quiet = run(&[args, &["--quiet"]].concat());
        assert_eq!(quiet.status.code(), run(args).status.code(), "{args:?}");
        assert_eq!(text(&quiet.stdout), "", "{args:?}");
        assert_eq!(text(&quiet.stderr), "", "{args:?}");
    }
    let unread = run(&["-q", "inspect", "no/such/image"]);
    assert_eq!(unread.status.code(), Some(2));
    assert!(text(&unread.stderr).starts_with("error: no/such/image"));
    // What is made to be kept is no report.
    assert!(!run(&["schema", "report", "-q"]).stdout.is_empty());
    assert!(
        !run(&["profile", "baseline", "grace", "-q"])
            .stdout
            .is_empty()
    );
}

#[test]
fn a_broken_pipe_keeps_the_exit_code() {
    let cases: [(&[&str], i32); 6] = [
        (&["check", IMAGE, "--target", "neoverse-n1"], 1),
        (
            &[
                "check",
                IMAGE,
                "--target",
                "neoverse-n1",
                "--format",
                "json",
            ],
            1,
        ),
        (&["inspect", IMAGE, "-v"], 0),
        (&["rules", "--format", "markdown"], 0),
        (&["--help"], 0),
        (&["check", "no/such/image", "--target", "max"], 2),
    ];
    for (args, code) in cases {
        let mut child = hwcr(args)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        drop(child.stdout.take());
        assert_eq!(child.wait().unwrap().code(), Some(code), "{args:?}");
    }
}

/// Everything hwcr writes to a terminal on its standard error while it reads an archive that comes slowly.
fn on_a_terminal(kind: &str, more: &[&str]) -> String {
    let ours = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
    grantpt(&ours).unwrap();
    unlockpt(&ours).unwrap();
    let theirs = ptsname(&ours, Vec::new()).unwrap().into_string().unwrap();
    let theirs = File::options().read(true).write(true).open(theirs).unwrap();

    let mut archive = tar::Builder::new(Vec::new());
    archive.append_dir_all(".", IMAGE).unwrap();
    let archive = archive.into_inner().unwrap();

    let mut child = hwcr(&[&["check", "-", "--target", "neoverse-n1"], more].concat())
        .env("TERM", kind)
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(theirs)
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let writer = thread::spawn(move || {
        let (first, rest) = archive.split_at(archive.len() / 2);
        stdin.write_all(first).unwrap();
        thread::sleep(Duration::from_millis(1200));
        stdin.write_all(rest).unwrap();
    });
    let mut shown = Vec::new();
    let mut terminal = File::from(ours);
    let mut buffer = [0; 4096];
    // The other side is closed when the child has ended; Linux then says EIO.
    while let Ok(len) = terminal.read(&mut buffer) {
        if len == 0 {
            break;
        }
        shown.extend_from_slice(&buffer[..len]);
    }
    writer.join().unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(1));
    text(&shown)
}

#[test]
fn a_terminal_shows_progress_and_is_left_clean() {
    let shown = on_a_terminal("xterm", &[]);
    assert!(shown.contains("iB read"), "{shown:?}");
    // The last thing is to wipe the line.
    assert!(shown.ends_with("\u{1b}[2K"), "{shown:?}");
}

#[test]
fn nothing_is_drawn_where_it_is_not_wanted_or_not_possible() {
    assert_eq!(on_a_terminal("dumb", &[]), "");
    assert_eq!(on_a_terminal("xterm", &["--quiet"]), "");
}
