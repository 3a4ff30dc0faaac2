//! Many images and many targets in one run.

use crate::program;

use std::fs;
use std::io::Write as _;

use serde_json::Value;

use program::run;

const IMAGES: &str = "tests/fixtures/images";

fn images() -> Vec<String> {
    let mut images: Vec<String> = fs::read_dir(IMAGES)
        .unwrap()
        .map(|entry| entry.unwrap().path().to_str().unwrap().to_owned())
        .collect();
    images.sort();
    images
}

/// Every third image, with some that cannot be read between them.
fn sample() -> Vec<String> {
    let mut sample = Vec::new();
    for (at, image) in images().into_iter().step_by(3).enumerate() {
        sample.push(image);
        if at % 4 == 1 {
            sample.push(format!("no/such/image-{at}"));
        }
    }
    assert!(sample.len() > 12);
    sample
}

#[test]
fn the_number_of_threads_changes_nothing() {
    let sample = sample();
    let mut args = vec!["check", "--target", "neoverse-n1", "--target", "a64fx"];
    args.extend(["--accept", "HWCR-HWC-001"]);
    args.extend(sample.iter().map(String::as_str));
    for format in [
        "text",
        "json",
        "json-lines",
        "sarif",
        "junit",
        "github",
        "markdown",
    ] {
        let with = |jobs| run(&[&args[..], &["--format", format, "--jobs", jobs]].concat());
        let alone = with("1");
        assert_eq!(alone.status.code(), Some(2));
        assert!(!alone.stdout.is_empty() && !alone.stderr.is_empty());
        for jobs in ["2", "8", "100"] {
            assert_eq!(with(jobs), alone, "{format} {jobs}");
        }
    }
}

#[test]
fn an_image_that_cannot_be_read_stops_no_other() {
    let sample = sample();
    let mut args = vec!["check", "--target", "max", "--format", "json"];
    args.extend(sample.iter().map(String::as_str));
    let output = run(&args);
    assert_eq!(output.status.code(), Some(2));
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    let results = report["results"].as_array().unwrap();
    let named: Vec<&str> = results
        .iter()
        .map(|result| result["image"].as_str().unwrap())
        .collect();
    assert_eq!(named, sample);
    for result in results {
        let missing = result["image"].as_str().unwrap().starts_with("no/such");
        assert_eq!(result["error"].is_string(), missing, "{result}");
        assert_eq!(result["verdict"].is_string(), !missing, "{result}");
    }
}

#[test]
fn standard_input_is_read_once() {
    let output = run(&["check", "-", "-", "--target", "max"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(
        String::from_utf8(output.stderr)
            .unwrap()
            .starts_with("error: `-` is given twice")
    );
}

#[test]
fn no_thread_is_wrong_usage() {
    for jobs in ["0", "-1", "many"] {
        let output = run(&["check", IMAGES, "--target", "max", "--jobs", jobs]);
        assert_eq!(output.status.code(), Some(2), "{jobs}");
        assert!(output.stdout.is_empty(), "{jobs}");
    }
}

/// With no room at all each is read twice, the second time alone.
#[test]
fn archives_that_want_room_have_the_same_answer_together_and_alone() {
    let dir = tempfile::tempdir().unwrap();
    let packed = |image: &str| {
        let mut tar = tar::Builder::new(Vec::new());
        tar.append_dir_all("checkpoint", format!("{IMAGES}/{image}"))
            .unwrap();
        let path = dir.path().join(format!("{image}.tar.gz"));
        let file = fs::File::create(&path).unwrap();
        let mut gzip = flate2::write::GzEncoder::new(file, flate2::Compression::fast());
        gzip.write_all(&tar.into_inner().unwrap()).unwrap();
        gzip.finish().unwrap();
        path.to_str().unwrap().to_owned()
    };
    let archives = ["idle@max@new", "sig-sve@max@new", "threads@max@new"].map(packed);
    let mut args = vec!["check", "--target", "max", "--format", "json"];
    args.extend(archives.iter().map(String::as_str));
    for limit in ["0", "1G"] {
        let with = |jobs| run(&[&args[..], &["--spool-limit", limit, "--jobs", jobs]].concat());
        assert_eq!(with("3"), with("1"), "{limit}");
    }
}
