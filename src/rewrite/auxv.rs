//! Edits of the auxiliary vector that CRIU saved, and of the copy on the program's stack.
//!
//! *Shortening* touches the saved vector alone, which kernels and CRIU versions take up to a length of
//! their own. It feeds /proc/PID/auxv and `PR_GET_AUXV`; libc and every runtime read the copy on the
//! stack, at their start, and that stays. What is left out says nothing on the target: a word that is 0
//! reads the same when it is not there, a kernel that takes no longer vector does not write the others
//! itself, and AT_HWCAP3 and AT_HWCAP4 with bits go last, and only if the target has none of those
//! bits. So it is lossless, though the two vectors then differ (HWCR-HWC-003).
//!
//! *Masking* clears the capability bits the target does not have, in both vectors alike, and only under
//! the name [`MASK_HWCAP`]: the program could notice. It mends no finding. Libraries chose their code
//! when the process started, and only what has not looked yet is spared the wrong choice. Where a mask
//! is planned, a smaller AT_MINSIGSTKSZ grows to the target's along with it, so that whoever reads the
//! vectors anew sees one machine and not parts of two; without a mask it is left alone.

#![deny(
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss
)]

#[cfg(test)]
mod tests;

use super::by_spot::FindingsBySpot;
use super::edit::{Allowed, Change, Edit, FieldValue, Operation, Plan, Refusal};
use super::overwrite::{self, Taken};
use crate::abi::criu;
use crate::auxv::at;
use crate::auxv::hwcap::{HwcapWord, Hwcaps};
use crate::auxv::stack_copy::{self, StackCopy};
use crate::auxv::vector::{Auxv, Entry};
use crate::criu_image::model::Mm;
use crate::facts::TaskFacts;
use crate::finding::{EditClass, FindingId, Spot};
use crate::profile::model::Profile;
use crate::rule::Case;
use crate::rule_id::RuleId;
use crate::units::Addr;

/// Name of the edit that clears capability bits the target lacks.
pub const MASK_HWCAP: &str = "mask-hwcap";

/// `mm_entry.mm_saved_auxv` (CRIU 4.2, `images/mm.proto`).
const SAVED_AUXV: u32 = 13;

const AT_FLAGS: u64 = 8;
const AT_HWCAP3: u64 = 29;
const AT_HWCAP4: u64 = 30;
const AT_RSEQ_FEATURE_SIZE: u64 = 27;
const AT_RSEQ_ALIGN: u64 = 28;

const TOLD: RuleId = RuleId::Hwc001;
const STACK_SIZE_TOLD: RuleId = RuleId::Stk002;
const TOO_LONG_FOR_KERNEL: RuleId = RuleId::Sys001;
const TOO_LONG_FOR_CRIU: RuleId = RuleId::Sys002;

/// When a pair may be left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum When {
    /// Its value is 0.
    Zero,
    /// Always.
    Always,
    /// It is a capability word, and the target has none of its bits.
    Lacking(HwcapWord),
}

/// The pairs that may be left out of the saved vector, in the order in which they go.
const DISPENSABLE: &[(u64, When)] = &[
    (AT_HWCAP3, When::Zero),
    (AT_HWCAP4, When::Zero),
    (AT_RSEQ_ALIGN, When::Always),
    (AT_RSEQ_FEATURE_SIZE, When::Always),
    (AT_FLAGS, When::Zero),
    (AT_HWCAP4, When::Lacking(HwcapWord::Hwcap4)),
    (AT_HWCAP3, When::Lacking(HwcapWord::Hwcap3)),
];

impl When {
    fn holds(self, value: u64, target: &Profile) -> bool {
        match self {
            Self::Zero => value == 0,
            Self::Always => true,
            Self::Lacking(word) => {
                let lacks = |has| value & has == 0;
                let mut machines = target.machines().iter();
                machines.all(|machine| machine.hwcaps.word(word).is_some_and(lacks))
            }
        }
    }
}

