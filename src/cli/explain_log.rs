//! `hwcr explain-log`.

use std::fs::File;
use std::io::{self, BufReader, Read as _};
use std::path::{Path, PathBuf};

use clap::Args;

use super::check::{Format, one_machine, source};
use super::input::{self, Reading};
use super::rootfs::TargetRootfs;
use super::{Exit, Failure, Output};
use crate::facts::Search;
use crate::image::Question;
use crate::input::{ARCHIVE_HEAD, is_archive};
use crate::profile::model::Profile;
use crate::report::from_log::{self, Asked};
use crate::report::log_text;
use crate::report::v1::log::LogReport;
use crate::restore_log::{self, Certainty, Evidence, Log};

/// Standard input, as a name on the command line.
const STDIN: &str = "-";

/// Bytes read at once.
const BUFFER: usize = 64 * 1024;

/// Say why a restore or a dump failed, from its logs
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  hwcr explain-log restore.log
  hwcr explain-log restore.log dump/ --target neoverse-n1
  dmesg | hwcr explain-log restore.log - dump/ --target cpu.json
  hwcr explain-log restore.log --format json | jq .causes

Exit codes:
  0  a cause was recognised
  2  no answer: wrong usage, or a log, an image or a profile that cannot be read
  3  nothing was recognised, or the cause is not certain")]
pub(super) struct ExplainLog {
    /// Logs: of `criu restore` or `criu dump` (text, best with -v4), of the kernel (dmesg,
    /// journalctl -k), - for standard input; and the image that was to be restored: a directory, or an archive of one
    #[arg(required = true, value_name = "LOG|IMAGE")]
    paths: Vec<PathBuf>,

    /// Machine of the restore: name of a built-in profile, or path of a cpu.json
    #[arg(short, long, value_name = "TARGET")]
    target: Option<String>,

    /// Machine the image was dumped on, where you know it: a profile, as for --target
    #[arg(long, value_name = "PROFILE")]
    source: Option<String>,

    /// How to write it
    #[arg(long, value_name = "FORMAT", value_enum, default_value_t = Format::Text)]
    format: Format,

    /// Text only: the outcome and a line for each cause
    #[arg(long)]
    brief: bool,

    #[command(flatten)]
    reading: Reading,

    #[command(flatten)]
    target_rootfs: TargetRootfs,
}

impl ExplainLog {
    pub(super) fn run(&self, output: &Output) -> Result<Exit, Failure> {
        let (logs, image) = self.sort()?;
        let target = self.target.as_deref().map(target).transpose()?;
        let source = self.source.as_deref().map(source).transpose()?;
        if image.is_none() && (target.is_some() || source.is_some()) {
            return Err(Failure::new("a profile is of use only with an image")
                .help("name the image as well"));
        }
        let logs = logs
            .iter()
            .map(|path| read(path))
            .collect::<Result<Vec<_>, _>>()?;
        let (report, certainty) =
            self.explain(output, &logs, image, target.as_ref(), source.as_ref());
        match self.format {
            Format::Text if self.brief => output.text(|page| log_text::brief(page, &report))?,
            Format::Text => output.text(|page| log_text::log(page, &report))?,
            Format::Json => output.json(&report)?,
        }
        Ok(match certainty {
            Certainty::Certain => Exit::Success,
            Certainty::Uncertain | Certainty::None => Exit::Indeterminate,
        })
    }

    /// Logs, and the one image among them.
    fn sort(&self) -> Result<(Vec<&Path>, Option<&Path>), Failure> {
        let (images, logs): (Vec<&Path>, Vec<&Path>) = self
            .paths
            .iter()
            .map(PathBuf::as_path)
            .partition(|path| path.as_os_str() != STDIN && is_image(path));
        if let [_, second, ..] = images.as_slice() {
            return Err(
                Failure::new(format!("{} is a second image", second.display()))
                    .help("a restore is of one image: give the other one to a run of its own"),
            );
        }
        if logs.iter().filter(|path| path.as_os_str() == STDIN).count() > 1 {
            return Err(Failure::new("standard input can be read only once"));
        }
        if let ([], [image]) = (logs.as_slice(), images.as_slice()) {
            return Err(Failure::new(format!(
                "{} is a directory or an archive, and no log was given",
                image.display()
            ))
            .help("name the log of the restore, and the image behind it"));
        }
        Ok((logs, images.first().copied()))
    }

    /// Reads the image, where there is one, and holds the logs against it.
    fn explain(
        &self,
        output: &Output,
        logs: &[Log],
        image: Option<&Path>,
        target: Option<&Profile>,
        source: Option<&Profile>,
    ) -> (LogReport, Certainty) {
        let name = image.map(|image| image.to_string_lossy().into_owned());
        let asked = Asked {
            image: name.as_deref(),
            target: self.target.as_deref(),
            source: self.source.as_deref(),
        };
        let finish = |evidence: Option<&Evidence<'_>>| {
            let explanation = restore_log::explain(logs, evidence);
            (
                from_log::report(asked, logs, &explanation),
                explanation.certainty,
            )
        };
        let Some(image) = image else {
            return finish(None);
        };
        let (machine, remarks) = restore_log::machine(logs, target);
        // An image that cannot be read may be the very reason, and the log has an answer without it.
        let options = self.reading.options(Search::Auto, output);
        let opened = match input::open(image, &self.target_rootfs.add_to(options)) {
            Ok(opened) => opened,
            Err(failure) => {
                return finish(Some(&Evidence {
                    error: Some(&failure.message),
                    remarks: &remarks,
                    ..Evidence::default()
                }));
            }
        };
        let facts = opened.facts();
        let mut question = Question::about(&machine);
        question.source = source;
        let judgement = facts.check(&question);
        finish(Some(&Evidence {
            facts: Some(facts.facts()),
            error: None,
            findings: &judgement.findings,
            target_named: target.is_some(),
            remarks: &remarks,
        }))
    }
}

/// Whether a path is a directory or begins as an archive does: logs are text.
fn is_image(path: &Path) -> bool {
    let begins = |path: &Path| -> io::Result<bool> {
        let mut head = Vec::with_capacity(ARCHIVE_HEAD);
        let limit = u64::try_from(ARCHIVE_HEAD).unwrap_or(u64::MAX);
        File::open(path)?.take(limit).read_to_end(&mut head)?;
        Ok(is_archive(&head))
    };
    // Of a pipe nothing may be read beforehand; what cannot be opened is complained about later.
    path.is_dir() || (path.is_file() && begins(path).unwrap_or(false))
}

/// The profile a user named as that of the machine of the restore.
fn target(name: &str) -> Result<Profile, Failure> {
    one_machine(
        "--target",
        name,
        "a restore is on one",
        "name the profile of the machine that the log is from",
    )
}

/// Reads one log.
fn read(path: &Path) -> Result<Log, Failure> {
    let name = path.display().to_string();
    let log = if path.as_os_str() == STDIN {
        restore_log::collect(
            "standard input",
            BufReader::with_capacity(BUFFER, io::stdin()),
        )
    } else {
        File::open(path)
            .and_then(|file| restore_log::collect(&name, BufReader::with_capacity(BUFFER, file)))
    };
    log.map_err(|error| {
        Failure::new(format!("{name}: cannot be read ({error})")).help(
            "give the log `criu restore -o` wrote, the kernel's log as text, or an image directory",
        )
    })
}
