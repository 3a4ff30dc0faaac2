//! Target profiles: the built-in ones, and every mistake a profile's text can have.
#![allow(missing_docs, clippy::unwrap_used, clippy::panic, clippy::expect_used)]

use hwcr::auxv::hwcap::{self, HwcapWord};
use hwcr::facts;
use hwcr::finding::Verdict;
use hwcr::profile::model::{Basis, Observed, PacAlgorithm, Profile, Source, VectorLengths};
use hwcr::profile::schema::load;
use hwcr::profile::{self, Error, builtin};
use hwcr::rule::{self, Accept, Case};
use hwcr::units::{Version, Vl};

fn hex(value: &serde_json::Value) -> u64 {
    u64::from_str_radix(value.as_str().unwrap().strip_prefix("0x").unwrap(), 16).unwrap()
}

fn parse(text: &str) -> Result<Profile, Error> {
    load::parse(
        text.as_bytes(),
        "cpu.json",
        Source::File("cpu.json".to_owned()),
    )
}

/// A profile with the least it needs, and `more` keys behind it in line 3.
fn with(more: &str) -> String {
    format!(
        "{{ \"schema\": \"hwcr-profile/1\", \"name\": \"box\", \"arch\": \"aarch64\",\n\"hwcap\": {{ \"hwcap\": \"0x8ff\" }}\n{more} }}"
    )
}

/// The built-in profiles of a basis, by name.
fn built_in(basis: Basis) -> impl Iterator<Item = (&'static str, Profile)> {
    let profile = |name| {
        (
            name,
            profile::resolve(name).unwrap_or_else(|error| panic!("{error}")),
        )
    };
    builtin::names()
        .map(profile)
        .filter(move |(_, profile)| profile.basis == Some(basis))
}

/// Every profile of an emulated machine says everything, and what a plain JSON reader finds in its text.
#[test]
fn every_emulated_machine_loads_with_all_its_facts() {
    let mut count = 0;
    for (name, profile) in built_in(Basis::Emulated) {
        let json: serde_json::Value = serde_json::from_str(builtin::text(name).unwrap()).unwrap();
        assert_eq!(profile.name, name);
        assert_eq!(profile.name, json["name"].as_str().unwrap());
        assert_eq!(profile.source, Source::BuiltIn);
        assert_eq!(profile.origin.as_deref(), json["origin"].as_str());
        for (word, key) in HwcapWord::ALL
            .into_iter()
            .zip(["hwcap", "hwcap2", "hwcap3", "hwcap4"])
        {
            assert_eq!(
                profile.hwcaps.word(word),
                Some(hex(&json["hwcap"][key])),
                "{name} {key}"
            );
        }
        for (vectors, key) in [(&profile.sve, "sve"), (&profile.sme, "sme")] {
            let vectors = vectors.as_ref().unwrap();
            let lengths: Vec<u64> = vectors.lengths.iter().map(|vl| u64::from(vl.0)).collect();
            let expected: Vec<u64> = json[key]["vector_lengths"]
                .as_array()
                .unwrap()
                .iter()
                .map(|v| v.as_u64().unwrap())
                .collect();
            assert_eq!(lengths, expected, "{name} {key}");
            assert_eq!(
                vectors.default.map(|vl| u64::from(vl.0)),
                json[key]["default"].as_u64(),
                "{name} {key}"
            );
        }
        assert_eq!(profile.page_size, json["page_size"].as_u64());
        assert_eq!(profile.va_bits.map(u64::from), json["va_bits"].as_u64());
        assert_eq!(profile.minsigstksz, json["minsigstksz"].as_u64());
        assert_eq!(
            profile.kernel,
            Version::parse(json["kernel"].as_str().unwrap())
        );
        assert_eq!(profile.criu, Version::parse(json["criu"].as_str().unwrap()));
        assert_eq!(
            profile.pauth.address.unwrap().name(),
            json["pauth"]["address"].as_str().unwrap(),
            "{name}"
        );
        assert_eq!(
            profile.pauth.generic.unwrap().name(),
            json["pauth"]["generic"].as_str().unwrap(),
            "{name}"
        );
        assert_eq!(
            profile.pauth.level.map(u64::from),
            json["pauth"]["level"].as_u64(),
            "{name}"
        );
        let registers = json["registers"].as_object().unwrap();
        assert_eq!(profile.registers.len(), registers.len());
        for (register, value) in registers {
            assert_eq!(profile.registers[register], hex(value), "{name} {register}");
        }
        assert_eq!((profile.auxv_bytes, profile.sigreturn.len()), (None, 0));
        count += 1;
    }
    assert_eq!(count, 30);
}

