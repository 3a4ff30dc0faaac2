//! Which CPU features an instruction needs.
//!
//! The feature set of each encoding is that of `disarm64`, whose tables are made from those of GNU binutils. Here each set is
//! translated into the names under which Linux reports features (`/proc/cpuinfo`, one for each HWCAP bit); the table of HWCAP
//! bits has the field of the ID register behind each name. What the tables lump together is told apart by its mnemonic.

use disarm64::Insn as Definition;
use disarm64_defn::InsnFeatureSet as Set;

use super::system;

/// What an instruction needs of the CPU that executes it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Need {
    /// Nothing beyond Armv8.0-A, which every arm64 Linux has. This includes the HINT space: its instructions do nothing
    /// on a CPU that does not know them.
    Base,
    /// All features of one of these sets, by their names in `/proc/cpuinfo`.
    Any(&'static [&'static [&'static str]]),
    /// A feature that Linux does not report by a HWCAP bit.
    Unreported(Unreported),
    /// More rights than programs have: it ends in SIGILL or SIGSEGV on every CPU.
    Privileged,
    /// No table has the encoding: data, or an instruction newer than the tables.
    Unknown,
}

/// A feature without a HWCAP bit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unreported {
    /// Arm's name of it.
    pub feature: &'static str,
    /// The field of the ID register that tells it.
    pub field: &'static str,
}

impl Unreported {
    const fn new(feature: &'static str, field: &'static str) -> Need {
        Need::Unreported(Self { feature, field })
    }

    /// Signing with the place of the signature.
    pub(super) const PAUTH_LR: Self = Self {
        feature: "FEAT_PAuth_LR",
        field: "ID_AA64ISAR1_EL1.APA",
    };
}

impl Need {
    /// Whether a CPU with these features, by their names in `/proc/cpuinfo`, executes the instruction; `None` where
    /// HWCAP bits do not say.
    #[must_use]
    pub fn met_by(&self, has: impl Fn(&str) -> bool) -> Option<bool> {
        match self {
            Self::Base => Some(true),
            Self::Any(sets) => Some(sets.iter().any(|set| set.iter().all(|name| has(name)))),
            Self::Privileged => Some(false),
            Self::Unreported(_) | Self::Unknown => None,
        }
    }
}

/// Shorthand for rows: `any!(sve2p1 | sme2)`, `any!(sme f8fma)`.
macro_rules! any {
    ($($($name:ident)+)|+) => { $crate::a64::Need::Any(&[$(&[$(stringify!($name)),+]),+]) };
}
pub(super) use any;

