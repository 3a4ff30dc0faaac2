//! Lists of cores, and cores that are not alike.

use std::collections::BTreeMap;

use crate::capture::Note;
use crate::capture::cores::{Sorted, list, parse_list, sort};
use crate::capture::raw::Core;
use crate::capture::registers::TABLE;
use crate::profile::schema::load;

fn map(values: &[(&str, u64)]) -> BTreeMap<String, u64> {
    let own = |(name, value): &(&str, u64)| ((*name).to_owned(), *value);
    values.iter().map(own).collect()
}

fn core(number: u32, sysfs: &[(&str, u64)], mrs: &[(&str, u64)]) -> Core {
    Core {
        number,
        mrs: map(mrs),
        sysfs: map(sysfs),
    }
}

fn sorted(cores: &[Core], somewhere: &[(&str, u64)]) -> (Sorted, Vec<Note>) {
    let mut notes = Vec::new();
    (sort(cores, &map(somewhere), &mut notes), notes)
}

#[test]
fn lists_are_read_and_written_as_linux_does() {
    assert_eq!(parse_list("0-3,8\n"), Some(vec![0, 1, 2, 3, 8]));
    assert_eq!(parse_list("5"), Some(vec![5]));
    for text in ["", "a", "1-", "-3", "3-1", "0,,1", "0-4294967295", "0-3;8"] {
        assert_eq!(parse_list(text), None, "{text}");
    }
    assert_eq!(list(&[0, 1, 2, 3, 8]), "0-3,8");
    assert_eq!(list(&[7]), "7");
    assert_eq!(list(&[0, 2, 3, 5]), "0,2-3,5");
}

#[test]
fn every_register_of_a_profile_has_a_place_where_it_is_read() {
    let names: Vec<&str> = TABLE.iter().map(|register| register.name).collect();
    assert_eq!(names, load::REGISTERS);
    for register in TABLE {
        assert!(register.mrs.is_some() || register.sysfs.is_some());
        // What only sysfs shows differs by core, else it would not be there.
        assert!(register.by_core || register.sysfs.is_none());
    }
}

#[test]
fn cores_that_are_alike_are_one_machine() {
    let one = |number| {
        core(
            number,
            &[("MIDR_EL1", 0x41), ("REVIDR_EL1", 7)],
            &[("MIDR_EL1", 0x41), ("DCZID_EL0", 4), ("REVIDR_EL1", 0)],
        )
    };
    let (all, notes) = sorted(&[one(0), one(1)], &[]);
    // sysfs outranks MRS.
    assert_eq!(
        all.shared,
        map(&[("MIDR_EL1", 0x41), ("REVIDR_EL1", 7), ("DCZID_EL0", 4)])
    );
    assert!(all.kinds.is_empty() && notes.is_empty());
}

#[test]
fn cores_that_are_not_alike_are_kept_apart() {
    let little = |number| {
        core(
            number,
            &[("MIDR_EL1", 0xd03)],
            &[("DCZID_EL0", 4), ("CTR_EL0", 9)],
        )
    };
    let big = |number| {
        core(
            number,
            &[("MIDR_EL1", 0xd08)],
            &[("DCZID_EL0", 5), ("CTR_EL0", 9)],
        )
    };
    let (all, notes) = sorted(
        &[little(0), big(1), little(2), big(3)],
        &[("MIDR_EL1", 0xd03)],
    );
    assert_eq!(all.shared, map(&[("CTR_EL0", 9)]));
    let kinds: Vec<(&str, u64)> = all
        .kinds
        .iter()
        .map(|kind| (kind.cpus.as_str(), kind.registers["DCZID_EL0"]))
        .collect();
    assert_eq!(kinds, [("0,2", 4), ("1,3", 5)]);
    assert_eq!(all.kinds[1].registers["MIDR_EL1"], 0xd08);
    assert!(
        notes[0]
            .message
            .contains("0,2 (MIDR_EL1 0xd03); 1,3 (MIDR_EL1 0xd08)"),
        "{notes:?}"
    );
}

#[test]
fn a_core_that_cannot_be_asked_is_like_its_twins_and_no_other() {
    let asked = core(0, &[("MIDR_EL1", 0xd03)], &[("DCZID_EL0", 4)]);
    let (all, notes) = sorted(&[asked.clone(), core(1, &[("MIDR_EL1", 0xd03)], &[])], &[]);
    assert_eq!(all.shared["DCZID_EL0"], 4);
    assert!(notes.is_empty());

    // Another design: its block size is anybody's guess, so the machine's is unknown.
    let (all, notes) = sorted(&[asked.clone(), core(1, &[("MIDR_EL1", 0xd08)], &[])], &[]);
    assert!(!all.shared.contains_key("DCZID_EL0") && all.kinds.len() == 2);
    assert!(
        notes[0]
            .message
            .starts_with("DCZID_EL0 could be read on some cores only"),
        "{notes:?}"
    );

    // Nobody said what the second core is.
    let (all, _) = sorted(&[asked, core(1, &[], &[])], &[("DCZID_EL0", 4)]);
    assert!(!all.shared.contains_key("DCZID_EL0") && !all.shared.contains_key("MIDR_EL1"));
}

#[test]
fn what_was_read_on_an_unknown_core_holds_for_cores_of_one_design() {
    let one = |number| core(number, &[("MIDR_EL1", 0x41)], &[]);
    assert_eq!(
        sorted(&[one(0), one(1)], &[("DCZID_EL0", 4)]).0.shared["DCZID_EL0"],
        4
    );
    assert_eq!(
        sorted(&[core(0, &[], &[])], &[("DCZID_EL0", 4)]).0.shared["DCZID_EL0"],
        4
    );
    let two = [one(0), core(1, &[("MIDR_EL1", 0x42)], &[])];
    assert!(
        !sorted(&two, &[("DCZID_EL0", 4)])
            .0
            .shared
            .contains_key("DCZID_EL0")
    );
}