/// What the profiles of emulated machines say of pointer authentication also follows from their registers alone.
#[test]
fn registers_alone_tell_the_same_pointer_authentication() {
    for (name, whole) in built_in(Basis::Emulated) {
        let mut json: serde_json::Value =
            serde_json::from_str(builtin::text(name).unwrap()).unwrap();
        json.as_object_mut().unwrap().remove("pauth").unwrap();
        assert_eq!(
            parse(&json.to_string()).unwrap().pauth,
            whole.pauth,
            "{name}"
        );
        json.as_object_mut().unwrap().remove("registers").unwrap();
        let poor = parse(&json.to_string()).unwrap();
        let expected =
            (whole.pauth.address == Some(PacAlgorithm::None)).then_some(PacAlgorithm::None);
        assert_eq!(
            (poor.pauth.address, poor.pauth.generic),
            (expected, expected),
            "{name}"
        );
    }
}

/// A published profile says where it was published and what it is worth, and nothing that a capture of
/// /proc/cpuinfo and a data sheet of the cores do not tell.
#[test]
fn a_published_profile_says_no_more_than_its_source() {
    let mut count = 0;
    for (name, profile) in built_in(Basis::Published) {
        count += 1;
        let origin = profile.origin.as_deref().unwrap();
        if name != "armv8.0" {
            assert!(
                (origin.contains('@') || origin.contains(" issue "))
                    && origin.ends_with("capture it"),
                "{name}: {origin}"
            );
            let one = profile.registers.contains_key("MIDR_EL1");
            assert_ne!(
                one,
                !profile.cores.is_empty(),
                "{name}: cores alike or in groups"
            );
        }
        assert_eq!(
            profile.hwcaps.words[3], None,
            "{name}: AT_HWCAP4 has no names"
        );
        assert_eq!((profile.page_size, profile.va_bits), (None, None), "{name}");
        assert_eq!((profile.kernel, profile.criu), (None, None), "{name}");
        assert_eq!(
            (profile.minsigstksz, profile.auxv_bytes),
            (None, None),
            "{name}"
        );
        assert!(profile.sigreturn.is_empty() && profile.members.is_empty());
        // Each value that is not of the capture itself names its source.
        let stated = |key: &str| profile.origins.keys().any(|said| said.starts_with(key));
        let offers =
            |sve: &Option<VectorLengths>| sve.as_ref().is_some_and(|sve| !sve.lengths.is_empty());
        assert_eq!(stated("sve"), offers(&profile.sve), "{name}");
        assert_eq!(
            stated("pauth"),
            profile.pauth.level.is_some_and(|level| level > 0),
            "{name}"
        );
        // A default among several lengths is a setting of the machine.
        if let Some(sve) = &profile.sve {
            assert_eq!(sve.default.is_some(), sve.lengths.len() == 1, "{name}");
        }
    }
    assert_eq!(count, 33);
}

#[test]
fn what_is_absent_is_unknown() {
    let profile = parse(&with("")).unwrap();
    assert_eq!(profile.hwcaps.words, [Some(0x8ff), None, None, None]);
    assert_eq!(profile.hwcaps.has(hwcap::SME), None);
    assert_eq!(profile.sme, None);
    assert_eq!(
        (profile.page_size, profile.va_bits, profile.kernel),
        (None, None, None)
    );
    // AT_HWCAP is known and has neither SVE nor PAC.
    assert!(profile.sve.unwrap().lengths.is_empty());
    assert_eq!(profile.pauth.address, Some(PacAlgorithm::None));
    assert_eq!(profile.pauth.level, Some(0));
    let profile = parse(&with("").replace("0x8ff", "0xc04008ff")).unwrap();
    assert_eq!(
        (profile.sve, profile.pauth.address, profile.pauth.level),
        (None, None, None)
    );
    assert_eq!(profile.source.to_string(), "cpu.json");
}

