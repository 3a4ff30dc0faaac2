//! Pointer authentication as the ID registers state it.
//!
//! Fields and values: `arch/arm64/tools/sysreg` of kernel 7.3. At most one of the three address
//! fields, and one of the three generic ones, is not zero; the value of an address field is the level.

use std::collections::BTreeMap;

use super::{PacAlgorithm, Pauth};

/// A field of an ID register.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Field {
    /// The register.
    pub register: &'static str,
    /// The field.
    pub name: &'static str,
    /// Its lowest bit; it has four.
    pub shift: u32,
    /// What it stands for, where it is not zero.
    pub algorithm: PacAlgorithm,
}

const fn field(
    register: &'static str,
    name: &'static str,
    shift: u32,
    algorithm: PacAlgorithm,
) -> Field {
    Field {
        register,
        name,
        shift,
        algorithm,
    }
}

const ISAR1: &str = "ID_AA64ISAR1_EL1";
const ISAR2: &str = "ID_AA64ISAR2_EL1";

/// The fields of pointer authentication: three for addresses, three for PACGA.
pub const PAUTH_FIELDS: [Field; 6] = [
    field(ISAR1, "APA", 4, PacAlgorithm::Qarma5),
    field(ISAR1, "API", 8, PacAlgorithm::Impdef),
    field(ISAR2, "APA3", 12, PacAlgorithm::Qarma3),
    field(ISAR1, "GPA", 24, PacAlgorithm::Qarma5),
    field(ISAR1, "GPI", 28, PacAlgorithm::Impdef),
    field(ISAR2, "GPA3", 8, PacAlgorithm::Qarma3),
];

/// What the registers say; `Err` names two fields that are both set.
pub(in crate::profile) fn pauth(registers: &BTreeMap<String, u64>) -> Result<Pauth, [Field; 2]> {
    let (address, generic) = PAUTH_FIELDS.split_at(3);
    let address = only(address, registers)?;
    let generic = only(generic, registers)?;
    Ok(Pauth {
        address: address.map(|(algorithm, _)| algorithm),
        generic: generic.map(|(algorithm, _)| algorithm),
        level: address.map(|(_, level)| level),
    })
}

/// The one field that is set, with its value; `none` only when both registers are known.
fn only(
    fields: &[Field],
    registers: &BTreeMap<String, u64>,
) -> Result<Option<(PacAlgorithm, u8)>, [Field; 2]> {
    let value = |field: &Field| {
        let register = registers.get(field.register)?;
        u8::try_from(register.checked_shr(field.shift)? & 0xf).ok()
    };
    let mut found: Option<(Field, u8)> = None;
    for field in fields {
        match (value(field), found) {
            (None | Some(0), _) => {}
            (Some(_), Some((first, _))) => return Err([first, *field]),
            (Some(level), None) => found = Some((*field, level)),
        }
    }
    let complete = fields.iter().all(|field| value(field).is_some());
    Ok(match found {
        Some((field, level)) => Some((field.algorithm, level)),
        None => complete.then_some((PacAlgorithm::None, 0)),
    })
}
