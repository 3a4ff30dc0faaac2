//! CPU designs: what a core has, whatever kernel or hypervisor runs on it. A hypervisor can hide some of
//! it, and show nothing that the core does not have.

use crate::auxv::hwcap::{self, HwcapBit, HwcapWord};
use crate::profile::model::{Basis, Profile};
use crate::units::Vl;

/// One design, as implementer and part number of `MIDR_EL1` name it.
#[derive(Debug)]
pub(in crate::profile) struct Design {
    implementer: u64,
    /// `None` where a statement holds for all parts of a maker.
    part: Option<u64>,
    /// Its name as `lscpu` of util-linux 2.42 prints it; empty where it has none of its own.
    pub(in crate::profile) name: &'static str,
    /// Block size of `DC ZVA`, bytes.
    pub(in crate::profile) zva: Option<u64>,
    /// Every SVE length of the core, ascending; empty where it has no SVE under any kernel.
    pub(in crate::profile) sve: Option<&'static [Vl]>,
    /// Whether the core can have pointer authentication.
    pub(in crate::profile) pauth: Pauth,
}

/// Whether a core can have pointer authentication.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::profile) enum Pauth {
    /// It has none under any kernel.
    Never,
    /// A kernel can offer it, as far as is known.
    Maybe,
}

use Pauth::{Maybe, Never};

const fn design(
    implementer: u64,
    part: u64,
    name: &'static str,
    zva: Option<u64>,
    sve: Option<&'static [Vl]>,
    pauth: Pauth,
) -> Design {
    Design {
        implementer,
        part: Some(part),
        name,
        zva,
        sve,
        pauth,
    }
}

/// A core without SVE.
const NO_SVE: Option<&[Vl]> = Some(&[]);
/// The only length of a core with 128-bit vectors.
const TO_16: Option<&[Vl]> = Some(&[Vl(16)]);
/// A core that has a length has every power of two below it (Arm ARM, "vector length" of SVE).
const TO_32: Option<&[Vl]> = Some(&[Vl(16), Vl(32)]);
const TO_64: Option<&[Vl]> = Some(&[Vl(16), Vl(32), Vl(64)]);

