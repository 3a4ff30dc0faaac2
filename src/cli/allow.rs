//! What the user accepts of a check, by `--accept` or in `hwcr.toml`, and what came of it.

use std::sync::{Mutex, PoisonError};

use jiff::civil::Date;

use super::explain::no_such_rule;
use super::{Failure, Output};
use crate::config::Entry;
use crate::finding::Severity;
use crate::image::{ImageFacts, Question};
use crate::report::v1::AcceptUse;
use crate::rule::{Accept, Judgement};

/// Everything that is accepted.
pub(super) struct Acceptances {
    given: Vec<Given>,
    // Images may be judged side by side.
    used: Mutex<Vec<Use>>,
}

struct Given {
    accept: Accept,
    /// The entry, where it is one of a file; else it was an option.
    entry: Option<Entry>,
    expired: bool,
}

#[derive(Clone, Copy, Default)]
struct Use {
    /// It made a note of a finding.
    used: bool,
    /// It is about a finding that blocks.
    blocked: bool,
}

impl Acceptances {
    /// The options, then the entries; of these the ones that expired before `today` change nothing.
    pub(super) fn new(options: &[String], entries: &[Entry], today: Date) -> Result<Self, Failure> {
        let mut given = Vec::new();
        for option in options {
            given.push(Given {
                accept: Accept::parse(option).map_err(|name| no_such_rule(&name))?,
                entry: None,
                expired: false,
            });
        }
        given.extend(entries.iter().map(|entry| Given {
            accept: entry.accept.clone(),
            expired: entry.expired(today),
            entry: Some(entry.clone()),
        }));
        Ok(Self {
            used: Mutex::new(vec![Use::default(); given.len()]),
            given,
        })
    }

    /// Judges an image on a target, which have these names, with what is accepted of them.
    pub(super) fn judge(
        &self,
        facts: &ImageFacts<'_>,
        question: Question<'_>,
        image: &str,
        target: &str,
    ) -> Judgement {
        let names = [target, question.target.name.as_str()];
        let (places, accepts): (Vec<usize>, Vec<Accept>) = self
            .given
            .iter()
            .enumerate()
            .filter(|(_, given)| {
                let entry = given.entry.as_ref();
                !given.expired && entry.is_none_or(|entry| entry.concerns(image, names))
            })
            .map(|(place, given)| (place, given.accept.clone()))
            .unzip();
        let judgement = facts.check(&question.accepting(&accepts));
        let mut uses = self.used.lock().unwrap_or_else(PoisonError::into_inner);
        for ((place, accept), used) in places.iter().zip(&accepts).zip(&judgement.accept_used) {
            if let Some(now) = uses.get_mut(*place) {
                now.used |= used;
                now.blocked |= judgement.findings.iter().any(|finding| {
                    finding.severity == Severity::Blocker && accept.is_about(finding, facts.facts())
                });
            }
        }
        judgement
    }

    /// For the report: what was accepted, and whether it was of use.
    pub(super) fn report(&self) -> Vec<AcceptUse> {
        self.uses()
            .map(|(given, now)| {
                let entry = given.entry.as_ref();
                let text = |pattern: Option<&glob::Pattern>| pattern.map(ToString::to_string);
                AcceptUse {
                    rule: given.accept.rule.to_string(),
                    feature: given.accept.feature.clone(),
                    image: text(entry.and_then(|entry| entry.image.as_ref())),
                    target: text(entry.and_then(|entry| entry.target.as_ref())),
                    task: text(given.accept.task.as_ref()),
                    reason: given.accept.reason.clone(),
                    expires: entry
                        .and_then(|entry| entry.expires)
                        .map(|last| last.to_string()),
                    expired: given.expired,
                    used: now.used,
                }
            })
            .collect()
    }

    /// Says which entries have expired, and, where everything could be read, what was not needed.
    pub(super) fn warn(&self, output: &Output, all_read: bool) {
        for (given, now) in self.uses() {
            if let Some(warning) = given.warning(now, all_read) {
                output.warn(&warning);
            }
        }
    }

    fn uses(&self) -> impl Iterator<Item = (&Given, Use)> {
        let uses = self.used.lock().unwrap_or_else(PoisonError::into_inner);
        self.given.iter().zip(uses.clone())
    }
}

impl Given {
    fn warning(&self, now: Use, all_read: bool) -> Option<Failure> {
        let rule = &self.accept.rule;
        let called = match &self.entry {
            Some(entry) => format!("{}: the entry for {rule}", entry.at),
            None => {
                let feature = self.accept.feature.as_ref();
                let feature = feature.map_or_else(String::new, |feature| format!(":{feature}"));
                format!("--accept {rule}{feature}")
            }
        };
        if let Some(last) = self.entry.as_ref().and_then(|entry| entry.expires)
            && self.expired
        {
            return Some(
                Failure::new(format!("{called} expired on {last} and no longer applies")).help(
                    "look at the findings again; then give the entry another day, or remove it",
                ),
            );
        }
        if now.used || !all_read {
            return None;
        }
        Some(if now.blocked {
            Failure::new(format!(
                "{called} changes nothing: what it is about blocks here, and that cannot be accepted"
            ))
            .help("see with `hwcr explain` what happens, and whether `hwcr rewrite` mends it")
        } else {
            Failure::new(format!(
                "{called} was not needed: it covers no unproven finding"
            ))
            .help("remove it, or see with `hwcr explain` what the rule finds")
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::parse;

    fn acceptances(today: &str) -> Acceptances {
        let text = "[[allow]]\nrule = \"HWCR-HWC-001\"\nreason = \"r\"\nexpires = 2030-01-31\n";
        let config = parse(text, "hwcr.toml").unwrap();
        let options = ["HWCR-UND-002".to_owned()];
        Acceptances::new(&options, &config.allow, today.parse().unwrap()).unwrap()
    }

    #[test]
    fn an_entry_is_good_to_its_last_day_and_told_of_after_it() {
        let told = |today: &str| {
            let all = acceptances(today);
            let warnings = all
                .uses()
                .filter_map(|(given, now)| given.warning(now, true));
            warnings.map(|warning| warning.message).collect::<Vec<_>>()
        };
        let unneeded =
            "--accept HWCR-UND-002 was not needed: it covers no unproven finding".to_owned();
        assert_eq!(
            told("2030-01-31"),
            [
                unneeded.clone(),
                "hwcr.toml:1:1: the entry for HWCR-HWC-001 was not needed: it covers no unproven finding"
                    .to_owned()
            ]
        );
        assert_eq!(
            told("2030-02-01"),
            [
                unneeded,
                "hwcr.toml:1:1: the entry for HWCR-HWC-001 expired on 2030-01-31 and no longer applies"
                    .to_owned()
            ]
        );
        let report = acceptances("2030-02-01").report();
        assert!(report[1].expired && !report[1].used);
        assert_eq!(report[1].expires.as_deref(), Some("2030-01-31"));
    }

    #[test]
    fn of_images_that_could_not_be_read_nobody_knows_what_was_needed() {
        let all = acceptances("2030-02-01");
        let told: Vec<_> = all
            .uses()
            .filter_map(|(given, now)| given.warning(now, false))
            .collect();
        assert_eq!(told.len(), 1, "only that it expired: {told:?}");
    }
}
