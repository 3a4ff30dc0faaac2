//! `hwcr profile from-image`.

use std::path::PathBuf;

use clap::Args;

use super::save::Save;
use crate::cli::input::{self, Reading, unreadable};
use crate::cli::{Exit, Failure, Output};
use crate::facts::Search;
use crate::profile::infer::from_image::from_image;
use crate::report::profiles_text;

/// Make a profile of the machine an image was dumped on, as far as the image shows it
#[derive(Debug, Args)]
#[command(after_help = "\
An image shows what its tasks were told, not how its machine signs pointers or
which vector lengths it has: these stay unknown, and standard error says what
that costs. Give such a profile to --source; as a --target it proves nothing
(HWCR-PRF-003).

Examples:
  hwcr profile from-image dump/ -o source.json
  hwcr inspect dump/ --only origin

Exit codes:
  0  the profile was written
  2  the image cannot be read or does not tell, or wrong usage")]
pub(super) struct FromImage {
    /// Directory that `criu dump` wrote, export of a container engine (tar, tar.gz, tar.zst, or unpacked), or OCI image layout; `-` for an archive on standard input
    image: PathBuf,

    #[command(flatten)]
    reading: Reading,

    #[command(flatten)]
    save: Save,
}

impl FromImage {
    pub(super) fn run(&self, output: &Output) -> Result<Exit, Failure> {
        let options = self.reading.options(Search::Auto, output);
        let opened = input::open(&self.image, &options)?;
        let facts = opened.facts();
        let image = self.image.display().to_string();
        let inferred = from_image(
            facts.facts(),
            &image,
            &self.save.name(self.image.file_name()),
        )
        .map_err(|error| unreadable(&self.image, &error.into()))?;
        self.save.write(output, &inferred.profile)?;
        for remark in &inferred.remarks {
            output.warn(&Failure::new(remark));
        }
        output.aside(|page| profiles_text::unknown(page, &inferred.profile));
        Ok(Exit::Success)
    }
}
