//! What is found below a directory, and in what it differs.

use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::Path;

use super::super::{Difference, FileFacts, NeededFile, TargetRoot, build_id, needed};
use super::build::{checkpoint, elf, file, note};
use crate::criu_image::model::RegFile;

const ID: [u8; 20] = [0xab; 20];

/// An ELF file of 4096 bytes with this build id.
fn program(id: &[u8]) -> Vec<u8> {
    elf(2, &note(b"GNU\0", 3, id), 256, 4096)
}

/// The program as an image has it.
fn saved(name: &str) -> RegFile {
    let mut file = file(1, name);
    file.mode = Some(0o100_755);
    file.size = Some(4096);
    file.build_id = ID.to_vec();
    file
}

fn write(path: &Path, bytes: &[u8], mode: u32) {
    fs::write(path, bytes).unwrap();
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

fn look(dir: &Path, file: RegFile) -> NeededFile {
    let mut image = checkpoint();
    image.files = vec![file];
    let mut facts = FileFacts {
        needed: needed(&image),
        looked_in: None,
    };
    TargetRoot::open(dir).unwrap().look_for(&mut facts);
    facts.needed.remove(0)
}

fn differences(dir: &Path, file: RegFile) -> Vec<Difference> {
    look(dir, file).differences()
}

/// Old images say neither mode nor size: then the build id alone shows that a directory is not the program.
#[test]
fn what_is_not_a_file_has_no_build_id() {
    let dir = tempfile::tempdir().unwrap();
    fs::create_dir(dir.path().join("program")).unwrap();
    let mut file = saved("/program");
    (file.mode, file.size) = (None, None);
    let expected = Difference::BuildId {
        saved: ID.to_vec(),
        found: None,
    };
    assert_eq!(differences(dir.path(), file), [expected]);
}

#[test]
fn each_difference_is_told_in_the_order_in_which_criu_compares() {
    let dir = tempfile::tempdir().unwrap();
    let at = |name: &str| dir.path().join(name);
    fs::create_dir(at("bin")).unwrap();
    write(&at("bin/right"), &program(&ID), 0o755);
    write(&at("bin/size"), &program(&ID)[..4000], 0o755);
    write(&at("bin/build"), &program(&[1; 20]), 0o755);
    write(&at("bin/short"), &program(&[0xab; 8]), 0o755);
    write(&at("bin/plain"), &[0; 4096], 0o755);
    write(&at("bin/mode"), &program(&[1; 20]), 0o700);
    fs::create_dir(at("bin/dir")).unwrap();
    let id = |found: Option<&[u8]>| Difference::BuildId {
        saved: ID.to_vec(),
        found: found.map(<[u8]>::to_vec),
    };
    let size = Difference::Size {
        saved: 4096,
        found: 4000,
    };
    let permissions = Difference::Permissions {
        saved: 0o100_755,
        found: 0o100_700,
    };
    let cases = [
        ("/bin/right", vec![]),
        ("/bin/none", vec![Difference::Missing]),
        ("/bin/right/below", vec![Difference::Missing]),
        ("/bin/size", vec![size]),
        ("/bin/build", vec![id(Some(&[1; 20]))]),
        ("/bin/short", vec![id(Some(&[0xab; 8]))]),
        ("/bin/plain", vec![id(None)]),
        ("/bin/mode", vec![id(Some(&[1; 20])), permissions]),
        (
            "/bin/dir",
            vec![Difference::Type {
                saved: 0o100_755,
                found: fs::metadata(at("bin/dir")).unwrap().permissions().mode(),
            }],
        ),
    ];
    for (name, want) in cases {
        assert_eq!(differences(dir.path(), saved(name)), want, "{name}");
    }
    assert!(!look(dir.path(), saved("/bin/right")).content_is_given());
    // Nothing to compare the content by.
    let mut plain = saved("/bin/plain");
    plain.build_id.clear();
    let found = look(dir.path(), plain.clone());
    assert!(found.differences().is_empty() && found.content_is_given());
    // CRIU compares what was saved, and no more.
    plain.size = None;
    plain.mode = None;
    plain.name = "/bin/size".to_owned();
    assert_eq!(differences(dir.path(), plain), []);
}

#[test]
fn links_lead_where_they_would_below_that_root() {
    let dir = tempfile::tempdir().unwrap();
    let outside = tempfile::tempdir().unwrap();
    let at = |name: &str| dir.path().join(name);
    write(&outside.path().join("prog"), &program(&ID), 0o755);
    fs::create_dir_all(at("usr/lib")).unwrap();
    write(&at("usr/lib/prog"), &program(&ID), 0o755);
    symlink("/usr/lib", at("lib")).unwrap();
    symlink(outside.path(), at("out")).unwrap();
    symlink("../../../../../usr/lib/prog", at("up")).unwrap();
    symlink("loop", at("loop")).unwrap();
    assert_eq!(differences(dir.path(), saved("/lib/prog")), []);
    assert_eq!(differences(dir.path(), saved("/up")), []);
    let missing = [Difference::Missing];
    assert_eq!(differences(dir.path(), saved("/out/prog")), missing);
    let [Difference::NotSeen(why)] = &differences(dir.path(), saved("/loop"))[..] else {
        panic!("a loop of links")
    };
    assert!(why.contains("cannot be read"), "{why}");
    // One that is open itself (O_PATH with O_NOFOLLOW).
    let mut link = file(1, "/loop");
    link.flags = 0o100_000;
    link.mode = Some(0o120_777);
    assert_eq!(differences(dir.path(), link), []);
}

#[test]
fn what_cannot_be_looked_at_is_said_to_be_so() {
    let dir = tempfile::tempdir().unwrap();
    let not_seen = |name: &str| match &differences(dir.path(), saved(name))[..] {
        [Difference::NotSeen(why)] => why.clone(),
        other => panic!("{other:?}"),
    };
    assert_eq!(not_seen(&"/x".repeat(3000)), "no path that can be opened");
    assert_eq!(not_seen("/a\0b"), "no path that can be opened");
    assert_eq!(not_seen("/a\u{fffd}b"), "its path is not UTF-8");
    // A part that is longer than any name.
    assert!(not_seen(&format!("/{}", "x".repeat(300))).contains("cannot be read"));
}

#[test]
fn build_ids_are_read_as_criu_reads_them() {
    let id = note(b"GNU\0", 3, &ID);
    let other = note(b"GNU\0", 1, &[0; 16]);
    let some = |id: &[u8]| Some(id.to_vec());
    let cases = [
        ("64 bits", elf(2, &id, 256, 0), some(&ID)),
        ("32 bits", elf(1, &id, 256, 0), some(&ID)),
        (
            "behind another",
            elf(2, &[other.clone(), id.clone()].concat(), 256, 0),
            some(&ID),
        ),
        (
            "any owner",
            elf(2, &note(b"Own\0", 3, &ID), 256, 0),
            some(&ID),
        ),
        (
            "padded",
            elf(2, &note(b"GNU\0", 3, &[7; 6]), 256, 0),
            some(&[7, 7, 7, 7, 7, 7, 0, 0]),
        ),
        ("none", elf(2, &other, 256, 0), None),
        ("empty", elf(2, &note(b"GNU\0", 3, &[]), 256, 0), None),
        (
            "too long",
            elf(2, &note(b"GNU\0", 3, &[1; 516]), 256, 0),
            None,
        ),
        ("beyond the first MiB", elf(2, &id, 1 << 20, 0), None),
        ("no class", elf(9, &id, 256, 0), None),
        ("text", b"#!/bin/sh\n".to_vec(), None),
        ("nothing", Vec::new(), None),
    ];
    for (what, bytes, want) in cases {
        assert_eq!(build_id::of(&bytes), want, "{what}");
    }
}

#[test]
fn any_bytes_have_an_answer() {
    let whole = program(&ID);
    for len in 0..400 {
        let _ = build_id::of(&whole[..len]);
    }
    for at in 0..300 {
        for byte in [0, 1, 0x7f, 0xff] {
            let mut bytes = whole.clone();
            bytes[at] = byte;
            let _ = build_id::of(&bytes);
        }
    }
}
