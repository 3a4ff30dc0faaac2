//! The same checkpoint in every layout gets the same answer; only places differ.
use crate::pack;
use crate::program;

use std::fs::{self, File};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use hwcr::criu_image::model::Checkpoint;
use hwcr::criu_image::{is_read, load_from};
use hwcr::export::{self, What};
use hwcr::facts::{self, Search};
use hwcr::finding::{Finding, Verdict};
use hwcr::input::{self, Form, Limits, Options};
use hwcr::profile;
use hwcr::rule::{self, Case};

use pack::{Files, fixture, gzip, tar, zstd};

/// One of each kind: signal frames with keys, several threads, dynamically linked, another architecture.
const FIXTURES: &[&str] = &[
    "pac-sig@max@new",
    "threads-sve@max-nopauth@new",
    "dyn@neoverse-v1@new",
    "sig-tpidr2@max@new",
    "handler@x86_64",
];

const TARGET: &str = "neoverse-n1";

fn options() -> Options {
    Options {
        limits: Limits::default(),
        wanted: |name| is_read(name) || export::FILES.contains(&name),
        ..Options::default()
    }
}

/// What is found in an image and which files it has, without where it lies.
fn answer(path: &Path) -> (Verdict, Vec<String>, String) {
    let opened = input::open(path, &options()).unwrap();
    let label = opened.images.label().to_owned();
    let checkpoint = load_from(&opened.images).unwrap();
    let (verdict, findings) = judge(&checkpoint);
    let listed = format!("{:?}", checkpoint.images);
    let findings = findings.into_iter().map(|one| bare(one, &label));
    (verdict, findings.chain([listed]).collect(), label)
}

fn judge(checkpoint: &Checkpoint) -> (Verdict, Vec<Finding>) {
    let facts = facts::collect(checkpoint, Search::Deep);
    let target = profile::resolve(TARGET).unwrap();
    let case = Case {
        facts: &facts,
        target: &target,
        source: None,
    };
    let judgement = rule::judge(&case, &[]);
    (judgement.verdict, judgement.findings)
}

/// All of a finding, without the front of its places, every one of which must have it.
fn bare(mut finding: Finding, label: &str) -> String {
    if let Some(place) = &mut finding.place {
        place.file = place.file.strip_prefix(label).unwrap().into();
    }
    finding.message = finding.message.replace(label, "");
    format!("{finding:?}")
}

/// A fixture in every layout, below `dir`.
fn layouts(name: &str, dir: &Path) -> Vec<(&'static str, PathBuf)> {
    let podman = tar(&pack::podman(name));
    let docker: Files = fixture(name, "var/lib/docker/containers/ab/checkpoints/one/");
    let layer = "application/vnd.oci.image.layer.v1.tar";
    let images = [
        ("oci", pack::image(&podman, layer)),
        (
            "oci-gzip",
            pack::image(&gzip(&podman), &format!("{layer}+gzip")),
        ),
        (
            "oci-zstd",
            pack::image(&zstd(&podman), &format!("{layer}+zstd")),
        ),
        ("containerd", pack::containerd(name)),
    ];
    let mut made = vec![
        (
            "unpacked",
            pack::lay(&pack::podman(name), &dir.join("unpacked")),
        ),
        (
            "below",
            pack::lay(&fixture(name, "one/"), &dir.join("below")),
        ),
        (
            "flat.tar",
            pack::file(dir, "flat.tar", &tar(&fixture(name, ""))),
        ),
        (
            "dotted.tar",
            pack::file(dir, "dotted.tar", &pack::tar_of(&pack::podman(name), "./")),
        ),
        ("docker.tar", pack::file(dir, "docker.tar", &tar(&docker))),
        ("podman.tar", pack::file(dir, "podman.tar", &podman)),
        (
            "podman.tar.gz",
            pack::file(dir, "podman.tar.gz", &gzip(&podman)),
        ),
        (
            "podman.tar.zst",
            pack::file(dir, "podman.tar.zst", &zstd(&podman)),
        ),
        (
            "crio.tar",
            pack::file(dir, "crio.tar", &tar(&pack::crio(name))),
        ),
        (
            "containerd-cri.tar",
            pack::file(dir, "containerd-cri.tar", &tar(&pack::containerd_cri(name))),
        ),
        (
            "docker-save",
            pack::lay(&pack::docker_save(&podman), &dir.join("docker-save")),
        ),
        (
            "docker-save.tar",
            pack::file(dir, "docker-save.tar", &tar(&pack::docker_save(&podman))),
        ),
        (
            "docker-save.tar.gz",
            pack::file(
                dir,
                "docker-save.tar.gz",
                &gzip(&tar(&pack::docker_save(&podman))),
            ),
        ),
    ];
    for (kind, files) in images {
        let archive = tar(&files);
        made.push((kind, pack::lay(&files, &dir.join(kind))));
        made.push((kind, pack::file(dir, &format!("{kind}.tar"), &archive)));
        made.push((
            kind,
            pack::file(dir, &format!("{kind}.tar.gz"), &gzip(&archive)),
        ));
    }
    made
}

