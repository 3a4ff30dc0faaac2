//! Edits of signal frames: records that the target's `rt_sigreturn` refuses are left out, or get the
//! vector length a restored task has there, as long as no state is lost with them.
//!
//! * `decide` says what becomes of one record; `area` puts the records of a frame together anew;
//! * this file goes over the frames, and lets no edit through whose result it has not read back.
//!
//! A frame is edited whole or not at all: with one record that has to stay, nothing helps. Frames that
//! no thread returns through are left alone. One of which that could not be shown is edited where
//! nothing can be lost by it.
//!
//! No record is added. The one record a kernel can miss is POE, on kernels that set `POR_EL0` from an
//! uninitialised variable without it (HWCR-POE-002); but they do so first for the frame CRIU itself
//! restores every thread through, which has none either, so that one in the image would cure nothing.

#![deny(
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss
)]

mod area;
mod decide;

#[cfg(test)]
mod tests;

use super::by_spot::FindingsBySpot;
use super::edit::{Allowed, Edit, Plan, Refusal};
use super::overwrite::{self, Taken};
use crate::facts::TaskFacts;
use crate::finding::{EditClass, FindingId, Spot};
use crate::memory::Memory;
use crate::profile::model::Profile;
use crate::rule::Case;
use crate::rule_id::RuleId;
use crate::sigframe::chain;
use crate::sigframe::model::{Frame, FrameAnomalyKind, Liveness};
use crate::units::{Addr, AddrRange};

use area::{Area, Changed};
use decide::{Action, Step};

/// Rules for frames that cannot be parsed, read, found or returned through on any machine: nothing in
/// their records mends that.
const BEYOND_REPAIR: &[RuleId] = &[
    RuleId::Frm001,
    RuleId::Frm003,
    RuleId::Frm004,
    RuleId::Frm006,
];

/// Plans the edits that let the target's `rt_sigreturn` take the frames of every task.
///
/// Each edit is for one frame; its rule is that of the first record it changes, and it fixes the findings of all.
pub fn plan(case: &Case<'_>, found: &FindingsBySpot<'_>, allowed: &Allowed, plan: &mut Plan) {
    broken(found, plan);
    let mut taken = Taken::by(plan);
    for task in &case.facts.tasks {
        let Some(mm) = &task.task.mm else { continue };
        let planner = Planner {
            task,
            found,
            memory: &mm.memory,
            target: case.target,
            allowed,
        };
        // Frames that are surely used come first: no other may take their bytes.
        for liveness in [Liveness::Live, Liveness::Unknown] {
            for frame in task.frames.iter().filter(|f| f.liveness == liveness) {
                planner.one(frame, &mut taken, plan);
            }
        }
    }
}

/// What the rules find wrong with frames as such stays.
fn broken(found: &FindingsBySpot<'_>, plan: &mut Plan) {
    for (id, finding) in BEYOND_REPAIR.iter().flat_map(|rule| found.of_rule(*rule)) {
        let Some(spot) = finding.subject.spot() else {
            continue;
        };
        let rule = finding.rule.id;
        let why = format!("{}; no edit of records mends that", finding.message);
        // Members of a target may say the same, with another weight.
        let said = (!finding.members.is_empty()).then(|| {
            let mut said = plan.refusals.iter_mut();
            said.find(|said| (said.rule, said.spot) == (rule, spot) && said.why == why)
        });
        match said.flatten() {
            Some(said) => said.findings.push(id),
            None => plan.refusals.push(Refusal {
                rule,
                findings: vec![id],
                spot,
                why,
                allow: None,
            }),
        }
    }
}

/// What all frames of a task are planned with.
struct Planner<'a> {
    task: &'a TaskFacts<'a>,
    found: &'a FindingsBySpot<'a>,
    memory: &'a dyn Memory,
    target: &'a Profile,
    allowed: &'a Allowed,
}

