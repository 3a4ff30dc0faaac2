//! `hwcr rewrite`.

use std::cell::RefCell;
use std::fs;
use std::path::{Path, PathBuf};

use clap::{ArgGroup, Args};

use super::check::{Format, profile, source};
use super::input::{Reading, unreadable};
use super::rootfs::Rootfs;
use super::{Exit, Failure, Output, suggest};
use crate::criu_image::{self, model::Checkpoint};
use crate::facts::{self, Rewritten, RewrittenEdit};
use crate::finding::Verdict;
use crate::input::{self, Form, Opened};
use crate::profile::model::Profile;
use crate::report::from_judgement::Pair;
use crate::report::from_plan::{self, Asked};
use crate::report::layout::{Page, plain};
use crate::report::rewrite_text;
use crate::report::v1::rewrite::{Rewrite as Report, Stage};
use crate::rewrite::allow;
use crate::rewrite::edit::{Allowed, Plan};
use crate::rewrite::outcome::{self, Expectation};
use crate::rule::{self, Case};

pub(super) mod engine;

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

/// What follows from reading and planning. It borrows nothing of the image, whose files are about to change.
struct Prepared {
    plan: Plan,
    report: Report,
    expectation: Expectation,
    head: Rewritten,
}

/// Everything but `--undo`.
struct Job<'a> {
    output: &'a Output,
    arguments: &'a Rewrite,
    image: &'a Path,
    opened: Opened,
    target_name: &'a str,
    target: Profile,
    source: Option<Profile>,
    allowed: Allowed,
}

