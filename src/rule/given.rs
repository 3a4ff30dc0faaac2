//! `GIV`: what an answer takes as given. Each is a note of its own, once for an image and a target, and only where
//! the answer would be another without it.
//!
//! These rules run last: what the others concluded shows which assumptions they used. They change no verdict.

use crate::abi::sigreturn::{Answer, answer};
use crate::abi::{criu, kernel};
use crate::auxv::hwcap;
use crate::evidence::registers::Register;
use crate::facts::{Ground, Standing, TaskFacts, WayOut};
use crate::finding::{Finding, Proof, Severity};
use crate::profile::model::Profile;
use crate::sigframe::model::{Frame, Liveness, Record, Sign};

use super::{
    Case, PROBE, Rule, RuleMeta, counted, frame, hwcap as told, pac, profile, registers, undumped,
};

/// The rules of this file.
pub(super) static RULES: &[Rule] = &[
    Rule {
        meta: RuleMeta {
            id: "HWCR-GIV-001",
            name: "given-registers-alike",
            summary: "Taken as given: registers that programs read and keep are alike on source and target.",
            explanation: "CNTFRQ_EL0, CTR_EL0 and DCZID_EL0 differ between machines, and no capability bit tells. Where the \
                profile of one side does not have one of them, the first two are taken to be the same on both sides, and \
                DC ZVA to zero 64 bytes (256 where the capability words look like an A64FX). A program that keeps a \
                value which is another on the target computes wrong times, executes stale code or zeroes too much.",
            sources: &[
                "hwcr, docs/limits.md",
                "HWCR-HWC-005, HWCR-HWC-007, HWCR-HWC-008",
            ],
            seen: &[],
            since: "0.1.0",
            edits: &[],
        },
        check: |meta, case, out| unless_blocked(registers_alike, meta, case, out),
    },
    Rule {
        meta: RuleMeta {
            id: "HWCR-GIV-002",
            name: "given-no-inherited-length",
            summary: "Taken as given: no parent outside of the image set a vector length to be inherited.",
            explanation: "A process can set a vector length that what it executes begins with (PR_SVE_VL_INHERIT), and so \
                does `hwcr launch`. The code of the tasks shows that none of them sets a length, but a parent that is not \
                in the image may have. Such a length is lost in the restore, and a task that kept it goes wrong.",
            sources: &["kernel 7.3, arch/arm64/kernel/fpsimd.c fpsimd_flush_thread_vl"],
            seen: &[],
            since: "0.1.0",
            edits: &[],
        },
        check: |meta, case, out| unless_blocked(no_inherited_length, meta, case, out),
    },
    Rule {
        meta: RuleMeta {
            id: "HWCR-GIV-003",
            name: "given-code-is-all",
            summary: "Taken as given: the code that the tasks map is all they ever ran, and it is as regular as compilers make it.",
            explanation: "What is shown by the absence of an instruction or of a system call rests on this: all code the task \
                ever ran is still mapped; functions keep the registers they must keep; no jump to a computed address leads \
                into the middle of a function; names for dlsym are held by the file that calls it; no debugger stepped in; \
                and no value came from another process.",
            sources: &["hwcr, docs/limits.md"],
            seen: &[],
            since: "0.1.0",
            edits: &[],
        },
        check: |meta, case, out| unless_blocked(code_is_all, meta, case, out),
    },
    Rule {
        meta: RuleMeta {
            id: "HWCR-GIV-004",
            name: "given-waits-by-registers",
            summary: "Taken as given: threads wait in system calls that their registers look like.",
            explanation: "Where the instruction at a thread's PC is in neither the image nor a file below --rootfs, x8 and the \
                arguments decide: they must be those of a system call that can wait. A thread that keeps such values while \
                it computes would be taken for waiting, and its live vector state for discarded.",
            sources: &["hwcr, docs/limits.md"],
            seen: &[],
            since: "0.1.0",
            edits: &[],
        },
        check: |meta, case, out| unless_blocked(waits_by_registers, meta, case, out),
    },
    Rule {
        meta: RuleMeta {
            id: "HWCR-GIV-005",
            name: "given-files-unchanged",
            summary: "Taken as given: files below --rootfs with the size and build id that CRIU saved are the ones that ran.",
            explanation: "CRIU saves size and GNU build id of mapped files, no digest. A file that was changed without changing \
                either is taken for the one that ran, and what its code or its unwind tables show would be of another \
                program.",
            sources: &["CRIU 4.2, criu/files-reg.c validate_file"],
            seen: &[],
            since: "0.1.0",
            edits: &[],
        },
        check: |meta, case, out| unless_blocked(files_unchanged, meta, case, out),
    },
    Rule {
        meta: RuleMeta {
            id: "HWCR-GIV-006",
            name: "given-source-believed",
            summary: "Taken as given: the profile named by --source is that of the machine the image was dumped on.",
            explanation: "The image holds the capability words, which must agree with the profile (HWCR-PRF-002). How pointers \
                are signed, the default vector length and registers are in no image: they are taken from the profile. With \
                the profile of another machine that has the same capability words the answer is worth nothing.",
            sources: &["hwcr, docs/profile.md"],
            seen: &[],
            since: "0.1.0",
            edits: &[],
        },
        check: |meta, case, out| unless_blocked(source_believed, meta, case, out),
    },
    Rule {
        meta: RuleMeta {
            id: "HWCR-GIV-007",
            name: "given-frames-returned-through",
            summary: "Taken as given: handlers whose frames the target refuses return through them.",
            explanation: "A live frame is called incompatible because the thread will return through it. A handler that ends \
                the process, or leaves by a jump that hwcr does not know, never hands it to the kernel, and runs on.",
            sources: &["hwcr, docs/limits.md"],
            seen: &[],
            since: "0.1.0",
            edits: &[],
        },
        check: frames_returned_through,
    },
    Rule {
        meta: RuleMeta {
            id: "HWCR-GIV-008",
            name: "given-frames-left-over",
            summary: "Taken as given: frames below the stack pointer, or on an unused signal stack, are left over.",
            explanation: "Without unwind tables such a frame counts as left over although its thread was not followed to where \
                it began. A program that switches stacks inside of one mapping may still return through it, and the target \
                would refuse it.",
            sources: &["hwcr, docs/limits.md"],
            seen: &[],
            since: "0.1.0",
            edits: &[],
        },
        check: |meta, case, out| unless_blocked(frames_left_over, meta, case, out),
    },
    Rule {
        meta: RuleMeta {
            id: "HWCR-GIV-009",
            name: "given-designs-sign-alike",
            summary: "Taken as given: two revisions of one CPU design sign pointers alike.",
            explanation: "The maker's own algorithm for pointer authentication is in no register. Implementer and part number of \
                MIDR_EL1 being the same on both sides, it is taken to be the same, though the revisions differ.",
            sources: &["Arm ARM, ID_AA64ISAR1_EL1.API"],
            seen: &[],
            since: "0.1.0",
            edits: &[],
        },
        check: |meta, case, out| unless_blocked(designs_sign_alike, meta, case, out),
    },
    Rule {
        meta: RuleMeta {
            id: "HWCR-GIV-010",
            name: "given-bit-brings-record",
            summary: "Taken as given: a kernel that advertises a feature knows the signal frame record that came with it.",
            explanation: "The number of the target's kernel is older than the record, but the kernel tells programs of the \
                feature, and mainline brought both in one series. A vendor that took the capability bit without the \
                signal code would have a kernel that refuses the frame.",
            sources: &[
                "kernel 4.15, 5.19, 6.3, 6.9, 6.12 and 6.13, arch/arm64/kernel/signal.c and cpufeature.c",
            ],
            seen: &[],
            since: "0.1.0",
            edits: &[],
        },
        check: |meta, case, out| unless_blocked(bit_brings_record, meta, case, out),
    },
    Rule {
        meta: RuleMeta {
            id: "HWCR-GIV-011",
            name: "given-no-untraceable-setting",
            summary: "Taken as given: no task relies on a setting that CRIU loses and no image shows.",
            explanation: "CRIU neither saves nor mentions PR_SET_TAGGED_ADDR_CTRL, mseal and PROT_BTI; before 4.2 not \
                MADV_WIPEONFORK and MAP_DROPPABLE either. Without the first, system calls answer EFAULT to tagged addresses. \
                The others are protections that are gone after the restore, on any machine. HWAddressSanitizer and \
                allocators that tag addresses use the first.",
            sources: &[
                "CRIU 4.2, criu/proc_parse.c parse_vmflags; criu/pie/restorer.c",
                "kernel 7.3, Documentation/arch/arm64/tagged-address-abi.rst",
                "observed: each is gone on the machine of the dump",
            ],
            seen: &[],
            since: "0.1.0",
            edits: &[],
        },
        check: |meta, case, out| unless_blocked(no_untraceable_setting, meta, case, out),
    },
];