impl Planner<'_> {
    fn one(&self, frame: &Frame, taken: &mut Taken, plan: &mut Plan) {
        let live = frame.liveness == Liveness::Live;
        let pid = self.task.task.pid;
        let mut steps = Vec::new();
        // Rule and id of every finding about a record that is edited.
        let mut about: Vec<(RuleId, FindingId)> = Vec::new();
        let mut refused = false;
        for (index, record) in frame.records.iter().enumerate() {
            let spot = Spot::record(pid, frame.tid, frame.base, record.addr);
            let here = self.found.at(spot);
            if here.is_empty() {
                continue;
            }
            match decide::decide(record, live, self.target, self.allowed) {
                None => {}
                Some(Ok(step)) => {
                    about.extend(here.iter().map(|(id, finding)| (finding.rule.id, *id)));
                    steps.push((index, step));
                }
                Some(Err(stays)) => {
                    refused = true;
                    let why = format!("frame {}: {}", frame.base, stays.why);
                    let mut by_rule: Vec<(RuleId, Vec<FindingId>)> = Vec::new();
                    for (id, finding) in here {
                        let rule = finding.rule.id;
                        match by_rule.iter_mut().find(|(known, _)| *known == rule) {
                            Some((_, ids)) => ids.push(*id),
                            None => by_rule.push((rule, vec![*id])),
                        }
                    }
                    plan.refusals
                        .extend(by_rule.into_iter().map(|(rule, findings)| Refusal {
                            rule,
                            findings,
                            spot,
                            why: why.clone(),
                            allow: stays.allow,
                        }));
                }
            }
        }
        let Some((rule, _)) = about.first().filter(|_| !refused) else {
            return;
        };
        let rule = *rule;
        let findings = about.iter().map(|(_, id)| *id).collect();
        let spot = Spot::frame(pid, frame.tid, frame.base);
        match self.changes(frame, &steps, taken) {
            // Another task shares the memory, and its plan has the same changes.
            Ok(changes) if changes.is_empty() => {}
            Ok(changes) => plan.edits.push(Edit {
                rule,
                fixes: findings,
                leaves: Vec::new(),
                class: dearest(&steps),
                what: describe(frame, &steps),
                spot,
                changes,
            }),
            Err(why) => plan.refusals.push(Refusal {
                rule,
                findings,
                spot,
                why: format!("frame {}: {why}", frame.base),
                allow: None,
            }),
        }
    }

    /// The changes that do `steps`, or why they are not made.
    fn changes(
        &self,
        frame: &Frame,
        steps: &[(usize, Step)],
        taken: &mut Taken,
    ) -> Result<Vec<super::edit::Change>, String> {
        if !sound(frame) {
            return Err("its records are damaged, so they are left alone".to_owned());
        }
        if let Some(other) = self.inside_of(frame) {
            return Err(format!(
                "its records lie in the frame {other}, which a thread returns through"
            ));
        }
        let actions: Vec<(usize, Action)> = steps
            .iter()
            .map(|(index, step)| (*index, step.action))
            .collect();
        let area = area::rebuild(self.memory, frame, &actions)
            .ok_or("its records could not be put together anew")?;
        self.read_back(frame, &area, &actions)?;
        let changes = overwrite::changes(self.memory, area.start, &area.bytes)
            .map_err(|obstacle| obstacle.to_string())?;
        taken.take(changes).map_err(|obstacle| obstacle.to_string())
    }

    /// The frame that is surely used and that the records of this one, of which that is not sure, lie in.
    fn inside_of(&self, frame: &Frame) -> Option<Addr> {
        let span = area::span(frame);
        let others = self.task.frames.iter().filter(|other| {
            frame.liveness != Liveness::Live
                && other.liveness == Liveness::Live
                && other.base != frame.base
        });
        others
            .filter(|other| {
                let end = Addr(other.base.0.saturating_add(other.size));
                AddrRange::new(other.base, end).intersect(&span).is_some()
            })
            .map(|other| other.base)
            .next()
    }

    /// Reads the frame as it would be and holds it against what it shall be.
    fn read_back(
        &self,
        frame: &Frame,
        area: &Area,
        actions: &[(usize, Action)],
    ) -> Result<(), String> {
        let changed = Changed {
            memory: self.memory,
            area,
        };
        let after = chain::read_frame(&changed, frame.base).map_err(|gap| gap.to_string())?;
        if !sound(&after) {
            let detail = after.anomalies.first().map_or("", |first| &first.detail);
            return Err(format!(
                "without these records it would not parse: {detail}"
            ));
        }
        let dropped = |index: usize| {
            actions
                .iter()
                .any(|(at, action)| *at == index && *action == Action::Drop)
        };
        let kept = (0..)
            .zip(&frame.records)
            .filter(|(index, _)| !dropped(*index))
            .map(|(_, record)| record.magic);
        if !kept.eq(after.records.iter().map(|record| record.magic)) || after.size != frame.size {
            return Err("without these records it would not read as the same frame".to_owned());
        }
        let refused = actions.iter().any(|(index, action)| {
            // Records before this one that were dropped moved it up.
            let gone = (0..*index).filter(|before| dropped(*before)).count();
            *action != Action::Drop
                && index
                    .checked_sub(gone)
                    .and_then(|at| after.records.get(at))
                    .is_none_or(|record| !decide::accepted(record, self.target))
        });
        if refused {
            return Err("the target would refuse the changed records".to_owned());
        }
        Ok(())
    }
}

/// Whether the frame's records are as a kernel takes them. Reserved words do not count: it never reads
/// them.
fn sound(frame: &Frame) -> bool {
    frame
        .anomalies
        .iter()
        .all(|anomaly| anomaly.kind == FrameAnomalyKind::ReservedNotZero)
}

/// The class of an edit with these steps: the first that is not lossless.
fn dearest(steps: &[(usize, Step)]) -> EditClass {
    steps
        .iter()
        .map(|(_, step)| step.class)
        .find(|class| *class != EditClass::Lossless)
        .unwrap_or(EditClass::Lossless)
}

/// `frame 0x…: drop SVE record (header only), drop FPMR record (0)`.
fn describe(frame: &Frame, steps: &[(usize, Step)]) -> String {
    let steps: Vec<&str> = steps.iter().map(|(_, step)| step.what.as_str()).collect();
    format!("frame {}: {}", frame.base, steps.join(", "))
}
