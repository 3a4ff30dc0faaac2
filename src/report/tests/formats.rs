//! Reports of a check in every format, with names and sentences made to break out.

use proptest::prelude::*;
use pulldown_cmark::{Event, Options, Parser, Tag, TagEnd};
use serde_json::Value;

use super::json_schema::Schema;
use super::{assert_valid, samples};
use crate::report::escape::tests::tricky;
use crate::report::layout::visible;
use crate::report::v1::{CheckResult, Finding, Report, ResultLine, Severity, Tool, Verdict};
use crate::report::{escape, from_judgement, github, json, junit, markdown, sarif};
use crate::rule;

#[path = "../../../tests/it/support/xsd.rs"]
mod xsd;

const SARIF: &str = include_str!("../../../tests/fixtures/schemas/sarif-schema-2.1.0.json");
const JUNIT: &str = include_str!("../../../tests/fixtures/schemas/junit-10.xsd");

fn sarif_validator() -> Schema {
    // The pattern of languages, which are not written here, has a bracket too many to be read as a pattern.
    let text = SARIF.replace("{2}]?$", "{2}$");
    assert_ne!(text, SARIF);
    let schema: Value = serde_json::from_str(&text).unwrap();
    Schema::new(&schema)
}

fn written(write: impl FnOnce(&mut Vec<u8>) -> std::io::Result<()>) -> String {
    let mut out = Vec::new();
    write(&mut out).unwrap();
    String::from_utf8(out).unwrap()
}

fn as_sarif(report: &Report) -> Value {
    let rules = from_judgement::rules(rule::all().map(|rule| &rule.meta));
    serde_json::from_str(&written(|out| sarif::log(out, report, &rules))).unwrap()
}

fn line(result: &CheckResult) -> ResultLine {
    ResultLine {
        schema: ResultLine::SCHEMA,
        tool: Tool::this(),
        source: None,
        deep: false,
        result: result.clone(),
    }
}

/// A result in which every text is one of these.
fn result(texts: &[String], kind: u8) -> CheckResult {
    let text = |at: usize| texts[at % texts.len()].clone();
    let finding = |severity| Finding {
        pid: Some(1),
        tid: Some(2),
        file: Some(text(2)),
        offset: Some(3),
        features: vec![text(3)],
        have: Some(text(4)),
        need: Some(text(5)),
        help: Some(text(6)),
        members: vec![text(7)],
        accepted: severity == Severity::Note,
        ..samples::finding("HWCR-SVE-001", severity, &text(8))
    };
    let (image, target) = (text(0), text(1));
    let judged =
        |verdict, severity| samples::result(&image, &target, verdict, vec![finding(severity)]);
    let mut result = match kind % 4 {
        0 => judged(Verdict::Compatible, Severity::Note),
        1 => judged(Verdict::Indeterminate, Severity::Unproven),
        2 => judged(Verdict::Incompatible, Severity::Blocker),
        _ => CheckResult {
            error: Some(text(9)),
            ..samples::unread(&image, &target)
        },
    };
    result.form = (kind % 8 > 3).then(|| "tar".to_owned());
    result
}

fn reports() -> impl Strategy<Value = Report> {
    let results = (proptest::collection::vec(tricky(), 10), any::<u8>())
        .prop_map(|(texts, kind)| result(&texts, kind));
    proptest::collection::vec(results, 1..4).prop_map(samples::report)
}

fn assert_sarif(validator: &Schema, report: &Report) {
    let log = as_sarif(report);
    assert_valid(validator, &log);
    let run = &log["runs"][0];
    let results = run["results"].as_array().unwrap();
    let wanted: usize = report
        .results
        .iter()
        .map(|result| result.findings.as_ref().map_or(1, Vec::len))
        .sum();
    assert_eq!(results.len(), wanted);
    let mut fingerprints = Vec::new();
    for result in results {
        let index = usize::try_from(result["ruleIndex"].as_u64().unwrap()).unwrap();
        assert_eq!(
            run["tool"]["driver"]["rules"][index]["id"],
            result["ruleId"]
        );
        let location = &result["locations"][0]["physicalLocation"]["artifactLocation"];
        let index = usize::try_from(location["index"].as_u64().unwrap()).unwrap();
        assert_eq!(run["artifacts"][index]["location"]["uri"], location["uri"]);
        fingerprints.push(
            result["partialFingerprints"]["hwcrFinding/v1"]
                .as_str()
                .unwrap(),
        );
    }
    fingerprints.sort_unstable();
    fingerprints.dedup();
    assert_eq!(fingerprints.len(), results.len());
    assert_eq!(
        run["invocations"][0]["executionSuccessful"],
        report.results.iter().all(|result| result.error.is_none())
    );
}

