//! `HWC`, of registers: what a program reads of the machine without asking the kernel, and may keep.
//!
//! No capability bit tells of these. A program that reads one at its start, as libc and runtimes do, goes on with the
//! source's value on the target.

use crate::evidence::registers::{ReadAudit, Register};
use crate::facts::TaskFacts;
use crate::finding::{Finding, Proof, Severity};
use crate::profile::model::Profile;
use crate::profile::{CacheType, hertz};

use super::{Case, Rule, RuleMeta, counted};

/// The rules of this file.
pub(super) static RULES: &[Rule] = &[
    Rule {
        meta: RuleMeta {
            id: "HWCR-HWC-007",
            name: "counter-frequency",
            summary: "The counter runs at another frequency on the target.",
            explanation: "CNTVCT_EL0 counts at a frequency that CNTFRQ_EL0 gives: 62.5 MHz, 121.875 MHz, 1 GHz and others \
                are in use. Programs read both without the kernel. One that read the frequency on the source and keeps it \
                computes wrong times on the target: timeouts, rates and timestamps are off by the ratio. clock_gettime is \
                not affected, the target's kernel does that arithmetic. Where with --rootfs no code that the tasks map \
                reads CNTFRQ_EL0, it is a note.",
            sources: &[
                "Arm ARM, CNTFRQ_EL0; kernel 7.3, arch/arm64/kernel/traps.c cntfrq_read_handler, \
                    drivers/clocksource/arm_arch_timer.c arch_counter_set_user_access",
                "CRIU 4.2: CNTFRQ_EL0 and CNTVCT_EL0 nowhere in the tree",
                "observed: 500 ms measured as 8008 ms after a restore where the counter has 1 GHz and had 62.5 MHz",
            ],
            seen: &["altstack@max-nopauth@6.1 on a64fx@6.1: PASS"],
            since: "0.1.0",
            edits: &[],
        },
        check: counter,
    },
    Rule {
        meta: RuleMeta {
            id: "HWCR-HWC-008",
            name: "cache-type",
            summary: "The target's caches ask more of programs that make code than the source's did.",
            explanation: "A program that writes instructions makes them visible line by line, by what CTR_EL0 says of cache \
                lines and of whether cleaning and invalidating are needed at all (IDC, DIC). GCC's __clear_cache keeps the \
                register in a variable, and so do compilers at run time. On a target with shorter lines such a program \
                skips lines; on one that needs what the source did not need it does nothing; where instruction caches are \
                not indexed by physical address it leaves aliases out. It may then execute what was there before. Longer \
                lines and fewer needs harm nothing. Where with --rootfs no code that the tasks map reads CTR_EL0, it is a \
                note.",
            sources: &[
                "Arm ARM, CTR_EL0 and \"Synchronization and coherency issues between data and instruction accesses\"",
                "GCC 14, libgcc/config/aarch64/sync-cache.c __aarch64_sync_cache_range",
                "kernel 7.3, arch/arm64/kernel/traps.c ctr_read_handler",
            ],
            seen: &["altstack@max-nopauth@6.1 on a64fx@6.1: PASS"],
            since: "0.1.0",
            edits: &[],
        },
        check: caches,
    },
];

/// What code shows of a register that differs.
struct Readers<'a> {
    /// Tasks of which it is not shown that they do not read it.
    open: Vec<&'a TaskFacts<'a>>,
    /// Files with code that was gone over for the others.
    files: usize,
}

/// Tasks by whether their code can read a register. A zombie has no code.
fn readers<'a>(case: &Case<'a>, register: Register) -> Readers<'a> {
    let facts = case.facts;
    let mut readers = Readers {
        open: Vec::new(),
        files: 0,
    };
    for task in facts.tasks.iter().filter(|task| !task.threads.is_empty()) {
        match task.register_reads.get(&register) {
            Some(ReadAudit::Never { files }) => readers.files = readers.files.max(*files),
            Some(ReadAudit::May(_)) | None => readers.open.push(task),
        }
    }
    readers
}

/// Whether some task may read a register, as far as code shows.
pub(super) fn may_read(case: &Case<'_>, register: Register) -> bool {
    !readers(case, register).open.is_empty()
}

/// The finding on a register that differs: unproven where a task may keep it, a note where none reads it.
fn differs(
    meta: &'static RuleMeta,
    case: &Case<'_>,
    register: Register,
    differs: &str,
    harm: &str,
) -> Option<Finding> {
    let name = register.name();
    let Readers { open, files } = readers(case, register);
    let Some(first) = open.first() else {
        return (files > 0).then(|| {
            let message = format!(
                "{differs}, but no code in the files the tasks map reads {name} ({} at most in a task)",
                counted(files, "file")
            );
            Finding::new(meta, Severity::Note, Proof::Absent, message)
        });
    };
    let suspect = match first.register_reads.get(&register) {
        Some(ReadAudit::May(suspect)) => format!(": {suspect}"),
        _ => String::new(),
    };
    let others = match open.len() {
        1 => String::new(),
        count => format!(
            " (so may {} more)",
            counted(count.saturating_sub(1), "process")
        ),
    };
    let message =
        format!("{differs}: {harm} if the process keeps {name} of the source{others}{suspect}");
    let help =
        "Accept the rule for workloads that do not read the register, or restart those that do.";
    let help = if case.facts.binaries.is_empty() {
        format!("{help} With --rootfs the code of a task may show that it does not.")
    } else {
        help.to_owned()
    };
    Some(
        Finding::new(meta, Severity::Unproven, Proof::Unknown, message)
            .in_task(first.task.pid)
            .help(help),
    )
}

fn counter(meta: &'static RuleMeta, case: &Case<'_>, out: &mut Vec<Finding>) {
    let source = case.source.and_then(Profile::counter_frequency);
    let (Some(source), Some(target)) = (source, case.target.counter_frequency()) else {
        return; // HWCR-GIV-001
    };
    if source == target {
        return;
    }
    let (source, target) = (hertz(source), hertz(target));
    let what = format!(
        "the counter runs at {target} on {} and at {source} on the source",
        case.target.name
    );
    let harm = "times come out wrong by that ratio";
    out.extend(
        differs(meta, case, Register::CounterFrequency, &what, harm)
            .map(|finding| finding.need_have(source, target)),
    );
}

fn caches(meta: &'static RuleMeta, case: &Case<'_>, out: &mut Vec<Finding>) {
    let source = case.source.and_then(Profile::cache_type);
    let (Some(source), Some(target)) = (source, case.target.cache_type()) else {
        return; // HWCR-GIV-001
    };
    let demands = source.demands(target);
    if demands.is_empty() {
        return;
    }
    let what = format!(
        "{} asks more of programs that make code than the source did: {}",
        case.target.name,
        demands.join("; ")
    );
    let harm = "code made at run time may not be what is executed";
    let shown = |caches: CacheType| {
        format!(
            "data lines {}, instruction lines {}, IDC {}, DIC {}",
            caches.data_line,
            caches.instruction_line,
            u8::from(caches.no_clean),
            u8::from(caches.no_invalidate)
        )
    };
    out.extend(
        differs(meta, case, Register::CacheType, &what, harm)
            .map(|finding| finding.need_have(shown(source), shown(target))),
    );
}
