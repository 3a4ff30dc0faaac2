//! Records whose size depends on a vector length: SVE, ZA and ZT.

use crate::memory::Memory;
use crate::sigframe::bytes::u16_at;
use crate::sigframe::layout;
use crate::sigframe::model::{Body, FrameAnomaly, SvePayload};
use crate::units::{Addr, Vl};

use super::{Head, unreadable};

/// `struct sve_context` and the payload (`restore_sve_fpsimd_context`): 16 bytes mean no payload,
/// less than the length asks for is refused, more is taken.
///
/// `vl` 0 is what a machine with SME and without SVE writes; no payload belongs to it.
pub(super) fn sve(head: &Head, memory: &dyn Memory, notes: &mut Vec<FrameAnomaly>) -> Option<Body> {
    let Some(bytes) = head.bytes::<16>(memory, notes) else {
        short(head, notes);
        return None;
    };
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

/// `struct za_context` and the matrix (`restore_za_context`), sizes as for SVE.
pub(super) fn za(head: &Head, memory: &dyn Memory, notes: &mut Vec<FrameAnomaly>) -> Option<Body> {
    let Some(bytes) = head.bytes::<16>(memory, notes) else {
        short(head, notes);
        return None;
    };
    head.reserved(notes, bytes.get(10..16));
    let vl = Vl(u16_at(&bytes, 8)?);
    let payload = payload_vq(head, vl, layout::za_size, notes);
    let zero = match payload {
        Some(vq) => matrix_zero(head, memory, vq, notes).unwrap_or(false),
        None => true,
    };
    Some(Body::Za {
        vl,
        payload: payload.is_some(),
        zero,
    })
}

/// Whether the matrix is zero; `None` where it cannot be read.
fn matrix_zero(
    head: &Head,
    memory: &dyn Memory,
    vq: u16,
    notes: &mut Vec<FrameAnomaly>,
) -> Option<bool> {
    let row = u64::from(vq).checked_mul(16)?;
    let mut bytes = vec![0; usize::try_from(row).ok()?];
    let mut at = head.addr.checked_add(layout::VECTOR_HEAD.into())?;
    let mut zero = true;
    for _ in 0..row {
        if let Err(gap) = memory.read(at, &mut bytes) {
            notes.push(unreadable(gap));
            return None;
        }
        zero &= all_zero(&bytes);
        at = Addr(at.0.wrapping_add(row));
    }
    Some(zero)
}

/// `struct zt_context` and its registers; the size must be the one `nregs` asks for.
pub(super) fn zt(head: &Head, memory: &dyn Memory, notes: &mut Vec<FrameAnomaly>) -> Option<Body> {
    let Some(bytes) = head.bytes::<16>(memory, notes) else {
        short(head, notes);
        return None;
    };
    head.reserved(notes, bytes.get(10..16));
    let nregs = u16_at(&bytes, 8)?;
    let wants = layout::zt_size(nregs);
    if head.size != wants {
        head.wrong_size(notes, &format!("{wants} for {nregs} registers"));
    }
    Some(Body::Zt {
        nregs,
        payload: nregs != 0 && head.extent() >= u64::from(wants),
    })
}

/// The quadwords of the payload a record carries, `None` where it carries none.
fn payload_vq(
    head: &Head,
    vl: Vl,
    size: fn(u16) -> u32,
    notes: &mut Vec<FrameAnomaly>,
) -> Option<u16> {
    if head.size == layout::HEADER_ONLY {
        return None;
    }
    let Some(vq) = vl.vq() else {
        head.wrong_size(
            notes,
            &format!("16, since no payload has a vector length of {vl} bytes"),
        );
        return None;
    };
    let wants = size(vq);
    if head.size < wants {
        head.wrong_size(
            notes,
            &format!("16 or at least {wants} for vectors of {vl} bytes"),
        );
        return None;
    }
    (head.extent() >= u64::from(wants)).then_some(vq)
}

/// Notes a record too short for its fields; where it is long enough its bytes could not be read,
/// which is noted already.
fn short(head: &Head, notes: &mut Vec<FrameAnomaly>) {
    if head.size < layout::HEADER_ONLY {
        head.wrong_size(notes, "16 or more");
    }
}

fn all_zero(bytes: &[u8]) -> bool {
    bytes.iter().all(|byte| *byte == 0)
}
