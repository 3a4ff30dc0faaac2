//! Vector lengths out of the kernel's answers.

use super::Note;
use super::raw;
use crate::profile::model::VectorLengths;
use crate::units::Vl;

/// The longest vector the architecture has, bytes.
pub const LONGEST: u16 = 256;
/// Bytes of a quadword, the unit of lengths.
const QUADWORD: u16 = 16;
/// `PR_SVE_VL_LEN_MASK`, the same for SME.
const LENGTH_MASK: u32 = 0xffff;

/// The length to ask for after the kernel set `got`: it takes the longest it has that is not longer than
/// what it was asked for. `None` when there is no shorter one: SME then gives its shortest, which is longer.
#[must_use]
pub fn next(asked: u16, got: u16) -> Option<u16> {
    (got <= asked)
        .then(|| got.saturating_sub(QUADWORD))
        .filter(|next| *next >= QUADWORD)
}

/// The lengths, ascending; `None` where the answers make no sense.
#[must_use]
pub fn lengths(set: &[(u16, u16)]) -> Option<Vec<Vl>> {
    let mut lengths: Vec<Vl> = set.iter().map(|(_, got)| Vl(*got)).collect();
    lengths.sort_unstable();
    lengths.dedup();
    (!lengths.is_empty() && lengths.iter().all(|vl| vl.vq().is_some())).then_some(lengths)
}

/// The length that /proc/sys/abi/…_default_vector_length names.
#[must_use]
pub fn default(text: &str) -> Option<Vl> {
    let vl = Vl(text.trim().parse().ok()?);
    vl.vq().map(|_| vl)
}

/// The length in the answer of `PR_SVE_GET_VL` or `PR_SME_GET_VL`.
#[must_use]
pub fn own(answer: u32) -> Vl {
    Vl(u16::try_from(answer & LENGTH_MASK).unwrap_or(0))
}

/// What a profile says of one kind of vectors. `name` is its key, `has` whether the HWCAPs say that the
/// machine has it.
pub(super) fn offered(
    raw: &raw::Vectors,
    name: &'static str,
    has: bool,
    notes: &mut Vec<Note>,
) -> Option<VectorLengths> {
    if !has {
        return Some(VectorLengths {
            lengths: Vec::new(),
            default: None,
        });
    }
    let Some(lengths) = lengths(&raw.set) else {
        notes.push(Note::new(format!(
            "the kernel did not tell its {} vector lengths: `{name}` is left unknown",
            name.to_uppercase()
        )));
        return None;
    };
    let file = format!("/proc/sys/abi/{name}_default_vector_length");
    let default = raw
        .default
        .as_deref()
        .and_then(default)
        .filter(|vl| lengths.contains(vl));
    let Some(default) = default else {
        notes.push(Note::new(format!(
            "{file} does not name one of the lengths: `{name}.default` is left unknown"
        )));
        return Some(VectorLengths {
            lengths,
            default: None,
        });
    };
    if let Some(own) = raw.own.map(own).filter(|own| *own != default) {
        notes.push(
            Note::new(format!(
                "this process runs with {} vectors of {own} bytes, not with the machine's default of {default}, which is \
                 what the profile says",
                name.to_uppercase()
            ))
            .help(format!(
                "a restore that is started from here, and not by a daemon, gets {own}: put that into `{name}.default` if \
                 it is what you will do"
            )),
        );
    }
    Some(VectorLengths {
        lengths,
        default: Some(default),
    })
}
