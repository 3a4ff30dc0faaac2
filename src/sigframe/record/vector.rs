//! What records have in common whose size depends on a vector length.

use crate::memory::Memory;
use crate::sigframe::layout;
use crate::sigframe::model::FrameAnomaly;
use crate::units::Vl;

use super::Head;

/// The quadwords of the payload a record carries, `None` where it carries none.
pub(super) fn payload_vq(
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

/// The record without its payload. One too short for it is noted; where it is long enough its bytes could not be read,
/// which is noted already.
pub(super) fn header(
    head: &Head,
    memory: &dyn Memory,
    notes: &mut Vec<FrameAnomaly>,
) -> Option<[u8; 16]> {
    let bytes = head.bytes(memory, notes);
    if bytes.is_none() && head.size < layout::HEADER_ONLY {
        head.wrong_size(notes, "16 or more");
    }
    bytes
}

/// Whether there is nothing but zeros.
pub(super) fn all_zero(bytes: &[u8]) -> bool {
    bytes.iter().all(|byte| *byte == 0)
}
