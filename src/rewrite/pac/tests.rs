//! Plans on real checkpoints. `editor` applies them.

use std::path::{Path, PathBuf};

mod editor;

use editor::applied;

use super::*;
use crate::criu_image;
use crate::criu_image::model::{AddressKeys, Checkpoint};
use crate::facts::{self, Facts, Search, Unwinding};
use crate::finding::Severity;
use crate::memory::Mapping;
use crate::profile;
use crate::rewrite::by_spot::FindingsBySpot;
use crate::rule;
use crate::rule_id::{Family, RuleId};
use crate::sigframe::cfi::{Start, UnwindEnd};
use crate::units::{Addr, AddrRange, Version};

fn image(name: &str) -> PathBuf {
    Path::new("tests/fixtures/images").join(name)
}

/// A case, with what is changed before the planner sees it.
struct Scene {
    image: &'static str,
    target: &'static str,
    source: Option<&'static str>,
    allow: bool,
    image_edit: fn(&mut Checkpoint),
    facts_edit: fn(&mut Facts<'_>),
    target_edit: fn(&mut Profile),
}

const SIGNED: Scene = Scene {
    image: "pac-idle@max@new",
    target: "cortex-a57",
    source: None,
    allow: false,
    image_edit: |_| {},
    facts_edit: |_| {},
    target_edit: |_| {},
};

fn planned(scene: &Scene) -> Plan {
    let mut checkpoint = criu_image::load(&image(scene.image)).unwrap();
    (scene.image_edit)(&mut checkpoint);
    let mut facts = facts::collect(&checkpoint, Search::Auto);
    (scene.facts_edit)(&mut facts);
    let mut target = profile::resolve(scene.target).unwrap();
    (scene.target_edit)(&mut target);
    let source = scene.source.map(|name| profile::resolve(name).unwrap());
    let case = Case {
        facts: &facts,
        target: &target,
        source: source.as_ref(),
    };
    let allowed = Allowed {
        names: scene
            .allow
            .then(|| "strip-pac".to_owned())
            .into_iter()
            .collect(),
    };
    let mut out = Plan::default();
    let judgement = rule::judge(&case, &[]);
    let found = FindingsBySpot::new(&judgement.findings);
    plan(&case, &found, &allowed, &mut out);
    out
}

/// The rules of the family that still find something in the edited image, and how many return addresses
/// are signed in it.
fn after(name: &str, plan: &Plan, target: &str) -> (Vec<&'static str>, usize, PacState) {
    let copy = applied(name, plan);
    let checkpoint = criu_image::load(copy.path()).unwrap();
    let facts = facts::collect(&checkpoint, Search::Auto);
    let target = profile::resolve(target).unwrap();
    let case = Case {
        facts: &facts,
        target: &target,
        source: None,
    };
    let left = rule::judge(&case, &[])
        .findings
        .iter()
        .filter(|finding| {
            finding.severity != Severity::Note && finding.rule.id.family() == Family::Pac
        })
        .map(|finding| finding.rule.id.as_str())
        .collect();
    let signed = facts.tasks[0]
        .threads
        .iter()
        .flat_map(|thread| &thread.returns)
        .filter(|address| address.is_signed())
        .count();
    let pac = checkpoint.tasks[0].threads[0]
        .state
        .as_ref()
        .unwrap()
        .pac
        .clone();
    (left, signed, pac)
}

fn classes(plan: &Plan) -> Vec<EditClass> {
    let mut classes: Vec<EditClass> = plan.edits.iter().map(|edit| edit.class).collect();
    classes.dedup();
    classes
}

fn words(plan: &Plan) -> usize {
    plan.edits
        .iter()
        .flat_map(|edit| &edit.changes)
        .filter(|change| matches!(change, Change::Bytes { .. }))
        .count()
}

fn not_saved(checkpoint: &mut Checkpoint) {
    pac(checkpoint, &PacState::NotSaved);
}

fn pac(checkpoint: &mut Checkpoint, state: &PacState) {
    for thread in &mut checkpoint.tasks[0].threads {
        thread.state.as_mut().unwrap().pac = state.clone();
    }
}

/// The operations on core images, with their paths.
fn operations(plan: &Plan) -> Vec<(Vec<(u32, usize)>, Operation)> {
    plan.edits
        .iter()
        .flat_map(|edit| &edit.changes)
        .filter_map(|change| match change {
            Change::Field {
                path, operation, ..
            } => Some((path.clone(), operation.clone())),
            Change::Bytes { .. } => None,
        })
        .collect()
}

/// Eight zero keys and the mask 0: fields 1 to 9, varints.
const ZERO_KEYS: [u8; 18] = [
    0x08, 0, 0x10, 0, 0x18, 0, 0x20, 0, 0x28, 0, 0x30, 0, 0x38, 0, 0x40, 0, 0x48, 0,
];

#[test]
fn from_no_pac_to_pac_the_mask_of_enabled_keys_becomes_empty() {
    for (name, target) in [
        ("sig-plain@cortex-a57@new", "max"),
        ("pac-sig@cortex-a57@new", "neoverse-v1"),
        ("pac-sig@cortex-a57@new", "max-qarma5"),
    ] {
        let plan = planned(&Scene {
            image: name,
            target,
            ..SIGNED
        });
        assert_eq!(plan.refusals, []);
        assert_eq!(plan.edits.len(), 1);
        assert_eq!(plan.edits[0].rule, RuleId::Pac003);
        assert_eq!(plan.edits[0].class, EditClass::Lossless);
        assert_eq!(
            operations(&plan),
            [(
                vec![(8, 0), (5, 0)],
                Operation::Append {
                    number: 6,
                    value: FieldValue::Bytes(ZERO_KEYS.to_vec()),
                }
            )]
        );
        let (left, _, pac) = after(name, &plan, target);
        assert!(left.is_empty(), "{left:?}");
        let zero = AddressKeys {
            keys: [[0; 2]; 4],
            enabled: 0,
        };
        assert!(
            matches!(pac, PacState::Saved { address: Some(keys), generic: None, .. } if keys == zero)
        );
    }
}

#[test]
fn to_a_machine_without_pac_keys_are_left_out_and_returns_stripped() {
    for (name, stripped) in [
        ("pac-idle@max@new", 8),
        ("pac-sig@max@new", 8),
        ("pac-sig@neoverse-v1@new", 8),
        ("dyn@max@new", 1),
        ("dyn@neoverse-v1@new", 2),
        ("idle@max@new", 0),
    ] {
        let plan = planned(&Scene {
            image: name,
            ..SIGNED
        });
        assert_eq!(plan.refusals, [], "{name}");
        assert_eq!(classes(&plan), [EditClass::Lossless], "{name}");
        assert_eq!(words(&plan), stripped, "{name}");
        let delete = |number| {
            (
                vec![(8, 0), (5, 0)],
                Operation::Delete {
                    number,
                    occurrence: 0,
                },
            )
        };
        assert_eq!(operations(&plan), [delete(6), delete(7)], "{name}");
        let (left, signed, pac) = after(name, &plan, "cortex-a57");
        assert!(left.is_empty(), "{name}: {left:?}");
        assert_eq!((signed, pac), (0, PacState::Absent), "{name}");
    }
}

#[test]
fn every_stripped_word_is_shown_and_changes_in_signature_bits_alone() {
    let plan = planned(&SIGNED);
    let mut seen = 0;
    for edit in &plan.edits {
        let [Change::Bytes { old, new, .. }] = edit.changes.as_slice() else {
            continue;
        };
        let [old, new] =
            [old, new].map(|bytes| u64::from_le_bytes(bytes.as_slice().try_into().unwrap()));
        assert_eq!(old & !0x007f_0000_0000_0000, new);
        assert_ne!(old, new);
        let address = edit.spot.address().unwrap();
        for shown in [
            format!("{address}"),
            format!("{old:#018x}"),
            format!("{new:#x}"),
        ] {
            assert!(edit.what.contains(&shown), "{} in {}", shown, edit.what);
        }
        seen += 1;
    }
    assert_eq!(seen, 8);
}

#[test]
fn no_key_is_in_a_plan() {
    let checkpoint = criu_image::load(&image("pac-idle@max@new")).unwrap();
    let state = checkpoint.tasks[0].threads[0].state.as_ref().unwrap();
    let PacState::Saved {
        address: Some(keys),
        generic: Some(generic),
        ..
    } = &state.pac
    else {
        panic!("keys expected");
    };
    for scene in [
        SIGNED,
        Scene {
            target: "max-qarma5",
            source: Some("max"),
            ..SIGNED
        },
    ] {
        let text = format!("{:?}", planned(&scene));
        for word in keys.keys.iter().flatten().chain(generic) {
            assert!(!text.contains(&word.to_string()) && !text.contains(&format!("{word:x}")));
        }
    }
}

#[test]
fn to_another_algorithm_the_mask_becomes_empty_and_returns_are_stripped() {
    let plan = planned(&Scene {
        target: "max-qarma5",
        source: Some("max"),
        ..SIGNED
    });
    assert_eq!(plan.refusals, []);
    assert_eq!(classes(&plan), [EditClass::Lossless]);
    assert_eq!(words(&plan), 8);
    let operations = operations(&plan);
    let [(path, Operation::Replace { number, new, .. })] = operations.as_slice() else {
        panic!("a replaced mask expected");
    };
    assert_eq!(*path, [(8, 0), (5, 0), (6, 0)]);
    assert_eq!((*number, new), (9, &FieldValue::Varint(0)));
    let (left, signed, _) = after("pac-idle@max@new", &plan, "max-qarma5");
    assert!(left.is_empty(), "{left:?}");
    assert_eq!(signed, 0);
}

#[test]
fn signature_bits_alone_show_another_address_size() {
    let plan = planned(&Scene {
        image: "pac-sig@neoverse-v1@new",
        target: "max",
        ..SIGNED
    });
    assert_eq!(plan.refusals, []);
    assert_eq!(classes(&plan), [EditClass::Lossless]);
    assert_eq!(words(&plan), 8);
}

#[test]
fn without_knowing_the_source_nothing_is_done_unasked() {
    let scene = Scene {
        target: "max-qarma5",
        ..SIGNED
    };
    let plan = planned(&scene);
    assert_eq!(plan.edits, []);
    assert_eq!(plan.refusals.len(), 1);
    assert_eq!(plan.refusals[0].rule, RuleId::Pac004);
    assert_eq!(plan.refusals[0].allow, Some("strip-pac"));
    let plan = planned(&Scene {
        allow: true,
        ..scene
    });
    assert_eq!(plan.refusals, []);
    assert_eq!(classes(&plan), [EditClass::Lossy("strip-pac")]);
    assert_eq!(words(&plan), 8);
}

#[test]
fn on_the_machine_it_comes_from_an_image_needs_no_edit() {
    let plan = planned(&Scene {
        target: "max",
        source: Some("max"),
        ..SIGNED
    });
    assert_eq!(plan, Plan::default());
}

#[test]
fn an_image_without_keys_is_stripped_and_runs_with_pac_off() {
    let plan = planned(&Scene {
        target: "max",
        image_edit: not_saved,
        ..SIGNED
    });
    assert_eq!(plan.refusals, []);
    assert_eq!(classes(&plan), [EditClass::Lossless]);
    assert_eq!(words(&plan), 8);
    let mut message = vec![6 << 3 | 2, 18];
    message.extend(ZERO_KEYS);
    assert_eq!(
        operations(&plan),
        [(
            vec![(8, 0)],
            Operation::Append {
                number: 5,
                value: FieldValue::Bytes(message),
            }
        )]
    );
}

#[test]
fn an_image_without_keys_says_so_for_a_machine_without_pac() {
    let plan = planned(&Scene {
        image_edit: not_saved,
        ..SIGNED
    });
    assert_eq!(plan.refusals, []);
    assert_eq!(words(&plan), 8);
    assert_eq!(
        operations(&plan),
        [(
            vec![(8, 0)],
            Operation::Append {
                number: 5,
                value: FieldValue::Bytes(Vec::new()),
            }
        )]
    );
}

#[test]
fn an_older_criu_cannot_switch_pac_off() {
    let old = |target: &mut Profile| target.criu = Some(Version::new(4, 0, 0));
    for (scene, rule) in [
        (
            Scene {
                image: "pac-sig@cortex-a57@new",
                target: "max",
                target_edit: old,
                ..SIGNED
            },
            RuleId::Pac003,
        ),
        (
            Scene {
                target: "max",
                target_edit: old,
                ..SIGNED
            },
            RuleId::Pac002,
        ),
        (
            Scene {
                image: "pac-sig@cortex-a57@new",
                target: "max",
                target_edit: |target| target.criu = None,
                ..SIGNED
            },
            RuleId::Pac003,
        ),
    ] {
        let plan = planned(&scene);
        assert_eq!(plan.edits, []);
        assert_eq!(plan.refusals.len(), 1);
        assert_eq!(
            (plan.refusals[0].rule, plan.refusals[0].allow),
            (rule, None)
        );
        assert!(plan.refusals[0].why.contains("4.1"));
    }
    // Without PAC on the target no mask is needed.
    let plan = planned(&Scene {
        target_edit: old,
        ..SIGNED
    });
    assert_eq!(plan.refusals, []);
    assert_eq!((plan.edits[0].rule, words(&plan)), (RuleId::Pac002, 8));
}

#[test]
fn a_target_of_which_too_little_is_known_gets_no_edit() {
    let plan = planned(&Scene {
        target: "max",
        image_edit: not_saved,
        target_edit: |target| target.hwcaps = hwcap::Hwcaps::default(),
        ..SIGNED
    });
    assert_eq!(plan.edits, []);
    assert_eq!(plan.refusals.len(), 1);
}

#[test]
fn a_generic_key_alone_is_left_out_without_stripping() {
    let plan = planned(&Scene {
        image_edit: |checkpoint| {
            let place = checkpoint.tasks[0].place.clone();
            pac(
                checkpoint,
                &PacState::Saved {
                    address: None,
                    generic: Some([1, 2]),
                    place,
                },
            );
        },
        ..SIGNED
    });
    assert_eq!(plan.refusals, []);
    assert_eq!((plan.edits.len(), words(&plan)), (1, 0));
}

/// Forgets what the unwinder found.
fn lost_chain(facts: &mut Facts<'_>) {
    for thread in &mut facts.tasks[0].threads {
        thread.returns.clear();
        thread.chain_complete = false;
    }
}

#[test]
fn words_that_unwinding_did_not_reach_need_leave() {
    let scene = Scene {
        facts_edit: lost_chain,
        ..SIGNED
    };
    let plan = planned(&scene);
    assert_eq!(plan.edits, []);
    assert_eq!(plan.refusals.len(), 1);
    assert_eq!(plan.refusals[0].allow, Some("strip-pac"));
    assert!(
        plan.refusals[0].why.contains('8'),
        "{}",
        plan.refusals[0].why
    );
    let allowed = planned(&Scene {
        allow: true,
        ..scene
    });
    assert_eq!(allowed.refusals, []);
    assert_eq!(classes(&allowed), [EditClass::Lossy("strip-pac")]);
    // The same words, found another way.
    let changes = |plan: &Plan| -> Vec<Change> {
        plan.edits
            .iter()
            .flat_map(|edit| edit.changes.clone())
            .collect()
    };
    assert_eq!(changes(&allowed), changes(&planned(&SIGNED)));
}

/// A coroutine's chain has an end, but its thread has callers elsewhere.
#[test]
fn a_thread_on_a_stack_it_was_not_started_on_is_not_followed() {
    fn lost_returns(facts: &mut Facts<'_>, end: UnwindEnd) {
        for thread in &mut facts.tasks[0].threads {
            thread.returns.clear();
            thread.chain_complete = true;
            thread.unwinding = Some(Unwinding {
                end,
                at: Addr(0),
                functions: 1,
            });
        }
    }
    let why = |facts_edit| {
        let plan = planned(&Scene {
            facts_edit,
            ..SIGNED
        });
        plan.refusals[0].why.clone()
    };
    let own = why(|facts| lost_returns(facts, UnwindEnd::Start(Start::Process)));
    let other = why(|facts| lost_returns(facts, UnwindEnd::Start(Start::Other)));
    assert_ne!(own, other);
    assert_eq!(other, why(lost_chain));
}

/// The words lie on a stack that no thread stands on, as those of a waiting coroutine do.
#[test]
fn words_on_no_threads_stack_need_leave() {
    let scene = Scene {
        image_edit: |checkpoint| {
            for thread in &mut checkpoint.tasks[0].threads {
                let state = thread.state.as_mut().unwrap();
                (state.sp, state.x[29]) = (0, 0);
            }
        },
        ..SIGNED
    };
    let plan = planned(&scene);
    assert_eq!(plan.edits, []);
    assert!(plan.refusals[0].why.contains("no stack of a thread"));
    let plan = planned(&Scene {
        allow: true,
        ..scene
    });
    assert_eq!(classes(&plan), [EditClass::Lossy("strip-pac")]);
    assert!(words(&plan) >= 8);
}

#[test]
fn a_signed_link_register_is_stripped() {
    let plan = planned(&Scene {
        image_edit: |checkpoint| {
            let state = checkpoint.tasks[0].threads[0].state.as_mut().unwrap();
            state.x[30] = state.pc | 0x0015_0000_0000_0000;
        },
        ..SIGNED
    });
    assert_eq!(classes(&plan), [EditClass::Lossless]);
    let replaced: Vec<_> = operations(&plan)
        .into_iter()
        .filter(|(path, _)| *path == [(8, 0), (3, 0)])
        .collect();
    let [
        (
            _,
            Operation::Replace {
                number: 1,
                occurrence: 30,
                old: FieldValue::Varint(old),
                new: FieldValue::Varint(new),
            },
        ),
    ] = replaced.as_slice()
    else {
        panic!("{replaced:?}");
    };
    assert_eq!(old ^ new, 0x0015_0000_0000_0000);
    // In another register it may be anything.
    let plan = planned(&Scene {
        image_edit: |checkpoint| {
            let state = checkpoint.tasks[0].threads[0].state.as_mut().unwrap();
            state.x[17] = state.pc | 0x0015_0000_0000_0000;
        },
        ..SIGNED
    });
    assert_eq!(plan.edits, []);
    assert_eq!(plan.refusals[0].allow, Some("strip-pac"));
}

#[test]
fn addresses_above_48_bits_are_left_alone() {
    let mapping = |end| Mapping {
        range: AddrRange::new(Addr(0x1000), Addr(end)),
        read: true,
        write: false,
        exec: true,
        private: true,
        stack: false,
        vdso: false,
    };
    assert_eq!(words::too_high(&[]), None);
    assert_eq!(words::too_high(&[mapping(1 << 48)]), None);
    assert!(words::too_high(&[mapping((1 << 48) + 0x1000)]).is_some());
}

#[test]
fn an_image_of_another_architecture_is_not_touched() {
    let plan = planned(&Scene {
        image: "handler@x86_64",
        ..SIGNED
    });
    assert_eq!(plan, Plan::default());
}
