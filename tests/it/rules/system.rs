//! Cases of the rules about the target's kernel and CRIU.

use hwcr::criu_image::ask::Ask;
use hwcr::criu_image::model::{Checkpoint, LsmProfile};
use hwcr::facts::{Facts, LibcKind};
use hwcr::finding::Severity;
use hwcr::profile::model::Profile;
use hwcr::rule_id::RuleId;
use hwcr::units::{Addr, AddrRange, Version};

use super::scene::{Edit, FactsEdit, QUIET, Row, Scene, ask, place, without_rseq};

pub(super) fn cases() -> Vec<Row> {
    use Severity::{Blocker, Note, Unproven};
    let mut cases = Vec::new();
    let mut case = |rule, expected, scene| cases.push((rule, expected, scene));

    case(
        RuleId::Sys001,
        Some(Blocker),
        Scene {
            target: "cortex-a57@6.1",
            ..QUIET
        },
    );
    case(
        RuleId::Sys001,
        Some(Blocker),
        Scene {
            target_edit: |target| target.auxv_bytes = Some(100),
            ..QUIET
        },
    );
    case(
        RuleId::Sys001,
        None,
        Scene {
            target: "cortex-a57@6.1",
            target_edit: |target| target.auxv_bytes = Some(400),
            ..QUIET
        },
    );
    case(RuleId::Sys001, None, QUIET);
    case(
        RuleId::Sys002,
        Some(Blocker),
        Scene {
            target_edit: |target| target.criu = Some(Version::new(3, 17, 1)),
            ..QUIET
        },
    );
    case(RuleId::Sys002, None, QUIET);
    case(
        RuleId::Sys003,
        Some(Blocker),
        Scene {
            facts_edit: |facts| ask(facts, Ask::Memfd),
            target_edit: |target| target.criu = Some(Version::new(3, 13, 0)),
            ..QUIET
        },
    );
    case(
        RuleId::Sys003,
        Some(Unproven),
        Scene {
            facts_edit: |facts| ask(facts, Ask::Membarrier),
            target_edit: |target| target.criu = Some(Version::new(3, 18, 0)),
            ..QUIET
        },
    );
    case(
        RuleId::Sys003,
        None,
        Scene {
            facts_edit: |facts| ask(facts, Ask::RunId),
            target_edit: |target| target.criu = Some(Version::new(4, 0, 0)),
            ..QUIET
        },
    );
    case(RuleId::Sys003, None, QUIET);
    case(
        RuleId::Sys004,
        Some(Blocker),
        Scene {
            target_edit: |target| target.criu = Some(Version::new(4, 0, 0)),
            ..QUIET
        },
    );
    case(RuleId::Sys004, None, QUIET);

    case(
        RuleId::Sys005,
        Some(Blocker),
        Scene {
            target_edit: |target| target.kernel = Some(Version::new(4, 17, 0)),
            ..QUIET
        },
    );
    case(RuleId::Sys005, None, QUIET);

    let with_rseq = |image: &mut Checkpoint| image.tasks[0].threads[0].rseq_size = Some(33);
    case(
        RuleId::Sys006,
        Some(Blocker),
        Scene {
            image_edit: with_rseq,
            target: "cortex-a57@6.1",
            ..QUIET
        },
    );
    case(
        RuleId::Sys006,
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
            RuleId::Sys007,
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
            RuleId::Sys008,
            expected,
            Scene {
                facts_edit: edit,
                ..QUIET
            },
        );
    }
    case(
        RuleId::Sys009,
        Some(Unproven),
        Scene {
            image_edit: |image| image.tasks[0].mm.as_mut().unwrap().vmas[3].flags |= 0x4_0000,
            ..QUIET
        },
    );
    case(RuleId::Sys009, None, QUIET);
    for (requests, expected) in [(62, Some(Unproven)), (16_384, None)] {
        let edit: fn(&mut Checkpoint) = if requests == 62 {
            |image| image.tasks[0].mm.as_mut().unwrap().aio_requests = vec![62]
        } else {
            |image| image.tasks[0].mm.as_mut().unwrap().aio_requests = vec![16_384]
        };
        case(
            RuleId::Sys010,
            expected,
            Scene {
                image_edit: edit,
                ..QUIET
            },
        );
    }
    case(
        RuleId::Sys011,
        Some(Unproven),
        Scene {
            facts_edit: |facts| ask(facts, Ask::High),
            ..QUIET
        },
    );
    case(
        RuleId::Sys011,
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
        RuleId::Sys011,
        Some(Blocker),
        Scene {
            target_edit: |target| target.va_bits = Some(36),
            ..QUIET
        },
    );
    case(RuleId::Sys011, None, QUIET);
    for option in [Ask::Mergeable, Ask::HugePageAdvice] {
        let edit: fn(&mut Facts<'_>) = if option == Ask::Mergeable {
            |facts| ask(facts, Ask::Mergeable)
        } else {
            |facts| ask(facts, Ask::HugePageAdvice)
        };
        case(
            RuleId::Sys012,
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
            RuleId::Sys012,
            expected,
            Scene {
                facts_edit: |facts| ask(facts, Ask::NoHugePageAdvice),
                target_edit: edit,
                ..QUIET
            },
        );
    }

    case(
        RuleId::Sys013,
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
        RuleId::Sys013,
        Some(Note),
        Scene {
            image_edit: |image| {
                image.host.cgroups = Some(place());
                image.host.hierarchies = vec![String::new()];
            },
            ..QUIET
        },
    );
    case(RuleId::Sys013, None, QUIET);
    cases
}
