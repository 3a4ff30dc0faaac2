//! Records whose size does not depend on a vector length.

use crate::memory::Memory;
use crate::sigframe::bytes::{u32_at, u64_at, u128_at};
use crate::sigframe::model::{Body, FrameAnomaly};

use super::Head;

/// `struct fpsimd_context`: fpsr, fpcr, then V0 to V31.
///
/// A size other than 528 is noted: Linux before 6.16 takes a larger one when an SVE record is there,
/// later ones refuse it (`restore_fpsimd_context`).
pub(super) fn fpsimd(
    head: &Head,
    memory: &dyn Memory,
    notes: &mut Vec<FrameAnomaly>,
) -> Option<Body> {
    if head.size != 528 {
        head.wrong_size(notes, "528");
    }
    let bytes: [u8; 528] = head.bytes(memory, notes)?;
    let mut vregs = Box::new([0; 32]);
    for (index, vreg) in vregs.iter_mut().enumerate() {
        *vreg = u128_at(&bytes, index.checked_mul(16)?.checked_add(16)?)?;
    }
    Some(Body::Fpsimd {
        fpsr: u32_at(&bytes, 8)?,
        fpcr: u32_at(&bytes, 12)?,
        vregs,
    })
}

/// `struct esr_context`. The kernel skips it whatever its size, so only a missing field is noted.
pub(super) fn esr(head: &Head, memory: &dyn Memory, notes: &mut Vec<FrameAnomaly>) -> Option<Body> {
    Some(Body::Esr {
        esr: word(head, memory, notes)?,
    })
}

/// `struct tpidr2_context`.
pub(super) fn tpidr2(
    head: &Head,
    memory: &dyn Memory,
    notes: &mut Vec<FrameAnomaly>,
) -> Option<Body> {
    fixed(head, notes, 16);
    Some(Body::Tpidr2 {
        tpidr2: word(head, memory, notes)?,
    })
}

/// `struct fpmr_context`.
pub(super) fn fpmr(
    head: &Head,
    memory: &dyn Memory,
    notes: &mut Vec<FrameAnomaly>,
) -> Option<Body> {
    fixed(head, notes, 16);
    Some(Body::Fpmr {
        fpmr: word(head, memory, notes)?,
    })
}

/// `struct poe_context`.
pub(super) fn poe(head: &Head, memory: &dyn Memory, notes: &mut Vec<FrameAnomaly>) -> Option<Body> {
    fixed(head, notes, 16);
    Some(Body::Poe {
        por_el0: word(head, memory, notes)?,
    })
}

/// `struct gcs_context`.
pub(super) fn gcs(head: &Head, memory: &dyn Memory, notes: &mut Vec<FrameAnomaly>) -> Option<Body> {
    fixed(head, notes, 32);
    let bytes: [u8; 32] = head.bytes(memory, notes)?;
    head.reserved(notes, bytes.get(24..32));
    Some(Body::Gcs {
        gcspr: u64_at(&bytes, 8)?,
        features_enabled: u64_at(&bytes, 16)?,
        reserved: u64_at(&bytes, 24)?,
    })
}

/// `struct extra_context`. The kernel takes larger ones too.
pub(super) fn extra(
    head: &Head,
    memory: &dyn Memory,
    notes: &mut Vec<FrameAnomaly>,
) -> Option<Body> {
    if head.size < 32 {
        head.wrong_size(notes, "32 or more");
    }
    let bytes: [u8; 32] = head.bytes(memory, notes)?;
    head.reserved(notes, bytes.get(20..32));
    Some(Body::Extra {
        datap: u64_at(&bytes, 8)?,
        size: u32_at(&bytes, 16)?,
    })
}

/// Notes a size other than `size`.
fn fixed(head: &Head, notes: &mut Vec<FrameAnomaly>, size: u32) {
    if head.size != size {
        head.wrong_size(notes, &size.to_string());
    }
}

/// The 64-bit word behind the head.
fn word(head: &Head, memory: &dyn Memory, notes: &mut Vec<FrameAnomaly>) -> Option<u64> {
    let bytes: [u8; 16] = head.bytes(memory, notes)?;
    u64_at(&bytes, 8)
}