impl Rewrite {
    pub(super) fn run(&self, output: &Output) -> Result<Exit, Failure> {
        if let Some(dir) = &self.undo {
            let done = engine::undo(dir).map_err(Failure::new)?;
            output.text(|page| page.line(0, 2, &[plain(done)]))?;
            return Ok(Exit::Success);
        }
        let allowed = self.allowed()?;
        let (Some(image), Some(target_name)) = (&self.image, &self.target) else {
            // clap has refused this.
            return Err(Failure::new("an image and --target are needed"));
        };
        let job = Job {
            output,
            arguments: self,
            image,
            opened: input::open(image, &self.reading.options(output))
                .map_err(|error| unreadable(image, &error.into()))?,
            target_name,
            target: profile(target_name)?,
            source: self.source.as_deref().map(source).transpose()?,
            allowed,
        };
        job.run()
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
    fn run(&self) -> Result<Exit, Failure> {
        let (output, arguments) = (self.output, self.arguments);
        if let Some(out) = arguments.output.as_deref().filter(|_| !arguments.dry_run)
            && out.symlink_metadata().is_ok()
        {
            return Err(Failure::new(format!("{} exists already", out.display()))
                .help("name an output that does not exist; it is made whole or not at all"));
        }
        if !arguments.dry_run {
            self.writable()?;
        }
        if arguments.in_place
            && !arguments.dry_run
            && let Some(done) = engine::recover(self.image).map_err(Failure::new)?
        {
            output.warn(&Failure::new(done));
        }

        let mut prepared = self.prepare(output)?;
        if let Some(file) = &arguments.plan {
            write_plan(file, &prepared.report)?;
        }
        if prepared.report.stage == Stage::Planned && !arguments.dry_run {
            let (place, after) = self.apply(&prepared)?;
            from_plan::written(&mut prepared.report, &place.to_string_lossy(), after);
        }
        match arguments.format {
            Format::Text if arguments.brief => {
                output.text(|page| rewrite_text::brief(page, &prepared.report))?;
            }
            Format::Text => {
                output.text(|page| rewrite_text::rewrite(page, &prepared.report))?;
            }
            Format::Json => output.json(&prepared.report)?,
        }
        Ok(Exit::of_verdict(prepared.report.after))
    }

    /// Whether an image packed like this can be written, and as asked.
    fn writable(&self) -> Result<(), Failure> {
        let image = self.image.display();
        let packing = &self.opened.packing;
        let (why, help) = match packing.form {
            Form::Directory if packing.directory.is_empty() => return Ok(()),
            Form::Directory => (
                "an image is rewritten alone, not with what lies around it".to_owned(),
                format!("give {image}/{}", packing.directory),
            ),
            Form::Tar if self.opened.archive.is_none() => (
                "an archive that comes as a stream cannot be read again to be written".to_owned(),
                "give it as a file".to_owned(),
            ),
            Form::Tar if self.arguments.in_place => (
                "an archive is not changed in place".to_owned(),
                "write another one with -o OUT, or unpack it and rewrite the image directory".to_owned(),
            ),
            Form::Tar => return Ok(()),
            Form::Layout | Form::LayoutTar => (
                "an image layout names its layers by their digests, so that another layer is another image".to_owned(),
                "rewrite the export it was made of, and make an image of that".to_owned(),
            ),
        };
        Err(Failure::new(format!("{image}: {why}")).help(help))
    }

    /// Everything the readers find in an image, with the files the tasks had mapped.
    fn collect<'c>(&self, checkpoint: &'c Checkpoint) -> facts::Facts<'c> {
        let search = super::search(self.arguments.deep);
        let binaries = self.arguments.rootfs.binaries(checkpoint);
        facts::collect_watched(checkpoint, search, &binaries, self.output.progress())
    }

    /// Reads, judges and plans.
    fn prepare(&self, output: &Output) -> Result<Prepared, Failure> {
        let arguments = self.arguments;
        let source = &self.opened.images;
        let checkpoint =
            criu_image::load_from(source).map_err(|error| unreadable(self.image, &error.into()))?;
        let journal = engine::read_journal(&**source).map_err(Failure::new)?;
        let facts = self.collect(&checkpoint).with_journal(journal);
        arguments.rootfs.complain(output, &facts);
        let case = Case {
            facts: &facts,
            target: &self.target,
            source: self.source.as_ref(),
        };
        let judgement = rule::judge(&case, &[]);
        let plan = engine::plan(&case, &judgement.findings, &self.allowed);
        let outcome = outcome::foresee(&plan, &judgement.findings, &self.allowed);
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
        Ok(Prepared {
            report: from_plan::rewrite(asked, &plan, &judgement.findings, &outcome),
            expectation: Expectation::new(&judgement.findings, &outcome),
            head: self.head(&facts, &plan),
            plan,
        })
    }

    /// What the journal of the result remembers: this rewriting, and those before it.
    fn head(&self, facts: &facts::Facts<'_>, plan: &Plan) -> Rewritten {
        let earlier = facts.rewritten.iter().flat_map(|journal| &journal.edits);
        let now = plan.edits.iter().map(|edit| RewrittenEdit {
            rule: edit.rule.to_string(),
            what: edit.what.clone(),
        });
        Rewritten {
            tool: concat!(env!("CARGO_PKG_NAME"), " ", env!("CARGO_PKG_VERSION")).to_owned(),
            target: self.target.name.clone(),
            edits: earlier.cloned().chain(now).collect(),
            told: facts.to_remember(),
        }
    }

    /// Makes the edits; where, and the verdict on what was made.
    fn apply(&self, prepared: &Prepared) -> Result<(PathBuf, Verdict), Failure> {
        let verdict = RefCell::new(None);
        let recheck = |dir: &Path| {
            *verdict.borrow_mut() = Some(self.recheck(dir, prepared)?);
            Ok(())
        };
        let Prepared { plan, head, .. } = prepared;
        let journal = engine::journal(head, &self.target).map_err(Failure::new)?;
        let (place, applied) = match (&self.arguments.output, &self.opened.archive) {
            (Some(out), Some(archive)) => (
                out.as_path(),
                engine::apply_to_archive(
                    archive,
                    &self.opened.images,
                    out,
                    plan,
                    journal,
                    &recheck,
                ),
            ),
            (Some(out), None) => (
                out.as_path(),
                engine::apply_to_copy(self.image, out, plan, journal, &recheck),
            ),
            (None, _) => (
                self.image,
                engine::apply_in_place(self.image, plan, journal, &recheck),
            ),
        };
        applied.map_err(Failure::new)?;
        match verdict.take() {
            Some(verdict) => Ok((place.to_owned(), verdict)),
            None => Err(Failure::new(format!(
                "{} was written without being judged",
                place.display()
            ))
            .help("judge it with `hwcr check` before you use it")),
        }
    }

    /// Judges the rewritten image at `place` as `check` would, by what its tasks were told before.
    fn recheck(&self, place: &Path, prepared: &Prepared) -> Result<Verdict, String> {
        let unread =
            |error: anyhow::Error| format!("the rewritten image cannot be read: {error:#}");
        let opened = input::open(place, &self.arguments.reading.options(self.output))
            .map_err(|error| unread(error.into()))?;
        let checkpoint =
            criu_image::load_from(&opened.images).map_err(|error| unread(error.into()))?;
        // The journal may not lie there yet; what it will say is known.
        let facts = self
            .collect(&checkpoint)
            .with_journal(Some(prepared.head.clone()));
        let case = Case {
            facts: &facts,
            target: &self.target,
            source: self.source.as_ref(),
        };
        let judgement = rule::judge(&case, &[]);
        prepared.expectation.met_by(&judgement.findings)?;
        Ok(judgement.verdict)
    }
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
