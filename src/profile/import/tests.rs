#![allow(clippy::indexing_slicing, clippy::arithmetic_side_effects)]

use proptest::prelude::*;

use super::{Error, Imported, Input, Kind, import};
use crate::profile::model::cost;
use crate::profile::model::{Basis, Profile};
use crate::units::{Version, Vl};

/// A file of `tests/fixtures/imports`.
fn fixture(path: &str) -> Vec<u8> {
    std::fs::read(format!("tests/fixtures/imports/{path}")).unwrap()
}

fn read(inputs: &[(&str, &[u8])]) -> Result<Imported, Error> {
    let inputs: Vec<Input<'_>> = inputs
        .iter()
        .map(|(file, bytes)| Input {
            file,
            bytes,
            kind: None,
        })
        .collect();
    import(&inputs, "box")
}

fn one(text: impl AsRef<[u8]>) -> Result<Imported, Error> {
    read(&[("x", text.as_ref())])
}

fn profile(text: impl AsRef<[u8]>) -> Profile {
    one(text).unwrap_or_else(|error| panic!("{error}")).profile
}

const FEATURES: &str = "fp asimd evtstrm aes pmull sha1 sha2 crc32 cpuid";

/// /proc/cpuinfo of processors with these parts of Arm and features.
fn cpuinfo(processors: &[(u32, u32, &str)]) -> String {
    processors
        .iter()
        .map(|(number, part, features)| {
            format!(
                "processor\t: {number}\nBogoMIPS\t: 38.40\nFeatures\t: {features}\nCPU implementer\t: 0x41\n\
                 CPU architecture: 8\nCPU variant\t: 0x0\nCPU part\t: {part:#x}\nCPU revision\t: 4\n\n"
            )
        })
        .collect()
}

fn vector(entries: &[(u64, u64)]) -> Vec<u8> {
    let words = entries.iter().flat_map(|(tag, value)| [*tag, *value]);
    words.flat_map(u64::to_le_bytes).collect()
}

/// AT_PAGESZ, AT_HWCAP, AT_HWCAP2 and AT_NULL of a machine with [`FEATURES`].
const VECTOR: [(u64, u64); 4] = [(6, 4096), (16, 0x8ff), (26, 0), (0, 0)];

#[test]
fn the_recipe_tells_all_that_a_shell_can_ask() {
    let profile = profile(fixture("machines/neoverse-v1.txt"));
    assert_eq!(
        profile.hwcaps.words,
        [Some(0xcfff_ffff), Some(0x1_b201), Some(0), Some(0)]
    );
    assert_eq!(
        (profile.page_size, profile.minsigstksz),
        (Some(4096), Some(4720))
    );
    assert_eq!(
        (profile.kernel, profile.criu),
        (Some(Version::new(7, 3, 4)), Some(Version::new(4, 2, 1)))
    );
    assert_eq!(profile.registers["MIDR_EL1"], 0x411f_d402);
    let sve = profile.sve.as_ref().unwrap();
    assert_eq!(
        (sve.lengths.as_slice(), sve.default),
        ([Vl(16), Vl(32)].as_slice(), Some(Vl(32)))
    );
    assert_eq!(profile.basis, Some(Basis::Imported));
    assert_eq!(profile.origins["hwcap.hwcap2"], "x:38: AT_HWCAP2");
    let unknown: Vec<_> = cost::unknown(&profile).map(|cost| cost.key).collect();
    assert_eq!(unknown, ["va_bits", "pauth.address", "pauth.level"]);
}

#[test]
fn a_machine_without_the_programs_of_the_recipe_tells_less() {
    // busybox runs its own `true`, which shows no vector, and has no getconf.
    let poor = profile(fixture("texts/neoverse-v1.busybox.txt"));
    let mut full = profile(fixture("machines/neoverse-v1.txt"));
    full.origins.clone_from(&poor.origins);
    assert_eq!(poor, full);
}

