//! Files with holes: which bytes an archive holds of them.

/// Pieces of a file that an archive holds, one behind the other; everything else reads as zeros.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Sparse {
    /// Offset in the file and length, ascending, without overlap.
    pub(super) pieces: Vec<(u64, u64)>,
    /// The file's size.
    pub(super) size: u64,
}

impl Sparse {
    /// Pieces of a file of `size` bytes, of which the archive holds `stored`; an error says what does not fit.
    pub(super) fn new(
        numbers: &[(u64, u64)],
        size: u64,
        stored: u64,
    ) -> Result<Self, &'static str> {
        let mut at = 0u64;
        let mut sum = 0u64;
        for &(offset, len) in numbers {
            let end = offset.checked_add(len);
            let Some(end) = end.filter(|end| offset >= at && *end <= size) else {
                return Err("the map of a sparse file does not fit it");
            };
            at = end;
            sum = sum.saturating_add(len);
        }
        if sum != stored {
            return Err("the map of a sparse file does not account for its bytes");
        }
        let pieces = numbers.iter().copied().filter(|(_, len)| *len != 0);
        Ok(Self {
            pieces: pieces.collect(),
            size,
        })
    }

    /// Offsets in the file with their bytes, of which `stored` holds one piece behind the other.
    pub(super) fn stored<'a>(&self, stored: &'a [u8]) -> impl Iterator<Item = (u64, &'a [u8])> {
        let mut rest = stored;
        self.pieces.iter().map(move |&(offset, len)| {
            let len = usize::try_from(len).unwrap_or(usize::MAX);
            let (piece, next) = rest.split_at_checked(len).unwrap_or((rest, &[]));
            rest = next;
            (offset, piece)
        })
    }

    /// The whole file, holes and all.
    pub(super) fn filled(&self, stored: &[u8]) -> Vec<u8> {
        let mut bytes = vec![0; usize::try_from(self.size).unwrap_or(0)];
        for (offset, piece) in self.stored(stored) {
            let at = usize::try_from(offset).unwrap_or(usize::MAX);
            if let Some(to) = bytes.get_mut(at..at.saturating_add(piece.len())) {
                to.copy_from_slice(piece);
            }
        }
        bytes
    }
}

/// Pairs of numbers; `None` for an odd count.
pub(super) fn pairs(numbers: &[u64]) -> Option<Vec<(u64, u64)>> {
    numbers
        .chunks(2)
        .map(|pair| match pair {
            [offset, len] => Some((*offset, *len)),
            _ => None,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_map_ascends_fits_and_accounts_for_every_byte() {
        let map = Sparse::new(&[(0, 2), (4, 1), (9, 0)], 9, 3).unwrap();
        assert_eq!(map.pieces, [(0, 2), (4, 1)]);
        for (numbers, size, stored) in [
            (&[(0, 2), (1, 1)][..], 9, 3),
            (&[(4, 2)], 5, 2),
            (&[(0, 2)], 5, 3),
            (&[(u64::MAX, 2)], u64::MAX, 2),
        ] {
            assert!(Sparse::new(numbers, size, stored).is_err(), "{numbers:?}");
        }
        assert_eq!(pairs(&[1, 2, 3, 4]).unwrap(), [(1, 2), (3, 4)]);
        assert!(pairs(&[1, 2, 3]).is_none());
    }
}
