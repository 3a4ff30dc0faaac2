//! `struct gcs_context`: the shadow stack's pointer and features.

use crate::memory::Memory;
use crate::sigframe::bytes::u64_at;
use crate::sigframe::model::FrameAnomaly;

use super::{Body, Head};

/// The pointer, the features, and the reserved word behind them.
pub(super) fn decode(
    head: &Head,
    memory: &dyn Memory,
    notes: &mut Vec<FrameAnomaly>,
) -> Option<Body> {
    let bytes: [u8; 32] = head.bytes(memory, notes)?;
    head.reserved(notes, bytes.get(24..32));
    Some(Body::Gcs {
        gcspr: u64_at(&bytes, 8)?,
        features_enabled: u64_at(&bytes, 16)?,
        reserved: u64_at(&bytes, 24)?,
    })
}