#[test]
fn names_alone_make_the_words_that_have_names() {
    for text in [
        FEATURES.to_owned(),
        format!("Features\t: {FEATURES}\n"),
        FEATURES.replace(' ', ", "),
        FEATURES.replace(' ', "\n"),
        cpuinfo(&[(0, 0xd03, FEATURES), (1, 0xd03, FEATURES)]),
    ] {
        let profile = profile(&text);
        assert_eq!(
            profile.hwcaps.words,
            [Some(0x8ff), Some(0), Some(0), None],
            "{text}"
        );
        assert_eq!(profile.origins["pauth.level"], "hwcap.hwcap has no paca");
        assert_eq!((profile.page_size, profile.kernel), (None, None));
    }
}

#[test]
fn a_vector_that_ends_tells_which_words_the_kernel_does_not_write() {
    let complete = profile(vector(&VECTOR));
    assert_eq!(
        complete.hwcaps.words,
        [Some(0x8ff), Some(0), Some(0), Some(0)]
    );
    assert_eq!(complete.page_size, Some(4096));
    // Lines that somebody picked out tell of themselves only.
    let picked = profile("AT_HWCAP:             8ff\nAT_PAGESZ:            65536\n");
    assert_eq!(picked.hwcaps.words, [Some(0x8ff), None, None, None]);
    assert_eq!(picked.page_size, Some(65536));
}

#[test]
fn every_release_of_glibc_prints_the_same_vector() {
    for machine in ["neoverse-v1", "max", "cortex-a57", "cortex-a57@6.1"] {
        let bytes = profile(fixture(&format!("texts/{machine}.auxv")));
        for release in ["2.31", "2.36"] {
            let text = profile(fixture(&format!("texts/{machine}.auxv-{release}.txt")));
            assert_eq!(text.hwcaps, bytes.hwcaps, "{machine} {release}");
            assert_eq!(
                (text.page_size, text.minsigstksz),
                (bytes.page_size, bytes.minsigstksz)
            );
        }
    }
}

#[test]
fn every_release_of_lscpu_prints_the_same_features() {
    for (machine, first) in [
        ("neoverse-v1", "2.42"),
        ("max", "none"),
        ("cortex-a57", "2.36"),
    ] {
        let full = profile(fixture(&format!("machines/{machine}.txt")));
        for release in ["2.36.json", "2.42.json", "2.42.txt"] {
            let text = profile(fixture(&format!("texts/{machine}.lscpu-{release}")));
            assert_eq!(text.hwcaps.words[..3], full.hwcaps.words[..3], "{machine}");
            // lscpu names the cores that were there when it was written.
            let named = release >= first;
            let midr = named.then(|| full.registers["MIDR_EL1"]);
            assert_eq!(
                text.registers.get("MIDR_EL1").copied(),
                midr,
                "{machine} {release}"
            );
        }
    }
}

#[test]
fn fields_of_lscpu_may_nest() {
    let text = r#"{"lscpu": [{"field": "Architecture:", "data": "aarch64", "children": [
        {"field": "CPU op-mode(s):", "data": "64-bit"}]},
        {"field": "Vendor ID:", "data": "ARM", "children": [{"field": "Model name:", "data": "Neoverse-N1",
            "children": [{"field": "Stepping:", "data": "r3p1"}, {"field": "Flags:", "data": "fp asimd"}]}]}]}"#;
    let profile = profile(text);
    assert_eq!(profile.hwcaps.words[0], Some(3));
    assert_eq!(profile.registers["MIDR_EL1"], 0x413f_d0c1);
    // Names are not unique without their maker.
    let other = text.replace("\"ARM\"", "\"HiSilicon\"");
    assert!(self::profile(other).registers.is_empty());
}

#[test]
fn texts_of_one_machine_add_to_each_other() {
    let (cpuinfo, auxv) = (fixture("texts/max.cpuinfo"), fixture("texts/max.auxv"));
    let both = read(&[("cpuinfo", &cpuinfo), ("auxv", &auxv)]).unwrap();
    assert_eq!(both.profile.registers["MIDR_EL1"], 0x000f_0510);
    assert_eq!(both.profile.minsigstksz, Some(10144));
    assert_eq!(
        both.profile.origins["hwcap.hwcap"],
        "auxv offset 0x20: AT_HWCAP"
    );
    assert_eq!(
        both.profile.origin.as_deref(),
        Some("texts of the machine: cpuinfo, auxv")
    );
    let error = read(&[
        ("cpuinfo", &cpuinfo),
        ("other", &fixture("texts/cortex-a57.auxv")),
    ]);
    let text = error.unwrap_err().to_string();
    assert!(
        text.starts_with("`hwcap.hwcap` is 0x8ff (without atomics fphp")
            && text.contains(" in other offset 0x20, and a list with atomics")
            && text.contains(" in cpuinfo:3; texts of two machines"),
        "{text}"
    );
}

