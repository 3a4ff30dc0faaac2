//! Every rule has a case in which it finds something and one in which it does not.
//!
//! A case starts from a real checkpoint and a real profile and changes what it is about.

#[path = "support/rules_given.rs"]
mod rules_given;

use std::collections::BTreeMap;
use std::path::Path;

use hwcr::criu_image::ask::{Ask, Asked};
use hwcr::criu_image::model::{
    AddressKeys, AltStack, Anomaly, AnomalyKind, Arch, Checkpoint, Gcs, LsmProfile, PacState,
    UnknownField,
};
use hwcr::evidence::vector_length::LengthAudit;
use hwcr::evidence::{Reason, Suspect};
use hwcr::facts::{
    self, Facts, Ground, JumpBuffer, Libc, LibcKind, NoReturn, Rewritten, Standing, WayOut,
};
use hwcr::files::{Found, FoundId, Lies, LookedIn, NeededFile, Use};
use hwcr::finding::Severity;
use hwcr::profile::model::{Basis, Observed, PacAlgorithm, Profile};
use hwcr::rule::{self, Accept, Case};
use hwcr::sigframe::model::{Body, FrameAnomaly, FrameAnomalyKind, Liveness, Record};
use hwcr::sigframe::unwind::Dangling;
use hwcr::units::{Addr, AddrRange, Place, Tid, Version, Vl};

