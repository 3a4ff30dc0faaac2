//! From facts to a plan, and from a plan to a rewritten image.

use std::cell::Cell;
use std::path::Path;

use super::{Error, Image, ImageFacts, Input, Question, journal};
use crate::facts::Rewritten;
use crate::finding::Verdict;
use crate::input::Form;
use crate::profile::model::Profile;
use crate::rewrite::by_spot::FindingsBySpot;
use crate::rewrite::edit::{Allowed, Plan};
use crate::rewrite::engine::{self, Recovered};
use crate::rewrite::outcome::{self, Expectation, Outcome};
use crate::rewrite::{auxv, frame, pac};
use crate::rule::Judgement;

/// Edits of one image for one target, with what they will leave. It borrows nothing of the image, whose files are about
/// to change.
#[derive(Debug)]
#[non_exhaustive]
pub struct Rewriting {
    /// The edits, and what cannot be fixed.
    pub plan: Plan,
    /// What is found before.
    pub before: Judgement,
    /// What becomes of each of its findings, and the verdict to expect.
    pub outcome: Outcome,
    target: Profile,
    source: Option<Profile>,
    expectation: Expectation,
    remembered: Rewritten,
}

/// Where a rewritten image goes.
#[derive(Clone, Copy, Debug)]
pub enum Destination<'a> {
    /// To a copy at this path, which must not exist: a directory for a directory, an archive for an archive. It is made
    /// whole or not at all.
    Copy(&'a Path),
    /// Into the image directory itself, behind a journal that [`undo`] takes back.
    InPlace,
}

impl ImageFacts<'_> {
    /// Plans the edits that make the image fit for the target. Those that the program can notice are planned only where
    /// `allowed` names them.
    #[must_use]
    pub fn plan(&self, question: &Question<'_>, allowed: &Allowed) -> Rewriting {
        let case = self.case(question);
        let before = self.check(question);
        let found = FindingsBySpot::new(&before.findings);
        let mut plan = Plan::default();
        frame::plan(&case, &found, allowed, &mut plan);
        auxv::plan(&case, &found, allowed, &mut plan);
        pac::plan(&case, &found, allowed, &mut plan);
        let outcome = outcome::foresee(&plan, &before.findings, allowed);
        Rewriting {
            expectation: Expectation::new(&before.findings, &outcome),
            remembered: journal::after(&self.facts, &plan, question.target),
            target: question.target.clone(),
            source: question.source.cloned(),
            plan,
            before,
            outcome,
        }
    }
}

impl Input {
    /// Whether an image packed like this can be written, and as asked.
    ///
    /// # Errors
    /// [`Error::Packing`] where it cannot.
    pub fn writable(&self, in_place: bool) -> Result<(), Error> {
        let packing = &self.opened.packing;
        let (why, instead) = match packing.form {
            Form::Directory if packing.directory.is_empty() => return Ok(()),
            Form::Directory => (
                "an image is rewritten alone, not with what lies around it",
                format!("give {}/{}", self.path.display(), packing.directory),
            ),
            Form::Tar if self.opened.archive.is_none() => (
                "an archive that comes as a stream cannot be read again to be written",
                "give it as a file".to_owned(),
            ),
            Form::Tar if in_place => (
                "an archive is not changed in place",
                "write another one with -o OUT, or unpack it and rewrite the image directory"
                    .to_owned(),
            ),
            Form::Tar => return Ok(()),
            Form::Layout | Form::LayoutTar => (
                "an image layout names its layers by their digests, so that another layer is another image",
                "rewrite the export it was made of, and make an image of that".to_owned(),
            ),
        };
        Err(Error::Packing {
            image: self.path.clone(),
            why,
            instead,
        })
    }
}

impl Image {
    /// Makes the edits of a plan for this image, verifies every byte, and judges the result: the verdict on it.
    ///
    /// # Errors
    /// [`Error::Packing`] where the image cannot be written so; [`Error::Plan`] where the plan leaves a blocker or has no
    /// edits; [`Error::Engine`] where the plan is not for this image, files cannot be written, or the result is not what
    /// was foreseen. No output is left then, and an image in place is as before.
    pub fn apply(self, rewriting: &Rewriting, to: Destination<'_>) -> Result<Verdict, Error> {
        // What is mapped of the files goes before they change.
        let Self {
            input, checkpoint, ..
        } = self;
        drop(checkpoint);
        input.writable(matches!(to, Destination::InPlace))?;
        let refused = [
            (rewriting.outcome.blocked(), "leaves what blocks"),
            (rewriting.plan.edits.is_empty(), "has no edits"),
        ];
        if let Some((_, why)) = refused.into_iter().find(|(refused, _)| *refused) {
            let image = input.path;
            return Err(Error::Plan { image, why });
        }
        let verdict = Cell::new(None);
        let recheck = |place: &Path| {
            verdict.set(Some(rewriting.recheck(place, &input)?));
            Ok(())
        };
        let plan = &rewriting.plan;
        let head = journal::head(&rewriting.remembered, &rewriting.target)?;
        let applied = match (to, &input.opened.archive) {
            (Destination::Copy(out), Some(archive)) => {
                let images = &input.opened.images;
                engine::apply_to_archive(archive, images, out, plan, head, &recheck)
            }
            (Destination::Copy(out), None) => {
                engine::apply_to_copy(&input.path, out, plan, head, &recheck)
            }
            (Destination::InPlace, _) => engine::apply_in_place(&input.path, plan, head, &recheck),
        };
        let applied = applied.map_err(Error::Engine)?;
        verdict.take().ok_or(Error::Unjudged(applied.image))
    }
}

impl Rewriting {
    /// Judges the rewritten image at `place` as a check would, by what its tasks were told before. The journal may not lie
    /// there yet; what it will say is known.
    fn recheck(&self, place: &Path, input: &Input) -> Result<Verdict, String> {
        let image = Input::open(place, &input.options)
            .and_then(|input| input.read_remembering(self.remembered.clone()))
            .map_err(|error| {
                let error = anyhow::Error::from(error);
                format!("the rewritten image cannot be read: {error:#}")
            })?;
        let facts = image.facts();
        let mut question = Question::about(&self.target);
        question.source = self.source.as_ref();
        let judgement = facts.check(&question);
        self.expectation.met_by(&judgement.findings)?;
        Ok(judgement.verdict)
    }
}

/// Ends what an interrupted rewrite in place left half done in the image directory.
///
/// # Errors
/// [`Error::Engine`] where it cannot: its text says what state the image is in.
pub fn recover(image: &Path) -> Result<Recovered, Error> {
    engine::recover(image).map_err(Error::Engine)
}

/// Takes the last rewrite in place back, byte for byte.
///
/// # Errors
/// [`Error::Engine`] where there is none, or files are not as it left them.
pub fn undo(image: &Path) -> Result<(), Error> {
    engine::undo(image).map_err(Error::Engine)
}
