//! The engine of the rewrite: edits of messages on real images, complete copies, and what is left when it
//! is stopped at any operation.

#![allow(clippy::unwrap_used, clippy::panic)] // A failing test may.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::os::unix::fs::{FileExt as _, MetadataExt as _, PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};
use std::rc::Rc;

use hwcr::finding::EditClass;
use hwcr::rewrite::edit::{Change, Edit, FieldValue, Operation, Plan};
use hwcr::rewrite::engine::files::{Fault, Files};
use hwcr::rewrite::engine::{
    Applied, Error, JOURNAL, JournalHead, Recovered, Told, apply_in_place, apply_in_place_with,
    apply_to_copy, apply_to_copy_with, read_journal, recover, recover_with, undo, undo_with,
};
use hwcr::rule_id::RuleId;
use hwcr::units::{Addr, Pid};
use hwcr::wire::{self, Value, edit};
use tempfile::TempDir;

/// All below a directory: content of files, text of links, nothing for directories.
fn tree(root: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut found = BTreeMap::new();
    let mut todo = vec![root.to_owned()];
    while let Some(dir) = todo.pop() {
        for entry in fs::read_dir(&dir).unwrap() {
            let path = entry.unwrap().path();
            let meta = fs::symlink_metadata(&path).unwrap();
            let bytes = if meta.is_symlink() {
                let text = fs::read_link(&path).unwrap();
                text.into_os_string().into_encoded_bytes()
            } else if meta.is_dir() {
                todo.push(path.clone());
                Vec::new()
            } else {
                fs::read(&path).unwrap()
            };
            found.insert(path.strip_prefix(root).unwrap().to_owned(), bytes);
        }
    }
    found
}

/// The same without the journal.
fn image_tree(root: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut found = tree(root);
    found.remove(Path::new(JOURNAL));
    found
}

/// A message image: common word, the word of core images, two entries.
fn core_image() -> Vec<u8> {
    let mut bytes = vec![0x19, 0x43, 0x56, 0x54, 0x47, 0x38, 0x05, 0x55];
    // 1: 3; 5: { 2: 7, 2: 300 }
    let first = [0x08, 3, 0x2a, 5, 0x10, 7, 0x10, 0xac, 0x02];
    // 9: "left alone"
    let second = b"\x4a\x0aleft alone";
    for entry in [&first[..], &second[..]] {
        bytes.extend_from_slice(&(entry.len() as u32).to_le_bytes());
        bytes.extend_from_slice(entry);
    }
    bytes
}

/// An image directory with pages, a message image and an inventory.
fn make_image(dir: &Path) {
    fs::create_dir(dir).unwrap();
    let pages: Vec<u8> = (0..8192u32).map(|at| (at % 251) as u8).collect();
    fs::write(dir.join("pages-1.img"), pages).unwrap();
    fs::write(dir.join("core-7.img"), core_image()).unwrap();
    fs::write(
        dir.join("inventory.img"),
        [0x16, 0x31, 0x31, 0x58, 2, 0, 0, 0, 8, 2],
    )
    .unwrap();
}

fn bytes_at(file: &str, offset: u64, old: &[u8], new: &[u8]) -> Change {
    Change::Bytes {
        file: file.to_owned(),
        offset,
        old: old.to_vec(),
        new: new.to_vec(),
    }
}

fn field(path: &[(u32, usize)], operation: Operation) -> Change {
    Change::Field {
        file: "core-7.img".to_owned(),
        entry: 0,
        path: path.to_vec(),
        operation,
    }
}

fn plan_of(changes: Vec<Change>) -> Plan {
    Plan {
        edits: vec![Edit {
            rule: RuleId::Sve001,
            fixes: Vec::new(),
            leaves: Vec::new(),
            class: EditClass::Lossy("drop-sve-state"),
            what: "a change".to_owned(),
            spot: hwcr::finding::Spot::memory(Pid(7), None, Addr(0xffff_ffff_f000)),
            changes,
        }],
        refusals: Vec::new(),
    }
}

/// Two spans of pages and two operations in one message, which grows past 127 bytes.
fn plan() -> Plan {
    plan_of(vec![
        bytes_at("pages-1.img", 5000, &[231, 232, 233], &[1, 2, 3]),
        bytes_at("pages-1.img", 0, &[0, 1], &[255, 254]),
        field(
            &[(5, 0)],
            Operation::Replace {
                number: 2,
                occurrence: 1,
                old: FieldValue::Varint(300),
                new: FieldValue::Varint(1),
            },
        ),
        field(
            &[(5, 0)],
            Operation::Append {
                number: 3,
                value: FieldValue::Bytes(vec![b'x'; 130]),
            },
        ),
    ])
}

