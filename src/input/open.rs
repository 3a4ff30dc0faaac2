//! From what the user named to the image in it.

use std::fs::File;
use std::io::{self, IsTerminal as _, Seek as _};
use std::os::unix::fs::FileTypeExt as _;
use std::path::Path;
use std::sync::Arc;

use super::archive::{Compression, Fault, Members, RawArchive, Reader};
use super::last::{Dump, last_dump, none_of};
use super::{DirSource, Options, Source, SourceError, below, layout};

/// The name of an inventory, which every dump has (`criu/include/image-desc.h`).
const INVENTORY: &str = "inventory.img";

/// The directory that engines put the image into (checkpointctl `lib/metadata.go`, `CheckpointDirectory`).
const CHECKPOINT: &str = "checkpoint";

/// Files of an engine beside that directory: what is there is an export.
const EXPORT: [&str; 2] = ["config.dump", "spec.dump"];

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
        None => Some(only_of(name, &members, &found)?),
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

/// The only image of an archive that is not the parent of another.
fn only_of<'a>(name: &str, members: &Members, found: &[&'a str]) -> Result<&'a str, SourceError> {
    let dumps: Vec<Dump> = found
        .iter()
        .map(|path| Dump::new(path, &*members.directory(path)))
        .collect();
    let one = last_dump(name, &dumps)?;
    // The same path, borrowed from the archive.
    let found = found.iter().find(|path| **path == one);
    found.copied().ok_or_else(|| none_of(name, &[]))
}

/// The image of a layer; `None` when it holds none.
pub(super) fn in_layer(name: &str, members: &Members) -> Result<Option<String>, SourceError> {
    let found = members.directories_with(INVENTORY);
    if found.is_empty() {
        return Ok(None);
    }
    let directory = match placed(members, &found) {
        Some(directory) => directory,
        None => only_of(name, members, &found)?,
    };
    members.check_directory(directory)?;
    Ok(Some(directory.to_owned()))
}

fn directory(top: DirSource, options: &Options) -> Result<Opened, SourceError> {
    let has = |dir: &DirSource, file: &str| dir.head(file, 0).is_ok();
    let is_export = EXPORT.iter().any(|file| has(&top, file));
    let checkpoint = top.within(CHECKPOINT)?.filter(|dir| has(dir, INVENTORY));
    // An image directory may be called anything and hold anything; an export's image has one place.
    let at_top = has(&top, INVENTORY) && !(is_export && checkpoint.is_some());
    if at_top {
        return Ok(at_the_top(top));
    }
    if checkpoint.is_some() {
        return in_directory(&top, CHECKPOINT);
    }
    let documents = [layout::MARK, layout::INDEX, layout::SAVED];
    if documents.iter().any(|document| has(&top, document)) {
        let name = top.name().to_owned();
        let mut reader = Reader::new(options);
        let mut store = layout::Store::Directory(top);
        return layout::open(&name, &mut store, &mut reader, Form::Layout);
    }
    let found = below::images(&top, INVENTORY)?;
    if found.is_empty() {
        // Reading it says what is missing.
        return Ok(at_the_top(top));
    }
    in_directory(&top, last_dump(top.name(), &found)?)
}

/// The image in `top` itself.
fn at_the_top(top: DirSource) -> Opened {
    Opened {
        images: Arc::new(top),
        around: None,
        packing: Packing::default(),
        annotations: Vec::new(),
        archive: None,
    }
}

/// The image in the directory `path` below `top`.
fn in_directory(top: &DirSource, path: &str) -> Result<Opened, SourceError> {
    let gone = || none_of(top.name(), &[]);
    let images = top.below(path)?.ok_or_else(gone)?;
    let (above, last) = path.rsplit_once('/').unwrap_or(("", path));
    let around = if last == CHECKPOINT {
        let around = top.below(above)?.ok_or_else(gone)?;
        Some(Arc::new(around) as Arc<dyn Source>)
    } else {
        None
    };
    Ok(Opened {
        around,
        packing: Packing {
            directory: path.to_owned(),
            ..Packing::default()
        },
        ..at_the_top(images)
    })
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
