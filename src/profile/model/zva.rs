//! The block size of `DC ZVA`, which no HWCAP tells.

use super::Profile;

/// What `DC ZVA` does on a machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Zva {
    /// Zeroes this many bytes, a power of two from 4 to 131072.
    Bytes(u64),
    /// Is prohibited (`DCZID_EL0.DZP`); no program that looks uses it.
    Prohibited,
    /// Not known.
    Unknown,
}

impl Zva {
    /// What DCZID_EL0 says: bits 3:0 the logarithm of the block's words, bit 4 prohibited.
    #[must_use]
    pub fn of_dczid(dczid: u64) -> Self {
        let log2_words = u32::try_from(dczid & 0xf).unwrap_or(0);
        match (dczid & 0x10 != 0, 4_u64.checked_shl(log2_words)) {
            (true, _) => Self::Prohibited,
            (false, Some(bytes)) => Self::Bytes(bytes),
            (false, None) => Self::Unknown,
        }
    }
}

impl Profile {
    /// What `DC ZVA` does: from the register `DCZID_EL0`, else from the designs that `MIDR_EL1` names where
    /// these settle it. Where cores
    /// differ in it, it is unknown: a task runs now on one, now on another.
    #[must_use]
    pub fn zva(&self) -> Zva {
        if !self.cores_agree_in("DCZID_EL0") {
            return Zva::Unknown;
        }
        if let Some(dczid) = self.registers.get("DCZID_EL0") {
            return Zva::of_dczid(*dczid);
        }
        let designs = self.designs().unwrap_or_default();
        let mut sizes = designs.iter().map(|design| design.zva);
        match sizes.next().flatten() {
            Some(bytes) if sizes.all(|other| other == Some(bytes)) => Zva::Bytes(bytes),
            _ => Zva::Unknown,
        }
    }

    /// The block size in bytes; `None` where it is unknown or the instruction is prohibited.
    #[must_use]
    pub fn zva_bytes(&self) -> Option<u64> {
        match self.zva() {
            Zva::Bytes(bytes) => Some(bytes),
            Zva::Prohibited | Zva::Unknown => None,
        }
    }
}
