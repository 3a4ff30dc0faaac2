//! `hwcr explain-log`: real logs of restores that failed, alone and with the image they are of.
//!
//! The logs under `tests/fixtures/logs` are cut down: lines were taken out, none was changed.

use crate::json_schema::Schema;
use crate::program;

use std::fmt::Write as _;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use hwcr::profile::model::Source;
use serde_json::Value;

use program::text;

const LOGS: &str = "tests/fixtures/logs";
const IMAGES: &str = "tests/fixtures/images";

fn hwcr(args: &[&str]) -> Command {
    let mut command = program::hwcr(&["explain-log"]);
    command.args(args);
    command
}

fn run(args: &[&str]) -> Output {
    hwcr(args).output().unwrap()
}

fn log(name: &str) -> String {
    format!("{LOGS}/{name}")
}

fn image(name: &str) -> String {
    format!("{IMAGES}/{name}")
}

/// Standard output and exit code; standard error must be empty.
fn told(args: &[&str]) -> String {
    let output = run(args);
    assert_eq!(text(&output.stderr), "", "{args:?}");
    format!(
        "exit code: {}\n{}",
        output.status.code().unwrap(),
        text(&output.stdout)
    )
}

fn json(args: &[&str]) -> (i32, Value) {
    let args = [args, &["--format", "json"]].concat();
    let output = run(&args);
    (
        output.status.code().unwrap(),
        serde_json::from_slice(&output.stdout).unwrap(),
    )
}

/// Every log of the fixtures, with the kernel's beside it where there is one.
fn fixtures() -> Vec<Vec<String>> {
    let mut names: Vec<String> = fs::read_dir(LOGS)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| name != "messages.tsv")
        .collect();
    names.sort();
    let has = |name: &str| names.iter().any(|known| known == name);
    names
        .iter()
        .filter(|name| match name.strip_suffix(".dmesg") {
            Some(stem) => !has(&format!("{stem}.log")),
            None => true,
        })
        .map(|name| {
            let kernel = name
                .strip_suffix(".log")
                .map(|stem| format!("{stem}.dmesg"));
            let kernel = kernel.filter(|kernel| has(kernel));
            std::iter::once(name.clone()).chain(kernel).collect()
        })
        .collect()
}

#[test]
fn what_real_logs_come_to() {
    let mut table = String::new();
    for logs in fixtures() {
        let paths: Vec<String> = logs.iter().map(|name| log(name)).collect();
        let (code, report) = json(&paths.iter().map(String::as_str).collect::<Vec<_>>());
        let causes: Vec<&str> = report["causes"]
            .as_array()
            .unwrap()
            .iter()
            .map(|cause| match cause["message"].as_u64() {
                Some(_) => cause["id"].as_str().unwrap_or("?"),
                None => cause["id"].as_str().unwrap_or("image"),
            })
            .collect();
        writeln!(
            table,
            "{}: {code} {} {}: {}",
            logs.join(" + "),
            report["outcome"].as_str().unwrap(),
            report["certainty"].as_str().unwrap(),
            causes.join(", ")
        )
        .unwrap();
    }
    insta::assert_snapshot!("real_logs", table);
}

