//! Profiles, and what follows from them, as report structures.

use crate::auxv::hwcap::{BITS, HwcapBit, HwcapWord};
use crate::divergence::difference::{self, Difference};
use crate::divergence::{effect, frames, registers};
use crate::profile::model::{self, Profile, VectorLengths};
use crate::profile::{self, model::cost};
use crate::sigreturn;

use super::v1::Tool;
use super::v1::profile::{
    Answer, Auxv, Cores, Feature, FeatureDifference, Member, Pauth, ProfileDiff, ProfileShow,
    Record, RecordDifference, Register, Side, Unknown, ValueDifference, Vectors, Which, Zva,
};
use super::words::ids;

/// Everything a profile says. `given` is how the user named it.
#[must_use]
pub fn show(given: &str, profile: &Profile) -> ProfileShow {
    let named = |set: bool| {
        BITS.iter()
            .filter(move |bit| profile.hwcaps.has(bit) == Some(set))
    };
    let words = HwcapWord::ALL
        .into_iter()
        .filter_map(|word| Some((word.name().to_owned(), profile.hwcaps.word(word)?.into())));
    let records = if profile.members.is_empty() {
        frames::answers(profile).iter().map(record).collect()
    } else {
        Vec::new()
    };
    ProfileShow {
        schema: ProfileShow::SCHEMA,
        tool: Tool::this(),
        profile: given.to_owned(),
        name: profile.name.clone(),
        origin: profile.origin.clone(),
        basis: profile.basis.map(|basis| basis.name().to_owned()),
        words: words.collect(),
        features: named(true).map(feature).collect(),
        clear: named(false).map(|bit| bit.cpuinfo.to_owned()).collect(),
        nameless: profile
            .hwcaps
            .unknown_bits()
            .into_iter()
            .map(|(word, bit)| format!("{word}:{bit}"))
            .collect(),
        sve: profile.sve.as_ref().map(vectors),
        sme: profile.sme.as_ref().map(vectors),
        page_size: profile.page_size,
        va_bits: profile.va_bits,
        minsigstksz: profile.minsigstksz,
        pauth: pauth(profile.pauth),
        kernel: profile.kernel.map(|version| version.to_string()),
        criu: profile.criu.map(|version| version.to_string()),
        auxv: auxv(profile),
        zva: zva(profile),
        registers: profile
            .registers
            .iter()
            .map(|(name, value)| register(name, *value))
            .collect(),
        sigreturn: records,
        cores: profile.cores.iter().map(cores).collect(),
        origins: profile.origins.clone(),
        members: profile.members.iter().map(member).collect(),
        unknown: cost::unknown(profile)
            // What members do not have in common costs nothing: they are judged, each as it is.
            .filter(|_| profile.members.is_empty())
            .map(|cost| Unknown {
                key: cost.key.to_owned(),
                costs: cost.costs.to_owned(),
            })
            .collect(),
    }
}

fn feature(bit: &'static HwcapBit) -> Feature {
    Feature {
        name: bit.cpuinfo.to_owned(),
        hwcap: bit.name.to_owned(),
        // The table has a dash where Arm has no name.
        arm: (bit.feature != "-").then(|| bit.feature.to_owned()),
        field: bit.shown_by.to_string(),
        since: bit.since.to_string(),
        lost: effect::lost(bit).to_owned(),
        rules: ids(effect::rules(bit)),
    }
}

fn vectors(offered: &VectorLengths) -> Vectors {
    Vectors {
        lengths: offered.lengths.iter().map(|vl| vl.0).collect(),
        default: offered.default.map(|vl| vl.0),
    }
}

/// Values of the address field, Arm Architecture Reference Manual, ID_AA64ISAR1_EL1.APA.
const LEVELS: [&str; 7] = [
    "none",
    "PAuth",
    "EPAC",
    "PAuth2",
    "FPAC",
    "FPACCOMBINE",
    "PAuth_LR",
];