#[test]
fn features_alone_make_every_word_with_names_known() {
    let text = "{\"schema\":\"hwcr-profile/1\",\"name\":\"box\",\"arch\":\"aarch64\",\"features\":[\"fp\",\"sme\",\"lsfe\"]}";
    let profile = parse(text).unwrap();
    assert_eq!(
        profile.hwcaps.words,
        [Some(1), Some(1 << 23), Some(4), None]
    );
    assert_eq!(profile.sve.unwrap().lengths, []);
    assert_eq!(profile.sme, None);
}

#[test]
fn every_key_is_read() {
    let text = with(r#", "hwcap": 0 "#);
    assert!(matches!(
        parse(&text),
        Err(Error::DuplicateKey { first_line: 2, .. })
    ));
    let text = r#"{ "schema": "hwcr-profile/1", "name": "n", "arch": "aarch64", "origin": "o",
      "hwcap": { "hwcap": 4194303, "hwcap4": "0x1" }, "features": ["fp", "asimd", "evtstrm", "aes", "pmull", "sha1",
        "sha2", "crc32", "atomics", "fphp", "asimdhp", "cpuid", "asimdrdm", "jscvt", "fcma", "lrcpc", "dcpop", "sha3",
        "sm3", "sm4", "asimddp", "sha512", "sme"],
      "sme": { "vector_lengths": [64] }, "page_size": 65536, "va_bits": 52, "minsigstksz": 10144,
      "auxv_bytes": 432, "kernel": "6.12.107-1", "criu": "4.3", "registers": { "DCZID_EL0": 4 },
      "sigreturn": { "SVE": "rejected", "TPIDR2": "accepted" } }"#;
    let profile = parse(text).unwrap();
    assert_eq!(
        profile.hwcaps.words,
        [Some(0x3f_ffff), Some(1 << 23), Some(0), Some(1)]
    );
    let sme = profile.sme.as_ref().unwrap();
    assert_eq!(
        (sme.lengths.as_slice(), sme.default),
        ([Vl(64)].as_slice(), None)
    );
    assert_eq!(
        (profile.auxv_bytes, profile.zva_bytes()),
        (Some(432), Some(64))
    );
    assert_eq!(
        (profile.kernel, profile.criu),
        (Some(Version::new(6, 12, 107)), Some(Version::new(4, 3, 0)))
    );
    assert_eq!(profile.sigreturn["SVE"], Observed::Rejected);
    assert_eq!(profile.sigreturn["TPIDR2"], Observed::Accepted);
}

