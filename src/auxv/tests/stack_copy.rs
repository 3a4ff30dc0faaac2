use proptest::prelude::*;

use super::{Fake, bytes_of};
use crate::auxv::Error;
use crate::auxv::stack_copy::{self, Difference};
use crate::auxv::vector::Auxv;
use crate::units::{Addr, Place};

const START: u64 = 0xffff_ff00;

fn stack(words: &[u64]) -> Fake {
    Fake::new(vec![(START, bytes_of(words))])
}

#[test]
fn the_copy_lies_behind_arguments_and_environment() {
    // argc, two arguments, NULL, one variable, NULL, the vector, what follows it.
    let fake = stack(&[2, 0xa, 0xb, 0, 0xe, 0, 6, 4096, 16, 0x8ff, 0, 0, 0x1234]);
    let copy = stack_copy::find(&fake, Addr(START)).unwrap();
    assert_eq!(copy.addr, Addr(START + 48));
    assert_eq!(copy.place, Some(Place::new("pages-1.img", 0x1000 + 48, 48)));
    assert_eq!((copy.argc, copy.envc), (2, 1));
    assert_eq!(copy.words, [6, 4096, 16, 0x8ff, 0, 0]);
    assert_eq!(copy.word_addr(3), Some(Addr(START + 72)));
    assert_eq!(copy.word_addr(6), None);
}

#[test]
fn nothing_before_the_vector_is_needed_and_unsetenv_leaves_nulls() {
    let fake = stack(&[0, 0, 0, 6, 4096, 0, 0]);
    assert_eq!(
        stack_copy::find(&fake, Addr(START)).unwrap().addr,
        Addr(START + 24)
    );
    // An argument pointer overwritten with NULL; three variables of which two were unset.
    let fake = stack(&[2, 0xa, 0, 0, 0xe, 0, 0, 0, 6, 4096, 0, 0]);
    let copy = stack_copy::find(&fake, Addr(START)).unwrap();
    assert_eq!((copy.addr, copy.envc), (Addr(START + 64), 1));
}

#[test]
fn a_stack_that_is_none_says_why() {
    let error = |words: &[u64]| stack_copy::find(&stack(words), Addr(START)).unwrap_err();
    assert!(matches!(
        error(&[u64::MAX, 0]),
        Error::TooManyArguments { argc: u64::MAX, .. }
    ));
    assert!(matches!(
        error(&[1, 0xa, 0xb, 0]),
        Error::ArgvNotTerminated { word: 0xb, .. }
    ));
    assert!(matches!(error(&[3, 0xa]), Error::StackUnreadable { .. }));
    assert!(matches!(
        error(&[0, 0, 0xe, 0xe]),
        Error::StackUnreadable { .. }
    ));
    assert!(matches!(
        error(&[0, 0, 0, 7, 1, 0, 0]),
        Error::NotAVector { .. }
    ));
    assert!(matches!(
        error(&[0, 0, 0, 6, 4096, 5]),
        Error::StackUnreadable { .. }
    ));
    let unaligned = stack_copy::find(&stack(&[0]), Addr(START + 8)).unwrap_err();
    assert!(matches!(unaligned, Error::StackUnaligned { .. }));
    let text = error(&[1, 0xa, 0xb, 0]).to_string();
    assert!(
        text.contains("0xffffff10 (pages-1.img offset 0x1010)"),
        "{text}"
    );

    let mut endless = vec![0, 0, 0xe, 0];
    endless.extend([6; 1200]);
    assert!(matches!(error(&endless), Error::NotAVector { .. }));
}

#[test]
fn the_top_of_the_address_space_is_no_place_to_loop() {
    let fake = Fake::new(vec![(u64::MAX - 31, vec![0; 16])]);
    assert!(stack_copy::find(&fake, Addr(u64::MAX - 31)).is_err());
}

#[test]
fn differences_name_tag_and_both_values() {
    let saved = Auxv::from_words(&[16, 0xff, 6, 4096, 29, 0, 0, 0]);
    let stack = Auxv::from_words(&[16, 0x8ff, 6, 4096, 27, 28, 0, 0]);
    assert_eq!(
        stack_copy::compare(&saved, &stack),
        [
            Difference {
                tag: 16,
                saved: Some(0xff),
                stack: Some(0x8ff)
            },
            Difference {
                tag: 29,
                saved: Some(0),
                stack: None
            },
            Difference {
                tag: 27,
                saved: None,
                stack: Some(28)
            },
        ]
    );
    assert_eq!(stack_copy::compare(&saved, &saved), []);
}

proptest! {
    #[test]
    fn any_stack_gets_an_answer(words in proptest::collection::vec(0_u64..8, 0..64)) {
        if let Ok(copy) = stack_copy::find(&stack(&words), Addr(START)) {
            prop_assert_eq!(copy.words.len() % 2, 0);
            prop_assert_eq!(copy.words[copy.words.len() - 2], 0);
        }
    }
}
