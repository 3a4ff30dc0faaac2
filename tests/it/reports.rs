//! The reports of `hwcr check` in every format, of real images.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "helpers of tests may fail by panicking"
)]

use crate::json_schema::Schema;
use crate::program;
use crate::xsd;

use std::fs;
use std::io::Read as _;
use std::path::Path;
use std::process::Stdio;

use serde_json::{Value, json};

use program::{hwcr, run, text};

const IMAGES: &str = "tests/fixtures/images";
const FORMATS: [&str; 7] = [
    "text",
    "json",
    "json-lines",
    "sarif",
    "junit",
    "github",
    "markdown",
];

/// An incompatible, an indeterminate and a compatible result, and one without an answer.
fn sample() -> Vec<&'static str> {
    vec![
        "check",
        "tests/fixtures/images/threads@max@new",
        "tests/fixtures/images/idle@cortex-a57@new",
        "no/such/image",
        "--target",
        "neoverse-n1",
        "--target",
        "a64fx",
    ]
}

#[test]
fn every_format_of_real_images() {
    for format in FORMATS.into_iter().filter(|format| *format != "json") {
        let output = run(&[&sample()[..], &["--format", format]].concat());
        assert_eq!(output.status.code(), Some(2), "{format}");
        let mut shown = text(&output.stdout);
        if format == "sarif" {
            // The table of rules is a snapshot elsewhere.
            let mut log: Value = serde_json::from_str(&shown).unwrap();
            let rules = log.pointer_mut("/runs/0/tool/driver/rules").unwrap();
            let rules = rules.as_array_mut().unwrap();
            rules.retain(|rule| rule["id"] == "HWCR-PAC-001" || rule["id"] == "no-answer");
            assert_eq!(rules.len(), 2);
            shown = serde_json::to_string_pretty(&log).unwrap();
        }
        let shown = shown.replace(env!("CARGO_PKG_VERSION"), "VERSION");
        insta::assert_snapshot!(format!("report_{}", format.replace('-', "_")), shown);
    }
}

#[test]
fn lines_are_the_results_of_the_document() {
    let lines = run(&[&sample()[..], &["--format", "json-lines"]].concat());
    let document = run(&[&sample()[..], &["--format", "json"]].concat());
    assert_eq!(lines.status, document.status);
    assert_eq!(lines.stderr, document.stderr);
    let mut document: Value = serde_json::from_slice(&document.stdout).unwrap();
    let results = document["results"].as_array_mut().unwrap();
    let schema = run(&["schema", "result"]).stdout;
    let validator = Schema::new(&serde_json::from_slice(&schema).unwrap());
    let lines = text(&lines.stdout);
    assert_eq!(lines.lines().count(), results.len());
    for (line, result) in lines.lines().zip(results) {
        let line: Value = serde_json::from_str(line).unwrap();
        assert!(validator.is_valid(&line), "{line}");
        let result = result.as_object_mut().unwrap();
        result.insert("schema".to_owned(), "hwcr-result/1".into());
        result.insert("deep".to_owned(), false.into());
        result.insert("tool".to_owned(), line["tool"].clone());
        assert_eq!(line.as_object().unwrap(), result);
    }
}

/// All images against machines of all kinds.
#[test]
fn reports_of_all_images_satisfy_the_published_schemas() {
    let mut images: Vec<String> = fs::read_dir(IMAGES)
        .unwrap()
        .map(|entry| entry.unwrap().path().to_str().unwrap().to_owned())
        .collect();
    images.sort();
    let dir = tempfile::tempdir().unwrap();
    let path = |name: &str| dir.path().join(name).to_str().unwrap().to_owned();
    let (sarif, junit) = (path("a.sarif"), path("a.xml"));
    let (to_sarif, to_junit) = (format!("sarif={sarif}"), format!("junit={junit}"));
    let mut args = vec!["check", "-o", &to_sarif, "-o", &to_junit, "--brief"];
    args.extend(["-t", "neoverse-n1", "-t", "a64fx", "-t", "graviton3"]);
    args.extend(images.iter().map(String::as_str));
    assert_eq!(run(&args).status.code(), Some(1));

    let schema = fs::read_to_string("tests/fixtures/schemas/sarif-schema-2.1.0.json").unwrap();
    // As in the tests of the renderer: a pattern with a bracket too many.
    let schema: Value = serde_json::from_str(&schema.replace("{2}]?$", "{2}$")).unwrap();
    let validator = Schema::new(&schema);
    let log: Value = serde_json::from_str(&fs::read_to_string(sarif).unwrap()).unwrap();
    let complaints = validator.complaints(&log);
    assert!(complaints.is_empty(), "{complaints:#?}");
    assert!(log["runs"][0]["results"].as_array().unwrap().len() > 100);

    let text = fs::read_to_string(junit).unwrap();
    let document = roxmltree::Document::parse(&text).unwrap();
    let schema = fs::read_to_string("tests/fixtures/schemas/junit-10.xsd").unwrap();
    xsd::check(&schema, &document);
    let cases = document
        .descendants()
        .filter(|node| node.has_tag_name("testcase"));
    assert_eq!(cases.count(), 3 * images.len());
}

