//! Checkpoints and ELF files made for the purpose.

use std::path::Path;

use crate::criu_image::load;
use crate::criu_image::model::{Checkpoint, Mount, RegFile, StandsIn};
use crate::units::Place;

/// A real image of one dynamically linked task, without its files.
pub(super) fn checkpoint() -> Checkpoint {
    let images = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/images");
    let mut checkpoint = load(&images.join("dyn@max@new")).unwrap();
    checkpoint.files.clear();
    let task = &mut checkpoint.tasks[0];
    let mm = task.mm.as_mut().unwrap();
    mm.exe_file_id = 1;
    mm.vmas.clear();
    task.fds = [].into();
    task.stands_in = None;
    checkpoint
}

/// A file of which the image says as little as it can.
pub(super) fn file(id: u32, name: &str) -> RegFile {
    RegFile {
        id,
        name: name.to_owned(),
        flags: 0,
        mode: None,
        mount: None,
        external: false,
        size: None,
        build_id: Vec::new(),
        place: Place::new("files.img", 0, 0),
    }
}

/// Where the task stands.
pub(super) fn stands_in(cwd: u32, root: u32) -> Option<StandsIn> {
    Some(StandsIn { cwd, root })
}

/// A mount of namespace 7.
pub(super) fn mount(id: u32, kind: u32, device: u32, root: &str, point: &str) -> Mount {
    Mount {
        namespace: 7,
        id,
        kind,
        device,
        root: root.to_owned(),
        point: point.to_owned(),
        external: false,
        plugin: false,
    }
}

/// An ELF file with one segment of notes at `at`, of `len` bytes at all. Numbers are those of the ELF specification.
pub(super) fn elf(class: u8, notes: &[u8], at: usize, len: usize) -> Vec<u8> {
    let mut bytes = vec![0u8; len.max(at + notes.len())];
    bytes[..7].copy_from_slice(&[0x7f, b'E', b'L', b'F', class, 1, 1]);
    let size = u32::try_from(notes.len()).unwrap();
    let offset = u32::try_from(at).unwrap();
    let mut put = |at: usize, value: &[u8]| bytes[at..at + value.len()].copy_from_slice(value);
    put(16, &3u16.to_le_bytes());
    put(18, &183u16.to_le_bytes());
    put(20, &1u32.to_le_bytes());
    if class == 2 {
        put(32, &64u64.to_le_bytes());
        put(52, &64u16.to_le_bytes());
        put(54, &56u16.to_le_bytes());
        put(56, &1u16.to_le_bytes());
        put(64, &4u32.to_le_bytes());
        put(64 + 8, &u64::from(offset).to_le_bytes());
        put(64 + 32, &u64::from(size).to_le_bytes());
    } else {
        put(28, &52u32.to_le_bytes());
        put(40, &52u16.to_le_bytes());
        put(42, &32u16.to_le_bytes());
        put(44, &1u16.to_le_bytes());
        put(52, &4u32.to_le_bytes());
        put(52 + 4, &offset.to_le_bytes());
        put(52 + 16, &size.to_le_bytes());
    }
    put(at, notes);
    bytes
}

/// A note.
pub(super) fn note(owner: &[u8], kind: u32, value: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for len in [owner.len(), value.len()] {
        bytes.extend(u32::try_from(len).unwrap().to_le_bytes());
    }
    bytes.extend(kind.to_le_bytes());
    for part in [owner, value] {
        bytes.extend(part);
        bytes.resize(bytes.len().next_multiple_of(4), 0);
    }
    bytes
}
