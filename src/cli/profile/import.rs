//! `hwcr profile import`.

use std::fs::File;
use std::io::{self, IsTerminal, Read};
use std::path::{Path, PathBuf};

use clap::Args;
use clap::builder::PossibleValuesParser;

use super::save::Save;
use crate::cli::{Exit, Failure, Output};
use crate::profile::import::{Input, Kind, MAX_BYTES, import};
use crate::report::profiles_text;

/// Make a profile of what other programs printed on a machine
#[derive(Debug, Args)]
#[command(after_help = "\
Takes /proc/cpuinfo, /proc/self/auxv (bytes, or as `od` writes them), what
LD_SHOW_AUXV=1 prints, `lscpu` with or without -J, a list of features, and what
the recipe in hwcr's README collects. Several texts of one machine add to each
other. What they do not say stays unknown; standard error says what that costs.

Examples:
  hwcr profile import machine.txt -o rack-7.json
  ssh rack-7 cat /proc/cpuinfo | hwcr profile import --name rack-7
  hwcr profile import cpuinfo.txt auxv.bin --name rack-7 -o rack-7.json

Exit codes:
  0  the profile was written
  2  the texts cannot be read, are not of an arm64 machine or contradict each
     other, or wrong usage")]
pub(super) struct Import {
    /// Texts of one machine; `-` or none is standard input
    #[arg(value_name = "FILE")]
    files: Vec<PathBuf>,

    /// What the texts are, where hwcr does not recognise them
    #[arg(long = "as", value_name = "KIND", value_parser = PossibleValuesParser::new(Kind::ALL.map(|(name, _)| name)))]
    kind: Option<String>,

    #[command(flatten)]
    save: Save,
}

impl Import {
    pub(super) fn run(&self, output: &Output) -> Result<Exit, Failure> {
        let kind = self.kind.as_deref().and_then(Kind::named);
        let stdin = [PathBuf::from("-")];
        let files = if self.files.is_empty() {
            if io::stdin().is_terminal() {
                return Err(Failure::new("there is nothing to import")
                    .help("name files, or pipe a text into hwcr"));
            }
            &stdin
        } else {
            self.files.as_slice()
        };
        let texts: Vec<(String, Vec<u8>)> = files
            .iter()
            .map(|path| text(path))
            .collect::<Result<_, _>>()?;
        let inputs: Vec<Input<'_>> = texts
            .iter()
            .map(|(file, bytes)| Input { file, bytes, kind })
            .collect();
        let from = files
            .first()
            .filter(|path| *path != Path::new("-"))
            .and_then(|path| path.file_stem());
        let imported = import(&inputs, &self.save.name(from))
            .map_err(|error| Failure::new(error.to_string()))?;
        self.save.write(output, &imported.profile)?;
        for remark in &imported.remarks {
            output.warn(&Failure::new(remark));
        }
        output.aside(|page| profiles_text::unknown(page, &imported.profile));
        Ok(Exit::Success)
    }
}

/// A file's name for messages, and as many of its bytes as show whether it is too long.
fn text(path: &Path) -> Result<(String, Vec<u8>), Failure> {
    let limit = u64::try_from(MAX_BYTES)
        .unwrap_or(u64::MAX)
        .saturating_add(1);
    let mut bytes = Vec::new();
    let (name, read) = if path == Path::new("-") {
        let read = io::stdin().lock().take(limit).read_to_end(&mut bytes);
        ("standard input".to_owned(), read)
    } else {
        let read = File::open(path).and_then(|file| file.take(limit).read_to_end(&mut bytes));
        (path.display().to_string(), read)
    };
    match read {
        Ok(_) => Ok((name, bytes)),
        Err(error) => Err(Failure::new(format!("cannot read {name}: {error}"))),
    }
}
