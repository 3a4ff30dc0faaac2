//! The chain of dumps that `parent` links make, and pages looked up along it
//! (CRIU 4.2 `criu/pagemap.c`, `try_open_parent` and `read_parent_page`).

use std::collections::BTreeSet;
use std::sync::Arc;

use super::error::Error;
use super::layer::{Laid, What, lay};
use super::model::{AnomalyKind, ParentDump};
use super::pagemap;
use super::reader::{Dir, Notes};
use super::space::{PageMap, Seg, SegContent};
use crate::memory::Missing;
use crate::source::{MAX_PARENTS, PARENT_LINK};
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
        let mut found = PageMap::default();
        let mut wanted: Vec<(u64, u64)> = vec![(0, u64::MAX)];
        for (depth, dir) in self.dirs.iter().enumerate() {
            let Some(map) = pagemap::read(dir, name, notes)? else {
                if depth == 0 {
                    return Ok(None);
                }
                break;
            };
            let layer = lay(dir, &map, page_size, pid, notes)?;
            let file = found.add_file(layer.pages);
            let (pieces, gaps) = pick(&layer.laid, &wanted);
            // In the dump itself, what no run covers is no gap: it has no pages.
            if depth != 0 {
                self.miss(&gaps, &mut found, (depth, name), pid, notes);
            }
            wanted.clear();
            for piece in pieces {
                let content = match piece.what {
                    What::Here(offset) => {
                        found.add_bytes(piece.start, piece.end, file, offset);
                        continue;
                    }
                    What::Parent => {
                        wanted.push((piece.start, piece.end));
                        continue;
                    }
                    What::Lazy => SegContent::Missing(Missing::Lazy),
                    What::Nowhere => SegContent::Missing(Missing::Truncated),
                };
                found.add(Seg {
                    start: piece.start,
                    end: piece.end,
                    content,
                });
            }
            if wanted.is_empty() {
                break;
            }
        }
        let depth = self.dirs.len();
        if wanted
            .first()
            .is_some_and(|&(start, end)| (start, end) != (0, u64::MAX))
        {
            self.miss(&wanted, &mut found, (depth, name), pid, notes);
        }
        found.finish();
        Ok(Some(found))
    }

    /// Notes ranges that are in no parent.
    fn miss(
        &self,
        gaps: &[(u64, u64)],
        found: &mut PageMap,
        at: (usize, &str),
        pid: Option<Pid>,
        notes: &mut Notes,
    ) {
        let Some(&(first, _)) = gaps.first() else {
            return;
        };
        for &(start, end) in gaps {
            found.add(Seg {
                start,
                end,
                content: SegContent::Missing(Missing::Parent),
            });
        }
        let bytes = gaps.iter().fold(0u64, |sum, (start, end)| {
            sum.saturating_add(end.saturating_sub(*start))
        });
        let (depth, name) = at;
        let label: Arc<str> = format!(
            "{}{name}",
            format!("{PARENT_LINK}/").repeat(depth.min(MAX_PARENTS))
        )
        .into();
        let detail = format!("{bytes} bytes from {first:#x} on should be here and are not");
        notes.anomaly(
            AnomalyKind::ParentMissing,
            pid,
            Place::new(label, 0, 0),
            detail,
        );
    }
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