/// Adds a note on what speaks for the restore, where nothing stands against it: else the verdict rests on that.
fn unless_blocked(
    check: fn(&'static RuleMeta, &Case<'_>, &mut Vec<Finding>),
    meta: &'static RuleMeta,
    case: &Case<'_>,
    out: &mut Vec<Finding>,
) {
    let blocks = |finding: &Finding| finding.severity == Severity::Blocker;
    if !out.iter().any(blocks) {
        check(meta, case, out);
    }
}

fn note(meta: &'static RuleMeta, message: impl Into<String>) -> Finding {
    Finding::new(meta, Severity::Note, Proof::Unknown, message)
}

/// `a`, `a and b`, `a, b and c`.
fn listed(parts: &[String]) -> String {
    profile::enumerated(parts)
}

/// Which of the two sides do not have a value, for people; `None` where both do.
fn unknown_of(case: &Case<'_>, source: bool, target: bool) -> Option<String> {
    let mut sides = Vec::new();
    if !source {
        sides.push(case.source.map_or_else(
            || "the source".to_owned(),
            |source| format!("the source {}", source.name),
        ));
    }
    if !target {
        sides.push(case.target.name.clone());
    }
    (!sides.is_empty()).then(|| listed(&sides))
}

fn registers_alike(meta: &'static RuleMeta, case: &Case<'_>, out: &mut Vec<Finding>) {
    let (source, target) = (case.source, case.target);
    // Of one machine there is nothing to compare.
    if source == Some(target) && !target.is_hearsay() {
        return;
    }
    let mut given: Vec<(String, Vec<String>)> = Vec::new();
    let mut add = |what: &str, unknown: Option<String>| {
        let Some(sides) = unknown else { return };
        match given.iter_mut().find(|(known, _)| *known == sides) {
            Some((_, registers)) => registers.push(what.to_owned()),
            None => given.push((sides, vec![what.to_owned()])),
        }
    };
    if registers::may_read(case, Register::CounterFrequency) {
        let known = |machine: &Profile| machine.counter_frequency().is_some();
        add(
            "CNTFRQ_EL0",
            unknown_of(case, source.is_some_and(known), known(target)),
        );
    }
    if registers::may_read(case, Register::CacheType) {
        let known = |machine: &Profile| machine.cache_type().is_some();
        add(
            "CTR_EL0",
            unknown_of(case, source.is_some_and(known), known(target)),
        );
    }
    if told::zva_taken_alike(case) {
        let known = told::zva_known;
        add(
            "the block size of DC ZVA",
            unknown_of(case, source.is_some_and(known), known(target)),
        );
    }
    if !given.is_empty() {
        let given: Vec<String> = given
            .iter()
            .map(|(sides, registers)| format!("{} (not known of {sides})", listed(registers)))
            .collect();
        let message = format!(
            "taken to be the same on source and target: {}. A program that keeps one goes wrong where it differs",
            given.join("; ")
        );
        let help = if source.is_some() {
            "Capture both profiles with `hwcr profile capture`: it reads these registers."
        } else {
            "Name a captured profile of the machine the image was dumped on with --source."
        };
        out.push(note(meta, message).help(help));
    }
}

