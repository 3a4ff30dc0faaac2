//! Damaged and malicious archives: an error that names the archive, within bounds, and never a panic or a file outside.
use crate::pack;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Arc, LazyLock};
use std::time::{Duration, Instant};

use hwcr::criu_image::{self, is_read, load_from};
use hwcr::input::{self, Fault, Limits, Opened, Options, Source, SourceError};
use proptest::prelude::{ProptestConfig, any, prop, proptest};
use proptest::sample::Index;
use tar::{Builder, EntryType, Header};

use pack::{Files, fixture, gzip, tar, zstd};

const NAME: &str = "sig-plain@cortex-a57@new";

fn options() -> Options {
    Options {
        limits: Limits {
            members: 4096,
            names: 1 << 20,
            memory: 1 << 20,
            spool: Some(16 << 20),
            unpacked: 64 << 20,
            ratio: 1000,
        },
        wanted: is_read,
        ..Options::default()
    }
}

/// A file that goes away with its directory.
struct Packed {
    _dir: tempfile::TempDir,
    path: PathBuf,
}

fn packed(bytes: &[u8]) -> Packed {
    let dir = tempfile::tempdir().unwrap();
    let path = pack::file(dir.path(), "cp.tar", bytes);
    Packed { _dir: dir, path }
}

fn open(bytes: &[u8]) -> Result<Opened, SourceError> {
    input::open(&packed(bytes).path, &options())
}

/// Opens and reads it as a file and, compressed, as a stream.
fn both(bytes: &[u8]) -> [Result<(), String>; 2] {
    [bytes.to_vec(), gzip(bytes)].map(|bytes| {
        let start = Instant::now();
        let read = open(&bytes)
            .map_err(|error| error.to_string())
            .and_then(|opened| {
                load_from(&opened.images)
                    .map(drop)
                    .map_err(|error| error.to_string())
            });
        assert!(start.elapsed() < Duration::from_secs(20));
        read
    })
}

/// Both ways end in an error that says so.
fn refused(bytes: &[u8], says: &str) {
    for read in both(bytes) {
        assert!(read.is_err(), "accepted: {says}");
        let error = read.unwrap_err();
        assert!(error.contains(says), "{error:?} does not say {says:?}");
    }
}

fn accepted(bytes: &[u8]) {
    for read in both(bytes) {
        read.unwrap();
    }
}

fn header(path: &str, kind: EntryType, size: u64) -> Header {
    let mut header = Header::new_gnu();
    let name = &mut header.as_old_mut().name;
    name[..path.len()].copy_from_slice(path.as_bytes());
    header.set_entry_type(kind);
    header.set_mode(0o600);
    header.set_size(size);
    header.set_cksum();
    header
}

/// A header with its content, rounded up.
fn member(path: &str, kind: EntryType, content: &[u8]) -> Vec<u8> {
    let mut bytes = header(path, kind, content.len() as u64).as_bytes().to_vec();
    bytes.extend_from_slice(content);
    bytes.resize(bytes.len().next_multiple_of(512), 0);
    bytes
}

fn link(path: &str, kind: EntryType, target: &str) -> Vec<u8> {
    let mut header = header(path, kind, 0);
    header.set_link_name_literal(target).unwrap();
    header.set_cksum();
    header.as_bytes().to_vec()
}

/// An extended header.
fn pax(records: &[(&str, &str)]) -> Vec<u8> {
    let mut text = String::new();
    for (key, value) in records {
        let rest = format!(" {key}={value}\n");
        let mut len = rest.len();
        while len.to_string().len() + rest.len() != len {
            len = len.to_string().len() + rest.len();
        }
        text.push_str(&format!("{len}{rest}"));
    }
    member("pax", EntryType::XHeader, text.as_bytes())
}

/// The image's archive with something in front of its members.
fn led_by(parts: &[Vec<u8>]) -> Vec<u8> {
    let mut bytes = parts.concat();
    bytes.extend(tar(&fixture(NAME, "checkpoint/")));
    bytes
}

