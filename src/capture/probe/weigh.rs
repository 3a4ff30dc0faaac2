//! What follows from frames that were tried.

use std::collections::BTreeMap;

use super::frame::{self, Goal, Held};
use super::{Outcome, Subject, Tried};
use crate::abi::sigreturn::{Answer, answer};
use crate::capture::Note;
use crate::profile::model::{Observed, Profile};
use crate::profile::schema::load;
use crate::sigframe::chain::read_frame;
use crate::sigframe::layout;
use crate::units::Addr;

/// What the frames show.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Observations {
    /// For each kind of record on which all its frames agree: what `rt_sigreturn` does.
    pub sigreturn: BTreeMap<String, Observed>,
    /// The forms each of them was tried in.
    pub forms: BTreeMap<String, String>,
    /// What else is to be said.
    pub notes: Vec<Note>,
}

/// Weighs the frames. `profile` is what is known of the machine otherwise, for comparison.
///
/// A kind is observed only when every frame with it met the same answer, since an observation stands for
/// all of them; and nothing is when the frames whose answer is known met another.
#[must_use]
pub fn weigh(tried: &[Tried], profile: &Profile) -> Observations {
    let mut seen = Observations::default();
    let astray = tried.iter().find(|tried| match tried.trial.subject {
        Subject::Control => tried.outcome != Outcome::Taken,
        Subject::Counter => tried.outcome != Outcome::Refused,
        Subject::Record(_) | Subject::Without(_) => false,
    });
    let controls = |subject| tried.iter().any(|tried| tried.trial.subject == subject);
    let told = match astray {
        Some(tried) => Some(format!(
            "a frame with {} {}",
            tried.trial.form, tried.outcome
        )),
        None if !(controls(Subject::Control) && controls(Subject::Counter)) => {
            Some("no frame was tried whose answer is known".to_owned())
        }
        None => None,
    };
    if let Some(told) = told {
        seen.notes.push(
            Note::new(format!("{told}: `sigreturn` is left unknown")).help(
                "a sandbox or an emulator may answer in the kernel's place; capture outside of it",
            ),
        );
        return seen;
    }
    seen.sigreturn
        .insert("FPSIMD".to_owned(), Observed::Accepted);
    seen.forms.insert("FPSIMD".to_owned(), "alone".to_owned());
    // Those whose frames need no other kind come first.
    let needs = |kind: &str| of(tried, kind).any(|tried| !tried.trial.needs.is_empty());
    let (later, first): (Vec<&str>, Vec<&str>) =
        load::RECORDS.into_iter().partition(|kind| needs(kind));
    for kind in first.into_iter().chain(later) {
        one(kind, tried, &mut seen);
    }
    for tried in tried {
        compare(tried, profile, &mut seen.notes);
    }
    seen
}

fn of<'a>(tried: &'a [Tried], kind: &str) -> impl Iterator<Item = &'a Tried> {
    tried
        .iter()
        .filter(move |tried| matches!(tried.trial.subject, Subject::Record(of) if of == kind))
}

/// Weighs the frames of one kind.
fn one(kind: &str, tried: &[Tried], seen: &mut Observations) {
    let frames: Vec<&Tried> = of(tried, kind).collect();
    let Some(first) = frames.first() else { return };
    let alike = frames.iter().all(|tried| tried.outcome == first.outcome);
    // A refusal that another record may have earned is nobody's.
    let certain = |need: &&str| seen.sigreturn.get(*need) == Some(&Observed::Accepted);
    let own = frames
        .iter()
        .all(|tried| tried.trial.needs.iter().all(certain));
    let observed = match &first.outcome {
        Outcome::Taken if alike => Some(Observed::Accepted),
        Outcome::Refused if alike && own => Some(Observed::Rejected),
        _ => None,
    };
    let forms = |form: fn(&Tried) -> String| {
        let forms: Vec<String> = frames.iter().map(|tried| form(tried)).collect();
        forms.join("; ")
    };
    match observed {
        Some(observed) => {
            seen.sigreturn.insert(kind.to_owned(), observed);
            let forms = forms(|tried| tried.trial.form.clone());
            seen.forms.insert(kind.to_owned(), forms);
        }
        None => {
            let forms = forms(|tried| format!("{} {}", tried.trial.form, tried.outcome));
            let why = match own {
                true => "no common answer",
                false => "no answer of their own, since they need a record that was not accepted",
            };
            seen.notes.push(Note::new(format!(
                "frames with {kind} met {why} ({forms}): `sigreturn.{kind}` is left unknown"
            )));
        }
    }
}

/// Holds a frame against what the tables of kernels and the profile say of it.
fn compare(tried: &Tried, profile: &Profile, notes: &mut Vec<Note>) {
    let taken = match (&tried.outcome, tried.trial.subject) {
        (_, Subject::Counter) | (Outcome::Other(_), _) => return,
        (outcome, _) => *outcome == Outcome::Taken,
    };
    let Some(expected) = expected(tried, profile) else {
        return;
    };
    if expected == taken {
        return;
    }
    let what = match tried.trial.subject {
        Subject::Record(kind) => format!("{kind} ({})", tried.trial.form),
        Subject::Without(kind) => format!("{}, without {kind},", tried.trial.form),
        Subject::Control | Subject::Counter => tried.trial.form.clone(),
    };
    notes.push(
        Note::new(format!(
            "a frame with {what} {}, which neither the kernel's version nor the HWCAPs would have told",
            tried.outcome
        ))
        .help("the profile holds what was observed"),
    );
}

/// Whether a frame should be taken by what is known without trying; `None` where that does not tell.
fn expected(tried: &Tried, profile: &Profile) -> Option<bool> {
    let base = Addr(0);
    let own = plain_frame();
    let goal = Goal { pc: 0, x0: 0 };
    let bytes = frame::build(&own, &tried.trial, base, goal).ok()?;
    let frame = read_frame(&Held::new(base, &bytes), base).ok()?;
    let unobserved = Profile {
        sigreturn: BTreeMap::new(),
        ..profile.clone()
    };
    let mut sure = true;
    for record in &frame.records {
        match answer(record, &unobserved) {
            Answer::Accepted => {}
            Answer::Rejected(_) => return Some(false),
            Answer::Unsure(_) => sure = false,
        }
    }
    sure.then_some(true)
}

/// A frame with FPSIMD and nothing else, all zero.
fn plain_frame() -> Vec<u8> {
    let mut own = vec![0; layout::RESERVED];
    own.extend(layout::FPSIMD_HEAD.to_le_bytes());
    own.resize(usize::try_from(layout::FRAME_SIZE).unwrap_or(0), 0);
    own
}

impl std::fmt::Display for Outcome {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Taken => f.write_str("was accepted"),
            Self::Refused => f.write_str("was rejected"),
            Self::Other(what) => f.write_str(what),
        }
    }
}
