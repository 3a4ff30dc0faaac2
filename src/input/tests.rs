use std::fs;
use std::os::unix::fs::symlink;
use std::os::unix::net::UnixListener;

use super::{DirSource, MemorySource, Root, Source, SourceError};

fn source() -> (tempfile::TempDir, DirSource) {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("b.img"), b"bytes").unwrap();
    fs::write(dir.path().join("a.img"), b"").unwrap();
    let source = DirSource::open(dir.path()).unwrap();
    (dir, source)
}

#[test]
fn files_are_listed_by_name_and_read_up_to_a_limit() {
    let (_dir, source) = source();
    let names: Vec<_> = source
        .list()
        .unwrap()
        .into_iter()
        .map(|file| (file.name, file.size, file.regular))
        .collect();
    assert_eq!(
        names,
        [("a.img".to_owned(), 0, true), ("b.img".to_owned(), 5, true)]
    );
    assert_eq!(source.read("b.img", 5).unwrap().unwrap(), b"bytes");
    assert!(matches!(
        source.read("b.img", 4),
        Err(SourceError::TooLarge {
            size: 5,
            limit: 4,
            ..
        })
    ));
    assert!(source.read("c.img", 4).unwrap().is_none());
    assert_eq!(source.head("b.img", 2).unwrap(), b"by");
    assert_eq!(&**source.map("b.img").unwrap().unwrap(), b"bytes");
    assert!(source.map("a.img").unwrap().unwrap().is_empty());
    let copy = MemorySource::copy_of(&source).unwrap();
    assert_eq!(copy.list().unwrap(), source.list().unwrap());
    assert!(matches!(
        copy.read("b.img", 4),
        Err(SourceError::TooLarge { .. })
    ));
}

#[test]
fn nothing_but_a_regular_file_of_the_directory_is_opened() {
    let (dir, source) = source();
    symlink("b.img", dir.path().join("link.img")).unwrap();
    fs::create_dir(dir.path().join("dir.img")).unwrap();
    let _socket = UnixListener::bind(dir.path().join("socket.img")).unwrap();
    let fifo = dir.path().join("fifo.img");
    rustix::fs::mknodat(
        rustix::fs::CWD,
        &fifo,
        rustix::fs::FileType::Fifo,
        rustix::fs::Mode::from_raw_mode(0o600),
        0,
    )
    .unwrap();

    assert!(matches!(
        source.read("link.img", 9),
        Err(SourceError::Link { .. })
    ));
    for name in ["dir.img", "socket.img", "fifo.img"] {
        let error = source.read(name, 9).unwrap_err();
        assert!(
            matches!(error, SourceError::NotRegular { .. }),
            "{name}: {error}"
        );
        assert!(error.to_string().contains(name));
        assert!(source.map(name).is_err() && source.head(name, 1).is_err());
    }
    for name in ["", ".", "..", "../b.img", "/etc/passwd", "a\0b"] {
        assert!(
            matches!(source.read(name, 9), Err(SourceError::Name { .. })),
            "{name:?}"
        );
    }
    assert_eq!(
        source
            .list()
            .unwrap()
            .into_iter()
            .filter(|file| file.regular)
            .count(),
        2
    );
    assert!(matches!(
        DirSource::open(&dir.path().join("b.img")),
        Err(SourceError::Directory { .. })
    ));
}

#[test]
fn the_parent_link_is_followed_from_the_image_directory() {
    let (dir, source) = source();
    assert!(source.parent().unwrap().is_none());

    fs::create_dir(dir.path().join("older")).unwrap();
    fs::write(dir.path().join("older/c.img"), b"old").unwrap();
    symlink("older", dir.path().join("parent")).unwrap();
    let parent = source.parent().unwrap().unwrap();
    assert_eq!((parent.target.as_str(), parent.absolute), ("older", false));
    let older = parent.source.unwrap();
    assert_eq!(older.read("c.img", 9).unwrap().unwrap(), b"old");
    assert_ne!(older.identity(), source.identity());
    assert!(
        source
            .list()
            .unwrap()
            .iter()
            .all(|file| file.name != "parent")
    );

    fs::remove_file(dir.path().join("parent")).unwrap();
    symlink("/nowhere/at/all", dir.path().join("parent")).unwrap();
    let parent = source.parent().unwrap().unwrap();
    assert!(parent.absolute && parent.source.is_none());
}

