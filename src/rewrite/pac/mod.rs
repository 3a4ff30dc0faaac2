//! Pointer authentication: which edits let tasks run where their return addresses would not authenticate.
//!
//! Two edits, alone or together, were seen to work with unmodified CRIU 4.2.1:
//!
//! * *off*: the address keys' mask of enabled keys (`pac_enabled_key`, the argument of
//!   `PR_PAC_SET_ENABLED_KEYS`) becomes 0. CRIU 4.1 and later hand it to the kernel, and the restored task
//!   runs with the signing and authenticating instructions doing nothing, as on a machine without them. A
//!   program that the task executes later gets them back.
//! * *strip*: signed return addresses lose their signature. Needed wherever nothing authenticates them any
//!   more: an address with a signature in it is not one that can be jumped to.
//!
//! | finding | keys | return addresses |
//! |---|---|---|
//! | `HWCR-PAC-001`, keys and no PAC on the target | left out | stripped |
//! | `HWCR-PAC-002`, keys lost | off; on a target without PAC the field stays or becomes empty | stripped |
//! | `HWCR-PAC-003`, no PAC on the source | off | are not signed |
//! | `HWCR-PAC-004`, the target signs in another way | off | stripped |
//!
//! CRIU takes the leader's keys for all threads (`arch_rsti_init`); the others' are edited alike so that an
//! image does not contradict itself. Keys are neither shown nor kept: a plan that leaves them out says so
//! without their value.
#![deny(
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss
)]

mod keys;
mod words;

#[cfg(test)]
#[allow(
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::cast_possible_truncation,
    clippy::unwrap_used,
    clippy::panic
)]
mod tests;

use std::collections::BTreeSet;

use crate::abi::criu;
use crate::auxv::hwcap;
use crate::criu_image::model::{Arch, Mm, PacState};
use crate::facts::TaskFacts;
use crate::finding::{EditClass, Finding, FindingId, Proof, Spot};
use crate::memory::Memory;
use crate::profile::model::{PacAlgorithm, Profile};
use crate::rule::Case;
use crate::rule_id::RuleId;
use crate::sigframe::model::Frame;

use self::keys::KeyEdit;
use self::words::{Register, Signed, Word};

use super::by_spot::FindingsBySpot;
use super::edit::{Allowed, Change, Edit, FieldValue, Operation, Plan, Refusal};

/// Name of the edit that strips words which only look like signed return addresses.
const STRIP_PAC: &str = "strip-pac";
const LOSSY: EditClass = EditClass::Lossy(STRIP_PAC);

const KEYS_WITHOUT_PAC: RuleId = RuleId::Pac001;
const KEYS_LOST: RuleId = RuleId::Pac002;
const UNSIGNED_RETURNS: RuleId = RuleId::Pac003;
const SIGNATURE_DIFFERS: RuleId = RuleId::Pac004;

/// The rules whose findings are mended here, in the order in which they are.
const RULES: [RuleId; 4] = [
    KEYS_WITHOUT_PAC,
    KEYS_LOST,
    UNSIGNED_RETURNS,
    SIGNATURE_DIFFERS,
];

/// What mends one finding.
struct Cure {
    keys: KeyEdit,
    strip: bool,
    /// Whether it rests on a guess, so that the user must permit it.
    guessed: Option<&'static str>,
}

/// The findings of one rule about one task.
struct Concern<'a> {
    rule: RuleId,
    findings: Vec<(FindingId, &'a Finding)>,
    task: &'a TaskFacts<'a>,
}

impl<'a> Concern<'a> {
    /// `None` where the rule finds nothing of the task.
    fn new(rule: RuleId, found: &'a FindingsBySpot<'_>, task: &'a TaskFacts<'a>) -> Option<Self> {
        let here = found.at(Spot::task(task.task.pid)).iter();
        let findings: Vec<_> = here
            .filter(|(_, finding)| finding.rule.id == rule)
            .copied()
            .collect();
        (!findings.is_empty()).then_some(Self {
            rule,
            findings,
            task,
        })
    }

    fn ids(&self) -> Vec<FindingId> {
        self.findings.iter().map(|(id, _)| *id).collect()
    }

    fn refusal(&self, why: String, allow: Option<&'static str>) -> Refusal {
        Refusal {
            rule: self.rule,
            findings: self.ids(),
            spot: Spot::task(self.task.task.pid),
            why,
            allow,
        }
    }

    fn edit(&self, spot: Spot, class: EditClass, what: String, changes: Vec<Change>) -> Edit {
        Edit {
            rule: self.rule,
            fixes: self.ids(),
            leaves: Vec::new(),
            class,
            what,
            spot,
            changes,
        }
    }
}

/// Plans an edit, or says why there is none, for every finding of the `HWCR-PAC` rules.
pub fn plan(case: &Case<'_>, found: &FindingsBySpot<'_>, allowed: &Allowed, plan: &mut Plan) {
    if case.facts.checkpoint.arch != Arch::Aarch64 {
        return;
    }
    let disagree = members_disagree(case.target);
    // The same place of a file may be seen from several tasks.
    let mut taken = BTreeSet::new();
    for rule in RULES {
        for task in &case.facts.tasks {
            let Some(concern) = Concern::new(rule, found, task) else {
                continue;
            };
            match disagree
                .map(str::to_owned)
                .or_else(|| torn(case.target, found, task))
            {
                Some(why) => plan.refusals.push(concern.refusal(why, None)),
                None => mend(case, allowed, &concern, &mut taken, plan),
            }
        }
    }
}

