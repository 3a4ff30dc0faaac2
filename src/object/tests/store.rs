use std::sync::Arc;

use super::library;
use crate::elf::tests::build::{self, CODE, Function, LINKED};
use crate::object::executable::Unloadable;
use crate::object::{Absent, Foreign, Object, Objects};

#[test]
fn files_are_known_by_their_ids_and_parsed_once() {
    let (sets, text) = (library("sets"), b"#!/bin/sh\n");
    let name: Arc<str> = Arc::from("/lib/sets.so");
    let objects = Objects::of([
        (3, Arc::clone(&name), sets.as_slice()),
        (4, Arc::from("/bin/script"), text.as_slice()),
    ]);
    let object = objects.get(3).unwrap();
    assert_eq!(object.bytes(), sets);
    assert_eq!(objects.look_up(3).unwrap().name, name);
    assert!(objects.get(4).is_none() && objects.look_up(5).is_none());
    let script = objects.look_up(4).unwrap().object.as_ref().unwrap_err();
    assert!(matches!(
        script,
        Absent::Foreign(Foreign::Magic | Foreign::Header(_))
    ));
    // What was read is read once.
    assert!(std::ptr::eq(
        object.dynamic().unwrap(),
        object.dynamic().unwrap()
    ));
    assert!(std::ptr::eq(
        object.tables().unwrap(),
        object.tables().unwrap()
    ));
    assert!(std::ptr::eq(
        object.executable().unwrap(),
        object.executable().unwrap()
    ));
    assert!(std::ptr::eq(object.sections(), object.sections()));
    assert_eq!(object.section(b".plt").unwrap().sh_addr, 0x230);
    assert_eq!(object.code_at(0x260), Some(0x260));
    assert_eq!(object.offset_of(0x2000), Some(0x1000));
    // The procedure linkage table is code, and the headers in front of it are mapped as if they were.
    let executable = object.executable().unwrap();
    assert_eq!((executable.first(), executable.word(0)), (0x230, None));
    assert_eq!(executable.mapped_words().next(), Some((0, 0x464c_457f)));
    assert!(executable.holds(0, 0x1000, 0x1000) && !executable.holds(0, 0x1001, 0x1000));
}

#[test]
fn an_index_that_was_made_costs_the_same_for_everyone() {
    let function = Function {
        at: 0,
        len: 0x40,
        program: &[],
    };
    let cost = |unsorted| {
        let plan = build::Plan {
            unsorted,
            ..build::Plan::default()
        };
        let bytes = build::file(std::slice::from_ref(&function), &plan);
        let object = Object::parse(&bytes).unwrap();
        assert!(object.tables().unwrap().beginning(LINKED + CODE + 8) == Some(LINKED + CODE));
        (object.tables_cost(), object.tables_cost())
    };
    assert_eq!(cost(false), (0, 0));
    // The function's entry and the one it refers to are of 24 bytes each.
    assert_eq!(cost(true), (48, 48));
}

#[test]
fn code_that_can_be_written_or_leaves_the_file_is_not_looked_at() {
    let why = |edit: fn(&mut Vec<u8>)| {
        let mut bytes = build::file(&[], &build::Plan::default());
        edit(&mut bytes);
        Object::parse(&bytes).unwrap().executable().err()
    };
    assert_eq!(why(|_| {}), None);
    // Its flags, its bytes in memory and in the file, its offset.
    assert_eq!(why(|bytes| bytes[68] = 7), Some(Unloadable::Writable));
    assert_eq!(why(|bytes| bytes[64 + 40] ^= 8), Some(Unloadable::Writable));
    assert_eq!(
        why(|bytes| bytes[64 + 32 + 4] = 1),
        Some(Unloadable::TooLarge)
    );
    assert_eq!(why(|bytes| bytes[64 + 9] = 0xf0), Some(Unloadable::Outside));
}
