use crate::memory::{Memory as _, Missing};
use crate::object::changed::{Kept, KeptRange, Shown, changed_pages, kept, parts};
use crate::sigframe::tests::fake::Fake;
use crate::units::{Addr, AddrRange};

const START: u64 = 0x10_0000;
const PAGE: u64 = 4096;

/// Five pages of a file that ends in the middle of the last one.
fn file() -> Vec<u8> {
    (0..5 * PAGE - 2048).map(|at| (at / 7) as u8).collect()
}

fn page(index: u64) -> u64 {
    START + index * PAGE
}

fn range(from: u64, to: u64) -> AddrRange {
    AddrRange::new(Addr(page(from)), Addr(page(to)))
}

fn shown(file: &[u8]) -> Shown<'_> {
    Shown {
        range: range(0, 5),
        offset: 0,
        file,
    }
}

/// The file, with pages of the task's own from `first` on.
fn memory(first: u64, own: &[u8]) -> Fake {
    let mut memory = Fake::default();
    memory.map_file(START, page(5), "rx", 7);
    memory.pages(page(first), own.to_vec());
    memory
}

#[test]
fn pages_that_hold_what_the_file_holds_are_not_changed() {
    let file = file();
    let mut last = file[4 * PAGE as usize..].to_vec();
    last.resize(PAGE as usize, 0);
    let memory = memory(4, &last);
    let all: Vec<Kept> = parts(&memory, shown(&file)).map(|part| part.kept).collect();
    assert_eq!(all, [Kept::File, Kept::File]);
    assert!(changed_pages(&memory, shown(&file), PAGE).is_empty());
}

#[test]
fn what_lies_behind_the_end_of_the_file_is_zero() {
    let file = file();
    let mut last = file[4 * PAGE as usize..].to_vec();
    last.resize(PAGE as usize, 0);
    last[4000] = 1;
    let memory = memory(4, &last);
    assert_eq!(changed_pages(&memory, shown(&file), PAGE), [range(4, 5)]);
}

#[test]
fn changed_pages_are_told_from_those_beside_them() {
    let file = file();
    // Pages 1 to 3 are the task's own; it changed 1 and 2.
    let mut own = file[PAGE as usize..4 * PAGE as usize].to_vec();
    own[5] ^= 1;
    own[2 * PAGE as usize - 1] ^= 1;
    let memory = memory(1, &own);
    assert_eq!(changed_pages(&memory, shown(&file), PAGE), [range(1, 3)]);
    // A page of 16 KiB is changed as a whole.
    let large = changed_pages(&memory, shown(&file), 4 * PAGE);
    assert_eq!(large, [range(1, 4)]);
    // Together they are one stretch of the image.
    let together = KeptRange {
        range: range(1, 4),
        offset: PAGE,
        kept: Kept::Changed,
    };
    assert_eq!(parts(&memory, shown(&file)).nth(1), Some(together));
}

#[test]
fn what_the_image_does_not_hold_is_not_known() {
    let file = file();
    let mut memory = memory(1, &file[PAGE as usize..2 * PAGE as usize]);
    memory.lose(page(3));
    let run = memory.run_at(Addr(page(3)), Addr(page(4)));
    let missing = Kept::Missing(Missing::Lazy);
    assert_eq!(kept(&run.content, &file, 3 * PAGE), missing);
    let all: Vec<(AddrRange, Kept)> = parts(&memory, shown(&file))
        .map(|part| (part.range, part.kept))
        .collect();
    let expected = [
        (range(0, 1), Kept::File),
        (range(1, 2), Kept::File),
        (range(2, 3), Kept::File),
        (range(3, 4), missing),
        (range(4, 5), Kept::File),
    ];
    assert_eq!(all, expected);
    assert!(changed_pages(&memory, shown(&file), PAGE).is_empty());
}
