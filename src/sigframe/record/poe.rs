//! `struct poe_context`: POR_EL0.

use crate::memory::Memory;
use crate::sigframe::model::FrameAnomaly;

use super::{Body, Head};

/// The register as it was.
pub(super) fn decode(
    head: &Head,
    memory: &dyn Memory,
    notes: &mut Vec<FrameAnomaly>,
) -> Option<Body> {
    Some(Body::Poe {
        por_el0: head.word(memory, notes)?,
    })
}
