//! Cases of the rules about files that the restore opens.

use hwcr::facts::Facts;
use hwcr::files::{Found, FoundId, Lies, LookedIn, NeededFile, Use};
use hwcr::finding::Severity;
use hwcr::rule_id::RuleId;
use hwcr::units::Version;

use super::scene::{QUIET, Row, Scene};

/// Every file that must be in the root file system was found as it was dumped.
fn all_there(facts: &mut Facts<'_>) {
    facts.files.looked_in = Some(LookedIn {
        name: "/mnt".to_owned(),
        is_system: false,
    });
    for file in facts
        .files
        .needed
        .iter_mut()
        .filter(|file| file.is_in_root())
    {
        file.found = Some(Found::Something {
            size: file.saved.size.unwrap_or(0),
            mode: file.saved.mode.unwrap_or(0o100_644),
            build_id: match file.saved.build_id.as_slice() {
                [] => FoundId::NotRead,
                id => FoundId::Some(id.to_vec()),
            },
            read_only: false,
        });
    }
}

/// The program of the first task.
fn program<'f>(facts: &'f mut Facts<'_>) -> &'f mut NeededFile {
    let file = &mut facts.files.needed[0];
    assert!(file.uses.contains_key(&Use::Executable));
    file
}

/// What was found of it, changed.
fn found_program(
    facts: &mut Facts<'_>,
    change: impl FnOnce(&mut u64, &mut u32, &mut FoundId, &mut bool),
) {
    all_there(facts);
    if let Some(Found::Something {
        size,
        mode,
        build_id,
        read_only,
    }) = &mut program(facts).found
    {
        change(size, mode, build_id, read_only);
    }
}

pub(super) fn cases() -> Vec<Row> {
    use Severity::{Blocker, Note, Unproven};
    let mut cases = Vec::new();
    let mut case = |rule, expected, scene| cases.push((rule, expected, scene));
    let mut with = |rule, severity, facts_edit: fn(&mut Facts<'_>)| {
        let scene = Scene {
            image: "dyn@max@new",
            target: "max",
            facts_edit,
            ..QUIET
        };
        case(rule, severity, scene);
    };
    with(RuleId::Fil001, Some(Note), |_| {});
    with(RuleId::Fil001, None, all_there);
    with(RuleId::Fil001, None, |facts| facts.files.needed.clear());

    with(RuleId::Fil002, Some(Blocker), |facts| {
        all_there(facts);
        program(facts).found = Some(Found::Nothing);
    });
    with(RuleId::Fil002, Some(Blocker), |facts| {
        all_there(facts);
        program(facts).found = Some(Found::Nothing);
        program(facts).lies = Lies::Linked("/opt/link_remap.1".to_owned());
    });
    // Nothing shows that CRIU opens it.
    with(RuleId::Fil002, Some(Unproven), |facts| {
        all_there(facts);
        program(facts).found = Some(Found::Nothing);
        program(facts).uses.clear();
    });
    with(RuleId::Fil002, None, |facts| {
        all_there(facts);
        program(facts).found = Some(Found::Nothing);
        program(facts).lies = Lies::Device("/dev/x".to_owned());
    });
    with(RuleId::Fil002, None, |facts| {
        all_there(facts);
        program(facts).found = Some(Found::Nothing);
        program(facts).uses = [(Use::SocketDirectory, [].into())].into();
    });
    with(RuleId::Fil002, None, all_there);
    with(RuleId::Fil002, None, |_| {});

    with(RuleId::Fil003, Some(Blocker), |facts| {
        found_program(facts, |size, _, _, _| *size += 1);
    });
    with(RuleId::Fil003, None, all_there);

    with(RuleId::Fil004, Some(Blocker), |facts| {
        found_program(facts, |_, _, id, _| *id = FoundId::Some(vec![1; 20]));
    });
    with(RuleId::Fil004, Some(Unproven), |facts| {
        found_program(facts, |_, _, id, _| *id = FoundId::None);
    });
    // A file of another size is another file, whatever its build id.
    with(RuleId::Fil004, None, |facts| {
        found_program(facts, |size, _, id, _| {
            *size += 1;
            *id = FoundId::None;
        });
    });
    with(RuleId::Fil004, None, all_there);

    with(RuleId::Fil005, Some(Blocker), |facts| {
        found_program(facts, |_, mode, _, _| *mode ^= 0o022);
    });
    with(RuleId::Fil005, Some(Blocker), |facts| {
        found_program(facts, |_, mode, _, _| *mode = 0o040_755);
    });
    with(RuleId::Fil005, None, all_there);

    with(RuleId::Fil006, Some(Unproven), |facts| {
        all_there(facts);
        program(facts).found = Some(Found::NotSeen("it cannot be read".to_owned()));
    });
    with(RuleId::Fil006, Some(Unproven), |facts| {
        found_program(facts, |_, _, id, _| {
            *id = FoundId::Unreadable(String::new())
        });
    });
    with(RuleId::Fil006, None, all_there);

    with(RuleId::Fil007, Some(Note), |facts| {
        all_there(facts);
        program(facts).lies = Lies::Engine;
        program(facts).found = None;
    });
    with(RuleId::Fil007, Some(Note), |facts| {
        all_there(facts);
        program(facts).lies = Lies::Device("/dev/x".to_owned());
        program(facts).found = Some(Found::Nothing);
    });
    with(RuleId::Fil007, None, all_there);
    with(RuleId::Fil007, None, |_| {});

    let read_only = |facts: &mut Facts<'_>| {
        found_program(facts, |_, _, _, read_only| *read_only = true);
        program(facts).uses = [(Use::OpenToWrite, [].into())].into();
    };
    with(RuleId::Fil008, Some(Note), read_only);
    with(RuleId::Fil008, Some(Blocker), |facts| {
        found_program(facts, |_, _, _, read_only| *read_only = true);
        program(facts).uses = [(Use::MappedToWrite, [].into())].into();
        facts.files.looked_in.as_mut().unwrap().is_system = true;
    });
    with(RuleId::Fil008, None, |facts| {
        found_program(facts, |_, _, _, read_only| *read_only = true);
    });

    with(RuleId::Fil009, Some(Unproven), |facts| {
        all_there(facts);
        program(facts).found = Some(Found::Nothing);
        program(facts).uses = [(Use::SocketDirectory, [].into())].into();
    });
    with(RuleId::Fil009, None, all_there);

    with(RuleId::Fil010, Some(Note), |facts| {
        all_there(facts);
        program(facts).saved.build_id.clear();
    });
    with(RuleId::Fil010, None, |facts| {
        all_there(facts);
        facts.files.needed.truncate(1);
    });

    // This CRIU does not compare build ids.
    case(
        RuleId::Fil004,
        Some(Unproven),
        Scene {
            image: "dyn@max@new",
            target: "max",
            facts_edit: |facts| {
                found_program(facts, |_, _, id, _| *id = FoundId::Some(vec![1; 20]));
            },
            target_edit: |target| target.criu = Some(Version::new(3, 14, 0)),
            ..QUIET
        },
    );
    cases
}
