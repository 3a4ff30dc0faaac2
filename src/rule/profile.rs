//! `PRF`: what the target profile does not say, where the answer hangs on it.

use crate::abi::{criu, kernel};
use crate::auxv::hwcap::{self, HwcapWord};
use crate::finding::{Finding, Phase, Proof, Severity, Subject};
use crate::rule_id::RuleId;
use crate::sigreturn;

use super::{CAPTURE, Case, Rule, RuleMeta, conditions, floor, give_key, pac};
use crate::profile::model::{Basis, Profile};

/// Id of the rule that finds that the image contradicts the profile named as the source.
pub(super) const SOURCE_CONTRADICTED: RuleId = RuleId::Prf002;

/// The rules of this file.
pub(super) static RULES: &[Rule] = &[
    Rule {
        meta: RuleMeta {
            id: RuleId::Prf001,
            name: "profile-lacks-value",
            summary: "The target profile lacks a value the answer hangs on.",
            explanation: "A missing value is unknown, never no. There is one finding for each key, with all that it decides \
                for this image. A key that decides nothing for it is not asked for.",
            sources: &["hwcr, docs/profile.md"],
            seen: &[],
            phase: Phase::None,
            since: "0.1.0",
            edits: &[],
        },
        check: lacks,
    },
    Rule {
        meta: RuleMeta {
            id: SOURCE_CONTRADICTED,
            name: "source-contradicts-image",
            summary: "The profile given with --source is not that of the machine the image was dumped on.",
            explanation: "A kernel tells every process the same capability words, and they lie in the image. Where they are \
                not those of the profile given as the source, what that profile says of signatures and vector lengths \
                proves nothing.",
            sources: &["kernel 7.3, fs/binfmt_elf.c create_elf_tables"],
            seen: &[],
            phase: Phase::None,
            since: "0.1.0",
            edits: &[],
        },
        check: source,
    },
    Rule {
        meta: RuleMeta {
            id: RuleId::Prf003,
            name: "profile-of-another-machine",
            summary: "The target profile was published, imported or inferred, so what the machine really offers may differ.",
            explanation: "A published profile is of a machine like the target, under somebody's kernel, hypervisor and \
                firmware; an imported one is of the machine itself, under the kernel that ran when the text was printed. \
                That is a note, with two exceptions. Pointer authentication, and permission overlays under \
                kernels that get POR_EL0 wrong, kill tasks by being there: where the profile has none of them but the \
                cores may, it is unproven that the target has none. A profile inferred from a checkpoint says what the \
                tasks were told where they started, perhaps on another machine than the one they were dumped on, so \
                as a target it proves nothing.",
            sources: &[
                "the same Neoverse V1, N2 and V2 with and without paca: archspec/archspec-json@90b453f tests/targets",
                "kernel 7.3, Documentation/arch/arm64/pointer-authentication.rst, arch/arm64/kernel/pi/idreg-override.c",
                "hwcr, docs/profile.md",
            ],
            seen: &[],
            phase: Phase::None,
            since: "0.1.0",
            edits: &[],
        },
        check: of_another_machine,
    },
];

/// Addresses below this fit every arm64 kernel: 39 bits is the least Linux is built with.
const SMALLEST_ADDRESS_SPACE: u64 = 1 << 39;

