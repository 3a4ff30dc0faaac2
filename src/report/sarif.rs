//! `check` as SARIF 2.1.0, for code scanning and whatever else collects findings of many tools.
//!
//! A finding is a result; its severity is the level (blocker: error, unproven: warning, note: note). An image or
//! a profile that cannot be read is a result of level error too, of the rule `no-answer`: who looks at results
//! alone must not take silence for compatibility.

mod artifacts;
mod model;

use std::collections::{BTreeMap, HashMap};
use std::io::{self, Write};

use sha2::{Digest, Sha256};

use artifacts::Artifacts;
use model::{
    Descriptor, Driver, Invocation, Level, Location, Log, LogicalLocation, Message, Notification,
    Pair, PhysicalLocation, Properties, Region, Run, RunProperties, SarifResult, Suppression, Tool,
};

use super::escape::sarif as plain_text;
use super::json;
use super::v1::{CheckResult, Finding, Report, Rule, Rules, Severity, Verdict};

/// The rule of results without an answer. It is none of the table: it judges nothing.
const NO_ANSWER: &str = "no-answer";

/// The name of our fingerprints, and the version of how they are made.
const FINGERPRINT: &str = "hwcrFinding/v1";

/// Home of the project as its package names it. While it names none, rules have a help text and no help URI.
const REPOSITORY: &str = env!("CARGO_PKG_REPOSITORY");

/// One run: a result for each finding and for each missing answer, and the verdicts among its properties.
/// `rules` is the table of rules.
///
/// # Errors
/// What the writer says.
pub fn log(out: &mut dyn Write, report: &Report, rules: &Rules) -> io::Result<()> {
    let mut descriptors: Vec<Descriptor> = rules.rules.iter().map(descriptor).collect();
    descriptors.push(no_answer());
    let mut results = Results::new(&descriptors);
    for result in &report.results {
        results.add(result);
    }
    let notifications = report.results.iter().filter_map(|result| {
        Some(Notification {
            level: Level::Error,
            message: message(result.error.as_deref()?),
        })
    });
    let notifications: Vec<Notification> = notifications.collect();
    let log = Log {
        schema: Log::SCHEMA,
        version: "2.1.0",
        runs: [Run {
            tool: Tool {
                driver: Driver {
                    name: report.tool.name,
                    version: report.tool.version,
                    rules: descriptors,
                },
            },
            invocations: [Invocation {
                execution_successful: notifications.is_empty(),
                tool_execution_notifications: notifications,
            }],
            artifacts: results.artifacts.into_list(),
            results: results.list,
            properties: RunProperties {
                source: report.source.clone(),
                deep: report.deep,
                verdicts: report.results.iter().map(verdict).collect(),
            },
        }],
    };
    json::write(out, &log)
}

fn message(text: &str) -> Message {
    Message {
        text: plain_text(text),
    }
}

fn descriptor(rule: &Rule) -> Descriptor {
    let sources: Vec<String> = rule
        .sources
        .iter()
        .map(|source| plain_text(source))
        .collect();
    Descriptor {
        id: rule.id.clone(),
        name: rule.name.clone(),
        short_description: message(&rule.summary),
        full_description: paragraphs(&rule.explanation),
        help_uri: help_uri(REPOSITORY, &rule.id),
        help: Message {
            text: format!(
                "{}\n\nSources: {}.\n\n`hwcr explain {}` tells the same.",
                paragraphs(&rule.explanation).text,
                sources.join("; "),
                rule.id
            ),
        },
    }
}

/// Where `docs/rules.md` has the rule.
fn help_uri(repository: &str, rule: &str) -> Option<String> {
    let home = repository.trim_end_matches('/');
    (!home.is_empty()).then(|| {
        let anchor = rule.to_lowercase();
        format!("{home}/blob/main/docs/rules.md#{anchor}")
    })
}

/// A text of several lines; an empty one breaks paragraphs.
fn paragraphs(text: &str) -> Message {
    let paragraphs: Vec<String> = text
        .split("\n\n")
        .map(|paragraph| plain_text(&paragraph.split_whitespace().collect::<Vec<_>>().join(" ")))
        .collect();
    Message {
        text: paragraphs.join("\n\n"),
    }
}

fn no_answer() -> Descriptor {
    Descriptor {
        id: NO_ANSWER.to_owned(),
        name: NO_ANSWER.to_owned(),
        short_description: message("The image or the target's profile cannot be read."),
        full_description: message(
            "Nothing is known of this image on this target. That is no verdict, and a pipeline must not take it for one.",
        ),
        help_uri: None,
        help: message("The message says what was found, where, and what to do."),
    }
}

fn verdict(result: &CheckResult) -> Pair {
    Pair {
        image: result.image.clone(),
        target: result.target.clone(),
        verdict: result.verdict.map_or(NO_ANSWER, Verdict::word),
    }
}

/// The results so far, and what they share.
struct Results {
    list: Vec<SarifResult>,
    artifacts: Artifacts,
    /// Where each rule is in the list of descriptors.
    rules: HashMap<String, usize>,
    /// How often each fingerprint was made.
    made: HashMap<String, usize>,
}

