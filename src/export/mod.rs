//! What an engine or an image layout says of a checkpoint beside the image itself.
//!
//! These are claims of whoever packed it. They are shown with where they stand; no verdict rests on them.
#![deny(
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss
)]

mod keys;

use std::collections::BTreeMap;

use serde::Deserialize;
use serde::de::IgnoredAny;

pub use keys::What;
use keys::{ANNOTATIONS, CONFIG, Key};

use crate::input::{Opened, Packing, Source};
use crate::units::Version;

/// The engine's configuration of the container.
const CONFIG_DUMP: &str = "config.dump";

/// The OCI runtime specification it was started with.
const SPEC_DUMP: &str = "spec.dump";

/// Files that are read, for keeping them of a stream.
pub const FILES: [&str; 2] = [CONFIG_DUMP, SPEC_DUMP];

/// Largest of them that is read. Podman writes some ten KiB; mounts and environment may make it more.
const MAX_FILE: u64 = 4 << 20;

/// Longest value that is kept, in characters.
const MAX_VALUE: usize = 512;

/// How a checkpoint was packed, and what is said of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Export {
    /// How the image lies in what the user named.
    pub packing: Packing,
    /// What is said, in the order of [`What`]. Where two places differ, both are there.
    pub statements: Vec<Statement>,
    /// Files that could not be read, with the reason.
    pub unread: Vec<String>,
}

/// One statement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Statement {
    /// What it is about.
    pub what: What,
    /// The value as it stands there, but for CRIU's version, which some write as one number, a runtime's, of which it is
    /// the first line, and `libpod`, which is Podman.
    pub value: String,
    /// The file that says so.
    pub file: String,
    /// The key in it.
    pub key: String,
}

/// What is said of an opened image; `None` for a bare image directory.
#[must_use]
pub fn read(opened: &Opened) -> Option<Export> {
    if opened.packing == Packing::default() {
        return None;
    }
    let mut export = Export {
        packing: opened.packing.clone(),
        ..Export::default()
    };
    if let Some(around) = &opened.around {
        let config: Option<BTreeMap<String, Text>> = export.parse(&**around, CONFIG_DUMP);
        let config = config.unwrap_or_default();
        export.say(CONFIG, &config, around.label(), CONFIG_DUMP, "");
        let spec: Option<Spec> = export.parse(&**around, SPEC_DUMP);
        let annotations = spec.map(|spec| spec.annotations).unwrap_or_default();
        export.say(
            ANNOTATIONS,
            &annotations,
            around.label(),
            SPEC_DUMP,
            "annotations.",
        );
    }
    for annotation in &opened.annotations {
        let one = [(annotation.key.clone(), Text::Is(annotation.value.clone()))];
        export.say(
            ANNOTATIONS,
            &one.into(),
            "",
            &annotation.file,
            "annotations.",
        );
    }
    export.statements.sort_by_key(|statement| statement.what);
    Some(export)
}

impl Export {
    /// The version of the CRIU that dumped, as said first.
    #[must_use]
    pub fn criu(&self) -> Option<(Version, &Statement)> {
        let mut said = self.statements.iter();
        let statement = said.find(|statement| statement.what == What::Criu)?;
        Some((Version::parse(&statement.value)?, statement))
    }

    /// A file as JSON; of what cannot be read it is kept why.
    fn parse<T: for<'de> Deserialize<'de>>(
        &mut self,
        around: &dyn Source,
        file: &str,
    ) -> Option<T> {
        let why = match around.read(file, MAX_FILE) {
            Ok(None) => return None,
            Ok(Some(bytes)) => match serde_json::from_slice(&bytes) {
                Ok(read) => return Some(read),
                Err(error) => format!("{file}: not what it should be ({error})"),
            },
            Err(error) => error.to_string(),
        };
        self.unread.push(why);
        None
    }

    /// Takes over what `keys` names.
    fn say(
        &mut self,
        keys: &[Key],
        values: &BTreeMap<String, Text>,
        label: &str,
        file: &str,
        prefix: &str,
    ) {
        for key in keys {
            let Some(Text::Is(found)) = values.get(key.name) else {
                continue;
            };
            let value = match (key.value, key.what) {
                (Some(value), _) => value.to_owned(),
                (None, What::Criu) => criu_version(found),
                // Podman's library, as it calls itself.
                (None, What::Engine) if found == "libpod" => "podman".to_owned(),
                // Podman keeps all that `crun --version` prints: commit, directory and features as well.
                (None, What::RuntimeVersion) => short(found.lines().next().unwrap_or_default()),
                (None, _) => short(found),
            };
            // Go's zero time: not set.
            let empty = value.is_empty() || value.starts_with("0001-01-01T");
            let known = self
                .statements
                .iter()
                .any(|known| known.what == key.what && known.value == value);
            if !empty && !known {
                self.statements.push(Statement {
                    what: key.what,
                    value,
                    file: format!("{label}{file}"),
                    key: format!("{prefix}{}", key.name),
                });
            }
        }
    }
}

