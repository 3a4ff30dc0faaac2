//! `UND`: state that CRIU never dumped, and the vector length among it.
//!
//! The policy, in one place: what a system call discards anyway is a note for a thread that waits in one;
//! what is in use where hwcr cannot see it is unproven; what a live signal frame shows is taken as shown.
//! `docs/limits.md` says it in full.

mod length;
mod vdso;

pub(super) use length::{is_length_kept_by_code, length_rests_on_source};

use crate::auxv::hwcap::{self, HwcapBit};
use crate::facts::{Ground, Standing, TaskFacts, ThreadFacts};
use crate::finding::{Finding, Phase, Proof, Severity, Spot};
use crate::rule_id::RuleId;
use crate::sigframe::model::{Body, Frame, Liveness};

use super::{Case, Rule, RuleMeta, counted};

/// The rules of this file.
pub(super) static RULES: &[Rule] = &[
    Rule {
        meta: RuleMeta {
            id: RuleId::Und001,
            name: "vector-state-in-user-code",
            summary: "A thread was dumped in user code on a machine with SVE or SME.",
            explanation: "CRIU saves the FPSIMD registers only. A thread stopped in the middle of user code loses the upper \
                bits of its Z registers, its predicates, FFR, ZA, ZT0 and streaming mode if it was using them, without a \
                message, on any machine. Nothing in the image shows whether it was.",
            sources: &[
                "CRIU 4.2, compel/arch/aarch64/src/lib/infect.c",
                "observed: live Z, P and FFR come back zero, ZA off, streaming mode off",
                "FEAT_SVE, FEAT_SME",
            ],
            seen: &[
                "live-sve@max-nopauth@new on max-nopauth: FAIL",
                "live-fpsimd@max-nopauth@6.1 on cortex-a57@6.1: PASS",
            ],
            phase: Phase::Run,
            since: "0.1.0",
            edits: &[],
        },
        check: user_code,
    },
    Rule {
        meta: RuleMeta {
            id: RuleId::Und002,
            name: "vector-state-in-system-call",
            summary: "Threads were dumped in system calls on a machine with SVE.",
            explanation: "A system call discards SVE state, so a thread that waits in one loses nothing it may rely on. That \
                it waits is shown by the instruction at its PC where that is in the image, else by its registers.",
            sources: &[
                "kernel 7.3, Documentation/arch/arm64/sve.rst section 3",
                "CRIU 4.2, compel/arch/aarch64/src/lib/infect.c",
            ],
            seen: &["altstack-sve@max-nopauth@new on max-nopauth: PASS"],
            phase: Phase::Run,
            since: "0.1.0",
            edits: &[],
        },
        check: in_syscall,
    },
    Rule {
        meta: RuleMeta {
            id: RuleId::Und003,
            name: "sme-state",
            summary: "Threads of a process that knows SME may hold SME state that CRIU did not save.",
            explanation: "ZA, ZT0 and TPIDR2_EL0 survive system calls, and a pending lazy save is an ordinary thing to have \
                in one. CRIU saves none of them. In a signal handler they are off unless the handler turned them on.",
            sources: &[
                "CRIU 4.2, compel/arch/aarch64/src/lib/infect.c",
                "kernel 7.3, Documentation/arch/arm64/sme.rst",
                "FEAT_SME",
            ],
            seen: &[
                "live-za@max-nopauth@new on max-nopauth: FAIL",
                "live-tpidr2@max-nopauth@new on max-nopauth: FAIL",
                "dyn-libc@max-nopauth@new on max-nopauth: PASS",
            ],
            phase: Phase::Run,
            since: "0.1.0",
            edits: &[],
        },
        check: sme_state,
    },
    Rule {
        meta: RuleMeta {
            id: RuleId::Und004,
            name: "register-not-saved",
            summary: "The process knows a feature whose per-thread register CRIU does not save.",
            explanation: "FPMR (FP8 mode) and POR_EL0 (protection keys) come back with the value a new task has. A process \
                that set them computes wrongly or loses access to memory. A live signal frame shows their value.",
            sources: &[
                "CRIU 4.2, compel/arch/aarch64/src/lib/infect.c",
                "FEAT_FPMR, FEAT_S1POE",
            ],
            seen: &["sig-fpmr@max-nopauth@new on max-nopauth: PASS"],
            phase: Phase::Run,
            since: "0.1.0",
            edits: &[],
        },
        check: registers,
    },
    Rule {
        meta: RuleMeta {
            id: RuleId::Und005,
            name: "memory-tags",
            summary: "The process knows memory tagging, or holds tagged addresses; CRIU saves neither tags nor their mode.",
            explanation: "Tags, PROT_MTE and the tagged-address mode of the task (PR_SET_TAGGED_ADDR_CTRL) are lost. A process \
                that uses tagging keeps tags in the top byte of its pointers, with or without FEAT_MTE2: where registers hold \
                such pointers it is unproven, else a note where the process knows memory tagging.",
            sources: &[
                "CRIU 4.2, criu/proc_parse.c: VmFlags mt is not parsed; no PR_SET_TAGGED_ADDR_CTRL anywhere in the tree",
                "kernel 7.3, Documentation/arch/arm64/tagged-address-abi.rst",
                "FEAT_MTE2",
            ],
            seen: &[],
            phase: Phase::Run,
            since: "0.1.0",
            edits: &[],
        },
        check: tags,
    },
    Rule {
        meta: RuleMeta {
            id: RuleId::Und006,
            name: "shadow-stack",
            summary: "A thread runs with a guarded control stack.",
            explanation: "CRIU up to 4.2 cannot save a shadow stack, 4.3 can. A restored thread without its shadow stack, or \
                on a target without GCS, cannot go on.",
            sources: &["CRIU 4.3, criu pull request 2725", "FEAT_GCS"],
            seen: &[],
            phase: Phase::Run,
            since: "0.1.0",
            edits: &[],
        },
        check: shadow_stack,
    },
    Rule {
        meta: RuleMeta {
            id: RuleId::Und007,
            name: "vector-length-not-shown",
            summary: "It is not shown that the tasks ran with the vector length they will have on the target.",
            explanation: "A restored task has the target's default SVE vector length. Code that was told of SVE may keep its \
                length in registers and data, and an image does not say it. A live signal frame shows the length of its own \
                thread, not of others; --source names the machine the image comes from, and with it its default.",
            sources: &[
                "CRIU 4.2: no PR_SVE_SET_VL anywhere in the tree",
                "kernel 7.3, arch/arm64/kernel/fpsimd.c sve_set_current_vl, find_supported_vector_length",
                "observed: a task that set its length by prctl finds the default after a restore on the same machine, also \
                    where a frame shows that another thread had the default",
            ],
            seen: &["vl-idle@max-nopauth@6.1 on max-np-vq1@6.1: FAIL"],
            phase: Phase::Run,
            since: "0.1.0",
            edits: &[],
        },
        check: length::not_shown,
    },
    Rule {
        meta: RuleMeta {
            id: RuleId::Und008,
            name: "vector-length-chosen",
            summary: "A thread may have chosen a vector length of its own, which it would not have on the target.",
            explanation: "The default vector length of the source is the target's, but a thread may have set another one by \
                prctl(PR_SVE_SET_VL). It leaves no trace in an image: only a live signal frame of that thread shows it. \
                After the restore the thread has the default again, and code that kept its old length goes wrong. Where the \
                profile named by --source lists one length alone there is none to choose; where with --rootfs no system call \
                in the code of the files the task maps can be that one, it is a note.",
            sources: &[
                "CRIU 4.2: no PR_SVE_SET_VL anywhere in the tree",
                "kernel 7.3, arch/arm64/kernel/fpsimd.c sve_set_current_vl, find_supported_vector_length",
                "observed: tasks that set their length by prctl and wait outside of a handler find the default after a \
                    restore on the same machine",
            ],
            seen: &[
                "mid-vl-sibling@max-nopauth@6.1 on max-nopauth: FAIL",
                "dyn-libc@neoverse-v1@new on neoverse-v1: PASS",
            ],
            phase: Phase::Run,
            since: "0.1.0",
            edits: &[],
        },
        check: length::chosen,
    },
    Rule {
        meta: RuleMeta {
            id: RuleId::Und009,
            name: "thread-in-vdso",
            summary: "A thread is inside of the vDSO, and the target's vDSO may be another.",
            explanation: "The kernel maps its own code into every process, the vDSO, and CRIU does not restore the old one \
                as it was. Where size and place of the vDSO and of its data are the same, and clock_getres, clock_gettime, \
                gettimeofday and rt_sigreturn lie at the same offsets, CRIU replaces the old code by that of the running \
                kernel. A thread in the middle of a function goes on in the middle of other code, unless both are of one \
                build.\n\nWhere something differs, CRIU keeps the old code and overwrites the first 16 bytes of each of the \
                four functions by a jump to the new one. The old data page comes back as zeros, which makes a thread in \
                the middle of such a function fall back to a system call: real restores passed. A thread 4 to 12 bytes \
                behind the start of one executes half a jump, and died with SIGSEGV or SIGILL. No profile says which of \
                the two ways a target takes.\n\nThe start of these functions is safe both ways, and with it the return \
                address of signal handlers, which is the start of rt_sigreturn.",
            sources: &[
                "CRIU 4.2, criu/pie/parasite-vdso.c blobs_matches, remap_rt_vdso, add_vdso_proxy",
                "CRIU 4.2, criu/arch/aarch64/intraprocedure.S, criu/arch/aarch64/include/asm/vdso.h",
                "kernel 6.12, lib/vdso/gettimeofday.c do_hres: clock mode 0 leads to the system call",
                "seen: a thread stepped to each of 14 places of clock_gettime of 7.3, restored on 7.3, 6.12 and 6.1",
            ],
            seen: &["fl-vdso-at-324@neoverse-n1@new on neoverse-n1@6.12: KILLED-SIGSEGV"],
            phase: Phase::Run,
            since: "0.1.0",
            edits: &[],
        },
        check: vdso::check,
    },
];