#[test]
fn cores_that_are_not_alike_are_told_apart() {
    let more = format!("{FEATURES} atomics");
    let text = cpuinfo(&[
        (0, 0xd03, FEATURES),
        (1, 0xd03, FEATURES),
        (2, 0xd08, &more),
        (3, 0xd03, FEATURES),
    ]);
    let Imported { profile, remarks } = one(&text).unwrap();
    assert_eq!(profile.hwcaps.words[0], Some(0x8ff), "what all have");
    assert!(profile.registers.is_empty());
    let groups: Vec<_> = profile
        .cores
        .iter()
        .map(|kind| (kind.cpus.as_str(), kind.registers["MIDR_EL1"]))
        .collect();
    assert_eq!(groups, [("0-1,3", 0x410f_d034), ("2", 0x410f_d084)]);
    assert_eq!(remarks.len(), 2);
    assert!(
        remarks[0].starts_with("x:3: not every processor has atomics; "),
        "{remarks:?}"
    );
    assert!(
        remarks[1].starts_with("the cores are not alike: 0-1,3 with MIDR_EL1 0x410fd034, 2 with"),
        "{remarks:?}"
    );
    // What kills by being there is not left out because one processor does not print it.
    for harmful in ["paca", "poe"] {
        let more = format!("{FEATURES} {harmful}");
        let error = one(cpuinfo(&[(0, 0xd03, FEATURES), (1, 0xd03, &more)])).unwrap_err();
        let expected =
            format!("is a list without {harmful} in x:3, and a list with {harmful} in x:12");
        assert!(error.to_string().contains(&expected), "{error}");
    }
}

#[test]
fn old_kernels_print_what_all_processors_have_once() {
    let list = |processors: &str, gap: &str| {
        let text = format!(
            "Processor\t: AArch64 Processor rev 4 (aarch64)\n{processors}{gap}Features\t: {FEATURES}\n\
             CPU implementer\t: 0x41\nCPU architecture: AArch64\nCPU variant\t: 0x0\nCPU part\t: 0xd03\n\
             CPU revision\t: 4\n\nHardware\t: Board\n"
        );
        one(text).unwrap_or_else(|error| panic!("{error}"))
    };
    for gap in ["", "BogoMIPS\t: 26.0\n\n"] {
        // Which core printed its MIDR_EL1 nobody knows.
        let Imported { profile, remarks } = list("processor\t: 0\nprocessor\t: 1\n", gap);
        assert_eq!(profile.hwcaps.words[0], Some(0x8ff));
        assert!(profile.registers.is_empty() && profile.cores.is_empty());
        assert!(
            remarks[0].contains("MIDR_EL1 of one core only"),
            "{remarks:?}"
        );
        let Imported { profile, remarks } = list("processor\t: 0\n", gap);
        assert_eq!(profile.registers["MIDR_EL1"], 0x410f_d034);
        assert_eq!(remarks, Vec::<String>::new());
    }
}

#[test]
fn a_processor_that_is_cut_off_is_not_taken_for_an_old_kernels_list() {
    let whole = cpuinfo(&[(0, 0xd03, FEATURES), (1, 0xd08, FEATURES)]);
    assert!(one(&whole).is_ok() && one(whole.trim_end()).is_ok());
    let lines: Vec<&str> = whole.lines().collect();
    // From the second processor's first line to its last but one.
    for kept in 10..=15 {
        let text = format!("{}\n", lines[..kept].join("\n"));
        let error = one(text).unwrap_err().to_string();
        assert!(
            error.starts_with("x:10: processor 1 has no `"),
            "{kept}: {error}"
        );
    }
}