/// The designs.
///
/// * Block sizes: A64FX, N1, V1 and N2 as `target/arm/tcg/cpu64.c` of QEMU 11 models them; Apple and
///   Oryon as their machines report it.
/// * Vector lengths: V1 and A64FX from the same file, N2 and V2 from archspec-json issue 97.
/// * No SVE: it is an option of Armv8.2, so that no core of Armv8.0 or Armv8.1 has it (A35, A53, A57, A72, A73,
///   ThunderX, ThunderX2, X-Gene and eMAG); of later cores those whose ID_AA64PFR0_EL1.SVE is 0 as QEMU 11 models them
///   (A55, A76, N1), and those of which LLVM's llvm/lib/Target/AArch64/AArch64Processors.td (2026) lists every extension
///   and no SVE (TSV110, AppleA14, AppleA15, Ampere1, Ampere1A).
/// * No pointer authentication: it cannot be added to Armv8.0 or Armv8.1 (A35, A53, A57, A72, A73,
///   ThunderX, ThunderX2, X-Gene and eMAG); of later cores those whose ID registers show none (A55 and
///   A76 as QEMU 11 models them, A64FX likewise, N1 on an Ampere Altra: lelegard/arm-cpusysregs@eda2988
///   collect/ampere-altra-host-ubuntu). Where nobody showed it, it is `Maybe`.
/// * None of the parts listed by number has FEAT_S1POE, which came with Armv8.9 and Armv9.4 and can be
///   added to the versions before these: all are of Armv8.7, Armv9.2 or older.
#[rustfmt::skip] // one row, one line
static DESIGNS: &[Design] = &[
    design(0x41, 0xd03, "Cortex-A53",     None,      NO_SVE, Never),
    design(0x41, 0xd04, "Cortex-A35",     None,      NO_SVE, Never),
    design(0x41, 0xd05, "Cortex-A55",     None,      NO_SVE, Never),
    design(0x41, 0xd07, "Cortex-A57",     None,      NO_SVE, Never),
    design(0x41, 0xd08, "Cortex-A72",     None,      NO_SVE, Never),
    design(0x41, 0xd09, "Cortex-A73",     None,      NO_SVE, Never),
    design(0x41, 0xd0b, "Cortex-A76",     None,      NO_SVE, Never),
    design(0x41, 0xd0c, "Neoverse-N1",    Some(64),  NO_SVE, Never),
    design(0x41, 0xd40, "Neoverse-V1",    Some(64),  TO_32, Maybe),
    design(0x41, 0xd47, "Cortex-A710",    None,      None,  Maybe),
    design(0x41, 0xd49, "Neoverse-N2",    Some(64),  TO_16, Maybe),
    design(0x41, 0xd4f, "Neoverse-V2",    None,      TO_16, Maybe),
    design(0x41, 0xd83, "Neoverse-V3AE",  None,      None,  Maybe),
    design(0x41, 0xd85, "Cortex-X925",    None,      None,  Maybe),
    design(0x41, 0xd87, "Cortex-A725",    None,      None,  Maybe),
    design(0x43, 0x0a1, "ThunderX-88XX",  None,      NO_SVE, Never),
    design(0x43, 0x0af, "ThunderX2-99xx", None,      NO_SVE, Never),
    design(0x46, 0x001, "A64FX",          Some(256), TO_64, Never),
    design(0x48, 0xd01, "TaiShan-v110",   None,      NO_SVE, Maybe),
    design(0x50, 0x000, "X-Gene",         None,      NO_SVE, Never),
    design(0x51, 0x001, "Oryon",          Some(64),  None,  Maybe),
    design(0x61, 0x022, "Icestorm-M1",    Some(64),  NO_SVE, Maybe),
    design(0x61, 0x023, "Firestorm-M1",   Some(64),  NO_SVE, Maybe),
    design(0x61, 0x032, "Blizzard-M2",    Some(64),  NO_SVE, Maybe),
    design(0x61, 0x033, "Avalanche-M2",   Some(64),  NO_SVE, Maybe),
    Design { implementer: 0x61, part: None, name: "", zva: Some(64), sve: None, pauth: Maybe }, // Apple
    design(0xc0, 0xac3, "Ampere-1",       None,      NO_SVE, Maybe),
    design(0xc0, 0xac4, "Ampere-1a",      None,      NO_SVE, Maybe),
];

/// Features that kill tasks by being there, or make restores hang by not being there.
static KILLERS: [&HwcapBit; 3] = [hwcap::PACA, hwcap::PACG, hwcap::POE];

/// Features that came with Armv9.2 or later, and cannot be added to older versions: FEAT_SME and FEAT_FPMR are options of
/// Armv9.2, FEAT_GCS of Armv9.3 (Arm ARM DDI 0487, A2). No part listed by number is of a later version than Armv9.2.
static OF_ARMV9_2: [&HwcapBit; 4] = [hwcap::SME, hwcap::SME2, hwcap::FPMR, hwcap::GCS];
/// Parts of Armv9.2: Neoverse V3AE, Cortex-X925, Cortex-A725.
const ARMV9_2: [u64; 3] = [0xd83, 0xd85, 0xd87];

/// Implementer and part number of a value of `MIDR_EL1`.
fn split(midr: u64) -> (u64, u64) {
    (midr >> 24 & 0xff, midr >> 4 & 0xfff)
}

/// The name of the core with this `MIDR_EL1`, as `lscpu` prints it.
#[must_use]
pub fn design_name(midr: u64) -> Option<&'static str> {
    Design::of(midr)
        .map(|design| design.name)
        .filter(|name| !name.is_empty())
}