/// Tasks that may know one of these features, with the names of those they may know.
fn tasks_knowing<'a>(
    case: &Case<'a>,
    bits: &[&'static HwcapBit],
) -> impl Iterator<Item = (&'a TaskFacts<'a>, Vec<&'static str>)> {
    case.facts.tasks.iter().filter_map(|task| {
        let known: Vec<_> = bits
            .iter()
            .filter(|bit| task.may_know(bit))
            .map(|bit| bit.cpuinfo)
            .collect();
        (!known.is_empty()).then_some((task, known))
    })
}

/// The live frames of a thread.
fn live_frames<'a>(
    task: &'a TaskFacts<'_>,
    thread: &ThreadFacts<'_>,
) -> impl Iterator<Item = &'a Frame> {
    let tid = thread.thread.tid;
    task.frames
        .iter()
        .filter(move |frame| frame.liveness == Liveness::Live && frame.tid == Some(tid))
}

fn user_code(meta: &'static RuleMeta, case: &Case<'_>, out: &mut Vec<Finding>) {
    let threads = tasks_knowing(case, &[hwcap::SVE, hwcap::SME]).flat_map(|(task, features)| {
        task.threads
            .iter()
            .map(move |thread| (task, thread, features.clone()))
    });
    for (task, thread, features) in threads {
        let Standing::User { ground } = thread.standing else {
            continue;
        };
        let shown = match ground {
            Ground::Instruction => "its PC stands on no system call",
            Ground::Registers => "its registers are those of no waiting system call",
        };
        let pc = thread.thread.state.as_ref().map_or(0, |state| state.pc);
        out.push(
            Finding::new(
                meta,
                Severity::Unproven,
                Proof::Unknown,
                format!("the thread was dumped in user code at {pc:#x} ({shown}); live vector state is lost"),
            )
            .about(Spot::memory(task.task.pid, Some(thread.thread.tid), crate::units::Addr(pc)))
            .read_at(thread.thread.place.clone())
            .because_of(features)
            .help("Dump the workload while its threads wait, or on a machine without SVE and SME."),
        );
    }
}

