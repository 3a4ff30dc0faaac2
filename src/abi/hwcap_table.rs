//! The HWCAP table of arm64 Linux 7.3 as data.
//!
//! Names and bit numbers: `arch/arm64/include/uapi/asm/hwcap.h`. Cpuinfo names: `hwcap_str` of
//! `arch/arm64/kernel/cpuinfo.c`. Fields and values: `arm64_elf_hwcaps` of
//! `arch/arm64/kernel/cpufeature.c` with the field positions of `arch/arm64/tools/sysreg`. Versions:
//! the first mainline release whose header or image has the bit; stable branches and distributions
//! backport some (5.10.223 has ECV, AFP and RPRES).
//!
//! A bit is set when the field of the system-wide, sanitised register is at least the value; "(with
//! SVE)" and "(with SME)" mark bits the kernel sets only when it offers that extension at all.
//!
//! Of bits 33 to 63 of AT_HWCAP, 48 to 61 are free, and 62 and 63 are libc's own: the kernel leaves
//! them 0 (`Documentation/arch/arm64/elf_hwcaps.rst`, section 4). AT_HWCAP4 has no bit yet.
//!
//! What a bit is used for ([`BitUse`]): almost always code that other machines cannot execute.
//! * DGH is `HINT #6`, which does nothing where it is not implemented.
//! * BTI landing pads are hints as well, but a loader that was told of BTI asks `mprotect` for
//!   `PROT_BTI`, which a kernel without it refuses: behaviour is relied upon, so it counts as code.
//! * RPRFM only prefetches, but its encoding is carved out of the PRFM space rather than the HINT
//!   space; until it is shown that every older CPU ignores it, it counts as code.
//! * EVTSTRM and CPUID tell what the kernel does and need no instruction of the CPU's.

use super::hwcap::{BitUse, HwcapBit, HwcapWord, IdField, ShownBy};
use crate::units::Version;
use BitUse::{Code, Hint, Kernel};

/// All bits that have a name, word by word, bits ascending: the order of `Features` in
/// /proc/cpuinfo.
pub static BITS: &[HwcapBit] = TABLE;

const fn v(major: u16, minor: u16) -> Version {
    Version::new(major, minor, 0)
}

const fn id(
    register: &'static str,
    name: &'static str,
    high: u32,
    low: u32,
    least: u64,
) -> IdField {
    IdField {
        register,
        name,
        high,
        low,
        least,
    }
}

const fn w1(
    bit: u8,
    name: &'static str,
    cpuinfo: &'static str,
    shown_by: ShownBy,
    feature: &'static str,
    since: Version,
    use_: BitUse,
) -> HwcapBit {
    HwcapBit {
        word: HwcapWord::Hwcap,
        bit,
        name,
        cpuinfo,
        shown_by,
        feature,
        since,
        use_,
    }
}

const fn w2(
    bit: u8,
    name: &'static str,
    cpuinfo: &'static str,
    shown_by: ShownBy,
    feature: &'static str,
    since: Version,
    use_: BitUse,
) -> HwcapBit {
    HwcapBit {
        word: HwcapWord::Hwcap2,
        bit,
        name,
        cpuinfo,
        shown_by,
        feature,
        since,
        use_,
    }
}

const fn w3(
    bit: u8,
    name: &'static str,
    cpuinfo: &'static str,
    shown_by: ShownBy,
    feature: &'static str,
    since: Version,
    use_: BitUse,
) -> HwcapBit {
    HwcapBit {
        word: HwcapWord::Hwcap3,
        bit,
        name,
        cpuinfo,
        shown_by,
        feature,
        since,
        use_,
    }
}