/// Logs of reported cases: exit code, outcome, the first cause and how likely it is.
#[test]
fn reported_logs_have_their_cause() {
    let cases = [
        // An error of a trial at the start, and then the cause.
        ("probe-tun.log", 0, "failed", "criu-file-missing", "certain"),
        (
            "probe-android.log",
            0,
            "failed",
            "criu-mappings-unsorted",
            "certain",
        ),
        (
            "repair-off.log",
            0,
            "failed",
            "criu-address-taken",
            "certain",
        ),
        // A signal and nothing else.
        ("libc-rseq.log", 3, "failed", "criu-libc-rseq", "probable"),
        (
            "libc-rseq-container.log",
            3,
            "failed",
            "criu-libc-rseq",
            "possible",
        ),
        (
            "libc-rseq-127.log",
            3,
            "failed",
            "criu-libc-rseq",
            "possible",
        ),
        // The mapping's flags stand in the line before.
        (
            "droppable.log",
            0,
            "failed",
            "criu-mapping-droppable",
            "certain",
        ),
        // Dumps.
        (
            "dump-rseq.log",
            0,
            "dump-failed",
            "criu-dump-rseq",
            "certain",
        ),
        (
            "dump-apparmor.log",
            0,
            "dump-failed",
            "criu-dump-apparmor",
            "certain",
        ),
        (
            "dump-network-lock.log",
            0,
            "dump-failed",
            "criu-network-lock",
            "certain",
        ),
        (
            "dump-transport.log",
            0,
            "dump-failed",
            "criu-dump-transport",
            "certain",
        ),
        (
            "dump-serial-port.log",
            0,
            "dump-failed",
            "criu-dump-serial-port",
            "certain",
        ),
        (
            "dump-pac-mask.log",
            0,
            "dump-failed",
            "criu-dump-pac-mask",
            "certain",
        ),
        (
            "dump-mapping.log",
            0,
            "dump-failed",
            "criu-dump-special-mapping",
            "certain",
        ),
        (
            "dump-mount-sharing.log",
            0,
            "dump-failed",
            "criu-dump-mount-sharing",
            "certain",
        ),
        // The JVM's own check.
        (
            "jvm-features.log",
            0,
            "failed",
            "jvm-cpu-features",
            "certain",
        ),
        ("jvm-pac.log", 0, "failed", "jvm-separate-images", "certain"),
    ];
    for (name, code, outcome, id, likelihood) in cases {
        let (exit, report) = json(&[&log(name)]);
        let cause = &report["causes"][0];
        assert_eq!(
            (
                exit,
                report["outcome"].as_str(),
                cause["id"].as_str(),
                cause["likelihood"].as_str()
            ),
            (code, Some(outcome), Some(id), Some(likelihood)),
            "{name}: {report:#}"
        );
    }
}

/// What people read of some of them.
#[test]
fn reported_logs_in_words() {
    for name in [
        "probe-android",
        "libc-rseq",
        "droppable",
        "dump-pac-mask",
        "jvm-pac",
    ] {
        insta::assert_snapshot!(
            format!("reported_{}", name.replace('-', "_")),
            told(&[&log(&format!("{name}.log"))])
        );
    }
}

#[test]
fn real_logs_with_their_images() {
    let cases: [(&str, &[&str], &str, &[&str]); 10] = [
        (
            "pac_hang",
            &["pac-hang.log"],
            "sig-sve@neoverse-v1@new",
            &["--target", "cortex-a57"],
        ),
        (
            "frame_refused",
            &["frame-refused.log", "frame-refused.dmesg"],
            "sig-plain@max-nopauth@new",
            &["--target", "cortex-a57"],
        ),
        (
            "signed_jump",
            &["signed-jump.dmesg"],
            "pac-sig@cortex-a57@new",
            &["--target", "neoverse-v1"],
        ),
        (
            "fpac",
            &["fpac.dmesg"],
            "pac-sig@cortex-a57@new",
            &["--target", "max", "--source", "cortex-a57"],
        ),
        (
            "undefined_instruction",
            &["undefined-instruction.log", "undefined-instruction.dmesg"],
            "dyn@max@new",
            &["--target", "neoverse-v1"],
        ),
        // Without a target the versions that the log names are held against the image.
        ("auxv_kernel", &["auxv-kernel.log"], "idle@max@new", &[]),
        ("auxv_criu", &["auxv-criu.log"], "sig-sve@max@6.1", &[]),
        ("vdso_hash", &["vdso-hash.log"], "idle@cortex-a57@new", &[]),
        ("rseq", &["rseq.log"], "dyn@max@new", &[]),
        (
            "another_architecture",
            &["architecture.log"],
            "handler@x86_64",
            &[],
        ),
    ];
    for (name, logs, dump, options) in cases {
        let mut args: Vec<String> = logs.iter().map(|name| log(name)).collect();
        args.push(image(dump));
        args.extend(options.iter().map(|option| (*option).to_owned()));
        let args: Vec<&str> = args.iter().map(String::as_str).collect();
        insta::assert_snapshot!(format!("with_image_{name}"), told(&args));
    }
}

