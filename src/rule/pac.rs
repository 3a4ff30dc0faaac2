//! `PAC`: pointer authentication, in both directions.
//!
//! Return addresses that were signed, or were not, lie on the stacks. What the target's CPU does with them
//! follows from keys, algorithm, level and address size; no capability test finds it.

use crate::abi::criu;
use crate::auxv::hwcap;
use crate::criu_image::model::PacState;
use crate::facts::TaskFacts;
use crate::finding::{EditClass, Finding, Phase, Proof, Severity};
use crate::profile::model::{PacAlgorithm, Profile};
use crate::rule_id::RuleId;
use crate::sigreturn;
use crate::units::Version;

use super::{CAPTURE, Case, Rule, RuleMeta};

/// Names the edit that strips signatures from words on the stacks.
pub(super) const STRIP_PAC: EditClass = EditClass::Lossy("strip-pac");

/// The rules of this file.
pub(super) static RULES: &[Rule] = &[
    Rule {
        meta: RuleMeta {
            id: RuleId::Pac001,
            name: "pac-keys-without-pac",
            summary: "The image holds pointer-authentication keys and the target has no pointer authentication.",
            explanation: "Every image that CRIU 4.1 or later makes on a PAC machine holds keys, whether the program uses \
                them or not. On a machine without PAC, CRIU up to 4.2 prints \"PACG support is required from the source \
                system\" (also when PACA is what is missing), throws the error away and waits for ever with the tasks \
                stopped. Leaving the keys out is no cure by itself: signed return addresses on the stacks are then jumped \
                to with their signature in the address. A profile that somebody published, or that was made from what another \
                program printed, proves by listing no pointer authentication only that it was not offered then: where the \
                cores may have it, the hang is unproven.",
            sources: &[
                "CRIU 4.0 to 4.2, criu/arch/aarch64/crtools.c arch_ptrace_restore, criu/cr-restore.c attach_to_tasks",
                "checkpoint-restore/criu 2824",
                "observed: CRIU 4.2.1 on kernel 7.3 hangs",
                "FEAT_PAuth",
            ],
            seen: &["dyn@max@new on cortex-a72: CRIU-FAILED"],
            phase: Phase::Restore,
            since: "0.1.0",
            edits: &[STRIP_PAC],
        },
        check: keys_without_pac,
    },
    Rule {
        meta: RuleMeta {
            id: RuleId::Pac002,
            name: "pac-keys-lost",
            summary: "The tasks ran with pointer authentication, and their keys are or will be lost.",
            explanation: "CRIU up to 4.0 neither saves nor restores the keys. The restored tasks get fresh ones (or, on a \
                machine without PAC, none), and the first return through a function that signed its return address \
                fails: SIGILL on machines with FPAC, SIGSEGV on others.",
            sources: &[
                "CRIU 4.1, commit 8ae5db37b",
                "checkpoint-restore/criu 2595",
                "FEAT_PAuth",
            ],
            seen: &["mid-copy@max@6.1-criu3 on max: KILLED-SIGILL"],
            phase: Phase::Run,
            since: "0.1.0",
            edits: &[STRIP_PAC],
        },
        check: keys_lost,
    },
    Rule {
        meta: RuleMeta {
            id: RuleId::Pac003,
            name: "pac-unsigned-returns",
            summary: "The tasks ran without pointer authentication and the target has it.",
            explanation: "PACIASP did nothing on the source, so return addresses lie unsigned on the stacks of functions \
                built with branch protection; on the target AUTIASP rejects them. The libraries of current \
                distributions are built so. The source's features are a subset of the target's, and the task still dies.",
            sources: &[
                "openjdk/crac 318",
                "observed on kernels 6.1 and 7.3",
                "FEAT_PAuth, FEAT_FPAC",
            ],
            seen: &["dyn-libc-sig@cortex-a57@new on neoverse-v1: KILLED-SIGSEGV"],
            phase: Phase::Run,
            since: "0.1.0",
            edits: &[EditClass::Lossless],
        },
        check: unsigned_returns,
    },
    Rule {
        meta: RuleMeta {
            id: RuleId::Pac004,
            name: "pac-signature-differs",
            summary: "The target signs, or may sign, pointers in another way than the source.",
            explanation: "The keys are restored, but a signed pointer authenticates only where algorithm (QARMA5, QARMA3, \
                or the maker's own), level and number of user address bits are the same. An image says none of these. \
                Name the source machine's profile with --source to have them compared. Two makers' own algorithms \
                count as the same only on the same CPU design.",
            sources: &[
                "kernel 7.3, arch/arm64/include/asm/pointer_auth.h, arch/arm64/kernel/cpufeature.c has_address_auth_cpucap",
                "observed: signed on 48-bit addresses, dies on 52; signed with the maker's algorithm, dies on QARMA5 and QARMA3",
                "FEAT_PAuth, FEAT_PAuth2, FEAT_FPAC, FEAT_LVA, FEAT_LPA2",
            ],
            seen: &[
                "mid-copy@max@new on max-qarma3: KILLED-SIGILL",
                "altstack@max@new on max-qarma3: PASS",
            ],
            phase: Phase::Run,
            since: "0.1.0",
            edits: &[STRIP_PAC],
        },
        check: signature_differs,
    },
];