#[test]
fn every_layout_gets_the_same_answer() {
    for name in FIXTURES {
        let dir = tempfile::tempdir().unwrap();
        let (verdict, findings, label) = answer(&Path::new(pack::IMAGES).join(name));
        assert_eq!(label, "");
        assert!(findings.len() > 1, "{name} has nothing to compare");
        for (kind, path) in layouts(name, dir.path()) {
            let (other, others, label) = answer(&path);
            let path = path.display();
            assert_eq!(other, verdict, "{name} {kind} {path}");
            assert_eq!(others, findings, "{name} {kind} {path}");
            let at_top = kind == "flat.tar";
            assert_eq!(label.is_empty(), at_top, "{name} {kind}: {label}");
        }
    }
}

/// Everything that is read of an image is kept of a stream of it.
#[test]
fn every_fixture_is_the_same_as_a_stream() {
    let dir = tempfile::tempdir().unwrap();
    for entry in fs::read_dir(pack::IMAGES).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap();
        let packed = pack::file(dir.path(), "cp.tar.zst", &zstd(&tar(&pack::podman(name))));
        let (verdict, findings, _) = answer(&path);
        let (other, others, label) = answer(&packed);
        assert_eq!(label, "checkpoint/");
        assert_eq!((other, others), (verdict, findings), "{name}");
    }
}

fn hwcr(arguments: &[&str], stdin: Option<&[u8]>) -> Output {
    hwcr_in(Path::new("."), arguments, stdin)
}

