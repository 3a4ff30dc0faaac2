//! The files that findings lie in, each once.

use std::collections::HashMap;

use super::model::{Artifact, ArtifactLocation};
use crate::report::escape::uri;
use crate::report::v1::CheckResult;

/// The list, and where in it each is.
#[derive(Default)]
pub(super) struct Artifacts {
    list: Vec<Artifact>,
    indices: HashMap<(String, Option<usize>), usize>,
}

impl Artifacts {
    pub(super) fn into_list(self) -> Vec<Artifact> {
        self.list
    }

    /// The location of a file of an image, or of the image itself. A file in an archive or an image layout lies in
    /// that artifact, and its URI is the path in it, from its root (2.1.0, 3.24.3).
    pub(super) fn locate(&mut self, result: &CheckResult, file: Option<&str>) -> ArtifactLocation {
        let image = uri(&result.image);
        match (file, &result.form) {
            (None, _) => self.add(image, None),
            (Some(file), None) => self.add(uri(&format!("{}/{file}", result.image)), None),
            (Some(file), Some(_)) => {
                let parent = self.add(image, None).index;
                self.add(format!("/{}", uri(file)), parent)
            }
        }
    }

    fn add(&mut self, uri: String, parent: Option<usize>) -> ArtifactLocation {
        let next = self.list.len();
        let index = *self.indices.entry((uri.clone(), parent)).or_insert(next);
        if index == next {
            self.list.push(Artifact {
                location: ArtifactLocation {
                    uri: uri.clone(),
                    index: None,
                },
                parent_index: parent,
            });
        }
        ArtifactLocation {
            uri,
            index: Some(index),
        }
    }
}
