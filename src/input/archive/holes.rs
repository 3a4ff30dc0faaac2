//! The maps of files with holes, in the three places where archives have them.

use tar::Header;

use super::feed::Feed;
use super::number::number;
use super::pax::PaxSparse;
use super::sparse::{Sparse, pairs};
use super::walk::{BLOCK_BYTES, Found, Walker};

/// Most pieces of a sparse file.
const MAX_PIECES: usize = 1 << 20;

impl<F: Feed> Walker<F> {
    /// The map of a sparse file in GNU's own format: four pieces in the header, 21 in each block that follows it.
    pub(super) fn gnu_sparse(&mut self, header: &Header) -> Result<Sparse, Found> {
        let Some(gnu) = header.as_gnu() else {
            return Err(self.header_fault("a sparse file in a form that is not known"));
        };
        let mut numbers = Vec::new();
        let mut add = |this: &Self, slots: &[tar::GnuSparseHeader]| {
            for slot in slots.iter().filter(|slot| !slot.is_empty()) {
                let pair = number(&slot.offset).zip(number(&slot.numbytes));
                numbers.push(pair.ok_or_else(|| {
                    this.header_fault("the map of a sparse file holds no numbers")
                })?);
            }
            if numbers.len() > MAX_PIECES {
                return Err(this.header_fault("a sparse file of too many pieces"));
            }
            Ok(())
        };
        add(self, &gnu.sparse)?;
        let mut more = gnu.is_extended();
        while more {
            let mut block = tar::GnuExtSparseHeader::new();
            let got = self.feed.fill(block.as_mut_bytes());
            if got.map_err(|error| self.io(error))? != BLOCK_BYTES {
                return Err(self.cut(&self.inside));
            }
            add(self, block.sparse())?;
            more = block.is_extended();
        }
        let size = self.number(&gnu.realsize, header, "real size")?;
        Sparse::new(&numbers, size, self.left()).map_err(|what| self.header_fault(what))
    }

    /// The map of a sparse file by pax records, or by the lines in front of its content that they announce.
    pub(super) fn pax_sparse(&mut self, said: &PaxSparse) -> Result<Sparse, Found> {
        let Some(size) = said.size else {
            return Err(self.header_fault("a sparse file without its size"));
        };
        let numbers = match (said.major.unwrap_or(0), said.minor.unwrap_or(0)) {
            (1, 0) => self.map_lines()?,
            (0, 0 | 1) => said.map.clone(),
            (major, minor) => {
                return Err(self.header_fault(format!(
                    "a sparse file in format {major}.{minor}, which is not known"
                )));
            }
        };
        let Some(numbers) = pairs(&numbers) else {
            return Err(
                self.header_fault("the map of a sparse file holds an odd number of numbers")
            );
        };
        Sparse::new(&numbers, size, self.left()).map_err(|what| self.header_fault(what))
    }

    /// The numbers of a map that lies in front of a file's content: how many pieces, then each.
    fn map_lines(&mut self) -> Result<Vec<u64>, Found> {
        let mut numbers: Vec<u64> = Vec::new();
        let mut want = None;
        let mut digits = Vec::new();
        while want.is_none_or(|want| numbers.len() < want) {
            let mut block = [0; BLOCK_BYTES];
            self.exact(&mut block)?;
            for byte in block {
                if want.is_some_and(|want| numbers.len() >= want) {
                    break;
                }
                match byte {
                    b'0'..=b'9' if digits.len() < 20 => digits.push(byte),
                    b'\n' => {
                        let read = std::str::from_utf8(&digits)
                            .ok()
                            .and_then(|text| text.parse().ok());
                        let Some(read) = read else {
                            return Err(
                                self.header_fault("the map of a sparse file holds no numbers")
                            );
                        };
                        digits.clear();
                        match want {
                            None => {
                                let pieces = usize::try_from(read)
                                    .ok()
                                    .filter(|pieces| *pieces <= MAX_PIECES);
                                let Some(pieces) = pieces else {
                                    return Err(
                                        self.header_fault("a sparse file of too many pieces")
                                    );
                                };
                                want = Some(pieces.saturating_mul(2));
                            }
                            Some(_) => numbers.push(read),
                        }
                    }
                    _ => {
                        return Err(self.header_fault("the map of a sparse file holds no numbers"));
                    }
                }
            }
        }
        Ok(numbers)
    }
}