impl Results {
    fn new(descriptors: &[Descriptor]) -> Self {
        let rules = descriptors.iter().enumerate();
        Self {
            list: Vec::new(),
            artifacts: Artifacts::default(),
            rules: rules.map(|(at, rule)| (rule.id.clone(), at)).collect(),
            made: HashMap::new(),
        }
    }

    fn add(&mut self, result: &CheckResult) {
        for finding in result.findings.iter().flatten() {
            let found = self.found(result, finding);
            self.list.push(found);
        }
        if let Some(error) = &result.error {
            let unread = self.unread(result, error);
            self.list.push(unread);
        }
    }

    fn found(&mut self, result: &CheckResult, finding: &Finding) -> SarifResult {
        let help = finding
            .help
            .as_ref()
            .map(|help| format!(" {help}"))
            .unwrap_or_default();
        let text = format!("On {}: {}.{help}", result.target, finding.message);
        SarifResult {
            rule_id: finding.rule.clone(),
            rule_index: self.rules.get(&finding.rule).copied(),
            level: match finding.severity {
                Severity::Blocker => Level::Error,
                Severity::Unproven => Level::Warning,
                Severity::Note => Level::Note,
            },
            message: message(&text),
            locations: [Location {
                physical_location: PhysicalLocation {
                    artifact_location: self.artifacts.locate(result, finding.file.as_deref()),
                    region: finding.offset.map(|offset| Region {
                        byte_offset: offset,
                        byte_length: finding.length,
                    }),
                },
                logical_locations: logical(finding),
            }],
            partial_fingerprints: self.fingerprint(result, &finding.rule, &finding.features),
            suppressions: suppressions(finding),
            properties: Properties {
                image: result.image.clone(),
                target: result.target.clone(),
                proof: Some(finding.proof.clone()),
                pid: finding.pid,
                tid: finding.tid,
                address: finding.address.map(|address| address.to_string()),
                features: finding.features.clone(),
                members: finding.members.clone(),
                edits: finding.edits.clone(),
            },
        }
    }

    fn unread(&mut self, result: &CheckResult, error: &str) -> SarifResult {
        SarifResult {
            rule_id: NO_ANSWER.to_owned(),
            rule_index: self.rules.get(NO_ANSWER).copied(),
            level: Level::Error,
            message: message(&format!("No answer for {}: {error}", result.target)),
            locations: [Location {
                physical_location: PhysicalLocation {
                    artifact_location: self.artifacts.locate(result, None),
                    region: None,
                },
                logical_locations: Vec::new(),
            }],
            partial_fingerprints: self.fingerprint(result, NO_ANSWER, &[]),
            suppressions: Vec::new(),
            properties: Properties {
                image: result.image.clone(),
                target: result.target.clone(),
                proof: None,
                pid: None,
                tid: None,
                address: None,
                features: Vec::new(),
                members: Vec::new(),
                edits: Vec::new(),
            },
        }
    }

    /// What stays the same from dump to dump and from version to version: the rule, the names of image and target, and
    /// the features. Ids, addresses, offsets and sentences do not; findings that differ in nothing else are numbered.
    fn fingerprint(
        &mut self,
        result: &CheckResult,
        rule: &str,
        features: &[String],
    ) -> BTreeMap<&'static str, String> {
        let mut hash = Sha256::new();
        let names = [rule, &result.image, &result.target];
        for part in names.into_iter().chain(features.iter().map(String::as_str)) {
            // The length first: parts must not run into each other.
            hash.update((part.len() as u64).to_le_bytes());
            hash.update(part);
        }
        let digest: String = hash
            .finalize()
            .iter()
            .take(16)
            .map(|byte| format!("{byte:02x}"))
            .collect();
        let number = self.made.entry(digest.clone()).or_default();
        *number += 1;
        BTreeMap::from([(FINGERPRINT, format!("{digest}:{number}"))])
    }
}

/// The task and the thread.
fn logical(finding: &Finding) -> Vec<LogicalLocation> {
    let named = |kind, id: Option<u32>| {
        id.map(|id| LogicalLocation {
            name: id.to_string(),
            kind,
        })
    };
    named("process", finding.pid)
        .into_iter()
        .chain(named("thread", finding.tid))
        .collect()
}

fn suppressions(finding: &Finding) -> Vec<Suppression> {
    let accepted = finding.accepted.then_some(Suppression {
        kind: "external",
        status: "accepted",
        justification: match &finding.reason {
            Some(reason) => plain_text(reason),
            None => "accepted with --accept".to_owned(),
        },
    });
    accepted.into_iter().collect()
}

#[cfg(test)]
mod tests {
    use super::help_uri;

    #[test]
    fn a_rule_has_a_page_where_the_project_has_a_home() {
        assert_eq!(help_uri("", "HWCR-SVE-001"), None);
        assert_eq!(
            help_uri("https://example.org/hwcr/", "HWCR-SVE-001").as_deref(),
            Some("https://example.org/hwcr/blob/main/docs/rules.md#hwcr-sve-001")
        );
    }
}
