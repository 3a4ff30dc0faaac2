//! Rows of memory and of the state of the CPU.

use super::{Below, CriuFloor, Evidence, KernelFloor, Row, criu, kernel, written};
use crate::auxv::hwcap;
use crate::criu_image::ask::Ask;

/// The rows.
pub(super) static ROWS: &[Row] = &[
    Row {
        ask: Ask::Rseq,
        what: "restartable-sequences registrations",
        call: "rseq",
        site: "criu/pie/restorer.c restore_rseq",
        kernel: Some(kernel(4, 18, "rseq answers ENOSYS")),
        criu: Some(criu(
            3,
            17,
            Below::Loses,
            "older releases restore the tasks without them",
        )),
        written_by: written(3, 17),
        sources: &[
            "kernel 4.18, kernel/rseq.c",
            "CRIU 3.17, criu/pie/restorer.c",
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
        call: "ptrace PTRACE_SETREGSET NT_ARM_PACA_KEYS, NT_ARM_PACG_KEYS",
        site: "criu/arch/aarch64/crtools.c arch_ptrace_restore",
        kernel: None,
        criu: Some(CriuFloor {
            rule: "HWCR-PAC-002",
            ..criu(
                4,
                1,
                Below::Loses,
                "older releases leave the keys of CRIU's own tasks",
            )
        }),
        written_by: written(4, 1),
        sources: &["CRIU 4.1, commit 8ae5db37b"],
    },
    Row {
        ask: Ask::Guards,
        what: "guard regions inside of mappings",
        call: "madvise MADV_GUARD_INSTALL",
        site: "criu/pie/restorer.c",
        kernel: Some(kernel(6, 13, "madvise answers EINVAL")),
        criu: Some(criu(
            4,
            2,
            Below::Loses,
            "older releases restore the tasks without them",
        )),
        written_by: written(4, 2),
        sources: &["kernel 6.13, mm/madvise.c", "CRIU 4.2, criu/pie/restorer.c"],
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
        call: "prctl PR_SET_SHADOW_STACK_STATUS, map_shadow_stack",
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
