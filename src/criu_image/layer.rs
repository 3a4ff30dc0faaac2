//! One pagemap laid over its pages file. Nothing in an image states where a page's bytes lie: it is the
//! sum of all present runs before it (CRIU 4.2 `criu/pagemap.c`, `skip_pagemap_pages`).

use std::sync::Arc;

use super::error::Error;
use super::model::AnomalyKind;
use super::pagemap::{PE_LAZY, PE_PARENT, PE_PRESENT, PageRun, Pagemap};
use super::reader::{Dir, Notes};
use super::space::PagesFile;
use crate::units::{Pid, Place};

/// Page sizes arm64 kernels have, bytes.
pub(super) const PAGE_SIZES: [u64; 3] = [4096, 16384, 65536];

/// A run of addresses and where their bytes are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Laid {
    pub(super) start: u64,
    pub(super) end: u64,
    pub(super) what: What,
}

/// Where the bytes of a [`Laid`] are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum What {
    /// In this pages file, from this offset on.
    Here(u64),
    /// Left to a lazy-pages server.
    Lazy,
    /// In the parent image.
    Parent,
    /// Nowhere: no flag says so.
    Nowhere,
}

/// A pagemap with its pages file.
#[derive(Debug)]
pub(super) struct Layer {
    /// Ascending, without overlap.
    pub(super) laid: Vec<Laid>,
    /// The pages, of which there may be fewer than the runs ask for.
    pub(super) pages: PagesFile,
}

/// Lays `map` over its pages file, and notes what does not fit.
pub(super) fn lay(
    dir: &Dir,
    map: &Pagemap,
    page_size: u64,
    pid: Option<Pid>,
    notes: &mut Notes,
) -> Result<Layer, Error> {
    let mut laid = Vec::with_capacity(map.runs.len());
    let mut offset = 0u64;
    for run in &map.runs {
        let range = || Error::PageRange {
            file: Arc::clone(&map.file),
            offset: run.offset,
            vaddr: run.vaddr,
            pages: run.pages,
        };
        let len = run.pages.checked_mul(page_size).ok_or_else(range)?;
        let end = run.vaddr.checked_add(len).ok_or_else(range)?;
        // As in CRIU, PARENT decides where to read, and PRESENT whether the offset moves.
        let what = match run.flags {
            flags if flags & PE_PARENT != 0 => What::Parent,
            flags if flags & PE_PRESENT != 0 => What::Here(offset),
            flags if flags & PE_LAZY != 0 => What::Lazy,
            _ => What::Nowhere,
        };
        if run.flags & PE_PRESENT != 0 {
            offset = offset.checked_add(len).ok_or_else(range)?;
        }
        if len != 0 {
            laid.push(Laid {
                start: run.vaddr,
                end,
                what,
            });
        }
    }
    note_runs(map, page_size, pid, notes);
    order(map, &mut laid, pid, notes);
    let pages = pages(dir, map, offset, page_size, pid, notes)?;
    Ok(Layer { laid, pages })
}

/// Notes odd runs: one anomaly a kind, with the first of them and how many there are.
fn note_runs(map: &Pagemap, page_size: u64, pid: Option<Pid>, notes: &mut Notes) {
    let lazy =
        |run: &PageRun| run.flags & PE_LAZY != 0 && run.flags & (PE_PRESENT | PE_PARENT) == 0;
    let mut note = |kind, odd: &dyn Fn(&PageRun) -> bool, what: &str| {
        let mut runs = map.runs.iter().filter(|run| run.pages != 0 && odd(run));
        let Some(first) = runs.next() else { return };
        let count = runs.count().saturating_add(1);
        let detail = format!(
            "{count} runs of pages, the first at {:#x}, {what}",
            first.vaddr
        );
        notes.anomaly(
            kind,
            pid,
            Place::new(Arc::clone(&map.file), first.offset, 0),
            detail,
        );
    };
    note(
        AnomalyKind::PagesLazy,
        &lazy,
        "were left to a lazy-pages server",
    );
    note(
        AnomalyKind::Contradiction,
        &|run| run.flags == 0,
        "are neither here nor anywhere else",
    );
    note(
        AnomalyKind::Contradiction,
        &|run| run.flags & (PE_PARENT | PE_PRESENT) == PE_PARENT | PE_PRESENT,
        "are both here and in the parent; the parent's are taken, as CRIU does",
    );
    let unaligned = |run: &PageRun| run.vaddr.checked_rem(page_size) != Some(0);
    note(
        AnomalyKind::PageSizeDoubtful,
        &unaligned,
        &format!("do not begin at a multiple of {page_size}"),
    );
}

/// CRIU writes runs in ascending order. If they are not, they are sorted, and what two claim is the
/// lower one's.
fn order(map: &Pagemap, laid: &mut Vec<Laid>, pid: Option<Pid>, notes: &mut Notes) {
    let in_order = laid.is_sorted_by(|one, next| one.end <= next.start);
    if in_order {
        return;
    }
    let detail = "the runs of pages are not in ascending order or overlap";
    notes.anomaly(
        AnomalyKind::Contradiction,
        pid,
        Place::new(Arc::clone(&map.file), 0, 0),
        detail,
    );
    laid.sort_by_key(|laid| laid.start);
    let mut from = 0u64;
    laid.retain_mut(|laid| {
        let cut = from.saturating_sub(laid.start);
        laid.start = laid.start.saturating_add(cut);
        if let What::Here(offset) = &mut laid.what {
            *offset = offset.saturating_add(cut);
        }
        from = from.max(laid.end);
        laid.start < laid.end
    });
}

/// Opens the pages file and holds its size against `want`, the bytes the pagemap accounts for.
fn pages(
    dir: &Dir,
    map: &Pagemap,
    want: u64,
    page_size: u64,
    pid: Option<Pid>,
    notes: &mut Notes,
) -> Result<PagesFile, Error> {
    let name = format!("pages-{}.img", map.pages_id);
    let file = dir.label(&name);
    let blob = dir.map(&name)?;
    let have = blob.as_ref().map_or(0, |blob| blob.len() as u64);
    let place = Place::new(Arc::clone(&file), have.min(want), 0);
    let by = &map.file;
    match &blob {
        None if want != 0 => {
            let detail = format!("not there, though {by} accounts for {want} bytes in it");
            notes.anomaly(AnomalyKind::PagesMissing, pid, place, detail);
        }
        Some(_) if have < want => {
            let detail = format!("{have} bytes, though {by} accounts for {want}");
            notes.anomaly(AnomalyKind::PagesTruncated, pid, place, detail);
        }
        Some(_) if have > want => {
            let detail = format!("{have} bytes, of which {by} accounts for {want}");
            notes.anomaly(AnomalyKind::PagesOversized, pid, place, detail);
        }
        _ => {}
    }
    let pages = want.checked_div(page_size).unwrap_or(0);
    let other = PAGE_SIZES
        .into_iter()
        .filter(|&size| size != page_size && pages != 0);
    if let Some(size) = other
        .into_iter()
        .find(|size| pages.checked_mul(*size) == Some(have))
    {
        let detail = format!("{have} bytes are {pages} pages of {size} bytes, not of {page_size}");
        let place = Place::new(Arc::clone(&file), 0, have);
        notes.anomaly(AnomalyKind::PageSizeDoubtful, pid, place, detail);
    }
    Ok(PagesFile {
        file,
        blob,
        parent: dir.is_parent,
    })
}
