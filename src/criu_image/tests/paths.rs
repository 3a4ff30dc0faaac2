//! Where tasks stand in the file system, what they have open, and mounts.

use std::sync::Arc;

use super::build::{FILES, Msg, PAGE, V, image, read, task};
use crate::criu_image::Error;
use crate::criu_image::model::{BoundSocket, Fd, Mount, RegFile, Remap, Remapped, StandsIn};
use crate::input::MemorySource;
use crate::units::Place;

// CRIU 4.2 `criu/include/magic.h`.
const FS: u32 = 0x5140_3912;
const FDINFO: u32 = 0x5621_3732;
const MNTS: u32 = 0x5556_3928;
const REMAP_FPATH: u32 = 0x5913_3954;

fn one_task() -> MemorySource {
    task(&[V::anon(PAGE, 2 * PAGE)], &[], &[])
}

fn fown() -> Msg {
    Msg::new().nums(1..=5, 0)
}

/// A signed number, as `sint32` has it.
fn zigzag(number: i64) -> u64 {
    ((number << 1) ^ (number >> 63)).cast_unsigned()
}

#[test]
fn what_is_open_and_where_a_task_stands() {
    let mut dir = one_task();
    dir.insert("fs-1.img", image(FS, &[Msg::new().num(1, 6).num(2, 7)]));
    let fd = |id, number, kind| Msg::new().num(1, id).num(2, 0).num(3, kind).num(4, number);
    // The tables of descriptors go by files_id, which is 9.
    dir.insert("fdinfo-9.img", image(FDINFO, &[fd(3, 0, 1), fd(4, 5, 11)]));
    let checkpoint = read(&dir).unwrap();
    let one = &checkpoint.tasks[0];
    assert_eq!(one.stands_in, Some(StandsIn { cwd: 6, root: 7 }));
    let want = [
        Fd {
            number: 0,
            file: 3,
            kind: 1,
        },
        Fd {
            number: 5,
            file: 4,
            kind: 11,
        },
    ];
    assert_eq!(one.fds[..], want);
    let bare = read(&one_task()).unwrap();
    assert_eq!(
        (bare.tasks[0].stands_in, bare.tasks[0].fds.len()),
        (None, 0)
    );
}

#[test]
fn files_have_what_criu_compares() {
    let mut dir = one_task();
    let reg = |id: u64, mnt: i64| {
        Msg::new()
            .num(1, id)
            .num(2, 0o100_001)
            .num(3, 0)
            .msg(5, &fown())
            .raw(6, b"/srv/x")
            .num(7, zigzag(mnt))
            .num(8, 10)
            .num(9, 1)
            .num(10, 0o100_644)
            .num(11, 0x0403_0201)
    };
    let entry = |kind, id, field, inner: &Msg| Msg::new().num(1, kind).num(2, id).msg(field, inner);
    let tty = Msg::new().num(1, 30).num(2, 0).num(3, 2).msg(4, &fown());
    let socket = |name: &[u8], deleted| {
        Msg::new()
            .nums(1..=8, 1)
            .msg(9, &fown())
            .msg(10, &Msg::new().nums(1..=6, 0))
            .raw(11, name)
            .raw(14, b"/run")
            .num(15, deleted)
            .num(17, zigzag(8))
    };
    dir.insert(
        "files.img",
        image(
            FILES,
            &[
                entry(1, 1, 3, &reg(1, 77)),
                entry(1, 2, 3, &reg(2, -1)),
                entry(3, 20, 17, &Msg::new().num(1, 20).num(2, 1).num(3, 2)),
                entry(11, 30, 19, &tty),
                entry(11, 31, 19, &tty.clone().num(6, 1)),
                entry(5, 40, 16, &socket(b"app.sock\0", 1)),
                // In the abstract namespace, and without a name.
                entry(5, 41, 16, &socket(b"\0app", 0)),
                entry(5, 42, 16, &socket(b"", 0)),
            ],
        ),
    );
    let checkpoint = read(&dir).unwrap();
    let file = |id, mount, place| RegFile {
        id,
        name: "/srv/x".to_owned(),
        flags: 0o100_001,
        mode: Some(0o100_644),
        mount,
        external: true,
        size: Some(10),
        build_id: vec![1, 2, 3, 4],
        place,
    };
    let found = &checkpoint.files;
    assert_eq!(found[0], file(1, Some(77), found[0].place.clone()));
    assert_eq!(found[1], file(2, None, found[1].place.clone()));
    let places = &checkpoint.places;
    assert_eq!(places.fifos, [(20, 2)]);
    assert_eq!(places.terminals, [(30, 30), (31, 1)]);
    let place: Place = places.sockets[0].place.clone();
    let want = BoundSocket {
        id: 40,
        name: "app.sock".to_owned(),
        directory: Some("/run".to_owned()),
        deleted: true,
        mount: Some(8),
        place,
    };
    assert_eq!(places.sockets, [want]);
}