fn assert_junit(report: &Report) {
    let text = written(|out| junit::suites(out, report));
    let document = roxmltree::Document::parse(&text).unwrap();
    xsd::check(JUNIT, &document);
    let cases: Vec<_> = document
        .descendants()
        .filter(|node| node.has_tag_name("testcase"))
        .collect();
    assert_eq!(cases.len(), report.results.len());
    for (case, result) in cases.iter().zip(&report.results) {
        let name = |name| case.attribute(name).unwrap();
        assert_eq!(name("name"), escape::xml(&result.target));
        assert_eq!(name("classname"), escape::xml(&result.image));
        let told = case
            .first_element_child()
            .map(|node| node.tag_name().name());
        let wanted = match result.verdict {
            Some(Verdict::Compatible) => {
                let silent = result.findings.iter().flatten().next().is_none();
                (!silent).then_some("system-out")
            }
            Some(_) => Some("failure"),
            None => Some("error"),
        };
        assert_eq!(told, wanted);
    }
}

fn assert_github(report: &Report) {
    let text = written(|out| github::commands(out, report));
    let lines: Vec<&str> = text.split_terminator('\n').collect();
    let told = report
        .results
        .iter()
        .filter(|result| result.verdict != Some(Verdict::Compatible));
    // Each of the findings here differs from the others.
    assert!(lines.len() > told.count());
    for line in &lines {
        let (head, message) = line.strip_prefix("::").unwrap().split_once("::").unwrap();
        assert!(
            ["error ", "warning ", "notice "]
                .iter()
                .any(|level| head.starts_with(level))
        );
        assert!(!message.is_empty());
        assert!(line.chars().all(|c| !c.is_control()), "{line:?}");
    }
    assert!(lines.last().unwrap().starts_with("::notice title=hwcr::"));
}

/// What is rendered has the cells and folds it should have, and nothing in them is markup.
fn assert_markdown(report: &Report) {
    let text = written(|out| markdown::page(out, report, None));
    let (mut rows, mut codes, mut blocks) = (0, Vec::new(), 0);
    for event in Parser::new_ext(&text, Options::all()) {
        match event {
            Event::Start(Tag::TableRow) => rows += 1,
            Event::Start(Tag::CodeBlock(_)) => blocks += 1,
            Event::Code(text) => codes.push(text.into_string()),
            Event::Html(html) | Event::InlineHtml(html) => {
                let tags: Vec<&str> = html
                    .split('<')
                    .skip(1)
                    .map(|tag| tag.split_once('>').unwrap().0)
                    .collect();
                let known = [
                    "details", "/details", "summary", "/summary", "code", "/code",
                ];
                assert!(tags.iter().all(|tag| known.contains(tag)), "{html}");
            }
            Event::Start(
                Tag::Link { .. }
                | Tag::Image { .. }
                | Tag::List(_)
                | Tag::FootnoteDefinition(_)
                | Tag::BlockQuote(_),
            )
            | Event::End(TagEnd::Link | TagEnd::Image)
            | Event::InlineMath(_)
            | Event::DisplayMath(_)
            | Event::FootnoteReference(_)
            | Event::Rule => panic!("{event:?} in {text}"),
            _ => {}
        }
    }
    assert_eq!(rows, report.results.len());
    let wanted: Vec<String> = report
        .results
        .iter()
        .flat_map(|result| [&result.image, &result.target])
        .filter(|name| !name.is_empty())
        .map(|name| escape::code(name).trim_matches('`').to_owned())
        .collect();
    assert_eq!(codes, wanted);
    let told = |result: &&CheckResult| {
        result.error.is_some() || result.findings.iter().flatten().next().is_some()
    };
    assert_eq!(blocks, report.results.iter().filter(told).count());
}

