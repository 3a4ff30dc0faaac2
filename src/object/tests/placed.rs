use std::sync::Arc;

use proptest::prelude::{any, prop, proptest};

use super::library;
use crate::elf::imports::{RelocationKind, Unreadable};
use crate::memory::files::WithFiles;
use crate::memory::{GapKind, Memory};
use crate::object::functions::Source;
use crate::object::placed::Loads;
use crate::object::slots::Slot;
use crate::object::{Object, Objects};
use crate::sigframe::tests::fake::Fake;
use crate::units::{Addr, AddrRange};

const SETS: u64 = 0x7000_0000;
const WRAPPERS: u64 = 0x7100_0000;
const VDSO: u64 = 0x7f00_0000;
/// Where both libraries have their slot of the procedure linkage table.
const SLOT: u64 = 0x2000;

/// What `sets.so` has: code, data that is read only once it is relocated, data. All of it is of two pages of the file.
fn load(memory: &mut Fake, at: u64, id: u32) {
    memory.map_part(at, at + 0x1000, "rx", id, 0);
    memory.map_part(at + 0x1000, at + 0x2000, "r", id, 0);
    memory.map_part(at + 0x2000, at + 0x3000, "rw", id, 0x1000);
}

fn objects<'a>(sets: &'a [u8], wrappers: &'a [u8]) -> Objects<'a> {
    Objects::of([
        (1, Arc::from("sets.so"), sets),
        (2, Arc::from("wrappers.so"), wrappers),
    ])
}

#[test]
fn addresses_lead_to_objects_and_back() {
    let (sets, wrappers) = (library("sets"), library("wrappers"));
    let objects = objects(&sets, &wrappers);
    let mut memory = Fake::default();
    load(&mut memory, SETS, 1);
    // A second copy, and another file between.
    memory.map_part(WRAPPERS, WRAPPERS + 0x1000, "rx", 2, 0);
    load(&mut memory, SETS + 0x10_0000, 1);
    memory.map_part(0x5000_0000, 0x5000_1000, "rw", 9, 0);
    let loads = Loads::new(&memory, &objects);
    let all: Vec<(Option<u32>, u64)> = loads.loads().map(|it| (it.file, it.bias)).collect();
    let copy = SETS + 0x10_0000;
    assert_eq!(all, [(Some(1), SETS), (Some(1), copy), (Some(2), WRAPPERS)]);
    assert_eq!(loads.parts().len(), 7);

    let run = loads.at(Addr(copy + 0x264)).unwrap();
    assert_eq!((run.linked, run.load.bias), (0x264, copy));
    let function = run.function().unwrap();
    assert_eq!((function.start, function.end), (0x260, 0x26c));
    assert_eq!(
        (function.name, function.from),
        (Some("run"), Source::Unwind)
    );
    assert_eq!(run.load.address(function.start), Addr(copy + 0x260));
    // Data that shares the file's page with code.
    assert_eq!(loads.at(Addr(SETS + 0x1ef0)).unwrap().linked, 0x1ef0);
    assert_eq!(loads.at(Addr(SETS + SLOT)).unwrap().linked, SLOT);
    assert!(loads.at(Addr(SETS - 1)).is_none() && loads.at(Addr(SETS + 0x3000)).is_none());
    assert!(loads.at(Addr(0x5000_0000)).is_none());
}

#[test]
fn the_vdso_is_one_more_object() {
    let pages = std::fs::read("tests/fixtures/images/sig-sve@max@new/pages-1.img").unwrap();
    let start = (0..pages.len())
        .step_by(4096)
        .rfind(|at| pages[*at..].starts_with(b"\x7fELF"));
    let vdso = Object::parse(&pages[start.unwrap()..][..8192]).unwrap();
    let none = Objects::none();
    let mut loads = Loads::new(&Fake::default(), &none);
    loads.add(&vdso, AddrRange::new(Addr(VDSO), Addr(VDSO + 8192)));
    let symbols = vdso.dynamic().unwrap().symbols();
    let named = |name: &[u8]| symbols.iter().find(|it| it.name == name).unwrap().value;
    let gettime = named(b"__kernel_clock_gettime");
    let spot = loads.at(Addr(VDSO + gettime + 4)).unwrap();
    assert_eq!((spot.linked, spot.load.file), (gettime + 4, None));
    let function = spot.function().unwrap();
    assert_eq!(
        (function.start, function.name),
        (gettime, Some("__kernel_clock_gettime"))
    );
    // The trampoline has no entry in the unwind tables, and its symbol is none of a function.
    assert_eq!(named(b"__kernel_rt_sigreturn"), 2088);
    assert_eq!(vdso.function_at(2088), None);
}