/// Why a task gets no edit where the machines of the target need different ones.
fn torn(target: &Profile, found: &FindingsBySpot<'_>, task: &TaskFacts<'_>) -> Option<String> {
    let asking = RULES
        .iter()
        .filter(|rule| Concern::new(**rule, found, task).is_some());
    let rules: Vec<&str> = asking.map(|rule| rule.as_str()).collect();
    (!target.members.is_empty() && rules.len() > 1).then(|| {
        format!(
            "the machines of the target need different edits: {}",
            rules.join(", ")
        )
    })
}

/// Why what mends one member would break another: keys must be there for those with pointer
/// authentication, and must not for those without.
fn members_disagree(target: &Profile) -> Option<&'static str> {
    let same = |bit| {
        let mut said = target
            .machines()
            .iter()
            .map(|machine| machine.hwcaps.has(bit));
        let first = said.next();
        said.all(|other| Some(other) == first)
    };
    (!same(hwcap::PACA) || !same(hwcap::PACG)).then_some(
        "some machines of the target have pointer authentication and others have not, or do not say: what mends \
         the image for one breaks it for another",
    )
}

fn mend(
    case: &Case<'_>,
    allowed: &Allowed,
    concern: &Concern<'_>,
    taken: &mut BTreeSet<(String, u64)>,
    plan: &mut Plan,
) {
    let task = concern.task;
    let mut refuse = |why, allow| plan.refusals.push(concern.refusal(why, allow));
    let cure = match cure(case, concern) {
        Ok(cure) => cure,
        Err(why) => return refuse(why, None),
    };
    let mut class = EditClass::Lossless;
    if let Some(why) = cure.guessed {
        if !allowed.permits(LOSSY) {
            return refuse(why.to_owned(), Some(STRIP_PAC));
        }
        class = LOSSY;
    }
    let mut found = Signed::default();
    if cure.strip {
        found = match strippable(case, task) {
            Ok(found) => found,
            Err(why) => return refuse(why, None),
        };
        if let Some(why) = found.doubt() {
            if !allowed.permits(LOSSY) {
                return refuse(why, Some(STRIP_PAC));
            }
            class = LOSSY;
        }
    }
    let changes = keys::changes(task, cure.keys, any_machine(case.target));
    if !changes.is_empty() {
        let what = cure.keys.what().to_owned();
        plan.edits
            .push(concern.edit(Spot::task(task.task.pid), class, what, changes));
    }
    let certain = if cure.guessed.is_some() {
        LOSSY
    } else {
        EditClass::Lossless
    };
    for (registers, class) in [(&found.links, certain), (&found.others, LOSSY)] {
        plan.edits.extend(
            registers
                .iter()
                .filter_map(|register| strip_register(concern, class, register)),
        );
    }
    for (words, class) in [
        (&found.reached, certain),
        (&found.alike, LOSSY),
        (&found.elsewhere, LOSSY),
    ] {
        for word in words {
            if taken.insert((word.place.file.to_string(), word.place.offset)) {
                plan.edits.push(strip_word(concern, class, word));
            }
        }
    }
}

/// A machine that stands for all of the target, since they agree in what is asked of it here.
fn any_machine(target: &Profile) -> &Profile {
    target.machines().first().unwrap_or(target)
}

/// What mends the findings of a rule about a task, one for each machine, or why nothing does.
fn cure(case: &Case<'_>, concern: &Concern<'_>) -> Result<Cure, String> {
    let target = case.target;
    let offers_pac = any_machine(target).hwcaps.has(hwcap::PACA);
    let sure = |keys, strip| Cure {
        keys,
        strip,
        guessed: None,
    };
    match concern.rule {
        KEYS_WITHOUT_PAC => {
            let signs = offers_pac == Some(false) && has_address_keys(concern.task);
            Ok(sure(KeyEdit::Drop, signs))
        }
        KEYS_LOST => match offers_pac {
            Some(true) => restores_mask(target).map(|()| sure(KeyEdit::Off, true)),
            Some(false) => Ok(sure(KeyEdit::None, true)),
            None => Err(format!(
                "profile {} does not say whether the machine has pointer authentication; give it `hwcap` or \
                 `features`",
                target.name
            )),
        },
        UNSIGNED_RETURNS => restores_mask(target).map(|()| sure(KeyEdit::Off, false)),
        _ => {
            restores_mask(target)?;
            let differs = |source| {
                let mut machines = target.machines().iter();
                machines.any(|machine| differ(source, machine))
            };
            let shown = concern
                .findings
                .iter()
                .any(|(_, finding)| finding.proof == Proof::State)
                || case.source.is_some_and(differs);
            Ok(Cure {
                keys: KeyEdit::Off,
                strip: true,
                guessed: (!shown).then_some(
                    "it is not known whether the target signs as the source did; name the source's full profile \
                     with --source, or permit that the tasks go on without pointer authentication",
                ),
            })
        }
    }
}

