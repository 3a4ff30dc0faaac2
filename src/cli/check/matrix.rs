//! Every image held against every target.
//!
//! An image is read once, by one thread, which judges it for all targets and lets go of it before it takes
//! the next: never more images are open than threads run.

use std::fs;
use std::io;
use std::num::NonZeroUsize;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::{PoisonError, RwLock};

use super::super::allow::Acceptances;
use super::super::input;
use super::super::rootfs::Rootfs;
use super::super::targets::Target;
use super::super::{Failure, Output};
use super::ordered::{self, Step};
use crate::advice;
use crate::facts::runtime;
use crate::image::{Options, Question};
use crate::profile::model::Profile;
use crate::report::from_judgement::{self, Pair};
use crate::report::v1::CheckResult;

/// What is asked.
pub(super) struct Matrix<'a> {
    pub(super) images: &'a [PathBuf],
    pub(super) targets: &'a [Target],
    /// The machine the images were dumped on.
    pub(super) source: Option<&'a Profile>,
    pub(super) accepts: &'a Acceptances,
    /// Also say how to start the workload.
    pub(super) advise: bool,
    pub(super) options: Options,
    /// For its complaint.
    pub(super) rootfs: &'a Rootfs,
    /// Nothing but that complaint is written to it.
    pub(super) output: &'a Output,
}

/// What is answered: all targets of the first image, then of the second, ….
pub(super) enum Answer {
    /// The next image cannot be read; the results that follow say so for each target.
    Failed(Failure),
    /// The result for an image and a target.
    Result(Box<CheckResult>),
}

impl Matrix<'_> {
    /// Reads and judges on at most `jobs` threads, and gives the answers to `take` in their order.
    ///
    /// # Errors
    /// When no thread can be started.
    pub(super) fn run(
        &self,
        jobs: NonZeroUsize,
        mut take: impl FnMut(Answer) -> ControlFlow<()>,
    ) -> Result<(), Failure> {
        let room = Room::default();
        let work = |at: usize, give: &mut dyn FnMut(Answer)| {
            if let Some(image) = self.images.get(at) {
                self.answer(image, &room, give);
            }
        };
        let mut answered = 0;
        ordered::run(self.images.len(), jobs, work, |at, step| match step {
            Step::Piece(answer) => {
                answered += usize::from(matches!(answer, Answer::Result(_)));
                take(answer)
            }
            Step::Done => {
                answered = 0;
                ControlFlow::Continue(())
            }
            Step::Panicked => {
                let left = self.targets.get(answered..).unwrap_or_default();
                answered = 0;
                self.images
                    .get(at)
                    .map_or(ControlFlow::Continue(()), |image| {
                        unread(image, left, &broken(image), &mut take)
                    })
            }
        })
        .map_err(|error: io::Error| {
            Failure::new(format!("cannot start a thread: {error}"))
                .help("raise the limit of processes (`ulimit -u`, or pids of the cgroup)")
        })
    }

    /// The answers for one image.
    fn answer(&self, image: &Path, room: &Room, give: &mut dyn FnMut(Answer)) {
        let mut give = |answer| {
            give(answer);
            ControlFlow::Continue(())
        };
        let judged = room.shared(|| self.judge(image, &mut give));
        let judged = match judged {
            Err(failure) if failure.for_want_of_room && can_be_read_again(image) => {
                room.alone(|| self.judge(image, &mut give))
            }
            judged => judged,
        };
        if let Err(failure) = judged {
            // Whoever breaks is told by the next answer.
            let _ = unread(image, self.targets, &failure, &mut give);
        }
    }

    /// Reads an image and holds it against all targets. Nothing is given when it cannot be read.
    fn judge(
        &self,
        image: &Path,
        give: &mut impl FnMut(Answer) -> ControlFlow<()>,
    ) -> Result<(), Failure> {
        let opened = input::open(image, &self.options)?;
        let facts = opened.facts();
        self.rootfs.complain(self.output, facts.facts());
        let image = image.to_string_lossy();
        let seen = self.advise.then(|| runtime::runtimes(opened.checkpoint()));
        for target in self.targets {
            let result = match &target.profile {
                Ok(profile) => {
                    let mut question = Question::about(profile);
                    question.source = self.source;
                    let judgement = self.accepts.judge(&facts, question, &image, &target.name);
                    let pair = pair(&image, target, &profile.name);
                    let mut result = from_judgement::judged(pair, &judgement);
                    result.directory =
                        Some(opened.directory().to_owned()).filter(|within| !within.is_empty());
                    result.form = input::form(&opened);
                    result.advice = seen.as_ref().map(|seen| {
                        let case = facts.case(&question);
                        from_judgement::advice(&advice::advise(&case, &judgement.findings, seen))
                    });
                    result
                }
                Err(why) => no_answer(&image, target, why),
            };
            if give(Answer::Result(Box::new(result))).is_break() {
                break;
            }
        }
        Ok(())
    }
}

fn pair<'a>(image: &'a str, target: &'a Target, profile: &'a str) -> Pair<'a> {
    Pair {
        image,
        target: &target.name,
        profile,
    }
}

/// The result where the image or the profile cannot be read.
fn no_answer(image: &str, target: &Target, why: &str) -> CheckResult {
    from_judgement::unread(pair(image, target, &target.profile_name()), why)
}

/// An image without an answer, told once and for each target.
fn unread(
    image: &Path,
    targets: &[Target],
    failure: &Failure,
    give: &mut impl FnMut(Answer) -> ControlFlow<()>,
) -> ControlFlow<()> {
    give(Answer::Failed(failure.clone()))?;
    let image = image.to_string_lossy();
    for target in targets {
        let result = no_answer(&image, target, &failure.message);
        give(Answer::Result(Box::new(result)))?;
    }
    ControlFlow::Continue(())
}

/// The complaint about an image on which hwcr itself failed.
fn broken(image: &Path) -> Failure {
    Failure::new(format!(
        "{}: hwcr failed while it read or judged this image, which is a mistake in hwcr",
        image.display()
    ))
    .help("report it with the message above and, if you may, the image")
}

/// A pipe gives its bytes once.
fn can_be_read_again(image: &Path) -> bool {
    image.as_os_str() != "-" && fs::metadata(image).is_ok_and(|meta| meta.is_file())
}

/// Archives that are read at the same time share the room for temporary files. One that finds too little may
/// have found it taken, and is read once more, alone: which images have an answer must not depend on how
/// many are read at a time.
#[derive(Default)]
struct Room(RwLock<()>);

impl Room {
    fn shared<R>(&self, work: impl FnOnce() -> R) -> R {
        let _held = self.0.read().unwrap_or_else(PoisonError::into_inner);
        work()
    }

    fn alone<R>(&self, work: impl FnOnce() -> R) -> R {
        let _held = self.0.write().unwrap_or_else(PoisonError::into_inner);
        work()
    }
}
