//! `--rootfs`: the files the tasks had mapped. `--target-rootfs`: those that the restore will find.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::Args;

use super::{Failure, Output};
use crate::facts::{BinaryFacts, Facts};
use crate::files::TargetRoot;
use crate::image::Options;
use crate::input::{Root, SourceError};

/// Files named in one complaint.
const MAX_NAMED: usize = 3;

/// Where programs and libraries are.
#[derive(Debug, Args)]
pub(super) struct Rootfs {
    /// Root directory of the file system the tasks ran in: its programs and libraries, where their build ids are
    /// those in the image, show through which functions threads will return
    #[arg(long, value_name = "DIR", value_parser = open)]
    rootfs: Option<Opened>,
}

/// The directory, opened when the command line is read: a wrong one is wrong usage.
#[derive(Clone, Debug)]
struct Opened {
    name: PathBuf,
    root: Arc<Root>,
}

fn open(name: &str) -> Result<Opened, SourceError> {
    Ok(Opened {
        name: name.into(),
        root: Arc::new(Root::open(Path::new(name))?),
    })
}

/// Where the restore will find files.
#[derive(Debug, Args)]
pub(super) struct TargetRootfs {
    /// Root directory of the restore: `/`, or that of the container on the restoring side. Every file that the restore
    /// opens is looked for in it
    #[arg(long, value_name = "DIR", value_parser = open_target)]
    target_rootfs: Option<Arc<TargetRoot>>,
}

fn open_target(name: &str) -> Result<Arc<TargetRoot>, SourceError> {
    TargetRoot::open(Path::new(name)).map(Arc::new)
}

impl TargetRootfs {
    /// The options, with this directory.
    pub(super) fn add_to(&self, options: Options) -> Options {
        Options {
            target_rootfs: self.target_rootfs.clone(),
            ..options
        }
    }
}

impl Rootfs {
    /// The options, with this directory.
    pub(super) fn add_to(&self, options: Options) -> Options {
        Options {
            rootfs: self.rootfs.as_ref().map(|opened| Arc::clone(&opened.root)),
            ..options
        }
    }

    /// Says which files are not used, so that nobody takes the wrong directory for the right one.
    pub(super) fn complain(&self, output: &Output, facts: &Facts<'_>) {
        let Some(opened) = &self.rootfs else { return };
        let unused: Vec<&BinaryFacts> = facts
            .binaries
            .iter()
            .filter(|binary| binary.unused.is_some())
            .collect();
        if unused.is_empty() {
            return;
        }
        let mut named: Vec<String> = unused
            .iter()
            .take(MAX_NAMED)
            .map(|binary| {
                format!(
                    "{}: {}",
                    binary.name,
                    binary.unused.as_deref().unwrap_or_default()
                )
            })
            .collect();
        if let Some(more) = unused.len().checked_sub(MAX_NAMED).filter(|more| *more > 0) {
            named.push(format!("and {more} more"));
        }
        output.warn(
            &Failure::new(format!(
                "{} of the {} files with code that {} maps are not used from {}: {}",
                unused.len(),
                facts.binaries.len(),
                facts.checkpoint.name,
                opened.name.display(),
                named.join("; ")
            ))
            .help("`hwcr inspect --only files` shows all of them; name the root directory the tasks ran in"),
        );
    }
}
