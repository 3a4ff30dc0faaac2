//! `IMG`: the image itself against the target: architecture, page size, addresses, missing pieces.

use crate::criu_image::model::{AnomalyKind, Arch, Task};
use crate::finding::{Finding, Phase, Proof, Severity, Spot, Subject};
use crate::profile::model::Basis;
use crate::rule_id::RuleId;
use crate::units::Place;

use super::{Case, Rule, RuleMeta, counted};

/// Id of the one rule that speaks of tasks of another architecture.
pub(super) const ARCHITECTURE: RuleId = RuleId::Img001;

/// Id of the rule that says that an image was rewritten.
pub const REWRITTEN: RuleId = RuleId::Img010;

/// Name of the file in which a rewritten image remembers what it was.
const JOURNAL: &str = "hwcr-journal.json";

/// The rules of this file.
pub(super) static RULES: &[Rule] = &[
    Rule {
        meta: RuleMeta {
            id: ARCHITECTURE,
            name: "image-architecture",
            summary: "The image holds tasks of another architecture.",
            explanation: "CRIU compares the architecture of each core image with its own and stops with \"Core march \
                mismatch\". hwcr judges aarch64 images only.",
            sources: &["CRIU 4.2, criu/cr-restore.c"],
            seen: &[],
            phase: Phase::Restore,
            since: "0.1.0",
            edits: &[],
        },
        check: architecture,
    },
    Rule {
        meta: RuleMeta {
            id: RuleId::Img002,
            name: "page-size",
            summary: "The tasks were dumped with another page size than the target's.",
            explanation: "Mappings, ELF segments and page counts of the image are in the source's pages. No image says \
                which size that is but AT_PAGESZ of the saved auxv. CRIU does not compare it and misreads every count.",
            sources: &["CRIU 4.2, criu/pagemap.c; include/common/arch/aarch64/asm/page.h"],
            seen: &["sig-sve@max@16k on max: CRIU-FAILED"],
            phase: Phase::Restore,
            since: "0.1.0",
            edits: &[],
        },
        check: page_size,
    },
    Rule {
        meta: RuleMeta {
            id: RuleId::Img003,
            name: "address-space",
            summary: "A task has mappings above the target's user address space.",
            explanation: "Kernels differ in the number of user address bits (39, 42, 47, 48, 52). A mapping that does not \
                fit cannot be restored: \"Can't restore … mapping\" or \"Page entry address … outside of VMA\".",
            sources: &["CRIU 4.2, criu/pie/restorer.c; checkpoint-restore/criu 1226"],
            seen: &["fl-va52@max-nopauth@new on neoverse-n1: CRIU-FAILED"],
            phase: Phase::Restore,
            since: "0.1.0",
            edits: &[],
        },
        check: address_space,
    },
    Rule {
        meta: RuleMeta {
            id: RuleId::Img004,
            name: "pages-missing",
            summary: "A pages file is missing or too short.",
            explanation: "The pagemap refers to bytes that are not there. The restore fails while it reads them.",
            sources: &["CRIU 4.2, criu/pagemap.c"],
            seen: &[],
            phase: Phase::Restore,
            since: "0.1.0",
            edits: &[],
        },
        check: pages_missing,
    },
    Rule {
        meta: RuleMeta {
            id: RuleId::Img005,
            name: "parent-missing",
            summary: "Pages lie in a parent image that is not there.",
            explanation: "An incremental dump keeps unchanged pages in the image before it, through the link `parent`. \
                Without that image, or with another one in its place, the restore fails.",
            sources: &["CRIU 4.2, criu/image.c, criu/pagemap.c"],
            seen: &[],
            phase: Phase::Restore,
            since: "0.1.0",
            edits: &[],
        },
        check: parent_missing,
    },
    Rule {
        meta: RuleMeta {
            id: RuleId::Img006,
            name: "lazy-pages",
            summary: "Pages were left to a lazy-pages server.",
            explanation: "A dump with --lazy-pages leaves pages at the source. They are needed for the restore, and signal \
                frames or a vector of capabilities may lie in them, which hwcr cannot see.",
            sources: &["CRIU 4.2, criu/page-xfer.c, criu/mem.c"],
            seen: &[],
            phase: Phase::Restore,
            since: "0.1.0",
            edits: &[],
        },
        check: lazy_pages,
    },
    Rule {
        meta: RuleMeta {
            id: RuleId::Img007,
            name: "unknown-fields",
            summary: "The image has fields that no known CRIU release writes.",
            explanation: "A newer or patched CRIU saved state in fields hwcr has no definition for. A CRIU that does not \
                know them either restores the task without that state.",
            sources: &["CRIU 4.2, images/*.proto"],
            seen: &[],
            phase: Phase::Restore,
            since: "0.1.0",
            edits: &[],
        },
        check: unknown_fields,
    },
    Rule {
        meta: RuleMeta {
            id: RuleId::Img008,
            name: "image-inconsistent",
            summary: "Parts of the image contradict each other.",
            explanation: "Page counts, mappings and files of an intact image agree. Where they do not, bytes may be read \
                from the wrong place, by CRIU as well as by hwcr.",
            sources: &["CRIU 4.2, criu/pagemap.c"],
            seen: &[],
            phase: Phase::Restore,
            since: "0.1.0",
            edits: &[],
        },
        check: inconsistent,
    },
    Rule {
        meta: RuleMeta {
            id: RuleId::Img009,
            name: "aarch32-thread",
            summary: "A thread runs AArch32 code.",
            explanation: "PSTATE says the thread executes AArch32. CRIU does not support such tasks on arm64, and many \
                server CPUs have no AArch32 at EL0.",
            sources: &["CRIU 4.2, criu/arch/aarch64/crtools.c", "Arm PSTATE.nRW"],
            seen: &[],
            phase: Phase::Run,
            since: "0.1.0",
            edits: &[],
        },
        check: aarch32,
    },
    Rule {
        meta: RuleMeta {
            id: REWRITTEN,
            name: "image-rewritten",
            summary: "The image was rewritten by `hwcr rewrite`.",
            explanation: "A journal beside the images says what was changed, for which target, and what the processes \
                were told of the CPU and the frames showed before. Every rule judges by that: what a program decided at \
                its start does not change with a word in an image. `hwcr rewrite --undo` takes the edits back.",
            sources: &["hwcr-journal.json in the image directory, which CRIU does not open"],
            seen: &[],
            phase: Phase::None,
            since: "0.1.0",
            edits: &[],
        },
        check: rewritten,
    },
];

