//! `struct za_context`: the matrix.

use crate::memory::Memory;
use crate::sigframe::bytes::u16_at;
use crate::sigframe::layout;
use crate::sigframe::model::FrameAnomaly;
use crate::units::{Addr, Vl};

use super::vector::{all_zero, header, payload_vq};
use super::{Body, Head, unreadable};

/// `struct za_context` and the matrix (`restore_za_context`), sizes as for SVE.
pub(super) fn decode(
    head: &Head,
    memory: &dyn Memory,
    notes: &mut Vec<FrameAnomaly>,
) -> Option<Body> {
    let bytes = header(head, memory, notes)?;
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