#[test]
fn files_hold_what_would_be_printed() {
    let dir = tempfile::tempdir().unwrap();
    let mut args = sample();
    let files: Vec<String> = FORMATS
        .iter()
        .map(|format| format!("{format}={}", dir.path().join(format).display()))
        .collect();
    for file in &files {
        args.extend(["-o", file]);
    }
    let output = run(&args);
    assert_eq!(output, run(&sample()));
    for format in FORMATS {
        let printed = run(&[&sample()[..], &["--format", format]].concat());
        let held = fs::read(dir.path().join(format)).unwrap();
        assert_eq!(text(&held), text(&printed.stdout), "{format}");
    }
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), FORMATS.len());
    // Quiet concerns the terminal.
    let quiet = run(&[&args[..], &["--quiet", "--format", "json-lines"]].concat());
    assert!(quiet.stdout.is_empty());
    assert_eq!(quiet.status, output.status);
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), FORMATS.len());
}

#[test]
fn a_file_that_cannot_be_written_is_2_and_the_others_are_written() {
    let dir = tempfile::tempdir().unwrap();
    let path = |name: &str| dir.path().join(name).display().to_string();
    let image = "tests/fixtures/images/idle@cortex-a57@new";
    let good = format!("json={}", path("good"));
    let check = |bad: &str| run(&["check", image, "-t", "neoverse-n1", "-o", bad, "-o", &good]);
    // Found while writing: the answer is printed, and every other report written.
    let output = check("junit=/dev/full");
    assert_eq!(output.status.code(), Some(2));
    assert!(text(&output.stdout).contains("compatible"));
    assert!(text(&output.stderr).starts_with("error: cannot write /dev/full: "));
    assert!(Path::new(&path("good")).exists());
    // Found before anything is read.
    for (bad, why) in [
        (
            format!("sarif={}", path("no/such")),
            "its directory cannot be used",
        ),
        (
            format!("sarif={}", dir.path().display()),
            "it is a directory",
        ),
        (
            format!("sarif={}", path("good")),
            "two reports are to go there",
        ),
        (format!("sarif={image}/report.sarif"), "which is read"),
    ] {
        let output = check(&bad);
        assert_eq!(output.status.code(), Some(2), "{bad}");
        assert!(output.stdout.is_empty(), "{bad}");
        assert!(
            text(&output.stderr).contains(why),
            "{}",
            text(&output.stderr)
        );
    }
    assert!(!Path::new(image).join("report.sarif").exists());
    assert_eq!(check("yaml=a").status.code(), Some(2));
    assert_eq!(check("sarif").status.code(), Some(2));
}

#[test]
fn the_summary_of_a_job_is_appended_to() {
    let dir = tempfile::tempdir().unwrap();
    let summary = dir.path().join("summary.md");
    fs::write(&summary, "# Before\n").unwrap();
    let with = |format| {
        hwcr(&[&sample()[..], &["--format", format]].concat())
            .env("GITHUB_STEP_SUMMARY", &summary)
            .output()
            .unwrap()
    };
    with("json");
    assert_eq!(fs::read_to_string(&summary).unwrap(), "# Before\n");
    let output = with("github");
    assert_eq!(output.status.code(), Some(2));
    let markdown = text(&run(&[&sample()[..], &["--format", "markdown"]].concat()).stdout);
    let held = fs::read_to_string(&summary).unwrap();
    assert_eq!(held, format!("# Before\n{markdown}"));

    // What is left of GitHub's mebibyte is all that is used.
    fs::write(&summary, "x".repeat((1 << 20) - 1500)).unwrap();
    with("github");
    let held = fs::read_to_string(&summary).unwrap();
    assert!(
        held.len() <= 1 << 20 && held.contains("no room here"),
        "{}",
        held.len()
    );

    let output = hwcr(&[&sample()[..], &["--format", "github"]].concat())
        .env("GITHUB_STEP_SUMMARY", dir.path())
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(text(&output.stderr).contains("error: cannot write the summary "));
}