#[test]
fn slots_have_the_values_that_the_task_has() {
    let (sets, wrappers) = (library("sets"), library("wrappers"));
    let objects = objects(&sets, &wrappers);
    let mut memory = Fake::default();
    load(&mut memory, SETS, 1);
    memory.map_part(WRAPPERS, WRAPPERS + 0x1000, "rx", 2, 0);
    let target = objects.get(2).unwrap().dynamic().unwrap();
    let target = target.symbols().iter().find(|it| it.name == b"prctl");
    let prctl = target.unwrap().value;
    memory.words(SETS + SLOT, &[WRAPPERS + prctl]);

    let loads = Loads::new(&memory, &objects);
    let of = loads.at(Addr(SETS)).unwrap().load;
    let slots: Vec<_> = loads.slots(of, &memory).unwrap().collect();
    let [slot] = slots.as_slice() else {
        panic!("{slots:?}");
    };
    let expected = Slot {
        at: SLOT,
        kind: RelocationKind::JumpSlot,
        symbol: Some(b"prctl".as_slice()),
        addend: 0,
    };
    assert_eq!((slot.slot, slot.at), (expected, Addr(SETS + SLOT)));
    assert_eq!(slot.value, Ok(WRAPPERS + prctl));
    let to = slot.to.unwrap();
    assert_eq!((to.load.file, to.linked), (Some(2), prctl));
    assert_eq!(to.function().unwrap().name, Some("prctl"));
}

#[test]
fn a_slot_that_was_never_written_has_the_files_word() {
    let (sets, wrappers) = (library("points"), library("wrappers"));
    let objects = objects(&sets, &wrappers);
    let mut memory = Fake::default();
    load(&mut memory, SETS, 1);
    let loads = Loads::new(&memory, &objects);
    let of = loads.at(Addr(SETS)).unwrap().load;
    let kinds: Vec<(RelocationKind, Option<&[u8]>)> = of
        .object
        .slots()
        .unwrap()
        .map(|slot| (slot.kind, slot.symbol))
        .collect();
    assert_eq!(
        kinds,
        [
            (RelocationKind::GlobalData, Some(b"pointer".as_slice())),
            (RelocationKind::Absolute, Some(b"prctl".as_slice())),
        ]
    );
    let why = |memory: &dyn Memory| {
        let slot = loads.slots(of, memory).unwrap().next().unwrap();
        (slot.value.map_err(|gap| gap.why), slot.to.is_some())
    };
    assert_eq!(why(&memory), (Err(GapKind::File), false));
    assert_eq!(why(&WithFiles::new(&memory, &objects)), (Ok(0), false));
}

#[test]
fn packed_relative_relocations_are_slots_too() {
    let mut bytes = library("points");
    let plain = Object::parse(&bytes).unwrap();
    let hash = plain.section(b".gnu.hash").unwrap().sh_offset as usize;
    let dynamic = plain.section(b".dynamic").unwrap();
    let dynamic = dynamic.sh_offset as usize..(dynamic.sh_offset + dynamic.sh_size) as usize;
    // Every address, and of the 63 words behind it the second and the last; in place of the hash table.
    let (first, some) = (0x2000_u64, (1_u64 << 63 | 1 << 2) | 1);
    for (at, word) in [(hash, first), (hash + 8, some)] {
        bytes[at..at + 8].copy_from_slice(&word.to_le_bytes());
    }
    let entry = |tag: u64| {
        dynamic
            .clone()
            .step_by(16)
            .find(|at| bytes[*at..*at + 8] == tag.to_le_bytes())
            .unwrap()
    };
    // DT_GNU_HASH becomes the table, the first of the empty entries its length.
    let (table, len) = (entry(0x6fff_fef5), entry(0));
    bytes[table..table + 8].copy_from_slice(&36_u64.to_le_bytes());
    bytes[len..len + 16].copy_from_slice(&[35_u64, 16].map(u64::to_le_bytes).concat());
    bytes[0x1000..0x1008].copy_from_slice(&0x1234_u64.to_le_bytes());
    let object = Object::parse(&bytes).unwrap();
    let packed: Vec<(u64, i64)> = object
        .slots()
        .unwrap()
        .filter(|slot| slot.kind == RelocationKind::Relative && slot.symbol.is_none())
        .map(|slot| (slot.at, slot.addend))
        .collect();
    assert_eq!(
        packed,
        [(0x2000, 0x1234), (0x2010, 0), (0x2008 + 8 * 62, 0)]
    );
    // A table that leaves the file.
    bytes[len + 8..len + 16].copy_from_slice(&(1_u64 << 20).to_le_bytes());
    let object = Object::parse(&bytes).unwrap();
    assert_eq!(
        object.slots().err(),
        Some(Unreadable::Outside("packed relocations"))
    );
}

proptest! {
    #[test]
    fn damaged_libraries_get_an_answer(
        edits in prop::collection::vec((0_usize..0x10a0, any::<u8>()), 0..40),
        at in any::<u64>(),
        offset in any::<u64>(),
    ) {
        let mut bytes = library("points");
        let len = bytes.len();
        for (at, byte) in edits {
            bytes[at % len] = byte;
        }
        let objects = Objects::of([(1, Arc::from("points.so"), bytes.as_slice())]);
        let mut memory = Fake::default();
        load(&mut memory, SETS, 1);
        memory.map_part(WRAPPERS, WRAPPERS + 0x1000, "rx", 1, offset & !0xfff);
        let loads = Loads::new(&memory, &objects);
        for load in loads.loads() {
            let _ = load.object.function_at(at);
            let _ = load.object.executable();
            let _ = loads.slots(load, &memory).map(Iterator::count);
        }
        for part in loads.parts() {
            let _ = crate::object::changed::changed_pages(&memory, part.shown(), 4096);
        }
        let _ = loads.at(Addr(at));
    }
}
