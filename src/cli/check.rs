//! `hwcr check`.

use std::path::{Path, PathBuf};

use clap::{ArgGroup, Args, ValueEnum};

use super::allow::Acceptances;
use super::input::{Input, Reading};
use super::targets::{self, Target};
use super::{Exit, Failure, Output, Surroundings};
use crate::advice;
use crate::facts::runtime;
use crate::profile::{self, model::Profile};
use crate::report::fleet_text;
use crate::report::from_judgement::{self, Pair};
use crate::report::layout::counted;
use crate::report::text;
use crate::report::v1::{CheckResult, Report, Tool};
use crate::rule::Case;

/// Say whether images will run on targets
#[derive(Debug, Args)]
#[command(group = ArgGroup::new("machines").args(["targets", "folders"]).required(true).multiple(true))]
#[command(after_help = format!("\
Examples:
  hwcr check dump/ --target neoverse-n1
  hwcr check dump-*/ --target old.json --target new.json --brief
  hwcr check dump/ --targets fleet/
  hwcr check checkpoint.tar.zst --target neoverse-n1
  hwcr check dump/ --target cpu.json --accept HWCR-HWC-001:paca
  hwcr check dump/ --target neoverse-n1 --advise

{}", super::EXIT_CODES))]
pub(super) struct Check {
    /// Directories that `criu dump` wrote, exports of a container engine (tar, tar.gz, tar.zst, or unpacked), or OCI image layouts; `-` for an archive on standard input
    #[arg(required = true, value_name = "IMAGE")]
    images: Vec<PathBuf>,

    /// Machine to restore on: name of a built-in profile, or path of a cpu.json; may be repeated
    #[arg(short, long = "target", value_name = "TARGET")]
    targets: Vec<String>,

    /// Fleet: every profile (*.json) in DIR is a target; may be repeated. The text is then one table
    #[arg(long = "targets", id = "folders", value_name = "DIR")]
    folders: Vec<PathBuf>,

    /// Machine the images were dumped on, where you know it: a profile, as for --target
    #[arg(long, value_name = "PROFILE")]
    source: Option<String>,

    /// Search all private writable memory for signal frames, however much there is
    #[arg(long)]
    deep: bool,

    #[command(flatten)]
    reading: Reading,

    /// How to write the report
    #[arg(long, value_name = "FORMAT", value_enum, default_value_t = Format::Text)]
    format: Format,

    /// Make notes of the unproven findings of a rule, or of those due to one feature; may be repeated
    #[arg(long, value_name = "RULE[:FEATURE]")]
    accept: Vec<String>,

    /// Also say how to start the workload so that its checkpoints fit the target
    #[arg(long, conflicts_with = "brief")]
    advise: bool,

    /// Text only: one line for each image and target
    #[arg(long)]
    brief: bool,
}

/// How a report is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Format {
    /// For people
    Text,
    /// For programs; `hwcr schema` describes it
    Json,
}

impl Check {
    pub(super) fn run(&self, output: &Output, around: &Surroundings) -> Result<Exit, Failure> {
        let accepts = Acceptances::new(&self.accept, &around.config.allow, around.today)?;
        let targets = self.targets(output)?;
        let source = self.source.as_deref().map(source).transpose()?;

        let mut results = Vec::new();
        for image in &self.images {
            match self.judge(output, image, &targets, source.as_ref(), &accepts) {
                Ok(judged) => results.extend(judged),
                Err(failure) => {
                    output.complain(&failure);
                    let image = image.to_string_lossy();
                    results.extend(
                        targets
                            .iter()
                            .map(|target| unread(&image, target, &failure.message)),
                    );
                }
            }
        }
        let exit = Exit::of(&results);
        let report = Report {
            schema: Report::SCHEMA,
            tool: Tool::this(),
            source: self.source.clone(),
            deep: self.deep,
            results,
            accepts: accepts.report(),
        };
        self.print(output, &report)?;
        // Of an image that could not be read nobody knows what would have been of use.
        let all_read = report.results.iter().all(|result| result.verdict.is_some());
        accepts.warn(output, all_read);
        Ok(exit)
    }