fn hwcr_in(directory: &Path, arguments: &[&str], stdin: Option<&[u8]>) -> Output {
    let mut child = program::hwcr(arguments)
        .current_dir(directory)
        .stdin(if stdin.is_some() {
            Stdio::piped()
        } else {
            Stdio::null()
        })
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    if let Some(bytes) = stdin {
        // It may have seen enough before the end.
        let _ = child.stdin.take().unwrap().write_all(bytes);
    }
    child.wait_with_output().unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

/// The report of a check, with the image's name taken out.
fn report(output: &Output, image: &str, label: &str) -> serde_json::Value {
    assert_eq!(text(&output.stderr), "");
    let json =
        text(&output.stdout).replace(&format!("\"image\": \"{image}\""), "\"image\": \"IMAGE\"");
    let mut report: serde_json::Value = serde_json::from_str(&json.replace(label, "")).unwrap();
    for result in report["results"].as_array_mut().unwrap() {
        for key in ["directory", "form"] {
            result.as_object_mut().unwrap().remove(key);
        }
    }
    report
}

#[test]
fn standard_input_is_read_as_a_file_is() {
    let name = "pac-sig@max@new";
    let bare = Path::new(pack::IMAGES).join(name);
    let bare = bare.to_str().unwrap();
    let check = |image: &str, stdin: Option<&[u8]>| {
        hwcr(
            &["check", image, "--target", TARGET, "--format", "json"],
            stdin,
        )
    };
    let want = check(bare, None);
    assert_eq!(want.status.code(), Some(1));
    let want = report(&want, bare, "checkpoint/");
    let podman = tar(&pack::podman(name));
    let layer = "application/vnd.oci.image.layer.v1.tar";
    let digest = pack::digest(&podman);
    let in_layer = format!("blobs/sha256/{digest}:checkpoint/");
    for (bytes, label) in [
        (podman.clone(), "checkpoint/"),
        (gzip(&podman), "checkpoint/"),
        (zstd(&podman), "checkpoint/"),
        (tar(&pack::image(&podman, layer)), &in_layer),
        (gzip(&tar(&pack::image(&podman, layer))), &in_layer),
    ] {
        let output = check("-", Some(&bytes));
        assert_eq!(output.status.code(), Some(1), "{}", text(&output.stderr));
        assert_eq!(report(&output, "-", label), want);
    }
    // A file as standard input is not spooled, whatever its size.
    let dir = tempfile::tempdir().unwrap();
    let path = pack::file(dir.path(), "cp.tar", &podman);
    let output = Command::new(env!("CARGO_BIN_EXE_hwcr"))
        .args(["check", "-", "--target", TARGET, "--format", "json"])
        .env("TMPDIR", "/nonexistent")
        .env("HWCR_SPOOL_LIMIT", "0")
        .stdin(File::open(path).unwrap())
        .output()
        .unwrap();
    assert_eq!(report(&output, "-", "checkpoint/"), want);
}

#[test]
fn reports_say_where_the_image_is_and_what_its_engine_says() {
    let dir = tempfile::tempdir().unwrap();
    let name = "sig-plain@cortex-a57@new";
    let podman = zstd(&tar(&pack::podman(name)));
    let layer = "application/vnd.oci.image.layer.v1.tar+zstd";
    let digest = pack::digest(&podman);
    let without = |text: String| {
        text.replace(&digest, "DIGEST")
            .replace(&pack::digest(&tar(&fixture(name, ""))), "DIGEST")
    };
    // The length of a path moves the line breaks.
    let beside = |arguments: &[&str]| hwcr_in(dir.path(), arguments, None);
    let files = [
        ("oci.tar", tar(&pack::image(&podman, layer))),
        ("crio.tar", tar(&pack::crio(name))),
        ("containerd-cri.tar", tar(&pack::containerd_cri(name))),
        ("containerd.tar", tar(&pack::containerd(name))),
    ];
    for (file, bytes) in files {
        pack::file(dir.path(), file, &bytes);
        let shown = beside(&["inspect", file, "--only", "export"]);
        insta::assert_snapshot!(format!("export_{file}"), without(text(&shown.stdout)));
    }
    let path = "oci.tar";
    let shown = beside(&["inspect", path, "--only", "export", "--format", "json"]);
    let shown = without(text(&shown.stdout)).replace(env!("CARGO_PKG_VERSION"), "VERSION");
    insta::assert_snapshot!("export_json", shown);
    let origin = beside(&["inspect", path, "--only", "origin"]);
    assert!(text(&origin.stdout).contains("index.json") || text(&origin.stdout).contains("blobs/"));
    let checked = beside(&["check", path, "--target", "cortex-a57", "--brief"]);
    insta::assert_snapshot!("check_in_a_layer", without(text(&checked.stdout)));
}

#[test]
fn what_an_engine_says_never_changes_a_verdict() {
    let name = "idle@cortex-a57@new";
    let dir = tempfile::tempdir().unwrap();
    let mut files = pack::podman(name);
    for claimed in ["3.19", "4.2", "99999"] {
        let spec =
            format!(r#"{{"annotations":{{"org.criu.checkpoint.criu.version":"{claimed}"}}}}"#);
        files.insert("spec.dump".to_owned(), spec.into_bytes());
        let path = pack::file(dir.path(), "cp.tar", &tar(&files));
        let opened = input::open(&path, &options()).unwrap();
        let checkpoint = load_from(&opened.images).unwrap();
        let said = export::read(&opened).unwrap();
        assert!(said.statements.iter().any(|one| one.what == What::Criu));
        let facts = facts::collect(&checkpoint, Search::Auto).with_export(Some(said));
        let grounds: Vec<_> = facts
            .origin
            .inferences
            .iter()
            .filter(|one| one.ground.starts_with("spec.dump"))
            .map(|one| one.value.as_str())
            .collect();
        // The image has a field that came with 4.2.
        assert_eq!(
            grounds,
            [if claimed == "3.19" {
                "not 3.19"
            } else if claimed == "4.2" {
                "4.2"
            } else {
                "9.99.99"
            }]
        );
        let target = profile::resolve(TARGET).unwrap();
        let case = Case {
            facts: &facts,
            target: &target,
            source: None,
        };
        let (verdict, findings) = judge(&checkpoint);
        let judgement = rule::judge(&case, &[]);
        assert_eq!(judgement.verdict, verdict);
        assert_eq!(judgement.findings.len(), findings.len());
    }
}

/// `files` with `checkpoint/` and `pre/`, the pages of which `checkpoint/` refers to.
fn with_parent(name: &str, link: &str) -> Files {
    let mut files = fixture(name, "checkpoint/");
    files.extend(fixture(name, "pre/"));
    let maps: Vec<String> = files
        .keys()
        .filter(|path| path.starts_with("checkpoint/pagemap-"))
        .cloned()
        .collect();
    for path in maps {
        let map = files.get_mut(&path).unwrap();
        turn_to_parent(map);
    }
    for (_, pages) in files
        .iter_mut()
        .filter(|(path, _)| path.starts_with("checkpoint/pages-"))
    {
        pages.clear();
    }
    files.insert(
        "checkpoint/parent".to_owned(),
        format!("->{link}").into_bytes(),
    );
    files
}

/// Sets the flags of every run of a pagemap from `PE_PRESENT` to `PE_PARENT`.
fn turn_to_parent(map: &mut [u8]) {
    let mut at = 8;
    let mut first = true;
    while at < map.len() {
        let len = u32::from_le_bytes(map[at..at + 4].try_into().unwrap()) as usize;
        at += 4;
        let end = at + len;
        // All fields are varints; the first entry is the head.
        while !first && at < end {
            let tag = map[at];
            assert_eq!(tag & 7, 0);
            at += 1;
            if tag == 4 << 3 {
                assert_eq!(map[at] & !6, 0, "PE_PRESENT, PE_LAZY");
                map[at] = 1;
            }
            while map[at] & 0x80 != 0 {
                at += 1;
            }
            at += 1;
        }
        first = false;
        at = end;
    }
}

#[test]
fn a_chain_of_dumps_is_followed_inside_of_the_archive_only() {
    let name = "sig-sve@neoverse-v1@new";
    let dir = tempfile::tempdir().unwrap();
    let chain = with_parent(name, "../pre");
    let (verdict, findings, _) = answer(&pack::lay(&chain, &dir.path().join("laid")));
    assert_eq!(verdict, Verdict::Incompatible);
    let frames = |findings: &[String]| {
        findings
            .iter()
            .filter(|one| one.contains("holds an SVE record"))
            .count()
    };
    assert!(frames(&findings) > 0, "frames lie in the parent's pages");
    for (file, bytes) in [
        ("chain.tar", tar(&chain)),
        ("chain.tar.gz", gzip(&tar(&chain))),
        ("slashes.tar", tar(&with_parent(name, ".././pre//"))),
    ] {
        let path = pack::file(dir.path(), file, &bytes);
        let (other, others, _) = answer(&path);
        assert_eq!((other, &others), (verdict, &findings), "{file}");
    }

    // A link that leads out leads nowhere, whatever lies there.
    let outside = dir.path().join("laid/pre");
    for link in [
        "../../laid/pre",
        outside.to_str().unwrap(),
        "../nowhere",
        "../config.dump",
        ".",
    ] {
        let path = pack::file(dir.path(), "out.tar", &tar(&with_parent(name, link)));
        let opened = input::open(&path, &options()).unwrap();
        let checkpoint = load_from(&opened.images).unwrap();
        assert!(
            checkpoint.parents.iter().all(|parent| !parent.followed),
            "{link}"
        );
        let (verdict, findings) = judge(&checkpoint);
        assert_ne!(verdict, Verdict::Compatible, "{link}");
        let findings: Vec<String> = findings.into_iter().map(|one| bare(one, "")).collect();
        assert_eq!(frames(&findings), 0, "{link}");
    }
}

#[test]
fn the_image_is_chosen_or_its_choice_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let name = "idle@cortex-a57@new";
    let open = |path: &Path| input::open(path, &options());
    let both = |one: &str, other: &str| {
        let mut files = fixture(name, one);
        files.extend(fixture(name, other));
        files
    };
    // An image directory may hold anything; an export has its image in one place.
    let cases = [
        (both("", "checkpoint/"), Some("")),
        (both("", "one/"), Some("")),
        (both("one/", "checkpoint/"), Some("checkpoint/")),
        (both("one/", "two/"), None),
        (
            {
                let mut files = both("", "checkpoint/");
                files.insert("config.dump".to_owned(), b"{}".to_vec());
                files
            },
            Some("checkpoint/"),
        ),
    ];
    for (at, (files, want)) in cases.iter().enumerate() {
        let laid = pack::lay(files, &dir.path().join(format!("{at}")));
        let packed = pack::file(dir.path(), "choice.tar", &tar(files));
        for path in [laid, packed] {
            let found = open(&path).map(|opened| opened.images.label().to_owned());
            match want {
                Some(label) => assert_eq!(&found.unwrap(), label, "{at}"),
                None => {
                    let error = found.unwrap_err().to_string();
                    assert!(error.contains("2 images"), "{error}");
                    assert!(error.contains("one, two"), "{error}");
                }
            }
        }
    }
    // A deeper directory is found as well.
    let deep = fixture(name, "a/b/c/");
    let packed = pack::file(dir.path(), "deep.tar", &tar(&deep));
    let laid = pack::lay(&deep, &dir.path().join("deep"));
    for (path, form) in [(packed, Form::Tar), (laid, Form::Directory)] {
        let opened = open(&path).unwrap();
        assert_eq!(opened.images.label(), "a/b/c/");
        assert_eq!(opened.packing.form, form);
        assert_eq!(opened.packing.directory, "a/b/c");
    }
    let none = pack::file(
        dir.path(),
        "none.tar",
        &tar(&[("a".to_owned(), vec![1])].into()),
    );
    let error = open(&none).unwrap_err().to_string();
    assert!(error.contains("holds no image"), "{error}");
}

/// The last dump of a chain below one directory, by links, or what is complained about.
type Chain<'a> = (&'a [(&'a str, &'a str)], Result<&'a str, &'a str>);

