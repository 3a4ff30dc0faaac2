use std::fs;
use std::path::Path;

use crate::criu_image::{self, model::Checkpoint};
use crate::input::Root;
use crate::memory::files::Files as _;
use crate::object::Objects;
use crate::object::find::{Binaries, Unused};

const FIXTURES: &str = "tests/fixtures/unframed";
const PROGRAM: &str = "opt/lab/unframed";

fn checkpoint() -> Checkpoint {
    let image = Path::new(FIXTURES).join("images/uf-sig@neoverse-n1@new");
    criu_image::load(&image).unwrap()
}

/// What is found for the only program of the image in a root that has `bytes` under its name.
fn found(bytes: Option<&[u8]>, edit: fn(&mut Checkpoint)) -> Result<usize, Unused> {
    let dir = tempfile::tempdir().unwrap();
    let place = dir.path().join(PROGRAM);
    fs::create_dir_all(place.parent().unwrap()).unwrap();
    if let Some(bytes) = bytes {
        fs::write(&place, bytes).unwrap();
    }
    let mut checkpoint = checkpoint();
    edit(&mut checkpoint);
    let mut binaries = Binaries::find(&checkpoint, &Root::open(dir.path()).unwrap()).0;
    let (_, binary) = binaries.pop_first().unwrap();
    assert!(binaries.is_empty(), "only files with code are looked for");
    assert_eq!(&*binary.name, "/opt/lab/unframed");
    binary.file.map(|file| file.object().bytes().len())
}

#[test]
fn a_file_is_used_only_if_it_is_the_one_that_was_mapped() {
    let program = fs::read(Path::new(FIXTURES).join("rootfs").join(PROGRAM)).unwrap();
    let as_it_is: fn(&mut Checkpoint) = |_| {};
    assert_eq!(found(Some(&program), as_it_is).unwrap(), program.len());
    assert!(matches!(found(None, as_it_is), Err(Unused::NotFound)));

    let mut longer = program.clone();
    longer.push(0);
    let error = found(Some(&longer), as_it_is).unwrap_err().to_string();
    let sizes = format!(
        "has {} bytes where the mapped one had {}",
        longer.len(),
        program.len()
    );
    assert_eq!(error, sizes);

    let other = fs::read(
        Path::new(FIXTURES)
            .join("rootfs")
            .join("opt/lab/unframed-pac"),
    )
    .unwrap();
    let error = found(Some(&other), as_it_is).unwrap_err().to_string();
    assert!(
        error.starts_with("has build id ") && error.contains("where the mapped one had build id "),
        "{error}"
    );

    let text = vec![b'#'; program.len()];
    let foreign = found(Some(&text), as_it_is).unwrap_err().to_string();
    assert!(
        foreign.starts_with("no 64-bit little-endian arm64 ELF file"),
        "{foreign}"
    );

    let mut amd64 = program.clone();
    amd64[18] = 62;
    assert!(matches!(
        found(Some(&amd64), as_it_is),
        Err(Unused::Foreign(_))
    ));

    // Whatever has the right size and says nothing of itself.
    let mut stripped = program.clone();
    stripped[56] = 0;
    let error = found(Some(&stripped), as_it_is).unwrap_err().to_string();
    assert!(error.starts_with("has no build id where"), "{error}");
}

#[test]
fn without_a_build_id_and_a_size_in_the_image_nothing_is_taken_for_the_file() {
    let program = fs::read(Path::new(FIXTURES).join("rootfs").join(PROGRAM)).unwrap();
    let forget = |checkpoint: &mut Checkpoint| {
        checkpoint
            .files
            .iter_mut()
            .for_each(|file| file.build_id.clear());
    };
    assert!(matches!(
        found(Some(&program), forget),
        Err(Unused::NotSaved)
    ));
    let sizeless = |checkpoint: &mut Checkpoint| {
        checkpoint
            .files
            .iter_mut()
            .for_each(|file| file.size = None);
    };
    assert!(matches!(
        found(Some(&program), sizeless),
        Err(Unused::NotSaved)
    ));
}

#[test]
fn bytes_are_given_for_used_files_only() {
    let checkpoint = checkpoint();
    let id = checkpoint
        .files
        .iter()
        .find(|file| file.name.ends_with("unframed"))
        .unwrap()
        .id;
    let root = Root::open(&Path::new(FIXTURES).join("rootfs")).unwrap();
    let binaries = Binaries::find(&checkpoint, &root);
    let objects = Objects::new(&binaries);
    assert!(
        objects
            .file(id)
            .is_some_and(|(_, bytes)| bytes.starts_with(b"\x7fELF"))
    );
    assert!(objects.file(id + 1000).is_none());
    let elsewhere = Root::open(Path::new("src")).unwrap();
    let binaries = Binaries::find(&checkpoint, &elsewhere);
    assert!(Objects::new(&binaries).file(id).is_none());
}
