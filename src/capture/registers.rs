//! Where each register of a profile is read.

use crate::profile::schema::load;

/// Who answers `MRS` in a program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mrs {
    /// The kernel, where it sets HWCAP_CPUID: `is_emulated` of `arch/arm64/kernel/cpufeature.c`, registers
    /// with op0 3, op1 0, CRn 0 and CRm 0 or 2 to 7. What it does not show reads as zero.
    Emulated,
    /// The core itself, or the kernel in its place where cores differ.
    Direct,
}

/// Where a register is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Register {
    /// Its name, as profiles spell it.
    pub name: &'static str,
    /// How a program reads it.
    pub mrs: Option<Mrs>,
    /// Its file in /sys/devices/system/cpu/cpuN/regs/identification, which shows it core by core and outranks
    /// `MRS`.
    pub sysfs: Option<&'static str>,
    /// Whether cores of one machine can differ in it; the kernel shows one and the same value of the others.
    pub by_core: bool,
}

const fn id(name: &'static str) -> Register {
    Register {
        name,
        mrs: Some(Mrs::Emulated),
        sysfs: None,
        by_core: false,
    }
}

const fn own(name: &'static str, mrs: Option<Mrs>, sysfs: Option<&'static str>) -> Register {
    Register {
        name,
        mrs,
        sysfs,
        by_core: true,
    }
}

/// Every register a profile can have ([`load::REGISTERS`]).
pub const TABLE: [Register; load::REGISTERS.len()] = [
    own("MIDR_EL1", Some(Mrs::Emulated), Some("midr_el1")),
    id("MPIDR_EL1"),
    // The kernel emulates it too, but as zero whatever it is.
    own("REVIDR_EL1", None, Some("revidr_el1")),
    own("AIDR_EL1", None, Some("aidr_el1")),
    own("SMIDR_EL1", None, Some("smidr_el1")),
    id("ID_AA64PFR0_EL1"),
    id("ID_AA64PFR1_EL1"),
    id("ID_AA64PFR2_EL1"),
    id("ID_AA64ZFR0_EL1"),
    id("ID_AA64SMFR0_EL1"),
    id("ID_AA64FPFR0_EL1"),
    id("ID_AA64DFR0_EL1"),
    id("ID_AA64DFR1_EL1"),
    id("ID_AA64DFR2_EL1"),
    id("ID_AA64AFR0_EL1"),
    id("ID_AA64AFR1_EL1"),
    id("ID_AA64ISAR0_EL1"),
    id("ID_AA64ISAR1_EL1"),
    id("ID_AA64ISAR2_EL1"),
    id("ID_AA64ISAR3_EL1"),
    id("ID_AA64MMFR0_EL1"),
    id("ID_AA64MMFR1_EL1"),
    id("ID_AA64MMFR2_EL1"),
    id("ID_AA64MMFR3_EL1"),
    id("ID_AA64MMFR4_EL1"),
    own("CTR_EL0", Some(Mrs::Direct), None),
    own("DCZID_EL0", Some(Mrs::Direct), None),
    own("CNTFRQ_EL0", Some(Mrs::Direct), None),
];
