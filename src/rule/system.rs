//! `SYS`: the target's kernel and CRIU against what the image asks of them.

use crate::abi::{criu, kernel};
use crate::finding::{EditClass, Finding, Phase, Proof, Severity, Spot};
use crate::rule_id::RuleId;

use super::{Case, Rule, RuleMeta, conditions, floor};

/// The rules of this file.
pub(super) static RULES: &[Rule] = &[
    Rule {
        meta: RuleMeta {
            id: RuleId::Sys001,
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
            phase: Phase::Restore,
            since: "0.1.0",
            edits: &[EditClass::Lossless],
        },
        check: auxv_kernel,
    },
    Rule {
        meta: RuleMeta {
            id: RuleId::Sys002,
            name: "auxv-too-long-for-criu",
            summary: "The saved auxv is longer than the target's CRIU takes.",
            explanation: "CRIU up to 4.0 takes 40 words on arm64, from 4.1 on 50. A longer vector ends the restore with \
                \"Image corrupted on pid N\".",
            sources: &["CRIU 4.1, commit aad66a4f7; criu/cr-restore.c"],
            seen: &["idle@neoverse-n1@6.1 on neoverse-n1@6.1-criu3: CRIU-FAILED"],
            phase: Phase::Restore,
            since: "0.1.0",
            edits: &[EditClass::Lossless],
        },
        check: auxv_criu,
    },
    Rule {
        meta: RuleMeta {
            id: RuleId::Sys003,
            name: "image-newer-than-criu",
            summary: "The image uses a feature that the target's CRIU does not know.",
            explanation: "CRIU reads images of older releases, not of newer ones. What it does with a feature it does not \
                know depends on the feature: it fails, or restores the task without that state, or without its memory. \
                docs/floors.md lists what images can ask for, the first release that knows it, and what older ones do.",
            sources: &[
                "CRIU 3.12 to 4.3, images/*.proto, criu/pie/restorer.c; docs/floors.md has one for each row",
            ],
            seen: &["idle@neoverse-n1@6.1 on neoverse-n1@6.1-criu3: CRIU-FAILED"],
            phase: Phase::Restore,
            since: "0.1.0",
            edits: &[],
        },
        check: floor::criu,
    },
    Rule {
        meta: RuleMeta {
            id: RuleId::Sys004,
            name: "criu-too-old-for-kernel",
            summary: "The target's CRIU cannot work on the target's kernel.",
            explanation: "Whatever the image holds, CRIU has to read the vDSO of the kernel it runs on. From 6.11 on the \
                arm64 vDSO has a GNU hash table only, and CRIU up to 4.0 stops with \"Not all dynamic entries are \
                present\". docs/floors.md lists all such pairs.",
            sources: &[
                "CRIU 4.0 and 4.1, criu/pie/util-vdso.c",
                "kernel 6.11, arch/arm64/kernel/vdso",
            ],
            seen: &[],
            phase: Phase::Restore,
            since: "0.1.0",
            edits: &[],
        },
        check: floor::pairs,
    },
    Rule {
        meta: RuleMeta {
            id: RuleId::Sys005,
            name: "image-newer-than-kernel",
            summary: "The image needs something that the target's kernel does not have.",
            explanation: "CRIU makes again what it dumped, by the calls the programs used: droppable mappings, restartable \
                sequences, memfds, guard regions, the bounds of a program's data. A kernel older than the call, or than \
                what it allows, answers ENOSYS or EINVAL, and the restore fails. docs/floors.md lists what images can ask \
                for and the first kernel that has it. What the profile shows (a capability, an accepted signal record) \
                outranks the version.",
            sources: &[
                "docs/floors.md has one for each row: kernel version and function, CRIU version and file",
                "seen: MAP_DROPPABLE fails on 6.1 and passes on 6.12; guard regions fail on 6.12 and pass on 7.3",
            ],
            seen: &["fl-guard@neoverse-n1@new on neoverse-n1@6.12: CRIU-FAILED"],
            phase: Phase::Restore,
            since: "0.1.0",
            edits: &[],
        },
        check: floor::kernel,
    },
    Rule {
        meta: RuleMeta {
            id: RuleId::Sys006,
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
            phase: Phase::Restore,
            since: "0.1.0",
            edits: &[],
        },
        check: rseq_size,
    },
    Rule {
        meta: RuleMeta {
            id: RuleId::Sys007,
            name: "criu-too-old-for-its-libc",
            summary: "The target's CRIU may be too old for the libc it runs with itself.",
            explanation: "From 2.35 on glibc registers an area for restartable sequences in every thread, also in \
                CRIU's own. CRIU becomes the restored task: it unmaps its libc, and the kernel, which writes to \
                that area at the next switch of CPUs, finds nothing there and kills the task with SIGSEGV. CRIU \
                3.17 unregisters the area first. Before that every restore dies, with no other message than \
                \"killed by signal 11\" or exit status 127, on every kernel with rseq (4.19). No profile says which \
                libc CRIU runs with, so it stays unproven.\n\nCRIU 3.17 finds the area by libc's symbols, 3.18 asks \
                the kernel (5.13 and later). The symbols say something else since glibc 2.40, which CRIU 4.0 knows.",
            sources: &[
                "CRIU 3.17, commit f70ddab24, criu/pie/restorer.c unregister_libc_rseq; 3.18, commits cacddf19d, \
                    f7972a3f0; 4.0, commit 089345f77",
                "glibc 2.35, sysdeps/unix/sysv/linux/rseq-internal.h",
                "checkpoint-restore/criu#1695, #1696, #1885, #2096: Ubuntu 22.04 has CRIU 3.16.1 and glibc 2.35",
            ],
            seen: &["dyn-static@max@6.1-criu3 on max@6.1-criu3: PASS"],
            phase: Phase::Restore,
            since: "0.1.0",
            edits: &[],
        },
        check: conditions::criu_libc,
    },
    Rule {
        meta: RuleMeta {
            id: RuleId::Sys008,
            name: "rseq-not-saved",
            summary: "The image may lack areas for restartable sequences that tasks had registered.",
            explanation: "CRIU before 3.17 does not save what libc registers with rseq. The restored threads keep \
                the CPU number they had last in memory, and the kernel no longer updates it: sched_getcpu of glibc \
                2.35 and later returns it for good, and allocators that keep memory per CPU by restartable \
                sequences can corrupt it. An image shows its CRIU only by what newer releases add to it. The libc \
                is known by its file's name, and its version by that (glibc before 2.34) or from the file below \
                --rootfs; musl registers nothing.",
            sources: &[
                "CRIU 3.17, commit f81e3062c",
                "glibc 2.35, sysdeps/unix/sysv/linux/sched_getcpu.c",
            ],
            seen: &[],
            phase: Phase::Run,
            since: "0.1.0",
            edits: &[],
        },
        check: conditions::rseq_not_saved,
    },
    Rule {
        meta: RuleMeta {
            id: RuleId::Sys009,
            name: "huge-pages",
            summary: "Tasks map huge pages, which the target must have free.",
            explanation: "CRIU maps them again with MAP_HUGETLB, or as a memfd with MFD_HUGETLB. Pages come from a \
                pool that is empty unless an administrator fills it; without enough of them mmap answers ENOMEM. \
                The size of the pages is in the image where CRIU knew it.",
            sources: &[
                "CRIU 4.2, criu/proc_parse.c, criu/shmem.c, criu/hugetlb.c",
                "mmap(2)",
            ],
            seen: &[],
            phase: Phase::Restore,
            since: "0.1.0",
            edits: &[],
        },
        check: conditions::huge_pages,
    },
    Rule {
        meta: RuleMeta {
            id: RuleId::Sys010,
            name: "aio-ring-size",
            summary: "A task has an AIO ring, whose size depends on the number of CPUs.",
            explanation: "io_setup makes room for at least four requests per possible CPU, twice. CRIU asks for as \
                many requests as the dumped ring can have been made for. A target with more possible CPUs makes a \
                larger ring, and CRIU ends with \"wrong aio\".",
            sources: &[
                "kernel 6.1 and 6.12, fs/aio.c ioctx_alloc, aio_setup_ring",
                "CRIU 4.2, criu/aio.c aio_estimate_nr_reqs, criu/pie/restorer.c restore_aio_ring",
            ],
            seen: &[],
            phase: Phase::Restore,
            since: "0.1.0",
            edits: &[],
        },
        check: conditions::aio,
    },
    Rule {
        meta: RuleMeta {
            id: RuleId::Sys011,
            name: "address-space-of-criu",
            summary: "CRIU cannot use the address space as it is.",
            explanation: "CRIU finds the size of the address space by trying powers of two from 2^39 to 2^48. On a \
                kernel with 36 bits it believes in 2^39 and fails to unmap what cannot exist. What a task has above \
                2^48, as it gets on kernels with 52 bits if it asks for such addresses, CRIU does not take for \
                private memory: its pages are neither dumped nor restored. Below vm.mmap_min_addr, usually 65536, \
                the kernel accepts no bounds of a program.",
            sources: &[
                "seen: a mapping at 2^50 comes back as zeros on the machine it was dumped on",
                "CRIU 3.12 to 4.2, compel/arch/aarch64/src/lib/infect.c compel_task_size; criu/include/vma.h \
                    vma_entry_is_private; criu/pie/restorer.c unmap_old_vmas",
                "kernel 7.3, Documentation/arch/arm64/memory.rst",
            ],
            seen: &["fl-va52@max-nopauth@new on neoverse-n1: CRIU-FAILED"],
            phase: Phase::Restore,
            since: "0.1.0",
            edits: &[],
        },
        check: conditions::address_space,
    },
    Rule {
        meta: RuleMeta {
            id: RuleId::Sys012,
            name: "kernel-option",
            summary: "The image needs a kernel built with an option that no profile shows.",
            explanation: "CRIU repeats the advice that tasks gave for their memory. Kernels without samepage \
                merging or transparent huge pages answer EINVAL, and the restore fails. Distributions build them \
                with both, so it is taken as given, and said.",
            sources: &[
                "kernel 6.1 and 6.12, mm/madvise.c madvise_behavior_valid",
                "CRIU 4.2, criu/pie/restorer.c",
            ],
            seen: &["live-fpsimd@max-nopauth@new on a64fx@6.12: PASS"],
            phase: Phase::Restore,
            since: "0.1.0",
            edits: &[],
        },
        check: conditions::options,
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
    // The number of a vendor's kernel proves no limit; `auxv_bytes` does.
    let vendor = case.target.auxv_bytes.is_none() && case.target.is_vendor_kernel();
    for task in &case.facts.tasks {
        let Some(auxv) = &task.auxv else { continue };
        let bytes = auxv.saved_words as u64 * 8;
        if bytes <= limit {
            continue;
        }
        let severity = if newer || vendor {
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

fn rseq_size(meta: &'static RuleMeta, case: &Case<'_>, out: &mut Vec<Finding>) {
    let Some(version) = case.target.kernel else {
        return; // HWCR-PRF-001
    };
    // A later kernel takes no area that is smaller than its own, and nobody knows how large that is.
    let newer = version > kernel::NEWEST_KNOWN;
    if !newer && !kernel::rseq_size_fixed(version) {
        return;
    }
    let takes = if newer {
        "may ask for more"
    } else {
        "takes 32"
    };
    for task in &case.facts.checkpoint.tasks {
        for thread in &task.threads {
            let Some(size) = thread
                .rseq_size
                .filter(|size| *size != kernel::ORIGINAL_RSEQ_SIZE)
            else {
                continue;
            };
            let severity = if newer || case.target.is_vendor_kernel() {
                Severity::Unproven
            } else {
                Severity::Blocker
            };
            out.push(
                Finding::new(
                    meta,
                    severity,
                    Proof::Version,
                    format!("the thread's rseq area has {size} bytes; kernel {version} {takes}"),
                )
                .about(Spot::thread(task.pid, thread.tid))
                .read_at(thread.place.clone())
                .need_have(format!("{size} bytes"), "32 bytes")
                .help("Use kernel 6.3 or later on the target, or start the workload with GLIBC_TUNABLES=glibc.pthread.rseq=0."),
            );
        }
    }
}
