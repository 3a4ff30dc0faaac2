//! Little-endian fields out of a slice, `None` past its end.

/// The 16-bit word at `offset`.
pub(super) fn u16_at(bytes: &[u8], offset: usize) -> Option<u16> {
    bytes
        .get(offset..)?
        .first_chunk()
        .map(|word| u16::from_le_bytes(*word))
}

/// The 32-bit word at `offset`.
pub(super) fn u32_at(bytes: &[u8], offset: usize) -> Option<u32> {
    bytes
        .get(offset..)?
        .first_chunk()
        .map(|word| u32::from_le_bytes(*word))
}

/// The 64-bit word at `offset`.
pub(super) fn u64_at(bytes: &[u8], offset: usize) -> Option<u64> {
    bytes
        .get(offset..)?
        .first_chunk()
        .map(|word| u64::from_le_bytes(*word))
}

/// The 128-bit word at `offset`.
pub(super) fn u128_at(bytes: &[u8], offset: usize) -> Option<u128> {
    bytes
        .get(offset..)?
        .first_chunk()
        .map(|word| u128::from_le_bytes(*word))
}