/// What the plan makes of the image, put together by hand.
fn wanted(dir: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut files = tree(dir);
    let pages = files.get_mut(Path::new("pages-1.img")).unwrap();
    pages[5000..5003].copy_from_slice(&[1, 2, 3]);
    pages[..2].copy_from_slice(&[255, 254]);
    let mut core = core_image()[..8].to_vec();
    let mut inner = vec![0x10, 7, 0x10, 1, 0x1a, 0x82, 0x01];
    inner.extend([b'x'; 130]);
    let mut entry = vec![0x08, 3, 0x2a, 0x89, 0x01];
    assert_eq!(inner.len(), 137);
    entry.extend(inner);
    core.extend((entry.len() as u32).to_le_bytes());
    core.extend(entry);
    core.extend(&core_image()[8 + 4 + 9..]);
    files.insert("core-7.img".into(), core);
    files
}

fn head() -> JournalHead {
    JournalHead {
        target: "neoverse-n1".to_owned(),
        sha256: "00".repeat(32),
        told: vec![Told {
            pid: 7,
            at: 16,
            value: Some(u64::MAX),
        }],
        shown: Vec::new(),
    }
}

fn fine(_: &Path) -> Result<(), String> {
    Ok(())
}

struct Lab {
    dir: TempDir,
    image: PathBuf,
    out: PathBuf,
}

fn lab() -> Lab {
    lab_in(tempfile::tempdir().unwrap())
}

/// For tests that make hundreds: in memory where there is such a place, as a disk takes its time to say
/// that bytes are on it.
fn quick_lab() -> Lab {
    lab_in(tempfile::tempdir_in("/dev/shm").unwrap_or_else(|_| tempfile::tempdir().unwrap()))
}

fn lab_in(dir: TempDir) -> Lab {
    let (image, out) = (dir.path().join("image"), dir.path().join("out"));
    make_image(&image);
    Lab { dir, image, out }
}

fn copy(lab: &Lab, plan: &Plan) -> Result<Applied, Error> {
    apply_to_copy(&lab.image, &lab.out, plan, head(), &fine)
}

#[test]
fn a_copy_has_the_planned_changes_and_no_others_and_can_be_undone() {
    let lab = lab();
    let before = tree(&lab.image);
    let seen = Cell::new(false);
    let applied = apply_to_copy(&lab.image, &lab.out, &plan(), head(), &|path| {
        seen.set(read_journal(path).unwrap().unwrap().complete && !lab.out.exists());
        Ok(())
    })
    .unwrap();
    assert!(seen.get());
    assert_eq!(applied.changed, ["core-7.img", "pages-1.img"]);
    assert_eq!(applied.copied, 3);
    assert_eq!(tree(&lab.image), before);
    assert_eq!(image_tree(&lab.out), wanted(&lab.image));
    assert_eq!(fs::read_dir(lab.dir.path()).unwrap().count(), 2);

    let journal = read_journal(&lab.out).unwrap().unwrap();
    assert_eq!(journal.target, "neoverse-n1");
    assert_eq!(journal.told, head().told);
    assert_eq!(journal.edits[0].class, "lossy:drop-sve-state");
    assert_eq!(journal.edits[0].address, Some(0xffff_ffff_f000));
    undo(&lab.out).unwrap();
    assert_eq!(tree(&lab.out), before);
    assert!(matches!(undo(&lab.out), Err(Error::NotRewritten { .. })));
}

#[test]
fn in_place_the_old_bytes_come_back_too() {
    let lab = lab();
    let before = tree(&lab.image);
    let after = wanted(&lab.image);
    apply_in_place(&lab.image, &plan(), head(), &fine).unwrap();
    assert_eq!(image_tree(&lab.image), after);
    assert!(read_journal(&lab.image).unwrap().unwrap().complete);
    assert_eq!(recover(&lab.image).unwrap(), Recovered::Clean);
    undo(&lab.image).unwrap();
    assert_eq!(tree(&lab.image), before);
}

#[test]
fn a_rewrite_of_a_rewrite_is_undone_step_by_step() {
    let lab = lab();
    apply_in_place(&lab.image, &plan(), head(), &fine).unwrap();
    let once = tree(&lab.image);
    let again = plan_of(vec![bytes_at("pages-1.img", 0, &[255], &[9])]);
    apply_in_place(&lab.image, &again, head(), &fine).unwrap();
    copy(&lab, &plan_of(vec![bytes_at("pages-1.img", 0, &[9], &[8])])).unwrap();
    let journal = read_journal(&lab.out).unwrap().unwrap();
    assert_eq!(journal.history().count(), 3);
    undo(&lab.out).unwrap();
    assert_eq!(tree(&lab.out), tree(&lab.image));
    undo(&lab.out).unwrap();
    assert_eq!(tree(&lab.out), once);
    undo(&lab.image).unwrap();
    assert_eq!(tree(&lab.image), once);
}

