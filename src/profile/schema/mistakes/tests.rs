#![allow(clippy::indexing_slicing, clippy::arithmetic_side_effects)]

use proptest::prelude::*;

use super::parse_all;
use crate::profile::model::Source;
use crate::profile::schema::load;
use crate::profile::{baseline, builtin, resolve, to_json};

fn mistakes(text: &str) -> Vec<String> {
    match parse_all(text.as_bytes(), "x.json", Source::BuiltIn) {
        Ok(_) => Vec::new(),
        Err(errors) => errors.iter().map(ToString::to_string).collect(),
    }
}

/// Each line with a mistake in it is found, and nothing else.
#[test]
fn every_mistake_is_found() {
    let text = r#"{
"schema": "hwcr-profile/9",
"name": "box", "arch": "arm",
"pagesize": 4096,
"va_bits": 64,
"hwcap": { "hwcap": "0x8ff", "hwcap2": "zero" },
"sve": { "vector_lengths": [16] },
"registers": { "MIDR_EL1": 1, "X0": 2 },
"registers": {},
"kernel": "six",
"criu": "4.2",
"origins": { "kernel": "uname", "va_bits": "said", "nothing": "said" },
"cores": [ { "cpus": "0" }, { "cpus": "x" } ],
"members": [ { "name": "y" } ]
}"#;
    let found = mistakes(text);
    let lines: Vec<&str> = found
        .iter()
        .map(|error| {
            error
                .strip_prefix("x.json:")
                .and_then(|rest| rest.split(':').next())
                .unwrap()
        })
        .collect();
    let mut sorted: Vec<u32> = lines.iter().map(|line| line.parse().unwrap()).collect();
    sorted.sort_unstable();
    assert_eq!(
        sorted,
        [2, 3, 4, 5, 6, 7, 8, 9, 10, 12, 13, 14],
        "{found:#?}"
    );
}

#[test]
fn essential_keys_that_are_missing_do_not_hide_others() {
    let found = mistakes(r#"{ "va_bits": 1, "hwcap": { "hwcap": "0x1" } }"#);
    let expected = [
        "`schema` is missing",
        "`arch` is missing",
        "`name` is missing",
        "`va_bits` is 1",
    ];
    assert_eq!(found.len(), expected.len(), "{found:#?}");
    for (error, words) in found.iter().zip(expected) {
        assert!(error.contains(words), "{error}");
    }
}

#[test]
fn what_follows_from_a_mistake_is_none() {
    // Without its only word the profile would lack `hwcap`.
    let found = mistakes(
        r#"{ "schema": "hwcr-profile/1", "name": "x", "arch": "aarch64", "hwcap": { "hwcap": "one" } }"#,
    );
    assert_eq!(found.len(), 1, "{found:#?}");
    // Nor is anything said of a text that is no JSON but where it ends.
    assert_eq!(mistakes("{ \"schema\": ").len(), 1);
}

#[test]
fn a_valid_profile_has_no_mistakes() {
    for name in builtin::names() {
        assert_eq!(mistakes(builtin::text(name).unwrap()), [""; 0]);
    }
    let machines = [resolve("max").unwrap(), resolve("a64fx").unwrap()];
    let text = to_json(&baseline("fleet", &machines, &Source::BuiltIn).unwrap());
    assert_eq!(mistakes(&text), [""; 0]);
    // A flat value that a member does not keep.
    let lie = text.replacen("\"kernel\": \"7.3.4\"", "\"kernel\": \"9.9\"", 1);
    assert_eq!(mistakes(&lie).len(), 1);
}

proptest! {
    /// Characters of a real profile are exchanged: there is an answer, and its first mistake is the reader's.
    #[test]
    fn the_first_mistake_is_that_of_the_reader(
        changes in proptest::collection::vec((any::<prop::sample::Index>(), "[{}\\[\\]\":,0-9a-z]"), 0..6),
    ) {
        let mut text = builtin::text("max").unwrap().to_owned();
        for (at, new) in changes {
            let at = at.index(text.len());
            if text.is_char_boundary(at) && text.is_char_boundary(at + 1) {
                text.replace_range(at..=at, &new);
            }
        }
        let one = load::parse(text.as_bytes(), "x.json", Source::BuiltIn);
        let all = parse_all(text.as_bytes(), "x.json", Source::BuiltIn);
        match (one, all) {
            (Ok(one), Ok(all)) => prop_assert_eq!(one, all),
            (Err(one), Err(all)) => {
                prop_assert_eq!(one.to_string(), all[0].to_string());
                let mut texts: Vec<String> = all.iter().map(ToString::to_string).collect();
                texts.sort();
                texts.dedup();
                prop_assert_eq!(texts.len(), all.len());
            }
            (one, all) => prop_assert!(false, "{:?} {:?}", one, all),
        }
    }
}
