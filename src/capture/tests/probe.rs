//! Frames that are tried, and what follows from them.

use crate::abi::record::RecordKind;
use crate::auxv::hwcap::Hwcaps;
use crate::capture::probe::auxv::{self, Answer};
use crate::capture::probe::frame::{Goal, Held, build};
use crate::capture::probe::trials::trials;
use crate::capture::probe::weigh::{Observations, weigh};
use crate::capture::probe::{Outcome, Subject, Tried};
use crate::profile::model::{Observed, Profile};
use crate::sigframe::chain::read_frame;
use crate::sigframe::model::FrameAnomalyKind;
use crate::units::{Addr, Vl};

/// Where frames lie, and where they lead.
const BASE: Addr = Addr(0xffff_0000_1230);
const GOAL: Goal = Goal {
    pc: 0x40_1000,
    x0: 42,
};

/// A frame as Linux writes one that has FPSIMD and an ESR record: 4688 bytes.
fn own() -> Vec<u8> {
    let mut bytes = vec![0; 4688];
    bytes[0x138..0x140].copy_from_slice(&7_u64.to_le_bytes());
    // N, C and BTYPE.
    bytes[0x240..0x248].copy_from_slice(&0xa000_0c00_u64.to_le_bytes());
    bytes[0x250..0x258].copy_from_slice(&[0x01, 0x80, 0x50, 0x46, 0x10, 0x02, 0, 0]);
    bytes[0x260] = 99;
    bytes[0x460..0x468].copy_from_slice(&[0x01, 0x52, 0x53, 0x45, 0x10, 0, 0, 0]);
    bytes
}

/// Machines: a name, the HWCAPs that decide which records they have, and their lengths.
fn machines() -> Vec<(&'static str, Hwcaps, Option<Vl>, Option<Vl>)> {
    let caps = |names: &[&str]| Hwcaps::from_features(names.iter().copied()).unwrap();
    vec![
        ("plain", caps(&["fp"]), None, None),
        ("sve 16", caps(&["sve"]), Some(Vl(16)), None),
        ("sve 256", caps(&["sve"]), Some(Vl(256)), None),
        ("sme only", caps(&["sme"]), None, Some(Vl(32))),
        (
            "all",
            caps(&["sve", "sme", "sme2", "fpmr", "poe", "gcs"]),
            Some(Vl(64)),
            Some(Vl(256)),
        ),
        (
            "max",
            caps(&["sve", "sme", "sme2", "fpmr", "gcs"]),
            Some(Vl(64)),
            Some(Vl(32)),
        ),
    ]
}

#[test]
fn every_frame_is_one_that_the_kernel_parses() {
    for (name, caps, sve, sme) in machines() {
        for trial in trials(&caps, sve, sme) {
            let what = format!("{name}: {:?} {}", trial.subject, trial.form);
            let bytes = build(&own(), &trial, BASE, GOAL).unwrap();
            assert!(
                bytes.len().is_multiple_of(16) && bytes.len() >= 4688,
                "{what}"
            );
            let frame = read_frame(&Held::new(BASE, &bytes), BASE).unwrap();
            assert_eq!(
                (frame.pc, frame.regs[0], frame.sp),
                (0x40_1000, 42, BASE.0),
                "{what}"
            );
            assert_eq!(frame.pstate, 0xa000_0000, "{what}");
            // ZT without ZA is tried where there is neither.
            let strange: Vec<_> = frame
                .anomalies
                .iter()
                .filter(|anomaly| anomaly.kind != FrameAnomalyKind::ZtWithoutZa || name == "all")
                .collect();
            assert!(strange.is_empty(), "{what}: {strange:?}");
            // FPSIMD is the kernel's own, its ESR record is not taken over, and the rest is what was asked for.
            let kinds: Vec<u32> = frame
                .records
                .iter()
                .map(|record| record.magic)
                .filter(|magic| *magic != 0 && *magic != 0x4558_5401)
                .collect();
            assert_eq!(kinds[0], 0x4650_8001, "{what}");
            assert_eq!(frame.records[0].raw[16], 99, "{what}");
            let asked: Vec<u32> = trial
                .records
                .iter()
                .map(|record| u32::from_le_bytes(record[..4].try_into().unwrap()))
                .collect();
            assert_eq!(kinds[1..], asked, "{what}");
            if let Subject::Record(kind) = trial.subject
                && kind != RecordKind::Extra
            {
                assert!(asked.contains(&kind.magic()), "{what}");
            }
            let needs_space = bytes.len() > 4688 || trial.extra_from.is_some();
            let extra = frame
                .records
                .iter()
                .any(|record| record.magic == 0x4558_5401);
            assert_eq!(extra, needs_space, "{what}");
        }
    }
}

