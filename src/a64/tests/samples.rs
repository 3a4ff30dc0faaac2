//! One instruction or more for every HWCAP bit, as GNU as (binutils 2.47) encodes them.

use std::collections::BTreeSet;
use std::fs;

use crate::a64::{Instruction, Need, STREAMING, SystemAccess};
use crate::auxv::hwcap::{BITS, BitUse};

/// HWCAP bits that stand for no instruction of their own, and why.
const WITHOUT: &[(&str, &str)] = &[
    ("uscat", "atomic accesses that are not aligned"),
    ("bti", "landing pads are hints"),
    ("afp", "bits of FPCR"),
    ("rpres", "the precision of estimates"),
    ("mte3", "reports of tag faults"),
    ("mtefar", "the address that faults report"),
    ("mtestoreonly", "tags checked by stores alone"),
    ("ebf16", "a bit of FPCR"),
    ("sveebf16", "a bit of FPCR"),
    ("f8e4m3", "a format of FPMR"),
    ("f8e5m2", "a format of FPMR"),
    ("rprfm", "a prefetch: others execute its encoding as PRFM"),
    ("smefa64", "all instructions in streaming mode"),
    ("smei8i32", "part of SME"),
    ("smef16f32", "part of SME"),
    ("smeb16f32", "part of SME"),
    ("smef32f32", "part of SME"),
    ("smei16i32", "part of SME2"),
    ("smebi32i32", "part of SME2"),
    ("sveeltperm", "part of SVE2p2 in binutils' tables"),
];

/// HWCAP bits that no single field of an ID register tells.
const ANY_FIELD: [&str; 3] = ["paca", "pacg", "cpuid"];

fn text(need: &Need) -> String {
    match need {
        Need::Base => "base".to_owned(),
        Need::Any(sets) => {
            let sets: Vec<String> = sets.iter().map(|set| set.join("+")).collect();
            sets.join("|")
        }
        Need::Unreported(unreported) => unreported.feature.to_owned(),
        Need::Privileged => "privileged".to_owned(),
        Need::Unknown => "unknown".to_owned(),
    }
}

#[test]
fn samples_need_what_the_assembler_asks_for() {
    let samples = fs::read_to_string("tests/fixtures/a64/samples.tsv").unwrap();
    let known: BTreeSet<&str> = BITS.iter().map(|bit| bit.cpuinfo).collect();
    let mut seen = BTreeSet::new();
    for line in samples.lines().skip(1) {
        let [need, instruction, word] = line.split('\t').collect::<Vec<_>>()[..] else {
            panic!("{line}");
        };
        let it = Instruction::decode(u32::from_str_radix(word, 16).unwrap());
        assert_eq!(text(&it.need()), need, "{instruction}");
        assert!(
            it.need()
                .bits()
                .all(|bit| bit.field().is_some() || ANY_FIELD.contains(&bit.cpuinfo)),
            "{instruction}"
        );
        if let Need::Any(sets) = it.need() {
            for name in sets
                .iter()
                .copied()
                .flatten()
                .filter(|name| **name != STREAMING)
            {
                assert!(
                    known.contains(name),
                    "{instruction}: no HWCAP bit is called {name}"
                );
                seen.insert(*name);
            }
        }
    }
    for bit in BITS.iter().filter(|bit| bit.use_ == BitUse::Code) {
        let without = WITHOUT.iter().any(|(name, _)| *name == bit.cpuinfo);
        assert!(seen.contains(bit.cpuinfo) != without, "{}", bit.cpuinfo);
    }
}

/// The name of the system register or the operation, as the assembler spells it.
fn system_name(it: &Instruction) -> Option<String> {
    let name = match it.system_access()? {
        SystemAccess::Read(register) | SystemAccess::Write(register) => register.name(),
        SystemAccess::Operation(operation) => operation.name(),
    };
    name.map(str::to_ascii_lowercase)
}

#[test]
fn registers_and_operations_have_the_names_the_assembler_gives_them() {
    let samples = fs::read_to_string("tests/fixtures/a64/samples.tsv").unwrap();
    let mut seen = 0;
    for line in samples.lines().skip(1) {
        let [need, instruction, word] = line.split('\t').collect::<Vec<_>>()[..] else {
            panic!("{line}");
        };
        let it = Instruction::decode(u32::from_str_radix(word, 16).unwrap());
        let words: Vec<&str> = instruction
            .split([' ', ','])
            .filter(|it| !it.is_empty())
            .collect();
        let expected = match words[..] {
            ["mrs", _, name] | ["msr", name, _] => name.to_owned(),
            [kind @ ("dc" | "ic"), name, _] => format!("{kind} {name}"),
            _ => continue,
        };
        // ID registers, and those that are the kernel's, have no row; a number is no name.
        let name = system_name(&it);
        if ["cpuid", "privileged"].contains(&need) && name.is_none() || expected.starts_with("s3_")
        {
            continue;
        }
        assert_eq!(name, Some(expected), "{instruction}");
        seen += 1;
    }
    assert!(seen >= 17, "{seen}");
}

#[test]
fn streaming_mode_is_never_taken_for_granted() {
    // cntb x0
    let need = Instruction::decode(0x0420_e3e0).need();
    assert_eq!(need.met_by(|name| name == "sve"), Some(true));
    assert_eq!(need.met_by(|name| name == "sme"), Some(false));
    assert_eq!(
        need.met_by(|name| ["sme", STREAMING].contains(&name)),
        Some(true)
    );
    assert_eq!(
        Instruction::decode(0xffff_ffff).need().met_by(|_| true),
        None
    );
}
