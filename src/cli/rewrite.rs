//! `hwcr rewrite`.

use std::fs;
use std::path::{Path, PathBuf};

use clap::{ArgGroup, Args};

use super::check::{Format, profile, source};
use super::input::{Reading, failure};
use super::rootfs::Rootfs;
use super::{Exit, Failure, Output, suggest};
use crate::finding::Verdict;
use crate::image::{self, Destination, Image, Input, Question, Rewriting};
use crate::profile::model::Profile;
use crate::report::from_judgement::Pair;
use crate::report::from_plan::{self, Asked};
use crate::report::layout::{Page, plain};
use crate::report::rewrite_text;
use crate::report::v1::rewrite::{Rewrite as Report, Stage};
use crate::rewrite::allow;
use crate::rewrite::edit::Allowed;
use crate::rewrite::engine::Recovered;

/// Rewrite an image so that it runs on a target: planned, verified, and undoable
#[derive(Debug, Args)]
#[command(after_help = after_help())]
#[command(group = ArgGroup::new("machine").args(["target", "undo"]).required(true).multiple(true))]
#[command(group = ArgGroup::new("where").args(["output", "in_place", "dry_run", "undo"]).required(true).multiple(true))]
pub(super) struct Rewrite {
    /// Directory that `criu dump` wrote, or a tar archive with one (tar, tar.gz, tar.zst), as `hwcr check` takes them
    #[arg(value_name = "IMAGE", required_unless_present = "undo")]
    image: Option<PathBuf>,

    /// Machine to restore on: name of a built-in profile, or path of a cpu.json
    #[arg(short, long, value_name = "TARGET")]
    target: Option<String>,

    /// Machine the image was dumped on, where you know it: a profile, as for --target
    #[arg(long, value_name = "PROFILE")]
    source: Option<String>,

    /// Directory to write the rewritten image to, or archive of the same kind as IMAGE; it must not exist
    #[arg(short, long, value_name = "OUT", conflicts_with = "in_place")]
    output: Option<PathBuf>,

    /// Change the image itself, with a journal that --undo takes back
    #[arg(long)]
    in_place: bool,

    /// Print the plan and write no image
    #[arg(long)]
    dry_run: bool,

    /// Also write the plan to FILE, as JSON
    #[arg(long, value_name = "FILE")]
    plan: Option<PathBuf>,

    /// Permit edits that the program can notice; may be repeated. Names are listed below
    #[arg(long, value_name = "NAME")]
    allow: Vec<String>,

    /// Search all private writable memory for signal frames, however much there is
    #[arg(long)]
    deep: bool,

    #[command(flatten)]
    reading: Reading,

    #[command(flatten)]
    rootfs: Rootfs,

    /// How to write the report
    #[arg(long, value_name = "FORMAT", value_enum, default_value_t = Format::Text)]
    format: Format,

    /// Text only: how many edits, and what they come to
    #[arg(long)]
    brief: bool,

    /// Take back what --in-place did to DIR, or end what a crash interrupted
    #[arg(long, value_name = "DIR", conflicts_with_all = [
        "image", "target", "source", "output", "in_place", "dry_run", "plan", "allow", "deep", "rootfs", "format", "brief",
    ])]
    undo: Option<PathBuf>,
}

/// Columns of help, as clap wraps it.
const HELP_COLUMNS: usize = 80;
/// Columns of the names in it.
const NAME_COLUMNS: usize = 16;

/// The names for `--allow` with what is done under them.
fn names() -> String {
    let mut text = Vec::new();
    let mut page = Page::new(&mut text, HELP_COLUMNS);
    for row in allow::NAMES {
        // Writing to memory does not fail.
        let _ = page.labelled(2, NAME_COLUMNS, plain(row.name), &[plain(row.does)]);
    }
    String::from_utf8_lossy(&text).into_owned()
}

fn after_help() -> String {
    let names = names();
    format!(
        "\
Names for --allow (docs/rewrite.md says what the program can notice):
{names}
Examples:
  hwcr rewrite dump/ --target neoverse-n1 --dry-run
  hwcr rewrite dump/ --target neoverse-n1 -o dump-n1/ --allow drop-sve-state
  hwcr rewrite cp.tar.zst --target neoverse-n1 -o cp-n1.tar.zst
  hwcr rewrite --undo dump/

Exit codes:
  0  written, or nothing to change, and the result is compatible; or undone
  1  the image cannot be mended for the target: nothing is written
  2  no answer: wrong usage, something cannot be read, or the result did not
     stand its verification and was removed
  3  as 0, but the result is indeterminate"
    )
}

/// Everything but `--undo`.
struct Job<'a> {
    output: &'a Output,
    arguments: &'a Rewrite,
    image: &'a Path,
    target_name: &'a str,
    target: Profile,
    source: Option<Profile>,
    allowed: Allowed,
}