/// The image without one of its files, and something in its place.
fn instead_of(file: &str, parts: impl FnOnce(&[u8]) -> Vec<u8>) -> Vec<u8> {
    let mut files = fixture(NAME, "checkpoint/");
    let content = files.remove(&format!("checkpoint/{file}")).unwrap();
    let mut bytes = parts(&content);
    bytes.extend(tar(&files));
    bytes
}

const PAGES: &str = "checkpoint/pages-1.img";

#[test]
fn an_archive_cut_anywhere_is_an_error() {
    let whole = tar(&fixture(NAME, "checkpoint/"));
    // Without the second block of the end mark it is still all there.
    for len in (0..whole.len() - 1024).step_by(3 * 512) {
        for read in both(&whole[..len]) {
            assert!(read.is_err(), "{len}");
        }
    }
    for len in (1..whole.len()).step_by(4099) {
        assert!(open(&whole[..len]).is_err(), "{len}");
    }
    for packed in [gzip(&whole), zstd(&whole)] {
        for len in (0..packed.len()).step_by(997).chain([packed.len() - 1]) {
            assert!(open(&packed[..len]).is_err(), "{len} of {}", packed.len());
        }
    }
}

/// An image in each form.
static FORMS: LazyLock<[Vec<u8>; 5]> = LazyLock::new(|| {
    let podman = tar(&pack::podman(NAME));
    let layer = "application/vnd.oci.image.layer.v1.tar";
    [
        gzip(&podman),
        zstd(&podman),
        tar(&pack::image(&podman, layer)),
        tar(&pack::containerd(NAME)),
        podman,
    ]
});

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, ..ProptestConfig::default() })]

    #[test]
    fn changed_bytes_never_panic(
        at in prop::collection::vec((any::<Index>(), any::<u8>()), 1..4),
        form in 0usize..5,
    ) {
        let mut bytes = FORMS[form].clone();
        // Where the structure is: most of the rest is pages.
        let within = bytes.len().min(40_000);
        for (index, value) in at {
            let at = index.index(within);
            bytes[at] = value;
        }
        if let Ok(opened) = open(&bytes) {
            let _ = load_from(&opened.images);
            let _ = hwcr::export::read(&opened);
        }
    }
}

#[test]
fn names_that_lead_out_are_refused() {
    for name in ["../outside", "/etc/outside", "a/../../outside", ".."] {
        refused(
            &led_by(&[member(name, EntryType::Regular, b"x")]),
            "leads out of",
        );
    }
    refused(
        &led_by(&[
            pax(&[("path", "../outside")]),
            member("in", EntryType::Regular, b""),
        ]),
        "leads out of",
    );
    refused(
        &led_by(&[link("a", EntryType::Link, "../../etc/passwd")]),
        "leads out of",
    );
    // Where a symbolic link leads does not matter as long as nothing goes through it.
    accepted(&led_by(&[link(
        "a",
        EntryType::Symlink,
        "../../etc/passwd",
    )]));
    refused(
        &led_by(&[link("checkpoint", EntryType::Symlink, "/tmp")]),
        "a symbolic link, but other members lie in it",
    );
    refused(
        &led_by(&[
            member("checkpoint/", EntryType::Directory, b""),
            link("checkpoint", EntryType::Symlink, "/tmp"),
        ]),
        "there twice",
    );
}

#[test]
fn what_is_no_file_is_not_read_as_one() {
    let odd = |kind| {
        instead_of("mm-3041.img", |_| {
            member("checkpoint/mm-3041.img", kind, b"")
        })
    };
    for kind in [
        EntryType::Char,
        EntryType::Block,
        EntryType::Fifo,
        EntryType::Directory,
    ] {
        refused(&odd(kind), "checkpoint/mm-3041.img: not a regular file");
    }
    let linked = instead_of("mm-3041.img", |content| {
        let mut bytes = member("elsewhere", EntryType::Regular, content);
        bytes.extend(link(
            "checkpoint/mm-3041.img",
            EntryType::Symlink,
            "../elsewhere",
        ));
        bytes
    });
    refused(&linked, "checkpoint/mm-3041.img: a symbolic link");
    let inside = instead_of("mm-3041.img", |content| {
        member("checkpoint/mm-3041.img/inside", EntryType::Regular, content)
    });
    refused(&inside, "checkpoint/mm-3041.img: not a regular file");
    let filled = led_by(&[member("pipe", EntryType::Fifo, b"content")]);
    refused(&filled, "is no file and has content");
}