/// Pre-dumps beside the last dump, as LXD, P.Haul and `--prev-images-dir` leave them: a directory, an archive of it and
/// a stream of that get one answer.
#[test]
fn a_dump_that_another_needs_is_no_image_of_its_own() {
    let name = "idle@cortex-a57@new";
    let chains: &[Chain<'_>] = &[
        (
            &[("state/000", ""), ("state/final", "../000")],
            Ok("state/final/"),
        ),
        (
            &[
                ("000", ""),
                ("001", "../000"),
                ("002", "../001"),
                ("final", "../002/"),
            ],
            Ok("final/"),
        ),
        // The link leads there by way of another link.
        (
            &[("000", ""), ("final", "../last"), ("last", "->000")],
            Ok("final/"),
        ),
        // A copy that lost the link left its text.
        (&[("000", ""), ("final", "text:../000")], Ok("final/")),
        // A pre-dump that nothing needs is as good as a dump.
        (
            &[("000", ""), ("001", ""), ("final", "../001")],
            Err("holds 2 images and not one alone (000, final)"),
        ),
        (
            &[("000", ""), ("one", "../000"), ("two", "../000")],
            Err("holds 2 images and not one alone (one, two)"),
        ),
        (
            &[("a", "../b"), ("b", "../c"), ("c", "../a")],
            Err(
                "holds 3 images, and each is the parent of another (a, b, c): their `parent` links lead in a circle",
            ),
        ),
        // A link to itself makes no other one the last.
        (&[("000", "."), ("final", "../000")], Ok("final/")),
    ];
    for (chain, want) in chains {
        let dir = tempfile::tempdir().unwrap();
        let mut files = Files::new();
        for (at, link) in *chain {
            if link.starts_with("->") {
                files.insert((*at).to_owned(), link.as_bytes().to_vec());
                continue;
            }
            files.extend(fixture(name, &format!("{at}/")));
            if !link.is_empty() {
                let link = match link.strip_prefix("text:") {
                    Some(text) => text.to_owned(),
                    None => format!("->{link}"),
                };
                files.insert(format!("{at}/parent"), link.into_bytes());
            }
        }
        let laid = pack::lay(&files, &dir.path().join("laid"));
        let packed = pack::file(dir.path(), "chain.tar", &tar(&files));
        let streamed = pack::file(dir.path(), "chain.tar.zst", &zstd(&tar(&files)));
        let link = dir.path().join("link");
        std::os::unix::fs::symlink(&laid, &link).unwrap();
        let slashed = PathBuf::from(format!("{}/", laid.display()));
        for path in [&laid, &slashed, &link, &packed, &streamed] {
            let found = input::open(path, &options());
            match want {
                Ok(label) => assert_eq!(found.unwrap().images.label(), *label, "{chain:?}"),
                Err(text) => {
                    let error = found.unwrap_err().to_string();
                    assert!(error.contains(text), "{chain:?}: {error}");
                }
            }
        }
        // The same on standard input.
        let piped = hwcr(
            &["check", "-", "--target", "cortex-a57", "--brief"],
            Some(&tar(&files)),
        );
        let answered = piped.status.code() != Some(2);
        assert_eq!(answered, want.is_ok(), "{chain:?}: {}", text(&piped.stderr));
    }
}

