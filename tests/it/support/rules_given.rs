//! Cases of the rules about registers, and of what answers take as given.

use hwcr::auxv::hwcap;
use hwcr::evidence::registers::{ReadAudit, Register};
use hwcr::evidence::vector_length::LengthAudit;
use hwcr::evidence::{Reason, Suspect};
use hwcr::facts::{BinaryFacts, Facts, Ground, Standing};
use hwcr::finding::Severity;
use hwcr::profile::model::{Basis, Cores, Observed, Profile};
use hwcr::sigframe::model::{Liveness, Sign};
use hwcr::units::Version;

use super::{HANDLER, QUIET, SIGNED, Scene};

/// Rule, the severity expected of its worst finding, and the scene.
type Row = (&'static str, Option<Severity>, Scene);

/// A quiet scene in which the registers of both sides are known, and alike.
const CAPTURED: Scene = Scene {
    target: "tests/fixtures/captured/cortex-a57.json",
    source: Some("tests/fixtures/captured/cortex-a57.json"),
    ..QUIET
};

/// A task that was told of SVE, on the machine of the dump.
const VECTORS: Scene = Scene {
    image: "idle@a64fx@new",
    target: "a64fx",
    source: Some("a64fx"),
    ..QUIET
};

fn register(target: &mut Profile, name: &str, value: u64) {
    target.registers.insert(name.to_owned(), value);
}

fn never_read(facts: &mut Facts<'_>) {
    for task in &mut facts.tasks {
        task.register_reads = Register::ALL
            .map(|register| (register, ReadAudit::Never { files: 3 }))
            .into();
    }
}

fn never_chosen(facts: &mut Facts<'_>) {
    facts.tasks[0].length_audit = Some(LengthAudit::Never { files: 3 });
}

fn may_read(facts: &mut Facts<'_>) {
    let suspect = Suspect {
        file: "/bin/test".into(),
        at: Some(0x100),
        reason: Reason::Reads("CNTFRQ_EL0"),
    };
    facts.tasks[0].register_reads = Register::ALL
        .map(|register| (register, ReadAudit::May(suspect.clone())))
        .into();
}

fn other_frequency(target: &mut Profile) {
    register(target, "CNTFRQ_EL0", 1_000_000_000);
}

fn used_file(facts: &mut Facts<'_>) {
    facts.binaries.push(BinaryFacts {
        id: 1,
        name: "/bin/test".to_owned(),
        unused: None,
    });
}

fn left_over(facts: &mut Facts<'_>) {
    for frame in &mut facts.tasks[0].frames {
        frame.liveness = Liveness::Stale;
        frame.signs = vec![Sign::BelowSp];
    }
}

/// A profile that somebody published of cores that may have what it does not list.
fn hearsay(target: &mut Profile, basis: Basis) {
    target.basis = Some(basis);
    register(target, "MIDR_EL1", 0x411f_d401);
}

pub(super) fn cases() -> Vec<Row> {
    let mut cases = of_registers();
    cases.extend(of_what_is_given());
    cases.extend(of_hearsay());
    cases.extend(of_blocks());
    cases.extend(of_vendors());
    cases
}

fn of_registers() -> Vec<Row> {
    use Severity::{Note, Unproven};
    let counter = |expected, facts_edit, target_edit| {
        let scene = Scene {
            facts_edit,
            target_edit,
            ..CAPTURED
        };
        ("HWCR-HWC-007", expected, scene)
    };
    let mut cases: Vec<Row> = vec![
        counter(Some(Unproven), |_| {}, other_frequency),
        counter(Some(Unproven), may_read, other_frequency),
        counter(Some(Note), never_read, other_frequency),
        counter(None, |_| {}, |_| {}),
        counter(
            None,
            |_| {},
            |target| {
                target.registers.remove("CNTFRQ_EL0");
            },
        ),
        ("HWCR-HWC-007", None, QUIET),
    ];
    // A Cortex-A57 has lines of 64 bytes, IDC 0, DIC 0, and indexes by physical address.
    type Edit = fn(&mut Profile);
    let caches: [(Option<Severity>, Edit); 6] = [
        (None, |_| {}),
        // Shorter lines of data; of instructions; aliases.
        (Some(Unproven), |target| {
            register(target, "CTR_EL0", 0x8443_c004)
        }),
        (Some(Unproven), |target| {
            register(target, "CTR_EL0", 0x8444_c003)
        }),
        (Some(Unproven), |target| {
            register(target, "CTR_EL0", 0x8444_8004)
        }),
        // Longer lines, and less to do.
        (None, |target| register(target, "CTR_EL0", 0xb446_c006)),
        (None, |target| {
            target.registers.remove("CTR_EL0");
        }),
    ];
    for (expected, target_edit) in caches {
        let scene = Scene {
            target_edit,
            ..CAPTURED
        };
        cases.push(("HWCR-HWC-008", expected, scene));
    }
    // From a machine with IDC (and DIC) to one without.
    for source in ["neoverse-n1", "neoverse-v1"] {
        let source = match source {
            "neoverse-n1" => "tests/fixtures/captured/neoverse-n1.json",
            _ => "tests/fixtures/captured/neoverse-v1.json",
        };
        let scene = Scene {
            source: Some(source),
            ..CAPTURED
        };
        cases.push(("HWCR-HWC-008", Some(Unproven), scene));
    }
    cases.push((
        "HWCR-HWC-008",
        Some(Note),
        Scene {
            facts_edit: never_read,
            target_edit: |target| register(target, "CTR_EL0", 0x8443_c003),
            ..CAPTURED
        },
    ));
    cases
}

fn of_what_is_given() -> Vec<Row> {
    use Severity::Note;
    const HANDLER_ELSEWHERE: Scene = Scene {
        target: "neoverse-n1",
        ..HANDLER
    };
    vec![
        ("HWCR-GIV-001", Some(Note), QUIET),
        ("HWCR-GIV-001", None, CAPTURED),
        // The verdict rests on other things.
        ("HWCR-GIV-001", None, HANDLER_ELSEWHERE),
        (
            "HWCR-GIV-001",
            Some(Note),
            Scene {
                target_edit: |target| {
                    target.registers.remove("CTR_EL0");
                },
                ..CAPTURED
            },
        ),
        // Nothing reads the register that is unknown.
        (
            "HWCR-GIV-001",
            None,
            Scene {
                facts_edit: never_read,
                target_edit: |target| {
                    target.registers.remove("CTR_EL0");
                },
                ..CAPTURED
            },
        ),
        (
            "HWCR-GIV-002",
            Some(Note),
            Scene {
                facts_edit: never_chosen,
                ..VECTORS
            },
        ),
        ("HWCR-GIV-002", None, VECTORS),
        (
            "HWCR-GIV-003",
            Some(Note),
            Scene {
                facts_edit: never_chosen,
                ..VECTORS
            },
        ),
        (
            "HWCR-GIV-003",
            Some(Note),
            Scene {
                facts_edit: never_read,
                target_edit: other_frequency,
                ..CAPTURED
            },
        ),
        ("HWCR-GIV-003", None, VECTORS),
        (
            "HWCR-GIV-004",
            Some(Note),
            Scene {
                facts_edit: |facts| {
                    facts.tasks[0].threads[0].standing = Standing::Syscall {
                        number: 101,
                        name: Some("nanosleep"),
                        ground: Ground::Registers,
                    };
                },
                ..VECTORS
            },
        ),
        // Without SVE and SME there is no state to lose.
        (
            "HWCR-GIV-004",
            None,
            Scene {
                facts_edit: |facts| {
                    facts.tasks[0].threads[0].standing = Standing::Syscall {
                        number: 101,
                        name: Some("nanosleep"),
                        ground: Ground::Registers,
                    };
                },
                ..QUIET
            },
        ),
        (
            "HWCR-GIV-005",
            Some(Note),
            Scene {
                facts_edit: |facts| {
                    never_chosen(facts);
                    used_file(facts);
                },
                ..VECTORS
            },
        ),
        // A file that shows nothing.
        (
            "HWCR-GIV-005",
            None,
            Scene {
                facts_edit: used_file,
                ..VECTORS
            },
        ),
        ("HWCR-GIV-006", Some(Note), SIGNED),
        ("HWCR-GIV-006", None, QUIET),
        // The image contradicts it.
        (
            "HWCR-GIV-006",
            None,
            Scene {
                source: Some("max@6.1"),
                ..SIGNED
            },
        ),
        ("HWCR-GIV-007", Some(Note), HANDLER_ELSEWHERE),
        ("HWCR-GIV-007", None, HANDLER),
        (
            "HWCR-GIV-008",
            Some(Note),
            Scene {
                facts_edit: left_over,
                target: "neoverse-n1",
                ..HANDLER
            },
        ),
        (
            "HWCR-GIV-008",
            None,
            Scene {
                facts_edit: left_over,
                ..HANDLER
            },
        ),
        (
            "HWCR-GIV-009",
            Some(Note),
            Scene {
                image: "pac-sig@neoverse-v1@new",
                target: "neoverse-v1",
                source: Some("neoverse-v1"),
                target_edit: |target| register(target, "MIDR_EL1", 0x411f_d401),
                ..QUIET
            },
        ),
        (
            "HWCR-GIV-009",
            None,
            Scene {
                image: "pac-sig@neoverse-v1@new",
                target: "neoverse-v1",
                source: Some("neoverse-v1"),
                ..QUIET
            },
        ),
    ]
}

/// What a profile that is not the machine's own does not list is no proof where its cores may have it.
fn of_hearsay() -> Vec<Row> {
    use Severity::{Blocker, Unproven};
    let published: fn(&mut Profile) = |target| hearsay(target, Basis::Published);
    let imported: fn(&mut Profile) = |target| hearsay(target, Basis::Imported);
    let inferred: fn(&mut Profile) = |target| hearsay(target, Basis::Inferred);
    let captured: fn(&mut Profile) = |target| hearsay(target, Basis::Captured);
    let never: fn(&mut Profile) = |target| target.basis = Some(Basis::Published);
    let mut cases = Vec::new();
    for (of_keys, of_vectors, target_edit) in [
        (Unproven, Unproven, published),
        // What a machine printed of itself is proof, except of what kills by being there.
        (Unproven, Blocker, imported),
        (Unproven, Unproven, inferred),
        (Blocker, Blocker, captured),
        // A Cortex-A57 has neither under any kernel.
        (Blocker, Blocker, never),
    ] {
        cases.push((
            "HWCR-PAC-001",
            Some(of_keys),
            Scene {
                target: "cortex-a57",
                source: None,
                target_edit,
                ..SIGNED
            },
        ));
        cases.push((
            "HWCR-SVE-001",
            Some(of_vectors),
            Scene {
                target: "cortex-a57",
                target_edit,
                ..HANDLER
            },
        ));
    }
    // A task without pointer authentication: the machine may offer it by now.
    cases.push((
        "HWCR-PRF-003",
        Some(Unproven),
        Scene {
            target_edit: imported,
            ..QUIET
        },
    ));
    // Vector lengths: of cores that are not known, and of cores that do not have the frame's.
    for (expected, midr) in [(Unproven, 0x000f_0510), (Blocker, 0x410f_d4f1)] {
        let target_edit: fn(&mut Profile) = if midr == 0x000f_0510 {
            |target| target.basis = Some(Basis::Published)
        } else {
            |target| {
                target.basis = Some(Basis::Published);
                register(target, "MIDR_EL1", 0x410f_d4f1);
            }
        };
        cases.push((
            "HWCR-SVE-002",
            Some(expected),
            Scene {
                target: "max-np-vq1",
                target_edit,
                ..HANDLER
            },
        ));
    }
    cases
}

/// Block sizes that are not one, and an instruction that the source's programs could not use.
fn of_blocks() -> Vec<Row> {
    let block = |expected, target_edit| {
        let scene = Scene {
            target_edit,
            ..CAPTURED
        };
        ("HWCR-HWC-005", expected, scene)
    };
    vec![
        block(Some(Severity::Unproven), |target| {
            target.cores = [("0-3", 4), ("4-7", 6)]
                .map(|(cpus, dczid)| Cores {
                    cpus: cpus.to_owned(),
                    registers: [("DCZID_EL0".to_owned(), dczid)].into(),
                })
                .into();
        }),
        block(Some(Severity::Unproven), |target| {
            register(target, "DCZID_EL0", 0x14);
        }),
        (
            "HWCR-HWC-005",
            None,
            Scene {
                source: Some("tests/fixtures/captured/cortex-a57.json"),
                target: "tests/fixtures/captured/cortex-a57.json",
                ..QUIET
            },
        ),
        (
            "HWCR-IMG-002",
            Some(Severity::Unproven),
            Scene {
                target_edit: |target| {
                    target.basis = Some(Basis::Published);
                    target.page_size = Some(65536);
                },
                ..QUIET
            },
        ),
        (
            "HWCR-IMG-003",
            Some(Severity::Unproven),
            Scene {
                target_edit: |target| {
                    target.basis = Some(Basis::Published);
                    target.va_bits = Some(39);
                },
                ..QUIET
            },
        ),
    ]
}

/// Kernels that are not the mainline kernel of their number.
fn of_vendors() -> Vec<Row> {
    use Severity::Unproven;
    let handler = |rule, expected, target_edit| {
        let scene = Scene {
            target_edit,
            ..HANDLER
        };
        (rule, expected, scene)
    };
    let mut cases: Vec<Row> = vec![
        // The bit is there, and with it the record.
        handler("HWCR-FPM-001", None, |target| {
            target.kernel = Some(Version::new(6, 6, 151));
        }),
        // SME2 and FPMR, but no word of TPIDR2.
        handler("HWCR-SME-001", Some(Unproven), |target| {
            target.kernel = Some(Version::new(6, 1, 0));
        }),
    ];
    let bit = |expected, target_edit| handler("HWCR-GIV-010", expected, target_edit);
    cases.push(bit(Some(Severity::Note), |target| {
        target.kernel = Some(Version::new(6, 6, 151));
    }));
    cases.push(bit(None, |target| {
        target.kernel = Some(Version::new(6, 6, 151));
        let seen = Observed::Accepted;
        target.sigreturn.insert("FPMR".to_owned(), seen);
    }));
    cases.push(("HWCR-GIV-010", None, HANDLER));
    cases.push(("HWCR-GIV-011", Some(Severity::Note), QUIET));
    let blocked = |target: &mut Profile| target.page_size = Some(65536);
    cases.push((
        "HWCR-GIV-011",
        None,
        Scene {
            target_edit: blocked,
            ..QUIET
        },
    ));
    // Overlays under an older number come from 6.12 or later, with its mistake.
    cases.push((
        "HWCR-POE-002",
        Some(Unproven),
        Scene {
            target: "max-nopauth",
            target_edit: |target| {
                target.kernel = Some(Version::new(6, 6, 151));
                let word = &mut target.hwcaps.words[1];
                *word = word.map(|bits| bits | hwcap::POE.mask());
            },
            ..QUIET
        },
    ));
    cases
}
