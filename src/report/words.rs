//! The words that stand for the readers' enumerations in reports. They are part of the formats: a row
//! may be added, none changed.

use crate::abi::restore::Below;
use crate::criu_image::model::{AnomalyKind, Arch, ImageKind, TaskState};
use crate::facts::Ground;
use crate::input::Form;
use crate::rule_id::RuleId;
use crate::sigframe::model::{FrameAnomalyKind, Sign};

/// Words of a table, as structures of reports keep them.
pub(super) fn owned(words: &[&str]) -> Vec<String> {
    words.iter().map(|word| (*word).to_owned()).collect()
}

/// Ids of rules as reports hold them.
pub(super) fn ids(rules: &[RuleId]) -> Vec<String> {
    rules.iter().map(RuleId::to_string).collect()
}

/// The word for a task's state.
#[must_use]
pub fn task_state(state: TaskState) -> String {
    match state {
        TaskState::Alive => "alive".to_owned(),
        TaskState::Dead => "dead".to_owned(),
        TaskState::Stopped => "stopped".to_owned(),
        TaskState::Other(number) => format!("state-{number}"),
    }
}

/// The word for an architecture.
#[must_use]
pub fn arch(arch: Arch) -> String {
    match arch {
        Arch::Aarch64 => "aarch64".to_owned(),
        Arch::Other(number, "") => format!("mtype-{number}"),
        Arch::Other(_, name) => name.to_lowercase(),
    }
}

/// The word for how an image is packed.
#[must_use]
pub fn form(form: Form) -> &'static str {
    match form {
        Form::Directory => "directory",
        Form::Tar => "tar",
        Form::Layout => "layout",
        Form::LayoutTar => "layout-tar",
    }
}

/// The word for what an image file is, and its name or magic word.
#[must_use]
pub fn image_kind(kind: &ImageKind) -> (&'static str, Option<String>) {
    match kind {
        ImageKind::Known(name) => ("image", Some((*name).to_owned())),
        ImageKind::Raw(name) => ("raw", Some((*name).to_owned())),
        ImageKind::Other => ("other", None),
        ImageKind::UnknownMagic(magic) => ("unknown", Some(format!("{magic:#010x}"))),
    }
}

/// The word for what an older CRIU does.
#[must_use]
pub fn older_criu(older: Below) -> &'static str {
    match older {
        Below::Breaks => "breaks",
        Below::Loses => "loses",
        Below::Differs => "differs",
        Below::Ignores => "ignores",
    }
}

/// The word for what shows where a thread stands.
#[must_use]
pub fn ground(ground: Ground) -> &'static str {
    match ground {
        Ground::Instruction => "instruction",
        Ground::Registers => "registers",
    }
}

/// The word for an oddity of an image.
#[must_use]
pub fn anomaly(kind: AnomalyKind) -> &'static str {
    match kind {
        AnomalyKind::PagesMissing => "pages-missing",
        AnomalyKind::PagesTruncated => "pages-truncated",
        AnomalyKind::PagesOversized => "pages-oversized",
        AnomalyKind::PageOutsideVma => "page-outside-vma",
        AnomalyKind::PagesLazy => "pages-lazy",
        AnomalyKind::ParentMissing => "parent-missing",
        AnomalyKind::PagemapMissing => "pagemap-missing",
        AnomalyKind::PageSizeDoubtful => "page-size-doubtful",
        AnomalyKind::Contradiction => "contradiction",
        AnomalyKind::RegistersMissing => "registers-missing",
        AnomalyKind::VmaDisorder => "vma-disorder",
    }
}

/// The word for a sign of a frame's liveness.
#[must_use]
pub fn sign(sign: Sign) -> &'static str {
    match sign {
        Sign::OnChain => "on-chain",
        Sign::ReturnsToTrampoline => "returns-to-trampoline",
        Sign::SpAtBase => "sp-at-base",
        Sign::PcAtTrampoline => "pc-at-trampoline",
        Sign::Unwound => "unwound",
        Sign::AboveSp => "above-sp",
        Sign::BelowSp => "below-sp",
        Sign::AltStackLeft => "altstack-left",
        Sign::ChainSkips => "chain-skips",
        Sign::ChainBroken => "chain-broken",
        Sign::UnwindingSkips => "unwinding-skips",
        Sign::NoStack => "no-stack",
        Sign::HandlerRecordBelow => "handler-record-below",
        Sign::RecordMismatch => "record-mismatch",
        Sign::MaskFits => "mask-fits",
    }
}

/// The word for what does not fit the ABI in a frame.
#[must_use]
pub fn frame_anomaly(kind: FrameAnomalyKind) -> &'static str {
    match kind {
        FrameAnomalyKind::NoTerminator => "no-terminator",
        FrameAnomalyKind::TerminatorSize => "terminator-size",
        FrameAnomalyKind::SizeTooSmall => "size-too-small",
        FrameAnomalyKind::SizeUnaligned => "size-unaligned",
        FrameAnomalyKind::SizeTooLarge => "size-too-large",
        FrameAnomalyKind::Duplicate => "duplicate",
        FrameAnomalyKind::WrongSize => "wrong-size",
        FrameAnomalyKind::NoFpsimd => "no-fpsimd",
        FrameAnomalyKind::ExtraPlacement => "extra-placement",
        FrameAnomalyKind::ExtraSize => "extra-size",
        FrameAnomalyKind::ExtraNested => "extra-nested",
        FrameAnomalyKind::Unreadable => "unreadable",
        FrameAnomalyKind::PstateInvalid => "pstate-invalid",
        FrameAnomalyKind::ZtWithoutZa => "zt-without-za",
        FrameAnomalyKind::ReservedNotZero => "reserved-not-zero",
    }
}

/// Lowercase hexadecimal digits of `bytes`.
#[must_use]
pub fn digits(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
