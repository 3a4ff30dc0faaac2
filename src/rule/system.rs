//! `SYS`: the target's kernel and CRIU against what the image asks of them.

use crate::abi::{criu, kernel};
use crate::criu_image::model::OlderCriu;
use crate::finding::{EditClass, Finding, Proof, Severity};

use super::{Case, Rule, RuleMeta};

/// The rules of this file.
pub(super) static RULES: &[Rule] = &[
    Rule {
        meta: RuleMeta {
            id: "HWCR-SYS-001",
            name: "auxv-too-long-for-kernel",
            summary: "The saved auxv is longer than the target's kernel takes.",
            explanation: "Kernels take at most as many words as they save themselves: 46 up to 6.2, 50 from 6.3, 54 from \
                7.0. CRIU hands the vector over whole, the kernel answers EINVAL, and the restore fails with \"prctl \
                failed … with -22\".",
            sources: &[
                "kernel 5.10 to 7.3, kernel/sys.c prctl_set_mm_map, prctl_set_auxv; include/linux/auxvec.h",
                "CRIU 4.2, criu/pie/restorer.c",
                "observed: every image of kernel 7.3 fails on 6.1",
            ],
            seen: &["idle@cortex-a57@new on cortex-a57@6.1: CRIU-FAILED"],
            since: "0.1.0",
            edits: &[EditClass::Lossless],
        },
        check: auxv_kernel,
    },
    Rule {
        meta: RuleMeta {
            id: "HWCR-SYS-002",
            name: "auxv-too-long-for-criu",
            summary: "The saved auxv is longer than the target's CRIU takes.",
            explanation: "CRIU up to 4.0 takes 40 words on arm64, from 4.1 on 50. A longer vector ends the restore with \
                \"Image corrupted on pid N\".",
            sources: &["CRIU 4.1, commit aad66a4f7; criu/cr-restore.c"],
            seen: &["idle@neoverse-n1@6.1 on neoverse-n1@6.1-criu3: CRIU-FAILED"],
            since: "0.1.0",
            edits: &[EditClass::Lossless],
        },
        check: auxv_criu,
    },
    Rule {
        meta: RuleMeta {
            id: "HWCR-SYS-003",
            name: "image-newer-than-criu",
            summary: "The image uses a feature that the target's CRIU does not know.",
            explanation: "CRIU reads images of older releases, not of newer ones. What it does with a feature it does not \
                know depends on the feature: it fails, or restores the task without that state, or without its memory.",
            sources: &["CRIU 3.17 to 4.3, images/*.proto, criu/pagemap.c"],
            seen: &["idle@neoverse-n1@6.1 on neoverse-n1@6.1-criu3: CRIU-FAILED"],
            since: "0.1.0",
            edits: &[],
        },
        check: newer_image,
    },
    Rule {
        meta: RuleMeta {
            id: "HWCR-SYS-004",
            name: "criu-too-old-for-kernel",
            summary: "The target's CRIU cannot work on the target's kernel.",
            explanation: "From 6.11 on the arm64 vDSO has a GNU hash table only. CRIU up to 4.0 stops with \"Not all dynamic \
                entries are present\".",
            sources: &[
                "CRIU 4.0 and 4.1, criu/pie/util-vdso.c",
                "kernel 6.11, arch/arm64/kernel/vdso",
            ],
            seen: &[],
            since: "0.1.0",
            edits: &[],
        },
        check: criu_kernel,
    },
    Rule {
        meta: RuleMeta {
            id: "HWCR-SYS-005",
            name: "image-newer-than-kernel",
            summary: "The image needs a system call that the target's kernel does not have.",
            explanation: "CRIU re-makes what it dumped by the calls the programs used: restartable sequences, memfds, \
                process file descriptors, guard regions. A kernel older than the call answers ENOSYS or EINVAL, and the \
                restore fails.",
            sources: &[
                "kernel 3.17 memfd_create, 4.18 rseq, 5.3 pidfd_open, 6.13 MADV_GUARD_INSTALL",
                "CRIU 4.2, criu/pie/restorer.c, criu/memfd.c, criu/pidfd.c",
            ],
            seen: &["fl-guard@neoverse-n1@new on neoverse-n1@6.12: CRIU-FAILED"],
            since: "0.1.0",
            edits: &[],
        },
        check: newer_than_kernel,
    },
    Rule {
        meta: RuleMeta {
            id: "HWCR-SYS-006",
            name: "rseq-area-size",
            summary: "A thread's area for restartable sequences has a size the target's kernel does not take.",
            explanation: "libc registers an area as large as AT_RSEQ_FEATURE_SIZE told it (33 bytes on kernel 7.3). CRIU \
                registers the same size again; kernels up to 6.2 take 32 bytes only, answer EINVAL, and the restore fails \
                with \"failed sys_rseq\".",
            sources: &[
                "kernel 6.1, kernel/rseq.c sys_rseq; kernel 6.3, AT_RSEQ_FEATURE_SIZE",
                "CRIU 4.2, criu/pie/restorer.c restore_rseq",
                "observed: 33 bytes fail on 6.1 with CRIU 4.2.1, and pass on 6.12",
            ],
            seen: &["dyn@max-nopauth@new on neoverse-n1@6.1: CRIU-FAILED"],
            since: "0.1.0",
            edits: &[],
        },
        check: rseq_size,
    },
];