fn no_untraceable_setting(meta: &'static RuleMeta, case: &Case<'_>, out: &mut Vec<Finding>) {
    if case.facts.tasks.iter().all(|task| task.task.mm.is_none()) {
        return;
    }
    let shown = case.facts.origin.criu_at_least;
    let older = if shown.is_some_and(|release| release >= criu::SAVES_WIPE_AND_DROP) {
        ""
    } else {
        ", MADV_WIPEONFORK, MAP_DROPPABLE"
    };
    out.push(note(
        meta,
        format!(
            "no task is taken to rely on what CRIU loses and no image shows: PR_SET_TAGGED_ADDR_CTRL, mseal, \
             PROT_BTI{older}"
        ),
    ));
}

fn no_inherited_length(meta: &'static RuleMeta, _: &Case<'_>, out: &mut Vec<Finding>) {
    if out.iter().any(undumped::is_length_kept_by_code) {
        out.push(
            note(
                meta,
                "no parent outside of the image is taken to have set a vector length for the tasks to inherit; such a \
                 length is lost, and code that keeps it goes wrong",
            )
            .because_of(["sve"]),
        );
    }
}

/// Whether a finding is a note because code shows that something does not happen.
fn by_code(finding: &Finding) -> bool {
    finding.proof == Proof::Absent && finding.severity == Severity::Note
}

