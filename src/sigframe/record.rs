//! One record: its head, and the decoding of its fields.

mod plain;
mod vector;

use crate::memory::Memory;
use crate::units::Addr;

use super::layout;
use super::model::{Body, FrameAnomaly, FrameAnomalyKind};

/// A record's head and where it lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Head {
    /// Address of the magic word.
    pub addr: Addr,
    /// The magic word.
    pub magic: u32,
    /// The size word: bytes including the head.
    pub size: u32,
    /// Lies in EXTRA space.
    pub in_extra: bool,
    /// Bytes from the magic word to the end of its area; the record may claim more.
    pub room: u64,
}

impl Head {
    /// Bytes that both the size word and the area grant.
    #[must_use]
    pub fn extent(&self) -> u64 {
        u64::from(self.size).min(self.room)
    }

    /// The first `N` bytes, if the record is that long and they can be read.
    fn bytes<const N: usize>(
        &self,
        memory: &dyn Memory,
        notes: &mut Vec<FrameAnomaly>,
    ) -> Option<[u8; N]> {
        if self.extent() < N as u64 {
            return None;
        }
        let mut bytes = [0; N];
        match memory.read(self.addr, &mut bytes) {
            Ok(()) => Some(bytes),
            Err(gap) => {
                notes.push(unreadable(gap));
                None
            }
        }
    }

    /// An anomaly of this record.
    fn anomaly(&self, kind: FrameAnomalyKind, detail: String) -> FrameAnomaly {
        FrameAnomaly {
            kind,
            addr: self.addr,
            detail,
        }
    }

    /// The record's name for people: its own or its magic word.
    fn name(&self) -> String {
        match layout::magic(self.magic) {
            Some(row) => row.name.to_owned(),
            None => format!("{:#010x}", self.magic),
        }
    }

    /// Notes a size that its kind does not have.
    fn wrong_size(&self, notes: &mut Vec<FrameAnomaly>, wants: &str) {
        let detail = format!(
            "{} record of {} bytes, its kind has {wants}",
            self.name(),
            self.size
        );
        notes.push(self.anomaly(FrameAnomalyKind::WrongSize, detail));
    }

    /// Notes reserved bytes that are not zero.
    fn reserved(&self, notes: &mut Vec<FrameAnomaly>, bytes: Option<&[u8]>) {
        if bytes.is_some_and(|bytes| bytes.iter().any(|byte| *byte != 0)) {
            let detail = format!("reserved bytes of the {} record are not zero", self.name());
            notes.push(self.anomaly(FrameAnomalyKind::ReservedNotZero, detail));
        }
    }
}

/// An anomaly for bytes that are not in the image.
pub(super) fn unreadable(gap: crate::memory::Gap) -> FrameAnomaly {
    FrameAnomaly {
        kind: FrameAnomalyKind::Unreadable,
        addr: gap.addr,
        detail: gap.to_string(),
    }
}

type Decode = fn(&Head, &dyn Memory, &mut Vec<FrameAnomaly>) -> Option<Body>;

/// Which function decodes which kind.
const DECODERS: [(u32, Decode); 10] = [
    (layout::FPSIMD_MAGIC, plain::fpsimd),
    (layout::ESR_MAGIC, plain::esr),
    (layout::TPIDR2_MAGIC, plain::tpidr2),
    (layout::FPMR_MAGIC, plain::fpmr),
    (layout::POE_MAGIC, plain::poe),
    (layout::GCS_MAGIC, plain::gcs),
    (layout::EXTRA_MAGIC, plain::extra),
    (layout::SVE_MAGIC, vector::sve),
    (layout::ZA_MAGIC, vector::za),
    (layout::ZT_MAGIC, vector::zt),
];

/// Decodes the record behind `head`. What does not fit its kind goes to `notes`; a record that cannot
/// be decoded is [`Body::Unknown`].
pub fn decode(head: &Head, memory: &dyn Memory, notes: &mut Vec<FrameAnomaly>) -> Body {
    if head.magic == layout::END_MAGIC {
        return Body::End;
    }
    DECODERS
        .iter()
        .find(|(magic, _)| *magic == head.magic)
        .and_then(|(_, decode)| decode(head, memory, notes))
        .unwrap_or(Body::Unknown)
}
