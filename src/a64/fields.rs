//! Fields of an instruction's word.

/// The number of a register, from bit `shift` on.
pub(super) fn register(word: u32, shift: u32) -> u8 {
    u8::try_from(bits(word, shift, 5)).unwrap_or_default()
}

/// `count` bits from bit `shift` on.
pub(super) fn bits(word: u32, shift: u32, count: u32) -> u32 {
    word.wrapping_shr(shift) & 1_u32.wrapping_shl(count).wrapping_sub(1)
}

/// The same, with a sign.
pub(super) fn signed(word: u32, shift: u32, count: u32) -> i64 {
    let up = 32_u32.saturating_sub(count).saturating_sub(shift);
    let down = 32_u32.saturating_sub(count);
    i64::from(word.wrapping_shl(up).cast_signed().wrapping_shr(down))
}

/// Whether bit `index` is set.
pub(super) fn bit(word: u32, index: u32) -> bool {
    bits(word, index, 1) != 0
}

/// First bits of the fields that name registers: Rd or Rt, Rn, Rt2 or Ra, Rm or Rs.
pub(super) const RD: u32 = 0;
pub(super) const RN: u32 = 5;
pub(super) const RA: u32 = 10;
pub(super) const RM: u32 = 16;