/// The pointer-authentication state of a task: CRIU uses the leader's for all threads
/// (`arch_rsti_init`).
fn leader<'a>(task: &'a TaskFacts<'_>) -> Option<&'a PacState> {
    task.task
        .threads
        .first()
        .and_then(|thread| thread.state.as_ref())
        .map(|state| &state.pac)
}

/// Whether the task ran with address authentication; `None` where the image does not say.
pub(super) fn ran_with_pac(task: &TaskFacts<'_>) -> Option<bool> {
    match leader(task)? {
        PacState::Saved { address, .. } => Some(address.is_some()),
        PacState::Absent => Some(false),
        PacState::NotSaved => task.told.has(hwcap::PACA),
    }
}

/// Return addresses with signature bits, over all threads, and whether an innermost one is among them.
fn signed(task: &TaskFacts<'_>) -> (usize, bool) {
    let mut count = 0;
    let mut innermost = false;
    for thread in &task.threads {
        count += thread
            .returns
            .iter()
            .filter(|address| address.is_signed())
            .count();
        innermost |= thread
            .returns
            .first()
            .is_some_and(crate::facts::ReturnAddress::is_signed);
    }
    (count, innermost)
}

fn signed_in_words(task: &TaskFacts<'_>) -> String {
    match signed(task) {
        (0, _) => "no signed return address was seen on its stacks, which does not prove that there is none".to_owned(),
        (count, true) => format!("{count} signed return addresses lie on its stacks, an innermost one among them"),
        (count, false) => format!("{count} signed return addresses lie on its stacks"),
    }
}

fn old_criu(target: &Profile) -> bool {
    target
        .criu
        .is_some_and(|version| version < criu::SAVES_PAC_KEYS)
}

fn keys_without_pac(meta: &'static RuleMeta, case: &Case<'_>, out: &mut Vec<Finding>) {
    if old_criu(case.target) {
        return; // such a CRIU does not know the field: HWCR-PAC-002
    }
    for task in &case.facts.tasks {
        let Some(PacState::Saved {
            address,
            generic,
            place,
        }) = leader(task)
        else {
            continue;
        };
        let missing: Vec<_> = [
            (address.is_some(), hwcap::PACA),
            (generic.is_some(), hwcap::PACG),
        ]
        .into_iter()
        .filter(|(present, bit)| *present && case.target.hwcaps.has(bit) == Some(false))
        .map(|(_, bit)| bit)
        .collect();
        if missing.is_empty() {
            continue;
        }
        let certain = missing.iter().any(|bit| case.target.surely_lacks(bit));
        let missing: Vec<_> = missing.iter().map(|bit| bit.cpuinfo).collect();
        let (names, none) = (missing.join(" and "), missing.join(" or "));
        let finding = if certain {
            let message = format!(
                "the image holds pointer-authentication keys and {} has no {none}: CRIU up to 4.2 hangs",
                case.target.name
            );
            let help = "Restore on a machine with pointer authentication, or dump the workload on one without.";
            Finding::new(meta, Severity::Blocker, Proof::State, message)
                .need_have(names, format!("no {none}"))
                .help(help)
        } else {
            let message = format!(
                "the image holds pointer-authentication keys, with which CRIU up to 4.2 hangs where there is no {none}; {}",
                sigreturn::not_listed(&none, case.target)
            );
            Finding::new(meta, Severity::Unproven, Proof::Unknown, message)
                .need_have(names, format!("{none} not listed"))
                .help(CAPTURE)
        };
        out.push(
            finding
                .in_task(task.task.pid)
                .read_at(place.clone())
                .because_of(missing)
                .mended_by(STRIP_PAC),
        );
    }
}

