//! Renderers, schemas, and what must not come out.

use std::io;

use proptest::prelude::*;
use serde_json::Value;

use super::layout::{Page, bytes, plain, styled};
use super::v1::inspect::Inspect;
use super::v1::log::LogReport;
use super::v1::profile::{ProfileDiff, ProfileShow};
use super::v1::rewrite::Rewrite;
use super::v1::{Report, ResultLine, Rules, Verdict};
use super::{from_profile, inspect_text, rules_text, samples, schema, style, text};

mod formats;
mod from_facts;
#[path = "../../tests/it/support/json_schema.rs"]
mod json_schema;

use json_schema::Schema;

fn coloured(width: usize, write: impl FnOnce(&mut Page<'_>) -> io::Result<()>) -> String {
    let mut out = Vec::new();
    write(&mut Page::new(&mut out, width)).unwrap();
    String::from_utf8(out).unwrap()
}

fn rendered(width: usize, write: impl FnOnce(&mut Page<'_>) -> io::Result<()>) -> String {
    anstream::adapter::strip_str(&coloured(width, write)).to_string()
}

/// Every line fits, unless it is one word that cannot be broken.
fn assert_fits(text: &str, width: usize) {
    for line in text.lines() {
        assert!(
            line.chars().count() <= width || !line.trim().contains(' '),
            "{width}: {line:?}"
        );
        assert_eq!(line, line.trim_end(), "blanks at the end of a line");
    }
}

#[test]
fn a_check_as_text() {
    let report = samples::report(vec![samples::incompatible()]);
    assert_eq!(report.results[0].counts, Some(samples::counts()));
    insta::assert_snapshot!(rendered(80, |page| text::check(page, &report, false)));
}

#[test]
fn a_check_of_several_images_as_text() {
    let report = samples::matrix();
    insta::assert_snapshot!(rendered(80, |page| text::check(page, &report, false)));
}

#[test]
fn a_brief_check() {
    let report = samples::matrix();
    insta::assert_snapshot!(rendered(80, |page| text::check(page, &report, true)));
}

#[test]
fn a_check_on_a_narrow_terminal() {
    let report = samples::matrix();
    insta::assert_snapshot!(rendered(40, |page| text::check(page, &report, false)));
}

#[test]
fn colour_underlines_words() {
    let report = samples::report(vec![samples::result(
        "a",
        "b",
        Verdict::Compatible,
        Vec::new(),
    )]);
    let text = coloured(80, |page| text::check(page, &report, false));
    assert!(
        text.contains("\u{1b}[32m") && text.contains("compatible"),
        "{text:?}"
    );
}

#[test]
fn a_check_as_json() {
    insta::assert_json_snapshot!(samples::matrix());
}

#[test]
fn an_inspection_as_text() {
    let report = samples::inspect_brief();
    insta::assert_snapshot!(rendered(80, |page| inspect_text::inspect(
        page, &report, false
    )));
}

#[test]
fn an_inspection_as_verbose_text() {
    let report = samples::inspect();
    insta::assert_snapshot!(rendered(100, |page| inspect_text::inspect(
        page, &report, true
    )));
}

#[test]
fn an_inspection_as_json() {
    insta::assert_json_snapshot!(samples::inspect_brief());
}

#[test]
fn a_rule_as_text() {
    insta::assert_snapshot!(rendered(80, |page| rules_text::explain(
        page,
        &samples::rule()
    )));
}

fn rules() -> Rules {
    let tool = super::v1::Tool {
        name: "hwcr",
        version: "0.0.0",
    };
    Rules {
        schema: Rules::SCHEMA,
        tool,
        rules: vec![samples::rule(), samples::rule()],
    }
}

#[test]
fn rules_as_markdown() {
    let mut out = Vec::new();
    rules_text::markdown(&mut out, &rules()).unwrap();
    insta::assert_snapshot!(String::from_utf8(out).unwrap());
}

#[test]
fn every_text_fits_every_width() {
    for width in [60, 72, 80, 100, 132, 200] {
        assert_fits(
            &rendered(width, |page| text::check(page, &samples::matrix(), false)),
            width,
        );
        assert_fits(
            &rendered(width, |page| {
                inspect_text::inspect(page, &samples::inspect(), true)
            }),
            width,
        );
        assert_fits(
            &rendered(width, |page| rules_text::explain(page, &samples::rule())),
            width,
        );
        assert_fits(
            &rendered(width, |page| rules_text::list(page, &rules())),
            width,
        );
    }
}

#[test]
fn names_from_the_image_cannot_steer_the_terminal() {
    let text = rendered(80, |page| {
        inspect_text::inspect(page, &samples::inspect(), true)
    });
    assert!(text.contains("wo\\u{1b}[2Jrker"));
    assert!(text.chars().all(|c| c == '\n' || !c.is_control()));
    let tricky = rendered(80, |page| {
        page.line(0, 0, &[plain("a\u{202e}b\u{200b}c\nd")])
    });
    assert_eq!(tricky, "a\\u{202e}b\\u{200b}c\\u{a}d\n");
}

#[test]
fn sizes_are_exact_when_small() {
    let cases = [
        (0, "0 B"),
        (1023, "1023 B"),
        (1024, "1 KiB"),
        (1536, "1.5 KiB"),
        ((1 << 20) - 1, "1023.9 KiB"),
        (3 << 30, "3 GiB"),
        (u64::MAX, "15.9 EiB"),
    ];
    for (count, expected) in cases {
        assert_eq!(bytes(count), expected);
    }
}

proptest! {
    #[test]
    fn wrapping_keeps_every_word_and_the_width(
        words in proptest::collection::vec("[a-z0-9:/]{1,30}", 1..40),
        width in 12..120_usize,
        hang in 0..10_usize,
    ) {
        let spans: Vec<_> = words
            .iter()
            .enumerate()
            .flat_map(|(at, word)| [styled(if at % 2 == 0 { style::BAD } else { style::PLAIN }, word), plain(" ")])
            .collect();
        let shown = rendered(width, |page| page.line(0, hang, &spans));
        let back: Vec<&str> = shown.split_whitespace().collect();
        prop_assert_eq!(back, words.iter().map(String::as_str).collect::<Vec<_>>());
        for line in shown.lines() {
            prop_assert!(line.len() <= width || !line.trim().contains(' '), "{:?}", line);
        }
    }
}

/// The text of a generated schema.
fn generated<T: schemars::JsonSchema>() -> String {
    let settings = schemars::generate::SchemaSettings::draft2020_12().for_serialize();
    let schema = settings.into_generator().into_root_schema_for::<T>();
    serde_json::to_string_pretty(&schema).unwrap() + "\n"
}

#[test]
fn committed_schemas_are_those_of_the_structures() {
    for (name, text) in [
        ("report", generated::<Report>()),
        ("result", generated::<ResultLine>()),
        ("inspect", generated::<Inspect>()),
        ("rules", generated::<Rules>()),
        ("rewrite", generated::<Rewrite>()),
        ("log", generated::<LogReport>()),
        ("profile-show", generated::<ProfileShow>()),
        ("profile-diff", generated::<ProfileDiff>()),
    ] {
        let document = schema::find(name).unwrap();
        if std::env::var_os("HWCR_BLESS").is_some() {
            let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR"))
                .join("schema")
                .join(document.file);
            std::fs::write(path, &text).unwrap();
        } else {
            assert!(
                document.text == text,
                "schema/{} is stale: run HWCR_BLESS=1 cargo test",
                document.file
            );
        }
    }
}

fn validator(name: &str) -> Schema {
    Schema::new(&serde_json::from_str(schema::find(name).unwrap().text).unwrap())
}

fn assert_valid(validator: &Schema, document: &Value) {
    let complaints = validator.complaints(document);
    assert!(complaints.is_empty(), "{complaints:#?}");
}

#[test]
fn reports_satisfy_their_schemas() {
    let report = validator("report");
    assert_valid(&report, &serde_json::to_value(samples::matrix()).unwrap());
    let inspect = validator("inspect");
    assert_valid(&inspect, &serde_json::to_value(samples::inspect()).unwrap());
    assert_valid(
        &inspect,
        &serde_json::to_value(samples::inspect_brief()).unwrap(),
    );
    assert_valid(&validator("rules"), &serde_json::to_value(rules()).unwrap());
}

#[test]
fn what_is_said_of_profiles_satisfies_its_schemas() {
    let (show, diff) = (validator("profile-show"), validator("profile-diff"));
    let machines: Vec<_> = crate::profile::builtin::names()
        .map(|name| crate::profile::resolve(name).unwrap())
        .collect();
    let source = crate::profile::model::Source::BuiltIn;
    let fleet = crate::profile::baseline("fleet", &machines, &source).unwrap();
    let blank = crate::profile::model::Profile::unknown("blank", source);
    for profile in machines.iter().chain([&fleet, &blank]) {
        let shown = from_profile::show(&profile.name, profile);
        assert_valid(&show, &serde_json::to_value(shown).unwrap());
        let differences = from_profile::diff(["max", &profile.name], [&machines[0], profile]);
        assert_valid(&diff, &serde_json::to_value(differences).unwrap());
    }
}

#[test]
fn the_schema_wants_an_answer_or_an_error() {
    let validator = validator("report");
    let mut document = serde_json::to_value(samples::matrix()).unwrap();
    document["results"][0]["error"] = "both".into();
    assert!(!validator.is_valid(&document));
    let mut document = serde_json::to_value(samples::matrix()).unwrap();
    document["results"][0]
        .as_object_mut()
        .unwrap()
        .remove("verdict");
    assert!(!validator.is_valid(&document));
    let mut document = serde_json::to_value(samples::matrix()).unwrap();
    document["results"][0]["findings"][0]["address"] = 5.into();
    assert!(!validator.is_valid(&document));
}

#[test]
fn built_in_profiles_satisfy_the_profile_schema() {
    let validator = validator("profile");
    let mut count = 0;
    for file in
        std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/src/profile/builtin")).unwrap()
    {
        let text = std::fs::read_to_string(file.unwrap().path()).unwrap();
        assert_valid(&validator, &serde_json::from_str(&text).unwrap());
        count += 1;
    }
    assert!(count > 0);
    let stranger =
        serde_json::json!({"schema": "hwcr-profile/1", "name": "a", "arch": "aarch64", "sev": {}});
    assert!(!validator.is_valid(&stranger));
}
