//! What AT_MINSIGSTKSZ says about vector lengths.

use crate::abi::record::{self, RecordKind};
use crate::units::Vl;

/// What a machine's AT_MINSIGSTKSZ allows to say about its longest vector, SVE or streaming SVE.
///
/// The kernel computes the value once, at boot, from the frame it would need if every record it
/// knows were written (`minsigstksz_setup` and `setup_sigframe_layout` with `add_all` of
/// `arch/arm64/kernel/signal.c`). Only the SVE record has a size that depends on the machine, and it
/// is sized for the longest *supported* length of SVE and (with SME) of streaming SVE; in quadwords
/// `vq`, it takes `16 + 546 * vq` bytes rounded up to 16. What it cannot tell:
/// * which of SVE and SME that length belongs to, whether there are any vectors when the value is
///   the smallest one, and which shorter lengths exist;
/// * the length a task runs at, or its default, which may both be shorter;
/// * the size of ZA: the kernel leaves its payload out of the sum.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum VectorLengthBound {
    /// No vector is longer than this, and there may be none at all.
    AtMost(Vl),
    /// The longest supported vector has this length.
    Longest(Vl),
    /// The value fits no kernel this formula describes.
    Unknown,
}

/// Bytes of `struct rt_sigframe`, all of it: the least a frame takes.
const FRAME: u64 = 4688;
/// Frame record and alignment that the kernel adds to the frame.
const ADDED: u64 = 32;
/// Bytes up to `__reserved` (592), an FPSIMD record and an ESR record: what precedes SVE.
const BEFORE_SVE: u64 = 592 + BEFORE_SVE_RECORDS as u64;
/// EXTRA record, terminator of `__reserved` (16) and terminator of the extra space (16).
const EXTRA: u64 = RecordKind::Extra.written() as u64 + 32;
/// Where records stop fitting into `__reserved`: 592 + 4096 - 16 - 32.
const LIMIT: u64 = 4640;
/// All other records of kernels up to 7.3: what the kernel writes in one size, ZA without its payload (16), ZT (80).
const OTHERS: u64 = (record::fixed_bytes() - BEFORE_SVE_RECORDS) as u64 + 16 + 80;
/// FPSIMD and ESR.
const BEFORE_SVE_RECORDS: u32 = RecordKind::Fpsimd.written() + RecordKind::Esr.written();
/// Longest vector the architecture defines, in quadwords.
const MAX_VQ: u16 = 16;

/// Bytes of an SVE record with a payload of `vq` quadwords per vector.
fn sve_record(vq: u16) -> u64 {
    546_u64
        .saturating_mul(u64::from(vq))
        .saturating_add(16)
        .next_multiple_of(16)
}

/// Least AT_MINSIGSTKSZ of a machine whose longest vector has `vq` quadwords.
fn least(vq: u16) -> u64 {
    let inside = BEFORE_SVE.saturating_add(sve_record(vq));
    let frame = if inside <= LIMIT {
        FRAME
    } else {
        inside.saturating_add(EXTRA)
    };
    frame.saturating_add(ADDED)
}

/// Reads the bound out of a value of AT_MINSIGSTKSZ.
pub(super) fn from_minsigstksz(value: u64) -> VectorLengthBound {
    let Some(vq) = (0..=MAX_VQ).rev().find(|vq| least(*vq) <= value) else {
        return VectorLengthBound::Unknown;
    };
    let vl = Vl(vq.saturating_mul(16));
    let beyond = value.saturating_sub(least(vq));
    if least(vq) == least(0) {
        // Every record found room in `__reserved`. More than that minimum means records which this
        // table does not know, and then the length may be anything up to the one found.
        VectorLengthBound::AtMost(vl)
    } else if beyond <= OTHERS {
        VectorLengthBound::Longest(vl)
    } else if vq < MAX_VQ {
        VectorLengthBound::AtMost(vl)
    } else {
        VectorLengthBound::Unknown
    }
}
