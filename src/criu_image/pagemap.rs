//! Pagemaps: which pages a dump holds (CRIU 4.2 `criu/pagemap.c`).

use std::sync::Arc;

use super::ask::Ask;
use super::error::Error;
use super::model::AnomalyKind;
use super::proto;
use super::reader::{Dir, Notes};
use crate::units::Place;
use crate::wire::schema::{PAGEMAP_ENTRY, PAGEMAP_HEAD};

/// The bytes are in the parent image.
pub(super) const PE_PARENT: u32 = 1;
/// The page may be restored on demand.
pub(super) const PE_LAZY: u32 = 2;
/// The bytes are in this pages file.
pub(super) const PE_PRESENT: u32 = 4;

/// A run of pages.
#[derive(Clone, Copy, Debug)]
pub(super) struct PageRun {
    /// First address, or offset in a shared-memory object.
    pub(super) vaddr: u64,
    /// Pages.
    pub(super) pages: u64,
    /// `PE_*`, made from `in_parent` where there are no flags.
    pub(super) flags: u32,
    /// Where the entry begins.
    pub(super) offset: u64,
}

/// One pagemap.
#[derive(Debug)]
pub(super) struct Pagemap {
    /// The file's name.
    pub(super) file: Arc<str>,
    /// N of `pages-N.img`.
    pub(super) pages_id: u32,
    /// The runs, in the order of their bytes.
    pub(super) runs: Vec<PageRun>,
}

/// Reads the pagemap called `name`; `None` when there is none.
pub(super) fn read(dir: &Dir, name: &str, notes: &mut Notes) -> Result<Option<Pagemap>, Error> {
    let Some(image) = dir.image(name, "PAGEMAP")? else {
        return Ok(None);
    };
    let file = Arc::clone(image.file());
    let head: proto::PagemapHead =
        notes.decode(PAGEMAP_HEAD, &image.single(PAGEMAP_HEAD.name())?)?;
    let mut runs = Vec::new();
    let mut contradiction: Option<Place> = None;
    for entry in image.entries().skip(1) {
        let entry = entry?;
        let message: proto::PagemapEntry = notes.decode(PAGEMAP_ENTRY, &entry)?;
        // A later field may say where bytes lie; guessing would give wrong memory.
        if let Some((number, place)) = notes.first_unknown(PAGEMAP_ENTRY) {
            let what = format!("field {number} of pagemap_entry");
            return Err(Error::Compressed {
                file: Arc::clone(&place.file),
                offset: place.offset,
                what,
            });
        }
        let old = u64::from(message.compat_nr_pages);
        if let Some(wide) = message.nr_pages {
            notes.asks.see(Ask::WidePages, || entry.field(&[5]));
            if old != 0 && old != wide {
                contradiction.get_or_insert_with(|| entry.place());
            }
        }
        if message.flags.is_some() {
            notes.asks.see(Ask::PageFlags, || entry.field(&[4]));
        }
        let flags = match (message.flags, message.in_parent) {
            (flags, Some(true)) => flags.unwrap_or(0) | PE_PARENT,
            (Some(flags), _) => flags,
            (None, _) => PE_PRESENT,
        };
        if flags & !(PE_PARENT | PE_LAZY | PE_PRESENT) != 0 {
            return Err(Error::PageFlags {
                file,
                offset: entry.offset,
                flags,
            });
        }
        let pages = message.nr_pages.unwrap_or(old);
        runs.push(PageRun {
            vaddr: message.vaddr,
            pages,
            flags,
            offset: entry.offset,
        });
    }
    if let Some(place) = contradiction {
        let detail =
            "the two page counts of an entry differ; the 64-bit one is taken, as CRIU 4.2 does";
        notes.anomaly(AnomalyKind::Contradiction, None, place, detail);
    }
    Ok(Some(Pagemap {
        file,
        pages_id: head.pages_id,
        runs,
    }))
}
