//! Vectors of real checkpoints.
#![allow(
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss
)]

use std::path::Path;
use std::sync::Arc;

use super::{MASK_HWCAP, field_len};
use crate::criu_image::load_from;
use crate::criu_image::model::Checkpoint;
use crate::facts::{self, Search};
use crate::finding::EditClass;
use crate::input::{DirSource, MemorySource, Source};
use crate::profile::model::Profile;
use crate::rewrite::by_spot::FindingsBySpot;
use crate::rewrite::edit::{Allowed, Change, FieldValue, Operation, Plan};
use crate::rule::{self, Case};
use crate::rule_id::RuleId;
use crate::units::Version;

fn image(name: &str) -> MemorySource {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/fixtures/images")
        .join(name);
    MemorySource::copy_of(&DirSource::open(&path).unwrap()).unwrap()
}

fn load(source: &MemorySource) -> Checkpoint {
    let source: Arc<dyn Source> = Arc::new(source.clone());
    load_from(&source).unwrap()
}

fn target(name: &str) -> Profile {
    crate::profile::resolve(name).unwrap()
}

fn plan_for(checkpoint: &Checkpoint, target: &Profile, names: &[&str]) -> Plan {
    let facts = facts::collect(checkpoint, Search::Auto);
    let case = Case {
        facts: &facts,
        target,
        source: None,
    };
    let mut plan = Plan::default();
    let allowed = Allowed {
        names: names.iter().map(|name| (*name).to_owned()).collect(),
    };
    let judgement = rule::judge(&case, &[]);
    let found = FindingsBySpot::new(&judgement.findings);
    super::plan(&case, &found, &allowed, &mut plan);
    plan
}

/// The saved words of the first task after the operations.
fn saved_after(checkpoint: &Checkpoint, plan: &Plan) -> Vec<u64> {
    let words = &checkpoint.tasks[0].mm.as_ref().unwrap().saved_auxv;
    let mut after: Vec<Option<u64>> = words.iter().copied().map(Some).collect();
    for change in plan.edits.iter().flat_map(|edit| &edit.changes) {
        let Change::Field {
            file,
            entry: 0,
            path,
            operation,
        } = change
        else {
            continue;
        };
        assert!(file.starts_with("mm-") && path.is_empty());
        match operation {
            Operation::Delete {
                number: 13,
                occurrence,
            } => {
                assert!(after[*occurrence].take().is_some());
            }
            Operation::Replace {
                number: 13,
                occurrence,
                old: FieldValue::Varint(old),
                new: FieldValue::Varint(new),
            } => {
                assert_eq!(after[*occurrence].replace(*new), Some(*old));
            }
            other => panic!("{other:?}"),
        }
    }
    after.into_iter().flatten().collect()
}

/// The image after the changes of raw files.
fn applied(source: &MemorySource, plan: &Plan) -> MemorySource {
    let mut copy = source.clone();
    for change in plan.edits.iter().flat_map(|edit| &edit.changes) {
        if let Change::Bytes {
            file,
            offset,
            old,
            new,
        } = change
        {
            let mut bytes = copy.get(file).unwrap().to_vec();
            let at = usize::try_from(*offset).unwrap();
            assert_eq!(&bytes[at..at + old.len()], &old[..]);
            bytes[at..at + new.len()].copy_from_slice(new);
            copy.insert(file.clone(), bytes);
        }
    }
    copy
}

fn value(words: &[u64], tag: u64) -> Option<u64> {
    words
        .chunks(2)
        .find(|pair| pair[0] == tag)
        .map(|pair| pair[1])
}

fn whats(plan: &Plan) -> Vec<&str> {
    plan.edits.iter().map(|edit| edit.what.as_str()).collect()
}

#[test]
fn a_vector_of_a_new_kernel_is_shortened_for_an_old_one() {
    let checkpoint = load(&image("sig-plain@cortex-a57@new"));
    let words = checkpoint.tasks[0].mm.as_ref().unwrap().saved_auxv.clone();
    assert_eq!(words.len(), 48);
    let plan = plan_for(&checkpoint, &target("cortex-a57@6.1"), &[]);
    assert_eq!(plan.refusals, []);
    assert_eq!(whats(&plan), ["auxv: leave out AT_HWCAP3"]);
    assert_eq!(
        (plan.edits[0].rule, plan.edits[0].class),
        (RuleId::Sys001, EditClass::Lossless)
    );
    let after = saved_after(&checkpoint, &plan);
    let expected: Vec<u64> = words
        .chunks(2)
        .filter(|pair| pair[0] != 29)
        .flatten()
        .copied()
        .collect();
    assert_eq!(after, expected);
    assert_eq!(after.len(), 46);
}

#[test]
fn a_vector_that_fits_is_left_alone() {
    for (name, machine) in [
        ("sig-plain@cortex-a57@new", "cortex-a57"),
        ("sig-fpsimd@max@6.1", "max@6.1"),
        ("sig-fpsimd@max@6.1", "cortex-a57"),
    ] {
        let plan = plan_for(&load(&image(name)), &target(machine), &[]);
        assert_eq!(plan, Plan::default(), "{name} {machine}");
    }
}

