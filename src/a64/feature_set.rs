//! From the feature sets of the tables to what an instruction needs.
//!
//! The feature set of each encoding is that of `disarm64`, whose tables are made from those of GNU binutils. Here each is
//! translated into the names under which Linux reports features. What the tables lump together is told apart by its
//! mnemonic or its fields.

use disarm64::Insn as Definition;
use disarm64_defn::{InsnClass as Class, InsnFeatureSet as Set};

use super::fields::{bit, bits};
use super::need::{Need, Unreported, any};
use super::system;

/// What an instruction of the tables needs.
///
/// SVE instructions of a set that streaming mode has as well are also executed, in streaming mode, by a CPU with SME and
/// without SVE: there [`STREAMING`] stands beside SME. Some of these sets are not legal in streaming mode; who follows code
/// through streaming mode must look closer.
#[must_use]
pub(super) fn of(definition: &Definition, word: u32) -> Need {
    match definition.mnemonic {
        "sys" | "sysl" | "mrs" | "msr" => system::need(word),
        name if PRIVILEGED.contains(&name) => Need::Privileged,
        // The table's masks do not tell half precision from others here: that is in the highest bits of the shift.
        "scvtf" | "ucvtf" | "fcvtzs" | "fcvtzu"
            if is_shift(definition) && bits(word, 20, 3) != 1 =>
        {
            any!(asimd)
        }
        // Elements of 64 bits are in the same rows as those of 32, and need one feature more.
        _ if definition.class == Class::SME_INT_SD && bit(word, 22) => any!(sme2 smei16i64),
        _ if definition.class == Class::SME_FP_SD && bit(word, 22) => any!(sme2 smef64f64),
        // One row for both: of vectors of a fixed length, and of SVE.
        _ if definition.feature_set == Set::F16MM && bits(word, 25, 4) == 0b0010 => {
            any!(sve2 f16mm)
        }
        name => of_set(name, definition.feature_set),
    }
}

/// What is undefined for programs on every CPU. Pairs of system registers (FEAT_SYSREG128, FEAT_SYSINSTR128) are all the
/// kernel's.
const PRIVILEGED: [&str; 19] = [
    "eret", "eretaa", "eretab", "drps", "hvc", "smc", "hlt", "dcps1", "dcps2", "dcps3", "ldgm",
    "stgm", "stzgm", "gcspopcx", "gcspopx", "gcspushx", "mrrs", "msrr", "sysp",
];

/// Whether it is one of vectors, with a number as the shift.
fn is_shift(definition: &Definition) -> bool {
    matches!(definition.class, Class::ASIMDSHF | Class::ASISDSHF)
}

