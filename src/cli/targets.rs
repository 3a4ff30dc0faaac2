//! The targets of a check: profiles by name, and all of a folder.

use std::fs;
use std::path::{Path, PathBuf};

use super::Failure;
use super::check::profile;
use crate::profile::{self, model::Profile};

/// A target as the user named it, and what it is.
pub(super) struct Target {
    /// As on the command line; for a profile of a folder, its path.
    pub(super) name: String,
    /// What it offers, or why that cannot be read.
    pub(super) profile: Result<Profile, String>,
}

impl Target {
    /// A profile the user named.
    pub(super) fn named(name: &str) -> Result<Self, Failure> {
        Ok(Self {
            name: name.to_owned(),
            profile: Ok(profile(name)?),
        })
    }

    /// The name that the profile gives itself; that of its file where it cannot be read.
    pub(super) fn profile_name(&self) -> String {
        match &self.profile {
            Ok(profile) => profile.name.clone(),
            Err(_) => Path::new(&self.name)
                .file_stem()
                .map_or_else(String::new, |stem| stem.to_string_lossy().into_owned()),
        }
    }
}

/// Every profile (`*.json`) of a folder, by name. One that cannot be read is a target without an answer.
pub(super) fn of_folder(folder: &Path) -> Result<Vec<Target>, Failure> {
    let shown = folder.display();
    let unreadable = |error: std::io::Error| {
        Failure::new(format!("cannot read the folder {shown}: {error}"))
            .help("name a folder with a profile (*.json) for each machine")
    };
    let mut files: Vec<PathBuf> = Vec::new();
    for entry in fs::read_dir(folder).map_err(unreadable)? {
        let path = entry.map_err(unreadable)?.path();
        let is_profile = path
            .extension()
            .is_some_and(|extension| extension == "json");
        if is_profile && !path.is_dir() {
            files.push(path);
        }
    }
    if files.is_empty() {
        return Err(Failure::new(format!(
            "there is no profile (*.json) in the folder {shown}"
        ))
        .help("name a folder with a profile for each machine, or one machine with --target"));
    }
    files.sort();
    Ok(files.iter().map(|file| of_file(file)).collect())
}

fn of_file(file: &Path) -> Target {
    let read = match file.to_str() {
        Some(path) => profile::from_file(path).map_err(|error| error.to_string()),
        None => Err(format!(
            "{}: the file's name is not UTF-8; rename it",
            file.display()
        )),
    };
    Target {
        name: file.to_string_lossy().into_owned(),
        profile: read,
    }
}