/// Plans the edits of every task's auxiliary vectors.
pub fn plan(case: &Case<'_>, found: &FindingsBySpot<'_>, allowed: &Allowed, plan: &mut Plan) {
    for task in &case.facts.tasks {
        // A task whose vector was not looked at is of another architecture, or shares its memory.
        let (Some(mm), Some(_)) = (&task.task.mm, &task.auxv) else {
            continue;
        };
        let vector = Vector {
            task,
            mm,
            found,
            saved: Auxv::from_words(&mm.saved_auxv),
            target: case.target,
        };
        let left_out = vector.shorten(plan);
        let mask = EditClass::Lossy(MASK_HWCAP);
        if allowed.permits(mask) && vector.mask(mask, &left_out, plan) {
            vector.grow(plan);
        }
    }
}

/// A limit that the saved vector exceeds.
#[derive(Clone, Copy)]
struct Limit {
    rule: RuleId,
    words: u64,
}

/// One task's vectors.
struct Vector<'a> {
    task: &'a TaskFacts<'a>,
    mm: &'a Mm,
    found: &'a FindingsBySpot<'a>,
    saved: Auxv,
    target: &'a Profile,
}

/// Indices of the tag words of pairs that are left out.
type LeftOut = Vec<usize>;

impl Vector<'_> {
    /// Words of the saved vector.
    fn words(&self) -> u64 {
        u64::try_from(self.mm.saved_auxv.len()).unwrap_or(u64::MAX)
    }

    /// The limits of the target that a vector of so many words exceeds, the kernel's first.
    fn exceeded(&self, words: u64) -> impl Iterator<Item = Limit> {
        let machines = || self.target.machines().iter();
        let by_kernel = machines()
            .filter_map(Profile::auxv_limit)
            .min()
            .and_then(|bytes| bytes.checked_div(8));
        let by_criu = machines()
            .filter_map(|machine| machine.criu)
            .map(criu::auxv_words_limit)
            .min();
        [
            (TOO_LONG_FOR_KERNEL, by_kernel),
            (TOO_LONG_FOR_CRIU, by_criu),
        ]
        .into_iter()
        .filter_map(|(rule, words)| {
            Some(Limit {
                rule,
                words: words?,
            })
        })
        .filter(move |limit| words > limit.words)
    }

    /// Plans to leave out pairs until the vector fits; none where it cannot be made to fit.
    fn shorten(&self, plan: &mut Plan) -> LeftOut {
        let mut words = self.words();
        let mut edits: Vec<(usize, Edit)> = Vec::new();
        for (tag, when) in DISPENSABLE {
            let exceeded: Vec<RuleId> = self.exceeded(words).map(|limit| limit.rule).collect();
            let Some(rule) = exceeded.first().copied() else {
                break;
            };
            let pair = |entry: &&Entry| {
                entry.tag == *tag
                    && when.holds(entry.value, self.target)
                    && edits.iter().all(|(index, _)| *index != entry.index)
            };
            let Some(entry) = self.saved.entries.iter().find(pair) else {
                continue;
            };
            let what = match when {
                When::Zero | When::Always => format!("auxv: leave out {}", at::name(*tag)),
                When::Lacking(_) => format!(
                    "auxv: leave out {} ({:#x}, of which {} has nothing)",
                    at::name(*tag),
                    entry.value,
                    self.target.name
                ),
            };
            let changes = [entry.index, entry.index.saturating_add(1)]
                .map(|occurrence| {
                    self.field(Operation::Delete {
                        number: SAVED_AUXV,
                        occurrence,
                    })
                })
                .to_vec();
            let edit = Edit {
                fixes: exceeded.iter().flat_map(|rule| self.about(*rule)).collect(),
                ..self.edit(rule, EditClass::Lossless, what, changes)
            };
            edits.push((entry.index, edit));
            words = words.saturating_sub(2);
        }
        let why = if self.exceeded(words).next().is_some() {
            Some("nothing else in it can be left out")
        } else if !edits.is_empty() && !self.word_by_word() {
            Some(NOT_WORD_BY_WORD)
        } else {
            None
        };
        if let Some(why) = why {
            for limit in self.exceeded(self.words()) {
                let why = format!(
                    "the saved auxv has {} words, {} takes {}, and {why}",
                    self.words(),
                    self.target.name,
                    limit.words
                );
                plan.refusals.push(self.refusal(limit.rule, why));
            }
            return LeftOut::new();
        }
        let left_out = edits.iter().map(|(index, _)| *index).collect();
        plan.edits.extend(edits.into_iter().map(|(_, edit)| edit));
        left_out
    }

    /// Plans to clear the bits the target lacks; answers whether there is such an edit.
    fn mask(&self, class: EditClass, left_out: &LeftOut, plan: &mut Plan) -> bool {
        let has = |entry: &Entry| {
            let word = HwcapWord::ALL.into_iter().find(|w| w.tag() == entry.tag)?;
            Some((word, self.target.hwcaps.word(word)))
        };
        let copy = match stack_copy::find(&self.mm.memory, self.mm.start_stack) {
            Ok(copy) => copy,
            Err(error) => {
                let why = format!(
                    "capability bits are masked in both vectors or in none, and the copy on the stack was not \
                     found: {error}"
                );
                plan.refusals.push(self.refusal(TOLD, why));
                return false;
            }
        };
        let mut cleared = Hwcaps::default();
        let mut unknown = Vec::new();
        let mut new_value = |entry: &Entry| {
            let (word, has) = has(entry)?;
            let Some(has) = has else {
                if entry.value != 0 && !unknown.contains(&word) {
                    unknown.push(word);
                }
                return None;
            };
            let gone = entry.value & !has;
            let before = cleared.word(word).unwrap_or(0);
            cleared.set_word(word, Some(before | gone));
            (gone != 0).then_some(entry.value & has)
        };
        let saved = self.replacements(left_out, &mut new_value);
        let stack = self.overwrites(&copy, &mut new_value);
        for word in unknown {
            let why = format!(
                "{word} is not masked, because profile {} does not say that word",
                self.target.name
            );
            plan.refusals.push(self.refusal(TOLD, why));
        }
        let bits = cleared.features_line();
        let bits: Vec<String> = bits
            .split_whitespace()
            .map(|bit| format!("\u{2212}{bit}"))
            .collect();
        let what = format!("hwcap: {}", bits.join(" "));
        self.both(TOLD, class, what, saved, stack, plan)
    }

    /// Plans to raise AT_MINSIGSTKSZ to the target's. Whoever makes signal stacks by it makes them large
    /// enough, so nothing is lost.
    fn grow(&self, plan: &mut Plan) {
        let (Some(needed), Ok(copy)) = (
            self.target.minsigstksz,
            stack_copy::find(&self.mm.memory, self.mm.start_stack),
        ) else {
            return;
        };
        let mut new_value = |entry: &Entry| {
            (entry.tag == at::AT_MINSIGSTKSZ && entry.value < needed).then_some(needed)
        };
        let saved = self.replacements(&LeftOut::new(), &mut new_value);
        let stack = self.overwrites(&copy, &mut new_value);
        let what = format!("auxv: AT_MINSIGSTKSZ {needed}");
        self.both(
            STACK_SIZE_TOLD,
            EditClass::Lossless,
            what,
            saved,
            stack,
            plan,
        );
    }

    /// The changes of the saved vector that give entries another value.
    fn replacements(
        &self,
        left_out: &LeftOut,
        new_value: &mut dyn FnMut(&Entry) -> Option<u64>,
    ) -> Vec<Change> {
        let kept = self
            .saved
            .entries
            .iter()
            .filter(|entry| !left_out.contains(&entry.index));
        kept.filter_map(|entry| {
            Some(self.field(Operation::Replace {
                number: SAVED_AUXV,
                occurrence: entry.index.checked_add(1)?,
                old: FieldValue::Varint(entry.value),
                new: FieldValue::Varint(new_value(entry)?),
            }))
        })
        .collect()
    }

    /// The changes of the stack copy that give entries another value.
    fn overwrites(
        &self,
        copy: &StackCopy,
        new_value: &mut dyn FnMut(&Entry) -> Option<u64>,
    ) -> Result<Vec<Change>, String> {
        let entries = copy.auxv().entries;
        let words: Vec<(Addr, u64)> = entries
            .iter()
            .filter_map(|entry| {
                let new = new_value(entry)?;
                Some((copy.word_addr(entry.index.checked_add(1)?)?, new))
            })
            .collect();
        let mut changes = Vec::new();
        for (addr, new) in words {
            changes.extend(
                overwrite::changes(&self.mm.memory, addr, &new.to_le_bytes())
                    .map_err(|obstacle| obstacle.to_string())?,
            );
        }
        Ok(changes)
    }

    /// Plans an edit of both vectors, if there is anything to change and both can be changed; answers
    /// whether there is such an edit.
    fn both(
        &self,
        rule: RuleId,
        class: EditClass,
        what: String,
        saved: Vec<Change>,
        stack: Result<Vec<Change>, String>,
        plan: &mut Plan,
    ) -> bool {
        if saved.is_empty() && stack.as_ref().is_ok_and(Vec::is_empty) {
            return false;
        }
        let stack = if !saved.is_empty() && !self.word_by_word() {
            Err(NOT_WORD_BY_WORD.to_owned())
        } else {
            stack.and_then(|stack| {
                Taken::by(plan)
                    .take(stack)
                    .map_err(|obstacle| obstacle.to_string())
            })
        };
        match stack {
            Ok(stack) => {
                let changes = saved.into_iter().chain(stack).collect();
                plan.edits.push(self.edit(rule, class, what, changes));
                true
            }
            Err(why) => {
                plan.refusals
                    .push(self.refusal(rule, format!("{what}: {why}")));
                false
            }
        }
    }

    /// Whether the vector lies in the image as CRIU writes it: each word a field of its own, one behind the
    /// other, so that the index of a word is the occurrence of its field.
    fn word_by_word(&self) -> bool {
        let expected = self
            .mm
            .saved_auxv
            .iter()
            .fold(0_u64, |sum, word| sum.saturating_add(field_len(*word)));
        self.mm.auxv_place.len == expected
    }

    fn field(&self, operation: Operation) -> Change {
        Change::Field {
            file: self.mm.auxv_place.file.to_string(),
            entry: 0,
            path: Vec::new(),
            operation,
        }
    }

    /// The findings of a rule about this task.
    fn about(&self, rule: RuleId) -> Vec<FindingId> {
        self.found.ids(rule, self.spot())
    }

    fn spot(&self) -> Spot {
        Spot::task(self.task.task.pid)
    }

    fn edit(&self, rule: RuleId, class: EditClass, what: String, changes: Vec<Change>) -> Edit {
        // Masking a word changes what is read from now on; what the process was told, the journal remembers.
        let (fixes, leaves) = match rule {
            TOLD => (Vec::new(), self.about(rule)),
            _ => (self.about(rule), Vec::new()),
        };
        Edit {
            rule,
            fixes,
            leaves,
            class,
            what,
            spot: self.spot(),
            changes,
        }
    }

    fn refusal(&self, rule: RuleId, why: String) -> Refusal {
        Refusal {
            rule,
            findings: self.about(rule),
            spot: self.spot(),
            why,
            allow: None,
        }
    }
}

const NOT_WORD_BY_WORD: &str = "its words are not stored one by one, as CRIU stores them";

/// Bytes of a field with this varint: a tag of one byte (field numbers up to 15) and seven bits a byte.
fn field_len(word: u64) -> u64 {
    let bits = u64::from(u64::BITS.saturating_sub(word.leading_zeros())).max(1);
    bits.div_ceil(7).saturating_add(1)
}