fn lacks(meta: &'static RuleMeta, case: &Case<'_>, out: &mut Vec<Finding>) {
    let target = case.target;
    let mut missing: Vec<(&'static str, String)> = Vec::new();
    for (index, key) in [
        "hwcap.hwcap",
        "hwcap.hwcap2",
        "hwcap.hwcap3",
        "hwcap.hwcap4",
    ]
    .into_iter()
    .enumerate()
    {
        let told = case
            .facts
            .tasks
            .iter()
            .any(|task| task.told.words[index].is_some_and(|word| word != 0));
        if told && target.hwcaps.words[index].is_none() {
            missing.push((
                key,
                "whether the features the processes were told of are there".to_owned(),
            ));
        }
    }
    let mms = || case.facts.tasks.iter().filter(|task| task.auxv.is_some());
    if target.page_size.is_none() && mms().next().is_some() {
        missing.push(("page_size", "whether the image's pages fit".to_owned()));
    }
    if target.va_bits.is_none()
        && mms().any(|task| task.top.is_some_and(|top| top.0 > SMALLEST_ADDRESS_SPACE))
    {
        missing.push(("va_bits", "whether the image's addresses fit".to_owned()));
    }
    let longest = mms()
        .filter_map(|task| task.auxv.as_ref())
        .map(|auxv| auxv.saved_words as u64)
        .max()
        .unwrap_or(0);
    if target.kernel.is_none()
        && target.auxv_bytes.is_none()
        && longest * 8 > kernel::auxv_limit_everywhere()
    {
        missing.push((
            "kernel",
            format!("whether a saved auxv of {} bytes is taken", longest * 8),
        ));
    }
    if target.kernel.is_none() {
        let checkpoint = case.facts.checkpoint;
        let mut threads = checkpoint.tasks.iter().flat_map(|task| &task.threads);
        if let Some((row, floor)) = floor::newest_kernel(case) {
            missing.push((
                "kernel",
                format!(
                    "whether {} can be made again (kernel {} and later)",
                    row.what, floor.since
                ),
            ));
        }
        if threads.any(|thread| {
            thread
                .rseq_size
                .is_some_and(|size| size != kernel::ORIGINAL_RSEQ_SIZE)
        }) {
            missing.push((
                "kernel",
                "whether the size of the rseq areas is taken".to_owned(),
            ));
        }
        if target.hwcaps.has(hwcap::POE) == Some(true) {
            missing.push((
                "kernel",
                "whether POR_EL0 is right after a restore".to_owned(),
            ));
        }
    }
    if target.criu.is_none() {
        let least = criu::auxv_words_limit(crate::units::Version::new(0, 0, 0));
        if let Some((row, floor)) = floor::newest_criu(case) {
            missing.push((
                "criu",
                format!(
                    "whether CRIU understands {} ({} and later)",
                    row.what, floor.since
                ),
            ));
        } else if longest > least {
            missing.push((
                "criu",
                format!("whether a saved auxv of {longest} words is taken"),
            ));
        } else if conditions::criu_meets_rseq(target.kernel) {
            missing.push((
                "criu",
                "whether it unregisters the rseq area of its own libc (CRIU 3.17 and later)"
                    .to_owned(),
            ));
        }
    }
    for (key, decided) in by_key(missing) {
        out.push(
            Finding::new(
                meta,
                Severity::Unproven,
                Proof::Unknown,
                format!(
                    "the profile of {} does not say `{key}`, which decides {}",
                    target.name,
                    enumerated(&decided)
                ),
            )
            .about(Subject::Key(key))
            .need_have(format!("`{key}`"), "unknown")
            .help(give_key(key)),
        );
    }
}

/// What hangs on each key, keys and reasons in the order of their first mention.
fn by_key(missing: Vec<(&'static str, String)>) -> Vec<(&'static str, Vec<String>)> {
    let mut keys: Vec<(&str, Vec<String>)> = Vec::new();
    for (key, what) in missing {
        match keys.iter_mut().find(|(known, _)| *known == key) {
            Some((_, decided)) => decided.push(what),
            None => keys.push((key, vec![what])),
        }
    }
    keys
}

/// `a`, `a and b`, `a, b and c`.
pub(super) fn enumerated(parts: &[String]) -> String {
    match parts {
        [] => String::new(),
        [only] => only.clone(),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    }
}

fn source(meta: &'static RuleMeta, case: &Case<'_>, out: &mut Vec<Finding>) {
    let Some(source) = case.source else { return };
    for task in case.facts.tasks.iter().filter(|task| task.auxv.is_some()) {
        for word in HwcapWord::ALL {
            let (Some(told), Some(said)) = (task.told.word(word), source.hwcaps.word(word)) else {
                continue;
            };
            if told != said {
                out.push(
                    Finding::new(
                        meta,
                        Severity::Unproven,
                        Proof::State,
                        format!(
                            "the process was told {} {told:#x}, profile {} says {said:#x}",
                            word.name(),
                            source.name
                        ),
                    )
                    .in_task(task.task.pid)
                    .read_at(task.task.mm.as_ref().map(|mm| mm.auxv_place.clone()))
                    .need_have(format!("{told:#x}"), format!("{said:#x}"))
                    .help("Give the profile of the very machine and kernel that made the image."),
                );
            }
        }
    }
}

/// What a profile that is not the machine's own proves, in general.
fn standing(target: &Profile) -> Option<(Severity, String)> {
    let name = &target.name;
    match target.basis? {
        Basis::Published => Some((
            Severity::Note,
            format!(
                "the profile of {name} was published of such a machine; kernel, hypervisor and firmware decide what yours offers"
            ),
        )),
        Basis::Inferred => Some((
            Severity::Unproven,
            format!(
                "the profile of {name} was inferred from a checkpoint: what its tasks were told where they started"
            ),
        )),
        Basis::Imported => Some((
            Severity::Note,
            format!(
                "the profile of {name} was imported from what programs printed; the machine may offer more under a newer kernel"
            ),
        )),
        Basis::Captured | Basis::Emulated | Basis::Baseline => None,
    }
}

fn of_another_machine(meta: &'static RuleMeta, case: &Case<'_>, out: &mut Vec<Finding>) {
    let target = case.target;
    let Some((severity, message)) = standing(target) else {
        return;
    };
    let finding = |severity, message| Finding::new(meta, severity, Proof::Unknown, message);
    out.push(finding(severity, message).help(CAPTURE));
    if target.basis == Some(Basis::Inferred) {
        return;
    }
    if target.may_hide(hwcap::PACA) {
        let tasks = case.facts.tasks.iter();
        for task in tasks.filter(|task| pac::ran_with_pac(task) == Some(false)) {
            out.push(
                finding(
                    Severity::Unproven,
                    format!(
                        "the task ran without pointer authentication; {}, and returns fail under a kernel that offers it",
                        sigreturn::not_listed(hwcap::PACA.cpuinfo, target)
                    ),
                )
                .in_task(task.task.pid)
                .read_at(task.task.place.clone())
                .because_of([hwcap::PACA.cpuinfo])
                .help(CAPTURE),
            );
        }
    }
    if target.may_hide(hwcap::POE) && target.kernel.is_none_or(kernel::por_uninitialised) {
        out.push(
            finding(
                Severity::Unproven,
                format!(
                    "{}, and kernels from 6.12 to 6.19 may give a restored task a wrong POR_EL0",
                    sigreturn::not_listed(hwcap::POE.cpuinfo, target)
                ),
            )
            .because_of([hwcap::POE.cpuinfo])
            .help(CAPTURE),
        );
    }
}