/// More keys for the least profile, where the error points (line and column), and words of the message.
const MISTAKES: &[(&str, &str, &[&str])] = &[
    (
        ", \"pagesize\": 4096",
        "3:3",
        &["unknown key `pagesize`", "did you mean `page_size`?"],
    ),
    (
        ", \"zzz\": 1",
        "3:3",
        &["unknown key `zzz`", "known here: schema, name"],
    ),
    (
        ", \"name\": \"b\"",
        "3:3",
        &["`name` is already given in line 1"],
    ),
    (
        ", \"page_size\": \"4096\"",
        "3:16",
        &["`page_size` is a string", "without quotes"],
    ),
    (
        ", \"page_size\": 4",
        "3:16",
        &["`page_size` is 4", "4096, 16384 or 65536"],
    ),
    (
        ", \"page_size\": 4096.5",
        "3:16",
        &["`page_size` is \"4096.5\"", "whole number"],
    ),
    (
        ", \"page_size\": -1",
        "3:16",
        &["`page_size` is \"-1\"", "whole number"],
    ),
    (
        ", \"va_bits\": null",
        "3:14",
        &["`va_bits` is null", "leave the key out"],
    ),
    (", \"va_bits\": 64", "3:14", &["36 to 52"]),
    (", \"minsigstksz\": 2048", "3:18", &["at least 4720"]),
    (", \"auxv_bytes\": 50", "3:17", &["multiple of 16"]),
    (
        ", \"kernel\": \"six\"",
        "3:13",
        &["`kernel` is \"six\"", "6.12.0"],
    ),
    (
        ", \"kernel\": 6.12",
        "3:13",
        &["`kernel` is a number", "double quotes"],
    ),
    (", \"criu\": \"\"", "3:11", &["`criu` is empty"]),
    (", \"origin\": []", "3:13", &["`origin` is a list"]),
    (
        ", \"features\": \"fp sve\"",
        "3:15",
        &["`features` is a string", "square brackets"],
    ),
    (
        ", \"features\": [\"fp\", \"asimddq\"]",
        "3:22",
        &["\"asimddq\"", "did you mean `asimddp`"],
    ),
    (", \"features\": [1]", "3:16", &["`features` is a number"]),
    (
        ", \"features\": [\"fp\"]",
        "3:15",
        &["does not name asimd", "`hwcap.hwcap` has"],
    ),
    (
        ", \"features\": [\"fp\",\"asimd\",\"evtstrm\",\"aes\",\"pmull\",\"sha1\",\"sha2\",\"crc32\",\"cpuid\",\"sve\"]",
        "3:15",
        &["names sve", "`hwcap.hwcap` does not have"],
    ),
    (", \"sve\": [16]", "3:10", &["`sve` is a list", "braces"]),
    (
        ", \"sve\": {}",
        "3:10",
        &["`sve.vector_lengths` is missing", "[] for a machine"],
    ),
    (
        ", \"sve\": { \"lengths\": [] }",
        "3:12",
        &["unknown key `sve.lengths`", "vector_lengths, default"],
    ),
    (
        ", \"sve\": { \"vector_lengths\": [24] }",
        "3:31",
        &["`sve.vector_lengths` is 24", "multiples of 16"],
    ),
    (
        ", \"sve\": { \"vector_lengths\": [0] }",
        "3:31",
        &["multiples of 16"],
    ),
    (
        ", \"sve\": { \"vector_lengths\": [65552] }",
        "3:31",
        &["`sve.vector_lengths` is 65552"],
    ),
    (
        ", \"sve\": { \"vector_lengths\": [16, 64, 32] }",
        "3:39",
        &["32 out of order", "ascending"],
    ),
    (
        ", \"sve\": { \"vector_lengths\": [16, 16] }",
        "3:35",
        &["16 out of order"],
    ),
    (
        ", \"sve\": { \"vector_lengths\": [32] }",
        "3:30",
        &["begins with 32", "add 16"],
    ),
    (
        ", \"sve\": { \"vector_lengths\": [16], \"default\": 32 }",
        "3:47",
        &["32, which is none of the lengths"],
    ),
    (
        ", \"sve\": { \"vector_lengths\": [], \"default\": 16 }",
        "3:45",
        &["or null without any"],
    ),
    (
        ", \"sve\": { \"vector_lengths\": [16] }",
        "3:30",
        &["HWCAP_SVE is not set, but there are"],
    ),
    (
        ", \"sme\": { \"vector_lengths\": [48] }",
        "3:31",
        &["SME lengths are 16, 32, 64"],
    ),
    (
        ", \"pauth\": { \"address\": \"qarma\" }",
        "3:25",
        &["\"qarma\"", "\"qarma5\""],
    ),
    (
        ", \"pauth\": { \"algorithm\": \"none\" }",
        "3:14",
        &["unknown key `pauth.algorithm`", "address, generic, level"],
    ),
    (", \"pauth\": { \"level\": 16 }", "3:23", &["0 to 15"]),
    (
        ", \"pauth\": { \"address\": \"impdef\" }",
        "3:25",
        &["HWCAP_PACA is not set", "impdef"],
    ),
    (
        ", \"pauth\": { \"generic\": \"impdef\" }",
        "3:25",
        &["HWCAP_PACG is not set"],
    ),
    (
        ", \"pauth\": { \"level\": 3 }",
        "3:23",
        &["level 3 with the algorithm none"],
    ),
    (
        ", \"pauth\": { \"address\": \"qarma5\" }, \"registers\": { \"ID_AA64ISAR1_EL1\": \"0x500\" }",
        "3:25",
        &["`pauth.address`", "it says qarma5", "registers say impdef"],
    ),
    (
        ", \"pauth\": { \"level\": 4 }, \"registers\": { \"ID_AA64ISAR1_EL1\": \"0x500\" }",
        "3:23",
        &["`pauth.level`", "it says 4", "registers say 5"],
    ),
    (
        ", \"registers\": { \"ID_AA64ISAR1_EL1\": \"0x550\" }",
        "3:16",
        &["APA", "API", "both set"],
    ),
    (
        ", \"registers\": { \"ID_AA64ISAR1_EL1\": \"0x500\" }",
        "3:16",
        &["HWCAP_PACA is not set"],
    ),
    (
        ", \"registers\": { \"ID_AA64ISR1_EL1\": \"0x5\" }",
        "3:18",
        &["did you mean `ID_AA64ISAR1_EL1`"],
    ),
    (
        ", \"registers\": { \"CTR_EL0\": \"84\" }",
        "3:29",
        &["`registers.CTR_EL0` is \"84\"", "hexadecimal digits"],
    ),
    (
        ", \"registers\": { \"CTR_EL0\": \"0x\" }",
        "3:29",
        &["hexadecimal digits"],
    ),
    (
        ", \"registers\": { \"CTR_EL0\": \"0x+1\" }",
        "3:29",
        &["hexadecimal digits"],
    ),
    (
        ", \"registers\": { \"CTR_EL0\": \"0x10000000000000000\" }",
        "3:29",
        &["64 bits"],
    ),
    (
        ", \"registers\": { \"CTR_EL0\": 0x84 }",
        "3:29",
        &["put hexadecimal numbers in double quotes"],
    ),
    (
        ", \"registers\": { \"CTR_EL0\": true }",
        "3:29",
        &["is true or false"],
    ),
    (
        ", \"sigreturn\": { \"sve\": \"rejected\" }",
        "3:18",
        &["unknown key `sigreturn.sve`", "did you mean `SVE`"],
    ),
    (
        ", \"sigreturn\": { \"SVE\": \"ok\" }",
        "3:25",
        &["\"accepted\", \"rejected\""],
    ),
    (",", "3:3", &["a key in double quotes"]),
    (" \"criu\": \"4.2\"", "3:2", &["`,` or `}`"]),
];