fn in_syscall(meta: &'static RuleMeta, case: &Case<'_>, out: &mut Vec<Finding>) {
    for task in case
        .facts
        .tasks
        .iter()
        .filter(|task| task.may_know(hwcap::SVE))
    {
        let by = |wanted: Ground| {
            task.threads
                .iter()
                .filter(|thread| matches!(thread.standing, Standing::Syscall { ground, .. } if ground == wanted))
                .count()
        };
        let (instruction, registers) = (by(Ground::Instruction), by(Ground::Registers));
        if instruction + registers > 0 {
            out.push(
                Finding::new(
                    meta,
                    Severity::Note,
                    if registers == 0 { Proof::State } else { Proof::Told },
                    format!(
                        "{} in system calls, which discard SVE state ({registers} by their registers alone)",
                        counted(instruction + registers, "thread")
                    ),
                )
                .in_task(task.task.pid)
                .because_of(["sve"]),
            );
        }
    }
}

fn sme_state(meta: &'static RuleMeta, case: &Case<'_>, out: &mut Vec<Finding>) {
    // On a target without SME HWCR-HWC-001 says what there is to say.
    if case.target.hwcaps.has(hwcap::SME) == Some(false) {
        return;
    }
    let threads = tasks_knowing(case, &[hwcap::SME]).flat_map(|(task, features)| {
        task.threads
            .iter()
            .map(move |thread| (task, thread, features.clone()))
    });
    for (task, thread, features) in threads {
        // In user code HWCR-UND-001 says it; in a handler's system call SME state is off.
        let waits = matches!(thread.standing, Standing::Syscall { .. });
        if !waits || thread.handler_depth > 0 {
            continue;
        }
        out.push(
            Finding::new(
                meta,
                Severity::Unproven,
                Proof::Unknown,
                "the thread may hold ZA, ZT0 or TPIDR2 across its system call; CRIU saves none of them",
            )
            .about(Spot::thread(task.task.pid, thread.thread.tid))
            .read_at(thread.thread.place.clone())
            .because_of(features)
            .help("Accept the rule for workloads that do not use SME."),
        );
    }
}