fn rewritten(meta: &'static RuleMeta, case: &Case<'_>, out: &mut Vec<Finding>) {
    if let Some(journal) = &case.facts.rewritten {
        let message = format!(
            "the image was rewritten for {} by {}: {}; it is judged by what the processes were told before",
            journal.target,
            journal.tool,
            counted(journal.edits.len(), "edit"),
        );
        out.push(
            Finding::new(meta, Severity::Note, Proof::State, message)
                .read_at(Place::new(JOURNAL, 0, 0)),
        );
    }
}

fn architecture(meta: &'static RuleMeta, case: &Case<'_>, out: &mut Vec<Finding>) {
    if let Arch::Other(value, name) = case.facts.checkpoint.arch {
        let place = case
            .facts
            .checkpoint
            .tasks
            .first()
            .map(|task| task.place.clone());
        out.push(
            Finding::new(
                meta,
                Severity::Blocker,
                Proof::State,
                format!("the tasks are {name} (mtype {value}), not aarch64"),
            )
            .read_at(place)
            .need_have(format!("a machine of architecture {name}"), "aarch64")
            .help(
                "Restore it on a machine of its own architecture; hwcr judges aarch64 images only.",
            ),
        );
    }
}

/// Tasks that have memory of their own.
fn with_mm<'a>(
    case: &Case<'a>,
) -> impl Iterator<Item = (&'a Task, &'a crate::criu_image::model::Mm)> {
    case.facts
        .checkpoint
        .tasks
        .iter()
        .filter_map(|task| task.mm.as_ref().map(|mm| (task, mm)))
}

/// Whether what the profile says of the kernel was somebody else's kernel.
fn published(case: &Case<'_>) -> bool {
    case.target.basis == Some(Basis::Published)
}

fn page_size(meta: &'static RuleMeta, case: &Case<'_>, out: &mut Vec<Finding>) {
    let Some(target) = case.target.page_size else {
        return;
    };
    for (task, mm) in with_mm(case) {
        if mm.page_size.bytes == target {
            if !mm.page_size.stated {
                out.push(
                    Finding::new(
                        meta,
                        Severity::Unproven,
                        Proof::Unknown,
                        format!("the saved auxv has no AT_PAGESZ; {target} bytes are only assumed"),
                    )
                    .in_task(task.pid)
                    .read_at(mm.auxv_place.clone()),
                );
            }
            continue;
        }
        // Page and address size are the kernel's choice: published ones are those of somebody else's.
        let (severity, proof) = if mm.page_size.stated && !published(case) {
            (Severity::Blocker, Proof::State)
        } else {
            (Severity::Unproven, Proof::Unknown)
        };
        out.push(
            Finding::new(
                meta,
                severity,
                proof,
                format!(
                    "pages of {} bytes on a kernel with {target}",
                    mm.page_size.bytes
                ),
            )
            .in_task(task.pid)
            .read_at(mm.auxv_place.clone())
            .need_have(
                format!("{} bytes", mm.page_size.bytes),
                format!("{target} bytes"),
            )
            .help("Restore on a kernel built with the same page size."),
        );
    }
}