#[test]
fn large_records_go_to_extra_space() {
    let (_, caps, sve, sme) = machines().remove(4);
    let trial = trials(&caps, sve, sme)
        .into_iter()
        .find(|trial| trial.form.starts_with("with the matrix"))
        .unwrap();
    let bytes = build(&own(), &trial, BASE, GOAL).unwrap();
    // FPSIMD, POE, EXTRA and a terminator; then 16 + 256 * 256 bytes and another terminator.
    assert_eq!(bytes.len(), 0x250 + 528 + 16 + 32 + 16 + 65552 + 16);
    let frame = read_frame(&Held::new(BASE, &bytes), BASE).unwrap();
    let matrix = frame
        .records
        .iter()
        .find(|record| record.magic == 0x5436_6345)
        .unwrap();
    assert!(matrix.in_extra);
}

#[test]
fn a_frame_that_is_none_is_not_built_upon() {
    let trial = &trials(&Hwcaps::default(), None, None)[0];
    let mut other = own();
    other[0x254] = 0x20;
    for own in [&other[..], &other[..0x250], &[]] {
        assert!(build(own, trial, BASE, GOAL).is_err());
    }
}

/// What a kernel with these answers shows; `answer` is given the subject and the form.
fn shown(
    machine: usize,
    profile: &Profile,
    answer: impl Fn(Subject, &str) -> Outcome,
) -> Observations {
    let (_, caps, sve, sme) = machines().remove(machine);
    let tried: Vec<Tried> = trials(&caps, sve, sme)
        .into_iter()
        .map(|trial| Tried {
            outcome: answer(trial.subject, &trial.form),
            trial,
        })
        .collect();
    weigh(&tried, profile)
}

/// A kernel that takes the records it says it does.
fn sound(subject: Subject, takes: &[&str]) -> Outcome {
    match subject {
        Subject::Control | Subject::Without(_) => Outcome::Taken,
        Subject::Counter => Outcome::Refused,
        Subject::Record(kind) if takes.contains(&kind.name()) => Outcome::Taken,
        Subject::Record(_) => Outcome::Refused,
    }
}

fn resolve(name: &str) -> Profile {
    crate::profile::resolve(name).unwrap()
}

#[test]
fn a_machine_that_does_as_its_version_says_is_just_observed() {
    let seen = shown(0, &resolve("cortex-a57"), |subject, _| {
        sound(subject, &["ESR", "EXTRA"])
    });
    assert_eq!(seen.notes, []);
    let rejected = ["SVE", "TPIDR2", "ZA", "ZT", "FPMR", "POE", "GCS"];
    for kind in rejected {
        assert_eq!(seen.sigreturn[kind], Observed::Rejected, "{kind}");
    }
    for kind in ["FPSIMD", "ESR", "EXTRA"] {
        assert_eq!(seen.sigreturn[kind], Observed::Accepted, "{kind}");
    }
    assert_eq!(
        seen.forms["SVE"],
        "header only, vl 16; with registers, vl 16"
    );
    assert!(seen.sigreturn.keys().eq(seen.forms.keys()));
}

#[test]
fn nothing_is_concluded_where_known_answers_are_wrong() {
    // Each for a kernel or sandbox that: takes whatever comes; refuses whatever comes; kills otherwise.
    let liars: [fn(Subject) -> Outcome; 3] = [
        |_| Outcome::Taken,
        |_| Outcome::Refused,
        |_| Outcome::Other("was killed by signal 31".to_owned()),
    ];
    for liar in liars {
        let seen = shown(0, &resolve("cortex-a57"), |subject, _| liar(subject));
        assert!(seen.sigreturn.is_empty() && seen.forms.is_empty());
        assert!(
            seen.notes[0]
                .message
                .ends_with("`sigreturn` is left unknown"),
            "{:?}",
            seen.notes
        );
    }
}

#[test]
fn a_header_that_is_taken_does_not_stand_for_a_payload() {
    let profile = resolve("max");
    let all = [
        "ESR", "SVE", "TPIDR2", "ZA", "ZT", "FPMR", "POE", "GCS", "EXTRA",
    ];
    let seen = shown(4, &profile, |subject, form| {
        match form.starts_with("with registers") || form.starts_with("with the matrix") {
            true => Outcome::Refused,
            false => sound(subject, &all),
        }
    });
    for kind in ["SVE", "ZA"] {
        assert!(!seen.sigreturn.contains_key(kind), "{kind}");
        let told =
            |message: &str| message.contains(&format!("frames with {kind} met no common answer"));
        assert!(
            seen.notes.iter().any(|note| told(&note.message)),
            "{:?}",
            seen.notes
        );
    }
    assert_eq!(seen.sigreturn["TPIDR2"], Observed::Accepted);
}

