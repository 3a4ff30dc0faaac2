//! A checkpoint made large: a fixture with a heap of any size.

use std::fs::{self, File};
use std::os::unix::fs::FileExt as _;
use std::path::Path;

const PAGE: u64 = 4096;
/// Where nothing else of the fixture lies.
const HEAP: u64 = 0x10_0000_0000;

fn varint(mut value: u64, out: &mut Vec<u8>) {
    while value > 0x7f {
        out.push(u8::try_from(value & 0x7f).unwrap() | 0x80);
        value >>= 7;
    }
    out.push(u8::try_from(value).unwrap());
}

/// A message of varint fields.
fn message(fields: &[(u64, u64)]) -> Vec<u8> {
    let mut out = Vec::new();
    for (number, value) in fields {
        varint(number << 3, &mut out);
        varint(*value, &mut out);
    }
    out
}

fn append(path: &Path, bytes: &[u8]) {
    let mut file = fs::read(path).unwrap();
    file.extend_from_slice(bytes);
    fs::write(path, file).unwrap();
}

/// The fixture with a heap of `heap_bytes`: one more VMA in its `mm`, one more run in its pagemap, and a pages file
/// in which the heap is a hole, beginning at the offset that is returned.
pub(crate) fn with_large_heap(from: &str, pid: u32, to: &Path, heap_bytes: u64) -> u64 {
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        fs::copy(entry.path(), to.join(entry.file_name())).unwrap();
    }
    // vma_entry: start, end, pgoff, shmid, prot rw, flags private anonymous, status regular private, fd -1.
    let vma = message(&[
        (1, HEAP),
        (2, HEAP + heap_bytes),
        (3, 0),
        (4, 0),
        (5, 3),
        (6, 0x22),
        (7, 0x201),
        (8, 1),
    ]);
    let mut field = Vec::new();
    varint(14 << 3 | 2, &mut field);
    varint(vma.len() as u64, &mut field);
    field.extend(vma);
    let mm = to.join(format!("mm-{pid}.img"));
    let mut bytes = fs::read(&mm).unwrap();
    // Mappings stand in the order of their addresses.
    let at = hwcr::wire::fields(&bytes[12..])
        .map(Result::unwrap)
        .filter(|field| field.number == 14)
        .find(|field| address(&bytes[12 + field.span.payload..12 + field.span.end]) > HEAP)
        .unwrap()
        .span
        .start;
    let size =
        u32::from_le_bytes(bytes[8..12].try_into().unwrap()) + u32::try_from(field.len()).unwrap();
    bytes[8..12].copy_from_slice(&size.to_le_bytes());
    bytes.splice(12 + at..12 + at, field);
    fs::write(&mm, bytes).unwrap();

    // So do the runs of the pagemap, and their bytes in the pages file.
    let pagemap = to.join(format!("pagemap-{pid}.img"));
    let bytes = fs::read(&pagemap).unwrap();
    let mut head = 8;
    let mut entries: Vec<&[u8]> = Vec::new();
    while head < bytes.len() {
        let size = u32::from_le_bytes(bytes[head..head + 4].try_into().unwrap()) as usize;
        entries.push(&bytes[head..head + 4 + size]);
        head += 4 + size;
    }
    let run = message(&[(1, HEAP), (2, 0), (4, 4), (5, heap_bytes / PAGE)]);
    let mut framed = u32::try_from(run.len()).unwrap().to_le_bytes().to_vec();
    framed.extend(run);
    // Entry 0 is the head. The fixture is static: its own low addresses are below the heap.
    let first_above = 1 + entries[1..]
        .iter()
        .take_while(|entry| address(&entry[4..]) < HEAP)
        .count();
    let pages_before: u64 = entries[1..first_above]
        .iter()
        .map(|entry| pages(&entry[4..]))
        .sum();
    fs::write(&pagemap, &bytes[..8]).unwrap();
    for entry in &entries[..first_above] {
        append(&pagemap, entry);
    }
    append(&pagemap, &framed);
    for entry in &entries[first_above..] {
        append(&pagemap, entry);
    }

    let path = to.join("pages-1.img");
    let own = fs::read(&path).unwrap();
    let split = usize::try_from(pages_before * PAGE).unwrap();
    let file = File::create(&path).unwrap();
    file.write_all_at(&own[..split], 0).unwrap();
    file.write_all_at(&own[split..], split as u64 + heap_bytes)
        .unwrap();
    split as u64
}

fn field(entry: &[u8], wanted: u64) -> u64 {
    let mut at = 0;
    let mut next = || {
        let (mut value, mut shift) = (0, 0);
        loop {
            let byte = entry[at];
            at += 1;
            value |= u64::from(byte & 0x7f) << shift;
            shift += 7;
            if byte < 0x80 {
                return (value, at == entry.len());
            }
        }
    };
    loop {
        let (tag, _) = next();
        let (value, end) = next();
        if tag >> 3 == wanted {
            return value;
        }
        assert!(!end, "no field {wanted}");
    }
}

fn address(entry: &[u8]) -> u64 {
    field(entry, 1)
}

fn pages(entry: &[u8]) -> u64 {
    field(entry, 5)
}
