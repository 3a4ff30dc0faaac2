//! What a feature, or its absence, means to a process that is restored on another machine.

use crate::auxv::hwcap::{BitUse, HwcapBit};

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
    pub rules: &'static [&'static str],
}

/// The rule that names every feature a process was told of in vain.
const TOLD: &str = "HWCR-HWC-001";

const fn effect(
    feature: &'static str,
    lost: &'static str,
    gained: &'static str,
    rules: &'static [&'static str],
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
        &["HWCR-SVE-001", "HWCR-STK-001", TOLD],
    ),
    effect(
        "paca",
        "keys in the image hang a restore by CRIU up to 4.2; a signed return address is jumped to with its \
         signature in it",
        "functions built with branch protection check return addresses that were never signed, and die",
        &["HWCR-PAC-001", "HWCR-PAC-003", TOLD],
    ),
    effect(
        "pacg",
        "keys in the image hang a restore by CRIU up to 4.2; PACGA dies of SIGILL",
        "",
        &["HWCR-PAC-001", TOLD],
    ),
    effect(
        "gcs",
        "frames with a GCS record are refused with SIGSEGV; a thread with a shadow stack cannot go on",
        "",
        &["HWCR-GCS-001", "HWCR-UND-006", TOLD],
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
        &["HWCR-UND-005", TOLD],
    ),
    effect(
        "sme",
        "frames with TPIDR2, ZA or streaming SVE records are refused with SIGSEGV; code chosen for it dies of SIGILL",
        "",
        &["HWCR-SME-001", "HWCR-SME-002", "HWCR-SVE-003", TOLD],
    ),
    effect(
        "sme2",
        "frames with a ZT record are refused with SIGSEGV; code chosen for it dies of SIGILL",
        "",
        &["HWCR-SME-004", TOLD],
    ),
    effect(
        "fpmr",
        "frames with an FPMR record are refused with SIGSEGV; code that sets FPMR dies of SIGILL",
        "",
        &["HWCR-FPM-001", TOLD],
    ),
    effect(
        "poe",
        "frames with a POE record are refused with SIGSEGV; protection keys do not work",
        "kernels from 6.12 to 6.19 may give a restored task a wrong POR_EL0",
        &["HWCR-POE-001", "HWCR-POE-002", TOLD],
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
pub fn rules(bit: &HwcapBit) -> &'static [&'static str] {
    match (special(bit), bit.use_) {
        (Some(effect), _) => effect.rules,
        (None, BitUse::Hint) => &["HWCR-HWC-006"],
        (None, BitUse::Code | BitUse::Kernel) => &[TOLD],
    }
}