/// CRIU opens what is in the link's place and finds no directory there.
#[test]
fn a_link_that_became_a_file_is_not_followed() {
    let mut files = fixture("idle@cortex-a57@new", "final/");
    files.extend(fixture("idle@cortex-a57@new", "000/"));
    files.insert("final/parent".to_owned(), b"../000".to_vec());
    let dir = tempfile::tempdir().unwrap();
    let laid = pack::lay(&files, &dir.path().join("laid"));
    let packed = pack::file(dir.path(), "chain.tar.zst", &zstd(&tar(&files)));
    for path in [laid, packed] {
        let opened = input::open(&path, &options()).unwrap();
        let checkpoint = load_from(&opened.images).unwrap();
        let (verdict, findings) = judge(&checkpoint);
        assert_eq!(verdict, Verdict::Incompatible);
        let lost = "the link to \"../000\" is a file with the text of a link";
        assert!(
            findings.iter().any(|one| one.message.contains(lost)),
            "{findings:?}"
        );
    }
}

#[test]
fn too_many_directories_are_no_answer() {
    let name = "idle@cortex-a57@new";
    let dir = tempfile::tempdir().unwrap();
    for at in 0..4200 {
        fs::create_dir_all(dir.path().join(format!("many/{at}"))).unwrap();
    }
    pack::lay(&fixture(name, "many/zz/one/"), dir.path());
    let error = input::open(dir.path(), &options()).unwrap_err().to_string();
    assert!(
        error.contains("holds more than 4096 directories"),
        "{error}"
    );
    // One that lies right below is near enough.
    pack::lay(&fixture(name, "dump/"), dir.path());
    let opened = input::open(dir.path(), &options()).unwrap();
    assert_eq!(opened.images.label(), "dump/");
}

