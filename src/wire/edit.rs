//! Edits of one message by splicing: fields are taken out, put in or given another value, the lengths of
//! the messages around them follow, and every other byte is carried over as it lies.

use std::collections::BTreeMap;

use super::schema::MAX_DEPTH;
use super::{Value, WireError, fields};

/// A change inside one message. Occurrences count from 0 among the fields of that number as they stand
/// before any operation of the plan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Operation {
    /// Replaces the value of one occurrence: a varint, or the payload of a length-delimited field.
    Replace {
        /// Field number.
        number: u32,
        /// Which of them.
        occurrence: usize,
        /// The old value, to be compared before.
        old: FieldValue,
        /// The new value.
        new: FieldValue,
    },
    /// Removes one occurrence.
    Delete {
        /// Field number.
        number: u32,
        /// Which of them.
        occurrence: usize,
    },
    /// Adds a field in front of another, for example where a removed one was.
    Insert {
        /// Place among all fields of the message, from 0; the number of fields means behind the last.
        at: usize,
        /// Field number.
        number: u32,
        /// Its value.
        value: FieldValue,
    },
    /// Adds a field behind all others of the message.
    Append {
        /// Field number.
        number: u32,
        /// Its value.
        value: FieldValue,
    },
}

/// A value on the wire.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FieldValue {
    /// Wire type 0.
    Varint(u64),
    /// Wire type 2.
    Bytes(Vec<u8>),
}

/// Highest field number the encoding has room for.
const MAX_NUMBER: u32 = (1 << 29) - 1;

/// Where an operation works: field number and occurrence (from 0) of each message from the outside in.
pub type Path = [(u32, usize)];

/// An edit that does not fit the bytes.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("byte {offset:#x} of the entry: {kind}")]
pub struct EditError {
    /// Offset in the bytes that were given: of the field, or of the message it should be in.
    pub offset: usize,
    /// What is wrong.
    pub kind: EditErrorKind,
}

/// Kinds of [`EditError`].
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EditErrorKind {
    /// The bytes are no message.
    #[error("{0}")]
    Wire(WireError),
    /// The field is not there.
    #[error("field {number} has no occurrence {occurrence}")]
    Absent {
        /// Field number.
        number: u32,
        /// Which of them, from 0.
        occurrence: usize,
    },
    /// The message has fewer fields than the place of an insertion.
    #[error("there is no field {0} to insert in front of")]
    NoPlace(usize),
    /// A path leads through a field that is no message.
    #[error("field {0} is not length-delimited, so that nothing lies inside of it")]
    NotAMessage(u32),
    /// The field holds something other than the edit was planned for.
    #[error("field {0} does not hold the value the edit was planned for")]
    Old(u32),
    /// The new value has another wire type than the old one.
    #[error("field {0} would change its wire type")]
    WireType(u32),
    /// A field number outside of 1 to 2^29 - 1.
    #[error("field number {0} is out of range")]
    FieldNumber(u32),
    /// Two operations for one field, or one inside of a field that another replaces or deletes.
    #[error("two edits of field {number}, occurrence {occurrence}")]
    Conflict {
        /// Field number.
        number: u32,
        /// Which of them, from 0.
        occurrence: usize,
    },
    /// A path longer than messages nest.
    #[error("the path is more than {MAX_DEPTH} messages deep")]
    Depth,
}

fn failed<T>(offset: usize, kind: EditErrorKind) -> Result<T, EditError> {
    Err(EditError { offset, kind })
}

