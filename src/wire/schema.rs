//! Definitions of the messages read here, as a table made from `proto/` (`tools/proto`), and the check
//! of a message against them.

use std::collections::BTreeMap;

use super::error::{WireError, WireErrorKind};
use super::scan::{Value, WireType, fields};

/// CRIU's messages nest at most four deep.
pub const MAX_DEPTH: usize = 16;

/// Different unknown fields (by message and number) that are kept. A newer CRIU adds a handful; bytes
/// with more than this are not the message they are taken for.
pub const MAX_UNKNOWN: usize = 1024;

/// Findings of one kind that are kept; the first is enough to refuse a message.
const MAX_FINDINGS: usize = 16;

/// A message of the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MessageId(usize);

impl MessageId {
    /// CRIU's name of the message.
    #[must_use]
    pub fn name(self) -> &'static str {
        MESSAGES.get(self.0).map_or("", |message| message.name)
    }

    /// The fields, by ascending number.
    #[must_use]
    pub fn fields(self) -> &'static [FieldDef] {
        MESSAGES.get(self.0).map_or(&[], |message| message.fields)
    }

    /// The field with this number.
    #[must_use]
    pub fn field(self, number: u32) -> Option<&'static FieldDef> {
        self.position(number).and_then(|at| self.fields().get(at))
    }

    fn position(self, number: u32) -> Option<usize> {
        self.fields()
            .binary_search_by_key(&number, |field| field.number)
            .ok()
    }
}

struct MessageDef {
    name: &'static str,
    fields: &'static [FieldDef],
}

/// Whether a field must, may or may often occur.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Label {
    /// Once; protobuf-c refuses a message without it.
    Required,
    /// At most once.
    Optional,
    /// Any number of times; numbers may also come packed.
    Repeated,
}

/// The definition of a field.
#[derive(Clone, Copy, Debug)]
pub struct FieldDef {
    /// Field number.
    pub number: u32,
    /// CRIU's name.
    pub name: &'static str,
    /// Whether it must occur.
    pub label: Label,
    /// How it is encoded, unless packed.
    pub wire: WireType,
    /// Its message, where that is looked into.
    pub message: Option<MessageId>,
}

include!("../../proto/generated/schema.rs");

/// What a message has against its definition; offsets count from the start of the checked bytes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Check {
    /// Required fields that are not there.
    pub missing: Vec<FieldAt>,
    /// Fields in an encoding their definition does not have.
    pub wrong: Vec<FieldAt>,
    /// Fields without a definition, by message and number: how often, and where first.
    pub unknown: BTreeMap<(MessageId, u32), UnknownAt>,
}

/// A defined field and a place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FieldAt {
    /// The message.
    pub message: MessageId,
    /// The field's number.
    pub number: u32,
    /// The field's name.
    pub name: &'static str,
    /// Start of the field, or of the message that lacks it.
    pub offset: usize,
}

/// How often an unknown field occurs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UnknownAt {
    /// Occurrences.
    pub count: u64,
    /// Start of the first.
    pub offset: usize,
    /// Its bytes, tag and all.
    pub len: usize,
}

/// Holds `bytes` and the messages inside against the definition of `message`.
///
/// # Errors
/// Where the bytes are no protobuf message, nest too deep or have too many unknown fields.
pub fn check(message: MessageId, bytes: &[u8]) -> Result<Check, WireError> {
    let mut check = Check::default();
    walk(message, bytes, 0, 0, &mut check)?;
    Ok(check)
}

fn walk(
    message: MessageId,
    bytes: &[u8],
    base: usize,
    depth: usize,
    check: &mut Check,
) -> Result<(), WireError> {
    if depth >= MAX_DEPTH {
        return Err(WireError {
            offset: base,
            kind: WireErrorKind::Depth,
        });
    }
    let mut seen = 0u64;
    for field in fields(bytes) {
        let field = field.map_err(|error| WireError {
            offset: base.saturating_add(error.offset),
            ..error
        })?;
        let offset = base.saturating_add(field.span.start);
        let Some(position) = message.position(field.number) else {
            if check.unknown.len() >= MAX_UNKNOWN
                && !check.unknown.contains_key(&(message, field.number))
            {
                return Err(WireError {
                    offset,
                    kind: WireErrorKind::Unknowns,
                });
            }
            let len = field.span.end.saturating_sub(field.span.start);
            let known = check
                .unknown
                .entry((message, field.number))
                .or_insert(UnknownAt {
                    count: 0,
                    offset,
                    len,
                });
            known.count = known.count.saturating_add(1);
            continue;
        };
        let Some(definition) = message.fields().get(position) else {
            continue;
        };
        seen |= u32::try_from(position)
            .ok()
            .and_then(|bit| 1u64.checked_shl(bit))
            .unwrap_or(0);
        let found = field.value.wire_type();
        let packed = definition.label == Label::Repeated
            && definition.wire != WireType::Len
            && found == WireType::Len;
        if found != definition.wire && !packed && check.wrong.len() < MAX_FINDINGS {
            check.wrong.push(FieldAt {
                message,
                number: field.number,
                name: definition.name,
                offset,
            });
        }
        if let (Some(inner), Value::Len(payload)) = (definition.message, field.value) {
            walk(
                inner,
                payload,
                base.saturating_add(field.span.payload),
                depth.saturating_add(1),
                check,
            )?;
        }
    }
    for (bit, definition) in (0u32..).zip(message.fields()) {
        let there = seen & 1u64.checked_shl(bit).unwrap_or(0) != 0;
        if definition.label == Label::Required && !there && check.missing.len() < MAX_FINDINGS {
            check.missing.push(FieldAt {
                message,
                number: definition.number,
                name: definition.name,
                offset: base,
            });
        }
    }
    Ok(())
}