#[rustfmt::skip] // one row, one line
const TABLE: &[HwcapBit] = &[
    w1(0, "HWCAP_FP", "fp", ShownBy::Field(id("ID_AA64PFR0_EL1", "FP", 19, 16, 0b0000)), "FEAT_FP", v(3, 7), Code),
    w1(1, "HWCAP_ASIMD", "asimd", ShownBy::Field(id("ID_AA64PFR0_EL1", "AdvSIMD", 23, 20, 0b0000)), "FEAT_AdvSIMD", v(3, 7), Code),
    w1(2, "HWCAP_EVTSTRM", "evtstrm", ShownBy::Kernel("the kernel runs the event stream of the generic timer"), "-", v(3, 13), Kernel),
    w1(3, "HWCAP_AES", "aes", ShownBy::Field(id("ID_AA64ISAR0_EL1", "AES", 7, 4, 0b0001)), "FEAT_AES", v(3, 14), Code),
    w1(4, "HWCAP_PMULL", "pmull", ShownBy::Field(id("ID_AA64ISAR0_EL1", "AES", 7, 4, 0b0010)), "FEAT_PMULL", v(3, 14), Code),
    w1(5, "HWCAP_SHA1", "sha1", ShownBy::Field(id("ID_AA64ISAR0_EL1", "SHA1", 11, 8, 0b0001)), "FEAT_SHA1", v(3, 14), Code),
    w1(6, "HWCAP_SHA2", "sha2", ShownBy::Field(id("ID_AA64ISAR0_EL1", "SHA2", 15, 12, 0b0001)), "FEAT_SHA256", v(3, 14), Code),
    w1(7, "HWCAP_CRC32", "crc32", ShownBy::Field(id("ID_AA64ISAR0_EL1", "CRC32", 19, 16, 0b0001)), "FEAT_CRC32", v(3, 14), Code),
    w1(8, "HWCAP_ATOMICS", "atomics", ShownBy::Field(id("ID_AA64ISAR0_EL1", "ATOMIC", 23, 20, 0b0010)), "FEAT_LSE", v(4, 3), Code),
    w1(9, "HWCAP_FPHP", "fphp", ShownBy::Field(id("ID_AA64PFR0_EL1", "FP", 19, 16, 0b0001)), "FEAT_FP16", v(4, 6), Code),
    w1(10, "HWCAP_ASIMDHP", "asimdhp", ShownBy::Field(id("ID_AA64PFR0_EL1", "AdvSIMD", 23, 20, 0b0001)), "FEAT_FP16", v(4, 6), Code),
    w1(11, "HWCAP_CPUID", "cpuid", ShownBy::Kernel("the kernel answers MRS of ID registers"), "-", v(4, 11), Kernel),
    w1(12, "HWCAP_ASIMDRDM", "asimdrdm", ShownBy::Field(id("ID_AA64ISAR0_EL1", "RDM", 31, 28, 0b0001)), "FEAT_RDM", v(4, 11), Code),
    w1(13, "HWCAP_JSCVT", "jscvt", ShownBy::Field(id("ID_AA64ISAR1_EL1", "JSCVT", 15, 12, 0b0001)), "FEAT_JSCVT", v(4, 12), Code),
    w1(14, "HWCAP_FCMA", "fcma", ShownBy::Field(id("ID_AA64ISAR1_EL1", "FCMA", 19, 16, 0b0001)), "FEAT_FCMA", v(4, 12), Code),
    w1(15, "HWCAP_LRCPC", "lrcpc", ShownBy::Field(id("ID_AA64ISAR1_EL1", "LRCPC", 23, 20, 0b0001)), "FEAT_LRCPC", v(4, 12), Code),
    w1(16, "HWCAP_DCPOP", "dcpop", ShownBy::Field(id("ID_AA64ISAR1_EL1", "DPB", 3, 0, 0b0001)), "FEAT_DPB", v(4, 14), Code),
    w1(17, "HWCAP_SHA3", "sha3", ShownBy::Field(id("ID_AA64ISAR0_EL1", "SHA3", 35, 32, 0b0001)), "FEAT_SHA3", v(4, 15), Code),
    w1(18, "HWCAP_SM3", "sm3", ShownBy::Field(id("ID_AA64ISAR0_EL1", "SM3", 39, 36, 0b0001)), "FEAT_SM3", v(4, 15), Code),
    w1(19, "HWCAP_SM4", "sm4", ShownBy::Field(id("ID_AA64ISAR0_EL1", "SM4", 43, 40, 0b0001)), "FEAT_SM4", v(4, 15), Code),
    w1(20, "HWCAP_ASIMDDP", "asimddp", ShownBy::Field(id("ID_AA64ISAR0_EL1", "DP", 47, 44, 0b0001)), "FEAT_DotProd", v(4, 15), Code),
    w1(21, "HWCAP_SHA512", "sha512", ShownBy::Field(id("ID_AA64ISAR0_EL1", "SHA2", 15, 12, 0b0010)), "FEAT_SHA512", v(4, 15), Code),
    w1(22, "HWCAP_SVE", "sve", ShownBy::Field(id("ID_AA64PFR0_EL1", "SVE", 35, 32, 0b0001)), "FEAT_SVE", v(4, 15), Code),
    w1(23, "HWCAP_ASIMDFHM", "asimdfhm", ShownBy::Field(id("ID_AA64ISAR0_EL1", "FHM", 51, 48, 0b0001)), "FEAT_FHM", v(4, 16), Code),
    w1(24, "HWCAP_DIT", "dit", ShownBy::Field(id("ID_AA64PFR0_EL1", "DIT", 51, 48, 0b0001)), "FEAT_DIT", v(4, 17), Code),
    w1(25, "HWCAP_USCAT", "uscat", ShownBy::Field(id("ID_AA64MMFR2_EL1", "AT", 35, 32, 0b0001)), "FEAT_LSE2", v(4, 17), Code),
    w1(26, "HWCAP_ILRCPC", "ilrcpc", ShownBy::Field(id("ID_AA64ISAR1_EL1", "LRCPC", 23, 20, 0b0010)), "FEAT_LRCPC2", v(4, 17), Code),
    w1(27, "HWCAP_FLAGM", "flagm", ShownBy::Field(id("ID_AA64ISAR0_EL1", "TS", 55, 52, 0b0001)), "FEAT_FlagM", v(4, 17), Code),
    w1(28, "HWCAP_SSBS", "ssbs", ShownBy::Field(id("ID_AA64PFR1_EL1", "SSBS", 7, 4, 0b0010)), "FEAT_SSBS2", v(4, 20), Code),
    w1(29, "HWCAP_SB", "sb", ShownBy::Field(id("ID_AA64ISAR1_EL1", "SB", 39, 36, 0b0001)), "FEAT_SB", v(5, 0), Code),
    w1(30, "HWCAP_PACA", "paca", ShownBy::Any(&[id("ID_AA64ISAR1_EL1", "APA", 7, 4, 0b0001), id("ID_AA64ISAR1_EL1", "API", 11, 8, 0b0001), id("ID_AA64ISAR2_EL1", "APA3", 15, 12, 0b0001)]), "FEAT_PAuth (any algorithm)", v(5, 0), Code),
    w1(31, "HWCAP_PACG", "pacg", ShownBy::Any(&[id("ID_AA64ISAR1_EL1", "GPA", 27, 24, 0b0001), id("ID_AA64ISAR1_EL1", "GPI", 31, 28, 0b0001), id("ID_AA64ISAR2_EL1", "GPA3", 11, 8, 0b0001)]), "FEAT_PAuth (any algorithm, generic)", v(5, 0), Code),
    w1(32, "HWCAP_GCS", "gcs", ShownBy::Field(id("ID_AA64PFR1_EL1", "GCS", 47, 44, 0b0001)), "FEAT_GCS", v(6, 13), Code),
    w1(33, "HWCAP_CMPBR", "cmpbr", ShownBy::Field(id("ID_AA64ISAR2_EL1", "CSSC", 55, 52, 0b0010)), "FEAT_CMPBR", v(6, 14), Code),
    w1(34, "HWCAP_FPRCVT", "fprcvt", ShownBy::Field(id("ID_AA64ISAR3_EL1", "FPRCVT", 31, 28, 0b0001)), "FEAT_FPRCVT", v(6, 14), Code),
    w1(35, "HWCAP_F8MM8", "f8mm8", ShownBy::Field(id("ID_AA64FPFR0_EL1", "F8MM8", 27, 27, 0b1)), "FEAT_F8F32MM", v(6, 14), Code),
    w1(36, "HWCAP_F8MM4", "f8mm4", ShownBy::Field(id("ID_AA64FPFR0_EL1", "F8MM4", 26, 26, 0b1)), "FEAT_F8F16MM", v(6, 14), Code),
    w1(37, "HWCAP_SVE_F16MM", "svef16mm", ShownBy::With(id("ID_AA64ZFR0_EL1", "F16MM", 51, 48, 0b0001), "SVE"), "FEAT_SVE_F16F32MM", v(6, 14), Code),
    w1(38, "HWCAP_SVE_ELTPERM", "sveeltperm", ShownBy::With(id("ID_AA64ZFR0_EL1", "EltPerm", 15, 12, 0b0001), "SVE"), "-", v(6, 14), Code),
    w1(39, "HWCAP_SVE_AES2", "sveaes2", ShownBy::With(id("ID_AA64ZFR0_EL1", "AES", 7, 4, 0b0011), "SVE"), "FEAT_SVE_AES2", v(6, 14), Code),
    w1(40, "HWCAP_SVE_BFSCALE", "svebfscale", ShownBy::With(id("ID_AA64ZFR0_EL1", "B16B16", 27, 24, 0b0010), "SVE"), "FEAT_SVE_BFSCALE", v(6, 14), Code),
    w1(41, "HWCAP_SVE2P2", "sve2p2", ShownBy::With(id("ID_AA64ZFR0_EL1", "SVEver", 3, 0, 0b0011), "SVE"), "FEAT_SVE2p2", v(6, 14), Code),
    w1(42, "HWCAP_SME2P2", "sme2p2", ShownBy::With(id("ID_AA64SMFR0_EL1", "SMEver", 59, 56, 0b0011), "SME"), "FEAT_SME2p2", v(6, 14), Code),
    w1(43, "HWCAP_SME_SBITPERM", "smesbitperm", ShownBy::With(id("ID_AA64SMFR0_EL1", "SBitPerm", 25, 25, 0b1), "SME"), "FEAT_SSVE_BitPerm", v(6, 14), Code),
    w1(44, "HWCAP_SME_AES", "smeaes", ShownBy::With(id("ID_AA64SMFR0_EL1", "AES", 24, 24, 0b1), "SME"), "FEAT_SSVE_AES", v(6, 14), Code),
    w1(45, "HWCAP_SME_SFEXPA", "smesfexpa", ShownBy::With(id("ID_AA64SMFR0_EL1", "SFEXPA", 23, 23, 0b1), "SME"), "FEAT_SSVE_FEXPA", v(6, 14), Code),
    w1(46, "HWCAP_SME_STMOP", "smestmop", ShownBy::With(id("ID_AA64SMFR0_EL1", "STMOP", 16, 16, 0b1), "SME"), "FEAT_SME_TMOP", v(6, 14), Code),
    w1(47, "HWCAP_SME_SMOP4", "smesmop4", ShownBy::With(id("ID_AA64SMFR0_EL1", "SMOP4", 0, 0, 0b1), "SME"), "FEAT_SME_MOP4", v(6, 14), Code),
    w2(0, "HWCAP2_DCPODP", "dcpodp", ShownBy::Field(id("ID_AA64ISAR1_EL1", "DPB", 3, 0, 0b0010)), "FEAT_DPB2", v(5, 2), Code),
    w2(1, "HWCAP2_SVE2", "sve2", ShownBy::With(id("ID_AA64ZFR0_EL1", "SVEver", 3, 0, 0b0001), "SVE"), "FEAT_SVE2", v(5, 2), Code),
    w2(2, "HWCAP2_SVEAES", "sveaes", ShownBy::With(id("ID_AA64ZFR0_EL1", "AES", 7, 4, 0b0001), "SVE"), "FEAT_SVE_AES", v(5, 2), Code),
    w2(3, "HWCAP2_SVEPMULL", "svepmull", ShownBy::With(id("ID_AA64ZFR0_EL1", "AES", 7, 4, 0b0010), "SVE"), "FEAT_SVE_PMULL128", v(5, 2), Code),
    w2(4, "HWCAP2_SVEBITPERM", "svebitperm", ShownBy::With(id("ID_AA64ZFR0_EL1", "BitPerm", 19, 16, 0b0001), "SVE"), "FEAT_SVE_BitPerm", v(5, 2), Code),
    w2(5, "HWCAP2_SVESHA3", "svesha3", ShownBy::With(id("ID_AA64ZFR0_EL1", "SHA3", 35, 32, 0b0001), "SVE"), "FEAT_SVE_SHA3", v(5, 2), Code),
    w2(6, "HWCAP2_SVESM4", "svesm4", ShownBy::With(id("ID_AA64ZFR0_EL1", "SM4", 43, 40, 0b0001), "SVE"), "FEAT_SVE_SM4", v(5, 2), Code),
    w2(7, "HWCAP2_FLAGM2", "flagm2", ShownBy::Field(id("ID_AA64ISAR0_EL1", "TS", 55, 52, 0b0010)), "FEAT_FlagM2", v(5, 3), Code),
    w2(8, "HWCAP2_FRINT", "frint", ShownBy::Field(id("ID_AA64ISAR1_EL1", "FRINTTS", 35, 32, 0b0001)), "FEAT_FRINTTS", v(5, 3), Code),
    w2(9, "HWCAP2_SVEI8MM", "svei8mm", ShownBy::With(id("ID_AA64ZFR0_EL1", "I8MM", 47, 44, 0b0001), "SVE"), "FEAT_I8MM (SVE)", v(5, 6), Code),
    w2(10, "HWCAP2_SVEF32MM", "svef32mm", ShownBy::With(id("ID_AA64ZFR0_EL1", "F32MM", 55, 52, 0b0001), "SVE"), "FEAT_F32MM", v(5, 6), Code),
    w2(11, "HWCAP2_SVEF64MM", "svef64mm", ShownBy::With(id("ID_AA64ZFR0_EL1", "F64MM", 59, 56, 0b0001), "SVE"), "FEAT_F64MM", v(5, 6), Code),
    w2(12, "HWCAP2_SVEBF16", "svebf16", ShownBy::With(id("ID_AA64ZFR0_EL1", "BF16", 23, 20, 0b0001), "SVE"), "FEAT_BF16 (SVE)", v(5, 6), Code),
    w2(13, "HWCAP2_I8MM", "i8mm", ShownBy::Field(id("ID_AA64ISAR1_EL1", "I8MM", 55, 52, 0b0001)), "FEAT_I8MM", v(5, 6), Code),
    w2(14, "HWCAP2_BF16", "bf16", ShownBy::Field(id("ID_AA64ISAR1_EL1", "BF16", 47, 44, 0b0001)), "FEAT_BF16", v(5, 6), Code),
    w2(15, "HWCAP2_DGH", "dgh", ShownBy::Field(id("ID_AA64ISAR1_EL1", "DGH", 51, 48, 0b0001)), "FEAT_DGH", v(5, 6), Hint),
    w2(16, "HWCAP2_RNG", "rng", ShownBy::Field(id("ID_AA64ISAR0_EL1", "RNDR", 63, 60, 0b0001)), "FEAT_RNG", v(5, 6), Code),
    w2(17, "HWCAP2_BTI", "bti", ShownBy::Field(id("ID_AA64PFR1_EL1", "BT", 3, 0, 0b0001)), "FEAT_BTI", v(5, 8), Code),
    w2(18, "HWCAP2_MTE", "mte", ShownBy::Field(id("ID_AA64PFR1_EL1", "MTE", 11, 8, 0b0010)), "FEAT_MTE2", v(5, 10), Code),
    w2(19, "HWCAP2_ECV", "ecv", ShownBy::Field(id("ID_AA64MMFR0_EL1", "ECV", 63, 60, 0b0001)), "FEAT_ECV", v(5, 16), Code),
    w2(20, "HWCAP2_AFP", "afp", ShownBy::Field(id("ID_AA64MMFR1_EL1", "AFP", 47, 44, 0b0001)), "FEAT_AFP", v(5, 17), Code),
    w2(21, "HWCAP2_RPRES", "rpres", ShownBy::Field(id("ID_AA64ISAR2_EL1", "RPRES", 7, 4, 0b0001)), "FEAT_RPRES", v(5, 17), Code),
    w2(22, "HWCAP2_MTE3", "mte3", ShownBy::Field(id("ID_AA64PFR1_EL1", "MTE", 11, 8, 0b0011)), "FEAT_MTE3", v(5, 18), Code),
    w2(23, "HWCAP2_SME", "sme", ShownBy::Field(id("ID_AA64PFR1_EL1", "SME", 27, 24, 0b0001)), "FEAT_SME", v(5, 19), Code),
    w2(24, "HWCAP2_SME_I16I64", "smei16i64", ShownBy::With(id("ID_AA64SMFR0_EL1", "I16I64", 55, 52, 0b1111), "SME"), "FEAT_SME_I16I64", v(5, 19), Code),
    w2(25, "HWCAP2_SME_F64F64", "smef64f64", ShownBy::With(id("ID_AA64SMFR0_EL1", "F64F64", 48, 48, 0b1), "SME"), "FEAT_SME_F64F64", v(5, 19), Code),
    w2(26, "HWCAP2_SME_I8I32", "smei8i32", ShownBy::With(id("ID_AA64SMFR0_EL1", "I8I32", 39, 36, 0b1111), "SME"), "FEAT_SME", v(5, 19), Code),
    w2(27, "HWCAP2_SME_F16F32", "smef16f32", ShownBy::With(id("ID_AA64SMFR0_EL1", "F16F32", 35, 35, 0b1), "SME"), "FEAT_SME", v(5, 19), Code),
    w2(28, "HWCAP2_SME_B16F32", "smeb16f32", ShownBy::With(id("ID_AA64SMFR0_EL1", "B16F32", 34, 34, 0b1), "SME"), "FEAT_SME", v(5, 19), Code),
    w2(29, "HWCAP2_SME_F32F32", "smef32f32", ShownBy::With(id("ID_AA64SMFR0_EL1", "F32F32", 32, 32, 0b1), "SME"), "FEAT_SME", v(5, 19), Code),
    w2(30, "HWCAP2_SME_FA64", "smefa64", ShownBy::With(id("ID_AA64SMFR0_EL1", "FA64", 63, 63, 0b1), "SME"), "FEAT_SME_FA64", v(5, 19), Code),
    w2(31, "HWCAP2_WFXT", "wfxt", ShownBy::Field(id("ID_AA64ISAR2_EL1", "WFxT", 3, 0, 0b0010)), "FEAT_WFxT", v(5, 19), Code),
    w2(32, "HWCAP2_EBF16", "ebf16", ShownBy::Field(id("ID_AA64ISAR1_EL1", "BF16", 47, 44, 0b0010)), "FEAT_EBF16", v(6, 0), Code),
    w2(33, "HWCAP2_SVE_EBF16", "sveebf16", ShownBy::With(id("ID_AA64ZFR0_EL1", "BF16", 23, 20, 0b0010), "SVE"), "FEAT_EBF16 (SVE)", v(6, 1), Code),
    w2(34, "HWCAP2_CSSC", "cssc", ShownBy::Field(id("ID_AA64ISAR2_EL1", "CSSC", 55, 52, 0b0001)), "FEAT_CSSC", v(6, 2), Code),
    w2(35, "HWCAP2_RPRFM", "rprfm", ShownBy::Field(id("ID_AA64ISAR2_EL1", "RPRFM", 51, 48, 0b0001)), "FEAT_RPRFM", v(6, 2), Code),
    w2(36, "HWCAP2_SVE2P1", "sve2p1", ShownBy::With(id("ID_AA64ZFR0_EL1", "SVEver", 3, 0, 0b0010), "SVE"), "FEAT_SVE2p1", v(6, 2), Code),
    w2(37, "HWCAP2_SME2", "sme2", ShownBy::With(id("ID_AA64SMFR0_EL1", "SMEver", 59, 56, 0b0001), "SME"), "FEAT_SME2", v(6, 3), Code),
    w2(38, "HWCAP2_SME2P1", "sme2p1", ShownBy::With(id("ID_AA64SMFR0_EL1", "SMEver", 59, 56, 0b0010), "SME"), "FEAT_SME2p1", v(6, 3), Code),
    w2(39, "HWCAP2_SME_I16I32", "smei16i32", ShownBy::With(id("ID_AA64SMFR0_EL1", "I16I32", 47, 44, 0b0101), "SME"), "FEAT_SME2", v(6, 3), Code),
    w2(40, "HWCAP2_SME_BI32I32", "smebi32i32", ShownBy::With(id("ID_AA64SMFR0_EL1", "BI32I32", 33, 33, 0b1), "SME"), "FEAT_SME2", v(6, 3), Code),
    w2(41, "HWCAP2_SME_B16B16", "smeb16b16", ShownBy::With(id("ID_AA64SMFR0_EL1", "B16B16", 43, 43, 0b1), "SME"), "FEAT_SME_B16B16", v(6, 3), Code),
    w2(42, "HWCAP2_SME_F16F16", "smef16f16", ShownBy::With(id("ID_AA64SMFR0_EL1", "F16F16", 42, 42, 0b1), "SME"), "FEAT_SME_F16F16", v(6, 3), Code),
    w2(43, "HWCAP2_MOPS", "mops", ShownBy::Field(id("ID_AA64ISAR2_EL1", "MOPS", 19, 16, 0b0001)), "FEAT_MOPS", v(6, 5), Code),
    w2(44, "HWCAP2_HBC", "hbc", ShownBy::Field(id("ID_AA64ISAR2_EL1", "BC", 23, 20, 0b0001)), "FEAT_HBC", v(6, 6), Code),
    w2(45, "HWCAP2_SVE_B16B16", "sveb16b16", ShownBy::With(id("ID_AA64ZFR0_EL1", "B16B16", 27, 24, 0b0001), "SVE"), "FEAT_SVE_B16B16", v(6, 7), Code),
    w2(46, "HWCAP2_LRCPC3", "lrcpc3", ShownBy::Field(id("ID_AA64ISAR1_EL1", "LRCPC", 23, 20, 0b0011)), "FEAT_LRCPC3", v(6, 7), Code),
    w2(47, "HWCAP2_LSE128", "lse128", ShownBy::Field(id("ID_AA64ISAR0_EL1", "ATOMIC", 23, 20, 0b0011)), "FEAT_LSE128", v(6, 7), Code),
    w2(48, "HWCAP2_FPMR", "fpmr", ShownBy::Field(id("ID_AA64PFR2_EL1", "FPMR", 35, 32, 0b0001)), "FEAT_FPMR", v(6, 9), Code),
    w2(49, "HWCAP2_LUT", "lut", ShownBy::Field(id("ID_AA64ISAR2_EL1", "LUT", 59, 56, 0b0001)), "FEAT_LUT", v(6, 9), Code),
    w2(50, "HWCAP2_FAMINMAX", "faminmax", ShownBy::Field(id("ID_AA64ISAR3_EL1", "FAMINMAX", 7, 4, 0b0001)), "FEAT_FAMINMAX", v(6, 9), Code),
    w2(51, "HWCAP2_F8CVT", "f8cvt", ShownBy::Field(id("ID_AA64FPFR0_EL1", "F8CVT", 31, 31, 0b1)), "FEAT_FP8", v(6, 9), Code),
    w2(52, "HWCAP2_F8FMA", "f8fma", ShownBy::Field(id("ID_AA64FPFR0_EL1", "F8FMA", 30, 30, 0b1)), "FEAT_FP8FMA", v(6, 9), Code),
    w2(53, "HWCAP2_F8DP4", "f8dp4", ShownBy::Field(id("ID_AA64FPFR0_EL1", "F8DP4", 29, 29, 0b1)), "FEAT_FP8DOT4", v(6, 9), Code),
    w2(54, "HWCAP2_F8DP2", "f8dp2", ShownBy::Field(id("ID_AA64FPFR0_EL1", "F8DP2", 28, 28, 0b1)), "FEAT_FP8DOT2", v(6, 9), Code),
    w2(55, "HWCAP2_F8E4M3", "f8e4m3", ShownBy::Field(id("ID_AA64FPFR0_EL1", "F8E4M3", 1, 1, 0b1)), "FEAT_FP8 (E4M3)", v(6, 9), Code),
    w2(56, "HWCAP2_F8E5M2", "f8e5m2", ShownBy::Field(id("ID_AA64FPFR0_EL1", "F8E5M2", 0, 0, 0b1)), "FEAT_FP8 (E5M2)", v(6, 9), Code),
    w2(57, "HWCAP2_SME_LUTV2", "smelutv2", ShownBy::With(id("ID_AA64SMFR0_EL1", "LUTv2", 60, 60, 0b1), "SME"), "FEAT_SME_LUTv2", v(6, 9), Code),
    w2(58, "HWCAP2_SME_F8F16", "smef8f16", ShownBy::With(id("ID_AA64SMFR0_EL1", "F8F16", 41, 41, 0b1), "SME"), "FEAT_SME_F8F16", v(6, 9), Code),
    w2(59, "HWCAP2_SME_F8F32", "smef8f32", ShownBy::With(id("ID_AA64SMFR0_EL1", "F8F32", 40, 40, 0b1), "SME"), "FEAT_SME_F8F32", v(6, 9), Code),
    w2(60, "HWCAP2_SME_SF8FMA", "smesf8fma", ShownBy::With(id("ID_AA64SMFR0_EL1", "SF8FMA", 30, 30, 0b1), "SME"), "FEAT_SSVE_FP8FMA", v(6, 9), Code),
    w2(61, "HWCAP2_SME_SF8DP4", "smesf8dp4", ShownBy::With(id("ID_AA64SMFR0_EL1", "SF8DP4", 29, 29, 0b1), "SME"), "FEAT_SSVE_FP8DOT4", v(6, 9), Code),
    w2(62, "HWCAP2_SME_SF8DP2", "smesf8dp2", ShownBy::With(id("ID_AA64SMFR0_EL1", "SF8DP2", 28, 28, 0b1), "SME"), "FEAT_SSVE_FP8DOT2", v(6, 9), Code),
    w2(63, "HWCAP2_POE", "poe", ShownBy::Field(id("ID_AA64MMFR3_EL1", "S1POE", 19, 16, 0b0001)), "FEAT_S1POE", v(6, 12), Code),
    w3(0, "HWCAP3_MTE_FAR", "mtefar", ShownBy::Field(id("ID_AA64PFR2_EL1", "MTEFAR", 11, 8, 0b0001)), "FEAT_MTE_TAGGED_FAR", v(6, 17), Code),
    w3(1, "HWCAP3_MTE_STORE_ONLY", "mtestoreonly", ShownBy::Field(id("ID_AA64PFR2_EL1", "MTESTOREONLY", 7, 4, 0b0001)), "FEAT_MTE_STORE_ONLY", v(6, 17), Code),
    w3(2, "HWCAP3_LSFE", "lsfe", ShownBy::Field(id("ID_AA64ISAR3_EL1", "LSFE", 19, 16, 0b0001)), "FEAT_LSFE", v(6, 18), Code),
    w3(3, "HWCAP3_LS64", "ls64", ShownBy::Field(id("ID_AA64ISAR1_EL1", "LS64", 63, 60, 0b0001)), "FEAT_LS64", v(7, 0), Code),
    w3(4, "HWCAP3_SVE_B16MM", "sveb16mm", ShownBy::With(id("ID_AA64ZFR0_EL1", "B16B16", 27, 24, 0b0011), "SVE"), "FEAT_SVE_B16MM", v(7, 2), Code),
    w3(5, "HWCAP3_SVE2P3", "sve2p3", ShownBy::With(id("ID_AA64ZFR0_EL1", "SVEver", 3, 0, 0b0100), "SVE"), "FEAT_SVE2p3", v(7, 2), Code),
    w3(6, "HWCAP3_SME_LUT6", "smelut6", ShownBy::With(id("ID_AA64SMFR0_EL1", "LUT6", 61, 61, 0b1), "SME"), "FEAT_SME2p3 (LUT6)", v(7, 2), Code),
    w3(7, "HWCAP3_SME2P3", "sme2p3", ShownBy::With(id("ID_AA64SMFR0_EL1", "SMEver", 59, 56, 0b0100), "SME"), "FEAT_SME2p3", v(7, 2), Code),
    w3(8, "HWCAP3_F16MM", "f16mm", ShownBy::Field(id("ID_AA64FPFR0_EL1", "F16MM2", 15, 15, 0b1)), "FEAT_F16MM", v(7, 2), Code),
    w3(9, "HWCAP3_F16F32DOT", "f16f32dot", ShownBy::Field(id("ID_AA64ISAR0_EL1", "FHM", 51, 48, 0b0010)), "FEAT_F16F32DOT", v(7, 2), Code),
    w3(10, "HWCAP3_F16F32MM", "f16f32mm", ShownBy::Field(id("ID_AA64ISAR0_EL1", "FHM", 51, 48, 0b0011)), "FEAT_F16F32MM", v(7, 2), Code),
    w3(11, "HWCAP3_SVE_LUT6", "svelut6", ShownBy::With(id("ID_AA64ISAR2_EL1", "LUT", 59, 56, 0b0010), "SVE"), "FEAT_SVE2p3 (LUT6)", v(7, 2), Code),
];
