//! OCI image layouts (image-spec `image-layout.md`) and what `docker save` writes: the layer that holds an image.
//!
//! Podman (`container checkpoint --create-image`) and checkpointctl (`build`) put an export into a layer of an image;
//! containerd (`ctr container checkpoint`) lists the archive of the image directory in an index.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde::Deserialize;

use super::archive::{Members, Reader};
use super::last::none_of;
use super::open::{Annotation, Form, Opened, in_archive, in_layer};
use super::{DirSource, Source as _, SourceError};

/// The file that marks a layout.
pub(in crate::input) const MARK: &str = "oci-layout";

/// The document it begins with.
pub(in crate::input) const INDEX: &str = "index.json";

/// The document that `docker save` wrote before it wrote layouts.
pub(in crate::input) const SAVED: &str = "manifest.json";

/// containerd's type of an archive of an image directory (containerd `core/images/mediatypes.go`).
const CONTAINERD_IMAGES: &str = "application/vnd.containerd.container.criu.checkpoint.criu.tar";

/// Beginnings of annotations on images that hold a checkpoint: Podman (`libpod/define/annotations.go`), CRI-O
/// (`internal/annotations/checkpoint.go`), checkpointctl (`lib/annotations.go`).
const CHECKPOINT_ANNOTATIONS: [&str; 3] = [
    "io.podman.annotations.checkpoint.",
    "io.kubernetes.cri-o.annotations.checkpoint.",
    "org.criu.checkpoint.",
];

/// Indexes may lead to indexes: how deep, and to how many documents and layers at all.
const MAX_DEPTH: usize = 4;
const MAX_DOCUMENTS: usize = 64;
const MAX_LAYERS: usize = 512;

/// Annotations of a document that are kept, and the longest of their keys and values, bytes. None that is known comes near.
const MAX_ANNOTATIONS: usize = 256;
const MAX_ANNOTATION: usize = 1024;

/// Where the blobs of a layout are.
pub(super) enum Store {
    Directory(DirSource),
    Archive(Members),
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Document {
    #[serde(default)]
    manifests: Vec<Descriptor>,
    #[serde(default)]
    layers: Vec<Descriptor>,
    #[serde(default)]
    annotations: BTreeMap<String, String>,
}

#[derive(Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Descriptor {
    #[serde(default)]
    media_type: String,
    digest: String,
    #[serde(default)]
    size: Option<u64>,
    #[serde(default)]
    annotations: BTreeMap<String, String>,
}

#[derive(Deserialize)]
struct Saved {
    #[serde(rename = "Layers", default)]
    layers: Vec<String>,
}

/// A blob that may hold an image.
#[derive(Clone)]
struct Candidate {
    path: String,
    size: Option<u64>,
    /// Those of the documents that lead to it. Layers of one image share them.
    annotations: Arc<[Annotation]>,
    /// Announced as the archive of an image directory.
    announced: bool,
}

impl Candidate {
    /// Whether whoever made the image said that it holds a checkpoint.
    fn is_annotated(&self) -> bool {
        self.annotations.iter().any(|annotation| {
            let mut fronts = CHECKPOINT_ANNOTATIONS.iter();
            fronts.any(|front| annotation.key.starts_with(front))
        })
    }
}

