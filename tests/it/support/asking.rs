//! Images that ask for something: a quiet checkpoint with fields and files put in as CRIU writes them.

use std::sync::Arc;

use hwcr::criu_image::model::Checkpoint;
use hwcr::criu_image::{self, magic};
use hwcr::input::{DirSource, MemorySource, Source};
use hwcr::wire;
use hwcr::wire::edit::{FieldValue, Operation, edit};

/// The checkpoint everything is put into: one task that waits, with nothing that any row calls for but what
/// every checkpoint of CRIU 4.2 has.
const QUIET: &str = "tests/fixtures/images/idle@cortex-a57@new";

/// Its only task.
pub(crate) const PID: u32 = 3021;

/// An image in memory.
pub(crate) struct Image {
    source: MemorySource,
}

/// A varint.
pub(crate) fn varint(value: u64) -> FieldValue {
    FieldValue::Varint(value)
}

/// A nested message, or bytes.
pub(crate) fn message(fields: &[(u32, FieldValue)]) -> FieldValue {
    let operations: Vec<Operation> = fields
        .iter()
        .map(|(number, value)| Operation::Append {
            number: *number,
            value: value.clone(),
        })
        .collect();
    let edits = operations.iter().map(|operation| (&[][..], operation));
    FieldValue::Bytes(edit(&[], edits).unwrap())
}

impl Image {
    /// The quiet image.
    pub(crate) fn quiet() -> Self {
        let source = DirSource::open(std::path::Path::new(QUIET)).unwrap();
        Self {
            source: MemorySource::copy_of(&source).unwrap(),
        }
    }

    /// Reads it.
    pub(crate) fn load(self) -> Checkpoint {
        let source: Arc<dyn Source> = Arc::new(self.source);
        criu_image::load_from(&source).unwrap()
    }

    /// Puts a field into the only message of `file`: `path` names the messages around it, of which the first
    /// is taken. A field that is there gets the value; a repeated one is added with [`Image::add`].
    pub(crate) fn put(&mut self, file: &str, path: &[u32], number: u32, value: FieldValue) {
        self.change(file, path, number, value, true);
    }

    /// Adds a field behind the others.
    pub(crate) fn add(&mut self, file: &str, path: &[u32], number: u32, value: FieldValue) {
        self.change(file, path, number, value, false);
    }

    fn change(&mut self, file: &str, path: &[u32], number: u32, value: FieldValue, replace: bool) {
        let bytes = self.source.get(file).unwrap().to_vec();
        let head = if file == "inventory.img" { 4 } else { 8 };
        let (front, body) = bytes.split_at(head + 4);
        // Where there are several entries, the first is changed.
        let len = u32::from_le_bytes(front[head..].try_into().unwrap()) as usize;
        let (entry, rest) = body.split_at(len);
        let mut inside = entry.to_vec();
        for step in path {
            let span = wire::find(&inside, &[*step]).unwrap();
            inside = inside[span.payload..span.end].to_vec();
        }
        let there = wire::fields(&inside)
            .map(Result::unwrap)
            .find(|field| replace && field.number == number);
        let operation = match there.map(|field| field.value) {
            None => Operation::Append { number, value },
            Some(old) => Operation::Replace {
                number,
                occurrence: 0,
                old: match old {
                    wire::Value::Varint(word) => FieldValue::Varint(word),
                    wire::Value::Len(bytes) => FieldValue::Bytes(bytes.to_vec()),
                    other => panic!("{other:?}"),
                },
                new: value,
            },
        };
        let path: Vec<(u32, usize)> = path.iter().map(|step| (*step, 0)).collect();
        let entry = edit(entry, [(path.as_slice(), &operation)]).unwrap();
        let mut new = front[..head].to_vec();
        new.extend((entry.len() as u32).to_le_bytes());
        new.extend(entry);
        new.extend(rest);
        self.source.insert(file, new);
    }

    /// A field of the leader's core image.
    pub(crate) fn core(&mut self, path: &[u32], number: u32, value: FieldValue) {
        self.put(&format!("core-{PID}.img"), path, number, value);
    }

    /// A field of the address space.
    pub(crate) fn mm(&mut self, number: u32, value: FieldValue) {
        self.put(&format!("mm-{PID}.img"), &[], number, value);
    }

    /// A private anonymous mapping of one page that no other covers, with these fields of `vma_entry` besides
    /// or instead: `flags` 6, `status` 7, `madv` 9, ….
    pub(crate) fn mapping(&mut self, others: &[(u32, u64)]) {
        let mut fields: Vec<(u32, u64)> = vec![
            (1, 0x4d_0000),
            (2, 0x4d_1000),
            (3, 0),
            (4, 0),
            (5, 3),
            (6, 0x22),
            (7, 0x201),
            (8, 1), // sint64 -1
        ];
        for other in others {
            fields.retain(|field| field.0 != other.0);
            fields.push(*other);
        }
        fields.sort_unstable();
        let fields: Vec<(u32, FieldValue)> = fields
            .into_iter()
            .map(|(number, value)| (number, varint(value)))
            .collect();
        self.add(&format!("mm-{PID}.img"), &[], 14, message(&fields));
    }

    /// A file of entries with CRIU's name of its kind (`PSTREE`).
    pub(crate) fn file(&mut self, name: &str, kind: &str, entries: &[FieldValue]) {
        let mut bytes = magic::COMMON.to_le_bytes().to_vec();
        bytes.extend(magic::word(kind).to_le_bytes());
        for entry in entries {
            let FieldValue::Bytes(entry) = entry else {
                panic!("an entry is a message")
            };
            bytes.extend((entry.len() as u32).to_le_bytes());
            bytes.extend(entry);
        }
        self.source.insert(name, bytes);
    }

    /// The bytes of a file.
    pub(crate) fn bytes(&self, name: &str) -> &[u8] {
        self.source.get(name).unwrap()
    }

    /// A file of any bytes.
    pub(crate) fn raw(&mut self, name: &str, bytes: &[u8]) {
        self.source.insert(name, bytes);
    }
}