#[test]
fn a_name_newer_than_hwcr_needs_its_bit() {
    let text = cpuinfo(&[(0, 0xd03, &format!("{FEATURES} quantum"))]);
    let error = one(&text).unwrap_err().to_string();
    assert!(
        error.starts_with("x:3: hwcr does not know the feature \"quantum\"; where it is newer"),
        "{error}"
    );
    let with = |hwcap, hwcap3| {
        let words = vector(&[(16, hwcap), (26, 0), (29, hwcap3), (0, 0)]);
        read(&[("cpuinfo", text.as_bytes()), ("auxv", &words)])
    };
    let kept = with(0x8ff, 1 << 40).unwrap().profile;
    assert_eq!(kept.hwcaps.words[2], Some(1 << 40));
    assert!(with(0x8ff | 1 << 50, 0).is_ok());
    assert!(with(0x8ff, 0).is_err(), "no bit is left for the name");
    assert!(with(0x8ff | 1 << 63, 0).is_err(), "bit 63 belongs to libc");
    // A slip of the pen is none of the machine's features.
    let error = one(FEATURES.replace("pmull", "pmul")).unwrap_err();
    assert!(
        error.to_string().contains("did you mean `pmull`"),
        "{error}"
    );
}

#[test]
fn names_in_a_vector_are_held_against_the_rest() {
    let text = "AT_HWCAP:        fp asimd sve\nAT_HWCAP2:       0x0\n";
    let error = one(text).unwrap_err();
    assert!(matches!(error, Error::NoFeatures { .. }), "{error}");
    let list = "fp asimd sve sve2";
    let error = read(&[("auxv", text.as_bytes()), ("list", list.as_bytes())]).unwrap_err();
    assert!(error.to_string().contains("(without sve2)"), "{error}");
    let both = read(&[("auxv", text.as_bytes()), ("list", b"fp asimd sve")]).unwrap();
    assert_eq!(both.profile.hwcaps.words[0], Some(0x40_0003));
}

#[test]
fn a_default_length_is_kept_where_it_is_the_longest_of_known_cores() {
    let recipe = |default: u32, part: u32| {
        format!(
            "== cpuinfo\n{}== vectors\n/proc/sys/abi/sve_default_vector_length:{default}\n== end\n",
            cpuinfo(&[(0, part, "fp asimd sve")])
        )
    };
    let lengths = |default, part| {
        let imported = one(recipe(default, part)).unwrap();
        let sve = imported.profile.sve.map(|sve| (sve.lengths, sve.default));
        (sve, imported.remarks.len())
    };
    assert_eq!(
        lengths(32, 0xd40),
        (Some((vec![Vl(16), Vl(32)], Some(Vl(32)))), 0)
    );
    // A shorter default may be the administrator's or the hypervisor's.
    assert_eq!(lengths(16, 0xd40), (None, 1));
    assert_eq!(lengths(16, 0xd4f), (Some((vec![Vl(16)], Some(Vl(16)))), 0));
    assert_eq!(lengths(64, 0x123), (None, 1));
    let error = one(recipe(16, 0xd4f).replace(" sve", "")).unwrap_err();
    assert!(error.to_string().starts_with("x:12: "), "{error}");
}

