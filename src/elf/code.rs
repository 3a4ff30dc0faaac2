//! What an A64 instruction does to the stack pointer and the frame pointer, and where it goes on.
//!
//! Encodings are those of the Arm Architecture Reference Manual (DDI 0487). What is not known by its encoding is taken
//! to change a register as soon as a field of it could name that register.

/// Bytes of an instruction.
pub const INSTRUCTION: u64 = 4;

/// Number of SP where a field means it, and of XZR where not.
const SP: u32 = 31;
/// Number of the frame pointer.
const FP: u32 = 29;

/// What becomes of a register.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// It keeps its value.
    Kept,
    /// So many bytes are added to it.
    By(i64),
    /// What a register holds is added to it, or taken from it.
    ByRegister {
        /// The register's number.
        register: u32,
        /// Whether it is taken.
        less: bool,
    },
    /// It is set to the other one of SP and x29, with so many bytes added.
    FromOther(i64),
    /// It gets what a word of memory holds.
    Loaded,
    /// It gets a value that the instruction does not tell.
    Unknown,
}

/// Where an instruction goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flow {
    /// At the next one.
    On,
    /// In another function, and then at the next one, if that comes back.
    Call,
    /// So many bytes from here.
    Jump(i64),
    /// There or at the next one.
    Branch(i64),
    /// In the caller.
    Return,
    /// Somewhere that the instruction does not tell, or nowhere.
    Away,
}

/// What one instruction does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Effect {
    /// What becomes of SP.
    pub sp: Change,
    /// What becomes of x29.
    pub fp: Change,
    /// Where it goes on.
    pub flow: Flow,
}

/// A number that code has put into a register. Large stacks are made in two steps: no addition takes their size.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Number {
    /// The register's number.
    pub register: u32,
    /// What it holds.
    pub value: u64,
}

impl Number {
    /// What is known behind the instruction `word`, of what was `known` before it.
    #[must_use]
    pub fn behind(word: u32, known: Option<Self>) -> Option<Self> {
        let register = field(word, 0);
        let shift = ((word >> 21) & 3).wrapping_mul(16);
        let part = |bits: u32| u64::from(bits & 0xffff).wrapping_shl(shift);
        match word & 0x7f80_0000 {
            // MOVZ, MOVK
            0x5280_0000 => Some(Self {
                register,
                value: part(word >> 5),
            }),
            0x7280_0000 => {
                let old = known.filter(|known| known.register == register)?;
                Some(Self {
                    register,
                    value: old.value & !part(0xffff) | part(word >> 5),
                })
            }
            // Any field may be a destination.
            _ => known.filter(|known| {
                [0, 5, 10, 16]
                    .iter()
                    .all(|shift| field(word, *shift) != known.register)
            }),
        }
    }
}

/// Instructions that do not simply go on: mask, value, and where they go.
const FLOWS: [(u32, u32, Kind); 14] = [
    (0xfc00_0000, 0x9400_0000, Kind::Call),       // BL
    (0xffff_fc1f, 0xd63f_0000, Kind::Call),       // BLR
    (0xfeff_f800, 0xd63f_0800, Kind::Call),       // BLRAA and the like
    (0xfc00_0000, 0x1400_0000, Kind::Jump),       // B
    (0xff00_0000, 0x5400_0000, Kind::Branch(19)), // B.cond, BC.cond
    (0x7e00_0000, 0x3400_0000, Kind::Branch(19)), // CBZ, CBNZ
    (0x7e00_0000, 0x3600_0000, Kind::Branch(14)), // TBZ, TBNZ
    (0xffff_fc1f, 0xd61f_0000, Kind::Away),       // BR
    (0xfeff_f800, 0xd61f_0800, Kind::Away),       // BRAA and the like
    (0xffff_fc1f, 0xd65f_0000, Kind::Return),     // RET
    (0xffff_fbff, 0xd65f_0bff, Kind::Return),     // RETAA, RETAB
    (0xff80_001f, 0x5500_001f, Kind::Return),     // RETAASPPC, RETABSPPC
    (0xffe0_001f, 0xd420_0000, Kind::Away),       // BRK
    (0xffff_0000, 0x0000_0000, Kind::Away),       // UDF
];

