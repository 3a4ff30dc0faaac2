//! `HWC`: what the processes were told of the CPU against what the target offers.
//!
//! A capability bit is a statement, not a use: a program that was told of a feature may or may not run
//! its instructions. Without evidence from code, a missing feature is *unproven*.

use std::collections::BTreeMap;

use crate::auxv::hwcap::{BitUse, HwcapBit, Hwcaps};
use crate::facts::TaskFacts;
use crate::finding::{Finding, Phase, Proof, Severity, Spot};
use crate::profile::Zva;
use crate::profile::model::Profile;
use crate::rule_id::RuleId;

use super::{Case, Rule, RuleMeta, counted};

/// Id of the rule that speaks of differences between the two auxiliary vectors.
pub const AUXV_COPIES: RuleId = RuleId::Hwc003;

/// The rules of this file.
pub(super) static RULES: &[Rule] = &[
    Rule {
        meta: RuleMeta {
            id: RuleId::Hwc001,
            name: "feature-told",
            summary: "A process was told of CPU features that the target does not have.",
            explanation: "AT_HWCAP* of the saved auxv and of the copy on the stack are what the program, its libraries \
                and its runtimes decided by when they started: which memcpy, whether LSE atomics, whether SVE. Where \
                they use a missing feature the task dies of SIGILL, at once or an hour later. Whether they do is in \
                their code and data, not in these words.",
            sources: &[
                "kernel 7.3, arch/arm64/include/uapi/asm/hwcap.h, arch/arm64/kernel/cpufeature.c",
                "CRIU 4.2, criu/arch/aarch64/cpu.c: no CPU check on arm64",
            ],
            seen: &[
                "dyn-static@max-nopauth@new on cortex-a57: KILLED-SIGILL",
                "dyn-libc@max-nopauth@new on neoverse-n1: PASS",
            ],
            phase: Phase::Run,
            since: "0.1.0",
            edits: &[],
        },
        check: told,
    },
    Rule {
        meta: RuleMeta {
            id: RuleId::Hwc002,
            name: "feature-unknown-bit",
            summary: "A process was told of a capability bit that hwcr has no name for.",
            explanation: "A kernel newer than the table set the bit. What it stands for, and whether the target has it, \
                is not known unless the target's own words have the bit too.",
            sources: &["kernel 7.3, arch/arm64/include/uapi/asm/hwcap.h"],
            seen: &[],
            phase: Phase::Run,
            since: "0.1.0",
            edits: &[],
        },
        check: unknown_bits,
    },
    Rule {
        meta: RuleMeta {
            id: AUXV_COPIES,
            name: "auxv-copies-differ",
            summary: "The saved auxv and the copy on the stack differ.",
            explanation: "The kernel writes both from the same values. Something changed one of them later: a tool that \
                masked the saved auxv, or the program itself. The process knows the copy on the stack; hwcr judges by \
                the bits of both together.",
            sources: &[
                "kernel 7.3, fs/binfmt_elf.c create_elf_tables",
                "CRIU 4.2, criu/pie/restorer.c",
            ],
            seen: &[],
            phase: Phase::Run,
            since: "0.1.0",
            edits: &[],
        },
        check: copies_differ,
    },
    Rule {
        meta: RuleMeta {
            id: RuleId::Hwc004,
            name: "auxv-missing",
            summary: "What a process was told of the CPU is not in the image.",
            explanation: "Without AT_HWCAP in the saved auxv, or without the copy on the stack to compare it with, it is \
                not known what the process decided by.",
            sources: &["CRIU 4.2, criu/cr-dump.c get_task_auxv"],
            seen: &[],
            phase: Phase::Run,
            since: "0.1.0",
            edits: &[],
        },
        check: missing,
    },
    Rule {
        meta: RuleMeta {
            id: RuleId::Hwc005,
            name: "zva-block-size",
            summary: "The target's DC ZVA block size is, or may be, another than the source's.",
            explanation: "DC ZVA zeroes a block whose size a program reads once from DCZID_EL0 and keeps: libc's memset, \
                the JIT of a runtime. With another size it zeroes too much, which corrupts the heap, or too little. No \
                capability bit tells. Known machines use 64 bytes, but for the A64FX with 256; an SVE machine without \
                LRCPC and dot product is taken for an A64FX. Where that assumption makes both sides alike, HWCR-GIV-001 says so.",
            sources: &[
                "Arm DCZID_EL0.BS",
                "observed: redis dumped on a Neoverse N1 computes wrongly on an A64FX",
            ],
            seen: &["dyn-static@cortex-a57@new on a64fx: PASS"],
            phase: Phase::Run,
            since: "0.1.0",
            edits: &[],
        },
        check: zva,
    },
    Rule {
        meta: RuleMeta {
            id: RuleId::Hwc006,
            name: "feature-without-effect",
            summary: "Features are missing on the target that no program can fail for.",
            explanation: "Their instructions lie in the HINT space or are prefetches, and do nothing where the feature \
                is missing; or the bit tells of the kernel, not of the CPU.",
            sources: &[
                "Arm ARM, HINT instructions",
                "kernel 7.3, Documentation/arch/arm64/elf_hwcaps.rst",
            ],
            seen: &["dyn-libc@max-nopauth@new on neoverse-n1: PASS"],
            phase: Phase::Run,
            since: "0.1.0",
            edits: &[],
        },
        check: without_effect,
    },
];