fn of_set(name: &str, set: Set) -> Need {
    match set {
        Set::V8 | Set::CHK => Need::Base,
        Set::FP => any!(fp),
        Set::SIMD => any!(asimd),
        Set::AES if name.starts_with("pmull") => any!(pmull),
        Set::AES => any!(aes),
        Set::SHA2 if name.starts_with("sha1") => any!(sha1),
        Set::SHA2 => any!(sha2),
        Set::SHA3 if name.starts_with("sha512") => any!(sha512),
        Set::SHA3 => any!(sha3),
        Set::SM4 if name.starts_with("sm3") => any!(sm3),
        Set::SM4 => any!(sm4),
        Set::CRC => any!(crc32),
        Set::LSE => any!(atomics),
        Set::LSE128 => any!(lse128),
        Set::LSFE => any!(lsfe),
        Set::LSCP => Unreported::need("FEAT_LSCP", "ID_AA64ISAR3_EL1.LSCP"),
        Set::LSUI | Set::LSUI_FP => Unreported::need("FEAT_LSUI", "ID_AA64ISAR3_EL1.LSUI"),
        Set::LS64 => any!(ls64),
        Set::LOR => Unreported::need("FEAT_LOR", "ID_AA64MMFR1_EL1.LO"),
        Set::FP_F16 => any!(fphp),
        Set::SIMD_F16 => any!(asimdhp),
        Set::FP_16_V8_2A => any!(asimdfhm),
        Set::RDMA => any!(asimdrdm),
        Set::JSCVT => any!(jscvt),
        Set::COMPNUM => any!(fcma),
        Set::RCPC => any!(lrcpc),
        Set::RCPC2 => any!(ilrcpc),
        Set::RCPC3 => any!(lrcpc3),
        Set::DOTPROD => any!(asimddp),
        Set::FLAGM => any!(flagm),
        Set::FLAGMANIP => any!(flagm2),
        Set::FRINTTS => any!(frint),
        Set::FPRCVT => any!(fprcvt),
        Set::SB => any!(sb),
        Set::PAUTH if name == "pacga" => any!(pacg),
        Set::PAUTH => any!(paca),
        Set::MEMTAG => any!(mte),
        Set::BFLOAT16 => any!(bf16),
        Set::BFLOAT16_SVE if name == "bfmmla" => any!(svebf16),
        Set::BFLOAT16_SVE => any!(svebf16 | sme bf16 streaming),
        Set::I8MM => any!(i8mm),
        Set::I8MM_SVE if name.ends_with("mmla") => any!(svei8mm),
        Set::I8MM_SVE => any!(svei8mm | sme i8mm streaming),
        Set::F32MM_SVE => any!(svef32mm),
        Set::F64MM_SVE => any!(svef64mm),
        Set::F16MM => any!(f16mm),
        Set::F16F32DOT => any!(f16f32dot),
        Set::F16F32MM => any!(f16f32mm),
        Set::F8F16MM => any!(f8mm4),
        Set::F8F32MM => any!(f8mm8),
        Set::F8F16MM_SVE2 => any!(sve2 f8mm4),
        Set::F8F32MM_SVE2 => any!(sve2 f8mm8),
        Set::FP8 => any!(f8cvt),
        Set::FP8_SVE2 => any!(sve2 f8cvt | sme2 f8cvt streaming),
        Set::FP8_SME2 => any!(sme2 f8cvt),
        Set::FP8FMA => any!(f8fma),
        Set::FP8FMA_SVE => any!(sve2 f8fma | smesf8fma streaming),
        Set::FP8DOT4 => any!(f8dp4),
        Set::FP8DOT4_SVE => any!(sve2 f8dp4 | smesf8dp4 streaming),
        Set::FP8DOT2 => any!(f8dp2),
        Set::FP8DOT2_SVE => any!(sve2 f8dp2 | smesf8dp2 streaming),
        Set::FAMINMAX => any!(faminmax),
        Set::FAMINMAX_SVE2 => any!(sve2 faminmax | sme2 faminmax streaming),
        Set::FAMINMAX_SME2 => any!(sme2 faminmax),
        Set::LUT => any!(lut),
        Set::LUT_SVE2 => any!(sve2 lut | sme2 lut streaming),
        Set::LUTV2_SME2 => any!(sme2 smelutv2),
        Set::LUTV2_SME2P1 => any!(sme2p1 smelutv2),
        Set::MOPS => any!(mops),
        Set::MOPS_MEMTAG => any!(mops mte),
        Set::MOPS_GO => Unreported::need("FEAT_MOPS_GO", "ID_AA64ISAR3_EL1.MOPS_GO"),
        Set::HBC => any!(hbc),
        Set::CSSC => any!(cssc),
        Set::CMPBR => any!(cmpbr),
        Set::WFXT => any!(wfxt),
        Set::GCS => any!(gcs),
        Set::SVE => any!(sve | sme streaming),
        Set::SVE2 => any!(sve2 | sme streaming),
        Set::SVE2AES if name.starts_with("pmull") => any!(svepmull | smeaes streaming),
        Set::SVE2AES => any!(sveaes | smeaes streaming),
        Set::SVE_AES2 => any!(sveaes2),
        Set::SVE2BITPERM => any!(svebitperm | smesbitperm streaming),
        Set::SVE2SHA3 => any!(svesha3),
        Set::SVE2SM4 => any!(svesm4),
        Set::SVE2P1 => any!(sve2p1),
        Set::SVE2P1_SME => any!(sve2p1 | sme streaming),
        Set::SVE2P1_SME2 => any!(sve2p1 | sme2 streaming),
        Set::SVE2P1_SME2P1 => any!(sve2p1 | sme2p1 streaming),
        Set::SVE2P2_SME2P2 => any!(sve2p2 | sme2p2 streaming),
        Set::SVE_SME2P2 => any!(sve | sme2p2 streaming),
        Set::SVE2P3 if name == "luti6" => any!(sve2p3 svelut6),
        Set::SVE2P3 => any!(sve2p3),
        Set::SVE2P3_SME2P3 => any!(sve2p3 | sme2p3 streaming),
        Set::SVE_B16B16_SVE2 => any!(sveb16b16 | smeb16b16 streaming),
        Set::SVE_B16B16_SME2 => any!(sme2 sveb16b16 | sme2 smeb16b16),
        Set::SVE_B16MM => any!(sveb16mm),
        Set::SVE_BFSCALE => any!(svebfscale),
        Set::SVE_BFSCALE_SME2 => any!(sme2 svebfscale),
        Set::SVE_F16F32MM => any!(svef16mm),
        Set::SVE_SSVE_FEXPA => any!(sve | smesfexpa streaming),
        Set::SME => any!(sme),
        Set::SME2 => any!(sme2),
        Set::SME2P1 => any!(sme2p1),
        Set::SME2P2 => any!(sme2p2),
        Set::SME2P3 if name == "luti6" => any!(sme2p3 smelut6),
        Set::SME2P3 => any!(sme2p3),
        Set::SME_I16I64 => any!(smei16i64),
        Set::SME2_I16I64 => any!(sme2 smei16i64),
        Set::SME_F64F64 => any!(smef64f64),
        Set::SME2_F64F64 => any!(sme2 smef64f64),
        Set::SME_B16B16 => any!(smeb16b16),
        Set::SME_F16F16 => any!(smef16f16),
        Set::SME_F16F16_F8F16 => any!(smef16f16 | smef8f16),
        Set::SME_F8F16 => any!(smef8f16),
        Set::SME_F8F32 => any!(smef8f32),
        Set::SME_MOP4 => any!(smesmop4),
        Set::SME_MOP4_B16B16 => any!(smesmop4 smeb16b16),
        Set::SME_MOP4_F16F16 => any!(smesmop4 smef16f16),
        Set::SME_MOP4_F64F64 => any!(smesmop4 smef64f64),
        Set::SME_MOP4_F8F16 => any!(smesmop4 smef8f16),
        Set::SME_MOP4_F8F32 => any!(smesmop4 smef8f32),
        Set::SME_MOP4_I16I64 => any!(smesmop4 smei16i64),
        Set::SME_TMOP => any!(smestmop),
        Set::SME_TMOP_B16B16 => any!(smestmop smeb16b16),
        Set::SME_TMOP_F16F16 => any!(smestmop smef16f16),
        Set::SME_TMOP_F8F16 => any!(smestmop smef8f16),
        Set::SME_TMOP_F8F32 => any!(smestmop smef8f32),
        Set::BRBE => Unreported::need("FEAT_BRBE", "ID_AA64DFR0_EL1.BRBE"),
        Set::CPA | Set::CPA_SVE => Unreported::need("FEAT_CPA", "ID_AA64ISAR3_EL1.CPA"),
        Set::D128 | Set::D128_TLBID => Unreported::need("FEAT_D128", "ID_AA64MMFR3_EL1.D128"),
        Set::THE | Set::D128_THE => Unreported::need("FEAT_THE", "ID_AA64PFR1_EL1.THE"),
        Set::GCIE => Unreported::need("FEAT_GCIE", "ID_AA64PFR2_EL1.GCIE"),
        Set::ITE => Unreported::need("FEAT_ITE", "ID_AA64DFR1_EL1.ITE"),
        Set::MPAMV2 => Unreported::need("FEAT_MPAMv2", "ID_AA64PFR0_EL1.MPAM"),
        Set::POE2 => Unreported::need("FEAT_S1POE2", "ID_AA64MMFR4_EL1.S1POE2"),
        Set::PREDRES | Set::PREDRES2 => {
            Unreported::need("FEAT_SPECRES", "ID_AA64ISAR1_EL1.SPECRES")
        }
        Set::TEV => Unreported::need("FEAT_TEV", "ID_AA64PFR2_EL1.TEV"),
        Set::TME => Unreported::need("FEAT_TME", "ID_AA64ISAR0_EL1.TME"),
        Set::V8R => Unreported::need("Armv8-R", "ID_AA64MMFR0_EL1.MSA"),
        Set::XS => Unreported::need("FEAT_XS", "ID_AA64ISAR1_EL1.XS"),
    }
}