#[test]
fn every_mistake_is_answered_with_file_line_column_and_advice() {
    for (more, at, words) in MISTAKES {
        let error = parse(&with(more)).expect_err(more);
        let text = error.to_string();
        assert!(
            text.starts_with(&format!("cpu.json:{at}: ")),
            "{more}\n{text}"
        );
        for word in *words {
            assert!(text.contains(word), "{more}\n{text}\nlacks {word}");
        }
        assert!(text.contains(';') && !text.contains('\n'), "{more}\n{text}");
        let place = error.at().unwrap();
        assert_eq!(format!("{}:{}", place.line, place.column), *at);
    }
}

/// Mistakes of the essential keys, whole texts.
#[test]
fn essential_keys_are_asked_for() {
    let whole = with("");
    for (from, to, words) in [
        (
            "\"schema\": \"hwcr-profile/1\", ",
            "",
            "cpu.json:1:1: `schema` is missing; write \"schema\": \"hwcr-profile/1\"",
        ),
        (
            "hwcr-profile/1",
            "hwcr-profile/2",
            "cpu.json:1:13: `schema` is \"hwcr-profile/2\"; write one of \"hwcr-profile/1\"",
        ),
        ("\"name\": \"box\", ", "", "`name` is missing"),
        ("\"box\"", "7", "`name` is a number"),
        (
            "aarch64",
            "x86_64",
            "`arch` is \"x86_64\"; write one of \"aarch64\"",
        ),
        (
            "\"hwcap\": \"0x8ff\"",
            "",
            "cpu.json:1:1: `hwcap` is missing; give the words",
        ),
        (
            "\"0x8ff\"",
            "\"8ff\"",
            "cpu.json:2:21: `hwcap.hwcap` is \"8ff\"",
        ),
        (
            "\"hwcap\": \"0x8ff\"",
            "\"hwcap5\": \"0x8ff\"",
            "unknown key `hwcap.hwcap5`; did you mean `hwcap`",
        ),
        ("0x8ff", "0x4008ff", ""),
    ] {
        assert!(whole.contains(from), "{from}");
        match parse(&whole.replacen(from, to, 1)) {
            Ok(_) => assert_eq!(words, ""),
            Err(error) => assert!(
                error.to_string().contains(words) && !words.is_empty(),
                "{error}"
            ),
        }
    }
    let text = parse(&with(", \"sve\": { \"vector_lengths\": [] }").replace("0x8ff", "0x4008ff"))
        .unwrap_err()
        .to_string();
    assert!(
        text.contains("HWCAP_SVE is set, but there are no vector lengths"),
        "{text}"
    );
    let text =
        parse(&with(", \"pauth\": { \"address\": \"none\" }").replace("0x8ff", "0x400008ff"))
            .unwrap_err()
            .to_string();
    assert!(
        text.contains("HWCAP_PACA is set, but the algorithm is none"),
        "{text}"
    );
    assert!(
        parse("[]")
            .unwrap_err()
            .to_string()
            .contains("the profile` is a list")
    );
    let error = load::parse(b"{\n \"na\xff", "cpu.json", Source::BuiltIn).unwrap_err();
    assert_eq!(
        error.to_string(),
        "cpu.json:2:5: the text is not UTF-8 from byte 6 on; save it as UTF-8"
    );
}

