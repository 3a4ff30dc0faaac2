//! Reading and finding.

use std::fs;
use std::path::{Path, PathBuf};

use crate::rule_id::RuleId;

use super::keys::KEYS;

use super::{FILE_NAME, Search, parse, search, template};

fn mistake(text: &str) -> String {
    let mistake = parse(text, "hwcr.toml").unwrap_err();
    mistake.to_string()
}

#[test]
fn settings_and_entries_are_read_in_order_with_their_place() {
    let text = "\
target = [\"neoverse-n1\", \"a.json\"]
deep = true
spool-limit = \"40G\"

[[allow]]
rule = \"hwcr-hwc-001\"
feature = \"paca\"
image = \"dumps/*\"
target = \"neoverse-*\"
task = \"java\"
reason = \"Looked at.\"
expires = 2030-12-31

[[allow]]
rule = \"HWCR-UND-002\"
reason = \"So it is.\"
expires = \"2031-01-01\"
";
    let config = parse(text, "hwcr.toml").unwrap();
    let values: Vec<_> = config
        .values
        .iter()
        .map(|value| (value.key.name, value.words.join(" "), value.at.to_string()))
        .collect();
    assert_eq!(
        values,
        [
            (
                "target",
                "neoverse-n1 a.json".to_owned(),
                "hwcr.toml:1:10".to_owned()
            ),
            ("deep", "true".to_owned(), "hwcr.toml:2:8".to_owned()),
            ("spool-limit", "40G".to_owned(), "hwcr.toml:3:15".to_owned()),
        ]
    );
    let [first, second] = config.allow.as_slice() else {
        panic!("{:?}", config.allow)
    };
    assert_eq!(first.accept.rule, RuleId::Hwc001);
    assert_eq!(first.accept.reason.as_deref(), Some("Looked at."));
    assert_eq!(first.at.line, 5);
    assert_eq!(second.at.line, 14);
    assert!(first.concerns("dumps/a/b/", ["neoverse-n1", "x"]));
    assert!(first.concerns("dumps/a", ["n1.json", "neoverse-n1"]));
    assert!(!first.concerns("other/a", ["neoverse-n1", "x"]));
    assert!(!first.concerns("dumps/a", ["a64fx", "a64fx"]));
    assert!(second.concerns("anything", ["any", "thing"]));
}

#[test]
fn an_entry_applies_up_to_its_last_day() {
    let config = parse(
        "[[allow]]\nrule = \"HWCR-HWC-001\"\nreason = \"r\"\nexpires = \"2030-02-28\"",
        "hwcr.toml",
    )
    .unwrap();
    let expired = |day: &str| config.allow[0].expired(day.parse().unwrap());
    assert!(!expired("2029-12-31"));
    assert!(!expired("2030-02-28"));
    assert!(expired("2030-03-01"));
}

#[test]
fn mistakes_have_a_place_and_say_what_is_meant() {
    let entry = "[[allow]]\nrule = \"HWCR-HWC-001\"\n";
    let cases = [
        (
            "deep = true\ntagret = \"x\"\n".to_owned(),
            "hwcr.toml:2:1: there is no key `tagret` here",
        ),
        (
            "deep = \"yes\"".to_owned(),
            "hwcr.toml:1:8: `deep` is true or false, not a string",
        ),
        (
            "target = 7".to_owned(),
            "hwcr.toml:1:10: `target` is a string, or an array of strings, not an integer",
        ),
        (
            "target = [\"a\", 7]".to_owned(),
            "hwcr.toml:1:16: `target` is a string, or an array of strings, not an integer",
        ),
        (
            "format = \" \"".to_owned(),
            "hwcr.toml:1:10: `format` is empty",
        ),
        (
            "accept = [\"HWCR-HWC-001\"]".to_owned(),
            "hwcr.toml:1:1: `accept` has no place in a file",
        ),
        (
            "allow = \"all\"".to_owned(),
            "hwcr.toml:1:9: `allow` is a list of tables",
        ),
        (
            entry.to_owned(),
            "hwcr.toml:1:1: this [[allow]] entry has no `reason`: say why the findings may be allowed",
        ),
        (
            format!("{entry}reason = \"  \""),
            "hwcr.toml:3:10: `reason` is empty",
        ),
        (
            format!("{entry}reason = \"ä\"\nimgae = \"x\""),
            "hwcr.toml:4:1: there is no key `imgae` here",
        ),
        (
            format!("{entry}reason = \"r\"\nimage = \"[\""),
            "hwcr.toml:4:9: `image` is no pattern: invalid range pattern",
        ),
        (
            format!("{entry}reason = \"r\"\nexpires = \"tomorrow\""),
            "hwcr.toml:4:11: `expires` is a day that exists, written YYYY-MM-DD",
        ),
        (
            format!("{entry}reason = \"r\"\nexpires = \"2030-02-30\""),
            "hwcr.toml:4:11: `expires` is a day that exists, written YYYY-MM-DD",
        ),
        (
            format!("{entry}reason = \"r\"\nexpires = 2030-01-01T00:00:00Z"),
            "hwcr.toml:4:11: `expires` is a day that exists, written YYYY-MM-DD",
        ),
        (
            "[[allow]]\nrule = \"HWCR-NO-999\"\nreason = \"r\"".to_owned(),
            "hwcr.toml:2:8: there is no rule HWCR-NO-999",
        ),
    ];
    for (text, expected) in cases {
        assert_eq!(mistake(&text), expected, "{text}");
    }
    assert!(mistake("deep = true\ndeep = false").starts_with("hwcr.toml:2:1: "));
    assert!(mistake("deep = ").starts_with("hwcr.toml:1:"));
}

