//! What CRIU says where the machine, its kernel or CRIU itself does not fit the image.

use crate::restore_log::row::{ERROR, Fate, Form, Role, Row, When};
use crate::rule_id::RuleId;

pub(super) static ROWS: &[Row] = &[
    Row {
        id: "criu-mapping-made",
        form: Form::Info,
        patterns: &[
            "mmap({start:address} -> {end:address}, {protection:address} {flags:address} {fd:number})",
        ],
        role: Role::Context,
        summary: "The restorer maps a part of a task's memory, with this protection and these flags.",
        sources: &["CRIU 3.0 to 4.2, criu/pie/restorer.c restore_mapping"],
        ..ERROR
    },
    Row {
        id: "criu-pac-missing",
        files: &["crtools.c"],
        patterns: &["PACG support is required from the source system."],
        role: Role::Cause(Fate::Hangs),
        rules: &[RuleId::Pac001],
        summary: "The image holds pointer-authentication keys and this machine has no pointer authentication.",
        explanation: "CRIU writes this also where PACA is what is missing. It throws the error away and waits \
            forever, with the tasks stopped. The word \"source\" is a slip: the machine of the restore lacks it.",
        help: "End CRIU by hand and restore on a machine with pointer authentication. `hwcr rewrite` can take \
            the keys out of a copy and strip the signatures.",
        sources: &[
            "CRIU 4.1 to 4.2, criu/arch/aarch64/crtools.c arch_ptrace_restore; criu/cr-restore.c attach_to_tasks",
            "checkpoint-restore/criu 2824",
            "observed: CRIU 4.2.1 on kernel 7.3",
        ],
        ..ERROR
    },
    Row {
        id: "criu-pac-refused",
        files: &["crtools.c"],
        patterns: &[
            "Failed to set address authentication keys for {pid}: {errno}",
            "Failed to set enabled key mask for {pid}: {errno}",
            "Failed to set the generic authentication key for {pid}: {errno}",
        ],
        role: Role::Cause(Fate::Hangs),
        rules: &[RuleId::Pac001],
        summary: "The kernel refused the saved pointer-authentication keys.",
        explanation: "The machine has pointer authentication, but the keys could not be set by ptrace: {errno}. \
            CRIU throws the error away and waits forever.",
        help: "End CRIU by hand. Look whether the kernel was built with CONFIG_ARM64_PTR_AUTH and \
            CONFIG_CHECKPOINT_RESTORE; an enabled mask this CPU cannot do is refused as well.",
        sources: &["CRIU 4.1 to 4.2, criu/arch/aarch64/crtools.c arch_ptrace_restore"],
        ..ERROR
    },
    Row {
        id: "criu-other-architecture",
        files: &["cr-restore.c"],
        patterns: &["Core march mismatch {mtype:number}"],
        rules: &[RuleId::Img001],
        summary: "The tasks are of another architecture than this CRIU.",
        explanation: "The image says architecture {mtype} (1 x86-64, 2 ARM, 3 AArch64, 4 PPC64, 5 S390, 6 MIPS).",
        help: "Restore it on a machine of that architecture.",
        sources: &["CRIU 3.0 to 4.2, criu/cr-restore.c check_core; images/core.proto"],
        ..ERROR
    },
    Row {
        id: "criu-auxv-refused",
        files: &["restorer.c"],
        patterns: &["prctl failed @{at:number} with -22"],
        many: Some((2, "criu-layout-refused")),
        rules: &[RuleId::Sys001],
        summary: "The kernel refused a task's saved auxiliary vector.",
        explanation: "CRIU sets the layout of the address space value by value, the auxiliary vector last, and only \
            one of the calls failed: the vector is longer than this kernel accepts, since it comes from a newer one.",
        help: "Restore on a kernel at least as new as the one the tasks ran on, or let `hwcr rewrite` leave out \
            the entries this kernel does not know.",
        sources: &[
            "CRIU 3.0 to 4.2, criu/pie/restorer.c __export_restore_task",
            "kernel 5.10 to 7.3, kernel/sys.c prctl_set_mm_map, prctl_set_auxv",
            "observed: image of kernel 7.3 on 6.1",
        ],
        ..ERROR
    },
    // Matched through the row above, by how often the line was written.
    Row {
        id: "criu-layout-refused",
        files: &["restorer.c"],
        patterns: &["prctl failed @{at:number} with -22"],
        rules: &[RuleId::Img003, RuleId::Sys001],
        summary: "The kernel refused the layout of a task's address space.",
        explanation: "CRIU sets it value by value, and more than one of the calls failed: code, data, heap or stack lie \
            where this kernel does not accept them (below vm.mmap_min_addr, above its user addresses, outside of any \
            mapping).",
        help: "Restore on a kernel with at least as many user address bits; look at vm.mmap_min_addr and RLIMIT_DATA.",
        sources: &[
            "CRIU 3.0 to 4.2, criu/pie/restorer.c __export_restore_task",
            "kernel 6.1, kernel/sys.c validate_prctl_map_addr",
        ],
        ..ERROR
    },
    Row {
        id: "criu-prctl-denied",
        files: &["restorer.c"],
        patterns: &[
            "prctl failed @{at:number} with -1",
            "sys_prctl(PR_SET_MM, PR_SET_MM_MAP) failed with -1",
        ],
        summary: "The kernel did not let CRIU set up the address space of a task.",
        explanation: "PR_SET_MM needs CAP_SYS_RESOURCE, or CAP_CHECKPOINT_RESTORE for the executable.",
        help: "Run the restore as root, outside of a user namespace, or give CRIU these capabilities.",
        sources: &[
            "CRIU 3.0 to 4.2, criu/pie/restorer.c __export_restore_task",
            "kernel 6.1, kernel/sys.c prctl_set_mm",
        ],
        ..ERROR
    },
    Row {
        id: "criu-mm-map-refused",
        files: &["restorer.c"],
        patterns: &["sys_prctl(PR_SET_MM, PR_SET_MM_MAP) failed with {code}"],
        summary: "The kernel refused the layout of a task's address space.",
        explanation: "It answered {code}: -16 means that the executable's old mapping is still there, -13 that \
            the executable may not be run (a noexec mount), -12 that a limit on memory is in the way.",
        help: "Look at mount options, rlimits and security modules of the place of the restore.",
        sources: &[
            "CRIU 3.0 to 4.2, criu/pie/restorer.c __export_restore_task",
            "kernel 6.1, kernel/sys.c prctl_set_mm_exe_file",
        ],
        ..ERROR
    },
    Row {
        id: "criu-auxv-too-long",
        files: &["cr-restore.c"],
        patterns: &["Image corrupted on pid {pid}"],
        rules: &[RuleId::Sys002],
        summary: "The saved auxiliary vector is longer than this CRIU takes.",
        explanation: "The image is not corrupted: CRIU up to 4.0 has room for 40 words on arm64, from 4.1 on \
            for 50, and newer kernels save more.",
        help: "Restore with CRIU 4.1 or later, or let `hwcr rewrite` shorten the vector.",
        sources: &[
            "CRIU 3.0 to 4.2, criu/cr-restore.c prepare_mm",
            "observed: CRIU 3.17.1, image of CRIU 4.2.1",
        ],
        ..ERROR
    },
    Row {
        id: "criu-rseq-size",
        files: &["restorer.c"],
        patterns: &[
            "failed sys_rseq({area:address}, {size:address}, {flags:address}, {signature:address}) = -22",
        ],
        rules: &[RuleId::Sys006],
        summary: "The kernel refused a thread's area for restartable sequences.",
        explanation: "The area has {size} bytes (hexadecimal). Kernels up to 6.2 take 0x20 and nothing else; \
            a libc under a newer one registers more.",
        help: "Restore on a kernel from 6.3 on, or start the workload with \
            GLIBC_TUNABLES=glibc.pthread.rseq=0 and dump again.",
        sources: &[
            "CRIU 3.17 to 4.2, criu/pie/restorer.c restore_rseq",
            "kernel 6.1, kernel/rseq.c sys_rseq",
            "observed: image of kernel 7.3 on 6.1",
        ],
        ..ERROR
    },
    Row {
        id: "criu-rseq-failed",
        files: &["restorer.c"],
        patterns: &[
            "failed sys_rseq({area:address}, {size:address}, {flags:address}, {signature:address}) = {code}",
        ],
        rules: &[RuleId::Sys005, RuleId::Sys006],
        summary: "A thread's restartable sequences could not be registered.",
        explanation: "The kernel answered {code}: -38 means that it has none (before 4.18), -16 that the thread \
            had registered an area already, -1 that the signature differs.",
        help: "Restore on a kernel with restartable sequences; with -16 or -1, with a CRIU from 3.17 on.",
        sources: &[
            "CRIU 3.17 to 4.2, criu/pie/restorer.c restore_rseq",
            "kernel 6.1, kernel/rseq.c sys_rseq",
        ],
        ..ERROR
    },
    Row {
        id: "criu-rseq-unknown",
        files: &["cr-restore.c"],
        patterns: &["rseq: can't restore as kernel doesn't support it"],
        rules: &[RuleId::Sys005],
        summary: "The tasks use restartable sequences and this kernel has none.",
        explanation: "They came with kernel 4.18 and can be switched off when a kernel is built.",
        help: "Restore on a kernel with CONFIG_RSEQ, or start the workload with \
            GLIBC_TUNABLES=glibc.pthread.rseq=0 and dump again.",
        sources: &["CRIU 3.17 to 4.2, criu/cr-restore.c prep_rseq"],
        ..ERROR
    },
    Row {
        id: "criu-vdso-without-hash",
        files: &["util-vdso.c", "pie-util-vdso.c"],
        patterns: &["Not all dynamic entries are present"],
        rules: &[RuleId::Sys004],
        summary: "This CRIU cannot read the vDSO of this kernel.",
        explanation: "From 6.11 on the arm64 vDSO has a GNU hash table only, which CRIU up to 4.0 does not know. \
            It stops before it has looked at the image.",
        help: "Use CRIU 4.1 or later.",
        sources: &[
            "CRIU 3.0 to 4.2, criu/pie/util-vdso.c parse_elf_dynamic",
            "observed: CRIU 3.17.1 on kernel 7.3",
        ],
        ..ERROR
    },
    Row {
        id: "criu-vdso-not-elf",
        files: &["util-vdso.c"],
        patterns: &["Invalid ELF magic", "ELF header magic mismatch"],
        role: Role::Symptom(Fate::Fails),
        rules: &[
            RuleId::Img005,
            RuleId::Img004,
            RuleId::Img002,
            RuleId::Img008,
        ],
        summary: "Where the vDSO should be there is something else: memory was restored wrongly.",
        explanation: "CRIU reads the tasks' vDSO after it has filled their memory. Pages that lie in a parent \
            image which is not there, a pages file of another dump, or another page size leave it empty.",
        help: "Copy the whole chain of dumps, `parent` links included, and look with `hwcr inspect --only memory`.",
        sources: &[
            "CRIU 3.0 to 4.2, criu/pie/util-vdso.c has_elf_identity",
            "observed: pages in a missing parent image",
        ],
        ..ERROR
    },
    Row {
        id: "criu-vdso-missing",
        files: &["restorer.c", "parasite-vdso.c"],
        patterns: &[
            "Task had vdso, restorer doesn't",
            "vDSO isn't provided by kernel, but exists in images",
            "Can't find vDSO area in image",
        ],
        rules: &[RuleId::Img008],
        summary: "The tasks have a vDSO and this kernel gives none, or the other way about.",
        explanation: "CRIU gives the tasks the vDSO of the kernel they are restored on.",
        help: "Look whether the kernel was started with vdso=0, and whether the image is complete.",
        sources: &[
            "CRIU 3.13 to 4.2, criu/pie/restorer.c can_restore_vdso, criu/pie/parasite-vdso.c vdso_proxify",
        ],
        ..ERROR
    },
    Row {
        id: "criu-page-outside-mapping",
        files: &["mem.c"],
        patterns: &[
            "Page entry address {address} outside of VMA {start:address}-{end:address}",
            // Not upstream's; seen in a report.
            "Page entry address {address} outside of VMA {start:address}-{end:address} status {rest}",
        ],
        rules: &[RuleId::Img002, RuleId::Img008],
        summary: "A saved page lies in no mapping of its task.",
        explanation: "CRIU counts pages in the size of the kernel it runs on; an image does not say in which size \
            it was dumped. With another one every count is misread.",
        help: "Restore on a kernel with the page size of the one the tasks ran on (AT_PAGESZ in `hwcr inspect`).",
        sources: &[
            "CRIU 3.0 to 4.2, criu/mem.c restore_priv_vma_content",
            "checkpoint-restore/criu 1226",
            "observed: image of 4 KiB pages on a kernel with 16 KiB",
        ],
        ..ERROR
    },
    Row {
        id: "criu-address-too-high",
        files: &["mem.c"],
        patterns: &[
            "Can't restore high memory region {start:address}-{end:address} because kernel does only support vmas up to {limit:address}",
        ],
        rules: &[RuleId::Img003],
        summary: "A mapping lies above the user addresses of this kernel.",
        explanation: "The tasks ran with more address bits than this kernel was built for, or this CPU has.",
        help: "Restore on a kernel with as many user address bits (va_bits of a profile).",
        sources: &["CRIU 3.6 to 4.2, criu/mem.c task_size_check"],
        ..ERROR
    },
    Row {
        id: "criu-mapping-droppable",
        files: &["restorer.c"],
        patterns: &[
            "Can't restore {start:address} mapping with ffffffffffffffea",
            "Can't restore {start:address} mapping with 0xffffffffffffffea",
        ],
        when: When::Droppable,
        after: &["flags"],
        rules: &[RuleId::Sys005],
        summary: "The tasks have memory that the kernel may drop (MAP_DROPPABLE), and this kernel does not know it.",
        explanation: "The mapping's flags ({flags}, in the line before) hold the type 0x8, which came with kernel 6.11; \
            older kernels refuse it as invalid. libc maps such memory for getrandom() where the vDSO offers it, on \
            arm64 from kernel 6.12 on.",
        help: "Restore on kernel 6.11 or later.",
        sources: &[
            "CRIU 4.2, criu/pie/restorer.c restore_mapping, __export_restore_task; criu commit b90cfc1a8",
            "kernel 6.11, mm/mmap.c do_mmap; commit 9651fcedf7b9",
            "observed: CRIU 4.2.1 on kernel 6.1",
        ],
        ..ERROR
    },
    Row {
        id: "criu-mapping-refused",
        files: &["restorer.c"],
        patterns: &["Can't restore {start:address} mapping with {code:address}"],
        rules: &[RuleId::Img003, RuleId::Sys005],
        summary: "The kernel refused a mapping of the tasks.",
        explanation: "The last number is the negative errno: …fff4 is no memory (also a limit, or overcommit), \
            …ffef an address that is taken, …ffea one that the kernel does not accept (vm.mmap_min_addr, page size, \
            a type of mapping it does not know).",
        help: "Look at memory limits, vm.overcommit_memory and vm.mmap_min_addr of the place of the restore.",
        sources: &["CRIU 3.0 to 4.2, criu/pie/restorer.c __export_restore_task"],
        ..ERROR
    },
    Row {
        id: "criu-no-room-for-restorer",
        files: &["cr-restore.c"],
        patterns: &["No suitable area for task_restore bootstrap ({size:number}K)"],
        summary: "The address space of a task has no hole for CRIU's restorer.",
        explanation: "CRIU needs {size} KiB that are free both in itself and in the task.",
        help: "Try again: with address-space randomisation the place of CRIU itself differs each time.",
        sources: &["CRIU 3.0 to 4.2, criu/cr-restore.c sigreturn_restore"],
        ..ERROR
    },
    Row {
        id: "criu-guard-refused",
        files: &["restorer.c"],
        patterns: &["madvise({address}, {size:number}, MADV_GUARD_INSTALL) failed with {code}"],
        rules: &[RuleId::Sys005],
        summary: "The kernel knows no guard regions, and the tasks use them.",
        explanation: "MADV_GUARD_INSTALL came with kernel 6.13; libc uses it for thread stacks. It answered {code}.",
        help: "Restore on kernel 6.13 or later.",
        sources: &["CRIU 4.2, criu/pie/restorer.c restore_madv_guard_regions"],
        ..ERROR
    },
    Row {
        id: "criu-membarrier-refused",
        files: &["restorer.c"],
        patterns: &["Can't restore membarrier(1 << {bit:number}) registration: {code}"],
        rules: &[RuleId::Sys005],
        summary: "The kernel does not know a membarrier the tasks registered for.",
        explanation: "Registration {bit} needs a newer kernel or one built with restartable sequences; it answered {code}.",
        help: "Restore on a kernel at least as new as the one the tasks ran on.",
        sources: &["CRIU 3.19 to 4.2, criu/pie/restorer.c restore_membarrier_registrations"],
        ..ERROR
    },
    Row {
        id: "criu-shadow-stack",
        files: &["restorer.c", "gcs.c", "gcs.h"],
        patterns: &[
            "Unable to prepare shadow stack vma for remap {from:address} -> {to:address}",
            "gcs: failed to enable GCS: ret={code} errno={number} ({reason:rest})",
            "gcs: failed to map GCS at {start:address}: {code}",
            "gcs: address mismatch: need {need:address}, got {have:address}",
            "gcs: failed to prepare {what:text} memory",
            "Unable to find a shadow stack vma: {address}",
        ],
        rules: &[RuleId::Und006, RuleId::Gcs001],
        summary: "The shadow stack of a task could not be made again.",
        explanation: "The machine or its kernel has no shadow stacks, or the image holds no usable one.",
        help: "Restore on a machine with shadow stacks, or start the workload without them and dump again.",
        sources: &[
            "CRIU 4.2, criu/pie/restorer.c vma_remap",
            "CRIU after 4.2 (commit eef20b9f2), criu/arch/aarch64/gcs.c, asm/gcs.h",
        ],
        ..ERROR
    },
    Row {
        id: "criu-bug-in-task",
        files: &["restorer.c"],
        patterns: &["BUG at {place:text}:{line:number}"],
        role: Role::Symptom(Fate::Hangs),
        summary: "CRIU's restorer found a state that cannot be ({place} line {line}) and crashed the task on purpose.",
        explanation: "The line before it says what failed (credentials, a seccomp filter). CRIU has attached to the task \
            by then, so the crash stops the task instead of ending it, and CRIU waits for it forever.",
        help: "End CRIU and the tasks by hand, and look at the error before this one.",
        sources: &[
            "CRIU 3.0 to 4.2, include/common/bug.h; criu/pie/restorer.c __export_restore_task, __export_restore_thread",
        ],
        ..ERROR
    },
    Row {
        id: "criu-bug",
        patterns: &["BUG at {place:text}:{line:number}"],
        role: Role::Symptom(Fate::Fails),
        summary: "CRIU itself found a state that cannot be ({place} line {line}) and ended with SIGABRT.",
        explanation: "It is a fault of CRIU, or an image that contradicts itself. Tasks it had made or stopped may be left behind.",
        help: "Use the newest CRIU; report the log with this line. Look for leftover tasks with `ps`.",
        sources: &["CRIU 3.0 to 4.2, include/common/bug.h"],
        ..ERROR
    },
    Row {
        id: "criu-restorer-interrupted",
        files: &["infect.c"],
        patterns: &[
            "Unexpected {signal} task interruption, aborting",
            "Task signaled with {signal}: {rest}",
            "Task stopped with {signal}: {rest}",
        ],
        role: Role::Symptom(Fate::Fails),
        summary: "A task got signal {signal} while CRIU's code ran in it.",
        explanation: "4 is SIGILL, 7 SIGBUS, 11 SIGSEGV. CRIU up to 4.1 could jump to code that was still in the \
            cache as something else on arm64, which ends so now and then.",
        help: "Try again, with CRIU 4.2 or later. If it comes back, the kernel's log says where the task stood.",
        sources: &[
            "CRIU 3.0 to 4.2, compel/src/lib/infect.c parasite_trap, task_is_trapped",
            "checkpoint-restore/criu 2641, 2720",
        ],
        ..ERROR
    },
    Row {
        id: "criu-probe-fork",
        files: &["util.c"],
        patterns: &["fork: {errno}"],
        summary: "CRIU could not start a process of its own.",
        explanation: "The system answered: {errno}. A limit on processes (pids.max of the cgroup, ulimit -u) is \
            the usual reason.",
        help: "Raise the limit for the cgroup or the user the restore runs as.",
        sources: &[
            "CRIU 4.2, criu/util.c fork_and_ptrace_attach",
            "observed: pids.max 1",
        ],
        ..ERROR
    },
];
