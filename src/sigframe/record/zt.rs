//! `struct zt_context`: ZT0.

use crate::memory::Memory;
use crate::sigframe::bytes::u16_at;
use crate::sigframe::layout;
use crate::sigframe::model::FrameAnomaly;

use super::vector::header;
use super::{Body, Head};

/// `struct zt_context` and its registers; the size must be the one `nregs` asks for.
pub(super) fn decode(
    head: &Head,
    memory: &dyn Memory,
    notes: &mut Vec<FrameAnomaly>,
) -> Option<Body> {
    let bytes = header(head, memory, notes)?;
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