#[test]
fn hard_links_stand_for_a_file_before_them() {
    let first = instead_of("pages-1.img", |content| {
        let mut bytes = member("one/pages-1.img", EntryType::Regular, content);
        bytes.extend(link(PAGES, EntryType::Link, "./one/pages-1.img"));
        bytes
    });
    accepted(&first);
    let opened = open(&first).unwrap();
    assert!(
        !opened
            .images
            .map("pages-1.img")
            .unwrap()
            .unwrap()
            .is_empty()
    );
    for target in ["nowhere", "pages-1.img", PAGES, "checkpoint"] {
        let bytes = instead_of("pages-1.img", |_| link(PAGES, EntryType::Link, target));
        refused(&bytes, "is a hard link to");
    }
}

#[test]
fn a_file_that_is_there_twice_is_refused() {
    let twice = led_by(&[member(
        "checkpoint/mm-3041.img",
        EntryType::Regular,
        b"other",
    )]);
    refused(&twice, "\"checkpoint/mm-3041.img\" is there twice");
    let directory = led_by(&[
        member("checkpoint/", EntryType::Directory, b""),
        member("./checkpoint", EntryType::Directory, b""),
    ]);
    accepted(&directory);
    // Of what is not read it does not matter.
    accepted(&led_by(&[
        member("rootfs-diff.tar", EntryType::Regular, b"one"),
        member("rootfs-diff.tar", EntryType::Regular, b"other"),
    ]));
}

#[test]
fn extended_headers_say_what_they_extend() {
    let long = format!("{}/pages-1.img", "deep/".repeat(60));
    let long = long.trim_end_matches("/pages-1.img").to_owned() + "/x";
    let by_pax = instead_of("pages-1.img", |content| {
        let mut bytes = pax(&[
            ("path", PAGES),
            ("size", &content.len().to_string()),
            ("SCHILY.xattr.security.capability", "\u{1}\n\u{2}"),
        ]);
        let mut body = member("short", EntryType::Regular, content);
        body[..512].copy_from_slice(header("short", EntryType::Regular, 0).as_bytes());
        bytes.extend(body);
        bytes.extend(pax(&[("path", &long)]));
        bytes.extend(member("short", EntryType::Regular, b""));
        bytes
    });
    accepted(&by_pax);
    let by_gnu = instead_of("pages-1.img", |content| {
        let mut bytes = member(
            "././@LongLink",
            EntryType::GNULongName,
            format!("{PAGES}\0").as_bytes(),
        );
        bytes.extend(member("short", EntryType::Regular, content));
        bytes
    });
    accepted(&by_gnu);

    let file = member("a", EntryType::Regular, b"a");
    let global = |records: &[u8]| member("pax", EntryType::XGlobalHeader, records);
    accepted(&led_by(&[global(b"15 comment=abc\n")]));
    for (parts, says) in [
        (
            vec![global(b"10 size=1\n"), file.clone()],
            "gives names or sizes",
        ),
        (
            vec![pax(&[("path", "a")]), pax(&[("path", "b")]), file.clone()],
            "two extended headers",
        ),
        (
            vec![pax(&[("size", "-1")]), file.clone()],
            "holds no number",
        ),
        (vec![pax(&[("path", "a\0b")]), file.clone()], "holds a NUL"),
        (
            vec![
                member("pax", EntryType::XHeader, b"99 path=a\n"),
                file.clone(),
            ],
            "malformed",
        ),
        (
            vec![
                pax(&[("linkpath", &"a".repeat(5000))]),
                link("a", EntryType::Symlink, "b"),
            ],
            "more than 4096 bytes",
        ),
        (
            vec![
                member("l", EntryType::GNULongName, &[b'a'; 5000]),
                file.clone(),
            ],
            "more than 4096 bytes",
        ),
        (
            vec![
                member("pax", EntryType::XHeader, &vec![b'1'; 2 << 20]),
                file.clone(),
            ],
            "an extended header of",
        ),
        (
            vec![member("m", EntryType::new(b'M'), b""), file],
            "another volume",
        ),
    ] {
        refused(&led_by(&parts), says);
    }
    let mut nothing = pax(&[("path", "a")]);
    nothing.resize(nothing.len() + 1024, 0);
    refused(&nothing, "extends nothing");
}

