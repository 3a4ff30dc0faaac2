//! `struct tpidr2_context`: TPIDR2_EL0.

use crate::memory::Memory;
use crate::sigframe::model::FrameAnomaly;

use super::{Body, Head};

/// The register as it was.
pub(super) fn decode(
    head: &Head,
    memory: &dyn Memory,
    notes: &mut Vec<FrameAnomaly>,
) -> Option<Body> {
    Some(Body::Tpidr2 {
        tpidr2: head.word(memory, notes)?,
    })
}