#[test]
fn a_page_size_is_explained_by_the_target() {
    let mut profile: Value =
        serde_json::from_str(&fs::read_to_string("src/profile/builtin/max.json").unwrap()).unwrap();
    profile["page_size"] = 16384.into();
    let place = tempfile::tempdir().unwrap();
    let target = place.path().join("16k.json");
    fs::write(&target, profile.to_string()).unwrap();
    let (code, report) = json(&[
        &log("page-size.log"),
        &image("idle@max@new"),
        "--target",
        target.to_str().unwrap(),
    ]);
    assert_eq!(code, 0);
    assert_eq!(report["causes"][0]["findings"][0]["rule"], "HWCR-IMG-002");
    // The profile is of another kernel than the log: that is said.
    assert!(
        report["remarks"][0]
            .as_str()
            .unwrap()
            .contains("kernel 6.12"),
        "{}",
        report["remarks"]
    );
}

#[test]
fn a_restore_that_succeeded_is_answered_from_the_image() {
    // The log shows no error; the image says what kills afterwards.
    insta::assert_snapshot!(
        "restored_then_what",
        told(&[
            &log("restored.log"),
            &image("sig-plain@max-nopauth@new"),
            "--target",
            "cortex-a57"
        ])
    );
    // Without a target nothing can be said.
    let (code, report) = json(&[&log("restored.log"), &image("sig-plain@max-nopauth@new")]);
    assert_eq!((code, report["outcome"].as_str()), (3, Some("restored")));
    assert_eq!(report["causes"], Value::Array(Vec::new()));
}

#[test]
fn damaged_images_explain_their_logs() {
    let cases: [(&str, &str, &[&str]); 4] = [
        ("pages_missing", "pages-1.img", &["pages-missing.log"]),
        (
            "without_mm",
            "mm-3021.img",
            &["image-without-mm.log", "image-without-mm.dmesg"],
        ),
        (
            "without_pagemap",
            "pagemap-3021.img",
            &["image-without-pagemap.log"],
        ),
        ("without_core", "core-3021.img", &["image-missing.log"]),
    ];
    for (name, missing, logs) in cases {
        let place = tempfile::tempdir().unwrap();
        let dump = copy(&Path::new(IMAGES).join("idle@cortex-a57@new"), place.path());
        fs::remove_file(dump.join(missing)).unwrap();
        let mut args: Vec<String> = logs.iter().map(|name| log(name)).collect();
        args.push(dump.to_str().unwrap().to_owned());
        let args: Vec<&str> = args.iter().map(String::as_str).collect();
        // The directory's name is as long as it likes: lines must not break on it.
        let (code, report) = json(&args);
        assert_eq!(code, 0, "{name}");
        let shown = serde_json::to_string_pretty(&report["causes"]).unwrap();
        insta::assert_snapshot!(
            format!("damaged_{name}"),
            shown.replace(dump.to_str().unwrap(), "DUMP")
        );
    }
}

fn copy(from: &Path, to: &Path) -> PathBuf {
    let to = to.join("dump");
    fs::create_dir(&to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        fs::copy(entry.path(), to.join(entry.file_name())).unwrap();
    }
    to
}

#[test]
fn as_json() {
    let output = run(&[
        &log("frame-refused.log"),
        &log("frame-refused.dmesg"),
        &image("sig-plain@max-nopauth@new"),
        "--target",
        "cortex-a57",
        "--format",
        "json",
    ]);
    let version = concat!("\"version\": \"", env!("CARGO_PKG_VERSION"), "\"");
    insta::assert_snapshot!(
        "json",
        text(&output.stdout).replace(version, "\"version\": \"VERSION\"")
    );
}

