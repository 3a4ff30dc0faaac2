//! From a plan to work for each file, with every old byte checked.

use std::collections::BTreeMap;
use std::fs::File;
use std::os::fd::OwnedFd;

use super::bytes::{read_exact, size};
use super::error::Error;
use super::files::Files;
use super::name::{FileName, directory, gone, io_error};
use crate::criu_image::magic;
use crate::criu_image::model::ImageKind;
use crate::rewrite::edit::{Change, Operation, Plan};
use crate::wire::edit::{self, EditError};

/// Largest file of messages that is edited. The journal keeps its old bytes in hexadecimal; 16 MiB are
/// the mappings of a process with 200 000 of them, three times what kernels allow.
pub(super) const MAX_MESSAGES: u64 = 16 << 20;

/// Kinds whose entries are followed by bytes that are no messages (CRIU 4.2 `lib/pycriu/images/images.py`),
/// so that stepping from entry to entry would go astray. No edit concerns them.
const WITH_EXTRA: &[&str] = &[
    "GHOST_FILE",
    "PIPES_DATA",
    "FIFO_DATA",
    "SK_QUEUES",
    "TCP_STREAM",
    "TTY_DATA",
    "BPFMAP_DATA",
    "IPCNS_SHM",
    "IPCNS_MSG",
    "IPCNS_SEM",
];

/// What is to be done to one file.
#[derive(Debug)]
pub(super) struct Work {
    pub(super) file: FileName,
    pub(super) what: What,
}

#[derive(Debug)]
pub(super) enum What {
    /// Bytes in place, by ascending offset and apart, in a file of `size` bytes.
    Spans { size: u64, spans: Vec<Span> },
    /// The whole content.
    Whole { old: Vec<u8>, new: Vec<u8> },
}

#[derive(Debug)]
pub(super) struct Span {
    pub(super) offset: u64,
    pub(super) old: Vec<u8>,
    /// As long as `old`.
    pub(super) new: Vec<u8>,
}

impl Span {
    /// First byte behind.
    pub(super) fn end(&self) -> u64 {
        let len = u64::try_from(self.old.len()).unwrap_or(u64::MAX);
        self.offset.saturating_add(len)
    }
}

type Fields<'a> = BTreeMap<usize, Vec<(&'a edit::Path, &'a Operation)>>;

#[derive(Default)]
struct Wanted<'a> {
    spans: Vec<Span>,
    entries: Fields<'a>,
}

fn bad(file: &str, offset: u64, why: impl Into<String>) -> Error {
    Error::Plan {
        file: file.to_owned(),
        offset,
        why: why.into(),
    }
}

/// A file as it is before the rewrite.
pub(super) trait Old {
    /// Its size in bytes.
    fn size(&self) -> Result<u64, Error>;

    /// `len` bytes at `offset`; an error where it ends before.
    fn read(&self, offset: u64, len: usize) -> Result<Vec<u8>, Error>;
}

/// A file of a directory.
struct OnDisk<'a> {
    files: &'a Files,
    file: File,
    label: String,
}

impl Old for OnDisk<'_> {
    fn size(&self) -> Result<u64, Error> {
        size(&self.file, &self.label)
    }

    fn read(&self, offset: u64, len: usize) -> Result<Vec<u8>, Error> {
        read_exact(self.files, &self.file, &self.label, offset, len)
    }
}

/// The work of `plan` on the image at `root`. `follow` says whether files of a parent elsewhere count.
pub(super) fn lower(
    files: &Files,
    root: &OwnedFd,
    plan: &Plan,
    follow: bool,
) -> Result<Vec<Work>, Error> {
    lower_from(plan, "", |name| {
        let label = name.to_string();
        let dir = directory(files, root, name, follow)?;
        let file = files
            .open(&dir, name.os())
            .map_err(io_error("open", &label))?
            .ok_or_else(|| gone(name))?;
        Ok(Box::new(OnDisk { files, file, label }))
    })
}

/// The work of `plan` on files that `open` opens. `label` is in front of all names in the plan.
pub(super) fn lower_from<'o>(
    plan: &Plan,
    label: &str,
    open: impl Fn(&FileName) -> Result<Box<dyn Old + 'o>, Error>,
) -> Result<Vec<Work>, Error> {
    let mut wanted: BTreeMap<FileName, Wanted<'_>> = BTreeMap::new();
    for change in plan.edits.iter().flat_map(|edit| &edit.changes) {
        let (Change::Bytes { file, .. } | Change::Field { file, .. }) = change;
        let name = file
            .strip_prefix(label)
            .and_then(FileName::parse)
            .ok_or_else(|| bad(file, 0, "not the name of a file of the image"))?;
        let entry = wanted.entry(name).or_default();
        match change {
            Change::Bytes {
                offset, old, new, ..
            } => {
                if old.len() != new.len() || old.is_empty() {
                    return Err(bad(file, *offset, "old and new bytes differ in number"));
                }
                entry.spans.push(Span {
                    offset: *offset,
                    old: old.clone(),
                    new: new.clone(),
                });
            }
            Change::Field {
                entry: index,
                path,
                operation,
                ..
            } => entry
                .entries
                .entry(*index)
                .or_default()
                .push((path, operation)),
        }
    }
    wanted
        .into_iter()
        .map(|(file, wanted)| {
            let what = file_work(&*open(&file)?, &file, wanted)?;
            Ok(Work { file, what })
        })
        .collect()
}