/// `40201` as Podman writes 4.2.1 (go-criu `GetCriuVersion`); anything else as it stands.
fn criu_version(text: &str) -> String {
    let number = text.parse::<u64>().ok().filter(|number| *number >= 10_000);
    let part = |number: u64, unit: u64| u16::try_from(number.checked_div(unit)? % 100).ok();
    let version = number.and_then(|number| {
        Some(Version::new(
            u16::try_from(number / 10_000).ok()?,
            part(number, 100)?,
            part(number, 1)?,
        ))
    });
    match version {
        Some(version) => version.to_string(),
        None => short(text),
    }
}

fn short(text: &str) -> String {
    text.chars().take(MAX_VALUE).collect()
}

#[derive(Deserialize)]
struct Spec {
    #[serde(default)]
    annotations: BTreeMap<String, Text>,
}

/// A text, or something else, which is of no interest.
#[derive(Deserialize)]
#[serde(untagged)]
enum Text {
    Is(String),
    Other(IgnoredAny),
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::input::{Annotation, Form, MemorySource};

    fn opened(files: &[(&str, &str)], annotations: &[(&str, &str)]) -> Opened {
        let mut around = MemorySource::new("export");
        for (name, text) in files {
            around.insert(*name, text.as_bytes());
        }
        Opened {
            images: Arc::new(MemorySource::new("export")),
            around: Some(Arc::new(around)),
            packing: Packing {
                form: Form::Tar,
                directory: "checkpoint".to_owned(),
                ..Packing::default()
            },
            annotations: annotations
                .iter()
                .map(|(key, value)| Annotation {
                    key: (*key).to_owned(),
                    value: (*value).to_owned(),
                    file: "index.json".to_owned(),
                })
                .collect(),
            archive: None,
        }
    }

    fn said(export: &Export) -> Vec<(What, &str, &str)> {
        let statements = export.statements.iter();
        statements
            .map(|one| (one.what, one.value.as_str(), one.key.as_str()))
            .collect()
    }

    #[test]
    fn what_engines_say_is_kept_with_its_place() {
        let config = r#"{"id":"0123","name":"web","rootfsImageName":"alpine","runtime":"crun",
            "createdTime":"2026-02-03T04:05:06Z","checkpointedTime":"0001-01-01T00:00:00Z","secrets":[1,{}]}"#;
        let spec = r#"{"ociVersion":"1","annotations":{"io.container.manager":"libpod","odd":7}}"#;
        let export = read(&opened(
            &[("config.dump", config), ("spec.dump", spec)],
            &[("io.podman.annotations.checkpoint.criu.version", "40201")],
        ))
        .unwrap();
        assert_eq!(
            said(&export),
            [
                (What::Engine, "podman", "annotations.io.container.manager"),
                (What::ContainerId, "0123", "id"),
                (What::Container, "web", "name"),
                (What::Image, "alpine", "rootfsImageName"),
                (What::Runtime, "crun", "runtime"),
                (
                    What::Criu,
                    "4.2.1",
                    "annotations.io.podman.annotations.checkpoint.criu.version"
                ),
                (What::Created, "2026-02-03T04:05:06Z", "createdTime"),
            ]
        );
        assert_eq!(export.criu().unwrap().0, Version::new(4, 2, 1));
        assert_eq!(export.statements.last().unwrap().file, "config.dump");
        assert!(export.unread.is_empty());
    }

    #[test]
    fn what_differs_is_kept_twice_and_what_cannot_be_read_is_said() {
        let export = read(&opened(
            &[("config.dump", "{"), ("spec.dump", r#"{"annotations":[]}"#)],
            &[
                ("org.criu.checkpoint.criu.version", "4.1"),
                (
                    "io.kubernetes.cri-o.annotations.checkpoint.criu.version",
                    "4.2",
                ),
                ("io.kubernetes.cri-o.annotations.checkpoint.name", "web"),
                ("org.criu.checkpoint.container.name", "web"),
            ],
        ))
        .unwrap();
        let values: Vec<_> = said(&export)
            .into_iter()
            .map(|(what, value, _)| (what, value))
            .collect();
        assert_eq!(
            values,
            [
                (What::Container, "web"),
                (What::Criu, "4.1"),
                (What::Criu, "4.2")
            ]
        );
        assert_eq!(export.unread.len(), 2, "{:?}", export.unread);
        assert!(export.unread[0].starts_with("config.dump: "));
    }
}
