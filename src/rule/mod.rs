//! Rules: facts and a target in, findings out. A rule never reads bytes.
//!
//! Each rule is one row of data ([`RuleMeta`]) and one function. [`FAMILIES`] is the table; `hwcr rules`,
//! `hwcr explain` and `docs/rules.md` come from the same rows.

mod accept;
mod conditions;
mod files;
mod floor;
pub mod frame;
mod given;
mod host;
mod hwcap;
mod image;
mod members;
mod pac;
mod profile;
mod registers;
mod stack;
mod system;
mod undumped;

use crate::criu_image::model::Arch;
use crate::facts::Facts;
pub use crate::finding::RuleMeta;
use crate::finding::{Finding, Verdict};
use crate::profile::model::Profile;
use crate::rule_id::{Family, RuleId};
pub use accept::Accept;
pub use hwcap::AUXV_COPIES;
pub use image::REWRITTEN;

/// Ids of the rules that speak of the SVE vector length of a restored task.
pub const OF_VECTOR_LENGTHS: [RuleId; 2] = [RuleId::Sve002, RuleId::Und007];

/// Whether a rule says what the others took as given.
#[must_use]
pub fn is_given(rule: &RuleMeta) -> bool {
    rule.id.family() == Family::Giv
}

/// A row of the table.
#[derive(Debug)]
pub struct Rule {
    /// Its description.
    pub meta: RuleMeta,
    /// Its function.
    pub check: fn(&'static RuleMeta, &Case<'_>, &mut Vec<Finding>),
}

/// What a rule sees.
#[derive(Clone, Copy, Debug)]
pub struct Case<'a> {
    /// What was read from the image.
    pub facts: &'a Facts<'a>,
    /// The machine asked about, or the machines, where the profile has members: then for [`judge`] and the
    /// planners; a rule sees one machine.
    pub target: &'a Profile,
    /// The machine the image was dumped on, where the user says which it was.
    pub source: Option<&'a Profile>,
}

/// Everything the rules say, and what follows.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Judgement {
    /// The verdict.
    pub verdict: Verdict,
    /// The verdict on each of the target's members; empty where the target is a single machine.
    pub members: Vec<MemberVerdict>,
    /// The findings, blockers first.
    pub findings: Vec<Finding>,
    /// Which of the acceptances changed a finding (same order as given).
    pub accept_used: Vec<bool>,
}

/// A member of the target and the verdict on it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct MemberVerdict {
    /// Its name.
    pub name: String,
    /// What its findings make.
    pub verdict: Verdict,
}

/// All families, in the order of the ids' families in the documentation.
pub static FAMILIES: &[&[Rule]] = &[
    image::RULES,
    hwcap::RULES,
    registers::RULES,
    frame::RULES,
    frame::kind::RULES,
    pac::RULES,
    stack::RULES,
    undumped::RULES,
    system::RULES,
    host::RULES,
    files::RULES,
    profile::RULES,
    given::RULES,
];

/// Every rule, in the order of the table.
pub fn all() -> impl Iterator<Item = &'static Rule> {
    FAMILIES.iter().flat_map(|family| family.iter())
}

/// The rule with this id (or short name), in any letter case.
#[must_use]
pub fn find(id: &str) -> Option<&'static Rule> {
    all().find(|rule| {
        rule.meta.id.as_str().eq_ignore_ascii_case(id) || rule.meta.name.eq_ignore_ascii_case(id)
    })
}

/// Runs every rule and makes the verdict. Blockers come first, then unproven findings, then notes;
/// within a severity the order of the table and of the image is kept.
///
/// A target with members is judged member by member, and the worst of them decides.
#[doc(hidden)]
#[must_use]
pub fn judge(case: &Case<'_>, accepts: &[Accept]) -> Judgement {
    let mut findings = if case.target.members.is_empty() {
        of_machine(case)
    } else {
        members::joined(case)
    };
    let accept_used = accept::apply(accepts, case.facts, &mut findings);
    findings.sort_by_key(|finding| finding.severity);
    Judgement {
        verdict: Verdict::of(&findings),
        members: members::verdicts(case.target, &findings),
        findings,
        accept_used,
    }
}

/// What every rule says of a single machine.
fn of_machine(case: &Case<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    // Of tasks of another architecture only that can be said.
    let foreign = case.facts.checkpoint.arch != Arch::Aarch64;
    for rule in all().filter(|rule| !foreign || rule.meta.id == image::ARCHITECTURE) {
        (rule.check)(&rule.meta, case, &mut findings);
    }
    findings
}

/// How to get a profile that proves what this one does not.
const CAPTURE: &str =
    "Run `hwcr profile capture > cpu.json` on the target itself and check again with that profile.";

/// Likewise, for what only a frame that is returned through shows.
const PROBE: &str = "Run `hwcr profile capture --probe > cpu.json` on the target itself and check again with that profile.";

/// How to give a value that the profile lacks.
fn give_key(key: &str) -> String {
    format!("{CAPTURE} Where hwcr cannot run there, give `{key}` in a profile of your own.")
}

/// `1 thread`, `2 threads`.
fn counted(count: usize, what: &str) -> String {
    format!("{count} {what}{}", if count == 1 { "" } else { "s" })
}