#[test]
fn a_plan_that_does_not_fit_changes_nothing() {
    let number = |number, new| Operation::Replace {
        number,
        occurrence: 0,
        old: FieldValue::Varint(3),
        new: FieldValue::Varint(new),
    };
    let delete = || Operation::Delete {
        number: 5,
        occurrence: 0,
    };
    let cases = [
        vec![bytes_at("pages-1.img", 0, &[9], &[1])],
        vec![bytes_at("pages-1.img", 8191, &[158, 0], &[1, 1])],
        vec![bytes_at("pages-1.img", u64::MAX, &[1], &[1])],
        vec![bytes_at("pages-1.img", 0, &[0], &[1, 2])],
        vec![
            bytes_at("pages-1.img", 0, &[0, 1], &[1, 2]),
            bytes_at("pages-1.img", 1, &[1], &[2]),
        ],
        vec![bytes_at("core-7.img", 0, &[0x19], &[1])],
        vec![bytes_at("pages-2.img", 0, &[0], &[1])],
        vec![bytes_at("../image/pages-1.img", 0, &[0], &[1])],
        vec![bytes_at("parent/../pages-1.img", 0, &[0], &[1])],
        vec![bytes_at("parent", 0, &[0], &[1])],
        vec![bytes_at("parent/pages-1.img", 0, &[0], &[1])],
        vec![bytes_at(JOURNAL, 0, &[0], &[1])],
        vec![field(&[], number(2, 1))],
        vec![field(&[(1, 0)], number(1, 1))],
        vec![field(&[], number(1, 1)), field(&[], number(1, 2))],
        vec![field(&[], delete()), field(&[(5, 0)], number(2, 1))],
        vec![field(&[(5, 0)], number(2, 1))],
        vec![Change::Field {
            file: "core-7.img".to_owned(),
            entry: 2,
            path: Vec::new(),
            operation: delete(),
        }],
    ];
    let lab = lab();
    let before = tree(lab.dir.path());
    for changes in cases {
        let plan = plan_of(changes.clone());
        assert!(copy(&lab, &plan).is_err(), "{changes:?}");
        assert!(
            apply_in_place(&lab.image, &plan, head(), &fine).is_err(),
            "{changes:?}"
        );
        assert_eq!(tree(lab.dir.path()), before, "{changes:?}");
    }
}

#[test]
fn what_the_judge_refuses_does_not_stand() {
    let lab = lab();
    let before = tree(lab.dir.path());
    let refuse = |_: &Path| Err("a new blocker".to_owned());
    let copied = apply_to_copy(&lab.image, &lab.out, &plan(), head(), &refuse);
    assert!(matches!(copied, Err(Error::Recheck { .. })), "{copied:?}");
    let changed = apply_in_place(&lab.image, &plan(), head(), &refuse);
    assert!(matches!(changed, Err(Error::Recheck { .. })), "{changed:?}");
    assert_eq!(tree(lab.dir.path()), before);
}

#[test]
fn a_byte_changed_behind_its_back_is_noticed() {
    // By the judge, who is the last to touch it, in place; by a hook in the copy.
    let lab = lab();
    let before = tree(lab.dir.path());
    let dir = lab.dir.path().to_owned();
    let writes = Rc::new(Cell::new(false));
    let done = writes.clone();
    let files = Files::with_hook(Box::new(move |what, name| {
        // The journal is written last, before the comparison.
        if what == "create" && name == ".hwcr-journal.tmp" && !done.replace(true) {
            let copy = fs::read_dir(&dir)
                .unwrap()
                .map(|entry| entry.unwrap().path())
                .find(|path| path.to_string_lossy().contains("hwcr-"))
                .unwrap();
            let file = fs::OpenOptions::new()
                .write(true)
                .open(copy.join("pages-1.img"))
                .unwrap();
            file.write_all_at(&[77], 7000).unwrap();
        }
        Ok(())
    }));
    let copied = apply_to_copy_with(&files, &lab.image, &lab.out, &plan(), head(), &fine);
    match copied {
        Err(Error::Verify { file, offset, .. }) => {
            assert_eq!((file.as_str(), offset), ("pages-1.img", 7000));
        }
        other => panic!("{other:?}"),
    }
    assert!(writes.get());
    assert_eq!(tree(lab.dir.path()), before);
}