impl Design {
    /// The design of a core with this `MIDR_EL1`, whatever its revision.
    pub(in crate::profile) fn of(midr: u64) -> Option<&'static Self> {
        let (implementer, part) = split(midr);
        DESIGNS.iter().find(|design| {
            design.implementer == implementer && design.part.is_none_or(|only| only == part)
        })
    }

    /// Whether a core of this design can have a feature; where nobody showed that it cannot, it may.
    fn may_have(&self, bit: &HwcapBit) -> bool {
        match bit.word {
            HwcapWord::Hwcap if [hwcap::PACA.bit, hwcap::PACG.bit].contains(&bit.bit) => {
                self.pauth == Maybe
            }
            HwcapWord::Hwcap if bit.bit == hwcap::SVE.bit => {
                self.sve.is_none_or(|lengths| !lengths.is_empty())
            }
            _ if bit == hwcap::POE => self.part.is_none(),
            _ if OF_ARMV9_2.contains(&bit) => self.part.is_none_or(|part| ARMV9_2.contains(&part)),
            _ => true,
        }
    }

    /// The part a maker sells under a name of `lscpu`.
    pub(in crate::profile) fn part_of(implementer: u64, name: &str) -> Option<u64> {
        DESIGNS
            .iter()
            .filter(|design| design.implementer == implementer && !design.name.is_empty())
            .find(|design| design.name == name)?
            .part
    }
}

/// `MIDR_EL1` from its fields; the architecture field of every arm64 core is 0xf ("see the ID registers").
pub(in crate::profile) fn midr(implementer: u64, variant: u64, part: u64, revision: u64) -> u64 {
    (implementer & 0xff) << 24
        | (variant & 0xf) << 20
        | 0xf << 16
        | (part & 0xfff) << 4
        | revision & 0xf
}

impl Profile {
    /// `MIDR_EL1` of every kind of core; empty where that of any of them is not known.
    fn midrs(&self) -> Vec<u64> {
        let all = self.registers.get("MIDR_EL1");
        if self.cores_agree_in("MIDR_EL1") {
            return all.into_iter().copied().collect();
        }
        let kinds = self.cores.iter();
        let midrs = kinds.map(|kind| kind.registers.get("MIDR_EL1").or(all).copied());
        midrs.collect::<Option<Vec<_>>>().unwrap_or_default()
    }

