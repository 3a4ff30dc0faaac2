//! Judgements and rules as report structures.

use crate::advice;
use crate::finding;
use crate::rule::{Judgement, MemberVerdict, RuleMeta};

use super::v1::{
    Advice, CheckResult, Counts, Finding, Member, Rule, Rules, Severity, Tool, Verdict,
};
use super::words::owned;

/// The names of an image and a target, as the report shows them.
#[derive(Clone, Copy, Debug)]
pub struct Pair<'a> {
    /// The image, as given by the user.
    pub image: &'a str,
    /// The target, as given by the user.
    pub target: &'a str,
    /// The name of the target's profile.
    pub profile: &'a str,
}

/// The result for an image that was judged.
#[must_use]
pub fn judged(pair: Pair<'_>, judgement: &Judgement) -> CheckResult {
    let findings: Vec<Finding> = judgement.findings.iter().map(finding_of).collect();
    CheckResult {
        image: pair.image.to_owned(),
        directory: None,
        form: None,
        target: pair.target.to_owned(),
        profile: pair.profile.to_owned(),
        verdict: Some(judgement.verdict.into()),
        members: judgement.members.iter().map(member).collect(),
        counts: Some(count(&findings)),
        findings: Some(findings),
        advice: None,
        error: None,
    }
}

/// Advice.
#[must_use]
pub fn advice(advice: &[advice::Advice]) -> Vec<Advice> {
    advice.iter().map(advice_of).collect()
}

fn advice_of(advice: &advice::Advice) -> Advice {
    Advice {
        subject: advice.subject.to_owned(),
        pids: advice.pids.iter().map(|pid| pid.0).collect(),
        sign: advice.sign.clone(),
        setting: advice.setting.clone(),
        features: advice
            .features
            .iter()
            .map(|name| (*name).to_owned())
            .collect(),
        what: advice.what.clone(),
        verified: advice.verified.clone(),
    }
}

/// The result for an image that could not be read.
#[must_use]
pub fn unread(pair: Pair<'_>, error: &str) -> CheckResult {
    CheckResult {
        image: pair.image.to_owned(),
        directory: None,
        form: None,
        target: pair.target.to_owned(),
        profile: pair.profile.to_owned(),
        verdict: None,
        members: Vec::new(),
        counts: None,
        findings: None,
        advice: None,
        error: Some(error.to_owned()),
    }
}

fn member(judged: &MemberVerdict) -> Member {
    Member {
        name: judged.name.clone(),
        verdict: judged.verdict.into(),
    }
}

/// How many findings there are of each severity.
#[must_use]
pub fn count(findings: &[Finding]) -> Counts {
    let of = |severity| {
        findings
            .iter()
            .filter(|finding| finding.severity == severity)
            .count()
    };
    Counts {
        blocker: of(Severity::Blocker),
        unproven: of(Severity::Unproven),
        note: of(Severity::Note),
        accepted: findings.iter().filter(|finding| finding.accepted).count(),
    }
}

/// The table of rules.
#[must_use]
pub fn rules<'a>(rules: impl IntoIterator<Item = &'a RuleMeta>) -> Rules {
    Rules {
        schema: Rules::SCHEMA,
        tool: Tool::this(),
        rules: rules.into_iter().map(rule).collect(),
    }
}

/// One rule.
#[must_use]
pub fn rule(meta: &RuleMeta) -> Rule {
    Rule {
        id: meta.id.to_string(),
        name: meta.name.to_owned(),
        summary: meta.summary.to_owned(),
        explanation: meta.explanation.to_owned(),
        sources: owned(meta.sources),
        seen: owned(meta.seen),
        since: meta.since.to_owned(),
        edits: meta.edits.iter().map(ToString::to_string).collect(),
    }
}

pub(super) fn finding_of(finding: &finding::Finding) -> Finding {
    Finding {
        rule: finding.rule.id.to_string(),
        name: finding.rule.name.to_owned(),
        severity: finding.severity.into(),
        proof: finding.proof.word().to_owned(),
        accepted: finding.accepted,
        reason: finding.reason.clone(),
        members: finding.members.clone(),
        pid: finding.pid().map(|pid| pid.0),
        tid: finding.tid().map(|tid| tid.0),
        address: finding.address().map(Into::into),
        file: finding.place.as_ref().map(|place| place.file.to_string()),
        offset: finding.place.as_ref().map(|place| place.offset),
        length: finding
            .place
            .as_ref()
            .map(|place| place.len)
            .filter(|len| *len != 0),
        features: finding.features.clone(),
        have: finding.have.clone(),
        need: finding.need.clone(),
        message: finding.message.clone(),
        help: finding.help.clone(),
        edits: finding.edits.iter().map(ToString::to_string).collect(),
    }
}

impl From<finding::Verdict> for Verdict {
    fn from(verdict: finding::Verdict) -> Self {
        match verdict {
            finding::Verdict::Compatible => Self::Compatible,
            finding::Verdict::Indeterminate => Self::Indeterminate,
            finding::Verdict::Incompatible => Self::Incompatible,
        }
    }
}

impl From<finding::Severity> for Severity {
    fn from(severity: finding::Severity) -> Self {
        match severity {
            finding::Severity::Blocker => Self::Blocker,
            finding::Severity::Unproven => Self::Unproven,
            finding::Severity::Note => Self::Note,
        }
    }
}