fn auxv_kernel(meta: &'static RuleMeta, case: &Case<'_>, out: &mut Vec<Finding>) {
    let (limit, ground) = match (case.target.auxv_bytes, case.target.kernel) {
        (Some(bytes), _) => (bytes, "as its profile says".to_owned()),
        (None, Some(version)) => (kernel::auxv_limit(version), format!("kernel {version}")),
        (None, None) => return, // HWCR-PRF-001 where it matters
    };
    let newer = case.target.auxv_bytes.is_none()
        && case.target.kernel.is_some_and(|v| v > kernel::NEWEST_KNOWN);
    for task in &case.facts.tasks {
        let Some(auxv) = &task.auxv else { continue };
        let bytes = auxv.saved_words as u64 * 8;
        if bytes <= limit {
            continue;
        }
        let severity = if newer {
            Severity::Unproven
        } else {
            Severity::Blocker
        };
        out.push(
            Finding::new(
                meta,
                severity,
                Proof::Version,
                format!(
                    "the saved auxv has {bytes} bytes, {} takes {limit} ({ground})",
                    case.target.name
                ),
            )
            .in_task(task.task.pid)
            .read_at(task.task.mm.as_ref().map(|mm| mm.auxv_place.clone()))
            .need_have(format!("{bytes} bytes"), format!("{limit} bytes"))
            .help("Use a newer kernel on the target, or dump on an older one.")
            .mended_by(EditClass::Lossless),
        );
    }
}

fn auxv_criu(meta: &'static RuleMeta, case: &Case<'_>, out: &mut Vec<Finding>) {
    let Some(version) = case.target.criu else {
        return;
    };
    let limit = criu::auxv_words_limit(version);
    for task in &case.facts.tasks {
        let Some(words) = task
            .auxv
            .as_ref()
            .map(|auxv| auxv.saved_words as u64)
            .filter(|words| *words > limit)
        else {
            continue;
        };
        out.push(
            Finding::new(
                meta,
                Severity::Blocker,
                Proof::Version,
                format!("the saved auxv has {words} words, CRIU {version} takes {limit}"),
            )
            .in_task(task.task.pid)
            .read_at(task.task.mm.as_ref().map(|mm| mm.auxv_place.clone()))
            .need_have(format!("{words} words"), format!("{limit} words"))
            .help("Use CRIU 4.1 or later on the target.")
            .mended_by(EditClass::Lossless),
        );
    }
}