/// A row's kind of flow, before its offset is read.
#[derive(Clone, Copy)]
enum Kind {
    Call,
    Jump,
    /// With this many bits of offset from bit 5 on.
    Branch(u32),
    Return,
    Away,
}

/// Whether an instruction is a call.
#[must_use]
pub fn is_call(word: u32) -> bool {
    matches!(flow(word), Flow::Call)
}

/// What the instruction `word` does.
#[must_use]
pub fn effect(word: u32) -> Effect {
    Effect {
        sp: sp(word),
        fp: fp(word),
        flow: flow(word),
    }
}

/// Where the instruction `word` goes on.
#[must_use]
pub fn flow(word: u32) -> Flow {
    let row = FLOWS.iter().find(|(mask, value, _)| word & mask == *value);
    match row.map(|(.., kind)| *kind) {
        None => Flow::On,
        Some(Kind::Call) => Flow::Call,
        Some(Kind::Jump) => Flow::Jump(signed(word, 0, 26).wrapping_mul(4)),
        Some(Kind::Branch(bits)) => Flow::Branch(signed(word, 5, bits).wrapping_mul(4)),
        Some(Kind::Return) => Flow::Return,
        Some(Kind::Away) => Flow::Away,
    }
}

fn sp(word: u32) -> Change {
    if let Some((to, from, by)) = add(word) {
        return match (to, from) {
            (SP, SP) => Change::By(by),
            (SP, FP) => Change::FromOther(by),
            (SP, _) => Change::Unknown,
            _ => Change::Kept,
        };
    }
    if let Some((base, by)) = written_back(word) {
        return if base == SP { by } else { Change::Kept };
    }
    // ADD, SUB (extended register), where nothing is extended or shifted.
    if let 0x8b20_63ff | 0xcb20_63ff = word & 0xffe0_ffff {
        return Change::ByRegister {
            register: field(word, 16),
            less: word & (1 << 30) != 0,
        };
    }
    let to_sp = field(word, 0) == SP && SETS_SP.iter().any(|(mask, value)| word & mask == *value);
    let based = field(word, 5) == SP && BASED.iter().any(|(mask, value)| word & mask == *value);
    if to_sp || based {
        Change::Unknown
    } else {
        Change::Kept
    }
}

/// Other instructions in which register 31 as the destination is SP.
const SETS_SP: [(u32, u32); 9] = [
    (0xbf80_0000, 0x1100_0000), // ADD, SUB of 32 bits
    (0x3fe0_0000, 0x0b20_0000), // ADD, SUB (extended register)
    (0x7f80_0000, 0x1200_0000), // AND (immediate)
    (0x7f80_0000, 0x3200_0000), // ORR (immediate)
    (0x7f80_0000, 0x5200_0000), // EOR (immediate)
    (0xbf80_0000, 0x9180_0000), // ADDG, SUBG
    (0xbfe0_e000, 0x9a00_2000), // ADDPT, SUBPT
    (0xffe0_fc00, 0x9ac0_1000), // IRG
    (0xffa0_f000, 0x0420_5000), // ADDVL, ADDPL, ADDSVL, ADDSPL
];

/// Loads and stores that may write their base register back in a way not read here.
const BASED: [(u32, u32); 3] = [
    (0x3f00_0000, 0x1900_0000), // tags, release and acquire with an offset
    (0xff20_0400, 0xf820_0400), // LDRAA, LDRAB
    (0xbe80_0000, 0x0c80_0000), // vectors, post-indexed
];