#[test]
fn sizes_that_no_archive_has_are_refused_at_once() {
    for size in [1 << 40, u64::MAX >> 2, u64::MAX - 511, u64::MAX] {
        for name in [PAGES, "rootfs-diff.tar"] {
            let mut bytes = pax(&[("size", &size.to_string())]);
            bytes.extend(member(name, EntryType::Regular, b"little"));
            let [file, stream] = both(&bytes);
            let error = file.unwrap_err();
            assert!(error.contains("ends inside"), "{error}");
            let error = stream.unwrap_err();
            let room = name == PAGES;
            assert!(
                error.contains(if room {
                    "may still be spooled"
                } else {
                    "ends inside"
                }),
                "{error}"
            );
        }
    }
}

/// A file of 64 KiB, of which only a piece in the middle and its end are not zero.
fn with_holes() -> (Vec<u8>, Vec<(u64, Vec<u8>)>) {
    let pieces = vec![(4096, pack::noise(600)), (65_000, pack::noise(536))];
    let mut whole = vec![0; 65_536];
    for (at, piece) in &pieces {
        whole[*at as usize..*at as usize + piece.len()].copy_from_slice(piece);
    }
    (whole, pieces)
}

#[test]
fn files_with_holes_are_read_whole() {
    let (whole, pieces) = with_holes();
    let stored: Vec<u8> = pieces.iter().flat_map(|(_, piece)| piece.clone()).collect();
    let size = whole.len().to_string();
    let map: Vec<String> = pieces
        .iter()
        .flat_map(|(at, piece)| [at.to_string(), piece.len().to_string()])
        .collect();
    let name = "checkpoint/core-1.img";

    // GNU's own format: its map is in the header.
    let mut old = Header::new_gnu();
    old.set_path(name).unwrap();
    old.set_entry_type(EntryType::GNUSparse);
    old.set_size(stored.len() as u64);
    let gnu = old.as_gnu_mut().unwrap();
    gnu.set_real_size(whole.len() as u64);
    for (slot, (at, piece)) in gnu.sparse.iter_mut().zip(&pieces) {
        slot.set_offset(*at);
        slot.set_length(piece.len() as u64);
    }
    old.set_cksum();
    let mut old = old.as_bytes().to_vec();
    old.extend(&stored);
    old.resize(old.len().next_multiple_of(512), 0);

    // pax 0.1, and 1.0 with its map in front of the content.
    let mut one = pax(&[
        ("GNU.sparse.size", &size),
        ("GNU.sparse.name", name),
        ("GNU.sparse.numblocks", "2"),
        ("GNU.sparse.map", &map.join(",")),
    ]);
    one.extend(member("GNUSparseFile.0/x", EntryType::Regular, &stored));
    let mut two = pax(&[
        ("GNU.sparse.major", "1"),
        ("GNU.sparse.minor", "0"),
        ("GNU.sparse.name", name),
        ("GNU.sparse.realsize", &size),
    ]);
    let mut content = format!("2\n{}\n", map.join("\n")).into_bytes();
    content.resize(512, 0);
    content.extend(&stored);
    two.extend(member("GNUSparseFile.0/x", EntryType::Regular, &content));

    for sparse in [old, one, two] {
        let bytes = led_by(&[sparse]);
        for bytes in [bytes.clone(), gzip(&bytes)] {
            let opened = open(&bytes).unwrap();
            let images = &opened.images;
            assert_eq!(images.read("core-1.img", 1 << 20).unwrap().unwrap(), whole);
            assert_eq!(&**images.map("core-1.img").unwrap().unwrap(), whole);
            assert!(images.read("core-1.img", 65_535).is_err());
        }
    }

    for (records, says) in [
        (
            vec![("GNU.sparse.size", "10"), ("GNU.sparse.map", "0,6,4,2")],
            "does not fit",
        ),
        (
            vec![("GNU.sparse.size", "10"), ("GNU.sparse.map", "0,6")],
            "does not account",
        ),
        (
            vec![("GNU.sparse.size", "10"), ("GNU.sparse.map", "0,6,7")],
            "odd number",
        ),
        (vec![("GNU.sparse.map", "0,8")], "without its size"),
        (
            vec![("GNU.sparse.major", "2"), ("GNU.sparse.size", "8")],
            "not known",
        ),
    ] {
        let mut bytes = pax(&records);
        bytes.extend(member("a", EntryType::Regular, b"8 bytes."));
        refused(&led_by(&[bytes]), says);
    }
}