/// Opens the one image in a layout.
pub(super) fn open(
    name: &str,
    store: &mut Store,
    reader: &mut Reader,
    form: Form,
) -> Result<Opened, SourceError> {
    let mut walk = Walk {
        name,
        store,
        documents: 0,
        candidates: Vec::new(),
    };
    if walk.store.document(INDEX)?.is_some() {
        walk.document(INDEX, &[], 0)?;
    } else {
        walk.saved()?;
    }
    let all = walk.candidates;
    // What is announced comes before what is annotated, and that before what may be any image.
    let ranks: [fn(&Candidate) -> bool; 3] =
        [|one| one.announced, Candidate::is_annotated, |_| true];
    let chosen = ranks.into_iter().find(|rank| all.iter().any(rank));
    let mut found: Vec<(Candidate, Members, String)> = Vec::new();
    let mut others: Vec<(Candidate, Members)> = Vec::new();
    let mut seen = BTreeSet::new();
    for candidate in all
        .iter()
        .filter(|candidate| chosen.is_some_and(|rank| rank(candidate)))
    {
        if !seen.insert(candidate.path.as_str()) {
            continue;
        }
        let members = store.layer(name, reader, candidate)?;
        match in_layer(&format!("{name}: {}", candidate.path), &members)? {
            Some(directory) => found.push((candidate.clone(), members, directory)),
            None => others.push((candidate.clone(), members)),
        }
    }
    let [(candidate, members, directory)] = found.as_slice() else {
        let paths: Vec<&str> = found.iter().map(|(one, ..)| one.path.as_str()).collect();
        return Err(none_of(name, &paths));
    };
    // Whoever unpacks lays one layer over the other.
    if let Some((other, _)) = others.iter().find(|(_, other)| other.touches(directory)) {
        let why = format!(
            "changes what {} has in {directory:?}; make an image of the export alone",
            candidate.path
        );
        return Err(broken(name, &other.path, why));
    }
    let mut opened = in_archive(members, directory, form);
    opened.packing.blob = Some(candidate.path.clone());
    opened.annotations = candidate.annotations.to_vec();
    Ok(opened)
}

struct Walk<'a> {
    name: &'a str,
    store: &'a mut Store,
    documents: usize,
    candidates: Vec<Candidate>,
}

impl Walk<'_> {
    /// An index or a manifest, and what it leads to.
    fn document(
        &mut self,
        path: &str,
        above: &[Annotation],
        depth: usize,
    ) -> Result<(), SourceError> {
        self.documents = self.documents.saturating_add(1);
        if depth > MAX_DEPTH || self.documents > MAX_DOCUMENTS {
            return Err(broken(
                self.name,
                path,
                "leads to more documents than a checkpoint needs; export its image alone",
            ));
        }
        let Some(bytes) = self.store.document(path)? else {
            return Err(self.missing(path));
        };
        let document: Document = self.parse(path, &bytes)?;
        let annotations = join(above, path, &document.annotations);
        for descriptor in &document.layers {
            self.candidate(path, descriptor, &annotations)?;
        }
        for descriptor in &document.manifests {
            let annotations = join(&annotations, path, &descriptor.annotations);
            if descriptor.media_type == CONTAINERD_IMAGES {
                self.candidate(path, descriptor, &annotations)?;
            } else if is_document(&descriptor.media_type) {
                let blob = self.blob(path, &descriptor.digest)?;
                // An index may list images for other machines that were not exported with it.
                if depth == 0 || self.store.document(&blob)?.is_some() {
                    self.document(&blob, &annotations, depth.saturating_add(1))?;
                }
            }
        }
        Ok(())
    }

    fn candidate(
        &mut self,
        path: &str,
        descriptor: &Descriptor,
        annotations: &Arc<[Annotation]>,
    ) -> Result<(), SourceError> {
        if self.candidates.len() >= MAX_LAYERS {
            return Err(broken(self.name, path, "names too many layers"));
        }
        self.candidates.push(Candidate {
            path: self.blob(path, &descriptor.digest)?,
            size: descriptor.size,
            annotations: Arc::clone(annotations),
            announced: descriptor.media_type == CONTAINERD_IMAGES,
        });
        Ok(())
    }

    /// What `docker save` wrote.
    fn saved(&mut self) -> Result<(), SourceError> {
        let Some(bytes) = self.store.document(SAVED)? else {
            return Err(self.missing(INDEX));
        };
        let images: Vec<Saved> = self.parse(SAVED, &bytes)?;
        for path in images.into_iter().flat_map(|image| image.layers) {
            if self.candidates.len() >= MAX_LAYERS {
                return Err(broken(self.name, SAVED, "names too many layers"));
            }
            self.candidates.push(Candidate {
                path,
                size: None,
                annotations: Arc::default(),
                announced: false,
            });
        }
        Ok(())
    }

    fn parse<T: for<'de> Deserialize<'de>>(
        &self,
        path: &str,
        bytes: &[u8],
    ) -> Result<T, SourceError> {
        serde_json::from_slice(bytes).map_err(|error| {
            broken(
                self.name,
                path,
                format!("is not what it should be ({error})"),
            )
        })
    }

    /// The path of the blob with this digest.
    fn blob(&self, path: &str, digest: &str) -> Result<String, SourceError> {
        let plain = |text: &str| {
            !text.is_empty()
                && text.len() <= 128
                && text.bytes().all(|byte| byte.is_ascii_alphanumeric())
        };
        match digest.split_once(':') {
            Some((algorithm, hex)) if plain(algorithm) && plain(hex) => {
                Ok(format!("blobs/{algorithm}/{hex}"))
            }
            _ => Err(broken(self.name, path, "names a blob by what is no digest")),
        }
    }

    fn missing(&self, path: &str) -> SourceError {
        broken(self.name, path, "is not there")
    }
}