fn root() -> (tempfile::TempDir, Root) {
    let dir = tempfile::tempdir().unwrap();
    let inside = dir.path().join("root");
    fs::create_dir_all(inside.join("usr/lib")).unwrap();
    fs::write(inside.join("usr/lib/code.so"), b"code").unwrap();
    fs::write(dir.path().join("secret"), b"outside").unwrap();
    let root = Root::open(&inside).unwrap();
    (dir, root)
}

#[test]
fn files_below_a_root_are_found_by_the_paths_tasks_use() {
    let (dir, root) = root();
    let inside = dir.path().join("root");
    symlink("usr/lib", inside.join("lib")).unwrap();
    symlink("/usr/lib/code.so", inside.join("usr/lib/absolute.so")).unwrap();
    for path in [
        "/usr/lib/code.so",
        "usr/lib/code.so",
        "/lib/code.so",
        "/usr/lib/absolute.so",
        "/../../usr/lib/code.so",
        "/usr/lib/../lib/code.so",
    ] {
        assert_eq!(&**root.map(path).unwrap().unwrap(), b"code", "{path}");
    }
    for path in ["/usr/lib/other.so", "/usr/lib/code.so/x", ""] {
        assert!(root.map(path).unwrap().is_none(), "{path}");
    }
    assert!(root.map("/usr/lib/co\0de.so").is_err());
}

#[test]
fn nothing_outside_of_a_root_is_reached() {
    let (dir, root) = root();
    let inside = dir.path().join("root");
    let outside = dir.path().join("secret");
    symlink(&outside, inside.join("absolute")).unwrap();
    symlink("../secret", inside.join("relative")).unwrap();
    symlink("../../../../../../../../etc", inside.join("conf")).unwrap();
    for path in [
        "/absolute".to_owned(),
        "/relative".to_owned(),
        "/../secret".to_owned(),
        "/conf/passwd".to_owned(),
        outside.display().to_string(),
    ] {
        assert!(root.map(&path).unwrap().is_none(), "{path}");
    }
    symlink("/proc/self/fd/0", inside.join("magic")).unwrap();
    symlink("loop", inside.join("loop")).unwrap();
    assert!(root.map("/magic").unwrap().is_none());
    assert!(root.map("/loop").is_err());
    // The machine's own root: links of /proc that lead past every root are not followed.
    let machine = Root::open(std::path::Path::new("/")).unwrap();
    assert!(machine.map("/proc/self/exe").is_err());
}

#[test]
fn only_regular_files_of_a_sane_size_are_mapped() {
    let (dir, root) = root();
    let inside = dir.path().join("root");
    let _socket = UnixListener::bind(inside.join("socket")).unwrap();
    let mode = rustix::fs::Mode::from_raw_mode(0o600);
    let fifo = rustix::fs::FileType::Fifo;
    rustix::fs::mknodat(rustix::fs::CWD, inside.join("fifo"), fifo, mode, 0).unwrap();
    for path in ["/socket", "/fifo", "/usr/lib", "/"] {
        let error = root.map(path).unwrap_err();
        assert_eq!(error.to_string(), format!("{path}: not a regular file"));
    }
    let large = fs::File::create(inside.join("large")).unwrap();
    large.set_len(super::MAX_BINARY + 1).unwrap();
    let error = root.map("/large").unwrap_err().to_string();
    assert!(
        error.contains("4294967297 bytes, more than the 4294967296"),
        "{error}"
    );
    assert!(Root::open(&inside.join("usr/lib/code.so")).is_err());
    assert!(Root::open(&inside.join("nowhere")).is_err());
}
