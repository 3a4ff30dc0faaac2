//! The seam to the readers and the profiles.

use std::path::Path;

use crate::auxv::hwcap::{self, HwcapBit};
use crate::criu_image::model::Checkpoint;
use crate::facts::{Facts, Origin};
use crate::profile::{self, model::Profile};

/// Reads an image directory.
pub(super) fn open(path: &Path, _deep: bool) -> anyhow::Result<Checkpoint> {
    std::fs::read_dir(path)?;
    anyhow::bail!("the reader of image directories is not part of this build")
}

/// Collects the facts of an image.
pub(super) fn collect(checkpoint: &Checkpoint, _deep: bool) -> Facts<'_> {
    Facts {
        checkpoint,
        tasks: Vec::new(),
        origin: Origin::default(),
    }
}

/// Finds a profile by the name of a built-in one, or by the path of a `cpu.json`.
pub(super) fn profile(name_or_path: &str) -> Result<Profile, profile::Error> {
    profile::resolve(name_or_path)
}

/// Names of the capability bits.
pub(super) fn hwcap_bits() -> &'static [HwcapBit] {
    hwcap::BITS
}
