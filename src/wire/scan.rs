//! The scanner: fields of one message in the order of their bytes, with exact spans.

use super::error::{WireError, WireErrorKind};

/// Highest field number the encoding has room for.
const MAX_NUMBER: u64 = (1 << 29) - 1;

/// How a field's value is encoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WireType {
    /// 0: a number, seven bits a byte.
    Varint,
    /// 1: eight bytes.
    Fixed64,
    /// 2: a length and that many bytes.
    Len,
    /// 5: four bytes.
    Fixed32,
}

/// A field's value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Value<'a> {
    /// Wire type 0.
    Varint(u64),
    /// Wire type 1.
    Fixed64(u64),
    /// Wire type 2: the payload without its length.
    Len(&'a [u8]),
    /// Wire type 5.
    Fixed32(u32),
}

impl Value<'_> {
    /// The wire type the value came in.
    #[must_use]
    pub fn wire_type(&self) -> WireType {
        match self {
            Self::Varint(_) => WireType::Varint,
            Self::Fixed64(_) => WireType::Fixed64,
            Self::Len(_) => WireType::Len,
            Self::Fixed32(_) => WireType::Fixed32,
        }
    }
}

/// Where a field lies: `start <= value <= payload <= end`, byte offsets in the scanned bytes.
///
/// The spans `start..end` of a message's fields follow each other without a gap.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    /// First byte of the tag.
    pub start: usize,
    /// First byte behind the tag: the value, or the length of a length-delimited one.
    pub value: usize,
    /// First byte of the value proper; differs from `value` by the length, where there is one.
    pub payload: usize,
    /// First byte behind the field.
    pub end: usize,
}

/// One field as it lies in the bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Field<'a> {
    /// Field number, 1 to 2^29 - 1.
    pub number: u32,
    /// The value.
    pub value: Value<'a>,
    /// Where it lies.
    pub span: Span,
}

/// Iterator over the fields of a message; ends after the first error.
#[derive(Clone, Debug)]
pub struct Fields<'a> {
    bytes: &'a [u8],
    at: usize,
}

/// The fields of `bytes`, which must be one whole message. Does not look inside of nested messages.
#[must_use]
pub fn fields(bytes: &[u8]) -> Fields<'_> {
    Fields { bytes, at: 0 }
}

/// The span of the first field that `path` leads to: each number names a nested message of the one
/// before. `None` where there is none, or where the bytes cannot be read.
#[must_use]
pub fn find(bytes: &[u8], path: &[u32]) -> Option<Span> {
    let mut inside = bytes;
    let mut base = 0usize;
    let mut found = None;
    for &number in path {
        let field = fields(inside)
            .map_while(Result::ok)
            .find(|field| field.number == number)?;
        let Span {
            start,
            value,
            payload,
            end,
        } = field.span;
        let add = |offset: usize| base.checked_add(offset);
        found = Some(Span {
            start: add(start)?,
            value: add(value)?,
            payload: add(payload)?,
            end: add(end)?,
        });
        base = add(payload)?;
        inside = match field.value {
            Value::Len(nested) => nested,
            _ => &[],
        };
    }
    found
}

impl<'a> Iterator for Fields<'a> {
    type Item = Result<Field<'a>, WireError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.at >= self.bytes.len() {
            return None;
        }
        let start = self.at;
        let field = field(self.bytes, start).map_err(|kind| WireError {
            offset: start,
            kind,
        });
        self.at = field
            .as_ref()
            .map_or(self.bytes.len(), |field| field.span.end);
        Some(field)
    }
}

impl std::iter::FusedIterator for Fields<'_> {}

fn field(bytes: &[u8], start: usize) -> Result<Field<'_>, WireErrorKind> {
    let (tag, value) = varint(bytes, start)?;
    let number = tag >> 3;
    let number = match u32::try_from(number) {
        Ok(small) if (1..=MAX_NUMBER).contains(&number) => small,
        _ => return Err(WireErrorKind::FieldNumber(number)),
    };
    let (content, payload, end) = match tag & 7 {
        0 => {
            let (word, end) = varint(bytes, value)?;
            (Value::Varint(word), value, end)
        }
        1 => {
            let (word, end) = array(bytes, value)?;
            (Value::Fixed64(u64::from_le_bytes(word)), value, end)
        }
        2 => {
            let (len, payload) = varint(bytes, value)?;
            let len = usize::try_from(len).map_err(|_| WireErrorKind::Truncated)?;
            let end = payload.checked_add(len).ok_or(WireErrorKind::Truncated)?;
            (
                Value::Len(bytes.get(payload..end).ok_or(WireErrorKind::Truncated)?),
                payload,
                end,
            )
        }
        5 => {
            let (word, end) = array(bytes, value)?;
            (Value::Fixed32(u32::from_le_bytes(word)), value, end)
        }
        other => {
            return Err(WireErrorKind::WireType(
                u8::try_from(other).unwrap_or(u8::MAX),
            ));
        }
    };
    Ok(Field {
        number,
        value: content,
        span: Span {
            start,
            value,
            payload,
            end,
        },
    })
}

/// A number at `start`, and the offset behind it.
fn varint(bytes: &[u8], start: usize) -> Result<(u64, usize), WireErrorKind> {
    let rest = bytes.get(start..).ok_or(WireErrorKind::Truncated)?;
    let mut word = 0u64;
    for (count, (&byte, shift)) in rest.iter().zip((0u32..64).step_by(7)).enumerate() {
        let bits = u64::from(byte & 0x7f);
        // The tenth byte has room for one bit.
        if shift == 63 && bits > 1 {
            return Err(WireErrorKind::LongVarint);
        }
        word |= bits << shift;
        if byte & 0x80 == 0 {
            return Ok((word, start.saturating_add(count).saturating_add(1)));
        }
    }
    Err(if rest.len() >= 10 {
        WireErrorKind::LongVarint
    } else {
        WireErrorKind::Truncated
    })
}

fn array<const N: usize>(bytes: &[u8], start: usize) -> Result<([u8; N], usize), WireErrorKind> {
    let found = bytes
        .get(start..)
        .and_then(|rest| rest.first_chunk::<N>())
        .ok_or(WireErrorKind::Truncated)?;
    Ok((*found, start.saturating_add(N)))
}
