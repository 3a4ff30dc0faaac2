//! What the kernel writes when a task dies, and what the journal and others make of it.
//!
//! The arm64 kernel says why it kills a task only while the sysctl debug.exception-trace is 1; since
//! 4.17 it is 0 by default.

use crate::restore_log::row::{ERROR, Fate, Form, Role, Row, When};
use crate::rule_id::RuleId;

/// Rules on what `rt_sigreturn` refuses.
const FRAME_RULES: &[RuleId] = &[
    RuleId::Sve001,
    RuleId::Sve002,
    RuleId::Sve003,
    RuleId::Sme001,
    RuleId::Sme002,
    RuleId::Sme003,
    RuleId::Sme004,
    RuleId::Fpm001,
    RuleId::Poe001,
    RuleId::Gcs001,
    RuleId::Frm001,
    RuleId::Frm002,
    RuleId::Frm003,
    RuleId::Frm004,
    RuleId::Frm006,
];

/// Rules on signatures of pointers.
const PAC_RULES: &[RuleId] = &[RuleId::Pac002, RuleId::Pac003, RuleId::Pac004];

/// Rules on instructions that a machine does not have.
const INSTRUCTION_RULES: &[RuleId] = &[
    RuleId::Hwc001,
    RuleId::Hwc002,
    RuleId::Und003,
    RuleId::Und001,
];

const DEATH: Row = Row {
    form: Form::Kernel,
    role: Role::Cause(Fate::Dies),
    ..ERROR
};