#[test]
fn counts_and_names_are_bounded() {
    let mut builder = Builder::new(Vec::new());
    for at in 0..5000 {
        let mut header = Header::new_ustar();
        header.set_size(0);
        builder
            .append_data(&mut header, format!("{at}"), &[][..])
            .unwrap();
    }
    refused(&builder.into_inner().unwrap(), "more than 4096 members");
    let mut builder = Builder::new(Vec::new());
    for at in 0..600 {
        let mut header = Header::new_gnu();
        header.set_size(0);
        let name = format!("{}{at}", "directory/".repeat(200));
        builder.append_data(&mut header, name, &[][..]).unwrap();
    }
    refused(
        &builder.into_inner().unwrap(),
        "names of members have more than",
    );
    // Headers without members.
    let comment = member("pax", EntryType::XGlobalHeader, b"15 comment=abc\n");
    refused(&comment.repeat(17_000), "more than 4096 members");
}

#[test]
fn what_unpacks_to_too_much_is_refused() {
    let mut files = fixture(NAME, "checkpoint/");
    files.insert("rootfs-diff.tar".to_owned(), vec![0; 24 << 20]);
    let bomb = tar(&files);
    let mut options = options();
    (options.limits.unpacked, options.limits.ratio) = (8 << 20, 40);
    let open = |bytes: &[u8]| input::open(&packed(bytes).path, &options);
    for bytes in [gzip(&bomb), zstd(&bomb)] {
        let error = open(&bytes).unwrap_err().to_string();
        assert!(error.contains("more than 40 times"), "{error}");
    }
    // In a layer that is compressed twice over, too.
    let image = tar(&pack::image(
        &gzip(&bomb),
        "application/vnd.oci.image.layer.v1.tar+gzip",
    ));
    for bytes in [image.clone(), gzip(&image)] {
        let error = open(&bytes).unwrap_err().to_string();
        assert!(error.contains("more than 40 times"), "{error}");
    }
    let error = open(&gzip(&gzip(&bomb))).unwrap_err().to_string();
    assert!(error.contains("compressed twice"), "{error}");
}

#[test]
fn what_has_to_be_spooled_is_bounded_and_leaves_nothing_behind() {
    let mut files = fixture(NAME, "checkpoint/");
    let pages = files.get_mut(PAGES).unwrap();
    pages.extend(pack::noise(9 << 20));
    let archive = gzip(&tar(&files));
    let packed = packed(&archive);
    let spool = tempfile::tempdir().unwrap();
    let run = |limit: Option<&str>, dir: &Path| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_hwcr"));
        command
            .args(["check", "--target", "max", "--brief"])
            .arg(&packed.path)
            .env("TMPDIR", dir);
        if let Some(limit) = limit {
            command.args(["--spool-limit", limit]);
        }
        let output = command.output().unwrap();
        (
            output.status.code().unwrap(),
            String::from_utf8(output.stderr).unwrap(),
        )
    };
    let (code, error) = run(Some("8M"), spool.path());
    assert_eq!(code, 2);
    assert!(
        error.contains("8388608 bytes may still be spooled"),
        "{error}"
    );
    assert!(error.contains("--spool-limit"), "{error}");
    assert_ne!(run(Some("10M"), spool.path()).0, 2);
    assert_ne!(run(None, spool.path()).0, 2);
    assert_eq!(fs::read_dir(spool.path()).unwrap().count(), 0);
    let (code, error) = run(None, Path::new("/nonexistent"));
    assert_eq!(code, 2);
    assert!(error.contains("/nonexistent"), "{error}");
}

