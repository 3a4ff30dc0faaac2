//! `STK`: signal stacks against the frames the target's kernel writes.

use crate::auxv::hwcap;
use crate::finding::{EditClass, Finding, Phase, Proof, Severity, Spot};
use crate::profile::model::Profile;
use crate::rule_id::RuleId;
use crate::units::Vl;

use super::{Case, Rule, RuleMeta};

/// The rules of this file.
pub(super) static RULES: &[Rule] = &[
    Rule {
        meta: RuleMeta {
            id: RuleId::Stk001,
            name: "altstack-too-small",
            summary: "An alternate signal stack is smaller than the frames the target's kernel writes.",
            explanation: "The kernel checks at sigaltstack() that a stack has 5120 bytes, and at delivery not at all: a \
                frame that does not fit is written below the stack, over whatever lies there. Machines with longer \
                vectors or with SME write larger frames.",
            sources: &[
                "kernel 7.3, arch/arm64/kernel/signal.c get_sigframe, setup_sigframe_layout",
                "observed: ENOMEM below 5120 bytes on every kernel tried",
            ],
            seen: &[],
            phase: Phase::Run,
            since: "0.1.0",
            edits: &[],
        },
        check: too_small,
    },
    Rule {
        meta: RuleMeta {
            id: RuleId::Stk002,
            name: "minsigstksz-larger",
            summary: "The target's AT_MINSIGSTKSZ is larger than the one the process was told.",
            explanation: "Programs size the signal stacks they will still make by the value they were told. It counts the \
                longest vectors the machine supports; at the default vector lengths frames are smaller. Stacks that \
                exist already are judged by HWCR-STK-001.",
            sources: &["kernel 7.3, arch/arm64/kernel/signal.c minsigstksz_setup"],
            seen: &["altstack@max-nopauth@6.1 on max-nopauth: PASS"],
            phase: Phase::Run,
            since: "0.1.0",
            edits: &[EditClass::Lossless],
        },
        check: told_less,
    },
];

/// Sizes of `arch/arm64/include/uapi/asm/sigcontext.h`, bytes; `setup_sigframe_layout` adds them up.
mod size {
    use crate::abi::record::{self, RecordKind};

    /// From the frame's base to the first record.
    pub(super) const RESERVED_OFFSET: u64 = 0x250;
    /// The record area of a frame without EXTRA space.
    pub(super) const RESERVED: u64 = 4096;
    /// The records that never vary, and the terminator.
    pub(super) const FIXED: u64 = record::fixed_bytes() as u64 + TERMINATOR;
    pub(super) const TERMINATOR: u64 = 16;
    /// EXTRA and the terminator behind it.
    pub(super) const EXTRA: u64 = RecordKind::Extra.written() as u64 + TERMINATOR;
    /// Header of the SVE and ZA records.
    pub(super) const HEADER: u64 = 16;
    /// ZT0's record.
    pub(super) const ZT: u64 = 16 + 64;
    /// The frame record `{fp, lr}` above the frame and the loss by alignment.
    pub(super) const ABOVE: u64 = 16 + 16;
}

fn sve_payload(vl: Vl) -> u64 {
    // 32 vectors, 16 predicates and FFR: 546 bytes a quadword, rounded up to 16.
    vl.vq()
        .map_or(0, |vq| (u64::from(vq) * 546).next_multiple_of(16))
}

/// Bytes a signal may take on the stack of a restored task: its vectors have the target's default
/// lengths; ZA counts where the process knows SME. `None` where the profile does not say enough.
fn largest_frame(target: &Profile, knows_sme: bool) -> Option<u64> {
    let default = |lengths: &Option<crate::profile::model::VectorLengths>| {
        let lengths = lengths.as_ref()?;
        lengths.default.or(if lengths.lengths.is_empty() {
            Some(Vl(0))
        } else {
            None
        })
    };
    let sve = default(&target.sve)?;
    let sme = default(&target.sme)?;
    let streaming = if knows_sme { sme } else { Vl(0) };
    let za = if knows_sme {
        u64::from(sme.0) * u64::from(sme.0) + size::ZT
    } else {
        0
    };
    let used = size::FIXED + 2 * size::HEADER + sve_payload(sve.max(streaming)) + za;
    let area = if used <= size::RESERVED {
        size::RESERVED
    } else {
        used + size::EXTRA
    };
    Some((size::RESERVED_OFFSET + area).next_multiple_of(16) + size::ABOVE)
}

