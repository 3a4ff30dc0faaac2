//! Reports in files: `-o FORMAT=FILE`, and the summary of a job on GitHub.

use std::env;
use std::ffi::OsStr;
use std::fs::{self, OpenOptions};
use std::io::{self, BufWriter, Write};
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use clap::ValueEnum as _;

use super::format::Format;
use crate::cli::Failure;
use crate::report::markdown;
use crate::report::v1::Report;

/// Where GitHub Actions wants Markdown about a step.
const STEP_SUMMARY: &str = "GITHUB_STEP_SUMMARY";

/// Most bytes of a step's summary: GitHub drops a larger one whole ("1MiB" in its documentation of workflow commands).
const MAX_SUMMARY: u64 = 1 << 20;

/// A report to write.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Wanted {
    pub(super) format: Format,
    pub(super) file: PathBuf,
}

/// Reads `FORMAT=FILE`.
pub(super) fn parse(given: &OsStr) -> Result<Wanted, String> {
    let bytes = given.as_bytes();
    let split = bytes.iter().position(|byte| *byte == b'=');
    let (format, file) = match split.and_then(|at| bytes.split_at_checked(at)) {
        Some((format, [_, file @ ..])) if !file.is_empty() => (format, file),
        _ => return Err("not FORMAT=FILE, like sarif=hwcr.sarif".to_owned()),
    };
    let format = String::from_utf8_lossy(format);
    let known = Format::from_str(&format, false).map_err(|_| {
        let names: Vec<&str> = Format::value_variants()
            .iter()
            .map(|one| one.name())
            .collect();
        format!(
            "there is no format {format}; there are {}",
            names.join(", ")
        )
    })?;
    Ok(Wanted {
        format: known,
        file: OsStr::from_bytes(file).into(),
    })
}

/// Refuses, before anything is read, what could not be written or would overwrite what is read.
pub(super) fn examine(wanted: &[Wanted], inputs: &[PathBuf]) -> Result<(), Failure> {
    let inputs: Vec<(&PathBuf, PathBuf)> = inputs
        .iter()
        .filter_map(|input| Some((input, fs::canonicalize(input).ok()?)))
        .collect();
    let mut seen: Vec<PathBuf> = Vec::new();
    for Wanted { file, .. } in wanted {
        let refuse = |why: String| Failure::new(format!("cannot write {}: {why}", file.display()));
        let real = real_path(file).map_err(|error| {
            refuse(format!("its directory cannot be used ({error})"))
                .help("name a file in a directory that exists")
        })?;
        if real.is_dir() {
            return Err(refuse("it is a directory".to_owned()).help("name a file in it"));
        }
        if let Some((input, _)) = inputs.iter().find(|(_, input)| real.starts_with(input)) {
            return Err(refuse(format!(
                "it is, or lies in, {}, which is read",
                input.display()
            ))
            .help("name a file elsewhere"));
        }
        if seen.contains(&real) {
            return Err(refuse("two reports are to go there".to_owned())
                .help("give each report a file of its own"));
        }
        seen.push(real);
    }
    Ok(())
}

/// The path without links; of a file that does not exist yet, its directory's and its name.
fn real_path(file: &Path) -> io::Result<PathBuf> {
    match fs::canonicalize(file) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            let name = file.file_name().ok_or(error)?;
            Ok(directory_of(file)?.join(name))
        }
        found => found,
    }
}

/// The directory a file lies in.
fn directory_of(file: &Path) -> io::Result<PathBuf> {
    let parent = file
        .parent()
        .filter(|parent| !parent.as_os_str().is_empty());
    let directory = fs::canonicalize(parent.unwrap_or(Path::new(".")))?;
    if !directory.is_dir() {
        return Err(io::ErrorKind::NotADirectory.into());
    }
    Ok(directory)
}

/// Writes a file whole or not at all: under another name first, which it keeps only while it is written. A pipe or
/// a device is written to as it is.
pub(super) fn write(
    file: &Path,
    content: impl FnOnce(&mut dyn Write) -> io::Result<()>,
) -> Result<(), Failure> {
    put(file, content).map_err(|error| {
        Failure::new(format!("cannot write {}: {error}", file.display()))
            .help("the exit code is 2 for that; a file that was there before is as it was")
    })
}

