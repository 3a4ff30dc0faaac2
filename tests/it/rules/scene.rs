//! Scenes: a real checkpoint and a real profile, and what is changed in them before the rules run.

use std::collections::BTreeMap;
use std::path::Path;

use hwcr::criu_image::ask::{Ask, Asked};
use hwcr::criu_image::model::{AddressKeys, Anomaly, AnomalyKind, Checkpoint, PacState};
use hwcr::facts::{self, Facts, Libc, LibcKind};
use hwcr::finding::Severity;
use hwcr::profile::model::Profile;
use hwcr::rule::{self, Case};
use hwcr::rule_id::RuleId;
use hwcr::sigframe::model::{Body, FrameAnomaly, FrameAnomalyKind, Record};
use hwcr::units::{Place, Version};

/// A change of something.
pub(super) type Edit<T> = fn(&mut T);
pub(super) type FactsEdit = fn(&mut Facts<'_>);

/// What is changed before the rules run.
pub(super) struct Scene {
    pub(super) image: &'static str,
    pub(super) target: &'static str,
    pub(super) source: Option<&'static str>,
    pub(super) image_edit: fn(&mut Checkpoint),
    pub(super) facts_edit: fn(&mut Facts<'_>),
    pub(super) target_edit: fn(&mut Profile),
}

/// A quiet scene: a task without handlers, PAC or SVE on the machine it was dumped on.
pub(super) const QUIET: Scene = Scene {
    image: "idle@cortex-a57@new",
    target: "cortex-a57",
    source: None,
    image_edit: |_| {},
    facts_edit: |_| {},
    target_edit: |_| {},
};

/// A task in a signal handler on a machine with SVE, SME and FPMR but no PAC, on that machine.
pub(super) const HANDLER: Scene = Scene {
    image: "sig-plain@max-nopauth@new",
    target: "max-nopauth",
    ..QUIET
};

/// A task with pointer authentication, on its own machine, said by --source.
pub(super) const SIGNED: Scene = Scene {
    image: "pac-idle@max@new",
    target: "max",
    source: Some("max"),
    ..QUIET
};

pub(super) fn found(scene: &Scene) -> BTreeMap<RuleId, Severity> {
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

pub(super) fn place() -> Place {
    Place::new("core-1.img", 0, 0)
}

pub(super) fn anomaly(checkpoint: &mut Checkpoint, kind: AnomalyKind) {
    checkpoint.anomalies.push(Anomaly {
        kind,
        pid: None,
        place: place(),
        detail: "as the test says".to_owned(),
    });
}

pub(super) fn ask(facts: &mut Facts<'_>, ask: Ask) {
    facts.asks = vec![Asked {
        ask,
        pid: None,
        tid: None,
        place: place(),
        times: 1,
    }];
}

/// An image of a kernel and a CRIU that may have left registrations out, with this libc.
pub(super) fn without_rseq(facts: &mut Facts<'_>, libc: Option<(LibcKind, Option<Version>)>) {
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
pub(super) fn stand(checkpoint: &mut Checkpoint, offset: i64) {
    let task = &mut checkpoint.tasks[0];
    let vmas = &task.mm.as_ref().unwrap().vmas;
    let vdso = vmas.iter().find(|vma| vma.mapping.vdso).unwrap();
    let at = vdso.mapping.range.start.0.wrapping_add_signed(offset);
    task.threads[0].state.as_mut().unwrap().pc = at;
}

pub(super) fn leader_pac(checkpoint: &mut Checkpoint, pac: PacState) {
    checkpoint.tasks[0].threads[0].state.as_mut().unwrap().pac = pac;
}

pub(super) fn keys(enabled: u64) -> PacState {
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
pub(super) fn put_record(facts: &mut Facts<'_>, magic: u32, size: u32, body: Body) {
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

pub(super) fn frame_anomaly(facts: &mut Facts<'_>, kind: FrameAnomalyKind) {
    let frame = &mut facts.tasks[0].frames[0];
    frame.anomalies.push(FrameAnomaly {
        kind,
        addr: frame.base,
        detail: "as the test says".to_owned(),
    });
}

/// Rule, the severity expected of its worst finding (`None`: nothing), and the scene.
pub(super) type Row = (RuleId, Option<Severity>, Scene);
