//! Registers in words, where hwcr draws something from them.

use crate::profile::{CacheType, PAUTH_FIELDS, Zva, design_name, hertz, model::Profile};

/// Makers by the implementer code of MIDR_EL1 (Arm Architecture Reference Manual, MIDR_EL1.Implementer).
const MAKERS: &[(u64, &str)] = &[
    (0x41, "Arm"),
    (0x42, "Broadcom"),
    (0x43, "Cavium"),
    (0x46, "Fujitsu"),
    (0x48, "HiSilicon"),
    (0x4e, "NVIDIA"),
    (0x50, "Applied Micro"),
    (0x51, "Qualcomm"),
    (0x61, "Apple"),
    (0x6d, "Microsoft"),
    (0xc0, "Ampere"),
];

/// What a register says, where hwcr uses it.
#[must_use]
pub fn decoded(name: &str, value: u64) -> Option<String> {
    match name {
        "MIDR_EL1" => Some(midr(value)),
        "DCZID_EL0" => match Zva::of_dczid(value) {
            Zva::Bytes(bytes) => Some(format!("DC ZVA zeroes {bytes} bytes")),
            Zva::Prohibited => Some("DC ZVA is prohibited".to_owned()),
            Zva::Unknown => None,
        },
        "CNTFRQ_EL0" => Some(format!("the counter runs at {}", hertz(value))),
        "CTR_EL0" => {
            let caches = CacheType::of_ctr(value);
            Some(format!(
                "data lines of {} bytes, instruction lines of {} bytes, IDC {}, DIC {}",
                caches.data_line,
                caches.instruction_line,
                u8::from(caches.no_clean),
                u8::from(caches.no_invalidate)
            ))
        }
        _ => pauth(name, value),
    }
}

fn midr(value: u64) -> String {
    let field = |shift: u32, mask: u64| value.checked_shr(shift).unwrap_or(0) & mask;
    let maker = field(24, 0xff);
    let name = MAKERS
        .iter()
        .find(|(code, _)| *code == maker)
        .map_or(String::new(), |(_, name)| format!(" ({name})"));
    let part = design_name(value).map_or(String::new(), |name| format!(" ({name})"));
    format!(
        "implementer {maker:#04x}{name}, part {:#05x}{part}, r{}p{}",
        field(4, 0xfff),
        field(20, 0xf),
        field(0, 0xf)
    )
}

/// The pointer-authentication fields of an ID register that are not zero.
fn pauth(name: &str, value: u64) -> Option<String> {
    let fields: Vec<_> = PAUTH_FIELDS
        .iter()
        .filter(|field| field.register == name)
        .collect();
    if fields.is_empty() {
        return None;
    }
    let set: Vec<String> = fields
        .iter()
        .filter_map(|field| {
            let bits = value.checked_shr(field.shift)? & 0xf;
            (bits != 0).then(|| format!("{} {bits} ({})", field.name, field.algorithm))
        })
        .collect();
    Some(if set.is_empty() {
        let names: Vec<&str> = fields.iter().map(|field| field.name).collect();
        format!("{} are 0", names.join(", "))
    } else {
        set.join(", ")
    })
}

/// Where the block size of DC ZVA comes from, for people.
#[must_use]
pub fn zva_ground(machine: &Profile) -> &'static str {
    match machine.zva() {
        Zva::Unknown if !machine.cores_agree_in("DCZID_EL0") => "its cores differ in DCZID_EL0",
        Zva::Unknown => "neither DCZID_EL0 nor MIDR_EL1 tells",
        Zva::Bytes(_) | Zva::Prohibited if machine.registers.contains_key("DCZID_EL0") => {
            "DCZID_EL0"
        }
        Zva::Bytes(_) | Zva::Prohibited => "the part number in MIDR_EL1",
    }
}
