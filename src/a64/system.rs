//! System registers, and what hides behind SYS: cache maintenance and the like.
//!
//! Names and numbers are those of the Arm Architecture Reference Manual (DDI 0487); what a program may use, and what the kernel
//! does where a CPU has no such register, is that of Linux 7.3 (`arch/arm64/kernel/cpufeature.c` for ID registers,
//! `arch/arm64/kernel/traps.c` `el0_sys` for the others).

use super::fields::{bit, bits};
use super::need::{Need, Unreported, any};
use super::{Instruction, What};

/// A system register by its number: op0, op1, CRn, CRm and op2, as in bits 20 to 5 of MRS.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SystemRegister(u32);

/// What an instruction does with the system.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SystemAccess {
    /// Reads a register.
    Read(SystemRegister),
    /// Writes a register, or a field of PSTATE.
    Write(SystemRegister),
    /// Has something done: cache maintenance and the like.
    Operation(Operation),
}

/// An operation of SYS or SYSL, by op1, CRn, CRm and op2.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Operation(u32);

/// A row: number, name, and what a program needs to use it.
struct Row(u32, &'static str, Need);

const fn number(op0: u32, op1: u32, crn: u32, crm: u32, op2: u32) -> u32 {
    op0 << 14 | op1 << 11 | crn << 7 | crm << 3 | op2
}

/// The frequency of the generic timer's counter.
const CNTFRQ: u32 = number(3, 3, 14, 0, 0);
/// Lengths of cache lines.
const CTR: u32 = number(3, 3, 0, 0, 1);

/// Registers that programs can read or write, and fields of PSTATE (op0 is 0). The kernel lets no program use others, but
/// shows ID registers where HWCAP has `cpuid`.
static REGISTERS: [Row; 51] = [
    Row(CTR, "CTR_EL0", Need::Base),
    Row(number(3, 3, 0, 0, 7), "DCZID_EL0", Need::Base),
    Row(number(3, 3, 2, 4, 0), "RNDR", any!(rng)),
    Row(number(3, 3, 2, 4, 1), "RNDRRS", any!(rng)),
    Row(number(3, 3, 2, 5, 1), "GCSPR_EL0", any!(gcs)),
    Row(number(3, 3, 4, 2, 0), "NZCV", Need::Base),
    Row(number(3, 3, 4, 2, 1), "DAIF", Need::Privileged),
    Row(number(3, 3, 4, 2, 2), "SVCR", any!(sme)),
    Row(number(3, 3, 4, 2, 5), "DIT", any!(dit)),
    Row(number(3, 3, 4, 2, 6), "SSBS", any!(ssbs)),
    Row(number(3, 3, 4, 2, 7), "TCO", any!(mte)),
    Row(number(3, 3, 4, 4, 0), "FPCR", any!(fp)),
    Row(number(3, 3, 4, 4, 1), "FPSR", any!(fp)),
    Row(number(3, 3, 4, 4, 2), "FPMR", any!(fpmr)),
    Row(number(3, 3, 4, 5, 0), "DSPSR_EL0", Need::Privileged),
    Row(number(3, 3, 4, 5, 1), "DLR_EL0", Need::Privileged),
    Row(number(3, 3, 9, 12, 0), "PMCR_EL0", PMU),
    Row(number(3, 3, 9, 12, 1), "PMCNTENSET_EL0", PMU),
    Row(number(3, 3, 9, 12, 2), "PMCNTENCLR_EL0", PMU),
    Row(number(3, 3, 9, 12, 3), "PMOVSCLR_EL0", PMU),
    Row(number(3, 3, 9, 12, 4), "PMSWINC_EL0", PMU),
    Row(number(3, 3, 9, 12, 5), "PMSELR_EL0", PMU),
    Row(number(3, 3, 9, 12, 6), "PMCEID0_EL0", PMU),
    Row(number(3, 3, 9, 12, 7), "PMCEID1_EL0", PMU),
    Row(number(3, 3, 9, 13, 0), "PMCCNTR_EL0", PMU),
    Row(number(3, 3, 9, 13, 1), "PMXEVTYPER_EL0", PMU),
    Row(number(3, 3, 9, 13, 2), "PMXEVCNTR_EL0", PMU),
    Row(number(3, 3, 9, 14, 0), "PMUSERENR_EL0", PMU),
    Row(number(3, 3, 9, 14, 3), "PMOVSSET_EL0", PMU),
    Row(number(3, 3, 10, 2, 4), "POR_EL0", any!(poe)),
    Row(number(3, 3, 13, 0, 2), "TPIDR_EL0", Need::Base),
    Row(number(3, 3, 13, 0, 3), "TPIDRRO_EL0", Need::Base),
    Row(number(3, 3, 13, 0, 5), "TPIDR2_EL0", any!(sme)),
    Row(number(3, 3, 13, 0, 7), "SCXTNUM_EL0", CSV2),
    Row(CNTFRQ, "CNTFRQ_EL0", Need::Base),
    Row(number(3, 3, 14, 0, 1), "CNTPCT_EL0", Need::Privileged),
    Row(number(3, 3, 14, 0, 2), "CNTVCT_EL0", Need::Base),
    Row(number(3, 3, 14, 0, 5), "CNTPCTSS_EL0", Need::Privileged),
    Row(number(3, 3, 14, 0, 6), "CNTVCTSS_EL0", any!(ecv)),
    Row(number(2, 3, 0, 1, 0), "MDCCSR_EL0", DEBUG),
    Row(number(2, 3, 0, 4, 0), "DBGDTR_EL0", DEBUG),
    Row(number(2, 3, 0, 5, 0), "DBGDTRRX_EL0", DEBUG),
    // MSR with a number: fields of PSTATE. Of SVCRSM, CRm tells whether streaming mode, ZA or both start or stop.
    Row(number(0, 3, 4, 0, 1), "SSBS", any!(ssbs)),
    Row(number(0, 3, 4, 0, 2), "DIT", any!(dit)),
    Row(number(0, 3, 4, 0, 3), "SVCRSM", any!(sme)),
    Row(number(0, 3, 4, 0, 4), "TCO", any!(mte)),
    Row(number(0, 0, 4, 0, 0), "CFINV", any!(flagm)),
    Row(number(0, 0, 4, 0, 1), "XAFLAG", any!(flagm2)),
    Row(number(0, 0, 4, 0, 2), "AXFLAG", any!(flagm2)),
    Row(number(0, 3, 4, 0, 6), "DAIFSet", Need::Privileged),
    Row(number(0, 3, 4, 0, 7), "DAIFClr", Need::Privileged),
];

/// Programs may read counters where perf has them for themselves (`kernel.perf_user_access`).
const PMU: Need = Need::Unreported(Unreported {
    feature: "FEAT_PMUv3",
    field: "ID_AA64DFR0_EL1.PMUVer",
});
const CSV2: Need = Need::Unreported(Unreported {
    feature: "FEAT_CSV2_2",
    field: "ID_AA64PFR0_EL1.CSV2",
});
const DEBUG: Need = Need::Unreported(Unreported {
    feature: "the debug communications channel",
    field: "MDSCR_EL1.TDCC",
});
const SPECRES: Need = Need::Unreported(Unreported {
    feature: "FEAT_SPECRES",
    field: "ID_AA64ISAR1_EL1.SPECRES",
});

/// Operations that programs can have done (op0 is 1). Others trap.
static OPERATIONS: [Row; 26] = [
    Row(number(1, 3, 7, 4, 1), "dc zva", Need::Base),
    Row(number(1, 3, 7, 4, 3), "dc gva", any!(mte)),
    Row(number(1, 3, 7, 4, 4), "dc gzva", any!(mte)),
    Row(number(1, 3, 7, 5, 1), "ic ivau", Need::Base),
    Row(number(1, 3, 7, 10, 1), "dc cvac", Need::Base),
    Row(number(1, 3, 7, 10, 3), "dc cgvac", any!(mte)),
    Row(number(1, 3, 7, 10, 5), "dc cgdvac", any!(mte)),
    Row(number(1, 3, 7, 11, 1), "dc cvau", Need::Base),
    Row(number(1, 3, 7, 12, 1), "dc cvap", any!(dcpop)),
    Row(number(1, 3, 7, 12, 3), "dc cgvap", any!(mte dcpop)),
    Row(number(1, 3, 7, 12, 5), "dc cgdvap", any!(mte dcpop)),
    Row(number(1, 3, 7, 13, 1), "dc cvadp", any!(dcpodp)),
    Row(number(1, 3, 7, 13, 3), "dc cgvadp", any!(mte dcpodp)),
    Row(number(1, 3, 7, 13, 5), "dc cgdvadp", any!(mte dcpodp)),
    Row(number(1, 3, 7, 14, 1), "dc civac", Need::Base),
    Row(number(1, 3, 7, 14, 3), "dc cigvac", any!(mte)),
    Row(number(1, 3, 7, 14, 5), "dc cigdvac", any!(mte)),
    Row(number(1, 3, 7, 3, 4), "cfp rctx", SPECRES),
    Row(number(1, 3, 7, 3, 5), "dvp rctx", SPECRES),
    Row(number(1, 3, 7, 3, 6), "cosp rctx", SPECRES),
    Row(number(1, 3, 7, 3, 7), "cpp rctx", SPECRES),
    Row(number(1, 3, 7, 7, 0), "gcspushm", any!(gcs)),
    Row(number(1, 3, 7, 7, 1), "gcspopm", any!(gcs)),
    Row(number(1, 3, 7, 7, 2), "gcsss1", any!(gcs)),
    Row(number(1, 3, 7, 7, 3), "gcsss2", any!(gcs)),
    Row(number(1, 3, 7, 2, 7), "trcit", ITE),
];

const ITE: Need = Need::Unreported(Unreported {
    feature: "FEAT_ITE",
    field: "ID_AA64DFR1_EL1.ITE",
});

impl SystemRegister {
    /// CNTFRQ_EL0: the frequency of the counter.
    pub const COUNTER_FREQUENCY: Self = Self(CNTFRQ);
    /// CTR_EL0: cache lines.
    pub const CACHE_TYPE: Self = Self(CTR);

    /// The one that a word of the system group names. A field of PSTATE has no CRm of its own: that is the number written.
    pub(super) fn of(word: u32) -> Self {
        let number = bits(word, 5, 16);
        let field = bits(word, 19, 2) == 0 && bits(word, 12, 4) == 4;
        Self(if field { number & !(0xf << 3) } else { number })
    }

    /// Its name, if programs may use it.
    #[must_use]
    pub fn name(self) -> Option<&'static str> {
        named(&REGISTERS, self.0).map(|row| row.1)
    }

    /// Whether it is an ID register, which the kernel reads for programs (HWCAP `cpuid`).
    #[must_use]
    pub fn is_id(self) -> bool {
        let Self(number) = self;
        // op0 3, op1 0, CRn 0: MIDR, MPIDR, REVIDR, and CRm 1 to 7.
        number >> 7 == number_of_id()
    }

    /// Whether it is an ID register that the kernel does show (`is_emulated`, `emulate_id_reg`): MIDR, MPIDR, REVIDR, and
    /// CRm 2 to 7.
    fn is_shown(self) -> bool {
        let Self(number) = self;
        let shown = match (bits(number, 3, 4), bits(number, 0, 3)) {
            (0, op2) => matches!(op2, 0 | 5 | 6),
            (crm, _) => (2..=7).contains(&crm),
        };
        self.is_id() && shown
    }
}