fn fp(word: u32) -> Change {
    if let Some((to, from, by)) = add(word) {
        return match (to, from) {
            (FP, SP) => Change::FromOther(by),
            (FP, FP) => Change::By(by),
            (FP, _) => Change::Unknown,
            _ => Change::Kept,
        };
    }
    let any = |shifts: &[u32]| shifts.iter().any(|shift| field(word, *shift) == FP);
    let fits = |rows: &[(u32, u32)]| rows.iter().any(|(mask, value)| word & mask == *value);
    let vector = fits(&[(1 << 26, 1 << 26)]);
    // Bits 28 to 25 tell the group.
    let written = match (word >> 25) & 0xf {
        // Branches, exceptions, system: only MRS and SYSL have a destination. Calls keep x29.
        0b1010 | 0b1011 => any(&[0]) && fits(&[(0xffe0_0000, 0xd520_0000)]),
        // Loads and stores. Some change a pair of registers by the number of the first.
        0b0100 | 0b0110 | 0b1100 | 0b1110 => {
            let back = written_back(word).is_some_and(|(base, _)| base == FP);
            let odd = [0, 5, 10, 16]
                .iter()
                .any(|shift| field(word, *shift) | 1 == FP);
            if back || odd && fits(&ODD) || any(&[5]) && fits(&BASED) {
                return Change::Unknown;
            }
            let load = !vector && !fits(&STORES);
            let pair = fits(&[(0x3800_0000, 0x2800_0000)]);
            return if load && (any(&[0]) || pair && any(&[10])) {
                Change::Loaded
            } else {
                Change::Kept
            };
        }
        // Vectors and floating point: only a few write a general register.
        0b0111 | 0b1111 => any(&[0]) && fits(&TO_GENERAL),
        _ => any(&[0]),
    };
    if written {
        Change::Unknown
    } else {
        Change::Kept
    }
}

/// Plain stores: with a number as the offset, with a register, of a pair.
const STORES: [(u32, u32); 4] = [
    (0x3bc0_0000, 0x3900_0000),
    (0x3be0_0000, 0x3800_0000),
    (0x3be0_0c00, 0x3820_0800),
    (0x3a40_0000, 0x2800_0000),
];

/// Loads and stores with destinations in any field: exclusive ones, compare and swap; tags, release and acquire with an
/// offset; memory copies.
const ODD: [(u32, u32); 3] = [
    (0x3f00_0000, 0x0800_0000),
    (0x3f00_0000, 0x1900_0000),
    (0x3f00_0000, 0x1d00_0000),
];

/// Conversions and moves from vectors to general registers.
const TO_GENERAL: [(u32, u32); 3] = [
    (0x5f20_fc00, 0x1e20_0000),
    (0x5f20_0000, 0x1e00_0000),
    (0xbfe0_ec00, 0x0e00_2c00),
];

/// `ADD` or `SUB` of a number, 64 bits: destination, source, number.
fn add(word: u32) -> Option<(u32, u32, i64)> {
    let sign = match word & 0xff80_0000 {
        0x9100_0000 => 1,
        0xd100_0000 => -1,
        _ => return None,
    };
    let number = i64::from((word >> 10) & 0xfff);
    let shifted = if word & (1 << 22) == 0 {
        number
    } else {
        number << 12
    };
    Some((field(word, 0), field(word, 5), shifted.wrapping_mul(sign)))
}

/// The base register of a load or store that moves it, before or after, and by how much.
fn written_back(word: u32) -> Option<(u32, Change)> {
    // One register: post-indexed (bits 11 to 10 are 01) or pre-indexed (11).
    if word & 0x3b20_0400 == 0x3800_0400 {
        return Some((field(word, 5), Change::By(signed(word, 12, 9))));
    }
    // A pair: bits 25 to 23 are 001 or 011.
    if word & 0x3a80_0000 == 0x2880_0000 {
        let kind = word >> 30;
        let shift = match (word & (1 << 26) != 0, kind) {
            (true, 0..=2) => kind.wrapping_add(2),
            (false, 0) => 2,
            (false, 2) => 3,
            // LDPSW and STGP share an encoding but for one bit.
            (false, 1) if word & (1 << 22) != 0 => 2,
            (false, 1) => 4,
            _ => return Some((field(word, 5), Change::Unknown)),
        };
        return Some((
            field(word, 5),
            Change::By(signed(word, 15, 7).wrapping_shl(shift)),
        ));
    }
    None
}

/// A register's number, from bit `shift` on.
fn field(word: u32, shift: u32) -> u32 {
    word.wrapping_shr(shift) & 0x1f
}

/// A number with a sign, of `bits` bits from bit `shift` on.
fn signed(word: u32, shift: u32, bits: u32) -> i64 {
    let up = 32_u32.saturating_sub(bits).saturating_sub(shift);
    let down = 32_u32.saturating_sub(bits);
    i64::from(word.wrapping_shl(up).cast_signed().wrapping_shr(down))
}
