//! `struct fpmr_context`: FPMR.

use crate::memory::Memory;
use crate::sigframe::model::FrameAnomaly;

use super::{Body, Head};

/// The register as it was.
pub(super) fn decode(
    head: &Head,
    memory: &dyn Memory,
    notes: &mut Vec<FrameAnomaly>,
) -> Option<Body> {
    Some(Body::Fpmr {
        fpmr: head.word(memory, notes)?,
    })
}