fn file_work(file: &dyn Old, name: &FileName, wanted: Wanted<'_>) -> Result<What, Error> {
    let label = name.to_string();
    let size = file.size()?;
    let have = usize::try_from(size).unwrap_or(8).min(8);
    let mut head = [0; 8];
    if let Some(head) = head.get_mut(..have) {
        head.copy_from_slice(&file.read(0, have)?);
    }
    let kind = magic::classify(&name.name, head.get(..have).unwrap_or_default());
    if matches!(kind, ImageKind::Raw(_)) {
        if !wanted.entries.is_empty() {
            return Err(bad(&label, 0, "the file has no entries"));
        }
        let spans = check_spans(&label, size, wanted.spans)?;
        for span in &spans {
            if file.read(span.offset, span.old.len())? != span.old {
                return Err(bad(&label, span.offset, "other bytes than planned for"));
            }
        }
        return Ok(What::Spans { size, spans });
    }
    if let Some(span) = wanted.spans.first() {
        let why = "the file holds messages, whose bytes are not changed in place";
        return Err(bad(&label, span.offset, why));
    }
    let header = match kind {
        ImageKind::Known(kind) if WITH_EXTRA.contains(&kind) => {
            return Err(bad(&label, 0, "images of this kind are not edited"));
        }
        ImageKind::Known(_) | ImageKind::UnknownMagic(_) => header(&head),
        _ => return Err(bad(&label, 0, "no image of CRIU's")),
    };
    let old = match usize::try_from(size) {
        Ok(len) if size <= MAX_MESSAGES => file.read(0, len)?,
        _ => {
            return Err(Error::TooLarge {
                file: label,
                size,
                limit: MAX_MESSAGES,
            });
        }
    };
    let new = edit_entries(&label, &old, header, &wanted.entries)?;
    let limit = usize::try_from(MAX_MESSAGES).unwrap_or(usize::MAX);
    if new.len() > limit {
        return Err(bad(&label, 0, "the file would become too large"));
    }
    Ok(What::Whole { old, new })
}

/// Bytes in front of the first entry: a word of the kind, with a common one before it since image
/// version 2 in all but the inventory.
fn header(head: &[u8; 8]) -> usize {
    let [a, b, c, d, ..] = *head;
    match u32::from_le_bytes([a, b, c, d]) {
        magic::COMMON | magic::SERVICE => 8,
        _ => 4,
    }
}

/// Spans in order; an error where two overlap or one leaves the file.
pub(super) fn check_spans(
    label: &str,
    size: u64,
    mut spans: Vec<Span>,
) -> Result<Vec<Span>, Error> {
    spans.sort_by_key(|span| span.offset);
    let mut last = 0;
    for span in &spans {
        if span.offset < last {
            return Err(bad(label, span.offset, "two edits of one byte"));
        }
        last = span.end();
        if last > size || last == u64::MAX {
            return Err(bad(
                label,
                span.offset,
                "an edit behind the end of the file",
            ));
        }
    }
    Ok(spans)
}

/// The file with its entries edited: header, other entries and all else as they lie.
pub(super) fn edit_entries(
    label: &str,
    bytes: &[u8],
    header: usize,
    wanted: &Fields<'_>,
) -> Result<Vec<u8>, Error> {
    let offset = |at: usize| u64::try_from(at).unwrap_or(u64::MAX);
    let mut out = bytes.get(..header).unwrap_or_default().to_vec();
    let mut rest = bytes.get(header..).unwrap_or_default();
    let mut left = wanted.len();
    let mut index = 0usize;
    while left > 0 {
        let at = bytes.len().saturating_sub(rest.len());
        let cut = rest.split_first_chunk::<4>().and_then(|(size, tail)| {
            tail.split_at_checked(usize::try_from(u32::from_le_bytes(*size)).ok()?)
        });
        let Some((entry, tail)) = cut else {
            return Err(bad(label, offset(at), format!("there is no entry {index}")));
        };
        match wanted.get(&index) {
            None => {
                out.extend_from_slice(rest.get(..4).unwrap_or_default());
                out.extend_from_slice(entry);
            }
            Some(edits) => {
                left = left.saturating_sub(1);
                let new =
                    edit::edit(entry, edits.iter().copied()).map_err(|error: EditError| {
                        Error::Field {
                            file: label.to_owned(),
                            entry: index,
                            error,
                        }
                    })?;
                let size = u32::try_from(new.len())
                    .map_err(|_| bad(label, offset(at), "the entry would become too large"))?;
                out.extend_from_slice(&size.to_le_bytes());
                out.extend_from_slice(&new);
            }
        }
        rest = tail;
        index = index.saturating_add(1);
    }
    out.extend_from_slice(rest);
    Ok(out)
}
