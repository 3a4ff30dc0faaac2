//! `struct fpsimd_context`: fpsr, fpcr, then V0 to V31.

use crate::memory::Memory;
use crate::sigframe::bytes::{u32_at, u128_at};
use crate::sigframe::model::FrameAnomaly;

use super::{Body, Head};

/// A size other than 528 is noted: Linux before 6.16 takes a larger one when an SVE record is there,
/// later ones refuse it (`restore_fpsimd_context`).
pub(super) fn decode(
    head: &Head,
    memory: &dyn Memory,
    notes: &mut Vec<FrameAnomaly>,
) -> Option<Body> {
    let bytes: [u8; 528] = head.bytes(memory, notes)?;
    let mut vregs = Box::new([0; 32]);
    for (index, vreg) in vregs.iter_mut().enumerate() {
        *vreg = u128_at(&bytes, index.checked_mul(16)?.checked_add(16)?)?;
    }
    Some(Body::Fpsimd {
        fpsr: u32_at(&bytes, 8)?,
        fpcr: u32_at(&bytes, 12)?,
        vregs,
    })
}
