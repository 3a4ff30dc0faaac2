//! Plans and their outcome as report structures.
//!
//! A change of a field in a core image passes without its values: keys may be among them.

use crate::finding::{self, EditClass, FindingId, Severity};
use crate::rewrite::allow;
use crate::rewrite::edit::{self, FieldValue, Operation, Plan};
use crate::rewrite::outcome::{Fate, Outcome};

use super::from_judgement::{Pair, finding_of};
use super::v1::rewrite::{Change, Edit, Permit, Refusal, Remaining, Rewrite, Stage};
use super::v1::{Tool, Verdict};
use super::words;

/// What the user asked for.
#[derive(Clone, Copy, Debug)]
pub struct Asked<'a> {
    /// Image and target.
    pub pair: Pair<'a>,
    /// `--source`.
    pub source: Option<&'a str>,
    /// `--deep`.
    pub deep: bool,
    /// `--allow`.
    pub allowed: &'a [String],
}

/// A plan with what it leaves of the findings it was made for.
#[must_use]
pub fn rewrite(
    asked: Asked<'_>,
    plan: &Plan,
    findings: &[finding::Finding],
    outcome: &Outcome,
) -> Rewrite {
    let stage = if outcome.blocked() {
        Stage::CannotMend
    } else if plan.edits.is_empty() {
        Stage::Nothing
    } else {
        Stage::Planned
    };
    Rewrite {
        schema: Rewrite::SCHEMA,
        tool: Tool::this(),
        image: asked.pair.image.to_owned(),
        target: asked.pair.target.to_owned(),
        profile: asked.pair.profile.to_owned(),
        source: asked.source.map(str::to_owned),
        deep: asked.deep,
        allowed: asked.allowed.to_vec(),
        stage,
        output: None,
        before: finding::Verdict::of(findings).into(),
        after: outcome.verdict.into(),
        edits: plan.edits.iter().map(edit).collect(),
        refusals: plan
            .refusals
            .iter()
            .map(|planned| refusal(planned, findings, outcome))
            .collect(),
        remaining: findings
            .iter()
            .zip(&outcome.fates)
            .filter_map(|(finding, fate)| remaining(finding, fate))
            .collect(),
    }
}

/// Says that the edits are made: where, and the verdict on what was written.
pub fn written(report: &mut Rewrite, output: &str, after: finding::Verdict) {
    report.stage = Stage::Written;
    report.output = Some(output.to_owned());
    report.after = Verdict::from(after);
}

fn remaining(finding: &finding::Finding, fate: &Fate) -> Option<Remaining> {
    match fate {
        Fate::Remains { why, allow } if finding.severity != Severity::Note => Some(Remaining {
            finding: finding_of(finding),
            why: why.clone(),
            allow: allow.iter().copied().map(permit).collect(),
        }),
        _ => None,
    }
}

fn edit(edit: &edit::Edit) -> Edit {
    let noticed = match edit.class {
        EditClass::Lossless => None,
        EditClass::Lossy(name) => Some(noticed(name)),
    };
    Edit {
        rule: edit.rule.to_string(),
        class: edit.class.to_string(),
        what: edit.what.clone(),
        pid: edit.spot.pid.0,
        tid: edit.spot.tid().map(|tid| tid.0),
        address: edit.spot.address().map(Into::into),
        noticed,
        changes: edit.changes.iter().map(change).collect(),
    }
}

fn refusal(refusal: &edit::Refusal, findings: &[finding::Finding], outcome: &Outcome) -> Refusal {
    let shown = |id: &FindingId| {
        let finding = findings.get(id.index());
        let fate = outcome.fates.get(id.index());
        finding
            .zip(fate)
            .and_then(|(finding, fate)| remaining(finding, fate))
            .is_some()
    };
    Refusal {
        rule: refusal.rule.to_string(),
        pid: refusal.spot.pid.0,
        tid: refusal.spot.tid().map(|tid| tid.0),
        address: refusal.spot.address().map(Into::into),
        why: refusal.why.clone(),
        allow: refusal.allow.map(permit),
        said_with_finding: refusal.findings.iter().any(shown),
    }
}

fn permit(name: &'static str) -> Permit {
    Permit {
        name: name.to_owned(),
        noticed: noticed(name),
    }
}

/// What the program can notice of an edit of this name.
fn noticed(name: &str) -> String {
    allow::find(name).map_or_else(String::new, |row| row.noticed.to_owned())
}

fn change(change: &edit::Change) -> Change {
    match change {
        edit::Change::Bytes {
            file,
            offset,
            old,
            new,
        } => Change {
            file: file.clone(),
            operation: "bytes".to_owned(),
            offset: Some(*offset),
            entry: None,
            field: None,
            old: Some(words::digits(old)),
            new: Some(words::digits(new)),
        },
        edit::Change::Field {
            file,
            entry,
            path,
            operation,
        } => {
            // A parent's file has its directory in front.
            let name = file.rsplit('/').next().unwrap_or(file);
            let shown = |value: &FieldValue| (!name.starts_with("core-")).then(|| number(value));
            let mut field: Vec<String> = path
                .iter()
                .map(|(number, occurrence)| format!("{number}[{occurrence}]"))
                .collect();
            let (word, last, old, new) = operation_of(operation);
            field.push(last);
            Change {
                file: file.clone(),
                operation: word.to_owned(),
                offset: None,
                entry: Some(*entry),
                field: Some(field.join(".")),
                old: old.and_then(shown).flatten(),
                new: new.and_then(shown).flatten(),
            }
        }
    }
}

/// A varint; payloads are not shown.
fn number(value: &FieldValue) -> Option<String> {
    match value {
        FieldValue::Varint(value) => Some(format!("{value:#x}")),
        FieldValue::Bytes(_) => None,
    }
}

/// The word, the field in its message, the old value and the new one.
fn operation_of(
    operation: &Operation,
) -> (
    &'static str,
    String,
    Option<&FieldValue>,
    Option<&FieldValue>,
) {
    match operation {
        Operation::Replace {
            number,
            occurrence,
            old,
            new,
        } => (
            "replace",
            format!("{number}[{occurrence}]"),
            Some(old),
            Some(new),
        ),
        Operation::Delete { number, occurrence } => {
            ("delete", format!("{number}[{occurrence}]"), None, None)
        }
        Operation::Insert { at, number, value } => {
            ("insert", format!("{number}@{at}"), None, Some(value))
        }
        Operation::Append { number, value } => ("append", number.to_string(), None, Some(value)),
    }
}