/// Tasks of the same told words share one finding: the first of them stands for all.
fn by_told<'a>(case: &Case<'a>) -> Vec<(Hwcaps, &'a TaskFacts<'a>, usize)> {
    let mut groups: BTreeMap<[Option<u64>; 4], (&TaskFacts<'_>, usize)> = BTreeMap::new();
    for task in case.facts.tasks.iter().filter(|task| task.auxv.is_some()) {
        groups.entry(task.told.words).or_insert((task, 0)).1 += 1;
    }
    let mut groups: Vec<_> = groups
        .into_iter()
        .map(|(words, (task, count))| (Hwcaps { words }, task, count))
        .collect();
    groups.sort_by_key(|(_, task, _)| task.task.pid);
    groups
}

fn tasks(count: usize) -> String {
    if count == 1 {
        "the process was".to_owned()
    } else {
        format!("{count} processes were")
    }
}

fn names(bits: &[&'static HwcapBit]) -> String {
    bits.iter()
        .map(|bit| bit.cpuinfo)
        .collect::<Vec<_>>()
        .join(" ")
}

fn told(meta: &'static RuleMeta, case: &Case<'_>, out: &mut Vec<Finding>) {
    for (told, task, count) in by_told(case) {
        let bits: Vec<_> = told
            .missing_from(&case.target.hwcaps)
            .bits
            .into_iter()
            .filter(|bit| bit.use_ == BitUse::Code)
            .collect();
        if bits.is_empty() {
            continue;
        }
        let place = task.task.mm.as_ref().map(|mm| mm.auxv_place.clone());
        out.push(
            Finding::new(
                meta,
                Severity::Unproven,
                Proof::Told,
                format!("{} told of {} that {} does not have", tasks(count), counted(bits.len(), "feature"), case.target.name),
            )
            .in_task(task.task.pid)
            .read_at(place)
            .because_of(bits.iter().map(|bit| bit.cpuinfo))
            .help(format!(
                "Start the workload on a machine that has no more than {} offers, or show by its code that it does \
                 not use them and accept the rule.",
                case.target.name
            )),
        );
    }
}

fn without_effect(meta: &'static RuleMeta, case: &Case<'_>, out: &mut Vec<Finding>) {
    for (told, task, count) in by_told(case) {
        let bits: Vec<_> = told
            .missing_from(&case.target.hwcaps)
            .bits
            .into_iter()
            .filter(|bit| bit.use_ != BitUse::Code)
            .collect();
        if !bits.is_empty() {
            out.push(
                Finding::new(
                    meta,
                    Severity::Note,
                    Proof::Told,
                    format!(
                        "{} told of {}, without which nothing fails",
                        tasks(count),
                        names(&bits)
                    ),
                )
                .in_task(task.task.pid)
                .because_of(bits.iter().map(|bit| bit.cpuinfo)),
            );
        }
    }
}

fn unknown_bits(meta: &'static RuleMeta, case: &Case<'_>, out: &mut Vec<Finding>) {
    for (told, task, count) in by_told(case) {
        let bits = told.missing_from(&case.target.hwcaps).unknown_bits;
        if bits.is_empty() {
            continue;
        }
        let list: Vec<String> = bits
            .iter()
            .map(|(word, bit)| format!("{}:bit{bit}", word.name()))
            .collect();
        out.push(
            Finding::new(
                meta,
                Severity::Unproven,
                Proof::Unknown,
                format!(
                    "{} told of capability bits without a name: {}",
                    tasks(count),
                    list.join(" ")
                ),
            )
            .in_task(task.task.pid)
            .read_at(task.task.mm.as_ref().map(|mm| mm.auxv_place.clone()))
            .because_of(list)
            .help("A newer hwcr may know the bits."),
        );
    }
}

fn copies_differ(meta: &'static RuleMeta, case: &Case<'_>, out: &mut Vec<Finding>) {
    for task in &case.facts.tasks {
        let Some(auxv) = &task.auxv else { continue };
        if auxv.differences.is_empty() {
            continue;
        }
        let list: Vec<String> = auxv
            .differences
            .iter()
            .map(|difference| {
                let value = |value: Option<u64>| {
                    value.map_or_else(|| "absent".to_owned(), |value| format!("{value:#x}"))
                };
                let tag = difference
                    .name
                    .map_or_else(|| format!("type {}", difference.tag), str::to_owned);
                format!(
                    "{tag} saved {} stack {}",
                    value(difference.saved),
                    value(difference.stack)
                )
            })
            .collect();
        let finding = Finding::new(
            meta,
            Severity::Note,
            Proof::State,
            format!(
                "the saved auxv and the copy on the stack differ: {}",
                list.join(", ")
            ),
        )
        .in_task(task.task.pid)
        .read_at(task.task.mm.as_ref().map(|mm| mm.auxv_place.clone()));
        out.push(match &auxv.stack {
            Ok(stack) => finding.about(Spot::memory(task.task.pid, None, stack.address)),
            Err(_) => finding,
        });
    }
}

fn missing(meta: &'static RuleMeta, case: &Case<'_>, out: &mut Vec<Finding>) {
    for task in &case.facts.tasks {
        let Some(auxv) = &task.auxv else { continue };
        let place = task.task.mm.as_ref().map(|mm| mm.auxv_place.clone());
        if task.told.words[0].is_none() {
            out.push(
                Finding::new(
                    meta,
                    Severity::Unproven,
                    Proof::Unknown,
                    "the saved auxv has no AT_HWCAP",
                )
                .in_task(task.task.pid)
                .read_at(place)
                .help("Dump again; nothing is known of what the process was told."),
            );
        } else if let Err(why) = &auxv.stack {
            out.push(
                Finding::new(
                    meta,
                    Severity::Unproven,
                    Proof::Unknown,
                    format!("the copy of the auxv on the stack was not found ({why}); the saved one may have been changed"),
                )
                .in_task(task.task.pid)
                .read_at(place),
            );
        }
    }
}

/// DC ZVA block of all known machines but one, bytes.
const ZVA_USUAL: u64 = 64;
/// DC ZVA block of the A64FX, bytes.
const ZVA_A64FX: u64 = 256;
/// The A64FX is the one SVE machine without LRCPC and dot product: it is Armv8.2 with little more.
fn looks_like_a64fx(hwcaps: &Hwcaps) -> bool {
    let has = |name| HwcapBit::by_cpuinfo_name(name).and_then(|bit| hwcaps.has(bit));
    has("sve") == Some(true) && has("lrcpc") == Some(false) && has("asimddp") == Some(false)
}

/// Bytes of a block; 0 where the instruction is prohibited.
fn zva_of(profile: &Profile) -> Option<u64> {
    match profile.zva() {
        Zva::Bytes(bytes) => Some(bytes),
        Zva::Prohibited => Some(0),
        Zva::Unknown => looks_like_a64fx(&profile.hwcaps).then_some(ZVA_A64FX),
    }
}

/// Whether the block size of a machine is known, or follows from its capability words.
pub(super) fn zva_known(profile: &Profile) -> bool {
    zva_of(profile).is_some()
}

/// Whether the block sizes of source and target count as the same although one of them is not known.
pub(super) fn zva_taken_alike(case: &Case<'_>) -> bool {
    let known = case.source.is_some_and(zva_known) && zva_known(case.target);
    !known
        && by_told(case)
            .iter()
            .any(|(told, ..)| sizes(case, told).0 == sizes(case, told).1)
}

/// Block sizes of source and target, bytes. A machine whose block size is not known is taken for a usual one: every
/// known machine is but the A64FX, and that one is recognised by its capabilities.
fn sizes(case: &Case<'_>, told: &Hwcaps) -> (u64, u64) {
    let source = case.source.and_then(zva_of);
    let source = source.unwrap_or(if looks_like_a64fx(told) {
        ZVA_A64FX
    } else {
        ZVA_USUAL
    });
    (source, zva_of(case.target).unwrap_or(ZVA_USUAL))
}

fn zva(meta: &'static RuleMeta, case: &Case<'_>, out: &mut Vec<Finding>) {
    for (told, task, _) in by_told(case) {
        if !case.target.cores_agree_in("DCZID_EL0") {
            out.push(
                Finding::new(
                    meta,
                    Severity::Unproven,
                    Proof::State,
                    format!(
                        "the cores of {} differ in the block size of DC ZVA: no size that the process keeps is right on all",
                        case.target.name
                    ),
                )
                .in_task(task.task.pid)
                .help("Run the workload on cores of one kind, with taskset or a cpuset."),
            );
            continue;
        }
        let (source, target) = sizes(case, &told);
        // A process that found the instruction prohibited does not use it.
        if source == 0 {
            continue;
        }
        if source != target {
            out.push(
                Finding::new(
                    meta,
                    Severity::Unproven,
                    Proof::Told,
                    format!("DC ZVA zeroes {target} bytes on {}, and {source} on the source as far as is known", case.target.name),
                )
                .in_task(task.task.pid)
                .need_have(format!("{source} bytes"), format!("{target} bytes"))
                .help("Accept the rule if the workload does not use DC ZVA (few programs but libc's memset do)."),
            );
        }
    }
}