#[test]
fn a_name_or_a_path_is_resolved() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("box.json");
    std::fs::write(&path, with("")).unwrap();
    let path = path.to_str().unwrap();
    assert_eq!(
        profile::resolve(path).unwrap().source,
        Source::File(path.to_owned())
    );

    std::fs::write(path, with(", \"va_bits\": 1")).unwrap();
    assert!(
        profile::resolve(path)
            .unwrap_err()
            .to_string()
            .starts_with(&format!("{path}:3:14: "))
    );

    std::fs::write(
        path,
        vec![b' '; usize::try_from(builtin::MAX_BYTES).unwrap() + 1],
    )
    .unwrap();
    assert!(matches!(
        profile::resolve(path),
        Err(Error::TooLarge { .. })
    ));

    let text = profile::resolve("neoverse-v2").unwrap_err().to_string();
    assert!(
        text.contains("did you mean `neoverse-n2` or `neoverse-v1`")
            && text.contains("hwcr profile list"),
        "{text}"
    );
    assert!(matches!(
        profile::resolve(""),
        Err(Error::UnknownName { .. })
    ));
    for path in ["no/such/file", "nothing.json"] {
        assert!(
            matches!(profile::resolve(path), Err(Error::Unreadable { .. })),
            "{path}"
        );
    }
}

/// Nobody's machine is proven by another one: with the built-in published profiles no image is called
/// compatible; and whoever accepts that they say little is still told of pointer authentication that
/// another kernel may offer.
#[test]
fn a_published_profile_proves_no_compatibility() {
    let lacks = Accept::parse("HWCR-PRF-001").unwrap();
    let mut accepted = 0;
    for entry in std::fs::read_dir("tests/fixtures/images").unwrap() {
        let path = entry.unwrap().path();
        let checkpoint = hwcr::criu_image::load(&path).unwrap();
        let facts = facts::collect(&checkpoint, facts::Search::Auto);
        let signs = facts
            .tasks
            .iter()
            .any(|task| task.told.has(hwcap::PACA) == Some(true));
        for (name, target) in built_in(Basis::Published) {
            let case = Case {
                facts: &facts,
                target: &target,
                source: None,
            };
            let judged = rule::judge(&case, &[]);
            assert_ne!(
                judged.verdict,
                Verdict::Compatible,
                "{} on {name}",
                path.display()
            );
            let judged = rule::judge(&case, std::slice::from_ref(&lacks));
            if judged.verdict == Verdict::Compatible {
                accepted += 1;
                assert!(
                    signs || !target.cores_may_have(hwcap::PACA),
                    "{} on {name}",
                    path.display()
                );
            }
        }
    }
    assert!(accepted > 0);
}
