//! Arguments and exit codes.

use clap::{CommandFactory, Parser};

use super::{Cli, Exit, Verb, suggest};
use crate::config::keys::{KEYS, Verbs};
use crate::report::v1::Verdict;

#[test]
fn the_command_line_holds_together() {
    Cli::command().debug_assert();
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
        assert_eq!(Exit::of(verdicts).code(), *code, "{verdicts:?}");
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

/// Every command and those below it.
fn all_of(command: &clap::Command) -> Vec<clap::Command> {
    let mut all = vec![command.clone()];
    for verb in command.get_subcommands() {
        all.extend(all_of(verb));
    }
    all
}

/// The lines of a help text that show a command line.
fn examples(command: &clap::Command) -> Vec<String> {
    let help = command.get_after_help().map(ToString::to_string);
    let shown = help.unwrap_or_default();
    let lines = shown
        .lines()
        .skip_while(|line| !line.starts_with("Example"));
    lines
        .skip(1)
        .take_while(|line| line.starts_with("  "))
        .map(str::to_owned)
        .collect()
}

#[test]
fn every_verb_shows_examples_that_are_right_usage() {
    for command in all_of(&Cli::command()) {
        let name = command.get_name().to_owned();
        let shown = examples(&command);
        assert!(!shown.is_empty(), "{name} shows no example");
        for line in shown {
            // What stands in front of a pipe, or behind it, may be another program.
            let calls: Vec<&str> = line
                .split(['|', '>'])
                .map(str::trim)
                .filter(|part| part.starts_with("hwcr "))
                .collect();
            assert!(!calls.is_empty(), "{name}: {line}");
            for call in calls {
                let parsed = Cli::try_parse_from(call.split_whitespace());
                assert!(parsed.is_ok(), "{name}: {call}: {}", parsed.unwrap_err());
            }
        }
    }
}

#[test]
fn every_verb_has_a_page_with_its_options_and_examples() {
    let dir = tempfile::tempdir().unwrap();
    let out = dir.path().join("man1");
    let cli = Cli::try_parse_from(["hwcr", "man", "--out", out.to_str().unwrap()]).unwrap();
    let around = super::Surroundings::on("2026-01-01".parse().unwrap());
    assert_eq!(super::run(&cli, &around), Exit::Success);

    let mut root = Cli::command().disable_help_subcommand(true);
    root.build();
    let commands = all_of(&root);
    for command in &commands {
        let name = command.get_bin_name().unwrap_or("hwcr").replace(' ', "-");
        let page = std::fs::read_to_string(out.join(format!("{name}.1"))).unwrap();
        assert!(
            page.contains(&format!(".TH {} 1", name.to_uppercase())),
            "{name}"
        );
        assert!(page.contains(".SH EXAMPLES"), "{name}");
        for long in command
            .get_arguments()
            .filter(|arg| !arg.is_hide_set())
            .filter_map(clap::Arg::get_long)
        {
            let roff = format!("\\-\\-{}", long.replace('-', "\\-"));
            assert!(page.contains(&roff), "{name} says nothing of --{long}");
        }
    }
    assert_eq!(std::fs::read_dir(&out).unwrap().count(), commands.len());
}

/// Options of verbs that neither environment nor file gives, and why.
const TYPED_ONLY: &[(&str, &str)] = &[
    ("config", "it names the file"),
    ("no-config", "it says that there is none"),
    ("help", "it asks"),
    ("version", "it asks"),
    ("only", "what one wants to see now"),
    ("pid", "what one wants to see now"),
    ("verbose", "what one wants to see now"),
    ("dry-run", "what shall happen now"),
    ("in-place", "it changes the image"),
    ("undo", "it changes the image"),
    ("plan", "where something is written"),
    ("output", "where something is written"),
    ("out", "where something is written"),
    ("force", "it overwrites"),
    (
        "allow",
        "edits that the program can notice are permitted one by one",
    ),
    ("for", "the image"),
    ("name", "of one machine"),
    ("as", "of one text"),
    ("probe", "it runs trials"),
    ("jobs", "what the machine has to spare now"),
    ("rootfs", "the files of one image"),
];

#[test]
fn every_setting_is_an_option_and_every_option_is_decided() {
    let root = Cli::command();
    let all = all_of(&root);
    let mut options: Vec<(&str, &str)> = Vec::new();
    for command in &all {
        for long in command.get_arguments().filter_map(clap::Arg::get_long) {
            options.push((command.get_name(), long));
        }
    }
    for key in KEYS {
        assert!(
            options.iter().any(|(_, long)| *long == key.name),
            "{}",
            key.name
        );
        if let Verbs::Only(verbs) = key.verbs {
            for verb in verbs {
                assert!(
                    options.contains(&(*verb, key.name)),
                    "{verb} has no --{}",
                    key.name
                );
            }
        }
    }
    for (verb, long) in &options {
        let named = |name: &str| name == *long;
        assert!(
            KEYS.iter().any(|key| named(key.name))
                || TYPED_ONLY.iter().any(|(name, _)| named(name)),
            "decide whether --{long} of {verb} is a setting (src/config/keys.rs) or typed only"
        );
    }
    for (name, why) in TYPED_ONLY {
        assert!(
            !why.is_empty() && KEYS.iter().all(|key| key.name != *name),
            "{name}"
        );
    }
}
