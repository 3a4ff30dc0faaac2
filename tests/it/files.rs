//! The files that a restore opens, checked below a directory that stands for the restoring side's root.
use crate::program;

use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};
use std::process::Output;

use hwcr::criu_image::load;
use hwcr::facts::{self, Search};
use hwcr::files::{NeededFile, TargetRoot, needed};
use hwcr::finding::{Severity, Verdict};
use hwcr::profile;
use hwcr::rule::{self, Case};
use hwcr::rule_id::RuleId;
use serde_json::Value;

/// A dynamically linked program of the lab, and the machine it was dumped on.
const IMAGE: &str = "tests/fixtures/images/dyn@max@new";
const TARGET: &str = "max";

const PROGRAM: &str = "/opt/lab/dyn";
const LIBC: &str = "/usr/lib/aarch64-linux-gnu/libc.so.6";

fn hwcr(arguments: &[&str]) -> Output {
    program::hwcr(arguments).output().unwrap()
}

/// An ELF file of that size whose only note is this build id. Numbers are those of the ELF specification.
fn elf(size: u64, id: &[u8]) -> Vec<u8> {
    let mut note = Vec::new();
    note.extend(4u32.to_le_bytes());
    note.extend(u32::try_from(id.len()).unwrap().to_le_bytes());
    note.extend(3u32.to_le_bytes());
    note.extend(b"GNU\0");
    note.extend(id);
    let mut bytes = vec![0u8; usize::try_from(size).unwrap()];
    let mut put = |at: usize, value: &[u8]| bytes[at..at + value.len()].copy_from_slice(value);
    put(0, &[0x7f, b'E', b'L', b'F', 2, 1, 1]);
    put(16, &3u16.to_le_bytes());
    put(18, &183u16.to_le_bytes());
    put(20, &1u32.to_le_bytes());
    put(32, &64u64.to_le_bytes());
    put(54, &56u16.to_le_bytes());
    put(56, &1u16.to_le_bytes());
    put(64, &4u32.to_le_bytes());
    put(72, &128u64.to_le_bytes());
    put(96, &(note.len() as u64).to_le_bytes());
    put(128, &note);
    bytes
}

fn put(root: &Path, path: &str, bytes: &[u8], mode: u32) {
    let path = root.join(path.trim_start_matches('/'));
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(&path, bytes).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
}

/// The files of the image, by name.
fn files() -> Vec<NeededFile> {
    needed(&load(Path::new(IMAGE)).unwrap())
}

fn file(name: &str) -> NeededFile {
    let found = files().into_iter().find(|file| file.name == name);
    found.unwrap()
}

/// A root directory with every file as it was dumped, as far as CRIU compares it.
fn root() -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    fs::set_permissions(dir.path(), fs::Permissions::from_mode(0o755)).unwrap();
    for file in files() {
        if let Some(size) = file.saved.size {
            let mode = file.saved.mode.unwrap() & 0o7777;
            put(
                dir.path(),
                &file.name,
                &elf(size, &file.saved.build_id),
                mode,
            );
        }
    }
    dir
}

/// The verdict below `dir`, and the findings of the family: rule, severity, message.
fn check(dir: Option<&Path>) -> (String, Vec<(String, String, String)>) {
    let mut arguments = vec![
        "check", IMAGE, "--target", TARGET, "--source", TARGET, "--format", "json",
    ];
    let name;
    if let Some(dir) = dir {
        name = dir.display().to_string();
        arguments.extend(["--target-rootfs", &name]);
    }
    let output = hwcr(&arguments);
    assert!(output.stderr.is_empty(), "{output:?}");
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    let result = &report["results"][0];
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let findings = result["findings"].as_array().unwrap().iter();
    let findings = findings
        .filter(|finding| text(&finding["rule"]).contains("-FIL-"))
        .map(|finding| {
            let mut message = text(&finding["message"]);
            if let Some(dir) = dir {
                message = message.replace(&dir.display().to_string(), "DIR");
            }
            (text(&finding["rule"]), text(&finding["severity"]), message)
        });
    (text(&result["verdict"]), findings.collect())
}

fn said(rule: &str, severity: &str, message: &str) -> (String, String, String) {
    (rule.to_owned(), severity.to_owned(), message.to_owned())
}

/// Of a directory that is not in use as a root file system.
fn devices() -> (String, String, String) {
    said(
        "HWCR-FIL-007",
        "note",
        "1 file lies outside of the directory that was looked in (/dev/null)",
    )
}