fn put(file: &Path, content: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> io::Result<()> {
    let there = fs::metadata(file).ok();
    if there.as_ref().is_some_and(|meta| !meta.is_file()) {
        let mut out = BufWriter::new(OpenOptions::new().write(true).open(file)?);
        content(&mut out)?;
        return out.flush();
    }
    let real = real_path(file)?;
    let directory = real.parent().ok_or(io::ErrorKind::NotFound)?;
    // As any new file: what the umask leaves.
    let mode = fs::Permissions::from_mode(0o666);
    let mut new = tempfile::Builder::new()
        .prefix(".hwcr-")
        .permissions(mode)
        .tempfile_in(directory)?;
    let mut out = BufWriter::new(&mut new);
    content(&mut out)?;
    out.flush()?;
    drop(out);
    if let Some(meta) = there {
        new.as_file().set_permissions(meta.permissions())?;
    }
    new.as_file().sync_all()?;
    new.persist(real)?;
    Ok(())
}

/// Appends the report to the summary of the step, where there is one.
pub(super) fn append_summary(report: &Report) -> Result<(), Failure> {
    let Some(file) = env::var_os(STEP_SUMMARY).filter(|file| !file.is_empty()) else {
        return Ok(());
    };
    let append = || -> io::Result<()> {
        let mut out = OpenOptions::new().append(true).create(true).open(&file)?;
        let left = MAX_SUMMARY.saturating_sub(out.metadata()?.len());
        let mut page = Vec::new();
        markdown::page(
            &mut page,
            report,
            Some(usize::try_from(left).unwrap_or(usize::MAX)),
        )?;
        out.write_all(&page)
    };
    append().map_err(|error| {
        let file = Path::new(&file).display();
        Failure::new(format!("cannot write the summary {file}: {error}")).help(format!(
            "{STEP_SUMMARY} names it; unset it where no summary is wanted"
        ))
    })
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::io;
    use std::os::unix::fs::{PermissionsExt as _, symlink};
    use std::path::{Path, PathBuf};

    use super::{Format, Wanted, examine, parse, write};

    fn names(dir: &Path) -> Vec<String> {
        let mut names: Vec<String> = fs::read_dir(dir)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }

    #[test]
    fn a_format_and_a_file() {
        let wanted = parse("json-lines=a=b.jsonl".as_ref()).unwrap();
        assert_eq!(
            wanted,
            Wanted {
                format: Format::JsonLines,
                file: "a=b.jsonl".into()
            }
        );
        for odd in ["sarif", "sarif=", "=a", "yaml=a", "SARIF=a", ""] {
            assert!(parse(odd.as_ref()).is_err(), "{odd}");
        }
    }

    #[test]
    fn a_failed_write_leaves_what_was_there() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("report");
        write(&file, |out| out.write_all(b"first")).unwrap();
        let failure = write(&file, |out| {
            out.write_all(&[b'x'; 100_000])?;
            Err(io::ErrorKind::StorageFull.into())
        })
        .unwrap_err();
        assert!(failure.message.starts_with("cannot write "));
        assert_eq!(fs::read(&file).unwrap(), b"first");
        assert_eq!(names(dir.path()), ["report"]);
    }

    #[test]
    fn a_file_keeps_its_mode_and_its_links() {
        let dir = tempfile::tempdir().unwrap();
        let (file, link) = (dir.path().join("report"), dir.path().join("link"));
        fs::write(&file, "old").unwrap();
        fs::set_permissions(&file, fs::Permissions::from_mode(0o640)).unwrap();
        symlink("report", &link).unwrap();
        write(&link, |out| out.write_all(b"new")).unwrap();
        assert_eq!(fs::read(&file).unwrap(), b"new");
        assert!(link.is_symlink());
        let mode = fs::metadata(&file).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o640);
        // A new one has what others get.
        let (new, other) = (dir.path().join("new"), dir.path().join("other"));
        write(&new, |out| out.write_all(b"")).unwrap();
        fs::write(&other, "").unwrap();
        let mode = |file: &Path| fs::metadata(file).unwrap().permissions().mode();
        assert_eq!(mode(&new), mode(&other));
    }

    #[test]
    fn a_device_is_written_to_and_stays() {
        write(Path::new("/dev/null"), |out| out.write_all(b"gone")).unwrap();
        assert!(!fs::metadata("/dev/null").unwrap().is_file());
    }

    #[test]
    fn what_cannot_or_must_not_be_written_is_refused_before() {
        let dir = tempfile::tempdir().unwrap();
        let path = |name: &str| dir.path().join(name);
        fs::create_dir(path("image")).unwrap();
        fs::write(path("image.tar"), "").unwrap();
        symlink("image.tar", path("link")).unwrap();
        let inputs = [path("image"), path("image.tar"), PathBuf::from("no/such")];
        let refusal = |files: &[PathBuf]| {
            let wanted: Vec<Wanted> = files
                .iter()
                .map(|file| Wanted {
                    format: Format::Json,
                    file: file.clone(),
                })
                .collect();
            examine(&wanted, &inputs)
                .err()
                .map(|failure| failure.message)
        };
        assert_eq!(refusal(&[path("a"), path("b"), path("image.json")]), None);
        for (files, why) in [
            (vec![path("a"), path("image/../a")], "two reports"),
            (vec![path("image")], "directory"),
            (vec![path("image/report")], "which is read"),
            (vec![path("image.tar")], "which is read"),
            (vec![path("link")], "which is read"),
            (vec![path("missing/a")], "its directory cannot be used"),
            (vec![path("image.tar/a")], "its directory cannot be used"),
        ] {
            let refused = refusal(&files).unwrap();
            assert!(refused.contains(why), "{refused}");
        }
    }
}
