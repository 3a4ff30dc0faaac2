//! Applies a plan to a copy of an image. An editor of its own: it knows protobuf and bytes, and nothing of
//! the code it tests.

use crate::rewrite::edit::{Change, FieldValue, Operation, Plan};

use super::image;

fn varint(bytes: &[u8], at: &mut usize) -> u64 {
    let mut value = 0;
    for shift in (0..64).step_by(7) {
        let byte = bytes[*at];
        *at += 1;
        value |= u64::from(byte & 0x7f) << shift;
        if byte < 0x80 {
            break;
        }
    }
    value
}

fn put(out: &mut Vec<u8>, mut value: u64) {
    while value > 0x7f {
        out.push((value & 0x7f) as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

/// Number, wire type, value or payload.
type Fields = Vec<(u64, u64, Result<u64, Vec<u8>>)>;

fn decode(bytes: &[u8]) -> Fields {
    let (mut at, mut out) = (0, Vec::new());
    while at < bytes.len() {
        let key = varint(bytes, &mut at);
        let value = match key & 7 {
            0 => Ok(varint(bytes, &mut at)),
            2 => {
                let len = varint(bytes, &mut at) as usize;
                at += len;
                Err(bytes[at - len..at].to_vec())
            }
            other => panic!("wire type {other}"),
        };
        out.push((key >> 3, key & 7, value));
    }
    out
}

fn encode(fields: &Fields) -> Vec<u8> {
    let mut out = Vec::new();
    for (number, wire_type, value) in fields {
        put(&mut out, number << 3 | wire_type);
        match value {
            Ok(number) => put(&mut out, *number),
            Err(payload) => {
                put(&mut out, payload.len() as u64);
                out.extend_from_slice(payload);
            }
        }
    }
    out
}

fn field(value: &FieldValue) -> (u64, Result<u64, Vec<u8>>) {
    match value {
        FieldValue::Varint(value) => (0, Ok(*value)),
        FieldValue::Bytes(bytes) => (2, Err(bytes.clone())),
    }
}

fn nth(fields: &Fields, number: u32, occurrence: usize) -> usize {
    (0..fields.len())
        .filter(|index| fields[*index].0 == u64::from(number))
        .nth(occurrence)
        .unwrap()
}

fn operate(message: &[u8], path: &[(u32, usize)], operation: &Operation) -> Vec<u8> {
    let mut fields = decode(message);
    if let Some(((number, occurrence), rest)) = path.split_first() {
        let index = nth(&fields, *number, *occurrence);
        let inner = fields[index].2.clone().unwrap_err();
        fields[index].2 = Err(operate(&inner, rest, operation));
    } else {
        match operation {
            Operation::Replace {
                number,
                occurrence,
                old,
                new,
            } => {
                let index = nth(&fields, *number, *occurrence);
                let ((_, old), (_, new)) = (field(old), field(new));
                assert_eq!(fields[index].2, old);
                fields[index].2 = new;
            }
            Operation::Delete { number, occurrence } => {
                let index = nth(&fields, *number, *occurrence);
                let _ = fields.remove(index);
            }
            Operation::Insert { at, number, value } => {
                let (wire_type, value) = field(value);
                fields.insert(*at, (u64::from(*number), wire_type, value));
            }
            Operation::Append { number, value } => {
                let (wire_type, value) = field(value);
                fields.push((u64::from(*number), wire_type, value));
            }
        }
    }
    encode(&fields)
}

/// A copy of the image with the plan applied.
pub(super) fn applied(name: &str, plan: &Plan) -> tempfile::TempDir {
    let copy = tempfile::tempdir().unwrap();
    for entry in std::fs::read_dir(image(name)).unwrap() {
        let path = entry.unwrap().path();
        std::fs::copy(&path, copy.path().join(path.file_name().unwrap())).unwrap();
    }
    for change in plan.edits.iter().flat_map(|edit| &edit.changes) {
        match change {
            Change::Bytes {
                file,
                offset,
                old,
                new,
            } => {
                let path = copy.path().join(file);
                let mut bytes = std::fs::read(&path).unwrap();
                let at = *offset as usize..*offset as usize + old.len();
                assert_eq!(&bytes[at.clone()], old, "{file} {offset:#x}");
                assert_eq!(old.len(), new.len());
                bytes[at].copy_from_slice(new);
                std::fs::write(path, bytes).unwrap();
            }
            Change::Field {
                file,
                entry,
                path: inside,
                operation,
            } => {
                assert_eq!(*entry, 0);
                let path = copy.path().join(file);
                let bytes = std::fs::read(&path).unwrap();
                let (head, message) = bytes.split_at(12);
                let message = operate(message, inside, operation);
                let mut out = head[..8].to_vec();
                out.extend_from_slice(&(message.len() as u32).to_le_bytes());
                out.extend_from_slice(&message);
                std::fs::write(path, out).unwrap();
            }
        }
    }
    copy
}
