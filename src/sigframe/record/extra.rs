//! `struct extra_context`: where EXTRA space lies.

use crate::memory::Memory;
use crate::sigframe::bytes::{u32_at, u64_at};
use crate::sigframe::model::FrameAnomaly;

use super::{Body, Head};

/// The kernel takes larger ones too. The chain checks where the space lies.
pub(super) fn decode(
    head: &Head,
    memory: &dyn Memory,
    notes: &mut Vec<FrameAnomaly>,
) -> Option<Body> {
    let bytes: [u8; 32] = head.bytes(memory, notes)?;
    head.reserved(notes, bytes.get(20..32));
    Some(Body::Extra {
        datap: u64_at(&bytes, 8)?,
        size: u32_at(&bytes, 16)?,
    })
}