    /// The designs of all its cores; `None` where one of them is not known.
    pub(in crate::profile) fn designs(&self) -> Option<Vec<&'static Design>> {
        let midrs = self.midrs();
        let designs = midrs.iter().map(|midr| Design::of(*midr));
        designs
            .collect::<Option<Vec<_>>>()
            .filter(|all| !all.is_empty())
    }

    /// Implementer and part number of `MIDR_EL1`: the CPU design, whatever its revision; `None` where cores
    /// differ.
    #[must_use]
    pub fn cpu_design(&self) -> Option<(u64, u64)> {
        let midr = self.registers.get("MIDR_EL1");
        midr.filter(|_| self.cores_agree_in("MIDR_EL1"))
            .map(|midr| split(*midr))
    }

    /// Whether a kernel could offer a feature on these cores, whatever this profile says the one it describes does:
    /// not where every core is of a design without it. A design that is not known may have everything.
    #[must_use]
    pub fn cores_may_have(&self, bit: &HwcapBit) -> bool {
        self.designs()
            .is_none_or(|all| all.iter().any(|design| design.may_have(bit)))
    }

    /// Whether every core is of a design whose SVE lengths are known, and none has this one.
    #[must_use]
    pub fn cores_exclude_length(&self, vl: Vl) -> bool {
        let without = |design: &&Design| design.sve.is_some_and(|lengths| !lengths.contains(&vl));
        self.designs().is_some_and(|all| all.iter().all(without))
    }

    /// Whether this profile lacks a feature for certain. What somebody published of such a machine and what a checkpoint
    /// shows are no proof: kernel, hypervisor and firmware decide what the machine offers. There only a core that cannot
    /// have the feature is. What a text said that was printed on the machine is proof, except of the features that kill
    /// by being there: a newer kernel than the one that printed it may offer them.
    #[must_use]
    pub fn surely_lacks(&self, bit: &HwcapBit) -> bool {
        let doubtful =
            self.is_hearsay() || self.basis == Some(Basis::Imported) && KILLERS.contains(&bit);
        self.hwcaps.has(bit) == Some(false) && (!doubtful || !self.cores_may_have(bit))
    }

    /// Whether the profile lists what the machine offers without the feature, though it may have it.
    #[must_use]
    pub fn may_hide(&self, bit: &HwcapBit) -> bool {
        self.hwcaps.has(bit) == Some(false) && !self.surely_lacks(bit)
    }

    /// Whether the profile says what is true of such a machine, not what was asked of this one.
    #[must_use]
    pub fn is_hearsay(&self) -> bool {
        matches!(self.basis, Some(Basis::Published | Basis::Inferred))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::profile::model::Source;

    #[test]
    fn a_midr_names_its_design_whatever_the_revision() {
        for (midr, name) in [
            (0x411f_d401, "Neoverse-V1"),
            (0x461f_0010, "A64FX"),
            (0x611f_0231, "Firestorm-M1"),
            (0x510f_0010, "Oryon"),
        ] {
            assert_eq!(Design::of(midr).unwrap().name, name, "{midr:#x}");
        }
        assert!(Design::of(0x000f_0510).is_none());
        assert_eq!(Design::part_of(0x41, "Neoverse-V1"), Some(0xd40));
        assert_eq!(Design::part_of(0x48, "Neoverse-V1"), None);
        assert_eq!(Design::part_of(0x61, ""), None);
        assert_eq!(midr(0xc0, 0, 0xac3, 1), 0xc00f_ac31);
    }

    #[test]
    fn names_and_numbers_are_unique_and_lengths_complete() {
        for (index, one) in DESIGNS.iter().enumerate() {
            for other in DESIGNS.iter().skip(index.saturating_add(1)) {
                let same = (one.implementer, one.part) == (other.implementer, other.part);
                assert!(!same && (one.name.is_empty() || one.name != other.name));
            }
            let powers = |all: &[Vl]| {
                (4..=8)
                    .map(|log2| Vl(1 << log2))
                    .zip(all)
                    .all(|(a, b)| a == *b)
            };
            assert!(one.sve.is_none_or(powers), "{}", one.name);
        }
    }

    #[test]
    fn what_is_not_known_of_a_core_may_be_there() {
        let with = |midrs: &[u64]| {
            let mut profile = Profile::unknown("test", Source::BuiltIn);
            profile.cores = midrs
                .iter()
                .map(|midr| crate::profile::model::Cores {
                    cpus: "0".to_owned(),
                    registers: [("MIDR_EL1".to_owned(), *midr)].into(),
                })
                .collect();
            (
                profile.cores_may_have(hwcap::PACA),
                profile.cores_may_have(hwcap::POE),
            )
        };
        assert_eq!(with(&[]), (true, true));
        assert_eq!(with(&[0x410f_d034]), (false, false));
        assert_eq!(with(&[0x410f_d034, 0x411f_d401]), (true, false));
        assert_eq!(with(&[0x410f_d034, 0x000f_0510]), (true, true));
        assert_eq!(with(&[0x610f_0000]), (true, true));
    }

    #[test]
    fn a_kind_without_a_register_has_that_of_all() {
        let mut profile = Profile::unknown("test", Source::BuiltIn);
        profile.registers.insert("MIDR_EL1".to_owned(), 0x410f_d034);
        assert_eq!(profile.cpu_design(), Some((0x41, 0xd03)));
        let kind = |midr: Option<u64>| crate::profile::model::Cores {
            cpus: "0".to_owned(),
            registers: midr
                .map(|midr| ("MIDR_EL1".to_owned(), midr))
                .into_iter()
                .collect(),
        };
        profile.cores = vec![kind(None), kind(Some(0x411f_d401))];
        assert_eq!(profile.cpu_design(), None);
        assert_eq!(profile.midrs(), [0x410f_d034, 0x411f_d401]);
        assert!(profile.cores_may_have(hwcap::PACA));
    }
}
