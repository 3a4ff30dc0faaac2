#![allow(clippy::indexing_slicing, clippy::arithmetic_side_effects)]

use proptest::prelude::*;

use super::model::{Basis, Cores, Observed, PacAlgorithm, Profile, Source};
use super::model::{cost, pauth};
use super::schema::{json, load};
use super::{Zva, builtin, to_json};

#[test]
fn the_table_lists_every_file_of_the_folder() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/src/profile/builtin");
    let mut files: Vec<String> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .map(|name| {
            name.strip_suffix(".json")
                .expect("only profiles lie there")
                .to_owned()
        })
        .collect();
    files.sort_unstable();
    assert_eq!(builtin::names().collect::<Vec<_>>(), files);
}

fn read_again(profile: &Profile) -> Profile {
    let text = to_json(profile);
    load::parse(text.as_bytes(), "x.json", profile.source.clone())
        .unwrap_or_else(|error| panic!("{error}\n{text}"))
}

#[test]
fn what_is_written_reads_the_same() {
    for name in builtin::names() {
        let mut profile = super::resolve(name).unwrap();
        assert_eq!(read_again(&profile), profile, "{name}");
        profile.name = "a \"quoted\"\nname \u{1}".to_owned();
        profile.basis = Some(Basis::Captured);
        profile.auxv_bytes = Some(368);
        let member = profile.clone();
        profile
            .sigreturn
            .insert("SVE".to_owned(), Observed::Rejected);
        profile
            .origins
            .insert("auxv_bytes".to_owned(), "asked".to_owned());
        profile.cores = vec![Cores {
            cpus: "0-3,8".to_owned(),
            registers: [("MIDR_EL1".to_owned(), 0x410f_d034)].into(),
        }];
        profile.members = vec![member];
        assert_eq!(read_again(&profile), profile, "{name}");
    }
}

#[test]
fn a_file_of_the_folder_is_written_as_it_stands() {
    let profile = super::resolve("neoverse-v1").unwrap();
    insta::assert_snapshot!(to_json(&profile));
}

