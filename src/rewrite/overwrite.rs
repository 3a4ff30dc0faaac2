//! New bytes for addresses of a task, as changes of the image files that hold them.

#![deny(
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss
)]

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use super::edit::{Change, Plan};
use crate::memory::{Content, Memory};
use crate::units::Addr;

/// Why bytes cannot be given new values.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Obstacle {
    /// No image file holds the byte at this address; what lies there instead.
    NoBytes(Addr, String),
    /// An edit planned before changes these bytes in another way.
    Taken {
        /// The file.
        file: String,
        /// First byte of this change.
        offset: u64,
    },
}

impl std::fmt::Display for Obstacle {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::NoBytes(addr, what) => {
                write!(
                    f,
                    "{addr} has no bytes in the image that could be changed: {what}"
                )
            }
            Self::Taken { file, offset } => {
                write!(
                    f,
                    "another edit changes the same bytes ({file} offset {offset:#x})"
                )
            }
        }
    }
}

/// The changes that put `new` at `addr`: one for each stretch of a file, from its first byte that becomes
/// another to its last. None where everything is as it shall be.
///
/// # Errors
/// A byte would change that no image file holds.
pub(super) fn changes(
    memory: &dyn Memory,
    addr: Addr,
    new: &[u8],
) -> Result<Vec<Change>, Obstacle> {
    let mut changes = Vec::new();
    let (mut at, mut rest) = (addr, new);
    while !rest.is_empty() {
        let none = |what: String| Obstacle::NoBytes(at, what);
        let limit = u64::try_from(rest.len())
            .ok()
            .and_then(|len| at.checked_add(len))
            .ok_or_else(|| none("past the end of the address space".to_owned()))?;
        let run = memory.run_at(at, limit);
        let len = usize::try_from(run.range.len()).unwrap_or(usize::MAX);
        let (head, tail) = rest
            .split_at_checked(len)
            .filter(|_| len > 0)
            .ok_or_else(|| none("its memory ends".to_owned()))?;
        match run.content {
            Content::Bytes { bytes, place } => {
                if bytes.len() != head.len() {
                    return Err(none("past the end of the pages file".to_owned()));
                }
                changes.extend(difference(&place.file, place.offset, bytes, head));
            }
            Content::Zero => {
                if let Some(index) = head.iter().position(|byte| *byte != 0) {
                    let index = u64::try_from(index).unwrap_or(u64::MAX);
                    return Err(Obstacle::NoBytes(
                        Addr(at.0.saturating_add(index)),
                        "a page of zeros that was not dumped".to_owned(),
                    ));
                }
            }
            Content::File { .. } => return Err(none("it lies in a mapped file".to_owned())),
            Content::Missing(why) => return Err(none(why.to_string())),
        }
        at = run.range.end;
        rest = tail;
    }
    Ok(changes)
}

/// The bytes from the first difference to the last.
fn difference(file: &str, offset: u64, old: &[u8], new: &[u8]) -> Option<Change> {
    let differs = |(old, new): (&u8, &u8)| old != new;
    let first = old.iter().zip(new).position(differs)?;
    let last = old.iter().zip(new).rposition(differs)?;
    Some(Change::Bytes {
        file: file.to_owned(),
        offset: offset.checked_add(u64::try_from(first).ok()?)?,
        old: old.get(first..=last)?.to_vec(),
        new: new.get(first..=last)?.to_vec(),
    })
}

/// What planned edits change of raw images. Memory that several tasks share is planned once for all.
#[derive(Debug, Default)]
pub(super) struct Taken {
    /// By file and first byte.
    bytes: BTreeMap<(String, u64), Vec<u8>>,
}

impl Taken {
    /// What the edits of `plan` change.
    pub(super) fn by(plan: &Plan) -> Self {
        let mut taken = Self::default();
        for change in plan.edits.iter().flat_map(|edit| &edit.changes) {
            taken.add(change);
        }
        taken
    }

    /// Notes a change that was planned.
    fn add(&mut self, change: &Change) {
        if let Change::Bytes {
            file, offset, new, ..
        } = change
        {
            match self.bytes.entry((file.clone(), *offset)) {
                Entry::Vacant(entry) => {
                    entry.insert(new.clone());
                }
                Entry::Occupied(mut entry) if entry.get().len() < new.len() => {
                    entry.insert(new.clone());
                }
                Entry::Occupied(_) => {}
            }
        }
    }

    /// Takes the bytes of `changes`, of which those stay that were not planned already.
    ///
    /// # Errors
    /// A byte has been given another value already; nothing is taken then.
    pub(super) fn take(&mut self, mut changes: Vec<Change>) -> Result<Vec<Change>, Obstacle> {
        let mut clash = None;
        changes.retain(|change| {
            let Change::Bytes {
                file, offset, new, ..
            } = change
            else {
                return true;
            };
            let same = self.bytes.get(&(file.clone(), *offset)) == Some(new);
            if !same && self.meets(file, *offset, new.len()) {
                clash = Some(Obstacle::Taken {
                    file: file.clone(),
                    offset: *offset,
                });
            }
            !same
        });
        if let Some(clash) = clash {
            return Err(clash);
        }
        for change in &changes {
            self.add(change);
        }
        Ok(changes)
    }