#[test]
fn an_old_criu_takes_forty_words() {
    let checkpoint = load(&image("sig-plain@cortex-a57@new"));
    let mut old = target("cortex-a57@6.12");
    old.criu = Some(Version::new(3, 17, 1));
    let plan = plan_for(&checkpoint, &old, &[]);
    assert_eq!(plan.refusals, []);
    assert_eq!(
        whats(&plan),
        [
            "auxv: leave out AT_HWCAP3",
            "auxv: leave out AT_RSEQ_ALIGN",
            "auxv: leave out AT_RSEQ_FEATURE_SIZE",
            "auxv: leave out AT_FLAGS",
        ]
    );
    assert!(plan.edits.iter().all(|edit| edit.rule == RuleId::Sys002));
    assert_eq!(saved_after(&checkpoint, &plan).len(), 40);
    // No kernel takes so little; nothing is left out in vain.
    old.auxv_bytes = Some(30 * 8);
    let plan = plan_for(&checkpoint, &old, &[]);
    assert_eq!(plan.edits, []);
    let rules: Vec<_> = plan.refusals.iter().map(|refusal| refusal.rule).collect();
    assert_eq!(rules, [RuleId::Sys001, RuleId::Sys002]);
    // Where kernel and CRIU take no more, each pair left out counts for the findings of both.
    old.auxv_bytes = Some(40 * 8);
    let plan = plan_for(&checkpoint, &old, &[]);
    let fixes: Vec<_> = plan.edits.iter().map(|edit| edit.fixes.len()).collect();
    assert_eq!((fixes, plan.refusals), (vec![2; 4], vec![]));
}

/// The image with its saved vector changed, written as CRIU writes it or packed.
fn with_vector(name: &str, change: impl Fn(&mut Vec<u64>), packed: bool) -> MemorySource {
    let mut source = image(name);
    let checkpoint = load(&source);
    let mm = checkpoint.tasks[0].mm.as_ref().unwrap();
    let file = mm.auxv_place.file.to_string();
    let bytes = source.get(&file).unwrap().to_vec();
    let mut words = mm.saved_auxv.clone();
    change(&mut words);
    let varint = |mut word: u64| {
        let mut bytes = Vec::new();
        while word > 0x7f {
            bytes.push(word as u8 | 0x80);
            word >>= 7;
        }
        bytes.push(word as u8);
        bytes
    };
    let mut field: Vec<u8> = Vec::new();
    if packed {
        let inner: Vec<u8> = words.iter().flat_map(|word| varint(*word)).collect();
        field.push(13 << 3 | 2);
        field.extend(varint(inner.len() as u64));
        field.extend(inner);
    } else {
        for word in &words {
            field.push(13 << 3);
            field.extend(varint(*word));
        }
    }
    let (at, len) = (mm.auxv_place.offset as usize, mm.auxv_place.len as usize);
    let mut new = [&bytes[..at], &field, &bytes[at + len..]].concat();
    // Two words of magic, then the entry's size.
    let size = u32::try_from(new.len() - 12).unwrap();
    new[8..12].copy_from_slice(&size.to_le_bytes());
    source.insert(file, new);
    source
}

#[test]
fn capability_words_go_last_and_only_without_a_bit_of_the_target() {
    let name = "sig-plain@cortex-a57@new";
    // Everything else is needed.
    let set = |words: &mut Vec<u64>| {
        for pair in words.chunks_mut(2) {
            match pair[0] {
                29 => pair[1] = 3,
                27 | 28 => pair[0] += 1000,
                8 => pair[1] = 1,
                _ => {}
            }
        }
    };
    let checkpoint = load(&with_vector(name, set, false));
    let mut old = target("cortex-a57@6.1");
    old.hwcaps.words[2] = Some(0);
    let plan = plan_for(&checkpoint, &old, &[]);
    assert_eq!(
        whats(&plan),
        ["auxv: leave out AT_HWCAP3 (0x3, of which cortex-a57@6.1 has nothing)"]
    );
    for has in [None, Some(2)] {
        old.hwcaps.words[2] = has;
        let plan = plan_for(&checkpoint, &old, &[]);
        assert_eq!((plan.edits.len(), plan.refusals.len()), (0, 1), "{has:?}");
    }
}

#[test]
fn a_packed_vector_is_not_edited() {
    let source = with_vector("sig-plain@max@new", |_| {}, true);
    let checkpoint = load(&source);
    assert_eq!(
        checkpoint.tasks[0].mm.as_ref().unwrap().saved_auxv.len(),
        48
    );
    let plan = plan_for(&checkpoint, &target("cortex-a57@6.1"), &[MASK_HWCAP]);
    assert_eq!(plan.edits, []);
    let rules: Vec<_> = plan.refusals.iter().map(|refusal| refusal.rule).collect();
    assert_eq!(rules, [RuleId::Sys001, RuleId::Hwc001]);
}