#[test]
fn outputs_that_exist_or_lie_inside_are_refused() {
    let lab = lab();
    fs::write(&lab.out, "mine").unwrap();
    assert!(matches!(copy(&lab, &plan()), Err(Error::Exists { .. })));
    assert_eq!(fs::read(&lab.out).unwrap(), b"mine");
    fs::remove_file(&lab.out).unwrap();
    symlink("nowhere", &lab.out).unwrap();
    assert!(matches!(copy(&lab, &plan()), Err(Error::Exists { .. })));
    let inside = lab.image.join("out");
    let done = apply_to_copy(&lab.image, &inside, &plan(), head(), &fine);
    assert!(matches!(done, Err(Error::Inside { .. })), "{done:?}");
    assert_eq!(fs::read_dir(&lab.image).unwrap().count(), 3);
}

#[test]
fn an_output_that_appears_meanwhile_is_left_alone() {
    let lab = lab();
    let out = lab.out.clone();
    let done = apply_to_copy(&lab.image, &lab.out, &plan(), head(), &|_| {
        fs::create_dir(&out).map_err(|error| error.to_string())
    });
    assert!(matches!(done, Err(Error::Exists { .. })), "{done:?}");
    assert_eq!(fs::read_dir(&lab.out).unwrap().count(), 0);
    assert_eq!(fs::read_dir(lab.dir.path()).unwrap().count(), 2);
}

#[test]
fn holes_modes_times_links_and_directories_are_kept() {
    let lab = lab();
    let pages = fs::File::create(lab.image.join("pages-2.img")).unwrap();
    pages.set_len(64 << 20).unwrap();
    pages.write_all_at(&[1; 4096], 32 << 20).unwrap();
    pages
        .set_permissions(fs::Permissions::from_mode(0o440))
        .unwrap();
    let old = std::time::UNIX_EPOCH + std::time::Duration::new(1_000_000_000, 5);
    pages.set_modified(old).unwrap();
    fs::create_dir(lab.image.join("extra")).unwrap();
    fs::write(lab.image.join("extra/file"), "content").unwrap();
    symlink("extra/file", lab.image.join("short-cut")).unwrap();
    fs::set_permissions(lab.image.join("extra"), fs::Permissions::from_mode(0o555)).unwrap();

    let mut plan = plan();
    // One edit in the middle of a hole.
    plan.edits[0]
        .changes
        .push(bytes_at("pages-2.img", 8 << 20, &[0, 0], &[0, 5]));
    copy(&lab, &plan).unwrap();
    let copied = fs::metadata(lab.out.join("pages-2.img")).unwrap();
    assert_eq!(copied.len(), 64 << 20);
    assert!(copied.blocks() * 512 < 1 << 20, "{}", copied.blocks());
    assert_eq!(copied.mode() & 0o7777, 0o440);
    assert_ne!(copied.modified().unwrap(), old);
    let kept = |name| fs::symlink_metadata(lab.image.join(name)).unwrap();
    for name in ["inventory.img", "extra/file", "extra"] {
        let copied = fs::symlink_metadata(lab.out.join(name)).unwrap();
        assert_eq!(copied.mode(), kept(name).mode(), "{name}");
        assert_eq!(
            copied.modified().unwrap(),
            kept(name).modified().unwrap(),
            "{name}"
        );
    }
    assert_eq!(
        fs::read_link(lab.out.join("short-cut")).unwrap(),
        Path::new("extra/file")
    );
    let mut byte = [0; 2];
    let file = fs::File::open(lab.out.join("pages-2.img")).unwrap();
    file.read_exact_at(&mut byte, 8 << 20).unwrap();
    assert_eq!(byte, [0, 5]);
    fs::set_permissions(lab.image.join("extra"), fs::Permissions::from_mode(0o755)).unwrap();
    fs::set_permissions(lab.out.join("extra"), fs::Permissions::from_mode(0o755)).unwrap();
}

#[test]
fn a_pipe_among_the_files_is_refused() {
    let lab = lab();
    let _socket = std::os::unix::net::UnixListener::bind(lab.image.join("socket")).unwrap();
    let done = copy(&lab, &plan());
    assert!(matches!(done, Err(Error::Special { .. })), "{done:?}");
    assert_eq!(fs::read_dir(lab.dir.path()).unwrap().count(), 1);
}