pub(super) static ROWS: &[Row] = &[
    Row {
        id: "kernel-criu-crashed",
        patterns: &[
            "criu[{pid}]: unhandled exception: {rest}",
            "criu[{pid}]: unhandled {rest}",
        ],
        role: Role::Symptom(Fate::Fails),
        unreadable: true,
        summary: "CRIU itself crashed (process {pid}).",
        explanation: "CRIU uses some image files without looking whether they were there. Otherwise it is a fault of CRIU.",
        help: "Look whether the image is complete (`hwcr inspect`), and restore with the newest CRIU.",
        sources: &["observed: CRIU 4.2.1 without files.img, mm, fs, pstree.img"],
        ..DEATH
    },
    Row {
        id: "kernel-frame-refused",
        patterns: &[
            "{comm}[{pid}]: unhandled exception: illegal memory access",
            "{comm}[{pid}]: unhandled exception: illegal memory access in {where:rest}",
        ],
        rules: FRAME_RULES,
        summary: "{comm} returned from a signal handler and the kernel refused the signal frame.",
        explanation: "Without an exception syndrome the kernel itself sent the SIGSEGV. The registers it prints are \
            the interrupted ones of the frame, for they are loaded before the frame's records are looked at: a \
            record this machine or kernel does not know, or a vector length that is not the task's.",
        help: "Compare the image with this machine (`hwcr check`); `hwcr rewrite` drops records that carry no state.",
        sources: &[
            "kernel 4.18 to 7.3, arch/arm64/kernel/traps.c arm64_show_signal, arch/arm64/kernel/signal.c rt_sigreturn",
            "observed: kernels 6.1, 6.12, 7.3",
        ],
        ..DEATH
    },
    Row {
        id: "kernel-bad-frame",
        patterns: &["{comm}[{pid}]: bad frame in {function:word} pc={pc} sp={sp}"],
        rules: FRAME_RULES,
        summary: "{comm} returned from a signal handler and the kernel refused the signal frame.",
        explanation: "A record in it is one this machine or kernel does not know, or has a vector length that is not \
            the task's. {function} says so.",
        help: "Compare the image with this machine (`hwcr check`); `hwcr rewrite` drops records that carry no state.",
        sources: &[
            "kernel 3.7 to 4.17, arch/arm64/kernel/signal.c sys_rt_sigreturn (`__arm64_sys_rt_sigreturn` in some)",
        ],
        ..DEATH
    },
    Row {
        id: "kernel-pac-failed",
        patterns: &[
            "{comm}[{pid}]: unhandled exception: FPAC, ESR {esr:address}, undefined instruction{where:rest}",
        ],
        rules: PAC_RULES,
        summary: "A pointer of {comm} failed to authenticate.",
        explanation: "The return address was not signed with this machine's keys, algorithm or address size, or not \
            signed at all: the tasks come from a machine that signs in another way or does not sign. With FPAC the \
            CPU traps at the authenticating instruction.",
        help: "Restore on a machine that signs the same way, and see `hwcr check --source`; `hwcr rewrite` can switch \
            authentication off for the restored tasks.",
        sources: &[
            "kernel 5.10 to 7.3, arch/arm64/kernel/traps.c do_el0_fpac",
            "observed: kernel 7.3, image without keys on a PAC machine, and QARMA5 for the maker's own",
        ],
        ..DEATH
    },
    Row {
        id: "kernel-signed-jump",
        patterns: &[
            "{comm}[{pid}]: unhandled exception: IABT (lower EL), ESR {esr:address}, {fault:rest}",
            "{comm}[{pid}]: unhandled exception: PC Alignment, ESR {esr:address}, {fault:rest}",
            "{comm}[{pid}]: unhandled {fault:text} ({signal}) at {address}, esr {esr:address}{where:rest}",
        ],
        when: When::PcSigned,
        rules: &[
            RuleId::Pac003,
            RuleId::Pac002,
            RuleId::Pac004,
            RuleId::Pac001,
        ],
        summary: "{comm} jumped to an address with a signature in it.",
        explanation: "PC has bits above a user address: the return address failed to authenticate (a CPU without FPAC \
            marks it and continues), or it was signed and this machine does not take signatures off.",
        help: "Restore on a machine that signs the same way, and see `hwcr check --source`; `hwcr rewrite` can switch \
            authentication off or strip signatures.",
        sources: &[
            "Arm ARM, AuthIA; kernel 4.18 to 7.3, arch/arm64/mm/fault.c",
            "observed: kernel 7.3 on neoverse-v1, image without keys, and one signed on 52-bit addresses",
        ],
        ..DEATH
    },
    Row {
        id: "kernel-shadow-stack",
        patterns: &["{comm}[{pid}]: unhandled exception: GCS, ESR {esr:address}, {rest}"],
        rules: &[RuleId::Und006, RuleId::Gcs001],
        summary: "{comm} returned against its shadow stack.",
        explanation: "The restored shadow stack does not hold the return address.",
        help: "Start the workload without guarded control stacks (GLIBC_TUNABLES=glibc.cpu.aarch64_gcs=0) and dump again.",
        sources: &["kernel 6.13 to 7.3, arch/arm64/kernel/traps.c do_el0_gcs"],
        ..DEATH
    },
    Row {
        id: "kernel-undefined-instruction",
        patterns: &[
            "{comm}[{pid}]: unhandled exception: undefined instruction",
            "{comm}[{pid}]: unhandled exception: undefined instruction in {where:rest}",
            "{comm}[{pid}]: unhandled exception: {class:text}, ESR {esr:address}, undefined instruction{where:rest}",
            "{comm}[{pid}]: undefined instruction: pc={pc}",
        ],
        rules: INSTRUCTION_RULES,
        summary: "{comm} ran an instruction that this machine does not have.",
        explanation: "The program or a library chose it by what the machine of its start offered, and keeps it after \
            the move: atomics, memcpy, cryptography. The kernel names the file and the offset where it stood.",
        help: "Restore on a machine with these features, or start the workload where no more is offered than here and \
            dump again.",
        sources: &[
            "kernel 3.7 to 7.3, arch/arm64/kernel/traps.c do_undefinstr, do_el0_undef",
            "observed: kernels 6.12, 7.3: LSE on cortex-a57, MOPS on neoverse-v1",
        ],
        ..DEATH
    },
    Row {
        id: "kernel-memory-fault",
        patterns: &[
            "{comm}[{pid}]: unhandled exception: {class:text}, ESR {esr:address}, {fault:rest}",
            "{comm}[{pid}]: unhandled {fault:text} ({signal}) at {address}, esr {esr:address}{where:rest}",
        ],
        role: Role::Symptom(Fate::Dies),
        rules: &[
            RuleId::Pac003,
            RuleId::Pac002,
            RuleId::Pac004,
            RuleId::Hwc005,
            RuleId::Und007,
            RuleId::Und008,
            RuleId::Sys003,
            RuleId::Stk001,
        ],
        summary: "{comm} touched memory that is not mapped for it.",
        explanation: "That alone says little: a program's own fault looks the same. After a move, a pointer that lost \
            its signature's key, a block size of DC ZVA or a vector length that changed are the usual ones.",
        help: "Give the image and the target, so that what the image holds can be looked at.",
        sources: &[
            "kernel 4.18 to 7.3, arch/arm64/kernel/traps.c arm64_show_signal, arch/arm64/mm/fault.c",
            "kernel 3.7 to 4.17, __do_user_fault",
        ],
        ..DEATH
    },
    Row {
        id: "kernel-oom",
        patterns: &[
            "Memory cgroup out of memory: Killed process {pid} ({comm}){rest}",
            "Out of memory: Killed process {pid} ({comm}){rest}",
            "Out of memory: Kill process {pid} ({comm}) {rest}",
            "Killed process {pid} ({comm}){rest}",
        ],
        summary: "The kernel killed {comm} because memory ran out.",
        explanation: "While CRIU fills a task's memory the task is still called criu. A memory limit of the cgroup \
            counts all pages of the tasks and CRIU's own.",
        help: "Raise the memory limit, at least to what the tasks used at the dump and some megabytes for each.",
        sources: &[
            "kernel 4.20 to 7.3, mm/oom_kill.c __oom_kill_process",
            "observed: kernel 7.3, memory.max",
        ],
        ..DEATH
    },
    Row {
        id: "kernel-pids-limit",
        patterns: &["cgroup: fork rejected by pids controller in {path:rest}"],
        role: Role::Cause(Fate::Fails),
        summary: "The limit on processes of the cgroup {path} was reached.",
        explanation: "pids.max counts threads as well as processes, and CRIU's own helpers.",
        help: "Raise pids.max of the cgroup.",
        sources: &[
            "kernel 4.3 to 7.3, kernel/cgroup/pids.c",
            "observed: kernel 7.3",
        ],
        ..DEATH
    },
    Row {
        id: "kernel-seccomp-killed",
        patterns: &[
            "audit: type=1326 {before:rest} pid={pid} comm=\"{comm}\" {more:rest} syscall={number} {rest}",
        ],
        summary: "A seccomp filter killed {comm} in system call {number}.",
        explanation: "The filter of the task or of the container around it does not allow the call; a program may \
            make another one on a newer kernel, and CRIU itself needs calls that engines' filters forbid.",
        help: "Allow the call in the engine's seccomp profile.",
        sources: &["kernel 4.14 to 7.3, kernel/auditsc.c audit_seccomp"],
        ..DEATH
    },
    Row {
        id: "kernel-died",
        patterns: &[
            "audit: type=1701 {before:rest} pid={pid} comm=\"{comm}\" {more:rest} sig={signal} {rest}",
            "{comm}: {name:comm}: potentially unexpected fatal signal {signal}.",
            "{comm}: potentially unexpected fatal signal {signal}.",
            "potentially unexpected fatal signal {signal}.",
            "{comm}/{pid}: potentially unexpected fatal signal {signal}.",
        ],
        role: Role::Symptom(Fate::Dies),
        summary: "A task died of signal {signal}.",
        explanation: "4 is SIGILL, 7 SIGBUS, 11 SIGSEGV. The line does not say why.",
        help: "Set the sysctl debug.exception-trace to 1 and restore once more: the kernel then says more.",
        sources: &[
            "kernel 2.6 to 7.3, kernel/signal.c print_fatal_signal, kernel/auditsc.c audit_core_dumps",
            "observed: kernels 6.1, 7.3",
        ],
        ..DEATH
    },
    Row {
        id: "journal-dumped-core",
        form: Form::Tool,
        patterns: &[
            "Process {pid} ({comm}) of user {uid:number} dumped core.{rest}",
            "Process {pid} ({comm}) of user {uid:number} terminated abnormally {rest}",
        ],
        role: Role::Symptom(Fate::Dies),
        summary: "{comm} died and left a core file.",
        explanation: "systemd-coredump says so, not why.",
        help: "`coredumpctl info {pid}` shows the signal and where it stood.",
        sources: &["systemd 229 to 259, src/coredump"],
        ..DEATH
    },
];