fn pauth(pauth: model::Pauth) -> Pauth {
    let name = |algorithm: model::PacAlgorithm| algorithm.name().to_owned();
    Pauth {
        address: pauth.address.map(name),
        generic: pauth.generic.map(name),
        level: pauth.level,
        level_name: pauth
            .level
            .and_then(|level| LEVELS.get(usize::from(level)))
            .map(|name| (*name).to_owned()),
    }
}

fn auxv(profile: &Profile) -> Option<Auxv> {
    let from = if profile.auxv_bytes.is_some() {
        "auxv_bytes"
    } else {
        "kernel"
    };
    profile.auxv_limit().map(|bytes| Auxv {
        bytes,
        from: from.to_owned(),
    })
}

fn zva(profile: &Profile) -> Zva {
    let zva = profile.zva();
    Zva {
        bytes: profile.zva_bytes(),
        prohibited: zva == profile::Zva::Prohibited,
        from: registers::zva_ground(profile).to_owned(),
    }
}

fn register(name: &str, value: u64) -> Register {
    Register {
        name: name.to_owned(),
        value: value.into(),
        decoded: registers::decoded(name, value),
    }
}

fn cores(group: &model::Cores) -> Cores {
    Cores {
        cpus: group.cpus.clone(),
        registers: group
            .registers
            .iter()
            .map(|(name, value)| register(name, *value))
            .collect(),
    }
}

fn member(member: &Profile) -> Member {
    Member {
        name: member.name.clone(),
        origin: member.origin.clone(),
        unknown: cost::unknown(member)
            .map(|cost| cost.key.to_owned())
            .collect(),
    }
}

fn answer(answer: &sigreturn::Answer) -> Answer {
    match answer {
        sigreturn::Answer::Accepted => Answer::Accepted,
        sigreturn::Answer::Rejected(_) => Answer::Rejected,
        sigreturn::Answer::Unsure(_) => Answer::Unsure,
    }
}

fn record(told: &frames::Told) -> Record {
    Record {
        record: told.record.to_owned(),
        detail: said(&told.detail),
        answer: answer(&told.answer),
        why: told.why.clone(),
    }
}

/// A text, unless it is empty.
fn said(text: &str) -> Option<String> {
    (!text.is_empty()).then(|| text.to_owned())
}

/// How two profiles differ; both as the user named them.
#[must_use]
pub fn diff(given: [&str; 2], profiles: [&Profile; 2]) -> ProfileDiff {
    let [a, b] = profiles;
    let [given_a, given_b] = given;
    let side = |given: &str, profile: &Profile| Side {
        profile: given.to_owned(),
        name: profile.name.clone(),
    };
    let Difference {
        features,
        values,
        frames,
    } = difference::between(a, b);
    ProfileDiff {
        schema: ProfileDiff::SCHEMA,
        tool: Tool::this(),
        a: side(given_a, a),
        b: side(given_b, b),
        features: features.iter().map(feature_difference).collect(),
        values: values
            .into_iter()
            .map(|value| ValueDifference {
                a_to_b: said(&value.there),
                b_to_a: said(&value.back),
                key: value.key,
                a: value.first,
                b: value.second,
            })
            .collect(),
        sigreturn: frames
            .into_iter()
            .map(|frame| {
                let [a, b] = frame.answers.each_ref().map(answer);
                let [why_a, why_b] = frame.why;
                RecordDifference {
                    record: frame.record,
                    a,
                    b,
                    why_a,
                    why_b,
                }
            })
            .collect(),
    }
}

fn feature_difference(feature: &difference::Feature) -> FeatureDifference {
    FeatureDifference {
        name: feature.bit.cpuinfo.to_owned(),
        hwcap: feature.bit.name.to_owned(),
        only_in: if feature.in_first { Which::A } else { Which::B },
        a_to_b: feature.there().to_owned(),
        b_to_a: feature.back().to_owned(),
        rules: ids(effect::rules(feature.bit)),
    }
}