    /// The machines named, then those of the folders.
    fn targets(&self, output: &Output) -> Result<Vec<Target>, Failure> {
        let mut targets = Vec::new();
        for name in &self.targets {
            targets.push(Target::named(name)?);
        }
        for folder in &self.folders {
            targets.extend(targets::of_folder(folder)?);
        }
        for why in targets
            .iter()
            .filter_map(|target| target.profile.as_ref().err())
        {
            output.complain(&Failure::new(why));
        }
        Ok(targets)
    }

    /// Reads one image and holds it against all targets.
    fn judge(
        &self,
        output: &Output,
        image: &Path,
        targets: &[Target],
        source: Option<&Profile>,
        accepts: &Acceptances,
    ) -> Result<Vec<CheckResult>, Failure> {
        let input = Input::open(image, self.reading, output)?;
        let facts = input.facts(super::search(self.deep));
        let image = image.to_string_lossy();
        let seen = self.advise.then(|| runtime::runtimes(facts.checkpoint));
        let results = targets.iter().map(|target| {
            let profile = match &target.profile {
                Ok(profile) => profile,
                Err(why) => return unread(&image, target, why),
            };
            let case = Case {
                facts: &facts,
                target: profile,
                source,
            };
            let judgement = accepts.judge(&case, &image, &target.name);
            let mut result =
                from_judgement::judged(pair(&image, target, &profile.name), &judgement);
            result.directory = Some(input.directory.clone()).filter(|within| !within.is_empty());
            if let Some(seen) = &seen {
                result.advice = Some(from_judgement::advice(&advice::advise(
                    &case,
                    &judgement.findings,
                    seen,
                )));
            }
            result
        });
        Ok(results.collect())
    }

    /// Whether one table says more than the findings on every machine.
    fn asks_of_a_fleet(&self, report: &Report) -> bool {
        let one_target = report.results.len() == self.images.len();
        !self.folders.is_empty() && !one_target && !self.brief && !self.advise
    }

    fn print(&self, output: &Output, report: &Report) -> Result<(), Failure> {
        match self.format {
            Format::Text if self.asks_of_a_fleet(report) => {
                output.text(|page| fleet_text::fleet(page, report))?;
            }
            Format::Text => output.text(|page| text::check(page, report, self.brief))?,
            Format::Json => output.json(report)?,
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
fn unread(image: &str, target: &Target, why: &str) -> CheckResult {
    from_judgement::unread(pair(image, target, &target.profile_name()), why)
}

/// The profile a user named.
pub(super) fn profile(name: &str) -> Result<Profile, Failure> {
    profile::resolve(name).map_err(|why| {
        Failure::new(why.to_string())
            .help("a target is the name of a built-in profile or the path of a cpu.json (`hwcr schema profile`)")
    })
}

/// The profile a user named as that of the machine an image was dumped on.
pub(super) fn source(name: &str) -> Result<Profile, Failure> {
    one_machine(
        "--source",
        name,
        "an image was dumped on one",
        "name the profile of the machine that made the image",
    )
}

/// The profile a user named with an option where it must be a single machine's, and why.
pub(super) fn one_machine(
    option: &str,
    name: &str,
    why: &str,
    help: &str,
) -> Result<Profile, Failure> {
    let found = profile(name)?;
    let names: Vec<&str> = found
        .members
        .iter()
        .map(|member| member.name.as_str())
        .collect();
    if names.is_empty() {
        return Ok(found);
    }
    Err(Failure::new(format!(
        "{option} {name}: the profile stands for {} ({}), and {why}",
        counted(names.len(), "machine", "machines"),
        names.join(", ")
    ))
    .help(help))
}

#[cfg(test)]
impl Check {
    /// Images and targets as parsed.
    pub(super) fn given(&self) -> (Vec<PathBuf>, Vec<String>) {
        (self.images.clone(), self.targets.clone())
    }
}
