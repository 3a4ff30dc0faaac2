//! General registers.

/// Number of a general register: x0 to x30, and [`SP`]. XZR is none.
pub type Register = u8;

/// x29, the frame pointer.
pub const FP: Register = 29;
/// x30, the link register.
pub const LR: Register = 30;
/// The stack pointer.
pub const SP: Register = 31;

/// A set of general registers and SP.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Registers(u32);

impl Registers {
    /// None of them.
    pub const NONE: Self = Self(0);
    /// All of them.
    pub const ALL: Self = Self(u32::MAX);
    /// Those that a call may change (AAPCS64, 6.1.1): x0 to x18, and x30, which every call sets.
    pub const CALL: Self = Self(0x4007_ffff);
    /// Those that a Linux system call reads: its arguments and its number.
    pub const SYSTEM_CALL: Self = Self(0x1ff);

    /// One register, where 31 is [`SP`].
    #[must_use]
    pub fn or_sp(register: Register) -> Self {
        Self(1_u32.wrapping_shl(register.into()))
    }

    /// One register, where 31 is XZR.
    #[must_use]
    pub fn or_zero(register: Register) -> Self {
        if register == SP {
            Self::NONE
        } else {
            Self::or_sp(register)
        }
    }

    /// Both sets.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// This set without another one.
    #[must_use]
    pub fn without(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }

    /// Whether a register is in it.
    #[must_use]
    pub fn contains(self, register: Register) -> bool {
        self.0 & Self::or_sp(register).0 != 0
    }

    /// Those in it, ascending.
    pub fn iter(self) -> impl Iterator<Item = Register> {
        (0..=SP).filter(move |register| self.contains(*register))
    }

    /// The only one in it.
    #[must_use]
    pub fn only(self) -> Option<Register> {
        let one = self.0.is_power_of_two();
        one.then(|| u8::try_from(self.0.trailing_zeros()).unwrap_or_default())
    }
}

impl FromIterator<Self> for Registers {
    fn from_iter<T: IntoIterator<Item = Self>>(sets: T) -> Self {
        sets.into_iter().fold(Self::NONE, Self::and)
    }
}