fn registers(meta: &'static RuleMeta, case: &Case<'_>, out: &mut Vec<Finding>) {
    for task in &case.facts.tasks {
        for (bit, register) in [(hwcap::FPMR, "FPMR"), (hwcap::POE, "POR_EL0")] {
            // On a target without the feature HWCR-HWC-001 says what there is to say.
            if !task.may_know(bit) || case.target.hwcaps.has(bit) == Some(false) {
                continue;
            }
            // A live frame holds the value from before the signal: it comes back from the frame, and the
            // handler runs with FPMR inherited and POR_EL0 reset (kernel 6.12, setup_return).
            let shown = |thread: &&ThreadFacts<'_>| {
                live_frames(task, thread).any(|frame| {
                    frame.records.iter().any(|record| match record.body {
                        Body::Fpmr { fpmr } => bit == hwcap::FPMR && fpmr == 0,
                        Body::Poe { .. } => bit == hwcap::POE,
                        _ => false,
                    })
                })
            };
            let open: Vec<_> = task
                .threads
                .iter()
                .filter(|thread| !shown(thread))
                .collect();
            let Some(first) = open.first() else { continue };
            out.push(
                Finding::new(
                    meta,
                    Severity::Unproven,
                    Proof::Unknown,
                    format!(
                        "{} may have set {register}, which CRIU does not save",
                        counted(open.len(), "thread")
                    ),
                )
                .about(Spot::thread(task.task.pid, first.thread.tid))
                .read_at(first.thread.place.clone())
                .because_of([bit.cpuinfo])
                .help("Accept the rule for workloads that do not use the feature."),
            );
        }
    }
}

fn tags(meta: &'static RuleMeta, case: &Case<'_>, out: &mut Vec<Finding>) {
    for task in &case.facts.tasks {
        let tagged: usize = task
            .threads
            .iter()
            .map(|thread| thread.tagged_registers)
            .sum();
        let registers = counted(tagged, "register");
        let knows = task.may_know(hwcap::MTE);
        let (severity, message) = match (tagged, knows) {
            (0, false) => continue,
            (0, true) => (
                Severity::Note,
                "no register holds a tagged address; tags would be lost".to_owned(),
            ),
            (_, true) => (
                Severity::Unproven,
                format!("tagged addresses lie in {registers}; tags and tagging mode are lost"),
            ),
            (_, false) => (
                Severity::Unproven,
                format!(
                    "tagged addresses lie in {registers}; if the process switched on the tagged address ABI, that is lost, \
                     and system calls answer EFAULT to such addresses"
                ),
            ),
        };
        let finding = Finding::new(meta, severity, Proof::Told, message).in_task(task.task.pid);
        out.push(if knows {
            finding.because_of(["mte"])
        } else {
            finding
        });
    }
}

fn shadow_stack(meta: &'static RuleMeta, case: &Case<'_>, out: &mut Vec<Finding>) {
    for task in &case.facts.tasks {
        for thread in &task.threads {
            let Some(state) = &thread.thread.state else {
                continue;
            };
            let Some(gcs) = state.gcs.filter(|gcs| gcs.features_enabled != 0) else {
                continue;
            };
            let offered = case.target.hwcaps.has(hwcap::GCS);
            let saves = case
                .target
                .criu
                .map(|criu| criu >= crate::abi::criu::SAVES_GCS);
            let (severity, have) = match (offered, saves) {
                (Some(false), _) if case.target.may_hide(hwcap::GCS) => {
                    (Severity::Unproven, "gcs not listed".to_owned())
                }
                (Some(false), _) => (Severity::Blocker, "no gcs".to_owned()),
                (_, Some(false)) => (Severity::Blocker, "a CRIU older than 4.3".to_owned()),
                (Some(true), Some(true)) => (
                    Severity::Unproven,
                    "gcs; the restore was never observed".to_owned(),
                ),
                _ => (Severity::Unproven, "not said by the profile".to_owned()),
            };
            out.push(
                Finding::new(
                    meta,
                    severity,
                    Proof::State,
                    format!(
                        "the thread's shadow stack is on (features {:#x}); {} has {have}",
                        gcs.features_enabled, case.target.name
                    ),
                )
                .about(Spot::memory(
                    task.task.pid,
                    Some(thread.thread.tid),
                    crate::units::Addr(gcs.gcspr_el0),
                ))
                .read_at(state.place.clone())
                .because_of(["gcs"])
                .need_have("gcs", have),
            );
        }
    }
}
