//! Rewriting an image in an archive: another archive, the same to the byte but for what was planned.
use crate::pack;
use crate::program;

use std::fs;
use std::io::{Read as _, Write as _};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use pack::{Files, gzip, tar, tar_of, zstd};

use program::{run, text};

/// Images whose rewriting changes pages in place, and such whose files of messages become longer or shorter.
const CASES: &[(&str, &str)] = &[
    ("idle@cortex-a57@new", "max@6.1"),
    ("sig-plain@max-nopauth@new", "cortex-a57"),
];

const JOURNAL: &str = "checkpoint/hwcr-journal.json";

fn rewrite(from: &Path, target: &str, out: &Path) -> Output {
    run(&[
        "rewrite",
        from.to_str().unwrap(),
        "--target",
        target,
        "-o",
        out.to_str().unwrap(),
    ])
}

fn unpacked(kind: &str, bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    match kind {
        "gz" => flate2::read::GzDecoder::new(bytes).read_to_end(&mut out),
        "zst" => zstd::Decoder::new(bytes).unwrap().read_to_end(&mut out),
        _ => (&mut &*bytes).read_to_end(&mut out),
    }
    .unwrap();
    out
}

/// Header and content of every member, in order.
fn members(bytes: &[u8]) -> Vec<(String, Vec<u8>, Vec<u8>)> {
    let mut archive = tar::Archive::new(bytes);
    let entries = archive.entries().unwrap().raw(true);
    entries
        .map(|entry| {
            let mut entry = entry.unwrap();
            let path = entry.path().unwrap().display().to_string();
            let header = entry.header().as_bytes().to_vec();
            let mut content = Vec::new();
            entry.read_to_end(&mut content).unwrap();
            (path, header, content)
        })
        .collect()
}

#[test]
fn an_archive_is_the_same_but_for_what_was_planned() {
    for (name, target) in CASES {
        let dir = tempfile::tempdir().unwrap();
        // What is to come out: the same as of the directory.
        let laid = pack::lay(&pack::fixture(name, ""), &dir.path().join("laid"));
        let want = dir.path().join("want");
        let done = rewrite(&laid, target, &want);
        let code = done.status.code().unwrap();
        assert!([0, 3].contains(&code), "{name}: {}", text(&done.stderr));

        let packed = tar(&pack::podman(name));
        let kinds = [
            ("tar", packed.clone()),
            ("gz", gzip(&packed)),
            ("zst", zstd(&packed)),
            ("dotted", tar_of(&pack::podman(name), "./")),
            ("flat", tar(&pack::fixture(name, ""))),
        ];
        for (kind, bytes) in kinds {
            let from = pack::file(dir.path(), &format!("cp.{kind}"), &bytes);
            fs::set_permissions(&from, fs::Permissions::from_mode(0o640)).unwrap();
            let out = dir.path().join(format!("out.{kind}"));
            let done = rewrite(&from, target, &out);
            assert_eq!(
                done.status.code(),
                Some(code),
                "{kind}: {}",
                text(&done.stderr)
            );
            assert_eq!(
                fs::metadata(&out).unwrap().permissions().mode() & 0o777,
                0o640
            );
            assert_eq!(fs::read(&from).unwrap(), bytes, "the original");
            let out_bytes = fs::read(&out).unwrap();
            if kind != "flat" && kind != "dotted" {
                assert_eq!(out_bytes[..4], bytes[..4], "{kind}: another kind");
            }

            let before = members(&unpacked(kind, &bytes));
            let after = members(&unpacked(kind, &out_bytes));
            assert_eq!(after.len(), before.len() + 1);
            let mut changed = 0;
            for ((path, header, content), (path_, header_, content_)) in before.iter().zip(&after) {
                assert_eq!(path, path_);
                let file = path
                    .trim_start_matches("./")
                    .trim_start_matches("checkpoint/");
                let wanted = want.join(file);
                let in_image = path.ends_with(".img");
                let wanted = if in_image {
                    fs::read(wanted).unwrap()
                } else {
                    content.clone()
                };
                assert_eq!(*content_, wanted, "{kind}: {path}");
                if content == content_ {
                    assert_eq!(header, header_, "{kind}: {path}");
                } else {
                    changed += 1;
                    // All of the header but size and checksum.
                    for range in [0..124, 136..148, 156..512] {
                        assert_eq!(header[range.clone()], header_[range]);
                    }
                }
            }
            assert!(changed > 0);
            let (journal, _, content) = after.last().unwrap();
            assert!(
                JOURNAL.ends_with(journal.trim_start_matches("./")),
                "{journal}"
            );
            assert_eq!(*content, fs::read(want.join("hwcr-journal.json")).unwrap());

            // It is read as a rewritten image, and can be rewritten again.
            let shown = run(&["inspect", out.to_str().unwrap(), "--only", "origin"]);
            assert!(text(&shown.stdout).contains(&format!("rewritten for {target}")));
            let again = run(&[
                "check",
                out.to_str().unwrap(),
                "--target",
                target,
                "--brief",
            ]);
            assert_eq!(again.status.code(), Some(code));
        }
    }
}