fn keys_lost(meta: &'static RuleMeta, case: &Case<'_>, out: &mut Vec<Finding>) {
    for task in &case.facts.tasks {
        let Some(state) = leader(task) else { continue };
        let why = match state {
            PacState::NotSaved if ran_with_pac(task) == Some(true) => {
                "the image was made by CRIU 4.0 or older, which saves no keys"
            }
            PacState::NotSaved if ran_with_pac(task).is_none() => {
                "the image has no keys, and does not say whether the source had PAC"
            }
            PacState::Saved { .. } if old_criu(case.target) => {
                "the target's CRIU is older than 4.1 and restores no keys"
            }
            _ => continue,
        };
        out.push(
            Finding::new(
                meta,
                Severity::Unproven,
                Proof::Version,
                format!("{why}; {}", signed_in_words(task)),
            )
            .in_task(task.task.pid)
            .read_at(task.task.place.clone())
            .because_of(["paca"])
            .help("Dump again with CRIU 4.1 or later, and restore with one.")
            .mended_by(STRIP_PAC),
        );
    }
}

fn unsigned_returns(meta: &'static RuleMeta, case: &Case<'_>, out: &mut Vec<Finding>) {
    if case.target.hwcaps.has(hwcap::PACA) != Some(true) {
        return;
    }
    for task in &case.facts.tasks {
        if ran_with_pac(task) == Some(false) {
            out.push(
                Finding::new(
                    meta,
                    Severity::Unproven,
                    Proof::Told,
                    format!(
                        "the task ran without pointer authentication and {} has it: returns through functions built with \
                         branch protection fail",
                        case.target.name
                    ),
                )
                .in_task(task.task.pid)
                .read_at(task.task.place.clone())
                .because_of(["paca"])
                .need_have("no pointer authentication", "paca")
                .help(without_pac(case.target))
                .mended_by(EditClass::Lossless),
            );
        }
    }
}

/// First kernel with the parameter arm64.nopauth (`arch/arm64/kernel/idreg-override.c`).
const NOPAUTH_SINCE: Version = Version::new(5, 12, 0);

/// How a task that ran without pointer authentication can run again.
fn without_pac(target: &Profile) -> &'static str {
    let knows = target
        .kernel
        .is_none_or(|kernel| kernel >= NOPAUTH_SINCE || target.is_vendor_kernel());
    if knows {
        "Boot the target with arm64.nopauth, or restore on a machine without it."
    } else {
        "Restore on a machine without it: the target's kernel is older than 5.12, which brought arm64.nopauth."
    }
}

/// Bits 51:48 of an address: signature bits where user addresses have 48 bits, address bits where they have 52.
const BITS_48_TO_51: u64 = 0xf << 48;

/// What the signed return addresses themselves say: with 52-bit user addresses bits 51:48 of an address below
/// 2^48 stay 0, so any set bit there shows that the source had 48 or fewer.
fn signed_below_52_bits(task: &TaskFacts<'_>) -> bool {
    task.threads
        .iter()
        .flat_map(|thread| &thread.returns)
        .any(|address| {
            address.is_signed()
                && address.stripped & BITS_48_TO_51 == 0
                && address.raw & BITS_48_TO_51 != 0
        })
}

/// The number of bits user addresses have, as far as it matters to signatures: kernels use 48 or 52 (or fewer).
fn same_way(source: &Profile, target: &Profile) -> Result<(), String> {
    let mut unknown = Vec::new();
    match (source.pauth.address, target.pauth.address) {
        (Some(PacAlgorithm::Impdef), Some(PacAlgorithm::Impdef)) => {
            match (source.cpu_design(), target.cpu_design()) {
                (Some(one), Some(other)) if one == other => {}
                (Some(_), Some(_)) => {
                    return Err(
                        "both use their maker's own algorithm, on different CPU designs".to_owned(),
                    );
                }
                _ => unknown.push("MIDR_EL1"),
            }
        }
        (Some(one), Some(other)) if one == other => {}
        (Some(one), Some(other)) => {
            return Err(format!(
                "algorithm {} there and {} here",
                one.name(),
                other.name()
            ));
        }
        _ => unknown.push("pauth.address"),
    }
    match (source.pauth.level, target.pauth.level) {
        (Some(one), Some(other)) if one == other => {}
        (Some(one), Some(other)) => return Err(format!("level {one} there and {other} here")),
        _ => unknown.push("pauth.level"),
    }
    match (source.va_bits, target.va_bits) {
        (Some(one), Some(other)) if one == other => {}
        (Some(one), Some(other)) => {
            return Err(format!(
                "{one}-bit user addresses there and {other}-bit here"
            ));
        }
        _ => unknown.push("va_bits"),
    }
    if unknown.is_empty() {
        Ok(())
    } else {
        Err(format!("the profiles do not say {}", unknown.join(", ")))
    }
}

