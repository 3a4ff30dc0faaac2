//! Rows of memory and of the state of the CPU.

use super::{Below, CriuFloor, Evidence, KernelFloor, Row, criu, kernel, written};
use crate::abi::ask::Ask;
use crate::abi::hwcap;
use crate::rule_id::RuleId;
use crate::units::Version;

/// The rows.
pub(super) static ROWS: &[Row] = &[
    Row {
        ask: Ask::AuxvOver40,
        what: "a saved auxv of more than 40 words",
        call: "nothing",
        site: "criu/cr-restore.c prepare_mm_pid",
        kernel: None,
        criu: Some(CriuFloor {
            rule: RuleId::Sys002,
            ..criu(
                4,
                1,
                Below::Breaks,
                "the restore ends with \"Image corrupted on pid N\"",
            )
        }),
        written_by: None,
        sources: &[
            "CRIU 3.12 to 4.0 (40 words) and 4.1 (50 words), criu/arch/aarch64/include/asm/types.h AT_VECTOR_SIZE",
        ],
    },
    Row {
        ask: Ask::AuxvOver46,
        what: "a saved auxv of more than 46 words",
        call: "prctl PR_SET_MM_MAP with so long a vector",
        site: "criu/pie/restorer.c __export_restore_task",
        kernel: Some(KernelFloor {
            evidence: Evidence::AuxvBytes,
            rule: RuleId::Sys001,
            ..kernel(
                6,
                3,
                "prctl answers EINVAL, and CRIU ends with \"prctl failed @N with -22\"",
            )
        }),
        criu: None,
        written_by: None,
        sources: &[
            "kernel 6.1 and 6.12, kernel/sys.c prctl_set_mm_map; include/linux/auxvec.h",
            "seen: 48 words fail on 6.1 and pass on 6.12",
        ],
    },
    Row {
        ask: Ask::AuxvOver50,
        what: "a saved auxv of more than 50 words",
        call: "prctl PR_SET_MM_MAP with so long a vector",
        site: "criu/pie/restorer.c __export_restore_task",
        kernel: Some(KernelFloor {
            evidence: Evidence::AuxvBytes,
            rule: RuleId::Sys001,
            ..kernel(
                7,
                0,
                "prctl answers EINVAL, and CRIU ends with \"prctl failed @N with -22\"",
            )
        }),
        criu: None,
        written_by: None,
        sources: &["kernel 6.18 and 7.3, include/linux/auxvec.h; measured on both"],
    },
    Row {
        ask: Ask::EmptyData,
        what: "a program without data (start_data is end_data)",
        call: "prctl PR_SET_MM_MAP with start_data equal to end_data",
        site: "criu/pie/restorer.c __export_restore_task",
        kernel: Some(KernelFloor {
            stable: &[
                Version::new(4, 4, 183),
                Version::new(4, 9, 183),
                Version::new(4, 14, 126),
                Version::new(4, 19, 51),
                Version::new(5, 1, 10),
            ],
            ..kernel(
                5,
                2,
                "prctl answers EINVAL, and CRIU ends with \"prctl failed @N with -22\"",
            )
        }),
        criu: None,
        written_by: None,
        sources: &[
            "kernel commit a9e73998f9d7, kernel/sys.c validate_prctl_map, and its backports of June 2019; read in 6.1",
        ],
    },
    Row {
        ask: Ask::BrkBelowData,
        what: "a heap below the end of the program's data, as static-pie programs have",
        call: "prctl PR_SET_MM_MAP with brk below end_data",
        site: "criu/pie/restorer.c __export_restore_task",
        kernel: Some(KernelFloor {
            stable: &[
                Version::new(4, 4, 285),
                Version::new(4, 9, 284),
                Version::new(4, 14, 248),
                Version::new(4, 19, 208),
                Version::new(5, 4, 149),
                Version::new(5, 10, 69),
                Version::new(5, 14, 8),
            ],
            ..kernel(
                5,
                15,
                "prctl answers EINVAL, and CRIU ends with \"prctl failed @N with -22\"",
            )
        }),
        criu: None,
        written_by: None,
        sources: &[
            "kernel commit e1fbbd073137, kernel/sys.c validate_prctl_map, and its backports of September 2021; read in 6.1",
        ],
    },
    Row {
        ask: Ask::Low,
        what: "a program, heap, stack or argument below 65536",
        call: "prctl PR_SET_MM_MAP with an address below 65536",
        site: "criu/pie/restorer.c __export_restore_task",
        kernel: None,
        criu: None,
        written_by: None,
        sources: &["kernel 6.1 and 6.12, kernel/sys.c validate_prctl_map_addr"],
    },
    Row {
        ask: Ask::HugePagesDisabled,
        what: "huge pages disabled for a process",
        call: "prctl PR_SET_THP_DISABLE",
        site: "criu/pie/restorer.c __export_restore_task",
        kernel: Some(kernel(3, 15, "prctl answers EINVAL")),
        criu: Some(criu(
            3,
            19,
            Below::Ignores,
            "older releases restore the process with huge pages enabled",
        )),
        written_by: None,
        sources: &["CRIU 3.19, commit 21ce76263", "prctl(2)"],
    },
    Row {
        ask: Ask::Droppable,
        what: "a droppable mapping, as glibc 2.41 and later make for getrandom",
        call: "mmap with MAP_DROPPABLE",
        site: "criu/pie/restorer.c restore_mapping, criu/mem.c premap_private_vma",
        kernel: Some(kernel(
            6,
            11,
            "mmap answers EINVAL, and CRIU ends with \"Can't restore … mapping with ffffffffffffffea\" or \"Unable \
             to map ANON_VMA\"",
        )),
        criu: None,
        written_by: written(4, 2),
        sources: &[
            "kernel 6.12, mm/mmap.c do_mmap; kernel commit 9651fcedf7b9 (6.11)",
            "CRIU 4.2, commit b90cfc1a8; older releases hand the flag on as well",
            "seen: fails on 6.1, passes on 6.12 and 7.3",
        ],
    },
    Row {
        ask: Ask::WipeOnFork,
        what: "a mapping that children find empty (MADV_WIPEONFORK)",
        call: "madvise MADV_WIPEONFORK",
        site: "criu/pie/restorer.c __export_restore_task",
        kernel: Some(kernel(
            4,
            14,
            "madvise answers EINVAL, and CRIU ends with \"madvise(…, 18) failed with -22\"",
        )),
        criu: None,
        written_by: written(4, 2),
        sources: &[
            "madvise(2); kernel 6.1, mm/madvise.c madvise_behavior_valid",
            "CRIU 4.2, commit af5412a43; older releases hand on every bit as well",
        ],
    },
    Row {
        ask: Ask::Mergeable,
        what: "a mapping for samepage merging (MADV_MERGEABLE)",
        call: "madvise MADV_MERGEABLE",
        site: "criu/pie/restorer.c __export_restore_task",
        kernel: None,
        criu: None,
        written_by: None,
        sources: &["kernel 6.1 and 6.12, mm/madvise.c madvise_behavior_valid"],
    },
    Row {
        ask: Ask::HugePageAdvice,
        what: "a mapping for huge pages (MADV_HUGEPAGE)",
        call: "madvise MADV_HUGEPAGE",
        site: "criu/pie/restorer.c __export_restore_task",
        kernel: None,
        criu: None,
        written_by: None,
        sources: &["kernel 6.1 and 6.12, mm/madvise.c madvise_behavior_valid"],
    },
    Row {
        ask: Ask::NoHugePageAdvice,
        what: "a mapping without huge pages (MADV_NOHUGEPAGE)",
        call: "madvise MADV_NOHUGEPAGE",
        site: "criu/pie/restorer.c __export_restore_task",
        kernel: None,
        criu: None,
        written_by: None,
        sources: &[
            "kernel 6.1 and 6.12, mm/madvise.c madvise_behavior_valid; kernel commit 2b772100e42c (6.16)",
        ],
    },
    Row {
        ask: Ask::HugeTlb,
        what: "a mapping of huge pages from the pool (MAP_HUGETLB)",
        call: "mmap with MAP_HUGETLB, memfd_create with MFD_HUGETLB",
        site: "criu/pie/restorer.c restore_mapping, criu/shmem.c open_shmem",
        kernel: None,
        criu: Some(CriuFloor {
            verified: false,
            ..criu(
                3,
                17,
                Below::Breaks,
                "older releases treat it as ordinary memory, and move it as such",
            )
        }),
        written_by: None,
        sources: &["CRIU 3.17, commits 8941b63a4 and 456e50b59"],
    },
    Row {
        ask: Ask::HugeTlbMemfd,
        what: "a memfd of huge pages",
        call: "memfd_create with MFD_HUGETLB",
        site: "criu/memfd.c memfd_open_inode_nocache",
        kernel: Some(kernel(4, 14, "memfd_create answers EINVAL")),
        criu: Some(criu(
            3,
            17,
            Below::Loses,
            "older releases make a memfd of small pages",
        )),
        written_by: written(3, 17),
        sources: &[
            "memfd_create(2)",
            "CRIU 3.17, criu/memfd.c; images/memfd.proto",
        ],
    },
    Row {
        ask: Ask::PluginMapping,
        what: "a mapping that a plugin of CRIU restores",
        call: "what the plugin does",
        site: "criu/mem.c, criu/plugin.c",
        kernel: None,
        criu: Some(criu(
            3,
            17,
            Below::Breaks,
            "older releases have no plugins for mappings",
        )),
        written_by: written(3, 17),
        sources: &["CRIU 3.17, commits 63e127fc8 and 91157315b"],
    },
    Row {
        ask: Ask::AioRing,
        what: "an AIO ring",
        call: "io_setup",
        site: "criu/pie/restorer.c restore_aio_ring",
        kernel: None,
        criu: None,
        written_by: None,
        sources: &[
            "kernel 6.1 and 6.12, fs/aio.c ioctx_alloc",
            "CRIU 4.2, criu/aio.c",
        ],
    },
    Row {
        ask: Ask::High,
        what: "a mapping above 2^48",
        call: "nothing",
        site: "compel/arch/aarch64/src/lib/infect.c compel_task_size",
        kernel: None,
        criu: None,
        written_by: None,
        sources: &["CRIU 3.12 to 4.2, compel/arch/aarch64/src/lib/infect.c TASK_SIZE_MAX"],
    },
    Row {
        ask: Ask::Vdso,
        what: "a vDSO, which has to be moved to its old place",
        call: "mremap of the vDSO that the kernel follows",
        site: "criu/pie/parasite-vdso.c park_at",
        kernel: Some(KernelFloor {
            verified: false,
            ..kernel(
                4,
                14,
                "the kernel keeps the old address as the place that signal handlers return to, and the task dies with \
                 SIGSEGV at its first handler without a restorer",
            )
        }),
        criu: None,
        written_by: None,
        sources: &[
            "kernel commit 739586951b8a, arch/arm64/kernel/vdso.c vdso_mremap; not in 4.9, read in 6.1",
            "CRIU 3.13, criu/cr-check.c",
        ],
    },
    Row {
        ask: Ask::VdsoGnuHash,
        what: "a vDSO with a GNU hash table only (kernel 6.11 and later)",
        call: "nothing: CRIU reads its symbols to put jumps into it",
        site: "criu/pie/parasite-vdso.c vdso_proxify",
        kernel: None,
        criu: Some(criu(
            4,
            1,
            Below::Breaks,
            "the restore ends with \"Not all dynamic entries are present\"",
        )),
        written_by: written(4, 1),
        sources: &["CRIU 4.0 and 4.1 (commit 8a06ca27c), criu/pie/util-vdso.c"],
    },
    Row {
        ask: Ask::VdsoOsAbi,
        what: "a vDSO whose ELF header says Linux (EI_OSABI 3)",
        call: "nothing: CRIU reads its symbols to put jumps into it",
        site: "criu/pie/util-vdso.c has_elf_identity",
        kernel: None,
        criu: Some(criu(
            4,
            2,
            Below::Breaks,
            "the restore ends with \"ELF header magic mismatch\"",
        )),
        written_by: written(4, 2),
        sources: &["CRIU 4.2, commit 2d2168fc9"],
    },
    Row {
        ask: Ask::Rseq,
        what: "restartable-sequences registrations",
        call: "rseq",
        site: "criu/pie/restorer.c restore_rseq",
        kernel: Some(kernel(
            4,
            19,
            "rseq answers ENOSYS, and CRIU ends with \"rseq: can't restore as kernel doesn't support it\"",
        )),
        criu: Some(criu(
            3,
            17,
            Below::Loses,
            "older releases restore the tasks without them",
        )),
        written_by: None,
        sources: &[
            "kernel commit 409d5db49867 (arm64 selects HAVE_RSEQ; 4.18 has it on other architectures)",
            "CRIU 3.17, criu/cr-restore.c prep_rseq, criu/pie/restorer.c restore_rseq",
        ],
    },
    Row {
        ask: Ask::RseqSize,
        what: "an area for restartable sequences that has not 32 bytes",
        call: "rseq with another size than 32",
        site: "criu/pie/restorer.c restore_rseq",
        kernel: Some(KernelFloor {
            rule: RuleId::Sys006,
            ..kernel(
                6,
                3,
                "rseq answers EINVAL, and CRIU ends with \"failed sys_rseq(…) = -22\"",
            )
        }),
        criu: None,
        written_by: None,
        sources: &[
            "kernel 6.1 and 6.12, kernel/rseq.c sys_rseq",
            "seen: 33 and 64 bytes fail on 6.1, 64 bytes pass on 6.12",
        ],
    },
    Row {
        ask: Ask::Membarrier,
        what: "membarrier registrations",
        call: "membarrier MEMBARRIER_CMD_REGISTER_*",
        site: "criu/pie/restorer.c restore_membarrier_registrations",
        kernel: None,
        criu: Some(criu(
            3,
            19,
            Below::Loses,
            "older releases restore the tasks without them",
        )),
        written_by: written(3, 19),
        sources: &["CRIU 3.19, criu/pie/restorer.c"],
    },
    Row {
        ask: Ask::PacBlock,
        what: "a statement on pointer-authentication keys, without keys",
        call: "nothing",
        site: "criu/arch/aarch64/crtools.c restore_gpregs",
        kernel: None,
        criu: Some(criu(4, 1, Below::Ignores, "there is nothing to restore")),
        written_by: written(4, 1),
        sources: &["CRIU 4.1, criu/arch/aarch64/crtools.c"],
    },
    Row {
        ask: Ask::PacKeys,
        what: "pointer-authentication keys",
        call: "ptrace regset NT_ARM_PAC_ENABLED_KEYS",
        site: "criu/arch/aarch64/crtools.c arch_ptrace_restore",
        kernel: Some(kernel(
            5,
            13,
            "the kernel has no NT_ARM_PAC_ENABLED_KEYS, ptrace answers EINVAL, and CRIU ends with \"Failed to set \
             enabled key mask\"",
        )),
        criu: Some(CriuFloor {
            rule: RuleId::Pac002,
            ..criu(
                4,
                1,
                Below::Loses,
                "older releases leave the keys of CRIU's own tasks",
            )
        }),
        written_by: written(4, 1),
        sources: &[
            "kernel 6.1, arch/arm64/kernel/ptrace.c (PACA_KEYS and PACG_KEYS, 5.1, with CONFIG_CHECKPOINT_RESTORE; \
             PAC_ENABLED_KEYS, 5.13, commit b169424551930)",
            "CRIU 4.1, commit 8ae5db37b",
        ],
    },
    Row {
        ask: Ask::Guards,
        what: "guard regions inside of mappings",
        call: "madvise MADV_GUARD_INSTALL",
        site: "criu/pie/restorer.c restore_madv_guard_regions",
        kernel: Some(kernel(
            6,
            13,
            "madvise answers EINVAL, and CRIU ends with \"madvise(…, MADV_GUARD_INSTALL) failed with -22\"",
        )),
        criu: Some(criu(
            4,
            2,
            Below::Loses,
            "older releases restore the tasks without them",
        )),
        written_by: written(4, 2),
        sources: &[
            "kernel 6.13, mm/madvise.c; not in 6.12",
            "CRIU 4.2, criu/pie/restorer.c",
            "seen: fails on 6.1 and 6.12, passes on 7.3",
        ],
    },
    Row {
        ask: Ask::GuardsInFiles,
        what: "guard regions in mappings of files or of shared memory",
        call: "madvise MADV_GUARD_INSTALL over file mappings",
        site: "criu/pie/restorer.c restore_madv_guard_regions",
        kernel: Some(KernelFloor {
            verified: false,
            ..kernel(
                6,
                15,
                "madvise answers EINVAL, and CRIU ends with \"madvise(…, MADV_GUARD_INSTALL) failed with -22\"",
            )
        }),
        criu: None,
        written_by: None,
        sources: &["kernel 6.13 is_valid_guard_vma, 6.15 (not read)"],
    },
    Row {
        ask: Ask::Uprobes,
        what: "a mapping made by the kernel for uprobes",
        call: "nothing",
        site: "criu/mem.c",
        kernel: None,
        criu: Some(criu(
            4,
            2,
            Below::Breaks,
            "older releases do not know the mapping",
        )),
        written_by: written(4, 2),
        sources: &["CRIU 4.2, criu/include/image.h"],
    },
    Row {
        ask: Ask::Gcs,
        what: "a guarded control stack",
        call: "prctl PR_SET_SHADOW_STACK_STATUS",
        site: "criu/arch/aarch64/gcs.c",
        kernel: Some(KernelFloor {
            evidence: Evidence::Hwcap(hwcap::GCS),
            ..kernel(6, 13, "prctl answers EINVAL")
        }),
        criu: Some(criu(
            4,
            3,
            Below::Loses,
            "older releases restore the tasks without it",
        )),
        written_by: written(4, 3),
        sources: &["kernel 6.13, arch/arm64/mm/gcs.c", "CRIU criu-dev"],
    },
];