#[test]
fn mounts_of_every_namespace_and_files_without_a_name() {
    let mut dir = one_task();
    let mount = |id: u64, root: &[u8], point: &[u8]| {
        Msg::new()
            .num(1, 17)
            .num(2, id)
            .num(3, 44)
            .nums(4..=5, 0)
            .raw(6, root)
            .raw(7, point)
            .raw(8, b"")
            .raw(9, b"")
    };
    dir.insert("mountpoints-12.img", image(MNTS, &[mount(1, b"/", b"/")]));
    let given = mount(2, b"key", b"/data").raw(18, b"key");
    dir.insert(
        "mountpoints-13.img",
        image(MNTS, &[given, mount(3, b"/", b"/p").num(12, 1)]),
    );
    // Not of a namespace.
    dir.insert("mountpoints-x.img", image(MNTS, &[mount(9, b"/", b"/")]));
    let remap = |file, to| Msg::new().num(1, file).num(2, to);
    dir.insert(
        "remap-fpath.img",
        image(
            REMAP_FPATH,
            &[
                remap(1, 5).num(3, 0),
                remap(2, 0).num(3, 1),
                remap(3, 77).num(3, 2),
                remap(4, 1).num(3, 9),
                // Before the type had a field.
                remap(5, 6),
                remap(6, 0x8000_0001),
            ],
        ),
    );
    let checkpoint = read(&dir).unwrap();
    let one = |namespace, id, root: &str, point: &str| Mount {
        namespace,
        id,
        kind: 17,
        device: 44,
        root: root.to_owned(),
        point: point.to_owned(),
        external: false,
        plugin: false,
    };
    let want = [
        one(12, 1, "/", "/"),
        Mount {
            external: true,
            ..one(13, 2, "key", "/data")
        },
        Mount {
            plugin: true,
            ..one(13, 3, "/", "/p")
        },
    ];
    assert_eq!(checkpoint.places.mounts, want);
    let want = [
        (1, Remapped::Linked(5)),
        (2, Remapped::Ghost),
        (3, Remapped::Process),
        (4, Remapped::Other(9)),
        (5, Remapped::Linked(6)),
        (6, Remapped::Ghost),
    ];
    assert_eq!(
        checkpoint.places.remaps,
        want.map(|(file, to)| Remap { file, to })
    );
}

#[test]
fn damage_in_them_is_refused_with_its_place() {
    for (name, word) in [
        ("fs-1.img", FS),
        ("fdinfo-9.img", FDINFO),
        ("mountpoints-12.img", MNTS),
        ("remap-fpath.img", REMAP_FPATH),
    ] {
        let mut dir = one_task();
        dir.insert(name, image(word, &[Msg::new().num(1, 1)]));
        let Err(Error::MissingField { file, offset, .. }) = read(&dir) else {
            panic!("{name} was read")
        };
        assert_eq!((&*file, offset), (name, 12));
        let mut cut = image(word, &[Msg::new().num(1, 1)]);
        cut.pop();
        dir.insert(name, cut);
        let Err(Error::Truncated { file, .. }) = read(&dir) else {
            panic!("{name} was read")
        };
        assert_eq!(file, Arc::from(name));
    }
}
