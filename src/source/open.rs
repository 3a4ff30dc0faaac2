//! From what the user named to the image in it.

use std::fs::File;
use std::io::{self, IsTerminal as _, Seek as _};
use std::os::unix::fs::FileTypeExt as _;
use std::path::Path;
use std::sync::Arc;

use super::archive::{Compression, Fault, Members, RawArchive, Reader};
use super::{DirSource, Options, Source, SourceError, layout};

/// The name of an inventory, which every dump has (`criu/include/image-desc.h`).
const INVENTORY: &str = "inventory.img";

/// The directory that engines put the image into (checkpointctl `lib/metadata.go`, `CheckpointDirectory`).
const CHECKPOINT: &str = "checkpoint";

/// Files of an engine beside that directory: what is there is an export.
const EXPORT: [&str; 2] = ["config.dump", "spec.dump"];

/// Most directories that are looked into for an image.
const MAX_DIRECTORIES: usize = 4096;

/// Directories that are named where there are several.
const NAMED: usize = 4;

/// What the user named, opened.
#[derive(Debug)]
pub struct Opened {
    /// The directory of images. Where none was found it is the directory that the user named.
    pub images: Arc<dyn Source>,
    /// The directory around it, with what the engine has to say. `None` where the image is not in one.
    pub around: Option<Arc<dyn Source>>,
    /// How the image lies in what the user named.
    pub packing: Packing,
    /// What an image layout says of it.
    pub annotations: Vec<Annotation>,
    /// The archive as bytes; `None` where the image is not in a tar archive that can be read again.
    pub archive: Option<RawArchive>,
}

/// How an image lies in what the user named.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Packing {
    /// What the user named.
    pub form: Form,
    /// How that is compressed; for a layout the layer.
    pub compression: Option<Compression>,
    /// The blob of a layout that holds the image.
    pub blob: Option<String>,
    /// The directory in it; empty where the image lies at the top.
    pub directory: String,
}

/// What the user named.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Form {
    /// A directory.
    #[default]
    Directory,
    /// A tar archive.
    Tar,
    /// An OCI image layout in a directory.
    Layout,
    /// An OCI image layout in a tar archive, or what `docker save` wrote.
    LayoutTar,
}

/// A statement about an image in a layout.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Annotation {
    /// Its key.
    pub key: String,
    /// Its value.
    pub value: String,
    /// The document that has it.
    pub file: String,
}

/// What messages call the standard input.
const STDIN: &str = "standard input";

/// Opens a directory or an archive; `-` is an archive on the standard input.
///
/// # Errors
/// When there is no such file, it is of another kind, or cannot be read within `options`. Where a directory holds no
/// image, reading its inventory will say so.
pub fn open(path: &Path, options: &Options) -> Result<Opened, SourceError> {
    if path.as_os_str() == "-" {
        let stdin = io::stdin();
        if stdin.is_terminal() {
            let what = "a terminal";
            return Err(whole(STDIN, Fault::Kind { what }));
        }
        let file = rustix::io::dup(&stdin).map_err(|error| unread(STDIN, error.into()))?;
        return stream_or_file(None, File::from(file), options);
    }
    let name = path.display().to_string();
    // Whoever names a pipe wants it to be waited for.
    let file = File::open(path).map_err(|error| whole(&name, Fault::Open { error }))?;
    let meta = file.metadata().map_err(|error| unread(&name, error))?;
    if meta.is_dir() {
        return directory(DirSource::open(path)?, options);
    }
    if !meta.is_file() && !meta.file_type().is_fifo() {
        let what = "a device or a socket";
        return Err(whole(&name, Fault::Kind { what }));
    }
    stream_or_file(Some(path), file, options)
}

/// A file is read where it lies; anything else once. `path` is where it can be opened again.
fn stream_or_file(
    path: Option<&Path>,
    mut file: File,
    options: &Options,
) -> Result<Opened, SourceError> {
    let name = path.map_or_else(|| STDIN.to_owned(), |path| path.display().to_string());
    let name = name.as_str();
    let meta = file.metadata().map_err(|error| unread(name, error))?;
    let mut reader = Reader::new(options);
    // What was read of a file before does not belong to the archive.
    let members = if meta.is_file() && file.stream_position().is_ok_and(|at| at == 0) {
        reader.file(name, file)?
    } else {
        reader.stream(name, &mut file)?
    };
    let path = path.filter(|_| meta.is_file());
    archive(name, path, members, reader)
}

fn archive(
    name: &str,
    path: Option<&Path>,
    members: Members,
    mut reader: Reader,
) -> Result<Opened, SourceError> {
    let found = members.directories_with(INVENTORY);
    let is_layout = [layout::MARK, layout::INDEX, layout::SAVED]
        .iter()
        .any(|document| members.has(document));
    let directory = match placed(&members, &found) {
        Some(directory) => Some(directory),
        None if is_layout => None,
        None => Some(only(&members, &found).ok_or_else(|| none_of(name, &found))?),
    };
    let Some(directory) = directory else {
        let mut store = layout::Store::Archive(members);
        return layout::open(name, &mut store, &mut reader, Form::LayoutTar);
    };
    members.check_directory(directory)?;
    Ok(Opened {
        archive: path.map(|path| members.raw(path, directory)),
        ..in_archive(&members, directory, Form::Tar)
    })
}