#[test]
fn what_init_writes_is_read_once_it_is_uncommented() {
    let text = template();
    assert_eq!(parse(&text, "hwcr.toml").unwrap(), super::Config::default());
    let bare: String = text
        .lines()
        .filter_map(|line| line.strip_prefix("# "))
        .filter(|line| line.contains(" = ") || line.starts_with("[["))
        .map(|line| format!("{line}\n"))
        .collect();
    let config = parse(&bare, "hwcr.toml").unwrap();
    assert_eq!(config.allow.len(), 1);
    let keys: Vec<&str> = KEYS
        .iter()
        .filter(|key| key.in_file)
        .map(|key| key.name)
        .collect();
    let read: Vec<&str> = config.values.iter().map(|value| value.key.name).collect();
    assert_eq!(read, keys);
}

fn touch(path: PathBuf) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, "").unwrap();
}

#[test]
fn the_nearest_file_above_counts_up_to_the_repository() {
    let dir = tempfile::tempdir().unwrap();
    let top = dir.path().canonicalize().unwrap();
    let me = rustix::process::geteuid().as_raw();
    let deep = top.join("repo/a/b");
    fs::create_dir_all(&deep).unwrap();
    touch(top.join(FILE_NAME));
    let from = |path: &Path| search(path, &[], me);
    assert_eq!(from(&deep), Search::File(top.join(FILE_NAME)));

    touch(top.join("repo/.git"));
    assert_eq!(
        from(&deep),
        Search::None,
        "above the repository nothing counts"
    );

    touch(top.join("repo").join(FILE_NAME));
    assert_eq!(from(&deep), Search::File(top.join("repo").join(FILE_NAME)));
    touch(deep.join(FILE_NAME));
    assert_eq!(from(&deep), Search::File(deep.join(FILE_NAME)));
}

#[test]
fn an_image_does_not_say_how_it_is_judged() {
    let dir = tempfile::tempdir().unwrap();
    let top = dir.path().canonicalize().unwrap();
    let me = rustix::process::geteuid().as_raw();
    touch(top.join(FILE_NAME));
    let image = top.join("dump");
    touch(image.join(FILE_NAME));
    touch(image.join("below").join(FILE_NAME));
    let above = Search::File(top.join(FILE_NAME));
    assert_eq!(
        search(&image, &[], me),
        Search::File(image.join(FILE_NAME)),
        "a directory like any other"
    );
    assert_eq!(
        search(&image.join("below"), std::slice::from_ref(&image), me),
        above
    );
    touch(image.join("inventory.img"));
    assert_eq!(search(&image, &[], me), above);
}

#[test]
fn the_file_of_another_user_is_not_taken() {
    let dir = tempfile::tempdir().unwrap();
    let top = dir.path().canonicalize().unwrap();
    touch(top.join(FILE_NAME));
    let owner = std::os::unix::fs::MetadataExt::uid(&fs::metadata(top.join(FILE_NAME)).unwrap());
    let found = search(&top, &[], owner.wrapping_add(1));
    // Root's files are everybody's.
    let expected = if owner == 0 {
        Search::File
    } else {
        Search::Foreign
    };
    assert_eq!(found, expected(top.join(FILE_NAME)));
}