#[test]
fn a_parent_is_linked_to_unless_it_is_edited() {
    let lab = lab();
    let root = lab.dir.path();
    make_image(&root.join("first"));
    make_image(&root.join("second"));
    symlink("../first", root.join("second/parent")).unwrap();
    symlink("../second", lab.image.join("parent")).unwrap();
    let before = (tree(&root.join("first")), tree(&root.join("second")));

    // Beside the image, the same text; elsewhere, one that leads to the same place.
    copy(&lab, &plan()).unwrap();
    assert_eq!(
        fs::read_link(lab.out.join("parent")).unwrap(),
        Path::new("../second")
    );
    fs::create_dir_all(root.join("deep/er")).unwrap();
    let deep = root.join("deep/er/out");
    apply_to_copy(&lab.image, &deep, &plan(), head(), &fine).unwrap();
    assert_eq!(
        fs::read_link(deep.join("parent")).unwrap(),
        Path::new("../../../second")
    );
    assert_eq!(
        fs::canonicalize(deep.join("parent")).unwrap(),
        fs::canonicalize(root.join("second")).unwrap()
    );

    // An edit in the parent: that one is copied, its own parent linked to.
    let edit = plan_of(vec![bytes_at("parent/pages-1.img", 1, &[1], &[9])]);
    let out = root.join("out-2");
    apply_to_copy(&lab.image, &out, &edit, head(), &fine).unwrap();
    assert!(fs::symlink_metadata(out.join("parent")).unwrap().is_dir());
    assert_eq!(fs::read(out.join("parent/pages-1.img")).unwrap()[1], 9);
    assert_eq!(
        fs::canonicalize(out.join("parent/parent")).unwrap(),
        fs::canonicalize(root.join("first")).unwrap()
    );
    assert!(!out.join("parent").join(JOURNAL).exists());
    undo(&out).unwrap();
    assert_eq!(fs::read(out.join("parent/pages-1.img")).unwrap()[1], 1);

    // Two up: both.
    let edit = plan_of(vec![bytes_at("parent/parent/pages-1.img", 1, &[1], &[9])]);
    let out = root.join("out-3");
    apply_to_copy(&lab.image, &out, &edit, head(), &fine).unwrap();
    let top = out.join("parent/parent");
    assert!(fs::symlink_metadata(&top).unwrap().is_dir());
    assert_eq!(fs::read(top.join("pages-1.img")).unwrap()[1], 9);

    // In place, a parent elsewhere is not touched.
    let done = apply_in_place(&lab.image, &edit, head(), &fine);
    assert!(matches!(done, Err(Error::Elsewhere { .. })), "{done:?}");
    assert_eq!(
        (tree(&root.join("first")), tree(&root.join("second"))),
        before
    );
}

#[test]
fn pages_with_another_name_are_not_changed_in_place() {
    let lab = lab();
    fs::hard_link(lab.image.join("pages-1.img"), lab.dir.path().join("other")).unwrap();
    let done = apply_in_place(&lab.image, &plan(), head(), &fine);
    assert!(matches!(done, Err(Error::Shared { .. })), "{done:?}");
    copy(&lab, &plan()).unwrap();
    assert_eq!(fs::read(lab.dir.path().join("other")).unwrap()[0], 0);
}

/// Files that fail at operation `at` and, if `dead`, at every one behind; how many there were.
fn failing(at: usize, dead: bool, torn: bool, error: i32) -> (Files, Rc<Cell<usize>>) {
    let count = Rc::new(Cell::new(0));
    let counter = count.clone();
    let files = Files::with_hook(Box::new(move |_, _| {
        let now = counter.replace(counter.get() + 1);
        if now == at || (dead && now > at) {
            let torn = torn && now == at;
            return Err(Fault {
                error: io::Error::from_raw_os_error(error),
                torn,
            });
        }
        Ok(())
    }));
    (files, count)
}

const EIO: i32 = 5;
const ENOSPC: i32 = 28;
const EROFS: i32 = 30;

#[test]
fn a_copy_stopped_at_any_operation_leaves_the_image_and_all_or_nothing() {
    for (dead, torn, error) in [
        (true, true, EIO),
        (false, true, ENOSPC),
        (false, false, EROFS),
    ] {
        let mut ended = false;
        for at in 0..10_000 {
            let lab = quick_lab();
            let before = tree(&lab.image);
            let (files, count) = failing(at, dead, torn, error);
            let done = apply_to_copy_with(&files, &lab.image, &lab.out, &plan(), head(), &fine);
            assert_eq!(tree(&lab.image), before, "at {at}");
            if lab.out.exists() {
                assert_eq!(image_tree(&lab.out), wanted(&lab.image), "at {at}");
                assert!(read_journal(&lab.out).unwrap().unwrap().complete);
            }
            let left = fs::read_dir(lab.dir.path()).unwrap().count();
            match done {
                Ok(_) => assert!(lab.out.exists() && left == 2, "at {at}"),
                Err(_) if dead => {}
                Err(_) => assert!(left == 1, "at {at}"),
            }
            if count.get() <= at {
                ended = true;
                break;
            }
        }
        assert!(ended);
    }
}