/// Judged by `PAC`, which knows what the loss means.
const JUDGED_ELSEWHERE: &[&str] = &["pac-keys"];

fn newer_image(meta: &'static RuleMeta, case: &Case<'_>, out: &mut Vec<Finding>) {
    let Some(version) = case.target.criu else {
        return;
    };
    for feature in case
        .facts
        .checkpoint
        .features
        .iter()
        .filter(|feature| feature.since > version)
    {
        let (severity, effect) = match feature.older {
            OlderCriu::Breaks => (Severity::Blocker, "cannot restore it"),
            OlderCriu::Loses => (Severity::Unproven, "restores the tasks without it"),
            OlderCriu::Ignores => continue,
        };
        if JUDGED_ELSEWHERE.contains(&feature.name) {
            continue;
        }
        out.push(
            Finding::new(
                meta,
                severity,
                Proof::Version,
                format!(
                    "the image has {} (CRIU {} and later); CRIU {version} {effect}",
                    feature.what, feature.since
                ),
            )
            .read_at(feature.place.clone())
            .need_have(format!("CRIU {}", feature.since), format!("CRIU {version}"))
            .help(format!(
                "Use CRIU {} or later on the target.",
                feature.since
            )),
        );
    }
}

fn criu_kernel(meta: &'static RuleMeta, case: &Case<'_>, out: &mut Vec<Finding>) {
    let (Some(version), Some(kernel)) = (case.target.criu, case.target.kernel) else {
        return;
    };
    if version < criu::KNOWS_GNU_HASH_VDSO && kernel >= criu::KERNEL_WITH_GNU_HASH_VDSO {
        out.push(
            Finding::new(
                meta,
                Severity::Blocker,
                Proof::Version,
                format!("CRIU {version} cannot read the vDSO of kernel {kernel}"),
            )
            .need_have("CRIU 4.1", format!("CRIU {version}"))
            .help("Use CRIU 4.1 or later on the target."),
        );
    }
}

fn newer_than_kernel(meta: &'static RuleMeta, case: &Case<'_>, out: &mut Vec<Finding>) {
    let Some(version) = case.target.kernel else {
        return;
    };
    for feature in &case.facts.checkpoint.features {
        let need = kernel::FORMAT_NEEDS
            .iter()
            .find(|(name, since, _)| *name == feature.name && version < *since);
        let Some((_, since, call)) = need else {
            continue;
        };
        out.push(
            Finding::new(
                meta,
                Severity::Blocker,
                Proof::Version,
                format!(
                    "the image has {}; kernel {version} has no {call}",
                    feature.what
                ),
            )
            .read_at(feature.place.clone())
            .need_have(format!("kernel {since}"), format!("kernel {version}"))
            .help(format!("Use kernel {since} or later on the target.")),
        );
    }
}

fn rseq_size(meta: &'static RuleMeta, case: &Case<'_>, out: &mut Vec<Finding>) {
    let Some(version) = case
        .target
        .kernel
        .filter(|version| kernel::rseq_size_fixed(*version))
    else {
        return;
    };
    for task in &case.facts.checkpoint.tasks {
        for thread in &task.threads {
            let Some(size) = thread
                .rseq_size
                .filter(|size| *size != kernel::ORIGINAL_RSEQ_SIZE)
            else {
                continue;
            };
            out.push(
                Finding::new(
                    meta,
                    Severity::Blocker,
                    Proof::Version,
                    format!("the thread's rseq area has {size} bytes; kernel {version} takes 32"),
                )
                .in_task(task.pid)
                .in_thread(Some(thread.tid))
                .read_at(thread.place.clone())
                .need_have(format!("{size} bytes"), "32 bytes")
                .help("Use kernel 6.3 or later on the target, or start the workload with GLIBC_TUNABLES=glibc.pthread.rseq=0."),
            );
        }
    }
}