fn code_is_all(meta: &'static RuleMeta, _: &Case<'_>, out: &mut Vec<Finding>) {
    let mut rules: Vec<String> = Vec::new();
    for finding in out.iter().filter(|finding| by_code(finding)) {
        if !rules.iter().any(|known| known == finding.rule.id) {
            rules.push(finding.rule.id.to_owned());
        }
    }
    if !rules.is_empty() {
        let message = format!(
            "the code that the tasks map is taken to be all they ever ran, and to be as regular as compilers make it: {} \
             rest{} on that",
            listed(&rules),
            if rules.len() == 1 { "s" } else { "" }
        );
        out.push(note(meta, message));
    }
}

fn waits_by_registers(meta: &'static RuleMeta, case: &Case<'_>, out: &mut Vec<Finding>) {
    let knows = |task: &&TaskFacts<'_>| task.may_know(hwcap::SVE) || task.may_know(hwcap::SME);
    let threads = case
        .facts
        .tasks
        .iter()
        .filter(knows)
        .flat_map(|task| &task.threads);
    let count = threads
        .filter(|thread| {
            matches!(
                thread.standing,
                Standing::Syscall {
                    ground: Ground::Registers,
                    ..
                }
            )
        })
        .count();
    if count > 0 {
        let message = format!(
            "{} taken to wait in a system call by {} registers alone; one that computes loses live vector state",
            if count == 1 {
                "1 thread is".to_owned()
            } else {
                format!("{count} threads are")
            },
            if count == 1 { "its" } else { "their" }
        );
        let finding = note(meta, message);
        out.push(if case.facts.binaries.is_empty() {
            finding.help("With --rootfs the instruction at the PC decides.")
        } else {
            finding
        });
    }
}

fn files_unchanged(meta: &'static RuleMeta, case: &Case<'_>, out: &mut Vec<Finding>) {
    let facts = case.facts;
    let used = facts
        .binaries
        .iter()
        .filter(|file| file.unused.is_none())
        .count();
    let unwound = |frame: &Frame| {
        frame.liveness == Liveness::Stale && frame.signs.contains(&Sign::UnwindingSkips)
    };
    let mattered = || {
        out.iter().any(by_code)
            || facts.tasks.iter().any(|task| {
                task.frames.iter().any(unwound)
                    || task
                        .ways_out
                        .values()
                        .any(|way| matches!(way, WayOut::NoReturn(_)))
            })
    };
    if used > 0 && mattered() {
        out.push(note(
            meta,
            if used == 1 {
                "1 file below --rootfs is taken for the one that ran, by size and build id; if it was changed without \
                 changing either, it proves nothing"
                    .to_owned()
            } else {
                format!(
                    "{used} files below --rootfs are taken for those that ran, by size and build id; one that was changed \
                     without changing either proves nothing"
                )
            },
        ));
    }
}

