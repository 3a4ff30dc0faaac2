//! What is unknown of a machine, and which answers that costs.

use super::zva::Zva;
use super::{PacAlgorithm, Profile, VectorLengths};
use crate::auxv::hwcap::{self, HwcapBit, HwcapWord};

/// A value of a profile, and what goes unanswered without it.
#[derive(Clone, Copy, Debug)]
pub struct Cost {
    /// The path of its key, as in `origins`: `sve.default`.
    pub key: &'static str,
    /// What stays open for checkpoints that depend on it: the end of a sentence that begins with "unknown:".
    pub costs: &'static str,
    unknown: fn(&Profile) -> bool,
}

/// Every value whose absence costs answers, in the order of `docs/profile.md`, which has the same sentences.
///
/// What follows from another value is not unknown: a machine without HWCAP_SVE has no SVE lengths, and
/// `auxv_bytes` and `sigreturn` follow from `kernel`. `pauth.generic` decides nothing. CTR_EL0 and CNTFRQ_EL0 are not
/// here: where they are unknown no answer is another, only a note says so.
pub static COSTS: &[Cost] = &[
    Cost {
        key: "hwcap.hwcap",
        costs: "whether the features of this word that tasks were told of are there; whether frames with SVE or \
                GCS state can return; whether pointers are signed",
        unknown: |profile| profile.hwcaps.word(HwcapWord::Hwcap).is_none(),
    },
    Cost {
        key: "hwcap.hwcap2",
        costs: "whether the features of this word that tasks were told of are there; whether frames with SME, FPMR or \
                POE state can return",
        unknown: |profile| profile.hwcaps.word(HwcapWord::Hwcap2).is_none(),
    },
    Cost {
        key: "hwcap.hwcap3",
        costs: "whether the features of this word that tasks were told of are there",
        unknown: |profile| profile.hwcaps.word(HwcapWord::Hwcap3).is_none(),
    },
    Cost {
        key: "hwcap.hwcap4",
        costs: "whether the features of this word that tasks were told of are there; no kernel up to 7.3 has one",
        unknown: |profile| profile.hwcaps.word(HwcapWord::Hwcap4).is_none(),
    },
    Cost {
        key: "sve.vector_lengths",
        costs: "whether a frame with SVE state could return if the restore were started at its length",
        unknown: |profile| may_have(profile, hwcap::SVE) && profile.sve.is_none(),
    },
    Cost {
        key: "sve.default",
        costs: "whether a frame with SVE state can return: a restored task runs with this length",
        unknown: |profile| may_have(profile, hwcap::SVE) && default_unknown(profile.sve.as_ref()),
    },
    Cost {
        key: "sme.vector_lengths",
        costs: "whether a frame with streaming state or ZA could return if the restore were started at its length",
        unknown: |profile| may_have(profile, hwcap::SME) && profile.sme.is_none(),
    },
    Cost {
        key: "sme.default",
        costs: "whether a frame with streaming state or ZA can return: a restored task runs with this length",
        unknown: |profile| may_have(profile, hwcap::SME) && default_unknown(profile.sme.as_ref()),
    },
    Cost {
        key: "page_size",
        costs: "whether the mappings can be restored",
        unknown: |profile| profile.page_size.is_none(),
    },
    Cost {
        key: "va_bits",
        costs: "whether the image's addresses fit, and whether signed pointers keep their meaning",
        unknown: |profile| profile.va_bits.is_none(),
    },
    Cost {
        key: "minsigstksz",
        costs: "whether signal stacks are large enough, where the default vector lengths do not tell either",
        unknown: |profile| profile.minsigstksz.is_none(),
    },
    Cost {
        key: "pauth.address",
        costs: "whether signed return addresses stay valid",
        unknown: |profile| may_have(profile, hwcap::PACA) && profile.pauth.address.is_none(),
    },
    Cost {
        key: "pauth.level",
        costs: "whether signed return addresses stay valid",
        unknown: |profile| may_sign(profile) && profile.pauth.level.is_none(),
    },
    Cost {
        key: "auxv_bytes",
        costs: "whether the kernel takes the checkpoint's auxiliary vector",
        unknown: |profile| profile.auxv_bytes.is_none() && profile.kernel.is_none(),
    },
    Cost {
        key: "kernel",
        costs: "which records rt_sigreturn knows, how long an auxiliary vector is taken, and whether the calls that \
                re-make what was dumped are there",
        unknown: |profile| profile.kernel.is_none(),
    },
    Cost {
        key: "criu",
        costs: "whether this CRIU can read the image",
        unknown: |profile| profile.criu.is_none(),
    },
    Cost {
        key: "registers.MIDR_EL1",
        costs: "whether two machines with their makers' own pointer authentication sign alike",
        unknown: |profile| {
            may_sign(profile)
                && matches!(profile.pauth.address, None | Some(PacAlgorithm::Impdef))
                && profile.cpu_design().is_none()
        },
    },
    Cost {
        key: "registers.DCZID_EL0",
        costs: "the block size of DC ZVA; 64 bytes are assumed, or 256 of what looks like an A64FX",
        unknown: |profile| profile.zva() == Zva::Unknown,
    },
];

/// What is unknown of this machine, in the order of [`COSTS`]. Of members nothing is said.
pub fn unknown(profile: &Profile) -> impl Iterator<Item = &'static Cost> {
    COSTS.iter().filter(|cost| (cost.unknown)(profile))
}

/// What the value at this path costs when it is not there.
#[must_use]
pub fn of(key: &str) -> Option<&'static Cost> {
    COSTS.iter().find(|cost| cost.key == key)
}

fn may_have(profile: &Profile, bit: &HwcapBit) -> bool {
    profile.hwcaps.has(bit) != Some(false)
}

fn may_sign(profile: &Profile) -> bool {
    may_have(profile, hwcap::PACA) && profile.pauth.address != Some(PacAlgorithm::None)
}

fn default_unknown(offered: Option<&VectorLengths>) -> bool {
    offered.is_none_or(|offered| !offered.lengths.is_empty() && offered.default.is_none())
}