#[test]
fn without_a_directory_a_note_says_what_is_needed() {
    let (verdict, findings) = check(None);
    let message = format!(
        "the restore opens 5 files by path, among them {PROGRAM}; hwcr did not look for them"
    );
    assert_eq!(findings, [said("HWCR-FIL-001", "note", &message)]);
    // The directory changes the verdict by what is found in it alone.
    assert_eq!(check(Some(root().path())), (verdict, vec![devices()]));
}

#[test]
fn each_wrong_file_is_told() {
    let dir = root();
    let at = |name: &str| dir.path().join(name.trim_start_matches('/'));
    let task = "dyn (3861)";
    let (program, libc) = (file(PROGRAM), file(LIBC));
    let size = program.saved.size.unwrap();
    let right = elf(size, &program.saved.build_id);

    fs::remove_file(at(PROGRAM)).unwrap();
    let missing =
        format!("the restore will fail: {PROGRAM} is not in DIR (the executable of {task})");
    let blocked = |rule, message: &str| {
        assert_eq!(
            check(Some(dir.path())),
            (
                "incompatible".to_owned(),
                vec![said(rule, "blocker", message), devices()]
            )
        );
    };
    blocked("HWCR-FIL-002", &missing);

    // What a link leads to outside is not there.
    let outside = tempfile::tempdir().unwrap();
    put(outside.path(), "dyn", &right, 0o755);
    symlink(outside.path().join("dyn"), at(PROGRAM)).unwrap();
    blocked("HWCR-FIL-002", &missing);
    fs::remove_file(at(PROGRAM)).unwrap();

    put(dir.path(), PROGRAM, &right[..right.len() - 1], 0o755);
    blocked(
        "HWCR-FIL-003",
        &format!(
            "the restore will fail: {PROGRAM} in DIR has {} bytes and had {size} at the dump (the executable of {task})",
            size - 1
        ),
    );

    put(dir.path(), PROGRAM, &elf(size, &[7; 20]), 0o755);
    blocked(
        "HWCR-FIL-004",
        &format!(
            "the restore will fail: {PROGRAM} in DIR is another build than at the dump (the executable of {task})"
        ),
    );

    put(dir.path(), PROGRAM, &right, 0o711);
    blocked(
        "HWCR-FIL-005",
        &format!(
            "the restore will fail: {PROGRAM} in DIR has mode 0711 and had 0755 at the dump (the executable of {task})"
        ),
    );

    put(dir.path(), PROGRAM, &right, 0o755);
    fs::remove_file(at(LIBC)).unwrap();
    fs::create_dir(at(LIBC)).unwrap();
    blocked(
        "HWCR-FIL-005",
        &format!(
            "the restore will fail: {LIBC} in DIR is a directory and was a regular file at the dump ({task} runs code of it)"
        ),
    );

    // CRIU accepts a file without a build id: it has none to compare.
    fs::remove_dir(at(LIBC)).unwrap();
    let bytes = vec![0; usize::try_from(libc.saved.size.unwrap()).unwrap()];
    put(dir.path(), LIBC, &bytes, libc.saved.mode.unwrap() & 0o7777);
    let (verdict, findings) = check(Some(dir.path()));
    assert_eq!(verdict, "indeterminate");
    let message = format!(
        "{LIBC} in DIR has no build id and had one at the dump ({task} runs code of it): CRIU accepts it, and the task may crash"
    );
    assert_eq!(
        findings,
        [said("HWCR-FIL-004", "unproven", &message), devices()]
    );
}

#[test]
fn an_empty_directory_lacks_everything_but_itself() {
    let dir = tempfile::tempdir().unwrap();
    fs::set_permissions(dir.path(), fs::Permissions::from_mode(0o755)).unwrap();
    let (verdict, findings) = check(Some(dir.path()));
    assert_eq!(verdict, "incompatible");
    let names = [
        PROGRAM,
        LIBC,
        "/usr/lib/aarch64-linux-gnu/ld-linux-aarch64.so.1",
    ];
    assert_eq!(findings.len(), names.len() + 1);
    // Programs and libraries come first.
    for (name, (rule, severity, message)) in names.iter().zip(&findings) {
        assert_eq!(
            (rule.as_str(), severity.as_str()),
            ("HWCR-FIL-002", "blocker")
        );
        assert!(message.contains(name), "{message}");
    }
}