/// A change of something.
type Edit<T> = fn(&mut T);
type FactsEdit = fn(&mut Facts<'_>);

/// What is changed before the rules run.
struct Scene {
    image: &'static str,
    target: &'static str,
    source: Option<&'static str>,
    image_edit: fn(&mut Checkpoint),
    facts_edit: fn(&mut Facts<'_>),
    target_edit: fn(&mut Profile),
}

/// A quiet scene: a task without handlers, PAC or SVE on the machine it was dumped on.
const QUIET: Scene = Scene {
    image: "idle@cortex-a57@new",
    target: "cortex-a57",
    source: None,
    image_edit: |_| {},
    facts_edit: |_| {},
    target_edit: |_| {},
};

/// A task in a signal handler on a machine with SVE, SME and FPMR but no PAC, on that machine.
const HANDLER: Scene = Scene {
    image: "sig-plain@max-nopauth@new",
    target: "max-nopauth",
    ..QUIET
};

/// A task with pointer authentication, on its own machine, said by --source.
const SIGNED: Scene = Scene {
    image: "pac-idle@max@new",
    target: "max",
    source: Some("max"),
    ..QUIET
};

fn found(scene: &Scene) -> BTreeMap<&'static str, Severity> {
    let mut checkpoint =
        hwcr::criu_image::load(&Path::new("tests/fixtures/images").join(scene.image)).unwrap();
    (scene.image_edit)(&mut checkpoint);
    let mut facts = facts::collect(&checkpoint, facts::Search::Auto);
    (scene.facts_edit)(&mut facts);
    let mut target = hwcr::profile::resolve(scene.target).unwrap();
    (scene.target_edit)(&mut target);
    let source = scene
        .source
        .map(|name| hwcr::profile::resolve(name).unwrap());
    let case = Case {
        facts: &facts,
        target: &target,
        source: source.as_ref(),
    };
    let mut found = BTreeMap::new();
    // Findings come worst first: the first of a rule is its worst.
    for finding in rule::judge(&case, &[]).findings {
        found.entry(finding.rule.id).or_insert(finding.severity);
    }
    found
}

fn place() -> Place {
    Place::new("core-1.img", 0, 0)
}

fn anomaly(checkpoint: &mut Checkpoint, kind: AnomalyKind) {
    checkpoint.anomalies.push(Anomaly {
        kind,
        pid: None,
        place: place(),
        detail: "as the test says".to_owned(),
    });
}

fn ask(facts: &mut Facts<'_>, ask: Ask) {
    facts.asks = vec![Asked {
        ask,
        pid: None,
        tid: None,
        place: place(),
        times: 1,
    }];
}

/// An image of a kernel and a CRIU that may have left registrations out, with this libc.
fn without_rseq(facts: &mut Facts<'_>, libc: Option<(LibcKind, Option<Version>)>) {
    facts.asks.clear();
    facts.origin.criu_at_least = Some(Version::new(3, 15, 0));
    facts.origin.kernel = Some(Version::new(5, 15, 0));
    facts.tasks[0].libc = libc.map(|(kind, version)| Libc {
        kind,
        version,
        name: "/lib/libc".to_owned(),
        place: place(),
    });
}

/// Lets the first thread stand at this offset of the vDSO.
fn stand(checkpoint: &mut Checkpoint, offset: i64) {
    let task = &mut checkpoint.tasks[0];
    let vmas = &task.mm.as_ref().unwrap().vmas;
    let vdso = vmas.iter().find(|vma| vma.mapping.vdso).unwrap();
    let at = vdso.mapping.range.start.0.wrapping_add_signed(offset);
    task.threads[0].state.as_mut().unwrap().pc = at;
}

fn leader_pac(checkpoint: &mut Checkpoint, pac: PacState) {
    checkpoint.tasks[0].threads[0].state.as_mut().unwrap().pac = pac;
}

fn keys(enabled: u64) -> PacState {
    PacState::Saved {
        address: Some(AddressKeys {
            keys: [[1, 2]; 4],
            enabled,
        }),
        generic: None,
        place: place(),
    }
}

/// Puts a record in front of the terminator of the first frame.
fn put_record(facts: &mut Facts<'_>, magic: u32, size: u32, body: Body) {
    let frame = &mut facts.tasks[0].frames[0];
    let at = frame.records.len() - 1;
    let addr = frame.records[at].addr;
    frame.records.insert(
        at,
        Record {
            addr,
            place: None,
            magic,
            size,
            in_extra: false,
            body,
            raw: Vec::new(),
        },
    );
}

fn frame_anomaly(facts: &mut Facts<'_>, kind: FrameAnomalyKind) {
    let frame = &mut facts.tasks[0].frames[0];
    frame.anomalies.push(FrameAnomaly {
        kind,
        addr: frame.base,
        detail: "as the test says".to_owned(),
    });
}

/// Rule, the severity expected of its worst finding (`None`: nothing), and the scene.
fn cases() -> Vec<(&'static str, Option<Severity>, Scene)> {
    use Severity::{Blocker, Note, Unproven};
    let mut cases: Vec<(&'static str, Option<Severity>, Scene)> = Vec::new();
    let mut case = |rule, expected, scene| cases.push((rule, expected, scene));

    // IMG
    case(
        "HWCR-IMG-001",
        Some(Blocker),
        Scene {
            image: "handler@x86_64",
            ..QUIET
        },
    );
    case(
        "HWCR-IMG-001",
        Some(Blocker),
        Scene {
            image_edit: |image| image.arch = Arch::Other(8, "RISCV64"),
            ..QUIET
        },
    );
    case("HWCR-IMG-001", None, QUIET);
    case(
        "HWCR-IMG-002",
        Some(Blocker),
        Scene {
            target_edit: |target| target.page_size = Some(65536),
            ..QUIET
        },
    );
    case("HWCR-IMG-002", None, QUIET);
    case(
        "HWCR-IMG-003",
        Some(Blocker),
        Scene {
            target_edit: |target| target.va_bits = Some(39),
            ..QUIET
        },
    );
    case("HWCR-IMG-003", None, QUIET);
    case(
        "HWCR-IMG-004",
        Some(Blocker),
        Scene {
            image_edit: |image| anomaly(image, AnomalyKind::PagesMissing),
            ..QUIET
        },
    );
    case("HWCR-IMG-004", None, QUIET);
    case(
        "HWCR-IMG-005",
        Some(Blocker),
        Scene {
            image_edit: |image| anomaly(image, AnomalyKind::ParentMissing),
            ..QUIET
        },
    );
    case("HWCR-IMG-005", None, QUIET);
    case(
        "HWCR-IMG-006",
        Some(Unproven),
        Scene {
            image_edit: |image| anomaly(image, AnomalyKind::PagesLazy),
            ..QUIET
        },
    );
    case("HWCR-IMG-006", None, QUIET);
    case(
        "HWCR-IMG-007",
        Some(Unproven),
        Scene {
            image_edit: |image| {
                image.unknown_fields.push(UnknownField {
                    message: "core_entry",
                    number: 77,
                    count: 1,
                    place: place(),
                });
            },
            ..QUIET
        },
    );
    case("HWCR-IMG-007", None, QUIET);
    case(
        "HWCR-IMG-008",
        Some(Unproven),
        Scene {
            image_edit: |image| anomaly(image, AnomalyKind::PageOutsideVma),
            ..QUIET
        },
    );
    case("HWCR-IMG-008", None, QUIET);
    case(
        "HWCR-IMG-009",
        Some(Unproven),
        Scene {
            image_edit: |image| image.tasks[0].threads[0].state.as_mut().unwrap().pstate |= 0x10,
            ..QUIET
        },
    );
    case("HWCR-IMG-009", None, QUIET);
    case(
        "HWCR-IMG-010",
        Some(Note),
        Scene {
            facts_edit: |facts| facts.rewritten = Some(Rewritten::default()),
            ..QUIET
        },
    );
    case("HWCR-IMG-010", None, QUIET);

    // HWC
    case(
        "HWCR-HWC-001",
        Some(Unproven),
        Scene {
            image: "idle@max@new",
            ..QUIET
        },
    );
    case("HWCR-HWC-001", None, QUIET);
    case(
        "HWCR-HWC-002",
        Some(Unproven),
        Scene {
            facts_edit: |facts| facts.tasks[0].told.words[0] = Some(1 << 55),
            ..QUIET
        },
    );
    case("HWCR-HWC-002", None, QUIET);
    case(
        "HWCR-HWC-003",
        Some(Note),
        Scene {
            image_edit: |image| {
                let auxv = &mut image.tasks[0].mm.as_mut().unwrap().saved_auxv;
                let at = auxv.chunks(2).position(|pair| pair[0] == 16).unwrap();
                auxv[2 * at + 1] &= !0x80;
            },
            ..QUIET
        },
    );
    case("HWCR-HWC-003", None, QUIET);
    case(
        "HWCR-HWC-004",
        Some(Unproven),
        Scene {
            facts_edit: |facts| facts.tasks[0].told.words[0] = None,
            ..QUIET
        },
    );
    case(
        "HWCR-HWC-004",
        Some(Unproven),
        Scene {
            image_edit: |image| image.tasks[0].mm.as_mut().unwrap().start_stack = Addr(8),
            ..QUIET
        },
    );
    case("HWCR-HWC-004", None, QUIET);
    case(
        "HWCR-HWC-005",
        Some(Unproven),
        Scene {
            target: "a64fx",
            ..QUIET
        },
    );
    case("HWCR-HWC-005", None, QUIET);
    case(
        "HWCR-HWC-006",
        Some(Note),
        // evtstrm tells of the kernel.
        Scene {
            target_edit: |target| {
                target.hwcaps.words[0] = target.hwcaps.words[0].map(|word| word & !4)
            },
            ..QUIET
        },
    );
    case("HWCR-HWC-006", None, QUIET);

    // FRM
    case(
        "HWCR-FRM-001",
        Some(Blocker),
        Scene {
            facts_edit: |facts| frame_anomaly(facts, FrameAnomalyKind::NoTerminator),
            ..HANDLER
        },
    );
    case(
        "HWCR-FRM-001",
        Some(Unproven),
        Scene {
            facts_edit: |facts| {
                frame_anomaly(facts, FrameAnomalyKind::NoTerminator);
                facts.tasks[0].frames[0].liveness = Liveness::Unknown;
            },
            ..HANDLER
        },
    );
    case(
        "HWCR-FRM-001",
        None,
        Scene {
            facts_edit: |facts| {
                frame_anomaly(facts, FrameAnomalyKind::NoTerminator);
                facts.tasks[0].frames[0].liveness = Liveness::Stale;
            },
            ..HANDLER
        },
    );
    case("HWCR-FRM-001", None, HANDLER);
    case(
        "HWCR-FRM-002",
        Some(Blocker),
        Scene {
            facts_edit: |facts| put_record(facts, 0x1234, 16, Body::Unknown),
            ..HANDLER
        },
    );
    case(
        "HWCR-FRM-002",
        Some(Unproven),
        Scene {
            facts_edit: |facts| put_record(facts, 0x1234, 16, Body::Unknown),
            target_edit: |target| target.kernel = Some(Version::new(9, 0, 0)),
            ..HANDLER
        },
    );
    case("HWCR-FRM-002", None, HANDLER);
    case(
        "HWCR-FRM-003",
        Some(Unproven),
        Scene {
            facts_edit: |facts| {
                facts.tasks[0].dangling.push(Dangling {
                    tid: Tid(1),
                    addr: Addr(64),
                })
            },
            ..HANDLER
        },
    );
    case("HWCR-FRM-003", None, HANDLER);
    case(
        "HWCR-FRM-004",
        Some(Unproven),
        Scene {
            facts_edit: |facts| frame_anomaly(facts, FrameAnomalyKind::Unreadable),
            ..HANDLER
        },
    );
    case("HWCR-FRM-004", None, HANDLER);
    case(
        "HWCR-FRM-005",
        Some(Note),
        Scene {
            facts_edit: |facts| facts.tasks[0].unsearched = 1 << 30,
            ..HANDLER
        },
    );
    case(
        "HWCR-FRM-005",
        Some(Unproven),
        Scene {
            facts_edit: |facts| facts.tasks[0].search_cut = true,
            ..HANDLER
        },
    );
    case("HWCR-FRM-005", None, HANDLER);
    case(
        "HWCR-FRM-006",
        Some(Blocker),
        Scene {
            facts_edit: |facts| frame_anomaly(facts, FrameAnomalyKind::PstateInvalid),
            ..HANDLER
        },
    );
    case("HWCR-FRM-006", None, HANDLER);

    // SVE
    case(
        "HWCR-SVE-001",
        Some(Blocker),
        Scene {
            target: "cortex-a57",
            ..HANDLER
        },
    );
    case(
        "HWCR-SVE-001",
        Some(Unproven),
        Scene {
            target: "cortex-a57",
            facts_edit: |facts| facts.tasks[0].frames[0].liveness = Liveness::Unknown,
            ..HANDLER
        },
    );
    // A jump buffer beyond it: whether the handler returns is the program's affair.
    case(
        "HWCR-SVE-001",
        Some(Unproven),
        Scene {
            target: "cortex-a57",
            facts_edit: |facts| {
                let task = &mut facts.tasks[0];
                let buffer = JumpBuffer {
                    at: Addr(0x4a_20b8),
                    place: None,
                    pc: Addr(task.frames[0].pc),
                    sp: Addr(task.frames[0].sp),
                };
                let way = WayOut::Jump(buffer);
                task.ways_out.insert(task.frames[0].base, way);
            },
            ..HANDLER
        },
    );
    // Code that does not come back to it: nothing is certain but that it was not seen to.
    case(
        "HWCR-SVE-001",
        Some(Unproven),
        Scene {
            target: "cortex-a57",
            facts_edit: |facts| {
                let task = &mut facts.tasks[0];
                let way = WayOut::NoReturn(NoReturn {
                    pc: Addr(0x40_0f98),
                    function: None,
                    file: None,
                    leaves: true,
                });
                task.ways_out.insert(task.frames[0].base, way);
            },
            ..HANDLER
        },
    );
    case(
        "HWCR-SVE-001",
        Some(Blocker),
        Scene {
            target_edit: |target| {
                target
                    .sigreturn
                    .insert("SVE".to_owned(), Observed::Rejected);
            },
            ..HANDLER
        },
    );
    case("HWCR-SVE-001", None, HANDLER);
    case(
        "HWCR-SVE-002",
        Some(Blocker),
        Scene {
            target: "max-np-vq2",
            ..HANDLER
        },
    );
    case(
        "HWCR-SVE-002",
        Some(Blocker),
        Scene {
            target: "max-np-smeonly",
            ..HANDLER
        },
    );
    case("HWCR-SVE-002", None, HANDLER);
    case(
        "HWCR-SVE-003",
        Some(Blocker),
        Scene {
            image: "sig-sm@max@new",
            target: "max-nosme",
            ..QUIET
        },
    );
    case(
        "HWCR-SVE-003",
        Some(Blocker),
        Scene {
            image: "sig-sm@max@new",
            target: "max",
            target_edit: |target| target.sme.as_mut().unwrap().default = Some(Vl(64)),
            ..QUIET
        },
    );
    case(
        "HWCR-SVE-003",
        None,
        Scene {
            image: "sig-sm@max@new",
            target: "max-smeonly",
            ..QUIET
        },
    );

    // SME, FPM, POE, GCS
    case(
        "HWCR-SME-001",
        Some(Blocker),
        Scene {
            target: "max-np-nosme",
            ..HANDLER
        },
    );
    // A kernel from 5.19 to 6.2 offers SME and does not know the record.
    case(
        "HWCR-SME-001",
        Some(Unproven),
        Scene {
            target_edit: |target| target.kernel = None,
            ..HANDLER
        },
    );
    case(
        "HWCR-SME-001",
        None,
        Scene {
            target_edit: |target| {
                target.kernel = None;
                target
                    .sigreturn
                    .insert("TPIDR2".to_owned(), Observed::Accepted);
            },
            ..HANDLER
        },
    );
    case("HWCR-SME-001", None, HANDLER);
    case(
        "HWCR-SME-002",
        Some(Blocker),
        Scene {
            target: "max-np-nosme",
            ..HANDLER
        },
    );
    case("HWCR-SME-002", None, HANDLER);
    case(
        "HWCR-SME-003",
        Some(Blocker),
        Scene {
            image: "sig-plain@max@new",
            target: "max-sme16",
            ..QUIET
        },
    );
    case("HWCR-SME-003", None, HANDLER);
    let zt = |facts: &mut Facts<'_>| {
        put_record(
            facts,
            0x5a54_4e01,
            80,
            Body::Zt {
                nregs: 1,
                payload: true,
            },
        )
    };
    case(
        "HWCR-SME-004",
        Some(Blocker),
        Scene {
            facts_edit: zt,
            target: "max-np-nosme",
            ..HANDLER
        },
    );
    case(
        "HWCR-SME-004",
        None,
        Scene {
            facts_edit: zt,
            ..HANDLER
        },
    );
    case(
        "HWCR-FPM-001",
        Some(Blocker),
        Scene {
            target: "neoverse-v1-np",
            ..HANDLER
        },
    );
    case(
        "HWCR-FPM-001",
        Some(Blocker),
        Scene {
            // Mainline 6.1 tells programs of what the kernel has, and knows no such record.
            target: "max@6.1",
            ..HANDLER
        },
    );
    case("HWCR-FPM-001", None, HANDLER);
    let poe = |facts: &mut Facts<'_>| put_record(facts, 0x504f_4530, 16, Body::Poe { por_el0: 7 });
    let with_poe = |target: &mut Profile| {
        target.hwcaps.words[1] = target.hwcaps.words[1].map(|word| word | 1 << 63)
    };
    case(
        "HWCR-POE-001",
        Some(Blocker),
        Scene {
            facts_edit: poe,
            ..HANDLER
        },
    );
    case(
        "HWCR-POE-001",
        None,
        Scene {
            facts_edit: poe,
            target_edit: with_poe,
            ..HANDLER
        },
    );
    case(
        "HWCR-POE-002",
        Some(Unproven),
        Scene {
            target_edit: |target| {
                target.hwcaps.words[1] = Some(1 << 63);
                target.kernel = Some(Version::new(6, 14, 0));
            },
            ..QUIET
        },
    );
    case(
        "HWCR-POE-002",
        None,
        Scene {
            target_edit: with_poe,
            ..QUIET
        },
    );
    let gcs_off = |facts: &mut Facts<'_>| {
        put_record(
            facts,
            0x4743_5300,
            32,
            Body::Gcs {
                gcspr: 0,
                features_enabled: 0,
                reserved: 0,
            },
        )
    };
    let gcs_on = |facts: &mut Facts<'_>| {
        put_record(
            facts,
            0x4743_5300,
            32,
            Body::Gcs {
                gcspr: 8,
                features_enabled: 1,
                reserved: 0,
            },
        )
    };
    case(
        "HWCR-GCS-001",
        Some(Blocker),
        Scene {
            facts_edit: gcs_on,
            ..HANDLER
        },
    );
    case(
        "HWCR-GCS-001",
        Some(Blocker),
        Scene {
            facts_edit: gcs_off,
            target: "neoverse-v1-np",
            ..HANDLER
        },
    );
    case(
        "HWCR-GCS-001",
        None,
        Scene {
            facts_edit: gcs_off,
            ..HANDLER
        },
    );

    // PAC
    case(
        "HWCR-PAC-001",
        Some(Blocker),
        Scene {
            target: "cortex-a57",
            source: None,
            ..SIGNED
        },
    );
    case("HWCR-PAC-001", None, SIGNED);
    case(
        "HWCR-PAC-002",
        Some(Unproven),
        Scene {
            image_edit: |image| leader_pac(image, PacState::NotSaved),
            ..SIGNED
        },
    );
    case(
        "HWCR-PAC-002",
        Some(Unproven),
        Scene {
            target_edit: |target| target.criu = Some(Version::new(4, 0, 0)),
            ..SIGNED
        },
    );
    case("HWCR-PAC-002", None, SIGNED);
    case(
        "HWCR-PAC-003",
        Some(Unproven),
        Scene {
            target: "neoverse-v1",
            ..QUIET
        },
    );
    case(
        "HWCR-PAC-003",
        None,
        // Keys with nothing enabled: the restored task runs without pointer authentication.
        Scene {
            target: "neoverse-v1",
            image_edit: |image| leader_pac(image, keys(0)),
            ..QUIET
        },
    );
    case("HWCR-PAC-003", None, QUIET);
    case(
        "HWCR-PAC-004",
        Some(Unproven),
        Scene {
            source: None,
            ..SIGNED
        },
    );
    case(
        "HWCR-PAC-004",
        Some(Unproven),
        Scene {
            target: "max-qarma5",
            ..SIGNED
        },
    );
    case(
        "HWCR-PAC-004",
        Some(Unproven),
        Scene {
            target_edit: |target| target.va_bits = Some(48),
            ..SIGNED
        },
    );
    case(
        "HWCR-PAC-004",
        Some(Unproven),
        Scene {
            target_edit: |target| target.pauth.level = None,
            ..SIGNED
        },
    );
    case(
        "HWCR-PAC-004",
        Some(Unproven),
        // The maker's own algorithm on another CPU design.
        Scene {
            target_edit: |target| {
                target.registers.insert("MIDR_EL1".to_owned(), 0x410f_d4f0);
            },
            ..SIGNED
        },
    );
    case("HWCR-PAC-004", None, SIGNED);
    case(
        "HWCR-PAC-004",
        None,
        Scene {
            target: "max-qarma5",
            image_edit: |image| leader_pac(image, keys(0)),
            ..SIGNED
        },
    );

    // STK
    let small = |image: &mut Checkpoint| {
        image.tasks[0].threads[0].altstack = Some(AltStack {
            sp: Addr(0x1000),
            size: 5120,
            flags: 0,
        });
    };
    case(
        "HWCR-STK-001",
        Some(Unproven),
        Scene {
            image_edit: small,
            target: "max-np-nosme",
            target_edit: |target| target.sve.as_mut().unwrap().default = Some(Vl(256)),
            ..QUIET
        },
    );
    case(
        "HWCR-STK-001",
        Some(Unproven),
        Scene {
            image_edit: small,
            target_edit: |target| {
                target.sve = None;
                target.minsigstksz = None;
            },
            ..QUIET
        },
    );
    case(
        "HWCR-STK-001",
        None,
        Scene {
            image_edit: small,
            ..QUIET
        },
    );
    case(
        "HWCR-STK-001",
        None,
        Scene {
            image_edit: small,
            target: "max-nopauth",
            ..QUIET
        },
    );
    case(
        "HWCR-STK-002",
        Some(Note),
        Scene {
            target: "max-nopauth",
            ..QUIET
        },
    );
    case("HWCR-STK-002", None, QUIET);

    // UND
    let in_user_code = |facts: &mut Facts<'_>| {
        facts.tasks[0].threads[0].standing = Standing::User {
            ground: Ground::Registers,
        };
    };
    case(
        "HWCR-UND-001",
        Some(Unproven),
        Scene {
            image: "live-sve@max@new",
            target: "max",
            ..QUIET
        },
    );
    case(
        "HWCR-UND-001",
        None,
        Scene {
            facts_edit: in_user_code,
            ..QUIET
        },
    );
    case("HWCR-UND-001", None, HANDLER);
    case("HWCR-UND-002", Some(Note), HANDLER);
    case("HWCR-UND-002", None, QUIET);
    case(
        "HWCR-UND-003",
        Some(Unproven),
        Scene {
            facts_edit: |facts| facts.tasks[0].threads[0].handler_depth = 0,
            ..HANDLER
        },
    );
    case("HWCR-UND-003", None, HANDLER);
    case(
        "HWCR-UND-004",
        Some(Unproven),
        Scene {
            facts_edit: |facts| facts.tasks[0].frames.clear(),
            ..HANDLER
        },
    );
    case("HWCR-UND-004", None, HANDLER);
    case(
        "HWCR-UND-005",
        Some(Unproven),
        Scene {
            facts_edit: |facts| {
                facts.tasks[0].told.words[1] = Some(1 << 18);
                facts.tasks[0].threads[0].tagged_registers = 1;
            },
            ..QUIET
        },
    );
    case(
        "HWCR-UND-005",
        Some(Note),
        Scene {
            facts_edit: |facts| facts.tasks[0].told.words[1] = Some(1 << 18),
            ..QUIET
        },
    );
    // HWAddressSanitizer tags addresses without any feature of the CPU but that loads ignore the top byte.
    case(
        "HWCR-UND-005",
        Some(Unproven),
        Scene {
            image_edit: |image| {
                let state = image.tasks[0].threads[0].state.as_mut().unwrap();
                state.x[5] = state.sp | 0xab << 56;
            },
            ..QUIET
        },
    );
    case("HWCR-UND-005", None, QUIET);
    let shadow = |image: &mut Checkpoint| {
        image.tasks[0].threads[0].state.as_mut().unwrap().gcs = Some(Gcs {
            gcspr_el0: 0x1000,
            features_enabled: 1,
        });
    };
    case(
        "HWCR-UND-006",
        Some(Blocker),
        Scene {
            image_edit: shadow,
            ..QUIET
        },
    );
    case("HWCR-UND-006", None, QUIET);
    case(
        "HWCR-UND-007",
        Some(Unproven),
        Scene {
            image: "idle@a64fx@new",
            target: "a64fx",
            ..QUIET
        },
    );
    case(
        "HWCR-UND-007",
        Some(Unproven),
        Scene {
            image: "idle@a64fx@new",
            target: "max-np-vq2",
            source: Some("a64fx"),
            ..QUIET
        },
    );
    case(
        "HWCR-UND-007",
        Some(Note),
        Scene {
            image: "idle@a64fx@new",
            target: "a64fx",
            source: Some("a64fx"),
            ..QUIET
        },
    );
    case("HWCR-UND-007", Some(Note), HANDLER);
    // Frames show the lengths of the threads in handlers, not that of the one that waits for them.
    case(
        "HWCR-UND-007",
        Some(Unproven),
        Scene {
            image: "threads-sve@max-nopauth@new",
            ..HANDLER
        },
    );
    case(
        "HWCR-UND-007",
        Some(Note),
        Scene {
            image: "threads-sve@max-nopauth@new",
            source: Some("max-nopauth"),
            ..HANDLER
        },
    );
    case("HWCR-UND-007", None, QUIET);
    // A64FX has three lengths to choose from.
    case(
        "HWCR-UND-008",
        Some(Unproven),
        Scene {
            image: "idle@a64fx@new",
            target: "a64fx",
            source: Some("a64fx"),
            ..QUIET
        },
    );
    case(
        "HWCR-UND-008",
        Some(Unproven),
        Scene {
            image: "threads-sve@max-nopauth@new",
            source: Some("max-nopauth"),
            ..HANDLER
        },
    );
    // Its code shows that it cannot have chosen one, or that it may.
    case(
        "HWCR-UND-008",
        Some(Note),
        Scene {
            image: "idle@a64fx@new",
            target: "a64fx",
            source: Some("a64fx"),
            facts_edit: |facts| {
                facts.tasks[0].length_audit = Some(LengthAudit::Never { files: 3 });
            },
            ..QUIET
        },
    );
    case(
        "HWCR-UND-008",
        Some(Unproven),
        Scene {
            image: "idle@a64fx@new",
            target: "a64fx",
            source: Some("a64fx"),
            facts_edit: |facts| {
                facts.tasks[0].length_audit = Some(LengthAudit::May(Suspect {
                    file: "/bin/test".into(),
                    at: Some(0x100),
                    reason: Reason::Number,
                }));
            },
            ..QUIET
        },
    );
    // One length alone leaves no choice.
    case(
        "HWCR-UND-008",
        None,
        Scene {
            image: "idle@a64fx@new",
            target: "max-np-vq1",
            source: Some("max-np-vq1"),
            ..QUIET
        },
    );
    // A frame of the one thread there is shows its length.
    case(
        "HWCR-UND-008",
        None,
        Scene {
            source: Some("max-nopauth"),
            ..HANDLER
        },
    );
    // HWCR-UND-007 says it.
    case(
        "HWCR-UND-008",
        None,
        Scene {
            image: "idle@a64fx@new",
            target: "max-np-vq2",
            source: Some("a64fx"),
            ..QUIET
        },
    );

    let in_vdso: [(Option<Severity>, Edit<Checkpoint>); 5] = [
        // __kernel_clock_gettime of 7.3.4 begins at 0x320.
        (None, |image| stand(image, 0x320)),
        (Some(Unproven), |image| stand(image, 0x324)),
        (Some(Unproven), |image| stand(image, 0x300)),
        // Behind it.
        (None, |image| stand(image, 0x2000)),
        // Before it, in the data.
        (None, |image| stand(image, -8)),
    ];
    for (expected, edit) in in_vdso {
        case(
            "HWCR-UND-009",
            expected,
            Scene {
                image_edit: edit,
                ..QUIET
            },
        );
    }
    case(
        "HWCR-UND-009",
        Some(Note),
        Scene {
            image_edit: |image| stand(image, 0x300),
            source: Some("cortex-a57"),
            ..QUIET
        },
    );
    // A handler returns to the first instruction of the trampoline.
    case("HWCR-UND-009", None, HANDLER);
    case(
        "HWCR-UND-009",
        None,
        Scene {
            facts_edit: |facts| {
                let vdso = facts.tasks[0].vdso.as_ref().unwrap();
                facts.tasks[0].frames[0].pc = vdso.sigreturn.unwrap().0;
            },
            ..HANDLER
        },
    );
    case(
        "HWCR-UND-009",
        Some(Unproven),
        Scene {
            facts_edit: |facts| {
                let vdso = facts.tasks[0].vdso.as_ref().unwrap();
                facts.tasks[0].frames[0].pc = vdso.range.start.0 + 0x400;
            },
            ..HANDLER
        },
    );

    // SYS
    case(
        "HWCR-SYS-001",
        Some(Blocker),
        Scene {
            target: "cortex-a57@6.1",
            ..QUIET
        },
    );
    case(
        "HWCR-SYS-001",
        Some(Blocker),
        Scene {
            target_edit: |target| target.auxv_bytes = Some(100),
            ..QUIET
        },
    );
    case(
        "HWCR-SYS-001",
        None,
        Scene {
            target: "cortex-a57@6.1",
            target_edit: |target| target.auxv_bytes = Some(400),
            ..QUIET
        },
    );
    case("HWCR-SYS-001", None, QUIET);
    case(
        "HWCR-SYS-002",
        Some(Blocker),
        Scene {
            target_edit: |target| target.criu = Some(Version::new(3, 17, 1)),
            ..QUIET
        },
    );
    case("HWCR-SYS-002", None, QUIET);
    case(
        "HWCR-SYS-003",
        Some(Blocker),
        Scene {
            facts_edit: |facts| ask(facts, Ask::Memfd),
            target_edit: |target| target.criu = Some(Version::new(3, 13, 0)),
            ..QUIET
        },
    );
    case(
        "HWCR-SYS-003",
        Some(Unproven),
        Scene {
            facts_edit: |facts| ask(facts, Ask::Membarrier),
            target_edit: |target| target.criu = Some(Version::new(3, 18, 0)),
            ..QUIET
        },
    );
    case(
        "HWCR-SYS-003",
        None,
        Scene {
            facts_edit: |facts| ask(facts, Ask::RunId),
            target_edit: |target| target.criu = Some(Version::new(4, 0, 0)),
            ..QUIET
        },
    );
    case("HWCR-SYS-003", None, QUIET);
    case(
        "HWCR-SYS-004",
        Some(Blocker),
        Scene {
            target_edit: |target| target.criu = Some(Version::new(4, 0, 0)),
            ..QUIET
        },
    );
    case("HWCR-SYS-004", None, QUIET);

    case(
        "HWCR-SYS-005",
        Some(Blocker),
        Scene {
            target_edit: |target| target.kernel = Some(Version::new(4, 17, 0)),
            ..QUIET
        },
    );
    case("HWCR-SYS-005", None, QUIET);

    let with_rseq = |image: &mut Checkpoint| image.tasks[0].threads[0].rseq_size = Some(33);
    case(
        "HWCR-SYS-006",
        Some(Blocker),
        Scene {
            image_edit: with_rseq,
            target: "cortex-a57@6.1",
            ..QUIET
        },
    );
    case(
        "HWCR-SYS-006",
        None,
        Scene {
            image_edit: with_rseq,
            ..QUIET
        },
    );

    // glibc 2.35 registers rseq in CRIU itself.
    let criu_and_kernel: [(Option<Severity>, Edit<Profile>); 6] = [
        (Some(Unproven), |target| {
            target.criu = Some(Version::new(3, 16, 1))
        }),
        (Some(Note), |target| {
            target.criu = Some(Version::new(3, 17, 0))
        }),
        (None, |target| target.criu = Some(Version::new(3, 18, 0))),
        (Some(Note), |target| {
            target.criu = Some(Version::new(3, 19, 0));
            target.kernel = Some(Version::new(5, 12, 0));
        }),
        // No kernel of arm64 before 4.19 has rseq.
        (None, |target| {
            target.criu = Some(Version::new(3, 16, 1));
            target.kernel = Some(Version::new(4, 18, 0));
        }),
        (None, |_| {}),
    ];
    for (expected, edit) in criu_and_kernel {
        case(
            "HWCR-SYS-007",
            expected,
            Scene {
                target_edit: edit,
                ..QUIET
            },
        );
    }
    let unsaved: [(Option<Severity>, FactsEdit); 7] = [
        (Some(Unproven), |facts| {
            without_rseq(facts, Some((LibcKind::Glibc, None)))
        }),
        (Some(Unproven), |facts| {
            without_rseq(facts, Some((LibcKind::Glibc, Some(Version::new(2, 35, 0)))));
        }),
        (None, |facts| {
            without_rseq(facts, Some((LibcKind::Glibc, Some(Version::new(2, 34, 0)))));
        }),
        (None, |facts| {
            without_rseq(facts, Some((LibcKind::Musl, None)))
        }),
        (Some(Note), |facts| without_rseq(facts, None)),
        (None, |facts| {
            without_rseq(facts, None);
            facts.origin.kernel = Some(Version::new(4, 18, 0));
        }),
        (None, |facts| {
            without_rseq(facts, None);
            facts.origin.criu_at_least = Some(Version::new(3, 17, 0));
        }),
    ];
    for (expected, edit) in unsaved {
        case(
            "HWCR-SYS-008",
            expected,
            Scene {
                facts_edit: edit,
                ..QUIET
            },
        );
    }
    case(
        "HWCR-SYS-009",
        Some(Unproven),
        Scene {
            image_edit: |image| image.tasks[0].mm.as_mut().unwrap().vmas[3].flags |= 0x4_0000,
            ..QUIET
        },
    );
    case("HWCR-SYS-009", None, QUIET);
    for (requests, expected) in [(62, Some(Unproven)), (16_384, None)] {
        let edit: fn(&mut Checkpoint) = if requests == 62 {
            |image| image.tasks[0].mm.as_mut().unwrap().aio_requests = vec![62]
        } else {
            |image| image.tasks[0].mm.as_mut().unwrap().aio_requests = vec![16_384]
        };
        case(
            "HWCR-SYS-010",
            expected,
            Scene {
                image_edit: edit,
                ..QUIET
            },
        );
    }
    case(
        "HWCR-SYS-011",
        Some(Unproven),
        Scene {
            facts_edit: |facts| ask(facts, Ask::High),
            ..QUIET
        },
    );
    case(
        "HWCR-SYS-011",
        Some(Blocker),
        Scene {
            image_edit: |image| {
                let vmas = &mut image.tasks[0].mm.as_mut().unwrap().vmas;
                let last = vmas.last_mut().unwrap();
                last.mapping.range = AddrRange::new(Addr(1 << 50), Addr((1 << 50) + 4096));
            },
            target_edit: |target| target.va_bits = Some(52),
            ..QUIET
        },
    );
    case(
        "HWCR-SYS-011",
        Some(Blocker),
        Scene {
            target_edit: |target| target.va_bits = Some(36),
            ..QUIET
        },
    );
    case("HWCR-SYS-011", None, QUIET);
    for option in [Ask::Mergeable, Ask::HugePageAdvice] {
        let edit: fn(&mut Facts<'_>) = if option == Ask::Mergeable {
            |facts| ask(facts, Ask::Mergeable)
        } else {
            |facts| ask(facts, Ask::HugePageAdvice)
        };
        case(
            "HWCR-SYS-012",
            Some(Note),
            Scene {
                facts_edit: edit,
                ..QUIET
            },
        );
    }
    // Without huge pages the advice against them does nothing from 6.16 on.
    let older: fn(&mut Profile) = |target| target.kernel = Some(Version::new(6, 15, 9));
    for (expected, edit) in [(Some(Note), older), (None, |_: &mut Profile| {})] {
        case(
            "HWCR-SYS-012",
            expected,
            Scene {
                facts_edit: |facts| ask(facts, Ask::NoHugePageAdvice),
                target_edit: edit,
                ..QUIET
            },
        );
    }

    case(
        "HWCR-SYS-013",
        Some(Note),
        Scene {
            image_edit: |image| {
                image.host.lsm = Some(LsmProfile {
                    module: "AppArmor".to_owned(),
                    profile: "docker-default".to_owned(),
                    place: place(),
                });
            },
            ..QUIET
        },
    );
    case(
        "HWCR-SYS-013",
        Some(Note),
        Scene {
            image_edit: |image| {
                image.host.cgroups = Some(place());
                image.host.hierarchies = vec![String::new()];
            },
            ..QUIET
        },
    );
    case("HWCR-SYS-013", None, QUIET);
    files(&mut case);

    // PRF
    for edit in [
        (|target| target.hwcaps.words[0] = None) as fn(&mut Profile),
        |target| target.page_size = None,
        |target| target.va_bits = None,
        |target| target.kernel = None,
        |target| target.criu = None,
    ] {
        case(
            "HWCR-PRF-001",
            Some(Unproven),
            Scene {
                target_edit: edit,
                ..QUIET
            },
        );
    }
    // A known limit of the auxv says nothing of what else a kernel must be able to do.
    case(
        "HWCR-PRF-001",
        Some(Unproven),
        Scene {
            image_edit: with_rseq,
            target_edit: |target| {
                target.kernel = None;
                target.auxv_bytes = Some(432);
            },
            ..QUIET
        },
    );
    case(
        "HWCR-PRF-001",
        None,
        Scene {
            target_edit: |target| target.pauth.address = Some(PacAlgorithm::None),
            ..QUIET
        },
    );
    case("HWCR-PRF-001", None, QUIET);
    case(
        "HWCR-PRF-002",
        Some(Unproven),
        Scene {
            source: Some("max@6.1"),
            ..SIGNED
        },
    );
    case("HWCR-PRF-002", None, SIGNED);
    let published: fn(&mut Profile) = |target| target.basis = Some(Basis::Published);
    let hidden: [fn(&mut Profile); 2] = [
        // Its cores are not known, or known to be able to sign: another kernel may offer it.
        |target| {
            target.basis = Some(Basis::Published);
            target.registers.clear();
        },
        |target| {
            target.basis = Some(Basis::Published);
            target.registers.insert("MIDR_EL1".to_owned(), 0x411f_d401);
        },
    ];
    let inferred: fn(&mut Profile) = |target| target.basis = Some(Basis::Inferred);
    for (expected, edit) in [
        (Note, published), // a Cortex-A57 signs under no kernel
        (Unproven, hidden[0]),
        (Unproven, hidden[1]),
        (Unproven, inferred),
    ] {
        case(
            "HWCR-PRF-003",
            Some(expected),
            Scene {
                target_edit: edit,
                ..QUIET
            },
        );
    }
    // What is offered is judged by the rules for it.
    case(
        "HWCR-PRF-003",
        Some(Note),
        Scene {
            target: "neoverse-v1",
            target_edit: published,
            ..QUIET
        },
    );
    case(
        "HWCR-PRF-003",
        None,
        Scene {
            target_edit: |target| target.basis = Some(Basis::Captured),
            ..QUIET
        },
    );
    case("HWCR-PRF-003", None, QUIET);
    cases.extend(rules_given::cases());
    cases
}

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