#[test]
fn a_refusal_counts_only_where_no_other_record_can_have_earned_it() {
    let profile = resolve("max");
    let seen = shown(4, &profile, |subject, _| {
        sound(subject, &["ESR", "EXTRA", "SVE"])
    });
    assert_eq!(seen.sigreturn["ZA"], Observed::Rejected);
    assert!(!seen.sigreturn.contains_key("ZT"), "ZA may be why");
    let told = |message: &str| message.starts_with("frames with ZT met no answer of their own");
    assert!(
        seen.notes.iter().any(|note| told(&note.message)),
        "{:?}",
        seen.notes
    );
    let seen = shown(4, &profile, |subject, _| {
        sound(subject, &["ESR", "EXTRA", "SVE", "ZA"])
    });
    assert_eq!(seen.sigreturn["ZT"], Observed::Rejected);
}

#[test]
fn a_process_that_ends_otherwise_is_no_observation() {
    let seen = shown(0, &resolve("cortex-a57"), |subject, _| match subject {
        Subject::Record(RecordKind::Fpmr) => Outcome::Other("did not end".to_owned()),
        _ => sound(subject, &["ESR", "EXTRA"]),
    });
    assert!(!seen.sigreturn.contains_key("FPMR"));
    assert!(
        seen.notes[0].message.contains("value 0 did not end"),
        "{:?}",
        seen.notes
    );
}

#[test]
fn what_the_version_would_not_have_told_is_said() {
    // A distribution's kernel that knows TPIDR2 less than its version says, and one that knows FPMR more.
    let known = ["ESR", "SVE", "ZA", "ZT", "FPMR", "GCS", "EXTRA"];
    let seen = shown(5, &resolve("max"), |subject, _| sound(subject, &known));
    let told: Vec<&str> = seen
        .notes
        .iter()
        .map(|note| note.message.as_str())
        .collect();
    assert_eq!(told.len(), 1, "{told:?}");
    assert!(
        told[0].starts_with("a frame with TPIDR2 (value 0) was rejected"),
        "{told:?}"
    );
    assert_eq!(seen.sigreturn["TPIDR2"], Observed::Rejected);
    let seen = shown(0, &resolve("cortex-a57@6.1"), |subject, _| {
        sound(subject, &["ESR", "EXTRA", "FPMR"])
    });
    let told: Vec<&str> = seen
        .notes
        .iter()
        .map(|note| note.message.as_str())
        .collect();
    assert_eq!(told.len(), 1, "{told:?}");
    assert!(
        told[0].starts_with("a frame with FPMR (value 0) was accepted"),
        "{told:?}"
    );
}

#[test]
fn the_limit_of_a_vector_is_where_longer_ones_are_refused() {
    let tried = |limit: u32, error: i32| {
        let sizes = auxv::LENGTHS.step_by(16);
        Answer::Tried(
            sizes
                .map(|size| (size, if size <= limit { 0 } else { error }))
                .collect(),
        )
    };
    assert_eq!(tried(432, 22).limit(), Ok(432));
    assert_eq!(tried(368, 22).limit(), Ok(368));
    // No limit found, no vector taken, refused for another reason, taken again beyond.
    for answer in [
        tried(1024, 22),
        tried(0, 1),
        tried(368, 1),
        Answer::Tried(vec![(16, 0), (32, 22), (48, 0)]),
        Answer::Tried(vec![]),
        Answer::Failed("gone".to_owned()),
    ] {
        assert!(answer.limit().is_err(), "{answer:?}");
    }
    assert!(
        tried(0, 1)
            .limit()
            .unwrap_err()
            .contains("Operation not permitted")
    );
}

#[test]
fn the_layout_of_a_program_is_read_from_its_stat_line() {
    // Numbers as names of fields; the program is called "a) b (c".
    let mut words: Vec<String> = (3..=52)
        .map(|field: u32| (field * 1000).to_string())
        .collect();
    words[0] = "R".to_owned();
    let stat = |words: &[String]| format!("17 (a) b (c) {}\n", words.join(" "));
    let [.., env_end] = auxv::fields(&stat(&words)).unwrap();
    assert_eq!(env_end, 51_000);
    assert_eq!(
        auxv::fields(&stat(&words)).unwrap(),
        [
            26_000, 27_000, 45_000, 46_000, 47_000, 47_000, 28_000, 48_000, 49_000, 50_000, 51_000
        ]
    );
    // A heap below the data, as position-independent programs have it.
    words[47 - 3] = "30000".to_owned();
    let fields = auxv::fields(&stat(&words)).unwrap();
    assert_eq!(fields[2..6], [29_999, 29_999, 30_000, 30_000]);
    for text in ["", "1 (x) R 2", "no brackets 1 2 3"] {
        assert_eq!(auxv::fields(text), None, "{text}");
    }
}