fn assert_lines(report: &Report) {
    for result in &report.results {
        let text = written(|out| json::line(out, &line(result)));
        assert_eq!(text.matches('\n').count(), 1);
        let read: Value = serde_json::from_str(&text).unwrap();
        assert_eq!(read, serde_json::to_value(line(result)).unwrap());
    }
}

#[test]
fn samples_satisfy_every_format() {
    let validator = sarif_validator();
    let lines = super::validator("result");
    for report in [
        samples::matrix(),
        samples::report(Vec::new()),
        samples::report(vec![samples::incompatible()]),
    ] {
        assert_sarif(&validator, &report);
        assert_junit(&report);
        assert_github(&report);
        assert_markdown(&report);
        assert_lines(&report);
        for result in &report.results {
            assert_valid(&lines, &serde_json::to_value(line(result)).unwrap());
        }
    }
}

#[test]
fn the_sarif_schema_refuses_what_is_wrong() {
    let validator = sarif_validator();
    let good = as_sarif(&samples::matrix());
    assert!(validator.is_valid(&good));
    for (place, value) in [
        ("/version", "2.0.0".into()),
        ("/runs/0/results/0/level", "fatal".into()),
        ("/runs/0/artifacts/0/location/uri", "a b".into()),
        (
            "/runs/0/results/0/locations/0/physicalLocation/region/byteOffset",
            "0".into(),
        ),
    ] {
        let mut bad = good.clone();
        *bad.pointer_mut(place).unwrap() = value;
        assert!(!validator.is_valid(&bad), "{place}");
    }
}

#[test]
fn a_summary_keeps_to_its_size_and_says_what_is_left_out() {
    let many = vec![samples::incompatible(); 200];
    let report = samples::report(many);
    let whole = written(|out| markdown::page(out, &report, None));
    assert!(!whole.contains("has no room here") && !whole.contains("have no room here"));
    let mut seen = Vec::new();
    for limit in [600, 5_000, 20_000, 100_000] {
        let page = written(|out| markdown::page(out, &report, Some(limit)));
        assert!(page.len() <= limit, "{limit}: {}", page.len());
        assert!(page.contains("no room here"), "{limit}");
        // Nothing is cut in its middle.
        assert_eq!(
            page.matches("<details>").count(),
            page.matches("</details>").count()
        );
        seen.push(page.matches("<details>").count());
    }
    assert!(seen.is_sorted() && seen[0] == 0 && seen[3] > 0, "{seen:?}");
}

#[test]
fn fingerprints_outlive_a_new_dump() {
    let report = samples::report(vec![samples::incompatible()]);
    let mut other = report.clone();
    for finding in other.results[0].findings.iter_mut().flatten() {
        finding.pid = Some(99);
        finding.offset = Some(7);
        finding.address = None;
        finding.message = "said otherwise".to_owned();
    }
    let prints = |report: &Report| -> Vec<Value> {
        let log = as_sarif(report);
        let results = log["runs"][0]["results"].as_array().unwrap();
        results
            .iter()
            .map(|result| result["partialFingerprints"].clone())
            .collect()
    };
    assert_eq!(prints(&other), prints(&report));
    other.results[0].target = "max".to_owned();
    assert_ne!(prints(&other), prints(&report));
}

#[test]
fn a_file_of_an_archive_lies_in_the_archive() {
    let mut result = samples::incompatible();
    result.image = "cp #1.tar".to_owned();
    result.form = Some("tar".to_owned());
    let log = as_sarif(&samples::report(vec![result]));
    let artifacts = &log["runs"][0]["artifacts"];
    assert_eq!(artifacts[0]["location"]["uri"], "cp%20%231.tar");
    assert_eq!(artifacts[1]["location"]["uri"], "/pages-1.img");
    assert_eq!(artifacts[1]["parentIndex"], 0);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn nothing_breaks_out_of_any_format(report in reports()) {
        assert_sarif(&VALIDATOR, &report);
        assert_junit(&report);
        assert_github(&report);
        assert_markdown(&report);
        assert_lines(&report);
        for result in &report.results {
            prop_assert!(visible(&result.image).chars().all(|c| !c.is_control()));
        }
    }
}

static VALIDATOR: std::sync::LazyLock<Schema> = std::sync::LazyLock::new(sarif_validator);