const fn number_of_id() -> u32 {
    number(3, 0, 0, 0, 0) >> 7
}

impl Operation {
    /// Its name, if programs may have it done.
    #[must_use]
    pub fn name(self) -> Option<&'static str> {
        named(&OPERATIONS, self.0).map(|row| row.1)
    }
}

fn named(rows: &'static [Row], number: u32) -> Option<&'static Row> {
    rows.iter().find(|row| row.0 == number)
}

impl Instruction {
    /// What it does with the system, if anything.
    #[must_use]
    pub fn system_access(&self) -> Option<SystemAccess> {
        let What::Defined(definition) = self.what else {
            return None;
        };
        let register = || SystemRegister::of(self.word);
        Some(match definition.mnemonic {
            "mrs" | "mrrs" => SystemAccess::Read(register()),
            "msr" | "msrr" => SystemAccess::Write(register()),
            "sys" | "sysl" | "sysp" => SystemAccess::Operation(Operation(bits(self.word, 5, 16))),
            _ => return None,
        })
    }
}

/// Registers that programs can only read.
const READ_ONLY: [u32; 8] = [
    CTR,
    number(3, 3, 0, 0, 7),  // DCZID_EL0
    number(3, 3, 2, 4, 0),  // RNDR
    number(3, 3, 2, 4, 1),  // RNDRRS
    number(3, 3, 13, 0, 3), // TPIDRRO_EL0
    CNTFRQ,
    number(3, 3, 14, 0, 2), // CNTVCT_EL0
    number(3, 3, 14, 0, 6), // CNTVCTSS_EL0
];
/// Operations with a result (SYSL): GCSPOPM and GCSSS2. The others are those of SYS.
const WITH_RESULT: [u32; 2] = [number(1, 3, 7, 7, 1), number(1, 3, 7, 7, 3)];

/// What an instruction that names a system register or an operation needs.
pub(super) fn need(word: u32) -> Need {
    let register = SystemRegister::of(word);
    let SystemRegister(number) = register;
    let (group, reads) = (bits(word, 19, 2), bit(word, 21));
    let allowed = match group {
        // Fields of PSTATE have no encoding that reads.
        0 => !reads,
        1 => reads == WITH_RESULT.contains(&number),
        _ => reads || !READ_ONLY.contains(&number),
    };
    let rows: &'static [Row] = if group == 1 { &OPERATIONS } else { &REGISTERS };
    match named(rows, number) {
        Some(row) if allowed => row.2,
        None if reads && register.is_shown() => any!(cpuid),
        _ => Need::Privileged,
    }
}