    /// Whether some of these bytes are planned. Planned stretches do not overlap, so the last that begins
    /// before the end of these decides.
    fn meets(&self, file: &str, offset: u64, len: usize) -> bool {
        let end = offset.saturating_add(u64::try_from(len).unwrap_or(u64::MAX));
        let before = (file.to_owned(), 0)..(file.to_owned(), end);
        self.bytes
            .range(before)
            .next_back()
            .is_some_and(|((_, start), bytes)| {
                let until = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
                start.saturating_add(until) > offset
            })
    }
}

#[cfg(test)]
#[allow(clippy::arithmetic_side_effects, clippy::cast_possible_truncation)]
mod tests {
    use super::*;
    use crate::finding::{EditClass, Spot};
    use crate::memory::{Mapping, Missing, Run};
    use crate::rule_id::RuleId;
    use crate::units::{AddrRange, Place};

    /// Bytes at 100 in one file, at 104 in another, a zero page at 108, nothing from 112.
    struct Pieces;

    impl Memory for Pieces {
        fn mappings(&self) -> &[Mapping] {
            &[]
        }

        fn run_at(&self, addr: Addr, limit: Addr) -> Run<'_> {
            let at = addr.0 as usize;
            let end = (addr.0 / 4 * 4 + 4).min(limit.0);
            let bytes: &'static [u8] = b"abcdefgh";
            let content = match addr.0 {
                100..108 => Content::Bytes {
                    bytes: &bytes[at - 100..end as usize - 100],
                    place: Place::new(
                        if at < 104 {
                            "pages-1.img"
                        } else {
                            "parent/pages-7.img"
                        },
                        addr.0 * 10,
                        end - addr.0,
                    ),
                },
                108..112 => Content::Zero,
                _ => Content::Missing(Missing::Lazy),
            };
            Run {
                range: AddrRange::new(addr, Addr(end)),
                content,
            }
        }
    }

    fn bytes(file: &str, offset: u64, old: &[u8], new: &[u8]) -> Change {
        Change::Bytes {
            file: file.to_owned(),
            offset,
            old: old.to_vec(),
            new: new.to_vec(),
        }
    }

    #[test]
    fn only_what_differs_changes_file_by_file() {
        assert_eq!(
            changes(&Pieces, Addr(100), b"aBcDEfgh\0\0\0\0"),
            Ok(vec![
                bytes("pages-1.img", 1001, b"bcd", b"BcD"),
                bytes("parent/pages-7.img", 1040, b"e", b"E"),
            ])
        );
        assert_eq!(changes(&Pieces, Addr(102), b"cdef"), Ok(vec![]));
    }

    #[test]
    fn what_has_no_bytes_is_not_changed() {
        let Err(Obstacle::NoBytes(at, _)) = changes(&Pieces, Addr(106), b"gh\0\x01") else {
            panic!("a zero page was changed");
        };
        assert_eq!(at, Addr(109));
        let Err(Obstacle::NoBytes(at, why)) = changes(&Pieces, Addr(110), b"\0\0\0") else {
            panic!("a missing page was changed");
        };
        assert_eq!(
            (at, why.as_str()),
            (Addr(112), "left to a lazy-pages server")
        );
        assert!(changes(&Pieces, Addr(u64::MAX), b"ab").is_err());
    }

    #[test]
    fn a_byte_is_planned_once() {
        let mut plan = Plan::default();
        plan.edits.push(super::super::edit::Edit {
            rule: RuleId::Sve001,
            fixes: Vec::new(),
            leaves: Vec::new(),
            class: EditClass::Lossless,
            what: String::new(),
            spot: Spot::task(crate::units::Pid(1)),
            changes: vec![bytes("p", 10, b"ab", b"xy"), bytes("p", 20, b"a", b"x")],
        });
        let mut taken = Taken::by(&plan);
        // The same again is no further change.
        assert_eq!(taken.take(vec![bytes("p", 10, b"ab", b"xy")]), Ok(vec![]));
        // Beside, and in another file.
        let beside = vec![
            bytes("p", 12, b"cd", b"zw"),
            bytes("q", 10, b"ab", b"--"),
            bytes("p", 8, b"..", b"--"),
        ];
        assert_eq!(taken.take(beside.clone()), Ok(beside));
        for (offset, new) in [
            (9, &b"--"[..]),
            (10, b"xx"),
            (11, b"-"),
            (0, b"--------------"),
            (13, b"--------"),
        ] {
            assert!(
                taken
                    .take(vec![bytes("p", offset, &vec![b'.'; new.len()], new)])
                    .is_err(),
                "{offset}"
            );
        }
    }
}