impl Rewrite {
    pub(super) fn run(&self, output: &Output) -> Result<Exit, Failure> {
        if let Some(dir) = &self.undo {
            let done = undo(dir)?;
            output.text(|page| page.line(0, 2, &[plain(done)]))?;
            return Ok(Exit::Success);
        }
        let allowed = self.allowed()?;
        let (Some(image), Some(target_name)) = (&self.image, &self.target) else {
            // clap has refused this.
            return Err(Failure::new("an image and --target are needed"));
        };
        let options = self.reading.options(super::search(self.deep), output);
        let input = Input::open(image, &self.rootfs.add_to(options))
            .map_err(|error| failure(image, error))?;
        let job = Job {
            output,
            arguments: self,
            image,
            target_name,
            target: profile(target_name)?,
            source: self.source.as_deref().map(source).transpose()?,
            allowed,
        };
        job.run(input)
    }

    fn allowed(&self) -> Result<Allowed, Failure> {
        for name in &self.allow {
            if allow::find(name).is_none() {
                let known = allow::NAMES.iter().map(|row| row.name);
                let failure = Failure::new(format!("there is no edit named {name} to allow"));
                return Err(
                    match suggest::question(&suggest::nearest(name, known.clone())) {
                        Some(question) => failure.help(question),
                        None => failure.help(format!(
                            "the names are {}",
                            known.collect::<Vec<_>>().join(", ")
                        )),
                    },
                );
            }
        }
        Ok(Allowed {
            names: self.allow.clone(),
        })
    }
}

impl Job<'_> {
    fn run(&self, input: Input) -> Result<Exit, Failure> {
        let (output, arguments) = (self.output, self.arguments);
        if let Some(out) = arguments.output.as_deref().filter(|_| !arguments.dry_run)
            && out.symlink_metadata().is_ok()
        {
            return Err(Failure::new(format!("{} exists already", out.display()))
                .help("name an output that does not exist; it is made whole or not at all"));
        }
        if !arguments.dry_run {
            input
                .writable(arguments.in_place)
                .map_err(|error| failure(self.image, error))?;
        }
        if arguments.in_place
            && !arguments.dry_run
            && let Some(done) = recover(self.image)?
        {
            output.warn(&Failure::new(done));
        }

        let (image, rewriting, mut report) = self.prepare(input)?;
        if let Some(file) = &arguments.plan {
            write_plan(file, &report)?;
        }
        if report.stage == Stage::Planned && !arguments.dry_run {
            let (place, after) = self.apply(image, &rewriting)?;
            from_plan::written(&mut report, &place.to_string_lossy(), after);
        }
        match arguments.format {
            Format::Text if arguments.brief => {
                output.text(|page| rewrite_text::brief(page, &report))?;
            }
            Format::Text => {
                output.text(|page| rewrite_text::rewrite(page, &report))?;
            }
            Format::Json => output.json(&report)?,
        }
        Ok(Exit::of_verdict(report.after))
    }

    /// Reads, judges and plans; the image, the rewriting and the report.
    fn prepare(&self, input: Input) -> Result<(Image, Rewriting, Report), Failure> {
        let arguments = self.arguments;
        let image = input.read().map_err(|error| failure(self.image, error))?;
        let facts = image.facts();
        arguments.rootfs.complain(self.output, facts.facts());
        let mut question = Question::about(&self.target);
        question.source = self.source.as_ref();
        let rewriting = facts.plan(&question, &self.allowed);
        let asked = Asked {
            pair: Pair {
                image: &self.image.to_string_lossy(),
                target: self.target_name,
                profile: &self.target.name,
            },
            source: arguments.source.as_deref(),
            deep: arguments.deep,
            allowed: &arguments.allow,
        };
        let findings = &rewriting.before.findings;
        let report = from_plan::rewrite(asked, &rewriting.plan, findings, &rewriting.outcome);
        Ok((image, rewriting, report))
    }

    /// Makes the edits; where, and the verdict on what was made.
    fn apply(&self, image: Image, rewriting: &Rewriting) -> Result<(&Path, Verdict), Failure> {
        let (place, to) = match &self.arguments.output {
            Some(out) => (out.as_path(), Destination::Copy(out)),
            None => (self.image, Destination::InPlace),
        };
        let verdict = image
            .apply(rewriting, to)
            .map_err(|error| failure(self.image, error))?;
        Ok((place, verdict))
    }
}

/// Ends what an earlier run left half done in `image`; says what that was.
fn recover(image: &Path) -> Result<Option<String>, Failure> {
    match image::recover(image).map_err(|error| failure(image, error))? {
        Recovered::Clean => Ok(None),
        Recovered::RolledBack => Ok(Some(format!(
            "{}: an interrupted rewrite was taken back",
            image.display()
        ))),
    }
}

/// Takes the last rewrite back; says what was done.
fn undo(dir: &Path) -> Result<String, Failure> {
    if let Some(done) = recover(dir)? {
        return Ok(done);
    }
    image::undo(dir).map_err(|error| failure(dir, error))?;
    Ok(format!(
        "{}: the rewrite was taken back, byte for byte",
        dir.display()
    ))
}

fn write_plan(file: &Path, report: &Report) -> Result<(), Failure> {
    let failed = |why: String| {
        Failure::new(format!(
            "cannot write the plan to {}: {why}",
            file.display()
        ))
    };
    let mut text =
        serde_json::to_string_pretty(report).map_err(|error| failed(error.to_string()))?;
    text.push('\n');
    fs::write(file, text).map_err(|error| failed(error.to_string()))
}