impl Store {
    fn document(&self, path: &str) -> Result<Option<Vec<u8>>, SourceError> {
        match self {
            Self::Archive(members) => members.document(path),
            Self::Directory(top) => match at(top, path)? {
                Some((directory, file)) => directory.read(file, super::archive::MAX_DOCUMENT),
                None => Ok(None),
            },
        }
    }

    fn layer(
        &mut self,
        name: &str,
        reader: &mut Reader,
        candidate: &Candidate,
    ) -> Result<Members, SourceError> {
        let path = candidate.path.as_str();
        let missing = || broken(name, path, "is not there, though it is named as a layer");
        match self {
            Self::Archive(members) => {
                check_size(name, candidate, members.size(path))?;
                reader.layer_of(members, path)?.ok_or_else(missing)
            }
            Self::Directory(top) => {
                let file = match at(top, path)? {
                    Some((directory, file)) => directory.file(file)?,
                    None => None,
                };
                let (file, size) = file.ok_or_else(missing)?;
                check_size(name, candidate, Some(size))?;
                reader.layer(name, path, file)
            }
        }
    }
}

/// The directory of a path below `top`, and the name of the file in it.
fn at<'p>(top: &DirSource, path: &'p str) -> Result<Option<(DirSource, &'p str)>, SourceError> {
    let (above, file) = path.rsplit_once('/').unwrap_or(("", path));
    Ok(top.below(above)?.map(|directory| (directory, file)))
}

fn check_size(name: &str, candidate: &Candidate, size: Option<u64>) -> Result<(), SourceError> {
    match (candidate.size, size) {
        (Some(want), Some(have)) if want != have => Err(broken(
            name,
            &candidate.path,
            format!("has {have} bytes and should have {want}; it is damaged, so export it again"),
        )),
        _ => Ok(()),
    }
}

/// Whether a descriptor leads to an index or a manifest.
fn is_document(media_type: &str) -> bool {
    [
        "application/vnd.oci.image.index.v1+json",
        "application/vnd.oci.image.manifest.v1+json",
        "application/vnd.docker.distribution.manifest.v2+json",
        "application/vnd.docker.distribution.manifest.list.v2+json",
    ]
    .contains(&media_type)
}

fn join(
    above: &[Annotation],
    file: &str,
    annotations: &BTreeMap<String, String>,
) -> Arc<[Annotation]> {
    let short = |(key, value): &(&String, &String)| key.len().max(value.len()) <= MAX_ANNOTATION;
    let here = annotations
        .iter()
        .filter(short)
        .take(MAX_ANNOTATIONS)
        .map(|(key, value)| Annotation {
            key: key.clone(),
            value: value.clone(),
            file: file.to_owned(),
        });
    above.iter().cloned().chain(here).collect()
}

fn broken(name: &str, document: &str, why: impl Into<String>) -> SourceError {
    SourceError::Layout {
        name: name.to_owned(),
        document: document.to_owned(),
        why: why.into(),
    }
}