#[test]
fn a_rewritten_archive_is_rewritten_again_with_one_journal() {
    let dir = tempfile::tempdir().unwrap();
    let packed = gzip(&tar(&pack::podman("idle@cortex-a57@new")));
    let from = pack::file(dir.path(), "cp.tar.gz", &packed);
    let (one, two) = (dir.path().join("one"), dir.path().join("two"));
    let done = rewrite(&from, "cortex-a57@6.1", &one);
    assert_eq!(done.status.code(), Some(0), "{}", text(&done.stderr));
    let done = rewrite(&one, "max@6.1", &two);
    assert_eq!(done.status.code(), Some(0), "{}", text(&done.stderr));
    let after = members(&unpacked("gz", &fs::read(two).unwrap()));
    let journals: Vec<_> = after.iter().filter(|(path, ..)| path == JOURNAL).collect();
    assert_eq!(journals.len(), 1);
    assert!(text(&journals[0].2).contains("\"before\""));
}

#[test]
fn what_cannot_be_written_is_refused_before_anything_is() {
    let (name, target) = CASES[0];
    let dir = tempfile::tempdir().unwrap();
    let archive = pack::file(dir.path(), "cp.tar", &tar(&pack::podman(name)));
    let export = pack::lay(&pack::podman(name), &dir.path().join("export"));
    let layer = "application/vnd.oci.image.layer.v1.tar";
    let image: Files = pack::image(&tar(&pack::podman(name)), layer);
    let image = pack::file(dir.path(), "oci.tar", &tar(&image));
    let out = dir.path().join("out");
    let count = || fs::read_dir(dir.path()).unwrap().count();
    let before = count();
    for (from, says) in [
        (&export, "checkpoint"),
        (&image, "names its layers by their digests"),
    ] {
        let done = rewrite(from, target, &out);
        assert_eq!(done.status.code(), Some(2));
        assert!(text(&done.stderr).contains(says), "{}", text(&done.stderr));
        let planned = run(&[
            "rewrite",
            from.to_str().unwrap(),
            "--target",
            target,
            "--dry-run",
        ]);
        assert_eq!(planned.status.code(), Some(0), "{}", text(&planned.stderr));
    }
    let path = archive.to_str().unwrap();
    let done = run(&["rewrite", path, "--target", target, "--in-place"]);
    assert_eq!(done.status.code(), Some(2));
    assert!(
        text(&done.stderr).contains("-o OUT"),
        "{}",
        text(&done.stderr)
    );
    let mut child = Command::new(env!("CARGO_BIN_EXE_hwcr"))
        .args([
            "rewrite",
            "-",
            "--target",
            target,
            "-o",
            out.to_str().unwrap(),
        ])
        .stdin(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let _ = child
        .stdin
        .take()
        .unwrap()
        .write_all(&fs::read(&archive).unwrap());
    let done = child.wait_with_output().unwrap();
    assert_eq!(done.status.code(), Some(2));
    assert!(
        text(&done.stderr).contains("give it as a file"),
        "{}",
        text(&done.stderr)
    );
    // What is there is not written over.
    let done = rewrite(&archive, target, &export);
    assert_eq!(done.status.code(), Some(2));
    assert!(
        text(&done.stderr).contains("exists already"),
        "{}",
        text(&done.stderr)
    );
    assert_eq!(count(), before);
}

/// A file under two names would change under both.
#[test]
fn a_file_with_two_names_is_not_changed() {
    let (name, target) = CASES[0];
    let dir = tempfile::tempdir().unwrap();
    let files = pack::podman(name);
    let mut bytes = tar(&files);
    bytes.truncate(bytes.len() - 1024);
    for mm in files
        .keys()
        .filter(|path| path.starts_with("checkpoint/mm-"))
    {
        let mut header = tar::Header::new_gnu();
        header.set_path("other-name").unwrap();
        header.set_entry_type(tar::EntryType::Link);
        header.set_link_name(mm).unwrap();
        header.set_size(0);
        header.set_cksum();
        bytes.extend(header.as_bytes());
    }
    bytes.extend([0; 1024]);
    let from = pack::file(dir.path(), "cp.tar", &bytes);
    let out = dir.path().join("out");
    let done = rewrite(&from, target, &out);
    assert_eq!(done.status.code(), Some(2));
    assert!(
        text(&done.stderr).contains("several names"),
        "{}",
        text(&done.stderr)
    );
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1);
}
