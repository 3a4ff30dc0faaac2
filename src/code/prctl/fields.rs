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

/// Whether an instruction may use the address that a register holds, but for the last one of a stub to sign or check.
pub(super) fn reads(word: u32, register: u32) -> bool {
    let hint = word & 0xffff_f01f == 0xd503_201f;
    // ADR, ADRP, MOVZ, MOVN, MOVK: one register, set.
    let sets = word & 0x1f00_0000 == 0x1000_0000 || word & 0x1f80_0000 == 0x1280_0000;
    // LDR and the like with a number as the offset: one register, from where another one leads.
    let loads = word & 0x3f00_0000 == 0x3900_0000 && word & 0x00c0_0000 != 0;
    let fields = [0, 5, 10, 16].map(|shift| word.wrapping_shr(shift) & 0x1f);
    if hint {
        false
    } else if loads {
        fields.get(1) == Some(&register)
    } else if sets {
        // MOVK keeps some of it.
        fields.starts_with(&[register]) && word & 0x7f80_0000 == 0x7280_0000
    } else {
        fields.contains(&register)
    }
}
