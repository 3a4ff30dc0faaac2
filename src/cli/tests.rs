//! Arguments and exit codes.

use clap::{CommandFactory, Parser};

use super::{Cli, Exit, Verb, suggest};
use crate::report::v1::{CheckResult, Verdict};

#[test]
fn the_command_line_holds_together() {
    Cli::command().debug_assert();
}

fn result(verdict: Option<Verdict>) -> CheckResult {
    CheckResult {
        image: "image".to_owned(),
        directory: None,
        target: "target".to_owned(),
        profile: "profile".to_owned(),
        verdict,
        members: Vec::new(),
        counts: None,
        findings: None,
        advice: None,
        error: verdict.is_none().then(|| "unreadable".to_owned()),
    }
}

#[test]
fn exit_codes() {
    const YES: Option<Verdict> = Some(Verdict::Compatible);
    const MAYBE: Option<Verdict> = Some(Verdict::Indeterminate);
    const NO: Option<Verdict> = Some(Verdict::Incompatible);
    const UNREAD: Option<Verdict> = None;
    let table: &[(&[Option<Verdict>], u8)] = &[
        (&[YES], 0),
        (&[YES, YES], 0),
        (&[MAYBE], 3),
        (&[YES, MAYBE], 3),
        (&[NO], 1),
        (&[MAYBE, NO, YES], 1),
        (&[UNREAD], 2),
        (&[YES, UNREAD], 2),
        (&[MAYBE, UNREAD], 2),
        (&[NO, UNREAD], 2),
        (&[], 2),
    ];
    for (verdicts, code) in table {
        let results: Vec<CheckResult> = verdicts.iter().copied().map(result).collect();
        assert_eq!(Exit::of(&results).code(), *code, "{verdicts:?}");
    }
}

#[test]
fn targets_and_images_may_come_in_any_order() {
    let orders: [&[&str]; 3] = [
        &["hwcr", "check", "a", "b", "--target", "x", "--target", "y"],
        &["hwcr", "check", "--target", "x", "a", "--target", "y", "b"],
        &["hwcr", "check", "--target=x", "--target=y", "a", "b"],
    ];
    for order in orders {
        let cli = Cli::try_parse_from(order).unwrap();
        let Verb::Check(check) = cli.verb else {
            panic!("{order:?}")
        };
        assert_eq!(
            check.given(),
            (
                vec!["a".into(), "b".into()],
                vec!["x".to_owned(), "y".to_owned()]
            )
        );
    }
}

#[test]
fn a_check_of_nothing_is_wrong_usage() {
    for args in [
        &["hwcr", "check", "--target", "x"][..],
        &["hwcr", "check", "a"],
        &["hwcr"],
        &["hwcr", "inspect"],
    ] {
        assert_eq!(
            Cli::try_parse_from(args).unwrap_err().exit_code(),
            2,
            "{args:?}"
        );
    }
}

#[test]
fn suggestions_are_near_and_few() {
    let known = [
        "HWCR-SVE-001",
        "HWCR-SVE-002",
        "HWCR-PAC-001",
        "pac-keys-lost",
        "pac-keys-without-pac",
    ];
    assert_eq!(
        suggest::nearest("hwcr-sve-003", known)[..2],
        ["HWCR-SVE-001", "HWCR-SVE-002"]
    );
    assert_eq!(suggest::nearest("pac-key-lost", known), ["pac-keys-lost"]);
    assert!(suggest::nearest("banana", known).is_empty());
    assert_eq!(
        suggest::question(&["a", "b", "c"]).as_deref(),
        Some("did you mean a, b or c?")
    );
    assert_eq!(
        suggest::question(&["a"]).as_deref(),
        Some("did you mean a?")
    );
    assert_eq!(suggest::question(&[]), None);
}