#[test]
fn reports_satisfy_their_schema() {
    let schema: Value =
        serde_json::from_str(&fs::read_to_string("schema/hwcr-log-1.json").unwrap()).unwrap();
    let validator = Schema::new(&schema);
    let dumps = ["idle@cortex-a57@new", "sig-plain@max-nopauth@new"];
    for (logs, dump) in fixtures().into_iter().zip(dumps.into_iter().cycle()) {
        let mut args: Vec<String> = logs.iter().map(|name| log(name)).collect();
        args.extend([image(dump), "--target".to_owned(), "neoverse-n1".to_owned()]);
        let (_, report) = json(&args.iter().map(String::as_str).collect::<Vec<_>>());
        let errors = validator.complaints(&report);
        assert!(errors.is_empty(), "{logs:?}: {errors:?}");
    }
}

#[test]
fn standard_input_is_a_log() {
    let mut child = hwcr(&["-", &log("frame-refused.log")])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let kernel = fs::read(log("frame-refused.dmesg")).unwrap();
    child.stdin.take().unwrap().write_all(&kernel).unwrap();
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(0));
    assert!(
        text(&output.stdout).contains("standard input line 1, pid 3041"),
        "{}",
        text(&output.stdout)
    );
}

#[test]
fn without_an_answer_the_exit_code_is_2() {
    let dump = image("idle@max@new");
    let known = log("pac-hang.log");
    let place = tempfile::tempdir().unwrap();
    let fleet = place.path().join("fleet.json");
    let machines = ["max", "a64fx"].map(|name| hwcr::profile::resolve(name).unwrap());
    let baseline = hwcr::profile::baseline("fleet", &machines, &Source::BuiltIn).unwrap();
    fs::write(&fleet, hwcr::profile::to_json(&baseline)).unwrap();
    let fleet = fleet.to_str().unwrap().to_owned();
    let cases: [(&[&str], &str); 7] = [
        (&[], "required"),
        (&["no/such.log"], "no/such.log: cannot be read"),
        (&[&dump], "no log was given"),
        (&[&known, &dump, &image("idle@a64fx@new")], "second image"),
        (&[&known, "--target", "max"], "only with an image"),
        (&[&known, &dump, "--target", &fleet], "a restore is on one"),
        (&["-", "-"], "only once"),
    ];
    for (args, says) in cases {
        let output = hwcr(args).stdin(Stdio::null()).output().unwrap();
        assert_eq!(output.status.code(), Some(2), "{args:?}");
        assert!(output.stdout.is_empty(), "{args:?}");
        assert!(
            text(&output.stderr).contains(says),
            "{}",
            text(&output.stderr)
        );
    }
}

#[test]
fn what_is_not_recognised_is_shown_and_is_3() {
    let place = tempfile::tempdir().unwrap();
    let path = place.path().join("restore.log");
    fs::write(
        &path,
        "(00.1) Version: 9.0 (gitid 0)\n\
         (00.2)      7: Error (criu/future.c:12): frobnication of the task failed\n\
         (00.3) Error (criu/cr-restore.c:2331): Restoring FAILED.\n",
    )
    .unwrap();
    let output = run(&[path.to_str().unwrap()]);
    assert_eq!(output.status.code(), Some(3));
    let shown = text(&output.stdout);
    assert!(
        shown.contains("frobnication of the task failed") && shown.contains("line 2, pid 7"),
        "{shown}"
    );
    fs::write(&path, "").unwrap();
    assert_eq!(run(&[path.to_str().unwrap()]).status.code(), Some(3));
}

