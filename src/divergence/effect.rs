//! What a feature, or its absence, means to a process that is restored on another machine.

use crate::auxv::hwcap::{BitUse, HwcapBit};
use crate::rule_id::RuleId;

/// A feature of which more is to be said than that its instructions are missing elsewhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Effect {
    /// Name as /proc/cpuinfo spells it.
    pub feature: &'static str,
    /// What happens to a process that was told of it, on a machine without it.
    pub lost: &'static str,
    /// What happens to a process that was not told of it, on a machine with it; empty where nothing does.
    pub gained: &'static str,
    /// Rules that look for it.
    pub rules: &'static [RuleId],
}

/// The rule that names every feature a process was told of in vain.
const TOLD: RuleId = RuleId::Hwc001;

const fn effect(
    feature: &'static str,
    lost: &'static str,
    gained: &'static str,
    rules: &'static [RuleId],
) -> Effect {
    Effect {
        feature,
        lost,
        gained,
        rules,
    }
}

/// The sources are those of the rules.
pub static EFFECTS: &[Effect] = &[
    effect(
        "evtstrm",
        "a program that polls with WFE may wait longer, for nothing wakes it regularly",
        "",
        &[TOLD],
    ),
    effect(
        "cpuid",
        "reading an ID register by MRS dies of SIGILL",
        "",
        &[TOLD],
    ),
    effect(
        "sve",
        "frames with an SVE record are refused with SIGSEGV; code chosen for it dies of SIGILL",
        "frames get an SVE record; with long vectors they outgrow small signal stacks",
        &[RuleId::Sve001, RuleId::Stk001, TOLD],
    ),
    effect(
        "paca",
        "keys in the image hang a restore by CRIU up to 4.2; a signed return address is jumped to with its \
         signature in it",
        "functions built with branch protection check return addresses that were never signed, and die",
        &[RuleId::Pac001, RuleId::Pac003, TOLD],
    ),
    effect(
        "pacg",
        "keys in the image hang a restore by CRIU up to 4.2; PACGA dies of SIGILL",
        "",
        &[RuleId::Pac001, TOLD],
    ),
    effect(
        "gcs",
        "frames with a GCS record are refused with SIGSEGV; a thread with a shadow stack cannot go on",
        "",
        &[RuleId::Gcs001, RuleId::Und006, TOLD],
    ),
    effect(
        "bti",
        "a loader that was told of it asks for PROT_BTI, which the kernel refuses",
        "",
        &[TOLD],
    ),
    effect(
        "mte",
        "mappings with PROT_MTE are refused; code that tags memory dies of SIGILL",
        "",
        &[RuleId::Und005, TOLD],
    ),
    effect(
        "sme",
        "frames with TPIDR2, ZA or streaming SVE records are refused with SIGSEGV; code chosen for it dies of SIGILL",
        "",
        &[RuleId::Sme001, RuleId::Sme002, RuleId::Sve003, TOLD],
    ),
    effect(
        "sme2",
        "frames with a ZT record are refused with SIGSEGV; code chosen for it dies of SIGILL",
        "",
        &[RuleId::Sme004, TOLD],
    ),
    effect(
        "fpmr",
        "frames with an FPMR record are refused with SIGSEGV; code that sets FPMR dies of SIGILL",
        "",
        &[RuleId::Fpm001, TOLD],
    ),
    effect(
        "poe",
        "frames with a POE record are refused with SIGSEGV; protection keys do not work",
        "kernels from 6.12 to 6.19 may give a restored task a wrong POR_EL0",
        &[RuleId::Poe001, RuleId::Poe002, TOLD],
    ),
];

/// What is special about a feature.
#[must_use]
pub fn special(bit: &HwcapBit) -> Option<&'static Effect> {
    EFFECTS.iter().find(|effect| effect.feature == bit.cpuinfo)
}

/// What happens to a process that was told of the feature, on a machine without it.
#[must_use]
pub fn lost(bit: &HwcapBit) -> &'static str {
    match (special(bit), bit.use_) {
        (Some(effect), _) => effect.lost,
        (None, BitUse::Code) => "code chosen for it dies of SIGILL",
        (None, BitUse::Hint) => "nothing fails: its instructions do nothing there",
        (None, BitUse::Kernel) => "what the kernel was asked to do is not done",
    }
}

/// What happens to a process that was not told of the feature, on a machine with it.
#[must_use]
pub fn gained(bit: &HwcapBit) -> &'static str {
    match special(bit) {
        Some(effect) if !effect.gained.is_empty() => effect.gained,
        _ => "nothing: it does not know of it",
    }
}

/// The rules that look for the feature.
#[must_use]
pub fn rules(bit: &HwcapBit) -> &'static [RuleId] {
    match (special(bit), bit.use_) {
        (Some(effect), _) => effect.rules,
        (None, BitUse::Hint) => &[RuleId::Hwc006],
        (None, BitUse::Code | BitUse::Kernel) => &[TOLD],
    }
}
