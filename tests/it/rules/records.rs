//! Cases of the rules about the other records of signal frames.

use hwcr::facts::Facts;
use hwcr::finding::Severity;
use hwcr::profile::model::{Observed, Profile};
use hwcr::rule_id::RuleId;
use hwcr::sigframe::model::Body;
use hwcr::units::Version;

use super::scene::{HANDLER, QUIET, Row, Scene, put_record};

pub(super) fn cases() -> Vec<Row> {
    use Severity::{Blocker, Unproven};
    let mut cases = Vec::new();
    let mut case = |rule, expected, scene| cases.push((rule, expected, scene));

    case(
        RuleId::Sme001,
        Some(Blocker),
        Scene {
            target: "max-np-nosme",
            ..HANDLER
        },
    );
    // A kernel from 5.19 to 6.2 offers SME and does not know the record.
    case(
        RuleId::Sme001,
        Some(Unproven),
        Scene {
            target_edit: |target| target.kernel = None,
            ..HANDLER
        },
    );
    case(
        RuleId::Sme001,
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
    case(RuleId::Sme001, None, HANDLER);
    case(
        RuleId::Sme002,
        Some(Blocker),
        Scene {
            target: "max-np-nosme",
            ..HANDLER
        },
    );
    case(RuleId::Sme002, None, HANDLER);
    case(
        RuleId::Sme003,
        Some(Blocker),
        Scene {
            image: "sig-plain@max@new",
            target: "max-sme16",
            ..QUIET
        },
    );
    case(RuleId::Sme003, None, HANDLER);
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
        RuleId::Sme004,
        Some(Blocker),
        Scene {
            facts_edit: zt,
            target: "max-np-nosme",
            ..HANDLER
        },
    );
    case(
        RuleId::Sme004,
        None,
        Scene {
            facts_edit: zt,
            ..HANDLER
        },
    );
    case(
        RuleId::Fpm001,
        Some(Blocker),
        Scene {
            target: "neoverse-v1-np",
            ..HANDLER
        },
    );
    case(
        RuleId::Fpm001,
        Some(Blocker),
        Scene {
            // Mainline 6.1 tells programs of what the kernel has, and knows no such record.
            target: "max@6.1",
            ..HANDLER
        },
    );
    case(RuleId::Fpm001, None, HANDLER);
    let poe = |facts: &mut Facts<'_>| put_record(facts, 0x504f_4530, 16, Body::Poe { por_el0: 7 });
    let with_poe = |target: &mut Profile| {
        target.hwcaps.words[1] = target.hwcaps.words[1].map(|word| word | 1 << 63)
    };
    case(
        RuleId::Poe001,
        Some(Blocker),
        Scene {
            facts_edit: poe,
            ..HANDLER
        },
    );
    case(
        RuleId::Poe001,
        None,
        Scene {
            facts_edit: poe,
            target_edit: with_poe,
            ..HANDLER
        },
    );
    case(
        RuleId::Poe002,
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
        RuleId::Poe002,
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
        RuleId::Gcs001,
        Some(Blocker),
        Scene {
            facts_edit: gcs_on,
            ..HANDLER
        },
    );
    case(
        RuleId::Gcs001,
        Some(Blocker),
        Scene {
            facts_edit: gcs_off,
            target: "neoverse-v1-np",
            ..HANDLER
        },
    );
    case(
        RuleId::Gcs001,
        None,
        Scene {
            facts_edit: gcs_off,
            ..HANDLER
        },
    );
    cases
}