#[test]
fn a_log_cannot_steer_the_terminal() {
    let place = tempfile::tempdir().unwrap();
    let path = place.path().join("evil\u{1b}[2J.log");
    fs::write(
        &path,
        b"(00.1)   7: Error (criu/files-reg.c:2153): File a\x1b]0;owned\x07b\x9b31m\xe2\x80\xae has bad build-ID\n\
          (00.2)   8: Error (criu/x\x08y.c:1): \x07bell\n\
          \x1b[31m[    1.000000] a\x07[1]: unhandled exception: illegal memory access\n",
    )
    .unwrap();
    let output = run(&[path.to_str().unwrap()]);
    let shown = text(&output.stdout);
    assert!(
        shown
            .chars()
            .all(|c| c == '\n' || !(c.is_control() || c == '\u{202e}')),
        "{shown:?}"
    );
    assert!(shown.contains("has bad build-ID"), "{shown}");
    let output = run(&[path.to_str().unwrap(), "--format", "json"]);
    let shown = text(&output.stdout);
    assert!(
        shown
            .chars()
            .all(|c| c == '\n' || !(c.is_control() || c == '\u{202e}')),
        "{shown:?}"
    );
    let report: Value = serde_json::from_str(&shown).unwrap();
    assert!(
        report["messages"][0]["text"]
            .as_str()
            .unwrap()
            .contains("\u{202e}"),
        "{report}"
    );
}

/// An engine's archive is an image wherever it stands among the arguments; a log is text.
#[test]
fn an_archive_is_an_image() {
    let place = tempfile::tempdir().unwrap();
    let archive = place.path().join("export.tar");
    let mut tar = tar::Builder::new(fs::File::create(&archive).unwrap());
    tar.append_dir_all("checkpoint", image("sig-plain@max-nopauth@new"))
        .unwrap();
    tar.finish().unwrap();
    let (code, report) = json(&[
        archive.to_str().unwrap(),
        &log("frame-refused.dmesg"),
        "--target",
        "cortex-a57",
    ]);
    assert_eq!(code, 0);
    assert_eq!(report["causes"][0]["findings"][0]["rule"], "HWCR-SVE-001");
}

/// A log of a restore that never ended grows without end; equal lines cost nothing.
#[test]
fn a_long_log_is_read_in_little_memory() {
    let place = tempfile::tempdir().unwrap();
    let path = place.path().join("restore.log");
    let loops = "(12.138720) pie: 3021: `- returned 0\n(12.138758) pie: 3021: Preadv 0x49f000:16384... (5 iovs)\n";
    fs::write(&path, loops.repeat(100_000)).unwrap();
    let (code, report) = json(&[path.to_str().unwrap()]);
    assert_eq!((code, report["outcome"].as_str()), (0, Some("hangs")));
    assert_eq!(report["messages"][0]["count"], 100_000);
    assert_eq!(report["messages"].as_array().unwrap().len(), 1);
}

/// A log, the outcome, the row of its cause, the message, and what that names.
type Quoted = (
    &'static str,
    &'static str,
    &'static str,
    &'static str,
    &'static [(&'static str, &'static str)],
);

/// What runc prints, and what a log driver keeps of it: the same answers as for CRIU's own lines.
#[test]
fn what_engines_quote_is_read_as_criu_wrote_it() {
    let cases: [Quoted; 5] = [
        (
            "runc-pid-taken.log",
            "failed",
            "criu-pid-taken",
            "Can't fork for 3021: File exists",
            &[("pid", "3021")],
        ),
        (
            "runc-pac.log",
            "hangs",
            "criu-pac-missing",
            "PACG support is required from the source system.",
            &[],
        ),
        (
            "runc-mount.log",
            "failed",
            "criu-mount-auto",
            "mnt: Mount 338:/etc/hosts is autodetected external mount. Try \"--ext-mount-map auto\" to allow them.",
            &[("mount", "338"), ("path", "/etc/hosts")],
        ),
        (
            "runc-json.log",
            "failed",
            "criu-tcp-connected",
            "Connected TCP socket in image",
            &[],
        ),
        (
            "docker-json-file.log",
            "failed",
            "criu-file-missing",
            "Can't open file opt/lab/scen on restore: No such file or directory",
            &[
                ("errno", "No such file or directory"),
                ("path", "opt/lab/scen"),
            ],
        ),
    ];
    for (name, outcome, id, says, values) in cases {
        let (code, report) = json(&[&log(name)]);
        assert_eq!(
            (
                code,
                report["outcome"].as_str(),
                report["certainty"].as_str()
            ),
            (0, Some(outcome), Some("certain")),
            "{name}"
        );
        assert_eq!(report["causes"].as_array().unwrap().len(), 1, "{name}");
        let at = report["causes"][0]["message"].as_u64().unwrap();
        let message = &report["messages"][usize::try_from(at).unwrap()];
        assert_eq!(message["id"], id, "{name}");
        assert_eq!(message["text"], says, "{name}");
        let named = &message["values"];
        let count = named.as_object().map_or(0, serde_json::Map::len);
        assert_eq!(count, values.len(), "{name}: {named}");
        for (value, expected) in values {
            assert_eq!(named[*value], *expected, "{name}");
        }
        // Nothing is left over that hwcr does not know.
        let unknown = report["messages"].as_array().unwrap();
        assert!(
            unknown.iter().all(|message| !message["id"].is_null()),
            "{name}"
        );
    }
}