/// What is not needed is passed over: 160 MiB of it in an address space with room for 128.
#[test]
fn memory_is_bounded_whatever_passes() {
    let mut files = fixture(NAME, "checkpoint/");
    let diff = pack::noise(1 << 20).repeat(160);
    files.insert("rootfs-diff.tar".to_owned(), diff);
    let packed = packed(&zstd(&tar(&files)));
    for command in [
        "ulimit -v 131072 && exec \"$0\" check \"$1\" --target max --brief",
        "ulimit -v 131072 && cat \"$1\" | \"$0\" check - --target max --brief",
    ] {
        let output = Command::new("sh")
            .args(["-c", command, env!("CARGO_BIN_EXE_hwcr")])
            .arg(&packed.path)
            .output()
            .unwrap();
        let error = String::from_utf8(output.stderr).unwrap();
        let code = output.status.code().unwrap();
        assert!([0, 1, 3].contains(&code), "{code}: {error}");
    }
}

#[test]
fn layouts_that_lead_nowhere_are_refused() {
    let podman = tar(&pack::podman(NAME));
    let layer = "application/vnd.oci.image.layer.v1.tar";
    let good = pack::image(&podman, layer);
    let blob = format!("blobs/sha256/{}", pack::digest(&podman));
    let dir = tempfile::tempdir().unwrap();
    let mut at = 0;
    let mut refused = |files: &Files, says: &str| {
        at += 1;
        let laid = pack::lay(files, &dir.path().join(at.to_string()));
        let archive = pack::file(dir.path(), "oci.tar", &tar(files));
        let stream = pack::file(dir.path(), "oci.tar.gz", &gzip(&tar(files)));
        for path in [laid, archive, stream] {
            let error = input::open(&path, &options())
                .map(drop)
                .unwrap_err()
                .to_string();
            assert!(error.contains(says), "{error:?} does not say {says:?}");
        }
    };
    let changed = |path: &str, bytes: &[u8]| {
        let mut files = good.clone();
        files.insert(path.to_owned(), bytes.to_vec());
        files
    };
    let without = |path: &str| {
        let mut files = good.clone();
        files.remove(path);
        files
    };
    refused(
        &without(&blob),
        "is not there, though it is named as a layer",
    );
    refused(&without("index.json"), "index.json is not there");
    refused(&changed("index.json", b"{"), "is not what it should be");
    refused(
        &changed("index.json", &b"{\"manifests\":[".repeat(9000)),
        "index.json",
    );
    refused(
        &changed("index.json", br#"{"manifests":[]}"#),
        "holds no image",
    );
    refused(&changed(&blob, &tar(&pack::crio(NAME))), "and should have");
    let to = |digest: &str| {
        let media = "application/vnd.oci.image.manifest.v1+json";
        format!(r#"{{"manifests":[{{"mediaType":"{media}","digest":"{digest}"}}]}}"#)
    };
    for digest in ["sha256:../../../etc/passwd", "sha256", "../x:abc", ":", ""] {
        refused(
            &changed("index.json", to(digest).as_bytes()),
            "what is no digest",
        );
    }
    refused(
        &changed("index.json", to("sha256:abcd").as_bytes()),
        "is not there",
    );

    // An index that leads to itself, many times over.
    let own = format!(
        r#"{{"manifests":[{0},{0}]}}"#,
        r#"{"mediaType":"application/vnd.oci.image.index.v1+json","digest":"sha256:00"}"#
    );
    let mut files = changed("index.json", own.as_bytes());
    files.insert("blobs/sha256/00".to_owned(), own.into_bytes());
    refused(&files, "leads to more documents");

    // Two images, both with a checkpoint.
    let mut layout = pack::Layout::default();
    let manifests: Vec<String> = [podman.clone(), tar(&pack::crio(NAME))]
        .iter()
        .map(|bytes| {
            let layer = layout.blob(layer, bytes, "");
            let manifest = format!(r#"{{"layers":[{layer}]}}"#);
            layout.blob(
                "application/vnd.oci.image.manifest.v1+json",
                manifest.as_bytes(),
                "",
            )
        })
        .collect();
    refused(&layout.index(&manifests), "holds 2 images");

    // A second layer that changes what the first one has.
    let over = |path: &str| {
        let mut layout = pack::Layout::default();
        let second = tar(&[(path.to_owned(), b"other".to_vec())].into());
        let layers: Vec<String> = [&podman, &second]
            .iter()
            .map(|bytes| layout.blob(layer, bytes, ""))
            .collect();
        let manifest = format!(r#"{{"layers":[{}]}}"#, layers.join(","));
        let media = "application/vnd.oci.image.manifest.v1+json";
        let manifest = layout.blob(media, manifest.as_bytes(), "");
        layout.index(&[manifest])
    };
    for path in [
        "checkpoint/mm-3041.img",
        "checkpoint/.wh.mm-3041.img",
        "checkpoint/.wh..wh..opq",
        ".wh.checkpoint",
        "checkpoint",
        ".wh..wh..opq",
    ] {
        refused(&over(path), "changes what blobs/sha256/");
    }
    let beside = pack::file(dir.path(), "beside.tar", &tar(&over("etc/motd")));
    input::open(&beside, &options()).unwrap();

    // A layer in a layer is not looked into.
    let mut layout = pack::Layout::default();
    let inner = tar(&[("blobs/sha256/ab".to_owned(), podman)].into());
    let inner = layout.blob(layer, &inner, "");
    let manifest = format!(r#"{{"layers":[{inner}]}}"#);
    let manifest = layout.blob(
        "application/vnd.oci.image.manifest.v1+json",
        manifest.as_bytes(),
        "",
    );
    refused(&layout.index(&[manifest]), "holds no image");
}

#[test]
fn blobs_that_are_links_are_not_followed() {
    let podman = tar(&pack::podman(NAME));
    let image = pack::image(&podman, "application/vnd.oci.image.layer.v1.tar");
    let dir = tempfile::tempdir().unwrap();
    let laid = pack::lay(&image, &dir.path().join("oci"));
    let blob = laid.join(format!("blobs/sha256/{}", pack::digest(&podman)));
    fs::rename(&blob, dir.path().join("outside")).unwrap();
    std::os::unix::fs::symlink(dir.path().join("outside"), &blob).unwrap();
    let error = input::open(&laid, &options()).map(drop).unwrap_err();
    assert!(matches!(error, SourceError::Link { .. }), "{error}");
}

#[test]
fn other_files_are_named_for_what_they_are() {
    for (bytes, says) in [
        (&b""[..], "an empty file"),
        (b"x", "no archive that is known"),
        (b"\x7fELF\x02\x01\x01", "an ELF file"),
        (b"\xfd7zXZ\0\0\0", "compressed with xz"),
        (b"PK\x03\x04....", "a zip file"),
        (&[0; 10_240], "an empty archive"),
    ] {
        let error = open(bytes).unwrap_err().to_string();
        assert!(error.contains(says), "{error}");
        assert!(error.contains("cp.tar"), "{error}");
    }
    let inventory = fs::read(Path::new(pack::IMAGES).join(NAME).join("inventory.img")).unwrap();
    let error = open(&inventory).unwrap_err().to_string();
    assert!(error.contains("a single image file"), "{error}");
    let image: Arc<dyn Source> = Arc::new(input::DirSource::open(Path::new(pack::IMAGES)).unwrap());
    assert!(matches!(
        load_from(&image),
        Err(criu_image::Error::NotACheckpoint { .. })
    ));
    let gone = input::open(Path::new("/nonexistent/cp.tar"), &options())
        .map(drop)
        .unwrap_err();
    match gone {
        SourceError::Archive { fault, .. } => assert!(matches!(*fault, Fault::Open { .. })),
        other => assert_eq!(other.to_string(), "an archive's error"),
    }
}