/// How frames fit: a lower default helps where the profile lists a shorter length.
fn larger_stacks(target: &Profile) -> &'static str {
    let lengths = [target.sve.as_ref(), target.sme.as_ref()];
    let shorter = lengths.into_iter().flatten().any(|offered| {
        offered
            .default
            .is_some_and(|default| offered.lengths.iter().any(|vl| *vl < default))
    });
    if shorter {
        "Give the workload larger signal stacks, or lower the target's default vector length."
    } else {
        "Give the workload larger signal stacks."
    }
}

fn too_small(meta: &'static RuleMeta, case: &Case<'_>, out: &mut Vec<Finding>) {
    for task in &case.facts.tasks {
        let knows_sme = task.may_know(hwcap::SME);
        // The kernel's own maximum bounds every frame but one with live ZA, which it leaves out.
        let estimate = largest_frame(case.target, knows_sme);
        let bound = match (estimate, case.target.minsigstksz) {
            (Some(estimate), _) => Some(estimate),
            (None, Some(maximum)) if !knows_sme => Some(maximum),
            (None, _) => None,
        };
        for thread in &task.threads {
            let Some((stack, range)) = thread
                .thread
                .altstack
                .and_then(|stack| stack.range().map(|range| (stack, range)))
            else {
                continue;
            };
            let (proof, message, have) = match bound {
                Some(bound) if stack.size >= bound => continue,
                Some(bound) => (
                    Proof::Told,
                    format!(
                        "the alternate stack {range} has {} bytes, a signal on {} can take {bound}",
                        stack.size, case.target.name
                    ),
                    format!("{bound} bytes"),
                ),
                None => (
                    Proof::Unknown,
                    format!(
                        "the alternate stack {range} has {} bytes, and the profile of {} does not say how large frames get",
                        stack.size, case.target.name
                    ),
                    "`minsigstksz`, `sve` or `sme` unknown".to_owned(),
                ),
            };
            out.push(
                Finding::new(meta, Severity::Unproven, proof, message)
                    .about(Spot::memory(
                        task.task.pid,
                        Some(thread.thread.tid),
                        range.start,
                    ))
                    .read_at(thread.thread.place.clone())
                    .need_have(format!("frames of at most {} bytes", stack.size), have)
                    .help(larger_stacks(case.target)),
            );
        }
    }
}

fn told_less(meta: &'static RuleMeta, case: &Case<'_>, out: &mut Vec<Finding>) {
    let Some(target) = case.target.minsigstksz else {
        return;
    };
    for task in &case.facts.tasks {
        let Some(told) = task.auxv.as_ref().and_then(|auxv| auxv.minsigstksz) else {
            continue;
        };
        if told < target {
            out.push(
                Finding::new(
                    meta,
                    Severity::Note,
                    Proof::Told,
                    format!(
                        "the process was told AT_MINSIGSTKSZ {told}, {} has {target}",
                        case.target.name
                    ),
                )
                .in_task(task.task.pid)
                .need_have(format!("{told} bytes"), format!("{target} bytes")),
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_sve_payload_is_546_bytes_a_quadword_rounded_up() {
        // Record sizes of the kernel less their 16-byte header.
        for (vl, record) in [(16, 576), (32, 1120), (64, 2208), (128, 4384), (256, 8752)] {
            assert_eq!(sve_payload(Vl(vl)) + 16, record, "vl {vl}");
        }
        assert_eq!(sve_payload(Vl(0)), 0);
    }
}
