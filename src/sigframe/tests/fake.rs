//! Memory over arrays.

use crate::memory::{Content, Mapping, Memory, Missing, Run};
use crate::object::Objects;
use crate::units::{Addr, AddrRange, Place};

/// The only file that is known: number 7.
pub(crate) fn objects(file: &[u8]) -> Objects<'_> {
    Objects::of([(7, "/program".into(), file)])
}

/// A task's memory made of pieces; what no piece covers inside a mapping is zero.
#[derive(Default, Debug)]
pub(crate) struct Fake {
    maps: Vec<Mapping>,
    /// Ascending, not overlapping; `None` is missing.
    pieces: Vec<(u64, u64, Option<Vec<u8>>)>,
    /// Addresses of a file: first, end, id, offset of the first.
    files: Vec<(u64, u64, u32, u64)>,
}

impl Fake {
    /// Maps a range; `rights` as /proc/PID/maps prints them, with `s` added for the main stack.
    pub(crate) fn map(&mut self, start: u64, end: u64, rights: &str) {
        self.maps.push(Mapping {
            range: AddrRange::new(Addr(start), Addr(end)),
            read: rights.contains('r'),
            write: rights.contains('w'),
            exec: rights.contains('x'),
            private: true,
            stack: rights.contains('s'),
            vdso: false,
        });
        self.maps.sort_by_key(|map| map.range.start);
    }

    /// Maps a file from its beginning on.
    pub(crate) fn map_file(&mut self, start: u64, end: u64, rights: &str, id: u32) {
        self.map_part(start, end, rights, id, 0);
    }

    /// Maps a file from an offset on.
    pub(crate) fn map_part(&mut self, start: u64, end: u64, rights: &str, id: u32, offset: u64) {
        self.map(start, end, rights);
        self.files.push((start, end, id, offset));
    }

    /// Puts bytes at an address, in pages of 4096 that exist from then on.
    pub(crate) fn put(&mut self, addr: u64, bytes: &[u8]) {
        for (index, byte) in bytes.iter().enumerate() {
            let at = addr + index as u64;
            let page = at & !4095;
            let slot = match self.pieces.binary_search_by_key(&page, |piece| piece.0) {
                Ok(slot) => slot,
                Err(slot) => {
                    self.pieces
                        .insert(slot, (page, page + 4096, Some(vec![0; 4096])));
                    slot
                }
            };
            self.pieces[slot].2.as_mut().unwrap()[(at - page) as usize] = *byte;
        }
    }

    /// Puts 64-bit words.
    pub(crate) fn words(&mut self, addr: u64, words: &[u64]) {
        let bytes: Vec<u8> = words.iter().flat_map(|word| word.to_le_bytes()).collect();
        self.put(addr, &bytes);
    }

    /// Takes a page out of the image.
    pub(crate) fn lose(&mut self, page: u64) {
        self.pieces.retain(|piece| piece.0 != page);
        self.pieces.push((page, page + 4096, None));
        self.pieces.sort_by_key(|piece| piece.0);
    }

    /// Adds a run of whole pages.
    pub(crate) fn pages(&mut self, addr: u64, bytes: Vec<u8>) {
        self.pieces
            .push((addr, addr + bytes.len() as u64, Some(bytes)));
        self.pieces.sort_by_key(|piece| piece.0);
    }
}

impl Memory for Fake {
    fn mappings(&self) -> &[Mapping] {
        &self.maps
    }

    fn file_at(&self, addr: Addr) -> Option<(u32, u64)> {
        let files = self.files.iter();
        files
            .filter(|(start, end, ..)| (*start..*end).contains(&addr.0))
            .map(|(start, _, id, offset)| (*id, (addr.0 - start).wrapping_add(*offset)))
            .next()
    }

    fn run_at(&self, addr: Addr, limit: Addr) -> Run<'_> {
        let Some(map) = self.mapping_at(addr) else {
            let next = self
                .maps
                .iter()
                .map(|map| map.range.start)
                .find(|start| *start > addr);
            let end = next.unwrap_or(limit).min(limit);
            return Run {
                range: AddrRange::new(addr, end),
                content: Content::Missing(Missing::Unmapped),
            };
        };
        let limit = limit.min(map.range.end);
        let after = self.pieces.partition_point(|piece| piece.0 <= addr.0);
        match after
            .checked_sub(1)
            .map(|index| &self.pieces[index])
            .filter(|piece| addr.0 < piece.1)
        {
            Some((start, end, bytes)) => {
                let end = limit.min(Addr(*end));
                let range = AddrRange::new(addr, end);
                let content = match bytes {
                    Some(bytes) => Content::Bytes {
                        bytes: &bytes[(addr.0 - start) as usize..(end.0 - start) as usize],
                        place: Place::new("pages-1.img", addr.0, range.len()),
                    },
                    None => Content::Missing(Missing::Lazy),
                };
                Run { range, content }
            }
            None => {
                let next = self.pieces.get(after).map_or(limit, |piece| Addr(piece.0));
                let content = match self.file_at(addr) {
                    Some((id, offset)) => Content::File { id, offset },
                    None => Content::Zero,
                };
                Run {
                    range: AddrRange::new(addr, next.min(limit)),
                    content,
                }
            }
        }
    }
}