/// An image whose name is made to break out of every format.
#[test]
fn a_name_that_breaks_out_of_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let name = "x\n::error::\u{1b}[31m%0A|`<b>&\"]]>\u{202e}[a](b){0}\u{ffff}";
    let image = dir.path().join(name);
    fs::create_dir(&image).unwrap();
    for entry in fs::read_dir("tests/fixtures/images/pac-sig@max@new").unwrap() {
        let entry = entry.unwrap();
        fs::copy(entry.path(), image.join(entry.file_name())).unwrap();
    }
    for format in FORMATS {
        let image = image.to_str().unwrap();
        let output = run(&["check", image, "-t", "neoverse-n1", "--format", format]);
        assert_eq!(output.status.code(), Some(1), "{format}");
        let shown = text(&output.stdout);
        let steers = |c: char| (c != '\n' && c.is_control()) || c == '\u{202e}';
        assert!(!shown.contains(steers), "{format}: {shown:?}");
        let injected = shown
            .lines()
            .any(|line| line.trim_start().starts_with("::error::"));
        assert!(!injected, "{format}: {shown}");
        match format {
            "junit" => drop(roxmltree::Document::parse(&shown).unwrap()),
            "markdown" => assert!(fenced(&shown), "{shown}"),
            _ => {}
        }
    }
}

/// Whether Markdown has `<b>` in code alone.
fn fenced(markdown: &str) -> bool {
    use pulldown_cmark::{Event, Options, Parser};
    Parser::new_ext(markdown, Options::all())
        .all(|event| !matches!(&event, Event::Html(html) | Event::InlineHtml(html) if html.contains("<b>")))
}

#[test]
fn a_reader_that_goes_away_leaves_the_exit_code() {
    let images: Vec<String> = fs::read_dir(IMAGES)
        .unwrap()
        .map(|entry| entry.unwrap().path().to_str().unwrap().to_owned())
        .collect();
    for format in FORMATS {
        let mut args = vec!["check", "--target", "neoverse-n1", "--format", format];
        args.extend(images.iter().map(String::as_str));
        let mut child = hwcr(&args)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        drop(child.stdout.take());
        let mut complaint = String::new();
        let mut stderr = child.stderr.take().unwrap();
        stderr.read_to_string(&mut complaint).unwrap();
        assert_eq!(child.wait().unwrap().code(), Some(1), "{format}");
        assert_eq!(complaint, "", "{format}");
    }
}

#[test]
fn a_full_disk_under_a_report_is_2() {
    for format in FORMATS {
        let full = fs::OpenOptions::new()
            .write(true)
            .open("/dev/full")
            .unwrap();
        let output = hwcr(&[&sample()[..], &["--format", format]].concat())
            .stdout(full)
            .output()
            .unwrap();
        assert_eq!(output.status.code(), Some(2), "{format}");
        let complaint = text(&output.stderr);
        assert!(
            complaint.contains("error: cannot write to standard output: "),
            "{format}: {complaint}"
        );
    }
}

/// What the checker of schemas is worth: each keyword takes one document and refuses another.
#[test]
fn the_checker_of_schemas_refuses() {
    let cases = json!([
        [{"type": ["string", "null"]}, null, 1],
        [{"type": "integer"}, 1, 1.5],
        [{"type": "array", "items": {"type": "boolean"}}, [true], [true, 0]],
        [{"required": ["a"]}, {"a": 1}, {"b": 1}],
        [{"properties": {"a": {"const": 1}}, "additionalProperties": false}, {"a": 1}, {"a": 1, "b": 1}],
        [{"properties": {"a": {"const": 1}}}, {"a": 1}, {"a": 2}],
        [{"additionalProperties": {"type": "string"}}, {"a": ""}, {"a": 1}],
        [{"propertyNames": {"pattern": "^a$"}}, {"a": 1}, {"b": 1}],
        [{"enum": ["a", 1]}, 1, "b"],
        [{"anyOf": [{"const": 1}, {"minimum": 1}]}, 1, 0],
        [{"oneOf": [{"const": 1}, {"minimum": 1}]}, 2, 1],
        [{"minItems": 1}, [1], []],
        [{"uniqueItems": true}, [1, "1"], [{"a": 1}, {"a": 1}]],
        [{"minLength": 2}, "ää", "ä"],
        [{"minimum": 2, "maximum": 3}, 2, 4],
        [{"multipleOf": 16}, 32, 24],
        [{"$ref": "#/$defs/a", "$defs": {"a": {"const": 1}}}, 1, 2],
        [{"format": "uint8"}, 255, 256],
        [{"format": "int32"}, -1, 2147483648_u64],
        [{"format": "uri"}, "file:///a%20b", "a%20b"],
        [{"format": "uri-reference"}, "a%20b", "a b"],
        [{"format": "uri-reference"}, "./a:b", "-:b"],
        [{"format": "date-time"}, "2026-01-31T12:00:00Z", "2026-01-31"],
    ]);
    for case in cases.as_array().unwrap() {
        let schema = Schema::new(&case[0]);
        assert_eq!(schema.complaints(&case[1]), [""; 0], "{case}");
        assert!(!schema.is_valid(&case[2]), "{case}");
    }
}

#[test]
#[should_panic(expected = "keyword contains is not known")]
fn the_checker_of_schemas_passes_nothing_over() {
    Schema::new(&json!({"properties": {"a": {"contains": {}}}}));
}
