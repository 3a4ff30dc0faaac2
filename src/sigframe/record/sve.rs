//! `struct sve_context`: vectors and predicates, streaming or not.

use crate::memory::Memory;
use crate::sigframe::bytes::u16_at;
use crate::sigframe::layout;
use crate::sigframe::model::{FrameAnomaly, SvePayload};
use crate::units::Vl;

use super::vector::{all_zero, header, payload_vq};
use super::{Body, Head, unreadable};

/// `struct sve_context` and the payload (`restore_sve_fpsimd_context`): 16 bytes mean no payload,
/// less than the length asks for is refused, more is taken.
///
/// `vl` 0 is what a machine with SME and without SVE writes; no payload belongs to it.
pub(super) fn decode(
    head: &Head,
    memory: &dyn Memory,
    notes: &mut Vec<FrameAnomaly>,
) -> Option<Body> {
    let bytes = header(head, memory, notes)?;
    head.reserved(notes, bytes.get(12..16));
    let vl = Vl(u16_at(&bytes, 8)?);
    let payload = payload_vq(head, vl, layout::sve_size, notes);
    let payload = payload.and_then(|vq| sve_payload(head, memory, vq, notes));
    Some(Body::Sve {
        vl,
        flags: u16_at(&bytes, 10)?,
        payload,
    })
}

/// Reads the payload at `vq` quadwords and says what of it is zero.
fn sve_payload(
    head: &Head,
    memory: &dyn Memory,
    vq: u16,
    notes: &mut Vec<FrameAnomaly>,
) -> Option<SvePayload> {
    let size = usize::try_from(layout::sve_size(vq)).ok()?;
    let mut bytes = vec![0; size];
    if let Err(gap) = memory.read(head.addr, &mut bytes) {
        notes.push(unreadable(gap));
        return None;
    }
    let (z, p, ffr) = (
        layout::sve_z_offset(),
        layout::sve_p_offset(vq),
        layout::sve_ffr_offset(vq),
    );
    let part =
        |from: u32, to: u32| bytes.get(usize::try_from(from).ok()?..usize::try_from(to).ok()?);
    let ffr_end = ffr.checked_add(u32::from(vq).checked_mul(2)?)?;
    let vector = usize::from(vq).checked_mul(16)?;
    let upper_zero = part(z, p)?
        .chunks_exact(vector)
        .all(|z| z.get(16..).is_none_or(all_zero));
    Some(SvePayload {
        vq,
        z_offset: z,
        p_offset: p,
        ffr_offset: ffr,
        upper_zero,
        predicates_zero: all_zero(part(p, ffr)?),
        ffr_zero: all_zero(part(ffr, ffr_end)?),
    })
}
