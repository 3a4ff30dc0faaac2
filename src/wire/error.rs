//! What can be wrong with protobuf bytes.

/// Bytes that are not a protobuf message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("byte {offset:#x} of the message: {kind}")]
pub struct WireError {
    /// Offset in the bytes that were given, of the field or length that is wrong.
    pub offset: usize,
    /// What is wrong.
    pub kind: WireErrorKind,
}

/// Kinds of [`WireError`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WireErrorKind {
    /// A number, length or value goes on past the end.
    #[error("the message ends inside a field")]
    Truncated,
    /// A number of more than 64 bits.
    #[error("a number longer than 64 bits")]
    LongVarint,
    /// Field 0, or a number above 2^29 - 1.
    #[error("field number {0} is out of range")]
    FieldNumber(u64),
    /// Wire types 3 and 4 (groups, which protobuf-c does not read either) and 6 and 7 (undefined).
    #[error("wire type {0} is not in use")]
    WireType(u8),
    /// Messages inside messages, deeper than any definition goes.
    #[error("messages nested more than {} deep", super::schema::MAX_DEPTH)]
    Depth,
    /// So many different fields without a definition that this is no such message.
    #[error("more than {} different unknown fields", super::schema::MAX_UNKNOWN)]
    Unknowns,
}