#[test]
fn in_place_stopped_at_any_operation_is_old_or_new_after_recovery() {
    for (dead, torn, error) in [
        (true, true, EIO),
        (false, true, ENOSPC),
        (false, false, EROFS),
    ] {
        let (mut old, mut new, mut ended) = (0, 0, false);
        for at in 0..10_000 {
            let lab = quick_lab();
            let (before, after) = (tree(&lab.image), wanted(&lab.image));
            let (files, count) = failing(at, dead, torn, error);
            let done = apply_in_place_with(&files, &lab.image, &plan(), head(), &fine);
            if done.is_err() && !dead {
                // The failure itself was cleaned up after.
                assert_eq!(tree(&lab.image), before, "at {at}: {done:?}");
            }
            recover(&lab.image).unwrap();
            if tree(&lab.image) == before {
                assert!(done.is_err(), "at {at}");
                old += 1;
            } else {
                assert_eq!(image_tree(&lab.image), after, "at {at}");
                assert!(read_journal(&lab.image).unwrap().unwrap().complete);
                new += 1;
                undo(&lab.image).unwrap();
                assert_eq!(tree(&lab.image), before, "at {at}");
            }
            if count.get() <= at {
                ended = true;
                break;
            }
        }
        assert!(ended && old > 20 && new > 0, "{old} {new}");
    }
}

#[test]
fn recovery_and_undo_can_be_stopped_anywhere_too() {
    // The operation at which half of the changes are done: found by looking for an unfinished journal.
    let stopped = || {
        (0..200).rev().find_map(|at| {
            let lab = quick_lab();
            let (files, _) = failing(at, true, true, EIO);
            let done = apply_in_place_with(&files, &lab.image, &plan(), head(), &fine);
            let unfinished = read_journal(&lab.image)
                .unwrap()
                .is_some_and(|journal| !journal.complete);
            (done.is_err() && unfinished).then_some(lab)
        })
    };
    let fresh = quick_lab();
    let before = tree(&fresh.image);
    for at in 0..10_000 {
        let lab = stopped().unwrap();
        let (files, count) = failing(at, true, true, EIO);
        let _ = recover_with(&files, &lab.image);
        recover(&lab.image).unwrap();
        assert_eq!(tree(&lab.image), before, "at {at}");
        if count.get() <= at {
            break;
        }
    }
    for at in 0..10_000 {
        let lab = quick_lab();
        let after = wanted(&lab.image);
        apply_in_place(&lab.image, &plan(), head(), &fine).unwrap();
        let (files, count) = failing(at, true, true, EIO);
        let _ = undo_with(&files, &lab.image);
        recover(&lab.image).unwrap();
        assert!(
            tree(&lab.image) == before || image_tree(&lab.image) == after,
            "at {at}"
        );
        if count.get() <= at {
            assert_eq!(tree(&lab.image), before);
            break;
        }
    }
}

#[test]
fn an_interrupted_rewrite_must_be_ended_before_the_next() {
    let lab = lab();
    apply_in_place(&lab.image, &plan(), head(), &fine).unwrap();
    let journal = lab.image.join(JOURNAL);
    let text = fs::read_to_string(&journal).unwrap();
    fs::write(
        &journal,
        text.replace("\"complete\": true", "\"complete\": false"),
    )
    .unwrap();
    assert!(matches!(copy(&lab, &plan()), Err(Error::Unfinished { .. })));
    let done = apply_in_place(&lab.image, &plan(), head(), &fine);
    assert!(matches!(done, Err(Error::Unfinished { .. })), "{done:?}");
    assert_eq!(recover(&lab.image).unwrap(), Recovered::RolledBack);
}

#[test]
fn undo_refuses_what_was_changed_since() {
    let lab = lab();
    apply_in_place(&lab.image, &plan(), head(), &fine).unwrap();
    let pages = fs::OpenOptions::new()
        .write(true)
        .open(lab.image.join("pages-1.img"))
        .unwrap();
    pages.write_all_at(&[44], 5001).unwrap();
    let now = tree(&lab.image);
    match undo(&lab.image) {
        Err(Error::Changed { file, offset }) => {
            assert_eq!((file.as_str(), offset), ("pages-1.img", 5000));
        }
        other => panic!("{other:?}"),
    }
    assert_eq!(tree(&lab.image), now);
}

#[test]
fn a_journal_that_lies_reaches_nothing_outside() {
    let lab = lab();
    apply_in_place(&lab.image, &plan(), head(), &fine).unwrap();
    let text = fs::read_to_string(lab.image.join(JOURNAL)).unwrap();
    let victim = lab.dir.path().join("victim");
    let pages = fs::read(lab.image.join("pages-1.img")).unwrap();
    fs::write(&victim, &pages).unwrap();
    fs::create_dir(lab.dir.path().join("elsewhere")).unwrap();
    fs::write(lab.dir.path().join("elsewhere/pages-1.img"), &pages).unwrap();
    symlink("../victim", lab.image.join("link")).unwrap();
    symlink("../elsewhere", lab.image.join("parent")).unwrap();
    let absolute = victim.display().to_string();
    let names = [
        "../victim",
        absolute.as_str(),
        "link",
        "parent/pages-1.img",
        "parent/../../victim",
        "",
        ".",
        "parent",
        JOURNAL,
        "core-7.img",
    ];
    let outside = |root: &Path| {
        let mut all = tree(root);
        all.remove(&Path::new("image").join(JOURNAL));
        all
    };
    let before = outside(lab.dir.path());
    let quote = |name: &str| serde_json::to_string(name).unwrap();
    for complete in ["true", "false"] {
        for name in names {
            let lie = text
                .replace("\"pages-1.img\"", &quote(name))
                .replace("\"complete\": true", &format!("\"complete\": {complete}"));
            fs::write(lab.image.join(JOURNAL), &lie).unwrap();
            assert!(undo(&lab.image).is_err(), "{name}");
            let _ = recover(&lab.image);
            assert_eq!(outside(lab.dir.path()), before, "{name}");
        }
    }
}