/// 64 GiB of pages in an archive that is not compressed take neither time nor room.
#[test]
fn a_large_archive_is_read_where_it_lies() {
    const HOLE: u64 = 64 << 30;
    let name = "sig-plain@cortex-a57@new";
    let dir = tempfile::tempdir().unwrap();
    let mut files = fixture(name, "checkpoint/");
    let pages = files.remove("checkpoint/pages-1.img").unwrap();
    let before = tar(&files);
    // Without the end mark, the pages with a hole behind them, and something after it.
    let mut header = tar::Header::new_gnu();
    header.set_path("checkpoint/pages-1.img").unwrap();
    header.set_mode(0o600);
    header.set_size(HOLE + pages.len() as u64);
    header.set_cksum();
    let path = dir.path().join("large.tar");
    let mut file = File::create(&path).unwrap();
    file.write_all(&before[..before.len() - 1024]).unwrap();
    file.write_all(header.as_bytes()).unwrap();
    file.write_all(&pages).unwrap();
    let end = before.len() as u64 - 1024 + 512 + (pages.len() as u64 + HOLE).next_multiple_of(512);
    file.set_len(end).unwrap();
    let after = tar(&[("config.dump".to_owned(), b"{}".to_vec())].into());
    use std::os::unix::fs::FileExt as _;
    file.write_all_at(&after, end).unwrap();

    let start = std::time::Instant::now();
    let opened = input::open(&path, &options()).unwrap();
    let checkpoint = load_from(&opened.images).unwrap();
    let (verdict, findings) = judge(&checkpoint);
    assert!(start.elapsed().as_secs() < 10, "{:?}", start.elapsed());
    assert_ne!(verdict, Verdict::Compatible, "the pages file is too large");
    assert!(!findings.is_empty());
    assert!(export::read(&opened).is_some());
}