/// Whether the target's CRIU hands the mask of enabled keys to the kernel.
fn restores_mask(target: &Profile) -> Result<(), String> {
    let need = "switching pointer authentication off needs CRIU 4.1 or later on the target";
    let mut machines = target.machines().iter();
    machines.try_for_each(|machine| match machine.criu {
        Some(version) if version >= criu::SAVES_PAC_KEYS => Ok(()),
        Some(version) => Err(format!("{need}, {} has {version}", machine.name)),
        None => Err(format!(
            "{need}, and profile {} does not say which it has (`criu`)",
            machine.name
        )),
    })
}

fn has_address_keys(task: &TaskFacts<'_>) -> bool {
    let leader = task.task.threads.first();
    leader
        .and_then(|thread| thread.state.as_ref())
        .is_some_and(|state| {
            matches!(
                state.pac,
                PacState::Saved {
                    address: Some(_),
                    ..
                }
            )
        })
}

/// Whether two machines are known to sign in different ways. Unknown values differ from nothing.
fn differ(one: &Profile, other: &Profile) -> bool {
    fn known<T: PartialEq>(one: Option<T>, other: Option<T>) -> bool {
        one.zip(other).is_some_and(|(one, other)| one != other)
    }
    let makers_own = [one, other]
        .iter()
        .all(|profile| profile.pauth.address == Some(PacAlgorithm::Impdef));
    known(one.pauth.address, other.pauth.address)
        || known(one.pauth.level, other.pauth.level)
        || known(one.va_bits, other.va_bits)
        || makers_own && known(one.cpu_design(), other.cpu_design())
}

/// The memory a task runs in, and the frames found in it.
fn memory<'a>(case: &Case<'a>, task: &TaskFacts<'a>) -> Option<(&'a Mm, &'a [Frame])> {
    let owner = task.task.shares_mm_with.unwrap_or(task.task.pid);
    let owner = case
        .facts
        .tasks
        .iter()
        .find(|facts| facts.task.pid == owner)?;
    Some((owner.task.mm.as_ref()?, &owner.frames))
}

/// Everything signed in the task, or why it cannot be stripped.
fn strippable(case: &Case<'_>, task: &TaskFacts<'_>) -> Result<Signed, String> {
    let (mm, frames) = memory(case, task).ok_or("the image does not hold the task's memory")?;
    if let Some(range) = words::too_high(mm.memory.mappings()) {
        return Err(format!(
            "a mapping reaches above 48 bits ({range}): address and signature bits cannot be told apart"
        ));
    }
    let found = words::find(&mm.memory, task, frames);
    match found.unseen {
        Some(addr) => Err(format!(
            "the stack at {addr} is not in the image: signed return addresses may lie there"
        )),
        None => Ok(found),
    }
}

impl Signed {
    /// Why stripping is not certain to hit return addresses, all of them and nothing else.
    fn doubt(&self) -> Option<String> {
        let alike = self.alike.len().saturating_add(self.others.len());
        let elsewhere = self.elsewhere.len();
        if alike == 0 && elsewhere == 0 {
            return None;
        }
        let mut parts = Vec::new();
        if alike != 0 {
            let chain = if self.complete {
                "off the chains of frame records"
            } else {
                "not reached by unwinding, for a chain of frame records breaks off"
            };
            parts.push(format!("{alike} on its stacks and in registers, {chain}"));
        }
        if elsewhere != 0 {
            parts.push(format!(
                "{elsewhere} in memory that is no stack of a thread (coroutines, or leavings)"
            ));
        }
        Some(format!(
            "words that look like signed return addresses and may be something else: {}",
            parts.join("; ")
        ))
    }
}

fn strip_word(concern: &Concern<'_>, class: EditClass, word: &Word) -> Edit {
    let what = format!(
        "strip the return address at {}: {:#018x} → {:#x}",
        word.addr, word.old, word.new
    );
    let change = Change::Bytes {
        file: word.place.file.to_string(),
        offset: word.place.offset,
        old: word.old.to_le_bytes().to_vec(),
        new: word.new.to_le_bytes().to_vec(),
    };
    let spot = Spot::memory(concern.task.task.pid, None, word.addr);
    concern.edit(spot, class, what, vec![change])
}

fn strip_register(concern: &Concern<'_>, class: EditClass, register: &Register) -> Option<Edit> {
    let thread = concern.task.thread(register.tid)?.thread;
    let what = format!(
        "strip the return address in x{}: {:#018x} → {:#x}",
        register.number, register.old, register.new
    );
    let change = Change::Field {
        file: thread.place.file.to_string(),
        entry: 0,
        path: keys::REGISTERS.to_vec(),
        operation: Operation::Replace {
            number: keys::REGISTER,
            occurrence: register.number,
            old: FieldValue::Varint(register.old),
            new: FieldValue::Varint(register.new),
        },
    };
    let spot = Spot::thread(concern.task.task.pid, register.tid);
    Some(concern.edit(spot, class, what, vec![change]))
}