/// A text, and how the message begins and what else it says.
const REFUSED: &[(&str, &[&str])] = &[
    ("", &["x: it is empty", "give it /proc/cpuinfo"]),
    (" \n\n", &["x: it is empty"]),
    (
        "hello world",
        &["x: hwcr does not know what this text is", "--as"],
    ),
    (
        "processor\t: 0\nvendor_id\t: GenuineIntel\nflags\t\t: fpu vme de pse\n",
        &["x:2: `vendor_id` is a line of x86", "an arm64 machine"],
    ),
    (
        "processor\t: 0\nhart\t\t: 1\nisa\t\t: rv64imafdc\n",
        &["x:2: `hart` is a line of RISC-V"],
    ),
    (
        "processor\t: 0\nFeatures\t: half thumb fastmult vfp edsp neon vfpv3 tls\nCPU implementer\t: 0x41\n\
         CPU architecture: 7\n",
        &["x:4: CPU architecture is \"7\""],
    ),
    (
        "half thumb fastmult vfp edsp neon",
        &["x:1: half is a feature of 32-bit Arm"],
    ),
    ("fpu vme de pse tsc sse2", &["x:1: fpu is a feature of x86"]),
    (
        "sve paca",
        &["x:1: AT_HWCAP 0x40400000 has not both fp and asimd"],
    ),
    (
        "fp asimd fphp",
        &["x:1: AT_HWCAP 0x203 has one of fphp and asimdhp"],
    ),
    (
        "Features : fp asimd\nlrcpc dcpop\n",
        &["x:2: \"lrcpc dcpop\" is no line `key : value`"],
    ),
    (
        "processor : zero\n",
        &["x:1: the number of a processor is \"zero\""],
    ),
    (
        "processor : 0\nprocessor : 0\n",
        &["x:2: processor 0 stands in line 1 already", "one machine"],
    ),
    (
        "processor : 0\nFeatures : fp asimd\nCPU implementer : 0x41\n",
        &["x:1: processor 0 has no `CPU variant`", "is cut"],
    ),
    (
        "processor : 0\nBogoMIPS : 1\n",
        &["x:1: processor 0 has no `Features`"],
    ),
    (
        "processor : 0\nCPU implementer : Arm\n",
        &["x:2: CPU implementer is \"Arm\""],
    ),
    (
        "AT_HWCAP: 8ff\nno entry\n",
        &["x:2: \"no entry\" is no entry of a vector"],
    ),
    (
        "AT_HWCAP: 8ff\nAT_PAGESZ: many\n",
        &["x:2: AT_PAGESZ is \"many\""],
    ),
    (
        "AT_HWCAP: 8ff\nAT_HWCAP: 8ff\n",
        &["x:2: a second AT_HWCAP"],
    ),
    (
        "AT_HWCAP: 8ff\nAT_HWCAP2: 0x1b",
        &["x:2: the line has no end"],
    ),
    (
        "Architecture: aarch64\nFlags: fp asimd",
        &["x:2: the line has no end"],
    ),
    (
        "Features : fp asimd",
        &["x:1: the line has no end", "add a line break"],
    ),
    ("AT_HWCAP: +8ff\n", &["x:1: AT_HWCAP is \"+8ff\""]),
    (
        "AT_HWCAP: 8ff\nAT_PLATFORM: x86_64\n",
        &["x:2: AT_PLATFORM is \"x86_64\""],
    ),
    (
        "AT_HWCAP: 178bfbff\n",
        &["x:1: AT_HWCAP 0x178bfbff has one of fphp and asimdhp"],
    ),
    (
        "AT_SYSINFO: 0x1000\nAT_HWCAP: 8ff\n",
        &["x:1: AT_SYSINFO is an entry that no arm64 kernel writes"],
    ),
    ("AT_PAGESZ: 4096\n", &["nothing in x says which features"]),
    (
        "AT_HWCAP: 8ff\nAT_PAGESZ: 8192\n",
        &["x:2: no arm64 machine has 8192 for AT_PAGESZ"],
    ),
    (
        "AT_HWCAP: 8ff\nAT_MINSIGSTKSZ: 3632\n",
        &["x:2: no arm64 machine has 3632 for AT_MINSIGSTKSZ"],
    ),
    (
        "{",
        &["x:1: this is no JSON: the file ends", "LC_ALL=C lscpu -J"],
    ),
    ("{\n\"cpu\": 1}", &["x:1: there is no `lscpu`"]),
    ("{\"lscpu\": 1}", &["x:1: this is no list of fields"]),
    (
        "{\"lscpu\": [\n1]}",
        &["x:2: this is no object with a `field`"],
    ),
    ("{\"lscpu\": []}", &["x:1: there is no field `Flags`"]),
    (
        "{\"lscpu\": [\n{\"field\": \"Architecture:\", \"data\": \"x86_64\"}]}",
        &["x:2: Architecture is \"x86_64\""],
    ),
    (
        "Architecture: armv7l\nFlags: half\n",
        &["x:1: Architecture is \"armv7l\""],
    ),
    (
        "Architecture: aarch64\nFlags\n",
        &["x:2: \"Flags\" is no field of lscpu"],
    ),
    (
        "== cpuinfo\n",
        &["x:2: the text ends before `== end`", "run the recipe again"],
    ),
    ("== end\nmore\n", &["x:1: there is text behind `== end`"]),
    ("== end\n", &["nothing in x says which features"]),
    ("== kernel\n== kernel\n", &["x:2: a second section kernel"]),
    (
        "== kernel\n6.1 aarch64\n== other\n",
        &["x:3: \"== other\" is no section"],
    ),
    (
        "== kernel\n6.1 x86_64\n== end\n",
        &["x:2: uname says \"6.1 x86_64\""],
    ),
    (
        "== kernel\nsix aarch64\n== end\n",
        &["x:2: the kernel is \"six\""],
    ),
    (
        "== criu\nVersion: x\n== end\n",
        &["x:2: CRIU is \"Version: x\""],
    ),
    (
        "== page-size\n4k\n== end\n",
        &["x:2: the page size is \"4k\""],
    ),
    (
        "== vectors\n/proc/sys/abi/sve_default_vector_length:24\n== end\n",
        &["x:2: "],
    ),
    ("== vectors\n/proc/other:16\n== end\n", &["x:2: "]),
    ("== midr\ncpu0\n== end\n", &["x:2: \"cpu0\" is no MIDR_EL1"]),
    ("== midr\n/sys/cpu/midr_el1:0x1\n== end\n", &["x:2: "]),
    (
        "== auxv-bytes\n 21 0g\n== end\n",
        &["x:2: \"0g\" is no byte"],
    ),
    (
        "21 00 00 00 00 00 00 00\n*\n",
        &["x: hwcr does not know what this text is"],
    ),
    (
        "21 00 00 00 00 00 00 00 01",
        &["x:1: 1 bytes are left behind"],
    ),
    (
        "== cpuinfo\nprocessor : 0\nFeatures : fp asimd\nCPU implementer : 0x41\nCPU variant : 0x0\nCPU part : 0xd03\n\
         CPU revision : 4\n== midr\n/sys/devices/system/cpu/cpu0/midr_el1:0x410fd035\n== end\n",
        &["`registers.MIDR_EL1` is 0x410fd034 in x:2, and 0x410fd035 in x:9"],
    ),
];

