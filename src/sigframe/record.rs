//! One record: its head, its fields, and the decoding of them, which has a file for each kind.

mod esr;
mod extra;
mod fpmr;
mod fpsimd;
mod gcs;
mod poe;
mod sve;
mod tpidr2;
mod vector;
mod za;
mod zt;

use crate::abi::record::{RecordKind, SizeRule};
use crate::memory::Memory;
use crate::units::{Addr, Vl};

use super::bytes::u64_at;
use super::layout;
use super::model::{FrameAnomaly, FrameAnomalyKind, SVE_SIG_FLAG_SM, SvePayload};

/// Fields of a record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Body {
    /// `struct fpsimd_context`.
    Fpsimd {
        /// FPSR.
        fpsr: u32,
        /// FPCR.
        fpcr: u32,
        /// V0 to V31, little-endian.
        vregs: Box<[u128; 32]>,
    },
    /// `struct esr_context`.
    Esr {
        /// Syndrome.
        esr: u64,
    },
    /// `struct sve_context`.
    Sve {
        /// Vector length, bytes.
        vl: Vl,
        /// Flags; bit 0 is `SVE_SIG_FLAG_SM`.
        flags: u16,
        /// The payload, where the record has one of the size its `vl` asks for.
        payload: Option<SvePayload>,
    },
    /// `struct tpidr2_context`.
    Tpidr2 {
        /// TPIDR2_EL0.
        tpidr2: u64,
    },
    /// `struct za_context`.
    Za {
        /// Streaming vector length, bytes.
        vl: Vl,
        /// Whether the matrix follows (PSTATE.ZA was 1).
        payload: bool,
        /// Whether every byte of it is zero (true without a payload).
        zero: bool,
    },
    /// `struct zt_context`.
    Zt {
        /// Number of ZT registers.
        nregs: u16,
        /// Whether their bytes follow.
        payload: bool,
    },
    /// `struct fpmr_context`.
    Fpmr {
        /// FPMR.
        fpmr: u64,
    },
    /// `struct poe_context`.
    Poe {
        /// POR_EL0.
        por_el0: u64,
    },
    /// `struct gcs_context`.
    Gcs {
        /// Shadow stack pointer.
        gcspr: u64,
        /// Enabled features.
        features_enabled: u64,
        /// Reserved word.
        reserved: u64,
    },
    /// `struct extra_context`.
    Extra {
        /// Address of the extra space.
        datap: u64,
        /// Its size in bytes.
        size: u32,
    },
    /// The terminator: magic 0 and size 0.
    End,
    /// A magic without a name here, or a known one too short for its fields.
    Unknown,
}

/// A vector length that a record was written with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Length {
    /// Of vectors outside of streaming mode.
    Vectors(Vl),
    /// Of streaming mode and ZA.
    Streaming(Vl),
}

impl Body {
    /// Which kind of record it is; `None` for the terminator and what is not known.
    #[must_use]
    pub fn kind(&self) -> Option<RecordKind> {
        Some(match self {
            Self::Fpsimd { .. } => RecordKind::Fpsimd,
            Self::Esr { .. } => RecordKind::Esr,
            Self::Sve { .. } => RecordKind::Sve,
            Self::Tpidr2 { .. } => RecordKind::Tpidr2,
            Self::Za { .. } => RecordKind::Za,
            Self::Zt { .. } => RecordKind::Zt,
            Self::Fpmr { .. } => RecordKind::Fpmr,
            Self::Poe { .. } => RecordKind::Poe,
            Self::Gcs { .. } => RecordKind::Gcs,
            Self::Extra { .. } => RecordKind::Extra,
            Self::End | Self::Unknown => return None,
        })
    }

    /// The vector length it was written with, where its kind has one.
    #[must_use]
    pub fn length(&self) -> Option<Length> {
        match *self {
            Self::Sve { vl, flags, .. } if flags & SVE_SIG_FLAG_SM == 0 => {
                Some(Length::Vectors(vl))
            }
            Self::Sve { vl, .. } | Self::Za { vl, .. } => Some(Length::Streaming(vl)),
            Self::Fpsimd { .. }
            | Self::Esr { .. }
            | Self::Tpidr2 { .. }
            | Self::Zt { .. }
            | Self::Fpmr { .. }
            | Self::Poe { .. }
            | Self::Gcs { .. }
            | Self::Extra { .. }
            | Self::End
            | Self::Unknown => None,
        }
    }

    /// It as a header alone with another vector length, where its kind has one.
    #[must_use]
    pub fn header_with(&self, vl: Vl) -> Option<Self> {
        match *self {
            Self::Sve { flags, .. } => Some(Self::Sve {
                vl,
                flags,
                payload: None,
            }),
            Self::Za { .. } => Some(Self::Za {
                vl,
                payload: false,
                zero: true,
            }),
            Self::Fpsimd { .. }
            | Self::Esr { .. }
            | Self::Tpidr2 { .. }
            | Self::Zt { .. }
            | Self::Fpmr { .. }
            | Self::Poe { .. }
            | Self::Gcs { .. }
            | Self::Extra { .. }
            | Self::End
            | Self::Unknown => None,
        }
    }
}

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

    /// The 64-bit word behind the head.
    fn word(&self, memory: &dyn Memory, notes: &mut Vec<FrameAnomaly>) -> Option<u64> {
        let bytes: [u8; 16] = self.bytes(memory, notes)?;
        u64_at(&bytes, 8)
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
        match RecordKind::of_magic(self.magic) {
            Some(kind) => kind.name().to_owned(),
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

/// Notes a size that no record of this kind has, whatever its fields say.
fn check_size(kind: RecordKind, head: &Head, notes: &mut Vec<FrameAnomaly>) {
    match kind.row().size {
        SizeRule::Fixed(size) if head.size != size => head.wrong_size(notes, &size.to_string()),
        SizeRule::AtLeast(size) if head.size < size => {
            head.wrong_size(notes, &format!("{size} or more"));
        }
        SizeRule::Fixed(_) | SizeRule::AtLeast(_) => {}
        SizeRule::Ignored(_) | SizeRule::ByFields => {}
    }
}

/// Decodes the record behind `head`. What does not fit its kind goes to `notes`; a record that cannot
/// be decoded is [`Body::Unknown`].
pub fn decode(head: &Head, memory: &dyn Memory, notes: &mut Vec<FrameAnomaly>) -> Body {
    if head.magic == layout::END_MAGIC {
        return Body::End;
    }
    let Some(kind) = RecordKind::of_magic(head.magic) else {
        return Body::Unknown;
    };
    check_size(kind, head, notes);
    let decode = match kind {
        RecordKind::Fpsimd => fpsimd::decode,
        RecordKind::Esr => esr::decode,
        RecordKind::Sve => sve::decode,
        RecordKind::Tpidr2 => tpidr2::decode,
        RecordKind::Za => za::decode,
        RecordKind::Zt => zt::decode,
        RecordKind::Fpmr => fpmr::decode,
        RecordKind::Poe => poe::decode,
        RecordKind::Gcs => gcs::decode,
        RecordKind::Extra => extra::decode,
    };
    decode(head, memory, notes).unwrap_or(Body::Unknown)
}