#[test]
fn bits_are_masked_in_both_vectors_and_by_name_only() {
    let source = image("sig-plain@max@new");
    let checkpoint = load(&source);
    let small = target("cortex-a57");
    assert_eq!(plan_for(&checkpoint, &small, &[]), Plan::default());
    let plan = plan_for(&checkpoint, &small, &[MASK_HWCAP]);
    assert_eq!(plan.refusals, []);
    let [mask] = &plan.edits[..] else {
        panic!("{plan:#?}");
    };
    assert_eq!(
        (mask.rule, mask.class),
        (RuleId::Hwc001, EditClass::Lossy("mask-hwcap"))
    );
    // What the process was told stays.
    assert_eq!((mask.fixes.len(), mask.leaves.len()), (0, 1));
    assert!(mask.what.starts_with("hwcap: \u{2212}"), "{}", mask.what);
    assert!(mask.what.split(' ').any(|bit| bit == "\u{2212}sve"));
    let before = &checkpoint.tasks[0].mm.as_ref().unwrap().saved_auxv;
    let after = saved_after(&checkpoint, &plan);
    let changed = load(&applied(&source, &plan));
    let mm = changed.tasks[0].mm.as_ref().unwrap();
    let stack = crate::auxv::stack_copy::find(&mm.memory, mm.start_stack)
        .unwrap()
        .words;
    for (word, tag) in small.hwcaps.words.iter().zip([16, 26, 29, 30]) {
        let masked = value(before, tag).map(|old| old & word.unwrap_or(0));
        assert_eq!(value(&after, tag), masked, "{tag}");
        assert_eq!(value(&stack, tag), masked, "{tag}");
    }
    assert_eq!(after, stack);
    assert_eq!(before.len(), after.len());
    // Masked once, there is nothing more to mask; the saved vector of this copy was not changed.
    let again = plan_for(&changed, &small, &[MASK_HWCAP]);
    assert!(
        again
            .edits
            .iter()
            .flat_map(|edit| &edit.changes)
            .all(|change| matches!(change, Change::Field { .. }))
    );
}

#[test]
fn stack_sizes_grow_only_beside_a_mask() {
    let source = image("idle@a64fx@new");
    let checkpoint = load(&source);
    let mut large = target("cortex-a57");
    large.minsigstksz = Some(100_000);
    assert_eq!(plan_for(&checkpoint, &large, &[]), Plan::default());
    let plan = plan_for(&checkpoint, &large, &[MASK_HWCAP]);
    assert_eq!(plan.edits.len(), 2);
    assert_eq!(plan.edits[1].what, "auxv: AT_MINSIGSTKSZ 100000");
    assert_eq!(
        (plan.edits[1].rule, plan.edits[1].class),
        (RuleId::Stk002, EditClass::Lossless)
    );
    assert_eq!(value(&saved_after(&checkpoint, &plan), 51), Some(100_000));
    let changed = load(&applied(&source, &plan));
    let mm = changed.tasks[0].mm.as_ref().unwrap();
    let stack = crate::auxv::stack_copy::find(&mm.memory, mm.start_stack).unwrap();
    assert_eq!(value(&stack.words, 51), Some(100_000));
    // The source's own machine: no mask, no growth.
    large.hwcaps = target("a64fx").hwcaps;
    assert_eq!(
        plan_for(&checkpoint, &large, &[MASK_HWCAP]),
        Plan::default()
    );
}

#[test]
fn without_the_copy_on_the_stack_nothing_is_masked() {
    let mut source = image("sig-plain@max@new");
    let pages = source.get("pages-1.img").unwrap().len();
    source.insert("pages-1.img", vec![0xff; pages]);
    let checkpoint = load(&source);
    let plan = plan_for(&checkpoint, &target("cortex-a57"), &[MASK_HWCAP]);
    assert_eq!(plan.edits, []);
    assert_eq!(plan.refusals.len(), 1);
    assert!(plan.refusals[0].why.contains("copy on the stack"));
}

#[test]
fn a_word_the_profile_does_not_say_is_not_masked() {
    let checkpoint = load(&image("sig-plain@max@new"));
    let mut partial = target("cortex-a57");
    partial.hwcaps.words[1] = None;
    let plan = plan_for(&checkpoint, &partial, &[MASK_HWCAP]);
    assert_eq!((plan.edits.len(), plan.refusals.len()), (1, 1));
    assert!(plan.refusals[0].why.starts_with("AT_HWCAP2 is not masked"));
    let words = &checkpoint.tasks[0].mm.as_ref().unwrap().saved_auxv;
    assert_eq!(
        value(&saved_after(&checkpoint, &plan), 26),
        value(words, 26)
    );
}

#[test]
fn fields_are_as_long_as_their_varints() {
    for (word, len) in [
        (0, 2),
        (127, 2),
        (128, 3),
        (1 << 14, 4),
        (u64::MAX >> 1, 10),
        (u64::MAX, 11),
    ] {
        assert_eq!(field_len(word), len, "{word:#x}");
    }
}