fn files(case: &mut impl FnMut(&'static str, Option<Severity>, Scene)) {
    use Severity::{Blocker, Note, Unproven};
    let mut with = |rule, severity, facts_edit: fn(&mut Facts<'_>)| {
        let scene = Scene {
            image: "dyn@max@new",
            target: "max",
            facts_edit,
            ..QUIET
        };
        case(rule, severity, scene);
    };
    with("HWCR-FIL-001", Some(Note), |_| {});
    with("HWCR-FIL-001", None, all_there);
    with("HWCR-FIL-001", None, |facts| facts.files.needed.clear());

    with("HWCR-FIL-002", Some(Blocker), |facts| {
        all_there(facts);
        program(facts).found = Some(Found::Nothing);
    });
    with("HWCR-FIL-002", Some(Blocker), |facts| {
        all_there(facts);
        program(facts).found = Some(Found::Nothing);
        program(facts).lies = Lies::Linked("/opt/link_remap.1".to_owned());
    });
    // Nothing shows that CRIU opens it.
    with("HWCR-FIL-002", Some(Unproven), |facts| {
        all_there(facts);
        program(facts).found = Some(Found::Nothing);
        program(facts).uses.clear();
    });
    with("HWCR-FIL-002", None, |facts| {
        all_there(facts);
        program(facts).found = Some(Found::Nothing);
        program(facts).lies = Lies::Device("/dev/x".to_owned());
    });
    with("HWCR-FIL-002", None, |facts| {
        all_there(facts);
        program(facts).found = Some(Found::Nothing);
        program(facts).uses = [(Use::SocketDirectory, [].into())].into();
    });
    with("HWCR-FIL-002", None, all_there);
    with("HWCR-FIL-002", None, |_| {});

    with("HWCR-FIL-003", Some(Blocker), |facts| {
        found_program(facts, |size, _, _, _| *size += 1);
    });
    with("HWCR-FIL-003", None, all_there);

    with("HWCR-FIL-004", Some(Blocker), |facts| {
        found_program(facts, |_, _, id, _| *id = FoundId::Some(vec![1; 20]));
    });
    with("HWCR-FIL-004", Some(Unproven), |facts| {
        found_program(facts, |_, _, id, _| *id = FoundId::None);
    });
    // A file of another size is another file, whatever its build id.
    with("HWCR-FIL-004", None, |facts| {
        found_program(facts, |size, _, id, _| {
            *size += 1;
            *id = FoundId::None;
        });
    });
    with("HWCR-FIL-004", None, all_there);

    with("HWCR-FIL-005", Some(Blocker), |facts| {
        found_program(facts, |_, mode, _, _| *mode ^= 0o022);
    });
    with("HWCR-FIL-005", Some(Blocker), |facts| {
        found_program(facts, |_, mode, _, _| *mode = 0o040_755);
    });
    with("HWCR-FIL-005", None, all_there);

    with("HWCR-FIL-006", Some(Unproven), |facts| {
        all_there(facts);
        program(facts).found = Some(Found::NotSeen("it cannot be read".to_owned()));
    });
    with("HWCR-FIL-006", Some(Unproven), |facts| {
        found_program(facts, |_, _, id, _| {
            *id = FoundId::Unreadable(String::new())
        });
    });
    with("HWCR-FIL-006", None, all_there);

    with("HWCR-FIL-007", Some(Note), |facts| {
        all_there(facts);
        program(facts).lies = Lies::Engine;
        program(facts).found = None;
    });
    with("HWCR-FIL-007", Some(Note), |facts| {
        all_there(facts);
        program(facts).lies = Lies::Device("/dev/x".to_owned());
        program(facts).found = Some(Found::Nothing);
    });
    with("HWCR-FIL-007", None, all_there);
    with("HWCR-FIL-007", None, |_| {});

    let read_only = |facts: &mut Facts<'_>| {
        found_program(facts, |_, _, _, read_only| *read_only = true);
        program(facts).uses = [(Use::OpenToWrite, [].into())].into();
    };
    with("HWCR-FIL-008", Some(Note), read_only);
    with("HWCR-FIL-008", Some(Blocker), |facts| {
        found_program(facts, |_, _, _, read_only| *read_only = true);
        program(facts).uses = [(Use::MappedToWrite, [].into())].into();
        facts.files.looked_in.as_mut().unwrap().is_system = true;
    });
    with("HWCR-FIL-008", None, |facts| {
        found_program(facts, |_, _, _, read_only| *read_only = true);
    });

    with("HWCR-FIL-009", Some(Unproven), |facts| {
        all_there(facts);
        program(facts).found = Some(Found::Nothing);
        program(facts).uses = [(Use::SocketDirectory, [].into())].into();
    });
    with("HWCR-FIL-009", None, all_there);

    with("HWCR-FIL-010", Some(Note), |facts| {
        all_there(facts);
        program(facts).saved.build_id.clear();
    });
    with("HWCR-FIL-010", None, |facts| {
        all_there(facts);
        facts.files.needed.truncate(1);
    });

    // This CRIU does not compare build ids.
    case(
        "HWCR-FIL-004",
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
}

#[test]
fn every_rule_finds_and_keeps_silent_as_it_should() {
    let mut wrong = Vec::new();
    for (index, (rule, expected, scene)) in cases().iter().enumerate() {
        let actual = found(scene).get(rule).copied();
        if actual != *expected {
            wrong.push(format!(
                "case {index}: {rule} on {} for {}: expected {expected:?}, found {actual:?}",
                scene.image, scene.target
            ));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_rule_has_both_cases() {
    let cases = cases();
    for rule in rule::all() {
        let id = rule.meta.id;
        assert!(
            cases
                .iter()
                .any(|(rule, expected, _)| *rule == id && expected.is_some()),
            "{id}: no case that finds"
        );
        assert!(
            cases
                .iter()
                .any(|(rule, expected, _)| *rule == id && expected.is_none()),
            "{id}: no silent case"
        );
    }
    for (rule, ..) in &cases {
        assert!(rule::find(rule).is_some(), "{rule} is no rule");
    }
}

#[test]
fn the_quiet_scene_is_compatible() {
    let found = found(&QUIET);
    assert!(
        found.values().all(|severity| *severity == Severity::Note),
        "{found:?}"
    );
}

#[test]
fn rules_are_described_and_unique() {
    let mut seen = std::collections::BTreeSet::new();
    for rule in rule::all() {
        let meta = &rule.meta;
        assert!(seen.insert(meta.id), "{} stands twice", meta.id);
        assert!(seen.insert(meta.name), "{} stands twice", meta.name);
        let parts: Vec<&str> = meta.id.split('-').collect();
        assert!(
            matches!(parts.as_slice(), ["HWCR", family, number] if family.len() == 3 && number.len() == 3),
            "{}",
            meta.id
        );
        assert!(!meta.sources.is_empty(), "{} cites no source", meta.id);
        assert!(
            meta.summary.ends_with('.') && meta.explanation.ends_with('.'),
            "{}: whole sentences",
            meta.id
        );
    }
}

#[test]
fn an_accepted_finding_becomes_a_note_and_says_so() {
    let checkpoint =
        hwcr::criu_image::load(Path::new("tests/fixtures/images/idle@cortex-a57@new")).unwrap();
    let facts = facts::collect(&checkpoint, facts::Search::Auto);
    let target = hwcr::profile::resolve("neoverse-v1").unwrap();
    let case = Case {
        facts: &facts,
        target: &target,
        source: None,
    };
    let accepts = [
        Accept::parse("HWCR-PAC-003:paca").unwrap(),
        Accept::parse("hwcr-pac-003:sve").unwrap(),
        Accept::parse("sve-vector-length").unwrap(),
    ];
    let judged = rule::judge(&case, &accepts);
    assert_eq!(judged.accept_used, [true, false, false]);
    let accepted: Vec<_> = judged
        .findings
        .iter()
        .filter(|finding| finding.accepted)
        .collect();
    assert_eq!(accepted.len(), 1);
    assert_eq!(accepted[0].severity, Severity::Note);
    assert_eq!(judged.verdict, hwcr::finding::Verdict::Compatible);
    assert!(Accept::parse("HWCR-XXX-001").is_err());
}

#[test]
fn a_blocker_cannot_be_accepted() {
    let checkpoint =
        hwcr::criu_image::load(Path::new("tests/fixtures/images/idle@max@new")).unwrap();
    let facts = facts::collect(&checkpoint, facts::Search::Auto);
    let target = hwcr::profile::resolve("cortex-a57").unwrap();
    let case = Case {
        facts: &facts,
        target: &target,
        source: None,
    };
    let judged = rule::judge(&case, &[Accept::parse("HWCR-PAC-001").unwrap()]);
    assert_eq!(judged.verdict, hwcr::finding::Verdict::Incompatible);
    assert_eq!(judged.accept_used, [false]);
}
