//! `hwcr check`.

mod files;
mod format;
mod matrix;
mod ordered;

use std::num::NonZeroUsize;
use std::ops::ControlFlow;
use std::path::PathBuf;
use std::thread;

use clap::builder::{OsStringValueParser, TypedValueParser as _};
use clap::{ArgGroup, Args, ValueEnum};

use files::Wanted;
use format::{Format as ReportFormat, View};
use matrix::{Answer, Matrix};

use super::allow::Acceptances;
use super::input::Reading;
use super::rootfs::{Rootfs, TargetRootfs};
use super::targets::{self, Target};
use super::{Exit, Failure, Output, Surroundings};
use crate::image::Options;
use crate::profile::{self, model::Profile};
use crate::report::json;
use crate::report::layout::counted;
use crate::report::v1::{CheckResult, Report, Tool};

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
  hwcr check dump/ --target neoverse-n1 --target-rootfs /

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

    /// Images to read at a time [default: as many as the machine runs threads at a time]
    #[arg(short, long, value_name = "N")]
    jobs: Option<NonZeroUsize>,

    #[command(flatten)]
    reading: Reading,

    #[command(flatten)]
    rootfs: Rootfs,

    #[command(flatten)]
    target_rootfs: TargetRootfs,

    /// How to write the report
    #[arg(long, value_name = "FORMAT", value_enum, default_value_t = ReportFormat::Text)]
    format: ReportFormat,

    /// Also write the report to FILE, in FORMAT (as for --format); may be repeated
    #[arg(short, long = "output", value_name = "FORMAT=FILE", value_parser = OsStringValueParser::new().try_map(|given| files::parse(&given)))]
    outputs: Vec<Wanted>,

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

/// How a report is written that has no other formats than these.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Format {
    /// For people
    Text,
    /// For programs; `hwcr schema` describes it
    Json,
}

impl Check {
    pub(super) fn run(&self, output: &Output, around: &Surroundings) -> Result<Exit, Failure> {
        self.one_stdin()?;
        let accepts = Acceptances::new(&self.accept, &around.config.allow, around.today)?;
        let targets = self.targets(output)?;
        self.examine_outputs(&targets)?;
        let source = self.source.as_deref().map(source).transpose()?;

        let matrix = Matrix {
            images: &self.images,
            targets: &targets,
            source: source.as_ref(),
            accepts: &accepts,
            advise: self.advise,
            options: self.options(output),
            rootfs: &self.rootfs,
            output,
        };
        // A stream of lines keeps nothing: the fleet may be large.
        let keep = self.format != ReportFormat::JsonLines || !self.outputs.is_empty();
        let mut report = Report {
            schema: Report::SCHEMA,
            tool: Tool::this(),
            source: self.source.clone(),
            deep: self.deep,
            results: Vec::new(),
            accepts: Vec::new(),
        };
        let mut verdicts = Vec::new();
        let mut streamed = Ok(());
        matrix.run(self.jobs(), |answer| {
            match answer {
                Answer::Failed(failure) => output.complain(&failure),
                Answer::Result(result) => {
                    verdicts.push(result.verdict);
                    streamed = self.stream(output, &result);
                    if keep {
                        report.results.push(*result);
                    }
                }
            }
            if streamed.is_ok() {
                ControlFlow::Continue(())
            } else {
                ControlFlow::Break(())
            }
        })?;
        streamed?;
        report.accepts = accepts.report();
        let written = self.write(output, &report);
        // Of an image that could not be read nobody knows what would have been of use.
        accepts.warn(output, verdicts.iter().all(Option::is_some));
        Ok(if written {
            Exit::of(&verdicts)
        } else {
            Exit::NoAnswer
        })
    }

    /// How the images are read.
    fn options(&self, output: &Output) -> Options {
        let options = self.reading.options(super::search(self.deep), output);
        self.target_rootfs.add_to(self.rootfs.add_to(options))
    }

    /// Writes a result at once where the format is one of lines.
    fn stream(&self, output: &Output, result: &CheckResult) -> Result<(), Failure> {
        if self.format != ReportFormat::JsonLines {
            return Ok(());
        }
        let line = format::line(self.source.clone(), self.deep, result.clone());
        output.document(|out| json::line(out, &line))
    }

    /// Writes the report wherever it is wanted; false where it could not be written everywhere, which was
    /// complained about then.
    fn write(&self, output: &Output, report: &Report) -> bool {
        let mut failures: Vec<Failure> = Vec::new();
        failures.extend(self.print(output, report).err());
        for wanted in &self.outputs {
            let view = self.view(report);
            let written = files::write(&wanted.file, |out| {
                format::document(out, report, wanted.format, view)
            });
            failures.extend(written.err());
        }
        let formats = self.outputs.iter().map(|wanted| wanted.format);
        if formats
            .chain([self.format])
            .any(|format| format == ReportFormat::Github)
        {
            failures.extend(files::append_summary(report).err());
        }
        for failure in &failures {
            output.complain(failure);
        }
        failures.is_empty()
    }

    fn print(&self, output: &Output, report: &Report) -> Result<(), Failure> {
        match self.format {
            // They were printed as they came.
            ReportFormat::JsonLines => Ok(()),
            ReportFormat::Text => output.text(|page| format::text(page, report, self.view(report))),
            other => output.document(|out| format::document(out, report, other, self.view(report))),
        }
    }

    /// Refuses files for reports that cannot be, before anything is read.
    fn examine_outputs(&self, targets: &[Target]) -> Result<(), Failure> {
        let mut inputs = self.images.clone();
        inputs.extend(targets.iter().map(|target| PathBuf::from(&target.name)));
        inputs.extend(self.source.iter().map(PathBuf::from));
        files::examine(&self.outputs, &inputs)
    }

    /// Standard input can be read once.
    fn one_stdin(&self) -> Result<(), Failure> {
        let stdin = self.images.iter().filter(|image| image.as_os_str() == "-");
        if stdin.count() > 1 {
            return Err(
                Failure::new("`-` is given twice, and standard input can be read once")
                    .help("give each archive as a file, or one of them on standard input"),
            );
        }
        Ok(())
    }

    /// As many threads as the user says, else as the machine runs at a time.
    fn jobs(&self) -> NonZeroUsize {
        self.jobs
            .or_else(|| thread::available_parallelism().ok())
            .unwrap_or(NonZeroUsize::MIN)
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

    /// What the text shows: of a fleet one table says more than the findings on every machine.
    fn view(&self, report: &Report) -> View {
        let one_target = report.results.len() == self.images.len();
        match (
            self.brief,
            self.folders.is_empty() || one_target || self.advise,
        ) {
            (true, _) => View::Brief,
            (false, true) => View::Full,
            (false, false) => View::Fleet,
        }
    }
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