fn source_believed(meta: &'static RuleMeta, case: &Case<'_>, out: &mut Vec<Finding>) {
    let (Some(source), target) = (case.source, case.target) else {
        return;
    };
    // The image contradicts it: HWCR-PRF-002.
    if out
        .iter()
        .any(|finding| finding.rule.id == profile::SOURCE_CONTRADICTED)
    {
        return;
    }
    let mut taken = Vec::new();
    if pac::rests_on_source(case) {
        taken.push("how pointers were signed".to_owned());
    }
    if undumped::length_rests_on_source(case) {
        taken.push("the default vector length".to_owned());
    }
    let both = |known: fn(&Profile) -> bool| known(source) && known(target);
    if both(|machine| machine.counter_frequency().is_some())
        || both(|machine| machine.cache_type().is_some())
        || both(told::zva_known)
    {
        taken.push("the registers that programs read".to_owned());
    }
    if !taken.is_empty() {
        out.push(note(
            meta,
            format!(
                "--source {} is believed for {}. If the image was dumped on another machine, the answer proves nothing",
                source.name,
                listed(&taken)
            ),
        ));
    }
}

/// Families of rules about signal frames.
const OF_FRAMES: [&str; 6] = ["FRM", "SVE", "SME", "FPM", "POE", "GCS"];

fn frames_returned_through(meta: &'static RuleMeta, _: &Case<'_>, out: &mut Vec<Finding>) {
    let of_frame = |finding: &&Finding| {
        let family = finding.rule.id.split('-').nth(1).unwrap_or_default();
        OF_FRAMES.contains(&family)
    };
    let mut blockers = out
        .iter()
        .filter(|finding| finding.severity == Severity::Blocker)
        .peekable();
    if blockers.peek().is_some() && blockers.all(|finding| of_frame(&finding)) {
        out.push(
            note(
                meta,
                "handlers are taken to return through the frames that the target refuses; one that ends the process or \
                 jumps out never does, and runs on",
            )
            .help("With --rootfs their code may show another way out."),
        );
    }
}

fn frames_left_over(meta: &'static RuleMeta, case: &Case<'_>, out: &mut Vec<Finding>) {
    let followed = [Sign::UnwindingSkips, Sign::ChainSkips];
    let refused = |frame: &Frame| {
        let records = frame.records.iter();
        records
            .map(|record| answer(record, case.target))
            .any(|answer| answer != Answer::Accepted)
    };
    let count = case
        .facts
        .tasks
        .iter()
        .flat_map(|task| &task.frames)
        .filter(|frame| frame.liveness == Liveness::Stale)
        .filter(|frame| !frame.signs.iter().any(|sign| followed.contains(sign)))
        .filter(|frame| refused(frame))
        .count();
    if count > 0 {
        out.push(
            note(
                meta,
                format!(
                    "{} that the target would refuse {} taken to be left over by where {}",
                    counted(count, "frame"),
                    if count == 1 { "is" } else { "are" },
                    if count == 1 { "it lies" } else { "they lie" },
                ),
            )
            .help("With --rootfs unwind tables show whether a thread still returns through it."),
        );
    }
}

fn bit_brings_record(meta: &'static RuleMeta, case: &Case<'_>, out: &mut Vec<Finding>) {
    let Some(version) = case.target.kernel else {
        return;
    };
    let newer = |record: &Record| {
        kernel::record(record.magic).filter(|known| {
            let observed = case.target.sigreturn.contains_key(known.name);
            version < known.since && !observed && answer(record, case.target) == Answer::Accepted
        })
    };
    let mut names: Vec<String> = Vec::new();
    for known in frame::pending_records(case).filter_map(newer) {
        if !names.iter().any(|name| name == known.name) {
            names.push(known.name.to_owned());
        }
    }
    if !names.is_empty() {
        let message = format!(
            "kernel {version} of {} is taken to accept {} records: it tells programs of the feature, though mainline \
             {version} knows neither",
            case.target.name,
            listed(&names)
        );
        out.push(note(meta, message).help(PROBE));
    }
}

fn designs_sign_alike(meta: &'static RuleMeta, case: &Case<'_>, out: &mut Vec<Finding>) {
    let Some(source) = case.source.filter(|_| pac::rests_on_design(case)) else {
        return;
    };
    let midr = |machine: &Profile| machine.registers.get("MIDR_EL1").copied();
    let (Some(one), Some(other)) = (midr(source), midr(case.target)) else {
        return;
    };
    if one != other {
        out.push(note(
            meta,
            format!(
                "MIDR_EL1 {one:#x} and {other:#x} are of one CPU design and are taken to sign pointers alike by their \
                 maker's own algorithm"
            ),
        ));
    }
}