#[test]
fn provenance_is_read_strictly() {
    let with = |more: &str| {
        let text = format!(
            "{{\"schema\": \"hwcr-profile/1\", \"name\": \"box\", \"arch\": \"aarch64\", \"kernel\": \"6.1\", \"hwcap\": {{\"hwcap\": \"0x1\"}}, {more}}}"
        );
        load::parse(text.as_bytes(), "x.json", Source::BuiltIn)
    };
    for good in [
        r#""basis": "inferred""#,
        r#""origins": {"kernel": "uname", "hwcap.hwcap": "getauxval"}"#,
        r#""cores": [{"cpus": "0"}, {"cpus": "1-3,7", "registers": {"MIDR_EL1": "0x1"}}]"#,
    ] {
        assert!(with(good).is_ok(), "{good}");
    }
    for (bad, words) in [
        (r#""basis": "guessed""#, "write one of \"captured\""),
        (r#""origins": {"criu": "said"}"#, "\"criu\"; name a key"),
        (r#""origins": {"kernel.x": "said"}"#, "name a key"),
        (r#""origins": {"kernel": ""}"#, "write some text"),
        (r#""origins": {"kernel": "a", "kernel": "b"}"#, "twice"),
        (r#""origins": []"#, "an object"),
        (r#""cores": [{"registers": {}}]"#, "`cores.cpus` is missing"),
        (r#""cores": [{"cpus": "3-1"}]"#, "\"3-1\""),
        (r#""cores": [{"cpus": "0,0"}]"#, "\"0,0\""),
        (r#""cores": [{"cpus": "+1"}]"#, "\"+1\""),
        (r#""cores": [{"cpus": ""}]"#, "empty"),
        (
            r#""cores": [{"cpus": "0", "registers": {"X0": "0x1"}}]"#,
            "unknown key",
        ),
        (r#""members": [{"members": []}]"#, "members of its own"),
        (r#""members": [{}]"#, "`schema` is missing"),
    ] {
        let message = with(bad).unwrap_err().to_string();
        assert!(message.contains(words), "{bad}: {message}");
    }
}

#[test]
fn cores_that_differ_leave_the_zva_block_unknown() {
    let mut profile = with(&[("DCZID_EL0", 4), ("MIDR_EL1", 0x413f_d0c1)]);
    profile.cores = vec![Cores {
        cpus: "4".to_owned(),
        registers: [("DCZID_EL0".to_owned(), 5)].into(),
    }];
    assert_eq!(profile.zva(), Zva::Unknown);
}

fn with(registers: &[(&str, u64)]) -> Profile {
    let mut profile = Profile::unknown("test", Source::BuiltIn);
    profile.registers = registers
        .iter()
        .map(|(name, value)| ((*name).to_owned(), *value))
        .collect();
    profile
}

#[test]
fn the_zva_block_comes_from_the_register_or_the_part() {
    assert_eq!(with(&[("DCZID_EL0", 4)]).zva(), Zva::Bytes(64));
    assert_eq!(
        with(&[("DCZID_EL0", 6), ("MIDR_EL1", 0x410f_d0c1)]).zva_bytes(),
        Some(256)
    );
    assert_eq!(with(&[("DCZID_EL0", 0x14)]).zva(), Zva::Prohibited);
    assert_eq!(with(&[("DCZID_EL0", 0x14)]).zva_bytes(), None);
    for (midr, bytes) in [
        (0x461f_0010, Some(256)), // A64FX
        (0x413f_d0c1, Some(64)),  // Neoverse N1
        (0x411f_d401, Some(64)),  // Neoverse V1
        (0x410f_d490, Some(64)),  // Neoverse N2
        (0x611f_0221, Some(64)),  // Apple M1
        (0x512f_0011, Some(64)),  // Oryon
        (0x410f_d083, None),      // Cortex-A72
        (0x460f_0020, None),      // another Fujitsu
    ] {
        assert_eq!(with(&[("MIDR_EL1", midr)]).zva_bytes(), bytes, "{midr:#x}");
    }
    assert_eq!(with(&[]).zva(), Zva::Unknown);
}

#[test]
fn pointer_authentication_follows_from_two_registers() {
    let both = |isar1, isar2| {
        pauth::pauth(&with(&[("ID_AA64ISAR1_EL1", isar1), ("ID_AA64ISAR2_EL1", isar2)]).registers)
    };
    let said = |pauth: super::model::Pauth| (pauth.address, pauth.generic, pauth.level);
    use PacAlgorithm::{Impdef, None as No, Qarma3, Qarma5};
    assert_eq!(
        said(both(0x0100_0030, 0).unwrap()),
        (Some(Qarma5), Some(Qarma5), Some(3))
    );
    assert_eq!(
        said(both(0x1000_0500, 0).unwrap()),
        (Some(Impdef), Some(Impdef), Some(5))
    );
    assert_eq!(
        said(both(0, 0x4100).unwrap()),
        (Some(Qarma3), Some(Qarma3), Some(4))
    );
    assert_eq!(said(both(0, 0).unwrap()), (Some(No), Some(No), Some(0)));
    let fields = both(0x110, 0).unwrap_err();
    assert_eq!(fields.map(|field| field.name), ["APA", "API"]);
    // One register alone may show an algorithm, but never that there is none.
    let one = |value| said(pauth::pauth(&with(&[("ID_AA64ISAR1_EL1", value)]).registers).unwrap());
    assert_eq!(one(0x0100_0010), (Some(Qarma5), Some(Qarma5), Some(1)));
    assert_eq!(one(0), (None, None, None));
}

#[test]
fn json_errors_say_where_and_what() {
    let problem = |text: &str| json::parse(text).map(|_| ()).unwrap_err();
    for (text, at, words) in [
        ("", 0, "the file ends"),
        ("{\"a\":1,}", 7, "a key in double quotes"),
        ("{\"a\" 1}", 5, "`:` after the key"),
        ("{\"a\":1 \"b\":2}", 7, "`,` or `}`"),
        ("[1 2]", 3, "`,` or `]`"),
        ("[1] 2", 4, "end of the file"),
        ("[0x3]", 1, "hexadecimal numbers in double quotes"),
        ("[01]", 1, "no JSON number"),
        ("[nul]", 1, "a value"),
        ("[nullx]", 1, "a value"),
        ("[\"a", 1, "no end"),
        ("[\"a\nb\"]", 1, "line break"),
        ("[\"\\q\"]", 1, "unknown escape"),
        ("// a", 0, "found `/`"),
    ] {
        let error = problem(text);
        assert_eq!(error.at, at, "{text}: {}", error.problem);
        assert!(error.problem.contains(words), "{text}: {}", error.problem);
    }
    assert!(
        problem(&"[".repeat(100_000))
            .problem
            .contains("inside each other")
    );
}

proptest! {
    /// The same texts are JSON here and for serde_json, apart from nesting.
    #[test]
    fn json_is_what_serde_json_takes(text in "[\\[\\]{}:,\" \\\\a01.eE+-]{0,12}") {
        let ours = json::parse(&text).is_ok();
        prop_assert_eq!(ours, serde_json::from_str::<serde_json::Value>(&text).is_ok(), "{}", text);
    }

    #[test]
    fn any_bytes_get_an_answer(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        prop_assert!(load::parse(&bytes, "x.json", Source::BuiltIn).is_err());
    }

    #[test]
    fn a_damaged_profile_gets_an_answer(edits in proptest::collection::vec((any::<prop::sample::Index>(), 0x20_u8..0x7f), 1..4)) {
        let mut bytes = builtin::text("max").unwrap().as_bytes().to_vec();
        for (at, byte) in edits {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        if let Err(error) = load::parse(&bytes, "x.json", Source::BuiltIn) {
            prop_assert!(error.to_string().starts_with("x.json:"));
            prop_assert!(error.at().is_some());
        }
    }
}

fn unknown(profile: &Profile) -> Vec<&'static str> {
    cost::unknown(profile).map(|cost| cost.key).collect()
}

#[test]
fn of_an_unknown_machine_every_value_costs() {
    let all: Vec<_> = cost::COSTS.iter().map(|cost| cost.key).collect();
    assert_eq!(unknown(&Profile::unknown("x", Source::BuiltIn)), all);
}

#[test]
fn what_follows_from_another_value_is_not_unknown() {
    let profile = parse(
        r#"{"schema": "hwcr-profile/1", "name": "x", "arch": "aarch64", "kernel": "6.12",
        "hwcap": {"hwcap": "0xff", "hwcap2": "0x0", "hwcap3": "0x0", "hwcap4": "0x0"}}"#,
    );
    assert_eq!(
        unknown(&profile),
        [
            "page_size",
            "va_bits",
            "minsigstksz",
            "criu",
            "registers.DCZID_EL0"
        ]
    );
}

#[test]
fn the_lengths_of_an_sve_machine_are_asked_for_one_by_one() {
    let mut profile = super::resolve("neoverse-v1").unwrap();
    assert_eq!(unknown(&profile), Vec::<&str>::new());
    profile.sve.as_mut().unwrap().default = None;
    assert_eq!(unknown(&profile), ["sve.default"]);
    profile.sve = None;
    profile.registers.clear();
    assert_eq!(
        unknown(&profile),
        [
            "sve.vector_lengths",
            "sve.default",
            "registers.MIDR_EL1",
            "registers.DCZID_EL0"
        ]
    );
}

fn parse(text: &str) -> Profile {
    load::parse(text.as_bytes(), "x.json", Source::BuiltIn).unwrap()
}