#[test]
fn damaged_journals_are_errors() {
    let lab = lab();
    apply_in_place(&lab.image, &plan(), head(), &fine).unwrap();
    let path = lab.image.join(JOURNAL);
    let text = fs::read_to_string(&path).unwrap();
    let image = image_tree(&lab.image);
    let cases = [
        text[..text.len() / 2].to_owned(),
        String::new(),
        "[".repeat(100_000),
        text.replace("hwcr-journal/1", "hwcr-journal/2"),
        text.replace("\"old\": \"e7e8e9\"", "\"old\": \"e7e8e\""),
        text.replace("\"old\": \"e7e8e9\"", "\"old\": \"e7e8\""),
        text.replace("\"old\": \"e7e8e9\"", "\"old\": \"e7e8é\""),
        text.replace("\"offset\": 5000", "\"offset\": 18446744073709551615"),
        text.replace("\"offset\": 5000", "\"offset\": 1"),
        text.replace("\"offset\": 5000", "\"offset\": -1"),
        text.replace("\"tool\"", "\"unknown\""),
        text.replace(
            "\"raw\": {",
            "\"whole\": {\"old\":\"\",\"new_sha256\":\"\"}, \"raw\": {",
        ),
    ];
    for case in cases {
        assert_ne!(case, text);
        fs::write(&path, &case).unwrap();
        let read = read_journal(&lab.image);
        assert!(matches!(read, Err(Error::Journal { .. })), "{read:?}");
        assert!(undo(&lab.image).is_err() && recover(&lab.image).is_err());
        assert_eq!(image_tree(&lab.image), image);
    }
    // Larger than any journal, without taking the room.
    fs::File::create(&path).unwrap().set_len(1 << 40).unwrap();
    assert!(matches!(
        read_journal(&lab.image),
        Err(Error::Journal { .. })
    ));
    fs::remove_file(&path).unwrap();
    symlink("/dev/zero", &path).unwrap();
    assert!(read_journal(&lab.image).is_err());
}

#[test]
fn only_one_rewrites_at_a_time() {
    let lab = lab();
    let image = lab.image.clone();
    apply_in_place(&lab.image, &plan(), head(), &|_| {
        assert!(matches!(recover(&image), Err(Error::Busy { .. })));
        Ok(())
    })
    .unwrap();
}

// Messages.

/// Every entry of every message image of the fixtures, with its file.
fn entries() -> Vec<(PathBuf, Vec<u8>)> {
    let mut found = Vec::new();
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/images");
    for image in fs::read_dir(root).unwrap() {
        for file in fs::read_dir(image.unwrap().path()).unwrap() {
            let path = file.unwrap().path();
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            if name.starts_with("pages-") || name.ends_with(".log") {
                continue;
            }
            let bytes = fs::read(&path).unwrap();
            let mut rest = &bytes[if name == "inventory.img" { 4 } else { 8 }..];
            while !rest.is_empty() {
                let size = u32::from_le_bytes(rest[..4].try_into().unwrap()) as usize;
                found.push((path.clone(), rest[4..4 + size].to_vec()));
                rest = &rest[4 + size..];
            }
        }
    }
    assert!(found.len() > 500, "{}", found.len());
    found
}

/// Whether the bytes read as a message; texts may by chance.
fn message(bytes: &[u8]) -> bool {
    !bytes.is_empty() && wire::fields(bytes).all(|field| field.is_ok())
}

type Spot = (Vec<(u32, usize)>, u32, usize, usize, FieldValue);

/// Every field down to `depth`: path, number, occurrence, place, value.
fn spots(bytes: &[u8], path: &[(u32, usize)], depth: usize, found: &mut Vec<Spot>) {
    let mut seen = BTreeMap::new();
    for (place, field) in wire::fields(bytes).enumerate() {
        let field = field.unwrap();
        let count: &mut usize = seen.entry(field.number).or_default();
        let occurrence = *count;
        *count += 1;
        let value = match field.value {
            Value::Varint(word) => FieldValue::Varint(word),
            Value::Len(inner) => {
                if depth > 0 && message(inner) {
                    let mut path = path.to_vec();
                    path.push((field.number, occurrence));
                    spots(inner, &path, depth - 1, found);
                }
                FieldValue::Bytes(inner.to_vec())
            }
            _ => continue,
        };
        found.push((path.to_vec(), field.number, occurrence, place, value));
    }
}

