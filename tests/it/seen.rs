//! The restores that rules name as what shows them, against the tables of the lab.

use crate::held;

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use hwcr::criu_image;
use hwcr::facts;
use hwcr::finding::Severity;
use hwcr::input::{self, Options};
use hwcr::rule::{self, Case};
use hwcr::rule_id::RuleId;

/// A table, and where its images and machines lie.
struct Table {
    cells: &'static str,
    folder: &'static str,
    ending: &'static str,
}

const TABLES: &[Table] = &[
    Table {
        cells: "tests/fixtures/truth.tsv",
        folder: "tests/fixtures",
        ending: "",
    },
    Table {
        cells: "tests/fixtures/cross/cells.tsv",
        folder: "tests/fixtures/cross",
        ending: ".tar.gz",
    },
    Table {
        cells: "tests/fixtures/pages/cells.tsv",
        folder: "tests/fixtures/pages",
        ending: ".tar.gz",
    },
    Table {
        cells: "tests/fixtures/floors/cells.tsv",
        folder: "tests/fixtures/floors",
        ending: ".tar.gz",
    },
];

/// By rule and restore, as rules name it: the worst that is found there, with the source named.
type Found = BTreeMap<(RuleId, String), Severity>;

fn found() -> Found {
    let mut found = Found::new();
    for table in TABLES {
        let profile = held::machines(table.folder);
        let mut by_image: BTreeMap<String, Vec<held::Row>> = BTreeMap::new();
        for row in held::rows(table.cells) {
            by_image.entry(row.image.clone()).or_default().push(row);
        }
        for (name, rows) in by_image {
            let path = PathBuf::from(format!("{}/images/{name}{}", table.folder, table.ending));
            // Some were dumped for another table.
            if !path.exists() {
                continue;
            }
            let reading = Options {
                wanted: criu_image::is_read,
                ..Options::default()
            };
            let opened = input::open(&path, &reading).unwrap();
            let checkpoint = criu_image::load_from(&opened.images).unwrap();
            let facts = facts::collect(&checkpoint, facts::Search::Auto);
            let source = profile(&held::source_of(&name));
            for row in rows {
                let target = profile(&row.target);
                let case = Case {
                    facts: &facts,
                    target: &target,
                    source: Some(&source),
                };
                let restore = format!("{name} on {}: {}", row.target, row.outcome);
                for finding in rule::judge(&case, &[]).findings {
                    // Findings come worst first.
                    found
                        .entry((finding.rule.id, restore.clone()))
                        .or_insert(finding.severity);
                }
            }
        }
    }
    found
}

#[test]
fn what_rules_name_was_seen_and_no_rule_hides_what_was() {
    let found = found();
    let shown: BTreeSet<RuleId> = found.keys().map(|(rule, _)| *rule).collect();
    let mut wrong = Vec::new();
    // No restore shows that something is taken as given.
    let all = rule::all().map(|rule| &rule.meta);
    for rule in all.filter(|rule| !rule::is_given(rule)) {
        if rule.seen.is_empty() && shown.contains(&rule.id) {
            let (restore, _) = found.iter().find(|((id, _), _)| *id == rule.id).unwrap();
            wrong.push(format!(
                "{} names none of its restores: {}",
                rule.id, restore.1
            ));
        }
        for restore in rule.seen {
            match found.get(&(rule.id, (*restore).to_owned())) {
                Some(Severity::Note) if !restore.ends_with(": PASS") => {
                    wrong.push(format!("{} is but a note for {restore}", rule.id));
                }
                Some(_) => {}
                None => wrong.push(format!("{} is not found for {restore}", rule.id)),
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