/// Tasks whose signed pointers are compared with what the target makes of them: those with keys that are in use.
fn signing_tasks<'a>(case: &Case<'a>) -> impl Iterator<Item = &'a TaskFacts<'a>> + use<'a> {
    let compared = !old_criu(case.target) && case.target.hwcaps.has(hwcap::PACA) == Some(true);
    let facts = case.facts;
    facts.tasks.iter().filter(move |task| {
        let in_use = |pac: &PacState| {
            matches!(pac, PacState::Saved { address: Some(keys), .. } if keys.enabled != 0)
        };
        compared && leader(task).is_some_and(in_use)
    })
}

/// Whether signed pointers are taken to stay valid because the source's profile says how they were made.
pub(super) fn rests_on_source(case: &Case<'_>) -> bool {
    let alike = |source| same_way(source, case.target).is_ok();
    case.source.is_some_and(alike) && signing_tasks(case).next().is_some()
}

/// Likewise, where source and target have an algorithm of their maker's own.
pub(super) fn rests_on_design(case: &Case<'_>) -> bool {
    rests_on_source(case) && case.target.pauth.address == Some(PacAlgorithm::Impdef)
}

fn signature_differs(meta: &'static RuleMeta, case: &Case<'_>, out: &mut Vec<Finding>) {
    for task in signing_tasks(case) {
        let Some(PacState::Saved { place, .. }) = leader(task) else {
            continue;
        };
        let known_by_bits =
            signed_below_52_bits(task) && case.target.va_bits.is_some_and(|bits| bits > 48);
        let (proof, why) = match case.source.map(|source| same_way(source, case.target)) {
            _ if known_by_bits => (
                Proof::State,
                format!(
                    "return addresses were signed for 48-bit user addresses, {} has {} bits",
                    case.target.name,
                    case.target.va_bits.unwrap_or(0)
                ),
            ),
            Some(Ok(())) => continue,
            Some(Err(why)) => (Proof::Told, why),
            None => (
                Proof::Unknown,
                "an image does not say how its source signs pointers".to_owned(),
            ),
        };
        let mut finding = Finding::new(
            meta,
            Severity::Unproven,
            proof,
            format!("{why}; {}", signed_in_words(task)),
        )
        .in_task(task.task.pid)
        .read_at(place.clone())
        .because_of(["paca"])
        .need_have(
            case.source.map_or_else(
                || "the source's algorithm, level and address bits".to_owned(),
                signing,
            ),
            signing(case.target),
        )
        .mended_by(STRIP_PAC);
        if let Some(help) = how_to_compare(case).filter(|_| !known_by_bits) {
            finding = finding.help(help);
        }
        out.push(finding);
    }
}

/// How the two ways of signing can be compared, where one of them is not known.
fn how_to_compare(case: &Case<'_>) -> Option<&'static str> {
    let known = |machine: &Profile| {
        let pauth = machine.pauth;
        pauth.address.is_some() && pauth.level.is_some() && machine.va_bits.is_some()
    };
    match case.source {
        None => Some("Name the profile of the machine the image was dumped on with --source."),
        Some(_) if !known(case.target) => Some(CAPTURE),
        Some(source) if !known(source) => Some(
            "Run `hwcr profile capture > source.json` on the machine the image was dumped on, and name it with --source.",
        ),
        Some(_) => None,
    }
}

fn signing(profile: &Profile) -> String {
    let unknown = || "?".to_owned();
    format!(
        "{} level {}, {}-bit addresses",
        profile
            .pauth
            .address
            .map_or_else(unknown, |algorithm| algorithm.name().to_owned()),
        profile
            .pauth
            .level
            .map_or_else(unknown, |level| level.to_string()),
        profile
            .va_bits
            .map_or_else(unknown, |bits| bits.to_string()),
    )
}
