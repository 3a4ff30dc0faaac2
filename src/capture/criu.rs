//! The version of the CRIU that is installed.

use std::ffi::OsStr;
use std::io::{self, Read};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};

use crate::units::Version;

/// Where distributions put it; a user's PATH often leaves these out.
const SYSTEM_DIRECTORIES: [&str; 3] = ["/usr/local/sbin", "/usr/sbin", "/sbin"];
/// How long `criu --version` may take.
const LIMIT: Duration = Duration::from_secs(20);
/// Bytes read of what it prints.
const MOST: usize = 4096;
/// How often its end is looked for.
const PAUSE: Duration = Duration::from_millis(10);

/// What became of `criu --version`.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub enum Answer {
    /// There is no such program.
    #[default]
    Absent,
    /// There is one, and it gave no answer.
    Failed {
        /// The program.
        path: PathBuf,
        /// Why.
        why: String,
    },
    /// It printed something.
    Said {
        /// The program.
        path: PathBuf,
        /// What it printed.
        text: String,
    },
}

/// Asks the first `criu` of PATH and of the system's directories.
#[must_use]
pub fn installed() -> Answer {
    let path = std::env::var_os("PATH").unwrap_or_default();
    find(&path).map_or(Answer::Absent, |program| ask(&program, LIMIT))
}

/// The first `criu` that may be executed. Relative directories are passed over.
fn find(path: &OsStr) -> Option<PathBuf> {
    let system = SYSTEM_DIRECTORIES.iter().map(PathBuf::from);
    std::env::split_paths(path)
        .filter(|directory| directory.is_absolute())
        .chain(system)
        .map(|directory| directory.join("criu"))
        .find(|program| {
            let executable =
                |meta: std::fs::Metadata| meta.is_file() && meta.permissions().mode() & 0o111 != 0;
            program.metadata().is_ok_and(executable)
        })
}

/// Runs `program --version`, without a shell, for at most `limit`.
fn ask(program: &Path, limit: Duration) -> Answer {
    let failed = |why: String| Answer::Failed {
        path: program.to_owned(),
        why,
    };
    let started = Command::new(program)
        .arg("--version")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn();
    let mut child = match started {
        Ok(child) => child,
        Err(error) => return failed(error.to_string()),
    };
    let deadline = Instant::now().checked_add(limit);
    // What a version is fits into the pipe; a program that prints more than that is ended by the limit.
    let ended = loop {
        match child.try_wait() {
            Ok(Some(status)) => break Ok(status),
            Ok(None) if deadline.is_some_and(|deadline| Instant::now() < deadline) => {
                std::thread::sleep(PAUSE);
            }
            Ok(None) => break Err(format!("it did not end within {} s", limit.as_secs())),
            Err(error) => break Err(error.to_string()),
        }
    };
    let status = match ended {
        Ok(status) => status,
        Err(why) => {
            // It may have ended meanwhile; then there is nobody to end.
            let _ = child.kill();
            let _ = child.wait();
            return failed(why);
        }
    };
    if !status.success() {
        return failed(status.to_string());
    }
    match child.stdout.take().map(printed) {
        Some(Ok(text)) => Answer::Said {
            path: program.to_owned(),
            text,
        },
        Some(Err(error)) => failed(error.to_string()),
        None => failed("it has no standard output".to_owned()),
    }
}

/// What lies in the pipe of a program that has ended, without waiting for children it may have left.
fn printed(mut stdout: ChildStdout) -> io::Result<String> {
    rustix::fs::fcntl_setfl(&stdout, rustix::fs::OFlags::NONBLOCK)?;
    let mut text = vec![0; MOST];
    let len = stdout.read(&mut text)?;
    text.truncate(len);
    Ok(String::from_utf8_lossy(&text).into_owned())
}

/// The version in what `criu --version` prints: a line `Version: 4.2.1`.
#[must_use]
pub fn version(text: &str) -> Option<Version> {
    let line = text
        .lines()
        .find_map(|line| line.strip_prefix("Version:"))?;
    Version::parse(line.trim())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn program(folder: &Path, script: &str) -> PathBuf {
        let (text, path) = (folder.join("text"), folder.join("criu"));
        std::fs::write(&text, format!("#!/bin/sh\n{script}\n")).unwrap();
        std::fs::set_permissions(&text, std::fs::Permissions::from_mode(0o755)).unwrap();
        // A file this process itself had open for writing may still be so in a child of another test.
        let copied = Command::new("cp").args([&text, &path]).status().unwrap();
        assert!(copied.success());
        path
    }

    #[test]
    fn the_version_is_on_its_line() {
        assert_eq!(
            version("Version: 4.2.1\nGitID: v4.2.1\n"),
            Some(Version::new(4, 2, 1))
        );
        assert_eq!(version("Version: 4.3-dev\n"), Some(Version::new(4, 3, 0)));
        for text in ["", "criu 4.2", "Version: new", "GitID: 4.2"] {
            assert_eq!(version(text), None, "{text}");
        }
    }

    #[test]
    fn the_first_program_that_may_run_is_asked() {
        let (first, second) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        std::fs::write(first.path().join("criu"), "not executable").unwrap();
        let wanted = program(second.path(), "echo \"Version: 4.1$1\"");
        let path = std::env::join_paths([Path::new("."), first.path(), second.path()]).unwrap();
        assert_eq!(find(&path), Some(wanted.clone()));
        assert_eq!(
            ask(&wanted, LIMIT),
            Answer::Said {
                path: wanted,
                text: "Version: 4.1--version\n".to_owned()
            }
        );
    }

    #[test]
    fn a_program_that_fails_or_hangs_gives_no_answer() {
        let folder = tempfile::tempdir().unwrap();
        let failing = program(folder.path(), "echo Version: 4.2; exit 3");
        assert!(matches!(ask(&failing, LIMIT), Answer::Failed { .. }));
        let hanging = program(folder.path(), "exec sleep 60");
        let began = Instant::now();
        let Answer::Failed { why, .. } = ask(&hanging, Duration::from_millis(200)) else {
            panic!("it did answer");
        };
        assert!(why.contains("did not end"), "{why}");
        assert!(began.elapsed() < Duration::from_secs(30));
    }
}
