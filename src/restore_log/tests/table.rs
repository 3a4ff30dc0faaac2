//! Every row of the table holds what it must, knows its lines and leaves near misses alone.

use std::collections::{BTreeMap, BTreeSet};

use crate::finding::Phase;
use crate::restore_log::pattern::{self, KINDS, Part};
use crate::restore_log::row::{Form, Role, Row};
use crate::restore_log::rows;
use crate::rule;
use crate::rule_id::Family;

use super::log;

/// Lines with the row that knows them, or must not.
const MESSAGES: &str = include_str!("../../../tests/fixtures/logs/messages.tsv");

#[test]
fn ids_are_their_own_and_say_who_writes() {
    let mut seen = BTreeSet::new();
    for row in rows::all() {
        assert!(seen.insert(row.id), "{} twice", row.id);
        let writer = row.id.split('-').next().unwrap();
        let expected: &[&str] = match row.form {
            Form::Error | Form::Info | Form::Inferred => &["criu"],
            Form::Jvm => &["jvm"],
            Form::Kernel => &["kernel"],
            Form::Tool => &["tool", "journal"],
        };
        assert!(expected.contains(&writer), "{}", row.id);
    }
}

#[test]
fn rows_say_what_they_must() {
    for row in rows::all() {
        assert!(
            !row.sources.is_empty() && !row.summary.is_empty(),
            "{}",
            row.id
        );
        // What is inferred has no message of its own.
        assert_eq!(
            row.patterns.is_empty(),
            row.form == Form::Inferred,
            "{}",
            row.id
        );
        if matches!(row.role, Role::Cause(_) | Role::Symptom(_) | Role::Hint) {
            assert!(
                !row.explanation.is_empty() && !row.help.is_empty(),
                "{}",
                row.id
            );
        }
        // "BUG at FILE:LINE" names it in its text.
        if row.form == Form::Error && row.id != "criu-bug" {
            assert!(
                !row.files.is_empty(),
                "{}: an error names its source file",
                row.id
            );
        }
        for sentence in [row.summary, row.explanation, row.help] {
            assert!(!sentence.contains("  "), "{}: {sentence}", row.id);
            assert!(
                sentence.is_empty() || sentence.ends_with(['.', '!']),
                "{}: {sentence}",
                row.id
            );
        }
    }
}

#[test]
fn patterns_are_expressions_with_kinds_that_exist() {
    for row in rows::all() {
        for text in row.patterns {
            assert!(pattern::compile(text, "").is_some(), "{}: {text}", row.id);
            for value in text.split('{').skip(1) {
                let value = value.split('}').next().unwrap();
                let kind = value.rsplit(':').next().unwrap();
                assert!(
                    KINDS.iter().any(|(name, _)| *name == kind),
                    "{}: {{{value}}} has no kind",
                    row.id
                );
            }
        }
    }
}

/// A sentence may name a value only where every wording of the message has it.
#[test]
fn sentences_name_values_the_message_has() {
    for row in rows::all() {
        for sentence in [row.summary, row.explanation, row.help] {
            for part in pattern::parts(sentence) {
                let Part::Value(name, _) = part else { continue };
                if let Some((name, _)) = name.split_once('|') {
                    let known = |text| pattern::names(text).any(|known| known == name);
                    let anywhere = row.patterns.iter().copied().any(known);
                    assert!(anywhere || row.after.contains(&name), "{}: {name}", row.id);
                    continue;
                }
                let everywhere = row
                    .patterns
                    .iter()
                    .all(|text| pattern::names(text).any(|known| known == name));
                assert!(
                    everywhere || row.after.contains(&name) || excused(row, name),
                    "{}: {name} is not in every wording",
                    row.id
                );
            }
        }
    }
}

/// Wordings without the value say "(not named)"; accepted where the sentence stays right.
fn excused(row: &Row, name: &str) -> bool {
    matches!(
        (row.id, name),
        ("criu-cgroup-move" | "criu-cgroup-make", "errno")
    )
}

#[test]
fn rows_know_their_lines_and_leave_near_misses() {
    let mut cases: BTreeMap<&str, (usize, usize)> = BTreeMap::new();
    for line in MESSAGES.lines().filter(|line| !line.starts_with('#')) {
        let mut cells = line.splitn(3, '\t');
        let (id, sign, text) = (
            cells.next().unwrap(),
            cells.next().unwrap(),
            cells.next().unwrap(),
        );
        assert!(rows::all().any(|row| row.id == id), "{id} is no row");
        let found = known(&text.replace("\\n", "\n"));
        let count = cases.entry(id).or_default();
        if sign == "+" {
            assert!(
                found.contains(&id),
                "{id} does not know: {text}\nit is {found:?}"
            );
            count.0 += 1;
        } else {
            assert_eq!(sign, "-", "{line}");
            assert!(!found.contains(&id), "{id} takes: {text}");
            count.1 += 1;
        }
    }
    for row in rows::all().filter(|row| row.form != Form::Inferred) {
        let (good, near) = cases.get(row.id).copied().unwrap_or_default();
        assert!(
            good > 0 && near > 0,
            "{}: {good} lines, {near} near misses in messages.tsv",
            row.id
        );
    }
}

/// Ids of the rows that know lines, those of context included.
fn known(text: &str) -> Vec<&'static str> {
    let log = log(text);
    let last = log
        .run
        .iter()
        .filter_map(|run| Some(run.last.as_ref()?.row?.id));
    last.chain(super::ids(&log)).collect()
}

/// A row that stands for messages written often is one that exists, knows the same messages, and is not
/// found by them alone.
#[test]
fn rows_by_count_know_the_same_messages() {
    let order: Vec<&str> = rows::all().map(|row| row.id).collect();
    let place = |id: &str| order.iter().position(|known| *known == id).unwrap();
    for row in rows::all() {
        let Some((many, other)) = row.many else {
            continue;
        };
        let often = rows::find(other).unwrap();
        assert!(many > 1, "{}", row.id);
        assert_eq!(row.patterns, often.patterns, "{}", row.id);
        assert!(place(row.id) < place(other), "{}", row.id);
    }
}

/// Every rule strikes during the restore or after it, except those on profiles, on journals and on what is taken as given.
#[test]
fn every_rule_has_its_time() {
    for rule in rule::all() {
        let id = rule.meta.id;
        let silent = id == rule::REWRITTEN || matches!(id.family(), Family::Prf | Family::Giv);
        assert_eq!(rule.meta.phase == Phase::None, silent, "{id}");
    }
}