/// What shall happen in one message.
#[derive(Default)]
struct Node<'a> {
    fields: BTreeMap<(u32, usize), Act<'a>>,
    /// By place among the fields; in the order planned.
    inserts: BTreeMap<usize, Vec<(u32, &'a FieldValue)>>,
    appends: Vec<(u32, &'a FieldValue)>,
}

enum Act<'a> {
    Inside(Node<'a>),
    Replace(&'a FieldValue, &'a FieldValue),
    Delete,
}

impl<'a> Node<'a> {
    fn inside(&mut self, path: &Path) -> Result<&mut Self, EditError> {
        if path.len() > MAX_DEPTH {
            return failed(0, EditErrorKind::Depth);
        }
        let mut node = self;
        for &(number, occurrence) in path {
            node = match node
                .fields
                .entry((number, occurrence))
                .or_insert_with(|| Act::Inside(Self::default()))
            {
                Act::Inside(inner) => inner,
                _ => return failed(0, EditErrorKind::Conflict { number, occurrence }),
            };
        }
        Ok(node)
    }

    fn add(&mut self, operation: &'a Operation) -> Result<(), EditError> {
        let (number, occurrence, act) = match operation {
            Operation::Replace {
                number,
                occurrence,
                old,
                new,
            } => (*number, *occurrence, Act::Replace(old, new)),
            Operation::Delete { number, occurrence } => (*number, *occurrence, Act::Delete),
            Operation::Insert { at, number, value } => {
                self.inserts
                    .entry(*at)
                    .or_default()
                    .push((valid(*number)?, value));
                return Ok(());
            }
            Operation::Append { number, value } => {
                self.appends.push((valid(*number)?, value));
                return Ok(());
            }
        };
        match self.fields.insert((number, occurrence), act) {
            None => Ok(()),
            Some(_) => failed(0, EditErrorKind::Conflict { number, occurrence }),
        }
    }

    /// The message with everything done. `base` is its offset in the entry, for errors.
    fn apply(&self, bytes: &[u8], base: usize) -> Result<Vec<u8>, EditError> {
        let mut out = Vec::with_capacity(bytes.len());
        let mut seen: BTreeMap<u32, usize> = BTreeMap::new();
        let (mut done, mut inserted, mut at) = (0usize, 0usize, 0usize);
        for field in fields(bytes) {
            let field = field.or_else(|error| {
                let offset = base.saturating_add(error.offset);
                failed(offset, EditErrorKind::Wire(WireError { offset, ..error }))
            })?;
            if let Some(new) = self.inserts.get(&at) {
                inserted = inserted.saturating_add(1);
                put_all(&mut out, new);
            }
            at = at.saturating_add(1);
            let count = seen.entry(field.number).or_default();
            let key = (field.number, *count);
            *count = count.saturating_add(1);
            let span = field.span;
            let whole = bytes.get(span.start..span.end).unwrap_or_default();
            let tag = bytes.get(span.start..span.value).unwrap_or_default();
            let offset = base.saturating_add(span.start);
            let Some(act) = self.fields.get(&key) else {
                out.extend_from_slice(whole);
                continue;
            };
            done = done.saturating_add(1);
            match act {
                Act::Delete => {}
                Act::Replace(old, new) => {
                    if !holds(old, field.value) {
                        return failed(offset, EditErrorKind::Old(field.number));
                    }
                    if old == new {
                        out.extend_from_slice(whole);
                        continue;
                    }
                    out.extend_from_slice(tag);
                    match (field.value, new) {
                        (Value::Varint(_), FieldValue::Varint(word)) => put_varint(&mut out, *word),
                        (Value::Len(_), FieldValue::Bytes(new)) => put_len(
                            &mut out,
                            bytes.get(span.value..span.payload).unwrap_or_default(),
                            span.end.saturating_sub(span.payload),
                            new,
                        ),
                        _ => return failed(offset, EditErrorKind::WireType(field.number)),
                    }
                }
                Act::Inside(node) => {
                    let Value::Len(inner) = field.value else {
                        return failed(offset, EditErrorKind::NotAMessage(field.number));
                    };
                    let new = node.apply(inner, base.saturating_add(span.payload))?;
                    out.extend_from_slice(tag);
                    let len = bytes.get(span.value..span.payload).unwrap_or_default();
                    put_len(&mut out, len, inner.len(), &new);
                }
            }
        }
        if let Some(new) = self.inserts.get(&at) {
            inserted = inserted.saturating_add(1);
            put_all(&mut out, new);
        }
        if inserted != self.inserts.len() {
            let beyond = self.inserts.keys().find(|place| **place > at);
            return failed(base, EditErrorKind::NoPlace(*beyond.unwrap_or(&at)));
        }
        if done != self.fields.len() {
            let missing = self
                .fields
                .keys()
                .find(|(number, occurrence)| seen.get(number).is_none_or(|n| occurrence >= n));
            let &(number, occurrence) = missing.unwrap_or(&(0, 0));
            return failed(base, EditErrorKind::Absent { number, occurrence });
        }
        put_all(&mut out, &self.appends);
        Ok(out)
    }
}

/// Does `edits` to the message `bytes`. Paths, occurrences and places count as they stand before any of
/// them. A length keeps its bytes where the value's length stays as it was, and takes the fewest
/// bytes otherwise.
///
/// # Errors
/// When the bytes are no message, an edit finds no field or another value, or two concern one field.
pub fn edit<'a>(
    bytes: &[u8],
    edits: impl IntoIterator<Item = (&'a Path, &'a Operation)>,
) -> Result<Vec<u8>, EditError> {
    let mut root = Node::default();
    for (path, operation) in edits {
        root.inside(path)?.add(operation)?;
    }
    root.apply(bytes, 0)
}

fn valid(number: u32) -> Result<u32, EditError> {
    match number {
        1..=MAX_NUMBER => Ok(number),
        _ => failed(0, EditErrorKind::FieldNumber(number)),
    }
}

fn holds(old: &FieldValue, found: Value<'_>) -> bool {
    match (old, found) {
        (FieldValue::Varint(old), Value::Varint(found)) => *old == found,
        (FieldValue::Bytes(old), Value::Len(found)) => old == found,
        _ => false,
    }
}

fn put_all(out: &mut Vec<u8>, new: &[(u32, &FieldValue)]) {
    for (number, value) in new {
        let tag = u64::from(*number) << 3;
        match value {
            FieldValue::Varint(word) => {
                put_varint(out, tag);
                put_varint(out, *word);
            }
            FieldValue::Bytes(bytes) => {
                put_varint(out, tag | 2);
                put_len(out, &[], usize::MAX, bytes);
            }
        }
    }
}

/// A length and its payload; `before` are the length's bytes when it was `len`.
fn put_len(out: &mut Vec<u8>, before: &[u8], len: usize, payload: &[u8]) {
    if payload.len() == len {
        out.extend_from_slice(before);
    } else {
        // usize has at most 64 bits.
        put_varint(out, u64::try_from(payload.len()).unwrap_or(u64::MAX));
    }
    out.extend_from_slice(payload);
}

fn put_varint(out: &mut Vec<u8>, mut word: u64) {
    loop {
        let [low, ..] = word.to_le_bytes();
        word >>= 7;
        if word == 0 {
            out.push(low & 0x7f);
            return;
        }
        out.push(low | 0x80);
    }
}
