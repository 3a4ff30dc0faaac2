//! `struct esr_context`: the syndrome of a fault.

use crate::memory::Memory;
use crate::sigframe::model::FrameAnomaly;

use super::{Body, Head};

/// The kernel skips it whatever its size, so only a missing field is noted.
pub(super) fn decode(
    head: &Head,
    memory: &dyn Memory,
    notes: &mut Vec<FrameAnomaly>,
) -> Option<Body> {
    Some(Body::Esr {
        esr: head.word(memory, notes)?,
    })
}
