//! Fields of A64 instructions.

/// A supervisor call, with any number.
pub(super) fn is_svc(word: u32) -> bool {
    word & 0xffe0_001f == 0xd400_0001
}

/// A register's number, from bit `shift` on.
pub(super) fn field(word: u32, shift: u32) -> u8 {
    u8::try_from(word.wrapping_shr(shift) & 0x1f).unwrap_or_default()
}

pub(super) fn bits(word: u32, shift: u32, count: u32) -> u32 {
    word.wrapping_shr(shift) & 1_u32.wrapping_shl(count).wrapping_sub(1)
}

pub(super) fn signed(word: u32, shift: u32, count: u32) -> i64 {
    let up = 32_u32.saturating_sub(count).saturating_sub(shift);
    let down = 32_u32.saturating_sub(count);
    i64::from(word.wrapping_shl(up).cast_signed().wrapping_shr(down))
}