/// Findings stay few, however many files are missing.
#[test]
fn many_missing_files_are_counted() {
    let mut checkpoint = load(Path::new(IMAGE)).unwrap();
    let like = checkpoint.files[0].clone();
    let task = &mut checkpoint.tasks[0];
    let mm = task.mm.as_mut().unwrap();
    let mut vma = mm.vmas[0].clone();
    for id in 1000..1100 {
        checkpoint.files.push(hwcr::criu_image::model::RegFile {
            id,
            name: format!("/lib/{id}.so"),
            ..like.clone()
        });
        vma.shmid = u64::from(id);
        mm.vmas.push(vma.clone());
    }
    let dir = root();
    let root = TargetRoot::open(dir.path()).unwrap();
    let facts = facts::collect(&checkpoint, Search::Auto).with_target_root(&root);
    let target = profile::resolve(TARGET).unwrap();
    let case = Case {
        facts: &facts,
        target: &target,
        source: None,
    };
    let judgement = rule::judge(&case, &[]);
    assert_eq!(judgement.verdict, Verdict::Incompatible);
    let missing: Vec<_> = judgement
        .findings
        .iter()
        .filter(|finding| finding.rule.id == RuleId::Fil002)
        .collect();
    assert_eq!(missing.len(), 17);
    let last = missing.last().unwrap();
    assert_eq!(last.message, "the same holds for 84 files more");
    assert_eq!(last.severity, Severity::Blocker);
}

#[test]
fn a_setting_names_the_directory() {
    let dir = tempfile::tempdir().unwrap();
    let empty = dir.path().join("empty");
    fs::create_dir(&empty).unwrap();
    fs::write(dir.path().join("hwcr.toml"), "target-rootfs = \"empty\"\n").unwrap();
    let image: PathBuf = Path::new(env!("CARGO_MANIFEST_DIR")).join(IMAGE);
    let output = program::hwcr(&["check", image.to_str().unwrap(), "--target", TARGET])
        .current_dir(dir.path())
        .env_remove("HWCR_CONFIG")
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(text.contains("HWCR-FIL-002"), "{text}");
}

#[test]
fn a_directory_that_is_not_there_is_wrong_usage() {
    let output = hwcr(&[
        "check",
        IMAGE,
        "--target",
        TARGET,
        "--target-rootfs",
        "/nonexistent",
    ]);
    assert_eq!(output.status.code(), Some(2));
    let text = String::from_utf8(output.stderr).unwrap();
    assert!(
        text.contains("/nonexistent: cannot be opened as a directory"),
        "{text}"
    );
}

#[test]
fn a_log_is_explained_by_what_is_found() {
    let dir = root();
    let program = file(PROGRAM);
    let size = program.saved.size.unwrap();
    let bytes = elf(size + 1, &program.saved.build_id);
    put(dir.path(), PROGRAM, &bytes, 0o755);
    let log = dir.path().join("restore.log");
    let line = format!(
        "(00.012345)   3861: Error (criu/files-reg.c:2212): File opt/lab/dyn has bad size {} (expect {size})\n",
        size + 1
    );
    fs::write(&log, line).unwrap();
    let output = hwcr(&[
        "explain-log",
        log.to_str().unwrap(),
        IMAGE,
        "--target",
        TARGET,
        "--target-rootfs",
        dir.path().to_str().unwrap(),
        "--format",
        "json",
    ]);
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    let cause = &report["causes"][0];
    assert_eq!(report["messages"][0]["id"], "criu-file-size");
    assert_eq!(cause["findings"][0]["rule"], "HWCR-FIL-003", "{report:#}");
    assert_eq!(report["certainty"], "certain");
}

#[test]
fn inspect_lists_what_each_file_is_for_and_what_was_found() {
    let dir = root();
    fs::remove_file(dir.path().join("opt/lab/dyn")).unwrap();
    let root = dir.path().to_str().unwrap();
    let output = hwcr(&[
        "inspect",
        IMAGE,
        "--only",
        "files",
        "--target-rootfs",
        root,
        "--format",
        "json",
    ]);
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    let files = report["files"].as_array().unwrap();
    let listed: Vec<(&str, &str, Option<bool>)> = files
        .iter()
        .map(|file| {
            (
                file["name"].as_str().unwrap(),
                file["uses"][0]["what"].as_str().unwrap(),
                file["target"]["same"].as_bool(),
            )
        })
        .collect();
    let want = [
        (PROGRAM, "executable", Some(false)),
        (LIBC, "mapped code", Some(true)),
        (
            "/usr/lib/aarch64-linux-gnu/ld-linux-aarch64.so.1",
            "mapped code",
            Some(true),
        ),
        ("/dev/null", "open", Some(false)),
        ("/dev/null", "open to write", Some(false)),
        ("/", "working directory", Some(true)),
        ("/", "root directory", Some(true)),
    ];
    assert_eq!(listed, want);
    assert_eq!(files[0]["target"]["differences"][0], "not there");
    assert_eq!(files[0]["mode"], "100755");
    assert_eq!(files[0]["uses"][0]["pids"][0], 3861);
}
