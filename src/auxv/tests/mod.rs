#![allow(
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss
)]

mod hwcap;
mod stack_copy;
mod vdso;
mod vector;

use crate::memory::{Content, Mapping, Memory, Missing, Run};
use crate::units::{Addr, AddrRange, Place};

/// Memory of stretches of bytes, each a mapping of its own; everything else is unmapped.
struct Fake {
    mappings: Vec<Mapping>,
    bytes: Vec<Vec<u8>>,
}

impl Fake {
    fn new(stretches: Vec<(u64, Vec<u8>)>) -> Self {
        let range = |start: u64, len: usize| AddrRange::new(Addr(start), Addr(start + len as u64));
        let mappings = stretches.iter().map(|(start, bytes)| Mapping {
            range: range(*start, bytes.len()),
            read: true,
            write: true,
            exec: false,
            private: true,
            stack: false,
            vdso: false,
        });
        Self {
            mappings: mappings.collect(),
            bytes: stretches.into_iter().map(|(_, bytes)| bytes).collect(),
        }
    }
}

impl Memory for Fake {
    fn mappings(&self) -> &[Mapping] {
        &self.mappings
    }

    fn run_at(&self, addr: Addr, limit: Addr) -> Run<'_> {
        for (mapping, bytes) in self.mappings.iter().zip(&self.bytes) {
            if mapping.range.contains(addr) {
                let end = limit.min(mapping.range.end);
                let from = (addr.0 - mapping.range.start.0) as usize;
                let to = (end.0 - mapping.range.start.0) as usize;
                let content = Content::Bytes {
                    bytes: &bytes[from..to],
                    place: Place::new("pages-1.img", 0x1000 + from as u64, (to - from) as u64),
                };
                return Run {
                    range: AddrRange::new(addr, end),
                    content,
                };
            }
        }
        Run {
            range: AddrRange::new(addr, limit),
            content: Content::Missing(Missing::Unmapped),
        }
    }
}

fn bytes_of(words: &[u64]) -> Vec<u8> {
    words.iter().flat_map(|word| word.to_le_bytes()).collect()
}