/// The image in `directory` of an archive.
pub(super) fn in_archive(members: &Members, directory: &str, form: Form) -> Opened {
    let (above, last) = directory.rsplit_once('/').unwrap_or(("", directory));
    Opened {
        images: members.directory(directory),
        around: (last == CHECKPOINT).then(|| members.directory(above)),
        packing: Packing {
            form,
            compression: members.compression,
            blob: None,
            directory: directory.to_owned(),
        },
        annotations: Vec::new(),
        archive: None,
    }
}

/// The image that lies where engines put it.
fn placed<'a>(members: &Members, found: &[&'a str]) -> Option<&'a str> {
    let of = |directory: &str| found.iter().find(|found| **found == directory).copied();
    let is_export = EXPORT.iter().any(|file| members.has(file));
    let (first, second) = if is_export {
        (CHECKPOINT, "")
    } else {
        ("", CHECKPOINT)
    };
    of(first).or_else(|| of(second))
}

/// The only image that is not the parent of another.
fn only<'a>(members: &Members, found: &[&'a str]) -> Option<&'a str> {
    match *members.not_parents(found) {
        [one] => Some(one),
        _ => None,
    }
}

/// The image of a layer; `None` when it holds none.
pub(super) fn in_layer(name: &str, members: &Members) -> Result<Option<String>, SourceError> {
    let found = members.directories_with(INVENTORY);
    match placed(members, &found).or_else(|| only(members, &found)) {
        Some(directory) => {
            members.check_directory(directory)?;
            Ok(Some(directory.to_owned()))
        }
        None if found.is_empty() => Ok(None),
        None => Err(none_of(name, &found)),
    }
}

/// The complaint about an archive or directory of which no image can be taken.
pub(super) fn none_of(name: &str, found: &[&str]) -> SourceError {
    let mut shown = found.get(..NAMED).unwrap_or(found).join(", ");
    if found.len() > NAMED {
        shown.push_str(", …");
    }
    SourceError::NoImage {
        name: name.to_owned(),
        count: found.len(),
        shown,
    }
}

fn directory(top: DirSource, options: &Options) -> Result<Opened, SourceError> {
    let has = |dir: &DirSource, file: &str| dir.head(file, 0).is_ok();
    let is_export = EXPORT.iter().any(|file| has(&top, file));
    let checkpoint = top.within(CHECKPOINT)?.filter(|dir| has(dir, INVENTORY));
    // An image directory may be called anything and hold anything; an export's image has one place.
    let at_top = has(&top, INVENTORY) && !(is_export && checkpoint.is_some());
    if at_top {
        return Ok(in_directory(top, None));
    }
    if let Some(images) = checkpoint {
        return Ok(in_directory(top, Some((CHECKPOINT.to_owned(), images))));
    }
    if has(&top, layout::MARK) || has(&top, layout::INDEX) {
        let name = top.name().to_owned();
        let mut reader = Reader::new(options);
        let mut store = layout::Store::Directory(top);
        return layout::open(&name, &mut store, &mut reader, Form::Layout);
    }
    let mut found = Vec::new();
    let below = top.list()?.into_iter().filter(|listed| !listed.regular);
    for listed in below.take(MAX_DIRECTORIES) {
        if let Ok(Some(below)) = top.within(&listed.name)
            && has(&below, INVENTORY)
        {
            found.push((listed.name, below));
        }
    }
    match found.len() {
        // Reading it says what is missing.
        0 => Ok(in_directory(top, None)),
        1 => Ok(in_directory(top, found.pop())),
        _ => {
            let names: Vec<&str> = found.iter().map(|(name, _)| name.as_str()).collect();
            Err(none_of(top.name(), &names))
        }
    }
}

/// The image in a directory: `top` itself, or one below it.
fn in_directory(top: DirSource, below: Option<(String, DirSource)>) -> Opened {
    let (images, around, directory) = match below {
        None => (top, None, String::new()),
        Some((name, images)) => {
            let around = (name == CHECKPOINT).then(|| Arc::new(top) as Arc<dyn Source>);
            (images, around, name)
        }
    };
    Opened {
        images: Arc::new(images),
        around,
        packing: Packing {
            directory,
            ..Packing::default()
        },
        annotations: Vec::new(),
        archive: None,
    }
}

fn unread(name: &str, error: io::Error) -> SourceError {
    whole(name, Fault::Read { error })
}

fn whole(name: &str, fault: Fault) -> SourceError {
    SourceError::Archive {
        file: name.to_owned(),
        offset: 0,
        fault: Box::new(fault),
    }
}