/// Where CRIU's log is gone: what is known, where the log was, and no cause that is certain.
#[test]
fn an_engine_alone_says_where_the_log_is() {
    let place = tempfile::tempdir().unwrap();
    let path = place.path().join("engine.log");
    let cases = [
        (
            "time=\"x\" level=error msg=\"criu failed: type NOTIFY errno 0\\nlog file: /run/web/work/restore.log\"\n",
            "tool-criu-failed",
            "/run/web/work/restore.log",
        ),
        (
            "time=\"x\" level=warning msg=\"--- Quoting \\\"/run/web/restore.log\\\"\"\ntime=\"x\" level=error msg=\"criu failed: type NOTIFY errno 0\"\n",
            "tool-criu-failed",
            "/run/web/restore.log",
        ),
        (
            "Error: OCI runtime error: crun: CRIU restoring failed -52.  Please check CRIU logfile `/var/lib/x/userdata/restore.log`\n",
            "tool-crun-criu-failed",
            "/var/lib/x/userdata/restore.log",
        ),
        (
            "--- excerpt from CRIU log `/run/web/restore.log`\n--- end of excerpt\nCRIU restoring failed: -52\n",
            "tool-crun-criu-failed",
            "/run/web/restore.log",
        ),
        (
            "Error response from daemon: Cannot checkpoint container c1: rpc error: code = 2 desc = exit status 1: \"criu failed: type NOTIFY errno 0\\nlog file: /var/lib/docker/c/criu.work/dump.log\\n\"\n",
            "tool-checkpoint-failed",
            "/var/lib/docker/c/criu.work/dump.log",
        ),
        (
            "E1114 12:00:00.0 1 a.go:1] \"x\" err=\"rpc error: failed to create shim task: OCI runtime restore failed: criu failed: type NOTIFY errno 0\\nlog file: /run/k/restore.log: unknown\"\n",
            "tool-containerd-restore-failed",
            "/run/k/restore.log",
        ),
    ];
    for (text, id, file) in cases {
        fs::write(&path, text).unwrap();
        let (code, report) = json(&[path.to_str().unwrap()]);
        // Only words about a checkpoint tell that it was one.
        let outcome = if id.contains("checkpoint") {
            "dump-failed"
        } else {
            "failed"
        };
        assert_eq!(
            (code, report["outcome"].as_str()),
            (3, Some(outcome)),
            "{text}"
        );
        let at = report["causes"][0]["message"].as_u64().unwrap();
        let message = &report["messages"][usize::try_from(at).unwrap()];
        assert_eq!(message["id"], id, "{text}");
        assert_eq!(message["values"]["path"], file, "{text}");
        let help = report["causes"][0]["help"].as_str().unwrap();
        assert!(help.contains(&format!("hwcr explain-log {file}")), "{help}");
    }
    // Without a path the command names the file that it is about.
    fs::write(&path, "CRIU restoring failed: -52\n").unwrap();
    let (_, report) = json(&[path.to_str().unwrap()]);
    let help = report["causes"][0]["help"].as_str().unwrap();
    assert!(help.contains("`hwcr explain-log restore.log`"), "{help}");
}
