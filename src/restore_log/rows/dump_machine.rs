//! What CRIU says when a dump fails on the machine, its kernel, its security modules, or on CRIU's own age.

use crate::restore_log::row::{ERROR, Fate, Form, Role, Row};

const DUMP: Row = Row {
    dump: true,
    ..ERROR
};

const SYMPTOM: Row = Row {
    role: Role::Symptom(Fate::Fails),
    ..DUMP
};

pub(super) static ROWS: &[Row] = &[
    Row {
        id: "criu-dump-rseq",
        files: &["cr-dump.c"],
        patterns: &["{tid} has rseq but kernel lacks get_rseq_conf feature"],
        summary: "Task {tid} uses restartable sequences, and the kernel does not tell CRIU where.",
        explanation: "PTRACE_GET_RSEQ_CONFIGURATION came with kernel 5.13. Every program under glibc 2.35 or later registers \
            restartable sequences.",
        help: "Dump on kernel 5.13 or later, or start the workload with GLIBC_TUNABLES=glibc.pthread.rseq=0.",
        sources: &[
            "CRIU 3.17 to 4.2, criu/cr-dump.c check_thread_rseq",
            "kernel 5.13, kernel/ptrace.c ptrace_get_rseq_configuration",
            "checkpoint-restore/criu 2616, 2579",
        ],
        ..DUMP
    },
    Row {
        id: "criu-dump-rseq-read",
        files: &["cr-dump.c", "parasite.c"],
        patterns: &[
            "ptrace(PTRACE_GET_RSEQ_CONFIGURATION, {tid}) = {code}: {errno}",
            "something wrong with ptrace(PTRACE_GET_RSEQ_CONFIGURATION, {tid}) flags = {flags:address}",
            "ptrace_peek_area({tid}, {a:address}, {b:address}, {c:address}): fail to read {what:text} struct",
            "unsupported RSEQ ABI version = {number}",
            "unexpected failure of sys_rseq({a:address}, {b:address}, {c:address}, {d:address}) = {code}",
            "failed to unregister sys_rseq({a:address}, {b:address}, {c:address}, {d:address}) = {code}",
            "mmap() failed for struct rseq ret = {address}",
            "Unable to check if rseq() is initialized: {code}",
        ],
        summary: "CRIU could not read a task's restartable sequences.",
        explanation: "A seccomp filter that forbids rseq or ptrace, or a kernel with a newer interface than this CRIU knows.",
        help: "Dump with the newest CRIU; look whether a seccomp filter forbids rseq.",
        sources: &[
            "CRIU 3.17 to 4.2, criu/cr-dump.c dump_thread_rseq, read_rseq_cs, criu/pie/parasite.c check_rseq",
        ],
        ..DUMP
    },
    Row {
        id: "criu-dump-pac-mask",
        files: &["crtools.c"],
        patterns: &["Failed to get authentication key mask for {pid}: {errno}"],
        summary: "The kernel does not tell CRIU which pointer-authentication keys task {pid} has switched on.",
        explanation: "The regset NT_ARM_PAC_ENABLED_KEYS came with kernel 5.13. On an older kernel with pointer \
            authentication CRIU 4.1 and later cannot dump any task.",
        help: "Dump on kernel 5.13 or later, or boot with arm64.nopauth.",
        sources: &[
            "CRIU 4.1 to 4.2, criu/arch/aarch64/crtools.c save_pac_keys",
            "kernel 5.13, arch/arm64/kernel/ptrace.c pac_enabled_keys_get",
        ],
        ..DUMP
    },
    Row {
        id: "criu-dump-pac-keys",
        files: &["crtools.c"],
        patterns: &[
            "Failed to get address authentication key for {pid}: {errno}",
            "Failed to get a generic authantication key for {pid}: {errno}",
        ],
        summary: "The kernel does not give CRIU the pointer-authentication keys of task {pid}.",
        explanation: "It answered: {errno}. Reading them needs kernel 5.1 and CONFIG_CHECKPOINT_RESTORE.",
        help: "Dump on a kernel with CONFIG_CHECKPOINT_RESTORE, or boot with arm64.nopauth.",
        sources: &[
            "CRIU 4.1 to 4.2, criu/arch/aarch64/crtools.c save_pac_keys",
            "kernel 6.1, arch/arm64/kernel/ptrace.c pac_address_keys_get",
        ],
        ..DUMP
    },
    Row {
        id: "criu-dump-registers",
        files: &["infect.c", "crtools.c", "parasite-syscall.c"],
        patterns: &[
            "Failed to obtain CPU registers for {pid}: {errno}",
            "Failed to obtain FPU registers for {pid}: {errno}",
            "Can't obtain registers (pid: {pid}): {errno}",
            "Can't obtain regs for thread {pid}",
        ],
        role: Role::Symptom(Fate::Fails),
        summary: "CRIU could not read the registers of task {pid}.",
        explanation: "The task died or was taken over by another tracer, or the kernel lacks the regset.",
        help: "Look whether the task still runs and what traces it (TracerPid in /proc/{pid}/status).",
        sources: &[
            "CRIU 3.0 to 4.2, compel/arch/aarch64/src/lib/infect.c compel_get_task_regs, compel/src/lib/infect.c",
        ],
        ..DUMP
    },
    Row {
        id: "criu-dump-vdso",
        files: &["vdso.c", "parasite.c"],
        patterns: &[
            "Ow! Second vdso mark detected!",
            "Failed checking vdso by pfn",
            "Mark version mismatch!",
            "Parasite failed to poke for mark",
            "Can't find vDSO/VVAR bounds",
            "Got second vDSO entry",
            "Unexpected rt vDSO area bounds",
            "Can't find rt vDSO",
        ],
        summary: "CRIU cannot make out the vDSO of a task.",
        explanation: "A task that was restored before may keep two of them: the one of its first kernel and the real one. \
            CRIU marks the real one, and another release of CRIU may not know that mark.",
        help: "Dump with the CRIU release that restored the tasks, or with the newest one.",
        sources: &[
            "CRIU 3.0 to 4.2, criu/vdso.c check_if_vma_is_vdso, parasite_fixup_vdso, criu/pie/parasite.c",
        ],
        ..DUMP
    },
    Row {
        id: "criu-dump-special-mapping",
        files: &["proc_parse.c"],
        patterns: &["Can't handle non-regular mapping on {pid}'s map {address}"],
        summary: "Task {pid} has a mapping at {address} that is not ordinary memory, and CRIU cannot save it.",
        explanation: "It is device memory (GPU, DMA buffer, /dev/mem), or a special mapping of a newer kernel beside the \
            vDSO that this CRIU does not know: [vvar_vclock] is known from CRIU 4.1 on.",
        help: "`grep {address} /proc/{pid}/maps` says what it is. Near the vDSO, use CRIU 4.1 or later; for a device, use \
            its CRIU plugin or close the device before the dump.",
        sources: &[
            "CRIU 3.0 to 4.2, criu/proc_parse.c handle_vma; commit 8ee2eba47",
            "checkpoint-restore/criu 2598",
        ],
        ..DUMP
    },
    Row {
        id: "criu-dump-uprobes",
        files: &["proc_parse.c"],
        patterns: &["PID {pid} has uprobes vma. Consider using --allow-uprobes."],
        summary: "A tracer (perf, bpftrace) has user probes in task {pid}.",
        explanation: "The kernel maps a page for them, which is not part of a dump.",
        help: "End the tracer, or dump and restore with --allow-uprobes.",
        sources: &["CRIU 4.2, criu/proc_parse.c handle_vma"],
        ..DUMP
    },
    Row {
        id: "criu-dump-mapping",
        files: &["proc_parse.c"],
        patterns: &[
            "Unsupported mapping found {start:address}-{end:address}",
            "Strange file mapped at {start:address} [{path:text}]:{rest}",
            "two nonconsecutive vvar vma-s: {rest}",
            "Bogus mapping {start:address}-{end:address} (flags: {flags:address} vm_file_fd: {fd:number})",
            "Can't open {pid}'s mapfile link {address}: {errno}",
            "Failed to resolve mapping {start:address} filename",
        ],
        summary: "CRIU cannot make out a mapping of a task.",
        explanation: "A mapping of a kind this CRIU does not know (a newer kernel), or a file of another mount namespace \
            or of an overlay file system.",
        help: "Dump with the newest CRIU, and look at the mapping in /proc/PID/maps.",
        sources: &[
            "CRIU 3.0 to 4.2, criu/proc_parse.c vma_list_add, vma_get_mapfile, handle_vvar_vma",
        ],
        ..DUMP
    },
    Row {
        id: "criu-dump-address-too-high",
        files: &["proc_parse.c"],
        patterns: &[
            "Can't dump high memory region {start:address}-{end:address} of task {pid} because kernel commit ee71d16d22bb is missing",
        ],
        summary: "Task {pid} has memory above what CRIU takes for the end of the user address space.",
        explanation: "CRIU finds the size of the address space by trying; a kernel with 52-bit user addresses hands them \
            out only on request.",
        help: "Dump with the newest CRIU on a kernel from 4.12 on.",
        sources: &["CRIU 3.6 to 4.2, criu/proc_parse.c task_size_check"],
        ..DUMP
    },
    Row {
        id: "criu-dump-dirty-tracking",
        files: &["config.c", "kerndat.c", "mem.c"],
        patterns: &[
            "Tracking memory is not available. Consider omitting --track-mem option.",
            "Tracking memory is not available",
            "Can't reset {pid}'s dirty memory tracker: {errno}",
        ],
        summary: "This kernel does not track which pages a task changes, which pre-dumps need.",
        explanation: "--track-mem needs CONFIG_MEM_SOFT_DIRTY. The mainline arm64 kernel does not have it.",
        help: "Dump without --track-mem and without pre-dumps (engines: no --pre-checkpoint); `criu check --feature \
            mem_dirty_track` says whether a kernel has it.",
        sources: &[
            "CRIU 3.0 to 4.2, criu/config.c check_options, criu/mem.c do_task_reset_dirty_track",
            "kernel 5.0, arch/arm64/Kconfig: no HAVE_ARCH_SOFT_DIRTY",
        ],
        // The start of a restore can print it too.
        ..ERROR
    },
    Row {
        id: "criu-dump-pagemap",
        files: &["pagemap-cache.c", "mem.c"],
        patterns: &[
            "PAGEMAP_SCAN: {errno}",
            "Can't read {pid}'s pagemap file: {errno}",
            "No pagemap for {pid} available",
            "Failed to init pagemap for {pid}",
            "Failed to fill cache for {pid} ({start:address}-{end:address})",
        ],
        summary: "CRIU cannot read which pages a task has.",
        explanation: "/proc/PID/pagemap is not there or not readable: no CONFIG_PROC_PAGE_MONITOR, missing capabilities, or \
            a /proc that is masked. PAGEMAP_SCAN came with kernel 6.7.",
        help: "Run the dump as root with a full /proc; delete /run/criu.kdat after a change of kernel.",
        sources: &["CRIU 3.0 to 4.2, criu/pagemap-cache.c pmc_init, pmc_fill_cache, pmc_fill"],
        ..DUMP
    },
    Row {
        id: "criu-dump-seccomp",
        files: &["ptrace.c", "seccomp.c"],
        patterns: &[
            "suspending seccomp failed: {errno}",
            "Can't fetch filter on tid_real {tid} i {number}: {errno}",
            "Can't fetch seccomp metadata on tid_real {tid} pos {number}: {errno}",
            "Can't collect filter on leader tid_real {tid}",
            "Can't collect filter on tid_real {tid}",
        ],
        summary: "CRIU could not read a task's seccomp filter or switch it off for the time of the dump.",
        explanation: "Both need CAP_SYS_ADMIN, a CRIU that is under no filter itself, and a kernel with \
            CONFIG_SECCOMP_FILTER and CONFIG_CHECKPOINT_RESTORE.",
        help: "Run the dump as root and outside of any seccomp filter.",
        sources: &[
            "CRIU 3.0 to 4.2, compel/src/lib/ptrace.c ptrace_suspend_seccomp, criu/seccomp.c collect_filter",
            "kernel 6.1, kernel/seccomp.c get_nth_filter, kernel/ptrace.c check_ptrace_options",
        ],
        ..DUMP
    },
    Row {
        id: "criu-dump-attach",
        files: &["infect.c"],
        patterns: &[
            "Unseizable non-zombie {pid} found, state {state:word}, err {code}/{reason:number}",
            "SEIZE {pid}: can't wait task: {errno}",
            "SEIZE {pid}: can't read signfo: {errno}",
            "SEIZE {pid}: task not stopped after seize",
            "SEIZE {pid}: unsupported stop signal {signal}",
        ],
        summary: "CRIU may not trace task {pid}.",
        explanation: "A debugger, strace or another CRIU traces it already, or the system forbids it: missing CAP_SYS_PTRACE, \
            Yama with ptrace_scope 2 or 3, SELinux, AppArmor.",
        help: "`grep TracerPid /proc/{pid}/status` names a tracer; look at kernel.yama.ptrace_scope and the audit log; run \
            the dump as root.",
        sources: &["CRIU 3.0 to 4.2, compel/src/lib/infect.c compel_wait_task"],
        ..DUMP
    },
    Row {
        id: "criu-dump-itself",
        files: &["infect.c"],
        patterns: &["The criu itself is within dumped tree."],
        summary: "CRIU runs as a child of the tasks it is to dump.",
        explanation: "It cannot stop itself.",
        help: "Run the dump from outside of the tree of tasks: another shell, or the host.",
        sources: &["CRIU 3.0 to 4.2, compel/src/lib/infect.c compel_wait_task"],
        ..DUMP
    },
    Row {
        id: "criu-dump-trap-pending",
        files: &["infect.c"],
        patterns: &["Can't dump the {tid} thread with a pending SIGTRAP."],
        summary: "A debugger's signal is pending in thread {tid}.",
        explanation: "CRIU uses SIGTRAP itself and could not tell them apart.",
        help: "Detach the debugger, let the task run on, and dump again.",
        sources: &["CRIU 3.16 to 4.2, compel/src/lib/infect.c compel_wait_task"],
        ..DUMP
    },
    Row {
        id: "criu-dump-transport",
        files: &["infect.c", "parasite-syscall.c"],
        patterns: &["Unable to connect a transport socket: {errno}"],
        summary: "A security module does not let the task talk to CRIU.",
        explanation: "CRIU's code inside the task connects to CRIU over a Unix socket. The system answered: {errno}; \
            \"Permission denied\" is an AppArmor or SELinux profile of the container that forbids it.",
        help: "Look at the audit log (`dmesg | grep -i denied`); dump without that profile (docker, podman: --security-opt \
            apparmor=unconfined or label=disable), or allow unix sockets of type seqpacket in it.",
        sources: &[
            "CRIU 3.0 to 4.2, compel/src/lib/infect.c prepare_tsock",
            "checkpoint-restore/criu 552, 2392, 1573",
        ],
        ..DUMP
    },
    Row {
        id: "criu-dump-apparmor",
        files: &["lsm.c"],
        patterns: &["err scanfing: {errno}"],
        summary: "CRIU cannot read the security label of a task.",
        explanation: "/proc/PID/attr/current answered: {errno}. The kernel has AppArmor built in without it being the module \
            that serves this file: another one (SELinux, BPF, none) comes first in `lsm=`. CRIU 4.2 reads \
            attr/apparmor/current first.",
        help: "Use CRIU 4.2, or boot with `lsm=` in which apparmor stands first, or with apparmor=0.",
        sources: &[
            "CRIU 3.0 to 4.2, criu/lsm.c apparmor_get_label",
            "checkpoint-restore/criu 2033",
        ],
        ..DUMP
    },
    Row {
        id: "criu-dump-no-code",
        files: &["parasite-syscall.c"],
        patterns: &["No suitable VM found"],
        summary: "CRIU found no executable memory in a task to run its own system calls from.",
        explanation: "It needs an executable mapping below the end of the user address space.",
        help: "Dump with the newest CRIU; look at /proc/PID/maps.",
        sources: &[
            "CRIU 3.0 to 4.2, criu/parasite-syscall.c get_exec_start",
            "checkpoint-restore/criu 779",
        ],
        ..DUMP
    },
    Row {
        id: "criu-dump-infect",
        files: &["infect.c"],
        patterns: &[
            "compel_syscall for mprotect failed",
            "Can't map remote parasite map: {errno}",
            "Can't create memfd in victim: {errno}",
            "Can't rmap memfd for parasite blob",
            "Can't lmap memfd for parasite blob: {errno}",
            "Can't allocate memory for parasite blob (pid: {pid})",
            "Can't switch parasite {pid} to daemon mode {code}",
            "The task is not in parasite code",
        ],
        summary: "CRIU's code could not be put into a task.",
        explanation: "A security module that forbids memory that is both written and run (SELinux execmem, PaX), a seccomp \
            filter, or a limit on the task's memory.",
        help: "Look at the audit log; dump without that policy.",
        sources: &[
            "CRIU 3.0 to 4.2, compel/src/lib/infect.c parasite_memfd_exchange, parasite_mmap_exchange",
        ],
        ..SYMPTOM
    },
    Row {
        id: "criu-dump-parasite-died",
        files: &["infect.c", "parasite-syscall.c"],
        patterns: &[
            "{pid} was killed by {signal} unexpectedly: {rest}",
            "{pid} exited with {status} unexpectedly",
            "{pid} was stopped by {signal} unexpectedly",
        ],
        summary: "Task {pid} died or stopped while CRIU's code ran in it.",
        explanation: "Signal 9 is the kernel's memory killer or somebody's kill, 31 a seccomp filter, 4 and 11 a fault in \
            CRIU's code.",
        help: "Look at the kernel's log of that time.",
        sources: &[
            "CRIU 3.0 to 4.2, compel/src/lib/infect.c, criu/parasite-syscall.c sigchld_handler",
        ],
        ..SYMPTOM
    },
    Row {
        id: "criu-dump-command",
        files: &["infect-rpc.c"],
        patterns: &[
            "Command {number} for daemon failed with {code}",
            "Message reply from daemon is trimmed ({need:number}/{have:number})",
            "Failed to read ack: {errno}",
            "Failed to send command {number} to daemon: {errno}",
        ],
        summary: "CRIU's code inside a task failed or went away.",
        explanation: "A line with `pie` before it says why; without one the task died.",
        help: "Dump with -v4 and look at the lines before, and at the kernel's log.",
        sources: &["CRIU 3.0 to 4.2, compel/src/lib/infect-rpc.c"],
        ..SYMPTOM
    },
    Row {
        id: "criu-dump-membarrier",
        files: &["parasite.c"],
        patterns: &["membarrier(1 << {bit:number}) returned {code}"],
        summary: "CRIU could not ask which membarriers a task registered for.",
        explanation: "The kernel answered {code}: a seccomp filter that forbids membarrier, or an old kernel.",
        help: "Allow membarrier in the container's seccomp profile.",
        sources: &["CRIU 3.19 to 4.2, criu/pie/parasite.c dump_membarrier_compat, dump_misc"],
        ..DUMP
    },
    Row {
        id: "criu-dump-robust-list",
        files: &["cr-dump.c"],
        patterns: &["Failed obtaining futex robust list on {tid}"],
        summary: "CRIU could not read the list of robust futexes of thread {tid}.",
        explanation: "get_robust_list was refused: missing CAP_SYS_PTRACE or a seccomp filter around CRIU.",
        help: "Run the dump as root and without a seccomp filter around CRIU.",
        sources: &["CRIU 3.0 to 4.2, criu/cr-dump.c get_task_futex_robust_list"],
        ..DUMP
    },
    Row {
        id: "criu-dump-freeze",
        files: &["seize.c", "cr-dump.c"],
        patterns: &[
            "Unable to freeze cgroup {path:text} ({attempts:number} x {step:number}ms attempts, timeout: {limit:number}s)",
            "Timeout reached. Try to interrupt: {number}",
            "FATAL: Unable to interrupt the current operation",
            "Neither a cgroupv1 (freezer.state) or cgroupv2 (cgroup.freeze) control file found.",
        ],
        summary: "The tasks could not be stopped in time.",
        explanation: "A task sits in the kernel and does not react (state D: a network file system, a device, a debugger), or \
            the freezer of the cgroup is not there.",
        help: "Look for tasks in state D (`ps -eo pid,stat,wchan,comm`); raise --timeout.",
        sources: &["CRIU 3.0 to 4.2, criu/seize.c freeze_processes, criu/cr-dump.c alarm_attempts"],
        ..DUMP
    },
    Row {
        id: "criu-dumping-infect",
        form: Form::Error,
        files: &["infect.c"],
        patterns: &[
            "Can't inject syscall blob (pid: {pid})",
            "Can't restore syscall blob (pid: {pid})",
            "munmap for remote map {start:address}, {size:number} returned {code}",
            "munmap failed (pid: {pid})",
            "Unable to detach from {pid}: {errno}",
            "Can't init thread in parasite {tid}",
        ],
        role: Role::Consequence,
        summary: "CRIU could not put its code into a task or take it out again; the line before says why.",
        sources: &["CRIU 3.0 to 4.2, compel/src/lib/infect.c"],
        ..DUMP
    },
    Row {
        id: "criu-dump-step",
        files: &["cr-dump.c", "mem.c", "namespaces.c", "parasite-syscall.c"],
        patterns: &[
            "Dump {what:text} (pid: {pid}) failed with {code}",
            "Dump core (pid: {pid}) failed with {code}",
            "Dump {pid} rseq failed {code}",
            "Dump {pid} signals failed {code}",
            "Fixup rseq for {pid} failed {code}",
            "Collect mappings (pid: {pid}) failed with {code}",
            "Collect fds (pid: {pid}) failed with {code}",
            "Can't infect (pid: {pid}) with parasite",
            "Can't cure (pid: {pid}) from parasite",
            "Can't fixup vdso VMAs (pid: {pid})",
            "Can't dump misc (pid: {pid})",
            "Can't dump sigactions (pid: {pid}) with parasite",
            "Can't get proc fd (pid: {pid})",
            "Can't stop daemon in parasite (pid: {pid})",
            "Can't dump thread for pid {pid}",
            "Can't dump threads",
            "Can't dump page with parasite",
            "Can't cure local: something happened with mapping?",
            "Namespaces dumping finished with error {status}",
            "si_code={a:number} si_pid={pid} si_status={status}",
            "Parasite failed to drain descriptors",
            "Pre-dumping files failed (pid: {pid})",
            "Can't make {what:word} id for {pid}",
            "Can't make {what:word} id",
        ],
        role: Role::Consequence,
        summary: "A step of the dump failed; the line before says why.",
        sources: &["CRIU 3.0 to 4.2, criu/cr-dump.c dump_one_task, pre_dump_one_task"],
        ..DUMP
    },
];
