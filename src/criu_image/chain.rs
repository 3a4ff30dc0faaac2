//! The chain of dumps that `parent` links make, and pages looked up along it
//! (CRIU 4.2 `criu/pagemap.c`, `try_open_parent` and `read_parent_page`).

use std::collections::BTreeSet;
use std::sync::Arc;

use super::error::Error;
use super::layer::{Laid, What, lay};
use super::model::{AnomalyKind, ParentDump};
use super::pagemap;
use super::reader::{Dir, Notes};
use super::space::{PageMap, PagesFile, Seg, SegContent};
use crate::input::{MAX_PARENTS, PARENT_LINK};
use crate::memory::Missing;
use crate::units::{Pid, Place};

/// The dump itself and the ones before it.
#[derive(Debug)]
pub(super) struct Chain {
    dirs: Vec<Dir>,
}

impl Chain {
    /// Follows the `parent` links from `dir` on, until there is none, one leads nowhere, one leads back
    /// or there are too many. The last three are anomalies: CRIU would not restore such a dump.
    pub(super) fn open(dir: Dir, notes: &mut Notes) -> Result<(Self, Vec<ParentDump>), Error> {
        let mut seen: BTreeSet<(u64, u64)> = dir.source.identity().into_iter().collect();
        let mut dirs = vec![dir];
        let mut links = Vec::new();
        while let Some(last) = dirs.last() {
            let Some(parent) = last.source.parent()? else {
                break;
            };
            let looped = parent
                .source
                .as_ref()
                .and_then(|source| source.identity())
                .is_some_and(|id| !seen.insert(id));
            let why = match &parent.source {
                _ if parent.is_text => Some(
                    "is a file with the text of a link, which CRIU does not follow; make it a link again (`ln -s`)"
                        .to_owned(),
                ),
                None => Some("leads to no directory".to_owned()),
                Some(_) if looped => Some("leads back to a dump of the same chain".to_owned()),
                Some(_) if dirs.len() > MAX_PARENTS => {
                    Some(format!("is one of more than {MAX_PARENTS}"))
                }
                Some(_) => None,
            };
            let followed = parent.source.filter(|_| why.is_none());
            links.push(ParentDump {
                target: parent.target.clone(),
                absolute: parent.absolute,
                followed: followed.is_some(),
            });
            if let Some(why) = why {
                let detail = format!("the link to {:?} {why}", parent.target);
                notes.anomaly(
                    AnomalyKind::ParentMissing,
                    None,
                    Place::new(last.label(PARENT_LINK), 0, 0),
                    detail,
                );
            }
            let Some(source) = followed else { break };
            let prefix = format!("{}{PARENT_LINK}/", last.prefix);
            let header = last.header;
            dirs.push(Dir {
                source,
                prefix,
                is_parent: true,
                header,
            });
        }
        Ok((Self { dirs }, links))
    }

    /// The pages of the pagemap called `name`, with those the parents hold; `None` when the dump itself
    /// has no such pagemap.
    pub(super) fn resolve(
        &self,
        name: &str,
        page_size: u64,
        pid: Option<Pid>,
        notes: &mut Notes,
    ) -> Result<Option<PageMap>, Error> {
        let Some((dump, parents)) = self.dirs.split_first() else {
            return Ok(None);
        };
        let Some(map) = pagemap::read(dump, name, notes)? else {
            return Ok(None);
        };
        let mut found = PageMap::default();
        let layer = lay(dump, &map, page_size, pid, notes)?;
        let mut wanted = take(layer.laid, layer.pages, &mut found);
        let mut label = dump.label(&format!("{PARENT_LINK}/{name}"));
        for dir in parents {
            if wanted.is_empty() {
                break;
            }
            let Some(map) = pagemap::read(dir, name, notes)? else {
                break;
            };
            let layer = lay(dir, &map, page_size, pid, notes)?;
            let (pieces, gaps) = pick(&layer.laid, &wanted);
            miss(&gaps, &mut found, &map.file, pid, notes);
            wanted = take(pieces, layer.pages, &mut found);
            label = dir.label(&format!("{PARENT_LINK}/{name}"));
        }
        miss(&wanted, &mut found, &label, pid, notes);
        found.finish();
        Ok(Some(found))
    }
}

/// Puts pieces of one layer among those found; what the next parent should have is the answer.
fn take(pieces: Vec<Laid>, pages: PagesFile, found: &mut PageMap) -> Vec<(u64, u64)> {
    let file = found.add_file(pages);
    let mut wanted = Vec::new();
    for Laid { start, end, what } in pieces {
        let why = match what {
            What::Here(offset) => {
                found.add_bytes(start, end, file, offset);
                continue;
            }
            What::Parent => {
                wanted.push((start, end));
                continue;
            }
            What::Lazy => Missing::Lazy,
            What::Nowhere => Missing::Truncated,
        };
        found.add(Seg {
            start,
            end,
            content: SegContent::Missing(why),
        });
    }
    wanted
}

/// Notes ranges that `file`, a pagemap of a parent, does not have.
fn miss(
    gaps: &[(u64, u64)],
    found: &mut PageMap,
    file: &Arc<str>,
    pid: Option<Pid>,
    notes: &mut Notes,
) {
    let Some(&(first, _)) = gaps.first() else {
        return;
    };
    let mut bytes = 0u64;
    for &(start, end) in gaps {
        found.add(Seg {
            start,
            end,
            content: SegContent::Missing(Missing::Parent),
        });
        bytes = bytes.saturating_add(end.saturating_sub(start));
    }
    let detail = format!("{bytes} bytes from {first:#x} on should be here and are not");
    let place = Place::new(Arc::clone(file), 0, 0);
    notes.anomaly(AnomalyKind::ParentMissing, pid, place, detail);
}

/// The parts of `laid` inside of `wanted`, and the parts of `wanted` that nothing covers. Both are
/// ascending and without overlap.
fn pick(laid: &[Laid], wanted: &[(u64, u64)]) -> (Vec<Laid>, Vec<(u64, u64)>) {
    let mut pieces = Vec::new();
    let mut gaps = Vec::new();
    let mut rest = laid;
    for &(start, end) in wanted {
        let mut at = start;
        while at < end {
            let Some((first, tail)) = rest.split_first() else {
                break;
            };
            if first.end <= at {
                rest = tail;
                continue;
            }
            if first.start >= end {
                break;
            }
            let from = first.start.max(at);
            if from > at {
                gaps.push((at, from));
            }
            let to = first.end.min(end);
            let cut = from.saturating_sub(first.start);
            let what = match first.what {
                What::Here(offset) => What::Here(offset.saturating_add(cut)),
                other => other,
            };
            pieces.push(Laid {
                start: from,
                end: to,
                what,
            });
            at = to;
        }
        if at < end {
            gaps.push((at, end));
        }
    }
    (pieces, gaps)
}
