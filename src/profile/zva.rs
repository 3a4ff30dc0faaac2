//! The block size of `DC ZVA`, which no HWCAP tells.

use super::model::Profile;

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

/// Parts whose block size is known: implementer and, unless all of the maker's are alike, part number
/// of `MIDR_EL1`; bytes.
///
/// Sources: A64FX, N1, V1 and N2 as `target/arm/tcg/cpu64.c` of QEMU 11 models them; Apple and Oryon as
/// their machines report it.
const BY_PART: &[(u64, Option<u64>, u64)] = &[
    (0x46, Some(0x001), 256), // Fujitsu A64FX
    (0x41, Some(0xd0c), 64),  // Neoverse N1
    (0x41, Some(0xd40), 64),  // Neoverse V1
    (0x41, Some(0xd49), 64),  // Neoverse N2
    (0x51, Some(0x001), 64),  // Qualcomm Oryon
    (0x61, None, 64),         // Apple
];

impl Profile {
    /// What `DC ZVA` does: from the register `DCZID_EL0` (bits 3:0 the logarithm of the block's words,
    /// bit 4 prohibited), else from the part number in `MIDR_EL1` where that settles it. Where cores
    /// differ in it, it is unknown: a task runs now on one, now on another.
    #[must_use]
    pub fn zva(&self) -> Zva {
        if !self.cores_agree_in("DCZID_EL0") {
            return Zva::Unknown;
        }
        if let Some(dczid) = self.registers.get("DCZID_EL0") {
            let log2_words = u32::try_from(dczid & 0xf).unwrap_or(0);
            return match (dczid & 0x10 != 0, 4_u64.checked_shl(log2_words)) {
                (true, _) => Zva::Prohibited,
                (false, Some(bytes)) => Zva::Bytes(bytes),
                (false, None) => Zva::Unknown,
            };
        }
        let Some((implementer, part)) = self.cpu_design() else {
            return Zva::Unknown;
        };
        BY_PART
            .iter()
            .find(|(maker, number, _)| {
                *maker == implementer && number.is_none_or(|number| number == part)
            })
            .map_or(Zva::Unknown, |(_, _, bytes)| Zva::Bytes(*bytes))
    }

    /// Implementer and part number of `MIDR_EL1`: the CPU design, whatever its revision.
    #[must_use]
    pub fn cpu_design(&self) -> Option<(u64, u64)> {
        let midr = self.registers.get("MIDR_EL1")?;
        Some((midr >> 24 & 0xff, midr >> 4 & 0xfff))
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