fn address_space(meta: &'static RuleMeta, case: &Case<'_>, out: &mut Vec<Finding>) {
    let Some(bits) = case.target.va_bits else {
        return;
    };
    let Some(limit) = 1_u64.checked_shl(u32::from(bits)) else {
        return;
    };
    let (severity, proof) = if published(case) {
        (Severity::Unproven, Proof::Unknown)
    } else {
        (Severity::Blocker, Proof::State)
    };
    for (task, mm) in with_mm(case) {
        if let Some(vma) = mm.vmas.iter().find(|vma| vma.mapping.range.end.0 > limit) {
            out.push(
                Finding::new(
                    meta,
                    severity,
                    proof,
                    format!(
                        "mapping {} lies above the {bits}-bit user address space",
                        vma.mapping.range
                    ),
                )
                .about(Spot::memory(task.pid, None, vma.mapping.range.start))
                .read_at(vma.place.clone())
                .need_have(
                    format!("addresses up to {}", vma.mapping.range.end),
                    format!("{bits} bits"),
                )
                .help("Restore on a kernel with at least as many user address bits."),
            );
        }
    }
}

/// Emits one finding per anomaly of these kinds.
fn anomalies(
    meta: &'static RuleMeta,
    case: &Case<'_>,
    out: &mut Vec<Finding>,
    kinds: &[AnomalyKind],
    severity: Severity,
    help: &str,
) {
    for anomaly in case
        .facts
        .checkpoint
        .anomalies
        .iter()
        .filter(|anomaly| kinds.contains(&anomaly.kind))
    {
        let message = format!("{}: {}", anomaly.place.file, anomaly.detail);
        let finding = Finding::new(meta, severity, Proof::State, message)
            .about(Subject::of(anomaly.pid, None))
            .read_at(anomaly.place.clone())
            .help(help);
        out.push(finding);
    }
}

fn pages_missing(meta: &'static RuleMeta, case: &Case<'_>, out: &mut Vec<Finding>) {
    let kinds = [
        AnomalyKind::PagesMissing,
        AnomalyKind::PagesTruncated,
        AnomalyKind::PagemapMissing,
    ];
    anomalies(
        meta,
        case,
        out,
        &kinds,
        Severity::Blocker,
        "Copy the image directory again, whole.",
    );
}

fn parent_missing(meta: &'static RuleMeta, case: &Case<'_>, out: &mut Vec<Finding>) {
    let help = "Put the parent image where the link `parent` points, or dump again without --prev-images-dir.";
    anomalies(
        meta,
        case,
        out,
        &[AnomalyKind::ParentMissing],
        Severity::Blocker,
        help,
    );
}

fn lazy_pages(meta: &'static RuleMeta, case: &Case<'_>, out: &mut Vec<Finding>) {
    let help = "Dump without --lazy-pages to have all of the memory judged.";
    anomalies(
        meta,
        case,
        out,
        &[AnomalyKind::PagesLazy],
        Severity::Unproven,
        help,
    );
}

fn inconsistent(meta: &'static RuleMeta, case: &Case<'_>, out: &mut Vec<Finding>) {
    let kinds = [
        AnomalyKind::PagesOversized,
        AnomalyKind::PageOutsideVma,
        AnomalyKind::PageSizeDoubtful,
        AnomalyKind::Contradiction,
        AnomalyKind::RegistersMissing,
        AnomalyKind::VmaDisorder,
    ];
    anomalies(
        meta,
        case,
        out,
        &kinds,
        Severity::Unproven,
        "Copy the image directory again, or dump again.",
    );
}

fn unknown_fields(meta: &'static RuleMeta, case: &Case<'_>, out: &mut Vec<Finding>) {
    for field in &case.facts.checkpoint.unknown_fields {
        out.push(
            Finding::new(
                meta,
                Severity::Unproven,
                Proof::Unknown,
                format!(
                    "{} has a field {} that hwcr does not know ({} times)",
                    field.message, field.number, field.count
                ),
            )
            .read_at(field.place.clone())
            .help("Find out which CRIU wrote the image, and restore with that one."),
        );
    }
}

/// PSTATE.M[4], nRW: the thread executes AArch32.
const PSTATE_NRW: u64 = 1 << 4;

fn aarch32(meta: &'static RuleMeta, case: &Case<'_>, out: &mut Vec<Finding>) {
    for task in &case.facts.checkpoint.tasks {
        for thread in &task.threads {
            if let Some(state) = thread
                .state
                .as_ref()
                .filter(|state| state.pstate & PSTATE_NRW != 0)
            {
                out.push(
                    Finding::new(
                        meta,
                        Severity::Unproven,
                        Proof::State,
                        "the thread executes AArch32 code",
                    )
                    .about(Spot::thread(task.pid, thread.tid))
                    .read_at(state.place.clone()),
                );
            }
        }
    }
}
