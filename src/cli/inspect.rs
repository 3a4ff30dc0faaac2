//! `hwcr inspect`.

use std::path::PathBuf;

use clap::Args;

use super::check::Format;
use super::input::{self, Reading};
use super::rootfs::{Rootfs, TargetRootfs};
use super::{Exit, Failure, Output};
use crate::auxv::hwcap;
use crate::report::from_facts::{self, Section, Selection};
use crate::report::inspect_text;

/// Show what is in an image: tasks, auxiliary vectors, signal frames, origin
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  hwcr inspect dump/
  hwcr inspect dump/ --only frames --only pac --pid 12
  hwcr inspect dump/ --format json | jq '.tasks[].frames'
  hwcr inspect checkpoint.tar --only export
  hwcr inspect dump/ --only files --target-rootfs /

Exit codes:
  0  the image was read
  2  it could not be read, or wrong usage")]
pub(super) struct Inspect {
    /// Directory that `criu dump` wrote, export of a container engine (tar, tar.gz, tar.zst, or unpacked), or OCI image layout; `-` for an archive on standard input
    image: PathBuf,

    /// Text only: one line
    #[arg(long)]
    brief: bool,

    /// Show this section only; may be repeated
    #[arg(long, value_name = "SECTION", value_enum)]
    only: Vec<Section>,

    /// Show this task only; may be repeated
    #[arg(long, value_name = "PID")]
    pid: Vec<u32>,

    /// Also show registers, record magics and places in the image files
    #[arg(short, long)]
    verbose: bool,

    /// Search all private writable memory for signal frames, however much there is
    #[arg(long)]
    deep: bool,

    #[command(flatten)]
    reading: Reading,

    #[command(flatten)]
    rootfs: Rootfs,

    #[command(flatten)]
    target_rootfs: TargetRootfs,

    /// How to write it
    #[arg(long, value_name = "FORMAT", value_enum, default_value_t = Format::Text)]
    format: Format,
}

impl Inspect {
    pub(super) fn run(&self, output: &Output) -> Result<Exit, Failure> {
        let options = self.reading.options(super::search(self.deep), output);
        let options = self.target_rootfs.add_to(self.rootfs.add_to(options));
        let image = input::open(&self.image, &options)?;
        let checkpoint = image.checkpoint();
        if let Some(pid) = self
            .pid
            .iter()
            .find(|&&pid| checkpoint.tasks.iter().all(|task| task.pid.0 != pid))
        {
            let known: Vec<String> = checkpoint
                .tasks
                .iter()
                .map(|task| task.pid.to_string())
                .collect();
            return Err(Failure::new(format!(
                "there is no task {pid} in {}",
                self.image.display()
            ))
            .help(format!("its tasks are {}", known.join(", "))));
        }
        let facts = image.facts();
        let facts = facts.facts();
        self.rootfs.complain(output, facts);
        let selection = Selection {
            sections: self.only.clone(),
            pids: self.pid.clone(),
            verbose: self.verbose,
        };
        let report = from_facts::inspect(facts, hwcap::BITS, &selection, self.deep);
        match self.format {
            Format::Text if self.brief => {
                output.text(|page| inspect_text::brief(page, &report))?;
            }
            Format::Text => {
                output.text(|page| inspect_text::inspect(page, &report, self.verbose))?;
            }
            Format::Json => output.json(&report)?,
        }
        Ok(Exit::Success)
    }
}