/// What an instruction of the tables needs.
///
/// SVE instructions of a set that streaming mode has as well are also executed, in streaming mode, by a CPU with SME and
/// without SVE, so SME stands beside it.
#[must_use]
pub(super) fn of(definition: &Definition, word: u32) -> Need {
    match definition.mnemonic {
        "sys" | "sysl" | "sysp" | "mrs" | "msr" | "mrrs" | "msrr" => system::need(word),
        "eret" | "eretaa" | "eretab" | "drps" | "hvc" | "smc" | "dcps1" | "dcps2" | "dcps3" => {
            Need::Privileged
        }
        name => of_set(name, definition.feature_set),
    }
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
        Set::LSCP => Unreported::new("FEAT_LSCP", "ID_AA64ISAR3_EL1.LSCP"),
        Set::LSUI | Set::LSUI_FP => Unreported::new("FEAT_LSUI", "ID_AA64ISAR3_EL1.LSUI"),
        Set::LS64 => any!(ls64),
        Set::LOR => Unreported::new("FEAT_LOR", "ID_AA64MMFR1_EL1.LO"),
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
        Set::BFLOAT16_SVE => any!(svebf16 | sme),
        Set::I8MM => any!(i8mm),
        Set::I8MM_SVE => any!(svei8mm | sme),
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
        Set::FP8_SVE2 => any!(sve2 f8cvt | sme2 f8cvt),
        Set::FP8_SME2 => any!(sme2 f8cvt),
        Set::FP8FMA => any!(f8fma),
        Set::FP8FMA_SVE => any!(sve2 f8fma | smesf8fma),
        Set::FP8DOT4 => any!(f8dp4),
        Set::FP8DOT4_SVE => any!(sve2 f8dp4 | smesf8dp4),
        Set::FP8DOT2 => any!(f8dp2),
        Set::FP8DOT2_SVE => any!(sve2 f8dp2 | smesf8dp2),
        Set::FAMINMAX => any!(faminmax),
        Set::FAMINMAX_SVE2 => any!(sve2 faminmax | sme2 faminmax),
        Set::FAMINMAX_SME2 => any!(sme2 faminmax),
        Set::LUT => any!(lut),
        Set::LUT_SVE2 => any!(sve2 lut | sme2 lut | svelut6 | smelut6),
        Set::LUTV2_SME2 | Set::LUTV2_SME2P1 => any!(smelutv2),
        Set::MOPS => any!(mops),
        Set::MOPS_MEMTAG => any!(mops mte),
        Set::MOPS_GO => Unreported::new("FEAT_MOPS_GO", "ID_AA64ISAR3_EL1.MOPS_GO"),
        Set::HBC => any!(hbc),
        Set::CSSC => any!(cssc),
        Set::CMPBR => any!(cmpbr),
        Set::WFXT => any!(wfxt),
        Set::GCS => any!(gcs),
        Set::SVE => any!(sve | sme),
        Set::SVE2 => any!(sve2 | sme),
        Set::SVE2AES if name.starts_with("pmull") => any!(svepmull | smeaes),
        Set::SVE2AES => any!(sveaes | smeaes),
        Set::SVE_AES2 => any!(sveaes2 | smeaes sme2p1),
        Set::SVE2BITPERM => any!(svebitperm | smesbitperm),
        Set::SVE2SHA3 => any!(svesha3 | sme2p1 sve2p1),
        Set::SVE2SM4 => any!(svesm4),
        Set::SVE2P1 => any!(sve2p1),
        Set::SVE2P1_SME => any!(sve2p1 | sme),
        Set::SVE2P1_SME2 => any!(sve2p1 | sme2),
        Set::SVE2P1_SME2P1 => any!(sve2p1 | sme2p1),
        Set::SVE2P2_SME2P2 | Set::SVE_SME2P2 => any!(sve2p2 | sme2p2),
        Set::SVE2P3 => any!(sve2p3),
        Set::SVE2P3_SME2P3 => any!(sve2p3 | sme2p3),
        Set::SVE_B16B16_SVE2 | Set::SVE_B16B16_SME2 => any!(sveb16b16 | smeb16b16),
        Set::SVE_B16MM => any!(sveb16mm),
        Set::SVE_BFSCALE => any!(svebfscale),
        Set::SVE_BFSCALE_SME2 => any!(svebfscale sme2 | svebfscale sme),
        Set::SVE_F16F32MM => any!(svef16mm),
        Set::SVE_SSVE_FEXPA => any!(sve | smesfexpa),
        Set::SME => any!(sme),
        Set::SME2 => any!(sme2),
        Set::SME2P1 => any!(sme2p1),
        Set::SME2P2 => any!(sme2p2),
        Set::SME2P3 => any!(sme2p3),
        Set::SME_I16I64 | Set::SME2_I16I64 => any!(smei16i64),
        Set::SME_F64F64 | Set::SME2_F64F64 => any!(smef64f64),
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
        Set::BRBE => Unreported::new("FEAT_BRBE", "ID_AA64DFR0_EL1.BRBE"),
        Set::CPA | Set::CPA_SVE => Unreported::new("FEAT_CPA", "ID_AA64ISAR3_EL1.CPA"),
        Set::D128 | Set::D128_TLBID => Unreported::new("FEAT_D128", "ID_AA64MMFR3_EL1.D128"),
        Set::THE | Set::D128_THE => Unreported::new("FEAT_THE", "ID_AA64PFR1_EL1.THE"),
        Set::GCIE => Unreported::new("FEAT_GCIE", "ID_AA64PFR2_EL1.GCIE"),
        Set::ITE => Unreported::new("FEAT_ITE", "ID_AA64DFR1_EL1.ITE"),
        Set::MPAMV2 => Unreported::new("FEAT_MPAMv2", "ID_AA64PFR0_EL1.MPAM"),
        Set::POE2 => Unreported::new("FEAT_S1POE2", "ID_AA64MMFR4_EL1.S1POE2"),
        Set::PREDRES | Set::PREDRES2 => Unreported::new("FEAT_SPECRES", "ID_AA64ISAR1_EL1.SPECRES"),
        Set::TEV => Unreported::new("FEAT_TEV", "ID_AA64PFR2_EL1.TEV"),
        Set::TME => Unreported::new("FEAT_TME", "ID_AA64ISAR0_EL1.TME"),
        Set::V8R => Unreported::new("Armv8-R", "ID_AA64MMFR0_EL1.MSA"),
        Set::XS => Unreported::new("FEAT_XS", "ID_AA64ISAR1_EL1.XS"),
    }
}
