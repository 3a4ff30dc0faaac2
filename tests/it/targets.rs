//! What a target's profile says, and what it does not say, in whole answers: kernels that are not mainline, published
//! profiles, and registers that programs keep.

use crate::program;

use serde_json::Value;

use program::{run, text};

/// The findings of a check as (severity, rule, message), and the exit code.
fn check(arguments: &[&str]) -> (i32, Vec<(String, String, String)>) {
    let output = run(&[&["check", "--format", "json"], arguments].concat());
    assert!(output.stderr.is_empty(), "{}", text(&output.stderr));
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    let word = |finding: &Value, key: &str| finding[key].as_str().unwrap().to_owned();
    let findings = report["results"][0]["findings"].as_array().unwrap();
    let findings = findings
        .iter()
        .map(|finding| {
            (
                word(finding, "severity"),
                word(finding, "rule"),
                word(finding, "message"),
            )
        })
        .collect();
    (output.status.code().unwrap(), findings)
}

fn rules<'a>(findings: &'a [(String, String, String)], severity: &str) -> Vec<&'a str> {
    let of = findings.iter().filter(|(found, ..)| found == severity);
    of.map(|(_, rule, _)| rule.as_str()).collect()
}

/// The words of the finding of a rule, with its help.
fn said(arguments: &[&str], rule: &str) -> String {
    let output = run(&[&["check", "--format", "json"], arguments].concat());
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    let findings = report["results"][0]["findings"].as_array().unwrap();
    let found = findings.iter().find(|finding| finding["rule"] == rule);
    let word = |key: &str| found.unwrap()[key].as_str().unwrap_or_default().to_owned();
    format!("{} / {}", word("message"), word("help"))
}

/// A vendor's 6.6 with what mainline brought in 6.9 tells programs of FPMR, and knows its record.
#[test]
fn a_kernel_with_a_feature_backported_knows_its_record() {
    let (code, findings) = check(&[
        "tests/fixtures/images/sig-plain@max@new",
        "--target",
        "tests/fixtures/vendor/velinux-6.6.json",
        "--source",
        "max",
    ]);
    assert_eq!(code, 0, "{findings:?}");
    assert_eq!(rules(&findings, "blocker"), [""; 0]);
    assert_eq!(rules(&findings, "unproven"), [""; 0]);
    let given = findings.iter().find(|(_, rule, _)| rule == "HWCR-GIV-010");
    assert_eq!(
        given.unwrap().2,
        "kernel 6.6.151 of velinux-6.6 is taken to accept FPMR records: it tells programs of the feature, though \
         mainline 6.6.151 knows neither"
    );
}

/// Each key that a published profile lacks is one finding, with all that hangs on it.
#[test]
fn a_missing_key_is_one_finding() {
    let image = "tests/fixtures/cross/images/dyn@neoverse-n1@new.tar.gz";
    let (code, findings) = check(&[image, "--target", "graviton2"]);
    assert_eq!(code, 3);
    assert_eq!(rules(&findings, "unproven"), ["HWCR-PRF-001"; 4]);
    let of_keys: Vec<&str> = findings
        .iter()
        .filter(|(_, rule, _)| rule == "HWCR-PRF-001")
        .map(|(.., message)| message.split('`').nth(1).unwrap())
        .collect();
    assert_eq!(of_keys, ["page_size", "va_bits", "kernel", "criu"]);
    let kernel = findings
        .iter()
        .find(|(.., message)| message.contains("`kernel`"));
    for decided in ["auxv", "the monotonic clocks of the source", "rseq areas"] {
        assert!(kernel.unwrap().2.contains(decided), "{decided}");
    }
    let (_, findings) = check(&[image, "--target", "graviton1"]);
    assert_eq!(
        rules(&findings, "unproven"),
        [&["HWCR-HWC-001"][..], &["HWCR-PRF-001"; 4]].concat()
    );
    let (_, findings) = check(&[image, "--target", "graviton4"]);
    assert_eq!(
        rules(&findings, "unproven"),
        [&["HWCR-PAC-003"][..], &["HWCR-PRF-001"; 4]].concat()
    );
}

#[test]
fn advice_on_vector_lengths_follows_the_profile() {
    let image = "tests/fixtures/images/dyn@neoverse-v1@new";
    let source = ["--source", "neoverse-v1"];
    let one = said(
        &[&[image, "--target", "graviton4"], &source[..]].concat(),
        "HWCR-UND-007",
    );
    assert_eq!(
        one,
        "the tasks ran with vl 32 by default and will have 16 / graviton4 has no vl 32 (its profile lists 16). Restore on \
         a machine that has it, or start the workload with a length of both machines before the dump."
    );
    let several = said(
        &[&[image, "--target", "a64fx"], &source[..]].concat(),
        "HWCR-UND-007",
    );
    assert_eq!(
        several,
        "the tasks ran with vl 32 by default and will have 64 / a64fx can do vl 32: restore with \
         /proc/sys/abi/sve_default_vector_length set to 32 on it, and say so in its profile."
    );
}

/// The frequency of the counter: 62.5 MHz on an emulated Neoverse N1, 1 GHz on QEMU's `max`. A restore there measured
/// 500 ms as 8008 ms.
#[test]
fn a_counter_of_another_frequency_is_unproven() {
    let image = "tests/fixtures/images/idle@cortex-a57@new";
    let machine = |name: &str| format!("tests/fixtures/captured/{name}.json");
    let (a57, n1, bare) = (
        machine("cortex-a57"),
        machine("neoverse-n1"),
        machine("max-bare"),
    );
    let (code, findings) = check(&[image, "--target", &n1, "--source", &a57]);
    assert_eq!(code, 0, "{findings:?}");
    let (code, findings) = check(&[image, "--target", &bare, "--source", &a57]);
    assert_eq!(
        (code, rules(&findings, "unproven")),
        (3, vec!["HWCR-HWC-007"])
    );
    assert_eq!(
        findings[0].2,
        "the counter runs at 1000 MHz on max-bare and at 62.5 MHz on the source: times come out wrong by that ratio if \
         the process keeps CNTFRQ_EL0 of the source"
    );
    // Unknown of one side it is taken to be the same, and the report says so.
    let (code, findings) = check(&[image, "--target", &bare]);
    assert_eq!(code, 0);
    assert!(rules(&findings, "note").contains(&"HWCR-GIV-001"));
}