#[test]
fn what_does_not_read_is_answered_with_place_and_advice() {
    for (text, words) in REFUSED {
        let error = one(text).map(|imported| imported.profile).expect_err(text);
        let message = error.to_string();
        assert!(message.starts_with(words[0]), "{text}\n{message}");
        for word in *words {
            assert!(message.contains(word), "{text}\n{message}\nlacks {word}");
        }
        assert!(!message.contains('\n'), "{message}");
    }
}

#[test]
fn bytes_that_are_no_vector_are_refused() {
    let good = vector(&VECTOR);
    let short: Vec<u8> = good
        .chunks(8)
        .flat_map(|word| &word[..4])
        .copied()
        .collect();
    for (bytes, words) in [
        (
            &good[..good.len() - 16],
            "x offset 0x2f: this is no complete vector: there is no AT_NULL",
        ),
        (
            &good[..good.len() - 3],
            "x: it is neither text nor pairs of 8-byte numbers",
        ),
        (&short, "x offset 0x0: these are pairs of 4-byte numbers"),
        (&vector(&[(0, 0)]), "x offset 0x0: the vector has no entry"),
        (
            &vector(&[(16, 3), (16, 3), (0, 0)]),
            "x offset 0x10: this is no complete vector: a second AT_HWCAP",
        ),
        (
            &vector(&[(16, 3), (0, 0), (1, 1)]),
            "x offset 0x20: this is no complete vector: word 4",
        ),
        (
            &vector(&[(19, 64), (16, 3), (0, 0)]),
            "x offset 0x0: AT_DCACHEBSIZE is an entry",
        ),
        (
            &vector(&[(16, 0x1f8b_fbff), (0, 0)]),
            "x offset 0x0: AT_HWCAP 0x1f8bfbff has one of fphp",
        ),
    ] {
        let message = one(bytes).unwrap_err().to_string();
        assert!(message.starts_with(words), "{words}\n{message}");
    }
    let message = import(
        &[Input {
            file: "x",
            bytes: b"a\0b",
            kind: Some(Kind::Cpuinfo),
        }],
        "box",
    );
    let message = message.unwrap_err().to_string();
    assert!(
        message.starts_with("x offset 0x1: the bytes are no text"),
        "{message}"
    );
    let message = one(vec![b' '; super::MAX_BYTES + 1])
        .unwrap_err()
        .to_string();
    assert!(
        message.starts_with("x is longer than 4194304 bytes"),
        "{message}"
    );
}