#[test]
fn an_edit_and_its_inverse_give_back_every_real_entry() {
    let mut edits = 0;
    let mut seen = std::collections::BTreeSet::new();
    for (path, entry) in entries() {
        if !seen.insert(entry.clone()) {
            continue;
        }
        // Taken apart and put together.
        let joined: Vec<u8> = wire::fields(&entry)
            .flat_map(|field| {
                let span = field.unwrap().span;
                entry[span.start..span.end].to_vec()
            })
            .collect();
        assert_eq!(joined, entry, "{path:?}");
        assert_eq!(edit::edit(&entry, []).unwrap(), entry, "{path:?}");

        let mut found = Vec::new();
        spots(&entry, &[], 4, &mut found);
        // A large entry has the same fields over and over.
        let step = 1 + found.len() / 100;
        for (into, number, occurrence, place, old) in found.into_iter().step_by(step) {
            let (number, into) = (number, into.as_slice());
            let new = match &old {
                FieldValue::Varint(word) => FieldValue::Varint(!word),
                FieldValue::Bytes(bytes) => FieldValue::Bytes([bytes, &[7; 200][..]].concat()),
            };
            let replace = |old: &FieldValue, new: &FieldValue| Operation::Replace {
                number,
                occurrence,
                old: old.clone(),
                new: new.clone(),
            };
            let delete = Operation::Delete { number, occurrence };
            let insert = Operation::Insert {
                at: place,
                number,
                value: old.clone(),
            };
            for (there, back) in [
                (replace(&old, &new), replace(&new, &old)),
                (delete.clone(), insert.clone()),
                (insert, delete),
            ] {
                let changed = edit::edit(&entry, [(into, &there)]).unwrap();
                assert_ne!(changed, entry, "{path:?} {there:?}");
                let again = edit::edit(&changed, [(into, &back)]).unwrap();
                assert!(again == entry, "{path:?} {into:?} {there:?}");
                edits += 1;
            }
        }
    }
    assert!(edits > 10_000, "{edits}");
}

#[test]
fn several_edits_of_a_message_see_it_as_it_was() {
    // 13: 1, 2, 3, 4; 2: { 1: 5 }
    let bytes = [0x68, 1, 0x68, 2, 0x68, 3, 0x68, 4, 0x12, 2, 0x08, 5];
    let delete = |occurrence| Operation::Delete {
        number: 13,
        occurrence,
    };
    let insert = |at, word| Operation::Insert {
        at,
        number: 13,
        value: FieldValue::Varint(word),
    };
    let replace = Operation::Replace {
        number: 1,
        occurrence: 0,
        old: FieldValue::Varint(5),
        new: FieldValue::Varint(128),
    };
    let (zero, two) = (delete(0), delete(2));
    let (front, end) = (insert(2, 9), insert(5, 8));
    let append = Operation::Append {
        number: 3,
        value: FieldValue::Bytes(vec![]),
    };
    let done = edit::edit(
        &bytes,
        [
            (&[][..], &append),
            (&[], &two),
            (&[], &zero),
            (&[], &end),
            (&[], &front),
            (&[(2, 0)], &replace),
        ],
    );
    assert_eq!(
        done.unwrap(),
        [
            0x68, 2, 0x68, 9, 0x68, 4, 0x12, 3, 0x08, 0x80, 1, 0x68, 8, 0x1a, 0
        ]
    );
}

#[test]
fn lengths_written_long_stay_where_nothing_changes() {
    // 2: a length in two bytes where one would do, twice.
    let bytes = [0x12, 0x82, 0x00, 0x08, 5, 0x12, 0x82, 0x00, 0x08, 5];
    let set = |new| Operation::Replace {
        number: 1,
        occurrence: 0,
        old: FieldValue::Varint(5),
        new: FieldValue::Varint(new),
    };
    let (same, longer) = (set(6), set(300));
    let path = [(2u32, 0usize)];
    assert_eq!(
        edit::edit(&bytes, [(&path[..], &same)]).unwrap(),
        [0x12, 0x82, 0x00, 0x08, 6, 0x12, 0x82, 0x00, 0x08, 5]
    );
    assert_eq!(
        edit::edit(&bytes, [(&path[..], &longer)]).unwrap(),
        [0x12, 3, 0x08, 0xac, 2, 0x12, 0x82, 0x00, 0x08, 5]
    );
}