#[test]
fn a_kind_can_be_forced() {
    let forced = |bytes: &[u8], kind: &str| {
        let kind = Kind::named(kind);
        import(
            &[Input {
                file: "x",
                bytes,
                kind,
            }],
            "box",
        )
    };
    assert!(forced(b"fp asimd", "features").is_ok());
    assert!(forced(b"fp asimd", "cpuinfo").is_err());
    for (name, _) in Kind::ALL {
        assert!(forced(b"", name).is_err(), "{name}");
    }
    assert_eq!(Kind::named("json"), None);
}

/// Time grows with the length of a text and not with its square: long texts are answered at once.
#[test]
fn long_texts_take_no_longer_than_they_must() {
    let long = |line: &dyn Fn(usize) -> String| {
        let mut text = String::new();
        for index in 0.. {
            let line = line(index);
            if text.len() + line.len() > super::MAX_BYTES / 2 {
                return text;
            }
            text.push_str(&line);
        }
        text
    };
    let fields = long(&|index| format!("{{\"field\": \"f{index}:\", \"data\": \"\"}},\n"));
    let flags =
        long(&|index| format!("{{\"field\": \"Flags:\", \"data\": \"fp asimd f{index}\"}},\n"));
    let lscpu = |fields: &str| format!("{{\"lscpu\": [\n{fields}{{\"field\": \"x\"}}]}}\n");
    for text in [
        long(&|index| format!("AT_??? ({index:#x}): 0x0\n")),
        format!("fp asimd {}", long(&|index| format!("f{index} "))),
        long(&|index| format!("processor : {index}\nFeatures : fp asimd f{index}\n")),
        lscpu(&fields),
        lscpu(&flags),
        format!(
            "== midr\n{}",
            long(&|index| format!("/cpu{index}/midr_el1:{index:#x}\n"))
        ),
    ] {
        let started = std::time::Instant::now();
        let _ = one(&text);
        let seconds = started.elapsed().as_secs();
        assert!(seconds < 10, "{seconds} s for {}", &text[..60]);
    }
}

const DAMAGED: [&str; 7] = [
    "machines/max.txt",
    "texts/max.cpuinfo",
    "texts/max.auxv",
    "texts/max.auxv-2.31.txt",
    "texts/max.lscpu-2.36.json",
    "texts/max.lscpu-2.42.txt",
    "texts/neoverse-v1.busybox.txt",
];

proptest! {
    #[test]
    fn any_bytes_get_an_answer(
        bytes in proptest::collection::vec(any::<u8>(), 0..300),
        kind in prop::sample::select(Kind::ALL.to_vec()),
    ) {
        let input = Input { file: "x", bytes: &bytes, kind: Some(kind.1) };
        let _ = import(&[input], "box");
        let _ = one(&bytes);
    }

    #[test]
    fn a_damaged_text_gets_an_answer_that_names_it(
        file in prop::sample::select(DAMAGED.to_vec()),
        edits in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
        cut in any::<prop::sample::Index>(),
    ) {
        let mut bytes = fixture(file);
        for (at, byte) in edits {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        for bytes in [&bytes[..], &bytes[..cut.index(bytes.len())]] {
            match one(bytes) {
                Ok(imported) => prop_assert!(imported.profile.hwcaps.words[0].is_some()),
                Err(error) => {
                    let message = error.to_string();
                    prop_assert!(message.contains('x') && !message.contains('\n'), "{}", message);
                }
            }
        }
    }

    /// Whatever is imported, its text is a profile that says the same.
    #[test]
    fn what_is_imported_is_a_profile(words in any::<[u64; 3]>(), page in 0_u32..3) {
        let [first, second, third] = words;
        // FP and ASIMD are always there, half precision is never.
        let first = (first | 3) & !(3 << 9);
        let page = 4096 << (2 * page);
        let bytes = vector(&[(6, page), (16, first), (26, second), (29, third), (0, 0)]);
        let profile = profile(bytes);
        prop_assert_eq!(profile.hwcaps.words, [Some(first), Some(second), Some(third), Some(0)]);
        let text = crate::profile::to_json(&profile);
        let again = crate::profile::schema::load::parse(text.as_bytes(), "x", profile.source.clone());
        prop_assert_eq!(again.unwrap(), profile);
    }
}
